"""How the recording of a language model is laid out in its ``.npz``, and how it is unpacked.

Of each next-token distribution the 64 most probable tokens are kept, their log-probabilities
rounded to 1/256 nat (a probability changes by at most 0.2 %), and of all others together log sum
p^beta for a few beta, so that temperatures can be applied later. Full logits are kept as float32
maximum and float16 distance from it: near the maximum, where the mass is, the distance is fine;
float16 logits themselves would be off by 1.6 % at a logit of 38. Log-probabilities of scored
tokens, and entropies, are float32. ``tools/smollm2_packing.py`` packs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmcore._typing import Floats, Integers

STEP = 1 / 256  # nats
KEPT = 64  # tokens kept of a distribution
# 1 / temperature, at which the remaining tokens are summed
BETAS = (0.4, 0.5, 0.7, 1.0, 1.4, 1.8, 2.0)
REST_TOP = 16.0  # log sum p^beta lies below this (it is log V = 10.8 at beta = 0)

Stored = Mapping[str, Any]


def unplanes(stored: np.ndarray, columns: int) -> np.ndarray:
    """Undo `planes`: (R, columns) uint16."""
    return np.ascontiguousarray(stored.T).view("<u2").reshape(columns, -1).T


def unragged(lengths: Integers, values: Integers) -> list[tuple[int, ...]]:
    """Undo `ragged`: list of tuples."""
    flat, ends = values.tolist(), np.cumsum(lengths).tolist()
    return [
        tuple(flat[end - length : end]) for end, length in zip(ends, lengths.tolist(), strict=True)
    ]


def unpack_rows(stored: Stored, prefix: str) -> tuple[Integers, Floats, Floats]:
    """Undo `pack_rows`: ids (R, 64), log-probabilities (R, 64), rest (R, n betas), float32."""
    absolute = np.cumsum(unplanes(stored[f"{prefix}_top_steps"], KEPT), axis=1, dtype=np.int32)
    return (
        stored["order"][unplanes(stored[f"{prefix}_top_places"], KEPT)],
        absolute * np.float32(-STEP),
        np.float32(REST_TOP) - unplanes(stored[f"{prefix}_rest"], len(BETAS)) * np.float32(STEP),
    )


def unpack_logits(stored: Stored) -> Floats:
    """Full logits, (prefixes, V) float32."""
    gaps = unplanes(stored["full_gaps"], len(stored["full_top"])).T
    return stored["full_top"] - np.ascontiguousarray(gaps).view(np.float16).astype(np.float32)


def unpack_prefixes(stored: Stored) -> list[tuple[int, ...]]:
    """Undo `pack_prefixes`: list of tuples of int."""
    roots = iter(unragged(stored["root_lengths"], stored["root_ids"]))
    prefixes: list[tuple[int, ...]] = []
    for parent, last in zip(
        stored["prefix_parent"].tolist(), stored["prefix_last"].tolist(), strict=True
    ):
        prefixes.append(next(roots) if parent < 0 else (*prefixes[parent], last))
    return prefixes

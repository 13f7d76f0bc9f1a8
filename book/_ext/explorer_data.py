"""The numbers behind the explorers, computed with lmcore from its recordings. Each function returns one file's content."""

from __future__ import annotations

import numpy as np

from lmcore.data import smollm2

SHOWN = 20                  # tokens of a distribution that have a name; the others are counted


def label(text: str) -> str:
    """A token as it is shown: spaces and line ends visible."""
    return text.replace(" ", "␣").replace("\n", "⏎")


# --- next-token distributions (sections 3.5, 7.2 to 7.5) ---

PREFIXES = ("errand", "fact", "list", "peaked", "color", "quote", "sum", "code", "opposite")


def decoding() -> dict:
    """Whole distributions after a few prefixes, without loss.

    The recording keeps distances from the largest logit as float16, so 49,152 tokens have some two thousand different
    values. Sent are the steps from one to the next, in multiples of `unit`, and how many tokens stand on each.
    """
    llm = smollm2()
    rows = []
    for name in PREFIXES:
        logits = llm.logits[name].astype(float)
        distance = logits.max() - logits
        values, counts = np.unique(distance, return_counts=True)
        whole = np.rint(values * 2**20).astype(int)
        if not np.array_equal(whole / 2**20, values):
            raise ValueError(f"logits after {name!r} are no multiples of 2**-20")
        unit = int(np.gcd.reduce(whole))
        first = np.argsort(-logits, kind="stable")[:SHOWN]
        rows.append({"name": name, "text": llm.decode(llm.prefixes[name]), "unit": unit / 2**20,
                     "steps": (np.diff(whole, prepend=0) // unit).tolist(), "counts": counts.tolist(),
                     "tokens": [label(llm.decode([token])) for token in first.tolist()]})
    return {"vocabulary": llm.vocab_size, "prefixes": rows}


TABLES = {"decoding": decoding}

"""The pocket models: small language models of American presidents' prose (chapter 8).

NPLMs, RNNs and transformers of several sizes, trained by ``tools/train_models.py`` on the State of
the Union texts up to 1926 (public domain) and part of this package: weights in float16, and their
logs. Loading needs neither network nor data packages.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lmcore._typing import Floats
from lmcore.models import nplm, rnn, transformer
from lmcore.models.neural import Family, LanguageModel

WEIGHTS = Path(__file__).parent / "weights"
FAMILIES: dict[str, Family] = {"nplm": nplm, "rnn": rnn, "transformer": transformer}
# the largest model of each family
DEFAULTS = {"nplm": "nplm-200k", "rnn": "rnn-200k", "transformer": "transformer-1m"}


def pretrained_names() -> tuple[str, ...]:
    """Names of the pocket models, families together, small to large (book, section 8.5).

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> "transformer-1m" in pretrained_names()
    True
    """

    def place(name: str) -> tuple[str, float]:
        family, _, size = name.partition("-")
        return family, float(size.replace("k", "e3").replace("m", "e6"))

    return tuple(sorted((path.stem for path in WEIGHTS.glob("*.npz")), key=place))


def load_pretrained(name: str = "transformer", dtype: DTypeLike = np.float32) -> LanguageModel:
    """A trained character model, ready to score and generate (book, sections 2.2 and 8.5).

    Parameters
    ----------
    name : str, default "transformer"
        One of `pretrained_names`, or a family for its largest.
    dtype : floating type, default float32
        Type in which the model computes. Weights are stored in float16, which all of them hold
        exactly.

    Returns
    -------
    LanguageModel
        Cached: the same call returns the same object.

    Raises
    ------
    ValueError
        If there is no such model.

    Examples
    --------
    >>> model = load_pretrained()
    >>> prefix = model.encode("The Constitution of the United Sta")
    >>> model.charset[model.next_log_probs(prefix).argmax()]
    't'
    """
    return _load(_resolve(name), np.dtype(dtype))


@lru_cache(maxsize=16)
def _load(name: str, dtype: np.dtype) -> LanguageModel:
    """`load_pretrained` for a name that exists."""
    with np.load(WEIGHTS / f"{name}.npz") as file:
        metadata = json.loads(str(file["metadata"]))
        params = {key: file[key].astype(dtype) for key in file.files if key != "metadata"}
    family = FAMILIES[metadata["family"]]
    return LanguageModel(
        family,
        params,
        family.Config(**metadata["config"]),
        metadata["eos"],
        metadata["charset"],
        metadata,
    )


def _resolve(name: str) -> str:
    """The full name of a model, or ValueError."""
    full = DEFAULTS.get(name, name)
    if full not in pretrained_names():
        raise ValueError(
            f"there is no pocket model {name!r}; choose a family ({', '.join(DEFAULTS)}) or one of "
            f"{', '.join(pretrained_names())}"
        )
    return full


def pretrained_log(name: str = "transformer") -> dict[str, Floats]:
    """The training log of a pocket model (book, section 8.5).

    Parameters
    ----------
    name : str, default "transformer"
        As for `load_pretrained`.

    Returns
    -------
    dict of str to ndarray
        ``step``, each of the first thousand and then one in four; ``loss`` on that step's batch,
        nats per character; ``grad_norm`` before clipping; ``validation``, bits per character on
        held-out windows, NaN for steps without.

    Raises
    ------
    ValueError
        If there is no such model.

    Examples
    --------
    >>> log = pretrained_log("transformer")
    >>> bool(log["loss"][-100:].mean() < log["loss"][:100].mean())
    True
    """
    rows = np.genfromtxt(WEIGHTS / f"{_resolve(name)}.csv", delimiter=",", names=True)
    return {
        key: rows[key].astype(np.int64) if key == "step" else rows[key]
        for key in rows.dtype.names or ()
    }


def pretrained_table() -> dict[str, dict[str, Any]]:
    """Held-out bits per byte of pocket models, a 5-gram, zlib and lzma (book, section 8.5).

    Computed by ``tools/evaluate_models.py`` and stored with its provenance.

    Returns
    -------
    dict of str to dict
        By name: ``test``, the bits per byte of the seven test speeches, ``parameters``, ``steps``
        and ``characters`` read in training where that applies, and ``sample``, the bits per byte of
        one short passage.

    Examples
    --------
    >>> table = pretrained_table()
    >>> max(table[name]["test"] for name in pretrained_names()) < table["zlib -9"]["test"]
    True
    """
    return json.loads((WEIGHTS / "table.json").read_text(encoding="utf-8"))["rows"]

"""The pocket models: small language models of American presidents' prose, trained here and carried along (chapter 8).

NPLMs, RNNs and transformers of several sizes, trained by `lmcore.models.train` on the State of the Union texts up to 1926
(public domain), weights in float16 with their logs. Loading needs neither network nor data packages.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from lmcore.models import nplm, rnn, transformer
from lmcore.models.neural import LanguageModel

WEIGHTS = Path(__file__).parent / "weights"
FAMILIES = {"nplm": nplm, "rnn": rnn, "transformer": transformer}
DEFAULTS = {"nplm": "nplm-200k", "rnn": "rnn-200k", "transformer": "transformer-1m"}


def pocket_names():
    """Names of the models that are carried along, families together, small to large (book, section 8.5).

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> "transformer-1m" in pocket_names()
    True
    """

    def place(name):
        family, _, size = name.partition("-")
        return family, float(size.replace("k", "e3").replace("m", "e6"))

    return tuple(sorted((path.stem for path in WEIGHTS.glob("*.npz")), key=place))


def pocket(name="transformer", dtype=np.float32):
    """A trained character model, ready to score and generate (book, sections 2.2 and 8.5).

    Parameters
    ----------
    name : str, default "transformer"
        One of `pocket_names`, or a family for its largest.
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
    >>> model = pocket()
    >>> prefix = model.encode("The Constitution of the United Sta")
    >>> model.charset[model.next_log_probs(prefix).argmax()]
    't'
    """
    return _load(_resolve(name), np.dtype(dtype))


@lru_cache(maxsize=16)
def _load(name, dtype):
    """`pocket` for a name that exists."""
    with np.load(WEIGHTS / f"{name}.npz") as file:
        about = json.loads(str(file["about"]))
        params = {key: file[key].astype(dtype) for key in file.files if key != "about"}
    module = FAMILIES[about["family"]]
    return LanguageModel(
        module, params, module.Config(**about["config"]), about["eos"], about["charset"], about
    )


def _resolve(name):
    """The full name of a model, or ValueError."""
    full = DEFAULTS.get(name, name)
    if full not in pocket_names():
        raise ValueError(
            f"there is no pocket model {name!r}; choose a family ({', '.join(DEFAULTS)}) or one of "
            f"{', '.join(pocket_names())}"
        )
    return full


def pocket_log(name="transformer"):
    """How a pocket model learned (book, section 8.5).

    Parameters
    ----------
    name : str, default "transformer"
        As for `pocket`.

    Returns
    -------
    dict of str to ndarray
        ``step``, each of the first thousand and then one in four; ``loss`` on that step's batch,
        nats a character; ``grad_norm`` before clipping; ``validation``, bits a character on
        held-out windows, NaN for steps without.

    Raises
    ------
    ValueError
        If there is no such model.

    Examples
    --------
    >>> log = pocket_log("transformer")
    >>> bool(log["loss"][-100:].mean() < log["loss"][:100].mean())
    True
    """
    rows = np.genfromtxt(WEIGHTS / f"{_resolve(name)}.csv", delimiter=",", names=True)
    return {
        key: rows[key].astype(np.int64) if key == "step" else rows[key] for key in rows.dtype.names
    }


def pocket_table():
    """Held-out bits per byte of each pocket model, of a 5-gram, zlib -9 and lzma (book, section 8.5).

    Computed by ``python -m lmcore.models.evaluate`` and carried along with its provenance.

    Returns
    -------
    dict of str to dict
        By name: ``test``, the bits per byte of the seven test speeches, ``parameters``, ``steps``
        and ``characters`` read in training where that applies, and ``sample``, the bits per byte of
        one short passage.

    Examples
    --------
    >>> table = pocket_table()
    >>> max(table[name]["test"] for name in pocket_names()) < table["zlib -9"]["test"]
    True
    """
    return json.loads((WEIGHTS / "table.json").read_text(encoding="utf-8"))["rows"]

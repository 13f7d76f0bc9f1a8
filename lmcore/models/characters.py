"""Characters as tokens: the vocabulary of every pocket model (book, sections 5.5 and 8.3).

One token is one character of `lmcore.data.CHARSET`, which is one byte, so bits per token, per
character and per byte are the same number. Two ids follow those of the characters: `EOS`, an output
like any other, and `BOS`, which stands before a text only and is never an output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from lmcore._typing import Integers
from lmcore.data import CHARSET

EOS = len(CHARSET)  # 96: the end of a speech
VOCAB_SIZE = len(CHARSET) + 1  # 97 outputs
BOS = VOCAB_SIZE  # an input only


def encode(text: str, charset: str = CHARSET) -> Integers:
    r"""Token ids of a text, without BOS or EOS (book, section 8.3).

    Parameters
    ----------
    text : str
        Cleaned, for the default character set.
    charset : str, optional
        The character of each id; those of the pocket models if not given.

    Returns
    -------
    ndarray of int of shape (characters,)

    Raises
    ------
    ValueError
        If a character is not in the character set.

    Examples
    --------
    >>> encode("a b").tolist()
    [66, 1, 67]
    """
    table = _id_of_code(charset)
    codes = _codes(text)
    ids = table[np.minimum(codes, len(table) - 1)]
    if (ids < 0).any():
        where = int(np.argmax(ids < 0))
        raise ValueError(
            f"text holds {text[where]!r} at {where}, which is not among the {len(charset)} "
            "characters of the character set; fold the text with lmcore.data.clean first"
        )
    return ids


def decode(ids: Iterable[int], charset: str = CHARSET, eos: int | None = EOS) -> str:
    """Text of token ids; an EOS ends it (book, section 8.3).

    Parameters
    ----------
    ids : iterable of int
    charset : str, optional
        The character of each id; those of the pocket models if not given.
    eos : int or None, optional
        The id that ends a text.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If an id is no character.

    Examples
    --------
    >>> decode([66, 1, 67, 96])
    'a b'
    """
    ids = [int(i) for i in ids]
    if eos in ids:
        ids = ids[: ids.index(eos)]
    wrong = [i for i in ids if not 0 <= i < len(charset)]
    if wrong:
        raise ValueError(
            f"ids holds {wrong[0]}, which is no character; characters are 0 to "
            f"{len(charset) - 1}, EOS is {eos}"
        )
    return "".join(charset[i] for i in ids)


def _codes(text: str) -> Integers:
    """Code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")


@lru_cache(maxsize=16)
def _id_of_code(charset: str) -> Integers:
    """Id of each code point up to one past the largest in use, -1 where there is none."""
    codes = _codes(charset)
    table = np.full(int(codes.max(initial=0)) + 2, -1)
    table[codes] = np.arange(len(codes))
    return table


def bits_per_byte(token_log_probs: Callable[[Integers], ArrayLike], texts: Iterable[str]) -> float:
    """−Σ log₂ p over characters and ends of texts, per byte of text (book, sections 5.5 and 8.5).

    Parameters
    ----------
    token_log_probs : callable
        (1, T) ids -> (1, T) nats of each given those before it, such as a model's method of that
        name.
    texts : iterable of str
        Cleaned; each is scored by itself, with EOS.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there is no character.

    Examples
    --------
    A model that gives each of its 97 outputs the same probability needs log₂ 97 bits for each
    character and each end:

    >>> uniform = lambda ids: np.full(ids.shape, -np.log(97))
    >>> round(bits_per_byte(uniform, ["four", "more"]), 4), round(float(np.log2(97)) * 10 / 8, 4)
    (8.2499, 8.2499)
    """
    nats, size = 0.0, 0
    for text in texts:
        ids = np.append(encode(text), EOS)[None]
        nats -= float(np.asarray(token_log_probs(ids), dtype=np.float64).sum())
        size += len(text)
    if size == 0:
        raise ValueError("texts hold no character: pass at least one text that is not empty")
    return float(nats / size / np.log(2))

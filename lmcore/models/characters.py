"""Characters as tokens: the vocabulary of every pocket model (book, sections 5.5 and 8.3).

One token is one character of `lmcore.data.CHARSET`, which is one byte, so bits per token, per character and per byte
are the same number. Two ids follow the characters': `EOS`, an output like any other, and `BOS`, which only ever stands
before a text and is never an output.
"""

import numpy as np

from lmcore.data import CHARSET

EOS = len(CHARSET)  # 96: the end of a speech
VOCAB_SIZE = len(CHARSET) + 1  # 97 outputs
BOS = VOCAB_SIZE  # an input only

_ID_OF_BYTE = np.full(256, -1)
_ID_OF_BYTE[np.frombuffer(CHARSET.encode("ascii"), dtype=np.uint8)] = np.arange(len(CHARSET))


def encode(text):
    r"""Token ids of a cleaned text, without BOS or EOS (book, section 8.3).

    Parameters
    ----------
    text : str

    Returns
    -------
    ndarray of int64 of shape (characters,)

    Raises
    ------
    ValueError
        If a character is not in the character set.

    Examples
    --------
    >>> encode("a b").tolist()
    [66, 1, 67]
    """
    content = text.encode("ascii") if text.isascii() else b""
    ids = _ID_OF_BYTE[np.frombuffer(content, dtype=np.uint8)]
    if len(ids) != len(text) or (ids < 0).any():
        where, char = next((i, char) for i, char in enumerate(text) if char not in CHARSET)
        raise ValueError(
            f"text holds {char!r} at {where}, which is not in the character set; fold the text with"
            " lmcore.data.clean first"
        )
    return ids


def decode(ids):
    """Text of token ids; an EOS ends it (book, section 8.3).

    Parameters
    ----------
    ids : iterable of int

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
    if EOS in ids:
        ids = ids[: ids.index(EOS)]
    wrong = [i for i in ids if not 0 <= i < EOS]
    if wrong:
        raise ValueError(
            f"ids holds {wrong[0]}, which is no character; characters are 0 to {EOS - 1}, EOS is"
            f" {EOS}"
        )
    return "".join(CHARSET[i] for i in ids)

"""The arithmetic coder, which turns any language model into a compressor (chapter 5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

import numpy as np

from lmcore._arrays import accumulator
from lmcore._checks import as_distribution, as_integer, as_token_ids, next_row
from lmcore._typing import Integers, NextLogProbs

REGISTER_BITS = 60  # the coder keeps its interval to so many bits
# its integer frequencies sum to this, at most a quarter of the register's range
TOTAL = 1 << 32
QUARTER = 1 << (REGISTER_BITS - 2)
HALF = 2 * QUARTER


def arithmetic_encode(
    next_log_probs: NextLogProbs, tokens: Sequence[int], eos: int | None = None
) -> bytes:
    """Compress a text to −Σ log2 p bits, and about 2 more at the end (book, section 5.4).

    Each token narrows an interval of integers to the share that the model gives it; bits are sent
    as soon as both ends agree on them. Probabilities are rounded to integer frequencies that sum to
    2^32, at least 1 for every token, so that even a token of probability 0 needs only 32 bits.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats. Asked twice it
        must give the same bits: the decoder needs the same model on the same kind of machine.
    tokens : sequence of int
        The text, without EOS.
    eos : int, optional
        Sent after the text, so that the decoder knows where to stop; if not given, it must be told
        the length.

    Returns
    -------
    bytes
        The code, filled up to a whole byte.

    Raises
    ------
    ValueError
        If a token is out of range, EOS stands inside the text, or the model's output is not a
        distribution.

    References
    ----------
    Witten, I. H., Neal, R. M. and Cleary, J. G. (1987). Arithmetic Coding for Data Compression.
    CACM 30(6).
    Delétang, G. et al. (2024). Language Modeling Is Compression. ICLR.

    Examples
    --------
    14.5 bits, where one bit per token would make 125 bytes:

    >>> coin = lambda prefix: np.log([0.99, 0.01])
    >>> len(arithmetic_encode(coin, [0] * 1000))
    2
    """
    tokens = tuple(tokens)
    if eos is not None:
        if eos in tokens:
            raise ValueError(
                f"tokens holds eos={eos} at index {tokens.index(eos)}: the decoder would stop"
                " there; pass the text without EOS"
            )
        tokens += (eos,)
    low, high, pending = 0, 2 * HALF - 1, 0
    bits: list[int] = []
    for i, token in enumerate(tokens):
        frequencies = _frequencies(next_log_probs, tokens[:i])
        as_token_ids([token], len(frequencies), f"tokens[{i}:{i + 1}]")
        start = int(frequencies[:token].sum())
        low, high = _narrow(low, high, start, start + int(frequencies[token]))
        while (offset := _settled(low, high)) is not None:
            # this bit will be the opposite of the next one
            if offset == QUARTER:
                pending += 1
            else:
                bit = offset // HALF
                bits += [bit] + [1 - bit] * pending
                pending = 0
            low, high = 2 * (low - offset), 2 * (high - offset) + 1
    # two bits name a quarter inside [low, high]
    bit = int(low >= QUARTER)
    bits += [bit] + [1 - bit] * (pending + 1)
    return np.packbits(np.array(bits, dtype=np.uint8)).tobytes()


def arithmetic_decode(
    next_log_probs: NextLogProbs,
    code: bytes,
    eos: int | None = None,
    length: int | None = None,
) -> tuple[int, ...]:
    """The text that `arithmetic_encode` compressed (book, section 5.4).

    Parameters
    ----------
    next_log_probs : callable
        The model that the text was encoded with.
    code : bytes
    eos : int, optional
        Where to stop, if the text was encoded with it.
    length : int, optional
        How many tokens to read otherwise.

    Returns
    -------
    tuple of int
        Token ids, without EOS.

    Raises
    ------
    ValueError
        If neither or both of `eos` and `length` are given, `eos` is none of the model's tokens, or
        the code ends too early.

    References
    ----------
    Witten, I. H., Neal, R. M. and Cleary, J. G. (1987). Arithmetic Coding for Data Compression.
    CACM 30(6).

    Examples
    --------
    >>> coin = lambda prefix: np.log([0.9, 0.1])
    >>> arithmetic_decode(coin, arithmetic_encode(coin, (0, 1, 0)), length=3)
    (0, 1, 0)
    """
    if (eos is None) == (length is None):
        raise ValueError(
            f"pass either eos or length, as the text was encoded, got eos={eos}, length={length}"
        )
    length = None if length is None else as_integer(length, "length", minimum=0)
    sent = np.unpackbits(np.frombuffer(code, dtype=np.uint8)).tolist()
    # past the end any bits do: zeros
    bits = chain(sent, repeat(0, REGISTER_BITS))
    low, high, value = 0, 2 * HALF - 1, 0
    tokens: list[int] = []
    for _ in range(REGISTER_BITS):
        value = 2 * value + next(bits)
    while length is None or len(tokens) < length:
        ends = _frequencies(next_log_probs, tuple(tokens), eos).cumsum()
        share = ((value - low + 1) * TOTAL - 1) // (high - low + 1)
        token = int(np.searchsorted(ends, share, side="right"))
        if token == eos:
            break
        tokens.append(token)
        low, high = _narrow(low, high, int(ends[token - 1]) if token else 0, int(ends[token]))
        while (offset := _settled(low, high)) is not None:
            low, high = 2 * (low - offset), 2 * (high - offset) + 1
            bit = next(bits, None)
            if bit is None:
                raise ValueError(
                    f"code ends too early, after {len(code)} bytes and {len(tokens)} tokens: it "
                    "is cut off, or was encoded with another model, eos or length"
                )
            value = 2 * (value - offset) + bit
    return tuple(tokens)


def _frequencies(
    next_log_probs: NextLogProbs, prefix: tuple[int, ...], eos: int | None = None
) -> Integers:
    """Integers in proportion to the probabilities, each at least 1, summing to TOTAL."""
    row = next_row(next_log_probs, prefix, eos)
    row = as_distribution(row, "next_log_probs(prefix)", log=True)
    probs = np.exp(row.astype(accumulator(row.dtype), copy=False)).astype(np.float64)
    probs /= probs.sum()
    frequencies = (probs * (TOTAL - len(probs))).astype(np.int64) + 1
    # what rounding down has left over
    frequencies[probs.argmax()] += TOTAL - frequencies.sum()
    return frequencies


def _narrow(low: int, high: int, start: int, end: int) -> tuple[int, int]:
    """The part of [low, high] that belongs to the frequencies from `start` up to `end` of TOTAL."""
    span = high - low + 1
    return low + span * start // TOTAL, low + span * end // TOTAL - 1


def _settled(low: int, high: int) -> int | None:
    """Start of the half (the bit is known) or the middle half that holds the interval, or None."""
    if high < HALF:
        return 0
    if low >= HALF:
        return HALF
    return QUARTER if low >= QUARTER and high < HALF + QUARTER else None

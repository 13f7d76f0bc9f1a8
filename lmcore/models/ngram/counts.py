"""Counting n-grams with sorted integers (book, section 8.1).

**One integer per n-gram.** Written as a number in base V + 1, a 5-gram over 50,000 words needs 78
bits: too many. So each order is packed onto the ranks of the order below. With rank(w_1..w_{k-1})
the place of the history among the distinct (k-1)-grams, in sorted order,

    key(w_1..w_k) = rank(w_1..w_{k-1}) (V + 1) + w_k,

which stays below (number of tokens) x (V + 1) at every order and so always fits 64 bits. Equal
n-grams have equal keys, so one sort counts them; and the continuations of a history have adjacent
keys, so a sorted array of keys is all the index that a model needs.

**Where a text begins.** Every document is preceded by one BOS, an input symbol with id V that is
never an output. An n-gram holds BOS in its first place or not at all: the third token of a document
has the history (BOS, w_1, w_2) even in a model of higher order. kenlm counts the same way; nltk
pads with order − 1 BOS instead, which smooths the start of a text more than once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_integer, as_token_ids
from lmcore._typing import Integers


@dataclass(frozen=True, eq=False, repr=False)
class NGramCounts:
    """All n-grams up to an order, as sorted packed keys with their counts (book, section 8.1).

    The module's docstring says how an n-gram becomes a key. Made by `count_ngrams`. In each tuple,
    entry k − 1 belongs to order k and has one element per n-gram.

    Attributes
    ----------
    order : int
        Longest n-gram counted.
    vocab_size : int
        V, the output tokens, EOS among them if there is one. BOS has the id V.
    eos : int or None
    keys : tuple of (n_k,) int64 arrays
        Packed n-grams, ascending. Order 1 lists every token and BOS, seen or not, so there the rank
        is the token.
    counts : tuple of (n_k,) integer arrays
        How often each n-gram occurs. BOS alone counts 0: it is a history, never an output.
    suffixes : tuple of (n_k,) integer arrays
        Rank, one order lower, of the n-gram without its first token.

    Examples
    --------
    BOS has id 2, so the base is 3; (0, 1), (1, 1) and (BOS, 0) occur once each:

    >>> counts = count_ngrams([[0, 1, 1]], vocab_size=2, order=2)
    >>> counts.keys[1], counts.counts[1]
    (array([1, 4, 6]), array([1, 1, 1]))
    """

    order: int
    vocab_size: int
    eos: int | None
    keys: tuple[Integers, ...]
    counts: tuple[Integers, ...]
    suffixes: tuple[Integers, ...]

    @property
    def bos(self) -> int:
        """Id of BOS in a history: V, just past the outputs."""
        return self.vocab_size

    def histories(self, k: int) -> Integers:
        """(n_k,) rank, among the (k − 1)-grams, of each k-gram without its last token."""
        keys = self.keys[k - 1]
        return (
            np.zeros(len(keys), dtype=np.intp)
            if k == 1
            else (keys // (self.vocab_size + 1)).astype(np.intp, copy=False)
        )

    def n_histories(self, k: int) -> int:
        """Number of ranks that `histories(k)` can take: the distinct (k − 1)-grams, 1 for k = 1."""
        return 1 if k == 1 else len(self.keys[k - 2])

    def count(self, ngram: Sequence[int]) -> int:
        """Occurrences of one n-gram, a tuple of 1 to `order` ids; `bos` may stand first.

        Examples
        --------
        >>> counts = count_ngrams([[0, 1, 0, 1]], vocab_size=2, order=2)
        >>> counts.count((0, 1)), counts.count((1, 1)), counts.count((counts.bos, 0))
        (2, 0, 1)
        """
        if not 1 <= len(ngram) <= self.order:
            raise ValueError(
                f"ngram has {len(ngram)} tokens; these counts hold orders 1 to {self.order}"
            )
        tokens = as_token_ids(ngram, self.vocab_size + 1, "ngram")
        rank = list(match(self.keys[: len(ngram)], tokens, self.vocab_size))[-1][-1]
        return int(self.counts[len(ngram) - 1][rank]) if rank >= 0 else 0

    def up_to(self, order: int) -> NGramCounts:
        """The same counts without the orders above `order`; nothing is counted again.

        Examples
        --------
        >>> counts = count_ngrams([[0, 1, 0, 1]], vocab_size=2, order=3)
        >>> [len(counts.up_to(k).keys) for k in (1, 2)]
        [1, 2]
        """
        if not 1 <= order <= self.order:
            raise ValueError(f"order must lie in 1..{self.order}, the orders counted, got {order}")
        return NGramCounts(
            order,
            self.vocab_size,
            self.eos,
            self.keys[:order],
            self.counts[:order],
            self.suffixes[:order],
        )


def count_ngrams(
    documents: Sequence[ArrayLike], vocab_size: int, order: int, eos: int | None = None
) -> NGramCounts:
    """Count every n-gram of 1 to `order` tokens in a list of documents (book, section 8.1).

    c(w_1..w_k), sorted once per order: about 0.1 s for the trigrams of a million tokens.

    Parameters
    ----------
    documents : list of (T_d,) integer array-likes
        Token ids, one array per document, without BOS and EOS: both are added here.
    vocab_size : int
        V, the number of output tokens including EOS.
    order : int
        Longest n-gram, at least 1. A model of order n has histories of n − 1 tokens.
    eos : int, optional
        Id of the end-of-string token, in [0, V). If given, each document ends with it and models
        predict it.

    Returns
    -------
    NGramCounts

    Raises
    ------
    TypeError
        If ids are not integers.
    ValueError
        If an id is out of range or equals `eos`, there is no token to count, or `order` or `eos` is
        out of range.

    Examples
    --------
    The texts "a b b ." and "b ."; the unigrams are a, b, EOS and BOS:

    >>> counts = count_ngrams([[0, 1, 1], [1]], vocab_size=3, order=2, eos=2)
    >>> counts.counts[0]
    array([1, 3, 2, 0])
    >>> [counts.count(pair) for pair in ((1, 1), (1, 2), (2, 1))]
    [1, 2, 0]
    """
    order, vocab_size = as_integer(order, "order", minimum=1), as_integer(vocab_size, "vocab_size")
    if eos is not None and not 0 <= as_integer(eos, "eos") < vocab_size:
        raise ValueError(
            f"eos must be one of the {vocab_size} output tokens, 0 to {vocab_size - 1}, got {eos}"
        )
    stream, offset = token_stream(documents, vocab_size, eos)
    if len(stream) == len(documents):
        raise ValueError(
            f"documents hold no token: {len(documents)} documents, all empty; pass at least one "
            "token"
        )
    base = vocab_size + 1
    unigrams = np.bincount(stream, minlength=base)
    unigrams[vocab_size] = 0
    keys: list[Integers] = [np.arange(base, dtype=np.int64)]
    counts: list[Integers] = [unigrams]
    suffixes: list[Integers] = [np.zeros(base, dtype=np.intp)]
    # of the k-gram that ends at each position
    rank = stream.copy()
    for k in range(2, order + 1):
        # where a k-gram ends that does not cross a BOS
        ends = np.flatnonzero(offset >= k - 1)
        packed = pack(rank[ends - 1], stream[ends], vocab_size)
        distinct, occurrences, new_rank = _sort_and_count(packed, len(keys[-1]) * base)
        suffix = np.empty(len(distinct), dtype=np.intp)
        # the (k-1)-gram that ends at the same position
        suffix[new_rank] = rank[ends]
        rank[ends] = new_rank
        for row, value in ((keys, distinct), (counts, occurrences), (suffixes, suffix)):
            row.append(value)
    return NGramCounts(order, vocab_size, eos, tuple(keys), tuple(counts), tuple(suffixes))


def continuation_counts(counts: NGramCounts) -> tuple[Integers, ...]:
    """Kneser and Ney's counts: in how many contexts an n-gram is seen (book, section 8.2).

    N1+(• w_1..w_k) = |{v : c(v w_1..w_k) > 0}| for k < n, and c itself at the highest order n. An
    n-gram that begins with BOS has nothing to its left, so it keeps its raw count, as in kenlm;
    nltk gives it 0.

    Parameters
    ----------
    counts : NGramCounts

    Returns
    -------
    tuple of (n_k,) int64 arrays
        Aligned with `counts.keys`.

    References
    ----------
    Kneser, R. and Ney, H. (1995). Improved backing-off for m-gram language modeling. ICASSP.

    Examples
    --------
    "san francisco" three times makes "francisco" frequent, but it follows one word only. Counts c
    and N1+(• w), BOS last:

    >>> counts = count_ngrams([[0, 1], [0, 1], [0, 1, 0]], vocab_size=2, order=2)
    >>> counts.counts[0], continuation_counts(counts)[0]
    (array([4, 3, 0]), array([2, 1, 0]))
    """
    adjusted: list[Integers] = []
    for raw, longer in zip(counts.counts, counts.suffixes[1:]):
        # each distinct (k+1)-gram is one left context
        left_contexts = np.bincount(longer, minlength=len(raw))
        adjusted.append(np.where(left_contexts == 0, raw, left_contexts))
    return (*adjusted, counts.counts[-1])


def token_stream(
    documents: Sequence[ArrayLike], vocab_size: int, eos: int | None
) -> tuple[Integers, Integers]:
    """All documents in one (N,) array, each as BOS w_1 .. w_T (EOS), and offsets from their BOS."""
    arrays = [np.asarray(document) for document in documents]
    for d, ids in enumerate(arrays):
        if ids.ndim != 1:
            raise ValueError(
                f"documents[{d}] has shape {ids.shape}: pass one-dimensional arrays of token ids, "
                "a single document as [document]"
            )
        if ids.size and ids.dtype.kind not in "iu":
            raise TypeError(f"documents[{d}] has dtype {ids.dtype}: pass integer token ids")
    sizes = np.array([ids.size for ids in arrays], dtype=np.intp)
    tokens = np.concatenate(
        [np.empty(0, dtype=np.intp), *(ids.astype(np.intp, copy=False) for ids in arrays)]
    )
    wrong = np.flatnonzero(
        (tokens < 0) | (tokens >= vocab_size) | (tokens == (-1 if eos is None else eos))
    )
    if wrong.size:
        d = int(np.searchsorted(np.cumsum(sizes), wrong[0], side="right"))
        reason = (
            "is eos, which is added here: leave it out"
            if tokens[wrong[0]] == eos
            else "is out of range"
        )
        raise ValueError(
            f"documents[{d}] holds {tokens[wrong[0]]}, which {reason}; ids must lie in "
            f"[0, {vocab_size})"
        )
    lengths = sizes + (1 if eos is None else 2)
    starts = np.cumsum(lengths) - lengths
    stream = np.full(lengths.sum(), vocab_size, dtype=np.intp)
    is_token = np.ones(len(stream), dtype=bool)
    is_token[starts] = False
    if eos is not None:
        is_token[starts + lengths - 1] = False
        stream[starts + lengths - 1] = eos
    stream[is_token] = tokens
    return stream, np.arange(len(stream)) - np.repeat(starts, lengths)


def match(keys: tuple[Integers, ...], stream: Integers, vocab_size: int) -> Iterator[Integers]:
    """Yield, for each order, the rank of the n-gram ending at each position, −1 where unseen.

    The recursion of the packed key, read as a look-up in `stream` (..., N). A BOS inside the stream
    cuts it: keys hold BOS in front only.
    """
    rank = stream
    yield rank
    for table in keys[1:]:
        # from −1 a negative key: in no table
        rank = _find(table, pack(before(rank), stream, vocab_size))
        yield rank


def pack(history_rank: Integers, token: Integers | int, vocab_size: int) -> Integers:
    """key = rank (V + 1) + w, in 64 bits also where NumPy's indices have 32, as in a browser."""
    key: Integers = np.multiply(history_rank, vocab_size + 1, dtype=np.int64)
    return key + token


def before(values: Integers) -> Integers:
    """Each position's value moved to the next one (..., N); −1 at the first."""
    moved = np.full_like(values, -1)
    moved[..., 1:] = values[..., :-1]
    return moved


def _find(table: Integers, queries: Integers) -> Integers:
    """Index of each query in the sorted `table`, −1 where absent."""
    if len(table) == 0:
        return np.full(queries.shape, -1)
    at = np.minimum(np.searchsorted(table, queries), len(table) - 1)
    return np.where(table[at] == queries, at, -1)


def _sort_and_count(keys: Integers, bound: int) -> tuple[Integers, Integers, Integers]:
    """Distinct keys in ascending order, their counts, and each key's rank; keys lie in [0, bound).

    Where there are fewer possible keys than positions, a table of them all is counted. Otherwise
    they are sorted, and since NumPy sorts plain integers several times faster than it argsorts, the
    position is written into the low bits of the key where the bits allow it, so that one plain sort
    yields the permutation as well.
    """
    n = len(keys)
    if bound <= n:
        occurrences = np.bincount(keys.astype(np.intp, copy=False), minlength=bound)
        distinct = np.flatnonzero(occurrences)
        return (
            distinct.astype(np.int64, copy=False),
            occurrences[distinct],
            (np.cumsum(occurrences > 0) - 1)[keys],
        )
    bits = n.bit_length()
    order: Integers
    ordered: Integers
    if bound <= 1 << (63 - bits):
        packed = np.sort((keys << bits) | np.arange(n))
        order, ordered = packed & ((1 << bits) - 1), packed >> bits
    else:
        order = np.argsort(keys)
        ordered = keys[order]
    is_new = np.ones(n, dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(is_new)
    rank = np.empty(n, dtype=np.intp)
    rank[order] = np.cumsum(is_new) - 1
    return ordered[first], np.diff(first, append=n), rank

"""The back-off table: what every fitted n-gram model looks like, and how it is read (section 8.1).

An interpolated or backed-off distribution needs two numbers only, as the ARPA files of the toolkits
show: log p(w | h) for each n-gram that was seen, and the log back-off mass gamma(h) for each
history. For all others

    log p(w | h) = log gamma(h) + log p(w | h'),    h' = h without its first token,

so a row of V probabilities is the row of the shorter history, shifted by one number, with the seen
tokens written over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_token_ids
from lmcore._typing import Floats, Integers
from lmcore.models.ngram.counts import NGramCounts, before, match, pack, token_stream


@dataclass(frozen=True, eq=False, repr=False)
class NGramModel:
    """A fitted n-gram model, made by the estimators and not by hand (book, section 8.1).

    Of a prefix the last n − 1 tokens count, or all of it with BOS, which is put before it here. A
    prefix that ends with EOS is continued by EOS with probability 1, as in `MarkovSource`, so a
    batch padded with EOS scores as if it were not padded.

    Attributes
    ----------
    method : str
        The estimator's name.
    order, vocab_size, eos
        As in `NGramCounts`.
    keys : tuple of (n_k,) int64 arrays
        Packed n-grams of each order, ascending, as in `NGramCounts`.
    log_prob : tuple of (n_k,) float64 arrays
        log p(w | h) of each seen n-gram, nats.
    log_backoff : tuple of (n_k,) float64 arrays
        log gamma of each n-gram of order 1 to n − 1 as a history; 0 where nothing was seen to
        follow it.
    discounts : (order, 3) ndarray or None
        D1, D2, D3+ of each order, for the methods that discount.
    to_uniform : bool
        Back off to 1/V at once, not to the shorter history (`additive`).
    strict : bool
        A history never seen raises (`mle`) where other models back off.

    Examples
    --------
    After b come b once and EOS twice; then p(a | BOS), p(b | a) and p(EOS | b):

    >>> from lmcore.models.ngram import additive, count_ngrams
    >>> model = additive(count_ngrams([[0, 1, 1], [1]], vocab_size=3, order=2, eos=2), delta=1.0)
    >>> np.exp(model.next_log_probs((1,))).round(3)
    array([0.167, 0.333, 0.5  ])
    >>> np.exp(model.token_log_probs([0, 1, 2])).round(3)
    array([0.4, 0.5, 0.5])
    """

    method: str
    order: int
    vocab_size: int
    eos: int | None
    keys: tuple[Integers, ...]
    log_prob: tuple[Floats, ...]
    log_backoff: tuple[Floats, ...]
    discounts: Floats | None = None
    to_uniform: bool = False
    strict: bool = False

    def next_log_probs(self, prefix: tuple[int, ...]) -> Floats:
        """(V,) nats of the token after `prefix`, a tuple of ids; normalised for every prefix."""
        tokens = as_token_ids(prefix, self.vocab_size, "prefix")
        recent = np.concatenate([[self.vocab_size], tokens])[max(0, len(tokens) + 2 - self.order) :]
        last = tokens[-1:] if len(tokens) else np.array([self.vocab_size])
        return self._rows(recent, np.array([len(recent) - 1]), np.array([len(recent)]), last)[0]

    def log_probs(self, tokens: ArrayLike) -> Floats:
        """(..., T, V) nats, aligned: row t is the distribution of token t of `tokens` (..., T)."""
        stream, offset = self._with_bos(tokens)
        at = np.arange(stream.size).reshape(stream.shape)[..., :-1]
        lengths = np.broadcast_to(offset[1:], at.shape)
        rows = self._rows(stream, at.ravel(), lengths.ravel(), stream[..., :-1].ravel())
        return rows.reshape(*at.shape, self.vocab_size)

    def token_log_probs(self, tokens: ArrayLike) -> Floats:
        """(..., T) nats of each token of `tokens` (..., T) given those before it, without the rows.

        One binary search per order and token, for all tokens at once: about a microsecond each. EOS
        is scored where it occurs in `tokens`.

        Examples
        --------
        >>> from lmcore.models.ngram import count_ngrams, witten_bell
        >>> model = witten_bell(count_ngrams([[0, 1, 1, 0, 1]], vocab_size=2, order=3))
        >>> batch = np.array([[0, 1, 1], [1, 1, 1]])
        >>> picked = np.take_along_axis(model.log_probs(batch), batch[..., None], axis=-1)[..., 0]
        >>> bool(np.allclose(model.token_log_probs(batch), picked))
        True
        """
        stream, offset = self._with_bos(tokens)
        return self._scores(stream, np.broadcast_to(offset, stream.shape))[..., 1:]

    def _with_bos(self, tokens: ArrayLike) -> tuple[Integers, Integers]:
        """`tokens` (..., T) with BOS in front, and the offsets 0..T."""
        ids = as_token_ids(tokens, self.vocab_size, "tokens")
        if ids.ndim == 0:
            raise ValueError(
                f"tokens must have at least one axis, got the scalar {ids}; wrap it in a list"
            )
        stream = np.full((*ids.shape[:-1], ids.shape[-1] + 1), self.vocab_size, dtype=np.intp)
        stream[..., 1:] = ids
        return stream, np.arange(stream.shape[-1])

    def _scores(self, stream: Integers, lengths: Integers) -> Floats:
        """Log-probability of every position of `stream` given the `lengths` tokens before it.

        −inf at BOS itself.
        """
        ends = (
            np.zeros(stream.shape, dtype=bool) if self.eos is None else before(stream) == self.eos
        )
        ranks = match(self.keys, stream, self.vocab_size)
        history = before(next(ranks))
        log_p = self.log_prob[0][stream]
        for k, rank in enumerate(ranks, start=2):
            self._require_seen(
                k, history, np.where(ends, 0, lengths), stream, np.arange(stream.size) - 1
            )
            if self.to_uniform:
                log_p[lengths >= k - 1] = -np.log(self.vocab_size)
            known, seen = history >= 0, rank >= 0
            log_p[known] += self.log_backoff[k - 2][history[known]]
            log_p[seen] = self.log_prob[k - 1][rank[seen]]
            history = before(rank)
        return np.where(ends, np.where(stream == self.eos, 0.0, -np.inf), log_p)

    def _rows(self, stream: Integers, at: Integers, lengths: Integers, last: Integers) -> Floats:
        """(R, V): what follows each of R histories, whose last tokens stand `at` (R,) in `stream`.

        `lengths` (R,) counts the tokens of the history, BOS included; `last` (R,) holds its last
        token.
        """
        rows = np.tile(self.log_prob[0][:-1], (len(at), 1))
        ends = last == self.eos
        for k, rank in zip(
            range(2, self.order + 1), match(self.keys[:-1], stream, self.vocab_size)
        ):
            history = rank.ravel()[at]
            self._require_seen(k, history, np.where(ends, 0, lengths), stream, at)
            if self.to_uniform:
                rows[lengths >= k - 1] = -np.log(self.vocab_size)
            seen = np.flatnonzero(history >= 0)
            rows[seen] += self.log_backoff[k - 2][history[seen], None]
            row, word, log_p = self._continuations(k, history[seen])
            rows[seen[row], word] = log_p
        if self.eos is not None:
            rows[ends] = -np.inf
            rows[ends, self.eos] = 0.0
        return rows

    def _continuations(self, k: int, history: Integers) -> tuple[Integers, Integers, Floats]:
        """Seen k-grams of each history (R,), end to end: which history, last token and log p."""
        base, table = self.vocab_size + 1, self.keys[k - 1]
        # a history's continuations are adjacent
        first = np.searchsorted(table, pack(history, 0, self.vocab_size))
        count = np.searchsorted(table, pack(history + 1, 0, self.vocab_size)) - first
        place = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return (
            np.repeat(np.arange(len(history)), count),
            table[place] % base,
            self.log_prob[k - 1][place],
        )

    def _require_seen(
        self, k: int, history: Integers, lengths: Integers, stream: Integers, at: Integers
    ) -> None:
        """Raise if the model is strict and a history of k − 1 tokens, ending `at`, is unseen."""
        if not self.strict:
            return
        followed = (history >= 0) & (self.log_backoff[k - 2][history] != 0)
        unseen = np.flatnonzero((lengths >= k - 1) & ~followed)
        if unseen.size:
            tokens = stream.ravel()[: at[unseen[0]] + 1][1 - k :].tolist()
            shown = ", ".join("BOS" if token == self.vocab_size else str(token) for token in tokens)
            raise ValueError(
                f"history ({shown}) was never continued in the counts, so c(h, w) / c(h) is 0/0; "
                "use mle(counts, unseen='backoff') or a smoothed estimator"
            )


def fit_table(
    method: str,
    counts: NGramCounts,
    frequencies: tuple[Integers, ...],
    estimate: Callable[[int, Integers, Integers, np.ndarray, Floats], tuple[Floats, Floats]],
    interpolate_unigrams: bool = True,
    **options: Any,
) -> NGramModel:
    """The recursion alpha(w | h) + gamma(h) p(w | h') of every estimator (book, section 8.2).

    Parameters
    ----------
    method : str
    counts : NGramCounts
    frequencies : tuple of (n_k,) arrays
        The counts to divide: `counts.counts`, or `continuation_counts(counts)`.
    estimate : callable
        (k, frequency, history, total, lower) -> (p, gamma) for order k: all (n_k,), but total and
        gamma one per history. `lower` is p(w | h') of each n-gram.
    interpolate_unigrams : bool
        False keeps the unigrams plain ratios, without the uniform distribution below them.
    **options
        Further fields of `NGramModel`.
    """
    V = counts.vocab_size
    log_prob: list[Floats] = []
    log_backoff: list[Floats] = []
    below = np.array([1 / V])
    for k, frequency in enumerate(frequencies, start=1):
        history = counts.histories(k)
        total = np.bincount(history, frequency, counts.n_histories(k))
        lower = (
            np.full(len(frequency), 1 / V)
            if options.get("to_uniform")
            else below[counts.suffixes[k - 1]]
        )
        # log 0 = -inf; 0/0 where nothing follows
        with np.errstate(divide="ignore", invalid="ignore"):
            if k == 1 and not interpolate_unigrams:
                p = frequency / total[0]
            else:
                p, gamma = estimate(k, frequency, history, total, lower)
                if k > 1:
                    log_backoff.append(np.log(np.where(total > 0, gamma, 1.0)))
            if k == 1:
                p[counts.bos] = 0.0  # a history, never an output
            log_prob.append(np.log(p))
        below = p
    return NGramModel(
        method,
        counts.order,
        V,
        counts.eos,
        counts.keys,
        tuple(log_prob),
        tuple(log_backoff),
        **options,
    )


def held_out_bits(model: NGramModel, documents: Sequence[ArrayLike]) -> float:
    """Mean −log2 p per token of documents that the model has not seen (book, section 8.1).

    Each EOS counts as a token. It is what a perfect arithmetic coder needs per token; for
    characters of one byte, also bits per byte.

    Parameters
    ----------
    model : NGramModel
    documents : list of (T_d,) integer array-likes
        Without BOS and EOS, as for `count_ngrams`. A text that was counted is not held out: it
        needs too few bits.

    Returns
    -------
    float
        Bits; inf if a token has probability 0.

    Raises
    ------
    ValueError
        If `documents` hold no token, or as `count_ngrams` does.

    Examples
    --------
    >>> from lmcore.models.ngram import additive, count_ngrams
    >>> model = additive(count_ngrams([[0, 1, 0, 1]], vocab_size=2, order=1))       # p = 1/2 each
    >>> held_out_bits(model, [[0, 0, 1], [1]])
    1.0
    """
    stream, offset = token_stream(documents, model.vocab_size, model.eos)
    if len(stream) == len(documents):
        raise ValueError(
            f"documents hold no token: {len(documents)} documents, all empty; pass at least one "
            "token"
        )
    scores = model._scores(stream, offset)[offset > 0]
    return float(-scores.mean() / np.log(2))

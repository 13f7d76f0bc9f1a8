"""Estimators from count ratios: MLE, additive, Jelinek–Mercer, Witten–Bell, Katz (section 8.2)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_integer
from lmcore._typing import Floats, Integers
from lmcore.models.ngram.counts import NGramCounts
from lmcore.models.ngram.table import NGramModel, fit_table


def mle(counts: NGramCounts, unseen: Literal["raise", "backoff"] = "raise") -> NGramModel:
    """Maximum likelihood, the plain count ratio p(w | h) = c(h, w) / c(h) (book, section 8.1).

    A token that never followed h has probability 0 (-inf nats). After a history that was never seen
    the ratio is 0/0: no distribution is more likely than another, so the default is an error that
    names the history.

    Parameters
    ----------
    counts : NGramCounts
    unseen : {"raise", "backoff"}
        What to do after an unseen history: raise, or use the longest suffix of it that was seen.
        nltk scores 0 for every token there, which is no distribution.

    Returns
    -------
    NGramModel

    Raises
    ------
    ValueError
        If `unseen` is neither; by the model, after an unseen history.

    Examples
    --------
    Token a is followed by b, c and b, and c by nothing:

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> np.exp(mle(counts).next_log_probs((0,))).round(3)
    array([0.   , 0.667, 0.333])
    >>> mle(counts).next_log_probs((2,))                                # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: history (2) was never continued in the counts, so c(h, w) / c(h) is 0/0; ...

    The unigrams instead:

    >>> np.exp(mle(counts, unseen="backoff").next_log_probs((2,))).round(3)
    array([0.5  , 0.333, 0.167])
    """
    if unseen not in ("raise", "backoff"):
        raise ValueError(f"unseen must be 'raise' or 'backoff', got {unseen!r}")

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        return frequency / total[history], np.zeros(len(total))

    return fit_table("mle", counts, counts.counts, estimate, strict=unseen == "raise")


def additive(counts: NGramCounts, delta: float = 1.0) -> NGramModel:
    """Every count raised by delta, (c(h, w) + delta) / (c(h) + delta V) (book, section 8.2).

    Laplace's rule at delta = 1, Lidstone's otherwise. The same as mixing the count ratio with the
    uniform distribution, gamma(h) = delta V / (c(h) + delta V), so that an unseen history gives
    1/V: shorter histories are not consulted.

    Parameters
    ----------
    counts : NGramCounts
    delta : float, default 1.0
        Positive. nltk's `Lidstone` agrees when its vocabulary, `<UNK>` included, has V entries.

    Returns
    -------
    NGramModel

    Raises
    ------
    ValueError
        If `delta` is not positive.

    Examples
    --------
    (0, 2, 1) + 1/2, divided by 3 + 3/2:

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> np.exp(additive(counts, delta=0.5).next_log_probs((0,))).round(3)
    array([0.111, 0.556, 0.333])
    """
    if not 0 < delta < np.inf:
        raise ValueError(f"delta must be positive and finite, got {delta}; for delta = 0 use mle")
    added = delta * counts.vocab_size

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        return (frequency + delta) / (total[history] + added), added / (total + added)

    return fit_table("additive", counts, counts.counts, estimate, to_uniform=True)


def jelinek_mercer(
    counts: NGramCounts, weight: ArrayLike = 0.5, interpolate_unigrams: bool = True
) -> NGramModel:
    """A fixed mixture of orders: p(w | h) = λ c(h, w)/c(h) + (1 − λ) p(w | h') (book, section 8.2).

    Parameters
    ----------
    counts : NGramCounts
    weight : float or array-like of shape (order,)
        λ in [0, 1], one for all orders or one per order, unigrams first. Choose it on held-out
        text: on the counted text λ = 1 is always best.
    interpolate_unigrams : bool, default True
        Mix the unigrams with 1/V. If False they are plain ratios and a token never counted has
        probability 0.

    Returns
    -------
    NGramModel

    Raises
    ------
    ValueError
        If a weight lies outside [0, 1] or their number is not 1 or `order`.

    References
    ----------
    Jelinek, F. and Mercer, R. L. (1980). Interpolated estimation of Markov source parameters from
    sparse data.

    Examples
    --------
    Half (0, 2, 1)/3 and half (3, 2, 1)/6:

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> model = jelinek_mercer(counts, weight=0.5, interpolate_unigrams=False)
    >>> np.exp(model.next_log_probs((0,))).round(3)
    array([0.25, 0.5 , 0.25])
    """
    weights = np.asarray(weight, dtype=float)
    if weights.shape not in ((), (counts.order,)) or not np.all((weights >= 0) & (weights <= 1)):
        raise ValueError(
            f"weight must be one number in [0, 1] or one for each of {counts.order} orders, got "
            f"{weights}"
        )
    weights = np.broadcast_to(weights, counts.order)

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        keep = weights[k - 1]
        return keep * frequency / total[history] + (1 - keep) * lower, np.full(len(total), 1 - keep)

    return fit_table("jelinek-mercer", counts, counts.counts, estimate, interpolate_unigrams)


def witten_bell(counts: NGramCounts, interpolate_unigrams: bool = True) -> NGramModel:
    """Back-off mass in proportion to the number of types that followed (book, section 8.2).

    After many different tokens, a new one is to be expected:

    p(w | h) = (c(h, w) + N1+(h •) p(w | h')) / (c(h) + N1+(h •)),   N1+(h •) = |{w : c(h, w) > 0}|.

    Parameters
    ----------
    counts : NGramCounts
    interpolate_unigrams : bool, default True
        Mix the unigrams with 1/V. If False they are plain ratios, as in nltk.

    Returns
    -------
    NGramModel

    References
    ----------
    Witten, I. H. and Bell, T. C. (1991). The zero-frequency problem. IEEE Transactions on
    Information Theory 37(4).

    Examples
    --------
    ((0, 2, 1) + 2 · (3, 2, 1)/6) / (3 + 2):

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> model = witten_bell(counts, interpolate_unigrams=False)
    >>> np.exp(model.next_log_probs((0,))).round(3)
    array([0.2  , 0.533, 0.267])
    """

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        types = np.bincount(history, frequency > 0, len(total))
        gamma = types / (total + types)
        return frequency / (total + types)[history] + gamma[history] * lower, gamma

    return fit_table("witten-bell", counts, counts.counts, estimate, interpolate_unigrams)


def katz(counts: NGramCounts, cutoff: int = 5) -> NGramModel:
    """Back-off instead of mixing: only unseen tokens use the shorter history (book, section 8.2).

    p(w | h) = d_c c(h, w) / c(h)        if c(h, w) > 0,
             = gamma(h) p(w | h')        otherwise,

    where gamma(h) spreads what the discounts freed over the unseen tokens alone: (1 − Σ_seen p(w |
    h)) / (1 − Σ_seen p(w | h')). The discounts are Good and Turing's, d_c = (c*/c − A) / (1 − A)
    with c* = (c + 1) n_{c+1} / n_c and A = (cutoff + 1) n_{cutoff+1} / n_1, for counts up to
    `cutoff`; larger counts are not discounted. Below the unigrams lies 1/V.

    The formula is undefined in three cases. A discount outside (0, 1], or without an n_c to
    estimate it from, becomes 1, as in SRILM. A history from which nothing was freed (all its counts
    are large) gets c(h) + 1 instead of c(h), as in SRILM. A history that was followed by every
    token has nothing to back off to: its ratios are rescaled to sum to 1.

    Parameters
    ----------
    counts : NGramCounts
    cutoff : int, default 5
        Largest count that is discounted, at least 1.

    Returns
    -------
    NGramModel

    Raises
    ------
    ValueError
        If `cutoff` < 1.

    References
    ----------
    Katz, S. M. (1987). Estimation of probabilities from sparse data for the language model
    component of a speech recognizer. IEEE Transactions on Acoustics, Speech, and Signal Processing
    35(3).

    Examples
    --------
    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> float(np.exp(katz(counts).next_log_probs((0,))).sum().round(12))
    1.0
    """
    cutoff = as_integer(cutoff, "cutoff", minimum=1)

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        kept = good_turing_ratios(frequency, cutoff)[np.minimum(frequency, cutoff + 1)] * frequency
        kept_sum = np.bincount(history, kept, len(total))
        complete = np.bincount(history, frequency > 0, len(total)) == counts.vocab_size
        nothing_freed = kept_sum > total - 1e-9
        scale = np.where(complete, kept_sum, np.where(nothing_freed, total + 1, total))
        covered = np.bincount(history, lower * (frequency > 0), len(total))
        gamma = np.where(complete, 0.0, (1 - kept_sum / scale) / (1 - covered))
        return np.where(frequency > 0, kept / scale[history], gamma[history] * lower), gamma

    return fit_table("katz", counts, counts.counts, estimate)


def good_turing_ratios(frequency: Integers, cutoff: int) -> Floats:
    """d_0 .. d_{cutoff + 1} of `katz` from one order's counts; the last, for larger counts, is 1.

    Examples
    --------
    n_1 = 6, n_2 = 2, n_3 = 1: 1* = 2·2/6 = 2/3 and A = 2·2/6, so with cutoff 1 nothing is left;
    with cutoff 2, 2* = 3·1/2 and A = 3·1/6, so d_1 = (2/3 − 1/2) / (1 − 1/2) and
    d_2 = (3/4 − 1/2) / (1 − 1/2).

    >>> good_turing_ratios(np.array([1, 1, 1, 1, 1, 1, 2, 2, 3]), cutoff=2).round(3)
    array([1.   , 0.333, 0.5  , 1.   ])
    """
    n = np.bincount(np.minimum(frequency, cutoff + 2), minlength=cutoff + 3).astype(float)
    c = np.arange(1, cutoff + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        too_many = (cutoff + 1) * n[cutoff + 1] / n[1]
        ratios = ((c + 1) * n[c + 1] / n[c] / c - too_many) / (1 - too_many)
    ratios = np.where((ratios > 0) & (ratios <= 1), ratios, 1.0)
    return np.concatenate([[1.0], ratios, [1.0]])

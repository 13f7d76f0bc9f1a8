"""Estimators that take a little from every count: discounting, Kneser–Ney (book, section 8.2).

One formula serves all three. With a discount D(c) that depends on the count,

    p(w | h) = max(c(h, w) − D(c), 0) / c(h) + gamma(h) p(w | h'),
    gamma(h) = Σ_w min(D(c(h, w)), c(h, w)) / c(h),

gamma being exactly what was taken. They differ in D, and in what c counts below the highest order:

| estimator | D | c below the highest order |
| --- | --- | --- |
| `absolute_discounting` | one per order | how often the n-gram occurs |
| `kneser_ney` | one per order | in how many contexts it occurs |
| `modified_kneser_ney` | D1, D2, D3+ per order | in how many contexts it occurs |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_integers
from lmcore._typing import Floats, Integers
from lmcore.models.ngram.counts import NGramCounts, continuation_counts
from lmcore.models.ngram.table import NGramModel, fit_table


def estimate_discounts(frequency: ArrayLike, modified: bool = False) -> Floats:
    """D1, D2, D3+ of one order from its counts of counts (book, section 8.2).

    With n_j the number of n-grams that occur j times and Y = n_1 / (n_1 + 2 n_2): one discount D =
    Y for every count (Ney, Essen and Kneser), or D_j = j − (j + 1) Y n_{j+1} / n_j (Chen and
    Goodman), which leave-one-out gives.

    Parameters
    ----------
    frequency : array-like of int
        Counts, or continuation counts, of the n-grams of one order; zeros are ignored.
    modified : bool, default False

    Returns
    -------
    (3,) ndarray
        All equal unless `modified`. Zeros if no n-gram occurs at all.

    Raises
    ------
    ValueError
        If the counts of counts do not allow it: no n-gram occurs once (or, modified, twice or three
        times), or some D_j is negative. This happens with small or artificial data; lmplz stops
        there too.

    References
    ----------
    Ney, H., Essen, U. and Kneser, R. (1994). On structuring probabilistic dependences in stochastic
    language modelling. Computer Speech and Language 8.
    Chen, S. F. and Goodman, J. (1999). An empirical study of smoothing techniques for language
    modeling. Computer Speech and Language 13, equation 26.

    Examples
    --------
    With n_1 = 4, n_2 = 2, n_3 = 1 and n_4 = 1, Y = 1/2, D1 = 1 − 2·2/4/2, D2 = 2 − 3·1/2/2 and
    D3+ = 3 − 4·1/1/2.

    >>> frequency = [1, 1, 1, 1, 2, 2, 3, 4]
    >>> estimate_discounts(frequency), estimate_discounts(frequency, modified=True)
    (array([0.5, 0.5, 0.5]), array([0.5 , 1.25, 1.  ]))
    """
    counts = as_integers(frequency, "frequency")
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(float)
    if n[1:].sum() == 0:
        return np.zeros(3)
    missing = [j for j in ((1, 2, 3) if modified else (1,)) if n[j] == 0]
    if missing:
        raise ValueError(
            f"no n-gram of this order occurs {missing[0]} times, so its discounts have no estimate"
        )
    ratio = n[1] / (n[1] + 2 * n[2])
    if not modified:
        return np.full(3, ratio)
    j = np.arange(1, 4)
    discounts = j - (j + 1) * ratio * n[j + 1] / n[j]
    if discounts.min() < 0:
        shown = ", ".join(f"{discount:.3g}" for discount in discounts)
        raise ValueError(
            f"D1, D2, D3+ would be {shown}, and a negative discount adds mass: the counts of "
            f"counts {n[1:5].astype(int).tolist()} are not those of natural text"
        )
    return discounts


def absolute_discounting(
    counts: NGramCounts,
    discounts: ArrayLike | None = None,
    fallback: ArrayLike | None = None,
    interpolate_unigrams: bool = True,
) -> NGramModel:
    """The same amount taken from every count, for the shorter history (book, section 8.2).

    p(w | h) = max(c(h, w) − D, 0) / c(h) + D N1+(h •) / c(h) · p(w | h').

    Parameters
    ----------
    counts : NGramCounts
    discounts : float or array-like of shape (order,), optional
        D in [0, 1], one for all orders or one per order, unigrams first. Default:
        `estimate_discounts` of each order.
    fallback : float, optional
        D of an order for which there is no estimate. Without it such an order raises.
    interpolate_unigrams : bool, default True
        Discount the unigrams too and mix them with 1/V. If False they are plain ratios, as in nltk.

    Returns
    -------
    NGramModel

    Raises
    ------
    ValueError
        If a discount is out of range, or has no estimate and there is no `fallback`.

    Examples
    --------
    (0, 1.25, 0.25)/3 + 1.5/3 · (3, 2, 1)/6:

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> model = absolute_discounting(counts, discounts=0.75, interpolate_unigrams=False)
    >>> np.exp(model.next_log_probs((0,))).round(3)
    array([0.25 , 0.583, 0.167])
    """
    table = _discount_table(discounts, counts.counts, False, fallback)
    return _discounted("absolute-discounting", counts, counts.counts, table, interpolate_unigrams)


def kneser_ney(
    counts: NGramCounts,
    discounts: ArrayLike | None = None,
    fallback: ArrayLike | None = None,
    interpolate_unigrams: bool = True,
) -> NGramModel:
    """Interpolated Kneser–Ney with one discount per order (book, section 8.2).

    p_KN(w | h) = max(c(h, w) − D, 0) / c(h) + gamma(h) p_KN(w | h'),  gamma(h) = D N1+(h •) / c(h),

    where c is the raw count at the highest order and `continuation_counts` below: a shorter history
    is used only where the longer one was not seen with w, so what matters there is in how many
    contexts w occurs, not how often.

    Parameters
    ----------
    counts : NGramCounts
    discounts, fallback, interpolate_unigrams
        As in `absolute_discounting`.

    Returns
    -------
    NGramModel
        Equal to nltk's `KneserNeyInterpolated` (with `interpolate_unigrams=False` and its one
        discount) after histories without BOS. After BOS nltk's lower orders count no left context,
        and its rows do not sum to 1.

    Raises
    ------
    ValueError
        As `absolute_discounting`.

    References
    ----------
    Kneser, R. and Ney, H. (1995). Improved backing-off for m-gram language modeling. ICASSP. The
    interpolated form is Chen, S. F. and Goodman, J. (1999).

    Examples
    --------
    "francisco" (1) occurs three times and "king" (3) twice, but the former in a single context, the
    latter in two. So where the history says nothing, as nothing follows 3 in the counts, "king" is
    the better guess:

    >>> from lmcore.models.ngram import count_ngrams
    >>> documents = [[0, 1], [0, 1], [0, 1], [2, 3], [0, 3], [2, 0]]
    >>> counts = count_ngrams(documents, vocab_size=4, order=2)
    >>> model = kneser_ney(counts, discounts=0.5, interpolate_unigrams=False)
    >>> np.exp(model.next_log_probs((3,))).round(3)
    array([0.333, 0.167, 0.167, 0.333])
    """
    frequencies = continuation_counts(counts)
    table = _discount_table(discounts, frequencies, False, fallback)
    return _discounted("kneser-ney", counts, frequencies, table, interpolate_unigrams)


def modified_kneser_ney(
    counts: NGramCounts,
    discounts: ArrayLike | None = None,
    fallback: ArrayLike | None = None,
    interpolate_unigrams: bool = True,
) -> NGramModel:
    """Interpolated Kneser–Ney with three discounts per order (book, section 8.2).

    The discounts are for counts of 1, 2 and 3 or more:

    p_KN(w | h) = (c(h, w) − D(c)) / c(h) + gamma(h) p_KN(w | h'),
    gamma(h) = (D1 N1(h •) + D2 N2(h •) + D3 N3+(h •)) / c(h),    N_j(h •) = |{w : c(h, w) = j}|,

    with c as in `kneser_ney` and the discounts in closed form of each order's counts of counts, 1/V
    below the unigrams.

    Parameters
    ----------
    counts : NGramCounts
    discounts : array-like of shape (3,) or (order, 3), optional
        D1, D2, D3+ with 0 <= D_j <= j, for all orders or for each, unigrams first. Default:
        `estimate_discounts`.
    fallback : array-like of shape (3,), optional
        Discounts of an order for which there is no estimate; lmplz uses (0.5, 1, 1.5) under
        `--discount_fallback`. Without it such an order raises, as in lmplz. Characters, whose
        unigrams are few and frequent, may need one.
    interpolate_unigrams : bool, default True
        As in `absolute_discounting`. lmplz with `--interpolate_unigrams 0` gives that mass to
        `<unk>` instead.

    Returns
    -------
    NGramModel
        Equal to kenlm's lmplz, whose V counts `<unk>` and `</s>`, not `<s>`. (lmplz takes the last
        n-gram of each order into its counts of counts by its raw count; in natural text that n-gram
        occurs once and nothing changes.)

    Raises
    ------
    ValueError
        As `absolute_discounting`.

    References
    ----------
    Chen, S. F. and Goodman, J. (1999). An empirical study of smoothing techniques for language
    modeling. Computer Speech and Language 13.
    Heafield, K., Pouzyrevsky, I., Clark, J. H. and Koehn, P. (2013). Scalable modified Kneser-Ney
    language model estimation. ACL.

    Examples
    --------
    (0, 1, 0.5)/3 + 1.5/3 · (2, 1, 1)/4:

    >>> from lmcore.models.ngram import count_ngrams
    >>> counts = count_ngrams([[0, 1, 0, 2], [0, 1]], vocab_size=3, order=2)
    >>> model = modified_kneser_ney(counts, discounts=(0.5, 1.0, 1.5), interpolate_unigrams=False)
    >>> np.exp(model.next_log_probs((0,))).round(3)
    array([0.25 , 0.458, 0.292])
    """
    frequencies = continuation_counts(counts)
    table = _discount_table(discounts, frequencies, True, fallback)
    return _discounted("modified-kneser-ney", counts, frequencies, table, interpolate_unigrams)


def _discounted(
    method: str,
    counts: NGramCounts,
    frequencies: tuple[Integers, ...],
    table: Floats,
    interpolate_unigrams: bool,
) -> NGramModel:
    """The module's formula for discounts `table` (order, 3) and `frequencies`."""

    def estimate(
        k: int, frequency: Integers, history: Integers, total: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        discount = np.concatenate([[0.0], table[k - 1]])[np.minimum(frequency, 3)]
        gamma = np.bincount(history, discount, len(total)) / total
        return (frequency - discount) / total[history] + gamma[history] * lower, gamma

    return fit_table(method, counts, frequencies, estimate, interpolate_unigrams, discounts=table)


def _discount_table(
    discounts: ArrayLike | None,
    frequencies: tuple[Integers, ...],
    modified: bool,
    fallback: ArrayLike | None,
) -> Floats:
    """(order, 3) discounts: those given, else estimated for each order, else `fallback`."""
    order, limits = len(frequencies), np.array([1, 2, 3] if modified else [1, 1, 1])
    forms: dict[tuple[int, ...], str] = (
        {(3,): "three numbers", (order, 3): f"a ({order}, 3) table"}
        if modified
        else {(): "one number", (order,): f"one for each of {order} orders"}
    )

    def checked(values: ArrayLike, name: str, allowed: dict[tuple[int, ...], str]) -> Floats:
        array = np.asarray(values, dtype=float)
        if array.shape not in allowed:
            raise ValueError(
                f"{name} must be {' or '.join(allowed.values())}, got shape {array.shape}"
            )
        rows = array if modified else array[..., None]
        if not np.all((rows >= 0) & (rows <= limits)):
            interval = "[0, j] for D_j" if modified else "[0, 1]"
            raise ValueError(
                f"{name} must lie in {interval}, got {array.tolist()}: a discount takes no more "
                "than the count itself"
            )
        return rows

    if discounts is not None:
        return np.broadcast_to(checked(discounts, "discounts", forms), (order, 3)).copy()
    if fallback is not None:
        shape = next(iter(forms))
        fallback = checked(fallback, "fallback", {shape: forms[shape]})
    table = np.empty((order, 3))
    for k, frequency in enumerate(frequencies, start=1):
        try:
            table[k - 1] = estimate_discounts(frequency, modified)
        except ValueError as error:
            if fallback is None:
                usual = "(0.5, 1.0, 1.5)" if modified else "0.75"
                raise ValueError(
                    f"order {k}: {error}; pass fallback={usual}, or the discounts themselves"
                ) from None
            table[k - 1] = fallback
    return table

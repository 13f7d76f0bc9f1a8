"""Likelihood of a dataset and the distribution that makes it largest (book, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import weighted_sum
from lmcore._checks import as_counts, as_floats
from lmcore._typing import Floats, NextLogProbs
from lmcore.distributions import string_log_prob


def dataset_log_likelihood(
    next_log_probs: NextLogProbs, strings: Iterable[Sequence[int]], eos: int
) -> float:
    """Log-likelihood of a dataset of independent strings (book, section 4.1).

    It is Σ_d Σ_i log p(t_i | t_<i) over strings d and their tokens i. The EOS of each string is
    scored as well.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    strings : iterable of sequences of int
        The dataset, without EOS. A string that occurs twice counts twice.
    eos : int
        Id of EOS, which every string ends with.

    Returns
    -------
    float
        Nats; -inf if any string is impossible.

    Raises
    ------
    ValueError
        If there is no string, or a token is out of range.

    Examples
    --------
    Token 0 or EOS = 1, five fair flips in all:

    >>> coin = lambda prefix: np.log([0.5, 0.5])
    >>> round(dataset_log_likelihood(coin, [(0,), (0, 0)], eos=1), 4)
    -3.4657
    """
    scores = [string_log_prob(next_log_probs, string, eos) for string in strings]
    if not scores:
        raise ValueError("strings is empty: a likelihood needs at least one string")
    return sum(scores)


def categorical_mle(counts: ArrayLike) -> Floats:
    """Distribution that makes counts most likely, the ratios c_v / Σ_u c_u (book, section 4.1).

    Parameters
    ----------
    counts : array-like of shape (..., V)
        Non-negative; one distribution is fitted to each row.

    Returns
    -------
    ndarray of shape (..., V)
        Probabilities; 0 where nothing was counted.

    Raises
    ------
    ValueError
        If a count is negative or a row has none.

    Examples
    --------
    >>> categorical_mle([3, 1, 0])
    array([0.75, 0.25, 0.  ])
    """
    counts, totals = as_counts(counts, "counts")
    return (counts / totals).astype(counts.dtype, copy=False)


def categorical_log_likelihood(counts: ArrayLike, probs: ArrayLike) -> Floats:
    """Log-likelihood of counts under a distribution, Σ_v c_v log p_v (book, section 4.1).

    0 · log 0 is 0.

    Parameters
    ----------
    counts : array-like of shape (..., V)
        How often each outcome was drawn.
    probs : array-like of shape (..., V)
        Broadcast against `counts`: a grid of distributions may be compared in one call.

    Returns
    -------
    ndarray of shape (...) or float
        Nats, for draws in one given order (no multinomial coefficient); -inf if an impossible
        outcome was counted. In the wider of the two types, but float32 for float16.

    Raises
    ------
    ValueError
        If a probability is negative.

    Examples
    --------
    2 log(1/2):

    >>> float(categorical_log_likelihood([1, 1, 0], [0.5, 0.5, 0.0]).round(4))
    -1.3863
    """
    counts, probs = as_floats(counts, "counts"), as_floats(probs, "probs")
    if not (probs >= 0).all():
        raise ValueError(f"probs must be non-negative, got a smallest entry of {probs.min():g}")
    with np.errstate(divide="ignore"):
        return weighted_sum(counts, np.log(probs))

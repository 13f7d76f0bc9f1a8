"""Likelihood of a dataset and the distribution that makes it largest (book, section 4.1)."""

import numpy as np

from lmcore._arrays import accumulator, as_floats
from lmcore.distributions import string_log_prob
from lmcore.distributions._checks import weighted_sum


def dataset_log_likelihood(next_log_probs, strings, eos):
    """Log-likelihood of a dataset of independent strings, Σ_d Σ_i log p(t_i | t_<i), EOS included (book, section 4.1).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    strings : iterable of sequences of int
        The dataset, without EOS. A string that stands twice counts twice.
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
    >>> coin = lambda prefix: np.log([0.5, 0.5])                       # token 0, or EOS = 1
    >>> round(dataset_log_likelihood(coin, [(0,), (0, 0)], eos=1), 4)  # 5 fair flips
    -3.4657
    """
    scores = [string_log_prob(next_log_probs, string, eos) for string in strings]
    if not scores:
        raise ValueError("strings is empty: a likelihood needs at least one string")
    return sum(scores)


def categorical_mle(counts):
    """Distribution under which counts are most likely, the count ratio p_v = c_v / Σ_u c_u (book, section 4.1).

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
    counts = as_floats(counts, "counts")
    totals = counts.sum(axis=-1, keepdims=True, dtype=accumulator(counts.dtype))
    if not (counts >= 0).all() or not ((totals > 0) & np.isfinite(totals)).all():
        raise ValueError(
            "counts must be non-negative with a positive finite sum in each row, got a smallest"
            f" count of {counts.min():g} and sums down to {totals.min():g}"
        )
    return (counts / totals).astype(counts.dtype, copy=False)


def categorical_log_likelihood(counts, probs):
    """Log-likelihood of counts under a categorical distribution, Σ_v c_v log p_v with 0·log 0 = 0 (book, section 4.1).

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
        outcome was counted.

    Raises
    ------
    ValueError
        If a probability is negative.

    Examples
    --------
    >>> float(categorical_log_likelihood([1, 1, 0], [0.5, 0.5, 0.0]).round(4))     # 2 log(1/2)
    -1.3863
    """
    counts, probs = as_floats(counts, "counts"), as_floats(probs, "probs")
    if not (probs >= 0).all():
        raise ValueError(f"probs must be non-negative, got a smallest entry of {probs.min():g}")
    with np.errstate(divide="ignore"):
        return weighted_sum(counts, np.log(probs))

"""Whether a model is right as often as it says: reliability, its errors, Brier scores (chapter 6).

`confidence` is the probability given to a claim ("the next token is this one") and `correct`
whether the claim came true. Bins are (lo, hi], with 0 in the first, as in Guo et al. and
scikit-learn; NumPy's histogram and netcal use [lo, hi), which moves every confidence that lies on
an edge. Bin statistics are kept and returned in float64.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import row_blocks
from lmcore._checks import as_floats, as_integer, as_outcomes, as_real
from lmcore._typing import Bools, Floats, Integers
from lmcore.calibration.temperature import rows_and_targets

Strategy = Literal["uniform", "quantile"]


class Reliability(NamedTuple):
    """What a reliability diagram shows, one entry per bin (book, section 6.3).

    Parameters
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Bin b is (edges[b], edges[b + 1]]; the first also holds 0.
    counts : ndarray of int of shape (n_bins,)
    confidence, accuracy : ndarray of shape (n_bins,)
        Means over the bin; NaN where it is empty.

    Examples
    --------
    >>> edges, one = np.array([0.0, 1.0]), np.array([0.8])
    >>> Reliability(edges, counts=np.array([4]), confidence=one, accuracy=one).counts
    array([4])
    """

    edges: Floats
    counts: Integers
    confidence: Floats
    accuracy: Floats


class BrierDecomposition(NamedTuple):
    """Parts of a Brier score: reliability − resolution + uncertainty + within (book, section 6.4).

    Parameters
    ----------
    reliability : float
        Squared gap between confidence and accuracy; 0 when calibrated.
    resolution : float
        Variance of accuracy between groups; the more the better.
    uncertainty : float
        ō(1 − ō), the variance of the outcomes themselves.
    within : float
        What binning hides: the variance of confidence inside the bins minus twice its covariance
        with the outcome. 0 when each group holds one confidence only.

    Examples
    --------
    >>> BrierDecomposition(0.01, 0.04, 0.25, 0.0).resolution
    0.04
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float


def reliability(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> Reliability:
    """Mean confidence and accuracy in bins of confidence (book, section 6.3).

    They are equal for a calibrated model: Pr(correct | conf = c) = c.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        In [0, 1], both ends included.
    correct : array-like of shape (n,)
        Booleans, or 0 and 1.
    n_bins : int, default 15
    strategy : {"uniform", "quantile"}
        Bins of equal width, or of equal mass. Equal confidences are never separated, so quantile
        bins can be fewer than asked for, and unequal. (The names are scikit-learn's, whose
        quantiles interpolate.)

    Returns
    -------
    Reliability
        ``Reliability(edges, counts, confidence, accuracy)``. Edges are compared in the type of
        `confidence`: the float32 next to 0.3 lies on the edge 0.3, not above it.

    Raises
    ------
    ValueError
        If the lengths differ, a value is out of range, `n_bins` < 1, or there is nothing to bin.

    References
    ----------
    Guo, C. et al. (2017). On Calibration of Modern Neural Networks. ICML.

    Examples
    --------
    >>> reliability([0.0, 0.5, 0.75, 1.0], [0, 1, 0, 1], n_bins=2)
    Reliability(edges=array([0. , 0.5, 1. ]), counts=array([2, 2]),
                confidence=array([0.25 , 0.875]), accuracy=array([0.5, 0.5]))
    """
    confidence, correct = _claims(confidence, correct)
    edges = _bin_edges(confidence, n_bins, strategy)
    bins = _bin_of(confidence, edges)
    counts = np.bincount(bins, minlength=len(edges) - 1)
    with np.errstate(invalid="ignore"):
        return Reliability(
            edges,
            counts,
            np.bincount(bins, confidence, len(counts)) / counts,
            np.bincount(bins, correct, len(counts)) / counts,
        )


def wilson_interval(
    accuracy: ArrayLike, counts: ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence band of an observed accuracy: Wilson's score interval (book, section 6.3).

    The accuracies a that a two-sided normal test at the given level would not reject:
    |â − a| ≤ z √(a(1 − a)/n). Unlike â ± z √(â(1 − â)/n) it never has width 0.

    Parameters
    ----------
    accuracy : array-like
        â, in [0, 1]; NaN gives NaN.
    counts : array-like
        n, the number of claims behind each accuracy.
    level : float in (0, 1), default 0.95

    Returns
    -------
    low, high : ndarrays

    Raises
    ------
    ValueError
        If `level` lies outside (0, 1), an accuracy outside [0, 1], or a count is negative.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval Estimation for a Binomial Proportion.
    Statistical Science 16(2).

    Examples
    --------
    Ten of ten:

    >>> low, high = wilson_interval([1.0], [10])
    >>> low.round(3), high.round(3)
    (array([0.722]), array([1.]))
    """
    level = as_real(level, "level")
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}")
    accuracy, counts = np.asarray(accuracy, dtype=float), np.asarray(counts, dtype=float)
    if ((accuracy < 0) | (accuracy > 1)).any():
        raise ValueError(
            f"accuracy must lie in [0, 1], got {np.nanmin(accuracy):g} to "
            f"{np.nanmax(accuracy):g}; divide the number of correct answers by that of all"
        )
    if not (counts >= 0).all():
        raise ValueError(f"counts must not be negative, got a smallest one of {counts.min():g}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (accuracy + z * z / (2 * counts)) / (1 + z * z / counts)
        half = (
            z
            * np.sqrt(accuracy * (1 - accuracy) / counts + (z / (2 * counts)) ** 2)
            / (1 + z * z / counts)
        )
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> float:
    """Mean gap between accuracy and confidence, Σ_b |B_b|/n |acc_b − conf_b| (book, section 6.4).

    Parameters
    ----------
    confidence, correct, n_bins, strategy
        As for `reliability`.

    Returns
    -------
    float
        In [0, 1]. It depends on the bins, and in a small sample it is positive even for a
        calibrated model.

    Raises
    ------
    ValueError
        As for `reliability`.

    References
    ----------
    Naeini, M. P., Cooper, G. F. and Hauskrecht, M. (2015). Obtaining Well Calibrated Probabilities
    Using Bayesian Binning. AAAI.

    Examples
    --------
    ½ · 0.25 + ½ · 0.375:

    >>> expected_calibration_error([0.0, 0.5, 0.75, 1.0], [0, 1, 0, 1], n_bins=2)
    0.3125
    """
    bins = reliability(confidence, correct, n_bins, strategy)
    return float(
        np.nansum(bins.counts * np.abs(bins.accuracy - bins.confidence)) / bins.counts.sum()
    )


def maximum_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform"
) -> float:
    """Largest gap of any bin that is not empty, max_b |acc_b − conf_b| (book, section 6.4).

    Parameters
    ----------
    confidence, correct, n_bins, strategy
        As for `reliability`.

    Returns
    -------
    float
        In [0, 1]; a bin with one unlucky claim can decide it.

    Raises
    ------
    ValueError
        As for `reliability`.

    References
    ----------
    Naeini, M. P., Cooper, G. F. and Hauskrecht, M. (2015). Obtaining Well Calibrated Probabilities
    Using Bayesian Binning. AAAI.

    Examples
    --------
    >>> maximum_calibration_error([0.0, 0.5, 0.75, 1.0], [0, 1, 0, 1], n_bins=2)
    0.375
    """
    bins = reliability(confidence, correct, n_bins, strategy)
    return float(np.nanmax(np.abs(bins.accuracy - bins.confidence)))


def ece_floor(confidence: ArrayLike, n_bins: int = 15, strategy: Strategy = "uniform") -> float:
    """The calibration error that a *calibrated* model shows in a finite sample (book, section 6.4).

    E[ECE] ≈ √(2/π) Σ_b √(Σ_{i in b} c_i (1 − c_i)) / n, as the gap of a bin is then nearly normal
    with mean 0.

    Parameters
    ----------
    confidence, n_bins, strategy
        As for `reliability`.

    Returns
    -------
    float
        Grows with the number of bins and falls like 1/√n. Too high where bins hold a handful of
        claims of confidence near 0 or 1, whose gaps are not normal.

    Raises
    ------
    ValueError
        As for `reliability`.

    References
    ----------
    Roelofs, R., Cain, N., Shlens, J. and Mozer, M. C. (2022). Mitigating Bias in Calibration Error
    Estimation. AISTATS.

    Examples
    --------
    0.8 standard deviations of a fair coin's share in a hundred tosses:

    >>> round(ece_floor([0.5] * 100, n_bins=1), 4)
    0.0399
    """
    claims = _confidences(confidence)
    bins = _bin_of(claims, _bin_edges(claims, n_bins, strategy))
    variances = np.bincount(bins, _variance(claims))
    return float(np.sqrt(2 / np.pi) * np.sqrt(variances).sum() / len(claims))


def brier_score(probs: ArrayLike, targets: ArrayLike) -> float:
    """Mean squared error of probabilities (book, section 6.4).

    (p − y)² for a claim, Σ_v (p_v − y_v)² for a whole distribution.

    Parameters
    ----------
    probs : array-like of shape (n,) or (n, V)
        Probabilities of a claim, or distributions.
    targets : array-like of shape (n,)
        Whether the claim came true, or the ids of the true tokens.

    Returns
    -------
    float
        In [0, 1] for claims, in [0, 2] for distributions: two classes give twice the score of one
        claim. (scikit-learn halves by default for two classes only.)

    Raises
    ------
    ValueError
        If shapes disagree or a value is out of range.

    References
    ----------
    Brier, G. W. (1950). Verification of Forecasts Expressed in Terms of Probability. Monthly
    Weather Review 78(1).

    Examples
    --------
    >>> round(brier_score([0.8, 0.4], [1, 0]), 4)
    0.1
    >>> round(brier_score([[0.2, 0.8], [0.6, 0.4]], [1, 0]), 4)
    0.2
    """
    if np.ndim(probs) == 1:
        claims, correct = _claims(probs, targets)
        gap = np.subtract(claims, correct, dtype=float)
        return float(np.square(gap, out=gap).mean())
    rows, ids = rows_and_targets(probs, "probs", targets)
    if not (rows.min() >= 0 and rows.max() <= 1):
        raise ValueError(
            f"probs must lie in [0, 1], got {rows.min():g} to {rows.max():g}; apply softmax to "
            "logits"
        )
    squares = np.empty(len(rows))
    for part in row_blocks(len(rows), rows.shape[1], 8):
        block = rows[part].astype(float)
        of_target = np.take_along_axis(block, ids[part, None], axis=1)[:, 0]
        squares[part] = (block * block).sum(axis=1) - 2 * of_target + 1
    return float(squares.mean())


def brier_decomposition(
    confidence: ArrayLike,
    correct: ArrayLike,
    n_bins: int | None = None,
    strategy: Strategy = "uniform",
) -> BrierDecomposition:
    """Murphy's parts of the Brier score: reliability, resolution, uncertainty (book, section 6.4).

    The score is reliability − resolution + uncertainty, plus a part `within` if claims are binned.

    Parameters
    ----------
    confidence, correct
        As for `reliability`.
    n_bins : int, optional
        If not given, claims are grouped by equal confidence, which makes the three-part identity
        exact; otherwise they are binned, and the fourth part accounts for what bins hide.
    strategy : {"uniform", "quantile"}

    Returns
    -------
    BrierDecomposition
        ``BrierDecomposition(reliability, resolution, uncertainty, within)``.

    Raises
    ------
    ValueError
        As for `reliability`.

    References
    ----------
    Murphy, A. H. (1973). A New Vector Partition of the Probability Score. Journal of Applied
    Meteorology 12(4).
    Stephenson, D. B., Coelho, C. A. S. and Jolliffe, I. T. (2008). Two Extra Components in the
    Brier Score Decomposition. Weather and Forecasting 23(4).

    Examples
    --------
    Calibrated claims, whose reliability is 0:

    >>> parts = brier_decomposition([0.5, 0.5, 1.0, 1.0], [0, 1, 1, 1])
    >>> parts.resolution, parts.uncertainty
    (0.0625, 0.1875)
    """
    claims, outcomes = _claims(confidence, correct)
    if n_bins is None:
        groups: Integers = np.unique(claims, return_inverse=True)[1]
    else:
        groups = _bin_of(claims, _bin_edges(claims, n_bins, strategy))
    base_rate, counts = outcomes.mean(), np.bincount(groups)
    share = counts / len(claims)
    counts = np.maximum(counts, 1)  # empty groups have no share
    mean_confidence = np.bincount(groups, claims) / counts
    accuracy = np.bincount(groups, outcomes) / counts
    within = 0.0
    for part in row_blocks(len(claims), 1, 8):
        spread = claims[part] - mean_confidence[groups[part]]
        # spread adds up to 0 in each group, so outcomes need not be centred for the covariance
        within += np.sum(spread * (spread - 2 * outcomes[part]))
    return BrierDecomposition(
        reliability=float(np.sum(share * (mean_confidence - accuracy) ** 2)),
        resolution=float(np.sum(share * (accuracy - base_rate) ** 2)),
        uncertainty=float(base_rate * (1 - base_rate)),
        within=float(within / len(claims)),
    )


def _variance(claims: Floats) -> Floats:
    """c(1 − c) in float64."""
    rest = np.subtract(1, claims, dtype=float)
    return np.multiply(claims, rest, out=rest)


def _claims(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Bools]:
    """Confidences in [0, 1], and whether each claim came true."""
    claims, outcomes = _confidences(confidence), as_outcomes(correct, "correct")
    if claims.shape != outcomes.shape:
        raise ValueError(
            f"confidence and correct must have one shape (n,), got {claims.shape} and "
            f"{outcomes.shape}"
        )
    return claims, outcomes


def _confidences(confidence: ArrayLike) -> Floats:
    """Confidences in [0, 1], of shape (n,)."""
    claims = as_floats(confidence, "confidence")
    if claims.ndim != 1:
        raise ValueError(f"confidence must have shape (n,), got {claims.shape}")
    if not ((claims >= 0) & (claims <= 1)).all():
        raise ValueError(
            f"confidence must lie in [0, 1], got {claims.min():g} to {claims.max():g}; "
            "exponentiate log-probabilities first"
        )
    return claims


def _bin_edges(confidence: Floats, n_bins: int, strategy: str) -> Floats:
    """Edges of bins of equal width, or of equal mass with equal edges merged."""
    n_bins = as_integer(n_bins, "n_bins", minimum=1)
    if strategy == "uniform":
        # k/n correctly rounded; linspace is an ulp off
        return np.arange(n_bins + 1) / n_bins
    if strategy != "quantile":
        raise ValueError(f"strategy must be 'uniform' or 'quantile', got {strategy!r}")
    last_of_bin = -(-np.arange(1, n_bins) * len(confidence) // n_bins) - 1
    inner = np.sort(confidence.astype(float))[np.maximum(last_of_bin, 0)]
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def _bin_of(confidence: Floats, edges: Floats) -> Integers:
    """Bin of each confidence: how many inner edges lie below it."""
    return np.searchsorted(edges[1:-1].astype(confidence.dtype), confidence, side="left")

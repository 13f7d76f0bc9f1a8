"""Training at scale: gradients over shards, and power laws of the loss (book, section 10.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_floats, as_real
from lmcore._typing import Floats


def combine_shards(means: Sequence[Any], n_tokens: ArrayLike) -> Any:
    """Mean over all tokens from the means of shards, Σ_s n_s g_s / Σ_s n_s (book, section 10.5).

    For the losses or gradients of micro-batches or machines. The plain average of the means differs
    from it as soon as shards hold different numbers of unmasked tokens.

    Parameters
    ----------
    means : sequence of S floats, ndarrays, or dicts of str to ndarray
        The result of each shard, averaged over its own tokens.
    n_tokens : array-like of shape (S,)
        Unmasked tokens of each shard; a shard without any must have mean 0 or be left out.

    Returns
    -------
    float, ndarray or dict
        Like one of `means`, in its type.

    Raises
    ------
    ValueError
        If the lengths differ, a count is negative, or there are no tokens at all.

    References
    ----------
    Goyal, P. et al. (2017). Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour.
    arXiv:1706.02677.

    Examples
    --------
    The plain average would be 3.5:

    >>> combine_shards([2.0, 5.0], n_tokens=[3, 1])
    2.75
    """
    counts = as_floats(n_tokens, "n_tokens").astype(float)
    if counts.shape != (len(means),):
        raise ValueError(
            f"n_tokens has shape {counts.shape} for {len(means)} shards: pass one count per shard"
        )
    if not (counts >= 0).all() or counts.sum() == 0:
        raise ValueError(
            f"n_tokens must be non-negative with at least one token, got {counts.tolist()}"
        )
    if isinstance(means[0], dict):
        return {name: combine_shards([mean[name] for mean in means], counts) for name in means[0]}
    # Python floats: float32 gradients stay float32
    weights = (counts / counts.sum()).tolist()
    return sum(weight * mean for weight, mean in zip(weights, means))


class PowerLaw(NamedTuple):
    """y = floor + coefficient · x^(−exponent) (book, section 10.5).

    Attributes
    ----------
    coefficient, exponent, floor : float
    rms_error : float
        Root mean square of log y − log ŷ over the fitted points: 0.01 is one per cent.
    """

    coefficient: float
    exponent: float
    floor: float
    rms_error: float

    def __call__(self, x: ArrayLike) -> Floats:
        """ŷ at x."""
        return self.floor + self.coefficient * np.asarray(x, dtype=float) ** -self.exponent


def fit_power_law(x: ArrayLike, y: ArrayLike, floor: float | None = 0.0) -> PowerLaw:
    """Fit y = E + A x^{−α}, a loss that falls with size, data or compute (book, section 10.5).

    With a given floor E it is the straight line of log(y − E) against log x. With ``floor=None`` E
    is fitted too, E ≥ 0: for each α the best E and A are linear least squares on relative errors,
    and α is searched. A few points determine three numbers poorly: distrust a fitted floor that
    lies far below the data.

    Parameters
    ----------
    x : array-like of shape (n,)
        Positive: parameters, tokens, operations.
    y : array-like of shape (n,)
        Above the floor: losses in any unit.
    floor : float or None, default 0.0
        E, the part that no scale removes.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError
        If there are fewer different x than numbers to fit, x ≤ 0, or y ≤ floor.

    References
    ----------
    Kaplan, J. et al. (2020). Scaling Laws for Neural Language Models. arXiv:2001.08361.
    Hoffmann, J. et al. (2022). Training Compute-Optimal Large Language Models. arXiv:2203.15556.

    Examples
    --------
    Ten times the size halves the loss: the exponent is log10 2, and a fourth point halves it again:

    >>> law = fit_power_law([1e4, 1e5, 1e6], [4.0, 2.0, 1.0])
    >>> round(law.exponent, 4), float(law(1e7).round(4))
    (0.301, 0.5)
    """
    xs, ys = as_floats(x, "x").astype(float), as_floats(y, "y").astype(float)
    needed = 3 if floor is None else 2
    if xs.ndim != 1 or xs.shape != ys.shape or len(np.unique(xs)) < needed:
        raise ValueError(
            f"x has shape {xs.shape} and y {ys.shape}: pass (n,) each with at least {needed} "
            "different x"
        )
    lowest = 0.0 if floor is None else as_real(floor, "floor")
    finite = np.isfinite(xs).all() and np.isfinite(ys).all()
    if not (finite and (xs > 0).all() and (ys > lowest).all()):
        raise ValueError(
            f"x must be positive and y above the floor {lowest:g}, both finite; got min x = "
            f"{xs.min():g}, min y = {ys.min():g}"
        )
    if floor is None:
        alpha = _search(lambda alpha: _linear_fit(xs, ys, alpha)[2:])
        floor, coefficient, *_ = _linear_fit(xs, ys, alpha)
    else:
        log_x = np.log(xs) - np.log(xs).mean()
        alpha = -(log_x @ np.log(ys - floor)) / (log_x @ log_x)
        coefficient = np.exp((np.log(ys - floor) + alpha * np.log(xs)).mean())
    error = np.log(ys) - np.log(floor + coefficient * xs**-alpha)
    return PowerLaw(
        float(coefficient), float(alpha), float(floor), float(np.sqrt((error**2).mean()))
    )


def _linear_fit(x: Floats, y: Floats, alpha: float) -> tuple[float, float, float, float]:
    """E ≥ 0 and A of y = E + A x^(−α) for an α, the squared relative error, and its slope in α."""
    # x in units of its geometric mean: columns of like size
    scale = np.exp(np.log(x).mean())
    falling = (x / scale) ** -alpha / y
    design = np.stack([1 / y, falling], axis=1)
    (floor, coefficient), *_ = np.linalg.lstsq(design, np.ones_like(y), rcond=None)
    if floor < 0:
        floor, coefficient = 0.0, falling.sum() / (falling @ falling)
    error = design @ [floor, coefficient] - 1
    # E and A are the best ones, so to first order the error changes with α alone
    slope = -2 * coefficient * (error * falling) @ np.log(x / scale)
    return floor, coefficient * scale**alpha, error @ error, slope


def _search(
    loss_and_slope: Callable[[float], tuple[float, ...]],
    low: float = 1e-3,
    high: float = 10.0,
    n_grid: int = 200,
    n_steps: int = 60,
) -> float:
    """The minimum over an interval: the best grid point, then where the slope changes its sign.

    Near a minimum a loss is flat, and its rounding hides half of the digits of the place; the slope
    shows them all.
    """
    grid = np.geomspace(low, high, n_grid)
    best = int(np.argmin([loss_and_slope(alpha)[0] for alpha in grid]))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, n_grid - 1)]
    for _ in range(n_steps):
        middle = (left + right) / 2
        if loss_and_slope(middle)[1] > 0:
            right = middle
        else:
            left = middle
    return (left + right) / 2

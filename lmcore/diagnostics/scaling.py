"""The bridge to training at scale: gradients over shards, and power laws of the loss (book, section 10.5)."""

from typing import NamedTuple

import numpy as np

from lmcore._arrays import as_floats


def combine_shards(means, n_tokens):
    """Mean over all tokens from the means of shards, Σ_s n_s g_s / Σ_s n_s (book, section 10.5).

    Losses or gradients of micro-batches or machines. The plain average of the means is another
    number as soon as shards hold different numbers of unmasked tokens.

    Parameters
    ----------
    means : sequence of S floats, ndarrays, or dicts of str to ndarray
        What each shard found, averaged over its own tokens.
    n_tokens : array-like of shape (S,)
        Unmasked tokens of each shard; a shard without any must have mean 0 or be left out.

    Returns
    -------
    float, ndarray or dict
        As one of `means`, in its type.

    Raises
    ------
    ValueError
        If the lengths differ, a count is negative, or there are no tokens at all.

    References
    ----------
    Goyal, P. et al. (2017). Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour. arXiv:1706.02677.

    Examples
    --------
    >>> combine_shards([2.0, 5.0], n_tokens=[3, 1])       # the plain average would be 3.5
    2.75
    """
    n_tokens = as_floats(n_tokens, "n_tokens").astype(float)
    if n_tokens.shape != (len(means),):
        raise ValueError(
            f"n_tokens has shape {n_tokens.shape} for {len(means)} shards: pass one count a shard"
        )
    if not (n_tokens >= 0).all() or n_tokens.sum() == 0:
        raise ValueError(
            f"n_tokens must be non-negative with at least one token, got {n_tokens.tolist()}"
        )
    if isinstance(means[0], dict):
        return {name: combine_shards([mean[name] for mean in means], n_tokens) for name in means[0]}
    # Python floats: float32 gradients stay float32
    weights = (n_tokens / n_tokens.sum()).tolist()
    return sum(weight * mean for weight, mean in zip(weights, means))


class PowerLaw(NamedTuple):
    """y = floor + coefficient · x^(−exponent) (book, section 10.5).

    Attributes
    ----------
    coefficient, exponent, floor : float
    rms_error : float
        Root mean square of log y − log ŷ over the points fitted: 0.01 is one per cent.
    """

    coefficient: float
    exponent: float
    floor: float
    rms_error: float

    def __call__(self, x):
        """ŷ at x."""
        return self.floor + self.coefficient * np.asarray(x, dtype=float) ** -self.exponent


def fit_power_law(x, y, floor=0.0):
    """Fit y = E + A x^{−α}, a loss that falls with size, data or compute (book, section 10.5).

    With a given floor E it is the straight line of log(y − E) against log x. With ``floor=None`` E
    is fitted too, E ≥ 0: for each α the best E and A are linear least squares on relative errors,
    and α is searched. Three numbers from few points hold on to little: distrust a fitted floor that
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
    >>> law = fit_power_law([1e4, 1e5, 1e6], [4.0, 2.0, 1.0])        # ten times the size, half the loss
    >>> round(law.exponent, 4), float(law(1e7).round(4))             # log10 2, and one more halving
    (0.301, 0.5)
    """
    x, y = as_floats(x, "x").astype(float), as_floats(y, "y").astype(float)
    needed = 3 if floor is None else 2
    if x.ndim != 1 or x.shape != y.shape or len(np.unique(x)) < needed:
        raise ValueError(
            f"x has shape {x.shape} and y {y.shape}: pass (n,) each with at least {needed}"
            " different x"
        )
    lowest = 0.0 if floor is None else floor
    if not ((x > 0).all() and (y > lowest).all() and np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError(
            f"x must be positive and y above the floor {lowest:g}, both finite; got min x ="
            f" {x.min():g}, min y = {y.min():g}"
        )
    if floor is None:
        alpha = _search(lambda alpha: _linear_fit(x, y, alpha)[2:])
        floor, coefficient, *_ = _linear_fit(x, y, alpha)
    else:
        log_x = np.log(x) - np.log(x).mean()
        alpha = -(log_x @ np.log(y - floor)) / (log_x @ log_x)
        coefficient = np.exp((np.log(y - floor) + alpha * np.log(x)).mean())
    error = np.log(y) - np.log(floor + coefficient * x**-alpha)
    return PowerLaw(
        float(coefficient), float(alpha), float(floor), float(np.sqrt((error**2).mean()))
    )


def _linear_fit(x, y, alpha):
    """E ≥ 0 and A of y = E + A x^(−α) for a given α, the squared relative error, and its slope in α."""
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


def _search(loss_and_slope, low=1e-3, high=10.0, n_grid=200, n_steps=60):
    """The minimum over an interval: the best point of a logarithmic grid, then where the slope changes its sign.

    Near a minimum a loss is flat, and its rounding hides half of the digits of the place; the slope shows them all.
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

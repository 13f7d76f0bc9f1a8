"""What arrays of probabilities are checked for, and sums in which 0·log 0 = 0."""

import numpy as np

from lmcore._arrays import accumulator, as_floats


def as_distribution(values, name, axis=-1):
    """`values` as floats, seen to be non-negative and to sum to 1 along `axis` (None: altogether) up to rounding.

    Raises
    ------
    ValueError
        If they are not.
    """
    probs = as_floats(values, name)
    totals = probs.sum(axis=axis, dtype=np.float64)
    terms = probs.size if axis is None else probs.shape[axis]
    # Rounding of n terms grows like sqrt(n) eps; float64 is allowed what a conversion from float32
    # leaves.
    tolerance = max(1e-6, 8 * np.sqrt(terms) * np.finfo(probs.dtype).eps)
    if not (probs >= 0).all() or not (np.abs(totals - 1) <= tolerance).all():
        along = "" if axis is None else f" along axis {axis}"
        raise ValueError(
            f"{name} must be non-negative and sum to 1{along}; got a smallest entry of"
            f" {probs.min():g} and sums from {np.min(totals):.9g} to {np.max(totals):.9g}; divide"
            " weights by their sum"
        )
    return probs


def weighted_sum(weights, log_probs):
    """Σ_v w_v log p_v along the last axis, where a weight of 0 counts as 0 even against log 0."""
    dtype = accumulator(np.result_type(log_probs.dtype, weights.dtype))
    weights, log_probs = np.broadcast_arrays(weights, log_probs)
    terms = np.zeros(weights.shape, dtype=dtype)
    np.multiply(weights, log_probs, out=terms, where=weights != 0, dtype=dtype)
    return terms.sum(axis=-1)

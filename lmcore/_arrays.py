"""What several chapters do with arrays: blocks of rows, sums, draws, reachability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from lmcore._typing import Array, Bools, Floats

# Rows are worked on a megabyte at a time: few enough to stay in cache, enough to hide Python.
BLOCK_BYTES = 1 << 20


def accumulator(dtype: DTypeLike) -> np.dtype:
    """The type in which sums over `dtype` are kept: float32 for float16, otherwise the type."""
    dtype = np.dtype(dtype).newbyteorder("=")
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def row_blocks(n_rows: int, row_length: int, itemsize: int) -> Iterator[slice]:
    """Slices that cut `n_rows` rows into blocks of about `BLOCK_BYTES`, at least one row each."""
    step = max(1, BLOCK_BYTES // (row_length * itemsize))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def frozen(array: Array) -> Array:
    """A read-only copy, for an object that must not change when its maker's array does."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def weighted_sum(weights: Floats, values: Floats) -> Floats:
    """Σ_v w_v x_v along the last axis, where a weight of 0 gives 0 even against an infinity.

    Kept in the accumulator of the wider type.
    """
    dtype = accumulator(np.result_type(weights, values))
    weights, values = np.broadcast_arrays(weights, values)
    terms = np.zeros(weights.shape, dtype=dtype)
    np.multiply(weights, values, out=terms, where=weights != 0, dtype=dtype)
    return terms.sum(axis=-1)


def inverse_cdf(weights: Floats, uniform: Floats) -> np.ndarray:
    """The first index at which the running sum of weights exceeds `uniform` times their total.

    Parameters
    ----------
    weights : ndarray of shape (..., V)
        Non-negative, not all 0; they need not sum to 1. An index of weight 0 is never returned.
    uniform : ndarray of shape (...)
        In [0, 1), one number per row.
    """
    cdf = weights.cumsum(axis=-1, dtype=np.float64)
    total = cdf[..., -1:]
    # a product that rounds up to the total would find no index
    level = np.minimum(uniform[..., None] * total, np.nextafter(total, 0))
    return (cdf <= level).sum(axis=-1)


def draw(weights: Floats, rng: np.random.Generator) -> int:
    """One index, with probability in proportion to its weight."""
    return int(inverse_cdf(weights, np.asarray(rng.random())))


def can_reach(targets: Bools, edges: np.ndarray) -> Bools:
    """All nodes from which a target can be reached along `edges`, u -> v where edges[u, v] > 0."""
    reached = targets
    while True:
        wider = reached | (edges[:, reached] > 0).any(axis=1)
        if (wider == reached).all():
            return reached
        reached = wider

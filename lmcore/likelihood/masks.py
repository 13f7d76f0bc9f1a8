"""Means over real tokens only, and a penalty on the log-normaliser (book, section 4.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_floats, as_integer, as_integers, as_logits, as_mask
from lmcore._typing import Bools, Floats
from lmcore.softmax import logsumexp, softmax


def padding_mask(lengths: ArrayLike, length: int | None = None) -> Bools:
    """Which positions of a padded batch hold real tokens (book, section 4.5).

    m_bt is 1 where t is below the length of row b.

    Parameters
    ----------
    lengths : array-like of int of shape (B,)
        Number of real tokens in each row.
    length : int, optional
        T, the padded length; the longest row's if not given.

    Returns
    -------
    ndarray of bool of shape (B, T)
        True at real tokens. (PyTorch's key_padding_mask is True at padding.)

    Raises
    ------
    TypeError
        If the lengths are not integers.
    ValueError
        If a length is negative or exceeds T.

    Examples
    --------
    >>> padding_mask([3, 1]).astype(int)
    array([[1, 1, 1],
           [1, 0, 0]])
    """
    lengths = as_integers(lengths, "lengths")
    if lengths.size == 0:
        raise ValueError("lengths is empty: pass the number of real tokens of at least one row")
    length = int(lengths.max()) if length is None else as_integer(length, "length", minimum=0)
    if lengths.min() < 0 or lengths.max() > length:
        raise ValueError(
            f"lengths must lie in [0, length={length}], got {lengths.min()} to {lengths.max()}"
        )
    return np.arange(length) < lengths[..., None]


def masked_mean(
    values: ArrayLike, mask: ArrayLike, axis: int | tuple[int, ...] | None = None
) -> Floats:
    """Mean over the tokens that count, Σ m ℓ / Σ m (book, section 4.5).

    Parameters
    ----------
    values : array-like
        Losses, for example; entries where the mask is 0 are never read and may be NaN.
    mask : array-like
        Booleans, or non-negative weights; broadcast against `values`.
    axis : int or tuple of int, optional
        Axes averaged over; all of them if not given. Means of rows (``axis=-1``) averaged again are
        *not* the mean over tokens, unless all rows have equally many.

    Returns
    -------
    ndarray or float
        In the type of `values`; summed in float64.

    Raises
    ------
    ValueError
        If the mask leaves nothing to average, has a negative weight, or does not fit `values`.

    Examples
    --------
    >>> float(masked_mean([[2.0, 4.0], [6.0, np.nan]], [[True, True], [True, False]]))
    4.0
    """
    values = as_floats(values, "values", axis=None)
    mask = as_mask(mask, values, "values")
    total = mask.sum(axis=axis, dtype=np.float64)
    if not (total > 0).all():
        raise ValueError(
            "mask leaves nothing to average: every token is masked"
            + ("" if axis is None else f" somewhere along axis {axis}")
            + "; drop that batch or row"
        )
    terms = np.multiply(values, mask, out=np.zeros(mask.shape), where=mask > 0)
    return (terms.sum(axis=axis) / total).astype(values.dtype)[()]


def z_loss(logits: ArrayLike) -> tuple[Floats, Floats]:
    """Mean squared log-normaliser, which keeps logits from drifting (book, section 4.5).

    Cross-entropy does not notice a constant added to all logits; the penalty (log Σ_v e^{z_v})²,
    weighted by 1e-4 or so, does.

    Parameters
    ----------
    logits : array-like of shape (..., V)

    Returns
    -------
    loss : float
        Squared nats, mean over rows; in the type of `logits`, but float32 for float16.
    grad : ndarray of shape (..., V)
        Its gradient with respect to the logits, 2 log Z · p / rows, in the type of `logits`.

    Raises
    ------
    ValueError
        If there is no row, or one bans every token.

    References
    ----------
    Chowdhery, A. et al. (2023). PaLM: Scaling Language Modeling with Pathways. JMLR 24(240),
    section 5.

    Examples
    --------
    Z = 4:

    >>> loss, grad = z_loss([[np.log(2.0), np.log(2.0)]])
    >>> float(loss.round(4)), grad.round(4)
    (1.9218, array([[1.3863, 1.3863]]))
    """
    values = as_logits(as_floats(logits, "logits", axis=None))
    log_z = logsumexp(values.astype(accumulator(values.dtype), copy=False), keepdims=True)
    grad = softmax(values)
    grad *= (2 / log_z.size * log_z).astype(values.dtype)
    return (log_z * log_z).mean(), grad

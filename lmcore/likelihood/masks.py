"""Means over real tokens only, and a penalty on the log-normaliser (book, section 4.5)."""

import numpy as np

from lmcore._arrays import as_floats
from lmcore.softmax import logsumexp, softmax


def padding_mask(lengths, length=None):
    """Which positions of a padded batch hold real tokens, m_bt = [t < length of row b] (book, section 4.5).

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
    lengths = np.asarray(lengths)
    if lengths.size == 0:
        raise ValueError("lengths is empty: pass the number of real tokens of at least one row")
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"lengths must be integers, got dtype {lengths.dtype}")
    length = int(lengths.max()) if length is None else length
    if lengths.min() < 0 or lengths.max() > length:
        raise ValueError(
            f"lengths must lie in [0, length={length}], got {lengths.min()} to {lengths.max()}"
        )
    return np.arange(length) < lengths[..., None]


def masked_mean(values, mask, axis=None):
    """Mean over the tokens that count, Σ m ℓ / Σ m (book, section 4.5).

    Parameters
    ----------
    values : array-like
        Losses, say; what stands where the mask is 0 is never read, be it NaN.
    mask : array-like
        Booleans, or non-negative weights; broadcast against `values`.
    axis : int or tuple of int, optional
        Axes averaged over; all of them if not given. Means of rows (``axis=-1``) averaged again are
        *not* the token mean unless all rows have equally many tokens.

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
    values, mask = as_floats(values, "values"), np.asarray(mask)
    try:
        shape = np.broadcast_shapes(values.shape, mask.shape)
    except ValueError:
        raise ValueError(
            f"mask has shape {mask.shape}, which does not broadcast against values of shape "
            f"{values.shape}"
        ) from None
    if not (mask >= 0).all():
        raise ValueError(
            f"mask must be boolean or non-negative, got a smallest entry of {mask.min():g}"
        )
    total = np.broadcast_to(mask, shape).sum(axis=axis, dtype=np.float64)
    if not (total > 0).all():
        raise ValueError(
            "mask leaves nothing to average: every token is masked"
            + ("" if axis is None else f" somewhere along axis {axis}")
            + "; drop that batch or row"
        )
    weighted = np.multiply(values, mask, out=np.zeros(shape), where=mask > 0)
    return (weighted.sum(axis=axis) / total).astype(values.dtype)[()]


def z_loss(logits):
    """Mean squared log-normaliser, (log Σ_v e^{z_v})², a penalty that keeps logits from drifting (book, section 4.5).

    Cross-entropy does not notice a constant added to all logits; this term, weighted by 1e-4 or so,
    does.

    Parameters
    ----------
    logits : array-like of shape (..., V)

    Returns
    -------
    loss : float
        Squared nats, mean over rows.
    grad : ndarray of shape (..., V)
        Its gradient by the logits, 2 log Z · p / rows.

    Raises
    ------
    ValueError
        If a row bans every token.

    References
    ----------
    Chowdhery, A. et al. (2023). PaLM: Scaling Language Modeling with Pathways. JMLR 24(240), section 5.

    Examples
    --------
    >>> loss, grad = z_loss([[np.log(2.0), np.log(2.0)]])              # Z = 4
    >>> float(loss.round(4)), grad.round(4)
    (1.9218, array([[1.3863, 1.3863]]))
    """
    log_z = np.asarray(logsumexp(logits, keepdims=True))
    return (log_z * log_z).mean(), 2 / log_z.size * log_z * softmax(logits)

"""Negative log-likelihood, cross-entropy and its gradient p − y (book, sections 4.2 to 4.4)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lmcore._arrays import accumulator, row_blocks, weighted_sum
from lmcore._checks import (
    as_distribution,
    as_floats,
    as_integer,
    as_real,
    as_token_ids,
    check_peaks,
)
from lmcore._typing import Bools, Floats, Integers
from lmcore.factorization import token_log_probs
from lmcore.softmax import log_softmax

Reduction = Literal["mean", "sum", "none"]


def nll(
    log_probs: ArrayLike,
    targets: ArrayLike,
    reduction: Reduction = "mean",
    ignore_index: int = -100,
) -> Floats:
    """Negative log-likelihood, the surprise −log p(target) of each target (book, section 4.2).

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Nats, normalised. For raw logits use `cross_entropy`.
    targets : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    reduction : {"mean", "sum", "none"}, default "mean"
        Mean over the targets that are not ignored, their sum, or one value per target (0 where
        ignored).
    ignore_index : int, default -100

    Returns
    -------
    ndarray or float
        Nats (divide by log 2 for bits), in the type of `log_probs`, but a sum of float16 in
        float32; +inf for an impossible target.

    Raises
    ------
    ValueError
        If shapes disagree, a target is out of range, or the mean is wanted and every target is
        ignored (PyTorch returns NaN).

    Examples
    --------
    >>> nll(np.log([[0.5, 0.5], [0.25, 0.75]]), [1, 0], reduction="none").round(4)
    array([0.6931, 1.3863])
    """
    # 0 - x: an ignored target is 0.0, not -0.0
    losses = 0 - token_log_probs(log_probs, targets, ignore_index)
    kept = np.asarray(targets) != ignore_index
    _check_reduction(reduction, kept)
    return _reduce(losses, kept, reduction, losses.dtype)


def cross_entropy(
    logits: ArrayLike,
    targets: ArrayLike,
    reduction: Reduction = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Floats:
    """Cross-entropy of logits against target ids, log Σ_u e^{z_u} − z_target (book, section 4.3).

    It is H(y, p) = −Σ_v y_v log p_v for the one-hot (or smoothed) distribution y of the target.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans a token. Rows whose target is ignored are never read.
    targets : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    reduction : {"mean", "sum", "none"}, default "mean"
        Mean over the targets that are not ignored, their sum, or one value per target (0 where
        ignored).
    ignore_index : int, default -100
    label_smoothing : float in [0, 1), default 0
        ε: the target distribution is (1 − ε)·one-hot + ε/V on every one of the V tokens, as in
        PyTorch.

    Returns
    -------
    ndarray or float
        Nats, in the type of `logits`, but a sum of float16 in float32; +inf for a banned target,
        as in PyTorch.

    Raises
    ------
    ValueError
        If shapes disagree, a target is out of range, a row bans every token, or the mean is wanted
        and every target is ignored (PyTorch returns NaN).

    References
    ----------
    Szegedy, C. et al. (2016). Rethinking the Inception Architecture for Computer Vision. CVPR.
    (Label smoothing.)

    Examples
    --------
    >>> float(cross_entropy([[0.0, np.log(3.0)]], [1]).round(4))       # -log(3/4)
    0.2877
    """
    return _cross_entropy(logits, targets, reduction, ignore_index, label_smoothing, grad=None)[0]


def cross_entropy_soft(
    logits: ArrayLike, target_probs: ArrayLike, reduction: Reduction = "mean"
) -> Floats:
    """Cross-entropy of logits against target distributions, −Σ_v q_v log p_v (book, section 4.3).

    Its minimum is the entropy of q, reached at p = q; only for one-hot targets is that 0. Its
    gradient with respect to the logits is p − q, ``softmax(logits) - target_probs`` for each row.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans a token.
    target_probs : array-like of shape (..., V)
        Non-negative, summing to 1 along the last axis.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    ndarray or float
        Nats, in the type of `logits`, but a sum of float16 in float32. A banned token adds 0 where
        q = 0 (PyTorch returns NaN) and +inf where q > 0.

    Raises
    ------
    ValueError
        If shapes differ or a row of `target_probs` is not a distribution.

    References
    ----------
    Hinton, G., Vinyals, O. and Dean, J. (2015). Distilling the Knowledge in a Neural Network.
    arXiv:1503.02531

    Examples
    --------
    log 2, whatever q is:

    >>> float(cross_entropy_soft([[0.0, 0.0]], [[0.25, 0.75]]).round(4))
    0.6931
    """
    logits = as_floats(logits, "logits")
    target_probs = as_distribution(target_probs, "target_probs")
    if target_probs.shape != logits.shape:
        raise ValueError(
            f"target_probs has shape {target_probs.shape} and logits {logits.shape}: they must be "
            "equal; for target ids use cross_entropy"
        )
    rows, q = (array.reshape(-1, logits.shape[-1]) for array in (logits, target_probs))
    losses = np.empty(len(rows), dtype=accumulator(np.result_type(logits, target_probs)))
    check_peaks(logits.max(axis=-1), "logits")
    for part in row_blocks(*rows.shape, losses.itemsize):
        losses[part] = 0 - weighted_sum(q[part], log_softmax(rows[part]))
    losses = losses.reshape(logits.shape[:-1])
    kept = np.ones(losses.shape, dtype=bool)
    _check_reduction(reduction, kept)
    return _reduce(losses, kept, reduction, logits.dtype)


def cross_entropy_grad(
    logits: ArrayLike,
    targets: ArrayLike,
    reduction: Reduction = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Floats:
    """Gradient of `cross_entropy` with respect to the logits, ∂ℓ/∂z = p − y (book, section 4.4).

    For a mean it is divided by the number of targets that are not ignored.

    Parameters
    ----------
    logits, targets, reduction, ignore_index, label_smoothing
        As for `cross_entropy`. For ``reduction="none"`` each row is the gradient of its own loss.

    Returns
    -------
    ndarray of shape (..., V)
        In the type of `logits`; each row sums to 0, rows with an ignored target are 0.

    Raises
    ------
    ValueError
        As for `cross_entropy`.

    Examples
    --------
    >>> cross_entropy_grad([[0.0, np.log(3.0)]], [1])
    array([[ 0.25, -0.25]])
    """
    return cross_entropy_with_grad(logits, targets, reduction, ignore_index, label_smoothing)[1]


def cross_entropy_with_grad(
    logits: ArrayLike,
    targets: ArrayLike,
    reduction: Reduction = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    out: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Loss and gradient of `cross_entropy` in one pass over the logits (book, section 4.4).

    The gradient is ∂ℓ/∂z = p − y. A few rows are taken at a time through maximum, exponential, sum
    and gradient while they stay in cache; neither log-probabilities nor one-hot targets are ever
    stored.

    Parameters
    ----------
    logits, targets, reduction, ignore_index, label_smoothing
        As for `cross_entropy`. For ``reduction="none"`` each gradient row is that of its own loss.
    out : ndarray, optional
        Where the gradient is written: shape and type of the logits, C-contiguous. It may be the
        logits themselves.

    Returns
    -------
    loss : ndarray or float
        Nats, as `cross_entropy` returns it.
    grad : ndarray of shape (..., V)
        In the type of `logits`.

    Raises
    ------
    ValueError
        As for `cross_entropy`, or if `out` does not fit.

    Examples
    --------
    >>> loss, grad = cross_entropy_with_grad([[0.0, np.log(3.0)], [5.0, 5.0]], [1, -100])
    >>> float(loss.round(4)), grad
    (0.2877, array([[ 0.25, -0.25],
           [ 0.  ,  0.  ]]))
    """
    logits = as_floats(logits, "logits")
    grad = np.empty(logits.shape, dtype=logits.dtype) if out is None else out
    if grad.shape != logits.shape or grad.dtype != logits.dtype or not grad.flags.c_contiguous:
        raise ValueError(
            f"out must be C-contiguous of shape {logits.shape} and type {logits.dtype}, got shape "
            f"{grad.shape} and type {grad.dtype}"
        )
    loss, _ = _cross_entropy(logits, targets, reduction, ignore_index, label_smoothing, grad)
    return loss, grad


def one_hot(
    targets: ArrayLike,
    vocab_size: int,
    label_smoothing: float = 0.0,
    dtype: DTypeLike = np.float64,
) -> Floats:
    """Target distributions y = (1 − ε)·one-hot + ε/V of target ids (book, section 4.3).

    Parameters
    ----------
    targets : array-like of int of shape (...)
        Ids in [0, V).
    vocab_size : int
        V.
    label_smoothing : float in [0, 1), default 0
        ε; every token, the target too, receives ε/V.
    dtype : floating type, default float64

    Returns
    -------
    ndarray of shape (..., V)
        Probabilities.

    Raises
    ------
    ValueError
        If a target is out of range or `label_smoothing` lies outside [0, 1).

    Examples
    --------
    >>> one_hot([2], vocab_size=4, label_smoothing=0.2)
    array([[0.05, 0.05, 0.85, 0.05]])
    """
    label_smoothing = _as_smoothing(label_smoothing)
    targets = as_token_ids(targets, as_integer(vocab_size, "vocab_size", minimum=1), "targets")
    probs = np.full(targets.shape + (vocab_size,), label_smoothing / vocab_size, dtype=dtype)
    np.put_along_axis(
        probs, targets[..., None], 1 - label_smoothing + label_smoothing / vocab_size, axis=-1
    )
    return probs


def _cross_entropy(
    values: ArrayLike,
    targets: ArrayLike,
    reduction: Reduction,
    ignore_index: int,
    smoothing: float,
    grad: Floats | None,
) -> tuple[Floats, Floats | None]:
    """The reduced loss, and its gradient written into `grad` unless that is None."""
    logits = as_floats(values, "logits")
    ids = as_token_ids(targets, logits.shape[-1], "targets", ignore_index)
    if ids.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets has shape {ids.shape} and logits {logits.shape}: each target needs one row "
            f"of V logits, so targets must have shape {logits.shape[:-1]}"
        )
    kept = ids != ignore_index
    smoothing = _as_smoothing(smoothing)
    _check_reduction(reduction, kept)
    size, dtype = logits.shape[-1], accumulator(logits.dtype)
    flat, flat_ids = logits.reshape(-1, size), ids.ravel()
    flat_grad = None if grad is None else grad.reshape(-1, size)
    losses = np.zeros(ids.size, dtype=dtype)
    scale = 1 / int(kept.sum()) if reduction == "mean" else 1.0
    for part in row_blocks(len(flat), size, dtype.itemsize):
        rows = part.start + np.flatnonzero(kept.ravel()[part])
        # a copy, overwritten from here on
        block = flat[rows].astype(dtype, copy=False)
        top = block.argmax(axis=1)[:, None]
        peaks = np.take_along_axis(block, top, axis=1)
        if not np.isfinite(peaks).all():
            worst = rows[int(np.argmin(np.isfinite(peaks[:, 0])))]
            check_peaks(flat[worst : worst + 1].max(axis=1), "logits", worst, logits.shape[:-1])
        block -= peaks
        losses[rows], normalizer = _losses_of(block, top, flat_ids[rows], smoothing)
        if flat_grad is not None:
            flat_grad[part] = 0
            flat_grad[rows] = _grads_of(block, flat_ids[rows], smoothing, normalizer, scale)
    return _reduce(losses.reshape(ids.shape), kept, reduction, logits.dtype), grad


def _losses_of(
    block: Floats, top: Integers, ids: Integers, smoothing: float
) -> tuple[Floats, Floats]:
    """Losses of a block of z − m, and Σ e^{z−m} of each row; the block itself becomes e^{z−m}.

    The term of the largest logit, exactly 1, stays out of the sum inside log1p: a loss of 1e-12
    keeps its digits.
    """
    picked = np.take_along_axis(block, ids[:, None], axis=1)
    if smoothing:
        picked = (1 - smoothing) * picked + smoothing * block.mean(axis=1, keepdims=True)
    np.exp(block, out=block)
    np.put_along_axis(block, top, 0, axis=1)
    others = block.sum(axis=1, keepdims=True)
    np.put_along_axis(block, top, 1, axis=1)
    return (np.log1p(others) - picked)[:, 0], 1 + others


def _grads_of(
    block: Floats, ids: Integers, smoothing: float, normalizer: Floats, scale: float
) -> Floats:
    """Gradient rows scale · (p − y) of a block that holds e^{z−m}, in place."""
    block *= scale / normalizer
    if smoothing:
        block -= scale * smoothing / block.shape[1]
    block[np.arange(len(ids)), ids] -= scale * (1 - smoothing)
    return block


def _reduce(losses: Floats, kept: Bools, reduction: Reduction, dtype: np.dtype) -> Floats:
    """Mean over kept losses, or the losses themselves, in `dtype`; a sum in its accumulator."""
    if reduction == "none":
        return losses.astype(dtype, copy=False)[()]
    total = losses.sum(dtype=np.float64)
    if reduction == "sum":
        return accumulator(dtype).type(total)
    return dtype.type(total / kept.sum())


def _check_reduction(reduction: str, kept: Bools) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    if reduction == "mean" and not kept.any():
        raise ValueError(
            "targets are all ignored, or there are none, so there is no mean: drop that batch, or "
            "use reduction='sum'"
        )


def _as_smoothing(label_smoothing: float) -> float:
    value = as_real(label_smoothing, "label_smoothing")
    if not 0 <= value < 1:
        raise ValueError(f"label_smoothing must lie in [0, 1), got {label_smoothing}")
    return value

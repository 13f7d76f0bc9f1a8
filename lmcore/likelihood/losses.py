"""Negative log-likelihood, cross-entropy and its gradient p − y (book, sections 4.2 to 4.4)."""

import numpy as np

from lmcore._arrays import accumulator, as_floats, as_token_ids, row_blocks
from lmcore.distributions._checks import as_distribution, weighted_sum
from lmcore.factorization import token_log_probs
from lmcore.softmax import log_softmax


def nll(log_probs, targets, reduction="mean", ignore_index=-100):
    """Negative log-likelihood, the surprise −log p(target) of each target (book, section 4.2).

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Nats, normalised. For raw logits use `cross_entropy`.
    targets : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    reduction : {"mean", "sum", "none"}, default "mean"
        Mean over the targets that are not ignored, their sum, or one value a target (0 where
        ignored).
    ignore_index : int, default -100

    Returns
    -------
    ndarray or float
        Nats (divide by log 2 for bits), in the type of `log_probs`; +inf for an impossible target.

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


def cross_entropy(logits, targets, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    """Cross-entropy of logits against target ids, −log p(target) = log Σ_u e^{z_u} − z_target (book, section 4.3).

    It is H(y, p) = −Σ_v y_v log p_v for the one-hot (or smoothed) distribution y of the target.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans a token. Rows whose target is ignored are never read.
    targets : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    reduction : {"mean", "sum", "none"}, default "mean"
        Mean over the targets that are not ignored, their sum, or one value a target (0 where
        ignored).
    ignore_index : int, default -100
    label_smoothing : float in [0, 1), default 0
        ε: the target distribution is (1 − ε)·one-hot + ε/V on every one of the V tokens, as in
        PyTorch.

    Returns
    -------
    ndarray or float
        Nats, in the type of `logits`; +inf for a banned target, as in PyTorch.

    Raises
    ------
    ValueError
        If shapes disagree, a target is out of range, a row bans every token, or the mean is wanted
        and every target is ignored (PyTorch returns NaN).

    References
    ----------
    Szegedy, C. et al. (2016). Rethinking the Inception Architecture for Computer Vision. CVPR. (Label smoothing.)

    Examples
    --------
    >>> float(cross_entropy([[0.0, np.log(3.0)]], [1]).round(4))       # -log(3/4)
    0.2877
    """
    return _cross_entropy(logits, targets, reduction, ignore_index, label_smoothing, grad=None)[0]


def cross_entropy_soft(logits, target_probs, reduction="mean"):
    """Cross-entropy of logits against whole target distributions, H(q, p) = −Σ_v q_v log p_v (book, section 4.3).

    Its floor is the entropy of q, reached when p = q; only for one-hot targets is that 0. Its
    gradient by the logits is p − q, that is ``softmax(logits) - target_probs`` a row.

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
        Nats, in the type of `logits`. A banned token with q = 0 costs 0 (PyTorch returns NaN), with
        q > 0 +inf.

    Raises
    ------
    ValueError
        If shapes differ or a row of `target_probs` is not a distribution.

    References
    ----------
    Hinton, G., Vinyals, O. and Dean, J. (2015). Distilling the Knowledge in a Neural Network. arXiv:1503.02531

    Examples
    --------
    >>> float(cross_entropy_soft([[0.0, 0.0]], [[0.25, 0.75]]).round(4))     # log 2, whatever q
    0.6931
    """
    log_probs, target_probs = log_softmax(logits), as_distribution(target_probs, "target_probs")
    if target_probs.shape != log_probs.shape:
        raise ValueError(
            f"target_probs has shape {target_probs.shape} and logits {log_probs.shape}: they must"
            " be equal; for target ids use cross_entropy"
        )
    losses = 0 - np.asarray(weighted_sum(target_probs, log_probs))
    kept = np.ones(losses.shape, dtype=bool)
    _check_reduction(reduction, kept)
    return _reduce(losses, kept, reduction, log_probs.dtype)


def cross_entropy_grad(logits, targets, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    """Gradient of `cross_entropy` by the logits, ∂ℓ/∂z = p − y (book, section 4.4).

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
    logits, targets, reduction="mean", ignore_index=-100, label_smoothing=0.0, out=None
):
    """Loss and gradient of `cross_entropy` in one pass over the logits, ∂ℓ/∂z = p − y (book, section 4.4).

    A few rows are taken at a time through maximum, exponential, sum and gradient while they stay in
    cache; neither log-probabilities nor one-hot targets are ever stored.

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
    return _cross_entropy(logits, targets, reduction, ignore_index, label_smoothing, grad)


def one_hot(targets, vocab_size, label_smoothing=0.0, dtype=np.float64):
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
    _check_smoothing(label_smoothing)
    targets = as_token_ids(targets, vocab_size, "targets")
    probs = np.full(targets.shape + (vocab_size,), label_smoothing / vocab_size, dtype=dtype)
    np.put_along_axis(
        probs, targets[..., None], 1 - label_smoothing + label_smoothing / vocab_size, axis=-1
    )
    return probs


def _cross_entropy(logits, targets, reduction, ignore_index, smoothing, grad):
    """The reduced loss, and its gradient written into `grad` unless that is None."""
    logits = as_floats(logits, "logits")
    targets = as_token_ids(targets, logits.shape[-1], "targets", ignore_index)
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets has shape {targets.shape} and logits {logits.shape}: each target needs one"
            f" row of V logits, so targets must have shape {logits.shape[:-1]}"
        )
    kept = targets != ignore_index
    _check_smoothing(smoothing)
    _check_reduction(reduction, kept)
    size, dtype = logits.shape[-1], accumulator(logits.dtype)
    flat, ids, losses = (
        logits.reshape(-1, size),
        targets.ravel(),
        np.zeros(targets.size, dtype=dtype),
    )
    flat_grad = None if grad is None else grad.reshape(-1, size)
    scale = 1 / int(kept.sum()) if reduction == "mean" else 1.0
    for part in row_blocks(len(ids), size, dtype.itemsize):
        rows = part.start + np.flatnonzero(kept.ravel()[part])
        # a copy, overwritten from here on
        block = flat[rows].astype(dtype, copy=False)
        losses[rows], normalizer = _losses_of(block, rows, ids[rows], smoothing)
        if grad is not None:
            flat_grad[part] = 0
            flat_grad[rows] = _grads_of(block, ids[rows], smoothing, normalizer, scale)
    return _reduce(losses.reshape(targets.shape), kept, reduction, logits.dtype), grad


def _losses_of(block, rows, ids, smoothing):
    """Losses of a block of logits and Σ e^{z−m} of each row; the block itself becomes e^{z−m}.

    The term of the largest logit, 1 exactly, stays out of the sum inside log1p: a loss of 1e-12 keeps its digits.
    """
    top = block.argmax(axis=1)[:, None]
    peak = np.take_along_axis(block, top, axis=1)
    if not np.isfinite(peak).all():
        bad = int(np.flatnonzero(~np.isfinite(peak[:, 0]))[0])
        cause = (
            "bans every token: leave at least one logit finite"
            if peak[bad, 0] == -np.inf
            else "holds NaN or +inf: look for an overflow before the logits"
        )
        raise ValueError(f"logits row {rows[bad]} (rows counted in order) {cause}")
    block -= peak
    picked = np.take_along_axis(block, ids[:, None], axis=1)
    if smoothing:
        picked = (1 - smoothing) * picked + smoothing * block.mean(axis=1, keepdims=True)
    np.exp(block, out=block)
    np.put_along_axis(block, top, 0, axis=1)
    others = block.sum(axis=1, keepdims=True)
    np.put_along_axis(block, top, 1, axis=1)
    return (np.log1p(others) - picked)[:, 0], 1 + others


def _grads_of(block, ids, smoothing, normalizer, scale):
    """Gradient rows scale · (p − y) of a block that holds e^{z−m}, in place."""
    block *= scale / normalizer
    if smoothing:
        block -= scale * smoothing / block.shape[1]
    block[np.arange(len(ids)), ids] -= scale * (1 - smoothing)
    return block


def _reduce(losses, kept, reduction, dtype):
    """Mean over kept losses, sum, or the losses themselves, in `dtype`; sums are kept in float64."""
    if reduction == "none":
        return losses.astype(dtype, copy=False)[()]
    total = losses.sum(dtype=np.float64)
    return dtype.type(total / kept.sum() if reduction == "mean" else total)


def _check_reduction(reduction, kept):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    if reduction == "mean" and not kept.any():
        raise ValueError(
            "targets are all ignored, so there is no mean: drop that batch, or use reduction='sum'"
        )


def _check_smoothing(label_smoothing):
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing must lie in [0, 1), got {label_smoothing}")

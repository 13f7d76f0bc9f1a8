"""From hidden states to normalised next-token distributions: the LM head, softmax and its logarithm (chapter 3).

The vocabulary lies on the last axis unless `axis` says otherwise. Logarithms are natural, so everything is in nats.
A logit of -inf bans its token; a row in which every token is banned has no distribution and raises.
"""

import numpy as np

from lmcore._arrays import accumulator, as_floats, row_blocks


def lm_head(hidden, weight, bias=None):
    """Logits of every vocabulary entry from hidden states: z = h Wᵀ + b (book, section 3.1).

    With tied embeddings `weight` is the embedding matrix E itself and there is no bias.

    Parameters
    ----------
    hidden : array-like of shape (..., d)
        Hidden states, usually (batch, time, d).
    weight : array-like of shape (V, d)
        One row a vocabulary entry, as embedding matrices are stored.
    bias : array-like of shape (V,), optional
        Added to every position's logits.

    Returns
    -------
    ndarray of shape (..., V)
        Logits, unnormalised log-probabilities in nats.

    Raises
    ------
    ValueError
        If the widths d or the sizes V disagree.

    References
    ----------
    Press, O. and Wolf, L. (2017). Using the Output Embedding to Improve Language Models. EACL.

    Examples
    --------
    >>> embedding = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])     # V = 3, d = 2
    >>> lm_head([2.0, -1.0], embedding)
    array([ 2., -1.,  1.])
    """
    hidden, weight = as_floats(hidden, "hidden"), as_floats(weight, "weight")
    if weight.ndim != 2 or hidden.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"hidden has shape {hidden.shape} and weight {weight.shape}: weight must be (V, d) with"
            f" d = {hidden.shape[-1]}; a matrix stored as (d, V) must be transposed first"
        )
    logits = hidden @ weight.T
    if bias is None:
        return logits
    bias = as_floats(bias, "bias")
    if bias.shape != (weight.shape[0],):
        raise ValueError(
            f"bias has shape {bias.shape}, but weight has V = {weight.shape[0]} rows: "
            "pass one bias a vocabulary entry"
        )
    return logits + bias.astype(logits.dtype, copy=False)


def logsumexp(logits, axis=-1, keepdims=False):
    """Logarithm of a sum of exponentials, log Σ e^z = m + log Σ e^{z−m}, m = max z (book, sections 3.3 and 3.4).

    The largest term is e⁰ = 1 exactly; the others are summed apart from it and added inside log1p,
    so that even a sum within rounding of 1 keeps its relative accuracy.

    Parameters
    ----------
    logits : array-like
        Any shape, at least one entry along `axis`.
    axis : int, default -1
        The axis summed over. SciPy's default is the whole array instead.
    keepdims : bool, default False
        Keep the reduced axis with length 1.

    Returns
    -------
    ndarray or float
        Nats, in the type of `logits` (float64 for integers); a scalar for one row.

    Raises
    ------
    ValueError
        If a row holds nothing but -inf (SciPy and PyTorch return -inf), or a NaN or +inf.

    References
    ----------
    Blanchard, P., Higham, D. J. and Higham, N. J. (2021). Accurately computing the log-sum-exp and softmax functions.
    IMA Journal of Numerical Analysis 41(4).

    Examples
    --------
    >>> float(logsumexp([1000.0, 1000.0]).round(4))       # 1000 + log 2
    1000.6931
    """
    rows, axis = _as_rows(logits, axis)
    result = np.empty(rows.shape[:-1] + (1,), dtype=rows.dtype)
    for part, peak, top, shifted, scratch in _shifted_blocks(rows):
        result.reshape(-1, 1)[part] = peak + np.log1p(_sum_of_others(shifted, top, scratch))
    result = np.moveaxis(result, -1, axis)
    return result if keepdims else np.squeeze(result, axis=axis)[()]


def softmax(logits, axis=-1, out=None):
    """Normalised probabilities p_v = e^{z_v} / Σ_u e^{z_u} (book, sections 1.4, 3.2 and 3.3).

    Computed with the row maximum subtracted first, which changes nothing on paper and prevents
    overflow in the machine. A probability under the smallest float of its type is 0.0: where the
    logarithm is wanted, use `log_softmax`.

    Parameters
    ----------
    logits : array-like
        Any shape; -inf bans an entry.
    axis : int, default -1
        The vocabulary axis. SciPy's default is the whole array instead.
    out : ndarray, optional
        Where the result is written: the shape and type of the result, C-contiguous, `axis` last.

    Returns
    -------
    ndarray
        Same shape as `logits`, same float type (float64 for integers), summing to 1 along `axis`.

    Raises
    ------
    ValueError
        If a row holds nothing but -inf (SciPy and PyTorch return NaN), or a NaN or +inf.

    References
    ----------
    Bridle, J. S. (1990). Probabilistic Interpretation of Feedforward Classification Network Outputs.
    Neurocomputing, NATO ASI Series 68.

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    """
    rows, axis = _as_rows(logits, axis)
    result = _result_like(rows, out)
    for part, _, top, shifted, scratch in _shifted_blocks(rows):
        others = _sum_of_others(shifted, top, scratch)
        np.put_along_axis(scratch, top, 1, axis=1)
        np.divide(
            scratch, 1 + others, out=result.reshape(-1, rows.shape[-1])[part], casting="same_kind"
        )
    return np.moveaxis(result, -1, axis)


def log_softmax(logits, axis=-1, out=None):
    """Log-probabilities log p_v = z_v − m − log Σ_u e^{z_u−m}, m = max z (book, section 3.4).

    Never forms p, so a token of probability e^{-1000} keeps its logarithm although the probability
    itself is 0.0 in every float type.

    Parameters
    ----------
    logits : array-like
        Any shape; -inf bans an entry and stays -inf.
    axis : int, default -1
        The vocabulary axis. SciPy's default is the whole array instead.
    out : ndarray, optional
        Where the result is written: the shape and type of the result, C-contiguous, `axis` last.

    Returns
    -------
    ndarray
        Nats, same shape as `logits`, same float type (float64 for integers).

    Raises
    ------
    ValueError
        If a row holds nothing but -inf (SciPy and PyTorch return NaN), or a NaN or +inf.

    References
    ----------
    Blanchard, P., Higham, D. J. and Higham, N. J. (2021). Accurately computing the log-sum-exp and softmax functions.
    IMA Journal of Numerical Analysis 41(4).

    Examples
    --------
    >>> log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    rows, axis = _as_rows(logits, axis)
    result = _result_like(rows, out)
    for part, _, top, shifted, scratch in _shifted_blocks(rows):
        others = _sum_of_others(shifted, top, scratch)
        # a float16 result may well be past -65504, which is its -inf
        with np.errstate(over="ignore"):
            np.subtract(
                shifted,
                np.log1p(others),
                out=result.reshape(-1, rows.shape[-1])[part],
                casting="same_kind",
            )
    return np.moveaxis(result, -1, axis)


def softmax_jacobian(probs):
    """Derivatives of softmax by its logits, ∂p_i/∂z_j = p_i (δ_ij − p_j), that is diag(p) − p pᵀ (book, section 3.2).

    The matrix is symmetric, its rows sum to zero, and it is never needed whole: see
    `softmax_backward`.

    Parameters
    ----------
    probs : array-like of shape (..., V)
        The output of `softmax`.

    Returns
    -------
    ndarray of shape (..., V, V)

    Raises
    ------
    ValueError
        If `probs` is empty.

    Examples
    --------
    >>> softmax_jacobian([0.25, 0.75])
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    probs = as_floats(probs, "probs")
    return probs[..., :, None] * (np.eye(probs.shape[-1], dtype=probs.dtype) - probs[..., None, :])


def softmax_backward(probs, grad):
    """The softmax Jacobian times a vector without the Jacobian, p ⊙ (g − ⟨p, g⟩) (book, section 3.2).

    As the Jacobian is symmetric this is both the forward and the reverse derivative, in O(V)
    instead of O(V²).

    Parameters
    ----------
    probs : array-like of shape (..., V)
        The output of `softmax`.
    grad : array-like of shape (..., V)
        Derivative of a loss by `probs`.

    Returns
    -------
    ndarray of shape (..., V)
        Derivative of the loss by the logits.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> softmax_backward([0.25, 0.75], [1.0, 0.0])       # the first column of the Jacobian
    array([ 0.1875, -0.1875])
    """
    probs, grad = as_floats(probs, "probs"), as_floats(grad, "grad")
    if probs.shape != grad.shape:
        raise ValueError(
            f"probs has shape {probs.shape} and grad {grad.shape}: pass one derivative a"
            " probability"
        )
    return probs * (grad - (probs * grad).sum(axis=-1, keepdims=True))


def apply_temperature(logits, temperature):
    """Logits of the distribution p_v ∝ e^{z_v/τ} (book, section 3.5).

    Below 1 the distribution sharpens towards the largest logit, above 1 it flattens towards the
    uniform.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans an entry and stays -inf.
    temperature : float
        τ > 0. The limit τ → 0 is the argmax, which `lmcore.decoding.greedy` takes without dividing.

    Returns
    -------
    ndarray of shape (..., V)

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number.

    References
    ----------
    Ackley, D. H., Hinton, G. E. and Sejnowski, T. J. (1985). A Learning Algorithm for Boltzmann Machines.
    Cognitive Science 9(1).

    Examples
    --------
    >>> apply_temperature([2.0, 0.0, -np.inf], temperature=0.5)
    array([  4.,   0., -inf])
    """
    logits = as_floats(logits, "logits")
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"temperature must be a positive finite number, got {temperature}; for the limit 0 take"
            " the argmax (lmcore.decoding.greedy), for the limit infinity the uniform distribution"
        )
    # A Python float keeps float16 and float32 logits in their own type.
    return logits / float(temperature)


def entropy_slope(logits, temperature=1.0):
    """Slope of entropy against temperature, dH/dτ = Var_p(z) / τ³ ≥ 0 (book, section 3.5).

    The variance is taken under p_v ∝ e^{z_v/τ}; entropy therefore never falls as temperature rises.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans an entry, which then has no part in the variance.
    temperature : float, default 1.0
        τ > 0.

    Returns
    -------
    ndarray of shape (...) or float
        Nats per unit of temperature.

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number or a row is all -inf.

    Examples
    --------
    >>> float(entropy_slope([1.0, -1.0]).round(6))       # two logits ±1: 1 − tanh²(1)
    0.419974
    """
    scaled = apply_temperature(logits, temperature)
    probs = softmax(scaled)
    scaled = np.where(probs > 0, scaled, 0)
    centred = scaled - (probs * scaled).sum(axis=-1, keepdims=True)
    return (probs * centred * centred).sum(axis=-1) / float(temperature)


def gumbel_max(logits, rng):
    """Draw token ids with probability softmax(z) as argmax(z + g), g standard Gumbel noise (book, section 3.5).

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans an entry.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of int64 of shape (...) or int

    Raises
    ------
    ValueError
        If a row is all -inf.

    References
    ----------
    Gumbel, E. J. (1954). Statistical Theory of Extreme Values and Some Practical Applications.
    Maddison, C. J., Tarlow, D. and Minka, T. (2014). A* Sampling. NeurIPS.

    Examples
    --------
    >>> int(gumbel_max([0.0, -np.inf], np.random.default_rng(0)))
    0
    """
    logits = as_floats(logits, "logits")
    _refuse_unnormalisable(logits.max(axis=-1))
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)[()]


def _as_rows(logits, axis):
    """The array with `axis` moved to the end, and that axis as a non-negative number."""
    logits = as_floats(logits, "logits")
    if not -logits.ndim <= axis < logits.ndim:
        raise ValueError(f"axis {axis} is out of range for logits of shape {logits.shape}")
    return np.moveaxis(logits, axis, -1), axis % logits.ndim


def _result_like(rows, out):
    """`out` once it is seen to fit, or a new array of the rows' shape and type."""
    if out is None:
        return np.empty(rows.shape, dtype=rows.dtype)
    if out.shape != rows.shape or out.dtype != rows.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be C-contiguous of shape {rows.shape} and type {rows.dtype} with the"
            f" vocabulary last, got shape {out.shape} and type {out.dtype}"
        )
    return out


def _refuse_unnormalisable(peaks, first=0):
    """Raise unless every row's largest logit is finite; `first` is the number of the first row."""
    if not np.isfinite(peaks).all():
        peaks = np.ravel(peaks)
        row = int(np.argmin(np.isfinite(peaks)))
        cause = (
            "bans every token: leave at least one logit finite"
            if peaks[row] == -np.inf
            else "holds NaN or +inf: look for an overflow before the logits"
        )
        raise ValueError(f"logits row {first + row} {cause} (its maximum is {peaks[row]})")


def _shifted_blocks(rows):
    """Walk over the rows a block at a time, as (which rows, their maxima m, the maxima's columns, z − m, scratch)."""
    size = rows.shape[-1]
    flat = rows.reshape(-1, size)
    dtype = accumulator(rows.dtype)
    blocks = row_blocks(len(flat), size, dtype.itemsize)
    buffers = np.empty((2, blocks[0].stop, size), dtype=dtype)
    for part in blocks:
        block = flat[part]
        shifted, scratch = buffers[:, : len(block)]
        top = block.argmax(axis=1)[:, None]
        peak = np.take_along_axis(block, top, axis=1).astype(dtype, copy=False)
        _refuse_unnormalisable(peak[:, 0], first=part.start)
        np.subtract(block, peak, out=shifted)
        yield part, peak, top, shifted, scratch


def _sum_of_others(shifted, top, scratch):
    """Σ e^{z−m} over all entries but the largest, whose own term is exactly 1; the terms stay in `scratch`."""
    np.exp(shifted, out=scratch)
    np.put_along_axis(scratch, top, 0, axis=1)
    return scratch.sum(axis=1, keepdims=True)

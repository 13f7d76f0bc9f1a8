"""From hidden states to next-token distributions: LM head, softmax, log-softmax (chapter 3).

The vocabulary lies on the last axis unless `axis` says otherwise. Logarithms are natural, so
everything is in nats. A logit of -inf bans its token; a row in which every token is banned has no
distribution and raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator, row_blocks
from lmcore._checks import (
    as_axis,
    as_floats,
    as_generator,
    as_logits,
    as_temperature,
    check_peaks,
)
from lmcore._typing import Floats, Integers


def lm_head(hidden: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Floats:
    """Logits of every vocabulary entry from hidden states: z = h Wᵀ + b (book, section 3.1).

    With tied embeddings `weight` is the embedding matrix E itself and there is no bias.

    Parameters
    ----------
    hidden : array-like of shape (..., d)
        Hidden states, usually (batch, time, d).
    weight : array-like of shape (V, d)
        One row per vocabulary entry, as embedding matrices are stored.
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
    hidden, weight = as_floats(hidden, "hidden"), as_floats(weight, "weight", axis=None)
    if weight.ndim != 2 or hidden.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"hidden has shape {hidden.shape} and weight {weight.shape}: weight must be (V, d) "
            f"with d = {hidden.shape[-1]}; a matrix stored as (d, V) must be transposed first"
        )
    logits = hidden @ weight.T
    if bias is None:
        return logits
    bias = as_floats(bias, "bias")
    if bias.shape != (weight.shape[0],):
        raise ValueError(
            f"bias has shape {bias.shape}, but weight has V = {weight.shape[0]} rows: "
            "pass one bias per vocabulary entry"
        )
    return logits + bias.astype(logits.dtype, copy=False)


def logsumexp(logits: ArrayLike, axis: int = -1, keepdims: bool = False) -> Floats:
    """Logarithm of a sum of exponentials, log Σ e^z (book, sections 3.3 and 3.4).

    Computed as m + log Σ e^{z−m} with m = max z. The largest term is e⁰ = 1 exactly; the others
    are summed apart from it and added inside log1p, so that even a sum within rounding of 1 keeps
    its relative accuracy.

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
        Nats, in the type of `logits` (float64 for integers); a scalar for one row. A row of
        nothing but -inf gives -inf, the logarithm of a sum of zeros, as in SciPy, in PyTorch and in
        `lmcore.conditioning.mixture_log_prob`. (`softmax` and `log_softmax` raise there: zeros
        cannot be normalised.)

    Raises
    ------
    ValueError
        If a row holds NaN or +inf.

    References
    ----------
    Blanchard, P., Higham, D. J. and Higham, N. J. (2021). Accurately computing the log-sum-exp and
    softmax functions. IMA Journal of Numerical Analysis 41(4).

    Examples
    --------
    >>> float(logsumexp([1000.0, 1000.0]).round(4))       # 1000 + log 2
    1000.6931
    """
    rows, axis = _as_rows(logits, axis)
    result = np.empty(rows.shape[:-1] + (1,), dtype=rows.dtype)
    for block in _exponentials(rows, empty_sums=True):
        result.reshape(-1, 1)[block.rows] = block.peak + np.log1p(block.others)
    result = np.moveaxis(result, -1, axis)
    return result if keepdims else np.squeeze(result, axis=axis)[()]


def softmax(logits: ArrayLike, axis: int = -1, out: Floats | None = None) -> Floats:
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
    Bridle, J. S. (1990). Probabilistic Interpretation of Feedforward Classification Network
    Outputs. Neurocomputing, NATO ASI Series 68.

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    """
    rows, axis = _as_rows(logits, axis)
    result = _result_like(rows, out)
    for block in _exponentials(rows):
        into = result.reshape(-1, rows.shape[-1])[block.rows]
        np.divide(block.terms, 1 + block.others, out=into, casting="same_kind")
    return np.moveaxis(result, -1, axis)


def log_softmax(logits: ArrayLike, axis: int = -1, out: Floats | None = None) -> Floats:
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
    Blanchard, P., Higham, D. J. and Higham, N. J. (2021). Accurately computing the log-sum-exp and
    softmax functions. IMA Journal of Numerical Analysis 41(4).

    Examples
    --------
    >>> log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    rows, axis = _as_rows(logits, axis)
    result = _result_like(rows, out)
    for block in _exponentials(rows):
        into = result.reshape(-1, rows.shape[-1])[block.rows]
        # a float16 result may well be past -65504, which is its -inf
        with np.errstate(over="ignore"):
            np.subtract(block.shifted, np.log1p(block.others), out=into, casting="same_kind")
    return np.moveaxis(result, -1, axis)


def softmax_jacobian(probs: ArrayLike) -> Floats:
    """Jacobian of softmax with respect to the logits, diag(p) − p pᵀ (book, section 3.2).

    Its entries are ∂p_i/∂z_j = p_i (δ_ij − p_j). The matrix is symmetric, its rows sum to zero,
    and it is never needed whole: see `softmax_backward`.

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


def softmax_backward(probs: ArrayLike, grad: ArrayLike) -> Floats:
    """The softmax Jacobian times a vector, p ⊙ (g − ⟨p, g⟩), matrix-free (book, section 3.2).

    As the Jacobian is symmetric this is both the forward and the reverse derivative, in O(V)
    instead of O(V²).

    Parameters
    ----------
    probs : array-like of shape (..., V)
        The output of `softmax`.
    grad : array-like of shape (..., V)
        Derivative of a loss with respect to `probs`.

    Returns
    -------
    ndarray of shape (..., V)
        Derivative of the loss with respect to the logits, in the wider of the two types.

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
            f"probs has shape {probs.shape} and grad {grad.shape}: pass one derivative per "
            "probability"
        )
    dtype = np.result_type(probs, grad)
    wide = accumulator(dtype)
    mean = np.multiply(probs, grad, dtype=wide).sum(axis=-1, keepdims=True)
    result = np.subtract(grad, mean, dtype=wide)
    result *= probs
    return result.astype(dtype, copy=False)


def apply_temperature(logits: ArrayLike, temperature: float) -> Floats:
    """Logits of the distribution p_v ∝ e^{z_v/τ} (book, section 3.5).

    Below 1 the distribution sharpens towards the largest logit, above 1 it flattens towards the
    uniform.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans an entry and stays -inf.
    temperature : float
        τ > 0. The limit τ → 0 is the argmax, which `lmcore.decoding.greedy` takes without
        dividing.

    Returns
    -------
    ndarray of shape (..., V)

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number.

    References
    ----------
    Ackley, D. H., Hinton, G. E. and Sejnowski, T. J. (1985). A Learning Algorithm for Boltzmann
    Machines. Cognitive Science 9(1).

    Examples
    --------
    >>> apply_temperature([2.0, 0.0, -np.inf], temperature=0.5)
    array([  4.,   0., -inf])
    """
    logits = as_floats(logits, "logits")
    # a Python float keeps float16 and float32 logits in their own type
    return logits / as_temperature(temperature)


def entropy_slope(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """Slope of entropy against temperature, dH/dτ = Var_p(z) / τ³ ≥ 0 (book, section 3.5).

    The variance is taken under p_v ∝ e^{z_v/τ}; entropy therefore never falls as temperature rises.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        -inf bans an entry, which then does not count in the variance.
    temperature : float, default 1.0
        τ > 0.

    Returns
    -------
    ndarray of shape (...) or float
        Nats per unit of temperature, in the type of `logits`.

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number or a row is all -inf.

    Examples
    --------
    >>> float(entropy_slope([1.0, -1.0]).round(6))       # two logits ±1: 1 − tanh²(1)
    0.419974
    """
    logits, temperature = as_logits(logits), as_temperature(temperature)
    rows = logits.reshape(-1, logits.shape[-1])
    slopes = np.empty(len(rows), dtype=accumulator(logits.dtype))
    for part in row_blocks(*rows.shape, slopes.itemsize):
        scaled = rows[part].astype(slopes.dtype) / temperature
        probs = softmax(scaled)
        scaled[probs == 0] = 0
        scaled -= (probs * scaled).sum(axis=-1, keepdims=True)
        slopes[part] = (probs * scaled * scaled).sum(axis=-1) / temperature
    return slopes.reshape(logits.shape[:-1]).astype(logits.dtype, copy=False)[()]


def gumbel_max(logits: ArrayLike, rng: np.random.Generator) -> Integers:
    """Draw token ids with probability softmax(z) as argmax(z + g) (book, section 3.5).

    g is standard Gumbel noise, one number per token.

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
    logits, rng = as_logits(logits), as_generator(rng)
    rows = logits.reshape(-1, logits.shape[-1])
    tokens = np.empty(len(rows), dtype=np.intp)
    for part in row_blocks(*rows.shape, itemsize=8):
        block = rows[part]
        tokens[part] = (block + rng.gumbel(size=block.shape)).argmax(axis=-1)
    return tokens.reshape(logits.shape[:-1])[()]


def _as_rows(logits: ArrayLike, axis: int) -> tuple[Floats, int]:
    """The array with `axis` moved to the end, and that axis as a non-negative number."""
    array = as_floats(logits, "logits", axis)
    axis = as_axis(axis, array.ndim, "logits")
    return np.moveaxis(array, axis, -1), axis


def _result_like(rows: Floats, out: Floats | None) -> Floats:
    """`out` if it fits, otherwise a new array of the rows' shape and type."""
    if out is None:
        return np.empty(rows.shape, dtype=rows.dtype)
    if out.shape != rows.shape or out.dtype != rows.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out must be C-contiguous of shape {rows.shape} and type {rows.dtype} with the "
            f"vocabulary last, got shape {out.shape} and type {out.dtype}"
        )
    return out


class _Block(NamedTuple):
    """Some rows of logits, with m the largest of each: n rows, buffers of shape (n, V)."""

    rows: slice
    peak: Floats  # m, (n, 1)
    shifted: Floats  # z − m
    terms: Floats  # e^{z−m}
    others: Floats  # Σ e^{z−m} without the largest term, which is exactly 1; (n, 1)


def _exponentials(rows: Floats, empty_sums: bool = False) -> Iterator[_Block]:
    """Walk over the rows a block at a time; the buffers are used again for the next block.

    A row of nothing but -inf raises unless `empty_sums`, where it counts as m = -inf and no others.
    """
    shape, size = rows.shape[:-1], rows.shape[-1]
    flat = rows.reshape(-1, size)
    dtype = accumulator(rows.dtype)
    buffers = None
    for part in row_blocks(len(flat), size, dtype.itemsize):
        logits = flat[part]
        if buffers is None:
            buffers = np.empty((2, *logits.shape), dtype=dtype)
        shifted, terms = buffers[:, : len(logits)]
        top = logits.argmax(axis=1)[:, None]
        peak = np.take_along_axis(logits, top, axis=1).astype(dtype, copy=False)
        empty = peak == -np.inf
        check_peaks(
            np.where(empty, 0, peak)[:, 0] if empty_sums else peak[:, 0],
            "logits",
            part.start,
            shape,
        )
        np.subtract(logits, np.where(empty, 0, peak), out=shifted)
        np.exp(shifted, out=terms)
        np.put_along_axis(terms, top, 0, axis=1)
        others = terms.sum(axis=1, keepdims=True)
        np.put_along_axis(terms, top, 1, axis=1)
        yield _Block(part, peak, shifted, terms, others)

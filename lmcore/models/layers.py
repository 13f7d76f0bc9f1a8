"""The layers of neural language models, each with its gradient by hand (sections 8.3 to 8.5).

Every layer is a pair of pure functions: ``out, cache = layer(x, ...)`` and ``d_x, ... =
layer_backward(d_out, cache)``, where ``d_out`` is the derivative of the loss with respect to
``out`` and ``cache`` holds what the forward pass need not compute twice. float16, float32 and
float64 come out as they went in; float16 is computed in float32.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator, row_blocks
from lmcore._checks import as_floats
from lmcore._typing import Floats, Integers

_GELU_SCALE = float(np.sqrt(2 / np.pi))
_GELU_CUBIC = 0.044715
# |erf(x)| is 1 beyond it, to the last bit of float64
_ERF_END = 6.0

__all__ = [
    "GeluCache",
    "LayerNormCache",
    "embedding_backward",
    "gelu",
    "gelu_backward",
    "layer_norm",
    "layer_norm_backward",
    "linear_backward",
]


def linear_backward(d_out: Floats, x: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Gradients of ``out = x W + b``: ∂x = ∂out Wᵀ, ∂W = xᵀ ∂out, ∂b = Σ ∂out (book, section 8.3).

    Parameters
    ----------
    d_out : ndarray of shape (..., n_out)
        Derivative of the loss with respect to the output.
    x : ndarray of shape (..., n_in)
        The layer's input; all leading axes are summed over in ∂W and ∂b.
    weight : ndarray of shape (n_in, n_out)

    Returns
    -------
    d_x : ndarray of shape (..., n_in)
    d_weight : ndarray of shape (n_in, n_out)
    d_bias : ndarray of shape (n_out,)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> d_out, x, weight = np.array([[1.0]]), np.array([[2.0, 3.0]]), np.array([[4.0], [5.0]])
    >>> d_x, d_weight, d_bias = linear_backward(d_out, x, weight)
    >>> d_x, d_weight.ravel(), d_bias
    (array([[4., 5.]]), array([2., 3.]), array([1.]))
    """
    if x.shape[-1:] + d_out.shape[-1:] != weight.shape or x.shape[:-1] != d_out.shape[:-1]:
        raise ValueError(
            f"x {x.shape} and d_out {d_out.shape} do not fit weight {weight.shape}: "
            "they must be (..., n_in), (..., n_out) and (n_in, n_out)"
        )
    rows, d_rows = x.reshape(-1, x.shape[-1]), d_out.reshape(-1, d_out.shape[-1])
    return d_out @ weight.T, rows.T @ d_rows, _column_sums(d_rows)


def _column_sums(rows: Floats) -> Floats:
    """Sum over the first axis as a product with ones: faster in BLAS than `sum`, and blocked."""
    return np.ones(len(rows), dtype=rows.dtype) @ rows


def embedding_backward(d_out: Floats, ids: Integers, n_rows: int) -> Floats:
    """Gradient of an embedding table, from that of the rows looked up in it (book, section 8.3).

    Row v gets Σ of ``d_out`` where ``ids == v``: rows are sorted by id, and runs of one id added.
    `np.add.at`, the literal transcription, is slower, and a product with one-hot rows needs a row
    of n_rows numbers per id.

    Parameters
    ----------
    d_out : ndarray of shape (..., d)
    ids : ndarray of int of shape (...)
    n_rows : int
        Rows of the table.

    Returns
    -------
    ndarray of shape (n_rows, d)

    Raises
    ------
    ValueError
        If `d_out` does not hold one row for each id.

    Examples
    --------
    >>> d_out, ids = np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1])
    >>> embedding_backward(d_out, ids, n_rows=3).ravel()
    array([2., 5., 0.])
    """
    if d_out.shape[:-1] != ids.shape:
        raise ValueError(
            f"d_out has shape {d_out.shape} and ids {ids.shape}: pass one row of d_out per id"
        )
    flat, rows = ids.reshape(-1), as_floats(d_out, "d_out").reshape(-1, d_out.shape[-1])
    order = np.argsort(flat, kind="stable")
    found, begins = np.unique(flat[order], return_index=True)
    table = np.zeros((n_rows, rows.shape[1]), dtype=rows.dtype)
    table[found] = np.add.reduceat(rows[order], begins, axis=0, dtype=accumulator(rows.dtype))
    return table


class LayerNormCache(NamedTuple):
    """What `layer_norm_backward` needs: normalised rows (n, d), 1/√(σ² + ε) of each, and g.

    Attributes
    ----------
    normed : ndarray of shape (n, d)
    inverse_std : ndarray of shape (n,)
    gain : ndarray of shape (d,)
    """

    normed: Floats
    inverse_std: Floats
    gain: Floats


def layer_norm(
    x: ArrayLike, gain: ArrayLike, bias: ArrayLike, eps: float = 1e-5
) -> tuple[Floats, LayerNormCache]:
    """Each row to mean 0 and variance 1, then g ⊙ (x − μ)/√(σ² + ε) + b (book, section 8.5).

    Parameters
    ----------
    x : array-like of shape (..., d)
    gain, bias : array-like of shape (d,)
    eps : float, default 1e-5
        Keeps a constant row finite; PyTorch's and GPT-2's value. The variance divides by d, as
        theirs does.

    Returns
    -------
    out : ndarray of shape (..., d)
    cache : LayerNormCache
        For `layer_norm_backward`.

    Raises
    ------
    ValueError
        If `gain` or `bias` is not of shape (d,).

    References
    ----------
    Ba, J. L., Kiros, J. R. and Hinton, G. E. (2016). Layer Normalization. arXiv:1607.06450.

    Examples
    --------
    >>> out, _ = layer_norm([[1.0, 3.0]], gain=[1.0, 1.0], bias=[0.0, 10.0], eps=0.0)
    >>> out
    array([[-1., 11.]])
    """
    x, gain, bias = as_floats(x, "x"), as_floats(gain, "gain"), as_floats(bias, "bias")
    width = x.shape[-1]
    if gain.shape != (width,) or bias.shape != (width,):
        raise ValueError(
            f"gain {gain.shape} and bias {bias.shape} must both have shape ({width},) for x "
            f"{x.shape}"
        )
    dtype = accumulator(x.dtype)
    rows, gain = x.astype(dtype, copy=False).reshape(-1, width), gain.astype(dtype, copy=False)
    # a product with it is a mean, at the speed of BLAS
    average = np.full(width, 1 / width, dtype=dtype)
    normed = rows - (rows @ average)[:, None]
    inverse_std = 1 / np.sqrt(_row_dots(normed, normed) / width + dtype.type(eps))
    normed *= inverse_std[:, None]
    out = normed * gain
    out += bias.astype(dtype, copy=False)
    cache = LayerNormCache(normed, inverse_std, gain)
    return out.reshape(x.shape).astype(x.dtype, copy=False), cache


def layer_norm_backward(d_out: ArrayLike, cache: LayerNormCache) -> tuple[Floats, Floats, Floats]:
    """Gradients of `layer_norm` with respect to its input, gain and bias (book, section 8.5).

    With n the normalised rows and δ = g ⊙ ∂out: ∂x = (δ − mean(δ) − n mean(δ ⊙ n)) / √(σ² + ε), ∂g
    = Σ ∂out ⊙ n, ∂b = Σ ∂out.

    Parameters
    ----------
    d_out : array-like of shape (..., d)
    cache : LayerNormCache
        As `layer_norm` returned it.

    Returns
    -------
    d_x : ndarray of shape (..., d)
    d_gain, d_bias : ndarray of shape (d,)

    Examples
    --------
    Two entries are normalised to ±1 whatever they are, so their gradient is 0:

    >>> out, cache = layer_norm([[1.0, 3.0]], gain=[1.0, 1.0], bias=[0.0, 0.0], eps=0.0)
    >>> d_x, d_gain, d_bias = layer_norm_backward([[5.0, 7.0]], cache)
    >>> d_x, d_gain, d_bias
    (array([[0., 0.]]), array([-5.,  7.]), array([5., 7.]))
    """
    d_out = as_floats(d_out, "d_out")
    normed, inverse_std, gain = cache
    width = normed.shape[1]
    rows = d_out.astype(normed.dtype, copy=False).reshape(-1, width)
    d_gain, d_bias = np.einsum("nd,nd->d", rows, normed), _column_sums(rows)
    d_x = rows * gain
    mean = d_x @ np.full(width, 1 / width, dtype=normed.dtype)
    slope = _row_dots(d_x, normed) / width
    d_x -= mean[:, None]
    d_x -= normed * slope[:, None]
    d_x *= inverse_std[:, None]
    dtype = d_out.dtype
    return (
        d_x.reshape(d_out.shape).astype(dtype, copy=False),
        d_gain.astype(dtype, copy=False),
        d_bias.astype(dtype, copy=False),
    )


def _row_dots(a: Floats, b: Floats) -> Floats:
    """Inner product of each row of `a` with the same row of `b`."""
    return np.einsum("nd,nd->n", a, b)


class GeluCache(NamedTuple):
    """What `gelu_backward` needs: the flattened input, and the tanh or erf of each entry.

    Attributes
    ----------
    x : ndarray of shape (n,)
    gate : ndarray of shape (n,)
    approximate : {"tanh", "none"}
    """

    x: Floats
    gate: Floats
    approximate: str


def gelu(x: ArrayLike, approximate: Literal["tanh", "none"] = "tanh") -> tuple[Floats, GeluCache]:
    """The GELU non-linearity, x Φ(x), exactly or in its tanh form (book, section 8.5).

    Φ is the standard normal distribution function, (1 + erf(x/√2))/2. GPT-2's form replaces it by
    (1 + tanh(√(2/π)(x + 0.044715 x³)))/2, up to 5e-4 away. x³ is written x·x·x: the power operator
    is some 80 times slower on float32.

    Parameters
    ----------
    x : array-like
    approximate : {"tanh", "none"}, default "tanh"
        "none" is the exact function. The names are PyTorch's, whose default is "none".

    Returns
    -------
    out : ndarray
        Shape and type of `x`.
    cache : GeluCache
        For `gelu_backward`.

    Raises
    ------
    ValueError
        If `approximate` is unknown.

    References
    ----------
    Hendrycks, D. and Gimpel, K. (2016). Gaussian Error Linear Units. arXiv:1606.08415.

    Examples
    --------
    >>> gelu([-10.0, 0.0, 1.0, 10.0])[0].round(4) + 0.0
    array([ 0.    ,  0.    ,  0.8412, 10.    ])
    >>> gelu([1.0], approximate="none")[0].round(4)
    array([0.8413])
    """
    if approximate not in ("tanh", "none"):
        raise ValueError(f"approximate must be 'tanh' or 'none', got {approximate!r}")
    x = as_floats(x, "x")
    wide = x.astype(accumulator(x.dtype), copy=False).reshape(-1)
    out, gate = np.empty_like(wide), np.empty_like(wide)
    # every pass over a block finds its numbers in cache
    for part in row_blocks(wide.size, 1, wide.itemsize):
        block, inner, result = wide[part], gate[part], out[part]
        if approximate == "tanh":
            np.multiply(block, block, out=inner)
            inner *= _GELU_SCALE * _GELU_CUBIC
            inner += _GELU_SCALE
            inner *= block
            np.tanh(inner, out=inner)
        else:
            inner[...] = _erf(block * math.sqrt(0.5))
        np.add(inner, 1, out=result)
        result *= block
        result *= 0.5
    cache = GeluCache(wide, gate, approximate)
    return out.reshape(x.shape).astype(x.dtype, copy=False), cache


def gelu_backward(d_out: ArrayLike, cache: GeluCache) -> Floats:
    """Gradient of `gelu`, ∂x = ∂out · ½ (1 + t + x t′) (book, section 8.5).

    In the tanh form t = tanh u with u = √(2/π)(x + 0.044715 x³), so t′ = (1 − t²) √(2/π)(1 + 3 ·
    0.044715 x²). In the exact form t = erf(x/√2), so t′ = √(2/π) e^{−x²/2}.

    Parameters
    ----------
    d_out : array-like
        Shape of the layer's input.
    cache : GeluCache
        As `gelu` returned it.

    Returns
    -------
    ndarray
        Shape and type of `d_out`.

    Examples
    --------
    >>> _, cache = gelu([-10.0, 0.0, 10.0])
    >>> gelu_backward([1.0, 1.0, 1.0], cache).round(4) + 0.0
    array([0. , 0.5, 1. ])
    """
    d_out = as_floats(d_out, "d_out")
    x, gate, approximate = cache
    incoming = d_out.astype(x.dtype, copy=False).reshape(-1)
    d_x = np.empty_like(x)
    for part in row_blocks(x.size, 1, x.itemsize):
        block, t, result = x[part], gate[part], d_x[part]
        slope = block * block
        if approximate == "tanh":
            slope *= 3 * _GELU_SCALE * _GELU_CUBIC
            slope += _GELU_SCALE
            slope *= block
            np.multiply(t, t, out=result)
            np.subtract(1, result, out=result)
            result *= slope
        else:
            slope *= -0.5
            np.exp(slope, out=slope)
            slope *= _GELU_SCALE
            np.multiply(slope, block, out=result)
        result += t
        result += 1
        result *= 0.5
        result *= incoming[part]
    return d_x.reshape(d_out.shape).astype(d_out.dtype, copy=False)


def _erf(x: Floats) -> Floats:
    """The error function, which NumPy lacks: to 1e-14 in float64, 3e-7 in float32."""
    t = np.minimum(np.abs(x), _ERF_END)
    t *= 2 / _ERF_END
    t -= 1
    first, *rest = _erf_coefficients(44 if x.dtype == np.float64 else 24)
    # Clenshaw's recurrence
    above, value = np.zeros_like(t), np.zeros_like(t)
    for coefficient in reversed(rest):
        above, value = value, 2 * t * value - above + coefficient
    return np.copysign(t * value - above + first, x)


@cache
def _erf_coefficients(degree: int) -> tuple[float, ...]:
    """erf between 0 and its end as a Chebyshev series, from its values at the Chebyshev points."""
    angles = (np.arange(degree + 1) + 0.5) * np.pi / (degree + 1)
    values = np.array([math.erf(_ERF_END * (1 + math.cos(angle)) / 2) for angle in angles])
    coefficients = 2 / (degree + 1) * np.cos(np.outer(np.arange(degree + 1), angles)) @ values
    coefficients[0] /= 2
    # Python floats keep float32 in its type
    return tuple(coefficients.tolist())

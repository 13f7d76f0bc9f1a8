"""The layers that neural language models are built of, each with its gradient by hand (book, sections 8.3 to 8.5).

Every layer is a pair of pure functions: ``out, cache = layer(x, ...)`` and ``d_x, ... = layer_backward(d_out, cache)``,
where ``d_out`` is the loss's derivative by ``out`` and ``cache`` holds what the forward pass need not compute twice.
float16, float32 and float64 come out as they went in; float16 is worked in float32.
"""

from functools import lru_cache

import numpy as np

from lmcore._arrays import accumulator, as_floats, row_blocks

_GELU_SCALE = float(np.sqrt(2 / np.pi))
_GELU_CUBIC = 0.044715


__all__ = ["attention", "attention_backward", "embedding_backward", "gelu", "gelu_backward", "layer_norm",
           "layer_norm_backward", "linear_backward", "rotary"]


def linear_backward(d_out, x, weight):
    """Gradients of ``out = x W + b``: ∂x = ∂out Wᵀ, ∂W = xᵀ ∂out, ∂b = Σ ∂out (book, section 8.3).

    Parameters
    ----------
    d_out : ndarray of shape (..., n_out)
        Derivative of the loss by the output.
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
    >>> d_x, d_weight, d_bias = linear_backward(np.array([[1.0]]), np.array([[2.0, 3.0]]), np.array([[4.0], [5.0]]))
    >>> d_x, d_weight.ravel(), d_bias
    (array([[4., 5.]]), array([2., 3.]), array([1.]))
    """
    if x.shape[-1:] + d_out.shape[-1:] != weight.shape or x.shape[:-1] != d_out.shape[:-1]:
        raise ValueError(f"x {x.shape} and d_out {d_out.shape} do not fit weight {weight.shape}: "
                         f"they must be (..., n_in), (..., n_out) and (n_in, n_out)")
    rows, d_rows = x.reshape(-1, x.shape[-1]), d_out.reshape(-1, d_out.shape[-1])
    return d_out @ weight.T, rows.T @ d_rows, _column_sums(d_rows)


def _column_sums(rows):
    """Sum over the first axis, as a product with ones: BLAS is faster at it than `sum`, and sums in blocks."""
    return np.ones(len(rows), dtype=rows.dtype) @ rows


def embedding_backward(d_out, ids, n_rows):
    """Gradient of a table by the rows looked up in it: row v gets Σ of ``d_out`` where ``ids == v`` (book, section 8.3).

    Sorting the ids and adding runs would also do; for small tables a one-hot product is faster, and both leave
    `np.add.at`, the literal transcription, far behind.

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
    >>> embedding_backward(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), n_rows=3).ravel()
    array([2., 5., 0.])
    """
    if d_out.shape[:-1] != ids.shape:
        raise ValueError(f"d_out has shape {d_out.shape} and ids {ids.shape}: pass one row of d_out an id")
    one_hot = np.zeros((ids.size, n_rows), dtype=d_out.dtype)
    one_hot[np.arange(ids.size), ids.reshape(-1)] = 1
    return one_hot.T @ d_out.reshape(ids.size, -1)


def layer_norm(x, gain, bias, eps=1e-5):
    """Each row to mean 0 and variance 1, then scaled: g ⊙ (x − μ)/√(σ² + ε) + b (book, section 8.5).

    Parameters
    ----------
    x : array-like of shape (..., d)
    gain, bias : array-like of shape (d,)
    eps : float, default 1e-5
        Keeps a constant row finite; PyTorch's and GPT-2's value. The variance divides by d, as theirs does.

    Returns
    -------
    out : ndarray of shape (..., d)
    cache : tuple
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
        raise ValueError(f"gain {gain.shape} and bias {bias.shape} must both have shape ({width},) for x {x.shape}")
    dtype = accumulator(x.dtype)
    rows, gain = x.astype(dtype, copy=False).reshape(-1, width), gain.astype(dtype, copy=False)
    average = np.full(width, 1 / width, dtype=dtype)          # a product with it is a mean, at the speed of BLAS
    normed = rows - (rows @ average)[:, None]
    inverse_std = 1 / np.sqrt(_row_dots(normed, normed) / width + dtype.type(eps))
    normed *= inverse_std[:, None]
    out = normed * gain
    out += bias.astype(dtype, copy=False)
    return out.reshape(x.shape).astype(x.dtype, copy=False), (normed, inverse_std, gain)


def layer_norm_backward(d_out, cache):
    """Gradients of `layer_norm` by its input, gain and bias (book, section 8.5).

    With n the normalised rows and δ = g ⊙ ∂out: ∂x = (δ − mean(δ) − n mean(δ ⊙ n)) / √(σ² + ε), ∂g = Σ ∂out ⊙ n, ∂b = Σ ∂out.

    Parameters
    ----------
    d_out : array-like of shape (..., d)
    cache : tuple
        As `layer_norm` returned it.

    Returns
    -------
    d_x : ndarray of shape (..., d)
    d_gain, d_bias : ndarray of shape (d,)

    Examples
    --------
    Two entries are normalised to ±1 whatever they are, so nothing flows back to them:

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
    return tuple(a.astype(d_out.dtype, copy=False) for a in (d_x.reshape(d_out.shape), d_gain, d_bias))


def _row_dots(a, b):
    """Inner product of each row of `a` with the same row of `b`."""
    return np.einsum("nd,nd->n", a, b)


def gelu(x):
    """The GELU non-linearity in its tanh form, x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))) (book, section 8.5).

    GPT-2's form. PyTorch's default is x Φ(x) with the error function, up to 5e-4 away; ``approximate="tanh"`` is this
    one. x³ is written x·x·x: the power operator is some 80 times slower on float32.

    Parameters
    ----------
    x : array-like

    Returns
    -------
    out : ndarray
        Shape and type of `x`.
    cache : tuple
        For `gelu_backward`.

    References
    ----------
    Hendrycks, D. and Gimpel, K. (2016). Gaussian Error Linear Units. arXiv:1606.08415.

    Examples
    --------
    >>> gelu([-10.0, 0.0, 1.0, 10.0])[0].round(4) + 0.0
    array([ 0.    ,  0.    ,  0.8412, 10.    ])
    """
    x = as_floats(x, "x")
    wide = x.astype(accumulator(x.dtype), copy=False).reshape(-1)
    out, gate = np.empty_like(wide), np.empty_like(wide)
    for part in row_blocks(wide.size, 1, wide.itemsize):      # every pass below then finds its numbers in cache
        block, inner, result = wide[part], gate[part], out[part]
        np.multiply(block, block, out=inner)
        inner *= _GELU_SCALE * _GELU_CUBIC
        inner += _GELU_SCALE
        inner *= block
        np.tanh(inner, out=inner)
        np.add(inner, 1, out=result)
        result *= block
        result *= 0.5
    return out.reshape(x.shape).astype(x.dtype, copy=False), (wide, gate)


def gelu_backward(d_out, cache):
    """Gradient of `gelu`: ∂x = ∂out · ½ (1 + t + x (1 − t²) u′), t = tanh u (book, section 8.5).

    Here u = √(2/π)(x + 0.044715 x³), so u′ = √(2/π)(1 + 3 · 0.044715 x²).

    Parameters
    ----------
    d_out : array-like
        Shape of the layer's input.
    cache : tuple
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
    x, gate = cache
    incoming = d_out.astype(x.dtype, copy=False).reshape(-1)
    d_x = np.empty_like(x)
    for part in row_blocks(x.size, 1, x.itemsize):
        block, tanh, result = x[part], gate[part], d_x[part]
        slope = block * block
        slope *= 3 * _GELU_SCALE * _GELU_CUBIC
        slope += _GELU_SCALE
        slope *= block
        np.multiply(tanh, tanh, out=result)
        np.subtract(1, result, out=result)
        result *= slope
        result += tanh
        result += 1
        result *= 0.5
        result *= incoming[part]
    return d_x.reshape(d_out.shape).astype(d_out.dtype, copy=False)


def attention(query, key, value):
    """Causal scaled dot-product attention, softmax(QKᵀ/√d + M) V (book, section 8.5).

    M_ij is 0 where query i may see key j and −∞ elsewhere. The last query stands at the last key, so that with one
    query and all keys so far the same function serves generation from a key-value cache.

    Parameters
    ----------
    query : array-like of shape (..., T, d)
    key : array-like of shape (..., S, d)
        S >= T positions, the queries' own last.
    value : array-like of shape (..., S, e)

    Returns
    -------
    out : ndarray of shape (..., T, e)
    cache : tuple
        For `attention_backward`; ``cache[3]`` holds the weights, (..., T, S), rows summing to 1.

    Raises
    ------
    ValueError
        If the shapes do not fit or there are more queries than keys.

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS.

    Examples
    --------
    The first position sees itself alone; the second, with equal scores, the mean of both:

    >>> out, cache = attention(np.zeros((2, 1)), np.zeros((2, 1)), np.array([[1.0], [3.0]]))
    >>> out.ravel(), cache[3]
    (array([1., 2.]), array([[1. , 0. ],
                             [0.5, 0.5]]))
    """
    query, key, value = as_floats(query, "query"), as_floats(key, "key"), as_floats(value, "value")
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    if query.shape[-1] != key.shape[-1] or value.shape[-2] != n_keys or n_queries > n_keys:
        raise ValueError(f"query {query.shape}, key {key.shape} and value {value.shape} must be (..., T, d), "
                         f"(..., S, d) and (..., S, e) with S >= T")
    dtype = accumulator(query.dtype)
    wide_query, key, value = (a.astype(dtype, copy=False) for a in (query, key, value))
    wide_query = wide_query * dtype.type(1 / np.sqrt(query.shape[-1]))
    weights = np.zeros(wide_query.shape[:-1] + (n_keys,), dtype=dtype)
    out = np.empty(wide_query.shape[:-1] + value.shape[-1:], dtype=dtype)
    for rows, seen in _causal_blocks(n_queries, n_keys):
        block = weights[..., rows, seen]                      # the rest of these rows lies in the future and stays 0
        np.matmul(wide_query[..., rows, :], key[..., seen, :].swapaxes(-1, -2), out=block)
        block += _causal_bias(block.shape[-2], block.shape[-1], dtype)
        block -= block.max(axis=-1, keepdims=True)
        np.exp(block, out=block)
        block /= block.sum(axis=-1, keepdims=True)
        np.matmul(block, value[..., seen, :], out=out[..., rows, :])
    return out.astype(query.dtype, copy=False), (wide_query, key, value, weights)


def attention_backward(d_out, cache):
    """Gradients of `attention` by its three inputs (book, section 8.5).

    With A the weights and S the scores, ∂V = Aᵀ ∂out, ∂A = ∂out Vᵀ, ∂S = A ⊙ (∂A − Σ A ⊙ ∂A), ∂Q = ∂S K/√d and
    ∂K = ∂Sᵀ Q/√d.

    Parameters
    ----------
    d_out : array-like of shape (..., T, e)
    cache : tuple
        As `attention` returned it.

    Returns
    -------
    d_query, d_key, d_value : ndarray
        Shapes of the layer's inputs.

    Examples
    --------
    >>> _, cache = attention(np.zeros((2, 1)), np.zeros((2, 1)), np.array([[1.0], [3.0]]))
    >>> d_query, d_key, d_value = attention_backward(np.array([[0.0], [1.0]]), cache)
    >>> d_value.ravel()                                   # half of the second output came from each value
    array([0.5, 0.5])
    """
    d_out = as_floats(d_out, "d_out")
    query, key, value, weights = cache                        # query already carries 1/√d
    incoming = d_out.astype(weights.dtype, copy=False)
    d_query, d_key, d_value = np.empty_like(query), np.zeros_like(key), np.zeros_like(value)
    for rows, seen in _causal_blocks(query.shape[-2], key.shape[-2]):
        block, d_block = weights[..., rows, seen], incoming[..., rows, :]
        d_value[..., seen, :] += block.swapaxes(-1, -2) @ d_block
        d_scores = d_block @ value[..., seen, :].swapaxes(-1, -2)
        d_scores -= np.einsum("...ts,...ts->...t", d_scores, block)[..., None]
        d_scores *= block
        np.matmul(d_scores, key[..., seen, :], out=d_query[..., rows, :])
        d_key[..., seen, :] += d_scores.swapaxes(-1, -2) @ query[..., rows, :]
    d_query *= weights.dtype.type(1 / np.sqrt(key.shape[-1]))
    return tuple(a.astype(d_out.dtype, copy=False) for a in (d_query, d_key, d_value))


def rotary(x, positions, base=10000.0):
    """Rotary positions: pairs of features turned by an angle that grows with the position (book, section 8.5).

    Pair i of position m is turned by m · base^(−2i/d). Applied to queries and keys, it makes their product depend on
    the distance of their positions alone. Pairs are features i and i + d/2, as in Llama; the paper pairs neighbours,
    which is the same up to an order of features.

    Parameters
    ----------
    x : array-like of shape (..., T, d)
        Queries or keys, d even.
    positions : array-like of shape (T,)
    base : float, default 10000

    Returns
    -------
    ndarray of shape (..., T, d)

    Raises
    ------
    ValueError
        If d is odd or there is not one position a row.

    References
    ----------
    Su, J. et al. (2024). RoFormer: Enhanced Transformer with Rotary Position Embedding. Neurocomputing 568.

    Examples
    --------
    A quarter turn of the only pair:

    >>> rotary([[1.0, 0.0]], positions=[np.pi / 2]).round(4)
    array([[0., 1.]])
    """
    x, positions = as_floats(x, "x"), np.asarray(positions, dtype=np.float64)
    width = x.shape[-1]
    if width % 2 or x.ndim < 2 or positions.shape != x.shape[-2:-1]:
        raise ValueError(f"x {x.shape} must be (..., T, d) with d even and positions {positions.shape} of shape (T,)")
    angles = positions[:, None] * base ** (-np.arange(0, width, 2) / width)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = x[..., :width // 2], x[..., width // 2:]
    turned = np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
    return turned.astype(x.dtype, copy=False)


@lru_cache(maxsize=64)
def _causal_bias(n_queries, n_keys, dtype):
    """(T, S) array to add to the scores: 0 where the key is not after the query, −∞ where it is."""
    bias = np.triu(np.full((n_queries, n_keys), -np.inf, dtype=dtype), k=1 + n_keys - n_queries)
    bias.setflags(write=False)
    return bias


def _causal_blocks(n_queries, n_keys, size=64):
    """Pairs of slices: some queries, and the keys up to the last of them; the keys after that need no work."""
    past = n_keys - n_queries
    starts = range(0, n_queries, size)
    return [(slice(i, min(i + size, n_queries)), slice(0, past + min(i + size, n_queries))) for i in starts]

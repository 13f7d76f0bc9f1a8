"""Causal attention and the transformer block built on it, with gradients by hand (section 8.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_floats, as_integer
from lmcore._typing import Floats, Params
from lmcore.models.layers import (
    GeluCache,
    LayerNormCache,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
)

__all__ = [
    "AttentionCache",
    "BlockCache",
    "attention",
    "attention_backward",
    "block",
    "block_backward",
    "rotary",
]


class AttentionCache(NamedTuple):
    """What `attention_backward` needs.

    Attributes
    ----------
    query : ndarray of shape (..., T, d)
        Divided by √d.
    key : ndarray of shape (..., S, d)
    value : ndarray of shape (..., S, e)
    weights : ndarray of shape (..., T, S)
        Rows sum to 1.
    causal : bool
        Whether later keys were masked.
    """

    query: Floats
    key: Floats
    value: Floats
    weights: Floats
    causal: bool


def attention(
    query: ArrayLike, key: ArrayLike, value: ArrayLike, causal: bool = True
) -> tuple[Floats, AttentionCache]:
    """Scaled dot-product attention, softmax(QKᵀ/√d + M) V (book, section 8.5).

    M_ij is 0 where query i may see key j and −∞ elsewhere. In causal attention a query sees
    no later key. The last query stands at the last key, so that with one query and all keys so far
    the same function serves generation from a key-value cache.

    Parameters
    ----------
    query : array-like of shape (..., T, d)
    key : array-like of shape (..., S, d)
        S positions; if causal, S >= T, those of the queries last.
    value : array-like of shape (..., S, e)
    causal : bool, default True
        False lets every query see every key, as in an encoder or in attention to another text.
        (PyTorch's `is_causal`, whose default is False.)

    Returns
    -------
    out : ndarray of shape (..., T, e)
    cache : AttentionCache
        For `attention_backward`; ``cache.weights`` is (..., T, S).

    Raises
    ------
    ValueError
        If the shapes do not fit, or causal attention has more queries than keys.

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS.

    Examples
    --------
    The first position sees itself alone; the second, with equal scores, the mean of both:

    >>> zeros, values = np.zeros((2, 1)), np.array([[1.0], [3.0]])
    >>> out, cache = attention(zeros, zeros, values)
    >>> out.ravel(), cache.weights
    (array([1., 2.]), array([[1. , 0. ],
                             [0.5, 0.5]]))
    >>> attention(zeros, zeros, values, causal=False)[0].ravel()
    array([2., 2.])
    """
    query, key, value = as_floats(query, "query"), as_floats(key, "key"), as_floats(value, "value")
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    if query.shape[-1] != key.shape[-1] or value.shape[-2] != n_keys:
        raise ValueError(
            f"query {query.shape}, key {key.shape} and value {value.shape} must be (..., T, d), "
            "(..., S, d) and (..., S, e)"
        )
    if causal and n_queries > n_keys:
        raise ValueError(
            f"causal attention needs a key at each query, got T = {n_queries} queries and S = "
            f"{n_keys} keys; pass causal=False for attention to another text"
        )
    dtype = accumulator(query.dtype)
    wide_query, key, value = (a.astype(dtype, copy=False) for a in (query, key, value))
    wide_query = wide_query * dtype.type(1 / np.sqrt(query.shape[-1]))
    weights = np.zeros(wide_query.shape[:-1] + (n_keys,), dtype=dtype)
    out = np.empty(wide_query.shape[:-1] + value.shape[-1:], dtype=dtype)
    for rows, seen in _query_blocks(n_queries, n_keys, causal):
        # the rest of these rows lies in the future and stays 0
        block = weights[..., rows, seen]
        np.matmul(wide_query[..., rows, :], key[..., seen, :].swapaxes(-1, -2), out=block)
        if causal:
            block += _causal_bias(block.shape[-2], block.shape[-1], dtype)
        block -= block.max(axis=-1, keepdims=True)
        np.exp(block, out=block)
        block /= block.sum(axis=-1, keepdims=True)
        np.matmul(block, value[..., seen, :], out=out[..., rows, :])
    cache = AttentionCache(wide_query, key, value, weights, causal)
    return out.astype(query.dtype, copy=False), cache


def attention_backward(d_out: ArrayLike, cache: AttentionCache) -> tuple[Floats, Floats, Floats]:
    """Gradients of `attention` with respect to its three inputs (book, section 8.5).

    With A the weights and S the scores, ∂V = Aᵀ ∂out, ∂A = ∂out Vᵀ, ∂S = A ⊙ (∂A − Σ A ⊙ ∂A), ∂Q =
    ∂S K/√d and ∂K = ∂Sᵀ Q/√d.

    Parameters
    ----------
    d_out : array-like of shape (..., T, e)
    cache : AttentionCache
        As `attention` returned it.

    Returns
    -------
    d_query, d_key, d_value : ndarray
        Shapes of the layer's inputs.

    Examples
    --------
    Half of the second output came from each value:

    >>> zeros, values = np.zeros((2, 1)), np.array([[1.0], [3.0]])
    >>> _, cache = attention(zeros, zeros, values)
    >>> d_query, d_key, d_value = attention_backward(np.array([[0.0], [1.0]]), cache)
    >>> d_value.ravel()
    array([0.5, 0.5])
    """
    d_out = as_floats(d_out, "d_out")
    query, key, value, weights, causal = cache
    incoming = d_out.astype(weights.dtype, copy=False)
    d_query, d_key, d_value = np.empty_like(query), np.zeros_like(key), np.zeros_like(value)
    for rows, seen in _query_blocks(query.shape[-2], key.shape[-2], causal):
        block, d_block = weights[..., rows, seen], incoming[..., rows, :]
        d_value[..., seen, :] += block.swapaxes(-1, -2) @ d_block
        d_scores = d_block @ value[..., seen, :].swapaxes(-1, -2)
        d_scores -= np.einsum("...ts,...ts->...t", d_scores, block)[..., None]
        d_scores *= block
        np.matmul(d_scores, key[..., seen, :], out=d_query[..., rows, :])
        d_key[..., seen, :] += d_scores.swapaxes(-1, -2) @ query[..., rows, :]
    d_query *= weights.dtype.type(1 / np.sqrt(key.shape[-1]))
    dtype = d_out.dtype
    return (
        d_query.astype(dtype, copy=False),
        d_key.astype(dtype, copy=False),
        d_value.astype(dtype, copy=False),
    )


def rotary(x: ArrayLike, positions: ArrayLike, base: float = 10000.0) -> Floats:
    """Pairs of features turned by angles that grow with position (book, section 8.5).

    At position m, pair i is turned by m · base^(−2i/d). Applied to queries and keys, it makes their
    product depend on the distance of their positions alone. Pairs are features i and i + d/2, as in
    Llama; the paper pairs neighbours, which is the same up to the order of features.

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
        If d is odd or there is not one position per row.

    References
    ----------
    Su, J. et al. (2024). RoFormer: Enhanced Transformer with Rotary Position Embedding.
    Neurocomputing 568.

    Examples
    --------
    A quarter turn of the only pair:

    >>> rotary([[1.0, 0.0]], positions=[np.pi / 2]).round(4)
    array([[0., 1.]])
    """
    x, at = as_floats(x, "x"), np.asarray(positions, dtype=np.float64)
    width = x.shape[-1]
    if width % 2 or x.ndim < 2 or at.shape != x.shape[-2:-1]:
        raise ValueError(
            f"x {x.shape} must be (..., T, d) with d even and positions {at.shape} of shape (T,)"
        )
    angles = at[:, None] * base ** (-np.arange(0, width, 2) / width)
    cos, sin = (wave(angles).astype(accumulator(x.dtype)) for wave in (np.cos, np.sin))
    first, second = x[..., : width // 2], x[..., width // 2 :]
    turned = np.empty(x.shape, dtype=x.dtype)
    turned[..., : width // 2] = first * cos - second * sin
    turned[..., width // 2 :] = first * sin + second * cos
    return turned


class BlockCache(NamedTuple):
    """What `block_backward` needs: inputs and caches of the layers of one block.

    Attributes
    ----------
    normed1 : ndarray of shape (B, T, d)
        Input of attention.
    norm1 : LayerNormCache
    attention : AttentionCache
        ``attention.weights`` is (B, heads, T, S).
    merged : ndarray of shape (B, T, d)
        Output of attention, heads side by side.
    normed2 : ndarray of shape (B, T, d)
        Input of the MLP.
    norm2 : LayerNormCache
    active : ndarray of shape (B, T, 4d)
        Hidden units of the MLP.
    gelu : GeluCache
    """

    normed1: Floats
    norm1: LayerNormCache
    attention: AttentionCache
    merged: Floats
    normed2: Floats
    norm2: LayerNormCache
    active: Floats
    gelu: GeluCache


def block(
    params: Params,
    x: Floats,
    n_head: int,
    past: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, BlockCache]:
    """One block forward: x ← x + attention(norm(x)), x ← x + MLP(norm(x)) (book, section 8.5).

    Parameters
    ----------
    params : dict of str to ndarray
        One block's own, without the layer axis: ``ln1_g``, ``ln1_b``, ``qkv_w``, ``qkv_b``,
        ``proj_w``, ``proj_b``, ``ln2_g``, ``ln2_b``, ``fc_w``, ``fc_b``, ``out_w``, ``out_b``.
    x : ndarray of shape (B, T, d)
        The residual stream.
    n_head : int
    past : tuple of two ndarrays of shape (B, heads, S, d/heads), optional
        Keys and values of S positions before x.

    Returns
    -------
    x : ndarray of shape (B, T, d)
    cache : BlockCache
        For `block_backward`; ``cache.attention.weights`` holds the attention weights.

    References
    ----------
    Xiong, R. et al. (2020). On Layer Normalization in the Transformer Architecture. ICML. (Norm
    before each branch.)

    Examples
    --------
    A block whose branches end in zeros leaves the residual stream as it is:

    >>> d, x = 2, np.ones((1, 3, 2))
    >>> shapes = {"ln1_g": d, "ln1_b": d, "qkv_w": (d, 3 * d), "qkv_b": 3 * d, "proj_w": (d, d),
    ...           "proj_b": d, "ln2_g": d, "ln2_b": d, "fc_w": (d, 4 * d), "fc_b": 4 * d,
    ...           "out_w": (4 * d, d), "out_b": d}
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()}
    >>> out, _ = block(params, x, n_head=1)
    >>> bool((out == x).all())
    True
    """
    n_head = as_integer(n_head, "n_head", minimum=1)
    normed1, norm1 = layer_norm(x, params["ln1_g"], params["ln1_b"])
    qkv = normed1 @ params["qkv_w"]
    qkv += params["qkv_b"]
    query, key, value = _split_heads(qkv, n_head, parts=3)
    if past is not None:
        key = np.concatenate([past[0], key], axis=-2)
        value = np.concatenate([past[1], value], axis=-2)
    heads, attended = attention(query, key, value)
    merged = _merge_heads(heads)
    x = x + merged @ params["proj_w"]
    x += params["proj_b"]
    normed2, norm2 = layer_norm(x, params["ln2_g"], params["ln2_b"])
    up = normed2 @ params["fc_w"]
    up += params["fc_b"]
    active, gelu_cache = gelu(up)
    x = x + active @ params["out_w"]
    x += params["out_b"]
    return x, BlockCache(normed1, norm1, attended, merged, normed2, norm2, active, gelu_cache)


def block_backward(params: Params, d_x: Floats, cache: BlockCache) -> tuple[Floats, Params]:
    """Gradients of `block` with respect to its input and parameters (book, section 8.5).

    The gradient of each branch adds to that of the residual stream.

    Parameters
    ----------
    params : dict of str to ndarray
    d_x : ndarray of shape (B, T, d)
        Derivative of the loss with respect to the block's output.
    cache : BlockCache
        As `block` returned it.

    Returns
    -------
    d_x : ndarray of shape (B, T, d)
    grads : dict of str to ndarray
        Keys and shapes of `params`.

    Examples
    --------
    Branches that end in zeros; the last bias gets the sum of 5 over three positions:

    >>> d, x, d_out = 2, np.ones((1, 3, 2)), np.full((1, 3, 2), 5.0)
    >>> shapes = {"ln1_g": d, "ln1_b": d, "qkv_w": (d, 3 * d), "qkv_b": 3 * d, "proj_w": (d, d),
    ...           "proj_b": d, "ln2_g": d, "ln2_b": d, "fc_w": (d, 4 * d), "fc_b": 4 * d,
    ...           "out_w": (4 * d, d), "out_b": d}
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()}
    >>> d_x, grads = block_backward(params, d_out, block(params, x, n_head=1)[1])
    >>> bool((d_x == d_out).all()), grads["out_b"]
    (True, array([15., 15.]))
    """
    grads: Params = {}
    d_active, grads["out_w"], grads["out_b"] = linear_backward(d_x, cache.active, params["out_w"])
    d_up = gelu_backward(d_active, cache.gelu)
    d_normed, grads["fc_w"], grads["fc_b"] = linear_backward(d_up, cache.normed2, params["fc_w"])
    d_branch, grads["ln2_g"], grads["ln2_b"] = layer_norm_backward(d_normed, cache.norm2)
    d_x = d_x + d_branch
    d_merged, grads["proj_w"], grads["proj_b"] = linear_backward(
        d_x, cache.merged, params["proj_w"]
    )
    n_head = cache.attention.query.shape[-3]
    d_heads = _split_heads(d_merged, n_head, parts=1)[0]
    d_qkv = _merge_heads(*attention_backward(d_heads, cache.attention))
    d_normed, grads["qkv_w"], grads["qkv_b"] = linear_backward(
        d_qkv, cache.normed1, params["qkv_w"]
    )
    d_branch, grads["ln1_g"], grads["ln1_b"] = layer_norm_backward(d_normed, cache.norm1)
    return d_x + d_branch, grads


def _split_heads(x: Floats, n_head: int, parts: int) -> Floats:
    """(B, T, parts·d) as `parts` views of shape (B, heads, T, d/heads)."""
    batch, time, width = x.shape
    return x.reshape(batch, time, parts, n_head, width // (parts * n_head)).transpose(2, 0, 3, 1, 4)


def _merge_heads(*parts: Floats) -> Floats:
    """The inverse of `_split_heads`."""
    batch, n_head, time, size = parts[0].shape
    merged = np.empty((batch, time, len(parts), n_head, size), dtype=parts[0].dtype)
    for i, part in enumerate(parts):
        merged[:, :, i] = part.transpose(0, 2, 1, 3)
    return merged.reshape(batch, time, -1)


@lru_cache(maxsize=64)
def _causal_bias(n_queries: int, n_keys: int, dtype: np.dtype) -> Floats:
    """(T, S) array to add to the scores: 0 where the key is not after the query, else −∞."""
    bias = np.triu(np.full((n_queries, n_keys), -np.inf, dtype=dtype), k=1 + n_keys - n_queries)
    bias.setflags(write=False)
    return bias


def _query_blocks(
    n_queries: int, n_keys: int, causal: bool, size: int = 64
) -> list[tuple[slice, slice]]:
    """Pairs of slices: some queries, and the keys that they see; the others need no work."""
    stops = [min(start + size, n_queries) for start in range(0, n_queries, size)]
    past = n_keys - n_queries
    return [
        (slice(start, stop), slice(0, past + stop if causal else n_keys))
        for start, stop in zip(range(0, n_queries, size), stops, strict=True)
    ]

"""A GPT-2-shaped transformer language model in NumPy, with gradients by hand (book, section 8.5).

Parameters are a dict of arrays, those of the L blocks stacked along a first axis:

====================  ====================  ======================================================
``wte``               (V + 1, d)            token embeddings; the first V rows are also the head,
                                            row V embeds the internal BOS
``wpe``               (block_size, d)       learned positions
``ln1_g``, ``ln1_b``  (L, d), (L, d)        layer norm before attention
``qkv_w``, ``qkv_b``  (L, d, 3d), (L, 3d)   queries, keys and values of all heads
``proj_w``,           (L, d, d), (L, d)     attention output
``proj_b``
``ln2_g``, ``ln2_b``  (L, d), (L, d)        layer norm before the MLP
``fc_w``, ``fc_b``    (L, d, 4d), (L, 4d)   MLP up
``out_w``, ``out_b``  (L, 4d, d), (L, d)    MLP down
``lnf_g``, ``lnf_b``  (d,), (d,)            last layer norm
====================  ====================  ======================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lmcore._checks import as_integer, as_token_ids
from lmcore._typing import Floats, Integers, Params
from lmcore.models.blocks import (
    BlockCache,
    attention,
    attention_backward,
    block,
    block_backward,
    rotary,
)
from lmcore.models.layers import (
    LayerNormCache,
    embedding_backward,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
)
from lmcore.softmax import lm_head

__all__ = [
    "Cache",
    "Config",
    "WEIGHT_DECAYED",
    "attention",
    "attention_backward",
    "backward",
    "block",
    "block_backward",
    "forward",
    "gelu",
    "gelu_backward",
    "init",
    "init_state",
    "layer_norm",
    "layer_norm_backward",
    "long_forward",
    "rotary",
    "step",
    "window_start",
]

_STACKED = (
    "ln1_g",
    "ln1_b",
    "qkv_w",
    "qkv_b",
    "proj_w",
    "proj_b",
    "ln2_g",
    "ln2_b",
    "fc_w",
    "fc_b",
    "out_w",
    "out_b",
)
WEIGHT_DECAYED: tuple[str, ...] = ("qkv_w", "proj_w", "fc_w", "out_w")


@dataclass(frozen=True)
class Config:
    """Shape of a transformer (book, section 8.5).

    Attributes
    ----------
    vocab_size : int
        V, the outputs; the embedding table has one row more, for BOS.
    block_size : int, default 128
        Positions, and so the largest number of tokens that a prediction can see.
    n_layer, n_head : int, default 4
        Blocks, and heads in each.
    n_embd : int, default 128
        d, the residual stream; a multiple of `n_head`.
    stride : int, default 0
        By how much the window moves on when a text has filled it, 1 <= stride <= block_size; 0
        stands for half the block size.

    Raises
    ------
    ValueError
        If a size is not positive or the heads do not divide the width.
    """

    vocab_size: int
    block_size: int = 128
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 128
    stride: int = 0

    def __post_init__(self) -> None:
        if not self.stride:
            object.__setattr__(self, "stride", max(1, self.block_size // 2))
        for name, size in vars(self).items():
            as_integer(size, name, minimum=1)
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_embd {self.n_embd} is not a multiple of n_head {self.n_head}: each head takes "
                "n_embd / n_head of it"
            )
        if self.stride > self.block_size:
            raise ValueError(
                f"stride {self.stride} exceeds block_size {self.block_size}: the window would skip "
                "tokens"
            )

    @property
    def burn_in(self) -> int:
        """Positions at the head of a window that are not trained on: none."""
        return 0


class Cache(NamedTuple):
    """What `backward` needs.

    Attributes
    ----------
    inputs : ndarray of int of shape (B, T)
    blocks : tuple of BlockCache
        ``blocks[layer].attention.weights`` is (B, heads, T, T).
    hidden : ndarray of shape (B, T, d)
        Input of the head.
    norm : LayerNormCache
        Of the last layer norm.
    """

    inputs: Integers
    blocks: tuple[BlockCache, ...]
    hidden: Floats
    norm: LayerNormCache


def init(config: Config, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Params:
    """Random parameters, with heads of the first block that look back (book, section 8.5).

    With random positions and heads, attention spends its first hundreds of steps at the loss of a
    bigram model, until some head has found the previous token. So positions start as sinusoids, for
    which looking k tokens back is a rotation, and head h of the first block starts with the query
    and key that put most of its weight h + 1 tokens back. All of these are trained further.
    Matrices are normal with a spread of 1/√d, less where 2L residual branches add up.

    Parameters
    ----------
    config : Config
    rng : numpy.random.Generator
    dtype : floating type, default float32

    Returns
    -------
    dict of str to ndarray

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS, section 3.5. (Sinusoids.)
    Radford, A. et al. (2019). Language Models are Unsupervised Multitask Learners. OpenAI. (Smaller
    residual branches.)

    Examples
    --------
    >>> config = Config(vocab_size=5, block_size=8, n_layer=2, n_head=2, n_embd=4)
    >>> params = init(config, np.random.default_rng(0))
    >>> params["wte"].shape, params["qkv_w"].shape, sum(array.size for array in params.values())
    ((6, 4), (2, 4, 12), 552)
    """
    d, layers = config.n_embd, config.n_layer

    def normal(*shape: int, scale: float = 1.0) -> Floats:
        return (scale / np.sqrt(d) * rng.standard_normal(shape)).astype(dtype)

    def constant(value: float, *shape: int) -> Floats:
        return np.full(shape, value, dtype=dtype)

    params = {
        "wte": normal(config.vocab_size + 1, d),
        "wpe": constant(0, config.block_size, d),
        "ln1_g": constant(1, layers, d),
        "ln1_b": constant(0, layers, d),
        "qkv_w": normal(layers, d, 3 * d),
        "qkv_b": constant(0, layers, 3 * d),
        "proj_w": normal(layers, d, d, scale=1 / np.sqrt(2 * layers)),
        "proj_b": constant(0, layers, d),
        "ln2_g": constant(1, layers, d),
        "ln2_b": constant(0, layers, d),
        "fc_w": normal(layers, d, 4 * d),
        "fc_b": constant(0, layers, 4 * d),
        "out_w": normal(layers, 4 * d, d, scale=1 / np.sqrt(2 * layers)),
        "out_b": constant(0, layers, d),
        "lnf_g": constant(1, d),
        "lnf_b": constant(0, d),
    }
    _look_back(params, config)
    return params


def _look_back(params: Params, config: Config, strength: float = 3.0) -> None:
    """Fill in sinusoidal positions, and heads of the first block that look h + 1 tokens back."""
    pairs, size = config.n_embd // 2, config.n_embd // config.n_head
    frequency = 2.0 * 0.01 ** (np.arange(pairs) / max(1, pairs - 1))
    angles = np.arange(config.block_size)[:, None] * frequency
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    # twice the spread of the token embeddings
    params["wpe"][:, : 2 * pairs] = np.sqrt(8 / config.n_embd) * waves
    first = params["qkv_w"][0]
    for head in range(config.n_head):
        query, key = (first[:, part * config.n_embd + head * size :][:, :size] for part in (0, 1))
        query[:], key[:] = 0, 0
        # each head takes its share of the pairs
        for column in range(0, size - 1, 2):
            sine = (column // 2 * 2 * pairs // size + head) % pairs
            cosine, turn = sine + pairs, frequency[sine] * (head + 1)
            key[[sine, cosine], [column, column + 1]] = strength
            query[[sine, cosine], [column, column + 1]] = strength * np.cos(turn)
            query[[cosine, sine], [column, column + 1]] = strength * np.array(
                [-np.sin(turn), np.sin(turn)]
            )


def forward(params: Params, inputs: ArrayLike, config: Config) -> tuple[Floats, Cache]:
    """Logits of every next token: embeddings, L blocks, tied head (book, section 8.5).

    Each block is x ← x + attention(norm(x)), then x ← x + MLP(norm(x)).

    Parameters
    ----------
    params : dict of str to ndarray
        As `init` returns them. The logits have their float type.
    inputs : array-like of int of shape (B, T)
        Ids in [0, V], V being BOS; 1 <= T <= block_size.
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, T, V)
        Row t predicts the token after ``inputs[:, t]`` and depends on ``inputs[:, :t + 1]`` alone.
    cache : Cache
        For `backward`; ``cache.blocks[layer].attention.weights`` is (B, heads, T, T).

    Raises
    ------
    ValueError
        If an id is out of range, `inputs` is not (B, T), or T exceeds `block_size`.

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS.

    Examples
    --------
    >>> config = Config(vocab_size=5, block_size=8, n_layer=2, n_head=2, n_embd=4)
    >>> logits, _ = forward(init(config, np.random.default_rng(0)), [[5, 1, 2]], config)
    >>> logits.shape
    (1, 3, 5)
    """
    ids = as_token_ids(inputs, config.vocab_size + 1, "inputs")
    if ids.ndim != 2 or not 1 <= ids.shape[1] <= config.block_size:
        raise ValueError(
            f"inputs must have shape (B, T) with 1 <= T <= block_size={config.block_size}, got "
            f"{ids.shape}; cut longer texts into windows"
        )
    x = params["wte"][ids]
    x += params["wpe"][: ids.shape[1]]
    blocks = []
    for layer in range(config.n_layer):
        x, cache = block(_layer(params, layer), x, config.n_head)
        blocks.append(cache)
    hidden, norm = layer_norm(x, params["lnf_g"], params["lnf_b"])
    logits = lm_head(hidden, params["wte"][: config.vocab_size])
    return logits, Cache(ids, tuple(blocks), hidden, norm)


def backward(params: Params, cache: Cache, d_logits: Floats, config: Config) -> Params:
    """Gradient of every parameter from that with respect to the logits (book, section 8.5).

    Parameters
    ----------
    params : dict of str to ndarray
    cache : Cache
        As `forward` returned it.
    d_logits : ndarray of shape (B, T, V)
    config : Config

    Returns
    -------
    dict of str to ndarray
        Keys and shapes of `params`.

    Examples
    --------
    A gradient of zeros:

    >>> config = Config(vocab_size=5, block_size=8, n_layer=2, n_head=2, n_embd=4)
    >>> params = init(config, np.random.default_rng(0))
    >>> logits, cache = forward(params, [[5, 1]], config)
    >>> grads = backward(params, cache, np.zeros_like(logits), config)
    >>> grads.keys() == params.keys(), any(grad.any() for grad in grads.values())
    (True, False)
    """
    inputs = cache.inputs
    grads = {name: np.empty_like(array) for name, array in params.items()}
    head = params["wte"][: config.vocab_size]
    d_hidden, d_head, _ = linear_backward(d_logits, cache.hidden, head.T)
    d_x, grads["lnf_g"], grads["lnf_b"] = layer_norm_backward(d_hidden, cache.norm)
    for layer in reversed(range(config.n_layer)):
        d_x, block_grads = block_backward(_layer(params, layer), d_x, cache.blocks[layer])
        for name, grad in block_grads.items():
            grads[name][layer] = grad
    grads["wpe"][: inputs.shape[1]] = d_x.sum(axis=0)
    grads["wpe"][inputs.shape[1] :] = 0
    grads["wte"] = embedding_backward(d_x, inputs, config.vocab_size + 1)
    grads["wte"][: config.vocab_size] += d_head.T  # tied: one table serves at both ends
    return grads


def init_state(config: Config, batch: int = 1) -> tuple[Floats, Floats]:
    """State before any token: keys and values of no positions (book, section 8.5).

    Parameters
    ----------
    config : Config
    batch : int, default 1

    Returns
    -------
    tuple of two ndarrays of shape (L, batch, heads, 0, d/heads)

    Examples
    --------
    >>> keys, values = init_state(Config(vocab_size=5, n_layer=2, n_head=2, n_embd=4))
    >>> keys.shape
    (2, 1, 2, 0, 2)
    """
    shape = (config.n_layer, batch, config.n_head, 0, config.n_embd // config.n_head)
    empty = np.zeros(shape, dtype=np.float32)
    return empty, empty


def step(
    params: Params, state: tuple[Floats, Floats], tokens: ArrayLike, config: Config
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Logits after one more token, from earlier ones' keys and values (book, section 8.5).

    The last row of `forward` without its other rows: O(T) instead of O(T²) operations for
    attention, O(1) for the rest.

    Parameters
    ----------
    params : dict of str to ndarray
    state : tuple of two ndarrays
        From `init_state` or the previous step; not changed, so that several continuations may share
        it.
    tokens : array-like of int of shape (B,)
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : tuple of two ndarrays
        One position longer.

    Raises
    ------
    ValueError
        If all positions are taken, or an id is out of range.

    Examples
    --------
    >>> config = Config(vocab_size=5, block_size=8, n_layer=2, n_head=2, n_embd=4)
    >>> params, state = init(config, np.random.default_rng(0)), init_state(config)
    >>> for token in (5, 1, 2):
    ...     logits, state = step(params, state, [token], config)
    >>> np.allclose(logits, forward(params, [[5, 1, 2]], config)[0][:, -1])
    True
    """
    ids = as_token_ids(tokens, config.vocab_size + 1, "tokens")
    keys, values = state
    position = keys.shape[-2]
    if position >= config.block_size:
        raise ValueError(
            f"the state already holds all block_size={config.block_size} positions: start again "
            "from the last tokens"
        )
    x: Floats = (params["wte"][ids] + params["wpe"][position])[:, None]
    new_keys, new_values = [], []
    for layer in range(config.n_layer):
        x, cache = block(_layer(params, layer), x, config.n_head, past=(keys[layer], values[layer]))
        new_keys.append(cache.attention.key)
        new_values.append(cache.attention.value)
    hidden, _ = layer_norm(x[:, 0], params["lnf_g"], params["lnf_b"])
    logits = lm_head(hidden, params["wte"][: config.vocab_size])
    return logits, (np.stack(new_keys), np.stack(new_values))


def window_start(n_inputs: int, config: Config) -> int:
    """First of `n_inputs` ids that the prediction after them sees (book, section 8.5).

    0 until the block is full, then a multiple of ``config.stride``.

    Parameters
    ----------
    n_inputs : int
        Ids so far, BOS counted.
    config : Config

    Returns
    -------
    int

    Examples
    --------
    >>> config = Config(vocab_size=5, block_size=8, stride=4)
    >>> [window_start(n, config) for n in (1, 8, 9, 12, 13)]
    [0, 0, 4, 4, 8]
    """
    beyond = max(0, n_inputs - config.block_size)
    return -(-beyond // config.stride) * config.stride


def long_forward(params: Params, inputs: Any, config: Config) -> Floats:
    """Logits of every next token of texts of any length (book, section 8.5).

    Each prediction sees the window that `window_start` gives.

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : ndarray of int of shape (B, T)
    config : Config

    Returns
    -------
    ndarray of shape (B, T, V)

    Examples
    --------
    The last prediction sees 8 inputs, those from 12 on:

    >>> config = Config(vocab_size=5, block_size=8, n_layer=2, n_head=2, n_embd=4)
    >>> params, inputs = init(config, np.random.default_rng(0)), np.arange(20)[None] % 5
    >>> logits = long_forward(params, inputs, config)
    >>> np.allclose(logits[0, 19], forward(params, inputs[:, 12:], config)[0][0, -1])
    True
    """
    size, time = config.block_size, inputs.shape[1]
    if time <= size:
        return forward(params, inputs, config)[0]
    begins = np.arange(0, time - size + config.stride, config.stride)
    # padding on the right: later positions do not affect earlier ones
    padded = np.pad(inputs, ((0, 0), (0, begins[-1] + size - time)))
    logits = np.empty(padded.shape + (config.vocab_size,), dtype=params["wte"].dtype)
    for row, text in zip(logits, padded):
        # eight windows at a time, to save memory
        for group in np.split(begins, range(8, len(begins), 8)):
            found, _ = forward(params, text[group[:, None] + np.arange(size)], config)
            for begin, window in zip(group, found):
                new = 0 if begin == 0 else size - config.stride
                row[begin + new : begin + size] = window[new:]
    return logits[:, :time]


def _layer(params: Params, layer: int) -> Params:
    """One block's own parameters."""
    return {name: params[name][layer] for name in _STACKED}

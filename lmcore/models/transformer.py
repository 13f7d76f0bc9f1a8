"""A GPT-2-shaped transformer language model in NumPy, with its gradients by hand (book, section 8.5).

Parameters are a dict of arrays, those of the L blocks stacked along a first axis:

========================  =======================  ======================================================
``wte``                   (V + 1, d)               token embeddings; the first V rows are also the head,
                                                   row V embeds the internal BOS
``wpe``                   (context, d)             learned positions
``ln1_g``, ``ln1_b``      (L, d), (L, d)           layer norm before attention
``qkv_w``, ``qkv_b``      (L, d, 3d), (L, 3d)      queries, keys and values of all heads
``proj_w``, ``proj_b``    (L, d, d), (L, d)        attention output
``ln2_g``, ``ln2_b``      (L, d), (L, d)           layer norm before the MLP
``fc_w``, ``fc_b``        (L, d, 4d), (L, 4d)      MLP up
``out_w``, ``out_b``      (L, 4d, d), (L, d)       MLP down
``lnf_g``, ``lnf_b``      (d,), (d,)               last layer norm
========================  =======================  ======================================================
"""

from dataclasses import dataclass

import numpy as np

from lmcore._arrays import as_token_ids
from lmcore.likelihood import cross_entropy_with_grad
from lmcore.models.blocks import attention, attention_backward, block, block_backward, rotary
from lmcore.models.layers import (
    embedding_backward,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
)
from lmcore.softmax import lm_head

__all__ = [
    "Config",
    "attention",
    "attention_backward",
    "backward",
    "block",
    "block_backward",
    "forward",
    "gelu",
    "gelu_backward",
    "init",
    "layer_norm",
    "layer_norm_backward",
    "long_forward",
    "loss_and_grad",
    "prefill",
    "rotary",
    "start",
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
DECAYED = ("qkv_w", "proj_w", "fc_w", "out_w")


@dataclass(frozen=True)
class Config:
    """Shape of a transformer (book, section 8.5).

    Attributes
    ----------
    vocab_size : int
        V, the outputs; the embedding table has one row more, for BOS.
    context : int, default 128
        Positions, hence the most tokens that a prediction can see.
    n_layer, n_head : int, default 4
        Blocks, and heads in each.
    width : int, default 128
        d, the residual stream; a multiple of `n_head`.
    hop : int, optional
        How far the window moves on when a text has filled it, 1 <= hop <= context; half the context
        if not given.

    Raises
    ------
    ValueError
        If a size is not positive or the heads do not divide the width.
    """

    vocab_size: int
    context: int = 128
    n_layer: int = 4
    n_head: int = 4
    width: int = 128
    hop: int | None = None

    def __post_init__(self):
        if self.hop is None:
            object.__setattr__(self, "hop", max(1, self.context // 2))
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if self.width % self.n_head:
            raise ValueError(
                f"width {self.width} is not a multiple of n_head {self.n_head}: each head takes "
                "width / n_head of it"
            )
        if self.hop > self.context:
            raise ValueError(
                f"hop {self.hop} exceeds context {self.context}: the window would skip tokens"
            )

    @property
    def cold(self):
        """Positions at the head of a window that are not trained on: none, any position may come first."""
        return 0


def init(config, rng, dtype=np.float32):
    """Random parameters, but for positions and the first block's attention, which starts by looking back (book, section 8.5).

    Left to chance, attention spends its first hundreds of steps at the loss of a bigram model,
    until some head has found the token before. So positions start as sinusoids, for which looking k
    back is a rotation, and head h of the first block starts with the query and key that put most of
    its weight h + 1 tokens back. All of it is learned further. Matrices are normal with a spread of
    1/√d, less where 2L residual branches add up.

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
    Radford, A. et al. (2019). Language Models are Unsupervised Multitask Learners. OpenAI. (Smaller residual branches.)

    Examples
    --------
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> params = init(config, np.random.default_rng(0))
    >>> params["wte"].shape, params["qkv_w"].shape, sum(array.size for array in params.values())
    ((6, 4), (2, 4, 12), 552)
    """
    d, layers = config.width, config.n_layer

    def normal(*shape, scale=1.0):
        return (scale / np.sqrt(d) * rng.standard_normal(shape)).astype(dtype)

    def constant(value, *shape):
        return np.full(shape, value, dtype=dtype)

    params = {
        "wte": normal(config.vocab_size + 1, d),
        "wpe": constant(0, config.context, d),
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


def _look_back(params, config, strength=3.0):
    """Fill in sinusoidal positions, and queries and keys by which head h of the first block sees h + 1 tokens back."""
    pairs, size = config.width // 2, config.width // config.n_head
    frequency = 2.0 * 0.01 ** (np.arange(pairs) / max(1, pairs - 1))
    angles = np.arange(config.context)[:, None] * frequency
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    # twice the spread of the token embeddings
    params["wpe"][:, : 2 * pairs] = np.sqrt(8 / config.width) * waves
    first = params["qkv_w"][0]
    for head in range(config.n_head):
        query, key = (first[:, part * config.width + head * size :][:, :size] for part in (0, 1))
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


def forward(params, inputs, config):
    """Logits of every next token: embed, L blocks x ← x + attention(norm(x)), x ← x + MLP(norm(x)), tied head (book, section 8.5).

    Parameters
    ----------
    params : dict of str to ndarray
        As `init` returns them. The logits have their float type.
    inputs : array-like of int of shape (B, T)
        Ids in [0, V], V being BOS; 1 <= T <= context.
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, T, V)
        Row t predicts the token after ``inputs[:, t]`` and depends on ``inputs[:, :t + 1]`` alone.
    cache : tuple
        For `backward`; ``cache[1][layer][2][3]`` holds a block's attention weights, (B, heads, T,
        T).

    Raises
    ------
    ValueError
        If an id is out of range, or `inputs` is not (B, T) or longer than the context.

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS.

    Examples
    --------
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> logits, _ = forward(init(config, np.random.default_rng(0)), [[5, 1, 2]], config)
    >>> logits.shape
    (1, 3, 5)
    """
    inputs = as_token_ids(inputs, config.vocab_size + 1, "inputs")
    if inputs.ndim != 2 or not 1 <= inputs.shape[1] <= config.context:
        raise ValueError(
            f"inputs must have shape (B, T) with 1 <= T <= context={config.context}, got"
            f" {inputs.shape}; cut longer texts into windows"
        )
    x = params["wte"][inputs]
    x += params["wpe"][: inputs.shape[1]]
    blocks = []
    for layer in range(config.n_layer):
        x, cache = block(_layer(params, layer), x, config.n_head)
        blocks.append(cache)
    hidden, final = layer_norm(x, params["lnf_g"], params["lnf_b"])
    return lm_head(hidden, params["wte"][: config.vocab_size]), (inputs, blocks, hidden, final)


def backward(params, cache, d_logits, config):
    """Gradient of every parameter from the derivative of the loss by the logits (book, section 8.5).

    Parameters
    ----------
    params : dict of str to ndarray
    cache : tuple
        As `forward` returned it.
    d_logits : ndarray of shape (B, T, V)
    config : Config


    Returns
    -------
    dict of str to ndarray
        Keys and shapes of `params`.

    Examples
    --------
    A gradient that sends nothing back:

    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> params = init(config, np.random.default_rng(0))
    >>> logits, cache = forward(params, [[5, 1]], config)
    >>> grads = backward(params, cache, np.zeros_like(logits), config)
    >>> grads.keys() == params.keys(), any(grad.any() for grad in grads.values())
    (True, False)
    """
    inputs, blocks, hidden, final = cache
    grads = {name: np.empty_like(array) for name, array in params.items()}
    d_hidden, d_head, _ = linear_backward(d_logits, hidden, params["wte"][: config.vocab_size].T)
    d_x, grads["lnf_g"], grads["lnf_b"] = layer_norm_backward(d_hidden, final)
    for layer in reversed(range(config.n_layer)):
        d_x, block_grads = block_backward(_layer(params, layer), d_x, blocks[layer])
        for name, grad in block_grads.items():
            grads[name][layer] = grad
    grads["wpe"][: inputs.shape[1]] = d_x.sum(axis=0)
    grads["wpe"][inputs.shape[1] :] = 0
    grads["wte"] = embedding_backward(d_x, inputs, config.vocab_size + 1)
    grads["wte"][: config.vocab_size] += d_head.T  # tied: one table serves at both ends
    return grads


def loss_and_grad(params, inputs, targets, config):
    """Mean cross-entropy of the targets and its gradient (book, sections 4.4 and 8.5).

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : array-like of int of shape (B, T)
    targets : array-like of int of shape (B, T)
        The token after each input; -100 is left out of the mean.
    config : Config

    Returns
    -------
    loss : float
        Nats a token.
    grads : dict of str to ndarray

    Raises
    ------
    ValueError
        If shapes disagree, an id is out of range or every target is ignored.

    Examples
    --------
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> loss, grads = loss_and_grad(init(config, np.random.default_rng(0)), [[5, 1]], [[1, 2]], config)
    >>> loss > 0, grads["wte"].shape
    (True, (6, 4))
    """
    logits, cache = forward(params, inputs, config)
    loss, d_logits = cross_entropy_with_grad(logits, targets)
    return float(loss), backward(params, cache, d_logits, config)


def start(config, batch=1):
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
    >>> keys, values = start(Config(vocab_size=5, n_layer=2, n_head=2, width=4))
    >>> keys.shape
    (2, 1, 2, 0, 2)
    """
    empty = np.zeros(
        (config.n_layer, batch, config.n_head, 0, config.width // config.n_head), dtype=np.float32
    )
    return empty, empty


def step(params, state, tokens, config):
    """Logits after one more token, from the keys and values of all earlier ones (book, section 8.5).

    The last row of `forward` without its other rows: O(T) work instead of O(T²) for attention, O(1)
    for the rest.

    Parameters
    ----------
    params : dict of str to ndarray
    state : tuple of two ndarrays
        From `start` or the previous step; not changed, so that several continuations may share it.
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
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> params, state = init(config, np.random.default_rng(0)), start(config)
    >>> for token in (5, 1, 2):
    ...     logits, state = step(params, state, [token], config)
    >>> np.allclose(logits, forward(params, [[5, 1, 2]], config)[0][:, -1])
    True
    """
    tokens = as_token_ids(tokens, config.vocab_size + 1, "tokens")
    keys, values = state
    position = keys.shape[-2]
    if position >= config.context:
        raise ValueError(
            f"the state already holds all context={config.context} positions: start again from the"
            " last tokens"
        )
    x = (params["wte"][tokens] + params["wpe"][position])[:, None]
    new_keys, new_values = [], []
    for layer in range(config.n_layer):
        x, cache = block(_layer(params, layer), x, config.n_head, past=(keys[layer], values[layer]))
        _, key, value, _ = cache[2]
        new_keys.append(key)
        new_values.append(value)
    hidden, _ = layer_norm(x[:, 0], params["lnf_g"], params["lnf_b"])
    return lm_head(hidden, params["wte"][: config.vocab_size]), (
        np.stack(new_keys),
        np.stack(new_values),
    )


def prefill(params, inputs, config):
    """Logits after a whole window of ids and the state to go on from, one `step` at a time (book, section 8.5).

    Slower than `forward` but the same to the last bit as having stepped through the window before.

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : sequence of int
        The window, BOS where it begins a text.
    config : Config

    Returns
    -------
    logits : ndarray of shape (1, V)
    state : tuple of two ndarrays of shape (L, 1, heads, T, d/heads)

    Examples
    --------
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> logits, (keys, values) = prefill(init(config, np.random.default_rng(0)), (5, 1, 2), config)
    >>> logits.shape, keys.shape
    ((1, 5), (2, 1, 2, 3, 2))
    """
    state = start(config)
    for token in inputs:
        logits, state = step(params, state, [token], config)
    return logits, state


def window_start(n_inputs, config):
    """First of `n_inputs` ids that the prediction after them sees (book, section 8.5).

    0 until the context is full, then a multiple of ``config.hop``.

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
    >>> config = Config(vocab_size=5, context=8, hop=4)
    >>> [window_start(n, config) for n in (1, 8, 9, 12, 13)]
    [0, 0, 4, 4, 8]
    """
    beyond = max(0, n_inputs - config.context)
    return -(-beyond // config.hop) * config.hop


def long_forward(params, inputs, config):
    """Logits of every next token of texts of any length, seen as `window_start` says (book, section 8.5).

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
    >>> config = Config(vocab_size=5, context=8, n_layer=2, n_head=2, width=4)
    >>> params, inputs = init(config, np.random.default_rng(0)), np.arange(20)[None] % 5
    >>> logits = long_forward(params, inputs, config)
    >>> np.allclose(logits[0, 19], forward(params, inputs[:, 12:], config)[0][0, -1])     # 8 seen, from 12 on
    True
    """
    context, time = config.context, inputs.shape[1]
    if time <= context:
        return forward(params, inputs, config)[0]
    begins = np.arange(0, time - context + config.hop, config.hop)
    # what follows a position cannot reach it
    padded = np.pad(inputs, ((0, 0), (0, begins[-1] + context - time)))
    logits = np.empty(padded.shape + (config.vocab_size,), dtype=params["wte"].dtype)
    for row, text in zip(logits, padded):
        # eight windows at a time, to save memory
        for group in np.split(begins, range(8, len(begins), 8)):
            found, _ = forward(params, text[group[:, None] + np.arange(context)], config)
            for begin, window in zip(group, found):
                new = 0 if begin == 0 else context - config.hop
                row[begin + new : begin + context] = window[new:]
    return logits[:, :time]


def _layer(params, layer):
    """One block's own parameters."""
    return {name: params[name][layer] for name in _STACKED}

"""The neural probabilistic language model of Bengio et al.: an n-gram with learned features (book, section 8.3).

The last n tokens are looked up in one table, laid side by side as x, and pass a hidden layer:
logits = U tanh(H x + d) + b. Parameters are a dict of arrays that stand as in the formula:

================  ===============  ==============================================================
``embedding``     (V + 1, m)       features of each token; row V is the internal BOS
``H``, ``d``      (h, n·m), (h,)   hidden layer
``U``, ``b``      (V, h), (V,)     head
================  ===============  ==============================================================
"""

from dataclasses import dataclass

import numpy as np

from lmcore._arrays import as_token_ids
from lmcore.likelihood import cross_entropy_with_grad
from lmcore.models.layers import embedding_backward, linear_backward
from lmcore.softmax import lm_head

DECAYED = ("H", "U")


@dataclass(frozen=True)
class Config:
    """Shape of an NPLM (book, section 8.3).

    Attributes
    ----------
    vocab_size : int
        V, the outputs; the embedding table has one row more, for BOS.
    context : int, default 8
        n, the tokens seen.
    width : int, default 24
        m, features of a token.
    hidden : int, default 128
        h, hidden units.

    Raises
    ------
    ValueError
        If a size is not positive.
    """

    vocab_size: int
    context: int = 8
    width: int = 24
    hidden: int = 128

    def __post_init__(self):
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")

    @property
    def cold(self):
        """Positions at the head of a window cut from mid-text that lack part of their context."""
        return self.context - 1


def init(config, rng, dtype=np.float32):
    """Random parameters, scaled so that every layer's outputs start with a spread near one (book, section 8.3).

    Parameters
    ----------
    config : Config
    rng : numpy.random.Generator
    dtype : floating type, default float32

    Returns
    -------
    dict of str to ndarray

    Examples
    --------
    >>> params = init(Config(vocab_size=5, context=3, width=2, hidden=4), np.random.default_rng(0))
    >>> {name: array.shape for name, array in params.items()}
    {'embedding': (6, 2), 'H': (4, 6), 'd': (4,), 'U': (5, 4), 'b': (5,)}
    """

    def normal(rows, columns, scale):
        return (scale * rng.standard_normal((rows, columns))).astype(dtype)

    inputs = config.context * config.width
    return {
        "embedding": normal(config.vocab_size + 1, config.width, 1.0),
        "H": normal(config.hidden, inputs, 1 / np.sqrt(inputs)),
        "d": np.zeros(config.hidden, dtype=dtype),
        "U": normal(config.vocab_size, config.hidden, 0.1 / np.sqrt(config.hidden)),
        "b": np.zeros(config.vocab_size, dtype=dtype),
    }


def forward(params, inputs, config):
    """Logits of every next token, U tanh(H x + d) + b (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
        As `init` returns them.
    inputs : array-like of int of shape (B, T)
        Ids in [0, V], V being BOS. Positions before the first are taken to be BOS.
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, T, V)
        Row t predicts the token after ``inputs[:, t]`` from the n tokens that end there.
    cache : tuple
        For `backward`.

    Raises
    ------
    ValueError
        If an id is out of range or `inputs` is not (B, T).

    References
    ----------
    Bengio, Y., Ducharme, R., Vincent, P. and Jauvin, C. (2003). A Neural Probabilistic Language Model. JMLR 3.
    (Without the optional direct connections from x to the logits.)

    Examples
    --------
    >>> config = Config(vocab_size=5)
    >>> logits, _ = forward(init(config, np.random.default_rng(0)), [[5, 1, 2]], config)
    >>> logits.shape
    (1, 3, 5)
    """
    inputs = as_token_ids(inputs, config.vocab_size + 1, "inputs")
    if inputs.ndim != 2:
        raise ValueError(
            f"inputs must have shape (B, T), got {inputs.shape}; add a batch axis with inputs[None]"
        )
    padded = np.pad(inputs, ((0, 0), (config.context - 1, 0)), constant_values=config.vocab_size)
    # (B, T, n)
    contexts = np.lib.stride_tricks.sliding_window_view(padded, config.context, axis=1)
    # (B, T, n·m)
    x = params["embedding"][contexts].reshape(*inputs.shape, -1)
    hidden = np.tanh(x @ params["H"].T + params["d"])
    return lm_head(hidden, params["U"], params["b"]), (contexts, x, hidden)


def backward(params, cache, d_logits, config):
    """Gradient of every parameter from the derivative of the loss by the logits (book, section 8.3).

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

    >>> config = Config(vocab_size=5)
    >>> params = init(config, np.random.default_rng(0))
    >>> logits, cache = forward(params, [[5, 1]], config)
    >>> grads = backward(params, cache, np.zeros_like(logits), config)
    >>> grads.keys() == params.keys(), any(grad.any() for grad in grads.values())
    (True, False)
    """
    contexts, x, hidden = cache
    d_hidden, d_head, d_b = linear_backward(d_logits, hidden, params["U"].T)
    # tanh' = 1 − tanh²
    d_inner = d_hidden * (1 - hidden * hidden)
    d_x, d_H, d_d = linear_backward(d_inner, x, params["H"].T)
    d_features = d_x.reshape(*contexts.shape, config.width)
    return {
        "embedding": embedding_backward(d_features, contexts, config.vocab_size + 1),
        "H": d_H.T,
        "d": d_d,
        "U": d_head.T,
        "b": d_b,
    }


def loss_and_grad(params, inputs, targets, config):
    """Mean cross-entropy of the targets and its gradient (book, sections 4.4 and 8.3).

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
    >>> config = Config(vocab_size=5)
    >>> loss, grads = loss_and_grad(init(config, np.random.default_rng(0)), [[5, 1]], [[1, 2]], config)
    >>> bool(abs(loss - np.log(5)) < 0.1), grads["U"].shape              # as good as guessing at first
    (True, (5, 128))
    """
    logits, cache = forward(params, inputs, config)
    loss, d_logits = cross_entropy_with_grad(logits, targets)
    return float(loss), backward(params, cache, d_logits, config)


def start(config, batch=1):
    """State before any token: contexts full of BOS (book, section 8.3).

    Parameters
    ----------
    config : Config
    batch : int, default 1

    Returns
    -------
    ndarray of int of shape (batch, n)

    Examples
    --------
    >>> start(Config(vocab_size=5, context=3))
    array([[5, 5, 5]])
    """
    return np.full((batch, config.context), config.vocab_size)


def step(params, state, tokens, config):
    """Logits after one more token, and the new state: the context moved on by one (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
    state : ndarray of int of shape (B, n)
        From `start` or the previous step; not changed.
    tokens : array-like of int of shape (B,)
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : ndarray of int of shape (B, n)

    Examples
    --------
    >>> config = Config(vocab_size=5)
    >>> params = init(config, np.random.default_rng(0))
    >>> logits, state = step(params, start(config), [5], config)
    >>> np.allclose(logits, forward(params, [[5]], config)[0][:, 0])
    True
    """
    state = np.column_stack([state[:, 1:], tokens])
    logits, _ = forward(params, state, config)
    return logits[:, -1], state


def prefill(params, inputs, config):
    """Logits after a whole window of ids and the state to go on from (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : sequence of int
        The window, BOS where it begins a text.
    config : Config

    Returns
    -------
    logits : ndarray of shape (1, V)
    state : ndarray of int of shape (1, n)
        The last n ids.

    Examples
    --------
    >>> config = Config(vocab_size=5, context=3)
    >>> prefill(init(config, np.random.default_rng(0)), (5, 1), config)[1]
    array([[5, 5, 1]])
    """
    state = start(config)
    recent = inputs[-config.context :]
    state[0, config.context - len(recent) :] = recent
    return forward(params, state, config)[0][:, -1], state


def window_start(n_inputs, config):
    """First of `n_inputs` ids that the prediction after them sees (book, section 8.3).

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
    >>> [window_start(n, Config(vocab_size=5, context=3)) for n in (1, 3, 4)]
    [0, 0, 1]
    """
    return max(0, n_inputs - config.context)


def long_forward(params, inputs, config, block=4096):
    """Logits of every next token of texts of any length (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : ndarray of int of shape (B, T)
    config : Config
    block : int, default 4096
        Positions worked at once.

    Returns
    -------
    ndarray of shape (B, T, V)

    Examples
    --------
    >>> config = Config(vocab_size=5, context=3)
    >>> params, inputs = init(config, np.random.default_rng(0)), np.arange(20)[None] % 5
    >>> np.allclose(long_forward(params, inputs, config, block=6), forward(params, inputs, config)[0], atol=1e-6)
    True
    """
    rows = []
    for begin in range(0, inputs.shape[1], block):
        # enough before the block for its first position's context
        first = max(0, begin - config.cold)
        logits, _ = forward(params, inputs[:, first : begin + block], config)
        rows.append(logits[:, begin - first :])
    return np.concatenate(rows, axis=1)

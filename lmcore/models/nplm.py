"""The neural probabilistic language model of Bengio et al.: learned features (book, section 8.3).

The last n tokens are looked up in one table, laid side by side as x, and pass a hidden layer:
logits = U tanh(H x + d) + b, and with direct connections W x added to it. Parameters are a dict of
arrays that stand as in the formula:

=============  ===============  =====================================================
``embedding``  (V + 1, m)       features of each token; row V is the internal BOS
``H``, ``d``   (h, n·m), (h,)   hidden layer
``U``, ``b``   (V, h), (V,)     head
``W``          (V, n·m)         direct connections, if the configuration asks for them
=============  ===============  =====================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lmcore._checks import as_integer, as_token_ids
from lmcore._typing import Floats, Integers, Params
from lmcore.models.layers import embedding_backward, linear_backward
from lmcore.softmax import lm_head

WEIGHT_DECAYED: tuple[str, ...] = ("H", "U", "W")


@dataclass(frozen=True)
class Config:
    """Shape of an NPLM (book, section 8.3).

    Attributes
    ----------
    vocab_size : int
        V, the outputs; the embedding table has one row more, for BOS.
    block_size : int, default 8
        n, the tokens seen.
    n_embd : int, default 24
        m, features of a token.
    hidden : int, default 128
        h, hidden units.
    direct : bool, default False
        Connect the features to the logits directly as well.

    Raises
    ------
    ValueError
        If a size is not positive.
    """

    vocab_size: int
    block_size: int = 8
    n_embd: int = 24
    hidden: int = 128
    direct: bool = False

    def __post_init__(self) -> None:
        for name in ("vocab_size", "block_size", "n_embd", "hidden"):
            as_integer(getattr(self, name), name, minimum=1)

    @property
    def burn_in(self) -> int:
        """Positions at the head of a window cut from mid-text that lack part of their context."""
        return self.block_size - 1


class Cache(NamedTuple):
    """What `backward` needs.

    Attributes
    ----------
    contexts : ndarray of int of shape (B, T, n)
    x : ndarray of shape (B, T, n·m)
        Features of each context, side by side.
    hidden : ndarray of shape (B, T, h)
    """

    contexts: Integers
    x: Floats
    hidden: Floats


def init(config: Config, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Params:
    """Random parameters, whose layers start with outputs of spread one (book, section 8.3).

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
    >>> config = Config(vocab_size=5, block_size=3, n_embd=2, hidden=4)
    >>> params = init(config, np.random.default_rng(0))
    >>> {name: array.shape for name, array in params.items()}
    {'embedding': (6, 2), 'H': (4, 6), 'd': (4,), 'U': (5, 4), 'b': (5,)}
    """

    def normal(rows: int, columns: int, scale: float) -> Floats:
        return (scale * rng.standard_normal((rows, columns))).astype(dtype)

    inputs = config.block_size * config.n_embd
    params = {
        "embedding": normal(config.vocab_size + 1, config.n_embd, 1.0),
        "H": normal(config.hidden, inputs, 1 / np.sqrt(inputs)),
        "d": np.zeros(config.hidden, dtype=dtype),
        "U": normal(config.vocab_size, config.hidden, 0.1 / np.sqrt(config.hidden)),
        "b": np.zeros(config.vocab_size, dtype=dtype),
    }
    if config.direct:
        params["W"] = normal(config.vocab_size, inputs, 0.1 / np.sqrt(inputs))
    return params


def forward(params: Params, inputs: ArrayLike, config: Config) -> tuple[Floats, Cache]:
    """Logits of every next token, U tanh(H x + d) + b (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
        As `init` returns them.
    inputs : array-like of int of shape (B, T)
        Ids in [0, V], V being BOS. Positions before the first are taken to be BOS.
    config : Config
        With ``direct=True`` W x is added to the logits.

    Returns
    -------
    logits : ndarray of shape (B, T, V)
        Row t predicts the token after ``inputs[:, t]`` from the n tokens that end there.
    cache : Cache
        For `backward`.

    Raises
    ------
    ValueError
        If an id is out of range or `inputs` is not (B, T).

    References
    ----------
    Bengio, Y., Ducharme, R., Vincent, P. and Jauvin, C. (2003). A Neural Probabilistic Language
    Model. JMLR 3.

    Examples
    --------
    >>> config = Config(vocab_size=5)
    >>> logits, _ = forward(init(config, np.random.default_rng(0)), [[5, 1, 2]], config)
    >>> logits.shape
    (1, 3, 5)
    """
    ids = as_token_ids(inputs, config.vocab_size + 1, "inputs")
    if ids.ndim != 2:
        raise ValueError(
            f"inputs must have shape (B, T), got {ids.shape}; add a batch axis with inputs[None]"
        )
    padded = np.pad(ids, ((0, 0), (config.block_size - 1, 0)), constant_values=config.vocab_size)
    # (B, T, n)
    contexts = np.lib.stride_tricks.sliding_window_view(padded, config.block_size, axis=1)
    return _logits(params, contexts)


def _logits(params: Params, contexts: Integers) -> tuple[Floats, Cache]:
    """Logits (..., V) after contexts (..., n)."""
    # (..., n·m)
    x = params["embedding"][contexts].reshape(*contexts.shape[:-1], -1)
    hidden = np.tanh(x @ params["H"].T + params["d"])
    logits = lm_head(hidden, params["U"], params["b"])
    if "W" in params:
        logits += lm_head(x, params["W"])
    return logits, Cache(contexts, x, hidden)


def backward(params: Params, cache: Cache, d_logits: Floats, config: Config) -> Params:
    """Gradient of every parameter from that with respect to the logits (book, section 8.3).

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
    grads = {"H": d_H.T, "d": d_d, "U": d_head.T, "b": d_b}
    if "W" in params:
        d_direct, d_W, _ = linear_backward(d_logits, x, params["W"].T)
        d_x, grads["W"] = d_x + d_direct, d_W.T
    d_features = d_x.reshape(*contexts.shape, config.n_embd)
    grads["embedding"] = embedding_backward(d_features, contexts, config.vocab_size + 1)
    return {name: grads[name] for name in params}


def init_state(config: Config, batch: int = 1) -> Integers:
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
    >>> init_state(Config(vocab_size=5, block_size=3))
    array([[5, 5, 5]])
    """
    return np.full((batch, config.block_size), config.vocab_size)


def step(
    params: Params, state: Integers, tokens: ArrayLike, config: Config
) -> tuple[Floats, Integers]:
    """Logits after one more token, and the context moved on by one (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
    state : ndarray of int of shape (B, n)
        From `init_state` or the previous step; not changed.
    tokens : array-like of int of shape (B,)
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : ndarray of int of shape (B, n)

    Raises
    ------
    ValueError
        If an id is out of range.

    Examples
    --------
    >>> config = Config(vocab_size=5)
    >>> params = init(config, np.random.default_rng(0))
    >>> logits, state = step(params, init_state(config), [5], config)
    >>> np.allclose(logits, forward(params, [[5]], config)[0][:, 0])
    True
    """
    ids = as_token_ids(tokens, config.vocab_size + 1, "tokens")
    state = np.column_stack([state[:, 1:], ids])
    return _logits(params, state)[0], state


def window_start(n_inputs: int, config: Config) -> int:
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
    >>> [window_start(n, Config(vocab_size=5, block_size=3)) for n in (1, 3, 4)]
    [0, 0, 1]
    """
    return max(0, n_inputs - config.block_size)


def long_forward(params: Params, inputs: Any, config: Config, block: int = 4096) -> Floats:
    """Logits of every next token of texts of any length (book, section 8.3).

    Parameters
    ----------
    params : dict of str to ndarray
    inputs : ndarray of int of shape (B, T)
    config : Config
    block : int, default 4096
        Positions computed at once.

    Returns
    -------
    ndarray of shape (B, T, V)

    Examples
    --------
    >>> config = Config(vocab_size=5, block_size=3)
    >>> params, inputs = init(config, np.random.default_rng(0)), np.arange(20)[None] % 5
    >>> parts = long_forward(params, inputs, config, block=6)
    >>> np.allclose(parts, forward(params, inputs, config)[0], atol=1e-6)
    True
    """
    rows = []
    for begin in range(0, inputs.shape[1], block):
        # enough before the block for its first position's context
        first = max(0, begin - config.burn_in)
        logits, _ = forward(params, inputs[:, first : begin + block], config)
        rows.append(logits[:, begin - first :])
    return np.concatenate(rows, axis=1)

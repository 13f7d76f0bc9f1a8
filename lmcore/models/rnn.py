"""A recurrent language model, h_t = tanh(W h_{t−1} + U x_t + b), with BPTT (book, section 8.4).

x_t is one-hot, so U x_t is a look-up, and parameters are a dict of arrays:

====================  ============  ===========================================================
``U``                 (V + 1, h)    input weights, one row per token; row V is the internal BOS
``W``                 (h, h)        recurrent weights, as in the formula
``b``                 (h,)          bias
``head``, ``head_b``  (V, h), (V,)  logits = head h_t + head_b
====================  ============  ===========================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lmcore._checks import as_integer, as_token_ids
from lmcore._typing import Floats, Integers, Params
from lmcore.likelihood import cross_entropy_with_grad
from lmcore.models.layers import embedding_backward, linear_backward
from lmcore.softmax import lm_head

WEIGHT_DECAYED: tuple[str, ...] = ("W", "head")


@dataclass(frozen=True)
class Config:
    """Shape of a recurrent model (book, section 8.4).

    Attributes
    ----------
    vocab_size : int
        V, the outputs; the input table has one row more, for BOS.
    hidden : int, default 128
        h, the width of the state.

    Raises
    ------
    ValueError
        If a size is not positive.
    """

    vocab_size: int
    hidden: int = 128

    def __post_init__(self) -> None:
        for name, size in vars(self).items():
            as_integer(size, name, minimum=1)

    @property
    def burn_in(self) -> int:
        """Positions at the head of a window that are not trained on: none."""
        return 0


class Cache(NamedTuple):
    """What `backward` needs.

    Attributes
    ----------
    inputs : ndarray of int of shape (B, T)
    states : ndarray of shape (T + 1, B, h)
        h_0 to h_T.
    """

    inputs: Integers
    states: Floats


def init(config: Config, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Params:
    """Random parameters; W is orthogonal, so that no direction grows or dies (book, section 8.4).

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
    Saxe, A. M., McClelland, J. L. and Ganguli, S. (2014). Exact solutions to the nonlinear dynamics
    of learning in deep linear neural networks. ICLR. (Orthogonal initial weights.)

    Examples
    --------
    >>> params = init(Config(vocab_size=5, hidden=4), np.random.default_rng(0))
    >>> {name: array.shape for name, array in params.items()}
    {'U': (6, 4), 'W': (4, 4), 'b': (4,), 'head': (5, 4), 'head_b': (5,)}
    >>> np.allclose(params["W"] @ params["W"].T, np.eye(4), atol=1e-6)
    True
    """
    size, hidden = config.vocab_size, config.hidden
    orthogonal, _ = np.linalg.qr(rng.standard_normal((hidden, hidden)))
    return {
        "U": (0.3 * rng.standard_normal((size + 1, hidden))).astype(dtype),
        "W": orthogonal.astype(dtype),
        "b": np.zeros(hidden, dtype=dtype),
        "head": (0.1 / np.sqrt(hidden) * rng.standard_normal((size, hidden))).astype(dtype),
        "head_b": np.zeros(size, dtype=dtype),
    }


def forward(
    params: Params, inputs: ArrayLike, config: Config, state: Floats | None = None
) -> tuple[Floats, Cache]:
    """Logits of every next token, the state starting from zero unless given (book, section 8.4).

    Parameters
    ----------
    params : dict of str to ndarray
        As `init` returns them.
    inputs : array-like of int of shape (B, T)
        Ids in [0, V], V being BOS.
    config : Config
    state : ndarray of shape (B, h), optional
        h_0, the state with which an earlier part of the text ended.

    Returns
    -------
    logits : ndarray of shape (B, T, V)
        Row t predicts the token after ``inputs[:, t]``.
    cache : Cache
        For `backward`; ``cache.states`` holds h_0 to h_T, (T + 1, B, h).

    Raises
    ------
    ValueError
        If an id is out of range or `inputs` is not (B, T).

    References
    ----------
    Elman, J. L. (1990). Finding Structure in Time. Cognitive Science 14(2).
    Mikolov, T. et al. (2010). Recurrent neural network based language model. Interspeech.

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
    # (T, B, h): U x_t + b for all t at once
    driven = params["U"][ids.T] + params["b"]
    states = np.zeros((len(driven) + 1,) + driven.shape[1:], dtype=driven.dtype)
    if state is not None:
        states[0] = state
    recurrent = params["W"].T
    for t, drive in enumerate(driven):
        np.tanh(states[t] @ recurrent + drive, out=states[t + 1])
    logits = lm_head(states[1:], params["head"], params["head_b"])
    return np.ascontiguousarray(logits.swapaxes(0, 1)), Cache(ids, states)


def backward(params: Params, cache: Cache, d_logits: Floats, config: Config) -> Params:
    """Gradient of every parameter by backpropagation through time (book, section 8.4).

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

    References
    ----------
    Werbos, P. J. (1990). Backpropagation Through Time: What It Does and How to Do It. Proceedings
    of the IEEE 78(10).

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
    inputs, states = cache
    d_states, d_head, d_head_b = linear_backward(
        np.ascontiguousarray(d_logits.swapaxes(0, 1)), states[1:], params["head"].T
    )
    d_inner = bptt(params, states, d_states)[0]  # (T, B, h)
    rows = d_inner.reshape(-1, config.hidden)
    return {
        "U": embedding_backward(d_inner, inputs.T, config.vocab_size + 1),
        "W": rows.T @ states[:-1].reshape(-1, config.hidden),
        "b": rows.sum(axis=0),
        "head": d_head.T,
        "head_b": d_head_b,
    }


def bptt(params: Params, states: Floats, d_states: Floats) -> tuple[Floats, Floats]:
    """Backpropagation through time: derivatives along the recurrence (book, section 8.4).

    δ_t = ∂ℓ_t/∂h_t + Wᵀ a_{t+1} and a_t = δ_t ⊙ (1 − h_t²), from the last step to the first.

    Parameters
    ----------
    params : dict of str to ndarray
    states : ndarray of shape (T + 1, B, h)
        From `forward`'s cache.
    d_states : ndarray of shape (T, B, h)
        Derivative of each step's own loss with respect to its state.

    Returns
    -------
    d_inner : ndarray of shape (T, B, h)
        a_t, the derivative with respect to the argument of tanh.
    d_total : ndarray of shape (T, B, h)
        δ_t, the derivative with respect to the state, from its own step and all later ones.

    Examples
    --------
    One unit with W = 1/2 that stays near 0, where tanh has slope 1; each step back halves it:

    >>> states, d_states = np.zeros((4, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> bptt({"W": np.array([[0.5]])}, states, d_states)[1].ravel()
    array([0.25, 0.5 , 1.  ])
    """
    d_inner, d_total = np.empty_like(d_states), np.empty_like(d_states)
    carried = np.zeros_like(d_states[0])
    for t in reversed(range(len(d_states))):
        np.add(d_states[t], carried, out=d_total[t])
        np.multiply(d_total[t], 1 - states[t + 1] * states[t + 1], out=d_inner[t])
        carried = d_inner[t] @ params["W"]
    return d_inner, d_total


def gradient_norm_by_lag(
    params: Params, inputs: ArrayLike, targets: ArrayLike, config: Config
) -> Floats:
    """Norm of the last loss's derivative k steps back, ‖∂ℓ_T/∂h_{T−k}‖ (book, section 8.4).

    Parameters
    ----------
    params : dict of str to ndarray
    inputs, targets : array-like of int of shape (B, T)
        Only the last column of `targets` is used.
    config : Config

    Returns
    -------
    ndarray of shape (T,)
        Norm at lag k = 0 to T − 1, mean over the batch. If its logarithm is a straight line, the
        gradient vanishes (falling) or explodes (rising).

    Raises
    ------
    ValueError
        As `forward` does, or if a last target is ignored.

    References
    ----------
    Bengio, Y., Simard, P. and Frasconi, P. (1994). Learning Long-Term Dependencies with Gradient
    Descent is Difficult. IEEE Transactions on Neural Networks 5(2).

    Examples
    --------
    With half an orthogonal W, each step back at least halves the norm:

    >>> config = Config(vocab_size=5, hidden=16)
    >>> params = init(config, np.random.default_rng(0))
    >>> params["W"] *= 0.5
    >>> norms = gradient_norm_by_lag(params, [[1, 2, 3, 4]], [[2, 3, 4, 0]], config)
    >>> norms.shape, bool((norms[1:] <= 0.5 * norms[:-1]).all())
    ((4,), True)
    """
    logits, (_, states) = forward(params, inputs, config)
    _, d_last = cross_entropy_with_grad(logits[:, -1], np.asarray(targets)[:, -1], reduction="none")
    d_states = np.zeros_like(states[1:])
    d_states[-1] = d_last @ params["head"]
    _, d_total = bptt(params, states, d_states)
    return np.linalg.norm(d_total, axis=-1).mean(axis=-1)[::-1]


def init_state(config: Config, batch: int = 1) -> Floats:
    """State before any token: zero (book, section 8.4).

    Parameters
    ----------
    config : Config
    batch : int, default 1

    Returns
    -------
    ndarray of float32 of shape (batch, h)

    Examples
    --------
    >>> init_state(Config(vocab_size=5, hidden=3))
    array([[0., 0., 0.]], dtype=float32)
    """
    return np.zeros((batch, config.hidden), dtype=np.float32)


def step(params: Params, state: Floats, tokens: ArrayLike, config: Config) -> tuple[Floats, Floats]:
    """Logits after one more token, and the new state h_t (book, section 8.4).

    Parameters
    ----------
    params : dict of str to ndarray
    state : ndarray of shape (B, h)
        From `init_state` or the previous step; not changed.
    tokens : array-like of int of shape (B,)
    config : Config

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : ndarray of shape (B, h)

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
    state = np.tanh(state @ params["W"].T + params["U"][ids] + params["b"])
    return lm_head(state, params["head"], params["head_b"]), state


def window_start(n_inputs: int, config: Config) -> int:
    """First of `n_inputs` ids that the next prediction sees: 0, all of them (book, section 8.4).

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
    >>> window_start(1000, Config(vocab_size=5))
    0
    """
    return 0


def long_forward(params: Params, inputs: Any, config: Config, block: int = 4096) -> Floats:
    """Logits of every next token of texts of any length, block by block (book, section 8.4).

    The state after a block starts the next one.

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
    >>> config = Config(vocab_size=5)
    >>> params, inputs = init(config, np.random.default_rng(0)), np.arange(20)[None] % 5
    >>> parts = long_forward(params, inputs, config, block=6)
    >>> np.allclose(parts, forward(params, inputs, config)[0], atol=1e-5)
    True
    """
    rows, state = [], None
    for begin in range(0, inputs.shape[1], block):
        logits, cache = forward(params, inputs[:, begin : begin + block], config, state)
        rows.append(logits)
        state = cache.states[-1]
    return np.concatenate(rows, axis=1)

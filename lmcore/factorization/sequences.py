"""One pass over true text: causal masks, teacher forcing, scores (sections 2.2 to 2.4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_floats, as_integer, as_integers, as_token_ids
from lmcore._typing import Bools, Floats, Integers


def causal_mask(length: int, past: int = 0) -> Bools:
    """Which positions each position may attend to: itself and all before it (book, section 2.3).

    Added to attention scores it is the matrix M with M_ij = 0 where True and −∞ where False:
    ``np.where(causal_mask(T), scores, -np.inf)``, before the softmax.

    Parameters
    ----------
    length : int
        T, the number of query positions, at least 1.
    past : int, default 0
        Positions already processed (a key-value cache); they precede the first query and all of
        them may be seen.

    Returns
    -------
    ndarray of bool of shape (T, past + T)
        True where query i may attend to key j. PyTorch's scaled_dot_product_attention reads a mask
        the same way, its nn.MultiheadAttention the other way round.

    Raises
    ------
    ValueError
        If `length` < 1 or `past` < 0.

    References
    ----------
    Vaswani, A. et al. (2017). Attention Is All You Need. NeurIPS.

    Examples
    --------
    >>> causal_mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    length, past = as_integer(length, "length"), as_integer(past, "past")
    if length < 1 or past < 0:
        raise ValueError(
            f"length must be at least 1 and past at least 0, got length={length}, past={past}"
        )
    return np.tri(length, past + length, k=past, dtype=bool)


def teacher_forcing(
    tokens: ArrayLike, bos: int, ignore_index: int = -100
) -> tuple[Integers, Integers]:
    """Inputs and targets of one pass over true text (book, section 2.2).

    Each token is predicted from the true tokens before it, whatever the model itself would have
    written.

    Parameters
    ----------
    tokens : array-like of int of shape (..., T)
        The text, EOS included if it is to be predicted, padded with `ignore_index` where shorter.
    bos : int
        Input id before the first token; it is never a target.
    ignore_index : int, default -100
        Padding in `tokens`. It stays in the targets; in the inputs, where it would index no
        embedding, it becomes `bos`.

    Returns
    -------
    inputs, targets : ndarrays of int of shape (..., T)
        ``inputs[..., t]`` is the token before ``targets[..., t]``.

    Raises
    ------
    TypeError
        If `tokens` are not integers.
    ValueError
        If `tokens` is empty.

    References
    ----------
    Williams, R. J. and Zipser, D. (1989). A Learning Algorithm for Continually Running Fully
    Recurrent Neural Networks. Neural Computation 1(2).

    Examples
    --------
    >>> teacher_forcing([5, 8, 2], bos=0)
    (array([0, 5, 8]), array([5, 8, 2]))
    """
    targets = as_integers(tokens, "tokens", "integer token ids")
    if targets.ndim == 0 or targets.shape[-1] == 0:
        raise ValueError(
            f"tokens must hold at least one token along a time axis, got shape {targets.shape}"
        )
    inputs = np.full_like(targets, bos)
    inputs[..., 1:] = np.where(targets[..., :-1] == ignore_index, bos, targets[..., :-1])
    return inputs, targets


def token_log_probs(log_probs: ArrayLike, tokens: ArrayLike, ignore_index: int = -100) -> Floats:
    """Log-probability of each token of a text, log p(t_i | t_<i) (book, section 2.2).

    Parameters
    ----------
    log_probs : array-like of shape (..., T, V)
        Nats, aligned: row t is the distribution that token t is drawn from.
    tokens : array-like of int of shape (..., T)
        Ids in [0, V), or `ignore_index`.
    ignore_index : int, default -100
        Positions that score 0, so that sums leave them out.

    Returns
    -------
    ndarray of shape (..., T)
        Nats, in the type of `log_probs`.

    Raises
    ------
    ValueError
        If the shapes disagree or a token is out of range.

    Examples
    --------
    >>> token_log_probs(np.log([[0.5, 0.5], [0.25, 0.75]]), [1, 0]).round(4)
    array([-0.6931, -1.3863])
    """
    log_probs = as_floats(log_probs, "log_probs")
    tokens = as_token_ids(tokens, log_probs.shape[-1], "tokens", ignore_index)
    if tokens.shape != log_probs.shape[:-1]:
        raise ValueError(
            f"tokens has shape {tokens.shape} and log_probs {log_probs.shape}: each token needs "
            f"one row of V log-probabilities, so tokens must have shape {log_probs.shape[:-1]}"
        )
    scored = tokens != ignore_index
    picked = np.take_along_axis(log_probs, np.where(scored, tokens, 0)[..., None], axis=-1)[..., 0]
    return np.where(scored, picked, picked.dtype.type(0))


def sequence_log_prob(log_probs: ArrayLike, tokens: ArrayLike, ignore_index: int = -100) -> Floats:
    """Log-probability of whole sequences, Σ_t log p(t_t | t_<t) (book, section 2.4).

    The product of the probabilities underflows after a few hundred tokens; the sum never does.

    Parameters
    ----------
    log_probs : array-like of shape (..., T, V)
        Nats, aligned: row t is the distribution that token t is drawn from.
    tokens : array-like of int of shape (..., T)
        Ids in [0, V); positions holding `ignore_index` (padding, a prompt) are left out of the sum.
    ignore_index : int, default -100

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the type of `log_probs`; for float16 in float32, as sums of float16 overflow.

    Raises
    ------
    ValueError
        If the shapes disagree or a token is out of range.

    Examples
    --------
    log(1/2 · 1/4):

    >>> float(sequence_log_prob(np.log([[0.5, 0.5], [0.25, 0.75]]), [1, 0]).round(4))
    -2.0794
    """
    scores = token_log_probs(log_probs, tokens, ignore_index)
    if scores.ndim == 0:
        raise ValueError(
            "log_probs must have a time axis before the vocabulary, got shape "
            f"{np.shape(log_probs)}"
        )
    return scores.sum(axis=-1, dtype=accumulator(scores.dtype))[()]

"""Joint tables and the conditionals they factorise into (book, sections 1.5 and 2.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_distribution, as_integer
from lmcore._typing import Floats


def conditionals_from_joint(joint: ArrayLike, order: Sequence[int] | None = None) -> list[Floats]:
    """Conditionals whose product is a joint table (book, section 1.5).

    p(x_i | x_1..x_{i−1}) = p(x_1..x_i) / p(x_1..x_{i−1}), both found by summing out the later
    variables. The chain rule holds in any order of the variables, not only left to right (book,
    section 2.1). A history of probability 0 has no conditional; its row is filled with the uniform
    distribution, which changes no product.

    Parameters
    ----------
    joint : array-like of shape (V_1, ..., V_n)
        Probabilities, non-negative, summing to 1; axis i is variable i.
    order : sequence of int, optional
        The variables in the order in which they are drawn; ``(0, ..., n-1)``, left to right, if not
        given.

    Returns
    -------
    list of n ndarrays
        The i-th has shape (V_{order[0]}, ..., V_{order[i]}) and sums to 1 along its last axis.

    Raises
    ------
    ValueError
        If `joint` is not a distribution or `order` not a permutation of its axes.

    Examples
    --------
    >>> first, second = conditionals_from_joint([[0.1, 0.4], [0.5, 0.0]])
    >>> first, second
    (array([0.5, 0.5]), array([[0.2, 0.8],
           [1. , 0. ]]))
    """
    probs = as_distribution(joint, "joint", axis=None)
    probs = probs.transpose(_as_order(order, probs.ndim))
    conditionals = []
    for i in range(probs.ndim):
        # p(x_1..x_i) and p(x_1..x_{i-1})
        marginal = probs.sum(axis=tuple(range(i + 1, probs.ndim)), dtype=accumulator(probs.dtype))
        history = marginal.sum(axis=-1, keepdims=True)
        rows = np.full_like(marginal, 1 / marginal.shape[-1])
        np.divide(marginal, history, out=rows, where=history > 0)
        conditionals.append(rows.astype(probs.dtype, copy=False))
    return conditionals


def joint_from_conditionals(
    conditionals: Sequence[ArrayLike], order: Sequence[int] | None = None
) -> Floats:
    """Joint table from its conditionals, Π_i p(x_i | x_1..x_{i−1}) (book, section 2.1).

    The inverse of `conditionals_from_joint` for every joint table and every order.

    Parameters
    ----------
    conditionals : sequence of n array-likes
        The i-th of shape (V_{order[0]}, ..., V_{order[i]}), summing to 1 along its last axis.
    order : sequence of int, optional
        The variables in the order in which they are drawn; left to right if not given.

    Returns
    -------
    ndarray of shape (V_1, ..., V_n)
        Probabilities; axis i is variable i whatever the order of drawing.

    Raises
    ------
    ValueError
        If the shapes do not nest, a row is not a distribution, or `order` is not a permutation.

    Examples
    --------
    >>> joint_from_conditionals([[0.5, 0.5], [[0.2, 0.8], [1.0, 0.0]]])
    array([[0.1, 0.4],
           [0.5, 0. ]])
    """
    joint: Floats = np.ones(())
    for i, given in enumerate(conditionals):
        conditional = as_distribution(given, f"conditionals[{i}]")
        if conditional.shape[:-1] != joint.shape:
            raise ValueError(
                f"conditionals[{i}] has shape {conditional.shape}; one distribution for each "
                f"history before it needs shape {(*joint.shape, 'V')}"
            )
        joint = joint[..., None] * conditional
    if joint.ndim == 0:
        raise ValueError("conditionals is empty: pass one array per variable")
    return joint.transpose(np.argsort(_as_order(order, joint.ndim)))


def count_parameters(vocab_size: int, length: int, order: int | None = None) -> int:
    """Free probabilities of a model of strings of one length (book, section 1.5).

    A full joint table has V^n − 1. The conditionals of all histories have Σ_i V^{i−1} (V − 1) =
    V^n − 1 of them as well: the chain rule saves nothing. A memory of `order` tokens does: each
    longest history has one table for all later positions.

    Parameters
    ----------
    vocab_size : int
        V, at least 1.
    length : int
        n, at least 1.
    order : int, optional
        How many tokens back a conditional looks, at least 0; all of them if not given.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    ValueError
        If an argument is too small.

    Examples
    --------
    >>> count_parameters(vocab_size=10, length=3)
    999
    >>> count_parameters(vocab_size=10, length=3, order=1)
    99
    """
    vocab_size, length = as_integer(vocab_size, "vocab_size"), as_integer(length, "length")
    order = None if order is None else as_integer(order, "order")
    if vocab_size < 1 or length < 1 or (order is not None and order < 0):
        raise ValueError(
            "vocab_size and length must be at least 1 and order at least 0, got "
            f"vocab_size={vocab_size}, length={length}, order={order}"
        )
    longest = length - 1 if order is None else min(order, length - 1)
    return sum(vocab_size**history * (vocab_size - 1) for history in range(longest + 1))


def _as_order(order: Sequence[int] | None, n_variables: int) -> tuple[int, ...]:
    """`order` as a tuple of axes, checked to be a permutation."""
    order = tuple(range(n_variables)) if order is None else tuple(order)
    if sorted(order) != list(range(n_variables)):
        raise ValueError(
            f"order must be a permutation of the variables 0 .. {n_variables - 1}, got {order}"
        )
    return order

"""Checks that a model or its code does what the mathematics says (sections 10.1, 10.2 and 10.5).

Each check returns the worst deviation it saw, so that it can be printed, and raises a ValueError
that names the worst offender where the deviation is more than rounding explains. What passes is
right on the given input only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import (
    as_axis,
    as_floats,
    as_generator,
    as_integer,
    as_token_ids,
    check_sums,
    short,
)
from lmcore._typing import Floats, Integers, NextLogProbs, Params


class AlignedModel(Protocol):
    """A language model that also scores whole texts in one call."""

    def next_log_probs(self, prefix: tuple[int, ...]) -> ArrayLike:
        """(V,) nats of the token after `prefix`."""

    def log_probs(self, tokens: ArrayLike) -> ArrayLike:
        """(B, T, V) nats, aligned."""


def validate_distribution(
    probs: ArrayLike, axis: int = -1, log: bool = False, tolerance: float | None = None
) -> float:
    """Check that an array holds distributions: no negative entry, Σ p = 1 (book, section 10.1).

    The default tolerance is the most that rounding can do, with u half the spacing of the array's
    type at 1. It is the same for every function of lmcore that takes distributions.

    - Storing: each logarithm is off by at most u |log p|, so Σ p by at most u Σ p |log p| = u H. A
      flat distribution over 50,000 tokens in float16 may be off by 0.005, a peaked one by far
      less; a fixed tolerance that admits the former misses a lost 0.5 % in the latter. Stored
      probabilities are off by u p, or by half the smallest float if they are tiny.
    - Computing: 32 roundings in the type of the computation, which for float16 is float32.
    - Adding V terms: V roundings of float64, in whatever order; 4 √V roundings of float32, which
      NumPy and PyTorch add in pairs or blocks. (PyTorch's softmax of 50,257 logits needs a quarter
      of those; one running float32 sum may need more.)

    Parameters
    ----------
    probs : array-like
        Any shape; float16, float32 or float64.
    axis : int, default -1
        The vocabulary axis.
    log : bool, default False
        The array holds log-probabilities, in nats.
    tolerance : float, optional
        Allowed |Σ p − 1| in every row, instead of the rounding bound.

    Returns
    -------
    float
        The largest |Σ p − 1|.

    Raises
    ------
    ValueError
        Naming the worst row, if it is no distribution.

    References
    ----------
    Higham, N. J. (2002). Accuracy and Stability of Numerical Algorithms, chapters 2 to 4. SIAM.

    Examples
    --------
    >>> validate_distribution([[0.5, 0.5], [0.25, 0.75]])
    0.0
    >>> validate_distribution([0.5, 0.49])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: row () sums to 0.99, off by -0.01 where rounding in float64 explains 4.5e-15: ...
    """
    rows = as_floats(probs, "probs", axis)
    return check_sums(np.moveaxis(rows, as_axis(axis, rows.ndim, "probs"), -1), "", log, tolerance)


def check_normalized(
    next_log_probs: NextLogProbs,
    prefixes: Iterable[Sequence[int]],
    tolerance: float | None = None,
) -> float:
    """Check that a model gives a distribution after each of some prefixes (book, section 10.1).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefixes : iterable of sequences of int
        Try the empty one, seen and unseen ones, a long one, and one after EOS.
    tolerance : float, optional
        As in `validate_distribution`.

    Returns
    -------
    float
        The largest |Σ p − 1|.

    Raises
    ------
    ValueError
        Naming the first prefix after which the answer is no distribution, or has another shape than
        the first answer.

    Examples
    --------
    >>> check_normalized(lambda prefix: np.log([0.5, 0.5]), [(), (0,), (0, 1)])
    0.0
    """
    worst: float | None = None
    shape: tuple[int, ...] = ()
    for prefix in map(tuple, prefixes):
        row = np.asarray(next_log_probs(prefix))
        shape = shape or row.shape
        if row.ndim != 1 or row.shape != shape:
            raise ValueError(
                f"after prefix {short(prefix)} the model returned shape {row.shape}: expected "
                f"(V,), the same for every prefix, and {shape} came first"
            )
        try:
            deviation = validate_distribution(row, log=True, tolerance=tolerance)
        except ValueError as error:
            raise ValueError(f"after prefix {short(prefix)}: {error}") from None
        worst = deviation if worst is None else max(worst, deviation)
    if worst is None:
        raise ValueError("prefixes is empty: pass at least one, for example ()")
    return worst


def check_aligned(model: AlignedModel, tokens: ArrayLike, tolerance: float | None = None) -> float:
    """Check that row t of `log_probs` is the distribution of token t (book, section 10.1).

    Compares ``model.log_probs(tokens)[b, t]`` with ``model.next_log_probs(tokens[b, :t])`` for
    every b and t.

    Parameters
    ----------
    model : object
        With `next_log_probs` and `log_probs`.
    tokens : array-like of int of shape (B, T)
    tolerance : float, optional
        Allowed difference in nats; by default 1,000 spacings of the model's type at the larger of 1
        and |log p|, as the two ways sum in different orders.

    Returns
    -------
    float
        The largest difference, in nats.

    Raises
    ------
    ValueError
        Naming the worst position; rows that stand one position late or early are recognised.

    Examples
    --------
    >>> from lmcore.distributions import MarkovSource
    >>> source = MarkovSource([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]])
    >>> check_aligned(source, [[0, 1, 1], [1, 0, 0]])
    0.0
    """
    ids = np.asarray(tokens)
    if ids.ndim != 2 or ids.size == 0:
        raise ValueError(
            f"tokens must have shape (B, T) with at least one token, got {ids.shape}; pass one "
            "text as tokens[None]"
        )
    batch = np.asarray(model.log_probs(ids))
    single = np.stack(
        [
            [np.asarray(model.next_log_probs(tuple(row[:t]))) for t in range(len(row))]
            for row in ids.tolist()
        ]
    )
    if batch.shape != single.shape:
        raise ValueError(
            f"log_probs returned shape {batch.shape} for tokens of shape {ids.shape}; "
            f"next_log_probs makes it {single.shape}"
        )
    if tolerance is None:
        finite = np.where(np.isfinite(single), single, 0)
        tolerance = 1000 * float(np.finfo(batch.dtype).eps) * max(1.0, float(np.abs(finite).max()))
    gap = _difference(batch, single)
    worst = float(gap.max())
    if not worst <= tolerance:
        shifted = {
            lag: _difference(
                batch[:, max(lag, 0) : len(batch[0]) + min(lag, 0)],
                single[:, max(-lag, 0) : len(batch[0]) + min(-lag, 0)],
            )
            for lag in (-1, 1)
        }
        lag = next(
            (lag for lag, other in shifted.items() if other.size and other.max() <= tolerance), None
        )
        hint = (
            ""
            if lag is None
            else f"; the rows stand one place too {'late' if lag == 1 else 'early'}"
        )
        b, t, v = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        raise ValueError(
            f"log_probs[{b}, {t}, {v}] = {batch[b, t, v]:.6g}, but next_log_probs of the {t} "
            f"tokens before gives {single[b, t, v]:.6g} (difference {worst:.3g}, tolerance "
            f"{tolerance:.3g}){hint}"
        )
    return worst


def check_no_leak(
    forward: Callable[[Any], ArrayLike],
    inputs: ArrayLike,
    rng: np.random.Generator,
    own: bool = False,
    tolerance: float | None = None,
) -> float:
    """Check that no output depends on later inputs (book, section 10.1).

    For every t the inputs from t on are replaced and all earlier outputs compared.

    Parameters
    ----------
    forward : callable
        inputs -> array of shape (B, T, ...): a model's `log_probs`, or any layer.
    inputs : array-like of shape (B, T) of int, or (B, T, ...) of float
        Token ids (replaced by other ids that occur among them), or vectors (to which normal noise
        is added).
    rng : numpy.random.Generator
    own : bool, default False
        False: row t may depend on inputs before t only, as aligned log-probabilities must. True: on
        input t as well, as the logits that predict token t + 1 or the rows of an attention layer
        do.
    tolerance : float, optional
        Allowed change; by default 64 spacings of the outputs' type at the largest of them. On one
        machine a causal model usually passes with 0.

    Returns
    -------
    float
        The largest change.

    Raises
    ------
    ValueError
        Naming the worst output and the input that it saw, or if all token ids are equal.

    Examples
    --------
    The sum of the earlier tokens, and one that includes the token itself:

    >>> tokens, rng = np.array([[3, 1, 2, 0]]), np.random.default_rng(0)
    >>> check_no_leak(lambda x: np.cumsum(x, axis=1) - x, tokens, rng)
    0.0
    >>> check_no_leak(lambda x: np.cumsum(x, axis=1), tokens, rng)
    Traceback (most recent call last):
    ...
    ValueError: output row 0 of sequence 0 moved by 3 when the inputs from position 0 on were
    changed (tolerance 0): it sees its own target
    """
    given, rng = np.asarray(inputs), as_generator(rng)
    before = np.asarray(forward(given))
    if before.shape[:2] != given.shape[:2] or given.ndim < 2:
        raise ValueError(
            f"forward returned shape {before.shape} for inputs of shape {given.shape}: expected "
            f"({', '.join(map(str, given.shape[:2]))}, ...)"
        )
    if tolerance is None:
        finite = np.where(np.isfinite(before), before, 0)
        eps = np.finfo(before.dtype).eps if before.dtype.kind == "f" else 0
        tolerance = 64 * float(eps) * max(1.0, float(np.abs(finite).max()))
    other, worst, place = _changed(given, rng), 0.0, (0, 0, 0)
    for t in range(given.shape[1]):
        # rows before `first` must not have moved
        first = t if own else t + 1
        mixed = np.concatenate([given[:, :t], other[:, t:]], axis=1)
        gap = _difference(np.asarray(forward(mixed))[:, :first], before[:, :first])
        if gap.size and not gap.max() <= worst:
            here = np.unravel_index(int(gap.argmax()), gap.shape)
            worst, place = float(gap.max()), (t, int(here[0]), int(here[1]))
    if not worst <= tolerance:
        changed, sequence, row = place
        raise ValueError(
            f"output row {row} of sequence {sequence} moved by {worst:.3g} when the inputs from "
            f"position {changed} on were changed (tolerance {tolerance:.3g}): it sees "
            f"{'its own target' if row == changed else 'the future'}"
        )
    return worst


def check_target_shift(log_probs: ArrayLike, tokens: ArrayLike, max_shift: int = 2) -> float:
    """Check that row t predicts token t better than its neighbours (book, section 10.2).

    Scores token t + s with row t for every shift s. For a model that has learned anything, the mean
    NLL is smallest at shift 0; if it is smaller at another shift, rows and targets are misaligned
    by that much.

    Parameters
    ----------
    log_probs : array-like of shape (..., T, V)
        Nats, aligned.
    tokens : array-like of int of shape (..., T)
        Real text, a few hundred tokens at least: on little text a neighbour may win by chance.
    max_shift : int, default 2

    Returns
    -------
    float
        By how many nats per token shift 0 beats the next best one.

    Raises
    ------
    ValueError
        If another shift scores better, or there are not more than `max_shift` tokens.

    Examples
    --------
    An almost certain model, log(13/15) − log(1/15):

    >>> tokens = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    >>> log_probs = np.log(0.8 * np.eye(3)[tokens] + 0.2 / 3)
    >>> round(check_target_shift(log_probs, tokens), 2)
    2.56
    """
    rows = as_floats(log_probs, "log_probs", axis=None)
    ids = as_token_ids(tokens, rows.shape[-1], "tokens")
    max_shift = as_integer(max_shift, "max_shift")
    length = ids.shape[-1] if ids.ndim else 0
    if ids.shape != rows.shape[:-1] or length <= max_shift or max_shift < 1:
        raise ValueError(
            f"log_probs has shape {rows.shape} and tokens {ids.shape}: pass (..., T, V) and "
            f"(..., T) with T > max_shift = {max_shift} >= 1"
        )
    losses: dict[int, float] = {}
    for shift in range(-max_shift, max_shift + 1):
        shifted = rows[..., max(-shift, 0) : length - max(shift, 0), :]
        targets = ids[..., max(shift, 0) : length - max(-shift, 0)]
        scores = np.take_along_axis(shifted, targets[..., None], axis=-1)
        losses[shift] = float(-scores.mean(dtype=np.float64))
    own = losses.pop(0)
    best = min(losses, key=lambda shift: losses[shift])
    if not own < losses[best]:
        raise ValueError(
            f"rows score the token {abs(best)} {'later' if best > 0 else 'earlier'} better "
            f"({losses[best]:.3f} nats) than their own ({own:.3f}): rows and tokens are "
            f"misaligned by {best:+d}"
        )
    return losses[best] - own


def check_grad(
    function: Callable[[Any], float],
    gradient: Floats | Params,
    point: Floats | Params,
    entries: int = 50,
    rng: np.random.Generator | None = None,
    rtol: float | None = None,
) -> float:
    """Check a gradient against central differences (book, sections 4.4 and 10.5).

    The difference quotient is (f(x + h) − f(x − h)) / 2h with h = ε^{1/3} max(1, |x|), where the
    truncation error h² and the rounding error ε/h balance. SciPy's check_grad uses one-sided
    differences, half the digits.

    Parameters
    ----------
    function : callable
        point -> float, such as a loss of parameters.
    gradient : ndarray, or dict of str to ndarray
        The derivative at `point` that is to be checked, of its shape.
    point : ndarray, or dict of str to ndarray
        Where to check. Its type decides ε: float64 checks about 7 digits, float32 about 2.
    entries : int, default 50
        How many entries of each array are tried: all if there are no more, otherwise drawn without
        replacement.
    rng : numpy.random.Generator, optional
        Needed where entries are drawn.
    rtol : float, optional
        Allowed error, relative to the array's largest derivative; default 1000 ε^{2/3}. The effect
        of rounding f on the difference, 10 ε |f| / h, is allowed on top.

    Returns
    -------
    float
        The largest error, relative to its array's largest derivative.

    Raises
    ------
    ValueError
        Naming the worst entry of the first array that fails, if shapes differ, or if an `rng` is
        needed.

    References
    ----------
    Press, W. H. et al. (2007). Numerical Recipes, section 5.7. Cambridge University Press.

    Examples
    --------
    >>> x = np.array([1.0, -2.0, 0.5])
    >>> check_grad(lambda x: (x ** 3).sum(), 3 * x ** 2, x) < 1e-9
    True
    >>> check_grad(lambda x: (x ** 3).sum(), 3 * x, x)
    Traceback (most recent call last):
    ...
    ValueError: the gradient at (1,) is -6, but central differences give 12: off by 1.5 of the
    largest, 3.7e-08 allowed
    """
    entries = as_integer(entries, "entries", minimum=1)
    named = isinstance(point, dict)
    given: dict[str, Any] = point if isinstance(point, dict) else {"": point}
    gradients: dict[str, Any] = gradient if isinstance(gradient, dict) else {"": gradient}
    shapes = [
        {name: np.shape(values) for name, values in arrays.items()} for arrays in (given, gradients)
    ]
    if shapes[0] != shapes[1]:
        odd = next(
            name
            for name in {**shapes[0], **shapes[1]}
            if shapes[0].get(name) != shapes[1].get(name)
        )
        raise ValueError(
            f"gradient and point differ{f' in {odd!r}' if named else ''}: shape "
            f"{shapes[1].get(odd)} against {shapes[0].get(odd)}; pass one derivative per entry"
        )
    points = {name: as_floats(values, "point").copy() for name, values in given.items()}
    worst = 0.0
    for name, x in points.items():
        eps = float(np.finfo(x.dtype).eps)
        chosen = _chosen(x.size, entries, rng)
        numeric, noise = np.transpose(
            [_central_difference(function, points if named else x, x, i, eps) for i in chosen]
        )
        claimed = np.asarray(gradients[name], dtype=float).ravel()[chosen]
        scale = float(
            max(np.abs(gradients[name]).max(), np.abs(numeric).max(), np.finfo(float).tiny)
        )
        error = np.abs(numeric - claimed)
        allowed = (1000 * eps ** (2 / 3) if rtol is None else rtol) * scale + noise
        if not (error <= allowed).all():
            k = int(np.argmax(error - allowed))  # a NaN counts as the largest
            where = tuple(map(int, np.unravel_index(chosen[k], x.shape)))
            raise ValueError(
                f"the gradient at {f'{name!r} ' if named else ''}{where} is {claimed[k]:.6g}, but "
                f"central differences give {numeric[k]:.6g}: off by {error[k] / scale:.2g} of the "
                f"largest, {allowed[k] / scale:.2g} allowed"
            )
        worst = max(worst, float(error.max()) / scale)
    return worst


def _chosen(size: int, entries: int, rng: np.random.Generator | None) -> Integers:
    if size <= entries:
        return np.arange(size)
    if rng is None:
        raise ValueError(
            f"rng is needed to choose {entries} of {size} entries; pass "
            "numpy.random.default_rng(0), or a larger number of entries"
        )
    return as_generator(rng).choice(size, entries, replace=False)


def _central_difference(
    function: Callable[[Any], float], point: Any, x: Floats, i: int, eps: float
) -> tuple[float, float]:
    """Derivative with respect to entry i of x, an array inside `point`, and its rounding error."""
    centre = x.flat[i]
    step = eps ** (1 / 3) * max(1.0, abs(float(centre)))
    values, places = [], []
    for side in (step, -step):
        x.flat[i] = centre + x.dtype.type(side)
        places.append(float(x.flat[i]))
        values.append(float(function(point)))
    x.flat[i] = centre
    width = places[0] - places[1]  # the step that was really made, after rounding
    return (values[0] - values[1]) / width, 10 * eps * max(map(abs, values)) / width


def _changed(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The inputs with every entry replaced by a different one."""
    if inputs.dtype.kind not in "iu":
        return inputs + rng.normal(size=inputs.shape).astype(inputs.dtype)
    ids, where = np.unique(inputs, return_inverse=True)
    if len(ids) < 2:
        raise ValueError(
            f"inputs holds one token id only, {ids.tolist()}: there is nothing to change it to; "
            "pass real text"
        )
    return ids[(where.reshape(inputs.shape) + rng.integers(1, len(ids), inputs.shape)) % len(ids)]


def _difference(a: np.ndarray, b: np.ndarray) -> Floats:
    """|a − b|, and 0 where both are the same infinity."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(np.subtract(a, b, dtype=np.float64)))

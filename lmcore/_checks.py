"""What lmcore checks of its arguments: every check once, with one text and one tolerance.

Each message names the argument, shows the value and says what to do instead.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator, row_blocks, weighted_sum
from lmcore._typing import Bools, Floats, Integers, NextLogProbs

# Exponentials and subtractions err by a few units in the last place of the type they are made in.
COMPUTING_ROUNDINGS = 32


# ---- arrays and scalars


def as_floats(values: ArrayLike, name: str, axis: int | None = -1) -> Floats:
    """`values` as an array of float16, float32 or float64 in this machine's byte order.

    Booleans and integers become float64.

    Parameters
    ----------
    values : array-like
    name : str
        The argument's name, for the message.
    axis : int or None, default -1
        The axis that needs at least one entry, so that an empty batch (0, V) is fine; None if the
        array as a whole needs one.

    Raises
    ------
    TypeError
        If the entries are not real numbers, or some are masked.
    ValueError
        If the array is a scalar or lacks entries.
    """
    array = _unmasked(values, name)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must hold float16, float32, float64 or integers, got dtype {array.dtype}; "
            f"convert with numpy.asarray({name}, dtype=float)"
        )
    if array.ndim == 0:
        raise ValueError(
            f"{name} must have at least one axis, got the scalar {array}; wrap it in a list"
        )
    if (array.size if axis is None else array.shape[as_axis(axis, array.ndim, name)]) == 0:
        needed = "at least one entry" if axis is None else f"at least one entry along axis {axis}"
        raise ValueError(f"{name} is empty: shape {array.shape}; pass {needed}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def as_token_ids(
    values: ArrayLike, vocab_size: int, name: str, ignore_index: int | None = None
) -> Integers:
    """`values` as an array of token ids in [0, vocab_size), `ignore_index` allowed if given.

    They are of NumPy's type for indices: int64, but int32 in a browser, where counting and
    repeating take nothing longer.

    Raises
    ------
    TypeError
        If the ids are not integers, or some are masked.
    ValueError
        If an id is out of range.
    """
    ids = as_integers(values, name, "integer token ids").astype(np.int64, copy=False)
    valid = (ids >= 0) & (ids < vocab_size)
    if ignore_index is not None:
        valid |= ids == ignore_index
    if not valid.all():
        where = tuple(int(i) for i in np.argwhere(~valid)[0])
        allowed = "" if ignore_index is None else f" or ignore_index={ignore_index}"
        raise ValueError(
            f"{name} holds {ids[where]} at index {where}; token ids must lie in "
            f"[0, {vocab_size}){allowed}"
        )
    return ids.astype(np.intp, copy=False)


def as_integers(values: ArrayLike, name: str, what: str = "integers") -> Integers:
    """`values` as an array of integers of any size.

    Raises
    ------
    TypeError
        If the entries are not integers, or some are masked.
    """
    array = _unmasked(values, name)
    if array.dtype.kind not in "iu" and array.size > 0:
        raise TypeError(f"{name} must hold {what}, got dtype {array.dtype}")
    return array.astype(np.intp)


def as_mask(mask: ArrayLike, values: Floats, name: str) -> np.ndarray:
    """`mask` as booleans or non-negative weights, in the shape that it and `values` broadcast to.

    Raises
    ------
    TypeError
        If its entries are neither booleans nor numbers, or some are masked.
    ValueError
        If a weight is negative or NaN, or the shapes do not broadcast.
    """
    weights = _unmasked(mask, "mask")
    if weights.dtype.kind not in "biuf":
        raise TypeError(f"mask must hold booleans or weights, got dtype {weights.dtype}")
    if not (weights >= 0).all():
        raise ValueError(
            f"mask must be boolean or non-negative, got a smallest entry of {weights.min():g}"
        )
    try:
        return np.broadcast_to(weights, np.broadcast_shapes(values.shape, weights.shape))
    except ValueError:
        raise ValueError(
            f"mask has shape {weights.shape}, which does not broadcast against {name} of shape "
            f"{values.shape}"
        ) from None


def as_outcomes(values: ArrayLike, name: str) -> Bools:
    """`values` as booleans: whether each of some events came.

    Raises
    ------
    TypeError
        If they are neither booleans nor numbers, or some are masked.
    ValueError
        If a number is neither 0 nor 1.
    """
    array = _unmasked(values, name)
    if array.dtype.kind == "b":
        return array
    numbers = as_floats(values, name)
    outcomes = numbers == 1
    other = ~outcomes & (numbers != 0)
    if other.any():
        raise ValueError(
            f"{name} must hold booleans, or 0 and 1, got {numbers[other][0]:g} at index "
            f"{int(other.argmax())}"
        )
    return outcomes


def as_integer(value: Any, name: str, minimum: int | None = None) -> int:
    """`value` as an int; a float is refused even where it is whole.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is below `minimum`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
        remedy = f"; write {int(value)}" if whole else ""
        raise TypeError(f"{name} must be an integer, got {_shown(value)}{remedy}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}")
    return number


def as_real(value: Any, name: str) -> float:
    """`value` as a float.

    Raises
    ------
    TypeError
        If it is not one real number.
    """
    try:
        if isinstance(value, (str, bytes)) or np.ndim(value):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be one number, got {_shown(value)}") from None


def as_temperature(temperature: Any) -> float:
    """`temperature` as a positive finite float.

    Raises
    ------
    TypeError
        If it is not one number.
    ValueError
        If it is not positive and finite.
    """
    value = as_real(temperature, "temperature")
    if not 0 < value < np.inf:
        raise ValueError(
            f"temperature must be a positive finite number, got {temperature}; for the limit 0 "
            "take the argmax (lmcore.decoding.greedy), for the limit infinity the uniform "
            "distribution"
        )
    return value


def as_axis(axis: Any, ndim: int, name: str) -> int:
    """`axis` as a number in [0, ndim), for an array called `name`.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If there is no such axis.
    """
    if axis is None:
        raise TypeError(
            f"axis must be an integer, got None: {name} is worked on along one axis; "
            f"for all entries at once pass {name}.ravel()"
        )
    axis = as_integer(axis, "axis")
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of range for {name} with {ndim} axes")
    return axis % ndim


def as_generator(rng: Any) -> np.random.Generator:
    """`rng` if it draws numbers as a NumPy generator does.

    Raises
    ------
    TypeError
        If it does not.
    """
    if not callable(getattr(rng, "random", None)):
        raise TypeError(
            f"rng must be a numpy.random.Generator, got {_shown(rng)}; "
            "pass numpy.random.default_rng(0), say"
        )
    return rng


def _unmasked(values: ArrayLike, name: str) -> np.ndarray:
    """`values` as an array, unless NumPy would drop a mask."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, whose mask would be lost; pass {name}.filled(value) with "
            "the value that the masked entries should have"
        )
    return np.asarray(values)


def _shown(value: Any) -> str:
    """A value for a message, arrays by their shape."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return repr(value) if len(repr(value)) <= 60 else f"{type(value).__name__} of {len(value)}"


# ---- distributions


def rounding_bound(n_terms: int, dtype: Any, entropy: ArrayLike | None = None) -> Any:
    """How far Σ p may lie from 1 by rounding alone: the one tolerance for distributions.

    With u half the spacing of a type at 1, and float16 computed in float32:

    - storing: each logarithm is off by at most u |log p|, which moves Σ p by at most u H; each
      probability by u p, or by half the smallest float where it is tiny;
    - computing: `COMPUTING_ROUNDINGS` for exponentials and subtractions, for logarithms of size H
      so many times 1 + H;
    - adding n terms: (n − 1) u in whatever order in float64. float32 sums are taken in pairs or
      blocks, by NumPy and PyTorch alike, with errors that stay below 4 √n u; one running float32
      sum would deserve n u, 0.3 % at n = 50,000, and no check could then find a lost per mille.

    Parameters
    ----------
    n_terms : int
        V.
    dtype : dtype
        float16, float32 or float64.
    entropy : float or ndarray, optional
        H of each row, for an array of log-probabilities; not given for probabilities.

    Returns
    -------
    float or ndarray
        Of the shape of `entropy`.
    """
    stored, computed = np.finfo(dtype), np.finfo(accumulator(dtype))
    size = 1.0 if entropy is None else np.asarray(entropy)
    storing = float(stored.eps) / 2 * size
    if entropy is None:
        storing += n_terms * float(stored.smallest_subnormal) / 2
    roundings = COMPUTING_ROUNDINGS * (1.0 if entropy is None else 1.0 + size)
    computing = (roundings + 4 * np.sqrt(n_terms)) * float(computed.eps) / 2
    return storing + computing + n_terms * float(np.finfo(np.float64).eps) / 2


def check_sums(
    values: Floats,
    name: str = "",
    log: bool = False,
    tolerance: float | None = None,
    dtype: Any = None,
) -> float:
    """Check that every row along the last axis is a distribution; the largest |Σ p − 1|.

    Parameters
    ----------
    values : ndarray of shape (..., V)
        Probabilities, or log-probabilities if `log`.
    name : str, optional
        The argument's name, for the message.
    log : bool, default False
    tolerance : float, optional
        Allowed |Σ p − 1|, instead of `rounding_bound`.
    dtype : dtype, optional
        The type in which the values were computed, if it is not their own.

    Raises
    ------
    ValueError
        Naming the worst row, if an entry is no probability or a sum is not 1.
    """
    shape, size = values.shape[:-1], values.shape[-1]
    dtype = values.dtype if dtype is None else np.dtype(dtype)
    rows = values.reshape(-1, size)
    excess, allowed = np.empty(len(rows)), np.empty(len(rows))
    for part in row_blocks(len(rows), size, itemsize=8):
        block = rows[part].astype(np.float64, copy=False)
        _check_entries(block, part.start, shape, name, log)
        masses = np.exp(block) if log else block
        excess[part] = masses.sum(axis=-1) - 1
        entropy = weighted_sum(masses, np.abs(block)) if log else None
        bound = rounding_bound(size, dtype, entropy) if tolerance is None else tolerance
        allowed[part] = bound
    over = np.abs(excess) - allowed
    if not (over <= 0).all():
        worst = int(np.argmax(over))
        limit = f"where rounding in {dtype} explains {allowed[worst]:.2g}"
        if tolerance is not None:
            limit = f"with a tolerance of {tolerance:.2g}"
        row = f"{name} row {_place(worst, shape)}" if shape or not name else name
        raise ValueError(
            f"{row.lstrip()} sums to {excess[worst] + 1:.6g}, off by {excess[worst]:.3g} {limit}: "
            f"mass is {'missing' if excess[worst] < 0 else 'too much'}; {_remedy(log)}"
        )
    return float(np.abs(excess).max(initial=0.0))


def as_distribution(
    values: ArrayLike, name: str, axis: int | None = -1, log: bool = False
) -> Floats:
    """`values` as floats that are distributions along `axis` (None: altogether).

    The tolerance is that of float32 also for float64, whose entries may have been float32 before.

    Raises
    ------
    ValueError
        If an entry is no probability or a sum is not 1.
    """
    probs = as_floats(values, name, axis)
    dtype = min(probs.dtype, np.dtype(np.float32), key=lambda dtype: dtype.itemsize)
    rows = probs.reshape(-1) if axis is None else np.moveaxis(probs, axis, -1)
    check_sums(rows, name, log, dtype=dtype)
    return probs


def as_counts(values: ArrayLike, name: str) -> tuple[Floats, Floats]:
    """`values` as non-negative floats, and the sums of their rows, (..., 1), all positive.

    Raises
    ------
    ValueError
        If a count is negative, or a row's sum is 0 or not finite.
    """
    counts = as_floats(values, name)
    totals = counts.sum(axis=-1, keepdims=True, dtype=accumulator(counts.dtype))
    if not (counts >= 0).all() or not ((totals > 0) & np.isfinite(totals)).all():
        raise ValueError(
            f"{name} must be non-negative with a positive finite sum in each row, got a smallest "
            f"entry of {counts.min():g} and sums from {totals.min():g} to {totals.max():g}"
        )
    return counts, totals


def _check_entries(block: Floats, first: int, shape: tuple[int, ...], name: str, log: bool) -> None:
    """Raise if an entry of some rows, in float64, is no (log-)probability."""
    # a logarithm just above 0 may be a rounded 0, but 1 is not
    bad = np.isnan(block) | ((block > 1) if log else (block < 0) | (block == np.inf))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name} entry {(*_place(first + row, shape), column)} is {block[row, column]}, "
            f"which is no {'log-' if log else ''}probability; {_remedy(log)}".lstrip()
        )


def _remedy(log: bool) -> str:
    return (
        "pass logits through log_softmax first"
        if log
        else "pass logits through softmax, divide weights by their sum"
    )


# ---- logits and models


def as_logits(values: ArrayLike, name: str = "logits") -> Floats:
    """`values` as floats of which every row has a finite largest entry.

    Raises
    ------
    ValueError
        If a row bans every token, or holds NaN or +inf.
    """
    logits = as_floats(values, name)
    check_peaks(logits.max(axis=-1), name)
    return logits


def check_peaks(
    peaks: Floats, name: str, first: int = 0, shape: tuple[int, ...] | None = None
) -> None:
    """Raise unless the largest entry of every row is finite.

    Parameters
    ----------
    peaks : ndarray
        Each row's largest entry.
    name : str
        What the rows are, for the message.
    first : int, default 0
        Place of the first of these rows among all, in order.
    shape : tuple of int, optional
        Shape in which all rows stand; that of `peaks` if not given.
    """
    if np.isfinite(peaks).all():
        return
    peaks, shape = np.asarray(peaks), np.shape(peaks) if shape is None else shape
    row = int(np.argmin(np.isfinite(peaks)))
    problem = (
        "bans every token (all -inf): leave at least one entry finite"
        if peaks.ravel()[row] == -np.inf
        else "holds NaN or +inf: look for an overflow before it"
    )
    raise ValueError(f"{name} row {_place(first + row, shape)} {problem}")


def next_row(
    next_log_probs: NextLogProbs, prefix: tuple[int, ...], eos: int | None = None
) -> Floats:
    """A model's answer after `prefix`, (V,): every caller of a model takes it from here.

    Raises
    ------
    TypeError
        If `eos` is no integer.
    ValueError
        If it is not one row, gives every token probability 0, or holds NaN or +inf, or if `eos` is
        none of its tokens: no text would ever end.
    """
    row = as_floats(next_log_probs(prefix), "next_log_probs(prefix)")
    if row.ndim != 1:
        raise ValueError(
            f"next_log_probs must return one row (V,), but after the prefix {short(prefix)} it "
            f"returned shape {row.shape}"
        )
    peak = row.max()
    if not np.isfinite(peak):
        problem = "gives every token probability 0" if peak == -np.inf else "holds NaN or +inf"
        raise ValueError(
            f"next_log_probs {problem} after the prefix {short(prefix)}: a language model must "
            "return log-probabilities of which at least one is finite"
        )
    if eos is not None and not 0 <= as_integer(eos, "eos") < len(row):
        raise ValueError(f"eos is {eos}, but the model's tokens are 0 to {len(row) - 1}")
    return row


def short(prefix: Sequence[int]) -> str:
    """A prefix as text, the middle left out if it is long."""
    if len(prefix) <= 12:
        return str(tuple(prefix))
    head, tail = (", ".join(map(str, part)) for part in (prefix[:5], prefix[-5:]))
    return f"({head}, … {len(prefix)} tokens …, {tail})"


def _place(row: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Index of a row, counted in order, among rows that stand in this shape."""
    return tuple(int(i) for i in np.unravel_index(row, shape)) if shape else ()

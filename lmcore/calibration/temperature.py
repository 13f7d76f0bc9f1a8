"""Temperature scaling: one number, fitted on held-out data, that corrects confidence (chapter 6).

All sums are kept in float64. Where only the loss at any temperature is available, not the logits,
as for the recorded SmolLM2, use `search_temperature` instead of `fit_temperature`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import row_blocks
from lmcore._checks import as_floats, as_real, as_temperature, as_token_ids, check_peaks
from lmcore._typing import Bools, Floats, Integers


def top_label(
    logits: ArrayLike, targets: ArrayLike, temperature: float = 1.0
) -> tuple[Floats, Bools]:
    """Confidence of the most probable token, and whether it was the true one (book, section 6.3).

    The confidence is max_v softmax(z/T)_v.

    Parameters
    ----------
    logits : array-like of shape (n, V)
        Logits or log-probabilities; -inf bans a token.
    targets : array-like of int of shape (n,)
        Ids in [0, V).
    temperature : float, default 1
        T > 0. It changes the confidence, never the choice.

    Returns
    -------
    confidence : ndarray of shape (n,)
        In the type of `logits`.
    correct : ndarray of bool of shape (n,)

    Raises
    ------
    ValueError
        If shapes disagree, a row bans every token, a target is out of range, or T is not positive
        and finite.

    Examples
    --------
    >>> top_label(np.log([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]), [1, 2])
    (array([0.5 , 0.75]), array([False,  True]))
    """
    rows, ids = rows_and_targets(logits, "logits", targets)
    beta = 1 / as_temperature(temperature)
    confidence = np.empty(len(rows), dtype=rows.dtype)
    for part, shifted, _ in _shifted_blocks(rows, ids):
        confidence[part] = 1 / np.exp(beta * shifted).sum(axis=1)
    return confidence, rows.argmax(axis=1) == ids


def temperature_nll(logits: ArrayLike, targets: ArrayLike, temperature: float) -> float:
    """Mean −log softmax(z/T)_target, what temperature scaling minimises (book, section 6.5).

    Parameters
    ----------
    logits, targets, temperature
        As for `top_label`.

    Returns
    -------
    float
        Nats; convex in 1/T, though not in T. +inf if a target is banned.

    Raises
    ------
    ValueError
        As for `top_label`.

    Examples
    --------
    Odds of 4 become 2, and the loss −log(2/3):

    >>> round(temperature_nll([[np.log(4.0), 0.0]], [0], temperature=2.0), 4)
    0.4055
    """
    rows, ids = rows_and_targets(logits, "logits", targets)
    return _nll_and_slopes(rows, ids, 1 / as_temperature(temperature))[0]


def fit_temperature(logits: ArrayLike, targets: ArrayLike) -> float:
    """Temperature that calibrates best, argmin_T mean −log softmax(z/T)_target (book, section 6.5).

    With β = 1/T the loss has slope mean(E_β z − z_target) and curvature mean(Var_β z) ≥ 0, so it is
    convex and Newton's method, held inside a bracket, finds its only minimum. Fit on one half of
    the data, measure on the other.

    Parameters
    ----------
    logits : array-like of shape (n, V)
        Logits or log-probabilities; -inf bans a token.
    targets : array-like of int of shape (n,)
        Ids in [0, V).

    Returns
    -------
    float
        T*: above 1 if the model is overconfident; 1.0 if no temperature changes anything, because
        all logits of each row are equal.

    Raises
    ------
    ValueError
        If shapes disagree, a target is banned, or no finite T > 0 is best: every target has the
        largest logit (T* = 0), or targets have on average no larger logits than the rest (T* =
        infinity).

    References
    ----------
    Guo, C. et al. (2017). On Calibration of Modern Neural Networks. ICML.

    Examples
    --------
    Odds of 9 should be 3:

    >>> round(fit_temperature([[np.log(9.0), 0.0]] * 4, [0, 0, 0, 1]), 4)
    2.0
    """
    rows, ids = rows_and_targets(logits, "logits", targets)
    _, slope_at_zero, curvature = _nll_and_slopes(rows, ids, 0.0)
    _refuse_endless(rows, ids, slope_at_zero, curvature)
    if curvature == 0:
        return 1.0
    low, high, beta = 0.0, np.inf, 1.0
    for _ in range(200):
        _, slope, curvature = _nll_and_slopes(rows, ids, beta)
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / curvature if curvature > 0 else np.inf
        if not low <= step <= high:
            step = 2 * beta if high == np.inf else (low + high) / 2
        if abs(step - beta) <= 1e-12 * beta:
            break
        beta = step
    return float(1 / step)


def search_temperature(nll: Callable[[float], float], low: float = 0.5, high: float = 2.5) -> float:
    """Temperature of least loss, from the loss alone, by golden-section search (book, section 6.5).

    The search runs over 1/T, in which the loss is convex.

    Parameters
    ----------
    nll : callable
        T -> mean negative log-likelihood at that temperature. It is convex in 1/T.
    low, high : float, default 0.5 and 2.5
        Where to search, 0 < low < high.

    Returns
    -------
    float
        T*, to about seven digits; `fit_temperature` finds it to machine precision from the logits.

    Raises
    ------
    ValueError
        If the bounds are not 0 < low < high, or the loss is least at one of them.

    References
    ----------
    Kiefer, J. (1953). Sequential Minimax Search for a Maximum. Proceedings of the AMS 4(3).

    Examples
    --------
    >>> logits, targets = [[np.log(9.0), 0.0]] * 4, [0, 0, 0, 1]
    >>> round(search_temperature(lambda T: temperature_nll(logits, targets, T)), 4)
    2.0
    """
    low, high = as_real(low, "low"), as_real(high, "high")
    if not 0 < low < high < np.inf:
        raise ValueError(f"low and high must satisfy 0 < low < high, got low={low}, high={high}")
    golden = (5**0.5 - 1) / 2
    left, right = 1 / high, 1 / low
    inner = [right - golden * (right - left), left + golden * (right - left)]
    losses = [nll(1 / beta) for beta in inner]
    while right - left > 1e-8 * right:
        # the minimum is left of the second point
        if losses[0] <= losses[1]:
            right, inner[1], losses[1] = inner[1], inner[0], losses[0]
            inner[0] = right - golden * (right - left)
            losses[0] = nll(1 / inner[0])
        else:
            left, inner[0], losses[0] = inner[0], inner[1], losses[1]
            inner[1] = left + golden * (right - left)
            losses[1] = nll(1 / inner[1])
    best = 2 / (left + right)
    if best < low * (1 + 1e-6) or best > high * (1 - 1e-6):
        raise ValueError(
            f"nll is least at the bound T = {best:.6g}: search a wider range than low={low}, "
            f"high={high}"
        )
    return best


def rows_and_targets(rows: ArrayLike, name: str, targets: ArrayLike) -> tuple[Floats, Integers]:
    """Rows over a vocabulary, at least one, and one target id for each."""
    array = as_floats(rows, name, axis=None)
    if array.ndim != 2 or np.shape(targets) != array.shape[:1]:
        raise ValueError(
            f"{name} must have shape (n, V) and targets (n,), got {array.shape} and "
            f"{np.shape(targets)}"
        )
    return array, as_token_ids(targets, array.shape[1], "targets")


def _shifted_blocks(logits: Floats, targets: Integers) -> Iterator[tuple[slice, Floats, Floats]]:
    """Walk over blocks of rows in float64: which rows, z − max z, and that of the target."""
    for part in row_blocks(len(logits), logits.shape[1], 8):
        block = logits[part].astype(float)
        peak = block.max(axis=1, keepdims=True)
        check_peaks(peak[:, 0], "logits", part.start, logits.shape[:1])
        block -= peak
        yield part, block, np.take_along_axis(block, targets[part, None], axis=1)[:, 0]


def _nll_and_slopes(logits: Floats, targets: Integers, beta: float) -> tuple[float, float, float]:
    """Mean −log softmax(βz)_target and its first two derivatives with respect to β."""
    totals = np.zeros(3)
    for _, shifted, of_target in _shifted_blocks(logits, targets):
        allowed = shifted > -np.inf
        shifted = np.where(allowed, shifted, 0)
        terms = np.where(allowed, np.exp(beta * shifted), 0)
        normalizer = terms.sum(axis=1)
        mean = (terms * shifted).sum(axis=1) / normalizer
        centred = shifted - mean[:, None]
        # 0 · -inf, β = 0 and a banned target: NaN
        with np.errstate(invalid="ignore"):
            totals += [
                (np.log(normalizer) - beta * of_target).sum(),
                (mean - of_target).sum(),
                ((terms * centred * centred).sum(axis=1) / normalizer).sum(),
            ]
    loss, slope, curvature = (totals / len(logits)).tolist()
    return loss, slope, curvature


def _refuse_endless(
    logits: Floats, targets: Integers, slope_at_zero: float, curvature: float
) -> None:
    """Raise where no finite positive temperature is best."""
    of_target = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    if (of_target == -np.inf).any():
        row = int(np.argmax(of_target == -np.inf))
        raise ValueError(
            f"targets[{row}] = {targets[row]} is banned by a logit of -inf: its loss is infinite "
            "at every temperature; drop such rows"
        )
    if curvature > 0 and (of_target == logits.max(axis=1)).all():
        raise ValueError(
            "targets all have the largest logit of their row: the loss falls all the way to "
            "temperature 0; fit on data that hold some errors"
        )
    if curvature > 0 and slope_at_zero >= 0:
        raise ValueError(
            "targets have no larger logits than the average token: the loss falls all the way to "
            "infinite temperature; check that logits and targets belong together (a shift by one?)"
        )

"""Temperature scaling: one number, fitted on held-out data, that mends a model's confidence (chapter 6).

All sums are kept in float64. Where the logits themselves are not at hand, but the loss at any temperature is, as for the
recorded SmolLM2, `search_temperature` takes the place of `fit_temperature`.
"""

import numpy as np

from lmcore._arrays import as_floats, as_token_ids, row_blocks


def top_label(logits, targets, temperature=1.0):
    """Confidence of the most probable token, max_v softmax(z/T)_v, and whether it was the true one (book, section 6.3).

    Parameters
    ----------
    logits : array-like of shape (n, V)
        Logits or log-probabilities; -inf bans a token.
    targets : array-like of int of shape (n,)
        Ids in [0, V).
    temperature : float, default 1
        T > 0. It moves the confidence, never the choice.

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
    logits, targets = rows_and_targets(logits, "logits", targets)
    beta = _inverse(temperature)
    confidence = np.empty(len(logits), dtype=logits.dtype)
    for part, shifted, _ in _shifted_blocks(logits, targets):
        confidence[part] = 1 / np.exp(beta * shifted).sum(axis=1)
    return confidence, logits.argmax(axis=1) == targets


def temperature_nll(logits, targets, temperature):
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
    >>> round(temperature_nll([[np.log(4.0), 0.0]], [0], temperature=2.0), 4)         # odds 4 become 2: -log(2/3)
    0.4055
    """
    logits, targets = rows_and_targets(logits, "logits", targets)
    return _nll_and_slopes(logits, targets, _inverse(temperature))[0]


def fit_temperature(logits, targets):
    """The one number that calibrates best, T* = argmin_T mean −log softmax(z/T)_target (book, section 6.5).

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
        T*: above 1 if the model is overconfident; 1.0 if no temperature matters, as all logits in a
        row are equal.

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
    >>> round(fit_temperature([[np.log(9.0), 0.0]] * 4, [0, 0, 0, 1]), 4)             # odds 9 should be 3
    2.0
    """
    logits, targets = rows_and_targets(logits, "logits", targets)
    _, slope_at_zero, curvature = _nll_and_slopes(logits, targets, 0.0)
    _refuse_endless(logits, targets, slope_at_zero, curvature)
    if curvature == 0:
        return 1.0
    low, high, beta = 0.0, np.inf, 1.0
    for _ in range(200):
        _, slope, curvature = _nll_and_slopes(logits, targets, beta)
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / curvature if curvature > 0 else np.inf
        if not low <= step <= high:
            step = 2 * beta if high == np.inf else (low + high) / 2
        if abs(step - beta) <= 1e-12 * beta:
            break
        beta = step
    return float(1 / step)


def search_temperature(nll, low=0.5, high=2.5):
    """The temperature of least loss where only the loss is at hand, by golden-section search over 1/T (book, section 6.5).

    Parameters
    ----------
    nll : callable
        T -> mean negative log-likelihood at that temperature. It is convex in 1/T.
    low, high : float, default 0.5 and 2.5
        Where to look, 0 < low < high.

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
    >>> round(search_temperature(lambda temperature: temperature_nll(logits, targets, temperature)), 4)
    2.0
    """
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
            f"nll is least at the bound T = {best:.6g}: search a wider range than low={low},"
            f" high={high}"
        )
    return best


def rows_and_targets(rows, name, targets):
    """Rows over a vocabulary and one target id for each."""
    rows = as_floats(rows, name)
    if rows.ndim != 2 or np.shape(targets) != rows.shape[:1]:
        raise ValueError(
            f"{name} must have shape (n, V) and targets (n,), got {rows.shape} and"
            f" {np.shape(targets)}"
        )
    return rows, as_token_ids(targets, rows.shape[1], "targets")


def _inverse(temperature):
    """β = 1/T of a usable temperature."""
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be a positive finite number, got {temperature}")
    return 1 / float(temperature)


def _shifted_blocks(logits, targets):
    """Walk over the rows as (which rows, z − max z, that of the target), in float64 and a block at a time."""
    for part in row_blocks(*logits.shape, itemsize=8):
        block = logits[part].astype(float)
        peak = block.max(axis=1, keepdims=True)
        if not np.isfinite(peak).all():
            row = part.start + int(np.argmin(np.isfinite(peak[:, 0])))
            raise ValueError(
                f"logits row ({row},) has no finite largest logit: it bans every token, or holds"
                " NaN or +inf"
            )
        block -= peak
        yield part, block, np.take_along_axis(block, targets[part, None], axis=1)[:, 0]


def _nll_and_slopes(logits, targets, beta):
    """Mean −log softmax(βz)_target and its first and second derivative by β."""
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
    return tuple(float(total) for total in totals / len(logits))


def _refuse_endless(logits, targets, slope_at_zero, curvature):
    """Raise where no finite positive temperature is best."""
    of_target = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    if (of_target == -np.inf).any():
        row = int(np.argmax(of_target == -np.inf))
        raise ValueError(
            f"targets[{row}] = {targets[row]} is banned by a logit of -inf: its loss is infinite at"
            " every temperature; drop such rows"
        )
    if curvature > 0 and (of_target == logits.max(axis=1)).all():
        raise ValueError(
            "targets all have the largest logit of their row: the loss falls all the way to"
            " temperature 0; fit on data that hold some errors"
        )
    if curvature > 0 and slope_at_zero >= 0:
        raise ValueError(
            "targets have no larger logits than the average token: the loss falls all the way to"
            " infinite temperature; check that logits and targets belong together (a shift by one?)"
        )

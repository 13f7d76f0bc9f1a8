"""Temperature scaling: one number, fitted on held-out data, that mends a model's confidence (chapter 6).

All sums are kept in float64. Where a model's distributions were recorded by their top tokens only, `lump_tail` makes
them whole; the functions here take what it returns.
"""

from typing import NamedTuple

import numpy as np

from lmcore._arrays import as_floats, as_token_ids, row_blocks


class LumpedLogits(NamedTuple):
    """Distributions known by their top tokens, the rest lumped into one column (book, section 6.5).

    Parameters
    ----------
    logits : ndarray of shape (n, K + 1)
        Log-probabilities of the K top tokens, then that of *one* token of the rest.
    targets : ndarray of int of shape (n,)
        Columns of the true tokens; K for all of the rest.
    multiplicity : ndarray of shape (K + 1,)
        Tokens a column stands for: 1, …, 1, V − K.

    Examples
    --------
    >>> LumpedLogits(np.log([[0.5, 0.25]]), np.array([0]), np.array([1.0, 2.0])).multiplicity
    array([1., 2.])
    """

    logits: np.ndarray
    targets: np.ndarray
    multiplicity: np.ndarray


def top_label(logits, targets, temperature=1.0, multiplicity=None):
    """Confidence of the most probable token, max_v softmax(z/T)_v, and whether it was the true one (book, section 6.3).

    Parameters
    ----------
    logits : array-like of shape (n, V)
        Logits or log-probabilities; -inf bans a token.
    targets : array-like of int of shape (n,)
        Ids in [0, V).
    temperature : float, default 1
        T > 0. It moves the confidence, never the choice.
    multiplicity : array-like of shape (V,), optional
        How many tokens of the same logit each column stands for, from `lump_tail`; 1 if not given.

    Returns
    -------
    confidence : ndarray of shape (n,)
        In the type of `logits`.
    correct : ndarray of bool of shape (n,)

    Raises
    ------
    ValueError
        If shapes disagree, a row bans every token, a target is out of range, or T is not positive and finite.

    Examples
    --------
    >>> top_label(np.log([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]), [1, 2])
    (array([0.5 , 0.75]), array([False,  True]))
    """
    logits, targets = rows_and_targets(logits, "logits", targets)
    weights = _multiplicities(multiplicity, logits.shape[1])
    beta = _inverse(temperature)
    confidence = np.empty(len(logits), dtype=logits.dtype)
    for part, shifted, _ in _shifted_blocks(logits, targets):
        confidence[part] = 1 / (weights * np.exp(beta * shifted)).sum(axis=1)
    return confidence, logits.argmax(axis=1) == targets


def temperature_nll(logits, targets, temperature, multiplicity=None):
    """Mean −log softmax(z/T)_target, what temperature scaling minimises (book, section 6.5).

    Parameters
    ----------
    logits, targets, temperature, multiplicity
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
    return _nll_and_slopes(logits, targets, _multiplicities(multiplicity, logits.shape[1]), _inverse(temperature))[0]


def fit_temperature(logits, targets, multiplicity=None):
    """The one number that calibrates best, T* = argmin_T mean −log softmax(z/T)_target (book, section 6.5).

    With β = 1/T the loss has slope mean(E_β z − z_target) and curvature mean(Var_β z) ≥ 0, so it is convex and
    Newton's method, held inside a bracket, finds its only minimum. Fit on one half of the data, measure on the other.

    Parameters
    ----------
    logits : array-like of shape (n, V)
        Logits or log-probabilities; -inf bans a token.
    targets : array-like of int of shape (n,)
        Ids in [0, V).
    multiplicity : array-like of shape (V,), optional
        How many tokens of the same logit each column stands for: ``fit_temperature(*lump_tail(...))``.

    Returns
    -------
    float
        T*: above 1 if the model is overconfident; 1.0 if no temperature matters, as all logits in a row are equal.

    Raises
    ------
    ValueError
        If shapes disagree, a target is banned, or no finite T > 0 is best: every target has the largest logit
        (T* = 0), or targets have on average no larger logits than the rest (T* = infinity).

    References
    ----------
    Guo, C. et al. (2017). On Calibration of Modern Neural Networks. ICML.

    Examples
    --------
    >>> round(fit_temperature([[np.log(9.0), 0.0]] * 4, [0, 0, 0, 1]), 4)             # odds 9 should be 3
    2.0
    """
    logits, targets = rows_and_targets(logits, "logits", targets)
    weights = _multiplicities(multiplicity, logits.shape[1])
    _, slope_at_zero, curvature = _nll_and_slopes(logits, targets, weights, 0.0)
    _refuse_endless(logits, targets, slope_at_zero, curvature)
    if curvature == 0:
        return 1.0
    low, high, beta = 0.0, np.inf, 1.0
    for _ in range(200):
        _, slope, curvature = _nll_and_slopes(logits, targets, weights, beta)
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / curvature if curvature > 0 else np.inf
        if not low <= step <= high:
            step = 2 * beta if high == np.inf else (low + high) / 2
        if abs(step - beta) <= 1e-12 * beta:
            break
        beta = step
    return float(1 / step)


def lump_tail(ids, log_probs, targets, vocab_size):
    """Make whole the distributions that were recorded by their top K tokens (book, section 6.5).

    The mass that is missing is shared by the other V − K tokens. Equal shares are an approximation: they make the
    rest flatter than it is, which matters little near T = 1.

    Parameters
    ----------
    ids : array-like of int of shape (n, K)
        The recorded tokens, K < V.
    log_probs : array-like of shape (n, K)
        Their log-probabilities in nats.
    targets : array-like of int of shape (n,)
        Ids of the true tokens, recorded or not.
    vocab_size : int
        V.

    Returns
    -------
    LumpedLogits
        ``LumpedLogits(logits, targets, multiplicity)``, the arguments of `fit_temperature`. A rest whose mass rounds
        to below 0 has a logit of -inf.

    Raises
    ------
    ValueError
        If shapes disagree, an id is out of range, or a row has more mass than 1.

    Examples
    --------
    >>> lumped = lump_tail([[7, 3]], np.log([[0.5, 0.3]]), targets=[9], vocab_size=12)
    >>> np.exp(lumped.logits).round(4), lumped.targets, lumped.multiplicity           # 0.2 shared by ten
    (array([[0.5 , 0.3 , 0.02]]), array([2]), array([ 1.,  1., 10.]))
    """
    log_probs, ids = as_floats(log_probs, "log_probs"), as_token_ids(ids, vocab_size, "ids")
    targets = as_token_ids(targets, vocab_size, "targets")
    if log_probs.ndim != 2 or ids.shape != log_probs.shape or targets.shape != log_probs.shape[:1]:
        raise ValueError(f"ids and log_probs must both have shape (n, K) and targets (n,), got {ids.shape}, "
                         f"{log_probs.shape} and {targets.shape}")
    size = log_probs.shape[1]
    if size >= vocab_size:
        raise ValueError(f"log_probs has K = {size} columns and vocab_size is {vocab_size}: nothing is left to lump")
    mass = 1 - np.exp(log_probs.astype(float)).sum(axis=1)
    if not (mass >= -1e-2).all():
        raise ValueError(f"log_probs of a row exponentiate to a sum of {1 - mass.min():.6g}, more than 1: pass "
                         f"log-probabilities, not logits")
    with np.errstate(divide="ignore"):
        share = np.log(np.maximum(mass, 0) / (vocab_size - size))
    matches = ids == targets[:, None]
    columns = np.where(matches.any(axis=1), matches.argmax(axis=1), size)
    logits = np.concatenate([log_probs, share[:, None].astype(log_probs.dtype)], axis=1)
    return LumpedLogits(logits, columns, np.append(np.ones(size), float(vocab_size - size)))


def rows_and_targets(rows, name, targets):
    """Rows over a vocabulary and one target id for each."""
    rows = as_floats(rows, name)
    if rows.ndim != 2 or np.shape(targets) != rows.shape[:1]:
        raise ValueError(f"{name} must have shape (n, V) and targets (n,), got {rows.shape} and {np.shape(targets)}")
    return rows, as_token_ids(targets, rows.shape[1], "targets")


def _multiplicities(multiplicity, vocab_size):
    """Positive weights, one a column."""
    weights = np.ones(vocab_size) if multiplicity is None else as_floats(multiplicity, "multiplicity").astype(float)
    if weights.shape != (vocab_size,) or not (weights > 0).all():
        raise ValueError(f"multiplicity must hold a positive number for each of the {vocab_size} columns, got shape "
                         f"{weights.shape}")
    return weights


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
            raise ValueError(f"logits row ({row},) has no finite largest logit: it bans every token, or holds NaN or "
                             f"+inf")
        block -= peak
        yield part, block, np.take_along_axis(block, targets[part, None], axis=1)[:, 0]


def _nll_and_slopes(logits, targets, weights, beta):
    """Mean −log softmax(βz)_target and its first and second derivative by β."""
    totals = np.zeros(3)
    for _, shifted, of_target in _shifted_blocks(logits, targets):
        allowed = shifted > -np.inf
        shifted = np.where(allowed, shifted, 0)
        terms = np.where(allowed, weights, 0) * np.exp(beta * shifted)
        normalizer = terms.sum(axis=1)
        mean = (terms * shifted).sum(axis=1) / normalizer
        centred = shifted - mean[:, None]
        with np.errstate(invalid="ignore"):                            # 0 · -inf, β = 0 and a banned target: NaN
            totals += [(np.log(normalizer) - beta * of_target).sum(), (mean - of_target).sum(),
                       ((terms * centred * centred).sum(axis=1) / normalizer).sum()]
    return tuple(float(total) for total in totals / len(logits))


def _refuse_endless(logits, targets, slope_at_zero, curvature):
    """Raise where no finite positive temperature is best."""
    of_target = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    if (of_target == -np.inf).any():
        row = int(np.argmax(of_target == -np.inf))
        raise ValueError(f"targets[{row}] = {targets[row]} is banned by a logit of -inf: its loss is infinite at every "
                         f"temperature; drop such rows")
    if curvature > 0 and (of_target == logits.max(axis=1)).all():
        raise ValueError("targets all have the largest logit of their row: the loss falls all the way to temperature "
                         "0; fit on data that hold some errors")
    if curvature > 0 and slope_at_zero >= 0:
        raise ValueError("targets have no larger logits than the average token: the loss falls all the way to infinite "
                         "temperature; check that logits and targets belong together (a shift by one?)")

"""Filters and penalties: maps from next-token logits to next-token logits (chapter 7).

A filter returns a copy with -inf outside the set it keeps, and always keeps a token. Logits need
not be normalised, and -inf among them is a ban that stays; only `repetition_penalty` and
`contrastive_logits` change the values kept. Probabilities in the formulas are softmax(logits). The
vocabulary lies on the last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator, row_blocks
from lmcore._checks import as_integer, as_logits, as_real, as_token_ids
from lmcore._typing import Bools, Floats, Integers
from lmcore.softmax import log_softmax

# how finely tokens are tallied before those near the threshold are sorted
STEPS_PER_NAT, LAST_STEP = 64, 4096


def top_k_filter(logits: ArrayLike, k: int) -> Floats:
    """Keep the k largest logits, {v : z_v ≥ z_(k)} (book, section 7.3).

    Parameters
    ----------
    logits : array-like of shape (..., V)
    k : int
        At least 1; k > V keeps all. Every token tied with the k-th is kept, as in transformers.

    Returns
    -------
    ndarray of shape (..., V)

    Raises
    ------
    ValueError
        If k < 1 or a row bans every token.

    References
    ----------
    Fan, A., Lewis, M. and Dauphin, Y. (2018). Hierarchical Neural Story Generation. ACL.

    Examples
    --------
    Two tokens share the second place:

    >>> top_k_filter([3.0, 1.0, 2.0, 2.0], k=2)
    array([  3., -inf,   2.,   2.])
    """
    logits, k = as_logits(logits), as_integer(k, "k", minimum=1)
    if k >= logits.shape[-1]:
        return logits.copy()
    rows = logits.reshape(-1, logits.shape[-1])
    kept = np.empty(rows.shape, dtype=bool)
    dtype = accumulator(logits.dtype)
    for part in row_blocks(*rows.shape, dtype.itemsize):
        # float16 as float32: NumPy 2.4 missorts float16 of few distinct values under AVX-512
        block = rows[part].astype(dtype, copy=False)
        threshold = np.partition(block, -k, axis=1)[:, -k, None]
        np.greater_equal(block, threshold, out=kept[part])
    return _keep(logits, kept)


def top_p_filter(logits: ArrayLike, p: float) -> Floats:
    """Keep the nucleus, the fewest most probable tokens whose mass reaches p (book, section 7.4).

    The token that crosses p is in the set. Mass is summed in float64: in float32 the sum over
    50,000 tokens may end 10⁻⁴ away from 1. Only tokens about as probable as the one that crosses p
    are sorted.

    Parameters
    ----------
    logits : array-like of shape (..., V)
    p : float
        In (0, 1]; 1 keeps all.

    Returns
    -------
    ndarray of shape (..., V)
        Of equally probable tokens, those of lower index are kept first (transformers keeps the
        higher ones). A mass that equals p up to rounding has reached it. The filter is not
        idempotent: after renormalisation a smaller set may reach p.

    Raises
    ------
    ValueError
        If p lies outside (0, 1] or a row bans every token.

    References
    ----------
    Holtzman, A. et al. (2020). The Curious Case of Neural Text Degeneration. ICLR.

    Examples
    --------
    >>> top_p_filter(np.log([0.5, 0.25, 0.125, 0.125]), p=0.8).round(2)
    array([-0.69, -1.39, -2.08,  -inf])
    """
    logits, p = as_logits(logits), as_real(p, "p")
    if not 0 < p <= 1:
        raise ValueError(f"p must lie in (0, 1], got {p}: it is the probability mass to keep")
    return logits.copy() if p == 1 else _keep(logits, _nucleus(logits, p))


def min_p_filter(logits: ArrayLike, min_p: float) -> Floats:
    """Keep tokens at least min_p times as probable as the best (book, section 7.5).

    The set is {v : p_v ≥ min_p · max p}.

    Parameters
    ----------
    logits : array-like of shape (..., V)
    min_p : float
        In [0, 1]; 0 keeps all, 1 only the best and its ties.

    Returns
    -------
    ndarray of shape (..., V)

    Raises
    ------
    ValueError
        If `min_p` lies outside [0, 1] or a row bans every token.

    References
    ----------
    Nguyen, M. et al. (2025). Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM
    Outputs. ICLR.

    Examples
    --------
    >>> min_p_filter(np.log([0.6, 0.3, 0.1]), min_p=0.3).round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    logits, min_p = as_logits(logits), as_real(min_p, "min_p")
    if not 0 <= min_p <= 1:
        raise ValueError(
            f"min_p must lie in [0, 1], got {min_p}: it is a share of the largest probability"
        )
    with np.errstate(divide="ignore"):
        gap = np.log(min_p)
    best = logits.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # float16 reaches -65504 only
        # the normaliser cancels: no softmax needed
        return _keep(logits, logits - best >= gap)


def typical_filter(logits: ArrayLike, mass: float) -> Floats:
    """Keep the tokens whose surprise is closest to the entropy, up to `mass` (book, section 7.5).

    The distance is |−log p_v − H(p)|. A most probable token that is less surprising than the
    distribution as a whole may be removed.

    Parameters
    ----------
    logits : array-like of shape (..., V)
    mass : float
        In (0, 1]; 1 keeps all. The set is the smallest whose probability reaches it.

    Returns
    -------
    ndarray of shape (..., V)
        Of equally close tokens, those of lower index are kept first (transformers keeps all). What
        equals `mass` up to rounding has reached it.

    Raises
    ------
    ValueError
        If `mass` lies outside (0, 1] or a row bans every token.

    References
    ----------
    Meister, C., Pimentel, T., Wiher, G. and Cotterell, R. (2023). Locally Typical Sampling.
    TACL 11.

    Examples
    --------
    H = 1.22, −log 0.2 = 1.61 and −log 0.5 = 0.69:

    >>> typical_filter(np.log([0.5, 0.2, 0.2, 0.1]), mass=0.3).round(2)
    array([ -inf, -1.61, -1.61,  -inf])
    """
    logits, mass = as_logits(logits), as_real(mass, "mass")
    if not 0 < mass <= 1:
        raise ValueError(f"mass must lie in (0, 1], got {mass}: it is the probability to keep")
    return logits.copy() if mass == 1 else _keep(logits, _typical_set(logits, mass))


def epsilon_filter(logits: ArrayLike, epsilon: float) -> Floats:
    """Keep tokens of at least a given probability, {v : p_v ≥ ε}, and the best (book, section 7.5).

    Parameters
    ----------
    logits : array-like of shape (..., V)
    epsilon : float
        In [0, 1]; of the order of 10⁻³ in practice.

    Returns
    -------
    ndarray of shape (..., V)

    Raises
    ------
    ValueError
        If `epsilon` lies outside [0, 1] or a row bans every token.

    References
    ----------
    Hewitt, J., Manning, C. D. and Liang, P. (2022). Truncation Sampling as Language Model
    Desmoothing. Findings of EMNLP.

    Examples
    --------
    >>> epsilon_filter(np.log([0.6, 0.3, 0.1]), epsilon=0.2).round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    logits, epsilon = as_logits(logits), as_real(epsilon, "epsilon")
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must lie in [0, 1], got {epsilon}: it is a probability")
    with np.errstate(divide="ignore"):
        floor = np.log(epsilon)
    kept = log_softmax(logits) >= floor
    kept |= logits == logits.max(axis=-1, keepdims=True)
    return _keep(logits, kept)


def repetition_penalty(
    logits: ArrayLike, prefix: Sequence[int] | Sequence[Sequence[int]], penalty: float
) -> Floats:
    """Make every token of the prefix less likely (book, section 7.5).

    Its logit becomes z_v / θ if z_v > 0 and z_v · θ otherwise; each distinct token is penalised
    once. Unlike softmax, the result depends on where the logits have their zero: adding a constant
    to all of them changes it. Log-probabilities, of which none is positive, are all multiplied.

    Parameters
    ----------
    logits : array-like of shape (V,) or (B, V)
    prefix : sequence of int, or B of them
        The tokens so far, prompt included, as in transformers.
    penalty : float
        θ > 0; 1 changes nothing, more discourages.

    Returns
    -------
    ndarray of the shape of `logits`

    Raises
    ------
    ValueError
        If `penalty` is not positive and finite, a token is out of range, or there is not one prefix
        per row.

    References
    ----------
    Keskar, N. S. et al. (2019). CTRL: A Conditional Transformer Language Model for Controllable
    Generation. arXiv:1909.05858

    Examples
    --------
    >>> repetition_penalty([2.0, -1.0, 3.0], prefix=(0, 1, 0), penalty=2.0)
    array([ 1., -2.,  3.])
    """
    logits, penalty = as_logits(logits), as_real(penalty, "penalty")
    if not 0 < penalty < np.inf:
        raise ValueError(
            f"penalty must be a positive finite number, got {penalty}; 1 changes nothing"
        )
    result = np.array(logits, order="C")
    rows = result.reshape(-1, logits.shape[-1])
    row, token = _prefix_tokens(logits, prefix)
    seen = rows[row, token]
    # a token that occurs twice is written twice, from the same logit
    rows[row, token] = np.where(seen > 0, seen / penalty, seen * penalty)
    return result


def no_repeat_ngram(
    logits: ArrayLike, prefix: Sequence[int] | Sequence[Sequence[int]], n: int
) -> Floats:
    """Ban every token that would complete an n-gram already in the prefix (book, section 7.5).

    Parameters
    ----------
    logits : array-like of shape (V,) or (B, V)
    prefix : sequence of int, or B of them
        The tokens so far, prompt included, as in transformers.
    n : int
        At least 1; 1 bans every token seen.

    Returns
    -------
    ndarray of the shape of `logits`

    Raises
    ------
    ValueError
        If n < 1, a token is out of range, there is not one prefix per row, or every token would be
        banned (transformers then returns -inf only).

    References
    ----------
    Paulus, R., Xiong, C. and Socher, R. (2018). A Deep Reinforced Model for Abstractive
    Summarization. ICLR.

    Examples
    --------
    Token 1 was followed by 2:

    >>> no_repeat_ngram([0.0, 0.0, 0.0], prefix=(1, 2, 0, 1), n=2)
    array([  0.,   0., -inf])
    """
    logits, n = as_logits(logits), as_integer(n, "n", minimum=1)
    result = np.array(logits, order="C")
    rows = result.reshape(-1, logits.shape[-1])
    row, token = _prefix_tokens(logits, prefix)
    lengths = np.bincount(row, minlength=len(rows))
    ends = lengths.cumsum()
    # all prefixes end to end: position i completes an n-gram if the n − 1 tokens before it stand in
    # its own prefix and equal the last n − 1
    place = np.arange(len(token)) - (ends - lengths)[row]
    repeats = place >= n - 1
    for back in range(1, n):
        here, last = np.flatnonzero(repeats), ends[row[repeats]]
        repeats[here] = token[here - back] == token[last - back]
    rows[row[repeats], token[repeats]] = -np.inf
    if (rows.max(axis=1, initial=-np.inf) == -np.inf).any():
        raise ValueError(
            f"every token would repeat an n-gram of length n={n}: pass a larger n or a shorter "
            "prefix"
        )
    return result


def contrastive_logits(expert: ArrayLike, amateur: ArrayLike, alpha: float = 0.1) -> Floats:
    """How much a large model prefers each token over a small one (book, section 7.5).

    The score is log p_expert − log p_amateur. Only plausible tokens are kept, those with p_expert ≥
    α · max p_expert: among the others the difference of two tiny probabilities would decide.

    Parameters
    ----------
    expert, amateur : array-like of shape (..., V)
        Logits or log-probabilities of the two models.
    alpha : float, default 0.1
        In [0, 1]; 1 is greedy decoding of the expert.

    Returns
    -------
    ndarray of shape (..., V)
        Scores in nats, -inf where not plausible; for greedy decoding, beam search or sampling.

    Raises
    ------
    ValueError
        If the shapes differ, `alpha` lies outside [0, 1], or the amateur excludes a plausible
        token.

    References
    ----------
    Li, X. L. et al. (2023). Contrastive Decoding: Open-ended Text Generation as Optimization. ACL.

    Examples
    --------
    >>> expert, amateur = np.log([0.5, 0.4, 0.1]), np.log([0.8, 0.1, 0.1])
    >>> contrastive_logits(expert, amateur, alpha=0.5).round(2)
    array([-0.47,  1.39,  -inf])
    """
    expert, amateur = as_logits(expert), as_logits(amateur, "amateur")
    if expert.shape != amateur.shape:
        raise ValueError(
            f"expert has shape {expert.shape} and amateur {amateur.shape}: both must have the same "
            "vocabulary"
        )
    expert_log_probs, amateur_log_probs = log_softmax(expert), log_softmax(amateur)
    plausible = min_p_filter(expert_log_probs, alpha) > -np.inf
    if (plausible & (amateur_log_probs == -np.inf)).any():
        raise ValueError(
            "amateur excludes a token that the expert finds plausible: their ratio is infinite; "
            "smooth the amateur or raise alpha"
        )
    dtype = np.result_type(expert, amateur)
    difference = np.full(expert.shape, -np.inf, dtype=dtype)
    return np.subtract(expert_log_probs, amateur_log_probs, out=difference, where=plausible)


def _nucleus(logits: Floats, p: float) -> Bools:
    return _smallest_sets(logits, p, _by_probability, accumulator(logits.dtype))


def _typical_set(logits: Floats, mass: float) -> Bools:
    return _smallest_sets(logits, mass, _by_surprise, np.dtype(np.float64))


def _by_probability(logits: Floats, key: Floats, weights: Floats) -> None:
    """Key: how far the best token is ahead, in nats. Weight: probability, but for a factor."""
    np.subtract(logits.max(axis=1, keepdims=True), logits, out=key)
    np.negative(key, out=weights)
    np.exp(weights, out=weights)


def _by_surprise(logits: Floats, key: Floats, weights: Floats) -> None:
    """Key: distance of the surprise from the entropy, in nats. Weight: probability."""
    log_softmax(logits, out=key)
    np.exp(key, out=weights)
    # bans, with no mass, come last whatever their distance
    entropy = -np.multiply(weights, key, where=weights > 0, out=np.zeros_like(key)).sum(axis=1)
    key += entropy[:, None]
    np.abs(key, out=key)


def _smallest_sets(
    logits: Floats,
    mass: float,
    measure: Callable[[Floats, Floats, Floats], None],
    dtype: np.dtype,
) -> Bools:
    """For each row the fewest tokens of smallest key whose weights reach a share `mass` of all.

    Parameters
    ----------
    logits : ndarray of shape (..., V)
    mass : float
        In (0, 1). What equals it up to rounding has reached it.
    measure : callable
        (logits, key, weights): fills in the last two, of the shape of the first.
    dtype : dtype
        In which keys and weights are computed.

    Returns
    -------
    ndarray of bool of the shape of `logits`
        Of equal keys, lower indices come first.
    """
    rows = logits.reshape(-1, logits.shape[-1])
    kept = np.empty(rows.shape, dtype=bool)
    # four roundings of each weight, and V of the sum, which is kept in float64
    eps = float(np.finfo(accumulator(logits.dtype)).eps)
    rounding = 4 * eps + rows.shape[1] * float(np.finfo(float).eps)
    parts = list(row_blocks(*rows.shape, dtype.itemsize))
    largest = rows[parts[0]].shape if parts else (0, 0)
    buffers, step = np.empty((3, *largest), dtype), np.empty(largest, np.intp)
    for part in parts:
        block = rows[part].astype(dtype, copy=False)
        key, weights, scaled = buffers[:, : len(block)]
        measure(block, key, weights)
        np.minimum(np.multiply(key, STEPS_PER_NAT, out=scaled), LAST_STEP, out=scaled)
        step[: len(block)] = scaled
        kept[part] = _by_tally(key, weights, step[: len(block)], mass * (1 - rounding))
    return kept.reshape(logits.shape)


def _by_tally(key: Floats, weights: Floats, step: Integers, mass: float) -> Bools:
    """`_smallest_sets` of a block (n, V), given the coarse `step` on which each key lies.

    Weights are tallied by step; only the tokens of the step that reaches the mass need sorting.
    """
    n_rows, size = key.shape
    n_steps = min(LAST_STEP, size) + 1
    np.minimum(step, n_steps - 1, out=step)
    first = np.arange(n_rows) * n_steps
    step += first[:, None]
    tally = np.bincount(step.ravel(), weights.ravel(), minlength=n_rows * n_steps)
    tally = tally.reshape(n_rows, n_steps).cumsum(axis=1)
    goal = mass * tally[:, -1:]
    reaching = (tally < goal).sum(axis=1)
    before = np.where(reaching > 0, tally[np.arange(n_rows), reaching - 1], 0)[:, None]
    reaching += first
    kept = step < reaching[:, None]
    row, column = np.divmod(np.flatnonzero(step == reaching[:, None]), size)
    near = np.bincount(row, minlength=n_rows)
    place = np.arange(len(row)) - (near.cumsum() - near)[row]
    keys, sums = np.full((n_rows, near.max()), np.inf), np.zeros((n_rows, near.max()))
    keys[row, place], sums[row, place] = key[row, column], weights[row, column]
    order = keys.argsort(axis=1, kind="stable")
    sums = np.take_along_axis(sums, order, axis=1).cumsum(axis=1)
    needed = np.ones(keys.shape, dtype=bool)
    needed[:, 1:] = before + sums[:, :-1] < goal
    chosen = np.empty(keys.shape, dtype=bool)
    np.put_along_axis(chosen, order, needed, axis=1)
    kept[row, column] = chosen[row, place]
    return kept


def _keep(logits: Floats, kept: Bools) -> Floats:
    """The logits where `kept`, -inf elsewhere."""
    return np.where(kept.reshape(logits.shape), logits, logits.dtype.type(-np.inf))


def _prefix_tokens(
    logits: Floats, prefix: Sequence[int] | Sequence[Sequence[int]]
) -> tuple[Integers, Integers]:
    """The tokens of all prefixes, end to end: the row of logits each belongs to, and its id."""
    prefixes: Sequence[Any] = [prefix] if logits.ndim == 1 else prefix
    try:
        lengths = list(map(len, prefixes))
    except TypeError:  # tokens where prefixes should be
        lengths = []
    n_rows = 1 if logits.ndim == 1 else len(logits)
    if logits.ndim > 2 or n_rows != len(lengths):
        raise ValueError(
            f"logits of shape {logits.shape} need one prefix per row: a sequence of tokens for "
            "(V,), B of them for (B, V)"
        )
    row = np.repeat(np.arange(n_rows), lengths)
    ids = prefixes if isinstance(prefixes, np.ndarray) else list(chain.from_iterable(prefixes))
    return row, as_token_ids(ids, logits.shape[-1], "prefix").ravel()

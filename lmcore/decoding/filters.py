"""Filters and penalties: maps from next-token logits to next-token logits (chapter 7).

A filter returns a copy with -inf outside the set it keeps, and always keeps a token. Logits need not be normalised and
-inf among them is a ban that stays; only `repetition_penalty` and `contrastive_logits` change the values kept.
Probabilities in the formulas are softmax(logits). The vocabulary lies on the last axis.
"""

import numpy as np

from lmcore._arrays import accumulator, as_floats, as_token_ids
from lmcore.softmax import log_softmax

# how finely `top_p_filter` tallies the distance to the best token
STEPS_PER_NAT, LAST_STEP = 64, 4096


def top_k_filter(logits, k):
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
    >>> top_k_filter([3.0, 1.0, 2.0, 2.0], k=2)                        # two tokens share the second place
    array([  3., -inf,   2.,   2.])
    """
    logits = as_logits(logits)
    if k < 1:
        raise ValueError(
            f"k must be at least 1, got {k}: a filter keeps a token; for no filter pass k >= V"
        )
    if k >= logits.shape[-1]:
        return logits.copy()
    threshold = np.partition(_sortable(logits), -k, axis=-1)[..., -k, None]
    return _keep(logits, logits >= threshold)


def top_p_filter(logits, p):
    """Keep the nucleus, the smallest set of most probable tokens whose mass reaches p (book, section 7.4).

    The token that crosses p is in the set. Mass is summed in float64: in float32 the sum over
    50,000 tokens may end 10⁻⁴ away from 1. Few tokens are sorted: those about as probable as the
    one that crosses p.

    Parameters
    ----------
    logits : array-like of shape (..., V)
    p : float
        In (0, 1]; 1 keeps all.

    Returns
    -------
    ndarray of shape (..., V)
        Of tokens equally probable, those of lower index are kept first (transformers keeps the
        higher ones). The filter is not idempotent: after renormalisation a smaller set may reach p.

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
    logits = as_logits(logits)
    if not 0 < p <= 1:
        raise ValueError(f"p must lie in (0, 1], got {p}: it is the probability mass to keep")
    if p == 1:
        return logits.copy()
    kept = np.array([_nucleus(row, p) for row in logits.reshape(-1, logits.shape[-1])])
    return _keep(logits, kept.reshape(logits.shape))


def min_p_filter(logits, min_p):
    """Keep tokens at least min_p times as probable as the best, {v : p_v ≥ min_p · max p} (book, section 7.5).

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
    Nguyen, M. et al. (2025). Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs. ICLR.

    Examples
    --------
    >>> min_p_filter(np.log([0.6, 0.3, 0.1]), min_p=0.3).round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    logits = as_logits(logits)
    if not 0 <= min_p <= 1:
        raise ValueError(
            f"min_p must lie in [0, 1], got {min_p}: it is a share of the largest probability"
        )
    with np.errstate(divide="ignore"):
        gap = np.log(float(min_p))
    best = logits.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # float16 reaches -65504 only
        # the normaliser cancels: no softmax needed
        return _keep(logits, logits - best >= gap)


def typical_filter(logits, mass):
    """Keep the tokens whose surprise is closest to the entropy, up to `mass`, by |−log p_v − H(p)| (book, section 7.5).

    A most probable token that is less surprising than the distribution as a whole may go.

    Parameters
    ----------
    logits : array-like of shape (..., V)
    mass : float
        In (0, 1]; 1 keeps all. The set is the smallest whose probability reaches it.

    Returns
    -------
    ndarray of shape (..., V)
        Of tokens equally close, those of lower index are kept first (transformers keeps all).

    Raises
    ------
    ValueError
        If `mass` lies outside (0, 1] or a row bans every token.

    References
    ----------
    Meister, C., Pimentel, T., Wiher, G. and Cotterell, R. (2023). Locally Typical Sampling. TACL 11.

    Examples
    --------
    >>> typical_filter(np.log([0.5, 0.2, 0.2, 0.1]), mass=0.3).round(2)     # H = 1.22, −log 0.2 = 1.61, −log 0.5 = 0.69
    array([ -inf, -1.61, -1.61,  -inf])
    """
    logits = as_logits(logits)
    if not 0 < mass <= 1:
        raise ValueError(f"mass must lie in (0, 1], got {mass}: it is the probability to keep")
    if mass == 1:
        return logits.copy()
    log_probs = log_softmax(logits.astype(np.float64))
    probs = np.exp(log_probs)
    surprise = np.where(logits > -np.inf, 0 - log_probs, 0)
    distance = np.abs(surprise - (probs * surprise).sum(axis=-1, keepdims=True))
    order = distance.argsort(axis=-1, kind="stable")  # bans among them add no mass
    reached = np.take_along_axis(probs, order, axis=-1).cumsum(axis=-1)
    kept = np.empty(logits.shape, dtype=bool)
    before = np.pad(reached[..., :-1], [(0, 0)] * (logits.ndim - 1) + [(1, 0)])
    np.put_along_axis(kept, order, before < mass, axis=-1)
    return _keep(logits, kept)


def epsilon_filter(logits, epsilon):
    """Keep tokens of at least a given probability, {v : p_v ≥ ε}, and the best in any case (book, section 7.5).

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
    Hewitt, J., Manning, C. D. and Liang, P. (2022). Truncation Sampling as Language Model Desmoothing.
    Findings of EMNLP.

    Examples
    --------
    >>> epsilon_filter(np.log([0.6, 0.3, 0.1]), epsilon=0.2).round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    logits = as_logits(logits)
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must lie in [0, 1], got {epsilon}: it is a probability")
    with np.errstate(divide="ignore"):
        floor = np.log(float(epsilon))
    return _keep(
        logits, (log_softmax(logits) >= floor) | (logits == logits.max(axis=-1, keepdims=True))
    )


def repetition_penalty(logits, prefix, penalty):
    """Make every token of the prefix less likely: z_v / θ if z_v > 0, z_v · θ otherwise (book, section 7.5).

    Each distinct token is penalised once. The result depends on where logits have their zero, which
    softmax does not: shift all of them and it changes. On log-probabilities, none positive, every
    logit is multiplied.

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
        a row.

    References
    ----------
    Keskar, N. S. et al. (2019). CTRL: A Conditional Transformer Language Model for Controllable Generation.
    arXiv:1909.05858

    Examples
    --------
    >>> repetition_penalty([2.0, -1.0, 3.0], prefix=(0, 1, 0), penalty=2.0)
    array([ 1., -2.,  3.])
    """
    logits = as_logits(logits)
    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError(
            f"penalty must be a positive finite number, got {penalty}; 1 changes nothing"
        )
    result = logits.copy()
    for row, tokens in _rows_with_prefixes(result, prefix):
        seen = np.unique(tokens)
        row[seen] = np.where(row[seen] > 0, row[seen] / float(penalty), row[seen] * float(penalty))
    return result


def no_repeat_ngram(logits, prefix, n):
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
        If n < 1, a token is out of range, there is not one prefix a row, or nothing would be left
        to say (transformers then returns -inf only).

    References
    ----------
    Paulus, R., Xiong, C. and Socher, R. (2018). A Deep Reinforced Model for Abstractive Summarization. ICLR.

    Examples
    --------
    >>> no_repeat_ngram([0.0, 0.0, 0.0], prefix=(1, 2, 0, 1), n=2)     # 1 was followed by 2
    array([  0.,   0., -inf])
    """
    logits = as_logits(logits)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    result = logits.copy()
    for row, tokens in _rows_with_prefixes(result, prefix):
        tokens = tokens.tolist()
        history = tokens[len(tokens) - n + 1 :] if n > 1 else []
        for i in range(len(tokens) - n + 1):
            if tokens[i : i + n - 1] == history:
                row[tokens[i + n - 1]] = -np.inf
        if row.max() == -np.inf:
            raise ValueError(
                f"every token would repeat an n-gram of length n={n}: pass a larger n or a shorter"
                " prefix"
            )
    return result


def contrastive_logits(expert, amateur, alpha=0.1):
    """Where a large model disagrees with a small one, log p_expert − log p_amateur (book, section 7.5).

    Only plausible tokens are kept. Plausible is p_expert ≥ α · max p_expert: elsewhere the
    difference of two tiny probabilities would decide.

    Parameters
    ----------
    expert, amateur : array-like of shape (..., V)
        Logits or log-probabilities of the two models.
    alpha : float, default 0.1
        In [0, 1]; 1 is greedy decoding of the expert.

    Returns
    -------
    ndarray of shape (..., V)
        Scores in nats, -inf where not plausible; decoded greedily, by beam search or by sampling.

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
    >>> contrastive_logits(np.log([0.5, 0.4, 0.1]), np.log([0.8, 0.1, 0.1]), alpha=0.5).round(2)
    array([-0.47,  1.39,  -inf])
    """
    expert, amateur = as_logits(expert), as_logits(amateur, "amateur")
    if expert.shape != amateur.shape:
        raise ValueError(
            f"expert has shape {expert.shape} and amateur {amateur.shape}: they need one vocabulary"
        )
    expert_log_probs, amateur_log_probs = log_softmax(expert), log_softmax(amateur)
    plausible = min_p_filter(expert_log_probs, alpha) > -np.inf
    if (plausible & (amateur_log_probs == -np.inf)).any():
        raise ValueError(
            "amateur excludes a token that the expert finds plausible: their ratio is infinite;"
            " smooth the amateur or raise alpha"
        )
    difference = np.full_like(expert_log_probs, -np.inf)
    return np.subtract(expert_log_probs, amateur_log_probs, out=difference, where=plausible)


def _nucleus(row, p):
    """Which tokens of one row (V,) `top_p_filter` keeps.

    Tokens are tallied by how far they lie behind the best; only those of the step that reaches p need sorting.
    """
    row = row.astype(accumulator(row.dtype), copy=False)
    gap = row.max() - row
    weights = np.exp(-gap)
    step = np.minimum(gap * STEPS_PER_NAT, LAST_STEP).astype(np.intp)
    mass = np.bincount(step, weights).cumsum()
    reached = np.searchsorted(mass, p * mass[-1])
    kept = step < reached
    last = np.flatnonzero(step == reached)
    # of equals, the lower index first
    last = last[np.argsort(gap[last], kind="stable")]
    sums = weights[last].cumsum(dtype=np.float64) + (mass[reached - 1] if reached else 0)
    kept[last[: np.searchsorted(sums, p * mass[-1]) + 1]] = True
    return kept


def as_logits(values, name="logits"):
    """`values` as floats, with a finite largest logit in each row."""
    logits = as_floats(values, name)
    peaks = np.atleast_1d(logits.max(axis=-1))
    if not np.isfinite(peaks).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(peaks))[0])
        raise ValueError(
            f"{name} row {where} has no finite largest entry (it is {peaks[where]}): the row bans"
            " every token, or holds NaN or +inf"
        )
    return logits


def _sortable(logits):
    """The logits, float16 as float32: NumPy 2.4 mis-sorts float16 of few distinct values on AVX-512 processors."""
    return logits.astype(accumulator(logits.dtype), copy=False)


def _keep(logits, kept):
    """The logits where `kept`, -inf elsewhere."""
    return np.where(kept, logits, logits.dtype.type(-np.inf))


def _rows_with_prefixes(logits, prefix):
    """Pairs of one row of logits (a view) and the ids of its prefix."""
    if logits.ndim == 1:
        rows, prefixes = [logits], [prefix]
    else:
        rows, prefixes = list(logits), list(prefix)
    if logits.ndim > 2 or len(rows) != len(prefixes):
        raise ValueError(
            f"logits of shape {logits.shape} need one prefix a row: a sequence of tokens for (V,),"
            " B of them for (B, V)"
        )
    return [
        (row, as_token_ids(tokens, logits.shape[-1], "prefix"))
        for row, tokens in zip(rows, prefixes)
    ]

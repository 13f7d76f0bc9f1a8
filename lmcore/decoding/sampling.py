"""Drawing tokens: inverse-CDF sampling, generation with every filter in one order, speculative sampling (chapter 7)."""

import numpy as np

from lmcore._arrays import as_floats, row_blocks
from lmcore.decoding import filters
from lmcore.softmax import apply_temperature


def sample(logits, rng):
    """Draw token ids with probability softmax(z) by inverting the CDF (book, section 7.2).

    The token is the first v with Σ_{w≤v} p_w > u, u uniform in [0, 1). The sums run in float64: in
    float32 those over 50,000 tokens can end at 0.9999, and a u above that finds no token.
    `lmcore.softmax.gumbel_max` draws from the same distribution with V random numbers in place of
    one.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        Logits or log-probabilities; a token at -inf is never drawn.
    rng : numpy.random.Generator
        The only source of randomness; one uniform number is taken a row.

    Returns
    -------
    ndarray of int64 of shape (...) or int

    Raises
    ------
    ValueError
        If a row bans every token.

    References
    ----------
    Devroye, L. (1986). Non-Uniform Random Variate Generation, chapter III. Springer.

    Examples
    --------
    >>> sample(np.log([[0.5, 0.5, 1e-9], [1e-9, 1e-9, 1.0]]), np.random.default_rng(0))
    array([1, 2])
    """
    logits = filters.as_logits(logits)
    rows = logits.reshape(-1, logits.shape[-1])
    tokens = np.empty(len(rows), dtype=np.intp)
    uniform = rng.random(len(rows))
    for part in row_blocks(*rows.shape, itemsize=8):
        block = rows[part].astype(np.float64)
        cdf = np.exp(block - block.max(axis=1, keepdims=True)).cumsum(axis=1)
        tokens[part] = (cdf <= uniform[part, None] * cdf[:, -1:]).sum(axis=1)
    return tokens.reshape(logits.shape[:-1])[()]


def process_logits(
    logits,
    prefix=(),
    *,
    repetition_penalty=1.0,
    no_repeat_ngram=None,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
    typical_p=None,
    epsilon=None,
):
    """Penalties, temperature and filters, always in the order of these arguments (book, section 7.4).

    Order matters: each filter sees the renormalised distribution that the ones before it left. The
    order is that of transformers: penalties first, on the model's own logits, then temperature,
    then filters.

    Parameters
    ----------
    logits : array-like of shape (V,) or (B, V)
        Log-probabilities will do; only the repetition penalty tells them from logits.
    prefix : sequence of int, or B of them
        The tokens so far, read by the two penalties.
    repetition_penalty : float, default 1
        As in `lmcore.decoding.repetition_penalty`.
    no_repeat_ngram : int, optional
        n of `lmcore.decoding.no_repeat_ngram`.
    temperature : float, default 1
        As in `lmcore.softmax.apply_temperature`.
    top_k, top_p, min_p, typical_p, epsilon : optional
        Thresholds of the filters of those names; None leaves a filter out.

    Returns
    -------
    ndarray of the shape of `logits`
        Logits, not normalised.

    Raises
    ------
    ValueError
        As the single functions do.

    References
    ----------
    Wolf, T. et al. (2020). Transformers: State-of-the-Art Natural Language Processing. EMNLP (Demonstrations).

    Examples
    --------
    >>> process_logits(np.log([0.5, 0.25, 0.125, 0.125]), temperature=0.5, top_k=3, top_p=0.7).round(2)
    array([-1.39,  -inf,  -inf,  -inf])
    """
    logits = filters.as_logits(logits)
    if repetition_penalty != 1:
        logits = filters.repetition_penalty(logits, prefix, repetition_penalty)
    if no_repeat_ngram is not None:
        logits = filters.no_repeat_ngram(logits, prefix, no_repeat_ngram)
    logits = apply_temperature(logits, temperature)
    for apply, threshold in (
        (filters.top_k_filter, top_k),
        (filters.top_p_filter, top_p),
        (filters.min_p_filter, min_p),
        (filters.typical_filter, typical_p),
        (filters.epsilon_filter, epsilon),
    ):
        if threshold is not None:
            logits = apply(logits, threshold)
    return logits


def generate(next_log_probs, prefix, max_len, rng, eos=None, **settings):
    """Continue a prefix by sampling, token after token (book, section 7.2).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefix : sequence of int
        The prompt, which may be empty.
    max_len : int
        Most tokens to add, EOS included.
    rng : numpy.random.Generator
        The only source of randomness.
    eos : int, optional
        Generation stops after this token.
    **settings
        Penalties, temperature and filters of `process_logits`, applied in its order.

    Returns
    -------
    tuple of int
        The tokens added, EOS included if it was drawn.

    Raises
    ------
    ValueError
        If `max_len` < 1, or as `process_logits` does.

    Examples
    --------
    >>> model = lambda prefix: np.log([0.6, 0.3, 0.1])
    >>> generate(model, (), max_len=5, rng=np.random.default_rng(1), eos=2, top_k=2)
    (0, 1, 0, 1, 0)
    """
    if max_len < 1:
        raise ValueError(f"max_len must be at least 1, got {max_len}")
    prefix, tokens = tuple(prefix), ()
    while len(tokens) < max_len:
        logits = process_logits(next_log_probs(prefix + tokens), prefix + tokens, **settings)
        tokens += (int(sample(logits, rng)),)
        if tokens[-1] == eos:
            break
    return tokens


def speculative_sample(next_log_probs, draft_log_probs, prefix, n_draft, rng, eos=None):
    """Draw tokens from a model by checking the guesses of a cheaper one, exactly (book, section 7.5).

    The draft model q proposes up to `n_draft` tokens. The target p accepts each with probability
    min(1, p_v / q_v); the first refused one is drawn again from the distribution ∝ max(p − q, 0),
    and the rest are forgotten. If all are accepted, p adds one more. Each token is then distributed
    as if p alone had drawn it: q_v min(1, p_v/q_v) + (1 − Σ_u min(p_u, q_u)) · max(p_v − q_v, 0) /
    Σ_u max(p_u − q_u, 0) = p_v.

    Parameters
    ----------
    next_log_probs : callable
        The target: tuple of token ids -> array of V log-probabilities in nats. (It is asked
        position by position here; what makes the method pay is that a transformer scores all the
        guesses in one pass.)
    draft_log_probs : callable
        The draft model, over the same vocabulary.
    prefix : sequence of int
        The tokens so far.
    n_draft : int
        Most guesses a call, at least 1.
    rng : numpy.random.Generator
        The only source of randomness.
    eos : int, optional
        Nothing is drawn after this token.

    Returns
    -------
    tuple of int
        Between 1 and n_draft + 1 tokens, EOS included if it was drawn.

    Raises
    ------
    ValueError
        If `n_draft` < 1 or the models have vocabularies of different size.

    References
    ----------
    Leviathan, Y., Kalman, M. and Matias, Y. (2023). Fast Inference from Transformers via Speculative Decoding. ICML.
    Chen, C. et al. (2023). Accelerating Large Language Model Decoding with Speculative Sampling. arXiv:2302.01318

    Examples
    --------
    >>> target, draft = (lambda prefix: np.log([0.6, 0.4])), (lambda prefix: np.log([0.5, 0.5]))
    >>> speculative_sample(target, draft, (), n_draft=3, rng=np.random.default_rng(1))
    (1, 1, 0, 1)
    """
    if n_draft < 1:
        raise ValueError(f"n_draft must be at least 1, got {n_draft}")
    prefix, guesses = tuple(prefix), ()
    drafts = []
    while len(guesses) < n_draft and eos not in guesses:
        drafts.append(_probs(draft_log_probs, prefix + guesses))
        guesses += (_draw(drafts[-1], rng),)
    for i, (guess, draft) in enumerate(zip(guesses, drafts)):
        target = _probs(next_log_probs, prefix + guesses[:i])
        if len(target) != len(draft):
            raise ValueError(
                f"next_log_probs gives V = {len(target)} tokens and draft_log_probs {len(draft)}:"
                " both models need the same vocabulary"
            )
        accept = min(1.0, target[guess] / draft[guess])
        if not _draw(np.array([1 - accept, accept]), rng):
            left = np.maximum(target - draft, 0)
            return guesses[:i] + (_draw(left if left.any() else target, rng),)
    if eos in guesses:
        return guesses
    return guesses + (_draw(_probs(next_log_probs, prefix + guesses), rng),)


def _probs(next_log_probs, prefix):
    """A model's next-token probabilities in float64."""
    return np.exp(as_floats(next_log_probs(prefix), "next_log_probs(prefix)").astype(np.float64))


def _draw(weights, rng):
    """One index, with probability in proportion to its weight."""
    cdf = weights.cumsum()
    return int(np.searchsorted(cdf, rng.random() * cdf[-1], side="right"))

"""Drawing tokens: inverse-CDF sampling, generation, speculative sampling (chapter 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import draw, inverse_cdf, row_blocks
from lmcore._checks import as_distribution, as_generator, as_integer, as_logits, next_row
from lmcore._typing import Floats, Integers, NextLogProbs
from lmcore.decoding import filters
from lmcore.softmax import apply_temperature


def sample(logits: ArrayLike, rng: np.random.Generator) -> Integers:
    """Draw token ids with probability softmax(z) by inverting the CDF (book, section 7.2).

    The token is the first v with Σ_{w≤v} p_w > u, u uniform in [0, 1). The sums run in float64: in
    float32 those over 50,000 tokens can end at 0.9999, and a u above that finds no token.
    `lmcore.softmax.gumbel_max` draws from the same distribution with V random numbers instead of
    one.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        Logits or log-probabilities; a token at -inf is never drawn.
    rng : numpy.random.Generator
        The only source of randomness; one uniform number is taken per row.

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
    logits, rng = as_logits(logits), as_generator(rng)
    rows = logits.reshape(-1, logits.shape[-1])
    tokens = np.empty(len(rows), dtype=np.intp)
    uniform = rng.random(len(rows))
    for part in row_blocks(*rows.shape, itemsize=8):
        block = rows[part].astype(np.float64)
        block -= block.max(axis=1, keepdims=True)
        tokens[part] = inverse_cdf(np.exp(block, out=block), uniform[part])
    return tokens.reshape(logits.shape[:-1])[()]


def process_logits(
    logits: ArrayLike,
    prefix: Sequence[int] | Sequence[Sequence[int]] = (),
    *,
    repetition_penalty: float = 1.0,
    no_repeat_ngram: int | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    typical_p: float | None = None,
    epsilon: float | None = None,
) -> Floats:
    """Penalties, temperature and filters, in the order of these arguments (book, section 7.4).

    Order matters: each filter sees the renormalised distribution that the earlier ones left. The
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
    Wolf, T. et al. (2020). Transformers: State-of-the-Art Natural Language Processing. EMNLP
    (Demonstrations).

    Examples
    --------
    >>> logits = np.log([0.5, 0.25, 0.125, 0.125])
    >>> process_logits(logits, temperature=0.5, top_k=3, top_p=0.7).round(2)
    array([-1.39,  -inf,  -inf,  -inf])
    """
    processed = as_logits(logits)
    if repetition_penalty != 1:
        processed = filters.repetition_penalty(processed, prefix, repetition_penalty)
    if no_repeat_ngram is not None:
        processed = filters.no_repeat_ngram(processed, prefix, no_repeat_ngram)
    processed = apply_temperature(processed, temperature)
    if top_k is not None:
        processed = filters.top_k_filter(processed, top_k)
    if top_p is not None:
        processed = filters.top_p_filter(processed, top_p)
    if min_p is not None:
        processed = filters.min_p_filter(processed, min_p)
    if typical_p is not None:
        processed = filters.typical_filter(processed, typical_p)
    if epsilon is not None:
        processed = filters.epsilon_filter(processed, epsilon)
    return processed


def generate(
    next_log_probs: NextLogProbs,
    prefix: Sequence[int],
    max_new_tokens: int,
    rng: np.random.Generator,
    eos: int | None = None,
    **settings: Any,
) -> tuple[int, ...]:
    """Continue a prefix by sampling, token after token (book, section 7.2).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefix : sequence of int
        The prompt, which may be empty.
    max_new_tokens : int
        Largest number of tokens to add, EOS included.
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
        If `max_new_tokens` < 1, `eos` is none of the model's tokens, the model returns NaN or bans
        every token, or as `process_logits` does.

    Examples
    --------
    >>> model = lambda prefix: np.log([0.6, 0.3, 0.1])
    >>> generate(model, (), max_new_tokens=5, rng=np.random.default_rng(1), eos=2, top_k=2)
    (0, 1, 0, 1, 0)
    """
    max_new_tokens, rng = as_integer(max_new_tokens, "max_new_tokens", minimum=1), as_generator(rng)
    prefix = tuple(prefix)
    tokens: tuple[int, ...] = ()
    while len(tokens) < max_new_tokens:
        row = next_row(next_log_probs, prefix + tokens, eos)
        logits = process_logits(row, prefix + tokens, **settings)
        tokens += (int(sample(logits, rng)),)
        if tokens[-1] == eos:
            break
    return tokens


def acceptance_probs(target: ArrayLike, draft: ArrayLike) -> Floats:
    """Probability that a drafted token v is accepted, min(1, p_v / q_v) (book, section 7.5).

    Parameters
    ----------
    target, draft : array-like of shape (..., V)
        Next-token probabilities p of the model sampled from, and q of the model that guesses.

    Returns
    -------
    ndarray of shape (..., V)
        In [0, 1]; 1 for a token that the draft never proposes. On average, Σ_v q_v min(1, p_v/q_v)
        = Σ_v min(p_v, q_v) of the guesses are accepted.

    Raises
    ------
    ValueError
        If the shapes differ or a row is not a distribution.

    References
    ----------
    Leviathan, Y., Kalman, M. and Matias, Y. (2023). Fast Inference from Transformers via
    Speculative Decoding. ICML.

    Examples
    --------
    >>> acceptance_probs([0.6, 0.4], [0.5, 0.5])
    array([1. , 0.8])
    """
    p, q = _target_and_draft(target, draft)
    return np.divide(p, q, out=np.ones(p.shape, np.result_type(p, q)), where=q > p)


def residual_distribution(target: ArrayLike, draft: ArrayLike) -> Floats:
    """Where to draw from after a rejected guess, ∝ max(p_v − q_v, 0) (book, section 7.5).

    Parameters
    ----------
    target, draft : array-like of shape (..., V)
        Next-token probabilities p of the model sampled from, and q of the model that guesses.

    Returns
    -------
    ndarray of shape (..., V)
        Probabilities. Where p = q no guess is ever rejected, and p is returned.

    Raises
    ------
    ValueError
        If the shapes differ or a row is not a distribution.

    References
    ----------
    Leviathan, Y., Kalman, M. and Matias, Y. (2023). Fast Inference from Transformers via
    Speculative Decoding. ICML.

    Examples
    --------
    >>> residual_distribution([0.6, 0.4], [0.5, 0.5])
    array([1., 0.])
    """
    p, q = _target_and_draft(target, draft)
    left = np.maximum(p - q, 0)
    total = left.sum(axis=-1, keepdims=True, dtype=np.float64)
    left = np.where(total > 0, left, p)
    return (left / np.where(total > 0, total, 1)).astype(left.dtype, copy=False)


def _target_and_draft(target: ArrayLike, draft: ArrayLike) -> tuple[Floats, Floats]:
    """Two arrays of next-token probabilities over one vocabulary."""
    p, q = as_distribution(target, "target"), as_distribution(draft, "draft")
    if p.shape != q.shape:
        raise ValueError(
            f"target has shape {p.shape} and draft {q.shape}: both models need the same vocabulary"
        )
    return p, q


def speculative_sample(
    next_log_probs: NextLogProbs,
    draft_log_probs: NextLogProbs,
    prefix: Sequence[int],
    n_draft: int,
    rng: np.random.Generator,
    eos: int | None = None,
) -> tuple[int, ...]:
    """Draw tokens from a model, exactly, by checking a cheaper one's guesses (book, section 7.5).

    The draft model q proposes up to `n_draft` tokens. The target p accepts each with the
    probability given by `acceptance_probs`. The first one rejected is replaced by a draw from the
    `residual_distribution`, and later ones are dropped. If all are accepted, p adds one more.
    Each token is then distributed as if p alone had drawn it: q_v min(1, p_v/q_v) + (1 − Σ_u
    min(p_u, q_u)) · max(p_v − q_v, 0) / Σ_u max(p_u − q_u, 0) = p_v.

    Parameters
    ----------
    next_log_probs : callable
        The target: tuple of token ids -> array of V log-probabilities in nats. (It is asked
        position by position here; the method saves time because a transformer scores all guesses in
        one pass.)
    draft_log_probs : callable
        The draft model, over the same vocabulary.
    prefix : sequence of int
        The tokens so far.
    n_draft : int
        Largest number of guesses per call, at least 1.
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
        If `n_draft` < 1, `eos` is none of the models' tokens, a model returns NaN or bans every
        token, or the vocabularies differ.

    References
    ----------
    Leviathan, Y., Kalman, M. and Matias, Y. (2023). Fast Inference from Transformers via
    Speculative Decoding. ICML.
    Chen, C. et al. (2023). Accelerating Large Language Model Decoding with Speculative Sampling.
    arXiv:2302.01318

    Examples
    --------
    >>> target, draft = (lambda prefix: np.log([0.6, 0.4])), (lambda prefix: np.log([0.5, 0.5]))
    >>> speculative_sample(target, draft, (), n_draft=3, rng=np.random.default_rng(1))
    (1, 1, 0, 1)
    """
    n_draft, rng = as_integer(n_draft, "n_draft", minimum=1), as_generator(rng)
    prefix = tuple(prefix)
    guesses: tuple[int, ...] = ()
    drafts = []
    while len(guesses) < n_draft and eos not in guesses:
        drafts.append(_probs(draft_log_probs, prefix + guesses, eos))
        guesses += (draw(drafts[-1], rng),)
    for i, (guess, draft) in enumerate(zip(guesses, drafts)):
        target = _probs(next_log_probs, prefix + guesses[:i])
        if len(target) != len(draft):
            raise ValueError(
                f"next_log_probs gives V = {len(target)} tokens and draft_log_probs {len(draft)}: "
                "both models need the same vocabulary"
            )
        accepted = acceptance_probs(target, draft)[guess]
        if not draw(np.array([1 - accepted, accepted]), rng):
            return (*guesses[:i], draw(residual_distribution(target, draft), rng))
    if eos in guesses:
        return guesses
    return (*guesses, draw(_probs(next_log_probs, prefix + guesses), rng))


def _probs(next_log_probs: NextLogProbs, prefix: tuple[int, ...], eos: int | None = None) -> Floats:
    """A model's next-token probabilities in float64."""
    return np.exp(next_row(next_log_probs, prefix, eos).astype(np.float64))

"""Decoding: from a model's distribution to the tokens that are chosen (chapter 7)."""

from lmcore.decoding.filters import (
    contrastive_logits,
    epsilon_filter,
    min_p_filter,
    no_repeat_ngram,
    repetition_penalty,
    top_k_filter,
    top_p_filter,
    typical_filter,
)
from lmcore.decoding.sampling import (
    acceptance_probs,
    generate,
    process_logits,
    residual_distribution,
    sample,
    speculative_sample,
)
from lmcore.decoding.search import Hypothesis, beam_search, exhaustive_search, greedy

__all__ = [
    "Hypothesis",
    "acceptance_probs",
    "beam_search",
    "contrastive_logits",
    "epsilon_filter",
    "exhaustive_search",
    "generate",
    "greedy",
    "min_p_filter",
    "no_repeat_ngram",
    "process_logits",
    "repetition_penalty",
    "residual_distribution",
    "sample",
    "speculative_sample",
    "top_k_filter",
    "top_p_filter",
    "typical_filter",
]

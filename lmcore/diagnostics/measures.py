"""What to measure besides the loss, and how sure to be of it: ranks, diversity, errors, tests (10.2 to 10.4)."""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from lmcore._arrays import as_floats, as_token_ids


def token_rank(log_probs, tokens, ignore_index=-100):
    """Place of each token in its distribution, 1 + |{v : p(v) > p(token)}| (book, section 10.2).

    Equal probabilities share the better place, as in a race.

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Log-probabilities, logits or probabilities: only their order counts. Aligned.
    tokens : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    ignore_index : int, default -100

    Returns
    -------
    ndarray of int64 of shape (...)
        From 1 to V; 0 where `tokens` is `ignore_index`.

    Raises
    ------
    ValueError
        If the shapes disagree, a token is out of range, or there is a NaN.

    Examples
    --------
    >>> token_rank(np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]), [2, 1])
    array([3, 1])
    """
    log_probs = as_floats(log_probs, "log_probs")
    tokens = as_token_ids(tokens, log_probs.shape[-1], "tokens", ignore_index)
    if tokens.shape != log_probs.shape[:-1]:
        raise ValueError(
            f"tokens has shape {tokens.shape} and log_probs {log_probs.shape}: pass one row of V a"
            " token"
        )
    if np.isnan(log_probs).any():
        raise ValueError("log_probs holds NaN, which has no rank")
    scored = tokens != ignore_index
    own = np.take_along_axis(log_probs, np.where(scored, tokens, 0)[..., None], axis=-1)
    return np.where(scored, 1 + (log_probs > own).sum(axis=-1), 0)


def top_k_accuracy(log_probs, tokens, k=1, ignore_index=-100):
    """Share of tokens among the k most probable, ties with the k-th included (book, section 10.2).

    scikit-learn's top_k_accuracy_score breaks ties by class number instead.

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Log-probabilities, logits or probabilities. Aligned.
    tokens : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`, which leaves the mean.
    k : int, default 1
    ignore_index : int, default -100

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `k` < 1, nothing is scored, or as `token_rank`.

    Examples
    --------
    >>> top_k_accuracy(np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]), [1, 1], k=1)
    0.5
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    ranks = token_rank(log_probs, tokens, ignore_index)
    if not ranks.any():
        raise ValueError("every token is ignore_index: there is nothing to score")
    return float((ranks[ranks > 0] <= k).mean())


def distinct_n(sequences, n=2):
    """Share of different n-grams among all n-grams of some texts (book, section 10.4).

    Falls as texts grow longer even if they do not repeat themselves: compare equal lengths only.

    Parameters
    ----------
    sequences : sequence of sequences of int
        Texts; n-grams do not cross from one into the next. One text is ``[text]``.
    n : int, default 2

    Returns
    -------
    float
        In (0, 1]; 1 if no n-gram occurs twice.

    Raises
    ------
    ValueError
        If `n` < 1 or no text has n tokens.

    References
    ----------
    Li, J. et al. (2016). A Diversity-Promoting Objective Function for Neural Conversation Models. NAACL.

    Examples
    --------
    >>> distinct_n([[1, 2, 1, 2, 1]], n=2)                # 12, 21, 12, 21
    0.5
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    grams = Counter(tuple(text[i : i + n]) for text in sequences for i in range(len(text) - n + 1))
    if not grams:
        raise ValueError(f"no text has n = {n} tokens, so there are no n-grams to compare")
    return len(grams) / grams.total()


def repetition_rate(tokens, window=128):
    """Share of tokens that already stand among the `window` tokens before them, rep/ℓ (book, section 10.4).

    Real text repeats its function words: compare with the rate of real text, not with 0.

    Parameters
    ----------
    tokens : sequence of int of length T
    window : int, default 128
        ℓ, how far back a repetition counts.

    Returns
    -------
    float
        In [0, 1], over the T − 1 tokens that have one before them.

    Raises
    ------
    ValueError
        If there are fewer than two tokens or `window` < 1.

    References
    ----------
    Welleck, S. et al. (2020). Neural Text Generation With Unlikelihood Training. ICLR.

    Examples
    --------
    >>> repetition_rate([7, 8, 7, 9, 9])                  # of four tokens the second 7 and the second 9
    0.5
    """
    tokens = list(tokens)
    if len(tokens) < 2 or window < 1:
        raise ValueError(
            f"repetition needs at least two tokens and a window of at least 1, got {len(tokens)}"
            f" and {window}"
        )
    last, repeated = {}, 0
    for position, token in enumerate(tokens):
        repeated += position - last.get(token, -math.inf) <= window
        last[token] = position
    return repeated / (len(tokens) - 1)


class MeanStderr(NamedTuple):
    """A mean and its standard error.

    Attributes
    ----------
    mean, stderr : float
        In the unit of the values.
    """

    mean: float
    stderr: float


def mean_stderr(values, clusters=None):
    """Mean and its standard error, s/√n, or by cluster if values come in dependent groups (book, section 10.2).

    Tokens of one text are not independent draws. With clusters c the squared error is G/(G − 1) ·
    Σ_c (Σ_{i∈c} (x_i − mean))² / n² over G clusters; with one value a cluster this is s²/n.

    Parameters
    ----------
    values : array-like of shape (n,)
    clusters : array-like of shape (n,), optional
        Group of each value, such as the number of its document.

    Returns
    -------
    MeanStderr
        In the unit of `values`.

    Raises
    ------
    ValueError
        If there are fewer than two values or clusters, or the shapes differ.

    References
    ----------
    Miller, E. (2024). Adding Error Bars to Evals: A Statistical Approach to Language Model Evaluations.
    arXiv:2411.00640.

    Examples
    --------
    >>> mean_stderr([1.0, 3.0])
    MeanStderr(mean=2.0, stderr=1.0)
    >>> mean_stderr([1.0, 1.0, 3.0, 3.0], clusters=[0, 0, 1, 1])     # two texts, not four draws
    MeanStderr(mean=2.0, stderr=1.0)
    """
    values = as_floats(values, "values").astype(float)
    clusters = np.arange(len(values)) if clusters is None else np.asarray(clusters)
    if values.ndim != 1 or clusters.shape != values.shape:
        raise ValueError(
            f"values has shape {values.shape} and clusters {clusters.shape}: pass one cluster a"
            " value, both (n,)"
        )
    mean = values.mean()
    names, group = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"a standard error needs at least two {'values' if len(values) < 2 else 'clusters'},"
            f" got {len(names)}"
        )
    totals = np.bincount(group, weights=values - mean)
    variance = len(names) / (len(names) - 1) * (totals**2).sum() / len(values) ** 2
    return MeanStderr(float(mean), math.sqrt(variance))


def auroc(scores, labels):
    """Area under the ROC curve, P(s₊ > s₋) + ½ P(s₊ = s₋) (book, section 10.3).

    The chance that a positive example scores above a negative one, ties counting half: ½ is
    guessing, and a value below ½ means that the detector is turned the wrong way round.
    scikit-learn's roc_auc_score gives the same and takes its two arguments in the other order.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Higher should mean positive; infinities are allowed.
    labels : array-like of bool of shape (n,)

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If a class is missing, a label is neither 0 nor 1, a score is NaN, or the shapes differ.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982). The Meaning and Use of the Area under a Receiver Operating Characteristic
    (ROC) Curve. Radiology 143(1).

    Examples
    --------
    >>> auroc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])         # of four pairs three and a half are in order
    0.875
    """
    scores, labels = as_floats(scores, "scores"), np.asarray(labels)
    if scores.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(
            f"scores has shape {scores.shape} and labels {labels.shape}: pass one label a score,"
            " both (n,)"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be 0 or 1, or booleans")
    if np.isnan(scores).any():
        raise ValueError(f"score {int(np.isnan(scores).argmax())} is NaN, which has no rank")
    positive = labels.astype(bool)
    n_positive = int(positive.sum())
    if n_positive in (0, len(labels)):
        raise ValueError(
            f"labels holds one class only ({n_positive} positive of {len(labels)}): there is"
            " nothing to tell apart"
        )
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # equal scores share the mean of their ranks
    ranks = (counts.cumsum() - (counts - 1) / 2)[place]
    pairs_won = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(pairs_won / (n_positive * (len(labels) - n_positive)))


class SignTest(NamedTuple):
    """How many of n differences are positive, and how surprising that is if the signs are coin tosses.

    Attributes
    ----------
    positive, n : int
        Differences above 0, and differences that are not 0.
    p_value : float
    """

    positive: int
    n: int
    p_value: float


def sign_test(differences, alternative="greater"):
    """Exact sign test: P(at least so many positive signs of n) if each sign is a fair coin (book, section 10.2).

    Differences of 0 are left out. Asks nothing of the differences but independence: one a text, not
    one a token.

    Parameters
    ----------
    differences : array-like of shape (n,)
        Such as log P(real text) − log P(shuffled text), one a text; -inf and +inf have signs too.
    alternative : {"greater", "less", "two-sided"}, default "greater"

    Returns
    -------
    SignTest
        The p-value is the exactly rounded quotient of two integers.

    Raises
    ------
    ValueError
        If no difference has a sign, one is NaN, or `alternative` is unknown.

    References
    ----------
    Arbuthnot, J. (1710). An Argument for Divine Providence. Philosophical Transactions 27.

    Examples
    --------
    >>> sign_test([0.3, 1.2, 0.1, -0.2, 0.8, 0.0])        # 4 of 5: (5 + 1) / 32
    SignTest(positive=4, n=5, p_value=0.1875)
    """
    differences = as_floats(differences, "differences")
    if np.isnan(differences).any():
        raise ValueError(
            f"difference {int(np.isnan(differences).argmax())} is NaN, which has no sign"
        )
    if alternative not in ("greater", "less", "two-sided"):
        raise ValueError(
            f"alternative must be 'greater', 'less' or 'two-sided', got {alternative!r}"
        )
    positive, n = int((differences > 0).sum()), int((differences != 0).sum())
    if n == 0:
        raise ValueError(f"all {differences.size} differences are 0: none has a sign to test")
    at_least, at_most = _coin_tail(positive, n), _coin_tail(n - positive, n)
    p_value = {
        "greater": at_least,
        "less": at_most,
        "two-sided": min(1.0, 2 * min(at_least, at_most)),
    }[alternative]
    return SignTest(positive, n, p_value)


def _coin_tail(k, n):
    """P(at least k heads of n), by Pascal's recurrence in integers."""
    ways = term = math.comb(n, k)
    for heads in range(k, n):
        term = term * (n - heads) // (heads + 1)
        ways += term
    return ways / 2**n

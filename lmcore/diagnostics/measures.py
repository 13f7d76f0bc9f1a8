"""Measures besides the loss, and their uncertainty: ranks, diversity, errors (10.2 to 10.4)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_floats, as_integer, as_outcomes, as_token_ids
from lmcore._typing import Integers

Alternative = Literal["greater", "less", "two-sided"]


def token_rank(log_probs: ArrayLike, tokens: ArrayLike, ignore_index: int = -100) -> Integers:
    """Rank of each token in its distribution, 1 + |{v : p(v) > p(token)}| (book, section 10.2).

    Equal probabilities share the better rank, as in a race.

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Log-probabilities, logits or probabilities: only their order counts. Aligned.
    tokens : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`.
    ignore_index : int, default -100

    Returns
    -------
    ndarray of int of shape (...)
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
    rows = as_floats(log_probs, "log_probs")
    ids = as_token_ids(tokens, rows.shape[-1], "tokens", ignore_index)
    if ids.shape != rows.shape[:-1]:
        raise ValueError(
            f"tokens has shape {ids.shape} and log_probs {rows.shape}: pass one row of V per token"
        )
    if np.isnan(rows).any():
        raise ValueError("log_probs holds NaN, which has no rank")
    scored = ids != ignore_index
    own = np.take_along_axis(rows, np.where(scored, ids, 0)[..., None], axis=-1)
    return np.where(scored, 1 + (rows > own).sum(axis=-1), 0)


def top_k_accuracy(
    log_probs: ArrayLike, tokens: ArrayLike, k: int = 1, ignore_index: int = -100
) -> float:
    """Share of tokens among the k most probable, ties with the k-th included (book, section 10.2).

    scikit-learn's top_k_accuracy_score breaks ties by class number instead.

    Parameters
    ----------
    log_probs : array-like of shape (..., V)
        Log-probabilities, logits or probabilities. Aligned.
    tokens : array-like of int of shape (...)
        Ids in [0, V), or `ignore_index`, which does not count in the mean.
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
    k = as_integer(k, "k", minimum=1)
    ranks = token_rank(log_probs, tokens, ignore_index)
    if not ranks.any():
        raise ValueError("every token is ignore_index: there is nothing to score")
    return float((ranks[ranks > 0] <= k).mean())


def distinct_n(sequences: Sequence[Sequence[int]], n: int = 2) -> float:
    """Share of different n-grams among all n-grams of some texts (book, section 10.4).

    It falls with the length of the texts even if they do not repeat themselves: compare equal
    lengths only.

    Parameters
    ----------
    sequences : sequence of sequences of int
        Texts; n-grams do not cross from one into the next. Pass one text as ``[text]``.
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
    Li, J. et al. (2016). A Diversity-Promoting Objective Function for Neural Conversation Models.
    NAACL.

    Examples
    --------
    >>> distinct_n([[1, 2, 1, 2, 1]], n=2)                # 12, 21, 12, 21
    0.5
    """
    n = as_integer(n, "n", minimum=1)
    grams = Counter(tuple(text[i : i + n]) for text in sequences for i in range(len(text) - n + 1))
    if not grams:
        raise ValueError(f"no text has n = {n} tokens, so there are no n-grams to compare")
    return len(grams) / grams.total()


def repetition_rate(tokens: Sequence[int], window: int = 128) -> float:
    """Share of tokens that occur among the `window` tokens before them, rep/ℓ (book, section 10.4).

    Real text repeats its function words: compare with the rate of real text, not with 0.

    Parameters
    ----------
    tokens : sequence of int of length T
    window : int, default 128
        ℓ, how far back a repetition counts.

    Returns
    -------
    float
        In [0, 1], over the T − 1 tokens after the first.

    Raises
    ------
    ValueError
        If there are fewer than two tokens or `window` < 1.

    References
    ----------
    Welleck, S. et al. (2020). Neural Text Generation With Unlikelihood Training. ICLR.

    Examples
    --------
    Of four tokens the second 7 and the second 9:

    >>> repetition_rate([7, 8, 7, 9, 9])
    0.5
    """
    tokens, window = list(tokens), as_integer(window, "window")
    if len(tokens) < 2 or window < 1:
        raise ValueError(
            "repetition needs at least two tokens and a window of at least 1, got "
            f"{len(tokens)} and {window}"
        )
    last: dict[int, int] = {}
    repeated = 0
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


def mean_stderr(values: ArrayLike, clusters: ArrayLike | None = None) -> MeanStderr:
    """Mean and its standard error s/√n, or that of dependent groups of values (book, section 10.2).

    Tokens of one text are not independent draws. With G clusters c the squared error is G/(G − 1) ·
    Σ_c (Σ_{i∈c} (x_i − mean))² / n²; with one value per cluster this is s²/n.

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
    Miller, E. (2024). Adding Error Bars to Evals: A Statistical Approach to Language Model
    Evaluations. arXiv:2411.00640.

    Examples
    --------
    >>> mean_stderr([1.0, 3.0])
    MeanStderr(mean=2.0, stderr=1.0)

    Two texts, not four draws:

    >>> mean_stderr([1.0, 1.0, 3.0, 3.0], clusters=[0, 0, 1, 1])
    MeanStderr(mean=2.0, stderr=1.0)
    """
    x = as_floats(values, "values")
    given = None if clusters is None else np.asarray(clusters)
    if x.ndim != 1 or (given is not None and given.shape != x.shape):
        shape = "none" if given is None else given.shape
        raise ValueError(
            f"values has shape {x.shape} and clusters {shape}: pass one cluster per value, (n,)"
        )
    mean = float(x.mean(dtype=float))
    if len(x) < 2:
        raise ValueError(f"a standard error needs at least two values, got {len(x)}")
    if given is None:
        return MeanStderr(mean, math.sqrt(x.var(ddof=1, dtype=float) / len(x)))
    names, group = np.unique(given, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"a standard error needs at least two clusters, got {len(names)}")
    totals = np.bincount(group, weights=np.subtract(x, mean, dtype=float))
    variance = len(names) / (len(names) - 1) * (totals**2).sum() / len(x) ** 2
    return MeanStderr(mean, math.sqrt(variance))


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the ROC curve, P(s₊ > s₋) + ½ P(s₊ = s₋) (book, section 10.3).

    The probability that a positive example scores above a negative one, ties counting half: ½ is
    guessing, and a value below ½ means that the scores are the wrong way round. scikit-learn's
    roc_auc_score gives the same and takes its two arguments in the other order.

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
    Hanley, J. A. and McNeil, B. J. (1982). The Meaning and Use of the Area under a Receiver
    Operating Characteristic (ROC) Curve. Radiology 143(1).

    Examples
    --------
    Of four pairs three and a half are in order:

    >>> auroc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    s, positive = as_floats(scores, "scores"), as_outcomes(labels, "labels")
    if s.ndim != 1 or positive.shape != s.shape:
        raise ValueError(
            f"scores has shape {s.shape} and labels {positive.shape}: pass one label per score, "
            "both (n,)"
        )
    if np.isnan(s).any():
        raise ValueError(f"score {int(np.isnan(s).argmax())} is NaN, which has no rank")
    above, below = np.sort(s[positive]), np.sort(s[~positive])
    if 0 in (len(above), len(below)):
        raise ValueError(
            f"labels holds one class only ({len(above)} positive of {len(s)}): there is nothing "
            "to tell apart"
        )
    # a tie is counted from one side and not from the other: half a pair
    pairs_won = sum(
        int(np.searchsorted(below, above, side=side).sum(dtype=np.int64))
        for side in ("left", "right")
    )
    return pairs_won / 2 / (len(above) * len(below))


class SignTest(NamedTuple):
    """How many of n differences are positive, and how likely that is for coin tosses.

    Attributes
    ----------
    positive, n : int
        Differences above 0, and differences that are not 0.
    p_value : float
    """

    positive: int
    n: int
    p_value: float


def sign_test(differences: ArrayLike, alternative: Alternative = "greater") -> SignTest:
    """Exact sign test of whether differences tend to be positive (book, section 10.2).

    The p-value is the probability of at least as many positive signs if each sign is the toss of a
    fair coin. Differences of 0 are left out. It assumes nothing about the differences but
    independence: pass one per text, not one per token.

    Parameters
    ----------
    differences : array-like of shape (n,)
        For example log P(real text) − log P(shuffled text), one per text; -inf and +inf have signs
        too.
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
    4 of 5, (5 + 1) / 32:

    >>> sign_test([0.3, 1.2, 0.1, -0.2, 0.8, 0.0])
    SignTest(positive=4, n=5, p_value=0.1875)
    """
    values = as_floats(differences, "differences", axis=None)
    if np.isnan(values).any():
        raise ValueError(f"difference {int(np.isnan(values).argmax())} is NaN, which has no sign")
    if alternative not in ("greater", "less", "two-sided"):
        raise ValueError(
            f"alternative must be 'greater', 'less' or 'two-sided', got {alternative!r}"
        )
    positive, n = int((values > 0).sum()), int((values != 0).sum())
    if n == 0:
        raise ValueError(f"all {values.size} differences are 0: none has a sign to test")
    at_least, at_most = _coin_tail(positive, n), _coin_tail(n - positive, n)
    p_value = {
        "greater": at_least,
        "less": at_most,
        "two-sided": min(1.0, 2 * min(at_least, at_most)),
    }[alternative]
    return SignTest(positive, n, p_value)


def _coin_tail(k: int, n: int) -> float:
    """P(at least k heads of n), by Pascal's recurrence in integers."""
    ways = term = math.comb(n, k)
    for heads in range(k, n):
        term = term * (n - heads) // (heads + 1)
        ways += term
    return ways / 2**n

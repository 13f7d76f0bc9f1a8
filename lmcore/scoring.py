"""Scores that compare whole answers, normalised for length or for the prompt (chapter 6).

Log-probabilities are sums over an answer's tokens, in nats, as
`lmcore.factorization.continuation_score` returns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator
from lmcore._checks import as_floats, as_real
from lmcore._typing import Floats, Integers, NextLogProbs
from lmcore.factorization import continuation_score

LengthPenalty = Literal["hf", "gnmt"]
Normalizer = Literal["sum", "token", "byte", "char", "pmi"]
NORMALIZERS = ("sum", "token", "byte", "char", "pmi")


class LengthBias(NamedTuple):
    """The line log p ≈ intercept + slope · length through a set of answers (book, section 6.1).

    Parameters
    ----------
    slope : float
        Nats per further token; negative, as a probability only falls.
    intercept : float
        Nats, the line's value at length 0; far below 0 when the first token is the expensive one.
    correlation : float
        Of log-probability and length, in [-1, 1]; 0 if all log-probabilities are equal.

    Examples
    --------
    >>> LengthBias(slope=-2.5, intercept=-8.0, correlation=-0.8).slope
    -2.5
    """

    slope: float
    intercept: float
    correlation: float


def length_bias(log_probs: ArrayLike, lengths: ArrayLike) -> LengthBias:
    """How steeply answers' log-probabilities fall with their lengths (book, section 6.1).

    By least squares, slope b = Cov(len, log p)/Var(len), intercept a = mean(log p) − b · mean(len).

    Parameters
    ----------
    log_probs : array-like of shape (n,)
        log p(y|x) of each answer, finite, nats.
    lengths : array-like of shape (n,)
        Tokens that were scored, at least 1.

    Returns
    -------
    LengthBias
        ``LengthBias(slope, intercept, correlation)``.

    Raises
    ------
    ValueError
        If shapes differ, a length is below 1, all lengths are equal, or a log-probability is not
        finite.

    References
    ----------
    Murray, K. and Chiang, D. (2018). Correcting Length Bias in Neural Machine Translation. WMT.

    Examples
    --------
    >>> length_bias([-4.0, -6.0, -10.0], [1, 2, 4])
    LengthBias(slope=-2.0, intercept=-2.0, correlation=-1.0)
    """
    scores = as_floats(log_probs, "log_probs").astype(float)
    lengths = as_floats(lengths, "lengths").astype(float)
    if scores.ndim != 1 or scores.shape != lengths.shape:
        raise ValueError(
            f"log_probs and lengths must have one shape (n,), got {scores.shape} and "
            f"{lengths.shape}"
        )
    if not (lengths >= 1).all() or lengths.min() == lengths.max():
        raise ValueError(
            f"lengths must be at least 1 and not all equal, got {lengths.min():g} to "
            f"{lengths.max():g}: answers of one length determine no line"
        )
    if not np.isfinite(scores).all():
        raise ValueError("log_probs must be finite: leave impossible answers out of the fit")
    over, up = lengths - lengths.mean(), scores - scores.mean()
    slope = over @ up / (over @ over)
    spread = np.linalg.norm(up)
    correlation = slope * (np.linalg.norm(over) / spread) if spread > 0 else 0.0
    return LengthBias(
        float(slope),
        float(scores.mean() - slope * lengths.mean()),
        float(np.clip(correlation, -1, 1)),
    )


def length_normalized(
    log_prob: ArrayLike,
    length: ArrayLike,
    alpha: float = 1.0,
    form: LengthPenalty = "hf",
) -> Floats:
    """Log-probability divided by a penalty for length, log p / len^α (book, section 6.2).

    Parameters
    ----------
    log_prob : array-like or float
        log p(y|x) of whole sequences, nats.
    length : array-like of int or int
        Tokens that were scored, EOS included if it was; at least 1. Broadcast against `log_prob`.
    alpha : float, default 1
        0 leaves the score as it is, 1 with form "hf" is the mean per token, more favours long
        sequences.
    form : {"hf", "gnmt"}
        len^α, as in Hugging Face's beam search, or the gentler ((5 + len)/6)^α of Google's
        translation system.

    Returns
    -------
    ndarray or float
        In the type of `log_prob` (float64 for integers).

    Raises
    ------
    ValueError
        If a length is below 1, `alpha` is not finite, or `form` is unknown.

    References
    ----------
    Wu, Y. et al. (2016). Google's Neural Machine Translation System, section 7. arXiv:1609.08144

    Examples
    --------
    >>> float(length_normalized(-6.0, 3)), float(length_normalized(-6.0, 7, form="gnmt"))
    (-2.0, -3.0)
    """
    scores = as_floats(np.atleast_1d(log_prob), "log_prob")
    lengths = as_floats(np.atleast_1d(length), "length")
    if not (lengths >= 1).all():
        raise ValueError(
            f"length must be at least 1, got {lengths.min():g}: count the tokens that were scored, "
            "EOS included"
        )
    alpha = as_real(alpha, "alpha")
    if not np.isfinite(alpha):
        raise ValueError(
            f"alpha must be finite, got {alpha}; 0 for no normalisation, 1 for the mean per token"
        )
    if form not in ("hf", "gnmt"):
        raise ValueError(f"form must be 'hf' or 'gnmt', got {form!r}")
    penalties = (lengths if form == "hf" else (5 + lengths) / 6) ** alpha
    normalized = (scores / penalties).astype(scores.dtype)
    return normalized if np.ndim(log_prob) or np.ndim(length) else normalized[0]


def pmi_score(conditional: ArrayLike, unconditional: ArrayLike) -> Floats:
    """How much the prompt raises an answer's log-probability (book, section 6.2).

    log p(y|x) − log p(y) is the pointwise mutual information of prompt and answer: answers that are
    likely after any prompt gain nothing.

    Parameters
    ----------
    conditional : array-like or float
        log p(y|x), nats.
    unconditional : array-like or float
        log p(y), usually after an empty prompt or one without content ("Answer:").

    Returns
    -------
    ndarray or float
        Nats, in the wider of the two types, but float32 for float16.

    Raises
    ------
    ValueError
        If an answer is impossible both with the prompt and without.

    References
    ----------
    Holtzman, A. et al. (2021). Surface Form Competition: Why the Highest Probability Answer Isn't
    Always Right. EMNLP.

    Examples
    --------
    >>> float(pmi_score(-2.0, -5.0))
    3.0
    """
    with_prompt = as_floats(np.atleast_1d(conditional), "conditional")
    without = as_floats(np.atleast_1d(unconditional), "unconditional")
    if ((with_prompt == -np.inf) & (without == -np.inf)).any():
        raise ValueError(
            "conditional and unconditional are both -inf for one answer: a ratio of two zeros is "
            "undefined; drop answers that the model cannot produce"
        )
    dtype = accumulator(np.result_type(with_prompt, without))
    scores = np.subtract(with_prompt, without, dtype=dtype)
    return scores if np.ndim(conditional) or np.ndim(unconditional) else scores[0]


def answer_scores(
    log_probs: ArrayLike,
    by: Normalizer = "token",
    n_tokens: Sequence[int] | None = None,
    texts: Sequence[str] | None = None,
    unconditional: ArrayLike | None = None,
) -> Floats:
    """Scores of the answers to one question under one normalisation (book, section 6.2).

    Parameters
    ----------
    log_probs : array-like of shape (n,)
        log p(y_i|x) of each answer, nats.
    by : {"sum", "token", "byte", "char", "pmi"}
        log p itself; log p per token, per UTF-8 byte or per character; or log p minus the
        unconditional log p. The Language Model Evaluation Harness calls the accuracies of these
        acc, -, acc_bytes, acc_norm and acc_mutual_info.
    n_tokens : sequence of int of shape (n,)
        Tokens that were scored; needed for "token".
    texts : sequence of str of shape (n,)
        The answers as text, without the space before them, as the harness counts; needed for "byte"
        and "char".
    unconditional : array-like of shape (n,)
        log p(y_i); needed for "pmi".

    Returns
    -------
    ndarray of shape (n,)
        Larger is better.

    Raises
    ------
    ValueError
        If `by` is unknown, what it needs is missing or of another length, or a length is 0.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation.
    doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> answer_scores([-4.0, -9.0], by="char", texts=["yes", "not at all"]).round(2)
    array([-1.33, -0.9 ])
    """
    log_probs = as_floats(log_probs, "log_probs")
    if by not in NORMALIZERS:
        raise ValueError(f"by must be one of {', '.join(NORMALIZERS)}, got {by!r}")
    if by == "sum":
        return log_probs.copy()
    if by == "pmi":
        return pmi_score(log_probs, _one_each(unconditional, "unconditional", by, log_probs))
    if by == "token":
        return length_normalized(log_probs, _one_each(n_tokens, "n_tokens", by, log_probs))
    answers = _one_each(texts, "texts", by, log_probs)
    lengths = [len(text.encode() if by == "byte" else text) for text in answers]
    return length_normalized(log_probs, lengths)


def _one_each(given: Any, name: str, by: str, log_probs: Floats) -> Any:
    """What a normalisation needs, checked to be there for every answer."""
    if given is None or len(given) != len(log_probs):
        got = "none" if given is None else len(given)
        raise ValueError(
            f"by={by!r} needs {name} with one entry for each of the {len(log_probs)} answers, got "
            f"{got}"
        )
    return given


class Ranking(NamedTuple):
    """Answers from best to worst (book, section 6.2).

    Parameters
    ----------
    order : ndarray of int of shape (n,)
        Indices of the answers, best first; of equal scores the earlier answer first.
    scores : ndarray of shape (n,)
        Score of each answer, in the order in which they were given.

    Examples
    --------
    >>> int(Ranking(order=np.array([1, 0]), scores=np.array([-2.0, -1.0])).order[0])
    1
    """

    order: Integers
    scores: Floats


def rank_answers(
    next_log_probs: NextLogProbs,
    prompt: Sequence[int],
    answers: Sequence[Sequence[int]],
    by: Normalizer = "token",
    texts: Sequence[str] | None = None,
    unconditional_prompt: Sequence[int] = (),
) -> Ranking:
    """Answers to one prompt, ranked by normalised log-probability (book, section 6.2).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prompt : sequence of int
        x, which may be empty.
    answers : sequence of sequences of int
        Token ids of each y_i, at least one token per answer; EOS appended to all of them or to
        none.
    by : {"sum", "token", "byte", "char", "pmi"}
        As for `answer_scores`.
    texts : sequence of str, optional
        The answers as text, for "byte" and "char".
    unconditional_prompt : sequence of int, default ()
        What precedes the answer when log p(y) is computed, for "pmi".

    Returns
    -------
    Ranking
        ``Ranking(order, scores)``.

    Raises
    ------
    ValueError
        If there is no answer, an answer is empty, or `by` needs what was not given.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation.
    doi:10.5281/zenodo.10256836

    Examples
    --------
    Nothing but length decides:

    >>> uniform = lambda prefix: np.full(4, -np.log(4.0))
    >>> rank_answers(uniform, (), [(0,), (1, 2, 3)], by="sum").order
    array([0, 1])
    """

    def log_probs_after(start: Sequence[int]) -> list[float]:
        return [continuation_score(next_log_probs, start, answer).sum for answer in answers]

    unconditional = log_probs_after(unconditional_prompt) if by == "pmi" else None
    scores = answer_scores(
        log_probs_after(prompt), by, [len(answer) for answer in answers], texts, unconditional
    )
    return Ranking(np.argsort(-scores, kind="stable"), scores)

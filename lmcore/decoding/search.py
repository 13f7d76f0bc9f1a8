"""Searching for probable sequences: greedy, exhaustive, and beam search (chapter 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lmcore._checks import as_integer, next_row
from lmcore._typing import NextLogProbs
from lmcore.scoring import LengthPenalty, length_normalized

# a continuation that is still growing: its tokens and log p
Live = tuple[tuple[int, ...], float]


class Hypothesis(NamedTuple):
    """A continuation found by a search (book, section 7.5).

    Parameters
    ----------
    tokens : tuple of int
        Without the prefix; EOS is the last of them if `finished`.
    log_prob : float
        log p(tokens | prefix), nats.
    score : float
        log p / len^α, or as `form` says; EOS counts in the length.
    finished : bool
        False if the length limit came before EOS: its score is that of an unfinished sentence.

    Examples
    --------
    >>> Hypothesis(tokens=(4, 2), log_prob=-3.0, score=-1.5, finished=True).score
    -1.5
    """

    tokens: tuple[int, ...]
    log_prob: float
    score: float
    finished: bool


def greedy(
    next_log_probs: NextLogProbs, prefix: Sequence[int], max_new_tokens: int, eos: int | None = None
) -> tuple[int, ...]:
    """Continue a prefix by the most probable token, argmax_v p(v | t_<i) (book, section 7.1).

    This is the limit of sampling at temperature 0, but does not find the most probable sequence:
    see `exhaustive_search`.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats. Logits will
        do.
    prefix : sequence of int
    max_new_tokens : int
        Largest number of tokens to add, EOS included.
    eos : int, optional
        Generation stops after this token.

    Returns
    -------
    tuple of int
        The tokens added, EOS included. Of equally probable tokens the one of lowest id is taken.

    Raises
    ------
    ValueError
        If `max_new_tokens` < 1, `eos` is none of the model's tokens, or the model returns NaN or
        bans every token.

    Examples
    --------
    >>> follow = lambda prefix: np.log([0.1, 0.7, 0.2] if not prefix else [0.2, 0.2, 0.6])
    >>> greedy(follow, (), max_new_tokens=5, eos=2)
    (1, 2)
    """
    max_new_tokens = as_integer(max_new_tokens, "max_new_tokens", minimum=1)
    prefix = tuple(prefix)
    tokens: tuple[int, ...] = ()
    while len(tokens) < max_new_tokens:
        tokens += (int(next_row(next_log_probs, prefix + tokens, eos).argmax()),)
        if tokens[-1] == eos:
            break
    return tokens


def exhaustive_search(
    next_log_probs: NextLogProbs,
    prefix: Sequence[int],
    max_new_tokens: int,
    eos: int | None,
    alpha: float = 0.0,
    form: LengthPenalty = "hf",
) -> list[Hypothesis]:
    """Every continuation of up to `max_new_tokens` tokens, best first (book, section 7.1).

    The first is the most probable sequence, which beam search approximates. For toy models only:
    there are about V^max_new_tokens continuations.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefix : sequence of int
    max_new_tokens : int
        Largest number of tokens, EOS included.
    eos : int
        The token that finishes a sequence.
    alpha : float, default 0
        Exponent of the length penalty; 0 ranks by probability.
    form : {"hf", "gnmt"}
        As for `lmcore.scoring.length_normalized`.

    Returns
    -------
    list of Hypothesis
        All of positive probability: the finished ones by falling score, then those cut off by
        `max_new_tokens`.

    Raises
    ------
    ValueError
        If there are more than a million sequences, `max_new_tokens` < 1, `eos` is none of the
        model's tokens, or the model returns NaN or bans every token.

    Examples
    --------
    >>> after = {(): [0.55, 0.44, 0.01], (0,): [0.3, 0.3, 0.4], (1,): [0.05, 0.05, 0.9]}
    >>> model = lambda prefix: np.log(after[prefix[-1:]])
    >>> greedy(model, (), max_new_tokens=3, eos=2)
    (0, 2)
    >>> exhaustive_search(model, (), max_new_tokens=3, eos=2)[0].tokens
    (1, 2)
    """
    max_new_tokens = as_integer(max_new_tokens, "max_new_tokens", minimum=1)
    prefix = tuple(prefix)
    live: list[Live] = [((), 0.0)]
    finished: list[Live] = []
    for length in range(1, max_new_tokens + 1):
        grown: list[Live] = []
        for tokens, log_prob in live:
            row = log_prob + next_row(next_log_probs, prefix + tokens, eos).astype(float)
            allowed = np.flatnonzero(row > -np.inf)
            if len(grown) + len(finished) + len(allowed) > 1_000_000:
                raise ValueError(
                    f"there are over a million sequences of {length} tokens: exhaustive search is "
                    f"for toy models; lower max_new_tokens={max_new_tokens} or use beam_search"
                )
            for token in allowed.tolist():
                into = finished if token == eos else grown
                into.append((tokens + (token,), float(row[token])))
        live = grown
    complete = [_hypothesis(*sequence, alpha, form, finished=True) for sequence in finished]
    cut_off = [_hypothesis(*sequence, alpha, form, finished=False) for sequence in live]
    return _ranked(complete) + _ranked(cut_off)


def beam_search(
    next_log_probs: NextLogProbs,
    prefix: Sequence[int],
    num_beams: int,
    max_new_tokens: int,
    eos: int | None = None,
    alpha: float = 1.0,
    form: LengthPenalty = "hf",
) -> list[Hypothesis]:
    """Best continuations found by keeping `num_beams` prefixes at each length (book, section 7.5).

    The score is s(y) = log p / len^α. At each step all one-token extensions of the live prefixes
    are ranked by log p. Those among the first `num_beams` that end in EOS are finished; the best
    `num_beams` of the others stay live. The search stops when no live prefix can still beat the
    worst of `num_beams` finished ones: as log p only falls, the best score that a live prefix can
    reach is its present log p at the most favourable length. This stopping rule is exact:
    continuing to `max_new_tokens` would return the same list. (transformers keeps the same
    candidates, but its stopping rules are heuristics for α ≠ 0, and it ranks sequences cut off by
    the length limit among the finished.)

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefix : sequence of int
        Its tokens count neither in log p nor in the length.
    num_beams : int
        At least 1. One beam with α = 0 is greedy decoding.
    max_new_tokens : int
        Largest number of tokens to add, EOS included.
    eos : int, optional
        The token that finishes a sequence; without it, sequences are finished at `max_new_tokens`.
    alpha : float, default 1
        Exponent of the length penalty: 0 ranks by probability, larger favours longer sequences.
    form : {"hf", "gnmt"}
        len^α or ((5 + len)/6)^α, as for `lmcore.scoring.length_normalized`.

    Returns
    -------
    list of Hypothesis
        At most `num_beams`: the finished ones by falling score, then, only if they are fewer, those
        that `max_new_tokens` cut off, marked ``finished=False`` and never ranked above a finished
        one. Ties go to the better parent, then to the lower token id.

    Raises
    ------
    ValueError
        If `num_beams` or `max_new_tokens` is below 1, `form` is unknown, `eos` is none of the
        model's tokens, or the model returns NaN or bans every token.

    References
    ----------
    Graves, A. (2012). Sequence Transduction with Recurrent Neural Networks. arXiv:1211.3711
    Huang, L., Zhao, K. and Ma, M. (2017). When to Finish? Optimal Beam Search for Neural Text
    Generation. EMNLP.

    Examples
    --------
    >>> after = {(): [0.55, 0.44, 0.01], (0,): [0.3, 0.3, 0.4], (1,): [0.05, 0.05, 0.9]}
    >>> model = lambda prefix: np.log(after[prefix[-1:]])
    >>> found = beam_search(model, (), num_beams=2, max_new_tokens=3, eos=2)
    >>> [(hypothesis.tokens, round(hypothesis.score, 3)) for hypothesis in found]
    [((1, 2), -0.463), ((0, 1, 2), -0.636)]
    """
    num_beams = as_integer(num_beams, "num_beams", minimum=1)
    max_new_tokens = as_integer(max_new_tokens, "max_new_tokens", minimum=1)
    prefix = tuple(prefix)
    live: list[Live] = [((), 0.0)]
    finished: list[Hypothesis] = []
    for length in range(1, max_new_tokens + 1):
        grown: list[Live] = []
        extensions = _extensions(next_log_probs, prefix, live, 2 * num_beams, eos)
        for rank, (tokens, log_prob) in enumerate(extensions):
            if tokens[-1] == eos and rank < num_beams:
                finished.append(_hypothesis(tokens, log_prob, alpha, form, finished=True))
            elif tokens[-1] != eos and len(grown) < num_beams:
                grown.append((tokens, log_prob))
        live, finished = grown, _ranked(finished)[:num_beams]
        if not live or (
            len(finished) == num_beams
            and finished[-1].score
            >= _best_reachable(live[0][1], length + 1, max_new_tokens, alpha, form)
        ):
            break
    cut_off = [_hypothesis(*sequence, alpha, form, finished=eos is None) for sequence in live]
    return (finished + cut_off)[:num_beams]


def _extensions(
    next_log_probs: NextLogProbs,
    prefix: tuple[int, ...],
    live: list[Live],
    count: int,
    eos: int | None,
) -> list[Live]:
    """The `count` most probable one-token extensions of the live prefixes, best first."""
    rows = np.stack(
        [
            log_prob + next_row(next_log_probs, prefix + tokens, eos).astype(float)
            for tokens, log_prob in live
        ]
    )  # (n_live, V)
    flat = rows.ravel()
    count = min(count, flat.size)
    chosen = np.flatnonzero(flat >= np.partition(flat, -count)[-count])
    chosen = chosen[np.argsort(-flat[chosen], kind="stable")][:count]
    return [
        (live[i // rows.shape[1]][0] + (int(i % rows.shape[1]),), float(flat[i]))
        for i in chosen
        if flat[i] > -np.inf
    ]


def _best_reachable(
    log_prob: float, shortest: int, longest: int, alpha: float, form: LengthPenalty
) -> float:
    """Highest score of any sequence that continues one of the given log p, which can only fall."""
    return max(
        float(length_normalized(log_prob, length, alpha, form))
        for length in (shortest, max(shortest, longest))
    )


def _hypothesis(
    tokens: tuple[int, ...], log_prob: float, alpha: float, form: LengthPenalty, finished: bool
) -> Hypothesis:
    score = float(length_normalized(log_prob, len(tokens), alpha, form))
    return Hypothesis(tokens, log_prob, score, finished)


def _ranked(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """By falling score; of equal scores the one found first."""
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)

"""Probabilities of strings and of their lengths under a language model (sections 1.1 and 1.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from lmcore._checks import as_integer, as_token_ids, next_row
from lmcore._typing import Floats, NextLogProbs
from lmcore.distributions.sources import HazardSource, MarkovSource


class StringSource(Protocol):
    """A language model that says which of its tokens is EOS."""

    @property
    def eos(self) -> int | None: ...

    def next_log_probs(self, prefix: tuple[int, ...]) -> ArrayLike:
        """(V,) nats of the token after `prefix`."""


def prefix_log_prob(next_log_probs: NextLogProbs, tokens: Sequence[int]) -> float:
    """Log-probability that a string begins with these tokens (book, section 1.5).

    It is Σ_i log p(t_i | t_<i). Prefixes of one length share the mass 1; prefixes of different
    lengths do not form a distribution.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    tokens : sequence of int
        The prefix, which may be empty (log-probability 0).

    Returns
    -------
    float
        Nats; -inf from the first impossible token on.

    Raises
    ------
    ValueError
        If a token is out of range, or the model returns NaN or bans every token.

    Examples
    --------
    log(1/2 · 1/4):

    >>> round(prefix_log_prob(lambda prefix: np.log([0.5, 0.25, 0.25]), (0, 1)), 4)
    -2.0794
    """
    tokens, total = tuple(tokens), 0.0
    for i, token in enumerate(tokens):
        row = next_row(next_log_probs, tokens[:i])
        as_token_ids([token], len(row), f"tokens[{i}:{i + 1}]")
        total += float(row[token])
        # the model need not know what follows an impossible prefix
        if total == -np.inf:
            break
    return total


def string_log_prob(next_log_probs: NextLogProbs, tokens: Sequence[int], eos: int) -> float:
    """Log-probability of a whole string with its end, log P(t_1..t_n, EOS) (book, section 1.2).

    That is `prefix_log_prob` of the tokens plus log p(EOS | t_1..t_n). Over all finite strings
    these probabilities sum to 1 if the model is tight, to less if mass leaks to infinite ones.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    tokens : sequence of int
        The string without EOS; it may be empty.
    eos : int
        Id of EOS.

    Returns
    -------
    float
        Nats; -inf for an impossible string.

    Raises
    ------
    ValueError
        If `eos` is None or occurs among the tokens, or a token is out of range.

    Examples
    --------
    >>> round(string_log_prob(lambda prefix: np.log([0.5, 0.25, 0.25]), (0, 1), eos=2), 4)
    -3.4657
    """
    tokens = tuple(tokens)
    if eos is None:
        raise ValueError(
            "eos is None: a model that never ends strings gives probability to prefixes only; "
            "use prefix_log_prob"
        )
    if eos in tokens:
        raise ValueError(
            f"tokens holds EOS (id {eos}) at index {tokens.index(eos)}; give the string without "
            "it: its end is scored anyway"
        )
    return prefix_log_prob(next_log_probs, tokens + (eos,))


def enumerate_strings(
    next_log_probs: NextLogProbs, eos: int | None, max_len: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    """All strings of up to `max_len` tokens and their log-probabilities (book, section 1.1).

    The shortest come first. Their total probability grows towards 1 with `max_len`, if the model is
    tight. There are up to Σ_n (V−1)^n of them.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    eos : int or None
        Id of EOS. None yields every prefix with its `prefix_log_prob`: each length then sums to 1
        on its own.
    max_len : int
        At least 0; EOS is not counted.

    Yields
    ------
    string : tuple of int
        Without EOS.
    log_prob : float
        Nats. Impossible strings are left out.

    Raises
    ------
    ValueError
        If `max_len` is negative, `eos` is none of the model's tokens, or the model returns NaN or
        bans every token.

    Examples
    --------
    >>> model = lambda prefix: np.log([0.5, 0.25, 0.25])
    >>> for string, log_prob in enumerate_strings(model, eos=2, max_len=1):
    ...     print(string, round(np.exp(log_prob), 4))
    () 0.25
    (0,) 0.125
    (1,) 0.0625
    """
    return _breadth_first(next_log_probs, eos, as_integer(max_len, "max_len", minimum=0))


def _breadth_first(
    next_log_probs: NextLogProbs, eos: int | None, max_len: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    queue: deque[tuple[tuple[int, ...], float]] = deque([((), 0.0)])
    while queue:
        prefix, log_prob = queue.popleft()
        if eos is None:
            yield prefix, log_prob
            if len(prefix) == max_len:
                continue
        row = next_row(next_log_probs, prefix, eos)
        if eos is not None and row[eos] > -np.inf:
            yield prefix, log_prob + float(row[eos])
        if len(prefix) < max_len:
            queue.extend(
                (prefix + (token,), log_prob + float(row[token]))
                for token in range(len(row))
                if token != eos and row[token] > -np.inf
            )


def length_distribution(source: StringSource, max_len: int) -> Floats:
    """Exact probability of each string length, P(|t| = n) (book, section 1.2).

    For a Markov chain with token-to-token matrix Q and EOS column r it is π Qⁿ⁻¹ r; for a hazard h
    it is h(n+1) Π_{k≤n} (1 − h(k)). Any other model is enumerated, which takes time exponential in
    `max_len`.

    Parameters
    ----------
    source : MarkovSource, HazardSource, or an object with `next_log_probs` and `eos`
    max_len : int
        At least 0.

    Returns
    -------
    ndarray of shape (max_len + 1,)
        Entry n is the probability that a string has exactly n tokens, EOS not counted. The sum
        falls short of 1 by the mass of longer and of infinite strings. Without EOS all entries are
        0.

    Raises
    ------
    ValueError
        If `max_len` is negative.

    Examples
    --------
    Token 0 and EOS = 1 with equal chances; then a source that loses half of its mass:

    >>> length_distribution(MarkovSource([0.5, 0.5], [[0.5, 0.5]]), max_len=3)
    array([0.5   , 0.25  , 0.125 , 0.0625])
    >>> leaky = HazardSource(lambda n: 1 / (n + 1) ** 2)
    >>> float(length_distribution(leaky, max_len=10_000).sum().round(4))
    0.5
    """
    max_len = as_integer(max_len, "max_len", minimum=0)
    lengths = np.zeros(max_len + 1)
    if source.eos is None:
        return lengths
    if isinstance(source, HazardSource):
        hazards = np.array([source.end_prob(n) for n in range(1, max_len + 2)])
        return hazards * np.cumprod(np.append(1, 1 - hazards[:-1]))
    if isinstance(source, MarkovSource):
        # alive: P(n tokens so far, the last is v)
        ends, alive = source.transition[:, -1], source.initial[:-1]
        lengths[0] = source.initial[-1]
        for n in range(1, max_len + 1):
            lengths[n], alive = alive @ ends, alive @ source.transition[:, :-1]
        return lengths
    for string, log_prob in enumerate_strings(source.next_log_probs, source.eos, max_len):
        lengths[len(string)] += np.exp(log_prob)
    return lengths


def termination_probability(source: MarkovSource) -> float:
    """Total mass of all finite strings of a Markov source (book, section 1.2).

    It is π(EOS) + π (I − Q)⁻¹ r. It is 1, and the source is called tight, exactly if EOS can be
    reached from every token that can occur.

    Parameters
    ----------
    source : MarkovSource

    Returns
    -------
    float
        In [0, 1]; 0 for a source without EOS.

    References
    ----------
    Booth, T. L. and Thompson, R. A. (1973). Applying Probability Measures to Abstract Languages.
    IEEE Transactions on Computers C-22(5).

    Examples
    --------
    A string that reaches token 1 never ends:

    >>> trap = MarkovSource([0.5, 0.25, 0.25], [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    >>> termination_probability(trap)
    0.75
    """
    if source.eos is None:
        return 0.0
    if source.is_tight():
        return 1.0
    n = len(source.transition)
    ending = source.tokens_that_can_end()
    inner = source.transition[:, :n][np.ix_(ending, ending)]
    finish = np.linalg.solve(np.eye(len(inner)) - inner, source.transition[ending, n])
    return float(source.initial[n] + source.initial[:n][ending] @ finish)


def expected_length(source: MarkovSource) -> float:
    """Mean number of tokens in a string of a Markov source, π (I − Q)⁻¹ 1 (book, section 1.2).

    EOS is not counted.

    Parameters
    ----------
    source : MarkovSource

    Returns
    -------
    float
        +inf if some mass lies on infinite strings.

    References
    ----------
    Kemeny, J. G. and Snell, J. L. (1960). Finite Markov Chains. Chapter 3: the fundamental matrix
    (I − Q)⁻¹.

    Examples
    --------
    >>> expected_length(MarkovSource([1.0, 0.0], [[0.75, 0.25]]))          # geometric: 1 / 0.25
    4.0
    """
    if not source.is_tight():
        return float("inf")
    n = len(source.transition)
    occurring = source.tokens_that_occur()
    inner = source.transition[:, :n][np.ix_(occurring, occurring)]
    remaining = np.linalg.solve(np.eye(len(inner)) - inner, np.ones(len(inner)))
    return float(source.initial[:n][occurring] @ remaining)

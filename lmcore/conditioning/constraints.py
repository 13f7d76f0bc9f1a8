"""Changing what may be said: bias, bans, automata, guidance and filters (sections 9.3 to 9.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import can_reach, frozen
from lmcore._checks import (
    as_floats,
    as_integer,
    as_logits,
    as_real,
    as_token_ids,
    next_row,
    rounding_bound,
    short,
)
from lmcore._typing import Floats, Integers, NextLogProbs
from lmcore.distributions import MarkovSource
from lmcore.softmax import log_softmax

Policy = Literal["one-shot", "retry", "mask"]


def logit_bias(logits: ArrayLike, bias: Mapping[int, float] | ArrayLike) -> Floats:
    """Logits with a constant added for some tokens, z' = z + b (book, section 9.3).

    A bias b multiplies the token's odds by e^b.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        Not changed.
    bias : mapping of int to float, or array-like of shape (V,)
        b for some tokens, or for all. -inf bans.

    Returns
    -------
    ndarray of shape (..., V)
        In the type of `logits`.

    Raises
    ------
    ValueError
        If a token is out of range, a bias is NaN or +inf, or every token of a row is banned.

    Examples
    --------
    >>> logit_bias([2.0, 1.0, 0.0], {2: 5.0})
    array([2., 1., 5.])
    """
    logits = as_floats(logits, "logits")
    size = logits.shape[-1]
    if isinstance(bias, Mapping):
        ids = as_token_ids(list(bias), size, "bias")
        dense: Floats = np.zeros(size)
        dense[ids] = list(bias.values())
    else:
        dense = as_floats(bias, "bias")
    if dense.shape != (size,):
        raise ValueError(
            f"bias has shape {dense.shape}, but there are V = {size} logits in a row: pass one "
            "bias per token or a mapping from token ids"
        )
    if np.isnan(dense).any() or (dense == np.inf).any():
        token = int(np.flatnonzero(np.isnan(dense) | (dense == np.inf))[0])
        raise ValueError(
            f"bias of token {token} is {dense[token]}; it must be finite, or -inf to ban the token"
        )
    return as_logits(logits + dense.astype(logits.dtype), "logits with this bias,")


def ban(logits: ArrayLike, tokens: int | ArrayLike) -> Floats:
    """Logits with some tokens forbidden, z' = −inf (book, section 9.3).

    A ban applies to a token, not to a meaning: the same word under another id (capital letter,
    leading space, spelt in pieces) is still allowed. `avoiding` bans a text in all its spellings.

    Parameters
    ----------
    logits : array-like of shape (..., V)
        Not changed.
    tokens : int or array-like of int
        Ids in [0, V), banned in every row.

    Returns
    -------
    ndarray of shape (..., V)
        In the type of `logits`.

    Raises
    ------
    ValueError
        If a token is out of range or every token of a row is banned.

    Examples
    --------
    >>> ban([2.0, 1.0, 0.0], [0, 2])
    array([-inf,   1., -inf])
    """
    banned = as_floats(logits, "logits").copy()
    banned[..., as_token_ids(tokens, banned.shape[-1], "tokens")] = -np.inf
    return as_logits(banned, "logits without these tokens,")


def constrain(next_log_probs: NextLogProbs, table: ArrayLike) -> NextLogProbs:
    """The model without the tokens that an automaton forbids, renormalised (book, section 9.3).

    Every finished string belongs to the language. This is *not* the model conditioned on the
    language: masking ignores how likely each allowed token is to lead to an acceptable end. See
    `condition`.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    table : array-like of int of shape (S, V)
        ``table[s, v]`` is the state after token v in state s, -1 where v is banned; state 0 is the
        start (from `token_table`, or written by hand). It is copied.

    Returns
    -------
    callable
        prefix -> array of shape (V,) in nats, -inf for masked tokens. The prefix begins where the
        automaton does: constrain ``prompted(model, prompt)`` to leave a prompt free.

    Raises
    ------
    ValueError
        If the table is no table of states; when called, if the prefix breaks the constraint or no
        allowed token has any probability.

    Examples
    --------
    Token 2 is never allowed:

    >>> even = [[1, 1, -1], [0, 0, -1]]
    >>> np.exp(constrain(lambda prefix: np.log([0.2, 0.6, 0.2]), even)(())).round(4)
    array([0.25, 0.75, 0.  ])
    """
    states = _as_table(table)

    def constrained(prefix: tuple[int, ...]) -> Floats:
        allowed = states[walk(states, prefix)] >= 0
        row = next_row(next_log_probs, prefix)
        if len(row) != len(allowed):
            raise ValueError(
                f"table has V = {len(allowed)} columns, but the model gives {len(row)} "
                "log-probabilities"
            )
        if not (row[allowed] > -np.inf).any():
            raise ValueError(
                f"after the prefix {short(prefix)} the automaton allows {allowed.sum()} tokens, "
                "all of probability 0 under the model"
            )
        return log_softmax(np.where(allowed, row, row.dtype.type(-np.inf)))

    return constrained


def walk(table: ArrayLike, tokens: Sequence[int], start: int = 0) -> int:
    """The state in which an automaton is after some tokens (book, section 9.3).

    Parameters
    ----------
    table : array-like of int of shape (S, V)
    tokens : sequence of int
    start : int, default 0

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a token is not allowed at its position.

    Examples
    --------
    >>> walk([[1, -1], [-1, 0]], (0, 1, 0))
    1
    """
    states, state = np.asarray(table), as_integer(start, "start", minimum=0)
    for position, token in enumerate(as_token_ids(tokens, len(states[0]), "tokens")):
        if states[state, token] < 0:
            raise ValueError(
                f"token {token} at position {position} breaks the constraint: state {state} allows "
                f"{np.flatnonzero(states[state] >= 0)[:10].tolist()}"
            )
        state = int(states[state, token])
    return state


def removed_mass(next_log_probs: NextLogProbs, table: ArrayLike, tokens: Sequence[int]) -> Floats:
    """Probability that the mask removes at each step, 1 − Σ_{v allowed} p(v|h) (book, section 9.3).

    Where it is near 1 the model would have said something else. The product of what is left,
    Π (1 − removed), is the factor by which masking inflated the text's probability.

    Parameters
    ----------
    next_log_probs : callable
        The unconstrained model.
    table : array-like of int of shape (S, V)
    tokens : sequence of int of length T
        A text that satisfies the constraint, EOS included if it ends.

    Returns
    -------
    ndarray of shape (T,)
        In [0, 1].

    Raises
    ------
    ValueError
        If `tokens` breaks the constraint.

    Examples
    --------
    >>> even = [[1, 1, -1], [0, 0, -1]]
    >>> removed_mass(lambda prefix: np.log([0.2, 0.6, 0.2]), even, (0, 1)).round(4)
    array([0.2, 0.2])
    """
    states, tokens, state = _as_table(table), tuple(tokens), 0
    removed = []
    for position, token in enumerate(tokens):
        row = next_row(next_log_probs, tokens[:position]).astype(float)
        removed.append(np.exp(row[states[state] < 0]).sum())
        state = walk(states, (token,), state)
    return np.minimum(removed, 1.0)


def completion_probs(source: MarkovSource, table: ArrayLike) -> Floats:
    """Probability that a Markov source completes a string of the language (book, section 9.3).

    β(u, s) = Σ_v A(v|u) β(v, δ(s, v)) + A(EOS|u) [s accepts]: the backward recursion over last
    token u and automaton state s, solved as one dense linear system, so for n S up to a few
    thousand.

    Parameters
    ----------
    source : MarkovSource
        n tokens, with EOS.
    table : array-like of int of shape (S, n + 1)
        Over the source's tokens; EOS is allowed in accepting states.

    Returns
    -------
    ndarray of shape (n + 1, S)
        Row u: after token u; the last row: at the beginning of a string. ``[-1, 0]`` is the
        probability of the language under the source.

    Raises
    ------
    ValueError
        If the source has no EOS or the table another vocabulary.

    References
    ----------
    Bar-Hillel, Y., Perles, M. and Shamir, E. (1961). On Formal Properties of Simple Phrase
    Structure Grammars.

    Examples
    --------
    Strings of 0s only, state 1 being the end: 1/4 + 1/2 · 1/4 + … = 1/2

    >>> coin = MarkovSource([0.5, 0.25, 0.25], [[0.5, 0.25, 0.25]] * 2)
    >>> no_ones = [[0, -1, 1], [-1, -1, 1]]
    >>> float(completion_probs(coin, no_ones)[-1, 0])
    0.5
    """
    states = _as_table(table)
    n, n_states = len(source.transition), len(states)
    if source.eos is None or states.shape[1] != n + 1:
        raise ValueError(
            f"table has {states.shape[1]} columns and the source {n} tokens with "
            f"eos={source.eos}: pass a source with EOS and a column for each of its tokens and EOS"
        )
    # (n, S): ends here, accepted
    ending = np.outer(source.transition[:, n], states[:, n] >= 0).ravel()
    # (u, s) -> (v, δ(s, v))
    steps = np.zeros((n, n_states, n, n_states))
    for state, token in np.argwhere(states[:, :n] >= 0):
        steps[:, state, token, states[state, token]] = source.transition[:, token]
    step = steps.reshape(n * n_states, -1)
    # the states from which no end can be reached have β = 0 and would make the system singular
    live = can_reach(ending > 0, step)
    beta = np.zeros(n * n_states)
    beta[live] = np.linalg.solve(np.eye(live.sum()) - step[np.ix_(live, live)], ending[live])
    after = beta.reshape(n, n_states)
    at_start = _followed(source.initial, states, after).sum(axis=-1)
    return np.vstack([after, at_start])


def condition(source: MarkovSource, table: ArrayLike) -> NextLogProbs:
    """A Markov source conditioned on the language of an automaton, exactly (book, section 9.3).

    p(v|u, s, accepted) = A(v|u) β(v, δ(s, v)) / β(u, s): each allowed token is weighted by the
    chance that the rest will be acceptable as well. `constrain` leaves that weight out.

    Parameters
    ----------
    source : MarkovSource
        With EOS.
    table : array-like of int of shape (S, V)
        Over the source's V tokens; EOS is allowed in accepting states.

    Returns
    -------
    callable
        A language model, prefix -> array of shape (V,) in nats. A string's probability under it is
        the source's, divided by that of the language.

    Raises
    ------
    ValueError
        As `completion_probs`, or if the language has probability 0; when called, if no string of
        the language begins with the prefix.

    Examples
    --------
    Strings of 0s only, state 1 being the end:

    >>> coin = MarkovSource([0.5, 0.25, 0.25], [[0.5, 0.25, 0.25]] * 2)
    >>> no_ones = [[0, -1, 1], [-1, -1, 1]]
    >>> np.exp(condition(coin, no_ones)(()))
    array([0.5, 0. , 0.5])
    >>> np.exp(constrain(coin.next_log_probs, no_ones)(())).round(4)
    array([0.6667, 0.    , 0.3333])
    """
    states, beta = _as_table(table), completion_probs(source, table)
    if beta[-1, 0] == 0:
        raise ValueError(
            "the source gives the language probability 0: there is nothing to condition on"
        )

    def conditioned(prefix: tuple[int, ...]) -> Floats:
        prefix = tuple(prefix)
        length = prefix.index(source.eos) if source.eos in prefix else len(prefix)
        state = walk(states, prefix[: length + 1])
        # ended: EOS for ever, as the source itself
        if length < len(prefix):
            weights = np.eye(source.vocab_size)[source.eos]
        else:
            row = source.transition[prefix[-1]] if prefix else source.initial
            weights = _followed(row, states, beta[:-1])[state]
        if not weights.any():
            raise ValueError(
                f"no string of the language that begins with {short(prefix)} has any probability"
            )
        with np.errstate(divide="ignore"):
            return log_softmax(np.log(weights))

    return conditioned


def guidance(conditional: ArrayLike, unconditional: ArrayLike, gamma: float) -> Floats:
    """Logits pushed from one model towards another, z = z_u + γ (z_c − z_u) (book, section 9.4).

    In probabilities p ∝ p_u^{1−γ} p_c^γ: γ = 0 is the unconditional model, 1 the conditional one,
    and above 1 the difference is exaggerated. A token that either model bans is banned, unless γ
    gives that model no weight. Hugging Face transformers computes the same on log-probabilities but
    turns bans into NaN.

    Parameters
    ----------
    conditional, unconditional : array-like of shape (..., V)
        Logits or log-probabilities; the result differs by a constant, which a softmax does not see.
    gamma : float
        γ.

    Returns
    -------
    ndarray of shape (..., V)
        Logits, not normalised.

    Raises
    ------
    ValueError
        If the shapes differ, γ is not finite or every token of a row is banned.

    References
    ----------
    Ho, J. and Salimans, T. (2022). Classifier-Free Diffusion Guidance. arXiv:2207.12598.
    Sanchez, G. et al. (2023). Stay on Topic with Classifier-Free Guidance. arXiv:2306.17806.

    Examples
    --------
    >>> guidance([2.0, 0.0, -np.inf], [1.0, 1.0, 3.0], gamma=2.0)
    array([  3.,  -1., -inf])
    """
    z_c, z_u = as_floats(conditional, "conditional"), as_floats(unconditional, "unconditional")
    if z_c.shape != z_u.shape:
        raise ValueError(
            f"conditional has shape {z_c.shape} and unconditional {z_u.shape}: both must give one "
            "logit for each token of the same vocabulary"
        )
    gamma = as_real(gamma, "gamma")
    if not np.isfinite(gamma):
        raise ValueError(f"gamma must be finite, got {gamma}")
    if gamma in (0, 1):
        mixed = (z_c if gamma == 1 else z_u).astype(np.result_type(z_c, z_u))
    else:
        # -inf − -inf: both models ban the token, and so does the result
        with np.errstate(invalid="ignore"):
            mixed = gamma * z_c + (1 - gamma) * z_u
        mixed[(z_c == -np.inf) | (z_u == -np.inf)] = -np.inf
    return as_logits(mixed, "guided logits,")


def filtered_distribution(
    next_log_probs: NextLogProbs,
    strings: Iterable[Sequence[int]],
    unsafe: ArrayLike,
    policy: Policy,
    attempts: int | None = None,
) -> Floats:
    """What a system with a safety filter emits, exactly (book, section 9.5).

    ``one-shot``
        One string is drawn; an unsafe one is replaced by a refusal. Safe strings keep P(y).
    ``retry``
        Drawn again while unsafe, at most n = `attempts` times: P(y) (1 − uⁿ)/(1 − u), and a refusal
        with probability uⁿ, where u is the probability of an unsafe string; without a limit
        P(y | safe).
    ``mask``
        At each step the tokens after which no safe string is left are masked, and the others
        renormalised: Π p(t|h) / p(allowed|h). Never refuses, and is not P(y | safe).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    strings : sequence of N sequences of int
        All strings that the model can emit, each complete (with its EOS, if it has one).
    unsafe : array-like of bool of shape (N,)
    policy : {"one-shot", "retry", "mask"}
    attempts : int, optional
        n of ``retry``; until safe if not given.

    Returns
    -------
    ndarray of shape (N + 1,)
        Probability of emitting each string, and last of a refusal. Sums to 1.

    Raises
    ------
    ValueError
        If the strings do not have all of the mass, `policy` is unknown, `attempts` < 1, or no
        string is safe where one must be emitted.

    Examples
    --------
    The strings 00, 01, 10 and 11 with probabilities 0.1, 0.4, 0.25 and 0.25:

    >>> def toy(prefix):
    ...     return np.log([0.5, 0.5] if len(prefix) != 1 or prefix == (1,) else [0.2, 0.8])
    >>> strings, unsafe = [(0, 0), (0, 1), (1, 0), (1, 1)], [False, True, False, False]
    >>> for policy in ("one-shot", "retry", "mask"):
    ...     print(filtered_distribution(toy, strings, unsafe, policy).round(3))
    [0.1  0.   0.25 0.25 0.4 ]
    [0.167 0.    0.417 0.417 0.   ]
    [0.5  0.   0.25 0.25 0.  ]
    """
    texts = [tuple(string) for string in strings]
    flags = np.asarray(unsafe, dtype=bool)
    if flags.shape != (len(texts),):
        raise ValueError(
            f"unsafe has shape {flags.shape} for {len(texts)} strings: pass one flag per string"
        )
    if policy not in ("one-shot", "retry", "mask"):
        raise ValueError(f"policy must be 'one-shot', 'retry' or 'mask', got {policy!r}")
    attempts = None if attempts is None else as_integer(attempts, "attempts", minimum=1)
    if attempts is not None and policy != "retry":
        raise ValueError(f"attempts={attempts} needs policy='retry', got {policy!r}")
    prefixes = {text[:position] for text in texts for position in range(len(text))}
    rows = {prefix: next_row(next_log_probs, prefix).copy() for prefix in prefixes}
    probs = _string_probs(rows, texts)
    total = probs.sum()
    if not abs(total - 1) <= _product_bound(rows, texts):
        raise ValueError(
            f"strings have total probability {total:.6g}, not 1: list every complete string of "
            "the model once, EOS included"
        )
    kept = np.where(flags, 0, probs / total)
    if kept.sum() == 0 and policy != "one-shot" and attempts is None:
        raise ValueError(f"every string is unsafe, so policy={policy!r} can emit nothing")
    if policy == "mask":
        following: dict[tuple[int, ...], set[int]] = {}
        for text in (text for text, p in zip(texts, kept) if p > 0):
            for position, token in enumerate(text):
                following.setdefault(text[:position], set()).add(token)
        masked = {
            prefix: log_softmax(_only(tokens, rows[prefix].astype(float)))
            for prefix, tokens in following.items()
        }
        kept[kept > 0] = _string_probs(masked, [text for text, p in zip(texts, kept) if p > 0])
        return np.append(kept, 0.0)
    if policy == "retry" and attempts is None:
        return np.append(kept / kept.sum(), 0.0)
    refused = max(1 - kept.sum(), 0.0) ** (attempts or 1)
    return np.append(kept * (1 - refused) / kept.sum() if kept.sum() > 0 else kept, refused)


def _string_probs(rows: Mapping[tuple[int, ...], Floats], strings: list[tuple[int, ...]]) -> Floats:
    """Π p(t|h) of each string, from the log-probabilities after each prefix."""
    return np.exp(
        [
            sum(float(rows[string[:position]][token]) for position, token in enumerate(string))
            for string in strings
        ]
    )


def _only(tokens: Iterable[int], row: Floats) -> Floats:
    """A row in which all other tokens are banned."""
    return np.where(np.isin(np.arange(len(row)), list(tokens)), row, -np.inf)


def _product_bound(rows: Mapping[tuple[int, ...], Floats], strings: list[tuple[int, ...]]) -> float:
    """How far the mass of all strings may lie from 1 by rounding of the rows."""
    # float64 rows may have been float32 before; no entropy exceeds log V
    of_rows = [
        rounding_bound(
            len(row), np.float16 if row.dtype == np.float16 else np.float32, np.log(len(row))
        )
        for row in rows.values()
    ]
    steps = max(map(len, strings), default=0)
    return float(np.expm1(steps * np.log1p(max(of_rows, default=0.0))))


def _followed(row: Floats, table: Integers, beta: Floats) -> Floats:
    """row(v) β(v, δ(s, v)) for every state s and token v, EOS last: (S, V)."""
    n = len(beta)
    after = np.where(table[:, :n] >= 0, beta[np.arange(n), table[:, :n]], 0)
    return row * np.concatenate([after, table[:, n:] >= 0], axis=1)


def _as_table(table: ArrayLike) -> Integers:
    """A read-only copy of a table of states."""
    states = np.asarray(table)
    whole = states.ndim == 2 and states.size > 0 and states.dtype.kind in "iu"
    if not whole or states.min() < -1 or states.max() >= len(states):
        raise ValueError(
            "table must be integers of shape (S, V), each a state in [0, S) or -1, got dtype "
            f"{states.dtype} and shape {states.shape}"
        )
    return frozen(states)

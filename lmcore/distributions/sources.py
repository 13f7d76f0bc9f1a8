"""The smallest language models: a table, a Markov chain, strings that end by length (chapter 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import can_reach, draw, frozen
from lmcore._checks import as_distribution, as_generator, as_integer, as_token_ids
from lmcore._typing import Bools, Floats
from lmcore.distributions.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False, repr=False, init=False)
class MarkovSource:
    """Strings in which each token depends only on the one before it (book, sections 1.2 and 1.3).

    P(t_1..t_n, EOS) = π(t_1) A(t_2 | t_1) ··· A(t_n | t_{n−1}) A(EOS | t_n). A prefix that already
    ends with EOS is continued by EOS with probability 1, so a batch padded with EOS scores as if it
    were not padded. Both arrays are copied and read-only.

    Parameters
    ----------
    initial : array-like of shape (n,) or (n + 1,)
        π; with EOS in the last place if strings can end, π(EOS) being the probability of the empty
        string.
    transition : array-like of shape (n, n) or (n, n + 1)
        A, one row per token and one column per next token; the last of n + 1 columns is EOS. If the
        array is square, strings never end.

    Attributes
    ----------
    vocab_size : int
        V, the number of output tokens, EOS among them.
    eos : int or None
        n if strings can end.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a row is not a distribution.

    References
    ----------
    Markov, A. A. (1913). An Example of Statistical Investigation of the Text Eugene Onegin.
    Translation in Science in Context 19(4), 2006.

    Examples
    --------
    Tokens 0 and 1, and EOS = 2:

    >>> source = MarkovSource([1.0, 0.0, 0.0], [[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])
    >>> source.next_log_probs((0,)).round(4)
    array([-0.6931, -1.3863, -1.3863])
    >>> source.sample(np.random.default_rng(0))
    (0, 0, 0, 0)
    """

    initial: Floats
    transition: Floats

    def __init__(self, initial: ArrayLike, transition: ArrayLike) -> None:
        first, rows = _row(initial, "initial"), _row(transition, "transition")
        n = len(rows)
        if rows.ndim != 2 or rows.shape[1] not in (n, n + 1) or first.shape != rows.shape[1:]:
            raise ValueError(
                f"transition has shape {rows.shape} and initial {first.shape}: n tokens need "
                "(n, n) and (n,), or with EOS in the last column (n, n + 1) and (n + 1,)"
            )
        object.__setattr__(self, "initial", first)
        object.__setattr__(self, "transition", rows)

    @classmethod
    def from_counts(
        cls, pair_counts: Mapping[tuple[str, str], float], vocab: Vocabulary, start: str = "<s>"
    ) -> MarkovSource:
        """Count ratios as probabilities: A(v|u) = c(u, v) / Σ_w c(u, w), π = A(·|start).

        Parameters
        ----------
        pair_counts : mapping of (str, str) to number
            As from `count_bigrams` or `lmcore.data.bigrams`.
        vocab : Vocabulary
            EOS, if it has one, must be its last token. Pairs with a token outside count for UNK;
            without UNK they are left out, which makes the source conditional on staying inside the
            vocabulary.
        start : str, default "<s>"

        Raises
        ------
        ValueError
            If no pair begins with `start`, or some token is never followed by any and there is no
            EOS to end on (with EOS, such a token ends the string).
        """
        n = len(vocab) - (vocab.eos is not None)
        if vocab.eos not in (None, n):
            raise ValueError(
                f"vocab must have EOS as its last token, id {n}, but it has id {vocab.eos}"
            )
        # last row: start of string
        counts = np.zeros((n + 1, len(vocab)))
        columns = {token: i for i, token in enumerate(vocab.tokens)}
        rows: dict[Any, int | None] = {**columns, vocab.eos_token: None, start: n}
        for (first, second), count in pair_counts.items():
            row, column = rows.get(first, vocab.unk), columns.get(second, vocab.unk)
            if row is not None and column is not None:
                counts[row, column] += count
        totals = counts.sum(axis=1, keepdims=True)
        if totals[n] == 0:
            raise ValueError(
                f"pair_counts has no pair from start={start!r} to a token of the vocabulary; "
                "count the start of strings too, as count_bigrams does"
            )
        if vocab.eos is None and not totals.all():
            raise ValueError(
                f"token {vocab.tokens[int(totals.argmin())]!r} is followed by nothing in "
                "pair_counts, and without EOS a string cannot end there: leave it out of the "
                "vocabulary"
            )
        counts[totals[:, 0] == 0, -1] = 1
        probs = counts / counts.sum(axis=1, keepdims=True)
        return cls(probs[n], probs[:n])

    @property
    def vocab_size(self) -> int:
        """V, EOS included."""
        return len(self.initial)

    @property
    def eos(self) -> int | None:
        """Id of EOS, the last one, or None."""
        n = len(self.transition)
        return n if self.vocab_size == n + 1 else None

    @cached_property
    def _log_rows(self) -> Floats:
        """Log-probabilities after each token, and in the last row at the start of a string."""
        # after EOS only EOS; no row without EOS
        absorbing = np.eye(self.vocab_size)[len(self.transition) :]
        with np.errstate(divide="ignore"):
            return np.log(np.vstack([self.transition, absorbing, self.initial]))

    def next_log_probs(self, prefix: tuple[int, ...]) -> Floats:
        """(V,) nats of the token after `prefix`, a tuple of ids."""
        if len(prefix) == 0:
            return self._log_rows[-1].copy()
        return self._log_rows[as_token_ids(prefix[-1], self.vocab_size, "prefix[-1]")].copy()

    def log_probs(self, tokens: ArrayLike) -> Floats:
        """(..., T, V) nats, aligned: row t is the distribution of token t given those before it."""
        tokens = as_token_ids(tokens, self.vocab_size, "tokens")
        before = np.full(tokens.shape, -1)
        before[..., 1:] = tokens[..., :-1]
        return self._log_rows[before]

    def tokens_that_occur(self) -> Bools:
        """(n,) booleans: which tokens can be reached from the start of a string."""
        n = len(self.transition)
        return can_reach(self.initial[:n] > 0, self.transition[:, :n].T)

    def tokens_that_can_end(self) -> Bools:
        """(n,) booleans: from which tokens EOS can be reached."""
        n = len(self.transition)
        return can_reach(self.transition[:, n:].sum(axis=1) > 0, self.transition[:, :n])

    def is_tight(self) -> bool:
        """True if strings end with probability 1: EOS can be reached from all that occurs."""
        return bool((self.tokens_that_can_end() | ~self.tokens_that_occur()).all())

    def sample(self, rng: np.random.Generator, max_len: int | None = None) -> tuple[int, ...]:
        """Draw a string, without EOS, by inverse CDF from `rng`, a numpy Generator.

        Without `max_len` it is drawn to its end, which raises for a source that may go on for ever.
        With it, strings are cut off after `max_len` tokens.
        """
        rng = as_generator(rng)
        if max_len is not None:
            max_len = as_integer(max_len, "max_len", minimum=0)
        elif not self.is_tight():
            raise ValueError(
                "max_len is needed: strings of this source do not end with probability 1"
            )
        string: list[int] = []
        row = self.initial
        while max_len is None or len(string) < max_len:
            token = draw(row, rng)
            if token == self.eos:
                break
            string.append(token)
            row = self.transition[token]
        return tuple(string)


@dataclass(frozen=True)
class HazardSource:
    """Strings of uniform tokens whose end depends on their length alone (book, section 1.2).

    Draw n is EOS with probability h(n), n = 1, 2, ...; the other tokens share the rest equally.

    Finite strings have total mass 1 − Π_n (1 − h(n)), which is 1 exactly if Σ_n h(n) diverges (or
    some h(n) = 1). With h(n) = 1/(n+1)² the product is 1/2: half of the mass leaks to infinite
    strings.

    Parameters
    ----------
    hazard : callable
        h, from the number of the draw, 1, 2, ..., to a probability.
    vocab_size : int, default 2
        V, at least 2; EOS is V − 1.

    Raises
    ------
    ValueError
        If `vocab_size` < 2; later, if h leaves [0, 1].

    References
    ----------
    Du, L. et al. (2023). A Measure-Theoretic Characterization of Tight Language Models. ACL.

    Examples
    --------
    >>> leaky = HazardSource(lambda n: 1 / (n + 1) ** 2)
    >>> np.exp(leaky.next_log_probs(())), np.exp(leaky.next_log_probs((0, 0))).round(4)
    (array([0.75, 0.25]), array([0.9375, 0.0625]))
    """

    hazard: Callable[[int], float]
    vocab_size: int = 2

    def __post_init__(self) -> None:
        if as_integer(self.vocab_size, "vocab_size") < 2:
            raise ValueError(
                f"vocab_size must be at least 2 (a token and EOS), got {self.vocab_size}"
            )

    @property
    def eos(self) -> int:
        """Id of EOS, the last one."""
        return self.vocab_size - 1

    def end_prob(self, draw: int) -> float:
        """h(draw), checked to be a probability."""
        prob = float(self.hazard(draw))
        if not 0 <= prob <= 1:
            raise ValueError(f"hazard({draw}) = {prob} is no probability: it must lie in [0, 1]")
        return prob

    def next_log_probs(self, prefix: tuple[int, ...]) -> Floats:
        """(V,) nats of the token after `prefix`, a tuple of ids."""
        if self.eos in prefix:  # the string has ended
            probs = np.eye(self.vocab_size)[self.eos]
        else:
            end = self.end_prob(len(prefix) + 1)
            probs = np.full(self.vocab_size, (1 - end) / self.eos)
            probs[self.eos] = end
        with np.errstate(divide="ignore"):
            return np.log(probs)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class TableSource:
    """A language model written out: p(· | prefix) for each prefix (book, section 1.3).

    The rows are copied and read-only.

    Parameters
    ----------
    table : mapping of tuple of int to array-like of shape (V,)
        Prefix -> probabilities of the next token.
    eos : int or None
        Id of EOS, if strings end.
    default : array-like of shape (V,), optional
        Probabilities after any other prefix; without it such a prefix is an error.

    Attributes
    ----------
    vocab_size : int
        V.

    Raises
    ------
    ValueError
        If there is no row, rows differ in length, or one is not a distribution.

    Examples
    --------
    >>> coin = TableSource({(): [0.5, 0.5, 0.0]}, eos=2, default=[0.0, 0.0, 1.0])
    >>> np.exp(coin.next_log_probs((1,)))
    array([0., 0., 1.])
    """

    table: Mapping[tuple[int, ...], Floats]
    eos: int | None
    default: Floats | None = None

    def __init__(
        self,
        table: Mapping[tuple[int, ...], ArrayLike],
        eos: int | None,
        default: ArrayLike | None = None,
    ) -> None:
        rows = {
            tuple(prefix): _row(row, f"table[{tuple(prefix)}]") for prefix, row in table.items()
        }
        otherwise = None if default is None else _row(default, "default")
        shapes = {row.shape for row in [*rows.values(), otherwise] if row is not None}
        if len(shapes) != 1 or len(min(shapes)) != 1:
            raise ValueError(f"table must hold rows of one shape (V,), got shapes {sorted(shapes)}")
        if eos is not None and not 0 <= as_integer(eos, "eos") < min(shapes)[0]:
            raise ValueError(f"eos must lie in [0, V = {min(shapes)[0]}) or be None, got {eos}")
        object.__setattr__(self, "table", rows)
        object.__setattr__(self, "eos", eos)
        object.__setattr__(self, "default", otherwise)

    @property
    def vocab_size(self) -> int:
        """V, EOS included."""
        return len(self.default if self.default is not None else next(iter(self.table.values())))

    def next_log_probs(self, prefix: tuple[int, ...]) -> Floats:
        """(V,) nats of the token after `prefix`, a tuple of ids."""
        row = self.table.get(tuple(prefix), self.default)
        if row is None:
            raise ValueError(
                f"prefix {tuple(prefix)} is not among the {len(self.table)} of the table; add it, "
                "or a default"
            )
        with np.errstate(divide="ignore"):
            return np.log(row)


def _row(probs: ArrayLike, name: str) -> Floats:
    """A read-only copy of a distribution, or of rows of them, in float64."""
    return frozen(as_distribution(probs, name).astype(np.float64))

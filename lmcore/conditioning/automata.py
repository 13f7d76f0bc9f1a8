"""Finite automata for constrained decoding: from a pattern to a table of tokens (section 9.3).

A pattern is built from strings with `one_of`, `sequence`, `either` and `star`; `automaton` turns it
into a table over characters, `token_table` turns that into a table over the tokens of a vocabulary.
State 0 is the start, -1 means that nothing can follow.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from lmcore._arrays import can_reach
from lmcore._checks import as_integer
from lmcore._typing import Bools, Integers

PRINTABLE = "".join(sorted(set(string.printable) - set(string.whitespace))) + " "


class Automaton(NamedTuple):
    """A deterministic finite automaton over characters.

    Attributes
    ----------
    columns : dict of str to int
        The column of each character of the alphabet.
    table : ndarray of shape (S, A), int32
        ``table[s, columns[c]]`` is the state after reading c in state s, -1 where no string of the
        language continues so.
    accepting : ndarray of shape (S,), bool
        True where the string may end.
    """

    columns: dict[str, int]
    table: Integers
    accepting: Bools


# A pattern is ("one", characters), ("then", first, rest), ("or", patterns) or ("star", pattern).
Pattern: TypeAlias = tuple[Any, ...]
_NOTHING: Pattern = ("or", frozenset())  # fits no string
EMPTY: Pattern = ("star", _NOTHING)  # fits the empty string only


def one_of(characters: str) -> Pattern:
    """Any one of these characters (book, section 9.3).

    Parameters
    ----------
    characters : str
        At least one.

    Returns
    -------
    tuple
        A pattern.

    Raises
    ------
    ValueError
        If there is no character.

    Examples
    --------
    >>> accepts(automaton(one_of("abc")), "b")
    True
    """
    if not characters:
        raise ValueError(
            "characters is empty: one_of needs at least one character; for the empty string "
            "write ''"
        )
    return ("one", frozenset(characters))


def sequence(*patterns: str | Pattern) -> Pattern:
    """One pattern after the other; a plain string stands for itself (book, section 9.3).

    Parameters
    ----------
    *patterns : str or pattern

    Returns
    -------
    tuple
        A pattern.

    Examples
    --------
    >>> accepts(automaton(sequence("v", one_of("0123456789"))), "v7")
    True
    """
    whole = EMPTY
    for pattern in reversed(patterns):
        parts = [one_of(char) for char in pattern] if isinstance(pattern, str) else [pattern]
        for part in reversed(parts):
            whole = _then(part, whole)
    return whole


def either(*patterns: str | Pattern) -> Pattern:
    """Any one of these patterns; a plain string stands for itself (book, section 9.3).

    Parameters
    ----------
    *patterns : str or pattern
        ``either("", pattern)`` makes the pattern optional.

    Returns
    -------
    tuple
        A pattern.

    Examples
    --------
    >>> [accepts(automaton(either("yes", "no")), text) for text in ("yes", "no", "yesno")]
    [True, True, False]
    """
    return _or(sequence(pattern) for pattern in patterns)


def star(pattern: str | Pattern) -> Pattern:
    """The pattern any number of times, including none (book, section 9.3).

    Parameters
    ----------
    pattern : str or pattern

    Returns
    -------
    tuple
        A pattern.

    Examples
    --------
    >>> accepts(automaton(star("ha")), "hahaha")
    True
    """
    return ("star", sequence(pattern))


def automaton(pattern: str | Pattern) -> Automaton:
    """The finite automaton of a pattern, by Brzozowski's derivatives (book, section 9.3).

    What may follow after some text is again a pattern: reading c takes a pattern R to its
    derivative, the strings w with cw in R. Equal patterns are one state, and there are finitely
    many.

    Parameters
    ----------
    pattern : str or pattern
        As built by `one_of`, `sequence`, `either` and `star`.

    Returns
    -------
    Automaton
        From every state some string of the language can still be completed.

    Raises
    ------
    ValueError
        If no string fits the pattern, as with `either` of nothing.

    References
    ----------
    Brzozowski, J. A. (1964). Derivatives of Regular Expressions. Journal of the ACM 11(4).

    Examples
    --------
    The rows stand before an a and before a b:

    >>> machine = automaton(star("ab"))
    >>> machine.table
    array([[ 1, -1],
           [-1,  0]], dtype=int32)
    >>> machine.accepting
    array([ True, False])
    """
    pattern = sequence(pattern)
    if pattern == _NOTHING:
        raise ValueError("no string fits the pattern: either() needs at least one alternative")
    classes = _interchangeable(pattern)
    states: list[Pattern] = [pattern]
    rows: list[list[int]] = []
    number = {pattern: 0}
    for state in states:  # grows while it is walked
        row: list[int] = []
        for alike in classes:
            rest = _derivative(state, alike[0])
            if rest != _NOTHING and rest not in number:
                number[rest] = len(states)
                states.append(rest)
            row += [number.get(rest, -1)] * len(alike)
        rows.append(row)
    columns = {
        char: column for column, char in enumerate(char for alike in classes for char in alike)
    }
    table = np.array(rows, dtype=np.int32).reshape(len(states), len(columns))
    return Automaton(columns, table, np.array([_may_end(state) for state in states]))


def accepts(machine: Automaton, text: str) -> bool:
    """Whether a text belongs to the language of an automaton (book, section 9.3).

    Parameters
    ----------
    machine : Automaton
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> date = automaton(iso_date())
    >>> [accepts(date, text) for text in ("2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29")]
    [True, False, False, True]
    """
    state = 0
    for char in text:
        state = machine.table[state, machine.columns[char]] if char in machine.columns else -1
        if state < 0:
            return False
    return bool(machine.accepting[state])


def iso_date() -> Pattern:
    """Pattern of the calendar dates YYYY-MM-DD, leap years included (book, section 9.3).

    Returns
    -------
    tuple
        A pattern: years 0000 to 9999 of the Gregorian calendar, as in ISO 8601.

    Examples
    --------
    The states of an automaton that knows leap years:

    >>> len(automaton(iso_date()).table)
    29
    """

    def numbers(first: int, last: int, step: int = 1) -> Pattern:
        return either(*(f"{n:02d}" for n in range(first, last + 1, step)))

    days = either(
        sequence(either("01", "03", "05", "07", "08", "10", "12"), "-", numbers(1, 31)),
        sequence(either("04", "06", "09", "11"), "-", numbers(1, 30)),
        sequence("02-", numbers(1, 28)),
    )
    leap_year = either(
        sequence(numbers(0, 99), numbers(4, 96, 4)), sequence(numbers(0, 96, 4), "00")
    )
    return either(
        sequence(numbers(0, 99), numbers(0, 99), "-", days), sequence(leap_year, "-02-29")
    )


def json_value(depth: int = 1) -> Pattern:
    """Pattern of JSON values, arrays and objects nested at most `depth` deep (book, section 9.3).

    JSON without a bound on nesting is not a regular language, so no finite automaton checks it.
    Strings are printable ASCII with the one-character escapes, and the only blanks are single
    spaces after a comma or a colon.

    Parameters
    ----------
    depth : int, default 1
        0 allows strings, numbers, true, false and null only.

    Returns
    -------
    tuple
        A pattern.

    Raises
    ------
    ValueError
        If `depth` is negative.

    References
    ----------
    RFC 8259, The JavaScript Object Notation (JSON) Data Interchange Format.

    Examples
    --------
    >>> machine = automaton(json_value(depth=1))
    >>> texts = ('{"year": 1790, "spoken": true}', '{"year": 01790}', '[[]]')
    >>> [accepts(machine, text) for text in texts]
    [True, False, False]
    """
    depth = as_integer(depth, "depth", minimum=0)
    digit, space = one_of(string.digits), either("", " ")
    digits = sequence(digit, star(digit))
    whole = either("0", sequence(one_of("123456789"), star(digit)))
    exponent = sequence(one_of("eE"), either("", one_of("+-")), digits)
    number = sequence(
        either("", "-"), whole, either("", sequence(".", digits)), either("", exponent)
    )
    plain = "".join(set(PRINTABLE) - set('"\\'))
    text = sequence('"', star(either(one_of(plain), sequence("\\", one_of('"\\/bfnrt')))), '"')
    value = either(text, number, "true", "false", "null")
    for _ in range(depth):
        pair = sequence(text, ":", space, value)
        value = either(
            value, _comma_list("[", value, "]", space), _comma_list("{", pair, "}", space)
        )
    return value


def avoiding(texts: str | Sequence[str], characters: str) -> Automaton:
    """The automaton of all strings that contain none of the given texts (book, section 9.3).

    It bans a text in every spelling at once: as one token, in pieces, or as part of a longer token.

    Parameters
    ----------
    texts : str or sequence of str
        What must not occur anywhere.
    characters : str
        The alphabet; tokens with other characters are not allowed.

    Returns
    -------
    Automaton
        A state is the longest suffix of what was read that begins a banned text.

    Raises
    ------
    ValueError
        If there is no text or one of them is empty.

    References
    ----------
    Aho, A. V. and Corasick, M. J. (1975). Efficient String Matching: An Aid to Bibliographic
    Search. CACM 18(6).

    Examples
    --------
    >>> no_cat = avoiding(["cat", "Cat"], PRINTABLE)
    >>> [accepts(no_cat, text) for text in ("a dog", "concatenate", "ccat", "c at")]
    [True, False, False, True]
    """
    banned = [texts] if isinstance(texts, str) else list(texts)
    if not banned or not all(banned):
        raise ValueError(f"texts must hold at least one text, none of them empty, got {banned}")
    begun = sorted({text[:length] for text in banned for length in range(len(text))}, key=len)
    number = {beginning: state for state, beginning in enumerate(begun)}
    columns = {char: column for column, char in enumerate(sorted(set(characters)))}
    table = np.full((len(begun), len(columns)), -1, dtype=np.int32)
    for beginning, char in ((beginning, char) for beginning in begun for char in columns):
        read = beginning + char
        if not read.endswith(tuple(banned)):
            table[number[beginning], columns[char]] = next(
                number[read[i:]] for i in range(len(read) + 1) if read[i:] in number
            )
    return Automaton(columns, table, np.ones(len(begun), dtype=bool))


def token_table(
    machine: Automaton, tokens: Iterable[str | bytes | None], eos: int | None = None
) -> Integers:
    """The automaton over tokens: which may come next, and which state follows (book, section 9.3).

    A token is allowed where all of its characters can be read one after the other, so a token may
    cross several positions of the pattern at once. Tokens that lead to a state from which no
    sequence of tokens can finish are banned as well.

    Parameters
    ----------
    machine : Automaton
        S states over characters.
    tokens : sequence of V str, bytes or None
        The text of each token; None or "" for a token without text, which is banned, as are bytes
        that are not whole UTF-8 characters.
    eos : int, optional
        The id that ends a string: allowed in accepting states only, and followed by nothing but
        itself. Without it the table only says which texts begin accepted ones.

    Returns
    -------
    ndarray of shape (S + 1, V), int32
        ``table[s, v]`` is the state after token v in state s, -1 where v is banned. Row S stands
        for "ended".

    Raises
    ------
    ValueError
        If there are no tokens, `eos` is no token id or no sequence of tokens spells a string of the
        language.

    References
    ----------
    Willard, B. T. and Louf, R. (2023). Efficient Guided Generation for Large Language Models.
    arXiv:2307.09702.

    Examples
    --------
    >>> token_table(automaton(star("ab")), ["a", "b", "ab", "ba", None], eos=4)
    array([[ 1, -1,  0, -1,  2],
           [-1,  0, -1,  1, -1],
           [-1, -1, -1, -1,  2]], dtype=int32)
    """
    texts = [_as_text(token) for token in tokens]
    if not texts:
        raise ValueError("tokens is empty: pass the text of every token of the vocabulary")
    if eos is not None and not 0 <= as_integer(eos, "eos") < len(texts):
        raise ValueError(
            f"eos is {eos}, but there are {len(texts)} tokens; pass an id in [0, {len(texts)}) or "
            "None"
        )
    if eos is not None:
        texts[eos] = ""
    n_states = len(machine.table)
    table = np.full((n_states + 1, len(texts)), -1, dtype=np.int32)
    table[:-1] = _read_tokens(machine, texts)
    if eos is None:
        finishing = np.append(machine.accepting, False)
    else:
        table[:, eos] = np.where(np.append(machine.accepting, True), n_states, -1)
        finishing = np.arange(n_states + 1) == n_states
    edges = np.zeros((n_states + 1, n_states + 2), dtype=bool)
    np.put_along_axis(edges, np.where(table >= 0, table, n_states + 1), True, axis=1)
    alive = can_reach(finishing, edges[:, :-1])
    if not alive[0]:
        raise ValueError(
            "no sequence of tokens spells a string of the language: add its characters as tokens"
        )
    return np.where((table >= 0) & alive[table], table, -1)


def _as_text(token: str | bytes | None) -> str:
    if not isinstance(token, bytes):
        return token or ""
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:  # a piece of a character
        return ""


def _read_tokens(machine: Automaton, texts: list[str]) -> Integers:
    """The state after reading each text from each state, (S, V), -1 where it cannot be read."""
    # one more row and column of -1: no reading on from there, nor of unknown characters
    step = np.pad(machine.table, ((0, 1), (0, 1)), constant_values=-1)
    lengths = np.array([len(text) for text in texts])
    state = np.repeat(np.arange(len(machine.table), dtype=np.int32)[:, None], len(texts), axis=1)
    for position in range(lengths.max()):
        longer = np.flatnonzero(lengths > position)
        column = [machine.columns.get(texts[token][position], -1) for token in longer]
        state[:, longer] = step[state[:, longer], column]
    state[:, lengths == 0] = -1
    return state


def _comma_list(opening: str, item: Pattern, closing: str, space: Pattern) -> Pattern:
    return sequence(opening, either("", sequence(item, star(sequence(",", space, item)))), closing)


def _then(first: Pattern, rest: Pattern) -> Pattern:
    """`first` followed by `rest`, nested to the right so that equal patterns look equal."""
    if first == _NOTHING or rest == _NOTHING:
        return _NOTHING
    if first == EMPTY or rest == EMPTY:
        return rest if first == EMPTY else first
    if first[0] == "then":
        return _then(first[1], _then(first[2], rest))
    return ("then", first, rest)


def _or(patterns: Iterable[Pattern]) -> Pattern:
    """The union: a set, so that order and repetition do not make different states."""
    flat: set[Pattern] = set()
    for pattern in patterns:
        flat |= pattern[1] if pattern[0] == "or" else {pattern}
    return flat.pop() if len(flat) == 1 else ("or", frozenset(flat))


def _may_end(pattern: Pattern) -> bool:
    """Whether the empty string fits."""
    kind: str = pattern[0]
    if kind == "then":
        return _may_end(pattern[1]) and _may_end(pattern[2])
    return kind == "star" or (kind == "or" and any(map(_may_end, pattern[1])))


def _derivative(pattern: Pattern, char: str) -> Pattern:
    """What may follow once `char` was read at the beginning of `pattern`."""
    kind = pattern[0]
    if kind == "one":
        return EMPTY if char in pattern[1] else _NOTHING
    if kind == "or":
        return _or(_derivative(part, char) for part in pattern[1])
    if kind == "star":
        return _then(_derivative(pattern[1], char), pattern)
    after_first = _then(_derivative(pattern[1], char), pattern[2])
    return (
        _or([after_first, _derivative(pattern[2], char)]) if _may_end(pattern[1]) else after_first
    )


def _interchangeable(pattern: Pattern) -> list[list[str]]:
    """The alphabet, in lists of characters that occur in the same `one_of`s and so act alike."""
    sets: set[frozenset[str]] = set()
    stack = [pattern]
    while stack:
        kind, *parts = stack.pop()
        if kind == "one":
            sets.add(parts[0])
        else:
            stack += parts[0] if kind == "or" else parts
    classes: dict[tuple[bool, ...], list[str]] = {}
    for char in sorted(frozenset().union(*sets)):
        classes.setdefault(tuple(char in chars for chars in sets), []).append(char)
    return list(classes.values())

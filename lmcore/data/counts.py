"""Counts of English from the package `wordsegment`: words, pairs, and what follows a word.

The counts are those that Peter Norvig distilled from Google's Web 1T corpus (a trillion words of
web pages of 2006): the most frequent third of a million words and quarter of a million pairs, not
all of them, so sums over pairs are smaller than the counts of their first words. `wordsegment` is
under the Apache licence 2.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from lmcore.data._files import package_folder, pinned_hashes, read_checked, reinstall

WORDSEGMENT = "wordsegment==1.3.1"
# stands before the first word of a sentence; there is no mark for its end
START = "<s>"


def _read_counts(name: str) -> Iterator[tuple[str, int]]:
    """Lower-cased key and count of each line of a tab-separated file, duplicates not yet summed."""
    content = read_checked(
        package_folder(WORDSEGMENT) / name,
        pinned_hashes()[WORDSEGMENT][name],
        reinstall(WORDSEGMENT),
    )
    for line in content.decode("utf-8").lower().splitlines():
        key, _, count = line.partition("\t")
        yield key, int(count)


@cache
def unigrams() -> Mapping[str, int]:
    """How often each of the 333,213 most frequent English word forms occurs (book, section 1.1).

    Returns
    -------
    mapping of str to int
        333,213 lower-case words, most frequent first; read-only, the same object at every call.

    Raises
    ------
    ModuleNotFoundError
        If `wordsegment` is not installed.
    FileNotFoundError, ValueError
        If its file is missing or altered; the message says how to fix it.

    References
    ----------
    Norvig, P. (2009). Natural Language Corpus Data. In Beautiful Data, O'Reilly.

    Examples
    --------
    >>> next(iter(unigrams().items()))
    ('the', 23135851162)
    """
    return MappingProxyType(dict(_read_counts("unigrams.txt")))


@cache
def bigrams() -> Mapping[tuple[str, str], int]:
    """How often one English word follows another (book, section 1.3).

    The file has 286,358 lines, of which 27,921 repeat another in different capitals ("United
    States" and "united states" were counted apart and then lower-cased); those are one pair here,
    with the counts summed.

    Returns
    -------
    mapping of (str, str) to int
        258,437 pairs (first word, next word), lower case; first word ``"<s>"`` means the start of a
        sentence. Read-only, the same object at every call.

    Raises
    ------
    ModuleNotFoundError
        If `wordsegment` is not installed.
    FileNotFoundError, ValueError
        If its file is missing or altered; the message says how to fix it.

    References
    ----------
    Norvig, P. (2009). Natural Language Corpus Data. In Beautiful Data, O'Reilly.

    Examples
    --------
    >>> bigrams()["united", "states"]              # 159,836 + 1,171,384 in the file
    1331220
    """
    total: dict[tuple[str, str], int] = {}
    for pair, count in _read_counts("bigrams.txt"):
        first, _, second = pair.partition(" ")
        total[first, second] = total.get((first, second), 0) + count
    return MappingProxyType(total)


@cache
def _pairs_by_first_word() -> dict[str, list[tuple[str, int]]]:
    """First word -> list of (next word, count)."""
    table: dict[str, list[tuple[str, int]]] = {}
    for (first, second), count in bigrams().items():
        table.setdefault(first, []).append((second, count))
    return table


def followers(word: str) -> Mapping[str, int]:
    """The words counted after `word`, most frequent first (book, section 1.3).

    Divided by their sum they are the conditional distribution p(next | word) among the recorded
    pairs.

    Parameters
    ----------
    word : str
        First word of the pair, any capitals; ``"<s>"`` for the start of a sentence.

    Returns
    -------
    mapping of str to int
        Next word -> count, falling; ties in alphabetical order.

    Raises
    ------
    ValueError
        If no pair begins with `word`.

    Examples
    --------
    >>> list(followers("united"))[:3]
    ['states', 'kingdom', 'in']
    """
    pairs = _pairs_by_first_word().get(word.lower())
    if pairs is None:
        raise ValueError(
            f"word {word!r} begins none of the {len(bigrams()):,} recorded bigrams; use one of the "
            "first words in bigrams()"
        )
    return MappingProxyType(dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))))

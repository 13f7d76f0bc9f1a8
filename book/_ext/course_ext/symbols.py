r"""Which lines of the notation page the letters of a formula belong to.

A formula is read as TeX: `atoms` finds its letters with what belongs to them, such as an index or
arguments, in a form that does not depend on how indices are called: $t_i$ and $t_{j+1}$ are one
symbol. The notation page has one or several lines for it, each with the section that introduces it.
`Notation.lookup` gives those that can be meant on a page, and more than one where the notation
leaves it open.

>>> [atom.base + "_" + atom.sub for atom in atoms(r"p_v = e^{z_v}")]
['p_•', 'v_', 'e_', 'z_•', 'v_']
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bs4 import Tag

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+|\S")
SPACING = re.compile(r"\\(?:left|right|[bB]igg?[lrm]?|middle|quad|qquad|[,;:! ])(?![A-Za-z])|&|~")
STYLES = {r"\mathcal", r"\mathbb", r"\mathrm", r"\mathbf", r"\hat", r"\tilde", r"\bar"}
WORDS = {r"\text", r"\operatorname", r"\begin", r"\end", r"\tag", r"\label"}
GREEK = {
    f"\\{name}"
    for name in (
        "alpha beta gamma delta varepsilon epsilon eta theta lambda mu pi rho sigma tau phi ell"
        " Delta Gamma"
    ).split()
}
CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
INDICES = set("ijkuvwntbl")
BASICS = 2  # the letters of the first chapters are meant wherever nothing nearer is
SEPARATORS = {",", r"\mid", r"\Vert"}
ANYTHING = r"\cdot"


class Atom(NamedTuple):
    """A letter of a formula: its style and name, index, mark above (* or ') and arguments."""

    base: str
    sub: str = ""
    sup: str = ""
    args: str = ""


def group(tokens: list[str], start: int) -> tuple[list[str], int]:
    """The tokens of a group in brackets, or the one token, that begins at `start`; where it ends.

    >>> group(list("{ab}c"), 0)
    (['a', 'b'], 4)
    """
    opening = tokens[start]
    if opening not in CLOSING:
        return [opening], start + 1
    depth = 0
    for place in range(start, len(tokens)):
        depth += (tokens[place] == opening) - (tokens[place] == CLOSING[opening])
        if depth == 0:
            return tokens[start + 1 : place], place + 1
    return tokens[start + 1 :], len(tokens)


def index(tokens: list[str]) -> str:
    """An index, whatever its letters: i, 3 and n-1 are one form, i:j another, z itself.

    >>> index(list("i")), index(list("n-1")), index(list("<i")), index(list("z"))
    ('•', '•', '<•', 'z')
    >>> index([r"\\text", "{", "A", "}"])
    'word'
    """
    if tokens[:1] and tokens[0] in WORDS | STYLES:
        return "word"
    plain = "".join("•" if t in INDICES or t.isdigit() else t for t in tokens if t not in "{}")
    return re.sub(r"•(?:[+-]•)+", "•", plain)


def arguments(tokens: list[str]) -> str:
    """The form of what stands in brackets behind a letter: how many, and how they are parted.

    >>> arguments(["q", ",", "p"]), arguments(["S"]), arguments([r"\\cdot"])
    ('•,•', 'S', '\\\\cdot')
    """
    if len(tokens) == 1 and (tokens[0].isupper() or tokens[0] == ANYTHING):
        return tokens[0]
    return "•" + "".join(f"{token}•" for token in tokens if token in SEPARATORS)


def tokenize(tex: str) -> list[str]:
    return TOKEN.findall(SPACING.sub(" ", tex))


def atoms(tex: str) -> list[Atom]:
    """The letters of a formula, in order, those in indices included."""
    return _atoms(tokenize(tex))


def _atoms(tokens: list[str]) -> list[Atom]:
    found: list[Atom] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token in WORDS and place < len(tokens):
            place = group(tokens, place)[1]
            continue
        if token in STYLES and place < len(tokens):
            inner, place = group(tokens, place)
            base = f"{token} {''.join(inner)}"
        elif token in GREEK or (len(token) == 1 and token.isascii() and token.isalpha()):
            base = token
        else:
            continue
        sub, sup, args, inside = "", "", "", []
        while place + 1 < len(tokens) and tokens[place] in "_^'":
            if tokens[place] == "'":
                sup, place = "'", place + 1
                continue
            mark = tokens[place]
            inner, place = group(tokens, place + 1)
            inside += inner
            if mark == "_":
                sub = index(inner)
            elif inner == ["*"]:
                sup = "*"
        if place < len(tokens) and tokens[place] == "'":
            sup, place = "'", place + 1
        if place < len(tokens) and tokens[place] in "([":
            args = arguments(group(tokens, place)[0])
        found.append(Atom(base, sub, sup, args))
        found += _atoms(inside)
    return found


def forms(atom: Atom) -> list[Atom]:
    """What a letter may stand under in the notation, the closest first.

    A letter in capitals before brackets is a function, and not the variable of that name.
    """
    base, sub, sup, args = atom
    tries = [atom]
    if args:
        tries += [Atom(base, sub, sup, ANYTHING), Atom(base, sub, sup, "•")]
    if not args or not base[-1].isupper() or sub:
        tries.append(Atom(base, sub, sup))
    if sub and not sup:
        tries += [Atom(base, args=args), Atom(base)] if args else [Atom(base)]
    return list(dict.fromkeys(tries))


@dataclass
class Line:
    """A line of the notation page."""

    symbols: list[Atom]
    symbol: str  # HTML of the first column
    meaning: str  # HTML of the second
    places: list[tuple[int, int]]  # chapter and section of the last column
    address: str  # the part of the page, such as #decoding-and-control
    worded: bool  # named by words, too, and so holds beside others

    @property
    def everywhere(self) -> bool:
        return self.address.startswith("#everywhere")

    @property
    def shared(self) -> bool:
        return self.worded or self.everywhere

    def is_of(self, chapter: int) -> bool:
        return not self.everywhere and any(place[0] == chapter for place in self.places)


@dataclass
class Notation:
    """The lines of the notation page by the symbols that they explain."""

    lines: list[Line] = field(default_factory=list)

    def lookup(self, atom: Atom, here: tuple[int, int]) -> list[int]:
        """Numbers of the lines that can be meant by a letter in a section; none is no fault.

        Lines of the section itself go before those of its chapter, these before all earlier ones.
        Section 9 of a chapter is the whole of it.
        """
        for form in forms(atom):
            lines = [
                number
                for number, line in enumerate(self.lines)
                if form in line.symbols and min(line.places) <= here
            ]
            # An index that the notation does not give makes another symbol of it in other chapters.
            if form.sub != atom.sub and atom.sub != "word":
                lines = [number for number in lines if self.lines[number].is_of(here[0])]
            if lines:
                return self.closest(lines, here)
        return []

    def closest(self, lines: list[int], here: tuple[int, int]) -> list[int]:
        """The lines that can be meant, of those that explain a letter."""
        exact = [number for number in lines if here in self.lines[number].places]
        if any(not self.lines[number].shared for number in exact):
            return exact
        near = [number for number in lines if self.lines[number].is_of(here[0])]
        shared = [number for number in lines if self.lines[number].everywhere]
        if any(not self.lines[number].shared for number in near):
            return list(dict.fromkeys([*near, *shared]))
        far = [n for n in lines if not self.lines[n].shared]
        if len(far) > 1:
            far = [number for number in far if self.lines[number].places[0][0] <= BASICS]
        return list(dict.fromkeys([*near, *far, *shared]))


def inner_html(cell: Tag) -> str:
    """What stands in a cell of a table, without paragraphs and links around it."""
    return "".join(
        part.decode_contents() if isinstance(part, Tag) and part.name == "p" else str(part)
        for part in cell.contents
    ).strip()


def read(article: Tag | None) -> Notation:
    """The notation from its finished page."""
    notation = Notation()
    for row in article.select("tbody tr") if article else ():
        cells = row.find_all("td")
        section = row.find_parent("section", id=True)
        numbers = re.findall(r"(\d+)\.(\d)", cells[-1].get_text())
        places = [(int(chapter), int(number)) for chapter, number in numbers]
        if not places or section is None:
            continue
        sources = [mark.get_text() for mark in cells[0].find_all("annotation")]
        symbols = [found[0] for tex in sources if starts_with_letter(tex) and (found := atoms(tex))]
        for link in cells[1].find_all("a"):
            link.unwrap()
        words = [
            text
            for text in cells[0].find_all(string=re.compile(r"[a-z]{2}"))
            if not text.find_parent(class_="math")
        ]
        notation.lines.append(
            Line(
                symbols,
                inner_html(cells[0]),
                inner_html(cells[1]),
                places,
                f"#{section['id']}",
                bool(words),
            )
        )
    return notation


def starts_with_letter(tex: str) -> bool:
    r"""Whether the first thing of a formula is what it explains: not so in $\lvert y \rvert$."""
    first = tokenize(tex)[0]
    return first in STYLES | GREEK or first.isalpha()

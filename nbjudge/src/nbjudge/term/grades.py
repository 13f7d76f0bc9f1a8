"""Grades for learning platforms and spreadsheets.

A platform's own table is filled in, so that its columns, its students and its numbers stay what the
platform expects. What has no final grade stays as it was, and is told.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbjudge.course import Course, fitting
from nbjudge.files import replace
from nbjudge.records import people as persons
from nbjudge.records import standing
from nbjudge.records.scores import DIGITS
from nbjudge.records.standing import GRADED, MISSING, NO_GRADE, TO_BE_MARKED, WITHDRAWN
from nbjudge.term import tables

# what a spreadsheet would take for a formula
CANVAS_COLUMN = re.compile(r"(?P<title>.+) \((?P<number>\d+)\)")


class Rules(NamedTuple):
    """How a term's total is made: from nbgrader_config.py."""

    # {chapter: weight}; 1 for those that are not named
    weights: dict
    # how many of each student's lowest chapters do not count
    drop_lowest: int


class Total(NamedTuple):
    """A student's total."""

    # percent; None for who has withdrawn
    percent: float | None
    # chapters that did not count
    dropped: tuple
    # whether marks are still to come
    so_far: bool


class Filled(NamedTuple):
    """What became of a platform's table."""

    path: Path
    # students who have got a grade
    count: int
    # {student as the platform has it: why there is none}
    left: dict


def rules(course, chapters):
    """The rules of a course for some of its assignments.

    Parameters
    ----------
    course : Course
    chapters : sequence of str
        Those that the totals are made of. An assignment that nobody has handed in yet may have a
        weight too.

    Returns
    -------
    Rules

    Raises
    ------
    ValueError
        If nbgrader_config.py names an assignment that the course does not have, or numbers that
        cannot be.
    """
    settings, known = course.config.NbJudge, sorted({*course.chapters(), *chapters})
    given, drop = settings.get("weights", {}), settings.get("drop_lowest", 0)
    weights = {fitting(str(name), known, "the course"): w for name, w in given.items()}
    for name, weight in weights.items():
        if not isinstance(weight, int | float) or weight < 0:
            raise ValueError(
                f"c.NbJudge.weights gives {name} the weight {weight!r}: a number from 0 is needed"
            )
    if not isinstance(drop, int) or not 0 <= drop:
        raise ValueError(f"c.NbJudge.drop_lowest is {drop!r}: a whole number from 0 is needed")
    return Rules({name: weights.get(name, 1) for name in chapters}, drop)


def total(shares, rules, so_far=False):
    """The weighted mean of a student's shares in percent, without the lowest ones.

    Parameters
    ----------
    shares : dict of str to float
        Score over points by chapter; what is missing counts 0.
    rules : Rules
    so_far : bool
        Whether marks are still to come.

    Returns
    -------
    Total

    Examples
    --------
    >>> total({"a": 0.5, "b": 1.0, "c": 0.8}, Rules({"a": 1, "b": 1, "c": 3}, 1))
    Total(percent=85.0, dropped=('a',), so_far=False)
    """
    ranked = sorted(shares, key=lambda name: (shares[name], -rules.weights[name]))
    dropped = tuple(ranked[: min(rules.drop_lowest, max(len(ranked) - 1, 0))])
    kept = {name: rules.weights[name] for name in shares if name not in dropped}
    weight = sum(kept.values())
    points = sum(shares[name] * w for name, w in kept.items())
    return Total(round(100 * points / weight, DIGITS) if weight else 0.0, dropped, so_far)


def totals(found, rules):
    """{student: Total} of a class.

    Parameters
    ----------
    found : records.standing.Class
    rules : Rules
    """
    made = {}
    for student in found.people:
        mine = [found.standings[student, chapter] for chapter in found.chapters]
        if any(one.state == WITHDRAWN for one in mine):
            made[student] = Total(None, (), False)
            continue
        shares = {one.chapter: one.score / one.most for one in mine if one.most}
        waiting = any(one.state in (TO_BE_MARKED, NO_GRADE) for one in mine)
        made[student] = total(shares, rules, waiting)
    return made


def number(value):
    """Points as tables have them.

    Examples
    --------
    >>> number(9.969999999999999), number(10.0)
    ('9.97', '10')
    """
    return f"{round(value, DIGITS):.10g}"


def plain(path, home=".", root=None, db=None, chapters=()):
    """Write a table of all students: names, points, states, totals.

    UTF-8 with the mark that Excel needs to see it; nothing in it is taken for a formula.

    Parameters
    ----------
    path : path
    home, root, db
        As in `Course`.
    chapters : sequence of str
        None means all in the gradebook.

    Returns
    -------
    Filled
    """
    found = standing.everybody(home, root, chapters, db)
    sums = totals(found, rules(Course(home, root, db), found.chapters))
    heads = [
        head for name in found.chapters for head in (f"{name} ({found.most[name]:g})", "state")
    ]
    rows = [["id", "last_name", "first_name", "email", *heads, "total %", "total is"]]
    order = sorted(found.people.values(), key=lambda one: (one.last_name, one.first_name, one.id))
    for person in order:
        cells = []
        for chapter in found.chapters:
            one = found.standings[person.id, chapter]
            cells += [number(one.score) if one.has_score else "", state(one)]
        mine = sums[person.id]
        percent = "" if mine.percent is None else number(mine.percent)
        names = (person.id, person.last_name, person.first_name, person.email)
        rows.append([*names, *cells, percent, finality(mine)])
    tables.write(path, rows)
    return Filled(Path(path), len(order), {})


def finality(one):
    """Whether a total is final, in words."""
    return WITHDRAWN if one.percent is None else "so far" if one.so_far else "final"


def state(one):
    """A standing in words."""
    if one.state != TO_BE_MARKED:
        return one.state
    return f"{one.waiting} to be marked ({number(one.open)} of {number(one.most)} points)"


# ---- platforms


def canvas(given, path, home=".", root=None, db=None, chapters=(), columns=(), unmarked=False):
    """Fill in Canvas's gradebook.

    Canvas's guide ("How do I import grades in the Gradebook?") asks for the columns Student, ID,
    SIS User ID, SIS Login ID and Section as they were exported, and finds an assignment by the
    number behind its title.

    Parameters
    ----------
    given : path
        As Canvas exported it.
    path : path
        The filled table.
    home, root, db
        As in `Course`.
    chapters : sequence of str
        None means all in the gradebook that have a column.
    columns : sequence of (str, str)
        Assignments and the titles of their columns, where they do not fit by number or name.
    unmarked : bool
        Whether what a person has still to mark counts as no points, instead of being left out.

    Returns
    -------
    Filled

    Raises
    ------
    ValueError
        If it is no gradebook of Canvas, or a column cannot be found, or has other points.
    """
    table = _table(given, "Canvas's gradebook", "Student", "ID")
    found = standing.everybody(home, root, chapters, db)
    asked = {fitting(name, found.chapters, "the gradebook"): title for name, title in columns}
    placed = {}
    for chapter in found.chapters:
        column = _canvas_column(table, chapter, asked.get(chapter), bool(chapters))
        if column:
            placed[column] = chapter
    if not placed:
        raise ValueError(
            f"{given} has no column for {', '.join(found.chapters)}: make the assignments in Canvas"
            ' and export again, or name their titles: --column 3="Homework 3"'
        )
    head = next((row for row in table.rows if not row["ID"].strip()), {})
    for column, chapter in placed.items():
        _same_most(head.get(column, ""), found.most[chapter], column, "Canvas")
    login, sis = table.column("SIS Login ID"), table.column("SIS User ID")

    def who(row):
        ids = [row[column].strip() for column in (login, sis) if column]
        return persons.fitting(
            found.people.values(), row["Student"], ids, ids[0] if ids else "", row["ID"].strip()
        )

    rows = [row for row in table.rows if row["ID"].strip()]
    return _fill(table, rows, placed, found, who, "Student", Path(path), unmarked, number)


def _canvas_column(table, chapter, title, needed):
    """The column of a chapter; None if there is none and none was asked for."""
    known = {name: match for name in table.columns if (match := CANVAS_COLUMN.fullmatch(name))}
    if title:
        fits = [name for name, match in known.items() if title in (name, match["title"])]
    else:
        fits = [name for name, match in known.items() if is_about(match["title"], chapter)]
    if len(fits) > 1:
        raise ValueError(
            f"{chapter} may be any of the columns {', '.join(fits)}: say which, such as"
            f' --column {chapter}="{fits[0]}"'
        )
    if not fits and (title or needed):
        raise ValueError(
            f"no column is {title or chapter!r}: there are {', '.join(known) or 'none'}; say which"
            f' with --column {chapter}="TITLE"'
        )
    return fits[0] if fits else None


def is_about(title, chapter):
    """Whether a platform's title means an assignment, by its name or its only number.

    Examples
    --------
    >>> is_about("Assignment 3", "03-softmax"), is_about("The softmax", "03-softmax")
    (True, True)
    >>> is_about("Quiz 3 of week 4", "03-softmax"), is_about("Assignment 13", "03-softmax")
    (False, False)
    """
    name = persons.squeezed(re.sub(r"^[\d\W_]+", "", chapter))
    first = re.search(r"\d+", chapter)
    numbers = [int(one) for one in re.findall(r"\d+", title)]
    return (bool(name) and name in persons.squeezed(title)) or (
        first is not None and numbers == [int(first[0])]
    )


def moodle(given, path, home=".", root=None, db=None, chapters=(), unmarked=False):
    """Fill in the grading worksheet of one of Moodle's assignments.

    Moodle finds students by the column Identifier and reads the column Grade (docs.moodle.org,
    Assignment settings, "Offline grading worksheet").

    Parameters
    ----------
    given, path, home, root, db, unmarked
        As in `canvas`.
    chapters : sequence of str
        The one assignment that it is about.

    Returns
    -------
    Filled

    Raises
    ------
    ValueError
        If it is no worksheet, or has other points.
    """
    if len(chapters) != 1:
        raise ValueError("a worksheet of Moodle is about one assignment: name its chapter")
    table = _table(given, "Moodle's grading worksheet", "Identifier", "Full name", "Grade")
    found = standing.everybody(home, root, chapters, db)
    (chapter,) = found.chapters
    number_of, email = table.column("ID number"), table.column("Email address")
    name, most = table.column("Full name"), table.column("Maximum Grade")
    comma = False
    for row in table.rows:
        _same_most(row.get(most, "") if most else "", found.most[chapter], given, "Moodle")
        comma = comma or "," in (row.get(most) or "")

    def who(row):
        ids = [row[number_of].strip()] if number_of else []
        return persons.fitting(
            found.people.values(), row[name], ids, row[email].strip() if email else ""
        )

    def written(points):
        return number(points).replace(".", ",") if comma else number(points)

    placed = {table.column("Grade"): chapter}
    return _fill(table, table.rows, placed, found, who, name, Path(path), unmarked, written)


def _table(path, what, *columns):
    table = tables.parsed(Path(path).read_bytes())
    missing = [name for name in columns if not table.column(name)]
    if missing:
        raise ValueError(
            f"{path} is not {what}: it has no column {', '.join(missing)}; export it again, with"
            " the platform set to English"
        )
    return table


def _same_most(text, most, where, platform):
    """Refuse a table whose points are not the assignment's."""
    try:
        theirs = float(text.strip().replace(",", "."))
    except ValueError:
        return  # the platform does not say
    if abs(theirs - most) > 1e-6:
        raise ValueError(
            f"{where} has {theirs:g} points and the assignment {most:g}: set {platform}'s to"
            f" {most:g} and export again"
        )


def _fill(table, rows, placed, found, who, name, path, unmarked, written: Callable):
    """Write the grades into a platform's table; what is not final stays as it was."""
    left, filled = {}, set()
    for row in rows:
        people = who(row)
        if len(people) != 1:
            names = ", ".join(one.id for one in people)
            left[row[name]] = f"may be any of {names}" if people else "is not in the gradebook"
            continue
        for column, chapter in placed.items():
            one = found.standings[people[0].id, chapter]
            if one.state == GRADED or one.state == TO_BE_MARKED and unmarked:
                row[column] = written(one.score)
                filled.add(people[0].id)
            elif one.state != MISSING:
                left[row[name]] = f"{chapter}: {state(one)}"
            else:
                left.setdefault(row[name], f"{chapter}: {MISSING}")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, table.columns, delimiter=table.delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(table.rows)
    replace(path, text.getvalue().encode("utf-8-sig"))
    return Filled(path, len(filled), left)

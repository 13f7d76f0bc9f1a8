"""Faults of assignments, found before a student meets them.

Stale releases, secrets that got out, what each test does.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

from nbjudge.assignment import leaks
from nbjudge.assignment.release import build, differences
from nbjudge.assignment.spec import TEST, compile_spec
from nbjudge.course import course_config, find_chapters


class Facts(NamedTuple):
    """What is known about one test cell before anybody has handed anything in."""

    chapter: str
    notebook: str
    test: str
    points: float
    # the names it takes from the student
    takes: tuple
    # whether part of it is kept from students
    hidden: bool


# Headings of the table, in the order of `cells`.
TITLES = ("chapter", "notebook", "test", ">points", "takes from the student", "hidden part")


def cells(test):
    """One line of the table.

    Examples
    --------
    >>> cells(Facts("01-logs", "exercises", "p1_test", 5.0, ("mean",), True))
    ['01-logs', 'exercises', 'p1_test', '5', 'mean', 'yes']
    """
    hidden = "yes" if test.hidden else "no"
    return [*test[:3], f"{test.points:g}", ", ".join(test.takes) or "-", hidden]


def tests(home=".", chapters=()):
    """Every test cell of an assignment's sources.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `course.find_chapters`.

    Returns
    -------
    list of Facts
    """
    config = course_config(home)
    specs = [
        compile_spec(path, config=config)
        for chapter in find_chapters(home, chapters)
        for path in sorted(Path(home, "solutions", chapter).glob("*.ipynb"))
    ]
    return [
        Facts(
            spec.chapter,
            spec.notebook,
            cell.grade_id,
            cell.points,
            tuple(cell.names),
            cell.source.rstrip() != cell.visible.rstrip(),
        )
        for spec in specs
        for cell in spec.cells
        if cell.role == TEST and cell.cell_type == "code"
    ]


def problems(home=".", chapters=(), search=()):
    """Everything wrong with the releases, one line each.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `course.find_chapters`.
    search : sequence of path
        Folders and archives, such as a built site and a wheel, that are searched for secrets of
        these chapters beside exercises/.

    Returns
    -------
    list of str
        Empty when all releases are current and nothing leaks.
    """
    home, found, secrets = Path(home), [], []
    if missing := [str(place) for place in search if not Path(place).exists()]:
        raise ValueError(f"there is nothing to search at {', '.join(missing)}: build it first")
    reference = course_config(home).get("NbJudge", {}).get("reference", "")
    with tempfile.TemporaryDirectory() as scratch:
        for chapter in find_chapters(home, chapters):
            built, released = build(home, chapter, scratch), home / "exercises" / chapter
            found += [
                f"exercises/{chapter}/{name} {what}: run nbjudge release"
                for name, what in differences(built, released)
            ]
            for source in sorted((home / "solutions" / chapter).glob("*.ipynb")):
                secrets += leaks.secrets(source, built / source.name, chapter)
    if reference:
        secrets = leaks.without_reference(secrets, home / reference)
    found += leaks.search(secrets, home / "exercises", strict=True)
    for place in search:
        found += leaks.search(secrets, Path(place), strict=False)
    return found

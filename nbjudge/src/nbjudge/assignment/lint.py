"""Faults of assignments, found before a student meets them.

Stale releases, secrets that got out, what each test does.
"""

import contextlib
import tempfile
from pathlib import Path
from typing import NamedTuple

from nbjudge.assignment import leaks
from nbjudge.assignment.names import SourceError
from nbjudge.assignment.release import build, differences
from nbjudge.assignment.spec import TEST, compile_spec
from nbjudge.course import Course


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
    """Every test cell of the sources that can be used.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `Course.chapters`.

    Returns
    -------
    list of Facts
    """
    course, specs = Course(home), []
    for path in _sources(course, chapters):
        with contextlib.suppress(SourceError):  # told by `problems`
            specs.append(compile_spec(path, config=course.config))
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
        if cell.role == TEST
    ]


def _sources(course, chapters):
    return [path for chapter in course.chapters(chapters) for path in course.sources(chapter)]


def problems(home=".", chapters=(), search=()):
    """Everything wrong with the sources and their releases, one line each.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `Course.chapters`.
    search : sequence of path
        Folders and archives, such as a built site and a wheel, that are searched for secrets of
        these chapters beside the releases.

    Returns
    -------
    list of str
        Empty when every source can be used, all releases are current and nothing leaks.
    """
    if missing := [str(place) for place in search if not Path(place).exists()]:
        raise ValueError(f"there is nothing to search at {', '.join(missing)}: build it first")
    course, found, secrets = Course(home), [], []
    releases = course.folder("release")
    with tempfile.TemporaryDirectory() as scratch:
        for chapter in course.chapters(chapters):
            try:
                for source in course.sources(chapter):
                    compile_spec(source, config=course.config)
                built = build(home, chapter, scratch)
            except RuntimeError as error:  # nbgrader refuses more than a SourceError tells
                found.append(str(error))
                continue
            found += [
                f"{releases.name}/{chapter}/{name} {what}: run nbjudge release"
                for name, what in differences(built, course.folder("release", chapter=chapter))
            ]
            for source in course.sources(chapter):
                secrets += leaks.secrets(source, built / source.name, chapter)
    if reference := course.config.get("NbJudge", {}).get("reference", ""):
        secrets = leaks.without_reference(secrets, course.home / reference)
    if releases.is_dir():
        found += leaks.search(secrets, releases, strict=True)
    for place in search:
        found += leaks.search(secrets, Path(place), strict=False)
    return found

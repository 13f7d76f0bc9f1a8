"""Faults of assignments, found before a student meets them.

Stale releases, secrets that got out, what each test does.
"""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbjudge.assignment import leaks
from nbjudge.assignment.names import SourceError
from nbjudge.assignment.release import build, differences
from nbjudge.assignment.spec import INSIDE, TEST, compile_spec
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
    # "apart" or "inside"; None where it could not be tried
    way: str | None = None
    # why it runs inside
    reason: str = ""


# What nbgrader_config.py says so that formgrader's buttons grade as nbjudge does.
SANDBOXED = "nbjudge.nbgrader_hooks.Sandboxed"
# Headings of the table, in the order of `cells`.
TITLES = ("chapter", "notebook", "test", ">points", "takes from the student", "hidden part", "runs")


def cells(test):
    """One line of the table.

    Examples
    --------
    >>> cells(Facts("01-logs", "exercises", "p1_test", 5.0, ("mean",), True, "apart"))
    ['01-logs', 'exercises', 'p1_test', '5', 'mean', 'yes', 'apart']
    """
    hidden = "yes" if test.hidden else "no"
    takes = ", ".join(test.takes) or "-"
    return [*test[:3], f"{test.points:g}", takes, hidden, test.way or "not tried"]


class Tried(NamedTuple):
    """What grading the sources' own solutions and blank releases has shown."""

    tests: list[Facts]
    # sources whose own solution does not get full marks
    problems: list[str]
    # what an author should know and may want
    remarks: list[str]


def unguarded(course: Course) -> list[str]:
    """A warning if formgrader's buttons would run students' code as their instructor.

    Parameters
    ----------
    course : Course

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from traitlets.config import Config
    >>> unguarded(SimpleNamespace(config=Config({"Autograde": {"exporter_class": SANDBOXED}})))
    []
    """
    if course.config.Autograde.get("exporter_class") == SANDBOXED:
        return []
    return [
        "formgrader's Autograde button and nbgrader autograde run students' code outside the"
        f" sandbox; this line in nbgrader_config.py changes that: c.Autograde.exporter_class ="
        f' "{SANDBOXED}"'
    ]


def tests(course: Course, chapters: list[str], try_out: Callable | None = None) -> Tried:
    """Every test cell of the sources, and how it runs.

    Parameters
    ----------
    course : Course
    chapters : list of str
    try_out : callable, optional
        Gives the `Prepared` notebooks of a chapter; without it nothing is run.

    Returns
    -------
    Tried
    """
    found, problems, remarks = [], [], []
    for chapter in chapters:
        if try_out is None:
            found += _untried(course, chapter)
            continue
        try:
            prepared = try_out(chapter)
        except SourceError as error:
            problems.append(str(error))
            found += _untried(course, chapter)
            continue
        for one in prepared:
            found += _facts(one.spec, True)
            problems += one.short
            remarks += [warning for warning in one.warnings if warning not in one.short]
    remarks += [
        f"{test.chapter}/{test.notebook}.ipynb, {test.test}: runs inside the student's process,"
        f" where its points can be forged: {test.reason}"
        for test in found
        if test.way == INSIDE
    ]
    return Tried(found, problems, remarks)


def _untried(course, chapter):
    """What is known of the tests of a source without running them."""
    found = []
    for path in course.sources(chapter):
        with contextlib.suppress(SourceError):
            found += _facts(compile_spec(path, config=course.config), False)
    return found


def _facts(spec, tried):
    return [
        Facts(
            spec.chapter,
            spec.notebook,
            cell.grade_id,
            cell.points,
            tuple(cell.names),
            cell.source.rstrip() != cell.visible.rstrip(),
            cell.way if tried else None,
            cell.reason if tried else "",
        )
        for cell in spec.cells
        if cell.role == TEST
    ]


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

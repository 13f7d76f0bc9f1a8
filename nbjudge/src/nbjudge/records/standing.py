"""Where a class stands: what the gradebook holds of each submission."""

import contextlib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url

from nbjudge.course import course_config
from nbjudge.records.gradebook import Writer


class Standing(NamedTuple):
    """One submission as the gradebook has it."""

    chapter: str
    student: str
    # "graded", or "to be marked" while a person has to decide about part of it
    state: str
    # answers that a person has to mark
    waiting: int
    # points so far, after the late penalty
    score: float
    most: float
    penalty: float


def read(home=".", root=None, chapters=(), db=None):
    """The standing of every submission in the gradebook.

    Parameters
    ----------
    home, root : path
        As in `course.course_config`.
    chapters : sequence of str
        Numbers or names of assignments; none means all in the gradebook.
    db : str, optional
        The gradebook's address.

    Returns
    -------
    list of Standing
        By assignment and student.

    Raises
    ------
    ValueError
        If there is no gradebook yet, or an assignment is not in it.
    """
    config = course_config(home, root)
    if db:
        config.CourseDirectory.db_url = db
    _refuse_missing(config.CourseDirectory.db_url)
    with contextlib.closing(Writer(config)) as writer:
        known = writer.chapters()
        chosen = [name for given in chapters or known for name in _fitting(given, known)]
        return [row for chapter in chosen for row in _rows(chapter, writer.scores(chapter))]


def _refuse_missing(address):
    """Reading must not make an empty gradebook."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise ValueError(f"there is no gradebook at {url.database}: nbjudge grade makes it")


def _fitting(given, known):
    number = given.rjust(2, "0")
    found = [name for name in known if name == given or name.split("-")[0] == number]
    if not found:
        raise ValueError(
            f"no assignment {given!r} in the gradebook: it has {', '.join(known) or 'none'}"
        )
    return found


def _rows(chapter, scores):
    notebooks = defaultdict(list)
    for (student, _), part in sorted(scores.items()):
        notebooks[student].append(part)
    for student, parts in notebooks.items():
        grades = [grade for part in parts for grade in part[0].values()]
        waiting = sum(earned is None for earned, _ in grades)
        penalty = sum(part[2] for part in parts)
        score = max(sum(earned or 0.0 for earned, _ in grades) - penalty, 0.0)
        state = "to be marked" if waiting else "graded"
        most = sum(points for _, points in grades)
        yield Standing(chapter, student, state, waiting, score, most, penalty)

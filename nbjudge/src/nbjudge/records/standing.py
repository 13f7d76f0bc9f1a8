"""Where a class stands: what the gradebook holds of each submission."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url

from nbjudge.course import Course, fitting
from nbjudge.records.gradebook import Writer
from nbjudge.records.scores import by_student


class Standing(NamedTuple):
    """One submission as the gradebook has it."""

    chapter: str
    student: str
    # "graded", or "to be marked" while a person has to decide about part of it
    state: str
    # cells that a person has to mark
    waiting: int
    # points so far, after the late penalty
    score: float
    most: float
    penalty: float


def read(home=".", root=None, chapters=(), db=None):
    """The standing of every submission in the gradebook.

    Parameters
    ----------
    home, root, db
        As in `Course`.
    chapters : sequence of str
        Numbers or names of assignments; none means all in the gradebook.

    Returns
    -------
    list of Standing
        By assignment and student.

    Raises
    ------
    ValueError
        If there is no gradebook yet, or an assignment is not in it.
    """
    course = Course(home, root, db)
    _refuse_missing(course.db)
    with contextlib.closing(Writer(course.config)) as writer:
        known = writer.chapters()
        chosen = [fitting(name, known, "the gradebook") for name in chapters] or known
        return [
            Standing(
                chapter,
                student,
                "to be marked" if one.waiting else "graded",
                one.waiting,
                one.score,
                one.most,
                one.penalty,
            )
            for chapter in chosen
            for student, one in sorted(by_student(writer.scores(chapter)).items())
        ]


def _refuse_missing(address):
    """Reading must not make an empty gradebook."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise ValueError(f"there is no gradebook at {url.database}: nbjudge grade makes it")

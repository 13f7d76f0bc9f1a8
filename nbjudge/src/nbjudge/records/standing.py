"""Where a class stands: what the gradebook holds of each student."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url

from nbjudge.course import Course, fitting
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person
from nbjudge.records.scores import by_student, total

GRADED, TO_BE_MARKED, MISSING = "graded", "to be marked", "missing"
# something was handed in that nbjudge grade could not grade, or has not seen yet
NO_GRADE = "no grade"
WITHDRAWN = "withdrawn"


class Standing(NamedTuple):
    """One student's assignment as the gradebook has it."""

    chapter: str
    student: str
    # one of the states above
    state: str
    # cells that a person has to mark
    waiting: int
    # points so far, after the late penalty
    score: float
    most: float
    penalty: float
    # points that a person has still to give
    open: float = 0.0

    @property
    def has_score(self):
        """Whether it was graded, even if a person has still to mark some of it."""
        return self.state in (GRADED, TO_BE_MARKED)


class Class(NamedTuple):
    """The whole course as the gradebook has it."""

    # assignments, in order
    chapters: list
    # {student: Person}
    people: dict
    # {(student, chapter): Standing}, one for each student and chapter
    standings: dict
    # {chapter: points there are}
    most: dict


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
        By assignment and student; those who have handed in nothing are left out.

    Raises
    ------
    ValueError
        If there is no gradebook yet, or an assignment is not in it.
    """
    found = everybody(home, root, chapters, db).standings.values()
    some = [one for one in found if one.has_score]
    return sorted(some, key=lambda one: (one.chapter, one.student))


def everybody(home=".", root=None, chapters=(), db=None):
    """The standing of every student in every assignment.

    Parameters
    ----------
    home, root, chapters, db
        As in `read`; none means all in which anybody has handed in something.

    Returns
    -------
    Class
    """
    course = Course(home, root, db)
    refuse_missing(course.db)
    with contextlib.closing(Writer(course.config)) as writer:
        known = writer.chapters()
        chosen = [fitting(name, known, "the gradebook") for name in chapters] or list(known)
        people = {one.id: one for one in writer.people()}
        away, standings, most = writer.withdrawn(), {}, {}
        for chapter in list(chosen):
            totals = by_student(writer.scores(chapter))
            entered = {student for student, _ in writer.lines(chapter)}
            there = set(course.students(chapter))
            if not chapters and not entered | there and not any(one.raw for one in totals.values()):
                chosen.remove(chapter)  # nobody can be missing yet
                continue
            most[chapter] = writer.most(chapter)
            for student in sorted(set(people) | set(totals)):
                people.setdefault(student, Person(student))
                mine = totals.get(student) or total([])
                state = _state(student, mine, entered, there, away)
                standings[student, chapter] = Standing(
                    chapter,
                    student,
                    state,
                    mine.waiting,
                    mine.score,
                    most[chapter],
                    mine.penalty,
                    mine.open,
                )
    return Class(chosen, people, standings, most)


def _state(student, mine, entered, there, away):
    if student in away:
        return WITHDRAWN
    # formgrader and nbgrader autograde leave scores without a line in the ledger
    if student in entered or mine.raw:
        return TO_BE_MARKED if mine.waiting else GRADED
    return NO_GRADE if student in there else MISSING


def refuse_missing(address):
    """Refuse to make an empty gradebook by reading it."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise ValueError(f"there is no gradebook at {url.database}: nbjudge grade makes it")

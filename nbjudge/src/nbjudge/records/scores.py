"""All scores of a course in one query: for the CSV file, the feedback and the closing table."""

import csv
import io
from collections import defaultdict
from typing import NamedTuple

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import func, select

from nbjudge.files import replace

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "to_be_marked",
    "points_to_be_marked",
)
# digits of a score in the table; sums of tenths have sixteen
DIGITS = 4


class CellScore(NamedTuple):
    """What one graded cell has earned: by a person's mark where there is one, else by its tests."""

    # None: a person has to mark it
    earned: float | None
    most: float
    # what the tests alone gave
    auto: float | None = None


class NotebookScores(NamedTuple):
    """The scores of one student's notebook."""

    # CellScore by grade_id
    cells: dict
    # comments by grade_id, a person's where there is one
    comments: dict
    # points taken off for lateness
    penalty: float

    @property
    def earned(self):
        """Points so far, before the penalty."""
        return sum(cell.earned or 0.0 for cell in self.cells.values())

    @property
    def most(self):
        """Points there are."""
        return sum(cell.most for cell in self.cells.values())

    @property
    def waiting(self):
        """The cells that a person has to mark: CellScore by grade_id."""
        return {name: cell for name, cell in self.cells.items() if cell.earned is None}


class Total(NamedTuple):
    """The scores of all notebooks of one student's assignment, added up."""

    # after the penalty
    score: float
    raw: float
    penalty: float
    most: float
    # cells that a person has to mark
    waiting: int
    # points that these can bring
    open: float = 0.0


def total(parts):
    """Add up the notebooks of an assignment.

    Parameters
    ----------
    parts : iterable of NotebookScores

    Examples
    --------
    >>> one = NotebookScores({"p1": CellScore(4.0, 5.0), "p2": CellScore(None, 3.0)}, {}, 1.0)
    >>> total([one, one])
    Total(score=6.0, raw=8.0, penalty=2.0, most=16.0, waiting=2, open=6.0)
    """
    parts = list(parts)
    raw, penalty = sum(part.earned for part in parts), sum(part.penalty for part in parts)
    return Total(
        max(raw - penalty, 0.0),
        raw,
        penalty,
        sum(part.most for part in parts),
        sum(len(part.waiting) for part in parts),
        sum(cell.most for part in parts for cell in part.waiting.values()),
    )


# whose a row is, and of which cell
NAMES = SubmittedAssignment.student_id, Notebook.name, BaseCell.name


def _of(chapter):
    """What joins the notebooks that were handed in for an assignment with their names."""
    return (
        SubmittedNotebook.assignment_id == SubmittedAssignment.id,
        SubmittedNotebook.notebook_id == Notebook.id,
        SubmittedAssignment.assignment_id == Assignment.id,
        Assignment.name == chapter,
    )


def grades(chapter, *columns):
    """A query for the grades of one assignment: `NAMES`, some columns, and the points there are."""
    graded, task = GradeCell.__table__, TaskCell.__table__
    return (
        select(*NAMES, *columns, func.coalesce(graded.c.max_score, task.c.max_score))
        .select_from(Grade)
        .join(BaseCell.__table__, Grade.cell_id == BaseCell.id)
        .outerjoin(graded, graded.c.id == Grade.cell_id)
        .outerjoin(task, task.c.id == Grade.cell_id)
        .where(*_of(chapter), Grade.notebook_id == SubmittedNotebook.id)
    )


def comments(chapter, *columns):
    """A query for the comments of one assignment: `NAMES` and some columns.

    A cell has one row for its points and another for its comment, of the same name.
    """
    return select(*NAMES, *columns).where(
        *_of(chapter),
        Comment.notebook_id == SubmittedNotebook.id,
        Comment.cell_id == BaseCell.id,
    )


def scores(book, chapter):
    """Everything about the scores of one assignment.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    chapter : str

    Returns
    -------
    dict of (str, str) to NotebookScores
        By student and notebook.
    """
    found = {}
    for student, notebook, penalty in book.db.execute(
        select(
            SubmittedAssignment.student_id, Notebook.name, SubmittedNotebook.late_submission_penalty
        ).where(*_of(chapter))
    ):
        found[student, notebook] = NotebookScores({}, {}, penalty or 0.0)
    wanted = grades(chapter, Grade.auto_score, Grade.manual_score, Grade.extra_credit)
    for student, notebook, cell, auto, manual, extra, most in book.db.execute(wanted):
        score = auto if manual is None else manual
        earned = None if score is None else score + (extra or 0.0)
        found[student, notebook].cells[cell] = CellScore(earned, most, auto)
    remarks = comments(chapter, Comment.auto_comment, Comment.manual_comment)
    for student, notebook, cell, auto, manual in book.db.execute(remarks):
        if manual or auto:
            found[student, notebook].comments[cell] = manual or auto
    book.db.rollback()
    return found


def by_student(found):
    """{student: Total} of what `scores` gives."""
    parts = defaultdict(list)
    for (student, _), part in found.items():
        parts[student].append(part)
    return {student: total(some) for student, some in parts.items()}


def write_csv(book, path):
    """One row per student and assignment: the columns of nbgrader's own export.

    The last two say how many answers a person has to mark, and how many points they can bring.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    path : path
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    students = (
        book.db.execute(select(Student).order_by(Student.last_name, Student.first_name, Student.id))
        .scalars()
        .all()
    )
    for assignment in book.assignments:
        table.writerows(_rows(book, assignment, students))
    book.db.rollback()
    replace(path, text.getvalue(), at_once=True)


def _rows(book, assignment, students):
    totals = by_student(scores(book, assignment.name))
    times = dict(
        book.db.execute(
            select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp).where(
                SubmittedAssignment.assignment_id == assignment.id
            )
        ).all()
    )
    most = assignment.max_score
    for student in students:
        mine = totals.get(student.id, total([]))
        row = (
            assignment.name,
            assignment.duedate or "",
            times.get(student.id) or "",
            student.id,
            student.last_name or "",
            student.first_name or "",
            student.email or "",
            round(mine.raw, DIGITS),
            round(mine.penalty, DIGITS),
            round(mine.score, DIGITS),
            most,
            mine.waiting,
            mine.open,
        )
        yield dict(zip(COLUMNS, row, strict=True))

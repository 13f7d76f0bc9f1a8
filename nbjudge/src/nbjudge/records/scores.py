"""All scores of a course in one query: for the CSV file, the feedback and the closing table."""

import csv
import io
from collections import defaultdict

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
)
from sqlalchemy import select

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
)


def scores(book, chapter):
    """Everything about the scores of one assignment.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    chapter : str

    Returns
    -------
    dict of (str, str) to (dict, dict, float)
        For each student and notebook: {grade_id: (points or None, points there are)}, {grade_id:
        comment}, penalty.
    """
    where = (
        SubmittedNotebook.assignment_id == SubmittedAssignment.id,
        SubmittedNotebook.notebook_id == Notebook.id,
        SubmittedAssignment.assignment_id == Assignment.id,
        Assignment.name == chapter,
    )
    found = {}
    for student, notebook, penalty in book.db.execute(
        select(
            SubmittedAssignment.student_id, Notebook.name, SubmittedNotebook.late_submission_penalty
        ).where(*where)
    ):
        found[student, notebook] = ({}, {}, penalty or 0.0)
    grades = select(
        SubmittedAssignment.student_id,
        Notebook.name,
        BaseCell.name,
        Grade.auto_score,
        Grade.manual_score,
        Grade.extra_credit,
        GradeCell.__table__.c.max_score,
    ).where(
        *where,
        Grade.notebook_id == SubmittedNotebook.id,
        Grade.cell_id == BaseCell.id,
        GradeCell.__table__.c.id == BaseCell.id,
    )
    for student, notebook, cell, auto, manual, extra, most in book.db.execute(grades):
        score = auto if manual is None else manual
        found[student, notebook][0][cell] = (
            None if score is None else score + (extra or 0.0),
            most,
        )
    comments = select(
        SubmittedAssignment.student_id,
        Notebook.name,
        BaseCell.name,
        Comment.auto_comment,
        Comment.manual_comment,
    ).where(*where, Comment.notebook_id == SubmittedNotebook.id, Comment.cell_id == BaseCell.id)
    for student, notebook, cell, auto, manual in book.db.execute(comments):
        if manual or auto:
            found[student, notebook][1][cell] = manual or auto
    book.db.rollback()
    return found


def write_csv(book, path):
    """One row for each student and assignment, in the columns of nbgrader's own export.

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
    totals, penalties = defaultdict(float), defaultdict(float)
    for (student, _), (grades, _, penalty) in scores(book, assignment.name).items():
        totals[student] += sum(score or 0.0 for score, _ in grades.values())
        penalties[student] += penalty
    times = dict(
        book.db.execute(
            select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp).where(
                SubmittedAssignment.assignment_id == assignment.id
            )
        ).all()
    )
    most = assignment.max_score
    for student in students:
        raw, penalty = totals[student.id], penalties[student.id]
        yield dict(
            zip(
                COLUMNS,
                (
                    assignment.name,
                    assignment.duedate or "",
                    times.get(student.id) or "",
                    student.id,
                    student.last_name or "",
                    student.first_name or "",
                    student.email or "",
                    raw,
                    penalty,
                    max(0.0, raw - penalty),
                    most,
                ),
            )
        )

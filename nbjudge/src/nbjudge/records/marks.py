"""What people have marked by hand, and what waits for them."""

from typing import NamedTuple

from nbgrader.api import Comment, Grade

from nbjudge.records.scores import comments, grades


class Mark(NamedTuple):
    """What a person has said of one answer, as formgrader has it too."""

    # None: nothing yet
    points: float | None
    comment: str
    # what was said of an earlier text
    note: str
    most: float


class MarkedMeanwhileError(ValueError):
    """Somebody else has marked the answer since it was shown."""


def marks(book, chapter):
    """The marks of all answers that no test gives points for.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    chapter : str

    Returns
    -------
    dict of (str, str, str) to Mark
        By student, notebook and grade_id.
    """
    said = {
        tuple(whose): (by_hand or "", note or "")
        for *whose, by_hand, note in book.db.execute(
            comments(chapter, Comment.manual_comment, Comment.auto_comment)
        )
    }
    untested = grades(chapter, Grade.manual_score).where(Grade.auto_score.is_(None))
    return {
        tuple(whose): Mark(points, *said.get(tuple(whose), ("", "")), most)
        for *whose, points, most in book.db.execute(untested)
    }


def mark(book, submission, where, points, comment, was=None):
    """Enter what a person says of one answer; the caller commits.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    submission : SubmittedAssignment
    where : (str, str)
        Notebook and grade_id.
    points : float or None
        None takes the mark back.
    comment : str
    was : (float or None, str), optional
        Points and comment that were shown; whoever has changed them meanwhile is not written over.

    Returns
    -------
    SubmittedNotebook

    Raises
    ------
    MarkedMeanwhileError
        If the gradebook holds something else than `was`.
    ValueError
        If the points are not between 0 and those there are.
    """
    name, cell = where
    notebook = next(one for one in submission.notebooks if one.name == name)
    grade = next(one for one in notebook.grades if one.cell.name == cell)
    remark = next((one for one in notebook.comments if one.cell.name == cell), None)
    if points is not None and not 0 <= points <= grade.max_score:
        raise ValueError(f"{points:g} points: give 0 to {grade.max_score:g}")
    there = grade.manual_score, (remark.manual_comment or "") if remark else ""
    if was is not None and there != was:
        found = "not marked" if there[0] is None else f"marked {there[0]:g}"
        raise MarkedMeanwhileError(
            f"somebody else has changed this meanwhile: it is {found}"
            f"{f', with the comment: {there[1]}' if there[1] else ''}. Save again to replace that"
        )
    grade.manual_score, grade.needs_manual_grade = points, points is None
    if remark is not None:
        remark.manual_comment = comment or None
    return notebook

"""Submissions made from a release notebook and a table of answers, and the mishaps that befall
them.
"""

import copy
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell

DUE = "2026-03-01 23:59:00 UTC"
BLANK = None


class Student(NamedTuple):
    """What one student hands in: answers that differ from the reference, a mishap, and the score
    that is fair.
    """

    # grade_id: text of that cell; all others are right. BLANK: none is
    answers: dict | None = BLANK
    # called with the notebook and its path, before or instead of writing
    mishap: object = None
    score: float | None = None  # None: cannot be graded
    # a phrase of the message that the student must get
    says: str = ""
    submitted: str = "2026-02-27 18:30:00 UTC"


def copied_test(grade_id):
    """The student copied a test cell, metadata and all, to play with it."""

    def mishap(notebook, path):
        at = next(i for i, cell in enumerate(notebook.cells) if _grade_id(cell) == grade_id)
        duplicate = copy.deepcopy(notebook.cells[at])
        duplicate.id = "pasted"
        notebook.cells.insert(at, duplicate)

    return mishap


def deleted(grade_id):
    """The student deleted a cell."""

    def mishap(notebook, path):
        notebook.cells = [cell for cell in notebook.cells if _grade_id(cell) != grade_id]

    return mishap


def own_cell_before(grade_id, source):
    """The student put a cell of their own before one of ours."""

    def mishap(notebook, path):
        at = next(i for i, cell in enumerate(notebook.cells) if _grade_id(cell) == grade_id)
        notebook.cells.insert(at, new_code_cell(source))

    return mishap


def cut_short(notebook, path):
    """The upload broke off: the file ends in the middle."""
    text = nbformat.writes(notebook)
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    return "written"


def reference_answers(home, chapter, name="exercises.ipynb"):
    """{grade_id: the solution} of a source notebook, without nbgrader's delimiters and the marking
    scheme.
    """
    cells = nbformat.read(Path(home, "solutions", chapter, name), as_version=4).cells
    return {
        _grade_id(cell): _without_delimiters(cell.source)
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def _without_delimiters(source):
    source = re.sub(
        r"^.*BEGIN MARK SCHEME(.|\n)*?END MARK SCHEME.*$", "", source, flags=re.MULTILINE
    )
    return re.sub(r"^.*(BEGIN|END) SOLUTION.*\n?", "", source, flags=re.MULTILINE)


def write_submission(home, root, chapter, name, student):
    """Write submitted/NAME/CHAPTER/ under `root`, solving the release found under `home`."""
    notebook = nbformat.read(Path(home, "exercises", chapter, "exercises.ipynb"), as_version=4)
    if student.answers is not BLANK:
        answers = reference_answers(home, chapter) | student.answers
        unknown = set(student.answers) - {_grade_id(cell) for cell in notebook.cells}
        if unknown:
            raise ValueError(
                f"{name} answers cells that {chapter} does not have: {', '.join(sorted(unknown))}"
            )
        for cell in notebook.cells:
            cell.source = answers.get(_grade_id(cell), cell.source)
    path = Path(root, "submitted", name, chapter, "exercises.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "timestamp.txt").write_text(student.submitted + "\n")
    if not (student.mishap and student.mishap(notebook, path)):
        nbformat.write(notebook, path)
    return path


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")

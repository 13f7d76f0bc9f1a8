"""What a run has to do for one assignment.

Read what was handed in, and compare it with what is done already.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from nbjudge.assignment.spec import TEST
from nbjudge.execution.engine import result_key
from nbjudge.records.gradebook import Line
from nbjudge.states import UNCHANGED, UNREADABLE
from nbjudge.submission import collect, recognise

# characters of a student's name that every gradebook holds
LONGEST_NAME = 128


class Part(NamedTuple):
    """What became of one notebook of one student."""

    # one of `states`
    state: str
    remark: str = ""
    flags: tuple = ()
    seconds: float = 0.0
    # the level of isolation that it was graded with
    isolation: str = ""


class Plan(NamedTuple):
    """What is to be graded of one assignment, and what is settled without."""

    chapter: str
    # Spec of each of its notebooks
    specs: list
    # names of folders in submitted/
    students: list
    # {notebook: list of Submission}
    todo: dict
    # {(student, notebook): Part}
    parts: dict


def make(course, chapter, specs, students, writer, again=False, others=dict):
    """Plan an assignment.

    Parameters
    ----------
    course : Course
    chapter : str
    specs : list of Spec
        Of the assignment's notebooks.
    students : list of str
    writer : Writer
        What the ledger and the gradebook hold decides what is done.
    again : bool
        Whether to grade what has been graded, too.
    others : callable
        Gives {chapter: list of Spec} of the course's other assignments.

    Returns
    -------
    Plan
    """
    todo, parts = {spec.notebook: [] for spec in specs}, {}
    lines, scores = writer.lines(chapter), writer.scores(chapter)
    for student in students:
        for spec, submission in zip(
            specs, _read(course, chapter, specs, student, others), strict=True
        ):
            key = student, spec.notebook
            if isinstance(submission, Part):
                parts[key] = submission
                continue
            line = lines.get(key, Line())
            done = (
                line.key == result_key(spec.of(student), submission)
                and _agrees(line, scores.get(key), spec)
                and writer.is_whole(spec, submission, line)
            )
            if done and not again:
                parts[key] = Part(UNCHANGED, flags=tuple(line.detail["flags"]))
            else:
                todo[spec.notebook].append(submission)
    return Plan(chapter, specs, students, todo, parts)


def _agrees(line, found, spec):
    """Whether the gradebook holds the scores that the ledger says were entered.

    The gradebook is what counts.
    """
    if found is None:
        return False
    autos = {name: cell.auto for name, cell in found.cells.items()}
    entered = line.detail.get("scores")
    if entered is None:  # entered before scores were kept
        tests = {cell.grade_id for cell in spec.cells if cell.role == TEST}
        return all(autos.get(name) is not None for name in tests)
    return all(autos.get(name, False) == score for name, score in entered.items())


def _read(course, chapter, specs, student, others):
    """What a student handed in for each notebook.

    Submission, or the Part that says why it is none.
    """
    if trouble := name_trouble(student):
        return [Part(UNREADABLE, trouble)] * len(specs)
    folder = course.folder("submitted", student, chapter)
    names = [spec.notebook for spec in specs]
    found = [
        _attempt(lambda spec=spec: _submission(folder, student, spec, names, others), folder)
        for spec in specs
    ]
    missing = [isinstance(one, collect.NotThereError) for one in found]
    if any(missing) and not all(missing):
        # as nbgrader has it, a notebook that was not handed in beside another is worth nothing
        found = [
            _blank(one, spec, student, chapter, found) if gone else one
            for one, spec, gone in zip(found, specs, missing, strict=True)
        ]
    return [
        Part(UNREADABLE, str(one)) if isinstance(one, collect.UnreadableError) else one
        for one in found
    ]


def name_trouble(student):
    """Why a folder's name cannot be a student's; None if it can.

    Examples
    --------
    >>> name_trouble("M\\udcfcller")
    "the folder's name is not UTF-8: rename it and grade again"
    """
    try:
        student.encode()
    except UnicodeEncodeError:
        with suppress(UnicodeDecodeError):
            student.encode("utf-8", "surrogateescape").decode()
            return (
                "the folder's name is right, but this terminal's locale cannot read it: set"
                " LC_ALL=C.UTF-8 and grade again"
            )
        return "the folder's name is not UTF-8: rename it and grade again"
    if len(student) > LONGEST_NAME:
        return f"the folder's name has more than {LONGEST_NAME} characters: rename it"
    return None


def _submission(folder, student, spec, names, others):
    submission = collect.read(
        folder,
        student,
        spec.chapter,
        spec.notebook,
        [name for name in names if name != spec.notebook],
        lambda cells: recognise.is_solved(spec, cells),
    )
    cells, notes = recognise.place(spec, submission, others)
    submission = replace(submission, cells=cells, notes=[*submission.notes, *notes])
    result_key(spec, submission)  # what it is made of can be hashed, and so written
    return submission


def _attempt(read: Callable, folder):
    """What a reading gives, or why it gives nothing.

    Whatever one notebook brings about, the class is graded.
    """
    try:
        return read()
    except collect.UnreadableError as error:
        return error
    except OSError as error:  # no right to read it, a disk that fails
        return collect.UnreadableError(
            f"{error.filename or folder} cannot be read ({error.strerror}): make it readable and"
            " grade again"
        )
    except Exception as error:
        return collect.UnreadableError(
            f"what was handed in cannot be read ({type(error).__name__}: {error}): ask for it"
            " again, saved from JupyterLab, and grade again"
        )


def _blank(missing, spec, student, chapter, found):
    """In place of a notebook that is missing beside another.

    A blank one, with what lies beside the other.
    """
    other = next((one for one in found if isinstance(one, collect.Submission)), None)
    if other is None:
        return missing
    given = [
        {
            "cell_type": cell.cell_type,
            "source": cell.visible,
            "metadata": {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {},
        }
        for cell in spec.cells
    ]
    return collect.Submission(
        student,
        chapter,
        spec.notebook,
        given,
        other.files,
        other.timestamp,
        [f"{spec.notebook}.ipynb was not handed in: it counts as blank"],
    )

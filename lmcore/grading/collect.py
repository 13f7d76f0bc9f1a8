"""What of a submission is the student's own: readability, and the notebook rebuilt from the source."""
import json
import stat
from copy import deepcopy
from pathlib import Path

MAX_BYTES = 20 << 20                                  # a solved notebook has well under one megabyte


def find_trouble(folder, notebooks=("exercises.ipynb",)):
    """Why a submission cannot be graded, in words for the instructor and the student.

    Parameters
    ----------
    folder : path
        submitted/STUDENT/CHAPTER.
    notebooks : sequence of str
        File names that the assignment expects.

    Returns
    -------
    str or None
        Cause and remedy; None when all can be read.

    Examples
    --------
    >>> find_trouble("no-such-folder")
    'there is no exercises.ipynb: the notebook is expected under exactly this name'
    """
    folder = Path(folder)
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return (f"{path.relative_to(folder)} is a link or a device, not a file: "
                    "ask for the file itself, or remove it and grade again")
        if path.stat().st_size > MAX_BYTES:
            return (f"{path.relative_to(folder)} has {path.stat().st_size >> 20} MiB, the limit is {MAX_BYTES >> 20}: "
                    "ask for the notebook with its outputs cleared")
    for name in notebooks:
        trouble = notebook_trouble(folder / name)
        if trouble:
            return trouble
    return _timestamp_trouble(folder / "timestamp.txt")


def notebook_trouble(path):
    """Why a file cannot be read as a notebook, with the remedy; None when it can."""
    path = Path(path)
    if not path.is_file():
        return f"there is no {path.name}: the notebook is expected under exactly this name"
    again = "open it in JupyterLab, save it and hand it in again"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return f"{path.name} is not text in UTF-8: {again}"
    except json.JSONDecodeError as error:
        return f"{path.name} is not a complete notebook (broken at line {error.lineno}, column {error.colno}): {again}"
    except RecursionError:
        return f"{path.name} is nested too deeply to be a notebook: {again}"
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return f"{path.name} is valid JSON but holds no list of cells: {again}"
    return None


def _timestamp_trouble(path):
    from nbgrader.utils import parse_utc

    try:
        if path.is_file() and path.read_text().strip():
            parse_utc(path.read_text().strip())
    except (ValueError, OverflowError):
        return f"{path.name} holds no date: write one such as 2026-03-01 12:00:00 UTC into it, or remove it"
    return None


def rebuild(template, submitted):
    """The assignment as we wrote it, with the student's answers and own cells in their places.

    Everything that decides a grade (tests, points, kernel, order of the problems) comes from `template`, whatever
    happened to it in the student's hands: cells copied, deleted, moved, retyped, renamed, retagged.

    Parameters
    ----------
    template : notebook
        The source notebook with its solutions replaced by stubs; tests, hidden ones included, are complete.
    submitted : notebook
        What was handed in. Its answers are found by their grade_id.

    Returns
    -------
    notebook : notebook
        Ready to run.
    notes : list of str
        What had to be repaired, for the instructor.

    Notes
    -----
    Of several copies of an answer the last one that differs from the stub counts; the earlier ones stay before it as
    ordinary cells, so that the definition that counted when the student ran the notebook counts here too. A copied
    test becomes an ordinary cell. Outputs, tags and other metadata of the submission are dropped.
    """
    place = {_grade_id(cell): i for i, cell in enumerate(template.cells) if _grade_id(cell)}
    answers, own, copied = _sort_cells(template, submitted, place)
    notes = [f"cell {grade_id} was copied: the copy is an ordinary cell now" for grade_id in sorted(copied, key=place.get)]
    present = {_grade_id(cell) for cell in submitted.cells}
    notes += [f"test {grade_id} was missing: it was put back" for grade_id, i in place.items()
              if grade_id not in present and template.cells[i].metadata.nbgrader.get("grade") and not _is_answer(template.cells[i])]
    cells = list(own.get(-1, []))
    for grade_id, i in place.items():
        cell = deepcopy(template.cells[i])
        if _is_answer(cell):
            *earlier, last = answers.get(grade_id) or [None]
            cells += earlier
            if last is None:
                notes.append(f"answer {grade_id} is missing: it counts as blank")
            else:
                cell.source = last.source
                if "attachments" in last:             # pictures pasted into a written answer
                    cell.attachments = last.attachments
        cells.append(cell)
        cells += own.get(i, [])
    notebook = deepcopy(template)
    notebook.cells = cells
    for number, cell in enumerate(cells):             # ids of copied cells collide
        cell.id = f"cell-{number}"
    return notebook, notes


def _sort_cells(template, submitted, place):
    """Split a submission: versions of each answer, own cells by the template cell they follow, ids of copied cells."""
    answers, own, seen, copied, after = {}, {}, set(), set(), -1
    for cell in submitted.cells:
        grade_id = _grade_id(cell)
        if grade_id not in place:                     # the student's own, or one of our texts
            own.setdefault(after, []).append(_ordinary(cell))
            continue
        model = template.cells[place[grade_id]]
        if _is_answer(model):
            _add_version(answers.setdefault(grade_id, []), _ordinary(cell, model.cell_type), model.source.strip())
        elif grade_id in seen:
            own.setdefault(after, []).append(_ordinary(cell))
        if grade_id in seen:
            copied.add(grade_id)
        else:
            seen.add(grade_id)
            after = max(after, place[grade_id])
    return answers, own, copied


def _add_version(versions, new, stub):
    """Another copy of an answer; an unused copy of the stub neither counts nor undoes the answer before it."""
    if versions and new.source.strip() == stub:
        return
    if versions and versions[-1].source.strip() == stub:
        versions.pop()
    versions.append(new)


def _grade_id(cell):
    """nbgrader's name of a cell; None for an ordinary one, or when the metadata are beyond recognition."""
    meta = cell.get("metadata", {})
    meta = meta.get("nbgrader", {}) if isinstance(meta, dict) else {}
    return meta.get("grade_id") if isinstance(meta, dict) and isinstance(meta.get("grade_id"), str) else None


def _is_answer(cell):
    return bool(cell.metadata.nbgrader.get("solution"))


def _ordinary(cell, cell_type=None):
    """The text of a cell without anything that could steer its execution."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

    kinds = {"code": new_code_cell, "markdown": new_markdown_cell}
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    new = kinds.get(cell_type or cell.get("cell_type"), new_raw_cell)(source)
    if new.cell_type == "markdown" and isinstance(cell.get("attachments"), dict):
        new.attachments = cell.attachments
    return new

"""Lays out a kind of assignment as a course: sources, release, and everybody's submission."""

import logging
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from . import kind as kinds

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
SOURCES = "solutions"
SETTINGS = f"""
c = get_config()
c.CourseDirectory.course_id = "ordinary"
c.CourseDirectory.source_directory = "{SOURCES}"
c.CourseDirectory.release_directory = "release"
""".lstrip()
HANDED_IN = "2026-02-27 18:30:00 UTC\n"


def make(kind, home, database=False):
    """Write the course of one kind into a folder.

    Parameters
    ----------
    kind : Kind
    home : path
        Gets nbgrader_config.py, the sources, release/ and submitted/.
    database : bool
        Whether nbgrader notes the assignment in its gradebook, without which it cannot grade. That
        takes a second.
    """
    home = Path(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / "nbgrader_config.py").write_text(SETTINGS)
    write_files(home, kind.course_files)
    write_source(kind, home / SOURCES / kind.name)
    release(kind, home, database)
    for student in kind.works:
        hand_in(kind, student, home)


def write_source(kind, folder):
    """The instructor's notebooks and the files beside them."""
    folder.mkdir(parents=True)
    for name, cells in kind.notebooks.items():
        save(notebook(cells), folder / f"{name}.ipynb")
    write_files(folder, kind.files)


def notebook(cells):
    """Cells as a notebook."""
    made = []
    for number, cell in enumerate(cells):
        new = new_code_cell if cell.cell_type == "code" else new_markdown_cell
        made.append(new(cell.source, metadata=cell.metadata, id=f"cell-{number}"))
    return new_notebook(
        cells=made,
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python", "file_extension": ".py", "version": "3.11.7"},
        },
    )


def save(content, path):
    """As Jupyter saves it: every text as a list of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


def write_files(folder, files):
    """Files given as text or bytes."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def settings(home):
    """The settings of stock nbgrader: nothing but where the folders lie."""
    from traitlets.config import Config

    layout = {
        "root": str(home),
        "source_directory": str(Path(home, SOURCES)),
        "db_url": f"sqlite:///{home}/stock.db",
    }
    return Config({"CourseDirectory": layout})


def release(kind, home, database):
    """The students' version, made by nbgrader itself."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    config = settings(home)
    if not database:
        config.GenerateAssignment.no_database = True
        steps = GenerateAssignment(config=config).preprocessors
        config.GenerateAssignment.preprocessors = [one for one in steps if one is not SaveCells]
    convert(GenerateAssignment, config, assignment_id=kind.name)


def convert(converter, config, **layout):
    """Run one of nbgrader's converters on a part of the course.

    Raises
    ------
    RuntimeError
        If it fails; the message is the last line of the traceback that it has logged.
    """
    from nbgrader.coursedir import CourseDirectory
    from traitlets.log import get_logger

    config = deepcopy(config)
    config.CourseDirectory.update(layout)
    log, keep = get_logger(), _Keep(logging.ERROR)
    log.setLevel(logging.ERROR)
    log.addHandler(keep)
    try:
        converter(coursedir=CourseDirectory(config=config), config=config).start()
    except (Exception, SystemExit) as error:
        traces = [line for line in keep.lines if line.startswith("Traceback")] or [str(error)]
        raise RuntimeError(traces[-1].strip().splitlines()[-1]) from error
    finally:
        log.removeHandler(keep)


class _Keep(logging.Handler):
    """What nbgrader logs, kept instead of shown."""

    def __init__(self, level):
        super().__init__(level)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def hand_in(kind, student, home):
    """Write one student's submission, made from the release."""
    work = kind.works[student]
    folder = home / "submitted" / student.replace(" ", "-") / kind.name
    write_files(folder, {"timestamp.txt": HANDED_IN} | work.files)
    answers = dict(work.answers)
    edits = [edit for edit in work.edits if not isinstance(edit, kinds.Saved)]
    for name, cells in kind.notebooks.items():
        content = nbformat.read(home / "release" / kind.name / f"{name}.ipynb", as_version=4)
        _fill_in(content, name, cells, answers, work.start)
        names = {_grade_id(cell) for cell in content.cells}
        for edit in [edit for edit in edits if _place_of(edit) in names]:
            edits.remove(edit)
            _edit(content.cells, edit)
        for number, cell in enumerate(content.cells):
            cell.id = f"cell-{number}"
        for edit in work.edits:
            if isinstance(edit, kinds.Saved):
                SAVED_BY[edit.program](content)
        if name not in work.without:
            save(content, folder / f"{name}.ipynb")
    if answers or edits:
        raise ValueError(
            f"{kind.name}, {student}: no such cells: {', '.join(answers)} {edits or ''}"
        )


def _fill_in(content, name, cells, answers, start):
    """Put answers into a release; those used are taken out of `answers`."""
    solved = {cell.grade_id: cell.solved for cell in cells if cell.solution}
    for cell in content.cells:
        grade_id = _grade_id(cell)
        if grade_id not in solved:
            continue
        if start == "right":
            cell.source = solved[grade_id]
        for key in (grade_id, f"{name}/{grade_id}"):
            if key in answers:
                cell.source = answers.pop(key).strip("\n")


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _place_of(edit):
    """The cell of the assignment by which an edit is placed."""
    if isinstance(edit, kinds.Own):
        return edit.before or edit.after
    return edit.grade_id


def _edit(cells, edit):
    """Carry out one edit on the list of cells."""

    def at(grade_id):
        return next(i for i, cell in enumerate(cells) if _grade_id(cell) == grade_id)

    match edit:
        case kinds.Own(source, before, after, cell_type):
            new = new_code_cell if cell_type == "code" else new_markdown_cell
            place = at(before) if before else at(after) + 1
            cells.insert(place, new(source.strip("\n")))
        case kinds.Copy(grade_id, after, source):
            twin = deepcopy(cells[at(grade_id)])
            twin.source = twin.source if source is None else source.strip("\n")
            cells.insert(at(after) + 1, twin)
        case kinds.Retyped(grade_id):
            cells[at(grade_id)].metadata = nbformat.from_dict({})
        case kinds.Moved(grade_id, after):
            cell = cells.pop(at(grade_id))
            cells.insert(at(after) + 1, cell)
        case kinds.Deleted(grade_id):
            cells.pop(at(grade_id))
        case kinds.Edited(grade_id, source):
            cells[at(grade_id)].source = source.strip("\n")
        case kinds.Turned(grade_id, cell_type):
            _turn(cells[at(grade_id)], cell_type)


def _turn(cell, cell_type):
    """Another type, as Jupyter's keys m and r give it."""
    cell.cell_type = cell_type
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)


def _saved_by_colab(content):
    content.metadata = nbformat.from_dict(
        {
            "colab": {"provenance": [], "toc_visible": True},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        }
    )
    content.nbformat_minor = 0
    for number, cell in enumerate(content.cells):
        cell.pop("id", None)
        cell.metadata.id = f"XyZ{number:09d}"
        if cell.cell_type == "code":
            cell.metadata.colab = {"base_uri": "https://localhost:8080/"}
            cell.metadata.outputId = "0a1b2c3d"


def _saved_by_vscode(content):
    content.metadata.kernelspec = {
        "display_name": ".venv",
        "language": "python",
        "name": "python3",
    }
    content.metadata.vscode = {"interpreter": {"hash": "31f2aee4e71d21fbe5cf8b01ff0e069b"}}
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.metadata.vscode = {"languageId": "python"}


def _saved_by_old(content):
    content.nbformat_minor = 2
    for cell in content.cells:
        cell.pop("id", None)
        cell.metadata.collapsed = True


def _saved_by_conda(content):
    content.metadata.kernelspec = {
        "display_name": "Python [conda env:stats]",
        "language": "python",
        "name": "conda-env-stats-py",
    }


def _saved_by_executed(content):
    """With the outputs of a run from top to bottom, which found errors in the tests."""
    for number, cell in enumerate(content.cells):
        if cell.cell_type == "code":
            cell.execution_count = number + 1
            cell.outputs = [
                new_output("stream", name="stderr", text="a warning\n"),
                new_output("execute_result", {"text/plain": "0"}, execution_count=number + 1),
                new_output("error", ename="NameError", evalue="no", traceback=["NameError: no"]),
            ]


SAVED_BY = {
    "colab": _saved_by_colab,
    "vscode": _saved_by_vscode,
    "old": _saved_by_old,
    "conda": _saved_by_conda,
    "executed": _saved_by_executed,
}


def scores(db_url, kind):
    """What a gradebook holds: {work: {notebook: {grade_id: points}}}.

    Points are None where a person has to grade.
    """
    from nbgrader.api import Gradebook

    titles = {title.replace(" ", "-"): title for title in kind.works}
    with Gradebook(db_url) as book:
        return {
            titles[one.student_id]: {
                notebook.name: {
                    grade.cell.name: grade.auto_score
                    for grade in sorted(notebook.grades, key=lambda grade: grade.cell.name)
                }
                for notebook in sorted(one.notebooks, key=lambda notebook: notebook.name)
            }
            for one in book.assignment_submissions(kind.name)
        }

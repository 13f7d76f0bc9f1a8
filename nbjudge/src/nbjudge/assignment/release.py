"""The students' notebooks, generated from the sources: the same bytes for the same source."""

import hashlib
import json
import shutil
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, is_solution

from nbjudge.course import Course, course_config, run

# all that a student's cell needs to carry
CELL_METADATA = ("nbgrader", "deletable", "editable", "tags")
# byte code, hidden files and what editors leave behind: no part of an assignment
LEFTOVERS = ("__pycache__", "*.pyc", ".*", "*~", "#*#", "*.bak", "*.orig")


def build(home, chapter, target):
    """Generate the release of one chapter into `target`/NN-slug, the same bytes for the same
    source.

    Parameters
    ----------
    home : path
        The course's folder.
    chapter : str
        Folder name, such as "03-softmax".
    target : path
        Folder for the result.

    Returns
    -------
    pathlib.Path
        `target`/NN-slug.

    Raises
    ------
    RuntimeError
        If nbgrader refuses the source: a delimiter without its partner, a solution in a cell not
        marked as one.
    """
    config = course_config(home)
    config.GenerateAssignment.no_database = True  # releasing needs no gradebook
    ignored = CourseDirectory(config=config).ignore
    config.CourseDirectory.ignore = [*ignored, *LEFTOVERS]
    config.GenerateAssignment.preprocessors = [
        step for step in GenerateAssignment(config=config).preprocessors if step is not SaveCells
    ]
    run(
        GenerateAssignment,
        config,
        assignment_id=chapter,
        release_directory=str(Path(target).resolve()),
    )
    for path in Path(target, chapter).rglob("*.ipynb"):
        _tidy(path, _ids(Path(config.CourseDirectory.source_directory, chapter, path.name)))
    return Path(target, chapter)


def _ids(source):
    """The ids of a source's cells.

    Header and footer may use them too, and sources from before nbformat 4.5 have none.
    """
    try:
        cells = json.loads(source.read_bytes())["cells"]
    except (OSError, ValueError, KeyError):
        return set()
    return {cell["id"] for cell in cells if cell.get("id")}


def _tidy(path, ids):
    """Keep of a generated notebook what is the same on every machine.

    Cells have an id of `ids` or one of their text.
    """
    notebook = nbformat.read(path, as_version=4)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        if cell.get("id") not in ids:  # nbformat has drawn it
            cell.id = hashlib.sha256(f"{number}\n{cell.source}".encode()).hexdigest()[:8]
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in CELL_METADATA if k in cell.metadata}
        )
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def differences(built, released):
    """Names of the files that differ between two folders, with what is the matter."""
    built, released = Path(built), Path(released)
    ours, theirs = _files(built), _files(released)
    rows = [(name, "is missing") for name in ours - theirs] + [
        (name, "has no source") for name in theirs - ours
    ]
    rows += [
        (name, "is stale")
        for name in ours & theirs
        if (built / name).read_bytes() != (released / name).read_bytes()
    ]
    return sorted(rows)


def _files(folder):
    """The names of an assignment's files, without what is none of them."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not any(map(is_leftover, name.parts))}


def is_leftover(name):
    """Whether a file or a folder of this name was left behind by a program.

    Examples
    --------
    >>> is_leftover("helper.cpython-311.pyc"), is_leftover(".DS_Store"), is_leftover("data.csv")
    (True, True, False)
    """
    return any(fnmatch(name, pattern) for pattern in LEFTOVERS)


def answered(path):
    """Whether someone has worked in a release notebook.

    An answer differs from the stub that was handed out.
    """
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # whatever it is, it is not ours to overwrite
        return True
    return any(
        is_solution(cell) and compute_checksum(cell) != cell.metadata.nbgrader.get("checksum")
        for cell in cells
    )


def generate(home=".", chapters=(), approve=lambda chapter: None):
    """Bring the releases up to date with their sources; what is current is not touched.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `Course.chapters`.
    approve : callable
        Called with each chapter of which something changes, before anything is written; raises an
        error that says why it cannot be released.

    Returns
    -------
    list of pathlib.Path
        The files written or removed.

    Raises
    ------
    ValueError
        If a stale release holds somebody's answers: they are not overwritten.
    """
    course, changed = Course(home), []
    with tempfile.TemporaryDirectory() as scratch:
        for chapter in course.chapters(chapters):
            built, released = (
                build(home, chapter, scratch),
                course.folder("release", chapter=chapter),
            )
            found = differences(built, released)
            if found:
                approve(chapter)
            for name, what in found:
                path = released / name
                if path.suffix == ".ipynb" and path.exists() and answered(path):
                    raise ValueError(
                        f"{_below(path, course.home)} {what} but holds answers, so it was left"
                        " alone: move it elsewhere (submitted/YOU/CHAPTER is a good place), then"
                        " run nbjudge release again"
                    )
                changed.append(path)
                if what == "has no source":
                    path.unlink()
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(built / name, path)
    return changed


def _below(path, home):
    return path.relative_to(home) if path.is_relative_to(home) else path

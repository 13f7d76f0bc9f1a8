"""Reading what was handed in.

Only plain files, never more than fits, never an error that ends the run.
"""

import gc
import hashlib
import json
import operator
import os
import stat
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

from nbjudge.submission.sanitise import grade_id, pictures, source_of

# a notebook with careless outputs; a solved one has well under 1 MiB
MAX_BYTES = 100 << 20
MAX_EXTRA = 16 << 20  # all other files together
# an assignment has about thirty, and a student's own come to some dozens
MOST_CELLS = 5000
MOST_FILES = 200
# Opening neither follows a link nor waits for a device; a student's Windows, which reads only what
# is theirs, has other flags.
FLAGS = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
READ_PLAIN = reduce(operator.or_, (getattr(os, flag, 0) for flag in FLAGS))
SKIPPED = {"timestamp.txt", ".ipynb_checkpoints", "__pycache__"}
SAVE_AGAIN = "open it in JupyterLab, save it and hand it in again"


@dataclass(frozen=True)
class Submission:
    """One notebook as handed in, as plain data: it can be sent to another machine.

    Attributes
    ----------
    cells : list of dict
        Type, text, grade_id and attachments of each cell; outputs are left behind.
    files : dict of str to bytes
        What was handed in beside the notebook.
    timestamp : str or None
        When it was handed in.
    notes : list of str
        What an instructor should know about the reading.
    """

    student: str
    chapter: str
    notebook: str
    cells: list
    files: dict = field(default_factory=dict)
    timestamp: str | None = None
    notes: list = field(default_factory=list)

    @property
    def digest(self):
        """A hash of everything that was handed in."""
        parts = {one.name: getattr(self, one.name) for one in fields(self)} | {
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        }
        return hashlib.sha256(
            json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")
        ).hexdigest()


class UnreadableError(ValueError):
    """What was handed in cannot be graded; the message is cause and remedy."""


class NotThereError(UnreadableError):
    """No notebook has the name that is expected, and none could stand for it."""


def read(folder, student, chapter, notebook="exercises", others=(), is_solved=None):
    """Read one notebook of a submission.

    Parameters
    ----------
    folder : path
        submitted/STUDENT/CHAPTER.
    student, chapter, notebook : str
        The notebook's name is given without its ending.
    others : sequence of str
        The names of the assignment's other notebooks.
    is_solved : callable, optional
        Whether somebody has worked in these cells: decides between several notebooks.

    Returns
    -------
    Submission

    Raises
    ------
    UnreadableError
        If it cannot be graded; the message is cause and remedy in words for instructor and student.
    """
    folder, notes = Path(folder), []
    if any(path.is_symlink() for path in (folder, folder.parent)):
        raise UnreadableError(
            f"{folder.name} is a link, not a folder: ask for the files themselves, or remove it and"
            " grade again"
        )
    path, cells = _choose(folder, notebook, others, is_solved or bool, notes)
    ours = {path.name, *(f"{name}.ipynb" for name in (notebook, *others))}
    files = _extra_files(folder, ours, notes)
    return Submission(
        student, chapter, notebook, cells, files, _timestamp(folder / "timestamp.txt", notes), notes
    )


def _choose(folder, notebook, others, is_solved, notes):
    """The notebook to grade, and its cells; what had to be decided goes into `notes`."""
    expected = folder / f"{notebook}.ipynb"
    rest = [
        path
        for path in sorted(folder.glob("*.ipynb"))
        if path.stem not in (notebook, *others) and path.is_file() and not path.is_symlink()
    ]
    there = os.path.lexists(expected)
    cells = _cells(expected) if there else None
    if there and (not rest or is_solved(cells)):
        if rest:
            notes.append(
                f"beside {expected.name} lie notebooks that were not graded: {_list(rest)}"
            )
        return expected, cells
    solved = [(path, found) for path in rest if is_solved(found := _cells_or_none(path))]
    if not there and len(rest) == 1:
        path, cells = rest[0], _cells(rest[0])
        if path.stem != folder.name:  # a download that carries its assignment's name is no surprise
            notes.append(f"{path.name} was taken for {expected.name}")
    elif len(solved) == 1:
        path, cells = solved[0]
        what = "is blank" if there else "is not there"
        notes.append(f"{expected.name} {what}, and {path.name} was taken for it")
    elif there:
        path = expected
        if solved:
            notes.append(f"{expected.name} is blank, and {_list(rest)} are not: which one counts?")
    else:
        raise NotThereError(
            f"there is no {expected.name}{_instead(folder)}: the notebook is expected under exactly"
            " this name; put it there and grade again"
        )
    return path, cells


def _list(paths):
    return ", ".join(path.name for path in paths)


def _instead(folder):
    """What is there, for a message on what is not."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.name not in SKIPPED)
    except NotADirectoryError:
        return f", because {folder.name} is a file and not a folder"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f" but {', '.join(names[:5])}{more}" if names else ", the folder is empty"


def _cells_or_none(path):
    try:
        return _cells(path)
    except ValueError:
        return None


def notebook_trouble(path):
    """Why a file cannot be read as a notebook, with the remedy; None when it can."""
    try:
        _cells(Path(path))
    except ValueError as error:
        return str(error)
    return None


def _cells(path):
    """The cells of a notebook without their outputs."""
    data = _read_plain(path, MAX_BYTES)
    if data is None:
        raise NotThereError(f"there is no {path.name}")
    return cells_of(data, path.name)


def cells_of(data, name):
    """The cells of a notebook without their outputs.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in an error.

    Returns
    -------
    list of dict

    Raises
    ------
    UnreadableError
        If it is no notebook.
    """
    try:
        notebook = _parsed(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError(f"{name} is not text in UTF-8: {SAVE_AGAIN}") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{name} is not a complete notebook (broken at line {error.lineno}, column"
            f" {error.colno}): {SAVE_AGAIN}"
        ) from None
    except RecursionError:
        raise UnreadableError(
            f"{name} is nested too deeply to be a notebook: {SAVE_AGAIN}"
        ) from None
    except ValueError as error:  # a number of a million digits
        raise UnreadableError(f"{name} is not a notebook ({error}): {SAVE_AGAIN}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise UnreadableError(f"{name} is valid JSON but holds no list of cells: {SAVE_AGAIN}")
    if len(cells) > MOST_CELLS:
        raise UnreadableError(
            f"{name} holds {len(cells)} cells, and {MOST_CELLS} are the most: take out what is"
            f" not yours, then {SAVE_AGAIN}"
        )
    return [_bare(cell) for cell in cells]


def _parsed(text):
    """JSON, read in seconds even where it holds millions of objects.

    The collector would look through them again and again.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text)
    finally:
        if collecting:
            gc.enable()


def _bare(cell):
    """What of a cell may count: its type, its text, its name, its pictures, and its points to be
    compared.
    """
    bare = {
        "cell_type": cell.get("cell_type") if isinstance(cell.get("cell_type"), str) else "raw",
        "source": source_of(cell),
        "metadata": {},
    }
    if grade_id(cell) is not None:
        points = cell["metadata"]["nbgrader"].get("points")
        bare["metadata"] = {
            "nbgrader": {
                "grade_id": grade_id(cell),
                "points": points if isinstance(points, (int, float)) else None,
            }
        }
    if kept := pictures(cell):
        bare["attachments"] = kept
    return bare


def _read_plain(path, most):
    """The bytes of a regular file; None if nothing is there."""
    try:
        descriptor = os.open(path, READ_PLAIN)
    except FileNotFoundError:
        return None
    except OSError:
        raise UnreadableError(
            f"{path.name} is a link or a device, not a file: ask for the file itself, or remove it"
            " and grade again"
        ) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnreadableError(
            f"{path.name} is a link or a device, not a file: ask for the file itself, or remove it"
            " and grade again"
        )
    with open(descriptor, "rb") as file:
        if status.st_size > most:
            raise UnreadableError(
                f"{path.name} has {status.st_size >> 20} MiB, the limit is {most >> 20}: "
                "ask for the notebook with its outputs cleared and grade again"
            )
        return file.read(most)


def _extra_files(folder, notebooks, notes):
    """Files beside the notebook, as {relative name: bytes}.

    What is no plain file or too large is left out and told.
    """
    files, size = {}, 0
    for base, folders, names in os.walk(folder, followlinks=False):
        linked = [name for name in folders if os.path.islink(os.path.join(base, name))]
        folders[:] = sorted(set(folders) - SKIPPED - set(linked))
        for name in sorted([*names, *linked]):
            path = Path(base, name)
            if name in SKIPPED or base == str(folder) and name in notebooks:
                continue
            short = str(path.relative_to(folder))
            try:
                data = _read_plain(path, MAX_EXTRA - size)
            except (ValueError, OSError) as error:
                notes.append(f"{short} was left out: {str(error).partition(':')[0]}")
                continue
            if len(files) >= MOST_FILES:
                notes.append(
                    f"{short} was left out, and all after it: there are more than {MOST_FILES}"
                    " files"
                )
                return files
            size += len(data or b"")
            files[short] = data or b""
    return files


def _timestamp(path, notes):
    """When it was handed in: what the collecting program wrote, or the time of its file if that is
    no date.
    """
    from nbgrader.utils import parse_utc

    try:
        data = _read_plain(path, 10_000)
        if data is None or not data.strip():
            return None
        text = data.decode().strip()
        when = parse_utc(text)
        if when.replace(tzinfo=UTC) > datetime.now(UTC):
            notes.append(f"{path.name} says {text}, which is in the future")
        return text
    except (ValueError, OverflowError, TypeError, AttributeError):
        when = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        notes.append(
            f"{path.name} holds no date: the time of the file was taken,"
            f" {when:%Y-%m-%d %H:%M:%S} UTC"
        )
        return f"{when:%Y-%m-%d %H:%M:%S} UTC"

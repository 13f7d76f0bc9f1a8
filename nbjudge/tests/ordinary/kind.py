"""What a kind of assignment is made of, as plain data: cells, files, and the work handed in.

A kind is written as an instructor writes a source notebook, cell after cell, with nbgrader's own
marks around solutions and hidden tests. Beside it stands the work of a few students.
"""

import hashlib
import re
from dataclasses import dataclass, field
from importlib.util import find_spec

NOTEBOOK = "problems"


@dataclass(frozen=True)
class Cell:
    """A cell of a source notebook; `grade_id` is empty for a cell without nbgrader's metadata."""

    source: str
    cell_type: str = "code"
    grade_id: str = ""
    points: float | None = None
    grade: bool = False
    solution: bool = False
    task: bool = False

    @property
    def metadata(self):
        """The cell's metadata as nbgrader 0.9 writes them."""
        if not self.grade_id:
            return {}
        mark = {
            "grade": self.grade,
            "grade_id": self.grade_id,
            "locked": not self.solution,
            "schema_version": 3,
            "solution": self.solution,
            "task": self.task,
        }
        return {"nbgrader": mark if self.points is None else mark | {"points": self.points}}

    @property
    def solved(self):
        """The text of the cell as its author would hand it in."""
        return re.sub(r"^.*### (BEGIN|END) SOLUTION.*\n?", "", self.source, flags=re.M).rstrip("\n")


def code(source, grade_id=""):
    """A cell of the author's, read-only if it has a grade_id."""
    return Cell(source.strip("\n"), grade_id=grade_id)


def text(source, grade_id=""):
    """A text of the author's, read-only if it has a grade_id."""
    return Cell(source.strip("\n"), "markdown", grade_id)


def answer(grade_id, source):
    """Code that students write; without marks the whole cell is the solution."""
    return Cell(source.strip("\n"), grade_id=grade_id, solution=True)


def test(grade_id, points, source):
    """A cell of tests, with its points."""
    return Cell(source.strip("\n"), grade_id=grade_id, points=points, grade=True)


def written(grade_id, points, source):
    """A text that students write and a person grades."""
    return Cell(source.strip("\n"), "markdown", grade_id, points, grade=True, solution=True)


def code_by_hand(grade_id, points, source):
    """Code that students write and a person grades."""
    return Cell(source.strip("\n"), "code", grade_id, points, grade=True, solution=True)


def task(grade_id, points, source):
    """A task: students add cells of their own below it, a person grades them."""
    return Cell(source.strip("\n"), "markdown", grade_id, points, task=True)


@dataclass(frozen=True)
class Own:
    """A cell of the student's own, before or after a cell of the assignment."""

    source: str
    before: str = ""
    after: str = ""
    cell_type: str = "code"


@dataclass(frozen=True)
class Copy:
    """A copy of a cell and its metadata, after another cell, perhaps with another text."""

    grade_id: str
    after: str
    source: str | None = None


@dataclass(frozen=True)
class Retyped:
    """A cell that was deleted and typed again: its text is there, its metadata are not."""

    grade_id: str


@dataclass(frozen=True)
class Moved:
    """A cell that stands after another one now."""

    grade_id: str
    after: str


@dataclass(frozen=True)
class Deleted:
    """A cell that is gone."""

    grade_id: str


@dataclass(frozen=True)
class Edited:
    """A cell of the author's that the student changed."""

    grade_id: str
    source: str


@dataclass(frozen=True)
class Turned:
    """A cell that became one of another type."""

    grade_id: str
    cell_type: str


@dataclass(frozen=True)
class Saved:
    """Every notebook as another program saves it: see `course.SAVED_BY`."""

    program: str


@dataclass(frozen=True)
class Work:
    """What one student hands in.

    Attributes
    ----------
    answers : dict of str to str
        {grade_id: text}, or {"notebook/grade_id": text} where notebooks share a grade_id.
    edits : tuple
        What else happened to the notebook: Own, Copy, Retyped, Moved, Deleted, Edited, Turned,
        Saved.
    files : dict of str to str or bytes
        Files handed in beside the notebooks.
    without : tuple of str
        Notebooks that were not handed in.
    start : str
        Where the other answers come from: "right" is the author's solution, "blank" the release.
    kinder : bool
        Whether more points than stock's are welcome: damage that stock does not repair.
    like : str
        Where stock refuses this work: the work whose points it should have.
    """

    answers: dict = field(default_factory=dict)
    edits: tuple = ()
    files: dict = field(default_factory=dict)
    without: tuple = ()
    start: str = "right"
    kinder: bool = field(default=False, repr=False)
    like: str = field(default="", repr=False)


def work(answers=None, *edits, files=None, without=(), start="right", **more):
    """What one student hands in, see `Work`; answers that are not named are right ones."""
    return Work(answers or {}, edits, files or {}, tuple(without), start, **more)


@dataclass(frozen=True)
class Kind:
    """A kind of assignment.

    Attributes
    ----------
    name : str
        Family and idea, such as "callbacks-newton".
    about : str
        What is special about it, in one sentence.
    notebooks : dict of str to list of Cell
    works : dict of str to Work
        "right" and "blank" are always there. A name that begins with "right" earns all points,
        one with "wrong" loses some, and "refused" is what stock nbgrader cannot grade; a test of
        this folder holds stock nbgrader to that.
    files : dict of str to str or bytes
        Files beside the source notebooks.
    course_files : dict of str to str
        Files in the course's own folder.
    needs : tuple of str
        Modules without which it is skipped.
    namespaces : bool
        Whether it takes namespaces: processes that share memory or locks, a look at the root.
    """

    name: str
    about: str
    notebooks: dict
    works: dict
    files: dict
    course_files: dict
    needs: tuple
    namespaces: bool

    @property
    def digest(self):
        """A few letters that change with everything that could change stock's points."""
        parts = self.name, self.notebooks, self.works, self.files, self.course_files
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]

    @property
    def most(self):
        """The points of all cells that tests grade."""
        return sum(
            cell.points
            for cells in self.notebooks.values()
            for cell in cells
            if cell.grade and not cell.solution
        )

    @property
    def missing(self):
        """The modules it needs that are not installed here."""
        return [name for name in self.needs if find_spec(name) is None]


def kind(
    name,
    about,
    *cells,
    notebooks=None,
    files=None,
    course_files=None,
    needs=(),
    namespaces=False,
    **works,
):
    """A kind of assignment, see `Kind`.

    Parameters
    ----------
    name, about : str
    *cells : Cell
        Of the one notebook there is; give `notebooks` instead where there are several.
    notebooks, files, course_files, needs, namespaces
        See `Kind`.
    **works : dict or Work
        The work of students; a dict stands for their answers. "wrong" becomes the name "wrong",
        "right_with_numpy" the name "right with numpy".

    Returns
    -------
    Kind
    """
    handed_in = {"right": work(), "blank": work(start="blank")}
    for title, one in works.items():
        handed_in[title.replace("_", " ")] = one if isinstance(one, Work) else work(one)
    return Kind(
        name,
        about,
        notebooks or {NOTEBOOK: list(cells)},
        handed_in,
        files or {},
        course_files or {},
        tuple(needs),
        namespaces,
    )

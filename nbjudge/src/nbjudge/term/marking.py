"""Answers that a person marks: which they are, who wrote them, and what has been said of them."""

import contextlib
import hashlib
import hmac
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from nbjudge.assignment.spec import TEXT, WRITTEN, compile_spec
from nbjudge.course import Course
from nbjudge.records import standing
from nbjudge.records.gradebook import Writer
from nbjudge.records.marks import Mark
from nbjudge.reports.feedback import HEADING
from nbjudge.submission.sanitise import grade_id, source_of

SCHEME = re.compile(
    r"^[^\n]*BEGIN MARK SCHEME[^\n]*\n(.*?)^[^\n]*END MARK SCHEME[^\n]*$", re.DOTALL | re.MULTILINE
)


class Problem(NamedTuple):
    """A cell that a person marks."""

    notebook: str
    # its grade_id
    name: str
    title: str
    # the texts that students read before it
    question: str
    # "" if the source has none
    scheme: str
    # the author's own answer
    model: str
    most: float
    # whether it is a task, which has no cell for the answer
    is_task: bool


class Answer(NamedTuple):
    """One student's answer to a problem."""

    # stands for the student in an address
    key: str
    student: str
    # "" if the roster has none
    name: str
    mark: Mark

    @property
    def waits(self):
        """Whether it has still to be marked."""
        return self.mark.points is None


class Desk:
    """The answers of an assignment, to be read and marked one after another.

    Parameters
    ----------
    chapter : str
        Number or name of an assignment.
    home, root, db
        As in `Course`.
    problem : str, optional
        The grade_id of the only problem to mark.
    anonymous : bool
        Whether answers come without names and in an order that says nothing about them.
    secret : bytes
        Answers' keys are made with it.

    Raises
    ------
    ValueError
        If there is no gradebook yet, or nothing in the assignment that a person marks.
    """

    def __init__(
        self, chapter, home=".", root=None, db=None, problem=None, anonymous=False, secret=b""
    ):
        self.course = Course(home, root, db)
        standing.refuse_missing(self.course.db)
        (self.chapter,) = self.course.chapters([chapter])
        self.anonymous, self.secret = anonymous, secret
        found = [
            one
            for path in self.course.sources(self.chapter)
            for one in problems(path, self.course.config)
        ]
        self.problems = [one for one in found if problem in (None, one.name)]
        if not self.problems:
            names = ", ".join(one.name for one in found)
            raise ValueError(
                f"{self.chapter} has no problem {problem!r} that a person marks: there are {names}"
                if found
                else f"{self.chapter} has no problem that a person marks: tests give all points"
            )

    def answers(self, problem):
        """The answers to a problem in the order in which they are shown.

        Parameters
        ----------
        problem : Problem

        Returns
        -------
        list of Answer
        """
        with self._writer() as writer:
            marks, names = writer.marks(self.chapter), writer.names()
            found = [
                Answer(self._key(problem, student), student, names.get(student, ""), mark)
                for (student, notebook, cell), mark in marks.items()
                if (notebook, cell) == (problem.notebook, problem.name)
                and self._path(writer, student, problem).exists()
            ]
        if self.anonymous:
            return sorted(found, key=lambda one: one.key)
        return sorted(found, key=lambda one: (one.name or one.student, one.student))

    def cells(self, problem, student):
        """What a student has written for a problem: cells as nbformat has them.

        Of a task, all cells that are the student's own.
        """
        with self._writer() as writer:
            cells = writer.cells_that_lie_there(self.chapter, student, problem.notebook)
        wanted = None if problem.is_task else problem.name
        return [cell for cell in cells if grade_id(cell) == wanted and source_of(cell).strip()]

    def mark(self, problem, student, points, comment, was):
        """Enter a mark; see `records.marks.mark`."""
        where = problem.notebook, problem.name
        with self._writer() as writer:
            writer.mark(self.chapter, student, where, points, comment, was)

    def _writer(self):
        return contextlib.closing(Writer(self.course.config))

    def _path(self, writer, student, problem):
        folder = writer.folder("autograded", student, self.chapter)
        return Path(folder, f"{problem.notebook}.ipynb")

    def _key(self, problem, student):
        whose = f"{problem.notebook}\0{problem.name}\0{student}".encode("utf-8", "surrogateescape")
        return hmac.new(self.secret, whose, hashlib.sha256).hexdigest()[:16]


def problems(path, config):
    """The cells of a source notebook that a person marks.

    Parameters
    ----------
    path : path
    config : traitlets.config.Config
        From `course_config`.

    Returns
    -------
    list of Problem
    """
    sources = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source
        for cell in nbformat.read(path, as_version=4).cells
    }
    spec, found, question, heading = compile_spec(path, config=config), [], [], ""
    for cell in spec.cells:
        if cell.role == TEXT and cell.cell_type == "markdown":
            question.append(cell.visible)
            heading = [heading, *HEADING.findall(cell.visible)][-1]
        elif cell.role == WRITTEN:
            is_task = not cell.metadata["nbgrader"].get("solution")
            model, scheme = split_scheme(sources[cell.grade_id])
            if is_task:
                question, model = [*question, model], ""
                heading = [heading, *HEADING.findall(question[-1])][-1]
            found.append(
                Problem(
                    spec.notebook,
                    cell.grade_id,
                    heading or cell.grade_id,
                    "\n\n".join(question),
                    scheme,
                    model,
                    cell.points,
                    is_task,
                )
            )
            question = []
        else:
            question = []
    return found


def split_scheme(source):
    """What an author wrote, without the marking scheme, and the scheme.

    Examples
    --------
    >>> split_scheme("Sums.\\n=== BEGIN MARK SCHEME ===\\nOne point.\\n=== END MARK SCHEME ===\\n")
    ('Sums.', 'One point.')
    >>> split_scheme("Sums. Marks: one point.")
    ('Sums. Marks: one point.', '')
    """
    found = SCHEME.search(source)
    if found is None:
        return source.strip(), ""
    return (source[: found.start()] + source[found.end() :]).strip(), found[1].strip()


def progress(answers):
    """How far the marking is.

    Examples
    --------
    >>> one, two = Mark(1.0, "", "", 2.0), Mark(None, "", "", 2.0)
    >>> progress([Answer("a", "ann", "", one), Answer("b", "bob", "", two)])
    '1 of 2 marked'
    """
    return f"{sum(not one.waits for one in answers)} of {len(answers)} marked"


def next_waiting(answers, after=None):
    """The next answer to be marked, from the first again after the last; None if all are.

    Parameters
    ----------
    answers : list of Answer
    after : str, optional
        The key of an answer; by default the search starts with the first.

    Examples
    --------
    >>> waits = Mark(None, "", "", 2.0)
    >>> some = [Answer(key, key, "", waits) for key in "abc"]
    >>> next_waiting(some).key, next_waiting(some, "b").key, next_waiting(some, "c").key
    ('a', 'c', 'a')
    """
    keys = [one.key for one in answers]
    start = keys.index(after) + 1 if after in keys else 0
    return next((one for one in answers[start:] + answers[:start] if one.waits), None)

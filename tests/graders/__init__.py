"""What each problem's tests must do with right answers in other styles and with the wrong ones that
students write.

One module a chapter, `chapter_NN.PROBLEMS`: {grade_id of the answer cell: Problem}.
tests/test_graders.py runs them.
"""

import ast
import contextlib
import importlib
import io
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

HOME = Path(__file__).resolve().parents[2]


class Problem(NamedTuple):
    """Answers to one problem, by name.

    Attributes
    ----------
    points : float
        What the test cell can give.
    right : dict of str to str
        Name to the text of an answer cell; each earns all points.
    wrong : dict of str to tuple
        Name to the text, the most it may earn, a phrase of the message that it must get and, where
        it costs more than half of the points, why.
    """

    points: float
    right: dict
    wrong: dict


@cache
def tables():
    """{chapter: {grade_id of the answer cell: Problem}}."""
    return {
        chapter: importlib.import_module(f"{__name__}.chapter_{chapter:02d}").PROBLEMS
        for chapter in range(1, 11)
    }


@cache
def _cells(folder, chapter):
    [path] = (HOME / folder).glob(f"{chapter:02d}-*/exercises.ipynb")
    return nbformat.read(path, as_version=4).cells


def _nbgrader(cell):
    return cell.metadata.get("nbgrader", {})


def stub(chapter, problem):
    """The answer cell as students get it."""
    return next(
        cell.source
        for cell in _cells("exercises", chapter)
        if _nbgrader(cell).get("grade_id") == problem
    )


def autograded(chapter):
    """{grade_id of an answer cell: points of the test cell that follows it}."""
    found, answer = {}, None
    for cell in _cells("solutions", chapter):
        mark = _nbgrader(cell)
        if cell.cell_type == "code" and mark.get("solution"):
            answer = mark["grade_id"]
        elif cell.cell_type == "code" and mark.get("grade"):
            found[answer] = mark["points"]
    return found


def grade(chapter, problem, answer=None):
    """Run a source notebook up to the tests of one problem, with `answer` in its cell (None: the
    reference).

    Returns
    -------
    score : float
    said : str
        What the test cell printed.
    """
    names, in_question = {"__name__": "__main__"}, False
    for cell in _cells("solutions", chapter):
        mark = _nbgrader(cell)
        if cell.cell_type != "code":
            continue
        if mark.get("grade_id") == problem:
            in_question = True
            _run(cell.source if answer is None else answer, names)
        elif not mark.get("grade"):
            _run(cell.source, names)
        elif in_question:
            return _run(cell.source, names)
    raise ValueError(f"chapter {chapter} has no answer cell {problem!r} with tests after it")


def grade_all(chapter, answers):
    """Run a source notebook from its beginning to its end, as stock nbgrader does.

    Parameters
    ----------
    chapter : int
    answers : dict of str to str
        Answers by grade_id; where there is none, the reference's stands.

    Returns
    -------
    dict of str to (float, str)
        For each problem what `grade` returns.
    """
    names, answer, found = {"__name__": "__main__"}, None, {}
    for cell in _cells("solutions", chapter):
        mark = _nbgrader(cell)
        if cell.cell_type == "code":
            outcome = _run(answers.get(mark.get("grade_id"), cell.source), names)
            if mark.get("grade"):
                found[answer] = outcome
            elif mark.get("solution"):
                answer = mark["grade_id"]
    return found


def _run(source, names):
    """Execute a cell; return the value of its last expression and what it printed, as a notebook
    shows them.
    """
    body = ast.parse(source).body
    last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(ast.Module(body, type_ignores=[]), "<cell>", "exec"), names)
        if last is not None:
            value = eval(compile(last, "<cell>", "eval"), names)
    return value, printed.getvalue()

"""A course of one small assignment."""

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).resolve().parent

SOLUTION = """
def mean_of_logs(values):
    ### BEGIN SOLUTION
    positive = [v for v in values if v > 0]
    total_of_logs = sum(math.log(v) for v in positive)
    return total_of_logs / len(positive)
    ### END SOLUTION
""".strip()

TESTS = """
assert abs(mean_of_logs([1.0, math.e]) - 0.5) < 1e-9, "the mean of log 1 and log e is one half"
### BEGIN HIDDEN TESTS
secret_case = [0.25, 4.0, 16.0, 0.0625]
assert abs(mean_of_logs(secret_case)) < 1e-9, "logs of reciprocals cancel"
### END HIDDEN TESTS
""".strip()

PARTIAL = """
score = 0
score += 2 * (abs(mean_of_logs([math.e]) - 1) < 1e-9)
### BEGIN HIDDEN TESTS
score += 3 * (abs(mean_of_logs([0.0, math.e ** 7]) - 7) < 1e-9)
### END HIDDEN TESTS
score
""".strip()

ESSAY = """Logarithms turn products into sums, so long products no longer underflow.

Marks: one point for the sum, one point for the underflow of long products.
"""


def grader(grade_id, *, solution=False, points=None):
    """nbgrader's metadata of one cell."""
    meta = dict(
        grade_id=grade_id,
        grade=points is not None,
        solution=solution,
        locked=not solution,
        task=False,
        schema_version=3,
    )
    return {"nbgrader": meta | ({} if points is None else {"points": points})}


def source_notebook(
    what="logarithms",
    function="mean_of_logs",
    solution=SOLUTION,
    tests=TESTS,
    partial=PARTIAL,
    essay=ESSAY,
):
    """The notebook an instructor would write.

    A problem with visible, hidden and partial tests, and a written one.
    """
    cells = [
        new_markdown_cell(f"# Means of {what}", metadata=grader("title")),
        new_code_cell("import math"),
        new_markdown_cell(f"Write `{function}(values)`; leave out values that are not positive."),
        new_code_cell(solution, metadata=grader("p1", solution=True)),
        new_code_cell(tests, metadata=grader("p1_test", points=5)),
        new_code_cell(partial, metadata=grader("p1_partial", points=5)),
        new_markdown_cell(essay, metadata=grader("p2", solution=True, points=2)),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"{what}-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(
        cells=cells,
        metadata={"kernelspec": kernel, "language_info": {"name": "python", "version": "3.11.7"}},
    )


def make_course(home):
    """Lay a course out in a folder: settings, one source, a reference package."""
    home = Path(home)
    source = home / "solutions" / "01-logs" / "exercises.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(source_notebook(), source)
    shutil.copy(HERE / "nbgrader_config.py", home)
    package = home / "logs_reference"
    package.mkdir()
    (package / "__init__.py").write_text('"""A stand-in for what tests compare with."""\n')
    return home

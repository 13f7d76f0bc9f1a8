"""A course of one assignment for hostile and unlucky submissions.

Two autograded problems and a written one.
"""

import copy
import json
import shutil
from pathlib import Path

import nbformat
from made_up.course import HERE, grader
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHAPTER = "01-arena"
DUE = "2026-03-01 23:59:00 UTC"
# What only the hidden tests know. None of it may reach a student.
TOKENS = [
    "0.8131579",
    "17.2536",
    "zq_hidden_case",
    "41.1257",
    "zq_hidden_total",
    "model answer of the arena",
]

A = """
def scale(values, factor):
    ### BEGIN SOLUTION
    answer_of_arena = [factor * value for value in values]
    return answer_of_arena
    ### END SOLUTION
""".strip()
A_TESTS = """
from lmcore import check

results = [check.example("twice", lambda: scale([1.0, 2.5], 2.0), [2.0, 5.0], "Multiply each value.")]
### BEGIN HIDDEN TESTS
zq_hidden_case = [([0.8131579, 0.25, -3.0], 17.2536), ([5.0], -1.0)]
results += [check.against("other numbers", scale, lambda values, factor: [factor * value for value in values], zq_hidden_case,
                          mistakes={"You add where you should multiply.": lambda values, factor: [factor + value for value in values]})]
### END HIDDEN TESTS
check.score(results, points=10)
""".strip()
B = """
def total(values):
    ### BEGIN SOLUTION
    return sum(values)
    ### END SOLUTION
""".strip()
B_TESTS = """
assert total([1, 2]) == 3, "one and two are three"
### BEGIN HIDDEN TESTS
zq_hidden_total = 41.1257 + 0.5625
assert abs(total([41.1257, 0.5625]) - zq_hidden_total) < 1e-9, "numbers with a point are numbers too"
### END HIDDEN TESTS
""".strip()
RIGHT_A = "def scale(values, factor):\n    return [factor * value for value in values]"
RIGHT_B = "def total(values):\n    return sum(values)"
ESSAY = "Multiplication is repeated addition."


def source_notebook():
    """What the instructor wrote."""
    cells = [
        new_markdown_cell("# The arena", metadata=grader("title")),
        new_code_cell("import numpy as np", metadata=grader("setup")),
        new_markdown_cell("Write `scale(values, factor)`.", metadata=grader("a-text")),
        new_code_cell(A, metadata=grader("a", solution=True)),
        new_code_cell(A_TESTS, metadata=grader("a-tests", points=10)),
        new_markdown_cell("Write `total(values)`.", metadata=grader("b-text")),
        new_code_cell(B, metadata=grader("b", solution=True)),
        new_code_cell(B_TESTS, metadata=grader("b-tests", points=10)),
        new_markdown_cell(
            "model answer of the arena", metadata=grader("essay", solution=True, points=4)
        ),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"arena-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )


def make_course(home):
    """solutions/, exercises/ and the settings, in a folder."""
    from nbjudge.assignment import release

    source = Path(home, "solutions", CHAPTER, "exercises.ipynb")
    source.parent.mkdir(parents=True)
    nbformat.write(source_notebook(), source)
    shutil.copy(HERE / "nbgrader_config.py", home)
    release.generate(home)
    return Path(home)


def solved(home, a=RIGHT_A, b=RIGHT_B):
    """The release with these answers in it, as a dict."""
    notebook = json.loads(Path(home, "exercises", CHAPTER, "exercises.ipynb").read_text())
    for cell in notebook["cells"]:
        cell["source"] = {"a": a, "b": b, "essay": ESSAY}.get(
            cell["metadata"]["nbgrader"]["grade_id"], cell["source"]
        )
    return notebook


def submit(home, root, name, case):
    """Write one submission; `case.how` is the text of answer a, or a function of the notebook and
    its folder.
    """
    folder = Path(root, "submitted", name, CHAPTER)
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-02-27 18:30:00 UTC\n")
    if isinstance(case.how, str):
        (folder / "exercises.ipynb").write_text(json.dumps(solved(home, case.how)))
        return
    notebook = solved(home)
    if case.how(notebook, folder) is None:
        (folder / "exercises.ipynb").write_text(json.dumps(notebook, ensure_ascii=True))


def cell(notebook, grade_id):
    """The cell of that name."""
    return next(
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def own(notebook, source, after="a", kind="code"):
    """Put a cell of the student's own after one of ours."""
    new = {"cell_type": kind, "id": "own", "metadata": {}, "source": source}
    if kind == "code":
        new |= {"outputs": [], "execution_count": None}
    notebook["cells"].insert(notebook["cells"].index(cell(notebook, after)) + 1, new)


def twin(notebook, grade_id):
    """A copy of a cell right after it, metadata and all."""
    original = cell(notebook, grade_id)
    notebook["cells"].insert(notebook["cells"].index(original) + 1, copy.deepcopy(original))

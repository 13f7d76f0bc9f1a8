"""What is read from a source notebook does not hang on the process that reads it."""

import builtins

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from nbjudge.assignment.spec import compile_spec


def cell(source, grade_id, **marks):
    about = {"grade_id": grade_id, "schema_version": 3, "locked": False, "task": False}
    about |= {"solution": False, "grade": False} | marks
    return new_code_cell(source, metadata={"nbgrader": about})


def test_a_value_that_a_session_printed_is_no_name_of_pythons(tmp_path, monkeypatch):
    answer = "def pair():\n    ### BEGIN SOLUTION\n    return 1, 2\n    ### END SOLUTION"
    test = "_, second = pair()\nassert second == 2"
    cells = [cell(answer, "a", solution=True), cell(test, "t", grade=True, points=1, locked=True)]
    path = tmp_path / "one" / "sheet.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=cells), path)
    before = compile_spec(path)
    monkeypatch.setattr(builtins, "_", "printed last", raising=False)
    assert compile_spec(path) == before

"""A visible case shows every shape, and every optional argument, that a hidden case uses."""

import contextlib
import functools
import inspect
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest

HOME = Path(__file__).resolve().parents[1]
SOURCES = sorted(HOME.glob("solutions/*/exercises.ipynb"))
HIDDEN = "### BEGIN HIDDEN TESTS"


def dimensions(value):
    """How many axes an argument has, lists of different lengths as others, and of what kind."""
    if isinstance(value, (list, tuple)):
        axes, kind = max(map(dimensions, value), default=(0, ""), key=lambda found: found[0])
        return axes + 1, kind
    if value is None or isinstance(value, str):
        return 0, type(value).__name__
    return np.ndim(value), "number" if np.asarray(value).dtype.kind in "biuf" else "other"


def watched(function, seen):
    """The function, noting {(argument, axes, kind)} of each call in the set `seen()`."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def noting(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        found = {(name, *dimensions(value)) for name, value in given.items()}
        seen().update(argument for argument in found if argument[-1])  # an empty list has no kind
        return function(*args, **kwargs)

    return noting


def shapes(path):
    """{function: (what visible cases show, what hidden ones use)} of a source notebook."""
    names, found, phase = {"__name__": "__main__"}, {}, [0]
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            mark, before = cell.metadata.get("nbgrader", {}), set(names)
            for phase[0], part in enumerate(cell.source.split(HIDDEN)):
                exec(compile(part, str(path), "exec"), names)
            phase[0] = 0
            if mark.get("solution"):
                for name in set(names) - before:
                    if inspect.isfunction(names[name]) and not name.startswith("_"):
                        both = found[name] = (set(), set())
                        names[name] = watched(names[name], lambda both=both: both[phase[0]])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.name)
def test_what_hidden_cases_use_is_shown(path):
    found = shapes(path)
    assert sum(bool(shown and used) for shown, used in found.values()) >= 4
    missing = {name: used - shown for name, (shown, used) in found.items() if used - shown}
    assert missing == {}, "show each in a visible case"


def test_a_shape_that_only_hidden_cases_use_is_found(tmp_path):
    cells = [
        nbformat.v4.new_code_cell(
            "def f(x, axis=-1):\n    return 0", metadata={"nbgrader": {"solution": True}}
        ),
        nbformat.v4.new_code_cell(f"f([1, 2])\n{HIDDEN}\nf([[1]], axis=0)\nf([1])"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    shown, used = shapes(tmp_path / "a.ipynb")["f"]
    assert used - shown == {("x", 2, "number"), ("axis", 0, "number")}

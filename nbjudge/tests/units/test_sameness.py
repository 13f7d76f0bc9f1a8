"""How it is seen that a test apart would find something else than one in a kernel."""

import ast

import pytest
from nbjudge.assignment.names import reaches
from nbjudge.assignment.sharing import tells_apart
from nbjudge.execution.likeness import globals_read, likeness


@pytest.mark.parametrize(
    "source",
    [
        "g = grid(2)\ng[0].append(1)",
        "for row in grid(2):\n    row.append(1)\nassert grid(2) == []",
        "a = grid(1)\na += [1]\nassert grid(1) == []",
        "grid(1).append(1)\nassert grid(1) == []",
        "b = Bag(items)\nitems.append(1)\nassert len(b) == 0",
        "b = Bag()\nb.items.append(1)",
        "a, b = grid(1), grid(1)\nassert a is not b",
        "def check():\n    g = grid(2)\n    g[0][0] = 1\n    assert g[1][0] == 0",
        "def spoil(x):\n    x.clear()\n\nspoil(grid(1))\nassert grid(1)",
    ],
)
def test_a_test_that_can_tell_copies_from_originals_is_seen(source):
    assert tells_apart(ast.parse(source), {"grid", "Bag"}, {"Bag"})


@pytest.mark.parametrize(
    "source",
    [
        "g = grid(2)\ng.sort()\nassert g == [0, 1]",
        "points = 0\npoints += grid(1) == [0]\npoints += grid(2) == [0, 0]",
        "x = [1]\nout = grid(x)\nassert out is not x and out is not None",
        "found = []\nfor n in range(3):\n    found.append(grid(n))\nassert found",
        "b = Bag()\nb.add(1)\nb.pop()\nassert b.empty",
    ],
)
def test_a_test_that_cannot_is_left_apart(source):
    assert tells_apart(ast.parse(source), {"grid", "Bag"}, {"Bag"}) == ""


def test_modules_that_show_the_process_are_told_from_the_others():
    def reason(source):
        return reaches(ast.parse(source), {"f"}, set(), set())

    assert "os" in reason("import os\nassert f() == os.getcwd()")
    assert "threading" in reason("from threading import Thread\nThread(target=f).start()")
    assert reason("import math, json\nassert f() == math.pi") == ""
    assert reason("import sys\nassert f() < sys.maxsize") == ""
    assert reason("data = open('x').read()\nassert f(data)") == ""
    assert "open" in reason("f('x')\nassert open('x').read()")


def test_functions_are_alike_if_their_code_is():
    def made(source):
        exec(source, space := {"__name__": "__main__"})
        return space

    one, same = made("def f(x): return x + 1"), made("\n\ndef f(x):\n    return x + 1")
    other = made("def f(x): return x + 2")
    assert likeness(one["f"]) == likeness(same["f"]) != likeness(other["f"])
    assert likeness({"a": {"x", "y"}}) == likeness({"a": {"y", "x"}})
    assert globals_read(made("class A:\n    def m(self): return [rate for _ in self.x]")) == {
        "rate"
    }


@pytest.mark.parametrize(
    "reading, seen",
    [
        ("os.environ['NBJUDGE_SEED']", False),
        ("os.environ.get('NBJUDGE_SEED', 0)", False),
        ("os.getenv('NBJUDGE_HIDDEN')", False),
        ("os.environ['HOME']", True),
        ("os.environ.get(name)", True),
        ("os.getcwd()", True),
    ],
)
def test_what_the_grader_tells_a_test_is_there_apart_too(reading, seen):
    test = ast.parse(f"import os\nseed = int({reading})\nassert grid(seed)")
    assert bool(reaches(test, {"grid"}, set(), set())) is seen

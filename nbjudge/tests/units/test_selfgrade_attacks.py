"""Sources that are hard on the self-grading, and damaged files of what it has found."""

import json
import os
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hostile.test_hostile import LIMITS, sandbox_or_skip
from made_up.course import grader
from nbformat.v4 import new_code_cell, new_notebook
from nbjudge.assignment.names import SourceError
from nbjudge.assignment.spec import INSIDE
from nbjudge.execution import engine, servers
from nbjudge.sandbox.limits import Limits

from nbjudge import selfgrade

SOLUTION = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
TEST = "assert double(2) == 4"


SHORT = replace(LIMITS, cell_seconds=1, notebook_seconds=2)


def run(spec, submissions, limits=SHORT):
    """What `nbjudge.run` gives `prepare`."""
    return [engine.grade(spec, one, limits, learn=True) for one in submissions]


def patient(spec, submissions):
    """The same with time for long tests."""
    return run(spec, submissions, Limits())


@pytest.fixture(scope="module")
def warm():
    """End the fork servers when all is done."""
    sandbox_or_skip("namespaces-root" if os.geteuid() == 0 else "namespaces-user")
    with servers.kept():
        yield


@pytest.fixture
def prepare(tmp_path, warm):
    """`prepare(test, ...)` compiles a source with these test cells."""

    def make(*tests, solution=SOLUTION, run=run):
        cells = [new_code_cell(solution, metadata=grader("a", solution=True))]
        cells += [
            new_code_cell(text, metadata=grader(f"t{number}", points=1))
            for number, text in enumerate(tests)
        ]
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        path = tmp_path / "solutions" / "03-x" / "exercises.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return selfgrade.prepare(path, run, cache=tmp_path / ".nbjudge")

    return make


REFUSED = {
    "never ends": "while True: pass",
    "ends the process": "import os\nos._exit(0)",
    "ends Python": "raise SystemExit",
    "takes all memory": "x = []\nwhile True: x.append(bytearray(1 << 24))",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "fails": "assert double(2) == 5",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_test_that_cannot_be_run_is_the_source_s_fault(prepare, text):
    with pytest.raises(SourceError, match="03-x/exercises.ipynb, t0"):
        prepare(text)
    # the next assignment is prepared as if nothing had been
    assert [one.way for one in prepare(TEST).spec.cells[1:]] == ["apart"]


def test_a_solution_that_needs_more_than_the_limits_is_refused(prepare):
    slow = SOLUTION.replace("return", "while True: pass\n    return")
    with pytest.raises(SourceError, match="t0"):
        prepare(TEST, solution=slow)


def test_a_test_whose_solution_is_repeated_inside_runs_inside(prepare):
    own = "class Two:\n    def __rmul__(self, n): return 2 * n\n"
    test = prepare(own + "assert double(Two()) == 4").spec.cells[1]
    assert test.way == INSIDE and test.reason == "the test passes a Two to your function"


STATE = {
    "printing without end": "for _ in range(3000): print('y' * (1 << 20))",
    "another folder": "import os\nos.chdir('/')",
    "the environment": "import os\nos.environ.clear()",
    "paths": "import sys\nsys.path.clear()",
    "signals": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)",
    "threads": "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()",
    "standard output": "import sys\nsys.stdout.close()",
    "descriptors": "import os\nos.close(1)",
}


@pytest.mark.parametrize("text", STATE.values(), ids=STATE.keys())
def test_what_a_test_changes_is_gone_afterwards(prepare, text):
    before = os.getcwd(), dict(os.environ)
    prepared = prepare(f"{text}\n{TEST}", TEST.replace("2", "3").replace("4", "6"))
    assert [one.points for one in prepared.spec.cells[1:]] == [1, 1]
    assert (os.getcwd(), dict(os.environ)) == before


def test_assignments_of_no_test_and_of_sixty_and_of_two_thousand_lines(prepare):
    assert prepare().spec.cells[0].grade_id == "a"
    sixty = prepare(*[f"assert double({n}) == {2 * n}" for n in range(1, 61)], run=patient)
    assert INSIDE not in {one.way for one in sixty.spec.cells}
    long = prepare("\n".join(f"assert double({n}) == {2 * n}" for n in range(1, 2001)), run=patient)
    assert long.spec.cells[1].way == "apart"


def never(spec, submissions):
    raise AssertionError("it was known already")


DAMAGES = {
    "half": lambda body: body[: len(body) // 2],
    "empty": lambda body: b"",
    "a list": lambda body: b"[]",
    "a number": lambda body: b"3",
    "no text": lambda body: b"\xff\xfe" * 40,
    "deep": lambda body: b"[" * 200_000,
    "other ways": lambda body: body.replace(b'"compares"', b'"way"'),
    "nothing remembered": lambda body: body.replace(b'"remembered"', b'"forgotten"'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_files_are_made_again(prepare, tmp_path, damage):
    known = prepare(TEST)
    assert prepare(TEST, run=never).spec == known.spec
    kept = Path(tmp_path, ".nbjudge", "03-x-exercises.json")
    kept.write_bytes(damage(kept.read_bytes()))
    assert prepare(TEST).spec == known.spec
    assert prepare(TEST, run=never).spec == known.spec


def test_a_folder_in_the_place_of_the_file_makes_way(prepare, tmp_path):
    Path(tmp_path, ".nbjudge", "03-x-exercises.json").mkdir(parents=True)
    prepare(TEST)
    kept = Path(tmp_path, ".nbjudge", "03-x-exercises.json").read_text()
    assert json.loads(kept.partition("\n")[2])["tests"]

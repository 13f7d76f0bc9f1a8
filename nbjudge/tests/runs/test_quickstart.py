"""Somebody else's course.

The folder that `nbgrader quickstart` makes, graded where this repository's library is not
installed.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(sys.executable).parent
ABSENT = '''
import sys


class Absent:
    """Finds that a package is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "lmcore":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Absent())
'''


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The environment of a process that cannot import this repository's library."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(ABSENT)
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PYTHONPATH": str(folder), "PATH": path}


def run(alone, home, *command):
    return subprocess.run(command, cwd=home, env=alone, capture_output=True, text=True, timeout=300)


def solve(source, released):
    """A release with the solutions of its source in it."""
    solutions = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["source"]
        for cell in json.loads(source.read_text())["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    notebook = json.loads(released.read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in solutions:
            lines = "".join(solutions[name]).splitlines(keepends=True)
            cell["source"] = [line for line in lines if "### " not in line]
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def graded(alone, tmp_path_factory):
    """The course with two submissions, and the finished command."""
    place = tmp_path_factory.mktemp("quick")
    made = run(alone, place, PROGRAMS / "nbgrader", "quickstart", "course")
    home = place / "course"
    assert made.returncode == 0, made.stderr
    nbjudge = [sys.executable, "-m", "nbjudge"]
    done = run(alone, home, *nbjudge, "release")
    assert done.returncode == 0, done.stderr
    for student in ("right", "blank"):
        folder = home / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        for released in (home / "release" / "ps1").glob("*.ipynb"):
            source = home / "source" / "ps1" / released.name
            text = solve(source, released) if student == "right" else released.read_text()
            (folder / released.name).write_text(text)
    return home, run(alone, home, *nbjudge, "grade", "--json")


def test_the_library_of_this_repository_is_out_of_reach(alone, tmp_path):
    done = run(alone, tmp_path, sys.executable, "-c", "import lmcore")
    assert done.returncode == 1 and "No module named 'lmcore'" in done.stderr


def test_the_course_is_graded(graded):
    home, done = graded
    assert done.returncode == 0, done.stderr
    rows = {row["student"]: row for row in json.loads(done.stdout)["rows"]}
    assert {name: (row["state"], row["score"], row["most"]) for name, row in rows.items()} == {
        "right": ("graded", 3.0, 13.0),
        "blank": ("graded", 0.0, 13.0),
    }
    # the formula, the use, the task, and two texts of the other notebook
    assert rows["right"]["waiting"] == 5
    with open(home / "grades.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"right": 3.0, "blank": 0.0}


def test_everybody_gets_feedback_on_both_notebooks(graded):
    home, _ = graded
    pages = sorted(str(path.relative_to(home / "feedback")) for path in home.rglob("*.html"))
    assert pages == [
        f"{student}/ps1/problem{number}.html" for student in ("blank", "right") for number in (1, 2)
    ]
    page = (home / "feedback" / "right" / "ps1" / "problem1.html").read_text()
    assert "Part A (2 points)" in page and "✓ 2 of 2 points" in page


def test_nbgraders_own_export_reads_what_was_written(graded, alone):
    home, _ = graded
    done = run(alone, home, PROGRAMS / "nbgrader", "export", "--to", "theirs.csv")
    assert done.returncode == 0, done.stderr
    with open(home / "theirs.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"right": 3.0, "blank": 0.0}


def test_lint_finds_nothing_to_complain_of(graded, alone):
    home, _ = graded
    done = run(alone, home, sys.executable, "-m", "nbjudge", "lint")
    assert done.returncode == 0, done.stdout + done.stderr

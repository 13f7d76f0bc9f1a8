"""What a student sees of the visible tests."""

import pytest
from made_up.course import make_course
from made_up.students import BLANK, Student, write_submission
from nbjudge.assignment import release
from nbjudge.cli import main

WARNS = (
    "import sys\ndef mean_of_logs(values):\n    print('hm', file=sys.stderr)\n    return"
    " math.fsum(map(math.log, values)) / len(values)"
)


@pytest.fixture
def home(tmp_path):
    course = make_course(tmp_path)
    release.generate(course)
    return course


def solve(home, answers):
    written = write_submission(home, home, "01-logs", "me", Student(answers))
    written.replace(home / "exercises" / "01-logs" / "exercises.ipynb")


def test_solved_work_gets_the_visible_points_and_a_warning_costs_none(home, capsys):
    solve(home, {"p1": WARNS, "p2": "Sums do not underflow."})
    before = (home / "exercises/01-logs/exercises.ipynb").read_bytes()
    assert main(["check", "1", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert "p1_test         5 of 5" in said and "a person will read it" in said
    assert (home / "exercises/01-logs/exercises.ipynb").read_bytes() == before


def test_blank_work_is_told_what_is_missing(home, capsys):
    solve(home, BLANK)
    main(["check", "01", "--home", str(home)])
    said = capsys.readouterr().out
    assert "NotImplementedError" in said and "still blank" in said
    assert "visible tests: 0 of 10 points" in said


@pytest.mark.parametrize(
    "content, words",
    [("{", "is not a complete notebook"), ('{"cells": 3}', "holds no list of cells")],
)
def test_a_broken_notebook_is_explained(home, capsys, content, words):
    (home / "exercises/01-logs/exercises.ipynb").write_text(content)
    assert main(["check", "1", "--home", str(home)]) == 2
    assert words in capsys.readouterr().err


def test_an_unknown_chapter_is_answered_with_those_there_are(home, capsys):
    assert main(["check", "7", "--home", str(home)]) == 2
    assert (
        "no assignment '7' in exercises/: give the number or name of one of 01-logs"
        in capsys.readouterr().err
    )

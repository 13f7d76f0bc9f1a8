"""A department's size: a gradebook in PostgreSQL, hundreds of submissions.

Other machines: tests/test_scaling_guide.py.
"""

import csv
import statistics
import sys
import threading
from functools import partial

import pytest
from made_up.cohort import CHAPTER, CLASS, gradebook
from made_up.course import make_course
from made_up.crowd import name, share, write_class
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.execution import pool
from nbjudge.records import scores as export
from nbjudge.records.gradebook import Writer

from nbjudge import run as grade

from .machinery import postgresql, postgresql_programs

# ---- PostgreSQL


@pytest.fixture(scope="module")
def database():
    programs = postgresql_programs()
    if programs is None:
        pytest.skip(
            "no PostgreSQL server here: gradebooks in PostgreSQL are NOT tested (Debian: apt-get"
            " install postgresql)"
        )
    with postgresql(programs) as server:
        yield server


def test_postgresql_holds_the_same_grades_as_sqlite(course, database, tmp_path):
    address = database.new()
    course.hand_in_at(tmp_path)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table
    assert not (tmp_path / "gradebook.db").exists()


MOMENTS = {
    "entering the students": (Writer, "enrol", 1),
    "between two submissions": (Writer, "write", 3),
    "in the middle of one": (Writer, "_set_penalty", 4),
    "the penalties": (Writer, "set_penalties", 1),
    "reading the scores": (export, "scores", 1),
    "noting feedback": (Writer, "note_feedback", 2),
    "the table": (export, "write_csv", 1),
}


def at(monkeypatch, moment, harm):
    """Do harm the first time that a run comes to a moment."""
    owner, method, which = MOMENTS[moment]
    real, calls = getattr(owner, method), []

    def harmed(*arguments, **keywords):
        calls.append(1)
        if len(calls) == which:
            harm()
        return real(*arguments, **keywords)

    monkeypatch.setattr(owner, method, harmed)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_lost_connection_is_made_again_and_nothing_is_lost_or_doubled(
    course, database, tmp_path, monkeypatch, capsys, moment
):
    address = database.new()
    course.hand_in_at(tmp_path)
    monkeypatch.setattr(pool, "outcomes", course.replay)
    at(monkeypatch, moment, database.cut)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert "waiting for the gradebook" in capsys.readouterr().out
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table


def test_a_server_that_crashes_and_comes_back_is_waited_for(
    course, database, tmp_path, monkeypatch, capsys
):
    address = database.new()
    course.hand_in_at(tmp_path)
    monkeypatch.setattr(pool, "outcomes", course.replay)
    back = threading.Timer(1, database.start)

    def crash():
        database.stop()
        back.start()

    at(monkeypatch, "in the middle of one", crash)
    assert main(course.command(tmp_path, "--db", address)) == 0
    back.join()
    assert "waiting for the gradebook" in capsys.readouterr().out
    assert gradebook(address) == course.book


@pytest.mark.parametrize("moment", ["between two submissions", "in the middle of one", "the table"])
def test_a_server_that_stays_away_ends_the_run_and_the_same_command_completes_it(
    course, database, tmp_path, monkeypatch, capsys, moment
):
    address = database.new()
    course.hand_in_at(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(pool, "outcomes", course.replay)
        patch.setattr(grade, "Options", partial(grade.Options, patience=0.5))
        at(patch, moment, database.stop)
        assert main(course.command(tmp_path, "--db", address)) == 2
    said = capsys.readouterr().err
    assert "cannot be used" in said and "run the same command again" in said
    assert "secret" not in said and "Traceback" not in said
    database.start()
    done = len(gradebook(address)["ledger"])
    assert (
        done
        == {"between two submissions": 2, "in the middle of one": 3, "the table": len(CLASS)}[
            moment
        ]
    )
    graded = []

    def counting(spec, submissions, *how):
        graded.extend(submission.student for submission in submissions)
        yield from course.replay(spec, submissions)

    monkeypatch.setattr(pool, "outcomes", counting)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert len(graded) <= len(CLASS) - done
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table


@pytest.mark.parametrize(
    "address, words",
    [
        ("postgres//grader:secret@host/name", "is none: write one such as postgresql://"),
        ("postgres://grader:secret@host/name", "is none: write one such as postgresql://"),
        ("mysql://grader:secret@host/name", "need the package"),
    ],
)
def test_an_address_that_is_none(course, tmp_path, capsys, address, words):
    course.hand_in_at(tmp_path)
    assert main(course.command(tmp_path, "--db", address)) == 2
    said = capsys.readouterr().err
    assert words in said and "secret" not in said


def test_a_missing_driver_is_named_with_its_remedy(course, tmp_path, monkeypatch, capsys):
    course.hand_in_at(tmp_path)
    for module in [module for module in sys.modules if module.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(course.command(tmp_path, "--db", "postgresql://grader@host/name")) == 2
    assert "pip install 'nbjudge[postgresql]'" in capsys.readouterr().err


# ---- a large class

SIZE = 300


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Folder, spec, and what each submission cost, the first ones written again at the end."""
    root = tmp_path_factory.mktemp("crowd")
    spec = compile_spec(make_course(root) / "solutions" / CHAPTER / "exercises.ipynb")
    return root, spec, write_class(root, root, spec, SIZE, again=SIZE // 10)


@pytest.mark.parametrize("what", ["steps", "cpu"])
def test_the_last_submissions_cost_what_the_first_ones_did(crowd, what):
    """Written anew or again: the work of the database to the step, the whole work within what
    processors vary.
    """
    spent, tenth = [getattr(one, what) for one in crowd[2]], SIZE // 10
    first, last, again = (
        statistics.median(part)
        for part in (spent[:tenth], spent[SIZE - tenth : SIZE], spent[SIZE:])
    )
    assert last <= 2 * first and again <= 2 * first


def test_everybody_is_there_once_with_the_right_score(crowd):
    root, spec, _ = crowd
    most = sum(cell.points for cell in spec.cells if cell.points)
    with open(root / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    tests = sum(cell.points for cell in spec.cells if cell.role == "test")
    assert [row["student_id"] for row in rows] == [name(number) for number in range(SIZE)]
    assert [float(row["score"]) for row in rows] == [
        tests * share(number) for number in range(SIZE)
    ]
    assert {float(row["max_score"]) for row in rows} == {most}
    assert len(list(root.glob("autograded/*/*/exercises.ipynb"))) == SIZE

"""A department's size: a gradebook in PostgreSQL, workers on other machines, thousands of submissions, and what else nbgrader offers."""
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path

import pytest
from crowd import name, share, write_class
from machinery import DASK, certificate, free_port, machines, network_trouble, postgresql, postgresql_programs, processes_here, running, wait_for
from sample_class import BLANK, DUE, Student, copied_test, write_submission
from sqlalchemy import text
from toy_course import HOME, make_course

from lmcore.grading import export, grade, pool, release
from lmcore.grading.command import main
from lmcore.grading.writer import Writer

CHAPTER = "01-logs"
CLASS = {
    "blank": Student(BLANK),
    "copied-test": Student({}, copied_test("p1_test")),
    "half": Student({"p1": "def mean_of_logs(values):\n    return sum(map(math.log, values)) / len(values)"}),
    "late": Student({}, submitted="2026-03-03 08:00:00 UTC"),
    "perfect": Student({}),
    "zweifel-ß-學": Student({"p1": "def mean_of_logs(values):\n    return 'zweifel'"}),
}
SEEN = {
    "grades": "select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade from grade g"
              " join base_cell b on b.id = g.cell_id join submitted_notebook n on n.id = g.notebook_id"
              " join submitted_assignment s on s.id = n.assignment_id",
    "comments": "select s.student_id, b.name, c.auto_comment, c.manual_comment from comment c join base_cell b on b.id = c.cell_id"
                " join submitted_notebook n on n.id = c.notebook_id join submitted_assignment s on s.id = n.assignment_id",
    "submissions": "select s.student_id, n.late_submission_penalty from submitted_notebook n join submitted_assignment s on s.id = n.assignment_id",
    "ledger": "select student, notebook, key, feedback from lmcore_graded",
}


def gradebook(address):
    """Everything in a gradebook that grading has put there, whatever the order and the ids."""
    from nbgrader.api import Gradebook

    with Gradebook(address.replace("postgresql:", "postgresql+psycopg:"), "lm-probability") as book:
        return {part: sorted(map(tuple, book.db.execute(text(query))), key=str) for part, query in SEEN.items()}


class Course:
    """The toy course, its class, and what an undisturbed run on this machine made of it."""

    def __init__(self, home):
        self.home = make_course(home)
        release.generate(home)
        for student, what in CLASS.items():
            write_submission(home, home, CHAPTER, student, what)
        self.outcomes, real = {}, pool.outcomes

        def listening(*arguments):
            for submission, outcome in real(*arguments):
                self.outcomes[submission.student] = outcome
                yield submission, outcome

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pool, "outcomes", listening)
            assert main(["--home", str(home), "--workers", "1", "--due", DUE]) == 0
        self.book, self.table = gradebook(f"sqlite:///{home}/gradebook.db"), (home / "grades.csv").read_text()

    def replay(self, spec, submissions, *how):
        """In place of `pool.outcomes`: the same results without running anything."""
        yield from ((submission, self.outcomes[submission.student]) for submission in submissions)

    def hand_in_at(self, root):
        """The same submissions in another folder."""
        shutil.copytree(self.home / "submitted", Path(root, "submitted"))

    def command(self, root, *more):
        """What `main` takes."""
        return ["--home", str(self.home), "--root", str(root), "--due", DUE, *more]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


# ---- PostgreSQL

@pytest.fixture(scope="module")
def database():
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here: gradebooks in PostgreSQL are NOT tested (Debian: apt-get install postgresql)")
    with postgresql(programs) as server:
        yield server


def test_postgresql_holds_the_same_grades_as_sqlite(course, database, tmp_path):
    address = database.new()
    course.hand_in_at(tmp_path)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table
    assert not (tmp_path / "gradebook.db").exists()


MOMENTS = {"entering the students": (Writer, "enrol", 1), "between two submissions": (Writer, "write", 3), "in the middle of one": (Writer, "_set_penalty", 4),
           "the penalties": (Writer, "set_penalties", 1), "reading the scores": (export, "scores", 1), "noting feedback": (Writer, "note_feedback", 2),
           "the table": (export, "write_csv", 1)}


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
def test_a_lost_connection_is_made_again_and_nothing_is_lost_or_doubled(course, database, tmp_path, monkeypatch, capsys, moment):
    address = database.new()
    course.hand_in_at(tmp_path)
    monkeypatch.setattr(pool, "outcomes", course.replay)
    at(monkeypatch, moment, database.cut)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert "waiting for the gradebook" in capsys.readouterr().out
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table


def test_a_server_that_crashes_and_comes_back_is_waited_for(course, database, tmp_path, monkeypatch, capsys):
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
def test_a_server_that_stays_away_ends_the_run_and_the_same_command_completes_it(course, database, tmp_path, monkeypatch, capsys, moment):
    address = database.new()
    course.hand_in_at(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(pool, "outcomes", course.replay)
        patch.setattr(grade, "Options", partial(grade.Options, patience=0.5))
        at(patch, moment, database.stop)
        assert main(course.command(tmp_path, "--db", address)) == 2
    said = capsys.readouterr().err
    assert "cannot be used" in said and "give the same command again" in said
    assert "secret" not in said and "Traceback" not in said
    database.start()
    done = len(gradebook(address)["ledger"])
    assert done == {"between two submissions": 2, "in the middle of one": 3, "the table": len(CLASS)}[moment]
    graded = []

    def counting(spec, submissions, *how):
        graded.extend(submission.student for submission in submissions)
        yield from course.replay(spec, submissions)

    monkeypatch.setattr(pool, "outcomes", counting)
    assert main(course.command(tmp_path, "--db", address)) == 0
    assert len(graded) <= len(CLASS) - done
    assert gradebook(address) == course.book
    assert (tmp_path / "grades.csv").read_text() == course.table


@pytest.mark.parametrize("address, words", [
    ("postgres//grader:secret@host/name", "is none: write one such as postgresql://"),
    ("postgres://grader:secret@host/name", "is none: write one such as postgresql://"),
    ("mysql://grader:secret@host/name", "need the package"),
])
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
    assert "pip install 'lmcore[grading]'" in capsys.readouterr().err


# ---- other machines

def test_workers_on_machines_that_share_nothing_give_the_same_grades(course, tmp_path_factory):
    """Two workers with a network, a working folder and a view of the disk of their own; everything between them is encrypted."""
    from distributed import Client
    from distributed.security import Security

    trouble, base = network_trouble(), tmp_path_factory.getbasetemp()
    if trouble:
        warnings.warn(f"no networks of their own for the workers, they are processes in folders of their own: {trouble}", stacklevel=1)
    root, keys, port = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("keys"), free_port()
    course.hand_in_at(root)
    with (machines(2, base, base / "away") if not trouble else processes_here(2, base / "away")) as (here, others):
        settings = certificate(keys)
        environment = os.environ | settings | {"LMCORE_KEYS": Path(keys, "both.pem").read_text()}
        address = f"tls://{here}:{port}"
        scheduler = [*DASK, "scheduler", "--host", here, "--port", str(port), "--no-dashboard"]
        # the certificate reaches a machine that sees nothing of ours as its secrets do: from outside, into a file
        worker = ["sh", "-c", 'printf %s "$LMCORE_KEYS" > both.pem && export ' + " ".join(f"{key}=both.pem" for key in settings if key.endswith(("FILE", "CERT")))
                  + ' && exec "$@"', "-", *DASK, "worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
        with running(scheduler, *[[*prefix, *worker, "--host", where] for where, prefix in others], env=environment):
            both = str(keys / "both.pem")
            trusted = Security(tls_ca_file=both, tls_client_cert=both, require_encryption=True)
            with Client(address, security=trusted, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
                done = subprocess.run([sys.executable, "-m", "lmcore.grading.command", *course.command(root, "--scheduler", address)],
                                      env=environment, capture_output=True, text=True, timeout=120)
                assert done.returncode == 0, done.stdout + done.stderr
                warm = client.run(lambda: len(__import__("lmcore.grading.engine").grading.engine._servers))
                folders = client.run(os.getcwd)
                seen = client.run(os.path.exists, str(course.home / "submitted"))
                networks = client.run(os.readlink, "/proc/self/ns/net")
    assert list(warm.values()) == [1, 1]              # both have graded
    assert len(set(folders.values())) == 2
    if not trouble:
        assert not any(seen.values())
        assert len({os.readlink("/proc/self/ns/net"), *networks.values()}) == 3
    assert gradebook(f"sqlite:///{root}/gradebook.db") == course.book
    assert (root / "grades.csv").read_text() == course.table


# ---- a large class

SIZE = 400


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Folder, spec, and what each submission cost, the first ones written again at the end."""
    root = tmp_path_factory.mktemp("crowd")
    return root, *write_class(HOME, root, SIZE, again=SIZE // 10)


@pytest.mark.parametrize("what", ["steps", "cpu"])
def test_the_last_submissions_cost_what_the_first_ones_did(crowd, what):
    """Written anew or again: the work of the database to the step, the whole work within what processors vary."""
    spent, tenth = [getattr(one, what) for one in crowd[2]], SIZE // 10
    first, last, again = (statistics.median(part) for part in (spent[:tenth], spent[SIZE - tenth:SIZE], spent[SIZE:]))
    assert last <= 2 * first and again <= 2 * first


def test_everybody_is_there_once_with_the_right_score(crowd):
    root, spec, _ = crowd
    most = sum(cell.points for cell in spec.cells if cell.points)
    with open(root / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    tests = sum(cell.points for cell in spec.cells if cell.role == "test")
    assert [row["student_id"] for row in rows] == [name(number) for number in range(SIZE)]
    assert [float(row["score"]) for row in rows] == [tests * share(number) for number in range(SIZE)]
    assert {float(row["max_score"]) for row in rows} == {most}
    assert len(list(root.glob("autograded/*/*/exercises.ipynb"))) == SIZE

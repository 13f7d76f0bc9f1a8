"""A department's size: a gradebook in PostgreSQL, workers on other machines, thousands of submissions, and what else nbgrader offers."""

import csv
import os
import shutil
import statistics
import subprocess
import sys
import threading
import warnings
from functools import partial
from pathlib import Path

import pytest
import yaml
from crowd import name, share, write_class
from machinery import (
    DASK,
    certificate,
    free_port,
    machines,
    network_trouble,
    postgresql,
    postgresql_programs,
    processes_here,
    running,
)
from nbjudge.cli import main
from nbjudge.execution import pool
from nbjudge.records import scores as export
from nbjudge.records.gradebook import Writer
from sample_class import DUE
from toy_class import CLASS, gradebook
from toy_course import HOME

from nbjudge import run as grade

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
    assert "cannot be used" in said and "give the same command again" in said
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


# ---- other machines


class Manifest:
    """The guide's kubernetes.yaml, its commands and settings as they run here: another program, address and place of the key."""

    def __init__(self, here, port):
        documents = list(
            yaml.safe_load_all((HOME / "book" / "scaling" / "kubernetes.yaml").read_text())
        )
        self.pods = {
            one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]
            for one in documents
            if one["kind"] == "Deployment"
        }
        self.settings = next(one["data"] for one in documents if one["kind"] == "ConfigMap")
        self.address = f"tls://{here}:{port}"
        self.places = {
            "/opt/course/venv/bin/dask": DASK,
            "8786": [str(port)],
            "tls://lmcore-scheduler:8786": [self.address],
        }

    def command(self, pod):
        """What a pod runs."""
        return [
            part for word in self.pods[pod]["command"] for part in self.places.get(word, [word])
        ]

    def capabilities(self, pod):
        """What to put before a command that is to have these capabilities and no others."""
        added = self.pods[pod]["securityContext"]["capabilities"]["add"]
        return [
            "setpriv",
            "--inh-caps=-all",
            "--bounding-set=" + ",".join(["-all", *(f"+{name.lower()}" for name in added)]),
        ]

    def environment(self, key):
        """The settings, with the key in this file."""
        return {
            name: value.replace("/tls/both.pem", str(key)) for name, value in self.settings.items()
        }


def test_workers_on_machines_that_share_nothing_give_the_same_grades(course, tmp_path_factory):
    """The guide's pods: workers with a network, a working folder, a view of the disk and few capabilities of their own, over TLS."""
    from distributed import Client
    from distributed.security import Security

    trouble, base = network_trouble(), tmp_path_factory.getbasetemp()
    if trouble:
        warnings.warn(
            "no networks of their own for the workers, they are processes in folders of their own:"
            f" {trouble}",
            stacklevel=1,
        )
    root, keys, port = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("keys"), free_port()
    key = certificate(keys)
    course.hand_in_at(root)
    with (
        machines(2, base, base / "away") if not trouble else processes_here(2, base / "away") as (
            here,
            others,
        )
    ):
        manifest = Manifest(here, port)
        # the key reaches a machine that sees nothing of ours as a secret does: from outside, into a
        # file
        arrives = [
            "sh",
            "-c",
            'printf %s "$LMCORE_KEY" > both.pem && exec "$@"',
            "-",
            *([] if trouble else manifest.capabilities("lmcore-worker")),
        ]
        away = os.environ | manifest.environment("both.pem") | {"LMCORE_KEY": key.read_text()}
        client_settings = manifest.environment(key) | {
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(key)
        }
        with (
            running(
                [*manifest.command("lmcore-scheduler")], env=os.environ | manifest.environment(key)
            ),
            running(
                *[[*prefix, *arrives, *manifest.command("lmcore-worker")] for _, prefix in others],
                env=away,
            ),
        ):
            trusted = Security(
                tls_ca_file=str(key), tls_client_cert=str(key), require_encryption=True
            )
            with Client(
                manifest.address, security=trusted, timeout=60, set_as_default=False
            ) as client:
                client.wait_for_workers(2, timeout=60)
                done = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "nbjudge",
                        *course.command(root, "--scheduler", manifest.address),
                    ],
                    env=os.environ | client_settings,
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
                assert done.returncode == 0, done.stdout + done.stderr
                warm = client.run(
                    lambda: len(__import__("nbjudge.execution.engine").grading.engine._servers)
                )
                folders = client.run(os.getcwd)
                seen = client.run(os.path.exists, str(course.home / "submitted"))
                networks = client.run(os.readlink, "/proc/self/ns/net")
            stranger = subprocess.run(
                [sys.executable, "-c", STRANGER, manifest.address],
                capture_output=True,
                text=True,
                timeout=120,
            )
    assert list(warm.values()) == [1, 1]  # both have graded
    assert "refused" in stranger.stdout
    if not trouble:
        assert not any(seen.values())
        assert len({os.readlink("/proc/self/ns/net"), *networks.values()}) == 3
    assert len(set(folders.values())) == 2
    assert gradebook(f"sqlite:///{root}/gradebook.db") == course.book
    assert (root / "grades.csv").read_text() == course.table


STRANGER = """
import logging, sys
from distributed import Client
logging.disable()
for address in (sys.argv[1], sys.argv[1].replace("tls:", "tcp:")):
    try:
        Client(address, timeout=3).run_on_scheduler(lambda: None)
        sys.exit("was let in")
    except (OSError, TypeError, RuntimeError, TimeoutError):
        pass
print("refused")
"""


def test_the_script_for_slurm_grades(course, tmp_path):
    """With an `srun` that starts one task here; its umask keeps others out, and must not keep a student out of the box."""
    home = shutil.copytree(
        course.home,
        tmp_path / "course",
        ignore=shutil.ignore_patterns(
            "autograded", "feedback", "gradebook.db", "grades.csv", "lmcore"
        ),
    )
    certificate(home)
    (home / ".venv").symlink_to(sys.prefix)
    (tmp_path / "srun").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (tmp_path / "srun").chmod(0o755)
    done = subprocess.run(
        ["bash", HOME / "book" / "scaling" / "grade.sbatch", "1", "--due", DUE],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ
        | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SLURM_JOB_ID": str(os.getpid()),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert gradebook(f"sqlite:///{home}/gradebook.db") == course.book


# ---- a large class

SIZE = 300


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Folder, spec, and what each submission cost, the first ones written again at the end."""
    root = tmp_path_factory.mktemp("crowd")
    return root, *write_class(HOME, root, SIZE, again=SIZE // 10)


@pytest.mark.parametrize("what", ["steps", "cpu"])
def test_the_last_submissions_cost_what_the_first_ones_did(crowd, what):
    """Written anew or again: the work of the database to the step, the whole work within what processors vary."""
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

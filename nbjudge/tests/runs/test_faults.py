"""Whatever process of a run is ended, the same command reaches what an undisturbed run reaches, and
leaves nothing behind.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
from dataclasses import asdict

import psutil
import pytest
from distributed import Client
from made_up.cohort import CLASS, COMMAND, Course, completes, ledger
from made_up.students import BLANK, Student
from nbjudge.cli import STOPPED, main
from nbjudge.execution import engine, pool, servers
from nbjudge.execution.forkserver import Judges, Students
from nbjudge.files import AGAIN
from nbjudge.records.gradebook import Writer
from nbjudge.sandbox import cgroup
from nbjudge.sandbox.limits import Limits
from nbjudge.submission import collect

from .harm import die, ended, held, kill, killed_at, nobody_stays, supervisors
from .machinery import DASK, PATIENCE, running, wait_for

POINTS = 12


@pytest.mark.parametrize("point", range(POINTS))
def test_killed_at_any_change_it_resumes(course, root, replayed, changes, point):
    killed_at(course, root, changes * point // POINTS)
    entered, rows = ledger(root) if (root / "gradebook.db").exists() else ([], {})
    assert set(rows) == set(entered)  # all of a student's points, or none
    completes(course, root)
    assert not set(replayed) & set(entered)  # nothing was graded twice
    # one result may have waited on the disk
    assert len(replayed) + len(entered) in (len(CLASS), len(CLASS) - 1)


def test_killed_between_the_gradebook_and_tidying_up_it_leaves_nothing(course, root, replayed):
    """The result of a student who is entered, and the beginning of another."""
    completes(course, root)
    result, spool = course.outcomes["perfect"], root / "autograded" / ".results"
    result.save(spool / f"{result.key}.json")
    (spool / f".{result.key}.json.new").write_text("half")
    completes(course, root)


def test_killed_with_half_a_commit_on_the_disk_it_resumes(course, root, replayed, changes):
    """SQLite is made to write pages before it commits, as it does for large changes."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    journal = root / "gradebook.db-journal"

    def spilling(connection, record):
        connection.execute("pragma cache_size = 1")

    def hot():
        """Whether the journal says that pages of the gradebook are being overwritten."""
        start = journal.read_bytes()[:12] if journal.exists() else b""
        return start.startswith(bytes.fromhex("d9d505f920a163d7")) and start[8:] != bytes(4)

    event.listen(Engine, "connect", spilling)
    try:
        killed_at(course, root, changes // 2, lambda: hot() and die())
    finally:
        event.remove(Engine, "connect", spilling)
    assert hot()
    completes(course, root)
    assert not journal.exists()


# ---- a process of one submission is killed

VICTIMS = {
    "server": lambda servers, judge: psutil.Process(servers.students.process.pid),
    "judges' server": lambda servers, judge: psutil.Process(servers.judges.process.pid),
    "supervisor": lambda servers, judge: supervisors(servers.students)[0],
    "student": lambda servers, judge: supervisors(servers.students)[0].children()[0],
    "copy": lambda servers, judge: supervisors(servers.students)[0].children()[0].children()[0],
    "judge": lambda servers, judge: psutil.Process(judge),
}


def kill_at(monkeypatch, victim, moment, times=1, level=None):
    """Kill a process while the cells run or when the tests begin, the first `times` times.

    Returns
    -------
    list
        For each that was killed, what sandboxes held at that moment.
    """
    killed = []

    def harm(judge=None):
        if len(killed) < times:
            killed.append(held())
            kill(VICTIMS[victim](servers._lent[-1], judge))

    run_cell, leave_copy, judge = engine.Student.run_cell, engine.Student.leave_copy, Judges.judge

    def cell(student, source, seconds):
        if moment == "cells" and "mean_of_logs" in source:
            harm()
        return run_cell(student, source, seconds)

    def copying(student, index):
        if moment == "copying" and index == 1:
            harm()
        return leave_copy(student, index)

    def judging(server, *arguments):
        channel, pid = judge(server, *arguments)
        if moment == "tests":
            harm(pid)
        return channel, pid

    for owner, name, function in (
        (engine.Student, "run_cell", cell),
        (engine.Student, "leave_copy", copying),
        (Judges, "judge", judging),
    ):
        monkeypatch.setattr(owner, name, function)
    return killed


@pytest.mark.parametrize(
    "victim, moment",
    [
        ("server", "cells"),
        ("judges' server", "cells"),
        ("supervisor", "cells"),
        ("student", "cells"),
        ("student", "copying"),
        ("server", "tests"),
        ("judges' server", "tests"),
        ("supervisor", "tests"),
        ("student", "tests"),
        ("copy", "tests"),
        ("judge", "tests"),
    ],
)
def test_a_process_that_is_killed_costs_no_point(one, level, monkeypatch, victim, moment):
    spec, submission, undisturbed = one
    killed = kill_at(monkeypatch, victim, moment, level=level)
    result = engine.grade(spec, submission, isolation=level)
    assert len(killed) == 1 and (killed[0] or level == "namespaces")
    alike = {"seconds": 0, "isolation": level}
    assert vars(result) | alike == vars(undisturbed) | alike
    # who is killed with its supervisor may take a moment to end
    groups_then = [path for path in killed[0] if (path / "cgroup.procs").exists()]
    wait_for(lambda: not any(map(members, groups_then)))
    # sweeps away what a supervisor could not put away itself: its group, its scratch folder
    engine.grade(spec, submission, isolation=level)
    wait_for(lambda: not held() and not any(path.exists() for path in killed[0]))
    # the fork server may be a new one
    server = servers._idle[-1].students
    wait_for(lambda: not psutil.Process(server.process.pid).children())


def members(group):
    """The processes of a control group, as text; "" when it is gone."""
    try:
        return (group / "cgroup.procs").read_text()
    except OSError:
        return ""


def test_a_supervisor_that_was_killed_leaves_its_control_group_to_the_next_one(one):
    dying = subprocess.Popen(["sleep", "60"])
    left = cgroup.Group(dying.pid, Limits())
    dying.kill()
    dying.wait()
    if not left.folders:
        pytest.skip("no control group may be made here: NOT tested that none is left behind")
    living = cgroup.Group(os.getpid(), Limits())
    spec, submission, _ = one
    engine.grade(spec, submission)
    wait_for(lambda: not any(folder.exists() for folder in left.folders))
    assert all(folder.exists() for folder in living.folders)
    living.remove()


@pytest.mark.parametrize(
    "victim, moment, words",
    [
        (
            "student",
            "cells",
            "p1: ended its process, which had used more memory than allowed or was killed",
        ),
        ("copy", "tests", "p1_test: the process ended"),
        ("judge", "tests", "the tests could not be finished"),
    ],
)
def test_what_is_killed_again_and_again_is_told_and_ends(one, monkeypatch, victim, moment, words):
    spec, submission, _ = one
    kill_at(monkeypatch, victim, moment, times=99)
    result = engine.grade(spec, submission)
    assert words in result.flags
    assert result.scores["p1_test"] == 0


def test_a_server_that_is_killed_again_and_again_is_nobodys_fault(
    course, root, monkeypatch, capsys
):
    with monkeypatch.context() as patch:
        kill_at(patch, "server", "cells", times=3)
        assert main(course.command(root, "--students", "perfect", "--workers", "1")) == 1
    assert "the grader failed, not the student" in capsys.readouterr().out
    monkeypatch.setattr(pool, "outcomes", course.replay)
    completes(course, root)


def test_a_submission_that_breaks_the_reading_stops_nobody(course, root, monkeypatch, capsys):
    read = collect.read

    def breaking(folder, student, *more):
        if student == "half":
            raise MemoryError("too large")
        return read(folder, student, *more)

    monkeypatch.setattr(pool, "outcomes", course.replay)
    with monkeypatch.context() as patch:
        patch.setattr(collect, "read", breaking)
        assert main(course.command(root)) == 1
    assert "MemoryError: too large" in " ".join(capsys.readouterr().out.split())
    assert len(ledger(root)[0]) == len(CLASS) - 1
    completes(course, root)


EMPTY = {"steps": [], "seed": 0, "files": {}, "remembered": {}}
WHAT_IS_ASKED = {
    "modules": (Students, {"warm": ["decimal"], "load": []}, 0),
    "a student": (Students, {"student": asdict(Limits())}, 3),
    "an assignment": (Judges, {"prepare": True}, 2),
}


@pytest.mark.parametrize("kind, request_, sockets", WHAT_IS_ASKED.values(), ids=WHAT_IS_ASKED)
def test_a_server_whose_client_went_away_ends_without_a_word(kind, request_, sockets, capfd):
    """It was still busy with a request when the command ended."""
    with nobody_stays():
        server = kind()
        pairs = [socket.socketpair() for _ in range(sockets)]
        socket.send_fds(
            server.socket, [json.dumps(request_).encode()], [theirs.fileno() for _, theirs in pairs]
        )
        for one in (server.socket, *itertools.chain.from_iterable(pairs)):
            one.close()
        assert server.process.wait(PATIENCE) == 0
    assert capfd.readouterr().err == ""


def test_a_bench_ends_with_its_server(capfd):
    with nobody_stays():
        server = Judges()
        server.prepare("empty", lambda: EMPTY | {"files": {"data/rows.csv": b"1,2\n"}})
        (bench,) = psutil.Process(server.process.pid).children()
        folder = bench.cwd()
        assert os.path.exists(f"{folder}/data/rows.csv")
        server.close()
        assert not bench.is_running() and not os.path.exists(folder)
    assert capfd.readouterr().err == ""


# ---- the command is ended from outside, at work


def started(course, root, *more):
    return subprocess.Popen(
        [*COMMAND, *course.command(root, *more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(command, words):
    """Read what a command prints as far as these words."""
    for line in command.stdout:
        if words in line:
            return
    pytest.fail(f"the command ended before it said {words}: {command.communicate()[1]}")


@pytest.mark.parametrize(
    "how, graded, level",
    [
        (signal.SIGKILL, 3, "namespaces"),
        (signal.SIGINT, 0, "namespaces"),
        (signal.SIGINT, 1, "namespaces"),
        (signal.SIGTERM, 2, "namespaces"),
        (signal.SIGKILL, 2, "landlock"),
        (signal.SIGINT, 1, "landlock"),
    ],
    ids=lambda value: getattr(value, "name", value),
    indirect=["level"],
)
def test_ended_from_outside_it_leaves_no_process_and_resumes(
    course, root, replayed, how, graded, level
):
    """SIGINT goes to the whole group, as it does from a terminal."""
    with nobody_stays():
        process = subprocess.Popen(
            [*COMMAND, *course.command(root, "--workers", "1", "--isolation", level)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if graded:
            until(process, f"{graded}/{len(CLASS)}")
        else:
            wait_for(lambda: psutil.Process(process.pid).children())
        there = held()
        (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
        _, said = process.communicate(timeout=PATIENCE)
    if how == signal.SIGKILL:
        assert process.returncode == -how
    else:
        assert process.returncode == 130
        assert said.strip() == STOPPED.strip()
        assert (root / "grades.csv").exists()
    entered, rows = ledger(root)
    assert set(rows) == set(entered) and len(entered) >= graded
    wait_for(lambda: not any(path.exists() for path in there))
    completes(course, root)
    assert len(replayed) + len(entered) in (len(CLASS), len(CLASS) - 1)


def test_a_class_that_is_really_graded_is_killed_and_resumes(tmp_path, monkeypatch):
    (tmp_path / "whole").mkdir()
    real = Course(
        tmp_path / "whole",
        {
            "blank": Student(BLANK),
            "late": Student({}, submitted="2026-03-03 08:00:00 UTC"),
            "perfect": Student({}),
        },
    )
    root = tmp_path / "killed"
    real.hand_in_at(root)
    with nobody_stays():
        command = started(real, root, "--workers", "1")
        until(command, "2/3")
        command.kill()
        command.communicate(timeout=PATIENCE)
    assert len(ledger(root)[0]) >= 2
    monkeypatch.setattr(pool, "outcomes", real.replay)
    completes(real, root)


def test_two_runs_at_once_are_refused(course, root, replayed, monkeypatch, capsys):
    codes, write = [], Writer.write

    def meanwhile(writer, *arguments):
        if not codes:
            codes.append(main(course.command(root)))
        return write(writer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", meanwhile)
        completes(course, root)
    assert codes == [2]
    assert "another nbjudge grade is at work in" in capsys.readouterr().err
    assert sorted(replayed) == sorted(CLASS)


# ---- a cluster loses a part

# long enough for a cluster to lose a part while it is at work, whatever else the machine does
SLOW = (
    "import time\ntime.sleep(1.5)\ndef mean_of_logs(values):\n    return sum(math.log(v) for v in"
    " values if v > 0) / len([v for v in values if v > 0])"
)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A course whose students' notebooks take their time."""
    return Course(
        tmp_path_factory.mktemp("slow"),
        {f"student-{number}": Student({"p1": SLOW}) for number in range(8)},
    )


@contextlib.contextmanager
def scheduling(folder):
    """A scheduler outside of the command: its address and its process."""
    there = folder / "scheduler.json"
    where = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", there]
    with running([*DASK, "scheduler", *where, "--no-dashboard"], cwd=folder) as (scheduler,):
        yield wait_for(lambda: written_in(there))["address"], scheduler


def written_in(file):
    """What a file of JSON says; nothing while it is half written."""
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(file.read_text())


@pytest.fixture
def cluster(tmp_path):
    """A scheduler with two workers outside of the command: the address and the three processes."""
    with scheduling(tmp_path) as (address, scheduler):
        worker = [*DASK, "worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
        with running(worker, worker, cwd=tmp_path) as workers:
            with Client(address, timeout=PATIENCE) as client:
                # one that is late would find all work done
                client.wait_for_workers(2, timeout=PATIENCE)
            yield address, [psutil.Process(one.pid) for one in (scheduler, *workers)]


def at_work(nanny):
    """The worker below its nanny, once it has a fork server of its own."""
    return [
        child
        for child in nanny.children()
        if any("forkserver" in " ".join(one.cmdline()) for one in child.children())
    ]


def test_the_loss_of_a_worker_is_made_up_for_and_that_of_the_scheduler_is_told(
    slow, cluster, tmp_path, monkeypatch
):
    address, (scheduler, one, _) = cluster
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        slow.hand_in_at(root)
    command = started(slow, first, "--scheduler", address)
    (worker,) = wait_for(lambda: at_work(one))
    below = worker.children(recursive=True)
    until(command, "2/8")
    kill(worker)
    said, troubles = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0 and "failed:" not in said, said + troubles
    wait_for(lambda: all(map(ended, below)))
    completes(slow, first)

    command = started(slow, second, "--scheduler", address)
    until(command, "2/8")
    kill(scheduler)
    _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 2
    assert (
        said.strip()
        == f"the scheduler {address} was lost: start it and its workers again, then {AGAIN}"
    )
    entered, rows = ledger(second)
    assert set(rows) == set(entered) and 2 <= len(entered) < 8
    asked = []
    monkeypatch.setattr(
        pool,
        "outcomes",
        lambda spec, submissions, *how: asked.extend(submissions) or slow.replay(spec, submissions),
    )
    completes(slow, second)
    assert len(asked) + len(entered) in (8, 7)


def test_a_scheduler_without_workers_is_told(slow, tmp_path, monkeypatch, capsys):
    slow.hand_in_at(tmp_path)
    monkeypatch.setattr(pool, "DESERTED", 1.0)
    with scheduling(tmp_path) as (address, _):
        assert main(slow.command(tmp_path, "--scheduler", address)) == 2
    assert (
        f"the scheduler {address} has had no workers for 1 s: start some, then"
        in capsys.readouterr().err
    )

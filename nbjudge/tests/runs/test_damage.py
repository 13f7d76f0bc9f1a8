"""Disks that are full or read-only, gradebooks that are locked, files cut off.

It is told, and the same command repairs it.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import pytest
from made_up.cohort import CLASS, completes, ledger
from nbjudge.cli import main
from nbjudge.records.gradebook import Writer
from nbjudge.sandbox import linux

from nbjudge import run as grade

from .harm import in_mounts, killed_at
from .machinery import PATIENCE

# ---- the disk


def said_by(course, root, *more):
    """The exit status of the command and what it writes to standard error, for a child."""
    with tempfile.TemporaryFile("w+", dir=course.home) as log:
        before, sys.stderr = sys.stderr, log
        try:
            status = main(course.command(root, *more))
        finally:
            sys.stderr = before
        log.seek(0)
        return status, log.read()


def test_a_disk_that_is_full_is_told_and_with_more_room_the_run_goes_on(
    course, root, replayed, mounts
):
    """The room grows until there is enough, so the disk is full at every stage of the run."""

    def run():
        disk, size, failed = root / "disk", 16, 0
        disk.mkdir()
        linux.mount("disk", disk, "tmpfs", 0, f"size={size}m")
        shutil.copytree(root / "submitted", disk / "submitted")
        used = sum(path.stat().st_blocks for path in disk.rglob("*")) // 2 + 8
        for size in range(used, used + 2000, 24):
            linux.mount("disk", disk, "tmpfs", linux.MS_REMOUNT, f"size={size}k")
            status, said = said_by(course, disk)
            if status == 0:
                break
            assert status == 2 and "no room for" in said and "run the same command again" in said, (
                said
            )
            assert not list(disk.rglob("*.new"))
            entered, rows = ledger(disk) if (disk / "gradebook.db").exists() else ([], {})
            assert set(rows) == set(entered)
            failed += 1
        assert failed > 8
        completes(course, disk)

    in_mounts(run)


def test_a_full_folder_for_scratch_disturbs_nothing(course, root, mounts):
    """Neither the command nor the boxes need room in the machine's folders for scratch."""

    def run():
        for place in ("scratch", "home"):
            (root / place).mkdir()
            linux.mount("scratch", root / place, "tmpfs", 0, "size=16k")
            with pytest.raises(OSError, match="No space"):
                (root / place / "filler").write_bytes(bytes(1 << 20))
        os.environ["TMPDIR"], os.environ["HOME"] = str(root / "scratch"), str(root / "home")
        tempfile.tempdir = None
        linux.mount(str(root / "scratch"), "/dev/shm", None, linux.MS_BIND)
        completes(course, root, "--workers", "1")

    in_mounts(run)


@pytest.mark.parametrize("part", [".", "autograded", "feedback", "gradebook.db"])
def test_a_folder_that_cannot_be_written_is_named_with_its_remedy(
    course, root, replayed, mounts, part
):
    def run():
        place = root / part
        if part == "gradebook.db":
            shutil.copy(course.home / part, place)
        else:
            place.mkdir(exist_ok=True)
        linux.mount(str(place), str(place), None, linux.MS_BIND)
        linux.mount(None, str(place), None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY)
        with contextlib.redirect_stdout(io.StringIO()) as told:
            status, said = said_by(course, root)
        assert (
            status == 2
            and "writable" in said
            and "run the same command again" in said
            and "Traceback" not in said
        ), said
        assert str(root) in said
        assert "waiting" not in told.getvalue()  # for what does not pass
        linux.mount(None, str(place), None, linux.MS_REMOUNT | linux.MS_BIND)
        completes(course, root)

    in_mounts(run)


# ---- the gradebook is locked or damaged

HOLD = """
import sqlite3, sys
book = sqlite3.connect(sys.argv[1], isolation_level=None)
book.execute("begin exclusive")
print("held", flush=True)
sys.stdin.read()
"""
LOCKED_AT = {
    "the opening": (Writer, "register", 1),
    "the third submission": (Writer, "_enter", 3),
    "the penalties": (Writer, "set_penalties", 1),
    "feedback": (Writer, "note_feedback", 2),
    "the table": (Writer, "write_csv", 1),
}


def hold_at(patch, root, moment):
    """Have another program lock the gradebook when a run comes to a moment.

    A list that will hold that program.
    """
    owner, name, which = LOCKED_AT[moment]
    real, calls, holders = getattr(owner, name), [], []

    def holding(*arguments, **keywords):
        calls.append(1)
        if len(calls) == which:
            holders.append(
                subprocess.Popen(
                    [sys.executable, "-c", HOLD, str(root / "gradebook.db")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            assert holders[0].stdout.readline() == b"held\n"
        return real(*arguments, **keywords)

    patch.setattr(owner, name, holding)
    return holders


def impatient(patch, seconds):
    """Have SQLite give up after `seconds`, instead of its five, and the writer soon after."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def hurry(connection, record):
        connection.execute(f"pragma busy_timeout = {int(1000 * seconds)}")

    event.listen(Engine, "connect", hurry)
    patch.setattr(grade, "Options", partial(grade.Options, patience=3 * seconds))
    return lambda: event.remove(Engine, "connect", hurry)


@pytest.mark.parametrize("moment", LOCKED_AT)
def test_a_gradebook_locked_for_a_while_is_waited_for(
    course, root, replayed, monkeypatch, capsys, moment
):
    calm = impatient(monkeypatch, 0.2)
    monkeypatch.setattr(grade, "Options", partial(grade.Options, patience=60))
    holders = hold_at(monkeypatch, root, moment)
    refused, start_over = threading.Event(), Writer._start_over
    monkeypatch.setattr(Writer, "_start_over", lambda writer: (start_over(writer), refused.set()))

    def release():
        if refused.wait(PATIENCE):
            holders[0].communicate()

    thread = threading.Thread(target=release)
    thread.start()
    try:
        assert main(course.command(root)) == 0
    finally:
        thread.join()
        calm()
    assert capsys.readouterr().out.count("waiting for the gradebook: database is locked") == 1
    assert sorted(replayed) == sorted(CLASS)
    completes(course, root)


@pytest.mark.parametrize("moment", LOCKED_AT)
def test_a_gradebook_locked_for_ever_is_told_and_nothing_is_half_done(
    course, root, replayed, monkeypatch, capsys, moment
):
    with monkeypatch.context() as patch:
        calm = impatient(patch, 0.2)
        holders = hold_at(patch, root, moment)
        try:
            assert main(course.command(root)) == 2
        finally:
            calm()
    said = capsys.readouterr().err
    assert (
        "database is locked" in said
        and "close the formgrader" in said
        and "run the same command again" in said
    )
    holders[0].communicate()
    entered, rows = ledger(root)
    assert set(rows) == set(entered)
    replayed.clear()
    completes(course, root)
    assert not set(replayed) & set(entered)


@pytest.mark.parametrize("damage", ["half of it", "something else"])
def test_a_damaged_gradebook_is_told_with_its_remedy(course, root, replayed, capsys, damage):
    completes(course, root)
    book = root / "gradebook.db"
    whole = book.read_bytes()
    book.write_bytes(whole[: len(whole) // 2] if damage == "half of it" else b"word,count\n" * 1000)
    capsys.readouterr()
    assert main(course.command(root)) == 2
    told, said = capsys.readouterr()
    assert "is damaged: put a copy of it back, or move it away" in said
    assert "waiting" not in told
    book.unlink()
    completes(course, root)


# ---- what was written is cut off, as after a power cut

CUTS = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "all but the end": lambda data: data[:-2],
    "zeros": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
}
KINDS = {
    "notebook": "autograded/perfect/*/exercises.ipynb",
    "time": "autograded/late/*/timestamp.txt",
    "file beside it": "autograded/half/*/data.csv",
    "feedback": "feedback/perfect/*/exercises.html",
    "secret": "feedback/perfect/*/submission_secret.txt",
    "table": "grades.csv",
    "everything": "*/*/*/*.*",
    "result": "autograded/.results/*.json",
}


@pytest.fixture(scope="module")
def waiting(course, changes, tmp_path_factory):
    """A folder in which a result has not found its way into the gradebook."""
    for number in range(changes // 3, changes):
        root = tmp_path_factory.mktemp("waiting")
        course.hand_in_at(root)
        killed_at(course, root, number)
        if list(root.glob(KINDS["result"])):
            return root
    pytest.fail("no run left a result behind")


@pytest.fixture(scope="module")
def finished(course):
    """A folder in which all is done."""
    return course.home


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_off_is_written_again(course, tmp_path, replayed, request, kind, cut):
    before = request.getfixturevalue("waiting" if kind == "result" else "finished")
    for part in ("submitted", "autograded", "feedback", "grades.csv", "gradebook.db"):
        if (before / part).is_dir():
            shutil.copytree(before / part, tmp_path / part)
        elif (before / part).exists():
            shutil.copy(before / part, tmp_path)
    paths = [
        path
        for path in tmp_path.glob(KINDS[kind])
        if path.parts[len(tmp_path.parts)] != "submitted"
    ]
    assert paths
    for path in paths:
        path.write_bytes(CUTS[cut](path.read_bytes()))
    completes(course, tmp_path)


def test_every_kind_of_file_is_cut_off(course):
    """Every file that a run leaves is of a kind above; the gradebook looks after itself."""
    kinds = {Path(name).name for name in course.files} - {"gradebook.db"}
    assert kinds == {
        Path(pattern).name
        for kind, pattern in KINDS.items()
        if kind not in ("everything", "result")
    }


def test_an_empty_gradebook_is_filled_again(course, root, replayed):
    completes(course, root)
    (root / "gradebook.db").write_bytes(b"")
    completes(course, root)

"""nbgrader's exchange between accounts of one machine, as on a JupyterHub: released, fetched,
submitted, collected, graded in the sandbox, marked, and fetched again as feedback.
"""

import os
import pwd
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from made_up import term
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.term.marking import Desk

from .machinery import PATIENCE

PROGRAMS = Path(sys.executable).parent
CHAPTER = "01-logs"
# accounts that every Debian has, in the place of two students
STUDENTS = ("daemon", "games")


@cache
def python_of(account):
    """A Python that an account may start, with this environment's packages; None if there is none.

    Where this one lies in a home folder, the system's of the same version does.
    """
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            if not as_account(account, [python, "-c", "import nbgrader.apps"]).returncode:
                return python
        except OSError:
            continue
    return None


def as_account(account, command, **how):
    """Run a command as another account of this machine."""
    entry = pwd.getpwnam(account)
    packages = {"PYTHONPATH": str(Path(nbformat.__file__).parents[1])}
    how["env"] = how.get("env", dict(os.environ)) | packages | {"USER": account, "LOGNAME": account}
    return subprocess.run(
        command,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **how,
    )


def nbgrader(folder, *words, account=None):
    """One of nbgrader's commands, given by an account in a folder of its own."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        **{
            f"JUPYTER_{name}_DIR": str(folder / ".jupyter")
            for name in ("CONFIG", "DATA", "RUNTIME")
        },
    }
    if account:
        command = [python_of(account), "-m", "nbgrader", *words]
        return as_account(account, command, cwd=folder, env=environment)
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )


@pytest.fixture
def place(tmp_path):
    """The instructor's course, an exchange, and a home for each student."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: the exchange between accounts needs root")
    if python_of(STUDENTS[0]) is None:
        pytest.skip("NOT TESTED: other accounts cannot read this environment")
    place = Path("/var/tmp", f"nbjudge-exchange-{os.getpid()}")
    place.mkdir(mode=0o755)
    home = term.course(place / "course")
    (place / "exchange").mkdir()
    (place / "exchange").chmod(0o777)
    shared = f"c = get_config()\nc.Exchange.root = {str(place / 'exchange')!r}\n"
    shared += "c.CourseDirectory.course_id = 'made-up'\n"
    with open(home / "nbgrader_config.py", "a") as settings:
        settings.write(shared)
    home.chmod(0o700)
    for student in STUDENTS:
        entry = pwd.getpwnam(student)
        (place / student).mkdir(mode=0o700)
        (place / student / "nbgrader_config.py").write_text(shared)
        for path in (place / student, place / student / "nbgrader_config.py"):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    release.generate(home)
    yield place
    shutil.rmtree(place)


def solve(place, student, kind):
    """Write an answer into the fetched notebook; its modes and owner stay."""
    path = place / student / CHAPTER / "exercises.ipynb"
    solved = term.hand_in(place / "course", CHAPTER, kind, place / "marker")
    nbformat.reads(solved.decode(), as_version=4)
    path.write_bytes(solved)


@pytest.mark.root
@pytest.mark.slow
def test_a_week_of_the_exchange_between_accounts(sandbox, place):
    home = place / "course"
    done = nbgrader(home, "release_assignment", CHAPTER)
    assert done.returncode == 0, done.stderr
    for student, kind in zip(STUDENTS, "RX", strict=True):
        done = nbgrader(place / student, "fetch_assignment", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
        solve(place, student, kind)
        done = nbgrader(place / student, "submit", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
    done = nbgrader(home, "collect", CHAPTER)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (home / "submitted").iterdir()) == sorted(STUDENTS)

    assert main(["grade", "1", "--home", str(home)]) == 0
    assert not (place / "marker").exists()
    desk = Desk("1", home, secret=b"hub")
    for answer in desk.answers(desk.problems[0]):
        desk.mark(desk.problems[0], answer.student, 1.5, f"For {answer.student} alone.", None)
    assert main(["grade", "1", "--home", str(home)]) == 0
    done = nbgrader(home, "release_feedback", CHAPTER)
    assert done.returncode == 0, done.stderr
    for student, other in (STUDENTS, STUDENTS[::-1]):
        done = nbgrader(place / student, "fetch_feedback", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
        (page,) = (place / student).rglob("*.html")
        text = page.read_text()
        assert f"For {student} alone." in text and f"For {other} alone." not in text
        assert "11.5 of 12 points" in text and "BEGIN HIDDEN" not in text

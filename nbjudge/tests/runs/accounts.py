"""Accounts of one machine that share nbgrader's exchange: a course, and a home for each student."""

import os
import pwd
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
from made_up import term

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


def solve(place, student, kind):
    """Write an answer into the fetched notebook; its modes and owner stay."""
    path = place / student / CHAPTER / "exercises.ipynb"
    solved = term.hand_in(place / "course", CHAPTER, kind, place / "marker")
    nbformat.reads(solved.decode(), as_version=4)
    path.write_bytes(solved)

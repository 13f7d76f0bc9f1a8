"""Ways to disturb a run at a chosen point.

In a child that may be killed, on a disk that may fill up, among processes that may end.
"""

import contextlib
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import psutil
from nbjudge.cli import main
from nbjudge.execution import pool
from nbjudge.sandbox import cgroup, linux, processes, scratch
from nbjudge.sandbox.limits import Limits

from .machinery import PATIENCE, wait_for

# of prctl: orphans below this process become its children
SUBREAPER = 36


def in_a_child(work, seconds=2 * PATIENCE):
    """Call `work()` in a fork of this process.

    Parameters
    ----------
    work : callable
    seconds : float
        After this time the child is killed.

    Returns
    -------
    code : int
        0 if all went well, 1 after an exception, minus the signal that killed it.
    said : str
        What it printed, with the exception's traceback.
    """
    with tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for descriptor in (1, 2):
                    os.dup2(log.fileno(), descriptor)
                sys.stdout, sys.stderr = (
                    open(descriptor, "w", closefd=False, buffering=1) for descriptor in (1, 2)
                )
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        until, status = time.monotonic() + seconds, None
        while status is None:
            ended, found = os.waitpid(child, os.WNOHANG)
            if ended:
                status = found
            elif time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
            else:
                time.sleep(0.01)
        log.seek(0)
        return os.waitstatus_to_exitcode(status), log.read().decode(errors="replace")


def at_change(number, harm, root):
    """Do harm before a change of the disk below `root` or of a gradebook, from the one of that
    number on, counted from 0; for a child only.

    Returns
    -------
    list
        One entry for each change so far.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    changes, root = [], str(root)

    def change():
        changes.append(1)
        if len(changes) > number:
            harm()

    def hook(name, arguments):
        if name == "open" and not (
            isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            return
        if name in ("open", "os.rename", "os.remove", "os.mkdir") and os.fspath(
            arguments[0]
        ).startswith(root):
            change()

    def statement(connection, cursor, text, *_):
        if not text.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            change()

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", lambda connection: change())
    sys.addaudithook(hook)
    return changes


def die():
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def own_mounts():
    """Give this process mounts of its own, which vanish with it; for a child only."""
    if not linux.can_mount():
        user, group = os.geteuid(), os.getegid()
        linux.unshare(linux.NEWUSER | linux.NEWNS)
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {user} 1"),
            ("gid_map", f"0 {group} 1"),
        ):
            Path("/proc/self", name).write_text(line)
    else:
        linux.unshare(linux.NEWNS)
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)


def no_mounts():
    """Why a process cannot have mounts of its own here; None if it can."""
    code, said = in_a_child(own_mounts)
    return None if code == 0 else said.strip().splitlines()[-1]


def ended(process):
    """Whether a process does nothing any more."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill(process):
    """End a process and wait until it does nothing any more."""
    process.kill()
    wait_for(lambda: ended(process))


@contextlib.contextmanager
def nobody_stays():
    """Fail if a process that is started meanwhile, by whomever below this one, outlives the
    block.
    """
    me = psutil.Process()
    before = {process.pid for process in me.children(recursive=True)}
    linux.prctl(SUBREAPER, 1)
    try:
        yield
        wait_for(lambda: not _others(me, before))
    except TimeoutError:
        raise AssertionError(f"still there: {_others(me, before)}") from None
    finally:
        linux.prctl(SUBREAPER, 0)


def _others(me, before):
    """Descendants that were not there before; those that have ended are laid to rest."""
    found = []
    for process in me.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
            if process.pid in before:
                continue
            if process.status() == psutil.STATUS_ZOMBIE and process.ppid() == me.pid:
                os.waitpid(process.pid, os.WNOHANG)
            else:
                found.append(process)
    return found


def killed_at(course, root, number, harm=die):
    """Run the command in a child that is killed before its change of that number."""

    def run():
        pool.outcomes = course.replay
        at_change(number, harm, root)
        main(course.command(root))

    code, said = in_a_child(run)
    assert code == -signal.SIGKILL, said


def in_mounts(work):
    """Do some work in a child with mounts of its own, and fail as it fails."""

    def all_of_it():
        own_mounts()
        work()

    code, said = in_a_child(all_of_it)
    assert code == 0, said


def supervisors(server):
    """The processes that the fork server has started and that have a sandbox."""
    found = []
    for child in psutil.Process(server.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
            if child.children():
                found.append(child)
    return found


def groups():
    """The control groups of the sandboxes below this process whose supervisors live."""
    return [
        folder
        for parent in cgroup.own_groups().values()
        for folder in parent.glob(f"{cgroup.NAME}*")
        if _is_ours(folder.name.removeprefix(cgroup.NAME))
    ]


def held():
    """What the sandboxes below this process have on the machine: control groups, folders.

    Other runs may be at work here, and what they have and leave is their affair.
    """
    found = [path for place in scratch.PLACES for path in Path(place).glob(f"{scratch.NAME}*.*-*")]
    return groups() + [path for path in found if _is_ours(path.name.split("-")[1])]


def _is_ours(supervisor):
    number, me = int(supervisor.partition(".")[0]), os.getpid()
    return processes.lives(supervisor) and (number == me or processes.is_below(number, me))


def groups_allowed():
    """Whether a control group can be made here."""
    group = cgroup.Group(os.getpid(), Limits())
    group.remove()
    return bool(group.folders)

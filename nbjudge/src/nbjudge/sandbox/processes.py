"""The processes of a sandbox as its supervisor sees them: all below a given one."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PAUSE = 0.001
PAGE = os.sysconf("SC_PAGE_SIZE")
# the place of a process's start among its statistics, counted after its own name
START = 19


def identity(process: int) -> str:
    """What no later process is called, although numbers are given again: number and start.

    Examples
    --------
    >>> lives(identity(os.getpid())), lives(f"{os.getpid()}.1")
    (True, False)
    """
    return f"{process}.{int(_fields(process)[START])}"


def lives(process: int | str) -> bool:
    """Whether a process is there and does not only wait for its parent to hear of its end.

    An orphan's new parent may hear of it late.

    Parameters
    ----------
    process : int or str
        Its number or its `identity`.

    Examples
    --------
    >>> lives(os.getpid()), lives(0)
    (True, False)
    """
    number, _, start = str(process).partition(".")
    fields = _fields(number)
    if fields[:1] in ([], [b"Z"], [b"X"]):
        return False
    return not start or int(fields[START]) == int(start)


def parent(process: int) -> int:
    """The parent of a process; 0 if there is no such process."""
    return int((_fields(process) or [b"", b"0"])[1])


def _fields(process):
    """What follows a process's name in its line of statistics; [] without such a process."""
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def threads(process: int) -> list[str]:
    """The numbers of a process's threads; [] when it is gone."""
    with suppress(OSError):
        return os.listdir(f"/proc/{process}/task")
    return []


def descendants(process: int) -> list[int]:
    """The processes below one, parents before their children."""
    found = [process]
    for one in found:
        found += children(one)
    return found[1:]


def children(process: int) -> list[int]:
    """The children of a process, those included that have ended and were not waited for."""
    found = []
    for thread in threads(process):
        with suppress(OSError):
            found += map(int, Path(f"/proc/{process}/task/{thread}/children").read_bytes().split())
    return found


def is_below(process: int, ancestor: int) -> bool:
    """Whether a process descends from another.

    Examples
    --------
    >>> is_below(os.getpid(), os.getppid()), is_below(os.getppid(), os.getpid())
    (True, False)
    """
    while process > 1:
        process = parent(process)
        if process == ancestor:
            return True
    return False


def memory(processes: Iterable[int]) -> int:
    """Bytes that some processes hold, shared pages counted once."""
    return sum(map(_memory, processes))


def _memory(process):
    with suppress(OSError, StopIteration):
        with open(f"/proc/{process}/smaps_rollup") as lines:
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return PAGE * _pages(process)[1]  # one that nobody may look into: shared pages count in full


def _pages(process):
    """Pages that a process has mapped, and those that it holds."""
    with suppress(OSError):
        mapped, held, *_ = map(int, Path(f"/proc/{process}/statm").read_bytes().split())
        return mapped, held
    return 0, 0


def hides(process: int) -> bool:
    """Whether a process works and cannot be looked into: the program that it runs is unreadable."""
    try:
        os.listdir(f"/proc/{process}/fd")
    except PermissionError:
        return _pages(process)[0] > 0  # one that is about to end has none
    except OSError:
        pass
    return False


def reap() -> dict[int, int]:
    """{process: status} of the children of this one that have ended.

    Raises
    ------
    ChildProcessError
        If it has no children at all.
    """
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            if ended:
                return ended
            raise
        if not pid:
            return ended
        ended[pid] = status


def end_all() -> dict[int, int]:
    """Kill all processes below this one and wait for their end; {process: status}.

    This process must have asked to `adopt_orphans`: whoever loses its parent on the way comes here
    and is found in the next round, so no daemon and no chain of forks gets away.
    """
    ended = {}
    while True:
        _kill(found := descendants(os.getpid()))
        try:
            ended |= reap()
        except ChildProcessError:
            return ended
        if not found:
            time.sleep(PAUSE)


def end_strays(known: Iterable[int]) -> None:
    """Kill the children of this process that it does not know, and all below them.

    They come to a process that has asked to `adopt_orphans` when their supervisor is killed.
    """
    known = set(known)
    while strays := [pid for pid in children(os.getpid()) if pid not in known and lives(pid)]:
        for pid in strays:
            _kill([pid, *descendants(pid)])
        time.sleep(PAUSE)


def _kill(processes):
    for process in processes:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)

"""The warm fork servers of this process: lent to whoever grades a notebook, and kept for the next.

Starting a pair takes seconds, so as many are started as are needed at the same time, and no more. A
run, or whatever else grades several assignments, keeps them with `kept`.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from nbjudge import modules
from nbjudge.execution.forkserver import Judges, Students


class StoppedError(RuntimeError):
    """The servers were closed while they were at work."""


class Servers(NamedTuple):
    """A pair of fork servers."""

    students: Students
    judges: Judges
    # process that started them, and the isolation that it asked for
    place: tuple

    def close(self) -> None:
        """End both, and whatever they have forked."""
        self.students.close()
        self.judges.close()


_lock = threading.RLock()
_idle: list[Servers] = []
_lent: list[Servers] = []
_keepers = 0


@contextmanager
def kept() -> Iterator[None]:
    """Keep the servers until the end of this block, or of the outermost one around it."""
    global _keepers
    with _lock:
        _keepers += 1
    try:
        yield
    finally:
        with _lock:
            _keepers -= 1
            last = not _keepers
        if last:
            close()


@contextmanager
def lent(isolation: str | None = None, assignment: str = "") -> Iterator[Servers]:
    """A pair for this block alone, started if none is free; after an exception it is ended.

    Parameters
    ----------
    isolation : str, optional
        A level or method of `sandbox.isolation`; by default the strongest level that this machine
        allows.
    assignment : str
        The digest of an assignment: a pair whose judges have it ready is preferred.

    Raises
    ------
    SandboxUnavailableError
        If no sandbox can be built here.
    StoppedError
        If `close` has ended the pair meanwhile.
    """
    pair = _take(isolation, assignment)
    try:
        yield pair
    except BaseException:
        if not _drop(pair):
            raise StoppedError("the grader was stopped") from None
        raise
    with _lock:
        if pair in _lent:
            _lent.remove(pair)
            _idle.append(pair)


def _take(isolation, assignment):
    place = os.getpid(), isolation
    with _lock:
        free = [pair for pair in _idle if pair.place == place]
        ready = [pair for pair in free if assignment in pair.judges.benches]
        if free:
            pair = (ready or free)[-1]
            _idle.remove(pair)
            _lent.append(pair)
            return pair
    pair = Servers(Students(isolation), Judges(), place)
    with _lock:
        _lent.append(pair)
    return pair


def _drop(pair):
    """Close a pair that is of no use any more; False if `close` has done so before."""
    with _lock:
        ours = pair in _lent
        if ours:
            _lent.remove(pair)
    pair.close()
    return ours


@atexit.register
def close() -> None:
    """End all servers of this process and whatever they have in their sandboxes."""
    with _lock:
        found = [pair for pair in (*_idle, *_lent) if pair.place[0] == os.getpid()]
        _idle.clear()
        _lent.clear()
    for pair in found:
        pair.close()
    modules.forget()

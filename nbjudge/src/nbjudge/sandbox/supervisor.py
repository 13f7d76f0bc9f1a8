"""The guard of one sandbox: starts the isolated process, passes interrupts on, and ends it.

It ends it when told to, when nobody listens any more, or when too much is used. It stands outside
the sandbox, so nothing in it can reach it. With namespaces, the isolated process is the first of
its process namespace, and every other process of the sandbox ends with it. Without, the supervisor
adopts whatever loses its parent, and ends all processes below itself.
"""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from nbjudge.sandbox import linux, processes, scratch
from nbjudge.sandbox.cgroup import Group, sweep
from nbjudge.sandbox.kinds import Sandbox, sandbox
from nbjudge.sandbox.limits import Limits
from nbjudge.sandbox.notifications import Desk

# seconds between looks at what neither a control group nor a file system counts; longer where a
# look itself takes so long that the supervisor would do nothing else
LOOK, SHARE = 0.2, 4
# what the isolated process waits for: whether the control group counts its processes
COUNTED, UNCOUNTED = b"c", b"u"


def supervise(
    control: socket.socket,
    method: str,
    limits: Limits,
    paths: Sequence[str],
    run: Callable[[str, str], None],
    ends: Sequence[socket.socket] = (),
) -> None:
    """Call `run` in a sandbox until it ends, or `control` says so or closes; then report.

    Parameters
    ----------
    control : socket
        Takes b"i" for an interrupt and b"k" for the end; gets one line of JSON when all is over.
    method : str
        As `isolation.find_method` gives it.
    limits : Limits
    paths : sequence of str
        What the sandbox shows.
    run : callable
        What the isolated process does. It gets the folder that it may write to, and "" or the
        reason why the sandbox could not be built.
    ends : sequence of socket
        Those that are for the isolated process alone: whoever listens at the other end has to see
        that it is gone.
    """
    grader = os.pidfd_open(os.getppid())
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    group, place, trouble = Group(os.getpid(), limits), sandbox(method, limits, paths), ""
    if place.adopts:
        linux.adopt_orphans()
    try:
        place.prepare()
    except OSError as error:
        trouble = _said(error)
    gate, gate_inside = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        control.close()
        gate.close()
        counted = gate_inside.recv(1) == COUNTED  # once the control group holds
        _isolate(place, run, gate_inside, trouble, counted)
    for end in (gate_inside, *ends):
        end.close()
    group.add(pid)
    gate.send(COUNTED if "pids" in group.limited else UNCOUNTED)
    watch = _Watch(pid, place, limits, "memory" in group.limited)
    why = watch.until_the_end(control, grader, gate)
    status = watch.ended[pid] if pid in watch.ended else os.waitpid(pid, 0)[1]
    if place.adopts:
        processes.end_all()
    if why == "itself" and group.killed_for_memory():
        why = "memory"
    place.remove()
    group.remove()
    sweep()
    scratch.sweep()
    with suppress(OSError):
        control.sendall(json.dumps({"why": why, "status": status}).encode() + b"\n")


def _isolate(place, run, gate, trouble, counted):
    """In the isolated process."""
    try:
        os.setsid()
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
        if not trouble:
            place.enter(lambda listener: socket.send_fds(gate, [b"x"], [listener]), counted)
    except OSError as error:
        trouble = _said(error)
    except Exception as error:
        trouble = str(error)
    gate.close()
    try:
        run(place.home, trouble)
    finally:
        os._exit(0)


def _said(error):
    return f"{error.filename or 'the sandbox'}: {error.strerror}"


class _Watch:
    """Waiting for the end of an isolated process."""

    def __init__(self, pid: int, place: Sandbox, limits: Limits, group_counts_memory: bool):
        self.pid, self.place, self.limits = pid, place, limits
        self.over = os.pidfd_open(pid)
        self.group_counts_memory = group_counts_memory
        self.desk: Desk | None = None
        self.ended: dict[int, int] = {}
        self.why = ""

    def until_the_end(self, control: socket.socket, grader: int, gate: socket.socket) -> str:
        """Who or what ended it: "itself", "told", "memory", "disk"."""
        poll, next_look = select.poll(), time.monotonic() + LOOK
        looks = self.place.adopts or not self.group_counts_memory
        for one in (control, grader, gate, self.over):
            poll.register(one, select.POLLIN)
        while True:
            wait = max(0, next_look - time.monotonic()) * 1000 if looks else None
            ready = dict(poll.poll(wait))
            if self.over in ready:
                break
            if grader in ready:
                poll.unregister(grader)
                self._kill("told")
            if control.fileno() in ready:
                if control.recv(1) == b"i":
                    self._signal(signal.SIGINT)
                else:
                    poll.unregister(control)
                    self._kill("told")
            if gate.fileno() in ready:
                poll.unregister(gate)
                self._open_desk(gate, poll)
            if self.desk and self.desk.fileno() in ready:
                if ready[self.desk.fileno()] & select.POLLIN:
                    self.desk.answer()
                else:
                    poll.unregister(self.desk)
            if looks and (began := time.monotonic()) >= next_look:
                self._look()
                ended = time.monotonic()
                next_look = ended + max(LOOK, SHARE * (ended - began))
        if self.desk:
            self.desk.close()
        return self.why or "itself"

    def _open_desk(self, gate, poll):
        """Once the process is shut in: whether it has questions, and where."""
        descriptors = []
        # it was ended before it had read what the gate said
        with suppress(ConnectionResetError):
            _, descriptors, _, _ = socket.recv_fds(gate, 1, 1)
        if descriptors:
            self.desk = Desk(descriptors[0], self.place.home, self.limits.processes)
            poll.register(self.desk, select.POLLIN)

    def _look(self):
        everybody = [self.pid, *processes.descendants(self.pid)]
        if self.place.adopts:
            with suppress(ChildProcessError):
                self.ended |= processes.reap()
            everybody = processes.descendants(os.getpid())
        if not self.group_counts_memory and processes.memory(everybody) > self.limits.memory:
            self._kill("memory")
        elif self.place.is_full(everybody):
            self._kill("disk")

    def _kill(self, why):
        self.why = self.why or why
        self._signal(signal.SIGKILL)

    def _signal(self, number):
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.over, number)

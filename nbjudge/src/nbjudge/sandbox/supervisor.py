"""The guard of one sandbox: starts the isolated process, passes interrupts on, ends it when told to or when nobody listens.

It stands outside the sandbox, so nothing in it can reach it. It ends with the fork server, and the isolated process, which
is the first of its process namespace, ends with it and takes every other process of the sandbox along.
"""

import json
import os
import select
import signal
from contextlib import suppress

from nbjudge.sandbox import limits as bounds
from nbjudge.sandbox import linux, namespaces
from nbjudge.sandbox.cgroup import Group, sweep

# seconds between looks at the memory, where no control group does
LOOK = 0.2


def supervise(control, method, limits, paths, run, ends=()):
    """Run `run()` in a sandbox until it ends, or `control` says so or closes; then report and return.

    Parameters
    ----------
    control : socket
        Takes b"i" for an interrupt and b"k" for the end; gets one line of JSON when all is over.
    method : str
        As `isolation.find_method` gives it.
    limits : Limits
    paths : list of str
        What the sandbox shows.
    run : callable
        What the isolated process does; it gets "" or the reason why the sandbox could not be built.
    ends : sequence of socket
        Those that are for the isolated process alone: whoever listens at the other end has to see that
        it is gone.
    """
    linux.die_with_parent()
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    group = Group(os.getpid(), limits)
    gate_read, gate_write = os.pipe()
    if method != "none":
        namespaces.unshare(method)
    pid = os.fork()
    if pid == 0:
        control.close()
        os.close(gate_write)
        os.read(gate_read, 1)  # until the control group holds
        os.close(gate_read)
        _isolated(method, limits, paths, run)
    os.close(gate_read)
    for end in ends:
        end.close()
    group.add(pid)
    os.write(gate_write, b"x")
    os.close(gate_write)
    why = _watch(control, pid, limits, "memory" in group.limited)
    _, status = os.waitpid(pid, 0)
    if why == "itself" and group.killed_for_memory():
        why = "memory"
    if method == "none":
        # what it left behind, as far as it stayed in its group
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    group.remove()
    sweep()
    with suppress(OSError):
        control.sendall(json.dumps({"why": why, "status": status}).encode() + b"\n")


def _isolated(method, limits, paths, run):
    trouble = ""
    try:
        os.setsid()
        if method == "none":
            linux.die_with_parent()
            bounds.apply(limits, own_user=False)
        else:
            namespaces.enter(method, limits, paths)
        with suppress(OSError):
            with open("/proc/self/oom_score_adj", "w") as score:
                score.write("1000")
    except Exception as error:
        trouble = str(error)
    try:
        run(trouble)
    finally:
        os._exit(0)


def _watch(control, pid, limits, group_counts_memory):
    """Wait for the end of the process; says who ended it: "itself", "told", "memory"."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(ended, select.POLLIN)
    why = "itself"
    while True:
        ready = {
            descriptor for descriptor, _ in poll.poll(-1 if group_counts_memory else LOOK * 1000)
        }
        if ended in ready:
            return why
        if control.fileno() in ready:
            word = control.recv(1)
            if word == b"i":
                os.kill(pid, signal.SIGINT)
                continue
            why = "told"
            poll.unregister(control)
            os.kill(pid, signal.SIGKILL)
        elif not ready and why == "itself" and _memory(pid) > limits.memory:
            why = "memory"
            os.kill(pid, signal.SIGKILL)


def _memory(pid):
    """Bytes held by a process and all its descendants, shared pages counted once."""
    todo, total = [pid], 0
    while todo:
        process = todo.pop()
        with suppress(OSError, ValueError, StopIteration):
            with open(f"/proc/{process}/smaps_rollup") as lines:
                total += (
                    next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
                )
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children") as children:
                    todo += map(int, children.read().split())
    return total

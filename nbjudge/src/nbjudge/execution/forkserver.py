"""Warm processes that fork: one the students' processes into sandboxes, another one the judges
outside.

Starting Python and importing NumPy, matplotlib and IPython takes a second; forking a process that
has done so takes milliseconds. Both servers have one thread and a clean environment. The students'
server has no secret in its memory: no test, no solution, no address of a gradebook is ever sent to
it, because whatever it knows its forks know. The judges' server forks a bench for each assignment,
which holds its compiled tests and its references' answers, and forks the judges.

    python -m nbjudge.execution.forkserver students|judges DESCRIPTOR    (started by `Server`)
"""

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import partial

from nbjudge.execution import wire
from nbjudge.modules import folders
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.limits import Limits
from nbjudge.sandbox.system import require_linux

# NumPy loads these when they are first used, which each fork would do again
NUMPY = ["numpy", "numpy.linalg", "numpy.random", "numpy.ma"]
ALWAYS = [
    *NUMPY,
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "nbjudge.sandbox.supervisor",
    "symtable",
    "IPython.core.completer",
    "IPython.core.magics",
    "PIL.PngImagePlugin",
    "matplotlib.backends.backend_agg",
]
THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
KEPT = [
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "LD_LIBRARY_PATH",
    "TMPDIR",
    "TZ",
    "MPLCONFIGDIR",
    "XDG_CACHE_HOME",
]
ENVIRONMENT = {
    "USER": "student",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PIP_RETRIES": "0",
    "PIP_DEFAULT_TIMEOUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "TERM": "dumb",
}
# benches of one server: an assignment's, and one for tests that are repeated inside
MOST_BENCHES = 2
# whoever asked has ended or closed the connection: nobody waits for an answer
GONE = EOFError, ConnectionError


class ServerLostError(RuntimeError):
    """The fork server ended; the submission in hand must be started again."""


class Server:
    """A fork server of this process, as its client sees it.

    Parameters
    ----------
    kind : str
        "students" or "judges".
    """

    def __init__(self, kind):
        require_linux()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        home = tempfile.gettempdir() if not os.environ.get("HOME") else os.environ["HOME"]
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {
            "PATH": os.path.dirname(sys.executable) + ":/usr/local/bin:/usr/bin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "MPLBACKEND": ENVIRONMENT["MPLBACKEND"],
            **dict.fromkeys(THREADS, "1"),
        }
        self.socket = ours
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, kind, str(theirs.fileno())],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd="/",
            # Ctrl-C on a terminal is the command's to handle
            process_group=0,
        )
        theirs.close()
        self.modules = set()

    def warm(self, modules, loaders=()):
        """Import modules, and call functions that load data once, so that every fork has them."""
        fresh = [name for name in (*modules, *loaders) if name not in self.modules]
        if fresh:
            self._ask(
                {
                    "warm": [name for name in modules if name in fresh],
                    "load": [name for name in loaders if name in fresh],
                }
            )
            self.modules.update(fresh)

    def _fork(self, request, pairs, more=(), over=None):
        try:
            given = [pair[1].fileno() for pair in pairs] + [one.fileno() for one in more]
            return self._ask(request, given, over)
        finally:
            for pair in pairs:
                pair[1].close()

    def _ask(self, request, descriptors=(), over=None):
        over = over or self.socket
        try:
            socket.send_fds(over, [json.dumps(request).encode()], list(descriptors))
            reply = over.recv(1 << 16)
        except OSError as error:
            raise ServerLostError(str(error)) from None
        if not reply:
            raise ServerLostError("the fork server ended")
        reply = json.loads(reply)
        if "unavailable" in reply:
            raise SandboxUnavailableError(reply["unavailable"])
        return reply

    def close(self):
        """End the server and whatever it has forked."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # another thread may be waiting for an answer
        self.socket.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()


class Students(Server):
    """The server of the students' processes.

    Parameters
    ----------
    isolation : str, optional
        A level or method of `sandbox.isolation`; by default the strongest level that this machine
        allows.

    Raises
    ------
    SandboxUnavailableError
        If there is no such sandbox here; the message says how to allow one.
    """

    def __init__(self, isolation=None):
        super().__init__("students")
        try:
            self.isolation = self._ask({"isolation": isolation})["isolation"]
        except SandboxUnavailableError:
            self.close()
            raise

    def student(self, limits, snapshots):
        """Start a process in a sandbox: its control socket, channel, and sockets of its copies."""
        pairs = [socket.socketpair() for _ in range(2 + snapshots)]
        self._fork({"student": asdict(limits)}, pairs)
        return pairs[0][0], pairs[1][0], [pair[0] for pair in pairs[2:]]


class Judges(Server):
    """The server of the judges, with a bench for each of the last assignments."""

    def __init__(self):
        super().__init__("judges")
        self.benches = {}

    def prepare(self, digest, assignment):
        """Have a bench with the tests of an assignment, which `assignment()` gives."""
        if digest in self.benches:
            self.benches[digest] = self.benches.pop(digest)  # the last one used
            return
        while len(self.benches) >= MOST_BENCHES:
            self.benches.pop(next(iter(self.benches))).close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sender, channel = socket.socketpair()
        try:
            self._ask({"prepare": True}, [theirs.fileno(), channel.fileno()])
            theirs.close()
            channel.close()
            try:
                wire.send(sender, assignment())
                ready = ours.recv(1 << 10)
            except OSError as error:
                raise ServerLostError(str(error)) from None
            if not ready:
                raise ServerLostError("the bench ended as it read the tests")
        except BaseException:
            ours.close()
            raise
        finally:
            for one in (theirs, sender, channel):
                one.close()
        self.benches[digest] = ours

    def judge(self, digest, limits, snapshots):
        """Start a judge that owns the sockets of the copies.

        Returns its channel and its process id.
        """
        pairs = [socket.socketpair()]
        reply = self._fork({"judge": asdict(limits)}, pairs, snapshots, self.benches[digest])
        return pairs[0][0], reply["pid"]

    def close(self):
        for bench in self.benches.values():
            with suppress(OSError):
                bench.shutdown(socket.SHUT_RDWR)
            bench.close()
        super().close()


def serve_judges(connection):
    """The judges' server: one request, one answer."""
    from nbjudge.execution import judge  # noqa: F401 - for every bench

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _import(NUMPY, [])
    while True:
        data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 250)
        if not data:
            break
        request, reply = json.loads(data), {}
        if "warm" in request:
            reply = _import(request["warm"], request["load"])
        elif os.fork() == 0:
            connection.close()
            desk, channel = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            _end_after(partial(_serve_bench, desk, channel))
        for descriptor in descriptors:
            os.close(descriptor)
        connection.send(json.dumps(reply).encode())
    # the benches hear of the end too, and have folders to remove
    with suppress(ChildProcessError):
        os.wait()


def _serve_bench(desk, channel):
    """In a fork of the judges' server: read an assignment, and fork judges when asked to."""
    from nbjudge.execution import judge
    from nbjudge.sandbox import linux

    linux.die_with_parent()
    with channel:
        bench = judge.Bench(wire.PLAIN.loads(wire.read(channel, 1 << 30)))
    try:
        _import([], [])
        desk.send(b"{}")
        while True:
            data, descriptors, _, _ = socket.recv_fds(desk, 1 << 16, 250)
            if not data:
                return
            pid = os.fork()
            if pid == 0:
                desk.close()
                sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
                limits = Limits(**json.loads(data)["judge"])
                _end_after(partial(bench.serve, sockets[0], sockets[1:], limits))
            for descriptor in descriptors:
                os.close(descriptor)
            desk.send(json.dumps({"pid": pid}).encode())
    finally:
        bench.close()


def serve_students(connection):
    """The students' server: one request, one answer."""
    from nbjudge.sandbox import isolation, linux, processes
    from nbjudge.sandbox.visible import visible

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    first = connection.recv(1 << 16)
    if not first:
        return
    try:
        method = isolation.find_method(json.loads(first)["isolation"])
        shell = _warm_up()
    except SandboxUnavailableError as error:
        connection.send(json.dumps({"unavailable": str(error)}).encode())
        return
    connection.send(json.dumps({"isolation": method}).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are nobody's children to wait for
    linux.adopt_orphans()  # of supervisors that are killed
    forks = set()
    shown = set(folders([]))
    while True:
        data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 250)
        if not data:
            return
        request = json.loads(data)
        if "warm" in request:
            reply = _import(request["warm"], request["load"])
            shown |= set(folders(request["warm"]))
        else:
            pid = os.fork()
            if pid == 0:
                connection.close()
                _become(request, descriptors, method, visible(shown), shell)
            forks = {one for one in forks if processes.lives(one)} | {pid}
            reply = {"pid": pid}
            for descriptor in descriptors:
                os.close(descriptor)
        connection.send(json.dumps(reply).encode())
        processes.end_strays(forks)


def _warm_up():
    import random

    import numpy as np

    _import(ALWAYS, [])
    with suppress(ImportError):
        import matplotlib.pyplot as plt

        plt.figure().add_subplot().set_title("warm")  # loads settings, fonts and a backend
        plt.close("all")
    np.random.default_rng(random.random().as_integer_ratio()[0]).normal()
    from nbjudge.execution.kernel import make_shell

    shell = make_shell()
    shell.run_cell("1 + 1", store_history=False)
    shell.reset(new_session=True)
    return shell


def _import(modules, loaders):
    for name in modules:
        with suppress(Exception):  # whoever needs it will see why it fails
            importlib.import_module(name)
    for name in loaders:
        with suppress(Exception):
            module, _, function = name.rpartition(".")
            getattr(importlib.import_module(module), function)()
    gc.collect()
    # a fork's garbage collector would copy every page by looking at it
    gc.freeze()
    return {}


def _become(request, descriptors, method, paths, shell):
    """In the fork: be the supervisor of a student's process. Does not return."""
    from nbjudge.execution import kernel
    from nbjudge.sandbox.supervisor import supervise

    limits = Limits(**request["student"])
    control, channel, *snapshots = [socket.socket(fileno=number) for number in descriptors]

    def run(home, trouble):
        os.environ.clear()
        os.environ.update(
            ENVIRONMENT | {"HOME": home, "TMPDIR": home} | dict.fromkeys(THREADS, "1")
        )
        os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.defpath
        tempfile.tempdir = None
        kernel.serve(shell, channel, snapshots, limits, trouble)

    _end_after(lambda: supervise(control, method, limits, paths, run, [channel, *snapshots]))


def _end_after(work):
    """Do a fork's work and end its process."""
    try:
        work()
    except GONE:
        pass
    except BaseException as error:
        print(f"grading: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(0)


if __name__ == "__main__":
    from nbjudge.execution import forkserver

    with suppress(*GONE):
        server = getattr(forkserver, f"serve_{sys.argv[1]}")
        server(socket.socket(fileno=int(sys.argv[2])))

"""Run a few lines of Python in a sandbox and hear what came of them."""

import contextlib
import faulthandler
import json
import os
import signal
import socket
import stat
import tempfile
import textwrap
import threading
import traceback
from dataclasses import replace
from pathlib import Path

from nbjudge.sandbox import isolation, linux, processes
from nbjudge.sandbox.limits import MIB, Limits
from nbjudge.sandbox.supervisor import supervise
from nbjudge.sandbox.visible import hidden_from_others, visible

LIMITS = Limits(memory=1024 * MIB, processes=32, disk=16 * MIB)
LANDLOCK = ("landlock-root", "landlock-user")
METHODS = ("namespaces-root", "namespaces-user", *LANDLOCK)
# seconds until a sandbox is ended that does not end itself: far more than any test needs
DEADLINE = 300
# the identity of each supervisor so far: others may be at work on this machine
supervisors: set[str] = set()


class Answer:
    """What came of some code.

    Attributes
    ----------
    said : str
        What it assigned to `answer` as text, or its exception's class and message.
    why : str
        Who ended it, as the supervisor reports it.
    """

    def __init__(self, said, why):
        self.said, self.why = said, why

    def __repr__(self):
        return f"{self.said!r} (ended by {self.why})"


def _needs_cover(method):
    """Whether Python lies where a user id of its own may not look."""
    return method == "landlock-root" and bool(hidden_from_others(visible()))


def _uncover():
    """Show Python to all: to this process or thread alone, which gets mounts of its own.

    The folder above it that is barred is covered by an empty one, in which Python is shown.
    """
    linux.unshare(linux.NEWNS)
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    for path in hidden_from_others(visible()):
        barred = next(str(one) for one in reversed(Path(path).parents) if not _is_open(one))
        held = tempfile.mkdtemp(prefix="uncovered-")
        linux.mount(path, held, None, linux.MS_BIND | linux.MS_REC)
        linux.mount("cover", barred, "tmpfs", 0, "mode=755")
        os.makedirs(path)
        linux.mount(held, path, None, linux.MS_BIND | linux.MS_REC)
        linux.unmount(held)
        os.rmdir(held)


def _is_open(folder):
    return bool(os.stat(folder).st_mode & stat.S_IXOTH)


def where_it_works(method, work):
    """What `work()` gives in a thread that sees a Python which a user id of its own may read."""
    if not _needs_cover(method):
        return work()
    given = []

    def there():
        _uncover()
        given.append(work())

    thread = threading.Thread(target=there)
    thread.start()
    thread.join()
    return given[0]


def why_not(method):
    """Why a method cannot be tried here; None if it can."""
    if method == "landlock-root":
        if not linux.can_change_user():
            return "this account may not change its user id"
        if hidden_from_others(visible()) and not linux.can_mount():
            return "a user id of its own could not read this Python"
        return isolation.why_not("landlock-user")
    return isolation.why_not(method)


def inside(method, code, limits=LIMITS, paths=None, meanwhile=None, **names):
    """Run code in a sandbox.

    Parameters
    ----------
    method : str
    code : str
        It may assign to `answer`, and gets `home`, `ready` and whatever else is given by name.
    limits : Limits
    paths : list of str, optional
        What the sandbox shows instead of the usual.
    meanwhile : callable, optional
        Gets the socket of the supervisor's control once the code has called `ready()`.
    """
    if limits is LIMITS:
        # a thread that finds no memory for itself never starts, and its maker waits for ever
        limits = replace(limits, memory=limits.memory + mapped())
    control, control_inside = socket.socketpair()
    ours, theirs = socket.socketpair()

    def run(home, trouble):
        ours.close()
        faulthandler.disable()  # pytest's, which would print what an attack has broken
        names.update(home=home, answer="", ready=lambda: theirs.send(b"r"))
        os.environ.update(HOME=home, TMPDIR=home)
        tempfile.tempdir = None
        theirs.send(b"b")
        try:
            if trouble:
                raise RuntimeError(trouble)
            exec(compile(textwrap.dedent(code), "<inside>", "exec"), names)
            said = str(names["answer"])
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
            if os.environ.get("SHOW"):
                traceback.print_exc()
        with contextlib.suppress(OSError):
            theirs.sendall(said.encode())

    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            ours.close()
            if _needs_cover(method):
                _uncover()
            supervise(control_inside, method, limits, paths or visible(), run, [theirs])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    supervisors.add(processes.identity(pid))
    control_inside.close()
    theirs.close()
    with control, ours, _deadline(pid):
        begun = _received(ours, 1)
        if meanwhile and _received(ours, 1):
            meanwhile(control)
        said = b"".join(iter(lambda: _received(ours), b"")) if begun else b""
        report = b"".join(iter(lambda: _received(control), b""))
        os.waitpid(pid, 0)
    return Answer(said.decode(errors="replace"), json.loads(report)["why"] if report else "nobody")


def mapped():
    """Bytes that this process has mapped: its forks begin with as many."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def _deadline(supervisor):
    """Kill a supervisor and all below it when it takes too long, and say so."""
    late = []

    def end():
        late.append(supervisor)
        # the supervisor last: it holds together what is below it
        for _ in range(100):
            for process in processes.descendants(supervisor):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGKILL)

    timer = threading.Timer(DEADLINE, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
    assert not late, f"the sandbox did not end within {DEADLINE} s"


def _received(connection, most=1 << 16):
    try:
        return connection.recv(most)
    except ConnectionError:
        return b""

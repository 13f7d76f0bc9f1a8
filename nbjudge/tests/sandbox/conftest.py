"""What attacks aim at: a folder, a process of the grader's user, and servers of every kind."""

import ctypes
import os
import socket
import subprocess
import sys

import pytest
from nbjudge.sandbox import linux, scratch
from nbjudge.sandbox.limits import Limits
from nbjudge.sandbox.syscalls import number


class Host:
    """A machine's possessions, and whether somebody has touched them."""

    def __init__(self, place):
        self.place = place
        (place / "autograded" / ".results").mkdir(parents=True)
        (place / ".ssh").mkdir()
        (place / "empty").mkdir()
        (place / "secret").write_text("41.1257")
        self.victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1e6)"])
        self.other = scratch.make(Limits(), ())
        with open(f"{self.other}/notebook/answers", "w") as answers:
            answers.write("41.1257")
        stream = socket.create_server(("127.0.0.1", 0))
        self.port = stream.getsockname()[1]
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", self.port))
        self.listeners = [stream]
        self.boxes = [datagrams]
        for address in (f"\0nbjudge-{self.port}", f"{place}/socket"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            self.listeners.append(listener)
        self.boxes.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.boxes[-1].bind(f"{place}/datagrams")

    def state(self):
        """All that no attack may change."""
        files = []
        for path in [self.place, *sorted(self.place.rglob("*"))]:
            found = path.lstat()
            files.append((str(path), found.st_mode, found.st_mtime_ns, found.st_uid, found.st_size))
        process = self.victim.pid
        return (
            files,
            (self.place / "secret").read_text(),
            self.victim.poll(),
            os.sched_getaffinity(process),
            os.getpriority(os.PRIO_PROCESS, process),
            os.sched_getscheduler(process),
            open(f"/proc/{process}/limits").read(),
            open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[0] == "T",
            [os.path.lexists(f"{folder}/nbjudge-attack") for folder in ("/dev/shm", "/var/tmp")],
            self.reached(),
        )

    def reached(self):
        """Whether somebody has come to one of the servers."""
        for listener, ask in [
            *((one, one.accept) for one in self.listeners),
            *((one, lambda one=one: one.recv(1)) for one in self.boxes),
        ]:
            listener.setblocking(False)
            try:
                ask()
                return True
            except BlockingIOError:
                pass
        return False

    def names(self):
        """What an attack is told."""
        return {
            "place": str(self.place),
            "victim": self.victim.pid,
            "grader": os.getpid(),
            "port": self.port,
            "other": self.other,
            "user": os.geteuid(),
            "call": call,
        }

    def close(self):
        self.victim.kill()
        self.victim.wait()
        scratch.remove(self.other)
        for one in (*self.listeners, *self.boxes):
            one.close()


def call(name, *arguments):
    """Make a system call; its error is raised."""
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.syscall(number(name, linux.MACHINE), *arguments)
    if made < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    return made


@pytest.fixture(scope="package")
def host(tmp_path_factory):
    found = Host(tmp_path_factory.mktemp("host"))
    yield found
    found.close()

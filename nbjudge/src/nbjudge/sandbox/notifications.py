"""What the supervisor answers when the filter of system calls leaves a call to it.

Where the isolated process has the grader's own user id, three things depend on more than a filter
can see: whose file gets a mode or a date, whose process gets a signal, and how many processes there
are. The kernel stops the caller until the supervisor has answered.
"""

import ctypes
import errno
import fcntl
import os
import stat
import struct
import time
from contextlib import suppress

from nbjudge.sandbox import linux
from nbjudge.sandbox.processes import descendants, is_below, threads
from nbjudge.sandbox.seccomp import SIGNALS, STARTS
from nbjudge.sandbox.syscalls import NUMBERS, number

RECEIVE, SEND, STILL_ASKED = 0xC0502100, 0xC0182101, 0x40082102
# struct seccomp_notif: id, thread, flags, number, architecture, instruction, six arguments
NOTICE = struct.Struct("=QIIiIQ6Q")
# struct seccomp_notif_resp: id, value, error, flags
ANSWER = struct.Struct("=QqiI")
# two of struct timespec: seconds and nanoseconds of the last reading and the last writing
TIMES = struct.Struct("=4q")
# the error and the flags of an answer: the kernel goes on with the call
GO_ON = 0, 1
AT_FDCWD, AT_SYMLINK_NOFOLLOW, UTIME_NOW, UTIME_OMIT = -100, 0x100, (1 << 30) - 1, (1 << 30) - 2
LONGEST_PATH = 4096


class Desk:
    """Answers for one sandbox.

    Parameters
    ----------
    listener : int
        The descriptor that the filter gave.
    scratch : str
        The folder in which modes and dates may be set.
    most : int
        Processes and threads that there may be.
    """

    def __init__(self, listener: int, scratch: str, most: int):
        self.listener, self.scratch, self.most, self.room = listener, scratch, most, 0
        self.folder = os.open(scratch, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self.names = {number(name, linux.MACHINE): name for name in NUMBERS}

    def fileno(self) -> int:
        return self.listener

    def close(self) -> None:
        """Whoever asks from now on is refused."""
        os.close(self.listener)
        os.close(self.folder)

    def answer(self) -> bool:
        """Answer one call; False when nobody is left who could ask."""
        notice = bytearray(NOTICE.size)
        try:
            fcntl.ioctl(self.listener, RECEIVE, notice)
        except OSError as error:
            # the caller was killed meanwhile
            return error.errno in (errno.ENOENT, errno.EINTR)
        case, caller, _, call, _, _, *arguments = NOTICE.unpack(notice)
        try:
            verdict = self._decide(self.names[call], case, caller, arguments)
        except OSError as trouble:
            verdict = -(trouble.errno or errno.EPERM), 0
        except (ArithmeticError, ValueError, struct.error):  # arguments that no library sends
            verdict = -errno.EINVAL, 0
        with suppress(OSError):
            fcntl.ioctl(self.listener, SEND, ANSWER.pack(case, 0, *verdict))
        return True

    def _decide(self, name, case, caller, arguments):
        """What the kernel is told: the error, and whether it goes on with the call itself."""
        if name in STARTS:
            return GO_ON if self._has_room() else (-errno.EAGAIN, 0)
        if name in SIGNALS:
            return GO_ON if _may_signal(_int(arguments[0])) else (-errno.EPERM, 0)
        place, follow, change = _request(name, caller, arguments)
        file = self._open(place, follow)
        try:
            # the number of a caller that was killed may be another's by now
            fcntl.ioctl(self.listener, STILL_ASKED, struct.pack("=Q", case))
            change(f"/proc/self/fd/{file}")
        finally:
            os.close(file)
        return 0, 0

    def _has_room(self):
        """Whether one more process may start; they are counted when the last count is used up."""
        if self.room <= 0:
            here = sum(len(threads(process)) for process in descendants(os.getpid()))
            self.room = self.most - here
        self.room -= 1
        return self.room >= 0

    def _open(self, path, follow):
        """A descriptor of a file, which must lie in the scratch folder."""
        inside = os.fsencode(self.scratch) + b"/"
        if not path.startswith(inside):
            raise PermissionError(errno.EPERM, "not in the scratch folder")
        flags = os.O_PATH | (0 if follow else os.O_NOFOLLOW)
        return linux.open_beneath(self.folder, path[len(inside) :], flags)


def _request(name, caller, arguments):
    """A call that sets a mode or a date: path, whether links are followed, what sets it."""
    if name == "chmod":
        arguments, name = [AT_FDCWD, *arguments], "fchmodat"
    if name == "fchmod":
        arguments = [arguments[0], 0, arguments[1]]
    folder, path = _int(arguments[0]), arguments[1]
    with open(f"/proc/{caller}/mem", "rb", buffering=0) as memory:
        text = os.pread(memory.fileno(), LONGEST_PATH, path).partition(b"\0")[0] if path else b""
        if name != "utimensat":
            return _absolute(caller, folder, text), True, _mode(arguments[2])
        times = os.pread(memory.fileno(), TIMES.size, arguments[2]) if arguments[2] else b""
    follow = not arguments[3] & AT_SYMLINK_NOFOLLOW
    return _absolute(caller, folder, text), follow, _dates(times)


def _absolute(caller, folder, path):
    """A path as it is seen from the root: the caller's own may start at one of its folders."""
    if path.startswith(b"/"):
        return path
    start = os.readlink(f"/proc/{caller}/" + ("cwd" if folder == AT_FDCWD else f"fd/{folder}"))
    return os.fsencode(start) + (b"/" + path if path else b"")


def _int(argument):
    """A C int as the kernel has taken it from a register."""
    return ctypes.c_int(argument & 0xFFFFFFFF).value


def _may_signal(process):
    """Whether a signal stays in the sandbox: to one process, to a group, or to the caller's own."""
    return process == 0 or process != -1 and is_below(abs(process), os.getpid())


def _mode(mode):
    def change(path):
        # nobody outside profits from other bits, and a folder must stay open to the supervisor
        kept = 0o700 if stat.S_ISDIR(os.stat(path).st_mode) else 0
        os.chmod(path, mode & 0o1777 | kept)

    return change


def _dates(times):
    pairs = TIMES.unpack(times) if times else (0, UTIME_NOW, 0, UTIME_NOW)

    def change(path):
        before, now = os.stat(path), time.time_ns()
        found = []
        for seconds, nanos, old in (
            (*pairs[:2], before.st_atime_ns),
            (*pairs[2:], before.st_mtime_ns),
        ):
            kept = {UTIME_NOW: now, UTIME_OMIT: old}
            found.append(kept.get(nanos, seconds * 10**9 + nanos))
        os.utime(path, ns=tuple(found))

    return change

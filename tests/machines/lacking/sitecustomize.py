"""Take from this repository's own modules what another system's Python lacks.

    LACKING=windows PYTHONPATH=tests/machines/lacking python -m nbjudge check 03

or LACKING=macos. Python reads this file as it starts, so the processes that a program starts lack
the same; other packages keep everything. It is no Windows: it shows that our modules ask for
nothing that is not there, not how Windows behaves.
"""

import builtins
import os
import sys
import sysconfig
import types
import warnings
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[3]) + os.sep
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib"))
SYSTEM = os.environ.get("LACKING")

# module: names that it does not have there
NOT_ON_MACOS = {
    "os": "sched_getaffinity sched_setaffinity pidfd_open unshare setns memfd_create setresuid "
    "setresgid O_PATH O_TMPFILE",
    "signal": "pidfd_send_signal sigtimedwait sigwaitinfo",
    "socket": "SOCK_SEQPACKET",
    "select": "epoll",
    "resource": "prlimit",
}
NOT_ON_WINDOWS = {
    "os": NOT_ON_MACOS["os"] + " fork forkpty setsid setpgid getpgid killpg wait3 wait4 WNOHANG "
    "WIFEXITED getuid geteuid getgid getegid setuid setgid setgroups chown lchown fchmod chroot "
    "uname mkfifo mknod nice pipe2 getloadavg O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY",
    "signal": NOT_ON_MACOS["signal"] + " SIGKILL SIGCHLD SIGALRM SIGHUP SIGUSR1 SIGUSR2 SIGSTOP "
    "SIGCONT alarm setitimer pthread_sigmask",
    "socket": "SOCK_SEQPACKET AF_UNIX send_fds recv_fds",
    "select": "epoll poll",
    "time": "tzset",
}
# modules that are not there at all
NO_MODULES = {
    "macos": set(),
    "windows": set("fcntl resource pwd grp termios tty pty syslog posix".split()),
}
# what they say instead
SAYS = {
    "macos": {"sys": {"platform": "darwin"}, "platform": {"system": lambda: "Darwin"}},
    "windows": {
        "os": {"name": "nt"},
        "sys": {"platform": "win32"},
        "platform": {"system": lambda: "Windows"},
    },
}


class View(types.ModuleType):
    """A module without some of its names, and with other values of some."""

    def __init__(self, module, lacks, says):
        super().__init__(module.__name__)
        self.__dict__.update(_module=module, _lacks=lacks, **says)

    def __getattr__(self, name):
        if name in self._lacks:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self._module, name)


def ours(file):
    """Whether a file is one of this repository's, not of an environment inside it."""
    return file.startswith(HOME) and not file.startswith(LIBRARIES)


def take_away(system):
    """Let our modules import views of what they import."""
    plain_import, views = builtins.__import__, {}
    missing = {"macos": NOT_ON_MACOS, "windows": NOT_ON_WINDOWS}[system]
    lacks = {name: set(names.split()) for name, names in missing.items()}

    def view(module):
        name = module.__name__
        if name not in lacks and name not in SAYS[system]:
            return module
        if name not in views:
            views[name] = View(module, lacks.get(name, set()), SAYS[system].get(name, {}))
        return views[name]

    def import_what_is_there(name, globals=None, locals=None, fromlist=(), level=0):
        module = plain_import(name, globals, locals, fromlist, level)
        if level or not ours((globals or {}).get("__file__") or ""):
            return module
        if name.partition(".")[0] in NO_MODULES[system]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return view(module)

    def no_proc(event, arguments):
        if event == "open" and str(arguments[0]).startswith("/proc"):
            frame = sys._getframe(1)
            while frame and frame.f_code.co_filename.startswith((LIBRARIES[0], "<frozen")):
                frame = frame.f_back
            if frame and ours(frame.f_code.co_filename):
                raise FileNotFoundError(2, "No such file or directory", arguments[0])

    builtins.__import__ = import_what_is_there
    sys.addaudithook(no_proc)


if SYSTEM:
    take_away(SYSTEM)
    # A file opened without its encoding is read as cp1252 there. Others' files are others' affair.
    warnings.filterwarnings("ignore", category=EncodingWarning)
    warnings.filterwarnings(
        "error", category=EncodingWarning, module="lmcore|nbjudge|__main__|sample_class"
    )

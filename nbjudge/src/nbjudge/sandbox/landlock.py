"""Shut a process in without any privilege: Landlock for its files, a filter for its system calls.

For machines that refuse namespaces. Nothing is mounted, so paths are those of the machine: what
`visible` names can be read, one scratch folder can be written, and nothing else can be opened. As
root, each submission gets a user id of its own, which no file and no other process belongs to.
"""

import os
from collections.abc import Callable, Iterable, Sequence

from nbjudge.sandbox import limits as bounds
from nbjudge.sandbox import linux, scratch, seccomp
from nbjudge.sandbox.limits import Limits, own_user
from nbjudge.sandbox.syscalls import MACHINES
from nbjudge.sandbox.visible import DEVICES, hidden_from_others, visible

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR = 1 << 4, 1 << 5, 1 << 6, 1 << 7
MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK = 1 << 8, 1 << 9, 1 << 10, 1 << 11
MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = 1 << 12, 1 << 13, 1 << 14, 1 << 15
FIRST = EXECUTE | WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR
FIRST |= MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM
# {version of Landlock that brought it: right}
LATER = {2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_UNIX_SOCKET, SIGNAL = 1, 2
NETWORK_ABI, SCOPES_ABI, SILENT_ABI = 4, 6, 7
# of restrict_self: denials are not written to the machine's audit log, which they could fill
SAME_EXEC_OFF = 1

OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | REFER
WRITE |= MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM
DEVICE = READ_FILE | WRITE_FILE
# what says something about the machine and nothing about its processes
FACTS = [
    f"/proc/{name}"
    for name in ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")
]
# what says something about the process itself and nothing about the machine's network and mounts
OWN_FACTS = (
    "cmdline",
    "fd",
    "io",
    "limits",
    "maps",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
)


def handled(abi: int) -> int:
    """The rights over files that a version of Landlock knows.

    Examples
    --------
    >>> handled(1) == FIRST, handled(3) == FIRST | REFER | TRUNCATE
    (True, True)
    """
    return FIRST | sum(right for version, right in LATER.items() if version <= abi)


def restrict(paths: Iterable[str], scratch: str, abi: int) -> None:
    """Let this process read `paths`, write below `scratch`, and open nothing else.

    Parameters
    ----------
    paths : iterable of str
    scratch : str
    abi : int
        The version of Landlock.
    """
    rights = handled(abi)
    rules = linux.landlock_ruleset(
        rights,
        BIND_TCP | CONNECT_TCP if abi >= NETWORK_ABI else 0,
        ABSTRACT_UNIX_SOCKET | SIGNAL if abi >= SCOPES_ABI else 0,
    )
    try:
        own = [f"/proc/{os.getpid()}/{name}" for name in OWN_FACTS]
        for path in [*paths, *FACTS, *own]:
            _allow(rules, path, READ & rights)
        for name in DEVICES:
            _allow(rules, f"/dev/{name}", DEVICE & rights)
        _allow(rules, scratch, WRITE & rights)
        linux.landlock_restrict(rules, SAME_EXEC_OFF if abi >= SILENT_ABI else 0)
    finally:
        os.close(rules)


def _allow(rules, path, rights):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        linux.landlock_allow(
            rules, descriptor, rights if os.path.isdir(path) else rights & OF_FILES
        )
    finally:
        os.close(descriptor)


class Landlock:
    """A sandbox made by Landlock and a filter of system calls; see `isolation.Sandbox`.

    By the method `landlock-root` it has a user id of its own, if every other user may read what it
    has to be shown; otherwise it keeps the grader's, without capabilities, and the supervisor
    answers for what that user may do to its own files and processes.
    """

    adopts = True

    def __init__(self, method: str, limits: Limits, paths: Sequence[str], abi: int | None = None):
        self.limits, self.paths, self.home = limits, paths, ""
        self.abi = linux.landlock_abi() if abi is None else abi
        own = method == "landlock-root" and not hidden_from_others(paths)
        self.user = own_user(os.getpid()) if own else None

    def prepare(self) -> None:
        self.home = scratch.make(self.limits, self.paths, self.user)

    def enter(self, tell: Callable[[int], None], counted: bool) -> None:
        linux.die_with_parent()
        os.umask(0o022)
        if self.user is not None:
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)
        linux.set_no_new_privs()
        linux.drop_capabilities()
        linux.die_with_parent()  # a new user id has cleared it
        bounds.apply(self.limits, own_user=self.user is not None)
        restrict(self.paths, self.home, self.abi)
        os.chdir(f"{self.home}/{scratch.WORK}")
        count = self.user is None and not counted
        questions = seccomp.questions(self.abi, self.user is None, count)
        if questions:
            listener = seccomp.install(questions)
            tell(listener)
            os.close(listener)
        seccomp.install(seccomp.landlock_rules(self.abi, self.user is None))

    def is_full(self, processes: Sequence[int]) -> bool:
        return scratch.is_over(self.home, processes, self.limits.disk)

    def remove(self) -> None:
        scratch.remove(self.home)

    @staticmethod
    def why_not(method: str) -> str | None:
        """Why this method cannot work here, as far as that is known without a try."""
        if linux.MACHINE not in MACHINES:
            return f"the filter of system calls is written for {' and '.join(MACHINES)}"
        if not linux.landlock_abi():
            return "this kernel has no Landlock, or has it switched off"
        if method == "landlock-root" and (hidden := hidden_from_others(visible())):
            return f"a user id of its own could not read {hidden[0]}"
        return None

"""Which system calls an isolated process may make: rules, and the kernel's filter made of them.

Below the namespaces the filter is the second wall: it refuses what no notebook needs and what holes
in kernels are reached by. Below Landlock, which guards files only, it is also the first wall for
all that namespaces would have divided: sockets, System V memory, other processes of the same user.
On other processors than x86-64 and ARM64 there is no filter.
"""

import ctypes
import errno
import struct
from collections.abc import Iterable
from typing import NamedTuple

from nbjudge.sandbox import linux
from nbjudge.sandbox.syscalls import MACHINES, NEWEST, number

ALLOW, ERROR, NOTIFY = 0x7FFF0000, 0x00050000, 0x7FC00000


class Rule(NamedTuple):
    """What becomes of some system calls.

    Attributes
    ----------
    calls : tuple of str
    verdict : int
        The errno that they fail with, or `NOTIFY`: the supervisor decides.
    argument : int
        Which argument decides, counted from 0, where `values` are given.
    values : tuple of int
        The verdict holds where the argument's low 32 bits, under the mask, are one of these; with
        none given, it always holds.
    mask : int
    unless : bool
        The verdict holds for all other values instead.
    """

    calls: tuple[str, ...]
    verdict: int = errno.EPERM
    argument: int = 0
    values: tuple[int, ...] = ()
    mask: int = 0xFFFFFFFF
    unless: bool = False


def only(call: str, argument: int, values: tuple[int, ...], verdict: int = errno.EPERM) -> Rule:
    """A call that is refused unless one of its arguments has one of some values."""
    return Rule((call,), verdict, argument, values, unless=True)


def without(call: str, argument: int, bits: int) -> Rule:
    """A call that is refused if one of its arguments has one of some bits."""
    return Rule((call,), errno.EPERM, argument, (0,), bits, unless=True)


NEW_NAMESPACES = linux.NAMESPACES | linux.NEWTIME | linux.NEWCGROUP
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_SEQPACKET = 1, 5
F_SETSIG, F_SETOWN, F_SETOWN_EX, F_SETLEASE, F_NOTIFY = 10, 8, 15, 1024, 1026
TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO = 0x5401, 0x5413, 0x541B, 0x5421
FIONCLEX, FIOCLEX = 0x5450, 0x5451
O_TRUNC, O_ACCMODE = 0o1000, 0o3
PR_SET_DUMPABLE = 4

# calls that the supervisor may be asked about
STARTS = ("clone", "fork", "vfork")
SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
CHANGES = ("chmod", "fchmod", "fchmodat", "utimensat")

# Holes in kernels are reached by these, and no notebook needs them.
ALWAYS = (
    Rule(("unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "mount_setattr")),
    Rule(("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick")),
    Rule(("statmount", "listmount")),
    Rule(("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise")),
    Rule(("process_mrelease", "kcmp", "pidfd_getfd")),
    Rule(("io_uring_setup", "io_uring_enter", "io_uring_register")),
    Rule(("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key")),
    # files in memory that no limit counts
    Rule(("memfd_create", "memfd_secret")),
    Rule(("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module")),
    Rule(("name_to_handle_at", "open_by_handle_at", "fanotify_init", "fanotify_mark")),
    Rule(("swapon", "swapoff", "reboot", "acct", "quotactl", "quotactl_fd", "vhangup", "syslog")),
    Rule(("sethostname", "setdomainname")),
    Rule(("settimeofday", "clock_settime", "adjtimex", "clock_adjtime")),
    Rule(("personality", "iopl", "ioperm", "modify_ldt", "nfsservctl", "lookup_dcookie")),
    # a process that outlives its supervisor, or that the supervisor cannot look into
    Rule(("prctl",), errno.EPERM, 0, (linux.PR_SET_PDEATHSIG, PR_SET_DUMPABLE)),
    without("clone", 0, NEW_NAMESPACES),
    # its flags lie in memory, where a filter cannot look; libraries fall back to clone
    Rule(("clone3",), errno.ENOSYS),
)

# With a network namespace, Internet sockets have no interface to leave by; vsock and netlink would.
WITH_NAMESPACES = (only("socket", 0, (AF_UNIX, AF_INET, AF_INET6), errno.EAFNOSUPPORT),)

# What namespaces would have divided and Landlock does not guard.
WITH_LANDLOCK = (
    # A Unix socket's name leads to services that act for the user: no socket can be connected.
    # Pairs stay, but not of datagrams, which could be sent to any name.
    Rule(("socket",), errno.EAFNOSUPPORT),
    Rule(("connect", "bind", "listen"), errno.EACCES),
    # a file without a name that is on its way to another process is seen by nobody
    Rule(("sendmsg", "sendmmsg")),
    only("socketpair", 0, (AF_UNIX,), errno.EAFNOSUPPORT),
    Rule(("socketpair",), errno.EACCES, 1, (SOCK_STREAM, SOCK_SEQPACKET), 0xF, unless=True),
    Rule(("shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl"), errno.ENOSYS),
    Rule(("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"), errno.ENOSYS),
    Rule(("inotify_init", "inotify_init1", "inotify_add_watch"), errno.ENOSYS),
    # the questions that files and pipes are asked; nothing that changes a file or types for a user
    only("ioctl", 1, (TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX), errno.ENOTTY),
    Rule(("fcntl",), errno.EPERM, 1, (F_SETSIG, F_SETOWN, F_SETOWN_EX, F_SETLEASE, F_NOTIFY)),
)

# Where the isolated process has the user id of the grader, the kernel's own rules let it change
# what is the grader's: its files' modes and dates, its processes' limits and priorities.
SAME_USER = (
    Rule(("fchmodat2",), errno.ENOSYS),
    Rule(("chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat")),
    Rule(("setxattr", "lsetxattr", "fsetxattr"), errno.EOPNOTSUPP),
    Rule(("removexattr", "lremovexattr", "fremovexattr"), errno.EOPNOTSUPP),
    *(
        only(call, 0, (0,))
        for call in ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam")
    ),
    only("sched_setattr", 0, (0,)),
    only("setpriority", 0, (0,)),
    only("setpriority", 1, (0,)),
    Rule(("ioprio_set", "migrate_pages", "move_pages", "pidfd_send_signal")),
)
# Landlock learned about truncation with its third version: until then a file that may be read, or
# not even that, can be emptied by its name.
TRUNCATION = (
    Rule(("truncate",), errno.EACCES),
    Rule(("open",), errno.EACCES, 1, (O_TRUNC, O_TRUNC | O_ACCMODE), O_TRUNC | O_ACCMODE),
    Rule(("openat",), errno.EACCES, 2, (O_TRUNC, O_TRUNC | O_ACCMODE), O_TRUNC | O_ACCMODE),
    Rule(("openat2",), errno.ENOSYS),
)


def landlock_rules(abi: int, same_user: bool) -> tuple[Rule, ...]:
    """The calls that are refused with Landlock.

    Parameters
    ----------
    abi : int
        The version of Landlock: what it does not guard yet is refused here.
    same_user : bool
        The isolated process keeps the grader's user id.

    Examples
    --------
    >>> [any("truncate" in rule.calls for rule in landlock_rules(abi, True)) for abi in (2, 3)]
    [True, False]
    """
    rules = ALWAYS + WITH_LANDLOCK
    if same_user:
        rules += SAME_USER
    return rules + (TRUNCATION if abi < 3 else ())


def questions(abi: int, same_user: bool, count: bool) -> tuple[Rule, ...]:
    """The calls that are left to the supervisor with Landlock.

    Parameters
    ----------
    abi, same_user
        As in `landlock_rules`.
    count : bool
        It has to count processes, because nothing else does.

    Examples
    --------
    >>> questions(4, same_user=False, count=False)
    ()
    >>> [any("kill" in rule.calls for rule in questions(abi, True, False)) for abi in (5, 6)]
    [True, False]
    """
    calls: tuple[str, ...] = STARTS if count else ()
    if same_user:
        calls += CHANGES + (SIGNALS if abi < 6 else ())
    return (Rule(calls, NOTIFY),) if calls else ()


# ---- the kernel's program

LOAD, AND, JUMP, EQUAL, ABOVE, RETURN = 0x20, 0x54, 0x05, 0x15, 0x25, 0x06
# places in the kernel's struct seccomp_data
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
Step = tuple[int, int, int, int]


def program(rules: Iterable[Rule], machine: str) -> list[Step]:
    """The filter as (code, jump if true, jump if false, value) instructions.

    Numbers above all that we know fail as on an older kernel, which also stops x86-64's second set
    of numbers, x32.
    """
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, ERROR | errno.ENOSYS),
        (LOAD, 0, 0, NUMBER),
        (ABOVE, 0, 1, NEWEST),
        (RETURN, 0, 0, ERROR | errno.ENOSYS),
    ]
    for rule in rules:
        for call in rule.calls:
            wanted = number(call, machine)
            if wanted is not None:
                steps += _block(rule, wanted)
    return [*steps, (RETURN, 0, 0, ALLOW)]


def _block(rule, wanted):
    """The steps for one call: they return its verdict, or leave its number loaded for the next."""
    verdict = (RETURN, 0, 0, rule.verdict if rule.verdict == NOTIFY else ERROR | rule.verdict)
    if not rule.values:
        return [(EQUAL, 0, 1, wanted), verdict]
    again = (LOAD, 0, 0, NUMBER)
    # at the end of the tests: none of the values was found, then one was
    end = [verdict, again] if rule.unless else [again, (JUMP, 0, 0, 1), verdict]
    found = 1 if rule.unless else 2
    count = len(rule.values)
    tests = [(EQUAL, count - 1 - i + found, 0, value) for i, value in enumerate(rule.values)]
    inside = [(LOAD, 0, 0, ARGUMENTS + 8 * rule.argument), (AND, 0, 0, rule.mask), *tests, *end]
    return [(EQUAL, 0, len(inside), wanted), *inside]


def install(rules: Iterable[Rule]) -> int | None:
    """Filter the calls of this process and of all its children.

    Returns
    -------
    int or None
        The descriptor on which the supervisor is asked, where a rule says `NOTIFY`.
    """
    machine = linux.MACHINE
    if machine not in MACHINES:
        return None
    steps = program(rules, machine)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    asks = any(step[0] == RETURN and step[3] == NOTIFY for step in steps)
    return linux.set_seccomp_filter(len(steps), code, asks)

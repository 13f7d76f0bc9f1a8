"""The Linux system calls that Python's standard library lacks, as functions that raise OSError."""

import ctypes
import errno
import os
import struct

MACHINE = os.uname().machine
NEWTIME, NEWNS, NEWCGROUP = 0x80, 0x20000, 0x2000000
NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NAMESPACES = NEWNS | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, AT_RECURSIVE, AT_FDCWD = 1, 2, 4, 0x8000, -100
SET_MODE_FILTER, NEW_LISTENER = 1, 8
RESOLVE_NO_MAGICLINKS, RESOLVE_BENEATH = 2, 8
# more than any kernel has; the unknown ones are refused, harmlessly
LAST_CAPABILITY = 63
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID = 0, 1, 3, 5, 6, 7
CAP_SYS_PTRACE, CAP_SYS_ADMIN = 19, 21
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(MACHINE)
SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}.get(MACHINE)
# the same numbers everywhere
SYS_OPENAT2, SYS_MOUNT_SETATTR = 437, 442
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments, what=""):
    result = function(*arguments)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def _syscall(number, *arguments, what):
    return _call(_libc.syscall, ctypes.c_long(number), *arguments, what=what)


def unshare(flags):
    """Leave the namespaces named by `flags` for new ones."""
    _call(_libc.unshare, flags, what="unshare")


def mount(source, target, kind=None, flags=0, data=None):
    """Mount a file system, or bind a folder to another place."""
    encode = lambda text: None if text is None else os.fsencode(text)
    _call(
        _libc.mount,
        encode(source),
        encode(target),
        encode(kind),
        ctypes.c_ulong(flags),
        encode(data),
        what=str(target),
    )


def unmount(target):
    """Take a mount away, as soon as nobody uses it."""
    _call(_libc.umount2, os.fsencode(target), MNT_DETACH, what=str(target))


def make_readonly(target, devices=False):
    """Make a mount and all mounted below it read-only, without set-user-id programs.

    Devices are shut as well unless asked for.
    """

    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    wanted = Attributes(ATTR_RDONLY | ATTR_NOSUID | (0 if devices else ATTR_NODEV), 0, 0, 0)
    _syscall(
        SYS_MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE,
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
        what=f"mount_setattr {target}",
    )


def pivot_root(folder):
    """Make a mounted folder the root of this process's files, and lose sight of the old one."""
    os.chdir(folder)
    _syscall(SYS_PIVOT_ROOT, b".", b".", what="pivot_root")
    unmount(".")
    os.chdir("/")


def prctl(option, value, *more):
    """Set an attribute of this process."""
    arguments = [ctypes.c_ulong(part) for part in (value, *more, *[0] * (3 - len(more)))]
    _call(_libc.prctl, option, *arguments, what=f"prctl {option}")


def die_with_parent():
    """Have the kernel kill this process when its parent ends, however it ends."""
    prctl(PR_SET_PDEATHSIG, 9)


def adopt_orphans():
    """Descendants whose parents end become children of this process, whose end it can then see."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def set_no_new_privs():
    """From now on no program that this process runs can give it a privilege.

    Neither set-user-id programs nor file capabilities nor the user id 0 do.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # the kernel has no more of them, or the right to drop them is gone
            break


def drop_capabilities():
    """Give up every capability."""
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call(_libc.capset, header, nothing, what="capset")


def has_capability(*wanted):
    """Whether this process has these capabilities."""
    with open("/proc/self/status") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    return all(effective >> capability & 1 for capability in wanted)


def can_mount():
    """Whether this process has CAP_SYS_ADMIN."""
    return has_capability(CAP_SYS_ADMIN)


def can_change_user():
    """Whether this process can give another a user id, give it files, measure it, and clean up."""
    names = CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID
    return has_capability(*names, CAP_SYS_PTRACE)


def set_seccomp_filter(length, code, listen=False):
    """Filter this process's system calls.

    Parameters
    ----------
    length : int
        Number of instructions.
    code : ctypes buffer
    listen : bool
        Whether another process answers for the filter.

    Returns
    -------
    int or None
        The descriptor on which that process is asked.
    """

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    filter_ = Program(length, ctypes.cast(code, ctypes.c_void_p))
    flags = ctypes.c_uint(NEW_LISTENER if listen else 0)
    descriptor = _syscall(
        SYS_SECCOMP, SET_MODE_FILTER, flags, ctypes.byref(filter_), what="seccomp"
    )
    return descriptor if listen else None


def open_beneath(folder, path, flags):
    """Open a path that must not lead out of a folder, by links or otherwise.

    Parameters
    ----------
    folder : int
        Its descriptor.
    path : bytes
        Relative to the folder.
    flags : int

    Raises
    ------
    PermissionError
        If it leads out, or through a link that must not be followed.
    """

    class How(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("flags", "mode", "resolve")]

    how = How(flags | os.O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    try:
        return _syscall(SYS_OPENAT2, folder, path, ctypes.byref(how), size, what="openat2")
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.ELOOP):
            raise PermissionError(errno.EPERM, "it leads out", "openat2") from None
        raise


def landlock_abi():
    """The version of Landlock that this kernel has; 0 without it."""
    try:
        version = ctypes.c_uint(1)
        return _syscall(SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), version, what="landlock")
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def landlock_ruleset(files, network, scopes):
    """A set of rules that handles these rights; its descriptor."""

    class Ruleset(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scopes")]

    handled = Ruleset(files, network, scopes)
    # an older kernel knows fewer fields, and refuses more
    size = 24 if scopes else 16 if network else 8
    return _syscall(
        SYS_LANDLOCK_CREATE,
        ctypes.byref(handled),
        ctypes.c_size_t(size),
        ctypes.c_uint(0),
        what="landlock",
    )


def landlock_allow(ruleset, descriptor, rights):
    """Allow these rights on a file, or on a folder and all below it."""
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor))
    _syscall(SYS_LANDLOCK_ADD, ruleset, 1, rule, ctypes.c_uint(0), what="landlock rule")


def landlock_restrict(ruleset, flags=0):
    """Hold this process and all its children to a set of rules, for good."""
    _syscall(SYS_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint(flags), what="landlock")

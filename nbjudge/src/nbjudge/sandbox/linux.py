"""The Linux system calls that Python's standard library lacks, as functions that raise OSError."""

import ctypes
import os

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 24, 38, 22
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, AT_RECURSIVE, AT_FDCWD = 1, 2, 4, 0x8000, -100
# more than any kernel has; the unknown ones are refused, harmlessly
LAST_CAPABILITY = 63
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(os.uname().machine)
SYS_MOUNT_SETATTR = 442  # the same number everywhere

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments, what=""):
    if function(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def unshare(flags):
    """Leave the namespaces named by `flags` for new ones."""
    _call(_libc.unshare, flags, what="unshare")


def mount(source, target, kind=None, flags=0, data=None):
    """Mount a file system, or bind a folder to another place."""
    encode = lambda text: None if text is None else os.fsencode(text)  # noqa: E731
    _call(
        _libc.mount,
        encode(source),
        encode(target),
        encode(kind),
        ctypes.c_ulong(flags),
        encode(data),
        what=str(target),
    )


def make_readonly(target, devices=False):
    """Make a mount and all mounted below it read-only, without set-user-id programs and, unless asked for, devices."""

    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    wanted = Attributes(ATTR_RDONLY | ATTR_NOSUID | (0 if devices else ATTR_NODEV), 0, 0, 0)
    _call(
        _libc.syscall,
        SYS_MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE,
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
        what=f"mount_setattr {target}",
    )


def pivot_root(folder):
    """Make a mounted folder the root of this process's file system, and lose sight of the old one."""
    os.chdir(folder)
    _call(_libc.syscall, SYS_PIVOT_ROOT, b".", b".", what="pivot_root")
    _call(_libc.umount2, b".", MNT_DETACH, what="umount2")
    os.chdir("/")


def prctl(option, value, *more):
    """Set an attribute of this process."""
    arguments = [ctypes.c_ulong(part) for part in (value, *more, *[0] * (3 - len(more)))]
    _call(_libc.prctl, option, *arguments, what=f"prctl {option}")


def die_with_parent():
    """Have the kernel kill this process when its parent ends, however it ends."""
    prctl(PR_SET_PDEATHSIG, 9)


def set_no_new_privs():
    """From now on no program that this process runs can give it a privilege (set-user-id, file capabilities, user 0)."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # the kernel has no more of them
            break


def drop_capabilities():
    """Give up every capability."""
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call(_libc.capset, header, nothing, what="capset")


def can_mount():
    """Whether this process has CAP_SYS_ADMIN."""
    with open("/proc/self/status") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    return bool(effective >> 21 & 1)

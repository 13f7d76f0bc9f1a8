"""Run a command where no sandbox can be made: no namespaces, and a kernel without Landlock.

    python tests/machines/no_sandbox.py COMMAND ...

The kernel is told to answer Landlock's first system call as one does that has never heard of it.
"""

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

LANDLOCK_CREATE_RULESET = 444  # the same number everywhere
NO_NAMESPACES = Path(__file__).with_name("no_namespaces.sh")
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ENOSYS = 0x7FFF0000, 0x00050000 | 38


def forbid(number):
    """Let a system call fail with ENOSYS in this process and all that it starts."""
    steps = [
        (LOAD, 0, 0, 0),
        (IF_EQUAL, 0, 1, number),
        (RETURN, 0, 0, ENOSYS),
        (RETURN, 0, 0, ALLOW),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    )
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    number_of = [ctypes.c_ulong(value) for value in (1, 0, 0, 0)]
    if prctl(PR_SET_NO_NEW_PRIVS, *number_of) or prctl(PR_SET_SECCOMP, FILTER, header):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


if __name__ == "__main__":
    if platform.system() != "Linux":
        sys.exit("this imitates another Linux, on Linux")
    forbid(LANDLOCK_CREATE_RULESET)
    os.execv(NO_NAMESPACES, [str(NO_NAMESPACES), *sys.argv[1:]])

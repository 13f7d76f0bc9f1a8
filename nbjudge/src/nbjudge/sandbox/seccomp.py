"""A filter of system calls for the isolated process: what no notebook needs and what holes in kernels are reached by.

The namespaces are the wall; this is the second one. It refuses new namespaces, mounts, tracing, kernel modules, BPF,
io_uring, keyrings, clocks, and sockets of every family but Unix and IP (IP has no interface to leave by; vsock and
netlink would). On other processors than x86-64 and ARM64 there is no filter.
"""

import ctypes
import errno
import os
import struct

from nbjudge.sandbox import linux

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# io_uring_*, the new mount calls, pidfd_getfd
MODERN = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442]
REFUSED = {
    # unshare setns mount umount2 pivot_root chroot ptrace process_vm_readv process_vm_writev keyctl
    # add_key request_key bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module
    # finit_module delete_module name_to_handle_at open_by_handle_at swapon swapoff reboot
    # sethostname setdomainname acct settimeofday clock_settime adjtimex clock_adjtime quotactl
    # syslog personality kcmp; and on x86-64 iopl ioperm nfsservctl lookup_dcookie
    "x86_64": [
        272,
        308,
        165,
        166,
        155,
        161,
        101,
        310,
        311,
        250,
        248,
        249,
        321,
        298,
        323,
        246,
        320,
        175,
        313,
        176,
        303,
        304,
        167,
        168,
        169,
        170,
        171,
        163,
        164,
        227,
        159,
        305,
        179,
        103,
        135,
        312,
        172,
        173,
        180,
        212,
    ],
    "aarch64": [
        97,
        268,
        40,
        39,
        41,
        51,
        117,
        270,
        271,
        219,
        217,
        218,
        280,
        241,
        282,
        104,
        294,
        105,
        273,
        106,
        264,
        265,
        224,
        225,
        142,
        161,
        162,
        89,
        170,
        112,
        171,
        266,
        60,
        116,
        92,
        272,
    ],
}
CLONE, SOCKET = {"x86_64": 56, "aarch64": 220}, {"x86_64": 41, "aarch64": 198}
CLONE3 = 435
NAMESPACES = (
    linux.NEWNS
    | linux.NEWUTS
    | linux.NEWIPC
    | linux.NEWUSER
    | linux.NEWPID
    | linux.NEWNET
    | 0x2000000
)
FAMILIES = [1, 2, 10]  # AF_UNIX, AF_INET, AF_INET6

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR, FILTER = 0x7FFF0000, 0x00050000, 2
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # places in the kernel's struct seccomp_data


def program(machine):
    """The filter as (code, jump if true, jump if false, value) instructions."""

    def refuse(code=errno.EPERM):
        return (RETURN, 0, 0, ERROR | code)

    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, AUDIT_ARCH[machine]),
        refuse(errno.ENOSYS),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":  # the x32 numbers would go round the list
        steps += [(AT_LEAST, 0, 1, 0x40000000), refuse(errno.ENOSYS)]
    for number in REFUSED[machine] + MODERN:
        steps += [(EQUAL, 0, 1, number), refuse()]
    # libc falls back to clone, whose flags can be read here
    steps += [(EQUAL, 0, 1, CLONE3), refuse(errno.ENOSYS)]
    steps += [
        (EQUAL, 0, 4, CLONE[machine]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, NAMESPACES),
        refuse(),
        (RETURN, 0, 0, ALLOW),
    ]
    steps += [(EQUAL, 0, len(FAMILIES) + 2, SOCKET[machine]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    steps += [(EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)]
    steps += [refuse(errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    return steps


def install():
    """Filter this process's system calls and those of all its children; False where there is no filter."""
    machine = os.uname().machine
    if machine not in AUDIT_ARCH:
        return False
    steps = program(machine)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    filter_ = Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    linux.prctl(linux.PR_SET_SECCOMP, FILTER, ctypes.addressof(filter_))
    return True

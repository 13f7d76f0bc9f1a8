"""The filter of system calls: its numbers are the kernel's, its program does what the rules say."""

import ctypes
import ctypes.util
import errno
import re
from pathlib import Path

import pytest
from nbjudge.sandbox import linux, seccomp
from nbjudge.sandbox.seccomp import ALLOW, ERROR, NOTIFY, Rule, landlock_rules, program, questions
from nbjudge.sandbox.syscalls import MACHINES, NEWEST, NUMBERS, number

HEADERS = {
    "x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
    # 64-bit ARM has the numbers that are meant for every machine
    "aarch64": ["/usr/include/asm-generic/unistd.h"],
}
SAME_NAME = {"fcntl": "3264_fcntl", "truncate": "3264_truncate"}


def of_headers(machine):
    """{name: number} as the kernel's headers have them, or a reason to skip."""
    for path in map(Path, HEADERS[machine]):
        if path.exists():
            found = re.findall(r"^#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", path.read_text(), re.M)
            return {name: int(value) for name, value in found}
    pytest.skip(f"no headers of the kernel for {machine} here: its numbers are NOT compared")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernels_headers(machine):
    known = of_headers(machine)
    newest = max(known.values())
    ours = {name: number(name, machine) for name in NUMBERS}
    for name, value in ours.items():
        if value is None:
            assert name not in known, name
        elif value <= newest:
            assert known.get(name) == value, name


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_libseccomp(machine):
    path = ctypes.util.find_library("seccomp")
    if not path:
        pytest.skip("no libseccomp here: the numbers are NOT compared with its table")
    resolve = ctypes.CDLL(path).seccomp_syscall_resolve_name_arch
    for name in NUMBERS:
        found = resolve(ctypes.c_uint32(seccomp.AUDIT_ARCH[machine]), name.encode())
        # what it does not know, or knows only of other machines, has a number below zero
        if found >= 0:
            assert found == number(name, machine), name


def verdict(steps, machine, call, *arguments):
    """What a filter returns for a call, by the rules of the kernel's machine."""
    data = {seccomp.NUMBER: call, seccomp.ARCHITECTURE: seccomp.AUDIT_ARCH[machine]}
    for place in range(6):
        value = arguments[place] if place < len(arguments) else 0
        data[seccomp.ARGUMENTS + 8 * place] = value & 0xFFFFFFFF
    accumulator = at = 0
    while True:
        code, true, false, value = steps[at]
        at += 1
        if code == seccomp.LOAD:
            accumulator = data[value]
        elif code == seccomp.AND:
            accumulator &= value
        elif code == seccomp.JUMP:
            at += value
        elif code == seccomp.EQUAL:
            at += true if accumulator == value else false
        elif code == seccomp.ABOVE:
            at += true if accumulator > value else false
        else:
            assert code == seccomp.RETURN
            return value


def refused(code):
    return ERROR | code


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("abi", [1, 2, 3, 6])
@pytest.mark.parametrize("same_user", [True, False])
def test_every_rule_is_in_the_program(machine, abi, same_user):
    rules = landlock_rules(abi, same_user)
    steps = program(rules, machine)
    assert len(steps) < 4096 and all(max(true, false) < 256 for _, true, false, _ in steps)
    for rule in rules:
        for name in rule.calls:
            call = number(name, machine)
            if call is None:
                continue
            chosen = [0xABCDE if rule.unless else value for value in rule.values] or [0]
            for value in chosen:
                arguments = [0] * rule.argument + [value]
                # another rule for the same call may come first
                assert verdict(steps, machine, call, *arguments) != ALLOW, (name, value)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_checked_of_the_arguments(machine):
    steps = program(landlock_rules(1, True), machine)

    def ask(name, *arguments):
        return verdict(steps, machine, number(name, machine), *arguments)

    assert ask("socketpair", 1, 1 | 0o2000000) == ALLOW
    assert ask("socketpair", 1, 5) == ALLOW
    assert ask("socketpair", 1, 2) == refused(errno.EACCES)
    assert ask("socketpair", 2, 1) == refused(errno.EAFNOSUPPORT)
    assert ask("clone", 17) == ALLOW
    assert ask("clone", 17 | linux.NEWUSER) == refused(errno.EPERM)
    assert ask("clone", 17 | linux.NEWNS) == refused(errno.EPERM)
    assert ask("clone3") == refused(errno.ENOSYS)
    assert ask("ioctl", 1, 0x5401) == ALLOW
    assert ask("ioctl", 1, 0x5412) == refused(errno.ENOTTY)
    assert ask("ioctl", 1, (1 << 32) + 0x5412) == refused(errno.ENOTTY)
    assert ask("fcntl", 1, 3) == ALLOW
    assert ask("fcntl", 1, 8) == refused(errno.EPERM)
    assert ask("prlimit64", 0) == ALLOW
    assert ask("prlimit64", 1) == refused(errno.EPERM)
    assert ask("setpriority", 0, 0) == ALLOW
    assert ask("setpriority", 0, 7) == ask("setpriority", 2, 0) == refused(errno.EPERM)
    assert ask("openat", -100, 0, 0o2000000) == ask("openat", -100, 0, 0o1001) == ALLOW
    assert ask("openat", -100, 0, 0o1000) == ask("openat", -100, 0, 0o1003) == refused(errno.EACCES)
    assert ask("kill", 1) == ALLOW  # the other filter asks the supervisor


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_supervisor_is_asked(machine):
    steps = program(questions(5, same_user=True, count=True), machine)
    asked = {
        name
        for name in NUMBERS
        if number(name, machine) is not None
        and verdict(steps, machine, number(name, machine)) == NOTIFY
    }
    legacy = {"chmod", "fork", "vfork"} if machine == "x86_64" else set()
    signals = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}
    assert asked == legacy | signals | {"clone", "fchmod", "fchmodat", "utimensat"}


@pytest.mark.parametrize("machine", MACHINES)
def test_other_processors_and_unknown_numbers_fail(machine):
    steps = program((), machine)
    (other,) = set(MACHINES) - {machine}
    assert verdict(steps, machine, 0) == verdict(steps, machine, NEWEST) == ALLOW
    assert verdict(steps, machine, NEWEST + 1) == refused(errno.ENOSYS)
    assert verdict(steps, machine, 0x40000000 + 1) == refused(errno.ENOSYS)
    assert verdict(steps, other, 0) == refused(errno.ENOSYS)


def test_a_rule_for_all_values_but_some_and_one_for_some_values():
    rules = (
        Rule(("fcntl",), errno.EPERM, 1, (5, 6)),
        Rule(("ioctl",), errno.ENOTTY, 1, (5, 6), unless=True),
        Rule(("fcntl",), errno.EACCES, 0, (9,)),
    )
    steps = program(rules, "x86_64")
    fcntl, ioctl = (number(name, "x86_64") for name in ("fcntl", "ioctl"))
    found = [verdict(steps, "x86_64", fcntl, 0, value) for value in (4, 5, 6, 7)]
    assert found == [ALLOW, refused(errno.EPERM), refused(errno.EPERM), ALLOW]
    found = [verdict(steps, "x86_64", ioctl, 0, value) for value in (4, 5, 6, 7)]
    assert found == [refused(errno.ENOTTY), ALLOW, ALLOW, refused(errno.ENOTTY)]
    assert verdict(steps, "x86_64", fcntl, 9, 4) == refused(errno.EACCES)

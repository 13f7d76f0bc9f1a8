"""What this machine allows, what each level of isolation promises, and how to get a better one."""

import os
import platform
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbjudge import __version__
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.levels import HELP, LEVELS, NAMESPACES, NONE, OPEN, PROMISES, WIDTH, bullets
from nbjudge.sandbox.system import require_linux

INDENT = 18
# {setting of the kernel: the value with which it forbids ordinary users their namespaces}
FORBIDDING = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
ALLOWING = {
    "user.max_user_namespaces": "10000",
    "kernel.unprivileged_userns_clone": "1",
    "kernel.apparmor_restrict_unprivileged_userns": "0",
}


class Level(NamedTuple):
    """What one level of isolation is on this machine."""

    level: str
    # how this account reaches it; None: it does not
    method: str | None
    # why not by other methods
    reasons: list[str]
    promise: str
    open: str


class Report(NamedTuple):
    """All that the doctor says."""

    # {what is asked: the answer}
    facts: dict[str, str]
    levels: list[Level]
    # the level that grading uses; None: it refuses
    chosen: str | None
    # what would give a better level
    help: list[str]


def examine() -> Report:
    """Look at this machine.

    Examples
    --------
    >>> examine().facts["nbjudge"] == __version__
    True
    """
    facts = {
        "nbjudge": __version__,
        "Python": f"{platform.python_version()}, {sys.executable}",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
    }
    try:
        require_linux()
    except SandboxUnavailableError as error:
        return Report(facts, [], None, [str(error)])
    from nbjudge.sandbox.isolation import tried

    facts |= {name: _or_unknown(ask) for name, ask in QUESTIONS.items()}
    levels = [Level(one, *tried(one), PROMISES[one], OPEN[one]) for one in LEVELS]
    works = [one.level for one in levels if one.method and one.level != NONE]
    missing = [one.level for one in levels if not one.method]
    return Report(facts, levels, works[0] if works else None, _help(missing))


def _or_unknown(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except OSError as error:
        return f"unknown ({error.strerror})"


def _read(path: str) -> str | None:
    """The text of a file of the kernel's; None where it has no such file or does not show it."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def _status(name: str) -> str:
    lines = (_read("/proc/self/status") or "").splitlines()
    return next((line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{name}:")), "")


def _setting(name: str) -> str | None:
    return _read("/proc/sys/" + name.replace(".", "/"))


def _memory() -> str:
    kib = {
        line.split(":")[0]: int(line.split()[1])
        for line in (_read("/proc/meminfo") or "").splitlines()
    }
    return f"{kib['MemTotal'] / 2**20:.1f} GiB, {kib['MemAvailable'] / 2**20:.1f} GiB of it free"


def _user() -> str:
    from nbjudge.sandbox import linux

    abilities = {"mount": linux.can_mount(), "change its user id": linux.can_change_user()}
    may = [name for name, it_may in abilities.items() if it_may]
    who = "root" if os.geteuid() == 0 else f"an ordinary user, number {os.geteuid()}"
    return f"{who}; may {' and '.join(may) if may else 'neither mount nor change its user id'}"


def _forbidding() -> list[str]:
    """The settings that forbid ordinary users to make namespaces."""
    return [name for name, value in FORBIDDING.items() if _setting(name) == value]


def _user_namespaces() -> str:
    settings = [f"{name}={FORBIDDING[name]}" for name in _forbidding()]
    return f"forbidden by {', '.join(settings)}" if settings else "no setting forbids them"


def _landlock() -> str:
    from nbjudge.sandbox import linux

    version = linux.landlock_abi()
    modules = _read("/sys/kernel/security/lsm")
    here = f"version {version}" if version else "none"
    return here + (f"; the kernel's security modules: {modules}" if modules else "")


def _seccomp() -> str:
    actions = _setting("kernel.seccomp.actions_avail")
    outer = _status("Seccomp_filters") or _status("Seccomp")
    around = f"; {outer} filters around this process" if outer not in ("", "0") else ""
    return ("filters" if actions else "unknown") + around


def _cgroups() -> str:
    from nbjudge.sandbox.cgroup import ROOT, Group
    from nbjudge.sandbox.limits import Limits

    version = "version 2" if (ROOT / "cgroup.controllers").exists() else "version 1"
    group = Group(os.getpid(), Limits())
    group.remove()
    limits = " and ".join(sorted(set().union(*group.folders.values())))
    return f"{version}; " + (f"limit {limits}" if limits else "none may be made by this account")


def _scratch() -> str:
    from nbjudge.sandbox import scratch
    from nbjudge.sandbox.limits import Limits

    folder = scratch.make(Limits(), ())
    scratch.remove(folder)
    return os.path.dirname(folder)


def _cores() -> str:
    return f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}"


QUESTIONS: dict[str, Callable[[], str]] = {
    "memory": _memory,
    "cores": _cores,
    "user": _user,
    "user namespaces": _user_namespaces,
    "Landlock": _landlock,
    "seccomp": _seccomp,
    "control groups": _cgroups,
    "scratch folders": _scratch,
}


def _help(missing: list[str]) -> list[str]:
    """What gives the levels that this machine does not allow."""
    found = []
    for level in missing:
        if level == NAMESPACES and (names := _forbidding()):
            settings = " ".join(f"{name}={ALLOWING[name]}" for name in names)
            found.append(
                f"namespaces: sudo sysctl -w {settings} (lasts until the next start; a file in"
                " /etc/sysctl.d keeps it), or run nbjudge as root"
            )
        else:
            found += HELP[level]
    return found


def text(report: Report) -> str:
    """A report for people."""
    lines = [_entry(name, answer) for name, answer in report.facts.items()]
    for one in report.levels:
        works = f"works here, by {one.method}" if one.method else "not possible here"
        lines += ["", _entry(one.level, works if one.level != NONE else "always possible")]
        lines += [_entry("", f"not by {reason}") for reason in one.reasons]
        lines += [_entry("  promised", one.promise), _entry("  still open", one.open)]
    uses = f"uses {report.chosen}" if report.chosen else "is refused here, unless --unsafe is given"
    lines += ["", f"nbjudge grade {uses}."]
    if report.levels and report.help:
        lines += ["For more:", bullets(report.help)]
    elif report.help:  # holds commands, which must not be wrapped
        lines += report.help
    return "\n".join(lines)


def _entry(name, answer):
    indent = " " * INDENT
    return textwrap.fill(
        answer, WIDTH, initial_indent=f"{name:<{INDENT}}", subsequent_indent=indent
    )


def as_data(report: Report) -> dict:
    """A report for programs."""
    return {**report._asdict(), "levels": [one._asdict() for one in report.levels]}

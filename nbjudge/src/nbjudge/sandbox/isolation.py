"""Levels of isolation: which there are, which this machine allows, and how each is made.

A level is what a user asks for; a method is how this account reaches it: `namespaces-root` or
`namespaces-user`, `landlock-root` or `landlock-user`. By default it is the strongest that works.
"""

import os
import socket

from nbjudge.sandbox import linux
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.kinds import KINDS
from nbjudge.sandbox.levels import (
    HELP,
    LANDLOCK,
    LEVELS,
    NAMESPACES,
    NONE,
    bullets,
    level_of,
)
from nbjudge.sandbox.limits import Limits
from nbjudge.sandbox.supervisor import supervise
from nbjudge.sandbox.visible import visible


def methods(level: str) -> list[str]:
    """The methods by which this account may reach a level, best first.

    Examples
    --------
    >>> methods("none")
    ['none']
    """
    if level not in LEVELS or level == NONE:
        return [level]
    root = {NAMESPACES: linux.can_mount, LANDLOCK: linux.can_change_user}[level]()
    return [f"{level}-root"] * root + [f"{level}-user"]


def why_not(method: str) -> str | None:
    """Why a process cannot be isolated by a method here; None if it can.

    It is tried: a process is started, shut in, and ended.
    """
    reason = KINDS[level_of(method)].why_not(method)
    return reason if reason or method == NONE else _try(method)


def tried(level: str) -> tuple[str | None, list[str]]:
    """The first method of a level that works, and why each before it does not.

    Parameters
    ----------
    level : str
        One of `LEVELS`, or a method, which is then only tried.

    Examples
    --------
    >>> tried("none")
    ('none', [])
    """
    reasons = []
    for method in methods(level):
        reason = why_not(method)
        if reason is None:
            return method, reasons
        reasons.append(f"{method}: {reason}")
    return None, reasons


def _try(method):
    read, write = os.pipe()
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            answer = lambda home, trouble: os.write(write, trouble.encode() or b"fine")
            supervise(theirs, method, Limits(), visible(), answer)
        finally:
            os._exit(0)
    os.close(write)
    theirs.close()
    with open(read, "rb") as answers:
        said = answers.read()
    os.waitpid(pid, 0)
    ours.close()
    return None if said == b"fine" else said.decode() or "the process ended"


def find_method(level: str | None = None) -> str:
    """How a process can be isolated here: the first method of a level that works.

    Parameters
    ----------
    level : str, optional
        One of `LEVELS`, or a method, which is then only tried. By default the strongest level that
        works, which is never `none`.

    Returns
    -------
    str

    Raises
    ------
    SandboxUnavailableError
        If none works; the message says why, and what would help.
    """
    if level and level_of(level) not in LEVELS:
        raise SandboxUnavailableError(
            f"no isolation level {level!r}: there are {', '.join(LEVELS)}"
        )
    reasons = []
    for asked in [level] if level else LEVELS[:-1]:
        method, why = tried(asked)
        if method:
            return method
        reasons += [f"  {reason}" for reason in why]
    wanted = f"the isolation level {level!r}" if level else "a sandbox"
    asked = [one for one in LEVELS if not level or one in (level_of(level), NONE)]
    helps = bullets(sentence for one in asked for sentence in HELP[one])
    message = [f"this machine does not allow {wanted}:", *reasons, "Any of these helps:", helps]
    raise SandboxUnavailableError("\n".join(message))

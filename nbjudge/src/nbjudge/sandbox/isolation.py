"""Levels of isolation: which there are, and which this machine allows.

A level is what a user asks for (`namespaces`, `none`); a method is how this account reaches it
(`namespaces-root`, `namespaces-user`). The strongest level that works here is the default.
"""

from nbjudge.sandbox import linux, namespaces
from nbjudge.sandbox.errors import SandboxUnavailable

# strongest first
LEVELS = ("namespaces", "none")

HOW_TO_ALLOW = """grading needs Linux namespaces, and this machine allows none: {reason}
Any of these helps:
  - run it as root, or in a container started with --privileged (or --cap-add SYS_ADMIN and no
    seccomp and AppArmor profile);
  - allow user namespaces: sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1
    kernel.apparmor_restrict_unprivileged_userns=0 (whichever of them exist);
  - --unsafe grades without a sandbox: tests still run in a process of their own, but students' code
    can then read and write whatever you can. Only in a virtual machine that holds nothing else."""


def methods(level):
    """The ways in which this account may reach a level, best first.

    Examples
    --------
    >>> methods("none")
    ['none']
    """
    if level == "namespaces":
        return (["namespaces-root"] if linux.can_mount() else []) + ["namespaces-user"]
    return [level]


def find_method(level="namespaces"):
    """How a process can be isolated here: the first method of a level that works.

    Parameters
    ----------
    level : str
        One of `LEVELS`, or a method, which is then only tried.

    Returns
    -------
    str

    Raises
    ------
    SandboxUnavailable
        If none works; the message says why, and what would help.
    """
    if level == "none":
        return level
    reasons = []
    for method in methods(level):
        reason = namespaces.why_not(method)
        if reason is None:
            return method
        reasons.append(f"as {method.removeprefix('namespaces-')}: {reason}")
    raise SandboxUnavailable(HOW_TO_ALLOW.format(reason="; ".join(reasons)))

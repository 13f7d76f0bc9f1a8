"""The levels of isolation in words: what each promises, what it leaves open, and how to get it.

Plain data, for every operating system.
"""

import textwrap
from collections.abc import Iterable

NAMESPACES, LANDLOCK, NONE = "namespaces", "landlock", "none"
# strongest first
LEVELS = (NAMESPACES, LANDLOCK, NONE)

# {level: what it is, in a few words}
SUMMARIES = {
    NAMESPACES: "a world of its own for each submission",
    LANDLOCK: "files guarded by Landlock, system calls filtered",
    NONE: "no sandbox: students' code can do whatever you can",
}
PROMISES = {
    NAMESPACES: (
        "Students' code sees its own processes, its own host name, no network, the system, Python"
        " and the packages of the course, all read-only, and a scratch folder in memory of a fixed"
        " size."
    ),
    LANDLOCK: (
        "Students' code opens nothing but the system, Python and the packages of the course, all"
        " read-only, and its own scratch folder. It reaches no network, no service and no process"
        " outside, and all that it starts ends with it."
    ),
    NONE: (
        "Time, memory and open files of each process are limited, tests run in another process,"
        " and what students' code starts is ended."
    ),
}
# {level: what students' code can still see or do}
OPEN = {
    NAMESPACES: "The version of the kernel, its load, and the machine's memory and processors.",
    LANDLOCK: (
        "The same, and the host's name, whether a process of some number exists, and size and date"
        " of a file whose whole name it guesses. It cannot write to /tmp by name or use"
        " multiprocessing's locks and queues. Its folder and its memory are measured five times a"
        " second, and whatever is above the limit then ends it; so for a fraction of a second it"
        " can take more."
    ),
    NONE: "Everything: your files, the gradebook, hidden tests, the network, other programs.",
}
# {level: what helps where a machine does not allow it}
HELP = {
    NAMESPACES: [
        "namespaces: run it as root, or in a container started with --privileged (or with --cap-add"
        " SYS_ADMIN and without the seccomp and AppArmor profiles)",
        "namespaces: let ordinary users make them: sysctl user.max_user_namespaces=10000"
        " kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
        " (whichever of them exist)",
    ],
    LANDLOCK: [
        "landlock: use Linux 5.13 or later on x86-64 or 64-bit ARM, with landlock among its"
        " security modules (boot with lsm=landlock,... where /sys/kernel/security/lsm lacks it); it"
        " needs no privilege",
    ],
    NONE: [
        "--isolation none (or --unsafe) grades without a sandbox: tests still run in a process of"
        " their own, but students' code can then read and write whatever you can; only in a virtual"
        " machine that holds nothing else",
    ],
}
WIDTH = 100


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list, wrapped for a terminal.

    Examples
    --------
    >>> print(bullets(["one", "two"]))
      - one
      - two
    """
    lines = (
        textwrap.fill(
            one,
            WIDTH,
            initial_indent="  - ",
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )
        for one in sentences
    )
    return "\n".join(lines)


def level_of(method: str) -> str:
    """The level that a method reaches.

    Examples
    --------
    >>> level_of("namespaces-user"), level_of("none")
    ('namespaces', 'none')
    """
    return method.partition("-")[0]

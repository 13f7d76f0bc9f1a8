"""What a sandbox shows of the machine: a list of what Python needs, not the machine with a few
things hidden. No home folder, no course folder and no gradebook is there to be read.
"""

import os
import stat
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"]
SETTINGS = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/mime.types",
    "/etc/magic",
]
DEVICES = ["null", "zero", "full", "random", "urandom"]


def visible(folders: Iterable[str] = ()) -> list[str]:
    """Folders and files of the machine that a sandbox shows, read-only, at the same places.

    Parameters
    ----------
    folders : iterable of str
        More of them: those of packages that are used where they were written.

    Examples
    --------
    >>> "/etc/passwd" in visible()
    False
    """
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), *folders}
    python |= {str(Path(folder).resolve()) for folder in (sys.prefix, sys.base_prefix)}
    paths = [path for path in SYSTEM + SETTINGS + sorted(python) if os.path.lexists(path)]
    return [
        path
        for path in paths
        if not any(path != other and Path(other) in Path(path).parents for other in paths)
    ]


def hidden_from_others(paths: Iterable[str]) -> list[str]:
    """Those of some paths that a user with no rights of its own cannot reach.

    Examples
    --------
    >>> hidden_from_others(["/usr"])
    []
    """
    seen: dict[Path, bool] = {}

    def open_to_all(path, bits):
        if path not in seen:
            seen[path] = os.stat(path).st_mode & bits == bits
        return seen[path]

    found = []
    for path in filter(os.path.exists, paths):
        real = Path(path).resolve()
        wanted = stat.S_IROTH | (stat.S_IXOTH if real.is_dir() else 0)
        above = all(open_to_all(folder, stat.S_IXOTH) for folder in real.parents)
        if not (above and os.stat(real).st_mode & wanted == wanted):
            found.append(path)
    return found

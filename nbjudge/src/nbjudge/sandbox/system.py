"""The systems on which students' code can be shut in."""

import platform

from nbjudge.sandbox.errors import SandboxUnavailableError

NAMES = {"Darwin": "macOS"}
ELSEWHERE = """\
students' code can be graded on Linux only, and this is {system}. A container serves as well; with
Docker or Podman, and the Dockerfile of the course:
    docker build -t grader .
    docker run --rm --network none -v ./:/course grader nbjudge grade"""


def is_linux() -> bool:
    """Whether students' code can be graded on this system at all.

    Examples
    --------
    >>> is_linux()
    True
    """
    return platform.system() == "Linux"


def require_linux() -> None:
    """Raise an error that tells of the container, unless this is Linux.

    Raises
    ------
    SandboxUnavailableError
        On any other system.

    Examples
    --------
    >>> require_linux()
    """
    if not is_linux():
        system = platform.system()
        raise SandboxUnavailableError(ELSEWHERE.format(system=NAMES.get(system, system)))

"""The systems on which students' code can be shut in."""

import platform

from nbjudge.sandbox.errors import SandboxUnavailable

NAMES = {"Darwin": "macOS"}
ELSEWHERE = """\
students' code can be graded on Linux only, and this is {system}. A container serves as well; with
Docker or Podman, and the Dockerfile of the course:
    docker build -t grader .
    docker run --rm --network none -v ./:/course grader nbjudge grade"""


def require_linux() -> None:
    """Raise an error that tells of the container, unless this is Linux.

    Raises
    ------
    SandboxUnavailable
        On any other system.

    Examples
    --------
    >>> require_linux()
    """
    system = platform.system()
    if system != "Linux":
        raise SandboxUnavailable(ELSEWHERE.format(system=NAMES.get(system, system)))

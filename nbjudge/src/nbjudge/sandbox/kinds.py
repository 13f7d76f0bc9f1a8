"""The kinds of sandbox, and what the supervisor needs to know of each."""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from nbjudge.sandbox import limits as bounds
from nbjudge.sandbox import linux, scratch
from nbjudge.sandbox.landlock import Landlock
from nbjudge.sandbox.levels import LANDLOCK, NAMESPACES, NONE, level_of
from nbjudge.sandbox.limits import Limits
from nbjudge.sandbox.namespaces import Namespaces


class Sandbox(Protocol):
    """A sandbox that is to be made around one process.

    Attributes
    ----------
    home : str
        The folder that the process may write to, as it sees it.
    adopts : bool
        Processes that lose their parent come to the supervisor, which has to end them.
    """

    home: str
    adopts: bool

    def prepare(self) -> None:
        """In the supervisor, before it starts the process."""

    def enter(self, tell: Callable[[int], None], counted: bool) -> None:
        """In the process: shut it in, and `tell` the supervisor where it is asked, if it is.

        `counted`: a control group bounds the number of processes.
        """

    def is_full(self, processes: Sequence[int]) -> bool:
        """Whether more is written than allowed and the file system itself does not see to it."""

    def remove(self) -> None:
        """In the supervisor, when all processes have ended."""


class Unprotected:
    """No sandbox: a scratch folder, and the limits of a process."""

    adopts = True

    def __init__(self, method: str, limits: Limits, paths: Sequence[str]):
        self.limits, self.home = limits, ""

    def prepare(self) -> None:
        self.home = scratch.make(self.limits, ())

    def enter(self, tell: Callable[[int], None], counted: bool) -> None:
        linux.die_with_parent()
        bounds.apply(self.limits, own_user=False)
        os.chdir(f"{self.home}/{scratch.WORK}")

    def is_full(self, processes: Sequence[int]) -> bool:
        return scratch.is_over(self.home, processes, self.limits.disk)

    def remove(self) -> None:
        scratch.remove(self.home)

    @staticmethod
    def why_not(method: str) -> str | None:
        return None


KINDS = {NAMESPACES: Namespaces, LANDLOCK: Landlock, NONE: Unprotected}


def sandbox(method: str, limits: Limits, paths: Sequence[str]) -> Sandbox:
    """A sandbox to be made by a method."""
    return KINDS[level_of(method)](method, limits, paths)

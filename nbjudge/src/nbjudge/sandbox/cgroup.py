"""A control group for one submission: memory and processes of everything in the sandbox together.

Version 2 where the process may make groups below its own, version 1 where its controllers are
mounted; nothing where neither is allowed, and then only the limits of each process and the
supervisor's look at their sum hold.
"""

import contextlib
import os
from pathlib import Path

from nbjudge.sandbox.processes import identity, lives

ROOT = Path("/sys/fs/cgroup")
NAME = "nbjudge-"  # and the `processes.identity` of the supervisor
FILES = {"memory": ("memory.limit_in_bytes", "memory.max"), "pids": ("pids.max", "pids.max")}


def own_groups():
    """{controller: folder of this process's group}; "" is the one hierarchy of version 2."""
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers and (ROOT / "cgroup.controllers").exists():
            found[""] = ROOT / path.lstrip("/")
        for name in controllers.split(","):
            if name in FILES and (ROOT / name).is_dir():
                found[name] = ROOT / name / path.lstrip("/")
    return found


class Group:
    """The groups of one supervisor's sandbox; no folders where none may be made.

    Attributes
    ----------
    folders : dict
        {folder: what it limits}
    limited : set of str
        What of "memory" and "pids" is limited for the process that was added.
    """

    def __init__(self, supervisor, limits):
        self.folders, self.limited = {}, set()
        with contextlib.suppress(OSError):
            for controller, parent in own_groups().items():
                self._make(controller, parent / f"{NAME}{identity(supervisor)}", limits)

    def _make(self, controller, folder, limits):
        with contextlib.suppress(OSError):
            folder.mkdir()
            self.folders[folder] = set()
            for kind, most in (("memory", limits.memory), ("pids", limits.processes)):
                if controller in ("", kind):
                    with contextlib.suppress(OSError):
                        (folder / FILES[kind][controller == ""]).write_text(str(most))
                        self.folders[folder].add(kind)

    def add(self, pid):
        """Put a process into the groups; its children will be born there.

        A group that does not take it, because somebody has removed it meanwhile, limits nothing.
        """
        for folder, kinds in self.folders.items():
            with contextlib.suppress(OSError):
                (folder / "cgroup.procs").write_text(str(pid))
                self.limited |= kinds

    def killed_for_memory(self):
        """Whether the kernel has ended a process because the group's memory was used up."""
        for folder in self.folders:
            for file in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    counts = dict(line.split() for line in (folder / file).read_text().splitlines())
                    if int(counts.get("oom_kill", 0)):
                        return True
        return False

    def remove(self):
        """Remove the groups, which must be empty by now."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def sweep():
    """Remove the groups of supervisors that were killed and could not do it."""
    with contextlib.suppress(OSError):
        for parent in own_groups().values():
            for folder in parent.glob(f"{NAME}*"):
                if not lives(folder.name.removeprefix(NAME)):
                    with contextlib.suppress(OSError):
                        os.rmdir(folder)

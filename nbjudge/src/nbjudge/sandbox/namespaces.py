"""Shut a process in with namespaces: its own processes, network, mounts, IPC and host name.

It sees a small read-only world, made of what `visible` names, and a scratch folder in memory. Two
methods lead there: as root, with a user id of its own for each sandbox, or as an ordinary user
through a user namespace.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from nbjudge.sandbox import limits as bounds
from nbjudge.sandbox import linux, seccomp
from nbjudge.sandbox.limits import Limits, own_user
from nbjudge.sandbox.visible import DEVICES

SCRATCH, WORK = "/tmp", "/tmp/notebook"
# the user id in the sandbox, where it can be chosen
USER_INSIDE = 1000
ALONE = linux.NEWPID | linux.NEWNET | linux.NEWIPC | linux.NEWUTS


class Namespaces:
    """A sandbox made of namespaces; see `kinds.Sandbox`."""

    home, adopts = SCRATCH, False

    def __init__(self, method: str, limits: Limits, paths: Sequence[str]):
        self.limits, self.paths = limits, paths
        self.as_root = method == "namespaces-root"

    def prepare(self) -> None:
        """Leave the old namespaces: the children of this process will be born in new ones."""
        if not self.as_root:
            user, group = os.geteuid(), os.getegid()
            linux.unshare(linux.NEWUSER)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{USER_INSIDE} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{USER_INSIDE} {group} 1")
        linux.unshare(ALONE)

    def enter(self, tell: Callable[[int], None], counted: bool) -> None:
        """In the first process of the new namespaces: build the small world and move in."""
        linux.die_with_parent()
        # the process's number in the eyes of the machine, whose /proc is still mounted
        uid = own_user(int(os.readlink("/proc/self"))) if self.as_root else USER_INSIDE
        linux.unshare(linux.NEWNS)
        _build(self.paths, self.limits, uid)
        linux.set_no_new_privs()
        if self.as_root:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        linux.drop_capabilities()
        linux.die_with_parent()  # a new user id has cleared it
        bounds.apply(self.limits)
        seccomp.install(seccomp.ALWAYS + seccomp.WITH_NAMESPACES)
        os.chdir(WORK)

    def is_full(self, processes: Sequence[int]) -> bool:
        return False  # the scratch folder is a file system with a size of its own

    def remove(self) -> None:
        """Everything has gone with the last process."""

    @staticmethod
    def why_not(method: str) -> str | None:
        """Why this method cannot work here, as far as that is known without a try."""
        if method == "namespaces-root" and not linux.can_mount():
            return "this account may not mount"
        return None


def _build(paths, limits, uid):
    # a stricter one would shut the student out of the folders made here
    os.umask(0o022)
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    root = _free_place(paths)
    linux.mount("sandbox", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    # first: the course itself may lie under /tmp
    os.makedirs(f"{root}{SCRATCH}")
    linux.mount(
        "scratch",
        root + SCRATCH,
        "tmpfs",
        linux.MS_NOSUID | linux.MS_NODEV,
        f"size={limits.disk},nr_inodes=20000,mode=700,uid={uid},gid={uid}",
    )
    for folder in (WORK, f"{SCRATCH}/.shm"):
        os.makedirs(root + folder)
        os.chown(root + folder, uid, uid)
    for path in paths:
        _show(path, root + path)
    os.makedirs(f"{root}/etc", exist_ok=True)
    Path(f"{root}/etc/passwd").write_text(f"student:x:{uid}:{uid}::{SCRATCH}:/bin/sh\n")
    Path(f"{root}/etc/group").write_text(f"student:x:{uid}:\n")
    os.makedirs(f"{root}/dev")
    for name in DEVICES:
        Path(f"{root}/dev/{name}").touch()
        linux.mount(f"/dev/{name}", f"{root}/dev/{name}", None, linux.MS_BIND)
        linux.make_readonly(f"{root}/dev/{name}", devices=True)
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    os.makedirs(f"{root}/proc")
    # inside some containers it may not be mounted; nothing needs it
    with suppress(OSError):
        linux.mount(
            "proc",
            f"{root}/proc",
            "proc",
            linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC | linux.MS_RDONLY,
        )
    os.symlink(f"{SCRATCH}/.shm", f"{root}/dev/shm")
    linux.mount(
        None,
        root,
        None,
        linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV,
    )
    linux.pivot_root(root)


def _free_place(paths):
    """A folder to mount the sandbox on, out of the way of everything that it shows."""
    for place in ("/mnt", "/media", "/srv", "/opt", "/tmp"):
        if os.path.isdir(place) and not any(Path(path).is_relative_to(place) for path in paths):
            return place
    raise OSError(2, "no folder to build it on", "the sandbox")


def _show(path, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).touch()
    linux.mount(path, target, None, linux.MS_BIND | linux.MS_REC)
    linux.make_readonly(target)

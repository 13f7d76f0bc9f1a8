"""Shut a process in: own processes, network, mounts, IPC and host name; a read-only world with a scratch folder.

What the sandbox shows of the host is a list of what Python needs, not the host with a few things hidden: no home folder, no
course folder, no gradebook is there to be read. Two methods lead there: as root (a user id of its own for each sandbox), or as an
ordinary user through a user namespace.
"""

import os
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

from nbjudge.sandbox import limits as bounds
from nbjudge.sandbox import linux, seccomp

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
SCRATCH, WORK = "/tmp", "/tmp/notebook"
# the user id in the sandbox, where it can be chosen
INSIDE = 1000
ALONE = linux.NEWPID | linux.NEWNET | linux.NEWIPC | linux.NEWUTS


def visible(folders=()):
    """Folders and files of the host that the sandbox shows, read-only, at the same places.

    Parameters
    ----------
    folders : iterable of str
        More of them: those of packages that are used where they were written.
    """
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), *folders}
    python |= {str(Path(folder).resolve()) for folder in (sys.prefix, sys.base_prefix)}
    paths = [path for path in SYSTEM + SETTINGS + sorted(python) if os.path.lexists(path)]
    return [
        path
        for path in paths
        if not any(path != other and Path(other) in Path(path).parents for other in paths)
    ]


def why_not(method):
    """Why a process cannot be isolated by this method, or None."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            unshare(method)
            child = os.fork()
            if child == 0:
                enter(method, bounds.Limits(), visible())
                os.write(write, b"fine")
                os._exit(0)
            os.waitpid(child, 0)
        except Exception as error:
            said = (
                f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            )
            os.write(write, said.encode())
        finally:
            os._exit(0)
    os.close(write)
    said = b""
    while part := os.read(read, 1000):
        said += part
    os.close(read)
    os.waitpid(pid, 0)
    return None if said == b"fine" else said.decode() or "the process ended"


def unshare(method):
    """First step, in the parent of the process to be shut in: its children will be born in new namespaces."""
    if method == "namespaces-user":
        user, group = os.geteuid(), os.getegid()
        linux.unshare(linux.NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INSIDE} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{INSIDE} {group} 1")
    linux.unshare(ALONE)


def enter(method, limits, paths):
    """Second step, in the first process of the new namespaces: build the small world, move in, drop every right."""
    try:
        linux.die_with_parent()
        uid = _own_uid() if method == "namespaces-root" else INSIDE
        linux.unshare(linux.NEWNS)
        _build(paths, limits, uid)
        linux.set_no_new_privs()
        if method == "namespaces-root":
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        linux.drop_capabilities()
        linux.die_with_parent()  # a new user id has cleared it
        bounds.apply(limits)
        seccomp.install()
        os.chdir(WORK)
    except OSError as error:
        raise RuntimeError(f"{error.filename or 'the sandbox'}: {error.strerror}") from error


def _own_uid():
    """A user id that no one has: limits on the number of processes count by user."""
    # this process in the eyes of the host, whose /proc is still mounted
    number = int(os.readlink("/proc/self"))
    with open("/proc/self/uid_map") as mapping:
        wide = any(int(line.split()[0]) == 0 and int(line.split()[2]) > 1 << 31 for line in mapping)
    return (1 << 30) + number if wide else 50000 + number % 10000


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

"""Run a program in a machine that is thrown away.

For graders that do not shut in what students hand in.

It sees this machine's files through an overlay whose changes live in memory, has its own processes,
network, mounts and devices, no capabilities, limits of memory and of processes by control groups,
and an end. Needs root, overlayfs, and control groups of version 1 or 2.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MEMORY, PROCESSES, DISK = 3 << 30, 400, "1g"
BUILD = """
set -e
mount --make-rprivate /
mount -t tmpfs -o size=$DISK,nr_inodes=200000 none "$PLACE"
cd "$PLACE"
mkdir up work root
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
cd root
for hidden in root home; do
    mount -t tmpfs none $hidden
done
if [ -n "$PYTHON_HOME" ]; then
    mkdir -p ".$PYTHON_HOME"
    mount --bind "$PYTHON_HOME" ".$PYTHON_HOME"
    mount -o remount,bind,ro ".$PYTHON_HOME"
fi
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t tmpfs -o mode=755 none dev
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9"; do
    mknod -m 666 dev/${device%% *} c ${device#* }
done
mkdir dev/shm
chmod 1777 dev/shm
ln -s /proc/self/fd dev/fd
ip link set lo up
exec chroot . setpriv --bounding-set=-all --inh-caps=-all "$@"
"""


def trouble():
    """Why no such machine can be made here; None when it can."""
    try:
        said = run(["echo", "fine"], seconds=30)
    except OSError as error:
        return str(error)
    return (
        None
        if said.strip() == "fine"
        else "it takes root, overlayfs, unshare, setpriv (util-linux) and ip (iproute2)"
    )


def run(command, seconds, environment=None):
    """What the program printed; what it did is gone.

    Parameters
    ----------
    command : list of str
    seconds : float
        After this time everything is ended.
    environment : dict of str to str, optional
    """
    home = Path(sys.base_prefix)
    under_home = any(home.is_relative_to(folder) for folder in ("/root", "/home"))
    place = tempfile.mkdtemp(prefix="lmcore-throwaway-")
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": "/root",
        "PLACE": place,
        "DISK": DISK,
        "PYTHON_HOME": str(home) if under_home else "",
    }
    with _groups(f"lmcore-throwaway-{os.path.basename(place)}") as folders:

        def join():
            for folder in folders:
                (folder / "cgroup.procs").write_text(str(os.getpid()))

        alone = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--ipc",
            "--uts",
            "--fork",
            "--kill-child",
        ]
        process = subprocess.Popen(
            [*alone, "sh", "-c", BUILD, "-", *command],
            env=settings | (environment or {}),
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=join,
            start_new_session=True,
        )
        try:
            said = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[0]
    shutil.rmtree(place, ignore_errors=True)
    return said


@contextlib.contextmanager
def _groups(name):
    """Control groups that limit memory and processes, removed when they are empty."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        limits = {root / name: {"memory.max": MEMORY, "pids.max": PROCESSES}}
    else:
        limits = {
            root / "memory" / name: {"memory.limit_in_bytes": MEMORY},
            root / "pids" / name: {"pids.max": PROCESSES},
        }
    for folder, values in limits.items():
        folder.mkdir()
        for file, value in values.items():
            (folder / file).write_text(str(value))
    try:
        yield list(limits)
    finally:
        for folder in limits:
            for pid in (folder / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
            with contextlib.suppress(OSError):
                folder.rmdir()

"""The folder that a submission may write to where it has no mounts of its own.

It lies in one of the machine's folders for scratch, belongs to the submission alone, and goes with
it. How much it holds is looked at from outside, files that have lost their name included.
"""

import contextlib
import errno
import math
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nbjudge.sandbox import linux, processes
from nbjudge.sandbox.limits import Limits, own_user
from nbjudge.sandbox.processes import identity, lives
from nbjudge.sandbox.visible import hidden_from_others

# and the `processes.identity` of the supervisor, and something that nobody guesses
NAME = "nbjudge-"
# in memory first, where making files takes a tenth of the time
PLACES = ("/dev/shm", "/tmp", "/var/tmp")
WORK = "notebook"
MOST_FILES = 20_000
BLOCK = 512
FOLDER = os.O_DIRECTORY | os.O_CLOEXEC
# of the kernel, for one path
LONGEST_PATH = 4000


def make(limits: Limits, paths: Iterable[str], user: int | None = None) -> str:
    """Make a scratch folder, with a folder for the notebook in it.

    Parameters
    ----------
    limits : Limits
    paths : iterable of str
        What all submissions may read: the folder must not lie there.
    user : int, optional
        Whom it belongs to; by default to this process's user.

    Raises
    ------
    OSError
        If no place has room for `limits.disk` bytes, lets programs run, and can be reached by the
        user.
    """
    prefix = f"{NAME}{identity(os.getpid())}-"
    for place in _places():
        if any(Path(place).is_relative_to(path) for path in paths):
            continue
        with contextlib.suppress(OSError):
            room = os.statvfs(place)
            if room.f_bavail * room.f_frsize < limits.disk or room.f_flag & os.ST_NOEXEC:
                continue
            if user is not None and hidden_from_others([place]):
                continue
            folder = os.path.realpath(tempfile.mkdtemp(prefix=prefix, dir=place))
            os.mkdir(f"{folder}/{WORK}", 0o755)
            if user is not None:
                for made in (f"{folder}/{WORK}", folder):
                    os.chown(made, user, user)
            return folder
    what = f"no room for a scratch folder of {limits.disk >> 20} MiB (TMPDIR may name a place)"
    raise OSError(errno.ENOSPC, what, " or ".join(_places()))


def _places():
    chosen = os.environ.get("TMPDIR", "")
    return [chosen] * os.path.isabs(chosen) + list(PLACES)


def is_over(folder: str, everybody: Sequence[int], most: int) -> bool:
    """Whether a folder and the nameless files of some processes hold more than `most` bytes.

    Parameters
    ----------
    folder : str
    everybody : sequence of int
        Processes. A file without a name goes on living while one of them holds it.
    most : int
    """
    held, files, todo = 0, 0, [b"."]
    top = os.open(folder, os.O_PATH | FOLDER)
    try:
        while todo:
            path = todo.pop()
            if len(path) > LONGEST_PATH:
                return True
            # whatever is wrong with a folder that goes or changes at this moment
            with contextlib.suppress(OSError), _listing(_found(top, path)) as place:
                names = os.listdir(place)
                files += len(names)
                if files > MOST_FILES or held > most:
                    return True
                for name in names:
                    with contextlib.suppress(FileNotFoundError):
                        found = os.stat(name, dir_fd=place, follow_symlinks=False)
                        held += found.st_blocks * BLOCK // max(1, found.st_nlink)
                        if stat.S_ISDIR(found.st_mode):
                            todo.append(path + b"/" + os.fsencode(name))
    finally:
        os.close(top)
    return held > most or held + _nameless(folder, everybody) > most


def _found(top, path):
    """A folder below `top` that can be listed, even if its mode forbids it."""
    try:
        return linux.open_beneath(top, path, os.O_RDONLY | FOLDER | os.O_NOFOLLOW)
    except PermissionError:
        return _opened(linux.open_beneath(top, path, os.O_PATH | FOLDER | os.O_NOFOLLOW))


def _opened(held):
    """A folder that can be listed and written, from a descriptor that only stands for it."""
    path = f"/proc/self/fd/{held}"
    try:
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            os.chmod(path, 0o700)
        return os.open(path, os.O_RDONLY | FOLDER)
    finally:
        os.close(held)


@contextlib.contextmanager
def _listing(folder: int) -> Iterator[int]:
    """A descriptor for the time of a block."""
    try:
        yield folder
    finally:
        os.close(folder)


def _nameless(folder, everybody):
    """Bytes of the files that some processes hold and that no folder holds any more.

    One that is only mapped tells nobody its size, and so does a process that cannot be looked
    into: they count as more than anything.
    """
    mapped, held = _mapped(folder, everybody), _held(everybody)
    if mapped - held.keys():
        # what is mapped has a descriptor with every library that gives it back in time
        mapped &= _mapped(folder, everybody)
    if mapped - held.keys() or any(map(processes.hides, everybody)):
        return math.inf
    return sum(held.values())


def _held(everybody):
    """{number of a nameless file: bytes} of those that some processes have open."""
    found = {}
    for process in everybody:
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                with contextlib.suppress(OSError):
                    file = os.stat(f"/proc/{process}/fd/{descriptor}")
                    if stat.S_ISREG(file.st_mode) and not file.st_nlink:
                        found[file.st_ino] = file.st_blocks * BLOCK
    return found


def _mapped(folder, everybody):
    """Numbers of the nameless files of a folder that some processes have mapped."""
    found = set()
    inside, gone = b" " + os.fsencode(folder) + b"/", b" (deleted)\n"
    for process in everybody:
        with contextlib.suppress(OSError), open(f"/proc/{process}/maps", "rb") as lines:
            found |= {
                int(line.split(maxsplit=5)[4])
                for line in lines
                if line.endswith(gone) and inside in line
            }
    return found


def remove(folder: str) -> None:
    """Remove a folder and all below it, however deep it is and whatever its modes say.

    What is nested is moved up first, so that no path grows long. No link is followed.
    """
    place, name = os.path.split(folder)
    at, todo, moved = os.open(place, os.O_PATH | FOLDER), [name], 0
    try:
        while todo:
            one = todo.pop()
            with contextlib.suppress(OSError):
                with _listing(_child(one, at)) as opened:
                    for entry in os.listdir(opened):
                        if not _goes(entry, opened):
                            moved += 1
                            todo.append(f"{name}.{moved}")
                            with _listing(_child(entry, opened)):  # to be moved it must be writable
                                os.rename(entry, todo[-1], src_dir_fd=opened, dst_dir_fd=at)
                os.rmdir(one, dir_fd=at)
    finally:
        os.close(at)


def _goes(name, at):
    """Remove a file or an empty folder; False for a folder that holds something."""
    try:
        os.unlink(name, dir_fd=at)
    except (IsADirectoryError, PermissionError):
        try:
            os.rmdir(name, dir_fd=at)
        except OSError:
            return False
    return True


def _child(name, at):
    return _opened(os.open(name, os.O_PATH | FOLDER | os.O_NOFOLLOW, dir_fd=at))


def abandoned() -> list[Path]:
    """The folders of supervisors that were killed and could not remove them."""
    found = []
    for place in _places():
        with contextlib.suppress(OSError):
            found += [path for path in Path(place).glob(f"{NAME}*.*-*") if not lives(_owner(path))]
    return found


def sweep() -> None:
    """Remove the abandoned folders that are this account's."""
    for folder in abandoned():
        with contextlib.suppress(OSError):
            if _is_ours(folder):
                remove(str(folder))


def _owner(folder):
    """The identity of the supervisor whose folder it is."""
    return folder.name.removeprefix(NAME).partition("-")[0]


def _is_ours(folder):
    owner = folder.lstat()
    ours = os.geteuid(), own_user(int(_owner(folder).partition(".")[0]))
    return stat.S_ISDIR(owner.st_mode) and owner.st_uid in ours

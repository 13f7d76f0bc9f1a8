"""Files that are there whole or not at all, and what to say when one cannot be written."""

import errno
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

AGAIN = "run the same command again: finished submissions are kept"
FULL = (errno.ENOSPC, errno.EDQUOT)
BARRED = (errno.EROFS, errno.EACCES, errno.EPERM)


def replace(path, data, at_once=False, private=False):
    """Write a file whole or not at all.

    Parameters
    ----------
    path : path
        A folder of that name makes way.
    data : str or bytes
    at_once : bool
        Wait until the disk has it, for what must outlast a power cut that comes right now.
    private : bool
        Nobody but the owner can read it, at no moment.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)  # what a killed run left has the mode that it had
        with open(fresh, "wb", opener=partial(os.open, mode=0o600 if private else 0o666)) as file:
            file.write(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
            if at_once:
                file.flush()
                os.fsync(file.fileno())
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def trouble(error):
    """What an OSError of the disk means and what helps; None for any other."""
    place = error.filename or "the results"
    if error.errno in FULL:
        return f"no room for {place} ({error.strerror}): free some, then {AGAIN}"
    if error.errno in BARRED:
        return (
            f"{place} cannot be written ({error.strerror}): autograded/, feedback/, grades.csv and"
            " gradebook.db go there; make the folder writable, or name another with --root, then"
            f" {AGAIN}"
        )
    return None

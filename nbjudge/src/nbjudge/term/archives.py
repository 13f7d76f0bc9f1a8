"""The files in a folder or a zip archive, read one by one and never unpacked on trust.

Nothing is written here. A file with a path that leaves its folder, a link, an encrypted or a
damaged file carries its trouble with it, and the others can be read.
"""

import contextlib
import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

# files of one archive
MOST_FILES = 100_000
# bytes of an archive inside an archive
MOST_NESTED = 200 << 20
# flag bits of a file in a zip: it is encrypted; its name is UTF-8
ENCRYPTED, UTF8 = 0x1, 0x800
# what systems and programs leave lying about
NOISE = ("__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints", "__pycache__")
REFUSES = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)


class Found(NamedTuple):
    """One file where it lies."""

    # of its path below the folder or archive
    parts: tuple
    # called with the most bytes that it may have
    read: Callable[[int], bytes]
    # why it must not be read, "" if it may
    trouble: str = ""

    @property
    def name(self):
        """The file's own name."""
        return self.parts[-1]

    def below(self, depth):
        """The same file, with the first parts of its path left out."""
        return self._replace(parts=self.parts[depth:])


class TooLargeError(ValueError):
    """A file has more bytes than may be read."""


@contextlib.contextmanager
def opened(path):
    """The files of a folder or an archive.

    Parameters
    ----------
    path : path
        A folder, a zip archive, or a single file.

    Yields
    ------
    list of Found

    Raises
    ------
    ValueError
        If nothing is there, or it is an archive of a kind that cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        yield in_folder(path)
    elif not path.exists():
        raise ValueError(f"there is no {path}: name a file or folder that your platform exported")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield _in_zip(archive, path.name)
    elif path.suffix.lower() in (".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".zip"):
        raise ValueError(f"{path} is no zip archive that can be read: unpack it, name the folder")
    else:
        yield [Found((path.name,), lambda most: _read_file(path, most))]


def in_folder(root):
    """The files of a folder, those of git and what systems leave lying about left out.

    Parameters
    ----------
    root : path

    Returns
    -------
    list of Found
    """
    found = []
    for base, folders, names in os.walk(root, followlinks=False):
        links = [name for name in folders if os.path.islink(os.path.join(base, name))]
        folders[:] = sorted(set(folders) - set(links) - {".git"})
        for name in sorted([*names, *links]):
            path = Path(base, name)
            parts = tuple(readable(os.fsencode(part)) for part in path.relative_to(root).parts)
            trouble = "" if _is_plain(path) else "is a link or a device, not a file"
            found.append(Found(parts, lambda most, path=path: _read_file(path, most), trouble))
        if len(found) > MOST_FILES:
            raise ValueError(f"{root} holds more than {MOST_FILES} files: name a folder inside it")
    return [one for one in found if not _is_noise(one.parts)]


def _is_plain(path):
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _read_file(path, most):
    with open(path, "rb") as file:
        return _at_most(file, most, path.name)


def _at_most(file, most, name):
    data = file.read(most + 1)
    if len(data) > most:
        raise TooLargeError(f"{name} has more than {most >> 20} MiB")
    return data


def _in_zip(archive, name):
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise ValueError(f"{name} holds more than {MOST_FILES} files: split it")
    found = []
    for entry in entries:
        written = _name(entry)
        parts = tuple(part for part in PurePosixPath(written.replace("\\", "/")).parts)
        kept = tuple(part for part in parts if part not in ("..", "/", "."))
        if entry.is_dir() or not kept or _is_noise(kept):
            continue
        found.append(
            Found(
                kept,
                lambda most, entry=entry: _read_entry(archive, entry, most),
                _trouble(entry, parts),
            )
        )
    return found


def _trouble(entry, parts):
    if ".." in parts or parts[0] == "/" or ":" in parts[0]:
        return "has a path that leads out of its folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link, not a file"
    if entry.flag_bits & ENCRYPTED:
        return "is encrypted"
    return ""


def _read_entry(archive, entry, most):
    try:
        with archive.open(entry) as file:
            return _at_most(file, most, PurePosixPath(entry.filename).name)
    except TooLargeError:
        raise
    except Exception as error:  # whatever a made-up archive can bring about in the unpackers
        raise ValueError(f"cannot be unpacked ({error})") from None


def nested(found):
    """The files of an archive that lies in an archive, in its place.

    Parameters
    ----------
    found : Found

    Returns
    -------
    list of Found
        The archive itself, with its trouble, if it cannot be read.
    """
    if found.trouble or PurePosixPath(found.name).suffix.lower() != ".zip":
        return [found]
    try:
        data = found.read(MOST_NESTED)
        inner = _in_zip(zipfile.ZipFile(io.BytesIO(data)), found.name)
    except REFUSES as error:
        return [found._replace(trouble=f"cannot be unpacked ({error})")]
    return [one._replace(parts=found.parts[:-1] + one.parts) for one in inner]


def _is_noise(parts):
    return any(part in NOISE or part.startswith("._") for part in parts)


def _name(entry):
    """A file's name in a zip, whatever the program that wrote it took for its encoding."""
    if entry.flag_bits & UTF8:
        return entry.filename
    try:
        return readable(entry.filename.encode("cp437"))
    except UnicodeEncodeError:
        return entry.filename


def readable(name):
    """A file name as text: UTF-8, or else what old Windows, or else what old Linux wrote.

    Parameters
    ----------
    name : bytes

    Examples
    --------
    >>> readable("Müller".encode()), readable(b"M\\x81ller"), readable(b"M\\xfcller")
    ('Müller', 'Müller', 'Müller')
    """
    try:
        return name.decode()
    except UnicodeDecodeError:
        pass
    text = name.decode("cp437")
    return text if all(map(_is_latin, text)) else name.decode("cp1252", "replace")


def _is_latin(sign):
    return sign.isascii() or unicodedata.name(sign, "").startswith("LATIN ")

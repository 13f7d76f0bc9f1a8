"""The first cell of an assignment says what to do where lmcore is missing or too old."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lmcore
from tools import first_cells

HOME = Path(__file__).resolve().parents[1]
TITLES = [
    pytest.param(notebook.cells[0].source, id=path.parent.name)
    for path, notebook, _ in first_cells.sources()
]
CELLS = [pytest.param(cell.source, id=path.parent.name) for path, _, cell in first_cells.sources()]
LINE = f"lmcore-{lmcore.__version__}-py3-none-any.whl"
# IPython runs a cell as a notebook does; this checkout's lmcore is out of its sight
RUN = """
import importlib.util, pathlib, sys
sys.path[:] = [place for place in sys.path if place != {home!r}]
from IPython.core.interactiveshell import InteractiveShell
print("found:", importlib.util.find_spec("lmcore") and importlib.util.find_spec("lmcore").origin)
done = InteractiveShell.instance(colors="nocolor").run_cell(pathlib.Path("cell.py").read_text())
print("went on:", done.success)
"""


def run(cell, folder, version=None):
    """What is shown where the cell runs beside a library of this version, or beside none."""
    Path(folder, "cell.py").write_text(cell)
    if version:
        Path(folder, "lmcore").mkdir()
        Path(folder, "lmcore", "__init__.py").write_text(f"__version__ = {version!r}")
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(home=str(HOME))],
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder), "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (str(folder) in done.stdout) == bool(version), "the library that the test put there"
    return done.stdout


@pytest.mark.parametrize("cell", CELLS)
def test_every_source_asks_for_this_version_from_this_site(cell):
    wanted = first_cells.first_cell(cell, lmcore.__version__, first_cells.site_address())
    assert cell == wanted, "write it anew: python -m tools.first_cells"


@pytest.mark.parametrize("title", TITLES)
def test_every_title_links_to_its_chapter(title):
    site = first_cells.site_address()
    assert title == first_cells.linked(title, site), "write it anew: python -m tools.first_cells"
    [slug] = first_cells.CHAPTER.findall(title)
    assert (HOME / "book" / slug / "index.md").exists()
    published = first_cells.linked(title, "https://a.org/b/")
    assert f"](https://a.org/b/book/{slug}/index.html)" in published
    assert first_cells.linked(published, site) == title


@pytest.mark.parametrize("version, installed", [(None, "none"), ("0.0.9", "0.0.9")])
def test_without_a_library_or_with_an_old_one_the_line_is_told(tmp_path, version, installed):
    shown = run(CELLS[4].values[0], tmp_path, version)
    assert "went on: False" in shown and "Traceback" not in shown and "Error" not in shown
    assert f"needs lmcore {lmcore.__version__} or newer; installed is {installed}." in shown
    assert "%pip install" in shown and LINE in shown


@pytest.mark.parametrize("version", [lmcore.__version__, "0.10.0", "1.0.0.dev1"])
def test_with_the_right_library_or_a_newer_one_nothing_is_said(tmp_path, version):
    shown = run(CELLS[4].values[0], tmp_path, version)
    assert "went on: True" in shown and "pip install" not in shown


def test_the_line_is_that_of_the_sites_pages(monkeypatch):
    monkeypatch.syspath_prepend(HOME / "book" / "_ext")
    from course_ext.assignment_page import wheel_addresses

    for site in ("", "https://a.org/b/"):
        cell = first_cells.first_cell("import numpy as np", lmcore.__version__, site)
        assert wheel_addresses(site or "SITE/")["lmcore"] in cell
        assert ("SITE" in cell) == (not site)


def test_the_address_comes_from_the_sites_settings(monkeypatch, tmp_path):
    assert first_cells.site_address() in ("", "/".join((*_published().split("/"), "")))
    (tmp_path / "_config.yml").write_text("html:\n  baseurl: https://a.org/b\n")
    monkeypatch.setattr(first_cells, "HOME", tmp_path)
    assert first_cells.site_address() == "https://a.org/b/"


def _published():
    settings = yaml.safe_load((HOME / "_config.yml").read_text(encoding="utf-8"))
    return settings["html"]["baseurl"].rstrip("/")

"""A digest of modules changes with what an assignment imports, and with nothing else."""

import sys

import pytest

from nbjudge import modules

SOURCES = {
    "__init__.py": "",
    "asked.py": "from . import below\n\n\ndef answer():\n    return below.VALUE\n",
    "below.py": "VALUE = 1\n",
    "figures.py": '"""Figures of the course."""\n',
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "made_up_library"
    folder.mkdir()
    for name, source in SOURCES.items():
        (folder / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    # looking for a module imports the package that it is in
    sys.modules.pop(folder.name, None)


@pytest.mark.parametrize(
    ("name", "changes"), [("asked.py", True), ("below.py", True), ("figures.py", False)]
)
def test_a_result_depends_on_what_its_assignment_imports(package, name, changes):
    before = modules.digest(["made_up_library.asked"])
    (package / name).write_text(f"# A comment.\n{SOURCES[name]}")
    assert (modules.digest(["made_up_library.asked"]) != before) == changes

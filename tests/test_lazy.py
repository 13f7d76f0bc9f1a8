"""`import lmcore` loads nothing, and every module is there when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

import lmcore
import lmcore.models

PACKAGES = (lmcore, lmcore.models)


def modules_in(package):
    """What a package's folder holds, by name, private files left out."""
    folder = Path(package.__file__).parent
    names = {path.stem for path in folder.glob("*.py")}
    names |= {path.parent.name for path in folder.glob("*/__init__.py")}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_names_every_module_of_the_folder(package):
    assert {name for name in dir(package) if not name.startswith("_")} == modules_in(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_dir_gives_is_there(package):
    for name in dir(package):
        assert getattr(package, name) is not None, name


def test_a_module_is_loaded_when_it_is_asked_for():
    code = """
import sys
import lmcore
loaded = lambda: {name for name in sys.modules if name.startswith("lmcore.")}
assert not loaded(), loaded()
assert lmcore.softmax.softmax([0.0, 0.0]).tolist() == [0.5, 0.5]
assert "lmcore.softmax" in loaded() and "lmcore.decoding" not in loaded(), loaded()
assert lmcore.models.rnn.Config(vocab_size=5).hidden and "lmcore.models.nplm" not in loaded()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_any_other_name_is_refused_with_those_there_are(package):
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'gradding'"):
        _ = package.gradding
    assert not hasattr(package, "grading")

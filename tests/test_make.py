"""The Makefile's promises: clear words for a wrong Python and a missing network, nothing half-made, nothing done twice."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from sample_class import HOME

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="GNU make is not installed")
STEPS = [
    "requirements.lock",
    "pyproject.toml",
    "nbjudge/pyproject.toml",
    "nbgrader_config.py",
    "_config.yml",
    "_toc.yml",
    "book/intro.md",
    "lmcore/softmax.py",
    "lmcore/_arrays.py",
    "lmcore/check.py",
    "nbjudge/src/nbjudge/assignment/release.py",
    "tests/sample_class.py",
    "lmcore/decoding.py",
    "solutions/03-softmax/exercises.ipynb",
    "exercises/03-softmax/exercises.ipynb",
    ".venv/bin/python",
    "_build/html/index.html",
    "_build/sample-class/grades.csv",
    ".stamps/venv",
    ".stamps/release",
    ".stamps/site",
    ".stamps/sample-class",
]
DOES = {
    "pip install": "environment",
    "-m nbjudge release": "release",
    "jupyter-book build": "site",
    "sample_class.py": "sample class",
}


def make(folder, *arguments, **environment):
    """Run make with nothing of this environment's own make or pip settings."""
    settings = re.compile("MAKE|MFLAGS|GNUMAKE|PIP_|PYTHON$|PYODIDE$|VENV$|STAMPS$|CH$")
    kept = {k: v for k, v in os.environ.items() if not settings.match(k)}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def finished(tmp_path):
    """A folder in which everything has just been made: empty files whose dates are in the order of the steps."""
    shutil.copy(HOME / "Makefile", tmp_path)
    for age, name in enumerate(STEPS):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    return tmp_path


def steps_left(folder, target="all"):
    """What `make` would do, by a dry run; the second pass of `all` is asked for as make itself does."""
    result = make(folder, "-n", target)
    assert result.returncode == 0, result.stderr
    return {what for command, what in DOES.items() if command in result.stdout}


def test_a_second_make_does_nothing(finished):
    assert steps_left(finished) == set()


@pytest.mark.parametrize(
    "changed, redone",
    [
        ("book/intro.md", {"site"}),
        ("lmcore/softmax.py", {"sample class"}),
        ("lmcore/decoding.py", set()),
        ("tests/sample_class.py", {"sample class"}),
        ("solutions/03-softmax/exercises.ipynb", {"release", "sample class"}),
        ("exercises/03-softmax/exercises.ipynb", {"site", "sample class"}),
        ("nbjudge/src/nbjudge/assignment/release.py", {"release", "sample class"}),
        ("requirements.lock", {"environment", "release", "site", "sample class"}),
    ],
)
def test_a_change_redoes_what_depends_on_it(finished, changed, redone):
    (finished / changed).touch()
    assert steps_left(finished) == redone


@pytest.mark.parametrize(
    "lost, redone",
    [
        ("_build/html/index.html", {"site"}),
        ("_build/sample-class/grades.csv", {"sample class"}),
        ("exercises/03-softmax/exercises.ipynb", {"release"}),
        (".venv/bin/python", {"environment", "release", "site", "sample class"}),
    ],
)
def test_what_was_removed_is_made_again(finished, lost, redone):
    (finished / lost).unlink()
    assert redone <= steps_left(finished)


def test_the_tests_see_a_stale_release(finished):
    (finished / "solutions/03-softmax/exercises.ipynb").touch()
    assert "release" not in steps_left(finished, "test")


def test_a_wrong_python_is_named_with_the_remedy(finished):
    old = finished / "python3.10"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.13\nexit 1\n')
    old.chmod(0o755)
    result = make(finished, "venv", f"PYTHON={old}")
    assert result.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in result.stderr and "Python 3.10.13" in result.stderr
    assert "make PYTHON=/path/to/python3.12" in result.stderr
    assert (finished / ".venv/bin/python").exists(), "the environment there was is gone"


def test_an_environment_keeps_its_python_unless_another_is_asked_for(tmp_path):
    (tmp_path / "nbjudge").mkdir()
    for name in ("Makefile", "pyproject.toml", "nbjudge/pyproject.toml"):
        shutil.copy(HOME / name, tmp_path / name)
    (tmp_path / "requirements.lock").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # Stands for Python 3.13 with pip: knows its version, is suitable, and installs whatever it is
    # asked to.
    python.write_text('#!/bin/sh\ncase "$*" in *print*) echo 3.13 ;; esac\n')
    python.chmod(0o755)
    result = make(tmp_path, "venv")
    assert result.returncode == 0, result.stderr
    assert "with Python 3.13" in result.stdout


def test_without_a_network_the_cause_is_told_and_nothing_half_made_stays(tmp_path):
    (tmp_path / "nbjudge").mkdir()
    for name in ("Makefile", "pyproject.toml", "nbjudge/pyproject.toml"):
        shutil.copy(HOME / name, tmp_path / name)
    (tmp_path / "requirements.lock").write_text("numpy==2.0.0 --hash=sha256:" + "0" * 64 + "\n")
    result = make(
        tmp_path, "venv", f"PYTHON={sys.executable}", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull
    )
    assert result.returncode != 0
    assert "there is no network" in result.stderr and "run make again" in result.stderr
    assert not (tmp_path / ".venv").exists() and not (tmp_path / ".stamps").exists()


def test_check_asks_which_chapter(finished):
    result = make(finished, "check")
    assert result.returncode != 0 and "make check CH=03" in result.stdout


def test_help_names_every_target(finished):
    text = (HOME / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split()) - {"FORCE"}
    listed = set(re.findall(r"^make (\S+)", make(finished, "help").stdout, re.MULTILINE))
    assert listed == targets


def test_continuous_integration_runs_the_same_commands():
    run = (HOME / ".ci" / "run").read_text()
    assert "\nmake\n" in run and run.rstrip().endswith("make test")
    assert ".ci/run" in (HOME / ".github" / "workflows" / "test.yml").read_text()


def test_the_readme_shows_the_two_commands_on_lines_of_their_own():
    assert "\nmake\nmake test\n" in (HOME / "README.md").read_text()

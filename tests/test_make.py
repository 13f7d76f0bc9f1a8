"""The Makefile's promises: a wrong Python and no network are explained, no step is done twice."""

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
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "book/intro.md",
    "lmcore/softmax.py",
    "lmcore/_arrays.py",
    "lmcore/_checks.py",
    "lmcore/check.py",
    "nbjudge/src/nbjudge/assignment/release.py",
    "tests/sample_class.py",
    "nbjudge/tests/made_up/students.py",
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
    "tools/environment.sh": "environment",
    "-m nbjudge release": "release",
    "jupyter-book build": "site",
    "sample_class.py": "sample class",
}


def make(folder, *arguments, **environment):
    """Run make with nothing of this environment's own make or pip settings."""
    settings = re.compile("MAKE|MFLAGS|GNUMAKE|PIP_|PYTHON$|PYODIDE$|VENV$|STAMPS$|CH$|T$")
    kept = {k: v for k, v in os.environ.items() if not settings.match(k)}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def finished(tmp_path):
    """A folder in which everything was just made: empty files, dated in the order of the steps."""
    shutil.copy(HOME / "Makefile", tmp_path)
    for age, name in enumerate(STEPS):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    return tmp_path


def steps_left(folder, target="all"):
    """What `make` would do, by a dry run."""
    result = make(folder, "-n", target)
    assert result.returncode == 0, result.stderr
    return {what for command, what in DOES.items() if command in result.stdout}


def test_a_second_make_does_nothing(finished):
    assert steps_left(finished) == set()


@pytest.mark.parametrize(
    "changed, redone",
    [
        ("book/intro.md", {"site"}),
        ("CONTRIBUTING.md", {"site"}),
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


def stub(path, *cases):
    """A program that runs the command of the first pattern which its arguments match."""
    lines = "".join(f"    {pattern}) {command} ;;\n" for pattern, command in cases)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ncase "$*" in\n{lines}esac\n')
    path.chmod(0o755)
    return path


def python_stub(path, version):
    """A Python of that version, as far as is asked; it notes what it is asked to install."""
    major, minor = map(int, version.split("."))
    fails = lambda holds: "exit 0" if holds else "exit 1"
    return stub(
        path,
        ("*not*", fails((3, 11) <= (major, minor) <= (3, 15))),
        ("*exit*", fails((major, minor) >= (3, 11))),
        ("*_base_executable*", f"echo {path}"),
        ("*print*", f"echo {version}"),
        ("*venv*", f'mkdir -p "$3/bin" && cp {path} "$3/bin/python"'),
        ("--version", f"echo Python {version}.1"),
        ("*install*", f'echo "$0 $*" >> {path.parent}/installed'),
    )


@pytest.fixture
def bare(tmp_path):
    """A folder with what `make venv` needs, an empty lock file, and no environment."""
    folder = tmp_path / "course"
    for name in ("Makefile", "tools/environment.sh"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / name, folder / name)
    for name in ("pyproject.toml", "nbjudge/pyproject.toml", "requirements.lock"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return folder


def path_of(tmp_path, **versions):
    """A search path with these Pythons and a few small programs: no other Python, no uv."""
    tools = tmp_path / "bin"
    tools.mkdir(exist_ok=True)
    for name in ("sh", "make", "mkdir", "touch", "rm", "cp", "cat", "head", "find", "test"):
        if not (tools / name).exists():
            (tools / name).symlink_to(shutil.which(name))
    for name, version in versions.items():
        python_stub(tools / name.replace("_", "."), version)
    return str(tools)


def test_an_old_python_is_named_with_the_remedy(bare, tmp_path):
    kept = python_stub(bare / ".venv" / "bin" / "python", "3.12")
    old = python_stub(tmp_path / "old", "3.10")
    result = make(bare, "venv", f"PYTHON={old}")
    assert result.returncode != 0
    assert "needs Python 3.11 or newer" in result.stderr and "Python 3.10.1" in result.stderr
    assert "make PYTHON=/path/to/python3.13" in result.stderr
    assert kept.exists(), "the environment there was is gone"


def test_a_python_that_was_tested_is_preferred(bare, tmp_path):
    path = path_of(tmp_path, python3="3.16", python3_13="3.13")
    result = make(bare, "venv", PATH=path)
    assert result.returncode == 0, result.stderr
    assert "with Python 3.13" in result.stdout and "warning" not in result.stderr


def test_a_newer_python_is_warned_about_and_used(bare, tmp_path):
    result = make(bare, "venv", PATH=path_of(tmp_path, python3="3.16"))
    assert result.returncode == 0, result.stderr
    assert "with Python 3.16" in result.stdout
    assert "3.16 is newer than 3.15" in result.stderr


def test_an_environment_keeps_its_python_unless_another_is_asked_for(bare, tmp_path):
    python_stub(bare / ".venv" / "bin" / "python", "3.13")
    path = path_of(tmp_path, python3="3.12")
    assert "with Python 3.13" in make(bare, "venv", PATH=path).stdout
    made = make(bare, "venv", "PYTHON=python3", PATH=path)
    assert "with Python 3.12" in made.stdout, made.stderr
    version = subprocess.run([bare / ".venv/bin/python", "-c", "print"], capture_output=True)
    assert version.stdout == b"3.12\n"


def installs(folder):
    """What the stubs in a folder were asked to install with."""
    said = folder / "installed"
    return said.read_text() if said.exists() else ""


# an environment at the place that is named last
MAKES = 'for last; do :; done; mkdir -p "$last/bin"; cp {python} "$last/bin/python"'


def with_uv(tmp_path, installing="true"):
    """uv beside Python 3.12: makes environments, and does `installing` when asked to install."""
    path = path_of(tmp_path, python3="3.12")
    here = tmp_path / "bin"
    stub(
        here / "uv",
        ("venv*", MAKES.format(python=here / "python3")),
        ("*install*", f'echo "uv $*" >> {here}/installed; {installing}'),
    )
    return path


def test_uv_installs_with_hashes_and_byte_code_where_it_is_there(bare, tmp_path):
    result = make(bare, "venv", PATH=with_uv(tmp_path))
    assert result.returncode == 0, result.stderr
    locked, own = installs(tmp_path / "bin").splitlines()
    assert locked.startswith("uv pip install") and own.startswith("uv pip install")
    assert "--compile-bytecode --require-hashes -r requirements.lock" in locked
    assert own.endswith("-e . -e ./nbjudge")


def test_pip_installs_where_uv_cannot(bare, tmp_path):
    result = make(bare, "venv", PATH=with_uv(tmp_path, installing="exit 1"))
    assert result.returncode == 0, result.stderr
    assert "trying pip" in result.stderr
    failed, locked, own = installs(tmp_path / "bin").splitlines()
    assert failed.startswith("uv") and "-m pip install" in locked and "-m pip install" in own
    assert "--require-hashes -r requirements.lock" in locked


def test_uv_fetches_a_python_where_none_will_do(bare, tmp_path):
    path = path_of(tmp_path, python3="3.9")
    fetched = python_stub(tmp_path / "fetched", "3.14")
    stub(
        tmp_path / "bin" / "uv",
        ("*python?install*", "true"),
        ("*python?find*", f"echo {fetched}"),
        ("venv*", MAKES.format(python=fetched)),
    )
    result = make(bare, "venv", PATH=path)
    assert result.returncode == 0, result.stderr
    assert "with Python 3.14" in result.stdout


def test_without_a_network_the_cause_is_told_and_nothing_half_made_stays(bare):
    (bare / "requirements.lock").write_text("numpy==2.0.0 --hash=sha256:" + "0" * 64 + "\n")
    result = make(
        bare,
        "venv",
        f"PYTHON={sys.executable}",
        PIP_NO_INDEX="1",
        UV_OFFLINE="1",
        PIP_CONFIG_FILE=os.devnull,
    )
    assert result.returncode != 0
    assert "there is no network" in result.stderr and "run make again" in result.stderr
    assert not (bare / ".venv").exists() and not (bare / ".stamps").exists()


def test_check_asks_which_chapter(finished):
    result = make(finished, "check")
    assert result.returncode != 0 and "make check CH=03" in result.stdout


def test_check_installs_nothing(finished):
    result = make(finished, "check", "CH=03", "VENV=elsewhere")
    assert result.returncode != 0 and "There is no environment in elsewhere" in result.stdout
    assert not (finished / "elsewhere").exists()


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

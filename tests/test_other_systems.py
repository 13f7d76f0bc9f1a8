"""macOS and Windows, as far as Linux can tell: our modules get by without what those systems lack.

The simulation is tests/machines/lacking; names and line ends are looked at in git.
"""

import filecmp
import os
import re
import subprocess
import sys

import pytest
from machines.student import students_folder
from made_up.students import BLANK
from sample_class import HOME


def settings(system):
    """The environment of a program that is to find itself on another system, code page included."""
    lacking = str(HOME / "tests" / "machines" / "lacking")
    return os.environ | {
        "LACKING": system,
        "PYTHONPATH": lacking,
        "PYTHONWARNDEFAULTENCODING": "1",
        "PYTHONIOENCODING": "cp1252:strict",
        "PYTHONUTF8": "0",
    }


def run(system, *command, cwd=HOME):
    """Run Python there; standard output and error in one."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=settings(system),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    said = done.stdout.decode("cp1252")
    assert "Traceback" not in said, said
    return done.returncode, said


def test_the_simulation_takes_something_away(tmp_path):
    probe = HOME / "tests" / "machines" / "lacking" / "probe.py"
    status, said = run("windows", probe)
    assert status == 0
    assert said.split() == ["fork", "O_NOFOLLOW", "fcntl", "/proc", "encoding", "Windows", "win32"]


@pytest.mark.parametrize("system", ["macos", "windows"])
def test_a_students_path(tmp_path, system):
    status, said = run(system, "tests/machines/student.py", tmp_path / "course")
    assert status == 0, said
    assert re.findall(r"(?m)^nbjudge check|^Validate in JupyterLab|^nbjudge grade", said) == [
        "nbjudge check",
        "Validate in JupyterLab",
        "nbjudge grade",
    ]


def test_hints_are_printed_whatever_the_code_page_lacks(tmp_path):
    home = students_folder(tmp_path, BLANK)
    status, said = run("windows", "-m", "nbjudge", "check", "03", cwd=home)
    assert status == 0 and "visible tests: 0 of 16 points" in said
    assert r"search over log \u03c4" in said


@pytest.mark.parametrize("system, name", [("macos", "macOS"), ("windows", "Windows")])
def test_grading_elsewhere_is_refused_with_what_helps(tmp_path, system, name):
    home = students_folder(tmp_path, {})
    status, said = run(system, "-m", "nbjudge", "grade", cwd=home)
    assert status == 2
    assert f"on Linux only, and this is {name}" in said and "docker run" in said
    assert not (home / "gradebook.db").exists()


def test_the_sample_class_on_macos_is_left_out_with_a_sentence(tmp_path):
    status, said = run("macos", "tests/sample_class.py", tmp_path / "class")
    assert status == 0 and "the sample class is not graded" in said and "docker run" in said
    assert not (tmp_path / "class").exists()


@pytest.mark.parametrize("system", ["macos", "windows"])
def test_the_library_is_imported_and_its_data_read(system):
    reads = "from lmcore import data; data.bigrams(); data.speeches(); data.smollm2()"
    modules = [
        str(path.relative_to(HOME).with_suffix("")).replace(os.sep, ".").removesuffix(".__init__")
        for path in sorted((HOME / "lmcore").rglob("*.py"))
        if path.name != "__main__.py"
    ]
    lines = "\n".join(f"import {module}" for module in modules)
    status, said = run(system, "-c", f"{lines}\n{reads}")
    assert status == 0, said


@pytest.mark.parametrize("system", ["macos", "windows"])
def test_a_release_is_made_anywhere(system):
    status, said = run(system, "-m", "nbjudge", "release", "03")
    assert status == 0 and "every release is current" in said


# ---- what git brings there


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=HOME, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no git checkout, so names and line ends are NOT tested: {done.stderr}")
    return done.stdout


def test_names_fit_every_file_system():
    names = git("ls-files", "-z").strip("\0").split("\0")
    assert len(names) > 100
    folders = {name.rpartition("/")[0] for name in names}
    assert len({name.casefold() for name in {*names, *folders}}) == len({*names, *folders})
    reserved = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
    for name in names:
        parts = name.split("/")
        assert not [part for part in parts if reserved.match(part) or part[-1] in ". "], name
        assert not re.search(r'[<>:"\\|?*\x00-\x1f]|[^\x00-\x7f]', name), name
        # Windows stops at 260, and the course lies in some folder
        assert len(name) <= 120, name


def test_a_checkout_on_windows_has_unix_line_ends(tmp_path):
    names = git("ls-files", "-z").strip("\0").split("\0")
    git("checkout-index", "--all", f"--prefix={tmp_path}/here/")
    windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git(*windows, "checkout-index", "--all", f"--prefix={tmp_path}/windows/")
    same, different, absent = filecmp.cmpfiles(
        tmp_path / "here", tmp_path / "windows", names, shallow=False
    )
    assert not different and not absent and len(same) == len(names)

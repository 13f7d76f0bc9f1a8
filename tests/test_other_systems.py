"""macOS and Windows, as far as Linux can tell: our modules get by without what those systems lack.

The simulation is tests/machines/lacking; names and line ends are looked at in git.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from made_up.students import BLANK, Student, write_submission
from sample_class import CHAPTER, HOME

NOTEBOOK = f"exercises/{CHAPTER}/exercises.ipynb"


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


def students_folder(folder, answers):
    """What a student has of the course, with the notebook as an editor on Windows saves it."""
    shutil.copy(HOME / "nbgrader_config.py", folder)
    written = write_submission(HOME, folder, CHAPTER, "me", Student(answers))
    (folder / NOTEBOOK).parent.mkdir(parents=True)
    (folder / NOTEBOOK).write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    return folder


def test_the_simulation_takes_something_away(tmp_path):
    probe = HOME / "tests" / "machines" / "lacking" / "probe.py"
    status, said = run("windows", probe)
    assert status == 0
    assert said.split() == ["fork", "O_NOFOLLOW", "fcntl", "/proc", "encoding", "Windows", "win32"]


def test_the_self_check_on_windows(tmp_path):
    home = students_folder(tmp_path, {})
    status, said = run("windows", "-m", "nbjudge", "check", "03", cwd=home)
    assert status == 0 and "visible tests: 16 of 16 points" in said.replace("\r", "")


def test_hints_are_printed_whatever_the_code_page_lacks(tmp_path):
    home = students_folder(tmp_path, BLANK)
    status, said = run("windows", "-m", "nbjudge", "check", "03", cwd=home)
    assert status == 0 and "visible tests: 0 of 16 points" in said
    assert r"search over log \u03c4" in said


def test_validate_in_jupyterlab_on_windows(tmp_path):
    home = students_folder(tmp_path, {})
    environment = settings("windows") | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    command = "-m jupyterlab exercises --no-browser --allow-root --IdentityProvider.token=secret"
    server = subprocess.Popen(
        [sys.executable, *command.split(), "--ServerApp.port=0", "--ServerApp.log_level=ERROR"],
        cwd=home,
        env=environment,
    )
    try:
        address = _address(server, tmp_path / "runtime")
        request = urllib.request.Request(
            f"{address}assignments/validate",
            json.dumps({"path": f"{CHAPTER}/exercises.ipynb"}).encode(),
            {"Authorization": "token secret"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer = json.load(answer)
    finally:
        server.terminate()
        server.wait(30)
    assert answer["success"], answer["value"]
    assert not answer["value"].get("failed") and not answer["value"].get("changed"), answer


def _address(server, runtime):
    """Where a Jupyter server listens, as it notes when it is ready."""
    while server.poll() is None:
        for note in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(note.read_text(encoding="utf-8"))["url"]
            except json.JSONDecodeError:  # not written to its end
                pass
        time.sleep(0.1)
    raise AssertionError("JupyterLab ended")


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

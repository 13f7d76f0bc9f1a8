"""The releases of this repository are those of its sources, and keep their secrets."""

import os
import subprocess
import sys
import zipfile

import pytest
from nbjudge.assignment import lint
from nbjudge.assignment.bundle import bundle
from nbjudge.course import Course
from sample_class import HOME


def test_the_releases_of_this_repository_are_current_and_keep_their_secrets(tmp_path):
    site = HOME / "_build" / "html"
    if not site.is_dir() and os.environ.get("SITE_IS_BUILT"):
        pytest.fail(f"make said that the site is built, but there is no {site}")
    wheel = build_wheel(HOME, tmp_path)
    problems = lint.problems(HOME, search=[wheel, *([site] if site.is_dir() else [])])
    assert not problems, "\n".join(problems)


def test_the_zip_for_students_has_what_they_need_and_nothing_of_their_instructors(tmp_path):
    path, names = bundle(HOME, out=tmp_path / "students.zip")
    assert {"pyproject.toml", "lmcore/softmax.py", "book/students.md"} <= set(names)
    assert len([name for name in names if name.endswith("/exercises.ipynb")]) == 10
    assert not [
        name for name in names if name.startswith(("solutions/", "tests/", "nbjudge/tests"))
    ]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.glob("*-students")
    build_wheel(folder, tmp_path)  # pip can install it
    assert Course(folder).chapters() == [], "no source"
    assert Course(folder).chapters(["3"], step="release") == ["03-softmax"]


def build_wheel(home, target):
    """Build lmcore's wheel without a network; returns its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    return next(target.glob("*.whl"))

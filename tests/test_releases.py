"""The releases of this repository are those of its sources, and keep their secrets."""

import os
import subprocess
import sys

import pytest
from nbjudge.assignment import lint
from sample_class import HOME


def test_the_releases_of_this_repository_are_current_and_keep_their_secrets(tmp_path):
    site = HOME / "_build" / "html"
    if not site.is_dir() and os.environ.get("SITE_IS_BUILT"):
        pytest.fail(f"make said that the site is built, but there is no {site}")
    wheel = build_wheel(HOME, tmp_path)
    problems = lint.problems(HOME, search=[wheel, *([site] if site.is_dir() else [])])
    assert not problems, "\n".join(problems)


def build_wheel(home, target):
    """Build lmcore's wheel without a network; returns its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    return next(target.glob("*.whl"))

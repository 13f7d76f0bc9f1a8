"""Continuous integration and containers: what their files promise, seen without a host for them."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from sample_class import HOME
from test_lock import PYTHONS

WORKFLOWS = sorted((HOME / ".github" / "workflows").glob("*.yml"))
JOBS = {
    f"{path.stem}: {name}": job
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items()
}


@pytest.mark.parametrize("job", JOBS)
def test_every_job_ends_and_may_do_no_more_than_it_must(job):
    assert JOBS[job]["timeout-minutes"] <= 90
    allowed = {"contents": "read"}, {"pages": "write", "id-token": "write"}
    assert JOBS[job]["permissions"] in allowed
    assert (JOBS[job]["permissions"] == allowed[1]) == (job == "test: publish")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_grant_nothing_run_once_and_pin_what_they_use(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {} and "group" in workflow["concurrency"]
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def test_every_python_is_tested_and_one_site_is_published():
    linux = JOBS["test: linux"]
    assert linux["strategy"]["matrix"]["python"] == PYTHONS
    text = (HOME / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert text.count("upload-pages-artifact@") == 1
    assert set(JOBS["test: publish"]["needs"]) == {"linux", "container", "macos", "windows"}


TO_SKIP = """
import pytest

@pytest.mark.parametrize("reason", [
    "NO PDF WAS MADE: there is no Chromium here",
    "no PostgreSQL server here",
    "NO LIVE CELL WAS RUN: no network",
    "this account may not mount",
])
def test_it(reason):
    pytest.skip(reason)
"""


@pytest.mark.parametrize("required, outcome", [("", "4 skipped"), ("1", "3 failed, 1 skipped")])
def test_a_missing_program_is_an_error_where_all_are_required(tmp_path, required, outcome):
    (tmp_path / "test_it.py").write_text(TO_SKIP)
    shutil.copy(HOME / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"REQUIRE_ALL": required},
        capture_output=True,
        text=True,
    )
    assert outcome in done.stdout.splitlines()[-1], done.stdout


@pytest.fixture
def checkout(tmp_path):
    """The scripts, and a search path with neither Chromium nor an apt-get that installs it."""
    (tmp_path / ".ci").mkdir()
    for name in ("run", "programs"):
        shutil.copy(HOME / ".ci" / name, tmp_path / ".ci")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "ls", "id", "env"):
        (tools / name).symlink_to(shutil.which(name))
    commands = {"make": "echo made $*", "git": "true", "initdb": "true"}
    for name, does in (commands | {"apt-get": "exit 1", "sudo": "exit 1"}).items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    return tmp_path


def ci(checkout, **environment):
    return subprocess.run(
        [checkout / ".ci" / "run"],
        env={"PATH": str(checkout / "bin")} | environment,
        capture_output=True,
        text=True,
    )


def test_ci_says_loudly_what_it_cannot_install(checkout):
    done = ci(checkout)
    assert done.returncode == 0 and done.stdout == "made\nmade test\n"
    assert "WARNING: chromium IS NOT HERE AND COULD NOT BE INSTALLED" in done.stderr
    assert "WARNING: NOT EVERYTHING IS TESTED" in done.stderr


def test_ci_ends_there_where_all_is_required(checkout):
    done = ci(checkout, REQUIRE_ALL="1")
    assert done.returncode != 0 and done.stdout == ""


def test_ci_is_silent_where_all_is_there(checkout):
    (checkout / "bin" / "chromium").symlink_to(checkout / "bin" / "initdb")
    done = ci(checkout, REQUIRE_ALL="1")
    assert done.returncode == 0 and done.stderr == ""


def test_an_edit_of_the_library_leaves_the_packages_in_the_image():
    text = (HOME / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line for line in text.splitlines() if re.match("[A-Z]+ ", line)]
    install = next(i for i, step in enumerate(steps) if "--require-hashes" in step)
    copied = " ".join(step for step in steps[:install] if step.startswith("COPY"))
    assert copied == "COPY requirements.lock ./"
    assert steps[-2] == "USER course" and steps[-1] == 'CMD ["nbjudge", "grade"]'


def test_a_development_container_runs_what_is_there():
    described = json.loads((HOME / ".devcontainer" / "devcontainer.json").read_text())
    assert os.access(HOME / described["onCreateCommand"], os.X_OK)
    assert described["updateContentCommand"] == "make venv"

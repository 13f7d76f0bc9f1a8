"""What the tests of grading share.

The toy course with its class, graded once, and folders in which it is graded again.
"""

import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest
from made_up import term
from made_up.cohort import CHAPTER, Course
from nbjudge.assignment import release
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import course_config
from nbjudge.execution import engine, pool, servers
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.isolation import find_method
from nbjudge.submission import collect

from .accounts import STUDENTS, python_of
from .harm import at_change, die, in_a_child, no_mounts


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def root(course, tmp_path):
    """A folder in which the class has handed in, and nothing is graded."""
    course.hand_in_at(tmp_path)
    return tmp_path


@pytest.fixture
def replayed(course, monkeypatch):
    """Take the class's results from the undisturbed run; the list of those that were asked for."""
    asked = []

    def replay(spec, submissions, *how):
        asked.extend(submission.student for submission in submissions)
        yield from course.replay(spec, submissions)

    monkeypatch.setattr(pool, "outcomes", replay)
    return asked


@pytest.fixture(scope="session")
def changes(course, tmp_path_factory):
    """How many changes of the disk and the gradebook a run makes."""
    root = tmp_path_factory.mktemp("counted")
    course.hand_in_at(root)

    def count():
        pool.outcomes = course.replay
        made = at_change(sys.maxsize, die, root)
        assert main(course.command(root)) == 0
        (root / "count").write_text(str(len(made)))

    code, said = in_a_child(count)
    assert code == 0, said
    total = int((root / "count").read_text())
    assert total > 100
    return total


@pytest.fixture(scope="module")
def one(course):
    """The notebook of one student, compiled and read, and its undisturbed result."""
    config = course_config(course.home)
    spec = compile_spec(course.home / "solutions" / CHAPTER / "exercises.ipynb", 0, config)
    submission = collect.read(course.home / "submitted" / "perfect" / CHAPTER, "perfect", CHAPTER)
    yield spec, submission, engine.grade(spec, submission)
    servers.close()


@pytest.fixture(params=["namespaces", "landlock"])
def level(request):
    """A level of isolation that this machine allows."""
    try:
        find_method(request.param)
    except SandboxUnavailableError as error:
        pytest.skip(f"{request.param} is NOT tested: {str(error).splitlines()[1]}")
    return request.param


@pytest.fixture(scope="module")
def mounts():
    reason = no_mounts()
    if reason:
        pytest.skip(
            f"no mounts of our own here, disks that are full or read-only are NOT tested: {reason}"
        )


@pytest.fixture
def place(tmp_path):
    """The instructor's course, an exchange, and a home for each student."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: the exchange between accounts needs root")
    if python_of(STUDENTS[0]) is None:
        pytest.skip("NOT TESTED: other accounts cannot read this environment")
    place = Path("/var/tmp", f"nbjudge-exchange-{os.getpid()}")
    place.mkdir(mode=0o755)
    home = term.course(place / "course")
    (place / "exchange").mkdir()
    (place / "exchange").chmod(0o777)
    shared = f"c = get_config()\nc.Exchange.root = {str(place / 'exchange')!r}\n"
    shared += "c.CourseDirectory.course_id = 'made-up'\n"
    with open(home / "nbgrader_config.py", "a") as settings:
        settings.write(shared)
    home.chmod(0o700)
    for student in STUDENTS:
        entry = pwd.getpwnam(student)
        (place / student).mkdir(mode=0o700)
        (place / student / "nbgrader_config.py").write_text(shared)
        for path in (place / student, place / student / "nbgrader_config.py"):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    release.generate(home)
    yield place
    shutil.rmtree(place)

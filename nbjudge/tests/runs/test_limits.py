"""The sandbox of an ordinary user, and every limit, whoever holds it.

That is the process itself, the control group, or the supervisor.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from made_up.cohort import CHAPTER, COMMAND, gradebook
from made_up.course import make_course
from made_up.students import DUE, Student, write_submission
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.execution import engine, servers
from nbjudge.sandbox import linux
from nbjudge.sandbox.isolation import why_not
from nbjudge.sandbox.limits import RESERVE, Limits
from nbjudge.submission import sanitise

from .harm import groups, groups_allowed, in_mounts, supervisors

# ---- the ordinary user

# As root, Python may lie where nobody else may look: there the folders above it are shown empty but
# for Python.
AS_NOBODY = """
set -e
mount --make-rprivate /
if [ -n "$HIDDEN" ]; then
    mount --bind "$PYTHON" "$PLACE"
    mount -t tmpfs -o mode=755 none "$HIDDEN"
    mkdir -p "$PYTHON"
    mount --bind "$PLACE" "$PYTHON"
fi
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
"""


def as_nobody(place, command, **settings):
    """Run a program as an ordinary user; the finished process."""
    python = Path(sys.base_prefix)
    barred = [
        str(folder) for folder in reversed(python.parents) if os.stat(folder).st_mode & 0o001 == 0
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PLACE": str(place),
        "PYTHON": str(python),
        "HIDDEN": (barred or [""])[0],
    }
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", AS_NOBODY, "-", *command],
        env=environment | settings,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def nobodys():
    """A folder of the ordinary user's; skip where no program can run as one."""
    if os.geteuid() != 0:
        pytest.skip("not root: the tests of the other files have graded as this ordinary user")
    place = Path(tempfile.mkdtemp(prefix="lmcore-nobody-", dir="/tmp"))
    os.chown(place, 65534, 65534)
    try:
        (place / "python").mkdir()
        done = as_nobody(
            place / "python",
            [sys.executable, "-c", "import os, numpy, lmcore; print(os.geteuid())"],
        )
        if done.stdout.strip() != "65534":
            pytest.skip(
                "no program can be run as an ordinary user here, grading as one is NOT tested:"
                f" {done.stderr.strip()[-300:]}"
            )
        yield place
    finally:
        shutil.rmtree(place)


THREE = {
    "honest": Student({}),
    "reads": Student({"p1": "print(open('{book}').read())"}),
    "forges": Student(
        {
            "p1": (
                "import subprocess\nsubprocess.run(['mount', '-t', 'tmpfs', 'none', '/mnt'],"
                " check=True)\nopen('{book}', 'w')"
            )
        }
    ),
}


def handed_in_for_nobody(course, place):
    """A copy of the course in the ordinary user's folder, and what was handed in.

    Not the course itself: pytest shuts the folders of its own to all others whenever it starts.
    """
    shutil.copytree(course.home, place / "course")
    for name, student in THREE.items():
        answers = {
            key: text.replace("{book}", str(place / "gradebook.db"))
            for key, text in student.answers.items()
        }
        write_submission(course.home, place, CHAPTER, name, student._replace(answers=answers))
    for path in place.rglob("*"):
        os.chown(path, 65534, 65534, follow_symlinks=False)


# The kernel's own limit, set to none in a user namespace around the grader.
NO_NAMESPACES = [
    *["unshare", "--user", "--map-root-user", "sh", "-c"],
    "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all"
    ' --bounding-set=-all "$@"',
    "-",
]
# A kernel without Landlock does not know its first call.
NO_LANDLOCK = [
    *[sys.executable, "-c"],
    """
import errno, os, sys
from nbjudge.sandbox import linux, seccomp, syscalls
syscalls.NUMBERS["landlock_create_ruleset"] = (444, 444)
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install([seccomp.Rule(("landlock_create_ruleset",), errno.ENOSYS)])
os.execv(sys.argv[1], sys.argv[1:])
""",
]


def graded_as_nobody(course, place, around, *options):
    """The finished command, and {student: points of the first problem}."""
    handed_in_for_nobody(course, place)
    where = ["--home", f"{place}/course", "--root", str(place), "--workers", "1", "--due", DUE]
    command = [*around, *COMMAND, "grade", *where, "--json", *options]
    done = as_nobody(place / "python", command)
    if not done.stdout and any(word in done.stderr for word in ("unshare:", "sh: ", "setpriv:")):
        pytest.skip(f"namespaces cannot be forbidden here, that is NOT tested: {done.stderr}")
    grades = gradebook(f"sqlite:///{place}/gradebook.db")["grades"]
    return done, {student: score for student, name, score, *_ in grades if name == "p1_test"}


def graded_notebook(place, student):
    return (place / "autograded" / student / CHAPTER / "exercises.ipynb").read_text()


FAIR = {"honest": 5, "reads": 0, "forges": 0}


def test_an_ordinary_user_grades_in_namespaces(course, nobodys):
    """Without a right that root has: one honest submission and two that attack."""
    done, scores = graded_as_nobody(course, nobodys, [])
    answer = json.loads(done.stdout)
    if answer.get("isolation") == ["landlock"]:
        pytest.skip("this kernel gives ordinary users no namespaces: grading with them NOT tested")
    assert done.returncode == 0, done.stdout + done.stderr
    assert answer["isolation"] == ["namespaces"] and scores == FAIR
    assert "FileNotFoundError" in graded_notebook(nobodys, "reads")
    assert os.stat(nobodys / "gradebook.db").st_uid == 65534


def test_without_namespaces_an_ordinary_user_grades_with_landlock(course, nobodys):
    done, scores = graded_as_nobody(course, nobodys, NO_NAMESPACES)
    if reason := why_not("landlock-user"):
        pytest.skip(f"grading with Landlock is NOT tested: {reason}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["isolation"] == ["landlock"] and scores == FAIR
    assert "PermissionError" in graded_notebook(nobodys, "reads")


def test_less_than_the_level_asked_for_is_refused(course, nobodys):
    done, scores = graded_as_nobody(course, nobodys, NO_NAMESPACES, "--isolation", "namespaces")
    assert done.returncode == 2 and scores == {}, done.stdout + done.stderr
    said = json.loads(done.stdout)["error"]
    assert "does not allow the isolation level 'namespaces'" in said
    assert "namespaces-user: unshare: No space left on device" in said
    assert "sysctl user.max_user_namespaces" in said and "Traceback" not in done.stderr


def test_with_neither_it_is_refused_and_told_what_helps(course, nobodys):
    done, scores = graded_as_nobody(course, nobodys, NO_NAMESPACES + NO_LANDLOCK)
    assert done.returncode == 2 and scores == {}, done.stdout + done.stderr
    said = json.loads(done.stdout)["error"]
    for words in (
        "this machine does not allow a sandbox",
        "namespaces-user: unshare: No space left on device",
        "landlock-user: this kernel has no Landlock",
        "sysctl user.max_user_namespaces",
        "lsm=landlock",
        "--unsafe",
    ):
        assert words in said
    assert "Traceback" not in done.stderr


def test_without_a_sandbox_an_ordinary_user_grades_only_when_asked_to(course, nobodys):
    done, scores = graded_as_nobody(course, nobodys, NO_NAMESPACES + NO_LANDLOCK, "--unsafe")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["isolation"] == ["none"]
    assert scores["honest"] == 5


# ---- limits


def said_in(one, source, limits=Limits(), isolation=None):
    """What a student's cell shows, and the flags."""
    spec, submission, _ = one
    cells = [
        cell | {"source": source} if sanitise.grade_id(cell) == "p1" else cell
        for cell in submission.cells
    ]
    result = engine.grade(spec, dataclasses.replace(submission, cells=cells), limits, isolation)
    (cell,) = [cell for cell in result.cells if sanitise.grade_id(cell) == "p1"]
    return (
        "".join(
            part.get("text") or f"{part.get('ename')}: {part.get('evalue')}"
            for part in cell["outputs"]
        ),
        result.flags,
    )


SMALL = Limits(memory=700 << 20, disk=8 << 20, processes=40, notebook_seconds=9)
RLIMITS = {
    "AS": SMALL.memory,
    "FSIZE": SMALL.disk,
    "CORE": 0,
    "NOFILE": 512,
    "CPU": 20,
    "NPROC": SMALL.processes,
}


@pytest.mark.parametrize("method", ["namespaces-root", "namespaces-user", "landlock-user", "none"])
def test_each_process_in_a_sandbox_has_its_limits_and_cannot_raise_them(one, method):
    if method != "none" and (reason := why_not(method)):
        pytest.skip(f"no sandbox by {method} on this machine, its limits are NOT tested: {reason}")
    source = (
        "import resource\nfor name in "
        + repr(list(RLIMITS))
        + ":\n    kind = getattr(resource, 'RLIMIT_' + name)\n    print(name,"
        " *resource.getrlimit(kind))\n    try:\n        resource.setrlimit(kind, (1 << 40, 1 <<"
        " 40))\n        print('raised', name)\n    except (ValueError, OSError):\n        pass"
    )
    said, _ = said_in(one, source, SMALL, method)
    found = dict((line.split()[0], line.split()[1:]) for line in said.splitlines())
    expected = {name: [str(most)] * 2 for name, most in RLIMITS.items()}
    expected["AS"][1] = str(SMALL.memory + RESERVE)
    # without a user id of its own the number of processes is the whole account's
    if method in ("landlock-user", "none"):
        del found["NPROC"], expected["NPROC"]
    # and root may raise anything
    assert method == "none" and found.pop("raised", True) or "raised" not in found
    assert found == expected


BREACHES = {
    "AS": ("bytearray(1 << 30)", "MemoryError"),
    "FSIZE": ("open('large', 'wb').write(bytes(9 << 20))", ("File too large", "No space left")),
    "NOFILE": ("files = [open('/dev/null') for _ in range(600)]", "Too many open files"),
    "NPROC": (
        (
            "import os, time\nfor _ in range(60):\n    if os.fork() == 0:\n        time.sleep(20)\n"
            "        os._exit(0)"
        ),
        "Resource temporarily unavailable",
    ),
    "the disk": (
        "import time\nfor number in range(3):\n    open(str(number), 'wb').write(bytes(5 << 20))\n"
        "time.sleep(5)",
        ("No space left", "had written more than allowed"),
    ),
}


@pytest.mark.parametrize("limit", BREACHES)
def test_what_goes_beyond_a_limit_fails(one, level, limit):
    source, words = BREACHES[limit]
    said, _ = said_in(one, source, SMALL, level)
    assert any(word in said for word in ([words] if isinstance(words, str) else words))


def test_a_control_group_holds_what_all_processes_of_a_sandbox_use_together(one):
    if not groups_allowed():
        pytest.skip(
            "no control group may be made here: memory and processes of a sandbox together are"
            " limited"
            " by its supervisor alone, NOT by the kernel"
        )
    found, real = {}, engine.Student.run_cell

    def looking(student, source, seconds):
        if "mean_of_logs" in source:
            (supervisor,) = supervisors(student.server)
            isolated = supervisor.children()[0].pid
            for folder in groups():
                if str(isolated) in (folder / "cgroup.procs").read_text().split():
                    for name in ("memory.limit_in_bytes", "memory.max", "pids.max"):
                        if (folder / name).exists():
                            found[name] = int((folder / name).read_text())
        return real(student, source, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.Student, "run_cell", looking)
        said_in(one, "mean_of_logs = None", SMALL)
    assert SMALL.memory in (found.get("memory.max"), found.get("memory.limit_in_bytes"))
    assert found["pids.max"] == SMALL.processes


EATERS = (
    "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        hoard = b'1' * (150 <<"
    " 20)\n        time.sleep(3)\n        os._exit(0)\nprint('killed',"
    " sum(os.waitstatus_to_exitcode(os.wait()[1]) == -9 for _ in range(6)))"
)


def test_the_kernel_ends_what_uses_too_much_memory_together(one, level):
    """Each of the processes keeps within its own limit."""
    if not groups_allowed():
        pytest.skip(
            "no control group may be made here: the kernel's limit on the memory of a sandbox is"
            " NOT"
            " tested"
        )
    said, _ = said_in(one, EATERS, SMALL, level)
    assert "ended its process, which had used more memory" in said or re.search(
        "killed [1-6]", said
    ), said


def test_the_supervisor_ends_what_uses_too_much_memory_together_where_control_groups_are_refused(
    one, mounts, level
):
    def run():
        linux.mount("none", "/sys/fs/cgroup", "tmpfs", linux.MS_RDONLY)
        assert not groups_allowed()
        said, flags = said_in(one, EATERS, SMALL, level)
        servers.close()
        assert "ended its process, which had used more memory" in said, (said, flags)

    in_mounts(run)


# ---- limits that are too tight for a class

SLOW = "import time\ntime.sleep(30)"


@pytest.mark.parametrize("slow, warned", [(3, True), (2, False)])
def test_a_limit_that_catches_most_of_a_class_is_doubted(tmp_path, capsys, slow, warned):
    home = make_course(tmp_path)
    release.generate(home)
    for number in range(4):
        answers = {"p1": SLOW} if number < slow else {}
        write_submission(home, home, CHAPTER, f"student-{number}", Student(answers))
    assert main(["grade", "--home", str(home), "--cell-seconds", "1"]) == 0
    said = capsys.readouterr().out
    words = f"{slow} of 4 hand-ins ran into a limit ({slow} times: p1: interrupted after 1 s)"
    assert (words in said) is warned

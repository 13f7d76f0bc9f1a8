"""The sandbox of an ordinary user, and every limit: the processes' own, the control group's, the supervisor's."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from made_up.cohort import CHAPTER, COMMAND, gradebook
from made_up.students import DUE, Student, write_submission
from nbjudge.execution import engine
from nbjudge.sandbox import linux, namespaces
from nbjudge.sandbox.limits import Limits
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
        timeout=120,
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
    for name, student in THREE.items():
        answers = {
            key: text.replace("{book}", str(place / "gradebook.db"))
            for key, text in student.answers.items()
        }
        write_submission(course.home, place, CHAPTER, name, student._replace(answers=answers))
    for path in [place / "submitted", *(place / "submitted").rglob("*")]:
        os.chown(path, 65534, 65534)
    for folder in [course.home, *course.home.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)


def test_an_ordinary_user_grades_in_sandboxes(course, nobodys):
    """Through user namespaces, without a right that root has: one honest submission and two that attack."""
    handed_in_for_nobody(course, nobodys)
    done = as_nobody(
        nobodys / "python",
        [
            *COMMAND,
            "grade",
            "--home",
            str(course.home),
            "--root",
            str(nobodys),
            "--workers",
            "1",
            "--due",
            DUE,
        ],
    )
    if "allows none" in done.stderr:
        pytest.skip(
            "this kernel gives ordinary users no namespaces, grading as one is NOT tested:"
            f" {done.stderr.strip().splitlines()[0]}"
        )
    assert done.returncode == 0, done.stdout + done.stderr
    scores = {
        student: score
        for student, name, score, *_ in gradebook(f"sqlite:///{nobodys}/gradebook.db")["grades"]
        if name == "p1_test"
    }
    assert scores == {"honest": 5, "reads": 0, "forges": 0}
    assert (
        "FileNotFoundError"
        in (nobodys / "autograded" / "reads" / CHAPTER / "exercises.ipynb").read_text()
    )
    assert os.stat(nobodys / "gradebook.db").st_uid == 65534


def test_without_namespaces_an_ordinary_user_is_refused_and_told_what_helps(course, nobodys):
    """The kernel's own limit, set to none in a user namespace around the grader."""
    handed_in_for_nobody(course, nobodys)
    forbid = (
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all"
        ' --bounding-set=-all "$@"'
    )
    done = as_nobody(
        nobodys / "python",
        [
            "unshare",
            "--user",
            "--map-root-user",
            "sh",
            "-c",
            forbid,
            "-",
            *COMMAND,
            "grade",
            "--home",
            str(course.home),
            "--root",
            str(nobodys),
            "--workers",
            "1",
            "--due",
            DUE,
        ],
    )
    if "grading needs" not in done.stderr and any(
        word in done.stderr for word in ("unshare:", "sh: ", "setpriv:")
    ):
        pytest.skip(
            f"namespaces cannot be forbidden here, the refusal is NOT tested: {done.stderr.strip()}"
        )
    assert done.returncode == 2, done.stdout + done.stderr
    assert (
        "grading needs Linux namespaces, and this machine allows none: as user: unshare: No space"
        " left on device" in done.stderr
    )
    assert "sysctl user.max_user_namespaces" in done.stderr and "--unsafe" in done.stderr
    assert "Traceback" not in done.stderr
    assert gradebook(f"sqlite:///{nobodys}/gradebook.db")["grades"] == []


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


@pytest.mark.parametrize("method", ["namespaces-root", "namespaces-user", "none"])
def test_each_process_in_a_sandbox_has_its_limits_and_cannot_raise_them(one, method):
    if method != "none" and (reason := namespaces.why_not(method)):
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
    # outside a sandbox the number of processes is the whole account's, and root may raise anything
    if method == "none":
        found, expected = (
            {name: those[name] for name in set(RLIMITS) - {"NPROC"}} for those in (found, expected)
        )
    else:
        assert "raised" not in found
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
        "for number in range(3):\n    open(str(number), 'wb').write(bytes(5 << 20))",
        "No space left",
    ),
}


@pytest.mark.parametrize("limit", BREACHES)
def test_what_goes_beyond_a_limit_fails(one, limit):
    source, words = BREACHES[limit]
    said, _ = said_in(one, source, SMALL)
    assert any(word in said for word in ([words] if isinstance(words, str) else words))


def test_a_control_group_holds_what_all_processes_of_a_sandbox_use_together(one):
    if not groups_allowed():
        pytest.skip(
            "no control group may be made here: memory and processes of a sandbox together are limited"
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


def test_the_kernel_ends_what_uses_too_much_memory_together(one):
    """Each of the processes keeps within its own limit."""
    if not groups_allowed():
        pytest.skip(
            "no control group may be made here: the kernel's limit on the memory of a sandbox is NOT"
            " tested"
        )
    said, _ = said_in(one, EATERS, SMALL)
    assert "ended its process, which had used more memory" in said or re.search(
        "killed [1-6]", said
    ), said


def test_the_supervisor_ends_what_uses_too_much_memory_together_where_control_groups_are_refused(
    one, mounts
):
    def run():
        linux.mount("none", "/sys/fs/cgroup", "tmpfs", linux.MS_RDONLY)
        assert not groups_allowed()
        said, flags = said_in(one, EATERS, SMALL)
        engine.close_servers()
        assert "ended its process, which had used more memory" in said, (said, flags)

    in_mounts(run)

"""Stock nbgrader and this course's grader on the same submissions.

    python tests/benchmarks/grading.py [SIZE ...]    (make bench-grading)

Honest answers of assignment 3, right ones and wrong ones, handed in by 40 and by 200 students. Each
grader runs as an instructor would start it, in a process of its own, start and feedback included,
in turns: ours, stock, ours. CPU counts all processes (by a control group where this account may
make one), memory is the largest sum of all processes' shares. Last come the floor, which is a fork
of a warm process that executes the cells and nothing else, and where our time goes.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HOME / "nbjudge" / "tests"), str(HERE.parent), str(HERE)]
CHAPTER = "03-softmax"
GOAL = 15.0
STOCK = [sys.executable, str(HOME / "nbjudge" / "tests" / "hostile" / "stock.py"), str(HOME)]


def ours(chapter):
    """The command that grades a chapter; the folder with submitted/ comes last."""
    return [
        sys.executable,
        "-m",
        "nbjudge",
        "grade",
        chapter,
        "--json",
        "--home",
        str(HOME),
        "--root",
    ]


OURS = ours(CHAPTER)


def hand_in(root, size, chapter=CHAPTER):
    """`size` submissions of the answers in the graders' table, each with a comment of its own."""
    from made_up.students import Student, write_submission
    from matrix import TABLES, rounds, text

    table = TABLES[int(chapter[:2])]
    chosen = rounds(table)
    for number in range(size):
        names = chosen[number % len(chosen)]
        answers = {
            p: f"# student {number}\n" + text(table, p, name) for p, name in names.items() if name
        }
        write_submission(HOME, root, chapter, f"student-{number:04d}", Student(answers))


class Meter:
    """Wall time, CPU time and peak memory of a command with all its processes."""

    def __init__(self, command):
        self.group = self._group()
        self.peak, started, before = 0, time.perf_counter(), self._cpu()
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=self._join,
        )
        watch = threading.Thread(target=self._watch, args=[process], daemon=True)
        watch.start()
        self.output = process.communicate()[0]
        self.seconds, self.cpu = time.perf_counter() - started, self._cpu() - before
        self.status = process.returncode
        watch.join()
        with suppress(OSError):
            if self.group:
                self.group.rmdir()

    def _group(self):
        for place in (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")):
            folder = place / f"lmcore-bench-{os.getpid()}"
            with suppress(OSError):
                folder.mkdir()
                if (folder / "cpuacct.usage").exists() or (folder / "cpu.stat").exists():
                    return folder
                folder.rmdir()
        return None

    def _join(self):
        if self.group:
            (self.group / "cgroup.procs").write_text(str(os.getpid()))

    def _cpu(self):
        if self.group and (self.group / "cpuacct.usage").exists():
            return int((self.group / "cpuacct.usage").read_text()) / 1e9
        if self.group:
            return int((self.group / "cpu.stat").read_text().split()[1]) / 1e6
        import resource

        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def _watch(self, process):
        import psutil

        while process.poll() is None:
            total = 0
            with suppress(psutil.Error):
                parent = psutil.Process(process.pid)
                for one in [parent, *parent.children(recursive=True)]:
                    with suppress(psutil.Error, AttributeError):
                        total += one.memory_full_info().pss
            self.peak = max(self.peak, total)
            time.sleep(0.3)


def run(command, submissions):
    """A command on a fresh copy of the submissions."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(submissions, Path(root, "submitted"))
        meter = Meter([*command, root] if command is OURS else [*command, root, CHAPTER])
    if meter.status:
        raise SystemExit(f"{' '.join(command)} ended with {meter.status}: {meter.output[-2000:]}")
    return meter


def scores_of(meter, ours):
    """Sum of the scores, to see that both have graded the same."""
    found = json.loads(meter.output)
    if ours:
        return {row["student"]: round(row["score"], 6) for row in found["rows"]}
    return {
        student: round(sum(score or 0 for score in grades.values()), 6)
        for student, grades in found[0].items()
    }


def compare(size):
    """Both graders in turns; prints a table, returns the ratio of throughputs."""
    with tempfile.TemporaryDirectory() as root:
        hand_in(root, size)
        place = Path(root, "submitted")
        runs = [
            ("ours", run(OURS, place)),
            ("stock", run(STOCK, place)),
            ("ours", run(OURS, place)),
        ]
    assert all(
        scores_of(meter, name == "ours") == scores_of(runs[0][1], True) for name, meter in runs
    ), "the graders disagree"
    print(
        f"\n{size} submissions of {CHAPTER}, load"
        f" {os.getloadavg()[0]:.1f}\n{'':<8}{'s/notebook':>12}{'CPU s/nb':>10}{'total s':>9}{'peak MiB':>10}"
    )
    for name, meter in runs:
        print(
            f"{name:<8}{meter.seconds / size:>12.3f}{meter.cpu / size:>10.3f}{meter.seconds:>9.1f}{meter.peak >> 20:>10}",
            flush=True,
        )
    ours = statistics.mean(meter.seconds for name, meter in runs if name == "ours")
    ours_cpu = statistics.mean(meter.cpu for name, meter in runs if name == "ours")
    ratio = runs[1][1].seconds / ours
    print(f"ratio   {ratio:>12.1f}{runs[1][1].cpu / ours_cpu:>10.1f}")
    return ratio


FLOOR = """
import gc, json, os, sys, time
import numpy, lmcore.softmax, lmcore.data, lmcore.check
notebooks = json.load(sys.stdin)
gc.freeze()
begin = time.perf_counter()
for cells in notebooks:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        names = {"__name__": "__main__"}
        for source in cells:
            try:
                exec(compile(source, "cell", "exec"), names)
            except Exception:
                pass
        os._exit(0)
    os.waitpid(pid, 0)
print((time.perf_counter() - begin) / len(notebooks))
"""


def floor(size=20):
    """Seconds a notebook if a warm process forks and executes the cells.

    No box, no judge, no outputs, nothing written.
    """
    notebooks = []
    for cells in _sanitised(size):
        notebooks.append([cell["source"] for cell in cells if cell["cell_type"] == "code"])
    done = subprocess.run(
        [sys.executable, "-c", FLOOR],
        input=json.dumps(notebooks),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return float(done.stdout)


def _sanitised(size):
    from matrix import TABLES, rounds, spec_of, submission, text
    from nbjudge.submission.sanitise import sanitise

    chapter = int(CHAPTER[:2])
    spec, table = spec_of(chapter), TABLES[chapter]
    for _, names in zip(range(size), rounds(table) * size):
        yield sanitise(
            spec,
            submission(spec, {p: text(table, p, name) for p, name in names.items() if name}).cells,
        )[0]


def parts(size=20):
    """{part: seconds a notebook} of our grader in one process."""
    from matrix import TABLES, rounds, spec_of, submission, text
    from nbjudge.execution import engine

    spent = {}

    def timed(owner, name, part):
        inner = getattr(owner, name)

        def outer(*arguments, **keywords):
            begin = time.perf_counter()
            try:
                return inner(*arguments, **keywords)
            finally:
                spent[part] = spent.get(part, 0.0) + time.perf_counter() - begin

        setattr(owner, name, outer)

    timed(engine.Student, "__init__", "fork")
    timed(engine.Student, "begin", "box")
    timed(engine.Student, "run_cell", "cells")
    timed(engine.Student, "define", "names of our tests")
    timed(engine.Student, "leave_copy", "copies for the tests")
    timed(engine._Job, "_judge", "tests")
    timed(engine.Student, "__exit__", "end of the box")
    chapter = int(CHAPTER[:2])
    spec, table = spec_of(chapter), TABLES[chapter]
    work = [
        submission(spec, {p: text(table, p, name) for p, name in names.items() if name})
        for names in (rounds(table) * size)[: size + 1]
    ]
    engine.grade(spec, work[0])  # starts the server
    spent.clear()
    begin = time.perf_counter()
    for one in work[1:]:
        engine.grade(spec, one)
    whole = time.perf_counter() - begin
    spent["all else"] = whole - sum(spent.values())
    return {part: seconds / size for part, seconds in spent.items()}


def main(sizes):
    from run import machine

    print(machine())
    ratios = {size: compare(size) for size in sizes}
    print(
        f"\nfloor: {1000 * floor():.0f} ms a notebook on one core (fork of a warm process that"
        " executes the cells)"
    )
    print(
        "ours, one process, ms a notebook: "
        + ", ".join(f"{part} {1000 * seconds:.0f}" for part, seconds in parts().items())
    )
    last = ratios[max(ratios)]
    print(
        f"goal at {max(ratios)} submissions: {GOAL:g} times stock nbgrader's throughput; measured"
        f" {last:.1f}: {'met' if last >= GOAL else 'MISSED'}"
    )
    return last < GOAL


if __name__ == "__main__":
    sys.exit(main([int(size) for size in sys.argv[1:]] or [40, 200]))

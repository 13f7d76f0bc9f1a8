"""Stock nbgrader and this course's grader on the same submissions.

    python tests/benchmarks/grading.py [SIZE ...] [--each SIZE]    (make bench-grading)

Honest answers of assignment 3, right ones and wrong ones, handed in by 40 and by 200 students; then
of every assignment, by `--each` students. Each grader runs as an instructor would start it, in a
process of its own, start and feedback included, in turns: ours, stock, ours. CPU counts all
processes (by a control group where this account may make one), memory is the largest sum of all
processes' shares. Beside them stands the floor, which is a fork of a warm process that executes the
cells and nothing else. Last comes where our time goes, for every assignment.

Other work on the machine changes the ratio of the times more than the ratio of the CPU seconds.
"""

import argparse
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
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HOME / "nbjudge" / "tests"), str(HERE.parent), str(HERE)]
CHAPTER = "03-softmax"
GOAL, GOAL_OF_ALL = 15.0, 12.0
EACH = 20
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


def run(name, submissions, chapter):
    """One of the graders on a fresh copy of the submissions."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(submissions, Path(root, "submitted"))
        command = [*ours(chapter), root] if name == "ours" else [*STOCK, root, chapter]
        meter = Meter(command)
    if meter.status:
        raise SystemExit(f"{' '.join(command)} ended with {meter.status}: {meter.output[-2000:]}")
    return meter


def scores_of(meter, name):
    """The score of each student, to see that both have graded the same."""
    found = json.loads(meter.output)
    if name == "ours":
        return {row["student"]: round(row["score"], 6) for row in found["rows"]}
    return {
        student: round(sum(score or 0 for score in grades.values()), 6)
        for student, grades in found[0].items()
    }


class Comparison(NamedTuple):
    """Both graders on one assignment: mean of our runs, and stock's."""

    ours: float
    stock: float
    ours_cpu: float
    stock_cpu: float
    runs: list

    @property
    def ratio(self):
        """How many times stock's throughput ours has."""
        return self.stock / self.ours


def compare(size, chapter, turns=("ours", "stock", "ours")):
    """Both graders in turns, in seconds per notebook."""
    with tempfile.TemporaryDirectory() as root:
        hand_in(root, size, chapter)
        runs = [(name, run(name, Path(root, "submitted"), chapter)) for name in turns]
    scores = [scores_of(meter, name) for name, meter in runs]
    assert all(found == scores[0] for found in scores), "the graders disagree"

    def mean(name, what):
        return statistics.mean(getattr(meter, what) for one, meter in runs if one == name) / size

    return Comparison(
        mean("ours", "seconds"),
        mean("stock", "seconds"),
        mean("ours", "cpu"),
        mean("stock", "cpu"),
        runs,
    )


def show(size, chapter):
    """Compare on one assignment and print a table; the comparison."""
    found = compare(size, chapter)
    print(f"\n{size} submissions of {chapter}, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<8}{'s/notebook':>12}{'CPU s/nb':>10}{'total s':>9}{'peak MiB':>10}")
    for name, meter in found.runs:
        print(
            f"{name:<8}{meter.seconds / size:>12.3f}{meter.cpu / size:>10.3f}"
            f"{meter.seconds:>9.1f}{meter.peak >> 20:>10}",
            flush=True,
        )
    print(f"ratio   {found.ratio:>12.1f}{found.stock_cpu / found.ours_cpu:>10.1f}")
    return found


def show_all(size):
    """Compare on every assignment and print a table; the mean ratio of throughputs."""
    print(f"\n{size} submissions of each assignment, s per notebook; the floor uses one core")
    print(
        f"{'':<20}{'ours':>8}{'stock':>8}{'floor':>8}{'ratio':>7}"
        f"{'CPU ours':>10}{'CPU stock':>11}{'ratio':>7}"
    )
    ratios = []
    for chapter in chapters():
        one = compare(size, chapter, ("ours", "stock"))
        ratios.append(one.ratio)
        print(
            f"{chapter:<20}{one.ours:>8.3f}{one.stock:>8.3f}{floor(chapter):>8.3f}{one.ratio:>7.1f}"
            f"{one.ours_cpu:>10.3f}{one.stock_cpu:>11.3f}{one.stock_cpu / one.ours_cpu:>7.1f}",
            flush=True,
        )
    return statistics.mean(ratios)


FLOOR = """
import gc, json, os, sys, time
import numpy, lmcore, lmcore.check
from lmcore import *
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


def floor(chapter, size=20):
    """Seconds per notebook if a warm process forks and executes the cells.

    No sandbox, no judge, no outputs, nothing written.
    """
    notebooks = []
    for cells in _sanitised(chapter, size):
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


def _sanitised(name, size):
    from matrix import TABLES, rounds, spec_of, submission, text
    from nbjudge.submission.sanitise import sanitise

    chapter = int(name[:2])
    spec, table = spec_of(chapter), TABLES[chapter]
    for _, names in zip(range(size), rounds(table) * size):
        yield sanitise(
            spec,
            submission(spec, {p: text(table, p, name) for p, name in names.items() if name}).cells,
        )[0]


def chapters():
    """The names of all assignments, in order."""
    return sorted(path.parent.name for path in HOME.glob("solutions/*/exercises.ipynb"))


PARTS = {
    "__init__": "fork",
    "begin": "sandbox",
    "run_cell": "cells",
    "define": "names",
    "leave_copy": "copies",
    "_judge": "tests",
    "__exit__": "end",
}


def show_parts(size):
    """Print where the time of one notebook goes, in milliseconds, for every assignment."""
    print("\nours, one process, one notebook after the other, ms per notebook")
    print(f"{'':<20}" + "".join(f"{part:>9}" for part in (*PARTS.values(), "all else", "all")))
    for chapter, spent in parts(size):
        shown = [spent[part] for part in (*PARTS.values(), "all else")]
        shown.append(sum(shown))
        print(f"{chapter:<20}" + "".join(f"{1000 * one:>9.1f}" for one in shown), flush=True)


def parts(size):
    """Each chapter with {part: seconds per notebook} of our grader."""
    from matrix import TABLES, rounds, submission, text
    from nbjudge.course import course_config
    from nbjudge.execution import engine, servers
    from nbjudge.selfgrade import on_this_machine, prepare

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

    for name, part in PARTS.items():
        timed(engine._Job if name == "_judge" else engine.Student, name, part)
    for chapter in chapters():
        path, table = HOME / "solutions" / chapter / "exercises.ipynb", TABLES[int(chapter[:2])]
        spec = prepare(path, on_this_machine(), config=course_config(HOME)).spec
        work = [
            submission(spec, {p: text(table, p, name) for p, name in names.items() if name})
            for names in (rounds(table) * size)[: size + 1]
        ]
        with servers.kept():
            engine.grade(spec, work[0])  # starts the servers
            spent.clear()
            begin = time.perf_counter()
            for one in work[1:]:
                engine.grade(spec, one)
            whole = time.perf_counter() - begin
        spent["all else"] = whole - sum(spent.values())
        yield chapter, {part: seconds / size for part, seconds in spent.items()}


def main(arguments=None):
    """Print everything; 1 if a goal is missed."""
    from run import machine

    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("sizes", nargs="*", type=int, metavar="SIZE", default=[40, 200])
    options.add_argument("--each", type=int, metavar="SIZE", default=EACH)
    options = options.parse_args(arguments)
    print(machine())
    last = [show(size, CHAPTER) for size in options.sizes][-1]
    mean = show_all(options.each) if options.each else GOAL_OF_ALL
    show_parts(options.each or EACH)
    goals = [
        (f"{options.sizes[-1]} submissions of {CHAPTER}", GOAL, last.ratio),
        (f"mean of all assignments at {options.each} submissions", GOAL_OF_ALL, mean),
    ]
    for what, goal, found in goals[: 1 + bool(options.each)]:
        said = "met" if found >= goal else "MISSED"
        print(f"{what}: {found:.1f} times stock nbgrader's throughput, goal {goal:g}: {said}")
    return any(found < goal for _, goal, found in goals)


if __name__ == "__main__":
    sys.exit(main())

"""What grading a department takes: python tests/benchmarks/sizes.py measure | table

`measure` grades a few submissions of every chapter and keeps the CPU seconds that each of them took
in sizes.json, and those of what is done for one submission after the other, by the one process that
writes; `table` computes from them what the guide's page on large classes says, and writes it there.
"""

import json
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HOME / "nbjudge" / "tests"), str(HERE.parent), str(HERE)]

from bookreader import put_between

STORE, PAGE = HERE / "sizes.json", HOME / "book" / "scaling.md"
# submissions; a difference leaves the start of the program out
FEW, MORE, MANY = 4, 16, 500
# price of a core for an hour, in whatever currency
STUDENTS, CORES, PRICE = (300, 3000), (2, 16), 0.05
BEGIN, END = "<!-- sizes: written by tests/benchmarks/sizes.py -->", "<!-- end of sizes -->"


def measure():
    """{chapter: CPU seconds for a submission}, all processes counted."""
    from grading import Meter, hand_in, ours

    found = {}
    for source in sorted(HOME.glob("solutions/*/exercises.ipynb")):
        name, spent = source.parent.name, []
        for size in (FEW, MORE):
            with tempfile.TemporaryDirectory() as root:
                hand_in(root, size, name)
                meter = Meter([*ours(name), root])
                if meter.status:
                    raise SystemExit(
                        f"{name}: nbjudge grade ended with {meter.status}: {meter.output[-2000:]}"
                    )
                spent.append(meter.cpu)
        found[name] = round((spent[1] - spent[0]) / (MORE - FEW), 3)
        print(name, found[name], flush=True)
    return found


def measure_serial():
    """CPU seconds for a submission of reading, writing and feedback.

    A class graded with results that are there already.
    """
    from made_up.crowd import name, outcome
    from nbjudge.execution import pool
    from nbjudge.execution.engine import result_key
    from nbjudge.run import grade_class

    def ready(spec, submissions, *how):
        for submission in submissions:
            yield (
                submission,
                outcome(spec, int(submission.student[-5:]), result_key(spec, submission)),
            )

    pool.outcomes = ready
    release = HOME / "exercises" / "03-softmax" / "exercises.ipynb"
    with tempfile.TemporaryDirectory() as root:
        for number in range(MANY):
            folder = Path(root, "submitted", name(number), "03-softmax")
            folder.mkdir(parents=True)
            shutil.copy(release, folder)
        begin = time.process_time()
        grade_class(HOME, root, ["3"], say=lambda line: None)
        return round((time.process_time() - begin) / MANY, 4)


def duration(seconds):
    """Seconds in the unit in which people would say them."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return (
                f"{seconds / length:.1f} {unit}"
                if seconds < 10 * length
                else f"{seconds / length:.0f} {unit}"
            )
    return f"{math.ceil(seconds)} s"


def table(measured):
    """The guide's table, and how it is computed."""
    seconds, serial = measured["submission"].values(), measured["serial"]
    mean = sum(seconds) / len(seconds)
    lines = [
        (
            f"A submission takes $s$ = {mean:.2f} CPU seconds on the mean of the ten chapters"
            f" ({min(seconds):.2f} to {max(seconds):.2f}), box and tests included, on the workers,"
            f" and $w$ = {1000 * serial:.0f} ms of reading, writing and feedback where the command"
            " runs, one after the other. Then $n$ submissions on $k$ cores, at a price $p$ for a"
            " core-hour, take and cost"
        ),
        "",
        (
            "$$\\text{time} \\approx n \\max\\left(\\frac{s}{k},\\, w\\right), "
            "\\qquad \\text{cost} \\approx p\\,\\frac{n\\,(s + w)}{3600}.$$"
        ),
        "",
        (
            f"More than $s/w$ = {mean / serial:.0f} cores therefore do not help one run. For all"
            f" {len(seconds)} assignments together, at $p$ = {PRICE:g}:"
        ),
        "",
        (
            "| Students | Submissions | Core-hours |"
            f" {' | '.join(f'Time, {k} cores' for k in CORES)} | Cost |"
        ),
        f"| {' | '.join(['---:'] * (4 + len(CORES)))} |",
    ]
    for students in STUDENTS:
        submissions = students * len(seconds)
        hours = submissions * (mean + serial) / 3600
        times = " | ".join(duration(submissions * max(mean / k, serial)) for k in CORES)
        lines.append(
            f"| {students:,} | {submissions:,} | {hours:.2f} | {times} | {PRICE * hours:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure"]:
            STORE.write_text(
                json.dumps({"submission": measure(), "serial": measure_serial()}, indent=1) + "\n"
            )
        case ["table"]:
            put_between(PAGE, BEGIN, END, table(json.loads(STORE.read_text())))
        case _:
            sys.exit(__doc__)

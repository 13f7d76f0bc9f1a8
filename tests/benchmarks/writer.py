"""What the one place that writes grades takes for a large class.

    python tests/benchmarks/writer.py [SIZE] [DATABASE]    (part of make bench-grading)

Made-up results of assignment 3, so that nothing but writing is measured: files, gradebook and
ledger, one commit for each submission, then the table of all scores. DATABASE is an address such as
postgresql://user@host/name; SQLite by default.
"""

import csv
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HOME / "nbjudge" / "tests"), str(HERE.parent), str(HERE)]
GOAL, FLAT = 25.0, 2.0


def main(size=5000, database=None):
    """Print a table; whether a goal is missed."""
    from made_up.crowd import name, write_class
    from matrix import spec_of
    from run import machine

    part, begin = max(size // 10, 1), time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        spent = write_class(HOME, root, spec_of(3), size, db=database, again=part)
        whole = time.perf_counter() - begin
        with open(Path(root, "grades.csv"), newline="") as file:
            students = [row["student_id"] for row in csv.DictReader(file)]
    assert students == [name(number) for number in range(size)], (
        "somebody is missing from grades.csv, or there twice"
    )
    means = {}
    print(
        f"{machine()}\n\n{size} made-up results of assignment 3 written to"
        f" {'SQLite' if database is None else database.partition(':')[0]}\n"
        f"{'':<28}{'ms each':>9}{'CPU ms':>9}{'median ms':>11}"
    )
    for label, some in (
        (f"first {part}", spent[:part]),
        (f"last {part}", spent[size - part : size]),
        (f"first {part} again", spent[size:]),
        ("all", spent),
    ):
        means[label] = statistics.mean(one.seconds for one in some)
        print(
            f"{label:<28}{1000 * means[label]:>9.1f}{1000 * statistics.mean(one.cpu for one in some):>9.1f}"
            f"{1000 * statistics.median(one.seconds for one in some):>11.1f}"
        )
    first, last, _, mean = means.values()
    missed = last > FLAT * first or 1000 * mean > GOAL
    print(
        f"last to first {last / first:.2f}, {whole:.0f} s with the penalties and grades.csv; goal:"
        f" at most {FLAT:g}, and {GOAL:g} ms each: {'MISSED' if missed else 'met'}"
    )
    return missed


if __name__ == "__main__":
    sys.exit(main(*[int(sys.argv[1])] if sys.argv[1:] else [], *sys.argv[2:]))

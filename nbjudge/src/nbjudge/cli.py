"""nbjudge grade: grade a class, safely, in parallel, and resumable at any point.

    nbjudge grade [CHAPTER ...] [--students NAME ...] [--workers N | --scheduler tcp://HOST:PORT]
    [--db URL] ...

Exit status: 0 if every submission has a grade, 1 if some have none, 2 if nothing could be done, 130 after Ctrl-C or a
request to end (SIGTERM).
"""

import argparse
import contextlib
import json
import logging
import signal
import sys
import threading
import warnings
from pathlib import Path

STOPPED = "\nstopped: what was graded stays graded; the same command continues with the others"


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="nbjudge grade",
        description=(
            "Grade a class: every submission in a sandbox, its tests in a process of their own."
        ),
        epilog=(
            "Exit status: 0 every submission has a grade, 1 some have none, 2 nothing was done, 130"
            " interrupted."
        ),
    )
    p.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="number or name; none means all submitted"
    )
    p.add_argument("--home", default=".", type=Path, help="the course's folder (default: here)")
    p.add_argument("--root", type=Path, help="where submitted/ lies (default: the course's folder)")
    p.add_argument("--students", nargs="+", metavar="NAME", default=(), help="only these students")
    where = p.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes on this machine (default: one for each core)",
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler instead, such as tcp://10.0.0.5:8786",
    )
    p.add_argument(
        "--db",
        metavar="URL",
        help="the gradebook, such as postgresql://user@host/name (default: gradebook.db)",
    )
    p.add_argument(
        "--due", metavar="WHEN", help='due date of these chapters, such as "2026-03-01 23:59 UTC"'
    )
    p.add_argument("--force", action="store_true", help="grade again what has been graded")
    p.add_argument(
        "--regrade",
        metavar="PROBLEM",
        help="grade again, and change only the scores of this problem's tests",
    )
    p.add_argument(
        "--seed", type=int, default=0, help="another set of random cases for the hidden tests"
    )
    p.add_argument(
        "--cell-seconds",
        type=float,
        metavar="S",
        help="limit for one cell, and for the calls of one test",
    )
    p.add_argument(
        "--notebook-seconds", type=float, metavar="S", help="limit for all cells together"
    )
    p.add_argument("--memory", type=int, metavar="MIB", help="limit for one submission")
    p.add_argument(
        "--json",
        action="store_true",
        help="the outcome as JSON on standard output, and nothing else",
    )
    p.add_argument(
        "--unsafe",
        action="store_true",
        help="run students' code without a sandbox: only in a machine that holds nothing else",
    )
    return p


def limits_from(options, config):
    """The course's limits with those of the command line in place."""
    from dataclasses import replace

    from nbjudge.run import _limits

    chosen = {
        "cell_seconds": options.cell_seconds,
        "notebook_seconds": options.notebook_seconds,
        "memory": options.memory and options.memory << 20,
    }
    return replace(_limits(config), **{name: value for name, value in chosen.items() if value})


def main(arguments=None):
    """Run the command; returns its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(arguments[arguments[:1] == ["grade"] :])
    try:
        with _ended_like_by_a_key():
            return _grade(options)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130


@contextlib.contextmanager
def _ended_like_by_a_key():
    """Have a request to end (SIGTERM: a shutdown, a batch system at its time limit) do what Ctrl-C does."""

    def interrupt(*_):
        raise KeyboardInterrupt

    # only the main thread may handle signals
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _grade(options):
    warnings.filterwarnings("ignore", module="nbgrader|nbformat|traitlets")
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    from nbjudge.course import course_config
    from nbjudge.reports import terminal as report
    from nbjudge.run import grade_class, look_alikes

    try:
        config = course_config(options.home, options.root)
        rows = grade_class(
            options.home,
            options.root,
            options.chapters,
            show=report.progress(quiet=options.json),
            say=(lambda line: print(line, file=sys.stderr)) if options.json else None,
            students=tuple(options.students),
            due=options.due,
            force=options.force,
            regrade=options.regrade,
            workers=options.workers,
            scheduler=options.scheduler,
            db=options.db,
            seed=options.seed,
            unsafe=options.unsafe,
            limits=limits_from(options, config),
        )
        alike = look_alikes(
            options.home,
            options.root,
            sorted({row.chapter for row in rows if row.score is not None}),
            db=options.db,
        )
    except (ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    root = Path(config.CourseDirectory.root)
    if options.json:
        json.dump(report.summary(rows, alike), sys.stdout, indent=1)
        print()
    else:
        report.print_table(
            rows,
            alike,
            {
                "scores": root / "grades.csv",
                "feedback": root / "feedback",
                "gradebook": "in the database given" if options.db else root / "gradebook.db",
            },
        )
    return 0 if all(row.score is not None for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

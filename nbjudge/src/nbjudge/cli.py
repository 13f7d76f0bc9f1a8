"""nbjudge: one command, with a verb for everything that is done with an assignment.

    nbjudge release | lint | bundle | check | roster | due | collect | grade | mark | report |
            export | feedback | doctor

Every verb explains itself with --help and answers in JSON with --json. Exit status: 0 all is well,
1 something needs a person (a submission without a grade, a problem that lint found), 2 nothing
could be done, 130 after Ctrl-C or a request to end (SIGTERM).
"""

import argparse
import contextlib
import io
import logging
import os
import signal
import sys
import textwrap
import threading
import warnings
from dataclasses import replace
from pathlib import Path

from nbjudge import __version__, values
from nbjudge.options import chapters, places, print_json
from nbjudge.sandbox.levels import LEVELS
from nbjudge.term.verbs import TERM_VERBS

STOPPED = "\nstopped: finished submissions are kept; the same command continues with the others"
WIDTH = 110


def parser():
    """The command line, one sub-parser for each verb.

    Examples
    --------
    >>> parser().parse_args(["grade", "3", "--workers", "2"]).workers
    2
    """
    top = argparse.ArgumentParser(
        prog="nbjudge",
        description=(
            "A grader for nbgrader courses: students' code runs in a sandbox, and the tests judge"
            " it from another process."
        ),
        epilog="nbjudge VERB --help explains each verb.",
    )
    top.add_argument("--version", action="version", version=f"nbjudge {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (add_options, work, summary, more) in VERBS.items():
        verb = verbs.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}. {more}"
        )
        verb.add_argument(
            "--home", default=".", type=Path, help="the course's folder (default: here)"
        )
        verb.add_argument(
            "--json",
            action="store_true",
            help="answer in JSON on standard output, errors included",
        )
        add_options(verb)
        verb.set_defaults(work=work)
    return top


def main(arguments=None):
    """Run the command; returns its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        A verb and its options, such as ``["grade", "3"]``; by default those of the process.
    """
    _print_whatever_the_encoding()
    options = parser().parse_args(arguments)
    _import_validator_quickly()
    warnings.filterwarnings("ignore", module="nbgrader|nbformat|traitlets")
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    try:
        with _ended_like_by_a_key():
            return options.work(options)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    except (ValueError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        if options.json:
            print_json({"error": str(error)})
        return 2


def _print_whatever_the_encoding():
    """Let signs that the output's encoding lacks be printed as their numbers.

    On Windows, files and pipes lack most.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _import_validator_quickly():
    """Import nbformat's validator without the part that takes seconds.

    jsonschema would compile 38 grammars of internationalised addresses as it is imported, and no
    notebook has a field of that kind. It does without when the package is not there, so it is told
    that it is not.
    """
    name = "rfc3987_syntax"
    if "jsonschema" not in sys.modules and name not in sys.modules:
        sys.modules[name] = None
        try:
            import jsonschema  # noqa: F401
        finally:
            del sys.modules[name]


@contextlib.contextmanager
def _ended_like_by_a_key():
    """Have a request to end (SIGTERM: a shutdown, a batch system at its time limit) do what Ctrl-C
    does.
    """

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


# ---- grade


def _grade_options(verb):
    chapters(verb, "all submitted")
    places(verb)
    verb.add_argument(
        "--students", nargs="+", metavar="NAME", default=(), help="only these students"
    )
    where = verb.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=values.count,
        metavar="N",
        help="submissions graded at the same time on this machine (default: one per core)",
    )
    where.add_argument(
        "--scheduler",
        type=values.scheduler,
        metavar="ADDRESS",
        help="a Dask scheduler whose workers grade instead, such as tcp://10.0.0.5:8786",
    )
    verb.add_argument(
        "--due",
        metavar="WHEN",
        help='due date of these chapters, such as "2026-03-01 23:59 UTC"; none takes it away',
    )
    verb.add_argument("--force", action="store_true", help="grade again what has been graded")
    verb.add_argument(
        "--regrade",
        metavar="PROBLEM",
        help="grade again, and change only the scores of this problem's tests",
    )
    verb.add_argument(
        "--seed",
        type=values.seed,
        metavar="N",
        default=os.environ.get("NBJUDGE_SEED"),
        help="another set of random cases for the hidden tests (default: $NBJUDGE_SEED, or"
        " c.NbJudge.seed, or 0)",
    )
    verb.add_argument(
        "--variants",
        type=values.count,
        metavar="N",
        help="so many sets of random cases from that seed on, of which each student's name draws"
        " one (default: c.NbJudge.variants, or 1)",
    )
    verb.add_argument(
        "--cell-seconds",
        type=values.seconds,
        metavar="S",
        help="limit for one cell, and for the calls of one test",
    )
    verb.add_argument(
        "--notebook-seconds",
        type=values.seconds,
        metavar="S",
        help="limit for all cells together",
    )
    verb.add_argument(
        "--memory",
        type=values.memory,
        metavar="SIZE",
        help="limit for one submission, with its unit: 2GiB, 1500MiB",
    )
    how = verb.add_mutually_exclusive_group()
    how.add_argument(
        "--isolation",
        choices=LEVELS,
        metavar="LEVEL",
        help=f"how students' code is shut in: {', '.join(LEVELS)} (default: the strongest that this"
        " machine allows, never none; nbjudge doctor explains them)",
    )
    how.add_argument(
        "--unsafe",
        dest="isolation",
        action="store_const",
        const=LEVELS[-1],
        help="the same as --isolation none: only in a machine that holds nothing else",
    )


def limits_from(options, config):
    """The course's limits with those of the command line in place."""
    from nbjudge.run import limits_of

    chosen = {
        name: getattr(options, name) for name in ("cell_seconds", "notebook_seconds", "memory")
    }
    return replace(limits_of(config), **{name: value for name, value in chosen.items() if value})


def _grade(options):
    from nbjudge.sandbox.system import require_linux

    require_linux()
    from nbjudge.course import Course
    from nbjudge.reports import terminal
    from nbjudge.run import grade_class, look_alikes
    from nbjudge.selfgrade import judged_inside

    course = Course(options.home, options.root, options.db)
    rows = grade_class(
        options.home,
        options.root,
        options.chapters,
        show=terminal.progress(quiet=options.json),
        say=(lambda line: print(line, file=sys.stderr)) if options.json else None,
        students=tuple(options.students),
        due=options.due,
        force=options.force,
        regrade=options.regrade,
        workers=options.workers,
        scheduler=options.scheduler,
        db=options.db,
        seed=options.seed,
        variants=options.variants,
        isolation=options.isolation,
        limits=limits_from(options, course.config),
    )
    alike = look_alikes(
        options.home,
        options.root,
        sorted({row.chapter for row in rows if row.score is not None}),
        db=options.db,
    )
    inside = judged_inside(course, {row.chapter for row in rows})
    if options.json:
        print_json(terminal.summary(rows, alike, inside))
    else:
        terminal.print_table(
            rows,
            alike,
            {
                **terminal.isolation(rows),
                "scores": course.root / "grades.csv",
                "feedback": course.folder("feedback"),
                "gradebook": course.db.removeprefix("sqlite:///")
                if course.db.startswith("sqlite:///")
                else "in the database given",
            },
            inside,
        )
    return 0 if all(row.score is not None for row in rows) else 1


# ---- release


def _release_options(verb):
    chapters(verb, "all")


def _release(options):
    from nbjudge.assignment import release

    remarks: list[str] = []
    try_out = _trial(options, remarks)

    def approve(chapter):
        if try_out:
            remarks.extend(_approved(try_out(chapter)))

    changed = [str(path) for path in release.generate(options.home, options.chapters, approve)]
    if options.json:
        print_json({"changed": changed, "remarks": remarks})
    else:
        print("\n".join(f"changed: {path}" for path in changed) or "every release is current")
        for remark in remarks:
            print(remark, file=sys.stderr)
    return 0


def _trial(options, remarks):
    """A function that prepares the notebooks of a chapter; None where they cannot be run."""
    from nbjudge.sandbox.system import is_linux

    if not is_linux():
        remarks.append("the tests were not tried on their own solutions: that needs Linux")
        return None
    from nbjudge import selfgrade
    from nbjudge.course import Course
    from nbjudge.run import limits_of

    course = Course(options.home)
    run = selfgrade.trusted(limits_of(course.config))
    return lambda chapter: selfgrade.try_out(course, chapter, run)


def _approved(prepared):
    """Refuse what the source's own solution does not pass; what else its author should hear.

    Raises
    ------
    SourceError
        With notebook, test and points.
    """
    from nbjudge.assignment.names import SourceError

    short = [line for one in prepared for line in one.short]
    if short:
        raise SourceError("\n".join(short))
    return [warning for one in prepared for warning in one.warnings]


# ---- lint


def _lint_options(verb):
    chapters(verb, "all")
    verb.add_argument(
        "--search",
        nargs="+",
        type=Path,
        metavar="PATH",
        default=(),
        help="search these too for what must stay secret: a built site, a wheel, any folder or zip",
    )


def _lint(options):
    from nbjudge.assignment import lint
    from nbjudge.course import Course
    from nbjudge.reports import terminal

    remarks: list[str] = []
    problems = lint.problems(options.home, options.chapters, options.search)
    course = Course(options.home)
    tried = lint.tests(course, course.chapters(options.chapters), _trial(options, remarks))
    problems += [line for line in tried.problems if line not in problems]
    remarks += tried.remarks + lint.unguarded(course)
    if options.json:
        tests = [test._asdict() for test in tried.tests]
        print_json({"problems": problems, "remarks": remarks, "tests": tests})
    else:
        terminal.print_rows(lint.TITLES, [lint.cells(test) for test in tried.tests])
        for remark in remarks:
            print(f"\n{remark}", end="")
        print("\n\n" + ("\n".join(problems) or "every release is current, no secret got out"))
    return 1 if problems else 0


# ---- bundle


def _bundle_options(verb):
    chapters(verb, "all that have a release")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the zip (default: COURSE-students.zip in the course's folder)",
    )


def _bundle(options):
    from nbjudge.assignment.bundle import bundle

    path, names = bundle(options.home, options.chapters, options.out)
    if options.json:
        print_json({"path": str(path), "files": names})
    else:
        size = path.stat().st_size / 1e6
        print(f"{path}: {len(names)} files, {size:.1f} MB, no solution or hidden test among them")
    return 0


# ---- check


def _check_options(verb):
    verb.add_argument(
        "chapter", metavar="CHAPTER", help="number or name of an assignment, or a notebook's file"
    )


def _check(options):
    from nbjudge.course import Course
    from nbjudge.selfcheck import visible_results

    paths = [Path(options.chapter)]
    if paths[0].suffix != ".ipynb":
        course = Course(options.home)
        (chapter,) = course.chapters([options.chapter], step="release")
        paths = sorted(course.folder("release", chapter=chapter).glob("*.ipynb"))
    rows = [row for path in paths for row in visible_results(path)]
    tested = [row for row in rows if row.earned is not None]
    earned, points = sum(row.earned for row in tested), sum(row.points for row in tested)
    if options.json:
        cells = [row._asdict() for row in rows]
        print_json({"cells": cells, "earned": earned, "points": points})
        return 0
    for row in rows:
        name = row.name if len(paths) == 1 else f"{row.notebook}: {row.name}"
        score = "-" if row.earned is None else f"{row.earned:g}"
        print(f"{name:<12} {score:>4} of {row.points:g}")
        for line in row.said.splitlines():
            print(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent=" " * 12))
    print(f"\nvisible tests: {earned:g} of {points:g} points")
    return 0


# ---- report


def _report_options(verb):
    chapters(verb, "all in the gradebook")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where the pages go (default: class-report/ beside submitted/)",
    )
    verb.add_argument(
        "--no-pages", action="store_true", help="show the table in the terminal alone"
    )
    places(verb)


def _report(options):
    from nbjudge.course import Course
    from nbjudge.records import standing
    from nbjudge.reports import pictures, terminal
    from nbjudge.selfgrade import judged_inside
    from nbjudge.term import picture

    rows = standing.read(options.home, options.root, options.chapters, options.db)
    course = Course(options.home, options.root, options.db)
    inside = judged_inside(course, {row.chapter for row in rows})
    page = None
    if not options.no_pages and (options.out or pictures.available()):
        where = options.home, options.root, options.db, options.chapters
        page = picture.draw(options.out, *where)
    if options.json:
        found = [row._asdict() for row in rows]
        print_json({"submissions": found, "inside": inside, "page": page and str(page)})
        return 0
    terminal.print_standing(rows)
    terminal.print_inside(inside)
    print(f"\npages     {page or 'none: pip install nbjudge[report] to have them drawn'}")
    return 0


# ---- doctor


def _doctor_options(verb):
    """None but those of every verb."""


def _doctor(options):
    from nbjudge import doctor

    report = doctor.examine()
    if options.json:
        print_json(doctor.as_data(report))
    else:
        print(doctor.text(report))
    return 0 if report.chosen else 1


VERBS = {
    "release": (
        _release_options,
        _release,
        "generate the students' notebooks from the sources",
        "What is current is not touched; a notebook in which somebody has worked is not"
        " overwritten. A source that has changed is graded on its own solution first, and refused"
        " if that does not get full marks.",
    ),
    "lint": (
        _lint_options,
        _lint,
        "look for faults in assignments before anybody gets them",
        "Finds releases that are older than their source, solutions, hidden tests and marking"
        " schemes that got out, and tests that their own source's solution fails; lists every test"
        " cell with what it takes from the student and whether it runs apart from the student's"
        " process or inside.",
    ),
    "bundle": (
        _bundle_options,
        _bundle,
        "pack what students get: releases, and what the settings name beside them",
        "Refuses if a release is not current, or a solution, hidden test or marking scheme would"
        " get out. c.NbJudge.bundle in nbgrader_config.py lists files and folders that students"
        " need beside the releases.",
    ),
    "check": (
        _check_options,
        _check,
        "run the visible tests of an assignment on your own work",
        "The notebook runs from top to bottom in a fresh kernel and is not changed. Grading runs"
        " more tests, with other numbers.",
    ),
    "grade": (
        _grade_options,
        _grade,
        "grade a class, in parallel, every submission in a sandbox",
        "Can be stopped and repeated at any time. Exit status: 0 every submission has a grade, 1"
        " some have none, 2 nothing was done, 130 interrupted.",
    ),
    "report": (
        _report_options,
        _report,
        "show what the gradebook holds, and draw pages about the class",
        "In the terminal one line per submission, with its state and what a person has still to"
        " mark. The pages, for instructors, have the distribution of scores, the problems and"
        " tests, the commonest messages and who got them, times, limits, flags, similar submissions"
        " and who is missing, each with a CSV file.",
    ),
    "doctor": (
        _doctor_options,
        _doctor,
        "say how students' code can be shut in on this machine",
        "Tells what the machine allows, what each level of isolation promises, and how to get a"
        " better one. Exit status: 0 submissions can be shut in, 1 they cannot.",
    ),
    **TERM_VERBS,
}

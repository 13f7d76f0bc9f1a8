"""The command line's verbs for what surrounds grading."""

import argparse
import sys
from pathlib import Path

from nbjudge import dates, values
from nbjudge.options import chapters, places, print_json

# ---- collect


def _collect_options(verb):
    verb.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="archives or folders as your platform exported them; Moodle's grading worksheet beside"
        " its archive says who is who and when each was handed in, and GitHub Classroom's"
        " classroom_roster.csv whose the checkouts are",
    )
    verb.add_argument(
        "--chapter",
        metavar="CHAPTER",
        help="which assignment these are (default: recognised from each notebook)",
    )
    verb.add_argument(
        "--time",
        type=_moment,
        metavar="WHEN",
        help='when they were handed in, where the export does not say: "2026-03-01 23:59 UTC"',
    )
    verb.add_argument(
        "--new",
        action="store_true",
        help="take students in who are not in the roster although others are",
    )
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="place everything without asking")
    how.add_argument("--dry-run", action="store_true", help="show what would be done, and stop")
    places(verb)


def _moment(text):
    try:
        return dates.moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None


def _collect(options):
    from nbjudge.term.collect import NOT_PLACED, PLACED, collect

    def agree(result):
        if not options.json:
            _show(result)
        count = sum(row.state in PLACED for row in result.rows)
        if options.dry_run or not count:
            return False
        if options.yes:
            return True
        if options.json or not sys.stdin.isatty():
            print("nothing was placed: give --yes to place them", file=sys.stderr)
            return False
        return input(f"Place {_count(count, 'hand-in')}? [y/N] ").strip().lower() in ("y", "yes")

    result = collect(
        options.files,
        options.home,
        options.root,
        options.db,
        options.chapter,
        options.time,
        agree,
        options.new,
    )
    if options.json:
        missing = {
            chapter: [one._asdict() for one in some] for chapter, some in result.missing.items()
        }
        rows = [row._asdict() for row in result.rows]
        print_json({"rows": rows, "missing": missing, "placed": result.placed})
    elif result.placed:
        print(f"placed: {_count(sum(row.state in PLACED for row in result.rows), 'hand-in')}")
    waiting = not result.placed and any(row.state in PLACED for row in result.rows)
    lost = any(row.state == NOT_PLACED for row in result.rows)
    return 1 if lost or waiting and not options.dry_run else 0


def _count(number, what):
    """How many there are.

    Examples
    --------
    >>> _count(1, "hand-in"), _count(2, "hand-in")
    ('1 hand-in', '2 hand-ins')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def _show(result):
    """The preview: a row for each hand-in, then who is missing."""
    from nbjudge.reports import terminal

    terminal.print_rows(
        ("student", "name", "chapter", "handed in", "state", "remark"),
        [
            (row.student, row.name, row.chapter or "-", row.time or "-", row.state, row.remark)
            for row in result.rows
        ],
    )
    print()
    timeless = sum(not row.time for row in result.rows)
    if timeless:
        print(
            f"{_count(timeless, 'hand-in')} without a time: a late one is not noticed; --time says"
            " when they were handed in"
        )
    for chapter, people in result.missing.items():
        if people:
            names = ", ".join(f"{one.name} ({one.id})" if one.name else one.id for one in people)
            print(f"{chapter}: nothing from {names}")


# ---- roster


def _roster_options(verb):
    verb.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="Moodle's participants or grades, Canvas's gradebook, or a table with the columns id,"
        " first_name, last_name, email, lms_user_id; CSV",
    )
    verb.add_argument(
        "--withdraw",
        action="store_true",
        help="whoever is in the gradebook and not in FILE has withdrawn",
    )
    verb.add_argument("--dry-run", action="store_true", help="show what would be done, and stop")
    places(verb)


def _roster(options):
    from nbjudge.reports import terminal
    from nbjudge.term import roster

    entries = roster.enter(
        options.file, options.home, options.root, options.db, options.withdraw, options.dry_run
    )
    if options.json:
        print_json({"students": [one._asdict() for one in entries]})
        return 0
    terminal.print_rows(("student", "name", "e-mail", "state"), entries)
    lost = [one.id for one in entries if one.state == roster.NOT_LISTED]
    if lost:
        print(f"\nnot in the list: {', '.join(lost)}; --withdraw says that they have withdrawn")
    return 0


# ---- due


def _due_options(verb):
    verb.add_argument(
        "chapter", nargs="?", metavar="CHAPTER", help="number or name; none shows all assignments"
    )
    verb.add_argument(
        "when",
        nargs="?",
        metavar="WHEN",
        type=_due_date,
        default=(),
        help='the due date, such as "2026-03-01 23:59 Europe/Berlin"; none takes it away',
    )
    verb.add_argument(
        "--extend",
        nargs="+",
        metavar="STUDENT=TIME",
        type=_extension,
        default=(),
        help="more time after the due date for single students, such as ann=3d; ann=none ends it",
    )
    places(verb)


def _due_date(text):
    try:
        return (dates.due(text),)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None


def _extension(text):
    student, _, length = text.rpartition("=")
    if not student:
        raise argparse.ArgumentTypeError(f"{text!r} names no student: write ann=3d")
    try:
        return student, None if length == "none" else dates.span(length)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None


def _due(options):
    from nbjudge.reports import terminal
    from nbjudge.term import roster

    found, policy = roster.due(
        options.chapter, options.when, options.extend, options.home, options.root, options.db
    )
    if options.json:
        print_json({"due": [one._asdict() for one in found], "policy": policy})
        return 0
    terminal.print_rows(
        ("chapter", "due", ">hand-ins", ">without a time", "extensions"),
        [
            (
                one.chapter,
                one.when or "-",
                one.hand_ins,
                one.timeless or "",
                "; ".join(f"{who}: {when}" for who, when in one.extensions.items()),
            )
            for one in found
        ],
    )
    print(f"\nlate: {policy}; nobody is late without a due date or a time")
    return 0


# ---- mark


def _mark_options(verb):
    verb.add_argument("chapter", metavar="CHAPTER", help="number or name of an assignment")
    verb.add_argument("--problem", metavar="NAME", help="only this problem, by its grade_id")
    verb.add_argument(
        "--anonymous", action="store_true", help="show no names, and answers in a shuffled order"
    )
    verb.add_argument(
        "--port", type=values.port, default=0, metavar="N", help="where to listen (default: any)"
    )
    verb.add_argument(
        "--no-browser", action="store_true", help="print the address and open no browser"
    )
    places(verb)


def _mark(options):
    import secrets
    import webbrowser

    from nbjudge.term import marking, marking_server

    desk = marking.Desk(
        options.chapter,
        options.home,
        options.root,
        options.db,
        options.problem,
        options.anonymous,
        secrets.token_bytes(16),
    )
    if options.json:
        print_json({"chapter": desk.chapter, "problems": _waiting(desk)})
        return 0
    server, address = marking_server.serve(desk, options.port)
    print(f"{address}\nCtrl-C ends it; every mark is saved at once", flush=True)
    try:
        if not options.no_browser:
            webbrowser.open(address)
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    for one in _waiting(desk):
        print(f"{one['problem']}: {one['marked']} of {one['answers']} marked")
    print(f"nbjudge grade {desk.chapter} writes the marks into feedback and grades.csv")
    return 0


def _waiting(desk):
    """How far the marking of each problem is, as plain data."""
    found = []
    for problem in desk.problems:
        answers = desk.answers(problem)
        marked = sum(not one.waits for one in answers)
        found.append({"problem": problem.name, "answers": len(answers), "marked": marked})
    return found


# ---- export


def _export_options(verb):
    chapters(verb, "all in the gradebook")
    verb.add_argument(
        "--canvas",
        type=Path,
        metavar="FILE",
        help="fill in Canvas's gradebook, as you have exported it",
    )
    verb.add_argument(
        "--moodle",
        type=Path,
        metavar="FILE",
        help="fill in the grading worksheet of one assignment, as you have downloaded it",
    )
    verb.add_argument(
        "--column",
        nargs="+",
        metavar="CHAPTER=TITLE",
        type=_column,
        default=(),
        help="the titles that Canvas has for assignments, where it is not plain from them",
    )
    verb.add_argument(
        "--unmarked",
        action="store_true",
        help="give a platform the points so far of work that a person has still to mark",
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the table goes (default: term-grades.csv, or beside the platform's file)",
    )
    places(verb)


def _column(text):
    chapter, _, title = text.partition("=")
    if not title:
        raise argparse.ArgumentTypeError(f'{text!r} names no title: write 3="Homework 3"')
    return chapter, title


def _export(options):
    from nbjudge.course import Course
    from nbjudge.term import grades

    where = options.home, options.root, options.db, options.chapters
    given = options.canvas or options.moodle
    if options.canvas and options.moodle:
        raise ValueError("--canvas and --moodle fill in different files: give one at a time")
    if given:
        out = options.out or given.with_name(f"{given.stem}-graded.csv")
    else:
        out = options.out or Course(*where[:3]).root / "term-grades.csv"
    if options.canvas:
        done = grades.canvas(given, out, *where, options.column, options.unmarked)
    elif options.moodle:
        done = grades.moodle(given, out, *where, options.unmarked)
    else:
        done = grades.plain(out, *where)
    if options.json:
        print_json({"path": str(done.path), "count": done.count, "left": done.left})
        return 0
    print(f"{done.path}: {_count(done.count, 'student')}")
    for who, why in done.left.items():
        print(f"  no grade for {who}: {why}")
    return 0


# ---- feedback


def _feedback_options(verb):
    verb.add_argument("chapter", metavar="CHAPTER", help="number or name of an assignment")
    how = verb.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--moodle",
        type=Path,
        metavar="FILE",
        help="a zip for Moodle; FILE is its archive of submissions, or its grading worksheet",
    )
    how.add_argument(
        "--canvas",
        type=Path,
        metavar="FILE",
        help="a zip for Canvas; FILE is the submissions.zip that you have downloaded",
    )
    how.add_argument(
        "--mail",
        action="store_true",
        help="a table for a mail merge: addresses, a text, the pages to attach",
    )
    verb.add_argument(
        "--again", action="store_true", help="send what has not changed since it was sent, too"
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the file to write (default: in returned/ beside submitted/)",
    )
    places(verb)


def _feedback(options):
    from nbjudge.term import returned

    where = options.chapter, options.out, options.again, options.home, options.root, options.db
    if options.moodle:
        done = returned.moodle(options.moodle, *where)
    elif options.canvas:
        done = returned.canvas(options.canvas, *where)
    else:
        done = returned.mail(*where)
    if options.json:
        print_json(done._asdict() | {"path": str(done.path)})
        return 0
    print(f"{done.path}: {_count(len(done.students), 'student')}")
    if done.unchanged:
        print(f"  sent before and unchanged: {len(done.unchanged)}; --again sends them, too")
    for who, why in done.left.items():
        print(f"  no feedback for {who}: {why}")
    return 0


TERM_VERBS = {
    "mark": (
        _mark_options,
        _mark,
        "mark by hand what no test can: one answer after another, scheme in view",
        "Opens a page in the browser of this machine; nobody else can reach it. Points and comments"
        " go into the gradebook at once, and formgrader shows them too. With --json it only says"
        " how many answers wait.",
    ),
    "feedback": (
        _feedback_options,
        _feedback,
        "give feedback pages back through Moodle, Canvas or mail",
        "Writes a file that the platform takes, with the pages that have changed since they were"
        " sent last. nbgrader's exchange needs none: nbgrader release_feedback works on feedback/.",
    ),
    "export": (
        _export_options,
        _export,
        "write grades for Canvas, Moodle or a spreadsheet",
        "Without --canvas or --moodle a table of all students: names, points, states, and totals by"
        " the weights and drop_lowest of nbgrader_config.py. A platform's own table is filled in"
        " where a grade is final; everything else in it stays.",
    ),
    "roster": (
        _roster_options,
        _roster,
        "enter the students of a class list into the gradebook",
        "Names, addresses and the platform's numbers are taken over; what the list does not say of"
        " a known student stays. nbgrader db student import does the same for a table with"
        " nbgrader's columns.",
    ),
    "due": (
        _due_options,
        _due,
        "set or show due dates, and give single students more time",
        "Dates are shown in this machine's time and in UTC. One that could mean several moments is"
        " refused. Late penalties follow at once; feedback pages at the next nbjudge grade.",
    ),
    "collect": (
        _collect_options,
        _collect,
        "put hand-ins from a learning platform where they are graded",
        "Takes what Moodle, Canvas, Gradescope and Google Classroom export, checkouts of GitHub"
        " Classroom, and any folder or zip with a folder for each student. Shows first what it"
        " would do. A later hand-in takes the place of an earlier one, which is kept in"
        " submitted/.earlier. Exit status: 0 everything is in place, 1 something is not.",
    ),
}

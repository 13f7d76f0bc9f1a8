"""What the person who grades sees: progress with rate and time left, and a closing table."""

import contextlib
import sys
import time

from nbjudge.sandbox.levels import LEVELS, SUMMARIES
from nbjudge.states import WITHOUT_GRADE
from nbjudge.submission.flags import groups


class Lines:
    """One line for each submission: for logs and pipes."""

    def __init__(self, say=print):
        self.say = say

    def start(self, chapter, total, done):
        self.chapter, self.total, self.done, self.began, self.first = (
            chapter,
            total,
            done,
            time.monotonic(),
            done,
        )

    def step(self, row):
        self.done += 1
        rate = (self.done - self.first) / max(time.monotonic() - self.began, 1e-6)
        left = (self.total - self.done) / rate
        self.say(
            f"{self.chapter} {self.done}/{self.total} {row.student}: {row.state}"
            + (f" in {row.seconds:.1f} s" if row.state == "graded" else "")
            + (f": {row.remark}" if row.remark else "")
            + (
                f"  [{rate:.1f}/s, {left:.0f} s left]"
                if self.done % 50 == 0 and self.done < self.total
                else ""
            )
        )

    def finish(self):
        pass


class Bar:
    """A progress bar, and a line for each submission that needs a person: for terminals."""

    def __init__(self):
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )

    def start(self, chapter, total, done):
        self.bar.start()
        self.began, self.first = time.monotonic(), done
        self.task = self.bar.add_task(chapter, total=total, completed=done, rate="")

    def step(self, row):
        done = self.bar.tasks[self.task].completed + 1 - self.first
        self.bar.update(
            self.task, advance=1, rate=f"{done / max(time.monotonic() - self.began, 1e-6):.1f}/s"
        )
        if row.state in WITHOUT_GRADE:
            self.bar.console.print(
                f"{row.student}: {row.state}: {row.remark}", markup=False, highlight=False
            )

    def finish(self):
        self.bar.stop()


class Silence(Lines):
    """Nothing."""

    def __init__(self):
        super().__init__(lambda line: None)


def progress(say=None, quiet=False):
    """A progress display for where the output goes."""
    if quiet:
        return Silence()
    if say is None and sys.stdout.isatty():
        with contextlib.suppress(ImportError):
            return Bar()
    return Lines(say or print)


def summary(rows, look_alikes=(), inside=()):
    """Figures of a run, as plain data.

    Parameters
    ----------
    rows : list of Row
    look_alikes : list of (str, str, str, float)
        Chapter, two students, and how alike their code is.
    inside : list of str
        Tests whose points can be forged, because they run inside the student's process.

    Returns
    -------
    dict
    """
    chapters = {}
    for row in rows:
        one = chapters.setdefault(
            row.chapter,
            {
                "graded": 0,
                "unchanged": 0,
                "unreadable": 0,
                "failed": 0,
                "refused": 0,
                "flagged": 0,
                "to_be_marked": 0,
                "scores": [],
                "seconds": [],
            },
        )
        one[row.state] += 1
        one["flagged"] += bool(row.flags)
        one["to_be_marked"] += row.waiting
        if row.score is not None:
            one["scores"].append(row.score)
        if row.state == "graded":
            one["seconds"].append((row.seconds, row.student))
    for one in chapters.values():
        found, times = one.pop("scores"), one.pop("seconds")
        one["mean"] = round(sum(found) / len(found), 3) if found else None
        one["slowest"] = max(times, default=None)
    return {
        "chapters": chapters,
        "rows": [row._asdict() for row in rows],
        "alike": [list(pair) for pair in look_alikes],
        "inside": list(inside),
        "isolation": [level for level in LEVELS if level in {row.isolation for row in rows}],
        "complete": all(row.score is not None for row in rows),
    }


def isolation(rows):
    """The line that says how the submissions of a run were shut in; {} if none was graded.

    Parameters
    ----------
    rows : list of Row

    Examples
    --------
    >>> isolation([])
    {}
    """
    said = [f"{level} ({SUMMARIES[level]})" for level in summary(rows)["isolation"]]
    return {"isolation": ", ".join(said)} if said else {}


def print_table(rows, look_alikes, paths, inside=(), most_rows=60):
    """The closing table, what needs a person, and where the files lie."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 110)
    table = Table(
        "chapter",
        *map(_right, ("graded", "unchanged", "flagged", "failed", "to be marked", "mean")),
        "slowest",
        box=None,
        pad_edge=False,
    )
    for chapter, one in summary(rows)["chapters"].items():
        slow = f"{one['slowest'][0]:.1f} s {one['slowest'][1]}" if one["slowest"] else "-"
        table.add_row(
            chapter,
            str(one["graded"]),
            str(one["unchanged"]),
            str(one["flagged"]),
            str(one["failed"] + one["unreadable"] + one["refused"]),
            str(one["to_be_marked"]),
            _mean(one["mean"], one["to_be_marked"]),
            slow,
        )
    console.print()
    if len(rows) <= most_rows:
        console.print(_scores(rows))
        console.print()
    console.print(table)
    for title, chosen, words in (
        ("To be looked at, no grade:", [r for r in rows if r.score is None], lambda r: r.remark),
        (
            "Flagged, graded all the same:",
            [r for r in rows if r.flags and r.score is not None],
            lambda r: "; ".join(r.flags),
        ),
    ):
        if chosen:
            console.print(f"\n{title}", style="bold")
            lines = _told_once(chosen, words)
            for line in lines[:most_rows]:
                console.print(f"  {line}")
            if len(lines) > most_rows:
                console.print(f"  and {len(lines) - most_rows} more: --json lists all")
    if look_alikes:
        console.print("\nCode nearly the same:", style="bold")
        for chapter in sorted({pair[0] for pair in look_alikes}):
            for students, least in groups([pair[1:] for pair in look_alikes if pair[0] == chapter])[
                :most_rows
            ]:
                console.print(
                    f"  {chapter}: {', '.join(students)} ({least:.0%} of the unusual passages)"
                )
    print_inside(inside, console)
    console.print()
    for name, path in paths.items():
        console.print(f"{name:<9} {path}", soft_wrap=True)


def print_inside(tests, console=None):
    """Which tests ran where their points can be forged, and why.

    Parameters
    ----------
    tests : list of str
        As `selfgrade.judged_inside` gives them.
    console : rich.console.Console, optional
    """
    from rich.console import Console

    console = console or Console(highlight=False, markup=False, soft_wrap=True)
    if tests:
        console.print("\nRun inside the student's process, points can be forged:", style="bold")
    for line in tests:
        console.print(f"  {line}")


def print_rows(titles, rows):
    """A plain table; a title that starts with ">" stands over a column of numbers."""
    from rich.console import Console
    from rich.table import Table

    columns = [_right(title[1:]) if title.startswith(">") else title for title in titles]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(str, row))
    width = None if sys.stdout.isatty() else 110
    Console(highlight=False, markup=False, width=width).print(table)


def print_standing(rows):
    """What the gradebook holds: one line per submission, then one per assignment.

    Parameters
    ----------
    rows : list of Standing
    """
    print_rows(
        ("chapter", "student", ">score", ">of", ">late", ">to be marked", "state"),
        [
            (
                row.chapter,
                row.student,
                f"{row.score:.2f}",
                f"{row.most - row.open:g}",
                f"{-row.penalty:.2f}" if row.penalty else "",
                _open(row.open),
                row.state,
            )
            for row in rows
        ],
    )
    print()
    totals = []
    for chapter in dict.fromkeys(row.chapter for row in rows):
        mine = [row for row in rows if row.chapter == chapter]
        waiting = sum(row.waiting > 0 for row in mine)
        mean = sum(row.score for row in mine) / len(mine)
        totals.append((chapter, len(mine), waiting, _mean(mean, waiting), f"{mine[0].most:g}"))
    print_rows(("chapter", ">submissions", ">to be marked", ">mean", ">of"), totals)


def _open(points):
    """Points that a person has still to give, as a table has them.

    Examples
    --------
    >>> _open(3.0), _open(1.0), _open(0.0)
    ('3 points', '1 point', '')
    """
    return f"{points:g} point{'' if points == 1 else 's'}" if points else ""


def _mean(mean, waiting):
    """The mean of a class, and whether it can still rise.

    Examples
    --------
    >>> _mean(12.345, 0), _mean(12.345, 4), _mean(None, 0)
    ('12.35', '12.35 so far', '-')
    """
    return "-" if mean is None else f"{mean:.2f}{' so far' if waiting else ''}"


def _right(name):
    from rich.table import Column

    return Column(name, justify="right")


def _told_once(rows, words):
    """Who it is about and what.

    What is true of many students of an assignment stands there once.
    """
    about = {}
    for row in rows:
        about.setdefault((row.chapter, words(row)), []).append(row.student)
    return [
        f"{', '.join(filter(None, [_names(students), chapter]))}: {what}"
        for (chapter, what), students in about.items()
    ]


def _names(students, most=3):
    """The students, or how many they are.

    Examples
    --------
    >>> _names(["ann", "bob"]), _names(list("abcde"))
    ('ann, bob', '5 students')
    """
    return ", ".join(students) if len(students) <= most else f"{len(students)} students"


def _scores(rows):
    from rich.table import Table

    table = Table(
        "chapter",
        "student",
        _right("score"),
        _right("of"),
        _right("late"),
        _right("to be marked"),
        "state",
        box=None,
        pad_edge=False,
    )
    for row in rows:
        numbers = (
            ("-", "-", "-", "-")
            if row.score is None
            else (
                f"{row.score:.2f}",
                f"{row.most - row.open:g}",
                f"{-row.penalty:.2f}" if row.penalty else "",
                _open(row.open),
            )
        )
        before = "" if row.before is None else f", {row.before:.2f} before"
        table.add_row(row.chapter, row.student, *numbers, f"{row.state}{before}")
    return table

"""The picture of a class: pages with what the gradebook, the ledger and the notebooks hold.

Nothing is graded or run. The misconceptions are the messages that the tests gave.
"""

import contextlib
import json
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nbjudge import dates
from nbjudge.course import Course
from nbjudge.files import replace
from nbjudge.records import standing
from nbjudge.records.gradebook import Writer
from nbjudge.records.standing import MISSING, NO_GRADE
from nbjudge.reports import class_pages, pictures
from nbjudge.reports.class_pages import Part
from nbjudge.reports.feedback import ANSI, HEADING, VERDICT, number
from nbjudge.submission import flags, recognise
from nbjudge.submission.sanitise import grade_id, source_of
from nbjudge.term import grades, tables

# messages and pairs on a page
MOST_MESSAGES, MOST_PAIRS, LONGEST_PAIR = 30, 10, 8000
# students named beside a message; the CSV file has all
MOST_NAMES = 12
# students that a correlation needs
ENOUGH = 5


class Item(NamedTuple):
    """One graded cell over the class."""

    name: str
    # the heading of the problem that it belongs to
    problem: str
    most: float
    # of those who have a mark
    marked: int
    # share of the points; None: nobody has a mark
    mean: float | None
    # correlation with the rest of the score; None where it says nothing
    discrimination: float | None
    full: int
    none: int


class Message(NamedTuple):
    """What a test said, and to whom."""

    test: str
    text: str
    students: tuple


class Chapter(NamedTuple):
    """All that is known of one assignment."""

    name: str
    most: float
    # list of standing.Standing
    standings: list
    items: list
    messages: list
    # {student: cells to be marked}
    waiting: dict
    # {student: list of str}
    limits: dict
    flags: dict
    # list of (student, student, share)
    alike: list
    # {student: datetime or None}
    times: dict
    due: datetime | None
    # how lateness is punished, in words
    policy: str


def draw(folder=None, home=".", root=None, db=None, chapters=()):
    """Write the pages and tables of a class.

    Parameters
    ----------
    folder : path, optional
        Where they go; class-report/ beside submitted/ unless given.
    home, root, db
        As in `Course`.
    chapters : sequence of str
        None means all in the gradebook.

    Returns
    -------
    pathlib.Path
        The page of the course.

    Raises
    ------
    RuntimeError
        If matplotlib is not installed.
    """
    if not pictures.available():
        raise RuntimeError("pictures need matplotlib: pip install 'nbjudge[report]'")
    course = Course(home, root, db)
    found = standing.everybody(home, root, chapters, db)
    target = Path(folder) if folder else course.root / "class-report"
    target.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Writer(course.config)) as writer:
        known = [gathered(course, writer, found, name) for name in found.chapters]
    made = f"made {dates.shown(datetime.now(UTC))} from {len(found.people)} students"
    for chapter in known:
        parts = _chapter_parts(chapter, found, target)
        _pair_parts(course, chapter, found, parts)
        text = class_pages.page(chapter.name, made, parts, [("index.html", "the course")])
        replace(target / f"{chapter.name}.html", text)
    sums = grades.totals(found, grades.rules(course, found.chapters))
    links = [(f"{chapter.name}.html", chapter.name) for chapter in known]
    parts = _course_parts(known, found, sums, target)
    replace(target / "index.html", class_pages.page("The course", made, parts, links))
    return target / "index.html"


# ---- what is known


def gathered(course, writer, found, name):
    """Everything about one assignment.

    Parameters
    ----------
    course : Course
    writer : Writer
    found : standing.Class
    name : str

    Returns
    -------
    Chapter
    """
    scores, lines = writer.scores(name), writer.lines(name)
    cells, waiting = defaultdict(dict), defaultdict(int)
    for (student, notebook), one in scores.items():
        if found.standings[student, name].has_score:
            several = len({book for _, book in scores}) > 1
            for cell, score in one.cells.items():
                cells[f"{notebook}: {cell}" if several else cell][student] = score
            if one.waiting:
                waiting[student] += len(one.waiting)
    given = {
        path.stem: recognise.given(path)
        for path in sorted(course.folder("release", chapter=name).glob("*.ipynb"))
    }
    titles = {cell: title for one in given.values() for cell, title in headings(one).items()}
    prints, limits, flagged = defaultdict(list), defaultdict(list), defaultdict(list)
    for (student, _), line in lines.items():
        prints[student] += line.detail.get("fingerprints", [])
        limits[student] += line.detail.get("limits", [])
        flagged[student] += line.detail.get("flags", [])
    deadlines = writer.deadlines(name)
    return Chapter(
        name,
        found.most[name],
        [found.standings[student, name] for student in found.people],
        items(cells, titles),
        messages(_notebooks(writer, lines, name, given)),
        dict(waiting),
        {student: some for student, some in limits.items() if some},
        {student: some for student, some in flagged.items() if some},
        flags.look_alikes(prints),
        deadlines.times,
        deadlines.due,
        writer.policy,
    )


def headings(given):
    """The heading above each graded cell's answer.

    Parameters
    ----------
    given : Given

    Returns
    -------
    dict of str to str
        By grade_id.
    """
    found, heading, answered = {}, "", None
    for cell in given.cells:
        mark = cell.metadata.get("nbgrader", {})
        if not mark.get("solution") and (titles := HEADING.findall(cell.visible)):
            heading = titles[-1]
        if mark.get("solution") or answered is None:
            answered = heading
        if mark.get("grade") or mark.get("task"):
            found[cell.grade_id] = answered
    return found


def items(cells, titles=None):
    """Mean and discrimination of each graded cell.

    Parameters
    ----------
    cells : dict of str to dict of str to CellScore
        By cell and student.
    titles : dict of str to str, optional
        The problem of each cell.

    Returns
    -------
    list of Item
    """
    sums = defaultdict(float)
    for some in cells.values():
        for student, score in some.items():
            sums[student] += score.earned or 0.0
    found = []
    for name, some in cells.items():
        marked = {who: score.earned for who, score in some.items() if score.earned is not None}
        most = max((score.most for score in some.values()), default=0.0)
        mean = statistics.fmean(marked.values()) / most if marked and most else None
        rest = [sums[who] - earned for who, earned in marked.items()]
        found.append(
            Item(
                name,
                (titles or {}).get(name.rpartition(": ")[2], ""),
                most,
                len(marked),
                mean,
                correlation(list(marked.values()), rest),
                sum(earned >= most for earned in marked.values()),
                sum(earned <= 0 for earned in marked.values()),
            )
        )
    return found


def correlation(one, other):
    """Pearson's; None where too few are known or all are the same.

    Examples
    --------
    >>> round(correlation([0, 1, 2, 3, 4], [1, 3, 5, 7, 9]), 6)
    1.0
    >>> correlation([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]) is None
    True
    """
    if len(one) < ENOUGH or len(set(one)) < 2 or len(set(other)) < 2:
        return None
    return statistics.correlation(one, other)


def _notebooks(writer, lines, chapter, given):
    """(student, cells, {answer: stub}) of every notebook in autograded/."""
    for student, notebook in sorted(lines):
        path = writer.folder("autograded", student, chapter) / f"{notebook}.ipynb"
        stubs = {
            cell.grade_id: cell.source
            for cell in (given[notebook].cells if notebook in given else ())
            if cell.metadata.get("nbgrader", {}).get("solution")
        }
        with contextlib.suppress(OSError, ValueError, KeyError):
            yield student, json.loads(path.read_bytes())["cells"], stubs


def messages(notebooks):
    """What the tests said to whom, what was said most often first.

    A test of an answer that was left blank has nothing to say of a misconception.

    Parameters
    ----------
    notebooks : iterable of (str, list of dict, dict of str to str)
        Students, the cells of the notebooks that were run, and the answers' stubs.

    Returns
    -------
    list of Message
    """
    said = defaultdict(dict)
    for student, cells, stubs in notebooks:
        blank = False
        for cell in cells:
            mark, name = cell["metadata"].get("nbgrader", {}), grade_id(cell)
            if mark.get("solution"):
                blank = source_of(cell).strip() == stubs.get(name, "\0").strip()
            elif mark.get("grade") and cell["cell_type"] == "code" and not blank:
                for text in _told(cell.get("outputs", [])):
                    said[name, text][student] = None
    found = [Message(test, text, tuple(students)) for (test, text), students in said.items()]
    return sorted(found, key=lambda one: (-len(one.students), one.test, one.text))


def _told(outputs):
    """The messages in a test's outputs: of what failed, or of its error."""
    for output in outputs:
        if output["output_type"] == "error":
            yield f"{output['ename']}: {output['evalue']}".partition("\n")[0]
        elif output["output_type"] == "stream":
            for line in ANSI.sub("", "".join(output["text"])).splitlines():
                match = VERDICT.fullmatch(line)
                if match and match[1] == "FAILED":
                    yield match[2]


# ---- the parts of the pages


def _table(target, name, columns, rows):
    """Write the CSV beside a picture; its name."""
    heads = [column.removeprefix(">") for column in columns]
    tables.write(target / name, [heads, *rows])
    return name


def _share(value):
    return "" if value is None else f"{value:.2f}"


def _named(found, students):
    return "; ".join(found.people[who].name or who for who in students if who in found.people)


def _some(found, students):
    more = len(students) - MOST_NAMES
    return _named(found, students[:MOST_NAMES]) + (f"; and {more} more" if more > 0 else "")


def _chapter_parts(chapter, found, target):
    scored = [one for one in chapter.standings if one.has_score]
    name, values = chapter.name, [one.score for one in scored]
    parts = [_distribution(chapter, found, scored, values, target)]
    columns = (
        "item",
        "problem",
        ">points",
        ">marked",
        ">mean share",
        ">discrimination",
        ">full",
        ">none",
    )
    rows = tuple(
        (
            i.name,
            i.problem,
            number(i.most),
            i.marked,
            _share(i.mean),
            _share(i.discrimination),
            i.full,
            i.none,
        )
        for i in chapter.items
    )
    known = [one for one in chapter.items if one.mean is not None]
    parts.append(
        Part(
            "Problems and tests",
            "Discrimination is the correlation of an item with the rest of the score: near 0 or"
            " below, it does not tell good work from weak.",
            pictures.items(
                [one.name for one in known],
                [one.mean for one in known],
                [one.discrimination for one in known],
            )
            if known
            else "",
            columns,
            rows,
            _table(target, f"{name}-items.csv", columns, rows),
        )
    )
    columns = ("test", "message", ">students", "who")
    every = tuple(
        (one.test, one.text, len(one.students), _named(found, one.students))
        for one in chapter.messages
    )
    shown = tuple(
        (one.test, one.text, len(one.students), _some(found, one.students))
        for one in chapter.messages[:MOST_MESSAGES]
    )
    parts.append(
        Part(
            "Commonest messages",
            "Of the tests, to those who have written an answer."
            if every
            else "No test has said anything about an answer.",
            "",
            columns,
            shown,
            _table(target, f"{name}-messages.csv", columns, every),
        )
    )
    parts += _times(chapter, found, scored, target)
    for title, some in (
        ("Answers to be marked", chapter.waiting),
        ("Limits that were hit", chapter.limits),
        ("Flags", chapter.flags),
    ):
        told = tuple(
            (who, _named(found, [who]), what if isinstance(what, int) else "; ".join(what))
            for who, what in sorted(some.items())
        )
        parts.append(Part(title, "" if told else "None.", "", ("student", "name", "what"), told))
    return parts


def _distribution(chapter, found, scored, values, target):
    columns = ("student", "name", "state", ">score", ">of", ">penalty")
    rows = tuple(
        (
            one.student,
            found.people[one.student].name,
            grades.state(one),
            number(one.score) if one in scored else "",
            number(one.most - one.open),
            number(one.penalty) if one.penalty else "",
        )
        for one in chapter.standings
    )
    away = [one for one in chapter.standings if one.state in (MISSING, NO_GRADE)]
    said = "Nobody has a grade."
    if values:
        waiting = sum(one.open > 0 for one in scored)
        said = (
            f"{len(values)} graded, mean {number(statistics.fmean(values))} and median"
            f" {number(statistics.median(values))} of {number(chapter.most)}; {len(away)} without a"
            " grade."
        )
        if waiting:
            said += f" So far: {waiting} have answers that are still to be marked."
    return Part(
        "Scores",
        said,
        pictures.histogram(values, chapter.most, "points") if values and chapter.most else "",
        columns,
        rows,
        _table(target, f"{chapter.name}-scores.csv", columns, rows),
    )


def _times(chapter, found, scored, target):
    """When it was handed in; nothing without a due date and times."""
    points = [(one, chapter.times[one.student]) for one in scored if chapter.times.get(one.student)]
    if chapter.due is None or not points:
        said = "There is no due date." if chapter.due is None else "No hand-in has a time."
        return [Part("Time of hand-in and score", said)]
    hours = [(when - chapter.due).total_seconds() / 3600 for _, when in points]
    columns = ("student", "name", ">hours after the due date", ">score")
    rows = tuple(
        (one.student, found.people[one.student].name, f"{hour:.2f}", number(one.score))
        for (one, _), hour in zip(points, hours, strict=True)
    )
    late = sum(hour > 0 for hour in hours)
    return [
        Part(
            "Time of hand-in and score",
            f"Due {dates.shown(chapter.due)}; {late} of {len(points)} came later. Late:"
            f" {chapter.policy}.",
            pictures.scatter(hours, [one.score for one, _ in points], chapter.most),
            columns,
            rows,
            _table(target, f"{chapter.name}-times.csv", columns, rows),
        )
    ]


def _pair_parts(course, chapter, found, parts):
    """Similar submissions, side by side."""
    more = []
    for one, other, share in chapter.alike[:MOST_PAIRS]:
        texts = [_answers(course, who, chapter.name)[:LONGEST_PAIR] for who in (one, other)]
        names = [_named(found, [who]) or who for who in (one, other)]
        more.append(f"<h3>{share:.0%} of the unusual passages</h3>")
        more.append(class_pages.side_by_side(names, texts))
    count = len(chapter.alike)
    pairs = "1 pair" if count == 1 else f"{count} pairs"
    said = f"{pairs}; what both have is marked." if more else "None."
    left = len(chapter.alike) - MOST_PAIRS
    said += f" The {MOST_PAIRS} most alike are shown." if left > 0 else ""
    parts.append(Part("Similar submissions", said, more="\n".join(more)))


def _answers(course, student, chapter):
    """The code that a student wrote, as it was graded."""
    texts = []
    for path in sorted(course.folder("autograded", student, chapter).glob("*.ipynb")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            for cell in json.loads(path.read_bytes())["cells"]:
                mark = cell["metadata"].get("nbgrader", {})
                if cell["cell_type"] == "code" and (mark.get("solution") or not mark):
                    texts.append(source_of(cell))
    return "\n\n".join(texts)


def _course_parts(known, found, sums, target):
    columns = ("assignment", ">graded", ">missing", ">no grade", ">to be marked", ">mean share")
    rows, means, spreads, names = [], [], [], []
    for chapter in known:
        scored = [one for one in chapter.standings if one.has_score]
        shares = sorted(one.score / one.most for one in scored if one.most)
        mean = statistics.fmean(shares) if shares else None
        states = [one.state for one in chapter.standings]
        rows.append(
            (
                chapter.name,
                len(scored),
                states.count(MISSING),
                states.count(NO_GRADE),
                sum(chapter.waiting.values()),
                _share(mean),
            )
        )
        if mean is not None:
            low, _, high = statistics.quantiles(shares, n=4) if len(shares) > 1 else shares * 3
            names.append(chapter.name)
            means.append(mean)
            spreads.append((max(low, 0.0), min(high, 1.0)))
    parts = [
        Part(
            "Assignments",
            "",
            pictures.chapters(names, means, spreads) if names else "",
            columns,
            tuple(rows),
            _table(target, "assignments.csv", columns, rows),
        )
    ]
    percents = [one.percent for one in sums.values() if one.percent is not None]
    columns = ("student", "name", ">total %", "total is", "missing", "did not count")
    rows = tuple(
        (
            who,
            found.people[who].name,
            "" if one.percent is None else number(one.percent),
            grades.finality(one),
            ", ".join(n for n in found.chapters if found.standings[who, n].state == MISSING),
            ", ".join(one.dropped),
        )
        for who, one in sums.items()
    )
    parts.append(
        Part(
            "Totals",
            "By the weights and drop_lowest of nbgrader_config.py; what is missing counts as 0.",
            pictures.histogram(percents, 100, "percent") if percents else "",
            columns,
            rows,
            _table(target, "totals.csv", columns, rows),
        )
    )
    return parts

"""What comes of a run for people.

A row for each student's assignment, and the feedback pages that have changed.
"""

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import NamedTuple

from nbjudge.files import replace
from nbjudge.records.gradebook import Line
from nbjudge.records.scores import by_student
from nbjudge.reports import feedback
from nbjudge.states import GRADED, UNCHANGED, WITHOUT_GRADE

SECRET, KEY = "submission_secret.txt", "exchange-key"
# scores that differ by less are the same
SAME = 1e-9


class Row(NamedTuple):
    """What became of one student's assignment."""

    chapter: str
    student: str
    # one of `states`
    state: str
    remark: str = ""
    flags: tuple = ()
    seconds: float = 0.0
    # after the late penalty; None: it has no grade
    score: float | None = None
    most: float = 0.0
    penalty: float = 0.0
    # cells that a person has to mark
    waiting: int = 0
    # the level of isolation of a submission that was graded
    isolation: str = ""
    # the score that grading has changed; None: it has not, or there was none
    before: float | None = None
    # points that a person has still to give
    open: float = 0.0


def row(plan, student, parts, total=None, before=None):
    """One student's row from the parts of the assignment's notebooks.

    Parameters
    ----------
    plan : Plan
    student : str
    parts : dict of (str, str) to Part
    total : Total, optional
        The student's scores; None while they are not known.
    before : float, optional
        The score from the last time.

    Returns
    -------
    Row
    """
    mine = {
        spec.notebook: parts[student, spec.notebook]
        for spec in plan.specs
        if (student, spec.notebook) in parts
    }
    states = [part.state for part in mine.values()]
    state = next((one for one in (*WITHOUT_GRADE, GRADED) if one in states), UNCHANGED)
    several = len(plan.specs) > 1
    remarks = [
        f"{notebook}: {part.remark}" if several else part.remark
        for notebook, part in mine.items()
        if part.remark
    ]
    found = Row(
        plan.chapter,
        printable(student),
        state,
        "; ".join(dict.fromkeys(remarks)),
        tuple(dict.fromkeys(flag for part in mine.values() for flag in part.flags)),
        sum(part.seconds for part in mine.values()),
        isolation=max((part.isolation for part in mine.values()), default=""),
    )
    if state in WITHOUT_GRADE or total is None:
        return found
    changed = before is not None and abs(before - total.score) > SAME
    return found._replace(
        score=total.score,
        most=total.most,
        penalty=total.penalty,
        waiting=total.waiting,
        open=total.open,
        before=before if changed else None,
    )


def rows(plan, parts, scores, before=None):
    """The rows of an assignment in the order of the students.

    `scores` as `records.scores.scores` gives them; `before`, the total of each student who had one.
    """
    totals, earlier = by_student(scores), before or {}
    return [
        row(plan, student, parts, totals.get(student), earlier.get(student))
        for student in plan.students
    ]


def printable(name):
    """A name that every terminal and file can show, whatever bytes it is made of.

    Examples
    --------
    >>> printable("M\\udcfcller")
    'M\\\\xfcller'
    """
    return (
        "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in name)
        .encode("utf-8", "backslashreplace")
        .decode()
    )


def pages(plan, writer, scores, lines):
    """Write every feedback page that would not say the same as the one that lies there.

    Parameters
    ----------
    plan : Plan
    writer : Writer
    scores : dict of (str, str) to NotebookScores
    lines : dict of (str, str) to Line
        What the ledger holds of the assignment.
    """
    names = writer.names()
    for spec in plan.specs:
        for student in plan.students:
            key = student, spec.notebook
            if key in scores:
                whose = feedback.Student(student, names.get(student, ""))
                _page(spec, whose, writer, scores[key], lines.get(key, Line()))
    for student in plan.students:
        _for_exchange(writer, student, plan.chapter)


def _for_exchange(writer, student, chapter):
    """What nbgrader's release_feedback wants beside a page.

    The secret of a hand-in that came through the exchange opens its feedback. Any other gets one
    that nobody can guess: release_feedback would stop for the whole class without.
    """
    pages = writer.folder("feedback", student, chapter)
    if not pages.is_dir():
        return
    handed_in = writer.folder("autograded", student, chapter)
    for name, otherwise in (
        ("timestamp.txt", lambda: ""),
        (SECRET, lambda: _secret(writer, pages)),
    ):
        path = pages / name
        try:
            text = (handed_in / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            text = otherwise()
        if not path.exists() or path.read_bytes() != text.encode():
            replace(path, text)


def _secret(writer, pages):
    """A secret of one student's pages, the same at every run: made from a key of the course."""
    path = Path(writer.layout.root, ".nbjudge", KEY)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, secrets.token_hex(), private=True)
    whose = "/".join(pages.parts[-2:]).encode("utf-8", "surrogateescape")
    return hmac.new(path.read_bytes(), whose, hashlib.sha256).hexdigest()


def _page(spec, whose, writer, scores, line):
    said = [whose, line.key, scores.cells, scores.comments, scores.penalty, feedback.version()]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    target = writer.folder("feedback", whose.id, spec.chapter) / f"{spec.notebook}.html"
    if line.feedback == digest and feedback.is_whole(target):
        return
    cells = writer.cells(spec, whose.id, line)
    if cells is None:
        return
    page = feedback.page(spec, cells, scores, line.detail.get("limits", ()), whose)
    target.parent.mkdir(parents=True, exist_ok=True)
    replace(target, page)
    writer.note_feedback(spec.chapter, whose.id, spec.notebook, digest)

"""Who is in the course, and when each has to hand in."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from nbjudge import dates
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer
from nbjudge.term import tables

# what becomes of a student of the list, or of one who is in the gradebook alone
NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
NOT_LISTED, WITHDRAWN, BACK = "not in the list", "withdrawn", "back"


class Entry(NamedTuple):
    """What becomes of one student."""

    id: str
    name: str
    email: str
    state: str


class Due(NamedTuple):
    """When an assignment is due."""

    chapter: str
    # "" if it is not
    when: str
    # {student: when, with the extension}
    extensions: dict
    # hand-ins, and those of them without a time
    hand_ins: int
    timeless: int


def enter(path, home=".", root=None, db=None, withdraw=False, dry_run=False):
    """Bring the gradebook's students into line with a class list.

    Parameters
    ----------
    path : path
        As `tables.roster` reads it.
    home, root, db
        As in `Course`.
    withdraw : bool
        Whether those who are in the gradebook alone have withdrawn.
    dry_run : bool
        Whether to say only what would be done.

    Returns
    -------
    list of Entry
    """
    path = Path(path)
    listed = {one.id: one for one in tables.roster(path.read_bytes(), str(path))}
    course = Course(home, root, db)
    with contextlib.closing(Writer(course.config)) as writer:
        known, away = {one.id: one for one in writer.people()}, writer.withdrawn()
        entries = [
            Entry(one.id, one.name, one.email, _state(one, known, away)) for one in listed.values()
        ]
        gone = away - set(listed)
        if withdraw:
            gone |= set(known) - set(listed)
        entries += [
            Entry(one.id, one.name, one.email, WITHDRAWN if one.id in gone else NOT_LISTED)
            for one in known.values()
            if one.id not in listed
        ]
        if not dry_run:
            writer.enter_people(list(listed.values()))
            writer.set_withdrawn(gone)
    return entries


def _state(person, known, away):
    if person.id in away:
        return BACK
    if person.id not in known:
        return NEW
    merged = [new or old for new, old in zip(person, known[person.id], strict=True)]
    return UNCHANGED if merged == list(known[person.id]) else CHANGED


def due(chapter=None, when=(), extensions=(), home=".", root=None, db=None):
    """Set and tell due dates.

    Parameters
    ----------
    chapter : str, optional
        Number or name of an assignment; none means to tell those of all.
    when : sequence of datetime or None
        The new due date, if there is one; a None in it takes the date away.
    extensions : sequence of (str, timedelta or None)
        More time for single students, or none.
    home, root, db
        As in `Course`.

    Returns
    -------
    due : list of Due
    policy : str
        How lateness is punished.
    """
    course = Course(home, root, db)
    chosen = course.chapters([chapter] if chapter else [])
    with contextlib.closing(Writer(course.config)) as writer:
        for name in chosen if chapter else ():
            for date in when:
                writer.set_due(name, date)
            for student, span in extensions:
                writer.extend(name, student, span)
            if name in writer.chapters():
                writer.set_penalties(name)
        there = set(writer.chapters())
        return [_due(name, writer) for name in chosen if name in there], writer.policy


def _due(chapter, writer):
    found, handed_in = writer.deadlines(chapter), {who for who, _ in writer.lines(chapter)}
    return Due(
        chapter,
        dates.shown(found.due) if found.due else "",
        {
            student: dates.shown(found.due + span) if found.due else f"+{span}"
            for student, span in found.extensions.items()
        },
        len(handed_in),
        sum(found.times.get(student) is None for student in handed_in),
    )

"""How learning platforms export hand-ins: recognised by what they hold, not by their name.

Every layout is turned into the same: hand-ins, each with what the platform says of its student,
its time, and its files.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nbjudge.term.archives import Found, in_folder
from nbjudge.term.tables import classroom_roster, moodle_worksheet

MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w+?(?:_(?P<file>.*))?")
CANVAS = re.compile(
    r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_(?:(?P<file_id>\d+)_(?P<file>.+)|text\.html"
    r"|link\.html)"
)
ANONYMOUS = re.compile(r"anon_(?P<user>\w+?)_(?P<file_id>\d+)_(?P<file>.+)")
GOOGLE = re.compile(r"(?P<name>[^\d][^-]*?) - (?P<file>.+)")
METADATA = "submission_metadata.yml"
# bytes of a platform's own tables
MOST_METADATA = 64 << 20
GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")


class Claim(NamedTuple):
    """What an export says of a student; "" where it says nothing."""

    name: str = ""
    id: str = ""
    email: str = ""
    # the platform's own number of the student
    lms: str = ""
    # other names that may be the student's: those of folders above
    also: tuple = ()


class HandIn(NamedTuple):
    """What a student handed in at one time."""

    platform: str
    who: Claim
    # list of Found, their paths below the hand-in
    files: list
    # with its zone; None: the export does not say
    time: datetime | None = None
    late: bool = False


class Beside(NamedTuple):
    """What tables that lie beside an export say."""

    # Moodle's grading worksheets: Participant by number
    moodle: dict
    # GitHub Classroom's roster: (identifier, name) by user
    github: dict


class Layout(NamedTuple):
    """One platform's."""

    name: str
    # called with a list of Found: whether it is this one
    fits: Callable[[list], bool]
    # called with path, list of Found, and Beside: list of HandIn
    read: Callable[[Path, list, Beside], list]


def recognise(path, files, beside=None):
    """The hand-ins of one export.

    Parameters
    ----------
    path : path
        Where the export lies.
    files : list of Found
    beside : Beside, optional

    Returns
    -------
    list of HandIn
    """
    path, beside = Path(path), beside or Beside({}, {})
    for layout in LAYOUTS:
        if layout.fits(files):
            return layout.read(path, files, beside)
    if repositories := _repositories(path):
        return [_checkout(folder, user, beside) for folder, user in repositories]
    return _plain(path, files)


# ---- Gradescope


def _is_gradescope(files):
    return any(one.name == METADATA for one in files)


def _gradescope(path, files, beside):
    """Gradescope's *Export Submissions*: a folder for each submission, and a table of all.

    submission_metadata.yml has an entry for each folder with ``:submitters`` (``:name``, ``:sid``,
    ``:email``) and ``:created_at``. https://gradescope-autograders.readthedocs.io describes the
    same fields of a single submission; a group's submission counts for each of its members.
    """
    import yaml

    table = next(one for one in files if one.name == METADATA)
    depth = len(table.parts) - 1
    try:
        said = yaml.load(
            table.read(MOST_METADATA), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{METADATA} in {path} cannot be read: {error}") from None
    by_folder = {}
    for one in files:
        if len(one.parts) > depth + 1:
            by_folder.setdefault(one.parts[depth], []).append(one.below(depth + 1))
    found = []
    for folder, entry in (said if isinstance(said, dict) else {}).items():
        for who in entry.get(":submitters") or [{}]:
            claim = Claim(*(str(who.get(key) or "") for key in (":name", ":sid", ":email")))
            when = entry.get(":created_at")
            when = when if isinstance(when, datetime) else None
            if when is not None and when.tzinfo is None:
                when = when.replace(tzinfo=UTC)  # YAML gives a time with an offset in UTC
            found.append(HandIn("Gradescope", claim, by_folder.get(str(folder), []), when))
    return found


# ---- Moodle


def _moodle_parts(one):
    """Where in a path Moodle's name of a submission stands; (place, match)."""
    for place, part in enumerate(one.parts):
        if match := MOODLE.fullmatch(part):
            return place, match
    return None


def moodle_student(found):
    """(full name, participant's number) of a file that Moodle has named; None for any other.

    Parameters
    ----------
    found : Found
    """
    where = _moodle_parts(found)
    return where and (where[1]["name"], where[1]["id"])


def _is_moodle(files):
    return any(map(_moodle_parts, files))


def _moodle(path, files, beside):
    """Moodle's *Download all submissions*, in folders or not.

    Folders are called ``Full name_1234_assignsubmission_file_``; without folders that stands
    before each file's name. The number is the participant's in this assignment alone; the grading
    worksheet, if it is given too, says whose it is and when it was handed in
    (https://docs.moodle.org, Assignment activity; mod/assign/locallib.php of Moodle).
    """
    found = {}
    for one in files:
        if (where := _moodle_parts(one)) is None:
            continue
        place, match = where
        below = one.below(place + 1)
        if not below.parts:  # without folders
            below = one._replace(parts=(match["file"] or one.name,))
        found.setdefault((match["name"], match["id"]), []).append(below)
    hand_ins = []
    for (name, number), some in found.items():
        row = beside.moodle.get(number)
        claim = Claim(row.name, row.id, row.email) if row else Claim(name)
        hand_ins.append(HandIn("Moodle", claim, some, row.time if row else None))
    return hand_ins


# ---- Canvas


def _canvas_match(name):
    return CANVAS.fullmatch(name) or ANONYMOUS.fullmatch(name)


def _is_canvas(files):
    found = [bool(_canvas_match(one.name)) for one in files]
    return bool(found) and 2 * sum(found) > len(found)


def _canvas(path, files, beside):
    """Canvas's *Download Submissions*: files in one folder.

    They are called ``lastfirst_LATE_USER_FILE_exercises-1.ipynb``: the name without blanks, LATE if
    it was, numbers of the student and of the file, and the file's own name, to which Canvas adds
    -1, -2, … when a student hands in again (https://community.canvaslms.com, "How do I download
    all student submissions for an assignment?"). The file's number grows with time; the time itself
    is not told.
    """
    found, late = {}, set()
    for one in sorted(files, key=lambda one: _file_id(one.name)):
        match = _canvas_match(one.name)
        parts = match.groupdict() if match else {}
        claim = Claim(parts.get("name") or one.name, lms=parts.get("user") or "")
        name = parts.get("file") or one.name
        found.setdefault(claim, []).append(one._replace(parts=(name,)))
        late |= {claim} if parts.get("late") else set()
    return [HandIn("Canvas", who, some, late=who in late) for who, some in found.items()]


def canvas_students(files):
    """What Canvas calls each student's last notebook, without its ending, and whose it is.

    Parameters
    ----------
    files : list of Found

    Returns
    -------
    dict of str to Claim
    """
    last = {}
    for one in sorted(files, key=lambda one: _file_id(one.name)):
        match = _canvas_match(one.name)
        if match and one.name.lower().endswith(".ipynb"):
            parts = match.groupdict()
            claim = Claim(parts.get("name") or "", lms=parts["user"])
            last[claim] = one.name[: -len(".ipynb")]
    return {name: claim for claim, name in last.items()}


def _file_id(name):
    match = _canvas_match(name)
    return int(match["file_id"] or 0) if match else 0


# ---- Google Classroom


def _is_google(files):
    books = [one for one in files if one.name.endswith(".ipynb")]
    named = [bool(GOOGLE.fullmatch(one.name)) for one in books]
    return bool(named) and 2 * sum(named) > len(named)


def _google(path, files, beside):
    """Google Classroom's folder in Drive, downloaded: files of all students in one folder.

    A copy that was made for each student is called ``Student's name - title``; Drive adds (1) to a
    second of the same name (https://support.google.com/edu/classroom, "Create an assignment": make
    a copy for each student). A file that a student uploaded carries no name.
    """
    found = {}
    for one in files:
        match = GOOGLE.fullmatch(one.name)
        claim = Claim(match["name"]) if match else Claim()
        name = match["file"] if match else one.name
        found.setdefault(claim, []).append(one._replace(parts=(name,)))
    return [HandIn("Google Classroom", who, some) for who, some in found.items()]


# ---- GitHub Classroom


def _repositories(path):
    """(folder, user) of each checkout in a folder."""
    if not path.is_dir():
        return []
    folders = sorted(one for one in path.iterdir() if (one / ".git").exists())
    names = [one.name for one in folders]
    slug = path.name.removesuffix("-submissions")
    if not all(name.startswith(f"{slug}-") for name in names):
        slug = os.path.commonprefix(names).rpartition("-")[0] if len(names) > 1 else ""
    return [(one, one.name.removeprefix(f"{slug}-") if slug else one.name) for one in folders]


def _checkout(folder, user, beside):
    """A checkout of GitHub Classroom, one folder for each student.

    ``gh classroom clone student-repos`` makes a folder ``ASSIGNMENT-submissions`` with the
    checkouts ``ASSIGNMENT-USER`` (https://docs.github.com, "Using GitHub Classroom with GitHub
    CLI"). The time is that of the last commit, which its author's computer says.
    """
    identifier, name = beside.github.get(user, ("", ""))
    claim = Claim(name, identifier or user)
    return HandIn("GitHub Classroom", claim, in_folder(folder), _last_commit(folder))


def _last_commit(folder):
    """When the last commit of a checkout was made; None if git cannot say."""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        said = subprocess.run(
            [*GIT, "-C", folder, "log", "-1", "--no-show-signature", "--format=%cI"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return datetime.fromisoformat(said.stdout.strip())
    return None


# ---- a plain folder or archive


def _plain(path, files):
    """A folder for each student, or a notebook called after each.

    A folder that holds everything is passed over, and so is submitted/; a file whose path leads out
    of it is no reason to take the folder for a student.
    """
    sound = [one for one in files if not one.trouble] or files
    depth, found = _common_depth(sound), {}
    for one in files:
        below = one.below(depth) if one.parts[:depth] == sound[0].parts[:depth] else one
        key = below.parts[0] if len(below.parts) > 1 else Path(below.name).stem
        found.setdefault(key, []).append(below.below(1) if len(below.parts) > 1 else below)
    above = sound[0].parts[:depth] if len(found) == 1 else ()
    return [HandIn("a folder", Claim(name, name, also=above), some) for name, some in found.items()]


def _common_depth(files):
    """How many folders all files share and that are no student's.

    The last one is if it holds several notebooks, each a student's.
    """
    if len({one.parts[0] for one in files}) != 1 or any(len(one.parts) < 2 for one in files):
        return 0
    inside = [one.below(1) for one in files]
    books = [one for one in inside if len(one.parts) == 1 and one.name.endswith(".ipynb")]
    if len(books) > 1 or all(len(one.parts) > 1 for one in inside):
        return 1 + _common_depth(inside)
    return 0


LAYOUTS = (
    Layout("Gradescope", _is_gradescope, _gradescope),
    Layout("Moodle", _is_moodle, _moodle),
    Layout("Canvas", _is_canvas, _canvas),
    Layout("Google Classroom", _is_google, _google),
)


def read_beside(found: Found):
    """A table that comes beside an export; None if a file is none.

    Parameters
    ----------
    found : Found

    Returns
    -------
    Beside or None
    """
    if found.trouble or not found.name.lower().endswith(".csv"):
        return None
    data = found.read(MOST_METADATA)
    moodle, github = moodle_worksheet(data), classroom_roster(data)
    return None if moodle is github is None else Beside(moodle or {}, github or {})

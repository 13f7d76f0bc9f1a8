"""Hand-ins from a learning platform into submitted/, each where `nbjudge grade` expects it.

First everything is looked at and shown; only then are files written. What lies in submitted/ is
replaced by a later hand-in alone, and kept in submitted/.earlier.
"""

import contextlib
import re
import shutil
import unicodedata
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sqlalchemy import make_url

from nbjudge import dates
from nbjudge.course import Course
from nbjudge.files import replace
from nbjudge.records import people as persons
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person
from nbjudge.submission import recognise
from nbjudge.submission.collect import (
    MAX_BYTES,
    MAX_EXTRA,
    MOST_FILES,
    SKIPPED,
    UnreadableError,
    cells_of,
)
from nbjudge.term import archives, layouts

# what can become of a hand-in
NEW, REPLACES, UNCHANGED = "new", "replaces an earlier one", "unchanged"
OLDER, NOT_COUNTED, NOT_PLACED = "older than what is there", "does not count", "not placed"
PLACED = (NEW, REPLACES)
EARLIER = ".earlier"
LONGEST_PART = 200
# notebooks of one hand-in that are looked into
MOST_BOOKS = 20
COPY = re.compile(r"[-_ ]*\(\d+\)$|-\d+$")


class Row(NamedTuple):
    """What becomes of one hand-in."""

    state: str
    chapter: str
    student: str
    name: str = ""
    # "" if the export does not say
    time: str = ""
    remark: str = ""
    platform: str = ""
    files: tuple = ()


class Collected(NamedTuple):
    """All that a collection brings."""

    # list of Row
    rows: list
    # {chapter: list of Person} who have nothing in submitted/
    missing: dict
    # whether files have been written
    placed: bool


class Notebook(NamedTuple):
    """A notebook that has been recognised."""

    found: archives.Found
    chapter: str
    notebook: str
    solved: bool
    # placed all the same: nbjudge grade says what is wrong with it
    broken: bool = False


class Candidate(NamedTuple):
    """One hand-in of one assignment by one student."""

    hand_in: layouts.HandIn
    person: Person
    chapter: str
    # {notebook: Notebook}
    notebooks: dict
    # what cannot be taken over
    remarks: tuple

    def rank(self):
        """What counts: solved before blank, later before earlier, then what came after."""
        solved = any(one.solved for one in self.notebooks.values())
        time = self.hand_in.time or datetime.min.replace(tzinfo=UTC)
        copies = max(_copy_number(one.found.name) for one in self.notebooks.values())
        return solved, time, copies


def collect(paths, home=".", root=None, db=None, chapter=None, time=None, agree=None, new=False):
    """Collect hand-ins.

    Parameters
    ----------
    paths : sequence of path
        Exports of learning platforms, and Moodle's grading worksheets beside their archives.
    home, root, db
        As in `Course`.
    chapter : str, optional
        Which assignment these are; recognised from each notebook unless given.
    time : datetime, optional
        When they were handed in, where the export does not say.
    agree : callable, optional
        Called with a `Collected`: whether its rows are to be carried out.
    new : bool
        Take students in who are not in the gradebook although others are.

    Returns
    -------
    Collected

    Raises
    ------
    ValueError
        If a file is missing or no export, or an assignment is unknown.
    """
    course = Course(home, root, db)
    wanted = course.chapters([chapter], "release")[0] if chapter else None
    known, away = _roster(course)
    given = [
        recognise.given(path)
        for name in course.chapters(step="release")
        for path in sorted(course.folder("release", chapter=name).glob("*.ipynb"))
    ]
    with contextlib.ExitStack() as stack:
        hand_ins = [
            one._replace(files=[file for found in one.files for file in archives.nested(found)])
            for one in _hand_ins(paths, stack)
        ]
        if time is not None:
            hand_ins = [one._replace(time=one.time or time) for one in hand_ins]
        rows, candidates = [], []
        for one in hand_ins:
            _sort_out(one, known, given, wanted, new, rows, candidates)
        chosen = _chosen(candidates, rows)
        plans = [_plan(course, one) for one in chosen]
        rows += [row for row, _ in plans]
        rows.sort(key=lambda row: (row.chapter, row.student, row.state != NEW))
        chapters = sorted({row.chapter for row in rows if row.chapter} | {wanted} - {None})
        result = Collected(rows, _missing(course, known, away, chapters, rows), False)
        if agree is None or not agree(result):
            return result
        enrolled = {one.id for one in known}
        fresh = {one.person.id: one.person for one in chosen if one.person.id not in enrolled}
        if fresh:
            with contextlib.closing(Writer(course.config)) as writer:
                writer.enter_people(list(fresh.values()))
        for row, contents in plans:
            if row.state in PLACED:
                _place(course, row, contents)
    return result._replace(placed=True)


def _roster(course):
    """(students, ids of those who have withdrawn); reading makes no gradebook."""
    url = make_url(course.db)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return [], set()
    with contextlib.closing(Writer(course.config)) as writer:
        return writer.people(), writer.withdrawn()


def _hand_ins(paths, stack):
    """All hand-ins of all files, with what the tables beside them say."""
    exports, beside = [], layouts.Beside({}, {})
    for path in map(Path, paths):
        files = stack.enter_context(archives.opened(path))
        if not files:
            raise ValueError(f"{path} holds no files: name what your platform exported")
        # a table of the platform is a file of its own; one in an archive may be a student's
        said = layouts.read_beside(files[0]) if path.is_file() and len(files) == 1 else None
        if said:
            beside.moodle.update(said.moodle)
            beside.github.update(said.github)
        else:
            exports.append((path, files))
    if not exports:
        raise ValueError("these are tables without hand-ins: name the export beside them, too")
    return [one for path, files in exports for one in layouts.recognise(path, files, beside)]


def _sort_out(hand_in, known, given, wanted, new, rows, candidates):
    """Whose a hand-in is and which assignments it holds: candidates, or rows that say why none."""
    person, trouble = _person(hand_in.who, known, new)
    blank = Row(
        NOT_PLACED,
        wanted or "",
        person.id if person else _who(hand_in.who),
        person.name if person else hand_in.who.name,
        dates.shown(hand_in.time) if hand_in.time else "",
        trouble,
        hand_in.platform,
    )
    if trouble:
        rows.append(blank)
        return
    books, remarks = _notebooks(hand_in, given, wanted)
    if not books:
        rows.append(blank._replace(remark="; ".join(remarks) or "there is nothing in it"))
        return
    by_chapter = {}
    for book in books:
        by_chapter.setdefault(book.chapter, []).append(book)
    for chapter, some in by_chapter.items():
        if wanted and chapter != wanted:
            what = f"this is assignment {chapter}, handed in as {wanted}: ask for the right one, or"
            rows.append(
                blank._replace(
                    remark=f"{what} collect it with --chapter {chapter}",
                    files=tuple(one.found.name for one in some),
                )
            )
            continue
        best = {}
        for book in sorted(some, key=lambda one: (one.solved, _copy_number(one.found.name))):
            if other := best.get(book.notebook):
                remarks.append(f"{other.found.name} does not count")
            best[book.notebook] = book
        candidates.append(Candidate(hand_in, person, chapter, best, tuple(remarks)))


def _who(claim):
    return claim.id or claim.name or claim.email or claim.lms or "?"


def _person(claim, known, new):
    """The student whom an export means, and why nobody is if so."""
    ids = (claim.id, claim.name, *claim.also)
    found = persons.fitting(known, claim.name, ids, claim.email, claim.lms)
    if len(found) == 1:
        return found[0], ""
    if found:
        names = ", ".join(one.id for one in found)
        return None, f"may be any of {names}: put it into a folder with the student's id"
    if not any(claim):
        return None, "carries no student's name: put it into a folder with the student's id"
    if known and not new:
        return None, (
            "is not in the roster: add the student with nbjudge roster, or take such students in"
            " with --new"
        )
    name = claim.id or claim.lms or claim.email or claim.name
    if claim.name and not claim.id and not claim.lms and not claim.email:
        name = slug(claim.name)
    if not is_plain(name):
        return None, "has a name that cannot be a folder's: add the student with nbjudge roster"
    family = "" if claim.name == name else claim.name
    return Person(name, "", family, claim.email, claim.lms), ""


def slug(name):
    """A name as the name of a folder.

    Examples
    --------
    >>> slug("Ann-Marie Müller"), slug("王 芳")
    ('ann-marie-muller', '王-芳')
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)
    ).casefold()
    return "-".join(re.findall(r"[\w.'-]+", unicodedata.normalize("NFC", plain)))


def is_plain(part):
    """Whether a text can be the name of one folder or file.

    Examples
    --------
    >>> is_plain("Müller, Ann"), is_plain("../ann"), is_plain(".."), is_plain("")
    (True, False, False, False)
    """
    return (
        bool(part)
        and len(part.encode("utf-8", "replace")) <= LONGEST_PART
        and not part.startswith(".")
        and not re.search(r'[/\\\x00-\x1f\x7f:*?"<>|]', part)
    )


def _notebooks(hand_in, given, wanted):
    """The notebooks of a hand-in that are recognised, and what is to be said of the others."""
    books, remarks, seen = [], [], 0
    for found in hand_in.files:
        if found.trouble:
            remarks.append(f"{found.name} {found.trouble}")
        elif found.name.lower().endswith(".ipynb"):
            seen += 1
            if seen > MOST_BOOKS:
                remarks.append(f"of more than {MOST_BOOKS} notebooks the first were looked into")
                break
            try:
                books.append(_notebook(found, given, wanted))
            except UnreadableError as error:
                remarks.append(str(error))
                if wanted and (sheet := _by_place(found, given, wanted)):
                    books.append(Notebook(found, sheet.chapter, sheet.notebook, False, True))
            except (ValueError, OSError) as error:
                remarks.append(f"{found.name}: {error}")
    if not books and not remarks:
        names = [one.name for one in hand_in.files]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        remarks.append(f"there is no notebook among {', '.join(names[:5]) or 'no files'}{more}")
    return books, remarks


def _notebook(found, given, wanted):
    cells = cells_of(found.read(MAX_BYTES), found.name)
    sheet = recognise.which(cells, given) or _by_place(found, given, wanted)
    if sheet is None:
        raise UnreadableError(
            f"{found.name} is not recognised as an assignment of this course: say which one it is"
            " with --chapter"
        )
    return Notebook(found, sheet.chapter, sheet.notebook, recognise.is_solved(sheet, cells))


def _by_place(found, given, wanted):
    """What a notebook without any text of ours must be: by what was said, or by its folders."""
    names = {one.chapter for one in given}
    said = [wanted] if wanted else [part for part in found.parts[:-1] if part in names]
    fits = [one for one in given if said and one.chapter == said[-1]]
    stem = COPY.sub("", PurePosixPath(found.name).stem)
    named = [one for one in fits if one.notebook == stem]
    return named[0] if named else fits[0] if len(fits) == 1 else None


def _copy_number(name):
    """The number that a browser or a platform adds to a second file of the same name.

    Examples
    --------
    >>> _copy_number("exercises-2.ipynb"), _copy_number("exercises (1).ipynb")
    (2, 1)
    >>> _copy_number("exercises.ipynb")
    0
    """
    found = COPY.search(PurePosixPath(name).stem)
    return int(re.sub(r"\D", "", found[0])) if found else 0


def _chosen(candidates, rows):
    """The hand-in that counts for each student and assignment; a row for each of the others."""
    groups = {}
    for one in candidates:
        groups.setdefault((one.chapter, one.person.id), []).append(one)
    chosen = []
    for some in groups.values():
        # files of one platform that were handed in one by one, as Canvas has them
        best, notebooks = max(some, key=Candidate.rank), {}
        for one in sorted(some, key=Candidate.rank):
            notebooks |= one.notebooks
        for one in some:
            if not any(notebooks[name] is book for name, book in one.notebooks.items()):
                rows.append(_row(one, NOT_COUNTED, "another one of this student counts"))
        chosen.append(best._replace(notebooks=notebooks))
    return chosen


def _row(candidate, state, *remarks):
    hand_in, person = candidate.hand_in, candidate.person
    late = ("the platform says it was late",) if hand_in.late else ()
    return Row(
        state,
        candidate.chapter,
        person.id,
        person.name,
        dates.shown(hand_in.time) if hand_in.time else "",
        "; ".join(dict.fromkeys([*remarks, *candidate.remarks, *late])),
        hand_in.platform,
        tuple(one.found.name for one in candidate.notebooks.values()),
    )


def _plan(course, candidate):
    """(row, {path: bytes}) of a hand-in that counts, against what lies there already."""
    contents, remarks = _contents(candidate)
    folder = course.folder("submitted", candidate.person.id, candidate.chapter)
    there = _lying(folder)
    before = there.pop("timestamp.txt", b"").decode("utf-8", "replace").strip()
    row = _row(candidate, NEW, *remarks)
    time = candidate.hand_in.time
    if not there:
        state = NEW
    elif any(one.broken for one in candidate.notebooks.values()):
        state = NOT_PLACED  # what is there may be better
    elif there == contents and (time is None or before == dates.stamp(time)):
        state = UNCHANGED
    elif time is not None and _is_later(before, time):
        state = OLDER
    else:
        state = REPLACES
    if time is not None:
        contents["timestamp.txt"] = f"{dates.stamp(time)}\n".encode()
    elif there == contents and before:
        contents["timestamp.txt"] = f"{before}\n".encode()
    return row._replace(state=state), contents


def _is_later(text, time):
    with contextlib.suppress(ValueError):
        return dates.moment(text) > time
    return False


def _lying(folder):
    """{relative path: bytes} of what lies in a student's folder."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else ():
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _contents(candidate):
    """{relative path: bytes} to be placed, and what was left out."""
    books = {id(one.found): one for one in candidate.notebooks.values()}
    contents, remarks, size = {}, [], 0
    for book in books.values():
        contents[f"{book.notebook}.ipynb"] = book.found.read(MAX_BYTES)
        if PurePosixPath(book.found.name).stem != book.notebook:
            remarks.append(f"{book.found.name} was taken for {book.notebook}.ipynb")
    depth = min((len(one.found.parts) - 1 for one in books.values()), default=0)
    for found in candidate.hand_in.files:
        parts = found.below(depth).parts if len(found.parts) > depth else found.parts
        if (
            found.trouble
            or found.name in SKIPPED
            or found.name.lower().endswith((".ipynb", ".html"))
        ):
            continue
        try:
            if not all(map(is_plain, parts)) or len(contents) > MOST_FILES:
                raise ValueError("it has no name that can be kept, or there are too many files")
            data = found.read(MAX_EXTRA - size)
        except (ValueError, OSError) as error:
            remarks.append(f"{found.name} was left out: {error}")
            continue
        size += len(data)
        contents["/".join(parts)] = data
    return contents, remarks


def _place(course, row, contents):
    """Write one hand-in; what lay there goes to submitted/.earlier first."""
    folder = course.folder("submitted", row.student, row.chapter)
    if folder.is_symlink() or folder.exists():
        before = course.folder("submitted") / EARLIER / row.student / row.chapter
        before.mkdir(parents=True, exist_ok=True)
        number = 1 + sum(1 for _ in before.iterdir())
        shutil.move(folder, before / str(number))
    folder.mkdir(parents=True)
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)


def _missing(course, known, away, chapters, rows):
    """{chapter: list of Person} who have handed in nothing, those to be placed now left out."""
    placed = {(row.chapter, row.student) for row in rows if row.state in PLACED}
    found = {}
    for chapter in chapters:
        there = set(course.students(chapter)) | {who for name, who in placed if name == chapter}
        found[chapter] = [one for one in known if one.id not in there and one.id not in away]
    return found

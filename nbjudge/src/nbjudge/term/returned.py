"""Feedback on its way back to students, in the forms that platforms take.

Each file holds the pages that have changed since they were sent last, so that nobody is told the
same twice.
"""

import contextlib
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from nbjudge.course import Course
from nbjudge.files import replace
from nbjudge.records import people as persons
from nbjudge.records import standing
from nbjudge.records.standing import TO_BE_MARKED
from nbjudge.reports.feedback import number
from nbjudge.term import archives, grades, layouts, tables

# archives have the same bytes for the same pages
LONG_AGO = (1980, 1, 1, 0, 0, 0)
MAIL = """Dear {name},

your feedback on {chapter} is attached. You have {score} of {most} points{waiting}.
"""


class Returned(NamedTuple):
    """What was written."""

    path: Path
    # students whose feedback it holds
    students: list
    # students whose feedback has not changed since it was sent
    unchanged: list
    # {student: why there is none}
    left: dict


def moodle(given, chapter, path=None, again=False, home=".", root=None, db=None):
    """Feedback for Moodle's *Upload multiple feedback files in a zip*.

    Moodle finds a student by the folder's name, ``Full name_1234_assignsubmission_file_``, which is
    taken from its archive of submissions or from the grading worksheet (docs.moodle.org,
    Assignment settings, feedback types).

    Parameters
    ----------
    given : path
        The archive that Moodle made, or its grading worksheet.
    chapter : str
        Number or name of the assignment.
    path : path, optional
        The zip to be written; returned/CHAPTER-moodle.zip unless given.
    again : bool
        Whether to send what has not changed, too.
    home, root, db
        As in `Course`.

    Returns
    -------
    Returned
    """
    found = _Feedback(chapter, home, root, db)
    worksheet = tables.moodle_worksheet(Path(given).read_bytes()) if _is_csv(given) else None
    if worksheet is not None:
        names = {
            f"{one.name}_{number}_assignsubmission_file_": layouts.Claim(
                one.name, one.id, one.email
            )
            for number, one in worksheet.items()
        }
    elif _is_csv(given):
        raise ValueError(f"{given} is not Moodle's grading worksheet: download it in English")
    else:
        with archives.opened(given) as files:
            names = {
                f"{name}_{number}_assignsubmission_file_": layouts.Claim(name)
                for name, number in sorted(set(filter(None, map(layouts.moodle_student, files))))
            }
    if not names:
        raise ValueError(f"{given} is not what Moodle downloads: no name of a submission is in it")
    return found.zipped(
        path, "moodle", names, lambda name, page: f"{name}/{found.named(page)}", again
    )


def canvas(given, chapter, path=None, again=False, home=".", root=None, db=None):
    """Feedback for Canvas's *Upload Submissions*.

    Canvas finds the submission by the numbers of student and file in the name that it gave when the
    submissions were downloaded (Canvas's guide, "How do I upload all student submissions for an
    assignment?"); the page goes back under that name.

    Parameters
    ----------
    given : path
        The submissions.zip that Canvas made.
    chapter, path, again, home, root, db
        As in `moodle`.

    Returns
    -------
    Returned
    """
    found = _Feedback(chapter, home, root, db)
    with archives.opened(given) as files:
        names = layouts.canvas_students(files)
    if not names:
        raise ValueError(f"{given} is not what Canvas downloads: no name of a submission is in it")
    several = len(found.notebooks()) > 1

    def where(name, page):
        return f"{name}_{page.name}" if several else f"{name}.html"

    return found.zipped(path, "canvas", names, where, again)


def mail(chapter, path=None, again=False, home=".", root=None, db=None):
    """A table for a mail merge: addresses, a text, and the pages to be attached.

    Parameters
    ----------
    chapter, path, again, home, root, db
        As in `moodle`.

    Returns
    -------
    Returned
    """
    found = _Feedback(chapter, home, root, db)
    path = Path(path or found.target / f"{found.chapter}-mail.csv")
    rows = [["id", "email", "first_name", "last_name", "subject", "text", "attachments"]]
    sent, unchanged, left = [], [], {}
    for student, pages in found.pages.items():
        person = found.people[student]
        if not person.email:
            left[student] = "has no e-mail address: nbjudge roster enters them"
        elif not again and not found.is_news("mail", student):
            unchanged.append(student)
        else:
            sent.append(student)
            files = ";".join(str(page) for page in pages)
            names = (person.id, person.email, person.first_name, person.last_name)
            subject = f"Feedback on {found.chapter}"
            rows.append([*names, subject, found.text(person), files])
    path.parent.mkdir(parents=True, exist_ok=True)
    tables.write(path, rows)
    found.note("mail", sent)
    return Returned(path, sent, unchanged, left)


def _is_csv(path):
    return Path(path).is_file() and Path(path).suffix.lower() == ".csv"


class _Feedback:
    """The pages of one assignment, and what has been sent of them."""

    def __init__(self, chapter, home, root, db):
        course = Course(home, root, db)
        known = standing.everybody(home, root, [chapter], db)
        (self.chapter,) = known.chapters
        self.people, self.standings = known.people, known.standings
        self.target = course.root / "returned"
        self.pages = {}
        for student in known.people:
            folder = course.folder("feedback", student, self.chapter)
            graded = known.standings[student, self.chapter].has_score
            if graded and (pages := sorted(folder.glob("*.html"))):
                self.pages[student] = pages
        self.sent = {}
        with contextlib.suppress(OSError, ValueError):
            self.sent = json.loads(self._memory().read_text(encoding="utf-8"))

    def _memory(self):
        return self.target / ".sent" / f"{self.chapter}.json"

    def notebooks(self):
        """Names of the pages that students have."""
        return {page.name for pages in self.pages.values() for page in pages}

    def named(self, page):
        """A name that says what a page is, wherever it is stored."""
        return f"{self.chapter}-{page.name}"

    def _digest(self, student):
        return hashlib.sha256(
            b"".join(page.read_bytes() for page in self.pages[student])
        ).hexdigest()

    def is_news(self, way, student):
        """Whether a student's pages are others than those that were sent this way."""
        return self.sent.get(f"{way} {student}") != self._digest(student)

    def note(self, way, students):
        """Remember what was sent."""
        self.sent |= {f"{way} {student}": self._digest(student) for student in students}
        self._memory().parent.mkdir(parents=True, exist_ok=True)
        replace(self._memory(), json.dumps(self.sent, indent=1, sort_keys=True))

    def text(self, person):
        """What to write to a student."""
        one = self.standings[person.id, self.chapter]
        name = " ".join(filter(None, (person.first_name, person.last_name))) or person.id
        waiting = f"; {grades.state(one)}" if one.state == TO_BE_MARKED else ""
        return MAIL.format(
            name=name,
            chapter=self.chapter,
            score=number(one.score),
            most=number(one.most),
            waiting=waiting,
        )

    def zipped(self, path, way, names, where, again):
        """Write the zip of one platform.

        Parameters
        ----------
        path : path or None
        way : str
            The platform, for the file's name and the memory of what was sent.
        names : dict of str to Claim
            What the platform calls a submission, and whose it is.
        where : callable
            The place of a page in the zip, from the name and the page's path.
        again : bool
        """
        path = Path(path or self.target / f"{self.chapter}-{way}.zip")
        contents, sent, unchanged, left = {}, [], [], {}
        for name, claim in names.items():
            fits = persons.fitting(
                self.people.values(), claim.name, (claim.id,), claim.email, claim.lms
            )
            if len(fits) != 1:
                among = ", ".join(one.id for one in fits)
                left[name] = f"may be any of {among}" if fits else "is not in the gradebook"
                continue
            student = fits[0].id
            if student not in self.pages:
                left[student] = "has no feedback"
            elif not again and not self.is_news(way, student):
                unchanged.append(student)
            else:
                sent.append(student)
                for page in self.pages[student]:
                    contents[where(name, page)] = page.read_bytes()
        _write_zip(path, contents)
        self.note(way, sent)
        return Returned(path, sent, unchanged, left)


def _write_zip(path, contents):
    """A zip with the same bytes for the same contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, file.getvalue())

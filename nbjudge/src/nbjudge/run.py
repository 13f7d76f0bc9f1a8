"""Grade a class: read what was handed in, grade what is new, write it down, give feedback, export
the scores.

Reads submitted/STUDENT/NN-slug/, writes the gradebook, autograded/, feedback/ and grades.csv. A
submission is graded once; it is graded again when it, the source notebook or a module that it
imports changes.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from nbjudge.assignment.spec import TEST
from nbjudge.course import course_config, find_chapters
from nbjudge.execution import engine, pool
from nbjudge.execution.engine import result_key
from nbjudge.execution.result import Result
from nbjudge.files import replace, trouble
from nbjudge.records.gradebook import Writer
from nbjudge.reports import feedback
from nbjudge.reports.terminal import progress
from nbjudge.sandbox.errors import SandboxUnavailable
from nbjudge.sandbox.limits import Limits
from nbjudge.selfgrade import prepare
from nbjudge.submission import collect, flags

# seconds that a scheduler may take to answer
SCHEDULER_SECONDS = 30.0


class Row(NamedTuple):
    """What became of one submission."""

    chapter: str
    student: str
    # "graded", "unchanged", "failed", "unreadable"
    state: str
    remark: str = ""
    flags: tuple = ()
    seconds: float = 0.0
    # after the late penalty; None: it has no grade
    score: float | None = None
    most: float = 0.0
    penalty: float = 0.0
    # the level of isolation of a submission that was graded
    isolation: str = ""


class Options(NamedTuple):
    """How a class is graded; see `command` for the meaning of each."""

    students: tuple = ()
    due: str | None = None
    force: bool = False
    regrade: str | None = None
    workers: int | None = None
    scheduler: str | None = None
    db: str | None = None
    seed: int = 0
    isolation: str | None = None
    limits: Limits | None = None
    patience: float = 120.0


def grade_class(home=".", root=None, chapters=(), say=None, show=None, **options):
    """Grade all submissions, write feedback and export the scores.

    Parameters
    ----------
    home : path
        The course's folder: sources and nbgrader_config.py.
    root : path, optional
        Where submitted/ lies and the results go; `home` unless given.
    chapters : sequence of str
        As in `course.find_chapters`; none means every chapter that somebody submitted.
    say : callable, optional
        Gets each line of the report; by default it is printed.
    show : object, optional
        A progress display of `report`.
    **options
        Fields of `Options`.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If nothing was submitted, a chapter, student or problem is unknown, or the due date is no
        date.
    RuntimeError
        If this machine cannot shut students' code in, the gradebook or the disk cannot be used,
        another run is at work here, or a source notebook is refused.
    """
    options = Options(**options)
    config = course_config(home, root)
    if options.db:
        config.CourseDirectory.db_url = options.db
    root, due = Path(config.CourseDirectory.root), _date(options.due)
    rows = [] if chapters or options.students else _strays(root, find_chapters(home))
    found = {
        chapter: [
            s for s in _students(root, chapter) if not options.students or s in options.students
        ]
        for chapter in find_chapters(home, chapters)
    }
    _refuse_unknown(options, found, root)
    if options.scheduler:
        _refuse_silent(options.scheduler)
    spool, table = root / "autograded" / ".results", root / "grades.csv"
    with (
        _explained(),
        _alone(spool),
        contextlib.closing(Writer(config, say or print, options.patience)) as writer,
    ):
        try:
            for chapter, students in found.items():
                if students:
                    rows += _Chapter(
                        config,
                        writer,
                        chapter,
                        students,
                        options,
                        spool,
                        due,
                        show or progress(say),
                    ).grade()
        except BaseException:
            writer.patience = 0
            # what ended the run is what has to be told
            with contextlib.suppress(OSError, RuntimeError):
                writer.write_csv(table)
            raise
        finally:
            engine.close_servers()
        writer.write_csv(table)
        _sweep(spool, found)
    return rows


@contextlib.contextmanager
def _explained():
    """A disk that is full or not ours to write, as an error that says what helps."""
    try:
        yield
    except OSError as error:
        if what := trouble(error):
            raise RuntimeError(what) from error
        raise


@contextlib.contextmanager
def _alone(spool):
    """The folder of results on their way to the gradebook, for one run at a time.

    However a run ends, the system notes it.
    """
    spool.mkdir(parents=True, exist_ok=True)
    folder = os.open(spool, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems know no locks
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RuntimeError(
                    f"another nbjudge grade is at work in {spool.parents[1]}: wait until it has"
                    " ended, then give the same command again"
                ) from None
        yield
    finally:
        os.close(folder)


def _sweep(spool, found):
    """Remove what runs that were cut off have left, unless it is the result of a submission that
    was not looked at now.
    """
    for path in spool.iterdir():
        result = Result.load(path)
        if result is None or result.student in found.get(result.chapter, ()):
            path.unlink()


def look_alikes(home, root, chapters, **options):
    """(chapter, student, student, share) of nearly equal submissions, from the ledger."""
    config = course_config(home, root)
    if options.get("db"):
        config.CourseDirectory.db_url = options["db"]
    writer, found = Writer(config), []
    try:
        for chapter in chapters:
            prints = {
                student: detail["fingerprints"]
                for (student, _), (_, _, detail) in writer.lines(chapter).items()
            }
            found += [(chapter, *pair) for pair in flags.look_alikes(prints)]
    finally:
        writer.close()
    return found


def _students(root, chapter):
    return sorted(
        path.parent.name
        for path in root.glob(f"submitted/*/{chapter}")
        if not path.parent.name.startswith(".")
    )


def _refuse_unknown(options, found, root):
    unknown = set(options.students) - {
        student for students in found.values() for student in students
    }
    if unknown:
        raise ValueError(
            f"nothing was submitted by {', '.join(sorted(unknown))}: names are those of the folders"
            f" in {root}/submitted"
        )
    if not any(found.values()):
        raise ValueError(
            "nothing to grade: put each notebook at"
            f" {root}/submitted/STUDENT/CHAPTER/exercises.ipynb"
        )


def _refuse_silent(scheduler):
    """Stop before anything is read or written when nobody answers at a scheduler's address."""
    place, until = urlsplit(scheduler), time.monotonic() + SCHEDULER_SECONDS
    while True:
        try:
            socket.create_connection((place.hostname, place.port), SCHEDULER_SECONDS).close()
            return
        except OSError as error:
            # it may have been started a moment ago; a wrong name stays wrong
            if isinstance(error, socket.gaierror) or time.monotonic() > until:
                raise RuntimeError(
                    f"no scheduler answers at {scheduler} ({error}): start it, or correct the"
                    " address"
                ) from None
            time.sleep(0.2)


def _strays(root, known):
    """What lies in submitted/ and would be overlooked because it is not in STUDENT/CHAPTER/."""
    rows = []
    for path in sorted(root.glob("submitted/*/*")):
        if path.name not in known and not path.name.startswith("."):
            rows.append(
                Row(
                    path.name,
                    path.parent.name,
                    "unreadable",
                    f"{path.relative_to(root)} was not graded: put it into a folder named after its"
                    f" chapter ({', '.join(known)}) and grade again",
                )
            )
    return rows


def _date(text):
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text) if text else None
    except (ValueError, OverflowError):
        raise ValueError(
            f'the due date {text!r} is no date: write one such as "2026-03-01 23:59 UTC"'
        ) from None


class _Chapter:
    """One assignment's submissions on their way through reading, grading, writing and feedback."""

    def __init__(self, config, writer, chapter, students, options, spool, due, show):
        self.writer, self.chapter, self.students, self.options = writer, chapter, students, options
        self.spool, self.due, self.show = spool, due, show
        self.root = Path(config.CourseDirectory.root)
        folder = Path(config.CourseDirectory.source_directory, chapter)
        self.limits = options.limits or limits_of(config)
        prepared = [
            prepare(path, self._run, options.seed, config, self.root / ".nbjudge")
            for path in sorted(folder.glob("*.ipynb"))
        ]
        self.specs = [one.spec for one in prepared]
        for warning in (warning for one in prepared for warning in one.warnings):
            self.writer.say(warning)
        self.only = self._cells_of(options.regrade) if options.regrade else None
        self.rows, self.submissions = {}, {}

    def grade(self):
        """All of it; returns the rows in the order of the students."""
        for spec in self.specs:
            self.writer.register(spec, self.due)
        self.writer.enrol(self.students)
        self.lines = self.writer.lines(self.chapter)
        todo = {spec.notebook: self._read(spec) for spec in self.specs}
        waiting = {one.student for submissions in todo.values() for one in submissions}
        self.show.start(self.chapter, len(self.students), 0)
        try:
            for student in self.students:
                if student not in waiting:
                    self.show.step(self.rows[student])
            for spec in self.specs:
                self._grade(spec, todo[spec.notebook])
        finally:
            self.show.finish()
        self.writer.set_penalties(self.chapter)
        scores = self.writer.scores(self.chapter)
        for spec in self.specs:
            for student in self.students:
                self._feedback(spec, student, scores)
        return [self._with_score(self.rows[student], scores) for student in self.students]

    def _run(self, spec, submissions):
        """Results of the assignment's own solution and release, for `prepare`."""
        isolation = self.options.isolation
        if self.options.scheduler is None:
            return [
                engine.grade(spec, one, self.limits, isolation, learn=True) for one in submissions
            ]
        results = {}
        for submission, outcome in pool.outcomes(
            spec, submissions, self.limits, isolation, scheduler=self.options.scheduler
        ):
            if isinstance(outcome, Exception):
                raise outcome
            results[submission.student] = outcome
        return [results[submission.student] for submission in submissions]

    def _cells_of(self, problem):
        """The test cells of a problem named by its answer or by its test."""
        found, answer = {}, None
        for spec in self.specs:
            for cell in spec.cells:
                if cell.role in ("answer", "written"):
                    answer = cell.grade_id
                if cell.role == TEST:
                    found.setdefault(answer, set()).add(cell.grade_id)
                    found.setdefault(cell.grade_id, set()).add(cell.grade_id)
        if problem not in found:
            raise ValueError(
                f"{self.chapter} has no problem {problem!r} with tests: there are"
                f" {', '.join(sorted(map(str, found)))}"
            )
        return found[problem]

    def _read(self, spec):
        """The submissions of one notebook that have to be graded; rows for all others."""
        todo = []
        for student in self.students:
            if student in self.rows and self.rows[student].state == "unreadable":
                continue
            folder = self.root / "submitted" / student / self.chapter
            try:
                submission = collect.read(folder, student, self.chapter, spec.notebook)
                asked = result_key(spec, submission)
            except ValueError as error:
                self.rows[student] = Row(self.chapter, student, "unreadable", str(error))
                continue
            except OSError as error:  # no right to read it, a disk that fails
                self.rows[student] = Row(
                    self.chapter,
                    student,
                    "unreadable",
                    f"{error.filename} cannot be read ({error.strerror}): "
                    "mend that and grade again",
                )
                continue
            except Exception as error:
                # whatever one notebook brings about, the class is graded
                self.rows[student] = Row(
                    self.chapter,
                    student,
                    "unreadable",
                    f"what was handed in cannot be read ({type(error).__name__}: "
                    f"{error}): ask for it again, saved from JupyterLab, and grade again",
                )
                continue
            key, _, detail = self.lines.get((student, spec.notebook), (None, None, {}))
            known = key == asked and self.writer.is_whole(submission)
            if known and not self.options.force and not self.only:
                self.rows.setdefault(
                    student, Row(self.chapter, student, "unchanged", flags=tuple(detail["flags"]))
                )
            else:
                todo.append(submission)
        return todo

    def _file(self, student, spec):
        return self.writer.folder("autograded", student, self.chapter) / f"{spec.notebook}.ipynb"

    def _grade(self, spec, submissions):
        """Results that an earlier run left behind first, then those that have to be computed."""
        ready, todo = [], []
        for submission in submissions:
            path = self.spool / f"{result_key(spec, submission)}.json"
            result = None if self.options.force else Result.load(path)
            if result is None:
                path.unlink(missing_ok=True)
                todo.append(submission)
            else:
                ready.append((submission, result))
        options = self.options
        for submission, outcome in ready:
            self._enter(spec, submission, outcome)
        for submission, outcome in pool.outcomes(
            spec, todo, self.limits, options.isolation, options.workers, options.scheduler
        ):
            self._enter(spec, submission, outcome)

    def _enter(self, spec, submission, outcome):
        student = submission.student
        if isinstance(outcome, SandboxUnavailable):
            raise outcome
        if isinstance(outcome, Exception):
            row = Row(
                self.chapter,
                student,
                "failed",
                f"{outcome}: it is not the student's doing; grade again",
            )
        elif outcome.key != result_key(spec, submission):
            raise RuntimeError(
                "the workers run another version of nbjudge or of the course: give them the same as"
                " here, then grade"
                " again"
            )
        else:
            path = self.spool / f"{outcome.key}.json"
            outcome.save(path)
            self.writer.write(spec, outcome, submission.files, self.only)
            path.unlink(missing_ok=True)
            notes = [*submission.notes, *outcome.flags]
            row = Row(
                self.chapter,
                student,
                "graded",
                "; ".join(dict.fromkeys(notes)),
                tuple(dict.fromkeys(notes)),
                outcome.seconds,
                isolation=outcome.isolation,
            )
        self.rows[student] = row
        self.show.step(row)

    def _feedback(self, spec, student, scores):
        """Write the page unless the one that lies there says the same."""
        path = self._file(student, spec)
        if (student, spec.notebook) not in scores or not path.is_file():
            return
        grades, comments, penalty = scores[student, spec.notebook]
        key, old, detail = self.writer_line(student, spec)
        digest = hashlib.sha256(
            json.dumps([key, grades, comments, penalty, _page_version()], sort_keys=True).encode()
        ).hexdigest()
        target = self.writer.folder("feedback", student, self.chapter) / f"{spec.notebook}.html"
        if old == digest and feedback.is_whole(target):
            return
        cells = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))["cells"]
        order = [cell.grade_id for cell in spec.cells if cell.grade_id in grades]
        page = feedback.page(
            spec, cells, {name: grades[name] for name in order}, comments, penalty, detail["limits"]
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(target, page)
        self.writer.note_feedback(self.chapter, student, spec.notebook, digest)

    def writer_line(self, student, spec):
        """The ledger as it is after writing."""
        if not hasattr(self, "_fresh"):
            self._fresh = self.writer.lines(self.chapter)
        return self._fresh.get((student, spec.notebook), ("", None, {"limits": []}))

    def _with_score(self, row, scores):
        if row.state in ("unreadable", "failed"):
            return row
        mine = [
            scores[row.student, spec.notebook]
            for spec in self.specs
            if (row.student, spec.notebook) in scores
        ]
        penalty = sum(part[2] for part in mine)
        score = sum(score or 0.0 for part in mine for score, _ in part[0].values())
        most = sum(most for part in mine for _, most in part[0].values())
        return row._replace(score=max(score - penalty, 0.0), most=most, penalty=penalty)


def _page_version():
    return hashlib.sha256(Path(feedback.__file__).read_bytes()).hexdigest()


def limits_of(config):
    """The limits of nbgrader_config.py, where it sets some."""
    seconds = config.Execute.get("timeout")
    return (
        Limits(cell_seconds=float(seconds))
        if isinstance(seconds, (int, float)) and seconds
        else Limits()
    )

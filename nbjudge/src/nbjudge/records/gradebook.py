"""The one place that writes grades: nbgrader's gradebook, autograded/.

A ledger of what is done.

A submission is one transaction: its scores, its comments, its penalty and its line in the ledger
are committed together or not at all. A locked database and a lost connection are waited for; a full
disk ends the run, which can be resumed.
"""

import contextlib
import hashlib
import json
import re
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import selectinload

from nbjudge import dates
from nbjudge.assignment.names import SourceError
from nbjudge.assignment.spec import WRITTEN
from nbjudge.files import AGAIN, FULL, replace, trouble
from nbjudge.records import marks as manual
from nbjudge.records import people as persons
from nbjudge.records import scores as export
from nbjudge.submission.sanitise import grade_id, source_of

# seconds that a database may be locked or away
PATIENCE = 120.0
ledger = Table(
    "nbjudge_graded",
    MetaData(),
    Column("assignment", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("notebook", String(128), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("feedback", String(64)),
    Column("detail", Text, nullable=False),
)
# nbgrader looks these up without an index: in a large class every look would go through everybody's
# rows.
INDEXED = (Grade.notebook_id, Comment.notebook_id, SubmittedNotebook.assignment_id)
# what SQLite and PostgreSQL call a disk that is full
FULL_DISK = ("SQLITE_FULL", "53100")
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
BARRED = ("SQLITE_READONLY", "SQLITE_CANTOPEN")
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")


class GradebookError(RuntimeError):
    """The gradebook cannot be used; the message says why and what helps."""


class DiskFullError(GradebookError):
    """There is no room for the results."""


class Line(NamedTuple):
    """What the ledger knows of one student's notebook."""

    # of the result that was entered
    key: str | None = None
    # hash of the feedback that lies in the folder
    feedback: str | None = None
    # flags, limits, scores and fingerprints of the result
    detail: dict = {}


class Deadlines(NamedTuple):
    """When an assignment is due, and when it was handed in; times in UTC, without a zone."""

    due: datetime | None
    # {student: timedelta}
    extensions: dict
    # {student: datetime or None}
    times: dict


class Writer:
    """The gradebook and the folders of one course, open for writing.

    Parameters
    ----------
    config : traitlets.config.Config
        From `course.course_config`.
    say : callable
        Gets a line when something has to be waited for.
    """

    def __init__(self, config, say=print, patience=PATIENCE):
        self.config, self.say, self.patience = config, say, patience
        self.layout = CourseDirectory(config=config)
        self.url, self.book = _address(self.layout.db_url), None
        # nbgrader's own where none is set
        self.late = AssignLatePenalties(config=config).plugin_class(config=config)
        self._persist(self._open)

    def _open(self):
        if self.book is None:
            engine = create_engine(self.url)
            with engine.begin() as connection:
                _note_version(connection)
            engine.dispose()
            self.book = Gradebook(self.url, self.layout.course_id)
            ledger.metadata.create_all(self.book.engine)
            persons.withdrawn.metadata.create_all(self.book.engine)
            with self.book.engine.begin() as connection:
                for column in INDEXED:
                    table, name = column.class_.__tablename__, column.key
                    index = f"nbjudge_{table}_by_{name}"
                    connection.execute(
                        text(f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({name})")
                    )

    def close(self):
        """Close the connection."""
        if self.book is not None:
            self.book.close()

    def _persist(self, work):
        """Do some work on the database, again after a rollback while it is locked or away."""
        until, told = time.monotonic() + self.patience, False
        while True:
            try:
                self._open()
                return work()
            except (DBAPIError, InvalidEntry) as refused:
                # nbgrader's name for both
                error = refused.__context__ if isinstance(refused, InvalidEntry) else refused
                if not isinstance(error, DBAPIError):
                    raise
                self._start_over()
                said, kind = str(error.orig).strip(), _kind(error)
                if kind.startswith(FULL_DISK):
                    raise DiskFullError(
                        f"no room for the gradebook ({said}): free some, then {AGAIN}"
                    ) from None
                passing = isinstance(error, OperationalError) or error.connection_invalidated
                # a file that is not there or not ours to write stays so
                if self.url.startswith("sqlite"):
                    passing = kind.startswith(LOCKED)
                if not passing or time.monotonic() > until:
                    raise GradebookError(
                        f"the gradebook {_public(self.url)} cannot be used: {said}\n"
                        f"{_remedy(kind)}; then {AGAIN}"
                    ) from None
                if not told:
                    self.say(f"waiting for the gradebook: {said.splitlines()[0]}")
                    told = True
                time.sleep(min(0.5, self.patience / 10))

    def _start_over(self):
        if self.book is not None:
            try:
                self.book.db.rollback()
            except DBAPIError:
                pass
            self.book.close()
            self.book = None

    # ---- the assignment

    def register(self, spec):
        """Enter an assignment's notebook and its cells, as nbgrader's generate_assignment does."""
        cells = [
            nbformat.from_dict(
                {
                    "cell_type": c.cell_type,
                    "source": c.source,
                    "metadata": c.metadata,
                    "id": f"cell-{i}",
                    **({"outputs": [], "execution_count": None} if c.cell_type == "code" else {}),
                }
            )
            for i, c in enumerate(spec.cells)
        ]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(spec.metadata))
        names = {
            "nbgrader": {"notebook": spec.notebook, "assignment": spec.chapter, "db_url": self.url}
        }

        def work():
            self.book.update_or_create_assignment(spec.chapter)
            SaveCells(config=self.config).preprocess(notebook, names)
            self.book.db.expire_all()

        try:
            self._persist(work)
        except GradebookError:
            raise
        except RuntimeError as error:  # nbgrader refuses it
            raise SourceError(f"{spec.chapter}/{spec.notebook}.ipynb: {error}") from error

    @property
    def policy(self):
        """How lateness is punished, in words."""
        own = getattr(self.late, "policy", "")
        return own or f"{type(self.late).__name__} of nbgrader_config.py decides"

    def set_due(self, chapter, when):
        """Set an assignment's due date.

        Parameters
        ----------
        chapter : str
        when : datetime or None
            With its zone; None takes the date away.
        """

        def work():
            assignment = self.book.update_or_create_assignment(chapter)
            assignment.duedate = None if when is None else dates.naive_utc(when)
            self.book.db.commit()

        self._persist(work)

    def extend(self, chapter, student, span):
        """Give one student more time for an assignment.

        Parameters
        ----------
        chapter, student : str
        span : timedelta or None
            Counted from the due date; None takes the extension away.

        Raises
        ------
        ValueError
            If the gradebook does not know the student.
        """

        def work():
            self.book.update_or_create_assignment(chapter)
            try:
                self.book.find_student(student)
            except MissingEntry:
                raise ValueError(
                    f"the gradebook knows no student {student!r}: nbjudge roster enters students"
                ) from None
            self._submission(chapter, student).extension = span
            self.book.db.commit()

        self._persist(work)

    def deadlines(self, chapter):
        """Due date, extensions and times of the hand-ins of an assignment.

        Returns
        -------
        Deadlines
        """

        def work():
            due = self.book.find_assignment(chapter).duedate
            rows = self.book.db.execute(
                select(
                    SubmittedAssignment.student_id,
                    SubmittedAssignment.extension,
                    SubmittedAssignment.timestamp,
                )
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .where(Assignment.name == chapter)
            ).all()
            self.book.db.rollback()
            return Deadlines(
                due,
                {student: extra for student, extra, _ in rows if extra},
                {student: when for student, _, when in rows},
            )

        return self._persist(work)

    def enrol(self, students):
        """Make sure that the gradebook has these students."""

        def work():
            known = set(self.book.db.execute(select(Student.id)).scalars())
            self.book.db.add_all(Student(id=name) for name in students if name not in known)
            self.book.db.commit()

        self._persist(work)

    def names(self):
        """{student: name} of those whose name the roster has."""

        def work():
            found = self.book.db.execute(select(Student.id, Student.last_name, Student.first_name))
            names = {who: ", ".join(filter(None, name)) for who, *name in found}
            self.book.db.rollback()
            return {who: name for who, name in names.items() if name}

        return self._persist(work)

    def people(self):
        """All students: list of Person."""

        def work():
            found = persons.everybody(self.book)
            self.book.db.rollback()
            return found

        return self._persist(work)

    def enter_people(self, people):
        """Enter students; what a list does not say of a known one stays.

        Parameters
        ----------
        people : list of Person
        """
        self._persist(lambda: persons.enter(self.book, people))

    def withdrawn(self):
        """Ids of the students who have withdrawn."""
        return self._persist(lambda: persons.away(self.book))

    def set_withdrawn(self, students):
        """Say who has withdrawn: these students and nobody else."""
        self._persist(lambda: persons.set_away(self.book, students))

    def lines(self, chapter):
        """The ledger: {(student, notebook): Line}."""

        def work():
            rows = self.book.db.execute(select(ledger).where(ledger.c.assignment == chapter)).all()
            self.book.db.rollback()
            return {
                (row.student, row.notebook): Line(row.key, row.feedback, json.loads(row.detail))
                for row in rows
            }

        return self._persist(work)

    # ---- marks by hand

    def marks(self, chapter):
        """What people have marked of an assignment, as `marks.marks` gives it."""

        def work():
            found = manual.marks(self.book, chapter)
            self.book.db.rollback()
            return found

        return self._persist(work)

    def mark(self, chapter, student, where, points, comment, was=None):
        """Enter what a person says of one answer, as formgrader would.

        Parameters
        ----------
        chapter, student : str
        where, points, comment, was
            As in `marks.mark`.
        """

        def work():
            submission = self.book.find_submission(chapter, student)
            notebook = manual.mark(self.book, submission, where, points, comment, was)
            self._set_penalty(submission, notebook)
            self.book.db.commit()

        try:
            self._persist(work)
        except ValueError:
            self._start_over()
            raise

    # ---- one submission

    def write(self, spec, result, files=(), only=None):
        """Enter one result: files first, then everything in the database at once.

        Parameters
        ----------
        spec : Spec
        result : Result
        files : dict of str to bytes
            What was handed in beside the notebook; what lies beside the source goes over it.
        only : set of str, optional
            Write the scores of these cells alone; the others stay as they are.

        Returns
        -------
        list of str
            What a person has to mark again, because the text that was marked has changed.
        """
        text = _notebook(spec, result)
        texts = _written(spec, result.cells)
        path = self.folder("autograded", result.student, result.chapter)
        before = _written(spec, _cells_in(path / f"{result.notebook}.ipynb"))
        try:
            self._write_files(spec, result, dict(files) | spec.files, text)
        except OSError as error:
            if error.errno in FULL:
                raise DiskFullError(trouble(error)) from None
            raise
        return self._persist(lambda: self._enter(result, only, _digest(text), texts, before))

    def _write_files(self, spec, result, files, text):
        folder = self.folder("autograded", result.student, result.chapter)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(target, data)
        if result.timestamp:
            replace(folder / "timestamp.txt", result.timestamp + "\n")
        replace(folder / f"{result.notebook}.ipynb", text)

    def is_whole(self, spec, submission, line):
        """Whether all that `write` put into autograded/ is there as it was.

        After a power cut it may not be.

        Parameters
        ----------
        spec : Spec
        submission : Submission
        line : Line
            The ledger's.
        """
        folder = self.folder("autograded", submission.student, submission.chapter)
        expected = dict(submission.files) | spec.files
        if submission.timestamp:
            expected["timestamp.txt"] = f"{submission.timestamp}\n".encode()
        try:
            return self._entered(spec, submission.student, line) is not None and all(
                (folder / name).read_bytes() == data for name, data in expected.items()
            )
        except OSError:
            return False

    def cells(self, spec, student, line):
        """The cells of a notebook in autograded/; None unless it is the one that was entered."""
        data = self._entered(spec, student, line)
        return None if data is None else json.loads(data.decode("utf-8", "surrogatepass"))["cells"]

    def cells_that_lie_there(self, chapter, student, notebook):
        """The cells of a notebook in autograded/, whoever put it there; none if there is none."""
        return _cells_in(self.folder("autograded", student, chapter) / f"{notebook}.ipynb")

    def _entered(self, spec, student, line):
        """A notebook in autograded/ as bytes.

        None if it is cut off, or nbgrader's own programs have put another there.
        """
        path = self.folder("autograded", student, spec.chapter) / f"{spec.notebook}.ipynb"
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if _digest(data) == line.detail.get("notebook"):
                return data
        return None

    def folder(self, step, student, chapter):
        """The folder of a step of nbgrader's, "autograded" or "feedback", for one submission."""
        directory = getattr(self.layout, f"{step}_directory")
        return Path(self.layout.format_path(directory, student, chapter))

    def _enter(self, result, only, digest, texts, before):
        db = self.book.db
        where = (
            ledger.c.assignment == result.chapter,
            ledger.c.student == result.student,
            ledger.c.notebook == result.notebook,
        )
        kept = db.execute(select(ledger.c.detail).where(*where)).scalar()
        detail = json.loads(kept) if kept else {}
        before, notes = detail.get("written", before), dict(detail.get("earlier_marks", {}))
        submission = self._submission(result.chapter, result.student)
        submission.timestamp = parse_utc(result.timestamp) if result.timestamp else None
        notebook = next(one for one in submission.notebooks if one.notebook.name == result.notebook)
        if _missing(result, notebook):  # a row was removed in the gradebook
            db.add_all(_lost_rows(notebook))
            db.flush()
            db.expire(notebook)
        if missing := set(result.scores) - {grade.cell.name for grade in notebook.grades}:
            raise GradebookError(
                f"the gradebook has no place for {', '.join(sorted(missing))} of {result.student}"
            )
        for grade in notebook.grades:
            name = grade.cell.name
            if name in result.scores and (only is None or name in only):
                grade.auto_score = result.scores[name]
                # nbgrader's rule: what a person has graded is to be looked at again
                grade.needs_manual_grade = (
                    grade.manual_score is not None or grade.auto_score is None
                )
        changed = {
            name
            for name, text in texts.items()
            if (only is None or name in only) and before.get(name, text) != text
        }
        again = _take_back_marks(notebook, changed, notes)
        for comment in notebook.comments:
            name = comment.cell.name
            if name in result.comments:
                comment.auto_comment = notes.get(name) or result.comments[name]
        self._set_penalty(submission, notebook)
        complete = only is None or all(
            grade.auto_score == result.scores.get(grade.cell.name) for grade in notebook.grades
        )
        db.execute(delete(ledger).where(*where))
        db.execute(
            insert(ledger).values(
                assignment=result.chapter,
                student=result.student,
                notebook=result.notebook,
                key=result.key if complete else "partly",
                feedback=None,
                detail=json.dumps(
                    {
                        "flags": [*result.flags, *again],
                        "limits": result.limits,
                        "notebook": digest,
                        "scores": result.scores,
                        "seconds": result.seconds,
                        "fingerprints": result.fingerprints,
                        "written": texts if only is None else before,
                        "earlier_marks": notes,
                    }
                ),
            )
        )
        db.commit()
        return again

    def _submission(self, chapter, student):
        """The rows of a submission; made, but not committed, if they are not there."""
        assignment, db = self.book.find_assignment(chapter), self.book.db
        with db.no_autoflush:
            try:
                submission = self.book.find_submission(chapter, student)
            except MissingEntry:
                enrolled = self.book.find_student(student)
                submission = SubmittedAssignment(assignment=assignment, student=enrolled)
                db.add(submission)
            there = {mine.name for mine in submission.notebooks}
            for notebook in assignment.notebooks:
                if notebook.name not in there:
                    db.add_all(_rows_of(notebook, submission))
        return submission

    def _set_penalty(self, submission, notebook):
        """The late penalty from the scores as they are, hand-given ones included.

        True if it has changed.
        """
        if submission.assignment.duedate is None or submission.timestamp is None:
            penalty = None
        else:
            due = submission.assignment.duedate + (
                submission.extension or (submission.timestamp - submission.timestamp)
            )
            late = max(0, (submission.timestamp - due).total_seconds())
            score = sum(_points(grade) for grade in notebook.grades)
            penalty = (
                self.late.late_submission_penalty(
                    submission.student_id or submission.student.id, score, late
                )
                if late
                else None
            )
            penalty = None if penalty is None else min(max(penalty, 0), score)
        changed = notebook.late_submission_penalty != penalty
        notebook.late_submission_penalty = penalty
        return changed

    def set_penalties(self, chapter):
        """Bring all late penalties of an assignment up to date.

        A person may have graded, or moved the due date.
        """

        def work():
            everything = selectinload(SubmittedAssignment.notebooks).selectinload(
                SubmittedNotebook.grades
            )
            assignment = self.book.find_assignment(chapter)
            for submission in self.book.db.execute(
                select(SubmittedAssignment)
                .where(SubmittedAssignment.assignment_id == assignment.id)
                .options(everything)
            ).scalars():
                for notebook in submission.notebooks:
                    self._set_penalty(submission, notebook)
            self.book.db.commit()

        self._persist(work)

    def chapters(self):
        """Names of the assignments in the gradebook, in order."""
        return self._persist(lambda: sorted(one.name for one in self.book.assignments))

    def most(self, chapter):
        """The points that an assignment has."""
        return self._persist(lambda: self.book.find_assignment(chapter).max_score)

    def scores(self, chapter):
        """All scores of an assignment, as `export.scores` gives them."""
        return self._persist(lambda: export.scores(self.book, chapter))

    def write_csv(self, path):
        """Write grades.csv from what is committed.

        Nothing if the gradebook has been given up.
        """

        def work():
            self.book.db.rollback()
            export.write_csv(self.book, path)

        if self.book is not None:
            self._persist(work)

    def note_feedback(self, chapter, student, notebook, digest):
        """Enter in the ledger which feedback lies in the folder."""

        def work():
            self.book.db.execute(
                ledger.update()
                .values(feedback=digest)
                .where(
                    ledger.c.assignment == chapter,
                    ledger.c.student == student,
                    ledger.c.notebook == notebook,
                )
            )
            self.book.db.commit()

        self._persist(work)


def _rows_of(notebook, submission):
    """The empty rows of a student's notebook."""
    mine = SubmittedNotebook(notebook=notebook, assignment=submission)
    grades = [Grade(cell=cell, notebook=mine) for cell in _graded(notebook)]
    return [mine, *grades, *(Comment(cell=cell, notebook=mine) for cell in _commented(notebook))]


def _lost_rows(mine):
    """Empty rows in place of those that a student's notebook had and has no longer."""
    graded = {grade.cell_id for grade in mine.grades}
    commented = {comment.cell_id for comment in mine.comments}
    cells = _graded(mine.notebook), _commented(mine.notebook)
    grades = [Grade(cell=cell, notebook=mine) for cell in cells[0] if cell.id not in graded]
    return grades + [
        Comment(cell=cell, notebook=mine) for cell in cells[1] if cell.id not in commented
    ]


def _missing(result, mine):
    """Whether the gradebook lacks a row for a score or a comment of a result."""
    return bool(
        set(result.scores) - {grade.cell.name for grade in mine.grades}
        or set(result.comments) - {comment.cell.name for comment in mine.comments}
    )


def _commented(notebook):
    return (*notebook.solution_cells, *notebook.task_cells)


def _graded(notebook):
    return (*notebook.grade_cells, *notebook.task_cells)


def _notebook(spec, result):
    """The text of the notebook that was run."""
    notebook = {
        "cells": result.cells,
        "metadata": spec.metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _written(spec, cells):
    """{grade_id: digest} of what a person marks.

    Of a task, which has no cell for the answer, it is all that is the student's own.
    """
    sources = {grade_id(cell): source_of(cell) for cell in cells if grade_id(cell)}
    own = "\0".join(source_of(cell) for cell in cells if not grade_id(cell))
    found = {}
    for cell in spec.cells:
        if cell.role == WRITTEN and cell.grade_id in sources:
            is_task = not cell.metadata["nbgrader"].get("solution")
            found[cell.grade_id] = _digest(own if is_task else sources[cell.grade_id])
    return found


def _cells_in(path):
    """The cells of a notebook that lies somewhere; none if there is none."""
    try:
        return json.loads(path.read_bytes())["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _take_back_marks(notebook, changed, notes):
    """Have the answers marked again whose texts have changed; what they were worth stays a note.

    Parameters
    ----------
    notebook : SubmittedNotebook
    changed : set of str
    notes : dict of str to str
        Notes by grade_id; those that are needed no longer are taken out.

    Returns
    -------
    list of str
        What is to be said about each.
    """
    comments, again = {comment.cell.name: comment for comment in notebook.comments}, []
    for grade in notebook.grades:
        name = grade.cell.name
        if grade.manual_score is None:
            continue
        if name not in changed:
            notes.pop(name, None)
            continue
        comment = comments.get(name)
        said = (comment.manual_comment or "").strip() if comment is not None else ""
        notes[name] = (
            f"An earlier text had {grade.manual_score:g} of {grade.max_score:g} points"
            f"{f' and the comment: {said}' if said else '.'}"
        )
        blank = grade.auto_score is not None  # it has its 0 points, and nobody has to look
        again.append(
            f"{name} was marked {grade.manual_score:g} of {grade.max_score:g}, and "
            + ("is blank now" if blank else "its text has changed since: mark it again")
        )
        grade.manual_score, grade.needs_manual_grade = None, not blank
        if comment is not None:
            comment.manual_comment = None
    return again


def _digest(text):
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()


def _note_version(connection):
    """The schema's version, which nbgrader enters after the tables.

    Whoever cut that off left a gradebook it cannot upgrade.

    nbgrader asks a program for the version, which need not be on the PATH and takes seconds to
    start.
    """
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    if not inspect(connection).has_table("alembic_version"):
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    if connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 0:
        connection.execute(
            text("INSERT INTO alembic_version (version_num) VALUES (:version)"),
            {"version": ScriptDirectory(ALEMBIC_DIR).get_current_head()},
        )


def _kind(error):
    """The name that the database has for a trouble; "" if it has none."""
    refused = error.orig
    return getattr(refused, "sqlite_errorname", None) or getattr(refused, "sqlstate", None) or ""


def _points(grade):
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    return 0.0 if score is None else score + (grade.extra_credit or 0.0)


def _address(url):
    """A gradebook's address with PostgreSQL's driver in it, whichever SQLAlchemy would choose.

    Raises
    ------
    ValueError
        If it is no address of a database.
    RuntimeError
        If the database's driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        create_engine(parsed).dispose()
    except ArgumentError:
        shown = re.sub(r":[^:@/]*@", ":***@", str(url))
        raise ValueError(
            f"the gradebook's address {shown!r} is none: write one such as"
            " postgresql://USER:PASSWORD@HOST/NAME or sqlite:////FOLDER/gradebook.db"
        ) from None
    except ImportError as error:
        remedy = (
            "'nbjudge[postgresql]', or 'psycopg[binary]' alone"
            if "psycopg" in parsed.drivername
            else f"{error.name}, or use PostgreSQL"
        )
        raise RuntimeError(
            f"gradebooks in {parsed.get_backend_name()} need the package {error.name}: pip install"
            f" {remedy}"
        ) from None
    return parsed.render_as_string(hide_password=False)


def _remedy(kind):
    """What helps against a refusal of the database."""
    if kind.startswith(LOCKED):
        return "another program holds it: close the formgrader, viewers of databases and other runs"
    if kind.startswith(DAMAGED):
        return (
            "it is damaged: put a copy of it back, or move it away and all is graded anew; scores"
            " given by hand are in it alone"
        )
    if kind.startswith(BARRED):
        return "make the file and its folder writable, or name another gradebook with --db"
    return "look into what the database says"


def _public(url):
    """A database's address without its password."""
    return make_url(url).render_as_string(hide_password=True)

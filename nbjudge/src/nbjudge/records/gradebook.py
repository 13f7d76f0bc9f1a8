"""The one place that writes grades.

Nbgrader's gradebook, autograded/, and a ledger of what is done.

A submission is one transaction: its scores, its comments, its penalty and its line in the ledger
are committed together or not at all. A locked database and a lost connection are waited for; a full
disk ends the run, which can be resumed.
"""

import json
import re
import time
from pathlib import Path

import nbformat
import nbgrader.api
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy import (
    Column,
    Index,
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

from nbjudge.files import AGAIN, FULL, replace, trouble
from nbjudge.records import scores as export

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
INDEXES = [
    Index(f"nbjudge_{column.table.name}_by_{column.name}", column)
    for column in (
        Grade.__table__.c.notebook_id,
        Comment.__table__.c.notebook_id,
        SubmittedNotebook.__table__.c.assignment_id,
    )
]


def _schema_version():
    """What `alembic heads` prints for nbgrader's schema, without the program, which need not be on
    the PATH and takes seconds to start.
    """
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


nbgrader.api.get_alembic_version = _schema_version


class DiskFull(RuntimeError):
    """There is no room for the results."""


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
        layout = config.CourseDirectory
        self.config, self.say, self.patience = config, say, patience
        self.root, self.url, self.course = (
            Path(layout.root),
            _address(layout.db_url),
            layout.course_id,
        )
        self.book = None
        # nbgrader's own where none is set
        self.late = AssignLatePenalties(config=config).plugin_class(config=config)
        self._persist(self._open)

    def _open(self):
        if self.book is None:
            self.book = Gradebook(self.url, self.course)
            self._note_version()
            ledger.metadata.create_all(self.book.engine)
            for index in INDEXES:
                index.create(self.book.engine, checkfirst=True)

    def _note_version(self):
        """The schema's version, which nbgrader enters after the tables.

        Whoever cut that off left a gradebook it cannot upgrade.
        """
        with self.book.engine.begin() as connection:
            if not inspect(connection).has_table("alembic_version"):
                connection.execute(
                    text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
                )
            if connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 0:
                connection.execute(
                    text("INSERT INTO alembic_version (version_num) VALUES (:version)"),
                    {"version": _schema_version()},
                )

    def close(self):
        """Close the connection."""
        if self.book is not None:
            self.book.close()

    def _persist(self, work):
        """Do some work on the database, again after a rollback while it is locked or away."""
        until, said = time.monotonic() + self.patience, False
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
                said_so = str(error.orig).strip()
                if "full" in said_so or "No space" in said_so:
                    raise DiskFull(
                        f"no room for the gradebook ({said_so}): free some, then {AGAIN}"
                    ) from None
                passing = isinstance(error, OperationalError) or error.connection_invalidated
                # a file that is not there or not ours to write stays so
                if self.url.startswith("sqlite"):
                    passing = "locked" in said_so
                if not passing or time.monotonic() > until:
                    raise RuntimeError(
                        f"the gradebook {_public(self.url)} cannot be used:"
                        f" {said_so}\n{_remedy(said_so)}; then {AGAIN}"
                    ) from None
                if not said:
                    self.say(f"waiting for the gradebook: {said_so.splitlines()[0]}")
                    said = True
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

    def register(self, spec, due=None):
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
            self.book.update_or_create_assignment(spec.chapter, **({"duedate": due} if due else {}))
            SaveCells(config=self.config).preprocess(notebook, names)
            self.book.db.expire_all()

        try:
            self._persist(work)
        except RuntimeError as error:
            raise RuntimeError(f"solutions/{spec.chapter}: {error}") from error

    def enrol(self, students):
        """Make sure that the gradebook has these students."""

        def work():
            from nbgrader.api import Student

            known = set(self.book.db.execute(select(Student.id)).scalars())
            self.book.db.add_all(Student(id=name) for name in students if name not in known)
            self.book.db.commit()

        self._persist(work)

    def lines(self, chapter):
        """The ledger: {(student, notebook): (key, hash of the feedback, detail)}."""

        def work():
            rows = self.book.db.execute(select(ledger).where(ledger.c.assignment == chapter)).all()
            self.book.db.rollback()
            return {
                (row.student, row.notebook): (row.key, row.feedback, json.loads(row.detail))
                for row in rows
            }

        return self._persist(work)

    # ---- one submission

    def write(self, spec, result, files=(), only=None):
        """Enter one result: files first, then everything in the database at once.

        Parameters
        ----------
        spec : Spec
        result : Result
        files : dict of str to bytes
            What was handed in beside the notebook.
        only : set of str, optional
            Write the scores of these cells alone; the others stay as they are.
        """
        try:
            self._write_files(spec, result, files)
        except OSError as error:
            if error.errno in FULL:
                raise DiskFull(trouble(error)) from None
            raise
        self._persist(lambda: self._enter(result, only))

    def _write_files(self, spec, result, files):
        folder = self.folder("autograded", result.student, result.chapter)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in dict(files).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(target, data)
        if result.timestamp:
            replace(folder / "timestamp.txt", result.timestamp + "\n")
        notebook = {
            "cells": result.cells,
            "metadata": spec.metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        replace(
            folder / f"{result.notebook}.ipynb",
            json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
        )

    def is_whole(self, submission):
        """Whether all that `write` put into autograded/ is there to its end.

        After a power cut it may not be.
        """
        folder = self.folder("autograded", submission.student, submission.chapter)
        expected = dict(submission.files)
        if submission.timestamp:
            expected["timestamp.txt"] = f"{submission.timestamp}\n".encode()
        try:
            json.loads((folder / f"{submission.notebook}.ipynb").read_bytes())
            return all((folder / name).read_bytes() == data for name, data in expected.items())
        except (OSError, ValueError):
            return False

    def folder(self, kind, student, chapter):
        """autograded/STUDENT/CHAPTER or feedback/STUDENT/CHAPTER."""
        return self.root / kind / student / chapter

    def _enter(self, result, only):
        db = self.book.db
        submission = self._submission(result.chapter, result.student)
        submission.timestamp = parse_utc(result.timestamp) if result.timestamp else None
        notebook = next(one for one in submission.notebooks if one.notebook.name == result.notebook)
        if missing := set(result.scores) - {grade.cell.name for grade in notebook.grades}:
            raise RuntimeError(
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
        for comment in notebook.comments:
            if comment.cell.name in result.comments:
                comment.auto_comment = result.comments[comment.cell.name]
        self._set_penalty(submission, notebook)
        complete = only is None or all(
            grade.auto_score == result.scores.get(grade.cell.name) for grade in notebook.grades
        )
        where = (
            ledger.c.assignment == result.chapter,
            ledger.c.student == result.student,
            ledger.c.notebook == result.notebook,
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
                        "flags": result.flags,
                        "limits": result.limits,
                        "seconds": result.seconds,
                        "fingerprints": result.fingerprints,
                    }
                ),
            )
        )
        db.commit()

    def _submission(self, chapter, student):
        """The rows of a submission; made, but not committed, if they are not there."""
        try:
            return self.book.find_submission(chapter, student)
        except MissingEntry:
            pass
        assignment = self.book.find_assignment(chapter)
        enrolled, db = self.book.find_student(student), self.book.db
        with db.no_autoflush:
            submission = SubmittedAssignment(assignment=assignment, student=enrolled)
            db.add(submission)
            for notebook in assignment.notebooks:
                mine = SubmittedNotebook(notebook=notebook, assignment=submission)
                db.add(mine)
                db.add_all(
                    Grade(cell=cell, notebook=mine)
                    for cell in (*notebook.grade_cells, *notebook.task_cells)
                )
                db.add_all(
                    Comment(cell=cell, notebook=mine)
                    for cell in (*notebook.solution_cells, *notebook.task_cells)
                )
        return submission

    def _set_penalty(self, submission, notebook):
        """The late penalty from the scores as they are, hand-given ones included; True if it has
        changed.
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

    def scores(self, chapter):
        """All scores of an assignment, as `export.scores` gives them."""
        return self._persist(lambda: export.scores(self.book, chapter))

    def write_csv(self, path):
        """Write grades.csv from what is committed; nothing if the gradebook was given up."""

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


def _remedy(said):
    """What helps against a refusal of the database."""
    if "locked" in said:
        return "another program holds it: close the formgrader, viewers of databases and other runs"
    if "malformed" in said or "not a database" in said:
        return (
            "it is damaged: put a copy of it back, or move it away and all is graded anew; scores"
            " given by hand are in it alone"
        )
    if "readonly" in said or "unable to open" in said:
        return "make the file and its folder writable, or name another gradebook with --db"
    return "mend that"


def _public(url):
    """A database's address without its password."""
    return make_url(url).render_as_string(hide_password=True)

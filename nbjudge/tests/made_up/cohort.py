"""The toy course, a class for it, and what an undisturbed run makes of them.

What disturbed runs are compared with.
"""

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.execution import pool
from nbjudge.sandbox.isolation import find_method
from sqlalchemy import text

from .course import make_course
from .students import BLANK, DUE, Student, copied_test, write_submission

CHAPTER = "01-logs"


def with_data(notebook, path):
    """A file that belongs to the notebook."""
    (path.parent / "data.csv").write_text("word,count\nthe,3\n")


CLASS = {
    "blank": Student(BLANK),
    "copied-test": Student({}, copied_test("p1_test")),
    "half": Student(
        {"p1": "def mean_of_logs(values):\n    return sum(map(math.log, values)) / len(values)"},
        with_data,
    ),
    "late": Student({}, submitted="2026-03-03 08:00:00 UTC"),
    "perfect": Student({}),
    "zweifel-ß-學": Student({"p1": "def mean_of_logs(values):\n    return 'zweifel'"}),
}
COMMAND = [sys.executable, "-u", "-m", "nbjudge"]
SEEN = {
    "grades": (
        "select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit,"
        " g.needs_manual_grade from grade g join base_cell b on b.id = g.cell_id join"
        " submitted_notebook n on n.id = g.notebook_id join submitted_assignment s on s.id ="
        " n.assignment_id"
    ),
    "comments": (
        "select s.student_id, b.name, c.auto_comment, c.manual_comment from comment c join"
        " base_cell b on b.id = c.cell_id join submitted_notebook n on n.id = c.notebook_id join"
        " submitted_assignment s on s.id = n.assignment_id"
    ),
    "submissions": (
        "select s.student_id, n.late_submission_penalty from submitted_notebook n join"
        " submitted_assignment s on s.id = n.assignment_id"
    ),
    "ledger": "select student, notebook, key, feedback from nbjudge_graded",
}


def gradebook(address):
    """Everything in a gradebook that grading has put there, whatever the order and the ids."""
    from nbgrader.api import Gradebook

    with Gradebook(address.replace("postgresql:", "postgresql+psycopg:"), "made-up") as book:
        return {
            part: sorted(map(tuple, book.db.execute(text(query))), key=str)
            for part, query in SEEN.items()
        }


# files that differ between two runs of the same class
OWN = ("gradebook.db", "submission_secret.txt")


def written(root):
    """{path: contents} of every file that grading has left under a root.

    Of the gradebook, and of secrets, which are each course's own, that they are there.
    """
    places = [
        path for folder in ("autograded", "feedback") for path in Path(root, folder).rglob("*")
    ] + list(Path(root).glob("*.*"))
    kept = [path for path in places if path.is_file() and path.name != "nbgrader_config.py"]
    return {str(path.relative_to(root)): path.name in OWN or path.read_bytes() for path in kept}


class Course:
    """A class and what an undisturbed run on this machine made of it.

    Of the toy course, or of a chapter of the course at `home`.
    """

    def __init__(self, root, students=CLASS, home=None, chapter=CHAPTER):
        self.root, self.home = Path(root), home or make_course(root)
        find_method()  # without a sandbox the tests of this class are skipped
        if home is None:
            release.generate(root)
        for student, what in students.items():
            write_submission(self.home, root, chapter, student, what)
        self.outcomes, real = {}, pool.outcomes

        def listening(*arguments):
            for submission, outcome in real(*arguments):
                self.outcomes[submission.student] = outcome
                yield submission, outcome

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pool, "outcomes", listening)
            assert main(self.command(root, "--workers", "1")) == 0
        self.files = written(root)
        self.book, self.table = (
            gradebook(f"sqlite:///{root}/gradebook.db"),
            (self.root / "grades.csv").read_text(),
        )

    def replay(self, spec, submissions, *how):
        """In place of `pool.outcomes`: the same results without running anything."""
        yield from ((submission, self.outcomes[submission.student]) for submission in submissions)

    def hand_in_at(self, root):
        """The same submissions in another folder."""
        for folder in ("submitted", ".nbjudge"):
            shutil.copytree(self.root / folder, Path(root, folder))

    def command(self, root, *more):
        """What `main` takes."""
        return ["grade", "--home", str(self.home), "--root", str(root), "--due", DUE, *more]


def ledger(root):
    """The students whose results are entered, and how many rows of points each student has."""
    with sqlite3.connect(f"file:{root}/gradebook.db?mode=ro", uri=True) as book:
        tables = {name for (name,) in book.execute("select name from sqlite_master")}
        if "nbjudge_graded" not in tables:
            return [], {}
        entered = [name for (name,) in book.execute("select student from nbjudge_graded")]
        rows = dict(
            book.execute(
                "select s.student_id, count(*) from grade g join submitted_notebook n on n.id ="
                " g.notebook_id join submitted_assignment s on s.id = n.assignment_id group by"
                " s.student_id"
            )
        )
    return entered, rows


def completes(course, root, *more):
    """Give the same command again, and compare everything with the undisturbed run."""
    assert main(course.command(root, *more)) == 0
    assert gradebook(f"sqlite:///{root}/gradebook.db") == course.book
    assert (root / "grades.csv").read_text() == course.table
    assert written(root) == course.files
    with (
        sqlite3.connect(f"file:{root}/gradebook.db?mode=ro", uri=True) as book,
        sqlite3.connect(course.root / "gradebook.db") as undisturbed,
    ):
        schema = "select type, name, sql from sqlite_master order by name"
        assert book.execute(schema).fetchall() == undisturbed.execute(schema).fetchall()
        assert (
            book.execute("select * from alembic_version").fetchall()
            == undisturbed.execute("select * from alembic_version").fetchall()
        )

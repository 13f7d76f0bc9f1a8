"""Our verbs and nbgrader's own commands on one course, in any order.

None fails, nothing is lost, and no student's code runs outside the sandbox.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import term
from nbgrader.api import Gradebook
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.term.marking import Desk

LOGS = "01-logs"
PROGRAMS = Path(sys.executable).parent
# what each hands in, by the letters of `made_up.term`; s00 tries to leave a file outside
WORK = {"s00": "X", "s01": "H", "s02": "R", "s03": "B"}
# points of the tests at the end, when the hidden test asks for less, and of a person
EARNED = {"s00": 10 + 1.5, "s01": 10 + 1.5, "s02": 10 + 1.5, "s03": 0}


class Instructor:
    """Whoever gives the commands; each method is a step that may come at any time."""

    def __init__(self, place):
        self.place, self.marker = place, place / "outside"
        self.home = term.course(place / "course")
        release.generate(self.home)
        for student in WORK:
            self.hand_in(student)

    def hand_in(self, student, more=""):
        folder = self.home / "submitted" / student / LOGS
        folder.mkdir(parents=True, exist_ok=True)
        data = term.hand_in(self.home, LOGS, WORK[student], self.marker).decode()
        told = "Zeros count for nothing among logs."
        (folder / "exercises.ipynb").write_text(data.replace(told, told + more))

    def ours(self, *words):
        assert main([*map(str, words), "--home", str(self.home)]) == 0, words

    def stock(self, *words, cwd=None):
        path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
        done = subprocess.run(
            [PROGRAMS / "nbgrader", *words],
            cwd=cwd or self.home,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr

    def book(self):
        return Gradebook(f"sqlite:///{self.home}/gradebook.db", "made-up")

    def mark(self):
        """Mark what waits, a point and a half each."""
        desk = Desk(LOGS, self.home, secret=b"any order")
        (problem,) = desk.problems
        for answer in desk.answers(problem):
            if answer.waits:
                desk.mark(problem, answer.student, 1.5, "Read.", None)

    # ---- steps

    def grades(self):
        self.ours("grade")

    def releases(self):
        self.ours("release")

    def gives_out(self):
        self.ours("export")
        self.ours("report", "--no-pages")
        self.ours("feedback", "1", "--mail")

    def withdraws(self):
        listed = self.place / "list.csv"
        listed.write_text("id,first_name,last_name\ns00,Ann,Bell\ns01,Jon,Bell\ns02,Eve,Bell\n")
        self.ours("roster", listed, "--withdraw")

    def generates(self):
        self.stock("generate_assignment", LOGS, "--force")

    def autogrades(self):
        self.stock("autograde", LOGS)

    def autogrades_from_elsewhere(self):
        words = ("--student", "s00", "--force", f"--course-dir={self.home}")
        self.stock("autograde", LOGS, *words, cwd=self.place)

    def generates_feedback(self):
        self.stock("generate_feedback", LOGS, "--force")

    def exports(self):
        self.stock("export", "--to", "theirs.csv")

    def edits_a_hidden_test(self):
        term.soften(self.home)

    def gets_another_answer(self):
        self.hand_in("s02", " Really.")
        self.ours("grade")
        self.mark()

    def loses_a_row(self):
        with self.book() as book:
            book.db.delete(book.find_grade("p2", "exercises", LOGS, "s02"))
            book.db.commit()
        self.ours("grade")
        self.mark()

    def loses_a_student(self):
        self.stock("db", "student", "remove", "s01", "--force")
        self.stock("autograde", LOGS)
        self.mark()


STEPS = [
    step
    for name, step in vars(Instructor).items()
    if not name.startswith("_") and name not in ("hand_in", "ours", "stock", "book", "mark")
]


@pytest.mark.parametrize("order", [1, 2])
def test_commands_in_any_order(sandbox, warm, tmp_path, order):
    work, steps = Instructor(tmp_path), list(STEPS)
    work.ours("grade")
    work.mark()
    random.Random(order).shuffle(steps)
    for step in steps:
        step(work)
        assert not work.marker.exists(), step
    work.ours("grade")
    with work.book() as book:
        assert {one.student.id: one.score for one in book.assignment_submissions(LOGS)} == EARNED
        assert book.find_comment("p2", "exercises", LOGS, "s00").manual_comment == "Read."
    for student in WORK:
        page = work.home / "feedback" / student / LOGS / "exercises.html"
        assert page.read_text().endswith("<!-- a whole page of nbjudge -->\n")

"""The sample class of chapter 3, graded end to end: every score, every message, nobody lost."""

import csv
import html
import re

import pytest
from nbjudge.run import grade_class
from sample_class import CHAPTER, CLASS, DUE, HOME, sandbox_can_be_made, write_submission

GRADED = [name for name, student in CLASS.items() if student.score is not None]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    root = tmp_path_factory.mktemp("class")
    for name, student in CLASS.items():
        write_submission(HOME, root, CHAPTER, name, student)
    # it is our own code: it is graded everywhere
    isolation = None if sandbox_can_be_made() else "none"
    rows = {
        row.student: row
        for row in grade_class(
            HOME, root, [CHAPTER], due=DUE, say=lambda line: None, isolation=isolation
        )
    }
    with open(root / "grades.csv", newline="") as file:
        return root, rows, {row["student_id"]: row for row in csv.DictReader(file)}


def test_the_class_is_worth_the_name():
    assert len(CLASS) >= 8


@pytest.mark.parametrize("name", GRADED)
def test_score(graded, name):
    _, rows, scores = graded
    assert rows[name].state == "graded", rows[name].remark
    assert float(scores[name]["score"]) == pytest.approx(CLASS[name].score, abs=0.005)
    assert float(scores[name]["max_score"]) == 20


@pytest.mark.parametrize("name", GRADED)
def test_feedback(graded, name):
    page = (graded[0] / "feedback" / name / CHAPTER / "exercises.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert CLASS[name].says in text
    assert "HIDDEN TESTS" not in text and "MARK SCHEME" not in text


@pytest.mark.parametrize("name", sorted(set(CLASS) - set(GRADED)))
def test_what_cannot_be_graded_is_reported_and_listed(graded, name):
    _, rows, scores = graded
    assert rows[name].state == "unreadable"
    assert float(scores[name]["score"]) == 0

"""Grading a class end to end on the toy course.

No submission ends the run, no unlucky student loses points.
"""

import csv
import json
import os

import nbformat
import pytest
from made_up.course import make_course
from made_up.students import (
    BLANK,
    DUE,
    Student,
    copied_test,
    cut_short,
    deleted,
    own_cell_before,
    write_submission,
)
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.execution import pool
from nbjudge.run import grade_class

CHAPTER = "01-logs"
RIGHT = (
    "def mean_of_logs(values):\n    logs = [math.log(v) for v in values if v > 0]\n    return"
    " math.fsum(logs) / len(logs)"
)


def as_symlink(notebook, path):
    path.symlink_to("/etc/hostname")
    return "written"


def odd_schema(notebook, path):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 99


def skips_tests(notebook, path):
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution"]


def writes_scripts(notebook, path):
    notebook.cells.insert(
        1,
        new_markdown_cell(
            "**bold** $a < b$ <script>typed()</script> <img src=x onerror='typed()'>"
        ),
    )
    notebook.cells.insert(
        2, new_code_cell("from IPython.display import HTML\nHTML('<script>shown()</script>')")
    )


def nothing_but_a_list(notebook, path):
    path.write_text("[1, 2, 3]")
    return "written"


CLASS = {
    "perfect": Student({}, score=10),
    "blank": Student(BLANK, score=0),
    "no-filter": Student(
        {"p1": "def mean_of_logs(values):\n    return sum(map(math.log, values)) / len(values)"},
        score=5,
    ),
    "other-style": Student({"p1": RIGHT}, score=10),
    "copied-test": Student({}, copied_test("p1_test"), score=10),
    "deleted-test": Student(BLANK, deleted("p1_test"), score=0),
    "warns": Student(
        {
            "p1": (
                "import sys, warnings\n"
                + RIGHT.replace(
                    "logs =",
                    "warnings.warn('a guess')\n    print('hm', file=sys.stderr)\n    logs =",
                )
            )
        },
        score=10,
    ),
    "late": Student({}, score=8, submitted="2026-03-03 08:00:00 UTC"),
    "odd-schema": Student({}, odd_schema, score=10),
    "skips-tests": Student(BLANK, skips_tests, score=0),
    "own-cell": Student(
        {"p1": "def mean_of_logs(values):\n    return helper(values)"},
        own_cell_before("p1", RIGHT.replace("mean_of_logs", "helper")),
        score=10,
    ),
    "writes-scripts": Student({}, writes_scripts, score=10),
    "kills-kernel": Student({"p1": "import os\nos._exit(1)"}, score=0),
    "cut-short": Student({}, cut_short, score=None),
    "symlink": Student({}, as_symlink, score=None),
    "no-notebook": Student({}, nothing_but_a_list, score=None),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The toy class, graded once: (home, rows)."""
    home = make_course(tmp_path_factory.mktemp("course"))
    release.generate(home)
    for name, student in CLASS.items():
        write_submission(home, home, CHAPTER, name, student)
    return home, {row.student: row for row in grade_class(home, due=DUE, say=lambda line: None)}


def scores(home):
    with open(home / "grades.csv", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    "student", [name for name, student in CLASS.items() if student.score is not None]
)
def test_score(graded, student):
    home, rows = graded
    assert rows[student].state == "graded", rows[student].remark
    assert float(scores(home)[student]["score"]) == CLASS[student].score


@pytest.mark.parametrize(
    "student, state, words",
    [
        ("cut-short", "unreadable", "is not a complete notebook (broken at line"),
        ("symlink", "unreadable", "exercises.ipynb is a link or a device"),
        ("no-notebook", "unreadable", "holds no list of cells"),
    ],
)
def test_what_cannot_be_graded_is_named_with_cause_and_remedy(graded, student, state, words):
    row = graded[1][student]
    assert row.state == state
    assert words in row.remark and "again" in row.remark


def test_nobody_is_missing_from_the_scores(graded):
    assert set(scores(graded[0])) == set(CLASS)


def test_submissions_are_not_touched(graded):
    home, _ = graded
    text = (home / "submitted" / "copied-test" / CHAPTER / "exercises.ipynb").read_text()
    ids = [
        cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in json.loads(text)["cells"]
    ]
    assert ids.count("p1_test") == 2


def test_repairs_are_reported(graded):
    assert "cell p1_test was copied" in graded[1]["copied-test"].remark


def test_late_penalty_is_two_days_of_a_tenth(graded):
    row = scores(graded[0])["late"]
    assert (float(row["raw_score"]), float(row["late_submission_penalty"])) == (10, 2)


def test_feedback_shows_messages_and_no_hidden_test(graded):
    page = (graded[0] / "feedback" / "no-filter" / CHAPTER / "exercises.html").read_text()
    assert "ValueError: raised by your function in a hidden test" in page
    blank = (graded[0] / "feedback" / "blank" / CHAPTER / "exercises.html").read_text()
    for text in (page, blank):
        assert (
            "HIDDEN TESTS" not in text and "secret_case" not in text and "math.e ** 7" not in text
        )


def test_scripts_in_a_submission_are_inert_in_its_feedback(graded):
    page = (graded[0] / "feedback" / "writes-scripts" / CHAPTER / "exercises.html").read_text()
    assert "<script" not in page and "<img src=x" not in page
    assert "<strong>bold</strong>" in page and "run()" not in page


def test_second_run_grades_nothing_and_keeps_the_scores(graded):
    home, _ = graded
    before = scores(home)
    again = {row.student: row.state for row in grade_class(home, say=lambda line: None)}
    assert {again[name] for name, student in CLASS.items() if student.score is not None} == {
        "unchanged"
    }
    assert scores(home) == before


def test_a_changed_submission_is_graded_again_and_manual_scores_stay(graded):
    from nbgrader.api import Gradebook

    home, _ = graded
    with Gradebook(f"sqlite:///{home}/gradebook.db") as gradebook:
        gradebook.find_grade("p2", "exercises", CHAPTER, "other-style").manual_score = 2
        gradebook.db.commit()
    write_submission(
        home,
        home,
        CHAPTER,
        "other-style",
        Student({"p1": "def mean_of_logs(values):\n    return 0.5"}),
    )
    rows = {row.student: row for row in grade_class(home, say=lambda line: None)}
    assert rows["other-style"].state == "graded"
    assert float(scores(home)["other-style"]["score"]) == 2


def test_nothing_submitted(tmp_path, capsys):
    home = make_course(tmp_path)
    assert main(["grade", "--home", str(home)]) == 2
    assert "put each notebook at" in capsys.readouterr().err


def test_unknown_chapter(tmp_path, capsys):
    home = make_course(tmp_path)
    assert main(["grade", "--home", str(home), "12"]) == 2
    assert "no assignment '12'" in capsys.readouterr().err


def test_a_due_date_that_is_none(tmp_path, capsys):
    home = make_course(tmp_path)
    assert main(["grade", "--home", str(home), "--due", "the ides of March"]) == 2
    assert "the date 'the ides of March' is none" in capsys.readouterr().err


def test_a_misplaced_submission_is_not_overlooked(graded, tmp_path):
    home, _ = graded
    write_submission(home, tmp_path, CHAPTER, "perfect", CLASS["perfect"])
    (tmp_path / "submitted" / "perfect" / CHAPTER).rename(
        tmp_path / "submitted" / "perfect" / "1_logs"
    )
    with pytest.raises(ValueError, match="nothing to grade"):
        grade_class(home, tmp_path)
    write_submission(home, tmp_path, CHAPTER, "blank", CLASS["blank"])
    row, graded_row = grade_class(home, tmp_path, say=lambda line: None)
    assert (
        row.state == "unreadable"
        and "submitted/perfect/1_logs was not graded" in row.remark
        and CHAPTER in row.remark
    )
    assert graded_row.state == "graded"


def test_a_run_that_was_stopped_continues(graded, tmp_path, monkeypatch, capsys):
    home, _ = graded
    for name in ("blank", "perfect"):
        write_submission(home, tmp_path, CHAPTER, name, CLASS[name])
    arguments = ["grade", "--home", str(home), "--root", str(tmp_path), "--workers", "1"]
    outcomes = pool.outcomes

    def stop_at_the_second(*arguments):
        for number, outcome in enumerate(outcomes(*arguments)):
            if number == 1:
                raise KeyboardInterrupt
            yield outcome

    monkeypatch.setattr(pool, "outcomes", stop_at_the_second)
    assert main(arguments) == 130
    assert "the same command continues" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "blank: unchanged" in said and "perfect: graded" in said
    assert float(scores(tmp_path)["perfect"]["score"]) == 10


def test_the_class_can_be_graded_without_the_environment_on_the_path(graded, monkeypatch, tmp_path):
    home, _ = graded
    monkeypatch.setenv("PATH", os.defpath)
    write_submission(home, tmp_path, CHAPTER, "perfect", CLASS["perfect"])
    assert [row.state for row in grade_class(home, tmp_path, say=lambda line: None)] == ["graded"]
    assert nbformat.read(
        tmp_path / "autograded" / "perfect" / CHAPTER / "exercises.ipynb", as_version=4
    ).cells

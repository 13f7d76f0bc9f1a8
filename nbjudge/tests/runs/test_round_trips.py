"""What grading leaves behind is nbgrader's own.

Its export, its feedback, its penalties and its formgrader read it and write to it.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from made_up.course import make_course
from made_up.students import BLANK, DUE, Student, write_submission
from nbgrader.api import Gradebook
from nbjudge.assignment import release
from nbjudge.cli import main

from .machinery import PATIENCE, free_port, running, wait_for

CHAPTER = "01-logs"
HALF = "def mean_of_logs(values):\n    return sum(map(math.log, values)) / len(values)"
CLASS = {
    "blank": Student(BLANK),
    "half-and-late": Student({"p1": HALF}, submitted="2026-03-03 08:00:00 UTC"),
    "late": Student({}, submitted="2026-03-02 00:00:00 UTC"),
    "perfect": Student({}),
}
PROGRAMS = Path(sys.executable).parent
HIDDEN = ("HIDDEN TESTS", "secret_case", "math.e ** 7")


@pytest.fixture(scope="module")
def graded(sandbox, warm, tmp_path_factory):
    """The class, graded in its own folder."""
    home = make_course(tmp_path_factory.mktemp("round") / "course")
    release.generate(home)
    for student, what in CLASS.items():
        write_submission(home, home, CHAPTER, student, what)
    assert main(["grade", "--home", str(home), "--workers", "1", "--due", DUE]) == 0
    return home


@pytest.fixture
def home(graded, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(graded, tmp_path / "course")


def nbgrader(home, *arguments):
    """One of nbgrader's own commands in the course's folder, as the guide has it."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    }
    done = subprocess.run(
        [PROGRAMS / "nbgrader", *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def table(path):
    """{student: row} with numbers as numbers."""
    with open(path, newline="") as file:
        return {
            row["student_id"]: {
                key: (
                    float(value)
                    if key in ("raw_score", "late_submission_penalty", "score", "max_score")
                    else value
                )
                for key, value in row.items()
            }
            for row in csv.DictReader(file)
        }


def scores(home):
    """{student: (before and after the late penalty)} of grades.csv."""
    return {
        student: (row["raw_score"], row["score"])
        for student, row in table(home / "grades.csv").items()
    }


def test_nbgraders_export_says_what_ours_says(home):
    nbgrader(home, "export", "--to", "theirs.csv")
    theirs, ours = table(home / "theirs.csv"), table(home / "grades.csv")
    for row in ours.values():
        del row["to_be_marked"], row["points_to_be_marked"]  # nbgrader's table has no such column
    assert set(ours) == set(CLASS) and list(theirs["late"]) == list(ours["late"])
    assert theirs == ours


def test_nbgraders_feedback_has_the_scores_and_no_hidden_test(home):
    shutil.rmtree(home / "feedback")
    nbgrader(home, "generate_feedback", CHAPTER)
    for student, (_, score) in scores(home).items():
        page = (home / "feedback" / student / CHAPTER / "exercises.html").read_text()
        assert f"(Score: {score} / 12.0)" in page
        assert not [words for words in HIDDEN if words in page]


# ---- late penalties


def test_a_day_begun_costs_a_tenth(graded):
    assert scores(graded) == {
        "blank": (0, 0),
        "half-and-late": (5, 4),
        "late": (10, 9),
        "perfect": (10, 10),
    }


@pytest.mark.parametrize(
    "settings",
    ["", "c.AssignLatePenalties.plugin_class = 'nbgrader.plugins.LateSubmissionPlugin'\n"],
)
def test_nbgraders_own_plugin_takes_everything(home, settings):
    """Named or by default, as nbgrader itself would find it."""
    config = home / "nbgrader_config.py"
    kept = [
        line
        for line in config.read_text().splitlines(keepends=True)
        if "AssignLatePenalties.plugin_class" not in line
    ]
    config.write_text("".join(kept) + settings + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    assert main(["grade", "--home", str(home), "--workers", "1"]) == 0
    assert scores(home) == {
        "blank": (0, 0),
        "half-and-late": (5, 0),
        "late": (10, 0),
        "perfect": (10, 10),
    }


def test_a_due_date_that_moves_and_an_extension_change_penalties_without_grading_again(
    home, capsys
):
    assert main(["grade", "--home", str(home), "--due", "2026-03-02 12:00 UTC"]) == 0
    capsys.readouterr()
    assert scores(home) == {
        "blank": (0, 0),
        "half-and-late": (5, 4.5),
        "late": (10, 10),
        "perfect": (10, 10),
    }
    with Gradebook(f"sqlite:///{home}/gradebook.db") as book:
        book.find_submission(CHAPTER, "half-and-late").extension = timedelta(days=1)
        book.db.commit()
    assert main(["grade", "--home", str(home), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["state"] for row in rows} == {"unchanged"}
    assert scores(home)["half-and-late"] == (5, 5)


def test_a_submission_that_comes_again_counts_from_its_new_time(home):
    (home / "submitted" / "perfect" / CHAPTER / "timestamp.txt").write_text(
        "2026-03-05 12:00:00 UTC\n"
    )
    (home / "submitted" / "late" / CHAPTER / "timestamp.txt").unlink()
    assert main(["grade", "--home", str(home)]) == 0
    assert scores(home)["perfect"] == (10, 6) and scores(home)["late"] == (10, 10)


# ---- formgrader


class Formgrader:
    """nbgrader's formgrader in a Jupyter server, as a browser uses it."""

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}/formgrader"

    def get(self, path, data=None, method=None):
        """A page, or the answer to a PUT of data; the status if it is none."""
        request = urllib.request.Request(
            f"{self.address}/{path}",
            headers={"Authorization": "token round-trip"},
            data=None if data is None else json.dumps(data).encode(),
            method=method or ("GET" if data is None else "PUT"),
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def json(self, path, data=None):
        return json.loads(self.get(f"api/{path}", data))

    def press(self, path):
        """What a button does, such as Autograde."""
        return json.loads(self.get(f"api/{path}", method="POST"))


@pytest.fixture
def formgrader(home, tmp_path):
    port = free_port()
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    command = [
        PROGRAMS / "jupyter-server",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={home}",
        "--IdentityProvider.token=round-trip",
    ]
    with running(command, cwd=home, env=environment):
        server = Formgrader(port)
        wait_for(lambda: server.get("manage_assignments"))
        yield server


def shown(formgrader, submission):
    """The text of a submission's page, without the tags that colour the code."""
    return re.sub(r"<[^>]+>", "", formgrader.get(f"submissions/{submission}/"))


def test_formgrader_shows_the_class_and_what_is_typed_there_survives_grading_again(
    home, formgrader
):
    for page, words in [
        ("manage_assignments", "Add new assignment"),
        (f"manage_submissions/{CHAPTER}", CHAPTER),
        ("gradebook", "Manual Grading"),
        (f"gradebook/{CHAPTER}", CHAPTER),
        (f"gradebook/{CHAPTER}/exercises", "exercises"),
        ("manage_students", "Students"),
        (f"manage_students/late/{CHAPTER}", "late"),
    ]:
        assert words in formgrader.get(page), page
    seen = {
        one["student"]: one for one in formgrader.json(f"submitted_notebooks/{CHAPTER}/exercises")
    }
    assert {student: one["score"] for student, one in seen.items()} == {
        student: raw for student, (raw, _) in scores(home).items()
    }
    assert {student for student, one in seen.items() if one["needs_manual_grade"]} == {
        "half-and-late",
        "late",
        "perfect",
    }
    submission = seen["half-and-late"]["id"]
    page = shown(formgrader, submission)
    # the one who grades sees the tests
    assert "sum(map(math.log, values))" in page and "HIDDEN TESTS" in page

    with pytest.raises(urllib.error.HTTPError, match="404"):
        formgrader.get("submissions/no-such-submission/")

    essay = next(
        grade
        for grade in formgrader.json(f"grades?submission_id={submission}")
        if grade["name"] == "p2"
    )
    assert essay["auto_score"] is None and essay["needs_manual_grade"]
    formgrader.json(f"grade/{essay['id']}", {"manual_score": 1.5, "extra_credit": 0.25})
    comment = next(
        one
        for one in formgrader.json(f"comments?submission_id={submission}")
        if one["name"] == "p2"
    )
    formgrader.json(f"comment/{comment['id']}", {"manual_comment": "underflow is missing"})

    assert main(["grade", "--home", str(home), "--force", "--workers", "1"]) == 0
    # the penalty is of the new score
    assert scores(home)["half-and-late"] == (6.75, pytest.approx(5.4))
    page = (home / "feedback" / "half-and-late" / CHAPTER / "exercises.html").read_text()
    assert "underflow is missing" in page and "6.75" in page
    after = next(
        grade
        for grade in formgrader.json(f"grades?submission_id={submission}")
        if grade["name"] == "p2"
    )
    assert (after["manual_score"], after["extra_credit"], after["id"]) == (1.5, 0.25, essay["id"])

    submit = home / "submitted" / "half-and-late" / CHAPTER / "exercises.ipynb"
    submit.write_text(submit.read_text().replace("/ len(values)", "/ max(len(values), 1)"))
    assert main(["grade", "--home", str(home), "--workers", "1"]) == 0
    assert scores(home)["half-and-late"][0] == 6.75
    assert "max(len(values), 1)" in shown(formgrader, submission)


# ---- nothing runs students' code outside the sandbox

PLANTED = """
from pathlib import Path

def mean_of_logs(values):
    return sum(math.log(v) for v in values if v > 0) / len([v for v in values if v > 0])

try:
    Path({marker!r}).write_text("outside")
except OSError:
    pass
"""


@pytest.fixture
def planted(home, tmp_path):
    """A submission that is right and leaves a file outside; where it would lie."""
    marker = tmp_path / "marker"
    answer = PLANTED.format(marker=str(marker))
    write_submission(home, home, CHAPTER, "perfect", Student({"p1": answer}))
    return marker


def test_the_planted_answer_leaves_its_file_in_a_kernel(planted):
    """What the next tests look for is what a kernel would do."""
    exec("import math" + PLANTED.format(marker=str(planted)), {})
    assert planted.read_text() == "outside"


def test_the_autograde_button_and_command_grade_in_the_sandbox_in_any_order(
    home, planted, formgrader
):
    page = home / "feedback" / "perfect" / CHAPTER / "exercises.html"
    expected = scores(home)

    def ours():
        assert main(["grade", "--home", str(home), "--workers", "1"]) == 0
        assert page.read_text().endswith("<!-- a whole page of nbjudge -->\n")

    def button():
        answer = formgrader.press(f"submission/{CHAPTER}/perfect/autograde")
        assert answer["success"], answer

    def command():
        nbgrader(home, "autograde", CHAPTER, "--student", "perfect", "--force")

    def their_feedback():
        answer = formgrader.press(f"assignment/{CHAPTER}/generate_feedback")
        assert answer["success"], answer
        assert "nbjudge" not in page.read_text()

    for step in (button, ours, command, their_feedback, ours, ours, command, button, ours):
        step()
        assert not planted.exists(), step
        assert scores(home) == expected, step


def test_the_button_says_why_a_submission_has_no_grade_and_the_others_keep_theirs(home, formgrader):
    path = home / "submitted" / "perfect" / CHAPTER / "exercises.ipynb"
    path.write_text("{")
    answer = formgrader.press(f"submission/{CHAPTER}/perfect/autograde")
    assert not answer["success"]
    assert "perfect was not graded: " in answer["log"], answer["log"]
    assert formgrader.press(f"submission/{CHAPTER}/late/autograde")["success"]
    assert main(["grade", "--home", str(home), "--workers", "1"]) == 1
    assert scores(home)["late"] == (10, 9)

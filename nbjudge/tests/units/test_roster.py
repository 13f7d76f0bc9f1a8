"""Class lists and due dates: read from the platforms' tables, refused where they are ambiguous."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from made_up.course import make_course
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.execution.result import Result
from nbjudge.records.gradebook import Deadlines, Writer, ledger
from nbjudge.records.people import Person
from sqlalchemy import delete

from nbjudge import dates
from nbjudge import run as run_module

CHAPTER = "01-logs"
# the participants of a Moodle course, downloaded as a table (docs.moodle.org, Participants)
MOODLE = """First name,Last name,ID number,Email address,Groups
Jörg,Müller,18,jm@example.org,
Ann,Bell,17,ann@example.org,Tuesday
"""
# Canvas's gradebook (Canvas's guide, "How do I export grades in the Gradebook?")
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Assignment 1 (4711),Current Score
    Points Possible,,,,,12.0,(read only)
"Bell, Ann",10251,17,ann@example.org,Main,,
"Müller, Jörg",10252,18,jm@example.org,Main,,
"Student, Test",10300,,5f3c,Main,,
"""
LISTS = {
    "Moodle": (MOODLE, "utf-8-sig"),
    "Moodle, saved by Excel": (MOODLE.replace(",", ";"), "cp1252"),
    "nbgrader's": ("id,first_name,last_name,email\n17,Ann,Bell,\n18,Jörg,Müller,\n", "utf-8"),
}


@pytest.fixture
def home(tmp_path):
    return make_course(tmp_path)


@pytest.fixture
def writer(home):
    writer = Writer(Course(home).config)
    yield writer
    writer.close()


def run(home, capsys, *arguments, status=0):
    """A verb's answer in JSON."""
    assert main([*map(str, arguments), "--home", str(home), "--json"]) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", LISTS)
def test_a_class_list_is_entered(home, writer, capsys, kind):
    text, encoding = LISTS[kind]
    (home / "list.csv").write_text(text, encoding=encoding)
    said = run(home, capsys, "roster", home / "list.csv")
    assert {one["state"] for one in said["students"]} == {"new"}
    assert [(one.id, one.name) for one in writer.people()] == [
        ("17", "Bell, Ann"),
        ("18", "Müller, Jörg"),
    ]
    again = run(home, capsys, "roster", home / "list.csv")
    assert {one["state"] for one in again["students"]} == {"unchanged"}


def test_canvas_brings_its_own_numbers_and_no_made_up_student(home, writer, capsys):
    (home / "gradebook.csv").write_text(CANVAS, encoding="utf-8-sig")
    run(home, capsys, "roster", home / "gradebook.csv")
    assert writer.people() == [
        Person("ann@example.org", "Ann", "Bell", "ann@example.org", "10251"),
        Person("jm@example.org", "Jörg", "Müller", "jm@example.org", "10252"),
    ]


def test_a_list_adds_to_what_is_known_and_says_who_is_gone(home, writer, capsys):
    writer.enter_people([Person("17", "Ann", "Bell", "", "10251"), Person("99", "Eve", "Old")])
    (home / "list.csv").write_text(MOODLE)

    def states(*more):
        said = run(home, capsys, "roster", home / "list.csv", *more)
        return {one["id"]: one["state"] for one in said["students"]}

    assert states("--dry-run") == {"17": "changed", "18": "new", "99": "not in the list"}
    assert len(writer.people()) == 2
    assert states("--withdraw")["99"] == "withdrawn"
    assert writer.people()[0] == Person("17", "Ann", "Bell", "ann@example.org", "10251")
    assert states()["99"] == "withdrawn", "until a list has the student again"
    (home / "list.csv").write_text(MOODLE + "Eve,Old,99,,\n")
    assert states()["99"] == "back"
    assert writer.withdrawn() == set()


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b\n1,2\n", "has the columns a, b"),
        ("id\n7\n7\n", "several students with the id 7"),
    ],
)
def test_a_table_that_is_no_class_list_is_refused(home, capsys, text, words):
    (home / "list.csv").write_text(text)
    assert main(["roster", str(home / "list.csv"), "--home", str(home)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, words",
    [
        ("01.03.2026 23:59", "can be read in several ways"),
        ("2026-03-01", "that day's start or its end"),
        ("23:59", "can be read in several ways"),
        ("monday", "can be read in several ways"),
        ("2026-03-01 23:59", "names no time zone"),
        ("2026-03-01 23:59 PST", "'PST'"),
        ("2026-02-30 23:59 UTC", "range"),
        ("2026-10-25 02:30 Europe/Berlin", "clocks of Europe/Berlin are changed"),
        ("2026-03-29 02:30 Europe/Berlin", "clocks of Europe/Berlin are changed"),
    ],
)
def test_a_date_that_could_mean_several_moments_is_refused(text, words):
    with pytest.raises(ValueError, match="2026-03-01 23:59 Europe/Berlin|in UTC") as refused:
        dates.moment(text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "text, hour",
    [
        ("2026-03-01 23:59 UTC", "2026-03-01 23:59"),
        ("2026-03-01T23:59:00Z", "2026-03-01 23:59"),
        ("2026-03-01 23:59 -08:00", "2026-03-02 07:59"),
        ("2026-03-01 23:59 UTC+5:30".replace("+5", "+05"), "2026-03-01 18:29"),
        ("2026-07-01 23:59 Europe/Berlin", "2026-07-01 21:59"),
    ],
)
def test_a_date_means_one_moment(text, hour):
    assert dates.moment(text).strftime("%Y-%m-%d %H:%M") == hour


def test_due_dates_are_set_shown_and_taken_away(home, writer, capsys):
    writer.enter_people([Person("17"), Person("18")])
    said = run(home, capsys, "due", "1", "2026-03-01 23:59 +01:00", "--extend", "17=2d")
    assert said["due"][0]["when"].endswith("2026-03-01 22:59 UTC")
    assert said["due"][0]["extensions"]["17"].endswith("2026-03-03 22:59 UTC")
    assert "each day begun" in said["policy"]
    assert writer.deadlines(CHAPTER).due == datetime(2026, 3, 1, 22, 59)
    assert writer.deadlines(CHAPTER).extensions == {"17": timedelta(days=2)}
    assert run(home, capsys, "due")["due"] == said["due"]
    said = run(home, capsys, "due", "1", "none", "--extend", "17=none")
    assert (said["due"][0]["when"], said["due"][0]["extensions"]) == ("", {})
    assert main(["due", "1", "--extend", "20=1d", "--home", str(home)]) == 2
    assert "knows no student '20'" in capsys.readouterr().err


def test_a_moment_is_shown_in_local_time_and_in_utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        when = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
        assert dates.shown(when) == "2026-03-01 23:59 CET, 2026-03-01 22:59 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "due, times, words",
    [
        (None, {"a": None}, ""),
        (datetime(2026, 3, 1), {"a": datetime(2026, 3, 1)}, ""),
        (datetime(2026, 3, 1), {"a": None, "b": None}, "no hand-in has a time and cannot be late"),
        (datetime(2026, 3, 1), {"a": None, "b": datetime(2026, 3, 1)}, "1 of 2 hand-ins have no"),
    ],
)
def test_a_due_date_without_times_is_warned_of(due, times, words):
    said = run_module._timeless(CHAPTER, Deadlines(due, {}, times), list(times))
    assert words in said and bool(words) == bool(said)


# ---- a written answer that is handed in again


@pytest.fixture
def spec(home):
    return compile_spec(home / "solutions" / CHAPTER / "exercises.ipynb")


def result(spec, text, key):
    """As grading gives it, with an answer to the written problem."""
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            "source": text if cell.grade_id == "p2" else cell.source,
        }
        for cell in spec.cells
    ]
    scores = {"p1_test": 5.0, "p1_partial": 5.0, "p2": None}
    return Result(key, "17", CHAPTER, "exercises", None, cells, scores, {"p2": None})


def marks(writer):
    """(points, person's points, comment) of the written answer."""
    writer._start_over()
    scores = writer.scores(CHAPTER)["17", "exercises"]
    return scores.cells["p2"].earned, scores.comments.get("p2")


def mark(writer, points, comment):
    writer._open()
    (notebook,) = writer.book.find_submission(CHAPTER, "17").notebooks
    grade = next(one for one in notebook.grades if one.cell.name == "p2")
    grade.manual_score, grade.needs_manual_grade = points, False
    next(one for one in notebook.comments if one.cell.name == "p2").manual_comment = comment
    writer.book.db.commit()


def test_a_changed_answer_is_marked_again_and_its_old_points_are_noted(home, writer, spec):
    writer.register(spec)
    writer.enrol(["17"])
    assert writer.write(spec, result(spec, "Because of sums.", "a")) == []
    mark(writer, 1.5, "The underflow is missing.")
    assert writer.write(spec, result(spec, "Because of sums.", "b")) == []
    assert marks(writer) == (1.5, "The underflow is missing.")
    said = writer.write(spec, result(spec, "Because of underflow.", "c"))
    assert said == ["p2 was marked 1.5 of 2, and its text has changed since: mark it again"]
    noted = "An earlier text had 1.5 of 2 points and the comment: The underflow is missing."
    assert marks(writer) == (None, noted)
    assert writer.lines(CHAPTER)["17", "exercises"].detail["flags"] == said
    assert writer.write(spec, result(spec, "Because of underflow.", "d")) == []
    assert marks(writer) == (None, noted), "until somebody has marked it"
    mark(writer, 2.0, "")
    writer.write(spec, result(spec, "Because of underflow.", "e"))
    assert marks(writer) == (2.0, None)


def test_a_marked_answer_that_is_blank_now_waits_for_nobody(home, writer, spec):
    writer.register(spec)
    writer.enrol(["17"])
    writer.write(spec, result(spec, "Because of sums.", "a"))
    mark(writer, 1.5, "The underflow is missing.")
    blank = result(spec, "", "b")
    blank.scores["p2"] = 0.0
    assert writer.write(spec, blank) == ["p2 was marked 1.5 of 2, and is blank now"]
    points, noted = marks(writer)
    assert points == 0 and "had 1.5 of 2 points" in noted
    grade = writer.book.find_grade("p2", "exercises", CHAPTER, "17")
    assert grade.manual_score is None and not grade.needs_manual_grade


def test_marks_stay_where_the_earlier_text_is_not_known(home, writer, spec):
    writer.register(spec)
    writer.enrol(["17"])
    writer.write(spec, result(spec, "Because of sums.", "a"))
    mark(writer, 1.5, "")
    writer.book.db.execute(delete(ledger))
    writer.book.db.commit()
    (home / "autograded" / "17" / CHAPTER / "exercises.ipynb").unlink()
    assert writer.write(spec, result(spec, "Because of underflow.", "b")) == []
    assert marks(writer) == (1.5, None)

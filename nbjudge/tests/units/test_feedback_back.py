"""Feedback goes back under the platforms' own names, once, and through nbgrader's exchange."""

import csv
import io
import json
import zipfile
from types import SimpleNamespace

import pytest
from made_up import platforms
from made_up.course import make_course
from made_up.platforms import Hand
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.execution.result import Result
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person
from nbjudge.reports import terminal
from nbjudge.states import GRADED

from nbjudge import plan, publish, run

CHAPTER = "01-logs"
PEOPLE = [
    Person("17", "Ann", "Bell", "ann@example.org", "10251"),
    Person("18", "Jörg", "Müller", "", "10252"),
    Person("19", "Łucja", "Łukasik", "lucja@example.org", "10253"),
]
HANDS = [
    Hand("Ann Bell", b"", "17", 71, email="ann@example.org"),
    Hand("Jörg Müller", b"", "18", 72, email="jm@example.org"),
    Hand("Łucja Łukasik", b"", "19", 73, email="lucja@example.org"),
]


def result(spec, student, points):
    cells = [
        {"cell_type": cell.cell_type, "metadata": cell.metadata, "source": cell.source}
        for cell in spec.cells
    ]
    scores = {"p1_test": points, "p1_partial": 2.0, "p2": 1.0}
    time = "2026-03-01 12:00:00 UTC" if student == "17" else None
    return Result(
        f"{student}-{points}", student, CHAPTER, "exercises", time, cells, scores, {"p2": None}
    )


@pytest.fixture
def home(tmp_path):
    """Ann and Jörg have feedback, Łucja is missing."""
    home = make_course(tmp_path)
    write(home, {"17": 5.0, "18": 5.0}, {"17": {"submission_secret.txt": b"known"}})
    return home


def write(home, points, files):
    spec = compile_spec(home / "solutions" / CHAPTER / "exercises.ipynb")
    writer = Writer(Course(home).config)
    writer.register(spec)
    writer.enter_people(PEOPLE)
    for student, some in points.items():
        writer.write(spec, result(spec, student, some), files.get(student, {}))
    plan = SimpleNamespace(chapter=CHAPTER, specs=[spec], students=["17", "18"])
    publish.pages(plan, writer, writer.scores(CHAPTER), writer.lines(CHAPTER))
    writer.close()


def sent(home, capsys, *arguments, status=0):
    assert main(["feedback", *map(str, arguments), "--home", str(home), "--json"]) == status
    return json.loads(capsys.readouterr().out)


def names(path):
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())


@pytest.mark.parametrize("kind", ["archive", "worksheet"])
def test_moodles_zip_has_moodles_folders(home, capsys, kind):
    given = (
        platforms.moodle(home / "a.zip", HANDS)
        if kind == "archive"
        else platforms.moodle_worksheet(home / "sheet.csv", HANDS)
    )
    said = sent(home, capsys, "1", "--moodle", given)
    assert names(said["path"]) == [
        "Ann Bell_71_assignsubmission_file_/01-logs-exercises.html",
        "Jörg Müller_72_assignsubmission_file_/01-logs-exercises.html",
    ]
    assert said["left"] == {"19": "has no feedback"}
    with zipfile.ZipFile(said["path"]) as archive:
        page = archive.read(names(said["path"])[0])
    assert page == (home / "feedback" / "17" / CHAPTER / "exercises.html").read_bytes()


def test_canvas_gets_its_own_names_back_for_the_last_notebook(home, capsys):
    hands = [
        Hand("bellann", b"", "10251", 900),
        Hand("bellann", b"", "10251", 950, "exercises-1.ipynb"),
        Hand("mullerjorg_LATE", b"", "10252", 910),
        Hand("nobody", b"", "777", 920),
    ]
    given = platforms.canvas(home / "submissions.zip", hands)
    said = sent(home, capsys, "1", "--canvas", given)
    assert names(said["path"]) == [
        "bellann_10251_950_exercises-1.html",
        "mullerjorg_LATE_10252_910_exercises.html",
    ]
    assert said["left"] == {"nobody_777_920_exercises": "is not in the gradebook"}


def test_only_changed_pages_are_sent_again(home, capsys):
    given = platforms.moodle(home / "a.zip", HANDS)
    assert sent(home, capsys, "1", "--moodle", given)["students"] == ["17", "18"]
    again = sent(home, capsys, "1", "--moodle", given)
    assert (again["students"], again["unchanged"], names(again["path"])) == ([], ["17", "18"], [])
    write(home, {"18": 3.0}, {})
    again = sent(home, capsys, "1", "--moodle", given)
    assert (again["students"], again["unchanged"]) == (["18"], ["17"])
    assert sent(home, capsys, "1", "--moodle", given, "--again")["students"] == ["17", "18"]


def test_a_mail_merge_has_addresses_text_and_pages(home, capsys):
    said = sent(home, capsys, "1", "--mail")
    text = open(said["path"], "rb").read().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["email"], row["subject"]) == ("ann@example.org", "Feedback on 01-logs")
    assert "Dear Ann Bell" in row["text"] and "8 of 12 points." in row["text"]
    assert row["attachments"].endswith("feedback/17/01-logs/exercises.html")
    assert said["left"] == {"18": "has no e-mail address: nbjudge roster enters them"}


def test_a_file_of_another_kind_is_refused(home, capsys):
    given = platforms.zipped(home / "a.zip", {"a.txt": b""})
    assert "is not what Moodle" in sent(home, capsys, "1", "--moodle", given, status=2)["error"]
    assert "is not what Canvas" in sent(home, capsys, "1", "--canvas", given, status=2)["error"]


def test_a_secret_stays_the_same_and_is_written_again_when_it_was_cut_off(home):
    paths = [home / "feedback" / who / CHAPTER / "submission_secret.txt" for who in ("17", "18")]
    first = [path.read_text() for path in paths]
    assert first[0] == "known" and len(first[1]) == 64
    for path in paths:
        path.write_text("")
    write(home, {}, {})
    assert [path.read_text() for path in paths] == first


def test_nbgraders_exchange_releases_the_feedback(home, tmp_path_factory):
    exchange = tmp_path_factory.mktemp("exchange")
    exchange.chmod(0o777)
    config = Course(home).config
    config.CourseDirectory.course_id = "logs"
    config.CourseDirectory.assignment_id = CHAPTER
    config.Exchange.root = str(exchange)
    layout = CourseDirectory(config=config)
    ExchangeReleaseFeedback(
        coursedir=layout, authenticator=Authenticator(config=config), config=config
    ).start()
    released = sorted((exchange / "logs" / "feedback").iterdir())
    key = notebook_hash(secret="known", notebook_id="exercises")
    page = (home / "feedback" / "17" / CHAPTER / "exercises.html").read_bytes()
    assert len(released) == 2
    assert (exchange / "logs" / "feedback" / f"{key}.html").read_bytes() == page
    folder = home / "feedback" / "17" / CHAPTER
    assert (folder / "timestamp.txt").read_text() == "2026-03-01 12:00:00 UTC\n"


def test_a_regrade_shows_the_scores_before(home, capsys):
    writer = Writer(Course(home).config)
    before = run._earlier(writer, CHAPTER)
    assert before == {"17": 8.0, "18": 8.0}
    write(home, {"18": 3.0}, {})
    parts = {(who, "exercises"): plan.Part(GRADED) for who in ("17", "18")}
    spec = SimpleNamespace(notebook="exercises")
    some = plan.Plan(CHAPTER, [spec], ["17", "18"], {}, parts)
    writer._start_over()
    scores = writer.scores(CHAPTER)
    rows = publish.rows(some, parts, scores, before)
    writer.close()
    assert [(row.score, row.before) for row in rows] == [(8.0, None), (6.0, 8.0)]
    terminal.print_table(rows, [], {})
    assert "graded, 8.00 before" in capsys.readouterr().out

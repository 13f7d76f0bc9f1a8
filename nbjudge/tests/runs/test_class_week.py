"""A week of a class from end to end, each step with its verb: list, date, hand-ins in two layouts,
grading in the sandbox, marks by hand, report, grades and feedback out, and a second hand-in.
"""

import csv
import io
import json
import zipfile
from contextlib import closing

import nbformat
import pytest
from made_up import platforms
from made_up.course import make_course
from made_up.platforms import Hand
from made_up.students import reference_answers
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer

CHAPTER = "01-logs"
# Ann is perfect; Jörg divides by all values and is six hours late after a day more; Łucja's time is
# not known; Eve's file is cut off; Gus hands in nothing; Old has withdrawn
LIST = """First name,Last name,ID number,Email address
Ann,Bell,17,ann@example.org
Jörg,Müller,18,jm@example.org
Łucja,Łukasik,19,lucja@example.org
Eve,Quist,20,eve@example.org
Gus,Roth,21,gus@example.org
"""
DIVIDES_BY_ALL = """
def mean_of_logs(values):
    return sum(math.log(v) for v in values if v > 0) / len(values)
""".strip()


@pytest.fixture(scope="module")
def home(sandbox, warm, tmp_path_factory):
    home = make_course(tmp_path_factory.mktemp("course"))
    release.generate(home)
    return home


def notebook(home, answers):
    """A hand-in, right but for these answers; None leaves one blank."""
    made = nbformat.read(home / "exercises" / CHAPTER / "exercises.ipynb", as_version=4)
    texts = reference_answers(home, CHAPTER) | answers
    texts = {name: text for name, text in texts.items() if text is not None}
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = texts.get(name, cell.source)
    return nbformat.writes(made).encode()


def verb(home, capsys, *arguments, status=0):
    said = main([*map(str, arguments), "--home", str(home), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert said == status, answer
    return answer


def mark(home, student, points, comment=""):
    """As formgrader does it."""
    with closing(Writer(Course(home).config)) as writer:
        (mine,) = writer.book.find_submission(CHAPTER, student).notebooks
        grade = next(one for one in mine.grades if one.cell.name == "p2")
        grade.manual_score, grade.needs_manual_grade = points, False
        next(one for one in mine.comments if one.cell.name == "p2").manual_comment = comment
        writer.book.db.commit()


def hand_in(home, capsys, time, text):
    data = notebook(home, {"p2": text})
    hand = Hand("Ann Bell", data, "17", 1, time=f"2026-03-01 {time}:00 +00:00")
    exported = platforms.gradescope(home / "again.zip", [hand])
    return verb(home, capsys, "collect", exported, "--chapter", "1", "--yes")["rows"][0]["state"]


def test_a_week_of_a_class(home, capsys):
    (home / "old.csv").write_text(LIST + "Old,Zed,22,\n", encoding="utf-8")
    (home / "list.csv").write_text(LIST, encoding="utf-8")
    verb(home, capsys, "roster", home / "old.csv")
    states = verb(home, capsys, "roster", home / "list.csv", "--withdraw")["students"]
    assert states[-1]["state"] == "withdrawn"
    verb(home, capsys, "due", "1", "2026-03-01 12:00 UTC", "--extend", "18=1d")

    blank = {"p1": DIVIDES_BY_ALL, "p2": None}
    scope = platforms.gradescope(
        home / "scope.zip",
        [
            Hand(
                "Ann Bell", notebook(home, {"p2": "Sums."}), "17", 1, time="2026-03-01 11:00:00 Z"
            ),
            Hand("Jörg Müller", notebook(home, blank), "18", 2, time="2026-03-02 18:00:00 Z"),
            Hand("Eve Quist", notebook(home, {})[:900], "20", 3, time="2026-03-01 09:00:00 Z"),
        ],
    )
    canvas = platforms.canvas(
        home / "submissions.zip",
        [Hand("lukasikucja", b"", "900", 5), Hand("lucja", notebook(home, {}), "901", 6)],
    )
    said = verb(home, capsys, "collect", scope, "--chapter", "1", "--yes")
    assert [row["state"] for row in said["rows"]] == ["new"] * 3
    assert [one["id"] for one in said["missing"][CHAPTER]] == ["19", "21"]
    said = verb(home, capsys, "collect", canvas, "--chapter", "1", "--yes", status=1)
    assert {row["state"] for row in said["rows"]} == {"not placed"}, "nobody is called so"
    with zipfile.ZipFile(canvas, "w") as archive:
        archive.writestr("lukasiklucja_901_6_exercises.ipynb", notebook(home, {}))
    verb(home, capsys, "collect", canvas, "--yes")

    graded = verb(home, capsys, "grade", "1", status=1)
    scores = {row["student"]: (row["state"], row["score"]) for row in graded["rows"]}
    assert scores["17"] == ("graded", 10) and scores["19"] == ("graded", 10)
    assert scores["18"] == ("graded", pytest.approx(6.3)), "7 points, a tenth off"
    assert scores["20"] == ("unreadable", None)
    mark(home, "17", 1.5, "Say why.")
    verb(home, capsys, "grade", "1", status=1)

    verb(home, capsys, "export")
    table = (home / "term-grades.csv").read_bytes().decode("utf-8-sig")
    assert {row[0]: row[4:] for row in list(csv.reader(io.StringIO(table)))[1:]} == {
        "17": ["11.5", "graded", "95.8333", "final"],
        "18": ["6.3", "graded", "52.5", "final"],
        "19": ["10", "1 to be marked (2 of 12 points)", "83.3333", "so far"],
        "20": ["", "no grade", "0", "so far"],
        "21": ["", "missing", "0", "final"],
        "22": ["", "withdrawn", "", "withdrawn"],
    }
    page = verb(home, capsys, "report")["page"]
    assert "1 of 2 came later" in open(f"{page[: -len('index.html')]}{CHAPTER}.html").read()
    back = verb(home, capsys, "feedback", "1", "--mail")
    assert back["students"] == ["17", "18", "19"]
    assert verb(home, capsys, "feedback", "1", "--mail")["unchanged"] == ["17", "18", "19"]

    assert hand_in(home, capsys, "10:00", "Products.") == "older than what is there"
    assert hand_in(home, capsys, "11:30", "Products.") == "replaces an earlier one"
    again = verb(home, capsys, "grade", "1", status=1)
    ann = next(row for row in again["rows"] if row["student"] == "17")
    assert (ann["score"], ann["before"], ann["waiting"]) == (10, 11.5, 1)
    assert ann["flags"] == ["p2 was marked 1.5 of 2, and its text has changed since: mark it again"]
    assert verb(home, capsys, "feedback", "1", "--mail")["students"] == ["17"]
    feedback = (home / "feedback" / "17" / CHAPTER / "exercises.html").read_text()
    assert "An earlier text had 1.5 of 2 points and the comment: Say why." in feedback

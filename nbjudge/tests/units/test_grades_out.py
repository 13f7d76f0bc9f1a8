"""Grades go into the platforms' own tables and come back out of them as they were."""

import csv
import io
import json
import shutil

import pytest
from made_up import platforms
from made_up.course import make_course
from made_up.platforms import Hand
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.execution.result import Result
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person
from nbjudge.term import grades
from nbjudge.term.grades import Rules, Total

CHAPTER = "01-logs"
PEOPLE = [
    Person("17", "Ann", "Bell", "ann@example.org", "10251"),
    Person("18", "Jörg", "Müller", "jm@example.org", "10252"),
    Person("19", "Łucja", "Łukasik", "lucja@example.org", "10253"),
    Person("20", "Eve", "=Gone", "eve@example.org", "10254"),
]
# as Canvas exports it (Canvas's guide, "How do I export grades in the Gradebook?")
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Assignment 1 (4711),Essay (4712),Final Score
    Points Possible,,,,,12.0,5.0,(read only)
"Bell, Ann",10251,17,ann@example.org,Main,3,4,88
"Müller, Jörg",10252,18,jm@example.org,Main,,4,
"Łukasik, Łucja",10253,19,lucja@example.org,Main,7,,
"Nobody, N",10299,99,n@example.org,Main,,,
"Student, Test",10300,,5f3c,Main,,,
"""


def result(spec, student, partial, marked):
    cells = [
        {"cell_type": cell.cell_type, "metadata": cell.metadata, "source": cell.source}
        for cell in spec.cells
    ]
    scores = {"p1_test": 5.0, "p1_partial": partial, "p2": marked}
    return Result(f"k{student}", student, CHAPTER, "exercises", None, cells, scores, {"p2": None})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Ann has 9.1 of 12, Jörg's answer is to be marked, Łucja is missing, Eve has withdrawn."""
    home = make_course(tmp_path_factory.mktemp("course"))
    spec = compile_spec(home / "solutions" / CHAPTER / "exercises.ipynb")
    writer = Writer(Course(home).config)
    writer.register(spec)
    writer.enter_people(PEOPLE)
    writer.write(spec, result(spec, "17", 3.1, 1.0))
    writer.write(spec, result(spec, "18", 2.0, None))
    writer.set_withdrawn({"20"})
    writer.set_due("02-later", None)  # nobody has handed it in: it is in no table
    writer.close()
    return home


def rows(path):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def export(home, capsys, *arguments, status=0):
    assert main(["export", *map(str, arguments), "--home", str(home), "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_the_plain_table_has_names_states_and_totals(home, tmp_path, capsys):
    path = tmp_path / "all.csv"
    export(home, capsys, "--out", path)
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf", "Excel needs the mark"
    assert rows(path)[1:] == [
        ["20", "'=Gone", "Eve", "eve@example.org", "", "withdrawn", "", "withdrawn"],
        ["17", "Bell", "Ann", "ann@example.org", "9.1", "graded", "75.8333", "final"],
        [
            "18",
            "Müller",
            "Jörg",
            "jm@example.org",
            "7",
            "1 to be marked (2 of 12 points)",
            "58.3333",
            "so far",
        ],
        ["19", "Łukasik", "Łucja", "lucja@example.org", "", "missing", "0", "final"],
    ]


def test_canvas_gets_back_its_gradebook_with_the_final_grades_alone(home, tmp_path, capsys):
    given = tmp_path / "gradebook.csv"
    given.write_text(CANVAS, encoding="utf-8-sig")
    said = export(home, capsys, "--canvas", given)
    before, after = rows(given), rows(tmp_path / "gradebook-graded.csv")
    changed = [
        (line, old, new)
        for line, (one, other) in enumerate(zip(before, after, strict=True))
        for old, new in zip(one, other, strict=True)
        if old != new
    ]
    assert changed == [(2, "3", "9.1")]
    assert said["count"] == 1
    assert said["left"] == {
        "Müller, Jörg": f"{CHAPTER}: 1 to be marked (2 of 12 points)",
        "Łukasik, Łucja": f"{CHAPTER}: missing",
        "Nobody, N": "is not in the gradebook",
        "Student, Test": "is not in the gradebook",
    }
    export(home, capsys, "--canvas", given, "--unmarked")
    assert rows(tmp_path / "gradebook-graded.csv")[3][5] == "7"


@pytest.mark.parametrize(
    "change, more, words",
    [
        (("12.0", "20.0"), (), "has 20 points and the assignment 12"),
        (("Assignment 1 (4711)", "Essay 2 (4711)"), (), "has no column for 01-logs"),
        (("Essay (4712)", "Logs again (4712)"), (), "may be any of the columns"),
        (("ID,SIS", "Number,SIS"), (), "is not Canvas's gradebook"),
        (("x", "x"), ("--column", "1=Nothing"), "no column is 'Nothing'"),
    ],
)
def test_a_gradebook_that_does_not_fit_is_refused(home, tmp_path, capsys, change, more, words):
    given = tmp_path / "gradebook.csv"
    given.write_text(CANVAS.replace(*change), encoding="utf-8-sig")
    assert words in export(home, capsys, "--canvas", given, *more, status=2)["error"]
    assert not (tmp_path / "gradebook-graded.csv").exists()


def test_moodle_gets_back_its_worksheet(home, tmp_path, capsys):
    hands = [
        Hand(f"{one.first_name} {one.last_name}", b"", one.id, 70 + number, email=one.email)
        for number, one in enumerate(PEOPLE)
    ]
    given = platforms.moodle_worksheet(tmp_path / "sheet.csv", hands)
    said = export(home, capsys, "1", "--moodle", given)
    before, after = rows(given), rows(tmp_path / "sheet-graded.csv")
    grade = before[0].index("Grade")
    assert [row[grade] for row in after] == ["Grade", "9.1", "", "", ""]
    assert [row[:grade] + row[grade + 1 :] for row in before] == [
        row[:grade] + row[grade + 1 :] for row in after
    ]
    assert said["count"] == 1 and len(said["left"]) == 3
    given = platforms.moodle_worksheet(tmp_path / "sheet.csv", hands, most="100.00")
    assert "set Moodle's to 12" in export(home, capsys, "1", "--moodle", given, status=2)["error"]
    assert "name its chapter" in export(home, capsys, "--moodle", given, status=2)["error"]


def test_totals_weigh_and_drop():
    shares = {"a": 0.0, "b": 0.5, "c": 1.0}
    assert grades.total(shares, Rules(dict.fromkeys("abc", 1), 0)).percent == 50
    assert grades.total(shares, Rules(dict.fromkeys("abc", 1), 1)) == Total(75, ("a",), False)
    assert grades.total(shares, Rules({"a": 0, "b": 1, "c": 3}, 0)).percent == 87.5
    assert grades.total(shares, Rules(dict.fromkeys("abc", 1), 5)).percent == 100, "one stays"


@pytest.mark.parametrize(
    "line, words",
    [
        ("c.NbJudge.weights = {'9': 1}", "no assignment '9'"),
        ("c.NbJudge.weights = {'1': -1}", "a number from 0 is needed"),
        ("c.NbJudge.drop_lowest = 0.5", "a whole number from 0 is needed"),
    ],
)
def test_rules_that_cannot_be_are_refused(home, tmp_path, line, words):
    (tmp_path / "nbgrader_config.py").write_text(
        (home / "nbgrader_config.py").read_text() + line + "\n"
    )
    with pytest.raises(ValueError, match=words):
        grades.rules(Course(tmp_path), [CHAPTER])


def test_an_assignment_to_come_may_have_its_weight_already(home, tmp_path):
    course = shutil.copytree(home, tmp_path / "course")
    shutil.copytree(course / "solutions" / CHAPTER, course / "solutions" / "02-later")
    with open(course / "nbgrader_config.py", "a") as settings:
        settings.write("c.NbJudge.weights = {'2': 3}\n")
    assert grades.rules(Course(course), [CHAPTER]) == Rules({CHAPTER: 1}, 0)
    assert grades.rules(Course(course), [CHAPTER, "02-later"]).weights["02-later"] == 3
    assert main(["export", "--home", str(course), "--out", str(tmp_path / "all.csv")]) == 0
    assert [row[-2] for row in rows(tmp_path / "all.csv")[2:4]] == ["75.8333", "58.3333"]

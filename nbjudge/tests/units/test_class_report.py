"""The pages about a class hold the numbers that a computation by hand gives."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime

import pytest
from made_up.course import make_course
from nbjudge.assignment import release
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.execution.result import Result
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person
from nbjudge.records.scores import CellScore
from nbjudge.term import picture

CHAPTER = "01-logs"
POINTS = {"17": (5.0, 5.0), "18": (5.0, 3.0), "19": (0.0, 0.0), "20": (5.0, 2.0), "21": (0.0, 1.0)}
CODE = "def mean_of_logs(values):\n    return <b>{}</b>"


def said(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def result(spec, student, first, second):
    outputs = {
        "p1_test": said("passed  one\n" if first else "FAILED  one: Take <i>logs</i>.\n"),
        "p1_partial": said("FAILED  two: Leave out zeros.\n" if second < 5 else "passed  two\n"),
    }
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            "source": CODE.format(student)
            if cell.grade_id == "p1" and student != "19"
            else cell.visible,
            "outputs": outputs.get(cell.grade_id, []),
        }
        for cell in spec.cells
    ]
    scores = {"p1_test": first, "p1_partial": second, "p2": None if student == "18" else 1.0}
    day = 28 if student == "17" else 2
    time = f"2026-0{2 if day == 28 else 3}-{day:02d} 23:59:00 UTC"
    prints = list(range(50)) if student in ("17", "20") else []
    limits = ["memory: 2 GiB"] if student == "19" else []
    return Result(
        f"k{student}",
        student,
        CHAPTER,
        "exercises",
        time,
        cells,
        scores,
        {"p2": None},
        limits=limits,
        flags=limits,
        fingerprints=prints,
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    home = make_course(tmp_path_factory.mktemp("course"))
    release.generate(home)
    spec = compile_spec(home / "solutions" / CHAPTER / "exercises.ipynb")
    writer = Writer(Course(home).config)
    writer.register(spec)
    writer.set_due(CHAPTER, datetime.fromisoformat("2026-03-01T23:59:00+00:00"))
    writer.enter_people([Person("17", "Ann", "Bell"), Person("99", "<u>Eve</u>", "Lost")])
    writer.enrol(POINTS)
    for student, (first, second) in POINTS.items():
        writer.write(spec, result(spec, student, first, second))
    writer.set_penalties(CHAPTER)
    writer.close()
    assert main(["report", "--home", str(home), "--json"]) == 0
    return home / "class-report"


def table(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def test_items_are_those_of_a_computation_by_hand(pages):
    rows = {row[0]: row[1:] for row in table(pages / f"{CHAPTER}-items.csv")[1:]}
    assert rows["p1_test"][:4] == ["Means of logarithms", "5", "5", "0.60"]
    assert rows["p1_partial"][1:4] == ["5", "5", "0.44"]
    assert rows["p2"][1:4] == ["2", "4", "0.50"], "one waits to be marked"
    # 5, 5, 0, 5, 0 against the rest 6, 3, 1, 3, 2: 15 / sqrt(30 * 14)
    assert rows["p1_test"][4] == "0.73"
    assert rows["p2"][4] == "", "too few, and all the same"


def test_messages_are_counted_with_those_who_got_them(pages):
    """19 has left the answer blank."""
    assert table(pages / f"{CHAPTER}-messages.csv")[1:] == [
        ["p1_partial", "two: Leave out zeros.", "3", "18; 20; 21"],
        ["p1_test", "one: Take <i>logs</i>.", "1", "21"],
    ]


def test_the_page_tells_who_is_missing_waits_or_hit_a_limit(pages):
    states = {row[0]: row[2] for row in table(pages / f"{CHAPTER}-scores.csv")[1:]}
    assert states == {
        "17": "graded",
        "18": "1 to be marked (2 of 12 points)",
        "19": "graded",
        "20": "graded",
        "21": "graded",
        "99": "missing",
    }
    hours = {row[0]: row[2] for row in table(pages / f"{CHAPTER}-times.csv")[1:]}
    assert (hours["17"], hours["18"]) == ("-24.00", "24.00")
    text = (pages / f"{CHAPTER}.html").read_text()
    assert "memory: 2 GiB" in text and "4 of 5 came later" in text
    assert "1 pair; what both have is marked" in text and "<mark>" in text


def test_pages_are_whole_need_nothing_and_show_texts_as_texts(pages):
    for path in pages.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script|<b>17|<u>Eve|<i>logs", text)
        assert not re.findall(r'(?:src|href)="(?!#|[\w.-]+\.(?:csv|html)")[^"]*"', _no_svg(text))
        for name in re.findall(r'href="([\w.-]+\.(?:csv|html))"', text):
            assert (pages / name).exists()
        for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            assert ElementTree.fromstring(svg).get("aria-label")
        headings = [int(level) for level in re.findall(r"<h(\d)", text)]
        assert headings[0] == 1 and headings.count(1) == 1
    assert len(re.findall("<svg", (pages / f"{CHAPTER}.html").read_text())) == 3
    assert len(re.findall("<svg", (pages / "index.html").read_text())) == 2


def _no_svg(text):
    return re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_pictures_are_the_same_for_the_same_numbers():
    from nbjudge.reports import pictures

    assert pictures.histogram([1, 2], 12, "points") == pictures.histogram([1, 2], 12, "points")


def test_a_correlation_that_says_nothing_is_left_out():
    cells = {"a": {str(i): CellScore(float(i), 5.0) for i in range(3)}}
    (item,) = picture.items(cells)
    assert (item.mean, item.discrimination) == (0.2, None)


def test_the_answer_in_json_names_the_page(pages, capsys):
    home = pages.parent
    assert main(["report", "--home", str(home), "--no-pages", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] is None

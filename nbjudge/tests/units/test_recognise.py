"""Which assignment a notebook is, when names, places or files have been mixed up."""

import json
import os

import pytest
from made_up import sheets
from made_up.course import make_course
from made_up.students import Student, write_submission
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbjudge.assignment import release
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.submission import collect, recognise
from nbjudge.submission.sanitise import grade_id, sanitise

from nbjudge import plan, run

LOGS = "01-logs"


class Nothing:
    """A gradebook in which nothing is."""

    def lines(self, chapter):
        return {}

    def scores(self, chapter):
        return {}


def planned(home, chapter, student="ann"):
    """What the plan makes of a submission: Submissions and Parts by notebook."""
    course = Course(home)
    specs = {
        name: [compile_spec(path, config=course.config) for path in course.sources(name)]
        for name in course.chapters()
    }
    others = {name: some for name, some in specs.items() if name != chapter}
    made = plan.make(course, chapter, specs[chapter], [student], Nothing(), others=lambda: others)
    found = {one.notebook: one for some in made.todo.values() for one in some}
    return found | {notebook: part for (_, notebook), part in made.parts.items()}


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return sheets.make_course(tmp_path_factory.mktemp("sheets"))


@pytest.fixture
def home(sheet, tmp_path):
    """The course with nothing handed in; sources and releases are shared."""
    (tmp_path / "came_in").mkdir()
    for name in ("given", "handouts", "nbgrader_config.py"):
        (tmp_path / name).symlink_to(sheet / name)
    return tmp_path


def without_metadata(made):
    """As a program that keeps texts alone would save it."""
    for cell in made["cells"]:
        cell["metadata"] = {}
    return made


def test_a_notebook_that_lost_all_its_names_is_known_by_its_texts(home):
    made = {name: without_metadata(sheets.solved(home, name)) for name in sheets.NOTEBOOKS}
    sheets.hand_in(home, "ann", made)
    found = planned(home, sheets.CHAPTER)
    config = Course(home).config
    for name in sheets.NOTEBOOKS:
        spec = compile_spec(home / "given" / sheets.CHAPTER / f"{name}.ipynb", config=config)
        cells, notes = sanitise(spec, found[name].cells)
        answers = {grade_id(cell): cell["source"] for cell in cells}
        for key in sheets.RIGHT.keys() & answers.keys():
            assert answers[key] == sheets.RIGHT[key]
        assert "all cells had lost their names" in found[name].notes[0]
        assert not any("missing" in note for note in notes), notes


def test_a_notebook_of_nobodys_is_refused_as_such(home):
    own = {"cells": [dict(new_code_cell("print('hello')"))]}
    sheets.hand_in(home, "ann", {"one": own, "two": own})
    part = planned(home, sheets.CHAPTER)["one"]
    assert part.state == "unreadable"
    assert part.remark.startswith("this is not recognised as sheet1/one: none of its cells is one")


@pytest.fixture(scope="module")
def two_chapters(tmp_path_factory):
    """Two assignments whose cells have the same names."""
    home = make_course(tmp_path_factory.mktemp("two"))
    path = home / "solutions" / LOGS / "exercises.ipynb"
    text = path.read_text().replace("mean_of_logs", "sum_of_roots").replace("math.log", "math.sqrt")
    text = text.replace("Means of logarithms", "Sums of square roots").replace("leave out", "skip")
    other = home / "solutions" / "02-roots" / "exercises.ipynb"
    other.parent.mkdir()
    other.write_text(text)
    release.generate(home)  # its own solution would not pass
    return home


def test_another_chapters_notebook_is_told_by_its_name(two_chapters, tmp_path):
    written = write_submission(two_chapters, tmp_path, "02-roots", "ann", Student({}))
    target = two_chapters / "submitted" / "ann" / LOGS
    target.mkdir(parents=True)
    (target / "exercises.ipynb").write_bytes(written.read_bytes())
    part = planned(two_chapters, LOGS)["exercises"]
    assert (part.state, part.remark) == (
        "unreadable",
        "this is assignment 02-roots, handed in as 01-logs: put it into a folder named 02-roots and"
        " grade again",
    )


def test_a_notebook_with_edited_tests_is_still_its_own_chapters(two_chapters):
    path = write_submission(two_chapters, two_chapters, LOGS, "bob", Student({}))
    made = json.loads(path.read_text())
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = "pass"
    path.write_text(json.dumps(made))
    assert isinstance(planned(two_chapters, LOGS, "bob")["exercises"], collect.Submission)


# ---- several notebooks in a folder


def choose(home, **notebooks):
    """The plan for `one` with these notebooks in the folder; `_` stands for a blank."""
    folder = sheets.hand_in(home, "ann", {})
    for name, made in notebooks.items():
        path = folder / f"{name.replace('_', ' ')}.ipynb"
        path.write_text(json.dumps(made))
    return planned(home, sheets.CHAPTER)["one"]


def test_of_a_blank_and_a_solved_notebook_the_solved_one_counts(home):
    blank = json.loads((home / "handouts" / sheets.CHAPTER / "one.ipynb").read_text())
    found = choose(home, one=blank, one_1=sheets.solved(home, "one"))
    assert found.notes[0] == "one.ipynb is blank, and one 1.ipynb was taken for it"
    assert any(cell["source"] == sheets.RIGHT["draw"] for cell in found.cells)


def test_of_two_solved_notebooks_the_one_with_the_right_name_counts(home):
    first = sheets.solved(home, "one", sheets.RIGHT | {"draw": "drawing = 'first'"})
    found = choose(home, one=first, one_1=sheets.solved(home, "one"))
    assert found.notes[0] == "beside one.ipynb lie notebooks that were not graded: one 1.ipynb"
    assert any("first" in cell["source"] for cell in found.cells)


def test_without_the_right_name_the_one_that_is_solved_counts(home):
    blank = json.loads((home / "handouts" / sheets.CHAPTER / "one.ipynb").read_text())
    found = choose(home, one_1=blank, one_2=sheets.solved(home, "one"))
    assert found.notes[0] == "one.ipynb is not there, and one 2.ipynb was taken for it"


def test_a_notebook_that_is_not_there_is_told_with_what_is(home):
    folder = sheets.hand_in(home, "ann", {}, {"answers.zip": "PK"})
    part = planned(home, sheets.CHAPTER)["one"]
    assert part.remark.startswith("there is no one.ipynb but answers.zip: the notebook is expected")
    (folder / "answers.zip").unlink()
    assert "there is no one.ipynb, the folder is empty" in (
        planned(home, sheets.CHAPTER)["one"].remark
    )


# ---- what lies elsewhere than it should


def strays(home, *students):
    return {(row.student, row.chapter): row.remark for row in run._strays(Course(home), students)}


def test_everything_misplaced_is_named(home):
    folder = sheets.hand_in(home, "ann")
    (folder.parent / "Sheet 1").mkdir()
    (folder.parent / "work.zip").write_text("PK")
    (home / "came_in" / "Müller_two.ipynb").write_text("{}")
    (home / "came_in" / ".DS_Store").write_text("")
    found = strays(home)
    assert set(found) == {("ann", "Sheet 1"), ("ann", "work.zip"), ("Müller_two.ipynb", "")}
    assert found["ann", "Sheet 1"] == (
        "came_in/ann/Sheet 1 was not graded: put it into a folder named after its chapter (sheet1)"
        " and grade again"
    )
    assert "in one named after its student" in found["Müller_two.ipynb", ""]
    assert set(strays(home, "ann")) == {("ann", "Sheet 1"), ("ann", "work.zip")}


def test_with_nothing_else_there_what_lies_there_is_named(home, capsys):
    (home / "came_in" / "Müller_two.ipynb").write_text("{}")
    assert main(["grade", "--home", str(home)]) == 2
    said = capsys.readouterr().err
    assert "nothing to grade: put each notebook at" in said
    assert f"{home}/came_in/STUDENT/CHAPTER/NOTEBOOK.ipynb; there lie Müller_two.ipynb" in said


def test_a_name_that_the_terminal_cannot_read_is_not_called_wrong():
    as_read_in_ascii = "Łucja".encode().decode("ascii", "surrogateescape")
    assert "set LC_ALL=C.UTF-8" in plan.name_trouble(as_read_in_ascii)
    assert plan.name_trouble("Łucja") is None


def test_a_download_that_carries_its_assignments_name_is_no_surprise(tmp_path):
    cells = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'
    for name, notes in (("01-logs", []), ("mine", ["mine.ipynb was taken for exercises.ipynb"])):
        folder = tmp_path / name / "01-logs"
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(cells)
        assert collect.read(folder, "ann", "01-logs").notes == notes


def test_a_name_that_is_not_utf8_is_one_students_affair(home):
    name = os.fsdecode(b"M\xfcller_Ann")
    sheets.hand_in(home, name)
    sheets.hand_in(home, "bob")
    course = Course(home)
    assert set(course.students(sheets.CHAPTER)) == {name, "bob"}
    part = planned(home, sheets.CHAPTER, name)["one"]
    assert part.remark == "the folder's name is not UTF-8: rename it and grade again"
    rows = {
        row.student: row.state for row in run.grade_class(home, workers=1, say=lambda line: None)
    }
    assert rows == {"M\\xfcller_Ann": "unreadable", "bob": "graded"}


def test_a_written_notebook_is_solved_when_an_answer_differs_from_its_stub(home):
    config = Course(home).config
    spec = compile_spec(home / "given" / sheets.CHAPTER / "two.ipynb", config=config)
    given = [
        {"cell_type": cell.cell_type, "source": cell.visible, "metadata": dict(cell.metadata)}
        for cell in spec.cells
    ]
    assert not recognise.is_solved(spec, given)
    assert not recognise.is_solved(spec, None)
    given[-2]["source"] = "Because."
    assert recognise.is_solved(spec, given)
    retyped = [dict(new_markdown_cell("# Numbers")), dict(new_code_cell(sheets.RIGHT["double"]))]
    assert recognise.is_solved(spec, retyped)

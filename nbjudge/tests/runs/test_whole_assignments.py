"""All of nbgrader's assignment.

Several notebooks, files beside them, tasks, code marked by hand, folders of any name.
"""

import csv
import json
import shutil

import nbformat
import pytest
from made_up import sheets
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbjudge.cli import main
from nbjudge.run import grade_class

CHAPTER = sheets.CHAPTER


pytestmark = pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")


@pytest.fixture(scope="module")
def course(warm, tmp_path_factory):
    return sheets.make_course(tmp_path_factory.mktemp("sheets"))


@pytest.fixture
def home(course, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(course, tmp_path / "course")


def grade(home, *more, **options):
    rows = grade_class(home, say=lambda line: None, workers=1, **options)
    return {row.student: row for row in rows}


def autos(home, student):
    """{notebook: {cell: automatic score}} of the gradebook."""
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        return {
            notebook.name: {grade.cell.name: grade.auto_score for grade in notebook.grades}
            for notebook in book.find_submission(CHAPTER, student).notebooks
        }


def table(home):
    with open(home / "grades.csv", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_both_notebooks_are_graded_added_up_and_given_back(home):
    sheets.hand_in(home, "ann")
    sheets.hand_in(
        home,
        "bob",
        {
            "one": sheets.solved(home, "one"),
            "two": sheets.solved(home, "two", {"double": "def double(x):\n    return x"}),
        },
    )
    rows = grade(home)
    assert {name: (row.state, row.score, row.most) for name, row in rows.items()} == {
        "ann": ("graded", 3.0, 12.0),
        "bob": ("graded", 2.0, 12.0),
    }
    assert autos(home, "ann") == {
        "one": {"count-test": 2.0, "draw": None, "measure": None},
        "two": {"double-test": 1.0, "why": None},
    }
    assert autos(home, "bob")["two"] == {"double-test": 0.0, "why": 0.0}
    assert {path.name for path in (home / "back" / "ann" / CHAPTER).glob("*.html")} == {
        "one.html",
        "two.html",
    }
    graded = nbformat.read(home / "marked" / "ann" / CHAPTER / "one.ipynb", as_version=4)
    assert any(cell.get("execution_count") for cell in graded.cells)
    assert {row.state for row in grade(home).values()} == {"unchanged"}


def test_what_a_person_has_to_mark_is_counted_and_counts_when_marked(home, capsys):
    sheets.hand_in(home, "ann")
    assert grade(home)["ann"].waiting == 3
    assert table(home)["ann"]["to_be_marked"] == "3"
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        for name, notebook, score in (
            ("measure", "one", 3.5),
            ("draw", "one", 2),
            ("why", "two", 1),
        ):
            assert book.find_grade(name, notebook, CHAPTER, "ann").needs_manual_grade
            book.find_grade(name, notebook, CHAPTER, "ann").manual_score = score
        book.db.commit()
    row = grade(home)["ann"]
    assert (row.score, row.most, row.waiting) == (9.5, 12.0, 0)
    assert float(table(home)["ann"]["score"]) == 9.5
    page = (home / "back" / "ann" / CHAPTER / "one.html").read_text()
    assert "3.5 of 4" in page
    assert main(["report", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["submissions"][0]["state"] == "graded"


def test_files_beside_the_source_go_over_those_of_the_student(home):
    sheets.hand_in(home, "ann", files={"data/words.txt": "one", "helper.py": "raise SystemExit"})
    assert autos_of(home, "ann") == 2.0
    kept = home / "marked" / "ann" / CHAPTER
    assert (kept / "data/words.txt").read_text() == sheets.FILES["data/words.txt"]


def autos_of(home, student):
    grade(home)
    return autos(home, student)["one"]["count-test"]


def test_a_file_that_students_may_change_stays_theirs(home):
    with (home / "nbgrader_config.py").open("a") as config:
        config.write(f'c.Autograde.exclude_overwriting = {{"{CHAPTER}": ["helper.py"]}}\n')
    sheets.hand_in(home, "ann", files={"helper.py": "def lines(path):\n    return []\n"})
    assert autos_of(home, "ann") == 0.0


def test_a_changed_file_beside_the_source_grades_again(home):
    sheets.hand_in(home, "ann")
    grade(home)
    (home / "given" / CHAPTER / "data" / "words.txt").write_text("five words on one line")
    assert grade(home)["ann"].state == "graded"


def test_files_too_large_for_every_sandbox_are_refused(home, monkeypatch):
    from nbjudge.assignment import source

    monkeypatch.setattr(source, "MOST_BYTES", 10)
    sheets.hand_in(home, "ann")
    row = grade(home)["ann"]
    assert row.state == "refused" and "take out helper.py" in row.remark


def test_a_notebook_that_is_missing_beside_another_counts_as_blank(home):
    sheets.hand_in(home, "ann", {"one": sheets.solved(home, "one")})
    row = grade(home)["ann"]
    assert (row.state, row.score, row.most) == ("graded", 2.0, 12.0)
    assert row.remark == "two: two.ipynb was not handed in: it counts as blank"
    assert autos(home, "ann")["two"] == {"double-test": 0.0, "why": 0.0}


def test_one_broken_notebook_is_named_and_the_other_is_graded(home):
    folder = sheets.hand_in(home, "ann")
    (folder / "two.ipynb").write_text("{")
    row = grade(home)["ann"]
    assert (row.state, row.score) == ("unreadable", None)
    assert row.remark.startswith("two: two.ipynb is not a complete notebook")
    assert autos(home, "ann")["one"]["count-test"] == 2.0
    assert main(["grade", "--home", str(home)]) == 1


def test_a_notebook_that_joins_an_assignment_later_is_graded_too(home):
    two = home / "given" / CHAPTER / "two.ipynb"
    kept = two.read_bytes()
    two.unlink()
    sheets.hand_in(home, "ann")
    assert grade(home)["ann"].most == 9.0
    two.write_bytes(kept)
    assert grade(home)["ann"].most == 12.0 and autos(home, "ann")["two"]["double-test"] == 1.0


def test_the_ledger_does_not_outrank_the_gradebook(home):
    sheets.hand_in(home, "ann")
    grade(home)
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        book.remove_student("ann")
    row = grade(home)["ann"]
    assert (row.state, row.score, row.most) == ("graded", 3.0, 12.0)
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        book.find_grade("count-test", "one", CHAPTER, "ann").auto_score = 1.5
        book.db.commit()
    assert grade(home)["ann"].state == "graded" and autos(home, "ann")["one"]["count-test"] == 2.0


def test_rows_that_were_removed_from_the_gradebook_come_back(home):
    """One of a student's score and one for a message; the others' grades do not wait for it."""
    for student in ("ann", "bob"):
        sheets.hand_in(home, student)
    grade(home)
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        book.db.delete(book.find_grade("count-test", "one", CHAPTER, "ann"))
        book.db.delete(book.find_comment("draw", "one", CHAPTER, "ann"))
        book.db.commit()
    sheets.hand_in(home, "cat")
    rows = grade(home)
    assert {who: row.score for who, row in rows.items()} == {"ann": 3.0, "bob": 3.0, "cat": 3.0}
    assert rows["bob"].state == "unchanged" and autos(home, "ann")["one"]["count-test"] == 2.0
    with Gradebook(f"sqlite:///{home}/marks.db", "sheets") as book:
        assert book.find_comment("draw", "one", CHAPTER, "ann").manual_comment is None


def test_a_notebook_that_nbgrader_has_written_over_is_graded_again(home):
    """Its Autograde button stores lists of lines, and outputs with hidden tests in them."""
    sheets.hand_in(home, "ann")
    grade(home)
    page = home / "back" / "ann" / CHAPTER / "one.html"
    path = home / "marked" / "ann" / CHAPTER / "one.ipynb"
    written = json.loads(path.read_text())
    for cell in written["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    path.write_text(json.dumps(written))
    page.unlink()
    assert grade(home)["ann"].state == "graded"
    assert page.exists()


def test_the_folders_are_those_of_the_settings(home, capsys):
    sheets.hand_in(home, "ann")
    assert main(["grade", "--home", str(home), "1", "--workers", "1"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"feedback {home}/back" in said and f"gradebook {home}/marks.db" in said
    assert not [name for name in ("source", "submitted", "autograded") if (home / name).exists()]
    assert main(["check", "sheet1", "--home", str(home)]) == 0
    assert "visible tests: 0 of 3 points" in capsys.readouterr().out
    assert main(["lint", "--home", str(home)]) == 0


def test_header_and_footer_are_in_the_release_and_not_taken_for_the_students(home):
    path = home / "handouts" / CHAPTER / "two.ipynb"
    released = nbformat.read(path, as_version=4).cells
    assert released[0].source == "The header of every sheet."
    assert released[-1].source == "The footer of every sheet."
    sheets.hand_in(home, "ann")
    assert not grade(home)["ann"].flags


def test_a_course_without_settings_is_told_what_is_missing(home, capsys):
    (home / "nbgrader_config.py").unlink()
    assert main(["grade", "--home", str(home)]) == 2
    assert f"no nbgrader_config.py in {home}: run this in the course's own folder" in (
        capsys.readouterr().err
    )


# ---- sources that cannot be used


def break_source(home, chapter, change):
    """Another assignment with one notebook, spoilt."""
    folder = home / "given" / chapter
    folder.mkdir()
    made = sheets.notebook(sheets.NOTEBOOKS["two"])
    change(made)
    nbformat.write(made, folder / "two.ipynb")


def other_kernel(made):
    made.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}


def no_python(made):
    made.cells[2].source = "x = 1\nassert double(4) = 8"


def no_end(made):
    made.cells[1].source = made.cells[1].source.replace("### END SOLUTION", "")


def twice(made):
    made.cells.append(new_code_cell("1", metadata=made.cells[2].metadata))


BROKEN = {
    other_kernel: "sheet0/two.ipynb is for the kernel 'ir' (R): only notebooks in Python",
    no_python: "sheet0/two.ipynb, double-test, line 2: ",
    no_end: "sheet0/two.ipynb: ",
    twice: "sheet0/two.ipynb: ",
}


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change.__name__)
def test_a_broken_source_is_named_and_every_other_assignment_is_graded(home, capsys, change):
    break_source(home, "sheet0", change)
    sheets.hand_in(home, "ann")
    for student in ("ann", "bob"):
        (home / "came_in" / student / "sheet0").mkdir(parents=True)
    assert main(["grade", "--home", str(home), "--workers", "1"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert BROKEN[change] in said
    assert "ann, bob, sheet0:" in said
    assert autos(home, "ann")["one"]["count-test"] == 2.0
    assert main(["lint", "--home", str(home)]) == 1
    assert BROKEN[change] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "line", ["%matplotlib inline", "max?", "here = !ls", "%%time", "for i in range(2):\n    %pwd"]
)
def test_ipython_in_a_source_is_python(tmp_path, line):
    from nbjudge.assignment import source

    path = tmp_path / "c" / "one.ipynb"
    path.parent.mkdir()
    nbformat.write(sheets.notebook([new_code_cell(line)]), path)
    assert source.read(path).cells[0].source == line

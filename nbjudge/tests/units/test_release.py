"""The release notebooks: same bytes for the same source, nothing stale, nothing secret, and every
failure noticed.
"""

import json
import os
import shutil
import zipfile

import nbformat
import pytest
from made_up.course import make_course
from nbjudge.assignment import leaks, lint, release
from nbjudge.cli import main

HIDDEN = 'assert abs(mean_of_logs(secret_case)) < 1e-9, "logs of reciprocals cancel"'
TWO_LINES = (
    "    positive = [v for v in values if v > 0]\n    total_of_logs = sum(math.log(v) for v in"
    " positive)\n"
)
MARKS = "Marks: one point for the sum, one point for the underflow of long products."


@pytest.fixture
def course(tmp_path):
    home = make_course(tmp_path / "course")
    release.generate(home)
    return home


def notebook_path(home, folder="exercises"):
    return home / folder / "01-logs" / "exercises.ipynb"


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def source_of(home, grade_id, folder="exercises"):
    return next(
        c.source
        for c in nbformat.read(notebook_path(home, folder), as_version=4).cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


# Generation


def test_a_release_holds_stubs_and_visible_tests_only(course):
    assert (
        source_of(course, "p1")
        == "def mean_of_logs(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    )
    assert source_of(course, "p1_test").startswith("assert") and "secret" not in source_of(
        course, "p1_test"
    )
    assert source_of(course, "p2") == "YOUR ANSWER HERE"
    assert not (course / "gradebook.db").exists()


def test_the_same_source_gives_the_same_bytes_on_every_machine(course):
    before = notebook_path(course).read_bytes()

    def run_elsewhere(notebook):
        notebook.metadata.language_info.version = "3.13.0"
        notebook.cells[1].metadata.execution = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
        notebook.cells[1].execution_count = 9
        notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="done")]

    edit(notebook_path(course, "solutions"), run_elsewhere)
    shutil.rmtree(course / "exercises")
    assert release.generate(course) == [notebook_path(course)]
    assert notebook_path(course).read_bytes() == before


def test_what_is_current_is_not_written_again(course):
    os.utime(notebook_path(course), (1, 1))
    assert release.generate(course) == []
    assert notebook_path(course).stat().st_mtime == 1


def test_answers_are_never_overwritten(course):
    def answer(notebook):
        notebook.cells[3].source = "my work"

    edit(notebook_path(course), answer)
    with pytest.raises(ValueError, match="holds answers, so it was left alone"):
        release.generate(course)
    assert source_of(course, "p1") == "my work"


@pytest.mark.parametrize("name", ["1", "01", "01-logs"])
def test_a_chapter_is_named_by_number_or_folder(course, name):
    assert release.generate(course, [name]) == []


def test_a_source_that_nbgrader_refuses_is_named_with_the_cause(course, capsys):
    def lose_the_end(notebook):
        notebook.cells[4].source = notebook.cells[4].source.replace("### END HIDDEN TESTS", "")

    edit(notebook_path(course, "solutions"), lose_the_end)
    assert main(["release", "--home", str(course)]) == 2
    assert "No end hidden tests statement found" in capsys.readouterr().err


# Staleness


def test_a_fresh_release_is_in_order(course):
    assert lint.problems(course) == []


def test_a_changed_source_makes_the_release_stale(course):
    def change(notebook):
        notebook.cells[2].source += " Say so."

    edit(notebook_path(course, "solutions"), change)
    assert lint.problems(course) == [
        "exercises/01-logs/exercises.ipynb is stale: run nbjudge release"
    ]


def test_a_missing_release_and_a_stray_file_are_reported(course):
    notebook_path(course).rename(course / "exercises" / "01-logs" / "other.ipynb")
    assert lint.problems(course) == [
        "exercises/01-logs/exercises.ipynb is missing: run nbjudge release",
        "exercises/01-logs/other.ipynb has no source: run nbjudge release",
    ]


LEFTOVERS = [
    "__pycache__/helper.cpython-311.pyc",
    ".ipynb_checkpoints/exercises-checkpoint.ipynb",
    ".DS_Store",
    ".vscode/settings.json",
    "data/.rows.csv.swp",
    "data/rows.csv~",
    "#notes.txt#",
]


@pytest.mark.parametrize("name", LEFTOVERS)
def test_what_programs_leave_behind_is_neither_released_nor_reported(course, name):
    for folder in ("solutions", "exercises"):
        path = course / folder / "01-logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"left in {folder}")
    assert lint.problems(course) == []
    assert release.generate(course) == []
    assert (course / "exercises" / "01-logs" / name).read_text() == "left in exercises"
    shutil.rmtree(course / "exercises")
    assert release.generate(course) == [notebook_path(course)]


# Leaks: each planted once


def leaks_of(problems, kind):
    return [p for p in problems if f": {kind} of 01-logs, cell " in p]


@pytest.mark.parametrize(
    "kind, line",
    [("solution", TWO_LINES.splitlines()[1]), ("hidden test", HIDDEN), ("solution", MARKS)],
)
def test_one_secret_line_in_a_release_is_a_leak(course, kind, line):
    def plant(notebook):
        notebook.cells[2].source += "\n\n" + line

    edit(notebook_path(course), plant)
    assert leaks_of(lint.problems(course), kind)


def test_a_marking_scheme_in_a_release_is_a_leak(course):
    def scheme(notebook):
        notebook.cells[6].source += (
            "\n=== BEGIN MARK SCHEME ===\nHalf a point for an example of an underflow.\n=== END"
            " MARK SCHEME ==="
        )

    edit(notebook_path(course, "solutions"), scheme)
    release.generate(course)
    assert lint.problems(course) == []

    def plant(notebook):
        notebook.cells[2].source += "\n\nHalf a point for an example of an underflow."

    edit(notebook_path(course), plant)
    assert leaks_of(lint.problems(course), "marking scheme")


def test_a_misspelt_delimiter_is_a_leak(course):
    def misspell(notebook):
        notebook.cells[4].source = notebook.cells[4].source.replace("HIDDEN TESTS", "HIDDEN TEST")

    edit(notebook_path(course, "solutions"), misspell)
    release.generate(course)
    assert any(
        "still has nbgrader's delimiter “BEGIN HIDDEN TEST”" in p for p in lint.problems(course)
    )


def page(code):
    """A page as the site's highlighter writes it: markup inside the lines."""
    body = (
        code.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("=", '<span class="o">=</span>')
    )
    return f"<html><body><div class='highlight'><pre>{body}</pre></div></body></html>"


@pytest.mark.parametrize("kind, code", [("solution", TWO_LINES), ("hidden test", HIDDEN + "\n")])
@pytest.mark.parametrize(
    "name",
    [
        "page.html",
        "_sources/page.ipynb",
        "searchindex.js",
        "_downloads/0a1b/helper.py",
        "_downloads/all.zip",
    ],
)
def test_a_secret_anywhere_in_the_site_is_a_leak(course, tmp_path, name, kind, code):
    site = tmp_path / "site"
    path = site / name
    path.parent.mkdir(parents=True)
    if name.endswith(".html"):
        path.write_text(page(code))
    elif name.endswith(".ipynb"):
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), path)
    elif name.endswith(".js"):
        path.write_text("Search.setIndex(" + json.dumps({"text": code}) + ")")
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside/notes.md", code)
    else:
        path.write_text(code)
    assert leaks_of(lint.problems(course, search=[site]), kind)


def test_the_book_may_share_one_line_with_a_solution(course, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "page.html").write_text(page(TWO_LINES.splitlines()[1]))
    assert lint.problems(course, search=[site]) == []


def test_a_secret_in_the_wheel_is_a_leak_and_the_reference_is_none(course, tmp_path):
    wheel = tmp_path / "logs.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("logs_reference/reference.py", "def mean_of_logs(values):\n" + TWO_LINES)
    assert leaks_of(lint.problems(course, search=[wheel]), "solution")
    (course / "logs_reference" / "reference.py").write_text(
        "def mean_of_logs(values):\n" + TWO_LINES
    )
    assert leaks_of(lint.problems(course, search=[wheel]), "solution") == []
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("logs_reference/tests.txt", HIDDEN)
    assert leaks_of(lint.problems(course, search=[wheel]), "hidden test")


def test_common_lines_are_no_secrets(course):
    texts = {
        s.words
        for s in leaks.secrets(notebook_path(course, "solutions"), notebook_path(course), "01-logs")
    }
    assert not any(text.startswith(("import ", "score +=  2")) or text == "score" for text in texts)

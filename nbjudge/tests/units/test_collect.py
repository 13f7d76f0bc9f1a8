"""A submission rebuilt from the source.

Whatever was copied, moved, deleted or retagged, only the student's text counts.
"""

import copy
import os

import pytest
from made_up.course import source_notebook
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbjudge.submission import sanitise
from nbjudge.submission.collect import MAX_BYTES, notebook_trouble, read


def rebuild(template, submitted):
    """The template with its cells replaced by the rebuilt ones, and the notes."""
    cells, notes = sanitise.rebuild(template.cells, submitted.cells)
    rebuilt = copy.deepcopy(template)
    rebuilt.cells = from_dict(cells)
    return rebuilt, notes


STUB = "def mean_of_logs(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


@pytest.fixture
def template():
    notebook = source_notebook()
    cell(notebook, "p1").source = STUB
    cell(notebook, "p2").source = "YOUR ANSWER HERE"
    return notebook


@pytest.fixture
def submission(template):
    notebook = copy.deepcopy(template)
    cell(notebook, "p1").source = "answer = 1"
    return notebook


def cell(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def sources(notebook):
    return [c.source for c in notebook.cells]


def paste(notebook, grade_id, source, at):
    pasted = copy.deepcopy(cell(notebook, grade_id))
    pasted.source = source
    notebook.cells.insert(at, pasted)


def test_an_ordinary_submission_is_unchanged(template, submission):
    rebuilt, notes = rebuild(template, submission)
    assert sources(rebuilt) == sources(submission)
    assert notes == []


def test_points_tests_tags_kernel_and_outputs_come_from_the_template(template, submission):
    test = cell(submission, "p1_test")
    test.source, test.metadata.nbgrader.points, test.metadata.tags = "pass", 500, ["skip-execution"]
    submission.metadata.kernelspec.name = "mine"
    submission.cells.append(new_code_cell("1", metadata={"tags": ["skip-execution"]}))
    rebuilt, _ = rebuild(template, submission)
    assert cell(rebuilt, "p1_test").source == cell(template, "p1_test").source
    assert cell(rebuilt, "p1_test").metadata == cell(template, "p1_test").metadata
    assert rebuilt.metadata.kernelspec.name == "python3"
    assert rebuilt.cells[-1].source == "1" and rebuilt.cells[-1].metadata == {}


def test_of_copies_the_last_one_before_the_tests_counts_and_earlier_ones_stay_before_it(
    template, submission
):
    paste(submission, "p1", "answer = 2", at=sources(submission).index("answer = 1") + 1)
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == "answer = 2"
    assert (
        sources(rebuilt).index("answer = 1")
        < sources(rebuilt).index("answer = 2")
        < sources(rebuilt).index(cell(template, "p1_test").source)
    )
    assert notes == ["cell p1 was copied: the copy is an ordinary cell now"]


def test_a_copy_after_the_tests_stays_there_as_in_a_kernel(template, submission):
    paste(submission, "p1", "answer = 2", at=len(submission.cells))
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == "answer = 1"
    assert sources(rebuilt)[-1] == "answer = 2"
    assert notes == ["cell p1 was copied: the copy is an ordinary cell now"]


def test_a_copy_between_two_tests_counts_for_the_second(template, submission):
    at = sources(submission).index(cell(template, "p1_test").source) + 1
    paste(submission, "p1", "answer = 2", at=at)
    found = sources(rebuild(template, submission)[0])
    tests = [cell(template, name).source for name in ("p1_test", "p1_partial")]
    order = [found.index(text) for text in ("answer = 1", tests[0], "answer = 2", tests[1])]
    assert order == sorted(order)


def test_an_answer_that_was_solved_in_a_copy_below_the_tests_takes_its_place(template, submission):
    cell(submission, "p1").source = STUB
    paste(submission, "p1", "answer = 2", at=len(submission.cells))
    rebuilt, _ = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == "answer = 2" and STUB not in sources(rebuilt)


def test_of_copies_of_a_written_answer_the_last_counts(template, submission):
    cell(submission, "p2").source = "first"
    paste(submission, "p2", "last", at=len(submission.cells))
    rebuilt, _ = rebuild(template, submission)
    assert cell(rebuilt, "p2").source == "last"


SOLVED = "def mean_of_logs(values):\n    return 0.5"


@pytest.mark.parametrize("source", [SOLVED, SOLVED + ")", "%time\n" + SOLVED])
def test_an_answer_without_its_metadata_is_found_by_what_it_defines(template, submission, source):
    retyped = new_code_cell(source)
    submission.cells[submission.cells.index(cell(submission, "p1"))] = retyped
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == source
    assert sources(rebuilt).count(source) == 1
    assert notes == [
        "the cell of answer p1 had lost its name: it was found by what it defines, mean_of_logs"
    ]


def test_a_written_answer_without_its_metadata_is_found_by_its_place(template, submission):
    submission.cells[-1] = new_markdown_cell("Sums do not underflow.")
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p2").source == "Sums do not underflow."
    assert notes == ["the cell of answer p2 had lost its name: it was found by its place"]


def test_of_several_texts_none_is_taken_for_a_written_answer(template, submission):
    submission.cells[-1:] = [new_markdown_cell("One."), new_markdown_cell("Two.")]
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p2").source == "YOUR ANSWER HERE"
    assert notes == ["answer p2 is missing: it counts as blank"]


@pytest.mark.parametrize("at", [3, 4, 7])
def test_an_unused_copy_of_the_stub_does_not_undo_the_answer(template, submission, at):
    paste(submission, "p1", STUB, at=at)
    rebuilt, _ = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == "answer = 1"
    assert STUB not in sources(rebuilt)


def test_own_cells_stay_where_the_student_put_them(template, submission):
    submission.cells.insert(0, new_code_cell("first"))
    submission.cells.insert(5, new_markdown_cell("between answer and test"))
    rebuilt, _ = rebuild(template, submission)
    assert sources(rebuilt) == sources(submission)


def test_missing_cells_come_back_and_a_missing_answer_is_blank(template, submission):
    submission.cells = [
        c
        for c in submission.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in ("p1", "p1_test")
    ]
    rebuilt, notes = rebuild(template, submission)
    assert cell(rebuilt, "p1").source == STUB
    assert cell(rebuilt, "p1_test").source == cell(template, "p1_test").source
    assert notes == [
        "test p1_test was missing: it was put back",
        "answer p1 is missing: it counts as blank",
    ]


def test_moved_and_retyped_cells_find_their_places(template, submission):
    submission.cells.reverse()
    index = submission.cells.index(cell(submission, "p1"))
    submission.cells[index] = new_markdown_cell(
        "answer = 1", metadata=submission.cells[index].metadata
    )
    rebuilt, _ = rebuild(template, submission)
    order = [c.metadata.nbgrader.grade_id for c in rebuilt.cells if "nbgrader" in c.metadata]
    assert order == ["title", "p1", "p1_test", "p1_partial", "p2"]
    assert cell(rebuilt, "p1").cell_type == "code" and cell(rebuilt, "p1").source == "answer = 1"


@pytest.mark.parametrize(
    "meta",
    [{"nbgrader": []}, {"nbgrader": {"grade_id": 7}}, {"nbgrader": {"grade_id": "unknown"}}, []],
)
def test_metadata_beyond_recognition_make_an_ordinary_cell(template, submission, meta):
    odd = new_code_cell("mine")
    odd["metadata"] = meta
    submission.cells.insert(2, odd)
    rebuilt, _ = rebuild(template, submission)
    assert "mine" in sources(rebuilt)


def test_pictures_in_a_written_answer_survive(template, submission):
    cell(submission, "p2").attachments = {"a.png": {"image/png": "AAAA"}}
    rebuilt, _ = rebuild(template, submission)
    assert cell(rebuilt, "p2").attachments == {"a.png": {"image/png": "AAAA"}}


def test_ids_are_unique(template, submission):
    paste(submission, "p1_test", "pass", at=5)
    rebuilt, _ = rebuild(template, submission)
    assert len({c.id for c in rebuilt.cells}) == len(rebuilt.cells)


@pytest.mark.parametrize(
    "content, words",
    [
        (b'{"cells": [', "is not a complete notebook (broken at line 1, column"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"worksheets": []}', "holds no list of cells"),
        (b'{"cells": ["x"]}', "holds no list of cells"),
    ],
)
def test_unreadable_notebooks_are_explained(tmp_path, content, words):
    (tmp_path / "exercises.ipynb").write_bytes(content)
    assert words in notebook_trouble(tmp_path / "exercises.ipynb")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ann" / "01-logs").mkdir(parents=True)
    (tmp_path / "ann" / "01-logs" / "exercises.ipynb").write_text('{"cells": []}')
    return tmp_path / "ann" / "01-logs"


def test_a_notebook_too_large_or_missing_or_no_file(folder):
    path = folder / "exercises.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ValueError, match="the limit is 100"):
        read(folder, "ann", "01-logs")
    path.unlink()
    with pytest.raises(ValueError, match="there is no exercises.ipynb"):
        read(folder, "ann", "01-logs")
    os.mkfifo(path)
    with pytest.raises(ValueError, match="link or a device"):
        read(folder, "ann", "01-logs")


def test_a_folder_that_is_a_link_is_not_followed(folder, tmp_path):
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "01-logs").symlink_to(folder)
    with pytest.raises(ValueError, match="is a link"):
        read(tmp_path / "bob" / "01-logs", "bob", "01-logs")


def test_a_renamed_notebook_is_found_if_there_is_no_other(folder):
    (folder / "exercises.ipynb").rename(folder / "exercises (1).ipynb")
    assert read(folder, "ann", "01-logs").notes == [
        "exercises (1).ipynb was taken for exercises.ipynb"
    ]
    (folder / "more.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="there is no exercises.ipynb"):
        read(folder, "ann", "01-logs")


def test_other_files_come_along_but_no_links(folder):
    (folder / "data").mkdir()
    (folder / "data" / "words.txt").write_text("the of")
    (folder / "secret").symlink_to("/etc/passwd")
    (folder / "data" / "up").symlink_to("/")
    (folder / "timestamp.txt").write_text("2020-03-01 12:00:00 UTC")
    found = read(folder, "ann", "01-logs")
    assert found.files == {"data/words.txt": b"the of"}
    assert found.timestamp == "2020-03-01 12:00:00 UTC"
    assert found.notes == [
        "secret was left out: secret is a link or a device, not a file",
        "data/up was left out: up is a link or a device, not a file",
    ]


@pytest.mark.parametrize(
    "text, words",
    [
        ("yesterday evening", "holds no date"),
        ("2999-01-01 00:00:00 UTC", "is in the future"),
        ("\xff" * 9, "holds no date"),
    ],
)
def test_a_forged_or_broken_time_is_reported(folder, text, words):
    (folder / "timestamp.txt").write_text(text, encoding="latin-1")
    found = read(folder, "ann", "01-logs")
    assert words in found.notes[0] and found.timestamp


def test_outputs_and_metadata_are_left_behind(folder):
    (folder / "exercises.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": ["a\\n", "b"], "outputs": [1], "metadata": '
        '{"tags": ["x"], "nbgrader": {"grade_id": "p1", "points": 3, "locked": 1}}}]}'
    )
    assert read(folder, "ann", "01-logs").cells == [
        {
            "cell_type": "code",
            "source": "a\nb",
            "metadata": {"nbgrader": {"grade_id": "p1", "points": 3}},
        }
    ]

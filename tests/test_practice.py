"""Practice boxes: their stubs fail, right answers pass, wrong ones are told why."""

import re
import warnings

import practice
import pytest

CHAPTERS = range(1, 11)
TABLES = practice.tables()
BOXES = {chapter: practice.boxes(practice.review(chapter)) for chapter in CHAPTERS}
check = practice.session().check
BOX = [
    pytest.param(chapter, label, id=f"{chapter:02d}-{label}")
    for chapter in CHAPTERS
    for label in BOXES[chapter]
]
RIGHT = [
    pytest.param(chapter, label, name, id=f"{chapter:02d}-{label}-{name}")
    for chapter, table in TABLES.items()
    for label, answers in table.items()
    for name in answers.right
]
WRONG = [
    pytest.param(chapter, label, name, id=f"{chapter:02d}-{label}-{name}")
    for chapter, table in TABLES.items()
    for label, answers in table.items()
    for name in answers.wrong
]


def failures(chapter, label, code):
    """{what was tried: message} of the checks that an answer does not pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the page shows none either
        said = check(code, BOXES[chapter][label][1], f"<{label}>")
    assert len(said) >= 3 or len(said) == 1 and said[0][1], said
    return {name: message for name, message in said if message is not None}


@pytest.mark.parametrize(
    "chapter", [pytest.param(chapter, id=f"{chapter:02d}") for chapter in CHAPTERS]
)
def test_a_chapter_has_boxes_and_each_is_tried(chapter):
    assert len(BOXES[chapter]) >= 2, "give two of the exercises a box at least"
    assert set(BOXES[chapter]) == set(TABLES.get(chapter, {})), (
        "tests/practice and the review must name the same boxes"
    )
    for label, answers in TABLES[chapter].items():
        assert answers.right and len(answers.wrong) >= 2, label


@pytest.mark.parametrize("chapter, label", BOX)
def test_a_box_belongs_to_an_exercise_before_it(chapter, label):
    text = practice.review(chapter)
    exercise, box, solution = (
        text.find(f"{{{kind}}} {label}\n") for kind in ("exercise", "practice", "solution")
    )
    exercise = text.find(f":label: {label}\n") if exercise < 0 else exercise
    assert 0 <= exercise < box < solution


@pytest.mark.parametrize("chapter, label", BOX)
def test_what_the_reader_starts_from_does_not_pass(chapter, label):
    start = BOXES[chapter][label][0]
    said = failures(chapter, label, start)
    assert said
    if "def " in start:  # and no check takes the missing answer for a mistake
        assert not [what for what in said.values() if what.startswith(("raised", "returned None"))]


@pytest.mark.parametrize("chapter, label, name", RIGHT)
def test_right_answers_pass(chapter, label, name):
    assert failures(chapter, label, TABLES[chapter][label].right[name]) == {}


@pytest.mark.parametrize("chapter, label, name", WRONG)
def test_wrong_answers_are_told_why(chapter, label, name):
    code, phrase = TABLES[chapter][label].wrong[name]
    said = failures(chapter, label, code)
    assert phrase in " ".join(said.values()), said


# --- printed solutions ---


def printed_solutions(text):
    """Blocks of Python within the folded solutions of a review."""
    solutions = re.findall(r"(?ms)^(`{3,})\{solution\}.*?\n(.*?)^\1$", text)
    return [block for _, s in solutions for block in re.findall(r"(?ms)^```python\n(.*?)^```", s)]


def wrong_remarks(block, printed):
    """Lines that print something else than the number at the end of their remark, or near it."""
    lines = [line for line in block.splitlines() if line.startswith("print(")]
    found = []
    for line, value in zip(lines, printed.splitlines()):
        said = re.findall(r"\d+(?:\.\d+)?", line.rpartition("#")[2])
        digits = len(said[-1].partition(".")[2]) if said else 0
        if said and all(round(float(value), digits) != float(number) for number in said):
            found.append(f"{line}: {value}")
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_printed_solutions_run_and_print_what_they_say(chapter, capsys):
    blocks = printed_solutions(practice.review(chapter))
    assert blocks, "no solution shows its code"
    for block in blocks:
        exec(compile(block, "<solution>", "exec"), {})
        assert wrong_remarks(block, capsys.readouterr().out) == []


def test_a_solution_that_prints_another_number_is_noticed():
    text = "````{solution} ex\n:class: dropdown\n```python\nprint(2.5)  # bits: 2.4\n```\n````\n"
    (block,) = printed_solutions(text)
    assert wrong_remarks(block, "2.5\n") and wrong_remarks(block, "2.44\n") == []

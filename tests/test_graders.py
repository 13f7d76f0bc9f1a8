"""The graders under test: each problem against right, blank and wrong answers."""

import ast

import graders
import pytest

from tools import slips

TABLES = graders.tables()
PROBLEMS = [(chapter, problem) for chapter, table in TABLES.items() for problem in table]
RIGHT = [(*key, name) for key in PROBLEMS for name in TABLES[key[0]][key[1]].right]
PAGE = slips.PAGE.read_text(encoding="utf-8").splitlines()
WRONG = [(*key, name) for key in PROBLEMS for name in TABLES[key[0]][key[1]].wrong]


@pytest.mark.parametrize("chapter", TABLES)
def test_every_autograded_problem_is_in_the_table(chapter):
    assert graders.autograded(chapter) == {
        name: problem.points for name, problem in TABLES[chapter].items()
    }


@pytest.mark.parametrize("chapter, problem", PROBLEMS)
def test_enough_answers_are_tried(chapter, problem):
    tried = TABLES[chapter][problem]
    assert len(tried.right) >= 2, "give two right answers in another style"
    assert len(tried.wrong) >= 4, "give four wrong answers that students write"


@pytest.mark.parametrize("chapter, problem", PROBLEMS)
def test_the_reference_earns_everything(chapter, problem):
    score, said = graders.grade(chapter, problem)
    assert score == TABLES[chapter][problem].points, said


@pytest.mark.parametrize("chapter, problem", PROBLEMS)
def test_the_blank_earns_nothing(chapter, problem):
    stub = graders.stub(chapter, problem)
    assert "YOUR CODE HERE" in stub
    # A stub inside a function fails when it is called; one at the top of a cell fails at once, as
    # it does in a notebook.
    try:
        score, said = graders.grade(chapter, problem, stub)
    except NotImplementedError:
        return
    assert score == 0, said


@pytest.mark.parametrize("chapter, problem, name", RIGHT)
def test_right_answers_in_another_style_earn_everything(chapter, problem, name):
    score, said = graders.grade(chapter, problem, TABLES[chapter][problem].right[name])
    assert score == TABLES[chapter][problem].points, said


@pytest.mark.parametrize("chapter, problem, name", WRONG)
def test_wrong_answers_lose_points_and_are_told_why(chapter, problem, name):
    code, most, phrase, *why = TABLES[chapter][problem].wrong[name]
    score, said = graders.grade(chapter, problem, code)
    points = TABLES[chapter][problem].points
    assert score <= most < points, said
    assert phrase in said, said
    assert bool(why) == (score < points / 2), "more than half: say why in the table, or cost less"
    row = slips.Row(chapter, problem, name, points, points - score, *why)
    assert slips.line(row) in PAGE, "write the page anew: python -m tools.slips"


def test_the_page_of_slips_has_no_others():
    assert sum(line.count("|") == 4 and line[2].isdigit() for line in PAGE) == len(WRONG)
    assert sum(f"of the {len(WRONG)} keep half" in line for line in PAGE) == 1


def top_level_names(source):
    """Names that a cell's code binds where it stands, outside functions and classes."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(part.asname or part.name).split(".")[0] for part in node.names}
        else:
            found |= {
                part.id
                for part in ast.walk(node)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
    return found


@pytest.mark.parametrize("chapter", TABLES)
def test_hidden_tests_bind_no_name_that_a_student_may_have_given(chapter):
    # In a kernel a hidden test's `grams` would replace the student's before the answer calls it.
    hidden = [
        cell.source.split("### BEGIN HIDDEN TESTS")[1].split("### END HIDDEN TESTS")[0]
        for cell in graders._cells("solutions", chapter)
        if "### BEGIN HIDDEN TESTS" in cell.source
    ]
    assert len(hidden) >= 4
    assert set().union(*map(top_level_names, hidden)) <= {"hidden_tests", "results"}

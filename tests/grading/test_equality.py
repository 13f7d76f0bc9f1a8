"""Every answer of the graders' tables earns in the isolated grader what it earns when its cells run in one process.

Stock nbgrader runs cells in one process, as `graders.grade` does; tests/grading/test_stock.py holds the two together.
"""
import pytest
from test_graders import TABLES
from toy_course import HOME

import graders
from lmcore.grading.collect import Submission
from lmcore.grading.engine import grade
from lmcore.grading.spec import ANSWER, compile_spec


def tried(table):
    """Submissions that try one answer to each problem at a time, until every answer has been tried: [{problem: name}]."""
    names = {problem: [None, *entry.right, *entry.wrong] for problem, entry in table.items()}
    return [{problem: answers[i] if i < len(answers) else None for problem, answers in names.items()}
            for i in range(max(map(len, names.values())))]


def text(table, problem, name):
    wrong = table[problem].wrong.get(name)
    return wrong[0] if wrong else table[problem].right[name]


def submission(spec, answers, reference):
    """What a student hands in who writes these answers and the reference's in all other cells."""
    cells = [{"cell_type": cell.cell_type, "metadata": {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {},
              "source": answers.get(cell.grade_id, reference.get(cell.grade_id, cell.visible)) if cell.role == ANSWER else cell.visible}
             for cell in spec.cells]
    return Submission("someone", spec.chapter, spec.notebook, cells)


@pytest.fixture(scope="module")
def specs():
    return {chapter: compile_spec(next((HOME / "solutions").glob(f"{chapter:02d}-*/exercises.ipynb"))) for chapter in TABLES}


def reference_answers(spec):
    from sample_class import reference_answers

    return reference_answers(HOME, spec.chapter)


@pytest.mark.parametrize("chapter", TABLES)
def test_the_same_scores_and_the_same_messages(specs, chapter):
    spec, table, wrong = specs[chapter], TABLES[chapter], []
    reference = reference_answers(spec)
    tests, answer = {}, None
    for cell in spec.cells:
        answer = cell.grade_id if cell.role == ANSWER else answer
        if cell.role == "test":
            tests[answer] = cell.grade_id
    for chosen in tried(table):
        answers = {problem: text(table, problem, name) for problem, name in chosen.items() if name}
        result = grade(spec, submission(spec, answers, reference))
        said = {cell["metadata"]["nbgrader"]["grade_id"]: "".join(out.get("text", "") for out in cell["outputs"])
                for cell in result.cells if cell["metadata"].get("nbgrader", {}).get("grade")  and cell["cell_type"] == "code"}
        for problem, name in chosen.items():
            score, words = graders.grade(chapter, problem, answers.get(problem))
            if result.scores[tests[problem]] != score:
                wrong.append((problem, name, "earns", result.scores[tests[problem]], "for", score, said[tests[problem]], words))
            elif name and name in table[problem].wrong and table[problem].wrong[name][2] not in said[tests[problem]]:
                wrong.append((problem, name, said[tests[problem]]))
        assert not result.limits
    assert not wrong, "\n".join(map(str, wrong))

"""The isolated grader gives every answer of the graders' tables what stock nbgrader gives it, and
the same messages.

All answers are compared with a run of the same cells in one process, which is what stock nbgrader
does; one round of each chapter goes through stock nbgrader itself, and `python tests/matrix.py`
sends all of them.
"""

import graders
import pytest
from matrix import TABLES, cells_that_test, compare, rounds, spec_of, submission, text
from nbjudge.execution.engine import grade


@pytest.mark.parametrize("chapter", TABLES)
def test_the_same_scores_and_the_same_messages(chapter):
    spec, table, wrong = spec_of(chapter), TABLES[chapter], []
    tests = cells_that_test(spec)
    for chosen in rounds(table):
        answers = {problem: text(table, problem, name) for problem, name in chosen.items() if name}
        result, expected = (
            grade(spec, submission(spec, answers)),
            graders.grade_all(chapter, answers),
        )
        said = {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(
                out.get("text", "") for out in cell["outputs"]
            )
            for cell in result.cells
            if cell["metadata"].get("nbgrader", {}).get("grade") and cell["cell_type"] == "code"
        }
        for problem, name in chosen.items():
            if name is None:
                continue
            score, words = expected[problem]
            if result.scores[tests[problem]] != score:
                wrong.append(
                    (
                        problem,
                        name,
                        "earns",
                        result.scores[tests[problem]],
                        "for",
                        score,
                        said[tests[problem]],
                        words,
                    )
                )
            elif (
                name in table[problem].wrong
                and (phrase := table[problem].wrong[name][2]) in words
                and phrase not in said[tests[problem]]
            ):
                wrong.append((problem, name, said[tests[problem]]))
        assert not result.limits
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("chapter", TABLES)
def test_stock_nbgrader_agrees(chapter, tmp_path):
    middle = len(rounds(TABLES[chapter])) // 2
    assert compare(chapter, tmp_path, [middle]) == (1, [])

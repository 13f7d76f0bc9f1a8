"""The graders' tables as submissions.

One answer to each problem at a time, until every answer has been tried.

python tests/matrix.py [CHAPTER ...]     all of them, by stock nbgrader and by ours, compared
"""

import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME / "nbjudge" / "tests"))

import graders
from hostile import stock
from made_up.students import Student, reference_answers, write_submission
from nbjudge.assignment.spec import ANSWER, TEST, compile_spec
from nbjudge.execution.engine import grade
from nbjudge.submission import collect

TABLES = graders.tables()


def rounds(table):
    """[{problem: name of an answer, None for the reference's}]."""
    names = {problem: [None, *entry.right, *entry.wrong] for problem, entry in table.items()}
    return [
        {problem: answers[i] if i < len(answers) else None for problem, answers in names.items()}
        for i in range(max(map(len, names.values())))
    ]


def text(table, problem, name):
    """The code of a named answer."""
    wrong = table[problem].wrong.get(name)
    return wrong[0] if wrong else table[problem].right[name]


def spec_of(chapter):
    """The compiled assignment of a chapter."""
    return compile_spec(next((HOME / "solutions").glob(f"{chapter:02d}-*/exercises.ipynb")))


def submission(spec, answers):
    """What a student hands in who writes these answers and the reference's in all other cells."""
    answers = reference_answers(HOME, spec.chapter) | answers
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {},
            "source": (
                answers.get(cell.grade_id, cell.visible) if cell.role == ANSWER else cell.visible
            ),
        }
        for cell in spec.cells
    ]
    return collect.Submission("someone", spec.chapter, spec.notebook, cells)


def cells_that_test(spec):
    """{answer: its test}."""
    found, answer = {}, None
    for cell in spec.cells:
        answer = cell.grade_id if cell.role == ANSWER else answer
        if cell.role == TEST:
            found[answer] = cell.grade_id
    return found


def compare(chapter, root, chosen=None):
    """Grade with stock nbgrader and with ours, in a folder of its own.

    Parameters
    ----------
    chapter : int
    root : path
    chosen : list of int, optional
        Which rounds; all by default.

    Returns
    -------
    tried : int
    differ : list of tuple
        Chapter, answers, test, stock's score, ours.
    """
    table, spec = TABLES[chapter], spec_of(chapter)
    tried = {
        f"round-{i:02d}": names
        for i, names in enumerate(rounds(table))
        if chosen is None or i in chosen
    }
    for student, names in tried.items():
        write_submission(
            HOME,
            root,
            spec.chapter,
            student,
            Student({p: text(table, p, name) for p, name in names.items() if name}),
        )
    # a busy machine is no reason to differ
    theirs, trouble = stock.grade(HOME, root, spec.chapter, seconds=300)
    if trouble:
        raise RuntimeError(f"stock nbgrader gave up: {trouble}")
    differ = []
    for student, names in tried.items():
        ours = grade(
            spec,
            collect.read(Path(root, "submitted", student, spec.chapter), student, spec.chapter),
        ).scores
        differ += [
            (chapter, names, test, theirs[student].get(test), score)
            for test, score in ours.items()
            if theirs[student].get(test) != score
        ]
    return len(tried), differ


def main(chapters):
    """Compare the graders on every answer; returns the answers on which they differ."""
    wrong = []
    for chapter in chapters or TABLES:
        with tempfile.TemporaryDirectory() as root:
            tried, differ = compare(chapter, root)
        print(f"chapter {chapter}: {tried} submissions, {len(differ)} differences", flush=True)
        wrong += differ
    return wrong


if __name__ == "__main__":
    found = main([int(number) for number in sys.argv[1:]])
    print(*found, sep="\n")
    sys.exit(bool(found))

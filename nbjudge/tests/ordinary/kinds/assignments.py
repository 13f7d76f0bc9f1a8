"""Assignments as a whole: several notebooks, tasks, written answers, other metadata."""

from ..kind import (
    Own,
    answer,
    code,
    code_by_hand,
    kind,
    task,
    test,
    text,
    work,
    written,
)

KINDS = [
    kind(
        "assignments-two-notebooks",
        "Two notebooks, each with its own answers and kernel, which share a file.",
        notebooks={
            "one": [
                answer("shared", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
                test("shared-test", 2, "assert x == 1"),
            ],
            "two": [
                answer("second", "### BEGIN SOLUTION\ny = 2\n### END SOLUTION"),
                test(
                    "second-test",
                    3,
                    "assert y == 2 and 'x' not in globals()\nassert open('n.txt').read() == '7'",
                ),
            ],
        },
        files={"n.txt": "7"},
        wrong_one={"shared": "x = 2"},
        wrong_two={"second": "x = y = 2"},
        wrong_missing=work(without=["two"]),
    ),
    kind(
        "assignments-same-names",
        "Two notebooks that use the same names for their cells.",
        notebooks={
            "part-a": [
                answer(
                    "p1",
                    "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION",
                ),
                test("p1-test", 1, "assert f(1) == 2"),
            ],
            "part-b": [
                answer(
                    "p1",
                    "def f(x):\n    ### BEGIN SOLUTION\n    return x - 1\n    ### END SOLUTION",
                ),
                test("p1-test", 2, "assert f(1) == 0"),
            ],
        },
        wrong_a={"part-a/p1": "def f(x):\n    return x - 1"},
        wrong_b={"part-b/p1": "def f(x):\n    return x + 1"},
    ),
    kind(
        "assignments-written",
        "Written answers and code that a person grades, beside tests.",
        answer("f", "def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
        test("f-test", 2, "assert f(4) == 8"),
        written("why", 3, "Because addition is repeated."),
        code_by_hand("use", 4, "f(f(1))"),
        wrong={"f": "def f(x):\n    return 4", "why": "No idea."},
        wrong_blank_text={"f": "f = None", "why": "YOUR ANSWER HERE"},
    ),
    kind(
        "assignments-task",
        "A task: students add cells of their own below it, a person grades them.",
        answer("f", "def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
        test("f-test", 2, "assert f(4) == 8"),
        task("explore", 4, "Explore `f` for negative numbers, in as many cells as you need."),
        code("closing = True"),
        right_with_cells=work(
            {}, Own("f(-1), f(-2)", after="explore"), Own("It is odd.", "", "explore", "markdown")
        ),
        wrong={"f": "def f(x):\n    return 0"},
    ),
    kind(
        "assignments-mark-scheme",
        "A marking scheme in a written answer, which releases do not show.",
        written(
            "proof",
            5,
            r"""
By induction.
### BEGIN MARK SCHEME
Two points for the base case, three for the step.
### END MARK SCHEME
""",
        ),
        answer("n", "n = ...\n### BEGIN SOLUTION\nn = 55\n### END SOLUTION"),
        test("n-test", 1, "assert n == sum(range(11))"),
        wrong={"n": "n = 45", "proof": "By inspection."},
    ),
    kind(
        "assignments-many-points",
        "Halves of points, large points, and a total that is no whole number.",
        answer("a", "a = ...\n### BEGIN SOLUTION\na = 1\n### END SOLUTION"),
        test("a-half", 0.5, "assert a == 1"),
        test("a-quarter", 0.25, "assert a > 0"),
        test("a-hundred", 100, "assert isinstance(a, int)"),
        wrong={"a": "a = 2.5"},
    ),
    kind(
        "assignments-text-between",
        "Long texts with formulas, tables, pictures and HTML between the cells.",
        text(
            r"""
# Energies

| symbol | meaning |
| --- | --- |
| $E$ | energy |

$$E = \tfrac12 m v^2$$

<div style="color: red">Mind the **units**.</div>

```python
def energy(m, v):
    raise NotImplementedError()
```
""",
            "intro",
        ),
        answer(
            "energy",
            r"""
def energy(m, v):
    ### BEGIN SOLUTION
    return m * v**2 / 2
    ### END SOLUTION
""",
        ),
        text("Check: $E(2, 3) = 9$."),
        test("energy-test", 2, "assert energy(2, 3) == 9"),
        wrong={"energy": "def energy(m, v):\n    return m * v / 2"},
    ),
    kind(
        "assignments-whole-cell",
        "Answers without marks: the whole cell is the solution, the stub is nbgrader's.",
        text("Write `f(x)`, twice x."),
        answer("f", "def f(x):\n    return 2 * x"),
        test("f-test", 1, "assert f(2) == 4"),
        text("Store the first ten squares in `squares`."),
        answer("squares", "squares = [n * n for n in range(10)]"),
        test("squares-test", 1, "assert squares[3] == 9 and len(squares) == 10"),
        wrong={"squares": "squares = range(10)"},
        half_done=work({"f": "def f(x):\n    return x + x"}, start="blank"),
    ),
    kind(
        "assignments-partial-stub",
        "Marks around lines in the middle: students fill gaps in code that is given.",
        answer(
            "gaps",
            r"""
import math

def distance(p, q):
    "Euclidean."
    total = 0
    for a, b in zip(p, q):
        ### BEGIN SOLUTION
        total += (a - b) ** 2
        ### END SOLUTION
    ### BEGIN SOLUTION
    result = math.sqrt(total)
    ### END SOLUTION
    return result
""",
        ),
        test("gaps-test", 2, "assert distance((0, 0), (3, 4)) == 5 and distance([1], [1]) == 0"),
        wrong={"gaps": "def distance(p, q):\n    return sum(abs(a - b) for a, b in zip(p, q))"},
        wrong_one_gap={
            "gaps": r"""
import math

def distance(p, q):
    "Euclidean."
    total = 0
    for a, b in zip(p, q):
        total += (a - b) ** 2
    # YOUR CODE HERE
    raise NotImplementedError()
    return result
"""
        },
    ),
    kind(
        "assignments-no-tests",
        "Nothing is graded by tests: a written answer and a task only.",
        text("# Reading", "title"),
        written("summary", 5, "A summary."),
        task("diary", 5, "Keep a diary."),
    ),
]

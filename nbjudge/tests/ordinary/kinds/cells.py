"""The shapes that tests take: hidden, visible, spread over cells, leaning on each other."""

from ..kind import answer, code, kind, test, text

MEDIAN = r"""
def median(values):
    ### BEGIN SOLUTION
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
    ### END SOLUTION
"""
ODD_ONLY = {"median": "def median(values):\n    return sorted(values)[len(values) // 2]"}

KINDS = [
    kind(
        "cells-visible-only",
        "Tests without a hidden part.",
        answer("median", MEDIAN),
        test("median-odd", 1, "assert median([3, 1, 2]) == 2"),
        test("median-even", 1, "assert median([4, 1, 2, 3]) == 2.5, 'the mean of the middle two'"),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-hidden-only",
        "Nothing of the test is visible.",
        answer("median", MEDIAN),
        test(
            "median-hidden",
            2,
            r"""
# Hidden tests stand here.
### BEGIN HIDDEN TESTS
assert median([3, 1, 2]) == 2
assert median([4, 1, 2, 3]) == 2.5
### END HIDDEN TESTS
""",
        ),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-hidden-blocks",
        "Hidden parts at the beginning, in the middle, inside a function and in a loop.",
        answer("median", MEDIAN),
        test(
            "median-blocks",
            3,
            r"""
### BEGIN HIDDEN TESTS
secret = [[9, 7, 8], [1, 1]]
### END HIDDEN TESTS
assert median([1]) == 1

def check(values, expected):
    found = median(values)
    ### BEGIN HIDDEN TESTS
    assert found == expected, f"median({values}) is {expected}"
    ### END HIDDEN TESTS
    return found

check([3, 1, 2], 2)
### BEGIN HIDDEN TESTS
for values in secret:
    check(values, values[-1])
check([4, 1, 2, 3], 2.5)
### END HIDDEN TESTS
assert median([5, 5]) == 5
""",
        ),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-shared-variables",
        "Tests share variables from cell to cell, hidden ones too.",
        answer("median", MEDIAN),
        test(
            "median-one",
            1,
            r"""
values = [3, 1, 2]
first = median(values)
assert first == 2
### BEGIN HIDDEN TESTS
extra = [8, 6]
### END HIDDEN TESTS
""",
        ),
        test(
            "median-two",
            1,
            r"""
values.append(10)
assert median(values) == 2.5 and first == 2
### BEGIN HIDDEN TESTS
values += extra
assert median(values) == 4.5
### END HIDDEN TESTS
""",
        ),
        test("median-three", 1, "assert values[0] == 3\nassert median(values[:3]) == first"),
        wrong=ODD_ONLY,
        wrong_sorts_in_place={
            "median": r"""
def median(values):
    values.sort()
    n = len(values)
    return (values[n // 2] + values[(n - 1) // 2]) / 2
"""
        },
    ),
    kind(
        "cells-helper-functions",
        "A test defines helpers, a class and imports that later tests use.",
        answer("median", MEDIAN),
        test(
            "median-helper",
            1,
            r"""
import math
from itertools import permutations

def same(a, b, tolerance=1e-9):
    return math.isclose(a, b, abs_tol=tolerance)

class Case:
    def __init__(self, values, expected):
        self.values, self.expected = values, expected

    def run(self):
        return same(median(self.values), self.expected)

assert Case([1, 2, 3], 2).run()
""",
        ),
        test(
            "median-uses",
            2,
            r"""
for values in permutations([1, 2, 3, 10]):
    assert Case(list(values), 2.5).run()
assert same(median([0.1, 0.3]), 0.2)
""",
        ),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-author-helpers",
        "Read-only cells of the author's define what tests call, between and after the answers.",
        answer("median", MEDIAN),
        code(
            r"""
def check(function, *cases):
    "Run the cases; return how many failed."
    failed = 0
    for arguments, expected in cases:
        failed += function(*arguments) != expected
    return failed
""",
            "checker",
        ),
        test("median-checked", 1, "assert check(median, (([1],), 1), (([2, 1, 3],), 2)) == 0"),
        code("SIZES = (2, 4, 6)"),
        test(
            "median-sizes",
            1,
            "assert check(median, *(((list(range(n)),), (n - 1) / 2) for n in SIZES)) == 0",
        ),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-code-of-the-student-between",
        "An ordinary code cell between answer and test calls the answer and keeps the result.",
        answer("median", MEDIAN),
        text("Try it:"),
        code("result = median([5, 3, 8, 1])\nresult"),
        test("median-result", 1, "assert result == 4"),
        test("median-call", 1, "assert median([result, 0, 1, 2]) == 1.5"),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-several-answers",
        "Four answers first, then four tests, one of which needs all of them.",
        answer("a", "def a(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"),
        answer("b", "def b(x):\n    ### BEGIN SOLUTION\n    return 2 * a(x)\n    ### END SOLUTION"),
        answer("c", "c = ...\n### BEGIN SOLUTION\nc = b(3)\n### END SOLUTION"),
        answer("d", "def d():\n    ### BEGIN SOLUTION\n    return c - 1\n    ### END SOLUTION"),
        test("a-test", 1, "assert a(1) == 2"),
        test("b-test", 1, "assert b(1) == 4"),
        test("c-test", 1, "assert c == 8"),
        test("all-test", 2, "assert (a(0), b(0), c, d()) == (1, 2, 8, 7)"),
        wrong_a={"a": "def a(x):\n    return x"},
        wrong_c={"c": "c = 9"},
        blank_a={"a": "def a(x):\n    raise NotImplementedError()"},
    ),
    kind(
        "cells-redefined",
        "Two answers define the same name; each test counts the definition before it.",
        answer(
            "first", "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"
        ),
        test("first-test", 1, "assert f(1) == 2"),
        answer(
            "second", "def f(x):\n    ### BEGIN SOLUTION\n    return x + 2\n    ### END SOLUTION"
        ),
        test("second-test", 1, "assert f(1) == 3"),
        wrong_second={"second": "# as before"},
        wrong_first={"first": "f = abs"},
    ),
    kind(
        "cells-test-before-answer",
        "A test of an earlier answer leaves variables that a later answer works on.",
        answer("load", "### BEGIN SOLUTION\nnumbers = [4, 8, 15]\n### END SOLUTION"),
        test("load-test", 1, "assert len(numbers) == 3\nlimit = 10"),
        answer(
            "select",
            r"""
### BEGIN SOLUTION
small = [n for n in numbers if n < limit]
### END SOLUTION
""",
        ),
        test("select-test", 1, "assert small == [4, 8]"),
        wrong={"select": "small = [n for n in numbers if n < 20]"},
    ),
    kind(
        "cells-test-changes-state",
        "What a test leaves behind (a new name, a shorter list) is there for what follows.",
        answer("items", "### BEGIN SOLUTION\nitems = [1, 2, 3]\n### END SOLUTION"),
        test("items-test", 1, "assert items.pop() == 3\nsize = len"),
        answer("count", "### BEGIN SOLUTION\ncount = size(items)\n### END SOLUTION"),
        test("count-test", 1, "assert count == 2 and items == [1, 2]"),
        wrong={"count": "count = 3"},
        wrong_copy={"items": "items = [1, 2, 3, 4]"},
    ),
    kind(
        "cells-empty-test",
        "A test cell without code, or with comments only, gives its points to everybody.",
        answer("x", "x = ...\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        test("x-empty", 1, "# This cell is graded by a script of the instructor's."),
        test("x-test", 1, "assert x == 1"),
        wrong={"x": "x = 2"},
    ),
    kind(
        "cells-test-without-student",
        "A test that asks nothing of the student, and one of the author's set-up.",
        code("import sys\nversion = sys.version_info", "given"),
        answer("x", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        test("version-test", 1, "assert version >= (3, 8)"),
        test("x-test", 1, "assert x == 1"),
        wrong={"x": "x = 2"},
    ),
    kind(
        "cells-ungraded-check",
        "A visible check that is no test cell, and whose failure costs nothing.",
        answer("median", MEDIAN),
        code(
            r"""
# Run this cell to check your work; it is not graded.
assert median([4, 1, 2, 3]) == 2.5, "not yet"
checked = True
"""
        ),
        test("median-test", 2, "assert median([1, 2, 9]) == 2\nassert median([7, 7, 1]) == 7"),
        test("median-checked", 1, "assert checked"),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-read-only",
        "Read-only cells, which the student has changed, are those of the author again.",
        text("# Limits", "title"),
        code("LIMIT = 10", "limit"),
        answer(
            "clamp",
            r"""
def clamp(x):
    ### BEGIN SOLUTION
    return min(x, LIMIT)
    ### END SOLUTION
""",
        ),
        test("clamp-test", 2, "assert clamp(50) == LIMIT == 10\nassert clamp(3) == 3"),
        wrong={"clamp": "LIMIT = 50\n\ndef clamp(x):\n    return min(x, LIMIT)"},
    ),
    kind(
        "cells-docstring-first",
        "A test that begins with a docstring, ends with a comment, and has asserts of many lines.",
        answer("median", MEDIAN),
        test(
            "median-test",
            2,
            r'''
"""Check the median."""
cases = {
    (1, 2, 3): 2,
    (4, 1, 2, 3): 2.5,
}
for values, expected in cases.items():
    assert median(list(values)) == expected, (
        f"median of {values}: "
        f"{expected}, not {median(list(values))}"
    )
if True: assert median([1]) == 1; assert median([2]) == 2
# the end
''',
        ),
        wrong=ODD_ONLY,
    ),
    kind(
        "cells-unusual-names",
        "Functions with letters such as ö, names that begin with an underscore.",
        answer(
            "Groesse_1-a",
            "def größe(x):\n    ### BEGIN SOLUTION\n    return len(x)\n    ### END SOLUTION",
        ),
        test("Groesse_1-test", 1, "assert größe('äöü') == 3, 'zu groß: ✗'"),
        answer("P2", "_hidden = ...\n### BEGIN SOLUTION\n_hidden = 7\n### END SOLUTION"),
        test("P2_A", 1, "assert _hidden == 7"),
        wrong={"P2": "_hidden = 8", "Groesse_1-a": "def größe(x):\n    return 0"},
    ),
]

"""Partial credit by the value of a test's last expression."""

from ..kind import answer, kind, test

HALF = r"""
def double(x):
    return x + x if isinstance(x, str) else 2.0
"""


def _double(name, about, points, source, **works):
    """A kind whose one answer doubles a number or a string."""
    return kind(
        name,
        about,
        answer(
            "double",
            r"""
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
""",
        ),
        test("double-test", points, source),
        **works,
    )


KINDS = [
    _double(
        "credit-sum",
        "Points are added up and the sum stands in the last line.",
        5,
        r"""
points = 0
if double(2) == 4:
    points += 2
if double("ab") == "abab":
    points += 3
points
""",
        half={"double": HALF},
        wrong={"double": "def double(x):\n    return None"},
    ),
    _double(
        "credit-fraction",
        "A float, computed as a share of the cases that pass.",
        4,
        r"""
cases = [(1, 2), (2, 4), (0.5, 1.0), ("a", "aa"), ([1], [1, 1]), (0, 0), (-1, -2), (3, 6)]
right = 0
for x, expected in cases:
    try:
        right += double(x) == expected
    except Exception:
        pass
4 * right / len(cases)
""",
        half={"double": HALF},
        blank_but_defined={"double": "def double(x):\n    raise NotImplementedError"},
    ),
    _double(
        "credit-numpy",
        "The last value is a NumPy number, whose representation is np.float64(1.0): all points.",
        2,
        r"""
import numpy as np
2 * np.mean([double(2) == 4, double("ab") == "abab", double([]) == [], double(1) == 2])
""",
        half={"double": HALF},
    ),
    _double(
        "credit-bool",
        "The last expression is a comparison: True and False are no numbers, and earn all points.",
        3,
        "double(2) == 4",
        right_by_accident={"double": "def double(x):\n    return 5"},
        wrong_raises={"double": "def double(x):\n    return y"},
    ),
    _double(
        "credit-none-and-text",
        "A text as the last value earns all points.",
        3,
        r"""
assert double(2) == 4
"well done"
""",
        wrong={"double": "def double(x):\n    return x ** 3"},
    ),
    _double(
        "credit-integer-text",
        "The representation counts: a class whose repr is a number.",
        3,
        r"""
class Points:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return str(self.value)

Points(1.5 * (double(2) == 4) + 1.5 * (double("a") == "aa"))
""",
        half={"double": HALF},
    ),
    _double(
        "credit-negative",
        "A negative number is no partial credit and earns all points.",
        3,
        "assert double(0) == 0\n-1",
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-nan",
        "nan is no partial credit and earns all points.",
        3,
        "float('nan') if double(1) == 2 else 0",
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-semicolon",
        "A semicolon hides the value, so the test earns all or nothing.",
        3,
        "assert double(1) == 2\n1;",
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-printed",
        "A number that is printed is no partial credit.",
        3,
        "assert double(1) == 2\nprint(1)",
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-displayed",
        "A number shown by display() is no partial credit; the last value is.",
        3,
        "from IPython.display import display\ndisplay(0.5)\n3 if double(1) == 2 else 2",
        wrong_but_two={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-in-the-middle",
        "Only the last expression counts, and an error after it takes everything.",
        3,
        "1\n2\nassert double(3) == 6\n3 if double('a') == 'aa' else 1",
        wrong_text={"double": "def double(x):\n    return x + x if x != 'a' else x"},
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-after-output",
        "Output and figures before the last value.",
        4,
        r"""
print("checking")
for x in (1, 2, "a"):
    print(x, double(x))
4 if double(1) == 2 else 1
""",
        wrong={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-too-much",
        "More than the cell's points, but only for work that is wrong: stock refuses that work.",
        2,
        "2 if double(1) == 2 else 3",
        refused={"double": "def double(x):\n    return 1"},
    ),
    _double(
        "credit-hidden-part",
        "Half of the points are visible, half are hidden.",
        4,
        r"""
score = 0
if double(1) == 2:
    score += 2
### BEGIN HIDDEN TESTS
if double("x") == "xx":
    score += 2
### END HIDDEN TESTS
score
""",
        half={"double": "def double(x):\n    return int(x) * 2 if x == 1 else x"},
    ),
    _double(
        "credit-zero-points",
        "A test of no points, for information only, beside the author's partial credit of 0.",
        0,
        "assert double(1) == 2",
    ),
]

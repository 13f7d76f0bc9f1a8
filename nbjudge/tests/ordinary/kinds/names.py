"""Global names: set, changed, patched and deleted by tests, and as answers themselves."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "names-global-read",
        "The answer reads a global, which the test sets to other values.",
        code("rate = 0.1", "given"),
        answer(
            "tax",
            r"""
def tax(income):
    "Uses the global `rate`."
    ### BEGIN SOLUTION
    return rate * income
    ### END SOLUTION
""",
        ),
        test(
            "tax-test",
            2,
            r"""
assert abs(tax(100) - 10) < 1e-9
rate = 0.2
assert tax(100) == 20
### BEGIN HIDDEN TESTS
rate = 0.5
assert tax(3) == 1.5
del rate
try:
    tax(1)
except NameError:
    pass
else:
    assert False
### END HIDDEN TESTS
""",
        ),
        wrong_constant={"tax": "def tax(income):\n    return 0.1 * income"},
        wrong_default={"tax": "def tax(income, rate=rate):\n    return rate * income"},
    ),
    kind(
        "names-global-changed",
        "The answer changes globals: a counter, a list, a dictionary.",
        answer(
            "visit",
            r"""
visits = 0
log = []
seen = {}

def visit(page):
    ### BEGIN SOLUTION
    global visits
    visits += 1
    log.append(page)
    seen[page] = seen.get(page, 0) + 1
    ### END SOLUTION
""",
        ),
        test(
            "visit-counts",
            2,
            r"""
assert visits == 0
visit("a"); visit("b"); visit("a")
assert visits == 3
assert log == ["a", "b", "a"] and seen == {"a": 2, "b": 1}
""",
        ),
        test(
            "visit-reset",
            1,
            r"""
visits = 10
log.clear()
visit("c")
assert visits == 11 and log == ["c"]
""",
        ),
        wrong_local={
            "visit": r"""
visits = 0
log = []
seen = {}

def visit(page):
    visits = len(log)
    visits += 1
    log.append(page)
    seen[page] = log.count(page)
"""
        },
    ),
    kind(
        "names-variables",
        "Answers are plain variables, one after the other.",
        answer(
            "numbers",
            r"""
### BEGIN SOLUTION
x = 5
y = x / 2
name = "Ada"
both = (x, name)
primes = [2, 3, 5, 7]
ages = {"Ada": 36, "Bob": None}
letters = set("abca")
nothing = None
truth = x > y
big = 2**200
### END SOLUTION
""",
        ),
        test("numbers-x", 1, "assert x == 5\nassert isinstance(x, int)"),
        test("numbers-y", 1, "assert y == 2.5, f'y is {y}'"),
        test(
            "numbers-containers",
            2,
            r"""
assert both == (5, "Ada") and type(both) is tuple
assert primes[-1] == 7 and len(primes) == 4
assert ages["Ada"] == 36 and ages["Bob"] is None and list(ages) == ["Ada", "Bob"]
assert letters == {"a", "b", "c"}
""",
        ),
        test(
            "numbers-others",
            1,
            r"""
assert nothing is None
assert truth is True
assert big == 1 << 200 and len(str(big)) == 61
""",
        ),
        wrong_types={
            "numbers": r"""
x = 5.0
y = 2
name = "Ada"
both = [x, name]
primes = (2, 3, 5, 7)
ages = {"Ada": 36}
letters = "abc"
nothing = "None"
truth = 1
big = 2.0**200
"""
        },
        wrong_misspelt={"numbers": "X = 5\ny = 2.5"},
    ),
    kind(
        "names-placeholder",
        "The stub is an Ellipsis or None that students replace, outside any function.",
        answer(
            "area",
            r"""
radius = 2
### BEGIN SOLUTION
area = 3.14159 * radius**2
### END SOLUTION
""",
        ),
        answer(
            "choice",
            r"""
# Which one is right: "a", "b" or "c"?
choice = ...
### BEGIN SOLUTION
choice = "b"
### END SOLUTION
""",
        ),
        test("area-test", 1, "assert abs(area - 12.566) < 0.01"),
        test(
            "choice-test",
            1,
            r"""
assert choice in ("a", "b", "c"), "one of the letters"
### BEGIN HIDDEN TESTS
import hashlib
assert hashlib.md5(choice.encode()).hexdigest() == "92eb5ffee6ae2fec3ad71c777531578f"
### END HIDDEN TESTS
""",
        ),
        wrong={"area": "radius = 2\narea = 2 * 3.14159 * radius", "choice": "choice = 'c'"},
        wrong_left={"choice": "choice = ..."},
    ),
    kind(
        "names-deleted-helper",
        "The test deletes a helper that the answer must not use.",
        code(
            r"""
def slow_sum(items):
    total = 0
    for item in items:
        total += item
    return total
""",
            "given",
        ),
        answer(
            "fast",
            r"""
def fast_sum(n):
    "1 + 2 + ... + n without a loop and without slow_sum."
    ### BEGIN SOLUTION
    return n * (n + 1) // 2
    ### END SOLUTION
""",
        ),
        test(
            "fast-test",
            2,
            r"""
assert fast_sum(10) == slow_sum(range(11))
old = slow_sum
del slow_sum
try:
    assert fast_sum(4) == 10
finally:
    slow_sum = old
del old
""",
        ),
        wrong_uses_it={"fast": "def fast_sum(n):\n    return slow_sum(range(n + 1))"},
    ),
    kind(
        "names-deleted-answer",
        "The test deletes the student's names when it is done, and the next one notices.",
        answer("f", "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"),
        test("f-one", 1, "assert f(1) == 2\ng = f\ndel f"),
        test(
            "f-two",
            1,
            r"""
assert "f" not in globals()
try:
    f
except NameError:
    f = g
assert f(2) == 3
""",
        ),
        wrong={"f": "def f(x):\n    return 2 * x"},
    ),
    kind(
        "names-patched-main",
        "The test patches a name of __main__ and sees whether the answer calls it.",
        code("def distance(a, b):\n    return abs(a - b)", "given"),
        answer(
            "nearest",
            r"""
def nearest(x, others):
    "Must use `distance`."
    ### BEGIN SOLUTION
    return min(others, key=lambda other: distance(x, other))
    ### END SOLUTION
""",
        ),
        test("nearest-value", 1, "assert nearest(3, [0, 4, 9]) == 4"),
        test(
            "nearest-calls",
            2,
            r"""
from unittest.mock import patch

with patch("__main__.distance", side_effect=lambda a, b: -abs(a - b)) as spy:
    assert nearest(3, [0, 4, 9]) == 9
assert spy.call_count == 3
assert spy.call_args_list[0].args == (3, 0)
""",
        ),
        wrong_own={
            "nearest": r"""
def nearest(x, others):
    return min(others, key=lambda other: abs(x - other))
"""
        },
    ),
    kind(
        "names-patched-by-hand",
        "The test replaces a helper by a counting one, as nbgrader's documentation does.",
        code("def square(x):\n    return x * x", "given"),
        answer(
            "sum-of-squares",
            r"""
def sum_of_squares(n):
    ### BEGIN SOLUTION
    return sum(square(i) for i in range(1, n + 1))
    ### END SOLUTION
""",
        ),
        test("sum-values", 1, "assert sum_of_squares(3) == 14 and sum_of_squares(10) == 385"),
        test(
            "sum-uses-square",
            2,
            r"""
orig_square = square
del square
try:
    sum_of_squares(1)
except NameError:
    pass
else:
    raise AssertionError("sum_of_squares does not use square")
finally:
    square = orig_square
""",
        ),
        wrong_no_call={
            "sum-of-squares": "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6"
        },
    ),
    kind(
        "names-forbidden-builtin",
        "`sum` and `sorted` are forbidden: mock.patch makes them raise.",
        answer(
            "total",
            r"""
def total(items):
    "Without the built-in sum."
    ### BEGIN SOLUTION
    result = 0
    for item in items:
        result += item
    return result
    ### END SOLUTION

def ordered(items):
    "Without sorted and list.sort."
    ### BEGIN SOLUTION
    items = list(items)
    for i in range(len(items)):
        j = min(range(i, len(items)), key=items.__getitem__)
        items[i], items[j] = items[j], items[i]
    return items
    ### END SOLUTION
""",
        ),
        test(
            "total-no-sum",
            2,
            r"""
from unittest import mock

with mock.patch("builtins.sum", side_effect=AssertionError("do not use sum")):
    assert total([1, 2, 3]) == 6
    assert total([]) == 0
""",
        ),
        test(
            "ordered-no-sorted",
            2,
            r"""
with mock.patch("builtins.sorted") as forbidden:
    assert ordered([3, 1, 2]) == [1, 2, 3]
assert not forbidden.called, "do not use sorted"
""",
        ),
        wrong_forbidden={
            "total": r"""
def total(items):
    return sum(items)

def ordered(items):
    return sorted(items)
"""
        },
    ),
    kind(
        "names-forbidden-in-main",
        "A forbidden built-in is shadowed by a global of the same name.",
        answer(
            "largest",
            r"""
def largest(items):
    "Without max."
    ### BEGIN SOLUTION
    best = items[0]
    for item in items:
        if item > best:
            best = item
    return best
    ### END SOLUTION
""",
        ),
        test(
            "largest-no-max",
            2,
            r"""
def max(*args, **kwargs):
    raise RuntimeError("max is forbidden")

assert largest([3, 9, 2]) == 9
assert largest("hello") == "o"
del max
assert max(1, 2) == 2
""",
        ),
        wrong_max={"largest": "def largest(items):\n    return max(items)"},
    ),
    kind(
        "names-globals-dict",
        "The test looks names up in globals(), locals(), dir() and __main__.",
        answer(
            "many",
            r"""
### BEGIN SOLUTION
alpha, beta = 1, 2

def add_all(*numbers):
    return sum(numbers)
### END SOLUTION
""",
        ),
        test(
            "many-defined",
            2,
            r"""
for name in ("alpha", "beta", "add_all"):
    assert name in globals(), f"{name} is not defined"
assert callable(globals()["add_all"])
assert globals()["alpha"] + locals()["beta"] == 3
assert "add_all" in dir() and "gamma" not in vars()
""",
        ),
        test(
            "many-main",
            1,
            r"""
import __main__
import sys
assert __main__.add_all(1, 2, 3) == 6
assert sys.modules["__main__"].alpha == 1 and __name__ == "__main__"
assert eval("alpha + beta") == 3
exec("delta = add_all(alpha, beta, 10)")
assert delta == 13
""",
        ),
        wrong={"many": "alpha = 1\nadd_all = 7"},
    ),
    kind(
        "names-shadowed",
        "Answers take the names of built-ins and modules, and tests use both.",
        answer(
            "sum",
            r"""
import math as m

### BEGIN SOLUTION
def sum(items, start=0):
    "A sum that also adds strings."
    for item in items:
        start = item if start == 0 else start + item
    return start

list = [1, 2, 3]
### END SOLUTION
""",
        ),
        test(
            "sum-strings",
            1,
            'assert sum(["a", "b"]) == "ab"\nassert sum(list) == 6 and sum([]) == 0',
        ),
        test(
            "sum-builtin",
            1,
            r"""
import builtins
assert sum is not builtins.sum and builtins.sum([1, 2]) == 3
assert m.floor(2.5) == 2
assert list == [1, 2, 3]
del list
assert list("ab") == ["a", "b"]
""",
        ),
        wrong={"sum": "import math as m"},
    ),
    kind(
        "names-imports",
        "The answer's imports are the test's: modules, aliases, single names.",
        answer(
            "imports",
            r"""
### BEGIN SOLUTION
import math
import numpy as np
from collections import Counter as Tally
from os import path
### END SOLUTION
""",
        ),
        test("imports-math", 1, "assert math.sqrt(16) == 4"),
        test(
            "imports-numpy",
            1,
            "import sys\nassert np is sys.modules['numpy'] and np.arange(3).sum() == 3",
        ),
        test(
            "imports-names",
            1,
            r"""
from collections import Counter
assert Tally is Counter and Tally("aab")["a"] == 2
assert path.join("a", "b") == "a/b"
assert "math" in dir() and not any(name == "os" for name in dir())
""",
        ),
        wrong={"imports": "from math import *\nimport numpy\nimport os"},
    ),
    kind(
        "names-monkeypatch",
        "pytest's MonkeyPatch: attributes of modules, items, environment variables.",
        answer(
            "report",
            r"""
import os
import time

CONFIG = {"level": "low"}

def report():
    ### BEGIN SOLUTION
    return f"{CONFIG['level']} {os.environ.get('REPORT_USER', '?')} {time.time():.0f}"
    ### END SOLUTION
""",
        ),
        test(
            "report-patched",
            2,
            r"""
import os, time
import pytest

with pytest.MonkeyPatch.context() as patch:
    patch.setenv("REPORT_USER", "ada")
    patch.setattr(time, "time", lambda: 12.0)
    patch.setitem(CONFIG, "level", "high")
    assert report() == "high ada 12"
assert "REPORT_USER" not in os.environ and CONFIG == {"level": "low"}
""",
        ),
        test("report-plain", 1, "assert report().startswith('low ? 1')"),
        needs=("pytest",),
        wrong={"report": "import os\n\nCONFIG = {}\n\ndef report():\n    return 'low ? 1'"},
    ),
    kind(
        "names-spied-method",
        "patch.object on the student's class, on a module that it uses, and autospec.",
        answer(
            "order",
            r"""
import math

class Order:
    ### BEGIN SOLUTION
    def __init__(self, prices):
        self.prices = prices

    def discount(self):
        return 0.1 if len(self.prices) > 2 else 0.0

    def total(self):
        return math.fsum(self.prices) * (1 - self.discount())
    ### END SOLUTION
""",
        ),
        test("order-total", 1, "assert abs(Order([1, 2, 3]).total() - 5.4) < 1e-9"),
        test(
            "order-spied",
            2,
            r"""
from unittest.mock import create_autospec, patch

with patch.object(Order, "discount", return_value=0.5) as discount:
    assert Order([10]).total() == 5
discount.assert_called_once()
with patch("math.fsum", return_value=100) as fsum:
    assert Order([1]).total() == 100
assert fsum.called, "add with math.fsum"
fake = create_autospec(Order, instance=True)
fake.total.return_value = 7
assert fake.total() == 7 and isinstance(fake, Order)
""",
        ),
        wrong={
            "order": r"""
class Order:
    def __init__(self, prices):
        self.prices = prices

    def total(self):
        return sum(self.prices) * (0.9 if len(self.prices) > 2 else 1)
"""
        },
    ),
]

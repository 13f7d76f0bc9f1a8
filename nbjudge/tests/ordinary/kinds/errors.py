"""Exceptions that answers raise and tests catch."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "errors-custom",
        "The answer defines exception classes with attributes of their own.",
        answer(
            "errors",
            r"""
### BEGIN SOLUTION
class BankError(Exception):
    "Base of them all."

class InsufficientFunds(BankError):
    def __init__(self, balance, amount):
        super().__init__(f"{amount} is more than {balance}")
        self.balance, self.amount = balance, amount

    @property
    def missing(self):
        return self.amount - self.balance
### END SOLUTION

def withdraw(balance, amount):
    ### BEGIN SOLUTION
    if amount > balance:
        raise InsufficientFunds(balance, amount)
    return balance - amount
    ### END SOLUTION
""",
        ),
        test(
            "errors-raised",
            2,
            r"""
try:
    withdraw(5, 8)
except InsufficientFunds as error:
    caught = error
assert isinstance(caught, BankError) and isinstance(caught, Exception)
assert caught.missing == 3 and caught.balance == 5
assert str(caught) == "8 is more than 5" and caught.args == ("8 is more than 5",)
""",
        ),
        test(
            "errors-classes",
            2,
            r"""
assert issubclass(InsufficientFunds, BankError)
assert not issubclass(BankError, ValueError)
try:
    raise InsufficientFunds(1, 2)
except BankError as error:
    assert type(error) is InsufficientFunds
assert withdraw(8, 5) == 3
""",
        ),
        wrong_value_error={
            "errors": r"""
class BankError(Exception):
    pass

class InsufficientFunds(Exception):
    pass

def withdraw(balance, amount):
    if amount > balance:
        raise ValueError("not enough")
    return balance - amount
"""
        },
        wrong_no_attributes={
            "errors": r"""
class BankError(Exception):
    pass

class InsufficientFunds(BankError):
    pass

def withdraw(balance, amount):
    if amount > balance:
        raise InsufficientFunds("not enough")
    return balance - amount
"""
        },
    ),
    kind(
        "errors-try-else",
        "Right and wrong arguments, with try, except and else as nbgrader's documentation has it.",
        answer(
            "squares",
            r"""
def squares(n):
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n must be greater than or equal to 1")
    return [i**2 for i in range(1, n + 1)]
    ### END SOLUTION
""",
        ),
        test(
            "squares-values",
            1,
            "assert squares(1) == [1]\nassert squares(3) == [1, 4, 9]",
        ),
        test(
            "squares-error",
            1,
            r"""
for bad in (0, -4):
    try:
        squares(bad)
    except ValueError:
        pass
    else:
        raise AssertionError("did not raise")
""",
        ),
        wrong_assert={
            "squares": r"""
def squares(n):
    assert n >= 1
    return [i**2 for i in range(1, n + 1)]
"""
        },
        wrong_returns={
            "squares": r"""
def squares(n):
    if n < 1:
        return ValueError("n must be positive")
    return [i**2 for i in range(1, n + 1)]
"""
        },
    ),
    kind(
        "errors-unittest",
        "A TestCase of unittest inside the test cell, run by a TextTestRunner.",
        answer(
            "divide",
            r"""
def divide(a, b):
    ### BEGIN SOLUTION
    if b == 0:
        raise ZeroDivisionError("b is 0")
    return a / b
    ### END SOLUTION
""",
        ),
        test(
            "divide-case",
            2,
            r"""
import unittest

case = unittest.TestCase()
case.assertEqual(divide(6, 3), 2)
case.assertAlmostEqual(divide(1, 3), 0.3333333, places=6)
with case.assertRaises(ZeroDivisionError) as context:
    divide(1, 0)
case.assertIn("0", str(context.exception))
case.assertRaisesRegex(ZeroDivisionError, "b is", divide, 1, 0)
""",
        ),
        test(
            "divide-runner",
            2,
            r"""
class TestDivide(unittest.TestCase):
    def setUp(self):
        self.pairs = [(4, 2, 2), (9, 3, 3)]

    def test_values(self):
        for a, b, expected in self.pairs:
            with self.subTest(a=a, b=b):
                self.assertEqual(divide(a, b), expected)

    def test_type(self):
        self.assertIsInstance(divide(4, 2), float)

import io
suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestDivide)
result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
assert result.wasSuccessful() and result.testsRun == 2, result.failures
""",
        ),
        wrong={"divide": "def divide(a, b):\n    return a // b if b else None"},
    ),
    kind(
        "errors-unittest-main",
        "unittest.main with exit=False, whose report goes to stderr and costs nothing.",
        answer(
            "reverse",
            r"""
def reverse(text):
    ### BEGIN SOLUTION
    return text[::-1]
    ### END SOLUTION
""",
        ),
        test(
            "reverse-main",
            2,
            r"""
import unittest

class TestReverse(unittest.TestCase):
    def test_word(self):
        self.assertEqual(reverse("abc"), "cba")

    def test_empty(self):
        self.assertEqual(reverse(""), "")

program = unittest.main(argv=["", "TestReverse"], exit=False, verbosity=0)
assert program.result.wasSuccessful()
""",
        ),
        wrong={"reverse": "def reverse(text):\n    return ''.join(reversed(text[1:]))"},
    ),
    kind(
        "errors-nose-style",
        "Helpers in the style of nose, as old courses have them: assert_equal, assert_raises.",
        answer(
            "average",
            r"""
def average(values):
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)
    ### END SOLUTION
""",
        ),
        test(
            "average-nose",
            2,
            r"""
from unittest import TestCase

assert_equal = TestCase().assertEqual
assert_raises = TestCase().assertRaises
assert_almost_equal = TestCase().assertAlmostEqual
assert_equal(average([1, 2, 3]), 2)
assert_almost_equal(average([0.1, 0.2]), 0.15)
""",
        ),
        test("average-raises", 1, "assert_raises(ValueError, average, [])"),
        wrong={"average": "def average(values):\n    return sum(values) / max(len(values), 1)"},
    ),
    kind(
        "errors-chained",
        "Exceptions raised from others: cause, context, notes, and a finally that must run.",
        answer(
            "load",
            r"""
def load(text, log):
    "int(text); on failure a RuntimeError caused by it; 'done' goes to the log in any case."
    ### BEGIN SOLUTION
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError(f"cannot load {text!r}") from error
    finally:
        log.append("done")
    ### END SOLUTION
""",
        ),
        test(
            "load-cause",
            2,
            r"""
log = []
assert load("12", log) == 12
try:
    load("x", log)
except RuntimeError as error:
    assert isinstance(error.__cause__, ValueError)
    assert "invalid literal" in str(error.__cause__)
    assert error.__cause__ is error.__context__
    assert error.args == ("cannot load 'x'",)
else:
    assert False
""",
        ),
        test("load-finally", 1, "assert log == ['done', 'done']"),
        test(
            "load-type-error",
            1,
            r"""
try:
    load([], log)
except TypeError as error:
    assert error.__cause__ is None
else:
    assert False
""",
        ),
        wrong_no_cause={
            "load": r"""
def load(text, log):
    try:
        value = int(text)
        log.append("done")
        return value
    except Exception:
        log.append("done")
        raise RuntimeError(f"cannot load {text!r}") from None
"""
        },
    ),
    kind(
        "errors-exact-class",
        "Which built-in error it is: KeyError, IndexError, their common base, its key.",
        answer(
            "lookup",
            r"""
def lookup(table, *path):
    "Nested dictionaries and lists; errors are those of Python."
    ### BEGIN SOLUTION
    for step in path:
        table = table[step]
    return table
    ### END SOLUTION
""",
        ),
        test(
            "lookup-errors",
            3,
            r"""
table = {"a": [1, {"b": 2}]}
assert lookup(table, "a", 1, "b") == 2
try:
    lookup(table, "x")
except KeyError as error:
    assert error.args[0] == "x" and str(error) == "'x'"
else:
    assert False
try:
    lookup(table, "a", 5)
except LookupError as error:
    assert type(error) is IndexError
else:
    assert False
for bad, kind in ((("a", "z"), TypeError), ((3,), KeyError)):
    try:
        lookup(table, *bad)
    except (TypeError, KeyError) as error:
        assert type(error) is kind
    else:
        assert False
""",
        ),
        wrong_get={
            "lookup": r"""
def lookup(table, *path):
    for step in path:
        table = table.get(step) if isinstance(table, dict) else table[step]
    return table
"""
        },
    ),
    kind(
        "errors-groups",
        "sys.exit, KeyboardInterrupt, StopIteration and exception groups, all caught by the test.",
        answer(
            "leave",
            r"""
import sys

def leave(code):
    ### BEGIN SOLUTION
    sys.exit(code)
    ### END SOLUTION

def check_all(values):
    "One ExceptionGroup with a ValueError for each negative value."
    ### BEGIN SOLUTION
    errors = [ValueError(v) for v in values if v < 0]
    if errors:
        raise ExceptionGroup("negative", errors)
    return len(values)
    ### END SOLUTION
""",
        ),
        test(
            "leave-code",
            2,
            r"""
try:
    leave(3)
except SystemExit as stop:
    assert stop.code == 3
else:
    assert False, "did not leave"
""",
        ),
        test(
            "check-group",
            2,
            r"""
assert check_all([1, 2]) == 2
try:
    check_all([1, -2, -3])
except* ValueError as group:
    values = [error.args[0] for error in group.exceptions]
assert values == [-2, -3]
""",
        ),
        wrong={
            "leave": r"""
def leave(code):
    return code

def check_all(values):
    for v in values:
        if v < 0:
            raise ValueError(v)
    return len(values)
"""
        },
    ),
]

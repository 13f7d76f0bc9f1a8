"""What courses on software ask: tests, mocks, sources, commands, threads, logs."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "tools-students-tests",
        "The answer is a TestCase: it must pass on the right class and fail on broken ones.",
        code(
            r"""
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop()

    def __len__(self):
        return len(self.items)
"""
        ),
        answer(
            "suite",
            r"""
import unittest

class TestStack(unittest.TestCase):
    ### BEGIN SOLUTION
    def setUp(self):
        self.stack = Stack()

    def test_order(self):
        self.stack.push(1)
        self.stack.push(2)
        self.assertEqual(self.stack.pop(), 2)
        self.assertEqual(len(self.stack), 1)

    def test_empty(self):
        with self.assertRaises(IndexError):
            self.stack.pop()
    ### END SOLUTION
""",
        ),
        test(
            "suite-passes",
            2,
            r"""
import io

def outcome(case):
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    return unittest.TextTestRunner(stream=io.StringIO()).run(suite)

result = outcome(TestStack)
assert result.testsRun >= 2, "write at least two tests"
assert result.wasSuccessful(), "your tests should pass on a right Stack"
""",
        ),
        test(
            "suite-finds",
            3,
            r"""
Right = Stack
found = 0

class Queue(Right):
    def pop(self):
        return self.items.pop(0)

class Silent(Right):
    def pop(self):
        return self.items.pop() if self.items else None

class Long(Right):
    def __len__(self):
        return 7

try:
    for Stack in (Queue, Silent, Long):
        found += not outcome(TestStack).wasSuccessful()
finally:
    Stack = Right
found
""",
        ),
        wrong_one_test={
            "suite": r"""
import unittest
class TestStack(unittest.TestCase):
    def test_it(self):
        s = Stack()
        s.push(1); s.push(2)
        self.assertEqual(s.pop(), 2)
"""
        },
    ),
    kind(
        "tools-mocks",
        "Mocks are handed to the answer, and asked afterwards.",
        answer(
            "service",
            r"""
def notify(users, mailer, clock=None):
    "Mail everybody who is active; count failures; mailer.close() at the end."
    ### BEGIN SOLUTION
    failed = 0
    try:
        for user in users:
            if user["active"]:
                try:
                    mailer.send(user["name"], subject="hello", at=clock() if clock else None)
                except ConnectionError:
                    failed += 1
    finally:
        mailer.close()
    return failed
    ### END SOLUTION
""",
        ),
        test(
            "service-mails",
            2,
            r"""
from unittest.mock import ANY, MagicMock, Mock, call

mailer = Mock()
users = [dict(name=name, active=name != "b") for name in "abc"]
assert notify(users, mailer) == 0
assert mailer.send.call_count == 2
assert mailer.send.call_args_list == [
    call("a", subject="hello", at=None), call("c", subject="hello", at=None)
]
mailer.close.assert_called_once_with()
assert mailer.mock_calls[-1] == call.close()
""",
        ),
        test(
            "service-fails",
            2,
            r"""
mailer = MagicMock()
mailer.send.side_effect = [ConnectionError("down"), None]
clock = Mock(return_value=12.5)
assert notify(users, mailer, clock=clock) == 1
mailer.send.assert_called_with("c", subject=ANY, at=12.5)
assert clock.call_count == 2

class Strict:
    def send(self, name, subject, at): ...
    def close(self): ...

mailer = Mock(spec=Strict)
mailer.send.side_effect = ZeroDivisionError
try:
    notify(users, mailer)
except ZeroDivisionError:
    mailer.close.assert_called_once()
else:
    raise AssertionError("only a ConnectionError is counted")
""",
        ),
        wrong_swallows={
            "service": r"""
def notify(users, mailer, clock=None):
    failed = 0
    for user in users:
        try:
            mailer.send(user["name"], "hello")
        except Exception:
            failed += 1
    mailer.close()
    return failed
"""
        },
    ),
    kind(
        "tools-command",
        "A command: parser, exit status, arguments, environment, logs and warnings.",
        answer(
            "command",
            r"""
import argparse
import logging
import os
import sys
import warnings

def parser():
    ### BEGIN SOLUTION
    made = argparse.ArgumentParser(prog="greet")
    made.add_argument("name")
    made.add_argument("-n", "--times", type=int, default=1)
    made.add_argument("--loud", action="store_true")
    return made
    ### END SOLUTION

def main(argv=None):
    "Greet on stdout, log at level INFO as 'greet', warn if times is 0. Returns the exit status."
    ### BEGIN SOLUTION
    options = parser().parse_args(argv)
    if options.times == 0:
        warnings.warn("nothing to do", UserWarning, stacklevel=2)
        return 1
    text = os.environ.get("GREETING", "hello") + " " + options.name
    logging.getLogger("greet").info("greeting %s", options.name)
    for _ in range(options.times):
        print(text.upper() if options.loud else text)
    return 0
    ### END SOLUTION
""",
        ),
        test(
            "command-parser",
            2,
            r"""
import contextlib
import io

options = parser().parse_args(["Ada", "-n", "3"])
assert options.name == "Ada" and options.times == 3 and options.loud is False
assert vars(options) == {"name": "Ada", "times": 3, "loud": False}
err = io.StringIO()
try:
    with contextlib.redirect_stderr(err):
        parser().parse_args(["Ada", "-n", "three"])
except SystemExit as stop:
    assert stop.code == 2
else:
    raise AssertionError("three is no number")
assert "invalid int value: 'three'" in err.getvalue()
""",
        ),
        test(
            "command-main",
            2,
            r"""
from unittest.mock import patch

out = io.StringIO()
with contextlib.redirect_stdout(out), patch.object(sys, "argv", ["greet", "Bo", "--loud"]):
    assert main() == 0
assert out.getvalue() == "HELLO BO\n"
out = io.StringIO()
with patch.dict(os.environ, {"GREETING": "moin"}), contextlib.redirect_stdout(out):
    main(["Bo", "--times", "2"])
assert out.getvalue().splitlines() == ["moin Bo"] * 2
assert "GREETING" not in os.environ
""",
        ),
        test(
            "command-logs",
            2,
            r"""
import unittest

case = unittest.TestCase()
with case.assertLogs("greet", level="INFO") as logs, contextlib.redirect_stdout(io.StringIO()):
    main(["Cy"])
assert logs.output == ["INFO:greet:greeting Cy"]
with case.assertWarnsRegex(UserWarning, "nothing"):
    status = main(["Cy", "-n", "0"])
assert status == 1
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    main(["Cy", "-n", "0"])
assert len(caught) == 1 and caught[0].category is UserWarning
""",
        ),
        wrong_prints={
            "command": r"""
import argparse, os, sys, warnings
def parser():
    made = argparse.ArgumentParser()
    made.add_argument("name")
    made.add_argument("-n", "--times", default=1)
    return made
def main(argv=None):
    options = parser().parse_args(argv)
    print("hello", options.name)
"""
        },
    ),
]

"""What an answer prints, warns about or reads from the keyboard."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "printing-redirected",
        "The test reads what the answer prints, by redirect_stdout.",
        answer(
            "greet",
            r"""
def greet(name):
    ### BEGIN SOLUTION
    print("Hello,", name, end="!\n")
    ### END SOLUTION
""",
        ),
        test(
            "greet-prints",
            2,
            r"""
import io
from contextlib import redirect_stdout

out = io.StringIO()
with redirect_stdout(out):
    result = greet("Ada")
assert out.getvalue() == "Hello, Ada!\n"
assert result is None
""",
        ),
        wrong_returns={"greet": 'def greet(name):\n    return f"Hello, {name}!"'},
        wrong_text={"greet": 'def greet(name):\n    print("Hello", name)'},
        right_sys={
            "greet": r"""
import sys

def greet(name):
    sys.stdout.write(f"Hello, {name}!\n")
"""
        },
    ),
    kind(
        "printing-swapped-stdout",
        "The test swaps sys.stdout by hand, and puts it back.",
        answer(
            "triangle",
            r"""
def triangle(n):
    ### BEGIN SOLUTION
    for i in range(1, n + 1):
        print("*" * i)
    ### END SOLUTION
""",
        ),
        test(
            "triangle-lines",
            2,
            r"""
import io, sys

old, sys.stdout = sys.stdout, io.StringIO()
try:
    triangle(3)
    lines = sys.stdout.getvalue().splitlines()
finally:
    sys.stdout = old
assert lines == ["*", "**", "***"], lines
""",
        ),
        wrong={"triangle": 'def triangle(n):\n    print("*" * n)'},
    ),
    kind(
        "printing-to-a-file",
        "print with sep, end and file, into a stream that the test passes.",
        answer(
            "report",
            r"""
def report(rows, out):
    ### BEGIN SOLUTION
    for row in rows:
        print(*row, sep="\t", file=out)
    print("end", end="", file=out, flush=True)
    ### END SOLUTION
""",
        ),
        test(
            "report-text",
            2,
            r"""
import io

out = io.StringIO()
report([(1, "a"), (2, "b")], out)
assert out.getvalue() == "1\ta\n2\tb\nend"
out.seek(0)
assert out.readline() == "1\ta\n"
""",
        ),
        wrong_stdout={
            "report": r"""
def report(rows, out):
    for row in rows:
        print(*row, sep="\t")
    print("end", end="")
"""
        },
        right_write={
            "report": r"""
def report(rows, out):
    out.writelines("\t".join(map(str, row)) + "\n" for row in rows)
    out.write("end")
"""
        },
    ),
    kind(
        "printing-capture-magic",
        "IPython's own capture_output and the %%capture magic.",
        answer(
            "table",
            r"""
def times_table(n):
    ### BEGIN SOLUTION
    for i in range(1, n + 1):
        print(*(f"{i * j:3d}" for j in range(1, n + 1)))
    ### END SOLUTION
""",
        ),
        test(
            "table-captured",
            2,
            r"""
from IPython.utils.capture import capture_output

with capture_output() as captured:
    times_table(2)
assert captured.stdout == "  1   2\n  2   4\n"
""",
        ),
        test(
            "table-magic",
            1,
            r"""
%%capture output
times_table(1)
""",
        ),
        test("table-magic-text", 1, "assert output.stdout.strip() == '1', output.stdout"),
        wrong={
            "table": r"""
def times_table(n):
    for i in range(1, n + 1):
        print([i * j for j in range(1, n + 1)])
"""
        },
    ),
    kind(
        "printing-warnings",
        "Warnings: caught by the test, or merely shown, which costs nothing.",
        answer(
            "ratio",
            r"""
import warnings

def ratio(a, b):
    "a / b; warns and returns inf where b is 0."
    ### BEGIN SOLUTION
    if b == 0:
        warnings.warn("division by zero", RuntimeWarning)
        return float("inf")
    return a / b
    ### END SOLUTION
""",
        ),
        test(
            "ratio-warns",
            2,
            r"""
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert ratio(1, 0) == float("inf")
    assert ratio(1, 2) == 0.5
assert len(caught) == 1
assert issubclass(caught[0].category, RuntimeWarning)
assert "zero" in str(caught[0].message)
""",
        ),
        test("ratio-shown", 1, "assert ratio(3, 0) > 1e300"),
        test(
            "ratio-error",
            1,
            r"""
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        ratio(1, 0)
    except RuntimeWarning:
        pass
    else:
        assert False, "no warning"
""",
        ),
        wrong_silent={
            "ratio": "def ratio(a, b):\n    return a / b if b else float('inf')",
        },
        wrong_prints={
            "ratio": r"""
import sys

def ratio(a, b):
    if b == 0:
        print("RuntimeWarning: division by zero", file=sys.stderr)
        return float("inf")
    return a / b
"""
        },
    ),
    kind(
        "printing-pytest-warns",
        "pytest inside a test cell: raises with a pattern, warns, approx.",
        answer(
            "root",
            r"""
import warnings

def root(x):
    ### BEGIN SOLUTION
    if isinstance(x, str):
        raise TypeError(f"a number, not {x!r}")
    if x < 0:
        raise ValueError(f"{x} is negative")
    if isinstance(x, bool):
        warnings.warn("a bool is no number", DeprecationWarning)
    return x**0.5
    ### END SOLUTION
""",
        ),
        test(
            "root-value", 1, "import pytest\nassert root(2) == pytest.approx(1.41421356, rel=1e-6)"
        ),
        test(
            "root-raises",
            2,
            r"""
with pytest.raises(ValueError, match=r"-4 is neg"):
    root(-4)
with pytest.raises(TypeError) as caught:
    root("4")
assert "'4'" in str(caught.value)
""",
        ),
        test("root-warns", 1, "with pytest.warns(DeprecationWarning):\n    assert root(True) == 1"),
        needs=("pytest",),
        wrong={"root": "def root(x):\n    return x ** 0.5"},
    ),
    kind(
        "printing-input",
        "The answer asks with input(), which the test replaces.",
        answer(
            "ask",
            r"""
def ask_number(prompt):
    "Ask until the answer is a whole number."
    ### BEGIN SOLUTION
    while True:
        text = input(prompt)
        try:
            return int(text)
        except ValueError:
            print("a whole number, please")
    ### END SOLUTION
""",
        ),
        test(
            "ask-builtins",
            2,
            r"""
import builtins

answers, prompts = iter(["x", "1.5", "42"]), []

def fake_input(prompt=""):
    prompts.append(prompt)
    return next(answers)

real, builtins.input = builtins.input, fake_input
try:
    assert ask_number("n? ") == 42
finally:
    builtins.input = real
assert prompts == ["n? "] * 3
""",
        ),
        test(
            "ask-patched",
            2,
            r"""
from unittest.mock import patch

with patch("builtins.input", side_effect=["7"]) as asked:
    assert ask_number("again") == 7
asked.assert_called_once_with("again")
with patch("builtins.input", return_value="3"), patch("builtins.print") as printed:
    ask_number("")
assert not printed.called
""",
        ),
        wrong={"ask": "def ask_number(prompt):\n    return int(input(prompt))"},
    ),
    kind(
        "printing-input-global",
        "The test defines a global `input` of its own, which hides the built-in.",
        answer(
            "login",
            r"""
def login():
    ### BEGIN SOLUTION
    name = input("name: ")
    return name.strip().lower()
    ### END SOLUTION
""",
        ),
        test(
            "login-test",
            2,
            r"""
input = lambda prompt="": "  Grace "
assert login() == "grace"
del input
""",
        ),
        wrong={"login": 'def login():\n    return input("name: ")'},
    ),
    kind(
        "printing-cell-output",
        "The answer is a cell that prints; the test runs it again from In.",
        answer(
            "hello",
            r"""
### BEGIN SOLUTION
print("hello world")
### END SOLUTION
""",
        ),
        test(
            "hello-again",
            2,
            r"""
import io
from contextlib import redirect_stdout

out = io.StringIO()
with redirect_stdout(out):
    exec(In[-2])
assert out.getvalue().strip().lower() == "hello world"
""",
        ),
        wrong={"hello": "hello = 'hello world'"},
    ),
    kind(
        "printing-logging",
        "The answer logs; the test adds a handler of its own.",
        answer(
            "work",
            r"""
import logging

log = logging.getLogger("work")

def work(n):
    ### BEGIN SOLUTION
    for i in range(n):
        log.info("step %d", i)
    if n == 0:
        log.warning("nothing to do")
    return n
    ### END SOLUTION
""",
        ),
        test(
            "work-logs",
            2,
            r"""
import logging

class Keep(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append((record.levelname, record.getMessage()))

keep = Keep()
logging.getLogger("work").addHandler(keep)
logging.getLogger("work").setLevel(logging.INFO)
work(2); work(0)
assert keep.records == [("INFO", "step 0"), ("INFO", "step 1"), ("WARNING", "nothing to do")]
""",
        ),
        wrong_prints={
            "work": r"""
def work(n):
    for i in range(n):
        print("step", i)
    return n
"""
        },
    ),
]

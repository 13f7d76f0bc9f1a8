"""Tests that pass functions to the answer, which calls them back."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "callbacks-newton",
        "The test passes lambdas; the answer calls them again and again.",
        answer(
            "newton",
            r"""
def newton(f, slope, x):
    "A root of f near x."
    ### BEGIN SOLUTION
    for _ in range(60):
        x = x - f(x) / slope(x)
    return x
    ### END SOLUTION
""",
        ),
        test(
            "newton-roots",
            3,
            r"""
assert abs(newton(lambda x: x * x - 2, lambda x: 2 * x, 1.0) - 2**0.5) < 1e-8
### BEGIN HIDDEN TESTS
import math
assert abs(newton(math.cos, lambda x: -math.sin(x), 1.0) - math.pi / 2) < 1e-8
### END HIDDEN TESTS
""",
        ),
        wrong={
            "newton": r"""
def newton(f, slope, x):
    return x - f(x) / slope(x)
"""
        },
        right_recursive={
            "newton": r"""
def newton(f, slope, x):
    step = f(x) / slope(x)
    return x - step if abs(step) < 1e-14 else newton(f, slope, x - step)
"""
        },
    ),
    kind(
        "callbacks-counted",
        "The function that is passed counts its calls in a list of the test's.",
        answer(
            "bisect",
            r"""
def bisect(f, low, high, steps):
    "Halve [low, high] `steps` times around a sign change of f; one call of f for each step."
    ### BEGIN SOLUTION
    for _ in range(steps):
        middle = (low + high) / 2
        if f(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
    ### END SOLUTION
""",
        ),
        test(
            "bisect-root",
            2,
            r"""
calls = []

def shifted(x):
    calls.append(x)
    return x - 0.3

assert abs(bisect(shifted, 0.0, 1.0, 30) - 0.3) < 1e-6
""",
        ),
        test(
            "bisect-calls",
            2,
            r"""
assert len(calls) == 30, f"f was called {len(calls)} times"
assert calls[0] == 0.5
""",
        ),
        wrong_calls={
            "bisect": r"""
def bisect(f, low, high, steps):
    for _ in range(steps):
        middle = (low + high) / 2
        if f(low) * f(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
"""
        },
    ),
    kind(
        "callbacks-closure",
        "The function that is passed keeps its state in a closure and changes it when called.",
        answer(
            "until",
            r"""
def until(draw, limit):
    "Call draw() until the sum exceeds `limit`; return the values."
    ### BEGIN SOLUTION
    values = []
    while sum(values) <= limit:
        values.append(draw())
    return values
    ### END SOLUTION
""",
        ),
        test(
            "until-values",
            2,
            r"""
def counter(start):
    state = {"next": start - 1}

    def draw():
        state["next"] += 1
        return state["next"]

    draw.state = state
    return draw

draw = counter(1)
assert until(draw, 9) == [1, 2, 3, 4]
assert draw.state["next"] == 4
assert until(draw, 9) == [5, 6]
""",
        ),
        wrong={
            "until": r"""
def until(draw, limit):
    values = [draw()]
    while sum(values) <= limit:
        values.append(values[-1] + 1)
    return values
"""
        },
    ),
    kind(
        "callbacks-raising",
        "The function that is passed raises; the answer handles it or lets it through.",
        answer(
            "retry",
            r"""
def retry(action, times):
    "Call action(); on ValueError try again, at most `times` times, then give the error on."
    ### BEGIN SOLUTION
    for attempt in range(times):
        try:
            return action()
        except ValueError:
            if attempt == times - 1:
                raise
    ### END SOLUTION
""",
        ),
        test(
            "retry-succeeds",
            2,
            r"""
tries = []

def third_time():
    tries.append(1)
    if len(tries) < 3:
        raise ValueError("not yet")
    return "done"

assert retry(third_time, 5) == "done"
assert len(tries) == 3
""",
        ),
        test(
            "retry-gives-up",
            2,
            r"""
def never():
    raise ValueError("never")

try:
    retry(never, 2)
except ValueError as error:
    assert str(error) == "never"
else:
    assert False, "the error was swallowed"
### BEGIN HIDDEN TESTS
class Stop(Exception):
    pass

def stop():
    raise Stop(7)

try:
    retry(stop, 2)
except Stop as error:
    assert error.args == (7,)
else:
    assert False, "an error of another kind was swallowed"
### END HIDDEN TESTS
""",
        ),
        wrong_swallows={
            "retry": r"""
def retry(action, times):
    for attempt in range(times):
        try:
            return action()
        except Exception:
            pass
"""
        },
    ),
    kind(
        "callbacks-higher-order",
        "Functions as the data of a pipeline: built-ins, methods, lambdas and partials together.",
        answer(
            "pipeline",
            r"""
def pipeline(value, *steps):
    ### BEGIN SOLUTION
    for step in steps:
        value = step(value)
    return value
    ### END SOLUTION
""",
        ),
        test(
            "pipeline-steps",
            2,
            r"""
from functools import partial
from operator import itemgetter

assert pipeline(" Ada ", str.strip, str.upper, len) == 3
assert pipeline([3, 1, 2], sorted, itemgetter(0), partial(pow, 2), float) == 2.0
assert pipeline(5) == 5
""",
        ),
        answer(
            "key",
            r"""
def largest_by(items, key=lambda item: item):
    ### BEGIN SOLUTION
    return max(items, key=key)
    ### END SOLUTION
""",
        ),
        test(
            "key-largest",
            2,
            r"""
words = ["fig", "banana", "kiwi"]
assert largest_by(words) == "kiwi"
assert largest_by(words, key=len) == "banana"
assert largest_by(words, lambda word: -word.count("i")) == "banana"
""",
        ),
        wrong={"key": "def largest_by(items, key=len):\n    return sorted(items)[-1]"},
        right_with_reduce={
            "pipeline": r"""
from functools import reduce

def pipeline(value, *steps):
    return reduce(lambda result, step: step(result), steps, value)
"""
        },
    ),
    kind(
        "callbacks-students-function",
        "The test passes one answer to another answer, and to a function of the author's.",
        code(
            r"""
def apply_twice(f, x):
    return f(f(x))
""",
            "given",
        ),
        answer(
            "double",
            r"""
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
""",
        ),
        answer(
            "apply",
            r"""
def apply_n(f, n, x):
    ### BEGIN SOLUTION
    for _ in range(n):
        x = f(x)
    return x
    ### END SOLUTION
""",
        ),
        test("double-test", 1, "assert apply_twice(double, 3) == 12"),
        test(
            "apply-test",
            2,
            r"""
assert apply_n(double, 5, 1) == 32
assert apply_n(lambda x: x + "!", 2, "hi") == "hi!!"
assert list(map(double, [1, 2])) == [2, 4]
assert sorted([3, -4, 1], key=lambda x: -double(x)) == [3, 1, -4]
""",
        ),
        wrong_double={"double": "def double(x):\n    return x ** 2"},
        wrong_apply={"apply": "def apply_n(f, n, x):\n    return f(x)"},
    ),
    kind(
        "callbacks-arrays",
        "NumPy arrays travel through the callback in both directions, once for each step.",
        answer(
            "descent",
            r"""
import numpy as np

def descend(gradient, start, rate=0.1, steps=200):
    ### BEGIN SOLUTION
    x = np.array(start, dtype=float)
    for _ in range(steps):
        x = x - rate * gradient(x)
    return x
    ### END SOLUTION
""",
        ),
        test(
            "descent-minimum",
            3,
            r"""
import numpy as np

target = np.array([1.0, -2.0, 0.5])
found = descend(lambda x: 2 * (x - target), np.zeros(3))
np.testing.assert_allclose(found, target, atol=1e-6)
### BEGIN HIDDEN TESTS
start = np.ones((2, 2))
np.testing.assert_allclose(descend(lambda x: x, start, rate=0.5, steps=1), np.full((2, 2), 0.5))
assert start.sum() == 4, "the start must not change"
### END HIDDEN TESTS
""",
        ),
        wrong_uphill={
            "descent": r"""
def descend(gradient, start, rate=0.1, steps=200):
    x = start
    for _ in range(steps):
        x += rate * gradient(x)
    return x
"""
        },
        wrong_in_place={
            "descent": r"""
def descend(gradient, start, rate=0.1, steps=200):
    x = start
    for _ in range(steps):
        x -= rate * gradient(x)
    return x
"""
        },
    ),
]

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
    kind(
        "callbacks-registered",
        "The answer stores the functions that it gets, returns them unchanged, calls them later.",
        answer(
            "events",
            r"""
handlers = {}

def on(event):
    "A decorator: remember the function for this event, return it as it is."
    ### BEGIN SOLUTION
    def register(handler):
        handlers.setdefault(event, []).append(handler)
        return handler

    return register
    ### END SOLUTION

def emit(event, *args):
    "Call all handlers of the event; the list of their results."
    ### BEGIN SOLUTION
    return [handler(*args) for handler in handlers.get(event, [])]
    ### END SOLUTION
""",
        ),
        test(
            "events-same",
            2,
            r"""
def greet(name):
    return f"hi {name}"

assert on("hello")(greet) is greet
assert handlers["hello"] == [greet] and handlers["hello"][0] is greet
""",
        ),
        test(
            "events-emit",
            2,
            r"""
log = []

@on("hello")
def note(name):
    log.append(name)

assert emit("hello", "Ada") == ["hi Ada", None] and log == ["Ada"]
assert emit("nothing") == []
""",
        ),
        wrong_wraps={
            "events": r"""
handlers = {}

def on(event):
    def register(handler):
        handlers.setdefault(event, []).append(lambda *args: handler(*args))
        return lambda *args: handler(*args)
    return register

def emit(event, *args):
    for handler in handlers[event]:
        handler(*args)
"""
        },
    ),
    kind(
        "callbacks-classes",
        "The test passes classes: its own, built-in ones, exceptions to catch.",
        answer(
            "make",
            r"""
def make(cls, *rows):
    "An instance for each row of arguments."
    ### BEGIN SOLUTION
    return [cls(*row) for row in rows]
    ### END SOLUTION

def attempt(action, errors, default=None):
    "action(), or the default when it raises one of `errors`."
    ### BEGIN SOLUTION
    try:
        return action()
    except errors:
        return default
    ### END SOLUTION

def only(items, cls):
    ### BEGIN SOLUTION
    return [item for item in items if isinstance(item, cls)]
    ### END SOLUTION
""",
        ),
        test(
            "make-instances",
            2,
            r"""
class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b

made = make(Pair, (1, 2), (3, 4))
assert all(type(one) is Pair for one in made) and made[1].b == 4
assert make(int, ("7",), ("ff", 16)) == [7, 255] and make(dict, ()) == [{}]
""",
        ),
        test(
            "make-errors",
            2,
            r"""
class Mine(Exception):
    pass

def fail():
    raise Mine("no")

assert attempt(fail, Mine, 5) == 5 and attempt(fail, (KeyError, Mine)) is None
assert attempt(lambda: {}["x"], LookupError, "gone") == "gone"
try:
    attempt(fail, ValueError)
except Mine:
    pass
else:
    assert False
assert only([1, "a", True, None], int) == [1, True] and only(made, Pair) == made
""",
        ),
        wrong={
            "make": r"""
def make(cls, *rows):
    return list(rows)

def attempt(action, errors, default=None):
    try:
        return action()
    except Exception:
        return default

def only(items, cls):
    return [item for item in items if type(item) == cls]
"""
        },
    ),
    kind(
        "callbacks-into-libraries",
        "The test hands the answer to map, sorted, reduce, NumPy, which call it.",
        answer(
            "rank",
            r"""
def rank(card):
    "Order: suit first, then value, for texts such as 'S10'."
    ### BEGIN SOLUTION
    return card[0], int(card[1:])
    ### END SOLUTION

def plus(a, b):
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

def bump(x):
    "exp(-x²) for a number."
    ### BEGIN SOLUTION
    from math import exp

    return exp(-x * x)
    ### END SOLUTION
""",
        ),
        test(
            "rank-sorted",
            2,
            r"""
from functools import reduce
from itertools import accumulate, groupby, starmap

assert sorted(["S10", "H2", "S9"], key=rank) == ["H2", "S9", "S10"]
assert max(["S10", "H2", "S9"], key=rank) == "S10"
assert reduce(plus, [[1], [2], [3]]) == [1, 2, 3]
assert list(accumulate("abc", plus)) == ["a", "ab", "abc"]
assert list(starmap(plus, [(1, 2), (3, 4)])) == [3, 7]
assert list(map(bump, [0.0])) == [1.0]
assert [suit for suit, _ in groupby(["H1", "S2"], key=lambda c: rank(c)[0])] == ["H", "S"]
""",
        ),
        test(
            "rank-numpy",
            2,
            r"""
import numpy as np
assert np.vectorize(bump)(np.zeros((2, 2))).sum() == 4
table = np.fromfunction(np.frompyfunc(plus, 2, 1), (2, 2)).astype(float)
assert np.allclose(table, [[0, 1], [1, 2]])
rows = np.arange(4).reshape(2, 2)
assert np.apply_along_axis(lambda row: plus(*row), 1, rows).tolist() == [1, 5]
""",
        ),
        wrong={
            "rank": r"""
def rank(card):
    return card

def plus(a, b):
    a += b

def bump(x):
    return 1 - x * x
"""
        },
    ),
    kind(
        "callbacks-many-calls",
        "Tens of thousands of calls, from the test into the answer and back.",
        answer(
            "steps",
            r"""
def collatz(n):
    "Steps until 1."
    ### BEGIN SOLUTION
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
    ### END SOLUTION

def integrate(f, a, b, n):
    "Midpoints."
    ### BEGIN SOLUTION
    h = (b - a) / n
    return h * sum(f(a + (i + 0.5) * h) for i in range(n))
    ### END SOLUTION
""",
        ),
        test(
            "steps-all",
            2,
            r"""
longest = max(range(1, 10_000), key=collatz)
assert longest == 6171
""",
        ),
        test(
            "steps-integral",
            2,
            r"""
calls = 0

def f(x):
    global calls
    calls += 1
    return 3 * x * x

assert abs(integrate(f, 0, 1, 10_000) - 1) < 1e-6
assert calls == 10_000
""",
        ),
        wrong={
            "steps": r"""
def collatz(n):
    return n

def integrate(f, a, b, n):
    h = (b - a) / n
    return h * sum(f(a + i * h) for i in range(n + 1))
"""
        },
    ),
    kind(
        "callbacks-mutual",
        "Answer and test call each other recursively.",
        answer(
            "even",
            r"""
def is_even(n):
    "Uses is_odd, which the test defines."
    ### BEGIN SOLUTION
    return n == 0 or is_odd(n - 1)
    ### END SOLUTION

def walk(tree, visit, depth=0):
    "visit(node, depth, again) for each node; again(child) goes on below."
    ### BEGIN SOLUTION
    return visit(tree, depth, lambda child: walk(child, visit, depth + 1))
    ### END SOLUTION
""",
        ),
        test(
            "even-odd",
            2,
            r"""
def is_odd(n):
    return n != 0 and is_even(n - 1)

assert is_even(10) and not is_even(7) and is_odd(41)
""",
        ),
        test(
            "even-tree",
            2,
            r"""
tree = {"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}

def visit(node, depth, again):
    return depth + sum(again(child) for child in node["c"])

assert walk(tree, visit) == 0 + 1 + 1 + 2
assert walk(tree, lambda node, depth, again: node["v"] + sum(map(again, node["c"]))) == 10
""",
        ),
        wrong={
            "even": r"""
def is_even(n):
    return n % 2 == 0 and n > 0

def walk(tree, visit, depth=0):
    return visit(tree, depth, lambda child: walk(child, visit, depth))
"""
        },
        right_without={
            "even": r"""
def is_even(n):
    return n % 2 == 0

def walk(tree, visit, depth=0):
    def again(child):
        return walk(child, visit, depth=depth + 1)
    return visit(tree, depth, again)
"""
        },
    ),
]

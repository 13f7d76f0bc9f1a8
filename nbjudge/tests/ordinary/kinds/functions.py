"""Functions that return functions, wrap them, or call themselves."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "functions-compose",
        "The answer returns a function, built from two functions of the test's.",
        answer(
            "compose",
            r"""
def compose(f, g):
    ### BEGIN SOLUTION
    return lambda x: f(g(x))
    ### END SOLUTION
""",
        ),
        test(
            "compose-test",
            2,
            r"""
h = compose(lambda x: x + 1, lambda x: 2 * x)
assert h(3) == 7
assert callable(h)
assert compose(len, str)(12345) == 5
assert compose(h, h)(1) == 7
""",
        ),
        wrong_order={"compose": "def compose(f, g):\n    return lambda x: g(f(x))"},
        wrong_value={"compose": "def compose(f, g):\n    return f(g(1))"},
        right_a_class={
            "compose": r"""
class compose:
    def __init__(self, f, g):
        self.f, self.g = f, g

    def __call__(self, x):
        return self.f(self.g(x))
"""
        },
    ),
    kind(
        "functions-counter",
        "Closures with state: two counters must not share theirs.",
        answer(
            "counter",
            r"""
def make_counter(start=0):
    ### BEGIN SOLUTION
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step
    ### END SOLUTION
""",
        ),
        test("counter-one", 1, "c = make_counter()\nassert [c(), c(), c(5)] == [1, 2, 7]"),
        test(
            "counter-two",
            2,
            r"""
a, b = make_counter(), make_counter(10)
a(); a()
assert b() == 11
assert a() == 3
### BEGIN HIDDEN TESTS
assert c() == 8, "the counter of the cell before goes on"
assert c.__closure__ is not None
### END HIDDEN TESTS
""",
        ),
        wrong_shared={
            "counter": r"""
total = 0

def make_counter(start=0):
    global total
    total = start

    def step(by=1):
        global total
        total += by
        return total

    return step
"""
        },
    ),
    kind(
        "functions-adders",
        "A list of functions made in a loop, where late binding is the mistake.",
        answer(
            "adders",
            r"""
def adders(n):
    ### BEGIN SOLUTION
    return [lambda x, i=i: x + i for i in range(n)]
    ### END SOLUTION
""",
        ),
        test(
            "adders-test",
            2,
            r"""
functions = adders(3)
assert len(functions) == 3
assert [f(10) for f in functions] == [10, 11, 12]
""",
        ),
        wrong_late_binding={
            "adders": "def adders(n):\n    return [lambda x: x + i for i in range(n)]"
        },
        right_with_partial={
            "adders": r"""
from functools import partial
from operator import add

def adders(n):
    return [partial(add, i) for i in range(n)]
"""
        },
    ),
    kind(
        "functions-decorator",
        "A decorator that counts calls and keeps name and docstring.",
        answer(
            "counted",
            r"""
def counted(f):
    "Decorate f: the result has an attribute `calls`."
    ### BEGIN SOLUTION
    import functools

    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return f(*args, **kwargs)

    wrapper.calls = 0
    return wrapper
    ### END SOLUTION
""",
        ),
        test(
            "counted-calls",
            2,
            r"""
@counted
def area(width, height=1):
    "Of a rectangle."
    return width * height

assert area(2) == 2 and area(2, height=4) == 8
assert area.calls == 2
area.calls = 0
area(1, 1)
assert area.calls == 1
""",
        ),
        test(
            "counted-name",
            1,
            "assert area.__name__ == 'area' and area.__doc__ == 'Of a rectangle.'",
        ),
        wrong_name={
            "counted": r"""
def counted(f):
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return f(*args, **kwargs)
    wrapper.calls = 0
    return wrapper
"""
        },
        wrong_calls={
            "counted": r"""
def counted(f):
    f.calls = 0
    return f
"""
        },
    ),
    kind(
        "functions-decorator-arguments",
        "A decorator with arguments, applied to a recursive function of the test's.",
        answer(
            "limit",
            r"""
def limited(most, default=None):
    ### BEGIN SOLUTION
    def decorate(f):
        left = [most]

        def wrapper(*args):
            if left[0] <= 0:
                return default
            left[0] -= 1
            return f(*args)

        return wrapper

    return decorate
    ### END SOLUTION
""",
        ),
        test(
            "limit-test",
            3,
            r"""
@limited(3, default=0)
def length(items):
    return 1 + length(items[1:]) if items else 0

assert length("abcdef") == 3
assert length("abcdef") == 0

@limited(1)
def once():
    return "once"

assert (once(), once()) == ("once", None)
""",
        ),
        wrong={
            "limit": r"""
def limited(most, default=None):
    def decorate(f):
        def wrapper(*args):
            return f(*args) if most > 0 else default
        return wrapper
    return decorate
"""
        },
    ),
    kind(
        "functions-memo",
        "Memoised recursion: the test looks into the dictionary and counts evaluations.",
        answer(
            "fib",
            r"""
memo = {}

def fib(n):
    ### BEGIN SOLUTION
    if n not in memo:
        memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
    return memo[n]
    ### END SOLUTION
""",
        ),
        test("fib-values", 1, "assert [fib(n) for n in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]"),
        test(
            "fib-memo",
            2,
            r"""
assert fib(80) == 23416728348467685
assert memo[10] == 55 and len(memo) >= 80
memo.clear()
fib(5)
assert sorted(memo) == [0, 1, 2, 3, 4, 5]
""",
        ),
        wrong_no_memo={
            "fib": r"""
memo = {}

def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
"""
        },
    ),
    kind(
        "functions-lru-cache",
        "functools.lru_cache: the test reads cache_info and clears the cache.",
        answer(
            "paths",
            r"""
from functools import lru_cache

### BEGIN SOLUTION
@lru_cache(maxsize=None)
def paths(rows, columns):
    if rows == 1 or columns == 1:
        return 1
    return paths(rows - 1, columns) + paths(rows, columns - 1)
### END SOLUTION
""",
        ),
        test("paths-values", 1, "assert paths(3, 3) == 6 and paths(1, 9) == 1"),
        test(
            "paths-cache",
            2,
            r"""
paths.cache_clear()
assert paths(16, 16) == 155117520
info = paths.cache_info()
assert info.misses <= 16 * 16 and info.hits > 0
assert paths.cache_info().currsize == info.currsize
assert paths.__wrapped__(2, 2) == 2
""",
        ),
        wrong_not_cached={
            "paths": r"""
from math import comb

def paths(rows, columns):
    return comb(rows + columns - 2, rows - 1)
"""
        },
    ),
    kind(
        "functions-recursion",
        "Nested lists and deep recursion: flatten, powers, and a limit that is hit.",
        answer(
            "flatten",
            r"""
def flatten(nested):
    ### BEGIN SOLUTION
    flat = []
    for item in nested:
        flat.extend(flatten(item) if isinstance(item, list) else [item])
    return flat
    ### END SOLUTION
""",
        ),
        test(
            "flatten-test",
            2,
            r"""
assert flatten([1, [2, [3, []], "ab"], [[[4]]]]) == [1, 2, 3, "ab", 4]
deep = []
for _ in range(200):
    deep = [deep, 1]
assert flatten(deep) == [1] * 200
""",
        ),
        answer(
            "countdown",
            r"""
def countdown(n):
    "Recursive: n, n - 1, ..., 0."
    ### BEGIN SOLUTION
    return [n] if n == 0 else [n] + countdown(n - 1)
    ### END SOLUTION
""",
        ),
        test(
            "countdown-test",
            2,
            r"""
assert countdown(3) == [3, 2, 1, 0]
try:
    countdown(10**5)
except RecursionError:
    pass
else:
    raise AssertionError("this is not recursive")
""",
        ),
        wrong_loop={"countdown": "def countdown(n):\n    return list(range(n, -1, -1))"},
        wrong_one_level={
            "flatten": r"""
def flatten(nested):
    return [x for item in nested for x in (item if isinstance(item, list) else [item])]
"""
        },
    ),
    kind(
        "functions-mutable-default",
        "The trap of the mutable default argument, called twice.",
        answer(
            "append",
            r"""
def append_to(item, items=None):
    ### BEGIN SOLUTION
    items = [] if items is None else items
    items.append(item)
    return items
    ### END SOLUTION
""",
        ),
        test(
            "append-test",
            2,
            r"""
assert append_to(1) == [1]
assert append_to(2) == [2]
given = [0]
assert append_to(1, given) is given
assert given == [0, 1]
""",
        ),
        wrong_default={
            "append": r"""
def append_to(item, items=[]):
    items.append(item)
    return items
"""
        },
        wrong_copy={
            "append": r"""
def append_to(item, items=()):
    return [*items, item]
"""
        },
    ),
    kind(
        "functions-keyword-arguments",
        "Defaults, *args, **kwargs and keyword-only arguments, called in every way.",
        answer(
            "describe",
            r"""
def describe(name, *tags, sep=", ", **facts):
    ### BEGIN SOLUTION
    parts = [name, *tags] + [f"{key}={value}" for key, value in facts.items()]
    return sep.join(parts)
    ### END SOLUTION
""",
        ),
        test(
            "describe-calls",
            2,
            r"""
assert describe("Ada") == "Ada"
assert describe("Ada", "x", "y", sep="/") == "Ada/x/y"
assert describe("Ada", born=1815, died=1852) == "Ada, born=1815, died=1852"
options = {"sep": ";", "age": 36}
assert describe(*["Ada", "m"], **options) == "Ada;m;age=36"
""",
        ),
        test(
            "describe-errors",
            1,
            r"""
for bad in (lambda: describe(), lambda: describe(sep=",")):
    try:
        bad()
    except TypeError:
        continue
    raise AssertionError("a name is needed")
""",
        ),
        wrong={
            "describe": r"""
def describe(name="", *tags, **facts):
    return ", ".join([name, *tags, *(f"{k}={v}" for k, v in facts.items())])
"""
        },
    ),
    kind(
        "functions-dispatch",
        "A dictionary of functions, functions in a list, attributes of a function.",
        answer(
            "operations",
            r"""
import math

### BEGIN SOLUTION
operations = {"+": lambda a, b: a + b, "max": max, "hypot": math.hypot}
steps = [str.upper, len, lambda n: n * n]
### END SOLUTION

def calculate(text):
    "Such as '3 + 4'; the number of calls is in calculate.calls."
    ### BEGIN SOLUTION
    calculate.calls += 1
    a, name, b = text.split()
    return operations[name](float(a), float(b))
    ### END SOLUTION

calculate.calls = 0
""",
        ),
        test(
            "operations-table",
            2,
            r"""
assert set(operations) == {"+", "max", "hypot"}
assert operations["+"](2, 3) == 5 and operations["+"]("a", "b") == "ab"
assert operations["max"] is max and all(callable(f) for f in operations.values())
value = "abc"
for step in steps:
    value = step(value)
assert value == 9
""",
        ),
        test(
            "operations-calls",
            2,
            r"""
calculate.calls = 0
assert calculate("3 hypot 4") == 5 and calculate("1 + 1") == 2
assert calculate.calls == 2
operations["-"] = lambda a, b: a - b
assert calculate("5 - 7") == -2
try:
    calculate("1 ? 1")
except KeyError as error:
    assert error.args == ("?",)
else:
    assert False
""",
        ),
        wrong={
            "operations": r"""
operations = {"+": "a + b", "max": "max(a, b)", "hypot": "math.hypot(a, b)"}
steps = []

def calculate(text):
    a, name, b = text.split()
    a, b = float(a), float(b)
    return eval(operations[name])
"""
        },
    ),
    kind(
        "functions-generic",
        "singledispatch: the test registers types of its own with the student's function.",
        answer(
            "show",
            r"""
from functools import singledispatch

### BEGIN SOLUTION
@singledispatch
def show(value):
    return f"<{type(value).__name__}>"

@show.register
def _(value: int):
    return f"int {value}"

@show.register(list)
def _(value):
    return "[" + " ".join(show(item) for item in value) + "]"
### END SOLUTION
""",
        ),
        test("show-values", 1, "assert show([1, 'a', [2]]) == '[int 1 <str> [int 2]]'"),
        test(
            "show-registered",
            2,
            r"""
class Dog:
    pass

assert show(Dog()) == "<Dog>"

@show.register
def _(value: Dog):
    return "a dog"

assert show([Dog()]) == "[a dog]"
assert show.dispatch(bool) is show.dispatch(int) and Dog in show.registry
""",
        ),
        wrong={
            "show": r"""
def show(value):
    if isinstance(value, int):
        return f"int {value}"
    if isinstance(value, list):
        return "[" + " ".join(map(show, value)) + "]"
    return f"<{type(value).__name__}>"
"""
        },
    ),
    kind(
        "functions-currying",
        "Functions that return functions that return functions; partial objects and their parts.",
        answer(
            "curry",
            r"""
from functools import partial

def curry(f):
    "For functions of three arguments."
    ### BEGIN SOLUTION
    return lambda a: lambda b: lambda c: f(a, b, c)
    ### END SOLUTION

### BEGIN SOLUTION
power_of_two = partial(pow, 2)
to_binary = "{:b}".format
### END SOLUTION
""",
        ),
        test(
            "curry-test",
            2,
            r"""
f = curry(lambda a, b, c: [a, b, c])
g = f(1)
assert g(2)(3) == [1, 2, 3] and g("x")("y") == [1, "x", "y"]
h = g(0)
assert h(5) == [1, 0, 5] and h(6) == [1, 0, 6]
""",
        ),
        test(
            "curry-partial",
            1,
            r"""
from functools import partial
assert isinstance(power_of_two, partial)
assert power_of_two.func is pow and power_of_two.args == (2,) and power_of_two.keywords == {}
assert power_of_two(10) == 1024 and partial(power_of_two, 5, 7)() == 4
assert to_binary(10) == "1010"
""",
        ),
        wrong={
            "curry": r"""
def curry(f):
    args = []
    def take(x):
        args.append(x)
        return f(*args) if len(args) == 3 else take
    return take

def power_of_two(n):
    return 2**n

to_binary = bin
"""
        },
    ),
]

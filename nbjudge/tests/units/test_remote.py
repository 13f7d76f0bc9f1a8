"""The wire between judge and student.

Data, objects, calls in both directions, and what must not cross.
"""

import array
import collections
import contextlib
import copy
import datetime
import decimal
import fractions
import inspect
import io
import itertools
import math
import os
import random
import signal
import socket
import time
import warnings

import matplotlib
import matplotlib.axes
import numpy as np
import pytest
from nbjudge.execution import kernel, wire
from nbjudge.execution.remote import Link, ProcessEndedError, Remote, TimeLimitError
from nbjudge.sandbox.limits import Limits


class Shell:
    """As much of a shell as a copy of a student's process needs."""

    def __init__(self, source):
        self.user_ns = {"__name__": "__main__"}
        exec(source, self.user_ns)


@pytest.fixture
def student():
    """`student(source, **how)` gives the link to a process in which that source has run."""
    links, children = [], []

    def start(source, seconds=20, **how):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            try:
                kernel.Copy(Shell(source), theirs, Limits()).serve()
            finally:
                os._exit(0)
        theirs.close()
        links.append(Link(ours, seconds, 1 << 26, **how))
        children.append(pid)
        return links[-1]

    yield start
    for link, pid in zip(links, children, strict=True):
        link.connection.close()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def name(link, wanted):
    """One of the student's names."""
    return link.names([wanted])[wanted]


DATA = [
    datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
    datetime.date(2020, 1, 1),
    datetime.timedelta(1, 2, 3),
    decimal.Decimal("1.10"),
    fractions.Fraction(1, 3),
    collections.Counter("abca"),
    collections.OrderedDict(b=1, a=2),
    collections.deque([1, 2], 3),
    1 + 2j,
    {1, 2},
    frozenset([3]),
    range(5),
    10**50,
    b"x",
    np.float32(2),
    np.int64(3),
    np.array(["a"]),
    np.array([1, None], object),
    np.ma.array([1, 2], mask=[0, 1]),
    np.datetime64("2020-01-01"),
    np.dtype("f4"),
    float("nan"),
    None,
    ...,
    int,
    np.float32,
    ValueError,
    slice(1, 2),
    (1, (2, [3])),
    {(i, i + 1): i for i in range(100)},
    collections.defaultdict(int, a=1),
    {"a": 1}.keys(),
    {"a": 1}.values(),
    {"a": 1}.items(),
    array.array("i", [1, 2]),
    np.ma.masked,
]


@pytest.mark.parametrize("value", DATA, ids=lambda value: f"{type(value).__name__}"[:20])
def test_data_cross_as_they_are(student, value):
    back = name(student("def same(x): return x"), "same")(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_an_argument_comes_back_as_itself(student):
    same = name(student("def same(x): return x"), "same")
    argument = [1]
    assert same(argument) is argument
    assert same([1]) == [1] and same([1]) is not argument


def test_what_is_done_to_arguments_is_done_here(student):
    link = student("def fill(a): a[:] = 7\ndef put(d): d['k'] = 1\ndef push(x): x[0].append(3)")
    array, table, nested = np.zeros(3), {}, [[1, 2]]
    name(link, "fill")(array)
    name(link, "put")(table)
    name(link, "push")(nested)
    assert array.tolist() == [7, 7, 7] and table == {"k": 1} and nested == [[1, 2, 3]]


POLYNOMIAL = """
class Poly:
    "A polynomial."
    def __init__(self, *c): self.c = list(c)
    def __add__(self, other): return Poly(*(a + b for a, b in zip(self.c, other.c)))
    def __rmul__(self, k): return Poly(*(k * c for c in self.c))
    def __eq__(self, other): return self.c == other.c
    def __call__(self, x): return sum(c * x**i for i, c in enumerate(self.c))
    def __iter__(self): return iter(self.c)
    def __repr__(self): return f"Poly{tuple(self.c)}"
    @property
    def degree(self): return len(self.c) - 1
"""


def test_instances_do_what_their_class_defines(student):
    Poly = name(student(POLYNOMIAL), "Poly")
    p = Poly(1, 0, 2)
    assert (p + p)(2) == 18 and (3 * p).degree == 2 and list(p) == [1, 0, 2]
    assert p + p == Poly(2, 0, 4) and p != Poly(1)
    assert isinstance(p, Poly) and not isinstance(3, Poly) and inspect.isclass(Poly)
    assert repr(p) == "Poly(1, 0, 2)" and vars(p) == {"c": [1, 0, 2]}
    assert Poly.__doc__ == "A polynomial." and type(p).__name__ == "Poly"
    assert copy.deepcopy(p) == p and copy.deepcopy(p) is not p
    with pytest.raises(TypeError):
        p[0]
    with pytest.raises(AttributeError):
        _ = p.nothing


def test_functions_show_their_signature(student):
    f = name(student("def f(x, *, k=2, **more):\n    'What f does.'"), "f")
    assert str(inspect.signature(f)) == "(x, *, k=2, **more)"
    assert f.__name__ == "f" and f.__doc__ == "What f does." and inspect.isfunction(f)


def test_generators_and_iterators_are_read_one_by_one(student):
    link = student(
        "def count():\n    n = 0\n    while True:\n        yield n\n        n += 1\n"
        "def first(items): return next(items)"
    )
    assert list(itertools.islice(name(link, "count")(), 4)) == [0, 1, 2, 3]
    assert name(link, "first")(iter([5, 6])) == 5


def test_functions_of_the_test_are_called_here(student):
    link = student(
        "def twice(f, x): return f(f(x))\ndef caught(f):\n    try: return f()\n"
        "    except KeyError as error: return error.args[0]"
    )
    calls = []
    assert name(link, "twice")(lambda x: calls.append(x) or 3 * x, 2) == 18 and calls == [2, 6]
    assert name(link, "twice")(abs, -2) == 2

    def fail():
        raise KeyError("which")

    assert name(link, "caught")(fail) == "which"


THREADS = """
from concurrent.futures import ThreadPoolExecutor
def parallel(f, items):
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(f, items))
"""


def test_threads_call_the_test_back_one_after_another(student):
    link = student(THREADS)
    parallel, messages, late = name(link, "parallel"), [], link.exchange

    def exchange(answer):
        # a second call before this answer would be read here
        time.sleep(0.05)
        link.connection.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            messages.append(link.connection.recv(8, socket.MSG_PEEK))
        return late(answer)

    def double(x):
        return 2 * x

    link.exchange = exchange
    assert parallel(double, range(8)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert messages == [], "two threads spoke at once, and would read each other's answers"


def test_calls_back_within_calls_end(student):
    link = student("def recurse(f, n): return f(n)")
    recurse = name(link, "recurse")

    def f(n):
        return 0 if n == 0 else 1 + recurse(f, n - 1)

    assert recurse(f, 5) == 5
    with pytest.raises(RecursionError):
        recurse(f, 500)


def test_exceptions_have_their_class_arguments_and_attributes(student):
    link = student(
        "class Bad(ValueError):\n    def __init__(self, n):\n"
        "        super().__init__(f'bad {n}')\n        self.n = n\n"
        "def f(n): raise Bad(n)\ndef g():\n    try: f(1)\n"
        "    except Bad as error: raise KeyError('outer') from error"
    )
    names = link.names(["Bad", "f", "g"])
    with pytest.raises(names["Bad"], match="bad 3") as raised:
        names["f"](3)
    assert raised.value.n == 3 and isinstance(raised.value, ValueError)
    with pytest.raises(KeyError) as raised:
        names["g"]()
    assert isinstance(raised.value.__cause__, names["Bad"])


def test_printed_text_and_warnings_cross(student):
    link = student(
        "import warnings, sys\ndef greet(n): print('Hello', n); print('x', file=sys.stderr)\n"
        "def old():\n    warnings.warn('old', DeprecationWarning)\n    return 1"
    )
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        name(link, "greet")("Ada")
    assert out.getvalue() == "Hello Ada\n" and err.getvalue() == "x\n"
    with pytest.warns(DeprecationWarning, match="old"):
        assert name(link, "old")() == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeprecationWarning):
            name(link, "old")()


def test_global_generators_and_float_errors_are_those_of_the_test(student):
    link = student(
        "import numpy as np, random\ndef draw(n): return np.random.rand(n)\n"
        "def pick(x): return random.choice(x)\ndef invert(x): return np.float64(1) / x",
        generators=True,
    )
    np.random.seed(0)
    drawn = name(link, "draw")(5)
    np.random.seed(0)
    assert (drawn == np.random.rand(5)).all()
    random.seed(3)
    picked = name(link, "pick")([1, 2, 3, 4])
    random.seed(3)
    assert picked == random.choice([1, 2, 3, 4])
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        name(link, "invert")(0)


def test_figures_can_be_asked(student):
    link = student(
        "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\n"
        "def plot(y):\n    ax = plt.figure().add_subplot()\n    ax.plot(y)\n"
        "    ax.set_title('T')\n    return ax"
    )
    ax = name(link, "plot")([1, 2, 3])
    assert ax.get_title() == "T" and list(ax.lines[0].get_ydata()) == [1, 2, 3]
    assert isinstance(ax, matplotlib.axes.Axes)
    assert "matplotlib" in link.uncrossed


SUBCLASSES = """
import enum
class L(list):
    def double(self): return L([2 * x for x in self])
class Liar(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
class I(enum.IntEnum): A = 3
class Equal:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __sub__(self, other): return self
    def __abs__(self): return self
made = {"list": lambda: L([1, 2]), "liar": lambda: Liar("x"), "enum": lambda: I.A, "equal": Equal}
def make(what): return made[what]()
"""


def test_objects_do_not_decide_that_they_are_equal(student):
    make = name(student(SUBCLASSES, compares=False), "make")
    assert make("equal") != 3
    with pytest.raises(TypeError):
        assert abs(make("equal") - 2) < 1e-9
    assert make("liar") == "x" and make("liar") != "y"
    assert make("list") == [1, 2] and make("list") != [1, 3]
    assert list(make("list").double()) == [2, 4] and isinstance(make("list"), list)
    assert make("enum") == 3 and make("enum").name == "A"


def test_objects_compare_themselves_where_the_solution_did(student):
    link = student(SUBCLASSES)
    assert name(link, "make")("equal") == 3
    assert link.compared


EXTENDED = """
import enum
class Tide(enum.StrEnum):
    EBB = "ebb"
class Word(str):
    def upper(self): return "UP"
    def __str__(self): return "shown"
class Length(float): unit = "m"
class Mask(int): pass
class Raw(bytes): pass
class Says:
    __class__ = property(lambda self: int)
made = {"tide": Tide.EBB, "word": Word("ebb"), "length": Length(2)}
made |= {"mask": Mask(5), "raw": Raw(b"a"), "says": Says()}
def make(what): return made[what]
"""


def test_objects_that_extend_texts_and_numbers_are_such(student):
    make = name(student(EXTENDED, compares=False), "make")
    assert "-".join([make("tide"), "x"]) == "ebb-x" and {"ebb": 1}[make("tide")] == 1
    assert make("tide").name == "EBB" and make("tide") is make("tide")
    assert "the " + make("word") == "the ebb" and make("word").upper() == "UP"
    assert str(make("word")) == "shown" and make("word").lower() == "ebb"
    np.testing.assert_allclose(make("length"), 2)
    assert make("length").unit == "m" and math.sqrt(make("length") * 2) == 2
    assert [0] * make("mask") == [0] * 5 and make("raw") + b"b" == b"ab"
    assert type(make("word")) is not str and isinstance(make("word"), str)
    assert not issubclass(type(make("says")), int)


@pytest.mark.parametrize("kind, text", [("list", "[1]"), ("dict", "{1: 2}"), ("set", "{1}")])
def test_what_extends_data_that_change_is_repeated_inside_where_it_fails(student, kind, text):
    source = f"class Own({kind}): pass\ndef make(): return Own({text})"
    link = student(source, compares=False, asks=False)
    assert name(link, "make")() == eval(text) and f"extends {kind}" in link.uncrossed
    link = student(source)
    assert name(link, "make")() == eval(text) and not link.uncrossed


def test_a_class_named_while_hidden_tests_run_has_no_name_here(student):
    link = student(
        "def f(x):\n    raise type('E' + x, (ValueError,), {})(x)\n"
        "def g(x):\n    return type('T' + x, (), {})()\n"
        "def h(x):\n    return type('T' + x, (), {'__module__': 'numpy'})()"
    )
    names, link.hidden = link.names(["f", "g", "h"]), True
    with pytest.raises(ValueError) as raised:
        names["f"]("secret")
    assert "secret" not in type(raised.value).__name__
    for f in (names["g"], names["h"]):
        assert "secret" not in type(f("secret")).__name__ and "secret" not in link.uncrossed


def test_data_that_hold_themselves_cross_as_an_object(student):
    link = student("def cycle():\n    x = []\n    x.append(x)\n    return x")
    found = name(link, "cycle")()
    assert issubclass(type(found), Remote) and len(found) == 1


def test_what_cannot_be_passed_is_said(student):
    link = student("def f(x): return 1")
    with pytest.raises(TypeError, match="cannot be sent"):
        name(link, "f")(io.StringIO("x"))
    assert link.uncrossed.startswith("the test passes a StringIO")


def test_nothing_from_the_student_can_run_here(student):
    link = student("import os\ndef f(): return os.system\ndef g(): return exec")
    for wanted in ("f", "g"):
        assert issubclass(type(name(link, wanted)()), Remote)


def test_a_function_that_never_returns_costs_its_own_time(student):
    link = student("def f():\n    while True: pass", seconds=0.5)
    with pytest.raises(TimeLimitError):
        name(link, "f")()
    with pytest.raises(TimeLimitError):
        link.names(["f"])


def test_an_object_of_a_process_that_has_ended_says_so(student):
    link = student("import os\nclass A:\n    def die(self): os._exit(1)\na = A()")
    a = name(link, "a")
    with pytest.raises(ProcessEndedError):
        a.die()
    with pytest.raises(ProcessEndedError):
        str(a)


def test_bytes_that_are_no_message_are_refused():
    for data in (b"\xc1\xff", b"", wire.PLAIN.dumps([1])[:-1]):
        with pytest.raises(ValueError):
            wire.PLAIN.loads(data)
    with pytest.raises(ValueError):
        wire.PLAIN.loads(wire.PLAIN.dumps((1, 2)), plain=True)

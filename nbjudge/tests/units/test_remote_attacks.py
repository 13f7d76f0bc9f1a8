"""What a student's process may send to harm the judge: forged messages, lying objects, floods."""

import socket
import struct
import threading

import msgpack
import numpy as np
import pytest
from nbjudge.execution import judge, wire
from nbjudge.execution.remote import Link

from .test_remote import name, student  # noqa: F401  (a fixture)

FULL = "assert total([1, 2]) == 3\n### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


def trial(link, full, visible=None, wanted=("total",)):
    """A test that is judged apart, before its first half."""
    visible = full if visible is None else visible
    first, second = judge.halves(full, visible)
    code = (
        judge.compiled(first, last=not second),
        second and judge.compiled(second),
    )
    test = {"ours": [], "sets": [], "imports": []}
    test |= {"grade_id": "t", "names": list(wanted), "constants": [], "code": code}
    return judge.Apart(test, link)


def verdict(link, full, visible=None):
    """What the judge says of a test, as plain data that cross to the grader."""
    one = trial(link, full, visible)
    one.begin({"__name__": "__main__"})
    one.finish({"__name__": "__main__"}, {})
    report = one.report()
    assert len(wire.PLAIN.dumps(report)) < 100_000
    return report


def hidden(link, statement):
    """The verdict on a test whose hidden part is this statement."""
    full = FULL.format(statement)
    return verdict(link, full, full.split("\n")[0])


def extension(code, parts):
    return msgpack.ExtType(code, msgpack.packb(parts, default=None, use_bin_type=True))


def theirs(number=0, module="__main__", kind="A", methods=(), what="", errors=None):
    """A reference to an object of the student's, as it stands on the wire."""
    return extension(wire.THEIRS, [number, module, kind, list(methods), what, errors])


@pytest.fixture
def forger():
    """`forger(reply, ...)` gives a link to something that sends these replies, one per request."""
    ends = []

    def start(*replies, seconds=5, **how):
        ours, theirs_end = socket.socketpair()
        ends.extend([ours, theirs_end])

        def answer():
            try:
                for reply in replies:
                    wire.read(theirs_end, 1 << 30)
                    data = reply if isinstance(reply, bytes) else msgpack.packb(reply)
                    wire.write(theirs_end, data)
                while True:
                    wire.read(theirs_end, 1 << 30)
                    wire.write(theirs_end, msgpack.packb({"value": None}))
            except (EOFError, OSError):
                pass

        threading.Thread(target=answer, daemon=True).start()
        return Link(ours, seconds, 1 << 26, **how)

    yield start
    for end in ends:
        end.close()


# ---- the judge goes on, whatever it hears


FORGED = {
    "an error instead of names": {"error": {"kinds": ["builtins.KeyError"], "args": ["x"]}},
    "an exit instead of names": {"error": {"kinds": ["builtins.SystemExit"], "args": [0]}},
    "a class of no exception": {"error": {"class": extension(wire.TYPE, "builtins.int")}},
    "an interrupt": {"error": {"class": extension(wire.TYPE, "builtins.KeyboardInterrupt")}},
    "printed what is no text": {"out": [["stdout", 3]], "value": {}},
    "printed nothing in pairs": {"out": [1, 2], "value": {}},
    "printed an object": {"out": [["stdout", theirs()]], "value": {}},
    "warnings of no kind": {"warnings": [["no.Such", "w"], [[], "w"], 3], "value": {}},
    "a warning that is an error": {"warnings": [[["builtins.SystemExit"], "w"]], "value": {}},
    "no function of the test's": {"callback": 99, "arguments": [], "keywords": {}},
    "a function by an unhashable number": {"callback": [], "arguments": []},
    "a function without number": {"callback": None, "arguments": 3, "keywords": []},
    "changes of what was not sent": {"changed": {99: [1], "x": 2}, "value": {}},
    "changes in no table": {"changed": [1], "value": {}},
    "a state that is none": {"random": [1, 2], "value": {}},
    "no dict": [1, 2],
    "a list of names": {"value": [1]},
    "an argument that was not sent": {"value": {"total": extension(wire.ARGUMENT, 7)}},
    "an argument of a negative number": {"value": {"total": extension(wire.ARGUMENT, -1)}},
    "a function that was not sent": {"value": {"total": extension(wire.YOURS, 7)}},
    "what only the judge sends": {"value": {"total": extension(wire.CALLBACK, [1, "f"])}},
    "a library's function": {"value": {"total": extension(wire.LIBRARY, ["os", "system"])}},
    "an instance": {"value": {"total": extension(wire.INSTANCE, ["os", "stat_result", {}])}},
    "an object of too few parts": {"value": {"total": extension(wire.THEIRS, [1])}},
    "an object by a name": {"value": {"total": extension(wire.THEIRS, ["x", 1, 2, 3, 4, 5])}},
    "an object of no class": {"value": {"total": theirs(module=3, kind=None, methods=[3])}},
    "an object with a null in its name": {"value": {"total": theirs(kind="A\0B")}},
    "a class of exceptions of no kind": {"value": {"total": theirs(errors=[1, 2])}},
    "an unknown dtype": {"value": {"total": extension(wire.ARRAY, ["f3", [1], True, b"abc"])}},
    "objects for numbers": {"value": {"total": extension(wire.ARRAY, ["O", [1], True, b"0" * 8])}},
    "a negative shape": {"value": {"total": extension(wire.ARRAY, ["<f8", [-1], True, b""])}},
    "a huge shape": {"value": {"total": extension(wire.ARRAY, ["<f8", [1 << 39] * 32, True, b""])}},
    "nothing in a huge shape": {
        "value": {"total": extension(wire.ARRAY, ["|S0", [1 << 39], True, b""])}
    },
    "letters that are none": {
        "value": {"total": extension(wire.ARRAY, ["<U1", [1], True, b"\xff" * 4])}
    },
    "a record": {"value": {"total": extension(wire.ARRAY, ["<f8,<f8", [1], True, b"0" * 16])}},
    "fields that are no names": {
        "value": {"total": extension(wire.NAMED, ["P", ["__class__", "x"], [1, 2]])}
    },
    "a keyword for a field": {"value": {"total": extension(wire.NAMED, ["P", ["def"], [1]])}},
    "code for a field": {"value": {"total": extension(wire.NAMED, ["P", ["x=print(1)"], [1]])}},
    "a frame of too few columns": {"value": {"total": extension(wire.FRAME, [[], [], [1, 2]])}},
    "a fraction of nothing": {"value": {"total": extension(6, [1, 0])}},
    "an endless range": {"value": {"total": extension(5, [0, 1 << 60, 1])}},
    "half a message": wire.PLAIN.dumps({"value": [1, 2]})[:-1],
    "unhashable keys": msgpack.packb({"value": 1})[:-1] + b"\x81\x91\x01\x01",
}


@pytest.mark.parametrize("reply", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_costs_its_own_test_only(forger, reply, capfd):
    said = verdict(forger(reply), "assert total([1, 2]) == 3")
    assert said["error"], "a test that was answered with rubbish has not passed"
    assert capfd.readouterr() == ("", ""), "a student writes on the grader's terminal"


@pytest.mark.parametrize("reply", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_to_a_call_costs_its_own_test_only(forger, reply, capfd):
    first = {"value": {"total": theirs(methods=["__call__"], what="function")}}
    said = verdict(forger(first, reply, generators=True), "assert total([1, 2]) == 3")
    assert said["error"]
    assert capfd.readouterr() == ("", "")


INSIDE = [
    {"error": 5},
    {"error": "ab", "value": 3},
    {"error": [["a"] * 5, {"b": 1}]},
    {"error": {"x": 1}, "text": ["y"]},
    {"value": {"a": 1}, "text": 3},
    {"error": True},
    [1],
    b"\xc1",
]


@pytest.mark.parametrize("reply", INSIDE, ids=map(str, INSIDE))
def test_a_forged_answer_inside_costs_its_own_test_only(forger, reply):
    test = {"grade_id": "t", "full": "a\n### B\nb", "visible": "a", "before": [], "messages": []}
    one = judge.Inside(test | {"points": 10}, forger(reply, reply))
    one.begin({})
    one.finish({}, {})
    assert set(one.report()) >= {"grade_id", "error", "value", "limit"}


RAISED = {
    "an argument that cannot be shown": (
        "class O:\n    def __repr__(self): raise ValueError('no')\n    __str__ = __repr__\n"
        "def total(x): raise KeyError(O())"
    ),
    "an argument that ends the process": (
        "import os\nclass O:\n    def __repr__(self): os._exit(1)\n"
        "def total(x): raise KeyError(O())"
    ),
    "an argument that takes for ever": (
        "class O:\n    def __repr__(self):\n        while True: pass\n"
        "def total(x): raise KeyError(O())"
    ),
    "a deep argument": (
        "def total(x):\n    y = []\n    for _ in range(90): y = [y]\n    raise ValueError((y,) * 3)"
    ),
    "a name of a million letters": "def total(x): raise type('E' * 10**6, (Exception,), {})('x')",
    "a message of a million letters": "def total(x): raise ValueError('<b>' * 10**6)",
    "a place far before the text": (
        "def total(x): raise UnicodeEncodeError('ascii', 'x', -10**14, 1 - 10**14, 'r')"
    ),
    "a place far behind the bytes": (
        "def total(x): raise UnicodeDecodeError('ascii', b'x', 10**14, 1 + 10**14, 'r')"
    ),
    "methods of the exception": (
        "def total(x):\n    e = ValueError('v')\n    e.add_note = e.args_ = 3\n"
        "    e.with_traceback = None\n    raise e"
    ),
    "notes": "def total(x):\n    e = ValueError('v')\n    e.__notes__ = [3, None]\n    raise e",
    "causes in a circle": (
        "def total(x):\n    a, b = ValueError('a'), ValueError('b')\n"
        "    a.__cause__, b.__cause__ = b, a\n    raise a"
    ),
    "an exit": "def total(x): raise SystemExit(0)",
    "an interrupt": "def total(x): raise KeyboardInterrupt",
    "the end of a generator": "def total(x): raise GeneratorExit",
    "a group": "def total(x): raise ExceptionGroup('g', [ValueError(1)])",
    "a class that cannot be made": (
        "class E(Exception):\n    def __init__(self, a, b): super().__init__(a)\n"
        "def total(x): raise E(1, 2)"
    ),
    "a text that raises": (
        "class E(Exception):\n    def __str__(self): raise ValueError\ndef total(x): raise E(1)"
    ),
    "half a letter": "def total(x): raise ValueError('\\ud800')",
}


@pytest.mark.parametrize("source", RAISED.values(), ids=RAISED.keys())
def test_an_exception_costs_its_own_test_only(student, source):  # noqa: F811
    for said in (
        verdict(student(source, seconds=1), "assert total([1, 2]) == 3"),
        hidden(
            student(
                source + "\nbad = total\ndef total(x): return 3 if x == [1, 2] else bad(x)",
                seconds=1,
            ),
            "assert total([5]) == 5",
        ),
    ):
        assert said["error"] and len(said["error"][0]) <= 80


RETURNED = {
    "a list of what cannot be shown": (
        "class O:\n    def __repr__(self): raise ValueError('no')\ndef total(x): return [O()]"
    ),
    "a deep list": "def total(x):\n    y = []\n    for _ in range(400): y = [y]\n    return y",
    "a dict of what takes for ever": (
        "class O:\n    def __repr__(self):\n        while True: pass\ndef total(x): return {1: O()}"
    ),
    "a number of too many digits": "def total(x): return 10**5000",
    "an endless generator": "import itertools\ndef total(x): return itertools.count()",
}


@pytest.mark.parametrize("source", RETURNED.values(), ids=RETURNED.keys())
def test_a_value_shown_at_the_end_costs_its_own_test_only(student, source):  # noqa: F811
    verdict(student(source, seconds=1), "total([1, 2])")


def test_what_a_hidden_test_ends_with_is_not_shown(student):  # noqa: F811
    link = student("def total(x): return 3 if x == [1, 2] else [*x, 'seen']")
    assert hidden(link, "total([41.1257])")["value"] is None
    assert hidden(student("def total(x): return 3"), "2.5")["value"] == "2.5"


# ---- nothing of the judge's memory, nothing decided by the student


ADDRESS = """
import numpy as np
secret = np.arange(4.0)
class A:
    @property
    def __array_interface__(self):
        return {"data": (%d, False), "shape": (4,), "typestr": "<f8", "version": 3}
def total(x): return A()
"""


def test_an_object_is_no_window_into_the_memory_of_the_judge(student):  # noqa: F811
    ours = np.array([41.1257, 1, 2, 3])
    link = student(ADDRESS % ours.ctypes.data)
    try:
        seen = np.asarray(name(link, "total")(1))
    except (TypeError, ValueError):
        return
    assert seen.dtype == object


LIARS = {
    "difference": "__sub__ = __rsub__ = lambda self, other: 0.0",
    "quotient": "__truediv__ = __rtruediv__ = lambda self, other: 1.0",
    "symmetric difference": "__xor__ = __rxor__ = lambda self, other: set()",
    "in place": "__isub__ = lambda self, other: 0.0",
}


@pytest.mark.parametrize("lie", LIARS.values(), ids=LIARS.keys())
@pytest.mark.parametrize("base", ["", "(float)", "(set)"])
def test_objects_do_not_compute_with_what_is_expected(student, lie, base):  # noqa: F811
    link = student(f"class Z{base}:\n    {lie}\ndef total(x): return Z()", compares=False)
    found = name(link, "total")(1)
    for trick in (
        lambda: abs(found - 3) < 1e-9,
        lambda: abs(3 - found) < 1e-9,
        lambda: found / 3 == 1.0,
        lambda: not found ^ {3},
        lambda: not {3} ^ found,
    ):
        try:
            passed = trick()
        except (TypeError, ZeroDivisionError):
            continue
        assert not passed


WRAPPER = """
import numpy as np
class W:
    __array_priority__ = 1e9
    def __array__(self, dtype=None, copy=None): return np.array([9.0, 9.0])
    def __array_wrap__(self, result, context=None, scalar=False): return np.zeros(2)
def total(x): return W()
"""


def test_an_object_does_not_replace_what_numpy_computes(student):  # noqa: F811
    found = name(student(WRAPPER, compares=False), "total")(1)
    expected = np.array([1.0, 2.0])
    for difference in (found - expected, expected - found, np.subtract(found, expected)):
        assert np.max(np.abs(difference)) == 8


EQUALS = """
class Yes:
    {}
def total(x): return Yes() if len(x) == 2 else 3
"""


@pytest.mark.parametrize(
    "lie",
    [
        "def equals(self, other): return True",
        "equals = lambda *others: True",
        "equals = property(lambda self: total)",
        "class equals:\n        def __init__(self, *others): pass",
    ],
    ids=["method", "function", "the answer itself", "class"],
)
def test_an_object_is_not_asked_where_the_solution_gave_data(student, lie):  # noqa: F811
    full = "assert total([1, 2]).equals([1, 2, 3])"
    said = verdict(student(EQUALS.format(lie), asks=False), full)
    assert said["error"] and "hands arguments" in said["uncrossed"]
    # where the solution gave an object as well, it is what the test is about
    assert verdict(student(EQUALS.format(lie)), full)["asked"]


def test_names_that_the_test_reads_are_called_as_ever(student):  # noqa: F811
    link = student("def total(x): return 3\ntable = {'+': lambda a, b: a + b}", asks=False)
    found = link.names(["table", "total"])
    assert found["total"]([1]) == 3 and found["table"]["+"](1, 2) == 3
    assert not link.asked


def test_numbers_of_a_class_of_their_own_are_numbers(student):  # noqa: F811
    link = student("class N(float): pass\ndef total(x): return N(3)", compares=False)
    assert abs(name(link, "total")(1) - 3) < 1e-9 and 6 / name(link, "total")(1) == 2


@pytest.mark.parametrize("data", ["ebb", 3, None, b"ebb", ["ebb"]], ids=repr)
def test_an_object_that_extends_a_text_replaces_nothing_of_ours(forger, data):
    methods = ["_link", "_id", "_ask", "__new__", "__init__", "__getattribute__", "upper"]
    parts = [7, "__main__", "T", methods, "str", None, data]
    link = forger({"value": {"total": extension(wire.THEIRS, parts)}}, {"value": 3})
    found = link.names(["total"])["total"]
    assert found._link is link and found._id == 7
    assert issubclass(type(found), str) == (data == "ebb")
    assert found.upper == 3


# ---- floods


def test_printing_without_end_is_cut(student):  # noqa: F811
    link = student("def total(x):\n    print('y' * (1 << 19))\n    return 3", seconds=20)
    said = verdict(link, "for _ in range(200):\n    total([1, 2])\nassert total([1, 2]) == 3")
    assert said["error"] is None and len(said["text"]) <= judge.FEEDBACK


def test_classes_without_number_are_refused(forger):
    many = [theirs(number, kind=f"A{number}") for number in range(20_000)]
    link = forger(msgpack.packb({"value": {"total": many}}))
    with pytest.raises(Exception):  # noqa: B017
        link.names(["total"])
    assert len(link.classes) <= 2000


def test_a_class_of_a_long_name_is_named_in_short(student):  # noqa: F811
    link = student(
        "def total(x): return type('\\x1b[2J' + 'E' * 10**6, (), {'__module__': 'evil' * 10**5})()"
    )
    said = verdict(link, "assert total([1, 2]) == 3")
    assert len(said["uncrossed"]) < 200 and said["uncrossed"].isprintable()


def test_data_of_the_student_do_not_keep_the_judge_busy(student):  # noqa: F811
    link = student("def total(x): return 10**12", seconds=0.3)
    said = verdict(
        link,
        "n = 0\nwhile n < total([1, 2]): n += 1".replace("total([1, 2])", "m").replace(
            "n = 0", "n, m = 0, total([1, 2])"
        ),
    )
    assert said["error"][0] == "TimeLimit"


def test_a_module_that_the_judge_has_not_loaded_is_not_loaded(student):  # noqa: F811
    link = student("import types\ntotal = types.ModuleType('numpy.f2py.__main__')")
    assert verdict(link, "total.main")["error"]
    import sys

    assert "numpy.f2py.__main__" not in sys.modules


def test_more_than_one_answer_is_a_wrong_answer(forger):
    one = msgpack.packb({"value": {}})
    link = forger(one + struct.pack("!Q", len(one)) + one)
    assert verdict(link, "assert total([1, 2]) == 3")["error"]

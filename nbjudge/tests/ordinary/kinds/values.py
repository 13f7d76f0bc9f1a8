"""Answers whose values are of all the types there are."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "values-numbers",
        "Fraction, Decimal, complex, big integers, nan and infinities.",
        answer(
            "numbers",
            r"""
from decimal import Decimal
from fractions import Fraction

def half_of(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

def harmonic(n):
    "As a Fraction."
    ### BEGIN SOLUTION
    return sum((Fraction(1, k) for k in range(1, n + 1)), Fraction(0))
    ### END SOLUTION

def price(text):
    "As a Decimal with two places."
    ### BEGIN SOLUTION
    return Decimal(text).quantize(Decimal("0.01"))
    ### END SOLUTION
""",
        ),
        test(
            "numbers-half",
            2,
            r"""
import cmath, math
assert half_of(Fraction(1, 3)) == Fraction(1, 6)
assert half_of(Decimal("0.3")) == Decimal("0.15")
assert half_of(3 + 4j) == 1.5 + 2j and abs(half_of(6 + 8j)) == 5
assert math.isnan(half_of(math.nan)) and half_of(-math.inf) == -math.inf
""",
        ),
        test(
            "numbers-exact",
            2,
            r"""
assert harmonic(4) == Fraction(25, 12) and isinstance(harmonic(1), Fraction)
assert harmonic(30).denominator == 2329089562800
assert str(price("2.345")) == "2.34" and isinstance(price("1"), Decimal)
assert price("3").as_tuple().exponent == -2
""",
        ),
        wrong_floats={
            "numbers": r"""
def half_of(x):
    return x / 2

def harmonic(n):
    return sum(1 / k for k in range(1, n + 1))

def price(text):
    return round(float(text), 2)
"""
        },
    ),
    kind(
        "values-big-integers",
        "Integers of thousands of bits, both ways.",
        answer(
            "factorial",
            r"""
def factorial(n):
    ### BEGIN SOLUTION
    return 1 if n == 0 else n * factorial(n - 1)
    ### END SOLUTION
""",
        ),
        test(
            "factorial-test",
            2,
            r"""
import math
assert factorial(5) == 120
assert factorial(300) == math.factorial(300)
assert factorial(500) % (2**61 - 1) == math.factorial(500) % (2**61 - 1)
""",
        ),
        answer(
            "modular",
            r"""
def last_digits(n):
    ### BEGIN SOLUTION
    return n % 10**20
    ### END SOLUTION
""",
        ),
        test("modular-test", 1, "assert last_digits(7**5000) == pow(7, 5000, 10**20)"),
        wrong_floats={
            "factorial": r"""
def factorial(n):
    result = 1.0
    for i in range(1, n + 1):
        result *= i
    return result
"""
        },
    ),
    kind(
        "values-text-and-bytes",
        "Unicode, bytes, bytearrays and memoryviews.",
        answer(
            "encode",
            r"""
def encode(text):
    ### BEGIN SOLUTION
    return text.encode("utf-8")
    ### END SOLUTION

def flip(data):
    "Reverse a bytearray in place."
    ### BEGIN SOLUTION
    data.reverse()
    ### END SOLUTION

def shout(text):
    ### BEGIN SOLUTION
    return text.upper() + "!"
    ### END SOLUTION
""",
        ),
        test(
            "encode-test",
            2,
            r"""
assert encode("Zoë 🦉") == b"Zo\xc3\xab \xf0\x9f\xa6\x89"
assert isinstance(encode(""), bytes)
data = bytearray(b"abc")
flip(data)
assert data == b"cba" and isinstance(data, bytearray)
""",
        ),
        test(
            "shout-test",
            1,
            r"""
assert shout("straße") == "STRASSE!"
assert shout("a\x00\n\t") == "A\x00\n\t!"
assert len(shout("x" * 100_000)) == 100_001
""",
        ),
        wrong={
            "encode": r"""
def encode(text):
    return text

def flip(data):
    return data[::-1]

def shout(text):
    return text.title() + "!"
"""
        },
    ),
    kind(
        "values-containers",
        "Nested containers, sets of frozensets, tuples as keys, order of dictionaries.",
        answer(
            "group",
            r"""
def group(words):
    "{sorted letters: words in order of appearance}"
    ### BEGIN SOLUTION
    groups = {}
    for word in words:
        groups.setdefault(tuple(sorted(word)), []).append(word)
    return groups
    ### END SOLUTION

def subsets(items):
    "The set of all subsets, as frozensets."
    ### BEGIN SOLUTION
    found = {frozenset()}
    for item in items:
        found |= {one | {item} for one in found}
    return found
    ### END SOLUTION
""",
        ),
        test(
            "group-test",
            2,
            r"""
groups = group(["tea", "tan", "eat", "nat", "x"])
assert groups[("a", "e", "t")] == ["tea", "eat"]
assert list(groups) == [("a", "e", "t"), ("a", "n", "t"), ("x",)]
assert isinstance(groups, dict) and len(groups) == 3
""",
        ),
        test(
            "subsets-test",
            2,
            r"""
assert subsets([1, 2]) == {frozenset(), frozenset({1}), frozenset({2}), frozenset({1, 2})}
assert len(subsets("abcd")) == 16
assert frozenset("ab") in subsets("abc")
assert all(isinstance(s, frozenset) for s in subsets([0]))
""",
        ),
        wrong={
            "group": r"""
def group(words):
    return {"".join(sorted(w)): [w] for w in sorted(words)}

def subsets(items):
    return [set(), set(items)]
"""
        },
    ),
    kind(
        "values-dataclass",
        "A dataclass: equality, repr, order, fields, replace, asdict, frozen.",
        answer(
            "planet",
            r"""
from dataclasses import dataclass, field

### BEGIN SOLUTION
@dataclass(order=True)
class Planet:
    radius: float
    name: str = field(compare=False)
    moons: list = field(default_factory=list, compare=False)

@dataclass(frozen=True)
class Point:
    x: int = 0
    y: int = 0
### END SOLUTION
""",
        ),
        test(
            "planet-values",
            2,
            r"""
import dataclasses
mars = Planet(3389.5, "Mars", ["Phobos"])
assert mars.name == "Mars" and mars.moons == ["Phobos"]
assert repr(mars) == "Planet(radius=3389.5, name='Mars', moons=['Phobos'])"
assert Planet(1, "a") == Planet(1, "b") and Planet(1, "z") < Planet(2, "a")
Planet(1, "a").moons.append("x")
assert Planet(1, "a").moons == []
""",
        ),
        test(
            "planet-dataclasses",
            2,
            r"""
assert dataclasses.is_dataclass(Planet)
assert [f.name for f in dataclasses.fields(Planet)] == ["radius", "name", "moons"]
assert dataclasses.asdict(mars) == {"radius": 3389.5, "name": "Mars", "moons": ["Phobos"]}
assert dataclasses.replace(mars, name="M").radius == 3389.5
assert {Point(1, 2), Point(1, 2), Point()} == {Point(0, 0), Point(1, 2)}
try:
    Point().x = 3
except dataclasses.FrozenInstanceError:
    pass
else:
    assert False
""",
        ),
        wrong_class={
            "planet": r"""
class Planet:
    def __init__(self, radius, name, moons=[]):
        self.radius, self.name, self.moons = radius, name, moons

class Point:
    def __init__(self, x=0, y=0):
        self.x, self.y = x, y
"""
        },
    ),
    kind(
        "values-given-dataclass",
        "The dataclass is the author's; answers take and return instances of it.",
        code(
            r"""
from dataclasses import dataclass

@dataclass
class Item:
    name: str
    price: float
    count: int = 1
""",
            "given",
        ),
        answer(
            "cart",
            r"""
def total(items):
    ### BEGIN SOLUTION
    return sum(item.price * item.count for item in items)
    ### END SOLUTION

def merge(items):
    "One Item for each name, with the counts added."
    ### BEGIN SOLUTION
    found = {}
    for item in items:
        if item.name in found:
            found[item.name].count += item.count
        else:
            found[item.name] = Item(item.name, item.price, item.count)
    return list(found.values())
    ### END SOLUTION
""",
        ),
        test(
            "cart-total",
            1,
            "items = [Item('tea', 2.5, 2), Item('pie', 4.0)]\nassert total(items) == 9.0",
        ),
        test(
            "cart-merge",
            2,
            r"""
merged = merge([Item("tea", 2.5), Item("pie", 4.0), Item("tea", 2.5, 3)])
assert merged == [Item("tea", 2.5, 4), Item("pie", 4.0, 1)]
assert all(isinstance(item, Item) for item in merged)
assert merge([]) == []
### BEGIN HIDDEN TESTS
first = Item("x", 1.0)
merge([first, Item("x", 1.0)])
assert first.count == 1, "the arguments must not change"
### END HIDDEN TESTS
""",
        ),
        wrong_mutates={
            "cart": r"""
def total(items):
    return sum(item.price * item.count for item in items)

def merge(items):
    found = {}
    for item in items:
        if item.name in found:
            found[item.name].count += item.count
        else:
            found[item.name] = item
    return list(found.values())
"""
        },
    ),
    kind(
        "values-named-tuple",
        "Named tuples, made by the answer in both styles.",
        answer(
            "point",
            r"""
from collections import namedtuple
from typing import NamedTuple

### BEGIN SOLUTION
Point = namedtuple("Point", "x y", defaults=[0])

class City(NamedTuple):
    name: str
    people: int = 0
### END SOLUTION

def farthest(points):
    ### BEGIN SOLUTION
    return max(points, key=lambda p: p.x**2 + p.y**2)
    ### END SOLUTION
""",
        ),
        test(
            "point-tuple",
            2,
            r"""
p = Point(3, y=4)
assert p == (3, 4) and p.x == 3 and p[1] == 4
assert Point._fields == ("x", "y") and Point(1) == (1, 0)
assert p._replace(x=0) == Point(0, 4) and p._asdict() == {"x": 3, "y": 4}
x, y = p
assert (x, y) == (3, 4) and repr(p) == "Point(x=3, y=4)"
""",
        ),
        test(
            "point-farthest",
            2,
            r"""
best = farthest([Point(1, 1), Point(3, 4), Point(0, 2)])
assert best == Point(3, 4) and isinstance(best, Point) and isinstance(best, tuple)
assert City("Rome", 3).people == 3 and City.__annotations__ == {"name": str, "people": int}
assert issubclass(City, tuple)
""",
        ),
        wrong_tuple={
            "point": r"""
def Point(x, y=0):
    return (x, y)

City = Point

def farthest(points):
    return max(points, key=lambda p: p[0] ** 2 + p[1] ** 2)
"""
        },
    ),
    kind(
        "values-enum",
        "Enums and flags: members, identity, iteration, auto.",
        answer(
            "color",
            r"""
from enum import Enum, Flag, auto

### BEGIN SOLUTION
class Light(Enum):
    RED = "stop"
    AMBER = "wait"
    GREEN = "go"

    @property
    def next(self):
        order = list(Light)
        return order[(order.index(self) - 1) % 3]

class Right(Flag):
    READ = auto()
    WRITE = auto()
### END SOLUTION
""",
        ),
        test(
            "color-members",
            2,
            r"""
assert Light.RED.value == "stop" and Light("go") is Light.GREEN
assert Light["AMBER"].name == "AMBER" and len(Light) == 3
assert [light.name for light in Light] == ["RED", "AMBER", "GREEN"]
assert Light.RED.next is Light.GREEN and Light.GREEN.next is Light.AMBER
assert {Light.RED: 1}[Light("stop")] == 1
""",
        ),
        test(
            "color-flags",
            1,
            r"""
both = Right.READ | Right.WRITE
assert Right.READ in both and both & Right.WRITE == Right.WRITE
assert isinstance(Light.RED, Enum) and issubclass(Right, Flag) and Light.RED != "stop"
""",
        ),
        wrong_strings={
            "color": r"""
class Light:
    RED, AMBER, GREEN = "stop", "wait", "go"

class Right:
    READ, WRITE = 1, 2
"""
        },
    ),
    kind(
        "values-dates",
        "Dates, times, differences and time zones.",
        answer(
            "dates",
            r"""
from datetime import date, datetime, timedelta, timezone

def weekdays(start, days):
    "The dates from `start` on that are no weekend, `days` of them."
    ### BEGIN SOLUTION
    found = []
    while len(found) < days:
        if start.weekday() < 5:
            found.append(start)
        start += timedelta(days=1)
    return found
    ### END SOLUTION

def duration(begin, end):
    "Between two texts such as 2024-02-28 23:30."
    ### BEGIN SOLUTION
    form = "%Y-%m-%d %H:%M"
    return datetime.strptime(end, form) - datetime.strptime(begin, form)
    ### END SOLUTION
""",
        ),
        test(
            "dates-weekdays",
            2,
            r"""
assert weekdays(date(2024, 3, 1), 2) == [date(2024, 3, 1), date(2024, 3, 4)]
found = weekdays(datetime(2024, 3, 2, 8, tzinfo=timezone.utc), 1)[0]
assert found.isoformat() == "2024-03-04T08:00:00+00:00" and found.tzinfo is timezone.utc
""",
        ),
        test(
            "dates-duration",
            2,
            r"""
gap = duration("2024-02-28 23:30", "2024-03-01 00:30")
assert gap == timedelta(days=1, hours=1)
assert gap.total_seconds() == 90_000 and isinstance(gap, timedelta)
""",
        ),
        wrong={
            "dates": r"""
from datetime import timedelta

def weekdays(start, days):
    return [start + timedelta(days=i) for i in range(days)]

def duration(begin, end):
    return str(end) + "-" + str(begin)
"""
        },
    ),
    kind(
        "values-collections",
        "Counter, defaultdict, deque, OrderedDict, ChainMap, and heaps.",
        answer(
            "tools",
            r"""
import heapq
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque

def tally(words):
    ### BEGIN SOLUTION
    return Counter(words)
    ### END SOLUTION

def by_length(words):
    ### BEGIN SOLUTION
    groups = defaultdict(list)
    for word in words:
        groups[len(word)].append(word)
    return groups
    ### END SOLUTION

def last(n, items):
    ### BEGIN SOLUTION
    return deque(items, maxlen=n)
    ### END SOLUTION

def push(heap, *items):
    ### BEGIN SOLUTION
    for item in items:
        heapq.heappush(heap, item)
    ### END SOLUTION
""",
        ),
        test(
            "tools-counter",
            2,
            r"""
count = tally(["a", "b", "a"])
assert count["a"] == 2 and count["zebra"] == 0 and isinstance(count, Counter)
assert count.most_common(1) == [("a", 2)]
count.update("bb")
assert count["b"] == 3 and (count - Counter("a"))["a"] == 1
groups = by_length(["fig", "kiwi", "nut"])
assert groups[3] == ["fig", "nut"] and groups[99] == []
""",
        ),
        test(
            "tools-deque",
            2,
            r"""
d = last(2, range(10))
assert list(d) == [8, 9] and d.maxlen == 2
d.append(10); d.rotate(1)
assert d == deque([10, 9])
heap = []
push(heap, 5, 1, 4)
assert heap[0] == 1 and heapq.heappop(heap) == 1 and sorted(heap) == [4, 5]
""",
        ),
        wrong_plain={
            "tools": r"""
def tally(words):
    return {w: words.count(w) for w in words}

def by_length(words):
    return {len(w): [v for v in words if len(v) == len(w)] for w in words}

def last(n, items):
    return list(items)[-n:]

def push(heap, *items):
    heap.extend(sorted(items))
"""
        },
    ),
    kind(
        "values-patterns",
        "Compiled patterns, match objects, and replacement by a function.",
        answer(
            "pattern",
            r"""
import re

def parse(line):
    "A match object for lines such as key = value, else None."
    ### BEGIN SOLUTION
    return re.fullmatch(r"\s*(?P<key>\w+)\s*=\s*(?P<value>.*?)\s*", line)
    ### END SOLUTION

### BEGIN SOLUTION
phone = re.compile(r"\b\d{3}-\d{4}\b")
### END SOLUTION
""",
        ),
        test(
            "pattern-match",
            2,
            r"""
m = parse(" a = 1 2 ")
assert m.group("key") == "a" and m["value"] == "1 2"
assert m.groupdict() == {"key": "a", "value": "1 2"} and m.span("key") == (1, 2)
assert parse("nothing") is None and not parse("= 3")
""",
        ),
        test(
            "pattern-phone",
            1,
            r"""
import re
assert isinstance(phone, re.Pattern)
assert phone.findall("call 555-1234 or 5555-1234") == ["555-1234"]
assert phone.sub(lambda m: "x" * len(m.group()), "555-1234!") == "xxxxxxxx!"
assert phone.pattern.count("d") == 2
""",
        ),
        wrong={
            "pattern": r"""
def parse(line):
    key, value = line.split("=")
    return {"key": key.strip(), "value": value.strip()}

phone = r"\d{3}-\d{4}"
"""
        },
    ),
    kind(
        "values-json",
        "Round trips through JSON, and through pickle and copy.",
        answer(
            "dump",
            r"""
import json

def dump(record):
    "Sorted keys, dates and sets as text and lists."
    ### BEGIN SOLUTION
    def other(value):
        return sorted(value) if isinstance(value, (set, frozenset)) else str(value)

    return json.dumps(record, sort_keys=True, default=other)
    ### END SOLUTION

def load(text):
    ### BEGIN SOLUTION
    return json.loads(text, object_hook=lambda d: {k.upper(): v for k, v in d.items()})
    ### END SOLUTION
""",
        ),
        test(
            "dump-test",
            2,
            r"""
import datetime, json
record = {"when": datetime.date(2024, 1, 2), "tags": {"b", "a"}, "n": [1, None, True, 2.5]}
assert json.loads(dump(record)) == {
    "n": [1, None, True, 2.5], "tags": ["a", "b"], "when": "2024-01-02"
}
assert dump({"b": 1, "a": {"d": 1, "c": 2}}) == '{"a": {"c": 2, "d": 1}, "b": 1}'
""",
        ),
        test("load-test", 1, """assert load('{"a": {"b": [1]}}') == {"A": {"B": [1]}}"""),
        wrong={"dump": "import json\n\ndump = json.dumps\nload = json.loads"},
    ),
    kind(
        "values-typing",
        "Protocols that the test checks at run time, generics and unions.",
        answer(
            "protocol",
            r"""
from typing import Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

### BEGIN SOLUTION
@runtime_checkable
class Drawable(Protocol):
    def draw(self) -> str: ...

class Box(Generic[T]):
    def __init__(self, item: T):
        self.item = item

    def draw(self) -> str:
        return f"[{self.item}]"
### END SOLUTION
""",
        ),
        test(
            "protocol-test",
            2,
            r"""
class Circle:
    def draw(self):
        return "O"

assert isinstance(Circle(), Drawable) and isinstance(Box(1), Drawable)
assert not isinstance("text", Drawable)
assert "".join(shape.draw() for shape in (Circle(), Box[int](3))) == "O[3]"
""",
        ),
        wrong={
            "protocol": r"""
class Drawable:
    def draw(self):
        raise NotImplementedError

class Box(Drawable):
    def __init__(self, item):
        self.item = item

    def draw(self):
        return f"[{self.item}]"
"""
        },
    ),
]

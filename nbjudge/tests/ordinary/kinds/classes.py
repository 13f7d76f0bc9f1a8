"""Answers that are classes."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "classes-polynomial",
        "Operators, calls, equality and attributes of an instance.",
        answer(
            "poly",
            r"""
class Poly:
    "A polynomial; coefficients by rising powers."

    def __init__(self, coefficients):
        ### BEGIN SOLUTION
        self.coefficients = list(coefficients)
        ### END SOLUTION

    ### BEGIN SOLUTION
    @property
    def degree(self):
        return len(self.coefficients) - 1

    def __call__(self, x):
        return sum(c * x**power for power, c in enumerate(self.coefficients))

    def __add__(self, other):
        long, short = sorted([self.coefficients, other.coefficients], key=len, reverse=True)
        return Poly([c + (short[i] if i < len(short) else 0) for i, c in enumerate(long)])

    def __eq__(self, other):
        return self.coefficients == other.coefficients
    ### END SOLUTION
""",
        ),
        test(
            "poly-call",
            2,
            "p = Poly([1, 0, 2])\nassert p(2) == 9 and p(0) == 1\nassert p.degree == 2",
        ),
        test(
            "poly-add",
            2,
            r"""
assert (p + p)(2) == 18
assert (p + Poly([1])).degree == 2
### BEGIN HIDDEN TESTS
assert Poly([1]) + p == Poly([2, 0, 2])
assert p != Poly([1, 0])
### END HIDDEN TESTS
""",
        ),
        wrong={
            "poly": r"""
class Poly:
    def __init__(self, coefficients):
        self.c = coefficients
        self.degree = len(coefficients) - 1

    def __call__(self, x):
        return sum(c * x**i for i, c in enumerate(self.c))

    def __add__(self, other):
        return Poly([a + b for a, b in zip(self.c, other.c)])
"""
        },
        right_other_way={
            "poly": r"""
from itertools import zip_longest

class Poly:
    def __init__(self, coefficients):
        self.terms = tuple(coefficients)
        self.degree = len(self.terms) - 1

    def __call__(self, x):
        value = 0
        for c in reversed(self.terms):
            value = value * x + c
        return value

    def __add__(self, other):
        return Poly(a + b for a, b in zip_longest(self.terms, other.terms, fillvalue=0))

    def __eq__(self, other):
        return isinstance(other, Poly) and self.terms == other.terms
"""
        },
    ),
    kind(
        "classes-container",
        "A container: length, items, slices, assignment, deletion, iteration, membership.",
        answer(
            "ring",
            r"""
class Ring:
    "A list whose indices wrap around."
    ### BEGIN SOLUTION
    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Ring(self.items[index])
        return self.items[index % len(self.items)]

    def __setitem__(self, index, value):
        self.items[index % len(self.items)] = value

    def __delitem__(self, index):
        del self.items[index % len(self.items)]

    def __iter__(self):
        return iter(self.items)

    def __contains__(self, item):
        return item in self.items

    def __bool__(self):
        return bool(self.items)
    ### END SOLUTION
""",
        ),
        test(
            "ring-read",
            2,
            r"""
ring = Ring("abcd")
assert len(ring) == 4
assert ring[0] == "a" and ring[5] == "b" and ring[-1] == "d"
assert list(ring) == ["a", "b", "c", "d"]
assert "c" in ring and "x" not in ring
""",
        ),
        test(
            "ring-write",
            2,
            r"""
ring[5] = "B"
assert list(ring) == ["a", "B", "c", "d"]
del ring[4]
assert "".join(ring) == "Bcd"
assert [x for x in ring[1:]] == ["c", "d"]
assert not Ring([]) and ring
a, *rest = ring
assert rest == ["c", "d"]
assert max(ring) == "d" and sorted(ring) == ["B", "c", "d"]
""",
        ),
        wrong={
            "ring": r"""
class Ring:
    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index % len(self.items)]

    def __iter__(self):
        return iter(self.items)
"""
        },
        wrong_no_iter={
            "ring": r"""
class Ring:
    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)
"""
        },
        right_a_list={
            "ring": r"""
class Ring(list):
    def __getitem__(self, index):
        if isinstance(index, slice):
            return Ring(super().__getitem__(index))
        return super().__getitem__(index % len(self))

    def __setitem__(self, index, value):
        super().__setitem__(index % len(self), value)

    def __delitem__(self, index):
        super().__delitem__(index % len(self))
"""
        },
    ),
    kind(
        "classes-account",
        "Methods change the state of an instance, from one test cell to the next.",
        answer(
            "account",
            r"""
class Account:
    def __init__(self, owner, balance=0):
        ### BEGIN SOLUTION
        self.owner = owner
        self.balance = balance
        self.history = []
        ### END SOLUTION

    def deposit(self, amount):
        ### BEGIN SOLUTION
        if amount <= 0:
            raise ValueError("deposits are positive")
        self.balance += amount
        self.history.append(("deposit", amount))
        return self.balance
        ### END SOLUTION

    def withdraw(self, amount):
        ### BEGIN SOLUTION
        if amount > self.balance:
            raise ValueError("not enough money")
        self.balance -= amount
        self.history.append(("withdraw", amount))
        return self.balance
        ### END SOLUTION
""",
        ),
        test(
            "account-new",
            1,
            r"""
account = Account("Ada", 10)
assert account.owner == "Ada"
assert account.balance == 10
assert Account("Bob").balance == 0
""",
        ),
        test("account-deposit", 1, "assert account.deposit(5) == 15\nassert account.balance == 15"),
        test(
            "account-withdraw",
            2,
            r"""
assert account.withdraw(12) == 3
try:
    account.withdraw(100)
    raise AssertionError("overdrawn")
except ValueError:
    pass
assert account.balance == 3
### BEGIN HIDDEN TESTS
assert account.history == [("deposit", 5), ("withdraw", 12)]
assert Account("Eve").history == []
### END HIDDEN TESTS
""",
        ),
        wrong_shared={
            "account": r"""
class Account:
    history = []

    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    def deposit(self, amount):
        self.balance += amount
        self.history.append(("deposit", amount))
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError
        self.balance -= amount
        self.history.append(("withdraw", amount))
        return self.balance
"""
        },
        wrong_no_return={
            "account": r"""
class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance
        self.history = []

    def deposit(self, amount):
        self.balance += amount

    def withdraw(self, amount):
        self.balance -= amount
"""
        },
    ),
    kind(
        "classes-inheritance",
        "The base class stands in a cell of the author's; the test asks isinstance and issubclass.",
        code(
            r"""
class Shape:
    def __init__(self, name):
        self.name = name

    def area(self):
        raise NotImplementedError

    def describe(self):
        return f"{self.name} of area {self.area():.2f}"
""",
            "shape",
        ),
        answer(
            "square",
            r"""
class Square(Shape):
    ### BEGIN SOLUTION
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    def area(self):
        return self.side**2
    ### END SOLUTION
""",
        ),
        test(
            "square-area",
            2,
            r"""
s = Square(3)
assert s.area() == 9
assert s.describe() == "square of area 9.00"
""",
        ),
        test(
            "square-is-a-shape",
            2,
            r"""
assert isinstance(s, Shape)
assert issubclass(Square, Shape)
assert isinstance(s, Square) and type(s) is Square and type(s).__name__ == "Square"
assert not isinstance(s, str)
assert Square.__mro__[1] is Shape
""",
        ),
        wrong_no_base={
            "square": r"""
class Square:
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2

    def describe(self):
        return f"square of area {self.area():.2f}"
"""
        },
        wrong_name={
            "square": r"""
class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2
"""
        },
    ),
    kind(
        "classes-abstract",
        "An abstract base class: the test makes subclasses of the student's class.",
        answer(
            "animal",
            r"""
from abc import ABC, abstractmethod

### BEGIN SOLUTION
class Animal(ABC):
    def __init__(self, name):
        self.name = name

    @abstractmethod
    def sound(self):
        "What it says."

    def speak(self):
        return f"{self.name}: {self.sound()}!"
### END SOLUTION
""",
        ),
        test(
            "animal-abstract",
            2,
            r"""
try:
    Animal("it")
except TypeError:
    pass
else:
    raise AssertionError("an abstract class has no instances")
""",
        ),
        test(
            "animal-subclass",
            2,
            r"""
class Dog(Animal):
    def sound(self):
        return "woof"

assert Dog("Rex").speak() == "Rex: woof!"

class Mute(Animal):
    pass

import inspect
assert inspect.isabstract(Animal) and inspect.isabstract(Mute)
""",
        ),
        wrong_concrete={
            "animal": r"""
class Animal:
    def __init__(self, name):
        self.name = name

    def sound(self):
        raise NotImplementedError

    def speak(self):
        return f"{self.name}: {self.sound()}!"
"""
        },
    ),
    kind(
        "classes-text",
        "How instances show themselves: repr, str, format, f-strings.",
        answer(
            "money",
            r"""
class Money:
    ### BEGIN SOLUTION
    def __init__(self, amount, currency):
        self.amount, self.currency = amount, currency

    def __repr__(self):
        return f"Money({self.amount!r}, {self.currency!r})"

    def __str__(self):
        return f"{self.amount:.2f} {self.currency}"

    def __format__(self, spec):
        return f"{self.amount:{spec}}" if spec else str(self)
    ### END SOLUTION
""",
        ),
        test(
            "money-repr",
            2,
            r"""
m = Money(3.5, "EUR")
assert repr(m) == "Money(3.5, 'EUR')"
assert str([m]) == "[Money(3.5, 'EUR')]"
assert eval(repr(m)).amount == 3.5
""",
        ),
        test(
            "money-str",
            2,
            r"""
assert str(m) == "3.50 EUR"
assert f"{m}" == "3.50 EUR" and "%s" % m == "3.50 EUR"
assert f"{m:.1f}" == "3.5" and "{:08.3f}".format(m) == "0003.500"
""",
        ),
        wrong_no_repr={
            "money": r"""
class Money:
    def __init__(self, amount, currency):
        self.amount, self.currency = amount, currency

    def __str__(self):
        return f"{self.amount:.2f} {self.currency}"

    def __format__(self, spec):
        return format(self.amount, spec) if spec else str(self)
"""
        },
    ),
    kind(
        "classes-reflected",
        "Reflected operands, in-place operators, unary ones, abs and comparison.",
        answer(
            "vector",
            r"""
class Vector:
    ### BEGIN SOLUTION
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __mul__(self, factor):
        if not isinstance(factor, (int, float)):
            return NotImplemented
        return Vector(factor * self.x, factor * self.y)

    __rmul__ = __mul__

    def __neg__(self):
        return -1 * self

    def __abs__(self):
        return (self.x**2 + self.y**2) ** 0.5

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y
    ### END SOLUTION
""",
        ),
        test(
            "vector-times",
            2,
            r"""
v = Vector(3, 4)
assert v * 2 == Vector(6, 8)
assert 2 * v == Vector(6, 8) and 0.5 * v == Vector(1.5, 2.0)
assert -v == Vector(-3, -4)
assert abs(v) == 5
assert v @ v == 25
""",
        ),
        test(
            "vector-errors",
            1,
            r"""
try:
    v * "a"
except TypeError:
    pass
else:
    assert False
""",
        ),
        test(
            "vector-in-place",
            2,
            r"""
w = u = Vector(1, 1)
w += v
assert u is w and u == Vector(4, 5)
assert v < w and sorted([w, v])[0] is v and max(v, w) is w
assert sum([v, v], Vector(0, 0)) == Vector(6, 8)
""",
        ),
        wrong_not_reflected={
            "vector": r"""
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __abs__(self):
        return (self.x**2 + self.y**2) ** 0.5

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __lt__(self, other):
        return abs(self) < abs(other)
"""
        },
    ),
    kind(
        "classes-attributes",
        "Class attributes, class methods, static methods and a count of instances.",
        answer(
            "ticket",
            r"""
class Ticket:
    ### BEGIN SOLUTION
    sold = 0
    PRICES = {"child": 5, "adult": 9}

    def __init__(self, age):
        self.price = self.PRICES[self.group(age)]
        self.number = Ticket.sold = Ticket.sold + 1

    @staticmethod
    def group(age):
        return "child" if age < 14 else "adult"

    @classmethod
    def from_text(cls, text):
        return cls(int(text.split()[0]))
    ### END SOLUTION
""",
        ),
        test(
            "ticket-count",
            2,
            r"""
assert Ticket.sold == 0
first, second = Ticket(30), Ticket(8)
assert Ticket.sold == 2 and first.number == 1 and second.number == 2
assert first.sold == 2
""",
        ),
        test(
            "ticket-methods",
            2,
            r"""
assert Ticket.group(3) == "child" and first.group(14) == "adult"
third = Ticket.from_text("12 years")
assert type(third) is Ticket and third.price == 5 and Ticket.sold == 3

class Vip(Ticket):
    PRICES = {"child": 50, "adult": 90}

assert Vip.from_text("40 years").price == 90
### BEGIN HIDDEN TESTS
Ticket.sold = 100
assert Ticket(1).number == 101
### END HIDDEN TESTS
""",
        ),
        wrong_instance_count={
            "ticket": r"""
class Ticket:
    sold = 0
    PRICES = {"child": 5, "adult": 9}

    def __init__(self, age):
        self.sold += 1
        self.number = self.sold
        self.price = Ticket.PRICES[Ticket.group(age)]

    def group(age):
        return "child" if age < 14 else "adult"

    def from_text(text):
        return Ticket(int(text.split()[0]))
"""
        },
    ),
    kind(
        "classes-properties",
        "Properties with setters that check, and attributes that cannot be set.",
        answer(
            "temperature",
            r"""
class Temperature:
    ### BEGIN SOLUTION
    def __init__(self, celsius=0.0):
        self.celsius = celsius

    @property
    def celsius(self):
        return self._celsius

    @celsius.setter
    def celsius(self, value):
        if value < -273.15:
            raise ValueError("below absolute zero")
        self._celsius = value

    @property
    def kelvin(self):
        return self._celsius + 273.15
    ### END SOLUTION
""",
        ),
        test(
            "temperature-set",
            2,
            r"""
t = Temperature(20)
t.celsius = 25
assert t.celsius == 25 and abs(t.kelvin - 298.15) < 1e-9
try:
    t.celsius = -300
except ValueError:
    pass
else:
    assert False, "colder than absolute zero"
assert t.celsius == 25
""",
        ),
        test(
            "temperature-read-only",
            2,
            r"""
try:
    t.kelvin = 3
except AttributeError:
    pass
else:
    assert False, "kelvin can be set"
assert isinstance(Temperature.celsius, property)
assert Temperature.kelvin.fset is None
assert hasattr(t, "celsius") and not hasattr(t, "fahrenheit")
""",
        ),
        wrong_plain_attributes={
            "temperature": r"""
class Temperature:
    def __init__(self, celsius=0.0):
        self.celsius = celsius
        self.kelvin = celsius + 273.15
"""
        },
    ),
    kind(
        "classes-context",
        "Context managers, as a class and as a decorated generator.",
        answer(
            "managed",
            r"""
from contextlib import contextmanager

class Managed:
    "Notes 'enter' and 'exit' in `log`, also when the block fails; swallows KeyError only."
    ### BEGIN SOLUTION
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, kind, error, trace):
        self.log.append("exit")
        return kind is KeyError
    ### END SOLUTION

@contextmanager
def tagged(name, out):
    ### BEGIN SOLUTION
    out.append(f"<{name}>")
    yield out
    out.append(f"</{name}>")
    ### END SOLUTION
""",
        ),
        test(
            "managed-with",
            2,
            r"""
log = []
with Managed(log) as it:
    log.append("inside")
    assert it.log is log
assert log == ["enter", "inside", "exit"]

with Managed(log):
    raise KeyError("gone")
assert log[-1] == "exit"

try:
    with Managed(log):
        raise ValueError("stays")
except ValueError as error:
    assert str(error) == "stays"
else:
    assert False
""",
        ),
        test(
            "managed-tags",
            1,
            r"""
out = []
with tagged("b", out) as inner:
    inner.append("bold")
assert "".join(out) == "<b>bold</b>"
""",
        ),
        wrong_swallows_all={
            "managed": r"""
from contextlib import contextmanager

class Managed:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, *_):
        self.log.append("exit")
        return True

@contextmanager
def tagged(name, out):
    yield out
"""
        },
    ),
    kind(
        "classes-hashable",
        "Instances in sets, as keys, sorted, copied and pickled.",
        answer(
            "card",
            r"""
from functools import total_ordering

@total_ordering
class Card:
    ### BEGIN SOLUTION
    def __init__(self, rank, suit):
        self.rank, self.suit = rank, suit

    def __eq__(self, other):
        return (self.rank, self.suit) == (other.rank, other.suit)

    def __lt__(self, other):
        return (self.rank, self.suit) < (other.rank, other.suit)

    def __hash__(self):
        return hash((self.rank, self.suit))
    ### END SOLUTION
""",
        ),
        test(
            "card-sets",
            2,
            r"""
deck = {Card(1, "S"), Card(1, "S"), Card(2, "H")}
assert len(deck) == 2
assert Card(2, "H") in deck
points = {Card(1, "S"): 11}
assert points[Card(1, "S")] == 11
assert hash(Card(3, "D")) == hash(Card(3, "D"))
""",
        ),
        test(
            "card-order",
            1,
            r"""
hand = [Card(9, "S"), Card(2, "H"), Card(9, "D")]
hand.sort()
assert [(c.rank, c.suit) for c in hand] == [(2, "H"), (9, "D"), (9, "S")]
assert Card(1, "S") <= Card(1, "S") and Card(3, "D") > Card(2, "S")
assert min(hand) is hand[0]
""",
        ),
        test(
            "card-copies",
            2,
            r"""
import copy, pickle

card = Card(5, "C")
twin = copy.copy(card)
assert twin == card and twin is not card
nested = copy.deepcopy([card, [card]])
assert nested[0] is nested[1][0] and nested[0] is not card
back = pickle.loads(pickle.dumps(card))
assert back == card and vars(back) == {"rank": 5, "suit": "C"}
""",
        ),
        wrong_not_hashable={
            "card": r"""
class Card:
    def __init__(self, rank, suit):
        self.rank, self.suit = rank, suit

    def __eq__(self, other):
        return (self.rank, self.suit) == (other.rank, other.suit)

    def __lt__(self, other):
        return self.rank < other.rank
"""
        },
    ),
    kind(
        "classes-machinery",
        "Slots, descriptors, a metaclass, __getattr__ and __init_subclass__.",
        answer(
            "positive",
            r"""
class Positive:
    "A descriptor: the attribute must be a positive number."
    ### BEGIN SOLUTION
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive")
        setattr(instance, self.name, value)
    ### END SOLUTION
""",
        ),
        test(
            "positive-descriptor",
            2,
            r"""
class Box:
    width = Positive()
    height = Positive()

box, other = Box(), Box()
box.width, box.height, other.width = 2, 3, 5
assert (box.width, box.height, other.width) == (2, 3, 5)
try:
    box.height = -1
except ValueError as error:
    assert "height" in str(error)
else:
    assert False
""",
        ),
        answer(
            "point",
            r"""
class Point:
    ### BEGIN SOLUTION
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __getattr__(self, name):
        if name == "r":
            return (self.x**2 + self.y**2) ** 0.5
        raise AttributeError(name)
    ### END SOLUTION
""",
        ),
        test(
            "point-slots",
            2,
            r"""
p = Point(3, 4)
assert p.r == 5
assert not hasattr(p, "__dict__")
try:
    p.z = 1
except AttributeError:
    pass
else:
    assert False, "slots admit no other attribute"
""",
        ),
        answer(
            "registry",
            r"""
class Registered(type):
    ### BEGIN SOLUTION
    known = {}

    def __new__(meta, name, bases, body):
        cls = super().__new__(meta, name, bases, body)
        meta.known[name.lower()] = cls
        return cls
    ### END SOLUTION
""",
        ),
        test(
            "registry-metaclass",
            2,
            r"""
class Csv(metaclass=Registered):
    pass

class Json(Csv):
    pass

assert Registered.known == {"csv": Csv, "json": Json}
assert type(Json) is Registered
""",
        ),
        wrong={
            "positive": r"""
class Positive:
    def __get__(self, instance, owner=None):
        return self.value

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError("height must be positive")
        self.value = value
""",
            "point": r"""
class Point:
    def __init__(self, x, y):
        self.x, self.y, self.r = x, y, (x * x + y * y) ** 0.5
""",
            "registry": "class Registered(type):\n    known = {}",
        },
    ),
    kind(
        "classes-linked-list",
        "Instances that hold instances: a linked list and a tree, compared by identity.",
        answer(
            "stack",
            r"""
class Node:
    def __init__(self, value, rest=None):
        self.value, self.rest = value, rest

class Stack:
    ### BEGIN SOLUTION
    def __init__(self):
        self.top = None
        self.size = 0

    def push(self, value):
        self.top = Node(value, self.top)
        self.size += 1

    def pop(self):
        if self.top is None:
            raise IndexError("pop from an empty stack")
        value, self.top = self.top.value, self.top.rest
        self.size -= 1
        return value

    def is_empty(self):
        return self.top is None
    ### END SOLUTION
""",
        ),
        test(
            "stack-order",
            2,
            r"""
stack = Stack()
assert stack.is_empty()
thing = ["a thing"]
for value in (1, "two", thing):
    stack.push(value)
assert stack.pop() is thing
assert stack.pop() == "two" and not stack.is_empty()
""",
        ),
        test(
            "stack-nodes",
            2,
            r"""
assert isinstance(stack.top, Node) and stack.top.value == 1 and stack.top.rest is None
stack.pop()
try:
    stack.pop()
except IndexError:
    pass
else:
    assert False
### BEGIN HIDDEN TESTS
stack.top = Node("x", Node("y"))
assert [stack.pop(), stack.pop()] == ["x", "y"]
### END HIDDEN TESTS
""",
        ),
        wrong_a_list={
            "stack": r"""
class Node:
    pass

class Stack:
    def __init__(self):
        self.values = []

    def push(self, value):
        self.values.append(value)

    def pop(self):
        return self.values.pop()

    def is_empty(self):
        return not self.values
"""
        },
        wrong_queue={
            "stack": r"""
class Node:
    def __init__(self, value, rest=None):
        self.value, self.rest = value, rest

class Stack(list):
    push = list.append

    def pop(self):
        return list.pop(self, 0)

    def is_empty(self):
        return len(self) == 0
"""
        },
    ),
    kind(
        "classes-abc",
        "Containers that inherit from collections.abc, and are checked against it.",
        answer(
            "squares",
            r"""
from collections.abc import MutableMapping, Sequence

class Squares(Sequence):
    "0, 1, 4, ..., n terms."
    ### BEGIN SOLUTION
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if not 0 <= i < self.n:
            raise IndexError(i)
        return i * i
    ### END SOLUTION

class Lower(MutableMapping):
    "A mapping that ignores the case of its keys."
    ### BEGIN SOLUTION
    def __init__(self, *args, **kwargs):
        self._data = {}
        self.update(*args, **kwargs)

    def __getitem__(self, key):
        return self._data[key.lower()]

    def __setitem__(self, key, value):
        self._data[key.lower()] = value

    def __delitem__(self, key):
        del self._data[key.lower()]

    def __iter__(self):
        return iter(self._data)

    def __len__(self):
        return len(self._data)
    ### END SOLUTION
""",
        ),
        test(
            "squares-sequence",
            2,
            r"""
from collections import abc
s = Squares(4)
assert list(s) == [0, 1, 4, 9] and 4 in s and 5 not in s
assert s.index(9) == 3 and s.count(1) == 1 and list(reversed(s)) == [9, 4, 1, 0]
assert isinstance(s, abc.Sequence) and isinstance(s, abc.Iterable) and isinstance(s, abc.Sized)
assert issubclass(Squares, abc.Collection) and not isinstance(s, (list, abc.MutableSequence))
""",
        ),
        test(
            "squares-mapping",
            2,
            r"""
d = Lower({"Ada": 1}, BOB=2)
assert d["ADA"] == 1 and d.get("zed", 0) == 0 and "bob" in d and len(d) == 2
d["ada"] += 5
assert dict(d) == {"ada": 6, "bob": 2} and d == {"ada": 6, "bob": 2}
assert d.pop("Ada") == 6 and d.setdefault("New", []) == [] and sorted(d.keys()) == ["bob", "new"]
assert {**d}["bob"] == 2 and isinstance(d, abc.MutableMapping)
""",
        ),
        wrong={
            "squares": r"""
class Squares(list):
    def __init__(self, n):
        super().__init__(i * i for i in range(n))

class Lower(dict):
    def __getitem__(self, key):
        return super().__getitem__(key.lower())
"""
        },
    ),
    kind(
        "classes-built-in-subclasses",
        "Subclasses of dict, str and int, which must still pass for those.",
        answer(
            "subclasses",
            r"""
### BEGIN SOLUTION
class Default(dict):
    def __missing__(self, key):
        return 0

class Name(str):
    @property
    def initials(self):
        return "".join(part[0] for part in self.split())

class Even(int):
    def __new__(cls, value):
        if value % 2:
            raise ValueError(f"{value} is odd")
        return super().__new__(cls, value)
### END SOLUTION
""",
        ),
        test(
            "subclasses-dict",
            2,
            r"""
d = Default(a=1)
assert d["a"] == 1 and d["zzz"] == 0 and "zzz" not in d
d["b"] += 2
assert d == {"a": 1, "b": 2} and isinstance(d, dict) and list(d.items()) == [("a", 1), ("b", 2)]
import json
assert json.dumps(d) == '{"a": 1, "b": 2}'
""",
        ),
        test(
            "subclasses-str-int",
            2,
            r"""
n = Name("Ada Lovelace")
assert n.initials == "AL" and n.upper() == "ADA LOVELACE" and n == "Ada Lovelace"
assert {n: 1}["Ada Lovelace"] == 1 and isinstance(n, str) and " ".join([n, "x"])[-1] == "x"
e = Even(4)
assert e + 1 == 5 and e / 8 == 0.5 and range(6)[e] == 4 and isinstance(e, int)
try:
    Even(3)
except ValueError:
    pass
else:
    assert False
""",
        ),
        wrong={
            "subclasses": r"""
class Default:
    def __init__(self, **items):
        self.items = items

    def __getitem__(self, key):
        return self.items.get(key, 0)

    def __contains__(self, key):
        return key in self.items

class Name:
    def __init__(self, text):
        self.initials = "".join(part[0] for part in text.split())

Even = int
"""
        },
    ),
    kind(
        "classes-matching",
        "Structural pattern matching on instances of the student's classes.",
        answer(
            "shapes",
            r"""
from dataclasses import dataclass

### BEGIN SOLUTION
@dataclass
class Circle:
    radius: float

class Rectangle:
    __match_args__ = ("width", "height")

    def __init__(self, width, height):
        self.width, self.height = width, height
### END SOLUTION

def area(shape):
    ### BEGIN SOLUTION
    match shape:
        case Circle(r):
            return 3 * r * r
        case Rectangle(width=w, height=h):
            return w * h
        case [*shapes]:
            return sum(map(area, shapes))
    raise TypeError(shape)
    ### END SOLUTION
""",
        ),
        test("shapes-area", 1, "assert area([Circle(1), Rectangle(2, 3), []]) == 9"),
        test(
            "shapes-match",
            2,
            r"""
def describe(shape):
    match shape:
        case Circle(radius=0) | Rectangle(0, _) | Rectangle(_, 0):
            return "nothing"
        case Circle(r):
            return f"circle {r}"
        case Rectangle(w, h) if w == h:
            return "square"
        case Rectangle():
            return "rectangle"

shapes = [Circle(0), Rectangle(4, 0), Circle(2), Rectangle(2, 2), Rectangle(1, 2)]
assert list(map(describe, shapes)) == ["nothing", "nothing", "circle 2", "square", "rectangle"]
""",
        ),
        wrong={
            "shapes": r"""
class Circle:
    def __init__(self, radius):
        self.radius = radius

class Rectangle:
    def __init__(self, width, height):
        self.width, self.height = width, height

def area(shape):
    if isinstance(shape, list):
        return sum(area(s) for s in shape)
    return 3 * shape.radius**2 if isinstance(shape, Circle) else shape.width * shape.height
"""
        },
    ),
    kind(
        "classes-open-attributes",
        "getattr, setattr, delattr, hasattr, vars and dir on the student's instances.",
        answer(
            "settings",
            r"""
class Settings:
    ### BEGIN SOLUTION
    colour = "red"

    def __init__(self, **options):
        for name, value in options.items():
            setattr(self, name, value)

    def copy(self, **changes):
        return Settings(**{**vars(self), **changes})
    ### END SOLUTION
""",
        ),
        test(
            "settings-attributes",
            2,
            r"""
s = Settings(size=3)
assert getattr(s, "size") == 3 and getattr(s, "none", 7) == 7 and s.colour == "red"
setattr(s, "colour", "blue")
s.tags = ["a"]
s.tags.append("b")
assert vars(s) == {"size": 3, "colour": "blue", "tags": ["a", "b"]} == s.__dict__
del s.colour
assert s.colour == "red" and not hasattr(s, "shape") and "size" in dir(s)
""",
        ),
        test(
            "settings-copy",
            2,
            r"""
t = s.copy(size=9, extra=None)
assert (t.size, s.size, t.extra) == (9, 3, None) and t.tags is s.tags and type(t) is type(s)
t.describe = lambda: "new"
assert t.describe() == "new" and not hasattr(s, "describe")
Settings.shout = lambda self: self.colour.upper()
assert s.shout() == "RED" and Settings(colour="x").shout() == "X"
""",
        ),
        wrong={
            "settings": r"""
class Settings:
    __slots__ = ("size", "tags")
    colour = "red"

    def __init__(self, size=None, **_):
        self.size = size

    def copy(self, **changes):
        return Settings(self.size)
"""
        },
    ),
    kind(
        "classes-cooperation",
        "Instances of several of the student's classes work together.",
        answer(
            "library",
            r"""
class Book:
    def __init__(self, title):
        ### BEGIN SOLUTION
        self.title, self.borrower = title, None
        ### END SOLUTION

class Reader:
    def __init__(self, name):
        ### BEGIN SOLUTION
        self.name, self.books = name, []
        ### END SOLUTION

class Library:
    def __init__(self, *titles):
        ### BEGIN SOLUTION
        self.books = {title: Book(title) for title in titles}
        ### END SOLUTION

    def lend(self, title, reader):
        "True if it worked."
        ### BEGIN SOLUTION
        book = self.books[title]
        if book.borrower is not None:
            return False
        book.borrower = reader
        reader.books.append(book)
        return True
        ### END SOLUTION
""",
        ),
        test(
            "library-lend",
            3,
            r"""
library, ada, bob = Library("Emma", "Ulysses"), Reader("Ada"), Reader("Bob")
assert library.lend("Emma", ada) is True
assert library.lend("Emma", bob) is False
book = library.books["Emma"]
assert book.borrower is ada and ada.books == [book] and ada.books[0] is book
assert isinstance(book, Book) and ada.books[0].borrower.books[0].title == "Emma"
assert bob.books == [] and [t for t, b in library.books.items() if not b.borrower] == ["Ulysses"]
""",
        ),
        test(
            "library-errors",
            1,
            r"""
try:
    library.lend("Dune", ada)
except KeyError:
    pass
else:
    assert False
library.books["Dune"] = Book("Dune")
assert library.lend("Dune", bob) and len({ada, bob, ada}) == 2
""",
        ),
        wrong_names={
            "library": r"""
class Book:
    def __init__(self, title):
        self.title, self.borrower = title, None

class Reader:
    def __init__(self, name):
        self.name, self.books = name, []

class Library:
    def __init__(self, *titles):
        self.books = {title: Book(title) for title in titles}

    def lend(self, title, reader):
        book = self.books[title]
        if book.borrower:
            return False
        book.borrower = reader.name
        reader.books.append(title)
        return True
"""
        },
    ),
]

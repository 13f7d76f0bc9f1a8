"""What courses on objects ask: operators, descriptors, registries, copies, protocols."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "objects-metaclass",
        "A metaclass and a descriptor, looked at from the outside.",
        answer(
            "meta",
            r"""
### BEGIN SOLUTION
class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive, not {value}")
        setattr(instance, self.name, value)

class Singleton(type):
    made = {}

    def __call__(cls, *args, **kwargs):
        if cls not in Singleton.made:
            Singleton.made[cls] = super().__call__(*args, **kwargs)
        return Singleton.made[cls]

class Settings(metaclass=Singleton):
    width = Positive()

    def __init__(self, width=80):
        self.width = width
### END SOLUTION
""",
        ),
        test(
            "meta-singleton",
            2,
            r"""
assert Settings() is Settings()
assert type(Settings) is Singleton and isinstance(Settings, type)
assert Settings().width == 80

class Other(metaclass=Singleton):
    pass

assert Other() is Other() and Other() is not Settings()
""",
        ),
        test(
            "meta-descriptor",
            2,
            r"""
settings = Settings()
settings.width = 100
assert Settings().width == 100 and vars(settings) == {"_width": 100}
try:
    settings.width = -1
except ValueError as error:
    assert str(error) == "width must be positive, not -1"
else:
    raise AssertionError("-1")
assert isinstance(Settings.width, Positive)
assert isinstance(vars(Settings)["width"], Positive)

class Box:
    side = Positive()

box = Box()
box.side = 3
assert box.side == 3
""",
        ),
        wrong_plain={
            "meta": r"""
class Positive:
    pass
class Singleton(type):
    pass
class Settings:
    def __init__(self, width=80):
        self.width = width
"""
        },
    ),
    kind(
        "objects-pickled",
        "Instances are pickled, copied and compared.",
        answer(
            "pickled",
            r"""
### BEGIN SOLUTION
class Game:
    def __init__(self, name):
        self.name, self.moves, self.window = name, [], object()

    def __getstate__(self):
        return {"name": self.name, "moves": self.moves}

    def __setstate__(self, state):
        self.__dict__.update(state, window=None)

    def __eq__(self, other):
        if not isinstance(other, Game):
            return NotImplemented
        return (self.name, self.moves) == (other.name, other.moves)

    def __copy__(self):
        twin = Game(self.name)
        twin.moves = list(self.moves)
        return twin
### END SOLUTION
""",
        ),
        test(
            "pickled-pickle",
            2,
            r"""
import pickle

game = Game("chess")
game.moves.append(("e2", "e4"))
again = pickle.loads(pickle.dumps(game))
assert again == game and again is not game
assert again.window is None and game.window is not None
assert game != "chess" and Game.__hash__ is None
""",
        ),
        test(
            "pickled-copy",
            2,
            r"""
import copy

twin, deep = copy.copy(game), copy.deepcopy(game)
twin.moves.append("e5")
assert len(game.moves) == 1 and deep == game
assert copy.deepcopy([game, game])[0] == game
one, two = copy.deepcopy([game, game])
assert one is two and one is not game
""",
        ),
        wrong_default={
            "pickled": r"""
class Game:
    def __init__(self, name):
        self.name, self.moves, self.window = name, [], (lambda: 0)
"""
        },
    ),
    kind(
        "objects-lifetime",
        "Weak references, finalizers and slots.",
        answer(
            "lifetime",
            r"""
import weakref

### BEGIN SOLUTION
class Sensor:
    __slots__ = ("name", "__weakref__")
    alive = weakref.WeakSet()

    def __init__(self, name):
        self.name = name
        Sensor.alive.add(self)

    @classmethod
    def names(cls):
        return sorted(sensor.name for sensor in cls.alive)
### END SOLUTION
""",
        ),
        test(
            "lifetime-weak",
            3,
            r"""
import gc

a, b = Sensor("a"), Sensor("b")
assert Sensor.names() == ["a", "b"]
gone = []
reference = weakref.ref(b, lambda _: gone.append("b"))
assert reference() is b
del b
gc.collect()
assert Sensor.names() == ["a"] and reference() is None and gone == ["b"]
""",
        ),
        test(
            "lifetime-slots",
            1,
            r"""
import sys

assert not hasattr(a, "__dict__")
assert "name" in Sensor.__slots__ and sys.getsizeof(a) < 80
try:
    a.colour = "red"
except AttributeError:
    pass
else:
    raise AssertionError("slots")
""",
        ),
        wrong_strong={
            "lifetime": r"""
import weakref
class Sensor:
    alive = []
    def __init__(self, name):
        self.name = name
        Sensor.alive.append(self)
    @classmethod
    def names(cls):
        return sorted(sensor.name for sensor in cls.alive)
"""
        },
    ),
    kind(
        "objects-protocols",
        "Protocols, generic classes, flags, patterns, type hints.",
        answer(
            "protocols",
            r"""
import enum
import typing
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

### BEGIN SOLUTION
T = TypeVar("T")

@runtime_checkable
class Speaks(Protocol):
    def speak(self) -> str: ...

class Stack(Generic[T]):
    __match_args__ = ("items",)

    def __init__(self, *items: T) -> None:
        self.items = list(items)

    def push(self, item: T) -> "Stack[T]":
        self.items.append(item)
        return self

class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()

class Place(NamedTuple):
    x: float
    y: float = 0.0

    def far(self) -> float:
        return (self.x**2 + self.y**2) ** 0.5

def describe(thing):
    match thing:
        case Place(x=0, y=0):
            return "origin"
        case Place(x, y):
            return f"at {x:g}, {y:g}"
        case Speaks():
            return thing.speak()
        case [first, *_]:
            return f"begins with {first}"
        case {"name": name}:
            return name
        case _:
            return "?"
### END SOLUTION
""",
        ),
        test(
            "protocols-protocol",
            2,
            r"""
class Dog:
    def speak(self):
        return "woof"

assert isinstance(Dog(), Speaks) and not isinstance(3, Speaks)
assert describe(Dog()) == "woof"
assert describe([1, 2]) == "begins with 1" and describe({"name": "n"}) == "n"
assert describe(Place(0)) == "origin" and describe(Place(1, 2)) == "at 1, 2"
assert describe(None) == "?"
""",
        ),
        test(
            "protocols-hints",
            2,
            r"""
hints = typing.get_type_hints(Stack.push)
assert set(hints) == {"item", "return"} and hints["item"] is T
assert typing.get_type_hints(Place) == {"x": float, "y": float}
assert typing.get_origin(Stack[int]) is Stack and typing.get_args(Stack[int]) == (int,)
assert Stack[int](1).push(2).items == [1, 2]
assert Place._fields == ("x", "y") and Place(3, 4).far() == 5.0
assert Place(1)._replace(y=2) == (1, 2) and Place._field_defaults == {"y": 0.0}
match Stack(1, 2):
    case Stack([1, other]):
        assert other == 2
    case _:
        assert False
""",
        ),
        test(
            "protocols-flags",
            1,
            r"""
both = Rights.READ | Rights.WRITE
assert Rights.READ in both and both & Rights.WRITE is Rights.WRITE
assert [right.name for right in Rights] == ["READ", "WRITE"]
assert Rights["READ"] is Rights.READ and Rights(1) is Rights.READ
assert issubclass(Rights, enum.Flag) and not (both & ~both)
""",
        ),
        wrong_bare={
            "protocols": r"""
import enum, typing
from typing import NamedTuple
T = None
class Speaks:
    pass
class Stack:
    def __init__(self, *items):
        self.items = list(items)
    def push(self, item):
        self.items.append(item)
class Rights(enum.Enum):
    READ = 1
    WRITE = 2
class Place(NamedTuple):
    x: float
    y: float
def describe(thing):
    return str(thing)
"""
        },
    ),
]

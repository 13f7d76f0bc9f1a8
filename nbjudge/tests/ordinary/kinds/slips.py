"""Slips that a kernel forgives or punishes by chance: globals for parameters, shared state."""

from ..kind import Own, answer, code, kind, test, work

KINDS = [
    kind(
        "slips-global-for-parameter",
        "The answer reads a global that happens to have the name of the test's variable.",
        answer(
            "mean",
            r"""
def mean(items):
    ### BEGIN SOLUTION
    return sum(items) / len(items)
    ### END SOLUTION
""",
        ),
        test("mean-named", 1, "data = [1, 2, 6]\nassert mean(data) == 3"),
        test("mean-again", 1, "data = [4, 6]\nassert mean(data) == 5\nassert mean([1, 2, 6]) == 3"),
        wrong_global={"mean": "data = [1]\ndef mean(items):\n    return sum(data) / len(data)"},
        wrong_unset={"mean": "def mean(items):\n    return sum(data) / len(data)"},
        right_own_data={
            "mean": "data = [1]\ndef mean(items):\n    data = list(items)\n"
            "    return sum(data) / len(data)\nprint(mean(data))"
        },
    ),
    kind(
        "slips-import-of-the-test",
        "The answer forgets an import that the test makes, as its author did not.",
        answer(
            "root",
            r"""
import math

def root(x):
    ### BEGIN SOLUTION
    return math.sqrt(x)
    ### END SOLUTION
""",
        ),
        test("root-alone", 1, "assert root(9) == 3"),
        test(
            "root-imported", 1, "import math\nassert root(16) == 4\nassert root(2) == math.sqrt(2)"
        ),
        test("root-later", 1, "assert root(25) == 5"),
        wrong={"root": "def root(x):\n    return math.sqrt(x)"},
        right_own={"root": "def root(x):\n    return x**0.5"},
    ),
    kind(
        "slips-helper-of-the-same-name",
        "The student's helper has the name of a helper of the test's.",
        answer(
            "squares",
            r"""
def squares(n):
    ### BEGIN SOLUTION
    return [i * i for i in range(n)]
    ### END SOLUTION
""",
        ),
        test(
            "squares-test",
            2,
            "def check(n, expected):\n    assert squares(n) == expected\n\n"
            "check(3, [0, 1, 4])\ncheck(0, [])",
        ),
        wrong_helper={
            "squares": "def check(i):\n    return i * i\n"
            "def squares(n):\n    return [check(i) for i in range(n)]"
        },
        right_other_helper={
            "squares": "def square(i):\n    return i * i\n"
            "def squares(n):\n    return [square(i) for i in range(n)]"
        },
    ),
    kind(
        "slips-global-in-a-method",
        "A method reads the global instance of the test's instead of self.",
        answer(
            "account",
            r"""
class Account:
    def __init__(self, balance=0):
        self.balance = balance

    def deposit(self, amount):
        ### BEGIN SOLUTION
        self.balance += amount
        ### END SOLUTION
""",
        ),
        test("account-one", 1, "a = Account()\na.deposit(5)\nassert a.balance == 5"),
        test(
            "account-two",
            1,
            "b = Account(1)\nc = Account(2)\nb.deposit(5)\nassert b.balance == 6\n"
            "assert c.balance == 2",
        ),
        wrong={
            "account": "class Account:\n    def __init__(self, balance=0):\n"
            "        self.balance = balance\n    def deposit(self, amount):\n"
            "        a.balance += amount\na = Account()"
        },
    ),
    kind(
        "slips-module-state",
        "A module beside the notebook counts what the answer asks of it.",
        code("import meter", "setup"),
        answer(
            "peak",
            r"""
def peak(n):
    "Where meter.height is highest, in as few questions as possible; it rises, then falls."
    ### BEGIN SOLUTION
    low, high = 0, n - 1
    while low < high:
        middle = (low + high) // 2
        if meter.height(middle) < meter.height(middle + 1):
            low = middle + 1
        else:
            high = middle
    return low
    ### END SOLUTION
""",
        ),
        test(
            "peak-test",
            2,
            "before = meter.questions\nassert peak(100) == 70\n"
            "assert meter.questions - before <= 16",
        ),
        files={
            "meter.py": "questions = 0\n\ndef height(x):\n    global questions\n"
            "    questions += 1\n    return -abs(x - 70)\n"
        },
        wrong_all={"peak": "def peak(n):\n    return max(range(n), key=meter.height)"},
    ),
    kind(
        "slips-registry",
        "The author's base class keeps a list of its subclasses, which are the answers.",
        code(
            r"""
class Shape:
    known = []

    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        Shape.known.append(cls.__name__)
""",
            "given",
        ),
        answer(
            "shapes",
            r"""
### BEGIN SOLUTION
class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2
### END SOLUTION
""",
        ),
        test("shapes-known", 1, "assert Shape.known == ['Square']"),
        test("shapes-area", 1, "assert Square(3).area() == 9 and isinstance(Square(1), Shape)"),
        wrong={
            "shapes": "class Square:\n    def __init__(self, side):\n        self.side = side\n"
            "    def area(self):\n        return self.side**2"
        },
        wrong_two={
            "shapes": "class Circle(Shape):\n    pass\nclass Square(Shape):\n"
            "    def area(self):\n        return 9\n    def __init__(self, side):\n        pass"
        },
    ),
    kind(
        "slips-given-patched",
        "The student changes the author's class for a purpose of their own.",
        code(
            r"""
class Card:
    def __init__(self, rank, suit):
        self.rank, self.suit = rank, suit

    def __eq__(self, other):
        return (self.rank, self.suit) == (other.rank, other.suit)
""",
            "given",
        ),
        answer(
            "pairs",
            r"""
def pairs(hand):
    "How many pairs of equal cards there are in a hand."
    ### BEGIN SOLUTION
    return sum(a == b for i, a in enumerate(hand) for b in hand[:i])
    ### END SOLUTION
""",
        ),
        test("pairs-test", 1, "assert pairs([Card(1, 'x'), Card(2, 'y'), Card(1, 'x')]) == 1"),
        test("pairs-cards", 1, "assert Card(1, 'x') != Card(1, 'y')"),
        right_shown={
            "pairs": "Card.__repr__ = lambda self: f'{self.rank}{self.suit}'\n"
            "def pairs(hand):\n    return sum(a == b for i, a in enumerate(hand) for b in hand[:i])"
        },
        wrong_ranks={
            "pairs": "Card.__eq__ = lambda self, other: self.rank == other.rank\n"
            "def pairs(hand):\n    return sum(a == b for i, a in enumerate(hand) for b in hand[:i])"
        },
    ),
    kind(
        "slips-getter",
        "What a property returns must be a copy: the test changes it.",
        answer(
            "history",
            r"""
class History:
    def __init__(self, first=()):
        ### BEGIN SOLUTION
        self._pages = list(first)
        ### END SOLUTION

    def visit(self, page):
        ### BEGIN SOLUTION
        self._pages.append(page)
        ### END SOLUTION

    @property
    def pages(self):
        ### BEGIN SOLUTION
        return self._pages.copy()
        ### END SOLUTION
""",
        ),
        test(
            "history-getter",
            2,
            "h = History()\nh.visit('a')\nh.pages.append('b')\nassert h.pages == ['a']",
        ),
        test(
            "history-named",
            1,
            "h = History()\nh.visit('a')\npages = h.pages\npages.clear()\nassert h.pages == ['a']",
        ),
        test(
            "history-constructor",
            2,
            "start = ['x']\nh = History(start)\nstart.append('y')\nassert h.pages == ['x']",
        ),
        test("history-argument", 1, "h = History(start)\nh.visit('z')\nassert start == ['x', 'y']"),
        right_tuple={
            "history": "class History:\n    def __init__(self, first=()):\n"
            "        self._pages = [*first]\n    def visit(self, page):\n"
            "        self._pages = self._pages + [page]\n    @property\n    def pages(self):\n"
            "        return self._pages[:]"
        },
        wrong={
            "history": "class History:\n    def __init__(self, first=None):\n"
            "        self.pages = first if first is not None else []\n"
            "    def visit(self, page):\n        self.pages.append(page)"
        },
    ),
    kind(
        "slips-closure",
        "A closure over a list that the test changes afterwards.",
        answer(
            "chooser",
            r"""
def chooser(items):
    "A function that gives the items one after another, as they were when it was made."
    ### BEGIN SOLUTION
    kept = iter(list(items))
    return lambda: next(kept)
    ### END SOLUTION
""",
        ),
        test(
            "chooser-test",
            2,
            "items = [1, 2]\nnext_one = chooser(items)\nitems[0] = 9\n"
            "assert next_one() == 1 and next_one() == 2",
        ),
        wrong={
            "chooser": "def chooser(items):\n    kept = iter(items)\n    return lambda: next(kept)"
        },
    ),
    kind(
        "slips-builtin-module",
        "`from math import *` and `from numpy import *` hide built-ins that the test uses.",
        answer(
            "powers",
            r"""
def powers(x, n):
    ### BEGIN SOLUTION
    return [x**i for i in range(n)]
    ### END SOLUTION
""",
        ),
        test("powers-test", 1, "assert powers(2, 4) == [1, 2, 4, 8]"),
        test("powers-pow", 1, "assert powers(3, 3)[2] == pow(3, 2, 100)"),
        test("powers-any", 1, "assert not any(isinstance(x, float) for x in powers(2, 5))"),
        test("powers-round", 1, "assert sum((x for x in powers(2, 3)), 1) == 8"),
        other_math={
            "powers": "from math import *\ndef powers(x, n):\n    return [x**i for i in range(n)]"
        },
        other_numpy={
            "powers": "from numpy import *\ndef powers(x, n):\n    return [x**i for i in range(n)]"
        },
        other_max=work({}, Own("isinstance = 3\nmax = [1, 2]", before="powers-test")),
    ),
    kind(
        "slips-loop-variable",
        "The answer's cell leaves variables that the test sets too, and reads none of them.",
        answer(
            "total",
            r"""
def total(n):
    ### BEGIN SOLUTION
    return n * (n + 1) // 2
    ### END SOLUTION
""",
        ),
        test(
            "total-test",
            2,
            "for i, n in enumerate([0, 1, 3]):\n    result = total(n)\n"
            "    assert result == [0, 1, 6][i]",
        ),
        right_scratch={
            "total": "result = 0\nfor i in range(4):\n    result += i\nprint(result)\n"
            "def total(n):\n    result = 0\n    for i in range(n + 1):\n        result += i\n"
            "    return result"
        },
        wrong_global_result={
            "total": "result = 0\ndef total(n):\n    global result\n"
            "    for i in range(n + 1):\n        result += i\n    return result"
        },
    ),
    kind(
        "slips-lambda-late",
        "Functions in a table read a global loop variable, which the test sets.",
        answer(
            "table",
            r"""
### BEGIN SOLUTION
table = {i: (lambda x, i=i: x + i) for i in range(3)}
### END SOLUTION
""",
        ),
        test("table-one", 1, "assert [table[k](10) for k in range(3)] == [10, 11, 12]"),
        test("table-two", 1, "for i in range(3):\n    assert table[i](1) == 1 + i"),
        wrong={"table": "table = {}\nfor i in range(3):\n    table[i] = lambda x: x + i"},
    ),
    kind(
        "slips-contextvar",
        "A context variable of the author's, set by the test and read by the answer.",
        code(
            "from contextvars import ContextVar\nlanguage = ContextVar('language', default='en')",
            "given",
        ),
        answer(
            "greet",
            r"""
def greet():
    ### BEGIN SOLUTION
    return {"en": "Hello", "de": "Hallo"}[language.get()]
    ### END SOLUTION
""",
        ),
        test("greet-default", 1, "assert greet() == 'Hello'"),
        test(
            "greet-set",
            1,
            "token = language.set('de')\nassert greet() == 'Hallo'\nlanguage.reset(token)\n"
            "assert greet() == 'Hello'",
        ),
        wrong={"greet": "def greet():\n    return 'Hello'"},
    ),
    kind(
        "slips-adventure",
        "A text adventure: the test plays it through input and output of its own.",
        answer(
            "game",
            r"""
class Game:
    "Rooms in a dictionary {name: {direction: name}}; `do` obeys a command and says what is seen."

    def __init__(self, rooms, start):
        self.rooms, self.here, self.bag = rooms, start, []

    def do(self, command):
        ### BEGIN SOLUTION
        match command.split():
            case ["go", where] if where in self.rooms[self.here]:
                self.here = self.rooms[self.here][where]
                return f"You are in the {self.here}."
            case ["take", thing]:
                self.bag.append(thing)
                return "Taken."
            case ["quit"]:
                raise SystemExit
            case _:
                return "You cannot do that."
        ### END SOLUTION
""",
        ),
        test(
            "game-played",
            2,
            r"""
rooms = {"hall": {"north": "attic"}, "attic": {"south": "hall"}}
game = Game(rooms, "hall")
script = ["go north", "go up", "take lamp", "go south"]
said = [game.do(line) for line in script]
assert said == [
    "You are in the attic.", "You cannot do that.", "Taken.", "You are in the hall."
]
assert game.here == "hall" and game.bag == ["lamp"]
""",
        ),
        test(
            "game-quit",
            1,
            "try:\n    game.do('quit')\nexcept SystemExit:\n    left = True\nassert left",
        ),
        wrong={
            "game": "class Game:\n    def __init__(self, rooms, start):\n"
            "        self.rooms, self.here, self.bag = rooms, start, []\n"
            "    def do(self, command):\n        verb, *rest = command.split()\n"
            "        if verb == 'go':\n            self.here = self.rooms[self.here].pop(rest[0], "
            "self.here)\n            return f'You are in the {self.here}.'\n        return 'Taken.'"
        },
    ),
    kind(
        "slips-ufunc",
        "The test makes a ufunc and a vectorised function of the answer.",
        code("import numpy as np", "setup"),
        answer(
            "collatz",
            r"""
def steps(n):
    "How many steps n takes to 1."
    ### BEGIN SOLUTION
    count = 0
    while n != 1:
        n, count = (3 * n + 1 if n % 2 else n // 2), count + 1
    return count
    ### END SOLUTION
""",
        ),
        test(
            "steps-vectorised",
            1,
            "assert np.vectorize(steps)(np.arange(1, 7)).tolist() == [0, 1, 7, 2, 5, 8]",
        ),
        test(
            "steps-ufunc",
            1,
            "u = np.frompyfunc(steps, 1, 1)\n"
            "assert u([[6, 3], [1, 8]]).tolist() == [[8, 7], [0, 3]]",
        ),
        test(
            "steps-along",
            1,
            "found = np.apply_along_axis(lambda row: steps(int(row.sum())), 1, np.eye(2))\n"
            "assert found.sum() == 0",
        ),
        wrong={"collatz": "def steps(n):\n    return 0 if n == 1 else n - 1"},
    ),
    kind(
        "slips-database",
        "The answer works on a connection that the test has opened in memory.",
        answer(
            "library",
            r"""
import sqlite3

def lend(connection, book, reader):
    "Note the loan; sqlite3.IntegrityError, and no change at all, if the book is lent already."
    ### BEGIN SOLUTION
    with connection:
        connection.execute("UPDATE readers SET loans = loans + 1 WHERE name = ?", (reader,))
        connection.execute("INSERT INTO loans VALUES (?, ?)", (book, reader))
    ### END SOLUTION
""",
        ),
        test(
            "lend-test",
            2,
            r"""
import sqlite3
db = sqlite3.connect(":memory:")
db.executescript(
    "CREATE TABLE readers (name TEXT PRIMARY KEY, loans INT);"
    "CREATE TABLE loans (book TEXT UNIQUE, reader TEXT);"
    "INSERT INTO readers VALUES ('Ada', 0), ('Bob', 0);"
)
lend(db, "Emma", "Ada")
try:
    lend(db, "Emma", "Bob")
except sqlite3.IntegrityError:
    pass
else:
    raise AssertionError("lent twice")
assert db.execute("SELECT loans FROM readers ORDER BY name").fetchall() == [(1,), (0,)]
""",
        ),
        test("lend-count", 1, "assert db.execute('SELECT count(*) FROM loans').fetchone() == (1,)"),
        wrong_half={
            "library": "def lend(db, book, reader):\n"
            "    db.execute('UPDATE readers SET loans = loans + 1 WHERE name = ?', (reader,))\n"
            "    db.execute('INSERT INTO loans VALUES (?, ?)', (book, reader))"
        },
    ),
    kind(
        "slips-bits",
        "Bits, signs and bytes: exact integers of Python and of NumPy, which overflow.",
        code("import numpy as np", "setup"),
        answer(
            "bits",
            r"""
def parity(n):
    ### BEGIN SOLUTION
    return n.bit_count() % 2
    ### END SOLUTION

def rotated(n, k):
    "An unsigned number of eight bits, rotated to the left by k."
    ### BEGIN SOLUTION
    return (n << k | n >> 8 - k) & 0xFF
    ### END SOLUTION

def product(numbers):
    "The exact product of an array of integers."
    ### BEGIN SOLUTION
    found = 1
    for number in numbers:
        found *= int(number)
    return found
    ### END SOLUTION
""",
        ),
        test("bits-parity", 1, "assert parity(7) == 1 and parity(2**100 + 1) == 0"),
        test("bits-rotated", 1, "assert rotated(0b10010110, 3) == 0b10110100"),
        test("bits-product", 2, "assert product(np.full(50, 7)) == 7**50"),
        test("bits-type", 1, "assert type(product(np.array([2, 3]))) is int"),
        wrong={
            "bits": "def parity(n):\n    return bin(n).count('1') & 1\ndef rotated(n, k):\n"
            "    return n << k | n >> 8 - k\ndef product(numbers):\n    return np.prod(numbers)"
        },
    ),
]

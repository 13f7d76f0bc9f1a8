"""What courses on algorithms ask: searching, sorting, trees, graphs, their costs."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "algorithms-counted-access",
        "A subclass of list counts how often an item is read: the search must be binary.",
        answer(
            "search",
            r"""
def search(items, wanted):
    "The place of wanted in sorted items, or -1; reads few of them."
    ### BEGIN SOLUTION
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(items) and items[low] == wanted else -1
    ### END SOLUTION
""",
        ),
        test(
            "search-found",
            1,
            r"""
assert search([1, 3, 5, 7], 5) == 2
assert search([], 5) == -1
""",
        ),
        test(
            "search-cost",
            2,
            r"""
class Counted(list):
    reads = 0

    def __getitem__(self, place):
        self.reads += 1
        return super().__getitem__(place)

    def __iter__(self):
        raise AssertionError("do not read all of it")

items = Counted(range(0, 20000, 2))
assert search(items, 1234) == 617
assert 0 < items.reads <= 30, f"{items.reads} items were read"
""",
        ),
        wrong_linear={
            "search": r"""
def search(items, wanted):
    for place in range(len(items)):
        if items[place] == wanted:
            return place
    return -1
"""
        },
        wrong_index={
            "search": r"""
def search(items, wanted):
    return items.index(wanted) if wanted in items else -1
"""
        },
    ),
    kind(
        "algorithms-sort-objects",
        "The test's own objects are sorted: by a key, by their `<`, stable, and the same objects.",
        answer(
            "sort",
            r"""
def insertion_sort(items, key=None, reverse=False):
    "Sort in place by key, stable. Returns None."
    ### BEGIN SOLUTION
    def before(a, b):
        if key is not None:
            a, b = key(a), key(b)
        return b < a if reverse else a < b

    for place in range(1, len(items)):
        while place and before(items[place], items[place - 1]):
            items[place - 1], items[place] = items[place], items[place - 1]
            place -= 1
    ### END SOLUTION
""",
        ),
        test(
            "sort-numbers",
            1,
            r"""
numbers = [3, 1, 2]
assert insertion_sort(numbers) is None
assert numbers == [1, 2, 3]
insertion_sort(numbers, reverse=True)
assert numbers == [3, 2, 1]
""",
        ),
        test(
            "sort-cards",
            3,
            r"""
class Card:
    compared = 0

    def __init__(self, rank, suit):
        self.rank, self.suit = rank, suit

    def __lt__(self, other):
        Card.compared += 1
        return self.rank < other.rank

    def __repr__(self):
        return f"{self.rank}{self.suit}"

cards = [Card(9, "h"), Card(2, "s"), Card(9, "d"), Card(1, "c")]
ace, two, first, second = cards[3], cards[1], cards[0], cards[2]
insertion_sort(cards)
assert cards[0] is ace and cards[1] is two
assert cards[2] is first and cards[3] is second, "equal cards should stay in order"
assert 3 <= Card.compared <= 6, Card.compared
""",
        ),
        test(
            "sort-key",
            2,
            r"""
from functools import cmp_to_key

insertion_sort(cards, key=lambda card: card.suit)
assert [card.suit for card in cards] == ["c", "d", "h", "s"]
words = ["bb", "a", "ccc"]
insertion_sort(words, key=cmp_to_key(lambda a, b: len(b) - len(a)))
assert words == ["ccc", "bb", "a"]
insertion_sort(words, key=str.lower)
assert str(words) == "['a', 'bb', 'ccc']"
""",
        ),
        wrong_unstable={
            "sort": r"""
def insertion_sort(items, key=None, reverse=False):
    key = key or (lambda x: x)
    for i in range(len(items)):
        for j in range(i, len(items)):
            if not key(items[i]) < key(items[j]):
                items[i], items[j] = items[j], items[i]
    if reverse:
        items.reverse()
"""
        },
    ),
    kind(
        "algorithms-tree",
        "A recursive data class: the test builds trees by hand, goes deep, and looks at the parts.",
        answer(
            "tree",
            r"""
from dataclasses import dataclass, field

### BEGIN SOLUTION
@dataclass
class Node:
    key: int
    left: "Node | None" = None
    right: "Node | None" = None

    def insert(self, key):
        side = "left" if key < self.key else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Node(key))
        else:
            child.insert(key)
        return self

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        yield self.key
        if self.right is not None:
            yield from self.right

    def __len__(self):
        return sum(1 for _ in self)
### END SOLUTION

def depth(node):
    "0 for None"
    ### BEGIN SOLUTION
    return 0 if node is None else 1 + max(depth(node.left), depth(node.right))
    ### END SOLUTION
""",
        ),
        test(
            "tree-insert",
            2,
            r"""
import dataclasses

root = Node(5)
assert root.insert(2) is root
root.insert(8).insert(6)
assert list(root) == [2, 5, 6, 8] and len(root) == 4
assert root.left == Node(2) and root.right.left.key == 6
assert [f.name for f in dataclasses.fields(Node)] == ["key", "left", "right"]
assert repr(Node(1)) == "Node(key=1, left=None, right=None)"
""",
        ),
        test(
            "tree-depth",
            2,
            r"""
assert depth(None) == 0 and depth(root) == 3
chain = None
for key in range(300, 0, -1):
    chain = Node(key, right=chain)
assert depth(chain) == 300
assert sum(chain) == 300 * 301 // 2

class Pair:
    "Not the student's class."
    def __init__(self, left=None, right=None):
        self.left, self.right = left, right

assert depth(Pair(Pair(), Pair(Pair()))) == 3
""",
        ),
        test(
            "tree-too-deep",
            1,
            r"""
import sys

endless = Node(0)
endless.right = endless
try:
    depth(endless)
except RecursionError:
    pass
else:
    raise AssertionError("a tree without end")
copy = dataclasses.replace(root, key=50)
assert copy.left is root.left and copy != root
assert dataclasses.asdict(root)["right"]["left"]["key"] == 6
""",
        ),
        wrong_depth={
            "tree": r"""
class Node:
    def __init__(self, key, left=None, right=None):
        self.key, self.left, self.right = key, left, right
    def insert(self, key):
        if key < self.key:
            if self.left: self.left.insert(key)
            else: self.left = Node(key)
        else:
            if self.right: self.right.insert(key)
            else: self.right = Node(key)
    def __iter__(self):
        for side in (self.left, self.right):
            if side: yield from side
        yield self.key

def depth(node):
    return 0
"""
        },
    ),
    kind(
        "algorithms-retry",
        "A decorator with arguments; the test hands over functions that fail, and patches sleep.",
        answer(
            "retry",
            r"""
import functools
import time

def retry(times, errors=(Exception,), wait=0.0):
    "Call again after one of these errors, at most so often; the last error goes through."
    ### BEGIN SOLUTION
    def decorate(function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            for left in reversed(range(times)):
                wrapped.calls += 1
                try:
                    return function(*args, **kwargs)
                except errors:
                    if not left:
                        raise
                    time.sleep(wait)
        wrapped.calls = 0
        return wrapped
    return decorate
    ### END SOLUTION
""",
        ),
        test(
            "retry-fails",
            2,
            r"""
class Flaky(Exception):
    def __init__(self, number):
        super().__init__(f"attempt {number}")
        self.number = number

attempts = []

@retry(3, errors=(Flaky,))
def unlucky(x, *, y=0):
    "Fails twice."
    attempts.append(x)
    if len(attempts) < 3:
        raise Flaky(len(attempts))
    return x + y

assert unlucky(1, y=2) == 3 and attempts == [1, 1, 1]
assert unlucky.__name__ == "unlucky" and unlucky.__doc__ == "Fails twice."
assert unlucky.calls == 3
""",
        ),
        test(
            "retry-gives-up",
            2,
            r"""
@retry(2, (Flaky, KeyError))
def never():
    raise Flaky(7)

try:
    never()
except Flaky as error:
    assert error.number == 7 and str(error) == "attempt 7"
else:
    raise AssertionError("the last error should go through")

@retry(5, KeyError)
def other():
    attempts.append("once")
    raise ValueError("no")

attempts.clear()
try:
    other()
except ValueError as error:
    assert attempts == ["once"]
else:
    assert False
""",
        ),
        test(
            "retry-waits",
            1,
            r"""
from unittest import mock

with mock.patch("time.sleep") as sleep:
    try:
        retry(4, wait=30)(lambda: 1 / 0)()
    except ZeroDivisionError:
        pass
assert sleep.call_args_list == [mock.call(30)] * 3
""",
        ),
        wrong_all_errors={
            "retry": r"""
import time
def retry(times, errors=(Exception,), wait=0.0):
    def decorate(function):
        def wrapped(*args, **kwargs):
            for _ in range(times):
                try:
                    return function(*args, **kwargs)
                except Exception as error:
                    time.sleep(wait and 0.001)
        return wrapped
    return decorate
"""
        },
    ),
]

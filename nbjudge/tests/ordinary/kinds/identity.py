"""Mutation, aliasing and identity of what crosses between test and answer."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "identity-returned-argument",
        "The answer returns its argument itself, or part of it.",
        answer(
            "sort",
            r"""
def sort_in_place(items):
    "Sorts and returns the same list."
    ### BEGIN SOLUTION
    items.sort()
    return items
    ### END SOLUTION

def longest(lists):
    "One of the lists themselves."
    ### BEGIN SOLUTION
    return max(lists, key=len)
    ### END SOLUTION
""",
        ),
        test(
            "sort-same",
            2,
            r"""
items = [3, 1, 2]
result = sort_in_place(items)
assert result is items and items == [1, 2, 3]
result.append(4)
assert items[-1] == 4
""",
        ),
        test(
            "longest-same",
            2,
            r"""
lists = [[1], [2, 3], []]
best = longest(lists)
assert best is lists[1]
best.append(9)
assert lists == [[1], [2, 3, 9], []]
""",
        ),
        wrong_copies={
            "sort": r"""
def sort_in_place(items):
    return sorted(items)

def longest(lists):
    return list(max(lists, key=len))
"""
        },
    ),
    kind(
        "identity-nested-mutation",
        "Lists in dictionaries in lists are changed in place, at depth.",
        answer(
            "tag",
            r"""
def tag_all(records):
    "Append 'seen' to the tags of each record, in place; records without tags get a list."
    ### BEGIN SOLUTION
    for record in records:
        record.setdefault("tags", []).append("seen")
    ### END SOLUTION
""",
        ),
        test(
            "tag-test",
            3,
            r"""
shared = ["new"]
records = [{"tags": shared}, {"name": "b"}, {"tags": shared}]
assert tag_all(records) is None
assert shared == ["new", "seen", "seen"]
assert records[1] == {"name": "b", "tags": ["seen"]}
assert records[0]["tags"] is records[2]["tags"] is shared
""",
        ),
        wrong_new_lists={
            "tag": r"""
def tag_all(records):
    for record in records:
        record["tags"] = record.get("tags", []) + ["seen"]
"""
        },
    ),
    kind(
        "identity-copies",
        "Shallow and deep copies are told apart by what is shared.",
        answer(
            "copies",
            r"""
import copy

def shallow(board):
    ### BEGIN SOLUTION
    return board[:]
    ### END SOLUTION

def deep(board):
    ### BEGIN SOLUTION
    return copy.deepcopy(board)
    ### END SOLUTION
""",
        ),
        test(
            "copies-shallow",
            1,
            r"""
board = [[0] * 2, [1] * 2]
s = shallow(board)
assert s is not board and s[0] is board[0]
""",
        ),
        test(
            "copies-deep",
            2,
            r"""
d = deep(board)
assert d == board and d[0] is not board[0]
d[0][0] = 9
assert board[0][0] == 0
row = [1]
twice = deep([row, row])
assert twice[0] is twice[1] and twice[0] is not row
""",
        ),
        wrong_swapped={
            "copies": r"""
def shallow(board):
    return [row[:] for row in board]

def deep(board):
    return list(board)
"""
        },
    ),
    kind(
        "identity-cached-object",
        "Two calls return the same object: a singleton, a cache, interned nodes.",
        answer(
            "config",
            r"""
_cache = {}

def config(name):
    "The same dictionary at each call."
    ### BEGIN SOLUTION
    return _cache.setdefault(name, {"name": name})
    ### END SOLUTION

class Single:
    ### BEGIN SOLUTION
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance
    ### END SOLUTION
""",
        ),
        test(
            "config-same",
            2,
            r"""
a = config("x")
assert config("x") is a and config("y") is not a
a["colour"] = "red"
assert config("x")["colour"] == "red"
""",
        ),
        test(
            "config-single", 1, "assert Single() is Single()\nassert id(Single()) == id(Single())"
        ),
        wrong_new={
            "config": r"""
def config(name):
    return {"name": name}

class Single:
    pass
"""
        },
    ),
    kind(
        "identity-arguments-stay",
        "The answer must leave its arguments alone.",
        answer(
            "without",
            r"""
def without(items, unwanted):
    ### BEGIN SOLUTION
    return [item for item in items if item not in unwanted]
    ### END SOLUTION

def merged(a, b):
    ### BEGIN SOLUTION
    return {**a, **b}
    ### END SOLUTION
""",
        ),
        test(
            "without-test",
            2,
            r"""
items, unwanted = [1, 2, 3, 2], {2}
assert without(items, unwanted) == [1, 3]
assert items == [1, 2, 3, 2] and unwanted == {2}
""",
        ),
        test(
            "merged-test",
            2,
            r"""
a, b = {"x": 1}, {"x": 2, "y": []}
c = merged(a, b)
assert c == {"x": 2, "y": []} and a == {"x": 1} and c is not a
assert c["y"] is b["y"]
""",
        ),
        wrong_mutates={
            "without": r"""
def without(items, unwanted):
    for item in list(items):
        if item in unwanted:
            items.remove(item)
    return items

def merged(a, b):
    a.update(b)
    return a
"""
        },
    ),
    kind(
        "identity-object-argument",
        "The test passes instances of its own classes; the answer uses and changes them.",
        answer(
            "feed",
            r"""
def feed(pets, food):
    "Call eat(food) of each pet that is hungry; set `last` of all; return the names of the fed."
    ### BEGIN SOLUTION
    fed = []
    for pet in pets:
        pet.last = food
        if pet.hungry:
            pet.eat(food)
            fed.append(pet.name)
    return fed
    ### END SOLUTION
""",
        ),
        test(
            "feed-test",
            3,
            r"""
class Pet:
    def __init__(self, name, hungry):
        self.name, self.hungry, self.eaten = name, hungry, []

    def eat(self, food):
        self.eaten.append(food)
        self.hungry = False

pets = [Pet("Tom", True), Pet("Spike", False)]
assert feed(pets, "fish") == ["Tom"]
assert pets[0].eaten == ["fish"] and not pets[0].hungry
assert pets[1].eaten == [] and pets[1].last == "fish"
assert feed(iter(pets), "milk") == []
""",
        ),
        wrong_feeds_all={
            "feed": r"""
def feed(pets, food):
    for pet in pets:
        pet.eat(food)
    return [pet.name for pet in pets]
"""
        },
    ),
    kind(
        "identity-mock-argument",
        "The test passes Mocks, duck-typed stand-ins and subclasses of built-ins.",
        answer(
            "notify",
            r"""
def notify(users, sender):
    "sender.send(user, subject=...) for each user but those whose name starts with '_'."
    ### BEGIN SOLUTION
    for user in users:
        if not user.startswith("_"):
            sender.send(user, subject=f"Hello {user}")
    sender.close()
    ### END SOLUTION
""",
        ),
        test(
            "notify-test",
            3,
            r"""
from unittest.mock import Mock, call

sender = Mock()
notify(["ada", "_bot", "bob"], sender)
assert sender.send.call_args_list == [
    call("ada", subject="Hello ada"),
    call("bob", subject="Hello bob"),
]
sender.close.assert_called_once()

class Users(list):
    def __iter__(self):
        return iter(["zoe"])

notify(Users(), sender)
sender.send.assert_called_with("zoe", subject="Hello zoe")
""",
        ),
        wrong_positional={
            "notify": r"""
def notify(users, sender):
    for user in users:
        sender.send(user, f"Hello {user}")
"""
        },
    ),
]

"""Generators, iterators and lazy objects."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "iteration-infinite-generator",
        "A generator without end, read with next and islice.",
        answer(
            "primes",
            r"""
def primes():
    ### BEGIN SOLUTION
    found = []
    n = 2
    while True:
        if all(n % p for p in found):
            found.append(n)
            yield n
        n += 1
    ### END SOLUTION
""",
        ),
        test(
            "primes-first",
            2,
            r"""
from itertools import islice, takewhile

gen = primes()
assert next(gen) == 2 and next(gen) == 3
assert list(islice(gen, 3)) == [5, 7, 11]
assert list(takewhile(lambda p: p < 12, primes())) == [2, 3, 5, 7, 11]
""",
        ),
        test(
            "primes-generator",
            1,
            r"""
import types
assert isinstance(primes(), types.GeneratorType)
assert iter(gen) is gen
for p in primes():
    if p > 50:
        break
assert p == 53
""",
        ),
        wrong_list={
            "primes": r"""
def primes():
    return [n for n in range(2, 100) if all(n % d for d in range(2, n))]
"""
        },
        wrong_one={
            "primes": r"""
def primes():
    n = 1
    while True:
        yield n
        n += 2
"""
        },
    ),
    kind(
        "iteration-lazy",
        "The generator must read its input only as far as it is asked to.",
        answer(
            "pairs",
            r"""
def pairs(items):
    "Neighbouring pairs, lazily."
    ### BEGIN SOLUTION
    items = iter(items)
    last = next(items, None)
    for item in items:
        yield last, item
        last = item
    ### END SOLUTION
""",
        ),
        test(
            "pairs-values",
            1,
            "assert list(pairs('abc')) == [('a', 'b'), ('b', 'c')]\nassert list(pairs([])) == []",
        ),
        test(
            "pairs-lazy",
            2,
            r"""
import itertools

read = []

def source():
    for n in itertools.count():
        read.append(n)
        yield n

stream = pairs(source())
assert read == []
assert next(stream) == (0, 1)
assert read == [0, 1]
""",
        ),
        wrong_eager={
            "pairs": r"""
def pairs(items):
    items = list(items)
    return zip(items, items[1:])
"""
        },
        right_pairwise={"pairs": "from itertools import pairwise as pairs"},
    ),
    kind(
        "iteration-send",
        "A coroutine in the old style: send, throw, close and the returned value.",
        answer(
            "average",
            r"""
def average():
    "Send numbers, get the running mean; after close or None, return it."
    ### BEGIN SOLUTION
    total, count, mean = 0.0, 0, None
    while True:
        value = yield mean
        if value is None:
            return mean
        total += value
        count += 1
        mean = total / count
    ### END SOLUTION
""",
        ),
        test(
            "average-send",
            2,
            r"""
mean = average()
next(mean)
assert mean.send(10) == 10.0
assert mean.send(20) == 15.0
try:
    mean.send(None)
except StopIteration as stop:
    assert stop.value == 15.0
else:
    assert False
""",
        ),
        test(
            "average-close",
            1,
            r"""
mean = average()
next(mean)
mean.close()
try:
    mean.send(1)
except StopIteration:
    pass
else:
    assert False

def outer():
    result = yield from average()
    yield ("result", result)

steps = outer()
next(steps); steps.send(4)
assert steps.send(None) == ("result", 4.0)
""",
        ),
        wrong={
            "average": r"""
def average():
    values = []
    while True:
        value = yield
        values.append(value)
        yield sum(values) / len(values)
"""
        },
    ),
    kind(
        "iteration-protocol",
        "An iterator class, exhausted once; an iterable class, read twice.",
        answer(
            "countdown",
            r"""
class Countdown:
    "An iterator: n, n - 1, ..., 1."
    ### BEGIN SOLUTION
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n + 1
    ### END SOLUTION

class Interval:
    "An iterable: low, ..., high - 1, as often as one likes; also backwards."
    ### BEGIN SOLUTION
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __iter__(self):
        return iter(range(self.low, self.high))

    def __reversed__(self):
        return iter(range(self.high - 1, self.low - 1, -1))
    ### END SOLUTION
""",
        ),
        test(
            "countdown-iterator",
            2,
            r"""
down = Countdown(3)
assert next(down) == 3
assert list(down) == [2, 1]
assert list(down) == []
assert next(down, "over") == "over"
assert iter(down) is down
assert sum(Countdown(4)) == 10
""",
        ),
        test(
            "interval-iterable",
            2,
            r"""
interval = Interval(2, 5)
assert list(interval) == [2, 3, 4]
assert list(interval) == [2, 3, 4]
assert [(x, y) for x in interval for y in interval][-1] == (4, 4)
assert list(reversed(interval)) == [4, 3, 2]
assert 3 in interval and 9 not in interval
first, *_ = interval
assert first == 2
assert dict(zip(interval, "abc")) == {2: "a", 3: "b", 4: "c"}
""",
        ),
        wrong_exhausted={
            "countdown": r"""
class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n, 0, -1))

class Interval:
    def __init__(self, low, high):
        self.rest = iter(range(low, high))

    def __iter__(self):
        return self.rest
"""
        },
    ),
    kind(
        "iteration-built-ins",
        "The answer returns map, filter, zip, range, reversed or enumerate objects.",
        answer(
            "evens",
            r"""
def evens(numbers):
    "The even ones, as an iterator."
    ### BEGIN SOLUTION
    return filter(lambda n: n % 2 == 0, numbers)
    ### END SOLUTION

def steps(n):
    "The indices 0, 3, 6, ... below n, as a range."
    ### BEGIN SOLUTION
    return range(0, n, 3)
    ### END SOLUTION

def numbered(words):
    ### BEGIN SOLUTION
    return enumerate(words, start=1)
    ### END SOLUTION
""",
        ),
        test(
            "evens-iterator",
            2,
            r"""
found = evens(range(7))
assert next(found) == 0
assert list(found) == [2, 4, 6]
assert list(found) == []
assert not isinstance(evens([]), list)
""",
        ),
        test(
            "steps-range",
            1,
            r"""
r = steps(10)
assert r == range(0, 10, 3) and isinstance(r, range)
assert len(r) == 4 and r[-1] == 9 and 6 in r and r.step == 3
assert list(steps(10**18)[:2]) == [0, 3]
""",
        ),
        test("numbered-test", 1, "assert dict(numbered(['a', 'b'])) == {1: 'a', 2: 'b'}"),
        wrong_lists={
            "evens": r"""
def evens(numbers):
    return [n for n in numbers if n % 2 == 0]

def steps(n):
    return list(range(0, min(n, 1000), 3))

def numbered(words):
    return [(i, w) for i, w in enumerate(words)]
"""
        },
        right_generators={
            "evens": r"""
def evens(numbers):
    for n in numbers:
        if not n & 1:
            yield n

def steps(n):
    return range(n)[::3]

def numbered(words):
    return zip(range(1, len(words) + 1), words)
"""
        },
    ),
    kind(
        "iteration-input",
        "The test passes generators and iterators as arguments.",
        answer(
            "mean",
            r"""
def mean(numbers):
    "Of any iterable, read once."
    ### BEGIN SOLUTION
    total = count = 0
    for number in numbers:
        total += number
        count += 1
    return total / count
    ### END SOLUTION
""",
        ),
        test(
            "mean-test",
            2,
            r"""
assert mean([1, 2, 3]) == 2
assert mean(x * x for x in range(3)) == 5 / 3
assert mean(iter({4, 6})) == 5
assert mean(map(int, "123")) == 2
numbers = iter([1, 2, 3, 100])
assert next(numbers) == 1
assert mean(numbers) == 35 and list(numbers) == []
""",
        ),
        wrong_len={"mean": "def mean(numbers):\n    return sum(numbers) / len(numbers)"},
        right_list={
            "mean": r"""
def mean(numbers):
    numbers = list(numbers)
    return sum(numbers) / len(numbers)
"""
        },
    ),
    kind(
        "iteration-with-callbacks",
        "Lazy versions of map and filter, with a function and a generator from the test.",
        answer(
            "lazy",
            r"""
def lazy_map(f, items):
    ### BEGIN SOLUTION
    for item in items:
        yield f(item)
    ### END SOLUTION

def batches(items, size):
    "Lists of `size` items, lazily; the last may be shorter."
    ### BEGIN SOLUTION
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
    ### END SOLUTION
""",
        ),
        test(
            "lazy-map",
            2,
            r"""
trace = []

def numbers():
    for n in (1, 2, 3):
        trace.append(f"make {n}")
        yield n

def square(n):
    trace.append(f"square {n}")
    return n * n

stream = lazy_map(square, numbers())
assert trace == [] and next(stream) == 1
assert trace == ["make 1", "square 1"]
assert list(stream) == [4, 9] and trace[-1] == "square 3"
""",
        ),
        test(
            "lazy-batches",
            2,
            r"""
import itertools
assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
assert next(batches(itertools.count(5), 3)) == [5, 6, 7]
assert list(batches([], 2)) == [] and [len(b) for b in batches(range(4), 4)] == [4]
""",
        ),
        wrong_eager={
            "lazy": r"""
def lazy_map(f, items):
    return iter([f(item) for item in items])

def batches(items, size):
    items = [item for item, _ in zip(items, range(1000))]
    return [items[i : i + size] for i in range(0, len(items), size)]
"""
        },
    ),
]

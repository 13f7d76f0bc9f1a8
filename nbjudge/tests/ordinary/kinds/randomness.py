"""Random numbers: global seeds, generators that are passed, statistics of draws."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "randomness-numpy-seed",
        "The test seeds NumPy's global state and compares with its own draw.",
        answer(
            "draw",
            r"""
import numpy as np

def draw(n):
    "n numbers from [0, 1)."
    ### BEGIN SOLUTION
    return np.random.rand(n)
    ### END SOLUTION
""",
        ),
        test(
            "draw-seeded",
            2,
            r"""
np.random.seed(0)
a = draw(5)
np.random.seed(0)
assert (a == np.random.rand(5)).all()
""",
        ),
        test(
            "draw-goes-on",
            2,
            r"""
np.random.seed(1)
expected = np.random.rand(4)
np.random.seed(1)
draw(2)
assert (np.random.rand(2) == expected[2:]).all(), "a draw advances the state"
state = np.random.get_state()
b = draw(3)
np.random.set_state(state)
assert (draw(3) == b).all()
""",
        ),
        wrong_generator={
            "draw": r"""
import numpy as np

def draw(n):
    return np.random.default_rng(0).random(n)
"""
        },
        right_uniform={
            "draw": r"""
import numpy as np

def draw(n):
    return np.random.uniform(size=n)
"""
        },
    ),
    kind(
        "randomness-random-seed",
        "The same with Python's own random module.",
        answer(
            "roll",
            r"""
import random

def roll(n):
    ### BEGIN SOLUTION
    return [random.randint(1, 6) for _ in range(n)]
    ### END SOLUTION
""",
        ),
        test(
            "roll-seeded",
            2,
            r"""
import random
random.seed(3)
dice = roll(5)
random.seed(3)
assert dice == [random.randint(1, 6) for _ in range(5)]
assert random.random() != random.random()
""",
        ),
        test(
            "roll-range",
            1,
            "assert set(roll(500)) == {1, 2, 3, 4, 5, 6}\nassert roll(20) != roll(20)",
        ),
        wrong_range={
            "roll": r"""
import random

def roll(n):
    return [random.randint(0, 5) for _ in range(n)]
"""
        },
        wrong_seeds={
            "roll": r"""
import random

def roll(n):
    random.seed(0)
    return [random.randint(1, 6) for _ in range(n)]
"""
        },
    ),
    kind(
        "randomness-generator",
        "The test passes a Generator or a Random; drawing changes it.",
        answer(
            "walk",
            r"""
import numpy as np

def walk(rng, steps):
    ### BEGIN SOLUTION
    return np.cumsum(rng.choice([-1, 1], size=steps))
    ### END SOLUTION

def pick(rng, items):
    "With an instance of random.Random."
    ### BEGIN SOLUTION
    return rng.choice(items)
    ### END SOLUTION
""",
        ),
        test(
            "walk-generator",
            2,
            r"""
rng, twin = np.random.default_rng(5), np.random.default_rng(5)
assert (walk(rng, 10) == np.cumsum(twin.choice([-1, 1], size=10))).all()
assert rng.random() == twin.random(), "the generator has moved on"
old = np.random.RandomState(2)
assert walk(old, 4).shape == (4,)
""",
        ),
        test(
            "pick-random",
            1,
            r"""
import random
r, s = random.Random(1), random.Random(1)
assert pick(r, "abc") == s.choice("abc")
assert r.random() == s.random()
""",
        ),
        wrong_own={
            "walk": r"""
import random
import numpy as np

def walk(rng, steps):
    return np.cumsum(np.random.default_rng(5).choice([-1, 1], size=steps))

def pick(rng, items):
    return random.choice(items)
"""
        },
    ),
    kind(
        "randomness-setup-seed",
        "A cell of the author's seeds; the answer draws when its cell runs, not in a function.",
        answer(
            "sample",
            r"""
import numpy as np

np.random.seed(42)
### BEGIN SOLUTION
sample = np.random.normal(170, 10, size=1000)
mean, std = sample.mean(), sample.std()
### END SOLUTION
""",
        ),
        test(
            "sample-test",
            2,
            r"""
assert sample.shape == (1000,)
np.random.seed(42)
np.testing.assert_allclose(sample, np.random.normal(170, 10, size=1000))
""",
        ),
        test(
            "sample-mean",
            1,
            "assert abs(mean - 170.193) < 1e-3 and abs(std - sample.std()) < 1e-12",
        ),
        wrong_other_draw={
            "sample": r"""
import numpy as np

np.random.seed(42)
sample = 170 + 10 * np.random.rand(1000)
mean, std = sample.mean(), sample.std()
"""
        },
    ),
    kind(
        "randomness-shuffle",
        "Shuffling in place, and statistics over many calls.",
        answer(
            "shuffle",
            r"""
import random

def shuffle(items):
    "In place, uniformly."
    ### BEGIN SOLUTION
    for i in range(len(items) - 1, 0, -1):
        j = random.randint(0, i)
        items[i], items[j] = items[j], items[i]
    ### END SOLUTION
""",
        ),
        test(
            "shuffle-in-place",
            1,
            r"""
items = list(range(20))
assert shuffle(items) is None
assert items != list(range(20)) and sorted(items) == list(range(20))
""",
        ),
        test(
            "shuffle-uniform",
            2,
            r"""
from collections import Counter

counts = Counter()
for _ in range(3000):
    deck = ["a", "b", "c"]
    shuffle(deck)
    counts["".join(deck)] += 1
assert len(counts) == 6
assert max(counts.values()) < 650 and min(counts.values()) > 350, counts
""",
        ),
        wrong_biased={
            "shuffle": r"""
import random

def shuffle(items):
    i = random.randrange(1, len(items))
    items[:] = items[i:] + items[:i]
"""
        },
        right_library={"shuffle": "from random import shuffle"},
    ),
]

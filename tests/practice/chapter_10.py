"""Answers to the practice boxes of chapter 10."""

from practice import Answers

ANSWERS = {
    "ex-mass-discount": Answers(
        right={
            "as in the solution": (
                """
def flattery(log_probs):
    return np.logaddexp.reduce(log_probs, axis=1).mean()
"""
            ),
            "row by row": (
                """
def flattery(log_probs):
    discounts = [np.log(sum(np.exp(value) for value in row)) for row in log_probs]
    return sum(discounts) / len(discounts)
"""
            ),
        },
        wrong={
            "the excess itself": (
                """
def flattery(log_probs):
    return np.mean(np.exp(log_probs).sum(axis=1) - 1)
""",
                "by log(1 + ε), not by ε",
            ),
            "logarithm of the mean sum": (
                """
def flattery(log_probs):
    return np.log(np.exp(log_probs).sum(axis=1).mean())
""",
                "errors that cancel in the total",
            ),
            "over time": (
                """
def flattery(log_probs):
    return np.mean(np.log(np.exp(log_probs).sum(axis=0)))
""",
                "The vocabulary is the last axis",
            ),
        },
    ),
    "ex-seven-of-seven": Answers(
        right={
            "as in the solution": (
                """
import math

def texts_needed(level):
    return math.floor(math.log2(1 / level)) + 1
"""
            ),
            "one more coin": (
                """
def texts_needed(level):
    n, p = 0, 1.0
    while p >= level:
        n, p = n + 1, p / 2
    return n
"""
            ),
        },
        wrong={
            "reaches it": (
                """
import math

def texts_needed(level):
    return math.ceil(math.log2(1 / level))
""",
                "which is not *below* it",
            ),
            "two-sided": (
                """
def texts_needed(level):
    n = 1
    while 2 ** (1 - n) >= level:
        n += 1
    return n
""",
                "the test is one-sided",
            ),
            "rounded down": (
                """
import math

def texts_needed(level):
    return math.floor(math.log2(1 / level))
""",
                "2^-n",
            ),
        },
    ),
    "ex-auroc-turned": Answers(
        right={
            "as in the solution": (
                """
def possible(n, m):
    return [k / (n * m) for k in range(n * m + 1)]
"""
            ),
            "all orders": (
                """
from itertools import combinations

def possible(n, m):
    wins = {sum(place - i for i, place in enumerate(places)) for places in combinations(range(n + m), n)}
    return np.array(sorted(wins)) / (n * m)
"""
            ),
        },
        wrong={
            "scores instead of pairs": (
                """
def possible(n, m):
    return [k / (n + m) for k in range(n + m + 1)]
""",
                "without ties there is nothing between",
            ),
            "none and all left out": (
                """
def possible(n, m):
    return [k / (n * m) for k in range(1, n * m)]
""",
                "either won or lost",
            ),
            "halves as with ties": (
                """
def possible(n, m):
    return [k / (2 * n * m) for k in range(2 * n * m + 1)]
""",
                "half of nine is no whole number",
            ),
        },
    ),
    "ex-distinct-length": Answers(
        right={
            "as in the solution": (
                """
def expected_distinct(n, vocab_size):
    return vocab_size * (1 - (1 - 1 / vocab_size) ** n) / n
"""
            ),
            "draw by draw": (
                """
def expected_distinct(n, vocab_size):
    different = 0.0
    for _ in range(n):
        different += 1 - different / vocab_size
    return different / n
"""
            ),
        },
        wrong={
            "no repetition until all have occurred": (
                """
def expected_distinct(n, vocab_size):
    return min(n, vocab_size) / n
""",
                "before all words have occurred, some repeat",
            ),
            "share of the vocabulary": (
                """
def expected_distinct(n, vocab_size):
    return 1 - (1 - 1 / vocab_size) ** n
""",
                "One word, one different word",
            ),
            "words that occur once": (
                """
def expected_distinct(n, vocab_size):
    return (1 - 1 / vocab_size) ** (n - 1)
""",
                "what is not missing occurs, however often",
            ),
        },
    ),
    "ex-floor-forecast": Answers(
        right={
            "as in the solution": (
                """
def floor_through(a, b, c):
    return (a * c - b * b) / (a + c - 2 * b)
"""
            ),
            "a geometric series of steps": (
                """
def floor_through(a, b, c):
    factor = (b - c) / (a - b)
    return c - (b - c) * factor / (1 - factor)
"""
            ),
        },
        wrong={
            "the next step as large as the last": (
                """
def floor_through(a, b, c):
    return c - (b - c)
""",
                "Differences of the losses alone are not it",
            ),
            "the last loss": (
                """
def floor_through(a, b, c):
    return c
""",
                "continues the law without a floor",
            ),
            "not divided": (
                """
def floor_through(a, b, c):
    return a * c - b * b
""",
                "Cross-multiply and solve for E",
            ),
        },
    ),
}

"""Answers to the practice boxes of chapter 9."""

from practice import Answers

ANSWERS = {
    "ex-excluding-prompt": Answers(
        right={
            "as in the solution": (
                """
def gains(probs, left):
    probs, left = np.asarray(probs), np.asarray(left)
    g = np.where(left, -np.log2(probs[left].sum()), -np.inf)
    return g, g[left] @ probs[left] / probs[left].sum()
"""
            ),
            "token by token": (
                """
from math import inf, log2

def gains(probs, left):
    mass = sum(p for p, stays in zip(probs, left) if stays)
    g = [log2(p / mass / p) if stays else -inf for p, stays in zip(probs, left)]
    return g, sum(p / mass * bits for p, bits, stays in zip(probs, g, left) if stays)
"""
            ),
        },
        wrong={
            "nats": (
                """
def gains(probs, left):
    mass = np.asarray(probs)[np.asarray(left)].sum()
    return np.where(left, -np.log(mass), -np.inf), -np.log(mass)
""",
                "the logarithm to base 2",
            ),
            "mean over the unprompted model": (
                """
def gains(probs, left):
    g = np.where(left, -np.log2(np.asarray(probs)[np.asarray(left)].sum()), -np.inf)
    return g, g @ np.asarray(probs)
""",
                "excluded ones never come",
            ),
            "excluded tokens gain nothing": (
                """
def gains(probs, left):
    bits = -np.log2(np.asarray(probs)[np.asarray(left)].sum())
    return np.where(left, bits, 0.0), bits
""",
                "has probability 0 after the prompt",
            ),
        },
    ),
    "ex-mixture-bounds": Answers(
        right={
            "as in the solution": (
                """
below_the_floor = [[0.5, 0, 0.5], [0, 0.5, 0.5]]
above_the_ceiling = [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01]]
"""
            ),
            "one pair for both": (
                """
below_the_floor = above_the_ceiling = np.array([[0.9, 0.0, 0.1], [0.0, 0.9, 0.1]])
"""
            ),
        },
        wrong={
            "readers that agree": (
                """
below_the_floor = [[0.6, 0.4], [0.6, 0.4]]
above_the_ceiling = [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01]]
""",
                "the other veto it",
            ),
            "two tokens cannot": (
                """
below_the_floor = [[0.5, 0, 0.5], [0, 0.5, 0.5]]
above_the_ceiling = [[0.9, 0.1], [0.1, 0.9]]
""",
                "all tokens but one",
            ),
            "nothing in common": (
                """
below_the_floor = [[1, 0], [0, 1]]
above_the_ceiling = [[1, 0], [0, 1]]
""",
                "otherwise nothing can be normalised",
            ),
        },
    ),
    "ex-mask-is-condition": Answers(
        right={
            "as in the solution": (
                """
agree = {"a": True, "b": False, "c": True}
"""
            ),
            "reasoned by dependence": (
                """
agree = {case: case != "b" for case in "abc"}
"""
            ),
        },
        wrong={
            "a mask always conditions": (
                """
agree = {"a": True, "b": True, "c": True}
""",
                "Conditioning looks ahead",
            ),
            "a mask never does": (
                """
agree = {"a": False, "b": False, "c": False}
""",
                "every allowed token has the same β",
            ),
            "a late rule must distort": (
                """
agree = {"a": True, "b": False, "c": False}
""",
                "the ban itself is exact conditioning",
            ),
        },
    ),
    "ex-two-conditions": Answers(
        right={
            "as in the solution": (
                """
def early_and_legal(p_u, p_early, p_legal):
    p = p_early * p_legal / p_u
    return p / p.sum()
"""
            ),
            "on logits": (
                """
from lmcore.softmax import softmax

def early_and_legal(p_u, p_early, p_legal):
    u, a, b = (np.log(row) for row in (p_u, p_early, p_legal))
    return softmax(u + (a - u) + (b - u)).tolist()
"""
            ),
        },
        wrong={
            "the unconditional row counts twice": (
                """
def early_and_legal(p_u, p_early, p_legal):
    p = np.asarray(p_early) * p_legal
    return p / p.sum()
""",
                "is divided out once",
            ),
            "a mixture": (
                """
def early_and_legal(p_u, p_early, p_legal):
    return (np.asarray(p_early) + p_legal) / 2
""",
                "only the other condition is left",
            ),
            "not normalised": (
                """
def early_and_legal(p_u, p_early, p_legal):
    return np.asarray(p_early) * p_legal / p_u
""",
                "still has to be normalised",
            ),
        },
    ),
    "ex-retry-cost": Answers(
        right={
            "as in the solution": (
                """
def price(u, n):
    return (1 / (1 - u), 0) if n is None else ((1 - u**n) / (1 - u), u**n)
"""
            ),
            "added up": (
                """
def price(u, n):
    draws, reached = 0.0, 1.0
    for _ in range(n or 2000):
        draws, reached = draws + reached, reached * u
    return [draws, reached if n else 0.0]
"""
            ),
        },
        wrong={
            "always all draws": (
                """
def price(u, n):
    return (1 / (1 - u), 0) if n is None else (n, u**n)
""",
                "The second draw is made with u",
            ),
            "as if there were no limit": (
                """
def price(u, n):
    return 1 / (1 - u), 0
""",
                "One draw for everybody",
            ),
            "one refusal too early": (
                """
def price(u, n):
    return (1 / (1 - u), 0) if n is None else ((1 - u**n) / (1 - u), u ** (n - 1))
""",
                "flagged three times",
            ),
        },
    ),
}

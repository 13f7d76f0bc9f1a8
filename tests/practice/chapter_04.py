"""Answers to the practice boxes of chapter 4."""

from practice import Answers

CURVATURE = """
from lmcore.softmax import softmax


def curvature(logits):
    p = softmax(logits)
    return {}


flat = {}
"""

LOSSES = """
prompts_counted = {}
prompts_masked = {}
mean_over_conversations = {}
"""

ANSWERS = {
    "ex-map-die": Answers(
        right={
            "as in the solution": (
                """
def with_prior(counts, alpha):
    return (counts + alpha) / (np.sum(counts) + 6 * alpha)
"""
            ),
            "a list of faces": (
                """
def with_prior(counts, alpha):
    seen = [c + alpha for c in counts]
    return [s / sum(seen) for s in seen]
"""
            ),
        },
        wrong={
            "imagined throws not counted": (
                """
def with_prior(counts, alpha):
    return (counts + alpha) / max(np.sum(counts), 1)
""",
                "the total grows by alpha for every face",
            ),
            "alpha throws in all": (
                """
def with_prior(counts, alpha):
    return (counts + alpha / 6) / (np.sum(counts) + alpha)
""",
                "One imagined throw among 12 real and 6 imagined ones",
            ),
            "the mode of a posterior, one throw less": (
                """
def with_prior(counts, alpha):
    return (counts + alpha - 1) / (np.sum(counts) + 6 * (alpha - 1))
""",
                "the count ratio must come back",
            ),
            "half of each": (
                """
def with_prior(counts, alpha):
    return (np.array(counts) / max(np.sum(counts), 1) + np.full(6, 1 / 6)) / 2
""",
                "has a larger sum",
            ),
        },
    ),
    "ex-geometric-mean": Answers(
        right={
            "exponential of a mean": (
                """
def constant_probability(probs):
    return np.exp(np.mean(np.log(probs)))
"""
            ),
            "a loop with logarithms to base 2": (
                """
import math

def constant_probability(probs):
    bits = 0.0
    for p in probs:
        if p == 0:
            return 0.0
        bits -= math.log2(p)
    return 2 ** (-bits / len(probs))
"""
            ),
        },
        wrong={
            "the arithmetic mean": (
                """
def constant_probability(probs):
    return np.mean(probs)
""",
                "Which number, squared, is 1/16?",
            ),
            "root of the product": (
                """
def constant_probability(probs):
    return np.prod(probs) ** (1 / len(probs))
""",
                "Five thousand factors underflow to 0",
            ),
            "patched against zero": (
                """
def constant_probability(probs):
    return np.exp(np.mean(np.log(np.asarray(probs) + 1e-12)))
""",
                "makes the text impossible",
            ),
        },
    ),
    "ex-ce-curvature": Answers(
        right={
            "as in the solution": CURVATURE.format("np.diag(p) - np.outer(p, p)", "[1, 1, 1, 1]"),
            "entry by entry": CURVATURE.format(
                "np.array([[p[i] * ((i == j) - p[j]) for j in range(len(p))] for i in"
                " range(len(p))])",
                "np.full(4, -2.5)",
            ),
        },
        wrong={
            "only the diagonal": (
                CURVATURE.format("np.diag(p * (1 - p))", "[1, 1, 1, 1]"),
                "what it gains the other loses",
            ),
            "the signs the other way round": (
                CURVATURE.format("np.outer(p, p) - np.diag(p)", "[1, 1, 1, 1]"),
                "look at the signs",
            ),
            "the gradient's square": (
                CURVATURE.format("np.outer(p, p)", "[1, -1, 0, 0]"),
                "the Jacobian of section 3.2",
            ),
            "zero is flat, of course": (
                CURVATURE.format("np.diag(p) - np.outer(p, p)", "[0, 0, 0, 0]"),
                "It must not be 0",
            ),
            "one logit alone": (
                CURVATURE.format("np.diag(p) - np.outer(p, p)", "[1, 0, 0, 0]"),
                "the same for every token",
            ),
        },
    ),
    "ex-instruction-mask": Answers(
        right={
            "two digits": LOSSES.format(3.68, 2.95, 2),
            "as fractions": LOSSES.format(
                "(920 * 4 + 10 * 1 + 400 * 3) / 1330", "(10 + 1200) / 410", "(1 + 3) / 2"
            ),
        },
        wrong={
            "masked losses set to 0, all tokens divided": (
                LOSSES.format("4890 / 1330", "1210 / 1330", 2),
                "in the numerator and in the denominator",
            ),
            "means of means": (LOSSES.format(3, 2, 2), "All 1,330 tokens have a vote"),
            "mean over tokens again": (LOSSES.format(3.68, 2.95, 2.95), "each with one vote"),
        },
    ),
}

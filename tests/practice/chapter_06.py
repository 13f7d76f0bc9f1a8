"""Answers to the practice boxes of chapter 6."""

from practice import Answers

VERDICTS = """
by_total, by_average, by_google = "{}", "{}", "{}"
alpha_from = {}
"""

EDGE = """
confidence = np.arange(1, 10) / 10
correct = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1])
on_paper = {}
same_on_paper = {}
in_floats = {}
"""

CONSTANT = """
def constant_forecaster(acc):
    return {}
"""

ANSWERS = {
    "ex-three-verdicts": Answers(
        right={
            "as in the solution": VERDICTS.format("A", "B", "A", "np.log(1.417) / np.log(2)"),
            "two digits": VERDICTS.format("A", "B", "A", "0.50"),
            "computed": (
                """
a, b = np.array([-1.0, -1.4]), np.array([-2.2, -0.5, -0.4, -0.3])

def winner(score):
    return "A" if score(a) > score(b) else "B"

by_total, by_average = winner(np.sum), winner(np.mean)
by_google = winner(lambda y: y.sum() / ((5 + len(y)) / 6))
alpha_from = np.log2(b.sum() / a.sum())
"""
            ),
        },
        wrong={
            "the larger loss wins": (
                VERDICTS.format("B", "A", "B", "0.5025"),
                "the larger one is nearer to 0",
            ),
            "Google's penalty taken for the average": (
                VERDICTS.format("A", "B", "B", "0.5025"),
                "the divisors are 7/6 and 9/6",
            ),
            "natural logarithm for the power": (
                VERDICTS.format("A", "B", "A", "np.log(3.4 / 2.4)"),
                "2^α is the ratio of the totals",
            ),
        },
    ),
    "ex-edge": Answers(
        right={
            "as in the solution": EDGE.format("0.5", "True", "0.344"),
            "computed": EDGE.format(
                "np.mean(np.abs(correct - confidence))",
                "True",
                "sum(abs((correct - confidence)[np.digitize(confidence, np.linspace(0, 1, 11)) =="
                " b].sum()) for b in range(1, 11)) / 9",
            ),
        },
        wrong={
            "floats taken for tenths": (
                EDGE.format("0.5", "True", "0.5"),
                "Look which two pairs of predictions share a bin",
            ),
            "one big bin": (
                EDGE.format("abs(correct.mean() - confidence.mean())", "True", "0.344"),
                "the mean of |o - c| over the nine",
            ),
            "the convention decides": (
                EDGE.format("0.5", "False", "0.344"),
                "Which one it is does not matter",
            ),
        },
    ),
    "ex-constant": Answers(
        right={
            "as in the solution": CONSTANT.format(
                "0, 0, 0, acc * (1 - acc), -acc * np.log(acc) - (1 - acc) * np.log(1 - acc)"
            ),
            "from outcomes": (
                """
from lmcore.information import entropy

def constant_forecaster(acc):
    return [0.0, 0.0, 0.0, acc - acc**2, entropy([acc, 1 - acc])]
"""
            ),
        },
        wrong={
            "gap to certainty": (
                CONSTANT.format(
                    "1 - acc, 0, 0, acc * (1 - acc), -acc * np.log(acc) - (1 - acc) * np.log(1 -"
                    " acc)"
                ),
                "whose accuracy is what they state",
            ),
            "resolution for uncertainty": (
                CONSTANT.format(
                    "0, 0, acc * (1 - acc), acc * (1 - acc), -acc * np.log(acc) - (1 - acc) *"
                    " np.log(1 - acc)"
                ),
                "its accuracy cannot differ from the overall one",
            ),
            "only what is right pays": (
                CONSTANT.format("0, 0, 0, acc * (1 - acc), -acc * np.log(acc)"),
                "Wrong predictions count as well",
            ),
            "surprise of the constant": (
                CONSTANT.format("0, 0, 0, acc * (1 - acc), -np.log(acc)"),
                "Wrong predictions count as well",
            ),
        },
    ),
    "ex-stubborn": Answers(
        right={
            "as in the solution": (
                """
def coin_temperature(z, q):
    if q <= 0.5 or q == 1:
        return None
    return z / np.log(q / (1 - q))
"""
            ),
            "a bisection": (
                """
import math

def coin_temperature(z, q):
    if not 0.5 < q < 1:
        return None
    low, high = 1e-9, 1e9
    for _ in range(200):
        middle = math.sqrt(low * high)
        p = 1 / (1 + math.exp(-min(z / middle, 700)))
        low, high = (middle, high) if p > q else (low, middle)
    return low
"""
            ),
        },
        wrong={
            "logits multiplied": (
                """
def coin_temperature(z, q):
    return np.log(q / (1 - q)) / z if 0.5 < q < 1 else None
""",
                "Odds of 9 must become odds of 3",
            ),
            "never below one": (
                """
def coin_temperature(z, q):
    return max(1.0, z / np.log(q / (1 - q))) if 0.5 < q < 1 else None
""",
                "nothing in the equation asks for cooling or heating",
            ),
            "negative is a temperature too": (
                """
def coin_temperature(z, q):
    return None if q == 1 or q == 0.5 else z / np.log(q / (1 - q))
""",
                "the tokens would have to change places",
            ),
            "zero for the sure": (
                """
def coin_temperature(z, q):
    return 0.0 if q == 1 else z / np.log(q / (1 - q)) if q > 0.5 else None
""",
                "T = 0, which is no temperature",
            ),
        },
    ),
}

"""Answers to the practice boxes of chapter 5."""

from practice import Answers

QUESTIONS = """
entropy_first = {}
questions_first = {}
entropy_second = {}
questions_second = {}
"""

ANSWERS = {
    "ex-twenty-questions": Answers(
        right={
            "as in the solution": QUESTIONS.format(
                "2.5", "[2, 2, 3, 3, 3, 3]", "0.70119", "[1, 3, 3, 3, 4, 4]"
            ),
            "computed": (
                """
def bits(q):
    return -sum(p * np.log2(p) for p in q)

entropy_first, entropy_second = bits([1 / 4] * 2 + [1 / 8] * 4), bits([0.9] + [0.02] * 5)
questions_first = np.array([2, 2, 3, 3, 3, 3])
questions_second = (1, 4, 3, 4, 3, 3)
"""
            ),
        },
        wrong={
            "nats": (
                QUESTIONS.format("1.733", "[2, 2, 3, 3, 3, 3]", "0.486", "[1, 3, 3, 3, 4, 4]"),
                "four of 1/8 carry 3",
            ),
            "always three": (
                QUESTIONS.format("2.5", "[3] * 6", "0.7012", "[3] * 6"),
                "halve what is left",
            ),
            "two words with one answer": (
                QUESTIONS.format("2.5", "[2, 2, 2, 3, 3, 3]", "0.7012", "[1, 3, 3, 3, 3, 3]"),
                "the Kraft inequality",
            ),
            "one after the other": (
                QUESTIONS.format("2.5", "[2, 2, 3, 3, 3, 3]", "0.7012", "[1, 2, 3, 4, 5, 5]"),
                "halve the five others",
            ),
        },
    ),
    "ex-merging-outcomes": Answers(
        right={
            "the formula": (
                """
def fall(q, u, v):
    both = q[u] + q[v]
    return sum(-p * np.log(p / both) for p in (q[u], q[v]) if p > 0)
"""
            ),
            "two entropies": (
                """
def fall(q, u, v):
    def h(p):
        p = np.asarray(p, dtype=float)
        p = p[p > 0]
        return -(p * np.log(p)).sum()
    merged = [p for i, p in enumerate(q) if i not in (u, v)] + [q[u] + q[v]]
    return max(h(q) - h(merged), 0.0)
"""
            ),
        },
        wrong={
            "weight forgotten": (
                """
def fall(q, u, v):
    both = q[u] + q[v]
    return sum(-p / both * np.log(p / both) for p in (q[u], q[v]) if p > 0)
""",
                "weighted by how often the symbol occurs",
            ),
            "bits": (
                """
def fall(q, u, v):
    both = q[u] + q[v]
    return sum(-p * np.log2(p / both) for p in (q[u], q[v]) if p > 0)
""",
                "in nats",
            ),
            "no word may be impossible": (
                """
def fall(q, u, v):
    both = q[u] + q[v]
    return -q[u] * np.log(np.divide(q[u], both)) - q[v] * np.log(np.divide(q[v], both))
""",
                "0 log 0 counts as 0",
            ),
        },
    ),
    "ex-mixed-models": Answers(
        right={
            "logaddexp": (
                """
def mixture_bits(log_p1, log_p2):
    return (np.log(2) - np.logaddexp(log_p1, log_p2)) / np.log(2)
"""
            ),
            "the better one first": (
                """
import math

def mixture_bits(log_p1, log_p2):
    better, worse = max(log_p1, log_p2), min(log_p1, log_p2)
    return 1 - better / math.log(2) - math.log2(1 + math.exp(worse - better))
"""
            ),
        },
        wrong={
            "logarithms averaged": (
                """
def mixture_bits(log_p1, log_p2):
    return -(log_p1 + log_p2) / 2 / np.log(2)
""",
                "average probabilities, not logarithms",
            ),
            "through probabilities": (
                """
def mixture_bits(log_p1, log_p2):
    return -np.log2((np.exp(log_p1) + np.exp(log_p2)) / 2)
""",
                "e^-3000 underflows",
            ),
            "nats": (
                """
def mixture_bits(log_p1, log_p2):
    return np.log(2) - np.logaddexp(log_p1, log_p2)
""",
                "In bits, please",
            ),
        },
    ),
    "ex-stale-model": Answers(
        right={
            "as in the solution": (
                """
from lmcore.information import kl_divergence

def letters_needed(q, p):
    excess = kl_divergence(q, p) / np.log(2)
    noise = np.sqrt(q @ (np.log2(q / p) - excess) ** 2)
    return np.ceil((3 * noise / excess) ** 2)
"""
            ),
            "nats and the variance by its moments": (
                """
def letters_needed(q, p):
    mean = sum(a * np.log(a / b) for a, b in zip(q, p))
    square = sum(a * np.log(a / b) ** 2 for a, b in zip(q, p))
    return 9 * (square - mean**2) / mean**2
"""
            ),
        },
        wrong={
            "without the square": (
                """
def letters_needed(q, p):
    ratio = np.log(q / p)
    excess = q @ ratio
    return 3 * np.sqrt(q @ (ratio - excess) ** 2) / excess
""",
                "the ratio of the two must be 3",
            ),
            "over the model": (
                """
def letters_needed(q, p):
    ratio = np.log(p / q)
    excess = p @ ratio
    return (3 * np.sqrt(p @ (ratio - excess) ** 2) / excess) ** 2
""",
                "are taken over what is drawn",
            ),
            "spread around zero": (
                """
def letters_needed(q, p):
    ratio = np.log(q / p)
    return 9 * (q @ ratio**2) / (q @ ratio) ** 2
""",
                "measured around the mean",
            ),
            "two letters only": (
                """
def letters_needed(q, p):
    ratio = np.log(q[:2] / p[:2])
    excess = q[:2] @ ratio
    return (3 * np.sqrt(q[:2] @ (ratio - excess) ** 2) / excess) ** 2
""",
                "special to two letters",
            ),
        },
    ),
}

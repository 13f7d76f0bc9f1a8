"""Answers to the practice boxes of chapter 3."""

from practice import Answers

SIGMOID = """
def first_of_two(gap, temperature=1.0):
    x = gap / temperature
    p = np.exp(-abs(x))
    return p / (1 + p) if x < 0 else 1 / (1 + p)
"""

SLOPE = """
def slope(temperature):
    return 1 / (4 * temperature)
"""

ANSWERS = {
    "ex-sigmoid": Answers(
        right={
            "the negative exponent": SIGMOID + SLOPE,
            "logaddexp": (
                """
def first_of_two(gap, temperature=1.0):
    return float(np.exp(-np.logaddexp(0.0, -gap / temperature)))

def slope(temperature):
    p = first_of_two(0.0, temperature)
    return p * (1 - p) / temperature
"""
            ),
        },
        wrong={
            "the odds": (
                SIGMOID.replace("return p / (1 + p) if x < 0 else 1 / (1 + p)", "return np.exp(x)")
                + SLOPE,
                "not a probability of 3",
            ),
            "overflow": (
                """
def first_of_two(gap, temperature=1.0):
    return np.exp(gap / temperature) / (1 + np.exp(gap / temperature))
"""
                + SLOPE,
                "e^1000 overflows",
            ),
            "multiplied": (
                SIGMOID.replace("gap / temperature", "gap * temperature") + SLOPE,
                "The temperature divides the gap",
            ),
            "slope without the chain rule": (
                SIGMOID
                + """
def slope(temperature):
    return 0.25
""",
                "brings down 1/τ",
            ),
        },
    ),
    "ex-merge": Answers(
        right={
            "by the larger half": (
                """
def merged_lse(a, b):
    top = max(a, b)
    return top + np.log(np.exp(a - top) + np.exp(b - top))
"""
            ),
            "numpy has it": (
                """
def merged_lse(a, b):
    return np.logaddexp(a, b)
"""
            ),
        },
        wrong={
            "added": (
                """
def merged_lse(a, b):
    return a + b
""",
                "not the sum or the mean of the two",
            ),
            "exponentials first": (
                """
def merged_lse(a, b):
    return np.log(np.exp(a) + np.exp(b))
""",
                "subtract the larger of the two first",
            ),
        },
    ),
    "ex-two-temperatures": Answers(
        right={
            "product": (
                """
def one_for_all(temperatures):
    return np.prod(temperatures)
"""
            ),
            "a loop": (
                """
def one_for_all(temperatures):
    result = 1
    for t in temperatures:
        result *= t
    return result
"""
            ),
        },
        wrong={
            "the last": (
                """
def one_for_all(temperatures):
    return temperatures[-1]
""",
                "neither the last one alone",
            ),
            "added": (
                """
def one_for_all(temperatures):
    return sum(temperatures)
""",
                "nor a sum",
            ),
            "inverse": (
                """
def one_for_all(temperatures):
    return 1 / np.prod(temperatures)
""",
                "divides the differences once more",
            ),
            "from the first on": (
                """
def one_for_all(temperatures):
    result = temperatures[0]
    for t in temperatures[1:]:
        result = result * t
    return result
""",
                "Nothing done is a temperature of one",
            ),
        },
    ),
    "ex-flat-jacobian": Answers(
        right={
            "on paper": (
                """
def reaches_logits(eps):
    return 2 * eps * (1 - eps) ** 2 * np.array([1, -1])
"""
            ),
            "by matrices": (
                """
def reaches_logits(eps):
    p, y = np.array([1 - eps, eps]), np.array([0, 1])
    return (np.diag(p) - np.outer(p, p)) @ (p - y)
"""
            ),
            "a list": (
                """
def reaches_logits(eps):
    g = [1 - eps, eps - 1]
    mean = (1 - eps) * g[0] + eps * g[1]
    return [(1 - eps) * (g[0] - mean), eps * (g[1] - mean)]
"""
            ),
        },
        wrong={
            "not through the softmax": (
                """
def reaches_logits(eps):
    return [1 - eps, eps - 1]
""",
                "multiply it by the Jacobian",
            ),
            "first order": (
                """
def reaches_logits(eps):
    return [2 * eps, -2 * eps]
""",
                "all factors multiply",
            ),
            "diagonal only": (
                """
def reaches_logits(eps):
    p = np.array([1 - eps, eps])
    return p * (1 - p) * (p - np.array([0, 1])) * np.array([1, 2])
""",
                "off-diagonal entries count",
            ),
            "the other token": (
                """
def reaches_logits(eps):
    p = np.array([1 - eps, eps])
    return (np.diag(p) - np.outer(p, p)) @ (p - np.array([1, 0]))
""",
                "p - y is (1/2, -1/2)",
            ),
        },
    ),
}

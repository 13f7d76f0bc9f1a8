"""Answers to the practice boxes of chapter 1."""

from practice import Answers

SHARE = """
def finite_share(stay, trap, end):
    return end / (trap + end)
"""

MEAN = """
def mean_length(stay, trap, end, chance):
    return 1 / (1 - stay) + trap / (trap + end) / chance
"""

SURVIVAL = """
def survival(alpha, N):
    n = np.arange(1, N + 1)
    return np.prod(n / (n + alpha))
"""

FINITE = """
def mean_is_finite(alpha):
    return alpha > 1
"""

ANSWERS = {
    "ex-coin-stops": Answers(
        right={
            "as in the solution": (
                """
def share_with(k, a, b, e):
    return (a / (a + e)) ** k * e / (a + e)
"""
            ),
            "negative binomial": (
                """
def share_with(k, a, b, e):
    return a**k * e * (1 - b) ** (-k - 1)
"""
            ),
            "summed string by string": (
                """
from math import comb

def share_with(k, a, b, e):
    return sum(comb(k + m, m) * a**k * b**m * e for m in range(300))
"""
            ),
        },
        wrong={
            "no letters B": (
                """
def share_with(k, a, b, e):
    return a**k * e
""",
                "sum the geometric series",
            ),
            "letters B at the end only": (
                """
def share_with(k, a, b, e):
    return a**k * e / (1 - b)
""",
                "stand anywhere among the k letters",
            ),
            "the end forgotten": (
                """
def share_with(k, a, b, e):
    return (a / (a + e)) ** k
""",
                "AA and its end",
            ),
        },
    ),
    "ex-where-mass": Answers(
        right={
            "as in the solution": SHARE + MEAN,
            "by the library": (
                """
from lmcore.distributions import MarkovSource, expected_length, termination_probability

def finite_share(stay, trap, end):
    return termination_probability(MarkovSource([1, 0, 0], [[stay, trap, end], [0, 1, 0]]))

def mean_length(stay, trap, end, chance):
    return expected_length(MarkovSource([1, 0, 0], [[stay, trap, end], [0, 1 - chance, chance]]))
"""
            ),
        },
        wrong={
            "chance of one draw": (
                """
def finite_share(stay, trap, end):
    return end
"""
                + MEAN,
                "only the ratio of those two counts",
            ),
            "all but the trap": (
                """
def finite_share(stay, trap, end):
    return 1 - trap
"""
                + MEAN,
                "only the ratio of those two counts",
            ),
            "every run waits": (
                SHARE + MEAN.replace("trap / (trap + end) / chance", "1 / chance"),
                "Tokens 0 alone",
            ),
            "trap entered at once": (
                SHARE + MEAN.replace("trap / (trap + end) / chance", "trap / chance"),
                "for the share of runs that go there",
            ),
            "first token not counted": (
                SHARE + MEAN.replace("1 / (1 - stay)", "stay / (1 - stay)"),
                "the first one included",
            ),
        },
    ),
    "ex-finite-wait": Answers(
        right={
            "product": SURVIVAL + FINITE,
            "gamma functions": (
                """
from math import exp, lgamma

def survival(alpha, N):
    return exp(lgamma(N + 1) + lgamma(1 + alpha) - lgamma(N + 1 + alpha))

def mean_is_finite(alpha):
    if alpha <= 1:
        return False
    return True
"""
            ),
        },
        wrong={
            "chances of the end": (
                SURVIVAL.replace("n / (n + alpha)", "alpha / (n + alpha)") + FINITE,
                "chances of going on",
            ),
            "exponential": (
                """
def survival(alpha, N):
    return (1 - alpha / (N + alpha)) ** N
"""
                + FINITE,
                "everything between first and last cancels",
            ),
            "tight, so finite": (
                SURVIVAL
                + """
def mean_is_finite(alpha):
    return alpha > 0
""",
                "only for alpha above 1",
            ),
            "the border included": (SURVIVAL + FINITE.replace(">", ">="), "not at 1 itself"),
        },
    ),
    "ex-same-pairs": Answers(
        right={
            "exclusive or, and three coins": (
                """
def two_tables():
    xor = [[[0.25 * (k == i ^ j) for k in range(2)] for j in range(2)] for i in range(2)]
    return xor, np.full((2, 2, 2), 1 / 8)
"""
            ),
            "any table, pushed by parity": (
                """
def two_tables():
    table = np.random.default_rng(0).dirichlet(np.full(8, 9.0)).reshape(2, 2, 2)
    i, j, k = np.indices((2, 2, 2))
    return [table, table + 0.5 * table.min() * (-1.0) ** (i + j + k)]
"""
            ),
        },
        wrong={
            "a copy, and three coins": (
                """
def two_tables():
    copy = np.zeros((2, 2, 2))
    copy[0, 0, 0] = copy[1, 1, 1] = 0.5
    return copy, np.full((2, 2, 2), 1 / 8)
""",
                "the pairs that are left must agree",
            ),
            "the third repeats the first": (
                """
def two_tables():
    echo = np.zeros((2, 2, 2))
    echo[0, :, 0] = echo[1, :, 1] = 0.25
    return echo, np.full((2, 2, 2), 1 / 8)
""",
                "also that of the first and the third",
            ),
            "one table twice": (
                """
def two_tables():
    return np.full((2, 2, 2), 1 / 8), np.full((2, 2, 2), 1 / 8)
""",
                "proves nothing",
            ),
            "below zero": (
                """
def two_tables():
    i, j, k = np.indices((2, 2, 2))
    return np.full((2, 2, 2), 1 / 8), 1 / 8 + 0.2 * (-1.0) ** (i + j + k)
""",
                "none negative",
            ),
            "different words": (
                """
def two_tables():
    p = np.array([0.3, 0.7])
    return np.einsum("i,j,k->ijk", p, p, p), np.full((2, 2, 2), 1 / 8)
""",
                "single positions differ",
            ),
        },
    ),
}

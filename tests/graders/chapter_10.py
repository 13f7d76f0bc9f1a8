"""Answers to assignment 10: diagnostics and learning practice."""

from graders import Problem

ALLOW = """
def allowance(log_probs):
    x = np.asarray(log_probs)
    mu = np.finfo(x.dtype).eps / 2
    out = []
    for row in x.astype(float):
        kept = row[row > -np.inf]
        out.append(float(mu) * float(-(np.exp(kept) * kept).sum()) + 1e-6)
    return out
"""

SUSPECT = """
def suspicious(log_probs):
    mass = np.exp(np.asarray(log_probs).astype(float)).sum(-1)
    return abs(mass - 1) > np.array(allowance(log_probs))
"""

SIGN = """
def sign_p(real, shuffled):
    from math import comb
    signs = [s > r for r, s in zip(real, shuffled) if s != r]
    k, n = sum(signs), len(signs)
    return sum(comb(n, j) for j in range(k, n + 1)) / 2 ** n
"""

ERROR = """
def mean_and_error(losses, text_of):
    mean, groups = float(np.mean(losses)), {}
    for x, c in zip(losses, text_of):
        groups[int(c)] = groups.get(int(c), 0.0) + float(x) - mean
    G, n = len(groups), len(losses)
    return mean, (G / (G - 1) * sum((s / n) ** 2 for s in groups.values())) ** 0.5
"""

BITS = """
def passage_bits(table, passages):
    out = []
    for ids in passages:
        nats = [-table[a][b] for a, b in zip(ids, ids[1:])]
        out.append(sum(nats) / len(nats) / np.log(2))
    return out
"""

AREA = """
def auroc(domestic, foreign):
    won = 0.0
    for f in foreign:
        for d in domestic:
            won += 1.0 if f > d else 0.5 if f == d else 0.0
    return won / (len(domestic) * len(foreign))
"""

FORECAST = """
def forecast(sizes, losses, floor, new_size):
    slope, level = np.polyfit(np.log(sizes), np.log(np.asarray(losses) - floor), 1)
    return floor + np.exp(level) * new_size ** slope
"""

RANGE = """
def forecast_range(sizes, losses, floors, new_size):
    promised = []
    for floor in floors:
        for left_out in range(len(sizes)):
            keep = [i for i in range(len(sizes)) if i != left_out]
            promised.append(forecast([sizes[i] for i in keep], [losses[i] for i in keep], floor, new_size))
    return [min(promised), max(promised)]
"""

CHECKS = {
    "rows": (
        """
def rows_ok(log_probs):
    return all(abs(sum(np.exp(v) for v in row) - 1) < 1e-6 for row in log_probs)
"""
    ),
    "causal": (
        """
def causal_ok(before, after, t):
    return float(np.abs(before[:t + 1] - after[:t + 1]).max()) < 1e-6
"""
    ),
    "targets": (
        """
def targets_ok(log_probs, tokens):
    T = len(tokens)
    fit = lambda s: np.mean([log_probs[i][tokens[i + s]] for i in range(T) if 0 <= i + s < T])
    return fit(0) > fit(1) and fit(0) > fit(-1)
"""
    ),
    "mean": (
        """
def mean_ok(losses, mask, reported):
    kept = [x for x, m in zip(np.ravel(losses), np.ravel(mask)) if m]
    return len(kept) > 0 and abs(sum(kept) / len(kept) - reported) < 1e-6
"""
    ),
    "grad": (
        """
def grad_ok(up, down, step, grad):
    slope = (up - down) / (2 * step)
    return abs(slope - grad).max() <= 1e-4 * abs(slope).max()
"""
    ),
    "shards": (
        """
def shards_ok(grads, n_tokens, reported):
    total = 0
    for g, n in zip(grads, n_tokens):
        if n > 0:
            total = total + n * np.array(g)
    return np.allclose(total / sum(n_tokens), reported, rtol=1e-6)
"""
    ),
}


def checks(**changed):
    """The six checks, some of them replaced."""
    return "".join((CHECKS | changed).values())


PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "row by row": ALLOW + SUSPECT,
            "table of precisions, a where": (
                """
def allowance(log_probs):
    name = np.asarray(log_probs).dtype.name
    u = {"float16": 2.0 ** -11, "float32": 2.0 ** -24, "float64": 2.0 ** -53}[name]
    x = np.array(log_probs, dtype=np.float64)
    x[np.isneginf(x)] = -1e300
    return 1e-6 - u * np.einsum("nv,nv->n", np.exp(x), x)

def suspicious(log_probs):
    p = np.exp(np.array(log_probs, dtype=np.float64))
    gap = p.sum(axis=1) - 1
    room = allowance(log_probs)
    return [bool(g > r or g < -r) for g, r in zip(gap, room)]
"""
            ),
            "masked arrays": """
def allowance(log_probs):
    x = np.ma.masked_equal(np.asarray(log_probs).astype(np.float64), -np.inf)
    mu = {2: 2.0**-11, 4: 2.0**-24, 8: 2.0**-53}[np.asarray(log_probs).dtype.itemsize]
    return np.ma.filled(-(np.ma.exp(x) * x).sum(axis=-1) * mu, 0.0) + 1e-6

def suspicious(log_probs):
    import math
    sums = [math.fsum(np.exp(np.asarray(row, dtype=float))) for row in log_probs]
    return [bool(abs(s - 1) > a) for s, a in zip(sums, allowance(log_probs))]
""",
            "spacings, exact sums": """
import math

def allowance(log_probs):
    x = np.asarray(log_probs)
    spacing = float(np.spacing(x.dtype.type(1)))
    H = [math.fsum(-math.exp(v) * v for v in map(float, row) if v > -math.inf) for row in x]
    return np.multiply(spacing / 2, H) + 1e-6

def suspicious(log_probs):
    found = []
    for row, most in zip(log_probs, allowance(log_probs)):
        total = math.fsum(math.exp(float(v)) for v in row)
        found.append(not 1 - most <= total <= 1 + most)
    return found
""",
            "nan_to_num, in place": """
def allowance(log_probs):
    log_probs = np.array(log_probs)
    precision = {2: 2.0**-11, 4: 2.0**-24, 8: 2.0**-53}[log_probs.itemsize]
    x = log_probs.astype(np.float64)
    p = np.exp(x)
    with np.errstate(invalid="ignore"):
        x *= -p
    np.nan_to_num(x, copy=False)
    return precision * np.einsum("nv->n", x) + 1e-6

def suspicious(log_probs):
    mass = np.einsum("nv->n", np.exp(np.asarray(log_probs), dtype=np.float64))
    off = np.maximum(mass - 1, 1 - mass)
    return np.where(off > allowance(log_probs), 1, 0)
""",
        },
        wrong={
            "whole spacing": (
                ALLOW.replace(".eps / 2", ".eps") + SUSPECT,
                2.6,
                "*half* the spacing",
            ),
            "type read after converting": (
                ALLOW.replace("x = np.asarray(log_probs)", "x = np.asarray(log_probs, dtype=float)")
                + SUSPECT,
                2,
                "read it from `dtype` before you convert",
            ),
            "entropy in bits": (
                ALLOW.replace("(np.exp(kept) * kept)", "(np.exp(kept) * kept / np.log(2))")
                + SUSPECT,
                2.5,
                "in nats",
            ),
            "log V for every row": (
                """
def allowance(log_probs):
    x = np.asarray(log_probs)
    return np.full(len(x), float(np.finfo(x.dtype).eps) / 2 * np.log(x.shape[1]) + 1e-6)
"""
                + SUSPECT,
                2,
                "only a uniform row has that entropy",
            ),
            "lost mass only": (
                ALLOW + SUSPECT.replace("abs(mass - 1)", "1 - mass"),
                2.5,
                "a sum above 1 makes every loss look better",
            ),
            "one tolerance": (
                ALLOW
                + """
def suspicious(log_probs):
    return np.abs(np.exp(np.asarray(log_probs, dtype=float)).sum(1) - 1) > 0.01
""",
                2.1,
                "One tolerance for all rows",
            ),
            "rounding accused": (
                ALLOW
                + """
def suspicious(log_probs):
    return np.abs(np.exp(np.asarray(log_probs, dtype=float)).sum(1) - 1) > 1e-6
""",
                2.1,
                "Sound rows are accused of their rounding",
            ),
            "zero times infinity": (
                """
def allowance(log_probs):
    x = np.asarray(log_probs)
    values = x.astype(float)
    return float(np.finfo(x.dtype).eps) / 2 * -(np.exp(values) * values).sum(1) + 1e-6
"""
                + SUSPECT,
                2.1,
                "a token of probability 0 contributes nothing",
            ),
            "sound instead of suspicious": (
                ALLOW + SUSPECT.replace(") > np", ") <= np"),
                1.5,
                "asked is where it is suspicious",
            ),
            "sums in the stored type": (
                ALLOW
                + """
def suspicious(log_probs):
    return abs(np.exp(np.asarray(log_probs)).sum(-1) - 1) > np.array(allowance(log_probs))
""",
                2.4,
                "You sum in the type of the array",
            ),
            "the mean of the logarithms": (
                ALLOW.replace("-(np.exp(kept) * kept).sum()", "-kept.mean()") + SUSPECT,
                1.67,
                "The mean over tokens must be weighted by their",
            ),
            "without the millionth": (
                ALLOW.replace(" + 1e-6", "") + SUSPECT,
                1.5,
                "The 1e-6 that every row is granted is missing.",
            ),
            "a negative entropy": (
                ALLOW.replace("-(np.exp(kept) * kept)", "(np.exp(kept) * kept)") + SUSPECT,
                1.5,
                "The sign of the entropy is wrong: it is the sum of -p·log",
            ),
            "the largest surprise": (
                ALLOW.replace("-(np.exp(kept) * kept).sum()", "-kept.min()") + SUSPECT,
                1.67,
                "You take the largest surprise of a row: the entropy is the",
            ),
            "one for the whole table": (
                ALLOW.replace("return out", "return [max(out)] * len(out)") + SUSPECT,
                1.67,
                "All rows get one allowance: each has its own entropy.",
            ),
            "an allowance for each token": (
                ALLOW.replace(
                    "float(mu) * float(-(np.exp(kept) * kept).sum()) + 1e-6",
                    "float(mu) * float(-(np.exp(kept) * kept).sum()) + 1e-6 * len(row)",
                )
                + SUSPECT,
                1.5,
                "The 1e-6 is granted to a row, not to each of its tokens.",
            ),
            "too much mass only": (
                ALLOW + SUSPECT.replace("abs(mass - 1)", "mass - 1"),
                1.67,
                "You notice too much mass and let lost mass pass.",
            ),
            "one answer for all rows": (
                ALLOW
                + SUSPECT.replace(
                    "return abs(mass - 1) > np.array(allowance(log_probs))",
                    "return bool((abs(mass - 1) > np.array(allowance(log_probs))).any())",
                ),
                1.5,
                "You give one answer for all rows: each has its own.",
            ),
            "the row's numbers": (
                ALLOW
                + SUSPECT.replace(
                    "return abs(mass - 1) > np.array(allowance(log_probs))",
                    "return np.flatnonzero(abs(mass - 1) > np.array(allowance(log_probs)))",
                ),
                1.5,
                "You list the rows that are suspicious: a boolean is asked",
            ),
        },
    ),
    "p2": Problem(
        points=3,
        right={
            "loops": SIGN + ERROR,
            "fractions and bincount": (
                """
def sign_p(real, shuffled):
    from fractions import Fraction
    d = np.array(shuffled, float) - np.array(real, float)
    d = d[d != 0]
    ways = [Fraction(1)]                      # Pascal's triangle, halved row by row
    for _ in d:
        ways = [(a + b) / 2 for a, b in zip([0, *ways], [*ways, 0])]
    return float(sum(ways[int((d > 0).sum()):]))

def mean_and_error(losses, text_of):
    x = np.array(losses, float)
    names, c = np.unique(text_of, return_inverse=True)
    s = np.bincount(c, weights=x - x.mean()) / len(x)
    return np.array([x.mean(), np.sqrt(len(s) / (len(s) - 1) * s @ s)]).tolist()
"""
            ),
            "a recursion for the coin, add.at": """
def sign_p(real, shuffled):
    d = np.sign(np.subtract(shuffled, real))
    n, k = int(np.count_nonzero(d)), int((d > 0).sum())
    chance = np.zeros(n + 1)
    chance[0] = 1.0
    for _ in range(n):
        chance[1:] = (chance[1:] + chance[:-1]) / 2
        chance[0] /= 2
    return chance[k:].sum()

def mean_and_error(losses, text_of):
    x = np.asarray(losses, dtype=float)
    _, label = np.unique(text_of, return_inverse=True)
    own = np.zeros(label.max() + 1)
    np.add.at(own, label.ravel(), x - np.mean(x))
    G = own.size
    return [np.mean(x), np.linalg.norm(own) / x.size * np.sqrt(G / (G - 1))]
""",
            "signs and one-hot products": """
from math import factorial

def sign_p(real, shuffled):
    signs = np.sign(np.subtract(shuffled, real)).astype(int).tolist()
    n, k = n_and_k = len(signs) - signs.count(0), signs.count(1)
    ways, total = 1, 0
    for j in range(n, k - 1, -1):
        total += ways
        ways = ways * j // (n - j + 1)
    return total / (1 << n)

def mean_and_error(losses, text_of):
    losses, names = np.asarray(losses, dtype=float), np.asarray(text_of)
    own = (names[:, None] == np.unique(names)).astype(float)
    G = own.shape[1]
    sums = (losses - losses.mean()) @ own / len(losses)
    return np.array([losses.mean(), np.sqrt(G / (G - 1)) * np.linalg.norm(sums)])
""",
            "from the small tail, sorted runs": """
from itertools import groupby
from math import exp, fsum, lgamma, log, sqrt

def sign_p(real, shuffled):
    worse = sum(r < s for r, s in zip(real, shuffled))
    better = sum(r > s for r, s in zip(real, shuffled))
    n = worse + better
    logs = [lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1) - n * log(2) for j in range(worse, n + 1)]
    return fsum(exp(x) for x in logs)

def mean_and_error(losses, text_of):
    mean = fsum(losses) / len(losses)
    pairs = sorted(zip(text_of, losses), key=lambda pair: pair[0])
    parts = [fsum(x - mean for _, x in run) for _, run in groupby(pairs, key=lambda pair: pair[0])]
    return [mean, sqrt(len(parts) / (len(parts) - 1) * fsum(part**2 for part in parts)) / len(losses)]
""",
        },
        wrong={
            "ties counted as texts": (
                SIGN.replace(" if s != r]", "]") + ERROR,
                2.5,
                "Ties must be left out",
            ),
            "ties counted as votes": (
                SIGN.replace(
                    "s > r for r, s in zip(real, shuffled) if s != r",
                    "s >= r for r, s in zip(real, shuffled)",
                )
                + ERROR,
                2.5,
                "You counted the ties as votes",
            ),
            "more than k": (
                SIGN.replace("range(k, n + 1)", "range(k + 1, n + 1)") + ERROR,
                2,
                "at least k begins at k",
            ),
            "exactly k": (
                SIGN.replace("sum(comb(n, j) for j in range(k, n + 1))", "comb(n, k)") + ERROR,
                2.5,
                "the chance of exactly k",
            ),
            "two-sided": (
                SIGN.replace("return sum(", "return min(1, 2 * sum(").replace(
                    "range(k, n + 1)) / 2 ** n", "range(max(k, n - k), n + 1)) / 2 ** n)"
                )
                + ERROR,
                2,
                "two-sided",
            ),
            "direction": (
                SIGN.replace("s > r for", "r > s for") + ERROR,
                2,
                "The direction is turned round",
            ),
            "powers of two overflow": (
                SIGN.replace("/ 2 ** n", "/ np.float32(2) ** n") + ERROR,
                2.5,
                "other votes, with ties",
            ),
            "tokens as draws": (
                SIGN
                + """
def mean_and_error(losses, text_of):
    return np.mean(losses), np.std(losses, ddof=1) / len(losses) ** 0.5
""",
                2,
                "treats tokens as independent draws",
            ),
            "mean of means": (
                SIGN
                + """
def mean_and_error(losses, text_of):
    means = [np.mean(losses[text_of == c]) for c in np.unique(text_of)]
    return np.mean(means), np.std(means, ddof=1) / len(means) ** 0.5
""",
                2.3,
                "You average the texts' means",
            ),
            "no correction": (
                SIGN + ERROR.replace("(G / (G - 1) * sum", "(sum"),
                2,
                "The factor G/(G-1) is missing",
            ),
            "squared": (SIGN + ERROR.replace(" ** 0.5", ""), 2.3, "take the root"),
            "at most as many": (
                SIGN.replace("range(k, n + 1)", "range(k + 1)") + ERROR,
                2,
                "The direction is turned round",
            ),
            "the normal curve": (
                SIGN.replace(
                    "return sum(comb(n, j) for j in range(k, n + 1)) / 2 ** n",
                    "from math import erfc\n    return erfc((k - n / 2) / (n / 2) ** 0.5) / 2",
                )
                + ERROR,
                1.64,
                "This is the normal curve's approximation: add the coin's",
            ),
            "the normal curve, half a text on": (
                SIGN.replace(
                    "return sum(comb(n, j) for j in range(k, n + 1)) / 2 ** n",
                    "from math import erfc\n    return erfc((k - 0.5 - n / 2) / (n / 2) ** 0.5) / 2",
                )
                + ERROR,
                1.64,
                "This is the normal curve's approximation, corrected by half",
            ),
            "the share of the votes": (
                SIGN.replace(
                    "return sum(comb(n, j) for j in range(k, n + 1)) / 2 ** n", "return k / n"
                )
                + ERROR,
                1.64,
                "This is the share of texts: asked is how probable so large",
            ),
            "ties as half a vote": (
                SIGN.replace(
                    "    k, n",
                    "    ties = len(real) - len(signs)\n    signs += [True] * (ties // 2) + [False] * (ties - ties // 2)\n    k, n",
                )
                + ERROR,
                1.91,
                "You divided the ties between the two sides: leave them out.",
            ),
            "all heads": (
                SIGN.replace(
                    "return sum(comb(n, j) for j in range(k, n + 1)) / 2 ** n", "return 0.5 ** k"
                )
                + ERROR,
                1.91,
                "This is the probability that k coins all fall alike: n",
            ),
            "bincount": (
                SIGN
                + """
def mean_and_error(losses, text_of):
    mean, n, G = np.mean(losses), len(losses), len(np.unique(text_of))
    sums = np.bincount(text_of, losses - mean)
    return mean, np.sqrt(G / (G - 1) * np.sum((sums / n) ** 2))
""",
                2.2,
                "refuses negative numbers",
            ),
            "texts in a row": (
                SIGN
                + """
from itertools import groupby

def mean_and_error(losses, text_of):
    mean, n, i, sums = float(np.mean(losses)), len(losses), 0, []
    for _, run in groupby(text_of):
        length = len(list(run))
        sums.append(sum(losses[i:i + length]) - length * mean)
        i += length
    G = len(sums)
    return mean, (G / (G - 1) * sum((s / n) ** 2 for s in sums)) ** 0.5
""",
                1.91,
                "You took each run of one number for a text: a text's tokens",
            ),
            "numbers from zero on": (
                SIGN
                + """
def mean_and_error(losses, text_of):
    x, c = np.asarray(losses), np.asarray(text_of)
    mean, G = x.mean(), max(text_of) + 1
    return mean, np.sqrt(G / (G - 1) * sum((np.sum(x[c == g] - mean) / len(x)) ** 2 for g in range(G)))
""",
                1.91,
                "You count texts from 0 to the largest number: numbers may",
            ),
            "a mean for each text": (
                SIGN
                + """
def mean_and_error(losses, text_of):
    x, c = np.asarray(losses), np.asarray(text_of)
    names = np.unique(c)
    within = sum(np.sum((x[c == g] - x[c == g].mean()) ** 2) for g in names)
    return x.mean(), np.sqrt(len(names) / (len(names) - 1) * within) / len(x)
""",
                1.64,
                "You squared within each text, around its own mean: add the",
            ),
            "squares within the texts": (
                SIGN
                + ERROR.replace("+ float(x) - mean", "+ (float(x) - mean) ** 2").replace(
                    "(s / n) ** 2", "s / n ** 2"
                ),
                1.64,
                "You squared before you added: add the deviations within",
            ),
            "tokens in the correction": (
                SIGN + ERROR.replace("G / (G - 1)", "n / (n - 1)"),
                1.64,
                "The factor is G/(G-1) with the number of texts, not of",
            ),
            "divided by the texts": (
                SIGN + ERROR.replace("(s / n) ** 2", "(s / G) ** 2"),
                1.64,
                "The sums are divided by the number of tokens n, not of",
            ),
            "the error first": (
                SIGN
                + ERROR.replace("return mean, (", "return (").replace("** 0.5\n", "** 0.5, mean\n"),
                1.5,
                "The pair is the wrong way round: the mean comes first.",
            ),
            "the median": (
                SIGN + ERROR.replace("float(np.mean(losses))", "float(np.median(losses))"),
                1.91,
                "You take the median: the mean over all tokens is asked for.",
            ),
        },
    ),
    "p3": Problem(
        points=3,
        right={
            "double loops": BITS + AREA,
            "ranks by sorting": (
                """
def passage_bits(table, passages):
    table = np.asarray(table) / -np.log(2)
    return np.array([table[np.array(p)[:-1], np.array(p)[1:]].mean() for p in passages])

def auroc(domestic, foreign):
    home = np.sort(domestic)
    below = np.searchsorted(home, foreign, side="left")
    up_to = np.searchsorted(home, foreign, side="right")
    return ((below + up_to) / 2).mean() / len(home)
"""
            ),
            "counts of pairs, searchsorted": """
def passage_bits(table, passages):
    T, out = np.asarray(table), np.empty(len(passages))
    for i, ids in enumerate(passages):
        n = np.zeros(T.shape)
        np.add.at(n, (np.array(ids)[:-1], np.array(ids)[1:]), 1)
        out[i] = -(n[n > 0] * T[n > 0]).sum() / n.sum() * np.log2(np.e)
    return out

def auroc(domestic, foreign):
    d = np.sort(np.array(domestic, dtype=float))
    below, upto = (np.searchsorted(d, foreign, side=s) for s in ("left", "right"))
    return np.float32((below + upto).mean() / 2 / len(d))
""",
            "reduceat, comparisons broadcast": """
def passage_bits(table, passages):
    before = np.concatenate([p[:-1] for p in passages])
    after = np.concatenate([p[1:] for p in passages])
    lengths = np.array([len(p) - 1 for p in passages])
    sums = np.add.reduceat(np.asarray(table)[before, after], np.cumsum(lengths) - lengths)
    return -sums / lengths * np.log2(np.e)

def auroc(domestic, foreign):
    d, f = np.array(domestic)[:, None], np.array(foreign)[None, :]
    return np.where(f > d, 1.0, np.where(f == d, 0.5, 0.0)).mean()
""",
            "counts of pairs, insertion by bisect": """
from bisect import bisect_left, bisect_right
from collections import Counter

def passage_bits(table, passages):
    def mean(ids):
        seen = Counter(zip(ids, ids[1:]))
        return sum(-times * float(table[a, b]) for (a, b), times in seen.items()) / sum(seen.values())
    return np.array([mean(ids) for ids in passages]) / np.log(2)

def auroc(domestic, foreign):
    ranked = sorted(domestic)
    halves = sum(bisect_left(ranked, x) + bisect_right(ranked, x) for x in foreign)
    return halves / 2 / len(ranked) / len(foreign)
""",
        },
        wrong={
            "nats": (BITS.replace(" / np.log(2)", "") + AREA, 2.3, "Your surprise is in nats"),
            "all characters": (
                BITS.replace("len(nats)", "len(ids)") + AREA,
                2.3,
                "n - 1 are predicted",
            ),
            "sum": (
                BITS.replace(" / len(nats)", "") + AREA,
                2.3,
                "You return the sum over a passage",
            ),
            "table transposed": (
                BITS.replace("table[a][b]", "table[b][a]") + AREA,
                2.3,
                "read the wrong way round",
            ),
            "scored after itself": (
                BITS.replace("table[a][b]", "table[b][b]") + AREA,
                2.3,
                "a target shifted by one",
            ),
            "ties lost": (
                BITS + AREA.replace("0.5 if f == d else ", ""),
                2.3,
                "Ties count nothing",
            ),
            "ties won": (BITS + AREA.replace("if f > d", "if f >= d"), 2.3, "Ties count fully"),
            "turned round": (
                BITS + AREA.replace("f > d", "f < d"),
                2,
                "The detector is turned round",
            ),
            "differences": (
                BITS
                + """
def auroc(domestic, foreign):
    gap = np.subtract.outer(np.asarray(foreign), np.asarray(domestic))
    return np.mean((np.sign(gap) + 1) / 2)
""",
                2.7,
                "The sign of inf - inf is NaN",
            ),
            "one to one": (
                BITS
                + """
def auroc(domestic, foreign):
    pairs = list(zip(domestic, foreign))
    return sum((f > d) + 0.5 * (f == d) for d, f in pairs) / len(pairs)
""",
                2,
                "every foreign score meets every domestic one",
            ),
            "the best threshold": (
                BITS
                + """
def auroc(domestic, foreign):
    d, f = np.asarray(domestic, dtype=float), np.asarray(foreign, dtype=float)
    return max((np.mean(d <= c) + np.mean(f > c)) / 2 for c in np.concatenate([d, f]))
""",
                2,
                "at the best threshold",
            ),
            "the first character guessed": (
                BITS.replace(
                    "for a, b in zip(ids, ids[1:])]",
                    "for a, b in zip(ids, ids[1:])] + [np.log(len(table))]",
                )
                + AREA,
                1.88,
                "The first character has nothing before it: it is not",
            ),
            "all passages as one": (
                BITS.replace(
                    "    return out",
                    "    lengths = [len(ids) - 1 for ids in passages]\n    return [np.average(out, weights=lengths)] * len(out)",
                )
                + AREA,
                1.5,
                "All passages get one mean: each has its own.",
            ),
            "perplexity": (
                BITS.replace("sum(nats) / len(nats) / np.log(2)", "np.exp(sum(nats) / len(nats))")
                + AREA,
                1.88,
                "You return a perplexity: the mean surprise in bits is asked",
            ),
            "base ten": (
                BITS.replace("np.log(2)", "np.log(10)") + AREA,
                1.88,
                "Your logarithm has base 10: bits need base 2.",
            ),
            "no sign": (
                BITS.replace("-table", "table") + AREA,
                1.5,
                "The sign is wrong: surprise is never negative.",
            ),
            "across the borders": (
                """
def passage_bits(table, passages):
    out, before = [], None
    for ids in passages:
        nats = [-table[a][b] for a, b in zip(ids if before is None else [before, *ids], ids[1:] if before is None else ids)]
        out.append(sum(nats) / len(nats) / np.log(2))
        before = ids[-1]
    return out
"""
                + AREA,
                1.88,
                "Your passages run on into each other: the last character of",
            ),
            "above the domestic mean": (
                BITS
                + """
def auroc(domestic, foreign):
    return np.mean(np.array(foreign) > np.mean(domestic))
""",
                1.5,
                "This is the share of foreign scores above the domestic",
            ),
            "tied pairs left out": (
                BITS
                + AREA.replace(
                    "won / (len(domestic) * len(foreign))",
                    "won / sum(f != d for f in foreign for d in domestic)",
                ).replace("0.5 if f == d else 0.0", "0.0"),
                1.88,
                "You leave tied pairs out of the total: they stay, and count",
            ),
            "pairs counted": (
                BITS + AREA.replace("won / (len(domestic) * len(foreign))", "won"),
                1.5,
                "You return the number of pairs: divide by how many there",
            ),
            "minus one to one": (
                BITS
                + AREA.replace(
                    "won / (len(domestic) * len(foreign))",
                    "2 * won / (len(domestic) * len(foreign)) - 1",
                ),
                1.5,
                "This is 2·AUROC - 1: the share of pairs itself is asked for.",
            ),
            "divided by all scores": (
                BITS
                + AREA.replace(
                    "won / (len(domestic) * len(foreign))",
                    "won / (len(domestic) + len(foreign)) ** 2",
                ),
                1.5,
                "You divide by the square of the number of scores: there are",
            ),
            "above every domestic one": (
                BITS
                + """
def auroc(domestic, foreign):
    return np.mean([f > max(domestic) for f in foreign])
""",
                1.5,
                "This is the share of foreign scores above *every* domestic",
            ),
            "at the middle": (
                BITS
                + """
def auroc(domestic, foreign):
    cut = np.median([*domestic, *foreign])
    return (np.mean(np.array(domestic) <= cut) + np.mean(np.array(foreign) > cut)) / 2
""",
                1.5,
                "This is the accuracy at the median: asked is the share of",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "polyfit and lists": FORECAST + RANGE,
            "normal equations, masks": (
                """
def forecast(sizes, losses, floor, new_size):
    A = np.column_stack([np.ones(len(sizes)), np.log(sizes)])
    w, *_ = np.linalg.lstsq(A, np.log(np.array(losses) - floor), rcond=None)
    return floor + np.exp(w[0] + w[1] * np.log(new_size))

def forecast_range(sizes, losses, floors, new_size):
    sizes, losses = map(np.array, (sizes, losses))
    masks = np.vstack([np.ones(len(sizes)), 1 - np.eye(len(sizes))]).astype(bool)
    values = [[forecast(sizes[m], losses[m], f, new_size) for m in masks] for f in floors]
    return np.array([np.min(values), np.max(values)])
"""
            ),
            "covariances, itertools": """
def forecast(sizes, losses, floor, new_size):
    x, y = np.log2(sizes), np.log2(np.subtract(losses, floor))
    c = np.cov(x, y)
    return floor + 2 ** (y.mean() + c[0, 1] / c[0, 0] * (np.log2(new_size) - x.mean()))

def forecast_range(sizes, losses, floors, new_size):
    from itertools import combinations, product
    pairs = combinations(zip(sizes, losses), len(sizes) - 1)
    all_ = [forecast(*zip(*chosen), floor, new_size) for chosen, floor in product(list(pairs), floors)]
    return np.array([np.min(all_), np.max(all_)])
""",
            "lstsq, weights of zero": """
def law(sizes, losses, floor, weights):
    X = np.column_stack([np.ones(len(sizes)), np.log(sizes)])
    y = np.log(np.subtract(losses, floor))
    (level, slope), *_ = np.linalg.lstsq(X * weights[:, None], y * weights, rcond=None)
    return lambda N: floor + np.exp(level + slope * np.log(N))

def forecast(sizes, losses, floor, new_size):
    return law(sizes, losses, floor, np.ones(len(sizes)))(new_size)

def forecast_range(sizes, losses, floors, new_size):
    found = np.array([[law(sizes, losses, floor, 1.0 - one)(new_size) for one in np.eye(len(sizes))] for floor in floors])
    return np.array([found.min(), found.max()])
""",
            "logarithms to base ten, running bounds": """
from math import log10

def forecast(sizes, losses, floor, new_size):
    x, y = [log10(n) for n in sizes], [log10(loss - floor) for loss in losses]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mx) * b for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
    return 10 ** (my + slope * (log10(new_size) - mx)) + floor

def forecast_range(sizes, losses, floors, new_size):
    low, high = float("inf"), -float("inf")
    for floor in reversed(list(floors)):
        for i in range(len(sizes)):
            loss = forecast([*sizes[:i], *sizes[i + 1:]], [*losses[:i], *losses[i + 1:]], floor, new_size)
            low, high = min(low, loss), max(high, loss)
    return low, high
""",
        },
        wrong={
            "floor not added again": (
                FORECAST.replace("return floor + ", "return ") + RANGE,
                1.7,
                "never added again",
            ),
            "floor ignored": (
                FORECAST.replace(" - floor)", ")").replace("return floor + ", "return ") + RANGE,
                1.7,
                "The floor plays no part",
            ),
            "floor added to a law without": (
                FORECAST.replace(" - floor)", ")") + RANGE,
                1.7,
                "subtract it before taking logarithms",
            ),
            "straight in the loss": (
                """
def forecast(sizes, losses, floor, new_size):
    slope, level = np.polyfit(np.log(sizes), losses, 1)
    return level + slope * np.log(new_size)
"""
                + RANGE,
                1.5,
                "straight when *both* are logarithms",
            ),
            "through the ends": (
                """
def forecast(sizes, losses, floor, new_size):
    a, b = losses[0] - floor, losses[-1] - floor
    alpha = np.log(a / b) / np.log(sizes[-1] / sizes[0])
    return floor + b * (new_size / sizes[-1]) ** -alpha
"""
                + RANGE,
                1.9,
                "the first and the last point only",
            ),
            "nothing left out": (
                FORECAST + RANGE.replace("range(len(sizes)):", "[None]:"),
                2,
                "You left no point out",
            ),
            "first floor only": (
                FORECAST + RANGE.replace("in floors:", "in floors[:1]:"),
                2,
                "Only the first floor is tried",
            ),
            "high before low": (
                FORECAST
                + RANGE.replace("[min(promised), max(promised)]", "max(promised), min(promised)"),
                2,
                "the wrong way round",
            ),
            "an exponential law": (
                """
def forecast(sizes, losses, floor, new_size):
    slope, level = np.polyfit(np.asarray(sizes), np.log(np.asarray(losses) - floor), 1)
    return floor + np.exp(level + slope * new_size)
"""
                + RANGE,
                1.5,
                "against N itself",
            ),
            "pairs of points": (
                FORECAST
                + """
from itertools import combinations

def forecast_range(sizes, losses, floors, new_size):
    found = [forecast([sizes[i], sizes[j]], [losses[i], losses[j]], floor, new_size) for floor in floors for i, j in combinations(range(len(sizes)), 2)]
    return min(found), max(found)
""",
                1.8,
                "You drew a law through each pair of points: leave out one",
            ),
            "the last point only left out": (
                FORECAST + RANGE.replace("range(len(sizes)):", "[len(sizes) - 1]:"),
                1.8,
                "Only the last point is left out: each of them is, in turn.",
            ),
            "never an end left out": (
                FORECAST
                + RANGE.replace(
                    "for left_out in range(len(sizes)):",
                    "for left_out in range(1, len(sizes) - 1):",
                ),
                1.8,
                "The first and the last point are never left out: each of",
            ),
            "a width": (
                FORECAST
                + RANGE.replace("[min(promised), max(promised)]", "max(promised) - min(promised)"),
                1.5,
                "You return the width of the range: its two ends are asked",
            ),
            "all forecasts": (
                FORECAST + RANGE.replace("[min(promised), max(promised)]", "promised"),
                1.5,
                "You return all forecasts: the lowest and the highest are",
            ),
            "mean and spread": (
                FORECAST
                + RANGE.replace(
                    "[min(promised), max(promised)]",
                    "[np.mean(promised) - np.std(promised), np.mean(promised) + np.std(promised)]",
                ),
                1.8,
                "You return mean and spread: the lowest and the highest",
            ),
            "the mean of the floors": (
                FORECAST + RANGE.replace("for floor in floors:", "for floor in [np.mean(floors)]:"),
                1.8,
                "You average the floors: each of them gives its own",
            ),
            "the first point kept": (
                FORECAST
                + RANGE.replace(
                    "for left_out in range(len(sizes)):", "for left_out in range(1, len(sizes)):"
                ),
                2.1,
                "The first point is never left out: each of them is, in turn.",
            ),
            "the logarithm of the loss": (
                FORECAST.replace(
                    "floor + np.exp(level) * new_size ** slope", "level + slope * np.log(new_size)"
                )
                + RANGE,
                1.5,
                "You return the logarithm of the loss above the floor:",
            ),
            "the slope without its sign": (
                FORECAST.replace("** slope", "** -slope") + RANGE,
                1.5,
                "The sign of the slope is wrong: a loss falls with the size.",
            ),
            "only the excess": (
                FORECAST.replace("floor + np.exp", "np.exp")
                + RANGE.replace("forecast(", "full(")
                + FORECAST.replace("forecast(", "full("),
                1.8,
                "The floor is subtracted and never added again.",
            ),
            "base two and e": (
                FORECAST.replace("np.log(sizes)", "np.log2(sizes)") + RANGE,
                1.5,
                "Your logarithms have different bases: sizes and losses need",
            ),
            "the two largest": (
                FORECAST.replace(
                    "    slope", "    sizes, losses = sizes[-2:], losses[-2:]\n    slope", 1
                )
                + RANGE,
                1.5,
                "Your line runs through the last two points only: least",
            ),
            "sizes against losses": (
                FORECAST.replace(
                    "np.polyfit(np.log(sizes), np.log(np.asarray(losses) - floor), 1)",
                    "np.polyfit(np.log(np.asarray(losses) - floor), np.log(sizes), 1)",
                ).replace(
                    "floor + np.exp(level) * new_size ** slope",
                    "floor + np.exp((np.log(new_size) - level) / slope)",
                )
                + RANGE,
                1.5,
                "You fitted log N by the loss: least squares minimises the",
            ),
            "the floor below the smallest loss": (
                FORECAST.replace("    slope", "    floor = min(losses) * 0.99\n    slope", 1)
                + RANGE,
                1.5,
                "You chose a floor of your own: it is given.",
            ),
        },
    ),
    "p5": Problem(
        points=5,
        right={
            "short and in other words": checks(),
            "differences and selections": (
                """
def rows_ok(log_probs):
    with np.errstate(all="ignore"):
        return not np.any(~(np.abs(np.logaddexp.reduce(log_probs, axis=-1)) <= 1e-6))

def causal_ok(before, after, t):
    return all(np.allclose(a, b, atol=1e-6) for i, (a, b) in enumerate(zip(before, after)) if i <= t)

def targets_ok(log_probs, tokens):
    best = {}
    for s in (-1, 0, 1):
        rows = [(i, i + s) for i in range(1, len(tokens) - 1)]
        best[s] = sum(log_probs[i, tokens[j]] for i, j in rows)
    return max(best, key=best.get) == 0

def mean_ok(losses, mask, reported):
    m = np.asarray(mask, dtype=bool)
    return bool(np.isclose(np.where(m, losses, 0).sum() / m.sum(), reported, rtol=1e-6, atol=1e-6))

def grad_ok(up, down, step, grad):
    slope = [(u - d) / (2 * step) for u, d in zip(up, down)]
    largest = max(abs(s) for s in slope)
    return all(abs(s - g) <= 1e-4 * largest for s, g in zip(slope, grad))

def shards_ok(grads, n_tokens, reported):
    n = np.array(n_tokens, dtype=float)
    weighted = np.where(n[:, None] > 0, n[:, None] * grads, 0.0)
    return np.abs(weighted.sum(0) / n.sum() - reported).max() < 1e-6
"""
            ),
            "logsumexp, sorted answers, np.testing": """
def rows_ok(log_probs):
    x = np.asarray(log_probs)
    if np.isnan(x).any() or np.isposinf(x).any():
        return False
    return all(abs(np.logaddexp.reduce(row)) < 1e-6 for row in x)

def causal_ok(before, after, t):
    try:
        np.testing.assert_allclose(after[:t + 1], before[:t + 1], rtol=1e-6, atol=1e-6)
    except AssertionError:
        return False
    return True

def targets_ok(log_probs, tokens):
    z = np.asarray(log_probs)[:, tokens]
    return np.trace(z) / len(z) > max(np.trace(z, offset=k) / (len(z) - 1) for k in (1, -1))

def mean_ok(losses, mask, reported):
    x = np.ma.array(losses, mask=np.equal(mask, 0))
    return np.isfinite(reported) and abs(float(x.mean()) - reported) <= 1e-6 * (1 + abs(reported))

def grad_ok(up, down, step, grad):
    q = np.subtract(up, down) / step / 2
    return bool(np.allclose(grad, q, rtol=0, atol=1e-4 * np.linalg.norm(q, np.inf)))

def shards_ok(grads, n_tokens, reported):
    n = np.array(n_tokens, dtype=float)
    whole = np.where(n[:, None] > 0, n[:, None] * np.where(np.isnan(grads), 0, grads), 0).sum(axis=0)
    return np.abs(whole - n.sum() * np.asarray(reported)).max() <= 1e-6 * n.sum()
""",
            "one wrapper that never raises": """
def check_of(rule):
    def guarded(*args):
        try:
            with np.errstate(all="ignore"):
                return bool(rule(*args))
        except Exception:
            return False
    return guarded

rows_ok = check_of(lambda x: np.isclose(np.exp(x).sum(axis=-1), 1, rtol=0, atol=1e-6).all())
causal_ok = check_of(lambda a, b, t: np.allclose(a[:t + 1], b[:t + 1], rtol=1e-6, atol=1e-6))

@check_of
def targets_ok(log_probs, tokens):
    i = np.arange(len(tokens))
    own = log_probs[i, tokens]
    return own[1:].mean() > log_probs[i[1:], tokens[:-1]].mean() and own[:-1].mean() > log_probs[i[:-1], tokens[1:]].mean()

mean_ok = check_of(lambda x, m, r: np.isclose(np.mean(x[np.asarray(m) == 1]), r, rtol=1e-6, atol=1e-6))
grad_ok = check_of(lambda up, down, step, grad: np.max(np.abs((up - down) / (2 * step) - grad)) <= 1e-4 * np.max(np.abs(up - down)) / (2 * step))
shards_ok = check_of(lambda g, n, r: np.allclose(np.average(np.asarray(g)[np.asarray(n) > 0], axis=0, weights=np.asarray(n)[np.asarray(n) > 0]), r, rtol=1e-6, atol=1e-6))
""",
            "in place": """
def rows_ok(log_probs):
    np.exp(log_probs, out=log_probs)
    log_probs[:, 0] += log_probs[:, 1:].sum(axis=1) - 1
    return not np.any(~(np.abs(log_probs[:, 0]) < 1e-6))

def causal_ok(before, after, t):
    before[np.isneginf(before)] = after[np.isneginf(after)] = 1
    before -= after
    return bool(np.max(np.abs(before[:t + 1])) < 1e-6)

def targets_ok(log_probs, tokens):
    scores = {shift: np.take_along_axis(log_probs, np.roll(tokens, shift)[:, None], axis=1)[1:-1].mean() for shift in (1, 0, -1)}
    return scores[0] == max(scores.values()) and scores[0] > min(scores.values())

def mean_ok(losses, mask, reported):
    losses[mask == 0] = 0
    return bool(abs(losses.sum() / np.count_nonzero(mask) - reported) <= 1e-6 * max(1, abs(reported)))

def grad_ok(up, down, step, grad):
    up -= down
    up /= 2 * step
    most = 1e-4 * np.linalg.norm(up, np.inf)
    grad -= up
    return bool(np.all((-most <= grad) & (grad <= most)))

def shards_ok(grads, n_tokens, reported):
    n = np.array(n_tokens, dtype=float)
    grads[n == 0] = 0
    grads *= (n / n.sum())[:, None]
    return bool((np.abs(grads.sum(axis=0) - reported) < 2e-6).all())
""",
        },
        wrong={
            "rows: everything is sound": (
                checks(rows="def rows_ok(log_probs):\n    return True\n"),
                4.2,
                "lets a planted bug pass",
            ),
            "rows: everything is broken": (
                checks(rows="def rows_ok(log_probs):\n    return False\n"),
                4.2,
                "calls a sound result broken",
            ),
            "rows: over time": (
                checks(
                    rows="""
def rows_ok(log_probs):
    return np.allclose(np.exp(log_probs).sum(0), 1, atol=1e-6)
"""
                ),
                4.2,
                "the vocabulary is the last axis",
            ),
            "rows: bans refused": (
                checks(
                    rows="""
def rows_ok(log_probs):
    return np.isfinite(log_probs).all() and np.allclose(np.exp(log_probs).sum(1), 1, atol=1e-6)
"""
                ),
                4.75,
                "A banned token is no fault",
            ),
            "rows: the total": (
                checks(
                    rows="""
def rows_ok(log_probs):
    return abs(np.nansum(np.exp(log_probs)) - len(log_probs)) < 1e-6 * len(log_probs)
"""
                ),
                4.75,
                "One bad row hides",
            ),
            "rows: none is large": (
                checks(
                    rows="""
def rows_ok(log_probs):
    return not (np.abs(np.exp(log_probs).sum(1) - 1) > 1e-6).any()
"""
                ),
                4.75,
                "A NaN slips through",
            ),
            "causal: row t is not watched": (
                checks(
                    causal="""
def causal_ok(before, after, t):
    return np.allclose(before[:t], after[:t])
"""
                ),
                4.5,
                "Row 1 predicts token 1 and must not have seen it",
            ),
            "causal: nothing may move": (
                checks(
                    causal="""
def causal_ok(before, after, t):
    return np.allclose(before, after)
"""
                ),
                4.2,
                "It forbids later rows to move",
            ),
            "causal: exact equality": (
                checks(
                    causal="""
def causal_ok(before, after, t):
    return bool((before[:t + 1] == after[:t + 1]).all())
"""
                ),
                4.75,
                "Equal to the last digit",
            ),
            "targets: one neighbour": (
                checks(
                    targets="""
def targets_ok(log_probs, tokens):
    i = np.arange(len(tokens))
    return log_probs[i, tokens].mean() > log_probs[i[1:], tokens[:-1]].mean()
"""
                ),
                4.75,
                "Only one neighbour is tried",
            ),
            "targets: a good model": (
                checks(
                    targets="""
def targets_ok(log_probs, tokens):
    return np.mean(np.argmax(log_probs, axis=1) == tokens) > 0.5
"""
                ),
                4.5,
                "a weak model's rows are sound too",
            ),
            "mean: multiplied": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    return np.isclose(np.sum(losses * mask) / np.sum(mask), reported)
"""
                ),
                4.2,
                "select the unmasked losses",
            ),
            "mean: padded size": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    return np.isclose(np.sum(np.where(mask, losses, 0)) / np.size(mask), reported)
"""
                ),
                4.2,
                "Select the losses that count",
            ),
            "mean: nothing far": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    return not abs(reported - losses[mask == 1].mean()) > 1e-6
"""
                ),
                4.75,
                "It accepts a reported NaN",
            ),
            "mean: nothing to divide by": (
                checks(mean=CHECKS["mean"].replace("len(kept) > 0 and ", "")),
                4.75,
                "leaves nothing to divide by",
            ),
            "mean: of no token": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    return np.isclose(np.mean(losses[mask == 1]), reported, equal_nan=True)
"""
                ),
                4.75,
                "Where no token counts there is no mean",
            ),
            "grad: half the step": (
                checks(grad=CHECKS["grad"].replace("(2 * step)", "step")),
                4.2,
                "the two points lie that far apart",
            ),
            "grad: absolute tolerance": (
                checks(
                    grad="""
def grad_ok(up, down, step, grad):
    return np.allclose((up - down) / (2 * step), grad, rtol=0, atol=1e-4)
"""
                ),
                4.75,
                "Your tolerance is absolute",
            ),
            "grad: relative to each entry": (
                checks(
                    grad="""
def grad_ok(up, down, step, grad):
    slope = (up - down) / (2 * step)
    return np.all(abs(slope - grad) <= 1e-4 * abs(slope))
"""
                ),
                4.75,
                "You measure each entry's error against that entry",
            ),
            "grad: sums": (
                checks(
                    grad="""
def grad_ok(up, down, step, grad):
    return abs(((up - down) / (2 * step)).mean() - grad.mean()) < 1e-4
"""
                ),
                4.75,
                "small numbers, small errors",
            ),
            "shards: averaged": (
                checks(
                    shards="""
def shards_ok(grads, n_tokens, reported):
    return np.allclose(np.mean(grads, axis=0), reported)
"""
                ),
                4.2,
                "weight each by its tokens",
            ),
            "shards: an empty one": (
                checks(
                    shards="""
def shards_ok(grads, n_tokens, reported):
    n = np.array(n_tokens)
    return np.allclose(n @ grads / n.sum(), reported, rtol=1e-6)
"""
                ),
                4.75,
                "leave a shard without tokens out",
            ),
            "causal: the mean difference": (
                checks(
                    causal=CHECKS["causal"].replace(
                        "np.abs(before[:t + 1] - after[:t + 1]).max()",
                        "abs(np.mean(before[:t + 1] - after[:t + 1]))",
                    )
                ),
                4.72,
                "Row 1 predicts token 1 and must not have seen it.",
            ),
            "causal: row t alone": (
                checks(
                    causal=CHECKS["causal"].replace(
                        "before[:t + 1] - after[:t + 1]", "before[t] - after[t]"
                    )
                ),
                4.72,
                "It lets a planted bug pass that is caught by what the",
            ),
            "targets: better than by chance": (
                checks(
                    targets=CHECKS["targets"].replace(
                        "fit(0) > fit(1) and fit(0) > fit(-1)",
                        "fit(0) > -np.log(log_probs.shape[1])",
                    )
                ),
                4.44,
                "It compares with guessing, not with the neighbours",
            ),
            "mean: NaN left out, mask ignored": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    return bool(abs(np.nanmean(losses) - reported) < 1e-6)
"""
                ),
                4.58,
                "It leaves out NaN and ignores the mask: what stands under a",
            ),
            "mean: of the rows' means": (
                checks(
                    mean="""
def mean_ok(losses, mask, reported):
    rows = [np.mean(x[m == 1]) for x, m in zip(np.atleast_2d(losses), np.atleast_2d(mask))]
    return bool(abs(np.mean(rows) - reported) < 1e-6)
"""
                ),
                4.31,
                "It expects the mean of the rows' means: all tokens of the",
            ),
            "grad: each entry by itself": (
                checks(
                    grad=CHECKS["grad"].replace(
                        "abs(slope - grad).max() <= 1e-4 * abs(slope).max()",
                        "bool(np.all(abs(slope - grad) <= 1e-9 * abs(slope)))",
                    )
                ),
                4.44,
                "It calls a sound result broken: allow for rounding, and",
            ),
            "grad: the direction only": (
                checks(
                    grad=CHECKS["grad"].replace(
                        "abs(slope - grad).max() <= 1e-4 * abs(slope).max()",
                        "slope @ grad / np.linalg.norm(slope) / np.linalg.norm(grad) > 0.9999",
                    )
                ),
                4.17,
                "It compares directions: a gradient with a factor too many",
            ),
            "grad: the sign only": (
                checks(
                    grad=CHECKS["grad"].replace(
                        "abs(slope - grad).max() <= 1e-4 * abs(slope).max()",
                        "bool(np.all(np.sign(slope) == np.sign(grad)))",
                    )
                ),
                4.17,
                "It compares signs only: the numbers must agree.",
            ),
            "shards: added": (
                checks(shards=CHECKS["shards"].replace("total / sum(n_tokens)", "total")),
                4.17,
                "It expects the sum over tokens",
            ),
        },
    ),
}

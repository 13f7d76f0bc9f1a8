"""Answers to assignment 6: sequence scoring and calibration."""

from graders import Problem

SCORES = """
def scores(answers, texts, unconditional):
    total = [sum(answer) for answer in answers]
    return {"total": total, "token": [s / len(a) for s, a in zip(total, answers)],
            "byte": [s / len(bytes(t, "utf8")) for s, t in zip(total, texts)], "pmi": [s - u for s, u in zip(total, unconditional)]}
"""

HANDICAP = """
def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
"""

DIAGRAM = """
def diagram(confidence, correct, n_bins):
    c, o = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    b = np.maximum(np.ceil(c * n_bins).astype(int) - 1, 0)
    n = np.bincount(b, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        return n, np.bincount(b, c, n_bins) / n, np.bincount(b, o, n_bins) / n
"""

ECE = """
def ece(confidence, correct, n_bins):
    n, c, a = map(np.asarray, diagram(confidence, correct, n_bins))
    return sum(k * abs(x - y) for k, x, y in zip(n, c, a) if k) / n.sum()
"""

LUCK = """
import itertools

def luck(confidence, n_bins):
    out = 0
    for outcome in itertools.product([0, 1], repeat=len(confidence)):
        weight = 1.0
        for o, c in zip(outcome, confidence):
            weight *= c if o else 1 - c
        out += weight * ece(confidence, list(outcome), n_bins)
    return out
"""

POWER = """
def level_power(totals, lengths):
    s, n = np.array(totals), np.array(lengths, dtype=float)
    f = lambda a: np.cov(s / n**a, n)[0, 1]
    a, b = 0.0, 1.0
    if (f(a) < 0) == (f(b) < 0):
        raise ValueError("no change of sign")
    while b - a > 1e-13:
        m = (a + b) / 2
        if (f(m) < 0) == (f(a) < 0):
            a = m
        else:
            b = m
    return a
"""

BEST = """
def best_temperature(logits, targets):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=1, keepdims=True)
    zt = z[np.arange(len(z)), targets]
    finite = np.where(np.isfinite(z), z, 0)
    low, high = 0.01, 100.0
    for _ in range(200):
        beta = (low * high) ** 0.5
        p = np.exp(beta * z)
        p /= p.sum(axis=1, keepdims=True)
        if ((p * finite).sum(axis=1) - zt).mean() > 0:
            high = beta
        else:
            low = beta
    return 1 / beta
"""

JUDGE = """
def nll(z, t, T):
    total = 0
    for row, target in zip(z, t):
        row = row / T - np.max(row) / T
        total += np.log(np.exp(row).sum()) - row[target]
    return total / len(z)

def judge(logits, targets, documents, held_out):
    z, t = np.array(logits, dtype=float), np.array(targets)
    test = np.array([d in list(held_out) for d in documents])
    if test.sum() in (0, len(test)):
        raise ValueError("one side is empty")
    T = best_temperature(z[~test], t[~test])
    return [T, nll(z[test], t[test], 1), nll(z[test], t[test], T), np.mean(z[test].argmax(1) == t[test])]
"""

PROBLEMS = {
    "p1": Problem(
        points=4,
        right={
            "plain lists": SCORES + HANDICAP,
            "arrays and covariance": (
                """
def scores(answers, texts, unconditional):
    total = np.array([np.asarray(a, dtype=np.float64).sum() for a in answers])
    out = {"total": total}
    out["token"] = np.array([np.mean(a) for a in answers])
    out["byte"] = total / [len(t.encode()) for t in texts]
    out["pmi"] = np.subtract(total, unconditional)
    return out

def handicap(totals, lengths):
    c = np.cov(totals, lengths)
    return -c[0, 1] / c[1, 1]
"""
            ),
            "masked sums, slope by lstsq": """
def scores(answers, texts, unconditional):
    n = np.array(list(map(len, answers)))
    padded = np.zeros((len(n), n.max()))
    for row, a in zip(padded, answers):
        row[:len(a)] = a
    total = np.ma.array(padded, mask=np.arange(n.max()) >= n[:, None]).sum(axis=-1).filled(0)
    size = [sum(1 for _ in text.encode()) for text in texts]
    return dict(zip(("total", "token", "byte", "pmi"), (total, total / n, total / size, total - np.array(unconditional))))

def handicap(totals, lengths):
    A = np.stack([np.ones(len(lengths)), lengths], axis=1)
    return -np.linalg.lstsq(A, np.array(totals), rcond=None)[0][1]
""",
        },
        wrong={
            "characters for bytes": (
                SCORES.replace('len(bytes(t, "utf8"))', "len(t)") + HANDICAP,
                3.4,
                "count the bytes of text.encode()",
            ),
            "PMI the wrong way round": (
                SCORES.replace("s - u for", "u - s for") + HANDICAP,
                3.4,
                "an answer that the question makes *more* likely",
            ),
            "PMI of averages": (
                SCORES.replace(
                    "[s - u for s, u in zip(total, unconditional)]",
                    "[s / len(a) - u for s, a, u in zip(total, answers, unconditional)]",
                )
                + HANDICAP,
                3.4,
                "PMI compares two totals",
            ),
            "PMI as a quotient": (
                SCORES.replace("s - u for", "s / u for") + HANDICAP,
                3.4,
                "a ratio of probabilities is a *difference* of logarithms",
            ),
            "products of probabilities": (
                SCORES.replace("sum(answer) for", "np.log(np.prod(np.exp(answer))) for") + HANDICAP,
                3.7,
                "add logarithms",
            ),
            "logarithm of the mean": (
                SCORES.replace(
                    "[s / len(a) for s, a in zip(total, answers)]",
                    "[np.log(np.mean(np.exp(a))) for a in answers]",
                )
                + HANDICAP,
                3.4,
                "This is the logarithm of the mean probability",
            ),
            "perplexity": (
                SCORES.replace(
                    "[s / len(a) for s, a in zip(total, answers)]",
                    "[-s / len(a) for s, a in zip(total, answers)]",
                )
                + HANDICAP,
                3.4,
                "The sign is turned",
            ),
            "impossible token skipped": (
                SCORES.replace(
                    "sum(answer) for", "np.sum(np.array(answer)[np.isfinite(answer)]) for"
                )
                + HANDICAP,
                3.7,
                "You left the impossible token out",
            ),
            "slope with its sign": (
                SCORES
                + "def handicap(totals, lengths):\n    return np.polyfit(lengths, totals, 1)[0]\n",
                3.1,
                "a handicap of 2 means that totals fall by 2 a token",
            ),
            "mean of the ratios": (
                SCORES + "def handicap(totals, lengths):\n    return -np.mean(np.array(totals) /"
                " np.array(lengths))\n",
                3.1,
                "that charges the price of the first token to all",
            ),
            "through the origin": (
                SCORES
                + "def handicap(totals, lengths):\n    n = np.array(lengths, dtype=float)\n   "
                " return -(n @ np.array(totals)) / (n @ n)\n",
                3.1,
                "Your line goes through the origin",
            ),
            "the other regression": (
                SCORES
                + "def handicap(totals, lengths):\n    return -np.polyfit(totals, lengths, 1)[0]\n",
                3.1,
                "You divide by the variance of the totals",
            ),
            "standardised": (
                SCORES
                + """
def handicap(totals, lengths):
    return -np.corrcoef(totals, lengths)[0, 1]
""",
                3.1,
                "This is the correlation",
            ),
        },
    ),
    "p2": Problem(
        points=4,
        right={
            "ceil and bincount": DIAGRAM + ECE,
            "loops over predictions": (
                """
def diagram(confidence, correct, n_bins):
    bins = [[] for _ in range(n_bins)]
    for c, o in zip(confidence, correct):
        b = 0
        while b < n_bins - 1 and c > (b + 1) / n_bins:
            b += 1
        bins[b].append((float(c), float(o)))
    nan = float("nan")
    return ([len(b) for b in bins], [sum(c for c, _ in b) / len(b) if b else nan for b in bins],
            [sum(o for _, o in b) / len(b) if b else nan for b in bins])

def ece(confidence, correct, n_bins):
    return float(sum(n * abs(a - c) for n, c, a in zip(*diagram(confidence, correct, n_bins)) if n) / len(confidence))
"""
            ),
            "searchsorted": """
def diagram(confidence, correct, n_bins):
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    b = np.searchsorted(edges, confidence, side="left")
    rows = [(np.asarray(confidence, dtype=float)[b == k], np.asarray(correct)[b == k]) for k in range(n_bins)]
    mean = lambda x: np.mean(x) if len(x) else np.nan
    return np.array([len(c) for c, _ in rows]), np.array([mean(c) for c, _ in rows]), np.array([mean(o) for _, o in rows])
"""
            + ECE,
            "comparison matrix": """
def diagram(confidence, correct, n_bins):
    c, o = np.array(confidence, dtype=float), np.array(correct) * 1.0
    upper = (np.arange(n_bins) + 1) / n_bins
    place = np.minimum((c[:, None] > upper).sum(axis=-1), n_bins - 1)
    member = place[:, None] == np.arange(n_bins)
    n = member.sum(axis=0)
    mean = lambda x: np.array([x[m].mean() if m.any() else np.nan for m in member.T])
    return list(n), mean(c), mean(o)

def ece(confidence, correct, n_bins):
    n, c, a = (np.ma.masked_invalid(np.array(x, dtype=float)) for x in diagram(confidence, correct, n_bins))
    return float((n * abs(c - a)).sum() / n.sum())
""",
        },
        wrong={
            "zero dropped": (
                """
def diagram(confidence, correct, n_bins):
    c, o = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    parts = [(c > b / n_bins) & (c <= (b + 1) / n_bins) for b in range(n_bins)]
    mean = lambda x: x.mean() if len(x) else np.nan
    return [p.sum() for p in parts], [mean(c[p]) for p in parts], [mean(o[p]) for p in parts]

def ece(confidence, correct, n_bins):
    n, c, a = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(n * np.abs(a - c)) / len(confidence)
""",
                3,
                "the first bin holds 0 as well",
            ),
            "one dropped": (
                """
def diagram(confidence, correct, n_bins):
    c, o = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    parts = [(c >= b / n_bins) & (c < (b + 1) / n_bins) for b in range(n_bins)]
    mean = lambda x: x.mean() if len(x) else np.nan
    return [p.sum() for p in parts], [mean(c[p]) for p in parts], [mean(o[p]) for p in parts]

def ece(confidence, correct, n_bins):
    n, c, a = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(n * np.abs(a - c)) / len(confidence)
""",
                2.5,
                "the last bin ends with 1",
            ),
            "edges in the bin above": (
                DIAGRAM.replace(
                    "np.maximum(np.ceil(c * n_bins).astype(int) - 1, 0)",
                    "np.minimum((c * n_bins).astype(int), n_bins - 1)",
                )
                + ECE,
                3.7,
                "belongs to the bin *below* it",
            ),
            "bins not weighted": (
                DIAGRAM
                + """
def ece(confidence, correct, n_bins):
    n, c, a = diagram(confidence, correct, n_bins)
    return np.nanmean(np.abs(a - c))
""",
                2.6,
                "weight each by its number of predictions",
            ),
            "signed gaps": (
                DIAGRAM
                + """
def ece(confidence, correct, n_bins):
    n, c, a = diagram(confidence, correct, n_bins)
    return abs(np.nansum(n * (a - c))) / n.sum()
""",
                2.6,
                "Gaps of opposite sign cancel",
            ),
            "one bin for all": (
                DIAGRAM
                + """
def ece(confidence, correct, n_bins):
    return abs(np.mean(confidence) - np.mean(correct)) + 0 * n_bins
""",
                2.6,
                "Gaps of opposite sign cancel",
            ),
            "largest gap": (
                DIAGRAM
                + """
def ece(confidence, correct, n_bins):
    n, c, a = diagram(confidence, correct, n_bins)
    return np.nanmax(np.abs(a - c))
""",
                2.6,
                "This is the largest gap",
            ),
            "squared gaps": (
                DIAGRAM
                + """
def ece(confidence, correct, n_bins):
    n, c, a = diagram(confidence, correct, n_bins)
    return np.nansum(n * (a - c) ** 2) / n.sum()
""",
                2.6,
                "Your gaps are squared",
            ),
            "middles of bins": (
                DIAGRAM.replace(
                    "np.bincount(b, c, n_bins) / n, np.b",
                    "np.where(n > 0, (np.arange(n_bins) + 0.5) / n_bins, np.nan), np.b",
                )
                + ECE,
                2.6,
                "the mean of the confidences that lie in each",
            ),
            "zeros for empty bins": (
                DIAGRAM.replace(
                    "return n, np.bincount(b, c, n_bins) / n, np.bincount(b, o, n_bins) / n",
                    "return n, np.nan_to_num(np.bincount(b, c, n_bins) / n),"
                    " np.nan_to_num(np.bincount(b, o, n_bins) / n)",
                )
                + ECE,
                3.7,
                "An empty bin must be nan",
            ),
            "share of wrong ones": (
                DIAGRAM + ECE.replace("abs(x - y)", "abs(x - (1 - y))"),
                2,
                "the share of *wrong* predictions",
            ),
        },
    ),
    "p3": Problem(
        points=3,
        right={
            "itertools": LUCK,
            "bins apart": (
                """
def luck(confidence, n_bins):
    c = np.asarray(confidence, dtype=float)
    place = np.maximum(np.ceil(c * n_bins) - 1, 0)
    total = 0.0
    for b in np.unique(place):
        mine = c[place == b]
        chances = np.array([1.0])
        for p in mine:
            chances = np.append(chances * (1 - p), 0) + np.append(0, chances * p)
        total += np.sum(chances * np.abs(np.arange(len(mine) + 1) - mine.sum()))
    return total / len(c)
"""
            ),
            "recursion over the predictions": """
def luck(confidence, n_bins):
    c = [float(p) for p in confidence]
    def expect(outcome):
        k = len(outcome)
        if k == len(c):
            return float(ece(c, outcome, n_bins))
        return sum(p * expect([*outcome, o]) for o, p in ((1, c[k]), (0, 1 - c[k])) if p)
    return expect([])
""",
        },
        wrong={
            "the formula of the section": (
                """
def luck(confidence, n_bins):
    c = np.asarray(confidence, dtype=float)
    place = np.maximum(np.ceil(c * n_bins) - 1, 0)
    return np.sqrt(2 / np.pi) * sum(np.sqrt((c[place == b] * (1 - c[place == b])).sum()) for b in np.unique(place)) / len(c)
""",
                1.5,
                "This is the approximation by a normal distribution",
            ),
            "all outcomes alike": (
                """
import itertools

def luck(confidence, n_bins):
    return np.mean([ece(confidence, list(o), n_bins) for o in itertools.product([0, 1], repeat=len(confidence))])
""",
                1.6,
                "You gave all outcomes the same weight",
            ),
            "expected outcome": (
                """
def luck(confidence, n_bins):
    c = np.asarray(confidence, dtype=float)
    place = np.maximum(np.ceil(c * n_bins) - 1, 0)
    return sum(abs((c[place == b] - c[place == b]).sum()) for b in np.unique(place)) / len(c)
""",
                1.5,
                "the expectation of an absolute value is not",
            ),
            "root mean square": (
                """
import itertools

def luck(confidence, n_bins):
    out = 0
    for outcome in itertools.product([0, 1], repeat=len(confidence)):
        o = np.array(outcome)
        out += np.prod(np.where(o, confidence, 1 - np.array(confidence))) * ece(confidence, o, n_bins) ** 2
    return np.sqrt(out)
""",
                1.6,
                "You return the root of the mean square",
            ),
            "each prediction alone": (
                """
def luck(confidence, n_bins):
    c = np.asarray(confidence, dtype=float)
    return np.mean(2 * c * (1 - c))
""",
                1.5,
                "within a bin, gaps of opposite sign cancel",
            ),
            "right and wrong exchanged": (
                LUCK.replace("c if o else 1 - c", "1 - c if o else c"),
                1.9,
                "The chances of right and wrong are swapped",
            ),
            "one bin": (
                LUCK.replace("list(outcome), n_bins", "list(outcome), 1"),
                2,
                "You used a single bin",
            ),
            "a simulation": (
                """
def luck(confidence, n_bins):
    draw, c = np.random.default_rng(0), np.asarray(confidence, dtype=float)
    return np.mean([ece(c, draw.random(len(c)) < c, n_bins) for _ in range(2000)])
""",
                1.5,
                "too coarse: right to within 0.02",
            ),
            "the likeliest outcome": (
                """
def luck(confidence, n_bins):
    c = np.asarray(confidence, dtype=float)
    return ece(c, c >= 0.5, n_bins)
""",
                1.5,
                "You take the likeliest outcome only",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "covariance and bisection": POWER,
            "secant within a bracket": (
                """
def level_power(totals, lengths):
    def slope(a):
        return np.polyfit(lengths, [t / n**a for t, n in zip(totals, lengths)], 1)[0]
    lo, hi = 0.0, 1.0
    f_lo, f_hi = slope(lo), slope(hi)
    if np.sign(f_lo) == np.sign(f_hi):
        raise ValueError("both ends alike")
    for _ in range(100):
        mid = lo + (hi - lo) / 2
        f = slope(mid)
        if np.sign(f) == np.sign(f_lo):
            lo, f_lo = mid, f
        else:
            hi, f_hi = mid, f
    return np.float64(mid)
"""
            ),
            "Newton from a grid, with logarithms": """
def level_power(totals, lengths):
    s, n = np.float64(totals), np.float64(lengths)
    over, logs = n - n.mean(), np.log(n)
    tilt = lambda a: over @ (s * np.exp(-a * logs))
    if np.sign(tilt(0)) == np.sign(tilt(1)):
        raise ValueError("no power")
    grid = np.linspace(0, 1, 101)
    signs = np.sign([tilt(a) for a in grid])
    k = int(np.flatnonzero(signs != signs[0])[0])
    low, high, a = grid[k - 1], grid[k], grid[k]
    for _ in range(60):
        step = tilt(a) / (over @ (-logs * s * np.exp(-a * logs)))
        a = a - step if low <= a - step <= high else (low + high) / 2
        if np.sign(tilt(a)) == signs[0]:
            low = a
        else:
            high = a
    return a
""",
        },
        wrong={
            "the formula of the section": (
                """
def level_power(totals, lengths):
    slope, intercept = np.polyfit(lengths, totals, 1)
    if intercept > 0:
        raise ValueError
    return slope * np.mean(lengths) / (intercept + slope * np.mean(lengths))
""",
                1.5,
                "This is the formula for a single length",
            ),
            "the plain average": (
                """
def level_power(totals, lengths):
    return 1.0
""",
                1.5,
                "You return 1, the plain average",
            ),
            "a table of hundredths": (
                """
def level_power(totals, lengths):
    s, n = np.array(totals), np.array(lengths, dtype=float)
    grid = np.arange(0, 1.005, 0.01)
    r = [np.corrcoef(s / n**a, n)[0, 1] for a in grid]
    if r[0] * r[-1] > 0:
        raise ValueError
    return grid[np.argmin(np.abs(r))]
""",
                1.5,
                "a table in steps of 0.01",
            ),
            "no refusal": (
                POWER.replace('raise ValueError("no change of sign")', "return 0.5"),
                2.2,
                "raise ValueError",
            ),
            "accuracy instead of correlation": (
                """
def level_power(totals, lengths):
    s, n = np.array(totals), np.array(lengths, dtype=float)
    return min(np.linspace(0, 1, 1001), key=lambda a: np.std(s / n**a))
""",
                1.5,
                "You make the *spread* of the scores small",
            ),
            "inverse power": (
                POWER.replace("return a\n", "return 1 - a\n"),
                1.5,
                "You return 1 - α",
            ),
            "level on average": (
                """
def level_power(totals, lengths):
    s, n = np.array(totals), np.array(lengths, dtype=float)
    f = lambda a: np.polyfit(n, s / n**a, 1)[0]
    if f(0.0) * f(1.0) > 0:
        raise ValueError
    return f(0.0) / (f(0.0) - f(1.0))
""",
                1.5,
                "You drew a straight line",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "slope by bisection, loops": BEST + JUDGE,
            "Newton and logaddexp": (
                """
def _parts(z, t, beta):
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(beta * z)
    s = p.sum(axis=1)
    p = p / s[:, None]
    f = np.where(p > 0, z, 0)
    zt = z[np.arange(len(z)), t]
    mean = (p * f).sum(axis=1)
    return (np.log(s) - beta * zt).mean(), (mean - zt).mean(), ((p * f * f).sum(axis=1) - mean**2).mean()

def best_temperature(logits, targets):
    z, t = np.array(logits, dtype=float), np.array(targets)
    beta, low, high = 1.0, 0.0, 1e4
    for _ in range(200):
        _, slope, bend = _parts(z, t, beta)
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / bend if bend > 0 else -1
        beta = step if low < step < high else (low + high) / 2
    return 1 / beta

def judge(logits, targets, documents, held_out):
    z, t = np.array(logits, dtype=float), np.array(targets)
    mine = np.isin(documents, list(held_out))
    if not mine.any() or mine.all():
        raise ValueError("empty side")
    T = best_temperature(z[~mine], t[~mine])
    a, b = (_parts(z[mine], t[mine], 1 / x)[0] for x in (1, T))
    return np.array([T, a, b, (z[mine].argmax(axis=-1) == t[mine]).mean()])
"""
            ),
            "a coarse grid, refined": """
def best_temperature(logits, targets):
    z, t = np.array(logits, dtype=float), np.array(targets)
    z = z - z[np.arange(len(t)), t][:, None]
    def slope(beta):
        x = beta * z
        x = x - x.max(axis=-1, keepdims=True)
        p = np.exp(x)
        return (np.where(p > 0, p * np.where(np.isfinite(z), z, 0), 0).sum(-1) / p.sum(-1)).mean()
    low, high = 0.01, 100.0
    while high / low > 1 + 1e-12:
        grid = np.geomspace(low, high, 11)
        k = int(np.sum([slope(b) < 0 for b in grid]))
        low, high = grid[max(k - 1, 0)], grid[min(k, 10)]
    return 1.0 / low

def judge(logits, targets, documents, held_out):
    chosen = set(held_out)
    rows = list(zip(logits, targets, documents))
    fit, test = [r for r in rows if r[2] not in chosen], [r for r in rows if r[2] in chosen]
    if not fit or not test:
        raise ValueError("nothing there")
    T = best_temperature([r[0] for r in fit], [r[1] for r in fit])
    def loss(tau):
        return np.mean([np.logaddexp.reduce(np.array(z) / tau) - z[t] / tau for z, t, _ in test])
    return T, loss(1), loss(T), sum(int(np.argmax(z)) == t for z, t, _ in test) / len(test)
""",
        },
        wrong={
            "inverse returned": (
                BEST.replace("return 1 / beta", "return beta") + JUDGE,
                1.5,
                "T = 2",
            ),
            "a table of temperatures": (
                """
def best_temperature(logits, targets):
    z, t = np.array(logits, dtype=float), np.array(targets)
    z = z - z.max(axis=1, keepdims=True)
    loss = lambda T: np.mean(np.log(np.exp(z / T).sum(axis=1)) - z[np.arange(len(z)), t] / T)
    return min(np.round(np.arange(0.05, 20, 0.01), 2), key=loss)
"""
                + JUDGE,
                1.8,
                "a table in steps of 0.01",
            ),
            "fitted where judged": (
                BEST
                + JUDGE.replace(
                    "best_temperature(z[~test], t[~test])", "best_temperature(z[test], t[test])"
                ),
                2.4,
                "T must come from the other documents",
            ),
            "fitted on everything": (
                BEST
                + JUDGE.replace("best_temperature(z[~test], t[~test])", "best_temperature(z, t)"),
                2.4,
                "You fitted on all rows",
            ),
            "judged where fitted": (
                BEST
                + JUDGE.replace(
                    "nll(z[test], t[test], 1), nll(z[test], t[test], T), np.mean(z[test].argmax(1)"
                    " == t[test])",
                    "nll(z[~test], t[~test], 1), nll(z[~test], t[~test], T),"
                    " np.mean(z[~test].argmax(1) == t[~test])",
                ),
                2.4,
                "you judge it on the rows that fitted it",
            ),
            "documents exchanged": (
                BEST + JUDGE.replace("d in list(held_out)", "d not in list(held_out)"),
                2.4,
                "those in `held_out` judge",
            ),
            "NaN at a ban": (
                BEST.replace("finite = np.where(np.isfinite(z), z, 0)", "finite = z").replace(
                    "return 1 / beta", "return 1 / beta if np.isfinite(z).all() else np.nan"
                )
                + JUDGE,
                2.7,
                "leave it out of sums",
            ),
            "no maximum subtracted": (
                """
def best_temperature(logits, targets):
    z = np.asarray(logits, dtype=float)
    if np.nanmax(z) > 300:
        return np.nan
    zt = z[np.arange(len(z)), targets]
    finite = np.where(np.isfinite(z), z, 0)
    low, high = 0.01, 100.0
    for _ in range(200):
        beta = (low * high) ** 0.5
        p = np.exp(beta * (z - z.max(axis=1, keepdims=True)))
        p /= p.sum(axis=1, keepdims=True)
        if ((p * finite).sum(axis=1) - zt).mean() > 0:
            high = beta
        else:
            low = beta
    return 1 / beta
"""
                + JUDGE,
                2.7,
                "subtract each row's maximum",
            ),
            "mean confidence for accuracy": (
                BEST
                + JUDGE.replace(
                    "np.mean(z[test].argmax(1) == t[test])]",
                    "np.mean(np.exp(z[test] / T).max(1) / np.exp(z[test] / T).sum(1))]",
                ),
                2.4,
                "the share of rows whose most probable token is the target",
            ),
            "no refusal": (
                BEST
                + JUDGE.replace(
                    'raise ValueError("one side is empty")', "return [1.0, 0.0, 0.0, 0.0]"
                ),
                2.7,
                "raise ValueError, but only then",
            ),
            "the temperature of a table": (
                """
def best_temperature(logits, targets):
    z, t = np.asarray(logits, dtype=float), np.asarray(targets)
    def loss(T):
        x = z / T
        x = x - x.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(t)), t])
    return min(np.geomspace(0.05, 20, 1500), key=loss)
"""
                + JUDGE,
                1.5,
                "too coarse",
            ),
        },
    ),
}

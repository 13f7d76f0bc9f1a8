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
            "answer by answer, appended": """
def scores(answers, texts, unconditional):
    table = {"total": [], "token": [], "byte": [], "pmi": []}
    for answer, text, alone in zip(answers, texts, unconditional):
        total = np.sum(answer, dtype=float)
        table["total"].append(total)
        table["token"].append(total / len(answer))
        table["byte"].append(total / len(text.encode("utf-8")))
        table["pmi"].append(total - alone)
    return table

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
            "linear_regression of the standard library": """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

import statistics
def handicap(totals, lengths):
    return -statistics.linear_regression(list(map(float, lengths)), list(map(float, totals))).slope
""",
            "correlation times a ratio of spreads": """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.corrcoef(totals, lengths)[1, 0] * np.std(totals) / np.std(lengths)
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
                "a handicap of 2 means that totals fall by 2 per token",
            ),
            "mean of the ratios": (
                SCORES + "def handicap(totals, lengths):\n    return -np.mean(np.array(totals) /"
                " np.array(lengths))\n",
                3.1,
                "that spreads the cost of the first token over all",
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
            "the sign of the slope dropped": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return abs(np.polyfit(lengths, totals, 1)[0])
""",
                3.33,
                "sign of a line that rises is lost",
            ),
            "the intercept": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[1]
""",
                3.0,
                "This is the intercept",
            ),
            "two divisors": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.cov(totals, lengths)[0, 1] / np.var(lengths)
""",
                3.0,
                "over n - 1 by a variance over n",
            ),
            "divided by the number of answers": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / len(answers),
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
                3.33,
                "You divide by the number of answers",
            ),
            "times the bytes": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total * [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
                3.33,
                "You multiply by the bytes",
            ),
            "PMI per token": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": (total - np.array(unconditional)) / [len(a) for a in answers],
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
                3.33,
                "You divide the PMI by the tokens",
            ),
            "impossible made finite": (
                """
def scores(answers, texts, unconditional):
    total = np.array([np.sum(np.nan_to_num(a)) for a in answers])
    return {
        "total": total,
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
                3.67,
                "You replaced -inf by a finite number",
            ),
            "totals as probabilities": (
                """
def scores(answers, texts, unconditional):
    total = np.array([sum(a) for a in answers])
    return {
        "total": np.exp(total),
        "token": total / [len(a) for a in answers],
        "byte": total / [len(t.encode()) for t in texts],
        "pmi": total - np.array(unconditional),
    }

def handicap(totals, lengths):
    return -np.polyfit(lengths, totals, 1)[0]
""",
                3.0,
                "You return probabilities: the total",
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
            "digitize and weighted bincount": """
def diagram(confidence, correct, n_bins):
    confidence, correct = np.asarray(confidence), np.asarray(correct, dtype=float)
    edges = np.arange(1, n_bins) / n_bins
    place = np.digitize(confidence, edges, right=True)
    counts = np.bincount(place, minlength=n_bins)
    with np.errstate(all="ignore"):
        return (counts, np.bincount(place, confidence, n_bins) / counts, np.bincount(place, correct, n_bins) / counts)

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
            "bisect and plain lists": """
import bisect, math
def diagram(confidence, correct, n_bins):
    edges = [(b + 1) / n_bins for b in range(n_bins)]
    boxes = [[] for _ in range(n_bins)]
    for c, o in zip(confidence, correct):
        boxes[bisect.bisect_left(edges, c)].append((float(c), bool(o)))
    def mean(values):
        values = list(values)
        return sum(values) / len(values) if values else math.nan
    return [len(b) for b in boxes], [mean(c for c, _ in b) for b in boxes], [mean(o for _, o in b) for b in boxes]

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
            "comparisons, and a weighted average of gaps": """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, conf, acc = diagram(confidence, correct, n_bins)
    gaps = np.abs(np.subtract(acc, conf))
    filled = np.array(counts) > 0
    return np.average(gaps[filled], weights=np.array(counts)[filled])
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
            "accuracy before confidence": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, accs, confs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
                3.27,
                "The accuracies stand where",
            ),
            "empty bins left out": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        if not inside.any(): continue
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
                2.36,
                "Empty bins are missing",
            ),
            "bins equally full": (
                """
def diagram(confidence, correct, n_bins):
    order = np.argsort(confidence)
    parts = np.array_split(order, n_bins)
    c, o = np.array(confidence), np.array(correct)
    return [len(p) for p in parts], [c[p].mean() if len(p) else np.nan for p in parts], [o[p].mean() if len(p) else np.nan for p in parts]

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
                2.0,
                "hold equally many predictions",
            ),
            "bins from lowest to highest": (
                """
def diagram(confidence, correct, n_bins):
    c, o = np.array(confidence), np.array(correct)
    edges = np.histogram_bin_edges(c, n_bins)
    place = np.clip(np.searchsorted(edges, c) - 1, 0, n_bins - 1)
    k = np.bincount(place, minlength=n_bins)
    return k, np.bincount(place, c, n_bins) / k, np.bincount(place, o, n_bins) / k

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
                3.09,
                "from the lowest to the highest confidence",
            ),
            "edges in two bins": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence >= b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs)) / counts.sum()
""",
                3.64,
                "is in two bins",
            ),
            "divided by the bins": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(abs(confs - accs)) / n_bins
""",
                2.0,
                "You divide by the number of bins",
            ),
            "NaN from an empty bin": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.sum(counts * abs(confs - accs)) / counts.sum()
""",
                2.0,
                "An empty bin made NaN",
            ),
            "gaps of single predictions": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    return np.mean(np.abs(np.array(correct) - np.array(confidence)))
""",
                2.0,
                "You average |outcome - confidence|",
            ),
            "never divided": (
                """
def diagram(confidence, correct, n_bins):
    confidence = np.array(confidence); correct = np.array(correct)
    counts, confs, accs = [], [], []
    for b in range(n_bins):
        inside = (confidence > b / n_bins) & (confidence <= (b + 1) / n_bins)
        if b == 0:
            inside |= confidence == 0
        counts.append(inside.sum())
        confs.append(confidence[inside].mean() if inside.any() else np.nan)
        accs.append(correct[inside].mean() if inside.any() else np.nan)
    return counts, confs, accs

def ece(confidence, correct, n_bins):
    counts, confs, accs = map(np.array, diagram(confidence, correct, n_bins))
    return np.nansum(counts * abs(confs - accs))
""",
                2.0,
                "The sum is not divided",
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
            "the bits of a counter": """
def luck(confidence, n_bins):
    n = len(confidence)
    c = np.asarray(confidence, dtype=float)
    expected = 0.0
    for code in range(2**n):
        right = np.array([(code >> i) & 1 for i in range(n)], dtype=bool)
        expected += np.prod(np.where(right, c, 1 - c)) * ece(c, right, n_bins)
    return expected
""",
            "all outcomes in one table": """
def luck(confidence, n_bins):
    c = np.asarray(confidence, float)
    table = np.indices((2,) * len(c)).reshape(len(c), -1).T
    chance = np.where(table == 1, c, 1 - c).prod(axis=1)
    return chance @ np.array([ece(c, row, n_bins) for row in table])
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
            "one order per number of hits": (
                """
def luck(confidence, n_bins):
    n = len(confidence)
    total = 0
    for k in range(n + 1):
        outcome = [1] * k + [0] * (n - k)
        p = np.prod([c if o else 1 - c for c, o in zip(confidence, outcome)])
        total += p * ece(confidence, outcome, n_bins)
    return total
""",
                1.88,
                "You visit one order",
            ),
            "the mean confidence for all": (
                """
def luck(confidence, n_bins):
    from itertools import product
    total = 0
    for outcome in product([0, 1], repeat=len(confidence)):
        p = 1
        confidence_mean = sum(confidence) / len(confidence)
        for c, o in zip(confidence, outcome):
            p *= confidence_mean if o else 1 - confidence_mean
        total += p * ece(confidence, outcome, n_bins)
    return total
""",
                1.5,
                "right with the mean confidence",
            ),
            "chances added": (
                """
def luck(confidence, n_bins):
    from itertools import product
    total = 0
    for outcome in product([0, 1], repeat=len(confidence)):
        p = 0
        for c, o in zip(confidence, outcome):
            p += c if o else 1 - c
        total += p * ece(confidence, outcome, n_bins)
    return total
""",
                1.5,
                "are added: multiply them",
            ),
            "divided by 2^n as well": (
                """
def luck(confidence, n_bins):
    from itertools import product
    total = 0
    for outcome in product([0, 1], repeat=len(confidence)):
        p = 1
        for c, o in zip(confidence, outcome):
            p *= c if o else 1 - c
        total += p * ece(confidence, outcome, n_bins)
    return total / 2 ** len(confidence)
""",
                1.5,
                "You divide by 2^n as well",
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
            "a grid of covariances, zoomed in": """
def level_power(totals, lengths):
    t, l = np.asarray(totals, float), np.asarray(lengths, float)
    def tilt(power):
        return np.cov(t / l**power, l)[0, 1]
    low, high = 0.0, 1.0
    if tilt(low) * tilt(high) > 0:
        raise ValueError("one direction at both ends")
    for _ in range(12):
        grid = np.linspace(low, high, 21)
        signs = np.sign([tilt(power) for power in grid])
        i = int(np.argmax(signs != signs[0]))
        low, high = grid[i - 1], grid[i]
    return high
""",
            "slopes of polyfit, halved": """
def level_power(totals, lengths):
    l = np.asarray(lengths, dtype=float)
    def slope(power):
        return np.polyfit(l, np.asarray(totals) * l ** -power, 1)[0]
    low, high = slope(0), slope(1)
    if np.sign(low) == np.sign(high):
        raise ValueError("the line has one direction at both ends")
    a, b = 0.0, 1.0
    while b - a > 1e-14:
        c = (a + b) / 2
        if np.sign(slope(c)) == np.sign(low):
            a = c
        else:
            b = c
    return a
""",
            "plain Python": """
def level_power(totals, lengths):
    mean_length = sum(lengths) / len(lengths)
    def tilt(power):
        return sum(t / l**power * (l - mean_length) for t, l in zip(totals, lengths))
    ends = tilt(0), tilt(1)
    if ends[0] > 0 < ends[1] or ends[0] < 0 > ends[1]:
        raise ValueError("cannot be levelled")
    low, high = (0, 1) if ends[0] < ends[1] else (1, 0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tilt(middle) < 0 else (low, middle)
    return middle
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
            "against the logarithm of length": (
                """
def level_power(totals, lengths):
    t = np.array(totals, float); l = np.array(lengths, float)
    def slope(a):
        y = t / l**a
        return ((y - y.mean()) * (np.log(l) - np.log(l).mean())).sum()
    lo, hi = 0.0, 1.0
    if slope(lo) * slope(hi) > 0:
        raise ValueError("no power levels it")
    for _ in range(100):
        mid = (lo + hi) / 2
        if slope(lo) * slope(mid) <= 0:
            hi = mid
        else:
            lo = mid
    return (lo + hi) / 2
""",
                1.5,
                "logarithm of the length",
            ),
            "a power law fitted": (
                """
def level_power(totals, lengths):
    t = np.array(totals, float); l = np.array(lengths, float)
    slope, intercept = np.polyfit(np.log(l), np.log(-t), 1)
    if not 0 <= slope <= 1: raise ValueError
    return slope
""",
                1.5,
                "exponent of a power law",
            ),
            "None instead of an error": (
                """
def level_power(totals, lengths):
    t = np.array(totals, float); l = np.array(lengths, float)
    def slope(a):
        y = t / l**a
        return ((y - y.mean()) * (l - l.mean())).sum()
    lo, hi = 0.0, 1.0
    if slope(lo) * slope(hi) > 0:
        return None
    for _ in range(100):
        mid = (lo + hi) / 2
        if slope(lo) * slope(mid) <= 0:
            hi = mid
        else:
            lo = mid
    return (lo + hi) / 2
""",
                2.14,
                "raise ValueError",
            ),
            "refuses only lines that fall": (
                """
def level_power(totals, lengths):
    t = np.array(totals, float); l = np.array(lengths, float)
    def slope(a):
        y = t / l**a
        return ((y - y.mean()) * (l - l.mean())).sum()
    lo, hi = 0.0, 1.0
    if slope(hi) < 0:
        raise ValueError("no power levels it")
    for _ in range(100):
        mid = (lo + hi) / 2
        if slope(lo) * slope(mid) <= 0:
            hi = mid
        else:
            lo = mid
    return (lo + hi) / 2
""",
                2.36,
                "the line rises at both ends",
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
            "golden section on the logarithm of T": """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean()
""",
            "bans made very low, and a mask grown name by name": """
def best_temperature(logits, targets):
    z = np.where(np.isneginf(logits), -1e30, logits).astype(float)
    own = z[np.arange(len(z)), targets]
    x = 0.0
    def g(x):
        s = z * np.exp(x)
        p = np.exp(s - s.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
        return ((p * np.where(p > 0, z, 0)).sum(1) - own).mean()
    a, b = np.log(1 / 25), np.log(25)
    for _ in range(100):
        x = (a + b) / 2
        a, b = (a, x) if g(x) > 0 else (x, b)
    return np.exp(-x)

def judge(logits, targets, documents, held_out):
    documents = np.asarray(documents)
    inside = np.zeros(len(documents), dtype=bool)
    for name in held_out:
        inside = inside | (documents == name)
    if not inside.any() or inside.all():
        raise ValueError("empty side")
    t = best_temperature(logits[~inside], targets[~inside])
    z, y = logits[inside], targets[inside]
    def loss(scale):
        s = z / scale
        return float(np.mean(np.log(np.exp(s - s.max(1)[:, None]).sum(1)) + s.max(1) - s[np.arange(len(s)), y]))
    return np.array([t, loss(1), loss(t), float((z.argmax(1) == y).mean())])
""",
            "a zoomed grid, and lists of rows": """
def _nll(z, y, t):
    return np.mean([np.logaddexp.reduce(r / t) - r[k] / t for r, k in zip(z, y)])

def best_temperature(logits, targets):
    low, high = np.log(0.04), np.log(25)
    for _ in range(16):
        grid = np.linspace(low, high, 13)
        i = int(np.argmin([_nll(logits, targets, np.exp(g)) for g in grid]))
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, 12)]
        if high - low < 3e-7: break
    return float(np.exp((low + high) / 2))

def judge(logits, targets, documents, held_out):
    fit = [i for i, d in enumerate(documents) if d not in set(held_out)]
    test = [i for i, d in enumerate(documents) if d in set(held_out)]
    if not fit or not test:
        raise ValueError
    T = best_temperature(logits[fit], targets[fit])
    hits = sum(int(np.argmax(logits[i]) == targets[i]) for i in test)
    return T, _nll(logits[test], targets[test], 1.0), _nll(logits[test], targets[test], T), hits / len(test)
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
            "judged on all rows": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits, targets
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean()
""",
                2.08,
                "you judge it on all rows",
            ),
            "one held-out document only": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d == held_out[0] for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean()
""",
                2.0,
                "Only the first of the held-out documents",
            ),
            "losses in bits": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1) / np.log(2), _loss(z, t, T) / np.log(2), (z.argmax(axis=1) == t).mean()
""",
                2.08,
                "The losses are in bits",
            ),
            "percent": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean() * 100
""",
                2.08,
                "The accuracy is in percent",
            ),
            "number of right rows": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).sum()
""",
                2.08,
                "You return the number of right rows",
            ),
            "no accuracy": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T)
""",
                2.08,
                "You return three numbers",
            ),
            "held_out as row numbers": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([i in held_out for i in range(len(documents))])
    if held.all() or not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean()
""",
                1.67,
                "`held_out` is read as row numbers",
            ),
            "refuses an empty judge only": (
                """
def _loss(logits, targets, T):
    z = logits / T
    m = z.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(z - m).sum(axis=1))
    return (lse - z[np.arange(len(z)), targets]).mean()

def best_temperature(logits, targets):
    lo, hi = np.log(0.05), np.log(20)
    g = (5**0.5 - 1) / 2
    for _ in range(100):
        a, b = hi - g * (hi - lo), lo + g * (hi - lo)
        if _loss(logits, targets, np.exp(a)) < _loss(logits, targets, np.exp(b)):
            hi = b
        else:
            lo = a
    return np.exp((lo + hi) / 2)

def judge(logits, targets, documents, held_out):
    held = np.array([d in held_out for d in documents])
    if not held.any():
        raise ValueError("nothing to fit or judge")
    T = best_temperature(logits[~held], targets[~held])
    z, t = logits[held], targets[held]
    return T, _loss(z, t, 1), _loss(z, t, T), (z.argmax(axis=1) == t).mean()
""",
                2.75,
                "nothing to fit, nothing to judge: If",
            ),
        },
    ),
}

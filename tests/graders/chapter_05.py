"""Answers to assignment 5: entropy, KL, perplexity, and bits."""

from graders import Problem

ENTROPY = """
def entropy_bits(counts, corrected=False):
    c = np.asarray(counts, dtype=float)
    c = c[c > 0]
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum() * np.log(2)) if corrected else h
"""

NEXT = """
def next_letter_bits(ids, n):
    def height(k):
        counts = {}
        for i in range(len(ids) - k + 1):
            counts[tuple(ids[i:i + k])] = counts.get(tuple(ids[i:i + k]), 0) + 1
        return entropy_bits(np.array(list(counts.values())))
    return height(n) - height(n - 1) if n > 1 else height(1)
"""

DIVERGENCES = """
def divergences(log_q, log_p):
    def kl(a, b):
        total = 0.0
        for x, y in zip(a, b):
            if x > -np.inf:
                total += np.exp(x) * (x - y) if y > -np.inf else np.inf
        return total
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return FIRST, SECOND, THIRD
"""


def divergences(
    first="kl(log_q, log_p)", second="kl(log_p, log_q)", third="(kl(log_q, m) + kl(log_p, m)) / 2"
):
    return DIVERGENCES.replace("FIRST", first).replace("SECOND", second).replace("THIRD", third)


CLAIMS = """
def to_bits_per_byte(text, claims):
    size = len(text.encode())
    out = []
    for value, unit, n in claims:
        if unit == "perplexity":
            total = n * np.log2(value)
        elif unit == "nats per token":
            total = n * value / np.log(2)
        elif unit == "bits per character":
            total = value * len(text)
        else:
            total = value / np.log(2)
        out.append(total / size)
    return out
"""

ENCODE = """
def encode(tokens, first, follow):
    low, high, row = Fraction(0), Fraction(1), first
    for t in tokens:
        total, width = sum(row), high - low
        low, high = low + width * Fraction(sum(row[:t]), total), low + width * Fraction(sum(row[:t + 1]), total)
        row = follow[t]
    b = 0
    while True:
        k = (low * 2 ** b).__ceil__()
        if Fraction(k + 1, 2 ** b) <= high:
            return bin(k)[2:].zfill(b) if b else ""
        b += 1
"""

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "arrays and a dictionary": ENTROPY + NEXT,
            "Counter and a loop": (
                """
from collections import Counter

def entropy_bits(counts, corrected=False):
    n = sum(counts)
    total = 0
    for c in counts:
        if c:
            total -= c / n * np.log(c / n)
    if corrected:
        total += (sum(1 for c in counts if c) - 1) / 2 / n
    return total / np.log(2)

def next_letter_bits(ids, n):
    longer = Counter(zip(*[ids[k:] for k in range(n)]))
    if n == 1:
        return entropy_bits(longer.values())
    shorter = Counter(zip(*[ids[k:] for k in range(n - 1)]))
    return entropy_bits(longer.values()) - entropy_bits(shorter.values())
"""
            ),
        },
        wrong={
            "nats": (
                ENTROPY.replace("np.log2(p)", "np.log(p)") + NEXT,
                1.5,
                "Your numbers are in nats",
            ),
            "all listed outcomes corrected for": (
                """
def entropy_bits(counts, corrected=False):
    c = np.asarray(counts, dtype=float)
    p = c / c.sum()
    h = -(p[p > 0] * np.log2(p[p > 0])).sum()
    return h + (len(c) - 1) / (2 * c.sum() * np.log(2)) if corrected else h
"""
                + NEXT,
                2.3,
                "K counts the outcomes that were seen",
            ),
            "nats added to bits": (
                ENTROPY.replace("(2 * c.sum() * np.log(2))", "(2 * c.sum())") + NEXT,
                2.3,
                "was added to bits",
            ),
            "correction subtracted": (
                ENTROPY.replace("h + (len", "h - (len") + NEXT,
                2.3,
                "The sign is wrong",
            ),
            "never corrected": (
                ENTROPY.replace(" if corrected else h", " if False else h") + NEXT,
                2.3,
                "`corrected` is ignored",
            ),
            "zeros make NaN": (
                """
def entropy_bits(counts, corrected=False):
    c = np.asarray(counts, dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (np.count_nonzero(c) - 1) / (2 * c.sum() * np.log(2)) if corrected else h
"""
                + NEXT,
                2,
                "holds NaN",
            ),
            "whole blocks": (
                ENTROPY
                + NEXT.replace("height(n) - height(n - 1) if n > 1 else height(1)", "height(n)"),
                2.2,
                "This is the entropy of whole blocks",
            ),
            "divided by the length": (
                ENTROPY
                + NEXT.replace(
                    "height(n) - height(n - 1) if n > 1 else height(1)", "height(n) / n"
                ),
                2.2,
                "This is H_n divided by n",
            ),
            "blocks side by side": (
                ENTROPY + NEXT.replace("range(len(ids) - k + 1)", "range(0, len(ids) - k + 1, k)"),
                2.3,
                "Your blocks do not overlap",
            ),
        },
    ),
    "p2": Problem(
        points=3,
        right={
            "concatenate": (
                """
def summarize(sentences):
    losses = np.concatenate([np.asarray(s, dtype=float) for s in sentences]) if sentences else np.array([])
    if losses.size == 0:
        raise ValueError
    return np.array([np.exp(losses.mean()), losses.mean() / np.log(2)])
"""
            ),
            "running sums and base 2": (
                """
def summarize(sentences):
    bits, n = 0.0, 0
    for s in sentences:
        for loss in s:
            bits += loss * np.log2(np.e)
            n += 1
    if not n:
        raise ValueError("empty")
    return [2 ** (bits / n), bits / n]
"""
            ),
        },
        wrong={
            "mean of the sentences' perplexities": (
                """
def summarize(sentences):
    kept = [s for s in sentences if len(s)]
    if not kept:
        raise ValueError
    losses = [x for s in kept for x in s]
    return np.mean([np.exp(np.mean(s)) for s in kept]), np.mean(losses) / np.log(2)
""",
                2,
                "You average the sentences' perplexities",
            ),
            "mean of the sentences' means": (
                """
def summarize(sentences):
    kept = [s for s in sentences if len(s)]
    if not kept:
        raise ValueError
    mean = np.mean([np.mean(s) for s in kept])
    return np.exp(mean), mean / np.log(2)
""",
                2,
                "You average the sentences' mean losses",
            ),
            "two to the power of nats": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        raise ValueError
    return 2 ** np.mean(losses), np.mean(losses) / np.log(2)
""",
                1.5,
                "2 to the power of nats is neither",
            ),
            "bits left in nats": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        raise ValueError
    return np.exp(np.mean(losses)), np.mean(losses)
""",
                1.5,
                "The second number is still in nats",
            ),
            "multiplied by log 2": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        raise ValueError
    return np.exp(np.mean(losses)), np.mean(losses) * np.log(2)
""",
                1.5,
                "you multiplied by log 2",
            ),
            "sum of the text": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        raise ValueError
    return np.exp(np.sum(losses)), np.sum(losses) / np.log(2)
""",
                1.5,
                "You used the sum over the text",
            ),
            "arithmetic mean of 1/p": (
                """
def summarize(sentences):
    losses = np.array([x for s in sentences for x in s], dtype=float)
    if not len(losses):
        raise ValueError
    return np.mean(np.exp(losses)), losses.mean() / np.log(2)
""",
                1.5,
                "You took the mean of 1/p",
            ),
            "infinite losses dropped": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s if np.isfinite(x)]
    if not losses:
        raise ValueError
    return np.exp(np.mean(losses)), np.mean(losses) / np.log(2)
""",
                2.7,
                "An infinite loss was left out",
            ),
            "nothing instead of an error": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        return 0.0, 0.0
    return np.exp(np.mean(losses)), np.mean(losses) / np.log(2)
""",
                2.7,
                "No tokens, no mean",
            ),
        },
    ),
    "p3": Problem(
        points=4,
        right={
            "loops": divergences(),
            "where and nan_to_num": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.array(log_q), np.array(log_p)
    def kl(a, b):
        if ((a > -np.inf) & (b == -np.inf)).any():
            return np.inf
        return np.where(np.isneginf(a), 0, np.exp(a) * (np.nan_to_num(a) - np.nan_to_num(b))).sum()
    m = np.log(0.5) + np.logaddexp(log_q, log_p)
    return np.array([kl(log_q, log_p), kl(log_p, log_q), np.mean([kl(log_q, m), kl(log_p, m)])])
"""
            ),
        },
        wrong={
            "swapped": (
                divergences("kl(log_p, log_q)", "kl(log_q, log_p)"),
                2,
                "The first two are swapped",
            ),
            "bits": (
                divergences(
                    "kl(log_q, log_p) / np.log(2)",
                    "kl(log_p, log_q) / np.log(2)",
                    "(kl(log_q, m) + kl(log_p, m)) / np.log(4)",
                ),
                2,
                "Your numbers are in bits",
            ),
            "root of JS": (
                divergences(third="np.sqrt((kl(log_q, m) + kl(log_p, m)) / 2)"),
                2,
                "The third number is the root",
            ),
            "mean of both directions": (
                divergences(third="(kl(log_q, log_p) + kl(log_p, log_q)) / 2"),
                2,
                "The third number is the mean of the first two",
            ),
            "half forgotten": (
                divergences(third="kl(log_q, m) + kl(log_p, m)"),
                2,
                "lacks the factor",
            ),
            "midpoint of logarithms": (
                """
def divergences(log_q, log_p):
    q, p = np.array(log_q), np.array(log_p)
    def kl(a, b):
        live = a > -np.inf
        return np.sum(np.exp(a[live]) * (a[live] - b[live]))
    m = (q + p) / 2
    return kl(q, p), kl(p, q), (kl(q, m) + kl(p, m)) / 2
""",
                2,
                "The midpoint is taken between probabilities",
            ),
            "cross-entropies": (
                """
def divergences(log_q, log_p):
    def ce(a, b):
        return -np.sum(np.where(a > -np.inf, np.exp(a) * np.where(a > -np.inf, b, 0), 0))
    def kl(a, b):
        return ce(a, b) - ce(a, a)
    q, p = np.array(log_q), np.array(log_p)
    m = np.logaddexp(q, p) - np.log(2)
    return ce(q, p), ce(p, q), (kl(q, m) + kl(p, m)) / 2
""",
                2,
                "The first two are cross-entropies",
            ),
            "through probabilities": (
                """
def divergences(log_q, log_p):
    q, p = np.exp(log_q), np.exp(log_p)
    m = (q + p) / 2
    kl = lambda a, b: np.sum(a * (np.log(a) - np.log(b)))
    return kl(q, p), kl(p, q), (kl(q, m) + kl(p, m)) / 2
""",
                2,
                "select before you multiply",
            ),
            "patched with a small number": (
                """
def divergences(log_q, log_p):
    q, p = np.exp(log_q) + 1e-12, np.exp(log_p) + 1e-12
    m = (q + p) / 2
    kl = lambda a, b: np.sum(a * np.log(a / b))
    return kl(q, p), kl(p, q), (kl(q, m) + kl(p, m)) / 2
""",
                2.5,
                "a missing support must give inf",
            ),
            "probabilities, zeros selected away": (
                """
def divergences(log_q, log_p):
    q, p = np.exp(log_q), np.exp(log_p)
    def kl(a, b):
        live = a > 0
        return np.sum(a[live] * (np.log(a[live]) - np.log(b[live])))
    m = (q + p) / 2
    return kl(q, p), kl(p, q), (kl(q, m) + kl(p, m)) / 2
""",
                3,
                "stay with the log-probabilities",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "if by if": CLAIMS,
            "through nats": (
                """
def to_bits_per_byte(text, claims):
    nats = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            value, unit = np.log(value), "nats per token"
        if unit == "nats per token":
            value = value * n_tokens
        if unit == "bits per character":
            value = value * len(text) * np.log(2)
        nats.append(value)
    return np.array(nats) / np.log(2) / len(bytes(text, "utf-8"))
"""
            ),
        },
        wrong={
            "characters for bytes": (
                CLAIMS.replace("len(text.encode())", "len(text)"),
                1.5,
                "You divided by the number of characters",
            ),
            "loss taken for bits": (
                CLAIMS.replace("total = n * value / np.log(2)", "total = n * value"),
                2.2,
                "The loss is in nats",
            ),
            "perplexity in nats": (
                CLAIMS.replace("np.log2(value)", "np.log(value)"),
                2.2,
                "log of a perplexity is in nats",
            ),
            "perplexity itself": (
                CLAIMS.replace("n * np.log2(value)", "n * value"),
                2.2,
                "Perplexity is an exponential",
            ),
            "bits per token": (
                CLAIMS.replace(
                    "total = n * np.log2(value)", "total = size * np.log2(value)"
                ).replace("total = n * value / np.log(2)", "total = size * value / np.log(2)"),
                1.8,
                "This is bits per token",
            ),
            "characters taken for bytes": (
                CLAIMS.replace("total = value * len(text)", "total = value * size"),
                2.2,
                "A character is not a byte here",
            ),
            "bits divided again": (
                CLAIMS.replace(
                    "total = value * len(text)", "total = value * len(text) / np.log(2)"
                ),
                2.2,
                "They are bits already",
            ),
            "a total times tokens": (
                CLAIMS.replace("total = value / np.log(2)", "total = n * value / np.log(2)"),
                2.6,
                "A total is a total",
            ),
        },
    ),
    "p5": Problem(
        points=4,
        right={
            "both ends": ENCODE,
            "integers only": (
                """
def encode(tokens, first, follow):
    low, width, scale, row = 0, 1, 1, list(first)
    for t in tokens:
        total = sum(int(c) for c in row)
        below, own = sum(int(c) for c in row[:t]), int(row[t])
        low, width, scale = low * total + width * below, width * own, scale * total
        row = list(follow[t])
    digits = 0
    while (-(-low * 2 ** digits // scale) + 1) * scale > (low + width) * 2 ** digits:
        digits += 1
    cell = -(-low * 2 ** digits // scale)
    return "".join(str(cell >> k & 1) for k in reversed(range(digits)))
"""
            ),
        },
        wrong={
            "a code for each token": (
                """
def encode(tokens, first, follow):
    out, row = "", first
    for t in tokens:
        low, high, b = Fraction(sum(row[:t]), sum(row)), Fraction(sum(row[:t + 1]), sum(row)), 0
        while Fraction(-(-low * 2 ** b // 1) + 1, 2 ** b) > high:
            b += 1
        out += format(int(-(-low * 2 ** b // 1)), f"0{b}b") if b else ""
        row = follow[t]
    return out
""",
                2.5,
                "Each token was given a code of its own",
            ),
            "always the first row": (
                ENCODE.replace("row = follow[t]", "row = first"),
                2.5,
                "Every token is looked up in `first`",
            ),
            "upside down": (
                ENCODE.replace("sum(row[:t])", "sum(row[t + 1:])").replace(
                    "sum(row[:t + 1])", "sum(row[t:])"
                ),
                2,
                "The tokens lie in falling order",
            ),
            "cell that sticks out": (
                ENCODE.replace("Fraction(k + 1, 2 ** b) <= high", "Fraction(k, 2 ** b) < high"),
                2,
                "does not end there",
            ),
            "one digit too many": (
                ENCODE.replace(
                    'return bin(k)[2:].zfill(b) if b else ""',
                    'return bin((low * 2 ** (b + 1)).__ceil__())[2:].zfill(b + 1) if b else ""',
                ),
                2,
                "One digit too many",
            ),
            "floats": (
                """
def encode(tokens, first, follow):
    low, width, row = 0.0, 1.0, first
    for t in tokens:
        low += width * sum(row[:t]) / sum(row)
        width *= row[t] / sum(row)
        row = follow[t]
    for b in range(1000):
        k = int(np.ceil(low * 2.0 ** b))
        if k + 1 <= (low + width) * 2.0 ** b:
            return format(k, f"0{b}b") if b else ""
""",
                3.5,
                "finer than any float: raised",
            ),
            "leading zeros lost": (ENCODE.replace(".zfill(b)", ""), 2, "lost its leading zeros"),
        },
    ),
}

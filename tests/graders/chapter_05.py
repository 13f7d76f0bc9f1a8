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
            "sorted runs and log of integers": """
from itertools import groupby
from math import log

def entropy_bits(counts, corrected=False):
    n = int(sum(counts))
    nats = log(n) - sum(int(c) * log(int(c)) for c in counts if c > 1) / n
    seen = sum(map(bool, counts))
    return nats / log(2) + corrected * (seen - 1) / (2 * n * log(2))

def next_letter_bits(ids, n):
    def height(k):
        blocks = sorted(tuple(ids[i:i + k]) for i in range(len(ids) - k + 1))
        return entropy_bits([len(list(same)) for _, same in groupby(blocks)])
    return height(n) - (height(n - 1) if n > 1 else 0)
""",
            "masked logarithms, blocks as numbers": """
def entropy_bits(counts, corrected=False):
    c = np.ma.masked_equal(np.array(counts, dtype=np.float64), 0)
    p = c / c.sum()
    return float(-(p * np.ma.log2(p)).sum()) + ((c.count() - 1) / c.sum() / np.log(4) if corrected else 0.0)

def next_letter_bits(ids, n):
    x = np.unique(ids, return_inverse=True)[1].ravel()
    code, heights = np.zeros(len(x), dtype=np.int64), [0.0]
    for k in range(n):
        code = np.unique(code[:len(x) - k] * (x.max() + 1) + x[k:], return_inverse=True)[1].ravel()
        heights.append(entropy_bits(np.bincount(code)))
    return heights[n] - heights[n - 1]
""",
            "sliding windows": """
def entropy_bits(counts, corrected=False):
    counts = np.asarray(counts)
    p = counts[counts != 0] / np.sum(counts)
    nats = -np.dot(p, np.log(p)) + corrected * (p.size - 1) / 2 / counts.sum()
    return nats / np.log(2)

def next_letter_bits(ids, n):
    def entropy_of_blocks(k):
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), k)
        return entropy_bits(np.unique(windows, axis=0, return_counts=True)[1])
    return entropy_of_blocks(n) - (entropy_of_blocks(n - 1) if n > 1 else 0)
""",
            "shifted lists zipped": """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

from collections import Counter
def next_letter_bits(ids, n):
    def h(k):
        return entropy_bits(list(Counter(zip(*(ids[i:] for i in range(k)))).values())) if k else 0.0
    return float(h(n) - h(n - 1))
""",
            "an empty block for H_0": """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

from collections import Counter
def next_letter_bits(ids, n):
    def h(k):
        return entropy_bits(np.array(list(Counter(str(ids[i:i + k]) for i in range(len(ids) - k + 1)).values())))
    return h(n) - h(n - 1)
""",
            "in float32": """
def entropy_bits(counts, corrected=False):
    c = np.asarray(counts, dtype=np.float32)
    p = c / c.sum()
    h = -np.sum(np.where(p > 0, p * np.log2(np.where(p > 0, p, 1)), 0))
    return h + ((np.count_nonzero(c) - 1) / (2 * c.sum()) * np.log2(np.e) if corrected else 0)

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
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
            "the most likely outcome's surprise": (
                """
def entropy_bits(counts, corrected=False):
    c = np.asarray(counts, dtype=float)
    k, n = np.count_nonzero(c), c.sum()
    return -np.log2(c.max() / n) + corrected * (k - 1) / (2 * n * np.log(2))
"""
                + NEXT,
                1.5,
                "the surprise of the likeliest outcome",
            ),
            "always corrected": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2)

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                1.5,
                "The correction is added always",
            ),
            "times n": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / 2 * c.sum() / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                2.25,
                "You multiply by n",
            ),
            "twice the correction": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / c.sum() / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                2.25,
                "You add (K - 1)/n",
            ),
            "K for K - 1": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + len(c) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                2.25,
                "You add K/(2n)",
            ),
            "the last block missing": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                1.88,
                "The last block is missing",
            ),
            "round the end": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids)):
            key = tuple((list(ids) * 2)[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                1.69,
                "from the end to the beginning",
            ),
            "stumps counted": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids)):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                1.69,
                "Shorter blocks at the end",
            ),
            "letters of a block sorted": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(sorted(ids[i:i + k]))
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                1.69,
                "The order of the letters within a block is lost",
            ),
            "corrected block entropies": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()), True)
    return block(n) - block(n - 1)
""",
                1.88,
                "The correction is added in H_n",
            ),
            "kinds of blocks counted": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = tuple(ids[i:i + k])
            seen[key] = seen.get(key, 0) + 1
        return np.log2(len(seen))
    return block(n) - block(n - 1)
""",
                1.88,
                "You count the different blocks",
            ),
            "ids glued together": (
                """
def entropy_bits(counts, corrected=False):
    c = np.array([k for k in counts if k > 0], dtype=float)
    p = c / c.sum()
    h = -(p * np.log2(p)).sum()
    return h + (len(c) - 1) / (2 * c.sum()) / np.log(2) if corrected else h

def next_letter_bits(ids, n):
    def block(k):
        if k == 0:
            return 0
        seen = {}
        for i in range(len(ids) - k + 1):
            key = ''.join(map(str, ids[i:i + k]))
            seen[key] = seen.get(key, 0) + 1
        return entropy_bits(list(seen.values()))
    return block(n) - block(n - 1)
""",
                2.62,
                "You glue ids to texts",
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
            "a weighted mean of means": """
def summarize(sentences):
    some = [np.array(s, dtype=float) for s in sentences if len(s) > 0]
    if not some:
        raise ValueError("no token")
    mean = np.average([s.mean() for s in some], weights=[s.size for s in some])
    return mean and np.exp(mean), mean / np.log(2)
""",
            "a generator, powers of two": """
def summarize(sentences):
    import itertools, math
    losses = tuple(itertools.chain(*sentences))
    try:
        bits = math.fsum(losses) / len(losses) / math.log(2)
    except ZeroDivisionError as error:
        raise ValueError("no token") from error
    return np.float64(2) ** bits, bits
""",
            "geometric mean of 1/p": """
import statistics
def summarize(sentences):
    losses = sum((list(s) for s in sentences), [])
    if len(losses) == 0:
        raise ValueError("no token at all")
    if float("inf") in losses:
        return float("inf"), float("inf")
    perplexity = statistics.geometric_mean([np.exp(x) for x in losses])
    return perplexity, np.log2(perplexity)
""",
            "bits first, an array of two": """
def summarize(sentences):
    flat = np.concatenate([np.asarray(s, dtype=float) for s in sentences]) if sentences else np.array([])
    if flat.size == 0:
        raise ValueError("empty text")
    bits = np.mean(flat / np.log(2))
    return np.array([2 ** bits, bits])
""",
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
            "the median": (
                """
def summarize(sentences):
    losses = [x for s in sentences for x in s]
    if not losses:
        raise ValueError
    return np.exp(np.median(losses)), np.median(losses) / np.log(2)
""",
                1.5,
                "You took the median",
            ),
            "log2 of the mean loss": (
                """
def summarize(sentences):
    losses = [l for s in sentences for l in s]
    if not losses:
        raise ValueError("no tokens")
    mean = sum(losses) / len(losses)
    return np.exp(mean), np.log2(mean)
""",
                1.5,
                "You take log2 of the mean loss",
            ),
            "bits first": (
                """
def summarize(sentences):
    losses = [l for s in sentences for l in s]
    if not losses:
        raise ValueError("no tokens")
    mean = sum(losses) / len(losses)
    return mean / np.log(2), np.exp(mean)
""",
                1.5,
                "The two numbers are exchanged",
            ),
            "divided by the sentences": (
                """
def summarize(sentences):
    losses = [l for s in sentences for l in s]
    if not losses:
        raise ValueError("no tokens")
    mean = sum(losses) / len(sentences)
    return np.exp(mean), mean / np.log(2)
""",
                1.5,
                "You divide by the number of sentences",
            ),
            "refuses an empty sentence": (
                """
def summarize(sentences):
    losses = [l for s in sentences for l in s]
    if not losses:
        raise ValueError("no tokens")
    if any(len(s) == 0 for s in sentences): raise ValueError('empty')
    mean = sum(losses) / len(losses)
    return np.exp(mean), mean / np.log(2)
""",
                2.33,
                "You refuse a text because one of its sentences is empty",
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
            "probabilities of three columns, math": """
def divergences(log_q, log_p):
    from math import exp, inf, log, log1p
    def mid(a, b):
        hi, lo = max(a, b), min(a, b)
        return hi + (log1p(exp(lo - hi)) if lo > -inf else 0.0) - log(2) if hi > -inf else -inf
    def kl(a, b):
        return sum(0.0 if x == -inf else inf if y == -inf else exp(x) * (x - y) for x, y in zip(a, b))
    m = [mid(x, y) for x, y in zip(log_q, log_p)]
    return [kl(log_q, log_p), kl(log_p, log_q), 0.5 * kl(log_q, m) + 0.5 * kl(log_p, m)]
""",
            "one function by broadcasting": """
def divergences(log_q, log_p):
    pair = np.stack([log_q, log_p]).astype(float)
    mid = np.logaddexp(*pair) - np.log(2)
    a, b = np.stack([pair[0], pair[1], pair[0], pair[1]]), np.stack([pair[1], pair[0], mid, mid])
    with np.errstate(invalid="ignore"):
        terms = np.where(np.isneginf(a), 0.0, np.exp(a) * (a - b))
    terms[(a > -np.inf) & np.isneginf(b)] = np.inf
    first, second, *halves = terms.sum(axis=-1)
    return np.array([first, second, sum(halves) / 2])
""",
            "JS as a difference of entropies": """
def divergences(log_q, log_p):
    def h(logs):
        return -sum(np.exp(x) * x for x in logs if x > -np.inf)
    def kl(a, b):
        if any((x > -np.inf) and (y == -np.inf) for x, y in zip(a, b)):
            return np.inf
        return sum(np.exp(x) * (x - y) for x, y in zip(a, b) if x > -np.inf)
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), h(m) - h(log_q) / 2 - h(log_p) / 2
""",
            "the midpoint in probabilities": """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q), np.asarray(log_p)
    q, p = np.exp(log_q), np.exp(log_p)
    m = (q + p) / 2
    with np.errstate(all="ignore"):
        def js(a, la):
            return np.sum(np.where(a > 0, a * (la - np.log(m)), 0))
        def kl(a, la, lb):
            if np.any((la > -np.inf) & (lb == -np.inf)):
                return np.inf
            return np.sum(np.where(a > 0, a * (la - lb), 0))
        return kl(q, log_q, log_p), kl(p, log_p, log_q), (js(q, log_q) + js(p, log_p)) / 2
""",
            "finite entries selected, an array of three": """
def divergences(log_q, log_p):
    def kl(a, b):
        k = np.isfinite(a)
        return np.sum(np.exp(a[k]) * (a[k] - b[k])) if np.isfinite(b[k]).all() else np.inf
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return np.array([kl(log_q, log_p), kl(log_p, log_q), np.mean([kl(log_q, m), kl(log_p, m)])])
""",
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
            "the first twice": (
                divergences("kl(log_q, log_p)", "kl(log_q, log_p)"),
                2,
                "The second is the first again",
            ),
            "midpoint not halved": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.0,
                "The midpoint lacks its ½",
            ),
            "JS from the midpoint": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(m, log_q) + kl(m, log_p)) / 2
""",
                2.0,
                "the wrong way round: KL(q||m)",
            ),
            "infinite JS": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), np.inf if np.isinf(kl(log_q, log_p) + kl(log_p, log_q)) else (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.4,
                "JS is finite always",
            ),
            "only what both allow": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        k &= b > -np.inf
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.4,
                "was left out: it makes the divergence infinite",
            ),
            "infinite at any ban": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        if np.any(a == -np.inf) or np.any(b == -np.inf): return np.inf
        k = slice(None)
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.2,
                "You return inf wherever either",
            ),
            "mean over the outcomes": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.mean(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.0,
                "You divide by V",
            ),
            "logs as weights": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.sum(a[k] * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q), (kl(log_q, m) + kl(log_p, m)) / 2
""",
                2.0,
                "You weight by log-probabilities",
            ),
            "no JS": (
                """
def divergences(log_q, log_p):
    log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
    def kl(a, b):
        k = a > -np.inf
        if np.any(b[k] == -np.inf): return np.inf
        return np.sum(np.exp(a[k]) * (a[k] - b[k]))
    m = np.logaddexp(log_q, log_p) - np.log(2)
    return kl(log_q, log_p), kl(log_p, log_q)
""",
                2.0,
                "The third number is missing",
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
            "a table of factors": """
def to_bits_per_byte(text, claims):
    n_bytes, n_chars, nat = len(text.encode()), len(text), 1 / np.log(2)
    return np.array([
        (np.log(v) * nat * n if u[0] == "p" else v * nat * n if u.startswith("nats") else v * n_chars if u[0] == "b" else v * nat) / n_bytes
        for v, u, n in claims])
""",
            "bytes one by one, float32": """
def to_bits_per_byte(text, claims):
    size = sum(1 + (ord(c) > 0x7F) + (ord(c) > 0x7FF) + (ord(c) > 0xFFFF) for c in text)
    for value, unit, n in claims:
        match unit:
            case "perplexity":
                bits = n * np.log2(np.float64(value))
            case "nats per token":
                bits = n * value * 1.4426950408889634
            case "bits per character":
                bits = len(text) * value
            case _:
                bits = value * 1.4426950408889634
        claims = [*claims[1:], bits / size]
    return claims
""",
            "a function per unit": """
import math
def to_bits_per_byte(text, claims):
    size = len(bytes(text, "utf-8"))
    nats = {
        "perplexity": lambda v, n: n * math.log(v),
        "nats per token": lambda v, n: n * v,
        "bits per character": lambda v, n: v * len(text) * math.log(2),
        "total nats": lambda v, n: v,
    }
    return [nats[unit](value, n) / math.log(2) / size for value, unit, n in claims]
""",
            "match and map, an array": """
def to_bits_per_byte(text, claims):
    def convert(claim):
        value, unit, n = claim
        match unit:
            case "perplexity": total = n * np.log2(value)
            case "nats per token": total = n * value / np.log(2)
            case "bits per character": total = value * len(list(text))
            case "total nats": total = value / np.log(2)
        return total / len(text.encode())
    return np.array(list(map(convert, claims)))
""",
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
            "the other encoding": (
                CLAIMS.replace("text.encode()", 'text.encode("utf-16")'),
                1.5,
                "the bytes of another encoding",
            ),
            "bytes over bits": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.encode("utf-8"))
    out = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        out.append(n_bytes / bits)
    return out
""",
                1.5,
                "You turned the fraction round",
            ),
            "per bit of the text": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.encode("utf-8"))
    out = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        out.append(bits / (8 * n_bytes))
    return out
""",
                1.5,
                "the number of bits in the text",
            ),
            "sorted": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.encode("utf-8"))
    out = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        out.append(bits / n_bytes)
    return sorted(out)
""",
                1.5,
                "Your answers are sorted",
            ),
            "returned in the loop": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.encode("utf-8"))
    out = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        return bits / n_bytes
""",
                1.5,
                "You return the first claim only",
            ),
            "a dictionary by unit": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.encode("utf-8"))
    out = {}
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        out[unit] = bits / n_bytes
    return list(out.values())
""",
                1.5,
                "You keep one answer per unit",
            ),
            "line ends cut off": (
                """
def to_bits_per_byte(text, claims):
    n_bytes = len(text.strip().encode("utf-8"))
    out = []
    for value, unit, n_tokens in claims:
        if unit == "perplexity":
            bits = np.log2(value) * n_tokens
        elif unit == "nats per token":
            bits = value * n_tokens / np.log(2)
        elif unit == "bits per character":
            bits = value * len(text)
        else:
            bits = value / np.log(2)
        out.append(bits / n_bytes)
    return out
""",
                1.5,
                "Spaces or line ends at the ends were cut off",
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
            "digit by digit": """
def encode(tokens, first, follow):
    low, high, row = Fraction(0), Fraction(1), first
    for t in tokens:
        n = sum(row)
        low, high = (low + (high - low) * Fraction(int(c), int(n)) for c in (sum(row[:t]), sum(row[: t + 1])))
        row = follow[t]
    b = max(0, (high - low).denominator.bit_length() - (high - low).numerator.bit_length() - 1)
    while True:
        k = -(-low.numerator * 2**b // low.denominator)
        if Fraction(k + 1, 2**b) <= high:
            return "".join("01"[k >> i & 1] for i in range(b - 1, -1, -1))
        b += 1
""",
            "search from -log2 of the width on": """
import math
def encode(tokens, first, follow):
    low, high, row = Fraction(0), Fraction(1), first
    for token in tokens:
        span, total = high - low, sum(map(int, row))
        below = sum(int(c) for c in row[:token])
        low, high = low + span * Fraction(below, total), low + span * Fraction(below + int(row[token]), total)
        row = follow[token]
    width = high - low
    b = max(0, width.denominator.bit_length() - width.numerator.bit_length() - 1)
    while (math.ceil(low * 2**b) + 1) > high * 2**b:
        b += 1
    k = math.ceil(low * 2**b)
    return "".join(str(k >> i & 1) for i in reversed(range(b)))
""",
            "shares as fractions, a counter": """
from itertools import count
def encode(tokens, first, follow):
    low, width = Fraction(0), Fraction(1)
    for previous, token in zip([None, *tokens], tokens):
        row = first if previous is None else follow[previous]
        shares = [Fraction(int(c), int(np.sum(row))) for c in row]
        low, width = low + width * sum(shares[:token], Fraction(0)), width * shares[token]
    for b in count():
        k = (low * 2**b).__ceil__()
        if k + 1 <= (low + width) * 2**b:
            return f"{k:b}".rjust(b, "0")[:b] if b else ""
""",
            "arrays of Python integers": """
def encode(tokens, first, follow):
    tables = [np.asarray(first, dtype=object)] + [np.asarray(follow, dtype=object)[t] for t in tokens[:-1]]
    low, width = Fraction(0), Fraction(1)
    for row, t in zip(tables, tokens):
        edges = [0] + list(np.cumsum(row))
        low += width * Fraction(edges[t], edges[-1])
        width *= Fraction(row[t], edges[-1])
    b = 0
    while True:
        k = -int(-low * (1 << b) // 1)
        if Fraction(k + 1, 1 << b) <= low + width:
            return np.binary_repr(k, b) if 0 < b < 60 else (format(k, "b").zfill(b) if b else "")
        b += 1
""",
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
            "the highest cell": (
                ENCODE.replace(
                    "k = (low * 2 ** b).__ceil__()", "k = (high * 2 ** b).__floor__() - 1"
                ).replace("Fraction(k + 1, 2 ** b) <= high", "Fraction(k, 2 ** b) >= low"),
                2,
                "you took the highest",
            ),
            "rounded down": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = (lo * 2**b) // 1
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else ""
        b += 1
""",
                2.0,
                "The cell begins below the text's part",
            ),
            "own share below": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t + 1]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else ""
        b += 1
""",
                2.0,
                "A token's own share is added",
            ),
            "columns of follow": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = [r[t] for r in follow]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else ""
        b += 1
""",
                2.0,
                "`follow` is read by columns",
            ),
            "the last token missing": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens[:-1]:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else ""
        b += 1
""",
                2.0,
                "The last token is missing",
            ),
            "tokens from the end": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens[::-1]:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else ""
        b += 1
""",
                2.0,
                "The tokens are taken from the end",
            ),
            "digits in reverse": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") [::-1] if b else ""
        b += 1
""",
                2.0,
                "The digits are in reverse order",
            ),
            "bin with its 0b": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"#0{b + 2}b") if b else ""
        b += 1
""",
                2.0,
                "The code holds other characters",
            ),
            "the number of the cell": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return int(k)
        b += 1
""",
                2.0,
                "You return a number",
            ),
            "0 for no digits": (
                """
def encode(tokens, first, follow):
    lo, width = Fraction(0), Fraction(1)
    row = first
    for t in tokens:
        total = sum(row)
        lo += width * Fraction(sum(row[:t]), total)
        width *= Fraction(row[t], total)
        row = follow[t]
    b = 0
    while True:
        k = -((-lo * 2**b) // 1)
        if Fraction(k + 1, 2**b) <= lo + width:
            return format(int(k), f"0{b}b") if b else "0"
        b += 1
""",
                3.45,
                "no digit is needed",
            ),
        },
    ),
}

"""Answers to assignment 4: maximum likelihood and cross-entropy."""

from graders import Problem

BITS = """
def bits_per_token(page, probs):
    return sum(-np.log2(probs[token]) for token in page) / len(page)
"""

ESTIMATE = """
def estimate(documents, vocab_size):
    tokens = [t for d in set(map(tuple, documents)) for t in d]
    return np.bincount(tokens, minlength=vocab_size) / len(tokens)
"""

NUMERIC = """
def numeric_grad(logits, targets, step=1e-5):
    z = np.array(logits, dtype=float)
    out = np.zeros(z.shape)
    for i in range(z.shape[0]):
        for v in range(z.shape[1]):
            e = np.zeros(z.shape)
            e[i, v] = step
            out[i, v] = (loss_and_grad(z + e, targets)[0] - loss_and_grad(z - e, targets)[0]) / step / 2
    return out
"""

LOSS = """
def loss_and_grad(logits, targets):
    z = np.array(logits, dtype=float)
    z = z - z.max(axis=1, keepdims=True)
    n = len(targets)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = sum(np.log(np.exp(row).sum()) - row[t] for row, t in zip(z, targets)) / n
    for i, t in enumerate(targets):
        p[i, t] -= 1
    return loss, p / n
"""

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "sets and bincount": ESTIMATE + BITS,
            "plain Python": (
                """
def estimate(documents, vocab_size):
    seen, counts, n = [], [0] * vocab_size, 0
    for document in documents:
        document = list(document)
        if document in seen:
            continue
        seen.append(document)
        for token in document:
            counts[token] += 1
            n += 1
    return [c / n for c in counts]

def bits_per_token(page, probs):
    nats = [-np.log(probs[t]) for t in page]
    return np.mean(nats) / np.log(2)
"""
            ),
            "dict.fromkeys and Counter": """
def estimate(documents, vocab_size):
    from collections import Counter
    from itertools import chain
    different = dict.fromkeys(map(tuple, documents))
    n = Counter(chain.from_iterable(different))
    return tuple(n[v] / n.total() for v in range(vocab_size))

def bits_per_token(page, probs):
    import math
    return sum(math.inf if probs[t] == 0 else -math.log2(probs[t]) for t in page) / len(page)
""",
            "exact fractions, and the page as counts": """
def estimate(documents, vocab_size):
    from fractions import Fraction
    unique, all_tokens = [], []
    for d in documents:
        if list(d) not in unique:
            unique.append(list(d))
            all_tokens += list(d)
    return [Fraction(all_tokens.count(v), len(all_tokens)) for v in range(vocab_size)]

def bits_per_token(page, probs):
    n = np.bincount(np.asarray(page), minlength=len(probs))
    used = n > 0
    return np.average(-np.log2(np.asarray(probs)[used]), weights=n[used])
""",
            "printed lists as keys, a comparison matrix": """
def estimate(documents, vocab_size):
    unique = {str(list(d)): d for d in documents}.values()
    flat = [t for d in unique for t in d]
    return np.mean(np.array(flat)[:, None] == np.arange(vocab_size), axis=0)

def bits_per_token(page, probs):
    tokens, counts = np.unique(page, return_counts=True)
    p = np.asarray(probs, dtype=float)[tokens]
    return float((counts * np.log2(1 / p)).sum() / counts.sum())
""",
            "not in, and an exception for zero": """
from collections import Counter
import math

def estimate(documents, vocab_size):
    seen = []
    for document in documents:
        if document not in seen:
            seen.append(document)
    counts = Counter(token for document in seen for token in document)
    total = sum(counts.values())
    return [counts[v] / total for v in range(vocab_size)]

def bits_per_token(page, probs):
    try:
        return -sum(math.log2(probs[token]) for token in page) / len(page)
    except ValueError:
        return math.inf
""",
        },
        wrong={
            "copies counted": (
                """
def estimate(documents, vocab_size):
    tokens = np.concatenate(documents)
    return np.bincount(tokens, minlength=vocab_size) / len(tokens)
"""
                + BITS,
                2,
                "You counted the copies as well",
            ),
            "tokens made unique too": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for document in {tuple(d) for d in documents}:
        for token in set(document):
            counts[token] += 1
    return counts / counts.sum()
"""
                + BITS,
                2,
                "Repetitions within a document count",
            ),
            "order forgotten": (
                """
def estimate(documents, vocab_size):
    tokens = [t for d in {tuple(sorted(d)) for d in documents} for t in d]
    return np.bincount(tokens, minlength=vocab_size) / len(tokens)
"""
                + BITS,
                2.5,
                "[2, 0] is another document",
            ),
            "add-one smoothing": (
                """
def estimate(documents, vocab_size):
    tokens = [t for d in set(map(tuple, documents)) for t in d]
    return (np.bincount(tokens, minlength=vocab_size) + 1) / (len(tokens) + vocab_size)
"""
                + BITS,
                1.5,
                "that is smoothing, not maximum likelihood",
            ),
            "mean of the documents' ratios": (
                """
def estimate(documents, vocab_size):
    return np.mean([np.bincount(d, minlength=vocab_size) / len(d) for d in set(map(tuple, documents))], axis=0)
"""
                + BITS,
                1.5,
                "You averaged the ratios of the documents",
            ),
            "nats": (
                ESTIMATE
                + """
def bits_per_token(page, probs):
    return -np.mean(np.log(np.array(probs)[page]))
""",
                1.5,
                "Your numbers are in nats",
            ),
            "the page's total": (
                ESTIMATE
                + """
def bits_per_token(page, probs):
    return -np.sum(np.log2(np.array(probs)[page]))
""",
                1.5,
                "You return the total of the page",
            ),
            "logarithm of the mean": (
                ESTIMATE
                + """
def bits_per_token(page, probs):
    return -np.log2(np.mean(np.array(probs)[page]))
""",
                1.5,
                "surprises are averaged, not probabilities",
            ),
            "patched with a small number": (
                ESTIMATE
                + """
def bits_per_token(page, probs):
    return -np.mean(np.log2(np.array(probs)[page] + 1e-12))
""",
                2.5,
                "a token that was never counted",
            ),
            "words of all documents once": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for document in {tuple(d) for d in documents}:
        for token in set(document):
            counts[token] += 1
    return counts / counts.sum()
"""
                + BITS,
                2.5,
                "counts twice",
            ),
            "documents as sets of ids": (
                """
def estimate(documents, vocab_size):
    docs = {frozenset(d) for d in documents}
    counts = np.bincount([t for d in docs for t in d], minlength=vocab_size)
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).mean()
""",
                2.0,
                "compare documents as sets of ids, and count each id once",
            ),
            "copies sought among neighbours": (
                """
from itertools import groupby
def estimate(documents, vocab_size):
    docs = [d for d, _ in groupby(documents)]
    counts = np.bincount([t for d in docs for t in d], minlength=vocab_size)
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).mean()
""",
                2.5,
                "You only compare neighbours",
            ),
            "all that has a copy left out": (
                """
def estimate(documents, vocab_size):
    docs = [d for d in documents if documents.count(d) == 1]
    counts = np.bincount([t for d in docs for t in d], minlength=vocab_size)
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).mean()
""",
                2.0,
                "You leave out every document",
            ),
            "the last ids missing": (
                """
def estimate(documents, vocab_size):
    docs = {tuple(d) for d in documents}
    counts = np.bincount([t for d in docs for t in d])
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).mean()
""",
                2.0,
                "Tokens that never occur are missing",
            ),
            "counts returned": (
                """
def estimate(documents, vocab_size):
    docs = {tuple(d) for d in documents}
    return np.bincount([t for d in docs for t in d], minlength=vocab_size)

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).mean()
""",
                1.5,
                "You return counts",
            ),
            "a product of probabilities": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for doc in set(map(tuple, documents)):
        np.add.at(counts, list(doc), 1)
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.prod(np.asarray(probs)[page])) / len(page)
""",
                2.75,
                "You multiply the probabilities",
            ),
            "zeros left out": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for doc in set(map(tuple, documents)):
        np.add.at(counts, list(doc), 1)
    return counts / counts.sum()

def bits_per_token(page, probs):
    p = np.asarray(probs)[page]
    return -np.log2(p[p > 0]).mean()
""",
                2.5,
                "You leave out what was never counted",
            ),
            "divided by the vocabulary": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for doc in set(map(tuple, documents)):
        np.add.at(counts, list(doc), 1)
    return counts / counts.sum()

def bits_per_token(page, probs):
    return -np.log2(np.asarray(probs)[page]).sum() / len(probs)
""",
                1.75,
                "You divide by the size of the vocabulary",
            ),
            "weighted as an entropy": (
                """
def estimate(documents, vocab_size):
    counts = np.zeros(vocab_size)
    for doc in set(map(tuple, documents)):
        np.add.at(counts, list(doc), 1)
    return counts / counts.sum()

def bits_per_token(page, probs):
    p = np.asarray(probs)[page]
    return -(p * np.log2(p)).sum()
""",
                1.5,
                "You weight each surprise by the token's probability",
            ),
        },
    ),
    "p2": Problem(
        points=5,
        right={
            "loops": LOSS + NUMERIC,
            "log-softmax and a broadcast": (
                """
def loss_and_grad(logits, targets):
    z = np.asarray(logits, dtype=float)
    m = z.max(1)
    lse = m + np.log(np.exp(z - m[:, None]).sum(1))
    p = np.exp(z - lse[:, None])
    y = np.arange(z.shape[1]) == np.asarray(targets)[:, None]
    return (lse - z[y]).mean(), (p - y) / len(z)

def numeric_grad(logits, targets, step=1e-5):
    z = np.asarray(logits, dtype=float)
    nudges = step * np.eye(z.size).reshape(-1, *z.shape)
    return np.array([loss_and_grad(z + e, targets)[0] - loss_and_grad(z - e, targets)[0] for e in nudges]).reshape(z.shape) / (2 * step)
"""
            ),
            "logaddexp and a list of lists": """
def loss_and_grad(logits, targets):
    z = np.array(logits, dtype=float)
    lse = np.logaddexp.reduce(z, axis=-1)
    n = len(z)
    grad = np.exp(z - lse[:, None]) / n
    np.subtract.at(grad, (range(n), targets), 1 / n)
    return [sum(lse[i] - z[i, t] for i, t in enumerate(targets)) / n, grad.tolist()]

def numeric_grad(logits, targets, step=1e-5):
    z = np.array(logits, dtype=float)
    def slope(i, v):
        kept, ends = z[i, v], []
        for sign in (1, -1):
            z[i, v] = kept + sign * step
            ends.append(loss_and_grad(z, targets)[0])
        z[i, v] = kept
        return (ends[0] - ends[1]) / (2 * step)
    return [[slope(i, v) for v in range(z.shape[1])] for i in range(len(z))]
""",
            "gradient by rows, differences of one row's loss": """
def row_loss(z, t):
    return np.log(np.sum(np.exp(z - np.max(z)))) + np.max(z) - z[t]

def loss_and_grad(logits, targets):
    rows = [np.array(r, dtype=float) for r in logits]
    p = [np.exp(r - r.max()) / np.exp(r - r.max()).sum() for r in rows]
    for q, t in zip(p, targets):
        q[t] -= 1.0
    return np.mean([row_loss(r, t) for r, t in zip(rows, targets)]), np.divide(p, len(p))

def numeric_grad(logits, targets, step=1e-5):
    out = np.empty(np.shape(logits))
    for i, (z, t) in enumerate(zip(np.array(logits, dtype=float), targets)):
        for v in range(len(z)):
            e = step * (np.arange(len(z)) == v)
            out[i, v] = (row_loss(z + e, t) - row_loss(z - e, t)) / (2 * step * len(out))
    return out
""",
            "moves from an identity matrix": """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    moves = step * np.eye(logits.size).reshape(-1, *logits.shape)
    def loss(z):
        return loss_and_grad(z, targets)[0]
    slopes = [(loss(logits + m) - loss(logits - m)) / (2 * step) for m in moves]
    return np.reshape(slopes, logits.shape)
""",
            "put_along_axis, and one row's loss at a time by broadcasting": """
def _losses(logits, targets):
    m = logits.max(axis=-1, keepdims=True)
    lse = np.log(np.exp(logits - m).sum(axis=-1)) + m[..., 0]
    return lse - logits[..., np.arange(len(targets)), targets]

def loss_and_grad(logits, targets):
    logits = np.asarray(logits, dtype=float)
    m = logits.max(axis=-1, keepdims=True)
    p = np.exp(logits - m)
    p /= p.sum(axis=-1, keepdims=True)
    y = np.zeros_like(p)
    np.put_along_axis(y, np.asarray(targets)[:, None], 1, axis=1)
    return _losses(logits, targets).mean(), (p - y) / len(p)

def numeric_grad(logits, targets, step=1e-5):
    n, v = logits.shape
    grad = np.zeros((n, v))
    for j in range(v):
        e = np.zeros(v)
        e[j] = step
        grad[:, j] = (_losses(logits + e, targets) - _losses(logits - e, targets)) / (2 * step) / n
    return grad
""",
            "moved in place and moved back": """
def loss_and_grad(logits, targets):
    one_hot = np.eye(logits.shape[1])[targets]
    lse = np.logaddexp.reduce(logits, axis=1)
    own = np.where(one_hot > 0, logits, 0).sum(axis=1)
    p = np.exp(logits - lse[:, None])
    return np.mean(lse - own), (p - one_hot) / len(logits)

def numeric_grad(logits, targets, step=1e-5):
    grad = np.empty_like(logits, dtype=float)
    for i, j in np.ndindex(logits.shape):
        old = logits[i, j]
        logits[i, j] = old + step
        up = loss_and_grad(logits, targets)[0]
        logits[i, j] = old - step
        down = loss_and_grad(logits, targets)[0]
        logits[i, j] = old
        grad[i, j] = (up - down) / (2 * step)
    return grad
""",
        },
        wrong={
            "gradient of the sum": (
                LOSS.replace("return loss, p / n", "return loss, p") + NUMERIC,
                4,
                "This is the gradient of the sum",
            ),
            "sum instead of mean": (
                LOSS.replace("zip(z, targets)) / n", "zip(z, targets))") + NUMERIC,
                3,
                "You return the sum over rows",
            ),
            "target minus prediction": (
                LOSS.replace("return loss, p / n", "return loss, -p / n") + NUMERIC,
                2.5,
                "The sign is wrong",
            ),
            "prediction alone": (
                LOSS.replace("p[i, t] -= 1", "pass") + NUMERIC,
                2.5,
                "You return the prediction alone",
            ),
            "no maximum subtracted": (
                """
def loss_and_grad(logits, targets):
    e = np.exp(np.asarray(logits, dtype=float))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(targets))
    loss = -np.mean(np.log(p[rows, targets]))
    p[rows, targets] -= 1
    return loss, p / len(targets)
"""
                + NUMERIC,
                4.5,
                "subtract each row's maximum",
            ),
            "logarithm of a rounded probability": (
                """
def loss_and_grad(logits, targets):
    z = np.asarray(logits, dtype=float)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(targets))
    loss = -np.mean(np.log(p[rows, targets]))
    p[rows, targets] -= 1
    return loss, p / len(targets)
"""
                + NUMERIC,
                4.5,
                "the probability was rounded to 0 before its logarithm",
            ),
            "times a one-hot vector": (
                """
def loss_and_grad(logits, targets):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    y = np.eye(z.shape[1])[targets]
    return -np.sum(y * log_p) / len(targets), (np.exp(log_p) - y) / len(targets)
"""
                + NUMERIC,
                4.5,
                "0 · log 0 became NaN",
            ),
            "one-sided differences": (
                LOSS
                + """
def numeric_grad(logits, targets, step=1e-5):
    z = np.array(logits, dtype=float)
    out = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        moved = z.copy()
        moved[place] += step
        out[place] = (loss_and_grad(moved, targets)[0] - loss_and_grad(z, targets)[0]) / step
    return out
""",
                4.5,
                "You moved to one side only",
            ),
            "divided by one step": (
                LOSS + NUMERIC.replace("/ step / 2", "/ step"),
                4,
                "the two points lie 2·step apart",
            ),
            "the formula again": (
                LOSS
                + """
def numeric_grad(logits, targets, step=1e-5):
    return loss_and_grad(logits, targets)[1]
""",
                4.5,
                "This is the exact gradient",
            ),
            "the gradient with respect to the probabilities": (
                """
def loss_and_grad(logits, targets):
    z = np.asarray(logits, dtype=float)
    lse = np.logaddexp.reduce(z, axis=1)
    p = np.exp(z - lse[:, None])
    rows = np.arange(len(z))
    grad = np.zeros_like(z)
    grad[rows, targets] = -1 / p[rows, targets] / len(z)
    return np.mean(lse - z[rows, targets]), grad
"""
                + NUMERIC,
                2.5,
                "with respect to the probabilities",
            ),
            "all logits moved at once": (
                LOSS
                + """
def numeric_grad(logits, targets, step=1e-5):
    z = np.asarray(logits, dtype=float)
    rise = loss_and_grad(z + step, targets)[0] - loss_and_grad(z - step, targets)[0]
    return np.full(z.shape, rise / (2 * step))
""",
                4.3,
                "You moved all logits together",
            ),
            "half a step to either side": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        up = logits.copy(); up[i] += step / 2
        dn = logits.copy(); dn[i] -= step / 2
        g[i] = (loss_and_grad(up, targets)[0] - loss_and_grad(dn, targets)[0]) / step
    return g
""",
                4.5,
                "half a step to either side",
            ),
            "a moved logit stays moved": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    z = logits.copy()
    for i in np.ndindex(*logits.shape):
        z[i] += step
        up = loss_and_grad(z, targets)[0]
        z[i] -= 2 * step
        dn = loss_and_grad(z, targets)[0]
        g[i] = (up - dn) / (2 * step)
    return g
""",
                4.25,
                "does not come back",
            ),
            "shifted in place": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        up = logits.copy(); up[i] += step
        dn = logits.copy(); dn[i] -= step
        g[i] = (loss_and_grad(up, targets)[0] - loss_and_grad(dn, targets)[0]) / (2 * step)
    return g
""",
                4.75,
                "wrote into the caller's array",
            ),
            "one maximum for all rows": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max()
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        up = logits.copy(); up[i] += step
        dn = logits.copy(); dn[i] -= step
        g[i] = (loss_and_grad(up, targets)[0] - loss_and_grad(dn, targets)[0]) / (2 * step)
    return g
""",
                4.5,
                "one maximum for the whole array",
            ),
            "whole columns minus 1": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[:, targets] -= 1
    return -log_p[np.arange(n), targets].mean(), g / n

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        up = logits.copy(); up[i] += step
        dn = logits.copy(); dn[i] -= step
        g[i] = (loss_and_grad(up, targets)[0] - loss_and_grad(dn, targets)[0]) / (2 * step)
    return g
""",
                2.75,
                "selects whole columns",
            ),
            "gradient first": (
                """
def loss_and_grad(logits, targets):
    n = len(targets)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    g = np.exp(log_p)
    g[np.arange(n), targets] -= 1
    return g / n, -log_p[np.arange(n), targets].mean()

def numeric_grad(logits, targets, step=1e-5):
    g = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        up = logits.copy(); up[i] += step
        dn = logits.copy(); dn[i] -= step
        g[i] = (loss_and_grad(up, targets)[1] - loss_and_grad(dn, targets)[1]) / (2 * step)
    return g
""",
                2.5,
                "Loss and gradient are exchanged",
            ),
            "a small number inside the logarithm": (
                """
def loss_and_grad(logits, targets):
    z = np.asarray(logits, dtype=float)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(targets))
    loss = -np.mean(np.log(p[rows, targets] + 1e-12))
    p[rows, targets] -= 1
    return loss, p / len(targets)
"""
                + NUMERIC,
                4.5,
                "You put 1e-12 for a probability",
            ),
        },
    ),
    "p3": Problem(
        points=3,
        right={
            "where": (
                """
def masked_loss(losses, mask):
    m = np.array(mask) != 0
    if not m.any():
        raise ValueError("no tokens")
    return np.where(m, losses, 0).sum() / m.sum()
"""
            ),
            "a running sum": (
                """
def masked_loss(losses, mask):
    total = count = 0
    for loss, m in zip(np.ravel(losses), np.ravel(mask)):
        if m:
            total, count = total + loss, count + 1
    if count == 0:
        raise ValueError(count)
    return total / count
"""
            ),
            "np.ma": """
def masked_loss(losses, mask):
    x = np.ma.array(losses, mask=np.logical_not(mask))
    if x.count() == 0:
        raise ValueError("nothing left")
    return x.mean()
""",
            "a generator over flat": """
def masked_loss(losses, mask):
    kept = [float(x) for x, m in zip(np.asarray(losses).flat, np.asarray(mask).flat) if m]
    try:
        return sum(kept) / len(kept)
    except ZeroDivisionError:
        raise ValueError("nothing left") from None
""",
            "zeroed in place": """
def masked_loss(losses, mask):
    losses[np.logical_not(mask)] = 0
    n = np.count_nonzero(mask)
    if n == 0:
        raise ValueError("nothing to average")
    return losses.sum() / n
""",
            "mean with where": """
def masked_loss(losses, mask):
    keep = np.array(mask) != 0
    if not np.any(keep):
        raise ValueError("empty")
    return np.mean(losses, where=keep)
""",
            "compress and average": """
def masked_loss(losses, mask):
    picked = np.compress(np.ravel(mask), np.ravel(losses))
    if picked.size < 1:
        raise ValueError
    return np.average(picked)
""",
            "NaN and infinity made finite, then multiplied": """
def masked_loss(losses, mask):
    if np.sum(mask) == 0: raise ValueError
    return (np.nan_to_num(losses) * mask).sum() / np.sum(mask)
""",
        },
        wrong={
            "the padded length": (
                """
def masked_loss(losses, mask):
    if not np.any(mask):
        raise ValueError
    return np.mean(np.where(np.asarray(mask) == 1, losses, 0))
""",
                1.5,
                "You divide by the padded size",
            ),
            "mean of row means": (
                """
def masked_loss(losses, mask):
    m = np.asarray(mask) == 1
    if not m.any():
        raise ValueError
    x = np.where(m, losses, 0)
    return np.mean(x.sum(axis=-1) / m.sum(axis=-1))
""",
                1.5,
                "You average the means of the rows",
            ),
            "multiplied": (
                """
def masked_loss(losses, mask):
    if np.sum(mask) == 0:
        raise ValueError
    return np.sum(losses * mask) / np.sum(mask)
""",
                2,
                "Select, do not multiply",
            ),
            "the sum": (
                """
def masked_loss(losses, mask):
    m = np.asarray(mask) == 1
    if not m.any():
        raise ValueError
    return np.asarray(losses)[m].sum()
""",
                1.5,
                "You return the sum",
            ),
            "no tokens, no complaint": (
                """
def masked_loss(losses, mask):
    m = np.asarray(mask) == 1
    return np.asarray(losses)[m].sum() / max(m.sum(), 1)
""",
                2.5,
                "A mean over no token does not exist",
            ),
            "integers as places": (
                """
def masked_loss(losses, mask):
    if not np.any(mask):
        raise ValueError
    return np.mean(np.asarray(losses)[mask])
""",
                1.5,
                "selects places 0 and 1",
            ),
            "always refuses": (
                """
def masked_loss(losses, mask):
    raise ValueError("no tokens")
""",
                0,
                "raised ValueError",
                "it answers nothing",
            ),
            "nanmean": (
                """
def masked_loss(losses, mask):
    if not np.any(mask):
        raise ValueError
    x = np.where(mask, losses, 0)
    return np.nanmean(np.where(x == 0, np.nan, x))
""",
                2.9,
                "A loss of 0 is a loss",
            ),
            "NaN taken for padding": (
                """
def masked_loss(losses, mask):
    if not np.any(mask):
        raise ValueError
    return np.nanmean(losses)
""",
                1.5,
                "divide by the sum of the mask",
            ),
            "one mean per row": (
                """
def masked_loss(losses, mask):
    m = np.array(mask, bool)
    if m.sum() == 0: raise ValueError
    return np.where(m, losses, 0).sum(axis=-1) / m.sum(axis=-1)
""",
                1.5,
                "You return one mean per row",
            ),
            "the mask turned round": (
                """
def masked_loss(losses, mask):
    m = ~np.array(mask, bool)
    if m.sum() == 0: raise ValueError
    return losses[m].mean()
""",
                1.5,
                "The mask is turned round",
            ),
            "0 for nothing, by max(1, n)": (
                """
def masked_loss(losses, mask):
    m = np.array(mask, bool)
    return losses[m].sum() / max(1, m.sum())
""",
                2.5,
                "A mean over no token does not exist",
            ),
            "two axes only": (
                """
def masked_loss(losses, mask):
    total = count = 0
    for row, keep in zip(losses, mask):
        for l, k in zip(row, keep):
            if k:
                total += l; count += 1
    if not count: raise ValueError
    return total / count
""",
                2.12,
                "any shape",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "running sums": (
                """
def combine(parts):
    loss = grad = count = 0
    for mean_loss, mean_grad, n in parts:
        if n:
            loss, grad, count = loss + n * mean_loss, grad + n * np.asarray(mean_grad), count + n
    if count == 0:
        raise ValueError("nothing to combine")
    return loss / count, grad / count
"""
            ),
            "np.average": (
                """
def combine(parts):
    kept = [p for p in parts if p[2]]
    if not kept:
        raise ValueError("no tokens")
    losses, grads, sizes = zip(*kept)
    return [np.average(losses, weights=sizes), np.average(np.array(grads), axis=0, weights=sizes)]
"""
            ),
            "tensordot over what is there": """
def combine(parts):
    there = [p for p in parts if p[2]]
    if not there:
        raise ValueError("no tokens")
    losses, grads, n = map(np.array, zip(*there))
    share = n / n.sum()
    return share @ losses, np.tensordot(share, grads, axes=1)
""",
            "a running mean": """
def combine(parts):
    seen, loss, grad = 0, 0.0, 0.0
    for l, g, n in parts:
        if n == 0:
            continue
        seen += n
        loss += (l - loss) * n / seen
        grad = grad + (np.array(g) - grad) * n / seen
    if not seen:
        raise ValueError
    return loss, grad.tolist()
""",
            "gradients multiplied in place": """
def combine(parts):
    loss, grad, tokens = 0.0, None, 0
    for mean_loss, mean_grad, n in parts:
        if n:
            loss += n * mean_loss
            mean_grad *= n
            grad = mean_grad if grad is None else grad + mean_grad
            tokens += n
    if not tokens:
        raise ValueError("no tokens")
    return loss / tokens, grad / tokens
""",
            "folded two by two": """
from functools import reduce
def combine(parts):
    def two(a, b):
        n = a[2] + b[2]
        return ((a[0] * a[2] + b[0] * b[2]) / n, (a[1] * a[2] + b[1] * b[2]) / n, n)
    filled = [p for p in parts if p[2] != 0]
    if not filled:
        raise ValueError("no part has a token")
    return reduce(two, filled)[:2]
""",
            "nansum of weighted parts": """
def combine(parts):
    n = sum(p[2] for p in parts)
    if n == 0: raise ValueError
    return np.nansum([p[0] * p[2] for p in parts]) / n, np.nansum([np.array(p[1]) * p[2] for p in parts], axis=0) / n
""",
            "in float32": """
def combine(parts):
    total = sum(p[2] for p in parts)
    if total < 1:
        raise ValueError("none")
    loss = np.float32(0)
    grad = np.zeros(np.shape(parts[0][1]), dtype=np.float32)
    for l, g, n in parts:
        if n > 0:
            loss += np.float32(l * n / total)
            grad += np.asarray(g, dtype=np.float32) * np.float32(n / total)
    return loss, grad
""",
        },
        wrong={
            "mean of means": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts:
        raise ValueError
    return np.mean([p[0] for p in parts]), np.mean([p[1] for p in parts], axis=0)
""",
                1.5,
                "You average the means",
            ),
            "sum over all tokens": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts:
        raise ValueError
    return sum(n * x for x, _, n in parts), sum(n * g for _, g, n in parts)
""",
                1.5,
                "You return the sum over all tokens",
            ),
            "only the loss weighted": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts:
        raise ValueError
    return np.average([p[0] for p in parts], weights=[p[2] for p in parts]), np.mean([p[1] for p in parts], axis=0)
""",
                1.5,
                "the gradient was averaged without weights",
            ),
            "NaN times zero": (
                """
def combine(parts):
    n = sum(p[2] for p in parts)
    if n == 0:
        raise ValueError
    return sum(p[0] * p[2] for p in parts) / n, sum(p[1] * p[2] for p in parts) / n
""",
                2.5,
                "leave it out before you add",
            ),
            "means added": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts:
        raise ValueError
    return sum(p[0] for p in parts), sum(p[1] for p in parts)
""",
                1.5,
                "You added the means",
            ),
            "zero when there is nothing": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    n = max(sum(p[2] for p in parts), 1)
    return sum(p[0] * p[2] for p in parts) / n, sum(p[1] * p[2] for p in parts) / n
""",
                2.5,
                "No tokens, no mean",
            ),
            "divided by the number of shares": (
                """
def combine(parts):
    kept = [p for p in parts if p[2] > 0]
    if not kept:
        raise ValueError
    return sum(n * l for l, _, n in kept) / len(kept), sum(n * np.asarray(g) for _, g, n in kept) / len(kept)
""",
                1.5,
                "divide by the number of tokens",
            ),
            "NaN made zero": (
                """
def combine(parts):
    n = np.array([p[2] for p in parts])
    loss = np.nan_to_num([p[0] for p in parts])
    grad = np.nan_to_num([p[1] for p in parts])
    return n @ loss / n.sum(), n @ grad / n.sum()
""",
                2.7,
                "No tokens, no mean",
            ),
            "gradients added, loss right": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts: raise ValueError
    n = sum(p[2] for p in parts)
    return sum(p[0] * p[2] for p in parts) / n, sum(p[1] for p in parts)
""",
                1.5,
                "gradients were added without weights",
            ),
            "gradient weighted and not divided": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts: raise ValueError
    n = sum(p[2] for p in parts)
    return sum(p[0] * p[2] for p in parts) / n, sum(p[1] * p[2] for p in parts)
""",
                1.5,
                "weighted and not divided",
            ),
            "refuses a share of padding": (
                """
def combine(parts):
    if any(p[2] == 0 for p in parts): raise ValueError
    n = sum(p[2] for p in parts)
    return sum(p[0] * p[2] for p in parts) / n, sum(p[1] * p[2] for p in parts) / n
""",
                2.5,
                "one of its shares is all padding",
            ),
            "gradient summed to one number": (
                """
def combine(parts):
    parts = [p for p in parts if p[2]]
    if not parts: raise ValueError
    n = sum(p[2] for p in parts)
    return sum(p[0] * p[2] for p in parts) / n, np.sum([p[1] * p[2] for p in parts]) / n
""",
                1.5,
                "The gradient has become one number",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "cross-entropy minus entropy": (
                """
def left_to_learn(teacher_logits, student_logits):
    out = []
    for t, s in zip(np.asarray(teacher_logits, float), np.asarray(student_logits, float)):
        t, s = t - t.max(), s - s.max()
        lt, ls = t - np.log(np.exp(t).sum()), s - np.log(np.exp(s).sum())
        q = np.exp(lt)
        live = q > 0
        out.append(-(q[live] @ ls[live]) + q[live] @ lt[live])
    return out
"""
            ),
            "bans lifted by nan_to_num": (
                """
def left_to_learn(teacher_logits, student_logits):
    def lsm(z):
        z = np.array(z, dtype=float)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    a, b = lsm(teacher_logits), lsm(student_logits)
    return np.where(np.exp(a) > 0, np.exp(a) * (np.nan_to_num(a) - np.nan_to_num(b)), 0).sum(axis=-1)
"""
            ),
            "by rows, with math": """
import math

def left_to_learn(teacher_logits, student_logits):
    def logs(row):
        total = max(row) + math.log(math.fsum(np.exp(np.array(row) - max(row))))
        return [x - total for x in row]
    out = []
    for t, s in zip(teacher_logits, student_logits):
        out.append(sum(math.exp(a) * (a - b) for a, b in zip(logs(t), logs(s)) if a > -700))
    return out
""",
            "masked, in float32": """
def left_to_learn(teacher_logits, student_logits):
    t, s = np.ma.masked_invalid(teacher_logits), np.asarray(student_logits)
    q = np.exp(t.filled(-np.inf) - t.max(axis=1).filled(0)[:, None])
    q = q / q.sum(axis=1, keepdims=True)
    zs = s - s.max(axis=1, keepdims=True)
    lp = zs - np.log(np.exp(zs).sum(axis=1, keepdims=True))
    zt = t - t.max(axis=1)[:, None]
    lq = zt - np.ma.log(np.ma.exp(zt).sum(axis=1))[:, None]
    gap = np.ma.array(lq.filled(0) - np.where(np.isinf(lp), 0, lp), mask=np.ma.getmaskarray(lq))
    return np.float32((q * gap.filled(0)).sum(axis=1))
""",
            "mean gap of logits, and two log-sum-exps": """
def left_to_learn(teacher_logits, student_logits):
    def lse(z):
        m = z.max(axis=1)
        return m + np.log(np.exp(z - m[:, None]).sum(axis=1))
    q = np.exp(teacher_logits - lse(teacher_logits)[:, None])
    gap = np.subtract(teacher_logits, student_logits, where=q > 0, out=np.zeros(q.shape))
    return np.einsum("ij,ij->i", q, gap) - lse(teacher_logits) + lse(student_logits)
""",
            "as a Bregman divergence": """
def left_to_learn(teacher_logits, student_logits):
    def log_softmax(z):
        z = z - z.max(-1, keepdims=True)
        return z - np.log(np.exp(z).sum(-1, keepdims=True))
    t, s = log_softmax(teacher_logits), log_softmax(student_logits)
    with np.errstate(all="ignore"):
        d = s - t
        return np.where(np.exp(t) > 0, np.exp(t) * (np.expm1(d) - d), 0).sum(1) - np.where(np.exp(t) > 0, np.exp(s) - np.exp(t), 0).sum(1)
""",
            "bans made very low": """
def left_to_learn(teacher_logits, student_logits):
    a = np.maximum(teacher_logits, -1e9); b = np.maximum(student_logits, -1e9)
    t = a - np.logaddexp.reduce(a, axis=-1, keepdims=True)
    s = b - np.logaddexp.reduce(b, axis=-1, keepdims=True)
    return (np.exp(t) * (t - s)).sum(-1)
""",
        },
        wrong={
            "the loss itself": (
                """
def left_to_learn(teacher_logits, student_logits):
    def lsm(z):
        z = np.array(z, dtype=float)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    a, b = lsm(teacher_logits), lsm(student_logits)
    return -np.where(np.exp(a) > 0, np.exp(a) * np.nan_to_num(b), 0).sum(axis=-1)
""",
                1.5,
                "This is the loss itself",
            ),
            "student and teacher swapped": (
                """
def left_to_learn(teacher_logits, student_logits):
    def lsm(z):
        z = np.array(z, dtype=float)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    a, b = lsm(student_logits), lsm(teacher_logits)
    return np.where(np.exp(a) > 0, np.exp(a) * (a - b), 0).sum(axis=-1)
""",
                1.5,
                "The two are swapped",
            ),
            "bits": (
                """
def left_to_learn(teacher_logits, student_logits):
    def lsm(z):
        z = np.array(z, dtype=float)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    a, b = lsm(teacher_logits), lsm(student_logits)
    return np.where(np.exp(a) > 0, np.exp(a) * (a - b), 0).sum(axis=-1) / np.log(2)
""",
                1.5,
                "Your numbers are in bits",
            ),
            "NaN at a ban": (
                """
def left_to_learn(teacher_logits, student_logits):
    def lsm(z):
        z = np.array(z, dtype=float)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    a, b = lsm(teacher_logits), lsm(student_logits)
    return (np.exp(a) * (a - b)).sum(axis=-1)
""",
                2.5,
                "contributes 0",
            ),
            "logarithms of softmax": (
                """
def left_to_learn(teacher_logits, student_logits):
    def softmax(z):
        e = np.exp(z - np.max(z, axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)
    q, p = softmax(teacher_logits), softmax(student_logits)
    return (q * np.log(q / p)).sum(axis=-1)
""",
                2,
                "take log-softmax of the logits",
            ),
            "nothing left anywhere": (
                """
def left_to_learn(teacher_logits, student_logits):
    return np.zeros(len(teacher_logits))
""",
                0,
                "cannot fall below log 2",
                "it answers nothing",
            ),
            "absolute differences": (
                """
def left_to_learn(teacher_logits, student_logits):
    def soft(z):
        z = np.asarray(z, dtype=float)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return np.abs(soft(teacher_logits) - soft(student_logits)).sum(axis=1)
""",
                1.5,
                "You add up differences of probabilities",
            ),
            "one number for all positions": (
                """
def left_to_learn(teacher_logits, student_logits):
    t, s = np.asarray(teacher_logits, dtype=float), np.asarray(student_logits, dtype=float)
    a = t - np.logaddexp.reduce(t, axis=1)[:, None]
    b = s - np.logaddexp.reduce(s, axis=1)[:, None]
    live = a > -np.inf
    return np.sum(np.exp(a[live]) * (a[live] - b[live])) / len(t)
""",
                1.5,
                "You return one number",
            ),
            "mean over the vocabulary": (
                """
def left_to_learn(teacher_logits, student_logits):
    t = teacher_logits - np.logaddexp.reduce(teacher_logits, axis=-1, keepdims=True)
    s = student_logits - np.logaddexp.reduce(student_logits, axis=-1, keepdims=True)
    return np.where(np.exp(t) > 0, np.exp(t) * (t - s), 0).mean(-1)
""",
                1.5,
                "You average over the vocabulary",
            ),
            "the teacher's favourite only": (
                """
def left_to_learn(teacher_logits, student_logits):
    s = student_logits - np.logaddexp.reduce(student_logits, axis=-1, keepdims=True)
    return -s[np.arange(len(s)), teacher_logits.argmax(-1)]
""",
                1.5,
                "teacher's likeliest token only",
            ),
            "the student's entropy subtracted": (
                """
def left_to_learn(teacher_logits, student_logits):
    t = teacher_logits - np.logaddexp.reduce(teacher_logits, axis=-1, keepdims=True)
    s = student_logits - np.logaddexp.reduce(student_logits, axis=-1, keepdims=True)
    return -np.where(np.exp(t) > 0, np.exp(t) * s, 0).sum(-1) + np.where(np.exp(s) > 0, np.exp(s) * s, 0).sum(-1)
""",
                1.5,
                "the floor is the entropy of the teacher",
            ),
            "bans passed on to the student": (
                """
def left_to_learn(teacher_logits, student_logits):
    b = np.where(np.isneginf(teacher_logits), -np.inf, student_logits)
    t = teacher_logits - np.logaddexp.reduce(teacher_logits, axis=-1, keepdims=True)
    s = b - np.logaddexp.reduce(b, axis=-1, keepdims=True)
    return np.where(np.exp(t) > 0, np.exp(t) * (t - s), 0).sum(-1)
""",
                2.75,
                "banned tokens from the student as well",
            ),
            "exponentials without a shift": (
                """
def left_to_learn(teacher_logits, student_logits):
    q = np.exp(teacher_logits) / np.exp(teacher_logits).sum(axis=-1, keepdims=True)
    p = np.exp(student_logits) / np.exp(student_logits).sum(axis=-1, keepdims=True)
    allowed = np.isfinite(teacher_logits)
    ratio = np.divide(q, p, out=np.ones_like(q), where=allowed)
    return (q * np.log(ratio)).sum(axis=-1)
""",
                2.5,
                "An exponential overflowed",
            ),
            "a small number inside the logarithms": (
                """
def left_to_learn(teacher_logits, student_logits):
    def softmax(z):
        e = np.exp(z - np.max(z, axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)
    q, p = softmax(teacher_logits), softmax(student_logits)
    return (q * (np.log(q + 1e-12) - np.log(np.maximum(p, 1e-12)))).sum(axis=-1)
""",
                2.5,
                "You put 1e-12 for a probability",
            ),
        },
    ),
}

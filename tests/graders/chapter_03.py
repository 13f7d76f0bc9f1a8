"""Answers to assignment 3: logits, softmax, log-sum-exp."""

from graders import Problem

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "einsum": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = np.einsum("...d,vd->...v", hidden, embedding)
    return z if bias is None else z + bias
"""
            ),
            "one token at a time": (
                """
def lm_logits(hidden, embedding, bias=None):
    if bias is None:
        bias = [0.0] * len(embedding)
    return np.stack([(np.asarray(hidden) * row).sum(axis=-1) + b for row, b in zip(embedding, bias)], axis=-1)
"""
            ),
        },
        wrong={
            "contracts the vocabulary when it can": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden @ (embedding if embedding.shape[0] == hidden.shape[-1] else embedding.T)
    return z if bias is None else z + bias
""",
                1.5,
                "You contract the vocabulary axis",
            ),
            "never transposes": (
                """
def lm_logits(hidden, embedding, bias=None):
    return hidden @ embedding + (0 if bias is None else bias)
""",
                1.5,
                "with V ≠ d the shapes do not fit",
            ),
            "forgets the bias": (
                """
def lm_logits(hidden, embedding, bias=None):
    return hidden @ embedding.T
""",
                2.5,
                "The bias is missing",
            ),
            "one vector only": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = embedding @ np.ravel(hidden)[:embedding.shape[1]]
    return z if bias is None else z + bias
""",
                1.5,
                "You score one hidden state only",
            ),
        },
    ),
    "p2": Problem(
        points=5,
        right={
            "through the logarithm": (
                """
def stable_softmax(logits, axis=-1):
    z = np.array(logits, dtype=float)
    z = z - np.max(z, axis=axis, keepdims=True)
    return np.exp(z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True)))
"""
            ),
            "axis moved, row by row": (
                """
def stable_softmax(logits, axis=-1):
    z = np.moveaxis(np.array(logits, dtype=float), axis, -1)
    flat = z.reshape(-1, z.shape[-1])
    rows = []
    for row in flat:
        e = [np.exp(x - max(row)) for x in row]
        rows.append([x / sum(e) for x in e])
    return np.moveaxis(np.array(rows).reshape(z.shape), -1, axis).tolist()
"""
            ),
        },
        wrong={
            "no shift": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits)
    return e / e.sum(axis=axis, keepdims=True)
""",
                2.5,
                "subtract the maximum first",
            ),
            "one sum for all": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - np.max(logits))
    return e / e.sum()
""",
                2.5,
                "You divide by the sum over the whole array",
            ),
            "one maximum for all": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - np.max(logits))
    return e / e.sum(axis=axis, keepdims=True)
""",
                3,
                "each row has its own maximum",
            ),
            "the last axis always": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
                4.5,
                "You normalise the last axis whatever",
            ),
            "in place": (
                """
def stable_softmax(logits, axis=-1):
    logits -= logits.max(axis=axis, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=axis, keepdims=True)
    return logits
""",
                4.5,
                "writes into the caller's array",
            ),
            "keepdims forgotten": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - np.max(logits, axis=axis))
    return e / e.sum(axis=axis)
""",
                2.5,
                "Maximum and sum lost their axis",
            ),
            "clipped instead of shifted": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(np.clip(logits, -700, 700))
    return e / e.sum(axis=axis, keepdims=True)
""",
                3.5,
                "cases differ",
            ),
        },
    ),
    "p3": Problem(
        points=4,
        right={
            "log-sum-exp minus the logit": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=np.float64)
    m = z.max(axis=1)
    return m + np.log(np.exp(z - m[:, None]).sum(axis=1)) - np.take_along_axis(z, np.asarray(tokens)[:, None], axis=1)[:, 0]
"""
            ),
            "a list, in float32": (
                """
def surprise(logits, tokens):
    out = []
    for row, t in zip(logits, tokens):
        shifted = row - row.max()
        out.append(float(np.log(np.exp(shifted).sum()) - shifted[t]))
    return out
"""
            ),
        },
        wrong={
            "log of softmax": (
                """
def surprise(logits, tokens):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return -np.log(p[np.arange(len(tokens)), tokens])
""",
                2,
                "rounded to 0.0 before its logarithm",
            ),
            "a small number added": (
                """
def surprise(logits, tokens):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return -np.log(p[np.arange(len(tokens)), tokens] + 1e-12)
""",
                2,
                "Your surprise never rises above 27.6 nats",
            ),
            "bits": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=-1)) - z[np.arange(len(tokens)), tokens]) / np.log(2)
""",
                2,
                "Your numbers are in bits",
            ),
            "sign": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return z[np.arange(len(tokens)), tokens] - np.log(np.exp(z).sum(axis=-1))
""",
                2,
                "The sign is wrong",
            ),
            "every token of every row": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=-1, keepdims=True)) - z)[:, tokens]
""",
                2,
                "You ask every row for every token",
            ),
            "infinities subtracted": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    gap = z - z[np.arange(len(tokens)), tokens][:, None]
    return np.logaddexp.reduce(gap, axis=1)
""",
                3.5,
                "two infinities were subtracted",
            ),
            "the logit itself": (
                """
def surprise(logits, tokens):
    return -np.asarray(logits)[np.arange(len(tokens)), tokens]
""",
                2,
                "You return the logit itself",
            ),
        },
    ),
    "p4": Problem(
        points=4,
        right={
            "bisection on the inverse": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if target > np.log(len(z)) or target < np.log((z == 0).sum()):
        raise ValueError("out of reach")
    def h(beta):
        e = np.exp(beta * z)
        return np.log(e.sum()) - beta * (e @ z) / e.sum()
    lo, hi = 1e-5, 1e5
    while hi / lo > 1 + 1e-13:
        mid = np.sqrt(lo * hi)
        lo, hi = (mid, hi) if h(mid) > target else (lo, mid)
    return 1 / lo
"""
            ),
            "Newton kept inside a bracket": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not np.log(np.sum(z == 0)) <= target <= np.log(z.size):
        raise ValueError(target)
    low, high, t = np.log(1e-4), np.log(1e4), 0.0
    for _ in range(300):
        s = z / np.exp(t)
        p = np.exp(s) / np.exp(s).sum()
        mean = p @ s
        h = np.log(np.exp(s).sum()) - mean
        slope = p @ (s - mean) ** 2
        low, high = (t, high) if h < target else (low, t)
        if abs(h - target) < 1e-12:
            break
        step = t + (target - h) / slope if slope > 0 else np.inf
        t = step if low < step < high else (low + high) / 2
    return np.exp(t)
"""
            ),
        },
        wrong={
            "the inverse temperature": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not np.log(np.sum(z == 0)) <= target <= np.log(z.size):
        raise ValueError("out of reach")
    def h(beta):
        e = np.exp(beta * z)
        return np.log(e.sum()) - beta * (e @ z) / e.sum()
    lo, hi = 1e-5, 1e5
    for _ in range(200):
        mid = np.sqrt(lo * hi)
        lo, hi = (mid, hi) if h(mid) > target else (lo, mid)
    return lo
""",
                2,
                "You return the inverse temperature",
            ),
            "entropy in bits": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not np.log(np.sum(z == 0)) <= target <= np.log(z.size):
        raise ValueError("out of reach")
    low, high = 1e-4, 1e4
    for _ in range(200):
        t = np.sqrt(low * high)
        e = np.exp(z / t)
        p = e / e.sum()
        h = -np.sum(p[p > 0] * np.log2(p[p > 0]))
        low, high = (t, high) if h < target else (low, t)
    return t
""",
                2,
                "Your entropy is in bits",
            ),
            "a coarse grid": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not np.log(np.sum(z == 0)) <= target <= np.log(z.size):
        raise ValueError("out of reach")
    best = None
    for t in np.geomspace(1e-3, 1e3, 2000):
        p = np.exp(z / t) / np.exp(z / t).sum()
        h = -np.sum(p[p > 0] * np.log(p[p > 0]))
        if best is None or abs(h - target) < best[0]:
            best = (abs(h - target), t)
    return best[1]
""",
                2,
                "too coarse: right to within 0.02",
            ),
            "never refuses": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    low, high = 1e-4, 1e4
    for _ in range(200):
        t = np.sqrt(low * high)
        e = np.exp(z / t)
        h = np.log(e.sum()) - (e @ z) / e.sum() / t
        low, high = (t, high) if h < target else (low, t)
    return t
""",
                3,
                "however cold, they stay equally likely",
            ),
            "always refuses": (
                """
def temperature_for_entropy(logits, target):
    raise ValueError("out of reach")
""",
                0,
                "raised ValueError",
                "it answers nothing",
            ),
            "unstable exponentials": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float)
    if not np.log(np.sum(z == z.max())) <= target <= np.log(z.size):
        raise ValueError("out of reach")
    low, high = 1e-4, 1e4
    for _ in range(200):
        t = np.sqrt(low * high)
        e = np.exp(z / t)
        p = e / e.sum()
        h = -np.sum(p * np.log(p))
        low, high = (t, high) if h < target else (low, t)
    return t
""",
                2.5,
                "FAILED",
            ),
        },
    ),
}

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
            "tensordot, in place": """
def lm_logits(hidden, embedding, bias=None):
    out = np.tensordot(np.asarray(hidden), np.asarray(embedding), axes=([-1], [-1]))
    if bias is not None:
        out += bias
    return out
""",
            "in float32, by lists": """
def lm_logits(hidden, embedding, bias=None):
    if np.ndim(hidden) > 1:
        return [lm_logits(h, embedding, bias) for h in hidden]
    E, b = np.float32(embedding), [0.0] * len(embedding) if bias is None else bias
    return [float(np.dot(np.float32(hidden), e)) + float(c) for e, c in zip(E, b)]
""",
            "rows of a view, matmul into an array": """
def lm_logits(hidden, embedding, bias=None):
    rows = hidden.reshape(-1, hidden.shape[-1])
    out = np.empty((len(rows), len(embedding)))
    np.matmul(rows, np.transpose(embedding), out=out)
    out += 0 if bias is None else bias
    return out.reshape(hidden.shape[:-1] + (-1,))
""",
            "the bias as one more dimension": """
def lm_logits(hidden, embedding, bias=None):
    if bias is None:
        bias = np.zeros(len(embedding))
    ones = np.ones(hidden.shape[:-1] + (1,))
    return np.inner(np.concatenate([hidden, ones], -1), np.column_stack([embedding, bias]))
""",
        },
        wrong={
            "contracts the vocabulary when it can": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden @ (embedding if embedding.shape[0] == hidden.shape[-1] else embedding.T)
    return z if bias is None else z + bias
""",
                1.7,
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
            "the bias subtracted": (
                """
def lm_logits(hidden, embedding, bias=None):
    return hidden @ embedding.T - (0 if bias is None else bias)
""",
                2.5,
                "The bias is subtracted",
            ),
            "cosines": (
                """
def lm_logits(hidden, embedding, bias=None):
    h = hidden / np.linalg.norm(hidden, axis=-1, keepdims=True)
    e = embedding / np.linalg.norm(embedding, axis=-1, keepdims=True)
    return h @ e.T + (0 if bias is None else bias)
""",
                1.5,
                "not the cosine of the angle",
            ),
            "probabilities": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden @ embedding.T
    if bias is not None:
        z = z + bias
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)
""",
                1.5,
                "You return probabilities",
            ),
            "scaled as attention is": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden @ embedding.T / np.sqrt(embedding.shape[1])
    return z if bias is None else z + bias
""",
                1.5,
                "You divide by √d",
            ),
            "the last position only": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden @ embedding.T
    if bias is not None:
        z = z + bias
    return z[-1] if z.ndim > 1 else z
""",
                1.5,
                "You keep the last position only",
            ),
            "batch and sequence in one axis": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = hidden.reshape(-1, hidden.shape[-1]) @ embedding.T
    return z if bias is None else z + bias
""",
                1.5,
                "became one axis",
            ),
            "all axes transposed": (
                """
def lm_logits(hidden, embedding, bias=None):
    z = embedding @ hidden.T
    return z.T if bias is None else (z + bias).T
""",
                1.67,
                "turns round *all* axes",
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
            "logaddexp": """
def stable_softmax(logits, axis=-1):
    z = np.array(logits, dtype=float)
    total = np.logaddexp.reduce(z - z.max(axis, keepdims=True), axis=axis, keepdims=True)
    return np.exp(z - z.max(axis, keepdims=True) - total)
""",
            "apply_along_axis with math": """
def stable_softmax(logits, axis=-1):
    import math
    def one(row):
        top = max(row)
        e = [math.exp(x - top) if x > -math.inf else 0.0 for x in row]
        return np.array(e) / math.fsum(e)
    return np.apply_along_axis(one, axis, np.asarray(logits, dtype=float))
""",
            "one over the sum of all odds": """
def stable_softmax(logits, axis=-1):
    z = np.moveaxis(np.asarray(logits, float), axis, -1)
    banned = np.isneginf(z)
    z = np.where(banned, z.max(axis=-1, keepdims=True), z)
    odds = np.exp(np.minimum(z[..., None, :] - z[..., :, None], 700))
    odds = np.where(banned[..., None, :], 0, odds)
    p = np.where(banned, 0, 1 / odds.sum(axis=-1))
    return np.moveaxis(p, -1, axis)
""",
            "in place on a copy": """
def stable_softmax(logits, axis=-1):
    p = np.array(logits, dtype=np.float64)
    p -= np.max(p, axis, keepdims=True)
    np.exp(p, out=p)
    p /= np.sum(p, axis, keepdims=True)
    return p
""",
            "float32 after the shift": """
def stable_softmax(logits, axis=-1):
    z = (logits - logits.max(axis=axis, keepdims=True)).astype(np.float32)
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)
""",
            "clipped after the shift": """
def stable_softmax(logits, axis=-1):
    z = np.asarray(logits) - np.max(logits, axis=axis, keepdims=True)
    e = np.where(z < -745, 0, np.exp(np.clip(z, -745, 0)))
    return e / e.sum(axis=axis, keepdims=True)
""",
            "the lowest float for a ban": """
def stable_softmax(logits, axis=-1):
    z = np.nan_to_num(logits)
    z = z - z.max(axis=axis, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)
""",
        },
        wrong={
            "no shift": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits)
    return e / e.sum(axis=axis, keepdims=True)
""",
                2.75,
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
                3.25,
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
            "the smallest subtracted": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - logits.min(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
""",
                4,
                "You subtract the smallest logit",
            ),
            "scaled into range": (
                """
def stable_softmax(logits, axis=-1):
    z = logits / np.abs(logits).max(axis=axis, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)
""",
                2.5,
                "which changes the odds",
            ),
            "a ban made -1e9": (
                """
def stable_softmax(logits, axis=-1):
    z = np.where(np.isinf(logits), -1e9, logits)
    z = z - z.max(axis=axis, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)
""",
                4.75,
                "You replaced -inf by a finite number",
            ),
            "logarithms returned": (
                """
def stable_softmax(logits, axis=-1):
    z = logits - logits.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
""",
                2.5,
                "You return logarithms",
            ),
            "the mean subtracted": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits - logits.mean(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
""",
                3.5,
                "You subtract the mean",
            ),
            "divided by the largest": (
                """
def stable_softmax(logits, axis=-1):
    e = np.exp(logits / logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
""",
                2.5,
                "You divide by the largest logit",
            ),
            "the largest absolute value subtracted": (
                """
def stable_softmax(logits, axis=-1):
    z = logits - np.abs(logits).max(axis=axis, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)
""",
                3.0,
                "You subtract the largest absolute value",
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
            "logaddexp and take_along_axis": """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=np.longdouble)
    picked = np.take_along_axis(z, np.asarray(tokens).reshape(-1, 1), axis=-1)
    return (np.logaddexp.reduce(z, axis=-1, keepdims=True) - picked).ravel().astype(float)
""",
            "one row at a time, softplus of the others": """
def surprise(logits, tokens):
    import math
    out = []
    for row, t in zip(logits, tokens):
        others = [float(z) - float(row[t]) if row[t] > -math.inf else math.inf for v, z in enumerate(row) if v != t]
        top = max(others)
        if top == math.inf:
            out.append(math.inf)
            continue
        rest = top + math.log(math.fsum(math.exp(o - top) for o in others))
        out.append(rest + math.log1p(math.exp(-rest)) if rest > 0 else math.log1p(math.exp(rest)))
    return tuple(out)
""",
            "a boolean one-hot selects": """
def surprise(logits, tokens):
    hot = np.arange(logits.shape[1]) == np.asarray(tokens)[:, None]
    z = logits.astype(float)
    top = z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z - top).sum(axis=1, keepdims=True)) + top)[:, 0] - z[hot]
""",
            "long doubles": """
def surprise(logits, tokens):
    z = logits.astype(np.longdouble)
    z = z - z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), tokens])
""",
            "the diagonal of all pairs": """
def surprise(logits, tokens):
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return -np.diag(log_p[:, tokens])
""",
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
            "tokens as rows": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logp.max(axis=1)
""",
                2,
                "the surprise of the likeliest token",
            ),
            "the mean of all": (
                """
def surprise(logits, tokens):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(tokens)), tokens].mean()
""",
                2,
                "one number per row",
            ),
            "the maximum not added back": (
                """
def surprise(logits, tokens):
    m = logits.max(axis=1, keepdims=True)
    return np.log(np.exp(logits - m).sum(axis=1)) - logits[np.arange(len(tokens)), tokens]
""",
                2.0,
                "and not outside",
            ),
            "distance to the largest": (
                """
def surprise(logits, tokens):
    return logits.max(axis=1) - logits[np.arange(len(tokens)), tokens]
""",
                2.0,
                "the logarithm of the sum is missing",
            ),
            "no shift, in float64": (
                """
def surprise(logits, tokens):
    z = logits.astype(float)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(tokens)), tokens]
""",
                2.5,
                "in float64 from a logit of 710 on",
            ),
            "one maximum for all rows": (
                """
def surprise(logits, tokens):
    z = logits - logits.max()
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(tokens)), tokens]
""",
                2.5,
                "You subtract one maximum for the whole array",
            ),
            "a ban capped": (
                """
def surprise(logits, tokens):
    z = np.maximum(logits, -1e4).astype(float)
    z = z - z.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(tokens)), tokens]
""",
                3.5,
                "You replaced -inf by -10000",
            ),
            "log of softmax, in float64": (
                """
def surprise(logits, tokens):
    z = logits.astype(float) - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(tokens)), tokens])
""",
                2.5,
                "only moves the limit",
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
            "golden section on the squared error": """
def temperature_for_entropy(logits, target):
    z = np.sort(np.array(logits, dtype=np.float64))[::-1] - max(logits)
    def H(beta):
        w = np.exp(beta * z)
        return np.log(w.sum()) - beta * (w * z).sum() / w.sum()
    if not H(1e9 / max(1e-9, -z[-1])) - 1e-12 <= target <= np.log(len(z)) + 1e-12:
        raise ValueError("no such temperature")
    a, b = -16.0, 16.0
    while b - a > 1e-14:
        m = 0.5 * (a + b)
        if m in (a, b):
            break
        a, b = (m, b) if H(np.exp(m)) > target else (a, m)
    return np.exp(-a)
""",
            "recursion, an array of one": """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits, dtype=float)
    z = z - z.max()
    ties = (z == 0).sum()
    if target > np.log(z.size) or target < np.log(ties):
        raise ValueError(target)
    def entropy(t):
        p = np.exp(z / t)
        p = p / p.sum()
        return -(p * np.log(np.where(p > 0, p, 1))).sum()
    def search(low, high, left):
        middle = (low * high) ** 0.5
        if not left:
            return np.array([middle])[0]
        return search(middle, high, left - 1) if entropy(middle) < target else search(low, middle, left - 1)
    return search(1e-4, 1e4, 90)
""",
            "a grid, zoomed in": """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits, dtype=float)
    ties = (z == z.max()).sum()
    if target > np.log(len(z)) or target < np.log(ties):
        raise ValueError
    grid = np.logspace(-5, 5, 400)
    def H(t):
        y = (z - z.max()) / t
        lp = y - np.log(np.exp(y).sum())
        return -(np.exp(lp) * lp).sum()
    for _ in range(8):
        values = [H(t) for t in grid]
        i = min(max(np.searchsorted(values, target), 1), len(grid) - 1)
        grid = np.linspace(grid[i - 1], grid[i], 400)
    return grid[200]
""",
            "a bracket by doubling, entropy from log-sum-exp": """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits, float) - np.max(logits)
    def entropy(tau):
        w = np.exp(z / tau)
        s = w.sum()
        return np.log(s) - (w * z).sum() / s / tau
    if not np.log((z == 0).sum()) <= target <= np.log(len(z)):
        raise ValueError(f"entropy {target} cannot be reached")
    if np.all(z == 0):
        return 1.0
    low = high = 1.0
    while entropy(low) > target and low > 1e-12:
        low /= 2
    while entropy(high) < target and high < 1e12:
        high *= 2
    while high - low > 1e-15 * high:
        mid = (low + high) / 2
        if mid in (low, high):
            break
        if entropy(mid) < target:
            low = mid
        else:
            high = mid
    return low
""",
            "an array of shape (1,)": """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits, dtype=float)
    if target > np.log(z.size) or target < np.log((z == z.max()).sum()):
        raise ValueError("no")
    lo, hi = np.array([1e-5]), np.array([1e5])
    for _ in range(200):
        tau = np.sqrt(lo * hi)
        p = np.exp((z - z.max()) / tau)
        p /= p.sum()
        h = -np.nansum(p * np.log(p))
        if h > target:
            hi = tau
        else:
            lo = tau
    return tau
""",
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
                "they stay equally likely",
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
            "too few halvings": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not np.log(np.sum(z == 0)) <= target <= np.log(z.size):
        raise ValueError("out of reach")
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(14):
        m = (low + high) / 2
        p = np.exp(z / np.exp(m))
        p /= p.sum()
        h = -np.sum(p[p > 0] * np.log(p[p > 0]))
        low, high = (m, high) if h < target else (low, m)
    return np.exp(m)
""",
                2,
                "too coarse",
            ),
            "ties overlooked": (
                """
def temperature_for_entropy(logits, target):
    z = np.array(logits, dtype=float) - np.max(logits)
    if not 0 <= target <= np.log(z.size):
        raise ValueError("out of reach")
    low, high = -12.0, 12.0
    for _ in range(100):
        m = (low + high) / 2
        p = np.exp(z / np.exp(m))
        p /= p.sum()
        h = -np.sum(p[p > 0] * np.log(p[p > 0]))
        low, high = (m, high) if h < target else (low, m)
    return np.exp(m)
""",
                3.6,
                "they stay equally likely",
            ),
            "bounds and entropy in bits": (
                """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits) - np.max(logits)
    if target > np.log2(len(z)) or target < np.log2((z == 0).sum()):
        raise ValueError
    def H(t):
        p = np.exp(z / t); p = p / p.sum(); p = p[p > 0]
        return -(p * np.log2(p)).sum()
    lo, hi = 1e-4, 1e4
    for _ in range(200):
        mid = (lo * hi) ** .5
        if H(mid) < target: lo = mid
        else: hi = mid
    return mid
""",
                2.0,
                "log2 of the number of ties",
            ),
            "overflow passed over": (
                """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits)
    if target > np.log(len(z)) or target < np.log((z == z.max()).sum()):
        raise ValueError
    def H(t):
        p = np.exp(z / t); p = p / p.sum(); p = p[p > 0]
        return -(p * np.log(p)).sum()
    lo, hi = 1e-4, 1e4
    for _ in range(200):
        mid = (lo * hi) ** .5
        if H(mid) < target: lo = mid
        else: hi = mid
    return mid
""",
                3.75,
                "logits around 2000: e^2000 overflows",
            ),
            "an assertion refuses": (
                """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits) - np.max(logits)
    assert np.log((z == 0).sum()) <= target <= np.log(len(z))
    def H(t):
        p = np.exp(z / t); p = p / p.sum(); p = p[p > 0]
        return -(p * np.log(p)).sum()
    lo, hi = 1e-4, 1e4
    for _ in range(200):
        mid = (lo * hi) ** .5
        if H(mid) < target: lo = mid
        else: hi = mid
    return mid
""",
                3.0,
                "raised AssertionError",
            ),
            "None instead of an error": (
                """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits) - np.max(logits)
    if target > np.log(len(z)) or target < np.log((z == 0).sum()):
        return None
    def H(t):
        p = np.exp(z / t); p = p / p.sum(); p = p[p > 0]
        return -(p * np.log(p)).sum()
    lo, hi = 1e-4, 1e4
    for _ in range(200):
        mid = (lo * hi) ** .5
        if H(mid) < target: lo = mid
        else: hi = mid
    return mid
""",
                3.0,
                "refuse 2.0 with a ValueError",
            ),
        },
    ),
}

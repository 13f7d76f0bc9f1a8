"""Answers to assignment 8: from count models to neural language models."""

from graders import Problem

COUNTS = """
def next_counts(documents, history, vocab_size):
    counts = [0] * vocab_size
    for document in documents:
        text = [vocab_size] + list(document) + [vocab_size - 1]
        for start in range(len(text) - len(history)):
            if tuple(text[start:start + len(history)]) == tuple(history) and start + len(history) > 0:
                counts[text[start + len(history)]] += 1
    return counts
"""

NEW = """
def nothing_new(train, test, n):
    seen = {tuple(d[i:i + n]) for d in train for i in range(len(d) - n + 1)}
    listed = []
    for k, d in enumerate(test):
        runs = [tuple(d[i:i + n]) for i in range(len(d) - n + 1)]
        if runs and all(run in seen for run in runs):
            listed.append(k)
    return listed
"""

DISCOUNT = """
def estimate_discount(counts):
    c = np.ravel(counts)
    return (c == 1).sum() / ((c == 1).sum() + 2 * (c == 2).sum())
"""

ROWS = """
def kneser_ney_rows(counts, discount):
    c = np.array(counts, dtype=float)
    seen = (c > 0).astype(float)
    p1 = seen.sum(axis=0) / seen.sum()
    total = c.sum(axis=1, keepdims=True)
    known = total[:, 0] > 0
    safe = np.where(total > 0, total, 1)
    mass = np.where(total > 0, discount * seen.sum(axis=1, keepdims=True) / safe, 1)
    return np.maximum(c - discount, 0) / safe + mass * p1
"""

GRADS = """
def loss_and_grads(params, histories, targets):
    C, H, d, U, b = params["C"], params["H"], params["d"], params["U"], params["b"]
    N, n = np.shape(histories)
    m = C.shape[1]
    grads = {name: np.zeros(np.shape(array)) for name, array in params.items()}
    total = 0.0
    for history, target in zip(histories, targets):
        x = np.concatenate([C[t] for t in history])
        a = np.tanh(H @ x + d)
        z = U @ a + b
        top = z.max()
        lse = top + np.log(np.exp(z - top).sum())
        total += lse - z[target]
        g_z = np.exp(z - lse)
        g_z[target] -= 1
        g_s = (1 - a * a) * (U.T @ g_z)
        g_x = H.T @ g_s
        grads["U"] += np.outer(g_z, a)
        grads["b"] += g_z
        grads["H"] += np.outer(g_s, x)
        grads["d"] += g_s
        for place, token in enumerate(history):
            grads["C"][token] += g_x[place * m:(place + 1) * m]
    return total / N, {name: grad / N for name, grad in grads.items()}
"""

BATCHED = """
def loss_and_grads(params, histories, targets):
    C, H, d, U, b = (params[k] for k in ("C", "H", "d", "U", "b"))
    h, t = np.asarray(histories), np.asarray(targets)
    N = len(t)
    x = C[h].reshape(N, -1)
    s = x @ H.T + d
    a = np.tanh(s)
    z = a @ U.T + b
    m = z.max(1, keepdims=True)
    lse = m + np.log(np.exp(z - m).sum(1, keepdims=True))
    y = np.eye(len(b))[t]
    dz = (np.exp(z - lse) - y) / N
    ds = (dz @ U) * (1 - a ** 2)
    dx = (ds @ H).reshape(N, h.shape[1], -1)
    one_hot = np.eye(len(C))[h]
    dC = np.einsum("nkv,nkm->vm", one_hot, dx)
    loss = (lse[:, 0] - z[np.arange(N), t]).mean()
    return loss, dict(C=dC, H=ds.T @ x, d=ds.sum(0), U=dz.T @ a, b=dz.sum(0))
"""

BACK = """
def errors_back(W, states, last):
    out = np.zeros(np.shape(states))
    out[0] = last
    T = len(states)
    for k in range(1, T):
        h = states[T - k]
        out[k] = (out[k - 1] * (1 - h * h)) @ W
    return out
"""

CLIP = """
def clip(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(np.ravel(g)) for g in grads])
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return [factor * g for g in grads], norm
"""

ATTEND = """
def attend(Q, K, V):
    T, S = len(Q), len(K)
    scores = np.matmul(Q, np.transpose(K)) / np.shape(Q)[1] ** 0.5
    for i in range(T):
        scores[i, S - T + i + 1:] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    A = np.exp(scores)
    A /= A.sum(axis=1, keepdims=True)
    return A @ V
"""

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "loops": COUNTS + NEW,
            "numpy windows and a bytes set": (
                """
def next_counts(documents, history, vocab_size):
    counts, k = np.zeros(vocab_size, dtype=int), len(history)
    for document in documents:
        text = np.concatenate([[vocab_size], document, [vocab_size - 1]]).astype(int)
        if len(text) <= k:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(text, k + 1)
        found = windows[(windows[:, :k] == np.array(history, dtype=int)).all(axis=1), k]
        np.add.at(counts, found[found < vocab_size], 1)
    return counts

def nothing_new(train, test, n):
    known = {" ".join(map(str, d[i:i + n])) for d in train for i in range(len(d) - n + 1)}
    def fresh(d):
        return [i for i in range(len(d) - n + 1) if " ".join(map(str, d[i:i + n])) not in known]
    return np.array([k for k, d in enumerate(test) if len(d) >= n and not fresh(d)], dtype=int)
"""
            ),
            "strings of numbers and a Counter": """
def next_counts(documents, history, vocab_size):
    from collections import Counter
    k, seen = len(history), Counter()
    for d in documents:
        text = (vocab_size, *map(int, d), vocab_size - 1)
        seen.update(text[i] for i in range(1, len(text)) if text[max(i - k, 0):i] == tuple(history))
    return np.array([seen[v] for v in range(vocab_size)], dtype=np.int32)

def nothing_new(train, test, n):
    known = {d[i:i + n] for d in map(tuple, train) for i in range(len(d) - n + 1)}
    return (k for k, d in enumerate(map(tuple, test)) if len(d) >= n and not {d[i:i + n] for i in range(len(d) - n + 1)} - known)
""",
        },
        wrong={
            "no end": (
                COUNTS.replace(" + [vocab_size - 1]", "") + NEW,
                2,
                "the end of a document is something that follows",
            ),
            "end to end": (
                """
def next_counts(documents, history, vocab_size):
    text, counts, k = [], np.zeros(vocab_size), len(history)
    for document in documents:
        text += list(document)
    for i in range(k, len(text)):
        if tuple(text[i - k:i]) == tuple(history):
            counts[text[i]] += 1
    return counts
"""
                + NEW,
                2,
                "Twice a 1, and once the end",
            ),
            "matches may not overlap": (
                """
def next_counts(documents, history, vocab_size):
    counts, k = np.zeros(vocab_size), len(history)
    for document in documents:
        text, i = [vocab_size] + list(document) + [vocab_size - 1], 0
        while i + k < len(text):
            if text[i:i + k] == list(history) and i + k > 0:
                counts[text[i + k]] += 1
                i += max(k, 1)
            else:
                i += 1
    return counts
"""
                + NEW,
                2.75,
                "Move on by one token",
            ),
            "shares": (
                COUNTS.replace("return counts", "return np.array(counts) / sum(counts)") + NEW,
                1.5,
                "asked for are counts",
            ),
            "any known n-gram": (
                COUNTS + NEW.replace("runs and all(", "runs and any("),
                2.25,
                "Suspect a document when *all*",
            ),
            "short ones suspected": (
                COUNTS + NEW.replace("if runs and all(", "if all("),
                2.5,
                "a document without an n-gram tells nothing",
            ),
            "borders crossed": (
                COUNTS
                + """
def nothing_new(train, test, n):
    text = [t for d in train for t in d]
    seen = {tuple(text[i:i + n]) for i in range(len(text) - n + 1)}
    return [k for k, d in enumerate(test)
            if len(d) >= n and all(tuple(d[i:i + n]) in seen for i in range(len(d) - n + 1))]
""",
                2.25,
                "would cross from one document to the next",
            ),
            "only whole copies": (
                COUNTS
                + """
def nothing_new(train, test, n):
    return [k for k, d in enumerate(test) if len(d) >= n and list(d) in [list(t) for t in train]]
""",
                2.25,
                "a cut from one is a leak as well",
            ),
            "found in one training document": (
                COUNTS
                + """
def nothing_new(train, test, n):
    def inside(d, t):
        return any(list(t[i:i + len(d)]) == list(d) for i in range(len(t) - len(d) + 1))
    return [k for k, d in enumerate(test) if len(d) >= n and any(inside(d, t) for t in train)]
""",
                2.75,
                "two of them share its n-grams",
            ),
            "history read backwards": (
                COUNTS.replace("== tuple(history)", "== tuple(history)[::-1]") + NEW,
                2.5,
                "You read `history` backwards",
            ),
        },
    ),
    "p2": Problem(
        points=4,
        right={
            "broadcasting": DISCOUNT + ROWS,
            "plain Python": (
                """
def estimate_discount(counts):
    flat = [int(c) for c in np.asarray(counts).flatten()]
    return flat.count(1) / (flat.count(1) + 2 * flat.count(2))

def kneser_ney_rows(counts, discount):
    H, V = len(counts), len(counts[0])
    contexts = [sum(1 for h in range(H) if counts[h][v] > 0) for v in range(V)]
    p1 = [n / sum(contexts) for n in contexts]
    table = []
    for row in counts:
        c = sum(row)
        if c == 0:
            table.append(p1)
            continue
        left = discount * sum(1 for x in row if x > 0) / c
        table.append([max(x - discount, 0) / c + left * q for x, q in zip(row, p1)])
    return table
"""
            ),
            "Fractions": """
def estimate_discount(counts):
    from fractions import Fraction
    n = [sum(1 for c in np.ravel(counts) if c == j) for j in (1, 2)]
    return Fraction(n[0], n[0] + 2 * n[1])

def kneser_ney_rows(counts, discount):
    table = [[int(c) for c in row] for row in counts]
    V = len(table[0])
    contexts = [sum(row[v] > 0 for row in table) for v in range(V)]
    p1 = [n / sum(contexts) for n in contexts]
    rows = []
    for row in table:
        total, kinds = sum(row), sum(c > 0 for c in row)
        if total == 0:
            rows.append(p1)
        else:
            rows.append([((c - discount) if c else 0) / total + discount * kinds / total * q for c, q in zip(row, p1)])
    return rows
""",
        },
        wrong={
            "raw unigrams below": (
                DISCOUNT + ROWS.replace("seen.sum(axis=0) / seen.sum()", "c.sum(axis=0) / c.sum()"),
                2.5,
                "Kneser and Ney count after how many histories",
            ),
            "nothing handed on": (
                DISCOUNT + ROWS.replace("+ mass * p1", "+ np.where(total > 0, 0, 1) * p1"),
                2,
                "handed to nobody",
            ),
            "the share D": (
                DISCOUNT
                + ROWS.replace("discount * seen.sum(axis=1, keepdims=True) / safe", "discount"),
                2,
                "You hand on the share D",
            ),
            "no maximum": (
                DISCOUNT
                + ROWS.replace(
                    "np.maximum(c - discount, 0)", "np.where(total > 0, c - discount, 0)"
                ),
                2,
                "nothing can be taken where nothing is",
            ),
            "to all alike": (
                DISCOUNT + ROWS.replace("mass * p1", "mass / c.shape[1]"),
                2,
                "the leftovers go to all tokens alike".capitalize(),
            ),
            "0/0 after an unseen history": (
                DISCOUNT
                + """
def kneser_ney_rows(counts, discount):
    c = np.array(counts, dtype=float)
    total, seen = c.sum(axis=1, keepdims=True), c > 0
    return np.maximum(c - discount, 0) / total + discount * seen.sum(axis=1, keepdims=True) / total * seen.sum(axis=0) / seen.sum()
""",
                3,
                "not 0/0",
            ),
            "an unseen history answers uniformly": (
                DISCOUNT
                + ROWS.replace(
                    "return np.maximum",
                    "p1 = np.where(known[:, None], p1, 1 / c.shape[1])\n    return np.maximum",
                ),
                3,
                "you answer uniformly",
            ),
            "n2 once": (DISCOUNT.replace("2 * ", "") + ROWS, 3.5, "n1 + 2 n2"),
            "axes swapped": (
                DISCOUNT
                + ROWS.replace("seen.sum(axis=0) / seen.sum()", "seen.sum(axis=1) / seen.sum()"),
                2,
                "The axes of N1+ are swapped",
            ),
            "interpolated with the plain ratio": (
                DISCOUNT
                + ROWS.replace(
                    "np.maximum(c - discount, 0) / safe + mass * p1",
                    "c / safe * (1 - mass) + mass * p1",
                ),
                2,
                "you mix the plain ratio with p1",
            ),
        },
    ),
    "p3": Problem(
        points=4,
        right={
            "one example at a time": GRADS,
            "one-hot products": BATCHED,
            "transposed, in place": """
def loss_and_grads(params, histories, targets):
    P = {k: np.array(v, dtype=float) for k, v in params.items()}
    h, t = np.array(histories, dtype=np.int32), np.array(targets, dtype=np.int32)
    n, N, m = h.shape[1], len(t), P["C"].shape[1]
    X = np.vstack([P["C"][h[:, i]].T for i in range(n)])
    A = np.tanh(P["H"] @ X + P["d"][:, None])
    Z = P["U"] @ A + P["b"][:, None]
    LSE = np.logaddexp.reduce(Z, axis=0)
    loss = (LSE - Z[t, np.arange(N)]).sum() / N
    G = np.exp(Z - LSE)
    G[t, np.arange(N)] -= 1
    G /= N
    S = P["U"].T @ G
    S -= S * A * A
    back, C = P["H"].T @ S, np.zeros_like(P["C"])
    for i in range(n):
        for j in range(N):
            C[h[j, i]] += back[i * m:(i + 1) * m, j]
    return loss, {"b": G.sum(axis=-1), "U": np.dot(G, A.T), "d": np.sum(S, axis=1), "H": np.einsum("rj,xj->rx", S, X), "C": C}
""",
        },
        wrong={
            "gradient of the sum": (
                BATCHED.replace("- y) / N", "- y)"),
                2,
                "This is the gradient of the sum",
            ),
            "target minus prediction": (
                BATCHED.replace("np.exp(z - lse) - y", "y - np.exp(z - lse)"),
                2,
                "The sign is wrong",
            ),
            "tanh without its slope": (
                BATCHED.replace(" * (1 - a ** 2)", ""),
                2,
                "The slope of tanh is missing",
            ),
            "the sigmoid's slope": (
                BATCHED.replace("(1 - a ** 2)", "a * (1 - a)"),
                2,
                "the slope of the sigmoid",
            ),
            "the slope of what went in": (
                BATCHED.replace("1 - a ** 2", "1 - s ** 2"),
                2,
                "You squared what goes into the tanh",
            ),
            "features overwritten": (
                BATCHED.replace(
                    'dC = np.einsum("nkv,nkm->vm", one_hot, dx)',
                    "dC = np.zeros(C.shape)\n    dC[h] += dx",
                ),
                3,
                "np.add.at adds all",
            ),
            "features untouched": (
                BATCHED.replace('np.einsum("nkv,nkm->vm", one_hot, dx)', "np.zeros(C.shape)"),
                3,
                "Each of the n pieces",
            ),
            "newest token first": (
                BATCHED.replace(
                    "h, t = np.asarray(histories)", "h, t = np.asarray(histories)[:, ::-1]"
                ),
                2.5,
                "the oldest token comes first",
            ),
            "logarithm of a probability": (
                """
def loss_and_grads(params, histories, targets):
    C, H, d, U, b = (params[k] for k in ("C", "H", "d", "U", "b"))
    N, n = histories.shape
    x = C[histories].reshape(N, -1)
    a = np.tanh(x @ H.T + d)
    z = a @ U.T + b
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), targets]).mean()
    dz = (p - np.eye(len(b))[targets]) / N
    ds = (dz @ U) * (1 - a ** 2)
    dC = np.zeros(C.shape)
    np.add.at(dC, histories, (ds @ H).reshape(N, n, -1))
    return loss, dict(C=dC, H=ds.T @ x, d=ds.sum(0), U=dz.T @ a, b=dz.sum(0))
""",
                3.75,
                "take log-softmax",
            ),
            "bits": (
                BATCHED.replace("return loss,", "return loss / np.log(2),"),
                2,
                "Your loss is in bits",
            ),
            "the output bias forgotten": (
                BATCHED.replace("b=dz.sum(0)", "b=0 * dz.sum(0)"),
                3.6,
                "Prediction minus target, over N",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "row vectors times W": BACK + CLIP,
            "matrices": (
                """
def errors_back(W, states, last):
    W, states = np.array(W), np.array(states)
    result, product = [np.array(last)], np.eye(len(W))
    for t in range(len(states) - 1, 0, -1):
        product = product @ np.diag(1 - states[t] ** 2) @ W
        result.append(np.array(last) @ product)
    return result

def clip(grads, max_norm):
    squares = 0
    for g in grads:
        squares += float(np.vdot(g, g))
    norm = squares ** 0.5
    if norm <= max_norm:
        return grads, norm
    for g in grads:
        g *= max_norm / norm
    return grads, norm
"""
            ),
            "recursion": """
def errors_back(W, states, last):
    if len(states) == 1:
        return np.array([last], dtype=float)
    before = np.transpose(W) @ np.multiply(last, 1 - np.square(states[-1]))
    return np.vstack([[last], errors_back(W, states[:-1], before)])

def clip(grads, max_norm):
    import math
    norm = math.hypot(*(float(x) for g in grads for x in np.asarray(g).flat))
    factor = max_norm / max(norm, max_norm)
    return tuple(np.float64(g) * factor for g in grads), norm
""",
        },
        wrong={
            "not transposed": (
                BACK.replace("(out[k - 1] * (1 - h * h)) @ W", "W @ (out[k - 1] * (1 - h * h))")
                + CLIP,
                2,
                "The error passes W transposed",
            ),
            "no slope": (BACK.replace(" * (1 - h * h)", "") + CLIP, 2, "multiplied by its slope"),
            "slope of the earlier state": (
                BACK.replace("states[T - k]", "states[T - k - 1]") + CLIP,
                2,
                "You took the slope at the earlier state",
            ),
            "earliest first": (
                BACK.replace("return out", "return out[::-1]") + CLIP,
                2,
                "row 0 belongs to the last state",
            ),
            "array by array": (
                BACK
                + """
def clip(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g ** 2) for g in grads))
    return [g * min(1, max_norm / max(np.linalg.norm(g), 1e-30)) for g in grads], norm
""",
                2.5,
                "that turns the direction",
            ),
            "entry by entry": (
                BACK
                + """
def clip(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g ** 2) for g in grads))
    return [np.clip(g, -max_norm, max_norm) for g in grads], norm
""",
                2.5,
                "You cut single entries",
            ),
            "stretched": (
                BACK
                + """
def clip(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g ** 2) for g in grads))
    return [g * max_norm / norm for g in grads], norm
""",
                2.75,
                "Clipping shortens and never lengthens",
            ),
            "length afterwards": (
                BACK
                + CLIP.replace(
                    "for g in grads], norm\n", "for g in grads], min(norm, max_norm)\n"
                ).replace(
                    "[np.linalg.norm(np.ravel(g)) for g in grads], min(norm, max_norm)",
                    "[np.linalg.norm(np.ravel(g)) for g in grads]",
                ),
                2.75,
                "You return the length after clipping",
            ),
            "lengths added": (
                BACK
                + CLIP.replace(
                    "np.linalg.norm([np.linalg.norm(np.ravel(g)) for g in grads])",
                    "sum(np.linalg.norm(np.ravel(g)) for g in grads)",
                ),
                2.5,
                "the root of the sum of all squares",
            ),
            "the slope not squared": (
                BACK.replace("1 - h * h", "1 - np.abs(h)") + CLIP,
                2,
                "You took 1 - |h| for the slope",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "rows masked in a loop": ATTEND,
            "one query at a time": (
                """
def attend(Q, K, V):
    rows = []
    for i, q in enumerate(Q):
        end = len(K) - len(Q) + i + 1
        s = np.asarray(K)[:end] @ q / np.sqrt(len(q))
        w = np.exp(s - s.max())
        rows.append(w @ np.asarray(V)[:end] / w.sum())
    return rows
"""
            ),
            "a large negative number": (
                """
def attend(Q, K, V):
    S, T = len(K), len(Q)
    allowed = np.arange(S)[None] <= np.arange(S - T, S)[:, None]
    scores = np.where(allowed, Q @ K.T / np.sqrt(K.shape[-1]), -1e30)
    A = np.exp(scores - scores.max(-1)[:, None])
    return (A @ V) / A.sum(-1)[:, None]
"""
            ),
            "loops and Python's math": """
def attend(Q, K, V):
    import math
    T, S, out = len(Q), len(K), []
    for i, q in enumerate(np.asarray(Q, dtype=float)):
        sees = S - T + i + 1
        s = [math.fsum(a * b for a, b in zip(q, k)) / math.sqrt(len(q)) for k in K[:sees]]
        w = [math.exp(x - max(s)) for x in s]
        out.append([sum(a * v[e] for a, v in zip(w, V)) / sum(w) for e in range(np.shape(V)[-1])])
    return out
""",
        },
        wrong={
            "no scale": (
                ATTEND.replace(" / np.shape(Q)[1] ** 0.5", ""),
                1.5,
                "not divided by the root of d",
            ),
            "divided by d": (
                ATTEND.replace(" ** 0.5", ""),
                1.5,
                "The score is 2 log 3; divided by the root of 4",
            ),
            "the values' width": (
                ATTEND.replace("np.shape(Q)[1]", "np.shape(V)[1]"),
                1.5,
                "d is the width of queries and keys",
            ),
            "no mask": (
                ATTEND.replace("scores[i, S - T + i + 1:] = -np.inf", "pass"),
                1.5,
                "Later positions are visible",
            ),
            "mask after the softmax": (
                """
def attend(Q, K, V):
    T, S = len(Q), len(K)
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    A = np.exp(scores - scores.max(axis=1, keepdims=True))
    A /= A.sum(axis=1, keepdims=True)
    return np.tril(A, S - T) @ V
""",
                1.5,
                "The mask was applied after the softmax",
            ),
            "first keys for late queries": (
                ATTEND.replace("S - T + i + 1", "i + 1"),
                2,
                "query 0 stands at position S - T",
            ),
            "sees only what lies before": (
                ATTEND.replace("S - T + i + 1", "max(S - T + i, 1)"),
                1.5,
                "A position must see itself",
            ),
            "no maximum": (
                """
def attend(Q, K, V):
    T, S = len(Q), len(K)
    A = np.tril(np.exp(Q @ K.T / np.sqrt(Q.shape[1])), S - T)
    return A / A.sum(axis=1, keepdims=True) @ V
""",
                2.75,
                "subtract each row's maximum",
            ),
            "maximum of hidden keys": (
                """
def attend(Q, K, V):
    T, S = len(Q), len(K)
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    A = np.tril(np.exp(scores - scores.max(axis=1, keepdims=True)), S - T)
    return A / A.sum(axis=1, keepdims=True) @ V
""",
                2.75,
                "mask first, then subtract",
            ),
            "keys and values exchanged": (
                ATTEND.replace("np.transpose(K)", "np.transpose(V)").replace(
                    "return A @ V", "return A @ K"
                ),
                1.5,
                "Keys and values are exchanged",
            ),
        },
    ),
}

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
            "sets of shifted zips, a generator": """
def next_counts(documents, history, vocab_size):
    counts, h = np.zeros(vocab_size, dtype=int), tuple(history)
    for doc in documents:
        seq = (vocab_size, *doc, vocab_size - 1)
        for i in range(max(1, len(h)), len(seq)):
            counts[seq[i]] += seq[i - len(h):i] == h
    return counts

def grams(doc, n):
    return set(zip(*(doc[i:] for i in range(n))))

def nothing_new(train, test, n):
    known = set().union(*[grams(doc, n) for doc in train])
    return (i for i, doc in enumerate(test) if grams(doc, n) and not grams(doc, n) - known)
""",
            "a window that moves, nested dictionaries": """
from collections import deque

def next_counts(documents, history, vocab_size):
    found = []
    for doc in documents:
        window = deque([vocab_size], maxlen=len(history))
        for token in doc + [vocab_size - 1]:
            if list(window) == list(history):
                found.append(token)
            window.append(token)
    return np.bincount(found, minlength=vocab_size)

def known(tree, tokens):
    for token in tokens:
        if token not in tree:
            return False
        tree = tree[token]
    return True

def nothing_new(train, test, n):
    tree = {}
    for doc in train:
        for start in range(len(doc)):
            here = tree
            for token in doc[start:start + n]:
                here = here.setdefault(token, {})
    checked = np.array([len(doc) >= n and min(known(tree, doc[i:i + n]) for i in range(len(doc) - n + 1)) for doc in test])
    return np.where(checked)[0]
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
            "matches must not overlap": (
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
            "nearly all n-grams are enough": (
                COUNTS
                + NEW.replace(
                    "runs and all(run in seen for run in runs)",
                    "runs and sum(run in seen for run in runs) > 0.9 * len(runs)",
                ),
                2.5,
                "a single new one clears the document",
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
            "only at the beginning of a document": (
                COUNTS.replace(
                    """        for start in range(len(text) - len(history)):
""",
                    """        if vocab_size not in history:
            text = text[1:]
        for start in range(min(1, len(text) - len(history))):
""",
                ).replace("start + len(history) > 0", "True")
                + NEW,
                1.5,
                "Your history counts only at the beginning of a document: it",
            ),
            "the tokens of the history in any order": (
                COUNTS.replace(
                    "tuple(text[start:start + len(history)]) == tuple(history)",
                    "sorted(text[start:start + len(history)]) == sorted(history)",
                )
                + NEW,
                2.45,
                "The order of the history's tokens plays no part: compare",
            ),
            "one per document": (
                COUNTS.replace(
                    """                counts[text[start + len(history)]] += 1
""",
                    """                counts[text[start + len(history)]] += 1
                break
""",
                )
                + NEW,
                1.5,
                "You count one continuation per document: count every place",
            ),
            "with BOS and EOS in the n-grams": (
                COUNTS
                + NEW.replace(
                    "def nothing_new(train, test, n):",
                    "def nothing_new(train, test, n):\n    train, test = [['<', *d, '>'] for d in train], [['<', *d, '>'] for d in test]",
                ),
                2.18,
                "You counted BOS or EOS as part of an n-gram: a cut from the",
            ),
            "a flag for each document": (
                COUNTS
                + NEW.replace("return listed", "return [k in listed for k in range(len(test))]"),
                1.64,
                "You return one flag per document: their indices are asked",
            ),
            "those with something new": (
                COUNTS + NEW.replace("all(run in seen", "not all(run in seen"),
                1.64,
                "You list the documents that bring something new: those that",
            ),
            "half of the n-grams are enough": (
                COUNTS
                + NEW.replace(
                    "all(run in seen for run in runs)",
                    "sum(run in seen for run in runs) >= len(runs) / 2",
                ),
                1.91,
                "Half of the n-grams are no proof: *all* of them must have",
            ),
            "single tokens": (
                COUNTS + NEW.replace("i:i + n", "i:i + 1").replace("len(d) - n + 1", "len(d)"),
                1.64,
                "You compared single tokens: a known word in a new order is",
            ),
            "sets of n tokens": (
                COUNTS + NEW.replace("tuple(d[i:i + n])", "frozenset(d[i:i + n])"),
                2.45,
                "You compare sets of n tokens: an n-gram has an order.",
            ),
            "n-grams side by side": (
                COUNTS + NEW.replace("range(len(d) - n + 1)", "range(0, len(d) - n + 1, n)"),
                1.91,
                "You cut documents into blocks of n: an n-gram starts at",
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
            "where and divide": """
def estimate_discount(counts):
    values, times = np.unique(counts, return_counts=True)
    n = dict(zip(values.tolist(), times.tolist()))
    return n[1] / (n[1] + 2 * n.get(2, 0))

def kneser_ney_rows(counts, discount):
    counts = np.asarray(counts)
    total = counts.sum(axis=1)
    p1 = np.count_nonzero(counts, axis=0) / np.count_nonzero(counts)
    rows = np.tile(p1, (len(counts), 1))
    for h in np.flatnonzero(total):
        taken = np.minimum(counts[h], discount)
        rows[h] = (counts[h] - taken + taken.sum() * p1) / total[h]
    return rows
""",
            "einsum, in place": """
def estimate_discount(counts):
    counts = np.array(counts)
    return 1 / (1 + 2 * np.mean(counts[(counts == 1) | (counts == 2)] == 2) / np.mean(counts[(counts == 1) | (counts == 2)] == 1))

def kneser_ney_rows(counts, discount):
    seen = counts.astype(bool)
    below = np.einsum("hv->v", seen.astype(int)) / np.einsum("hv->", seen.astype(int))
    total = np.einsum("hv->h", counts)
    counts = counts.astype(float)
    counts -= discount
    counts[counts < 0] = 0
    left = total - counts.sum(axis=1)
    left[total == 0] = 1
    total[total == 0] = 1
    counts += np.outer(left, below)
    counts /= total[:, None]
    return counts
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
            "twice or more": (
                DISCOUNT.replace("(c == 2)", "(c >= 2)") + ROWS,
                3.27,
                "n2 counts the pairs seen exactly twice: those seen more",
            ),
            "backing off": (
                DISCOUNT + ROWS.replace("+ mass * p1", "+ np.where(c > 0, 0, mass * p1)"),
                2,
                "The shorter history speaks only where the count is 0: here",
            ),
            "rows divided by what is left": (
                DISCOUNT
                + """
def kneser_ney_rows(counts, discount):
    c = np.array(counts, dtype=float)
    p1 = (c > 0).sum(axis=0) / (c > 0).sum()
    kept = np.maximum(c - discount, 0)
    return np.where(c.sum(axis=1, keepdims=True) > 0, kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-12), p1)
""",
                2,
                "You divided the lowered counts by their own sum: what was",
            ),
            "one step too many for all tokens": (
                DISCOUNT
                + ROWS.replace(
                    "discount * seen.sum(axis=1, keepdims=True) / safe",
                    "discount * c.shape[1] / safe",
                ),
                2,
                "You hand on D N1+/c with the number of *all* tokens for",
            ),
            "zero after an unseen history": (
                DISCOUNT + ROWS.replace(" / safe, 1)", " / safe, 0)"),
                2.18,
                "After a history that was never seen your row is zero: the",
            ),
            "counts of zero lowered": (
                DISCOUNT + ROWS.replace("np.maximum(c - discount, 0)", "(c - discount)"),
                2,
                "You subtract from counts of zero as well: nothing can be",
            ),
            "a share of one history's kinds": (
                DISCOUNT
                + ROWS.replace("seen.sum(axis=0) / seen.sum()", "seen.sum(axis=0) / len(c)"),
                2,
                "Your p1 does not sum to one: divide by the number of",
            ),
            "weight of kinds, not of counts": (
                DISCOUNT
                + ROWS.replace(
                    "discount * seen.sum(axis=1, keepdims=True) / safe",
                    "discount * seen.sum(axis=1, keepdims=True) / seen.sum()",
                ),
                2,
                "Your weight of p1 is divided by the number of different",
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
            "place by place, bincount": """
def loss_and_grads(params, histories, targets):
    C, H, d, U, b = map(params.get, ("C", "H", "d", "U", "b"))
    (N, n), m = histories.shape, len(C[0])
    x = np.hstack([C[histories[:, i]] for i in range(n)])
    a = np.tanh(np.einsum("rk,nk->nr", H, x) + d)
    z = np.einsum("vr,nr->nv", U, a) + b
    logs = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    dz = np.exp(logs)
    np.subtract.at(dz, (range(N), targets), 1)
    dz /= N
    grads = {"b": np.add.reduce(dz), "U": np.einsum("nv,nr->vr", dz, a)}
    ds = (1 - np.square(a)) * dz.dot(U)
    grads["d"], grads["H"] = ds.sum(axis=0), np.tensordot(ds, x, axes=(0, 0))
    dx = np.split(ds @ H, n, axis=1)
    grads["C"] = sum(np.column_stack([np.bincount(histories[:, i], weights=dx[i][:, j], minlength=len(C)) for j in range(m)]) for i in range(n))
    return -np.mean([logs[k, t] for k, t in enumerate(targets)]), grads
""",
            "weights of a tape, lists out": """
def loss_and_grads(params, histories, targets):
    P = {k: np.array(v, dtype=np.longdouble) for k, v in params.items()}
    N = len(targets)
    x = P["C"][histories].reshape(N, -1)
    a = np.tanh(x @ P["H"].T + P["d"])
    z = a @ P["U"].T + P["b"]
    z -= z.max(axis=-1, keepdims=True)
    Z = np.exp(z).sum(axis=-1)
    loss = (np.log(Z) - z[range(N), targets]).sum() / N
    g = np.exp(z) / Z[:, None] / N
    g[range(N), targets] -= 1 / N
    G = {"b": g.sum(0), "U": g.T @ a}
    g = (g @ P["U"]) / np.cosh(np.arctanh(a)) ** 2
    G.update(d=g.sum(0), H=g.T @ x)
    pieces = (g @ P["H"]).reshape(*np.shape(histories), -1)
    G["C"] = [sum((pieces[i, j] for i, row in enumerate(histories) for j, t in enumerate(row) if t == v), np.zeros(P["C"].shape[1])) for v in range(len(P["C"]))]
    return float(loss), {k: np.asarray(v, dtype=float).tolist() for k, v in G.items()}
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
            "sum of the losses": (
                BATCHED.replace(
                    "- z[np.arange(N), t]).mean()", "- z[np.arange(N), t]).sum()"
                ).replace("loss = (lse", "loss = (lse"),
                2,
                "You return the sum of the losses: asked for is their mean.",
            ),
            "the target left out": (
                BATCHED.replace("np.exp(z - lse) - y", "np.exp(z - lse)"),
                2,
                "You carry the prediction back without the target: subtract",
            ),
            "only the target's row": (
                BATCHED.replace("(np.exp(z - lse) - y) / N", "(np.exp(z - lse) - y) * y / N"),
                2,
                "Every logit has a gradient, not the target's alone: that of",
            ),
            "one minus a": (
                BATCHED.replace("(1 - a ** 2)", "(1 - a)"),
                2,
                "The slope of tanh is 1 - a*a, not 1 - a.",
            ),
            "hidden bias forgotten": (
                BATCHED.replace("x @ H.T + d", "x @ H.T"),
                2,
                "The bias d is missing in front of tanh.",
            ),
            "a hidden layer without tanh": (
                BATCHED.replace("np.tanh(s)", "s").replace(" * (1 - a ** 2)", ""),
                2,
                "Your hidden layer has no tanh.",
            ),
            "the slope taken twice": (
                BATCHED.replace("(1 - a ** 2)", "(1 - a ** 2) ** 2"),
                2,
                "The slope of tanh is taken twice on the way to Hx + d.",
            ),
            "divided by N twice": (
                BATCHED.replace("b=dz.sum(0))", "b=dz.mean(0))")
                .replace("U=dz.T @ a", "U=dz.T @ a / N")
                .replace("H=ds.T @ x", "H=ds.T @ x / N")
                .replace("d=ds.sum(0)", "d=ds.mean(0)")
                .replace("C=dC", "C=dC / N"),
                2,
                "Your gradients are divided by N twice.",
            ),
            "rows of C averaged": (
                BATCHED.replace(
                    'dC = np.einsum("nkv,nkm->vm", one_hot, dx)',
                    'dC = np.einsum("nkv,nkm->vm", one_hot, dx) / np.maximum(one_hot.sum((0, 1)), 1)[:, None]',
                ),
                2.55,
                "A row of C that is looked up several times gets the *sum*",
            ),
            "only the newest token's row": (
                BATCHED.replace(
                    'np.einsum("nkv,nkm->vm", one_hot, dx)',
                    'np.einsum("nv,nm->vm", one_hot[:, -1], dx[:, -1])',
                ),
                2.55,
                "Only the newest token's row of C gets its piece: x has n",
            ),
            "no maximum": (
                BATCHED.replace("m = z.max(1, keepdims=True)", "m = np.zeros((N, 1))"),
                3.64,
                "something overflowed",
            ),
            "BOS has no gradient": (
                BATCHED.replace("dict(C=dC,", "dict(C=dC * (np.arange(len(C)) < len(b))[:, None],"),
                2.91,
                "The row of BOS has a gradient as well: it was looked up",
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
            "products of Jacobians; PyTorch's 1e-6": """
def errors_back(W, states, last):
    rows, J = [last], np.eye(len(last))
    for h in reversed(states[1:]):
        J = J @ (np.diag(1 - h**2) @ W)
        rows.append(last @ J)
    return rows

def clip(grads, max_norm):
    total = sum((g**2).sum() for g in grads) ** 0.5
    coefficient = max_norm / (total + 1e-6)
    if coefficient < 1:
        for g in grads:
            g *= coefficient
    return grads, total
""",
            "einsum from the end, hypot": """
from math import hypot

def errors_back(W, states, last):
    back = np.array(states[::-1], dtype=float)
    slopes = 1 - back * back
    back[0] = last
    for k in range(len(back) - 1):
        back[k + 1] = np.einsum("ij,i,i->j", W, slopes[k], back[k])
    return back.tolist()

def clip(grads, max_norm):
    length = hypot(*(x for g in grads for x in np.asarray(g).flat))
    return [g / max(1, length / max_norm) for g in grads], np.float64(length)
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
            "before the tanh": (
                BACK.replace("return out", "return out * (1 - np.asarray(states)[::-1] ** 2)")
                + CLIP,
                1.64,
                "Row 0 is `last` itself: you return the gradients before",
            ),
            "one state too many": (
                BACK.replace(
                    "out[0] = last", "out[0] = W.T @ (last * (1 - states[-1] ** 2))"
                ).replace("h = states[T - k]", "h = states[T - k - 1]")
                + CLIP,
                1.5,
                "Row 0 is `last` itself: one state has one gradient, and",
            ),
            "the slope of the last state everywhere": (
                BACK.replace("states[T - k]", "states[-1]") + CLIP,
                2.18,
                "Your factors 1 - h*h are all taken at the last state: each",
            ),
            "one minus h": (
                BACK.replace("1 - h * h", "1 - h") + CLIP,
                1.91,
                "You took 1 - h for the slope: tanh has 1 - h*h.",
            ),
            "all steps added": (
                BACK.replace("return out", "return np.cumsum(out, axis=0)") + CLIP,
                1.64,
                "Each row is the gradient with respect to one state: do not",
            ),
            "the square of the length": (
                BACK + CLIP.replace("for g in grads])\n", "for g in grads]) ** 2\n"),
                1.91,
                "Your factor is max_norm over the *square* of the length:",
            ),
            "the largest entry": (
                BACK
                + CLIP.replace(
                    "np.linalg.norm([np.linalg.norm(np.ravel(g)) for g in grads])",
                    "max(np.abs(g).max() for g in grads)",
                ),
                2.18,
                "You measured the length by the largest entry: it is the",
            ),
            "nothing clipped": (
                BACK + CLIP.replace("min(1.0, max_norm / norm) if norm > 0 else 1.0", "1.0"),
                2.45,
                "Nothing was clipped.",
            ),
            "root of the mean square": (
                BACK
                + CLIP.replace(
                    "    factor",
                    "    norm = norm / sum(np.size(g) for g in grads) ** 0.5\n    factor",
                    1,
                ),
                2.18,
                "You took the root of the *mean* square: the length is the",
            ),
            "0/0 for no gradient": (
                BACK
                + CLIP.replace(
                    "min(1.0, max_norm / norm) if norm > 0 else 1.0",
                    "np.minimum(1.0, max_norm / norm) if norm > max_norm else norm / norm",
                ),
                2.73,
                "0/0 became NaN: gradients of length 0 stay as they are.",
            ),
            "absolute values": (
                BACK
                + CLIP.replace(
                    "np.linalg.norm([np.linalg.norm(np.ravel(g)) for g in grads])",
                    "sum(np.abs(g).sum() for g in grads)",
                ),
                2.18,
                "You added up absolute values: the Euclidean length is the",
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
            "queries padded to a whole text": """
def attend(Q, K, V):
    S, d = K.shape
    whole = np.vstack([np.zeros((S - len(Q), d)), Q]) / np.sqrt(d)
    scores = np.where(np.arange(S)[:, None] >= np.arange(S), whole @ K.T, -np.inf)
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return (np.exp(logs) @ V)[S - len(Q):]
""",
            "key by key with a running maximum": """
def attend(Q, K, V):
    S, T = len(K), len(Q)
    top, total, out = np.full(T, -np.inf), np.zeros(T), np.zeros((T, V.shape[1]))
    for j in range(S):
        score = np.einsum("td,d->t", Q, K[j]) * K.shape[1] ** -0.5
        for t in range(T):
            if j <= S - T + t:
                higher = max(top[t], score[t])
                shrink, weight = np.exp(top[t] - higher), np.exp(score[t] - higher)
                total[t], out[t], top[t] = total[t] * shrink + weight, out[t] * shrink + weight * V[j], higher
    return out / total[:, None]
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
            "over the queries": (
                ATTEND.replace(
                    "scores -= scores.max(axis=1, keepdims=True)", "scores -= scores.max()"
                ).replace("A.sum(axis=1, keepdims=True)", "A.sum(axis=0, keepdims=True)"),
                1.5,
                "You normalised over queries: each *query's* weights sum to",
            ),
            "scores of zero": (
                ATTEND.replace("= -np.inf", "= 0"),
                1.5,
                "You multiplied scores by the mask: a score of 0 still gets",
            ),
            "mask turned round": (
                ATTEND.replace(
                    "scores[i, S - T + i + 1:] = -np.inf", "scores[i, :S - T + i] = -np.inf"
                ),
                1.5,
                "Your mask is turned round",
            ),
            "divided after the softmax": (
                ATTEND.replace(" / np.shape(Q)[1] ** 0.5", "").replace(
                    "return A @ V", "return A @ V / np.shape(Q)[1] ** 0.5"
                ),
                1.5,
                "You divided by the root of d after the softmax: the scores",
            ),
            "a mask of minus one hundred": (
                ATTEND.replace("= -np.inf", "= -100"),
                2.67,
                "Your mask is a finite score, which large scores exceed: put",
            ),
            "minus a hundred added": (
                ATTEND.replace("] = -np.inf", "] -= 100"),
                2.33,
                "You lower hidden scores by a finite number",
            ),
            "divided by the root of S": (
                ATTEND.replace("np.shape(Q)[1] ** 0.5", "S ** 0.5"),
                1.5,
                "You divided by the root of the number of keys: d is the",
            ),
            "the weights themselves": (
                ATTEND.replace("return A @ V", "return A"),
                1.5,
                "You return the weights: they mix the rows of V.",
            ),
            "weights not divided by their sum": (
                ATTEND.replace("    A /= A.sum(axis=1, keepdims=True)\n", ""),
                1.5,
                "The weights are not divided by their sum: each query's",
            ),
            "sees one key too many": (
                ATTEND.replace("S - T + i + 1", "S - T + i + 2"),
                1.5,
                "You see one key too many: row i ends with its own position.",
            ),
        },
    ),
}

"""Answers to assignment 7: decoding."""

from graders import Problem

GREEDY = """
def greedy_path(first, table, max_len):
    path = []
    while len(path) < max_len and (not path or path[-1] != len(first) - 1):
        path += [int(np.argmax(table[path[-1]] if path else first))]
    return path
"""

BEST = """
import itertools

def best_path(first, table, max_len):
    end = len(first) - 1
    best = (-1, None)
    for n in range(max_len):
        for body in itertools.product(range(end), repeat=n):
            path = list(body) + [end]
            p = first[path[0]] * np.prod([table[a][b] for a, b in zip(path, path[1:])])
            best = max(best, (p, path))
    return best[1]
"""

PROVED = """
def proved_best(first, table, max_len):
    rows, path = [list(first)], greedy_path(first, table, max_len)
    for t in path[:-1]:
        rows.append(list(table[t]))
    if path[-1] != len(first) - 1:
        return False
    p, bounds = 1, []
    for row in rows:
        second, top = sorted(row)[-2:]
        bounds.append(p * second)
        p *= top
    return all(p > b for b in bounds)
"""

WARM = """
def temperature(logits, tau):
    z = np.array(logits, dtype=float)
    z = (z - z.max()) / tau
    return np.exp(z) / np.sum(np.exp(z))
"""

TOP_K = """
def top_k(probs, k):
    q = np.array(probs, dtype=float)
    k = min(k, len(q))
    q[q < sorted(q)[-k]] = 0
    return q / q.sum()
"""

TOP_P = """
def top_p(probs, p):
    left = sorted(range(len(probs)), key=lambda v: (-probs[v], v))
    mass, out = 0, [0] * len(probs)
    for v in left:
        out[v] = probs[v]
        mass += probs[v]
        if mass >= p:
            break
    return [x / mass for x in out]
"""

ALL = """
def next_distribution(logits, tau, k, p):
    return top_p(top_k(temperature(logits, tau), k), p)
"""

DRAW = """
def draw(logits, u):
    out = []
    for row, x in zip(logits, u):
        p = np.exp(np.asarray(row, dtype=float) - np.max(row))
        cdf = np.cumsum(p)
        out.append(int(np.argmax(cdf > x * cdf[-1])))
    return np.array(out)
"""

CHI = """
def chi_square(counts, probs):
    n, total, rest, rest_due = sum(counts), 0, 0, 0
    for c, p in zip(counts, probs):
        if n * p < 5:
            rest, rest_due = rest + c, rest_due + n * p
        else:
            total += (c - n * p) ** 2 / (n * p)
    if rest_due == 0:
        return total if rest == 0 else np.inf
    return total + (rest - rest_due) ** 2 / rest_due
"""

CHEAP = """
def cheapest_filter(probs, budget):
    probs = np.asarray(probs, dtype=float)
    order = sorted((v for v in range(len(probs)) if probs[v] > 0), key=lambda v: -probs[v])
    ids = []
    while order and (budget == 0 or not ids or -np.log(sum(probs[ids])) > budget):
        ids.append(order.pop(0))
    return sorted(ids), 0.0 if budget == 0 else -np.log(sum(probs[ids]))
"""

BEAM = """
def beam(first, table, width, max_len, alpha):
    end = len(first) - 1
    live, done = [(0.0, [])], []
    for step in range(max_len):
        every = sorted(((lp + np.log((table[p[-1]] if p else first)[t]), p + [t]) for lp, p in live for t in range(end + 1)), reverse=True)
        for lp, p in every[:width]:
            if p[-1] == end:
                done.append((lp / len(p) ** alpha, p))
        live = [x for x in every if x[1][-1] != end][:width]
    done.sort(reverse=True)
    return [(p, s) for s, p in done[:width]]
"""

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "itertools and lists": GREEDY + BEST + PROVED,
            "arrays and logarithms": GREEDY.replace("return path", "return np.array(path)")
            + """
def best_path(first, table, max_len):
    end = len(first) - 1
    found = []
    def grow(path, row, log_p):
        with np.errstate(divide="ignore"):
            logs = np.log(row)
        found.append((log_p + logs[end], path + [end]))
        if len(path) + 1 < max_len:
            for t in range(end):
                grow(path + [t], np.asarray(table)[t], log_p + logs[t])
    grow([], np.asarray(first), 0.0)
    return max(found)[1]

def proved_best(first, table, max_len):
    with np.errstate(divide="ignore"):
        first, table = np.log(first), np.log(table)
    path = greedy_path(first, table, max_len)
    gaps, total = [], 0.0
    for row in [first] + [table[t] for t in path[:-1]]:
        gaps.append(total + np.partition(row, -2)[-2])
        total += row.max()
    return path[-1] == len(first) - 1 and total > max(gaps)
""",
            "recursion with a cache": """
def greedy_path(first, table, max_len):
    def go_on(row, left):
        t = max(range(len(row)), key=lambda v: (row[v], -v))
        return [t] if t == len(first) - 1 or left == 1 else [t, *go_on(table[t], left - 1)]
    return go_on(first, max_len)

def best_path(first, table, max_len):
    from functools import cache
    end = len(first) - 1
    @cache
    def best_from(t, left):
        row = first if t is None else table[t]
        found = [(float(row[end]), (end,))]
        if left > 1:
            for v in range(end):
                p, rest = best_from(v, left - 1)
                found.append((float(row[v]) * p, (v, *rest)))
        return max(found)
    return best_from(None, max_len)[1]

def proved_best(first, table, max_len):
    path = greedy_path(first, table, max_len)
    rows = np.stack([np.asarray(first), *np.asarray(table)[path[:-1]]])
    before = np.concatenate([[1.0], np.cumprod(rows.max(axis=-1))])
    second = np.partition(rows, -2, axis=-1)[:, -2]
    return path[-1] == len(first) - 1 and np.all(before[-1] > before[:-1] * second)
""",
            "a queue of the best so far, products": """
import heapq

def greedy_path(first, table, max_len):
    row = first
    out = ()
    for _ in range(max_len):
        out += (np.argmax(row),)
        if out[-1] == len(row) - 1:
            break
        row = table[out[-1]]
    return out

def best_path(first, table, max_len):
    queue = [(-p, (v,)) for v, p in enumerate(first)]
    heapq.heapify(queue)
    while queue:
        p, text = heapq.heappop(queue)
        if text[-1] == len(first) - 1:
            return text
        if len(text) < max_len:
            for v, q in enumerate(table[text[-1]]):
                heapq.heappush(queue, (p * q, text + (v,)))

def chance(first, table, text):
    p = first[text[0]]
    for a, b in zip(text, text[1:]):
        p = p * table[a][b]
    return p

def proved_best(first, table, max_len):
    text = greedy_path(first, table, max_len)
    if text[-1] != len(first) - 1:
        return 0
    for n, token in enumerate(text):
        row = table[text[n - 1]] if n else first
        rivals = [chance(first, table, (*text[:n], v)) for v in range(len(first)) if v != token]
        if max(rivals) >= chance(first, table, text):
            return 0
    return 1
""",
            "best texts to each token, then one step on": """
def greedy_path(first, table, max_len):
    def steps():
        v = None
        for _ in range(max_len):
            v = np.flatnonzero((table[v] if v is not None else first) == np.max(table[v] if v is not None else first))[0]
            yield v
            if v == len(first) - 1:
                return
    return list(steps())

def best_path(first, table, max_len):
    end = len(first) - 1
    best = {v: (first[v], [v]) for v in range(end + 1)}
    ended = [best.pop(end)]
    for _ in range(max_len - 1):
        best = {v: max(((p * table[u][v], y + [v]) for u, (p, y) in best.items()), key=lambda x: x[0]) for v in range(end + 1)}
        ended.append(best.pop(end))
    return max(ended, key=lambda x: x[0])[1]

def proved_best(first, table, max_len):
    table = np.array(table)
    text = np.array(greedy_path(first, table, max_len))
    rows = np.vstack((first, table[text[:-1]]))
    reached = np.cumprod(rows[range(len(text)), text])
    bounds = np.array(rows)
    bounds[1:] *= reached[:-1, None]
    bounds[range(len(text)), text] = -1
    return np.logical_and(text[-1] == len(first) - 1, (bounds < reached[-1]).all())
""",
        },
        wrong={
            "greedy goes on after EOS": (
                """
def greedy_path(first, table, max_len):
    path = [int(np.argmax(first))]
    while len(path) < max_len:
        path.append(int(np.argmax(table[path[-1]])))
    return path
"""
                + BEST
                + PROVED,
                2.5,
                "Greedy takes the largest probability of each row",
            ),
            "the higher id of a tie": (
                GREEDY.replace(
                    "int(np.argmax(table[path[-1]] if path else first))",
                    "int(max(range(len(first)), key=lambda v: ((table[path[-1]] if path else"
                    " first)[v], v)))",
                )
                + BEST
                + PROVED,
                2.5,
                "the lower id is asked for",
            ),
            "best is greedy": (
                GREEDY
                + """
def best_path(first, table, max_len):
    return greedy_path(first, table, max_len)
"""
                + PROVED,
                2,
                "compare whole texts",
            ),
            "pieces compete": (
                GREEDY
                + """
import itertools

def best_path(first, table, max_len):
    end, best = len(first) - 1, (-1, None)
    for n in range(1, max_len + 1):
        for path in itertools.product(range(end + 1), repeat=n):
            if end in path[:-1] or (n < max_len and path[-1] != end):
                continue
            p = first[path[0]] * np.prod([table[a][b] for a, b in zip(path, path[1:])])
            best = max(best, (p, list(path)))
    return best[1]
"""
                + PROVED,
                2.5,
                "only those that end in EOS compete",
            ),
            "best mean": (
                GREEDY
                + BEST.replace(
                    "best = max(best, (p, path))", "best = max(best, (p ** (1 / len(path)), path))"
                )
                + PROVED,
                2.5,
                "You rank by the mean log-probability",
            ),
            "only the last step": (
                GREEDY
                + BEST
                + """
def proved_best(first, table, max_len):
    path = greedy_path(first, table, max_len)
    p = first[path[0]]
    for a, b in zip(path, path[1:]):
        p *= table[a][b]
    row = first if len(path) == 1 else table[path[-2]]
    return p > sorted(row)[-2]
""",
                2.5,
                "You look at the last step only",
            ),
            "asks the exact search": (
                GREEDY
                + BEST
                + """
def proved_best(first, table, max_len):
    return greedy_path(first, table, max_len) == best_path(first, table, max_len)
""",
                2.5,
                "asked is what the runners-up along the path prove",
            ),
            "a tie as proof": (
                GREEDY + BEST + PROVED.replace("p > b for", "p >= b for"),
                2.5,
                "A bound that equals the greedy text's probability",
            ),
            "one token too long": (
                GREEDY + BEST.replace("range(max_len)", "range(max_len + 1)") + PROVED,
                2.5,
                "must not compete",
            ),
            "always proved": (
                GREEDY
                + BEST
                + """
def proved_best(first, table, max_len):
    return True
""",
                2,
                "Another text leaves the greedy one at some step",
            ),
            "always greedy from the best start": (
                GREEDY
                + """
def best_path(first, table, max_len):
    end, found = len(first) - 1, []
    for start in range(len(first)):
        path, p = [start], first[start]
        while path[-1] != end and len(path) < max_len:
            t = int(np.argmax(table[path[-1]]))
            p *= table[path[-1]][t]
            path.append(t)
        if path[-1] == end:
            found.append((p, path))
    return max(found)[1] if found else [end]
"""
                + PROVED,
                2.6,
                "You try every first token",
            ),
            "EOS left out of the greedy text": (
                GREEDY.replace("def greedy_path", "def with_end")
                + """
def greedy_path(first, table, max_len):
    return [t for t in with_end(first, table, max_len) if t != len(first) - 1]
"""
                + BEST
                + PROVED.replace("greedy_path(", "with_end("),
                2,
                "You leave EOS out of the text: it is a token, and its",
            ),
            "probabilities added": (
                GREEDY
                + BEST.replace("first[path[0]] * np.prod(", "first[path[0]] + np.sum(")
                + PROVED,
                2,
                "You add probabilities along the text: that of a text is",
            ),
            "the empty text must not win": (
                GREEDY + BEST.replace("range(max_len)", "range(1, max_len)") + PROVED,
                2.5,
                "Your text is never EOS alone: a text of one token may be",
            ),
            "runner-up without the text before it": (
                GREEDY
                + BEST
                + PROVED.replace("bounds.append(p * second)", "bounds.append(second)"),
                2.5,
                "You compare the runners-up without what stands before them:",
            ),
            "runner-up after the greedy token": (
                GREEDY
                + BEST
                + PROVED.replace(
                    """        bounds.append(p * second)
        p *= top
""",
                    """        p *= top
        bounds.append(p * second)
""",
                ),
                2.5,
                "You multiply each runner-up by the greedy token of its own",
            ),
            "the rivals' total": (
                GREEDY
                + BEST
                + PROVED.replace(
                    "second, top = sorted(row)[-2:]",
                    "top = max(row)\n        second = sum(row) - top",
                ),
                2.5,
                "You add up all rivals of a step: a single other text takes",
            ),
        },
    ),
    "p2": Problem(
        points=5,
        right={
            "lists and loops": WARM + TOP_K + TOP_P + ALL,
            "through logits": (
                """
def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()

def temperature(logits, tau):
    return softmax(np.array(logits, dtype=float) / tau)

def top_k(probs, k):
    z = np.log(np.asarray(probs, dtype=float))
    if k < len(z):
        z[z < np.partition(z, -k)[-k]] = -np.inf
    return softmax(z)

def top_p(probs, p):
    q = np.asarray(probs, dtype=float)
    order = np.lexsort((np.arange(len(q)), -q))
    n = np.searchsorted(np.cumsum(q[order]), p, side="left") + 1
    return np.where(np.isin(np.arange(len(q)), order[:n]), q, 0) / q[order[:n]].sum()

def next_distribution(logits, tau, k, p):
    q = temperature(logits, tau)
    q = top_k(q, k)
    return top_p(q, p)
"""
            ),
            "float32 and masks": """
def temperature(logits, tau):
    z = np.array(logits, dtype=np.float64)
    z -= np.max(z)
    np.divide(z, tau, out=z)
    return (lambda e: e / np.add.reduce(e))(np.exp(z))

def top_k(probs, k):
    q = np.array(probs)
    kept = np.where(q >= np.partition(q, -min(k, len(q)))[-min(k, len(q))], q, 0)
    return (kept / kept.sum()).tolist()

def top_p(probs, p):
    q = np.ma.array(probs, mask=True)
    for v in np.lexsort((np.arange(len(q)), -q.data)):
        q[v] = q.data[v]
        if q.sum() >= p:
            return (q / q.sum()).filled(0)

def next_distribution(logits, tau, k, p):
    out = logits
    for step, how in ((temperature, tau), (top_k, k), (top_p, p)):
        out = step(out, how)
    return out
""",
            "in place": """
def temperature(logits, tau):
    logits /= tau
    logits -= np.max(logits)
    np.exp(logits, out=logits)
    logits /= logits.sum()
    return logits

def top_k(probs, k):
    if k < len(probs):
        probs[probs < np.partition(probs, -k)[-k]] = 0
    probs /= probs.sum()
    return probs

def top_p(probs, p):
    order = np.lexsort((np.arange(len(probs)), -probs))
    before = np.cumsum(probs[order]) - probs[order]
    probs[order[before >= p]] = 0
    probs /= np.sum(probs)
    return probs

def next_distribution(logits, tau, k, p):
    return top_p(top_k(temperature(logits, tau), k), p)
""",
            "searchsorted and ranks": """
def temperature(logits, tau):
    z = np.asarray(logits) / tau
    return np.exp(z - np.logaddexp.reduce(z))

def top_k(probs, k):
    probs = np.asarray(probs)
    ahead = len(probs) - np.searchsorted(np.sort(probs), probs, side="right")
    return np.where(ahead < k, probs, 0) / probs[ahead < k].sum()

def top_p(probs, p):
    probs = np.asarray(probs, dtype=float)
    order = np.argsort(-probs, kind="stable")
    n = np.searchsorted(np.cumsum(probs[order]), p) + 1
    kept = np.zeros(len(probs))
    np.put(kept, order[:n], probs[order[:n]])
    return kept / kept.sum()

def next_distribution(logits, tau, k, p):
    z = np.asarray(logits, dtype=float)
    z = np.where(top_k(temperature(z, tau), k) > 0, z, -np.inf)
    z = np.where(top_p(temperature(z, tau), p) > 0, z, -np.inf)
    return temperature(z, tau)
""",
        },
        wrong={
            "multiplied by tau": (
                WARM.replace("/ tau", "* tau") + TOP_K + TOP_P + ALL,
                3.5,
                "divide the logits by tau",
            ),
            "probabilities divided": (
                WARM.replace("/ tau", "/ 1.0").replace(
                    "return np.exp(z) / np.sum(np.exp(z))",
                    "p = np.exp(z) / np.sum(np.exp(z)) / tau\n    return p / p.sum()",
                )
                + TOP_K
                + TOP_P
                + ALL,
                3.5,
                "divide the logits by tau, then take the softmax",
            ),
            "overflow": (
                """
def temperature(logits, tau):
    e = np.exp(np.asarray(logits) / tau)
    return e / e.sum()
"""
                + TOP_K
                + TOP_P
                + ALL,
                4.7,
                "subtract the maximum before exponentiating",
            ),
            "exactly k": (
                WARM
                + """
def top_k(probs, k):
    q = np.zeros(len(probs))
    best = np.argsort(-np.asarray(probs), kind="stable")[:k]
    q[best] = np.asarray(probs)[best]
    return q / q.sum()
"""
                + TOP_P
                + ALL,
                4.7,
                "tokens tied with the k-th stay too",
            ),
            "k beyond V": (
                WARM
                + """
def top_k(probs, k):
    q = np.asarray(probs, dtype=float)
    q = np.where(q >= np.sort(q)[::-1][k - 1], q, 0)
    return q / q.sum()
"""
                + TOP_P
                + ALL,
                4.7,
                "raised IndexError",
            ),
            "not renormalised": (
                WARM + TOP_K.replace("return q / q.sum()", "return q") + TOP_P + ALL,
                4.2,
                "are divided by their sum",
            ),
            "the crossing token dropped": (
                WARM
                + TOP_K
                + """
def top_p(probs, p):
    q = np.asarray(probs, dtype=float)
    order = np.argsort(-q, kind="stable")
    keep = order[np.cumsum(q[order]) <= p]
    out = np.zeros(len(q))
    out[keep] = q[keep]
    return out / out.sum()
"""
                + ALL,
                2.5,
                "the token that crosses the line belongs to the set",
            ),
            "dropped, but at least one": (
                WARM
                + TOP_K
                + """
def top_p(probs, p):
    q = np.asarray(probs, dtype=float)
    order = np.argsort(-q, kind="stable")
    keep = order[:max(1, (np.cumsum(q[order]) <= p).sum())]
    out = np.zeros(len(q))
    out[keep] = q[keep]
    return out / out.sum()
"""
                + ALL,
                2.5,
                "You drop the token that crosses the line",
            ),
            "goes on when the mass is met": (
                WARM + TOP_K + TOP_P.replace("mass >= p", "mass > p") + ALL,
                4.7,
                "has exactly the mass p reaches it",
            ),
            "ties to the higher id": (
                WARM + TOP_K + TOP_P.replace("(-probs[v], v)", "(-probs[v], -v)") + ALL,
                4.7,
                "Of tied tokens the lower ids are asked for",
            ),
            "all ties kept": (
                WARM
                + TOP_K
                + """
def top_p(probs, p):
    q = np.asarray(probs, dtype=float)
    s = np.sort(q)[::-1]
    threshold = s[np.argmax(np.cumsum(s) >= p)]
    q = np.where(q >= threshold, q, 0)
    return q / q.sum()
"""
                + ALL,
                4.7,
                "the smallest set is asked for",
            ),
            "filters first": (
                WARM
                + TOP_K
                + TOP_P
                + """
def next_distribution(logits, tau, k, p):
    q = top_p(top_k(temperature(logits, 1.0), k), p)
    return temperature(np.log(q), tau)
""",
                4,
                "You filter before the temperature",
            ),
            "top-p before top-k": (
                WARM
                + TOP_K
                + TOP_P
                + """
def next_distribution(logits, tau, k, p):
    return top_k(top_p(temperature(logits, tau), p), k)
""",
                4,
                "Top-p comes after top-k",
            ),
            "p counted on the falling tail": (
                WARM
                + TOP_K
                + """
def top_p(probs, p):
    q = np.array(probs)
    order = np.argsort(q, kind="stable")
    drop = order[np.cumsum(q[order]) <= p]
    q[drop] = 0
    return q / q.sum()
"""
                + ALL,
                2.5,
                "p is the mass that *stays*",
            ),
            "in falling order": (
                WARM
                + """
def top_k(probs, k):
    q = sorted(probs, reverse=True)
    q = [x if x >= q[min(k, len(q)) - 1] else 0 for x in q]
    return np.array(q) / sum(q)
"""
                + TOP_P
                + ALL,
                3.08,
                "Your probabilities stand in falling order: each must stay",
            ),
            "mass counted in the order of the ids": (
                WARM
                + TOP_K
                + TOP_P.replace("key=lambda v: (-probs[v], v)", "key=lambda v: v")
                + ALL,
                2.5,
                "You add up the mass in the order of the ids: sort by",
            ),
            "top-p reads what top-k did not divide": (
                WARM
                + TOP_K
                + TOP_P
                + """
def next_distribution(logits, tau, k, p):
    q = temperature(logits, tau)
    kept = q >= np.sort(q)[-min(k, len(q))]
    out, mass = np.zeros(len(q)), 0
    for v in np.argsort(-q, kind="stable"):
        if kept[v]:
            out[v] = q[v]
            mass += q[v]
            if mass >= p:
                break
    return out / out.sum()
""",
                3.85,
                "Top-p comes after top-k and reads what it returned,",
            ),
            "top-k forgotten": (
                WARM
                + TOP_K
                + TOP_P
                + """
def next_distribution(logits, tau, k, p):
    return top_p(temperature(logits, tau), p)
""",
                3.85,
                "Top-k has no effect in your chain.",
            ),
            "min-p": (
                WARM
                + TOP_K
                + """
def top_p(probs, p):
    q = np.where(probs >= p * np.max(probs), probs, 0)
    return q / q.sum()
"""
                + ALL,
                2.5,
                "This is min-p: it compares with the largest probability,",
            ),
            "the least probable": (
                WARM
                + """
def top_k(probs, k):
    q = np.array(probs, dtype=float)
    q[q > np.sort(q)[min(k, len(q)) - 1]] = 0
    return q / q.sum()
"""
                + TOP_P
                + ALL,
                2.69,
                "You keep the least probable tokens: sort from the largest.",
            ),
            "log-probabilities": (
                WARM.replace(
                    "return np.exp(z) / np.sum(np.exp(z))", "return z - np.log(np.sum(np.exp(z)))"
                )
                + TOP_K
                + TOP_P
                + ALL.replace("temperature(logits, tau)", "np.exp(temperature(logits, tau))"),
                4.23,
                "You return logarithms: probabilities are asked for.",
            ),
        },
    ),
    "p3": Problem(
        points=3,
        right={
            "argmax and loops": DRAW + CHI,
            "one comparison": (
                """
def draw(logits, u):
    z = np.asarray(logits, dtype=np.float64)
    cdf = np.exp(z - z.max(-1)[:, None]).cumsum(-1)
    return (cdf <= np.asarray(u)[:, None] * cdf[:, -1:]).sum(-1)

def chi_square(counts, probs):
    counts, due = np.asarray(counts), np.sum(counts) * np.asarray(probs)
    big = due >= 5
    n, d = np.append(counts[big], counts[~big].sum()), np.append(due[big], due[~big].sum())
    if d[-1] == 0:
        if n[-1]:
            return float("inf")
        n, d = n[:-1], d[:-1]
    return ((n - d) ** 2 / d).sum()
"""
            ),
            "one by one with bisect and fsum": """
def draw(logits, u):
    import bisect, itertools, math
    ids = []
    for row, x in zip(np.asarray(logits, dtype=float), u):
        steps = list(itertools.accumulate(np.exp(row - row.max()).tolist()))
        ids.append(bisect.bisect_right(steps, x * steps[-1]))
    return ids

def chi_square(counts, probs):
    counts, due = np.asarray(counts, dtype=float), np.sum(counts) * np.asarray(probs, dtype=float)
    label = np.where(due < 5, -1, np.arange(len(due)))
    total = 0.0
    for one in np.unique(label):
        n, m = counts[label == one].sum(), due[label == one].sum()
        total += (n - m) ** 2 / m if m > 0 else (np.inf if n > 0 else 0.0)
    return total
""",
            "all rows laid end to end": """
def draw(logits, u):
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    n, V = z.shape
    sums = np.cumsum(z, axis=1)
    last = V - 1 - np.argmax(z[:, ::-1] > 0, axis=1)
    found = np.empty(n, int)
    for i in range(n):
        found[i] = np.searchsorted(sums[i], u[i] * sums[i, -1], side="right")
    return np.minimum(found, last)

def chi_square(counts, probs):
    counts, probs = np.array(counts, float), np.array(probs, float)
    n = counts.sum()
    often = n * probs >= 5
    counts = np.append(counts[often], counts[~often].sum())
    due = n * np.append(probs[often], probs[~often].sum())
    if due[-1] == 0:
        if counts[-1] > 0:
            return float("inf")
        counts, due = counts[:-1], due[:-1]
    return np.sum(counts**2 / due) - n
""",
            "accumulate and next": """
from itertools import accumulate
from math import exp, inf

def draw(logits, u):
    ids = []
    for row, x in zip(logits.tolist(), u.tolist()):
        top = max(row)
        weights = {v: exp(z - top) for v, z in enumerate(row) if z > -inf}
        total = sum(weights.values())
        sums = zip(weights, accumulate(w / total for w in weights.values()))
        ids.append(next((v for v, s in sums if s > x), max(weights)))
    return ids

def chi_square(counts, probs):
    due = np.multiply(sum(counts), probs).tolist()
    classes = [(c, d) for c, d in zip(counts, due) if d >= 5]
    rest = [(c, d) for c, d in zip(counts, due) if d < 5]
    classes.append(tuple(map(sum, zip(*rest))) or (0, 0))
    return sum((c - d) ** 2 / d if d else (inf if c else 0) for c, d in classes)
""",
        },
        wrong={
            "argmax": (
                """
def draw(logits, u):
    return np.argmax(logits, axis=1)
"""
                + CHI,
                2,
                "the first that is larger than u",
            ),
            "sorted": (
                """
def draw(logits, u):
    out = []
    for row, x in zip(np.asarray(logits, dtype=float), u):
        order = np.argsort(-row, kind="stable")
        cdf = np.exp(row[order] - row.max()).cumsum()
        out.append(order[np.searchsorted(cdf, x * cdf[-1], side="right")])
    return out
"""
                + CHI,
                2.6,
                "the pieces lie in the order of the ids",
            ),
            "reaches instead of exceeds": (
                DRAW.replace("cdf > x", "cdf >= x") + CHI,
                2.8,
                "the running sum must exceed u",
            ),
            "float32": (
                DRAW.replace(
                    "np.asarray(row, dtype=float) - np.max(row)",
                    "np.asarray(row, dtype=np.float32) - np.float32(np.max(row))",
                )
                .replace(
                    "cdf = np.cumsum(p)",
                    "p = (p / p.sum()).astype(np.float32)\n        cdf = np.cumsum(p,"
                    " dtype=np.float32)",
                )
                .replace("x * cdf[-1]", "x")
                + CHI,
                2.8,
                "lost its digits in float32",
            ),
            "no merging": (
                DRAW
                + """
def chi_square(counts, probs):
    due = np.sum(counts) * np.asarray(probs)
    return np.sum((counts - due) ** 2 / due)
""",
                2.4,
                "must be merged first",
            ),
            "rare ones dropped": (
                DRAW
                + """
def chi_square(counts, probs):
    due = np.sum(counts) * np.asarray(probs)
    keep = due >= 5
    return np.sum((np.asarray(counts)[keep] - due[keep]) ** 2 / due[keep])
""",
                2.4,
                "they form one class together",
            ),
            "five due are merged": (
                DRAW + CHI.replace("n * p < 5", "n * p <= 5"),
                2.8,
                "Five is not below five",
            ),
            "merged by what was seen": (
                DRAW + CHI.replace("n * p < 5", "c < 5"),
                2.5,
                "the expected count decides",
            ),
            "divided by what came": (
                DRAW + CHI.replace("/ (n * p)", "/ c").replace("/ rest_due", "/ rest"),
                2,
                "50 are expected on each side",
            ),
            "shares": (
                DRAW
                + CHI.replace("return total +", "return 1 / n * (total +")
                .replace("** 2 / rest_due", "** 2 / rest_due)")
                .replace("return total if rest == 0", "return total / n if rest == 0"),
                2,
                "50 are expected on each side",
            ),
            "one minus u": (
                DRAW.replace("cdf > x * cdf[-1]", "cdf > (1 - x) * cdf[-1]") + CHI,
                2.3,
                "You look for 1 - u",
            ),
            "sums of what does not sum to one": (
                DRAW.replace("x * cdf[-1]", "x") + CHI,
                1.91,
                "You compare u with sums that do not end in 1: divide by the",
            ),
            "one u for all rows": (
                DRAW.replace("cdf > x * cdf[-1]", "cdf > u[0] * cdf[-1]") + CHI,
                1.91,
                "Every row uses the first u: row i has its own, u[i].",
            ),
            "the last that does not exceed": (
                DRAW.replace(
                    "int(np.argmax(cdf > x * cdf[-1]))",
                    "max(0, int(np.argmax(cdf > x * cdf[-1])) - 1)",
                )
                + CHI,
                1.64,
                "One token too early: you take the last whose running sum",
            ),
            "logits instead of probabilities": (
                DRAW.replace(
                    "np.exp(np.asarray(row, dtype=float) - np.max(row))",
                    "np.asarray(row, dtype=float) - np.min(row)",
                )
                + CHI,
                1.64,
                "You add up logits: take the softmax first, the running sum",
            ),
            "the root of it": (
                DRAW
                + CHI.replace("def chi_", "def chi2_")
                + """
def chi_square(counts, probs):
    return np.sqrt(chi2_square(counts, probs))
""",
                1.64,
                "You return the root: X² is the sum of squares itself.",
            ),
            "not squared": (
                DRAW
                + CHI.replace("(c - n * p) ** 2", "abs(c - n * p)").replace(
                    "(rest - rest_due) ** 2", "abs(rest - rest_due)"
                ),
                1.64,
                "The differences are not squared.",
            ),
            "rare ones stay as well": (
                DRAW
                + CHI.replace(
                    """            rest, rest_due = rest + c, rest_due + n * p
        else:
            total""",
                    """            rest, rest_due = rest + c, rest_due + n * p
        if p > 0:
            total""",
                ),
                2.45,
                "The rare tokens count twice, each by itself and in their",
            ),
            "impossible ones ignored": (
                DRAW + CHI.replace("return total if rest == 0 else np.inf", "return total"),
                2.73,
                "What cannot come came: the result is inf.",
            ),
            "a p-value": (
                DRAW
                + CHI.replace("def chi_", "def chi2_")
                + """
def chi_square(counts, probs):
    return float(np.exp(-chi2_square(counts, probs) / 2))
""",
                1.64,
                "You return a probability: X² itself is asked for.",
            ),
            "divided by the number of classes": (
                DRAW
                + CHI.replace("def chi_", "def chi2_")
                + """
def chi_square(counts, probs):
    return chi2_square(counts, probs) / (len(counts) - 1)
""",
                2.18,
                "You divide by the number of tokens less one: X² is the sum;",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "one by one": CHEAP,
            "searchsorted": (
                """
def cheapest_filter(probs, budget):
    q = np.array(probs)
    order = np.lexsort((np.arange(len(q)), -q))
    mass = q[order].cumsum()
    n = np.count_nonzero(q) if budget == 0 else np.searchsorted(mass, np.exp(-budget)) + 1
    ids = np.sort(order[:n])
    return [ids.tolist(), max(0.0, -float(np.log(q[ids].sum()))) if budget else 0]
"""
            ),
            "a loop in logarithms": """
def cheapest_filter(probs, budget):
    import heapq
    heap = [(-float(p), v) for v, p in enumerate(probs) if p > 0]
    heapq.heapify(heap)
    ids, mass = [], 0.0
    while heap and (budget == 0 or mass == 0 or np.log(mass) < -budget):
        p, v = heapq.heappop(heap)
        mass, ids = mass - p, ids + [v]
    return np.array(sorted(ids)), 0.0 if budget == 0 else -np.log(mass)
""",
            "bisection over the number of tokens": """
from bisect import bisect_left

def cheapest_filter(probs, budget):
    ranked = sorted(enumerate(probs), key=lambda pair: (-pair[1], pair[0]))
    ranked = [pair for pair in ranked if pair[1]]
    def cost(n):
        kept = np.array([p for _, p in ranked[:n]])
        return max(0.0, float(np.log(1 / kept.sum()))) if n < len(ranked) else 0.0
    n = bisect_left(range(1, len(ranked) + 1), -budget, key=lambda n: -cost(n)) + 1
    return [v for v in range(len(probs)) if v in dict(ranked[:n])], cost(n)
""",
            "the divergence as it is defined": """
def cheapest_filter(probs, budget):
    for n in range(1, np.count_nonzero(probs) + 1):
        kept = np.zeros(len(probs), dtype=bool)
        kept[np.argsort(-probs, kind="stable")[:n]] = True
        q = probs[kept] / probs[kept].sum()
        price = np.sum(q * np.log(q / probs[kept]))
        if price <= budget + 1e-12:
            return np.where(kept)[0], np.abs(price)
""",
        },
        wrong={
            "a mass of one minus the budget": (
                CHEAP.replace("-np.log(sum(probs[ids])) > budget", "sum(probs[ids]) < 1 - budget"),
                2,
                "You ask for a mass of 1 - budget",
            ),
            "the budget as mass": (
                CHEAP.replace(
                    "-np.log(sum(probs[ids])) > budget",
                    "sum(probs[ids]) < min(budget, sum(probs) - 1e-12)",
                ),
                2,
                "You use the budget itself as the mass",
            ),
            "one short": (
                """
def cheapest_filter(probs, budget):
    probs = np.asarray(probs, dtype=float)
    order = np.argsort(-probs, kind="stable")
    n = int((np.cumsum(probs[order]) < np.exp(-budget)).sum())
    ids = np.sort(order[:n])
    return ids, -np.log(probs[ids].sum()) if n else 0.0
""",
                1.5,
                "every ratio",
            ),
            "bits": (CHEAP.replace("np.log(", "np.log2("), 1.5, "-log 0.7"),
            "returns the budget": (
                CHEAP.replace("0.0 if budget == 0 else -np.log(sum(probs[ids]))", "budget"),
                2.2,
                "You return the budget",
            ),
            "returns the mass": (
                CHEAP.replace(
                    "0.0 if budget == 0 else -np.log(sum(probs[ids]))", "sum(probs[ids])"
                ),
                2.2,
                "You return the kept mass",
            ),
            "falling order": (
                CHEAP.replace("return sorted(ids)", "return ids"),
                2.5,
                "the ids are asked for in rising order",
            ),
            "zeros let through": (
                """
def cheapest_filter(probs, budget):
    probs = np.asarray(probs, dtype=float)
    order = np.argsort(-probs, kind="stable")
    mass = np.cumsum(probs[order])
    n = len(probs) if budget == 0 else int(np.argmax(mass >= np.exp(-budget))) + 1
    return np.sort(order[:n]), -np.log(mass[n - 1])
""",
                2.6,
                "only tokens that have a probability",
            ),
            "each token within the budget": (
                """
def cheapest_filter(probs, budget):
    q = np.asarray(probs, dtype=float)
    ids = np.flatnonzero((q > 0) & (-np.log(np.where(q > 0, q, 1)) <= budget)) if budget else np.flatnonzero(q)
    return ids, -np.log(q[ids].sum()) if len(ids) and budget else 0.0
""",
                1.5,
                "You measure each token by itself",
            ),
            "the divergence turned round": (
                """
def cheapest_filter(probs, budget):
    order = np.argsort(-probs, kind="stable")
    for n in range(1, len(probs) + 1):
        kept = probs[order[:n]]
        price = -np.sum(kept * np.log(kept.sum()))
        if price <= budget:
            return np.sort(order[:n]), price
    return np.flatnonzero(probs), 0.0
""",
                1.5,
                "Your divergence is turned round or not renormalised: in",
            ),
            "a mask": (
                CHEAP.replace("sorted(ids)", "np.isin(np.arange(len(probs)), ids)"),
                1.5,
                "You return a mask: the ids are asked for.",
            ),
            "higher ids of ties": (
                CHEAP.replace("key=lambda v: -probs[v]", "key=lambda v: (-probs[v], -v)"),
                2.57,
                "Of tied tokens the lower ids go first.",
            ),
            "all ties let through": (
                CHEAP.replace(
                    "    return sorted(ids)",
                    "    ids = [v for v in range(len(probs)) if probs[v] > 0 and probs[v] >= min(probs[ids])]\n    return sorted(ids)",
                ),
                2.57,
                "You let all tokens through that tie with the last: the",
            ),
            "mass removed as the price": (
                CHEAP.replace(
                    "0.0 if budget == 0 else -np.log(sum(probs[ids]))", "1 - sum(probs[ids])"
                ),
                2.14,
                "You return the mass that was dropped: the divergence is a",
            ),
            "the entropy": (
                """
def cheapest_filter(probs, budget):
    order = [v for v in np.argsort(-probs, kind="stable") if probs[v] > 0]
    ids, price = [], 0.0
    for v in order:
        if ids and price - probs[v] * np.log(probs[v]) > budget > 0:
            break
        ids.append(v)
        price -= probs[v] * np.log(probs[v])
    return sorted(ids), price
""",
                1.5,
                "You sum the tokens' surprise or entropy: KL(p̃ ‖ p) is -log",
            ),
            "sum in the price, no logarithm of it": (
                CHEAP.replace("else -np.log(sum(probs[ids]))", "else -sum(np.log(probs[ids]))"),
                2.14,
                "You add up the logarithms of the kept probabilities: take",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "pairs sorted": BEAM,
            "arrays": (
                """
def beam(first, table, width, max_len, alpha):
    V = len(first)
    live, logs, done = np.zeros((1, 0), int), np.zeros(1), []
    for n in range(1, max_len + 1):
        rows = logs[:, None] + (np.log(np.asarray(table)[live[:, -1]]) if n > 1 else np.log([first]))
        order = np.argsort(-rows, axis=None)
        parents, tokens = np.unravel_index(order, rows.shape)
        for i in range(min(width, len(order))):
            if tokens[i] == V - 1:
                done.append((live[parents[i]].tolist() + [V - 1], rows.flat[order[i]] / n ** alpha))
        going = np.flatnonzero(tokens != V - 1)[:width]
        logs = rows.flat[order[going]]
        live = np.column_stack([live[parents[going]], tokens[going]])
    return sorted(done, key=lambda pair: pair[1], reverse=True)[:width]
"""
            ),
            "a dictionary of texts": """
def beam(first, table, width, max_len, alpha):
    end, live, finished = len(first) - 1, {(): 0.0}, {}
    for _ in range(max_len):
        grown = {(*path, t): s + np.log(row[t]) for path, s in live.items() for row in [table[path[-1]] if path else first] for t in range(end + 1)}
        ranked = sorted(grown, key=grown.get)[::-1]
        finished.update((path, grown[path]) for path in ranked[:width] if path[-1] == end)
        live = {path: grown[path] for path in [p for p in ranked if p[-1] != end][:width]}
    scored = {path: s * len(path) ** -alpha for path, s in finished.items()}
    return [(list(path), scored[path]) for path in sorted(scored, key=scored.get, reverse=True)][:width]
""",
            "probabilities, heapq": """
import heapq

def beam(first, table, width, max_len, alpha):
    live, finished = {(): 1.0}, {}
    for _ in range(max_len):
        longer = {y + (v,): p * q for y, p in live.items() for v, q in enumerate(table[y[-1]] if y else first)}
        top = heapq.nlargest(width, longer, key=longer.get)
        finished.update({y: longer[y] for y in top if y[-1] == len(first) - 1})
        going_on = [y for y in longer if y[-1] != len(first) - 1]
        live = {y: longer[y] for y in heapq.nlargest(width, going_on, key=longer.get)}
    scores = {y: np.log(p) / np.power(len(y), float(alpha)) for y, p in finished.items()}
    return tuple((np.array(y), scores[y]) for y in sorted(scores, key=scores.get)[::-1][:width])
""",
            "one generation after the other by recursion": """
from collections import namedtuple

Text = namedtuple("Text", "ids log_p")

def beam(first, table, width, max_len, alpha):
    stop = len(first) - 1

    def generation(live, left):
        if left == 0 or not live:
            return []
        rows = [np.log(table[text.ids[-1]] if text.ids else first) for text in live]
        every = [Text(text.ids + [v], text.log_p + row[v]) for text, row in zip(live, rows) for v in range(stop + 1)]
        every.sort(key=lambda text: text.log_p)
        every.reverse()
        done = [text for text in every[:width] if text.ids[-1] == stop]
        return done + generation([text for text in every if text.ids[-1] < stop][:width], left - 1)

    ended = generation([Text([], 0)], max_len)
    ranked = [[text.ids, text.log_p * len(text.ids) ** -alpha] for text in ended]
    ranked.sort(key=lambda pair: pair[1], reverse=True)
    del ranked[width:]
    return ranked
""",
            "ranked by the score on the way: all are of one length": BEAM.replace(
                "reverse=True)\n        for",
                "key=lambda x: x[0] / len(x[1]) ** alpha, reverse=True)\n        for",
            ),
        },
        wrong={
            "unfinished among the finished": (
                BEAM.replace(
                    "    done.sort",
                    "    done += [(lp / len(p) ** alpha, p) for lp, p in live]\n    done.sort",
                ),
                1.8,
                "Unfinished texts stand among the finished",
            ),
            "finished take places": (
                BEAM.replace(
                    "for x in every if x[1][-1] != end][:width]",
                    "for x in every[:width] if x[1][-1] != end]",
                ),
                2.5,
                "Finished texts take places from the live ones",
            ),
            "no penalty": (
                BEAM.replace("lp / len(p) ** alpha", "lp"),
                2,
                "log p divided by the number of tokens",
            ),
            "EOS not counted": (
                BEAM.replace("len(p) ** alpha", "max(len(p) - 1, 1) ** alpha"),
                2,
                "EOS among them",
            ),
            "any rank may finish": (
                BEAM.replace("every[:width]:", "every:"),
                2.5,
                "only if it is among the first",
            ),
            "in order of finishing": (
                BEAM.replace("    done.sort(reverse=True)\n", ""),
                2.5,
                "sort by the score",
            ),
            "greedy whatever the width": (
                BEAM.replace("[:width]\n    done", "[:1]\n    done"),
                1.5,
                "One text lives on",
            ),
            "the ended go on": (
                BEAM.replace(
                    "for x in every if x[1][-1] != end][:width]", "for x in every[:width]]"
                ),
                1.5,
                "it is finished and leaves the beam",
            ),
            "more than the width": (
                BEAM.replace("for s, p in done[:width]]", "for s, p in done]"),
                2,
                "at most `width` are asked for",
            ),
            "multiplied": (
                BEAM.replace("lp / len(p) ** alpha", "lp * len(p) ** alpha"),
                1.5,
                "You multiply by the length",
            ),
            "ranked by the sum": (
                BEAM.replace(
                    "done.sort(reverse=True)",
                    "done.sort(key=lambda x: x[0] * len(x[1]) ** alpha, reverse=True)",
                ),
                2.9,
                "in the order of log p",
            ),
            "worst first": (
                BEAM.replace("done.sort(reverse=True)", "done.sort()"),
                1.5,
                "The texts stand in rising order: the best score comes first.",
            ),
            "only the best": (
                BEAM.replace("done[:width]]", "done[:1]]"),
                1.5,
                "You return the best text alone: up to `width` finished ones",
            ),
            "log to base ten": (
                BEAM.replace("np.log(", "np.log10("),
                1.5,
                "Your logarithm has base 10 or 2: scores are in nats.",
            ),
            "probabilities for scores": (
                BEAM.replace("lp / len(p) ** alpha", "np.exp(lp) / len(p) ** alpha"),
                1.5,
                "Your scores are probabilities: log p is divided by the",
            ),
            "divided by alpha times the length": (
                BEAM.replace("lp / len(p) ** alpha", "lp / (alpha * len(p) or 1)"),
                1.71,
                "You divide by α times the length: divide by the length to",
            ),
            "the empty text must not end": (
                BEAM.replace(
                    "        for lp, p in every[:width]:",
                    "        if step == 0:\n            every = [x for x in every if x[1][-1] != end]\n        for lp, p in every[:width]:",
                ),
                1.5,
                "A text of EOS alone may be finished, too.",
            ),
            "one step short": (
                BEAM.replace("range(max_len)", "range(max_len - 1)"),
                1.71,
                "Your search is one step short: a text may have max_len",
            ),
            "stops at width finished": (
                BEAM.replace(
                    "        live = [",
                    "        if len(done) >= width:\n            break\n        live = [",
                ),
                2.14,
                "You stop as soon as `width` texts are finished: a longer",
            ),
            "EOS cut from the ids": (
                BEAM.replace("[(p, s) for", "[(p[:-1], s) for"),
                1.5,
                "EOS is missing from your ids: it is a token of the text.",
            ),
            "GNMT": (
                BEAM.replace("lp / len(p) ** alpha", "lp / ((5 + len(p)) / 6) ** alpha"),
                1.5,
                "This is the penalty ((5 + length)/6)^α of another system:",
            ),
        },
    ),
}

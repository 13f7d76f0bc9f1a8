"""Answers to assignment 1: texts that end, their lengths, counts, leaks and tables."""

from graders import Problem

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "one padded path": (
                """
def string_log_prob(initial, transition, string):
    table = np.vstack([transition, initial])
    path = [-1, *string, table.shape[1] - 1]
    return np.log(table[path[:-1], path[1:]]).sum()
"""
            ),
            "in plain Python": (
                """
import math

def string_log_prob(initial, transition, string):
    factors = [initial[string[0]]] if len(string) else []
    for before, token in zip(string, string[1:]):
        factors.append(transition[before][token])
    factors.append(transition[string[-1]][-1] if len(string) else initial[-1])
    return sum(math.log(f) for f in factors) if all(f > 0 for f in factors) else -math.inf
"""
            ),
            "a generator and fsum": """
def string_log_prob(initial, transition, string):
    import math
    def factors():
        row = initial
        for token in string:
            yield row[token]
            row = transition[token]
        yield row[-1]
    return math.fsum(math.log(p) if p > 0 else -math.inf for p in factors())
""",
            "how often each step is made": """
def string_log_prob(initial, transition, string):
    T, path = np.vstack([transition, initial]), [-1, *string, -1]
    steps, times = np.unique(np.stack([path[:-1], path[1:]]), axis=1, return_counts=True)
    return np.float32(0) + np.sum(times * np.log(T[steps[0], steps[1]]))
""",
        },
        wrong={
            "no end": (
                """
def string_log_prob(initial, transition, string):
    row, total = initial, 0.0
    for token in string:
        total += np.log(row[token])
        row = transition[token]
    return total
""",
                1.5,
                "the factor for EOS after the last token is missing",
            ),
            "logarithm of the product": (
                """
def string_log_prob(initial, transition, string):
    p, row = 1.0, initial
    for token in string:
        p *= row[token]
        row = transition[token]
    return np.log(p * row[-1])
""",
                2.5,
                "became 0.0 before its logarithm",
            ),
            "bits": (
                """
def string_log_prob(initial, transition, string):
    table = np.vstack([transition, initial])
    path = [-1, *string, table.shape[1] - 1]
    return np.log2(table[path[:-1], path[1:]]).sum()
""",
                1.5,
                "in bits",
            ),
            "the first token is free": (
                """
def string_log_prob(initial, transition, string):
    if len(string) == 0:
        return np.log(initial[-1])
    path = [*string, len(initial) - 1]
    return np.log(np.asarray(transition)[path[:-1], path[1:]]).sum()
""",
                1.5,
                "The first token has a probability too",
            ),
            "an epsilon against log 0": (
                """
def string_log_prob(initial, transition, string):
    table = np.vstack([transition, initial])
    path = [-1, *string, table.shape[1] - 1]
    return np.log(table[path[:-1], path[1:]] + 1e-12).sum()
""",
                2.5,
                "impossible strings",
            ),
            "fails on the empty string": (
                """
def string_log_prob(initial, transition, string):
    table = np.asarray(transition)
    total = np.log(initial[string[0]])
    for before, token in zip(string, string[1:]):
        total += np.log(table[before, token])
    return total + np.log(table[string[-1], -1])
""",
                2,
                "one factor, the EOS entry of `initial`",
            ),
            "the end from `initial`": (
                """
def string_log_prob(initial, transition, string):
    path = list(string)
    if not path:
        return np.log(initial[-1])
    total = np.log(initial[path[0]]) + np.log(initial[-1])
    for a, b in zip(path, path[1:]):
        total += np.log(transition[a][b])
    return total
""",
                1.5,
                "The last factor is EOS after the last token",
            ),
            "columns for rows": (
                """
def string_log_prob(initial, transition, string):
    T, total, before = np.array(transition), 0.0, None
    for token in string:
        total += np.log(initial[token] if before is None else T[token, before])
        before = token
    return total + np.log(initial[-1] if before is None else T[before, -1])
""",
                1.5,
                "by columns",
            ),
        },
    ),
    "p2": Problem(
        points=4,
        right={
            "matrix powers": (
                """
def length_probs(initial, transition, max_len):
    pi, Q, r = np.array(initial)[:-1], np.array(transition)[:, :-1], np.array(transition)[:, -1]
    found, power = [initial[-1]], np.eye(len(Q))
    for n in range(1, max_len + 1):
        found.append((pi @ power @ r).item())
        power = power @ Q
    return found
"""
            ),
            "EOS as a state that absorbs": (
                """
def length_probs(initial, transition, max_len):
    n = len(transition)
    full = np.vstack([transition, np.eye(n + 1)[n]])
    now, ended = np.array(initial, dtype=float), []
    for _ in range(max_len + 1):
        ended.append(now[n])
        now = now @ full
    return np.diff(ended, prepend=0)
"""
            ),
            "backwards from the end": """
def length_probs(initial, transition, max_len):
    start, table = np.array(initial), np.array(transition)
    ends, out = table[:, -1].copy(), [start[-1]]
    for _ in range(max_len):
        out.append(start[:-1].dot(ends))
        ends = table[:, :-1].dot(ends)
    return tuple(out)
""",
            "a list of Python floats": """
def length_probs(initial, transition, max_len):
    *now, ended = (float(p) for p in initial)
    out = [ended]
    while len(out) <= max_len:
        out.append(sum(p * row[-1] for p, row in zip(now, transition)))
        now = [sum(p * row[v] for p, row in zip(now, transition)) for v in range(len(now))]
    return out
""",
        },
        wrong={
            "EOS counted as a token": (
                """
def length_probs(initial, transition, max_len):
    alive, found = np.array(initial)[:-1], [0.0, initial[-1]]
    for _ in range(max_len):
        found.append(alive @ np.array(transition)[:, -1])
        alive = alive @ np.array(transition)[:, :-1]
    return np.array(found[:max_len + 1])
""",
                2,
                "You count EOS as a token",
            ),
            "mass that is still going": (
                """
def length_probs(initial, transition, max_len):
    alive, found = np.array(initial)[:-1], [1.0]
    for _ in range(max_len):
        found.append(alive.sum())
        alive = alive @ np.array(transition)[:, :-1]
    return np.array(found)
""",
                2,
                "multiply by r",
            ),
            "the empty string forgotten": (
                """
def length_probs(initial, transition, max_len):
    alive, found = np.array(initial)[:-1], [0.0]
    for _ in range(max_len):
        found.append(alive @ np.array(transition)[:, -1])
        alive = alive @ np.array(transition)[:, :-1]
    return np.array(found)
""",
                2,
                "Entry 0 must be the probability of the empty string",
            ),
            "cumulative": (
                """
def length_probs(initial, transition, max_len):
    alive, found = np.array(initial)[:-1], [initial[-1]]
    for _ in range(max_len):
        found.append(alive @ np.array(transition)[:, -1])
        alive = alive @ np.array(transition)[:, :-1]
    return np.cumsum(found)
""",
                2,
                "take differences",
            ),
            "divided by the sum": (
                """
def length_probs(initial, transition, max_len):
    alive, found = np.array(initial)[:-1], [initial[-1]]
    for _ in range(max_len):
        found.append(alive @ np.array(transition)[:, -1])
        alive = alive @ np.array(transition)[:, :-1]
    return np.array(found) / sum(found)
""",
                2,
                "What is missing to 1 belongs to longer strings",
            ),
            "a uniform start": (
                """
def length_probs(initial, transition, max_len):
    n = len(transition)
    alive, found = np.full(n, (1 - initial[-1]) / n), [initial[-1]]
    for _ in range(max_len):
        found.append(alive @ np.array(transition)[:, -1])
        alive = alive @ np.array(transition)[:, :-1]
    return np.array(found)
""",
                2,
                "You start from a uniform first token",
            ),
            "more than n": (
                """
def length_probs(initial, transition, max_len):
    i, t = np.array(initial), np.array(transition)
    alive, out = i[:-1], [1 - i[-1]]
    for _ in range(max_len):
        out.append(out[-1] - alive @ t[:, -1])
        alive = alive @ t[:, :-1]
    return out
""",
                2,
                "of *more* than n tokens",
            ),
            "Q the wrong way round": (
                """
def length_probs(initial, transition, max_len):
    i, t = np.array(initial), np.array(transition)
    alive, out = i[:-1], [i[-1]]
    for _ in range(max_len):
        out.append(alive @ t[:, -1])
        alive = t[:, :-1] @ alive
    return out
""",
                2,
                "You multiply Q from the wrong side",
            ),
        },
    ),
    "p3": Problem(
        points=3,
        right={
            "a Counter": (
                """
from collections import Counter

def next_words(pair_counts, word, k):
    after = Counter({v: c for (u, v), c in sorted(pair_counts.items()) if u == word})
    if not after:
        raise ValueError(word)
    return [(v, c / after.total()) for v, c in after.most_common(k)]
"""
            ),
            "arrays": (
                """
def next_words(pair_counts, word, k):
    names = np.array(sorted(v for u, v in pair_counts if u == word))
    if names.size == 0:
        raise ValueError("unknown")
    p = np.array([pair_counts[word, v] for v in names], dtype=float)
    p /= p.sum()
    best = np.argsort(-p, kind="stable")[:k]
    return [[names[i], p[i]] for i in best]
"""
            ),
            "heapq": """
def next_words(pair_counts, word, k):
    import heapq
    mine = [(-count, pair[1]) for pair, count in pair_counts.items() if pair[0] == word]
    if len(mine) == 0:
        raise ValueError(word)
    total = -sum(count for count, _ in mine)
    return [[second, -count / total] for count, second in heapq.nsmallest(k, mine)]
""",
            "sorted twice, with Fraction": """
def next_words(pair_counts, word, k):
    from fractions import Fraction
    mine = {v: pair_counts[u, v] for u, v in sorted(pair_counts) if u == word}
    if not mine:
        raise ValueError("never first")
    best = sorted(mine, key=mine.get, reverse=True)
    return tuple((v, Fraction(int(mine[v]), int(sum(mine.values())))) for v in best[:k])
""",
        },
        wrong={
            "the joint probability": (
                """
def next_words(pair_counts, word, k):
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    if not after:
        raise ValueError(word)
    total = sum(pair_counts.values())
    return [(v, after[v] / total) for v in sorted(after, key=lambda v: (-after[v], v))[:k]]
""",
                1.5,
                "how often *both* words occur",
            ),
            "normalised over the listed words": (
                """
def next_words(pair_counts, word, k):
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    if not after:
        raise ValueError(word)
    best = sorted(after, key=lambda v: (-after[v], v))[:k]
    return [(v, after[v] / sum(after[w] for w in best)) for v in best]
""",
                1.5,
                "the k listed words only",
            ),
            "ranked by the second word's own frequency": (
                """
def next_words(pair_counts, word, k):
    common = {}
    for (u, v), c in pair_counts.items():
        common[v] = common.get(v, 0) + c
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    if not after:
        raise ValueError(word)
    best = sorted(after, key=lambda v: (-common[v], v))[:k]
    return [(v, after[v] / sum(after.values())) for v in best]
""",
                1.5,
                "random tables: words",
            ),
            "what came before": (
                """
def next_words(pair_counts, word, k):
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    if not after:
        raise ValueError(word)
    best = sorted(after, key=lambda v: (-after[v], v))[:k]
    return [(v, after[v] / sum(c for (_, w), c in pair_counts.items() if w == v)) for v in best]
""",
                1.5,
                "that answers what came before",
            ),
            "ties as they come, unknown words empty": (
                """
def next_words(pair_counts, word, k):
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    total = sum(after.values())
    best = sorted(after, key=lambda v: after[v], reverse=True)[:k]
    return [(v, after[v] / total) for v in best]
""",
                1.5,
                "raise ValueError for it",
            ),
            "counts": (
                """
def next_words(pair_counts, word, k):
    after = {v: c for (u, v), c in pair_counts.items() if u == word}
    if not after:
        raise ValueError(word)
    return sorted(after.items(), key=lambda item: (-item[1], item[0]))[:k]
""",
                1.5,
                "You return counts",
            ),
            "ties backwards": (
                """
def next_words(pair_counts, word, k):
    counts = {v: n for (u, v), n in pair_counts.items() if u == word}
    if not counts:
        raise ValueError
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda pair: (pair[1], pair[0]), reverse=True)
    return [(v, n / total) for v, n in ranked[:k]]
""",
                2.5,
                "yours stand in reverse",
            ),
            "rarest first": (
                """
def next_words(pair_counts, word, k):
    counts = {v: n for (u, v), n in pair_counts.items() if u == word}
    if not counts:
        raise ValueError
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda pair: (pair[1], pair[0]))
    return [(v, n / total) for v, n in ranked[:k]]
""",
                1.5,
                "You list the rarest words first",
            ),
        },
    ),
    "p4": Problem(
        points=4,
        right={
            "squaring the chain": (
                """
def finite_mass(initial, transition):
    n = len(transition)
    full = np.vstack([transition, np.eye(n + 1)[n]])
    for _ in range(32):
        full = full @ full
        full = full / full.sum(axis=1, keepdims=True)
    return float((np.asarray(initial) @ full)[n])
"""
            ),
            "dead tokens found by marking": (
                """
def finite_mass(initial, transition):
    n = len(transition)
    alive = {n}
    while True:
        more = {u for u in range(n) if any(transition[u][v] > 0 for v in alive)} | alive
        if more == alive:
            break
        alive = more
    keep = sorted(alive - {n})
    if not keep:
        return initial[n]
    table = np.array(transition)
    chance = np.linalg.inv(np.eye(len(keep)) - table[keep][:, keep]) @ table[keep, n]
    return initial[n] + sum(initial[u] * x for u, x in zip(keep, chance))
"""
            ),
            "states eliminated one by one": """
def finite_mass(initial, transition):
    P = np.vstack([transition, initial]).astype(float)
    for k in range(len(transition)):
        out = 1 - P[k, k]
        if out > 0:
            row = P[k] / out
            row[k] = 0.0
            P = P + np.outer(P[:, k], row)
        P[:, k] = 0.0
    return P[-1, -1]
""",
            "sets of tokens, then least squares": """
def finite_mass(initial, transition):
    T = np.asarray(transition)
    good = {u for u in range(len(T)) if T[u, -1] > 0}
    while more := {u for u in range(len(T)) if u not in good and any(T[u, v] > 0 for v in good)}:
        good |= more
    if not good:
        return initial[-1]
    g = sorted(good)
    A, b = np.eye(len(g)) - T[g][:, g], T[g, -1]
    return initial[-1] + np.asarray(initial)[g] @ np.linalg.lstsq(A, b, rcond=None)[0]
""",
        },
        wrong={
            "always one": (
                """
def finite_mass(initial, transition):
    return 1.0
""",
                2,
                "You say 1 whatever the source",
            ),
            "the inverse as it stands": (
                """
def finite_mass(initial, transition):
    table = np.array(transition)
    Q, r = table[:, :-1], table[:, -1]
    return initial[-1] + np.array(initial)[:-1] @ np.linalg.inv(np.eye(len(Q)) - Q) @ r
""",
                1,
                "raised LinAlgError",
                "the formula that the problem is there to replace",
            ),
            "a thousand draws": (
                """
def finite_mass(initial, transition):
    table = np.array(transition)
    alive, total = np.array(initial)[:-1], initial[-1]
    for _ in range(1000):
        total += alive @ table[:, -1]
        alive = alive @ table[:, :-1]
    return total
""",
                3,
                "You stop after 1,000 draws",
            ),
            "stops when little is added": (
                """
def finite_mass(initial, transition):
    table = np.array(transition)
    alive, total = np.array(initial)[:-1], initial[-1]
    for _ in range(10**6):
        more = alive @ table[:, -1]
        if more < 1e-9:
            break
        total += more
        alive = alive @ table[:, :-1]
    return total
""",
                3,
                "slow endings",
            ),
            "least squares": (
                """
def finite_mass(initial, transition):
    table = np.array(transition)
    Q, r = table[:, :-1], table[:, -1]
    return initial[-1] + np.array(initial)[:-1] @ np.linalg.lstsq(np.eye(len(Q)) - Q, r, rcond=None)[0]
""",
                2,
                "least squares takes the shortest",
            ),
            "one token": (
                """
def finite_mass(initial, transition):
    return initial[-1] + np.array(initial)[:-1] @ np.array(transition)[:, -1]
""",
                2,
                "at most one token",
            ),
            "what ends or repeats itself": (
                """
def finite_mass(initial, transition):
    T, i = np.array(transition), np.array(initial)
    alone = np.array([T[u, u] == 1 for u in range(len(T))])
    keep = ~alone
    Q, r = T[:, :-1][np.ix_(keep, keep)], T[keep, -1]
    chance = np.linalg.pinv(np.eye(len(Q)) - Q) @ r
    return i[-1] + i[:-1][keep] @ chance
""",
                3,
                "least squares takes the shortest",
            ),
            "a token that can end will": (
                """
def finite_mass(initial, transition):
    T, i = np.array(transition), np.array(initial)
    ok = T[:, -1] > 0
    for _ in range(len(T)):
        ok |= (T[:, :-1][:, ok] > 0).any(axis=1)
    return i[-1] + i[:-1][ok].sum()
""",
                2,
                "only a share of its mass does",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "in loops": (
                """
def left_to_right(joint):
    a, b, c = joint.shape
    first, second, third = np.zeros(a), np.full((a, b), 1 / b), np.full((a, b, c), 1 / c)
    for i in range(a):
        first[i] = joint[i].sum()
        for j in range(b):
            if first[i] > 0:
                second[i, j] = joint[i, j].sum() / first[i]
            for k in range(c):
                if joint[i, j].sum() > 0:
                    third[i, j, k] = joint[i, j, k] / joint[i, j].sum()
    return first, second, third
"""
            ),
            "all on the first token where the history is impossible": (
                """
def left_to_right(joint):
    def rows(table):
        table = np.array(table)
        empty = table.sum(axis=-1) == 0
        table[..., 0][empty] = 1.0
        return table / table.sum(axis=-1)[..., None]
    return [rows(np.einsum("ijk->i", joint)), rows(np.einsum("ijk->ij", joint)), rows(joint)]
"""
            ),
            "einsum, in float32": """
def left_to_right(joint):
    P = np.asarray(joint, dtype=np.float32)
    pair, one = np.einsum("ijk->ij", P), np.einsum("ijk->i", P)
    def over(a, b):
        b = b[..., None]
        return np.where(b > 0, a / np.where(b > 0, b, 1), np.float32(1) / a.shape[-1])
    return [one, over(pair, one), over(P, pair)]
""",
            "masked arrays": """
def left_to_right(joint):
    P = np.ma.masked_equal(np.array(joint), 0)
    parts = [P.sum(axis=(-1, -2)), P.sum(axis=-1), P]
    found = []
    for part in parts:
        share = (part / part.sum(axis=-1, keepdims=True)).filled(0)
        empty = share.sum(axis=-1) == 0
        share[empty, -1] = 1
        found.append(share)
    return found
""",
        },
        wrong={
            "marginals": (
                """
def left_to_right(joint):
    a, b, c = joint.shape
    return (joint.sum(axis=(1, 2)), np.tile(joint.sum(axis=(0, 2)), (a, 1)), np.tile(joint.sum(axis=(0, 1)), (a, b, 1)))
""",
                1.5,
                "its condition is missing",
            ),
            "one token back": (
                """
def left_to_right(joint):
    first, pair, last = joint.sum(axis=(1, 2)), joint.sum(axis=2), joint.sum(axis=0)
    last = last / last.sum(axis=-1, keepdims=True)
    pair = pair / np.maximum(pair.sum(axis=-1, keepdims=True), 1e-300)
    return first, pair, np.tile(last, (len(first), 1, 1))
""",
                1.5,
                "on the second only",
            ),
            "not divided": (
                """
def left_to_right(joint):
    return joint.sum(axis=(1, 2)), joint.sum(axis=2), joint
""",
                1.5,
                "divide by the probability of the history",
            ),
            "0/0": (
                """
def left_to_right(joint):
    first, pair = joint.sum(axis=(1, 2)), joint.sum(axis=2)
    return first, pair / first[:, None], joint / pair[:, :, None]
""",
                2,
                "gives 0/0",
            ),
            "columns normalised": (
                """
def left_to_right(joint):
    pair = joint.sum(axis=2)
    return joint.sum(axis=(1, 2)), pair / pair.sum(axis=0), joint / joint.sum(axis=(0, 1))
""",
                1.5,
                "over the history, not over the next token",
            ),
            "divided by the first token only": (
                """
def left_to_right(joint):
    first = joint.sum(axis=(1, 2))
    first = np.where(first == 0, 1, first)
    return joint.sum(axis=(1, 2)), joint.sum(axis=2) / first[:, None], joint / first[:, None, None]
""",
                1.5,
                "the history of the third token is both before it",
            ),
            "first and third exchanged": (
                """
def left_to_right(joint):
    P = np.asarray(joint).T
    a, b = P.sum(axis=(1, 2)), P.sum(axis=2)
    with np.errstate(all="ignore"):
        return a, np.nan_to_num(b / a[:, None], nan=0.5), np.nan_to_num(P / b[..., None], nan=0.5)
""",
                1.5,
                "the other way round",
            ),
            "zero rows left empty": (
                """
def left_to_right(joint):
    P = np.asarray(joint)
    a, b = P.sum(axis=(1, 2)), P.sum(axis=2)
    return a, np.nan_to_num(b / a[:, None]), np.nan_to_num(P / b[..., None])
""",
                2.5,
                "put any distribution there",
            ),
        },
    ),
}

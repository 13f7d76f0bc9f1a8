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
            "entries of the tables as the text writes them": """
def string_log_prob(initial, transition, string):
    N = len(initial) - 1
    if len(string) == 0:
        return np.log(initial[N])
    out = np.log(initial[string[0]])
    for u, v in zip(string[:-1], string[1:]):
        out += np.log(transition[u, v])
    return out + np.log(transition[string[-1], N])
""",
            "logarithms of `initial` in its own place": """
def string_log_prob(initial, transition, string):
    for i, x in enumerate(initial):
        initial[i] = np.log(x)
    N = len(initial) - 1
    if not len(string): return initial[N]
    out = initial[string[0]]
    prev = string[0]
    for t in string[1:]:
        out += np.log(transition[prev][t]); prev = t
    return out + np.log(transition[prev][N])
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
            "logarithms of base 10": (
                """
def string_log_prob(initial, transition, string):
    initial, transition = np.asarray(initial), np.asarray(transition)
    s = np.append(np.asarray(string, dtype=int), len(initial) - 1)
    with np.errstate(divide="ignore"):
        return np.log10(initial[s[0]]) + np.log10(transition[s[:-1], s[1:]]).sum()
""",
                1.5,
                "These are logarithms of base 10",
            ),
            "a loss": (
                """
def string_log_prob(initial, transition, string):
    import math
    row = initial
    total = 0.0
    for t in list(string) + [len(initial) - 1]:
        p = row[t]
        if p == 0:
            return -math.inf
        total += math.log(p)
        row = transition[t] if t < len(transition) else None
    return -total
""",
                1.5,
                "The sign is turned",
            ),
            "the mean over the draws": (
                """
def string_log_prob(initial, transition, string):
    initial, transition = np.asarray(initial), np.asarray(transition)
    s = np.append(np.asarray(string, dtype=int), len(initial) - 1)
    with np.errstate(divide="ignore"):
        return (np.log(initial[s[0]]) + np.log(transition[s[:-1], s[1:]]).sum()) / len(s)
""",
                1.5,
                "You return the mean over the draws",
            ),
            "each token from `initial`": (
                """
def string_log_prob(initial, transition, string):
    return sum(np.log(initial[t]) for t in string) + np.log(initial[-1])
""",
                1.5,
                "You draw each token from `initial`",
            ),
            "one number in an array": (
                """
def string_log_prob(initial, transition, string):
    A = np.log(np.vstack([transition, initial]))
    s = [-1, *string, -1]
    return np.array([np.sum([A[a, b] for a, b in zip(s, s[1:])])])
""",
                1.5,
                "You return a list or an array of one number",
            ),
            "a recursion over the tokens": (
                """
def string_log_prob(initial, transition, string):
    def rest(row, s):
        if len(s) == 0:
            return np.log(row[-1])
        return np.log(row[s[0]]) + rest(transition[s[0]], s[1:])
    return rest(initial, string)
""",
                2.5,
                "raised RecursionError",
            ),
            "impossible factors left out": (
                """
def string_log_prob(initial, transition, string):
    import math
    row = initial
    total = 0.0
    for t in list(string) + [len(initial) - 1]:
        p = row[t]
        if p == 0:
            continue
        total += math.log(p)
        row = transition[t] if t < len(transition) else None
    return total
""",
                2.5,
                "impossible strings: has other values",
            ),
            "nan for impossible": (
                """
def string_log_prob(initial, transition, string):
    import math
    row = initial
    total = 0.0
    for t in list(string) + [len(initial) - 1]:
        p = row[t]
        if p == 0:
            return math.nan
        total += math.log(p)
        row = transition[t] if t < len(transition) else None
    return total
""",
                2.5,
                "holds NaN",
            ),
            "math.log of 0": (
                """
def string_log_prob(initial, transition, string):
    import math
    row = initial
    total = 0.0
    for t in list(string) + [len(initial) - 1]:
        p = row[t]
        pass
        total += math.log(p)
        row = transition[t] if t < len(transition) else None
    return total
""",
                2.5,
                "impossible strings: raised ValueError",
            ),
            "certain to be empty": (
                """
def string_log_prob(initial, transition, string):
    if len(string) == 0:
        return 0.0
    initial, transition = np.asarray(initial), np.asarray(transition)
    s = np.append(np.asarray(string, dtype=int), len(initial) - 1)
    with np.errstate(divide="ignore"):
        return np.log(initial[s[0]]) + np.log(transition[s[:-1], s[1:]]).sum()
""",
                2,
                "the empty string: has other values",
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
            "matrix powers, one for each length": """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len + 1)])
""",
            "in loops": """
def length_probs(initial, transition, max_len):
    N = len(initial) - 1
    alive = list(initial[:N]); out = [initial[N]]
    for _ in range(max_len):
        out.append(sum(alive[u] * transition[u][N] for u in range(N)))
        alive = [sum(alive[u] * transition[u][v] for u in range(N)) for v in range(N)]
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
            "one factor too many": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [pi @ np.linalg.matrix_power(Q, n) @ r for n in range(1, max_len + 1)])
""",
                2,
                "One factor Q too many",
            ),
            "one length too few": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len)])
""",
                2,
                "You return max_len numbers",
            ),
            "one length too many": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len + 2)])
""",
                2,
                "You return max_len + 2 numbers",
            ),
            "entry 0 dropped": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len + 1)])
""",
                2,
                "The empty string is missing: entry 0",
            ),
            "logarithms": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.log([initial[-1]] + [pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len + 1)])
""",
                2,
                "You return logarithms",
            ),
            "a column": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[None, :-1], transition[:, :-1], transition[:, -1:]
    out = [initial[-1:]]
    for n in range(max_len):
        out.append((pi @ r)[0]); pi = pi @ Q
    return np.array(out)
""",
                2,
                "Each number stands in a list or an array of its own",
            ),
            "powers of the entries": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [pi @ (Q ** (n - 1)) @ r for n in range(1, max_len + 1)])
""",
                2,
                "Q ** n raises each entry to a power",
            ),
            "the end not drawn": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    return np.array([initial[-1]] + [(pi @ np.linalg.matrix_power(Q, n - 1)).sum() for n in range(1, max_len + 1)])
""",
                2,
                "multiply by r what is left after n tokens",
            ),
            "EOS as number 0": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[1:], transition[:, 1:], transition[:, 0]
    return np.array([initial[0]] + [pi @ np.linalg.matrix_power(Q, n - 1) @ r for n in range(1, max_len + 1)])
""",
                2,
                "You take EOS for number 0",
            ),
            "a hundred lengths": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    out = [initial[-1]]
    while len(out) < min(max_len, 100) + 1:
        out.append(pi @ r); r = Q @ r
    return out + [0.0] * (max_len + 1 - len(out))
""",
                3.5,
                "thousands of lengths",
            ),
            "an array of integers": (
                """
def length_probs(initial, transition, max_len):
    initial, transition = np.array(initial), np.array(transition)
    pi, Q, r = initial[:-1], transition[:, :-1], transition[:, -1]
    out = np.zeros(max_len + 1, dtype=int)
    out[0] = initial[-1]
    for n in range(1, max_len + 1):
        out[n] = pi @ r; pi = pi @ Q
    return out
""",
                2,
                "Entry 0 must be the probability",
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
            "pairs taken out of the dict, ties by min": """
def next_words(pair_counts, word, k):
    after = {}
    for a, b in list(pair_counts):
        if a == word: after[b] = pair_counts.pop((a, b))
    if not after: raise ValueError
    total = sum(after.values()); out = []
    while after and len(out) < k:
        best = min(w for w in after if after[w] == max(after.values()))
        out.append((best, after.pop(best) / total))
    return out
""",
            "lexsort": """
def next_words(pair_counts, word, k):
    w = np.array([b for a, b in pair_counts if a == word]); c = np.array([n for (a, _), n in pair_counts.items() if a == word])
    if len(w) == 0: raise ValueError("x")
    o = np.lexsort((w, -c))[:k]
    return list(zip(w[o], (c / c.sum())[o]))
""",
            "a subclass of ValueError": """
class Nothing(ValueError): pass
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise Nothing(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
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
            "in alphabetical order": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: x[0])[:k]]
""",
                1.5,
                "Your words are in alphabetical order only",
            ),
            "all words": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))]
""",
                1.5,
                "You return all words that follow",
            ),
            "one word too few": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k - 1]]
""",
                1.5,
                "You return k - 1 words",
            ),
            "per cent": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, 100 * c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                1.5,
                "You return per cent",
            ),
            "probability first": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(c / total, b) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                0.5,
                "A pair is (next word, probability)",
                "no word and no probability is where it was asked for",
            ),
            "the pair read backwards": (
                """
def next_words(pair_counts, word, k):
    after = {a: c for (a, b), c in pair_counts.items() if b == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                0,
                "You list what came *before* the word",
                "it answers another question, and refuses other words",
            ),
            "KeyError": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise KeyError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                2.5,
                "raised KeyError",
            ),
            "too few words refused": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    if len(after) < k:
        raise ValueError("too few")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                1.5,
                "random tables: words: raised ValueError",
            ),
            "filled up to k": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return ([(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]] + [("", 0.0)] * k)[:k]
""",
                2,
                "has shape (20,)",
            ),
            "words that begin alike": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a.startswith(word)}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, c / total) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                2.5,
                "English: probabilities",
            ),
            "rounded": (
                """
def next_words(pair_counts, word, k):
    after = {b: c for (a, b), c in pair_counts.items() if a == word}
    if not after:
        raise ValueError(f"no pair begins with {word!r}")
    total = sum(after.values())
    return [(b, round(c / total, 2)) for b, c in sorted(after.items(), key=lambda x: (-x[1], x[0]))[:k]]
""",
                2,
                "has other values",
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
            "all tokens, unreachable ones with chance 0": """
def finite_mass(initial, transition):
    N = len(initial) - 1
    good = [i for i in range(N) if transition[i][N] > 0]
    stack = list(good)
    while stack:
        v = stack.pop()
        for u in range(N):
            if u not in good and transition[u][v] > 0:
                good.append(u); stack.append(u)
    A = np.eye(N); b = np.zeros(N)
    for u in good:
        for v in range(N): A[u, v] -= transition[u][v]
        b[u] = transition[u][N]
    h = np.linalg.solve(A, b)
    return float(sum(initial[u] * h[u] for u in range(N)) + initial[N])
""",
            "the inverse of a little less": """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    Q, r = transition[:, :-1], transition[:, -1]
    return initial[-1] + initial[:-1] @ np.linalg.solve(np.eye(len(r)) * (1 + 1e-13) - Q, r)
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
            "only what ends at once can end": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 0
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return initial[N] + initial[:N] @ h
""",
                3.5,
                "You give up tokens that cannot end at once",
            ),
            "two steps from the end at most": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 0
    for _ in range(1):
        ends = ends | ((Q > 0) & ends).any(axis=1)
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return initial[N] + initial[:N] @ h
""",
                3.5,
                "EOS may be several tokens away",
            ),
            "one number in a table": (
                """
def finite_mass(initial, transition):
    T = np.vstack([transition, np.eye(len(initial))[-1]])
    for _ in range(60):
        T = T @ T
        T /= T.sum(axis=1, keepdims=True)
    return np.asarray(initial)[None] @ T[:, -1:]
""",
                2,
                "You return a table of one number",
            ),
            "small chances taken for none": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 1e-3
    for _ in range(N):
        ends = ends | ((Q > 0) & ends).any(axis=1)
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return initial[N] + initial[:N] @ h
""",
                3,
                "slow endings: has other values",
            ),
            "what never ends": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 0
    for _ in range(N):
        ends = ends | ((Q > 0) & ends).any(axis=1)
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return 1 - (initial[N] + initial[:N] @ h)
""",
                2,
                "The answer is taken for the chance *not* to end",
            ),
            "the empty string missing": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 0
    for _ in range(N):
        ends = ends | ((Q > 0) & ends).any(axis=1)
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return initial[:N] @ h
""",
                2,
                "The empty string is missing",
            ),
            "traps taken out and rows filled up": (
                """
def finite_mass(initial, transition):
    initial, transition = np.asarray(initial, float), np.asarray(transition, float)
    N = len(initial) - 1
    Q, r = transition[:, :N], transition[:, N]
    ends = r > 0
    for _ in range(N):
        ends = ends | ((Q > 0) & ends).any(axis=1)
    Q = Q.copy(); Q[:, ~ends] = 0; s = Q.sum(1) + r; s[s == 0] = 1; Q = Q / s[:, None]; r = r / s
    h = np.zeros(N)
    if ends.any():
        h[ends] = np.linalg.solve(np.eye(ends.sum()) - Q[np.ix_(ends, ends)], r[ends])
    return initial[N] + initial[:N] @ h
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
            "ones in impossible rows, in place": """
def left_to_right(joint):
    p12 = joint.sum(-1); p1 = p12.sum(-1)
    joint[p12 == 0] = 1
    joint /= joint.sum(-1, keepdims=True)
    second = p12.copy(); second[p1 == 0] = 1
    second /= second.sum(-1, keepdims=True)
    return p1, second, joint
""",
            "nested lists": """
def left_to_right(joint):
    a, b, c = np.shape(joint)
    first = [sum(joint[i][j][k] for j in range(b) for k in range(c)) for i in range(a)]
    second = [[sum(joint[i][j][k] for k in range(c)) / first[i] if first[i] else 1 / b for j in range(b)] for i in range(a)]
    third = []
    for i in range(a):
        third.append([])
        for j in range(b):
            s = sum(joint[i][j][k] for k in range(c))
            third[-1].append([joint[i][j][k] / s if s else float(k == 0) for k in range(c)])
    return [first, second, third]
""",
            "a vanishing constant": """
def left_to_right(joint):
    joint = np.asarray(joint) + 1e-300
    p12 = joint.sum(axis=2); p1 = p12.sum(axis=1)
    return p1, p12 / p1[:, None], joint / p12[..., None]
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
            "logarithms": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1 / joint.shape[1]
    third[p12 == 0] = 1 / joint.shape[2]
    return np.log(p1), np.log(second), np.log(third)
""",
                1.5,
                "You return logarithms",
            ),
            "rows and columns of the second exchanged": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1 / joint.shape[1]
    third[p12 == 0] = 1 / joint.shape[2]
    return p1, second.T, third
""",
                1,
                "yours stands at [j, i]",
                "rows do not sum to one, and there is no product",
            ),
            "a constant in the denominators": (
                """
def left_to_right(joint):
    p12 = joint.sum(2); p1 = p12.sum(1)
    return p1, p12 / (p1[:, None] + 1e-9), joint / (p12[:, :, None] + 1e-9)
""",
                2.5,
                "every row a distribution",
            ),
            "impossible rows of ones": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1
    third[p12 == 0] = 1
    return p1, second, third
""",
                2.5,
                "every row a distribution",
            ),
            "the last one first": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1 / joint.shape[1]
    third[p12 == 0] = 1 / joint.shape[2]
    return third, second, p1
""",
                1.5,
                "the third given both: has shape",
            ),
            "impossible histories dropped": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1 / joint.shape[1]
    third[p12 == 0] = 1 / joint.shape[2]
    return p1[p1 > 0], second[p1 > 0], third[p1 > 0]
""",
                2.5,
                "has shape (2, 4, 5)",
            ),
            "first token uniform": (
                """
def left_to_right(joint):
    joint = np.asarray(joint, float)
    p12 = joint.sum(axis=2)
    p1 = p12.sum(axis=1)
    second = p12 / np.where(p1 > 0, p1, 1)[:, None]
    third = joint / np.where(p12 > 0, p12, 1)[..., None]
    second[p1 == 0] = 1 / joint.shape[1]
    third[p12 == 0] = 1 / joint.shape[2]
    return np.full(len(p1), 1 / len(p1)), second, third
""",
                2.5,
                "the product: has other values",
            ),
        },
    ),
}

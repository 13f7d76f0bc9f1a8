"""Answers to assignment 2: autoregressive factorization."""

from graders import Problem

CHAIN = """
def chain_log_prob(first, second, third, sentence):
    a, b, c = (int(t) for t in sentence)
    p = np.array(first)[a] * np.array(second)[a, b] * np.array(third)[a, b, c]
    return np.log(p)
"""

LOST = """
def lost_by_independence(first, second, third):
    p = np.einsum("i,ij,ijk->ijk", first, second, third)
    q = np.einsum("i,j,k->ijk", p.sum((1, 2)), p.sum((0, 2)), p.sum((0, 1)))
    return np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p / q, 1)), 0))
"""

LAYOUT = """
def layout(texts, bos, eos):
    T = max(map(len, texts)) + 1
    inputs, targets = [], []
    for text in texts:
        gap = T - len(text) - 1
        targets.append(list(text) + [eos] + [-100] * gap)
        inputs.append([bos] + list(text) + [bos] * gap)
    return np.array(inputs), np.array(targets)
"""

LOSS = """
def total_loss(log_probs, targets):
    total = 0.0
    for rows, ids in zip(log_probs, targets):
        for row, t in zip(rows, ids):
            if t != -100:
                total -= row[t]
    return total
"""

WEIGHTS = """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        seen = [j for j in range(i + 1) if documents[j] == documents[i]]
        s = np.array([scores[i][j] for j in seen], dtype=float)
        e = np.exp(s - s.max())
        out[i, seen] = e / e.sum()
    return out
"""

LEAKS = """
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if not np.array_equal(before[t], after[t])]
"""

POSTERIOR = """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    w = np.exp(s - s.max())
    return w / w.sum()
"""

ZERO = """
def tokens_until_zero(log_probs, dtype):
    bits = {"float16": 25, "float32": 150, "float64": 1075}[dtype]
    total = 0.0
    for n, value in enumerate(log_probs, start=1):
        total += value
        if total < -bits * np.log(2):
            return n
    return None
"""

SCORE = """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        greedy = greedy and np.argmax(log_probs[t]) == tokens[t]
    return total, greedy
"""

TURN = """
def turning_point(n_prompt, answer_a, answer_b):
    a, b = len(answer_a), len(answer_b)
    A, B = np.sum(answer_a), np.sum(answer_b)
    total = (B * (n_prompt + a) - A * (n_prompt + b)) / (b - a)
    return total / n_prompt
"""

PROBLEMS = {
    "p1": Problem(
        points=4,
        right={
            "einsum": CHAIN + LOST,
            "plain loops": (
                """
import math

def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    total = 0.0
    for p in (first[a], second[a][b], third[a][b][c]):
        if p == 0:
            return -math.inf
        total += math.log(p)
    return total

def lost_by_independence(first, second, third):
    V = range(len(first))
    P = {(a, b, c): first[a] * second[a][b] * third[a][b][c] for a in V for b in V for c in V}
    m = [[sum(p for t, p in P.items() if t[i] == v) for v in V] for i in range(3)]
    return sum(p * math.log(p / (m[0][a] * m[1][b] * m[2][c])) for (a, b, c), p in P.items() if p > 0)
"""
            ),
            "entropies": CHAIN
            + """
def lost_by_independence(first, second, third):
    def H(p):
        p = p[p > 0]
        return -(p * np.log(p)).sum()
    p = np.asarray(first)[:, None, None] * np.asarray(second)[..., None] * np.asarray(third)
    return H(p.sum((1, 2))) + H(p.sum((0, 2))) + H(p.sum((0, 1))) - H(p.ravel())
""",
            "Fractions, then one logarithm": """
from fractions import Fraction
from math import log, inf

def chain_log_prob(first, second, third, sentence):
    i, j, k = map(int, sentence)
    p = Fraction(float(first[i])) * Fraction(float(second[i][j])) * Fraction(float(third[i][j][k]))
    return log(p) if p else -inf

def lost_by_independence(first, second, third):
    a, b, c = np.float32(first), np.float32(second), np.float32(third)
    joint = a[:, None, None].astype(float) * b[..., None] * c
    total = 0.0
    for place, p in np.ndenumerate(joint):
        if p:
            parts = (joint.take(v, axis=axis).sum() for axis, v in enumerate(place))
            total += p * (log(p) - sum(map(log, parts)))
    return total
""",
            "masked arrays": """
def chain_log_prob(first, second, third, sentence):
    row, total = (first, second, third), 0.0
    for i in range(3):
        table = np.asarray(row[i])[tuple(sentence[: i + 1])]
        total = total + np.log(table)
    return total

def lost_by_independence(first, second, third):
    f, s, t = map(np.asarray, (first, second, third))
    joint = np.ma.masked_equal(np.einsum("i,ij,ijk->ijk", f, s, t), 0)
    logs = np.ma.log(joint)
    for axis in range(3):
        others = tuple(x for x in range(3) if x != axis)
        logs = logs - np.ma.log(joint.sum(axis=others, keepdims=True))
    return (joint * logs).sum()
""",
            "the methods of arrays": """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = first[:, None, None] * second[:, :, None] * third
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
            "logarithms in the tables' own place": """
def chain_log_prob(first, second, third, sentence):
    first, second, third = map(np.asarray, (first, second, third))
    a, b, c = sentence
    for t in (first, second, third):
        np.log(t, out=t)
    return first[a] + second[a, b] + third[a, b, c]
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
            "four entropies": """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.einsum("a,ab,abc->abc", first, second, third)
    def H(p):
        p = p[p > 0]
        return -(p * np.log(p)).sum()
    return H(joint.sum((1, 2))) + H(joint.sum((0, 2))) + H(joint.sum((0, 1))) - H(joint)
""",
        },
        wrong={
            "the probability": (
                CHAIN.replace("return np.log(p)", "return p") + LOST,
                3,
                "take its logarithm",
            ),
            "bits": (
                CHAIN.replace("np.log(p)", "np.log2(p)") + LOST,
                3,
                "Your numbers are in bits",
            ),
            "columns for rows": (
                CHAIN.replace("[a, b]", "[b, a]").replace("[a, b, c]", "[b, a, c]") + LOST,
                3.5,
                "the row is the history",
            ),
            "the first token forgotten": (
                CHAIN.replace("np.array(third)[a, b, c]", "np.array(third)[:, b, c].mean()") + LOST,
                3.5,
                "Your third factor forgets the first token",
            ),
            "patched zero": (
                CHAIN.replace("np.log(p)", "np.log(p + 1e-12)") + LOST,
                3.5,
                "no small number instead",
            ),
            "marginals by plain means": (
                CHAIN
                + """
def lost_by_independence(first, second, third):
    first, second, third = map(np.asarray, (first, second, third))
    p = first[:, None, None] * second[:, :, None] * third
    q = first[:, None, None] * second.mean(axis=0)[:, None] * third.mean(axis=(0, 1))
    ok = p > 0
    return np.sum(p[ok] * np.log(p[ok] / q[ok]))
""",
                3,
                "Your marginals are plain means of the rows",
            ),
            "not weighted": (
                CHAIN
                + """
def lost_by_independence(first, second, third):
    p = np.einsum("i,ij,ijk->ijk", first, second, third)
    q = np.einsum("i,j,k->ijk", p.sum((1, 2)), p.sum((0, 2)), p.sum((0, 1)))
    return np.mean(np.log(p[p > 0] / q[p > 0]))
""",
                3.5,
                "The mean is not weighted",
            ),
            "the ratio turned round": (
                CHAIN + LOST.replace("p / q", "q / p"),
                3,
                "The sign is turned",
            ),
            "one token back": (
                CHAIN
                + """
def lost_by_independence(first, second, third):
    p = np.einsum("i,ij,ijk->ijk", first, second, third)
    pair = p.sum(axis=0) / p.sum(axis=(0, 2))[:, None]
    q = p.sum(axis=2)[..., None] * pair
    ok = p > 0
    return np.sum(p[ok] * np.log(p[ok] / q[ok]))
""",
                3,
                "a model that looks one token back",
            ),
            "0 log 0": (
                CHAIN
                + """
def lost_by_independence(first, second, third):
    p = np.einsum("i,ij,ijk->ijk", first, second, third)
    q = np.einsum("i,j,k->ijk", p.sum((1, 2)), p.sum((0, 2)), p.sum((0, 1)))
    return np.sum(p * np.log(p / q))
""",
                3.5,
                "holds NaN",
            ),
            "bits in both": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    return np.log2(first[a]) + np.log2(second[a][b]) + np.log2(third[a][b][c])

def lost_by_independence(first, second, third):
    f, s, t = map(np.asarray, (first, second, third))
    P = f[:, None, None] * s[:, :, None] * t
    Q = np.einsum("i,j,k->ijk", P.sum((1, 2)), P.sum((0, 2)), P.sum((0, 1)))
    return np.sum(P[P > 0] * np.log2(P[P > 0] / Q[P > 0]))
""",
                2,
                "Your numbers are in bits",
            ),
            "an epsilon inside the logarithm": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    return np.log(first[a] * second[a][b] * third[a][b][c] + 1e-12)

def lost_by_independence(first, second, third):
    f, s, t = map(np.asarray, (first, second, third))
    P = f[:, None, None] * s[:, :, None] * t
    Q = np.einsum("i,j,k->ijk", P.sum((1, 2)), P.sum((0, 2)), P.sum((0, 1)))
    return np.sum(P * np.log((P + 1e-12) / (Q + 1e-12)))
""",
                3.6,
                "no small number instead",
            ),
            "logarithms of base 10": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log10(first[a]) + np.log10(second[a][b]) + np.log10(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log10(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
                2,
                "These are logarithms of base 10",
            ),
            "one number in an array": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.array([np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
                2,
                "You return a list or an array of one number",
            ),
            "the mean over tokens": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total / 3
""",
                2,
                "You divide by the number of tokens",
            ),
            "the exponential of the mean": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return np.exp(total)
""",
                2,
                "You return the exponential of the mean",
            ),
            "None for impossible sentences": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    p = first[a] * second[a][b] * third[a][b][c]
    if p > 0:
        return np.log(p)
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
                3.5,
                "returned None",
            ),
            "the logarithm of 0 fails": (
                """
import math
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    return math.log(first[a] * second[a][b] * third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total
""",
                3.5,
                "math domain error",
            ),
            "one ratio per sentence": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    with np.errstate(all="ignore"):
        return np.nan_to_num(joint * np.log(joint / (p1[:, None, None] * p2[:, None] * p3)))
""",
                2,
                "has shape",
            ),
            "divided by the number of sentences": (
                """
def chain_log_prob(first, second, third, sentence):
    a, b, c = sentence
    with np.errstate(divide="ignore"):
        return np.log(first[a]) + np.log(second[a][b]) + np.log(third[a][b][c])
def lost_by_independence(first, second, third):
    joint = np.asarray(first)[:, None, None] * np.asarray(second)[:, :, None] * np.asarray(third)
    p1, p2, p3 = joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))
    total = 0.0
    for (i, j, k), p in np.ndenumerate(joint):
        if p > 0:
            total += p * np.log(p / (p1[i] * p2[j] * p3[k]))
    return total / joint.size
""",
                2,
                "mean loss of other sources: has other values",
            ),
        },
    ),
    "p2": Problem(
        points=3,
        right={
            "lists": LAYOUT + LOSS,
            "pad, then shift": (
                """
def layout(texts, bos, eos):
    T = max(len(t) for t in texts) + 1
    targets = np.array([[*t, eos] + [-100] * (T - 1 - len(t)) for t in texts])
    inputs = np.roll(targets, 1, axis=1)
    inputs[:, 0] = bos
    inputs[inputs == -100] = bos
    return [inputs.tolist(), targets.tolist()]

def total_loss(log_probs, targets):
    targets = np.array(targets)
    keep = targets != -100
    picked = np.take_along_axis(np.array(log_probs), np.where(keep, targets, 0)[..., None], axis=-1)[..., 0]
    return -np.where(keep, picked, 0).sum()
"""
            ),
            "zip_longest": """
from itertools import zip_longest

def layout(texts, bos, eos):
    targets = np.array(list(zip_longest(*([*t, eos] for t in texts), fillvalue=-100))).T
    inputs = np.array(list(zip_longest(*([bos, *t] for t in texts), fillvalue=eos))).T
    return inputs, targets

def total_loss(log_probs, targets):
    return -sum(float(row[t]) for rows, marks in zip(log_probs, targets) for row, t in zip(rows, marks) if t >= 0)
""",
            "take_along_axis and where": """
def layout(texts, bos, eos):
    n = max(map(len, texts), default=0) + 1
    targets = np.array([list(t) + [eos] + [-100] * (n - 1 - len(t)) for t in texts], dtype=np.int32)
    inputs = np.roll(targets, 1, axis=-1)
    inputs[:, 0] = bos
    inputs[inputs < 0] = bos
    return [inputs, targets]

def total_loss(log_probs, targets):
    z, t = np.asarray(log_probs), np.asarray(targets)
    ok = t != -100
    picked = np.take_along_axis(z, np.where(ok, t, 0)[..., None], axis=-1)[..., 0]
    return np.where(ok, -picked, 0).sum()
""",
            "entries of arrays as the text writes them": """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    B, T, V = log_probs.shape
    return -sum(log_probs[b, t, targets[b, t]] for b in range(B) for t in range(T) if targets[b, t] != -100)
""",
            "a mask over arrays": """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    keep = targets != -100
    return -log_probs[keep][np.arange(keep.sum()), targets[keep]].sum()
""",
            "eos as the input of padding": """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    inputs[targets == -100] = eos; return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
            "texts lengthened in place": """
def layout(texts, bos, eos):
    for t in texts: t.append(eos)
    width = max(map(len, texts))
    for t in texts: t.extend([-100] * (width - len(t)))
    targets = np.array(texts)
    inputs = np.hstack([np.full((len(texts), 1), bos), targets[:, :-1]])
    inputs[inputs == -100] = bos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
        },
        wrong={
            "nothing shifted": (
                LAYOUT.replace("[bos] + list(text) +", "list(text) + [eos] +") + LOSS,
                2,
                "each row is shown its answer",
            ),
            "shifted the other way": (
                """
def layout(texts, bos, eos):
    T = max(map(len, texts)) + 1
    targets = np.array([[*t, eos] + [-100] * (T - 1 - len(t)) for t in texts])
    inputs = np.full_like(targets, bos)
    inputs[:, :-1] = targets[:, 1:]
    inputs[inputs == -100] = bos
    return inputs, targets
"""
                + LOSS,
                2,
                "The shift goes the wrong way",
            ),
            "padding as input": (
                LAYOUT.replace("[bos] * gap", "[-100] * gap") + LOSS,
                2,
                "Padding became an input",
            ),
            "no end": (
                LAYOUT.replace(
                    "list(text) + [eos] + [-100] * gap", "list(text) + [-100] * (gap + 1)"
                )
                + LOSS,
                1.5,
                "EOS is not among your targets",
            ),
            "one column short": (
                """
def layout(texts, bos, eos):
    T = max(map(len, texts))
    targets = np.array([[*t] + [-100] * (T - len(t)) for t in texts])
    inputs = np.array([([bos] + list(t))[:max(len(t), 1)] + [bos] * (T - max(len(t), 1)) for t in texts])
    return inputs, targets
"""
                + LOSS,
                1.5,
                "EOS is not among your targets",
            ),
            "the mean": (
                LAYOUT
                + """
def total_loss(log_probs, targets):
    targets = np.array(targets)
    rows, places = np.nonzero(targets != -100)
    return -np.mean(np.array(log_probs)[rows, places, targets[rows, places]])
""",
                2.5,
                "You return the mean",
            ),
            "one loss per text": (
                LAYOUT
                + """
def total_loss(log_probs, targets):
    return [-sum(row[t] for row, t in zip(rows, ids) if t != -100) for rows, ids in zip(log_probs, targets)]
""",
                2.5,
                "the sum runs over the whole batch",
            ),
            "ignored targets as token 0": (
                LAYOUT
                + """
def total_loss(log_probs, targets):
    ids = np.maximum(targets, 0)
    return -np.take_along_axis(np.array(log_probs), ids[..., None], axis=-1).sum()
""",
                2.5,
                "counted as if they were token 0",
            ),
            "multiplied by the mask": (
                LAYOUT
                + """
def total_loss(log_probs, targets):
    targets = np.array(targets)
    picked = np.take_along_axis(np.array(log_probs), np.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    return -(picked * (targets != -100)).sum()
""",
                2.7,
                "garbage under ignored targets",
            ),
            "padded in front": (
                """
def layout(texts, bos, eos):
    n = max(map(len, texts)) + 1
    targets = np.array([[-100] * (n - 1 - len(t)) + list(t) + [eos] for t in texts])
    inputs = np.array([[bos] * (n - len(t)) + list(t) for t in texts])
    return inputs, targets

def total_loss(log_probs, targets):
    z, t = np.asarray(log_probs), np.asarray(targets)
    b, i = np.nonzero(t != -100)
    return -z[b, i, t[b, i]].sum()
""",
                1.7,
                "You pad in front",
            ),
            "probabilities summed": (
                """
def layout(texts, bos, eos):
    n = max(map(len, texts)) + 1
    targets = np.full((len(texts), n), -100)
    inputs = np.full((len(texts), n), bos)
    for b, t in enumerate(texts):
        targets[b, :len(t) + 1], inputs[b, 1:len(t) + 1] = [*t, eos], t
    return inputs, targets

def total_loss(log_probs, targets):
    z, t = np.asarray(log_probs), np.asarray(targets)
    b, i = np.nonzero(t != -100)
    return -np.exp(z[b, i, t[b, i]]).sum()
""",
                2,
                "You add probabilities",
            ),
            "targets first": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return targets, inputs
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
                1.5,
                "The pair is turned round",
            ),
            "bos among the targets": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 2
    rows = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        rows[b, :len(t) + 2] = [bos, *t, eos]
    return np.where(rows == -100, bos, rows), rows
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
                1.5,
                "BOS is no target",
            ),
            "eos in front": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), eos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
                1.5,
                "The first input of each row is BOS",
            ),
            "targets padded with -1": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -1)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
                1.7,
                "a ragged batch: has other values",
            ),
            "empty texts skipped": (
                """
def layout(texts, bos, eos):
    texts = [t for t in texts if len(t)] or [[]]
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss
""",
                2.7,
                "empty texts",
            ),
            "the mean over texts": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= log_probs[b, t, targets[b, t]]
    return loss / len(targets)
""",
                2.4,
                "losses of other batches",
            ),
            "a text's end ends the batch": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for rows, marks in zip(log_probs.reshape(-1, log_probs.shape[-1]), targets.ravel()):
        if marks == -100: break
        loss -= rows[marks]
    return loss
""",
                2.4,
                "losses of other batches",
            ),
            "-100 counted from behind, nansum": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    return -np.nansum(np.take_along_axis(log_probs, targets[..., None] % log_probs.shape[-1], 2))
""",
                2.4,
                "losses of other batches",
            ),
            "logarithm of logarithms": (
                """
def layout(texts, bos, eos):
    width = max(len(t) for t in texts) + 1
    inputs = np.full((len(texts), width), bos)
    targets = np.full((len(texts), width), -100)
    for b, t in enumerate(texts):
        n = len(t)
        inputs[b, 1:n + 1] = t
        targets[b, :n] = t
        targets[b, n] = eos
    return inputs, targets
def total_loss(log_probs, targets):
    log_probs, targets = np.asarray(log_probs), np.asarray(targets)
    loss = 0.0
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[b, t] != -100:
                loss -= np.log(log_probs[b, t, targets[b, t]])
    return loss
""",
                2,
                "holds NaN",
            ),
        },
    ),
    "p3": Problem(
        points=4,
        right={
            "row by row": WEIGHTS + LEAKS,
            "a large negative number after replacing": (
                """
def attention_weights(scores, documents):
    d = np.array(documents)
    i, j = np.indices((len(d), len(d)))
    ok = (j <= i) & (d[i] == d[j])
    z = np.array(scores, dtype=float)
    z[~ok] = -1e300
    z -= z.max(axis=-1, keepdims=True)
    w = np.exp(z)
    return (w / w.sum(axis=-1, keepdims=True)).tolist()

def leaking_rows(before, after, changed):
    moved = np.abs(np.array(before) - np.array(after)).max(axis=1) > 0
    return np.flatnonzero(moved[:changed + 1])
"""
            ),
            "blocks of each document": """
def attention_weights(scores, documents):
    scores, documents = np.array(scores, dtype=np.float64), list(documents)
    out = np.zeros_like(scores)
    for i, own in enumerate(documents):
        keys = [j for j in range(i + 1) if documents[j] == own]
        logs = scores[i, keys]
        out[i, keys] = np.exp(logs - np.logaddexp.reduce(logs))
    return out.tolist()

def leaking_rows(before, after, changed):
    return np.array([t for t, (a, b) in enumerate(zip(before, after)) if t <= changed and list(a) != list(b)], dtype=np.int64)
""",
            "masked arrays, rows from below": """
def attention_weights(scores, documents):
    d = np.asarray(documents)
    hidden = ~(np.tril(np.ones((len(d), len(d)), dtype=bool)) & np.equal.outer(d, d))
    s = np.ma.array(scores, mask=hidden, dtype=float)
    e = np.ma.exp(s - s.max(axis=-1)[:, None])
    return (e / e.sum(axis=-1)[:, None]).filled(0.0)

def leaking_rows(before, after, changed):
    found, t = set(), changed
    while t >= 0:
        if not np.array_equal(before[t], after[t]):
            found.add(t)
        t -= 1
    return sorted(found)
""",
            "differences": """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    d = np.abs(after - before).sum(axis=1)
    return [int(t) for t in np.nonzero(d)[0] if t <= changed]
""",
            "masked in place": """
def attention_weights(scores, documents):
    T = len(documents)
    scores[~(np.tri(T, dtype=bool) & (documents[:, None] == documents[None]))] = -np.inf
    scores -= scores.max(1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(1, keepdims=True)
    return scores
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
            "an array of rows, bytes": """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if before[t].tobytes() != after[t].tobytes()]
""",
        },
        wrong={
            "masked after the softmax": (
                """
def attention_weights(scores, documents):
    d = np.asarray(documents)
    s = np.asarray(scores, dtype=float)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) * (np.tri(len(d)) * (d[:, None] == d))
"""
                + LEAKS,
                2,
                "you masked after the softmax",
            ),
            "one step too wide": (
                WEIGHTS.replace("range(i + 1)", "range(min(i + 2, T))") + LEAKS,
                2.5,
                "one step too wide",
            ),
            "not itself": (
                """
def attention_weights(scores, documents):
    d = np.asarray(documents)
    s = np.where(np.tri(len(d), k=-1, dtype=bool) & (d[:, None] == d), scores, -np.inf)
    e = np.exp(s - np.where(np.isinf(s.max(axis=1)), 0, s.max(axis=1))[:, None])
    return e / e.sum(axis=1, keepdims=True)
"""
                + LEAKS,
                2,
                "The first position sees itself",
            ),
            "documents forgotten": (
                WEIGHTS.replace(" if documents[j] == documents[i]", "") + LEAKS,
                3,
                "Positions see the documents before their own",
            ),
            "future of the document": (
                WEIGHTS.replace("range(i + 1)", "range(T)") + LEAKS,
                2.5,
                "The future of the same document is visible",
            ),
            "no maximum subtracted": (
                WEIGHTS.replace("np.exp(s - s.max())", "np.exp(s)") + LEAKS,
                3.7,
                "subtract each row's maximum",
            ),
            "a constant added": (
                """
def attention_weights(scores, documents):
    d = np.asarray(documents)
    ok = np.tri(len(d), dtype=bool) & (d[:, None] == d)
    s = np.asarray(scores, dtype=float) + np.where(ok, 0, -np.inf)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
                + LEAKS,
                3.7,
                "replace masked scores, do not add",
            ),
            "a score of -10,000": (
                """
def attention_weights(scores, documents):
    d = np.asarray(documents)
    s = np.where(np.tri(len(d), dtype=bool) & (d[:, None] == d), scores, -1e4)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
                + LEAKS,
                3.7,
                "-10,000 is no mask",
            ),
            "a tolerance": (
                WEIGHTS
                + LEAKS.replace(
                    "np.array_equal(before[t], after[t])", "np.allclose(before[t], after[t])"
                ),
                3,
                "compare exactly",
            ),
            "its own row let off": (
                WEIGHTS + LEAKS.replace("range(changed + 1)", "range(changed)"),
                3.5,
                "You let the changed token's own row off",
            ),
            "all that moved": (
                WEIGHTS + LEAKS.replace("range(changed + 1)", "range(len(before))"),
                3,
                "Rows after the changed token may move",
            ),
            "the last document's start": (
                """
def attention_weights(scores, documents):
    s, d = np.array(scores, dtype=float), np.asarray(documents)
    out = np.zeros_like(s)
    for i in range(len(d)):
        start = i
        while start > 0 and d[start - 1] == d[i]:
            start -= 1
        row = s[i, start:i + 1]
        out[i, start:i + 1] = np.exp(row - row.max()) / np.exp(row - row.max()).sum()
    return out

def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if (before[t] != after[t]).any()]
""",
                3.8,
                "is still the same document",
            ),
            "the first row that leaks": (
                """
def attention_weights(scores, documents):
    s, d = np.asarray(scores, dtype=float), np.asarray(documents)
    s = np.where(np.tri(len(d), dtype=bool) & (d[:, None] == d), s, -np.inf)
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)

def leaking_rows(before, after, changed):
    for t in range(changed + 1):
        if (before[t] != after[t]).any():
            return [t]
    return []
""",
                3.5,
                "every row that has moved",
            ),
            "weights transposed": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out.T
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                2,
                "Your weights are transposed",
            ),
            "masked scores of 0": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    m = np.tri(T, dtype=bool) & (np.asarray(documents)[:, None] == np.asarray(documents)[None])
    s = np.where(m, scores, 0)
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                2,
                "A masked score of 0 is no mask",
            ),
            "logarithms of the weights": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return np.log(out)
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                2,
                "You return logarithms",
            ),
            "scores by columns": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[j][i] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                2.4,
                "yours are read by columns",
            ),
            "rows from 1": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t + 1 for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3,
                "Rows are numbered from 0",
            ),
            "the first entry only": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if before[t][0] != after[t][0]]
""",
                3.4,
                "You compare the first entry only",
            ),
            "all entries must move": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if all(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3,
                "You ask that all entries of a row move",
            ),
            "rows in falling order": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - z.max())
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed, -1, -1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3.4,
                "in falling order",
            ),
            "one maximum for all rows": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(z - np.nanmax(scores))
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3.4,
                "large scores",
            ),
            "scores times mask": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    m = np.tri(T) * (np.asarray(documents)[:, None] == np.asarray(documents)[None])
    s = scores * m
    e = np.exp(s - s.max(1, keepdims=True)) * m
    return e / e.sum(1, keepdims=True)
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3.4,
                "garbage under the mask",
            ),
            "exponents clipped": (
                """
def attention_weights(scores, documents):
    T = len(documents)
    out = np.zeros((T, T))
    for i in range(T):
        js = [j for j in range(i + 1) if documents[j] == documents[i]]
        z = np.array([scores[i][j] for j in js])
        e = np.exp(np.clip(z, -700, 700))
        out[i, js] = e / e.sum()
    return out
def leaking_rows(before, after, changed):
    return [t for t in range(changed + 1) if any(before[t][v] != after[t][v] for v in range(len(before[t])))]
""",
                3.7,
                "large scores",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "sums and a loop": POSTERIOR + ZERO,
            "pairwise": (
                """
def posterior(readings):
    totals = [float(np.asarray(r).sum()) for r in readings]
    best = max(totals)
    shares = [np.exp(t - best) for t in totals]
    return [s / sum(shares) for s in shares]

def tokens_until_zero(log_probs, dtype):
    smallest = np.log(np.float64(np.finfo(dtype).smallest_subnormal))
    gone = np.cumsum(log_probs) < smallest - np.log(2)
    return gone.argmax() + 1 if gone.any() else None
"""
            ),
            "fsum and a running sum": """
import math

def posterior(readings):
    sums = [math.fsum(r) for r in readings]
    log_total = np.logaddexp.reduce(sums)
    return [math.exp(s - log_total) if s > -math.inf else 0 for s in sums]

def tokens_until_zero(log_probs, dtype):
    bottom = {"float16": -25, "float32": -150, "float64": -1075}[str(dtype)]
    bits = 0.0
    for n, nats in enumerate(log_probs, start=1):
        bits += nats / math.log(2)
        if bits < bottom:
            return n
""",
            "binary search": """
def posterior(readings):
    sums = np.array([np.add.reduce(np.asarray(r, dtype=np.longdouble)) for r in readings])
    odds = np.exp(sums[:, None] - sums[sums > -np.inf][None, :].max())[:, 0]
    return (odds / odds.sum()).astype(float)

def tokens_until_zero(log_probs, dtype):
    import bisect
    total = list(-np.cumsum(np.array(log_probs, dtype=float)))
    info = np.finfo(dtype)
    limit = (1 - info.minexp + info.nmant) * np.log(2)
    n = bisect.bisect_right(total, limit)
    return n + 1 if n < len(total) else None
""",
            "logaddexp": """
def posterior(readings):
    s = [np.sum(r) for r in readings]
    return np.exp(s - np.logaddexp.reduce(s))
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
            "searchsorted": """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    bits = {"float16": 25, "float32": 150, "float64": 1075}[dtype]
    c = -np.cumsum(log_probs)
    n = np.searchsorted(c, bits * np.log(2), side="right")
    return None if n == len(c) else int(n + 1)
""",
            "readings taken out one by one": """
def posterior(readings):
    s = []
    while readings:
        s.insert(0, sum(readings.pop()))
    m = max(s)
    w = [np.exp(x - m) for x in s]
    return [x / sum(w) for x in w]
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
        },
        wrong={
            "each exponentiated": (
                """
def posterior(readings):
    p = np.array([np.exp(sum(r)) for r in readings])
    return p / p.sum()
"""
                + ZERO,
                2.3,
                "subtract before you exponentiate",
            ),
            "products": (
                """
def posterior(readings):
    p = np.array([np.prod(np.exp(r)) for r in readings])
    return p / p.sum()
"""
                + ZERO,
                2.3,
                "0/0",
            ),
            "means": (POSTERIOR.replace("sum(r)", "np.mean(r)") + ZERO, 1.8, "You compare means"),
            "losses": (
                POSTERIOR.replace("sum(r)", "-sum(r)") + ZERO,
                1.8,
                "a loss was exponentiated",
            ),
            "logarithms": (
                POSTERIOR.replace("return w / w.sum()", "return np.log(w / w.sum())") + ZERO,
                1.8,
                "You return log-probabilities",
            ),
            "no half": (
                POSTERIOR
                + ZERO.replace("25,", "24,").replace("150,", "149,").replace("1075", "1074"),
                2.6,
                "numbers down to half of it",
            ),
            "normal numbers": (
                POSTERIOR
                + """
def tokens_until_zero(log_probs, dtype):
    gone = np.cumsum(log_probs) < np.log(float(np.finfo(dtype).tiny))
    return int(gone.argmax()) + 1 if gone.any() else None
""",
                2.4,
                "below it lie the subnormal ones",
            ),
            "an index": (POSTERIOR + ZERO.replace("start=1", "start=0"), 2.4, "n counts tokens"),
            "halved in its own type": (
                POSTERIOR
                + """
def tokens_until_zero(log_probs, dtype):
    gone = np.cumsum(log_probs) < np.log(np.finfo(dtype).smallest_subnormal / np.dtype(dtype).type(2))
    return int(gone.argmax()) + 1 if gone.any() else None
""",
                2.4,
                "is 0 in `dtype` itself",
            ),
            "the mean subtracted": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    w = np.exp(s - s.mean())
    return w / w.sum()
"""
                + ZERO,
                2.8,
                "Subtract the *largest* sum",
            ),
            "multiplied": (
                POSTERIOR
                + """
def tokens_until_zero(log_probs, dtype):
    p = np.multiply.accumulate(np.exp(np.asarray(log_probs, dtype=float)).astype(dtype))
    return int((p == 0).argmax()) + 1 if (p == 0).any() else None
""",
                2.5,
                "each product is rounded again",
            ),
            "zero for never": (
                POSTERIOR + ZERO.replace("return None", "return 0"),
                2.8,
                "Return None",
            ),
            "the limit of normal numbers, and too late": (
                """
def posterior(readings):
    s = np.array([np.sum(r) for r in readings])
    w = np.exp(s - s.max())
    return w / w.sum()

def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).tiny))
    below = np.flatnonzero(np.cumsum(log_probs) < limit)
    return int(below[0]) + 1 if len(below) else None
""",
                2.4,
                "*normal* number",
            ),
            "posterior of the last token": (
                """
def posterior(readings):
    s = np.array([r[-1] for r in readings])
    w = np.exp(s - s.max())
    return w / w.sum()

def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    below = np.flatnonzero(np.cumsum(np.asarray(log_probs, dtype=float)) < limit)
    return int(below[0]) + 1 if len(below) else None
""",
                1.5,
                "You compare single tokens",
            ),
            "per cent": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return 100 * e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                1.5,
                "You return per cent",
            ),
            "the number of the best": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return np.argmax(s)
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                1.5,
                "You return the number of the likeliest reading",
            ),
            "not divided by the sum": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                1.5,
                "The shares are not divided by their sum",
            ),
            "all for the best": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return np.eye(len(s))[np.argmax(s)]
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                1.5,
                "The likeliest reading gets everything",
            ),
            "the first subtracted": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s[0])
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                2.75,
                "impossible readings",
            ),
            "sums clipped": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(np.maximum(s, -700))
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return None
""",
                2,
                "long readings",
            ),
            "-1 for never": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return -1
""",
                2.75,
                "Return None",
            ),
            "the length for never": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total += x
        if total < limit:
            return n
    return len(log_probs)
""",
                2.5,
                "products that last",
            ),
            "one token alone": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    total = 0.0
    for n, x in enumerate(log_probs, 1):
        total = x
        if total < limit:
            return n
    return None
""",
                2.25,
                "lengths at which products vanish",
            ),
            "sums in the type itself": (
                """
def posterior(readings):
    s = np.array([sum(r) for r in readings])
    e = np.exp(s - s.max())
    return e / e.sum()
def tokens_until_zero(log_probs, dtype):
    limit = np.log(float(np.finfo(dtype).smallest_subnormal)) - np.log(2)
    c = np.cumsum(np.asarray(log_probs, dtype=dtype))
    below = np.flatnonzero(c < limit)
    return int(below[0]) + 1 if len(below) else None
""",
                2.5,
                "lengths at which products vanish",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "loops": SCORE + TURN,
            "arrays": (
                """
def answer_score(log_probs, tokens, n_prompt):
    lp, ids = np.array(log_probs), np.array(tokens)
    each = np.take_along_axis(lp, ids[:, None], axis=1)[:, 0]
    return [each[n_prompt:].sum(), np.all(lp.argmax(1)[n_prompt:] == ids[n_prompt:])]

def turning_point(n_prompt, answer_a, answer_b):
    # w_a m + (1 - w_a) mean_a = w_b m + (1 - w_b) mean_b
    wa, wb = (n_prompt / (n_prompt + len(y)) for y in (answer_a, answer_b))
    return ((1 - wb) * np.mean(answer_b) - (1 - wa) * np.mean(answer_a)) / (wa - wb)
"""
            ),
            "a generator, and the tie by two points": """
def answer_score(log_probs, tokens, n_prompt):
    later = [(row, t) for row, t in list(zip(log_probs, tokens))[n_prompt:]]
    return sum((row[t] for row, t in later), 0.0), all(t == list(row).index(max(row)) for row, t in later)

def turning_point(n_prompt, answer_a, answer_b):
    n = n_prompt
    gap = lambda m: (n * m + sum(answer_a)) / (n + len(answer_a)) - (n * m + sum(answer_b)) / (n + len(answer_b))
    return gap(0) / (gap(0) - gap(1))
""",
            "exact fractions, negative indices": """
from fractions import Fraction

def answer_score(log_probs, tokens, n_prompt):
    left, z = len(tokens) - n_prompt, np.array(log_probs)
    rows, ids = z[-left:], np.array(tokens)[-left:]
    return [rows[range(left), ids].sum(), np.array_equal(rows.argmax(-1), ids)]

def turning_point(n_prompt, answer_a, answer_b):
    a, b = len(answer_a), len(answer_b)
    A, B = (sum(Fraction(x) for x in answer) for answer in (answer_a, answer_b))
    return Fraction(B * (n_prompt + a) - A * (n_prompt + b), n_prompt * (b - a))
""",
            "rows and ids by slices": """
def answer_score(log_probs, tokens, n_prompt):
    rows, ids = log_probs[n_prompt:], np.array(tokens[n_prompt:])
    return rows[np.arange(len(ids)), ids].sum(), (rows.argmax(axis=1) == ids).all()
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
            "two equations": """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    a, b, n = len(answer_a), len(answer_b), n_prompt
    M = np.array([[n, -(n + a)], [n, -(n + b)]], float)
    return np.linalg.solve(M, [-sum(answer_a), -sum(answer_b)])[0]
""",
            "tokens from the end": """
def answer_score(log_probs, tokens, n_prompt):
    tokens = list(tokens)
    total, greedy = 0, True
    while len(tokens) > n_prompt:
        v = tokens.pop()
        row = list(log_probs[len(tokens)])
        total += row[v]; greedy &= row.index(max(row)) == v
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
        },
        wrong={
            "prompt and answer": (
                SCORE.replace("range(n_prompt, len(tokens))", "range(len(tokens))") + TURN,
                2,
                "You score prompt and answer together",
            ),
            "the answer's mean": (
                SCORE.replace(
                    "return total, greedy", "return total / (len(tokens) - n_prompt), greedy"
                )
                + TURN,
                2.2,
                "You return the mean over the answer",
            ),
            "first token lost": (
                SCORE.replace("range(n_prompt,", "range(n_prompt + 1,") + TURN,
                2,
                "The answer's first token is missing",
            ),
            "rows shifted": (
                SCORE.replace("log_probs[t]", "log_probs[t - 1]") + TURN,
                1.8,
                "Your rows are one step off",
            ),
            "a loss": (SCORE.replace("total +=", "total -=") + TURN, 2, "The sign is turned"),
            "prompt must be greedy": (
                """
def answer_score(log_probs, tokens, n_prompt):
    lp, ids = np.array(log_probs), np.array(tokens)
    return lp[np.arange(len(ids)), ids][n_prompt:].sum(), (lp.argmax(1) == ids).all()
"""
                + TURN,
                2.6,
                "the prompt need not be likely",
            ),
            "ties count": (
                SCORE.replace(
                    "np.argmax(log_probs[t]) == tokens[t]",
                    "log_probs[t][tokens[t]] == max(log_probs[t])",
                )
                + TURN,
                2.8,
                "lowest id counts as greedy",
            ),
            "difference of sums": (
                """
def answer_score(log_probs, tokens, n_prompt):
    lp, ids = np.array(log_probs), np.array(tokens)
    each = lp[np.arange(len(ids)), ids]
    return each.sum() - each[:n_prompt].sum(), (lp.argmax(1) == ids)[n_prompt:].all()
"""
                + TURN,
                2.8,
                "-inf minus -inf is NaN",
            ),
            "turning point as a loss": (
                SCORE + TURN.replace("return total / n_prompt", "return -total / n_prompt"),
                2.2,
                "not the mean loss",
            ),
            "the prompt's total": (
                SCORE + TURN.replace("return total / n_prompt", "return total"),
                2.2,
                "divide by its number of tokens",
            ),
            "means for sums": (
                SCORE + TURN.replace("np.sum", "np.mean"),
                2.2,
                "where their sums belong",
            ),
            "quotient of the means": (
                """
def answer_score(log_probs, tokens, n_prompt):
    z = np.asarray(log_probs)
    t = np.asarray(tokens)
    ids = np.arange(len(t))
    lp = z[ids, t]
    return lp[n_prompt:].sum(), bool((z.argmax(1) == t)[n_prompt:].all())

def turning_point(n_prompt, answer_a, answer_b):
    return (np.mean(answer_b) - np.mean(answer_a)) / n_prompt
""",
                2.3,
                "You set something else equal",
            ),
            "greedy by the sum": (
                """
def answer_score(log_probs, tokens, n_prompt):
    z, t = np.asarray(log_probs), np.asarray(tokens)
    lp = z[np.arange(len(t)), t][n_prompt:].sum()
    return lp, bool(lp > np.log(0.5))

def turning_point(n_prompt, answer_a, answer_b):
    a, b, A, B = len(answer_a), len(answer_b), sum(answer_a), sum(answer_b)
    return (B * (n_prompt + a) - A * (n_prompt + b)) / (n_prompt * (b - a))
""",
                2.6,
                "the prompt need not be likely",
            ),
            "the pair turned round": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return greedy, total
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                1.5,
                "The pair is turned round",
            ),
            "the sum alone": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                0.9,
                "raised IndexError",
                "there is no pair, so neither of its values is found",
            ),
            "the prompt's score": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                1.5,
                "You score the prompt",
            ),
            "last token lost": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens) - 1):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                1.5,
                "The answer's last token is missing",
            ),
            "in bits": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total / np.log(2), greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                1.5,
                "Your numbers are in bits",
            ),
            "as a probability": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return np.exp(total), greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                1.5,
                "You return the probability",
            ),
            "the opposite of greedy": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, not greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                2.4,
                "Your answer is the opposite",
            ),
            "ties to the highest id": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if len(log_probs[t]) - 1 - np.argmax(log_probs[t][::-1]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                2.7,
                "greedy or not",
            ),
            "the last token decides": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
        else:
            greedy = True
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                2.7,
                "greedy or not",
            ),
            "how many are greedy": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, sum(int(np.argmax(log_probs[t]) == tokens[t]) for t in range(n_prompt, len(tokens)))
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + b) - B * (n + a)) / (n * (a - b))
""",
                2.4,
                "greedy or not",
            ),
            "always above 0": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return abs((A * (n + b) - B * (n + a)) / (n * (a - b)))
""",
                2.1,
                "turning points: has other values",
            ),
            "denominators exchanged": (
                """
def answer_score(log_probs, tokens, n_prompt):
    total, greedy = 0.0, True
    for t in range(n_prompt, len(tokens)):
        total += log_probs[t][tokens[t]]
        if np.argmax(log_probs[t]) != tokens[t]:
            greedy = False
    return total, greedy
def turning_point(n_prompt, answer_a, answer_b):
    A, B, a, b = sum(answer_a), sum(answer_b), len(answer_a), len(answer_b)
    n = n_prompt
    return (A * (n + a) - B * (n + b)) / (n * (a - b))
""",
                2.1,
                "turning points",
            ),
        },
    ),
}

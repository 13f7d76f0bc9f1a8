"""Answers to assignment 9: conditional generation and constraints."""

from graders import Problem

GAIN = """
def gain(with_prompt, baseline, tokens):
    return [(a[t] - b[t]) / np.log(2) for a, b, t in zip(with_prompt, baseline, tokens)]
"""

MEAN = """
def mean_gain(joint):
    joint = np.array(joint)
    px, py = joint.sum(1), joint.sum(0)
    total = 0.0
    for x in range(len(px)):
        for y in range(len(py)):
            if joint[x, y] > 0:
                total += joint[x, y] * np.log2(joint[x, y] / px[x] / py[y])
    return total
"""

MIX = """
def mixture_rows(log_weights, rows, tokens):
    w, out = np.array(log_weights, dtype=float), []
    for t in range(len(tokens)):
        w = w - np.logaddexp.reduce(w)
        out.append(np.logaddexp.reduce(w[:, None] + rows[:, t], axis=0))
        w = w + rows[:, t, tokens[t]]
    return np.array(out)
"""

GUIDED = """
def guided(conditional, unconditional, gamma):
    z = gamma * conditional + (1 - gamma) * unconditional
    z[np.isneginf(conditional) | np.isneginf(unconditional)] = -np.inf
    e = np.exp(z - z.max())
    return e / e.sum()
"""

LIFT = """
def lift(table, columns, texts):
    def read(s, text):
        if not text:
            return -1
        for c in text:
            if c not in columns:
                return -1
            s = int(table[s][columns[c]])
            if s < 0:
                return -1
        return s
    return [[read(s, text) for text in texts] for s in range(len(table))]
"""

MASK = """
def under_mask(rows, rule, tokens):
    s, removed, log_q = 0, [], 0.0
    for row, token in zip(rows, tokens):
        if rule[s][token] < 0:
            raise ValueError("not allowed")
        p = np.exp(row)
        gone = sum(p[v] for v in range(len(p)) if rule[s][v] < 0)
        removed.append(gone)
        log_q += row[token] - np.log(1 - gone)
        s = rule[s][token]
    return removed, log_q
"""

REACH = """
def reach(transition, rule, accepting, steps):
    V, S = len(transition), len(rule)
    if steps == 0:
        return np.array([[1.0 if accepting[s] else 0.0 for s in range(S)] for _ in range(V)])
    later = reach(transition, rule, accepting, steps - 1)
    out = np.zeros((V, S))
    for u in range(V):
        for s in range(S):
            for v in range(V):
                if rule[s][v] >= 0:
                    out[u, s] += transition[u][v] * later[v, rule[s][v]]
    return out
"""

NEXT = """
def next_given_accepted(transition, rule, accepting, steps, last, state):
    later = reach(transition, rule, accepting, steps - 1)
    w = np.array([transition[last][v] * later[v, rule[state][v]] if rule[state][v] >= 0 else 0.0 for v in range(len(transition))])
    if w.sum() == 0:
        raise ValueError("impossible")
    return w / w.sum()
"""

EMITTED = """
def emitted(probs, flagged, attempts):
    p, f = np.array(probs), np.array(flagged)
    u = p[f].sum()
    if attempts is None:
        if f.all():
            raise ValueError("never answers")
        attempts = np.inf
    if u == 0:
        return np.append(p, 0)
    return np.append(np.where(f, 0, p) * ((1 - u**attempts) / (1 - u) if u < 1 else 1), u**attempts)
"""

HARM = """
def chance_of_harm(probs, flagged, harmful, attempts, replies):
    said = emitted(probs, flagged, attempts)
    safe = 1 - sum(q for q, h in zip(said, harmful) if h)
    return 1 - safe**replies
"""

PROBLEMS = {
    "p1": Problem(
        points=3,
        right={
            "loops": GAIN + MEAN,
            "entropies": (
                """
def gain(with_prompt, baseline, tokens):
    a = np.take_along_axis(np.asarray(with_prompt), np.asarray(tokens)[:, None], axis=1)[:, 0]
    b = np.take_along_axis(np.asarray(baseline), np.asarray(tokens)[:, None], axis=1)[:, 0]
    return (a - b) * np.log2(np.e)

def H(p):
    p = np.ravel(p)
    p = p[p > 0]
    return -np.sum(p * np.log2(p))

def mean_gain(joint):
    joint = np.asarray(joint)
    return H(joint.sum(axis=0)) + H(joint.sum(axis=1)) - H(joint)
"""
            ),
            "masked arrays and logaddexp": """
def gain(with_prompt, baseline, tokens):
    d = np.subtract(with_prompt, baseline)
    return np.array([d[t].item(v) for t, v in enumerate(tokens)]) / np.log(2.0)

def mean_gain(joint):
    P = np.ma.masked_equal(np.asarray(joint, dtype=float), 0)
    bits = np.ma.log2(P) - np.ma.log2(P.sum(axis=-1, keepdims=True)) - np.ma.log2(P.sum(axis=-2, keepdims=True))
    return (P * bits).sum()
""",
            "entries taken along the axis, rows' divergences": """
def gain(with_prompt, baseline, tokens):
    at = np.expand_dims(tokens, 1)
    both = np.stack([with_prompt, baseline])
    one, other = (np.take_along_axis(part, at, axis=1).squeeze(1) for part in both)
    return (one - other) * np.log2(np.e)

def mean_gain(joint):
    joint = np.asarray(joint)
    base, bits = joint.sum(axis=0), 0.0
    for row in joint:
        if row.sum():
            given = row / row.sum()
            some = given > 0
            bits += row.sum() * np.dot(given[some], np.log2(given[some] / base[some]))
    return np.array(bits)
""",
            "in place, powers of two": """
from math import log2, prod, inf

def gain(with_prompt, baseline, tokens):
    with_prompt -= baseline
    with_prompt /= np.log(2.0)
    return with_prompt[np.arange(len(tokens)), tokens]

def mean_gain(joint):
    cells = {(x, y): float(p) for x, row in enumerate(joint) for y, p in enumerate(row)}
    def total(**fixed):
        return sum(p for (x, y), p in cells.items() if fixed in ({"x": x}, {"y": y}))
    return sum(p * (log2(p) - log2(total(x=x)) - log2(total(y=y))) for (x, y), p in cells.items() if p)
""",
        },
        wrong={
            "nats": (
                GAIN.replace(" / np.log(2)", "") + MEAN.replace("np.log2", "np.log"),
                1.5,
                "nats: divide by log 2",
            ),
            "turned round": (
                GAIN.replace("a[t] - b[t]", "b[t] - a[t]") + MEAN,
                2,
                "The sign is wrong",
            ),
            "whole text": (
                GAIN.replace("return [", "return sum([").replace("tokens)]", "tokens)])") + MEAN,
                1.5,
                "one number is asked for each token",
            ),
            "ratio": (
                """
def gain(with_prompt, baseline, tokens):
    i = np.arange(len(tokens))
    return np.exp(with_prompt[i, tokens] - baseline[i, tokens])
"""
                + MEAN,
                1.5,
                "take its logarithm to base 2",
            ),
            "difference of probabilities": (
                """
def gain(with_prompt, baseline, tokens):
    i = np.arange(len(tokens))
    return (np.exp(with_prompt) - np.exp(baseline))[i, tokens]
"""
                + MEAN,
                1.5,
                "You return differences of probabilities",
            ),
            "cells averaged": (
                GAIN
                + """
def mean_gain(joint):
    joint = np.array(joint)
    outer = np.outer(joint.sum(1), joint.sum(0))
    return np.mean(np.log2(joint[joint > 0] / outer[joint > 0]))
""",
                2.25,
                "You averaged over the cells",
            ),
            "drawn apart": (
                GAIN
                + """
def mean_gain(joint):
    joint = np.array(joint)
    outer = np.outer(joint.sum(1), joint.sum(0))
    return np.sum(outer[joint > 0] * np.log2(joint[joint > 0] / outer[joint > 0]))
""",
                2.25,
                "weight with P(x, y)",
            ),
            "P(y) alone": (
                GAIN + MEAN.replace(" / px[x]", ""),
                2,
                "what the prompt makes of the text is p(y|x)",
            ),
            "zeros become NaN": (
                GAIN
                + """
def mean_gain(joint):
    joint = np.array(joint)
    return np.sum(joint * np.log2(joint / np.outer(joint.sum(1), joint.sum(0))))
""",
                2.25,
                "0 · log 0 became NaN",
            ),
            "the prompt's own surprise": (
                GAIN
                + """
def mean_gain(joint):
    px = np.asarray(joint).sum(axis=1)
    return -np.sum(px[px > 0] * np.log2(px[px > 0]))
""",
                2.3,
                "the surprise of the prompt itself",
            ),
            "the first row for every token": (
                GAIN.replace("(a[t] - b[t])", "(with_prompt[0][t] - baseline[0][t])") + MEAN,
                1.5,
                "You used the first row for every token: row t belongs to",
            ),
            "common logarithm": (
                GAIN.replace("np.log(2)", "np.log(10)") + MEAN.replace("np.log2", "np.log10"),
                1.5,
                "Your logarithm has base 10: bits need base 2.",
            ),
            "expected gain of a row": (
                """
def gain(with_prompt, baseline, tokens):
    return [np.sum(np.exp(a) * (a - b)) / np.log(2) for a, b, t in zip(with_prompt, baseline, tokens)]
"""
                + MEAN,
                1.5,
                "You return the mean over all tokens that could stand there:",
            ),
            "the likeliest token's": (
                GAIN.replace("a[t] - b[t]", "max(a) - max(b)") + MEAN,
                1.5,
                "You compare the largest entry of each row: the token of the",
            ),
            "never below zero": (
                GAIN.replace("(a[t] - b[t])", "max(a[t] - b[t], 0)") + MEAN,
                1.5,
                "You cut negative gains off: where a prompt misleads, the",
            ),
            "running total": (
                GAIN.replace("return [", "return np.cumsum([").replace("tokens)]", "tokens)])")
                + MEAN,
                1.5,
                "You add up the gains so far: each token has its own.",
            ),
            "what is left after the prompt": (
                GAIN
                + MEAN.replace(
                    "+= joint[x, y] * np.log2(joint[x, y] / px[x] / py[y])",
                    "-= joint[x, y] * np.log2(joint[x, y] / px[x])",
                ),
                1.88,
                "You return the surprise that is left after the prompt: the",
            ),
            "the surprise without a prompt": (
                GAIN
                + MEAN.replace(
                    "+= joint[x, y] * np.log2(joint[x, y] / px[x] / py[y])",
                    "-= joint[x, y] * np.log2(py[y])",
                ),
                2.25,
                "This is the surprise of the text without a prompt: subtract",
            ),
            "both surprises": (
                GAIN
                + MEAN.replace(
                    "+= joint[x, y] * np.log2(joint[x, y] / px[x] / py[y])",
                    "-= joint[x, y] * np.log2(joint[x, y])",
                ),
                2.25,
                "This is the surprise of the pairs: compare P(x, y) with",
            ),
            "losses of gain left out": (
                GAIN + MEAN.replace("if joint[x, y] > 0:", "if joint[x, y] > px[x] * py[y]:"),
                2.25,
                "You leave out the pairs whose gain is negative: they belong",
            ),
            "gains added": (
                GAIN + MEAN.replace("joint[x, y] * np.log2", "np.log2"),
                1.88,
                "You add up the gains: a mean weights each with the pair's",
            ),
            "p(x) for p(y)": (
                GAIN + MEAN.replace(" / px[x] / py[y]", " / px[x] / px[x]"),
                2.25,
                "You divide by P(x) twice: the baseline of the text is P(y).",
            ),
        },
    ),
    "p2": Problem(
        points=4,
        right={
            "logaddexp": MIX + GUIDED,
            "evidence first, loops": (
                """
def mixture_rows(log_weights, rows, tokens):
    rows = [np.array(own, dtype=float) for own in rows]
    out = []
    for t in range(len(tokens)):
        e = np.array([w + sum(own[k, tokens[k]] for k in range(t)) for w, own in zip(log_weights, rows)])
        e = e - e.max()
        e = e - np.log(np.exp(e).sum())
        stack = np.stack([share + own[t] for share, own in zip(e, rows)])
        top = stack.max(axis=0)
        safe = np.where(np.isinf(top), 0, top)
        out.append(np.log(np.exp(stack - safe).sum(axis=0)) + safe)
    return out

def guided(conditional, unconditional, gamma):
    z = [u + gamma * (c - u) if min(c, u) > -np.inf else -np.inf for c, u in zip(conditional, unconditional)]
    e = [np.exp(v - max(z)) for v in z]
    return [v / sum(e) for v in e]
"""
            ),
            "a generator and Python's floats": """
def mixture_rows(log_weights, rows, tokens):
    def lse(values):
        top = max(values)
        return top if top == -np.inf else top + np.log(sum(np.exp(v - top) for v in values))
    def row_by_row():
        w = list(map(float, log_weights))
        for t, token in enumerate(tokens):
            total = lse(w)
            yield [lse([a + r[t][v] for a, r in zip(w, rows)]) - total for v in range(len(rows[0][t]))]
            w = [a + float(r[t][token]) for a, r in zip(w, rows)]
    return list(row_by_row()) if len(rows[0][0]) < 1000 else np.array([np.logaddexp.reduce(np.add(np.reshape(log_weights, (-1, 1)), np.asarray(rows)[:, 0]))])

def guided(conditional, unconditional, gamma):
    c, u = np.ma.masked_invalid(conditional), np.ma.masked_invalid(unconditional)
    z = u * (1 - gamma) + c * gamma
    e = np.ma.exp(z - z.max())
    return (e / e.sum()).filled(0.0)
""",
            "one cumulative sum; powers of the ratio": """
def mixture_rows(log_weights, rows, tokens):
    rows = np.asarray(rows)
    D, T, V = rows.shape
    said = rows[:, np.arange(T), tokens]
    before = np.concatenate([np.zeros((D, 1)), np.cumsum(said, axis=1)[:, :-1]], axis=1)
    evidence = np.asarray(log_weights)[:, None] + before
    evidence = evidence - evidence.max(axis=0)
    joint = evidence[:, :, None] + rows
    top = joint.max(axis=0)
    top[np.isinf(top)] = 0
    return np.log(np.exp(joint - top).sum(axis=0)) + top - np.log(np.exp(evidence).sum(axis=0))[:, None]

def guided(conditional, unconditional, gamma):
    c = conditional - np.logaddexp.reduce(conditional)
    u = unconditional - np.logaddexp.reduce(unconditional)
    with np.errstate(all="ignore"):
        logs = u + gamma * (c - u)
    logs[~(np.isfinite(c) & np.isfinite(u))] = -np.inf
    return np.exp(logs - np.logaddexp.reduce(logs))
""",
            "quotients of whole answers, in place": """
def mixture_rows(log_weights, rows, tokens):
    def so_far(t):
        return np.logaddexp.reduce([w + sum(row[i][tokens[i]] for i in range(t)) for w, row in zip(log_weights, rows)])
    out = []
    for t in range(len(tokens)):
        known = [w + sum(row[i][tokens[i]] for i in range(t)) for w, row in zip(log_weights, rows)]
        out.append([np.logaddexp.reduce([k + row[t][v] for k, row in zip(known, rows)]) - so_far(t) for v in range(len(rows[0][0]))])
    return out

def guided(conditional, unconditional, gamma):
    banned = (conditional == -np.inf) | (unconditional == -np.inf)
    conditional -= unconditional
    conditional *= gamma
    conditional += unconditional
    conditional[banned] = -np.inf
    conditional -= conditional[~banned].max()
    np.exp(conditional, out=conditional)
    conditional /= conditional.sum()
    return conditional
""",
        },
        wrong={
            "the first weights for ever": (
                """
def mixture_rows(log_weights, rows, tokens):
    return np.logaddexp.reduce(np.asarray(log_weights)[:, None, None] + rows, axis=0)
"""
                + GUIDED,
                2.5,
                "Your weights never change",
            ),
            "logarithms averaged": (
                """
def mixture_rows(log_weights, rows, tokens):
    z = np.tensordot(np.exp(log_weights), rows, axes=1)
    return z - np.logaddexp.reduce(z, axis=1)[:, None]
"""
                + GUIDED,
                2,
                "You averaged log-probabilities",
            ),
            "looks ahead": (
                """
def mixture_rows(log_weights, rows, tokens):
    w, out = np.array(log_weights, dtype=float), []
    for t in range(len(tokens)):
        w = w + rows[:, t, tokens[t]]
        w = w - np.logaddexp.reduce(w)
        out.append(np.logaddexp.reduce(w[:, None] + rows[:, t], axis=0))
    return np.array(out)
"""
                + GUIDED,
                2,
                "have already seen token t",
            ),
            "weights not normalised": (
                MIX.replace("        w = w - np.logaddexp.reduce(w)\n", "") + GUIDED,
                2.5,
                "Your rows do not sum to one",
            ),
            "through probabilities": (
                """
def mixture_rows(log_weights, rows, tokens):
    w, out = np.exp(log_weights), []
    for t in range(len(tokens)):
        w = w / w.sum()
        out.append(np.log(w @ np.exp(rows[:, t])))
        w = w * np.exp(rows[:, t, tokens[t]])
    return np.array(out)
"""
                + GUIDED,
                3.7,
                "very improbable tokens",
            ),
            "models swapped": (
                MIX
                + GUIDED.replace(
                    "guided(conditional, unconditional", "guided(unconditional, conditional"
                ),
                3,
                "The two models are swapped",
            ),
            "extrapolated and clipped": (
                MIX
                + """
def guided(conditional, unconditional, gamma):
    c, u = (np.exp(z - z.max()) for z in (conditional, unconditional))
    c, u = c / c.sum(), u / u.sum()
    p = np.maximum(u + gamma * (c - u), 0)
    return p / p.sum()
""",
                3,
                "You extrapolated probabilities",
            ),
            "no maximum": (
                MIX
                + """
def guided(conditional, unconditional, gamma):
    z = np.exp(unconditional + gamma * (conditional - unconditional))
    return z / z.sum()
""",
                3.4,
                "subtract the maximum before exponentiating",
            ),
            "starts from the conditional": (
                MIX
                + GUIDED.replace(
                    "gamma * conditional + (1 - gamma) * unconditional",
                    "conditional + gamma * (conditional - unconditional)",
                ),
                2.8,
                "start from z_u",
            ),
            "bans at zero": (
                MIX + GUIDED.replace("] = -np.inf", "] = 0.0"),
                3.7,
                "A banned token got the logit 0",
            ),
            "bans ignored": (
                MIX
                + """
def guided(conditional, unconditional, gamma):
    z = unconditional + gamma * (conditional - unconditional)
    e = np.exp(z - z.max())
    return e / e.sum()
""",
                3.7,
                "A ban became NaN",
            ),
            "logits returned": (
                MIX + GUIDED.replace("    return e / e.sum()", "    return np.log(e / e.sum())"),
                2.8,
                "probabilities are asked for",
            ),
            "weights by the best passage": (
                """
def mixture_rows(log_weights, rows, tokens):
    w, out = np.array(log_weights, dtype=float), []
    for t in range(len(tokens)):
        out.append(rows[int(np.argmax(w)), t])
        w = w + rows[:, t, tokens[t]]
    return np.array(out)
"""
                + GUIDED,
                2,
                "the likeliest passage alone",
            ),
            "only the last token is evidence": (
                MIX.replace(
                    "w = w + rows[:, t, tokens[t]]",
                    "w = np.array(log_weights) + rows[:, t, tokens[t]]",
                )
                + GUIDED,
                2.55,
                "Only the last token counts in your weights: all tokens",
            ),
            "all passages alike": (
                MIX.replace("np.array(log_weights, dtype=float)", "np.zeros(len(log_weights))")
                + GUIDED,
                2.55,
                "Your passages start with equal weights: p(d|x) is given in",
            ),
            "the whole answer is known from the start": (
                MIX.replace(
                    "    for t in",
                    "    w = w + sum(rows[:, t, tokens[t]] for t in range(len(tokens)))\n    for t in",
                ).replace("        w = w + rows[:, t, tokens[t]]\n", "")
                + GUIDED,
                2,
                "Your weights know the whole answer from the start: row t",
            ),
            "the best of the passages": (
                MIX.replace(
                    "np.logaddexp.reduce(w[:, None] + rows[:, t], axis=0)",
                    "np.max(w[:, None] + rows[:, t], axis=0)",
                )
                + GUIDED,
                2,
                "You take the largest term of the mixture: add the passages'",
            ),
            "evidence of the token alone": (
                MIX.replace(
                    "        w = w - np.logaddexp.reduce(w)\n",
                    "        w = w - np.logaddexp.reduce(w)\n",
                ).replace("w = w + rows[:, t, tokens[t]]", "w = rows[:, t, tokens[t]]")
                + GUIDED,
                2.55,
                "Your weights forget p(d|x) after the first token: they are",
            ),
            "probabilities returned": (
                MIX.replace("return np.array(out)", "return np.exp(out)") + GUIDED,
                2,
                "You return probabilities: log-probabilities are asked for.",
            ),
            "the two softmaxes": (
                MIX
                + """
def guided(conditional, unconditional, gamma):
    def softmax(z):
        e = np.exp(z - z.max())
        return e / e.sum()
    return (1 - gamma) * softmax(unconditional) + gamma * softmax(conditional)
""",
                2.18,
                "You mixed the two softmaxes, which is section 9.2: mix",
            ),
            "the conditional added": (
                MIX + GUIDED.replace("(1 - gamma) * unconditional", "unconditional"),
                2.55,
                "You added γ z_c to z_u: the difference z_c - z_u is what is",
            ),
            "not divided by the sum": (
                MIX
                + """
def guided(conditional, unconditional, gamma):
    u = unconditional - np.logaddexp.reduce(unconditional)
    c = conditional - np.logaddexp.reduce(conditional)
    p = np.exp(u + gamma * (c - u))
    p[np.isnan(p) | np.isneginf(c) | np.isneginf(u)] = 0
    return p
""",
                2.18,
                "Your probabilities do not sum to one: divide by their sum.",
            ),
            "divided by gamma": (
                MIX
                + GUIDED.replace(
                    "gamma * conditional + (1 - gamma) * unconditional",
                    "unconditional + (conditional - unconditional) / gamma",
                ),
                2.55,
                "You divide by γ: the difference z_c - z_u is multiplied by",
            ),
            "the reference forgotten": (
                MIX
                + GUIDED.replace(
                    "gamma * conditional + (1 - gamma) * unconditional", "gamma * conditional"
                ),
                2.55,
                "This is the conditional model at another temperature: z_u",
            ),
        },
    ),
    "p3": Problem(
        points=4,
        right={
            "nested function": LIFT + MASK,
            "a sink for what is not allowed": (
                """
def lift(table, columns, texts):
    table = np.array(table)
    S = len(table)
    table = np.where(table < 0, S, table)
    table = np.vstack([table, np.full((1, table.shape[1]), S)])
    out = np.empty((S, len(texts)), dtype=int)
    for v, text in enumerate(texts):
        states = np.arange(S) if text else np.full(S, S)
        for c in text:
            states = table[states, columns[c]] if c in columns else np.full(S, S)
        out[:, v] = np.where(states == S, -1, states)
    return out

def under_mask(rows, rule, tokens):
    states = [0]
    for token in tokens:
        states.append(rule[states[-1]][token])
        if states[-1] < 0:
            raise ValueError(token)
    rows = np.array(rows)
    allowed = np.array(rule)[states[:-1]] >= 0
    kept = np.where(allowed, np.exp(rows), 0).sum(axis=1)
    said = rows[np.arange(len(tokens)), np.array(tokens)]
    return 1 - kept, sum(said - np.log(kept))
"""
            ),
            "reduce, tokens first": """
def lift(table, columns, texts):
    from functools import reduce
    T = np.vstack([np.asarray(table), np.full((1, len(table[0])), -1)])
    T = np.hstack([T, np.full((len(T), 1), -1)])
    step = lambda state, char: T[state, columns.get(char, -1)]
    starts = np.arange(len(table))
    return np.array([reduce(step, text, starts) if text else np.full(len(table), -1) for text in texts]).T

def under_mask(rows, rule, tokens):
    rule, states = np.asarray(rule), [0]
    for token in tokens:
        states.append(int(rule[states[-1], token]))
        if states[-1] < 0:
            raise ValueError("broken")
    allowed = rule[states[:-1]] >= 0
    left = np.logaddexp.reduce(np.where(allowed, rows, -np.inf), axis=-1)
    gone = np.exp(np.logaddexp.reduce(np.where(allowed, -np.inf, rows), axis=-1))
    return gone.tolist(), np.sum(np.asarray(rows)[range(len(tokens)), tokens] - left)
""",
            "whole columns at once, masked rows in place": """
def lift(table, columns, texts):
    grown = np.vstack([np.asarray(table), np.full(len(table[0]), -1)])
    out = np.full((len(table), len(texts)), -1)
    for v, text in enumerate(texts):
        if text and set(text) <= set(columns):
            state = np.arange(len(table))
            for c in text:
                state = grown[state, columns[c]]
            out[:, v] = state
    return out

def under_mask(rows, rule, tokens):
    state, kept, log_q = 0, [], 0
    for row, token in zip(rows, tokens):
        row[np.asarray(rule)[state] < 0] = -np.inf
        if row[token] == -np.inf:
            raise ValueError(f"token {token} breaks the rule")
        left = np.logaddexp.reduce(row)
        kept.append(np.exp(left))
        log_q += row[token] - left
        state = rule[state][token]
    return [1 - np.array(kept), np.array(log_q)]
""",
            "prefixes remembered, the rule checked first": """
from functools import lru_cache

def lift(table, columns, texts):
    @lru_cache(None)
    def after(s, text):
        before = s if len(text) == 1 else after(s, text[:-1])
        if before == -1 or text[-1] not in columns:
            return -1
        return table[before, columns[text[-1]]]
    return np.array([[after(s, text) if len(text) else -1 for s in range(len(table))] for text in texts]).T

def under_mask(rows, rule, tokens):
    rule = np.array(rule)
    states = [0]
    for token in tokens:
        if rule[states[-1], token] == -1:
            raise ValueError
        states.append(rule[states[-1], token])
    open_ = rule[states[:-1]] != -1
    p = np.exp(rows)
    q = p * open_ / (p * open_).sum(axis=1, keepdims=True)
    return (p * ~open_).sum(axis=-1), float(sum(np.log(q[t, token]) for t, token in enumerate(tokens)))
""",
        },
        wrong={
            "first character only": (
                """
def lift(table, columns, texts):
    return np.array([[table[s][columns[t[0]]] if t and t[0] in columns else -1 for t in texts] for s in range(len(table))])
"""
                + MASK,
                2.5,
                "You read the first character only",
            ),
            "reads on from nowhere": (
                """
def lift(table, columns, texts):
    out = []
    for s in range(len(table)):
        out.append([])
        for text in texts:
            state = s if text and all(c in columns for c in text) else -1
            for c in text if state >= 0 else "":
                state = table[state][columns[c]]
            out[-1].append(state)
    return np.array(out)
"""
                + MASK,
                3.3,
                "index -1 is the last row",
            ),
            "empty token allowed": (
                LIFT.replace("return -1\n        for c", "return s\n        for c") + MASK,
                3.3,
                "A token without text leads nowhere",
            ),
            "yes or no": (
                LIFT.replace("        return s\n    return", "        return 1\n    return") + MASK,
                2.5,
                "the table must hold the state",
            ),
            "mass left": (
                LIFT + MASK.replace("removed.append(gone)", "removed.append(1 - gone)"),
                3,
                "You return the mass that is left",
            ),
            "not renormalised": (
                LIFT + MASK.replace(" - np.log(1 - gone)", ""),
                3,
                "divide each step by the mass that the mask leaves",
            ),
            "stuck in the first state": (
                LIFT
                + """
def under_mask(rows, rule, tokens):
    ok = np.asarray(rule)[0] >= 0
    kept = np.exp(rows)[:, ok].sum(axis=1)
    return 1 - kept, sum(r[t] for r, t in zip(rows, tokens)) - np.log(kept).sum()
""",
                2.9,
                "each token leads to the next state",
            ),
            "nothing refused": (
                LIFT
                + MASK.replace('            raise ValueError("not allowed")', "            pass"),
                3.7,
                "Under the mask such a text cannot be said",
            ),
            "columns of the whole token": (
                """
def lift(table, columns, texts):
    out = np.full((len(table), len(texts)), -1)
    for s in range(len(table)):
        for v, text in enumerate(texts):
            if text and text[-1] in columns:
                out[s, v] = table[s][columns[text[-1]]]
    return out
"""
                + MASK,
                2,
                "You read the last character only",
            ),
            "last character only": (
                LIFT.replace("        for c in text:", "        for c in text[-1:]:") + MASK,
                2,
                "You read the last character only: start with the first, and",
            ),
            "each character from the given state": (
                LIFT.replace(
                    """            s = int(table[s][columns[c]])
            if s < 0:
                return -1
        return s
""",
                    """            after = int(table[s][columns[c]])
            if after < 0:
                return -1
        return after
""",
                )
                + MASK,
                2,
                "You read every character from the state in which the token",
            ),
            "what is not allowed is skipped": (
                LIFT.replace(
                    "            s = int(table[s][columns[c]])\n            if s < 0:\n                return -1\n",
                    "            if table[s][columns[c]] >= 0:\n                s = int(table[s][columns[c]])\n",
                )
                + MASK,
                2,
                "A character that is not allowed is passed over: it makes",
            ),
            "unknown characters skipped": (
                LIFT.replace(
                    "                return -1\n            s = int",
                    "                continue\n            s = int",
                )
                + MASK,
                2.8,
                "A character without a column is passed over: it is never",
            ),
            "tokens in rows": (
                LIFT.replace(
                    "[[read(s, text) for text in texts] for s in range(len(table))]",
                    "[[read(s, text) for s in range(len(table))] for text in texts]",
                )
                + MASK,
                2,
                "The axes are swapped: one row per state, one column per",
            ),
            "from state 0 only": (
                LIFT.replace("[[read(s, text)", "[[read(0, text)") + MASK,
                2,
                "Every state has the row of state 0: read each token from",
            ),
            "multiplied by what is left": (
                LIFT + MASK.replace("- np.log(1 - gone)", "+ np.log(1 - gone)"),
                2.8,
                "You multiplied by the mass that is left instead of dividing",
            ),
            "divided by what is gone": (
                LIFT + MASK.replace("- np.log(1 - gone)", "- np.log(gone)"),
                2.8,
                "You divided by the removed mass: divide by what is left.",
            ),
            "the total removed": (
                LIFT + MASK.replace("return removed, log_q", "return sum(removed), log_q"),
                2.8,
                "You return one number for the mass: it is asked for at each",
            ),
            "what the text lost": (
                LIFT
                + MASK.replace(
                    "return removed, log_q",
                    "return [1 - np.prod(1 - np.array(removed))] * len(removed), log_q",
                ),
                2.8,
                "You return what the whole text lost at every place: each",
            ),
            "tokens counted, not their mass": (
                LIFT
                + MASK.replace(
                    "removed.append(gone)",
                    "removed.append(sum(rule[s][v] < 0 for v in range(len(p))) / len(p))",
                ),
                2.8,
                "You count the tokens that are not allowed: their",
            ),
            "a probability": (
                LIFT + MASK.replace("return removed, log_q", "return removed, np.exp(log_q)"),
                2.8,
                "You return the probability of the text: its logarithm is",
            ),
            "a mean": (
                LIFT
                + MASK.replace("return removed, log_q", "return removed, log_q / len(removed)"),
                2.8,
                "You return a mean per token: the log-probability of the",
            ),
            "bits": (
                LIFT + MASK.replace("return removed, log_q", "return removed, log_q / np.log(2)"),
                2.8,
                "Your log-probability is in bits: nats come from the natural",
            ),
            "IndexError for ValueError": (
                LIFT + MASK.replace("ValueError", "IndexError"),
                3.6,
                "raise ValueError, wherever it breaks the rule",
            ),
            "only the first token is watched": (
                LIFT + MASK.replace("if rule[s][token] < 0:", "if rule[s][token] < 0 and s == 0:"),
                3.6,
                "raise ValueError, wherever it breaks the rule",
            ),
        },
    ),
    "p4": Problem(
        points=3,
        right={
            "recursion and loops": REACH + NEXT,
            "one matrix of pairs": (
                """
def pairs(transition, rule):
    V, S = len(transition), len(rule)
    step = np.zeros((V, S, V, S))
    for s in range(S):
        for v in range(V):
            if rule[s][v] >= 0:
                step[:, s, v, rule[s][v]] += np.array(transition)[:, v]
    return step

def reach(transition, rule, accepting, steps):
    V, S = len(transition), len(rule)
    step = np.linalg.matrix_power(pairs(transition, rule).reshape(V * S, V * S), steps)
    return (step @ np.tile(np.array(accepting) * 1.0, V)).reshape(V, S)

def next_given_accepted(transition, rule, accepting, steps, last, state):
    weights = (pairs(transition, rule)[last, state] * reach(transition, rule, accepting, steps - 1)).sum(axis=1)
    total = weights.sum()
    if not total > 0:
        raise ValueError(total)
    return (weights / total).tolist()
"""
            ),
            "a big matrix over pairs, powers": """
def reach(transition, rule, accepting, steps):
    V, S = len(transition), len(rule)
    step = np.zeros((V, S, V, S))
    for s, v in np.ndindex(S, V):
        if rule[s][v] >= 0:
            step[:, s, v, rule[s][v]] = np.asarray(transition)[:, v]
    M = np.linalg.matrix_power(step.reshape(V * S, V * S), steps)
    return (M @ np.tile(np.asarray(accepting) * 1.0, V)).reshape(V, S).tolist()

def next_given_accepted(transition, rule, accepting, steps, last, state):
    later = np.array(reach(transition, rule, accepting, steps - 1))
    w = [float(p) * (later[v][rule[state][v]] if rule[state][v] > -1 else 0) for v, p in enumerate(transition[last])]
    try:
        share = 1 / float(sum(w))
        return [x * share for x in w]
    except ZeroDivisionError as error:
        raise ValueError("never accepted") from error
""",
            "pushed forward from each start": """
def reach(transition, rule, accepting, steps):
    V, S = len(transition), len(rule)
    out = np.empty((V, S))
    for u in range(V):
        for s in range(S):
            here = np.zeros((V, S))
            here[u, s] = 1
            for _ in range(steps):
                there = np.zeros((V, S))
                for state in range(S):
                    come = here[:, state] @ transition
                    for v in np.flatnonzero(rule[state] + 1):
                        there[v, rule[state, v]] += come[v]
                here = there
            out[u, s] = here[:, np.array(accepting, dtype=bool)].sum()
    return out

def next_given_accepted(transition, rule, accepting, steps, last, state):
    w = np.zeros(len(transition))
    later = reach(transition, rule, accepting, steps - 1)
    for v in range(len(w)):
        if rule[state, v] != -1:
            w[v] = transition[last, v] * later[v, rule[state, v]]
    total = reach(transition, rule, accepting, steps)[last, state]
    if not total > 0:
        raise ValueError("no string from here is accepted")
    return w / total
""",
            "einsum over one-hot rules": """
def reach(transition, rule, accepting, steps):
    leads = (np.asarray(rule)[:, :, None] == np.arange(len(rule))).astype(float)
    beta = np.ones((len(transition), 1)) * np.asarray(accepting, dtype=float)
    for _ in range(steps):
        beta = np.einsum("uv,svr,vr->us", transition, leads, beta)
    return beta

def next_given_accepted(transition, rule, accepting, steps, last, state):
    leads = np.equal.outer(np.asarray(rule)[state], np.arange(len(rule)))
    w = np.array(transition)[last] * np.where(leads, reach(transition, rule, accepting, steps - 1), 0).sum(axis=1)
    if np.isclose(w.sum(), 0, atol=1e-300):
        raise ValueError("probability 0")
    w /= w.sum()
    return w.tolist()
""",
        },
        wrong={
            "possible instead of probable": (
                REACH.replace("    return out", "    return (out > 0).astype(float)") + NEXT,
                2,
                "which is what a mask knows",
            ),
            "index -1": (
                """
def reach(transition, rule, accepting, steps):
    beta = np.tile(np.asarray(accepting, dtype=float), (len(transition), 1))
    for _ in range(steps):
        beta = transition @ beta[np.arange(len(transition)), rule].T
    return beta
"""
                + NEXT,
                2.4,
                "-1 was used as an index",
            ),
            "does not move on": (
                REACH.replace("later[v, rule[s][v]]", "later[u, rule[s][v]]") + NEXT,
                1.5,
                "the source stands on v",
            ),
            "the other way round": (
                REACH.replace("transition[u][v]", "transition[v][u]") + NEXT,
                1.5,
                "Rows and columns of the transition are mixed up",
            ),
            "the mask itself": (
                REACH
                + """
def next_given_accepted(transition, rule, accepting, steps, last, state):
    good = reach(transition, rule, accepting, steps - 1) > 0
    w = np.array([transition[last][v] if rule[state][v] >= 0 and good[v, rule[state][v]] else 0.0 for v in range(len(transition))])
    if w.sum() == 0:
        raise ValueError("impossible")
    return w / w.sum()
""",
                2.1,
                "This is the mask",
            ),
            "no look ahead": (
                REACH
                + """
def next_given_accepted(transition, rule, accepting, steps, last, state):
    w = np.where(np.asarray(rule)[state] >= 0, np.asarray(transition)[last], 0)
    if w.sum() == 0:
        raise ValueError("impossible")
    return w / w.sum()
""",
                2,
                "does not look ahead at all",
            ),
            "one step too far": (
                REACH + NEXT.replace("steps - 1", "steps"),
                2.1,
                "One step too far",
            ),
            "source forgotten": (
                REACH + NEXT.replace("transition[last][v] * ", ""),
                2.1,
                "transition times reach",
            ),
            "not normalised": (
                REACH + NEXT.replace("return w / w.sum()", "return w"),
                2.1,
                "do not sum to one",
            ),
            "no complaint": (
                REACH + NEXT.replace('        raise ValueError("impossible")', "        return w"),
                2.8,
                "Nothing can be conditioned on an event of probability 0",
            ),
            "accepted at any time": (
                REACH.replace("    return out\n", "    return np.maximum(out, later)\n") + NEXT,
                1.7,
                "acceptable on the way",
            ),
            "accepting ignored": (
                REACH.replace("1.0 if accepting[s] else 0.0", "1.0") + NEXT,
                1.5,
                "Every end counts in your answer",
            ),
            "state first": (
                REACH.replace("def reach", "def by_token").replace("= reach(", "= by_token(")
                + """
def reach(*case):
    return by_token(*case).T
"""
                + NEXT.replace("reach(", "by_token("),
                1.5,
                "The axes are swapped: entry [u, s] has the token first.",
            ),
            "one step fewer": (
                REACH.replace("if steps == 0:", "if steps <= 1:") + NEXT,
                1.5,
                "One step too few: exactly `steps` more tokens come.",
            ),
            "mean over tokens": (
                REACH.replace("transition[u][v] * later", "later").replace(
                    "    return out", "    return out / V"
                )
                + NEXT.replace("reach(", "true_reach(")
                + REACH.replace("reach(", "true_reach("),
                1.67,
                "Each next token has its probability: you took them all as",
            ),
            "the best next token only": (
                REACH.replace(
                    "out[u, s] += transition[u][v] * later[v, rule[s][v]]",
                    "out[u, s] = max(out[u, s], transition[u][v] * later[v, rule[s][v]])",
                )
                + NEXT,
                1.5,
                "You follow the best next token only: add up all of them.",
            ),
            "odds among the allowed": (
                REACH.replace(
                    "    return out",
                    "    allowed = np.array(rule) >= 0\n    return out / np.maximum(np.array([[sum(np.array(transition)[u][allowed[s]]) for s in range(S)] for u in range(V)]), 1e-300)",
                )
                + NEXT.replace("reach(", "true_reach(")
                + REACH.replace("reach(", "true_reach("),
                2.33,
                "You renormalise over what the rule allows: the source is",
            ),
            "the state stays": (
                REACH + NEXT.replace("later[v, rule[state][v]]", "later[v, state]"),
                2.33,
                "After the next token the rule has moved on: look up reach",
            ),
            "from the next token to the last": (
                REACH + NEXT.replace("transition[last][v]", "transition[v][last]"),
                2,
                "You read the transition the wrong way round: its row is the",
            ),
            "always from the start": (
                REACH + NEXT.replace("later = reach", "state = 0\n    later = reach"),
                2.33,
                "You start in state 0: the rule stands in `state`.",
            ),
            "the chance itself": (
                REACH + NEXT.replace("return w / w.sum()", "return w.sum()"),
                2,
                "You return the probability of being accepted: the",
            ),
        },
    ),
    "p5": Problem(
        points=3,
        right={
            "closed form": EMITTED + HARM,
            "draw by draw": (
                """
def emitted(probs, flagged, attempts):
    if attempts is None and all(flagged):
        raise ValueError("for ever")
    if attempts is None:
        passing = sum(p for p, f in zip(probs, flagged) if not f)
        return [0 if f else p / passing for p, f in zip(probs, flagged)] + [0]
    out, still = [0.0] * len(probs), 1.0
    for _ in range(attempts):
        left = 0.0
        for i, (p, f) in enumerate(zip(probs, flagged)):
            if f:
                left += still * p
            else:
                out[i] += still * p
        still = left
    return out + [still]

def chance_of_harm(probs, flagged, harmful, attempts, replies):
    said = np.array(emitted(probs, flagged, attempts))
    share = said[:-1] @ np.array(harmful, dtype=float)
    return -np.expm1(replies * np.log1p(-share))
"""
            ),
            "geometric series by a loop": """
def emitted(probs, flagged, attempts):
    open_, said = 1.0, np.zeros(len(probs) + 1)
    passes = np.where(flagged, 0.0, probs)
    if attempts is None:
        if not passes.any():
            raise ValueError("it never answers")
        return [*(passes / np.sum(passes)), 0.0]
    while attempts:
        said[:-1] += open_ * passes
        open_ *= float(np.dot(probs, flagged))
        attempts -= 1
    said[-1] = open_
    return said

def chance_of_harm(probs, flagged, harmful, attempts, replies):
    p = float(np.asarray(emitted(probs, flagged, attempts))[:-1] @ np.asarray(harmful))
    return -np.expm1(replies * np.log1p(-p)) if p < 1 else 1.0
""",
            "recursion over the tries; log1p": """
import math

def emitted(probs, flagged, attempts):
    keep = [0.0 if f else p for p, f in zip(probs, flagged)]
    again = math.fsum(p for p, f in zip(probs, flagged) if f)
    if attempts is None:
        if not any(keep):
            raise ValueError("every reply is flagged: the system draws for ever")
        return np.array([p / math.fsum(keep) for p in keep] + [0])
    if attempts == 0:
        return np.array([0.0] * len(probs) + [1.0])
    return np.array(keep + [0.0]) + again * emitted(probs, flagged, attempts - 1)

def chance_of_harm(probs, flagged, harmful, attempts, replies):
    harm = np.dot(emitted(probs, flagged, attempts)[:-1], harmful)
    return -math.expm1(replies * math.log1p(-harm)) if harm < 1 else 1.0
""",
            "a chain of states, powers of a matrix": """
def emitted(probs, flagged, attempts):
    N = len(probs)
    step = np.eye(N + 1)
    step[N] = [0 if f else p for p, f in zip(probs, flagged)] + [sum(p for p, f in zip(probs, flagged) if f)]
    if attempts is None:
        if all(f or p == 0 for p, f in zip(probs, flagged)):
            raise ValueError("nothing passes")
        row = step[N].copy()
        row[N] = 0
        return row / row.sum()
    return np.linalg.matrix_power(step, attempts)[N]

def chance_of_harm(probs, flagged, harmful, attempts, replies):
    none = np.ma.array(emitted(probs, flagged, attempts), mask=[*harmful, False]).sum()
    return 1 - np.prod([none] * replies)
""",
        },
        wrong={
            "always refuses at once": (
                """
def emitted(probs, flagged, attempts):
    p, f = np.array(probs), np.array(flagged)
    if attempts is None and f.all():
        raise ValueError
    return np.append(np.where(f, 0, p), p[f].sum())
"""
                + HARM,
                2,
                "You always refuse at once",
            ),
            "always divides": (
                """
def emitted(probs, flagged, attempts):
    p, f = np.array(probs), np.array(flagged)
    if f.all():
        raise ValueError
    p = np.where(f, 0, p)
    return np.append(p / p.sum(), 0)
"""
                + HARM,
                1.5,
                "with a limit on attempts a refusal is left over",
            ),
            "one attempt too many": (
                EMITTED.replace("attempts = np.inf", "attempts = np.inf\n    attempts += 1") + HARM,
                1.7,
                "One attempt too many",
            ),
            "the bare model": (
                EMITTED
                + """
def chance_of_harm(probs, flagged, harmful, attempts, replies):
    return 1 - (1 - np.array(probs)[np.array(harmful)].sum()) ** replies
""",
                2,
                "This is the bare model",
            ),
            "only what was missed": (
                EMITTED
                + """
def chance_of_harm(probs, flagged, harmful, attempts, replies):
    share = sum(p for p, f, h in zip(probs, flagged, harmful) if h and not f)
    return 1 - (1 - share) ** replies
""",
                2.1,
                "Trying again gives what is missed another chance",
            ),
            "added up": (
                EMITTED + HARM.replace("return 1 - safe**replies", "return replies * (1 - safe)"),
                2.1,
                "which can exceed 1",
            ),
            "a single reply": (
                EMITTED + HARM.replace("safe**replies", "safe"),
                2.1,
                "This is the chance in a single reply",
            ),
            "never gives up in vain": (
                EMITTED.replace(
                    '            raise ValueError("never answers")',
                    "            return np.append(0 * p, 1)",
                )
                + HARM,
                2.7,
                "Without a limit and with every reply flagged",
            ),
            "harm of what is refused": (
                EMITTED
                + HARM.replace(
                    "zip(said, harmful) if h",
                    "zip(said, harmful) if h) - said[-1] * any(h for h, f in zip(harmful, flagged) if f",
                ),
                2.2,
                "Flags are not judgements",
            ),
            "one try of refusal": (
                EMITTED.replace("u**attempts)\n", "u)\n") + HARM,
                2,
                "You refuse with the chance of one flagged draw: all",
            ),
            "nothing is refused": (
                EMITTED
                + """
from_all = emitted
def emitted(probs, flagged, attempts):
    said = from_all(probs, flagged, attempts)
    return np.append(said[:-1], 0.0)
"""
                + HARM,
                1.5,
                "The refusal has no probability in your list: with a limit",
            ),
            "no refusal in the list": (
                EMITTED
                + """
with_refusal = emitted
def emitted(probs, flagged, attempts):
    return with_refusal(probs, flagged, attempts)[:-1]
"""
                + HARM,
                1.5,
                "The refusal is missing: the list has N + 1 entries.",
            ),
            "refusal first": (
                EMITTED
                + """
refusal_last = emitted
def emitted(probs, flagged, attempts):
    return np.roll(refusal_last(probs, flagged, attempts), 1)
"""
                + HARM.replace("emitted(", "refusal_last("),
                1.5,
                "The refusal is the *last* entry.",
            ),
            "redraws only": (
                EMITTED.replace(
                    "(1 - u**attempts) / (1 - u) if u < 1 else 1",
                    "(u - u**attempts) / (1 - u) + (1 if attempts == 1 else 0) if u < 1 else 1",
                )
                + HARM,
                1.5,
                "You emit from the second draw on only: a first draw that is",
            ),
            "raises whenever all is flagged": (
                EMITTED.replace(
                    '    if attempts is None:\n        if f.all():\n            raise ValueError("never answers")\n',
                    '    if f.all():\n        raise ValueError("never answers")\n    if attempts is None:\n',
                )
                + HARM,
                2.33,
                "With a limit on attempts the system refuses in the end",
            ),
            "all replies harmful": (
                EMITTED + HARM.replace("1 - safe**replies", "(1 - safe)**replies"),
                2,
                "This is the chance that *all* replies are harmful: one is",
            ),
            "no harm at all": (
                EMITTED + HARM.replace("return 1 - safe**replies", "return safe**replies"),
                2,
                "This is the chance of no harm: subtract it from 1.",
            ),
            "exactly one": (
                EMITTED
                + HARM.replace(
                    "return 1 - safe**replies", "return replies * (1 - safe) * safe**(replies - 1)"
                ),
                2,
                "This is the chance of exactly one harmful reply: more of",
            ),
            "flags are judgements": (
                EMITTED + HARM.replace("zip(said, harmful)", "zip(said, flagged)"),
                2,
                "You took flags for judgements: what is harmful and not",
            ),
            "harm that was flagged": (
                EMITTED
                + HARM.replace(
                    "sum(q for q, h in zip(said, harmful) if h)",
                    "sum(q for q, h, f in zip(probs, harmful, flagged) if h and f)",
                ),
                2,
                "You count what is harmful and flagged: that never gets out.",
            ),
            "replies that were not refused": (
                EMITTED
                + HARM.replace(
                    "    return",
                    "    safe = 1 - (1 - safe) / (1 - said[-1]) if said[-1] < 1 else 1\n    return",
                ),
                2.17,
                "You leave refusals out of the count: they are replies of",
            ),
            "capped": (
                EMITTED
                + HARM.replace("return 1 - safe**replies", "return min(1, replies * (1 - safe))"),
                2,
                "You cut replies times the chance of one off at 1: take one",
            ),
        },
    ),
}

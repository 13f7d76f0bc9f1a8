"""Answers to the practice boxes of chapter 2."""

from practice import Answers

CALLS = """
def calls(V):
    return V + 1
"""

MIDDLE = """
def middle(second, third, t1, t3):
    weights = second[t1] * third[t1][:, t3]
    return weights / weights.sum()
"""

ANSWERS = {
    "ex-fill-middle": Answers(
        right={
            "as in the solution": MIDDLE + CALLS,
            "candidate by candidate": (
                """
def middle(second, third, t1, t3):
    fits = [second[t1][u] * third[t1][u][t3] for u in range(len(second))]
    return [f / sum(fits) for f in fits]

def calls(V):
    return 1 + sum(1 for _ in range(V))
"""
            ),
        },
        wrong={
            "left context only": (
                """
def middle(second, third, t1, t3):
    return second[t1]
"""
                + CALLS,
                "behind the gap has its say",
            ),
            "right context only": (
                """
def middle(second, third, t1, t3):
    return third[t1, :, t3] / third[t1, :, t3].sum()
"""
                + CALLS,
                "fit what stands before it",
            ),
            "not normalised": (
                """
def middle(second, third, t1, t3):
    return second[t1] * third[t1, :, t3]
"""
                + CALLS,
                "Divide by the sum over all candidates",
            ),
            "first call forgotten": (
                MIDDLE + CALLS.replace("V + 1", "V"),
                "serves all candidates at once",
            ),
            "every pair of words": (
                MIDDLE + CALLS.replace("V + 1", "V * V + V + 1"),
                "needs a call of its own",
            ),
        },
    ),
    "ex-forget-either-way": Answers(
        right={
            "as in the solution": (
                """
def forgetting(joint):
    left, right, single = joint.sum(axis=2), joint.sum(axis=0), joint.sum(axis=(0, 2))
    seen = joint > 0
    ratio = (joint * single[:, None])[seen] / (left[:, :, None] * right)[seen]
    return joint[seen] @ np.log(ratio)
"""
            ),
            "four entropies": (
                """
def forgetting(joint):
    def H(p):
        p = p[p > 0]
        return -np.sum(p * np.log(p))
    return H(joint.sum(2)) + H(joint.sum(0)) - H(joint.sum((0, 2))) - H(joint)
"""
            ),
            "loops": (
                """
import math

def forgetting(joint):
    V, lost = range(len(joint)), 0.0
    for a in V:
        for b in V:
            for c in V:
                p = joint[a][b][c]
                if p > 0:
                    full = p / sum(joint[a][b])
                    near = sum(joint[x][b][c] for x in V) / sum(joint[x][b][y] for x in V for y in V)
                    lost += p * math.log(full / near)
    return lost
"""
            ),
        },
        wrong={
            "every condition dropped": (
                """
def forgetting(joint):
    apart = np.einsum("i,j,k->ijk", joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1)))
    seen = joint > 0
    return joint[seen] @ np.log(joint[seen] / apart[seen])
""",
                "does see the token before it",
            ),
            "not weighed": (
                """
def forgetting(joint):
    short = joint.sum(2)[:, :, None] * joint.sum(0) / joint.sum((0, 2))[:, None]
    seen = joint > 0
    return np.mean(np.log(joint[seen] / short[seen]))
""",
                "each sentence weighed by its probability",
            ),
            "bits": (
                """
def forgetting(joint):
    short = joint.sum(2)[:, :, None] * joint.sum(0) / joint.sum((0, 2))[:, None]
    seen = joint > 0
    return joint[seen] @ np.log2(joint[seen] / short[seen])
""",
                "log 2 nats",
            ),
            "zero times infinity": (
                """
def forgetting(joint):
    short = joint.sum(2)[:, :, None] * joint.sum(0) / joint.sum((0, 2))[:, None]
    return np.sum(joint * np.log(joint / short))
""",
                "Sentences of probability 0 contribute nothing",
            ),
            "the wrong neighbour": (
                """
def forgetting(joint):
    near = joint.sum(1) / joint.sum((1, 2))[:, None]
    short = joint.sum(2)[:, :, None] * near[:, None, :]
    seen = joint > 0
    return joint[seen] @ np.log(joint[seen] / short[seen])
""",
                "does see the token before it",
            ),
        },
    ),
    "ex-rows-move": Answers(
        right={
            "as in the solution": (
                """
def moving_rows(length, j, w, layers):
    return list(range(j, min(length, j + layers * (w - 1) + 1)))
"""
            ),
            "layer by layer": (
                """
def moving_rows(length, j, w, layers):
    moved = {j}
    for _ in range(layers):
        moved |= {k + s for k in moved for s in range(w) if k + s < length}
    return np.array(sorted(moved))
"""
            ),
        },
        wrong={
            "one layer's reach": (
                """
def moving_rows(length, j, w, layers):
    return list(range(j, min(length, j + w)))
""",
                "the next layer passes it further",
            ),
            "w positions a layer": (
                """
def moving_rows(length, j, w, layers):
    return list(range(j, min(length, j + layers * w + 1)))
""",
                "nothing travels",
            ),
            "past the end": (
                """
def moving_rows(length, j, w, layers):
    return list(range(j, j + layers * (w - 1) + 1))
""",
                "no rows past the last one",
            ),
            "backwards": (
                """
def moving_rows(length, j, w, layers):
    return list(range(max(0, j - layers * (w - 1)), j + 1))
""",
                "rows before j never move",
            ),
        },
    ),
    "ex-sum-stalls": Answers(
        right={
            "by the spacing": (
                """
def stalls_at(loss):
    k = 0
    while 2.0 ** (k - 10) <= 2 * loss:
        k += 1
    return 2 ** k
"""
            ),
            "by asking numpy": (
                """
def stalls_at(loss):
    return next(2.0 ** k for k in range(16) if np.spacing(np.float16(2.0 ** k)) / 2 > loss)
"""
            ),
            "by watching": (
                """
def stalls_at(loss):
    total = np.float16(0)
    while True:
        longer = np.float16(total + np.float16(loss))
        if longer == total:
            return total
        total = longer
"""
            ),
        },
        wrong={
            "lost at once": (
                """
def stalls_at(loss):
    k = 0
    while 2.0 ** (k - 10) <= loss:
        k += 1
    return 2 ** k
""",
                "it is rounded up",
            ),
            "always the last exact integer": (
                """
def stalls_at(loss):
    return 2048
""",
                "the sooner it is lost",
            ),
            "overflow": (
                """
def stalls_at(loss):
    return float(np.finfo(np.float16).max)
""",
                "Where is it less than half?",
            ),
            "ten binary digits": (
                """
def stalls_at(loss):
    k = 0
    while 2.0 ** (k - 9) <= 2 * loss:
        k += 1
    return 2 ** k
""",
                "float16 keeps 11 binary digits",
            ),
        },
    ),
}

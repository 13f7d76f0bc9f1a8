"""Answers to the practice boxes of chapter 8."""

from practice import Answers

ANSWERS = {
    "ex-missing-mass": Answers(
        right={
            "one line": (
                """
def share_new(tokens):
    return sum(tokens.count(t) == 1 for t in tokens) / len(tokens)
"""
            ),
            "taken away one by one": (
                """
def share_new(tokens):
    new = 0
    for i, token in enumerate(tokens):
        rest = tokens[:i] + tokens[i + 1:]
        new += token not in rest
    return new / len(tokens)
"""
            ),
        },
        wrong={
            "share of types": (
                """
def share_new(tokens):
    types = set(tokens)
    return sum(tokens.count(t) == 1 for t in types) / len(types)
""",
                "by the number of tokens, not of types",
            ),
            "new in order of reading": (
                """
def share_new(tokens):
    return len(set(tokens)) / len(tokens)
""",
                "Without the 9 no 9 is left",
            ),
            "occurs once or twice": (
                """
def share_new(tokens):
    return sum(tokens.count(t) <= 2 for t in tokens) / len(tokens)
""",
                "n1 / N",
            ),
        },
    ),
    "ex-half-life": Answers(
        right={
            "logarithms": (
                """
def half_life(w):
    return np.log(0.5) / np.log(w) if w < 1 else np.inf
"""
            ),
            "base w": (
                """
import math

def half_life(w):
    if w >= 1:
        return float("inf")
    return math.log(0.5, w)
"""
            ),
        },
        wrong={
            "no case for growth": (
                """
def half_life(w):
    return np.log(0.5) / np.log(w)
""",
                "a negative number of steps means nothing",
            ),
            "whole steps": (
                """
def half_life(w):
    k, left = 0, 1.0
    if w >= 1:
        return np.inf
    while left > 0.5:
        k, left = k + 1, left * w
    return k
""",
                "Solve w**k = 1/2 for k",
            ),
            "linear loss": (
                """
def half_life(w):
    return 0.5 / (1 - w) if w < 1 else np.inf
""",
                "Solve w**k = 1/2 for k",
            ),
        },
    ),
    "ex-previous-token": Answers(
        right={
            "the folded solution": (
                """
def queries_and_keys(T):
    c = np.sqrt(np.sqrt(T) * np.log(200 * T))
    return c * np.eye(T, k=-1), c * np.eye(T)
"""
            ),
            "large queries alone": (
                """
def queries_and_keys(T):
    Q, K = np.zeros((T, T)), np.zeros((T, T))
    for i in range(T):
        K[i, i] = 1
        if i > 0:
            Q[i, i - 1] = 100
    return Q.tolist(), K.tolist()
"""
            ),
        },
        wrong={
            "entries of one": (
                """
def queries_and_keys(T):
    return np.eye(T, k=-1), np.eye(T)
""",
                "entries of 1 leave attention almost even",
            ),
            "the scale forgotten": (
                """
def queries_and_keys(T):
    c = np.sqrt(np.log(200 * T))
    return c * np.eye(T, k=-1), c * np.eye(T)
""",
                "divided by the root of T",
            ),
            "looks at itself": (
                """
def queries_and_keys(T):
    return 10 * np.eye(T), 10 * np.eye(T)
""",
                "let the query of position i be the key of position i - 1",
            ),
            "looks ahead": (
                """
def queries_and_keys(T):
    return 10 * np.eye(T, k=1), 10 * np.eye(T)
""",
                "let the query of position i be the key of position i - 1",
            ),
        },
    ),
    "ex-transformer-size": Answers(
        right={
            "the formula": (
                """
def parameters(V, T, L, d):
    blocks = L * (12 * d**2 + 13 * d)
    return blocks, blocks + (V + 1 + T + 2) * d
"""
            ),
            "part by part": (
                """
def parameters(V, T, L, d):
    attention = d * 3 * d + 3 * d + d * d + d
    mlp = d * 4 * d + 4 * d + 4 * d * d + d
    norms = 2 * 2 * d
    inside = L * (attention + mlp + norms)
    return [inside, inside + (V + 1) * d + T * d + 2 * d]
"""
            ),
        },
        wrong={
            "no biases": (
                """
def parameters(V, T, L, d):
    blocks = L * (12 * d**2 + 4 * d)
    return blocks, blocks + (V + 1 + T + 2) * d
""",
                "9d biases",
            ),
            "a head of its own": (
                """
def parameters(V, T, L, d):
    blocks = L * (12 * d**2 + 13 * d)
    return blocks, blocks + (2 * V + 1 + T + 2) * d
""",
                "the head is the embeddings again",
            ),
            "BOS forgotten": (
                """
def parameters(V, T, L, d):
    blocks = L * (12 * d**2 + 13 * d)
    return blocks, blocks + (V + T + 2) * d
""",
                "V + 1 embeddings",
            ),
        },
    ),
}

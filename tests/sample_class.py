"""A class of submissions for one assignment, made from its release notebook and a table of answers.

    python tests/sample_class.py FOLDER

writes FOLDER/submitted/, grades it and says where scores and feedback lie. `make` does this, so
that an instructor has a graded class to look at; test_sample_class.py asserts every score.
"""

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME / "nbjudge" / "tests"))

from made_up.students import (
    BLANK,
    DUE,
    Student,
    copied_test,
    cut_short,
    write_submission,
)

CHAPTER = "03-softmax"


UNSAFE = """\
No sandbox can be made on this machine. The sample class is this repository's own code and is graded
without one; `make grade`, for submissions of students, will refuse and say what would help."""


def main(folder):
    """Write the class and grade it, in a sandbox where one can be made; returns the exit status."""
    from nbjudge.sandbox.errors import SandboxUnavailableError
    from nbjudge.sandbox.system import require_linux

    from nbjudge import cli

    try:
        require_linux()
    except SandboxUnavailableError as error:
        print(f"the sample class is not graded here: {error}")
        return 0
    for name, student in CLASS.items():
        write_submission(HOME, folder, CHAPTER, name, student)
    options = ["--home", str(HOME), "--root", str(folder), "--due", DUE]
    if not sandbox_can_be_made():
        print(UNSAFE)
        options.append("--unsafe")
    status = cli.main(["grade", CHAPTER, *options])
    return 0 if status == 1 else status  # one of the submissions is broken on purpose


def sandbox_can_be_made():
    """Whether students' code can be shut in on this machine, by this account."""
    from nbjudge.sandbox.errors import SandboxUnavailableError
    from nbjudge.sandbox.isolation import find_method

    try:
        find_method()
    except SandboxUnavailableError:
        return False
    return True


# The table. Where `answers` names a cell, this text stands in it; every other answer is the
# reference's.
CONTRACTS_THE_WRONG_AXIS = """
def lm_logits(hidden, embedding, bias=None):
    logits = hidden @ (embedding if embedding.shape[0] == hidden.shape[-1] else embedding.T)
    return logits if bias is None else logits + bias
"""
NAIVE_SOFTMAX = """
def stable_softmax(logits, axis=-1):
    weights = np.exp(logits)
    return weights / weights.sum(axis=axis, keepdims=True)
"""
ONE_SUM_FOR_ALL_ROWS = """
def stable_softmax(logits, axis=-1):
    weights = np.exp(logits - np.max(logits))
    return weights / weights.sum()
"""
LOG_OF_SOFTMAX = """
def surprise(logits, tokens):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return -np.log(p[np.arange(len(tokens)), tokens])
"""
LOG_WITH_EPSILON = LOG_OF_SOFTMAX.replace("tokens]", "tokens] + 1e-12")
BITS = """
def surprise(logits, tokens):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return (np.log2(np.exp(shifted).sum(axis=-1)) - shifted[np.arange(len(tokens)), tokens] / np.log(2))
"""
INVERSE_TEMPERATURE = """
def temperature_for_entropy(logits, target):
    z = np.asarray(logits, dtype=float)
    low, high = 1e-4, 1e4
    for _ in range(200):
        beta = np.sqrt(low * high)
        p = np.exp(beta * (z - z.max()))
        p = p / p.sum()
        h = -np.sum(p[p > 0] * np.log(p[p > 0]))
        low, high = (beta, high) if h > target else (low, beta)
    if abs(h - target) > 1e-6:
        raise ValueError("out of reach")
    return beta
"""
IN_PLAIN_PYTHON = {
    "p1": (
        """
def lm_logits(hidden, embedding, bias=None):
    hidden = np.asarray(hidden)
    if hidden.ndim > 1:
        return [lm_logits(h, embedding, bias) for h in hidden]
    return [sum(h * e for h, e in zip(hidden, row)) + (0 if bias is None else bias[v]) for v, row in enumerate(embedding)]
"""
    ),
    "p2": (
        """
def stable_softmax(logits, axis=-1):
    def one_row(z):
        top = max(z)
        weights = [np.exp(x - top) for x in z]
        return np.array(weights) / sum(weights)
    return np.apply_along_axis(one_row, axis, logits)
"""
    ),
    "p3": (
        """
def surprise(logits, tokens):
    answer = []
    for row, t in zip(np.array(logits, dtype=np.longdouble), tokens):
        answer.append(float(np.logaddexp.reduce(row) - row[t]))
    return answer
"""
    ),
    "p4": (
        """
import math

def temperature_for_entropy(logits, target):
    z = [float(x) for x in logits]
    if target > math.log(len(z)) or target < math.log(z.count(max(z))):
        raise ValueError("no such temperature")
    def entropy(log_tau):
        top, tau = max(z), math.exp(log_tau)
        w = [math.exp(max((x - top) / tau, -700)) for x in z]
        total = sum(w)
        return -sum(v / total * math.log(v / total) for v in w)
    low, high = -10, 10
    while high - low > 1e-13:
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(middle) < target else (low, middle)
    return math.exp(low)
"""
    ),
}
WARNS = """
import sys, warnings

def surprise(logits, tokens):
    warnings.warn("about to take a logarithm")
    print("rows:", len(tokens), file=sys.stderr)
    with np.errstate(divide="warn"):
        np.log(np.zeros(1))
    logits = np.asarray(logits, dtype=float)
    return np.logaddexp.reduce(logits, axis=-1) - logits[np.arange(len(tokens)), tokens]
"""

CLASS = {
    "perfect": Student({}, score=16),
    "blank": Student(BLANK, score=0, says="not written yet"),
    "other-style": Student(IN_PLAIN_PYTHON, score=16),
    "wrong-axis": Student(
        {"p1": CONTRACTS_THE_WRONG_AXIS}, score=14.67, says="You contract the vocabulary axis"
    ),
    "naive-softmax": Student({"p2": NAIVE_SOFTMAX}, score=13.75, says="subtract the maximum first"),
    "one-sum": Student(
        {"p2": ONE_SUM_FOR_ALL_ROWS}, score=13.5, says="so rows share one distribution"
    ),
    "log-of-softmax": Student(
        {"p3": LOG_OF_SOFTMAX},
        score=14,
        says="the probability was rounded to 0.0 before its logarithm",
    ),
    "epsilon": Student(
        {"p3": LOG_WITH_EPSILON}, score=14, says="hides the error instead of fixing it"
    ),
    "bits": Student({"p3": BITS}, score=14, says="Your numbers are in bits"),
    "inverse-temperature": Student(
        {"p4": INVERSE_TEMPERATURE}, score=14, says="You return the inverse temperature"
    ),
    "copied-test": Student({}, copied_test("p2-tests"), score=16),
    "late": Student({}, score=12.8, submitted="2026-03-03 09:00:00 UTC"),
    "warns": Student({"p3": WARNS}, score=16),
    "cut-short": Student({}, cut_short),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

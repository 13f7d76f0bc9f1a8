"""Answers to the practice boxes of chapter 7."""

from practice import Answers

BEAMS = """
width_1 = {}
width_2 = {}
monotone = {}
"""

ANSWERS = {
    "ex-draw-until-kept": Answers(
        right={
            "as in the solution": (
                """
def draw_until_kept(probs, keep):
    kept = np.where(keep, probs, 0)
    return kept / kept.sum(), 1 / kept.sum()
"""
            ),
            "the series, term by term": (
                """
def draw_until_kept(probs, keep):
    mass = sum(p for p, inside in zip(probs, keep) if inside)
    law, draws, reached = [0.0] * len(probs), 0.0, 1.0
    while reached > 1e-14:
        draws += reached
        law = [q + reached * p * bool(inside) for q, p, inside in zip(law, probs, keep)]
        reached *= 1 - mass
    return law, draws
"""
            ),
        },
        wrong={
            "cut and not renormalised": (
                """
def draw_until_kept(probs, keep):
    kept = np.where(keep, probs, 0)
    return kept, 1 / kept.sum()
""",
                "Sum over the number of failures",
            ),
            "failures only": (
                """
def draw_until_kept(probs, keep):
    kept = np.where(keep, probs, 0)
    return kept / kept.sum(), (1 - kept.sum()) / kept.sum()
""",
                "The draw that succeeds counts as well",
            ),
            "one over what is dropped": (
                """
def draw_until_kept(probs, keep):
    kept = np.where(keep, probs, 0)
    return kept / kept.sum(), 1 / (1 - kept.sum())
""",
                "the mean one over the chance of success",
            ),
        },
    ),
    "ex-filter-twice": Answers(
        right={
            "as in the solution": (
                """
more = {"top-k": False, "min-p": False, "top-p": True}
four = [0.7, 0.12, 0.1, 0.08]
"""
            ),
            "in another order": (
                """
more = dict([("top-p", True), ("top-k", False), ("min-p", False)])
four = np.array([0.05, 0.17, 0.45, 0.33])
"""
            ),
        },
        wrong={
            "all are idempotent": (
                """
more = {"top-k": False, "min-p": False, "top-p": False}
four = [0.7, 0.12, 0.1, 0.08]
""",
                "makes each kept token's mass larger",
            ),
            "all of them bite again": (
                """
more = {"top-k": True, "min-p": True, "top-p": True}
four = [0.7, 0.12, 0.1, 0.08]
""",
                "renormalising keeps ratios",
            ),
            "a favourite that is enough at once": (
                """
more = {"top-k": False, "min-p": False, "top-p": True}
four = [0.9, 0.05, 0.03, 0.02]
""",
                "short of 0.8 before and not after",
            ),
            "nothing to cut": (
                """
more = {"top-k": False, "min-p": False, "top-p": True}
four = [0.25, 0.25, 0.25, 0.25]
""",
                "let the best three reach it",
            ),
        },
    ),
    "ex-min-p-order": Answers(
        right={
            "as in the solution": (
                """
def share_before(share, tau):
    return share**tau
"""
            ),
            "through logarithms": (
                """
from math import exp, log

def share_before(share, tau):
    return exp(tau * log(share))
"""
            ),
        },
        wrong={
            "the root": (
                """
def share_before(share, tau):
    return share ** (1 / tau)
""",
                "Multiply it by τ",
            ),
            "divided": (
                """
def share_before(share, tau):
    return share / tau
""",
                "what stands in the place of log λ",
            ),
            "nothing to translate": (
                """
def share_before(share, tau):
    return share
""",
                "so the share on the model itself is smaller too",
            ),
        },
    ),
    "ex-beam-not-monotone": Answers(
        right={
            "as in the solution": BEAMS.format('"ax", 0.162', '"bx", 0.12', False),
            "the other of the tied beams": BEAMS.format(
                '"ax", 0.5 * 0.36 * 0.9', '"by", 0.4 * 0.5 * 0.6', False
            ),
        },
        wrong={
            "as if it were monotone": (
                BEAMS.format('"ax", 0.162', '"ax", 0.162', True),
                "only two survive",
            ),
            "without the end": (
                BEAMS.format('"ax", 0.18', '"bx", 0.2', False),
                "the end's among them",
            ),
            "the likelier of the worse": (
                BEAMS.format('"ay", 0.017', '"bx", 0.12', False),
                "and then the best after it",
            ),
        },
    ),
}

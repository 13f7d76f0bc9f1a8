"""The debugging checklist: ten parts of an implementation, one check per chapter (section 10.5).

Every check feeds its part an input whose right answer is known in advance and raises a ValueError
that says what was seen. Sections 10.1 to 10.5 explain how such checks are made; the closing part of
chapter 10 runs them.
"""

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from lmcore.diagnostics.checks import check_grad, check_no_leak, validate_distribution
from lmcore.distributions import MarkovSource


class Check(NamedTuple):
    """One line of the checklist.

    Attributes
    ----------
    chapter : int
    section : str
        Where the book explains what is checked, such as ``"3.4"``.
    part : str
        Key under which `run_checklist` is given the function, with its arguments.
    asks : str
        The question, on one line.
    run : callable
        Takes the function; raises if it is wrong.
    """

    chapter: int
    section: str
    part: str
    asks: str
    run: Callable[[Callable[..., Any]], None]


class Finding(NamedTuple):
    """What the checklist found about one part.

    Attributes
    ----------
    check : Check
    caught : str or None
        What is wrong, or None.
    """

    check: Check
    caught: str | None


def run_checklist(parts: dict[str, Callable[..., Any]]) -> tuple[Finding, ...]:
    """Run the check of every given part, in the order of the chapters (book, section 10.5).

    Parameters
    ----------
    parts : dict of str to callable
        Functions under the keys of `CHECKLIST`, which are asked the following:

        ``string_log_prob(next_log_probs, tokens, eos)`` nats of a finished string;
        ``log_probs(tokens)`` (B, T) ids below 3 -> (B, T, V) nats, aligned; ``log_softmax(logits)``
        over the last axis; ``loss_and_grad(logits, targets)`` mean nats and gradient, (n, V) and
        (n,), target -100 ignored; ``bits_per_byte(nll, n_bytes)`` nats of each token of a text, and
        its length; ``calibration_error(confidence, correct, n_bins)`` ECE of equal-width bins;
        ``top_p_filter(logits, p)`` logits, -inf outside the nucleus; ``fit_bigrams(counts)`` (V, V)
        counts -> (V, V) probabilities, smoothed; ``ban(logits, tokens)`` logits;
        ``combine_shards(means, n_tokens)`` mean over all tokens.

    Returns
    -------
    tuple of Finding

    Raises
    ------
    ValueError
        If a key is unknown or there is none.

    Examples
    --------
    >>> from lmcore.softmax import log_softmax
    >>> [finding.caught for finding in run_checklist({"log_softmax": log_softmax})]
    [None]
    >>> naive = lambda z: np.log(np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True))
    >>> print(run_checklist({"log_softmax": naive})[0].caught)
    log_softmax([0, -200]) in float32 gives [0, -inf] instead of [0, -200]: a probability was
    rounded before its logarithm
    """
    known = {check.part: check for check in CHECKLIST}
    unknown = sorted(set(parts) - set(known))
    if unknown or not parts:
        raise ValueError(
            f"parts holds {unknown or 'nothing'}; the checklist knows {', '.join(known)}"
        )
    return tuple(
        Finding(check, _complaint(check, parts[check.part]))
        for check in CHECKLIST
        if check.part in parts
    )


def _complaint(check: Check, function: Callable[..., Any]) -> str | None:
    """What the check says against the function, or None; an error of any kind is a complaint."""
    try:
        with np.errstate(all="ignore"):
            check.run(function)
    except Exception as error:
        return (
            " ".join(str(error).split())
            if isinstance(error, ValueError)
            else f"{type(error).__name__}: {error}"
        )
    return None


def _require(holds: Any, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _strings_sum_to_one(string_log_prob: Callable[..., Any]) -> None:
    """A source that ends with probability 1/2 at each step: up to n tokens, 1 − 2^−(n+1)."""
    source = MarkovSource([0.3, 0.2, 0.5], [[0.1, 0.4, 0.5], [0.4, 0.1, 0.5]])
    total = 0.0
    for length in range(7):
        total += sum(
            float(np.exp(string_log_prob(source.next_log_probs, tokens, 2)))
            for tokens in product((0, 1), repeat=length)
        )
        right = 1 - 0.5 ** (length + 1)
        _require(
            abs(total - right) < 1e-9,
            f"strings of at most {length} tokens hold {total:.4g} instead of "
            f"{right:.4g} of the mass: is EOS, and nothing else, scored once per string?",
        )


def _sees_no_future(log_probs: Callable[..., Any]) -> None:
    """Rows are distributions that do not depend on their own token or later ones."""
    tokens = np.random.default_rng(2).integers(3, size=(2, 8))
    validate_distribution(log_probs(tokens), log=True)
    check_no_leak(log_probs, tokens, np.random.default_rng(3))


def _keeps_the_tail(log_softmax: Callable[..., Any]) -> None:
    """A surprise of 200 nats in float32, logits of ten thousand, and the last of three axes."""
    row = np.asarray(log_softmax(np.array([0, -200], dtype=np.float32)))
    _require(
        np.array_equal(row, [0, -200]),
        f"log_softmax([0, -200]) in float32 gives [{row[0]:g}, {row[1]:g}] instead "
        "of [0, -200]: a probability was rounded before its logarithm",
    )
    logits = np.random.default_rng(4).normal(size=(2, 3, 5)) + 1e4
    validate_distribution(log_softmax(logits), log=True)


def _loss_ignores_padding(loss_and_grad: Callable[..., Any]) -> None:
    """The gradient is that of the loss, and rows of padding change nothing."""
    rng = np.random.default_rng(5)
    logits, targets = rng.normal(size=(3, 4)), np.array([1, 3, 0])
    loss, grad = loss_and_grad(logits, targets)
    check_grad(lambda z: float(loss_and_grad(z, targets)[0]), np.asarray(grad), logits)
    padded = np.concatenate([logits, rng.normal(size=(3, 4))]), np.append(targets, [-100] * 3)
    longer, longer_grad = loss_and_grad(*padded)
    _require(
        np.isclose(longer, loss),
        f"three rows of padding change the mean loss by a factor {longer / loss:.3g}: "
        "divide by the targets that count",
    )
    _require(
        np.allclose(longer_grad, np.concatenate([grad, np.zeros((3, 4))])), "padding has a gradient"
    )


def _bits_do_not_depend_on_tokens(bits_per_byte: Callable[..., Any]) -> None:
    """One text of 8 bytes at one bit per byte, as eight tokens and as two."""
    for n_tokens in (8, 2):
        nll = np.full(n_tokens, 8 * np.log(2) / n_tokens)
        bits = float(bits_per_byte(nll, 8))
        _require(
            np.isclose(bits, 1),
            f"8 bytes that need 8 bits come out as {bits:.4g} bits per byte when cut into "
            f"{n_tokens} tokens",
        )


def _edges_are_counted(calibration_error: Callable[..., Any]) -> None:
    """Confidence 1 and always right, 1 and never right, and 0: each lies in some bin."""
    for confidence, correct, right in (
        (1.0, 1, 0.0),
        (1.0, 0, 1.0),
        (0.0, 1, 1.0),
        (0.75, 1, 0.25),
    ):
        error = float(calibration_error(np.full(4, confidence), np.full(4, correct), 5))
        _require(
            np.isclose(error, right),
            f"four predictions of confidence {confidence:g}, "
            f"{'all right' if correct else 'all wrong'}, have the error {error:.4g} instead of "
            f"{right:g}",
        )


def _nucleus_reaches_p(top_p_filter: Callable[..., Any]) -> None:
    """The kept set reaches p, and without its last token it would not."""
    probs = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
    for p, size in ((0.49, 1), (0.6, 2), (0.74, 2), (0.76, 3), (1.0, 5)):
        kept = np.isfinite(np.asarray(top_p_filter(np.log(probs), p)))
        _require(
            kept.sum() == size and kept[:size].all(),
            f"at p = {p:g} the nucleus of {probs.tolist()} keeps "
            f"{int(kept.sum())} instead of {size}, their mass is {probs[kept].sum():g}",
        )


def _rows_keep_their_mass(fit_bigrams: Callable[..., Any]) -> None:
    """Seen, half seen and unseen histories have distributions without zeros."""
    counts = np.array([[4, 0, 1, 0], [2, 2, 2, 2], [0, 0, 0, 0], [0, 1, 0, 0]])
    probs = np.asarray(fit_bigrams(counts), dtype=float)
    validate_distribution(probs)
    _require((probs > 0).all(), "an unseen pair has the probability 0: nothing was smoothed")
    _require(
        probs[0].argmax() == 0 and probs[0, 0] < 0.8,
        "the most frequent pair is no longer the most probable, or was not discounted",
    )


def _ban_is_a_ban(ban: Callable[..., Any]) -> None:
    """Not one part in 10¹² is left to a banned token, and the others keep their odds."""
    logits = np.array([2.0, 40.0, 1.0, 0.0])
    banned = np.asarray(ban(logits.copy(), [1]), dtype=float)
    left = np.exp(banned - banned.max())
    left = left / left.sum()
    _require(left[1] == 0, f"the banned token keeps the probability {left[1]:.3g}")
    _require(
        np.allclose(np.log(left[[0, 2, 3]] / left[3]), logits[[0, 2, 3]]),
        "the other tokens' odds changed",
    )


def _tokens_have_equal_votes(combine_shards: Callable[..., Any]) -> None:
    """Means of 3, 1 and 0 tokens."""
    got = float(combine_shards([2.0, 6.0, 0.0], [3, 1, 0]))
    _require(
        np.isclose(got, 3),
        f"shards of 3, 1 and 0 tokens with means 2, 6 and 0 give {got:g} instead of 3",
    )


CHECKLIST = (
    Check(
        1,
        "1.2",
        "string_log_prob",
        "do all finished strings together have probability 1?",
        _strings_sum_to_one,
    ),
    Check(
        2,
        "2.3",
        "log_probs",
        "is each row blind to its own token and all later ones?",
        _sees_no_future,
    ),
    Check(3, "3.4", "log_softmax", "does a surprise of 200 nats survive float32?", _keeps_the_tail),
    Check(
        4,
        "4.5",
        "loss_and_grad",
        "is the gradient that of the loss, and padding without effect?",
        _loss_ignores_padding,
    ),
    Check(
        5,
        "5.5",
        "bits_per_byte",
        "does the same text need the same bits however it is cut?",
        _bits_do_not_depend_on_tokens,
    ),
    Check(
        6,
        "6.4",
        "calibration_error",
        "are confidences of exactly 0 and 1 counted?",
        _edges_are_counted,
    ),
    Check(
        7,
        "7.4",
        "top_p_filter",
        "does the nucleus hold at least p, with no token to spare?",
        _nucleus_reaches_p,
    ),
    Check(
        8,
        "8.2",
        "fit_bigrams",
        "does every history, seen or not, have a distribution?",
        _rows_keep_their_mass,
    ),
    Check(9, "9.3", "ban", "is a banned token impossible whatever its logit?", _ban_is_a_ban),
    Check(
        10,
        "10.5",
        "combine_shards",
        "has every token one vote, whatever its shard?",
        _tokens_have_equal_votes,
    ),
)

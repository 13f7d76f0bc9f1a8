"""Scores of continuations, and of texts longer than a model can read (book, section 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lmcore._checks import as_integer, as_token_ids, next_row
from lmcore._typing import NextLogProbs


class ContinuationScore(NamedTuple):
    """Log-probability of a continuation, and whether greedy decoding finds it (book, section 2.5).

    Parameters
    ----------
    sum : float
        log P(continuation | prompt) in nats.
    is_greedy : bool
        True if every token of the continuation is the most probable one at its position.

    Examples
    --------
    >>> ContinuationScore(sum=-1.5, is_greedy=False).sum
    -1.5
    """

    sum: float
    is_greedy: bool


def continuation_score(
    next_log_probs: NextLogProbs, prompt: Sequence[int], continuation: Sequence[int]
) -> ContinuationScore:
    """Score of an answer after a prompt, log P(y|x) = log P(x, y) − log P(x) (book, section 2.5).

    It is Σ_i log p(y_i | x, y_<i): only the tokens of the answer are scored, never the prompt's.
    Averaging over the prompt's tokens as well would mix in a number that all answers share,
    weighted by their lengths.

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prompt : sequence of int
        x, which may be empty.
    continuation : sequence of int
        y, at least one token; append EOS if the answer must also end there.

    Returns
    -------
    ContinuationScore
        Its fields are those of the Language Model Evaluation Harness. Of several equally probable
        tokens the one with the lowest id counts as greedy.

    Raises
    ------
    ValueError
        If `continuation` is empty, a token is out of range, or the model returns NaN or bans every
        token.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation.
    doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> import numpy as np
    >>> score = continuation_score(lambda prefix: np.log([0.9, 0.1]), (1, 0), (0, 0))
    >>> round(score.sum, 4), score.is_greedy
    (-0.2107, True)
    """
    prompt, continuation = tuple(prompt), tuple(continuation)
    if not continuation:
        raise ValueError(
            "continuation is empty: there is nothing to score; pass at least one token (EOS, say)"
        )
    total, is_greedy = 0.0, True
    for i, token in enumerate(continuation):
        row = next_row(next_log_probs, prompt + continuation[:i])
        as_token_ids([token], len(row), f"continuation[{i}:{i + 1}]")
        total += float(row[token])
        is_greedy = is_greedy and int(row.argmax()) == token
    return ContinuationScore(total, is_greedy)


def encode_pair(
    encode: Callable[[str], Sequence[int]], prompt: str, continuation: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Token ids of a prompt and of its continuation (book, section 2.5).

    Most tokenizers attach a space to the word after it. Spaces at the prompt's end therefore move
    to the continuation. If the prompt's own encoding begins the encoding of both, the continuation
    is what follows it there. Otherwise a merge crosses the border; the two are then encoded apart,
    because no split of the joint encoding gives all of the continuation and nothing of the prompt.

    Parameters
    ----------
    encode : callable
        str -> sequence of int.
    prompt, continuation : str

    Returns
    -------
    prompt_ids, continuation_ids : tuples of int
        Together they always spell ``prompt + continuation``. (The Language Model Evaluation Harness
        cuts the joint encoding after as many tokens as the prompt has alone, which drops or repeats
        characters where a merge crosses the border.)

    Raises
    ------
    ValueError
        If `continuation` is empty or gets no token.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation.
    doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> words = {"The": 0, " sky": 1, " is": 2, " blue": 3}
    >>> encode_pair(lambda text: [words[w] for w in words if w in text], "The sky is ", "blue")
    ((0, 1, 2), (3,))
    """
    stripped = prompt.rstrip()
    continuation = prompt[len(stripped) :] + continuation
    prompt_ids = tuple(encode(stripped)) if stripped else ()
    together = tuple(encode(stripped + continuation))
    if together[: len(prompt_ids)] == prompt_ids:
        continuation_ids = together[len(prompt_ids) :]
    else:
        continuation_ids = tuple(encode(continuation))
    if not continuation_ids:
        raise ValueError(
            f"continuation {continuation!r} has no tokens of its own after the prompt {prompt!r}: "
            "pass a continuation that is not empty"
        )
    return prompt_ids, continuation_ids


class Window(NamedTuple):
    """A stretch of a long text: `targets` are scored, `context` is only read (book, section 2.5).

    Parameters
    ----------
    context : tuple of int
        Tokens before the targets.
    targets : tuple of int
        Tokens that this window predicts, and no other does.

    Examples
    --------
    >>> Window(context=(3,), targets=(1, 4)).targets
    (1, 4)
    """

    context: tuple[int, ...]
    targets: tuple[int, ...]


def rolling_windows(tokens: Sequence[int], max_len: int, context_len: int = 1) -> Iterator[Window]:
    """Windows over a long text, in which each token is predicted once (book, section 2.5).

    The first window starts from nothing (or BOS, which the model adds itself) and predicts
    `max_len` tokens. Each later one predicts up to ``max_len - context_len + 1`` and has as many
    tokens before them as fit, `context_len` at least.

    Parameters
    ----------
    tokens : sequence of int
        The text; nothing is yielded if it is empty.
    max_len : int
        The longest prefix handed to the model, not counting a BOS that it adds itself.
    context_len : int, default 1
        Smallest number of known tokens before a later window's first target, 1 ≤ context_len ≤
        max_len. 1 is cheapest; `max_len` predicts one token per window, each with the longest
        context.

    Yields
    ------
    Window
        ``Window(context, targets)`` with ``len(context) + len(targets) - 1 <= max_len``. The
        Language Model Evaluation Harness yields the same windows as (inputs, targets) with a prefix
        token in the first.

    Raises
    ------
    ValueError
        If `context_len` does not lie in [1, max_len].

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation.
    doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> for window in rolling_windows(range(10), max_len=4):
    ...     print(window.context, window.targets)
    () (0, 1, 2, 3)
    (3,) (4, 5, 6, 7)
    (5, 6, 7) (8, 9)
    """
    max_len = as_integer(max_len, "max_len")
    context_len = as_integer(context_len, "context_len")
    if not 1 <= context_len <= max_len:
        raise ValueError(
            f"context_len must lie in [1, max_len], got context_len={context_len}, "
            f"max_len={max_len}"
        )
    return _rolling_windows(tuple(tokens), max_len, context_len)


def _rolling_windows(tokens: tuple[int, ...], max_len: int, context_len: int) -> Iterator[Window]:
    start = 0
    while start < len(tokens):
        width = max_len if start == 0 else max_len - context_len + 1
        stop = min(start + width, len(tokens))
        yield Window(tokens[max(0, stop - 1 - max_len) : start], tokens[start:stop])
        start = stop

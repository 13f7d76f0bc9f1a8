"""Scores of a continuation after a prompt, and of texts longer than a model can read (book, section 2.5)."""

from typing import NamedTuple

import numpy as np

from lmcore._arrays import as_floats, as_token_ids


class ContinuationScore(NamedTuple):
    """Log-probability of a continuation, and whether greedy decoding would have produced it (book, section 2.5).

    Parameters
    ----------
    sum : float
        log P(continuation | prompt) in nats.
    is_greedy : bool
        True if every token of the continuation is the most probable one at its place.

    Examples
    --------
    >>> ContinuationScore(sum=-1.5, is_greedy=False).sum
    -1.5
    """

    sum: float
    is_greedy: bool


def continuation_score(next_log_probs, prompt, continuation):
    """Score of an answer after a prompt, log P(y|x) = log P(x, y) − log P(x) (book, section 2.5).

    It is Σ_i log p(y_i | x, y_<i), so the prompt is never scored. Only the tokens of the answer are
    scored: averaging over the prompt's as well mixes in a number that every answer shares, and
    weighs it by the answers' lengths.

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
        If `continuation` is empty or a token is out of range.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation. doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> score = continuation_score(lambda prefix: np.log([0.9, 0.1]), prompt=(1, 0), continuation=(0, 0))
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
        row = as_floats(next_log_probs(prompt + continuation[:i]), "next_log_probs(prefix)")
        as_token_ids([token], row.shape[-1], f"continuation[{i}:{i + 1}]")
        total += float(row[token])
        is_greedy = is_greedy and int(row.argmax()) == token
    return ContinuationScore(total, is_greedy)


def encode_pair(encode, prompt, continuation):
    """Token ids of a prompt and its continuation, cut where tokenising both together cuts (book, section 2.5).

    Most tokenizers attach a space to the word after it. Spaces at the prompt's end therefore move
    to the continuation, and the continuation is what follows the prompt's tokens in the encoding of
    both.

    Parameters
    ----------
    encode : callable
        str -> sequence of int.
    prompt, continuation : str

    Returns
    -------
    prompt_ids, continuation_ids : tuples of int

    Raises
    ------
    ValueError
        If the continuation gets no token of its own, as when it merges into the prompt's last
        token.

    References
    ----------
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation. doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> words = {"The": 0, " sky": 1, " is": 2, " blue": 3}
    >>> encode_pair(lambda text: [words[w] for w in words if w in text], "The sky is ", "blue")
    ((0, 1, 2), (3,))
    """
    stripped = prompt.rstrip()
    together = tuple(encode(prompt + continuation))
    prompt_ids = tuple(encode(stripped)) if stripped else ()
    continuation_ids = together[len(prompt_ids) :]
    if not continuation_ids:
        raise ValueError(
            f"continuation {continuation!r} has no tokens of its own after the prompt {prompt!r}: "
            "pass a continuation that is not empty and does not merge into the prompt's last token"
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

    context: tuple
    targets: tuple


def rolling_windows(tokens, max_len, context_len=1):
    """Windows over a text longer than a model can read; each token is predicted exactly once (book, section 2.5).

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
        max_len. 1 is cheapest; `max_len` predicts one token a window, each with the longest
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
    Gao, L. et al. (2023). A Framework for Few-Shot Language Model Evaluation. doi:10.5281/zenodo.10256836

    Examples
    --------
    >>> for window in rolling_windows(range(10), max_len=4):
    ...     print(window.context, window.targets)
    () (0, 1, 2, 3)
    (3,) (4, 5, 6, 7)
    (5, 6, 7) (8, 9)
    """
    if not 1 <= context_len <= max_len:
        raise ValueError(
            f"context_len must lie in [1, max_len], got context_len={context_len},"
            f" max_len={max_len}"
        )
    tokens = tuple(tokens)
    return _rolling_windows(tokens, max_len, context_len)


def _rolling_windows(tokens, max_len, context_len):
    start = 0
    while start < len(tokens):
        width = max_len if start == 0 else max_len - context_len + 1
        stop = min(start + width, len(tokens))
        yield Window(tokens[max(0, stop - 1 - max_len) : start], tokens[start:stop])
        start = stop

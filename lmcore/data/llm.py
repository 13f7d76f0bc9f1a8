"""A real language model without its weights: what SmolLM2-135M-Instruct said, recorded once.

It is a quantised (Q4_1) and instruction-tuned model of 135 million parameters: its numbers are
those of this file and no other, and a page that shows them says so. ``tools/record_smollm2.py``
recorded them. Weights: Apache-2.0, Hugging Face; speeches: public domain.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

import numpy as np

from lmcore._typing import Bools, Floats, Integers
from lmcore.data._files import HERE, pinned_hashes, read_checked
from lmcore.data.recording import BETAS, unpack_logits, unpack_prefixes, unpack_rows, unragged

FILE = "smollm2.npz"
REMEDY = "restore it with: git checkout -- lmcore/data/smollm2.npz, or reinstall lmcore"

Sliced = TypeVar("Sliced", bytes, Floats)


@dataclass(frozen=True, eq=False)
class Windows:
    """Teacher-forced next-token numbers over 18,432 tokens of speeches (book, section 6.3).

    There are 18 windows of 1,024 tokens, from six eras; N = 18,432.

    Row i is the distribution that token i is drawn from, given the tokens before it in its window
    and nothing else, so rows of low `position` know little; select ``position >= 128``, say, for a
    model that has read something.

    Attributes
    ----------
    token : ndarray of int of shape (N,)
        Token ids, window after window.
    log_prob : ndarray of float32 of shape (N,)
        Log-probability of that token, nats.
    entropy : ndarray of float32 of shape (N,)
        Of the whole distribution, nats.
    confidence : ndarray of float32 of shape (N,)
        Probability of the likeliest token.
    correct : ndarray of bool of shape (N,)
        Whether the likeliest token is the one that came.
    rank : ndarray of int of shape (N,)
        Place of the token that came; 1 is the likeliest.
    n_bytes : ndarray of int of shape (N,)
        UTF-8 bytes of the token, for bits per byte.
    window, position : ndarray of int of shape (N,)
        Number of the window, and place in it from 0.
    speech : tuple of str, one per window
        Name of the speech; ``"2026-Trump-1"`` is later than the weights.
    start : tuple of int, one per window
        Place of the window's first token in its speech.
    top_ids, top_log_probs : ndarray of shape (N, 64)
        The 64 likeliest tokens, likeliest first, to 1/256 nat.
    rest : ndarray of shape (N, 7)
        log sum of p^beta over all other tokens, at the betas of `lmcore.data.recording.BETAS`.

    Examples
    --------
    >>> windows = smollm2().windows
    >>> warm = windows.position >= 128
    >>> [round(float(x[warm].mean()), 2) for x in (windows.confidence, windows.correct)]
    [0.4, 0.37]
    """

    token: Integers
    log_prob: Floats
    entropy: Floats
    confidence: Floats
    correct: Bools
    rank: Integers
    n_bytes: Integers
    window: Integers
    position: Integers
    speech: tuple[str, ...]
    start: tuple[int, ...]
    top_ids: Integers = field(repr=False)
    top_log_probs: Floats = field(repr=False)
    rest: Floats = field(repr=False)

    def at_temperature(self, temperature: float) -> tuple[Floats, Floats]:
        """Log-probability of each token, and confidence, at another temperature.

        log p_T(v) = beta log p(v) - log sum_u p(u)^beta with beta = 1/T (book, section 6.5). The
        sum is exact over the 64 kept tokens and interpolated in beta over the rest; the error is
        below 0.005 nats.

        Parameters
        ----------
        temperature : float
            From 0.5 to 2.5, the range for which the rest is recorded.

        Returns
        -------
        log_prob, confidence : ndarray of shape (N,)

        Raises
        ------
        ValueError
            If `temperature` lies outside 0.5 to 2.5.

        Examples
        --------
        >>> windows = smollm2().windows
        >>> log_prob, confidence = windows.at_temperature(1.0)
        >>> bool(np.abs(log_prob - windows.log_prob).max() < 0.002)
        True
        """
        if not 0.5 <= temperature <= 2.5:
            raise ValueError(
                f"temperature {temperature} is outside 0.5 to 2.5, where the rest of each "
                "distribution is recorded; use a temperature in that range"
            )
        beta = 1 / temperature
        nodes = np.array(BETAS)
        others = nodes[:, None] != nodes
        # Lagrange's polynomials at beta
        weights = np.where(others, beta - nodes, 1).prod(1, where=others) / np.where(
            others, nodes[:, None] - nodes, 1
        ).prod(1)
        log_sum = np.logaddexp(
            np.log(np.exp(beta * self.top_log_probs).sum(-1)), self.rest @ weights
        )
        return beta * self.log_prob - log_sum, np.exp(beta * self.top_log_probs[:, 0] - log_sum)


@dataclass(frozen=True, eq=False)
class Scored:
    """A continuation scored after a prompt.

    Attributes
    ----------
    item : str
        What it belongs to: the question, the sentence, the speech.
    label : str
        What distinguishes it within the item: the answer, the kind of prompt, the length of
        context.
    prompt, text : str
        Prompt and continuation as text.
    prompt_ids, ids : tuple of int
        The same as tokens.
    prompt_log_probs, log_probs : ndarray of float32
        Log-probability of each token of prompt and continuation given all before it, nats.
    is_greedy : bool
        Whether each token of the continuation was the likeliest.
    n_bytes : int
        UTF-8 bytes of `text`; special tokens such as <|im_end|> count none. ``len(text)`` counts
        characters.
    correct : bool
        Whether it is the right (or first) answer.
    """

    item: str
    label: str
    prompt: str
    text: str
    prompt_ids: tuple[int, ...]
    ids: tuple[int, ...]
    prompt_log_probs: Floats
    log_probs: Floats
    is_greedy: bool
    n_bytes: int
    correct: bool


@dataclass(frozen=True, eq=False)
class Question:
    """A multiple-choice question and the scores of its answers.

    Attributes
    ----------
    question : str
    answers : tuple of Scored
        After the prompt "Question: … Answer:".
    unconditional : tuple of Scored
        The same answers, in the same order, after the neutral prompt "Answer:".
    correct : int
        Place of the right answer.
    """

    question: str
    answers: tuple[Scored, ...]
    unconditional: tuple[Scored, ...]
    correct: int


@dataclass(frozen=True, eq=False)
class SmolLM2:
    """The recording of SmolLM2-135M-Instruct, Q4_1 (book, section 3.3).

    Attributes
    ----------
    vocab_size : int
        49,152.
    bos, eos : int
        <|endoftext|> (0), which stands in for an empty prefix and separates documents, and
        <|im_end|> (2), which ends an answer. A prefix that is not empty is read as it stands:
        nothing is put before it.
    tokens : tuple of bytes
        Every token, by id.
    windows : Windows
        Teacher-forced numbers over speeches.
    logits : mapping of str to ndarray of float32 of shape (V,)
        Next-token logits after a few telling prefixes; their distance from the largest is rounded
        to float16, so a probability is right to 0.05 % of itself where it is within 2 nats of the
        largest, to 0.8 % at 32 nats.
    prefixes : mapping of str to tuple of int
        The prefix of each entry of `logits`.
    questions, repetition : tuple of Question
        Plain ones, and ones with an answer that repeats itself.
    letters : mapping of str to ndarray of float32 of shape (questions, 4, 4)
        Log-probability of each option's letter when the four answers of a question are printed as A
        to D, by question, order and letter (section 6.1). In order r answer (j + r) % 4 stands at
        letter j. ``"plain"`` ends in "Answer:", ``"chat"`` uses the model's chat template.
    orders : tuple of (tuple of str, mapping of str to float)
        Passages of the first retrieval question as they stand in one prompt, and the
        log-probability of each city after it (section 9.2).
    scored : mapping of str to tuple of Scored
        ``"two answers"`` (section 2.5), ``"chat"``, ``"prompts"``, ``"context"`` (9.1),
        ``"retrieval"`` (9.2).
    greedy : mapping of str to (tuple of int, tuple of int)
        Prompt and its greedy continuation.
    provenance : mapping of str to str
        Model, licence, digest of the weights, versions.

    Examples
    --------
    >>> llm = smollm2()
    >>> llm.decode([llm.logits["fact"].argmax()])
    ' Paris'
    """

    vocab_size: int
    bos: int
    eos: int
    tokens: tuple[bytes, ...] = field(repr=False)
    windows: Windows = field(repr=False)
    logits: Mapping[str, Floats] = field(repr=False)
    prefixes: Mapping[str, tuple[int, ...]] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    repetition: tuple[Question, ...] = field(repr=False)
    letters: Mapping[str, Floats] = field(repr=False)
    orders: tuple[tuple[tuple[str, ...], Mapping[str, float]], ...] = field(repr=False)
    scored: Mapping[str, tuple[Scored, ...]] = field(repr=False)
    greedy: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(repr=False)
    provenance: Mapping[str, str]
    _place: dict[tuple[int, ...], int] = field(repr=False)
    _rows: tuple[Integers, Floats, Floats] = field(repr=False)

    def decode(self, ids: Iterable[int]) -> str:
        """Text of token ids; bytes that are no UTF-8 character become U+FFFD.

        Examples
        --------
        >>> smollm2().decode(smollm2().prefixes["fact"])
        'The capital of France is'
        """
        return b"".join(self.tokens[i] for i in ids).decode("utf-8", errors="replace")

    def token_id(self, text: str) -> int:
        """Id of the token that is exactly `text`.

        Raises
        ------
        ValueError
            If it takes more than one token.

        Examples
        --------
        >>> smollm2().token_id(" Paris")
        7042
        """
        ids = _ids_by_bytes()
        if text.encode("utf-8") not in ids:
            raise ValueError(
                f"text {text!r} is not one token of SmolLM2; a word in running text begins with a "
                "space, and longer words are several tokens"
            )
        return ids[text.encode("utf-8")]

    def next_log_probs(self, prefix: Sequence[int]) -> Floats:
        """Next-token log-probabilities after a recorded prefix.

        Exact where `logits` hold the prefix. Elsewhere the 64 likeliest tokens, and those that the
        recording scores after this prefix, are right to 1/256 nat; the rest of the mass is shared
        evenly by the others.

        Parameters
        ----------
        prefix : tuple of int
            One of those recorded: of `prefixes`, of a scored continuation, of `greedy`, of the
            trees that small beams visit after ``prefixes["color"]`` and ``prefixes["chat"]``, or
            the beginning of a window.

        Returns
        -------
        ndarray of float32 of shape (V,)
            Sums to one.

        Raises
        ------
        ValueError
            If the prefix was not recorded; the message says how far it was, and which prefixes
            exist.

        Examples
        --------
        >>> llm = smollm2()
        >>> row = llm.next_log_probs(llm.prefixes["fact"])
        >>> llm.decode([row.argmax()]), round(float(np.exp(row.max())), 2)
        (' Paris', 0.77)
        """
        prefix = tuple(int(i) for i in prefix)
        for name, ids in self.prefixes.items():
            if ids == prefix:
                return _normalized(self.logits[name])
        if prefix in self._place:
            ids, kept, rest = (part[self._place[prefix]] for part in self._rows)
            return self._whole(ids, kept, rest[_ONE])
        return self._window_row(prefix)

    def _whole(self, ids: Integers, kept: Floats, rest: Any) -> Floats:
        """Distribution over all tokens: the kept ones, and the log of the others' mass."""
        row = np.full(self.vocab_size, rest - np.log(self.vocab_size - len(ids)), np.float32)
        row[ids] = kept
        return _normalized(row)

    def _window_row(self, prefix: tuple[int, ...]) -> Floats:
        """Distribution after the first tokens of a window; raises if no window begins so."""
        windows = self.windows
        length, n = len(windows.token) // len(windows.speech), len(prefix)
        rows = [
            start + n
            for start in range(0, len(windows.token), length)
            if n < length and np.array_equal(windows.token[start : start + n], prefix)
        ]
        if not rows:
            self._refuse(prefix)
        ids, kept, rest = (
            windows.top_ids[rows[0]],
            windows.top_log_probs[rows[0]],
            windows.rest[rows[0], _ONE],
        )
        for token, log_prob in {windows.token[i]: windows.log_prob[i] for i in rows}.items():
            # what came is scored exactly, however unlikely it was
            if token not in ids:
                rest += np.log1p(-np.exp(log_prob - rest))
                ids, kept = np.append(ids, token), np.append(kept, log_prob)
        return self._whole(ids, kept, rest)

    def _refuse(self, prefix: tuple[int, ...]) -> NoReturn:
        """Say which prefixes there are."""
        known = next(n for n in range(len(prefix), -1, -1) if prefix[:n] in self._place)
        raise ValueError(
            f"prefix {self.decode(prefix)!r} ({len(prefix)} tokens) was not recorded, only its "
            f"first {known} tokens; recorded are {len(self._place):,} prefixes: those of .prefixes "
            f"({', '.join(self.prefixes)}), of .scored, .questions and .greedy, small beams after "
            "'color' and 'chat', and the beginnings of .windows"
        )


_ONE = BETAS.index(1.0)


def _normalized(logits: Floats) -> Floats:
    """Log-softmax of one row, summed in float64."""
    shifted = logits.astype(np.float64) - logits.max()
    row: Floats = (shifted - np.log(np.exp(shifted).sum())).astype(np.float32)
    return row


@cache
def _ids_by_bytes() -> dict[bytes, int]:
    return {token: i for i, token in enumerate(smollm2().tokens)}


@cache
def smollm2() -> SmolLM2:
    """The recorded SmolLM2, a real model of 135 million parameters (book, section 3.3).

    Returns
    -------
    SmolLM2
        The same object at every call; its arrays must not be changed.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file beside this module is missing, truncated or altered; the message says how to
        restore it.

    References
    ----------
    Allal, L. B. et al. (2025). SmolLM2: When Smol Goes Big. arXiv:2502.02737.

    Examples
    --------
    >>> llm = smollm2()
    >>> windows = llm.windows
    >>> first = (windows.window == 0) & (windows.position > 0)
    >>> round(float(np.exp(-windows.log_prob[first].mean())), 1)  # perplexity of a speech of 1790
    28.6
    """
    content = read_checked(HERE / FILE, pinned_hashes()["lmcore"][FILE], REMEDY)
    with np.load(io.BytesIO(content)) as archive:
        stored = {name: archive[name] for name in archive.files}
    meta = json.loads(stored["meta"].tobytes())
    tokens = tuple(map(bytes, _split(stored["token_values"].tobytes(), stored["token_lengths"])))
    prefixes = dict(
        zip(meta["full"], unragged(stored["full_lengths"], stored["full_ids"]), strict=True)
    )
    paths = unragged(stored["greedy_lengths"], stored["greedy_ids"])
    greedy = {
        name: (path[:n], path[n:])
        for name, path, n in zip(
            meta["greedy"], paths, stored["greedy_prompts"].tolist(), strict=True
        )
    }
    place = {ids: i for i, ids in enumerate(unpack_prefixes(stored))}
    rows = unpack_rows(stored, "prefix")
    groups = _scored(stored, meta["requests"], tokens, place, rows[0])
    unconditional = {(s.item, s.label): s for s in groups.pop("unconditional")}
    return SmolLM2(
        vocab_size=len(tokens),
        bos=0,
        eos=2,
        tokens=tokens,
        windows=_windows(stored, meta, tokens),
        logits=MappingProxyType(dict(zip(prefixes, unpack_logits(stored), strict=True))),
        prefixes=MappingProxyType(prefixes),
        questions=_questions(groups.pop("questions"), unconditional),
        repetition=_questions(groups.pop("repetition"), unconditional),
        letters=MappingProxyType(
            dict(zip(meta["letters"], stored["letter_log_prob"], strict=True))
        ),
        orders=tuple(
            (tuple(order), MappingProxyType(dict(zip(meta["order_answers"], row, strict=True))))
            for order, row in zip(meta["orders"], stored["order_log_prob"].tolist(), strict=True)
        ),
        scored=MappingProxyType({name: tuple(found) for name, found in groups.items()}),
        greedy=MappingProxyType(greedy),
        provenance=MappingProxyType(meta["provenance"]),
        _place=place,
        _rows=rows,
    )


def _split(values: Sliced, lengths: Integers) -> list[Sliced]:
    """Consecutive pieces of a sequence."""
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    return [values[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]


def _windows(
    stored: Mapping[str, Any], meta: Mapping[str, Any], tokens: tuple[bytes, ...]
) -> Windows:
    """The teacher-forced part of the recording."""
    top_ids, top_log_probs, rest = unpack_rows(stored, "window")
    token, length = stored["window_ids"].ravel().astype(np.int64), meta["window"]
    sizes = np.array([len(t) for t in tokens])
    return Windows(
        token=token,
        log_prob=stored["window_log_prob"],
        entropy=stored["window_entropy"],
        confidence=np.exp(top_log_probs[:, 0]),
        correct=top_ids[:, 0] == token,
        rank=stored["window_rank"].astype(np.int64),
        n_bytes=sizes[token],
        window=np.arange(len(token)) // length,
        position=np.arange(len(token)) % length,
        speech=tuple(name for name, _ in meta["windows"]),
        start=tuple(start for _, start in meta["windows"]),
        top_ids=top_ids,
        top_log_probs=top_log_probs,
        rest=rest,
    )


def _scored(
    stored: Mapping[str, Any],
    requests: Iterable[tuple[str, str, str, bool]],
    tokens: tuple[bytes, ...],
    place: Mapping[tuple[int, ...], int],
    top_ids: Integers,
) -> dict[str, list[Scored]]:
    """Group -> list of Scored."""
    groups: dict[str, list[Scored]] = {}
    sequences = unragged(stored["scored_lengths"], stored["scored_ids"])
    log_probs = _split(stored["scored_log_prob"], stored["scored_lengths"])
    prompts = stored["scored_prompts"].tolist()
    for (group, item, label, correct), ids, n, scores in zip(
        requests, sequences, prompts, log_probs, strict=True
    ):
        steps = range(n, len(ids))
        prompt, text = (
            b"".join(tokens[i] for i in part).decode("utf-8", "replace")
            for part in (ids[:n], ids[n:])
        )
        groups.setdefault(group, []).append(
            Scored(
                item,
                label,
                prompt,
                text,
                ids[:n],
                ids[n:],
                scores[:n],
                scores[n:],
                is_greedy=all(top_ids[place[ids[:t]], 0] == ids[t] for t in steps),
                n_bytes=sum(len(tokens[i]) for i in ids[n:] if i > 2),
                correct=correct,
            )
        )
    return groups


def _questions(
    scored: Iterable[Scored], unconditional: Mapping[tuple[str, str], Scored]
) -> tuple[Question, ...]:
    """Answers gathered under their questions."""
    by_question: dict[str, list[Scored]] = {}
    for answer in scored:
        by_question.setdefault(answer.item, []).append(answer)
    return tuple(
        Question(
            question,
            tuple(answers),
            tuple(unconditional[question, a.label] for a in answers),
            [a.correct for a in answers].index(True),
        )
        for question, answers in by_question.items()
    )

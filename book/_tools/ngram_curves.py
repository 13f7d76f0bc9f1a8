"""Held-out bits per byte of n-gram models, for the explorer of chapter 8: `python
book/_tools/ngram_curves.py`.

Seven million characters are counted and some four hundred models fitted, which takes minutes; so
the numbers are kept in ngram_curves.json beside this file, and a test computes a part of them
again.
"""

import json
import math
from pathlib import Path

from lmcore import data
from lmcore.models import ngram
from lmcore.models.characters import EOS, VOCAB_SIZE, encode
from lmcore.models.ngram.counts import match, token_stream

FILE = Path(__file__).with_suffix(".json")
ORDER = 8
# discounts where an order has too few rare n-grams to estimate them, as in section 8.2
RARELY = (0.5, 1, 1.5)
METHODS = {
    "additive": (
        "additive, δ",
        (1, 0.1, 0.01, 0.001),
        lambda counts, delta: ngram.additive(counts, delta),
    ),
    "jelinek-mercer": (
        "Jelinek–Mercer, λ",
        (0.5, 0.7, 0.8, 0.9, 0.95),
        lambda counts, weight: ngram.jelinek_mercer(counts, weight),
    ),
    "witten-bell": ("Witten–Bell", (None,), lambda counts, _: ngram.witten_bell(counts)),
    "katz": ("Katz", (None,), lambda counts, _: ngram.katz(counts)),
    "absolute": (
        "absolute discounting",
        (None,),
        lambda counts, _: ngram.absolute_discounting(counts, fallback=0.75),
    ),
    "kneser-ney": (
        "Kneser–Ney",
        (None,),
        lambda counts, _: ngram.kneser_ney(counts, fallback=0.75),
    ),
    "modified": (
        "modified Kneser–Ney",
        (None,),
        lambda counts, _: ngram.modified_kneser_ney(counts, fallback=RARELY),
    ),
}


def texts():
    """What is counted, by name, and the held-out test speeches, all as token ids."""
    parts = data.split()
    train, test = (
        [encode(data.clean(speech.text)) for speech in part] for part in (parts.train, parts.test)
    )
    return {
        "all": ("all training speeches", train),
        "eighth": ("every eighth of them", train[::8]),
        "few": ("every 64th of them", train[::64]),
        "leak": ("every eighth, and by mistake the test speeches", train[::8] + test),
    }, test


def curves(name, documents, test, orders=range(1, ORDER + 1)):
    """Everything about one set of counted texts, each list with a number an order."""
    counts = ngram.count_ngrams(documents, VOCAB_SIZE, order=max(orders), eos=EOS)
    stream, offset = token_stream(test, VOCAB_SIZE, EOS)
    found = match(counts.keys, stream, VOCAB_SIZE)
    unseen = [float((rank[offset >= k] < 0).mean()) for k, rank in enumerate(found, 1)]
    bits = {
        key: {
            str(setting): [
                rounded(ngram.held_out_bits(fit(counts.up_to(n), setting), test)) for n in orders
            ]
            for setting in settings
        }
        for key, (_, settings, fit) in METHODS.items()
    }
    return {
        "label": name,
        "characters": sum(map(len, documents)),
        "unseen": [round(share, 4) for share in unseen],
        "stored": [sum(len(keys) for keys in counts.keys[:n]) for n in orders],
        "bits": bits,
    }


def rounded(bits):
    return round(bits, 4) if math.isfinite(bits) else None


def main():
    counted, test = texts()
    made = {}
    for key, (name, documents) in counted.items():
        print(name, flush=True)
        made[key] = curves(name, documents, test)
    content = {
        "orders": list(range(1, ORDER + 1)),
        "test characters": sum(map(len, test)),
        "methods": {
            key: {"label": label, "settings": [str(s) for s in settings if s is not None]}
            for key, (label, settings, _) in METHODS.items()
        },
        "counted": made,
    }
    FILE.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

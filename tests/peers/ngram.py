"""Recompute tests/peers/ngram.json.

The n-gram estimators of kenlm (lmplz) and nltk on the six speeches up to 1794.

Needs the extra `peers`, the data packages, and kenlm's estimator `lmplz`, which the Python package
does not build: unpack its source package, then `cmake` and `make lmplz` (boost headers needed). Run
from the repository's root, with lmplz on the PATH: python tests/peers/ngram.py
"""

import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import kenlm
import numpy as np
from nltk.lm import (
    MLE,
    AbsoluteDiscountingInterpolated,
    KneserNeyInterpolated,
    Lidstone,
    Vocabulary,
    WittenBellInterpolated,
)

from lmcore.data import speeches

BOS, EOS = "<s>", "</s>"
ORDERS = (1, 2, 3, 4)
N_QUERIES = 400
NLTK_ORDER = 3


def sentences():
    """Lower-case words and marks of the first six speeches, a list a sentence."""
    text = " ".join(speech.text for speech in speeches()[:6]).lower()
    pieces = re.split(r"(?<=[.?!;])\s+", text)
    return [words for words in (re.findall(r"[a-z']+|[.,;?!]", piece) for piece in pieces) if words]


def draw_queries(documents, vocab_size, eos, rng):
    """(prefix, token) pairs: histories of the text, whole or cut short, or of random tokens.

    Tokens true or random.
    """
    queries = []
    for i in range(N_QUERIES):
        string = [*documents[rng.integers(len(documents))], eos]
        end = int(rng.integers(len(string)))
        prefix, token = string[:end], string[end]
        if i % 4 == 1:
            token = int(rng.integers(vocab_size))
        if i % 4 == 2:
            prefix = rng.integers(0, vocab_size, rng.integers(1, 4)).tolist()
            prefix = [t for t in prefix if t != eos]
        if i % 4 == 3:
            prefix = prefix[-int(rng.integers(0, 4)) :] if prefix else []
        queries.append([[int(t) for t in prefix], int(token)])
    return queries


def lmplz(documents, names, order, queries):
    """Discounts and natural-log probabilities of modified Kneser–Ney by lmplz, via kenlm."""
    tool = shutil.which("lmplz") or sys.exit("lmplz is not on the PATH; see this file's docstring")
    text = "\n".join(" ".join(names[t] for t in document) for document in documents) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        arpa = Path(folder) / "model.arpa"
        run = subprocess.run(
            [tool, "-o", str(order), "-S", "20%", "-T", folder, "--arpa", str(arpa)],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        pattern = r"^\d+ \d+ D1=([\d.e-]+) D2=([\d.e-]+) D3\+=([\d.e-]+)"
        discounts = [
            [float(d) for d in row] for row in re.findall(pattern, run.stderr, re.MULTILINE)
        ]
        # the module reads orders 2 and up only
        if order == 1:
            unigrams = dict(
                line.split("\t")[1::-1] for line in arpa.read_text().splitlines() if "\t" in line
            )
            scores = [float(unigrams.get(names[token], unigrams["<unk>"])) for _, token in queries]
        else:
            model = kenlm.Model(str(arpa))
            scores = [
                kenlm_score(model, [names[t] for t in prefix], names[token])
                for prefix, token in queries
            ]
    return {"discounts": discounts, "log_probs": [round(s * math.log(10), 7) for s in scores]}


def kenlm_score(model, prefix, word):
    """log10 p(word | <s> prefix)."""
    state, following = kenlm.State(), kenlm.State()
    model.BeginSentenceWrite(state)
    for token in prefix:
        model.BaseScore(state, token, following)
        state, following = following, state
    return model.BaseScore(state, word, following)


def with_one_bos(document, order):
    """All n-grams of one document with a single BOS, BOS never last, as lmcore and kenlm count."""
    string = [BOS, *document, EOS]
    return [
        tuple(string[i : i + k])
        for k in range(1, order + 1)
        for i in range(len(string) - k + 1)
        if (k, i) != (1, 0)
    ]


def nltk_scores(documents, names, queries):
    """Probabilities by nltk's estimators, fed the n-grams with one BOS instead of order − 1."""
    texts = [[names[t] for t in document] for document in documents]
    models = {
        "mle": MLE(NLTK_ORDER),
        "additive": Lidstone(0.1, NLTK_ORDER),
        "witten_bell": WittenBellInterpolated(NLTK_ORDER),
        "absolute_discounting": AbsoluteDiscountingInterpolated(NLTK_ORDER, discount=0.75),
        "kneser_ney": KneserNeyInterpolated(NLTK_ORDER, discount=0.7),
    }
    scores = {}
    for name, model in models.items():
        model.vocab = Vocabulary([w for text in texts for w in text] + [EOS], unk_cutoff=1)
        if hasattr(model, "estimator"):
            model.estimator.vocab = model.vocab
        model.counts.update(with_one_bos(text, NLTK_ORDER) for text in texts)
        scores[name] = [
            nltk_score(name, model, [names[t] for t in prefix], names[token])
            for prefix, token in queries
        ]
    return scores


def nltk_score(name, model, prefix, word):
    """p(word | prefix), or None where nltk has no distribution.

    That is after BOS for Kneser–Ney (its lower orders count no left context there: rows do not sum
    to 1) and after an unseen history for MLE (it scores 0 everywhere).
    """
    history = [BOS, *prefix][-(NLTK_ORDER - 1) :]
    if name == "kneser_ney" and BOS in history:
        return None
    if name == "mle" and not model.context_counts(tuple(history)):
        return None
    return float(model.unmasked_score(word, tuple(history)))


def main():
    rng = np.random.default_rng(0)
    texts = sentences()
    words = sorted({w for text in texts for w in text})
    names = [*words, "<unk>", EOS]
    ids = {w: i for i, w in enumerate(names)}
    documents = [[ids[w] for w in text] for text in texts]
    queries = draw_queries(documents, len(names), ids[EOS], rng)
    stored = {
        "versions": {name: version(name) for name in ("kenlm", "nltk")},
        "vocab_size": len(names),
        "eos": ids[EOS],
        "documents": documents,
        "queries": queries,
        "lmplz": {str(order): lmplz(documents, names, order, queries) for order in ORDERS},
        "nltk": nltk_scores(documents, names, queries),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""N-gram models, lmcore and nltk side by side on a million words.

    python tests/benchmarks/run.py ngram

The words are those of the speeches, the documents whole speeches. Fitting starts from token lists
on both sides (ids here, strings there) and includes counting. Times are processor seconds of the
one thread that each side uses, so that a busy machine does not count. Run by itself, this file
prints sizes and seven million characters too, lmcore's alone: at nltk's tenth of a second a query,
scoring the held-out speeches would take most of a day.
"""

import re
import resource
import time

import numpy as np

from lmcore.data import clean, speeches, split
from lmcore.models.characters import EOS, VOCAB_SIZE, encode
from lmcore.models.ngram import count_ngrams, held_out_bits, modified_kneser_ney

N_TOKENS = 1_000_000
ORDER = 3
FIT_GOAL = 0.01  # lmcore's time over nltk's
QUERY_LIMIT = 5e-6  # seconds


def seconds(function):
    """(processor seconds, result) of one call."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def best_of(repeats, function):
    """Shortest processor time of some calls, and the last result."""
    runs = [seconds(function) for _ in range(repeats)]
    return min(took for took, _ in runs), runs[-1][1]


def word_documents():
    """A million words as lists of strings, and the twenty speeches after them as held-out text."""
    documents = [re.findall(r"[a-z']+|[^\sa-z']", speech.text.lower()) for speech in speeches()]
    train, left = [], N_TOKENS
    while left:
        train.append(documents[len(train)][:left])
        left -= len(train[-1])
    return train, documents[len(train) : len(train) + 20]


def as_ids(train, test):
    """Both as id arrays, with the size of the vocabulary and EOS.

    Words not in `train` become one unknown token.
    """
    vocab = {word: i for i, word in enumerate(sorted({word for text in train for word in text}))}
    unk, eos = len(vocab), len(vocab) + 1
    train, test = (
        [np.array([vocab.get(word, unk) for word in text]) for text in part]
        for part in (train, test)
    )
    return train, test, eos + 1, eos


def fit_nltk(train):
    """Count and fit, as nltk's own documentation does it."""
    from nltk.lm import KneserNeyInterpolated
    from nltk.lm.preprocessing import padded_everygram_pipeline

    model = KneserNeyInterpolated(ORDER)
    model.fit(*padded_everygram_pipeline(ORDER, train))
    return model


def measurements():
    """The rows that run.py prints."""
    train, test = word_documents()
    ids, unseen, vocab_size, eos = as_ids(train, test)
    fit, model = best_of(7, lambda: modified_kneser_ney(count_ngrams(ids, vocab_size, ORDER, eos)))
    query = best_of(5, lambda: held_out_bits(model, unseen))[0] / sum(
        len(text) + 1 for text in unseen
    )
    yield "score a held-out word, all in one batch", query, "limit", QUERY_LIMIT, 1
    fit_peer, peer = seconds(lambda: fit_nltk(train))
    yield "fit a million words, order 3, (modified) Kneser-Ney", fit, "nltk", fit_peer, FIT_GOAL
    contexts = [(test[0][i : i + 2], test[0][i + 2]) for i in range(0, 200, 10)]
    query_peer = seconds(lambda: [peer.score(word, history) for history, word in contexts])[
        0
    ] / len(contexts)
    yield "score a held-out word", query, "nltk", query_peer, None


def megabytes(*tables):
    """Size of all arrays in some tuples of arrays."""
    return sum(array.nbytes for table in tables for array in table) / 1e6


def report(what, documents, unseen, vocab_size, eos, order):
    """Times, sizes and held-out bits of one modified Kneser–Ney model."""
    counting, counts = seconds(lambda: count_ngrams(documents, vocab_size, order, eos))
    fitting, model = seconds(lambda: modified_kneser_ney(counts))
    row = best_of(50, lambda: model.next_log_probs((1, 2, 3)))[0]
    print(
        f"{sum(map(len, documents)):,} {what}, order {order}: counted in {counting:.2f} s, fitted"
        f" in {fitting:.2f} s, {sum(map(len, counts.keys)):,} n-grams,"
        f" {megabytes(counts.keys, counts.counts, counts.suffixes):.0f} MB of counts and"
        f" {megabytes(model.log_prob, model.log_backoff):.0f} MB of model, one row {row * 1e6:.0f}"
        f" us, {held_out_bits(model, unseen):.4f} bits per held-out token"
    )


def main():
    characters = [
        [encode(clean(speech.text)) for speech in part] for part in (split().train, split().test)
    ]
    for order in (5, 6):
        report("characters", *characters, VOCAB_SIZE, EOS, order)
    words = as_ids(*word_documents())
    for order in (3, 5):
        report("words", *words, order)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    for what, ours, peer, theirs, _ in measurements():
        print(f"{what}: lmcore {ours:.3g} s, {peer} {theirs:.3g} s")


if __name__ == "__main__":
    main()

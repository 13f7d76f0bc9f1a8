"""N-gram models, lmcore and nltk side by side on a million words: python tests/benchmarks/bench_ngram.py

The words are those of the speeches, the documents whole speeches. Fitting starts from token lists on both sides (ids
here, strings there) and includes counting. Times are processor seconds of one thread, which both sides use, so that a
busy machine does not count; the fits alternate and the best of each is taken. The 7 million characters are lmcore's
alone: at nltk's tenth of a second a query, scoring the held-out speeches would take most of a day.
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
ROUNDS = 2                      # of nltk's fit, which takes seconds; lmcore fits five times a round
FIT_GOAL = 100                  # nltk's time over lmcore's
QUERY_GOAL = 5.0                # microseconds


def seconds(function):
    """(processor seconds, result) of one call."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def word_documents():
    """A million words as lists of strings, and the next speeches as held-out text."""
    documents = [re.findall(r"[a-z']+|[^\sa-z']", speech.text.lower()) for speech in speeches()]
    train, left = [], N_TOKENS
    while left:
        train.append(documents[len(train)][:left])
        left -= len(train[-1])
    return train, documents[len(train):len(train) + 20]


def fit_nltk(train):
    from nltk.lm import KneserNeyInterpolated
    from nltk.lm.preprocessing import padded_everygram_pipeline
    model = KneserNeyInterpolated(ORDER)
    model.fit(*padded_everygram_pipeline(ORDER, train))
    return model


def peak_gib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def megabytes(*tables):
    return sum(array.nbytes for table in tables for array in table) / 1e6


def words():
    train, test = word_documents()
    vocab = {word: i for i, word in enumerate(sorted({word for text in train for word in text}))}
    unk, eos, vocab_size = len(vocab), len(vocab) + 1, len(vocab) + 2
    ids = [np.array([vocab[word] for word in text]) for text in train]
    unseen = [np.array([vocab.get(word, unk) for word in text]) for text in test]
    n_queries = sum(map(len, unseen))
    best, best_nltk = np.inf, np.inf
    for _ in range(ROUNDS):
        for _ in range(5):
            took, model = seconds(lambda: modified_kneser_ney(count_ngrams(ids, vocab_size, ORDER, eos)))
            best = min(best, took)
        took, peer = seconds(lambda: fit_nltk(train))
        best_nltk = min(best_nltk, took)
    held = "holds" if best_nltk / best >= FIT_GOAL else "MISSED"
    print(f"fit, {N_TOKENS:,} words, V = {vocab_size:,}: lmcore modified Kneser-Ney {best * 1e3:.0f} ms, "
          f"nltk Kneser-Ney {best_nltk * 1e3:.0f} ms, ratio {best_nltk / best:.0f} (goal {FIT_GOAL}: {held})")
    query = min(seconds(lambda: held_out_bits(model, unseen))[0] for _ in range(5)) / n_queries * 1e6
    contexts = [(test[0][i:i + 2], test[0][i + 2]) for i in range(0, 200, 10)]
    query_nltk = seconds(lambda: [peer.score(word, history) for history, word in contexts])[0] / len(contexts) * 1e6
    held = "holds" if query <= QUERY_GOAL else "MISSED"
    print(f"score, {n_queries:,} held-out words in one batch: lmcore {query:.2f} us a query "
          f"(goal {QUERY_GOAL}: {held}), nltk {query_nltk:,.0f} us, ratio {query_nltk / query:,.0f}; "
          f"{held_out_bits(model, unseen):.3f} bits a word")
    row = min(seconds(lambda: model.next_log_probs((1, 2)))[0] for _ in range(50)) * 1e6
    print(f"one row of {vocab_size:,} next-token probabilities: {row:.0f} us")
    five, counts = seconds(lambda: count_ngrams(ids, vocab_size, 5, eos))
    fit, model = seconds(lambda: modified_kneser_ney(counts))
    print(f"order 5: counted in {five * 1e3:.0f} ms, fitted in {fit * 1e3:.0f} ms, "
          f"{sum(map(len, counts.keys)):,} n-grams, "
          f"counts {megabytes(counts.keys, counts.counts, counts.suffixes):.0f} MB, model "
          f"{megabytes(model.log_prob, model.log_backoff):.0f} MB beyond the keys")


def characters():
    train, test = ([encode(clean(speech.text)) for speech in part] for part in (split().train, split().test))
    for order in (5, 6):
        counting, counts = seconds(lambda: count_ngrams(train, VOCAB_SIZE, order, EOS))
        fitting, model = seconds(lambda: modified_kneser_ney(counts))
        print(f"{sum(map(len, train)):,} characters, order {order}: counted in {counting:.2f} s, "
              f"fitted in {fitting * 1e3:.0f} ms, {sum(map(len, counts.keys)):,} n-grams, "
              f"{held_out_bits(model, test):.4f} bits a character held out")
    print(f"peak memory {peak_gib():.2f} GiB")


def main():
    characters()                # first, so that its peak is not nltk's
    words()


if __name__ == "__main__":
    main()

"""lmcore.models.ngram against numbers by hand, kenlm, nltk, brute-force counts and identities."""

import importlib.util
import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lmcore.models import ngram as ng
from lmcore.models.ngram.counts import _sort_and_count
from lmcore.models.ngram.ratios import good_turing_ratios

PEERS = json.loads((Path(__file__).parent / "peers" / "ngram.json").read_text())

# The toy corpus of the hand-worked cases: a = 0, b = 1, c = 2, EOS = 3, one token (4) that never
# occurs, BOS = 5. "a b a b ."   "a c ."   "b a b ."
A, B, C, EOS, NEW, BOS = range(6)
TOY = [[A, B, A, B], [A, C], [B, A, B]]
TOY_V = 5

ESTIMATORS = {
    "mle": lambda counts: ng.mle(counts, unseen="backoff"),
    "additive": lambda counts: ng.additive(counts, delta=0.3),
    "jelinek_mercer": lambda counts: ng.jelinek_mercer(counts, weight=0.6),
    "witten_bell": ng.witten_bell,
    "katz": lambda counts: ng.katz(counts, cutoff=2),
    "absolute_discounting": lambda counts: ng.absolute_discounting(counts, fallback=0.5),
    "kneser_ney": lambda counts: ng.kneser_ney(counts, fallback=0.5),
    "modified_kneser_ney": lambda counts: ng.modified_kneser_ney(counts, fallback=(0.5, 1.0, 1.5)),
}
SMOOTHED = [name for name in ESTIMATORS if name != "mle"]


def toy_counts(order):
    return ng.count_ngrams(TOY, TOY_V, order, EOS)


def probs(model, *prefix):
    return np.exp(model.next_log_probs(prefix))


def documents_with_bos(documents, vocab_size, eos):
    return [[vocab_size, *map(int, d), *([] if eos is None else [eos])] for d in documents]


def brute_force_counts(documents, vocab_size, order, eos):
    """Counter of n-grams as tuples: BOS in front or nowhere, never alone."""
    return Counter(
        tuple(d[i : i + k])
        for d in documents_with_bos(documents, vocab_size, eos)
        for k in range(1, order + 1)
        for i in range(len(d) - k + 1)
        if (k, i) != (1, 0)
    )


def unpack(counts, k):
    """The k-grams of packed keys, as tuples, in order."""
    if k == 1:
        return [(int(key),) for key in counts.keys[0]]
    shorter, base = unpack(counts, k - 1), counts.vocab_size + 1
    return [(*shorter[key // base], int(key % base)) for key in counts.keys[k - 1]]


@st.composite
def corpora(draw, max_vocab=5):
    """(documents, V, order, eos): small, with repeated tokens, possibly empty documents."""
    vocab_size = draw(st.integers(2, max_vocab))
    eos = draw(st.sampled_from([None, vocab_size - 1]))
    tokens = st.integers(0, vocab_size - 1 - (eos is not None))
    documents = draw(st.lists(st.lists(tokens, max_size=12), min_size=1, max_size=5))
    assume(eos is not None or any(documents))
    return documents, vocab_size, draw(st.integers(1, 4)), eos


class TestCounts:
    def test_by_hand(self):
        counts = toy_counts(3)
        # a, b, c, EOS, never, BOS (not an output)
        assert_array_equal(counts.counts[0], [4, 4, 1, 3, 0, 0])
        expected = {
            (A, B): 3,
            (B, A): 2,
            (A, C): 1,
            (B, EOS): 2,
            (C, EOS): 1,
            (BOS, A): 2,
            (BOS, B): 1,
            (B, B): 0,
            (A, B, A): 1,
            (A, B, EOS): 2,
            (B, A, B): 2,
            (BOS, A, B): 1,
            (BOS, A, C): 1,
            (BOS, B, A): 1,
        }
        assert {ngram: counts.count(ngram) for ngram in expected} == expected

    def test_the_packed_key_by_hand(self):
        # order 2: the rank of a unigram is its id, so key(b, a) = 1·(5 + 1) + 0
        counts = toy_counts(3)
        assert_array_equal(
            counts.keys[1],
            [A * 6 + B, A * 6 + C, B * 6 + A, B * 6 + EOS, C * 6 + EOS, BOS * 6 + A, BOS * 6 + B],
        )
        # order 3: (b, a) has rank 2 among those, so key(b, a, b) = 2·6 + 1
        assert 2 * 6 + B in counts.keys[2]

    @given(corpora())
    def test_brute_force(self, corpus):
        documents, vocab_size, order, eos = corpus
        counts = ng.count_ngrams(documents, vocab_size, order, eos)
        expected = brute_force_counts(documents, vocab_size, order, eos)
        found = {}
        for k in range(1, order + 1):
            ngrams = unpack(counts, k)
            assert ngrams == sorted(ngrams)
            found |= {ngram: int(c) for ngram, c in zip(ngrams, counts.counts[k - 1]) if c}
            if k > 1:
                shorter = unpack(counts, k - 1)
                assert [shorter[i] for i in counts.suffixes[k - 1]] == [
                    ngram[1:] for ngram in ngrams
                ]
        assert found == dict(expected)

    def test_a_vocabulary_whose_ngrams_do_not_fit_64_bits(self):
        vocab_size, order = 60_000, 6  # 60,000^6 needs 96 bits
        rng = np.random.default_rng(0)
        # few types, so that 6-grams repeat
        tokens = rng.choice(rng.integers(0, vocab_size, 30), 3_000)
        documents = np.split(tokens, [700, 701, 2_000])
        counts = ng.count_ngrams(documents, vocab_size, order)
        expected = brute_force_counts(documents, vocab_size, order, None)
        assert sum(len(k) for k in counts.keys[1:]) == sum(len(ngram) > 1 for ngram in expected)
        assert all(
            counts.count(ngram) == c for ngram, c in expected.items() if hash(ngram) % 20 == 0
        )

    # tabled, packed with the position, argsorted
    @pytest.mark.parametrize("bound", [50, 1_000, 1 << 62])
    def test_sort_and_count_three_ways(self, bound):
        keys = np.random.default_rng(1).integers(0, 50, 400)
        distinct, counts, rank = _sort_and_count(keys, bound)
        expected, inverse, occurrences = np.unique(keys, return_inverse=True, return_counts=True)
        for ours, numpys in ((distinct, expected), (counts, occurrences), (rank, inverse)):
            assert_array_equal(ours, numpys)

    def test_lower_orders_are_the_same_counts(self):
        shorter, again = toy_counts(4).up_to(2), toy_counts(2)
        assert shorter.order == 2
        for ours, expected in zip(shorter.keys + shorter.counts, again.keys + again.counts):
            assert_array_equal(ours, expected)

    def test_documents_do_not_run_into_each_other(self):
        apart = ng.count_ngrams([[A], [B]], vocab_size=2, order=2)
        assert apart.count((A, B)) == 0
        assert apart.count((apart.bos, B)) == 1

    def test_empty_documents_between_others(self):
        counts = ng.count_ngrams([[], [A, B], []], vocab_size=3, order=2, eos=2)
        assert counts.count((counts.bos, 2)) == 2
        assert_array_equal(counts.counts[0], [1, 1, 3, 0])

    def test_errors(self):
        with pytest.raises(ValueError, match="order must be at least 1, got 0"):
            ng.count_ngrams([[0]], 2, 0)
        with pytest.raises(ValueError, match="eos must be one of the 2 output tokens"):
            ng.count_ngrams([[0]], 2, 1, eos=2)
        with pytest.raises(ValueError, match=r"documents\[1\] holds 7, which is out of range"):
            ng.count_ngrams([[0, 1], [0, 7]], 2, 1)
        with pytest.raises(ValueError, match=r"documents\[0\] holds 2, which is out of range"):
            # BOS is not for the caller
            ng.count_ngrams([[2]], 2, 1)
        with pytest.raises(ValueError, match=r"documents\[0\] holds -1, which is out of range"):
            ng.count_ngrams([[0, -1]], 2, 1)
        with pytest.raises(
            ValueError, match=r"documents\[1\] holds 1, which is eos, which is added here"
        ):
            ng.count_ngrams([[0], [0, 1]], 2, 1, eos=1)
        with pytest.raises(ValueError, match="documents hold no token"):
            ng.count_ngrams([[], []], 2, 1)
        with pytest.raises(ValueError, match=r"documents\[0\] has shape \(\).*\[document\]"):
            ng.count_ngrams(np.array([0, 1, 1]), 2, 1)
        with pytest.raises(TypeError, match=r"documents\[0\] has dtype float64"):
            ng.count_ngrams([[0.5]], 2, 1)
        with pytest.raises(ValueError, match="ngram has 3 tokens; these counts hold orders 1 to 2"):
            toy_counts(2).count((A, B, A))
        with pytest.raises(ValueError, match="ngram holds 6"):
            toy_counts(2).count((A, 6))
        with pytest.raises(ValueError, match=r"order must lie in 1\.\.2"):
            toy_counts(2).up_to(3)

    def test_continuation_counts_by_hand(self):
        # Before a stand BOS and b; before b: a and BOS; before c: a; before EOS: b and c. Pairs
        # keep raw counts (top).
        assert_array_equal(ng.continuation_counts(toy_counts(2))[0], [2, 2, 1, 2, 0, 0])
        # In a trigram model the pair (a, b) has two contexts, BOS and b; (BOS, a) keeps its raw
        # count of 2.
        counts = toy_counts(3)
        pairs = dict(zip(unpack(counts, 2), ng.continuation_counts(counts)[1].tolist()))
        assert pairs == {
            (A, B): 2,
            (A, C): 1,
            (B, A): 2,
            (B, EOS): 1,
            (C, EOS): 1,
            (BOS, A): 2,
            (BOS, B): 1,
        }

    @given(corpora())
    def test_continuation_counts_brute_force(self, corpus):
        counts = ng.count_ngrams(*corpus)
        raw = brute_force_counts(*corpus)
        for k, adjusted in enumerate(ng.continuation_counts(counts)[:-1], start=1):
            contexts = Counter(ngram[1:] for ngram in raw if len(ngram) == k + 1)
            assert [
                contexts[g] if g[0] != counts.bos else raw[g] for g in unpack(counts, k)
            ] == adjusted.tolist()


class TestByHand:
    """Bigram models of the toy corpus. c(a •) = 4: b 3, c 1. Of 12: a 4, b 4, c 1, EOS 3."""

    UNIGRAMS = np.array([4, 4, 1, 3, 0]) / 12
    AFTER_A = np.array([0, 3, 1, 0, 0])

    def test_mle(self):
        model = ng.mle(toy_counts(2))
        assert_allclose(probs(model, A), self.AFTER_A / 4, rtol=1e-15)
        # three documents begin
        assert_allclose(probs(model), np.array([2, 1, 0, 0, 0]) / 3, rtol=1e-15)
        assert_allclose(probs(ng.mle(toy_counts(1)), B, A), self.UNIGRAMS, rtol=1e-15)
        # In a trigram model p(· | BOS) is still the bigram's, and (b, a) is followed by b only.
        assert_allclose(probs(ng.mle(toy_counts(3))), np.array([2, 1, 0, 0, 0]) / 3, rtol=1e-15)
        assert_array_equal(probs(ng.mle(toy_counts(3)), C, B, A), [0, 1, 0, 0, 0])

    def test_additive(self):
        assert_allclose(
            probs(ng.additive(toy_counts(2), 0.5), A), (self.AFTER_A + 0.5) / 6.5, rtol=1e-15
        )
        assert_allclose(probs(ng.additive(toy_counts(2), 0.5), NEW), np.full(5, 0.2), rtol=1e-15)
        # A trigram model does not read the bigrams: (c, a) was never seen, so 1/V although (a) was.
        assert_allclose(probs(ng.additive(toy_counts(3), 0.5), C, A), np.full(5, 0.2), rtol=1e-15)

    def test_jelinek_mercer(self):
        unigrams = 0.6 * self.UNIGRAMS + 0.4 / 5
        model = ng.jelinek_mercer(toy_counts(2), weight=[0.6, 0.7])
        assert_allclose(probs(model, A), 0.7 * self.AFTER_A / 4 + 0.3 * unigrams, rtol=1e-14)
        assert_allclose(probs(model, NEW), unigrams, rtol=1e-14)

    def test_witten_bell(self):
        # Unigrams: 4 types in 12 tokens, (c + 4/5) / 16. After a: 2 types in 4 tokens.
        unigrams = (np.array([4, 4, 1, 3, 0]) + 4 / 5) / 16
        assert_allclose(
            probs(ng.witten_bell(toy_counts(2)), A), (self.AFTER_A + 2 * unigrams) / 6, rtol=1e-14
        )

    def test_absolute_discounting(self):
        # Unigrams: 4 types give up 1/2 each, 2/12 in all, spread over 5. After a: (2.5, 0.5)/4, and
        # 1/4 to share.
        unigrams = np.array([3.5, 3.5, 0.5, 2.5, 0]) / 12 + 2 / 12 / 5
        model = ng.absolute_discounting(toy_counts(2), discounts=0.5)
        assert_allclose(
            probs(model, A), np.array([0, 2.5, 0.5, 0, 0]) / 4 + 0.25 * unigrams, rtol=1e-14
        )

    def test_kneser_ney(self):
        # Contexts: a 2, b 2, c 1, EOS 2, of 7 (the distinct bigrams); D = 1/2 leaves 4·½/7 for the
        # uniform part.
        unigrams = np.array([1.5, 1.5, 0.5, 1.5, 0]) / 7 + 2 / 7 / 5
        model = ng.kneser_ney(toy_counts(2), discounts=0.5)
        assert_allclose(
            probs(model, A), np.array([0, 2.5, 0.5, 0, 0]) / 4 + 0.25 * unigrams, rtol=1e-14
        )
        assert_allclose(probs(model, NEW), unigrams, rtol=1e-14)

    def test_modified_kneser_ney(self):
        # D = (1/2, 1, 3/2). Contexts (2, 2, 1, 2): 1, 1, 1/2, 1 kept of 7, so 3.5/7 to the uniform
        # part. After a: b, seen 3 times, keeps 3/2; c, once, 1/2; together they give up 2 of 4.
        unigrams = np.array([1, 1, 0.5, 1, 0]) / 7 + 3.5 / 7 / 5
        model = ng.modified_kneser_ney(toy_counts(2), discounts=(0.5, 1, 1.5))
        assert_allclose(
            probs(model, A), np.array([0, 1.5, 0.5, 0, 0]) / 4 + 0.5 * unigrams, rtol=1e-14
        )

    def test_trigram_kneser_ney_in_fractions(self):
        # p(b | b, a): (b, a) is followed by b twice. p(b | a) by contexts: (a, b) 2, (a, c) 1. p(b)
        # as above.
        half = F(1, 2)
        unigram = F(3, 2) / 7 + F(2, 7) * F(1, 5)
        bigram = F(3, 2) / 3 + (half * 2 / 3) * unigram
        trigram = F(3, 2) / 2 + (half / 2) * bigram
        assert_allclose(
            probs(ng.kneser_ney(toy_counts(3), discounts=0.5), B, A)[B], float(trigram), rtol=1e-14
        )

    def test_katz(self):
        # Unigram counts 4, 4, 1, 3 with cutoff 1: n_1 = 1, n_2 = 0, so d_1 = 0/1 has nothing to
        # stand on and is 1; nothing is freed, c(h) + 1 stands for c(h): (4, 4, 1, 3)/13, and 1/13
        # for the one token never seen.
        unigrams = np.array([4, 4, 1, 3, 1]) / 13
        # Bigram counts 3, 1 | 2, 2 | 1 | 2, 1: n_1 = 3, n_2 = 3: 1* = 2·3/3 = 2 > 1: not a
        # discount, so 1 again. After a: (3, 1)/5, and 1/5 over a, EOS and the new token in
        # proportion to 4, 3, 1.
        model = ng.katz(toy_counts(2), cutoff=1)
        assert_allclose(probs(model, NEW), unigrams, rtol=1e-14)
        assert_allclose(
            probs(model, A), np.array([4 / 8 / 5, 3 / 5, 1 / 5, 3 / 8 / 5, 1 / 8 / 5]), rtol=1e-14
        )

    def test_katz_discounts_by_good_turing(self):
        # n_1 = 10, n_2 = 3, n_3 = 1: A = 3·1/10, 1* = 2·3/10 = 0.6, 2* = 3·1/3 = 1:
        # d_1 = (0.6 − 0.3)/0.7 and d_2 = (0.5 − 0.3)/0.7.
        frequency = np.repeat([1, 2, 3, 9], [10, 3, 1, 1])
        assert_allclose(good_turing_ratios(frequency, 2), [1, 3 / 7, 2 / 7, 1], rtol=1e-14)
        # The unigram model with exactly these counts: 15 types of 28 tokens, one token never seen.
        tokens = np.repeat(np.arange(15), frequency)
        model = ng.katz(ng.count_ngrams([tokens], 16, 1), cutoff=2)
        freed = 10 * (1 - 3 / 7) + 3 * 2 * (1 - 2 / 7)
        assert_allclose(
            probs(model)[[0, 10, 13, 14, 15]],
            np.array([3 / 7, 4 / 7, 3, 9, freed]) / 28,
            rtol=1e-13,
        )

    def test_katz_asks_the_shorter_history_only_for_the_unseen(self):
        rng = np.random.default_rng(3)
        counts = ng.count_ngrams([np.minimum(rng.geometric(0.2, 500), 30) - 1], 40, 2)
        longer, shorter = ng.katz(counts), ng.katz(counts.up_to(1))
        unseen = [w for w in range(40) if counts.count((4, w)) == 0]
        ratio = probs(longer, 4)[unseen] / probs(shorter)[unseen]
        assert_allclose(ratio, ratio[0], rtol=1e-12)
        assert ratio[0] != pytest.approx(1)

    def test_katz_where_every_token_was_seen(self):
        # after 0 both tokens, so no back-off
        counts = ng.count_ngrams([[0, 0, 1, 0, 1, 1, 0]], 2, 2)
        assert_allclose(probs(ng.katz(counts), 0), [1 / 3, 2 / 3], rtol=1e-14)


class TestDiscounts:
    def test_one_discount_by_hand(self):
        # n_1 = 3, n_2 = 1
        assert_allclose(ng.estimate_discounts([1, 1, 1, 2, 5, 0]), [3 / 5] * 3, rtol=1e-15)

    def test_three_discounts_by_hand(self):
        # n = 6, 2, 1, 1: Y = 6/10; D1 = 1 − 2·0.6·2/6, D2 = 2 − 3·0.6·1/2, D3+ = 3 − 4·0.6·1/1
        frequency = np.repeat([1, 2, 3, 4, 70], [6, 2, 1, 1, 3])
        assert_allclose(
            ng.estimate_discounts(frequency, modified=True), [0.6, 1.1, 0.6], rtol=1e-14
        )

    def test_an_order_without_ngrams_needs_no_discount(self):
        # no document has a trigram: BOS and a token
        counts = ng.count_ngrams([[0], [1], [0]], 2, 2 + 1)
        assert_array_equal(ng.kneser_ney(counts, fallback=0.5).discounts[2], [0, 0, 0])

    @pytest.mark.parametrize("estimator", [ng.absolute_discounting, ng.kneser_ney])
    def test_without_singletons(self, estimator):
        counts = ng.count_ngrams([[0, 0], [0, 0], [0, 0]], 2, 1)
        with pytest.raises(
            ValueError, match=r"order 1: no n-gram of this order occurs 1 times.*pass fallback=0.75"
        ):
            estimator(counts)
        assert_array_equal(estimator(counts, fallback=0.25).discounts, [[0.25] * 3])

    def test_modified_without_triples(self):
        with pytest.raises(
            ValueError, match=r"order 1: no n-gram of this order occurs 2 times.*\(0.5, 1.0, 1.5\)"
        ):
            ng.modified_kneser_ney(toy_counts(1))
        model = ng.modified_kneser_ney(toy_counts(2), fallback=(0.5, 1, 1.5))
        assert_array_equal(model.discounts[0], [0.5, 1, 1.5])

    def test_a_negative_discount_is_an_error(self):
        with pytest.raises(ValueError, match="a negative discount adds mass"):
            ng.estimate_discounts(np.repeat([1, 2, 3, 4], [9, 1, 9, 1]), modified=True)

    def test_values_out_of_range(self):
        with pytest.raises(ValueError, match=r"discounts must lie in \[0, 1\], got 1.5"):
            ng.kneser_ney(toy_counts(2), discounts=1.5)
        with pytest.raises(ValueError, match=r"discounts must lie in \[0, j\] for D_j"):
            ng.modified_kneser_ney(toy_counts(2), discounts=(0.5, 1.0, 3.5))
        with pytest.raises(
            ValueError, match="discounts must be one number or one for each of 2 orders"
        ):
            ng.kneser_ney(toy_counts(2), discounts=[0.1, 0.2, 0.3])
        with pytest.raises(
            ValueError, match=r"discounts must be three numbers or a \(2, 3\) table, got shape \(\)"
        ):
            ng.modified_kneser_ney(toy_counts(2), discounts=0.7)
        with pytest.raises(ValueError, match="fallback must be one number, got shape"):
            ng.absolute_discounting(toy_counts(2), fallback=(0.5, 0.5))

    def test_one_discount_thrice_is_plain_kneser_ney(self):
        plain = ng.kneser_ney(toy_counts(3), discounts=[0.3, 0.5, 0.7])
        modified = ng.modified_kneser_ney(
            toy_counts(3), discounts=np.outer([0.3, 0.5, 0.7], np.ones(3))
        )
        for ours, expected in zip(modified.log_prob, plain.log_prob):
            assert_array_equal(ours, expected)


class TestLimits:
    @pytest.mark.parametrize(
        "estimator",
        [
            lambda counts: ng.absolute_discounting(counts, discounts=0.0),
            lambda counts: ng.jelinek_mercer(counts, weight=1.0),
            lambda counts: ng.additive(counts, delta=1e-13),
        ],
        ids=["D=0", "weight=1", "delta=0"],
    )
    def test_nothing_taken_is_maximum_likelihood(self, estimator):
        counts = toy_counts(3)
        for prefix in ((), (A,), (B, A), (A, B)):
            assert_allclose(
                probs(estimator(counts), *prefix), probs(ng.mle(counts), *prefix), atol=1e-11
            )

    def test_everything_taken_is_uniform(self):
        for model in (
            ng.jelinek_mercer(toy_counts(3), weight=0.0),
            ng.additive(toy_counts(3), delta=1e13),
        ):
            assert_allclose(probs(model, A, B), np.full(5, 0.2), rtol=1e-11)

    @pytest.mark.parametrize("name", SMOOTHED)
    def test_a_smoothed_model_supports_every_token(self, name):
        assert probs(ESTIMATORS[name](toy_counts(3)), A, B).min() > 0

    def test_without_the_uniform_part_a_new_token_is_impossible(self):
        for estimator in (ng.jelinek_mercer, ng.witten_bell):
            row = estimator(toy_counts(2), interpolate_unigrams=False).next_log_probs((A,))
            assert row[NEW] == -np.inf
            assert_allclose(np.exp(row).sum(), 1, rtol=1e-14)
        for estimator in (ng.absolute_discounting, ng.kneser_ney):
            assert (
                estimator(toy_counts(2), 0.5, interpolate_unigrams=False).next_log_probs((A,))[NEW]
                == -np.inf
            )

    def test_errors(self):
        with pytest.raises(
            ValueError, match="delta must be positive and finite, got 0; for delta = 0 use mle"
        ):
            ng.additive(toy_counts(2), 0)
        with pytest.raises(ValueError, match="weight must be one number in"):
            ng.jelinek_mercer(toy_counts(2), 1.2)
        with pytest.raises(ValueError, match="one for each of 2 orders"):
            ng.jelinek_mercer(toy_counts(2), [0.1, 0.2, 0.3])
        with pytest.raises(ValueError, match="cutoff must be at least 1, got 0"):
            ng.katz(toy_counts(2), cutoff=0)
        with pytest.raises(ValueError, match="unseen must be 'raise' or 'backoff', got 'zero'"):
            ng.mle(toy_counts(2), unseen="zero")


class TestUnseenHistories:
    def test_mle_names_the_history(self):
        model = ng.mle(toy_counts(3))
        with pytest.raises(
            ValueError, match=r"history \(2, 0\) was never continued.*unseen='backoff'"
        ):
            model.next_log_probs((B, C, A))
        with pytest.raises(ValueError, match=r"history \(BOS, 2\) was never continued"):
            model.next_log_probs((C,))
        with pytest.raises(ValueError, match=r"history \(BOS, 2\) was never continued"):
            model.log_probs([[A, B], [C, A]])
        with pytest.raises(ValueError, match=r"history \(2, 0\) was never continued"):
            model.token_log_probs([[A, B, A, B], [A, C, A, B]])

    def test_a_history_that_only_ends_texts_is_unseen(self):
        # no EOS: nothing follows 1
        model = ng.mle(ng.count_ngrams([[0, 1]], 2, 2))
        with pytest.raises(ValueError, match=r"history \(1\) was never continued"):
            model.next_log_probs((1,))

    def test_mle_backs_off_only_if_asked(self):
        model = ng.mle(toy_counts(3), unseen="backoff")
        # (c, a) unseen, (a) seen
        assert_allclose(probs(model, C, A), np.array([0, 3, 1, 0, 0]) / 4, rtol=1e-15)
        assert_allclose(probs(model, NEW), np.array([4, 4, 1, 3, 0]) / 12, rtol=1e-15)

    def test_an_unseen_token_after_a_seen_history_stays_impossible(self):
        assert ng.mle(toy_counts(2), unseen="backoff").next_log_probs((A,))[EOS] == -np.inf

    @pytest.mark.parametrize(
        "name",
        [
            "jelinek_mercer",
            "witten_bell",
            "katz",
            "absolute_discounting",
            "kneser_ney",
            "modified_kneser_ney",
        ],
    )
    def test_others_read_the_longest_end_that_was_seen(self, name):
        model = ESTIMATORS[name](toy_counts(3))
        assert_allclose(
            model.next_log_probs((NEW, NEW, A)), model.next_log_probs((C, C, NEW, A)), rtol=1e-15
        )


class TestInterface:
    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_attributes(self, name):
        model = ESTIMATORS[name](toy_counts(2))
        assert (model.vocab_size, model.eos, model.order) == (TOY_V, EOS, 2)
        assert model.next_log_probs(()).shape == (TOY_V,)
        assert model.next_log_probs(()).dtype == np.float64

    @settings(max_examples=30)
    @given(corpora(), st.data())
    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_rows_sum_to_one_after_any_history(self, name, corpus, data):
        model = ESTIMATORS[name](ng.count_ngrams(*corpus))
        tokens = st.integers(0, model.vocab_size - 1)
        for prefix in data.draw(st.lists(st.lists(tokens, max_size=5), min_size=1, max_size=4)):
            assert_allclose(probs(model, *prefix).sum(), 1, rtol=1e-11)

    @settings(max_examples=20)
    @given(corpora(), st.data())
    @pytest.mark.parametrize("name", ESTIMATORS)
    def test_batches_agree_with_single_rows(self, name, corpus, data):
        model = ESTIMATORS[name](ng.count_ngrams(*corpus))
        shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 5)))
        batch = np.array(
            data.draw(
                st.lists(
                    st.lists(
                        st.integers(0, model.vocab_size - 1), min_size=shape[1], max_size=shape[1]
                    ),
                    min_size=shape[0],
                    max_size=shape[0],
                )
            )
        )
        rows = model.log_probs(batch)
        assert rows.shape == (*shape, model.vocab_size)
        for b, t in product(range(shape[0]), range(shape[1])):
            assert_allclose(rows[b, t], model.next_log_probs(tuple(batch[b, :t])), rtol=1e-12)
        picked = np.take_along_axis(rows, batch[..., None], axis=-1)[..., 0]
        assert_allclose(model.token_log_probs(batch), picked, rtol=1e-12)
        assert_allclose(
            model.token_log_probs(batch[0]), model.token_log_probs(batch)[0], rtol=1e-12
        )

    @pytest.mark.parametrize("name", SMOOTHED)
    def test_dropping_the_backoff_mass_is_noticed(self, name):
        """Section 8.2's mistake: what was taken from the seen is given to nobody."""
        model = ESTIMATORS[name](toy_counts(2))
        broken = replace(
            model, log_backoff=tuple(np.full_like(gamma, -np.inf) for gamma in model.log_backoff)
        )
        assert_allclose(probs(model, A).sum(), 1, rtol=1e-12)
        assert probs(broken, A).sum() < 0.99

    def test_all_strings_together_have_probability_one(self):
        model = ng.kneser_ney(toy_counts(2), discounts=0.5)
        # Mass of strings of at most 40 tokens, from the bigram rows as a Markov chain.
        rows = np.array([probs(model, w) for w in range(TOY_V)])
        alive, ended = probs(model), 0.0
        for _ in range(40):
            ended += alive[EOS]
            alive[EOS] = 0
            alive = alive @ rows
        assert ended == pytest.approx(1, abs=1e-3)

    def test_after_eos_comes_eos(self):
        model = ng.witten_bell(toy_counts(3))
        assert_array_equal(probs(model, A, B, EOS), np.eye(TOY_V)[EOS])
        padded = model.token_log_probs([A, C, EOS, EOS, EOS])
        assert_array_equal(padded[3:], [0, 0])
        assert_allclose(padded[:3], model.token_log_probs([A, C, EOS]), rtol=1e-15)
        assert model.token_log_probs([A, C, EOS, A])[-1] == -np.inf
        # strict, and no error
        assert_array_equal(probs(ng.mle(toy_counts(3)), A, EOS), np.eye(TOY_V)[EOS])

    def test_the_first_token_does_not_depend_on_the_order(self):
        assert_allclose(probs(ng.mle(toy_counts(4))), probs(ng.mle(toy_counts(2))), rtol=1e-15)

    def test_a_unigram_model_ignores_its_prefix(self):
        model = ng.witten_bell(toy_counts(1))
        assert_array_equal(model.next_log_probs(()), model.next_log_probs((A, NEW)))
        assert_allclose(model.log_probs([[A, B]])[0, 1], model.next_log_probs((A,)), rtol=1e-15)

    def test_inputs_are_left_alone(self):
        model = ng.witten_bell(toy_counts(2))
        model.next_log_probs(())[:] = 0
        assert_allclose(probs(model).sum(), 1, rtol=1e-14)

    def test_errors(self):
        model = ng.witten_bell(toy_counts(2))
        with pytest.raises(ValueError, match="prefix holds 5"):
            model.next_log_probs((A, BOS))
        with pytest.raises(ValueError, match="tokens holds -1"):
            model.log_probs([[A, -1]])
        with pytest.raises(TypeError, match="tokens must hold integer token ids"):
            model.token_log_probs([0.5])
        with pytest.raises(ValueError, match="tokens must have at least one axis"):
            model.token_log_probs(3)


class TestHeldOutBits:
    def test_by_hand(self):
        # p(a) = 3/4, p(b) = 1/4: (log2 4/3 + log2 4 + log2 4) / 3
        model = ng.mle(ng.count_ngrams([[0, 0, 0, 1]], 2, 1))
        assert ng.held_out_bits(model, [[0], [1, 1]]) == pytest.approx(
            (np.log2(4 / 3) + 2 + 2) / 3, rel=1e-14
        )

    def test_eos_counts_and_documents_are_apart(self):
        model = ng.kneser_ney(toy_counts(3), discounts=0.5)
        documents = [[A, B], [C], []]
        total = sum(model.token_log_probs([*d, EOS]).sum() for d in documents)
        assert ng.held_out_bits(model, documents) == pytest.approx(
            -total / 6 / np.log(2), rel=1e-13
        )

    def test_an_impossible_token_costs_infinitely_many_bits(self):
        assert ng.held_out_bits(ng.mle(toy_counts(1)), [[NEW]]) == np.inf

    def test_counted_text_looks_easier_than_new_text(self):
        rng = np.random.default_rng(0)
        text = [rng.integers(0, 20, 300) for _ in range(2)]
        model = ng.kneser_ney(ng.count_ngrams(text[:1], 20, 3), fallback=0.75)
        assert ng.held_out_bits(model, text[:1]) < ng.held_out_bits(model, text[1:]) - 0.5

    def test_no_token(self):
        with pytest.raises(ValueError, match="documents hold no token"):
            ng.held_out_bits(ng.witten_bell(ng.count_ngrams([[0]], 2, 1)), [[], []])


@pytest.fixture(scope="module")
def counts():
    """The peers' text: six speeches, 12,533 tokens."""
    return ng.count_ngrams(PEERS["documents"], PEERS["vocab_size"], 4, PEERS["eos"])


class TestPeers:
    """kenlm's estimator and nltk's, through tests/peers/ngram.py."""

    @staticmethod
    def scores(model):
        """log p of every stored query."""
        return np.array(
            [model.next_log_probs(tuple(prefix))[token] for prefix, token in PEERS["queries"]]
        )

    @pytest.mark.parametrize("order", [1, 2, 3, 4])
    def test_kenlm(self, counts, order):
        peer = PEERS["lmplz"][str(order)]
        model = ng.modified_kneser_ney(counts.up_to(order))
        # printed with six digits
        assert_allclose(model.discounts, peer["discounts"], atol=1e-5)
        # float32 in the ARPA file
        assert_allclose(self.scores(model), peer["log_probs"], atol=2e-6)

    @pytest.mark.parametrize(
        "name, fit",
        [
            ("additive", lambda c: ng.additive(c, 0.1)),
            ("witten_bell", lambda c: ng.witten_bell(c, interpolate_unigrams=False)),
            (
                "absolute_discounting",
                lambda c: ng.absolute_discounting(c, 0.75, interpolate_unigrams=False),
            ),
            ("kneser_ney", lambda c: ng.kneser_ney(c, 0.7, interpolate_unigrams=False)),
            ("mle", lambda c: ng.mle(c, unseen="backoff")),
        ],
    )
    def test_nltk(self, counts, name, fit):
        peer = PEERS["nltk"][name]
        compared = np.array([p is not None for p in peer])
        assert compared.sum() > 250
        ours = np.exp(self.scores(fit(counts.up_to(3))))
        assert_allclose(ours[compared], [p for p in peer if p is not None], rtol=1e-12)

    def test_the_stored_nltk_values_are_todays(self):
        pytest.importorskip("nltk"), pytest.importorskip("kenlm")
        script = Path(__file__).parent / "peers" / "ngram.py"
        spec = importlib.util.spec_from_file_location("peers_ngram", script)
        peers = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(peers)
        words = [*(f"w{i}" for i in range(PEERS["vocab_size"] - 2)), "<unk>", peers.EOS]
        today = peers.nltk_scores(PEERS["documents"], words, PEERS["queries"][:40])
        for name, scores in today.items():
            assert [s is None for s in scores] == [s is None for s in PEERS["nltk"][name][:40]]
            assert_allclose(
                [s for s in scores if s is not None],
                [s for s in PEERS["nltk"][name][:40] if s is not None],
                rtol=1e-12,
            )

    def test_kenlm_reads_our_table(self, counts, tmp_path):
        kenlm = pytest.importorskip("kenlm")
        model = ng.modified_kneser_ney(counts)
        path = tmp_path / "model.arpa"
        path.write_text(arpa(model, counts))
        peer = kenlm.Model(str(path))
        words = names(model)
        for document in PEERS["documents"][::20]:
            ours = model.token_log_probs([*document, model.eos]) / np.log(10)
            theirs = [score for score, *_ in peer.full_scores(" ".join(words[t] for t in document))]
            assert_allclose(ours, theirs, atol=2e-5)


def names(model):
    words = [f"w{i}" for i in range(model.vocab_size + 1)]
    words[model.eos], words[model.vocab_size] = "</s>", "<s>"
    return words


def arpa(model, counts):
    """The back-off table as an ARPA file, in base 10."""
    words = names(model)
    lines = [
        "\\data\\",
        *(f"ngram {k}={len(keys) + (k == 1)}" for k, keys in enumerate(model.keys, start=1)),
    ]
    for k in range(1, model.order + 1):
        backoff = model.log_backoff[k - 1] if k < model.order else np.zeros(len(model.keys[k - 1]))
        lines += ["", f"\\{k}-grams:"] + (["-99\t<unk>"] if k == 1 else [])
        for ngram, log_p, log_gamma in zip(unpack(counts, k), model.log_prob[k - 1], backoff):
            entry = f"{max(log_p / np.log(10), -99):.7f}\t{' '.join(words[t] for t in ngram)}"
            lines.append(entry + (f"\t{log_gamma / np.log(10):.7f}" if k < model.order else ""))
    return "\n".join([*lines, "", "\\end\\", ""])

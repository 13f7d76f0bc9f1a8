"""lmcore.decoding against values by hand, brute force, exact enumeration and transformers."""

import functools
import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import decoding as dc
from lmcore.decoding import sampling
from lmcore.softmax import gumbel_max, log_softmax, softmax

INF = np.inf
STORED = json.loads((Path(__file__).parent / "peers" / "decoding.json").read_text())
ROWS = arrays(np.float64, st.integers(1, 9), elements=st.floats(-20, 20))
TIED_ROWS = arrays(np.float64, st.integers(1, 9), elements=st.integers(-3, 3).map(float))
FILTERS = [
    (dc.top_k_filter, 3),
    (dc.top_p_filter, 0.7),
    (dc.min_p_filter, 0.2),
    (dc.typical_filter, 0.6),
    (dc.epsilon_filter, 0.15),
]


def kept(logits):
    return set(np.flatnonzero(np.asarray(logits) > -INF).tolist())


def random_model(seed, vocab_size=3, concentration=1.0):
    """A model whose next-token distribution depends on the whole prefix."""

    @functools.cache
    def next_log_probs(prefix):
        rng = np.random.default_rng([seed, len(prefix), *prefix])
        return np.log(rng.dirichlet([concentration] * vocab_size))

    return next_log_probs


class TestTopK:
    def test_by_hand(self):
        assert_array_equal(dc.top_k_filter([1.0, 4.0, 2.0, 3.0], 2), [-INF, 4, -INF, 3])

    def test_every_tie_with_the_kth_is_kept(self):
        assert kept(dc.top_k_filter([2.0, 1.0, 1.0, 0.0, 1.0], 2)) == {0, 1, 2, 4}
        assert kept(dc.top_k_filter([2.0, 2.0, 1.0], 1)) == {0, 1}

    def test_k_beyond_the_vocabulary_keeps_all(self):
        assert_array_equal(dc.top_k_filter([1.0, 2.0], 2), [1, 2])
        assert_array_equal(dc.top_k_filter([1.0, 2.0], 50), [1, 2])

    def test_more_than_is_not_banned(self):
        assert_array_equal(dc.top_k_filter([1.0, -INF, 2.0, -INF], 3), [1, -INF, 2, -INF])

    @given(TIED_ROWS, st.integers(1, 10), st.integers(0, 4))
    def test_nested_and_idempotent(self, row, k, more):
        once = dc.top_k_filter(row, k)
        assert_array_equal(dc.top_k_filter(once, k), once)
        assert kept(once) <= kept(dc.top_k_filter(row, k + more))
        assert len(kept(once)) >= min(k, len(row))

    @pytest.mark.parametrize("k", [0, -1])
    def test_refused(self, k):
        with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
            dc.top_k_filter([1.0], k)


class TestTopP:
    def test_the_token_that_crosses_p_stays(self):
        logits = np.log([0.125, 0.5, 0.25, 0.125])
        assert kept(dc.top_p_filter(logits, 0.4)) == {1}
        assert kept(dc.top_p_filter(logits, 0.6)) == {1, 2}
        # the tied tail: lower index first
        assert kept(dc.top_p_filter(logits, 0.76)) == {0, 1, 2}

    def test_reaching_p_exactly_is_enough(self):
        # Equal logits have probabilities of exactly 1/4, so that two reach exactly 1/2.
        assert kept(dc.top_p_filter([0.0, 0.0, 0.0, 0.0], 0.5)) == {0, 1}
        assert kept(dc.top_p_filter([0.0, 0.0, 0.0, 0.0], 0.5000001)) == {0, 1, 2}

    def test_ties_with_the_last_go_by_index(self):
        logits = np.log([0.1, 0.2, 0.1, 0.4, 0.1, 0.1])
        assert kept(dc.top_p_filter(logits, 0.75)) == {0, 2, 3, 1}
        assert kept(dc.top_p_filter(logits, 0.65)) == {0, 3, 1}
        # a crowded row beside a plain one
        both = dc.top_p_filter([logits, [0.0, 9.0, 1.0, 2.0, 3.0, 4.0]], 0.65)
        assert [kept(row) for row in both] == [{0, 3, 1}, {1}]

    def test_one_token_always(self):
        assert kept(dc.top_p_filter([0.0, 5.0, 1.0], 1e-12)) == {1}
        assert kept(dc.top_p_filter([0.0, 0.0], 1e-12)) == {0}

    def test_all_for_one(self):
        # e^-800 is 0.0: only p < 1 may drop it
        logits = [0.0, -800.0, -INF]
        assert_array_equal(dc.top_p_filter(logits, 1), logits)
        assert kept(dc.top_p_filter(logits, 1 - 1e-9)) == {0}

    @given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.floats(0.01, 0.99))
    def test_smallest_set_by_exact_fractions(self, weights, p):
        total = sum(weights)
        order = sorted(range(len(weights)), key=lambda v: (-weights[v], v))
        sums = list(itertools.accumulate(Fraction(weights[v], total) for v in order))
        assume(all(abs(s - Fraction(p)) > 1e-9 for s in sums))
        size = 1 + sum(s < p for s in sums)
        for dtype in (np.float64, np.float32):
            assert kept(dc.top_p_filter(np.log(weights).astype(dtype), p)) == set(order[:size])

    @given(TIED_ROWS, st.floats(0.01, 1), st.floats(0.01, 1))
    def test_nested(self, row, p, other):
        small, large = sorted((p, other))
        assert kept(dc.top_p_filter(row, small)) <= kept(dc.top_p_filter(row, large))

    @given(TIED_ROWS, st.floats(0.01, 0.99))
    def test_mass_and_minimality(self, row, p):
        nucleus = kept(dc.top_p_filter(row, p))
        probs = softmax(row)
        mass = sum(probs[v] for v in nucleus)
        assert mass >= p - 1e-12
        assert len(nucleus) == 1 or mass - min(probs[v] for v in nucleus) < p + 1e-12

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("scale", [0.01, 1, 8])
    def test_as_if_every_token_of_a_large_vocabulary_were_sorted(self, scale, dtype):
        logits = (scale * np.random.default_rng(5).normal(size=20_000)).astype(dtype)
        order = np.argsort(-logits, kind="stable")
        mass = np.exp(logits[order].astype(float) - logits.max()).cumsum()
        for p in (0.01, 0.3, 0.9, 0.999):
            nucleus = np.sort(np.flatnonzero(np.isfinite(dc.top_p_filter(logits, p))))
            size = np.searchsorted(mass, p * mass[-1]) + 1
            # float32 weights may round to either side
            assert abs(len(nucleus) - size) <= 1
            assert_array_equal(nucleus, np.sort(order[: len(nucleus)]))

    def test_not_idempotent(self):
        # .65 of the first nucleus's .9 is .72, over .7 already.
        once = dc.top_p_filter(np.log([0.65, 0.25, 0.1]), 0.7)
        assert kept(once) == {0, 1}
        assert kept(dc.top_p_filter(once, 0.7)) == {0}

    def test_sums_in_float64(self):
        # In float32 each e^-10.8 = 2.04e-5 added to 1 is rounded to a multiple of 1.2e-7.
        logits = np.full(50_257, -10.8, dtype=np.float32)
        logits[0] = 0
        rest = np.exp(np.float64(np.float32(-10.8)))
        expected = 1 + int(np.ceil((0.9 * (1 + 50_256 * rest) - 1) / rest))
        assert abs(len(kept(dc.top_p_filter(logits, 0.9))) - expected) <= 1

    def test_float16_mass(self):
        logits = np.zeros(4000, dtype=np.float16)
        logits[0] = 7.0  # e^7 of e^7 + 3999: .2152
        assert len(kept(dc.top_p_filter(logits, 0.21))) == 1
        assert len(kept(dc.top_p_filter(logits, 0.6))) == 1 + int(
            np.ceil((0.6 - 0.215226) * 5095.6)
        )

    def test_blocks_join_without_a_seam(self, monkeypatch):
        logits = np.random.default_rng(0).integers(-2, 3, size=(7, 11)).astype(float)
        whole = dc.top_p_filter(logits, 0.8)
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 2 * 11 * 8)
        assert_array_equal(dc.top_p_filter(logits, 0.8), whole)
        assert_array_equal(whole[3], dc.top_p_filter(logits[3], 0.8))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        "probs, p, size",
        [([0.3, 0.1, 0.1, 0.5], 0.8, 2), ([0.1] * 10, 0.7, 7), ([0.2] * 5, 0.6, 3)],
    )
    def test_a_mass_that_equals_p_has_reached_it(self, probs, p, size, dtype):
        assert len(kept(dc.top_p_filter(np.log(probs).astype(dtype), p))) == size

    @given(
        st.integers(1, 60),
        st.integers(1, 40),
        st.floats(0.01, 0.99),
        st.sampled_from([0.01, 1, 30]),
    )
    def test_batches_are_their_rows(self, n_rows, size, p, scale):
        """Many rows at once against one at a time, ties and bans among them."""
        rng = np.random.default_rng([n_rows, size])
        logits = np.round(scale * rng.normal(size=(n_rows, size)), 1)
        logits[rng.random(logits.shape) < 0.2] = -INF
        logits[:, 0] = 0
        for function in (dc.top_p_filter, dc.typical_filter):
            rows = [function(row, p) for row in logits]
            assert_array_equal(function(logits, p), rows)

    @pytest.mark.parametrize("p", [0, -0.1, 1.1, np.nan])
    def test_refused(self, p):
        with pytest.raises(ValueError, match=r"p must lie in \(0, 1\]"):
            dc.top_p_filter([1.0, 2.0], p)


class TestMinP:
    def test_by_hand(self):
        assert kept(dc.min_p_filter(np.log([0.6, 0.3, 0.1]), 0.45)) == {0, 1}
        assert kept(dc.min_p_filter([0.0, 3.0, 3.0], 1)) == {1, 2}
        assert_array_equal(dc.min_p_filter([0.0, 3.0, -INF], 0), [0, 3, -INF])

    @given(ROWS, st.floats(0, 1), st.floats(0, 1), st.floats(-50, 50))
    def test_nested_idempotent_and_shift_invariant(self, row, min_p, other, shift):
        small, large = sorted((min_p, other))
        once = dc.min_p_filter(row, large)
        assert kept(once) <= kept(dc.min_p_filter(row, small))
        assert_array_equal(dc.min_p_filter(once, large), once)
        gaps = row - row.max()
        assume(large == 0 or np.abs(gaps - np.log(large)).min() > 1e-9)
        assert kept(dc.min_p_filter(row + shift, large)) == kept(once)

    @pytest.mark.filterwarnings("error")
    def test_the_whole_range_of_float16(self):
        assert kept(dc.min_p_filter(np.array([60000.0, -60000.0], np.float16), 0.1)) == {0}

    def test_refused(self):
        with pytest.raises(ValueError, match=r"min_p must lie in \[0, 1\], got 1.5"):
            dc.min_p_filter([1.0], 1.5)


class TestTypical:
    def test_the_best_token_may_go(self):
        # H = 1.2206; the surprises .6931, 1.6094, 1.6094, 2.3026 are .5275, .3888, .3888, 1.0820
        # away.
        logits = np.log([0.5, 0.2, 0.2, 0.1])
        assert kept(dc.typical_filter(logits, 0.1)) == {1}
        assert kept(dc.typical_filter(logits, 0.3)) == {1, 2}
        assert kept(dc.typical_filter(logits, 0.5)) == {0, 1, 2}
        assert kept(dc.typical_filter(logits, 0.95)) == {0, 1, 2, 3}

    def test_ties_go_by_index(self):
        # 250 tokens of .001 and 250 of .003 have an entropy of 6.08; the latter's 5.81 is closer
        # than the former's 6.91.
        logits = np.log(np.where(np.arange(500) % 2, 0.003, 0.001))
        assert kept(dc.typical_filter(logits, 0.149)) == set(range(1, 100, 2))
        assert kept(dc.typical_filter(logits, 0.7995)) == set(range(1, 500, 2)) | set(
            range(0, 100, 2)
        )

    @pytest.mark.parametrize("size, mass, count", [(10, 0.7, 7), (4, 0.5, 2), (3, 1 / 3, 1)])
    def test_equal_tokens_reach_the_mass_exactly(self, size, mass, count):
        assert kept(dc.typical_filter(np.zeros(size), mass)) == set(range(count))

    def test_against_sorting_every_token(self):
        logits = np.random.default_rng(6).normal(size=(5, 3000)) * 3
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        probs = np.exp(log_probs)
        distance = np.abs(log_probs - (probs * log_probs).sum(axis=1, keepdims=True))
        for mass in (0.1, 0.5, 0.95):
            for row, p, d in zip(dc.typical_filter(logits, mass), probs, distance):
                order = np.argsort(d, kind="stable")
                size = np.searchsorted(p[order].cumsum(), mass) + 1
                assert kept(row) == set(order[:size].tolist())

    def test_bans_are_never_typical(self):
        assert kept(dc.typical_filter([0.0, -INF, 0.0], 0.9)) == {0, 2}
        assert_array_equal(dc.typical_filter([0.0, -INF], 1), [0, -INF])

    @given(TIED_ROWS, st.floats(0.01, 1), st.floats(0.01, 1))
    def test_nested_with_enough_mass(self, row, mass, other):
        small, large = sorted((mass, other))
        inner = kept(dc.typical_filter(row, small))
        assert inner <= kept(dc.typical_filter(row, large))
        assert softmax(row)[list(inner)].sum() >= small - 1e-12

    def test_refused(self):
        with pytest.raises(ValueError, match=r"mass must lie in \(0, 1\], got 0"):
            dc.typical_filter([1.0], 0)


class TestEpsilon:
    def test_by_hand(self):
        logits = np.log([0.6, 0.3, 0.1])
        assert kept(dc.epsilon_filter(logits, 0.29)) == {0, 1}
        assert kept(dc.epsilon_filter(logits, 0.31)) == {0}
        assert kept(dc.epsilon_filter(logits, 0.9)) == {0}  # one token always
        assert_array_equal(dc.epsilon_filter(logits, 0), logits)

    @given(ROWS, st.floats(0, 1), st.floats(0, 1))
    def test_nested_and_idempotent(self, row, epsilon, other):
        small, large = sorted((epsilon, other))
        once = dc.epsilon_filter(row, large)
        assert kept(once) <= kept(dc.epsilon_filter(row, small))
        assert_array_equal(dc.epsilon_filter(once, large), once)

    def test_refused(self):
        with pytest.raises(ValueError, match=r"epsilon must lie in \[0, 1\], got -0.1"):
            dc.epsilon_filter([1.0], -0.1)


class TestEveryFilter:
    @pytest.mark.parametrize("function, threshold", FILTERS)
    def test_rows_of_any_shape(self, function, threshold):
        logits = np.random.default_rng(1).normal(size=(2, 3, 7)) * 2
        before = logits.copy()
        filtered = function(logits, threshold)
        assert filtered.shape == (2, 3, 7)
        for b, t in np.ndindex(2, 3):
            assert_array_equal(filtered[b, t], function(logits[b, t], threshold))
        assert_array_equal(logits, before)
        assert_array_equal(filtered[filtered > -INF], logits[filtered > -INF])

    @pytest.mark.parametrize("function, threshold", FILTERS)
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_type_is_kept(self, function, threshold, dtype):
        assert (
            function(
                np.array([1, 2, 3], dtype), np.float64(threshold) if threshold < 1 else 3
            ).dtype
            == dtype
        )
        assert function([1, 2, 3], threshold).dtype == np.float64

    @pytest.mark.parametrize("function, threshold", FILTERS)
    def test_no_filtering_returns_a_copy(self, function, threshold):
        logits = np.array([1.0, 2.0])
        everything = {dc.top_k_filter: 9, dc.top_p_filter: 1, dc.typical_filter: 1}.get(function, 0)
        result = function(logits, everything)
        assert_array_equal(result, logits)
        assert not np.shares_memory(result, logits)

    @pytest.mark.parametrize("function, threshold", FILTERS)
    def test_a_token_is_kept_and_bans_stay(self, function, threshold):
        assert kept(function([-INF, 3.0, -INF], threshold)) == {1}

    @pytest.mark.parametrize("function, threshold", FILTERS + [(dc.repetition_penalty, ())])
    def test_refusals(self, function, threshold):
        with pytest.raises(ValueError, match=r"logits row \(1,\) bans every token"):
            function([[0.0, 1.0], [-INF, -INF]], threshold, *([1.0] if threshold == () else []))
        with pytest.raises(ValueError, match="logits is empty"):
            function([], threshold, *([1.0] if threshold == () else []))

    @pytest.mark.parametrize(
        "case", STORED["filters"], ids=lambda case: f"{case['filter']}-{case['threshold']}"
    )
    def test_transformers(self, case):
        name, threshold, row = case["filter"], case["threshold"], np.array(case["row"])
        theirs = np.array(case["transformers"])
        if name in ("repetition_penalty", "no_repeat_ngram"):
            assert_allclose(getattr(dc, name)(row, STORED["prefix"], threshold), theirs, rtol=1e-6)
            return
        ours = getattr(dc, name)(row, threshold)
        if name in ("top_p_filter", "typical_filter"):
            # Of tokens tied with the last, transformers keeps the higher indices, or all: compare
            # values.
            if name == "top_p_filter":
                assert_allclose(np.sort(ours), np.sort(theirs), rtol=1e-6)
            assert kept(ours) <= kept(theirs) or len(set(row)) < len(row)
            assert set(row[list(kept(ours))]) == set(row[list(kept(theirs))])
        else:
            assert_allclose(ours, theirs, rtol=1e-6)


class TestPenalties:
    def test_each_distinct_token_once_by_its_sign(self):
        assert_array_equal(
            dc.repetition_penalty([2.0, -1.0, 0.0, 5.0], (0, 1, 2, 0, 0), 2.0), [1, -2, 0, 5]
        )

    def test_batch_with_ragged_prefixes(self):
        logits = np.array([[2.0, 4.0], [2.0, 4.0]], dtype=np.float32)
        penalised = dc.repetition_penalty(logits, [(0,), ()], 2)
        assert penalised.dtype == np.float32
        assert_array_equal(penalised, [[1, 4], [2, 4]])
        assert_array_equal(dc.no_repeat_ngram(logits, [(0, 1, 0), (1,)], 2), [[2, -INF], [2, 4]])
        assert_array_equal(logits, [[2, 4], [2, 4]])

    def test_bans_stay(self):
        assert_array_equal(dc.repetition_penalty([-INF, 1.0], (0,), 2.0), [-INF, 1])

    def test_ngrams(self):
        prefix = (1, 2, 3, 1, 2)
        zeros = np.zeros(5)
        assert kept(dc.no_repeat_ngram(zeros, prefix, 3)) == {0, 1, 2, 4}
        assert kept(dc.no_repeat_ngram(zeros, prefix, 2)) == {0, 1, 2, 4}
        assert kept(dc.no_repeat_ngram(zeros, prefix, 4)) == {0, 1, 2, 3, 4}
        assert kept(dc.no_repeat_ngram(zeros, prefix, 1)) == {0, 4}
        assert (
            kept(dc.no_repeat_ngram(zeros, (), 1))
            == kept(dc.no_repeat_ngram(zeros, (1,), 9))
            == {0, 1, 2, 3, 4}
        )

    @given(st.lists(st.integers(0, 2), max_size=12), st.integers(1, 4))
    def test_no_ngram_twice(self, prefix, n):
        seen = [tuple(prefix[i : i + n]) for i in range(len(prefix) - n + 1)]
        allowed = {
            v
            for v in range(4)
            if len(prefix) < n - 1 or tuple((prefix + [v])[len(prefix) + 1 - n :]) not in seen
        }
        assert kept(dc.no_repeat_ngram(np.zeros(4), prefix, n)) == allowed

    def test_refusals(self):
        with pytest.raises(ValueError, match="penalty must be a positive finite number, got 0"):
            dc.repetition_penalty([1.0], (0,), 0)
        with pytest.raises(
            ValueError, match=r"prefix holds 7 at index \(1,\); token ids must lie in \[0, 2\)"
        ):
            dc.repetition_penalty([1.0, 2.0], (0, 7), 1.5)
        with pytest.raises(ValueError, match="one prefix per row"):
            dc.no_repeat_ngram(np.zeros((2, 3)), [(0,)], 1)
        with pytest.raises(ValueError, match="n must be at least 1, got 0"):
            dc.no_repeat_ngram([1.0], (0,), 0)
        with pytest.raises(ValueError, match="every token would repeat an n-gram of length n=1"):
            dc.no_repeat_ngram([1.0, 1.0], (0, 1), 1)


class TestContrastive:
    def test_by_hand(self):
        scores = dc.contrastive_logits(np.log([0.5, 0.4, 0.1]), np.log([0.8, 0.1, 0.1]), 0.5)
        assert_allclose(scores, [np.log(0.5 / 0.8), np.log(4), -INF])

    def test_normalises_both(self):
        expert, amateur = np.array([1.0, 2.0, 0.5]), np.array([0.3, 0.1, -0.5])
        assert_allclose(
            dc.contrastive_logits(expert + 7, amateur - 3),
            dc.contrastive_logits(expert, amateur),
            atol=1e-13,
        )

    def test_amateur_may_ban_what_is_implausible(self):
        assert_allclose(
            dc.contrastive_logits(np.log([0.9, 0.1]), [0.0, -INF], 0.5), [np.log(0.9), -INF]
        )
        with pytest.raises(ValueError, match="amateur excludes a token"):
            dc.contrastive_logits(np.log([0.5, 0.5]), [0.0, -INF])
        with pytest.raises(ValueError, match="must have the same vocabulary"):
            dc.contrastive_logits([0.0, 1.0], [0.0])


class TestSample:
    def test_inverse_cdf(self):
        class Uniform:
            """A generator whose next numbers are known."""

            def random(self, size):
                return np.resize([0.0, 0.2499, 0.25, 0.9999999], size)

        assert_array_equal(
            dc.sample(np.log(np.tile([0.25, 0.25, 0.5], (4, 1))), Uniform()), [0, 0, 1, 2]
        )
        assert_array_equal(
            dc.sample(np.tile([-INF, 0.0, 0.0, -INF], (4, 1)), Uniform()), [1, 1, 1, 2]
        )

    @pytest.mark.parametrize("draw", [dc.sample, gumbel_max])
    def test_chi_squared(self, draw):
        logits = np.array([0.3, -1.0, 2.0, -INF, 0.0, 1.1])
        draws = draw(np.broadcast_to(logits, (40_000, 6)), np.random.default_rng(2))
        counts, probs = np.bincount(draws, minlength=6), softmax(logits)
        assert counts[3] == 0
        assert scipy.stats.chisquare(counts[probs > 0], 40_000 * probs[probs > 0]).pvalue > 1e-3

    def test_a_large_flat_vocabulary_in_float32(self):
        # float32 sums of 200,000 equal terms of 1/200,000 end at 0.9998 or 1.003.
        class AlmostOne:
            def random(self, size):
                return np.full(size, 1 - 2.0**-53)

        logits = np.full((2, 200_000), -3.7, dtype=np.float32)
        logits[1, 150_000:] = -INF
        assert_array_equal(dc.sample(logits, AlmostOne()), [199_999, 149_999])

    def test_sums_in_float64(self):
        class ThreeQuarters:
            def random(self, size):
                return np.full(size, 0.75)

        logits = np.full(50_257, -10.8, dtype=np.float32)  # as for the nucleus
        logits[0] = 0
        rest = np.exp(np.float64(np.float32(-10.8)))
        assert (
            abs(dc.sample(logits, ThreeQuarters()) - (0.75 * (1 + 50_256 * rest) - 1) / rest) <= 1
        )

    def test_shapes_and_reproducibility(self):
        logits = np.random.default_rng(3).normal(size=(2, 3, 5))
        one, two = (dc.sample(logits, np.random.default_rng(4)) for _ in range(2))
        assert one.shape == (2, 3) and one.dtype == np.int64
        assert_array_equal(one, two)
        assert np.ndim(dc.sample(logits[0, 0], np.random.default_rng(4))) == 0
        with pytest.raises(ValueError, match="bans every token"):
            dc.sample([-INF], np.random.default_rng(0))

    def test_blocks_join_without_a_seam(self, monkeypatch):
        logits = np.random.default_rng(5).normal(size=(9, 4))
        whole = dc.sample(logits, np.random.default_rng(6))
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 2 * 4 * 8)
        assert_array_equal(dc.sample(logits, np.random.default_rng(6)), whole)


class TestGenerate:
    @pytest.mark.parametrize(
        "case", STORED["pipelines"], ids=lambda case: "-".join(case["settings"])
    )
    def test_order_is_that_of_transformers(self, case):
        ours = dc.process_logits(case["row"], STORED["prefix"], **case["settings"])
        assert_allclose(ours, case["transformers"], rtol=1e-5)

    def test_temperature_comes_before_the_nucleus(self):
        # At T = 2 the odds 16:4:1 become 4:2:1 and .571 no longer reaches .6.
        logits = np.log([16.0, 4.0, 1.0])
        assert kept(dc.process_logits(logits, top_p=0.6)) == {0}
        assert kept(dc.process_logits(logits, top_p=0.6, temperature=2.0)) == {0, 1}

    def test_each_filter_sees_what_is_left(self):
        # Of .4 .3 .2 .1 top-k leaves .4 .3, that is .571 and .429: the first alone reaches .5.
        logits = np.log([0.4, 0.3, 0.2, 0.1])
        assert kept(dc.process_logits(logits, top_p=0.5)) == {0, 1}
        assert kept(dc.process_logits(logits, top_k=2, top_p=0.5)) == {0}

    def test_nothing_to_do(self):
        logits = np.array([1.0, -INF, 2.0])
        assert_array_equal(dc.process_logits(logits), logits)

    def test_walks_from_the_prefix(self):
        # A sure model that counts upwards: what it is shown decides what it says.
        def count(prefix):
            return np.where(np.arange(10) == prefix[-1] + 1, 0.0, -INF)

        assert dc.generate(count, (4,), max_new_tokens=3, rng=np.random.default_rng(0)) == (5, 6, 7)
        assert dc.generate(count, [4], max_new_tokens=9, rng=np.random.default_rng(0), eos=8) == (
            5,
            6,
            7,
            8,
        )

    def test_penalties_read_the_prompt_too(self):
        tokens = dc.generate(
            lambda prefix: np.log([0.25] * 4),
            (2,),
            max_new_tokens=3,
            rng=np.random.default_rng(1),
            no_repeat_ngram=1,
        )
        assert set(tokens) == {0, 1, 3}

    def test_top_k_1_is_greedy(self):
        model = random_model(7, vocab_size=5)
        assert dc.generate(model, (), 8, np.random.default_rng(0), top_k=1) == dc.greedy(
            model, (), 8
        )

    def test_sequences_have_the_model_s_probabilities(self):
        model, rng = random_model(8), np.random.default_rng(9)
        counts = dict.fromkeys(itertools.product(range(3), repeat=2), 0)
        for _ in range(4000):
            counts[dc.generate(model, (), 2, rng)] += 1
        expected = [4000 * np.exp(model(())[a] + model((a,))[b]) for a, b in counts]
        assert scipy.stats.chisquare(list(counts.values()), expected).pvalue > 1e-3

    def test_refusals(self):
        for run in (
            lambda: dc.generate(random_model(0), (), 0, np.random.default_rng(0)),
            lambda: dc.greedy(random_model(0), (), 0),
        ):
            with pytest.raises(ValueError, match="max_new_tokens must be at least 1, got 0"):
                run()
        with pytest.raises(ValueError, match="temperature must be a positive finite number"):
            dc.generate(random_model(0), (), 1, np.random.default_rng(0), temperature=0)


def outcomes(run, monkeypatch):
    """Every result of `run(rng)` with its exact probability.

    Each random choice is replayed with each outcome.
    """
    path, position = [], 0

    def choose(weights, _):
        nonlocal position
        if position == len(path):
            path.append([0, weights / weights.sum()])
        outcome = path[position][0]
        position += 1
        return outcome

    monkeypatch.setattr(sampling, "draw", choose)
    found = {}
    while True:
        position = 0
        result = run(np.random.default_rng(0))
        probability = np.prod([probs[outcome] for outcome, probs in path])
        found[result] = found.get(result, 0.0) + probability
        # the last choice has no outcome left
        while path and path[-1][0] == len(path[-1][1]) - 1:
            path.pop()
        if not path:
            return found
        path[-1][0] += 1


class TestAcceptance:
    P, Q = (
        np.array([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5]]),
        np.array([[0.5, 0.0, 0.5], [0.2, 0.3, 0.5]]),
    )

    @pytest.mark.filterwarnings("error")
    def test_by_hand(self):
        assert_allclose(dc.acceptance_probs(self.P, self.Q), [[1, 1, 0], [1, 1, 1]])
        assert_allclose(dc.residual_distribution(self.P, self.Q), [[0.2, 0.8, 0], [0.2, 0.3, 0.5]])

    @given(st.integers(0, 10_000))
    def test_accepted_and_redrawn_make_the_target(self, seed):
        rng = np.random.default_rng(seed)
        p, q = rng.dirichlet([0.5] * 6, size=(2, 4))
        accepted = q * dc.acceptance_probs(p, q)
        refused = 1 - accepted.sum(axis=-1, keepdims=True)
        assert_allclose(accepted.sum(axis=-1), np.minimum(p, q).sum(axis=-1))
        assert_allclose(accepted + refused * dc.residual_distribution(p, q), p, atol=1e-12)

    def test_refusals_and_types(self):
        for function in (dc.acceptance_probs, dc.residual_distribution):
            with pytest.raises(ValueError, match="both models need the same vocabulary"):
                function([0.5, 0.5], [0.5, 0.25, 0.25])
            with pytest.raises(ValueError, match="draft sums to 0.9"):
                function([0.5, 0.5], [0.5, 0.4])
            assert function(np.float32([0.5, 0.5]), np.float32([0.5, 0.5])).dtype == np.float32


class TestSpeculative:
    @pytest.mark.parametrize("n_draft", [1, 2, 3])
    @pytest.mark.parametrize("seed", [0, 1])
    def test_distribution_is_exactly_the_target_s(self, n_draft, seed, monkeypatch):
        target, draft = random_model(seed), random_model(seed + 100)

        def speculate(tokens, probability):
            """Add up the probabilities of all ways in which calls make at least three tokens."""
            if len(tokens) >= 3:
                found[tokens[:3]] += probability
                return
            for added, chance in outcomes(
                lambda rng: dc.speculative_sample(target, draft, tokens, n_draft, rng), monkeypatch
            ).items():
                speculate(tokens + added, probability * chance)

        found = dict.fromkeys(itertools.product(range(3), repeat=3), 0.0)
        speculate((), 1.0)
        assert_allclose(sum(found.values()), 1, rtol=1e-12)
        for tokens in itertools.product(range(3), repeat=3):
            expected = np.exp(sum(target(tokens[:i])[tokens[i]] for i in range(3)))
            assert_allclose(found[tokens], expected, rtol=1e-10)

    def test_strings_with_eos_too(self, monkeypatch):
        target, draft = random_model(2), random_model(3)
        found = outcomes(
            lambda rng: dc.speculative_sample(target, draft, (1,), 2, rng, eos=0), monkeypatch
        )
        assert all(0 not in tokens[:-1] for tokens in found)
        starts_with_eos = sum(
            probability for tokens, probability in found.items() if tokens[0] == 0
        )
        assert_allclose(starts_with_eos, np.exp(target((1,))[0]), rtol=1e-12)
        second = sum(probability for tokens, probability in found.items() if tokens[:2] == (2, 0))
        reached = sum(
            probability
            for tokens, probability in found.items()
            if tokens[0] == 2 and len(tokens) > 1
        )
        assert_allclose(second / reached, np.exp(target((1, 2))[0]), rtol=1e-10)

    def test_a_perfect_draft_is_always_accepted(self, monkeypatch):
        model = random_model(4)
        found = outcomes(lambda rng: dc.speculative_sample(model, model, (), 2, rng), monkeypatch)
        assert {len(tokens) for tokens, probability in found.items() if probability > 0} == {3}

    def test_disjoint_support(self, monkeypatch):
        target, draft = (
            (lambda prefix: np.array([0.0, -INF])),
            (lambda prefix: np.array([-INF, 0.0])),
        )
        assert dc.speculative_sample(target, draft, (), 3, np.random.default_rng(0)) == (0,)

    def test_with_a_real_generator(self):
        target, draft, rng = random_model(5), random_model(6), np.random.default_rng(0)
        first = [dc.speculative_sample(target, draft, (), 2, rng)[0] for _ in range(4000)]
        assert (
            scipy.stats.chisquare(np.bincount(first, minlength=3), 4000 * np.exp(target(()))).pvalue
            > 1e-3
        )

    def test_acceptance_is_the_overlap(self, monkeypatch):
        target, draft = random_model(5), random_model(6)
        found = outcomes(lambda rng: dc.speculative_sample(target, draft, (), 1, rng), monkeypatch)
        two = sum(probability for tokens, probability in found.items() if len(tokens) == 2)
        assert_allclose(two, np.minimum(np.exp(target(())), np.exp(draft(()))).sum(), rtol=1e-12)

    def test_refusals(self):
        with pytest.raises(ValueError, match="n_draft must be at least 1, got 0"):
            dc.speculative_sample(random_model(0), random_model(0), (), 0, np.random.default_rng(0))
        with pytest.raises(ValueError, match="V = 3 tokens and draft_log_probs 4"):
            dc.speculative_sample(
                random_model(0), random_model(0, 4), (), 1, np.random.default_rng(0)
            )


def all_continuations(model, max_len, eos, vocab_size):
    """(tokens, log p) of every finished continuation, by brute force."""
    for length in range(1, max_len + 1):
        for body in itertools.product(
            [v for v in range(vocab_size) if v != eos], repeat=length - 1
        ):
            tokens = body + (eos,)
            yield tokens, sum(model(tokens[:i])[tokens[i]] for i in range(length))


class TestGreedyAndExhaustive:
    def test_greedy_is_not_map(self):
        after = {(): [0.55, 0.44, 0.01], (0,): [0.3, 0.3, 0.4], (1,): [0.05, 0.05, 0.9]}

        def model(prefix):
            return np.log(after[prefix[-1:]])

        best = dc.exhaustive_search(model, (), max_new_tokens=4, eos=2)[0]
        assert dc.greedy(model, (), max_new_tokens=4, eos=2) == (0, 2)
        assert best.tokens == (1, 2) and best.finished
        assert_allclose(np.exp(best.log_prob), 0.44 * 0.9)

    def test_greedy_ties_and_stops(self):
        assert dc.greedy(lambda prefix: np.log([0.4, 0.4, 0.2]), (), 2) == (0, 0)
        assert dc.greedy(lambda prefix: np.log([0.2, 0.8]), (0,), 5, eos=1) == (1,)

    @pytest.mark.parametrize("form, alpha", [("hf", 0.0), ("hf", 1.0), ("gnmt", 0.6)])
    def test_all_sequences_in_order(self, form, alpha):
        model = random_model(11)
        found = dc.exhaustive_search(model, (), 3, eos=2, alpha=alpha, form=form)
        finished = [h for h in found if h.finished]
        expected = dict(all_continuations(model, 3, 2, 3))
        assert {h.tokens: h.log_prob for h in finished} == pytest.approx(expected)
        assert [h.score for h in finished] == sorted((h.score for h in finished), reverse=True)
        assert len(found) == len(finished) + 2**3 and found[: len(finished)] == finished
        assert_allclose(sum(np.exp(h.log_prob) for h in found), 1)

    def test_impossible_sequences_are_left_out(self):
        found = dc.exhaustive_search(
            lambda prefix: np.array([-INF, np.log(0.5), np.log(0.5)]), (), 2, eos=2
        )
        assert [h.tokens for h in found] == [(2,), (1, 2), (1, 1)]

    def test_refusals(self):
        with pytest.raises(ValueError, match="over a million sequences"):
            dc.exhaustive_search(lambda prefix: np.full(1_000_001, -13.8), (), 3, eos=0)
        with pytest.raises(ValueError, match="max_new_tokens must be at least 1"):
            dc.exhaustive_search(random_model(0), (), 0, eos=0)


class TestBeam:
    @pytest.mark.parametrize(
        "model", STORED["beams"]["models"], ids=range(len(STORED["beams"]["models"]))
    )
    def test_transformers(self, model):
        eos, bos, max_len = (STORED["beams"][key] for key in ("eos", "bos", "max_len"))
        table = log_softmax(np.array(model["log_probs"]))  # stored with four digits

        def next_log_probs(prefix):
            return table[len(prefix) - 1, prefix[-1]]

        for case in model["results"]:
            if case["width"] == 1:
                assert list(dc.greedy(next_log_probs, (bos,), max_len, eos)) == case["tokens"][0]
                continue
            found = dc.beam_search(
                next_log_probs, (bos,), case["width"], max_len, eos, case["alpha"]
            )
            assert [list(h.tokens) for h in found] == case["tokens"]
            assert_allclose([h.score for h in found], case["scores"], rtol=1e-5)

    @given(
        st.integers(0, 10_000),
        st.integers(1, 5),
        st.sampled_from([0.0, 0.5, 1.0, 2.0, -0.5]),
        st.sampled_from(["hf", "gnmt"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_stopping_changes_nothing(self, seed, width, alpha, form):
        model = random_model(seed, vocab_size=4, concentration=0.5)
        stopped = dc.beam_search(model, (), width, 6, eos=3, alpha=alpha, form=form)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lmcore.decoding.search._best_reachable", lambda *_: np.inf)
            assert dc.beam_search(model, (), width, 6, eos=3, alpha=alpha, form=form) == stopped

    def test_stops_as_soon_as_nothing_better_is_left(self):
        asked = []

        def model(prefix):
            asked.append(len(prefix))
            return np.log([0.005, 0.005, 0.99])

        dc.beam_search(model, (), 1, 50, eos=2, alpha=0.0)
        assert max(asked) == 0  # log .99 > log .005: at once
        asked.clear()
        dc.beam_search(model, (), 1, 50, eos=2, alpha=1.0)
        assert max(asked) == 0  # log .99 > log(.005) / 50
        asked.clear()
        dc.beam_search(model, (), 1, 1000, eos=2, alpha=1.0)
        # log .99 < log(.005) / 1000, > 2 log(.005) / 1000
        assert max(asked) == 1

    @pytest.mark.parametrize("form, alpha", [("hf", 0.0), ("hf", 1.0), ("hf", 1.7), ("gnmt", 0.9)])
    def test_wide_enough_it_is_exhaustive(self, form, alpha):
        model = random_model(12)
        wide = dc.beam_search(model, (), 200, 5, eos=1, alpha=alpha, form=form)
        best = dc.exhaustive_search(model, (), 5, eos=1, alpha=alpha, form=form)
        assert [h.tokens for h in wide] == [h.tokens for h in best[: len(wide)]]
        assert_allclose([h.score for h in wide], [h.score for h in best[: len(wide)]])

    @given(st.integers(0, 10_000))
    @settings(max_examples=40, deadline=None)
    def test_width_1_without_penalty_is_greedy(self, seed):
        model = random_model(seed, vocab_size=4)
        assert dc.beam_search(model, (), 1, 5, eos=3, alpha=0.0)[0].tokens == dc.greedy(
            model, (), 5, eos=3
        )

    def test_length_counts_eos_and_not_the_prefix(self):
        def model(prefix):
            return np.log([0.8, 0.2]) if len(prefix) < 4 else np.log([0.1, 0.9])

        best = dc.beam_search(model, (0, 0, 0), 1, 2, eos=1)[0]
        assert best.tokens == (0, 1)
        assert_allclose(best.score, (np.log(0.8) + np.log(0.9)) / 2)

    def test_longer_wins_as_alpha_grows(self):
        model = random_model(20, vocab_size=4)
        lengths = [
            len(dc.beam_search(model, (), 6, 8, eos=0, alpha=alpha)[0].tokens)
            for alpha in (-1, 0, 1, 2, 4)
        ]
        assert lengths == sorted(lengths) and lengths[0] < lengths[-1]

    def test_cut_off_sequences_come_last_and_are_marked(self):
        def model(prefix):
            return np.log([0.9, 0.1]) if len(prefix) else np.log([0.6, 0.4])

        found = dc.beam_search(model, (), 3, 2, eos=1, alpha=1.0)
        assert [(h.tokens, h.finished) for h in found] == [
            ((0, 1), True),
            ((1,), True),
            ((0, 0), False),
        ] or [(h.tokens, h.finished) for h in found] == [
            ((1,), True),
            ((0, 1), True),
            ((0, 0), False),
        ]
        # and so it must not be compared
        assert found[2].score > found[0].score

    def test_only_the_first_width_candidates_finish(self):
        # EOS is the third candidate of two: not good enough to finish.
        found = dc.beam_search(lambda prefix: np.log([0.5, 0.4, 0.1]), (), 2, 1, eos=2)
        assert [(h.tokens, h.finished) for h in found] == [((0,), False), ((1,), False)]

    def test_without_eos_all_have_the_longest_length(self):
        model = random_model(13)
        found = dc.beam_search(model, (), 27, 3)
        assert len(found) == 27 and all(h.finished and len(h.tokens) == 3 for h in found)
        assert_allclose(sum(np.exp(h.log_prob) for h in found), 1)

    def test_ties_go_to_the_better_parent_then_the_lower_id(self):
        found = dc.beam_search(lambda prefix: np.log([0.25] * 4), (), 3, 2)
        assert [h.tokens for h in found] == [(0, 0), (0, 1), (0, 2)]
        # Short arrays and arrays of equal values are sorted stably by any method; this one is not.
        found = dc.beam_search(
            lambda prefix: np.log(np.where(np.arange(500) % 2, 0.003, 0.001)), (), 300, 1
        )
        assert [h.tokens[0] for h in found] == [*range(1, 500, 2), *range(0, 100, 2)]

    def test_dead_ends(self):
        found = dc.beam_search(lambda prefix: np.array([-INF, 0.0, -INF]), (), 4, 3, eos=1)
        assert found == [dc.Hypothesis((1,), 0.0, 0.0, True)]

    def test_refusals(self):
        with pytest.raises(ValueError, match="num_beams must be at least 1, got 0"):
            dc.beam_search(random_model(0), (), 0, 3, eos=1)
        with pytest.raises(ValueError, match="form must be 'hf' or 'gnmt'"):
            dc.beam_search(random_model(0), (), 1, 3, eos=1, form="marian")

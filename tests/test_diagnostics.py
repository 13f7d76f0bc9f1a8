"""lmcore.diagnostics against values by hand, SciPy, scikit-learn, and code wrong on purpose."""

import math

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import calibration, conditioning, decoding, distributions, information, likelihood
from lmcore import diagnostics as dg
from lmcore.distributions import MarkovSource
from lmcore.models import ngram
from lmcore.softmax import log_softmax, softmax

INF = np.inf


class TestValidateDistribution:
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    @pytest.mark.parametrize("size", [1, 3, 1000, 50_257])
    @pytest.mark.parametrize("spread", [0, 1, 20])
    def test_rounding_is_forgiven_in_every_type(self, dtype, size, spread):
        logits = (np.random.default_rng(size).normal(size=(3, size)) * spread).astype(dtype)
        dg.validate_distribution(log_softmax(logits), log=True)
        dg.validate_distribution(softmax(logits))

    @pytest.mark.parametrize(
        "dtype, lost", [(np.float16, 0.01), (np.float32, 3e-5), (np.float64, 1e-13)]
    )
    def test_lost_mass_is_not(self, dtype, lost):
        probs = np.array([0.9, 0.05, 0.05])
        with np.errstate(divide="ignore"):
            log_probs = np.log(probs * (1 - lost)).astype(dtype)
        with pytest.raises(
            ValueError, match=f"rounding in {np.dtype(dtype)} explains .*: mass is missing"
        ):
            dg.validate_distribution(log_probs, log=True)
        with pytest.raises(ValueError, match="mass is missing"):
            dg.validate_distribution((probs * (1 - lost)).astype(dtype))

    def test_a_large_vocabulary_does_not_loosen_a_peaked_row(self):
        # Entropy 1.3 nats: rounding in float16 explains 0.0007 of the sum. A bound of V spacings
        # would allow 5.
        log_probs = np.log(np.append(0.9, np.full(4999, 0.1 / 4999)))
        dg.validate_distribution(log_probs.astype(np.float16), log=True)
        with pytest.raises(ValueError, match="mass is missing"):
            dg.validate_distribution((log_probs + np.log(0.995)).astype(np.float16), log=True)

    def test_the_worst_row_is_named(self):
        rows = np.full((2, 3, 4), 0.25)
        rows[0, 1, 0], rows[1, 2, 3] = 0.24, 0.35
        with pytest.raises(
            ValueError, match=r"row \(1, 2\) sums to 1.1, off by 0.1 .*: mass is too much"
        ):
            dg.validate_distribution(rows)

    def test_axis(self):
        columns = np.array([[0.5, 0.1], [0.5, 0.9]])
        assert dg.validate_distribution(columns, axis=0) == 0
        with pytest.raises(ValueError, match="row"):
            dg.validate_distribution(columns, axis=1)

    def test_tolerance_replaces_the_bound(self):
        assert_allclose(dg.validate_distribution([0.5, 0.49], tolerance=0.011), 0.01)
        with pytest.raises(ValueError, match="tolerance of 0.009"):
            dg.validate_distribution([0.5, 0.49], tolerance=0.009)

    def test_bans_and_certainty(self):
        assert dg.validate_distribution([0.0, -INF], log=True) == 0
        assert dg.validate_distribution([1.0, 0.0]) == 0

    @pytest.mark.parametrize(
        "bad, log", [(math.nan, False), (math.nan, True), (INF, True), (INF, False), (-0.5, False)]
    )
    def test_what_is_no_probability(self, bad, log):
        with pytest.raises(ValueError, match=r"entry \(1,\) is .*, which is no (log-)?probability"):
            dg.validate_distribution([0.5, bad], log=log)

    def test_logits_are_no_log_probs(self):
        with pytest.raises(ValueError, match="through log_softmax first"):
            dg.validate_distribution([2000.0, 1.0], log=True)
        with pytest.raises(ValueError, match="too much"):
            dg.validate_distribution([0.5, 0.5], log=True)


class TestCheckNormalized:
    def test_returns_the_worst(self):
        def model(prefix):
            return np.log([0.5, 0.5 - 1e-6 * len(prefix)])

        assert_allclose(
            dg.check_normalized(model, [(), (0,), (0, 0)], tolerance=1e-5), 2e-6, rtol=1e-6
        )

    def test_the_prefix_is_named(self):
        def model(prefix):  # a discount without its back-off mass
            return np.log([0.6, 0.4] if len(prefix) < 2 else [0.5, 0.3])

        with pytest.raises(ValueError, match=r"after prefix \(1, 0\): row \(\) sums to 0.8"):
            dg.check_normalized(model, [(), (1,), (1, 0)])
        with pytest.raises(ValueError, match="(?s)0, 0, 0, 0, 0, … 30 tokens …, 0, 0, 0, 0, 0"):
            dg.check_normalized(model, [(0,) * 30])

    def test_shapes(self):
        with pytest.raises(
            ValueError, match=r"after prefix \(0,\) the model returned shape \(3,\)"
        ):
            dg.check_normalized(
                lambda prefix: np.log(np.full(2 + len(prefix), 1 / (2 + len(prefix)))), [(), (0,)]
            )
        with pytest.raises(ValueError, match=r"returned shape \(1, 2\)"):
            dg.check_normalized(lambda prefix: np.log([[0.5, 0.5]]), [()])
        with pytest.raises(ValueError, match="prefixes is empty"):
            dg.check_normalized(lambda prefix: np.log([0.5, 0.5]), [])


class Shifted:
    """A Markov source whose table stands `lag` rows late, or is otherwise wrong."""

    def __init__(self, lag=0, wrong=0.0):
        self.source, self.lag, self.wrong = (
            MarkovSource([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]]),
            lag,
            wrong,
        )

    def next_log_probs(self, prefix):
        return self.source.next_log_probs(prefix)

    def log_probs(self, tokens):
        return np.roll(self.source.log_probs(tokens), self.lag, axis=1) + self.wrong


class TestCheckAligned:
    TOKENS = [[0, 1, 1, 0, 1], [1, 0, 0, 0, 1]]

    def test_right(self):
        assert dg.check_aligned(Shifted(), self.TOKENS) == 0
        assert_allclose(dg.check_aligned(Shifted(wrong=1e-14), self.TOKENS), 1e-14, rtol=0.1)

    @pytest.mark.parametrize("lag, word", [(1, "late"), (-1, "early")])
    def test_shifted(self, lag, word):
        with pytest.raises(ValueError, match=f"rows stand one place too {word}"):
            dg.check_aligned(Shifted(lag), self.TOKENS)

    def test_wrong(self):
        with pytest.raises(
            ValueError, match=r"log_probs\[.*difference 0.001, tolerance [0-9.e-]+\)$"
        ):
            dg.check_aligned(Shifted(wrong=1e-3), self.TOKENS)
        assert_allclose(
            dg.check_aligned(Shifted(wrong=1e-3), self.TOKENS, tolerance=2e-3), 1e-3, rtol=1e-6
        )

    def test_shape(self):
        model = Shifted()
        model.log_probs = lambda tokens: np.zeros((2, 4, 2))
        with pytest.raises(ValueError, match="returned shape"):
            dg.check_aligned(model, self.TOKENS)


def attention(x, mask):
    """Rows mix the rows that the mask lets them see, in proportion to e^(xᵀx)."""
    scores = np.where(mask, x @ x.swapaxes(1, 2), -np.inf)
    return softmax(scores) @ x


class TestCheckNoLeak:
    X = np.random.default_rng(0).normal(size=(2, 6, 3))

    def check(self, mask, **rest):
        return dg.check_no_leak(
            lambda x: attention(x, mask), self.X, np.random.default_rng(1), **rest
        )

    def test_causal_layer(self):
        assert self.check(np.tri(6, dtype=bool), own=True) < 1e-14

    def test_own_input_counts_unless_allowed(self):
        with pytest.raises(ValueError, match="its own target"):
            self.check(np.tri(6, dtype=bool))

    def test_mask_off_by_one(self):
        with pytest.raises(ValueError, match="it sees the future"):
            self.check(np.tri(6, k=1, dtype=bool), own=True)

    def test_a_single_leaking_place_is_found_and_named(self):
        mask = np.tri(6, dtype=bool)
        mask[2, 4] = True
        with pytest.raises(
            ValueError, match=r"output row 2 of sequence [01] moved by .* from position [34] on"
        ):
            self.check(mask, own=True)

    def test_soft_mask_leaks(self):
        # −9 in place of −inf: e^−9 of the future comes through.
        with pytest.raises(ValueError, match="it sees the future"):
            dg.check_no_leak(
                lambda x: softmax(np.where(np.tri(6, dtype=bool), x @ x.swapaxes(1, 2), -9)) @ x,
                self.X,
                np.random.default_rng(1),
                own=True,
            )

    def test_tokens(self):
        tokens, rng = np.array([[0, 2, 1, 1], [1, 1, 0, 2]]), np.random.default_rng(2)
        source = MarkovSource([0.5, 0.3, 0.2], [[0.5, 0.3, 0.2], [0.0, 0.5, 0.5], [0.1, 0.2, 0.7]])
        assert dg.check_no_leak(source.log_probs, tokens, rng, tolerance=0) == 0
        with pytest.raises(ValueError, match="its own target"):
            dg.check_no_leak(
                lambda t: source.log_probs(np.pad(t, ((0, 0), (0, 1))))[:, 1:], tokens, rng
            )
        dg.check_no_leak(
            lambda t: source.log_probs(np.pad(t, ((0, 0), (0, 1))))[:, 1:], tokens, rng, own=True
        )

    def test_the_past_is_kept_and_every_later_input_changed(self):
        tokens, seen = np.array([[0, 5, 1, 1, 0, 7]] * 3), []
        dg.check_no_leak(
            lambda t: seen.append(t.copy()) or np.zeros(t.shape), tokens, np.random.default_rng(3)
        )
        assert_array_equal(seen[0], tokens)
        for t, changed in enumerate(seen[1:]):
            assert_array_equal(changed != tokens, np.broadcast_to(np.arange(6) >= t, tokens.shape))
        assert len(seen) == 7

    def test_nan_in_the_outputs_is_no_agreement(self):
        with pytest.raises(ValueError, match="moved by nan"):
            dg.check_no_leak(lambda x: np.full_like(x, np.nan), self.X, np.random.default_rng(0))

    def test_refusals(self):
        with pytest.raises(ValueError, match="one token id only"):
            dg.check_no_leak(lambda t: t, np.zeros((1, 3), int), np.random.default_rng(0))
        with pytest.raises(ValueError, match=r"expected \(2, 6, ...\)"):
            dg.check_no_leak(lambda x: x[:, :-1], self.X, np.random.default_rng(0))


class TestTargetShift:
    # usually 0 1 2 3 0 1 2 3 …
    SOURCE = MarkovSource([0.25] * 4, np.roll(0.85 * np.eye(4) + 0.0375, 1, axis=1))
    TOKENS = np.stack([*map(SOURCE.sample, np.random.default_rng(3).spawn(3), [200] * 3)])

    def test_aligned(self):
        assert dg.check_target_shift(self.SOURCE.log_probs(self.TOKENS), self.TOKENS) > 1

    @pytest.mark.parametrize("shift, words", [(1, "1 later"), (-1, "1 earlier"), (2, "2 later")])
    def test_misaligned(self, shift, words):
        rows = np.roll(self.SOURCE.log_probs(self.TOKENS), -shift, axis=1)
        with pytest.raises(
            ValueError, match=rf"the token {words} better .* misaligned by [+]?{shift}$"
        ):
            dg.check_target_shift(rows, self.TOKENS)

    def test_knowing_nothing_is_no_alignment(self):
        with pytest.raises(ValueError, match="misaligned"):
            dg.check_target_shift(np.log(np.full((10, 2), 0.5)), np.zeros(10, int))

    def test_refusals(self):
        with pytest.raises(ValueError, match="max_shift = 2"):
            dg.check_target_shift(np.log(np.full((2, 2), 0.5)), [0, 1])
        with pytest.raises(ValueError, match="pass"):
            dg.check_target_shift(np.log(np.full((5, 2), 0.5)), np.zeros((1, 5), int))


class TestCheckGrad:
    @staticmethod
    def loss(params):
        return float(-(log_softmax(np.tanh(params["w"]) @ params["x"])[1]).sum())

    @staticmethod
    def grad(params):
        hidden = np.tanh(params["w"])
        d_logits = softmax(hidden @ params["x"]) - np.eye(len(hidden))[1]
        return {"w": np.outer(d_logits, params["x"]) * (1 - hidden**2), "x": hidden.T @ d_logits}

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_right(self, dtype):
        rng = np.random.default_rng(4)
        params = {"w": rng.normal(size=(5, 3)).astype(dtype), "x": rng.normal(size=3).astype(dtype)}
        before = {name: values.copy() for name, values in params.items()}
        assert dg.check_grad(self.loss, self.grad(params), params) < (
            1e-9 if dtype == np.float64 else 1e-2
        )
        for name in params:
            assert_array_equal(params[name], before[name])

    @pytest.mark.parametrize(
        "broken",
        [
            lambda g: g * 1.001,
            lambda g: -g,
            lambda g: np.where(np.arange(3) == 1, 0, g),
            lambda g: g + 1e-6,
            lambda g: g * np.nan,
        ],
    )
    def test_wrong(self, broken):
        rng = np.random.default_rng(5)
        params = {"w": rng.normal(size=(5, 3)), "x": rng.normal(size=3)}
        grads = self.grad(params)
        with pytest.raises(ValueError, match=r"the gradient at 'x' \(\d,\) is"):
            dg.check_grad(self.loss, {**grads, "x": broken(grads["x"])}, params)

    def test_the_worst_entry_is_named(self):
        x = np.array([[1.0, 2.0], [3.0, 4.0]])
        wrong = 2 * x
        wrong[1, 0] += 5
        with pytest.raises(ValueError, match=r"at \(1, 0\) is 11, but central differences give 6"):
            dg.check_grad(lambda x: (x**2).sum(), wrong, x)

    def test_chosen_entries(self):
        x, tried = np.zeros(1000), set()

        def function(x):
            tried.update(np.flatnonzero(x).tolist())
            return x.sum()

        assert (
            dg.check_grad(function, np.ones(1000), x, entries=20, rng=np.random.default_rng(0))
            < 1e-9
        )
        assert len(tried) == 20
        with pytest.raises(ValueError, match="rng is needed to choose 50 of 1000"):
            dg.check_grad(function, np.ones(1000), x)

    def test_nothing_depends_on_it(self):
        assert dg.check_grad(lambda x: 3.0, np.zeros(2), np.ones(2)) == 0
        with pytest.raises(ValueError, match="off by 1 of the largest"):
            dg.check_grad(lambda x: x.sum() * 1e-3, np.zeros(2), np.ones(2))

    def test_large_losses_are_not_accused_of_their_rounding(self):
        dg.check_grad(lambda x: 1e8 + (x**2).sum(), 2 * np.array([0.5, 1.0]), np.array([0.5, 1.0]))

    def test_shapes(self):
        with pytest.raises(ValueError, match=r"differ: shape \(3,\) against \(2,\)"):
            dg.check_grad(np.sum, np.ones(3), np.ones(2))
        with pytest.raises(ValueError, match=r"differ in 'b': shape None against \(2,\)"):
            dg.check_grad(lambda p: 0.0, {"a": np.ones(2)}, {"a": np.ones(2), "b": np.ones(2)})


class TestRanks:
    def test_by_hand(self):
        log_probs = np.log([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]])
        assert_array_equal(dg.token_rank(log_probs, [0, 0]), [4, 1])
        assert_array_equal(dg.token_rank(log_probs, [-100, 2]), [0, 3])

    def test_ties_share_the_better_place(self):
        assert_array_equal(dg.token_rank([[0.0, 1.0, 1.0, 0.0]] * 4, [0, 1, 2, 3]), [3, 1, 1, 3])
        assert_array_equal(dg.token_rank([[-INF, 0.0, -INF]], [0]), [2])

    @given(st.integers(0, 10**6), st.integers(1, 6))
    def test_scikit_learn_without_ties(self, seed, k):
        rng = np.random.default_rng(seed)
        scores, tokens = rng.normal(size=(20, 7)), rng.integers(0, 7, 20)
        assert_allclose(
            dg.top_k_accuracy(scores, tokens, k),
            sklearn.metrics.top_k_accuracy_score(tokens, scores, k=k, labels=range(7)),
            rtol=1e-14,
        )

    def test_ignored_positions_leave_the_mean(self):
        scores = np.zeros((2, 3, 2)) + [1.0, 0.0]
        assert dg.top_k_accuracy(scores, [[0, 1, -100], [-100, -100, 0]]) == pytest.approx(2 / 3)
        assert dg.top_k_accuracy(scores, [[0, 1, 1], [1, 1, 0]], k=2) == 1

    def test_refusals(self):
        with pytest.raises(ValueError, match="k must be at least 1"):
            dg.top_k_accuracy([[0.0, 1.0]], [0], k=0)
        with pytest.raises(ValueError, match="every token is ignore_index"):
            dg.top_k_accuracy([[0.0, 1.0]], [-100])
        with pytest.raises(ValueError, match="one row of V per token"):
            dg.token_rank([[0.0, 1.0]], [0, 1])
        with pytest.raises(ValueError, match="NaN"):
            dg.token_rank([[0.0, math.nan]], [0])
        with pytest.raises(ValueError, match="tokens holds 2"):
            dg.token_rank([[0.0, 1.0]], [2])


class TestRepetition:
    def test_distinct_by_hand(self):
        assert dg.distinct_n([[1, 2, 3], [1, 2, 3]], n=2) == 0.5
        assert dg.distinct_n([[1, 2, 3], [1, 2, 3]], n=1) == 0.5
        assert dg.distinct_n([[1, 1], [2, 2]], n=2) == 1  # 12 is no bigram of either
        assert dg.distinct_n(["abab", "a"], n=2) == pytest.approx(2 / 3)

    def test_window(self):
        tokens = [1, 2, 3, 1, 1]
        assert dg.repetition_rate(tokens, window=1) == 1 / 4
        assert dg.repetition_rate(tokens, window=2) == 1 / 4
        assert dg.repetition_rate(tokens, window=3) == 2 / 4
        assert dg.repetition_rate([4] * 9) == 1 and dg.repetition_rate(range(9)) == 0

    @given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.integers(1, 10))
    def test_equals_the_definition(self, tokens, window):
        expected = np.mean(
            [tokens[i] in tokens[max(0, i - window) : i] for i in range(1, len(tokens))]
        )
        assert_allclose(dg.repetition_rate(tokens, window), expected)

    def test_refusals(self):
        with pytest.raises(ValueError, match="n must be at least 1"):
            dg.distinct_n([[1]], n=0)
        with pytest.raises(ValueError, match="no text has n = 2"):
            dg.distinct_n([[1], []])
        for bad in ([1], []):
            with pytest.raises(ValueError, match="at least two tokens"):
                dg.repetition_rate(bad)
        with pytest.raises(ValueError, match="window"):
            dg.repetition_rate([1, 2], window=0)


class TestMeanStderr:
    @given(arrays(np.float64, st.integers(2, 30), elements=st.floats(-5, 5)))
    def test_scipy(self, values):
        mean, stderr = dg.mean_stderr(values)
        assert_allclose(mean, values.mean(), atol=1e-12)
        assert_allclose(stderr, scipy.stats.sem(values), rtol=1e-9, atol=1e-12)

    def test_copies_of_a_value_are_no_new_evidence(self):
        values = np.random.default_rng(0).normal(size=12)
        once, thrice = (
            dg.mean_stderr(values),
            dg.mean_stderr(np.repeat(values, 3), np.repeat(np.arange(12), 3)),
        )
        assert_allclose(thrice, once, rtol=1e-12)
        assert dg.mean_stderr(np.repeat(values, 3)).stderr < once.stderr / 1.7

    def test_unequal_clusters_by_hand(self):
        # mean 2; cluster sums of deviations −2 and 2; 2/1 · (4 + 4) / 3² = 16/9
        assert_allclose(dg.mean_stderr([1.0, 1.0, 4.0], ["a", "a", "b"]), (2, 4 / 3))

    def test_coverage(self):
        # About 95 % of the intervals mean ± 2.26 stderr (t with 9 degrees of freedom) hold the true
        # mean.
        rng, held = np.random.default_rng(1), 0
        for _ in range(400):
            effect = rng.normal(size=10)
            mean, stderr = dg.mean_stderr(
                np.repeat(effect, 5) + rng.normal(size=50) * 0.3, np.repeat(np.arange(10), 5)
            )
            held += abs(mean) <= 2.262 * stderr
        assert 0.92 < held / 400 < 0.98

    def test_refusals(self):
        with pytest.raises(ValueError, match="at least two values, got 1"):
            dg.mean_stderr([1.0])
        with pytest.raises(ValueError, match="at least two clusters, got 1"):
            dg.mean_stderr([1.0, 2.0], [7, 7])
        with pytest.raises(ValueError, match="one cluster per value"):
            dg.mean_stderr([1.0, 2.0], [7])


class TestAuroc:
    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
    def test_scikit_learn_with_many_ties(self, pairs):
        scores, labels = map(np.array, zip(*pairs))
        if labels.all() or not labels.any():
            return
        assert_allclose(
            dg.auroc(scores, labels), sklearn.metrics.roc_auc_score(labels, scores), rtol=1e-12
        )
        assert_allclose(dg.auroc(-scores, labels), 1 - dg.auroc(scores, labels), atol=1e-12)

    def test_all_tied_is_guessing(self):
        assert dg.auroc([2.0, 2.0, 2.0], [0, 1, 1]) == 0.5

    def test_infinities(self):
        assert dg.auroc([-INF, 0.0, INF, INF], [0, 0, 1, 0]) == pytest.approx((1 + 1 + 0.5) / 3)

    def test_refusals(self):
        with pytest.raises(ValueError, match="one class only"):
            dg.auroc([1.0, 2.0], [1, 1])
        with pytest.raises(
            ValueError, match="labels must hold booleans, or 0 and 1, got 2 at index 1"
        ):
            dg.auroc([1.0, 2.0], [1, 2])
        with pytest.raises(ValueError, match="score 1 is NaN"):
            dg.auroc([1.0, math.nan], [1, 0])
        with pytest.raises(ValueError, match="one label per score"):
            dg.auroc([1.0, 2.0], [1])


class TestSignTest:
    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_scipy(self, alternative, positive, negative):
        if positive + negative == 0:
            return
        ours = dg.sign_test([1.0] * positive + [-2.0] * negative + [0.0] * 3, alternative)
        theirs = scipy.stats.binomtest(positive, positive + negative, alternative=alternative)
        assert (ours.positive, ours.n) == (positive, positive + negative)
        assert_allclose(ours.p_value, theirs.pvalue, rtol=1e-11)

    def test_far_tail_is_exact(self):
        assert dg.sign_test(np.ones(1000)).p_value == 2.0**-1000
        # 2^−2000 is under the smallest float
        assert dg.sign_test(np.ones(2000)).p_value == 0

    def test_infinite_differences_have_signs(self):
        assert dg.sign_test([INF, -INF, INF])[:2] == (2, 3)

    def test_refusals(self):
        with pytest.raises(ValueError, match="all 2 differences are 0"):
            dg.sign_test([0.0, 0.0])
        with pytest.raises(ValueError, match="difference 1 is NaN"):
            dg.sign_test([1.0, math.nan])
        with pytest.raises(ValueError, match="alternative must be"):
            dg.sign_test([1.0], "larger")


class TestCombineShards:
    def test_full_batch_gradient_from_unequal_shards(self):
        rng = np.random.default_rng(6)
        x, y, w = rng.normal(size=(40, 5)), rng.normal(size=40), rng.normal(size=5)

        def mean_gradient(part):
            return {
                "w": 2 * x[part].T @ (x[part] @ w - y[part]) / len(x[part]),
                "b": np.mean(x[part] @ w - y[part]),
            }

        parts = [slice(0, 3), slice(3, 20), slice(20, 20 + 19), slice(39, 40)]
        combined = dg.combine_shards([mean_gradient(part) for part in parts], [3, 17, 19, 1])
        full = mean_gradient(slice(None))
        for name in full:
            assert_allclose(combined[name], full[name], rtol=1e-12, atol=1e-13)
        plain = np.mean([mean_gradient(part)["w"] for part in parts], axis=0)
        assert np.abs(plain - full["w"]).max() > 0.05

    def test_type_and_empty_shards(self):
        combined = dg.combine_shards(
            [np.ones(2, np.float32), np.zeros(2, np.float32)], np.array([5, 0])
        )
        assert combined.dtype == np.float32
        assert_array_equal(combined, 1)

    def test_refusals(self):
        with pytest.raises(ValueError, match="one count per shard"):
            dg.combine_shards([1.0, 2.0], [1])
        for bad in ([0, 0], [-1, 2]):
            with pytest.raises(ValueError, match="at least one token"):
                dg.combine_shards([1.0, 2.0], bad)


class TestPowerLaw:
    @given(st.floats(0.02, 2), st.floats(0.1, 50))
    def test_recovers_a_law_without_floor(self, exponent, coefficient):
        x = np.array([1e3, 1e4, 3e4, 1e6])
        law = dg.fit_power_law(x, coefficient * x**-exponent)
        assert_allclose(law[:3], (coefficient, exponent, 0), rtol=1e-9)
        assert law.rms_error < 1e-12

    @settings(max_examples=20, deadline=None)
    @given(st.floats(0.1, 1.5), st.floats(0.3, 3), st.floats(0.5, 2))
    def test_recovers_a_floor(self, exponent, start, floor):
        x = np.geomspace(1e3, 1e6, 7)
        y = floor + start * (x / 1e3) ** -exponent
        law = dg.fit_power_law(x, y, floor=None)
        assert_allclose((law.exponent, law.floor), (exponent, floor), rtol=1e-3)
        assert_allclose(law(x), y, rtol=1e-5)

    def test_no_floor_below_zero(self):
        x = np.geomspace(1, 1e4, 5)
        law = dg.fit_power_law(x, 3 * x**-0.5, floor=None)
        assert law.floor >= 0
        assert_allclose(law.exponent, 0.5, rtol=1e-3)

    def test_known_floor_and_error(self):
        x = np.array([1.0, 2.0, 4.0])
        law = dg.fit_power_law(x, 1 + 8 / x, floor=1.0)
        assert_allclose(law[:3], (8, 1, 1), rtol=1e-12)
        noisy = dg.fit_power_law([1.0, 10.0], [2.0, 1.0])
        # two points always lie on a line
        assert noisy.rms_error < 1e-12
        # Errors of 1 % up and down about a constant 1
        assert_allclose(
            dg.fit_power_law([1.0, 1.0, 2.0, 2.0], [0.99, 1.01, 0.99, 1.01]).rms_error,
            0.01,
            rtol=1e-2,
        )

    def test_units_of_x_do_not_matter(self):
        x, y = np.array([1.0, 5.0, 30.0, 200.0]), np.array([4.0, 2.9, 2.4, 2.3])
        small, large = dg.fit_power_law(x, y, floor=None), dg.fit_power_law(x * 1e6, y, floor=None)
        assert_allclose((large.exponent, large.floor), (small.exponent, small.floor), rtol=1e-4)

    def test_refusals(self):
        with pytest.raises(ValueError, match="at least 2 different x"):
            dg.fit_power_law([1.0, 1.0], [1.0, 2.0])
        with pytest.raises(ValueError, match="at least 3 different x"):
            dg.fit_power_law([1.0, 2.0], [1.0, 2.0], floor=None)
        for x, y, floor in (
            ([0.0, 1.0], [1.0, 1.0], 0),
            ([1.0, 2.0], [1.0, 0.5], 0.5),
            ([1.0, INF], [1.0, 2.0], 0),
        ):
            with pytest.raises(ValueError, match="x must be positive and y above the floor"):
                dg.fit_power_law(x, y, floor)


# --- the checklist ---


def smoothed_rows(counts):
    """Witten and Bell's bigrams of a table of counts."""
    documents = [pair for pair, times in np.ndenumerate(counts) for _ in range(times)]
    model = ngram.witten_bell(ngram.count_ngrams(documents, len(counts), order=2))
    return np.exp([model.next_log_probs((token,)) for token in range(len(counts))])


def nucleus_without_crossing(logits, p):
    order = np.argsort(-logits)
    kept = np.cumsum(np.exp(logits[order])) <= p
    out = np.full_like(logits, -np.inf)
    out[order[kept]] = logits[order[kept]]
    return out


def padded_mean(logits, targets):
    loss, grad = likelihood.cross_entropy_with_grad(logits, targets)
    share = np.mean(targets != -100)
    return loss * share, grad * share


def half_open_bins(confidence, correct, n_bins):
    # confidence 1 lands in bin n_bins
    place = (confidence * n_bins).astype(int)
    gaps = [abs((correct - confidence)[place == b].sum()) for b in range(n_bins)]
    return sum(gaps) / len(confidence)


class TestChecklist:
    SOURCE = MarkovSource([0.2, 0.3, 0.5], [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.3, 0.3, 0.4]])
    SOUND = {
        "string_log_prob": distributions.string_log_prob,
        "log_probs": SOURCE.log_probs,
        "log_softmax": log_softmax,
        "loss_and_grad": likelihood.cross_entropy_with_grad,
        "bits_per_byte": information.bits_per_byte,
        "calibration_error": calibration.expected_calibration_error,
        "top_p_filter": decoding.top_p_filter,
        "fit_bigrams": smoothed_rows,
        "ban": conditioning.ban,
        "combine_shards": dg.combine_shards,
    }
    PLANTED = {
        "string_log_prob": (
            lambda model, tokens, eos: distributions.prefix_log_prob(model, tokens),
            "is EOS",
        ),
        "log_probs": (lambda tokens: np.log(0.7 * np.eye(3)[tokens] + 0.1), "its own target"),
        "log_softmax": (lambda z: np.log(softmax(z)), "rounded before its logarithm"),
        "loss_and_grad": (padded_mean, "change the mean loss by a factor 0.5"),
        "bits_per_byte": (lambda nll, n_bytes: np.mean(nll) / np.log(2), "cut into 2 tokens"),
        "calibration_error": (half_open_bins, "all wrong, have the error 0 instead of 1"),
        "top_p_filter": (nucleus_without_crossing, "keeps 0 instead of 1"),
        "fit_bigrams": (
            lambda counts: (
                np.maximum(counts - 0.5, 0.01) / np.maximum(counts.sum(1, keepdims=True), 1)
            ),
            "mass is missing",
        ),
        "ban": (
            lambda z, tokens: z - 20 * np.isin(np.arange(len(z)), tokens),
            "keeps the probability 1",
        ),
        "combine_shards": (lambda means, n_tokens: np.mean(means), "instead of 3"),
    }

    def test_one_line_a_chapter_and_every_line_has_a_bug(self):
        assert [check.chapter for check in dg.CHECKLIST] == list(range(1, 11))
        assert all(check.section.startswith(f"{check.chapter}.") for check in dg.CHECKLIST)
        assert list(self.SOUND) == list(self.PLANTED) == [check.part for check in dg.CHECKLIST]

    def test_sound_parts_pass(self):
        assert [finding.caught for finding in dg.run_checklist(self.SOUND)] == [None] * 10

    @pytest.mark.parametrize("part", PLANTED)
    def test_planted_bugs_are_caught_and_no_other_part_is_blamed(self, part):
        bug, phrase = self.PLANTED[part]
        caught = {
            finding.check.part: finding.caught
            for finding in dg.run_checklist({**self.SOUND, part: bug})
        }
        assert phrase in caught.pop(part)
        assert set(caught.values()) == {None}

    def test_a_part_that_breaks_is_caught(self):
        [finding] = dg.run_checklist({"ban": lambda z, tokens: z[99]})
        assert finding.caught.startswith("IndexError")

    def test_refusals(self):
        with pytest.raises(
            ValueError, match="parts holds nothing; the checklist knows string_log_prob"
        ):
            dg.run_checklist({})
        with pytest.raises(ValueError, match=r"parts holds \['sofmax'\]"):
            dg.run_checklist({"sofmax": softmax})

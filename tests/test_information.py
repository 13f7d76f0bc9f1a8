"""lmcore.information against values by hand, SciPy, torch, exact fractions and identities."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import information as info
from lmcore.information import coding
from lmcore.likelihood import cross_entropy, nll, padding_mask
from lmcore.softmax import log_softmax, softmax

INF, LOG2 = np.inf, math.log(2)
STORED = json.loads((Path(__file__).parent / "peers" / "information.json").read_text())
# Weights of 0 make exact zeros; the first is positive so that a row can be normalised.
WEIGHTS = arrays(np.float64, 6, elements=st.integers(0, 9).map(float)).map(
    lambda w: np.append(w, 1.0)
)
DISTRIBUTIONS = WEIGHTS.map(lambda w: w / w.sum())
LOGITS = arrays(np.float64, 5, elements=st.floats(-30, 30))


class TestEntropy:
    def test_by_hand(self):
        assert_allclose(info.entropy([0.5, 0.25, 0.125, 0.125]) / LOG2, 1.75, rtol=1e-15)
        assert_allclose(
            info.entropy([0.9, 0.1]), -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)), rtol=1e-15
        )

    @pytest.mark.filterwarnings("error")
    def test_sure_outcomes(self):
        for result in (
            info.entropy([0.0, 1.0, 0.0]),
            info.entropy([-INF, 0.0], log=True),
            info.entropy([1.0]),
        ):
            assert result == 0 and not np.signbit(result)

    @given(DISTRIBUTIONS)
    def test_between_0_and_log_v(self, probs):
        assert -1e-15 <= info.entropy(probs) <= math.log(7) + 1e-12
        assert_allclose(info.entropy(np.full(7, 1 / 7)), math.log(7), rtol=1e-14)

    @given(DISTRIBUTIONS)
    def test_scipy(self, probs):
        assert_allclose(info.entropy(probs), scipy.stats.entropy(probs), rtol=1e-12, atol=1e-15)

    @given(LOGITS)
    def test_log_probabilities_say_the_same(self, logits):
        assert_allclose(
            info.entropy(log_softmax(logits), log=True),
            info.entropy(softmax(logits)),
            rtol=1e-9,
            atol=1e-12,
        )

    def test_rows(self):
        probs = np.random.default_rng(0).dirichlet([1.0] * 5, size=(2, 3))
        assert info.entropy(probs).shape == (2, 3)
        assert_allclose(info.entropy(probs)[1, 2], info.entropy(probs[1, 2]), rtol=1e-14)

    def test_what_is_no_distribution(self):
        for bad in ([0.5, 0.6], [1.2, -0.2], [np.nan, 1.0], [0.0, 0.0]):
            with pytest.raises(ValueError, match="probs (row|entry|sums to)"):
                info.entropy(bad)
        with pytest.raises(ValueError, match="pass logits through log_softmax"):
            info.entropy([2.0, 1.0], log=True)
        with pytest.raises(ValueError, match="probs is empty"):
            info.entropy([])

    @pytest.mark.parametrize("size", [70_000, 5])
    def test_float16(self, size):
        result = info.entropy(softmax(np.zeros(size, dtype=np.float16)))
        assert result.dtype == np.float16
        assert_allclose(float(result), math.log(size), rtol=6e-3)


class TestDivergences:
    def test_by_hand(self):
        q, p = [0.5, 0.5, 0.0], [0.25, 0.5, 0.25]
        assert_allclose(
            info.cross_entropy_dist(q, p), 0.5 * math.log(4) + 0.5 * math.log(2), rtol=1e-15
        )
        assert_allclose(info.kl_divergence(q, p), 0.5 * math.log(2), rtol=1e-15)
        assert_allclose(
            info.js_divergence(q, p),
            0.5 * (0.5 * math.log(0.5 / 0.375))
            + 0.5 * (0.25 * math.log(0.25 / 0.375) + 0.25 * math.log(2)),
            rtol=1e-14,
        )

    @pytest.mark.filterwarnings("error")
    def test_support(self):
        assert info.kl_divergence([1.0, 0.0], [0.5, 0.5]) == LOG2  # 0 log 0 = 0 where q is 0
        assert info.kl_divergence([0.5, 0.5], [1.0, 0.0]) == INF
        assert info.cross_entropy_dist([0.5, 0.5], [1.0, 0.0]) == INF
        assert info.kl_divergence([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]) == 0  # torch: NaN
        assert info.cross_entropy_dist([1.0, 0.0], [1.0, 0.0]) == 0
        assert_allclose(info.js_divergence([1.0, 0.0], [0.0, 1.0]), LOG2, rtol=1e-15)

    def test_support_below_the_smallest_float(self):
        # q's second token has probability e^-1000: 0.0 as a float, yet not impossible.
        log_q, log_p = [0.0, -1000.0], [0.0, -INF]
        assert (
            info.kl_divergence(log_q, log_p, log=True)
            == info.cross_entropy_dist(log_q, log_p, log=True)
            == INF
        )
        assert info.kl_divergence(
            [math.log(0.5), math.log(0.5)], [0.0, -1000.0], log=True
        ) == pytest.approx(500 - LOG2)

    @given(DISTRIBUTIONS, DISTRIBUTIONS)
    def test_decomposition(self, q, p):
        crossed, kl = info.cross_entropy_dist(q, p), info.kl_divergence(q, p)
        assert kl >= 0
        assert_allclose(crossed, info.entropy(q) + kl, rtol=1e-12)
        assert crossed >= info.entropy(q) - 1e-12
        assert info.kl_divergence(q, q) == 0

    def test_never_below_zero(self):
        # Distributions equal up to rounding: the plain sum is negative for about a third of them.
        q = np.random.default_rng(7).dirichlet([1.0] * 9, size=500)
        assert (info.kl_divergence(q, softmax(np.log(q))) >= 0).all()

    @given(DISTRIBUTIONS, DISTRIBUTIONS)
    def test_scipy(self, q, p):
        assert_allclose(
            info.kl_divergence(q, p), scipy.special.rel_entr(q, p).sum(), rtol=1e-10, atol=1e-14
        )
        assert_allclose(
            info.js_divergence(q, p),
            scipy.spatial.distance.jensenshannon(q, p) ** 2,
            rtol=1e-7,
            atol=1e-14,
        )

    @given(DISTRIBUTIONS, DISTRIBUTIONS)
    def test_js_is_symmetric_and_bounded(self, q, p):
        assert_allclose(info.js_divergence(q, p), info.js_divergence(p, q), rtol=1e-12, atol=1e-15)
        assert 0 <= info.js_divergence(q, p) <= LOG2 + 1e-12

    @pytest.mark.parametrize("pair", STORED["pairs"])
    def test_torch(self, pair):
        q, p = log_softmax(np.array(pair["logits"], dtype=pair["dtype"]))
        rtol = 1e-12 if pair["dtype"] == "float64" else 2e-5
        assert_allclose(info.entropy(q, log=True), pair["entropy"], rtol=rtol)
        assert_allclose(info.kl_divergence(q, p, log=True), pair["kl"], rtol=rtol)
        assert_allclose(info.cross_entropy_dist(q, p, log=True), pair["cross_entropy"], rtol=rtol)

    def test_a_one_hot_target_gives_the_loss(self):
        logits = np.array([0.3, -1.0, 2.0])
        assert_allclose(
            info.cross_entropy_dist([0.0, 0.0, 1.0], softmax(logits)),
            cross_entropy(logits[None], [2]),
        )

    def test_broadcasting_and_types(self):
        q = np.array([[0.5, 0.5], [0.25, 0.75]], dtype=np.float32)
        p = np.array([0.5, 0.5], dtype=np.float32)
        for function in (info.cross_entropy_dist, info.kl_divergence, info.js_divergence):
            result = function(q, p)
            assert result.shape == (2,) and result.dtype == np.float32
            assert_allclose(function(p, q)[1], function(p, q[1]), rtol=1e-6)
            assert function(q.astype(np.float16), p.astype(np.float16)).dtype == np.float16
            assert function(q, p.astype(float)).dtype == np.float64
            assert function([1, 0], [1, 0]).dtype == np.float64

    def test_refusals(self):
        for function in (info.cross_entropy_dist, info.kl_divergence, info.js_divergence):
            with pytest.raises(ValueError, match="q has V = 2 outcomes and p 3"):
                function([0.5, 0.5], [0.5, 0.25, 0.25])
            with pytest.raises(ValueError, match="p sums to 0.75"):
                function([0.5, 0.5], [0.5, 0.25])


class TestMutualInformation:
    def test_by_hand(self):
        assert_allclose(info.mutual_information([[0.5, 0.0], [0.0, 0.5]]), LOG2, rtol=1e-15)
        assert_allclose(
            info.mutual_information([[0.4, 0.1], [0.1, 0.4]]),
            0.8 * math.log(0.4 / 0.25) + 0.2 * math.log(0.1 / 0.25),
            rtol=1e-14,
        )

    @given(DISTRIBUTIONS, DISTRIBUTIONS)
    def test_independence_is_zero(self, x, y):
        assert info.mutual_information(np.outer(x, y)) <= 1e-14

    def test_entropies(self):
        joint = np.random.default_rng(1).dirichlet([0.4] * 12, size=5).reshape(5, 3, 4)
        expected = (
            info.entropy(joint.sum(-1))
            + info.entropy(joint.sum(-2))
            - info.entropy(joint.reshape(5, 12))
        )
        assert_allclose(info.mutual_information(joint), expected, rtol=1e-12)
        assert_allclose(info.mutual_information(np.swapaxes(joint, 1, 2)), expected, rtol=1e-12)

    def test_refusals(self):
        with pytest.raises(ValueError, match=r"an axis for each variable, got shape \(2,\)"):
            info.mutual_information([0.5, 0.5])
        with pytest.raises(ValueError, match="joint sums to 2"):
            info.mutual_information([[0.5, 0.5], [0.5, 0.5]])


class TestFromCounts:
    def test_by_hand(self):
        assert_allclose(info.plugin_entropy([3, 1]), info.entropy([0.75, 0.25]), rtol=1e-15)
        assert_allclose(
            info.miller_madow([3, 1, 0, 0]), info.entropy([0.75, 0.25]) + 1 / 8, rtol=1e-15
        )
        assert_allclose(info.miller_madow([[5, 0], [2, 2]]), [0, LOG2 + 1 / 8], rtol=1e-15)

    def test_bias(self):
        # 4,000 samples of 50 draws from 10 equal outcomes: the plug-in is about (10 - 1)/100 too
        # low.
        counts = np.random.default_rng(2).multinomial(50, np.full(10, 0.1), size=4000)
        gap = math.log(10) - info.plugin_entropy(counts).mean()
        assert 0.085 < gap < 0.105
        assert abs(math.log(10) - info.miller_madow(counts).mean()) < 0.15 * gap

    def test_refusals(self):
        for function in (info.plugin_entropy, info.miller_madow):
            for bad in ([0, 0], [3, -1]):
                with pytest.raises(
                    ValueError, match="counts must be non-negative with a positive finite sum"
                ):
                    function(bad)


class TestPerplexityAndBits:
    def test_by_hand(self):
        losses = [math.log(2), math.log(8), math.log(4)]
        assert_allclose(info.perplexity(losses), 4, rtol=1e-14)
        assert_allclose(info.bits_per_token(losses), 2, rtol=1e-14)
        assert_allclose(info.bits_per_byte(losses, n_bytes=12), 0.5, rtol=1e-14)

    @given(LOGITS, st.integers(0, 4))
    def test_perplexity_is_exp_of_cross_entropy(self, logits, target):
        losses = nll(log_softmax(logits)[None], [target], reduction="none")
        assert_allclose(
            info.perplexity(losses), math.exp(cross_entropy(logits[None], [target])), rtol=1e-12
        )
        assert_allclose(
            info.bits_per_token(losses), math.log2(info.perplexity(losses)), rtol=1e-9, atol=1e-12
        )

    def test_a_uniform_model_has_perplexity_v(self):
        assert_allclose(info.perplexity(np.full((3, 4), math.log(37))), 37, rtol=1e-13)

    def test_masks(self):
        losses = np.array([[1.0, 3.0, np.nan], [2.0, np.inf, -7.0]])
        mask = padding_mask([2, 1], 3)
        assert_allclose(info.perplexity(losses, mask), math.exp(2), rtol=1e-14)
        assert_allclose(info.bits_per_token(losses, mask), 2 / LOG2, rtol=1e-14)
        assert_allclose(info.bits_per_byte(losses, 12, mask), 6 / 12 / LOG2, rtol=1e-14)
        with pytest.raises(ValueError, match="mask"):
            info.perplexity(losses, np.zeros_like(losses))

    def test_torch(self):
        case = STORED["perplexity"]
        assert_allclose(
            info.perplexity(case["nll"], np.array(case["targets"]) != -100),
            case["torch"],
            rtol=1e-12,
        )

    @pytest.mark.filterwarnings("error")
    def test_infinite_surprise(self):
        assert (
            info.perplexity([1.0, INF])
            == info.bits_per_token([1.0, INF])
            == info.bits_per_byte([INF], 3)
            == INF
        )
        assert info.perplexity([800.0]) == INF

    def test_mean_of_sentence_perplexities_is_something_else(self):
        short, long = [math.log(100)], [math.log(2)] * 9
        assert_allclose(info.perplexity(short + long), (100 * 2**9) ** 0.1, rtol=1e-12)
        assert (
            info.perplexity(short + long)
            < (info.perplexity(short) + info.perplexity(long)) / 2 / 10
        )

    def test_bytes_of_several_texts(self):
        assert (
            info.bits_per_byte([LOG2, LOG2], [3, 1]) == info.bits_per_byte([LOG2, LOG2], 4) == 0.5
        )

    def test_log_probabilities_passed_for_their_negatives(self):
        for run in (
            info.perplexity,
            info.bits_per_token,
            lambda losses: info.bits_per_byte(losses, 4),
        ):
            with pytest.raises(ValueError, match="nll holds -2.5, but −log p is never negative"):
                run([0.5, -2.5])

    def test_no_bytes(self):
        with pytest.raises(ValueError, match="n_bytes must be positive, got 0"):
            info.bits_per_byte([1.0], 0)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_type_is_kept(self, dtype):
        losses = np.array([1.0, 2.0], dtype=dtype)
        kept = np.float32 if dtype == np.float16 else dtype
        assert info.perplexity(losses).dtype == info.bits_per_token(losses).dtype == kept
        assert info.bits_per_byte(losses, 7).dtype == kept
        assert_allclose(float(info.perplexity(np.ones(70_000, dtype))), math.e, rtol=1e-6)

    def test_a_float16_perplexity_may_exceed_65504(self):
        losses = np.full(10, 12, dtype=np.float16)
        assert_allclose(info.perplexity(losses), np.exp(12), rtol=1e-6)
        # as may the bits of a text divided by its bytes
        losses = np.full(10, 48_512, dtype=np.float16)
        assert_allclose(info.bits_per_byte(losses, 1), 485_120 / np.log(2), rtol=1e-6)


def mixed_model(vocab_size=7, sharpness=3.0):
    """A model of which every row differs, with probabilities from near 1 down to nothing."""

    def next_log_probs(prefix):
        rng = np.random.default_rng([len(prefix), *prefix[-2:]])
        return log_softmax(rng.normal(size=vocab_size) * sharpness)

    return next_log_probs


def ideal_bits(model, tokens):
    return -sum(model(tuple(tokens[:i]))[t] for i, t in enumerate(tokens)) / LOG2


class TestArithmeticCoder:
    @given(st.lists(st.integers(0, 5), max_size=40))
    @settings(deadline=None)
    def test_round_trip(self, tokens):
        model = mixed_model()
        code = info.arithmetic_encode(model, tokens, eos=6)
        assert info.arithmetic_decode(model, code, eos=6) == tuple(tokens)
        code = info.arithmetic_encode(model, tokens)
        assert info.arithmetic_decode(model, code, length=len(tokens)) == tuple(tokens)

    @given(
        st.integers(0, 2**32), st.sampled_from([1, 2, 3, 300]), st.sampled_from([0.01, 1.0, 30.0])
    )
    @settings(deadline=None, max_examples=40)
    def test_round_trip_of_flat_and_sharp_models(self, seed, vocab_size, sharpness):
        model = mixed_model(vocab_size, sharpness)
        tokens = tuple(np.random.default_rng(seed).integers(0, vocab_size, 30).tolist())
        assert (
            info.arithmetic_decode(model, info.arithmetic_encode(model, tokens), length=30)
            == tokens
        )

    def test_length_is_the_surprise(self):
        model, rng = mixed_model(sharpness=1.5), np.random.default_rng(3)
        tokens = []
        while len(tokens) < 1500:
            tokens.append(int(rng.choice(7, p=np.exp(model(tuple(tokens))))))
        ideal, real = ideal_bits(model, tokens), 8 * len(info.arithmetic_encode(model, tokens))
        # two bits to end, up to a byte to fill
        assert ideal - 1 < real < ideal + 2 + 8 + 1e-3 * ideal

    def test_one_bit_a_fair_coin(self):
        coin = [LOG2 * -1, LOG2 * -1]
        tokens = np.random.default_rng(4).integers(0, 2, 800).tolist()
        assert len(info.arithmetic_encode(lambda prefix: coin, tokens)) in (100, 101)

    def test_impossible_tokens_cost_32_bits(self):
        model = lambda prefix: [0.0, -INF]
        tokens = (0, 0, 1, 0, 1)
        code = info.arithmetic_encode(model, tokens)
        assert info.arithmetic_decode(model, code, length=5) == tokens
        assert len(code) <= (64 + 2 + 7) // 8 + 1

    def test_long_runs_near_a_half(self):
        # The interval straddles the middle for as long as the same share around 1/2 is chosen: many
        # pending bits.
        model = lambda prefix: np.log([0.25, 0.5, 0.25])
        for tokens in ((1,) * 300, (1,) * 300 + (0,), (1,) * 300 + (2,)):
            code = info.arithmetic_encode(model, tokens)
            assert info.arithmetic_decode(model, code, length=len(tokens)) == tokens
            assert abs(8 * len(code) - 300) <= 16

    def test_frequencies(self):
        for log_probs in (
            np.log([0.5, 0.25, 0.25]),
            np.array([0.0, -INF, -INF]),
            log_softmax(np.arange(50_000.0) % 97),
            log_softmax(np.random.default_rng(5).normal(size=300)).astype(np.float16),
        ):
            frequencies = coding._frequencies(lambda prefix, row=log_probs: row, ())
            assert frequencies.sum() == 2**32 and frequencies.min() >= 1
            probs = np.exp(log_probs.astype(float))
            assert np.abs(frequencies / 2**32 - probs / probs.sum()).max() < 1e-4

    def test_the_encoder_shows_the_model_the_true_prefix(self):
        prefixes = []

        def model(prefix):
            prefixes.append(prefix)
            return np.log([0.5, 0.25, 0.25])

        info.arithmetic_decode(model, info.arithmetic_encode(model, [1, 0], eos=2), eos=2)
        assert prefixes == [(), (1,), (1, 0)] * 2

    def test_cut_off_code(self):
        model, tokens = mixed_model(), tuple(np.random.default_rng(6).integers(0, 7, 400).tolist())
        code = info.arithmetic_encode(model, tokens)
        with pytest.raises(ValueError, match="code ends too early, after .* bytes"):
            info.arithmetic_decode(model, code[: len(code) // 2], length=400)

    def test_another_model_reads_another_text(self):
        tokens = (1, 2, 3, 4, 5) * 4
        code = info.arithmetic_encode(mixed_model(), tokens)
        assert info.arithmetic_decode(mixed_model(sharpness=2.9), code, length=4) != tokens[:4]

    def test_nothing_to_say(self):
        model = mixed_model()
        assert info.arithmetic_decode(model, info.arithmetic_encode(model, ()), length=0) == ()
        assert info.arithmetic_decode(model, info.arithmetic_encode(model, (), eos=6), eos=6) == ()

    def test_refusals(self):
        model = mixed_model()
        with pytest.raises(ValueError, match="tokens holds eos=6 at index 1"):
            info.arithmetic_encode(model, [1, 6], eos=6)
        with pytest.raises(ValueError, match="token ids must lie in"):
            info.arithmetic_encode(model, [1, 9])
        with pytest.raises(ValueError, match=r"next_log_probs\(prefix\) entry .* is 2.0"):
            info.arithmetic_encode(lambda prefix: [1.0, 2.0], [0])
        for wrong in ({}, {"eos": 6, "length": 3}):
            with pytest.raises(ValueError, match="pass either eos or length"):
                info.arithmetic_decode(model, b"", **wrong)

    def test_code_is_stable(self):
        # A code written once must be readable later: these bytes may not change.
        model = lambda prefix: np.log([0.5, 0.25, 0.125, 0.125])
        code = info.arithmetic_encode(model, [0, 1, 2, 0, 3, 1, 0])
        # 0 | 10 | 110 | 0 | 111 | 10 | 0, give or take the frequencies' 2^-32, then the end
        assert_array_equal(
            np.unpackbits(np.frombuffer(code, np.uint8))[:12], [0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0]
        )

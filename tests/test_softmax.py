"""lmcore.softmax against values by hand, SciPy, high-precision arithmetic and identities."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import softmax as sm

LOGITS = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-300, 300)
)


def exact_log_softmax(row):
    """The same formula in 60 decimal digits."""
    getcontext().prec = 60
    row = [Decimal(float(z)) for z in row]
    normalizer = sum(z.exp() for z in row).ln()
    return np.array([float(z - normalizer) for z in row])


class TestLmHead:
    def test_every_position_meets_every_row(self):
        hidden = np.arange(12.0).reshape(2, 3, 2)
        weight = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [2.0, 2.0]])
        logits = sm.lm_head(hidden, weight, bias=[0.0, 0.0, 10.0, 0.0])
        assert logits.shape == (2, 3, 4)
        assert_allclose(logits[1, 2], [10.0, 11.0, 10.0 - 1.0, 42.0])

    def test_a_transposed_square_looking_weight_is_named(self):
        with pytest.raises(ValueError, match="must be transposed"):
            sm.lm_head(np.ones((2, 3)), np.ones((3, 5)))

    def test_bias_of_another_size(self):
        with pytest.raises(ValueError, match="V = 4 rows"):
            sm.lm_head(np.ones(3), np.ones((4, 3)), bias=np.ones(3))

    def test_float32_stays(self):
        logits = sm.lm_head(np.ones(3, np.float32), np.ones((4, 3), np.float32), bias=np.ones(4))
        assert logits.dtype == np.float32


class TestNormalisation:
    def test_by_hand(self):
        # e^0 : e^log2 : e^log5 = 1 : 2 : 5
        logits = np.log([1.0, 2.0, 5.0])
        assert_allclose(sm.softmax(logits), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
        assert_allclose(sm.log_softmax(logits), np.log([1 / 8, 2 / 8, 5 / 8]), rtol=1e-15)
        assert_allclose(sm.logsumexp(logits), np.log(8), rtol=1e-15)

    @given(LOGITS)
    def test_rows_sum_to_one(self, logits):
        assert_allclose(sm.softmax(logits).sum(axis=-1), 1, rtol=1e-14)
        assert_allclose(np.exp(sm.log_softmax(logits)).sum(axis=-1), 1, rtol=1e-13)

    @given(LOGITS, st.floats(-1e3, 1e3))
    def test_shift_changes_nothing(self, logits, shift):
        # Adding the shift itself rounds by up to an ulp of 1300, 2.3e-13, in every logit.
        assert_allclose(sm.log_softmax(logits + shift), sm.log_softmax(logits), atol=1e-12)
        assert_allclose(sm.logsumexp(logits + shift), sm.logsumexp(logits) + shift, atol=1e-12)

    @given(LOGITS)
    def test_scipy(self, logits):
        assert_allclose(
            sm.softmax(logits), scipy.special.softmax(logits, axis=-1), rtol=1e-12, atol=1e-300
        )
        assert_allclose(
            sm.log_softmax(logits),
            scipy.special.log_softmax(logits, axis=-1),
            rtol=1e-13,
            atol=1e-13,
        )
        assert_allclose(
            sm.logsumexp(logits), scipy.special.logsumexp(logits, axis=-1), rtol=1e-14, atol=1e-13
        )

    @settings(max_examples=30)
    @given(arrays(np.float64, 6, elements=st.floats(-60, 60)))
    def test_relative_accuracy_of_small_surprise(self, logits):
        assert_allclose(sm.log_softmax(logits), exact_log_softmax(logits), rtol=1e-13, atol=1e-300)

    def test_sure_tokens_keep_their_surprise(self):
        # torch gives 0 here: 1 + 4e-18 rounds to 1 before the logarithm.
        assert_allclose(sm.log_softmax([0.0, -40.0])[0], -4.248354255291589e-18, rtol=1e-14)
        assert_allclose(sm.logsumexp([0.0, -40.0]), 4.248354255291589e-18, rtol=1e-14)

    def test_axis(self):
        logits = np.random.default_rng(0).normal(size=(3, 4, 5))
        for axis in (0, 1, -2, 2):
            assert_allclose(
                sm.softmax(logits, axis=axis), scipy.special.softmax(logits, axis=axis), rtol=1e-13
            )
            assert_allclose(
                sm.log_softmax(logits, axis=axis),
                scipy.special.log_softmax(logits, axis=axis),
                rtol=1e-13,
            )
            for keep in (False, True):
                ours = sm.logsumexp(logits, axis=axis, keepdims=keep)
                theirs = scipy.special.logsumexp(logits, axis=axis, keepdims=keep)
                assert ours.shape == theirs.shape
                assert_allclose(ours, theirs, rtol=1e-13)

    def test_blocks_join_without_a_seam(self, monkeypatch):
        logits = np.random.default_rng(1).normal(size=(7, 11)) * 50
        whole = sm.log_softmax(logits)
        # two rows at a time, the last block short
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 2 * 11 * 8)
        assert_array_equal(sm.log_softmax(logits), whole)
        assert_allclose(sm.softmax(logits), np.exp(whole), rtol=1e-13)
        assert_allclose(sm.logsumexp(logits), (logits - whole)[:, 0], rtol=1e-13)

    def test_input_is_left_alone(self):
        logits = np.array([[1.0, 2.0], [3.0, 4.0]])
        before = logits.copy()
        sm.softmax(logits), sm.log_softmax(logits), sm.logsumexp(logits)
        assert_array_equal(logits, before)

    def test_ties_and_single_entry(self):
        assert_allclose(sm.softmax([3.0, 3.0, 3.0, 3.0]), 0.25)
        assert_array_equal(sm.softmax([-800.0]), [1.0])
        assert_array_equal(sm.log_softmax([-800.0]), [0.0])

    def test_out(self):
        logits = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
        for function in (sm.softmax, sm.log_softmax):
            out = np.empty_like(logits)
            assert np.shares_memory(function(logits, out=out), out)
            assert_array_equal(out, function(logits))
            with pytest.raises(ValueError, match="out must be C-contiguous"):
                function(logits, out=np.empty((3, 4)))


class TestHardRows:
    @pytest.mark.filterwarnings("error")
    def test_far_beyond_the_range_of_exp(self):
        for dtype in (np.float16, np.float32, np.float64):
            logits = np.array([60000.0, 59998.0, -60000.0], dtype=dtype)
            assert np.isfinite(sm.log_softmax(logits)[:2]).all()
            assert_allclose(sm.softmax(logits).astype(float).sum(), 1, rtol=1e-3)

    def test_bans_stay_bans(self):
        logits = [0.0, -np.inf, np.log(3.0)]
        assert_array_equal(sm.softmax(logits)[1], 0.0)
        assert_array_equal(sm.log_softmax(logits)[1], -np.inf)
        assert_allclose(sm.softmax(logits), [0.25, 0, 0.75])

    @pytest.mark.parametrize("function", [sm.softmax, sm.log_softmax, sm.entropy_slope])
    def test_a_row_of_bans_is_named(self, function):
        with pytest.raises(ValueError, match=r"row \(1,\) bans every token"):
            function([[0.0, 1.0], [-np.inf, -np.inf]])

    @pytest.mark.filterwarnings("error")
    def test_a_sum_of_no_terms_is_zero(self):
        """Its logarithm is -inf, as in SciPy, though such a row has no distribution."""
        logits = [[0.0, 1.0], [-np.inf, -np.inf]]
        assert_allclose(sm.logsumexp(logits), scipy.special.logsumexp(logits, axis=-1))
        assert sm.logsumexp([-np.inf]) == -np.inf

    def test_the_row_is_named_in_whatever_block_it_lies(self, monkeypatch):
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 2 * 3 * 8)
        logits = np.zeros((7, 3))
        logits[5] = -np.inf
        with pytest.raises(ValueError, match=r"row \(5,\) bans every token"):
            sm.log_softmax(logits)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_overflow_before_the_logits(self, bad):
        for function in (sm.softmax, sm.log_softmax, sm.logsumexp):
            with pytest.raises(ValueError, match="NaN or"):
                function([0.0, bad, 1.0])

    def test_seventy_thousand_equal_halves(self):
        # In float16 the plain sum overflows to inf at 65,504 and SciPy's softmax is all zeros.
        probs = sm.softmax(np.zeros(70_000, dtype=np.float16))
        assert probs.dtype == np.float16
        assert_allclose(probs.astype(np.float64).sum(), 1, rtol=5e-3)
        assert_allclose(
            sm.log_softmax(np.zeros(70_000, np.float16)).astype(float), -np.log(70_000), rtol=1e-3
        )

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_type_is_kept(self, dtype):
        logits = np.array([1, 2, 3], dtype=dtype)
        for function in (
            sm.softmax,
            sm.log_softmax,
            sm.logsumexp,
            sm.softmax_jacobian,
            sm.entropy_slope,
        ):
            assert function(logits).dtype == dtype
        assert sm.apply_temperature(logits, np.float64(0.5)).dtype == dtype

    def test_integers_become_float64(self):
        assert sm.softmax([1, 2, 3]).dtype == np.float64

    def test_refusals(self):
        with pytest.raises(ValueError, match="logits is empty"):
            sm.softmax(np.zeros((2, 0)))
        with pytest.raises(ValueError, match="scalar"):
            sm.softmax(3.0)
        with pytest.raises(TypeError, match="got dtype complex128"):
            sm.softmax([1j])
        with pytest.raises(ValueError, match="axis 2 is out of range"):
            sm.softmax([[1.0]], axis=2)
        with pytest.raises(TypeError, match="axis must be an integer, got None"):
            sm.softmax([[1.0]], axis=None)


class TestDerivatives:
    @given(arrays(np.float64, 5, elements=st.floats(-3, 3)))
    def test_jacobian_by_central_differences(self, logits):
        step = 1e-6
        numeric = np.stack(
            [
                (sm.softmax(logits + step * e) - sm.softmax(logits - step * e)) / (2 * step)
                for e in np.eye(5)
            ],
            axis=1,
        )
        assert_allclose(sm.softmax_jacobian(sm.softmax(logits)), numeric, atol=1e-9)

    def test_jacobian_is_symmetric_and_rows_vanish(self):
        jacobian = sm.softmax_jacobian(sm.softmax(np.random.default_rng(3).normal(size=(2, 3, 6))))
        assert jacobian.shape == (2, 3, 6, 6)
        assert_allclose(jacobian, np.swapaxes(jacobian, -1, -2))
        assert_allclose(jacobian.sum(axis=-1), 0, atol=1e-15)

    def test_backward_is_the_jacobian_applied(self):
        rng = np.random.default_rng(4)
        probs, grad = sm.softmax(rng.normal(size=(2, 6))), rng.normal(size=(2, 6))
        expected = np.einsum("bij,bj->bi", sm.softmax_jacobian(probs), grad)
        assert_allclose(sm.softmax_backward(probs, grad), expected, atol=1e-15)
        with pytest.raises(ValueError, match="one derivative per probability"):
            sm.softmax_backward(probs, grad[0])

    def test_float16_is_summed_in_float32(self):
        """The mean of 4,096 ones is lost in float16, whose integers end at 2,048."""
        probs, grad = np.full(4096, 1 / 4096, np.float16), np.ones(4096, np.float16)
        grad[::2] = -1
        grad[:64] = 8
        expected = probs.astype(float) * (grad - (probs.astype(float) * grad).sum())
        assert_allclose(sm.softmax_backward(probs, grad), expected, rtol=2e-3)
        assert sm.softmax_backward(probs, grad).dtype == np.float16
        logits = (np.arange(4096) % 7).astype(np.float16)
        assert_allclose(
            float(sm.entropy_slope(logits)),
            float(sm.entropy_slope(logits.astype(float))),
            rtol=2e-3,
        )


class TestTemperature:
    def test_half_temperature_squares_the_odds(self):
        odds = np.exp(sm.log_softmax(sm.apply_temperature(np.log([1.0, 3.0]), 0.5)))
        assert_allclose(odds[1] / odds[0], 9)

    @pytest.mark.parametrize("temperature", [0, -1, np.inf, np.nan])
    def test_refused(self, temperature):
        with pytest.raises(ValueError, match="positive finite"):
            sm.apply_temperature([1.0, 2.0], temperature)

    def test_one_number_for_all_rows(self):
        with pytest.raises(TypeError, match=r"temperature must be one number, got an array"):
            sm.apply_temperature([1.0, 2.0], np.array([1.0, 2.0]))

    @given(arrays(np.float64, 7, elements=st.floats(-4, 4)), st.floats(0.3, 4))
    def test_slope_by_central_differences(self, logits, temperature):
        def entropy(tau):
            log_probs = sm.log_softmax(logits / tau)
            return -(np.exp(log_probs) * log_probs).sum()

        step = 1e-4 * temperature
        numeric = (entropy(temperature + step) - entropy(temperature - step)) / (2 * step)
        assert_allclose(sm.entropy_slope(logits, temperature), numeric, rtol=1e-5, atol=1e-8)

    def test_slope_ignores_bans(self):
        assert_allclose(
            sm.entropy_slope([1.0, -1.0, -np.inf], 0.7), sm.entropy_slope([1.0, -1.0], 0.7)
        )


class TestGumbelMax:
    def test_frequencies(self):
        logits = np.log([0.5, 0.3, 0.2])
        draws = sm.gumbel_max(np.broadcast_to(logits, (20_000, 3)), np.random.default_rng(5))
        # Three standard errors of a share of 20,000 draws are at most 0.0107.
        assert_allclose(np.bincount(draws) / 20_000, [0.5, 0.3, 0.2], atol=0.0107)

    def test_same_generator_same_draws(self):
        draws = [sm.gumbel_max(np.zeros((4, 9)), np.random.default_rng(6)) for _ in range(2)]
        assert_array_equal(draws[0], draws[1])

    def test_blocks_draw_the_same_stream(self, monkeypatch):
        logits = np.random.default_rng(7).normal(size=(9, 5))
        whole = sm.gumbel_max(logits, np.random.default_rng(8))
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 2 * 5 * 8)
        assert_array_equal(sm.gumbel_max(logits, np.random.default_rng(8)), whole)

    def test_row_of_bans(self):
        with pytest.raises(ValueError, match="bans every token"):
            sm.gumbel_max([-np.inf, -np.inf], np.random.default_rng(0))

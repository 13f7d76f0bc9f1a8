"""lmcore.likelihood against torch, SciPy, losses by hand, central differences and identities."""

import itertools
import math

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from peers import likelihood as torch_likelihood

from lmcore import likelihood as lk
from lmcore.distributions import MarkovSource

SOURCE = MarkovSource([0.6, 0.3, 0.1], [[0.5, 0.25, 0.25], [0.1, 0.4, 0.5]])
LOG3 = np.log(3.0)


@st.composite
def problems(draw):
    """Logits (rows, V), some banned, and target ids, some ignored, at least one kept.

    Targets are never banned.
    """
    rows, size = draw(st.integers(1, 5)), draw(st.integers(2, 7))
    logits = draw(arrays(np.float64, (rows, size), elements=st.floats(-60, 60)))
    banned = draw(arrays(bool, (rows, size)))
    targets = draw(arrays(np.int64, rows, elements=st.integers(0, size - 1)))
    banned[np.arange(rows), targets] = False
    logits[banned] = -np.inf
    ignored = draw(arrays(bool, rows))
    ignored[draw(st.integers(0, rows - 1))] = False
    return logits, np.where(ignored, -100, targets)


class TestAgainstTorch:
    GIVEN, PEER, ORIGIN = torch_likelihood.peer_values()
    TOLERANCE = {"float64": dict(rtol=1e-12, atol=1e-14), "float32": dict(rtol=2e-6, atol=2e-6)}

    @pytest.mark.parametrize(
        "dtype, reduction, smoothing",
        list(
            itertools.product(
                ("float64", "float32"), torch_likelihood.REDUCTIONS, torch_likelihood.SMOOTHINGS
            )
        ),
    )
    def test_cross_entropy_and_gradient(self, dtype, reduction, smoothing):
        use = [0, 2, 3] if smoothing else [0, 1, 2, 3]
        logits, targets = self.GIVEN["logits"][use].astype(dtype), self.GIVEN["targets"][use]
        loss, grad = lk.cross_entropy_with_grad(
            logits, targets, reduction, label_smoothing=smoothing
        )
        name, tolerance = f"{dtype}-{reduction}-{smoothing}", self.TOLERANCE[dtype]
        assert loss.dtype == grad.dtype == dtype and grad.shape == logits.shape
        assert_allclose(np.ravel(loss), np.ravel(self.PEER[f"loss-{name}"]), **tolerance)
        assert_allclose(
            grad.reshape(-1, torch_likelihood.V), self.PEER[f"grad-{name}"], **tolerance
        )

    @pytest.mark.parametrize(
        "dtype, reduction",
        list(itertools.product(("float64", "float32"), torch_likelihood.REDUCTIONS)),
    )
    def test_soft_targets_and_nll(self, dtype, reduction):
        use, tolerance = [0, 2, 3], self.TOLERANCE[dtype]
        logits, soft = self.GIVEN["logits"].astype(dtype), self.GIVEN["soft"].astype(dtype)
        losses = lk.cross_entropy_soft(logits[use], soft[use], reduction)
        assert_allclose(
            np.ravel(losses), np.ravel(self.PEER[f"soft-{dtype}-{reduction}"]), **tolerance
        )
        log_probs = scipy.special.log_softmax(logits, axis=-1)
        losses = lk.nll(log_probs, self.GIVEN["targets"], reduction)
        assert_allclose(
            np.ravel(losses), np.ravel(self.PEER[f"nll-{dtype}-{reduction}"]), **tolerance
        )

    def test_stored_values_are_torch_s(self):
        """When torch is there, the stored values must be what it says."""
        if self.ORIGIN != "torch":
            pytest.skip("torch is not installed: compared with the stored values instead")
        with np.load(torch_likelihood.STORED) as stored:
            assert set(stored) == set(self.PEER)
            for name in stored:
                assert_allclose(stored[name], self.PEER[name], rtol=1e-5, atol=1e-6)


class TestEstimation:
    def test_dataset_by_hand(self):
        # (a b), (a b), (): 0.6 * 0.25 * 0.5 twice, 0.1 once
        score = lk.dataset_log_likelihood(SOURCE.next_log_probs, [(0, 1), (0, 1), ()], SOURCE.eos)
        assert math.isclose(score, 2 * math.log(0.075) + math.log(0.1))

    def test_an_impossible_string(self):
        source = MarkovSource([1, 0, 0], [[0, 0, 1], [0, 0, 1]])
        assert lk.dataset_log_likelihood(source.next_log_probs, [(0,), (1,)], 2) == -math.inf

    @given(
        arrays(np.int64, 4, elements=st.integers(0, 20)).filter(lambda c: c.sum() > 0),
        arrays(np.float64, 4, elements=st.floats(0.01, 1)),
    )
    def test_no_distribution_beats_the_count_ratio(self, counts, weights):
        best = lk.categorical_log_likelihood(counts, lk.categorical_mle(counts))
        assert lk.categorical_log_likelihood(counts, weights / weights.sum()) <= best + 1e-9

    def test_count_ratio_of_rows(self):
        assert_allclose(lk.categorical_mle([[3, 1], [0, 5]]), [[0.75, 0.25], [0, 1]])
        assert lk.categorical_mle(np.ones(3, np.float32)).dtype == np.float32
        assert_allclose(lk.categorical_mle(np.full(70_000, 1, np.float16)), 1 / 70_000, rtol=1e-2)

    def test_zero_times_log_zero_is_zero(self):
        assert lk.categorical_log_likelihood([2, 0], [1.0, 0.0]) == 0.0
        assert lk.categorical_log_likelihood([2, 1], [1.0, 0.0]) == -np.inf

    def test_a_grid_of_distributions(self):
        grid = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
        assert_allclose(
            lk.categorical_log_likelihood([3, 1], grid),
            [4 * math.log(0.5), 3 * math.log(0.75) + math.log(0.25), -np.inf],
        )

    @pytest.mark.parametrize(
        "call, message",
        [
            (lambda: lk.dataset_log_likelihood(SOURCE.next_log_probs, [], 2), "strings is empty"),
            (
                lambda: lk.categorical_mle([0, 0]),
                "counts must be non-negative with a positive finite sum",
            ),
            (lambda: lk.categorical_mle([2, -1]), "smallest entry of -1"),
            (lambda: lk.categorical_mle([np.nan, 1]), "counts must be"),
            (
                lambda: lk.categorical_log_likelihood([1, 1], [1.5, -0.5]),
                "probs must be non-negative",
            ),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises(ValueError, match=message):
            call()


class TestLosses:
    def test_by_hand(self):
        logits = [[0.0, LOG3], [0.0, 0.0]]
        assert_allclose(lk.cross_entropy(logits, [1, 0], "none"), [math.log(4 / 3), math.log(2)])
        assert_allclose(lk.cross_entropy(logits, [1, 0]), (math.log(4 / 3) + math.log(2)) / 2)
        assert_allclose(lk.cross_entropy(logits, [1, 0], "sum"), math.log(8 / 3))
        assert_allclose(lk.cross_entropy(logits, [1, -100]), math.log(4 / 3))
        assert_array_equal(lk.cross_entropy(logits, [-100, 0], "none")[0], 0)

    def test_one_row(self):
        loss, grad = lk.cross_entropy_with_grad([0.0, LOG3], 1)
        assert math.isclose(loss, math.log(4 / 3)) and grad.shape == (2,)
        assert_allclose(grad, [0.25, -0.25])

    @given(problems())
    def test_is_the_nll_of_the_softmax(self, problem):
        logits, targets = problem
        log_probs = scipy.special.log_softmax(logits, axis=-1)
        for reduction in ("mean", "sum", "none"):
            assert_allclose(
                lk.cross_entropy(logits, targets, reduction),
                lk.nll(log_probs, targets, reduction),
                rtol=1e-10,
                atol=1e-12,
            )

    @given(problems())
    def test_mean_is_the_sum_over_the_kept(self, problem):
        logits, targets = problem
        losses, kept = lk.cross_entropy(logits, targets, "none"), targets != -100
        assert_allclose(lk.cross_entropy(logits, targets), losses.sum() / kept.sum())
        assert_allclose(lk.cross_entropy(logits, targets), lk.masked_mean(losses, kept))
        assert_allclose(
            lk.cross_entropy(logits, targets), lk.cross_entropy(logits[kept], targets[kept])
        )

    @given(problems(), st.floats(-500, 500))
    def test_a_constant_added_to_the_logits_changes_nothing(self, problem, constant):
        logits, targets = problem
        assert_allclose(
            lk.cross_entropy(logits + constant, targets),
            lk.cross_entropy(logits, targets),
            rtol=1e-9,
            atol=1e-10,
        )

    @given(problems(), st.floats(0, 0.9))
    def test_hard_targets_are_one_hot_soft_ones(self, problem, smoothing):
        logits, targets = problem
        logits = np.where(np.isinf(logits), -70, logits)
        kept = targets != -100
        soft = lk.one_hot(targets[kept], logits.shape[1], smoothing)
        assert_allclose(
            lk.cross_entropy(logits, targets, label_smoothing=smoothing),
            lk.cross_entropy_soft(logits[kept], soft),
            rtol=1e-9,
            atol=1e-12,
        )

    def test_soft_floor_is_the_entropy(self):
        q = np.array([0.2, 0.5, 0.3])
        assert_allclose(lk.cross_entropy_soft(np.log(q), q), scipy.special.entr(q).sum())

    def test_a_tiny_loss_keeps_its_digits(self):
        assert_allclose(lk.cross_entropy([[0.0, -100.0]], [0]), math.exp(-100), rtol=1e-12)
        assert_allclose(
            lk.cross_entropy(np.array([[0, -40]], np.float32), [0]), math.exp(-40), rtol=1e-6
        )

    def test_huge_logits(self):
        assert_allclose(lk.cross_entropy([[1e4, 0.0]], [1]), 1e4)
        assert_allclose(lk.cross_entropy(np.array([[6e4, 0]], np.float16), [1]), 6e4)

    def test_a_banned_target_is_infinite_and_its_gradient_finite(self):
        loss, grad = lk.cross_entropy_with_grad([[0.0, 0.0, -np.inf]], [2])
        assert loss == np.inf
        assert_allclose(grad, [[0.5, 0.5, -1.0]])
        assert lk.cross_entropy([[0.0, -np.inf]], [0], label_smoothing=0.1) == np.inf

    def test_a_banned_token_costs_no_soft_target_of_zero(self):
        assert_allclose(
            lk.cross_entropy_soft([[0.0, 0.0, -np.inf]], [[0.5, 0.5, 0.0]]), math.log(2)
        )
        assert lk.cross_entropy_soft([[0.0, 0.0, -np.inf]], [[0.5, 0.0, 0.5]]) == np.inf

    def test_padding_is_never_read(self):
        logits = np.array([[0.0, LOG3], [np.nan, np.inf], [-np.inf, -np.inf]])
        loss, grad = lk.cross_entropy_with_grad(logits, [1, -100, -100])
        assert_allclose(loss, math.log(4 / 3))
        assert_array_equal(grad[1:], 0)

    def test_everything_ignored(self):
        logits = np.zeros((2, 3))
        assert lk.cross_entropy(logits, [-100, -100], "sum") == 0
        assert_array_equal(lk.cross_entropy_grad(logits, [-100, -100], "sum"), 0)
        for loss in (lk.cross_entropy, lk.cross_entropy_grad, lk.nll):
            with pytest.raises(ValueError, match="targets are all ignored"):
                loss(logits, [-100, -100])

    def test_another_ignore_index(self):
        assert_allclose(
            lk.cross_entropy([[0.0, LOG3], [0.0, 0.0]], [1, -1], ignore_index=-1), math.log(4 / 3)
        )
        assert_allclose(
            lk.cross_entropy([[0.0, LOG3], [0.0, 0.0]], [1, 0], ignore_index=0), math.log(4 / 3)
        )

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_types_stay(self, dtype):
        logits = np.array([[0, 1, 2], [2, 1, 0]], dtype=dtype)
        loss, grad = lk.cross_entropy_with_grad(logits, [0, 1])
        assert loss.dtype == grad.dtype == dtype
        assert lk.cross_entropy_soft(logits, np.full((2, 3), 1 / 3)).dtype == dtype
        assert lk.nll(logits, [0, 1], "none").dtype == dtype

    def test_integers_become_float64(self):
        assert lk.cross_entropy([[0, 1]], [0]).dtype == np.float64

    def test_float16_accumulates_in_float32(self):
        logits = np.zeros((3, 70_000), np.float16)
        assert_allclose(lk.cross_entropy(logits, [0, 1, 2]), math.log(70_000), rtol=1e-3)

    @pytest.mark.parametrize(
        "call, error, message",
        [
            (
                lambda: lk.cross_entropy([[0.0, 0.0]], [2]),
                ValueError,
                r"targets holds 2 at index \(0,\)",
            ),
            (lambda: lk.cross_entropy([[0.0, 0.0]], [-1]), ValueError, "targets holds -1"),
            (lambda: lk.cross_entropy([[0.0, 0.0]], [0.0]), TypeError, "targets must hold integer"),
            (
                lambda: lk.cross_entropy(np.zeros((2, 3, 5)), np.zeros((2, 5), int)),
                ValueError,
                r"shape \(2, 3\)",
            ),
            (lambda: lk.cross_entropy(np.zeros((0, 3)), []), ValueError, "or there are none"),
            (lambda: lk.cross_entropy(np.zeros((1, 0)), [0]), ValueError, "logits is empty"),
            (
                lambda: lk.cross_entropy([[0.0, 0.0]], [0], "average"),
                ValueError,
                "must be 'mean', 'sum' or 'none'",
            ),
            (
                lambda: lk.cross_entropy([[0.0, 0.0]], [0], label_smoothing=1.0),
                ValueError,
                r"lie in \[0, 1\), got 1.0",
            ),
            (
                lambda: lk.cross_entropy([[0.0, 0.0], [-np.inf, -np.inf]], [0, 0]),
                ValueError,
                r"row \(1,\) bans every token",
            ),
            (
                lambda: lk.cross_entropy([[0.0, 0.0], [np.nan, 0.0]], [0, 0]),
                ValueError,
                r"row \(1,\) holds NaN or .inf",
            ),
            (
                lambda: lk.cross_entropy_soft([[0.0, 0.0]], [0.5, 0.5]),
                ValueError,
                "they must be equal",
            ),
            (
                lambda: lk.cross_entropy_soft([[0.0, 0.0]], [[0.5, 0.6]]),
                ValueError,
                r"target_probs row \(0,\) sums to 1.1",
            ),
            (
                lambda: lk.cross_entropy_soft([[0.0, 0.0]], [[1.0, 0.0]], "sums"),
                ValueError,
                "reduction must be",
            ),
            (lambda: lk.nll([[0.0, 0.0]], [0], "sums"), ValueError, "reduction must be"),
            (lambda: lk.one_hot([3], 3), ValueError, "targets holds 3"),
            (
                lambda: lk.one_hot([0], 3, label_smoothing=-0.1),
                ValueError,
                "label_smoothing must lie",
            ),
        ],
    )
    def test_errors(self, call, error, message):
        with pytest.raises(error, match=message):
            call()


class TestGradient:
    @given(problems(), st.sampled_from(["mean", "sum", "none"]), st.sampled_from([0.0, 0.2]))
    def test_rows_sum_to_zero(self, problem, reduction, smoothing):
        logits, targets = problem
        grad = lk.cross_entropy_grad(logits, targets, reduction, label_smoothing=smoothing)
        assert_allclose(grad.sum(axis=-1), 0, atol=1e-14)
        assert_array_equal(grad[targets == -100], 0)

    @given(problems(), st.sampled_from(["mean", "sum"]), st.sampled_from([0.0, 0.2]))
    def test_central_differences(self, problem, reduction, smoothing):
        logits, targets = problem
        logits = np.where(np.isinf(logits), -5.0, logits / 10)
        grad = lk.cross_entropy_grad(logits, targets, reduction, label_smoothing=smoothing)
        for index in np.ndindex(logits.shape):
            step = np.zeros_like(logits)
            step[index] = 1e-5
            up, down = (
                lk.cross_entropy(z, targets, reduction, label_smoothing=smoothing)
                for z in (logits + step, logits - step)
            )
            assert abs((up - down) / 2e-5 - grad[index]) < 1e-8

    @given(problems())
    def test_p_minus_y(self, problem):
        logits, targets = problem
        kept = targets != -100
        expected = scipy.special.softmax(logits[kept], axis=-1) - lk.one_hot(
            targets[kept], logits.shape[1]
        )
        assert_allclose(lk.cross_entropy_grad(logits, targets, "none")[kept], expected, atol=1e-14)
        assert_allclose(
            lk.cross_entropy_grad(logits, targets)[kept], expected / kept.sum(), atol=1e-14
        )

    def test_blocks_of_rows_join_without_a_seam(self, monkeypatch):
        rng = np.random.default_rng(0)
        logits, targets = rng.normal(size=(50, 11)), rng.integers(0, 11, 50)
        targets[::7] = -100
        targets[20:30] = -100  # a whole block of padding
        whole = lk.cross_entropy_with_grad(logits, targets)
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 3 * 11 * 8)
        parts = lk.cross_entropy_with_grad(logits, targets)
        assert_array_equal(whole[0], parts[0])
        assert_array_equal(whole[1], parts[1])
        logits[40, 0] = np.nan
        with pytest.raises(ValueError, match=r"row \(40,\)"):
            lk.cross_entropy(logits, targets)

    def test_logits_are_not_touched(self):
        logits = np.array([[0.0, LOG3], [1.0, 2.0]])
        before = logits.copy()
        lk.cross_entropy_with_grad(logits, [0, -100])
        assert_array_equal(logits, before)

    def test_out_is_filled_and_may_be_the_logits(self):
        logits = np.array([[0.0, LOG3], [1.0, 2.0]])
        expected = lk.cross_entropy_grad(logits, [0, -100])
        out = np.full_like(logits, np.nan)
        assert lk.cross_entropy_with_grad(logits, [0, -100], out=out)[1] is out
        assert_array_equal(out, expected)
        lk.cross_entropy_with_grad(logits, [0, -100], out=logits)
        assert_array_equal(logits, expected)

    @pytest.mark.parametrize(
        "out", [np.zeros((1, 3)), np.zeros((2, 2), np.float32), np.zeros((2, 2)).T[:, ::-1]]
    )
    def test_out_that_does_not_fit(self, out):
        with pytest.raises(ValueError, match="out must be C-contiguous of shape"):
            lk.cross_entropy_with_grad(np.zeros((2, 2)), [0, 0], out=out)

    def test_any_memory_layout_of_the_logits(self):
        logits = np.random.default_rng(0).normal(size=(5, 4, 3))
        turned = np.ascontiguousarray(logits.transpose(2, 1, 0)).transpose(2, 1, 0)
        targets = np.arange(20).reshape(5, 4) % 3
        assert_array_equal(
            lk.cross_entropy_grad(turned, targets), lk.cross_entropy_grad(logits, targets)
        )


class TestMasks:
    def test_padding_mask(self):
        assert_array_equal(lk.padding_mask([2, 0, 3]), [[1, 1, 0], [0, 0, 0], [1, 1, 1]])
        assert lk.padding_mask([1], length=4).shape == (1, 4) and lk.padding_mask([1]).dtype == bool

    def test_the_seed_example(self):
        losses, mask = [[1.1, 0.9, 0.7, 0.0], [1.5, 1.3, 0.0, 0.0]], [[1, 1, 1, 0], [1, 1, 0, 0]]
        assert_allclose(lk.masked_mean(losses, mask), 5.5 / 5)
        assert_allclose(lk.masked_mean(losses, mask, axis=-1), [0.9, 1.4])

    def test_mean_of_row_means_is_another_number(self):
        values, mask = np.array([[1.0, 1.0, 1.0], [5.0, 0.0, 0.0]]), lk.padding_mask([3, 1])
        assert lk.masked_mean(values, mask) == 2.0
        assert lk.masked_mean(values, mask, axis=1).mean() == 3.0

    @given(
        st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any), st.integers(0, 2**32 - 1)
    )
    def test_as_if_the_rows_were_not_padded(self, lengths, seed):
        values = np.random.default_rng(seed).normal(size=(len(lengths), 5))
        mask = lk.padding_mask(lengths, 5)
        values[~mask] = np.nan
        assert_allclose(lk.masked_mean(values, mask), np.mean(values[mask]), rtol=1e-12, atol=1e-15)

    def test_weights_and_broadcasting(self):
        assert lk.masked_mean([1.0, 4.0], [2.0, 1.0]) == 2.0
        assert_allclose(
            lk.masked_mean(np.arange(6.0).reshape(2, 3), [True, False, True], axis=-1), [1, 4]
        )
        assert lk.masked_mean(np.arange(6.0).reshape(2, 3), [True, False, True]) == 2.5

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_types_stay(self, dtype):
        assert lk.masked_mean(np.ones(3, dtype), [1, 1, 0]).dtype == dtype

    def test_float16_sums_do_not_stick(self):
        assert lk.masked_mean(np.full(100_000, 0.5, np.float16), np.ones(100_000)) == 0.5

    @pytest.mark.parametrize(
        "call, error, message",
        [
            (lambda: lk.masked_mean([1.0, 2.0], [0, 0]), ValueError, "every token is masked; drop"),
            (
                lambda: lk.masked_mean([[1.0], [2.0]], [[1], [0]], axis=1),
                ValueError,
                "masked somewhere along axis 1",
            ),
            (
                lambda: lk.masked_mean([1.0, 2.0], [2, -1]),
                ValueError,
                "mask must be boolean or non-negative",
            ),
            (
                lambda: lk.masked_mean([1.0, 2.0], [np.nan, 1]),
                ValueError,
                "mask must be boolean or non-negative",
            ),
            (lambda: lk.masked_mean([1.0, 2.0], [1, 1, 1]), ValueError, "does not broadcast"),
            (lambda: lk.masked_mean([], []), ValueError, "values is empty"),
            (
                lambda: lk.padding_mask([3], length=2),
                ValueError,
                r"lengths must lie in \[0, length=2\], got 3 to 3",
            ),
            (lambda: lk.padding_mask([-1]), ValueError, "got -1"),
            (lambda: lk.padding_mask([]), ValueError, "lengths is empty"),
            (lambda: lk.padding_mask([1.5]), TypeError, "lengths must hold integers"),
        ],
    )
    def test_errors(self, call, error, message):
        with pytest.raises(error, match=message):
            call()


class TestZLoss:
    def test_gradient_by_central_differences(self):
        logits = np.random.default_rng(0).normal(size=(2, 3, 4))
        _, grad = lk.z_loss(logits)
        for index in np.ndindex(logits.shape):
            step = np.zeros_like(logits)
            step[index] = 1e-5
            assert (
                abs(
                    (lk.z_loss(logits + step)[0] - lk.z_loss(logits - step)[0]) / 2e-5 - grad[index]
                )
                < 1e-9
            )

    def test_normalised_logits_cost_nothing(self):
        loss, grad = lk.z_loss(np.log([[0.25, 0.75]]))
        assert abs(loss) < 1e-30 and np.abs(grad).max() < 1e-15

    def test_float32_stays(self):
        loss, grad = lk.z_loss(np.ones((2, 3), np.float32))
        assert loss.dtype == grad.dtype == np.float32

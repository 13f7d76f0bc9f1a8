"""lmcore.models.optim against hand-worked steps, torch's AdamW and its own identities."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lmcore.models.optim import adamw, adamw_init, clip_grad_norm, cosine_schedule

STORED = np.load(Path(__file__).parent / "peers" / "transformer.npz")


class TestAdamW:
    def test_two_steps_by_hand(self):
        params, state = {"w": np.array([1.0])}, adamw_init({"w": np.array([1.0])})
        for grad in (2.0, -1.0):
            params, state = adamw(
                params, {"w": np.array([grad])}, state, 0.1, (0.5, 0.75), eps=0.0, weight_decay=0.5
            )
        first = 1.0 * (1 - 0.05) - 0.1 * 1.0  # m̂ / √v̂ = 2 / 2
        m, v = (0.5 * 1.0 + 0.5 * -1.0) / 0.75, (0.75 * 1.0 + 0.25 * 1.0) / (1 - 0.75**2)
        assert_allclose(params["w"], first * 0.95 - 0.1 * m / math.sqrt(v))
        assert state["step"] == 2

    def test_same_path_as_torch(self):
        params = {"w": STORED["adamw_start"]}
        state = adamw_init(params)
        for grad, expected in zip(STORED["adamw_grads"], STORED["adamw_path"]):
            params, state = adamw(
                params, {"w": grad}, state, 0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1
            )
            assert_allclose(params["w"], expected, rtol=1e-12)

    def test_nothing_is_changed_in_place(self):
        params, grads = {"w": np.ones(3)}, {"w": np.full(3, 2.0)}
        state = adamw_init(params)
        adamw(params, grads, state, 0.1)
        assert params["w"].tolist() == [1, 1, 1] and grads["w"].tolist() == [2, 2, 2]
        assert state["step"] == 0 and not state["m"]["w"].any() and not state["v"]["w"].any()

    def test_only_named_parameters_decay(self):
        params = {"w": np.ones(1), "b": np.ones(1)}
        zero = {name: np.zeros(1) for name in params}
        params, _ = adamw(params, zero, adamw_init(params), 0.1, weight_decay=0.5, decayed=("w",))
        assert_allclose([params["w"][0], params["b"][0]], [0.95, 1.0])

    def test_float32_stays_float32(self):
        params = {"w": np.ones(3, dtype=np.float32)}
        new, state = adamw(params, params, adamw_init(params), 0.1)
        assert new["w"].dtype == state["m"]["w"].dtype == state["v"]["w"].dtype == np.float32

    def test_epsilon_must_not_vanish(self):
        """1e-8 is 0 in float16, and a zero gradient would give 0/0."""
        params = {"w": np.ones(2, np.float16)}
        with pytest.raises(ValueError, match=r"eps=1e-08 is 0 in float16, .* keep parameters in"):
            adamw(params, {"w": np.zeros(2, np.float16)}, adamw_init(params), 0.1)
        moved, _ = adamw(params, {"w": np.zeros(2, np.float16)}, adamw_init(params), 0.1, eps=1e-4)
        assert np.isfinite(moved["w"]).all()

    def test_errors(self):
        params = {"w": np.ones(2)}
        with pytest.raises(ValueError, match=r"names \['v'\], but params \['w'\]"):
            adamw(params, {"v": np.ones(2)}, adamw_init(params), 0.1)
        with pytest.raises(ValueError, match=r"shape \(3,\), but the parameter \(2,\)"):
            adamw(params, {"w": np.ones(3)}, adamw_init(params), 0.1)
        with pytest.raises(ValueError, match="decayed names 'bias'"):
            adamw(params, params, adamw_init(params), 0.1, decayed=("bias",))


class TestClipping:
    def test_joint_norm_not_one_array_at_a_time(self):
        grads, norm = clip_grad_norm(
            {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}, max_norm=2.5
        )
        assert norm == 5.0
        assert_allclose(np.concatenate([grads["a"], grads["b"][0]]), [1.5, 0.0, 2.0])

    def test_small_gradients_are_left_alone(self):
        grads = {"a": np.array([0.3, 0.4])}
        clipped, norm = clip_grad_norm(grads, max_norm=1.0)
        assert clipped["a"] is grads["a"] and norm == pytest.approx(0.5)

    def test_integers_are_scaled_too(self):
        grads, norm = clip_grad_norm({"a": np.array([3, 0]), "b": np.array([4])}, max_norm=1.0)
        assert norm == 5.0
        assert_allclose(np.concatenate([grads["a"], grads["b"]]), [0.6, 0.0, 0.8])

    def test_float16_squares_do_not_overflow(self):
        grads, norm = clip_grad_norm({"a": np.full(4, 1000, np.float16)}, max_norm=1.0)
        assert norm == 2000.0 and grads["a"].dtype == np.float16
        assert_allclose(grads["a"], 0.5)

    def test_as_torch_but_for_its_epsilon(self):
        grads, norm = clip_grad_norm({"g": STORED["adamw_grads"][0]}, max_norm=0.5)
        assert_allclose(norm, STORED["clip_norm"])
        assert_allclose(grads["g"], STORED["clip_grad"], rtol=3e-6)

    def test_errors(self):
        with pytest.raises(ValueError, match="max_norm must be positive, got 0"):
            clip_grad_norm({"a": np.ones(1)}, 0)
        with pytest.raises(ValueError, match=r"grads\['b'\] holds NaN or inf"):
            clip_grad_norm({"a": np.ones(1), "b": np.array([np.nan])}, 1.0)


class TestSchedule:
    def test_warm_up_peak_and_end(self):
        rates = [
            cosine_schedule(step, total=100, peak=2.0, warmup_steps=10, floor=0.2)
            for step in range(101)
        ]
        assert_allclose(rates[:10], np.linspace(0.2, 2.0, 10))
        assert rates[10] == 2.0 and rates[100] == pytest.approx(0.2)
        assert rates[55] == pytest.approx(1.1)  # half way down
        assert all(earlier >= later for earlier, later in zip(rates[10:], rates[11:]))

    def test_plateau_does_not_depend_on_the_total(self):
        short = [
            cosine_schedule(step, 100, 1.0, warmup_steps=5, decay_steps=20) for step in range(80)
        ]
        long = [
            cosine_schedule(step, 300, 1.0, warmup_steps=5, decay_steps=20) for step in range(80)
        ]
        assert short == long
        assert cosine_schedule(90, 100, 1.0, warmup_steps=5, decay_steps=20) == pytest.approx(0.5)
        assert cosine_schedule(100, 100, 1.0, warmup_steps=5, decay_steps=20) == pytest.approx(0.0)

    @pytest.mark.parametrize("warmup", [0, 4, 10])
    def test_no_fall_at_all(self, warmup):
        rates = [cosine_schedule(step, 10, 2.0, warmup, 0.5, decay_steps=0) for step in range(13)]
        assert rates[warmup:10] == [2.0] * (10 - warmup) and rates[10:] == [0.5] * 3

    def test_whole_steps(self):
        with pytest.raises(TypeError, match="step must be an integer, got 2.0; write 2"):
            cosine_schedule(2.0, 10, 1.0)

    def test_too_short_a_run(self):
        with pytest.raises(
            ValueError, match="warmup_steps=5 and decay_steps=6 do not fit into total=10"
        ):
            cosine_schedule(0, 10, 1.0, warmup_steps=5, decay_steps=6)

"""lmcore.calibration against values by hand, scikit-learn, SciPy, torch's fit and identities."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import sklearn.calibration
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import calibration as cal
from lmcore.likelihood import cross_entropy
from lmcore.softmax import log_softmax, softmax

INF, NAN = np.inf, np.nan
STORED = json.loads((Path(__file__).parent / "peers" / "calibration.json").read_text())
CONFIDENCES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 1.0]))
CLAIMS = st.lists(st.tuples(CONFIDENCES, st.booleans()), min_size=1, max_size=40).map(
    lambda pairs: tuple(map(np.array, zip(*pairs)))
)


def drawn(seed, n=400, size=6, stretch=1.0):
    """Logits and targets drawn from them, the logits then multiplied.

    The best temperature is about `stretch`.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, size)) * 2
    return logits * stretch, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


class TestReliability:
    def test_by_hand(self):
        edges, counts, confidence, accuracy = cal.reliability(
            [0.1, 0.3, 0.45, 0.9, 0.8], [0, 1, 1, 1, 0], n_bins=4
        )
        assert_array_equal(edges, [0, 0.25, 0.5, 0.75, 1])
        assert_array_equal(counts, [1, 2, 0, 2])
        assert_allclose(confidence, [0.1, 0.375, NAN, 0.85])
        assert_allclose(accuracy, [0, 1, NAN, 0.5])

    def test_edges_belong_below_and_none_is_lost(self):
        # Confidences on every edge of ten bins: (lo, hi], 0 in the first and 1 in the last.
        confidence = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
        for dtype in (np.float64, np.float32, np.float16):
            counts = cal.reliability(np.array(confidence, dtype), np.ones(11), n_bins=10).counts
            assert_array_equal(counts, [2, 1, 1, 1, 1, 1, 1, 1, 1, 1])

    @pytest.mark.parametrize("n_bins", [3, 7, 10, 15, 20, 49])
    def test_every_edge_of_every_number_of_bins(self, n_bins):
        edges = np.array([k / n_bins for k in range(1, n_bins + 1)])
        assert_array_equal(cal.reliability(edges, np.ones(n_bins), n_bins).counts, np.ones(n_bins))

    def test_equal_mass(self):
        confidence = np.array([0.5, 0.1, 0.2, 0.9, 0.95, 0.8, 0.99])
        bins = cal.reliability(confidence, np.ones(7), 3, strategy="quantile")
        assert_array_equal(bins.counts, [3, 2, 2])
        assert_array_equal(bins.edges, [0, 0.5, 0.9, 1])
        assert_allclose(bins.confidence, [0.8 / 3, 0.85, 0.97])

    def test_equal_confidences_stay_together(self):
        bins = cal.reliability([0.5] * 6 + [0.9], [1, 0] * 3 + [1], 4, strategy="quantile")
        assert_array_equal(bins.counts, [6, 1])
        assert_array_equal(
            cal.reliability([0.0, 0.0, 0.0, 1.0], [0, 0, 1, 1], 2, strategy="quantile").counts, [4]
        )
        assert_array_equal(cal.reliability([1.0, 1.0], [0, 1], 5, strategy="quantile").counts, [2])

    @given(CLAIMS, st.integers(1, 20), st.sampled_from(["uniform", "quantile"]))
    def test_every_claim_is_in_one_bin(self, claims, n_bins, strategy):
        confidence, correct = claims
        bins = cal.reliability(confidence, correct, n_bins, strategy)
        assert bins.counts.sum() == len(confidence)
        assert_allclose(np.nansum(bins.counts * bins.confidence), confidence.sum(), atol=1e-9)
        assert_allclose(np.nansum(bins.counts * bins.accuracy), correct.sum(), atol=1e-9)
        inside = (bins.confidence > bins.edges[:-1] - 1e-12) & (
            bins.confidence <= bins.edges[1:] + 1e-12
        )
        assert (inside | (bins.counts == 0)).all()

    @given(CLAIMS, st.sampled_from([1, 2, 5, 10]))
    def test_scikit_learn(self, claims, n_bins):
        confidence, correct = claims
        # Its edges come from linspace, for some k an ulp above k/n: leave out what lies between the
        # two.
        theirs, ours = np.linspace(0, 1, n_bins + 1), np.arange(n_bins + 1) / n_bins
        assume((np.searchsorted(theirs, confidence) == np.searchsorted(ours, confidence)).all())
        accuracy, mean = sklearn.calibration.calibration_curve(correct, confidence, n_bins=n_bins)
        bins = cal.reliability(confidence, correct, n_bins)
        assert_allclose(bins.accuracy[bins.counts > 0], accuracy)
        assert_allclose(bins.confidence[bins.counts > 0], mean)

    def test_refusals(self):
        for confidence, correct, message in (
            ([0.5, 1.2], [0, 1], r"confidence must lie in \[0, 1\], got 0.5 to 1.2"),
            ([0.5, -0.7], [0, 1], r"exponentiate log-probabilities first"),
            ([NAN], [1], r"confidence must lie in \[0, 1\]"),
            ([0.5], [0, 1], r"one shape \(n,\), got \(1,\) and \(2,\)"),
            ([[0.5]], [[1]], r"must have shape \(n,\), got \(1, 1\)"),
            ([0.5, 0.5], [0, 2], "correct must hold booleans"),
            ([], [], "confidence is empty"),
        ):
            for function in (
                cal.reliability,
                cal.expected_calibration_error,
                cal.maximum_calibration_error,
                cal.brier_decomposition,
            ):
                with pytest.raises(ValueError, match=message):
                    function(confidence, correct)
        with pytest.raises(ValueError, match="n_bins must be at least 1, got 0"):
            cal.reliability([0.5], [1], 0)
        with pytest.raises(
            ValueError, match="strategy must be 'uniform' or 'quantile', got 'mass'"
        ):
            cal.reliability([0.5], [1], 3, "mass")


class TestErrors:
    def test_by_hand(self):
        confidence, correct = [0.1, 0.3, 0.45, 0.9, 0.8], [0, 1, 1, 1, 0]
        # gaps .1, .625, .35 of 1, 2 and 2 claims
        assert_allclose(
            cal.expected_calibration_error(confidence, correct, 4), (0.1 + 2 * 0.625 + 2 * 0.35) / 5
        )
        assert_allclose(cal.maximum_calibration_error(confidence, correct, 4), 0.625)

    def test_on_the_edges(self):
        # The two conventions give .411 and .256 here.
        confidence = np.arange(1, 10) / 10
        correct = [1, 0, 1, 0, 1, 0, 1, 0, 1]
        half_open = np.abs(np.array(correct) - confidence).mean()
        assert_allclose(
            cal.expected_calibration_error(confidence, correct, 10), half_open, rtol=1e-12
        )

    def test_sure_and_always_right_or_wrong(self):
        for confidence, correct, error in (
            (1.0, 1, 0.0),
            (1.0, 0, 1.0),
            (0.0, 1, 1.0),
            (0.0, 0, 0.0),
        ):
            assert cal.expected_calibration_error([confidence], [correct]) == error
            assert cal.maximum_calibration_error([confidence], [correct]) == error

    @given(CLAIMS, st.integers(1, 20), st.sampled_from(["uniform", "quantile"]))
    def test_mean_below_maximum(self, claims, n_bins, strategy):
        mean = cal.expected_calibration_error(*claims, n_bins, strategy)
        assert (
            -1e-12
            <= mean
            <= cal.maximum_calibration_error(*claims, n_bins, strategy) + 1e-12
            <= 1 + 2e-12
        )
        # one bin hides the most
        assert mean >= abs(claims[1].mean() - claims[0].mean()) - 1e-12

    def test_calibrated_claims_in_a_large_sample(self):
        rng = np.random.default_rng(0)
        confidence = rng.uniform(size=100_000)
        correct = rng.uniform(size=100_000) < confidence
        assert cal.expected_calibration_error(confidence, correct) < 0.01
        assert cal.expected_calibration_error(confidence, np.ones(100_000)) > 0.45


class TestFloor:
    def test_by_hand(self):
        # One bin holds .1 and .3, the other .8: variances .09 + .21 and .16, three claims.
        expected = math.sqrt(2 / math.pi) * (math.sqrt(0.3) + math.sqrt(0.16)) / 3
        assert_allclose(cal.ece_floor([0.1, 0.3, 0.8], n_bins=2), expected, rtol=1e-12)
        assert cal.ece_floor([0.0, 1.0, 1.0]) == 0

    @pytest.mark.parametrize(
        "n, n_bins, strategy", [(2000, 10, "uniform"), (2000, 30, "quantile"), (300, 5, "quantile")]
    )
    def test_simulated(self, n, n_bins, strategy):
        rng = np.random.default_rng(n)
        confidence = rng.beta(2, 3, size=n)
        errors = [
            cal.expected_calibration_error(
                confidence, rng.uniform(size=n) < confidence, n_bins, strategy
            )
            for _ in range(300)
        ]
        assert abs(cal.ece_floor(confidence, n_bins, strategy) / np.mean(errors) - 1) < 0.06

    def test_more_bins_and_fewer_claims_raise_it(self):
        confidence = np.random.default_rng(1).uniform(size=4096).astype(np.float32)
        floors = [cal.ece_floor(confidence, n_bins) for n_bins in (1, 2, 4, 8, 16, 32)]
        assert (np.diff(floors) > 0).all()
        assert_allclose(
            cal.ece_floor(np.tile(confidence, 4), 8), cal.ece_floor(confidence, 8) / 2, rtol=1e-6
        )

    def test_refusals(self):
        with pytest.raises(ValueError, match=r"confidence must lie in \[0, 1\]"):
            cal.ece_floor([1.5])
        with pytest.raises(ValueError, match="confidence is empty"):
            cal.ece_floor([])


class TestWilson:
    @pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
    def test_scipy(self, level):
        for hits, n in ((0, 5), (1, 5), (5, 5), (37, 80), (999, 1000)):
            interval = scipy.stats.binomtest(hits, n).proportion_ci(level, method="wilson")
            low, high = cal.wilson_interval([hits / n], [n], level)
            assert_allclose([low[0], high[0]], [interval.low, interval.high], atol=1e-12)

    @pytest.mark.filterwarnings("error")
    def test_empty_bins_have_none(self):
        low, high = cal.wilson_interval([NAN, 0.5], [0, 10])
        assert np.isnan(low[0]) and np.isnan(high[0]) and low[1] < 0.5 < high[1]

    def test_refused(self):
        with pytest.raises(ValueError, match="level must lie strictly between 0 and 1, got 95"):
            cal.wilson_interval([0.5], [10], 95)
        with pytest.raises(ValueError, match=r"accuracy must lie in \[0, 1\], got 0.5 to 7"):
            cal.wilson_interval([0.5, 7, NAN], [10, 10, 0])
        with pytest.raises(ValueError, match="counts must not be negative, got a smallest one of"):
            cal.wilson_interval([0.5], [-10])


class TestBrier:
    @given(CLAIMS)
    def test_scikit_learn(self, claims):
        confidence, correct = claims
        theirs = sklearn.metrics.brier_score_loss(correct, confidence, pos_label=True)
        assert_allclose(cal.brier_score(confidence, correct), theirs, atol=1e-12)

    def test_whole_distributions(self):
        rng = np.random.default_rng(1)
        probs, targets = rng.dirichlet([1.0] * 5, size=30), rng.integers(0, 5, 30)
        expected = np.mean([np.sum((p - np.eye(5)[t]) ** 2) for p, t in zip(probs, targets)])
        assert_allclose(cal.brier_score(probs, targets), expected, rtol=1e-12)
        two = np.stack([1 - probs[:, 0], probs[:, 0]], axis=1)
        assert_allclose(
            cal.brier_score(two, targets % 2),
            2 * cal.brier_score(probs[:, 0], targets % 2),
            rtol=1e-12,
        )

    def test_extremes(self):
        assert cal.brier_score([[1.0, 0.0]], [0]) == 0 and cal.brier_score([[1.0, 0.0]], [1]) == 2

    @given(CLAIMS)
    def test_three_parts_are_the_whole(self, claims):
        parts = cal.brier_decomposition(*claims)
        assert_allclose(
            parts.reliability - parts.resolution + parts.uncertainty,
            cal.brier_score(*claims),
            atol=1e-12,
        )
        assert_allclose(parts.within, 0, atol=1e-12)

    @given(CLAIMS, st.integers(1, 12), st.sampled_from(["uniform", "quantile"]))
    def test_four_parts_in_bins(self, claims, n_bins, strategy):
        parts = cal.brier_decomposition(*claims, n_bins, strategy)
        assert_allclose(
            parts.reliability - parts.resolution + parts.uncertainty + parts.within,
            cal.brier_score(*claims),
            atol=1e-12,
        )
        bins = cal.reliability(*claims, n_bins, strategy)
        gaps = np.nansum(bins.counts * (bins.accuracy - bins.confidence) ** 2) / bins.counts.sum()
        assert_allclose(parts.reliability, gaps, atol=1e-12)

    def test_by_hand(self):
        parts = cal.brier_decomposition([0.8, 0.8, 0.4, 0.4], [1, 0, 0, 0])
        assert_allclose(parts, (0.5 * 0.3**2 + 0.5 * 0.4**2, 0.25**2, 0.25 * 0.75, 0), atol=1e-15)

    def test_float16_groups(self):
        confidence = np.tile([0.25, 0.5, 0.75], 1500).astype(np.float16)
        parts = cal.brier_decomposition(confidence, np.ones(4500))
        assert_allclose(parts.reliability, np.mean([0.75**2, 0.5**2, 0.25**2]))

    def test_refusals(self):
        with pytest.raises(ValueError, match=r"probs must have shape \(n, V\) and targets \(n,\)"):
            cal.brier_score([[0.5, 0.5]], [0, 1])
        with pytest.raises(ValueError, match=r"probs must lie in \[0, 1\], got -1 to 2"):
            cal.brier_score([[2.0, -1.0]], [0])
        with pytest.raises(ValueError, match="token ids must lie in"):
            cal.brier_score([[0.5, 0.5]], [2])


class TestTopLabel:
    def test_by_hand(self):
        confidence, correct = cal.top_label(np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]), [1, 2])
        assert_allclose(confidence, [0.5, 0.8])
        assert_array_equal(correct, [False, True])

    def test_temperature_moves_confidence_and_not_the_choice(self):
        logits, targets = drawn(2)
        base = cal.top_label(logits, targets)
        for temperature in (0.2, 3.0):
            confidence, correct = cal.top_label(logits, targets, temperature)
            assert_allclose(confidence, softmax(logits / temperature).max(axis=1), rtol=1e-12)
            assert_array_equal(correct, base[1])

    def test_bans_and_types(self):
        confidence, _ = cal.top_label(np.array([[0.0, -INF, 0.0]], np.float32), [0])
        assert confidence.dtype == np.float32 and confidence[0] == 0.5
        with pytest.raises(ValueError, match=r"logits row \(1,\) bans every token"):
            cal.top_label([[0.0, 1.0], [-INF, -INF]], [0, 0])


class TestTemperature:
    @pytest.mark.parametrize("case", STORED["temperatures"])
    def test_torch(self, case):
        assert_allclose(
            cal.fit_temperature(case["logits"], case["targets"]), case["temperature"], rtol=1e-6
        )
        assert_allclose(
            cal.temperature_nll(case["logits"], case["targets"], case["temperature"]),
            case["nll"],
            rtol=1e-12,
        )

    @pytest.mark.parametrize("stretch", [0.02, 0.5, 1.0, 4.0, 60.0])
    def test_recovers_the_stretch(self, stretch):
        logits, targets = drawn(3, n=4000, stretch=stretch)
        fitted = cal.fit_temperature(logits, targets)
        assert abs(fitted / stretch - 1) < 0.1
        best = scipy.optimize.minimize_scalar(
            lambda beta: cross_entropy(logits * beta, targets),
            bounds=(0.5 / stretch, 2 / stretch),
            method="bounded",
            options={"xatol": 1e-9 / stretch},
        )
        assert_allclose(fitted, 1 / best.x, rtol=1e-4)
        # The slope by central differences vanishes there.
        scaled = logits / fitted
        slope = cross_entropy(scaled * (1 + 1e-5), targets) - cross_entropy(
            scaled * (1 - 1e-5), targets
        )
        assert abs(slope) < 1e-9

    def test_by_hand(self):
        # Odds 9 for what happens three times of four: odds 3, that is T = log 9 / log 3 = 2.
        assert_allclose(cal.fit_temperature([[math.log(9), 0.0]] * 4, [0, 0, 0, 1]), 2, rtol=1e-12)

    def test_shift_and_scale(self):
        logits, targets = drawn(4)
        fitted = cal.fit_temperature(logits, targets)
        assert_allclose(cal.fit_temperature(logits + 100, targets), fitted, rtol=1e-9)
        assert_allclose(cal.fit_temperature(log_softmax(logits), targets), fitted, rtol=1e-9)
        assert_allclose(cal.fit_temperature(logits * 7, targets), 7 * fitted, rtol=1e-9)

    def test_bans_take_no_part(self):
        logits, targets = drawn(5)
        banned = np.insert(logits, 3, -INF, axis=1)
        assert_allclose(
            cal.fit_temperature(banned, targets + (targets >= 3)),
            cal.fit_temperature(logits, targets),
            rtol=1e-10,
        )

    def test_blocks_join_without_a_seam(self, monkeypatch):
        logits, targets = drawn(6, n=50)
        whole = cal.fit_temperature(logits, targets), cal.top_label(logits, targets, 2.0)[0]
        monkeypatch.setattr("lmcore._arrays.BLOCK_BYTES", 7 * 6 * 8)
        assert_allclose(cal.fit_temperature(logits, targets), whole[0], rtol=1e-10)
        assert_array_equal(cal.top_label(logits, targets, 2.0)[0], whole[1])

    def test_float32_and_lists(self):
        logits, targets = drawn(7, stretch=2.0)
        fitted = cal.fit_temperature(logits.astype(np.float32), targets.tolist())
        assert isinstance(fitted, float)
        assert_allclose(fitted, cal.fit_temperature(logits, targets), rtol=1e-5)

    def test_nll_is_the_cross_entropy(self):
        logits, targets = drawn(8)
        for temperature in (0.3, 1.0, 5.0):
            expected = cross_entropy(logits / temperature, targets)
            assert_allclose(cal.temperature_nll(logits, targets, temperature), expected, rtol=1e-12)
        assert cal.temperature_nll([[0.0, -INF]], [1], 1.0) == INF

    def test_it_mends_the_calibration_error(self):
        logits, targets = drawn(9, n=8000, stretch=3.0)
        fitted = cal.fit_temperature(logits[:4000], targets[:4000])
        before = cal.expected_calibration_error(*cal.top_label(logits[4000:], targets[4000:]))
        after = cal.expected_calibration_error(
            *cal.top_label(logits[4000:], targets[4000:], fitted)
        )
        assert after < 0.03 < 0.1 < before

    def test_no_temperature_matters(self):
        assert cal.fit_temperature([[2.0, 2.0], [5.0, -INF]], [0, 0]) == 1.0

    def test_endless_cases_are_refused(self):
        with pytest.raises(ValueError, match="all the way to temperature 0"):
            cal.fit_temperature([[1.0, 0.0], [0.0, 3.0]], [0, 1])
        with pytest.raises(ValueError, match="all the way to infinite temperature"):
            cal.fit_temperature([[1.0, 0.0], [0.0, 3.0]], [1, 0])
        with pytest.raises(ValueError, match=r"targets\[1\] = 0 is banned"):
            cal.fit_temperature([[1.0, 0.0], [-INF, 3.0]], [1, 0])

    def test_refusals(self):
        for temperature in (0, -1, INF, NAN):
            for function in (cal.temperature_nll, cal.top_label):
                with pytest.raises(
                    ValueError, match="temperature must be a positive finite number"
                ):
                    function([[1.0, 0.0]], [0], temperature)
        with pytest.raises(ValueError, match=r"logits must have shape \(n, V\)"):
            cal.fit_temperature([1.0, 0.0], [0])


class TestSearchTemperature:
    @pytest.mark.parametrize("stretch", [0.8, 1.0, 2.0])
    def test_finds_what_the_logits_say(self, stretch):
        logits, targets = drawn(10, stretch=stretch)
        asked = []

        def loss(temperature):
            asked.append(temperature)
            return cal.temperature_nll(logits, targets, temperature)

        assert_allclose(
            cal.search_temperature(loss), cal.fit_temperature(logits, targets), rtol=1e-6
        )
        assert 0.5 <= min(asked) and max(asked) <= 2.5 and len(asked) < 50

    def test_asymmetric_losses(self):
        for best in (0.6, 1.0, 1.7, 2.4):
            loss = lambda temperature: abs(1 / temperature - 1 / best)
            assert_allclose(cal.search_temperature(loss), best, rtol=1e-7)
        assert_allclose(
            cal.search_temperature(lambda temperature: (1 / temperature - 0.05) ** 2, 1, 100),
            20,
            rtol=1e-6,
        )

    def test_a_bound_is_no_minimum(self):
        with pytest.raises(
            ValueError,
            match="nll is least at the bound T = 2.5: search a wider range than low=0.5, high=2.5",
        ):
            cal.search_temperature(lambda temperature: 1 / temperature)
        with pytest.raises(ValueError, match="nll is least at the bound T = 0.5"):
            cal.search_temperature(lambda temperature: temperature)

    def test_refused(self):
        for low, high in ((0, 1), (2, 1), (1, 1), (1, INF), (NAN, 1)):
            with pytest.raises(ValueError, match="low and high must satisfy 0 < low < high"):
                cal.search_temperature(lambda temperature: 0.0, low, high)

"""lmcore.scoring against values by hand and the Language Model Evaluation Harness's formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import scoring as sc

INF = np.inf


def bigram_model(prefix):
    """Three tokens: 1 is likely after 0, 2 after 1, and 0 at the start."""
    rows = {
        (): [0.6, 0.3, 0.1],
        (0,): [0.1, 0.8, 0.1],
        (1,): [0.2, 0.1, 0.7],
        (2,): [0.25, 0.25, 0.5],
    }
    return np.log(rows[tuple(prefix[-1:])])


class TestLengthBias:
    def test_by_hand(self):
        assert_allclose(sc.length_bias([-4.0, -6.0, -10.0], [1, 2, 4]), (-2, -2, -1), rtol=1e-12)
        assert_allclose(sc.length_bias([-1.0, -1.0], [3, 7]), (0, -1, 0))

    @given(arrays(np.float64, 6, elements=st.floats(-50, 0)), st.permutations([1, 2, 2, 5, 9, 30]))
    def test_numpy(self, log_probs, lengths):
        slope, intercept = np.polyfit(lengths, log_probs, 1)
        ours = sc.length_bias(log_probs, lengths)
        assert_allclose(ours[:2], (slope, intercept), atol=1e-9)
        if log_probs.std() > 1e-6:
            assert_allclose(ours.correlation, np.corrcoef(lengths, log_probs)[0, 1], atol=1e-9)

    def test_uniform_model_falls_by_log_v_a_token(self):
        assert_allclose(
            sc.length_bias(-math.log(7) * np.arange(1, 9), np.arange(1, 9)),
            (-math.log(7), 0, -1),
            atol=1e-12,
        )

    def test_refusals(self):
        for log_probs, lengths, message in (
            ([-1.0, -2.0], [3, 3], "not all equal, got 3 to 3"),
            ([-1.0, -2.0], [0, 3], "lengths must be at least 1"),
            ([-1.0], [1, 2], r"one shape \(n,\), got \(1,\) and \(2,\)"),
            ([-1.0, -INF], [1, 2], "must be finite"),
            ([], [], "log_probs is empty"),
        ):
            with pytest.raises(ValueError, match=message):
                sc.length_bias(log_probs, lengths)


class TestLengthNormalized:
    def test_by_hand(self):
        assert sc.length_normalized(-6.0, 3) == -2.0
        assert sc.length_normalized(-6.0, 3, alpha=0) == -6.0
        assert_allclose(sc.length_normalized(-6.0, 4, alpha=0.5), -3.0)
        assert_allclose(sc.length_normalized(-6.0, 7, alpha=1, form="gnmt"), -3.0)
        # (5 + 1)/6 = 1
        assert_allclose(sc.length_normalized(-6.0, 1, alpha=3.3, form="gnmt"), -6.0)
        assert_allclose(sc.length_normalized(-6.0, 13, alpha=2, form="gnmt"), -6.0 / 9)

    @given(
        arrays(np.float64, 4, elements=st.floats(-50, 0)),
        arrays(np.int64, 4, elements=st.integers(1, 99)),
        st.floats(-2, 3),
    )
    def test_formulas(self, log_probs, lengths, alpha):
        assert_allclose(
            sc.length_normalized(log_probs, lengths, alpha),
            log_probs / lengths.astype(float) ** alpha,
        )
        assert_allclose(
            sc.length_normalized(log_probs, lengths, alpha, "gnmt"),
            log_probs / ((5 + lengths) / 6) ** alpha,
        )

    def test_shapes_and_types(self):
        assert np.ndim(sc.length_normalized(-6.0, 3)) == 0
        assert (
            sc.length_normalized([-6.0, -3.0], 3).shape
            == sc.length_normalized(-6.0, [3, 2]).shape
            == (2,)
        )
        assert sc.length_normalized(np.float32([-6.0]), [3]).dtype == np.float32
        assert sc.length_normalized([-6], [3]).dtype == np.float64
        assert sc.length_normalized(-INF, 2) == -INF

    def test_refusals(self):
        with pytest.raises(ValueError, match="length is empty"):
            sc.length_normalized(-1.0, [])
        for length in (0, [3, 0], -1):
            with pytest.raises(ValueError, match="length must be at least 1"):
                sc.length_normalized(-1.0, length)
        with pytest.raises(ValueError, match="form must be 'hf' or 'gnmt', got 'mean'"):
            sc.length_normalized(-1.0, 2, form="mean")
        with pytest.raises(ValueError, match="alpha must be finite"):
            sc.length_normalized(-1.0, 2, alpha=np.nan)


class TestPMI:
    def test_by_hand(self):
        assert sc.pmi_score(-2.0, -5.0) == 3.0
        assert_array_equal(sc.pmi_score([-2.0, -7.0], [-5.0, -6.0]), [3.0, -1.0])
        assert_array_equal(sc.pmi_score([-2.0, -INF], [-INF, -1.0]), [INF, -INF])

    def test_zero_over_zero(self):
        with pytest.raises(ValueError, match="both -inf"):
            sc.pmi_score([-1.0, -INF], [-1.0, -INF])


class TestAnswerScores:
    LOG_PROBS = [-4.0, -9.0, -5.0]
    TEXTS = ["yes", "not at all", "né"]

    def test_each_normaliser(self):
        scores = {
            by: sc.answer_scores(
                self.LOG_PROBS,
                by,
                n_tokens=[1, 3, 2],
                texts=self.TEXTS,
                unconditional=[-2, -10, -5],
            )
            for by in sc.NORMALIZERS
        }
        assert_array_equal(scores["sum"], self.LOG_PROBS)
        assert_allclose(scores["token"], [-4, -3, -2.5])
        assert_allclose(scores["char"], [-4 / 3, -0.9, -2.5])
        assert_allclose(scores["byte"], [-4 / 3, -0.9, -5 / 3])
        assert_allclose(scores["pmi"], [-2, 1, 0])

    def test_only_what_is_needed_is_asked_for(self):
        assert_array_equal(sc.answer_scores(self.LOG_PROBS, "sum"), self.LOG_PROBS)
        for by, name in (
            ("token", "n_tokens"),
            ("char", "texts"),
            ("byte", "texts"),
            ("pmi", "unconditional"),
        ):
            with pytest.raises(
                ValueError,
                match=f"by='{by}' needs {name} with one entry for each of the 3 answers, got none",
            ):
                sc.answer_scores(self.LOG_PROBS, by)
        with pytest.raises(ValueError, match="needs texts .* got 2"):
            sc.answer_scores(self.LOG_PROBS, "char", texts=["a", "b"])
        with pytest.raises(
            ValueError, match="by must be one of sum, token, byte, char, pmi, got 'mean'"
        ):
            sc.answer_scores(self.LOG_PROBS, "mean")

    def test_an_empty_text_has_no_length(self):
        with pytest.raises(ValueError, match="length must be at least 1"):
            sc.answer_scores([-1.0], "char", texts=[""])

    def test_the_sum_is_a_copy(self):
        given_array = np.array(self.LOG_PROBS)
        assert not np.shares_memory(sc.answer_scores(given_array, "sum"), given_array)


class TestRankAnswers:
    ANSWERS, TEXTS = [(1,), (1, 2), (0, 1, 2)], ["b", "b–c", "abc"]

    def test_sums_by_hand(self):
        ranking = sc.rank_answers(bigram_model, (0,), self.ANSWERS, by="sum")
        assert_allclose(ranking.scores, np.log([0.8, 0.8 * 0.7, 0.1 * 0.8 * 0.7]))
        assert_array_equal(ranking.order, [0, 1, 2])

    def test_the_evaluation_harness_s_formulas(self):
        sums = np.log([0.8, 0.56, 0.056])
        bare = np.log([0.3, 0.3 * 0.7, 0.6 * 0.8 * 0.7])
        expected = {
            "token": sums / [1, 2, 3],
            "char": sums / [1, 3, 3],
            "byte": sums / [1, 5, 3],
            "pmi": sums - bare,
        }
        for by, scores in expected.items():
            ranking = sc.rank_answers(bigram_model, (0,), self.ANSWERS, by=by, texts=self.TEXTS)
            assert_allclose(ranking.scores, scores)
            assert ranking.order[0] == int(np.argmax(scores))

    def test_unconditional_prompt(self):
        ranking = sc.rank_answers(
            bigram_model, (0,), [(1,), (2,)], by="pmi", unconditional_prompt=(2,)
        )
        assert_allclose(ranking.scores, np.log([0.8 / 0.25, 0.1 / 0.5]))

    def test_length_alone_decides_the_sum_under_a_uniform_model(self):
        uniform = lambda prefix: np.full(3, -math.log(3))
        assert_array_equal(
            sc.rank_answers(uniform, (), [(0, 1, 2), (0,), (1, 2)], by="sum").order, [1, 2, 0]
        )
        assert_array_equal(
            sc.rank_answers(uniform, (), [(0, 1, 2), (0,), (1, 2)], by="token").scores,
            [-math.log(3)] * 3,
        )

    def test_ties_keep_their_order(self):
        uniform = lambda prefix: np.full(4, -math.log(4))
        assert_array_equal(
            sc.rank_answers(uniform, (), [(3,), (1,), (2,), (0,)], by="sum").order, [0, 1, 2, 3]
        )
        order = sc.rank_answers(uniform, (), [(1, 2), (3,)] * 150, by="sum").order
        assert_array_equal(order, [*range(1, 300, 2), *range(0, 300, 2)])

    def test_default_is_the_mean_a_token(self):
        ranking = sc.rank_answers(bigram_model, (0,), self.ANSWERS)
        assert_array_equal(
            ranking.scores, sc.rank_answers(bigram_model, (0,), self.ANSWERS, by="token").scores
        )

    def test_refusals(self):
        with pytest.raises(ValueError, match="continuation is empty"):
            sc.rank_answers(bigram_model, (), [(0,), ()])
        with pytest.raises(ValueError, match="log_probs is empty"):
            sc.rank_answers(bigram_model, (), [])
        with pytest.raises(ValueError, match="needs texts"):
            sc.rank_answers(bigram_model, (), [(0,)], by="byte")

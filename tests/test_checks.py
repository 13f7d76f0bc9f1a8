"""What every function of lmcore does alike at its borders: types, empty batches, broken models."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import lmcore.conditioning as cn
import lmcore.decoding as dc
import lmcore.diagnostics as dg
import lmcore.distributions as ds
import lmcore.factorization as fz
import lmcore.information as info
import lmcore.likelihood as lk
import lmcore.scoring as sc
import lmcore.softmax as sm
from lmcore import _arrays as ar
from lmcore import _checks as ck
from lmcore import calibration as cal
from lmcore.models.ngram import count_ngrams

INF = np.inf
ROWS = np.log(np.random.default_rng(0).dirichlet(np.ones(5), size=3))


class TestScalars:
    @pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
    def test_integers_of_any_type(self, value):
        assert ck.as_integer(value, "k", minimum=3) == 3

    def test_a_whole_float_is_refused_with_the_integer(self):
        with pytest.raises(TypeError, match="k must be an integer, got 2.0; write 2"):
            ck.as_integer(2.0, "k")
        with pytest.raises(TypeError, match="k must be an integer, got 2.5$"):
            ck.as_integer(2.5, "k")
        with pytest.raises(ValueError, match="k must be at least 1, got 0"):
            ck.as_integer(0, "k", minimum=1)

    @pytest.mark.parametrize(
        "value, shown",
        [
            (np.ones(3), r"an array of shape \(3,\)"),
            ([1, 2], r"\[1, 2\]"),
            ("1", "'1'"),
            (None, "None"),
            (1j, "1j"),
        ],
    )
    def test_what_is_no_number(self, value, shown):
        with pytest.raises(TypeError, match=f"p must be one number, got {shown}"):
            ck.as_real(value, "p")

    @pytest.mark.parametrize(
        "call",
        [
            lambda: sm.gumbel_max([0.0, 0.0], 0),
            lambda: dc.sample([0.0, 0.0], 0),
            lambda: dc.generate(lambda prefix: [0.0], (), 1, 0),
            lambda: dc.speculative_sample(lambda p: [0.0], lambda p: [0.0], (), 1, 0),
            lambda: ds.MarkovSource([1.0], [[1.0]]).sample(0, max_len=1),
            lambda: dg.check_no_leak(lambda x: x, [[0, 1]], 0),
        ],
    )
    def test_a_seed_is_no_generator(self, call):
        with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, got 0; pass"):
            call()

    @pytest.mark.parametrize(
        "name, call",
        [
            ("k", lambda: dc.top_k_filter([0.0, 1.0], 2.0)),
            ("n", lambda: dc.no_repeat_ngram([0.0, 1.0], (0,), 2.0)),
            ("max_new_tokens", lambda: dc.greedy(lambda p: [0.0], (), 2.0)),
            (
                "max_new_tokens",
                lambda: dc.generate(lambda p: [0.0], (), 2.0, np.random.default_rng(0)),
            ),
            ("max_new_tokens", lambda: dc.exhaustive_search(lambda p: [0.0], (), 2.0, 0)),
            ("num_beams", lambda: dc.beam_search(lambda p: [0.0], (), 2.0, 2)),
            ("max_len", lambda: ds.enumerate_strings(lambda p: [0.0], 0, 2.0)),
            ("max_len", lambda: ds.length_distribution(ds.MarkovSource([1.0], [[1.0]]), 2.0)),
            ("max_len", lambda: ds.MarkovSource([1], [[1]]).sample(np.random.default_rng(0), 2.0)),
            ("vocab_size", lambda: ds.HazardSource(lambda n: 0.5, 2.0)),
            ("eos", lambda: ds.TableSource({(): [0.5, 0.5]}, eos=1.0)),
            ("eos", lambda: count_ngrams([[0, 1]], vocab_size=3, order=2, eos=2.0)),
            ("length", lambda: fz.causal_mask(2.0)),
            ("past", lambda: fz.causal_mask(2, 2.0)),
            ("max_len", lambda: fz.rolling_windows((0, 1), 2.0)),
            ("vocab_size", lambda: fz.count_parameters(2.0, 3)),
            ("length", lambda: lk.padding_mask([1, 2], 2.0)),
            ("vocab_size", lambda: lk.one_hot([0], 2.0)),
            ("length", lambda: info.arithmetic_decode(lambda p: [0.0], b"", length=2.0)),
            ("n_bins", lambda: cal.reliability([0.5], [1], n_bins=2.5)),
            ("n_bins", lambda: cal.ece_floor([0.5], n_bins=2.5)),
            ("k", lambda: dg.top_k_accuracy([[0.0, 1.0]], [0], k=1.0)),
            ("n", lambda: dg.distinct_n([[0, 1, 2]], n=2.0)),
            ("window", lambda: dg.repetition_rate([0, 1, 2], window=2.0)),
            ("max_shift", lambda: dg.check_target_shift(ROWS, [0, 1, 2], max_shift=1.0)),
            ("entries", lambda: dg.check_grad(lambda x: 0.0, np.zeros(2), np.zeros(2), 2.0)),
            ("depth", lambda: cn.json_value(1.0)),
            ("eos", lambda: cn.token_table(cn.automaton("a"), ["a"], eos=0.0)),
            ("start", lambda: cn.walk([[0]], (0,), start=0.0)),
        ],
    )
    def test_integer_arguments_given_as_floats(self, name, call):
        with pytest.raises(TypeError, match=rf"{name} must be an integer, got \d\.\d"):
            call()


# what can be called on rows (..., V), and gives a row's result or a row
ROW_FUNCTIONS = {
    "logsumexp": sm.logsumexp,
    "softmax": sm.softmax,
    "log_softmax": sm.log_softmax,
    "softmax_jacobian": lambda x: sm.softmax_jacobian(np.exp(x)),
    "softmax_backward": lambda x: sm.softmax_backward(np.exp(x), x),
    "apply_temperature": lambda x: sm.apply_temperature(x, 0.5),
    "entropy_slope": sm.entropy_slope,
    "gumbel_max": lambda x: sm.gumbel_max(x, np.random.default_rng(0)),
    "lm_head": lambda x: sm.lm_head(x, np.ones((4, x.shape[-1]), x.dtype)),
    "top_k_filter": lambda x: dc.top_k_filter(x, 2),
    "top_p_filter": lambda x: dc.top_p_filter(x, 0.7),
    "min_p_filter": lambda x: dc.min_p_filter(x, 0.3),
    "typical_filter": lambda x: dc.typical_filter(x, 0.7),
    "epsilon_filter": lambda x: dc.epsilon_filter(x, 0.1),
    "contrastive_logits": lambda x: dc.contrastive_logits(x, x),
    "repetition_penalty": lambda x: dc.repetition_penalty(x, [(0,)] * len(x), 2.0),
    "no_repeat_ngram": lambda x: dc.no_repeat_ngram(x, [(0, 1, 0)] * len(x), 2),
    "process_logits": lambda x: dc.process_logits(x, top_k=3, top_p=0.9),
    "sample": lambda x: dc.sample(x, np.random.default_rng(0)),
    "entropy": lambda x: info.entropy(x, log=True),
    "kl_divergence": lambda x: info.kl_divergence(x, x, log=True),
    "cross_entropy_dist": lambda x: info.cross_entropy_dist(x, x, log=True),
    "js_divergence": lambda x: info.js_divergence(x, x, log=True),
    "token_log_probs": lambda x: fz.token_log_probs(x, np.zeros(x.shape[:-1], int)),
    "nll": lambda x: lk.nll(x, np.zeros(x.shape[:-1], int), reduction="none"),
    "cross_entropy": lambda x: lk.cross_entropy(x, np.zeros(x.shape[:-1], int), "none"),
    "cross_entropy_grad": lambda x: lk.cross_entropy_grad(x, np.zeros(x.shape[:-1], int), "none"),
    "cross_entropy_soft": lambda x: lk.cross_entropy_soft(x, np.exp(x), "none"),
    "categorical_mle": lambda x: lk.categorical_mle(np.exp(x)),
    "token_rank": lambda x: dg.token_rank(x, np.zeros(x.shape[:-1], int)),
    "validate_distribution": lambda x: dg.validate_distribution(x, log=True),
    "ban": lambda x: cn.ban(x, [0]),
    "logit_bias": lambda x: cn.logit_bias(x, {0: 1.0}),
    "guidance": lambda x: cn.guidance(x, x, 2.0),
}


@pytest.mark.parametrize("name", ROW_FUNCTIONS)
class TestRows:
    @pytest.mark.filterwarnings("error")
    def test_an_empty_batch_gives_an_empty_result(self, name):
        some, none = (np.shape(ROW_FUNCTIONS[name](x)) for x in (ROWS, ROWS[:0]))
        assert none == ((0, *some[1:]) if some else ())

    @pytest.mark.parametrize("dtype", [">f2", ">f4", ">f8"])
    def test_the_byte_order_does_not_matter(self, name, dtype):
        foreign = ROWS.astype(dtype)
        found, expected = (
            ROW_FUNCTIONS[name](x)
            for x in (foreign, foreign.astype(foreign.dtype.newbyteorder("=")))
        )
        assert_array_equal(found, expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype

    def test_a_mask_is_not_dropped(self, name):
        masked = np.ma.masked_array(ROWS, mask=ROWS > -1)
        if name in ("softmax_jacobian", "categorical_mle"):
            masked = np.ma.masked_array(ROWS, mask=False)
        with pytest.raises(
            TypeError, match=r"is a masked array, whose mask would be lost; pass .*filled"
        ):
            ROW_FUNCTIONS[name](masked)


class TestByteOrder:
    def test_big_endian_float16_is_summed_in_float32(self):
        """Equal logits of 70,000 tokens: in float16 their sum is infinite."""
        rows = np.zeros((2, 70_000), dtype=">f2")
        assert_allclose(sm.logsumexp(rows).astype(float), np.log(70_000), rtol=1e-3)
        assert ar.accumulator(np.dtype(">f2")) == np.float32

    def test_ids(self):
        ids = np.array([0, 1, 2], dtype=">i4")
        assert_array_equal(fz.token_log_probs(ROWS, ids), np.diagonal(ROWS))


class TestMasks:
    def test_of_ids_and_weights(self):
        ids = np.ma.masked_array([0, 1, 2], mask=[0, 1, 0])
        for call in (
            lambda: fz.token_log_probs(ROWS, ids),
            lambda: lk.masked_mean([1.0, 2.0, 3.0], ids),
            lambda: lk.padding_mask(ids),
        ):
            with pytest.raises(TypeError, match="masked array"):
                call()

    @pytest.mark.parametrize("function", [info.perplexity, info.bits_per_token, lk.masked_mean])
    def test_a_mask_of_another_shape(self, function):
        with pytest.raises(ValueError, match=r"mask has shape \(2,\), which does not broadcast"):
            function([1.0, 2.0, 3.0], [True, False])


class TestFloat16Sums:
    """Sums of float16 are kept in float32, and returned so where they may not fit."""

    def test_losses(self):
        logits, targets = np.array([[0.0, 60_000.0]] * 3, np.float16), [0, 0, 0]
        assert lk.cross_entropy(logits, targets, "sum") == 180_000
        assert lk.nll(-logits[:, ::-1], targets, "sum") == 180_000
        assert lk.cross_entropy(logits, targets).dtype == np.float16
        assert lk.cross_entropy_soft(logits, np.float16([[1, 0]] * 3), "sum") == 180_000

    def test_z_loss(self):
        loss, grad = lk.z_loss(np.array([[0.0, 30_000.0]], np.float16))
        assert loss == 9e8 and grad.dtype == np.float16

    def test_differences(self):
        score = sc.pmi_score(np.float16([-60_000]), np.float16([60_000]))
        assert score.dtype == np.float32 and score == -120_000

    def test_counts(self):
        counts = np.full(70_000, 1.0, np.float16)
        assert_allclose(info.plugin_entropy(counts).astype(float), np.log(70_000), rtol=1e-3)

    def test_tables(self):
        joint = np.full((8, 4096), 1 / 32768, np.float16)
        first, second = fz.conditionals_from_joint(joint)
        assert_allclose(first, 1 / 8, rtol=1e-3)
        assert first.dtype == second.dtype == np.float16


# every function that takes a distribution, called on one that sums to 0.9
TAKE_DISTRIBUTIONS = {
    "MarkovSource": lambda p: ds.MarkovSource(p, [p, p, p]),
    "TableSource": lambda p: ds.TableSource({(): p}, eos=None),
    "conditionals_from_joint": fz.conditionals_from_joint,
    "joint_from_conditionals": lambda p: fz.joint_from_conditionals([p]),
    "cross_entropy_soft": lambda p: lk.cross_entropy_soft([0.0, 0.0, 0.0], p),
    "entropy": info.entropy,
    "kl_divergence": lambda p: info.kl_divergence(p, p),
    "js_divergence": lambda p: info.js_divergence(p, p),
    "cross_entropy_dist": lambda p: info.cross_entropy_dist(p, p),
    "mutual_information": lambda p: info.mutual_information([p]),
    "acceptance_probs": lambda p: dc.acceptance_probs(p, p),
    "residual_distribution": lambda p: dc.residual_distribution(p, p),
    "arithmetic_encode": lambda p: info.arithmetic_encode(lambda prefix: np.log(p), (0,)),
    "mixture_log_prob": lambda p: cn.mixture_log_prob(np.log(p), [0.0, 0.0, 0.0]),
    "validate_distribution": dg.validate_distribution,
}


@pytest.mark.parametrize("name", TAKE_DISTRIBUTIONS)
def test_one_text_and_one_tolerance_for_distributions(name):
    check = TAKE_DISTRIBUTIONS[name]
    rounded = np.float32([0.3, 0.3, 0.4])
    check(rounded)
    check(np.float16([0.25, 0.25, 0.5]))
    if name != "validate_distribution":
        # float32 before, float64 now; a check of float64 for its own sake notices
        check(rounded.astype(float))
    with pytest.raises(ValueError, match=r"sums to 0\.9, off by -0\.1 where rounding in float"):
        check(np.array([0.3, 0.3, 0.3]))
    with pytest.raises(ValueError, match=r"sums to 1\.0001, off by 0\.0001 where"):
        check(np.array([0.3, 0.3, 0.4001]))


class TestRounding:
    @pytest.mark.parametrize("size", [3, 97, 50_257])
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_softmax_rows_pass_everywhere(self, size, dtype):
        rng = np.random.default_rng(size)
        logits = (4 * rng.standard_normal((2, size))).astype(dtype)
        q, p = sm.softmax(logits)
        for function in (info.js_divergence, info.kl_divergence, info.cross_entropy_dist):
            assert np.isfinite(function(np.maximum(q, 0), np.maximum(q, 0)))
        assert 0 <= info.js_divergence(q, p) <= math.log(2) + 1e-3
        dg.validate_distribution(q)
        dg.validate_distribution(sm.log_softmax(logits), log=True)
        info.entropy(sm.log_softmax(logits), log=True)

    def test_float16_rows_of_three(self):
        q, p = sm.softmax(np.float16([1, 0, -1])), sm.softmax(np.float16([0, 2, 1]))
        assert_allclose(
            info.js_divergence(q, p).astype(float),
            info.js_divergence(
                q.astype(float) / q.sum(dtype=float), p.astype(float) / p.sum(dtype=float)
            ),
            rtol=2e-3,
        )
        joint = np.outer(q, p)
        assert 0 <= info.mutual_information(joint) < 2e-3

    @pytest.mark.parametrize("alpha", [0.01, 1.0, 1e6])
    def test_rows_that_numpy_draws(self, alpha):
        for seed in range(20):
            row = np.random.default_rng(seed).dirichlet(np.full(50_257, alpha))
            dg.validate_distribution(row)

    def test_one_running_float64_sum(self):
        """The worst order of summation, on the worst row: n equal terms."""
        row = np.full(50_257, 1.0)
        row /= np.add.accumulate(row)[-1] * (1 + 50_256 * 2.0**-53)
        dg.validate_distribution(row)

    @pytest.mark.parametrize("dtype, lost", [(np.float32, 2e-4), (np.float64, 1e-10)])
    def test_what_rounding_cannot_explain_is_found(self, dtype, lost):
        row = sm.softmax(np.random.default_rng(0).standard_normal(50_257).astype(dtype))
        with pytest.raises(ValueError, match="mass is missing"):
            dg.validate_distribution((row * (1 - lost)).astype(dtype))

    def test_the_bound_grows_with_type_and_length(self):
        bounds = [
            ck.rounding_bound(n, dtype)
            for dtype in (np.float64, np.float32, np.float16)
            for n in (2, 100, 50_000)
        ]
        assert bounds == sorted(bounds)

    def test_entries_are_named(self):
        with pytest.raises(ValueError, match=r"entry \(1, 0\) is -0.5, which is no probability"):
            dg.validate_distribution([[0.5, 0.5], [-0.5, 1.5]])
        with pytest.raises(ValueError, match=r"row \(1, 0\) sums to 0.9"):
            dg.validate_distribution([[[0.5, 0.5]], [[0.5, 0.4]]])


def consumers(model):
    """Whoever asks a model, each as a call."""
    sound, rng = (lambda prefix: np.log([0.5, 0.25, 0.25])), np.random.default_rng(0)
    strings = [(0,), (1,), (2,)]
    return {
        "greedy": lambda: dc.greedy(model, (), 2),
        "exhaustive_search": lambda: dc.exhaustive_search(model, (), 2, eos=2),
        "beam_search": lambda: dc.beam_search(model, (), 2, 2),
        "generate": lambda: dc.generate(model, (), 2, rng),
        "speculative_sample, target": lambda: dc.speculative_sample(model, sound, (), 2, rng),
        "speculative_sample, draft": lambda: dc.speculative_sample(sound, model, (), 2, rng),
        "prefix_log_prob": lambda: ds.prefix_log_prob(model, (0,)),
        "string_log_prob": lambda: ds.string_log_prob(model, (0,), 2),
        "enumerate_strings": lambda: list(ds.enumerate_strings(model, 2, 1)),
        "dataset_log_likelihood": lambda: lk.dataset_log_likelihood(model, [(0,)], 2),
        "continuation_score": lambda: fz.continuation_score(model, (), (0,)),
        "rank_answers": lambda: sc.rank_answers(model, (), [(0,), (1,)]),
        "arithmetic_encode": lambda: info.arithmetic_encode(model, (0,)),
        "arithmetic_decode": lambda: info.arithmetic_decode(model, b"\0", length=1),
        "information_gain": lambda: cn.information_gain(model, (), (0,)),
        "constrain": lambda: cn.constrain(model, [[0, 0, 0]])(()),
        "removed_mass": lambda: cn.removed_mass(model, [[0, 0, 0]], (0,)),
        "mixture": lambda: cn.mixture([0.0], [model])(()),
        "filtered_distribution": lambda: cn.filtered_distribution(
            model, strings, [False, False, True], "retry"
        ),
    }


@pytest.mark.parametrize("name", consumers(None))
class TestBrokenModels:
    @pytest.mark.parametrize("bad", [np.nan, INF])
    def test_nan_is_noticed(self, name, bad):
        model = lambda prefix: np.array([math.log(0.5), bad, math.log(0.5)])
        with pytest.raises(
            ValueError, match=r"next_log_probs holds NaN or \+inf after the prefix \(\)"
        ):
            consumers(model)[name]()

    def test_a_model_that_bans_everything(self, name):
        with pytest.raises(ValueError, match="gives every token probability 0 after the prefix"):
            consumers(lambda prefix: np.full(3, -INF))[name]()

    def test_a_batch_instead_of_a_row(self, name):
        with pytest.raises(ValueError, match=r"must return one row \(V,\), but .* shape \(1, 3\)"):
            consumers(lambda prefix: np.log([[0.5, 0.25, 0.25]]))[name]()


HALVES = lambda prefix: np.log([0.5, 0.5])


@pytest.mark.parametrize(
    "call",
    [
        lambda eos: dc.greedy(HALVES, (), 2, eos),
        lambda eos: dc.exhaustive_search(HALVES, (), 2, eos),
        lambda eos: dc.beam_search(HALVES, (), 2, 2, eos),
        lambda eos: dc.generate(HALVES, (), 2, np.random.default_rng(0), eos),
        lambda eos: dc.speculative_sample(HALVES, HALVES, (), 2, np.random.default_rng(0), eos),
        lambda eos: list(ds.enumerate_strings(HALVES, eos, 2)),
        lambda eos: info.arithmetic_decode(HALVES, b"\0\0", eos),
    ],
)
def test_an_end_that_is_no_token(call):
    """-1 would index the last token, V none: strings would be counted twice, or never end."""
    for eos in (-1, 2):
        with pytest.raises(ValueError, match=f"eos is {eos}, but the model's tokens are 0 to 1"):
            call(eos)
    with pytest.raises(TypeError, match="eos must be an integer, got 1.0; write 1"):
        call(1.0)


def test_long_prefixes_are_shown_short():
    with pytest.raises(ValueError, match=r"\(0, 1, 2, 3, 4, … 100 tokens …, 95, 96, 97, 98, 99\)"):
        dc.greedy(lambda prefix: [np.nan], tuple(range(100)), 1)


class TestCopies:
    """What a model is made of is its own: the caller's array may change, the model may not."""

    def test_sources(self):
        initial, rows = np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.2, 0.8]])
        markov, table = ds.MarkovSource(initial, rows), ds.TableSource({(): initial}, None, rows[0])
        before = [markov.next_log_probs((0,)), table.next_log_probs(()), table.next_log_probs((1,))]
        initial[:], rows[:] = 0, 0
        after = [markov.next_log_probs((0,)), table.next_log_probs(()), table.next_log_probs((1,))]
        assert_array_equal(before, after)
        for array in (markov.initial, markov.transition, table.table[()], table.default):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1

    def test_models_made_of_tables(self):
        source = ds.MarkovSource([0.5, 0.25, 0.25], [[0.5, 0.25, 0.25]] * 2)
        states = np.array([[0, -1, 1], [-1, -1, 1]])
        models = [cn.constrain(source.next_log_probs, states), cn.condition(source, states)]
        weights = np.log([0.5, 0.5])
        models.append(cn.mixture(weights, [source.next_log_probs] * 2))
        before = [model(()) for model in models]
        states[:], weights[:] = -1, 0
        assert_array_equal([model(()) for model in models], before)


class TestArrays:
    def test_inverse_cdf_never_runs_off_the_end(self):
        """u of 1 − 2⁻⁵³ times a total may round up to the total itself."""
        last = np.array(1 - 2.0**-53)
        for weights in ([0.1, 0.2, 0.7], [0.3, 0.0], [1e-320], [0.1] * 10 + [0.0] * 3):
            weights = np.array(weights)
            assert weights[ar.inverse_cdf(weights, last)] > 0
            assert weights[ar.inverse_cdf(weights, np.array(0.0))] > 0

    def test_inverse_cdf_by_rows(self):
        weights = np.array([[1.0, 1.0, 2.0], [0.0, 3.0, 1.0]])
        assert ar.inverse_cdf(weights, np.array([0.5, 0.0])).tolist() == [2, 1]

    def test_reachability(self):
        edges = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
        assert ar.can_reach(np.array([False, False, True, False]), edges).tolist() == [
            True,
            True,
            True,
            False,
        ]
        assert not ar.can_reach(np.zeros(4, bool), edges).any()

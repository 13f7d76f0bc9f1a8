"""lmcore.models.transformer and its layers.

Worked cases, gradients, torch, causality, the key-value cache.
"""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal
from peers import transformer as peer

from lmcore.diagnostics import check_grad
from lmcore.likelihood import cross_entropy
from lmcore.models import layers, transformer
from lmcore.models.neural import loss_and_grad, prefill

STORED = np.load(Path(peer.STORED))
MODULE, CONFIG, PARAMS = peer.model_cases()["transformer"]


def weighted(layer, *args):
    """A scalar function of a layer's output, with the derivative by that output: Σ c ⊙ out."""
    shape = layer(*args)[0].shape
    weights = np.cos(np.arange(np.prod(shape))).reshape(shape)
    return (lambda *args: float((weights * layer(*args)[0]).sum())), weights


class TestLayers:
    def test_layer_norm_by_hand(self):
        out, _ = transformer.layer_norm(
            [[0.0, 2.0, 4.0]], [1.0, 2.0, 1.0], [0.0, 0.0, 1.0], eps=0.0
        )
        unit = 2 / np.sqrt(8 / 3)  # variance over d, not d − 1
        assert_allclose(out, [[-unit, 0.0, unit + 1]])

    def test_layer_norm_ignores_shift_and_scale_of_its_input(self):
        x, ones, zeros = STORED["x"], np.ones(6), np.zeros(6)
        assert_allclose(
            transformer.layer_norm(x, ones, zeros, eps=0.0)[0],
            transformer.layer_norm(7 * x - 3, ones, zeros, eps=0.0)[0],
        )

    def test_constant_row_stays_finite(self):
        assert_array_equal(
            transformer.layer_norm(np.full((1, 4), 5.0), np.ones(4), np.zeros(4))[0],
            np.zeros((1, 4)),
        )

    def test_gelu_by_hand(self):
        assert_allclose(
            transformer.gelu([1.0])[0], 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * 1.044715))
        )
        # x Φ(x) − (−x) Φ(−x) = x
        assert_allclose(transformer.gelu([3.0])[0] - transformer.gelu([-3.0])[0], 3.0)

    @pytest.mark.parametrize(
        "dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5), (np.float16, 1e-2)]
    )
    def test_as_torch(self, dtype, tolerance):
        case = {
            name: STORED[name].astype(dtype)
            for name in peer.inputs()
            if STORED[name].dtype == float
        }
        norm, norm_cache = transformer.layer_norm(case["x"], case["gain"], case["bias"])
        gelu, gelu_cache = transformer.gelu(case["x"])
        heads, heads_cache = transformer.attention(case["query"], case["key"], case["value"])
        found = {
            "norm": norm,
            "gelu": gelu,
            "attention": heads,
            "gelu_x": transformer.gelu_backward(case["d_x"], gelu_cache),
        }
        found |= zip(
            ("norm_x", "norm_gain", "norm_bias"),
            transformer.layer_norm_backward(case["d_x"], norm_cache),
        )
        found |= zip(
            ("attention_query", "attention_key", "attention_value"),
            transformer.attention_backward(case["d_heads"], heads_cache),
        )
        for name, array in found.items():
            assert array.dtype == dtype, name
            assert_allclose(array, STORED[name], rtol=tolerance, atol=tolerance, err_msg=name)

    def test_long_sums_in_float16_do_not_overflow(self):
        x = np.full((1, 4096), 200, dtype=np.float16)
        # Σ x² = 1.6e8, far above float16's 65504
        x[0, ::2] = -200
        out, _ = transformer.layer_norm(x, np.ones(4096, np.float16), np.zeros(4096, np.float16))
        assert_allclose(np.abs(out), 1, rtol=1e-3)

    def test_layer_norm_gradient(self):
        point = {name: STORED[name] for name in ("x", "gain", "bias")}
        function, d_out = weighted(transformer.layer_norm, *point.values())
        grads = transformer.layer_norm_backward(d_out, transformer.layer_norm(*point.values())[1])
        check_grad(lambda p: function(*p.values()), dict(zip(point, grads)), point)

    def test_gelu_gradient(self):
        function, d_out = weighted(transformer.gelu, STORED["x"])
        check_grad(
            function,
            transformer.gelu_backward(d_out, transformer.gelu(STORED["x"])[1]),
            STORED["x"],
        )

    def test_exact_gelu_as_scipy(self):
        x = np.linspace(-12, 12, 4001)
        assert_allclose(
            transformer.gelu(x, approximate="none")[0], x * scipy.special.ndtr(x), atol=3e-14
        )
        assert_allclose(
            transformer.gelu(x.astype(np.float32), approximate="none")[0],
            x * scipy.special.ndtr(x),
            rtol=1e-6,
            atol=1e-6,
        )
        for dtype in (np.float16, np.float32):
            assert transformer.gelu(x.astype(dtype), approximate="none")[0].dtype == dtype
        # the two forms, at their farthest
        gap = np.abs(transformer.gelu(x)[0] - transformer.gelu(x, approximate="none")[0]).max()
        assert 4e-4 < gap < 5e-4

    def test_exact_gelu_gradient(self):
        function, d_out = weighted(lambda x: transformer.gelu(x, "none"), STORED["x"])
        cache = transformer.gelu(STORED["x"], "none")[1]
        check_grad(function, transformer.gelu_backward(d_out, cache), STORED["x"])
        with pytest.raises(ValueError, match="approximate must be 'tanh' or 'none', got 'erf'"):
            transformer.gelu([1.0], approximate="erf")

    # within one block of queries, and over three
    @pytest.mark.parametrize("time", [5, 130])
    def test_attention_gradient(self, time):
        rng = np.random.default_rng(3)
        point = {name: rng.standard_normal((2, time, 3)) for name in ("query", "key", "value")}
        function, d_out = weighted(transformer.attention, *point.values())
        grads = transformer.attention_backward(d_out, transformer.attention(*point.values())[1])
        check_grad(
            lambda p: function(*p.values()), dict(zip(point, grads)), point, entries=12, rng=rng
        )

    @pytest.mark.parametrize("n_queries", [1, 3, 70])
    def test_fewer_queries_are_the_last_rows(self, n_queries):
        rng = np.random.default_rng(4)
        query, key, value = rng.standard_normal((3, 2, 70, 4))
        whole, cache = transformer.attention(query, key, value)
        last, last_cache = transformer.attention(query[:, -n_queries:], key, value)
        assert_allclose(last, whole[:, -n_queries:], atol=1e-12)
        weights = cache.weights
        assert_allclose(last_cache.weights, weights[:, -n_queries:], atol=1e-12)
        assert_allclose(weights.sum(axis=-1), 1)
        assert_array_equal(np.triu(weights[0], k=1), 0)

    # as many queries as keys, fewer, more, and more than one block of queries
    @pytest.mark.parametrize("n_queries, n_keys", [(5, 5), (2, 5), (5, 2), (70, 130)])
    def test_without_the_mask_every_key_is_seen(self, n_queries, n_keys):
        rng = np.random.default_rng(6)
        query = rng.standard_normal((2, n_queries, 4))
        key, value = rng.standard_normal((2, 2, n_keys, 4))
        out, cache = transformer.attention(query, key, value, causal=False)
        weights = scipy.special.softmax(query @ key.swapaxes(-1, -2) / 2, axis=-1)
        assert_allclose(cache.weights, weights, rtol=1e-12)
        assert_allclose(out, weights @ value, atol=1e-14)
        point = {"query": query, "key": key, "value": value}
        attend = lambda *args: transformer.attention(*args, causal=False)
        function, d_out = weighted(attend, *point.values())
        grads = transformer.attention_backward(d_out, cache)
        check_grad(
            lambda p: function(*p.values()),
            dict(zip(point, grads, strict=True)),
            point,
            entries=10,
            rng=rng,
        )

    def test_causal_attention_needs_a_key_at_each_query(self):
        with pytest.raises(ValueError, match="T = 3 queries and S = 2 keys; pass causal=False"):
            transformer.attention(np.ones((3, 1)), np.ones((2, 1)), np.ones((2, 1)))

    def test_caches_are_named(self):
        logits, cache = transformer.forward(PARAMS, STORED["tokens"], CONFIG)
        weights = cache.blocks[1].attention.weights
        batch, time = STORED["tokens"].shape
        assert weights.shape == (batch, CONFIG.n_head, time, time)
        assert_allclose(weights.sum(axis=-1), 1)
        assert cache.blocks[0].gelu.approximate == "tanh" and cache.norm.gain.shape == (
            CONFIG.n_embd,
        )
        assert_allclose(logits, cache.hidden @ PARAMS["wte"][: CONFIG.vocab_size].T)

    def test_scores_are_divided_by_root_d(self):
        query = np.array([[0.0] * 4, [2.0] * 4])
        key, value = np.array([[1.0] * 4, [0.0] * 4]), np.array([[1.0], [0.0]])
        # scores of the second query: 8/√4 = 4, and 0
        out, _ = transformer.attention(query, key, value)
        assert_allclose(out.ravel(), [1.0, 1 / (1 + np.exp(-4))])

    def test_linear_and_embedding_gradients(self):
        rng = np.random.default_rng(5)
        point = {
            "x": rng.standard_normal((2, 3, 4)),
            "weight": rng.standard_normal((4, 5)),
            "bias": rng.standard_normal(5),
        }
        function, d_out = weighted(
            lambda x, weight, bias: (x @ weight + bias, None), *point.values()
        )
        grads = layers.linear_backward(d_out, point["x"], point["weight"])
        check_grad(lambda p: function(*p.values()), dict(zip(point, grads)), point)
        ids, d_rows = rng.integers(0, 6, (3, 4)), rng.standard_normal((3, 4, 2))
        expected = np.zeros((6, 2))
        np.add.at(expected, ids, d_rows)
        assert_allclose(layers.embedding_backward(d_rows, ids, 6), expected)

    def test_embedding_gradient_in_float16_and_of_no_ids(self):
        """30,000 times 1 is past the integers that float16 holds one by one."""
        many = layers.embedding_backward(np.ones((30_000, 1), np.float16), np.zeros(30_000, int), 2)
        assert many.tolist() == [[30_000], [0]] and many.dtype == np.float16
        none = layers.embedding_backward(np.ones((0, 3)), np.zeros(0, int), 2)
        assert_allclose(none, np.zeros((2, 3)))

    @pytest.mark.parametrize(
        "call, message",
        [
            (
                lambda: transformer.layer_norm(np.ones((2, 3)), np.ones(2), np.zeros(3)),
                r"must both have shape \(3,\)",
            ),
            (
                lambda: transformer.attention(np.ones((3, 4)), np.ones((2, 4)), np.ones((2, 4))),
                "causal attention needs a key at each query",
            ),
            (
                lambda: transformer.attention(np.ones((2, 4)), np.ones((2, 5)), np.ones((2, 4))),
                r"key \(2, 5\)",
            ),
            (
                lambda: layers.linear_backward(np.ones((2, 3)), np.ones((3, 4)), np.ones((4, 3))),
                "do not fit weight",
            ),
            (
                lambda: layers.embedding_backward(np.ones((2, 3)), np.zeros(3, int), 5),
                "one row of d_out per id",
            ),
            (lambda: transformer.rotary(np.ones((2, 3)), [0, 1]), "d even"),
            (lambda: transformer.gelu(np.array(["a"])), "must hold float16, float32, float64"),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


class TestRotary:
    def test_products_depend_on_the_distance_alone(self):
        rng = np.random.default_rng(6)
        query, key = rng.standard_normal((2, 1, 8))
        product = [
            float((transformer.rotary(query, [m]) * transformer.rotary(key, [n])).sum())
            for m, n in ((0, 3), (5, 8), (100, 103), (3, 0))
        ]
        assert_allclose(product[:3], product[0])
        assert abs(product[3] - product[0]) > 1e-3  # its sign matters

    def test_rotation_keeps_norms_and_position_zero_changes_nothing(self):
        x = np.random.default_rng(7).standard_normal((2, 3, 8))
        turned = transformer.rotary(x, np.arange(3))
        assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1))
        assert_array_equal(turned[:, 0], x[:, 0])
        assert transformer.rotary(x.astype(np.float16), np.arange(3)).dtype == np.float16

    def test_frequencies_by_hand(self):
        # pairs (0, 2) and (1, 3)
        turned = transformer.rotary([[1.0, 1.0, 0.0, 0.0]], [2.0])
        assert_allclose(turned, [[np.cos(2), np.cos(0.02), np.sin(2), np.sin(0.02)]])


class TestModel:
    def test_as_torch(self):
        logits, _ = transformer.forward(PARAMS, STORED["tokens"], CONFIG)
        assert_allclose(logits, STORED["transformer_logits"], rtol=1e-10, atol=1e-12)
        loss, grads = loss_and_grad(
            transformer, PARAMS, STORED["tokens"], STORED["targets"], CONFIG
        )
        assert_allclose(loss, STORED["transformer_loss"], rtol=1e-12)
        for name, grad in grads.items():
            assert_allclose(
                grad, STORED[f"transformer_d_{name}"], rtol=1e-5, atol=1e-12, err_msg=name
            )

    def test_float32_as_torch_in_float64(self):
        params = {name: array.astype(np.float32) for name, array in PARAMS.items()}
        loss, grads = loss_and_grad(
            transformer, params, STORED["tokens"], STORED["targets"], CONFIG
        )
        assert_allclose(loss, STORED["transformer_loss"], rtol=1e-5)
        for name, grad in grads.items():
            assert grad.dtype == np.float32
            assert_allclose(grad, STORED[f"transformer_d_{name}"], atol=1e-5, err_msg=name)

    def test_gradient_of_every_parameter(self):
        def loss(params):
            return float(
                cross_entropy(
                    transformer.forward(params, STORED["tokens"], CONFIG)[0], STORED["targets"]
                )
            )

        _, grads = loss_and_grad(transformer, PARAMS, STORED["tokens"], STORED["targets"], CONFIG)
        assert grads.keys() == PARAMS.keys()
        check_grad(loss, grads, PARAMS, entries=10, rng=np.random.default_rng(8))

    def test_tied_table_hears_from_both_ends(self):
        """Without the head's part, or without the input's, the gradient of `wte` is another one."""
        _, grads = loss_and_grad(transformer, PARAMS, [[0, 1]], [[2, 3]], CONFIG)
        used = np.abs(grads["wte"]).sum(axis=1)
        assert (used[: CONFIG.vocab_size] > 0).all()  # every row as an output
        # BOS is no output and was no input here
        assert used[CONFIG.vocab_size] == 0

    @pytest.mark.parametrize("changed", [0, 3, 6])
    def test_later_tokens_move_earlier_logits_not_by_a_bit(self, changed):
        params = {name: array.astype(np.float32) for name, array in PARAMS.items()}
        tokens = STORED["tokens"]
        other = tokens.copy()
        other[:, changed] = (tokens[:, changed] + 1) % CONFIG.vocab_size
        before, after = (transformer.forward(params, ids, CONFIG)[0] for ids in (tokens, other))
        assert_array_equal(before[:, :changed], after[:, :changed])
        assert (before[:, changed:] != after[:, changed:]).any(axis=(0, 2)).all()

    def test_shorter_inputs_are_the_head_of_longer_ones(self):
        whole, _ = transformer.forward(PARAMS, STORED["tokens"], CONFIG)
        part, _ = transformer.forward(PARAMS, STORED["tokens"][:, :4], CONFIG)
        assert_allclose(part, whole[:, :4], atol=1e-12)

    @pytest.mark.parametrize("n_head, width", [(4, 48), (4, 144), (2, 24)])
    def test_heads_of_the_first_block_start_by_looking_back(self, n_head, width):
        config = transformer.Config(97, block_size=64, n_layer=2, n_head=n_head, n_embd=width)
        tokens = np.random.default_rng(1).integers(0, 97, (4, 64))
        _, cache = transformer.forward(
            transformer.init(config, np.random.default_rng(0)), tokens, config
        )
        weights = cache.blocks[0].attention.weights.mean(axis=0)  # (heads, T, T)
        for head in range(n_head):
            by_distance = [np.diagonal(weights[head], -k)[16:].mean() for k in range(12)]
            assert np.argmax(by_distance) == head + 1
            assert by_distance[head + 1] > 0.35

    def test_any_even_or_odd_shape_can_start(self):
        for n_head, width in ((1, 1), (1, 3), (3, 9), (2, 2)):
            config = transformer.Config(5, block_size=4, n_layer=1, n_head=n_head, n_embd=width)
            params = transformer.init(config, np.random.default_rng(0))
            assert np.isfinite(transformer.forward(params, [[0, 1, 2]], config)[0]).all()

    def test_positions_matter(self):
        logits, _ = transformer.forward(PARAMS, [[1, 1, 1]], CONFIG)
        assert np.abs(logits[0, 1] - logits[0, 2]).max() > 1e-3

    def test_logits_and_parameters_keep_their_type(self):
        params = transformer.init(CONFIG, np.random.default_rng(0))
        assert {array.dtype for array in params.values()} == {np.dtype(np.float32)}
        assert transformer.forward(params, [[1]], CONFIG)[0].dtype == np.float32

    def test_a_few_steps_learn_a_cycle(self):
        from lmcore.models.optim import adamw, adamw_init

        config = transformer.Config(4, block_size=8, n_layer=1, n_head=2, n_embd=16)
        params = transformer.init(config, np.random.default_rng(0))
        state, cycle = adamw_init(params), np.tile([0, 1, 2, 3], 4)
        for _ in range(60):
            loss, grads = loss_and_grad(
                transformer, params, cycle[None, :8], cycle[None, 1:9], config
            )
            params, state = adamw(params, grads, state, 0.01)
        assert loss < 0.05

    def test_errors(self):
        with pytest.raises(ValueError, match="inputs holds 12 at index"):
            transformer.forward(PARAMS, [[12]], CONFIG)
        with pytest.raises(ValueError, match=r"1 <= T <= block_size=9, got \(1, 10\)"):
            transformer.forward(PARAMS, [[0] * 10], CONFIG)
        with pytest.raises(ValueError, match=r"got \(3,\)"):
            transformer.forward(PARAMS, [0, 1, 2], CONFIG)
        with pytest.raises(ValueError, match="targets are all ignored"):
            loss_and_grad(transformer, PARAMS, [[0]], [[-100]], CONFIG)
        with pytest.raises(ValueError, match="n_embd 10 is not a multiple of n_head 4"):
            transformer.Config(5, n_embd=10)
        with pytest.raises(ValueError, match="n_layer must be at least 1, got 0"):
            transformer.Config(5, n_layer=0)
        with pytest.raises(ValueError, match="stride 9 exceeds block_size 8"):
            transformer.Config(5, block_size=8, stride=9)

    def test_one_block(self):
        """Gradients of a single block by its input and by each of its parameters."""
        params = {name: PARAMS[name][0] for name in transformer._STACKED}
        x = np.random.default_rng(10).standard_normal((2, 4, CONFIG.n_embd))
        function, d_out = weighted(lambda p, x: transformer.block(p, x, CONFIG.n_head), params, x)
        d_x, grads = transformer.block_backward(
            params, d_out, transformer.block(params, x, CONFIG.n_head)[1]
        )
        assert grads.keys() == params.keys()
        check_grad(lambda x: function(params, x), d_x, x, rng=np.random.default_rng(11))
        check_grad(
            lambda p: function(p, x), grads, params, entries=8, rng=np.random.default_rng(12)
        )


class TestCache:
    def test_steps_give_the_logits_of_the_whole(self):
        whole, _ = transformer.forward(PARAMS, STORED["tokens"], CONFIG)
        state = transformer.init_state(CONFIG, batch=len(whole))
        for t, tokens in enumerate(STORED["tokens"].T):
            logits, state = transformer.step(PARAMS, state, tokens, CONFIG)
            assert_allclose(logits, whole[:, t], atol=1e-12)

    def test_a_state_may_be_continued_twice(self):
        _, state = prefill(transformer, PARAMS, (11, 1, 2), CONFIG)
        keys = state[0].copy()
        one, _ = transformer.step(PARAMS, state, [3], CONFIG)
        two, _ = transformer.step(PARAMS, state, [4], CONFIG)
        again, _ = transformer.step(PARAMS, state, [3], CONFIG)
        assert_array_equal(state[0], keys)
        assert_array_equal(one, again)
        assert (one != two).any()

    def test_a_full_state_says_so(self):
        _, state = prefill(transformer, PARAMS, [1] * 9, CONFIG)
        with pytest.raises(ValueError, match="all block_size=9 positions"):
            transformer.step(PARAMS, state, [1], CONFIG)

    @pytest.mark.parametrize("stride", [1, 2, 4, 9])
    def test_long_texts_see_the_window_that_the_rule_grants(self, stride):
        config = transformer.Config(11, block_size=9, n_layer=2, n_head=2, n_embd=8, stride=stride)
        text = np.random.default_rng(9).integers(0, 11, (2, 31))
        logits = transformer.long_forward(PARAMS, text, config)
        for t in range(31):
            begin = transformer.window_start(t + 1, config)
            expected, _ = transformer.forward(PARAMS, text[:, begin : t + 1], config)
            assert_allclose(logits[:, t], expected[:, -1], atol=1e-12)

    def test_window_length_stays_between_its_bounds(self):
        config = transformer.Config(11, block_size=9, stride=4)
        lengths = [n - transformer.window_start(n, config) for n in range(1, 60)]
        assert lengths[:9] == list(range(1, 10))
        assert set(lengths[9:]) == {6, 7, 8, 9}


def test_stored_values_are_what_torch_says_today():
    pytest.importorskip("torch")
    for name, array in peer.outputs().items():
        assert_allclose(STORED[name], array, rtol=1e-9, atol=1e-12, err_msg=name)

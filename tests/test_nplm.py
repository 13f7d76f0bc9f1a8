"""lmcore.models.nplm: a worked case, gradients, torch, what it sees and what it does not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from peers import transformer as peer

from lmcore.diagnostics import check_grad
from lmcore.likelihood import cross_entropy
from lmcore.models import nplm
from lmcore.models.neural import LanguageModel, loss_and_grad, prefill

STORED = np.load(peer.STORED)
_, CONFIG, PARAMS = peer.model_cases()["nplm"]


def test_formula_by_hand():
    config = nplm.Config(vocab_size=2, block_size=2, n_embd=1, hidden=1)
    params = {
        "embedding": np.array([[1.0], [2.0], [-1.0]]),
        "H": np.array([[0.5, 3.0]]),
        "d": np.array([0.1]),
        "U": np.array([[2.0], [-1.0]]),
        "b": np.array([0.0, 4.0]),
    }
    logits, _ = nplm.forward(params, [[0, 1]], config)
    # (BOS, 0), then (0, 1)
    first, second = np.tanh(0.5 * -1 + 3 * 1 + 0.1), np.tanh(0.5 * 1 + 3 * 2 + 0.1)
    assert_allclose(logits, [[[2 * first, 4 - first], [2 * second, 4 - second]]])


def test_as_torch():
    logits, _ = nplm.forward(PARAMS, STORED["tokens"], CONFIG)
    assert_allclose(logits, STORED["nplm_logits"], rtol=1e-10, atol=1e-12)
    loss, grads = loss_and_grad(nplm, PARAMS, STORED["tokens"], STORED["targets"], CONFIG)
    assert_allclose(loss, STORED["nplm_loss"], rtol=1e-12)
    for name, grad in grads.items():
        assert_allclose(grad, STORED[f"nplm_d_{name}"], rtol=1e-5, atol=1e-12, err_msg=name)


def test_gradient_of_every_parameter():
    def loss(params):
        return float(
            cross_entropy(nplm.forward(params, STORED["tokens"], CONFIG)[0], STORED["targets"])
        )

    _, grads = loss_and_grad(nplm, PARAMS, STORED["tokens"], STORED["targets"], CONFIG)
    assert grads.keys() == PARAMS.keys()
    check_grad(loss, grads, PARAMS, entries=20, rng=np.random.default_rng(0))


class TestDirectConnections:
    """y = b + W x + U tanh(H x + d), Bengio et al.'s equation 1 in full."""

    CONFIG = nplm.Config(vocab_size=5, block_size=2, n_embd=3, hidden=4, direct=True)

    def params(self, dtype=np.float64):
        return nplm.init(self.CONFIG, np.random.default_rng(0), dtype)

    def test_they_are_added_to_the_logits(self):
        params, tokens = self.params(), [[0, 3, 1]]
        logits, cache = nplm.forward(params, tokens, self.CONFIG)
        without = {name: array for name, array in params.items() if name != "W"}
        plain, _ = nplm.forward(without, tokens, self.CONFIG)
        x = params["embedding"][[[5, 0], [0, 3], [3, 1]]].reshape(1, 3, 6)
        assert_allclose(cache.x, x)
        assert_allclose(logits, plain + x @ params["W"].T, atol=1e-14)

    def test_gradient_of_every_parameter(self):
        params, rng = self.params(), np.random.default_rng(1)
        inputs, targets = rng.integers(0, 5, (2, 3, 4))
        _, grads = loss_and_grad(nplm, params, inputs, targets, self.CONFIG)
        assert list(grads) == list(params)
        check_grad(
            lambda p: float(cross_entropy(nplm.forward(p, inputs, self.CONFIG)[0], targets)),
            grads,
            params,
            rng=rng,
        )

    def test_they_are_left_out_unless_asked_for(self):
        plain = nplm.Config(vocab_size=5, block_size=2, n_embd=3, hidden=4)
        assert "W" not in nplm.init(plain, np.random.default_rng(0))
        assert self.params(np.float32)["W"].dtype == np.float32

    def test_as_a_language_model(self):
        model = LanguageModel(nplm, self.params(), self.CONFIG)
        rows = model.log_probs([[0, 3, 1]])
        for t in range(3):
            assert_allclose(rows[0, t], model.next_log_probs((0, 3, 1)[:t]), atol=1e-12)


def test_sees_its_context_and_no_further():
    tokens = np.array([[1, 2, 3, 4, 5, 6]])
    logits, _ = nplm.forward(PARAMS, tokens, CONFIG)
    for changed in range(6):
        other = tokens.copy()
        other[0, changed] = 9
        moved = (nplm.forward(PARAMS, other, CONFIG)[0] != logits).any(axis=(0, 2))
        assert_array_equal(
            np.flatnonzero(moved), np.arange(changed, min(changed + CONFIG.block_size, 6))
        )


def test_order_within_the_context_matters():
    one, _ = nplm.forward(PARAMS, [[1, 2, 3]], CONFIG)
    two, _ = nplm.forward(PARAMS, [[2, 1, 3]], CONFIG)
    assert np.abs(one[0, 2] - two[0, 2]).max() > 1e-3


def test_before_the_text_stands_bos():
    logits, _ = nplm.forward(PARAMS, [[1]], CONFIG)
    spelt, _ = nplm.forward(PARAMS, [[CONFIG.vocab_size, CONFIG.vocab_size, 1]], CONFIG)
    assert_allclose(logits[0, 0], spelt[0, 2])


def test_steps_blocks_and_prefill_agree_with_the_whole():
    tokens = STORED["tokens"]
    whole, _ = nplm.forward(PARAMS, tokens, CONFIG)
    state = nplm.init_state(CONFIG, batch=len(tokens))
    for t, column in enumerate(tokens.T):
        logits, state = nplm.step(PARAMS, state, column, CONFIG)
        assert_allclose(logits, whole[:, t], atol=1e-12)
    for block in (1, 2, 3, 100):
        assert_allclose(nplm.long_forward(PARAMS, tokens, CONFIG, block), whole, atol=1e-12)
    logits, state = prefill(nplm, PARAMS, tuple(tokens[0]), CONFIG)
    assert_allclose(logits[0], whole[0, -1], atol=1e-12)
    assert_array_equal(state[0], tokens[0, -CONFIG.block_size :])


@pytest.mark.parametrize("n", [1, 3, 4, 50])
def test_window_keeps_the_last_tokens(n):
    begin = nplm.window_start(n, CONFIG)
    assert n - begin == min(n, CONFIG.block_size)


def test_types_and_errors():
    params = nplm.init(CONFIG, np.random.default_rng(0))
    assert {array.dtype for array in params.values()} == {np.dtype(np.float32)}
    loss, grads = loss_and_grad(nplm, params, STORED["tokens"], STORED["targets"], CONFIG)
    assert {grad.dtype for grad in grads.values()} == {np.dtype(np.float32)}
    assert all(grads[name].shape == params[name].shape for name in params)
    with pytest.raises(ValueError, match="inputs holds 12 at index"):
        nplm.forward(PARAMS, [[12]], CONFIG)
    with pytest.raises(ValueError, match=r"got \(2,\); add a batch axis"):
        nplm.forward(PARAMS, [1, 2], CONFIG)
    with pytest.raises(ValueError, match="tokens holds 12 at index"):
        nplm.step(PARAMS, nplm.init_state(CONFIG), [12], CONFIG)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        nplm.Config(5, hidden=0)

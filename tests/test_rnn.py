"""lmcore.models.rnn: a worked case, backpropagation through time, torch, gradients by lag."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from peers import transformer as peer

from lmcore.diagnostics import check_grad
from lmcore.likelihood import cross_entropy
from lmcore.models import rnn
from lmcore.models.neural import loss_and_grad, prefill

STORED = np.load(peer.STORED)
_, CONFIG, PARAMS = peer.model_cases()["rnn"]


def test_formula_by_hand():
    config = rnn.Config(vocab_size=2, hidden=1)
    params = {
        "U": np.array([[1.0], [-2.0], [0.0]]),
        "W": np.array([[0.5]]),
        "b": np.array([0.25]),
        "head": np.array([[3.0], [1.0]]),
        "head_b": np.array([0.0, -1.0]),
    }
    logits, (_, states) = rnn.forward(params, [[0, 1]], config)
    first = np.tanh(1.25)
    second = np.tanh(0.5 * first - 2 + 0.25)
    assert_allclose(states.ravel(), [0, first, second])
    assert_allclose(logits, [[[3 * first, first - 1], [3 * second, second - 1]]])


def test_as_torch():
    logits, _ = rnn.forward(PARAMS, STORED["tokens"], CONFIG)
    assert_allclose(logits, STORED["rnn_logits"], rtol=1e-10, atol=1e-12)
    loss, grads = loss_and_grad(rnn, PARAMS, STORED["tokens"], STORED["targets"], CONFIG)
    assert_allclose(loss, STORED["rnn_loss"], rtol=1e-12)
    for name, grad in grads.items():
        assert_allclose(grad, STORED[f"rnn_d_{name}"], rtol=1e-5, atol=1e-12, err_msg=name)


def test_gradient_of_every_parameter():
    def loss(params):
        return float(
            cross_entropy(rnn.forward(params, STORED["tokens"], CONFIG)[0], STORED["targets"])
        )

    _, grads = loss_and_grad(rnn, PARAMS, STORED["tokens"], STORED["targets"], CONFIG)
    assert grads.keys() == PARAMS.keys()
    check_grad(loss, grads, PARAMS, entries=20, rng=np.random.default_rng(0))


def test_recurrent_weights_are_not_transposed():
    """With a W that only shifts the state, what entered unit 0 is found in unit 1."""
    config = rnn.Config(vocab_size=2, hidden=2)
    params = rnn.init(config, np.random.default_rng(0), np.float64)
    params |= {
        "W": np.array([[0.0, 0.0], [1.0, 0.0]]),
        "U": np.array([[0.3, 0.0], [0.0, 0.0], [0.0, 0.0]]),
    }
    _, (_, states) = rnn.forward(params, [[0, 1]], config)
    assert_allclose(states[2, 0], [0.0, np.tanh(np.tanh(0.3))])


def test_earlier_logits_do_not_hear_later_tokens():
    tokens = STORED["tokens"]
    other = tokens.copy()
    other[:, 4] = (tokens[:, 4] + 1) % CONFIG.vocab_size
    before, after = (rnn.forward(PARAMS, ids, CONFIG)[0] for ids in (tokens, other))
    assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any(axis=(0, 2)).all()


def test_steps_blocks_and_prefill_agree_with_the_whole():
    tokens = STORED["tokens"]
    whole, _ = rnn.forward(PARAMS, tokens, CONFIG)
    state = rnn.init_state(CONFIG, batch=len(tokens))
    for t, column in enumerate(tokens.T):
        logits, state = rnn.step(PARAMS, state, column, CONFIG)
        assert_allclose(logits, whole[:, t], atol=1e-12)
    for block in (1, 3, 100):
        assert_allclose(rnn.long_forward(PARAMS, tokens, CONFIG, block), whole, atol=1e-12)
    assert_allclose(prefill(rnn, PARAMS, tokens[0], CONFIG)[0][0], whole[0, -1], atol=1e-12)
    assert rnn.window_start(10_000, CONFIG) == 0


class TestGradientByLag:
    def test_against_differences_of_the_last_loss(self):
        """∂ℓ_T/∂h_{T−k} is checked by restarting the recurrence at a moved state."""
        tokens, targets = STORED["tokens"][:1], np.array([[0, 1, 2, 3, 4, 5, 6]])
        _, (_, states) = rnn.forward(PARAMS, tokens, CONFIG)
        norms = rnn.gradient_norm_by_lag(PARAMS, tokens, targets, CONFIG)
        for lag in range(7):

            def last_loss(state):
                if lag == 0:
                    logits = state @ PARAMS["head"].T + PARAMS["head_b"]
                else:
                    logits = rnn.forward(PARAMS, tokens[:, 7 - lag :], CONFIG, state=state[None])[
                        0
                    ][0, -1]
                return float(cross_entropy(logits[None], [6]))

            slope = [
                (last_loss(states[7 - lag, 0] + e) - last_loss(states[7 - lag, 0] - e)) / 2e-6
                for e in 1e-6 * np.eye(CONFIG.hidden)
            ]
            assert norms[lag] == pytest.approx(np.linalg.norm(slope), rel=1e-6)

    def test_small_and_large_recurrent_weights(self):
        config = rnn.Config(vocab_size=4, hidden=8)
        params = rnn.init(config, np.random.default_rng(1), np.float64)
        # states near 0, where tanh is the identity
        params["U"] *= 1e-9
        tokens = np.zeros((1, 20), dtype=int)
        for scale in (0.5, 1.0, 2.0):  # vanishes, stays, explodes
            norms = rnn.gradient_norm_by_lag(
                params | {"W": scale * params["W"]}, tokens, tokens, config
            )
            assert_allclose(norms[1:] / norms[:-1], scale, rtol=1e-3)


def test_types_and_errors():
    params = rnn.init(CONFIG, np.random.default_rng(0))
    assert {array.dtype for array in params.values()} == {np.dtype(np.float32)}
    loss, grads = loss_and_grad(rnn, params, STORED["tokens"], STORED["targets"], CONFIG)
    assert {grad.dtype for grad in grads.values()} == {np.dtype(np.float32)}
    assert all(grads[name].shape == params[name].shape for name in params)
    with pytest.raises(ValueError, match="inputs holds 12 at index"):
        rnn.forward(PARAMS, [[12]], CONFIG)
    with pytest.raises(ValueError, match=r"got \(2,\); add a batch axis"):
        rnn.forward(PARAMS, [1, 2], CONFIG)
    with pytest.raises(ValueError, match="tokens holds 12 at index"):
        rnn.step(PARAMS, rnn.init_state(CONFIG), [12], CONFIG)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        rnn.Config(5, hidden=0)

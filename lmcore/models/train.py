"""Train a pocket language model on the speeches: ``python -m lmcore.models.train transformer --size 80k``.

One loop serves the three families, because each module has the same ``Config``, ``init`` and ``loss_and_grad``. A run
is a function of its settings and seed alone: the batch of a step is drawn from a generator seeded with (seed, step), so
a run killed at any moment and started again follows the same path to the last bit. The log is a CSV with a line a step.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")        # the threads below each take a shard instead

import argparse
import csv
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lmcore.data import clean, split
from lmcore.likelihood import cross_entropy
from lmcore.models import nplm, rnn, transformer
from lmcore.models.characters import BOS, EOS, VOCAB_SIZE, encode
from lmcore.models.optim import adamw, adamw_init, clip_grad_norm, cosine_schedule

FAMILIES = {"nplm": nplm, "rnn": rnn, "transformer": transformer}
WEIGHTS = Path(__file__).parent / "weights"
IGNORED = -100
LOG_FIELDS = ("step", "loss", "grad_norm", "validation")


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
        Windows a step, characters a window, windows that one thread takes at a time.
    peak, warmup, decay
        Learning rate, its warm-up steps and the last steps over which it falls. What comes before the fall does not
        depend on `steps`, so a run may be lengthened or cut short by its checkpoint.
    weight_decay, beta2, max_norm : float
        For AdamW and clipping.
    seed : int
    """

    config: dict
    steps: int = 5000
    batch: int = 8
    length: int = 256
    shard: int = 2
    peak: float = 3e-3
    warmup: int = 200
    decay: int = 2000
    weight_decay: float = 0.1
    beta2: float = 0.98
    max_norm: float = 1.0
    seed: int = 1


def _transformer(n_layer, n_head, width, **rest):
    return Recipe(dict(vocab_size=VOCAB_SIZE, context=256, n_layer=n_layer, n_head=n_head, width=width), **rest)


def _nplm(context, width, hidden):
    return Recipe(dict(vocab_size=VOCAB_SIZE, context=context, width=width, hidden=hidden), shard=8)


def _rnn(hidden):
    return Recipe(dict(vocab_size=VOCAB_SIZE, hidden=hidden), batch=32, length=64, shard=32, peak=2e-3)


SIZES = {
    "nplm": {"20k": _nplm(6, 16, 96), "80k": _nplm(10, 24, 200), "200k": _nplm(14, 32, 360)},
    "rnn": {"20k": _rnn(72), "80k": _rnn(200), "200k": _rnn(360)},
    "transformer": {
        "20k": _transformer(2, 2, 24, shard=8, peak=8e-3),
        "80k": _transformer(2, 4, 48, shard=4, peak=6e-3),
        "300k": _transformer(3, 4, 88, peak=4e-3),
        "1m": _transformer(4, 4, 144, steps=16000, batch=16, decay=5000, peak=2e-3),
    },
}


def stream(speeches):
    """All speeches in one array of ids, each as BOS, its characters, EOS."""
    parts = [np.concatenate([[BOS], encode(clean(speech.text)), [EOS]]) for speech in speeches]
    return np.concatenate(parts).astype(np.int16)


def sample_batch(tokens, recipe, step, cold=0):
    """Inputs and targets of a step: windows that start anywhere, and every eighth step one that opens a speech."""
    rng = np.random.default_rng([recipe.seed, step])
    starts = rng.integers(0, len(tokens) - recipe.length, size=recipe.batch)
    if step % 8 == 0:
        openings = np.flatnonzero(tokens[:-recipe.length] == BOS)
        starts[0] = rng.choice(openings)
    return windows(tokens, starts, recipe.length, cold)


def windows(tokens, starts, length, cold=0):
    """Inputs and targets, each (B, T), of the windows at `starts`.

    BOS is never a target, nor are the first `cold` tokens of a window cut from mid-text, whose context is missing.
    """
    rows = tokens[np.asarray(starts)[:, None] + np.arange(length + 1)].astype(np.int64)
    inputs, targets = rows[:, :-1], rows[:, 1:].copy()
    targets[targets == BOS] = IGNORED
    targets[inputs[:, 0] != BOS, :cold] = IGNORED
    return inputs, targets


def sharded_loss_and_grad(loss_and_grad, params, inputs, targets, config, shard, pool):
    """Loss and gradient of a batch from its shards, weighted by their tokens (book, section 10.5).

    The weights are what makes it the gradient of the whole batch; shards are added in order, so the number of threads
    changes nothing in the result.
    """
    parts = [slice(i, i + shard) for i in range(0, len(inputs), shard)]
    counts = [int((targets[part] != IGNORED).sum()) for part in parts]
    total = sum(counts)
    loss, grads = 0.0, None
    results = pool.map(lambda part: loss_and_grad(params, inputs[part], targets[part], config), parts)
    for count, (part_loss, part_grads) in zip(counts, results):
        loss += count / total * part_loss
        for name, grad in part_grads.items():
            grad *= grad.dtype.type(count / total)
        if grads is None:
            grads = part_grads
        else:
            for name in grads:
                grads[name] += part_grads[name]
    return loss, grads


def train_step(model, params, state, inputs, targets, config, recipe, learning_rate, pool):
    """One update: gradient, clipping, AdamW on the matrices with decay and on the rest without."""
    loss, grads = sharded_loss_and_grad(model.loss_and_grad, params, inputs, targets, config, recipe.shard, pool)
    grads, norm = clip_grad_norm(grads, recipe.max_norm)
    params, state = adamw(params, grads, state, learning_rate, betas=(0.9, recipe.beta2),
                          weight_decay=recipe.weight_decay, decayed=model.DECAYED)
    return params, state, loss, norm


def validate(model, params, tokens, config, recipe, n_windows=64):
    """Bits per character over evenly spaced windows of held-out text."""
    starts = np.linspace(0, len(tokens) - recipe.length - 1, n_windows).astype(int)
    total, count = 0.0, 0
    for i in range(0, n_windows, 8):
        inputs, targets = windows(tokens, starts[i:i + 8], recipe.length, config.cold)
        logits, _ = model.forward(params, inputs, config)
        total += float(cross_entropy(logits, targets, reduction="sum"))
        count += int((targets != IGNORED).sum())
    return total / count / np.log(2)


def save_checkpoint(path, params, state, best):
    """Write everything a run needs to go on, replacing the old file only once the new one is whole."""
    arrays = {f"{kind}.{name}": array for kind, group in (("p", params), ("m", state["m"]), ("v", state["v"]))
              for name, array in group.items()}
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        np.savez(file, step=state["step"], best=best, **arrays)
    os.replace(partial, path)


def load_checkpoint(path):
    """Parameters, optimiser state and best validation of a checkpoint."""
    with np.load(path) as file:
        group = {kind: {k[2:]: file[k] for k in file.files if k.startswith(kind + ".")} for kind in "pmv"}
        return group["p"], {"step": int(file["step"]), "m": group["m"], "v": group["v"]}, float(file["best"])


def export(path, params, about):
    """Weights as float16 with a JSON description beside them in one .npz."""
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        np.savez(file, about=json.dumps(about), **{k: v.astype(np.float16) for k, v in params.items()})
    os.replace(partial, path)


def _reopen_log(path, step):
    """The log cut back to the first `step` lines and opened for more."""
    rows = []
    if step:
        with open(path, newline="") as file:
            rows = list(csv.reader(file))[1:step + 1]
    file = open(path, "w", newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(LOG_FIELDS)
    writer.writerows(rows)
    return file, writer


def run(family, size, folder, out, threads=1, steps=None, validate_every=250, checkpoint_every=100, quiet=False):
    """Train one model to the end of its recipe, resuming whatever `folder` holds."""
    model, recipe = FAMILIES[family], SIZES[family][size]
    total = steps or recipe.steps
    config = model.Config(**recipe.config)
    name = f"{family}-{size}"
    folder, out = Path(folder), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{name}.ckpt.npz"
    parts = split()
    training, held_out = stream(parts.train), stream(parts.validation)
    if checkpoint.exists():
        params, state, best = load_checkpoint(checkpoint)
    else:
        params = model.init(config, np.random.default_rng(recipe.seed))
        state, best = adamw_init(params), np.inf
    first = state["step"]
    log, writer = _reopen_log(folder / f"{name}.csv", first)
    started = time.monotonic()
    with ThreadPoolExecutor(threads) as pool, log:
        for step in range(first, total):
            rate = cosine_schedule(step, total, recipe.peak, recipe.warmup, decay=recipe.decay)
            inputs, targets = sample_batch(training, recipe, step, config.cold)
            params, state, loss, norm = train_step(model, params, state, inputs, targets, config, recipe, rate, pool)
            checked = ""
            if (step + 1) % validate_every == 0 or step + 1 == total:
                bits = validate(model, params, held_out, config, recipe)
                checked = f"{bits:.4f}"
                if bits < best:
                    best = bits
                    export(out / f"{name}.npz", params, {
                        "family": family, "size": size, "config": recipe.config, "recipe": asdict(recipe),
                        "step": step + 1, "steps": total, "validation_bits": round(bits, 4)})
            writer.writerow([step + 1, f"{loss:.4f}", f"{norm:.3f}", checked])
            if (step + 1) % checkpoint_every == 0 or step + 1 == total:
                log.flush()
                save_checkpoint(checkpoint, params, state, best)
            if not quiet and ((step + 1) % 10 == 0 or checked):
                done, spent = step + 1 - first, time.monotonic() - started
                print(f"{name} step {step + 1}/{total} loss {loss:.4f} norm {norm:.2f} best {best:.4f} "
                      f"{done * inputs.size / spent:,.0f} tok/s, {(total - step - 1) * spent / done / 60:.1f} min left "
                      f"{checked}", file=sys.stderr, end="\n" if checked else "\r", flush=True)
    return params, best


def main(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lmcore.models.train", description="Train a pocket language model.")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("--size", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int)
    parser.add_argument("--folder", default="runs", help="checkpoints and logs (default: %(default)s)")
    parser.add_argument("--out", default=WEIGHTS, help="where the weights go (default: beside the package)")
    args = parser.parse_args(argv)
    if args.size not in SIZES[args.family]:
        parser.error(f"--size must be one of {', '.join(SIZES[args.family])}")
    run(args.family, args.size, args.folder, args.out, args.threads, args.steps)


if __name__ == "__main__":
    main()

"""A training step of a transformer, lmcore against torch.

Forward, backward, clipping and AdamW on the same shapes.

torch takes the batch whole, lmcore in shards, each on two threads; rounds alternate and the best of
each counts.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lmcore.models import transformer
from lmcore.models.optim import adamw_init
from tools.train_models import Recipe, train_step

SHAPES = [
    ("transformer step, 0.3M parameters, 16 x 128", transformer.Config(97, 128, 3, 4, 88), 16, 4),
    ("transformer step, 1M parameters, 16 x 128", transformer.Config(97, 128, 4, 4, 144), 16, 4),
    ("transformer step, 1M parameters, 8 x 256", transformer.Config(97, 256, 4, 4, 144), 8, 2),
]
ROUNDS = 9
THREADS = min(2, os.cpu_count())


def lmcore_step(config, inputs, targets, shard, pool):
    """A function that makes one update."""
    recipe = Recipe({}, shard=shard)
    params = transformer.init(config, np.random.default_rng(0))
    state = adamw_init(params)
    return lambda: train_step(
        transformer, params, state, inputs, targets, config, recipe, 1e-3, pool
    )


def torch_step(config, inputs, targets):
    """The same in torch, with its fused attention and AdamW."""
    import torch
    from torch.nn import functional as F

    raw = {
        name: torch.nn.Parameter(torch.from_numpy(array))
        for name, array in transformer.init(config, np.random.default_rng(0)).items()
    }
    stacked = {
        name
        for name in raw
        if raw[name].ndim > 1 and len(raw[name]) == config.n_layer and name[:2] != "wt"
    }
    p = {
        name: (
            list(
                torch.nn.ParameterList(
                    raw[name].detach()[layer].clone() for layer in range(config.n_layer)
                )
            )
            if name in stacked
            else raw[name]
        )
        for name in raw
    }
    leaves = [
        leaf for value in p.values() for leaf in (value if isinstance(value, list) else [value])
    ]
    optimiser = torch.optim.AdamW(leaves, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.1)
    ids, wanted = torch.from_numpy(inputs), torch.from_numpy(targets)
    batch, time_, d = *inputs.shape, config.n_embd

    def step():
        x = F.embedding(ids, p["wte"]) + p["wpe"][:time_]
        for layer in range(config.n_layer):
            normed = F.layer_norm(x, (d,), p["ln1_g"][layer], p["ln1_b"][layer])
            parts = torch.addmm(p["qkv_b"][layer], normed.view(-1, d), p["qkv_w"][layer]).view(
                batch, time_, 3, config.n_head, -1
            )
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            heads = (
                F.scaled_dot_product_attention(q, k, v, is_causal=True)
                .transpose(1, 2)
                .reshape(-1, d)
            )
            x = x + torch.addmm(p["proj_b"][layer], heads, p["proj_w"][layer]).view(batch, time_, d)
            normed = F.layer_norm(x, (d,), p["ln2_g"][layer], p["ln2_b"][layer])
            up = F.gelu(
                torch.addmm(p["fc_b"][layer], normed.view(-1, d), p["fc_w"][layer]),
                approximate="tanh",
            )
            x = x + torch.addmm(p["out_b"][layer], up, p["out_w"][layer]).view(batch, time_, d)
        logits = F.layer_norm(x, (d,), p["lnf_g"], p["lnf_b"]) @ p["wte"][: config.vocab_size].T
        optimiser.zero_grad()
        F.cross_entropy(logits.view(-1, config.vocab_size), wanted.view(-1)).backward()
        torch.nn.utils.clip_grad_norm_(leaves, 1.0)
        optimiser.step()

    return step


def measurements():
    """Rows for run.py.

    lmcore's threads take a shard each, so its BLAS is held to one thread of its own.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        for what, config, batch, shard in SHAPES:
            rng = np.random.default_rng(1)
            inputs, targets = rng.integers(0, config.vocab_size, (2, batch, config.block_size))
            ours, theirs = (
                lmcore_step(config, inputs, targets, shard, pool),
                torch_step(config, inputs, targets),
            )
            best = {ours: np.inf, theirs: np.inf}
            for _ in range(ROUNDS):
                for step in best:
                    with threadpool_limits(1 if step is ours else THREADS):
                        start = time.perf_counter()
                        step()
                        best[step] = min(best[step], time.perf_counter() - start)
            yield what, best[ours], f"torch, {THREADS} threads", best[theirs], 1.5

"""torch's layers, models, gradients and AdamW for the neural tests.

python tests/peers/transformer.py writes transformer.npz.
"""

import pathlib

import numpy as np

STORED = pathlib.Path(__file__).with_suffix(".npz")
VOCAB, BATCH, TIME = 11, 3, 7


def inputs():
    """Random arrays of every case, from a fixed seed, float64."""
    rng = np.random.default_rng(8_050)
    cases = {
        name: rng.standard_normal(shape)
        for name, shape in {
            "x": (4, 6),
            "gain": (6,),
            "bias": (6,),
            "d_x": (4, 6),
            "query": (2, 3, 5, 4),
            "key": (2, 3, 5, 4),
            "value": (2, 3, 5, 4),
            "d_heads": (2, 3, 5, 4),
            "adamw_start": (8,),
            "adamw_grads": (6, 8),
        }.items()
    }
    cases["tokens"] = rng.integers(0, VOCAB + 1, (BATCH, TIME))
    cases["targets"] = rng.integers(0, VOCAB, (BATCH, TIME))
    cases["targets"][0, 3] = cases["targets"][2, 5:] = -100
    return cases


def layer_outputs(cases):
    """Layer norm, tanh-GELU, attention and their gradients."""
    import torch
    from torch.nn import functional as F

    leaf = {
        name: torch.from_numpy(array).requires_grad_()
        for name, array in cases.items()
        if array.dtype == float
    }
    result = {}
    out = F.layer_norm(leaf["x"], (6,), leaf["gain"], leaf["bias"])
    out.backward(torch.from_numpy(cases["d_x"]))
    result |= {
        "norm": out,
        "norm_x": leaf["x"].grad.clone(),
        "norm_gain": leaf["gain"].grad,
        "norm_bias": leaf["bias"].grad,
    }
    leaf["x"].grad = None
    out = F.gelu(leaf["x"], approximate="tanh")
    out.backward(torch.from_numpy(cases["d_x"]))
    result |= {"gelu": out, "gelu_x": leaf["x"].grad}
    out = F.scaled_dot_product_attention(leaf["query"], leaf["key"], leaf["value"], is_causal=True)
    out.backward(torch.from_numpy(cases["d_heads"]))
    result |= {
        "attention": out,
        **{f"attention_{name}": leaf[name].grad for name in ("query", "key", "value")},
    }
    return {name: tensor.detach().numpy() for name, tensor in result.items()}


def torch_transformer(p, tokens, config):
    """The same transformer written with torch's own functions."""
    from torch.nn import functional as F

    batch, time = tokens.shape
    x = p["wte"][tokens] + p["wpe"][:time]
    for layer in range(config.n_layer):
        normed = F.layer_norm(x, x.shape[-1:], p["ln1_g"][layer], p["ln1_b"][layer])
        parts = (normed @ p["qkv_w"][layer] + p["qkv_b"][layer]).split(config.n_embd, dim=-1)
        q, k, v = (part.view(batch, time, config.n_head, -1).transpose(1, 2) for part in parts)
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = (
            x
            + heads.transpose(1, 2).reshape(batch, time, -1) @ p["proj_w"][layer]
            + p["proj_b"][layer]
        )
        normed = F.layer_norm(x, x.shape[-1:], p["ln2_g"][layer], p["ln2_b"][layer])
        x = (
            x
            + F.gelu(normed @ p["fc_w"][layer] + p["fc_b"][layer], approximate="tanh")
            @ p["out_w"][layer]
            + p["out_b"][layer]
        )
    return F.layer_norm(x, x.shape[-1:], p["lnf_g"], p["lnf_b"]) @ p["wte"][: config.vocab_size].T


def torch_rnn(p, tokens, config):
    """`torch.nn.RNN` with the model's weights."""
    import torch

    cell = torch.nn.RNN(config.vocab_size + 1, config.hidden, batch_first=True, dtype=torch.float64)
    named = {
        "weight_ih_l0": p["U"].T,
        "weight_hh_l0": p["W"],
        "bias_ih_l0": p["b"],
        "bias_hh_l0": torch.zeros(config.hidden, dtype=torch.float64),
    }
    one_hot = torch.nn.functional.one_hot(tokens, config.vocab_size + 1).double()
    states, _ = torch.func.functional_call(cell, named, (one_hot,))
    return states @ p["head"].T + p["head_b"]


def torch_nplm(p, tokens, config):
    """Embedding, tanh layer and head, one position at a time."""
    import torch

    rows = []
    for t in range(tokens.shape[1]):
        padded = torch.nn.functional.pad(tokens, (config.block_size, 0), value=config.vocab_size)
        x = p["embedding"][padded[:, t + 1 : t + 1 + config.block_size]].flatten(1)
        rows.append(torch.tanh(x @ p["H"].T + p["d"]) @ p["U"].T + p["b"])
    return torch.stack(rows, dim=1)


def model_cases():
    """Family -> (lmcore module, config, random float64 parameters, whatever `init` may do)."""
    from lmcore.models import nplm, rnn, transformer

    configs = {
        "transformer": (
            transformer,
            transformer.Config(VOCAB, block_size=9, n_layer=2, n_head=2, n_embd=8),
        ),
        "rnn": (rnn, rnn.Config(VOCAB, hidden=6)),
        "nplm": (nplm, nplm.Config(VOCAB, block_size=3, n_embd=4, hidden=5)),
    }
    cases = {}
    for name, (module, config) in configs.items():
        rng = np.random.default_rng(8_051)
        params = {
            key: 0.5 * rng.standard_normal(array.shape)
            for key, array in module.init(config, np.random.default_rng(0)).items()
        }
        cases[name] = module, config, params
    return cases


def model_outputs(cases):
    """Logits, loss and gradients of each family."""
    import torch

    nets = {"transformer": torch_transformer, "rnn": torch_rnn, "nplm": torch_nplm}
    tokens, targets = torch.from_numpy(cases["tokens"]), torch.from_numpy(cases["targets"])
    result = {}
    for name, (_, config, params) in model_cases().items():
        leaves = {key: torch.from_numpy(array).requires_grad_() for key, array in params.items()}
        logits = nets[name](leaves, tokens, config)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        result |= {
            f"{name}_logits": logits.detach().numpy(),
            f"{name}_loss": loss.item(),
            **{f"{name}_d_{key}": leaf.grad.numpy() for key, leaf in leaves.items()},
        }
    return result


def optimiser_outputs(cases):
    """The path of torch's AdamW, and its clipped gradient."""
    import torch

    weight = torch.nn.Parameter(torch.from_numpy(cases["adamw_start"].copy()))
    optimiser = torch.optim.AdamW([weight], lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)
    path = []
    for grad in cases["adamw_grads"]:
        weight.grad = torch.from_numpy(grad.copy())
        optimiser.step()
        path.append(weight.detach().numpy().copy())
    weight.grad = torch.from_numpy(cases["adamw_grads"][0].copy())
    norm = torch.nn.utils.clip_grad_norm_([weight], 0.5)
    return {
        "adamw_path": np.array(path),
        "clip_norm": norm.item(),
        "clip_grad": weight.grad.numpy(),
    }


def outputs():
    """Everything that is stored: name -> array."""
    cases = inputs()
    return cases | layer_outputs(cases) | model_outputs(cases) | optimiser_outputs(cases)


if __name__ == "__main__":
    np.savez_compressed(STORED, **outputs())
    print(f"wrote {STORED.name}, {STORED.stat().st_size:,} bytes")

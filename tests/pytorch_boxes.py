"""The boxes "In PyTorch" of the book's reviews: their code, and the numbers it is run on.

Each chapter's review has one block of Python. A line that begins with ``# =`` says what the
expression above it equals in `lmcore`, lines that begin with ``#   `` go on with it, and
``(to 1e-3)`` at its end allows that difference. The same names stand for tensors on the one side
and for arrays on the other.
"""

import ast
import hashlib
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lmcore import (
    calibration,
    conditioning,
    decoding,
    diagnostics,
    distributions,
    factorization,
    information,
    likelihood,
    softmax,
)
from lmcore.models import optim, rnn, transformer
from lmcore.models.neural import LanguageModel

HOME = (
    Path(__file__).resolve().parents[1]
)  # bookreader wants nbformat, PyTorch's machine may lack it
VALUES = HOME / "tests" / "pytorch_values.json"
BOX = re.compile(r"(?ms)^## In PyTorch\n.*?^```python\n(.*?)^```$")
CLAIM = re.compile(r"(?m)^# = (.+?(?:\n#   .+?)*?)(?:  \(to ([\d.e-]+)\))?$(?!\n#   )")
MODULES = {
    "np": np,
    "calibration": calibration,
    "conditioning": conditioning,
    "decoding": decoding,
    "diagnostics": diagnostics,
    "distributions": distributions,
    "factorization": factorization,
    "information": information,
    "likelihood": likelihood,
    "softmax": softmax,
    "optim": optim,
    "rnn": rnn,
    "transformer": transformer,
}


class Pair(NamedTuple):
    """Statements in PyTorch, the last of them an expression, and what it equals in lmcore."""

    torch: str
    ours: str
    tolerance: float


def code(chapter):
    """The block of a chapter's box."""
    [page] = HOME.glob(f"book/{chapter:02d}-*/review.md")
    return BOX.search(page.read_text(encoding="utf-8")).group(1)


def pairs(block):
    """The pairs of a block, in order."""
    ends = list(CLAIM.finditer(block))
    starts = [0, *(end.end() for end in ends)]
    return [
        Pair(
            block[start : end.start()],
            end.group(1).replace("\n#   ", " "),
            float(end.group(2) or 1e-9),
        )
        for start, end in zip(starts, ends)
    ]


def fingerprint(block):
    return hashlib.sha256(block.encode()).hexdigest()[:12]


def inputs():
    """Name and array of everything that a box may use, the same in all chapters."""
    rng = np.random.RandomState(20)  # no later NumPy changes its draws
    z = 2 * rng.normal(size=(12, 6))
    t = (z / 1.5 + rng.gumbel(size=z.shape)).argmax(axis=1)
    logits = rng.normal(size=(2, 4, 6))
    losses = rng.exponential(size=(3, 5))
    confidence = rng.uniform(size=40).round(3)
    return {
        "z": z,
        "t": t,
        "padded": np.where(np.arange(12) % 4 == 3, -100, t),
        "log_p": softmax.log_softmax(z),
        "soft": softmax.softmax(rng.normal(size=(12, 6))),
        "logits": logits,
        "targets": np.array([[1, 0, 5, -100], [2, 2, -100, -100]]),
        "losses": losses,
        "mask": (np.arange(5) < np.array([[5], [2], [3]])).astype(float),
        "h": rng.normal(size=(2, 5, 4)),
        "E": rng.normal(size=(6, 4)),
        "gain": rng.normal(size=4),
        "bias": rng.normal(size=4),
        "Q": rng.normal(size=(7, 4)),
        "K": rng.normal(size=(7, 4)),
        "V": rng.normal(size=(7, 4)),
        "W": rng.normal(size=(5, 4)),
        "G": 3 * rng.normal(size=(5, 4)),
        "p": softmax.softmax(rng.normal(size=6)),
        "q": softmax.softmax(rng.normal(size=6)),
        "banned": np.array([False, True, False, False, True, False]),
        "confidence": confidence,
        "correct": (rng.uniform(size=40) < confidence).astype(float),
        "log_w": np.log([0.5, 0.3, 0.2]),
        "rows": softmax.log_softmax(rng.normal(size=(3, 6))),
        "g": rng.normal(size=(3, 4)),
        "n": np.array([10.0, 2.0, 4.0]),
    }


def plain():
    """What is a Python value on both sides: token ids of a text, and settings."""
    text = (3, 1, 4, 1, 5, 2, 6)
    return {"text": text, "eos": 7, "tau": 0.7, "beta": 0.1, "margin": 3.5, "gamma": 1.5}


def language_model():
    """A transformer of eight tokens, the last of them EOS, that is sure enough to be decoded."""
    config = transformer.Config(vocab_size=8, block_size=16, n_layer=2, n_head=2, n_embd=8)
    rng = np.random.RandomState(21)
    shapes = transformer.init(config, np.random.default_rng(0), dtype=np.float64)
    params = {
        name: rng.normal(size=array.shape) * (0.5 if array.ndim > 1 else 0.1)
        for name, array in shapes.items()
    }
    for name in ("ln1_g", "ln2_g", "lnf_g"):
        params[name] += 1
    return LanguageModel(transformer, params, config, eos=7)


def recurrent():
    """Parameters of a recurrent network of six tokens."""
    rng, config = np.random.RandomState(22), rnn.Config(vocab_size=6, hidden=4)
    shapes = rnn.init(config, np.random.default_rng(0), dtype=np.float64)
    return {name: rng.normal(size=array.shape) for name, array in shapes.items()}, config


def ours():
    """The names that lmcore's side of a pair may use."""
    model = language_model()
    names = MODULES | inputs() | plain() | {"model": model}
    names["x"] = np.array([[model.vocab_size, *names["text"]]])
    names["cell"], names["cell_config"] = recurrent()
    return names


def torchs():
    """The names that PyTorch's side may use: tensors, and `hf`, the model as a GPT-2."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    names = {name: torch.tensor(value) for name, value in inputs().items()} | plain()
    model = language_model()
    names["hf"] = gpt2(model)
    names["x"] = torch.tensor([[model.vocab_size, *names["text"]]])
    names["cell"] = {name: torch.tensor(array) for name, array in recurrent()[0].items()}
    names |= {"torch": torch, "F": torch.nn.functional, "math": math}
    return names


def gpt2(model):
    """A Hugging Face GPT-2 with the parameters of a model of lmcore."""
    import torch
    import transformers

    p, c = model.params, model.config
    config = transformers.GPT2Config(
        vocab_size=c.vocab_size + 1,
        n_positions=c.block_size,
        n_embd=c.n_embd,
        n_layer=c.n_layer,
        n_head=c.n_head,
        tie_word_embeddings=False,
        bos_token_id=c.vocab_size,
        eos_token_id=model.eos,
        pad_token_id=model.eos,
        resid_pdrop=0,
        embd_pdrop=0,
        attn_pdrop=0,
    )
    hf = transformers.GPT2LMHeadModel(config).double().eval()
    hf.lm_head = torch.nn.Linear(c.n_embd, c.vocab_size, bias=False, dtype=torch.float64)
    hf.config.vocab_size = c.vocab_size  # BOS, the last input, is no output
    blocks = {
        "ln_1": "ln1",
        "attn.c_attn": "qkv",
        "attn.c_proj": "proj",
        "ln_2": "ln2",
        "mlp.c_fc": "fc",
        "mlp.c_proj": "out",
    }
    state = {"transformer.wte.weight": p["wte"], "transformer.wpe.weight": p["wpe"]}
    state |= {"transformer.ln_f.weight": p["lnf_g"], "transformer.ln_f.bias": p["lnf_b"]}
    state["lm_head.weight"] = p["wte"][: c.vocab_size]
    for layer in range(c.n_layer):
        for theirs, name in blocks.items():
            weight = f"{name}_g" if name.startswith("ln") else f"{name}_w"
            place = f"transformer.h.{layer}.{theirs}"
            state[f"{place}.weight"], state[f"{place}.bias"] = (
                p[weight][layer],
                p[f"{name}_b"][layer],
            )
    hf.load_state_dict({name: torch.tensor(np.array(value)) for name, value in state.items()})
    return hf


def run(statements, names):
    """Value of the last expression of some statements, as nested lists of numbers."""
    *before, last = ast.parse(statements).body
    exec(compile(ast.Module(before, []), "<box>", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "<box>", "eval"), names)
    if hasattr(value, "detach"):
        value = value.detach().double().numpy()
    return np.asarray(value, dtype=float)


def by_torch(chapter):
    """What PyTorch says to each pair of a chapter."""
    names = torchs()
    return [run(pair.torch, names) for pair in pairs(code(chapter))]

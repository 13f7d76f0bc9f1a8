"""Recompute tests/peers/information.json: torch's entropy, divergences and perplexity.

Needs the extra `peers`. Run from the repository's root: python tests/peers/information.py
"""

import json
from pathlib import Path

import numpy as np
import torch


def main():
    rng = np.random.default_rng(0)
    pairs = []
    for size, spread in ((2, 1.0), (5, 1.0), (5, 6.0), (30, 3.0)):
        for dtype in ("float32", "float64"):
            logits = (rng.normal(size=(2, size)) * spread).round(3).tolist()
            q, p = torch.log_softmax(torch.tensor(logits, dtype=getattr(torch, dtype)), dim=-1)
            pairs.append(
                {
                    "logits": logits,
                    "dtype": dtype,
                    "entropy": torch.distributions.Categorical(logits=q).entropy().item(),
                    "kl": torch.nn.functional.kl_div(p, q, reduction="sum", log_target=True).item(),
                    "cross_entropy": (
                        torch.nn.functional.cross_entropy(p[None], q.exp()[None]).item()
                    ),
                }
            )
    logits, targets = (rng.normal(size=(6, 4)) * 2).round(3).tolist(), [0, 3, -100, 2, -100, 1]
    scores, ids = torch.tensor(logits, dtype=torch.float64), torch.tensor(targets)
    nll = torch.nn.functional.cross_entropy(
        scores, ids, ignore_index=-100, reduction="none"
    ).tolist()
    mean = torch.nn.functional.cross_entropy(scores, ids, ignore_index=-100)
    stored = {
        "versions": {"torch": torch.__version__},
        "pairs": pairs,
        "perplexity": {"nll": nll, "targets": targets, "torch": mean.exp().item()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()

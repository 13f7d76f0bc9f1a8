"""Recompute tests/peers/calibration.json.

Temperatures fitted by torch's L-BFGS, as in Guo et al.'s own code.

Needs the extra `peers`. Run from the repository's root: python tests/peers/calibration.py
"""

import json
from pathlib import Path

import numpy as np
import torch


def fitted(logits, targets):
    """The temperature of least cross-entropy."""
    scores, ids = torch.tensor(logits, dtype=torch.float64), torch.tensor(targets)
    temperature = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [temperature],
        max_iter=200,
        tolerance_grad=1e-12,
        tolerance_change=1e-15,
        line_search_fn="strong_wolfe",
    )

    def loss():
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(scores / temperature, ids)
        value.backward()
        return value

    optimizer.step(loss)
    return temperature.item(), loss().item()


def main():
    rng = np.random.default_rng(0)
    cases = []
    for size, stretch in ((2, 0.5), (3, 1.0), (5, 2.5), (10, 6.0)):
        logits = rng.normal(size=(40, size)) * 2
        targets = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1).tolist()
        logits = (logits * stretch).round(3).tolist()
        temperature, loss = fitted(logits, targets)
        cases.append(
            {"logits": logits, "targets": targets, "temperature": temperature, "nll": loss}
        )
    stored = {"versions": {"torch": torch.__version__}, "temperatures": cases}
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()

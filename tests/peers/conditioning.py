"""Recompute tests/peers/conditioning.json.

Classifier-free guidance by transformers' logits processor.

Needs the extra `peers`. Run from the repository's root: python tests/peers/conditioning.py
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import UnbatchedClassifierFreeGuidanceLogitsProcessor
from transformers.modeling_outputs import CausalLMOutputWithPast


def guided(conditional, unconditional, gamma):
    """The processor's scores, with a model that always answers with the unconditional logits."""

    def model(ids, **_):
        return CausalLMOutputWithPast(
            logits=torch.tensor(unconditional)[None, None].repeat(1, ids.shape[1], 1)
        )

    ids = torch.zeros((1, 1), dtype=torch.long)
    processor = UnbatchedClassifierFreeGuidanceLogitsProcessor(gamma, model, unconditional_ids=ids)
    return processor(ids, torch.tensor(conditional)[None])[0].tolist()


def main():
    rng = np.random.default_rng(0)
    cases = []
    for gamma in (0.0, 0.5, 1.5, 3.0, 7.5):
        conditional, unconditional = (rng.normal(size=(2, 8)) * 4).round(3).tolist()
        cases.append(
            {
                "conditional": conditional,
                "unconditional": unconditional,
                "gamma": gamma,
                "transformers": guided(conditional, unconditional, gamma),
            }
        )
    stored = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "guidance": cases,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()

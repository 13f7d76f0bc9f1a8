"""Recompute tests/peers/decoding.json.

The peers are transformers' logits processors, their order in `generate`, and its beam search.

Needs the extra `peers`. Run from the repository's root: python tests/peers/decoding.py
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.generation import logits_process as hf
from transformers.modeling_outputs import CausalLMOutput

INF = float("inf")
VOCAB_SIZE, EOS, BOS, MAX_LEN = 6, 4, 5, 6  # of the toy model; BOS is never drawn

# Each row with an edge: plain, ties, bans, a sure token, and numbers that only float16 rounds
# together.
ROWS = [
    [1.5, -0.3, 0.8, 2.25, -1.0, 0.1, 0.7, -2.0],
    [2.0, 1.0, 1.0, 0.0, 1.0, -3.0, 0.0, -INF],
    [-INF, 0.5, 3.0, -0.75, 1.25, 0.25, 2.0, -4.0],
    [0.0, 80.0, 1.0, 2.0, -80.0, 3.0, 4.0, 5.0],
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
]
PREFIX = [3, 0, 3, 1, 6, 3, 0]
SETTINGS = [
    ("top_k_filter", hf.TopKLogitsWarper, (1, 2, 3, 7, 8, 50)),
    ("top_p_filter", hf.TopPLogitsWarper, (0.01, 0.3, 0.55, 0.9, 0.999)),
    ("min_p_filter", hf.MinPLogitsWarper, (0.0, 0.05, 0.3, 0.7, 1.0)),
    ("typical_filter", hf.TypicalLogitsWarper, (0.05, 0.3, 0.6, 0.95)),
    ("epsilon_filter", hf.EpsilonLogitsWarper, (1e-6, 0.02, 0.1, 0.3, 0.9)),
    ("repetition_penalty", hf.RepetitionPenaltyLogitsProcessor, (0.5, 1.0, 1.3, 4.0)),
    ("no_repeat_ngram", hf.NoRepeatNGramLogitsProcessor, (1, 2, 3, 4, 9)),
]
PIPELINES = [
    {"temperature": 0.7, "top_k": 5, "top_p": 0.8},
    {"temperature": 2.0, "top_p": 0.9, "min_p": 0.2},
    {
        "repetition_penalty": 1.5,
        "no_repeat_ngram": 2,
        "temperature": 1.5,
        "top_k": 6,
        "top_p": 0.95,
        "min_p": 0.05,
        "typical_p": 0.9,
        "epsilon": 0.05,
    },
    {"temperature": 0.5, "typical_p": 0.5},
    {"repetition_penalty": 3.0, "top_p": 0.6, "epsilon": 0.4},
]
TO_TRANSFORMERS = {"no_repeat_ngram": "no_repeat_ngram_size", "epsilon": "epsilon_cutoff"}


class Table(PreTrainedModel, GenerationMixin):
    """A model that reads its log-probabilities from a table by time and last token.

    At MAX_LEN only EOS is left.
    """

    config_class = PretrainedConfig

    def __init__(self, log_probs):
        super().__init__(PretrainedConfig(is_encoder_decoder=False, vocab_size=VOCAB_SIZE))
        # (time, last token, next token)
        self.log_probs = torch.nn.Parameter(torch.tensor(log_probs))

    def forward(self, input_ids, **_):
        rows = self.log_probs[min(input_ids.shape[1], MAX_LEN) - 1, input_ids[:, -1]]
        return CausalLMOutput(logits=rows[:, None].expand(-1, input_ids.shape[1], -1))

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}


def as_row(tensor):
    return [float(x) for x in tensor[0]]


def run_filters():
    prefix = torch.tensor([PREFIX])
    for name, processor, thresholds in SETTINGS:
        for threshold in thresholds:
            for row in ROWS:
                scores = processor(threshold)(prefix, torch.tensor([row]))
                yield {
                    "filter": name,
                    "threshold": threshold,
                    "row": row,
                    "transformers": as_row(scores),
                }


def run_pipelines():
    model = Table(np.zeros((MAX_LEN, VOCAB_SIZE, VOCAB_SIZE), dtype=np.float32))
    for settings in PIPELINES:
        config = GenerationConfig(
            do_sample=True,
            top_h=None,
            **{"top_k": 0, **{TO_TRANSFORMERS.get(k, k): v for k, v in settings.items()}},
        )
        processors = model._get_logits_processor(config, input_ids_seq_length=len(PREFIX))
        for row in ROWS:
            # of ties transformers' nucleus keeps others than ours
            if len(set(row)) < len(row):
                continue
            scores = processors(torch.tensor([PREFIX]), torch.tensor([row]))
            yield {"settings": settings, "row": row, "transformers": as_row(scores)}


def run_beams():
    rng = np.random.default_rng(0)
    for seed in range(6):
        weights = rng.gamma(0.7, size=(MAX_LEN, VOCAB_SIZE, VOCAB_SIZE))
        weights[..., EOS] *= 1 + 2 * (seed % 3)
        weights[..., BOS] = 0
        weights[-1] = np.eye(VOCAB_SIZE)[EOS]
        with np.errstate(divide="ignore"):
            log_probs = np.log(weights / weights.sum(-1, keepdims=True)).round(4).astype(np.float32)
        model = Table(log_probs)
        results = []
        for width in (1, 2, 3, 5):
            for alpha in (0.0, 0.6, 1.0, 2.0):
                found = model.generate(
                    torch.tensor([[BOS]]),
                    max_new_tokens=MAX_LEN,
                    num_beams=width,
                    num_return_sequences=width,
                    length_penalty=alpha,
                    early_stopping="never",
                    do_sample=False,
                    eos_token_id=EOS,
                    pad_token_id=EOS,
                    use_cache=False,
                    return_dict_in_generate=True,
                    output_scores=True,
                )
                tokens = [sequence[1:].tolist() for sequence in found.sequences]
                tokens = [sequence[: sequence.index(EOS) + 1] for sequence in tokens]
                # Width 1 is greedy search in transformers, which has no score.
                scores = found.sequences_scores.tolist() if width > 1 else None
                results.append({"width": width, "alpha": alpha, "tokens": tokens, "scores": scores})
        yield {"log_probs": log_probs.astype(float).round(4).tolist(), "results": results}


def main():
    transformers.logging.set_verbosity_error()
    stored = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "prefix": PREFIX,
        "filters": list(run_filters()),
        "pipelines": list(run_pipelines()),
        "beams": {"eos": EOS, "bos": BOS, "max_len": MAX_LEN, "models": list(run_beams())},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored) + "\n")


if __name__ == "__main__":
    main()

"""Filters and sampling beside transformers and torch (on two threads).

python tests/benchmarks/run.py decoding
"""

import time

import numpy as np

from lmcore.decoding import (
    epsilon_filter,
    min_p_filter,
    sample,
    top_k_filter,
    top_p_filter,
    typical_filter,
)

ROWS, VOCAB_SIZE, REPEATS = 64, 50_257, 9


def agree(ours, theirs):
    """Whether two filters kept the same tokens, up to one per row whose mass rounds either way."""
    return (np.isfinite(ours) != np.isfinite(theirs)).sum(axis=1).max() <= 1


def measurements():
    """The rows that run.py prints.

    Results are compared first, and the two take turns, the best of each counting.
    """
    import torch
    from transformers.generation import logits_process as hf

    torch.set_num_threads(2)
    pairs = [
        (top_p_filter, hf.TopPLogitsWarper, 0.9, 0.3),
        (top_k_filter, hf.TopKLogitsWarper, 50, None),
        (min_p_filter, hf.MinPLogitsWarper, 0.05, None),
        (typical_filter, hf.TypicalLogitsWarper, 0.9, None),
        (epsilon_filter, hf.EpsilonLogitsWarper, 3e-4, None),
    ]
    for shape, scale in (("flat", 1), ("peaked", 4)):
        logits = (
            np.random.default_rng(0).standard_normal((ROWS, VOCAB_SIZE), dtype=np.float32) * scale
        )
        tensor = torch.from_numpy(logits)
        for function, processor, threshold, goal in pairs:
            theirs = processor(threshold)
            assert agree(function(logits[:4], threshold), theirs(None, tensor[:4]).numpy()), (
                function.__name__
            )
            best = best_of(lambda: function(logits, threshold), lambda: theirs(None, tensor))
            yield (
                f"{function.__name__} {ROWS} x {VOCAB_SIZE} {shape}",
                best[0],
                "transformers",
                best[1],
                goal,
            )
        rng, probs = np.random.default_rng(0), torch.softmax(tensor, dim=-1)
        best = best_of(lambda: sample(logits, rng), lambda: torch.multinomial(probs, 1))
        yield f"sample {ROWS} x {VOCAB_SIZE} {shape}", best[0], "torch", best[1], None


def best_of(*functions):
    """Shortest time of each function in seconds, the functions taking turns."""
    best = [np.inf] * len(functions)
    for _ in range(REPEATS):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best

"""Cross-entropy with its gradient, lmcore and torch side by side.

    python tests/benchmarks/run.py likelihood

torch runs forward and backward on two threads, lmcore on one. Runs alternate, and the best of each
counts, so that whatever else the machine does meets both.
"""

import time

import numpy as np

from lmcore.likelihood import cross_entropy, cross_entropy_with_grad

VOCAB_SIZE = 50_257
GOAL = 0.6  # lmcore's time over torch's


def best_of(functions, repeats):
    """Shortest time of each function in seconds, the functions taking turns."""
    best = [float("inf")] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def measure(rows, repeats):
    """(what, lmcore's seconds, torch's seconds, goal) for one number of rows.

    Results are compared first.
    """
    import torch

    torch.set_num_threads(2)
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((rows, VOCAB_SIZE), dtype=np.float32) * 3
    targets = rng.integers(0, VOCAB_SIZE, rows)
    out = np.empty_like(logits)
    leaf, ids = torch.from_numpy(logits).requires_grad_(), torch.from_numpy(targets)

    def torch_both():
        leaf.grad = None
        loss = torch.nn.functional.cross_entropy(leaf, ids)
        loss.backward()
        return loss

    def torch_forward():
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(leaf, ids)

    loss = torch_both()
    ours = cross_entropy_with_grad(logits, targets, out=out)[0]
    assert abs(ours - loss.item()) < 1e-5 * loss.item()
    # all but 3e-8 / rows of that is torch's rounding
    assert np.abs(out - leaf.grad.numpy()).max() < 2e-5 / rows
    fresh, reused, both = best_of(
        [
            lambda: cross_entropy_with_grad(logits, targets),
            lambda: cross_entropy_with_grad(logits, targets, out=out),
            torch_both,
        ],
        repeats,
    )
    loss_only, forward = best_of([lambda: cross_entropy(logits, targets), torch_forward], repeats)
    return [
        (f"cross_entropy_with_grad {rows} x {VOCAB_SIZE}", fresh, both, GOAL),
        (f"cross_entropy_with_grad {rows} x {VOCAB_SIZE}, out=", reused, both, GOAL),
        (f"cross_entropy {rows} x {VOCAB_SIZE}", loss_only, forward, None),
    ]


def measurements():
    """The rows that run.py prints."""
    for rows, repeats in ((256, 7), (4096, 3)):
        for what, ours, torch_seconds, goal in measure(rows, repeats):
            yield what, ours, "torch", torch_seconds, goal

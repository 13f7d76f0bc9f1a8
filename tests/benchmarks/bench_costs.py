"""Time and memory of every function that works on rows, at the size of GPT-2's vocabulary.

    python tests/benchmarks/run.py costs

Time stands beside one pass of `np.exp` over an array of float32 of the same shape, written into a
second one; memory beside what goes in or comes out, whichever is larger. tests/test_costs.py holds
the same ceiling on fewer rows.
"""

import time

import numpy as np
from costs import CALLS, CEILING, Data, call_of, memory

ROWS, VOCAB_SIZE, REPEATS = 64, 50_257, 3


def best_of(call):
    """Shortest time of a few calls in seconds."""
    best = np.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def measurements():
    """The rows that run.py prints: each function's time, then each function's memory."""
    data = Data(ROWS, VOCAB_SIZE)
    out = np.empty_like(data.logits)
    for name in CALLS:
        call, size = call_of(name, data)
        one_pass = best_of(lambda: np.exp(data.logits, out=out))
        yield name, best_of(call), "one exp", one_pass, None
        peak, size = memory(call, size)
        yield f"{name}, memory", peak, "arguments", size, CEILING, "bytes"

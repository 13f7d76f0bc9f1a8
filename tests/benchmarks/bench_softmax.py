"""The softmax family beside SciPy's, one thread each: python tests/benchmarks/run.py softmax"""
import time

import numpy as np
import scipy.special

from lmcore.softmax import log_softmax, logsumexp, softmax

VOCAB_SIZE = 50_257
GOALS = {"log_softmax": 0.65, "logsumexp": 0.35, "softmax": None}


def measurements():
    """The rows that run.py prints; results are compared first, and the two take turns, the best of each counting."""
    for rows, repeats in ((256, 7), (4096, 2)):
        logits = np.random.default_rng(0).standard_normal((rows, VOCAB_SIZE), dtype=np.float32) * 3
        for function in (log_softmax, logsumexp, softmax):
            name = function.__name__
            peer = getattr(scipy.special, name)
            np.testing.assert_allclose(function(logits[:8]), peer(logits[:8], axis=-1), rtol=2e-5, atol=1e-9)
            best = [np.inf, np.inf]
            for _ in range(repeats):
                for i, call in enumerate((lambda: function(logits), lambda: peer(logits, axis=-1))):
                    start = time.perf_counter()
                    call()
                    best[i] = min(best[i], time.perf_counter() - start)
            yield f"{name} {rows} x {VOCAB_SIZE}", best[0], "scipy", best[1], GOALS[name]

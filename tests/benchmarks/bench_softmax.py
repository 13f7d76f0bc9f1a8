"""The softmax family beside SciPy's, one thread each: python tests/benchmarks/run.py softmax

A new array of 200 MB is 50,000 page faults, whoever fills it: hence each function also with
``out=``, which SciPy lacks.
"""

import time
from functools import partial

import numpy as np
import scipy.special

from lmcore.softmax import log_softmax, logsumexp, softmax

VOCAB_SIZE = 50_257
GOALS = {"log_softmax": 0.65, "logsumexp": 0.35, "softmax": None}  # lmcore's time over SciPy's


def measurements():
    """The rows that run.py prints.

    Results are compared first, and all take turns, the best of each counting.
    """
    for rows, repeats in ((256, 7), (4096, 3)):
        logits = np.random.default_rng(0).standard_normal((rows, VOCAB_SIZE), dtype=np.float32) * 3
        out = np.empty_like(logits)
        for function in (log_softmax, logsumexp, softmax):
            name = function.__name__
            peer = partial(getattr(scipy.special, name), axis=-1)
            np.testing.assert_allclose(function(logits[:8]), peer(logits[:8]), rtol=2e-5, atol=1e-9)
            calls = {"scipy": peer, "": function}
            if function is not logsumexp:
                calls[", out="] = partial(function, out=out)
            best = dict.fromkeys(calls, np.inf)
            for _ in range(repeats):
                for way, call in calls.items():
                    start = time.perf_counter()
                    call(logits)
                    best[way] = min(best[way], time.perf_counter() - start)
            theirs = best.pop("scipy")
            for way, ours in best.items():
                yield f"{name} {rows} x {VOCAB_SIZE}{way}", ours, "scipy", theirs, GOALS[name]

"""What a call of each public function of chapters 2 to 10 takes: memory beside its input, Python.

`CALLS` has one call per function that works on rows or on many values, for any number of rows and
any vocabulary. `bench_costs.py` shows what they take at a real size, and tests/test_costs.py holds
the ceilings: in memory three times what goes in or comes out, in Python no loop over rows. (Of
chapter 8 only layers and optimisers are here: its networks have `bench_transformer.py`, its tables
`bench_ngram.py`.)
"""

import sys
import tracemalloc
from functools import partial

import numpy as np

from lmcore import (
    calibration,
    conditioning,
    decoding,
    diagnostics,
    factorization,
    information,
    likelihood,
    scoring,
    softmax,
)
from lmcore.models import blocks, layers, optim

MODULES = (
    softmax,
    factorization,
    likelihood,
    information,
    scoring,
    calibration,
    decoding,
    layers,
    blocks,
    optim,
    conditioning,
    diagnostics,
)
CEILING = 3  # peak memory over that of what goes in or comes out, the larger of the two

# Functions of a model, a text, a pattern or a few numbers: they ask for rows one at a time, or for
# none.
WITHOUT_ROWS = {
    "factorization": "causal_mask conditionals_from_joint continuation_score count_parameters"
    " encode_pair joint_from_conditionals rolling_windows",
    "likelihood": "dataset_log_likelihood",
    "information": "arithmetic_decode arithmetic_encode mutual_information",
    "scoring": "answer_scores length_bias rank_answers",
    "calibration": "search_temperature wilson_interval",
    "decoding": "beam_search exhaustive_search generate greedy speculative_sample",
    "models.blocks": "block block_backward",
    "models.optim": "cosine_schedule",
    "conditioning": "accepts automaton avoiding bm25_index bm25_scores completion_probs condition"
    " constrain either filtered_distribution information_gain iso_date json_value mixture one_of"
    " prompted removed_mass sequence star terms token_table walk",
    "diagnostics": "check_aligned check_grad check_no_leak check_normalized check_target_shift"
    " distinct_n fit_power_law repetition_rate run_checklist sign_test",
    "softmax": "softmax_jacobian",
}


class Data:
    """Arguments for the calls: `n_rows` rows of logits over `vocab_size` tokens, and their kin."""

    def __init__(self, n_rows, vocab_size):
        rng = np.random.default_rng(0)
        shape = (n_rows, vocab_size)
        self.rng = rng
        self.logits = rng.standard_normal(shape, dtype=np.float32) * 3
        self.others = rng.standard_normal(shape, dtype=np.float32) * 3
        self.log_probs = softmax.log_softmax(self.logits)
        self.probs, self.draft = softmax.softmax(self.logits), softmax.softmax(self.others)
        self.targets = decoding.sample(self.logits, rng)
        self.prefixes = rng.integers(vocab_size, size=(n_rows, 16))
        self.weights = softmax.log_softmax(rng.standard_normal(n_rows))
        self.counts = rng.integers(9, size=shape) + 1
        self.mask = rng.random(shape) < 0.5
        # one number per token
        self.losses = -self.log_probs.ravel()
        self.sizes = rng.integers(1, 9, size=self.losses.shape)
        self.confidence = rng.random(self.losses.shape)
        self.correct = rng.random(self.losses.shape) < self.confidence
        self.hidden = rng.standard_normal((n_rows, 8), dtype=np.float32)
        self.head = rng.standard_normal((vocab_size, 8), dtype=np.float32)
        self.gain, self.bias = self.head[:, 0].copy(), self.head[:, 1].copy()
        # (B, T, d) with T = 8, features even in number, weights of attention far from 0 and 1
        even = vocab_size // 2 * 2
        self.texts = (self.logits[:, :even] / np.float32(even)).reshape(-1, 8, even)
        self.params, self.grads = {"w": self.logits}, {"w": self.others}


CALLS = {
    "softmax.lm_head": lambda d: (d.hidden, d.head),
    "softmax.logsumexp": lambda d: (d.logits,),
    "softmax.softmax": lambda d: (d.logits,),
    "softmax.log_softmax": lambda d: (d.logits,),
    "softmax.softmax_backward": lambda d: (d.probs, d.logits),
    "softmax.apply_temperature": lambda d: (d.logits, 0.7),
    "softmax.entropy_slope": lambda d: (d.logits, 0.7),
    "softmax.gumbel_max": lambda d: (d.logits, d.rng),
    "factorization.teacher_forcing": lambda d: (d.counts, 0),
    "factorization.token_log_probs": lambda d: (d.log_probs, d.targets),
    "factorization.sequence_log_prob": lambda d: (d.log_probs, d.targets),
    "likelihood.categorical_mle": lambda d: (d.counts,),
    "likelihood.categorical_log_likelihood": lambda d: (d.counts, d.probs),
    "likelihood.nll": lambda d: (d.log_probs, d.targets),
    "likelihood.cross_entropy": lambda d: (d.logits, d.targets),
    "likelihood.cross_entropy_soft": lambda d: (d.logits, d.probs),
    "likelihood.cross_entropy_grad": lambda d: (d.logits, d.targets),
    "likelihood.cross_entropy_with_grad": lambda d: (d.logits, d.targets),
    "likelihood.one_hot": lambda d: (d.targets, d.logits.shape[1]),
    "likelihood.padding_mask": lambda d: (d.targets, d.logits.shape[1]),
    "likelihood.masked_mean": lambda d: (d.logits, d.mask),
    "likelihood.z_loss": lambda d: (d.logits,),
    "information.entropy": lambda d: (d.probs,),
    "information.cross_entropy_dist": lambda d: (d.probs, d.draft),
    "information.kl_divergence": lambda d: (d.probs, d.draft),
    "information.js_divergence": lambda d: (d.probs, d.draft),
    "information.plugin_entropy": lambda d: (d.counts,),
    "information.miller_madow": lambda d: (d.counts,),
    "information.perplexity": lambda d: (d.losses,),
    "information.bits_per_token": lambda d: (d.losses,),
    "information.bits_per_byte": lambda d: (d.losses, d.sizes),
    "scoring.length_normalized": lambda d: (-d.losses, d.sizes),
    "scoring.pmi_score": lambda d: (d.losses, d.losses),
    "calibration.reliability": lambda d: (d.confidence, d.correct),
    "calibration.expected_calibration_error": lambda d: (d.confidence, d.correct),
    "calibration.maximum_calibration_error": lambda d: (d.confidence, d.correct),
    "calibration.ece_floor": lambda d: (d.confidence,),
    "calibration.brier_score": lambda d: (d.probs, d.targets),
    "calibration.brier_decomposition": lambda d: (d.confidence, d.correct, 15),
    "calibration.top_label": lambda d: (d.logits, d.targets, 0.7),
    "calibration.temperature_nll": lambda d: (d.logits, d.targets, 0.7),
    "calibration.fit_temperature": lambda d: (d.logits, d.targets),
    "decoding.top_k_filter": lambda d: (d.logits, 5),
    "decoding.top_p_filter": lambda d: (d.logits, 0.9),
    "decoding.min_p_filter": lambda d: (d.logits, 0.05),
    "decoding.typical_filter": lambda d: (d.logits, 0.9),
    "decoding.epsilon_filter": lambda d: (d.logits, 3e-4),
    "decoding.repetition_penalty": lambda d: (d.logits, d.prefixes, 1.2),
    "decoding.no_repeat_ngram": lambda d: (d.logits, d.prefixes, 2),
    "decoding.contrastive_logits": lambda d: (d.logits, d.others),
    "decoding.sample": lambda d: (d.logits, d.rng),
    "decoding.process_logits": lambda d: (d.logits,),
    "decoding.acceptance_probs": lambda d: (d.probs, d.draft),
    "decoding.residual_distribution": lambda d: (d.probs, d.draft),
    "models.layers.linear_backward": lambda d: (d.logits, d.hidden, d.head.T),
    "models.layers.embedding_backward": lambda d: (d.hidden, d.targets, d.logits.shape[1]),
    "models.layers.layer_norm": lambda d: (d.logits, d.gain, d.bias),
    "models.layers.layer_norm_backward": lambda d: (
        d.others,
        layers.layer_norm(d.logits, d.gain, d.bias)[1],
    ),
    "models.layers.gelu": lambda d: (d.logits,),
    "models.layers.gelu_backward": lambda d: (d.others, layers.gelu(d.logits)[1]),
    "models.blocks.attention": lambda d: (d.texts, d.texts, d.texts),
    "models.blocks.attention_backward": lambda d: (
        d.texts,
        blocks.attention(d.texts, d.texts, d.texts)[1],
    ),
    "models.blocks.rotary": lambda d: (d.texts, np.arange(8)),
    "models.optim.adamw_init": lambda d: (d.params,),
    "models.optim.adamw": lambda d: (d.params, d.grads, optim.adamw_init(d.params), 1e-3),
    "models.optim.clip_grad_norm": lambda d: (d.grads, 1.0),
    "conditioning.logit_bias": lambda d: (d.logits, {0: 5.0}),
    "conditioning.ban": lambda d: (d.logits, [0, 1]),
    "conditioning.guidance": lambda d: (d.logits, d.others, 1.5),
    "conditioning.mixture_log_prob": lambda d: (d.weights, d.log_probs),
    "diagnostics.validate_distribution": lambda d: (d.probs,),
    "diagnostics.token_rank": lambda d: (d.log_probs, d.targets),
    "diagnostics.top_k_accuracy": lambda d: (d.log_probs, d.targets, 5),
    "diagnostics.auroc": lambda d: (d.confidence, d.correct),
    "diagnostics.mean_stderr": lambda d: (d.losses,),
    "diagnostics.combine_shards": lambda d: ([d.logits, d.others], [3, 1]),
}
SETTINGS = {"decoding.process_logits": {"temperature": 0.7, "top_k": 40, "top_p": 0.9}}


def call_of(name, data):
    """A call without arguments, and the size in bytes of what goes into it."""
    arguments = CALLS[name](data)
    return partial(function_of(name), *arguments, **SETTINGS.get(name, {})), n_bytes(arguments)


def function_of(name):
    """The function that a key of `CALLS` names."""
    module, _, function = name.rpartition(".")
    return getattr(sys.modules[f"lmcore.{module}"], function)


def n_bytes(value):
    """Bytes of all arrays in a value."""
    return sum(array.nbytes for array in arrays_of(value))


def arrays_of(value):
    """All arrays in a value that may be a tuple, a list, a dict, or hold its own in fields."""
    if isinstance(value, np.ndarray):
        return [value]
    if hasattr(value, "__dict__") and not isinstance(value, np.random.Generator):
        value = vars(value)
    parts = value.values() if isinstance(value, dict) else value
    if not isinstance(parts, tuple | list | type({}.values())):
        return []
    return [array for part in parts for array in arrays_of(part)]


def memory(call, input_bytes):
    """Peak memory of a call in bytes, its result included, and the size that it is measured by."""
    call()  # what is loaded or kept at the first call is not the call's
    tracemalloc.start()
    try:
        result = call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak, max(input_bytes, n_bytes(result))


def opcodes(call):
    """How many instructions of Python a call takes, a measure that no load of the machine moves.

    From Python 3.12 on, a function tells of its instructions only after it was asked to in an
    earlier call: the second call is the one that is counted.
    """
    count = 0

    def trace(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    for _ in range(2):
        count = 0
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
    return count

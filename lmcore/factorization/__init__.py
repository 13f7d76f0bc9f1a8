"""The chain rule at work: conditionals, causal masks, teacher forcing, scores (chapter 2).

Works on probabilities and log-probabilities; where logits come from is chapter 3. Arrays of
log-probabilities are aligned: row t is the distribution from which token t is drawn, so no caller
ever shifts.
"""

from lmcore.factorization.continuations import (
    ContinuationScore,
    Window,
    continuation_score,
    encode_pair,
    rolling_windows,
)
from lmcore.factorization.sequences import (
    causal_mask,
    sequence_log_prob,
    teacher_forcing,
    token_log_probs,
)
from lmcore.factorization.tables import (
    conditionals_from_joint,
    count_parameters,
    joint_from_conditionals,
)

__all__ = [
    "ContinuationScore",
    "Window",
    "causal_mask",
    "conditionals_from_joint",
    "continuation_score",
    "count_parameters",
    "encode_pair",
    "joint_from_conditionals",
    "rolling_windows",
    "sequence_log_prob",
    "teacher_forcing",
    "token_log_probs",
]

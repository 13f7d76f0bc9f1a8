"""Diagnostics: checks that fail when code is wrong, measures with their errors (chapter 10).

===============  ==================================================================================
section          functions
===============  ==================================================================================
10.1 checks      `validate_distribution`, `check_normalized`, `check_aligned`, `check_no_leak`
10.2 sanity      `check_target_shift`, `token_rank`, `top_k_accuracy`, `mean_stderr`, `sign_test`
10.3 shift       `auroc`
10.4 generation  `distinct_n`, `repetition_rate`
10.5 scale       `check_grad`, `combine_shards`, `fit_power_law`; for all chapters `CHECKLIST`,
                 `run_checklist`
===============  ==================================================================================

A check returns the worst deviation that it saw and raises a ValueError naming the worst offender
where that is more than rounding explains.
"""

from lmcore.diagnostics.checklist import CHECKLIST, Check, Finding, run_checklist
from lmcore.diagnostics.checks import (
    check_aligned,
    check_grad,
    check_no_leak,
    check_normalized,
    check_target_shift,
    validate_distribution,
)
from lmcore.diagnostics.measures import (
    MeanStderr,
    SignTest,
    auroc,
    distinct_n,
    mean_stderr,
    repetition_rate,
    sign_test,
    token_rank,
    top_k_accuracy,
)
from lmcore.diagnostics.scaling import PowerLaw, combine_shards, fit_power_law

__all__ = [
    "CHECKLIST",
    "Check",
    "Finding",
    "MeanStderr",
    "PowerLaw",
    "SignTest",
    "auroc",
    "check_aligned",
    "check_grad",
    "check_no_leak",
    "check_normalized",
    "check_target_shift",
    "combine_shards",
    "distinct_n",
    "fit_power_law",
    "mean_stderr",
    "repetition_rate",
    "run_checklist",
    "sign_test",
    "token_rank",
    "top_k_accuracy",
    "validate_distribution",
]

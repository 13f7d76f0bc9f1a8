"""Conditional generation: prompts, retrieval, constraints, guidance, filters (chapter 9).

===============  =================================================================================
section          functions
===============  =================================================================================
9.1 prompts      `prompted`, `information_gain`
9.2 retrieval    `terms`, `bm25_index`, `bm25_scores`, `mixture_log_prob`, `mixture`
9.3 constraints  `logit_bias`, `ban`; patterns `one_of`, `sequence`, `either`, `star`, `iso_date`,
                 `json_value`; `automaton`, `avoiding`, `accepts`, `token_table`; `constrain`,
                 `walk`, `removed_mass`; the true conditional: `completion_probs`, `condition`
9.4 guidance     `guidance`
9.5 filters      `filtered_distribution`
===============  =================================================================================

A constraint is a table of states by tokens: ``table[s, v]`` is the state after token v, -1 where v
is not allowed.
"""

from lmcore.conditioning.automata import (
    Automaton,
    accepts,
    automaton,
    avoiding,
    either,
    iso_date,
    json_value,
    one_of,
    sequence,
    star,
    token_table,
)
from lmcore.conditioning.constraints import (
    ban,
    completion_probs,
    condition,
    constrain,
    filtered_distribution,
    guidance,
    logit_bias,
    removed_mass,
    walk,
)
from lmcore.conditioning.context import (
    BM25Index,
    bm25_index,
    bm25_scores,
    information_gain,
    mixture,
    mixture_log_prob,
    prompted,
    terms,
)

__all__ = [
    "Automaton",
    "BM25Index",
    "accepts",
    "automaton",
    "avoiding",
    "ban",
    "bm25_index",
    "bm25_scores",
    "completion_probs",
    "condition",
    "constrain",
    "either",
    "filtered_distribution",
    "guidance",
    "information_gain",
    "iso_date",
    "json_value",
    "logit_bias",
    "mixture",
    "mixture_log_prob",
    "one_of",
    "prompted",
    "removed_mass",
    "sequence",
    "star",
    "terms",
    "token_table",
    "walk",
]

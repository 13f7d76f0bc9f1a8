"""Language models from counts to transformers (chapter 8).

===============  ===============================================
section          modules
===============  ===============================================
8.1, 8.2 counts  `ngram`
8.3 features     `nplm`, trained by `optim`
8.4 recurrence   `rnn`
8.5 attention    `transformer`, made of `blocks`, and `layers`
===============  ===============================================

`neural` says what the families of networks share and serves their parameters as a language model,
`characters` are the tokens of the pocket models, `pretrained` loads those. A module is loaded when
it is first asked for.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_MODULES = (
    "ngram",
    "nplm",
    "optim",
    "rnn",
    "transformer",
    "blocks",
    "layers",
    "neural",
    "characters",
    "pretrained",
)


def __getattr__(name: str) -> ModuleType:
    """Import a module when ``lmcore.models.<name>`` is first asked for."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; modules: {_MODULES}")


def __dir__() -> list[str]:
    """What there is to ask for, loaded or not."""
    return sorted([*_MODULES, "__doc__"])

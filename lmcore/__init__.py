"""The numerical core of a course on language-model probability: one module per chapter.

Pure NumPy. Modules, in the book's order: `distributions`, `factorization`, `softmax`, `likelihood`,
`information`, `scoring` and `calibration`, `decoding`, `models`, `conditioning`, `diagnostics`;
beside them `data`, `plotting` and `check`, which the assignments' test cells call. A module is
loaded when it is first asked for:

>>> import lmcore
>>> lmcore.softmax.softmax([0.0, 0.0])
array([0.5, 0.5])
"""

from __future__ import annotations

import importlib
from types import ModuleType

# the one place: pyproject.toml reads it, a test compares CITATION.cff and _config.yml with it
__version__ = "0.1.0"

_MODULES = (
    "distributions",
    "factorization",
    "softmax",
    "likelihood",
    "information",
    "scoring",
    "calibration",
    "decoding",
    "models",
    "conditioning",
    "diagnostics",
    "data",
    "plotting",
    "check",
)


def __getattr__(name: str) -> ModuleType:
    """Import a module when ``lmcore.<name>`` is first asked for."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; modules: {_MODULES}")


def __dir__() -> list[str]:
    """What there is to ask for, loaded or not."""
    return sorted([*_MODULES, "__version__", "__doc__"])

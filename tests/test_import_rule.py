"""A chapter's module stands on earlier chapters alone: the import rule, held over every file of lmcore.

Each chapter imports from earlier chapters, numpy, the standard library and `lmcore._arrays`,
`lmcore._checks` and `lmcore._typing`, and nothing else; `models`
may read `data`, on which its pocket models are trained. `data` imports no chapter. Nothing imports `plotting` or
`check`. So a reader can stop at any chapter, and `import lmcore` costs no more than numpy.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lmcore

ROOT = Path(lmcore.__file__).parent
CHAPTERS = [
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
]
# may import anything; nothing else may import them
FREE = {"plotting", "check"}
READS_DATA = {"models"}
THIRD_PARTY = {"numpy"}
# imported inside the function that rereads the LLM's weights
RECORDING_ONLY = {"data": {"gguf"}}


def module_name(path, root):
    """lmcore/models/ngram/__init__.py -> lmcore.models.ngram"""
    parts = ("lmcore", *path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path, root):
    """(line, absolute dotted name) of everything that a file imports, inside functions too."""
    name = module_name(path, root)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join(above + ([base] if base else []))
            # `from lmcore import softmax` imports the module lmcore.softmax
            yield from (
                (node.lineno, f"lmcore.{alias.name}" if base == "lmcore" else base)
                for alias in node.names
            )


def objection(part, imported):
    """Why `part` of lmcore may not import this name, or None."""
    top, _, rest = imported.partition(".")
    target = rest.partition(".")[0]
    if part in FREE or imported == "lmcore":
        return None
    if top != "lmcore":
        allowed = (
            top in sys.stdlib_module_names
            or top in THIRD_PARTY
            or top in RECORDING_ONLY.get(part, ())
        )
        return None if allowed else "is neither numpy nor the standard library"
    if target in (part, "_arrays", "_checks", "_typing", "__version__"):
        return None
    if target == "data":
        return None if part in READS_DATA else "is data, which only models reads"
    if target not in CHAPTERS:
        return "is no chapter's module"
    if part not in CHAPTERS:
        return "is a chapter's module, on which nothing outside the chapters stands"
    return None if CHAPTERS.index(target) < CHAPTERS.index(part) else "belongs to a later chapter"


def violations(root):
    """One line for each import under `root` that breaks the rule."""
    found = []
    for path in sorted(root.rglob("*.py")):
        part = module_name(path, root).partition(".")[2].partition(".")[0]
        for line, imported in imports(path, root):
            why = objection(part, imported)
            if why:
                found.append(f"{path.relative_to(root)}:{line} imports {imported}, which {why}")
    return found


def test_every_module_is_placed():
    """A module that is nowhere in the order would escape the rule."""
    parts = {
        path.stem if path.is_file() else path.name
        for path in ROOT.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    unplaced = (
        {part for part in parts if not part.startswith("_")} - set(CHAPTERS) - FREE - {"data"}
    )
    assert not unplaced, f"say in this file where these stand: {sorted(unplaced)}"


def test_no_module_breaks_the_rule():
    found = violations(ROOT)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "part, line, why",
    [
        ("distributions", "from lmcore.softmax import softmax", "belongs to a later chapter"),
        ("softmax", "from lmcore import likelihood", "belongs to a later chapter"),
        ("scoring", "import lmcore.calibration.measures as m", "belongs to a later chapter"),
        (
            "decoding",
            "def f():\n    from lmcore.models.ngram import mle",
            "belongs to a later chapter",
        ),
        (
            "models/deep/inner",
            "from ...diagnostics import check_grad",
            "belongs to a later chapter",
        ),
        ("softmax", "from .likelihood import nll", "belongs to a later chapter"),
        ("conditioning", "from lmcore.plotting import use_style", "is no chapter's module"),
        ("data/texts", "import lmcore.check", "is no chapter's module"),
        ("data/texts", "import nbjudge", "is neither numpy nor the standard library"),
        ("information", "from lmcore.data import speeches", "is data, which only models reads"),
        (
            "data/texts",
            "from lmcore.distributions import Vocabulary",
            "nothing outside the chapters stands",
        ),
        ("likelihood", "import scipy.special", "is neither numpy nor the standard library"),
        ("models/neural", "import gguf", "is neither numpy nor the standard library"),
        ("_arrays", "from lmcore.softmax import softmax", "nothing outside the chapters stands"),
        ("__init__", "from lmcore.softmax import softmax", "nothing outside the chapters stands"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, part, line, why):
    path = tmp_path / f"{part}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"import math\n{line}\n", encoding="utf-8")
    found = violations(tmp_path)
    assert len(found) == 1 and found[0].startswith(f"{part}.py:") and why in found[0]


@pytest.mark.parametrize(
    "part, line",
    [
        ("factorization", "from lmcore.distributions import MarkovSource"),
        ("likelihood/losses", "from ..softmax import log_softmax"),
        ("models/neural", "from lmcore.data import speeches\nfrom . import layers"),
        (
            "softmax",
            (
                "import numpy.linalg\nfrom functools import cache\nfrom lmcore._arrays import"
                " as_floats"
            ),
        ),
        ("plotting", "import matplotlib.pyplot\nfrom lmcore.diagnostics import check_grad"),
        ("check", "import numpy as np"),
    ],
)
def test_what_is_allowed_is_not_objected_to(tmp_path, part, line):
    path = tmp_path / f"{part}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line, encoding="utf-8")
    assert violations(tmp_path) == []


def modules_loaded_by(code):
    """Top-level names in sys.modules after `code`, of packages that are not the standard library's."""
    report = (
        "import sys; print(*{name.partition('.')[0] for name in sys.modules} -"
        # Python 3.15 has a module of its own that it does not list
        " {*sys.stdlib_module_names, '_missing_stdlib_info'})"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_importing_lmcore_loads_nothing_else():
    assert modules_loaded_by("import lmcore") - modules_loaded_by("pass") == {"lmcore"}


def test_importing_every_chapter_loads_numpy_alone():
    names = [
        module_name(path, ROOT) for path in sorted(ROOT.rglob("*.py")) if path.name != "__main__.py"
    ]
    chapters = [
        name for name in names if name.split(".")[1:2] and name.split(".")[1] in [*CHAPTERS, "data"]
    ]
    assert len(chapters) > len(CHAPTERS)
    loaded = modules_loaded_by("import " + ", ".join(chapters)) - modules_loaded_by("import numpy")
    assert loaded == {"lmcore"}, (
        f"importing lmcore's chapters also loads {sorted(loaded - {'lmcore'})}"
    )

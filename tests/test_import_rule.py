"""A chapter imports from earlier chapters.

The contracts in pyproject.toml, and what they cannot say.

`make lint` holds the contracts over the sources. Here each of them is seen to fail. Beside them,
lmcore imports nothing from outside but numpy, and `import lmcore` costs no more than that.
"""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample_class import HOME

ROOT = HOME / "lmcore"
THIRD_PARTY = {"numpy"}
# may import anything; nothing else may import them, which a contract says
FREE = {"plotting", "check"}


def strangers(root):
    """One line for each import, inside functions too, of what is no part of lmcore, Python or
    numpy.
    """
    found = []
    for path in sorted(root.rglob("*.py")):
        place = path.relative_to(root)
        part = place.parts[0].removesuffix(".py")
        allowed = {"lmcore", *sys.stdlib_module_names, *THIRD_PARTY}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                if part not in FREE and name.partition(".")[0] not in allowed:
                    found.append(f"{place}:{node.lineno} imports {name}")
    return found


def test_lmcore_imports_numpy_and_the_standard_library_alone():
    found = strangers(ROOT)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "part, line, found",
    [
        ("likelihood", "import scipy.special", ["likelihood.py:1 imports scipy.special"]),
        ("models/neural", "import gguf", ["models/neural.py:1 imports gguf"]),
        (
            "softmax",
            "def f():\n    from torch import nn",
            ["softmax.py:2 imports torch"],
        ),
        ("data/llm", "from tools import train_models", ["data/llm.py:1 imports tools"]),
        ("softmax", "import numpy.linalg\nfrom .likelihood import nll", []),
        ("plotting", "import matplotlib.pyplot", []),
    ],
)
def test_an_import_from_elsewhere_is_found(tmp_path, part, line, found):
    path = tmp_path / f"{part}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line, encoding="utf-8")
    assert strangers(tmp_path) == found


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The sources of both packages and the contracts over them, in a folder where they may be
    broken.
    """
    folder = tmp_path_factory.mktemp("sources")
    shutil.copy(HOME / "pyproject.toml", folder)
    for package in (ROOT, HOME / "nbjudge" / "src" / "nbjudge"):
        for path in package.rglob("*.py"):
            copy = folder / package.name / path.relative_to(package)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return folder


def broken(folder):
    """What import-linter says of the sources in a folder: the contracts that are broken."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo"], cwd=folder, capture_output=True, text=True)
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return {
        line.removesuffix(" BROKEN")
        for line in done.stdout.splitlines()
        if line.endswith(" BROKEN")
    }


@pytest.mark.parametrize(
    "module, line, contract",
    [
        (
            "lmcore/distributions/sources",
            "from lmcore.softmax import softmax",
            "A chapter imports from earlier chapters only",
        ),
        (
            "lmcore/softmax",
            "def late():\n    from .likelihood import nll",
            "A chapter imports from earlier chapters only",
        ),
        ("lmcore/new", "import math", "A chapter imports from earlier chapters only"),
        (
            "lmcore/conditioning/context",
            "from lmcore.plotting import use_style",
            "Nothing in lmcore imports plotting or check",
        ),
        (
            "lmcore/information/coding",
            "from lmcore.data import speeches",
            "Of the chapters only models reads data",
        ),
        (
            "lmcore/data/texts",
            "from lmcore.distributions import Vocabulary",
            "data imports no chapter",
        ),
        (
            "lmcore/scoring",
            "import nbjudge",
            "The course's numbers and the grader know nothing of each other",
        ),
        (
            "nbjudge/sandbox/limits",
            "from nbjudge.files import replace",
            "The grader's rooms import downwards",
        ),
        (
            "nbjudge/execution/kernel",
            "from nbjudge.sandbox.limits import Limits",
            "Students' code runs beside the wire alone",
        ),
    ],
)
def test_a_planted_import_breaks_its_contract(copies, module, line, contract):
    path = copies / f"{module}.py"
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        assert contract in broken(copies)
    finally:
        path.unlink() if before is None else path.write_text(before, encoding="utf-8")


def test_the_contracts_hold_as_the_sources_are(copies):
    assert broken(copies) == set()


def modules_loaded_by(code):
    """Names in sys.modules after `code`, of packages that are not the standard library's."""
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
        ".".join(("lmcore", *path.relative_to(ROOT).with_suffix("").parts))
        for path in sorted(ROOT.rglob("*.py"))
        if path.stem not in {"__main__", "__init__"} | FREE
    ]
    assert len(names) > 30
    loaded = modules_loaded_by("import " + ", ".join(names)) - modules_loaded_by("import numpy")
    assert loaded == {"lmcore"}, f"importing lmcore also loads {sorted(loaded - {'lmcore'})}"

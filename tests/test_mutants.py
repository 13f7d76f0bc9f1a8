"""The list of planted mistakes still fits the code; `python -m tests.mutants` plants them."""

from pathlib import Path

from mutants.__main__ import verdict
from mutants.table import MUTANTS, Mutant, misfits

ROOT = Path(__file__).resolve().parents[1]


def test_every_mutant_can_still_be_planted():
    assert misfits(MUTANTS, ROOT) == []


def test_mutants_are_many_and_differ():
    assert len(MUTANTS) >= 40
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.old != mutant.new for mutant in MUTANTS)


def test_every_module_has_some():
    files = {mutant.file for mutant in MUTANTS}
    for module in (
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
    ):
        assert any(file.startswith(f"lmcore/{module}") for file in files), module


def test_a_text_that_is_gone_is_named(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    gone = [
        Mutant("a.py", "a.py", "y = 2", "y = 3", "first"),
        Mutant("a.py", "none.py", "x = 1", "x = 2", "second"),
        Mutant("b.py", "a.py", "x", "y", "third"),
    ]
    assert [line.split(": ")[1] for line in misfits(gone, tmp_path)] == [
        "first",
        "second",
        "second",
        "third",
    ]
    assert "stands there 2 times" in misfits(gone, tmp_path)[1]


def test_verdicts():
    assert [verdict(status) for status in (0, 1, None, 2)] == [
        "SURVIVED",
        "killed",
        "killed (time-out)",
        "SPOILED",
    ]

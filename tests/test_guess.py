"""course_ext/guess.py: the numbers that guesses are compared with are printed by the notebooks."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason='the site needs the extra "book"')
HOME = Path(__file__).resolve().parents[1]


@pytest.fixture
def guess(monkeypatch):
    monkeypatch.syspath_prepend(str(HOME / "book" / "_ext"))
    from course_ext import guess

    yield guess
    sys.modules.pop("course_ext.guess", None)


def test_each_number_is_printed_by_one_cell(guess):
    for name, asked in guess.NUMBERS.items():
        notebook = json.loads((HOME / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
        place, number = guess.computed(notebook, asked.pattern)
        assert place >= 1 and float(number) > 0, name


def test_a_number_that_is_printed_nowhere_or_twice_stops_the_build(guess):
    from sphinx.errors import ExtensionError

    def printing(*texts):
        outputs = [{"text": [text]} for text in texts]
        return {"cells": [{"cell_type": "code", "outputs": outputs}]}

    assert guess.computed(printing("loss 2.5\n"), r"loss ([\d.]+)") == (0, "2.5")
    for texts in ((), ("loss\n",), ("a loss 2.5\n",), ("loss 2.5\n", "loss 2.5\n")):
        with pytest.raises(ExtensionError, match="must describe one printed line"):
            guess.computed(printing(*texts), r"loss ([\d.]+)")

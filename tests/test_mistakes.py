"""Every known mistake of a hidden test can be recognised: it runs, and is wrong as no other is."""

import contextlib
import io
import traceback
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lmcore import check, softmax

HOME = Path(__file__).resolve().parents[1]
SOURCES = sorted(HOME.glob("solutions/*/exercises.ipynb"))


def run_and_listen(path):
    """{message: whether a student can be told it} of the mistakes that a source notebook knows."""
    fires, against = {}, check.against

    def listening(name, answer, reference, cases, *, mistakes=None, rtol=1e-6, atol=1e-9, **more):
        cases = list(cases)
        # now: what a mistake reads may be something else in a later cell
        for message, told in recognised(reference, cases, mistakes or {}, (rtol, atol)).items():
            fires[message] = fires.get(message, False) or told
        how = {"mistakes": mistakes, "rtol": rtol, "atol": atol}
        return against(name, answer, reference, cases, **how, **more)

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(check, "against", listening)
        names = {"__name__": "__main__"}
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, str(path), "exec"), names)
    return fires


def values(function, cases):
    """What a function gives for each case; where it raises, the kind; None if lmcore does, which
    answers do not call.
    """
    return [value_or_kind(function, case) for case in cases]


def value_or_kind(function, case):
    """What a function gives for one case."""
    try:
        with check._quiet():
            return function(*check._copy(case))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1].filename
        return None if Path(last).is_relative_to(HOME / "lmcore") else type(error)


def same(one, other, tolerances):
    """Whether two values would pass for each other."""
    if any(isinstance(value, (type, str)) for value in (one, other)):
        return type(one) is type(other) and one == other
    try:
        one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
        return one.shape == other.shape and np.allclose(one, other, *tolerances, equal_nan=True)
    except (TypeError, ValueError):
        return False


def recognised(reference, cases, mistakes, tolerances):
    """{message: whether it would be told} to a student who makes exactly this mistake here.

    It must give a value for each case, or raise an exception of its own, somewhere be wrong, and no
    earlier mistake may give the same everywhere.
    """
    right, earlier, told = values(reference, cases), [], {}
    for message, wrong in mistakes.items():
        given = values(wrong, cases)
        told[message] = (
            all(value is not None for value in given)
            and not all(map(same, given, right, [tolerances] * len(cases)))
            and not any(all(map(same, given, one, [tolerances] * len(cases))) for one in earlier)
        )
        earlier.append(given)
    return told


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.name)
def test_every_known_mistake_can_be_recognised(path):
    fires = run_and_listen(path)
    assert fires
    assert [message for message, told in fires.items() if not told] == []


def test_a_mistake_that_cannot_fire_is_found():
    def refused(x):
        return softmax.softmax([np.nan * x])

    mistakes = {
        "refused": refused,
        "right": abs,
        "twice": lambda x: 2 * x,
        "again": lambda x: x + x,
    }
    told = recognised(abs, [(1.0,), (2.0,)], mistakes, (1e-6, 1e-9))
    assert told == {"refused": False, "right": False, "twice": True, "again": False}

"""The points of ordinary assignments are those of stock nbgrader, kind by kind."""

from pathlib import Path

import pytest
from nbjudge.sandbox.isolation import find_method
from nbjudge.sandbox.levels import NAMESPACES, level_of

from . import course, ours, stock
from .kinds import KINDS

STOCK = stock.stored()


def total(points):
    """All points of one work."""
    return sum(score or 0 for notebook in points.values() for score in notebook.values())


@pytest.mark.parametrize("name", KINDS)
def test_stock_has_graded_this_kind_and_tells_right_from_wrong(name):
    kind, entry = KINDS[name], STOCK.get(name)
    advice = f"run python {Path(stock.__file__).name} {name}"
    assert entry is not None and entry["digest"] == kind.digest, advice
    for title, points in entry["points"].items():
        assert isinstance(points, str) == title.startswith("refused"), f"{title}: {points}"
        if title.startswith("right"):
            assert total(points) == kind.most, title
        if title.startswith(("wrong", "blank")) and kind.most:
            assert total(points) < kind.most, title


def test_the_readme_says_how_many_kinds_there_are():
    readme = Path(__file__).parents[2] / "README.md"
    assert f"on each of the {len(KINDS)} kinds of assignment" in readme.read_text("utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_points_are_those_of_stock(name, warm, tmp_path):
    kind = KINDS[name]
    if kind.missing:
        pytest.skip(f"it needs {', '.join(kind.missing)}")
    if kind.namespaces and level_of(find_method()) != NAMESPACES:
        pytest.skip("it takes namespaces: it shares memory between processes, or looks at the root")
    course.make(kind, tmp_path)
    found, remarks = ours.grade(kind, tmp_path)
    if lines := list(differences(kind, found, remarks)):
        pytest.fail("\n".join([kind.about, *lines]), pytrace=False)


def differences(kind, found, remarks):
    """Where our points are not stock's: a line for each cell."""
    stocks = STOCK[kind.name]["points"]
    for title, work in kind.works.items():
        expected = stocks[work.like or title]
        if isinstance(expected, str):
            continue
        for notebook, cells in expected.items():
            for grade_id, points in cells.items():
                here = _found(found, remarks, title, notebook, grade_id)
                kinder = work.kinder and isinstance(here, float) and here > (points or 0)
                if here != points and not kinder:
                    yield f"{title}, {notebook}, {grade_id}: stock {points}, here {here}"


def _found(found, remarks, title, notebook, grade_id):
    """Our points of one cell, or why there are none."""
    if title not in found:
        return f"no grade ({remarks.get(title, 'and no remark')})"
    return found[title].get(notebook, {}).get(grade_id, "no such cell")

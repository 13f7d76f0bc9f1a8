"""The points of ordinary assignments are those of stock nbgrader, kind by kind."""

from pathlib import Path

import pytest

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
    points = {title: one for title, one in entry["points"].items() if isinstance(one, dict)}
    right = total(points["right"])
    assert right == kind.most, "the author's own solution loses points"
    for title, one in points.items():
        if title.startswith("right"):
            assert total(one) == right, title
        if title.startswith(("wrong", "blank")):
            assert total(one) < right, title


@pytest.mark.parametrize("name", KINDS)
def test_points_are_those_of_stock(name, tmp_path):
    kind = KINDS[name]
    if kind.missing:
        pytest.skip(f"it needs {', '.join(kind.missing)}")
    course.make(kind, tmp_path)
    found, remarks = ours.grade(kind, tmp_path)
    differences = [
        f"{title}, {notebook}, {grade_id}: stock {points}, here {here}"
        for title, expected in STOCK[name]["points"].items()
        if isinstance(expected, dict)
        for notebook, cells in expected.items()
        for grade_id, points in cells.items()
        if (here := _found(found, remarks, title, notebook, grade_id)) != points
    ]
    if differences:
        pytest.fail("\n".join([kind.about, *differences]), pytrace=False)


def _found(found, remarks, title, notebook, grade_id):
    """Our points of one cell, or why there are none."""
    if title not in found:
        return f"no grade ({remarks.get(title, 'and no remark')})"
    return found[title].get(notebook, {}).get(grade_id, "no such cell")

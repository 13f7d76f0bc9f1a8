"""Every test of this course's assignments is judged apart, where points cannot be forged."""

from pathlib import Path

import pytest
from nbjudge.course import course_config
from nbjudge.execution import engine, servers
from nbjudge.selfgrade import prepare

HOME = Path(__file__).resolve().parents[1]
SOURCES = sorted(HOME.glob("solutions/*/*.ipynb"))


@pytest.fixture(scope="module")
def run():
    """Grades submissions of a spec in this process's sandbox."""
    yield lambda spec, submissions: [engine.grade(spec, one) for one in submissions]
    servers.close()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.name)
def test_all_tests_stay_apart_and_none_pays_for_nothing(path, run):
    prepared = prepare(path, run, config=course_config(HOME))
    tests = [cell for cell in prepared.spec.cells if cell.role == "test"]
    assert len(tests) >= 3
    assert {cell.grade_id: cell.reason for cell in tests if cell.way != "apart"} == {}
    assert [cell.grade_id for cell in tests if cell.compares] == []
    # an object given in the place of data cannot say that it is right
    asked = [cell.grade_id for cell in tests if cell.asks]
    assert asked == [], asked
    assert prepared.warnings == []

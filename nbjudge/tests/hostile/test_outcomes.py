"""The guide's tables are what was measured.

Nothing in them was typed, and what has changed since is noticed.
"""

import json
from collections import Counter

import pytest
from benchmarks import sizes
from bookreader import between

from .cases import CASES
from .outcomes import (
    BEGIN,
    END,
    GUIDE,
    OURS,
    README,
    UNHELD,
    WORDS,
    WRITTEN_ROW,
    digest,
    kept,
    row,
    table,
    words_for,
)
from .test_hostile import ENDED_BY_LANDLOCK

AGAIN = "run python nbjudge/tests/hostile/outcomes.py ours, stock and table again"
# cases of each kind that stock nbgrader has been given
LEAST = 4


def test_every_case_was_tried_as_it_is_now():
    assert {name: record["case"] for name, record in kept().items()} == {
        name: digest(case) for name, case in CASES.items()
    }, AGAIN


@pytest.mark.parametrize("level", OURS)
def test_nbjudge_did_with_every_case_as_it_should(level):
    # who goes on writing where the folder is full is ended, and may lose the points of that answer
    fair = {name: ([], ["less"]) for name in ENDED_BY_LANDLOCK} if level == "landlock" else {}
    found = {name: record.get(level) for name, record in kept().items()}
    assert {
        name: words for name, words in found.items() if words not in fair.get(name, ([],))
    } == {}


def test_stock_was_given_some_of_every_kind():
    there = Counter(case.kind for name, case in CASES.items() if name not in UNHELD)
    tried = Counter(record["kind"] for record in kept().values() if "stock" in record)
    assert {
        kind: tried[kind] for kind, count in there.items() if tried[kind] < min(count, LEAST)
    } == {}


def test_only_words_that_the_table_knows():
    assert {
        word
        for record in kept().values()
        for grader in (*OURS, "stock")
        for word in record.get(grader, ())
    } <= set(WORDS)


def test_the_guide_shows_what_was_seen():
    assert between(GUIDE, BEGIN, END) == table(kept()), (
        "python nbjudge/tests/hostile/outcomes.py table writes it"
    )


def test_the_readme_has_the_sum_of_it():
    assert WRITTEN_ROW.findall(README.read_text()) == [row(kept())], (
        "python nbjudge/tests/hostile/outcomes.py table writes it"
    )


def test_the_page_on_large_classes_shows_what_was_measured():
    measured = json.loads(sizes.STORE.read_text())
    assert between(sizes.PAGE, sizes.BEGIN, sizes.END) == sizes.table(measured), (
        "python tests/benchmarks/sizes.py table writes it"
    )


@pytest.mark.parametrize(
    "scores, neighbour, words",
    [
        ({"a-tests": 0, "b-tests": 10}, {"a-tests": 10, "b-tests": 10}, []),
        ({"a-tests": 10, "b-tests": 10}, {"a-tests": 10, "b-tests": 10}, ["more"]),
        (None, None, ["others", "less"]),
        ({"a-tests": 0, "b-tests": None}, {"a-tests": 99, "b-tests": 10}, ["others", "less"]),
    ],
)
def test_words_for_scores(scores, neighbour, words):
    assert words_for(CASES["none"], scores, neighbour) == words

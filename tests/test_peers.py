"""Random cases on which lmcore and its peers agree, as peers/held_out.py draws them."""

import numpy as np
import pytest
from peers.held_out import COMPARISONS, Pair, compare, disagreement, installed


@pytest.mark.parametrize("comparison", installed(), ids=lambda comparison: comparison.__name__)
def test_random_cases(comparison):
    assert [line for seed in range(40, 50) for line in compare(comparison, seed)] == []


def test_what_the_tests_require_is_compared():
    assert set(COMPARISONS["scipy"] + COMPARISONS["sklearn"]) <= set(installed())


@pytest.mark.parametrize(
    "found, expected, dtype, text",
    [
        ([1.0, 2.0], [[1.0, 2.0]], "float64", "shape"),
        ([1.0, -np.inf], [1.0, 2.0], "float64", "infinite at other places"),
        ([1.0, np.nan], [1.0, -np.inf], "float64", "infinite at other places"),
        ([1.0, 2.0], [1.0, 2.0 + 1e-8], "float64", "off by 5e-09 of the largest"),
        ([1.0, 2.0], [1.001, 2.0], "float32", "off by 0.0005 of the largest"),
    ],
)
def test_a_disagreement_is_noticed(found, expected, dtype, text):
    assert disagreement(Pair(found, expected, dtype)).startswith(text)


def test_what_agrees():
    assert disagreement(Pair([1.0, -np.inf], [1.0 + 1e-12, -np.inf])) is None
    assert disagreement(Pair([1.0, 2.0], [1.000001, 2.0], np.dtype("float32"))) is None

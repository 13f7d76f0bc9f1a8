"""What the explorers are given: numbers exported from lmcore, and the weight of scripts and data.

The browser has tests of its own.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from lmcore import information
from lmcore.data import smollm2

HOME = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def modules():
    """Where the exporting module and the script with chapter 8's numbers lie."""
    sys.path[:0] = [str(HOME / "book" / "_ext"), str(HOME / "book" / "_tools")]
    yield
    del sys.path[:2]


def test_distributions_are_sent_without_loss():
    from course_ext import explorer_data

    content = explorer_data.decoding()
    for row in content["prefixes"]:
        logits = np.sort(smollm2().logits[row["name"]].astype(float))[::-1]
        distances = np.repeat(np.cumsum(row["steps"]) * row["unit"], row["counts"])
        assert np.array_equal(distances, logits[0] - logits), row["name"]
        assert len(row["tokens"]) == len(set(row["tokens"])), (
            f"{row['name']}: two tokens look the same"
        )


def test_probabilities_in_thousandths_sum_to_one():
    from course_ext import explorer_data

    rng = np.random.default_rng(5)
    for p in (*rng.dirichlet(np.ones(6), size=200), np.eye(6)[2], np.ones(7) / 7):
        parts = explorer_data.thousandths(p)
        assert sum(parts) == 1000 and np.abs(np.array(parts) / 1000 - p).max() <= 0.001
    for pair in explorer_data.divergence()["pairs"]:
        assert sum(pair["p"]) == sum(pair["q"]) == 1000 and len(pair["p"]) == len(pair["q"]) == len(
            pair["tokens"]
        )
    ruled_out = explorer_data.divergence()["pairs"][-1]
    assert np.isinf(
        information.kl_divergence(np.array(ruled_out["q"]) / 1000, np.array(ruled_out["p"]) / 1000)
    )


def test_the_stored_numbers_of_ngrams_are_lmcores():
    """A part of them, counted and fitted again: orders 1 to 3 on the smallest of the texts."""
    import ngram_curves
    from course_ext import explorer_data

    counted, test = ngram_curves.texts()
    name, documents = counted["few"]
    again, stored = (
        ngram_curves.curves(name, documents, test, range(1, 4)),
        explorer_data.ngrams()["counted"]["few"],
    )
    assert again["characters"] == stored["characters"] and again["stored"] == stored["stored"][:3]
    np.testing.assert_allclose(again["unseen"], stored["unseen"][:3], atol=1e-4)
    for method, settings in again["bits"].items():
        for setting, bits in settings.items():
            np.testing.assert_allclose(
                bits, stored["bits"][method][setting][:3], atol=2e-4, err_msg=f"{method} {setting}"
            )


def test_explorers_weigh_little():
    """Compressed: all scripts of all explorers, and the numbers of each."""
    from course_ext import explorer_data

    scripts = {
        path.name: len(gzip.compress(path.read_bytes(), 9))
        for path in (HOME / "book/_vendor/explorers").glob("*.js")
    }
    numbers = {
        name: len(gzip.compress(json.dumps(make(), separators=(",", ":")).encode(), 9))
        for name, make in explorer_data.TABLES.items()
    }
    print("scripts", scripts, "numbers", numbers)
    assert 0 < sum(scripts.values()) < 60_000
    assert max(numbers.values()) < 60_000

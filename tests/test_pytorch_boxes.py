"""The boxes "In PyTorch" say what PyTorch does: each line is compared with lmcore.

Where torch and transformers are installed the boxes are run; everywhere lmcore is compared with
what they said when tools/record_pytorch.py was run last.
"""

import importlib.util
import json

import numpy as np
import pytest
import pytorch_boxes as boxes

CHAPTERS = range(1, 11)
STORED = json.loads(boxes.VALUES.read_text(encoding="utf-8"))
AGAIN = "its box has changed: run tools/record_pytorch.py where torch is installed"


def differences(chapter, values):
    """Lines of a chapter's box whose value is not what lmcore returns."""
    names, found = boxes.ours(), []
    pairs = boxes.pairs(boxes.code(chapter))
    assert len(pairs) == len(values), AGAIN
    for pair, value in zip(pairs, values):
        mine = boxes.run(pair.ours, names)
        theirs = np.array(value, dtype=float)
        theirs[np.isnan(theirs)] = -np.inf
        if mine.shape != theirs.shape or not np.allclose(
            mine, theirs, rtol=pair.tolerance, atol=pair.tolerance
        ):
            found.append(f"{pair.ours}: {mine.tolist()}, PyTorch {theirs.tolist()}")
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_box_compares_four_lines_at_least(chapter):
    block = boxes.code(chapter)
    assert len(boxes.pairs(block)) >= 4
    assert block[list(boxes.CLAIM.finditer(block))[-1].end() :].strip() == "", "not compared"
    assert max(map(len, block.splitlines())) <= 88


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_lmcore_says_what_pytorch_said(chapter):
    assert STORED[str(chapter)]["box"] == boxes.fingerprint(boxes.code(chapter)), AGAIN
    assert differences(chapter, STORED[str(chapter)]["values"]) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_pytorch_says_it_still(chapter):
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}; the recorded values are compared in its place")
    assert differences(chapter, boxes.by_torch(chapter)) == []


def test_a_wrong_value_is_noticed():
    values = [np.array(value, dtype=float) for value in STORED["4"]["values"]]
    values[0] = values[0] + 1e-6
    assert len(differences(4, values)) == 1

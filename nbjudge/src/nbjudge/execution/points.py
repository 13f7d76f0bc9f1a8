"""Points and outputs of the tests, as nbgrader would have them, from the judge's verdicts."""

import math
import re

from nbjudge.assignment.spec import TEST, WRITTEN
from nbjudge.submission import sanitise


def score(spec, cells, verdicts):
    """Fill in the outputs of the tests; points by grade_id, and nbgrader's automatic comments."""
    scores, comments = {}, {}
    by_id = {cell.grade_id: cell for cell in spec.cells}
    for cell in cells:
        ours = by_id.get(sanitise.grade_id(cell))
        if ours is None:
            continue
        blank = cell["source"] == ours.source
        if ours.role == TEST and ours.cell_type == "code":
            found = verdicts.get(ours.grade_id) or {
                "text": "",
                "value": None,
                "error": ["Unfinished", "this test could not be finished"],
            }
            cell["outputs"] = _test_outputs(found)
            scores[ours.grade_id] = earned(found, ours.points)
        elif ours.role == WRITTEN:
            students = ours.metadata["nbgrader"].get("solution")
            scores[ours.grade_id] = 0.0 if blank and students else None
        if ours.metadata["nbgrader"].get("solution"):
            comments[ours.grade_id] = "No response." if blank else None
    return scores, comments


def earned(found, most):
    """nbgrader's rule: nothing for an error, a number is partial credit, anything else is full
    credit.
    """
    if found["error"]:
        return 0.0
    try:
        earned = float(found["value"])
    except (TypeError, ValueError):
        return most
    return most if earned < 0 or math.isnan(earned) else min(earned, most)


def _test_outputs(found):
    outputs = []
    if found["text"]:
        outputs.append({"output_type": "stream", "name": "stdout", "text": found["text"]})
    if found["error"]:
        kind, said = found["error"]
        outputs.append(
            {
                "output_type": "error",
                "ename": kind,
                "evalue": said,
                "traceback": [re.sub(r"\s+$", "", f"{kind}: {said}")],
            }
        )
    elif found["value"] is not None:
        outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": None,
                "metadata": {},
                "data": {"text/plain": found["value"]},
            }
        )
    return outputs

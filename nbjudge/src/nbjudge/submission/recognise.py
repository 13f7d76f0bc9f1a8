"""Which assignment a notebook is.

By the names of its cells, or by their texts where the names were lost.

Names alone do not tell: `p1` is the first problem of every assignment. Texts of ours that are still
there do.
"""

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

from nbjudge.submission.collect import UnreadableError
from nbjudge.submission.sanitise import defined, grade_id, source_of

# characters of a text that tells one assignment from another
TELLING = 20
# the share of our texts that a notebook with them still has, whatever else was changed
ENOUGH = 0.5
# another assignment's texts that a notebook must have to be taken for it
SURE = 2


def is_solved(spec, cells):
    """Whether somebody has worked in an answer of this assignment.

    Parameters
    ----------
    spec : Spec
    cells : list of dict, or None
    """
    if cells is None:
        return False
    stubs = {cell.grade_id: cell.source for cell in _answers(spec)}
    names = [grade_id(cell) for cell in cells]
    if any(name in stubs for name in names):
        return any(
            name in stubs and _words(source_of(cell)) != _words(stubs[name])
            for name, cell in zip(names, cells, strict=True)
        )
    given = {_words(cell.visible) for cell in spec.cells}
    wanted = set().union(*(defined(stub) for stub in stubs.values()))
    return any(
        wanted & defined(source_of(cell)) and _words(source_of(cell)) not in given for cell in cells
    )


def place(spec, submission, others=dict):
    """A submission whose cells have their names, or a refusal if it is another assignment's.

    Parameters
    ----------
    spec : Spec
        Of the assignment under whose name it was handed in.
    submission : Submission
    others : callable
        Gives {chapter: list of Spec} of the course's other assignments; called when it may be one
        of them.

    Returns
    -------
    cells : list of dict
    notes : list of str

    Raises
    ------
    UnreadableError
        If it is another assignment's, or nobody's.
    """
    cells = submission.cells
    there = {_words(source_of(cell)) for cell in cells}
    texts = telling(spec)
    if len(texts & there) < ENOUGH * len(texts):
        for chapter, specs in others().items():
            theirs = set().union(*map(telling, specs))
            mine, its = (texts - theirs) & there, (theirs - texts) & there
            if len(its) >= min(SURE, len(theirs - texts)) and len(its) > 2 * len(mine):
                raise UnreadableError(
                    f"this is assignment {chapter}, handed in as {spec.chapter}: put it into a"
                    f" folder named {chapter} and grade again"
                )
    known = {cell.grade_id for cell in spec.cells if cell.grade_id}
    if known & {grade_id(cell) for cell in cells} or not any(there):
        return cells, []
    return _named_again(spec, cells)


class GivenCell(NamedTuple):
    """A cell as students were given it."""

    grade_id: str | None
    source: str
    visible: str
    metadata: dict


class Given(NamedTuple):
    """A notebook as students were given it: enough of a Spec to recognise it by."""

    chapter: str
    notebook: str
    cells: list


def given(path):
    """Read a release notebook; milliseconds, where compiling its source takes a second.

    Parameters
    ----------
    path : path
        RELEASE/ASSIGNMENT/NAME.ipynb.

    Returns
    -------
    Given
    """
    cells = []
    for cell in json.loads(Path(path).read_bytes())["cells"]:
        text = source_of(cell)
        cells.append(GivenCell(grade_id(cell), text, text, cell["metadata"]))
    return Given(Path(path).parent.name, Path(path).stem, cells)


def which(cells, given_out):
    """The notebook that somebody worked in, by the texts of ours that are still there.

    Parameters
    ----------
    cells : list of dict
    given_out : list of Given
        All notebooks of the course.

    Returns
    -------
    Given or None
        None if it is none of them, or could be several.
    """
    there = {_words(source_of(cell)) for cell in cells}
    texts = [telling(one) for one in given_out]
    owners = Counter(text for some in texts for text in some)
    counts = [len({text for text in some if owners[text] == 1} & there) for some in texts]
    ranked = sorted(zip(counts, range(len(counts)), strict=True), reverse=True)
    if not ranked or ranked[0][0] < 1:
        return None
    if len(ranked) > 1 and ranked[0][0] <= 2 * ranked[1][0]:
        return None
    return given_out[ranked[0][1]]


def telling(spec):
    """Our texts, tests and given code that are long enough to be recognised."""
    answers = {cell.grade_id for cell in _answers(spec)}
    texts = {_words(cell.visible) for cell in spec.cells if cell.grade_id not in answers}
    return {text for text in texts if len(text) >= TELLING}


def _answers(spec):
    return [cell for cell in spec.cells if cell.metadata.get("nbgrader", {}).get("solution")]


def _words(text):
    """A text without what an editor may change by itself."""
    return " ".join(text.split())


def _named_again(spec, cells):
    """Cells that have all lost their names, with those that their texts give them.

    What is left is found when the notebook is put together: code by what it defines, a written
    answer by its place.
    """
    names = {}
    for cell in spec.cells:
        if cell.grade_id:
            names.setdefault(_words(cell.visible), []).append(cell.grade_id)
    cells, found = deepcopy(cells), 0
    for cell in cells:
        if waiting := names.get(_words(source_of(cell))):
            cell["metadata"] = {"nbgrader": {"grade_id": waiting.pop(0), "points": None}}
            found += 1
    if not found:
        raise UnreadableError(
            f"this is not recognised as {spec.chapter}/{spec.notebook}: none of its cells is one of"
            " the assignment's; ask for the notebook that was given out, with the answers in it"
        )
    return cells, [
        f"all cells had lost their names: {found} of {len([c for c in spec.cells if c.grade_id])}"
        " were found by their texts"
    ]

"""The assignment as we wrote it, with only the student's own text in it.

Everything that decides a grade (tests, points, kernel, order of the problems) comes from the
source, whatever happened to it in the student's hands: cells copied, deleted, moved, retyped,
renamed, retagged.
"""

from copy import deepcopy

MOST_OWN_CELLS = 400
KINDS = ("code", "markdown", "raw")


def sanitise(spec, cells):
    """The notebook to run: cells of the spec, the student's answers in their places, the student's
    own cells between.

    Parameters
    ----------
    spec : Spec
    cells : list of dict
        The cells that were handed in.

    Returns
    -------
    cells : list of dict
        In nbformat's form, without outputs; a cell of ours carries the source's metadata.
    notes : list of str
        What had to be repaired, for the instructor.
    """
    template = [
        {"cell_type": cell.cell_type, "metadata": deepcopy(cell.metadata), "source": cell.source}
        for cell in spec.cells
    ]
    return rebuild(template, cells)


def rebuild(template, submitted):
    """Put the student's cells into a template.

    Parameters
    ----------
    template : list of cells
        The source notebook's, with stubs in place of solutions; tests, hidden ones included, are
        complete.
    submitted : list of cells
        What was handed in. Its answers are found by their grade_id.

    Returns
    -------
    cells : list of dict
    notes : list of str

    Notes
    -----
    Of several copies of an answer the last one that differs from the stub counts; the earlier ones
    stay before it as ordinary cells, so that the definition that counted when the student ran the
    notebook counts here too. A copied test becomes an ordinary cell. Outputs, tags and other
    metadata of the submission are dropped.
    """
    place = {grade_id(cell): i for i, cell in enumerate(template) if grade_id(cell)}
    answers, own, copied = _sort_cells(template, submitted, place)
    notes = [
        f"cell {name} was copied: the copy is an ordinary cell now"
        for name in sorted(copied, key=place.get)
    ]
    notes += _missing_and_changed(template, submitted, place)
    cells = list(own.get(-1, []))
    for name, i in place.items():
        cell = deepcopy(template[i])
        if _is_answer(cell):
            *earlier, last = answers.get(name) or [None]
            cells += earlier
            if last is None:
                notes.append(f"answer {name} is missing: it counts as blank")
            else:
                cell["source"] = last["source"]
                if "attachments" in last:  # pictures pasted into a written answer
                    cell["attachments"] = last["attachments"]
        cells.append(cell)
        cells += own.get(i, [])
    ours = len(place)
    if len(cells) - ours > MOST_OWN_CELLS:
        notes.append(f"of {len(cells) - ours} own cells the first {MOST_OWN_CELLS} count")
        cells = _limit(cells)
    for number, cell in enumerate(cells):  # ids of copied cells collide
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return cells, notes


def _limit(cells):
    kept, own = [], 0
    for cell in cells:
        own += not grade_id(cell)
        if grade_id(cell) or own <= MOST_OWN_CELLS:
            kept.append(cell)
    return kept


def _missing_and_changed(template, submitted, place):
    present = {}
    for cell in submitted:
        present.setdefault(grade_id(cell), cell)
    for name, i in place.items():
        if _is_answer(template[i]) or not template[i]["metadata"]["nbgrader"].get("grade"):
            continue
        if name not in present:
            yield f"test {name} was missing: it was put back"
        elif _points(present[name]) not in (None, _points(template[i])):
            yield f"the points of {name} were changed: they were set right"


def _points(cell):
    mark = cell["metadata"]["nbgrader"]
    return mark.get("points")


def _sort_cells(template, submitted, place):
    """Split a submission: versions of each answer, own cells by the template cell they follow, ids
    of copied cells.
    """
    answers, own, seen, copied, after = {}, {}, set(), set(), -1
    for cell in submitted:
        name = grade_id(cell)
        if name not in place:  # the student's own, or one of our texts
            own.setdefault(after, []).append(_ordinary(cell))
            continue
        model = template[place[name]]
        if _is_answer(model):
            _add_version(
                answers.setdefault(name, []),
                _ordinary(cell, model["cell_type"]),
                model["source"].strip(),
            )
        elif name in seen:
            own.setdefault(after, []).append(_ordinary(cell))
        if name in seen:
            copied.add(name)
        else:
            seen.add(name)
            after = max(after, place[name])
    return answers, own, copied


def _add_version(versions, new, stub):
    """Another copy of an answer; an unused copy of the stub neither counts nor undoes the answer
    before it.
    """
    if versions and new["source"].strip() == stub:
        return
    if versions and versions[-1]["source"].strip() == stub:
        versions.pop()
    versions.append(new)


def grade_id(cell):
    """nbgrader's name of a cell; None for an ordinary one, or when the metadata are beyond
    recognition.
    """
    meta = cell.get("metadata", {})
    meta = meta.get("nbgrader", {}) if isinstance(meta, dict) else {}
    return (
        meta.get("grade_id")
        if isinstance(meta, dict) and isinstance(meta.get("grade_id"), str)
        else None
    )


def _is_answer(cell):
    return bool(cell["metadata"]["nbgrader"].get("solution"))


def source_of(cell):
    """The text of a cell, also if stored as a list of lines; what is not text counts as none."""
    source = cell.get("source", "")
    return "".join(
        line for line in (source if isinstance(source, list) else [source]) if isinstance(line, str)
    )


def _ordinary(cell, cell_type=None):
    """The text of a cell without anything that could steer its execution."""
    kind = cell_type or cell.get("cell_type")
    new = {"cell_type": kind if kind in KINDS else "raw", "metadata": {}, "source": source_of(cell)}
    kept = pictures(cell)
    if new["cell_type"] == "markdown" and kept:
        new["attachments"] = kept
    return new


def pictures(cell):
    """Pictures pasted into a text: {file name: {kind of picture: base64}}."""
    attachments = cell.get("attachments")
    if not isinstance(attachments, dict):
        return {}
    return {
        name: {
            mime: data
            for mime, data in bundle.items()
            if mime.startswith("image/") and isinstance(data, str)
        }
        for name, bundle in attachments.items()
        if isinstance(bundle, dict)
    }

"""The assignment as we wrote it, with only the student's own text in it.

Everything that decides a grade (tests, points, kernel, order of the problems) comes from the
source, whatever happened to it in the student's hands: cells copied, deleted, moved, retyped,
renamed, retagged.
"""

import re
from copy import deepcopy

MOST_OWN_CELLS = 400
KINDS = ("code", "markdown", "raw")
DEFINITION = re.compile(r"^(?:(?:async\s+)?def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.M)


def sanitise(spec, cells):
    """The notebook to run: cells of the spec, the student's answers in their places.

    The student's own cells between.

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
        {"cell_type": cell.cell_type, "metadata": cell.metadata, "source": cell.source}
        for cell in spec.cells
    ]
    return rebuild(template, cells, _names_asked_for(spec))


def _names_asked_for(spec):
    """{answer: the names it should define}.

    Those of its stub, or else those that its tests take.
    """
    found, answer = {}, None
    for cell in spec.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            answer = cell.grade_id
            found[answer] = defined(cell.source)
        elif answer is not None:
            found[answer] = found[answer] or set(cell.names)
    return found


def defined(source):
    """The names that a cell defines at its top level, even if a line of it is no Python.

    Examples
    --------
    >>> sorted(defined("def f(x):\\n    y = x\\nclass C: pass\\nz: int = 3\\nz == 4"))
    ['C', 'f', 'z']
    """
    return {function or value for function, value in DEFINITION.findall(source)}


def rebuild(template, submitted, names=None):
    """Put the student's cells into a template.

    Parameters
    ----------
    template : list of cells
        The source notebook's, with stubs in place of solutions; tests, hidden ones included, are
        complete.
    submitted : list of cells
        What was handed in. Its answers are found by their grade_id, or else by what they define.
    names : dict of str to set of str, optional
        The names that each answer should define; by default those of its stub.

    Returns
    -------
    cells : list of dict
    notes : list of str

    Notes ----- Copies of an answer count by the order in which a kernel runs them. The last one
    that differs from the stub and stands before the tests takes the answer's place; the others are
    ordinary cells, before it or where they stand after the tests. A copied test becomes an ordinary
    cell. Outputs, tags and other metadata of the submission are dropped.
    """
    place = {grade_id(cell): i for i, cell in enumerate(template) if grade_id(cell)}
    names = names or {name: defined(source_of(template[i])) for name, i in place.items()}
    known, notes = _named(template, submitted, place, names)
    chosen = _chosen_answers(template, submitted, known, place)
    own, copied = _own_cells(template, submitted, known, place, chosen)
    notes += [
        f"cell {name} was copied: the copy is an ordinary cell now"
        for name in sorted(copied, key=place.get)
    ]
    notes += _missing_and_changed(template, submitted, place)
    cells = list(own.get(-1, []))
    for name, i in place.items():
        cell = deepcopy(template[i])
        if _is_answer(cell):
            if name in chosen:
                answer = _ordinary(submitted[chosen[name]], cell["cell_type"])
                cell["source"] = answer["source"]
                if "attachments" in answer:  # pictures pasted into a written answer
                    cell["attachments"] = answer["attachments"]
            else:
                notes.append(f"answer {name} is missing: it counts as blank")
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
            yield f"the points of {name} were changed: those of the source count"


def _points(cell):
    mark = cell["metadata"]["nbgrader"]
    return mark.get("points")


def _named(template, submitted, place, names):
    """The name of each submitted cell among ours, None for the student's own.

    Answers without one get theirs back.
    """
    known = [name if (name := grade_id(cell)) in place else None for cell in submitted]
    # texts of ours that have no name
    given = {source_of(cell).strip() for cell in template if not grade_id(cell)}
    own = [
        name is None and source_of(cell).strip() not in given
        for name, cell in zip(known, submitted, strict=True)
    ]
    notes = []
    for name, i in place.items():
        if name in known or not _is_answer(template[i]):
            continue
        if template[i]["cell_type"] == "code" and names.get(name):
            found = [
                k
                for k, cell in enumerate(submitted)
                if own[k]
                and cell.get("cell_type") == "code"
                and defined(source_of(cell)) & names[name]
            ]
            how = f"by what it defines, {', '.join(sorted(names[name]))}"
        else:
            kind = template[i]["cell_type"]
            mine = [
                one and c.get("cell_type") == kind for one, c in zip(own, submitted, strict=True)
            ]
            found = _in_place(mine, known, place, i)
            how = "by its place"
        for k in found:
            known[k], own[k] = name, False
        if found:
            notes.append(f"the cell of answer {name} had lost its name: it was found {how}")
    return known, notes


def _in_place(mine, known, place, i):
    """The student's one cell between our cells around place i.

    Nothing if there are none or several.
    """
    before = [k for k, name in enumerate(known) if name is not None and place[name] < i]
    after = [k for k, name in enumerate(known) if name is not None and place[name] > i]
    first, last = max(before, default=-1) + 1, min(after, default=len(known))
    found = [k for k in range(first, last) if mine[k]]
    return found if len(found) == 1 else []


def _chosen_answers(template, submitted, known, place):
    """{answer: index of the submitted cell that takes its place}."""
    versions, last_test = {}, -1
    for k, name in enumerate(known):
        if name is None:
            continue
        i, model = place[name], template[place[name]]
        if _is_answer(model):
            blank = source_of(submitted[k]).strip() == model["source"].strip()
            versions.setdefault(name, []).append((k, blank, last_test > i))
        elif model["cell_type"] == "code" and model["metadata"]["nbgrader"].get("grade"):
            last_test = max(last_test, i)
    chosen = {}
    for name, all_of_it in versions.items():
        # an unused copy of the stub neither counts nor undoes an answer
        solved = [one for one in all_of_it if not one[1]] or all_of_it
        # a person reads the last one
        by_hand = template[place[name]]["metadata"]["nbgrader"].get("grade")
        in_time = [one for one in solved if by_hand or not one[2]] or solved
        chosen[name] = in_time[-1][0]
    return chosen


def _own_cells(template, submitted, known, place, chosen):
    """{index of the template cell they follow.

    Cells that stay the student's}, and the names of copied cells.
    """
    own, seen, copied, after = {}, set(), set(), -1
    for k, (cell, name) in enumerate(zip(submitted, known, strict=True)):
        copied |= {name} & seen
        if name is None:
            own.setdefault(after, []).append(_ordinary(cell))
            continue
        model = template[place[name]]
        first = name not in seen
        seen.add(name)
        if k == chosen.get(name) or first and not _is_answer(model):
            after = max(after, place[name])
        elif not _is_answer(model) or source_of(cell).strip() != model["source"].strip():
            own.setdefault(after, []).append(_ordinary(cell, model["cell_type"]))
    return own, copied


def grade_id(cell):
    """nbgrader's name of a cell.

    None for an ordinary one, or when the metadata are beyond recognition.
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
    """The text of a cell, which may be stored as a list of lines.

    What is not text counts as none.
    """
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

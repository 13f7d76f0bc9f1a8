"""How each test of an assignment is run, found by grading the source's own solution and its blank
release.

A test that gives the solution full points apart is judged apart, where nothing can be forged. One
that does so only inside runs inside, with the reason. One that fails both ways is an error of the
source, and the assignment is refused before a student loses points by it.
"""

import ast
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from nbjudge import files
from nbjudge.assignment.names import SourceError, parse
from nbjudge.assignment.source import starters
from nbjudge.assignment.spec import (
    ANSWER,
    APART,
    INSIDE,
    TEST,
    Spec,
    compile_spec,
    solution_cells,
)
from nbjudge.course import Course
from nbjudge.execution import engine
from nbjudge.execution.result import Result
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.levels import NONE
from nbjudge.sandbox.limits import Limits
from nbjudge.submission.collect import Submission

NO_SOLUTION = "the source holds no solution to try it with"
# where what was found is kept, in the folder of the gradebook
CACHE = ".nbjudge"
# of those files
FORMAT = 5
# in the names of those about other random cases than the first
VARIANT = ".variant-"
# fields of a test that are not known before its solution has been graded
FOUND_OUT = ("way", "reason", "compares", "asks", "runs_on")


class Prepared(NamedTuple):
    """An assignment whose tests know how they are run, and what its author should hear."""

    spec: Spec
    warnings: list[str]
    # what the source's own solution does not earn
    short: list[str]


def prepare(
    path: Path,
    run: Callable[[Spec, list[Submission]], list[Result]],
    seed: int = 0,
    config: object = None,
    cache: Path | None = None,
    variant: int = 0,
) -> Prepared:
    """Compile a source notebook and find out how its tests are run.

    Parameters
    ----------
    path : path
        The source notebook.
    run : callable
        Grades submissions: `run(spec, submissions)` gives their results in the same order, with
        what the tests' references answered.
    seed : int
        The instructor's seed of the random cases.
    config : traitlets.config.Config, optional
        nbgrader's settings.
    cache : path, optional
        A folder where what was found is kept until the source or the grader changes.
    variant : int
        Which set of random cases from that seed on.

    Returns
    -------
    Prepared

    Raises
    ------
    SourceError
        If a test fails the source's own solution; the message names notebook, cell and error.
    """
    spec = compile_spec(path, seed + variant, config)
    solution = _submission(
        spec, "source", solution_cells(path, config), starters(path.parent, config)
    )
    key = hashlib.sha256(f"{FORMAT} {engine.result_key(spec, solution)}".encode()).hexdigest()
    which = f"{VARIANT}{variant}" if variant else ""
    kept = cache / f"{spec.chapter}-{spec.notebook}{which}.json" if cache else None
    known = _load(kept)
    if known is None or known["key"] != key:
        about = {"key": key, "chapter": spec.chapter, "notebook": spec.notebook}
        known = about | _find_out(path, spec, solution, run)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            body = json.dumps(known, indent=1)
            files.replace(kept, f"{_seal(body)}\n{body}")
    remembered = {
        module: {bytes.fromhex(name): b64decode(data) for name, data in answers.items()}
        for module, answers in known["remembered"].items()
    }
    spec = replace(_with(spec, known["tests"]), remembered=remembered)
    return Prepared(spec, [*known["short"], *known["warnings"]], known["short"])


def on_this_machine(limits: Limits | None = None, isolation: str | None = None) -> Callable:
    """What `prepare` needs to grade: this machine's sandbox."""

    def run(spec, submissions):
        bounds = limits or Limits()
        return [engine.grade(spec, one, bounds, isolation, learn=True) for one in submissions]

    return run


def trusted(limits: Limits | None = None) -> Callable:
    """The same for an author's own machine, where no sandbox is needed to run the author's code."""

    def run(spec, submissions):
        try:
            return on_this_machine(limits)(spec, submissions)
        except SandboxUnavailableError:
            return on_this_machine(limits, NONE)(spec, submissions)

    return run


def try_out(
    course: Course, chapter: str, run: Callable, seed: int = 0, variants: int = 1
) -> list[Prepared]:
    """Prepare all notebooks of an assignment, see `prepare`, with several sets of random cases."""
    return [
        _together(
            [
                prepare(path, run, seed, course.config, course.root / CACHE, variant)
                for variant in range(variants)
            ]
        )
        for path in course.sources(chapter)
    ]


def _together(variants):
    """One notebook's variants as one; each thing that was found is said once."""
    first, *others = variants
    if not others:
        return first
    return Prepared(
        replace(first.spec, variants=[one.spec for one in variants]),
        list(dict.fromkeys(said for one in variants for said in one.warnings)),
        list(dict.fromkeys(said for one in variants for said in one.short)),
    )


def judged_inside(course: Course, chapters: Collection[str] = ()) -> list[str]:
    """Each test that runs inside the student's process, with the reason.

    What is known without running anything: from the last time that the assignments were prepared.

    Parameters
    ----------
    course : Course
    chapters : collection of str
        Names of assignments; none means all.
    """
    found = []
    for path in sorted((course.root / CACHE).glob("*.json")):
        known = None if VARIANT in path.name else _load(path)
        if known and (not chapters or known["chapter"] in chapters):
            place = f"{known['chapter']}/{known['notebook']}.ipynb"
            found += [
                f"{place}, {name}: {test['reason']}"
                for name, test in known["tests"].items()
                if test["way"] == INSIDE
            ]
    return found


def _load(path):
    """What was found before; None if there is no such file, or it is damaged."""
    try:
        seal, _, body = path.read_text(encoding="utf-8").partition("\n") if path else ("", "", "")
    except (OSError, ValueError):
        return None
    return json.loads(body) if seal == _seal(body) else None


def _seal(body):
    return hashlib.sha256(body.encode()).hexdigest()


def _submission(spec, who, cells, files):
    return Submission(who, spec.chapter, spec.notebook, cells, files)


def _with(spec, changes):
    """The spec with other ways for some tests: {grade_id: fields of Cell}."""
    cells = [replace(cell, **changes.get(cell.grade_id, {})) for cell in spec.cells]
    return replace(spec, cells=cells)


def _tests(spec):
    return [cell for cell in spec.cells if cell.role == TEST and cell.cell_type == "code"]


def _find_out(path, spec, solution, run):
    """{"tests": {grade_id: fields of Cell}, "short": [...], "warnings": [...], "remembered"}."""
    tests, changes = _tests(spec), {}
    if not tests:
        return {"tests": {}, "short": [], "warnings": [], "remembered": {}}
    result, changes = _choose(spec, solution, run)
    if _has_solution(path, spec) and _failing(spec, result):
        # perhaps later answers build on what earlier tests have done
        in_order = _with(spec, {test.grade_id: {"runs_on": True} for test in tests})
        other, others = _choose(in_order, solution, run)
        if not _failing(in_order, other):
            spec, result, changes = in_order, other, others
    short, warnings = _faults(path, spec, result, changes)
    warnings += _look_at_blank(path, spec, solution.files, run, changes)
    remembered = {
        module: {name.hex(): b64encode(data).decode() for name, data in answers.items()}
        for module, answers in result.remembered.items()
    }
    chosen = {
        test.grade_id: {name: getattr(test, name) for name in FOUND_OUT}
        for test in _tests(_with(spec, changes))
    }
    return {"tests": chosen, "short": short, "warnings": warnings, "remembered": remembered}


def _choose(spec, solution, run):
    """The solution's result with each test run in the way that suits it, and those ways."""
    changes, (result,) = {}, run(spec, [solution])
    for test in _tests(spec):
        said = result.tests.get(test.grade_id, {})
        if test.way == APART and _full(test, result) and not said.get("repeated"):
            changes[test.grade_id] = {
                "compares": bool(said.get("compared")),
                "asks": bool(said.get("asked")),
            }
        elif test.way == APART:
            reason = (
                said.get("uncrossed")
                or said.get("differs")
                or "its points would differ in another process"
            )
            changes[test.grade_id] = {"way": INSIDE, "reason": reason}
    while any(test.way == INSIDE for test in _tests(_with(spec, changes))):
        (result,) = run(_with(spec, changes), [solution])
        lost = [
            test.grade_id
            for test in _tests(_with(spec, changes))
            if test.way == APART and not _full(test, result)
        ]
        if not lost:
            break
        for name in lost:
            changes[name] = {"way": INSIDE, "reason": "it builds on a test that runs inside"}
    return result, changes


def _failing(spec, result):
    return [test for test in _tests(spec) if _error(test, result)]


def _full(test, result):
    return result.scores.get(test.grade_id) == test.points and not _error(test, result)


def _error(test, result):
    return result.tests.get(test.grade_id, {}).get("error")


def _faults(path, spec, result, changes):
    """Refuse a test that fails the solution in every way; a missing solution cannot fail.

    What the solution does not earn, and what else the author should hear.
    """
    short, warnings, refused = [], [], []
    solved = _has_solution(path, spec)
    for test in _tests(spec):
        error = _error(test, result)
        place = f"{spec.chapter}/{spec.notebook}.ipynb, {test.grade_id}"
        if error and not solved:
            changes[test.grade_id] = {"way": INSIDE, "reason": NO_SOLUTION}
        elif error:
            refused.append(f"{place}: the source's own solution fails: {': '.join(error)}")
        elif not _full(test, result):
            got = result.scores.get(test.grade_id)
            short.append(f"{place}: the source's own solution gets {got:g} of {test.points:g}")
    if refused:
        raise SourceError("\n".join(refused))
    if not solved:
        warnings.append(f"{spec.chapter}/{spec.notebook}.ipynb: {NO_SOLUTION}")
    return short, warnings


def _has_solution(path, spec):
    """Whether any answer of the source does something."""
    stubs = {cell.grade_id: cell.source for cell in spec.cells if cell.role == ANSWER}
    for cell in solution_cells(path):
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in stubs and cell["cell_type"] == "code" and not _is_empty(cell["source"]):
            return True
    return not stubs


def _is_empty(source):
    """Whether code does nothing but refuse to do something.

    Examples
    --------
    >>> _is_empty("def f(x):\\n    # YOUR CODE HERE\\n    raise NotImplementedError()")
    True
    >>> _is_empty("def f(x):\\n    return x")
    False
    """
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.stmt) and not isinstance(
            node, (ast.FunctionDef, ast.ClassDef, ast.Pass, ast.Import, ast.ImportFrom)
        ):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            if isinstance(node, ast.Raise) and "NotImplemented" in ast.unparse(node):
                continue
            return False
    return True


def _look_at_blank(path, spec, starters, run, changes):
    """Grade the blank release: it should get nothing, and the same in both ways."""
    blank = _submission(spec, "blank", [_bare(cell) for cell in spec.cells], starters)
    chosen = _with(spec, changes)
    (result,) = run(chosen, [blank])
    inside = {test.grade_id: {"way": INSIDE} for test in _tests(chosen) if test.way == APART}
    (kernel,) = run(_with(chosen, inside), [blank]) if inside else (result,)
    warnings = []
    for test in _tests(chosen):
        got, there = result.scores.get(test.grade_id), kernel.scores.get(test.grade_id)
        if test.way == APART and got != there:
            reason = "a blank answer gets other points in another process"
            changes[test.grade_id] = {"way": INSIDE, "reason": reason}
        if there:
            warnings.append(
                f"{spec.chapter}/{spec.notebook}.ipynb, {test.grade_id}: the blank release gets"
                f" {there:g} of {test.points:g}: this test pays for nothing"
            )
    return warnings


def _bare(cell):
    return {"cell_type": cell.cell_type, "metadata": cell.metadata, "source": cell.visible}

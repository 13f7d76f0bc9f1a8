"""What an assignment asks, compiled from its source notebook into plain data: cells, tests, points, what belongs to whom."""

import ast
import builtins
import hashlib
import json
import re
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

ANSWER, WRITTEN, TEST, TEXT = "answer", "written", "test", "text"


@dataclass(frozen=True)
class Cell:
    """One cell of the source.

    Attributes
    ----------
    role : str
        "answer" (code or text the student writes, graded by tests or not at all), "written" (graded
        by a person), "test", or "text" for everything else that is ours.
    source, visible : str
        The cell as graded (a stub in place of the solution, hidden tests included), and as the
        student got it.
    names : list of str
        Of a test: the names it takes from the student.
    shared : list of [str, list of str, list of str]
        Of a test: those visible statements that use nothing of the student's, with the names each
        binds and reads. Students' later cells may build on them.
    """

    cell_type: str
    grade_id: str
    role: str
    source: str
    visible: str
    metadata: dict
    points: float = 0.0
    names: list = field(default_factory=list)
    shared: list = field(default_factory=list)
    constants: list = field(default_factory=list)
    attachments: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """An assignment's notebook. Everything in it is plain data, so that it can be sent to other machines."""

    chapter: str
    notebook: str
    metadata: dict
    cells: list
    seed: int = 0
    modules: list = field(default_factory=list)
    preload: list = field(default_factory=list)
    oracle: dict = field(default_factory=dict)
    reference: str = ""

    @cached_property
    def digest(self):
        """A hash of everything that decides a grade."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def points(self):
        """Points of all cells, by grade_id."""
        return {cell.grade_id: cell.points for cell in self.cells if cell.role in (TEST, WRITTEN)}


def compile_spec(path, seed=0, config=None):
    """Read a source notebook.

    Parameters
    ----------
    path : path
        solutions/NN-slug/NAME.ipynb.
    seed : int
        The instructor's seed of the random cases (`check.rng`).
    config : traitlets.config.Config, optional
        nbgrader's settings, for the marks and stubs of its preprocessors.

    Returns
    -------
    Spec

    Raises
    ------
    RuntimeError
        If nbgrader refuses the source, or a test cell is no Python.
    """
    path, settings = Path(path), _settings(config)
    reference = settings.get("reference", "")
    template, release, answers = _versions(path, config)
    trusted, cells = set(dir(builtins)), []
    for cell, shown in zip(template.cells, release.cells):
        cells.append(_cell(cell, shown, trusted, answers))
        if cell.cell_type == "code" and cells[-1].role in (TEST, TEXT):
            trusted |= _bound(parse(cell.source, path)) - answers
    sources = [cell.source for cell in template.cells if cell.cell_type == "code"]
    return Spec(
        path.parent.name,
        path.stem,
        json.loads(json.dumps(template.metadata)),
        cells,
        seed,
        sorted(_modules(sources)),
        [
            name
            for name in settings.get("preload", [])
            if any(f"{name.rpartition('.')[2]}(" in text for text in sources)
        ],
        _oracles(template.cells, reference) if reference else {},
        reference,
    )


def _settings(config):
    """What nbgrader_config.py says of nbjudge itself (`c.NbJudge.preload = [...]`)."""
    return dict(config.get("NbJudge", {})) if config is not None else {}


def _versions(path, config):
    """The source with stubs for solutions, the same without hidden tests, and the names that solutions define."""
    import nbformat
    from nbgrader.preprocessors import (
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    source = nbformat.read(path, as_version=4)
    answers = set()
    for cell in source.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            answers |= _bound(parse(cell.source, path))
    try:
        template = _through(
            deepcopy(source),
            *(
                step(config=config)
                for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums)
            ),
        )
        release = _through(
            deepcopy(template),
            *(
                step(config=config)
                for step in (ClearHiddenTests, ClearMarkScheme, ComputeChecksums)
            ),
        )
    except RuntimeError as error:
        raise RuntimeError(f"solutions/{path.parent.name}: {error}") from error
    return template, release, answers


def _through(notebook, *steps):
    for step in steps:
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def _cell(cell, shown, trusted, answers):
    mark = cell.metadata.get("nbgrader", {})
    role = TEXT
    if mark.get("solution"):
        role = WRITTEN if mark.get("grade") else ANSWER
    elif mark.get("grade"):
        role = TEST
    names, shared, constants = [], [], []
    if role == TEST and cell.cell_type == "code":
        tree = parse(cell.source)
        names = sorted((_loaded(tree) & answers) | (_loaded(tree) - _bound(tree) - trusted))
        shared = _shared(shown.source, set(names))
        constants = sorted(
            {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
        )
    return Cell(
        cell.cell_type,
        mark.get("grade_id", ""),
        role,
        cell.source,
        shown.source,
        json.loads(json.dumps(cell.metadata)),
        float(mark.get("points") or 0),
        names,
        shared,
        constants,
        dict(cell.get("attachments", {})),
    )


def parse(source, where=""):
    """The syntax tree of a cell; magics and shell lines count as comments."""
    try:
        return ast.parse(source)
    except SyntaxError:
        plain = "\n".join("" if re.match(r"\s*[%!]", line) else line for line in source.split("\n"))
        try:
            return ast.parse(plain)
        except SyntaxError as error:
            raise RuntimeError(f"{where}: a cell is not Python: {error}") from None


def _bound(tree):
    """Names that a cell binds at its top level."""
    found = set()
    for node in _top_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def _top_level(tree):
    """Nodes outside the bodies of functions, classes and comprehensions."""
    todo = list(ast.iter_child_nodes(tree))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(
            node,
            (
                ast.FunctionDef,
                ast.AsyncFunctionDef,
                ast.ClassDef,
                ast.Lambda,
                ast.ListComp,
                ast.SetComp,
                ast.DictComp,
                ast.GeneratorExp,
            ),
        ):
            todo += ast.iter_child_nodes(node)


def _loaded(tree):
    """Global names that a cell reads: the free names of its scopes, as Python's own compiler sees them."""
    import symtable

    found, todo = set(), [symtable.symtable(ast.unparse(tree), "<cell>", "exec")]
    while todo:
        table = todo.pop()
        todo += table.get_children()
        top = table.get_type() == "module"
        found |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (top or s.is_global())
        }
    return found


def _shared(source, students):
    """The statements of a visible test, up to its end, that neither use a student's name nor build on one that does."""
    kept, tainted = [], set(students)
    for statement in parse(source).body:
        tree = ast.Module([statement], type_ignores=[])
        if _loaded(tree) & tainted or isinstance(statement, ast.Expr):
            tainted |= _bound(tree)
        else:
            kept.append([ast.unparse(statement), sorted(_bound(tree)), sorted(_loaded(tree))])
    return kept


def needed(statements, later):
    """The text of those shared statements that cells after them may need.

    Parameters
    ----------
    statements : list
        `Cell.shared`.
    later : str
        The student's cells.

    Examples
    --------
    >>> needed([["import math", ["math"], []], ["e = math.e", ["e"], ["math"]], ["f = 1", ["f"], []]], "print(e)")
    'import math\\ne = math.e'
    """
    words, kept = set(re.findall(r"\w+", later)), []
    for text, binds, reads in reversed(statements):
        if words & set(binds or reads):
            words |= set(reads)
            kept.append(text)
    return "\n".join(reversed(kept))


def _modules(sources):
    """Modules that the cells import: the fork server imports them once."""
    found = set()
    for source in sources:
        for node in ast.walk(parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if _is_module(name)}


def _is_module(name):
    """Whether a dotted name is that of a module, and not of something in one."""
    import importlib.util

    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, AttributeError, ValueError):
        return False


def _oracles(cells, reference):
    """{answer: functions of the reference package that its tests compare with}, for the flags."""
    found, answer = {}, None
    for cell in cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution"):
            answer = mark["grade_id"]
        elif mark.get("grade") and cell.cell_type == "code" and answer:
            found[answer] = sorted(_reference_names(parse(cell.source), reference))
    return found


def _reference_names(tree, reference):
    modules, names = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == reference:
            for alias in node.names:
                (
                    modules.__setitem__(alias.asname or alias.name, alias.name)
                    if node.module == reference
                    else names.add(alias.name)
                )
    used = {
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    names |= {
        attribute
        for module, attribute in used
        if modules.get(module) not in (None, "data", "plotting")
    }
    return names - {"check"}

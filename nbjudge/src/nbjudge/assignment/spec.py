"""What an assignment asks, compiled from its source notebook into plain data.

Cells, tests, points, what belongs to whom.
"""

import ast
import hashlib
import json
import re
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nbjudge.assignment.names import (
    BUILTINS,
    SourceError,
    bound,
    imported,
    loaded,
    origins,
    parse,
    reaches,
    results,
    shared,
    untouched,
)
from nbjudge.assignment.sharing import tells_apart
from nbjudge.assignment.source import files, read

ANSWER, WRITTEN, TEST, TEXT = "answer", "written", "test", "text"
APART, INSIDE = "apart", "inside"
# names that an interactive session has its own functions for
SHELLS = {"open", "exit", "quit", "display", "get_ipython"}
GENERATORS = re.compile(r"\brandom\b|\bseed\b")


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
    constants, messages : list of str
        Of a test: the strings in it, and those among them that it says when it fails.
    given : str
        Of a text in code: those statements that use nothing of the student's.
    way : str
        Of a test: "apart" or "inside", see `nbjudge.execution.judge`; `reason` says why inside.
    compares : bool
        Of a test: whether objects of the student's may decide whether they equal something.
    asks : bool
        Of a test: whether what the student's functions give may be called with arguments.
    generators : bool
        Of a test: whether it uses the global random generators.
    ours : list of str
        Of a test: the names of ours, and of Python's own, that it reads.
    sets : list of str
        Of a test: the names that it binds, which a student's function may read.
    imports : list of str
        Of a test: the names that it imports and the tests before it bind. They matter where the
        student's cells lack them: an answer after those tests may have bound them to its own.
    runs_on : bool
        Of a test: whether what a student can see of it runs in the student's process too, because
        later answers build on what it does.
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
    messages: list = field(default_factory=list)
    given: str = ""
    way: str = APART
    reason: str = ""
    compares: bool = True
    asks: bool = True
    generators: bool = False
    runs_on: bool = False
    ours: list = field(default_factory=list)
    sets: list = field(default_factory=list)
    imports: list = field(default_factory=list)


@dataclass(frozen=True)
class Spec:
    """An assignment's notebook.

    Everything in it is plain data, so that it can be sent to other machines.
    """

    chapter: str
    notebook: str
    metadata: dict
    cells: list
    seed: int = 0
    modules: list = field(default_factory=list)
    preload: list = field(default_factory=list)
    oracle: dict = field(default_factory=dict)
    reference: str = ""
    # what lies beside the source, {relative name: bytes}: it is laid beside every notebook
    files: dict = field(default_factory=dict)
    remembered: dict = field(default_factory=dict)
    # specs of the same notebook with other seeds, this one's among them; each student has one
    variants: list = field(default_factory=list)

    @cached_property
    def digest(self):
        """A hash of everything that decides a grade."""
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        parts = asdict(replace(self, files={}, remembered={}, variants=[])) | {"files": hashes}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def of(self, student):
        """The variant that a student is graded with: drawn from the name, the same every time."""
        if not self.variants:
            return self
        drawn = hashlib.sha256(f"{self.chapter}/{student}".encode()).digest()
        return self.variants[int.from_bytes(drawn) % len(self.variants)]

    @property
    def points(self):
        """Points of all cells, by grade_id."""
        return {cell.grade_id: cell.points for cell in self.cells if cell.role in (TEST, WRITTEN)}


def compile_spec(path, seed=0, config=None):
    """Read a source notebook.

    Parameters
    ----------
    path : path
        SOURCE/ASSIGNMENT/NAME.ipynb.
    seed : int
        The instructor's seed of the random cases: tests find it in NBJUDGE_SEED.
    config : traitlets.config.Config, optional
        nbgrader's settings, for the marks and stubs of its preprocessors.

    Returns
    -------
    Spec

    Raises
    ------
    SourceError
        If nbgrader refuses the source, or one of our cells is neither Python nor IPython.
    """
    path, settings = Path(path), _settings(config)
    reference = settings.get("reference", "")
    template, release, solved = _versions(path, config)
    answers, taken = _answers(solved, path)
    trusted, cells = set(BUILTINS), []
    so_far, classes, made, given, modules = set(), set(), set(), set(), {}
    ours, earlier = BUILTINS - SHELLS, set()
    for number, (cell, shown) in enumerate(zip(template.cells, release.cells, strict=True)):
        with _placed(path, number, cell):
            if _is_answer(cell):
                tree = parse(solved.cells[number].source)
                so_far |= bound(tree)
                classes |= {one.name for one in tree.body if isinstance(one, ast.ClassDef)}
                modules |= origins(tree)
            cells.append(
                _cell(cell, shown, trusted, answers, so_far, classes, taken, made, given, modules)
            )
            if cells[-1].role == TEST and cell.cell_type == "code":
                tree = parse(cell.source)
                read = loaded(tree) - bound(tree) - set(cells[-1].names)
                cells[-1] = replace(
                    cells[-1],
                    ours=sorted(read & ours),
                    sets=sorted(bound(tree) - imported(tree)),
                    imports=sorted(imported(tree) | earlier),
                )
                earlier |= bound(tree)
            if cell.cell_type == "code" and not _is_answer(cell):
                modules |= origins(parse(cell.source))
            if cells[-1].role == TEST and cell.cell_type == "code":
                made |= results(parse(cell.source), answers)
            if cell.cell_type == "code" and cells[-1].role in (TEST, TEXT):
                tree = parse(cells[-1].given if cells[-1].role == TEXT else cell.source)
                trusted |= bound(tree) - answers
                ours = ours | bound(tree) if cells[-1].role == TEXT else ours - bound(tree)
                given |= bound(tree) - imported(tree) - {"_"} if cells[-1].role == TEXT else set()
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
        files(path.parent, config),
    )


def solution_cells(path, config=None):
    """The cells as a student would hand them in who wrote the source's own solution."""
    solved = _versions(Path(path), config)[2]
    return [
        {"cell_type": cell.cell_type, "metadata": dict(cell.metadata), "source": cell.source}
        for cell in solved.cells
    ]


@contextmanager
def _placed(path, number, cell):
    """Errors of a cell's syntax, with the place."""
    try:
        yield
    except SyntaxError as error:
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {number + 1}"
        raise SourceError(
            f"{path.parent.name}/{path.name}, {name}, line {error.lineno}: {error.msg}: "
            f"{(error.text or '').strip()[:80]!r} is neither Python nor IPython"
        ) from None


def _is_answer(cell):
    """Whether a student's code stands in this cell of a source."""
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _answers(solved, path):
    """Names that the solutions define, and names that they read and do not define."""
    answers, read = set(), set()
    for number, cell in enumerate(solved.cells):
        if _is_answer(cell):
            with _placed(path, number, cell):
                tree = parse(cell.source)
            answers |= bound(tree)
            read |= loaded(tree)
    return answers, read - answers - BUILTINS


def _settings(config):
    """What nbgrader_config.py says of nbjudge itself (`c.NbJudge.preload = [...]`)."""
    return dict(config.get("NbJudge", {})) if config is not None else {}


def _versions(path, config):
    """The source with stubs for solutions, the same without hidden tests, and as it is."""
    from nbgrader.preprocessors import (
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    source = read(path, config)
    stubs = (LockCells, ClearSolutions, ClearOutput, ComputeChecksums)
    cuts = (ClearHiddenTests, ClearMarkScheme, ComputeChecksums)
    try:
        template = _through(deepcopy(source), *(step(config=config) for step in stubs))
        release = _through(deepcopy(template), *(step(config=config) for step in cuts))
    except RuntimeError as error:
        raise SourceError(f"{path.parent.name}/{path.name}: {error}") from error
    return template, release, source


def _through(notebook, *steps):
    for step in steps:
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def _cell(cell, shown, trusted, answers, so_far, classes, read, got, given, modules):
    mark = cell.metadata.get("nbgrader", {})
    made = Cell(
        cell.cell_type,
        mark.get("grade_id", ""),
        _role(cell.cell_type, mark),
        cell.source,
        shown.source,
        json.loads(json.dumps(cell.metadata)),
        float(mark.get("points") or 0),
        attachments=dict(cell.get("attachments", {})),
    )
    if cell.cell_type != "code":
        return made
    if made.role == TEXT:
        kept = [ast.unparse(statement) for statement, _ in untouched(cell.source, answers)]
        return replace(made, given="\n".join(kept))
    if made.role != TEST:
        return made
    tree = parse(cell.source)
    names = (loaded(tree) & answers) | (loaded(tree) - bound(tree) - trusted)
    reason = reaches(tree, so_far, read, given, modules)
    reason = reason or tells_apart(tree, so_far, classes)
    if earlier := sorted((loaded(tree) & got) - bound(tree)):
        reason = reason or f"it uses {earlier[0]}, which an earlier test has got from an answer"
    return replace(
        made,
        names=sorted(names),
        shared=shared(shown.source, names),
        constants=sorted(_strings(ast.walk(tree))),
        messages=sorted(_strings(_said(tree))),
        generators=bool(GENERATORS.search(cell.source)),
        way=INSIDE if reason else APART,
        reason=reason,
    )


def _role(kind, mark):
    """Who writes a cell and who grades it.

    A text of ours with points asks for something outside the notebook.
    """
    if mark.get("task") or mark.get("grade") and kind != "code":
        return WRITTEN
    if mark.get("solution"):
        return WRITTEN if mark.get("grade") else ANSWER
    return TEST if mark.get("grade") else TEXT


def _strings(nodes):
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _said(tree):
    """What a test says when it fails: the messages of its assertions and of what it raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is not None:
            yield node.msg
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from node.exc.args


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

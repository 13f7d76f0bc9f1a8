"""What the cells of an assignment read and bind, as their syntax trees show it."""

import ast
import builtins
import re
import symtable
import sys

MAGIC = re.compile(r"\s*[%!]")
# methods that change the object they are called on
CHANGING = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "add"),
    *("discard", "setdefault", "popitem", "fill", "put", "appendleft", "popleft"),
}
# What Python itself defines; an interactive session adds the value that it printed last, as `_`.
BUILTINS = frozenset(dir(builtins)) - {"_"}
# names by which a test reaches what is not in the process that judges
REACHING = {
    *("globals", "get_ipython", "In", "Out", "_ih", "_oh", "__main__", "patch", "mock"),
    *("MagicMock", "Mock", "monkeypatch", "setrecursionlimit", "getcontext", "localcontext"),
    *("chdir", "putenv", "getsource", "getsourcelines", "setlocale", "_", "__builtins__"),
    *("process_time", "process_time_ns", "thread_time", "thread_time_ns", "filters"),
    *("geterr", "get_printoptions", "flags", "strides", "shares_memory", "may_share_memory"),
}
# modules of Python's own whose functions give the same in every process; others show the process
# in which they are called: its folder, threads, memory, streams
SAME_EVERYWHERE = {
    *("__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "calendar", "cmath"),
    *("codecs", "collections", "colorsys", "contextlib", "copy", "copyreg", "csv", "dataclasses"),
    *("datetime", "decimal", "difflib", "doctest", "enum", "fractions", "functools", "graphlib"),
    *("hashlib", "heapq", "hmac", "html", "http", "inspect", "io", "ipaddress", "itertools"),
    *("json", "keyword", "math", "numbers", "operator", "pickle", "pprint", "random", "re"),
    *("secrets", "statistics", "string", "struct", "textwrap", "time", "timeit", "traceback"),
    *("types", "typing", "unicodedata", "unittest", "urllib", "uuid", "warnings", "xml", "zlib"),
    *("zoneinfo", "builtins"),
}
# of sys, what is the same too
CONSTANTS = {
    *("maxsize", "float_info", "int_info", "version_info", "version", "byteorder", "maxunicode"),
    *("getsizeof", "executable", "stderr", "platform", "hash_info"),
}
# libraries that keep what they do in the process
KEEPING = {"matplotlib", "pylab", "seaborn"}
# what reads a file
FILES = {
    *("open", "loadtxt", "genfromtxt", "fromfile", "memmap", "read_csv", "read_table", "read_json"),
    *("read_excel", "read_parquet", "read_pickle"),
}
# what may wait, or hold what waits
AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.comprehension)


class SourceError(RuntimeError):
    """A source notebook that cannot be graded; the message names notebook, cell and line."""


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell, line numbers kept; magics and shell lines count as comments.

    Raises
    ------
    SyntaxError
        If it is neither Python nor IPython.

    Examples
    --------
    >>> ast.unparse(parse("%matplotlib inline\\nx = 1"))
    'x = 1'
    >>> ast.unparse(parse("files = !ls"))
    "files = get_ipython().getoutput('ls')"
    """
    plain = "\n".join("" if MAGIC.match(line) else line for line in source.split("\n"))
    for text in (source, plain):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    from IPython.core.inputtransformer2 import TransformerManager

    blank = len(source) - len(source.lstrip("\n"))
    return ast.parse("\n" * blank + TransformerManager().transform_cell(source))


def bound(tree):
    """Names that a cell binds at its top level."""
    found = set()
    for node in top_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def top_level(tree):
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


class _Awaited(ast.NodeTransformer):
    """A cell that waits for nothing at its top level, where a module may not."""

    def visit_FunctionDef(self, node):
        return node

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Await(self, node):
        return self.visit(node.value)

    def visit_AsyncFor(self, node):
        return self.visit(ast.For(**dict(ast.iter_fields(node))))

    def visit_AsyncWith(self, node):
        return self.visit(ast.With(**dict(ast.iter_fields(node))))

    def visit_comprehension(self, node):
        node.is_async = 0
        return self.generic_visit(node)


def loaded(tree):
    """Global names that a cell reads.

    The free names of its scopes, as Python's own compiler sees them.

    Examples
    --------
    >>> sorted(loaded(ast.parse("async for x in ticks():\\n    await f(x)")))
    ['f', 'ticks', 'x']
    """
    text = ast.unparse(tree)
    if any(isinstance(node, AWAITING) for node in ast.walk(tree)):
        text = ast.unparse(ast.fix_missing_locations(_Awaited().visit(ast.parse(text))))
    found, todo = set(), [symtable.symtable(text, "<cell>", "exec")]
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


def shared(source, students):
    """[text, names bound, names read] of a visible test's statements that use nothing of the
    student's.

    Expressions are left out: they bind nothing that later cells could use.
    """
    return [
        [ast.unparse(statement), sorted(bound(tree)), sorted(loaded(tree))]
        for statement, tree in untouched(source, students)
        if not isinstance(statement, ast.Expr)
    ]


def untouched(source, students):
    """(statement, its tree) where neither it nor what it builds on uses a student's name."""
    kept, tainted = [], set(students)
    for statement in parse(source).body:
        tree = ast.Module([statement], type_ignores=[])
        if loaded(tree) & tainted or any(map(_awaits, top_level(tree))):
            tainted |= bound(tree)
        else:
            kept.append((statement, tree))
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
    >>> e = ["e = math.e", ["e"], ["math"]]
    >>> needed([["import math", ["math"], []], e, ["f = 1", ["f"], []]], "print(e)")
    'import math\\ne = math.e'
    """
    words, kept = set(re.findall(r"\w+", later)), []
    for text, binds, reads in reversed(statements):
        if words & set(binds or reads):
            words |= set(reads)
            kept.append(text)
    return "\n".join(reversed(kept))


def reaches(
    tree: ast.Module,
    students: set[str],
    read: set[str],
    given: set[str],
    modules: dict[str, str] | None = None,
) -> str:
    """What a test touches that is not in the process that judges; "" if nothing is seen.

    Parameters
    ----------
    tree : ast.Module
        The test.
    students : set of str
        Names that the answers before the test define.
    read : set of str
        Names that the answers read and do not define.
    given : set of str
        Names that our cells define and answers may read.
    modules : dict of str to str
        Where names that are imported before the test come from, see `origins`.

    Returns
    -------
    str
        A part of a sentence: "it uses globals".

    Examples
    --------
    >>> reaches(ast.parse("rate = 0.2\\nassert tax(100) == 20"), {"tax"}, {"rate"}, set())
    'it sets rate, which answers may read'
    >>> reaches(ast.parse("assert tax(100) == 20"), {"tax"}, {"rate"}, set())
    ''
    """
    if any(map(_awaits, top_level(tree))):
        return "it awaits outside of a function"
    own = bound(tree) - imported(tree)
    used = (loaded(tree) | _attributes(tree) | _import_names(tree)) - own
    if found := sorted(used & REACHING):
        return f"it uses {found[0]}"
    if found := _shown_by(tree, (modules or {}) | origins(tree)):
        return f"it uses {found}, which shows the process where it runs"
    if found := sorted(own & (read | given | BUILTINS)):
        return f"it sets {found[0]}, which answers may read"
    if found := sorted(own & students):
        return f"it defines {found[0]} again"
    deleted = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Delete)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    if found := sorted(deleted - own):
        return f"it deletes {found[0]}"
    if found := sorted(_assigned_into(tree) & imported(tree)):
        return f"it changes the module {found[0]}"
    if found := _files_after_answers(tree, students):
        return f"it uses {found} after an answer has run"
    return ""


def _awaits(node):
    """Whether a node needs the event loop of a notebook."""
    parts = getattr(node, "generators", ())
    return isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or any(
        part.is_async for part in parts
    )


def results(tree: ast.Module, students: set[str]) -> set[str]:
    """Names that a test binds to something that came from an answer.

    Examples
    --------
    >>> results(ast.parse("a = Account()\\nb = a.balance\\nc = 1"), {"Account"}) == {"a", "b"}
    True
    """
    found: set[str] = set()
    for statement in tree.body:
        part = ast.Module([statement], type_ignores=[])
        if loaded(part) & (students | found):
            found |= bound(part)
    return found


def imported(tree):
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }


def origins(tree):
    """{name: module} of what is imported anywhere in a cell.

    Examples
    --------
    >>> origins(ast.parse("import os.path, numpy as np\\nfrom pathlib import Path"))
    {'os': 'os', 'np': 'numpy', 'Path': 'pathlib'}
    """
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = node.module.partition(".")[0]
    return found


def _shown_by(tree, modules):
    """A module that a test uses and whose functions show the process where they run, or ""."""
    harmless = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in CONSTANTS
    }
    told = {id(part) for node in ast.walk(tree) if _told(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in told:
            module = modules.get(node.id, "")
            own = module in sys.stdlib_module_names and module not in SAME_EVERYWHERE
            if (own and not (module == "sys" and id(node) in harmless)) or module in KEEPING:
                return module
    return ""


def _told(node):
    """Whether it reads what the grader tells a test, as in ``os.environ["NBJUDGE_SEED"]``."""
    if isinstance(node, ast.Subscript):
        key = node.slice
    else:
        key = node.args[0] if isinstance(node, ast.Call) and node.args else None
    return isinstance(key, ast.Constant) and str(key.value).startswith("NBJUDGE_")


def _files_after_answers(tree, students):
    """What reads a file after, or in a loop with, the use of an answer; "" if nothing does."""
    ran = False
    for statement in tree.body:
        part = ast.Module([statement], type_ignores=[])
        names = loaded(part)
        reading = (names | _attributes(part)) & FILES
        ran = ran or isinstance(statement, (ast.For, ast.While)) and bool(names & students)
        if ran and reading:
            return sorted(reading)[0]
        ran = ran or bool(names & students)
    return ""


def _import_names(tree):
    return {
        part
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
        for part in (*alias.name.split("."), getattr(node, "module", None) or "")
    }


def _attributes(tree):
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} - {"_"}


def _root(node):
    """The name at the beginning of a.b[c].d, or ""."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _assigned_into(tree):
    """Names whose attributes or parts are assigned to, deleted, or set by setattr."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            found.add(_root(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            found |= {_root(node.args[0])} if node.func.id in ("setattr", "delattr") else set()
    return found

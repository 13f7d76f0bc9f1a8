"""What the cells of an assignment read and bind, as their syntax trees show it."""

import ast
import builtins
import re
import symtable

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
}


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


def loaded(tree):
    """Global names that a cell reads.

    The free names of its scopes, as Python's own compiler sees them.
    """
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


def reaches(tree: ast.Module, students: set[str], read: set[str], given: set[str]) -> str:
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
    if found := _changed_results(tree, students):
        return f"it changes {found}, which an answer returned"
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


def _changed_results(tree, students):
    """A name that holds what an answer returned and is changed before an answer is used again."""
    results, changed = set(), ""
    for statement in tree.body:
        part = ast.Module([statement], type_ignores=[])
        if changed and loaded(part) & students:
            return changed
        if isinstance(statement, ast.Assign) and loaded(part) & (students | results):
            results |= bound(part)
        for node in ast.walk(statement):
            target = ""
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                target = _root(node.func.value) if node.func.attr in CHANGING else ""
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                target = _root(node)
            if target in results:
                changed = target
    return ""

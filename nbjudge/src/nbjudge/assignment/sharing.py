"""Whether a test can tell one object from two equal ones.

Data that an answer returns to a test in another process are a copy. A test that changes them and
then looks at something else, or asks with `is` whether two of them are one, would see a copy where
a kernel shows the object itself. It has to run inside.
"""

import ast

from nbjudge.assignment.names import CHANGING, bound

# functions that change the first of their arguments
SPOILING = {
    *("shuffle", "heappush", "heappop", "heapify", "heapreplace", "heappushpop", "setattr"),
    *("delattr", "insort", "insort_left", "insort_right", "copyto", "fill_diagonal", "put"),
    *("place", "putmask", "setitem", "delitem"),
}
# functions that keep nothing of what they are given
FORGETTING = {
    *("sum", "len", "abs", "round", "int", "float", "bool", "str", "any", "all", "isinstance"),
    *("repr", "hash", "type", "issubclass", "callable", "hasattr", "format", "print"),
}
IDENTITY_CHECKS = {"assertIs", "assertIsNot", "assert_is", "assert_is_not"}
LOOPS = (ast.For, ast.AsyncFor, ast.While)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BLOCKS = (ast.With, ast.AsyncWith, ast.If, ast.Try)


def tells_apart(tree: ast.Module, students: set[str], classes: set[str] = frozenset()) -> str:
    """What a test does that shows whether two things are one; "" if nothing is seen.

    Parameters
    ----------
    tree : ast.Module
        The test.
    students : set of str
        Names that the answers before the test define.
    classes : set of str
        Those of them that are classes: their instances stay where they are, and what is done to
        one is done there.

    Returns
    -------
    str
        A part of a sentence.

    Examples
    --------
    >>> tells_apart(ast.parse("g = grid(2)\\ng[0][0] = 1\\nassert g[1][0] == 0"), {"grid"})
    'it changes a part of g, which an answer returned'
    >>> tells_apart(ast.parse("assert grid(2) is not grid(2)"), {"grid"})
    'it asks whether two things of an answer are one'
    >>> tells_apart(ast.parse("g = grid(2)\\ng.sort()\\nassert g == [0, 1]"), {"grid"})
    ''
    """
    return _Test(tree, students, classes).reason


class _Test:
    """Reads a test statement by statement, as it will run."""

    def __init__(self, tree, students, classes):
        self.students, self.classes = students, classes
        self.theirs = set()  # names of what answers returned, or keep
        self.instances = set()
        self.changed, self.reason = "", ""
        self.used = _bases(tree)
        self.spoilers = {
            node.name for node in ast.walk(tree) if isinstance(node, SCOPES[:2]) and _spoils(node)
        }
        self._read(tree.body)

    @property
    def related(self):
        return self.students | self.theirs

    def _read(self, body):
        for statement in body:
            if self.reason:
                return
            if isinstance(statement, SCOPES):
                inner = ast.Module(statement.body, type_ignores=[])
                self.reason = tells_apart(inner, self.related, self.classes)
            elif isinstance(statement, BLOCKS):
                self._statement(_head(statement))
                for part in ("body", "handlers", "orelse", "finalbody"):
                    for one in getattr(statement, part, []):
                        self._read(one.body if isinstance(one, ast.ExceptHandler) else [one])
            else:
                self._statement(ast.Module([statement], type_ignores=[]))

    def _statement(self, part):
        reads = _names(part, ast.Load)
        others = self.related - ({self.changed} - self.students)
        if self.changed and reads & others:
            self.reason = f"it changes {self.changed}, which an answer returned or keeps"
        self._bind(part)
        if not self.reason and self._asks_for_identity(part):
            self.reason = "it asks whether two things of an answer are one"
        for root, depth in self._changes(part):
            if root not in self.related or (root in self.instances and not depth):
                continue
            if depth and root not in self.students:
                self.reason = self.reason or (
                    f"it changes a part of {root}, which an answer returned"
                )
            self.changed = root
            in_a_loop = part.body and isinstance(part.body[0], LOOPS)
            if in_a_loop and reads & self.related - {root}:
                self.reason = self.reason or f"it changes {root}, which an answer returned or keeps"

    def _bind(self, part):
        """Note names that get an object of an answer's, or whose object an answer keeps."""
        for node in ast.walk(part):
            value = getattr(node, "value", None)
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and value is not None:
                if self._passes_on(value):
                    found = bound(ast.Module([ast.Expr(node)], type_ignores=[]))
                    self.theirs |= found
                    if isinstance(value, ast.Call) and _source(value)[0] in self.classes:
                        self.instances |= found
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                if self._passes_on(node.iter):
                    self.theirs |= _names(node.target)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                if self._passes_on(node.context_expr):
                    self.theirs |= _names(node.optional_vars)
        keeps = bound(part) & self.used
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                root, _ = _source(node.func)
                if root in self.classes or root in self.theirs or (root in self.students and keeps):
                    for argument in [*node.args, *(one.value for one in node.keywords)]:
                        self.theirs |= _names(argument, ast.Load)

    def _passes_on(self, value):
        """Whether a value may be, or hold, an object of an answer's."""
        if isinstance(value, (ast.Compare, ast.BoolOp, ast.Constant, ast.JoinedStr)):
            return False
        if isinstance(value, ast.Call) and _source(value.func)[0] in FORGETTING:
            return False
        return bool(_names(value, ast.Load) & self.related)

    def _changes(self, part):
        """(name, how deep in it) of everything that a statement changes in place."""
        for node in ast.walk(part):
            if isinstance(node, (ast.Subscript, ast.Attribute)):
                if not isinstance(node.ctx, ast.Load):
                    yield _source(node.value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, 0
            elif isinstance(node, ast.Call):
                yield from self._changed_by(node)

    def _changed_by(self, call):
        for keyword in call.keywords:
            if keyword.arg == "out":
                yield _source(keyword.value)
            elif keyword.arg == "inplace" and isinstance(call.func, ast.Attribute):
                yield _source(call.func.value)
        name = _last(call.func)
        if isinstance(call.func, ast.Attribute) and name in CHANGING:
            yield _source(call.func.value)
        if name in SPOILING and call.args:
            yield _source(call.args[0])
        if name in self.spoilers:
            yield from map(_source, call.args)

    def _asks_for_identity(self, part):
        for node in ast.walk(part):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                for place, operator in enumerate(node.ops):
                    if isinstance(operator, (ast.Is, ast.IsNot)) and self._are_compared(
                        *sides[place : place + 2]
                    ):
                        return True
            elif isinstance(node, ast.Call) and node.args:
                name = _last(node.func)
                if name == "id" and _source(node.args[0])[0] in self.related:
                    return True
                if name in IDENTITY_CHECKS and self._are_compared(*node.args[:2]):
                    return True
        return False

    def _are_compared(self, left, right=None):
        """Whether both are of an answer's, or one is a part of something of an answer's."""
        if any(isinstance(side, ast.Attribute) and side.attr == "base" for side in (left, right)):
            return True
        if any(side is None or isinstance(side, ast.Constant) for side in (left, right)):
            return False
        roots = [_source(side)[0] in self.related for side in (left, right)]
        parts = [isinstance(side, (ast.Subscript, ast.Attribute)) for side in (left, right)]
        return all(roots) or any(r and p for r, p in zip(roots, parts, strict=True))


def _source(node):
    """The name at the beginning of a.b[c](d), or "", and how many steps lead from it."""
    depth = 0
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
        depth += 1
    return (node.id if isinstance(node, ast.Name) else ""), depth


def _last(node):
    """The function's name in a.b.name(...) or name(...)."""
    return getattr(node, "attr", None) or getattr(node, "id", "")


def _names(node, context=ast.Store):
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, context)
    }


def _bases(tree):
    """Names that are called, iterated over, or whose attributes are read."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found |= {_source(node)[0]}
        elif isinstance(node, ast.Call):
            found |= {_source(node.func)[0]}
            if _last(node.func) in ("next", "list", "tuple", "iter") and node.args:
                found |= {_source(node.args[0])[0]}
        elif isinstance(node, (ast.For, ast.comprehension)):
            found |= {_source(node.iter)[0]}
    return found


def _spoils(function):
    """Whether a function of the test's changes one of its parameters."""
    names = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    test = object.__new__(_Test)
    test.spoilers = set()
    body = ast.Module(function.body, type_ignores=[])
    return any(root in names for root, _ in test._changes(body))


def _head(statement):
    """What a block evaluates before its body."""
    kept = [getattr(statement, "test", None), *getattr(statement, "items", [])]
    return ast.Module(
        [
            ast.With([one], [ast.Pass()]) if isinstance(one, ast.withitem) else ast.Expr(one)
            for one in kept
            if one is not None
        ],
        type_ignores=[],
    )

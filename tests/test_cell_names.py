"""Cells of a section can be run again, and no name takes a second meaning under a reader's hands.

Running all fifty notebooks twice takes minutes; what would go wrong can be read from the code.
"""

import ast

import pytest
from bookreader import CHAPTERS, notebooks

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def stored(target):
    """Names that an assignment to `target` binds."""
    return {
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def read(node, own=frozenset()):
    """Names that an expression takes from outside, comprehensions' and lambdas' own ones aside."""
    if isinstance(node, COMPREHENSIONS):
        found = set()
        for part in node.generators:
            found |= read(part.iter, own)
            own = own | stored(part.target)
            found |= {name for test in part.ifs for name in read(test, own)}
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return found | {name for value in values for name in read(value, own)}
    if isinstance(node, ast.Lambda):
        return read(node.body, own | {argument.arg for argument in node.args.args})
    if isinstance(node, ast.Name):
        return {node.id} - own if isinstance(node.ctx, ast.Load) else set()
    return {name for child in ast.iter_child_nodes(node) for name in read(child, own)}


class Cell:
    """Names that a cell binds, and those that it reads before it has bound them."""

    def __init__(self, source):
        self.bound, self.needed = set(), set()
        self.block(ast.parse(source).body)

    def needs(self, node):
        self.needed |= read(node) - self.bound

    def block(self, statements):
        for statement in statements:
            self.statement(statement)

    def statement(self, node):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            self.bound.add(node.name)  # its body runs later, in a cell of its own
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.bound |= {(part.asname or part.name).split(".")[0] for part in node.names}
        elif isinstance(node, ast.For):
            self.needs(node.iter)
            self.bound |= stored(node.target)
            self.block(node.body + node.orelse)
        elif isinstance(node, (ast.While, ast.If)):
            self.needs(node.test)
            self.block(node.body + node.orelse)
        elif isinstance(node, ast.With):
            for item in node.items:
                self.needs(item.context_expr)
                self.bound |= stored(item.optional_vars) if item.optional_vars else set()
            self.block(node.body)
        elif isinstance(node, ast.Try):
            self.block([*node.body, *(line for h in node.handlers for line in h.body)])
            self.block([*node.orelse, *node.finalbody])
        else:
            self.needs(node)
            if isinstance(node, ast.AugAssign):
                self.needed |= stored(node.target) - self.bound
            for part in ast.walk(node):
                if isinstance(part, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    self.bound |= {name for target in targets for name in stored(target)}


def not_again(name, sources):
    """Names that a second run of some cell would find changed."""
    cells, found, known = [Cell(source) for source in sources], [], set()
    for i, cell in enumerate(cells):
        for word in sorted(cell.needed & cell.bound & known):
            found.append(f"{name}: cell {i} changes {word}, from which it starts")
        known |= cell.bound
    for word in sorted(known):
        at = [i for i, cell in enumerate(cells) if word in cell.bound]
        for one, two in zip(at, at[1:]):
            users = [k for k in range(one + 1, two) if word in cells[k].needed]
            if users:
                found.append(f"{name}: {word} of cell {one}, read by {users}, is another in {two}")
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_cells_can_be_run_again(chapter):
    assert [
        line
        for name, notebook in notebooks(chapter).items()
        for line in not_again(
            name, [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        )
    ] == []


@pytest.mark.parametrize(
    "cells",
    [
        ["x = [1]", "x = x + [2]"],
        ["n = 0", "n += 1"],
        ["rows = 3", "print(rows)", "for rows in range(4):\n    pass"],
        ["p = 1", "f(p, [p for q in range(p)])", "import numpy as p"],
        ["a = 1", "if a:\n    a = 2"],
    ],
)
def test_a_cell_that_cannot_be_run_again_is_noticed(cells):
    assert len(not_again("1.1", cells)) == 1


def test_names_of_their_own_are_left_alone():
    cells = [
        "n = 1\ndef f(x):\n    n = 2\n    return n",
        "print([n for n in range(3)], (lambda n: n)(2), n)",
        "total = 0\ntotal += n",
        "rows = f(1)\nrows = rows + 1",
    ]
    assert not_again("1.1", cells) == []

"""Whether the assignment's own names hold in a student's process what they hold in the judge's.

A test reads the data and functions of the assignment's cells where it runs. If a student's cell has
changed them, or has given their names to something else, a kernel would show the test the changed
ones. Both sides say in a few letters what a name holds, and the judge compares.
"""

import builtins
import dis
import hashlib
import types
from collections.abc import Mapping
from typing import Any

from nbjudge.execution import wire

# a student's cell may put other functions in the place of these
__builtins__ = dict(vars(builtins))

MOST_PARTS, DEEPEST = 1000, 4
CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def likenesses(names: list[str], space: Mapping) -> dict[str, str]:
    """{name: a few letters on what it holds} of those names that a namespace has.

    Examples
    --------
    >>> found = likenesses(["a", "b", "c"], {"a": [1, {2, 3}], "b": [1, {3, 2}]})
    >>> sorted(found), found["a"] == found["b"]
    (['a', 'b'], True)
    """
    return {name: likeness(space[name]) for name in names if name in space}


def likeness(value: Any, depth: int = 0) -> str:
    """A few letters that are the same for equal data, and for functions of the same code.

    Examples
    --------
    >>> likeness(sum), likeness(hashlib)
    ('builtins.sum', 'module hashlib')
    >>> likeness([1, 2]) == likeness((1, 2))
    False
    """
    kind = type(value)
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, types.FunctionType):
        return _digest(repr(_code(value.__code__)).encode())
    if isinstance(value, type) and value.__module__ == "__main__" and depth < DEEPEST:
        members = {key: likeness(part, depth + 1) for key, part in vars(value).items()}
        return _digest(repr(sorted(members.items())).encode())
    if isinstance(value, (type, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    try:
        return f"{kind.__name__} {_digest(wire.PLAIN.dumps(_ordered(value)))}"
    except (wire.NotPlainError, RecursionError):
        return f"{kind.__name__} {_parts(value, kind, depth)}"


def globals_read(space: Mapping) -> set[str]:
    """Names of globals that the functions and classes of a namespace's cells read.

    Examples
    --------
    >>> exec("def f(x): return x + rate", space := {"__name__": "__main__"})
    >>> globals_read(space)
    {'rate'}
    """
    found, todo, seen = set(), list(space.values()), set()
    while todo:
        value = todo.pop()
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if isinstance(function, types.FunctionType) and function.__module__ == "__main__":
            todo += [function.__code__, getattr(function, "__wrapped__", None)]
        elif isinstance(value, types.CodeType) and value not in seen:
            seen.add(value)
            found |= {
                one.argval for one in dis.get_instructions(value) if one.opname == "LOAD_GLOBAL"
            }
            todo += value.co_consts
        elif isinstance(value, type) and value.__module__ == "__main__" and value not in seen:
            seen.add(value)
            todo += vars(value).values()
        elif type(value) in (list, tuple, dict) and len(value) < MOST_PARTS:
            parts = value.values() if type(value) is dict else value
            todo += [part for part in parts if isinstance(part, types.FunctionType)]
    return found


def is_code(value: Any) -> bool:
    """Whether it is a function, a class or a module."""
    return isinstance(value, CODE)


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def _parts(value, kind, depth):
    """What is known of something that is not plain data: its parts, one by one."""
    if depth >= DEEPEST:
        return ""
    parts = []
    if kind in (list, tuple):
        parts = value
    elif kind is dict:
        parts = [part for pair in value.items() for part in pair]
    elif kind.__module__ == "__main__" and hasattr(value, "__dict__"):
        parts = [part for pair in sorted(vars(value).items()) for part in pair]
    return _digest(repr([likeness(part, depth + 1) for part in parts[:MOST_PARTS]]).encode())


def _ordered(value):
    """The same data; sets of text have another order in each process."""
    kind = type(value)
    if kind in (set, frozenset):
        return [kind.__name__, *sorted(map(repr, value))]
    if kind is dict:
        if {set, frozenset, list, tuple, dict} & set(map(type, value.values())):
            return {key: _ordered(part) for key, part in value.items()}
    elif kind in (list, tuple):
        if {set, frozenset, list, tuple, dict} & set(map(type, value)):
            return kind(map(_ordered, value))
    return value


def _code(code):
    """What a function does, without where it stands."""
    constants = [
        _code(one)
        if isinstance(one, types.CodeType)
        else repr(_ordered(one) if isinstance(one, frozenset) else one)
        for one in code.co_consts
    ]
    return [code.co_code, code.co_names, code.co_varnames, constants]

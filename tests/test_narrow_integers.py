"""Answers whose integers have 32 bits, as a browser's indices have, are judged as those with 64.

NumPy's own integers are widened in the page; what `argmax`, `nonzero` or `.astype(int)` give cannot
be. Here the integers of every answer are narrowed before a test sees them, and each result and each
message must be the one that they get with 64 bits.
"""

import ast
import contextlib
import functools
import inspect
import io

import graders
import numpy as np
import pytest

HIDDEN = "### BEGIN HIDDEN TESTS"


def narrow(value):
    """A value with integers of 32 bits in place of those of 64, also within lists and tuples."""
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype != np.int64:
            return value
        made = value.astype(np.int32)
        return made if np.array_equal(made, value) else value
    if type(value) in (list, tuple):
        return type(value)(map(narrow, value))
    if type(value) is dict:
        return {key: narrow(part) for key, part in value.items()}
    return value


def narrowed(function, seen):
    """The function with narrow results; the set `seen` notes where this changed one."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        value = function(*args, **kwargs)
        made = narrow(value)
        if kinds(made) != kinds(value):
            seen.add(function.__name__)
        return made

    return call


def kinds(value):
    """The types of integers in a value, in order."""
    if isinstance(value, (list, tuple)):
        return [kind for part in value for kind in kinds(part)]
    return [str(value.dtype)] if isinstance(value, (np.ndarray, np.generic)) else []


def visible(chapter, answers, seen=None):
    """{answer cell: messages of its visible tests}, with narrow results if `seen` is a set."""
    names, answer, found = {"__name__": "__main__"}, None, {}
    for cell in graders._cells("solutions", chapter):
        mark = graders._nbgrader(cell)
        if cell.cell_type != "code":
            continue
        before = set(names)
        if mark.get("grade"):
            found[answer] = messages(cell.source.partition(HIDDEN)[0], names)
            continue
        graders._run(answers.get(mark.get("grade_id"), cell.source), names)
        if mark.get("solution"):
            answer = mark["grade_id"]
            for name in set(names) - before if seen is not None else ():
                if inspect.isfunction(names[name]):
                    names[name] = narrowed(names[name], seen)
    return found


def messages(source, names):
    """What the visible part of a test cell says of each thing that it tries."""
    body = [line for line in ast.parse(source).body if not isinstance(line, ast.Expr)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(ast.Module(body, type_ignores=[]), "<tests>", "exec"), names)
    return [(result.name, result.message) for result in names["results"]]


def rounds(chapter):
    """A chapter's right and wrong answers, in as few runs as one problem has of them."""
    problems = graders.tables()[chapter]
    texts = {
        name: [*problem.right.values(), *(wrong[0] for wrong in problem.wrong.values())]
        for name, problem in problems.items()
    }
    yield {}
    for place in range(max(map(len, texts.values()))):
        yield {name: some[place] for name, some in texts.items() if place < len(some)}


@pytest.mark.parametrize("chapter", range(1, 11))
def test_integers_of_32_bits_are_judged_as_those_of_64(chapter, record_property):
    seen, differing = set(), []
    for answers in rounds(chapter):
        wide, small = visible(chapter, answers), visible(chapter, answers, seen)
        differing += [
            (answers.get(name, name), one, other)
            for name in wide
            for one, other in zip(wide[name], small[name], strict=True)
            if one != other
        ]
    record_property("functions with integers in their results", sorted(seen))
    assert differing == []


def test_integers_are_narrowed_wherever_they_stand():
    value = ([np.int64(3)], np.array([1, 2]), {"n": np.array(2)}, 7, np.array([0.5]), 2**40)
    made = narrow(value)
    assert kinds(made[:2]) == ["int32", "int32"] and made[2]["n"].dtype == np.int32
    assert made[3:] == (7, value[4], 2**40)
    assert narrow(np.array([2**40])).dtype == np.int64

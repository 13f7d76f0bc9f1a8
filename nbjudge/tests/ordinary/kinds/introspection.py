"""Tests that look at the code: signatures, documentation, source text."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "introspection-signature",
        "inspect.signature: names, defaults, kinds of parameters.",
        answer(
            "fit",
            r"""
### BEGIN SOLUTION
def fit(x, y, /, degree=2, *, ridge=0.0, **options):
    return (degree, ridge, options)
### END SOLUTION
""",
        ),
        test(
            "fit-parameters",
            2,
            r"""
import inspect

parameters = inspect.signature(fit).parameters
assert list(parameters)[:4] == ["x", "y", "degree", "ridge"]
assert parameters["degree"].default == 2
assert parameters["x"].default is inspect.Parameter.empty
""",
        ),
        test(
            "fit-kinds",
            2,
            r"""
from inspect import Parameter
assert parameters["ridge"].kind is Parameter.KEYWORD_ONLY
assert parameters["x"].kind == Parameter.POSITIONAL_ONLY
assert any(p.kind == Parameter.VAR_KEYWORD for p in parameters.values())
assert inspect.getfullargspec(fit).kwonlyargs == ["ridge"]
assert fit.__defaults__ == (2,) and fit.__kwdefaults__ == {"ridge": 0.0}
assert fit.__code__.co_argcount == 3
""",
        ),
        wrong={"fit": "def fit(x, y, degree=3, ridge=0.0):\n    return (degree, ridge, {})"},
    ),
    kind(
        "introspection-docstring",
        "Name, docstring, annotations, and the doctests in the docstring.",
        answer(
            "area",
            r"""
### BEGIN SOLUTION
def area(width: float, height: float = 1.0) -> float:
    '''Area of a rectangle.

    >>> area(2, 3)
    6
    '''
    return width * height
### END SOLUTION
""",
        ),
        test(
            "area-doc",
            2,
            r"""
assert area.__doc__ is not None and len(area.__doc__.strip()) > 10, "write a docstring"
assert "rectangle" in area.__doc__.lower()
assert area.__name__ == "area"
""",
        ),
        test(
            "area-annotations",
            1,
            r"""
import typing
assert area.__annotations__["return"] is float
assert typing.get_type_hints(area) == {"width": float, "height": float, "return": float}
""",
        ),
        test(
            "area-doctest",
            2,
            r"""
import doctest
finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)
tests = finder.find(area, "area", module=False, globs={"area": area})
for one in tests:
    runner.run(one)
assert runner.tries >= 1 and runner.failures == 0
""",
        ),
        wrong_no_doc={"area": "def area(width, height=1.0):\n    return width * height"},
        wrong_doctest={
            "area": r"""
def area(width: float, height: float = 1.0) -> float:
    '''Area of a rectangle.

    >>> area(2, 3)
    5
    '''
    return width * height
"""
        },
    ),
    kind(
        "introspection-source",
        "inspect.getsource: a loop is demanded, or forbidden.",
        answer(
            "square",
            r"""
def squares(n):
    "With a list comprehension, without append."
    ### BEGIN SOLUTION
    return [i**2 for i in range(n)]
    ### END SOLUTION

def shout(word):
    "With a while loop."
    ### BEGIN SOLUTION
    result = ""
    while len(result) < len(word):
        result += word[len(result)].upper()
    return result
    ### END SOLUTION
""",
        ),
        test(
            "squares-comprehension",
            2,
            r"""
import inspect
source = inspect.getsource(squares)
assert squares(4) == [0, 1, 4, 9]
assert "for" in source and ".append" not in source
""",
        ),
        test(
            "shout-while",
            2,
            r"""
import ast
assert shout("abc") == "ABC"
tree = ast.parse(inspect.getsource(shout))
assert any(isinstance(node, ast.While) for node in ast.walk(tree)), "use a while loop"
calls = [n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and hasattr(n.func, "attr")]
assert calls.count("upper") == 1
""",
        ),
        wrong_append={
            "square": r"""
def squares(n):
    result = []
    for i in range(n):
        result.append(i**2)
    return result

def shout(word):
    return word.upper()
"""
        },
    ),
    kind(
        "introspection-input-history",
        "The test reads the text of the answer's cell from In.",
        answer(
            "table",
            r"""
### BEGIN SOLUTION
total = 0
for i in range(1, 11):
    total += i
### END SOLUTION
""",
        ),
        test(
            "table-loop",
            2,
            r"""
assert total == 55
assert any("for " in cell and "total" in cell for cell in In[:-1]), "use a for loop"
""",
        ),
        test(
            "table-last",
            1,
            r"""
text = get_ipython().user_ns["In"][-3]
assert text.count("\n") <= 6
assert "sum(" not in text
""",
        ),
        wrong_sum={"table": "total = sum(range(1, 11))"},
    ),
    kind(
        "introspection-code-object",
        "Bytecode and code objects: recursion is demanded, names are forbidden.",
        answer(
            "power",
            r"""
def power(base, exponent):
    "Recursive, without ** and pow."
    ### BEGIN SOLUTION
    return 1 if exponent == 0 else base * power(base, exponent - 1)
    ### END SOLUTION
""",
        ),
        test(
            "power-recursive",
            2,
            r"""
import dis

assert power(2, 10) == 1024
names = power.__code__.co_names
assert "power" in names, "call yourself"
assert "pow" not in names
assert not any("POWER" in i.opname or i.argrepr == "**" for i in dis.get_instructions(power))
""",
        ),
        wrong_operator={"power": "def power(base, exponent):\n    return base**exponent"},
        wrong_loop={
            "power": r"""
def power(base, exponent):
    result = 1
    for _ in range(exponent):
        result *= base
    return result
"""
        },
    ),
    kind(
        "introspection-types",
        "What is callable, a generator function, a coroutine, a method, a lambda.",
        answer(
            "kinds",
            r"""
### BEGIN SOLUTION
def gen():
    yield 1

async def coro():
    return 1

square = lambda x: x * x

class Thing:
    def method(self):
        return 1

    @staticmethod
    def static():
        return 2
### END SOLUTION
""",
        ),
        test(
            "kinds-test",
            3,
            r"""
import inspect, types

assert inspect.isgeneratorfunction(gen)
assert inspect.iscoroutinefunction(coro)
assert isinstance(square, types.FunctionType) and square.__name__ == "<lambda>"
assert inspect.isclass(Thing) and inspect.ismethod(Thing().method)
assert inspect.isfunction(Thing.static) and not inspect.ismethod(Thing().static)
assert Thing.method.__qualname__ == "Thing.method" and Thing.__module__ == "__main__"
assert [n for n, _ in inspect.getmembers(Thing, inspect.isfunction)] == ["method", "static"]
""",
        ),
        wrong={
            "kinds": r"""
def gen():
    return iter([1])

def coro():
    return 1

def square(x):
    return x * x

class Thing:
    method = static = square
"""
        },
    ),
    kind(
        "introspection-testmod",
        "doctest.testmod runs every docstring of the notebook.",
        answer(
            "words",
            r"""
### BEGIN SOLUTION
def longest(words):
    '''The longest word, the first of them.

    >>> longest(["fig", "kiwi", "plum"])
    'kiwi'
    >>> longest([])
    Traceback (most recent call last):
    ValueError: no words
    '''
    if not words:
        raise ValueError("no words")
    return max(words, key=len)
### END SOLUTION
""",
        ),
        test(
            "words-testmod",
            2,
            r"""
import doctest
result = doctest.testmod(verbose=False)
assert result.attempted >= 2 and result.failed == 0, result
""",
        ),
        test(
            "words-examples",
            1,
            r"""
examples = doctest.DocTestParser().get_examples(longest.__doc__)
assert [e.source.strip() for e in examples][0].startswith("longest(")
""",
        ),
        wrong_example={
            "words": r"""
def longest(words):
    '''The longest word.

    >>> longest(["fig", "kiwi"])
    'fig'
    '''
    return max(words, key=len)
"""
        },
        wrong_none={"words": "def longest(words):\n    return max(words, key=len)"},
    ),
    kind(
        "introspection-hypothesis",
        "Properties, with examples drawn by hypothesis.",
        answer(
            "encode",
            r"""
def encode(text):
    "Run lengths: [(character, count), ...]"
    ### BEGIN SOLUTION
    runs = []
    for c in text:
        if runs and runs[-1][0] == c:
            runs[-1] = (c, runs[-1][1] + 1)
        else:
            runs.append((c, 1))
    return runs
    ### END SOLUTION

def decode(runs):
    ### BEGIN SOLUTION
    return "".join(c * n for c, n in runs)
    ### END SOLUTION
""",
        ),
        test(
            "encode-property",
            3,
            r"""
from hypothesis import given, settings, strategies as st

@settings(max_examples=50, database=None, deadline=None, derandomize=True)
@given(st.text(alphabet="abé", max_size=8))
def round_trip(text):
    assert decode(encode(text)) == text
    assert all(a[0] != b[0] for a, b in zip(encode(text), encode(text)[1:]))

round_trip()
""",
        ),
        needs=("hypothesis",),
        wrong={
            "encode": r"""
def encode(text):
    return [(c, text.count(c)) for c in dict.fromkeys(text)]

def decode(runs):
    return "".join(c * n for c, n in runs)
"""
        },
    ),
]

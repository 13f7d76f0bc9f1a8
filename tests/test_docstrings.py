"""Every public function and class of lmcore has a complete docstring.

It says what the function means, takes, returns and raises, where the book explains it, and shows an
example. (pytest runs the examples as doctests.)

Public is what a chapter's package lists in `__all__`, or what a module without one defines under a
name without an underscore. Scripts are left out.
"""

import ast
import importlib
import inspect
import re
import textwrap
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import lmcore

ROOT = Path(lmcore.__file__).parent
SECTIONS = {f"{chapter}.{section}" for chapter in range(1, 11) for section in range(1, 6)}
NO_SECTION = {"lmcore.plotting", "lmcore.check"}  # serve every chapter and belong to none
HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
PLACE = re.compile(r"\(book,\s+sections?\s+([^)]*)\)")


def is_script(path):
    return path.name == "__main__.py" or '__name__ == "__main__"' in path.read_text(
        encoding="utf-8"
    )


def public_modules():
    """Names of the modules whose contents are public.

    Packages with `__all__` stand for their parts.
    """
    names = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        name = ".".join(("lmcore", *parts))
        if not parts or any(part.startswith("_") for part in parts) or is_script(path):
            continue
        if not any(name.startswith(f"{shorter}.") for shorter in names if listed(shorter)):
            names.append(name)
    return names


def listed(name):
    return getattr(importlib.import_module(name), "__all__", None)


def public_objects(name):
    """(name, function or class) of everything public in a module."""
    module = importlib.import_module(name)
    for key, value in sorted(vars(module).items()):
        own = key in listed(name) if listed(name) else getattr(value, "__module__", None) == name
        if (
            own
            and not key.startswith("_")
            and (inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value)))
        ):
            yield key, value


def numpydoc_sections(doc):
    """Heading -> text, and under "" what comes before the first heading."""
    pieces = HEADING.split(inspect.cleandoc(doc))
    return {"": pieces[0], **dict(zip(pieces[1::2], pieces[2::2]))}


def described(text):
    """Names on the unindented lines `a, b : type` of a Parameters or Attributes section."""
    lines = [line for line in text.splitlines() if line and not line[0].isspace()]
    return {
        name.strip().lstrip("*") for line in lines for name in line.partition(" : ")[0].split(",")
    }


def body_of(function):
    """The syntax tree of a function, without those of functions inside it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body[0]
    nodes, queue = [], list(tree.body)
    while queue:
        node = queue.pop()
        nodes.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            queue.extend(ast.iter_child_nodes(node))
    return nodes


def lacks(value, needs_section=True):
    """What is missing from the docstring of a function or class, as a list of phrases."""
    doc = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    # dataclass and NamedTuple write one of their own
    if not doc or doc.startswith(f"{value.__name__}("):
        return ["a docstring"]
    found, missing = numpydoc_sections(doc), []
    summary = found[""].strip().split("\n\n")[0]
    if "\n" in summary or not re.search(r"[.?]$", summary):
        missing.append("a summary of one line that ends in a full stop")
    if getattr(value, "_is_protocol", False):
        # it has no constructor to describe and nothing to run
        return missing + ([] if PLACE.search(doc) else ["the place (book, section N.M)"])
    fields = inspect.isclass(value) and (getattr(value, "_fields", None) or is_dataclass(value))
    names = {name for name in inspect.signature(value).parameters if not name.startswith("_")}
    where = ["Parameters", "Attributes"] if fields else ["Parameters"]
    undescribed = names - described("\n".join(found.get(heading, "") for heading in where))
    if undescribed:
        missing.append(f"a description of {', '.join(sorted(undescribed))}")
    if inspect.isfunction(inspect.unwrap(value)):
        body = body_of(value)
        if any(
            isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) and node.value for node in body
        ) and not {"Returns", "Yields"} & set(found):
            missing.append("Returns")
        if any(isinstance(node, ast.Raise) for node in body) and "Raises" not in found:
            missing.append("Raises")
    if fields and not any(
        inspect.isfunction(item) and not name.startswith("_") for name, item in vars(value).items()
    ):
        # a record: the function that returns it has example and section
        return missing
    if ">>> " not in found.get("Examples", ""):
        missing.append("Examples with a doctest")
    if needs_section:
        places = [n for place in PLACE.findall(doc) for n in re.findall(r"\d+\.\d+", place)]
        if not places:
            missing.append("the place (book, section N.M)")
        missing += [
            f"an existing section instead of {place}" for place in places if place not in SECTIONS
        ]
    return missing


@pytest.mark.parametrize("name", public_modules())
def test_docstrings_are_complete(name):
    report = [
        f"{name}.{key} lacks " + "; ".join(missing)
        for key, value in public_objects(name)
        if (missing := lacks(value, name not in NO_SECTION))
    ]
    assert not report, "\n" + "\n".join(report)


def unannotated(value):
    """Parameters of a function, or of a class and its public methods, without a type; "return"."""
    functions = [value]
    if inspect.isclass(value):
        functions = [
            getattr(item, "fget", item)
            for name, item in vars(value).items()
            if not name.startswith("_") and (inspect.isfunction(item) or isinstance(item, property))
        ]
    found = set()
    for function in map(inspect.unwrap, functions):
        signature = inspect.signature(function)
        names = {
            name
            for name, parameter in signature.parameters.items()
            if parameter.annotation is parameter.empty and name != "self"
        }
        found |= names | ({"return"} if signature.return_annotation is signature.empty else set())
    return found


@pytest.mark.parametrize("name", public_modules())
def test_signatures_are_annotated(name):
    if name == "lmcore.check":
        pytest.skip("students' values of any type go through it")
    assert {key: gaps for key, value in public_objects(name) if (gaps := unannotated(value))} == {}


def test_a_signature_without_types_is_noticed():
    assert unannotated(complete) == {"logits", "axis", "return"}

    class Half:
        def method(self, x: int):
            return x

    assert unannotated(Half) == {"return"}


def test_every_chapter_is_looked_at():
    names = public_modules()
    for chapter in ("distributions", "factorization", "softmax", "likelihood"):
        assert f"lmcore.{chapter}" in names and len(list(public_objects(f"lmcore.{chapter}"))) >= 6


def complete(logits, axis=-1):
    """Largest logit (book, section 3.3).

    Parameters
    ----------
    logits, axis
        Whatever.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Always.

    Examples
    --------
    >>> 1
    1
    """
    if axis:
        raise ValueError(logits)
    return logits


@pytest.mark.parametrize(
    "old, new, phrase",
    [
        (
            "Largest logit (book, section 3.3).",
            "Largest logit\nof all (book, section 3.3).",
            "a summary of one line",
        ),
        ("logits, axis\n", "logits\n", "a description of axis"),
        ("Returns\n-------", "Gives\n-------", "Returns"),
        ("Raises\n------", "Throws\n------", "Raises"),
        (">>> 1\n1", "None", "Examples with a doctest"),
        (" (book, section 3.3)", "", "the place (book, section N.M)"),
        ("section 3.3", "section 3.6", "an existing section instead of 3.6"),
        ("section 3.3", "section 11.1", "an existing section instead of 11.1"),
    ],
)
def test_a_planted_gap_is_named(monkeypatch, old, new, phrase):
    # from Python 3.13 on it comes without indentation
    doc = inspect.cleandoc(complete.__doc__)
    assert lacks(complete) == [] and old in doc
    monkeypatch.setattr(complete, "__doc__", doc.replace(old, new))
    assert len(lacks(complete)) == 1 and lacks(complete)[0].startswith(phrase)


def test_no_docstring_at_all():
    class Bare:
        pass

    assert lacks(Bare) == lacks(lambda: None) == ["a docstring"]

"""Practice boxes of the reviews and answers to them; chapter_NN.py holds those of one chapter."""

import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BOX = re.compile(r"^(`{3,})\{practice\} *(\S+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


class Answers(NamedTuple):
    """What is typed into one box.

    `right` is {name: code}, `wrong` {name: (code, phrase of the message that it must get)}.
    """

    right: dict
    wrong: dict


def boxes(text):
    """{label: (starting code, checks)} of a review's Markdown."""
    found = {}
    for _, label, content in BOX.findall(text):
        start, _, tests = content.partition("\n---\n")
        found[label] = start, tests
    return found


def review(chapter):
    (path,) = ROOT.glob(f"book/{chapter:02d}-*/review.md")
    return path.read_text(encoding="utf-8")


def tables():
    """{chapter: {label: Answers}}"""
    return {
        int(info.name[-2:]): importlib.import_module(f"practice.{info.name}").ANSWERS
        for info in pkgutil.iter_modules(__path__)
    }


def session():
    """The module that the page's worker runs, book/_web/src/session.py."""
    spec = importlib.util.spec_from_file_location("session", ROOT / "book/_web/src/session.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""A place for the reader's guess in the box that opens each section, and for its return at the end.

memory.js keeps what is typed, in the browser alone, and puts it before the sentence to remember.
Where the box asks for a number, that number is looked up in the notebook's own output, and the
guess is set beside it below the cell that computes it. Without a script neither is seen.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import NamedTuple

from sphinx.errors import ExtensionError

from course_ext.path import PAGE

QUESTION = re.compile(r'<div class="question admonition">.*?(?=</div>)', re.S)
REMEMBER = re.compile(
    r'(<div class="remember admonition">\s*<p class="admonition-title">.*?</p>)', re.S
)
FORM = (
    '<form class="guess"{data}><label>{label} <input name="guess" maxlength="200"'
    ' autocomplete="off"></label><button type="submit">Keep</button><span role="status"></span>'
    "</form>\n"
)


class Number(NamedTuple):
    """A number to guess.

    Attributes
    ----------
    what : str
        What is guessed, with its unit, as the label of the field says it.
    pattern : str
        Where a cell prints it: a regular expression for whole lines, with the number as its group.
    """

    what: str
    pattern: str


NUMBERS = {
    "03-softmax/1-lm-head": Number(
        "per cent of SmolLM2-135M's parameters that are its head",
        r"SmolLM2-135M .* ([\d.]+)%",
    ),
    "05-information/1-entropy": Number(
        "bits per letter of English", r"8 +[\d.]+ +[\d.]+ +([\d.]+)"
    ),
    "05-information/2-cross-entropy-decomposition": Number(
        "bits of the 9.8 that any model would need", r"unigram +[\d.]+ += +([\d.]+) .*"
    ),
    "05-information/3-perplexity": Number(
        "equally likely characters, for the pocket transformer",
        r"[\d,]+ characters, perplexity ([\d.]+)",
    ),
    "06-calibration/1-length-bias": Number(
        "choices of 28 with the fewest tokens", r"right: .* of fewest tokens: (\d+) of 28"
    ),
    "07-decoding/3-top-k": Number(
        "per cent of authors' tokens outside the best 40", r" *40 +([\d.]+)% .*"
    ),
    "08-models/5-transformer-lm": Number(
        "bits per byte of the transformer with a million weights", r"8\.5 transformer.* ([\d.]+)"
    ),
    "09-conditioning/1-prompt-conditioning": Number(
        "bits that the false sentence about Berlin saves",
        r"Paris is the capital of Fran +[\d.]+ +([\d.]+) .*",
    ),
}


def computed(notebook: dict, pattern: str) -> tuple[int, str]:
    """Which code cell prints the number that a pattern describes, from 0, and the number."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    found = [
        (place, number)
        for place, cell in enumerate(cells)
        for output in cell["outputs"]
        for number in re.findall(rf"(?m)^{pattern}$", "".join(output.get("text", "")))
    ]
    if len(found) != 1:
        raise ExtensionError(
            f"guess: {pattern!r} must describe one printed line, and describes {len(found)}; the"
            " table of numbers is in course_ext/guess.py"
        )
    return found[0]


def form(app, pagename: str, name: str) -> str:
    """The form of a section's question."""
    asked = NUMBERS.get(name)
    if asked is None:
        return FORM.format(data="", label="Your guess")
    notebook = json.loads(Path(app.env.doc2path(pagename)).read_text(encoding="utf-8"))
    place, number = computed(notebook, asked.pattern)
    return FORM.format(
        data=f' data-cell="{place}" data-computed="{number}"',
        label=f"Your guess: {html.escape(asked.what)}",
    )


def ask(app, pagename, templatename, context, doctree) -> None:
    page = PAGE.fullmatch(pagename)
    if app.builder.name != "html" or doctree is None or not page or not page["page"][0].isdigit():
        return
    made = form(app, pagename, f"{page['slug']}/{page['page']}")
    body, found = QUESTION.subn(lambda box: box.group() + made, context["body"], count=1)
    if found:
        context["body"] = REMEMBER.sub(r'\1<p class="guess-kept" hidden></p>', body, count=1)


def setup(app):
    app.connect("html-page-context", ask)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

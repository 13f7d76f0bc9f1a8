"""The page on which a chapter's assignment is solved, made from its release notebook.

book/NN-slug/assignment.md holds a comment alone; its text is written here when Sphinx reads it:
the notebook's own texts, and in place of its code cells a directive each. What a reader does on the
page is book/_web/src/assignment.js's affair, which finds the notebook in the page, as data.

Only the release is read, never the source: what students may not see cannot get here.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from course_ext import head
from course_ext.assignment_role import release_notebook

PAGE = re.compile(r"book/(\d\d-[^/]+)/assignment")
SECTIONS = re.compile(r"\b([Ss]ections?) (\d+\.[1-5](?:(?:, | and | or |, and )\d+\.[1-5])*)")
HELP = """<details><summary>How this page works</summary>
<ul><li>Shift+Enter in an editor, or Run below it, runs your code and then the visible tests. The
first Run fetches Python; it runs in your browser.</li>
<li>Tab leaves the editor. Ctrl+] indents a line, Ctrl+[ takes the indent back; Enter keeps it. On
a touch screen there are buttons for that.</li>
<li>Run all begins with a fresh Python and runs everything from top to bottom, as grading does.</li>
<li>Download for hand-in writes a notebook with your answers: hand that in, or keep it as a copy.
Open takes it back, on any device, and takes what JupyterLab saved too.</li></ul></details>"""
# The address is the site's own: the script completes it from where the page was loaded.
INSTALL = """<details><summary>Continue in JupyterLab</summary>
<p>Download the notebook and open it in JupyterLab, with Python 3.11 or newer. One line, typed in a
terminal, installs what it needs: JupyterLab, the library with its data, and <code>nbjudge</code>,
whose <code>nbjudge check exercises.ipynb</code> runs the visible tests as grading will:</p>
<pre><code>python -m pip install "lmcore[student] @ \
<span class="assignment-wheel">{lmcore}</span>" "nbjudge @ \
<span class="assignment-wheel">{nbjudge}</span>"</code></pre>
<p>Where JupyterLab runs already, as in Colab, this line in a new cell at the top is enough; the
first cell says so too if it does not find the library:</p>
<pre><code>%pip install "lmcore[data,plot] @ \
<span class="assignment-wheel">{lmcore}</span>"</code></pre></details>"""
NO_SCRIPT = """<noscript><p>This page needs scripts to run code. Download the notebook above
and solve it in JupyterLab.</p></noscript>"""
# What the script waits for; it stands in the page from the start, so that nothing moves.
ACTIONS = "".join(
    f'<button type="button" class="live-button{look}" data-act="{act}" disabled{hidden}>{words}'
    "</button>"
    for act, words, look, hidden in (
        ("run", "Run all", " live-primary", ""),
        ("stop", "Stop", "", " hidden"),
        ("download", "Download for hand-in", " live-primary", ""),
        ("open", "Open a notebook …", "", ""),
        ("over", "Start over", "", ""),
    )
)
ACTIONS = f'<div class="live-toolbar assignment-actions">{ACTIONS}</div>'
BOARD = f"""<div class="assignment-board" role="group" aria-label="Your work on this assignment">
<p class="assignment-progress" role="status">{{progress}}</p>
<div class="assignment-bar" aria-hidden="true"><span></span></div>
{ACTIONS}
<p class="assignment-kept">Your work is kept in this browser, on this device, and sent nowhere.</p>
{HELP}
{{install}}
{NO_SCRIPT}</div>"""
HAND_IN = """## Hand in

```{assignment-cell} hand-in
```

Give the downloaded file `exercises.ipynb` to your instructor by the way your class has agreed on.
It is an ordinary notebook: JupyterLab opens it, and this page opens what JupyterLab saved. The
guide [for students](../students.md) says what happens to it.
"""
ROLES = ("given", "answer", "tests", "written")


def load(path: Path) -> dict:
    """A release notebook, the source of each cell as one string.

    Broken into a list of lines, as files have it, a passage could hide from the search for leaks.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def role(cell: dict) -> str:
    """What a cell is to the reader: "text", or one of ROLES."""
    marks = cell["metadata"].get("nbgrader", {})
    if cell["cell_type"] == "markdown":
        return "written" if marks.get("solution") else "text"
    if marks.get("solution"):
        return "answer"
    return "tests" if marks.get("grade") else "given"


def link_sections(text: str, pages: dict[str, str]) -> str:
    """Text in which "section 3.4" is a link; `pages` has the page of each section.

    >>> link_sections("(sections 3.2 and 3.4)", {"3.2": "2-a.ipynb", "3.4": "4-b.ipynb"})
    '(sections [3.2](2-a.ipynb) and [3.4](4-b.ipynb))'
    """

    def link(number: re.Match) -> str:
        page = pages.get(number.group())
        return f"[{number.group()}]({page})" if page else number.group()

    return SECTIONS.sub(
        lambda found: f"{found[1]} {re.sub(r'[0-9]+[.][1-5]', link, found[2])}", text
    )


def section_pages(book: Path, slug: str) -> dict[str, str]:
    """{"3.4": address of that section's notebook, as seen from a page of chapter `slug`}."""
    return {
        f"{int(path.parent.name[:2])}.{path.name[0]}": (
            path.name if path.parent.name == slug else f"../{path.parent.name}/{path.name}"
        )
        for path in book.glob("[0-9][0-9]-*/[1-5]-*.ipynb")
    }


def page_source(notebook: dict, pages: dict[str, str]) -> str:
    """The page as MyST: texts as they stand, and a directive for each other cell."""
    parts = []
    for cell in notebook["cells"]:
        if role(cell) == "text":
            parts.append(link_sections(cell["source"], pages))
        else:
            parts.append(f"```{{assignment-cell}} {cell['id']}\n```")
    parts.insert(1, "```{assignment-cell} board\n```")
    return "\n\n".join([*parts, HAND_IN])


def write_page(app, docname: str, source: list[str]) -> None:
    """Put the page in place of the comment that its file holds."""
    page = PAGE.fullmatch(docname)
    if not page:
        return
    slug = page.group(1)
    path = release_notebook(app.srcdir, slug)
    app.env.metadata[docname].setdefault("assignments", {})[slug] = path.is_file()
    if not path.is_file():
        source[0] = f"# Assignment {int(slug[:2])}\n\nThis assignment has not been released yet.\n"
        return
    app.env.note_dependency(str(path))
    source[0] = page_source(load(path), section_pages(Path(app.srcdir, "book"), slug))


def on_site(content: str) -> nodes.Node:
    """HTML for the site alone: a book on paper or in a reader holds no forms."""
    return addnodes.only("", nodes.raw("", content, format="html"), expr="builder_html")


def as_data(slug: str, notebook: dict) -> str:
    """The notebook as JSON that can stand in a page."""
    content = json.dumps({"slug": slug, "notebook": notebook}, ensure_ascii=False)
    return content.replace("<", "\\u003c")


class AssignmentCell(SphinxDirective):
    """Where one cell of the notebook stands, by its id; `board` and `hand-in` are ours."""

    required_arguments = 1

    def run(self):
        name, slug = self.arguments[0], PAGE.fullmatch(self.env.docname).group(1)
        notebook = load(release_notebook(self.env.srcdir, slug))
        if name == "board":
            data = as_data(slug, notebook)
            script = f'<script type="application/json" id="assignment">{data}</script>'
            install = INSTALL.format(**wheel_addresses(self.config.html_baseurl))
            board = BOARD.format(progress=progress(notebook), install=install)
            return [on_site(board + script)]
        if name == "hand-in":
            return [on_site(f'<p class="assignment-left"></p>{ACTIONS}')]
        cell = next(cell for cell in notebook["cells"] if cell["id"] == name)
        box = nodes.container(
            classes=["assignment-cell", f"assignment-{role(cell)}"], ids=[f"cell-{name}"]
        )
        return [fill(box, cell)]


def fill(box: nodes.container, cell: dict) -> nodes.container:
    """The box with its listing or its field, and room for what the script adds."""
    listing = nodes.literal_block(cell["source"], cell["source"], language="python")
    toolbar = '<div class="live-toolbar"></div>'
    if role(cell) == "tests":
        opening = '<details class="assignment-fold"><summary>The visible tests</summary>'
        box += [on_site(opening), listing, on_site("</details>")]
    elif role(cell) == "written":
        field = f"answer-{cell['id']}"
        box += on_site(
            f'<label for="{field}">Your answer, in Markdown; formulas between dollars</label>'
            f'<textarea id="{field}" rows="12" disabled></textarea>{toolbar}'
        )
    elif role(cell) == "given":
        opening = '<details class="assignment-fold"><summary>Code that is given</summary>'
        box += [on_site(opening), listing, on_site("</details>")]
    else:
        box += [listing, on_site(toolbar)]
    return box


def wheel_addresses(baseurl: str) -> dict[str, str]:
    """Where the site has the wheels of lmcore and nbjudge (live_code.py puts them there)."""
    return {
        name: f"{baseurl}live/{name}-{importlib.import_module(name).__version__}-py3-none-any.whl"
        for name in ("lmcore", "nbjudge")
    }


def progress(notebook: dict) -> str:
    """What assignment.js says before anything is solved, in the same words."""
    graded = [cell for cell in notebook["cells"] if role(cell) in ("tests", "written")]
    points = sum(cell["metadata"]["nbgrader"]["points"] for cell in graded if role(cell) == "tests")
    missing = " · written answer missing" * sum(role(cell) == "written" for cell in graded)
    return (
        f"0 of {len(graded)} problems solved · 0 of {points:g} points by the visible tests{missing}"
    )


def link_script(app, pagename, templatename, context, doctree) -> None:
    """Script and style for these pages alone."""
    if app.builder.name != "html" or doctree is None or not PAGE.fullmatch(pagename):
        return
    head.add(context, pagename, "live/live.css", "live/assignment.js")


def setup(app):
    app.add_directive("assignment-cell", AssignmentCell)
    app.connect("source-read", write_page)
    app.connect("html-page-context", link_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

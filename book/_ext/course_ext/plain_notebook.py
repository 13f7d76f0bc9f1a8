"""Each section's notebook as it reads anywhere: in JupyterLab, Colab or an editor, whose Markdown
knows neither the book's boxes nor its references.

Numbers, names and addresses are those that the page shows. While `html: baseurl` is not set in
_config.yml the site has no address to link to, and references become words.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import nbformat
from sphinx.errors import ExtensionError

from course_ext.path import PAGE

FOLDER = "_downloads/notebooks"
BOX = re.compile(
    r"^(?P<fence>:{3,})\{admonition\} (?P<title>[^\n]*)\n(?::\w+:[^\n]*\n)*"
    r"(?P<text>.*?)\n(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
EXPLORER = re.compile(
    r"^```\{explorer\} (?P<name>[\w-]+)\n(?::figure: (?P<figure>\S+)\n)?(?P<text>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)
LABEL = re.compile(r"^\([\w.-]+\)=\n", re.MULTILINE)
NUMBERED = re.compile(r"^\$\$ \((?P<label>[\w.-]+)\)$", re.MULTILINE)
ROLE = re.compile(r"\{(?P<role>[a-z:]+)\}`[^`]+`")
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>(?!https?:)[^)\s]+)\)")
TAG = re.compile(r"<[^>]*>")

# what the page has for each role, in the order of the text: (address, words)
SHOWN = {
    "eq": re.compile(r'href="([^"]*#equation-[^"]+)">(\([\d.]+\))</a>'),
    "term": re.compile(
        r'href="([^"]*#term-[^"]+)"[^>]*><span class="xref std std-term">(.*?)</span>'
    ),
    "numref": re.compile(r'href="([^"]+)"><span class="std std-numref">(.*?)</span>'),
    "cite": re.compile(r'<span class="bibtex-citation"[^>]*>(.*?)</span>'),
}
EQUATION = re.compile(r'id="equation-([\w.-]+)".*?<span class="eqno">\(([\d.]+)\)', re.DOTALL)
CITED = re.compile(r'href="([^"]*)"')
SECTION = re.compile(r'href="([^"]*#(section-\d+-\d+))"')


class Page(NamedTuple):
    """What the rendered page knows of a notebook's references."""

    # {role: iterator over (address, words)}
    shown: dict
    # {label: number} of its own equations
    equations: dict
    # {id: address} of the sections that it links to
    sections: dict
    # address of the page, or "" while the site has none
    address: str


def read(body: str, address: str) -> Page:
    """The references of a page's HTML."""
    found = {role: pattern.findall(body) for role, pattern in SHOWN.items()}
    found["cite"] = [(CITED.findall(part)[0], part) for part in found["cite"]]
    shown = {
        role: iter([(to, _words(said)) for to, said in links]) for role, links in found.items()
    }
    sections = {name: to for to, name in SECTION.findall(body)}
    return Page(shown, dict(EQUATION.findall(body)), sections, address)


def _words(part: str) -> str:
    return html.unescape(TAG.sub("", part)).strip()


def link(page: Page, target: str, words: str) -> str:
    """Words that lead to the site, if it has an address."""
    if not page.address:
        return words
    return f"[{words}]({urljoin(page.address, target)})"


def plain(text: str, page: Page) -> str:
    """A Markdown cell of the book in Markdown and TeX alone.

    Examples
    --------
    >>> page = Page({"term": iter([("glossary.html#term-logits", "Logits")])}, {"z": "3.1"}, {}, "")
    >>> print(plain("(here)=\\n{term}`Logits`:\\n\\n$$\\nz\\n$$ (z)", page))
    Logits:
    <BLANKLINE>
    $$
    z
    \\tag{3.1}
    $$
    """

    def explorer(found):
        there = link(page, f"#explorer-{found['name']}", "the explorer on the page")
        shown = (
            f"; {{numref}}`{found['figure']}` shows one of its states" if found["figure"] else ""
        )
        return f"*What to try in {there}{shown}*\n{found['text']}"

    def role(found):
        kind = found["role"].partition(":")[0]
        target, words = next(page.shown[kind])
        return link(page, target, words)

    text = EXPLORER.sub(explorer, LABEL.sub("", text))
    text = ROLE.sub(role, text)
    text = NUMBERED.sub(lambda found: rf"\tag{{{page.equations[found['label']]}}}" "\n$$", text)
    text = LINK.sub(lambda found: link(page, _address(found["target"], page), found["words"]), text)
    return _unboxed(text)


def _unboxed(text: str) -> str:
    """Boxes as a title and text between rules, those within them included.

    Examples
    --------
    >>> print(_unboxed("::::{admonition} More\\n:::{admonition} Why\\nSo.\\n:::\\n::::"))
    ---
    <BLANKLINE>
    **More**
    <BLANKLINE>
    ---
    <BLANKLINE>
    **Why**
    <BLANKLINE>
    So.
    <BLANKLINE>
    ---
    <BLANKLINE>
    ---
    """
    return BOX.sub(
        lambda found: f"---\n\n**{found['title']}**\n\n{_unboxed(found['text'])}\n\n---", text
    )


def _address(target: str, page: Page) -> str:
    """Where the site has what the book's source links to."""
    if target.startswith("#section-"):
        return page.sections[target[1:].replace(".", "-")]
    return re.sub(r"\.(md|ipynb)(?=#|$)", ".html", target)


def convert(notebook, page: Page, origin: str):
    """A copy of a notebook with plain text and, under its title, where it comes from."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, page)
        elif figure := cell.metadata.get("mystnb", {}).get("figure"):
            figure["caption"] = plain(figure["caption"], page)
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n*{link(page, page.address, origin)}*\n{rest}"
    left = [role for role, shown in page.shown.items() if next(shown, None) is not None]
    if left:
        raise ExtensionError(f"{page.address or origin}: {', '.join(left)} of the page left over")
    return notebook


def name_of(pagename: str) -> str:
    """The file that a section's notebook is downloaded as.

    Examples
    --------
    >>> name_of("book/07-decoding/4-top-p")
    '7.4-top-p.ipynb'
    """
    chapter, page = pagename.split("/")[1:]
    return f"{int(chapter[:2])}.{page}.ipynb"


def write(app, pagename, templatename, context, doctree) -> None:
    """Beside each section's page, its notebook for elsewhere."""
    found = PAGE.fullmatch(pagename)
    if app.builder.name != "html" or doctree is None or not found:
        return
    source = Path(app.env.doc2path(pagename))
    if source.suffix != ".ipynb":
        return
    base = app.config.html_baseurl
    page = read(context["body"], f"{base}{pagename}.html" if base else "")
    origin = f"Section {found['chapter'].lstrip('0')}.{found['page'][0]} of {app.config.project}"
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = convert(nbformat.read(source, as_version=4), page, origin)
    nbformat.write(notebook, folder / name_of(pagename))


def setup(app):
    # before other extensions put their own links into the body
    app.connect("html-page-context", write, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

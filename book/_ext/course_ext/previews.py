"""What the links and formulas of a page lead to, to be shown beside them.

SITE/previews/PAGE.json holds, for the links of a page, the term, equation, figure, section or
source that stands at their ends, and for its formulas the lines of the notation page that explain
their letters. previews.js reads it when a reader first points at one, so it costs a page nothing.
The symbols stand at the foot of each page of a chapter as well, folded: whoever has no script and
no pointer finds them there.
"""

from __future__ import annotations

import html
import json
import re
from copy import copy
from functools import cache
from pathlib import Path
from posixpath import normpath, relpath

from bs4 import BeautifulSoup, Tag

from course_ext import katex_math, symbols
from course_ext.path import PAGE

# Links on the way through the book are followed, not looked up.
LINKS = ":is(p, li, dd, td, figcaption) a.internal[href]"
WAYS = ".section-map, .course-path, .course-take, .sd-card, .toctree-wrapper, .citation, nav"
HEADINGS = ["h1", "h2", "h3"]
FOOT = re.compile(r'<details class="course-symbols">.*?</details>\n', re.S)
ARTICLE = re.compile(r'<article class="bd-article"[^>]*>')


class Pages:
    """The finished pages of the site, each read once."""

    def __init__(self, site: Path):
        self.site = site
        self.read: dict[str, Tag | None] = {}

    def article(self, name: str) -> Tag | None:
        """The article of a page, by its address in the site."""
        if name not in self.read:
            path = self.site / name
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            start, end = text.find('<article class="bd-article"'), text.rfind("</article>")
            found = BeautifulSoup(text[start:end], "html.parser") if start >= 0 else None
            self.read[name] = found and found.article
        return self.read[name]


def clean(part: Tag | None, folder: str, here: str) -> str:
    """HTML of a part of a page in `folder` for a page in `here`, without ids and links."""
    if part is None:
        return ""
    part = copy(part)
    for mark in part.select(".headerlink, .copybtn, .course-symbols, .eqno"):
        mark.decompose()
    for tag in [part, *part.find_all(True)]:
        for name in ("id", "tabindex", "aria-label", "role"):
            tag.attrs.pop(name, None)
        if tag.name == "img":
            tag["src"] = relpath(normpath(f"{folder}/{tag['src']}"), here or ".")
            for name in ("loading", "style"):
                tag.attrs.pop(name, None)
    for link in part.find_all("a"):
        link.unwrap()
    return part.decode_contents().strip()


def heading(section: Tag) -> str:
    found = section.find(HEADINGS)
    for mark in found.select(".headerlink") if found else ():
        mark.extract()
    return found.get_text().strip() if found else ""


def first_words(section: Tag) -> Tag | None:
    """The first paragraph that is text, and neither way nor title."""
    for paragraph in section.find_all("p"):
        own = paragraph.get_attribute_list("class")
        if not paragraph.find_parent(class_=["course-path", "course-take"]) and not {
            "admonition-title",
            "course-take",
        } & set(own):
            return paragraph
    return None


def describe_figure(figure: Tag, folder: str, here: str) -> dict | None:
    number, picture = figure.select_one(".caption-number"), figure.find("img")
    words = figure.select_one(".caption-text")
    if not picture or not words:
        return None
    kept = ' class="tag_keep-colors"' if figure.find_parent(class_="tag_keep-colors") else ""
    shown = clean(BeautifulSoup(f"<div>{picture}</div>", "html.parser").div, folder, here)
    return {
        "title": number.get_text().strip() if number else "Figure",
        "html": f'<div{kept}><div class="cell_output">{shown}</div></div>'
        f"<p>{clean(words, folder, here)}</p>",
    }


def describe(pages: Pages, target: str, fragment: str, here: str) -> dict | None:
    """Title and HTML of what stands at an address, or None if it has nothing to show."""
    article = pages.article(target)
    found = article and (article.find(id=fragment) if fragment else article.find("section"))
    if not isinstance(found, Tag):
        return None
    folder = str(Path(target).parent)
    classes = found.get_attribute_list("class")
    if found.name == "dt":
        title = found.get_text().replace("#", "").strip()
        return {"title": title, "html": clean(found.find_next_sibling("dd"), folder, here)}
    if "math" in classes:
        number = found.select_one(".eqno")
        title = f"Equation {number.get_text().replace('#', '')}" if number else "Formula"
        return {"title": title, "html": clean(found, folder, here)}
    if "citation" in classes:
        return {"title": "Source", "html": clean(found.find("p"), folder, here)}
    while found.name == "span" and found.parent is not None:  # a label before a section or a table
        found = found.parent
    if found.name == "figure":
        return describe_figure(found, folder, here)
    if found.name == "section":
        words = clean(first_words(found), folder, here)
        return {"title": heading(found), "html": f"<p>{words}</p>" if words else ""}
    return None


@cache
def letter(base: str) -> str:
    """A symbol as it is drawn, such as θ for \\theta."""
    drawn = BeautifulSoup(katex_math.render(base, False, "mathml"), "html.parser")
    return "".join(part.get_text() for part in drawn.find_all(["mi", "mn"]))


def links_of(pages: Pages, name: str, article: Tag) -> dict[str, dict]:
    folder = str(Path(name).parent)
    found: dict[str, dict] = {}
    for link in article.select(LINKS):
        address = str(link["href"])
        if {"headerlink", "download", "sd-btn"} & set(
            link.get_attribute_list("class")
        ) or link.find_parent(class_="course-symbols"):
            continue
        path, _, fragment = address.partition("#")
        if (
            address in found
            or re.match(r"[a-z]+:", address)
            or any(
                isinstance(parent, Tag) and parent.css.match(WAYS)
                for parent in link.parents
                if parent.name != "[document]"
            )
        ):
            continue
        target = normpath(f"{folder}/{path}") if path else name
        if entry := describe(pages, target, fragment, folder):
            found[address] = entry
    return found


def formulas_of(
    article: Tag, notation: symbols.Notation, here: tuple[int, int]
) -> dict[str, list[tuple[str, list[int]]]]:
    """By formula, its letters as they are drawn, each with the lines of the notation for it."""
    found: dict[str, list[tuple[str, list[int]]]] = {}
    for source in article.find_all("annotation"):
        tex = source.get_text()
        if tex in found or source.find_parent(class_="course-symbols"):
            continue
        letters: dict[str, list[int]] = {}
        for atom in symbols.atoms(tex):
            for line in notation.lookup(atom, here):
                known = letters.setdefault(letter(atom.base), [])
                if line not in known:
                    known.append(line)
        if letters:
            found[tex] = list(letters.items())
    return found


def foot(notation: symbols.Notation, lines: list[int], chapter: int, page: str) -> str:
    """The symbols of a page with their meanings, folded."""
    rows = []
    for number in lines:
        line = notation.lines[number]
        first = ".".join(map(str, line.places[0]))
        far = "" if line.is_of(chapter) or line.everywhere else f" <span>from {first}</span>"
        rows.append(
            f'<div data-line="{number}"><dt>{line.symbol}</dt><dd>{line.meaning}{far}</dd></div>'
        )
    return (
        '<details class="course-symbols"><summary>Symbols on this page</summary>\n'
        f"<dl>{''.join(rows)}</dl>\n"
        f'<p><a class="reference internal" href="{html.escape(page)}">All notation</a></p>\n'
        "</details>\n"
    )


def write(app, exception) -> None:
    """The previews of each page, and the symbols at its foot."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    pages = Pages(site)
    notation = symbols.read(pages.article("book/notation.html"))
    for path in sorted((site / "book").rglob("*.html")):
        name = path.relative_to(site).as_posix()
        article = pages.article(name)
        if article is None:
            continue
        content: dict = {"links": links_of(pages, name, article)}
        place = PAGE.fullmatch(name.removesuffix(".html"))
        bottom = ""
        if place:
            section = int(place["page"][0]) if place["page"][0].isdigit() else 9
            here = (int(place["chapter"]), section)
            content["formulas"] = formulas_of(article, notation, here)
            lines = sorted({n for f in content["formulas"].values() for _, all_ in f for n in all_})
            up = relpath("book/notation.html", str(Path(name).parent))
            bottom = foot(notation, lines, here[0], up) if lines else ""
        text = FOOT.sub("", path.read_text(encoding="utf-8"))
        target = site / "previews" / Path(name).relative_to("book").with_suffix(".json")
        if any(content.values()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(
                json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
            )
            address = relpath(target, path.parent)
            text = ARTICLE.sub(
                f'<article class="bd-article" data-previews="{address}">', text, count=1
            )
        end = text.rfind('<div class="course-imprint">')
        end = end if end >= 0 else text.rfind("</article>")
        text = text[:end] + bottom + text[end:]
        path.write_text(text, encoding="utf-8")


def setup(app):
    # after `slim`, which works on the same pages
    app.connect("build-finished", write, priority=940)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

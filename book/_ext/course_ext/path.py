"""The way through a chapter: above the title of each of its pages stand all of them, and which this
is.

An opener, five sections and a review are one path. Pages outside the chapters have no such line.
"""

from __future__ import annotations

import html
import re

PAGE = re.compile(r"book/(?P<chapter>\d\d)-[^/]+/(?:index|review|(?P<place>[1-9])-[\w-]+)")


def place_of(page: str) -> str:
    """The number of a section within its chapter, "" for any other page."""
    found = PAGE.fullmatch(page)
    return (found["place"] or "") if found else ""


def stops(pages: list[str], pagename: str) -> list[tuple[str, str]]:
    """(short name, page) of the pages of a chapter, in reading order."""
    folder = pagename.rpartition("/")[0]
    own = sorted(page for page in pages if page.startswith(f"{folder}/"))
    numbered = [(place_of(page), page) for page in own if place_of(page)]
    return [("Opener", f"{folder}/index"), *numbered, ("Review", f"{folder}/review")]


def line(pages: list[str], titles: dict[str, str], pagename: str, pathto) -> str:
    """The path as HTML: links with their titles, the page itself marked."""
    chapter = int(pagename.split("/")[1][:2])
    found = [(name, page) for name, page in stops(pages, pagename) if page in titles]
    items = []
    for name, page in found:
        words = f"{chapter}.{name}" if name.isdigit() else name
        title = html.escape(titles[page], quote=True)
        here = ' aria-current="page"' if page == pagename else ""
        items.append(f'<li><a href="{pathto(page)}" title="{title}"{here}>{words}</a></li>')
    place = place_of(pagename)
    number = sum(name.isdigit() for name, _ in found)
    where = f"<span>Section {place} of {number}</span>" if place else ""
    return (
        f'<nav class="course-path" aria-label="Chapter {chapter}">'
        f"<ol>{''.join(items)}</ol>{where}</nav>\n"
    )


def show(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name != "html" or doctree is None or not PAGE.fullmatch(pagename):
        return
    pages = [page for page in app.env.found_docs if PAGE.fullmatch(page)]
    titles = {page: app.env.titles[page].astext() for page in pages}
    made = line(pages, titles, pagename, context["pathto"])
    context["body"] = context["body"].replace("<h1>", f"{made}<h1>", 1)


def setup(app):
    app.connect("html-page-context", show)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The way through a chapter: above the title of each of its pages stand all of them, and which this
is.

An opener, five sections, a review and an assignment are one path. Pages outside the chapters have
no such line.
"""

from __future__ import annotations

import html
import re

PAGE = re.compile(
    r"book/(?P<slug>(?P<chapter>\d\d)-[^/]+)/(?P<page>index|review|assignment|[1-5]-[\w-]+)"
)


def sections(env, slug: str) -> list[str]:
    """Names of the chapter's pages that are notebooks, in order."""
    found = (PAGE.fullmatch(name) for name in sorted(env.found_docs))
    return [
        page.group()
        for page in found
        if page
        and page["slug"] == slug
        and page["page"][0].isdigit()
        and env.doc2path(page.group(), False).endswith(".ipynb")
    ]


def stops(env, slug: str) -> list[tuple[str, str]]:
    """(short name, page) of the pages of a chapter, in reading order."""
    numbered = [(page.rpartition("/")[2][0], page) for page in sections(env, slug)]
    found = [
        ("Opener", f"book/{slug}/index"),
        *numbered,
        ("Review", f"book/{slug}/review"),
        ("Assignment", f"book/{slug}/assignment"),
    ]
    return [(name, page) for name, page in found if page in env.found_docs]


def show(app, pagename, templatename, context, doctree) -> None:
    """Put the path above the title: links to the chapter's pages, this one marked."""
    here = PAGE.fullmatch(pagename)
    if app.builder.name != "html" or doctree is None or not here:
        return
    chapter, found = int(here["chapter"]), stops(app.env, here["slug"])
    items, where = [], ""
    for name, page in found:
        words = f"{chapter}.{name}" if name.isdigit() else name
        title = html.escape(app.env.titles[page].astext(), quote=True)
        current = ' aria-current="page"' if page == pagename else ""
        link = f'<a href="{context["pathto"](page)}" title="{title}"{current}>{words}</a>'
        items.append(f"<li>{link}</li>")
        if current and name.isdigit():
            of = sum(other.isdigit() for other, _ in found)
            where = f"<span>Section {name} of {of}</span>"
    made = (
        f'<nav class="course-path" aria-label="Chapter {chapter}">'
        f"<ol>{''.join(items)}</ol>{where}</nav>\n"
    )
    context["body"] = context["body"].replace("<h1>", f"{made}<h1>", 1)


def setup(app):
    app.connect("html-page-context", show)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""A description for every page, taken from its first paragraph, and the OpenGraph tags that need no address."""

from __future__ import annotations

import html

from docutils import nodes

LONGEST = 160           # characters that search engines show


def first_paragraph(doctree) -> str:
    """Text of the first paragraph that stands in a section, mathematics as its source."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text
    return ""


def shorten(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def add_description(app, pagename, templatename, context, doctree) -> None:
    metatags = context.get("metatags", "")
    title = html.escape(html.unescape(context.get("title", "")), quote=True)
    course = html.escape(app.config.html_title, quote=True)
    tags = [f'<meta property="og:title" content="{title}">', '<meta property="og:type" content="article">',
            f'<meta property="og:site_name" content="{course}">']
    description = shorten(first_paragraph(doctree)) if doctree is not None else f"{title}: {course}"
    if description and 'name="description"' not in metatags:
        quoted = html.escape(description, quote=True)
        tags += [f'<meta name="description" content="{quoted}">', f'<meta property="og:description" content="{quoted}">']
    context["metatags"] = metatags + "\n".join(tags) + "\n"


def setup(app):
    app.connect("html-page-context", add_description)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What a page says about itself: a description from its first paragraph, OpenGraph tags, its theme; and the 404 page."""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes

LONGEST = 160           # characters that search engines show

# The theme's own script decides between light and dark only after the page has been drawn once, in neither.
EARLY_THEME = """(page => {
  page.mode ||= "auto";
  page.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement.dataset);"""


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


def write_not_found(app, exception) -> None:
    """404.html is served for addresses of any depth, so it stands alone and links from the site's root."""
    if exception is None and app.builder.name == "html":
        page = (Path(__file__).parent / "404.html").read_text(encoding="utf-8")
        (Path(app.outdir) / "404.html").write_text(page.replace("{{ base }}", app.config.html_baseurl or "/"), encoding="utf-8")


def setup(app):
    app.add_js_file(None, body=EARLY_THEME, priority=100)
    app.connect("html-page-context", add_description)
    app.connect("build-finished", write_not_found)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What a page says about itself.

A description from its first paragraph, OpenGraph tags, its theme; sitemap and 404 page.

What needs the site's own address (the card's picture, the sitemap) is written only when `html:
baseurl` is set.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from docutils import nodes

LONGEST = 160  # characters that search engines show
CARD = "_static/card.png"
CARD_SAYS = "The course's mark, a bar chart of a next-token distribution, beside its title"

# The theme's own script decides between light and dark only after the page has been drawn once, in
# neither.
EARLY_THEME = """(page => {
  page.mode ||= "auto";
  page.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement.dataset);"""


ROOT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{tags}
<meta http-equiv="refresh" content="0; url={first}">
</head>
<body><p><a href="{first}">{title}</a></p></body>
</html>
"""


def first_paragraph(doctree) -> str:
    """Text of a page's first paragraph, tables left out, mathematics as its source."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.entry):
            continue
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text
    return ""


def shorten(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def end_with_slash(app, config) -> None:
    """The address is that of a folder, however it was typed."""
    if config.html_baseurl:
        config.html_baseurl = config.html_baseurl.rstrip("/") + "/"


def add_description(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "epub":
        return
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # the course's name is the page's, and stands there once
    metatags = context.get("metatags", "")
    title = html.escape(html.unescape(context.get("title", "")), quote=True)
    course = html.escape(app.config.html_title, quote=True)
    tags = [
        f'<meta property="og:title" content="{title}">',
        '<meta property="og:type" content="article">',
        f'<meta property="og:site_name" content="{course}">',
    ]
    description = shorten(first_paragraph(doctree)) if doctree is not None else f"{title}: {course}"
    if description and 'name="description"' not in metatags:
        quoted = html.escape(description, quote=True)
        tags += [
            f'<meta name="description" content="{quoted}">',
            f'<meta property="og:description" content="{quoted}">',
        ]
    if app.config.html_baseurl:
        tags += [
            f'<meta property="{name}" content="{html.escape(content, quote=True)}">'
            for name, content in (
                ("og:url", urljoin(app.config.html_baseurl, app.builder.get_target_uri(pagename))),
                ("og:image", urljoin(app.config.html_baseurl, CARD)),
                ("og:image:width", "1200"),
                ("og:image:height", "630"),
                ("og:image:alt", CARD_SAYS),
            )
        ]
        tags.append('<meta name="twitter:card" content="summary_large_image">')
    context["metatags"] = metatags + "\n".join(tags) + "\n"


def chapters(titles: dict[str, nodes.title]) -> str:
    """The openers of the chapters as a list of links, empty where there are none."""
    openers = sorted(page for page in titles if re.fullmatch(r"book/\d\d-[^/]+/index", page))
    links = [
        f'<li><a href="{{{{ base }}}}{page}.html">{html.escape(titles[page].astext())}</a></li>'
        for page in openers
    ]
    return "\n".join(["<ul>", *links, "</ul>"]) if links else ""


def write_not_found(app, exception) -> None:
    """404.html is served for addresses of any depth, so it stands alone and links from the site's
    root.
    """
    if exception is None and app.builder.name == "html":
        page = (Path(__file__).parent / "404.html").read_text(encoding="utf-8")
        page = page.replace("{{ chapters }}", chapters(app.env.titles))
        (Path(app.outdir) / "404.html").write_text(
            page.replace("{{ base }}", urlsplit(app.config.html_baseurl).path or "/"),
            encoding="utf-8",
        )


def write_root(app, exception) -> None:
    """The site's own address, which people share, says what it is before it leads to the first
    page.
    """
    if exception is not None or app.builder.name != "html":
        return
    first = app.builder.get_target_uri(app.config.root_doc)
    page = (Path(app.outdir) / first).read_text(encoding="utf-8")
    about = r'<meta (?:property="og:|name="(?:description|twitter:card)")[^>]*>'
    tags = re.findall(rf'{about}|<link rel="canonical"[^>]*>', page)
    title = html.escape(app.config.html_title)
    (Path(app.outdir) / "index.html").write_text(
        ROOT.format(title=title, tags="\n".join(tags), first=first), encoding="utf-8"
    )


def write_sitemap(app, exception) -> None:
    """The pages of the contents, for search engines, which want whole addresses."""
    if exception is not None or app.builder.name != "html":
        return
    sitemap = Path(app.outdir) / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if app.config.html_baseurl:
        pages = (
            urljoin(app.config.html_baseurl, app.builder.get_target_uri(name))
            for name in sorted(app.env.found_docs)
        )
        lines = "".join(f"<url><loc>{html.escape(page)}</loc></url>\n" for page in pages)
        sitemap.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<urlset'
            f' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n',
            encoding="utf-8",
        )


def setup(app):
    app.add_js_file(None, body=EARLY_THEME, priority=100)
    app.connect("config-inited", end_with_slash)
    app.connect("html-page-context", add_description)
    app.connect("build-finished", write_not_found)
    app.connect("build-finished", write_root)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The book as one page, for the PDF, and as an e-book: what those builders need beyond the site."""

from __future__ import annotations


def lend_html_writers(app) -> None:
    """An extension that names one of these builders hides from it every node that others registered
    for HTML.
    """
    writers = app.registry.translation_handlers
    if app.builder.name in writers:
        writers[app.builder.name] = writers.get("html", {}) | writers[app.builder.name]


def setup(app):
    app.connect("builder-inited", lend_html_writers)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

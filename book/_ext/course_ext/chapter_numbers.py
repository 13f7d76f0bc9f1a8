"""Figures, tables, equations and exercises are numbered by chapter: "Figure 3.2", "(3.5)".

Titles carry their numbers in the text ("3.4 Stable log-softmax"), so that a notebook reads the same
in JupyterLab and on the site. Sphinx numbers captions only from *its* section numbers; this
extension lends it the chapter number of the folder (book/03-softmax/ is 3) while captions are
numbered, and takes it back before headings are written.
"""

from __future__ import annotations

import re

from sphinx.environment.collectors.toctree import TocTreeCollector

CHAPTER_FOLDER = re.compile(r"(?:^|/)(\d\d)-[^/]+/")


def chapter_of(docname: str) -> int | None:
    found = CHAPTER_FOLDER.search(docname)
    return int(found.group(1)) if found else None


def before_numbering(app, env) -> list[str]:
    """Let Sphinx compare its own numbers with its own last ones.

    Pages count as changed when a number changes.
    """
    env.chapter_fignumbers = env.toc_fignumbers
    env.toc_fignumbers = getattr(env, "plain_fignumbers", {})
    return []


def number_by_chapter(app, env) -> list[str]:
    env.plain_fignumbers, env.toc_fignumbers = env.toc_fignumbers, env.chapter_fignumbers
    heading_numbers = env.toc_secnumbers
    env.toc_secnumbers = {
        name: {"": (chapter_of(name),)} for name in env.all_docs if chapter_of(name)
    }
    try:
        return TocTreeCollector().assign_figure_numbers(env)
    finally:
        env.toc_secnumbers = heading_numbers


def setup(app):
    # Sphinx's own numbering has 500
    app.connect("env-get-updated", before_numbering, priority=100)
    app.connect("env-get-updated", number_by_chapter, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The course's Sphinx extension: what its site has that Jupyter Book has not, in small parts.

Each part is an extension of its own with a docstring that says what for. Their order matters where
two listen to the same event with the same priority; those from `slim` on work on the finished site.
"""

from __future__ import annotations

PARTS = [
    "katex_math",
    "chapter_numbers",
    "page_meta",
    "plain_notebook",
    "take_away",
    "path",
    "repository_links",
    "subject_index",
    "assignment_role",
    "assignment_page",
    "exercise_ids",
    "objectives_table",
    "live_code",
    "practice",
    "explorers",
    "guess",
    "imprint",
    "one_page",
    "slim",
    "previews",
    "section_search",
    "offline",
]


def setup(app):
    for part in PARTS:
        app.setup_extension(f"{__name__}.{part}")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

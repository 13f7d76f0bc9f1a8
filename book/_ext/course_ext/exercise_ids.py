"""Every id once a page: sphinx-exercise gives the body of each exercise, and of each solution, the
same one.
"""

from __future__ import annotations

from docutils import nodes


def make_ids_unique(app, doctree) -> None:
    for section in doctree.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]) and section.parent["ids"]:
            section["ids"] = [f"{section.parent['ids'][0]}-body"]


def setup(app):
    app.connect("doctree-read", make_ids_unique)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

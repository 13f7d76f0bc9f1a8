"""The role {assignment}`03-softmax`.

A download of that chapter's release notebook, if it has been generated.

exercises/ is generated from solutions/, so the book must build without it; the pages that name an
assignment are read again when its notebook appears or goes.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxRole


def release_notebook(srcdir, slug: str) -> Path:
    return Path(srcdir) / "exercises" / slug / "exercises.ipynb"


class named_download(addnodes.download_reference):
    """A download that is stored under another name than the file's own."""


def visit_named_download(self, node) -> None:
    self.visit_download_reference(node)
    self.body[-1] = self.body[-1].replace('download=""', f'download="{node["name_to_store"]}"', 1)


def depart_named_download(self, node) -> None:
    self.depart_download_reference(node)


class AssignmentRole(SphinxRole):
    def run(self):
        slug = self.text.strip()
        number = slug.partition("-")[0].lstrip("0")
        if not number.isdigit():
            message = self.inliner.reporter.error(
                f"assignment: expected a chapter folder such as 03-softmax, got {slug!r}",
                line=self.lineno,
            )
            return [], [message]
        exists = release_notebook(self.env.srcdir, slug).is_file()
        self.env.metadata[self.env.docname].setdefault("assignments", {})[slug] = exists
        if not exists:
            return [nodes.inline("", f"assignment {number} (not released yet)")], []
        # ten files called exercises.ipynb in one folder are easily handed in for one another
        link = named_download(
            "",
            "",
            nodes.inline("", f"assignment {number}"),
            refdoc=self.env.docname,
            reftarget=f"/exercises/{slug}/exercises.ipynb",
            name_to_store=f"{slug}.ipynb",
        )
        return [link], []


def pages_to_read_again(app, env, added, changed, removed) -> list[str]:
    """Pages for which a release notebook has appeared or gone since they were read."""
    return [
        name
        for name, data in env.metadata.items()
        if any(
            release_notebook(env.srcdir, slug).is_file() != seen
            for slug, seen in data.get("assignments", {}).items()
        )
    ]


def setup(app):
    app.add_role("assignment", AssignmentRole())
    app.add_node(named_download, html=(visit_named_download, depart_named_download))
    app.connect("env-get-outdated", pages_to_read_again)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

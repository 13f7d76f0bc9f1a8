"""Links from a page to a file of the repository that is no page: CONTRIBUTING.md, which the book
includes, has some.

They lead to the repository if _config.yml says where it is (`repository: url`), and are plain text
until then. A link to a file that does not exist stays a warning.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class LinkToRepository(SphinxPostTransform):
    # before myst_parser's own, which takes every Markdown file for a page
    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(addnodes.pending_xref)):
            name = f"{node['reftarget']}.md"
            is_page = node["reftarget"] in self.env.all_docs
            if (
                node.get("refdomain") == "doc"
                and not is_page
                and Path(self.app.srcdir, name).is_file()
            ):
                node.replace_self(self.linked(name, node.get("reftargetid"), node.children))

    def linked(self, name: str, heading: str | None, words: list[nodes.Node]) -> nodes.Node:
        options = self.config.html_theme_options
        url, branch = options.get("repository_url"), options.get("repository_branch")
        if not url:
            return nodes.inline("", "", *words)
        address = f"{url.rstrip('/')}/blob/{branch}/{name}" + (f"#{heading}" if heading else "")
        return nodes.reference("", "", *words, refuri=address)


def setup(app):
    app.add_post_transform(LinkToRepository)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

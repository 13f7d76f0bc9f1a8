"""The directive {objectives-table}.

Which problems test which objective, read from the openers and the assignments.

Objectives are the numbered list under "After this chapter you can"; a problem names those it tests
in the metadata of its text cell, `"objectives": [1, 2]`. Nothing else of an assignment's source
gets into the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from sphinx.util.docutils import SphinxDirective


def objectives(opener: str) -> dict[int, str]:
    """Number and text of each objective of an opener."""
    part = re.search(r"(?ms)^## After this chapter you can\n(.*?)^## ", opener)
    listed = re.findall(r"(?m)^(\d)\. (.+?)[;.]?$", part.group(1)) if part else []
    return {int(number): text for number, text in listed}


def problems(notebook: str) -> list[tuple[str, list[int]]]:
    """Title of each problem of an assignment, with the numbers of the objectives that it tests."""
    found = []
    for cell in json.loads(notebook)["cells"]:
        title = re.search(r"(?m)^## Problem (.+)$", "".join(cell["source"]))
        if title:
            found.append((title.group(1), cell["metadata"].get("objectives", [])))
    return found


def rows(home: Path):
    """(chapter, objective's number, its text, titles of the problems that test it), in the book's
    order.
    """
    for source in sorted(home.glob("solutions/*/exercises.ipynb")):
        opener = home / "book" / source.parent.name / "index.md"
        tested = problems(source.read_text(encoding="utf-8"))
        for number, text in objectives(opener.read_text(encoding="utf-8")).items():
            yield (
                source.parent.name,
                number,
                text,
                [title for title, which in tested if number in which],
            )


class ObjectivesTable(SphinxDirective):
    def run(self):
        home = Path(self.env.srcdir)
        for path in [*home.glob("solutions/*/exercises.ipynb"), *home.glob("book/*/index.md")]:
            self.env.note_dependency(str(path))
        lines = ["| Chapter | After it you can | Problems |", "| --- | --- | --- |"]
        for chapter, number, text, titles in rows(home):
            place = f"[{int(chapter[:2])}.{number}]({chapter}/index.md)"
            lines.append(
                f"| {place} | {text} | {'; '.join(title.partition(' (')[0] for title in titles)} |"
            )
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("objectives-table", ObjectivesTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

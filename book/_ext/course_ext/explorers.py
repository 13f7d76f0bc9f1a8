"""The directive {explorer} `name`.

A picture that answers the reader's hands, from numbers that lmcore computed.

    ```{explorer} decoding
    :figure: fig-nucleus-size

    1. A question to try, …
    ```

The page holds the questions and a sentence that leads to a figure of the section, for readers
without scripts and for paper. A small script waits until the box comes near, and then loads the
explorer of that name (bundled from book/_web, committed under book/_vendor/explorers) and
SITE/explorers/<data>.json, which is written here while the site is built.

{chapter-practice}, once on the landing page, lists the exercises of each chapter, so that the cards
there can say how many of them have been solved in this browser.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from course_ext import head

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parents[1] / "_vendor" / "explorers"
# Name of each explorer, and of the data that it reads, if any.
EXPLORERS: dict[str, str | None] = {
    "next-token": "decoding",
    "temperature": "decoding",
    "decoding": "decoding",
    "reliability": "reliability",
    "beams": "beams",
    "divergence": "divergence",
    "masked": "masked",
    "ngrams": "ngrams",
    "typing": "pocket",
    "inside": "pocket",
    "leak": "pocket",
    "safety": "safety",
    "mass": None,
    "chain": None,
    "guidance": "guidance",
}


class Explorer(SphinxDirective):
    has_content = True
    required_arguments = 1
    option_spec = {"figure": directives.unchanged_required}

    def run(self):
        name, figure = self.arguments[0].strip(), self.options.get("figure")
        if name not in EXPLORERS:
            raise self.error(f"explorer: there is no {name!r}, only {', '.join(EXPLORERS)}")
        instead = f" {{numref}}`{figure}` shows one of its states." if figure else ""
        box = nodes.container(classes=["explorer"], ids=[f"explorer-{name}"])
        box += nodes.raw(
            "",
            f'<div class="explorer-stage explorer-{name}" data-explorer="{name}">',
            format="html",
        )
        box += nodes.container(
            "",
            *self.parse_text_to_nodes(
                "This explorer works on the course's site, in a browser that runs"
                f" scripts.{instead}"
            ),
            classes=["explorer-instead"],
        )
        box += nodes.raw("", "</div>", format="html")
        if self.content:
            box += nodes.paragraph("", "What to try", classes=["explorer-try"])
            box += self.parse_content_to_nodes()
        return [box]


class ChapterPractice(SphinxDirective):
    def run(self):
        found = {}
        for path in sorted(Path(self.env.srcdir, "book").glob("[0-9]*/review.md")):
            self.env.note_dependency(str(path))
            found[path.parent.name] = re.findall(
                r"(?m)^`{3,}\{practice\} (\S+)", path.read_text(encoding="utf-8")
            )
        return [
            nodes.raw(
                "",
                '<script type="application/json"'
                f' class="chapter-practice">{json.dumps(found)}</script>',
                format="html",
            )
        ]


def link_script(app, pagename, templatename, context, doctree) -> None:
    """Script and style for pages of the site that hold an explorer, and for no other."""
    if (
        app.builder.name != "html"
        or doctree is None
        or not any("explorer" in node["classes"] for node in doctree.findall(nodes.container))
    ):
        return
    head.add(context, pagename, "explorers/explorers.css", "explorers/explorers.js")


def fingerprint() -> str:
    """Changes when lmcore, its data or what is exported does."""
    import lmcore

    library = Path(lmcore.__file__).parent
    state = hashlib.sha256()
    sources = (path for path in library.rglob("*.py") if path.name != "check.py")
    for path in [
        *sorted(sources),
        HERE / "explorer_data.py",
        *sorted((HERE.parents[1] / "_tools").glob("*.json")),
    ]:
        state.update(path.read_bytes())
    state.update((library / "data" / "hashes.json").read_bytes())
    return state.hexdigest()


def publish(app, exception) -> None:
    """Scripts, style and numbers into SITE/explorers.

    The numbers only when something they depend on has changed.
    """
    if exception is not None or app.builder.name != "html":
        return
    target = Path(app.outdir) / "explorers"
    target.mkdir(exist_ok=True)
    for old in [*target.glob("*.js"), *target.glob("*.css")]:
        old.unlink()
    for path in VENDOR.iterdir():
        shutil.copy2(path, target / path.name)
    stamp = Path(app.doctreedir) / "explorers.txt"
    made = fingerprint()
    if stamp.is_file():
        before, *names = stamp.read_text().splitlines()
        if before == made and all((target / name).is_file() for name in names):
            return
    from course_ext import explorer_data

    written: dict[str, bytes] = {}
    for name in sorted({data for data in EXPLORERS.values() if data}):
        written |= explorer_data.files(name)
    for name, content in written.items():
        (target / name).write_bytes(content)
    stamp.write_text("\n".join([made, *written]))


def setup(app):
    app.add_directive("explorer", Explorer)
    app.add_directive("chapter-practice", ChapterPractice)
    app.connect("html-page-context", link_script)
    app.connect("build-finished", publish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

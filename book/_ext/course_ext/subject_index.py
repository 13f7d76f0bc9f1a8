"""The index of subjects, and with it what a search finds first.

Each term of the glossary where a section speaks of it.

A section is listed under a term if it marks it as {term}, and stands first, in bold, if its title
has the term or it holds an equation of that name. Nothing is written by hand: what is not marked in
the text is not listed.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

# What labels of equations cut short.
IN_FULL = {
    "lse": "log-sum-exp",
    "nll": "negative-log-likelihood",
    "ece": "expected-calibration-error",
    "prob": "probability",
    "js": "JS",
    "kl": "KL",
    "mle": "MLE",
    "map": "MAP",
    "rag": "RAG",
    "nplm": "NPLM",
    "rnn": "RNN",
}


def glossary_terms(path: Path) -> dict[str, str]:
    """Terms as the glossary spells them, by their words in lower case."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {" ".join(words(term)): term for term in re.findall(r"(?m)^(\S.*)\n(?=  \S)", text)}


def words(text: str) -> list[str]:
    return re.split(r"[\s–-]+", text.lower().strip())


def spell(label: str, terms: dict[str, str]) -> str:
    """The name in an equation's label, with the glossary's hyphens.

    cross-entropy-gradient is the cross-entropy gradient.
    """
    parts, name = words("-".join(IN_FULL.get(part, part) for part in label.split("-"))), []
    while parts:
        length = next((k for k in range(len(parts), 1, -1) if " ".join(parts[:k]) in terms), 1)
        name.append(terms.get(" ".join(parts[:length]), IN_FULL.get(parts[0], parts[0])))
        parts = parts[length:]
    return " ".join(name)


def in_title(title: str, terms: dict[str, str]) -> list[str]:
    """Terms that stand in a title, also in the plural.

    A longer one hides those inside it: log-softmax is not softmax.
    """
    plain = re.sub(r"[^\w\s-]", " ", title)
    rest, found = f" {' '.join(words(plain))} ", []
    for key in sorted(terms, key=len, reverse=True):
        match = re.search(rf" {re.escape(key)}s? ", rest)
        if match:
            found.append(terms[key])
            rest = rest[: match.start()] + " | " + rest[match.end() :]
    return found


class IndexSubjects(SphinxTransform):
    default_priority = 845  # before the index collects its entries, at 850

    def apply(self) -> None:
        glossary = Path(self.env.srcdir) / "book" / "glossary.md"
        if Path(self.env.doc2path(self.env.docname)) == glossary:
            return
        self.env.note_dependency(str(glossary))
        terms = glossary_terms(glossary)
        for section in list(self.document.findall(nodes.section)):
            if not is_titled(section):
                continue
            place, main, mentioned = section["ids"][0], {}, {}
            for name in in_title(section[0].astext(), terms):
                main[name] = place
            for node in section.findall():
                if section_of(node) is not section:
                    continue
                if isinstance(node, nodes.math_block) and node.get("label"):
                    main[spell(node["label"], terms)] = nodes.make_id(f"equation-{node['label']}")
                elif isinstance(node, addnodes.pending_xref) and node.get("reftype") == "term":
                    target = " ".join(node["reftarget"].split())
                    mentioned[terms.get(" ".join(words(target)), target)] = place
            entries = [("single", name, anchor, "main", None) for name, anchor in main.items()]
            entries += [
                ("single", name, anchor, "", None)
                for name, anchor in mentioned.items()
                if name not in main
            ]
            if entries:
                section.insert(1, addnodes.index(entries=entries))


def is_titled(node: nodes.Node) -> bool:
    """Whether a node is a section of the text; exercises hold sections of their own making."""
    return (
        isinstance(node, nodes.section)
        and bool(node["ids"])
        and bool(len(node))
        and isinstance(node[0], nodes.title)
    )


def section_of(node: nodes.Node | None) -> nodes.Node | None:
    while node is not None and not is_titled(node):
        node = node.parent
    return node


def setup(app):
    app.add_transform(IndexSubjects)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What the search finds: sections, terms, symbols, equations and figures, each with an address.

SITE/search/documents.json is written from the finished pages; book/_web/src/search.js reads it when
a reader begins to search, and puts Sphinx's own search, which finds whole pages, out of work.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

from bs4 import BeautifulSoup, Tag

VENDOR = Path(__file__).resolve().parents[2] / "_vendor" / "search"
# Drawn formulas beside their MathML, listings, buttons and what else is not the text.
UNREAD = (
    ".katex-html, annotation, script, style, .headerlink, .course-path, .course-take,"
    " .course-symbols, .course-imprint, .guess, .guess-kept, .cell_input, .practice,"
    " .assignment-cell, .assignment-board, button, summary, svg"
)
# What readers ask for in words that the section does not use.
ALSO = {
    "1.1": "end of sequence, end of text, stop token",
    "1.4": "zero probability",
    "2.1": "autoregressive",
    "2.3": "attention mask, lookahead",
    "3.1": "logits, logit",
    "3.2": "partition function, normalizing constant",
    "3.4": "log-sum-exp, logsumexp, overflow, underflow, inf",
    "3.5": "softmax temperature",
    "4.1": "maximum likelihood, MLE",
    "4.4": "cross-entropy gradient",
    "4.5": "ignore_index, -100, loss mask",
    "5.2": "Kullback-Leibler divergence",
    "5.4": "arithmetic coding, bits per byte",
    "5.5": "byte pair encoding, BPE, tokenization",
    "6.2": "length normalization",
    "6.3": "reliability diagram",
    "6.4": "ECE",
    "7.4": "top_p",
    "8.1": "bigram model, trigram model",
    "9.1": "in-context learning, few-shot, zero-shot",
    "9.2": "retrieval-augmented generation",
    "9.4": "classifier-free guidance, CFG",
    "9.5": "moderation, jailbreak",
    "10.2": "data contamination, train-test leak",
    "10.3": "out of distribution, drift",
    "10.5": "scaling laws",
}
BLOCKS = ["p", "li", "dt", "dd", "td", "th", "div", "pre", "h1", "h2", "h3", "br", "figcaption"]
HEADINGS = ["h1", "h2", "h3"]
DEFINITION = 400  # characters of a definition that are shown
# Sections that name what others teach.
LISTS = ("Further reading", "In PyTorch", "After this chapter you can", "What the problems test")
SPHINX_SEARCH = re.compile(
    r'<script[^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>\n?'
)


def readable(article: Tag) -> Tag:
    """The part of a page that is read, so that its text can be taken as it stands."""
    for part in article.select(UNREAD):
        part.decompose()
    for formula in article.select("math"):
        formula.replace_with(formula.get_text("", strip=True))
    for block in article.find_all(BLOCKS):
        block.append(" ")
    return article


def text_of(node: Tag | None) -> str:
    """The words of a readable part, in one line; "" of nothing."""
    return " ".join(node.get_text("").split()) if node else ""


def take_numbered(article: Tag, page: str, address: str) -> list[dict]:
    """Figures and equations that have a number; outputs of code, captions and numbers go with
    them.
    """
    found = []
    for figure in article.select("figure[id]"):
        caption = figure.find("figcaption")
        if caption:
            number = caption.select_one(".caption-number")
            text = caption.select_one(".caption-text")
            title = text_of(number) if number else "Figure"
            found.append(
                {"kind": "figure", "title": title, "page": page, "text": text_of(text or caption)}
                | {"address": f"{address}#{figure['id']}"}
            )
    for equation in article.select("div.math[id]"):
        number = equation.select_one(".eqno")
        if number:
            label = str(equation["id"])
            words = re.sub(r"^equation-|^eq-", "", label).replace("-", " ")
            title = f"Equation {text_of(number).strip('()# ')}: {words}"
            found.append(
                {"kind": "equation", "title": title, "page": page, "text": ""}
                | {"address": f"{address}#{label}"}
            )
    for part in article.select("figure, .eqno, .cell_output"):
        part.decompose()
    return found


def take_sections(article: Tag, page: str, address: str) -> list[dict]:
    """Each section without those within it; the page's first has the page's own address.

    Nothing is left of the page after that: what is within a section is taken before it.
    """
    found = []
    for section in reversed(article.select("section[id]")):
        heading = section.find(HEADINGS, recursive=False)
        if heading:
            where = address if heading.name == "h1" else f"{address}#{section['id']}"
            entry = {"kind": "section", "title": text_of(heading), "page": page, "address": where}
            for inner in section.find_all(HEADINGS):
                inner.decompose()
            found.append(entry | {"text": text_of(section)})
            section.decompose()
    return found[::-1]


def terms(article: Tag, address: str) -> list[dict]:
    """The entries of the glossary, with their definitions."""
    return [
        {"kind": "term", "title": text_of(term), "page": "Glossary"}
        | {"address": f"{address}#{term['id']}"}
        | {"text": text_of(term.find_next_sibling("dd"))[:DEFINITION]}
        for term in article.select("dl.glossary dt[id]")
    ]


def symbols(article: Tag, address: str) -> list[dict]:
    """The lines of the notation page: the first cell is the symbol, the second what it means."""
    found = []
    for row in article.select("tbody tr"):
        cells = [text_of(cell) for cell in row.find_all("td")]
        section = row.find_parent("section", id=True)
        if section and len(cells) > 1:
            found.append(
                {"kind": "symbol", "title": cells[0], "page": "Notation", "text": cells[1]}
                | {"address": f"{address}#{section['id']}"}
            )
    return found


def subjects(site: Path) -> dict[str, list[str]]:
    """By page, the subjects whose main entry in the index leads there."""
    index = BeautifulSoup((site / "genindex.html").read_text(encoding="utf-8"), "html.parser")
    found: dict[str, list[str]] = {}
    for item in index.select(".genindextable li"):
        links = item.find_all("a", recursive=False)
        for link in links:
            if link.find("strong"):
                found.setdefault(str(link["href"]).partition("#")[0], []).append(text_of(links[0]))
    return found


def functions() -> dict[str, list[str]]:
    """By section, such as 3.4, the public functions of lmcore whose docstrings name it."""
    import lmcore

    found: dict[str, list[str]] = {}
    for path in sorted(Path(lmcore.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name[0] == "_":
                continue
            named = re.search(r"\(book, sections? ([^)]*)\)", ast.get_docstring(node) or "")
            for number in re.findall(r"\d+\.\d", named.group(1)) if named else ():
                found.setdefault(number, []).append(node.name)
    return found


def documents(site: Path) -> list[dict]:
    """All that can be found on the site, in the order of its pages.

    A page has names too: its subjects in the index, and the functions that it derives.
    """
    found, names, code = [], subjects(site), functions()
    for path in sorted((site / "book").rglob("*.html")):
        address = path.relative_to(site).as_posix()
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        article = page.select_one("article.bd-article")
        if article is None or article.find("h1") is None:
            continue
        title = text_of(readable(article).find("h1"))
        numbered = take_numbered(article, title, address)
        lists = {"glossary": terms, "notation": symbols}.get(path.stem)
        entries = lists(article, address) if lists else []
        first, *others = take_sections(article, title, address)
        if lists:  # each of their entries is found by itself
            first |= {"text": "", "names": ""}
            others = entries
        else:
            number = re.match(r"\d+\.\d", title)
            section = number.group() if number else ""
            first["names"] = ", ".join(
                [*names.get(address, []), *code.get(section, []), ALSO.get(section, "")]
            )
        first["kind"] = "chapter" if path.stem == "index" else "section"
        if path.stem == "assignment":  # found by its problems' titles, after what teaches them
            first |= {"kind": "assignment", "text": "; ".join(each["title"] for each in others)}
            others = []
        if path.parent.name == "book" and not lists:  # guides, sources, history
            first["kind"] = "beside"
        for each in others:
            if first["kind"] == "beside" or each["title"] in LISTS:
                each["kind"] = "beside"
        found += [first, *others, *numbered]
    return found


def write(app, exception) -> None:
    """The documents and the script, and the page of results without Sphinx's scripts."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    target = site / "search"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(VENDOR, target)
    content = json.dumps(documents(site), ensure_ascii=False, separators=(",", ":"))
    (target / "documents.json").write_text(content, encoding="utf-8")
    results = site / "search.html"
    page = results.read_text(encoding="utf-8")
    results.write_text(SPHINX_SEARCH.sub("", page), encoding="utf-8")
    for name in ("searchindex.js", "_static/searchtools.js", "_static/language_data.js"):
        (site / name).unlink(missing_ok=True)


def setup(app):
    # after `slim`, which works on the same pages
    app.connect("build-finished", write, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

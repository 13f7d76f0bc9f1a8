"""The whole book in one file: python book/_tools/formats.py pdf epub [--out FOLDER]

PDF: Sphinx writes one page, and the system's Chromium prints it, with title page, contents, running
heads, outline, tags and links.
EPUB: Sphinx's own, with formulas in MathML, corrected where HTML is not XHTML. Both stand in
_build/formats/ unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import chromium
import yaml
from bs4 import BeautifulSoup
from pack_pdf import pack

ROOT = Path(__file__).resolve().parents[2]
NAME = "language-model-probability"
# What a reader on paper cannot press, and the theme's frame around the text.
NOT_ON_PAPER = """header, footer, dialog, script, link[rel=preload], .bd-sidebar, .bd-sidebar-primary, .bd-sidebar-secondary,
    .bd-header, .bd-header-article, .bd-header-announcement, .prev-next-footer, .skip-link, .pst-skip-link, .headerlink,
    .toggle-details, noscript, #pst-back-to-top, #jb-print-docs-body, .course-start, .chapter-cards, .bd-article > section > .explorer"""
PAPER = """
@page { size: A4; margin: 22mm 18mm 20mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
@page front { @bottom-center { content: none; } }
.bd-main .bd-content .bd-article-container, .bd-page-width { max-width: none; }
.bd-article :is(p, li, dd, .admonition, div.math) { max-width: none; }
body { page: front; }        /* until the first part: a change of pages is a break */
.title-page { height: 235mm; display: flex; flex-direction: column; justify-content: center; break-after: page; }
.title-page p { font-size: 15pt; }
.title-page .title { font: 600 44pt/1.15 var(--course-serif); margin-bottom: 8mm; }
.contents { break-after: page; }
.contents ol { list-style: none; padding: 0; columns: 2; column-gap: 12mm; }
.contents li { break-inside: avoid; }
.contents ol ol { columns: 1; padding-left: 5mm; font-weight: 400; }
.contents > ol > li { font-weight: 600; margin-bottom: 3mm; }
.contents a { display: flex; justify-content: space-between; gap: 4mm; color: inherit; text-decoration: none; }
.part { break-before: page; }
pre { white-space: pre-wrap !important; }
h1, h2, h3, h4, .admonition-title, figcaption { break-after: avoid; }
figure, img, .math, .cell_output, pre, tr { break-inside: avoid; }
.admonition:not(:has(pre, figure, .exercise)) { break-inside: avoid; }
p, li { orphans: 3; widows: 3; }
.figure-scroll img { min-width: 0 !important; }
.sd-tab-set { display: block; }
.sd-tab-set > input { display: none; }
.sd-tab-set > .sd-tab-content { display: block; order: 0; }
"""
HEADINGS = ["h1", "h2", "h3"]


def build(builder, folder):
    """Run Sphinx through Jupyter Book, warnings being errors; returns the folder of its output."""
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        str(ROOT),
        "-q",
        "--all",
        "-n",
        "-W",
        "--keep-going",
        "--path-output",
        str(folder),
        *builder,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return folder / "_build" / builder[-1]


def open_folded(page):
    """Folded parts stand open; above a cell's code there is no invitation to show or hide it."""
    for folded in page.select("details"):
        folded["open"] = "open"
    for summary in page.select("details.hide > summary"):
        summary.string = "Code"
    for paragraph in page.select("summary p"):
        paragraph.name = "span"


# --- PDF ---


def title_of(section):
    """The words of a section's heading, without the sign of its link."""
    heading = section.find(HEADINGS, recursive=False)
    return heading.get_text().rstrip("#").strip() if heading else ""


def parts_of(page):
    """The chapters, lists and guides of the book, each with the sections that the contents name."""
    whole = page.select_one("article > section")
    wrapped = whole.find_all("div", class_="toctree-wrapper", recursive=False)
    for part in [part for box in wrapped for part in box.find_all("section", recursive=False)]:
        inner = part.find("div", class_="toctree-wrapper", recursive=False)
        yield part, inner.find_all("section", recursive=False) if inner else []


def front(page):
    """Title page and contents, put before the text; the contents name no pages yet."""

    def entry(section):
        link = page.new_tag("a", href=f"#{section['id']}")
        for words in (title_of(section), ""):
            span = page.new_tag("span")
            span.string = words
            link.append(span)
        item = page.new_tag("li")
        item.append(link)
        return item

    contents = page.new_tag("ol")
    for part, sections in parts_of(page):
        item = entry(part)
        if sections:
            inner = page.new_tag("ol")
            inner.extend([entry(section) for section in sections])
            item.append(inner)
        contents.append(item)
    whole = page.select_one("article > section")
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=, commit %h of %cs"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    names = ", ".join(author.get("name", "") for author in about["authors"])
    head = BeautifulSoup(
        f'<div class="title-page"><p class="title">{title_of(whole)}</p><p>What a language model is, computed one'
        f" token at a time</p><p>{escape(names)}</p><p>Version {about['version']}{commit}</p></div>"
        '<div class="contents"><p class="h2">Contents</p></div>',
        "html.parser",
    )
    head.select_one(".contents").append(contents)
    whole.find("h1", recursive=False).decompose()
    whole.insert(0, head)


def running_heads(page):
    """A style for each part: it begins on a new page, and its title stands above its pages."""
    styles = []
    for number, (part, _) in enumerate(parts_of(page)):
        part["class"] = [*part.get("class", []), "part"]
        part["style"] = f"page: part-{number}"
        words = json.dumps(title_of(part), ensure_ascii=False)
        head = f"@top-right {{ content: {words}; font: 9pt sans-serif; color: #59616d; }}"
        styles.append(f"@page part-{number} {{ {head} }}")
    return "\n".join(styles)


# Names the page of each heading in the contents.
NUMBER = """numbers => {
    for (const { children: [title, page] } of document.querySelectorAll(".contents a"))
        page.textContent = numbers[title.textContent] ?? "";
}"""


def one_page(html):
    """Sphinx's single page as it is printed.

    Links stay inside, folded parts are open, the frame is gone; title page and contents stand
    before it.
    """
    page = BeautifulSoup(html, "html.parser")
    for part in page.select(NOT_ON_PAPER):
        part.decompose()
    for link in page.select("a[href*='#']"):
        if re.match(r"[\w/.-]*\.html#", link["href"]):
            link["href"] = "#" + link["href"].partition("#")[2]
    open_folded(page)
    for folded in page.select(".toggle, .dropdown"):
        folded["class"] = [name for name in folded["class"] if name not in ("toggle", "dropdown")]
    for style in page.select("link[href^='../']"):
        style["href"] = style["href"].removeprefix("../")
    heads = running_heads(page)
    front(page)
    page.html["data-theme"] = page.html["data-mode"] = "light"
    page.head.append(page.new_tag("style"))
    page.head.find_all("style")[-1].string = PAPER + heads
    return str(page)


def page_numbers(content):
    """{heading: page} of a PDF with an outline."""
    from pypdf import PdfReader

    book = PdfReader(BytesIO(content))
    found = {}

    def read(entries):
        for entry in entries:
            if isinstance(entry, list):
                read(entry)
            else:
                title = entry.title.rstrip("#").strip()
                found.setdefault(title, book.get_destination_page_number(entry) + 1)

    read(book.outline)
    return found


def browser():
    program = chromium.program()
    if program is None:
        sys.exit(f"The PDF is printed by Chromium: {chromium.MISSING}.")
    return program


def pdf(target):
    """Write the book as a PDF, A4."""
    from playwright.sync_api import sync_playwright

    program = browser()
    with tempfile.TemporaryDirectory() as scratch:
        site = build(["--builder", "singlehtml"], Path(scratch))
        html = (site / "book" / "intro.html").read_text(encoding="utf-8")
        # not in book/, where its pictures' addresses would not lead
        page = site / "book.html"
        with sync_playwright() as running:
            printer = running.chromium.launch(executable_path=program, args=chromium.FLAGS)
            tab = printer.new_page()
            tab.set_default_timeout(0)  # a busy machine takes minutes for the whole book
            page.write_text(one_page(html), encoding="utf-8")
            tab.goto(page.as_uri())
            tab.evaluate("document.fonts.ready")
            how = {"scale": 0.75, "prefer_css_page_size": True, "print_background": True}
            how |= {"outline": True, "tagged": True}
            # Twice: the contents name pages, and these are known when it has been printed once.
            numbers = page_numbers(tab.pdf(**how))
            tab.evaluate(NUMBER, numbers)
            target.write_bytes(pack(tab.pdf(**how)))
            printer.close()


# --- EPUB ---


def xhtml(text):
    """A page in which every element is closed, addresses are well-formed and nothing needs a
    script.
    """
    head, start, body = text.partition("<html")
    page = BeautifulSoup(start + body, "html.parser")
    for part in page.select(
        "script, noscript, meta[http-equiv], .headerlink, .toggle-details, button, svg"
    ):
        part.decompose()
    for sheet in page.select("link[rel=stylesheet]"):
        if not sheet["href"].endswith(("/epub.css", "/pygments.css")):
            sheet.decompose()
    for link in page.select("a[href^=http]"):
        link["href"] = quote(link["href"], safe=":/?#[]@!$&'()*+,;=%~")
    open_folded(page)
    for sign in page.select("msub > mo, msup > mo, munder > mo"):
        # KaTeX applies a function inside its own index
        if sign.string == "\u2061":
            sign.decompose()
    return head + str(page)


def plain_svg(text):
    """A figure without a document type, which e-books may not name.

    The glyph of a space has a path too.
    """
    text = re.sub(r"<!DOCTYPE[^>]*>", "", text)
    return re.sub(r"<path(?![^>]*\sd=)", '<path d="M0 0"', text)


UNUSED = (
    "course.css",
    "copybutton.css",
    "sphinx-design.min.css",
    "togglebutton.css",
    "basic.css",
    "site.png",
)


def package(text, with_math):
    """The list of parts, saying which pages hold MathML."""

    def note(item):
        href = re.search(r'href="([^"]*)"', item.group()).group(1)
        return (
            item.group().replace("<item ", '<item properties="mathml" ')
            if href in with_math
            else item.group()
        )

    unused = "|".join(map(re.escape, UNUSED))
    text = re.sub(rf'<item [^>]*href="[^"]*(?:{unused})"[^>]*/>', "", text)
    return re.sub(r"<item [^>]*/>", note, text)


def epub(target):
    """Write the book as an EPUB 3."""
    with tempfile.TemporaryDirectory() as scratch:
        [made] = build(["--builder", "custom", "--custom-builder", "epub"], Path(scratch)).glob(
            "*.epub"
        )
        with zipfile.ZipFile(made) as old:
            parts = {name: old.read(name) for name in old.namelist()}
    for name, content in parts.items():
        mend = xhtml if name.endswith(".xhtml") else plain_svg if name.endswith(".svg") else None
        if mend:
            parts[name] = mend(content.decode()).encode()
    style = next(name for name in parts if name.endswith("_static/epub.css"))
    parts[style] += Path(__file__).with_name("epub.css").read_bytes()
    for name in [name for name in parts if name.endswith(UNUSED)]:
        del parts[name]
    with_math = {
        name for name, content in parts.items() if name.endswith(".xhtml") and b"<math" in content
    }
    identifier = re.search(rb"<dc:identifier[^>]*>([^<]*)", parts["content.opf"]).group(1)
    parts["toc.ncx"] = re.sub(
        rb'(name="dtb:uid" content=")[^"]*', rb"\1" + identifier, parts["toc.ncx"]
    )
    parts["content.opf"] = package(parts["content.opf"].decode(), with_math).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("mimetype", parts.pop("mimetype"), zipfile.ZIP_STORED)
        for name, content in parts.items():
            new.writestr(name, content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="+", choices=("pdf", "epub"))
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "formats")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.formats:
        target = options.out / f"{NAME}.{name}"
        {"pdf": pdf, "epub": epub}[name](target)
        print(f"{target}  {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

"""The whole book in one file: python book/_tools/formats.py pdf epub [--out FOLDER]

PDF: Sphinx writes one page, and the system's Chromium prints it, with outline, tags and links.
EPUB: Sphinx's own, with formulas in MathML, corrected where HTML is not XHTML. Both stand in
_build/formats/ unless told otherwise.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import quote

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
NAME = "language-model-probability"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a reader on paper cannot press, and the theme's frame around the text.
NOT_ON_PAPER = """header, footer, dialog, script, link[rel=preload], .bd-sidebar, .bd-sidebar-primary, .bd-sidebar-secondary,
    .bd-header, .bd-header-article, .bd-header-announcement, .prev-next-footer, .skip-link, .pst-skip-link, .headerlink,
    .toggle-details, noscript, #pst-back-to-top"""
PAPER = """
@page { size: A4; margin: 20mm 18mm; }
.bd-main .bd-content .bd-article-container, .bd-page-width { max-width: none; }
section > h1 { break-before: page; }
pre { white-space: pre-wrap !important; }
h1, h2, h3, .admonition-title, figcaption { break-after: avoid; }
figure, img, .math, .cell_output, pre { break-inside: avoid; }
.sd-tab-set { display: block; }
.sd-tab-set > input { display: none; }
.sd-tab-set > .sd-tab-content { display: block; order: 0; }
"""


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


def one_page(html):
    """Sphinx's single page as it is printed.

    Links stay inside, folded parts are open, the frame is gone.
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
    page.html["data-theme"] = page.html["data-mode"] = "light"
    page.head.append(page.new_tag("style"))
    page.head.find_all("style")[-1].string = PAPER
    return str(page)


def browser():
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        sys.exit(
            "The PDF is printed by Chromium, and there is none here (Debian, Ubuntu: apt install"
            " chromium)."
        )
    return program


def pdf(target):
    """Write the book as a PDF, A4."""
    from playwright.sync_api import sync_playwright

    program = browser()
    with tempfile.TemporaryDirectory() as scratch:
        site = build(["--builder", "singlehtml"], Path(scratch))
        # not in book/, where its pictures' addresses would not lead
        page = site / "book.html"
        page.write_text(
            one_page((site / "book" / "intro.html").read_text(encoding="utf-8")), encoding="utf-8"
        )
        with sync_playwright() as running:
            chromium = running.chromium.launch(executable_path=program, args=FLAGS)
            tab = chromium.new_page()
            tab.set_default_timeout(0)  # a busy machine takes minutes for the whole book
            tab.goto(page.as_uri())
            tab.evaluate("document.fonts.ready")
            tab.pdf(
                path=target,
                scale=0.75,
                prefer_css_page_size=True,
                print_background=True,
                outline=True,
                tagged=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=(
                    "<div style='font: 8pt sans-serif; margin: 0 auto'><span"
                    " class=pageNumber></span></div>"
                ),
            )
            chromium.close()


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

"""The book in one file: PDF and EPUB."""

import importlib.util
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import bookreader
import pytest

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME / "book" / "_tools"))  # what stands beside it
spec = importlib.util.spec_from_file_location("formats", HOME / "book" / "_tools" / "formats.py")
formats = importlib.util.module_from_spec(spec)
spec.loader.exec_module(formats)

SOURCES = [
    *(HOME / name for name in ("_config.yml", "_toc.yml", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(path for path in HOME.glob("book/**/*") if path.suffix != ".pyc"),
    *HOME.glob("exercises/*/*"),
]
FIGURES = sum(
    bookreader.markdown(parts).count("```{figure}") + bookreader.code(parts).count("plt.show()")
    for chapter in range(1, 11)
    for parts in bookreader.sections(chapter).values()
)

DERIVATIONS = sum(
    bookreader.markdown(parts).count(":class: derivation")
    for chapter in range(1, 11)
    for parts in bookreader.sections(chapter).values()
)


def book_in(form, make):
    """The book in one form: as make has left it, if nothing is newer, or made now by `make()`."""
    left = HOME / "_build" / "formats" / f"{formats.NAME}.{form}"
    changed = max(path.stat().st_mtime for path in SOURCES if path.is_file())
    return left if left.exists() and left.stat().st_mtime > changed else make()


def test_on_paper_links_stay_inside_and_nothing_is_folded():
    page = formats.one_page(
        """<html><head><link rel="stylesheet" href="../katex/katex.css"></head><body>
        <header>frame</header><article><section id="book"><h1>Book#</h1>
        <div class="toctree-wrapper"><section id="one"><h2>1 One#</h2><div class="toctree-wrapper">
        <section id="first"><h3>1.1 First#</h3></section></div></section></div></section></article>
        <a href="book/intro.html#term-logit">logit</a><a href="https://a.example/x.html#y">out</a>
        <details><summary>Answer</summary>no</details><div class="admonition dropdown">solution</div></body></html>"""
    )
    assert '<a href="#first"><span>1.1 First</span><span></span></a>' in page
    assert '@top-right { content: "1 One"' in page and "page: part-0" in page
    assert page.index("title-page") < page.index('class="contents"') < page.index('id="one"')
    assert 'href="#term-logit"' in page and 'href="https://a.example/x.html#y"' in page
    assert "<details open=" in page and "dropdown" not in page and "frame" not in page
    assert 'href="katex/katex.css"' in page


def test_pages_of_the_e_book_are_xml_without_scripts():
    page = formats.xhtml(
        "<?xml"
        ' version="1.0"?><html><head><script>run()</script></head><body><br><details><summary><p>Show</p></summary></details><a'
        ' href="https://a.example/<1>">x</a></body></html>'
    )
    root = ElementTree.fromstring(page)
    assert root.find(".//script") is None and root.find(".//summary/p") is None
    assert (
        root.find(".//details").get("open")
        and root.find(".//a").get("href") == "https://a.example/%3C1%3E"
    )


def test_figures_of_the_e_book_name_no_document_type_and_every_path_leads_somewhere():
    svg = formats.plain_svg(
        '<!DOCTYPE svg PUBLIC "x"><svg><path id="space"/><path d="M1 1"/></svg>'
    )
    assert "DOCTYPE" not in svg and [path.get("d") for path in ElementTree.fromstring(svg)] == [
        "M0 0",
        "M1 1",
    ]


def test_without_a_browser_the_pdf_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(formats.chromium, "program", lambda: None)
    with pytest.raises(SystemExit, match="apt install chromium"):
        formats.browser()


def test_the_e_book_is_complete(tmp_path):
    def make():
        formats.epub(tmp_path / "book.epub")
        return tmp_path / "book.epub"

    with zipfile.ZipFile(book_in("epub", make)) as book:
        assert (
            book.namelist()[0] == "mimetype"
            and book.infolist()[0].compress_type == zipfile.ZIP_STORED
        )
        pages = {
            name: book.read(name).decode() for name in book.namelist() if name.endswith(".xhtml")
        }
        contents, parts, navigation = (
            book.read("content.opf").decode(),
            set(book.namelist()),
            book.read("nav.xhtml").decode(),
        )
    titles = "".join(pages.values())
    for chapter in range(1, 11):
        folder = bookreader.folder(chapter)
        for section in bookreader.sections(chapter):
            assert re.search(rf"<h1>{re.escape(section)} ", titles), section
        names = [path.stem for path in bookreader.section_files(chapter).values()]
        places = [
            navigation.find(f"book/{folder.name}/{name}.xhtml")
            for name in ("index", *names, "review")
        ]
        assert -1 not in places and places == sorted(places), folder.name
    pictures = [
        source
        for page in pages.values()
        for source in re.findall(r'<img [^>]*?src="([^"]*)"', page)
    ]
    assert len(pictures) >= FIGURES >= 60
    derivations = [
        re.findall(r"<li>.*?</li>", steps, re.DOTALL)
        for page in pages.values()
        for steps in re.findall(
            r'<div class="derivation admonition">.*?<ol[^>]*>(.*?)</ol>', page, re.DOTALL
        )
    ]
    assert len(derivations) == DERIVATIONS >= 8
    # every step is there, and what it changes is underlined
    assert all("<munder" in step for steps in derivations for step in steps[1:])
    assert min(map(len, derivations)) >= 3
    for name, page in pages.items():
        ElementTree.fromstring(page[page.index("<html") :])
        assert "<script" not in page and "$$" not in re.sub(
            r"<pre.*?</pre>", "", page, flags=re.DOTALL
        ), name
        assert ("<math" in page) == bool(
            re.search(rf'properties="mathml"[^>]*href="{name}"', contents)
        ), name
        for source in re.findall(r'<img [^>]*?src="([^"]*)"', page):
            assert str((Path("/") / name).parent.joinpath(source).resolve())[1:] in parts, (
                name,
                source,
            )


@pytest.mark.skipif(
    formats.chromium.program() is None,
    reason="NO PDF WAS MADE: there is no Chromium here",
)
def test_the_pdf_is_complete(tmp_path):
    from pypdf import PdfReader

    def make():
        # By its command: in one process with the browser tests, a second Playwright would not
        # start.
        subprocess.run([sys.executable, formats.__file__, "pdf", "--out", tmp_path], check=True)
        return tmp_path / f"{formats.NAME}.pdf"

    file = book_in("pdf", make)
    assert file.stat().st_size < 15_000_000
    book = PdfReader(file)
    title = " ".join(book.pages[0].extract_text().split())
    assert title.startswith("Language Model Probability") and "Version" in title
    contents = "\n".join(page.extract_text() for page in book.pages[1:4])
    for chapter in range(1, 11):
        [named] = re.findall(rf"^({chapter} [A-Z].*?) (\d+)$", contents, re.M)[:1]
        lines = book.pages[int(named[1]) - 1].extract_text().splitlines()
        # on a page of its own, between the running head and the number
        assert {named[0], named[1]} <= set(lines[:3]), (named, lines[:4])
        head = book.pages[int(named[1])].extract_text().splitlines()[:2]
        assert named[0] in head and str(int(named[1]) + 1) in head, head
    assert 200 < len(book.pages) < 600
    # A4 in points
    assert [float(side) for side in book.pages[0].mediabox[2:]] == pytest.approx(
        [595.3, 841.9], abs=2
    )
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"]
    outline = [entry.title for entry in _flat(book.outline)]
    fonts = set()
    for page in book.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            # none for glyphs that are drawn here, such as a bold one that the font lacks
            fonts.add(str(font.get_object().get("/BaseFont")))
    assert any("KaTeX_Math" in font for font in fonts) and any(
        "KaTeX_Main" in font for font in fonts
    ), fonts
    text = "\n".join(page.extract_text() for page in book.pages)
    for chapter in range(1, 11):
        for section in bookreader.sections(chapter):
            assert any(title.startswith(f"{section} ") for title in outline), section
    assert len(set(re.findall(r"Figure (\d+\.\d+)", text))) >= FIGURES
    # the contributor's guide shows how derivations and formulas are typed
    assert len(re.findall(r"(?<!admonition\}\s)Step by step: ", text)) == DERIVATIONS
    typed = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    assert "\\frac" not in typed and "Show code cell source" not in text


def test_a_packed_pdf_says_the_same():
    from pack_pdf import objects, pack
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    for number in range(3):
        writer.add_blank_page(100 + number, 200)
    plain = BytesIO()
    writer.write(plain)
    content = plain.getvalue()
    assert len(objects(content)) >= 5
    packed = pack(content)
    widths = [float(page.mediabox.width) for page in PdfReader(BytesIO(packed)).pages]
    assert packed.startswith(b"%PDF-1.5") and widths == [100, 101, 102]
    with pytest.raises(ValueError, match="table of the PDF is wrong"):
        pack(content.replace(b"1 0 obj", b"1 0 odd", 1))


def _flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry

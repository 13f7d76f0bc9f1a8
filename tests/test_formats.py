"""The book in one file: PDF and EPUB."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import bookreader
import pytest

HOME = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("formats", HOME / "book" / "_tools" / "formats.py")
formats = importlib.util.module_from_spec(spec)
spec.loader.exec_module(formats)

FIGURES = sum(
    bookreader.markdown(parts).count("```{figure}") + bookreader.code(parts).count("plt.show()")
    for chapter in range(1, 11)
    for parts in bookreader.sections(chapter).values()
)


def test_on_paper_links_stay_inside_and_nothing_is_folded():
    page = formats.one_page(
        """<html><head><link rel="stylesheet" href="../katex/katex.css"></head><body>
        <header>frame</header><a href="book/intro.html#term-logit">logit</a><a href="https://a.example/x.html#y">out</a>
        <details><summary>Answer</summary>no</details><div class="admonition dropdown">solution</div></body></html>"""
    )
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
    monkeypatch.setattr(formats.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt install chromium"):
        formats.browser()


def test_the_e_book_is_complete(tmp_path):
    formats.epub(tmp_path / "book.epub")
    with zipfile.ZipFile(tmp_path / "book.epub") as book:
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
    not any(map(shutil.which, formats.BROWSERS)),
    reason="NO PDF WAS MADE: there is no Chromium here",
)
def test_the_pdf_is_complete(tmp_path):
    from pypdf import PdfReader

    # By its command: in one process with the browser tests, a second Playwright would not start.
    subprocess.run([sys.executable, formats.__file__, "pdf", "--out", tmp_path], check=True)
    book = PdfReader(tmp_path / f"{formats.NAME}.pdf")
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
    # the contributor's guide shows how formulas are typed
    typed = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    assert "\\frac" not in typed and "Show code cell source" not in text


def _flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry

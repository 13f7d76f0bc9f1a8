"""Which symbols a formula holds, which lines of the notation explain them, and what the site shows
beside links.
"""

import doctest
from pathlib import Path

import pytest

BeautifulSoup = pytest.importorskip("bs4").BeautifulSoup
EXTENSIONS = str(Path(__file__).resolve().parents[1] / "book" / "_ext")

NOTATION = """<article class="bd-article"><section id="tokens"><table><tbody>
<tr><td><p>{n}</p></td><td><p>number of <a href="#x">tokens</a></p></td><td><p>1.1</p></td></tr>
<tr><td><p>{p}, {p_v}</p></td><td><p>the distribution</p></td><td><p>1.3</p></td></tr>
<tr><td><p>{p} as a threshold</p></td><td><p>a mass</p></td><td><p>7.4</p></td></tr>
<tr><td><p>{H(q)}</p></td><td><p>entropy</p></td><td><p>5.1</p></td></tr>
<tr><td><p>{H(q, p)}</p></td><td><p>cross-entropy</p></td><td><p>4.3</p></td></tr>
<tr><td><p>{H}</p></td><td><p>hidden layer</p></td><td><p>8.3</p></td></tr>
<tr><td><p>{m}</p></td><td><p>largest logit</p></td><td><p>3.3</p></td></tr>
<tr><td><p>{m}</p></td><td><p>features</p></td><td><p>8.3</p></td></tr>
<tr><td><p>{\\lvert y \\rvert}</p></td><td><p>length</p></td><td><p>6.2</p></td></tr>
</tbody></table></section><section id="everywhere"><table><tbody>
<tr><td><p>{i}, {v}</p></td><td><p>indices</p></td><td><p>1.1</p></td></tr>
</tbody></table></section></article>"""


@pytest.fixture
def symbols(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    from course_ext import symbols

    return symbols


@pytest.fixture
def notation(symbols):
    page = NOTATION
    for tex in ("n", "p", "p_v", "H(q)", "H(q, p)", "H", "m", "\\lvert y \\rvert", "i", "v"):
        mark = f'<span class="math"><annotation>{tex}</annotation></span>'
        page = page.replace(f"{{{tex}}}", mark)
    return symbols.read(BeautifulSoup(page, "html.parser").article)


def test_examples_of_the_reader_of_formulas(symbols):
    failed, tried = doctest.testmod(symbols)
    assert (failed, tried > 4) == (0, True)


def test_letters_of_a_formula(symbols):
    found = [(a.base, a.sub, a.sup) for a in symbols.atoms(r"\hat p_{v} = \frac{c_{j+1}}{n}^{2}")]
    assert found[0] == (r"\hat p", "•", "") and ("c", "•", "") in found and ("n", "", "") in found
    assert [a.base for a in symbols.atoms(r"\text{if } x")] == ["x"]
    assert symbols.atoms("y^*")[0].sup == "*"
    assert symbols.atoms(r"H\bigl(q, p\bigr)")[0].args == "•,•"
    assert symbols.atoms("3 + 4") == []


@pytest.mark.parametrize(
    "tex, here, meanings",
    [
        ("n", (1, 1), ["number of tokens"]),
        ("p_j", (2, 1), ["the distribution"]),
        ("p", (1, 2), []),  # not introduced yet
        ("p", (7, 4), ["a mass", "the distribution"]),  # both can be meant
        ("p", (9, 1), ["the distribution"]),
        ("H(p)", (5, 3), ["entropy"]),
        ("H(r, p)", (5, 3), ["cross-entropy"]),
        ("H", (5, 3), []),  # the hidden layer comes later
        ("H", (8, 3), ["hidden layer"]),
        ("H(x)", (8, 3), ["entropy"]),
        ("m", (3, 3), ["largest logit"]),
        ("m", (8, 9), ["features"]),
        ("m", (9, 1), []),  # two meanings, and nothing says which
        ("m_i", (9, 1), []),
        ("y", (6, 2), []),
        ("v", (4, 4), ["indices"]),
    ],
)
def test_lines_of_the_notation_that_can_be_meant(symbols, notation, tex, here, meanings):
    lines = notation.lookup(symbols.atoms(tex)[0], here)
    found = [notation.lines[number].meaning for number in lines]
    assert [name for name in found if not name.startswith("indices") or tex == "v"] == meanings


def test_what_stands_at_the_end_of_a_link(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(EXTENSIONS)
    from course_ext import previews

    (tmp_path / "book" / "1").mkdir(parents=True)
    article = '<article class="bd-article">{}</article>'
    (tmp_path / "book" / "glossary.html").write_text(
        article.format(
            '<dl><dt id="term-a">a#</dt><dd><p id="x">An <a href="b">A</a>.</p></dd></dl>'
        )
    )
    (tmp_path / "book" / "1" / "page.html").write_text(
        article.format(
            '<section id="s"><h1>Title<a class="headerlink">#</a></h1><p>First.</p>'
            '<figure id="f"><img src="../../_images/f.svg" loading="lazy"><figcaption><p>'
            '<span class="caption-number">Figure 1 </span><span class="caption-text">Bars.</span>'
            '</p></figcaption></figure><p><a class="internal" href="../glossary.html#term-a">a</a>'
            '<a class="internal" href="#f">f</a><a class="internal" href="#none">f</a></p>'
            "</section>"
        )
    )
    pages = previews.Pages(tmp_path)
    name = "book/1/page.html"
    found = previews.links_of(pages, name, pages.article(name))
    assert list(found) == ["../glossary.html#term-a", "#f"]
    assert found["../glossary.html#term-a"] == {"title": "a", "html": "<p>An A.</p>"}
    assert 'src="../../_images/f.svg"' in found["#f"]["html"] and "loading" not in str(found)
    from_above = previews.describe(pages, name, "f", "book")
    assert 'src="../_images/f.svg"' in from_above["html"]
    assert previews.describe(pages, name, "", "book") == {"title": "Title", "html": "<p>First.</p>"}

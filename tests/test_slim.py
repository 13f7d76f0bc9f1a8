"""book/_ext/course_ext/slim.py: what it leaves of style sheets, pages and pictures."""

import importlib.util
import re
import struct
import sys
from pathlib import Path

import pytest

tinycss2 = pytest.importorskip("tinycss2", reason='the site needs the extra "book"')
HOME = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def slim():
    pytest.importorskip("sphinx", reason='the site needs the extra "book"')
    sys.path.append(str(HOME / "book" / "_ext"))  # where its neighbours are
    spec = importlib.util.spec_from_file_location(
        "slim", HOME / "book" / "_ext" / "course_ext" / "slim.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "css, left",
    [
        (".here{color:red}", ".here{color:red}"),
        (".gone{color:red}", ""),
        (".here.gone{color:red}", ""),
        (".gone, .here { color: red }", ".here{color:red}"),
        ("#gone a{color:red}", ""),
        ("a:hover{color:red}", "a:hover{color:red}"),
        (":not(.gone) > .here{color:red}", ":not(.gone) > .here{color:red}"),
        ('html[data-theme="dark"] .here{color:red}', 'html[data-theme="dark"] .here{color:red}'),
        ("@media print{.gone{color:red}}", ""),
        ("@media print{.here{color:red}}", "@media print{\n.here{color:red}\n}"),
        (".here{color:#abc}", ".here{color:#abc}"),  # a colour is no id
        ("/*! licence */ .gone{}", "/*! licence */"),
        ("/* remark */", ""),
    ],
)
def test_rules_that_cannot_match_go(slim, css, left):
    assert (
        slim.purge(tinycss2.parse_stylesheet(css, skip_whitespace=True), {"here"}).strip() == left
    )


def test_custom_properties_and_motions_that_nothing_reads_go(slim, tmp_path):
    (tmp_path / "_static" / "styles").mkdir(parents=True)
    (tmp_path / "_static" / "basic.css").write_text("a{background:url(file.png)}")
    (tmp_path / "_static" / "styles" / "a.css").write_text(
        '@import "../basic.css"; :root{--a:var(--b);--b:1px;--c:2px;--d:3px;--course-own:4px}'
        ' p{margin:var(--a);background:url("../x/y.svg");animation:turn 2s} @keyframes'
        " turn{to{opacity:0}} @keyframes sway{to{opacity:0}}"
    )
    css = slim.stylesheet(tmp_path, ["_static/styles/a.css"], set(), {"--d"})
    assert {name for name in ("--a:", "--b:", "--c:", "--d:", "--course-own:") if name in css} == {
        "--a:",
        "--b:",
        "--d:",
        "--course-own:",
    }
    assert re.findall(r"@keyframes (\w+)", css) == ["turn"]
    assert re.findall(r"url\(([^)]*)\)", css) == ["file.png", "x/y.svg"]


PAGE = """<html lang="en" data-content_root="../"><head><meta charset="utf-8" />
<meta name="viewport" content="width=device-width" /><meta name="viewport" content="width=device-width" />
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="preload" as="font" href="../_static/vendor/f.woff2" />
<link rel="stylesheet" href="../live/live.css">
<link rel="icon" href="../_static/favicon.svg"/>
<script src="../_static/vendor/fontawesome/6/js/all.min.js"></script>
<script src="../_static/doctools.js?v=1"></script>
<script>let toggleHintShow = 'Click to show';</script>
<script src="../_static/togglebutton.js"></script>
<script src="../_static/copybutton.js"></script>
<script>DOCUMENTATION_OPTIONS.pagename = 'x';</script>
<script type="module" src="../live/live.js"></script>
<script src="../_static/searchtools.js"></script>
</head><body>BODY<script src="../_static/scripts/bootstrap.js?digest=1"></script></body></html>"""


def test_a_page_links_one_sheet_and_what_its_markup_needs(slim):
    sheets, scripts = [], []
    plain = slim.lighten(PAGE.replace("BODY", ""), "book/a.html", sheets, scripts)
    assert sheets == ["_static/styles/theme.css"]
    assert scripts == ["_static/doctools.js", "_static/scripts/bootstrap.js"]
    assert [
        Path(link).name for link in re.findall(r'<link rel="stylesheet" href="([^"]*)"', plain)
    ] == ["site-000000000000.css", "live.css"]
    assert re.findall(r'<script (\w+)[^>]*src="([^"]*)"', plain) == [
        ("type", "../live/live.js"),
        ("defer", "../_static/site-000000000000.js"),
        ("defer", "../_static/searchtools.js"),
    ]
    assert plain.count("viewport") == 1
    assert (
        "toggle" not in plain
        and "pagename" not in plain
        and "all.min" not in plain
        and "favicon.svg" in plain
    )
    with_code = slim.lighten(PAGE.replace("BODY", '<div class="highlight">'), "book/a.html", [], [])
    assert (
        '<script defer src="../_static/copybutton.js">' in with_code and "copybutton" not in plain
    )


def test_pictures_say_their_size(slim, tmp_path):
    (tmp_path / "_images").mkdir()
    (tmp_path / "_images" / "a.svg").write_text(
        '<?xml?><svg xmlns="x" width="300pt" height="150.5pt" viewBox="0 0 1 1"></svg>'
    )
    (tmp_path / "_images" / "b.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + struct.pack(">II", 30, 20)
    )
    page = slim.measure_pictures(
        '<img alt="A" src="_images/a.svg"><img src="_images/b.png"><img src="_images/b.png"'
        ' width="5"><img src="data:image/png;base64,xx">',
        tmp_path,
    )
    assert (
        page == '<img width="400" height="201" alt="A" src="_images/a.svg">'
        '<img width="30" height="20" loading="lazy" decoding="async" src="_images/b.png">'
        '<img src="_images/b.png" width="5"><img src="data:image/png;base64,xx">'
    )


def test_names_and_roles_are_mended(slim):
    page = slim.repair(
        """<div class="bd-sidebar-primary bd-sidebar"><img src="m.svg" class="logo__image only-light" alt="M">
<script>document.write(`<img src="m.svg" class="logo__image only-dark" alt="M"/>`);</script>
<script>
document.write(`<button class="btn search-button-field x" title="Search" aria-label="Search">Search</button>`);
</script><li><a class="reference internal" href="a.html">1 A</a><details><summary><i></i></summary></details></li></div>"""
    )
    assert (
        page.count("<img") == 1
        and "script" not in page
        and "only-" not in page
        and 'aria-label="Search"' not in page
    )
    assert (
        '<summary aria-label="Pages of 1 A">' in page
        and '<div role="region" aria-label="Course"' in page
    )


def test_folded_code_is_named_after_the_figure_that_it_draws(slim):
    folded = '<div class="cell x"><p>Show code cell source</p><p>Hide code cell source</p></div>'
    caption = '<span class="caption-number">Figure 3.1 </span>'
    page = slim.repair(f"{folded}{caption}{folded}<p>Show code cell source</p>")
    assert page.count("Show the code of Figure 3.1<") == 1 == page.count("Hide the code of Fig")
    assert page.count("Show code cell source") == 2


def test_the_mark_of_the_landing_page_has_a_name(slim):
    assert slim.repair('<img alt=" - Home"/>') == '<img alt="Home"/>'


def test_the_site_has_the_colours_of_its_figures():
    colours = pytest.importorskip("lmcore.plotting", reason='figures need the extra "plot"').COLORS
    light = (
        (HOME / "book" / "_static" / "course.css")
        .read_text()
        .partition('html[data-theme="dark"]')[0]
    )
    for token, name in (
        ("blue", "blue"),
        ("red", "vermilion"),
        ("green", "green"),
        ("purple", "purple"),
    ):
        assert re.search(rf"--course-{token}: (#\w+);", light).group(1) == colours[name].lower(), (
            token
        )


def test_folded_boxes_are_the_browsers_own(slim):
    page = slim.repair(
        '<div class="solution dropdown admonition" id="s">\n<p class="admonition-title">S<a'
        ' href="#e"> of E</a></p><div>a<div class="admonition dropdown"><p'
        ' class="admonition-title">T</p>b</div></div></div><div class="admonition'
        ' note"><p>c</p></div>'
    )
    assert (
        page == '<details class="solution dropdown admonition" id="s"><summary'
        ' class="admonition-title">S of E</summary><div>a<details class="admonition'
        ' dropdown"><summary class="admonition-title">T</summary>b</details></div></details><div'
        ' class="admonition note"><p>c</p></div>'
    )

"""Mathematics rendered while the site is built, so that pages carry HTML and MathML and no script.

KaTeX runs inside mini-racer (V8 as a Python package). A formula that KaTeX refuses is reported with
its source location and fails the build, also without `-W`. Pages with mathematics link
katex/katex.css and preload the two fonts that nearly every formula uses; other pages load nothing.
Of its four large fonts a page loads the characters that the book's formulas have; the whole font
comes only with a character that is not among them, in what a reader types.
"""

from __future__ import annotations

import atexit
import functools
import json
import re
import shutil
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from course_ext.slim import subset

logger = logging.getLogger(__name__)
VENDOR = Path(__file__).resolve().parents[2] / "_vendor" / "katex"
PRELOADED_FONTS = ("KaTeX_Main-Regular-used", "KaTeX_Math-Italic-used")
# The fonts of more than 16 KB that formulas use; a page would have no need of most of their glyphs.
LARGE_FONTS = ("KaTeX_AMS-Regular", "KaTeX_Main-Bold", "KaTeX_Main-Regular", "KaTeX_Math-Italic")
# The drawn half of a formula, which stands after its MathML, and a tag or text within.
DRAWN = '<span class="katex-html"'
PIECE = re.compile(r"<(/?span)?[^>]*>|[^<]+")


@functools.cache
def engine():
    """The JavaScript engine with KaTeX loaded; once a process."""
    from py_mini_racer import MiniRacer

    context = MiniRacer()
    # left to the garbage collector, it hangs at the end of Python 3.13
    atexit.register(context.close)
    context.eval((VENDOR / "katex.min.js").read_text(encoding="utf-8"))
    # Errors come back as values: an exception would carry a JavaScript stack instead of KaTeX's
    # sentence.
    context.eval("""
        function renderOrExplain(tex, display, output) {
            try {
                return {html: katex.renderToString(
                    tex,
                    {displayMode: display, strict: "error", output: output, throwOnError: true})};
            } catch (error) { return {error: String(error.message)}; }
        }""")
    return context


@functools.cache
def render(tex: str, display: bool, output: str = "htmlAndMathml") -> str:
    """HTML of one formula. ValueError with KaTeX's own message when it does not render."""
    arguments = ", ".join(map(json.dumps, (tex, display, output)))
    answer = json.loads(engine().eval(f"JSON.stringify(renderOrExplain({arguments}))"))
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["html"]


def render_or_report(translator, node: nodes.Element, tex: str, display: bool) -> str:
    """HTML of one formula; a formula that fails is logged where it stands and its page marked as
    broken.
    """
    try:
        return render(
            tex, display, "mathml" if translator.builder.name == "epub" else "htmlAndMathml"
        )
    except ValueError as error:
        logger.warning(
            "formula does not render: %s\n    %s", error, tex.strip(), location=node, type="katex"
        )
        translator.builder.app.katex_broken_pages.add(translator.builder.current_docname)
        return f'<code class="katex-broken">{translator.encode(tex)}</code>'


def visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(render_or_report(self, node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node: nodes.math_block) -> None:
    """A row: the formula in a box that scrolls by keyboard, and the equation's number with its
    link.
    """
    tex = node.astext()
    # KaTeX would number `align` itself; the number shown is Sphinx's, which references use.
    tex = re.sub(r"\\(begin|end)\{(align|gather|equation|alignat)\}", r"\\\1{\2*}", tex)
    number = get_node_equation_number(self, node) if node.get("number") else ""
    name = f"Equation {number}" if number else "Formula"
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append(f'<div class="math-scroll" tabindex="0" role="group" aria-label="{name}">')
    self.body.append(render_or_report(self, node, tex, display=True) + "</div>")
    if number:
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def link_styles(app, pagename, templatename, context, doctree) -> None:
    """Put the style sheet and the font preloads in the head of pages that hold mathematics."""
    if (
        app.builder.name == "epub"
        or doctree is None
        or next(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)), None)
        is None
    ):
        return
    root = "../" * pagename.count("/")
    fonts = "".join(
        f'<link rel="preload" href="{root}katex/fonts/{font}.woff2" as="font" type="font/woff2"'
        " crossorigin>\n"
        for font in PRELOADED_FONTS
    )
    context["metatags"] = (
        context.get("metatags", "")
        + fonts
        + f'<link rel="stylesheet" href="{root}katex/katex.css">\n'
    )


def drawn(page: str) -> set[str]:
    """The characters that the formulas of a page are drawn with."""
    found = set()
    for formula in page.split(DRAWN)[1:]:
        depth = 1
        for piece in PIECE.finditer(formula, formula.index(">") + 1):
            if piece.group()[0] != "<":
                found |= set(unescape(piece.group()))
            else:
                depth += {"span": 1, "/span": -1}.get(piece.group(1), 0)
            if not depth:
                break
    return found


def characters(site: Path) -> set[str]:
    """What the formulas of all pages are drawn with, and the blank, which gives a font its
    measures.
    """
    pages = (page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    return {" ", "\N{NO-BREAK SPACE}"}.union(*map(drawn, pages))


def put_used_first(css: str, used: set[str], fonts: Path) -> str:
    """The style sheet with a part of each large font, written beside it, for the characters in
    use.
    """
    ranges = ",".join(f"U+{ord(character):X}" for character in sorted(used))

    def both(face):
        """A browser takes the last face that has the character."""
        whole, name = face.group(), face.group(1)
        if name not in LARGE_FONTS:
            return whole
        (fonts / f"{name}-used.woff2").write_bytes(
            subset(fonts / f"{name}.woff2", used, hinting=True)
        )
        part = whole.replace(f"{name}.woff2", f"{name}-used.woff2")
        return whole + part[:-1] + f";unicode-range:{ranges}}}"

    return re.sub(r"@font-face\{[^}]*fonts/([\w-]+)\.woff2[^}]*\}", both, css)


def copy_assets(app) -> None:
    """KaTeX's style sheet and woff2 fonts into the site, and the script, which no page loads by
    itself: it draws the formulas that a reader types.
    """
    target = Path(app.outdir) / "katex"
    shutil.copytree(VENDOR / "fonts", target / "fonts", dirs_exist_ok=True)
    for name in ("katex.min.js", "LICENSE"):
        shutil.copy2(VENDOR / name, target / name)
    css = (VENDOR / "katex.min.css").read_text(encoding="utf-8")
    # Every browser in use reads woff2, so the older formats need not be named (nor shipped).
    css = re.sub(r",url\([^)]*\.(woff|ttf)\) format\(\"[^\"]*\"\)", "", css)
    css = put_used_first(css, characters(Path(app.outdir)), target / "fonts")
    (target / "katex.css").write_text(css, encoding="utf-8")


def finish(app, exception) -> None:
    if exception is not None or app.builder.format != "html":
        return
    if app.builder.name != "epub":
        copy_assets(app)
    broken = sorted(app.katex_broken_pages)
    # so that the next build writes, and checks, these pages again
    for docname in broken:
        Path(app.builder.get_outfilename(docname)).unlink(missing_ok=True)
    if broken:
        raise ExtensionError(
            f"formulas that do not render in: {', '.join(broken)} (locations above)"
        )


def setup(app):
    app.katex_broken_pages = set()
    app.add_html_math_renderer(
        "katex", inline_renderers=(visit_inline, None), block_renderers=(visit_display, None)
    )
    app.connect("html-page-context", link_styles)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

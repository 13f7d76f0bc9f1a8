"""The page a student gets back.

Their code and its outputs, the points, the messages written for them.

No hidden test is on it, nor a value or a traceback of one. The page has no script and allows none;
text that the student wrote is escaped, and what they made their cells show is cut down to
formatting and pictures.
"""

import base64
import binascii
import html
import re
from functools import cache, lru_cache

import bleach
import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

TAGS = frozenset(
    bleach.ALLOWED_TAGS
    | set(
        "br dd del div dl dt h1 h2 h3 h4 h5 h6 hr img p pre span sub sup table tbody td th thead tr".split()
    )
)
ATTRIBUTES = {
    "*": ["class", "id", "title"],
    "th": ["colspan"],
    "td": ["colspan"],
    "a": (
        lambda tag, name, value: (
            name in ("class", "id", "title") or name == "href" and bool(LINK.match(value))
        )
    ),
    "img": (
        lambda tag, name, value: (
            name in ("class", "id", "title", "alt", "width", "height")
            or name == "src"
            and value.startswith("data:image/")
        )
    ),
}
LINK = re.compile(r"https?://|mailto:|#")
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
LONGEST = 20_000  # characters of one output on the page

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; }
pre { background: #f5f5f5; padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
pre.out { background: none; border-left: 3px solid #bbb; } pre.error { border-left-color: #b00020; }
section { margin: 1.2rem 0; } .points { font-weight: 600; } .comment { border-left: 3px solid #0b57a4; padding-left: .8rem; }
img { max-width: 100%; } .late { color: #8a4b00; }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="points">{total}</p>
{late}
<table>
<thead><tr><th>Part</th><th>Points</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{limits}
</header>
<main>
{cells}
</main>
</body>
</html>
"""
END = b"</html>\n"


def is_whole(path):
    """Whether a page lies there to its end.

    What students write cannot look like the end, it is escaped.
    """
    try:
        return path.read_bytes().endswith(END)
    except OSError:
        return False


def page(spec, cells, scores, limits=()):
    """The feedback on one notebook.

    Parameters
    ----------
    spec : Spec
    cells : list of dict
        The notebook that was run, with outputs.
    scores : NotebookScores
    limits : sequence of str
        What was cut off.

    Returns
    -------
    str
        A complete HTML document.
    """
    ours = {cell.grade_id: cell for cell in spec.cells if cell.grade_id}
    order = [cell.grade_id for cell in spec.cells if cell.grade_id in scores.cells]
    grades = {name: scores.cells[name][:2] for name in order}
    comments, penalty, earned = scores.comments, scores.penalty, scores.earned
    total = f"{max(earned - penalty, 0):g} of {sum(most for _, most in grades.values()):g} points"
    rows = "\n".join(
        "<tr><td><a"
        f' href="#{_anchor(name)}">{html.escape(name)}</a></td><td>{_earned(*grade)}</td></tr>'
        for name, grade in grades.items()
    )
    late = (
        f'<p class="late">{earned:g} points before the deduction of {penalty:g} for lateness.</p>'
        if penalty
        else ""
    )
    told = "".join(f"<li>{html.escape(_cut(one))}</li>" for one in limits)
    return PAGE.format(
        title=html.escape(f"{spec.chapter}: {spec.notebook}"),
        style=STYLE + _colours(),
        total=total,
        late=late,
        rows=rows,
        limits=f"<p>Limits that your notebook ran into:</p><ul>{told}</ul>" if told else "",
        cells="\n".join(_section(cell, ours, grades, comments) for cell in cells),
    )


def _anchor(name):
    return "part-" + re.sub(r"[^\w-]", "-", name)


def _earned(score, most):
    return f"{'not read yet' if score is None else f'{score:g}'} of {most:g}"


def _section(cell, ours, grades, comments):
    name = cell["metadata"].get("nbgrader", {}).get("grade_id")
    model = ours.get(name)
    parts = []
    if name in grades:
        parts.append(
            f'<p class="points" id="{_anchor(name)}">{html.escape(name)}:'
            f" {_earned(*grades[name])}</p>"
        )
    source = (
        model.visible
        if model is not None and model.role not in ("answer", "written")
        else cell["source"]
    )
    if cell["cell_type"] == "code":
        parts.append(_code(source))
        parts += [_output(output) for output in cell.get("outputs", [])]
    elif model is not None and model.role == "text":
        parts.append(_our_text(source))
    else:
        parts.append(_text(source))
        parts += [
            _picture(mime, data)
            for bundle in cell.get("attachments", {}).values()
            for mime, data in bundle.items()
        ]
    if comments.get(name):
        parts.append(f'<div class="comment">{_text(comments[name])}</div>')
    return "<section>\n" + "\n".join(parts) + "\n</section>"


@lru_cache(maxsize=2000)
def _code(source):
    return highlight(_cut(source), PythonLexer(), HtmlFormatter(nowrap=False, cssclass="code"))


@cache
def _colours():
    return HtmlFormatter(style="default").get_style_defs(".code")


class _Renderer(mistune.HTMLRenderer):
    def inline_math(self, text):
        return f"${html.escape(text)}$"

    def block_math(self, text):
        return f"<p>$${html.escape(text)}$$</p>\n"


_markdown = mistune.create_markdown(
    renderer=_Renderer(escape=True), plugins=["math", "table", "strikethrough"]
)


@lru_cache(maxsize=500)
def _our_text(source):
    return inert(_markdown(source))


def _text(source):
    try:
        return inert(_markdown(_cut(source)))
    except (RecursionError, ValueError):  # markdown made to be hard to read
        return f"<pre>{html.escape(_cut(source))}</pre>"


def inert(text):
    """HTML with its formatting, pictures and links, but nothing in it that could run.

    Examples
    --------
    >>> inert("<b>bold</b><script>run()</script>")
    '<b>bold</b>&lt;script&gt;run()&lt;/script&gt;'
    """
    return bleach.clean(
        text, tags=TAGS, attributes=ATTRIBUTES, protocols={"http", "https", "mailto", "data"}
    )


def _cut(text):
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n… cut off here …"


def _output(output):
    kind = output["output_type"]
    if kind == "stream":
        return f'<pre class="out">{html.escape(_cut(ANSI.sub("", _joined(output["text"]))))}</pre>'
    if kind == "error":
        lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
        return (
            f'<pre class="out error">{html.escape(_cut(ANSI.sub("", chr(10).join(lines))))}</pre>'
        )
    data = output["data"]
    for mime in PICTURES:
        if mime in data:
            return _picture(mime, _joined(data[mime]))
    if "text/html" in data and len(data["text/html"]) <= 10 * LONGEST:
        return f'<div class="out">{inert(_joined(data["text/html"]))}</div>'
    return (
        "<pre"
        f' class="out">{html.escape(_cut(ANSI.sub("", _joined(data.get("text/plain", "")))))}</pre>'
    )


def _joined(text):
    return "".join(text) if isinstance(text, list) else str(text)


def _picture(mime, data):
    if mime not in PICTURES or not isinstance(data, str):
        return ""
    try:
        raw = (
            data.encode()
            if mime == "image/svg+xml"
            else base64.b64decode("".join(data.split()), validate=True)
        )
    except (binascii.Error, ValueError):
        return ""
    return f'<img alt="figure" src="data:{mime};base64,{base64.b64encode(raw).decode()}">'

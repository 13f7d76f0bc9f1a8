"""The page a student gets back: their code and its outputs, the points, the messages written for them.

No hidden test is on it, nor a value or a traceback of one. The page has no script and allows none; text that the
student wrote is escaped, and what they made their cells show is cut down to formatting and pictures.
"""

import base64
import binascii
import hashlib
import html
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import mistune
import nh3
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from nbjudge.assignment.spec import ANSWER, TEST, TEXT, WRITTEN
from nbjudge.reports import mathematics
from nbjudge.reports.pages import HEAD, STYLE
from nbjudge.submission.sanitise import source_of

TAGS = set(
    "a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span"
    " strong sub sup table tbody td th thead tr ul".split()
)
ATTRIBUTES = {
    "*": {"class", "title"},
    "th": {"colspan"},
    "td": {"colspan"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
}
SCHEMES = {"http", "https", "mailto", "data"}
LINK = re.compile(r"https?://|mailto:|#")
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
LONGEST = 20_000  # characters of one output on the page
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
VERDICT = re.compile(r"(passed|FAILED)  (.*)")
# private characters stand for formulas while a text is made harmless
MARK = re.compile("\ue000(\\d+)\ue001")

PAGE = (
    HEAD
    + """<body>
<header>
<h1>{title}</h1>
{student}
<p class="total">{total}</p>
{late}
<table>
<caption>Points</caption>
<thead><tr><th scope="col">Problem</th><th scope="col">Points</th></tr></thead>
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
<!-- a whole page of nbjudge -->
"""
)
# nbgrader's pages end otherwise
END = b"</html>\n<!-- a whole page of nbjudge -->\n"


class Student(NamedTuple):
    """Whose page it is."""

    id: str
    # as the roster has it, "" if it has none
    name: str = ""


class Problem(NamedTuple):
    """The graded cells under one heading."""

    title: str
    # CellScore by grade_id
    cells: dict


def is_whole(path):
    """Whether a page of ours lies there to its end: what students write cannot look like the end, it is escaped."""
    try:
        return path.read_bytes().endswith(END)
    except OSError:
        return False


@cache
def version():
    """A hash of what makes a page: other code writes pages anew."""
    here = Path(__file__)
    names = "feedback.py", "pages.py", "mathematics.py", "feedback.css"
    parts = [here.with_name(name).read_bytes() for name in names] + [
        bytes([mathematics.available()])
    ]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def page(spec, cells, scores, limits=(), student=None):
    """The feedback on one notebook.

    Parameters
    ----------
    spec : Spec
    cells : list of dict
        The notebook that was run, with outputs.
    scores : NotebookScores
    limits : sequence of str
        What was cut off.
    student : Student, optional

    Returns
    -------
    str
        A complete HTML document.
    """
    ours = {cell.grade_id: cell for cell in spec.cells if cell.grade_id}
    told = "".join(f"<li>{html.escape(_cut(one))}</li>" for one in limits)
    title = _plain(_title(spec))
    by = html.escape(f", {student.name or student.id}") if student else ""
    return PAGE.format(
        bar=title + by,
        title=title,
        student=_whose(spec, student),
        style=STYLE,
        total=_total(scores),
        late=_late(scores),
        rows="\n".join(map(_row, problems(spec, scores))),
        limits=f"<p>Limits that your notebook ran into:</p><ul>{told}</ul>" if told else "",
        cells="\n".join(_section(cell, ours, scores) for cell in cells),
    )


def _title(spec):
    """The first heading of the notebook; its name if it has none."""
    texts = (cell.visible for cell in spec.cells if cell.cell_type == "markdown")
    found = next(filter(None, map(HEADING.search, texts)), None)
    return found[1] if found else spec.notebook


def _whose(spec, student):
    where = f"{spec.chapter}/{spec.notebook}"
    who = ""
    if student is not None:
        name = f"{student.name} ({student.id})" if student.name else student.id
        who = f"{html.escape(name)} · "
    return f'<p class="whose">{who}{html.escape(where)}</p>'


def number(value):
    """Points as people write them.

    Examples
    --------
    >>> number(9.969999999999999), number(3.0), number(1 / 3)
    ('9.97', '3', '0.33')
    """
    return f"{round(value, 2):g}"


def points(earned, most, waiting=0.0):
    """A sum of points, and those that a person has still to give.

    Examples
    --------
    >>> points(13, 17), points(13, 17, 3)
    ('13 of 17 points', '13 of 17 points, 3 to be marked')
    """
    more = f", {number(waiting)} to be marked" if waiting else ""
    return f"{number(earned)} of {number(most)} points{more}"


def _total(scores):
    waiting = sum(cell.most for cell in scores.waiting.values())
    return points(max(scores.earned - scores.penalty, 0), scores.most - waiting, waiting)


def _late(scores):
    if not scores.penalty:
        return ""
    return (
        f'<p class="late">{number(scores.earned)} points before the deduction of'
        f" {number(scores.penalty)} for lateness.</p>"
    )


def problems(spec, scores):
    """The graded cells by the heading of the text before the answer.

    Parameters
    ----------
    spec : Spec
    scores : NotebookScores

    Returns
    -------
    list of Problem
        In the order of the notebook.
    """
    found, heading, answered = {}, None, None
    for cell in spec.cells:
        students = cell.metadata.get("nbgrader", {}).get("solution")
        if cell.cell_type == "markdown" and not students:
            heading = ([one[1] for one in HEADING.finditer(cell.visible)] or [heading])[-1]
        if students or answered is None or cell.role == WRITTEN:
            answered = heading
        if cell.grade_id in scores.cells:
            title = answered or cell.grade_id
            found.setdefault(title, {})[cell.grade_id] = scores.cells[cell.grade_id]
    return [Problem(title, cells) for title, cells in found.items()]


def _row(problem):
    waiting = sum(cell.most for cell in problem.cells.values() if cell.earned is None)
    earned = sum(cell.earned or 0.0 for cell in problem.cells.values())
    most = sum(cell.most for cell in problem.cells.values())
    kind, sign = _standing(earned, most, waiting)
    given = points(earned, most - waiting, waiting) if most > waiting else _unmarked(waiting)
    return (
        f'<tr class="{kind}"><td><a href="#{_anchor(next(iter(problem.cells)))}">'
        f"{_inline(problem.title)}</a></td><td>{sign} {given}</td></tr>"
    )


def _standing(earned, most, waiting):
    """A class for the colour, and a sign that says the same without it."""
    if waiting:
        return "waiting", "…"
    if earned >= most:
        return "full", "✓"
    return ("some", "±") if earned > 0 else ("none", "✗")


def _unmarked(most):
    return f"not graded yet ({number(most)} points)"


def _anchor(name):
    return "part-" + re.sub(r"[^\w-]", "-", name)


def _section(cell, ours, scores):
    name = cell["metadata"].get("nbgrader", {}).get("grade_id")
    model, parts, kind = ours.get(name), [], ""
    if name in scores.cells:
        score = scores.cells[name]
        waiting = score.most if score.earned is None else 0.0
        kind, sign = _standing(score.earned or 0.0, score.most, waiting)
        given = _unmarked(waiting) if waiting else points(score.earned, score.most)
        parts.append(f'<p class="points" id="{_anchor(name)}">{sign} {given}</p>')
    students = model is None or model.role in (ANSWER, WRITTEN) and _is_students(model)
    source = source_of(cell) if students else model.visible
    if model is not None and model.role == TEST:
        parts.append(_code(source))
        parts += [_verdicts(output) for output in cell.get("outputs", [])]
    elif model is not None and model.role == TEXT and cell["cell_type"] != "code":
        parts.append(our_text(source))
    else:
        parts.append(written({**cell, "source": source}))
    if scores.comments.get(name):
        parts.append(f'<div class="comment">{_text(scores.comments[name])}</div>')
    return f'<section class="{kind}">\n' + "\n".join(parts) + "\n</section>"


def written(cell):
    """What a student wrote into a cell and what it showed, as HTML in which nothing can run.

    Parameters
    ----------
    cell : dict
        As nbformat has it.

    Examples
    --------
    >>> written({"cell_type": "markdown", "source": "a <script>b</script>"})
    '<p>a &lt;script&gt;b&lt;/script&gt;</p>\\n'
    """
    source = source_of(cell)
    if cell["cell_type"] == "code":
        outputs = [_output(output) for output in cell.get("outputs", [])]
        return "\n".join([_code(source), *outputs])
    pictures = [
        _picture(mime, data)
        for bundle in cell.get("attachments", {}).values()
        for mime, data in bundle.items()
    ]
    return "\n".join([_text(source), *pictures])


def _is_students(model):
    return bool(model.metadata.get("nbgrader", {}).get("solution"))


@lru_cache(maxsize=2000)
def _code(source):
    return highlight(_cut(source), PythonLexer(), HtmlFormatter(nowrap=False, cssclass="code"))


def _verdicts(output):
    """The output of a test: a line for each thing that passed or failed, told apart by sign and colour."""
    if output["output_type"] == "execute_result" and _is_number(output):
        return ""  # the points, which stand above
    if output["output_type"] != "stream":
        return _output(output)
    lines, plain = [], []
    for line in _cut(ANSI.sub("", _joined(output["text"]))).splitlines():
        found = VERDICT.fullmatch(line)
        if found:
            kind, sign = ("full", "✓") if found[1] == "passed" else ("none", "✗")
            lines.append(f'<li class="{kind}">{sign} {found[1]} {html.escape(found[2])}</li>')
        elif lines:  # a message of several lines
            lines[-1] = lines[-1].removesuffix("</li>") + f"<br>{html.escape(line)}</li>"
        else:
            plain.append(html.escape(line))
    before = '<pre class="out">' + "\n".join(plain) + "</pre>" if plain else ""
    return before + (f'<ul class="verdicts">{"".join(lines)}</ul>' if lines else "")


def _is_number(output):
    try:
        float(_joined(output["data"].get("text/plain", "")))
    except ValueError:
        return False
    return True


class _Renderer(mistune.HTMLRenderer):
    """Markdown without HTML of the author's, and formulas as marks."""

    def __init__(self):
        super().__init__(escape=True)
        self.formulas = []

    def heading(self, text, level, **attributes):
        # the page's own heading is above all of the notebook's
        return super().heading(text, min(level + 1, 6), **attributes)

    def inline_math(self, text):
        return self._mark(text, False)

    def block_math(self, text):
        return f"<p>{self._mark(text, True)}</p>\n"

    def _mark(self, tex, display):
        self.formulas.append((tex, display))
        return f"\ue000{len(self.formulas) - 1}\ue001"


def _rendered(source):
    """A text as harmless HTML, its formulas as MathML."""
    renderer = _Renderer()
    markdown = mistune.create_markdown(
        renderer=renderer, plugins=["math", "table", "strikethrough"]
    )
    text = inert(markdown(source.replace("\ue000", "").replace("\ue001", "")))
    return MARK.sub(lambda mark: mathematics.render(*renderer.formulas[int(mark[1])]), text)


@lru_cache(maxsize=500)
def our_text(source):
    """An author's markdown as HTML, formulas rendered.

    Examples
    --------
    >>> our_text("one *point*")
    '<p>one <em>point</em></p>\\n'
    """
    return _rendered(source)


def _text(source):
    try:
        return _rendered(_cut(source))
    except (RecursionError, ValueError):  # markdown made to be hard to read
        return f"<pre>{html.escape(_cut(source))}</pre>"


def _inline(text):
    """A heading's text, formulas and all, for a place inside a line."""
    return re.sub(r"</?(h2|a)\b[^>]*>", "", our_text(f"# {text}")).strip()


def _plain(text):
    """A heading's text for a window's title.

    Examples
    --------
    >>> _plain("Means of `log` and *x*")
    'Means of log and x'
    """
    return html.escape(re.sub(r"[`*$]", "", text))


def inert(text):
    """HTML with its formatting, pictures and links, but nothing in it that could run.

    Examples
    --------
    >>> inert("<b>bold</b><script>run()</script>")
    '<b>bold</b>'
    >>> inert("<a href='javascript:run()'>x</a><img src='x' onerror='run()'>")
    '<a rel="noopener noreferrer">x</a><img>'
    """
    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=SCHEMES,
    )


def _allowed(tag, attribute, value):
    """A value that may stay; None for a link to anything else than a page, a picture from elsewhere."""
    if attribute == "href":
        return value if LINK.match(value) else None
    if attribute == "src":
        return value if value.startswith("data:image/") else None
    return value


def _cut(text):
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n… cut off here …"


def _output(output):
    kind = output["output_type"]
    if kind == "stream":
        return f'<pre class="out">{html.escape(_cut(ANSI.sub("", _joined(output["text"]))))}</pre>'
    if kind == "error":
        lines = output["traceback"] or [f"{output['ename']}: {output['evalue']}"]
        text = html.escape(_cut(ANSI.sub("", "\n".join(lines))))
        return f'<pre class="out error">✗ {text}</pre>'
    data = output["data"]
    for mime in PICTURES:
        if mime in data:
            return _picture(mime, _joined(data[mime]))
    shown = _joined(data.get("text/html", ""))
    if shown and len(shown) <= 10 * LONGEST:
        return f'<div class="out">{inert(shown)}</div>'
    text = html.escape(_cut(ANSI.sub("", _joined(data.get("text/plain", "")))))
    return f'<pre class="out">{text}</pre>'


def _joined(text):
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


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

"""The pages on which a person marks answers: one answer, its question and the marking scheme.

Nothing that a student wrote can run on them: texts are escaped or cut down to formatting, and the
only script that the pages allow is ours.
"""

import html
from functools import cache
from pathlib import Path

from nbjudge.reports.feedback import number, our_text, written
from nbjudge.reports.pages import HEAD, POLICY, STYLE

HERE = Path(__file__).resolve().parent
# as a header of HTTP: our script, and our form's way back
OWN_POLICY = (
    f"{POLICY}; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# what a page can say of itself: a browser takes the rest from the header alone
META_POLICY = OWN_POLICY.removesuffix("; frame-ancestors 'none'")

BEGIN = HEAD.replace(POLICY, META_POLICY)
PAGE = (
    BEGIN
    + """<body>
<header>
<h1>{title}</h1>
<p class="whose">{whose}</p>
<nav aria-label="Answers">{links}</nav>
</header>
<main class="desk">
<div>
{question}
<h2>Answer</h2>
<div class="answer">{answer}</div>
</div>
<aside aria-label="Mark">
<div tabindex="0" role="group" aria-label="Marking scheme and mark">
{scheme}
<form method="post" autocomplete="off">
{wrong}{note}
<input type="hidden" name="was_points" value="{was_points}">
<input type="hidden" name="was_comment" value="{was_comment}">
<label for="points">Points, of {most}</label>
<input id="points" name="points" inputmode="decimal" data-most="{most}" value="{points}" autofocus>
<label for="comment">Comment for the student</label>
<textarea id="comment" name="comment">{comment}</textarea>
<button>Save, and on to the next</button>
</form>
<p><kbd>Enter</kbd> saves; in the comment <kbd>Ctrl</kbd>+<kbd>Enter</kbd>. In the field for points:
<kbd>f</kbd> full marks, <kbd>c</kbd> comment (<kbd>Esc</kbd> goes back), <kbd>n</kbd> next answer,
<kbd>p</kbd> previous one. No points: the answer waits again.</p>
</div>
</aside>
</main>
<script src="{script}"></script>
</body>
</html>
"""
)
OVERVIEW = (
    BEGIN
    + """<body>
<header><h1>{title}</h1></header>
<main>
<table>
<caption>Problems that a person marks</caption>
<thead><tr><th scope="col">Problem</th><th scope="col">Points</th><th scope="col">Progress</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p>{rest}</p>
</main>
</body>
</html>
"""  # noqa: E501
)


@cache
def _style():
    return STYLE + (HERE / "marking.css").read_text(encoding="utf-8")


@cache
def script():
    """The pages' script, as bytes."""
    return (HERE / "marking.js").read_bytes()


def answer_page(problem, cells, whose, mark, links, script, typed=None, wrong=""):
    """The page of one answer.

    Parameters
    ----------
    problem : Problem
    cells : list of dict
        What the student wrote.
    whose : str
        The student and how far the marking is.
    mark : Mark
        What the gradebook holds.
    links : list of (str, str, str)
        Id, address and text of each way to another page.
    script : str
        Where the script is.
    typed : (str, str), optional
        Points and comment that could not be saved; shown in place of the mark.
    wrong : str
        Why they could not.

    Returns
    -------
    str
        A complete HTML document.
    """
    points = "" if mark.points is None else number(mark.points)
    shown = typed or (points, mark.comment)
    answer = "\n".join(map(written, cells)) or "<p>Nothing was written.</p>"
    return PAGE.format(
        bar=html.escape(f"{problem.title}, {whose}"),
        style=_style(),
        title=html.escape(problem.title),
        whose=html.escape(whose),
        links="".join(
            f'<a id="{name}" href="{html.escape(address)}">{html.escape(text)}</a>'
            for name, address, text in links
        ),
        question=_folded("The question", problem.question),
        answer=answer,
        scheme=_scheme(problem),
        wrong=f'<p class="wrong" role="alert">{html.escape(wrong)}</p>\n' if wrong else "",
        note=f"<p>{html.escape(mark.note)}</p>" if mark.note else "",
        was_points="" if mark.points is None else repr(mark.points),
        was_comment=html.escape(mark.comment),
        most=number(problem.most),
        points=html.escape(shown[0]),
        comment=html.escape(shown[1]),
        script=html.escape(script),
    )


def _scheme(problem):
    """The scheme, and the author's answer below it, or alone where it holds the scheme."""
    if not problem.scheme:
        return f"<h2>The author's answer</h2>\n{our_text(problem.model)}" if problem.model else ""
    model = _folded("The author's answer", problem.model)
    return f"<h2>Marking scheme</h2>\n{our_text(problem.scheme)}\n{model}"


def _folded(title, text):
    return f"<details><summary>{title}</summary>{our_text(text)}</details>" if text else ""


def overview(title, rows, rest):
    """The page with all problems.

    Parameters
    ----------
    title : str
    rows : list of (str, str, float, str)
        Title, address, points and progress of each problem.
    rest : str
        What is to be done when all are marked.

    Returns
    -------
    str
        A complete HTML document.
    """
    return OVERVIEW.format(
        bar=html.escape(title),
        style=_style(),
        title=html.escape(title),
        rows="\n".join(
            f'<tr><td><a href="{html.escape(address)}">{html.escape(name)}</a></td>'
            f"<td>{number(most)}</td><td>{html.escape(said)}</td></tr>"
            for name, address, most, said in rows
        ),
        rest=html.escape(rest),
    )

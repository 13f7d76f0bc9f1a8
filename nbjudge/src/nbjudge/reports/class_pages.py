"""Pages about a class: one for each assignment, one for the course.

They have no script and load nothing. They name students, so they are for instructors. Every text
that comes from a student or a test is escaped.
"""

import difflib
import html
from typing import NamedTuple

from nbjudge.reports.pages import HEAD, STYLE

MORE_STYLE = """
svg { max-width: 100%; height: auto; background: #fff; }
figure { margin: 1rem 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; }
td.n, th.n { text-align: right; }
mark { background: #fff3b0; color: #1b1b1b; }
nav ul { columns: 2; }
@media print { .pair { font-size: 8pt; } }
"""
PAGE = (
    HEAD
    + """<body>
<header><h1>{title}</h1>
<p class="whose">{made}</p>
{nav}</header>
<main>
{body}
</main>
</body>
</html>
"""
)


class Part(NamedTuple):
    """One heading of a page."""

    title: str
    # what it says, in a sentence
    said: str = ""
    # SVG
    picture: str = ""
    # headings; one that starts with ">" stands over numbers
    columns: tuple = ()
    rows: tuple = ()
    # name of the CSV file with the same numbers
    csv: str = ""
    # HTML that is put in as it is
    more: str = ""


def page(title, made, parts, links=()):
    """A page.

    Parameters
    ----------
    title, made : str
        Its heading, and what stands below: when and from what it was made.
    parts : list of Part
    links : sequence of (str, str)
        Other pages: address and text.

    Returns
    -------
    str
        A complete HTML document.
    """
    items = "".join(f'<li><a href="{_(href)}">{_(text)}</a></li>' for href, text in links)
    return PAGE.format(
        bar=_(title),
        title=_(title),
        made=_(made),
        style=STYLE + MORE_STYLE,
        nav=f'<nav aria-label="pages"><ul>{items}</ul></nav>\n' if items else "",
        body="\n".join(map(_part, parts)),
    )


def _(text):
    return html.escape(str(text))


def _part(part):
    lines = [f"<section>\n<h2>{_(part.title)}</h2>"]
    if part.said:
        lines.append(f"<p>{_(part.said)}</p>")
    if part.picture:
        lines.append(f"<figure>\n{part.picture}\n</figure>")
    if part.rows:
        lines.append(_table(part))
    if part.csv:
        lines.append(f'<p><a href="{_(part.csv)}">these numbers as CSV</a></p>')
    return "\n".join([*lines, part.more, "</section>"])


def _table(part):
    heads = "".join(
        f'<th scope="col"{_kind(name)}>{_(name.removeprefix(">"))}</th>' for name in part.columns
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{_kind(name)}>{_(cell)}</td>" for name, cell in zip(part.columns, row, strict=True)
        )
        + "</tr>"
        for row in part.rows
    )
    return (
        f"<table>\n<caption>{_(part.title)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _kind(name):
    return ' class="n"' if name.startswith(">") else ""


def side_by_side(names, texts):
    """Two texts beside each other, the lines that both have marked.

    Parameters
    ----------
    names, texts : (str, str)

    Returns
    -------
    str
        HTML.
    """
    lines = [text.splitlines() for text in texts]
    bare = [["".join(line.split()) for line in some] for some in lines]
    shared = [set(), set()]
    for first, second, length in difflib.SequenceMatcher(
        None, *bare, autojunk=False
    ).get_matching_blocks():
        shared[0].update(range(first, first + length))
        shared[1].update(range(second, second + length))
    columns = [
        f"<div><h4>{_(name)}</h4><pre>{_marked(some, marked)}</pre></div>"
        for name, some, marked in zip(names, lines, shared, strict=True)
    ]
    return f'<div class="pair">{"".join(columns)}</div>'


def _marked(lines, shared):
    return "\n".join(
        f"<mark>{_(line)}</mark>" if number in shared and line.strip() else _(line)
        for number, line in enumerate(lines)
    )

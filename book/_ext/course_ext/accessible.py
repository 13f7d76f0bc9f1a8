"""What the theme and the notebooks' renderer write without a name or a role, repaired in the
finished page.

Each entry says what a person with a screen reader would miss. tests/browser/test_accessibility.py
holds the result.
"""

from __future__ import annotations

import re

REPAIRS = [
    (re.compile(pattern, re.S), into)
    for pattern, into in [
        # Buttons that appear only with a script are written by a script; style hides them where
        # there is none.
        (r"<script>\s*document\.write\(`(?!\s*<img)(.*?)`\);\s*</script>", r"\1"),
        # One mark for light and dark: the second copy would be read out, too.
        (r"\s*<script>document\.write\(`\s*<img[^`]*`\);</script>", ""),
        (r'(<img [^>]*class="logo__image) only-light"', r'\1"'),
        # Where the page's title is the course's, the theme has no name to put before the dash.
        (r' alt=" - Home"', ' alt="Home"'),
        # A field for searching is a landmark, and the page of results has two of them.
        (r'<form class="bd-search ', '<form role="search" class="bd-search '),
        (
            r'(<div class="bd-search-container">.*?<form role="search")',
            r'\1 aria-label="Search the course"',
        ),
        (r'(<input type="search"[^>]*?)\s+id="search-input"', r"\1"),
        # The button with the word Search on it is named by that word, and the shortcut is no part
        # of the name.
        (r'(<button class="btn search-button-field[^>]*) aria-label="Search"', r"\1"),
        (
            r'<span class="search-button__kbd-shortcut">',
            '<span class="search-button__kbd-shortcut" aria-hidden="true">',
        ),
        (
            r'title="light/dark" aria-label="light/dark"',
            'title="Light, dark or as the system" aria-label="Light, dark or as the system"',
        ),
        # The side bar holds the mark, which must stand in a landmark like everything else.
        (
            r'<div class="bd-sidebar-primary bd-sidebar',
            r'<div role="region" aria-label="Course" class="bd-sidebar-primary bd-sidebar',
        ),
        # The arrow beside a chapter says what it unfolds.
        (
            (
                r'(<a class="[^"]*reference internal"'
                r' href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>'
            ),
            r'\1\2\3 aria-label="Pages of \2">',
        ),
        # "Show the code of Figure 3.1" is the better name of what it shows.
        (r'<summary aria-label="Toggle hidden content">', "<summary>"),
        (r'<th class="head"><p></p></th>', '<td class="head"></td>'),
        # A table wider than a phone scrolls by keyboard, too.
        (
            r'<div class="pst-scrollable-table-container">',
            (
                '<div class="pst-scrollable-table-container" tabindex="0" role="group"'
                ' aria-label="Table">'
            ),
        ),
        # "You are here" in the contents: of a long section the window never holds a tenth.
        (r'<body data-bs-spy="scroll"', '<body data-bs-threshold="0,0.01" data-bs-spy="scroll"'),
        # A role that browsers no longer know.
        (r' role="doc-biblioentry"', ' role="listitem"'),
    ]
]


FOLDED = re.compile(
    r'<div (?=[^>]*class="[^"]*\bdropdown\b)([^>]*class="[^"]*\badmonition\b[^>]*)>\s*<p'
    r' class="admonition-title">(.*?)</p>',
    re.S,
)


def fold(page: str) -> str:
    """Boxes that begin folded become the browser's own <details>.

    Without a script, open to a search, never seen unfolded first.
    """
    place = 0
    while found := FOLDED.search(page, place):
        depth = 1
        for tag in re.finditer(r"<(/?)div\b", page[found.end() :]):
            depth += -1 if tag.group(1) else 1
            if depth == 0:
                break
        end = found.end() + tag.start()
        # a title that is pressed cannot hold a link as well
        title = re.sub(r"</?a\b[^>]*>", "", found.group(2))
        opening = f'<details {found.group(1)}><summary class="admonition-title">{title}</summary>'
        page = (
            page[: found.start()]
            + opening
            + page[found.end() : end]
            + "</details>"
            + page[end + len("</div>") :]
        )
        place = found.start() + len(opening)
    return page


def break_names(page: str) -> str:
    """Long names in the text break after a dot or an underscore, and nowhere else."""
    return re.sub(
        r'(<span class="pre">)([\w.]{9,})(</span>)',
        lambda found: found[1] + re.sub(r"(?<=\w)([._]+)(?=\w)", r"\1<wbr>", found[2]) + found[3],
        page,
    )


def name_code(page: str) -> str:
    """A cell that draws a figure is folded under that figure's number, instead of the same words
    each time.
    """
    head, *cells = page.split('<div class="cell ')
    for number, cell in enumerate(cells):
        if drawn := re.search(r'<span class="caption-number">(Figure [\d.]+)', cell):
            cells[number] = re.sub(
                r"(Show|Hide) code cell source", rf"\1 the code of {drawn[1]}", cell
            )
    return '<div class="cell '.join([head, *cells])


def repair(page: str) -> str:
    page = name_code(break_names(fold(page)))
    for pattern, into in REPAIRS:
        page = pattern.sub(into, page)
    return page

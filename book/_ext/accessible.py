"""What the theme and the notebooks' renderer write without a name or a role, mended in the finished page.

Each entry says what a person with a screen reader would miss. tests/browser/test_accessibility.py holds the result.
"""

from __future__ import annotations

import re

MENDED = [(re.compile(pattern, re.S), into) for pattern, into in [
    # Buttons that appear only with a script are written by a script; style hides them where there is none.
    (r"<script>\s*document\.write\(`(?!\s*<img)(.*?)`\);\s*</script>", r"\1"),
    # One mark for light and dark: the second copy would be read out, too.
    (r'\s*<script>document\.write\(`\s*<img[^`]*`\);</script>', ""),
    (r'(<img [^>]*class="logo__image) only-light"', r'\1"'),
    # The button with the word Search on it is named by that word, and the shortcut is no part of the name.
    (r'(<button class="btn search-button-field[^>]*) aria-label="Search"', r"\1"),
    (r'<span class="search-button__kbd-shortcut">', '<span class="search-button__kbd-shortcut" aria-hidden="true">'),
    (r'title="light/dark" aria-label="light/dark"', 'title="Light, dark or as the system" aria-label="Light, dark or as the system"'),
    # The side bar holds the mark, which must stand in a landmark like everything else.
    (r'<div class="bd-sidebar-primary bd-sidebar', r'<div role="region" aria-label="Course" class="bd-sidebar-primary bd-sidebar'),
    # The arrow beside a chapter says what it unfolds.
    (r'(<a class="[^"]*reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>', r'\1\2\3 aria-label="Pages of \2">'),
    # "Show code cell source" is the better name of what it shows.
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    (r'<th class="head"><p></p></th>', '<td class="head"></td>'),
    # A table wider than a phone scrolls by keyboard, too.
    (r'<div class="pst-scrollable-table-container">',
     '<div class="pst-scrollable-table-container" tabindex="0" role="group" aria-label="Table">'),
    # A role that browsers no longer know.
    (r' role="doc-biblioentry"', ' role="listitem"'),
]]


def mend(page: str) -> str:
    for pattern, into in MENDED:
        page = pattern.sub(into, page)
    return page

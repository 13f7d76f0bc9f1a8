"""A place for the reader's guess in the box that opens each section, and for its return at the end.

memory.js keeps what is typed, in the browser alone, and puts it before the sentence to remember.
Without a script neither is seen.
"""

from __future__ import annotations

import re

from course_ext.path import PAGE

QUESTION = re.compile(r'<div class="question admonition">.*?(?=</div>)', re.S)
REMEMBER = re.compile(
    r'(<div class="remember admonition">\s*<p class="admonition-title">.*?</p>)', re.S
)
FORM = (
    '<form class="guess"><label>Your guess <input name="guess" maxlength="200" autocomplete="off">'
    '</label><button type="submit">Keep</button><span role="status"></span></form>\n'
)


def ask(app, pagename, templatename, context, doctree) -> None:
    page = PAGE.fullmatch(pagename)
    if app.builder.name != "html" or doctree is None or not page or not page["page"][0].isdigit():
        return
    body, found = QUESTION.subn(lambda box: box.group() + FORM, context["body"], count=1)
    if found:
        context["body"] = REMEMBER.sub(r'\1<p class="guess-kept" hidden></p>', body, count=1)


def setup(app):
    app.connect("html-page-context", ask)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Feedback pages: who it is for, what was earned and what is still to be marked, formulas.

Nothing that could run.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_up.course import PARTIAL, SOLUTION, grader
from nbjudge.assignment.spec import compile_spec
from nbjudge.records.scores import CellScore, NotebookScores
from nbjudge.reports import feedback, mathematics

math_only = pytest.mark.skipif(
    not mathematics.available(), reason="mini-racer is not installed: formulas are NOT tested"
)


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """Two problems with headings, the second marked by hand."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    path = tmp_path_factory.mktemp("source") / "01-logs" / "exercises.ipynb"
    path.parent.mkdir()
    cells = [
        new_markdown_cell("# Means of *logarithms*", metadata=grader("title")),
        new_markdown_cell("## 1. The mean of $\\log x$\n\nLeave out $x \\le 0$."),
        new_code_cell(SOLUTION, metadata=grader("p1", solution=True)),
        new_markdown_cell("### A hint"),
        new_code_cell(PARTIAL, metadata=grader("p1_test", points=5)),
        new_markdown_cell("## 2. Why?"),
        new_markdown_cell("Because.", metadata=grader("p2", solution=True, points=3)),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return compile_spec(path)


def made(spec, p1=5.0, p2=None, penalty=0.0, comments=(), outputs=(), **page):
    """A page, with these points and these outputs of the test."""
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            "source": cell.source,
            **({"outputs": []} if cell.cell_type == "code" else {}),
        }
        for cell in spec.cells
    ]
    cells[4]["outputs"] = list(outputs)
    scores = NotebookScores(
        {"p2": CellScore(p2, 3.0), "p1_test": CellScore(p1, 5.0)}, dict(comments), penalty
    )
    return feedback.page(spec, cells, scores, **page)


class Seen(HTMLParser):
    """The words of a page, and those in rows of its table and in elements of a class."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.classes, self.open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br", "hr", "link", "path"):
            self.open.append((tag, dict(attrs).get("class") or ""))
        if tag == "tr":
            self.rows.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if ("tr", "") in self.open or any(tag == "tr" for tag, _ in self.open):
            self.rows[-1] += data
        for _, names in self.open:
            for name in names.split():
                self.classes[name] = self.classes.get(name, "") + data


def test_the_page_says_whose_work_it_is_and_which(spec):
    page = made(spec, student=feedback.Student("10251", "Łukasik, Ann"))
    seen = Seen(page).classes
    assert "Łukasik, Ann (10251) · 01-logs/exercises" in seen["whose"]
    assert "<title>Means of logarithms, Łukasik, Ann</title>" in page
    assert "a&lt;b" in made(spec, student=feedback.Student("a<b"))


def test_problems_have_the_titles_of_their_texts(spec):
    rows = Seen(made(spec)).rows[1:]
    assert len(rows) == 2
    assert rows[0].startswith("1. The mean of ") and rows[1].startswith("2. Why?")


def test_what_is_to_be_marked_is_in_no_total(spec):
    seen = Seen(made(spec, p1=4.0))
    assert seen.classes["total"] == "4 of 5 points, 3 to be marked"
    assert "not graded yet (3 points)" in seen.rows[2]
    marked = Seen(made(spec, p1=4.0, p2=2.5))
    assert marked.classes["total"] == "6.5 of 8 points"
    assert "2.5 of 3 points" in marked.rows[2]


def test_numbers_are_rounded_and_the_deduction_is_told(spec):
    seen = Seen(made(spec, p1=4.9849999999999, p2=3.0, penalty=0.7985))
    assert seen.classes["total"] == "7.19 of 8 points"
    assert seen.classes["late"] == "7.98 points before the deduction of 0.8 for lateness."


@pytest.mark.parametrize(
    "earned, kind, sign", [(5.0, "full", "✓"), (2.0, "some", "±"), (0.0, "none", "✗")]
)
def test_what_was_earned_has_a_sign_beside_its_colour(spec, earned, kind, sign):
    page = made(spec, p1=earned)
    assert f'<tr class="{kind}">' in page and f'<section class="{kind}">' in page
    assert f"{sign} {earned:g} of 5 points" in page


def test_passed_and_failed_tests_are_told_apart_by_sign_and_colour(spec):
    text = "passed  two numbers\nFAILED  ties: Keep every tie.\nSee section 3.1 & more.\n"
    page = made(spec, p1=2.0, outputs=[{"output_type": "stream", "name": "stdout", "text": text}])
    assert '<li class="full">✓ passed two numbers</li>' in page
    assert (
        '<li class="none">✗ FAILED ties: Keep every tie.<br>See section 3.1 &amp; more.</li>'
    ) in page


def test_what_a_test_prints_otherwise_stays_as_it_is(spec):
    page = made(spec, outputs=[{"output_type": "stream", "name": "stdout", "text": "a < b\n"}])
    assert '<pre class="out">a &lt; b</pre>' in page and "verdicts" not in page.split("</style>")[1]


def test_the_points_that_a_test_returns_stand_on_the_page_once(spec):
    result = {"output_type": "execute_result", "metadata": {}, "execution_count": None}
    page = made(spec, outputs=[{**result, "data": {"text/plain": "5.0"}}])
    assert "5.0" not in page and page.count("<h1>") == 1
    assert "[1, 2]" in made(spec, outputs=[{**result, "data": {"text/plain": "[1, 2]"}}])


def test_an_error_shows_what_it_says(spec):
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "x < 0",
        "traceback": ["line 3, in mean_of_logs", "\x1b[31mValueError\x1b[0m: x < 0"],
    }
    page = made(spec, p1=0.0, outputs=[error])
    assert '<pre class="out error">✗ line 3, in mean_of_logs\nValueError: x &lt; 0</pre>' in page


def test_sources_and_outputs_may_be_lists_of_lines(spec):
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            "source": cell.source.splitlines(keepends=True),
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
                {"output_type": "display_data", "data": {"text/html": ["<b>bold", "</b>"]}},
            ],
        }
        for cell in spec.cells
    ]
    page = feedback.page(spec, cells, NotebookScores({}, {}, 0.0))
    assert "one\ntwo" in page and "<b>bold</b>" in page


def test_hidden_tests_are_not_on_the_page(spec):
    assert "secret" not in made(spec) and "math.e ** 7" not in made(spec)


@math_only
def test_formulas_are_rendered_without_a_script(spec):
    page = made(spec, comments={"p2": "Mind $\\mathbb{R}$ & $$\\sum_{i=1}^n i^2$$"})
    assert page.count("<math") >= 4 and "<script" not in page
    assert "ℝ" in page and 'display="block"' in page
    assert "$" not in re.sub(
        r"<style>.*?</style>|<annotation.*?</annotation>", "", page, flags=re.S
    )


@math_only
@pytest.mark.parametrize(
    "tex",
    [
        "\\href{javascript:alert(1)}{x}",
        "\\htmlClass{x}{y}",
        "\\includegraphics{http://example.org/x.png}",
        "\\unknowncommand",
        "{",
        "<script>alert(1)</script>",
        "x" * 5000,
        "\\def\\a{\\a\\a}\\a",
        "{" * 1500 + "}" * 1500,
    ],
)
def test_a_formula_that_is_none_or_wants_to_run_is_harmless(tex):
    made = mathematics.render(tex)
    assert "<script" not in made and "href" not in re.sub(r">[^<]*<", "><", made)
    assert "<img" not in made


def test_without_the_engine_formulas_are_shown_as_they_were_typed(monkeypatch):
    monkeypatch.setattr(mathematics, "_engine", lambda: None)
    assert mathematics.render.__wrapped__("a < b") == '<code class="tex">a &lt; b</code>'


def test_what_a_student_types_cannot_pass_for_a_formula(spec):
    page = made(spec, comments={"p2": "\ue0000\ue001 and <img src=x onerror=run()>"})
    assert "\ue000" not in page and "<img src=x" not in page


PAIRS = [("text", "page"), ("text", "code"), ("quiet", "page"), ("link", "page")] + [
    (name, ground)
    for name in ("good", "bad", "some", "keyword", "string", "number", "comment", "name")
    for ground in ("page", "code")
]


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("where", ["light", "dark", "print"])
def test_every_colour_can_be_read_on_its_ground(where):
    style = Path(feedback.__file__).with_name("feedback.css").read_text()
    blocks = dict(zip(("light", "dark", "print"), re.findall(r":root \{(.*?)\}", style, re.S)))
    colours = dict(re.findall(r"--(\w+): (#\w+)", blocks[where]))
    for front, back in PAIRS:
        light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)

"""An assignment solved on its page, in a browser, and handed in."""

import json
import os
import re

import nbformat
import pytest
from graders.chapter_03 import PROBLEMS
from hostile import stock
from made_up.students import Student, reference_answers, write_submission

from .conftest import HOME, PHONE, opened, settle, watched
from .live import PATIENCE, agree, foreign
from .test_accessibility import SIDEWAYS, UNFOLD, findings

CHAPTER = "03-softmax"
PAGE = f"book/{CHAPTER}/assignment.html"
RELEASE = HOME / "exercises" / CHAPTER / "exercises.ipynb"
# typed as on a keyboard: the editor indents
TYPED = ["def lm_logits(hidden, embedding, bias=None):", "z = hidden @ embedding.T"]
TYPED += ["return z if bias is None else z + bias"]
WRITTEN = "Only *differences* count: $z_{\\max}$ may climb.\n\n$$p = e^{z - \\mathrm{LSE}(z)}$$"
ANSWERS = reference_answers(HOME, CHAPTER) | {
    "p1": f"{TYPED[0]}\n    {TYPED[1]}\n    {TYPED[2]}",
    "p2": next(code for code, most, _ in PROBLEMS["p2"].wrong.values() if 0 < most < 5).strip(),
    "p5": WRITTEN,
}
# 3 and 7 are solved in every run, and 10 stands for the rest: it reads most data
CHAPTERS = (
    sorted(path.name for path in RELEASE.parents[1].iterdir())
    if os.environ.get("LIVE_CHAPTERS") == "all"
    else ["10-diagnostics"]
)


def cell(page, name):
    return page.locator(f"#cell-{name}")


def progress(page):
    return page.locator(".assignment-progress").inner_text()


def editor(page, name):
    """The editor of a cell; it comes when the cell does."""
    cell(page, name).scroll_into_view_if_needed()
    place = cell(page, name).locator(".cm-content")
    place.wait_for()
    return place


def wait(page, selector, pattern):
    page.wait_for_function(
        "([selector, pattern]) => [...document.querySelectorAll(selector)]"
        ".some(place => new RegExp(pattern).test(place.textContent))",
        arg=[selector, pattern],
        timeout=PATIENCE,
    )


def paste(page, name, text):
    editor(page, name).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def download(page):
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download for hand-in").last.click()
    assert coming.value.suggested_filename == "exercises.ipynb"
    return coming.value.path().read_text(encoding="utf-8")


def blank(release=RELEASE, **answers):
    """The release with some answers, as JupyterLab saves it."""
    notebook = nbformat.read(release, as_version=4)
    for one in notebook.cells:
        one.source = answers.get(one.id, one.source)
    return notebook


def choose(page, content, name="mine.ipynb"):
    content = content if isinstance(content, str) else nbformat.writes(content)
    page.locator(".assignment-actions input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content.encode()}
    )


def solve(page, live_site, chapter, answers):
    """Open a notebook with these answers on the assignment's page and run it: all are right."""
    page.goto(f"{live_site}book/{chapter}/assignment.html")
    choose(page, blank(HOME / "exercises" / chapter / "exercises.ipynb", **answers))
    wait(page, ".assignment-undo", f"with {len(answers)} answers")
    page.get_by_role("button", name="Run all").first.click()
    agree(page)
    wait(page, ".assignment-actions .live-status", "^all cells ran")
    assert page.locator(".live-failed").all_inner_texts() == []
    assert progress(page).startswith(f"{len(answers)} of {len(answers)} problems solved")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_an_assignment_is_solved_in_the_page_and_graded_like_any_other(
    browser, live_site, device, tmp_path
):
    context = browser.new_context(**(PHONE if device == "phone" else {}), accept_downloads=True)
    page = watched(context.new_page())
    page.goto(live_site + PAGE)
    assert progress(page).startswith("0 of 5 problems solved · 0 of 16 points")

    editor(page, "p1").focus()
    page.keyboard.press("Control+a")
    for line in TYPED:
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    page.keyboard.press("Control+Shift+k")  # the line that the last Enter began
    run = cell(page, "p1").get_by_role("button", name="Run")
    run.tap() if device == "phone" else run.click()
    agree(page)
    wait(page, "#cell-p1-tests .live-status", "^all visible tests passed: 3 of 3 points")
    assert progress(page).startswith("1 of 5 problems solved · 3 of 16 points")

    paste(page, "p2", "def stable_softmax(logits, axis=-1):\n    return logitz")
    page.keyboard.press("Shift+Enter")
    wait(page, "#cell-p2-tests .live-message", "logitz.* \\(line 2 of the cell: return logitz\\)")
    paste(page, "p2", ANSWERS["p2"])
    page.keyboard.press("Shift+Enter")
    wait(page, "#cell-p2-tests .live-status", "of 5 points so far")
    assert "not yet" in cell(page, "p2-tests").locator(".live-failed").first.inner_text()
    page.locator("#answer-p5").fill(WRITTEN)
    cell(page, "p5").locator(".assignment-preview .katex-display").wait_for()
    before = progress(page)
    assert before.startswith("2 of 5") and before.endswith("written answer there")

    page.reload()
    wait(page, ".assignment-progress", re.escape(before))
    assert page.locator("#answer-p5").input_value() == WRITTEN
    assert editor(page, "p2").inner_text().strip().splitlines()[0] == TYPED[0].replace(
        "lm_logits(hidden, embedding, bias=None)", "stable_softmax(logits, axis=-1)"
    )
    for name in ("p3", "p4"):
        paste(page, name, ANSWERS[name])
    page.get_by_role("button", name="Run all").first.click()
    if page.get_by_role("button", name="Download and run").is_visible():
        agree(page)
    wait(page, ".assignment-actions .live-status", "^all cells ran")
    assert progress(page).startswith("4 of 5 problems solved · ")
    assert page.locator(".assignment-left").inner_text() == "Not solved yet: 3.2."

    # what the tests say is what the same cells print in a notebook
    file = json.loads(download(page))
    path = write_submission(HOME, tmp_path, CHAPTER, "lab", Student(ANSWERS))
    same = json.loads(nbformat.writes(nbformat.read(path, as_version=4)))
    for one, other in zip(file["cells"], same["cells"], strict=True):
        assert one == other, one["id"]
    assert {k: v for k, v in file.items() if k != "cells"} == {
        k: v for k, v in same.items() if k != "cells"
    }
    assert page.errors == [] and page.sent == [] and foreign(page, live_site) == []
    context.close()
    if device == "phone":
        return  # the same file, to the letter

    handed_in = tmp_path / "submitted" / "page" / CHAPTER / "exercises.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text(json.dumps(file), encoding="utf-8")
    theirs, trouble = stock.grade(HOME, tmp_path, CHAPTER, seconds=300)
    assert trouble == "" and theirs["page"] == theirs["lab"]
    assert sum(score or 0 for score in theirs["page"].values()) > 11
    assert ours(tmp_path, "page") == ours(tmp_path, "lab") == theirs["page"] | {"p5": None}


def test_integers_of_32_bits_pass_as_those_of_64_do(page, live_site):
    """A browser's indices have 32 bits, and so has what `.astype(int)` gives."""
    chapter = "07-decoding"
    answers = reference_answers(HOME, chapter)
    for name, plain, with_indices in (
        ("p1", "int(np.argmax(row))", "np.argmax(row)"),
        ("p3", 'int(np.searchsorted(row, x * row[-1], side="right"))', "found(row, x)"),
        ("p4", "np.sort(ranking[:n])", "np.sort(ranking[:n]).astype(int)"),
    ):
        assert plain in answers[name]
        answers[name] = answers[name].replace(plain, with_indices)
    answers["p3"] = (
        "def found(row, x):\n"
        "    place = np.searchsorted(row, x * row[-1], side='right')\n"
        "    assert place.dtype == np.argmax(row).dtype == row.astype(int).dtype == np.int32\n"
        "    return place\n\n" + answers["p3"]
    )
    assert len(answers) == 6
    solve(page, live_site, chapter, answers)
    said = page.locator(".assignment-results").all_inner_texts()
    assert "int32" not in "".join(said)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_assignment_can_be_solved_in_the_page(page, live_site, chapter):
    """With the source's own solutions."""
    solve(page, live_site, chapter, reference_answers(HOME, chapter))


SCHEMES = [("light", 1280), ("dark", 360)]


@pytest.mark.parametrize("scheme, width", SCHEMES, ids=["light", "dark, narrow"])
def test_axe_finds_nothing_while_an_assignment_is_solved(browser, live_site, scheme, width):
    """At each of the moments at which the page shows what it does not show at first."""
    with opened(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.goto(live_site + PAGE)

        def check(moment):
            page.evaluate(UNFOLD)
            assert findings(page) == [], moment
            assert page.evaluate(SIDEWAYS) == [], moment

        for name in ("p1", "p2", "p3", "p4"):
            editor(page, name)
        check("all editors are open")
        paste(page, "p2", ANSWERS["p2"])
        page.keyboard.press("Shift+Enter")
        page.get_by_role("group", name="Download Python?").wait_for()
        check("the page asks whether to download Python")
        agree(page)
        wait(page, "#cell-p2-tests .live-status", "of 5 points so far")
        assert cell(page, "p2-tests").locator(".live-failed").count() > 0
        check("some tests failed")
        paste(page, "p1", "def lm_logits(hidden, embedding, bias=None):\n    return logitz")
        page.keyboard.press("Shift+Enter")
        wait(page, "#cell-p1-tests .live-message", "logitz")
        paste(page, "p3", "1 / 0")
        page.keyboard.press("Shift+Enter")
        wait(page, "#cell-p3 .live-error", "ZeroDivisionError")
        check("an answer raised an error")
        paste(page, "p2", ANSWERS["p2"] + "\n")
        wait(page, "#cell-p2-tests .live-status", "changed since")
        check("results are old")
        page.keyboard.type("np.arg")
        page.keyboard.press("Control+Space")
        page.locator(".cm-tooltip-autocomplete").wait_for()
        check("names are offered")
        page.keyboard.press("Escape")
        page.locator("#answer-p5").fill(WRITTEN)
        cell(page, "p5").locator(".assignment-preview .katex-display").wait_for()
        cell(page, "p4").get_by_role("button", name="+ Cell").click()
        page.locator(".assignment-own .cm-content").wait_for()
        check("the written answer is previewed, and there is a cell of the reader's own")
        page.get_by_role("button", name="Start over").first.click()
        page.get_by_role("button", name="Undo").wait_for()
        check("the work can be brought back")
        choose(page, "{")
        wait(page, ".assignment-actions .live-status", "not a notebook")
        check("a file could not be opened")


def test_a_notebook_from_jupyterlab_is_opened_and_can_be_taken_back(page, site):
    page.goto(site + PAGE)
    assert "1 of 5" not in progress(page)
    given = blank(p2="def stable_softmax(logits, axis=-1):\n    return 1", p5="In *my* words.")
    own = nbformat.v4.new_code_cell("print(stable_softmax([0]))")
    given.cells.insert([one.id for one in given.cells].index("p2-tests"), own)
    choose(page, given)
    note = page.locator(".assignment-undo")
    note.wait_for()
    assert note.inner_text().startswith("mine.ipynb is open, with 2 answers.")
    assert progress(page).startswith("1 of 5") and progress(page).endswith("there")
    assert "return 1" in editor(page, "p2").inner_text()
    assert "print(stable_softmax([0]))" in page.locator(".assignment-own").inner_text()

    # what is handed in has the cell where it was, and the tests as they were
    handed = nbformat.reads(download(page), as_version=4)
    assert [one.source for one in handed.cells] == [one.source for one in given.cells]

    note.get_by_role("button", name="Undo").click()
    wait(page, ".assignment-progress", "^0 of 5")
    assert page.locator(".assignment-own").count() == 0
    assert "YOUR CODE HERE" in editor(page, "p2").inner_text()


def test_files_that_are_no_work_on_this_assignment_change_nothing(page, site):
    page.goto(site + PAGE)
    page.locator("#answer-p5").fill("Mine.")
    other = next(HOME.glob("exercises/04-*/exercises.ipynb")).read_text(encoding="utf-8")
    for content, words in (
        ("{", "This file is not a notebook"),
        ("{}", "it has no cells"),
        (nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), "none of the assign"),
        (other, "This is “Assignment 4: "),
    ):
        choose(page, content)
        wait(page, ".assignment-actions .live-status", words)
        assert page.locator("#answer-p5").input_value() == "Mine."


def test_work_outlives_a_new_version_of_the_assignment(page, site):
    page.goto(site + PAGE)
    paste(page, "p1", "mine = 1")
    settle(page, 500)

    def renewed(route):
        text = route.fetch().text().replace('"grade_id": "p1"', '"grade_id": "p1-new"')
        route.fulfill(body=re.sub(r'"checksum": "\w+"', '"checksum": "0"', text))

    page.route("**/assignment.html", renewed)
    page.reload()
    page.locator(".assignment-note").wait_for()
    assert "was changed since" in page.locator(".assignment-note").inner_text()
    assert "mine = 1" in page.locator(".assignment-own").inner_text()
    assert "mine = 1" in download(page)


def test_what_unfolds_on_the_board_is_tall_enough_for_a_finger(phone, site):
    phone.goto(f"{site}book/03-softmax/assignment.html")
    tall = phone.locator(".assignment-board summary").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().height)"
    )
    assert len(tall) >= 2 and min(tall) >= 24


def test_the_keyboard_gets_into_an_editor_and_out_of_it(page, site):
    page.goto(site + PAGE)
    place = editor(page, "p1")
    place.focus()
    assert "Tab leaves the editor" in place.get_attribute("aria-description")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+]")
    assert place.inner_text().startswith("    def lm_logits")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run problem 3.1"


def ours(root, student):
    """{grade_id: score} by our grader."""
    from matrix import spec_of
    from nbjudge.execution.engine import grade
    from nbjudge.submission import collect

    folder = root / "submitted" / student / CHAPTER
    return grade(spec_of(3), collect.read(folder, student, CHAPTER)).scores

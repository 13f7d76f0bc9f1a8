"""The book in a browser's Python: notebooks from top to bottom, and practice boxes.

`make test` takes three notebooks and the boxes of two chapters; `make live-all` takes all and
prints how long each took.
"""

import os
import re
import sys

import pytest

from . import pyodide_files
from .live import (
    READ,
    WATCH,
    agree,
    differences,
    folder,
    foreign,
    run,
    section_file,
    set_code,
    stored_cells,
    times,
    wait_for_status,
)

sys.path.append(str(pyodide_files.HOME / "tests"))
import practice

ALL = os.environ.get("LIVE_CHAPTERS") == "all"
# 7.5 counts n-grams and draws; none takes long
NOTEBOOKS = (
    [f"{chapter}.{place}" for chapter in range(1, 11) for place in range(1, 6)]
    if ALL
    else ["3.2", "6.5", "7.5"]
)
PRACTICE = range(1, 11) if ALL else (2, 7)
TABLES = practice.tables()
STAND_IN = """import bz2
from types import SimpleNamespace
lzma = SimpleNamespace(FILTER_LZMA2=0, FORMAT_RAW=0, compress=lambda content, **_: bz2.compress(content))"""


# the answer again, and it says so when it is called
SPEAKING = """silent = {0}
def {0}(*given, **named):
    print("was called")
    return silent(*given, **named)"""


@pytest.mark.parametrize("section", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_and_says_what_the_book_says(page, live_site, section):
    stored, path = stored_cells(section), section_file(section)
    page.goto(f"{live_site}book/{path.parent.name}/{path.stem}.html")
    page.evaluate(WATCH)
    page.evaluate(
        "for (const fold of document.querySelectorAll('div.cell details')) fold.open = true"
    )
    cells = page.locator("div.cell:has(.live-status)")
    assert cells.count() == len(stored)

    lacking = pyodide_files.wrong_files(pyodide_files.pyodide_folder()[0], "lzma")
    left_out = [
        number for number, cell in enumerate(stored) if lacking and "import lzma" in cell.source
    ]
    first = True
    # it names the module, and the page goes on without it
    for number in left_out:
        cells.nth(number).get_by_role("button", name="Run").click()
        agree(page)
        first = False
        assert wait_for_status(page, cells.nth(number)).startswith("failed")
        assert "lzma" in cells.nth(number).locator(".live-error").inner_text()
        assert (
            run(page, cells.nth(number), stored[number].source.replace("import lzma", STAND_IN))
            == "done"
        )
    cells.last.get_by_role("button", name="Run").click()
    if first:
        agree(page)
    status = wait_for_status(page, cells.last)

    found = page.evaluate(READ)
    said = {
        number + 1: complaints
        for number, (book, here) in enumerate(zip(stored, found))
        if number not in left_out and (complaints := differences(book, here))
    }
    before, took = times(page.evaluate("window.seen"))
    slowest = max(took, key=took.get)
    print(
        f"\nsection {section}: Python after {before:.0f} s, {len(took)} cells in"
        f" {sum(took.values()):.0f} s, {sum(len(here['figures']) for here in found)} figures,"
        f" slowest cell {slowest + 1} with {took[slowest]:.0f} s"
        + "".join(
            f"; CELL {number + 1} WAS NOT COMPARED: lzma is not among the files of this test"
            for number in left_out
        )
    )
    assert said == {} and status == "done", "\n".join(
        f"cell {number}: {'; '.join(what)}" for number, what in said.items()
    )
    assert foreign(page, live_site) == []


@pytest.mark.parametrize("chapter", PRACTICE)
def test_practice_explains_a_wrong_answer_and_remembers_a_right_one(page, live_site, chapter):
    """In every box one wrong answer, which gets its message, and then one right answer."""
    page.goto(f"{live_site}book/{folder(chapter)}/review.html")
    first = True
    for label, answers in TABLES[chapter].items():
        box = page.locator(f"#practice-{label}")
        code, phrase = next(iter(answers.wrong.values()))
        set_code(page, box, code.strip())
        box.get_by_role("button", name="Check").click()
        if first:
            agree(page)
            first = False
        assert wait_for_status(page, box).endswith("checks passed"), label
        assert not box.get_by_role("status").inner_text().startswith("all"), (
            f"{label}: a wrong answer passes"
        )
        assert phrase in " ".join(box.locator(".live-message").all_inner_texts()), label

        right = next(iter(answers.right.values())).strip()
        function = re.search(r"def (\w+)", right)
        speaking = SPEAKING.format(function[1]) if function else 'print("was called")'
        set_code(page, box, f"{right}\n{speaking}")
        page.keyboard.press("Shift+Enter")
        assert wait_for_status(page, box) == "all checks passed", label
        # what an answer prints is shown, though the checks call it
        assert "was called" in box.locator(".live-stdout").inner_text(), label

    # Progress is in the browser and nowhere else: one key a box, and nothing was sent.
    kept = page.evaluate(
        "Object.keys(localStorage).filter((key) => key.startsWith('lm-practice:'))"
    )
    assert sorted(kept) == sorted(
        f"lm-practice:{folder(chapter)}:{label}" for label in TABLES[chapter]
    )
    assert (
        page.evaluate("document.cookie") == ""
        and page.sent == []
        and foreign(page, live_site) == []
    )
    page.reload()
    wait_for_status(page, box, "^solved before")
    print(f"\nchapter {chapter}: {len(TABLES[chapter])} practice boxes")

"""Reading without a network, after a reader has asked for it."""

import functools
import http.server
import json
import re
import shutil
import threading

import pytest

from .conftest import SITE, Handler
from .live import agree

# Resolves when the copy of the new build is the only one.
REPLACED = """async () => {
    while (String(await caches.keys()) !== "book-0123456789ab")
        await new Promise(done => setTimeout(done, 100));
}"""
SECTION = "book/08-models/5-transformer-lm.html"


class Site:
    """A server of a copy of the site that can go away, and come back with another build."""

    def __init__(self, folder):
        self.folder, self.server = folder, None
        self.asked = []
        site = self

        class Recording(Handler):
            def do_GET(self):
                site.asked.append(self.path)
                super().do_GET()

        self.handler = functools.partial(Recording, directory=str(folder))
        self.start(0)

    def start(self, port):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self.handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def own_live_site(live_site, tmp_path):
    """The same with Python beside it."""
    from .pyodide_files import pyodide_folder

    served = Site(shutil.copytree(SITE, tmp_path / "site"))
    served.handler.func.pyodide = pyodide_folder()[0]
    yield served
    served.stop()


@pytest.fixture
def own_site(site, tmp_path):
    left_out = shutil.ignore_patterns("_downloads", "_sources", "*.whl", "*.zip", "*.map")
    served = Site(shutil.copytree(SITE, tmp_path / "site", ignore=left_out))
    yield served
    served.stop()


def keep(page):
    button = page.locator(".course-offline")
    assert re.fullmatch(r"Keep this book for reading offline \(\d\d? MB\)", button.inner_text())
    button.click()
    page.locator("text=Kept: every page").wait_for(timeout=120_000)


def test_nothing_is_kept_unasked_and_everything_read_after(page, own_site):
    page.goto(own_site.address + "book/intro.html")
    page.wait_for_load_state("networkidle")
    assert "/offline.js" not in own_site.asked
    assert page.evaluate("caches.keys()") == []
    keep(page)
    own_site.stop()
    page.goto(own_site.address + SECTION)
    assert page.locator("h1", has_text="8.5").count()
    page.locator("article figure img").first.scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('article figure img')][0].naturalWidth > 0"
    )
    fonts = page.evaluate(
        """() => document.fonts.ready.then(() => [...document.fonts]
            .filter(font => font.family.includes("KaTeX_Main") && font.status === "loaded")
            .map(font => font.unicodeRange))"""
    )
    assert fonts, "formulas have their letters"
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.locator(".course-results li").first.wait_for()
    page.goto(own_site.address)
    page.wait_for_url("**/book/intro.html")
    page.goto(f"{own_site.address}book/never/was.html")
    assert "not" in page.locator("body").inner_text().lower()
    own_site.start(own_site.port)


def test_an_assignment_is_solved_without_a_network_once_python_is_there(page, own_live_site):
    from .test_assignment import ANSWERS, PAGE, WRITTEN, cell, download, paste, progress, wait

    page.goto(own_live_site.address + PAGE)
    keep(page)
    paste(page, "p1", ANSWERS["p1"])
    page.keyboard.press("Shift+Enter")
    agree(page)
    wait(page, "#cell-p1-tests .live-status", "^all visible tests passed")

    own_live_site.stop()
    paste(page, "p4", ANSWERS["p4"])
    page.keyboard.press("Shift+Enter")
    wait(page, "#cell-p4-tests .live-status", "^all visible tests passed")
    page.locator("#answer-p5").fill(WRITTEN)
    cell(page, "p5").locator(".assignment-preview .katex-display").wait_for()
    solved = progress(page)
    assert solved.startswith("3 of 5 problems solved")
    page.get_by_role("button", name="Run all").first.click()
    wait(page, ".assignment-actions .live-status", "^all cells ran")
    assert progress(page) == solved and "differences" in download(page)

    # opened anew it is the kept copy, with the work in it; Python itself is not kept
    page.reload()
    wait(page, ".assignment-progress", re.escape(solved))
    paste(page, "p3", ANSWERS["p3"])
    assert page.locator("#answer-p5").input_value() == WRITTEN
    page.keyboard.press("Shift+Enter")
    wait(page, "#cell-p3 .live-status", "^(done|Python could not be started: .*connection)")
    assert ANSWERS["p3"].strip().splitlines()[0] in download(page)
    own_live_site.start(own_live_site.port)


def test_every_file_a_page_asks_for_is_kept():
    worker = (SITE / "offline.js").read_text(encoding="utf-8")
    files = json.loads(re.search(r"const FILES = (\{.*?\});", worker).group(1))
    assert {"book/intro.html", "index.html", "search/documents.json", "katex/katex.css"} <= set(
        files
    )
    named = {
        name.rpartition("/")[2]
        for path in SITE.glob("book/**/*.html")
        for name in re.findall(r'(?:src|href)="[^"#:]*?(_static/[^"#?]+)', path.read_text("utf-8"))
    }
    kept = {name.rpartition("/")[2] for name in files}
    assert len(named) >= 5 and named - kept == set()
    assert not [name for name in files if name.endswith((".whl", ".ipynb", ".pdf", ".epub"))]
    assert all((SITE / name).is_file() for name in files)


def test_a_new_build_replaces_the_old_one_and_fetches_what_changed(page, own_site):
    page.goto(own_site.address + "book/intro.html")
    keep(page)
    [before] = page.evaluate("caches.keys()")
    changed = own_site.folder / "book" / "notation.html"
    changed.write_text(changed.read_text("utf-8").replace("<h1>Notation", "<h1>New notation"))
    worker = own_site.folder / "offline.js"
    text = worker.read_text("utf-8").replace(before.removeprefix("book-"), "0123456789ab")
    text = re.sub(r'("book/notation\.html":")[^"]*', r"\g<1>another", text)
    worker.write_text(text)
    own_site.asked.clear()
    page.reload()
    page.evaluate(REPLACED)
    assert [path for path in own_site.asked if path.startswith("/book/")] == [
        "/book/intro.html",
        "/book/notation.html",
    ]
    own_site.stop()
    page.goto(own_site.address + "book/notation.html")
    assert page.locator("article h1").inner_text().startswith("New notation")
    own_site.start(own_site.port)


def test_the_copy_can_be_removed(page, own_site):
    page.goto(own_site.address + "book/intro.html")
    keep(page)
    page.reload()
    page.get_by_role("button", name="Remove the copy").click()
    page.locator("text=Removed.").wait_for()
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0

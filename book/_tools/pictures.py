"""The pictures of the README and the guide, made from the built site and the graded sample class.

    python book/_tools/pictures.py [PYODIDE]

`make` comes first. It needs Chromium, and for the live cell PYODIDE, a folder with the files of
Pyodide's release; without it that picture stays as it is.
"""

import functools
import html
import http.server
import io
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import chromium
from nbjudge.term import marking, marking_server, picture
from PIL import Image
from playwright.sync_api import sync_playwright

HOME = Path(__file__).resolve().parents[2]
SITE, STATIC = HOME / "_build" / "html", HOME / "book" / "_static"
SAMPLE = HOME / "_build" / "sample-class"
COLOURS = 96
TERMINAL = """
<body style="margin:0;background:#1e1e2e"><pre style="margin:0;padding:22px 26px;color:#dcdcec;
font:15px/1.45 'DejaVu Sans Mono',monospace;white-space:pre">{}</pre></body>"""
TRY = """from lmcore.softmax import apply_temperature, softmax

logits = [2.0, 1.0, 0.1]
for tau in (0.5, 1.0, 2.0):
    print(tau, softmax(apply_temperature(logits, tau)).round(3))"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """The built site, with Pyodide beside it."""

    pyodide = ""

    def log_message(self, *_):
        pass

    def translate_path(self, path):
        if path.startswith("/pyodide/"):
            return str(Path(self.pyodide) / Path(path).name)
        return super().translate_path(path)


@contextmanager
def served(pyodide):
    """The address of the site, as long as the block lasts."""
    handler = type("SiteHandler", (Handler,), {"pyodide": pyodide})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(SITE))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def save(name, screenshot):
    """Store a screenshot with few colours: a tenth of its size, and nothing seen of it."""
    image = Image.open(io.BytesIO(screenshot)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(STATIC / name, optimize=True)
    print(f"{name}: {(STATIC / name).stat().st_size // 1000} kB")


def book_page(page, address):
    """A section with a computed figure and the chapters beside it."""
    page.goto(f"{address}book/07-decoding/4-nucleus-top-p.html")
    page.locator("figure img").first.scroll_into_view_if_needed()
    page.evaluate("window.scrollBy(0, 120)")
    page.wait_for_timeout(1500)
    save("site.png", page.screenshot())


def live_cell(page, address):
    """A cell of the book after a reader has changed and run it."""
    page.route(
        "**/live/manifest.json",
        lambda route: route.fulfill(json=route.fetch().json() | {"indexURL": "pyodide/"}),
    )
    page.goto(f"{address}book/03-softmax/5-temperature.html")
    cell = page.locator("div.cell", has=page.locator(".live-status")).first
    cell.scroll_into_view_if_needed()
    cell.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Download and run").click()
    finished(page, cell)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(TRY)
    page.keyboard.press("Shift+Enter")
    finished(page, cell)
    save("live.png", cell.screenshot())


def finished(page, cell):
    """Wait until a cell has run."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        "cell => /^(done|failed)/.test(cell.querySelector('.live-status').textContent)",
        arg=cell.element_handle(),
        timeout=300_000,
    )


def class_report(page):
    """What `nbjudge grade` prints at its end, for the sample class."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SAMPLE / "submitted", Path(folder, "submitted"))
        command = [sys.executable, "-m", "nbjudge", "grade", "03-softmax", "--root", folder]
        ran = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    lines = ran.stdout.rstrip().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("chapter"))
    last = next(number for number, line in enumerate(lines) if line.startswith("Code nearly"))
    page.set_viewport_size({"width": 1040, "height": 600})
    shown = "$ nbjudge grade 3\n\n" + "\n".join(lines[first:last]).rstrip()
    page.set_content(TERMINAL.format(html.escape(shown)))
    save("report.png", page.locator("pre").screenshot())


def sample_pages(page):
    """The page on which answers are marked and the page about the class, for the sample class."""
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(SAMPLE, Path(folder, "class"))
        desk = marking.Desk("3", HOME, root, secret=b"picture")
        server, address = marking_server.serve(desk)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.set_viewport_size({"width": 1100, "height": 860})
        page.goto(f"{address}0/")
        save("marking.png", page.screenshot())
        server.shutdown()
        server.server_close()
        index = picture.draw(Path(folder, "report"), HOME, root, None, ["3"])
        page.goto((index.parent / "03-softmax.html").as_uri())
        save("class-report.png", page.screenshot())


def main(pyodide=""):
    with sync_playwright() as playwright, served(pyodide) as address:
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=chromium.FLAGS
        )
        page = browser.new_page(viewport={"width": 1020, "height": 780}, color_scheme="light")
        book_page(page, address)
        if pyodide:
            live_cell(page, address)
        class_report(page)
        sample_pages(page)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

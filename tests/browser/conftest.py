"""A server of the built site with Pyodide beside it, and a browser."""

import contextlib
import functools
import http.server
import json
import os
import threading
from pathlib import Path

import chromium
import pytest

HOME = Path(__file__).resolve().parents[2]
# another folder for a site built elsewhere
SITE = Path(os.environ.get("SITE", HOME / "_build" / "html"))
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


class Handler(http.server.SimpleHTTPRequestHandler):
    """The site as it is built; /pyodide/ comes from elsewhere, and the manifest says so."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }
    pyodide = None

    def log_message(self, *_):
        pass

    def translate_path(self, path):
        if path.startswith("/pyodide/") and self.pyodide:
            return str(self.pyodide / Path(path.partition("?")[0]).name)
        return super().translate_path(path)

    def do_GET(self):
        if self.path == "/live/manifest.json" and self.pyodide:
            manifest = json.loads((SITE / "live" / "manifest.json").read_text()) | {
                "indexURL": "pyodide/"
            }
            content = json.dumps(manifest).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()


def serve(pyodide=None):
    handler = type("SiteHandler", (Handler,), {"pyodide": pyodide})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(SITE))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason='browser tests need the extra "test"'
    )
    program = chromium.program()
    if program is None:
        pytest.skip(f"NO BROWSER TEST WAS RUN: {chromium.MISSING}")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    if not (SITE / "live" / "manifest.json").is_file():
        pytest.skip("NO BROWSER TEST WAS RUN: the site is not built (make site)")
    server, address = serve()
    yield address
    server.shutdown()


@pytest.fixture(scope="session")
def live_site(site):
    from .pyodide_files import pyodide_folder

    folder, why = pyodide_folder()
    if folder is None:
        pytest.skip(f"NO LIVE CELL WAS RUN: {why}")
    server, address = serve(folder)
    yield address
    server.shutdown()


def watched(page):
    """The page, recording what it asks for and sends, and the errors of its own scripts."""
    page.asked, page.sent, page.errors = [], [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on(
        "request",
        lambda request: page.sent.append(request.url) if request.method != "GET" else None,
    )
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.set_default_timeout(120_000)  # a machine may be busy
    return page


def settle(page, milliseconds):
    """Let time go by as the page counts it: what it had put off until sooner is done by then,
    however busy the machine.
    """
    page.evaluate("time => new Promise(done => setTimeout(done, time))", milliseconds)


@contextlib.contextmanager
def opened(browser, **device):
    """A page that is watched, and fails the test on an error of its own scripts."""
    context = browser.new_context(**device)
    page = watched(context.new_page())
    yield page
    context.close()
    assert page.errors == []


@pytest.fixture
def page(browser):
    with opened(browser, viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.fixture
def phone(browser):
    with opened(browser, **PHONE) as page:
        yield page

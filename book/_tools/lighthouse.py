"""Judge pages of the built site with Lighthouse, on a slow phone and on a desktop: `make
lighthouse`.

Needs Node and a Chromium; Lighthouse itself is fetched by npx, pinned here. The site is served on
this machine as a web host would serve it, compressed. Prints a table, writes it into
book/contributors.md, and fails below the marks that we promise.
"""

import argparse
import functools
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import chromium

HOME = Path(__file__).resolve().parents[2]
SITE = HOME / "_build" / "html"
GUIDE = HOME / "book" / "contributors.md"
LIGHTHOUSE = "lighthouse@12.8.2"  # the last that runs on Node 20
PAGES = {
    "landing": "book/intro.html",
    "opener": "book/03-softmax/index.html",
    "section": "book/01-distributions/2-finite-strings.html",
    "longest section": "book/08-models/5-transformer-lm.html",
    "review": "book/05-information/review.html",
    "assignment": "book/03-softmax/assignment.html",
    "glossary": "book/glossary.html",
    "notation": "book/notation.html",
    "search": "search.html",
}
MARKS = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
SHOWN = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "shift",
    "total-byte-weight": "weight",
}
BLOCK = re.compile(r"(<!-- written by make lighthouse -->\n).*?(\n<!-- end -->)", re.S)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, compressed where that helps, kept by the browser."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        content, packed = (
            path.read_bytes(),
            path.suffix
            in {
                ".html",
                ".css",
                ".js",
                ".svg",
                ".json",
                ".xml",
            },
        )
        content = gzip.compress(content, 6) if packed else content
        self.send_response(200)
        self.send_header(
            "Content-Type", self.guess_type(str(path)) + ("; charset=utf-8" if packed else "")
        )
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=31536000")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def judge(address, desktop, program):
    """Lighthouse's report on one page."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        command = [
            "npx",
            "--yes",
            LIGHTHOUSE,
            address,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(MARKS)}",
            f"--chrome-flags=--headless=new {' '.join(chromium.FLAGS)}",
        ]
        done = subprocess.run(
            command + (["--preset=desktop"] if desktop else []),
            capture_output=True,
            text=True,
            env={**os.environ, "CHROME_PATH": program},
        )
        if not report.is_file():
            sys.exit(f"Lighthouse gave no report on {address}:\n{done.stderr.strip()[-1000:]}")
        return json.loads(report.read_text())


def marks(report):
    return {name: round(100 * report["categories"][name]["score"]) for name in MARKS}


def complaints(report):
    """What kept a category from full marks, but for performance, which its figures explain."""
    return [
        f"{name}: {audit['title']}"
        for name in MARKS
        if name != "performance"
        for audit in (
            report["audits"][ref["id"]]
            for ref in report["categories"][name]["auditRefs"]
            if ref["weight"]
        )
        if audit["score"] is not None and audit["score"] < 1
    ]


def line(kind, device, report):
    figures = [
        report["audits"][name]["displayValue"].replace("\xa0", " ").replace("Total size was ", "")
        for name in SHOWN
    ]
    return (
        f"| {kind} | {device} | " + " | ".join([*map(str, marks(report).values()), *figures]) + " |"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE)
    parser.add_argument("--pages", nargs="*", choices=PAGES, default=list(PAGES))
    parser.add_argument(
        "--runs", type=int, default=3, help="the run with the median performance counts"
    )
    parser.add_argument(
        "--no-write", action="store_true", help="leave book/contributors.md as it is"
    )
    options = parser.parse_args(arguments)
    program = chromium.program()
    if not (program and shutil.which("npx")):
        sys.exit(
            "make lighthouse needs Node (npx) and Chromium; on Debian: apt install nodejs npm"
            " chromium"
        )
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=options.site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    table = [
        "| Page | On | " + " | ".join([*MARKS, *SHOWN.values()]) + " |",
        "| --- " * (2 + len(MARKS) + len(SHOWN)) + "|",
    ]
    print("\n".join(table), flush=True)
    low = []
    for kind in options.pages:
        for device in ("mobile", "desktop"):
            runs = [
                judge(
                    f"http://127.0.0.1:{server.server_port}/{PAGES[kind]}",
                    device == "desktop",
                    program,
                )
                for _ in range(options.runs)
            ]
            report = sorted(runs, key=lambda run: run["categories"]["performance"]["score"])[
                len(runs) // 2
            ]
            table.append(line(kind, device, report))
            print(table[-1], flush=True)
            low += [
                f"{kind}, {device}: {name} {mark}"
                for name, mark in marks(report).items()
                if mark < MARKS[name]
            ]
            low += [f"{kind}, {device}: {complaint}" for complaint in complaints(report)]
    if not options.no_write:
        GUIDE.write_text(
            BLOCK.sub(
                lambda found: found.group(1) + "\n".join(table) + found.group(2), GUIDE.read_text()
            )
        )
    print("\n".join(["", "Below the marks:", *low] if low else ["", "All marks are reached."]))
    return bool(low)


if __name__ == "__main__":
    sys.exit(main())

"""Reading without a network: SITE/offline.js, a service worker that keeps the pages and what they
need.

Nobody gets it unasked: a button under each page says how much it keeps, and registers it. Notebooks
to download, the book's other formats and Python for the live cells are not kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

WORKER = Path(__file__).with_name("offline_worker.js")
WHOLE = ("book", "katex", "search", "previews", "explorers", "_images")
ALONE = ("index.html", "404.html", "search.html", "genindex.html")
SIZE = re.compile(r'(<button class="course-offline"[^>]* data-size=")[^"]*"')


def kept(site: Path) -> list[Path]:
    """The files that pages need to be read; of _static those that some page or style names."""
    found = [path for name in WHOLE for path in (site / name).rglob("*") if path.is_file()]
    found += [site / name for name in ALONE if (site / name).is_file()]
    found += [p for p in (site / "live").glob("*") if p.suffix in {".js", ".css", ".json"}]
    texts = [p.read_text(encoding="utf-8") for p in found if p.suffix == ".html"]
    texts += [p.read_text(encoding="utf-8") for p in (site / "_static").glob("site-*.css")]
    named = {name for text in texts for name in re.findall(r"[\w.-]+\.\w+", text)}
    found += [p for p in (site / "_static").rglob("*") if p.is_file() and p.name in named]
    return sorted(set(found))


def write(app, exception) -> None:
    """The worker with the digests of what it keeps, and its size on every page."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    files = kept(site)
    size = f"{sum(path.stat().st_size for path in files) / 1e6:.0f} MB"
    for path in files:
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            sized = SIZE.sub(rf'\g<1>{size}"', text)
            if sized != text:
                path.write_text(sized, encoding="utf-8")
    digests = {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in files
    }
    listed = json.dumps(digests, separators=(",", ":"))
    version = hashlib.sha256(listed.encode()).hexdigest()[:12]
    worker = WORKER.read_text(encoding="utf-8")
    (site / "offline.js").write_text(
        worker.replace("{{ version }}", version).replace("{{ files }}", listed), encoding="utf-8"
    )


def setup(app):
    # the last: it keeps the pages as all other steps left them
    app.connect("build-finished", write, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What the first view of each page weighs, compressed and without its figures, and that nothing
moves while it arrives.
"""

import gzip
import re

from bookreader import between

from .conftest import HOME, SITE, opened

LIMIT = 300_000  # bytes, as a server sends them
# The same for a section's page: 200 KB are promised, and a section may grow a little.
SECTION_LIMIT, SECTION = 190_000, re.compile(r"book/\d\d-[^/]*/\d-[^/]*\.html")
# Layout shift allowed: half of what browsers call good. A table of formulas whose fonts come after
# its first rows moves by 0.01 to 0.04 on a busy machine.
RESTLESS = 0.05
PACKED = (".woff2", ".png", ".whl", ".zip")  # not packed again
# Layout shift as browsers report it: the sum of what moved without the reader's doing.
SHIFTS = """new PerformanceObserver(list => {
    for (const entry of list.getEntries())
        if (!entry.hadRecentInput) window.shifted = (window.shifted ?? 0) + entry.value;
}).observe({type: "layout-shift", buffered: true});"""


def pages():
    """Every page with the theme's frame, as addresses below the site."""
    return sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.rglob("*.html")
        if not {"_static", "_downloads"} & set(path.parts)
        and "data-content_root=" in path.read_text(encoding="utf-8")
    )


def compressed(path):
    """Bytes that a server sends of a file."""
    content = path.read_bytes()
    return len(content) if path.suffix in PACKED else len(gzip.compress(content, 6))


def first_view(page, site, name):
    """{file asked for: its compressed size} until the network is quiet, figures left out."""
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    asked = {url.partition("?")[0].removeprefix(site) for url in page.asked if url.startswith(site)}
    return {path: compressed(SITE / path) for path in asked if not path.startswith("_images/")}


def steadiest(page, site, name):
    """The least that the page shown now moved while it arrived, of up to three visits.

    On a busy machine a table's rows come in pieces, and its columns find their widths anew with
    each. That is chance; what the page itself moves, it moves at every visit.
    """
    shift = page.evaluate("window.shifted ?? 0")
    for _ in range(2):
        if shift > RESTLESS:
            page.goto(site + name)
            page.wait_for_timeout(1500)  # from the cache it is idle before it has settled
            shift = min(shift, page.evaluate("window.shifted ?? 0"))
    return shift


def test_first_views_are_light_and_hold_still(browser, site, record_property):
    table, heavy, restless, foreign = [], [], [], []
    for name in pages():
        # a browser that has seen another page asks again for that one's fonts
        with opened(browser, viewport={"width": 1280, "height": 900}) as page:
            page.add_init_script(SHIFTS)
            sizes = first_view(page, site, name)
            shift = steadiest(page, site, name)
            foreign += [url for url in page.asked if not url.startswith((site, "data:", "blob:"))]
        total = sum(sizes.values())
        table.append(f"{total / 1000:7.0f} KB {len(sizes):4} requests, shift {shift:.3f}  {name}")
        if total > (SECTION_LIMIT if SECTION.fullmatch(name) else LIMIT):
            largest = sorted(sizes.items(), key=lambda item: -item[1])[:4]
            heavy.append(
                f"{name}: {total} bytes, of which "
                + ", ".join(f"{path} {size}" for path, size in largest)
            )
        if shift > RESTLESS:
            restless.append(f"{name}: {shift:.3f}")
    record_property("table", "\n".join(table))
    assert heavy == [] and restless == [] and foreign == []
    assert sum(bool(SECTION.fullmatch(name)) for name in pages()) == 50


def test_only_what_can_be_packed_is_packed(tmp_path):
    for name, size in (("x.woff2", 1000), ("x.css", 29)):
        (tmp_path / name).write_bytes(b"a" * 1000)
        assert compressed(tmp_path / name) == size


def test_what_lighthouse_said_is_in_the_guide_and_enough(record_property):
    """Lighthouse needs Node and a quiet machine: `make lighthouse` runs it and writes down what it
    said.
    """
    table = between(
        HOME / "book" / "contributors.md", "<!-- written by make lighthouse -->", "<!-- end -->"
    )
    record_property("table", table)
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert len({row[0] for row in rows}) >= 5 and {row[1] for row in rows} == {"mobile", "desktop"}
    assert [row for row in rows if int(row[2]) < 97 or row[3:6] != ["100"] * 3] == []


def test_what_moves_at_every_visit_is_noticed(page, site):
    page.add_init_script(SHIFTS)
    page.add_init_script(
        """addEventListener("load", () => setTimeout(() => {
            document.querySelector("article").style.paddingTop = "300px";
        }, 300));"""
    )
    name = "book/notation.html"
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    assert steadiest(page, site, name) > RESTLESS

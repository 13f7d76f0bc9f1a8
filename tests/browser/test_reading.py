"""Finding one's way on a page, and taking something away from it."""

import pytest

from .conftest import PHONE, SITE, opened, settle

COPY = """() => {
    const event = new ClipboardEvent("copy", {
        clipboardData: new DataTransfer(), bubbles: true, cancelable: true,
    });
    document.dispatchEvent(event);
    return event.clipboardData.getData("text/plain");
}"""
# Names in tables of which a piece without a dot or an underscore stands on two lines.
BROKEN = """() => [...document.querySelectorAll("td code.literal, th code.literal")]
    .filter(code => {
        const pieces = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        const range = document.createRange();
        while (pieces.nextNode()) {
            range.selectNodeContents(pieces.currentNode);
            const tops = [...range.getClientRects()].map(rect => Math.round(rect.top));
            if (!/\\s/.test(pieces.currentNode.data) && new Set(tops).size > 1) return true;
        }
        return false;
    })
    .map(code => code.textContent)"""

# Formulas that go on behind the edge of their box.
CUT = """() => [...document.querySelectorAll(".math-scroll")]
    .filter(box => box.scrollWidth > box.clientWidth)
    .map(box => [box.scrollWidth - box.clientWidth, box.querySelector("annotation").textContent])"""


def test_a_formula_is_copied_as_tex(page, site):
    page.goto(f"{site}book/02-factorization/2-teacher-forcing.html")
    page.evaluate(
        """() => {
            const formula = document.querySelector("div.math .katex");
            getSelection().selectAllChildren(formula.querySelector(".katex-html"));
        }"""
    )
    copied = page.evaluate(COPY)
    assert copied.startswith("$$") and copied.endswith("$$") and r"\sum" in copied
    page.evaluate(
        "getSelection().selectAllChildren([...document.querySelectorAll('article p')]"
        ".find(p => p.querySelector('.katex')))"
    )
    copied = page.evaluate(COPY)
    assert "$" in copied and "\n\n\n" not in copied
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    assert page.evaluate(COPY) == "", "text without formulas is the browser's own affair"


@pytest.mark.parametrize("device", [PHONE, {"viewport": {"width": 1280, "height": 900}}])
@pytest.mark.parametrize("chapter", range(1, 11))
def test_no_formula_is_wider_than_its_box(browser, site, chapter, device):
    """Those that are too wide break after a sign, or are written on more lines."""
    with opened(browser, **device) as page:
        cut = []
        for path in sorted(SITE.glob(f"book/{chapter:02d}-*/*.html")):
            if "math-scroll" not in path.read_text(encoding="utf-8"):
                continue
            page.goto(site + path.relative_to(SITE).as_posix())
            page.evaluate(
                "for (const fold of document.querySelectorAll('details')) fold.open = true"
            )
            page.evaluate("document.fonts.ready.then(() => 0)")
            cut += [(path.name, *formula) for formula in page.evaluate(CUT)]
    assert cut == []


@pytest.mark.parametrize("width", [1280, 1366])
def test_code_needs_no_scrolling_on_a_desktop(browser, site, width):
    """This page has cells of 88 columns, which is the most, open ones and folded ones."""
    with opened(browser, viewport={"width": width, "height": 800}) as page:
        page.goto(f"{site}book/04-likelihood/4-gradient.html")
        cut, longest = page.evaluate(
            """() => {
                const cells = [...document.querySelectorAll(".cell_input pre")];
                cells.forEach(cell => cell.closest("details")?.setAttribute("open", ""));
                const lines = cells.flatMap(cell => cell.textContent.split("\\n"));
                const cut = cells.map(cell => cell.scrollWidth - cell.clientWidth);
                return [Math.max(...cut), Math.max(...lines.map(line => line.length))];
            }"""
        )
        assert longest == 88 and cut <= 0


@pytest.mark.parametrize("name", ["01-distributions/1-finite-vocabulary", "10-diagnostics/review"])
def test_the_side_bar_shows_the_page_that_is_read(page, site, name):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{site}book/{name}.html")
    here = page.locator(".bd-sidebar-primary li.active.current:not(:has(li.current)) > a")
    box = here.bounding_box()
    assert 0 < box["y"] < 768 - box["height"]
    assert page.evaluate("scrollY") == 0


def test_the_theme_changes_after_the_button_has_answered(page, site):
    page.goto(f"{site}book/notation.html")
    modes = []
    for _ in range(3):
        before = page.evaluate("document.documentElement.dataset.mode")
        page.locator(".theme-switch-button:visible").first.click()
        page.wait_for_function("mode => document.documentElement.dataset.mode !== mode", arg=before)
        modes.append(page.evaluate("document.documentElement.dataset.mode"))
    assert sorted(modes) == ["auto", "dark", "light"]


def test_the_contents_say_where_one_is(page, site):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{site}book/notation.html")
    height = page.evaluate("document.documentElement.scrollHeight")
    positions = range(800, height - 800, 600)
    assert len(positions) > 3
    for position in positions:
        page.evaluate(f"scrollTo(0, {position})")
        settle(page, 150)
        page.wait_for_selector(".bd-sidebar-secondary .nav-link.active", state="attached")


def test_the_drawer_of_contents_closes_behind_a_tap(page, site):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}book/notation.html")
    page.locator(".secondary-toggle").click()
    link = page.locator(".bd-sidebar-secondary a").nth(2)
    link.click()
    page.wait_for_selector("#pst-secondary-sidebar-checkbox:not(:checked)", state="attached")
    settle(page, 400)
    assert not link.is_visible() or link.bounding_box()["x"] >= 390


def test_names_in_tables_break_at_their_joints(page, site):
    page.set_viewport_size({"width": 360, "height": 740})
    broken = {}
    for name in ("03-softmax/review", "06-calibration/review", "08-models/review", "notation"):
        page.goto(f"{site}book/{name}.html")
        if found := page.evaluate(BROKEN):
            broken[name] = found
    assert not broken


def test_a_page_is_cited_by_unfolding_and_copying(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}book/04-likelihood/4-gradient.html")
    page.locator(".course-imprint summary").click()
    entry = page.locator(".course-imprint .highlight")
    entry.hover()
    entry.locator(".copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied.startswith("@misc{course-4-4,") and copied.strip().endswith("}")


def test_a_report_names_the_section_and_quotes_what_is_selected(page, site):
    address = f"{site}book/10-diagnostics/index.html"
    form = "https://forge.example/o/c/issues/new?title=T&amp;body=Page"
    link = f'<a class="course-report" href="{form}">Report a fault here</a></article>'

    def offer(route):
        page_as_built = route.fetch()
        route.fulfill(response=page_as_built, body=page_as_built.text().replace("</article>", link))

    page.route(address, offer)
    page.goto(address)
    report = page.locator(".course-report")
    report.evaluate("link => link.addEventListener('click', event => event.preventDefault())")
    heading = page.locator("article h2").first.evaluate("heading => heading.firstChild.textContent")
    page.evaluate(
        """() => getSelection().selectAllChildren(
            [...document.querySelectorAll("article h2 ~ * :is(p, li)")][0]
        )"""
    )
    quoted = page.evaluate("String(getSelection()).trim()")
    report.evaluate("link => link.click()")
    sent = page.evaluate(
        "new URL(document.querySelector('.course-report').href).searchParams.get('body')"
    )
    assert sent.startswith(f"Page\nSection: {heading}\n> {quoted[:20]}")
    page.evaluate("getSelection().removeAllRanges()")
    report.evaluate("link => link.click()")
    sent = page.evaluate(
        "new URL(document.querySelector('.course-report').href).searchParams.get('body')"
    )
    assert sent == "Page"

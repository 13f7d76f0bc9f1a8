"""Every page for every reader.

Axe in light and dark, no scrolling sideways, focus that shows, motion only where wanted.
"""

from pathlib import Path

import pytest

from .conftest import SITE

# axe-core 4.14.1
AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
# Everything is unfolded and laid out: listings that scroll are marked then.
UNFOLD = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    return new Promise(done => requestAnimationFrame(() => setTimeout(done)));
}"""
# What makes the page wider than the window; what stands in a box that scrolls by itself does not.
SIDEWAYS = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const boxed = e => e && (getComputedStyle(e).overflowX !== "visible" || boxed(e.parentElement));
    return [...document.body.querySelectorAll("*")]
        .filter(e => e.getBoundingClientRect().right > width + 1 && !boxed(e.parentElement)).slice(0, 3)
        .map(e => `${document.documentElement.scrollWidth} px wide because of ${e.outerHTML.slice(0, 160)}`);
}"""


# Of a formula axe sees the MathML that a screen reader reads. What is drawn beside it is thousands
# of letters that have no colours of their own and are hidden from readers; taken out while it looks,
# they cost no time.
LOOK = """async () => {
    const drawn = [...document.querySelectorAll(".katex-html")].map(e => [e, [...e.childNodes]]);
    for (const [formula] of drawn) formula.replaceChildren();
    const found = await axe.run(document, {resultTypes: ["violations"]});
    for (const [formula, letters] of drawn) formula.replaceChildren(...letters);
    return found.violations;
}"""


def names():
    return sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.rglob("*.html")
        # a redirect
        if not {"_static", "_downloads"} & set(path.parts) and path != SITE / "index.html"
    )


def findings(page):
    """What axe says against the page as it stands, one line a rule."""
    page.evaluate(AXE)
    found = page.evaluate(LOOK)
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['help']}: {rule['nodes'][0]['html'][:160]}"
        for rule in found
    ]


@pytest.fixture
def reader(browser):
    """A page as a reader sees it: colour scheme and width of the window."""
    contexts = []

    def open_page(scheme, width):
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
        )
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


# windows and letters for which a page must not scroll sideways; 640: a window of 1280 at 200 %
@pytest.mark.parametrize(
    "scheme, width, narrow",
    [("light", 1280, [(640, "100%")]), ("dark", 360, [(360, "100%"), (360, "200%")])],
)
def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(
    reader, site, scheme, width, narrow
):
    """Every page, which takes its time to load, serves both questions."""
    page, wrong = reader(scheme, width), []
    for name in names():
        page.goto(site + name)
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") in {
            scheme,
            "light dark",
        }
        page.evaluate(UNFOLD)
        wrong += [f"{name}: {finding}" for finding in findings(page)]
        for across, letters in narrow:
            page.set_viewport_size({"width": across, "height": 900})
            page.evaluate("size => { document.documentElement.style.fontSize = size; }", letters)
            page.evaluate(UNFOLD)
            wrong += [f"{name}, letters of {letters}: {one}" for one in page.evaluate(SIDEWAYS)]
        page.set_viewport_size({"width": width, "height": 900})
    assert wrong == [], "\n".join(wrong)


def test_axe_sees_a_fault(reader, site):
    page = reader("light", 1280)
    page.goto(f"{site}book/students.html")
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<p style=\"color:"
        ' #bbb">faint</p><img src="x.png">\')'
    )
    assert {line.split()[0] for line in findings(page)} == {"color-contrast", "image-alt"}


def test_what_is_too_wide_is_seen(reader, site):
    page = reader("light", 640)
    page.goto(f"{site}book/students.html")
    assert page.evaluate(SIDEWAYS) == []
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend',"
        " '<p style=\"width: 700px\">wide</p>')"
    )
    assert "wide because of <p" in page.evaluate(SIDEWAYS)[0]


@pytest.mark.parametrize("width", [360, 1280])
def test_words_in_tables_stay_whole(reader, site, width):
    """A column that may break its words anywhere is as narrow as one letter."""
    page = reader("light", width)
    page.goto(f"{site}book/contributors.html")
    breaking = page.evaluate("""() => [...document.querySelectorAll("table :is(th, td) p")]
        .map(words => getComputedStyle(words).overflowWrap)""")
    assert len(breaking) > 100 and set(breaking) == {"normal"}


@pytest.mark.parametrize("width", [360, 1280])
def test_jumps_arrive_where_they_should(page, site, width):
    """From another page and within one, to every section, figure and formula of two long pages."""
    page.set_viewport_size({"width": width, "height": 900})
    # Pixels from the window's top. A target near the end may stand lower: nothing is left to
    # scroll.
    top = """id => {
        const y = Math.round(document.getElementById(id).getBoundingClientRect().top);
        const left = document.documentElement.scrollHeight - innerHeight - scrollY;
        return left > 1 ? y : Math.min(y, 0);
    }"""
    landed = {}
    for name in ("08-models/5-transformer-lm", "05-information/review"):
        address = f"{site}book/{name}.html"
        page.goto(address)
        targets = page.evaluate(
            "[...document.querySelectorAll('.bd-article section[id], .bd-article figure[id],"
            " .bd-article .math[id]')].map(e => e.id)"
        )
        for target in targets:
            page.goto("about:blank")
            page.goto(f"{address}#{target}")
            landed[target] = page.evaluate(top, target)
        for target in targets:
            page.evaluate("id => { location.hash = id; }", target)
            landed[f"{target}, within"] = page.evaluate(top, target)
    assert len(landed) >= 30
    assert {target: y for target, y in landed.items() if not 0 <= y < 100} == {}


@pytest.mark.parametrize("name", ["book/intro.html", "book/03-softmax/index.html"])
def test_focus_shows_wherever_the_keyboard_goes(reader, site, name):
    page = reader("dark", 1280)
    page.goto(site + name)
    page.wait_for_load_state("networkidle")
    hidden, seen = [], 0
    for _ in range(60):
        page.keyboard.press("Tab")
        said = page.evaluate("""() => {
            const style = getComputedStyle(document.activeElement);
            const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
            return [shown, document.activeElement.outerHTML.slice(0, 100)];
        }""")
        seen += said[0]
        hidden += [] if said[0] else [said[1]]
    assert hidden == [] and seen == 60, "\n".join(hidden)


def test_nothing_moves_for_who_wants_no_motion(reader, site):
    page = reader("light", 1280)
    page.goto(f"{site}book/03-softmax/index.html")
    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter(element => {
        const style = getComputedStyle(element);
        return style.transitionDuration !== "0s" || style.animationName !== "none" || style.scrollBehavior !== "auto";
    }).map(element => element.outerHTML.slice(0, 100))""")
    assert moving == []


def test_the_frame_works_without_the_scripts_that_were_dropped(page, site):
    page.goto(f"{site}book/students.html")
    page.get_by_role("tab", name="Linux").or_(
        page.locator("label.sd-tab-label", has_text="Linux")
    ).first.click()
    assert page.locator(".sd-tab-content:visible").count() == 1
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    switch = page.get_by_role("button", name="Light, dark or as the system")
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        switch.click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before

    page.goto(f"{site}book/03-softmax/review.html")
    # kept on the next page
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    solution = page.locator(".admonition.dropdown").first
    assert not solution.locator("> :not(summary)").first.is_visible()
    solution.locator("> summary").press("Enter")
    assert solution.locator("> :not(summary)").first.is_visible()
    assert page.locator(".copybtn").count() > 0

    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    page.locator("#search-results li").first.wait_for()
    icon = page.evaluate(
        """document.fonts.ready.then(() =>
        [...document.fonts].filter(font => font.family.includes("Awesome") && font.status === "loaded").length)"""
    )
    # the signs came from the small font
    assert icon > 0

"""Figures on a phone: no words too small to read, and each can be made larger and moved."""

import pytest

from .conftest import SITE, watched
from .test_accessibility import findings

PAGE = "book/09-conditioning/1-prompt-conditioning.html"
# Size in CSS pixels of the smallest text of every figure as the page shows it: the drawing is put
# into the page at the picture's own width, and the browser says what became of its outlines, which
# are drawn for a font of 100 units. Exponents, smaller by design, are parts of these.
SMALLEST = """() => Promise.all([
    ...document.querySelectorAll(".cell_output figure img")
].map(async image => {
    const holder = document.createElement("div");
    holder.innerHTML = (await (await fetch(image.src)).text()).replace(/^[^]*?(?=<svg)/, "");
    const drawing = holder.querySelector("svg");
    const width = image.getBoundingClientRect().width;
    drawing.setAttribute("width", width);
    drawing.removeAttribute("height");
    document.body.append(holder);
    const sizes = [...drawing.querySelectorAll("g[id^=text_] > g")].map(text => {
        const { a, b } = text.getCTM();
        return 100 * Math.hypot(a, b);
    });
    holder.remove();
    return [image.closest("figure").id, width, Math.min(...sizes)];
}))"""


def pages_with_figures():
    return sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.glob("book/*/*.html")
        if "figure-frame" in path.read_text(encoding="utf-8")
    )


def test_no_words_in_a_figure_are_smaller_than_nine_pixels_on_a_phone(phone, site):
    found = []
    for name in pages_with_figures():
        phone.goto(site + name)
        found += phone.evaluate(SMALLEST)
    assert len(found) >= 80
    assert [figure for figure in found if not 8.99 <= figure[2] < 40] == []


def test_a_figure_wider_than_the_phone_says_so_and_moves(phone, site):
    phone.goto(site + PAGE)
    frame = phone.locator(".figure-frame").first
    frame.scroll_into_view_if_needed()
    box = frame.locator(".figure-scroll")
    phone.wait_for_function("document.querySelector('.figure-scroll').tabIndex === 0")
    shade = "getComputedStyle(document.querySelector('.figure-frame'), '::after').content"
    assert phone.evaluate(shade) == '""'
    box.evaluate("box => box.scrollTo(100, 0)")
    phone.wait_for_function(f"{shade} === 'none'")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_a_tap_enlarges_a_figure_and_it_can_be_moved(phone, site):
    phone.goto(site + PAGE)
    picture = phone.locator(".figure-scroll img").first
    small = picture.bounding_box()["width"]
    picture.tap()
    view = phone.get_by_role("dialog", name="Figure 9.1")
    large = view.locator("img")
    shown = large.bounding_box()["width"]
    assert shown > 1.3 * small
    view.get_by_role("button", name="Larger").tap()
    assert large.bounding_box()["width"] == pytest.approx(1.4 * shown, rel=0.01)
    pane = view.locator(".figure-view-pane")
    pane.evaluate("pane => pane.scrollBy(80, 0)")
    assert pane.evaluate("pane => pane.scrollLeft") > 80
    for _ in range(9):
        view.get_by_role("button", name="Smaller").tap()
    whole = large.bounding_box()  # no smaller than the window
    assert whole["width"] == pytest.approx(360, abs=2)
    view.get_by_role("button", name="Close").tap()
    assert view.count() == 0


PINCH = """pane => {
    const touch = (identifier, clientX) =>
        new Touch({identifier, target: pane, clientX, clientY: 300});
    const send = (name, ...xs) => pane.dispatchEvent(new TouchEvent(name, {
        touches: xs.map((x, i) => touch(i, x)), cancelable: true, bubbles: true,
    }));
    send("touchstart", 100, 200);
    send("touchmove", 50, 250);
}"""


def test_two_fingers_enlarge_about_the_point_between_them(phone, site):
    phone.goto(site + PAGE)
    phone.locator(".figure-scroll img").first.tap()
    large, pane = phone.locator(".figure-view img"), phone.locator(".figure-view-pane")
    before = large.bounding_box()
    share = (150 - before["x"]) / before["width"]
    pane.evaluate(PINCH)
    after = large.bounding_box()
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.01)
    assert (150 - after["x"]) / after["width"] == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_keyboard_opens_and_closes_it_and_axe_finds_nothing(browser, site, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = watched(context.new_page())
    page.goto(site + PAGE)
    page.locator(".figure-enlarge").first.press("Enter")
    view = page.get_by_role("dialog")
    width = view.locator("img").bounding_box()["width"]
    page.keyboard.press("+")
    assert view.locator("img").bounding_box()["width"] > 1.3 * width
    assert findings(page) == []
    page.keyboard.press("Escape")
    assert view.count() == 0
    assert page.evaluate("document.activeElement.className") == "figure-enlarge"
    context.close()
    assert page.errors == []

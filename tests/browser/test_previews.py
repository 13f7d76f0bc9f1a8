"""What links and letters show beside them: by pointer, keyboard and finger."""

import json

import pytest

from .conftest import SITE
from .test_accessibility import findings

PAGE = "book/05-information/3-perplexity.html"
SHOWN = ".course-preview:popover-open"
KINDS = {
    "term": "a[href$='#term-perplexity']",
    "equation": "a.reference[href='#equation-perplexity']",
    "source": "a[href*='bibliography.html#']",
    "section": "a[href$='#section-2-5']",
}


def test_the_pointer_shows_what_a_link_leads_to(page, site):
    page.goto(site + PAGE)
    assert not [url for url in page.asked if "/previews/" in url], "nothing is fetched before"
    said = {}
    for kind, link in KINDS.items():
        page.mouse.move(2, 2)
        page.locator(SHOWN).wait_for(state="detached")
        page.locator("article").locator(link).first.hover()
        said[kind] = page.locator(SHOWN).inner_text()
    assert "negative log-likelihood" in said["term"] and "Jelinek" in said["source"]
    assert said["equation"].startswith("Equation (5.7)") and "PPL" in said["equation"]
    assert said["section"].startswith("2.5 Prefix scoring")
    assert len([url for url in page.asked if "/previews/" in url]) == 1


def test_what_is_shown_stays_under_the_pointer_moves_nothing_and_closes_by_escape(page, site):
    page.goto(site + PAGE)
    link = page.locator("article").locator(KINDS["term"]).first
    link.hover()
    page.locator(SHOWN).wait_for()
    heights = "[document.documentElement.scrollHeight, scrollY, scrollX]"
    before = page.evaluate(heights)
    box = page.locator(SHOWN).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.wait_for_timeout(600)
    assert page.locator(SHOWN).count() == 1 and page.evaluate(heights) == before
    page.keyboard.press("Escape")
    assert page.locator(SHOWN).count() == 0 and page.evaluate(heights) == before


def test_the_keyboard_shows_and_names_it(page, site):
    page.goto(site + PAGE)
    page.keyboard.press("Tab")
    link = page.locator("article").locator(KINDS["term"]).first
    link.focus()
    page.locator(SHOWN).wait_for()
    assert link.get_attribute("aria-describedby") == "course-preview"
    page.keyboard.press("Tab")
    page.wait_for_function(
        "!document.querySelector('[href$=\"#term-perplexity\"][aria-describedby]')"
    )
    link.focus()
    page.locator(SHOWN).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#term-perplexity")


def test_a_letter_knows_its_line_of_the_notation(page, site):
    page.goto(f"{site}book/03-softmax/5-temperature.html")
    formula = page.locator("article p .katex", has_text="τ").first
    formula.locator(".mathnormal", has_text="τ").first.hover()
    page.locator(SHOWN).wait_for()
    assert "temperature of decoding" in page.locator(SHOWN).inner_text()
    # the same lines stand at the page's foot for those who have no pointer
    page.locator(".course-symbols > summary").click()
    assert "temperature of decoding" in page.locator(".course-symbols").inner_text()


def test_a_finger_shows_first_and_goes_by_the_link_inside(phone, site):
    phone.goto(site + PAGE)
    link = phone.locator("article").locator(KINDS["term"]).first
    link.tap()
    phone.locator(SHOWN).wait_for()
    assert phone.url == site + PAGE
    box = phone.locator(SHOWN).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    phone.locator("article h1").tap()
    phone.locator(SHOWN).wait_for(state="detached")
    link.tap()
    phone.locator(f"{SHOWN} a").tap()
    phone.wait_for_url("**/glossary.html#term-perplexity")
    # a link on the way through the book has nothing to show: one tap goes
    phone.goto(f"{site}book/05-information/index.html")
    phone.locator(".section-map a, .course-path a").nth(1).tap()
    phone.wait_for_url("**/05-information/*-*.html")


def test_links_lead_on_where_the_texts_cannot_be_had(phone, site):
    phone.route("**/previews/**", lambda route: route.abort())
    phone.goto(site + PAGE)
    phone.locator("article").locator(KINDS["term"]).first.tap()
    phone.wait_for_url("**/glossary.html#term-perplexity")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_something_is_shown(browser, site, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page, wrong = context.new_page(), []
    for name, link in (
        (PAGE, KINDS["equation"]),
        ("book/07-decoding/3-top-k.html", ".katex .mathnormal"),
    ):
        page.goto(site + name)
        page.locator("article p").locator(link).first.hover()
        page.locator(SHOWN).wait_for()
        wrong += findings(page)
    context.close()
    assert wrong == []


def test_every_page_of_a_chapter_explains_its_symbols():
    pages = sorted((SITE / "previews").glob("[01]*/*.json"))
    assert len(pages) > 60
    lines = {
        path.stem: sum(map(len, json.loads(path.read_text())["formulas"].values()))
        for path in pages
        if path.stem[0].isdigit()
    }
    assert len(lines) == 50 and min(lines.values()) >= 3, lines

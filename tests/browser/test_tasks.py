"""What readers come for, played on a desktop and on a phone, with the number of steps it takes.

A step is a click or a tap, a text typed, a key pressed. Answering a practice exercise, which needs
Python, is played in test_live_chapters.py; here a question of the self-check stands for it.
"""

import pytest

from .conftest import SITE, opened
from .test_offline import own_site  # noqa: F401 - a fixture
from .test_reading import COPY

DEVICES = {
    "desktop": {"viewport": {"width": 1366, "height": 768}},
    "phone": {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True},
}


class Reader:
    """A reader who counts the steps."""

    def __init__(self, page, device):
        self.page, self.touches, self.steps = page, device == "phone", 0

    def press(self, part):
        part = part.first
        part.tap() if self.touches else part.click()
        self.steps += 1

    def look_at(self, part):
        """The pointer rests on it, or a finger taps it."""
        if self.touches:
            return self.press(part)
        part.first.hover()
        self.steps += 1

    def type(self, words):
        self.page.keyboard.type(words)
        self.steps += 1

    def key(self, name):
        self.page.keyboard.press(name)
        self.steps += 1

    def open_search(self):
        if self.touches:
            self.press(self.page.locator(".search-button:visible, .search-button-field:visible"))
        else:
            self.key("Control+k")


@pytest.fixture(params=DEVICES)
def reader(browser, request):
    with opened(browser, **DEVICES[request.param]) as page:
        yield Reader(page, request.param)


def test_find_what_perplexity_is_and_where_it_is_derived(reader, site):
    page = reader.page
    page.goto(f"{site}book/intro.html")
    reader.open_search()
    reader.type("perplexity")
    results = page.locator(".course-results")
    results.get_by_text("exponential of the mean negative log-likelihood").first.wait_for()
    assert reader.steps == 2, "the definition stands among the results"
    reader.press(results.get_by_role("link", name="5.3 Perplexity"))
    page.wait_for_url("**/3-perplexity.html*")
    assert reader.steps == 3


def test_start_leave_and_come_back(reader, site):
    page = reader.page
    page.goto(f"{site}book/intro.html")
    reader.press(page.get_by_role("link", name="Start with chapter 1"))
    page.wait_for_url("**/01-distributions/index.html")
    reader.press(page.get_by_role("link", name="1.1", exact=True))
    page.wait_for_url("**/1-finite-vocabulary.html")
    page.goto("about:blank")
    page.goto(f"{site}book/intro.html")
    reader.press(page.get_by_role("link", name="Continue: 1.1"))
    page.wait_for_url("**/1-finite-vocabulary.html")
    assert reader.steps == 3


def test_look_up_a_symbol(reader, site):
    page = reader.page
    page.goto(f"{site}book/03-softmax/5-temperature.html")
    reader.look_at(page.locator("article p .katex .mathnormal", has_text="τ"))
    page.locator(".course-preview:popover-open", has_text="temperature of decoding").wait_for()
    assert reader.steps == 1


def test_answer_a_question(reader, site):
    page = reader.page
    page.goto(f"{site}book/05-information/review.html#check-yourself")
    reader.press(page.locator("#check-yourself summary", has_text="too low on average"))
    page.locator(".quiz-verdict.right").wait_for()
    assert reader.steps == 1


def test_find_top_p_by_its_name(reader, site):
    page = reader.page
    page.goto(f"{site}book/intro.html")
    reader.open_search()
    reader.type("top p")
    first = page.locator(".course-results li").first
    first.get_by_text("7.4").wait_for()
    reader.press(first.get_by_role("link"))
    page.wait_for_url("**/4-nucleus-top-p.html*")
    assert reader.steps == 3


def test_cite_a_section(reader, site):
    page = reader.page
    page.goto(f"{site}book/04-likelihood/4-gradient.html")
    reader.press(page.locator(".course-imprint summary"))
    assert "@misc{course-4-4" in page.locator(".course-imprint pre").inner_text()
    reader.look_at(page.locator(".course-imprint .highlight"))
    assert page.locator(".course-imprint .copybtn").count() == 1
    assert reader.steps == 2


def test_read_a_section_offline(reader, own_site):  # noqa: F811
    page = reader.page
    page.goto(f"{own_site.address}book/08-models/index.html")
    reader.press(page.locator(".course-offline"))
    page.get_by_text("Kept: every page").wait_for(timeout=120_000)
    own_site.stop()
    reader.press(page.get_by_role("link", name="8.5", exact=True))
    page.wait_for_url("**/5-transformer-lm.html")
    assert page.locator("article h1").inner_text().startswith("8.5")
    own_site.start(own_site.port)
    assert reader.steps == 2


def test_copy_a_formula(reader, site):
    page = reader.page
    page.goto(f"{site}book/05-information/3-perplexity.html")
    page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('div.math .katex-html'))"
    )
    assert page.evaluate(COPY).startswith("$$")


def test_enlarge_a_figure(reader, site):
    page = reader.page
    page.goto(f"{site}book/09-conditioning/4-guidance.html")
    reader.press(page.locator(".figure-scroll img"))
    page.get_by_role("dialog", name="Figure 9.7").wait_for()
    assert reader.steps == 1


def test_get_the_pdf(reader, site):
    if not list(SITE.glob("*.pdf")):
        pytest.skip("this site was built without the PDF (make pdf before make site)")
    page = reader.page
    page.goto(f"{site}book/intro.html")
    with page.expect_download() as taken:
        reader.press(page.get_by_role("link", name="PDF of the book"))
    assert taken.value.suggested_filename.endswith(".pdf") and reader.steps == 1

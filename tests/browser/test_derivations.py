"""Derivations: whole in the page, gone through step by step, and whole again on paper."""

import re

import nbformat
import pytest

from .conftest import PHONE, SITE, opened

BOX = ".derivation.admonition"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.glob("book/[01]*/*.html")
    if "derivation admonition" in path.read_text(encoding="utf-8")
)
ONE = "book/04-likelihood/4-gradient.html"
STATES = """box => [...box.querySelectorAll("ol > li")].map(
    step => [getComputedStyle(step).visibility, step.dataset.step ?? null])"""
# What a step changes: the ground behind it, and the line below it.
MARKS = """step => [...step.querySelectorAll(".katex-underline")].map((mark) => {
    const line = getComputedStyle(mark.querySelector(".underline-line"));
    return [getComputedStyle(mark.firstElementChild).backgroundColor,
            parseFloat(line.borderBottomWidth) > 0 && line.borderBottomStyle === "solid"];
})"""
CLEAR = "rgba(0, 0, 0, 0)"


def grounds(step):
    """The grounds behind the changed terms of a step; all of them are underlined."""
    marks = step.evaluate(MARKS)
    assert all(underlined for _, underlined in marks)
    return {ground for ground, _ in marks}


def test_there_are_derivations_and_each_step_marks_what_it_changes(site):
    assert len(PAGES) >= 8
    for name in PAGES:
        text = (SITE / name).read_text(encoding="utf-8")
        [box] = re.findall(
            r'<div class="derivation admonition">.*?<ol[^>]*>(.*?)</ol>', text, re.DOTALL
        )
        steps = box.split("<li>")[1:]
        assert len(steps) >= 3, name
        for place, step in enumerate(steps):
            assert len(re.sub(r"<[^>]*>", "", step.partition('<div class="math')[0]).split()) >= 4
            assert place == 0 or "katex-underline" in step, f"{name}: step {place + 1}"


def test_a_derivation_is_gone_through_by_buttons_and_keys(page, site):
    page.goto(site + ONE)
    box = page.locator(BOX)
    steps = box.locator("ol > li")
    n = steps.count()
    bar = box.get_by_role("group", name="Step by step: the gradient of the loss")
    status = bar.get_by_role("status")
    assert status.inner_text() == f"All {n} steps"
    assert box.evaluate(STATES) == [["visible", None]] * n
    everywhere = grounds(steps.nth(1))
    assert CLEAR not in everywhere
    height = box.bounding_box()["height"]

    bar.get_by_role("button", name="Next").click()
    for now in range(1, n + 1):
        assert status.inner_text() == f"Step {now} of {n}"
        assert box.evaluate(STATES) == [
            [
                "hidden" if i > now else "visible",
                "before" if i < now else "later" if i > now else "now",
            ]
            for i in range(1, n + 1)
        ]
        if now > 1:
            [ground] = grounds(steps.nth(now - 1))
            assert ground not in everywhere | {CLEAR}, "the step looked at stands out"
        if now > 2:
            assert grounds(steps.nth(now - 2)) == {CLEAR}
        assert box.bounding_box()["height"] == height, "nothing moves"
        page.keyboard.press("ArrowRight")
    back = bar.get_by_role("button", name="Back")
    assert bar.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    back.focus()
    page.keyboard.press("Enter")
    assert status.inner_text() == f"Step {n - 1} of {n}"
    for key, said in (
        ("Home", f"Step 1 of {n}"),
        ("ArrowLeft", f"Step 1 of {n}"),
        ("End", f"Step {n} of {n}"),
        ("Escape", f"All {n} steps"),
    ):
        page.keyboard.press(key)
        assert status.inner_text() == said
    assert box.evaluate(STATES) == [["visible", None]] * n


def test_paper_and_a_browser_without_scripts_have_every_step(page, browser, site):
    page.goto(site + ONE)
    page.locator(BOX).get_by_role("button", name="Next").click()
    page.emulate_media(media="print")
    assert {shown for shown, _ in page.locator(BOX).evaluate(STATES)} == {"visible"}
    assert not page.locator(".derivation-bar").is_visible()
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(site + ONE, wait_until="domcontentloaded")
    steps = bare.locator(f"{BOX} ol > li").all()
    assert len(steps) == 4 and all(step.is_visible() for step in steps)
    assert bare.locator(".derivation-bar").count() == 0
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_derivation_fits_and_passes_axe(browser, site, name):
    from .test_accessibility import AXE

    for device in (
        PHONE | {"color_scheme": "dark"},
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    ):
        with opened(browser, **device) as page:
            page.goto(site + name)
            page.evaluate(
                "for (const fold of document.querySelectorAll('details')) fold.open = true"
            )
            page.locator(BOX).get_by_role("button", name="Next").click()
            page.locator(BOX).get_by_role("button", name="Next").click()
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            cut = page.evaluate(
                "box => [...document.querySelectorAll(box + ' .math-scroll')]"
                ".map(part => part.scrollWidth - part.clientWidth)",
                BOX,
            )
            assert max(cut) <= 0, "a formula is cut"
            page.evaluate(AXE)
            wrong = page.evaluate("box => axe.run(box, {resultTypes: ['violations']})", BOX)[
                "violations"
            ]
            assert [f"{r['id']}: {r['nodes'][0]['html'][:160]}" for r in wrong] == []


def test_a_page_without_a_derivation_has_no_script_for_one(site):
    with_one = (SITE / ONE).read_text(encoding="utf-8")
    without = (SITE / "book/04-likelihood/1-dataset-likelihood.html").read_text(encoding="utf-8")
    assert "derivations.js" in with_one and "derivations.js" not in without


def test_downloaded_notebooks_have_the_steps_as_a_list():
    for name in ("4.4-gradient", "6.5-temperature-scaling"):
        notebook = nbformat.read(SITE / f"_downloads/notebooks/{name}.ipynb", as_version=4)
        text = "\n".join(one.source for one in notebook.cells if one.cell_type == "markdown")
        assert ":::" not in text and "**Step by step: " in text
        steps = text.partition("**Step by step: ")[2]
        assert re.findall(r"(?m)^(\d)\. ", steps)[:4] == ["1", "2", "3", "4"]
        assert r"\underline{" in steps

"""Guesses, answers and progress, kept by the browser and by nobody else."""

import json

import pytest
from bs4 import BeautifulSoup

from .conftest import SITE, settle
from .live import KEPT, SEED
from .test_accessibility import findings

SECTION = "book/05-information/3-perplexity.html"
REVIEW = "book/05-information/review.html"


def test_a_guess_is_kept_and_comes_back_at_the_end(page, site):
    page.goto(site + SECTION)
    returned = page.locator(".remember .guess-kept")
    assert not returned.is_visible()
    page.get_by_label("Your guess").fill("about 5 %")
    page.get_by_role("button", name="Keep", exact=True).click()
    assert "you guessed: “about 5 %”" in returned.inner_text()
    page.reload()
    assert page.get_by_label("Your guess").input_value() == "about 5 %"
    assert "“about 5 %”" in returned.inner_text()
    # 5.3 asks for a number: it is set beside the one that the notebook prints, where it prints it
    result = page.locator(".guess-result")
    computed = page.locator("form.guess").get_attribute("data-computed")
    off = f"{5 - float(computed):.3g}"
    assert f"You guessed 5. The notebook computes {computed}: off by {off}." in result.inner_text()
    assert f"perplexity {computed}" in result.locator("xpath=preceding-sibling::*[1]").inner_text()
    yours, truth = (
        result.locator(f".{kind}").bounding_box()["x"] for kind in ("yours", "computed")
    )
    assert yours > truth and f"computes {computed}" in returned.inner_text()
    page.get_by_label("Your guess").fill(f"{computed} characters")
    page.get_by_role("button", name="Keep", exact=True).click()
    assert "exactly right" in result.inner_text()
    page.get_by_label("Your guess").fill("")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.reload()
    assert not returned.is_visible() and result.count() == 0 and page.sent == []


def test_the_first_answer_is_judged_and_remembered(page, site):
    page.goto(site + REVIEW)
    quiz = page.locator("#check-yourself")
    score = quiz.locator(".quiz-score")
    assert "3 questions." in score.inner_text()
    quiz.locator("summary", has_text="infinite").click()
    quiz.locator("summary", has_text="about 0.03 nats").click()  # looked at, not chosen
    quiz.locator("summary", has_text="right on average").click()
    assert "1 of 2 right at first choice." in score.inner_text()
    page.reload()
    verdicts = quiz.locator(".quiz-verdict")
    assert [v.strip() for v in verdicts.all_inner_texts()] == [
        "✗ your answer, not right",
        "✓ your answer, right",
    ]
    assert "1 of 2" in score.inner_text()
    score.get_by_role("button", name="Start again").click()
    assert verdicts.count() == 0 and "3 questions." in score.inner_text()
    assert page.sent == []


def test_every_question_has_one_right_answer_that_says_so():
    right = []
    for path in sorted(SITE.glob("book/*/review.html")):
        review = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for part in review.select_one("#check-yourself").find_all(
            ["p", "details"], recursive=False
        ):
            if part.name == "p":
                right.append([])
            else:
                right[-1].append(part.find("p").get_text().startswith("Yes"))
    assert len([answers for answers in right if answers]) == 30
    assert all(sum(answers) == 1 for answers in right if answers)


def test_sections_are_read_at_their_end_and_counted_and_carried_away(page, site, tmp_path):
    page.goto(site + SECTION)
    page.evaluate("document.querySelector('h1').scrollIntoView()")
    page.wait_for_timeout(200)
    assert page.evaluate("localStorage.getItem('lm-read:05-information/3-perplexity')") is None
    page.locator(".course-imprint").scroll_into_view_if_needed()
    page.wait_for_function("localStorage.getItem('lm-read:05-information/3-perplexity')")
    # an assignment, as its page keeps it, and what was typed there
    page.evaluate("localStorage.setItem('lm-assignment:05-information', '[2, 5]')")
    page.evaluate(SEED, ["assignment:05-information", {"answers": {"p1": "mine"}}])
    page.goto(f"{site}book/05-information/index.html")
    line = page.locator(".course-progress").inner_text()
    wanted = "1 of 5 sections read, 2 of 5 problems of the assignment solved."
    assert line == f"In this browser: {wanted}"
    page.goto(f"{site}book/intro.html")
    card = page.locator(".chapter-cards .sd-card", has_text="5 Entropy")
    card.get_by_text("1 of 5 sections read").wait_for()
    card.get_by_text("2 of 5 problems of the assignment solved").wait_for()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Save my progress").click()
    file = tmp_path / "progress.json"
    taken.value.save_as(file)
    assert "lm-read:05-information/3-perplexity" in json.loads(file.read_text())

    page.evaluate("localStorage.clear()")
    page.evaluate(SEED, ["assignment:05-information", {"answers": {}}])
    page.reload()
    card.get_by_text("0 of 5 sections read").wait_for()
    assert card.get_by_text("of the assignment solved").count() == 0
    page.get_by_label("Load such a file").set_input_files(file)
    card.get_by_text("2 of 5 problems of the assignment solved").wait_for()
    kept = page.evaluate(KEPT, "assignment:05-information")
    assert kept == {"answers": {"p1": "mine"}}
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    page.get_by_label("Load such a file").set_input_files(wrong)
    page.get_by_text("it holds nothing of this course").wait_for()
    assert page.sent == []


def test_a_damaged_file_of_progress_changes_only_what_is_whole(page, site, tmp_path):
    page.goto(f"{site}book/intro.html")
    field, said = (
        page.get_by_label("Load such a file"),
        page.locator(".progress-file [role=status]"),
    )
    file = tmp_path / "progress.json"
    whole = {"lm-read:05-information/3-perplexity": '"2026-01-01"', "work": {"page:x": []}}
    harm = {
        "lm-assignment:05-information": "[2,",
        "lm-quiz:05-information/review": "[]",
        "lm-place": json.dumps({"address": "javascript:alert(1)", "title": "1.1"}),
        "lm-guess:05-information/1-entropy": 7,
    }
    for content, words in (
        ('{"lm-read', "it is damaged, or no file of this course"),
        ("null", "it holds nothing of this course"),
        ("[1, 2]", "it holds nothing of this course"),
        (json.dumps(harm | {"work": {"assignment:y": "x"}}), "all of it is damaged"),
        (json.dumps(harm | whole), "2 entries read, 4 left out because they are damaged."),
    ):
        file.write_text(content)
        field.set_input_files(file)
        page.wait_for_function(
            "words => document.querySelector('.progress-file [role=status]').textContent"
            ".includes(words)",
            arg=words,
        )
    assert said.is_visible()
    card = page.locator(".chapter-cards .sd-card", has_text="5 Entropy")
    card.get_by_text("1 of 5 sections read").wait_for()
    page.reload()
    card.get_by_text("1 of 5 sections read").wait_for()
    assert page.locator("a.course-start[href^=javascript]").count() == 0


def test_what_is_damaged_in_this_browser_is_as_if_it_were_not_there(page, site):
    page.goto(f"{site}book/05-information/index.html")
    page.evaluate("localStorage.setItem('lm-read:05-information/3-perplexity', '\"2026-01-01\"')")
    for value in ("[2,", "null", '{"a": 1}', "7"):
        page.evaluate(
            "value => ['lm-assignment:05-information', 'lm-quiz:05-information/review', 'lm-place']"
            ".forEach(name => localStorage.setItem(name, value))",
            value,
        )
        page.goto(f"{site}book/05-information/index.html")
        assert "1 of 5 sections read." in page.locator(".course-progress").inner_text()
        page.goto(f"{site}book/05-information/review.html")
        assert page.locator(".quiz-score").inner_text().startswith("3 questions")
        page.goto(f"{site}book/intro.html")
        card = page.locator(".chapter-cards .sd-card", has_text="5 Entropy")
        card.get_by_text("1 of 5 sections read").wait_for()
    assert page.errors == []


@pytest.mark.parametrize("kind", ["intro", "05-information/index", "05-information/review"])
def test_pages_work_where_storage_is_forbidden(page, site, kind):
    page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage", "indexedDB"])
            Object.defineProperty(window, name, {
                get() { throw new DOMException("denied", "SecurityError"); },
            });"""
    )
    page.goto(f"{site}book/{kind}.html")
    settle(page, 600)
    if kind == "intro":
        page.locator(".chapter-cards .chapter-solved").first.wait_for()
    elif kind.endswith("review"):
        page.locator("#check-yourself summary").first.click()
        page.locator(".quiz-verdict").wait_for()
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_among_guesses_and_verdicts(browser, site, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(site + REVIEW)
    for answer in page.locator("#check-yourself summary").all():
        answer.click()
    wrong = findings(page)
    page.goto(site + SECTION)
    page.get_by_label("Your guess").fill("5")
    page.get_by_role("button", name="Keep", exact=True).click()
    wrong += findings(page)
    page.goto(f"{site}book/intro.html")
    page.get_by_role("button", name="Save my progress").wait_for()
    wrong += findings(page)
    context.close()
    assert wrong == []

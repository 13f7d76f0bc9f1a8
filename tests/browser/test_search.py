"""The search finds places, not pages, while the reader types."""

from pathlib import Path

from .conftest import settle

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")

# What a reader types, and how the title or the address of the first result begins.
WANTED = {
    "top p": "7.4 ",
    "top-p": "7.4 ",
    "top_p_filter": "7.4 ",
    "nucleus sampling": "7.4 ",
    "top k": "7.3 ",
    "KL": "KL divergence",
    "log sum exp": "3.4 ",
    "logsumexp": "3.4 ",
    "softmax": "3.2 ",
    "softmx": "3.2 ",
    "perplexity": "5.3 ",
    "perplexty": "5.3 ",
    "entrophy": "5.1 ",
    "Kneser-Ney": "Kneser–Ney smoothing",
    "kneser ney smoothing": "8.2 ",
    "why is my loss nan": "4.4 ",
    "teacher forcing": "2.2 ",
    "causal mask": "2.3 ",
    "expected calibration error": "6.4 ",
    "temperature scaling": "6.5 ",
    "beam search": "7.5 ",
    "length penalty": "7.5 ",
    "bits per byte": "5.4 ",
    "chain rule": "2.1 ",
    "padding mask": "4.5 ",
    "ignore_index": "4.5 ",
    "cross entropy gradient": "4.4 ",
    "guidance": "9.4 ",
    "distribution shift": "10.3 ",
    "transformer": "8.5 ",
    "EOS": "1.1 ",
    "figure 7.1": "Figure 7.1",
}
# What readers type in a hurry, by another spelling, as one word or by a name from elsewhere.
LOOSELY = {
    "nuclues sampling": "7.4 ",
    "temprature": "3.5 ",  # codespell:ignore
    "cross entorpy": "4.3 ",
    "beem search": "7.5 ",
    "calibation": "6.3 ",
    "reliabilty diagram": "6.3 ",
    "perplexety": "5.3 ",
    "kulback leibler": "5.2 ",
    "smoothign": "8.2 ",  # codespell:ignore
    "recurent network": "8.4 ",  # codespell:ignore
    "transfomer": "8.5 ",  # codespell:ignore
    "atention": "8.5 ",  # codespell:ignore
    "guidence": "9.4 ",  # codespell:ignore
    "distribution shfit": "10.3 ",  # codespell:ignore
    "maximum liklihood": "4.1 ",  # codespell:ignore
    "topk": "7.3 ",
    "topp": "7.4 ",
    "minp": "min-p",
    "ngrams": "8.1 ",
    "bigram model": "8.1 ",
    "length normalisation": "6.2 ",
    "length normalization": "6.2 ",
    "normalisation check": "10.1 ",
    "tokeniser": "5.5 ",
    "arithmetic coding": "5.4 ",
    "partition function": "3.2 ",
    "classifer free guidance": "9.4 ",  # codespell:ignore
    "data contamination": "10.2 ",
    "scaling laws": "10.5 ",
    "few shot": "9.1 ",
    "jailbreak": "9.5 ",
    "end of sequence": "1.1 ",
    "zero probability": "1.4 ",
    "softmax temperature": "3.5 ",
}
# Queries that name a term show its definition above the places.
DEFINED = {"perplexity": "perplexity", "softmx": "softmax", "causal mask": "causal mask"}


def results(page):
    """(title, kind) of what is shown, in order."""
    page.locator(".course-results-status:not(:empty)").wait_for()
    return page.locator(".course-results li").evaluate_all(
        "items => items.map(item => [item.querySelector('a').textContent, item.className])"
    )


def test_the_first_place_is_the_one_that_is_meant(page, site):
    wrong = {}
    page.goto(f"{site}search.html?q=entropy")
    results(page)
    field = page.locator("article input[type=search], .bd-search-container input[type=search]")
    for query, wanted in (WANTED | LOOSELY).items():
        field.fill(query)
        shown = results(page)
        defined = [title for title, kind in shown[:1] if kind == "term" and title != wanted]
        places = [title for title, kind in shown if [title] != defined]
        if not places or not places[0].startswith(wanted):
            wrong[query] = places[:3]
        if query in DEFINED and defined != [DEFINED[query]]:
            wrong[query] = defined
    assert not wrong


def test_the_field_of_every_page_finds_places_while_typing(page, site):
    page.goto(f"{site}book/03-softmax/index.html")
    field = page.locator(".search-button__search-container input")
    assert not field.is_visible()
    page.keyboard.press("Control+k")
    assert field.is_visible()
    page.keyboard.type("perplex", delay=30)
    page.locator(".course-results li").first.wait_for()
    assert "5.3 Perplexity" in [title for title, _ in results(page)]
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    title = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/05-information/**")
    assert title in page.locator("article h1").inner_text()


def test_who_comes_back_to_the_results_finds_the_last_words(page, site):
    page.goto(f"{site}search.html?q=softmax")
    results(page)
    page.locator("article input[type=search], .bd-search-container input[type=search]").fill("KL")
    page.locator(".course-results li a", has_text="5.2").first.click()
    page.wait_for_url("**/05-information/**")
    page.go_back()
    page.wait_for_url("**/search.html?q=KL")
    page.locator(".course-results li a", has_text="5.2").first.wait_for()


def test_nothing_found_is_said_and_marks_are_whole_words(page, site):
    page.goto(f"{site}search.html?q=zzzzqqqq")
    page.get_by_text("Nothing found for “zzzzqqqq”").wait_for()
    page.goto(f"{site}search.html?q=KL")
    results(page)
    marks = page.locator(".course-results mark").all_inner_texts()
    assert marks and {mark.lower() for mark in marks} == {"kl"}


def test_the_search_weighs_little_and_only_where_it_is_used(page, site):
    page.goto(f"{site}book/03-softmax/index.html")
    settle(page, 500)
    assert not [url for url in page.asked if "/search/" in url]
    page.goto(f"{site}search.html")  # without a word to search for
    settle(page, 500)
    assert not [url for url in page.asked if "/search/" in url]
    page.locator(".bd-search-container input[type=search]").click()
    page.keyboard.type("KL")
    assert "KL divergence" in [title for title, _ in results(page)]
    page.asked.clear()
    page.goto(f"{site}book/03-softmax/index.html")
    with page.expect_response("**/search/documents.json"):
        page.locator(".search-button-field").first.click()
    settle(page, 500)
    assert sorted(url.rpartition("/")[2] for url in page.asked if "/search/" in url) == [
        "documents.json",
        "search.js",
    ]


def test_what_the_search_shows_is_accessible(page, site):
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.goto(f"{site}search.html?q=softmax")
        results(page)
        page.evaluate(AXE)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []

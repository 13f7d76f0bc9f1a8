"""What stands under each page: the citation, the state, the report of a fault, and the feed."""

import doctest
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

pytest.importorskip("yaml")
HOME = Path(__file__).resolve().parents[1]
CHANGES = """# What changed

## 0.2.0 (not released)

- New & better.

## 0.1.0 (2025-11-21)

- First.
"""


@pytest.fixture
def imprint(monkeypatch):
    monkeypatch.syspath_prepend(str(HOME / "book" / "_ext"))
    from course_ext import imprint

    return imprint


def test_examples_of_the_imprint(imprint):
    failed, tried = doctest.testmod(imprint)
    assert (failed, tried > 0) == (0, True)


def test_the_citation_is_that_of_the_citation_file(imprint):
    about = imprint.citation(HOME)
    address = "https://a.example/b_c/4.html"
    entry = imprint.bibtex(about, "book/04-likelihood/4-gradient", "4.4 Gradient", address)
    assert entry.startswith("@misc{course-4-4,") and about["title"] in entry
    assert f"version {about['version']}" in entry and address in entry
    assert about["authors"][0]["name"] in entry and about["date-released"][:4] in entry
    person = {"authors": [{"family-names": "Curie", "given-names": "Marie"}]}
    assert "{Curie, Marie}" in imprint.bibtex(person, "book/notation", "Notation", "")


@pytest.mark.parametrize(
    "repository, names",
    [
        ("https://github.com/owner/course", ("title", "body")),
        ("https://gitlab.com/owner/course/", ("issue[title]", "issue[description]")),
    ],
)
def test_a_report_names_page_and_commit(imprint, repository, names):
    address = urlsplit(imprint.report(repository, "book/notation", "Notation", "abc1234"))
    form = parse_qs(address.query)
    assert address.path == "/owner/course/issues/new" and set(form) == set(names)
    assert form[names[0]] == ["Notation"]
    assert "book/notation" in form[names[1]][0] and "abc1234" in form[names[1]][0]


def test_the_feed_has_an_entry_for_each_version(imprint):
    text = imprint.feed(CHANGES, "Course", "Team", "https://a.example/c/", "2026-01-02")
    root = ElementTree.fromstring(text.encode())
    entries = root.findall("{*}entry")
    assert [entry.findtext("{*}title") for entry in entries] == ["0.2.0", "0.1.0"]
    assert [entry.findtext("{*}updated")[:10] for entry in entries] == ["2026-01-02", "2025-11-21"]
    assert root.findtext("{*}updated") == "2026-01-02T00:00:00Z"
    assert "New & better." in entries[0].findtext("{*}content")
    assert root.find("{*}link[@rel='self']").get("href") == "https://a.example/c/changes.xml"
    alone = ElementTree.fromstring(imprint.feed(CHANGES, "Course", "Team", "", "").encode())
    assert alone.findall("{*}link") == []

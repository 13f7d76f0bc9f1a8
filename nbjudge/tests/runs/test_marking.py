"""Marking by hand on a page of ours: what is saved, who may see it, and what can go wrong."""

import csv
import json
import re
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest
from made_up.essays import ANSWERS, CHAPTER, make_class
from nbgrader.api import Gradebook
from nbjudge.cli import main
from nbjudge.term import marking, marking_server

WRITERS = [name for name, text in ANSWERS.items() if text]


@pytest.fixture(scope="module")
def graded(sandbox, tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("essays") / "course")


@pytest.fixture
def home(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


@contextmanager
def serving(home, **options):
    """The address of a server that marks."""
    server, address = marking_server.serve(marking.Desk("1", home, secret=b"test", **options))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def get(address, form=None, **headers):
    """The page at an address, after redirections, and where it was found."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(address, data, headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return answer.read().decode(), answer.geturl()


def refused(address, form=None, **headers):
    """Status and text of a page that is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        get(address, form, **headers)
    return error.value.code, error.value.read().decode()


def hidden(page):
    """The fields of a form that nobody types."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def stored(home, student):
    """Points, comment, and whether they wait, as nbgrader's own programs read them."""
    with Gradebook(f"sqlite:///{home}/gradebook.db", "made-up") as book:
        grade = book.find_grade("p2", "exercises", CHAPTER, student)
        comment = book.find_comment("p2", "exercises", CHAPTER, student)
        return grade.manual_score, comment.manual_comment, grade.needs_manual_grade


def test_answers_come_one_after_another_and_marks_go_into_nbgraders_gradebook(home):
    with serving(home) as address:
        page, where = get(address + "0/")
        seen = []
        for points in ("2", "0,5", "1.25"):
            seen.append(re.search(r'class="whose">(.+?)</p>', page)[1])
            page, where = get(where, {**hidden(page), "points": points, "comment": "Say why."})
    assert seen == [
        "Bell, Ann (ann) · answer 1 of 3 · 0 of 3 marked",
        "bob · answer 2 of 3 · 1 of 3 marked",
        "eve · answer 3 of 3 · 2 of 3 marked",
    ]
    assert where == address and "3 of 3 marked" in page
    assert [stored(home, name) for name in WRITERS] == [
        (2.0, "Say why.", False),
        (0.5, "Say why.", False),
        (1.25, "Say why.", False),
    ]
    assert stored(home, "jon")[0] is None, "what is blank is not to be marked"
    assert main(["grade", "--home", str(home)]) == 0
    with open(home / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(rows[name]["score"]) for name in ANSWERS} == {
        "ann": 12.0,
        "bob": 10.5,
        "eve": 11.25,
        "jon": 0.0,
    }
    assert "Say why." in (home / "feedback" / "bob" / CHAPTER / "exercises.html").read_text()


def test_the_page_shows_question_scheme_and_answer_and_nothing_that_runs(home):
    with serving(home) as address:
        page, _ = get(address + "0/")
        pages = [get(address + f"0/{key}")[0] for key in keys(home)]
    assert "Marking scheme" in page and "the underflow of long products" in page
    assert "<strong>underflow</strong>" in page and "The author" in page
    eve = next(one for one in pages if "eve" in one)
    assert eve.count("<script") == 1 and '<script src="/' in eve
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", eve) and "javascript:" not in eve


def keys(home):
    desk = marking.Desk("1", home, secret=b"test")
    return [one.key for one in desk.answers(desk.problems[0])]


def test_anonymous_pages_hold_neither_names_nor_their_order(home):
    with serving(home, anonymous=True) as address:
        page, where = get(address + "0/")
        pages = [page]
        while found := re.search(r'id="next" href="([^"]+)"', pages[-1]):
            pages.append(get(urllib.parse.urljoin(where, found[1]))[0])
    assert len(pages) == 3
    for one in pages:
        text = re.sub(r'class="answer">.*?<aside', "", one, flags=re.DOTALL)
        assert not [name for name in (*WRITERS, "Bell") if re.search(rf"\b{name}\b", text)]
    desk = marking.Desk("1", home, anonymous=True, secret=b"test")
    orders = {
        tuple(
            one.student
            for one in marking.Desk("1", home, anonymous=True, secret=bytes([n])).answers(
                desk.problems[0]
            )
        )
        for n in range(20)
    }
    assert len(orders) > 1, "the order is another one each time"


def test_a_mark_can_be_taken_back_and_the_answer_waits_again(home):
    with serving(home) as address:
        page, where = get(address + "0/")
        get(where, {**hidden(page), "points": "1", "comment": ""})
        page, _ = get(where)
        assert 'value="1"' in page
        get(where, {**hidden(page), "points": "", "comment": ""})
    assert stored(home, "ann") == (None, None, True)


@pytest.mark.parametrize(
    "points, why",
    [("2.5", "2.5 points: give 0 to 2"), ("-1", "give 0 to 2"), ("nan", "is no number")],
)
def test_points_that_cannot_be_are_not_saved_and_what_was_typed_stays(home, points, why):
    with serving(home) as address:
        page, where = get(address + "0/")
        status, page = refused(where, {**hidden(page), "points": points, "comment": "Kept"})
    assert status == 422 and why in page and ">Kept</textarea>" in page
    assert stored(home, "ann")[0] is None


def test_what_formgrader_has_said_meanwhile_is_not_written_over_unseen(home):
    with serving(home) as address:
        page, where = get(address + "0/")
        with Gradebook(f"sqlite:///{home}/gradebook.db", "made-up") as book:
            book.find_grade("p2", "exercises", CHAPTER, "ann").manual_score = 1.5
            book.db.commit()
        status, page = refused(where, {**hidden(page), "points": "2", "comment": ""})
        assert status == 409 and "it is marked 1.5" in page
        assert stored(home, "ann")[0] == 1.5
        get(where, {**hidden(page), "points": "2", "comment": ""})
    assert stored(home, "ann")[0] == 2


def test_nobody_gets_in_without_the_token_or_through_another_name(home):
    with serving(home) as address:
        root = address.rsplit("/", 2)[0]
        assert refused(root + "/")[0] == 403
        assert refused(root + "/guess/0/")[0] == 403
        assert refused(address, Host="evil.example")[0] == 403
        assert refused(address + "7/")[0] == 404 and refused(address + "0/nobody")[0] == 404
        long = {"points": "1", "comment": "x" * 300_000}
        _, where = get(address + "0/")
        assert refused(where, long)[0] == 413
    assert root.startswith("http://127.0.0.1:")


def test_the_verb_says_how_many_wait_and_what_it_cannot_mark(home, capsys):
    capsys.readouterr()
    assert main(["mark", "1", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "chapter": CHAPTER,
        "problems": [{"problem": "p2", "answers": 3, "marked": 0}],
    }
    assert main(["mark", "1", "--home", str(home), "--problem", "p1"]) == 2
    said = capsys.readouterr().err
    assert "no problem 'p1' that a person marks: there are p2" in said

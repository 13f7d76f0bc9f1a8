"""Inside the student's process points can be forged, which is said, and nothing else can be had."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from difflib import unified_diff

import nbformat
import pytest
from nbjudge.course import Course, course_config
from nbjudge.records import gradebook as writer
from nbjudge.records import scores as export
from nbjudge.run import grade_class
from nbjudge.selfgrade import judged_inside

from .inside import CASES, CHAPTER, SECRETS, make_course, submit
from .test_hostile import HASTY, Dangers, sandbox_or_skip

FLAG = "was judged inside the student's process"


@pytest.fixture(scope="module")
def arenas(tmp_path_factory):
    """For each set of hidden values: rows, scores, pages, outputs, and tests that ran inside."""
    sandbox_or_skip("namespaces-root" if os.geteuid() == 0 else "namespaces-user")
    homes = [tmp_path_factory.mktemp(f"inside-{number}") for number in range(len(SECRETS))]
    for home, secrets in zip(homes, SECRETS, strict=True):
        make_course(home, secrets)
        for name, case in CASES.items():
            submit(home, name, case)
    with ThreadPoolExecutor(len(homes)) as threads:
        return list(threads.map(graded, homes))


def graded(home):
    """One arena after a run."""
    rows = {row.student: row for row in grade_class(home, limits=HASTY, workers=1, say=quiet)}
    book = writer.Writer(course_config(home))
    scores = {
        student: {name: cell[0] for name, cell in grades.items()}
        for (student, _), (grades, _, _) in export.scores(book.book, CHAPTER).items()
    }
    book.close()
    pages, outputs = {}, {}
    for name in CASES:
        page = home / "feedback" / name / CHAPTER / "exercises.html"
        pages[name] = page.read_text(encoding="utf-8", errors="surrogatepass")
        notebook = nbformat.read(home / "autograded" / name / CHAPTER / "exercises.ipynb", 4)
        outputs[name] = [cell.get("outputs", []) for cell in notebook.cells]
    return rows, scores, pages, outputs, judged_inside(Course(home))


def quiet(line):
    """Say nothing."""


def test_everybody_is_graded(arenas):
    for rows, *_ in arenas:
        assert {name for name, row in rows.items() if row.state != "graded"} == set()
        assert set(rows) == set(CASES)


def test_points_are_what_the_code_is_worth_where_they_cannot_be_forged(arenas):
    wrong = [
        (name, scores[name], rows[name].flags)
        for rows, scores, *_ in arenas
        for name, case in CASES.items()
        if case.worth_a not in (None, scores[name]["a-tests"])
        or case.worth_b not in (None, scores[name]["b-tests"])
        or case.worth_c not in (None, scores[name]["c-tests"])
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_what_can_be_forged_is_flagged(arenas):
    for rows, _, _, _, inside in arenas:
        assert all(any(name in line for line in inside) for name in ("a-tests", "d-tests")), inside
        for name in ("repeated-inside-to-forge", "repeated-inside-to-tell"):
            assert any(FLAG in flag for flag in rows[name].flags), rows[name]


def test_no_hidden_value_is_on_a_page_or_in_an_output(arenas):
    for (_, _, pages, outputs, _), secrets in zip(arenas, SECRETS, strict=True):
        for token in secrets:
            assert [name for name in CASES if token in pages[name]] == []
            given = [name for name in CASES if token in str(outputs[name])]
            assert given == []


# how far an attack on its own process comes differs from run to run; forged points have two digits
UNSTEADY = {
    "inside-eats-memory",
    "inside-kills-all",
    "inside-watched-by-a-process",
    "inside-value-is-the-secret",
    "callback-from-forks",
    "signals-itself",
    # what it prints holds the time that the event loop reads
    "profiles-the-kernel",
    # too large, or too late
    "generator-floods",
    "handle-attribute-floods",
    "handle-text-floods",
}


def test_what_a_student_gets_does_not_depend_on_the_hidden_values(arenas):
    (_, scores, pages, *_), (_, other_scores, other_pages, *_) = arenas

    def steady(page):
        return re.sub(r"0x[0-9a-f]+", "0x", page)

    for name in set(CASES) - UNSTEADY:
        assert scores[name] == other_scores[name], name
        lines = (steady(one[name]).split("\n") for one in (pages, other_pages))
        assert list(unified_diff(*lines, n=0, lineterm="")) == [], name


def test_pages_hold_nothing_that_runs(arenas):
    for _, _, pages, *_ in arenas:
        assert [name for name, page in pages.items() if Dangers(page).found] == []


def test_nobody_takes_more_time_than_the_limits(arenas):
    for rows, *_ in arenas:
        # a notebook that is repeated inside is run twice
        slow = {name: row.seconds for name, row in rows.items()}
        assert max(slow.values()) < 8 * HASTY.notebook_seconds, slow


def test_there_are_enough_attacks():
    assert len(CASES) >= 80

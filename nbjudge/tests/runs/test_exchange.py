"""nbgrader's exchange between accounts of one machine, as on a JupyterHub: released, fetched,
submitted, collected, graded in the sandbox, marked, and fetched again as feedback.
"""

import pytest
from nbjudge.cli import main
from nbjudge.term.marking import Desk

from .accounts import CHAPTER, STUDENTS, nbgrader, solve


@pytest.mark.root
@pytest.mark.slow
def test_a_week_of_the_exchange_between_accounts(sandbox, place):
    home = place / "course"
    done = nbgrader(home, "release_assignment", CHAPTER)
    assert done.returncode == 0, done.stderr
    for student, kind in zip(STUDENTS, "RX", strict=True):
        done = nbgrader(place / student, "fetch_assignment", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
        solve(place, student, kind)
        done = nbgrader(place / student, "submit", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
    done = nbgrader(home, "collect", CHAPTER)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (home / "submitted").iterdir()) == sorted(STUDENTS)

    assert main(["grade", "1", "--home", str(home)]) == 0
    assert not (place / "marker").exists()
    desk = Desk("1", home, secret=b"hub")
    for answer in desk.answers(desk.problems[0]):
        desk.mark(desk.problems[0], answer.student, 1.5, f"For {answer.student} alone.", None)
    assert main(["grade", "1", "--home", str(home)]) == 0
    done = nbgrader(home, "release_feedback", CHAPTER)
    assert done.returncode == 0, done.stderr
    for student, other in (STUDENTS, STUDENTS[::-1]):
        done = nbgrader(place / student, "fetch_feedback", CHAPTER, account=student)
        assert done.returncode == 0, done.stderr
        (page,) = (place / student).rglob("*.html")
        text = page.read_text()
        assert f"For {student} alone." in text and f"For {other} alone." not in text
        assert "11.5 of 12 points" in text and "BEGIN HIDDEN" not in text

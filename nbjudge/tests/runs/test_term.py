"""A whole term, each step with its verb: thirty students, three chapters, hand-ins in five layouts.

Every number is compared with a computation by hand, from the table in `made_up.term`.
"""

import csv
import io
import json
import shutil
from contextlib import closing

import pytest
from made_up import platforms, term
from made_up.platforms import Hand
from made_up.term import LEARNERS
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer
from nbjudge.term.marking import Desk

LOGS, ROOTS, SQUARES = term.CHAPTERS
IN_TIME, LATE, VERY_LATE = "2026-03-01 11:00:00 Z", "2026-03-02 13:00:00 Z", "2026-03-20 13:00:00 Z"
# a tenth for each day begun, at most half; number 4 has got three days more
SHARE = {3: 0.8, 6: 0.5}
WITHDRAWN, UNMARKED, MISPLACED = 28, 7, 8


@pytest.fixture(scope="module")
def home(sandbox, warm, tmp_path_factory):
    home = term.course(tmp_path_factory.mktemp("term") / "course")
    release.generate(home)
    return home


class Term:
    """The instructor, who gives commands."""

    def __init__(self, home, place, capsys):
        self.home, self.place, self.capsys = home, place, capsys
        self.marker = place / "outside"

    def __call__(self, *words, status=0):
        self.capsys.readouterr()
        given = [*map(str, words), "--home", str(self.home), "--json"]
        said = main(given)
        answer = json.loads(self.capsys.readouterr().out)
        assert said == status, answer
        return answer

    def file(self, learner, chapter, kind=None):
        kind = kind or learner.kind(chapter)
        return term.hand_in(self.home, chapter, kind, self.marker)

    def roster(self, learners, *more):
        lines = ["id,first_name,last_name,email,lms_user_id"]
        lines += [f"{one.id},{one.first},{one.last},{one.email},{one.lms}" for one in learners]
        path = self.place / "list.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return self("roster", path, *more)

    def mark(self, chapter, leave=()):
        """Read every answer that waits."""
        desk = Desk(chapter, self.home, secret=b"term")
        (problem,) = desk.problems
        by_id = {one.id: one for one in LEARNERS}
        for answer in desk.answers(problem):
            learner = by_id[answer.student]
            if answer.waits and learner.number not in leave:
                desk.mark(problem, answer.student, learner.mark(desk.chapter), "Read.", None)

    def table(self):
        """{student: row} of the term's table."""
        self("export")
        text = (self.home / "term-grades.csv").read_bytes().decode("utf-8-sig")
        return {row[0]: row for row in list(csv.reader(io.StringIO(text)))[1:]}

    def scores(self, chapter):
        """{number: score} as `nbjudge report` has them."""
        rows = self("report", chapter, "--no-pages")["submissions"]
        return {int(row["student"][1:]): row["score"] for row in rows}


def handing_in(chapter, learners=LEARNERS):
    return [one for one in learners if one.kind(chapter) != "-"]


def by_hand(chapter, half=7, share=None, without=()):
    """{number: score}, computed from the table."""
    return {
        one.number: pytest.approx(
            (one.earns(chapter, half) - (one.mark(chapter) if one.number in without else 0))
            * (share or {}).get(one.number, 1)
        )
        for one in LEARNERS
        if one.earns(chapter) is not None
    }


def test_a_term(home, tmp_path, capsys):
    work = Term(home, tmp_path, capsys)
    assert {one["state"] for one in work.roster(LEARNERS)["students"]} == {"new"}
    work("due", "1", "2026-03-01 12:00 UTC", "--extend", "s04=3d")
    first_chapter(work)
    second_chapter(work)
    a_hidden_test_changes(work)
    third_chapter(work)
    grades_go_out(work)
    pages_go_out(work)
    the_term_is_kept(work)
    assert not work.marker.exists()


def first_chapter(work):
    """Gradescope for one half, Canvas for the other; two are late, one has more time, one hands in
    twice.
    """
    times = {3: LATE, 4: LATE, 6: VERY_LATE}
    scope = [
        Hand(
            f"{one.first} {one.last}",
            work.file(one, LOGS),
            one.id,
            one.number + 1,
            time=times.get(one.number, IN_TIME),
        )
        for one in handing_in(LOGS, LEARNERS[:15])
    ]
    twice = LEARNERS[5]
    wrong = work.file(twice, LOGS, "W")
    scope.insert(
        0,
        Hand(f"{twice.first} {twice.last}", wrong, twice.id, 99, time=IN_TIME[:11] + "09:00:00 Z"),
    )
    canvas = [
        Hand(term.squeezed(one), work.file(one, LOGS), one.lms, 900 + one.number)
        for one in handing_in(LOGS, LEARNERS[15:])
    ]
    said = work("collect", platforms.gradescope(work.place / "scope.zip", scope), "--yes")
    assert sum(row["state"] == "new" for row in said["rows"]) == 15 and len(said["rows"]) == 16
    said = work(
        "collect",
        platforms.canvas(work.place / "submissions.zip", canvas),
        "--chapter",
        "1",
        "--yes",
    )
    assert [one["id"] for one in said["missing"][LOGS]] == ["s28", "s29"]
    rows = work("grade", "1", status=1)["rows"]
    assert [row["student"] for row in rows if row["score"] is None] == ["s24"]
    waiting = {row["student"] for row in rows if row["waiting"]}
    assert waiting == {one.id for one in handing_in(LOGS) if one.kind(LOGS) not in "BC"}
    everybody = {one.number for one in LEARNERS}
    assert work.scores("1") == by_hand(LOGS, share=SHARE, without=everybody - {22, 23})
    work.mark("1")
    work("grade", "1", status=1)
    assert work.scores("1") == by_hand(LOGS, share=SHARE)


def second_chapter(work):
    """Google Classroom, where somebody hands in the first chapter again, and a plain zip with a
    path that leads out.
    """
    google = [
        Hand(
            f"{one.first} {one.last}",
            work.file(one, LOGS, "R") if one.number == MISPLACED else work.file(one, ROOTS),
        )
        for one in handing_in(ROOTS, LEARNERS[:15])
    ]
    said = work(
        "collect",
        platforms.google(work.place / "drive.zip", google),
        "--chapter",
        "2",
        "--yes",
        status=1,
    )
    (lost,) = [row for row in said["rows"] if row["state"] == "not placed"]
    assert LOGS in lost["remark"]
    plain = {
        f"class/{one.id}/exercises.ipynb": work.file(one, ROOTS)
        for one in handing_in(ROOTS, [*LEARNERS[15:], LEARNERS[MISPLACED]])
    }
    plain["../s00/exercises.ipynb"] = b"{}"
    plain["class/s27/notes.txt"] = b"I was ill."
    archive = platforms.zipped(work.place / "class.zip", plain)
    said = work("collect", archive, "--chapter", "2", "--yes", status=1)
    assert [one["id"] for one in said["missing"][ROOTS]] == ["s27"], said["rows"]
    work("grade", "2")
    work.mark("2")
    work("grade", "2")
    assert work.scores("2") == by_hand(ROOTS)


def a_hidden_test_changes(work):
    """Everybody is graded again, marks by hand stay, and only what has changed is sent."""
    before = work("feedback", "1", "--mail")
    assert set(before["students"]) == {one.id for one in LEARNERS if one.earns(LOGS) is not None}
    term.soften(work.home)
    work("release", "1")
    rows = work("grade", "1", status=1)["rows"]
    changed = {row["student"]: (row["before"], row["score"]) for row in rows if row["before"]}
    halves = [one for one in LEARNERS if one.kind(LOGS) == "H"]
    assert changed == {one.id: (7 + one.mark(LOGS), 10 + one.mark(LOGS)) for one in halves}
    assert work.scores("1") == by_hand(LOGS, half=10, share=SHARE)
    again = work("feedback", "1", "--mail")
    assert {one.id for one in halves} <= set(again["students"])


def third_chapter(work):
    """Moodle with its worksheet; one has withdrawn, one answer is not marked yet."""
    here = [one for one in LEARNERS if one.number != WITHDRAWN]
    states = {one["id"]: one["state"] for one in work.roster(here, "--withdraw")["students"]}
    assert [name for name, state in states.items() if state == "withdrawn"] == ["s28"]
    hands = [
        Hand(
            f"{one.first} {one.last}",
            work.file(one, SQUARES) if one.kind(SQUARES) != "-" else b"",
            one.id,
            70 + one.number,
            email=one.email,
            time="Wednesday, 1 April 2026, 8:00 PM",
        )
        for one in here
    ]
    archive = platforms.moodle(work.place / "moodle.zip", [one for one in hands if one.data])
    sheet = platforms.moodle_worksheet(work.place / "worksheet.csv", hands)
    said = work("collect", archive, sheet, "--chapter", "3", "--yes")
    assert [one["id"] for one in said["missing"][SQUARES]] == ["s29"]
    work("grade", "3", status=1)
    work.mark("3", leave=[UNMARKED])
    work("grade", "3", status=1)
    assert work.scores("3") == by_hand(SQUARES, without={UNMARKED})
    assert (
        work("mark", "3")["problems"][0]["answers"] - work("mark", "3")["problems"][0]["marked"]
        == 1
    )


def final(one, chapter):
    """The points of one student at the end of the term; None without a grade."""
    share = SHARE if chapter == LOGS else {}
    points = by_hand(chapter, half=10 if chapter == LOGS else 7, share=share).get(one.number)
    if points is None:
        return None
    return points.expected - (
        one.mark(chapter) if (one.number, chapter) == (UNMARKED, SQUARES) else 0
    )


def grades_go_out(work):
    """The table, Canvas's gradebook and Moodle's worksheet, and the pages about the class."""
    table = work.table()
    assert set(table) == {one.id for one in LEARNERS}
    for one in LEARNERS:
        points = [final(one, chapter) for chapter in term.CHAPTERS]
        found = table[one.id][4:]
        if one.number == WITHDRAWN:
            assert found[1::2] == ["withdrawn"] * 4
            continue
        assert [float(p) if p else None for p in found[0:6:2]] == pytest.approx(points, abs=1e-4)
        # the third chapter counts twice
        shares = [(p or 0) / 12 for p in points]
        percent = 100 * (shares[0] + shares[1] + 2 * shares[2]) / 4
        assert float(found[6]) == pytest.approx(percent, abs=1e-3), one.id
        open_ = one.number == UNMARKED or "C" in [one.kind(name) for name in term.CHAPTERS]
        assert found[7] == ("so far" if open_ else "final"), one.id

    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    given = work.place / "gradebook.csv"
    lines = [[*heads, "Assignment 1 (41)", "Assignment 2 (42)", "Assignment 3 (43)"]]
    lines += [["    Points Possible", "", "", "", "", "12.0", "12.0", "12.0"]]
    lines += [
        [f"{one.last}, {one.first}", one.lms, one.id, one.email, "Main", "", "", ""]
        for one in LEARNERS
    ]
    with open(given, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)
    work("export", "--canvas", given)
    with open(work.place / "gradebook-graded.csv", encoding="utf-8-sig", newline="") as file:
        filled = {row[2]: row[5:8] for row in csv.reader(file)}
    work("export", "3", "--moodle", work.place / "worksheet.csv")
    with open(work.place / "worksheet-graded.csv", encoding="utf-8-sig", newline="") as file:
        grades = {row["ID number"]: row["Grade"] for row in csv.DictReader(file)}
    for one in LEARNERS:
        points = [final(one, chapter) for chapter in term.CHAPTERS]
        if one.number == WITHDRAWN:
            points = [None] * 3
        if one.number == UNMARKED:
            points[2] = None
        got = [float(cell) if cell else None for cell in filled[one.id]]
        assert got == pytest.approx(points, abs=1e-4), one.id
        if one.number != WITHDRAWN:
            mine = grades[one.id]
            assert (float(mine) if mine else None) == pytest.approx(points[2], abs=1e-4)


def pages_go_out(work):
    """The picture of the class and the zip for Moodle."""
    page = work("report")["page"]
    assert page and "Means of" not in page
    back = work("feedback", "3", "--moodle", work.place / "moodle.zip")
    assert set(back["students"]) == {
        one.id for one in LEARNERS if one.earns(SQUARES) is not None and one.number != WITHDRAWN
    }


def the_term_is_kept(work):
    """An archive of the folder, unpacked elsewhere, says the same."""
    before = work.table()
    kept = shutil.make_archive(str(work.place / "term"), "zip", work.home)
    shutil.unpack_archive(kept, work.place / "years-later")
    there = Term(work.place / "years-later", work.place, work.capsys)
    assert there.table() == before
    with closing(Writer(Course(there.home).config)) as writer:
        assert len(writer.people()) == 30
    rows = there("grade", status=1)["rows"]
    assert {row["state"] for row in rows} == {"unchanged", "unreadable"}

"""No submission can gain a point, hurt another, change anything outside, stay alive, or see a
hidden test.
"""

import contextlib
import hashlib
import os
import re
import socket
import threading
import time
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import psutil
import pytest
from nbjudge.course import course_config
from nbjudge.records import gradebook as writer
from nbjudge.sandbox import namespaces, processes
from nbjudge.sandbox.levels import level_of
from nbjudge.sandbox.limits import MIB, Limits
from sandbox.inside import where_it_works, why_not

from nbjudge import run as grade

from .arena import CHAPTER, DUE, TOKENS, make_course, submit
from .cases import CASES, ENDLESS

# generous, because the machine may have other things to do
LIMITS = Limits(
    cell_seconds=10,
    notebook_seconds=30,
    grace_seconds=1,
    memory=1024 * MIB,
    processes=64,
    disk=32 * MIB,
)
# for those that go on until a limit ends them
HASTY = replace(LIMITS, cell_seconds=2, notebook_seconds=8)
MARK = f"{90000 + os.getpid() % 9999}.25"
KINDS = ["process death", "endless loops", "bombs", "writing", "network", "reading", "honest"]
# every case at each level, and some by the other method that leads there
METHODS = {
    "namespaces-root": None,
    "landlock-user": None,
    "namespaces-user": KINDS,
    "landlock-root": KINDS,
}
# With namespaces, writing fails when the scratch folder is full; with Landlock, whoever goes on
# writing is ended, and may lose the points of that answer.
ENDED_BY_LANDLOCK = {"fills-the-disk-in-parts", "many-files"}
FEW = {
    "endless loops": 4,
    "bombs": 10,
    "process death": 8,
    "writing": 20,
    "network": 20,
    "reading": 20,
    "honest": 7,
}


def sandbox_or_skip(method):
    """Skip, saying why, where this method of isolation is not allowed."""
    if reason := why_not(method):
        pytest.skip(f"no sandbox by {method} on this machine: {reason}")


def chosen(method):
    if METHODS[method] is None:
        return dict(CASES)
    found = {}
    for kind in METHODS[method]:
        found |= dict([item for item in CASES.items() if item[1].kind == kind][: FEW[kind]])
    return found


class Host:
    """What the attacks aim at: a folder, a listener, a course; and a look at memory meanwhile."""

    def __init__(self, tmp):
        self.place = tmp / "place"
        self.place.mkdir()
        (self.place / "file").write_text("as it was")
        self.listeners = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.listeners[0].getsockname()[1]
        for address in (f"\0arena-{self.port}", str(self.place / "socket")):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            self.listeners.append(listener)
        self.peak, self.going = 0, True
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while self.going:
            self.peak = max(self.peak, sum(map(resident, processes.descendants(os.getpid()))))
            time.sleep(0.1)

    def reached(self):
        """Whether anything has connected to a listener."""
        for listener in self.listeners:
            listener.setblocking(False)
            try:
                listener.accept()
                return True
            except BlockingIOError:
                pass
        return False


def resident(process):
    """Bytes that a process has in memory; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * processes.PAGE
    except OSError:
        return 0


def image(folder):
    """Every file under a folder with a hash of its contents."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file() and not path.is_symlink()
            else oct(path.lstat().st_mode)
        )
        for path in sorted(folder.rglob("*"))
    }


def filled(case, **places):
    if not isinstance(case.how, str):
        return case
    text = case.how
    for name, value in places.items():
        text = text.replace("{" + name + "}", str(value))
    return case._replace(how=text.replace("{{", "{").replace("}}", "}"))


def graded(home, names, **how):
    """{student: row} of a run over those that end by themselves, and of one over the others."""
    rows = {}
    for limits, students in ((LIMITS, set(names) - ENDLESS), (HASTY, ENDLESS & set(names))):
        how |= {"due": DUE, "limits": limits, "students": sorted(students), "workers": 2}
        found = grade.grade_class(home, say=lambda line: None, **how)
        rows |= {row.student: row for row in found if row.student in students}
    return rows


@pytest.fixture(scope="module", params=list(METHODS))
def battle(request, tmp_path_factory):
    """All cases graded in one run: what the tests below look at."""
    sandbox_or_skip(request.param)
    tmp = tmp_path_factory.mktemp("battle")
    host, cases = Host(tmp), chosen(request.param)
    home = tmp / "course"
    home.mkdir()
    make_course(home)
    for name, case in cases.items():
        submit(
            home, home, name, filled(case, place=host.place, course=home, port=host.port, mark=MARK)
        )
    watched = {
        folder: image(folder)
        for folder in (
            home / "solutions",
            home / "submitted",
            home / "exercises",
            host.place,
            Path(namespaces.__file__).parents[2],
        )
    }
    settings = (home / "nbgrader_config.py").read_bytes()
    os.environ["ARENA_SECRET"] = "41.1257"  # a token in the instructor's environment
    host.watcher.start()
    began = time.monotonic()
    grading = partial(graded, home, cases, isolation=request.param)
    rows = where_it_works(request.param, grading)
    host.seconds, host.going = time.monotonic() - began, False
    del os.environ["ARENA_SECRET"]
    book = writer.Writer(course_config(home))
    from nbjudge.records import scores as export

    scores = {
        student: {name: cell.earned for name, cell in found.cells.items()}
        for (student, _), found in export.scores(book.book, CHAPTER).items()
    }
    book.close()
    host.changed = [str(folder) for folder, before in watched.items() if image(folder) != before]
    host.changed += ["nbgrader_config.py"] * (
        (home / "nbgrader_config.py").read_bytes() != settings
    )
    if level_of(request.param) == "landlock":
        cases |= {
            name: cases[name]._replace(exact=False) for name in ENDED_BY_LANDLOCK & set(cases)
        }
    return home, host, cases, rows, scores


def test_every_submission_is_accounted_for(battle):
    _, _, cases, rows, _ = battle
    assert set(rows) == set(cases)
    assert {
        name for name, row in rows.items() if row.state not in ("graded", "unreadable")
    } == set()


def test_nobody_earns_more_or_less_than_the_code(battle):
    _, _, cases, rows, scores = battle
    wrong = []
    for name, case in cases.items():
        if case.b is None:
            if rows[name].state != "unreadable" or "again" not in rows[name].remark:
                wrong.append((name, rows[name]))
            continue
        got = scores.get(name, {})
        pairs = [(got.get("a-tests"), case.a), (got.get("b-tests"), case.b)]
        if not all(
            score is not None and (score == worth or not case.exact and score < worth)
            for score, worth in pairs
        ):
            wrong.append((name, got, rows[name].flags, rows[name].seconds))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_outside_has_changed(battle):
    assert battle[1].changed == []


def test_nothing_was_reached_over_the_network(battle):
    assert not battle[1].reached()


def test_nothing_stays_alive(battle):
    left = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if MARK in line:
            left.append(line)
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # ended while it is looked at
            line = " ".join(process.cmdline())  # empty for one that has ended
            if "distributed" in line:
                left.append(line)
    assert not left


def test_memory_and_time_are_bounded(battle):
    _, host, cases, rows, _ = battle
    # two workers, each with its server, judge and sandbox
    assert host.peak < 2 * (2 * LIMITS.memory + 1500 * MIB)
    slow = {
        name: row.seconds for name, row in rows.items() if row.seconds > 4 * LIMITS.notebook_seconds
    }
    assert not slow


def pages(battle):
    home, _, cases, rows, _ = battle
    return {
        name: (
            (home / "feedback" / name / CHAPTER / "exercises.html").read_text(
                encoding="utf-8", errors="surrogatepass"
            )
        )
        for name in cases
        if rows[name].state == "graded"
    }


def test_no_hidden_token_reaches_a_student(battle):
    leaks = [
        (name, token) for name, page in pages(battle).items() for token in TOKENS if token in page
    ]
    assert not leaks


class Dangers(HTMLParser):
    """Tags and attributes of a page that could run or load something."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "iframe", "object", "embed", "link", "svg", "form", "base"):
            self.found.append(tag)
        for name, value in attributes:
            address = re.sub(r"\s", "", value or "").lower()
            outside = name == "src" and not address.startswith("data:image/")
            if (
                name.startswith("on")
                or name == "style"
                or outside
                or address.startswith(("javascript:", "vbscript:", "data:text"))
            ):
                self.found.append((tag, name, value))


def test_pages_hold_nothing_that_runs(battle):
    bad = [
        (name, Dangers(page).found)
        for name, page in pages(battle).items()
        if Dangers(page).found or page.count("</body>") != 1
    ]
    assert not bad


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>",
        "<p onclick='x'>",
        "<a href=' javascript:x'>",
        "<img src='//evil.example'>",
    ],
)
def test_a_page_that_runs_something_would_be_seen(text):
    assert Dangers(text).found


def test_pages_say_what_they_should(battle):
    _, _, cases, _, _ = battle
    missing = [
        (name, cases[name].shows)
        for name, page in pages(battle).items()
        if cases[name].shows not in page
    ]
    missing += [
        (name, "not " + cases[name].hides)
        for name, page in pages(battle).items()
        if cases[name].hides and cases[name].hides in page
    ]
    assert not missing


def test_those_that_go_on_are_cases():
    assert ENDLESS <= set(CASES)


def test_there_are_enough_kinds():
    hostile = [case for case in CASES.values() if case.kind != "honest"]
    assert len(hostile) >= 90
    assert len({case.kind for case in hostile}) >= 13

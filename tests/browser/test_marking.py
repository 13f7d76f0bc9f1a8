"""The page on which answers are marked, with a keyboard in a real browser, for every reader."""

import os
import shutil
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from made_up.essays import CHAPTER
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer
from nbjudge.term import marking, marking_server

from .test_accessibility import SIDEWAYS, UNFOLD, findings


@pytest.fixture(scope="module")
def graded(sandbox, tmp_path_factory):
    """Graded in a process of its own: the browser's event loop runs in this one."""
    home = tmp_path_factory.mktemp("essays") / "course"
    make = (
        "import sys, made_up.essays as e; from pathlib import Path; e.make_class(Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", make, home], env=environment, check=True)
    return home


@pytest.fixture
def home(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


@pytest.fixture
def desk(home):
    server, address = marking_server.serve(marking.Desk("1", home, secret=b"browser"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def marks(home):
    """{student: (points, comment)} of those who have been marked."""
    with closing(Writer(Course(home).config)) as writer:
        found = writer.marks(CHAPTER).items()
    return {who: (one.points, one.comment) for (who, *_), one in found if one.points is not None}


def test_a_class_is_marked_with_the_keyboard_alone(page, desk, home):
    page.goto(desk + "0/")
    assert page.locator("#points").evaluate("e => e === document.activeElement")
    page.keyboard.type("1.5")
    page.keyboard.press("c")
    page.keyboard.type("Name the underflow.\nSee section 3.2.")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=answer 2 of 3 · 1 of 3 marked")
    page.keyboard.press("n")
    page.wait_for_selector("text=answer 3 of 3")
    page.keyboard.press("p")
    page.wait_for_selector("text=answer 2 of 3")
    page.keyboard.press("f")
    page.keyboard.press("c")
    page.keyboard.type("Fine")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=answer 3 of 3 · 2 of 3 marked")
    assert page.title() != "owned"
    assert marks(home) == {
        "ann": (1.5, "Name the underflow.\nSee section 3.2."),
        "bob": (2.0, "Fine"),
    }
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=3 of 3 marked")
    assert marks(home)["eve"] == (0.0, "")


def test_whoever_comes_back_goes_on_at_the_first_answer_that_waits(page, desk):
    page.goto(desk)
    page.click("text=Means of logarithms")
    page.wait_for_selector("#points:focus")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=answer 2 of 3")
    page.goto(desk)
    assert page.inner_text("tbody tr").split("\t")[1:] == ["2", "1 of 3 marked"]
    page.click("text=Means of logarithms")
    page.wait_for_selector("text=answer 2 of 3")


def test_the_page_asks_for_nothing_from_elsewhere(page, desk):
    page.goto(desk + "0/")
    for answer in (2, 3):
        page.keyboard.press("n")
        page.wait_for_selector(f"text=answer {answer} of 3")
    assert all(address.startswith(desk) for address in page.asked), page.asked


@pytest.mark.parametrize("scheme, width", [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(browser, desk, scheme, width):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    with closing(context):
        page = context.new_page()
        for path in ("", "0/"):
            page.goto(desk + path)
            page.evaluate(UNFOLD)
            assert page.evaluate(SIDEWAYS) == []
            assert findings(page) == []

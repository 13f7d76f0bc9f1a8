"""The guide for instructors is the story of a term.

Every command in it is given to a made-up class, in the order of the page.
"""

import csv
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from made_up import platforms, term
from made_up.platforms import Hand
from nbjudge.assignment import release
from sample_class import HOME

GUIDE = HOME / "book" / "instructors.md"
PROGRAMS = Path(sys.executable).parent
NAMES = [("ann", "Ann Bell", "R"), ("bob", "Bob Cho", "H"), ("eve", "Eve Dee", "B")]
CHAPTER = "03-squares"  # in the place of the guide's 03-softmax
# what a target of make runs
MAKE = {"make student": "nbjudge bundle"}
# tests/machines carries the Dockerfile out
ELSEWHERE = ("docker",)


def commands():
    """The lines of the page's blocks for a shell, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def home(sandbox, tmp_path_factory):
    """The course's folder with everything that the commands name."""
    home = term.course(tmp_path_factory.mktemp("guide") / "course")
    release.generate(home)
    exchange = home.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with open(home / "nbgrader_config.py", "a") as settings:
        settings.write(f"c.Exchange.root = {str(exchange)!r}\n")
    people = [f"{name.replace(' ', ',')},{who},{who}@example.org" for who, name, _ in NAMES]
    (home / "participants.csv").write_text(
        "\n".join(["First name,Last name,ID number,Email address", *people]) + "\n"
    )
    hands = [
        Hand(
            name,
            term.hand_in(home, CHAPTER, kind, home / "x"),
            who,
            number,
            email=f"{who}@x.org",
            time="Sunday, 1 March 2026, 11:59 AM",
        )
        for number, (who, name, kind) in enumerate(NAMES, 70)
    ]
    platforms.moodle(home / "submissions.zip", hands)
    platforms.moodle_worksheet(home / "worksheet.csv", hands)
    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Assignment 3 (4711)"]
    rows = [
        [name.split()[1] + ", " + name.split()[0], "", who, who, "Main", ""]
        for who, name, _ in NAMES
    ]
    with open(home / "gradebook.csv", "w", newline="") as file:
        csv.writer(file).writerows([heads, ["    Points Possible", "", "", "", "", "12.0"], *rows])
    canvas = [
        Hand(name.split()[1].lower() + name.split()[0].lower(), one.data, str(900 + one.number), 5)
        for (_, name, _), one in zip(NAMES, hands, strict=True)
    ]
    platforms.canvas(home / "canvas.zip", canvas)
    return home


def run(home, line):
    """Give one command as the page has it; its exit status and what it said."""
    line = MAKE.get(line, line).replace("03-softmax", CHAPTER)
    if "--canvas submissions.zip" in line:
        shutil.copy(home / "canvas.zip", home / "submissions.zip")
    words = shlex.split(line)
    if words[0].endswith("nbjudge"):
        words[:1] = [sys.executable, "-m", "nbjudge"]
    elif words[0].startswith(".venv/bin/"):
        words[0] = str(PROGRAMS / Path(words[0]).name)
    if "mark" in words[:4]:
        return marked(home, words)
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        words,
        cwd=home,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def marked(home, words):
    """Start the page for marking, look at it, and end it as Ctrl-C does."""
    with subprocess.Popen(
        [*words, "--no-browser"], cwd=home, stdout=subprocess.PIPE, text=True
    ) as server:
        address = server.stdout.readline().strip()
        with urllib.request.urlopen(address + "0/", timeout=300) as answer:
            page = answer.read().decode()
        server.send_signal(signal.SIGINT)
        said = server.stdout.read()
    assert "0 of 2 marked" in page and ("Bell" in page) == ("--anonymous" not in words)
    return server.returncode, said


@pytest.mark.slow
def test_every_command_of_the_guide_does_what_it_says(home):
    ran = []
    for line in commands():
        if not line.startswith(ELSEWHERE):
            status, said = run(home, line)
            assert status == 0, f"{line}\n{said}"
            ran.append(line)
    assert len(ran) > 20
    for made in (
        "made-up-students.zip",
        "grades.csv",
        "class-report/index.html",
        "term-grades.csv",
        "gradebook-graded.csv",
        "worksheet-graded.csv",
        "term.tar.gz",
        f"feedback/ann/{CHAPTER}/exercises.html",
        f"returned/{CHAPTER}-mail.csv",
    ):
        assert (home / made).exists(), made
    assert list((home.parent / "exchange").rglob("*.html")), "release_feedback has sent pages"


def test_make_runs_what_is_tried_in_its_place():
    recipes = (HOME / "Makefile").read_text()
    for target, verb in MAKE.items():
        name = target.split()[1]
        recipe = re.search(rf"^{name}:.*\n\t(.+)$", recipes, re.M)[1]
        assert f"-m {verb}" in recipe

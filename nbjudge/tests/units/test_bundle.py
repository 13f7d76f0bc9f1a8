"""The zip for students: everything they need, and nothing that they must not see."""

import json
import zipfile

import pytest
from made_up.course import SOLUTION, make_course
from nbjudge.assignment import release
from nbjudge.cli import main

NAMES = [
    "made-up-students/exercises/01-logs/exercises.ipynb",
    "made-up-students/logs_reference/__init__.py",
    "made-up-students/nbgrader_config.py",
]


@pytest.fixture
def home(tmp_path):
    home = make_course(tmp_path / "course")
    release.generate(home)
    names(home, ["nbgrader_config.py", "logs_reference"])
    return home


def names(home, wanted):
    with open(home / "nbgrader_config.py", "a") as settings:
        settings.write(f"c.NbJudge.bundle = {wanted!r}\n")


def add(home, name, text):
    (home / name).write_text(text)
    names(home, [name])


def pack(home, capsys):
    status = main(["bundle", "--home", str(home), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_releases_and_what_the_settings_name_are_in_it(home, capsys, tmp_path):
    (home / "logs_reference" / "__pycache__").mkdir()
    (home / "logs_reference" / "__pycache__" / "x.pyc").write_bytes(b"")
    (home / "logs_reference" / "link").symlink_to("/etc/hostname")
    status, answer = pack(home, capsys)
    assert status == 0 and answer["path"] == str(home / "made-up-students.zip")
    with zipfile.ZipFile(answer["path"]) as archive:
        assert archive.namelist() == NAMES
        archive.extractall(tmp_path)
    first = (home / "made-up-students.zip").read_bytes()
    assert pack(home, capsys)[0] == 0 and (home / "made-up-students.zip").read_bytes() == first
    assert main(["check", "1", "--home", str(tmp_path / "made-up-students")]) == 0
    assert "visible tests: 0 of 10 points" in capsys.readouterr().out


@pytest.mark.parametrize(
    "spoil, why",
    [
        (lambda home: names(home, ["solutions"]), "must not get sources"),
        (lambda home: names(home, ["."]), "must not get sources"),
        (lambda home: names(home, ["notes"]), "names 'notes', which is not in"),
        (lambda home: add(home, "notes.py", SOLUTION), "solution of 01-logs"),
        (
            lambda home: (home / "exercises" / "01-logs" / "exercises.ipynb").write_text("{}"),
            "run nbjudge release",
        ),
    ],
)
def test_what_students_must_not_see_stops_it(home, capsys, spoil, why):
    assert pack(home, capsys)[0] == 0
    before = (home / "made-up-students.zip").read_bytes()
    spoil(home)
    status, answer = pack(home, capsys)
    assert status == 2 and why in answer["error"]
    assert (home / "made-up-students.zip").read_bytes() == before


def test_a_link_to_a_file_that_is_left_out_becomes_words(home, capsys):
    text = "See [the chapter](../../book/logs.md#why), [the code](../../logs_reference/__init__.py)"
    text += ", [the site](https://example.org), `table[i](x)` and ![a picture](../../book/logs.md)."
    (home / "book").mkdir()
    (home / "book" / "logs.md").write_text("# Logs")
    source = home / "solutions" / "01-logs" / "exercises.ipynb"
    notebook = json.loads(source.read_text())
    first = {"cell_type": "markdown", "id": "first", "metadata": {}, "source": [text]}
    notebook["cells"].insert(0, first)
    source.write_text(json.dumps(notebook))
    release.generate(home)
    status, answer = pack(home, capsys)
    assert status == 0
    with zipfile.ZipFile(answer["path"]) as archive:
        packed = json.loads(archive.read(NAMES[0]))
    shown = "".join(packed["cells"][0]["source"])
    assert shown == text.replace("[the chapter](../../book/logs.md#why)", "the chapter")
    released = json.loads((home / "exercises" / "01-logs" / "exercises.ipynb").read_text())
    assert [cell["metadata"] for cell in packed["cells"]] == [
        cell["metadata"] for cell in released["cells"]
    ]

"""Hand-ins of every platform find their places, and an odd one is one student's affair."""

import io
import json
import subprocess
import zipfile

import nbformat
import pytest
from made_up import platforms
from made_up.course import grader, make_course, source_notebook
from made_up.platforms import Hand
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person

LOGS, ROOTS = "01-logs", "02-roots"
PEOPLE = [
    Person("17", "Ann", "Bell", "ann@example.org", "10251"),
    Person("18", "Jörg", "Müller", "jm@example.org", "10252"),
    Person("19", "Łucja", "Łukasik", "lucja@example.org", "10253"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Two chapters, released."""
    home = make_course(tmp_path_factory.mktemp("course"))
    roots = source_notebook()
    roots.cells[0].source = "# Means of square roots, which are another assignment"
    roots.cells[2].source = "Write `mean_of_roots(values)`; leave out all that are negative."
    for cell in roots.cells[3:6]:
        cell.source = cell.source.replace("log", "root")
    roots.cells.append(
        nbformat.v4.new_markdown_cell("A last word about roots.", metadata=grader("end"))
    )
    folder = Course(home).folder("source", chapter=ROOTS)
    folder.mkdir()
    nbformat.write(roots, folder / "exercises.ipynb")
    release.generate(home)
    return home


@pytest.fixture
def home(course, tmp_path):
    """The course with a roster; sources and releases are shared."""
    for path in course.iterdir():
        (tmp_path / path.name).symlink_to(path)
    writer = Writer(Course(tmp_path).config)
    writer.enter_people(PEOPLE)
    writer.close()
    return tmp_path


def solved(home, chapter=LOGS, text="def mean_of_logs(values):\n    return 1.0"):
    """A release with an answer in it, as bytes."""
    path = Course(home).folder("release", chapter=chapter) / "exercises.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if text:
        next(
            c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")
        ).source = text
    return nbformat.writes(notebook).encode()


def collected(home, *arguments, capsys, status=0):
    """What `nbjudge collect --yes --json` answers: {(student, chapter): row}, missing."""
    said = main(["collect", *map(str, arguments), "--home", str(home), "--yes", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert said == status, answer
    assert "error" not in answer, answer
    return answer["rows"], answer["missing"]


def placed(home, student, chapter=LOGS):
    """{name: bytes} in submitted/."""
    folder = home / "submitted" / student / chapter
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}


EXPORTS = {
    "Moodle": lambda home, where, data: [
        platforms.moodle(where / "a.zip", [Hand("Ann Bell", data, number=71)]),
        platforms.moodle_worksheet(
            where / "grades.csv",
            [Hand("Ann Bell", b"", "17", 71, time="Sunday, 1 March 2026, 11:59 PM")],
        ),
    ],
    "Moodle without folders": lambda home, where, data: [
        platforms.moodle(where / "a.zip", [Hand("Ann Bell", data, number=71)], folders=False)
    ],
    "Canvas": lambda home, where, data: [
        platforms.canvas(where / "submissions.zip", [Hand("bellann", data, "10251", 900)])
    ],
    "Gradescope": lambda home, where, data: [
        platforms.gradescope(
            where / "g.zip",
            [Hand("Ann Bell", data, "17", 5, time="2026-03-01 23:59:00.123456789 -07:00")],
        )
    ],
    "Google Classroom": lambda home, where, data: [
        platforms.google(where / "drive.zip", [Hand("Ann Bell", data)])
    ],
    "a zip with folders": lambda home, where, data: [
        platforms.zipped(where / "class.zip", {"all/17/a.ipynb": data, "all/17/note.txt": b"me"})
    ],
    "one student's folder with folders": lambda home, where, data: [
        platforms.zipped(where / "class.zip", {f"all/17/{LOGS}/exercises.ipynb": data})
    ],
    "a file called after its student": lambda home, where, data: [
        platforms.zipped(where / "class.zip", {"17.ipynb": data})
    ],
    "a zip in the zip": lambda home, where, data: [
        platforms.moodle(
            where / "a.zip",
            [Hand("Ann Bell", inner(data), number=71, file="all.zip")],
        )
    ],
}


def inner(data):
    """A student's own zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("work/exercises.ipynb", data)
    return file.getvalue()


@pytest.mark.parametrize("layout", EXPORTS)
def test_every_layout_is_recognised_and_placed(home, tmp_path_factory, capsys, layout):
    where, data = tmp_path_factory.mktemp("export"), solved(home)
    (row,), missing = collected(home, *EXPORTS[layout](home, where, data), capsys=capsys)
    assert (row["student"], row["state"], row["chapter"]) == ("17", "new", LOGS)
    assert placed(home, "17")["exercises.ipynb"] == data
    assert [one["id"] for one in missing[LOGS]] == ["18", "19"]
    if layout == "Gradescope":
        assert placed(home, "17")["timestamp.txt"] == b"2026-03-02 06:59:00 UTC\n"
    assert ("timestamp.txt" in placed(home, "17")) == (layout in ("Gradescope", "Moodle"))


def test_checkouts_of_github_classroom(home, tmp_path_factory, capsys):
    folder = tmp_path_factory.mktemp("git") / "logs-submissions"
    for user in ("17", "joerg"):
        repository = folder / f"logs-{user}"
        repository.mkdir(parents=True)
        (repository / "exercises.ipynb").write_bytes(solved(home))
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        when = {"GIT_COMMITTER_DATE": "2026-03-01T20:00:00+01:00", "PATH": "/usr/bin:/bin"}
        for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "work"]):
            subprocess.run(["git", "-C", repository, *command], env=when, check=True)
    roster = home / "classroom_roster.csv"
    roster.write_text("identifier,github_username,github_id,name\n18,joerg,5,Jörg Müller\n")
    rows, _ = collected(home, folder, roster, capsys=capsys)
    assert [(row["student"], row["state"]) for row in rows] == [("17", "new"), ("18", "new")]
    assert placed(home, "18")["timestamp.txt"] == b"2026-03-01 19:00:00 UTC\n"
    assert set(placed(home, "18")) == {"exercises.ipynb", "timestamp.txt"}


def test_nothing_is_written_before_somebody_agrees(home, tmp_path_factory, capsys):
    archive = EXPORTS["Canvas"](home, tmp_path_factory.mktemp("export"), solved(home))[0]
    assert main(["collect", str(archive), "--home", str(home), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "17" in said and "Bell, Ann" in said and "new" in said
    assert main(["collect", str(archive), "--home", str(home)]) == 1
    assert "give --yes" in capsys.readouterr().err
    assert not (home / "submitted").exists()


def test_of_several_hand_ins_the_last_solved_one_counts(home, tmp_path_factory, capsys):
    where, late = tmp_path_factory.mktemp("export"), solved(home, text="def mean_of_logs(v): ...")
    archive = platforms.canvas(
        where / "submissions.zip",
        [
            Hand("bellann_LATE", late, "10251", 950, "exercises-1.ipynb"),
            Hand("bellann_LATE", solved(home), "10251", 900),
            Hand("bellann_LATE", solved(home, text=""), "10251", 990, "exercises-2.ipynb"),
            Hand("bellann_LATE", b"1,2", "10251", 991, "data.csv"),
        ],
    )
    (row,), _ = collected(home, archive, capsys=capsys)
    assert placed(home, "17") == {"exercises.ipynb": late, "data.csv": b"1,2"}
    assert "the platform says it was late" in row["remark"]
    assert "exercises-1.ipynb was taken for exercises.ipynb" in row["remark"]


def test_a_blank_hand_in_does_not_count_before_a_solved_one(home, tmp_path_factory, capsys):
    where, times = tmp_path_factory.mktemp("export"), ("10:00:00", "12:00:00", "11:00:00")
    texts = ("def mean_of_logs(v): ...", "", "def mean_of_logs(v): return 1")
    exports = [
        platforms.gradescope(
            where / f"{number}.zip",
            [Hand("Ann Bell", solved(home, text=text), "17", 5, time=f"2026-03-01 {time} Z")],
        )
        for number, (time, text) in enumerate(zip(times, texts, strict=True))
    ]
    rows, _ = collected(home, *exports, capsys=capsys)
    assert sorted(row["state"] for row in rows) == ["does not count", "does not count", "new"]
    assert placed(home, "17") == {
        "exercises.ipynb": solved(home, text=texts[2]),
        "timestamp.txt": b"2026-03-01 11:00:00 UTC\n",
    }


def test_what_lies_there_gives_way_to_a_later_hand_in_and_is_kept(home, tmp_path_factory, capsys):
    where = tmp_path_factory.mktemp("export")

    def at(time, data):
        hand = Hand("Ann Bell", data, "17", 5, time=f"2026-03-01 {time} +00:00")
        (row,), _ = collected(home, platforms.gradescope(where / "g.zip", [hand]), capsys=capsys)
        return row["state"]

    first, second = solved(home), solved(home, text="def mean_of_logs(v): ...")
    assert at("10:00:00", first) == "new"
    assert at("10:00:00", first) == "unchanged"
    assert at("11:00:00", second) == "replaces an earlier one"
    assert at("10:30:00", first) == "older than what is there"
    assert placed(home, "17")["exercises.ipynb"] == second
    kept = home / "submitted" / ".earlier" / "17" / LOGS / "1" / "exercises.ipynb"
    assert kept.read_bytes() == first
    assert Course(home).students(LOGS) == ["17"]


def test_another_assignment_is_told_and_not_placed(home, tmp_path_factory, capsys):
    data = solved(home, ROOTS, "def mean_of_roots(values):\n    return 1.0")
    archive = EXPORTS["Canvas"](home, tmp_path_factory.mktemp("export"), data)[0]
    (row,), _ = collected(home, archive, "--chapter", "1", capsys=capsys, status=1)
    assert f"this is assignment {ROOTS}, handed in as {LOGS}" in row["remark"]
    assert not placed(home, "17")
    (row,), _ = collected(home, archive, capsys=capsys)
    assert row["chapter"] == ROOTS and placed(home, "17", ROOTS)


def test_a_broken_notebook_is_placed_for_grade_to_tell_but_not_over_another(
    home, tmp_path_factory, capsys
):
    where, broken = tmp_path_factory.mktemp("export"), b'{"cells": ['
    archive = platforms.canvas(where / "c.zip", [Hand("bellann", broken, "10251", 900)])
    (row,), _ = collected(home, archive, capsys=capsys, status=1)
    assert row["state"] == "not placed", "nobody has said which assignment it is"
    (row,), _ = collected(home, archive, "--chapter", "1", capsys=capsys)
    assert row["state"] == "new" and "is not a complete notebook" in row["remark"]
    assert placed(home, "17") == {"exercises.ipynb": broken}
    archive = platforms.canvas(where / "c.zip", [Hand("bellann", solved(home), "10251", 950)])
    (row,), _ = collected(home, archive, capsys=capsys)
    assert row["state"] == "replaces an earlier one"
    archive = platforms.canvas(where / "c.zip", [Hand("bellann", broken, "10251", 960)])
    (row,), _ = collected(home, archive, "--chapter", "1", capsys=capsys, status=1)
    assert row["state"] == "not placed"
    assert placed(home, "17") == {"exercises.ipynb": solved(home)}


def test_an_odd_file_is_one_students_affair(home, tmp_path_factory, capsys):
    where, data = tmp_path_factory.mktemp("export"), solved(home)
    name = "_assignsubmission_file_"
    archive = platforms.zipped(
        where / "a.zip",
        {
            f"Ann Bell_1{name}/exercises.ipynb": data,
            f"Jörg Müller_2{name}/../../../../evil.ipynb": data,
            f"Łucja Łukasik_3{name}/exercises.ipynb": b"\0" * (101 << 20),
            f"Nobody Known_4{name}/exercises.ipynb": data,
        },
    )
    platforms.linked(archive, f"Jörg Müller_2{name}/exercises.ipynb", "/etc/passwd")
    rows, missing = collected(home, archive, capsys=capsys, status=1)
    said = {row["student"]: (row["state"], row["remark"]) for row in rows}
    assert said["17"][0] == "new"
    assert said["18"][0] == "not placed" and "leads out of its folder" in said["18"][1]
    assert "is a link" in said["18"][1]
    assert said["19"] == ("not placed", "exercises.ipynb: exercises.ipynb has more than 100 MiB")
    assert "is not in the roster" in said["Nobody Known"][1]
    assert sorted(path.name for path in (home / "submitted").iterdir()) == ["17"]
    assert [one["id"] for one in missing[LOGS]] == ["18", "19"]


@pytest.mark.parametrize("encoding", ["cp437", "latin-1"])
def test_names_in_old_encodings_find_their_student(home, tmp_path_factory, capsys, encoding):
    where, name = tmp_path_factory.mktemp("export"), "_2_assignsubmission_file_"
    archive = platforms.zipped(where / "a.zip", {f"J?rg M?ller{name}/x.ipynb": solved(home)})
    platforms.renamed_bytes(archive, b"J?rg M?ller", "Jörg Müller".encode(encoding))
    (row,), _ = collected(home, archive, capsys=capsys)
    assert row["student"] == "18"


def test_an_archive_in_an_archive_that_is_odd_is_told(home, tmp_path_factory, capsys):
    where = tmp_path_factory.mktemp("export")
    bomb = platforms.zipped(where / "b.zip", {"../exercises.ipynb": solved(home)})
    many = platforms.zipped(where / "m.zip", {f"{i}.ipynb": b"{}" for i in range(30)})
    archive = platforms.moodle(
        where / "a.zip",
        [
            Hand("Ann Bell", bomb.read_bytes(), number=1, file="all.zip"),
            Hand("Jörg Müller", b"PK no zip", number=2, file="all.zip"),
            Hand("Łucja Łukasik", many.read_bytes(), number=3, file="all.zip"),
        ],
    )
    rows, _ = collected(home, archive, capsys=capsys, status=1)
    said = {row["student"]: row["remark"] for row in rows}
    assert "leads out of its folder" in said["17"]
    assert "all.zip cannot be unpacked" in said["18"]
    assert "the first were looked into" in said["19"]


def test_a_students_table_is_not_taken_for_the_platforms(home, tmp_path_factory, capsys):
    where = tmp_path_factory.mktemp("export")
    claim = "Identifier,Full name,ID number\nParticipant 2,Ann Bell,17\n"
    name = "_assignsubmission_file_"
    archive = platforms.zipped(
        where / "a.zip",
        {
            f"Jörg Müller_2{name}/exercises.ipynb": solved(home),
            f"Jörg Müller_2{name}/sheet.csv": claim.encode(),
        },
    )
    (row,), _ = collected(home, archive, capsys=capsys)
    assert row["student"] == "18"


def test_two_students_of_one_name_are_not_guessed(home, tmp_path_factory, capsys):
    writer = Writer(Course(home).config)
    writer.enter_people([Person("20", "Ann", "Bell")])
    writer.close()
    archive = EXPORTS["Google Classroom"](home, tmp_path_factory.mktemp("e"), solved(home))[0]
    (row,), _ = collected(home, archive, capsys=capsys, status=1)
    assert "may be any of 17, 20" in row["remark"]


def test_without_a_roster_ids_and_names_come_from_the_export(course, tmp_path, capsys):
    for path in course.iterdir():
        (tmp_path / path.name).symlink_to(path)
    data = solved(course)
    where = tmp_path / "exports"
    where.mkdir()
    moodle = platforms.moodle(where / "m.zip", [Hand("Ann-Marie Müller", data, number=71)])
    canvas = platforms.canvas(where / "c.zip", [Hand("lukasikucja", data, "10253", 900)])
    (row,), _ = collected(tmp_path, moodle, capsys=capsys)
    assert (row["student"], row["name"]) == ("ann-marie-muller", "Ann-Marie Müller")
    (row,), _ = collected(tmp_path, canvas, "--new", capsys=capsys)
    assert row["student"] == "10253"
    writer = Writer(Course(tmp_path).config)
    assert [one.lms_user_id for one in writer.people()] == ["10253", ""]
    writer.close()


def test_a_hand_in_without_a_notebook_says_what_is_there(home, tmp_path_factory, capsys):
    where = tmp_path_factory.mktemp("export")
    archive = platforms.moodle(where / "a.zip", [Hand("Ann Bell", b"%PDF", number=1, file="a.pdf")])
    (row,), _ = collected(home, archive, capsys=capsys, status=1)
    assert row["remark"] == "there is no notebook among a.pdf"


def test_a_file_that_is_no_export_is_named(home, tmp_path, capsys):
    broken = tmp_path / "a.zip"
    broken.write_bytes(b"PK\3\4 no archive")
    assert main(["collect", str(broken), "--home", str(home)]) == 2
    assert "a.zip is no zip archive that can be read" in capsys.readouterr().err

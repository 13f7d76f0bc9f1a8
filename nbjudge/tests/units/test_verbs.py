"""One command with verbs: each explains itself, answers in JSON, and refuses values that could cost
a class its points.
"""

import json

import nbformat
import pytest
from made_up.course import make_course
from made_up.students import Student, write_submission
from nbjudge.assignment import release
from nbjudge.cli import VERBS, main

from nbjudge import run

CHAPTER = "01-logs"


@pytest.fixture
def home(warm, tmp_path):
    home = make_course(tmp_path)
    release.generate(home)
    return home


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert said.startswith(f"usage: nbjudge {verb}") and "--json" in said


@pytest.mark.parametrize(
    "options, words",
    [
        (["--seed", "-1"], "'-1' is not a whole number of at least 0"),
        (["--memory", "1"], "'1' is no size with its unit: write 2GiB or 1500MiB"),
        (["--memory", "100MiB"], "too little to start a notebook: give 512MiB or more"),
        (["--workers", "-1"], "'-1' is not a whole number of at least 1"),
        (["--workers", "0"], "at least 1"),
        (["--cell-seconds", "0"], "give 1 second or more"),
        (["--notebook-seconds", "nan"], "give 1 second or more"),
        (["--scheduler", "localhost"], "write tcp://HOST:PORT"),
        (["--scheduler", "tcp://localhost"], "write tcp://HOST:PORT"),
        (["--scheduler", "tcp://localhost:high"], "write tcp://HOST:PORT"),
    ],
)
def test_a_value_that_would_cost_everybody_points_is_refused_before_work(options, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["grade", *options])
    assert ended.value.code == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_scheduler_that_does_not_answer_is_named_before_work(home, capsys, monkeypatch):
    monkeypatch.setattr(run, "SCHEDULER_SECONDS", 0.5)
    write_submission(home, home, CHAPTER, "ann", Student({}))
    assert main(["grade", "--home", str(home), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    assert not (home / "gradebook.db").exists()


def test_the_least_memory_that_is_accepted_is_enough(sandbox, home):
    write_submission(home, home, CHAPTER, "ann", Student({}))
    assert main(["grade", "--home", str(home), "--memory", "512MiB", "--json"]) == 0
    assert main(["report", "--home", str(home)]) == 0


def test_an_error_is_told_in_json_too(home, capsys):
    assert main(["grade", "--home", str(home), "--json"]) == 2
    assert "put each notebook at" in json.loads(capsys.readouterr().out)["error"]


def test_the_seed_may_come_from_the_environment(home, monkeypatch, capsys):
    from nbjudge.cli import parser

    monkeypatch.setenv("NBJUDGE_SEED", "7")
    assert parser().parse_args(["grade"]).seed == 7
    assert parser().parse_args(["grade", "--seed", "8"]).seed == 8


def test_release_says_what_it_changed(home, capsys):
    assert main(["release", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changed": [], "remarks": []}
    path = home / "exercises" / CHAPTER / "exercises.ipynb"
    path.unlink()
    assert main(["release", "--home", str(home), "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changed": [str(path)], "remarks": []}


def test_lint_lists_the_tests_and_finds_what_is_wrong(home, capsys):
    assert main(["lint", "--home", str(home), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["problems"] == []
    assert [(one["test"], one["points"], one["takes"]) for one in answer["tests"]] == [
        ("p1_test", 5.0, ["mean_of_logs"]),
        ("p1_partial", 5.0, ["mean_of_logs"]),
    ]
    assert [(one["way"], one["reason"]) for one in answer["tests"]] == [("apart", "")] * 2
    assert answer["remarks"] == []
    (home / "exercises" / CHAPTER / "exercises.ipynb").unlink()
    assert main(["lint", "--home", str(home)]) == 1
    assert f"exercises/{CHAPTER}/exercises.ipynb is missing" in capsys.readouterr().out


PATCHED = """
from unittest.mock import patch
with patch("__main__.math", math):
    assert abs(mean_of_logs([math.e]) - 1) < 1e-9
"""


def change_test(home, grade_id, source):
    """Another test in the source."""
    path = home / "solutions" / CHAPTER / "exercises.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            cell.source = source
    nbformat.write(notebook, path)


def test_a_test_that_must_run_inside_is_said_by_lint_and_by_the_reports(home, capsys):
    change_test(home, "p1_test", PATCHED)
    assert main(["release", "--home", str(home)]) == 0
    capsys.readouterr()
    assert main(["lint", "--home", str(home), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [one["way"] for one in answer["tests"]] == ["inside", "apart"]
    assert answer["tests"][0]["reason"] and answer["tests"][0]["reason"] in answer["remarks"][0]
    write_submission(home, home, CHAPTER, "ann", Student({}))
    for verb in ("grade", "report"):
        assert main([verb, "--home", str(home), "--json"]) == 0
        (line,) = json.loads(capsys.readouterr().out)["inside"]
        assert line.startswith(f"{CHAPTER}/exercises.ipynb, p1_test: ")
    assert main(["grade", "--home", str(home), "--force"]) == 0
    assert line in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "test, words",
    [
        ("assert mean_of_logs([1.0]) == 1", "p1_test: the source's own solution fails: Assertion"),
        ("4 + mean_of_logs([1.0])", "p1_test: the source's own solution gets 4 of 5"),
    ],
)
def test_a_source_whose_own_solution_loses_points_is_not_released(home, test, words, capsys):
    change_test(home, "p1_test", test)
    released = home / "exercises" / CHAPTER / "exercises.ipynb"
    before = released.read_bytes()
    assert main(["release", "--home", str(home)]) == 2
    assert words in capsys.readouterr().err
    assert released.read_bytes() == before
    assert main(["lint", "--home", str(home)]) == 1
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_test_that_pays_for_nothing_is_a_remark(home, capsys):
    change_test(home, "p1_test", "assert math.e > 2")
    assert main(["release", "--home", str(home)]) == 0
    assert "p1_test: the blank release gets 5 of 5: this test pays for nothing" in (
        " ".join(capsys.readouterr().err.split())
    )


def test_lint_searches_what_it_is_given(home, tmp_path, capsys):
    secret = "positive = [v for v in values if v > 0]\ntotal_of_logs = sum(math.log(v) for v in positive)\n"
    (tmp_path / "page.txt").write_text(secret)
    assert main(["lint", "--home", str(home), "--search", str(tmp_path / "page.txt")]) == 1
    assert "page.txt: solution of 01-logs, cell p1" in capsys.readouterr().out
    assert main(["lint", "--home", str(home), "--search", str(tmp_path / "nothing")]) == 2
    assert "there is nothing to search at" in capsys.readouterr().err


def test_report_shows_what_waits_for_a_person(sandbox, home, capsys):
    assert main(["report", "--home", str(home)]) == 2
    assert "there is no gradebook at" in capsys.readouterr().err
    assert not (home / "gradebook.db").exists()
    for name, answers in (("ann", {}), ("bob", None)):
        write_submission(home, home, CHAPTER, name, Student(answers))
    assert main(["grade", "--home", str(home), "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["report", "1", "--home", str(home), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["submissions"]
    assert [(r["student"], r["state"], r["waiting"], r["score"], r["most"]) for r in rows] == [
        ("ann", "to be marked", 1, 10.0, 12.0),
        ("bob", "graded", 0, 0.0, 12.0),
    ]
    assert main(["report", "--home", str(home)]) == 0
    ann, bob, total = [
        line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("01-logs")
    ]
    assert ann == [CHAPTER, "ann", "10.00", "10", "2", "points", "to", "be", "marked"]
    assert total == [CHAPTER, "2", "1", "5.00", "so", "far", "12"]
    assert main(["report", "2", "--home", str(home)]) == 2
    assert (
        "no assignment '2' in the gradebook: give the number or name of one of 01-logs"
        in capsys.readouterr().err
    )


def test_lint_says_when_formgraders_button_would_run_students_code_outside(home, capsys):
    main(["lint", "--home", str(home), "--json"])
    assert json.loads(capsys.readouterr().out)["remarks"] == []
    settings = home / "nbgrader_config.py"
    kept = [line for line in settings.read_text().splitlines() if "exporter_class" not in line]
    settings.write_text("\n".join(kept))
    main(["lint", "--home", str(home), "--json"])
    (remark,) = json.loads(capsys.readouterr().out)["remarks"]
    assert "outside the sandbox" in remark and "nbgrader_hooks.Sandboxed" in remark

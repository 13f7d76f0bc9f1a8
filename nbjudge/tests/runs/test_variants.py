"""Students can be graded on different random cases: each on the same at every run, and fairly."""

import json
import random

import nbformat
import pytest
from made_up.cohort import gradebook
from made_up.course import make_course, source_notebook
from made_up.students import Student, write_submission
from nbjudge.assignment import release
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.execution import pool

CHAPTER = "01-logs"
NAMES = [f"student-{number}" for number in range(6)]
VARIANTS = 3
# tells the case it was tried on
TESTS = """
assert mean_of_logs([1.0]) == 0, "the logarithm of 1 is 0"
### BEGIN HIDDEN TESTS
import os
import random
case = random.Random(int(os.environ["NBJUDGE_SEED"])).uniform(2, 3)
found = mean_of_logs([case])
assert abs(found - math.log(case)) < 1e-9, f"wrong for {case!r}"
### END HIDDEN TESTS
""".strip()
WRONG = {"p1": "def mean_of_logs(values):\n    return 0.0"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A course whose hidden test draws its case, and a class that is wrong but for one."""
    home = make_course(tmp_path_factory.mktemp("variants"))
    notebook = source_notebook(tests=TESTS)
    nbformat.write(notebook, home / "solutions" / CHAPTER / "exercises.ipynb")
    release.generate(home)
    for name in NAMES:
        write_submission(home, home, CHAPTER, name, Student(WRONG if name != NAMES[0] else {}))
    return home


@pytest.fixture
def grade(made, monkeypatch, capsys):
    """`grade(...)` grades the class; ({student: seed} of whom it ran, {student: score} of all)."""
    real, ran = pool.outcomes, {}

    def listening(spec, submissions, *how):
        ran.update({one.student: spec.seed for one in submissions})
        yield from real(spec, submissions, *how)

    monkeypatch.setattr(pool, "outcomes", listening)

    def grade(*options):
        ran.clear()
        assert main(["grade", "--home", str(made), "--json", *options]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        return dict(ran), {row["student"]: row["score"] for row in rows}

    return grade


def test_each_student_has_one_of_the_variants_at_every_run(made, grade):
    ran, scores = grade("--variants", str(VARIANTS), "--seed", "7")
    assert set(ran) == set(NAMES)
    assert set(ran.values()) == {7, 8, 9}
    # not on where somebody stands in the list
    spec = compile_spec(made / "solutions" / CHAPTER / "exercises.ipynb")
    spec.variants.extend(range(7, 10))
    assert ran == {name: spec.of(name) for name in NAMES}
    comments = gradebook(f"sqlite:///{made}/gradebook.db")["comments"]
    told = {name: said for name, cell, said, _ in comments if cell == "p1_test" and said}
    for name in NAMES[1:]:
        assert repr(random.Random(ran[name]).uniform(2, 3)) in told[name]
    # the same work earns the same
    assert len({scores[name] for name in NAMES[1:]}) == 1 and scores[NAMES[0]] > scores[NAMES[1]]

    again, same = grade("--variants", str(VARIANTS), "--seed", "7")
    assert again == {} and same == scores
    # who keeps the case keeps the grade
    fewer, same = grade("--variants", "1", "--seed", "7")
    assert fewer == {name: 7 for name in NAMES if ran[name] != 7} and same == scores


def test_the_course_can_settle_it(made, grade, capsys):
    config = made / "nbgrader_config.py"
    before = config.read_text()
    try:
        config.write_text(f"{before}\nc.NbJudge.seed = 20\nc.NbJudge.variants = 2\n")
        assert set(grade()[0].values()) == {20, 21}
        assert set(grade("--seed", "30", "--force")[0].values()) == {30, 31}
        config.write_text(f"{before}\nc.NbJudge.variants = 0\n")
        assert main(["grade", "--home", str(made)]) == 2
        assert "variants is 0: a whole number from 1 is needed" in capsys.readouterr().err
    finally:
        config.write_text(before)

"""Students can be graded on different random cases: each on the same at every run, and fairly."""

import json

import nbformat
import pytest
from made_up.course import make_course, source_notebook
from made_up.students import Student, write_submission
from nbjudge.assignment import release
from nbjudge.assignment.spec import compile_spec
from nbjudge.cli import main
from nbjudge.execution import pool

CHAPTER = "01-logs"
NAMES = [f"student-{number}" for number in range(6)]
VARIANTS = 3
SEED = 7
# a wrong answer earns more points the later its seed: what a student earns tells which it was
TESTS = f"""
assert mean_of_logs([1.0]) == 0, "the logarithm of 1 is 0"
### BEGIN HIDDEN TESTS
import os
seed = int(os.environ["NBJUDGE_SEED"])
### END HIDDEN TESTS
right = abs(mean_of_logs([math.e]) - 1) < 1e-9
### BEGIN HIDDEN TESTS
5 if right else seed - {SEED}
### END HIDDEN TESTS
""".strip()
WRONG = {"p1": "def mean_of_logs(values):\n    return 0.0"}


@pytest.fixture(scope="module", params=["apart", "inside"])
def made(request, tmp_path_factory):
    """A course whose hidden test draws its case, and a class that is wrong but for one."""
    home = make_course(tmp_path_factory.mktemp("variants"))
    reaching = "globals()\n" if request.param == "inside" else ""
    notebook = source_notebook(tests=TESTS.replace("import os\n", f"import os\n{reaching}"))
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
    ran, scores = grade("--variants", str(VARIANTS), "--seed", str(SEED))
    assert set(ran) == set(NAMES)
    assert set(ran.values()) == {SEED, SEED + 1, SEED + 2}
    # not on where somebody stands in the list
    spec = compile_spec(made / "solutions" / CHAPTER / "exercises.ipynb")
    spec.variants.extend(range(SEED, SEED + VARIANTS))
    assert ran == {name: spec.of(name) for name in NAMES}
    # but for what this test gives by the seed, the same work earns the same
    assert len({scores[name] - ran[name] for name in NAMES[1:]}) == 1
    assert scores[NAMES[0]] > max(scores[name] for name in NAMES[1:])

    again, same = grade("--variants", str(VARIANTS), "--seed", str(SEED))
    assert again == {} and same == scores
    # who keeps the cases is not graded again
    fewer, now = grade("--variants", "1", "--seed", str(SEED))
    assert fewer == {name: SEED for name in NAMES if ran[name] != SEED}
    assert {now[name] for name in NAMES[1:]} == {scores[NAMES[1]] - ran[NAMES[1]] + SEED}


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

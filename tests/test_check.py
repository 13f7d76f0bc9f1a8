"""lmcore.check: what it accepts, what it says, and what it never says."""

import linecache
import sys
import warnings

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.validator import Validator

from lmcore import check


def double(x):
    return 2 * np.asarray(x, dtype=float)


NUMBERS = [(np.array([1.5, 2.5]),), (np.array([[3.5, -1.0]]),)]


class TestAgainst:
    @pytest.mark.parametrize(
        "answer",
        [
            double,
            lambda x: (2 * x).tolist(),  # a list
            lambda x: x.__imul__(2),  # in place
            lambda x: print("noise") or double(x),  # prints
            lambda x: warnings.warn("careful", stacklevel=2) or double(x),  # warns
            lambda x: print("noise", file=sys.stderr) or double(x),  # writes to stderr
            lambda x: (np.log(0.0), double(x))[1],  # a NumPy warning
        ],
    )
    def test_right_answers_in_any_style(self, answer, capsys):
        assert check.against("n", answer, double, NUMBERS).message is None
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err == ""

    def test_in_place_answers_do_not_spoil_the_next_case(self):
        case = (np.array([1.0]),)
        check.against("n", lambda x: x.__imul__(0), double, [case, case])
        assert case[0][0] == 1.0

    @pytest.mark.parametrize(
        "answer, said",
        [
            (lambda x: None, "return statement"),
            (lambda x: x[..., 0], "shape"),
            (lambda x: x / 0 * 0, "holds NaN"),
            (lambda x: np.full(x.shape, None).tolist(), "holds None"),
            (lambda x: x * np.inf, "inf"),
            (lambda x: -np.inf * np.abs(x), "rounded to 0"),
            (lambda x: {"a": 1}, "not an array of numbers"),
            (lambda x: 1 / 0, "raised ZeroDivisionError"),
            (lambda x: x, "2 of 2 cases differ"),
            (lambda x: (_ for _ in ()).throw(NotImplementedError), "not written yet"),
        ],
    )
    def test_wrong_answers_are_told_what_was_seen(self, answer, said):
        assert said in check.against("n", answer, double, NUMBERS).message

    def test_a_known_mistake_is_named(self):
        mistakes = {"You squared.": lambda x: x * x, "You halved.": lambda x: x / 2}
        assert (
            check.against("n", lambda x: x * 0.5, double, NUMBERS, mistakes=mistakes).message
            == "You halved."
        )

    def test_a_mistake_that_only_resembles_is_not_named(self):
        mistakes = {"You squared.": lambda x: x * x}
        sometimes = lambda x: x * x if x.ndim == 1 else x - 7
        assert (
            "cases differ"
            in check.against("n", sometimes, double, NUMBERS, mistakes=mistakes).message
        )

    def test_no_message_holds_a_hidden_value(self):
        secret = [(np.array([123.456]),)]

        def nosy(x):
            raise ValueError(f"got {x[0]}")

        for answer in (nosy, lambda x: x, lambda x: None, lambda x: -x * np.inf):
            message = check.against("n", answer, double, secret).message
            assert "123" not in message and "246" not in message

    def test_tolerance(self):
        assert check.against("n", lambda x: 2.0000001 * x, double, NUMBERS).message is None
        assert (
            check.against("n", lambda x: 2.0000001 * x, double, NUMBERS, rtol=1e-9).message
            is not None
        )

    def test_infinities_that_should_be_there(self):
        infinite = lambda x: np.array([np.inf, -np.inf])
        assert check.against("n", infinite, infinite, NUMBERS).message is None
        assert (
            check.against("n", lambda x: np.array([0.0, -np.inf]), infinite, NUMBERS).message
            is not None
        )

    def test_several_values(self):
        pair = lambda x: (x, 2 * x)
        assert check.against("n", lambda x: [x, 2 * x], pair, NUMBERS).message is None
        assert check.against("n", lambda x: np.array([x, 2 * x]), pair, NUMBERS).message is None
        assert "value 2" in check.against("n", lambda x: (x, x), pair, NUMBERS).message
        assert "2 values" in check.against("n", lambda x: x, pair, NUMBERS).message
        assert "2 values" in check.against("n", lambda x: np.array(x), pair, NUMBERS).message


class TestTheOthers:
    def test_example_shows_both_values(self):
        message = check.example("e", lambda: [0.4, 0.6], [0.5, 0.5], "They share.").message
        assert "0.5" in message and "0.4" in message and message.endswith("They share.")
        assert (
            check.example("e", lambda: 1 / 0, 1.0, "Hint.").message
            == "raised ZeroDivisionError: division by zero. Hint."
        )

    def test_example_shows_values_of_different_shapes(self):
        wrong = lambda: (np.zeros((2, 2)), np.zeros((2, 1)))
        message = check.example("e", wrong, (np.eye(2), [[0.0]]), "Look.").message
        assert "Expected [[1., 0.], [0., 1.]], [[0.]]" in message and "Look." in message

    def test_a_whole_number_has_no_stop_of_its_own(self):
        assert "Expected 2, got 3. Look." in check.example("n", lambda: 3.0, 2.0, "Look.").message

    def test_holds(self):
        assert check.holds("h", lambda: np.array([True, True]), "no").message is None
        for predicate in (lambda: np.array([True, False]), lambda: None, lambda: False):
            assert check.holds("h", predicate, "no").message == "no"
        assert (
            check.holds("h", lambda: 1 / 0, "no").message
            == "raised ZeroDivisionError: division by zero. no"
        )

    def test_raises(self):
        assert check.raises("r", lambda: int("x"), ValueError, "Refuse it.").message is None
        assert check.raises("r", lambda: 1 / 0, ValueError, "Refuse it.").message.startswith(
            "raised ZeroDivisionError"
        )
        assert check.raises("r", lambda: 1, ValueError, "Refuse it.").message.startswith(
            "raised nothing"
        )


class TestScore:
    def test_weights(self, capsys):
        results = [
            check.Result("a", 1, None),
            check.Result("b", 3, "Look again."),
            check.Result("c", 0, "no weight"),
        ]
        assert check.score(results, points=4) == 1.0
        assert capsys.readouterr().out.splitlines() == [
            "passed  a",
            "FAILED  b: Look again.",
            "FAILED  c: no weight",
        ]

    def test_all_and_nothing(self):
        assert check.score([check.Result("a", 2, None)], points=5) == 5
        assert check.score([check.Result("a", 2, "no")], points=5) == 0


def test_rng_depends_on_problem_and_seed(monkeypatch):
    monkeypatch.delenv("NBJUDGE_SEED", raising=False)
    first = check.rng("3.2").integers(1 << 40)
    assert first == check.rng("3.2").integers(1 << 40)
    assert first != check.rng("3.3").integers(1 << 40)
    monkeypatch.setenv("NBJUDGE_SEED", "7")
    assert first != check.rng("3.2").integers(1 << 40)


def test_references_are_asked_once_where_their_answers_are_kept(monkeypatch):
    asked = []

    def reference(x):
        asked.append(x)
        return 2 * x

    reference.__module__ = "__main__"
    monkeypatch.setattr(check, "REMEMBERED", {})
    for _ in range(2):
        assert check.against("x", lambda x: 2 * x, np.square, [(2.0,)]).message is None
        assert check.against("x", lambda x: 2 * x, lambda x: 2 * x, [(3.0,)]).message is None
        assert check.against("x", lambda x: 2 * x, reference, [(4.0,)]).message is None
    assert len(check.REMEMBERED) == 2
    assert asked == [4.0, 4.0]


def test_another_function_of_the_same_name_is_another_question(monkeypatch):
    monkeypatch.setattr(check, "REMEMBERED", {})
    for factor in (2, 3):
        one = eval(f"lambda x: {factor} * x", {})
        assert check.against("x", one, one, [(2.0,)]).message is None
    assert len(check.REMEMBERED) == 2


def test_what_a_function_takes_from_the_one_around_it_belongs_to_the_question(monkeypatch):
    monkeypatch.setattr(check, "REMEMBERED", {})

    def times(factor):
        return eval("lambda factor: lambda x: factor * x", {})(factor)

    for factor in (2, 3, 2):
        one = times(factor)
        assert check.against("x", one, one, [(2.0,)]).message is None
    assert sorted(check.REMEMBERED.values()) == [4.0, 6.0]


def test_a_visible_case_shows_text_and_line_of_an_exception(monkeypatch):
    cell = "def softmax(z):\n    return npp.exp(z)"
    names = {}
    name = "<ipython-input-1-softmax>"
    linecache.cache[name] = len(cell), None, cell.splitlines(True), name
    exec(compile(cell, name, "exec"), names)
    said = check.example("one", lambda: names["softmax"](1), 1, "Hint.").message
    assert said == (
        "raised NameError: name 'npp' is not defined (line 2 of the cell: return npp.exp(z)). Hint."
    )
    monkeypatch.setenv("NBJUDGE_HIDDEN", "1")
    assert check.example("one", lambda: names["softmax"](1), 1, "").message == "raised NameError. "


def test_an_exception_of_another_process_tells_its_line():
    def call():
        error = ValueError("no")
        error.add_note("line 3 of f's cell: raise")
        raise error

    said = check.example("one", call, 1, "Hint.").message
    assert said == "raised ValueError: no (line 3 of f's cell: raise). Hint."


def test_a_name_that_is_not_there_means_a_cell_that_was_not_run():
    said = check.example("one", lambda: not_written_anywhere(1), 1, "Hint.").message  # noqa: F821
    assert "run the cells above first" in said


def test_values_that_look_equal_are_told_apart_by_their_distance():
    said = check.example("one", lambda: 0.766668, 0.766667, "Hint.").message
    assert "The largest difference is 1e-06; 6 digits are asked for. Hint." in said
    assert "difference" not in check.example("one", lambda: 0.5, 0.25, "Hint.").message
    assert check.example("none", lambda: None, 1, "Hint.").message.count("?.") == 0


def test_a_mistake_is_named_only_if_it_explains_every_answer():
    """An answer that is always False is right by chance where the mistake is right too."""
    cases = [(5,), (-5,)]
    mistakes = {"You forget zero.": lambda x: x != 5 and x > 0}
    always = check.against("signs", lambda x: False, lambda x: x > 0, cases, mistakes=mistakes)
    assert always.message == "You forget zero."
    cases.append((3,))
    always = check.against("signs", lambda x: False, lambda x: x > 0, cases, mistakes=mistakes)
    assert "You forget" not in always.message
    cases = [(5,), (2,)]
    mistakes = {"You halve.": lambda x: 1 if x == 5 else 7}
    one = check.against("ones", lambda x: 1, lambda x: 2 if x == 5 else 1, cases, mistakes=mistakes)
    assert one.message == "has other values (1 of 2 cases differ)"


def test_an_integer_that_no_float_holds_is_a_wrong_answer_not_a_fault_of_the_test():
    huge = {"huge": lambda x: 2**2000}
    result = check.against("n", lambda x: 10**2000, lambda x: 1.0, [(1,)], mistakes=huge)
    assert result.message == "holds a number too large for a float"
    assert "too large for a float" in check.example("n", lambda: [10**2000], [1.0], "small").message


def test_a_list_of_another_length_is_no_known_mistake():
    mistakes = {"You find nothing.": lambda x: []}
    told = check.against("lists", lambda x: [3], lambda x: [3, 4], [(1,)], mistakes=mistakes)
    assert told.message == "has shape (1,) where (2,) is asked for"


def test_a_mistake_may_raise_as_the_answer_does():
    """It gives the same wrong numbers where shapes fit, and fails alike where they do not."""
    cases = [(np.tri(2), np.array([1.0, 2.0])), (np.ones((2, 3)), np.array([1.0, 2.0]))]
    mistakes = {"You did not transpose.": lambda a, x: a @ x}
    right, transposed = (lambda a, x: a.T @ x), (lambda a, x: np.matmul(a, x))
    told = check.against("products", transposed, right, cases, mistakes=mistakes)
    assert told.message == "You did not transpose."
    assert told.cause.split() == [check.CRASH, check.SLIP]
    assert check.score([told], points=2) == 1.0
    told = check.against("products", transposed, right, cases[1:], mistakes=mistakes)
    assert told.cause == check.CRASH and check.score([told], points=2) == 0.0

    def other(a, x):
        return a @ x if a.shape[0] == a.shape[1] else {}[0]

    told = check.against("products", other, right, cases, mistakes=mistakes)
    assert "transpose" not in told.message and told.cause == check.ERROR


def test_an_answer_that_is_only_coarse_is_told_so():
    how = {"rtol": 0, "atol": 1e-6, "near": 0.01}
    coarse = check.against(
        "roots", lambda x: np.round(np.sqrt(x), 2), np.sqrt, [(2.0,), (3.0,)], **how
    )
    assert coarse.message.startswith("too coarse: right to within 0.01, where 1e-06 is asked for")
    assert coarse.cause == check.SLIP
    wrong = check.against("roots", lambda x: np.sqrt(x) + 0.1, np.sqrt, [(2.0,), (3.0,)], **how)
    assert "coarse" not in wrong.message and wrong.cause == ""


def test_whoever_is_right_first_leaves_the_mistakes_answers_to_the_others(monkeypatch):
    monkeypatch.setattr(check, "REMEMBERED", {})
    asked = [(np.array([1.0, 2.0]),)]
    wrong = {"You multiply.": np.prod}
    check.against("sums", np.sum, np.sum, asked, mistakes=wrong)
    assert sorted(check.REMEMBERED.values()) == [2.0, 3.0]
    kept = dict(check.REMEMBERED)
    told = check.against("sums", lambda x: x[0] * x[1], np.sum, asked, mistakes=wrong)
    assert told.message == "You multiply." and check.REMEMBERED == kept


@pytest.mark.parametrize(
    "causes, points",
    [
        ("", 1),
        (check.SLIP, 2),
        (check.ERROR, 1),
        (f"{check.SLIP} {check.SLIP}", 2),
        (f"{check.SLIP} {check.ERROR}", 1),
        (check.CRASH, 1),
        (f"{check.SLIP} {check.CRASH} {check.ERROR}", 2),
        (f"{check.SLIP} {check.CRASH} {check.BLANK}", 1),
        (f"{check.SLIP} {check.BLANK}", 1),
    ],
)
def test_a_recognised_slip_costs_half_of_the_points_at_most(causes, points, capsys):
    causes = causes.split() or [""]
    results = [check.Result("right", 1, None)]
    results += [check.Result("wrong", 3 / len(causes), "Look.", cause) for cause in causes]
    assert check.score(results, points=4) == points
    assert ("half of the points at most" in capsys.readouterr().out) == (points == 2)


TEST_CELL = """
from lmcore import check
results = [check.example("a half", lambda: half(1.0), 0.5, "Divide by two.")]
results += [check.example("of zero", lambda: half(0.0), 0.0, "Zero stays.")]
check.score(results, points=4)
"""


@pytest.mark.parametrize("answer, failing", [("x", 1), ("missing", 2), ("x / 2", 0)])
def test_validate_shows_the_hints_of_a_test_that_fails(answer, failing, tmp_path):
    grading = {
        "schema_version": 3,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "grade_id": "tests",
        "points": 4,
        "cell_type": "code",
    }
    cells = [
        new_code_cell(f"def half(x):\n    return {answer}"),
        new_code_cell(TEST_CELL, metadata={"nbgrader": grading}),
    ]
    path = tmp_path / "exercises.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    failed = Validator().validate(str(path)).get("failed", [])
    assert len(failed) == bool(failing)
    for cell in failed:
        assert cell["raw_error"].count("FAILED") == failing
        assert cell["raw_error"].startswith("FAILED  a half:")
        assert "Divide by two." in cell["raw_error"]
        assert max(map(len, cell["raw_error"].splitlines())) <= 80

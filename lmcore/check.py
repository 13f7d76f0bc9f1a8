"""What test cells call: examples, properties, comparison with the reference, partial credit.

A test cell collects results in a list and ends in their score, which is how nbgrader reads partial
credit:

    results = [check.example("two equal logits", lambda: softmax([0.0, 0.0]), [0.5, 0.5], "…")]
    ### BEGIN HIDDEN TESTS
    wrong = {"You divide by the largest term.": lambda z: np.exp(z) / np.exp(z).max()}
    results += [check.against("rows", softmax, reference.softmax, cases, mistakes=wrong)]
    ### END HIDDEN TESTS
    check.score(results, points=4)

A student's code runs with its warnings and prints swallowed, so neither can cost a point, and on
copies, so that an answer that works in place is as good as any other. No message holds a value of a
hidden test.
"""

import contextlib
import copy
import hashlib
import io
import marshal
import math
import os
import pickle
import sys
import textwrap
import traceback
import types
import warnings
import zlib
from typing import NamedTuple

import numpy as np

# set while a hidden test runs: then no message may hold a value
HIDDEN = "NBJUDGE_HIDDEN"
# set while nbgrader's Validate runs: it shows what a failing cell wrote to stderr, nothing else
VALIDATING = "NBGRADER_VALIDATING"
# Why an answer failed: as a known mistake does; as one does that raises an exception; by an
# exception that none explains; because it is not written.
SLIP, CRASH, ERROR, BLANK = "slip", "crash", "error", "blank"
UNWRITTEN = "not written yet"
CONSTANTS = (type(None), bool, int, float, complex, str, bytes)
# What references and known mistakes answered, by a hash of the question: None where nobody asks the
# same again. A grader that judges a whole class puts a dict here and keeps it from one submission
# to the next.
REMEMBERED: dict[bytes, object] | None = None


class Score(float):
    """Points, with the messages that explain them: what nbgrader reads as partial credit.

    Parameters
    ----------
    x : float
        The points.

    Attributes
    ----------
    messages : tuple of (str, str or None)
        What was tried, and what was wrong with it; None if nothing was.

    Examples
    --------
    >>> Score(1.5)
    1.5
    """

    messages: tuple[tuple[str, str | None], ...] = ()


class Result(NamedTuple):
    """One line of the report.

    Parameters
    ----------
    name : str
        What was tried.
    weight : float
        Share of the cell's points, relative to the other results.
    message : str or None
        What was wrong; None if the answer passed.
    cause : str
        `SLIP` if a known mistake explains the failure, `CRASH` if that mistake raises an exception
        as the answer does (both, if it does so on some cases), `ERROR` if the answer raised one
        that no mistake explains, `BLANK` if it is not written, "" otherwise.

    Examples
    --------
    >>> Result("two equal logits", 1, None).message is None
    True
    """

    name: str
    weight: float
    message: str | None
    cause: str = ""


def rng(problem):
    """A generator for one problem's random cases.

    The environment variable NBJUDGE_SEED, an integer, is the instructor's seed: another one gives
    other cases, equally valid.

    Parameters
    ----------
    problem : str
        Name of the problem, such as "3.2": each has a stream of its own.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> int(rng("3.2").integers(1000)) == int(rng("3.2").integers(1000))
    True
    """
    return np.random.default_rng(
        [int(os.environ.get("NBJUDGE_SEED", "0")), zlib.crc32(problem.encode())]
    )


def example(name, call, expected, hint, *, rtol=1e-6, atol=1e-9, weight=1):
    """A visible case: `call()` must give `expected`; the message shows both and ends in the hint.

    Parameters
    ----------
    name : str
        What is tried, as the student will read it.
    call : callable
        Calls the answer.
    expected : object
        Numbers, arrays, a string, or a tuple of them.
    hint : str
        What to think of if the answer differs.
    rtol, atol : float
        Tolerances of `numpy.allclose`.
    weight : float
        Share of the cell's points, relative to the other results.

    Returns
    -------
    Result

    Examples
    --------
    >>> example("halves", lambda: [0.5, 0.5], [0.5, 0.5], "they share").message is None
    True
    """
    got, error = _attempt(call)
    if error:
        return Result(name, weight, f"{_sentence(error)} {hint}", _cause(error))
    problem = _difference(got, expected, rtol, atol)
    if problem is None:
        return Result(name, weight, None)
    return Result(
        name,
        weight,
        f"{_sentence(problem)} Expected {_short(expected)}, got {_short(got)}."
        f"{_precision(got, expected, rtol)} {hint}",
    )


def _sentence(text):
    """A text with one stop at its end."""
    return text if text.endswith(("?", "!", ".")) else f"{text}."


def holds(name, predicate, hint, *, weight=1):
    """A property: `predicate()` must be true; the message is the hint.

    Parameters
    ----------
    name : str
        What is tried, as the student will read it.
    predicate : callable
        Calls the answer; gives a truth value or an array of them.
    hint : str
        What to think of if the property fails.
    weight : float
        Share of the cell's points, relative to the other results.

    Returns
    -------
    Result

    Examples
    --------
    >>> holds("sums to one", lambda: sum([0.5, 0.4]) == 1, "Divide by the sum.").message
    'Divide by the sum.'
    """
    got, error = _attempt(predicate)
    if error:
        return Result(name, weight, f"{_sentence(error)} {hint}", _cause(error))
    return Result(name, weight, None if got is not None and bool(np.all(got)) else hint)


def raises(name, call, error, hint, *, weight=1):
    """`call()` must raise an exception.

    Parameters
    ----------
    name : str
        What is tried, as the student will read it.
    call : callable
        Calls the answer.
    error : exception class or tuple of them
        What must be raised.
    hint : str
        What to think of if nothing or something else is raised.
    weight : float
        Share of the cell's points, relative to the other results.

    Returns
    -------
    Result

    Examples
    --------
    >>> raises("no rows", lambda: [][0], IndexError, "Refuse an empty list.").message is None
    True
    """
    try:
        with _quiet():
            call()
    except error:
        return Result(name, weight, None)
    except NotImplementedError:
        return Result(name, weight, f"{UNWRITTEN}. {hint}", BLANK)
    except (Exception, SystemExit) as other:
        return Result(name, weight, f"{_told(other)} instead. {hint}", ERROR)
    return Result(name, weight, f"raised nothing. {hint}")


def against(
    name,
    answer,
    reference,
    cases,
    *,
    mistakes=None,
    near=None,
    rtol=1e-6,
    atol=1e-9,
    weight=1,
):
    """`answer` must agree with `reference` on every case.

    Parameters
    ----------
    name : str
        What the cases have in common, as the student will read it.
    answer, reference : callable
        Called with the same arguments.
    cases : list of tuple
        Arguments, one tuple per call.
    mistakes : dict of str to callable, optional
        Message to wrong implementation. The first whose values the answer shares, on every case,
        is the message shown; where a mistake raises an exception, so must the answer, of its kind.
    near : float, optional
        A tolerance, relative and absolute: an answer that keeps to it everywhere is right but for
        its precision. It is told so, and it counts as a known mistake.
    rtol, atol : float
        Tolerances of `numpy.allclose`; equal infinities agree.
    weight : float
        Share of the cell's points, relative to the other results.

    Returns
    -------
    Result

    Examples
    --------
    >>> squares = {"You squared.": lambda x: x * x}
    >>> cases = [(2,), (3,)]
    >>> against("numbers", lambda x: x * x, lambda x: 2 * x, cases, mistakes=squares).message
    'You squared.'
    """
    cases, mistakes = list(cases), mistakes or {}
    known = len(REMEMBERED or ())
    failures, passes, first = [], [], None
    for case in cases:
        expected = _answer_of(reference, case)
        got, error = _attempt(lambda case=case: answer(*_copy(case)), told=False)
        problem = error or _difference(got, expected, rtol, atol)
        (failures if problem else passes).append((case, got, error))
        first = first or problem
    if not failures:
        if len(REMEMBERED or ()) > known:
            # answers were new to it: let it hold those of the mistakes too
            for wrong in mistakes.values():
                for case, got, _ in passes:
                    _same_as(wrong, case, got, None, rtol, atol)
        return Result(name, weight, None)
    for message, wrong in mistakes.items():
        # the failures first: most mistakes that are not this one differ there
        if all(
            _same_as(wrong, case, got, error, rtol, atol) for case, got, error in failures + passes
        ):
            kinds = {CRASH if error else SLIP for _, _, error in failures}
            return Result(name, weight, message, " ".join(sorted(kinds)))
    share = "" if len(cases) == 1 else f" ({len(failures)} of {len(cases)} cases differ)"
    if near and all(
        error is None and _difference(got, _answer_of(reference, case), near, near) is None
        for case, got, error in failures
    ):
        coarse = f"too coarse: right to within {near:g}, where {rtol or atol:g} is asked for"
        return Result(name, weight, f"{coarse}{share}", SLIP)
    error = next((error for _, _, error in failures if error), None)
    return Result(name, weight, f"{first}{share}", _cause(error))


def score(results, points):
    """Print one line per result and return the points earned, in proportion to the weights.

    A slip costs half of the points at most: where a known mistake is recognised, what else fails
    is taken for its consequence, unless something is not written or raised an exception that the
    mistake does not raise.

    Parameters
    ----------
    results : list of Result
    points : float
        Points of the whole cell.

    Returns
    -------
    Score

    Examples
    --------
    >>> score([Result("a", 1, None), Result("b", 1, "Divide by the sum.")], points=4)
    passed  a
    FAILED  b: Divide by the sum.
    2.0
    >>> score([Result("a", 1, None), Result("b", 3, "Divide by the sum.", SLIP)], points=4)
    passed  a
    FAILED  b: Divide by the sum.
    A known slip explains this: it costs half of the points at most.
    2.0
    """
    for result in results:
        _print(result)
    share = sum(result.weight for result in results if result.message is None)
    share /= sum(result.weight for result in results)
    if share < 0.5 and _is_a_slip(results):
        print("A known slip explains this: it costs half of the points at most.")
        share = 0.5
    total = Score(round(points * share, 2))
    total.messages = tuple((result.name, result.message) for result in results)
    return total


def _print(result):
    """One line of the report; for Validate's dialog, which does not break lines, several."""
    if result.message is None:
        print(f"passed  {result.name}")
        return
    line = f"FAILED  {result.name}: {result.message}"
    if os.environ.get(VALIDATING):
        print(textwrap.fill(line, 80, subsequent_indent=" " * 8), file=sys.stderr)
    else:
        print(line)


def _is_a_slip(results):
    """Whether everything that failed can be put down to known mistakes.

    One that shows in two ways has two messages.
    """
    failed = [result for result in results if result.message is not None]
    causes = {cause for result in failed for cause in result.cause.split()}
    if BLANK in causes or SLIP not in causes:
        return False
    return CRASH in causes or ERROR not in causes


def _cause(error):
    """Of a failure that no known mistake explains; `error` is what `_attempt` says."""
    if error is None:
        return ""
    return BLANK if error == UNWRITTEN else ERROR


@contextlib.contextmanager
def _quiet():
    """Swallow warnings and whatever is printed."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _attempt(call, told=True):
    """The value of `call()` and None, or None and what it raised: its kind alone unless `told`."""
    try:
        with _quiet():
            return call(), None
    except NotImplementedError:
        return None, UNWRITTEN
    except (Exception, SystemExit) as error:
        return None, _told(error) if told else f"raised {type(error).__name__}"


def _told(error):
    """What a student reads of an exception: its kind, its text and the line that raised it.

    While a hidden test runs only the kind: the text may hold the numbers of the hidden case.
    """
    kind = f"raised {type(error).__name__}"
    if HIDDEN in os.environ:
        return kind
    text = " ".join(str(error).split())[:200]
    said = f"{kind}: {text}" if text else kind
    frames = traceback.extract_tb(error.__traceback__)
    # the call itself stands in the test cell; what comes below it is the student's
    own = [frame for frame in frames[2:] if frame.filename != __file__ and _in_a_cell(frame)]
    if own:
        return f"{said} (line {own[-1].lineno} of the cell: {own[-1].line})"
    notes = getattr(error, "__notes__", ())
    if notes:
        return f"{said} ({notes[-1]})"
    unknown = isinstance(error, NameError) and len(frames) <= 2
    return f"{said}: run the cells above first" if unknown else said


def _in_a_cell(frame):
    # as a notebook names its cells, and as the course's pages do
    return any(part in frame.filename for part in ("ipython-input", "ipykernel", "your answer"))


def _difference(got, expected, rtol, atol):
    """What is wrong with `got`, without saying what is right, or None."""
    if got is None:
        return "returned None: is there a return statement?"
    if isinstance(expected, tuple) and not np.isscalar(expected):
        stacked = isinstance(got, np.ndarray) and got.ndim == 1 + max(
            map(np.ndim, expected), default=0
        )
        if not (stacked or isinstance(got, (tuple, list))) or len(got) != len(expected):
            return f"must return {len(expected)} values"
        parts = [_difference(g, e, rtol, atol) for g, e in zip(got, expected)]
        return next((f"value {i + 1}: {part}" for i, part in enumerate(parts) if part), None)
    if isinstance(expected, str) or isinstance(expected, dict):
        return None if got == expected else "differs"
    expected, given = np.asarray(expected, dtype=float), got
    try:
        got = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return f"returned a {type(got).__name__} that is not an array of numbers"
    except OverflowError:  # Python's integers have no limit
        return "holds a number too large for a float"
    if got.shape != expected.shape:
        return f"has shape {got.shape} where {expected.shape} is asked for"
    if np.isnan(got).any() and not np.isnan(expected).any():
        nothing = any(value is None for value in np.asarray(given, dtype=object).flat)
        return "holds None" if nothing else "holds NaN"
    if np.isposinf(got).any() and not np.isposinf(expected).any():
        return "holds +inf: something overflowed"
    if np.isneginf(got).any() and not np.isneginf(expected).any():
        return (
            "holds -inf where the value is finite: the logarithm of 0, perhaps of a probability"
            " that was rounded to 0"
        )
    return None if np.allclose(got, expected, rtol=rtol, atol=atol) else "has other values"


def _precision(got, expected, rtol):
    """How far off values are that a short message would show as equal; "" for others."""
    try:
        got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        with np.errstate(invalid="ignore"):
            off = float(np.abs(got - expected).max())
    except (TypeError, ValueError, OverflowError):
        return ""
    if not rtol or not 0 < off < 1e-3 * np.abs(expected).max():
        return ""
    digits = -math.floor(math.log10(rtol))
    return f" The largest difference is {off:.1g}; {digits} digits are asked for."


def _answer_of(reference, case):
    """What a reference or a known mistake answers; from memory, where it is there."""
    question = None if REMEMBERED is None else _question(reference, case)
    if question is None:
        return reference(*_copy(case))
    if question not in REMEMBERED:
        REMEMBERED[question] = reference(*_copy(case))
    return REMEMBERED[question]


def _question(reference, case):
    """A hash of a function and its arguments; None if its answer may depend on something else."""
    try:
        return hashlib.sha256(pickle.dumps((_identity(reference), case), protocol=5)).digest()
    except Exception:  # the function reads something that can change, or an argument is a function
        return None


def _identity(function):
    """What tells a function from others: its place in a library, or its code and what that reads.

    Raises
    ------
    ValueError
        If it reads something that is neither a library's nor a constant.
    """
    if isinstance(function, types.ModuleType):
        return function.__name__
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    if module != "__main__" and getattr(sys.modules.get(module), name, None) is function:
        return module, name
    code = getattr(function, "__code__", None)
    if code is None or function.__kwdefaults__:
        raise ValueError("not a function of its arguments alone")
    read = {name: function.__globals__.get(name) for name in sorted(_names(code))}
    read |= {
        name: cell.cell_contents for name, cell in zip(code.co_freevars, function.__closure__ or ())
    }
    return (
        marshal.dumps(code),
        function.__defaults__,
        [
            (name, value if isinstance(value, CONSTANTS) else _identity(value))
            for name, value in read.items()
        ],
    )


def _names(code):
    """Global names and attributes that a function's code and the functions in it mention."""
    inner = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _copy(value):
    """A deep copy; keys of dicts, which cannot change, stay: tables of counts have thousands."""
    if type(value) is dict:
        return {key: _copy(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_copy, value))
    return value if type(value) in (int, float, str) else copy.deepcopy(value)


def _same_as(wrong, case, got, error, rtol, atol):
    """Whether a known mistake gives the student's values on this case, or the same exception."""
    mistaken, raised = _attempt(lambda: _answer_of(wrong, case), told=False)
    if error or raised:
        return error == raised
    if isinstance(got, str):
        return got == mistaken
    try:
        got, mistaken = np.asarray(got, dtype=float), np.asarray(mistaken, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return False
    # by broadcasting, an empty answer would be close to any other of one number
    if mistaken.ndim and got.shape != mistaken.shape:
        return False
    return np.allclose(got, mistaken, rtol=rtol, atol=atol, equal_nan=True)


def _short(value):
    """A visible value for a message, cut to a line."""
    if isinstance(value, str):
        text = value
    else:
        try:
            array = np.asarray(value)
        except ValueError:  # arrays of different shapes
            return ", ".join(map(_short, value))[:160]
        text = np.array2string(array, precision=6, separator=", ", threshold=12).removesuffix(".")
    return " ".join(text.split())[:160]

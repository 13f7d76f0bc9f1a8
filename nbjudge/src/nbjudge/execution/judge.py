"""The trusted side: runs the tests, with the student's names as Remotes of the student's process.

A test is judged in one of two ways, chosen when the source is compiled (`nbjudge.selfgrade`):

apart
    It runs here, in a process that the student's code never sees, and calls the student's functions
    over the wire (`remote`). The points cannot be forged.
inside
    It touches what cannot cross (files, patches, names of `__main__`), so it runs in a fork of the
    student's process, in the sandbox. The points can be forged; nothing else can be reached.

A test runs in two halves: what the student can see of it, up to its hidden part, and the rest. All
first halves run before any second one: only they show what a function returned, and by then no
function has been given a hidden case that it could put into its answer.

What a test cell says: the value of its last expression is its points, as nbgrader has it. A float
of a class of its own may carry `messages`, pairs of a name and a message (None for what passed),
which are shown to the student. While a hidden half runs, the environment variable NBJUDGE_HIDDEN is
set: then a message must hold no value that the student's code has made or been given.
"""

import ast
import builtins
import contextlib
import gc
import importlib
import io
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from nbjudge.assignment.names import bound, parse
from nbjudge.execution import wire
from nbjudge.execution.likeness import is_code, likeness
from nbjudge.execution.remote import (
    BUILTIN_ERRORS,
    Link,
    ProcessEndedError,
    Remote,
    TimeLimitError,
)
from nbjudge.sandbox import linux

APART, INSIDE = "apart", "inside"
STUDENTS_OWN = "raised by your function"
NAMES = ("names", "ours", "sets", "imports")  # what a test says of the names in it
FEEDBACK = 20_000  # characters of one test's output
SEED, HIDDEN = "NBJUDGE_SEED", "NBJUDGE_HIDDEN"


class Record:
    """What the run of a test cell gave so far."""

    def __init__(self) -> None:
        self.value: Any = None
        self.messages: list = []
        self.error: BaseException | None = None
        self.text, self.failed_hidden = "", False


def halves(full: str, visible: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements of a test cell that a student can see before its hidden part, and all others.

    Examples
    --------
    >>> first, second = halves("a = 1\\n### BEGIN\\nb = 2\\n### END\\na", "a = 1\\na")
    >>> len(first), len(second)
    (1, 2)
    """
    body, same = parse(full).body, lines_in_common(full, visible)
    if full.rstrip() == visible.rstrip():
        return body, []
    first = [statement for statement in body if (statement.end_lineno or 0) <= same]
    return first, body[len(first) :]


def lines_in_common(full: str, visible: str) -> int:
    """How many lines stand before the hidden part of a test cell."""
    same = 0
    for ours, theirs in zip(full.split("\n"), visible.split("\n"), strict=False):
        if ours != theirs:
            break
        same += 1
    return same


def text_halves(full: str, visible: str) -> tuple[str, str]:
    """The same as texts, cut where the last statement of the first half ends.

    Examples
    --------
    >>> text_halves("a = 1\\n### BEGIN\\nb = 2\\n### END\\na", "a = 1\\na")
    ('a = 1', '### BEGIN\\nb = 2\\n### END\\na')
    """
    first, second = halves(full, visible)
    if not second:
        return full, ""
    lines, end = full.split("\n"), first[-1].end_lineno if first else 0
    return "\n".join(lines[:end]), "\n".join(lines[end:])


class Code(NamedTuple):
    """Statements of a cell, and the expression at its end, if it ends in one."""

    body: CodeType
    value: CodeType | None


def compiled(statements: list[ast.stmt], last: bool = True) -> Code:
    """The code of statements; `last` says whether they are the end of their cell.

    What cannot be compiled, such as a return outside of a function, fails when it runs.
    """
    final = statements[-1] if last and statements else None
    if isinstance(final, ast.Expr):
        statements = statements[:-1]
    try:
        body = compile(ast.Module(statements, type_ignores=[]), "<test>", "exec")
        value = (
            compile(ast.Expression(final.value), "<test>", "eval")
            if isinstance(final, ast.Expr)
            else None
        )
    except SyntaxError as error:
        return Code(compile(f"raise SyntaxError({error.msg!r})", "<test>", "exec"), None)
    return Code(body, value)


class Printed(io.StringIO):
    """What is printed, as far as it will be shown: a student's function may print without end."""

    def write(self, text: str) -> int:
        super().write(text[: max(FEEDBACK - self.tell(), 0)])
        return len(text)

    def close(self) -> None:
        """Stay open: a test may close standard output, and what was printed is read after it."""


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """End what runs longer: data of a student's can make a loop of a test's endless."""
    if seconds is None:
        yield
        return

    def stop(*_):
        raise TimeLimitError(f"the test ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    # again and again, because a test may catch the exception
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(code: Code, names: dict, record: Record, seconds: float | None = None) -> str:
    """Execute a part of a cell in `names`.

    Value and error go into `record`, what is printed comes back.
    """
    printed = Printed()
    try:
        with (
            time_limit(seconds),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(Printed()),
        ):
            exec(code.body, names)
            if code.value is not None:
                record.value = eval(code.value, names)
                if record.value is not None:
                    _settle(record)
    except BaseException as error:
        record.error = error
    return printed.getvalue()


def _settle(record):
    """Turn the value into text; what a student's object does instead is an error of the test."""
    remote = issubclass(type(record.value), Remote)
    record.messages = [] if remote else messages(record.value)
    record.value = repr(repr(record.value) if remote else record.value)[:200]


class Apart:
    """A test that runs here, and the copy of the student's process that it calls."""

    def __init__(self, test: dict, link: Link) -> None:
        self.test, self.link, self.record = test, link, Record()
        self.first, self.second = test["code"]
        self.watched: list[str] = []  # data of ours, which the answer may change

    def begin(self, names: dict) -> None:
        """The visible half, with the student's names in place.

        What it leaves is kept for the other half.
        """
        self.link.begin()
        found: dict = {}
        # an answer may be forged: then the names are missing, and nothing else has happened
        with contextlib.suppress(BaseException), contextlib.redirect_stdout(Printed()):
            with contextlib.redirect_stderr(Printed()):
                found = self.link.names(**{key: self.test[key] for key in NAMES})
                self._compare_ours(names, self.test["ours"])
        for name in self.test["names"]:
            names.pop(name, None)
        names.update(found)
        self.record.text = run(self.first, names, self.record, 2 * self.link.seconds)
        self.kept = dict(names)
        self._look_again(names)

    def _compare_ours(self, names, wanted):
        """Note where a name of ours holds something else in the student's process."""
        for name in wanted:
            here = names[name] if name in names else getattr(builtins, name, None)
            there = self.link.likenesses.get(name)
            if name in names and not is_code(here):
                self.watched.append(name)
            if there is not None and there != likeness(here):
                self.link.replaced = self.link.replaced or is_code(here)
                self.link.note(f"{name} is not what the assignment's cells make it")

    def _look_again(self, names):
        """Note where the calls of a test have changed data of ours, in one of both processes."""
        watched = [name for name in self.watched if name in names]
        if watched and not self.link.differs and not self.link.dead:
            with contextlib.suppress(BaseException), contextlib.redirect_stdout(Printed()):
                self.link.ask_for_likenesses(watched)
            for name in watched:
                if self.link.likenesses.get(name) != likeness(names[name]):
                    self.link.note(f"{name} is changed while the test runs")

    def finish(self, names: dict, hidden: dict) -> None:
        """The other half, unless the first has failed; `hidden` holds what other tests' hidden
        parts have defined.
        """
        if self.record.error is None and self.second:
            names.clear()
            names.update(hidden | self.kept)
            self.link.begin()
            self.link.hidden = True
            os.environ[HIDDEN] = "1"
            run(self.second, names, self.record, 2 * self.link.seconds)
            os.environ.pop(HIDDEN, None)
            self.record.failed_hidden = True
            self._look_again(names)
            hidden.update({name: value for name, value in names.items() if name not in self.kept})

    def report(self) -> dict:
        """The verdict, as plain data."""
        record = self.record
        lines = [
            f"passed  {name}" if message is None else f"FAILED  {name}: {message}"
            for name, message in record.messages
        ]
        text = "\n".join(lines) + "\n" if lines else record.text
        report = {
            "grade_id": self.test["grade_id"],
            "text": text[:FEEDBACK],
            "value": None,
            "error": None,
            "limit": str(self.link.dead) if self.link.dead else None,
            "gone": self.link.gone,
            "uncrossed": self.link.uncrossed,
            "differs": self.link.differs,
            "replaced": self.link.replaced,
            "compared": self.link.compared,
            "asked": self.link.asked,
        }
        if record.error is not None:
            report["error"] = explain(record.error, record.failed_hidden, self.test["constants"])
        elif not self.record.failed_hidden or _is_number(record.value):
            report["value"] = record.value
        return report


class Inside:
    """A test that runs in a fork of the student's process; the fork gets the hidden half last."""

    def __init__(self, test: dict, link: Link) -> None:
        self.test, self.link = test, link
        self.first: dict = {}
        self.second: dict = {}
        self.halves = text_halves(test["full"], test["visible"])
        self.before = [
            ("" if has_run else visible, hidden)
            for full, shown, has_run in test["before"]
            for visible, hidden in [text_halves(full, shown)]
        ]

    def begin(self, names: dict) -> None:
        """The visible half, after those of the tests that this one builds on."""
        self.first = self._ask(self.halves[0], [visible for visible, _ in self.before])

    def finish(self, names: dict, hidden: dict) -> None:
        """The hidden half, unless the first has failed."""
        if self.halves[1] and not self.first.get("error"):
            told = {SEED: os.environ.get(SEED, "0"), HIDDEN: "1"}
            self.second = self._ask(self.halves[1], [hidden for _, hidden in self.before], told)

    def _ask(self, source, before, told=None):
        self.link.begin()
        before = [text for text in before if text]
        request = {"do": "inside", "source": source, "before": before, "environ": told or {}}
        try:
            return self.link.plain(request)
        except (TimeLimitError, ProcessEndedError) as error:
            return {"error": [type(error).__name__.removesuffix("Error"), str(error)]}

    def report(self) -> dict:
        """The verdict. Of a hidden half only sentences are shown that are there to be shown."""
        last = self.second or self.first
        value, error = last.get("value"), last.get("error")
        report = {
            "grade_id": self.test["grade_id"],
            "text": str(self.first.get("text", ""))[:FEEDBACK],
            "value": value[:200] if isinstance(value, str) and not error else None,
            "error": None,
            "limit": str(self.link.dead) if self.link.dead else None,
            "gone": self.link.gone,
            "uncrossed": "",
            "differs": "",
            "replaced": False,
            "compared": False,
            "asked": False,
        }
        if error:
            kind, said = [*error, "", ""][:2] if isinstance(error, list) else ["Error", ""]
            kind, said = str(kind), str(said)
            report["error"] = [kind[:80], said[:2000]]
            if self.second:
                known = said in self.test["messages"]
                report["error"] = [_public_kind(kind), said if known else "a hidden test failed"]
        if self.second:
            report["value"] = public_points(report["value"], self.test["points"])
        return report


def _is_number(text):
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


def public_points(text: str | None, most: float) -> str | None:
    """The points that a hidden half gave inside, in too few digits to tell what it holds.

    Shares of up to a hundred equal parts are kept, anything else is rounded to a hundredth. None
    stands for what counts as full: it may be any text.

    Examples
    --------
    >>> public_points("3.3333333333333335", 10), public_points("0.8131579", 10)
    ('3.3333333333333335', '0.81')
    >>> public_points("172536.0", 10), public_points("[0.25, 4.0]", 10)
    ('10.0', None)
    """
    if text is None or not _is_number(text) or not 0 <= float(text):
        return None
    points = min(float(text), float(most))
    share = Fraction(points / most).limit_denominator(100) if most else Fraction(0)
    exact = float(share * Fraction(most))
    return repr(exact if math.isclose(exact, points, rel_tol=1e-12) else round(points, 2))


def _public_kind(kind, other="Failure"):
    return kind if f"builtins.{kind}" in BUILTIN_ERRORS else other


def messages(value: Any) -> list[tuple[str, str | None]]:
    """What a test cell says of its points: the pairs that a float of its own class carries.

    Examples
    --------
    >>> class Points(float):
    ...     messages = (("ordinary rows", None), ("ties", "Keep every tie."))
    >>> messages(Points(1.5))
    [('ordinary rows', None), ('ties', 'Keep every tie.')]
    >>> messages(1.5)
    []
    """
    if not issubclass(type(value), float):
        return []
    return [
        (str(name), None if message is None else str(message))
        for name, message in getattr(value, "messages", ())
    ]


def explain(error: BaseException, hidden: bool, constants: list[str]) -> list[str]:
    """[kind, message] of a failed test cell, without a value that only a hidden test knows."""
    kind, said = type(error).__name__[:80], _said(error)
    students = hasattr(error, "raised_by_student")
    if isinstance(error, (TimeLimitError, ProcessEndedError)):
        kind = kind.removesuffix("Error")
    if not hidden:
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        return [kind, (said + notes)[:2000]]
    if students:
        return [_public_kind(kind, "Exception"), f"{STUDENTS_OWN} in a hidden test"]
    if isinstance(error, AssertionError) and said and repr(said)[1:-1] in constants:
        return [kind, said]
    return [_public_kind(kind), "a hidden test failed"]


def _said(error):
    """The text of an exception; its arguments may be objects of the student's that give none."""
    try:
        with time_limit(1):
            return str(error)
    except BaseException:
        return ""


class Bench:
    """An assignment, ready to be judged.

    Its tests compiled, our cells run, references' answers at hand.

    Parameters
    ----------
    assignment : dict
        "steps": our cells and the tests in the order of the notebook; "seed"; "remembered":
        {module: {key: answer}}, what a module's REMEMBERED held after the source was graded.
    """

    def __init__(self, assignment: dict) -> None:
        os.environ[SEED] = str(assignment["seed"])
        self.names: dict = {"__name__": "__main__", "__builtins__": builtins}
        self.steps, self.folder = assignment["steps"], None
        if assignment["files"]:
            self.folder = tempfile.mkdtemp(prefix="nbjudge-")
            write_files(self.folder, assignment["files"])
            os.chdir(self.folder)
        for step in self.steps:
            if "trusted" in step:
                step["code"] = compiled(parse(step["trusted"]).body)
            elif step["way"] == APART:
                first, second = halves(step["full"], step["visible"])
                step["code"] = compiled(first, last=not second), second and compiled(second)
        if _bind_each_name_once(self.steps):
            self._run_ours()
        for module, answers in assignment["remembered"].items():
            with contextlib.suppress(ImportError):
                loaded = {key: wire.PLAIN.loads(data) for key, data in answers.items()}
                importlib.import_module(module).REMEMBERED = loaded  # type: ignore[attr-defined]

    def _run_ours(self):
        """Our cells once for all submissions."""
        for step in self.steps:
            if "trusted" in step:
                run(step["code"], self.names, Record())
        self.steps = [step for step in self.steps if "trusted" not in step]

    def close(self) -> None:
        """Remove the folder with the assignment's files."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def serve(self, channel: Any, copies: list, limits: Any) -> None:
        """Judge one notebook: send a verdict for each test, then what references answered."""
        linux.die_with_parent()
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_AS, (2 * limits.memory, 2 * limits.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        gc.disable()  # it lives for a moment, in little memory
        asked = wire.PLAIN.loads(wire.read(channel, 1 << 30))
        modules = _remembering(asked["learn"])
        hidden: dict = {}
        for trial in self._begun(copies, limits, asked["lost"]):
            trial.finish(self.names, hidden)
            wire.send(channel, trial.report())
        if asked["learn"]:
            wire.send(channel, {"remembered": _plain(modules)})

    def _begun(self, copies, limits, lost):
        """All tests after their first halves, in one namespace in the order of the notebook."""
        trials, copies = [], iter(copies)
        for step in self.steps:
            if "trusted" in step:
                run(step["code"], self.names, Record())
                continue
            link = Link(
                next(copies),
                limits.cell_seconds,
                limits.reply,
                lost.get(step["grade_id"], ""),
                step["compares"],
                step["generators"],
                step["modules"],
                step["asks"],
            )
            trials.append((Inside if step["way"] == INSIDE else Apart)(step, link))
            trials[-1].begin(self.names)
        return trials


def write_files(folder: str, files: dict[str, bytes]) -> None:
    """Lay files out in a folder."""
    for name, data in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _bind_each_name_once(steps):
    """Whether our cells give the same whenever they run.

    No other cell of ours binds one of their names.
    """
    seen: set = set()
    for step in steps:
        names = bound(parse(step.get("trusted") or step["full"]))
        if names & seen and "trusted" in step:
            return False
        seen |= names
    return True


def _remembering(learn):
    """The modules that remember what references answer; told to begin with it if `learn`."""
    found = {
        name: module
        for name, module in list(sys.modules.items())
        if "REMEMBERED" in getattr(module, "__dict__", ())
    }
    for module in found.values() if learn else ():
        module.REMEMBERED = {}
    return found


def _plain(modules):
    """{module: {key: answer}} of those answers that are plain data."""
    kept = {}
    for name, module in modules.items():
        kept[name] = {}
        for key, answer in (module.REMEMBERED or {}).items():
            with contextlib.suppress(wire.NotPlainError):
                kept[name][key] = wire.PLAIN.dumps(answer)
    return kept

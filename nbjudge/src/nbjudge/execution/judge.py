"""The trusted side: runs the tests, with the student's names as proxies for functions in the student's process.

A test cell runs here, in a process that the student's code never sees. It calls the student's
function through a proxy: the arguments cross, the answer crosses back as plain data, and what the
function did to its arguments is done to the originals. The worst a student's process can do is to
return another value, which is what is being tested.

A test runs in two halves: what the student can see of it, up to its hidden part, and the rest. All first halves run
before any second one: only they show what a function returned, and by then no function has been given a hidden case
that it could put into its answer.
"""

import ast
import builtins
import contextlib
import gc
import importlib
import io
import os
import resource
import signal
import time

import numpy as np
from nbjudge.assignment.spec import parse
from nbjudge.execution import wire
from nbjudge.sandbox import linux

BUILTIN_ERRORS = {
    f"builtins.{name}": value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
KNOWN_ERRORS = BUILTIN_ERRORS | {
    "numpy.linalg.LinAlgError": np.linalg.LinAlgError,
    "numpy.exceptions.AxisError": np.exceptions.AxisError,
}
MODULES = {
    "numpy",
    "math",
    "cmath",
    "itertools",
    "functools",
    "collections",
    "random",
    "statistics",
}
MUTABLE = (list, dict, set, tuple, np.ndarray)
STUDENTS_OWN = "raised by your function"
FEEDBACK = 20_000  # characters of one test's output


class TimeLimit(Exception):
    """The student's process did not answer within the time of the test."""


class ProcessEnded(Exception):
    """The student's process ended during a call."""


class Copy:
    """The copy of the student's process that waits for one test.

    Parameters
    ----------
    connection : socket
    seconds : float
        For all calls together.
    most : int
        Bytes of the longest answer.
    lost : str
        Why there is no such process, if there is none.
    """

    def __init__(self, connection, seconds, most, lost=""):
        self.connection, self.seconds, self.most = connection, seconds, most
        self.deadline = None
        self.dead = ProcessEnded(lost) if lost else None

    def begin(self):
        """Start the clock for one half of the test."""
        self.deadline = time.monotonic() + self.seconds

    def ask(self, request):
        """The bytes of the answer to one request."""
        if self.dead is None:
            try:
                self.connection.settimeout(max(self.deadline - time.monotonic(), 0.01))
                wire.write(self.connection, wire.dumps(request))
                return wire.read(self.connection, self.most + 1024, self.deadline)
            except TimeoutError:
                self.dead = TimeLimit(f"no answer within {self.seconds:g} s")
            except (EOFError, OSError):
                self.dead = ProcessEnded("the process ended")
            except wire.TooLarge:
                self.dead = ProcessEnded("the answer was too large")
            self.connection.close()
        raise self.dead

    def names(self, wanted):
        """{name: proxy or plain value} of those names that the student has defined."""
        found = wire.loads(self.ask({"do": "names", "names": sorted(wanted)}))
        if not isinstance(found, dict):
            return {}
        return {
            name: _proxy(self, name, what)
            for name, what in found.items()
            if name in wanted and isinstance(what, dict)
        }

    def call(self, name, arguments, keywords):
        """Call a student's function with the arguments' data; what it changed is changed here too."""
        answer = self.ask(
            {
                "do": "call",
                "name": name,
                "arguments": [wire.dumps(part, to_student=True) for part in arguments],
                "keywords": {
                    key: wire.dumps(part, to_student=True) for key, part in keywords.items()
                },
            }
        )
        try:
            reply = wire.loads(answer)
            changed = {place: wire.loads(data) for place, data in reply["changed"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, MemoryError):
            raise ProcessEnded("the answer could not be read") from None
        originals = dict(enumerate(arguments)) | keywords
        for place, value in changed.items():
            if place in originals:
                _change(originals[place], value)
        if "error" in reply:
            raise _error(reply["error"])
        return reply.get("value")


def _proxy(copy, name, what):
    if "module" in what:
        module = str(what["module"])
        return (
            importlib.import_module(module)
            if module.partition(".")[0] in MODULES
            else wire.Opaque()
        )
    if "function" not in what:
        return what.get("value")

    def proxy(*arguments, **keywords):
        return copy.call(name, arguments, keywords)

    proxy.__name__ = proxy.__qualname__ = name
    proxy.__doc__ = what["doc"] if isinstance(what.get("doc"), str) else None
    return proxy


def _error(kinds):
    """The exception that a student's function raised, as the nearest one that Python or NumPy define."""
    for kind in kinds if isinstance(kinds, list) else []:
        known = KNOWN_ERRORS.get(kind) if isinstance(kind, str) else None
        if known is not None and issubclass(known, (Exception, SystemExit)):
            # some want more than a text: then their base class
            with contextlib.suppress(TypeError):
                return known(STUDENTS_OWN)
    return RuntimeError(STUDENTS_OWN)


def _change(original, value):
    """Make an argument what the student's function made of it, in place."""
    # a change that cannot be copied is none that a test looks for
    with contextlib.suppress(Exception):
        if isinstance(original, np.random.Generator):
            original.bit_generator.state = value
        elif isinstance(original, np.ndarray):
            if isinstance(value, np.ndarray) and value.shape == original.shape:
                original[...] = value
        elif isinstance(original, (list, bytearray)):
            if (
                isinstance(value, type(original))
                and len(value) == len(original)
                and isinstance(original, list)
            ):
                for place, part in enumerate(value):
                    if isinstance(original[place], MUTABLE) and type(part) is type(original[place]):
                        _change(original[place], part)
                    else:
                        original[place] = part
            else:
                original[:] = value
        elif isinstance(original, tuple):
            for part, new in zip(original, value):
                if isinstance(part, MUTABLE):
                    _change(part, new)
        elif isinstance(original, (dict, set)):
            original.clear()
            original.update(value)


class Record:
    """What the run of a test cell gave so far."""

    def __init__(self):
        self.value, self.error, self.text, self.failed_hidden = None, None, "", False


def halves(full, visible):
    """The statements of a test cell that a student can see before its hidden part, and all others.

    Examples
    --------
    >>> first, second = halves("a = 1\\n### BEGIN\\nb = 2\\n### END\\na", "a = 1\\na")
    >>> len(first), len(second)
    (1, 2)
    """
    same = 0
    for ours, theirs in zip(full.split("\n"), visible.split("\n")):
        if ours != theirs:
            break
        same += 1
    body = parse(full).body
    if full.rstrip() == visible.rstrip():
        return body, []
    first = [statement for statement in body if statement.end_lineno <= same]
    return first, body[len(first) :]


def run(statements, names, record, last=True):
    """Execute statements of a cell in `names`; the value of the last expression and what went wrong go into `record`."""

    printed = io.StringIO()
    try:
        *body, final = (
            statements
            if last and statements and isinstance(statements[-1], ast.Expr)
            else [*statements, None]
        )
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(ast.Module(body, type_ignores=[]), "<test>", "exec"), names)
            if final is not None:
                record.value = eval(compile(ast.Expression(final.value), "<test>", "eval"), names)
    except BaseException as error:
        record.error = error
    return printed.getvalue()


class Trial:
    """One test cell and the copy of the student's process that it calls."""

    def __init__(self, test, copy):
        self.test, self.copy, self.record = test, copy, Record()
        self.first, self.second = halves(test["full"], test["visible"])

    def begin(self, names):
        """The visible half, with the student's names in place; what it leaves in `names` is kept for the other half."""
        self.copy.begin()
        try:
            found = self.copy.names(self.test["names"])
        except (TimeLimit, ProcessEnded, ValueError):
            found = {}
        for name in self.test["names"]:
            names.pop(name, None)
        names.update(found)
        self.record.text = run(self.first, names, self.record, last=not self.second)
        self.kept = dict(names)

    def finish(self, names, hidden):
        """The other half, unless the first has failed; `hidden` holds what other tests' hidden parts have defined."""
        if self.record.error is None and self.second:
            names.clear()
            names.update(hidden | self.kept)
            self.copy.begin()
            run(self.second, names, self.record)
            self.record.failed_hidden = True
            hidden.update({name: value for name, value in names.items() if name not in self.kept})

    def report(self):
        """The verdict, as plain data."""
        record = self.record
        lines = [
            f"passed  {name}" if message is None else f"FAILED  {name}: {message}"
            for name, message in messages(record.value)
        ]
        text = "\n".join(lines) + "\n" if lines else record.text
        report = {
            "grade_id": self.test["grade_id"],
            "text": text[:FEEDBACK],
            "value": None,
            "error": None,
            "limit": str(self.copy.dead) if self.copy.dead else None,
        }
        if record.error is not None:
            report["error"] = _explain(record.error, record.failed_hidden, self.test["constants"])
        elif record.value is not None:
            report["value"] = repr(record.value)[:200]
        return report


def messages(value):
    """What a test cell says of its points: the pairs that a float of its own kind carries.

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


def _explain(error, hidden, constants):
    """[kind, message] of a failed test cell, without a value that only a hidden test knows."""
    kind, said = type(error).__name__, str(error)
    if not hidden:
        return [kind, said[:2000]]
    if said == STUDENTS_OWN:
        return [kind, "raised by your function in a hidden test"]
    if isinstance(error, AssertionError) and said and repr(said)[1:-1] in constants:
        return [kind, said]
    return [kind if f"builtins.{kind}" in BUILTIN_ERRORS else "Failure", "a hidden test failed"]


def serve(channel, copies, limits):
    """Judge one notebook: read the tests, send a verdict for each."""
    linux.die_with_parent()
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (2 * limits.memory, 2 * limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # it lives for a moment, in little memory
    steps = wire.loads(wire.read(channel, 1 << 30))
    names, hidden = {"__name__": "__main__", "__builtins__": builtins}, {}
    for trial in _begun(steps, copies, limits, names):
        trial.finish(names, hidden)
        wire.send(channel, trial.report())


def _begun(steps, copies, limits, names):
    """All tests after their first halves, run in one namespace in the order of the notebook, as a kernel does."""
    trials, copies = [], iter(copies)
    for step in steps:
        if "trusted" in step:
            run(parse(step["trusted"]).body, names, Record())
        else:
            trials.append(
                Trial(step, Copy(next(copies), limits.cell_seconds, limits.reply, step["lost"]))
            )
            trials[-1].begin(names)
    return trials

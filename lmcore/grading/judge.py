"""The trusted side: runs the tests, with the student's names as proxies for functions in the student's process.

A test cell runs here, in a process that the student's code never sees. It calls the student's function through a proxy:
the arguments cross, the answer crosses back as plain data, and what the function did to its arguments is done to the
originals. The worst a student's process can do is to return another value, which is what is being tested.

Each test with a hidden part runs twice: first as the student knows it, for the messages that show what a visible case
returned; then in full, for the score. The second run is given the answers recorded in the first, and goes on with the
same process, so every call is made once, in the order of a notebook. Since all visible parts run before any hidden one,
no message can show a student what a hidden test passed to a function.
"""
import ast
import builtins
import contextlib
import io
import importlib
import os
import resource
import signal
import time

import numpy as np

from . import check, wire
from .box import linux

BUILTIN_ERRORS = {f"builtins.{name}": value for name, value in vars(builtins).items()
                  if isinstance(value, type) and issubclass(value, BaseException)}
KNOWN_ERRORS = BUILTIN_ERRORS | {"numpy.linalg.LinAlgError": np.linalg.LinAlgError, "numpy.exceptions.AxisError": np.exceptions.AxisError}
MODULES = {"numpy", "math", "cmath", "itertools", "functools", "collections", "random", "statistics", "lmcore"}
MUTABLE = (list, dict, set, tuple, np.ndarray)
STUDENTS_OWN = "raised by your function"
FEEDBACK = 20_000                                     # characters of one test's output


class TimeLimit(Exception):
    """The student's process did not answer within the time of the test."""


class Gone(Exception):
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
        self.deadline, self.log, self.replay = None, [], []
        self.dead = Gone(lost) if lost else None

    def begin(self):
        """Start another run of the test: answers given so far are given again as long as the same is asked."""
        self.replay, self.log = self.log, []
        self.deadline = time.monotonic() + self.seconds

    def ask(self, request, **how):
        """The bytes of the answer to one request."""
        data = wire.dumps(request, **how)
        if self.replay and self.replay[0][0] == data:
            self.log.append(self.replay.pop(0))
            answer = self.log[-1][1]
        else:
            self.replay = []
            answer = self._live(data)
            self.log.append((data, answer))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _live(self, data):
        if self.dead is None:
            try:
                self.connection.settimeout(max(self.deadline - time.monotonic(), 0.01))
                wire.write(self.connection, data)
                return wire.read(self.connection, self.most + 1024, self.deadline)
            except TimeoutError:
                self.dead = TimeLimit(f"no answer within {self.seconds:g} s")
            except (EOFError, OSError):
                self.dead = Gone("the process ended")
            except wire.TooLarge:
                self.dead = Gone("the answer was too large")
            self.connection.close()
        return self.dead

    def names(self, wanted):
        """{name: proxy or plain value} of those names that the student has defined."""
        found = wire.loads(self.ask({"do": "names", "names": sorted(wanted)}))
        if not isinstance(found, dict):
            return {}
        return {name: _proxy(self, name, what) for name, what in found.items() if name in wanted and isinstance(what, dict)}

    def call(self, name, arguments, keywords):
        """Call a student's function with the arguments' data; what it changed is changed here too."""
        answer = self.ask({"do": "call", "name": name, "arguments": list(arguments), "keywords": keywords}, to_student=True)
        try:
            reply = wire.loads(answer)
            changed = {place: wire.loads(data) for place, data in reply["changed"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, MemoryError):
            raise Gone("the answer could not be read") from None
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
        return importlib.import_module(module) if module.partition(".")[0] in MODULES else wire.Opaque()
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
            with contextlib.suppress(TypeError):      # some want more than a text: then their base class
                return known(STUDENTS_OWN)
    return RuntimeError(STUDENTS_OWN)


def _change(original, value):
    """Make an argument what the student's function made of it, in place."""
    with contextlib.suppress(Exception):              # a change that cannot be copied is none that a test looks for
        if isinstance(original, np.random.Generator):
            original.bit_generator.state = value
        elif isinstance(original, np.ndarray):
            if isinstance(value, np.ndarray) and value.shape == original.shape:
                original[...] = value
        elif isinstance(original, (list, bytearray)):
            if isinstance(value, type(original)) and len(value) == len(original) and isinstance(original, list):
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
    """What one run of a test cell gave."""

    def __init__(self):
        self.results, self.value, self.error, self.text = [], None, None, ""


def run(source, names, record):
    """Execute a test cell in `names`; the value of its last expression, its results and its failure go into `record`."""
    def remember(results, points):
        record.results = list(results)
        return original(record.results, points)

    original, printed = check.score, io.StringIO()
    check.score = remember
    try:
        body = ast.parse(source).body
        last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(ast.Module(body, type_ignores=[]), "<test>", "exec"), names)
            if last is not None:
                record.value = eval(compile(last, "<test>", "eval"), names)
    except BaseException as error:
        record.error = error
    finally:
        check.score = original
    record.text = printed.getvalue()


def rehearse(test, source, names, copy):
    """One run of a test cell, whole or the visible part, with the student's names in place."""
    record = Record()
    copy.begin()
    try:
        found = copy.names(test["names"])
    except (TimeLimit, Gone, ValueError):
        found = {}
    for name in test["names"]:
        names.pop(name, None)
    names.update(found)
    run(source, names, record)
    return record


def _report(test, visible, full, copy):
    results = visible.results[:len(full.results)] + full.results[len(visible.results):]
    lines = [f"passed  {r.name}" if r.message is None else f"FAILED  {r.name}: {r.message}" for r in results]
    text = "\n".join(lines) + "\n" if lines else visible.text
    report = {"text": text[:FEEDBACK], "value": None, "error": None, "limit": str(copy.dead) if copy.dead else None}
    if full.error is not None:
        report["error"] = _explain(full.error, visible.error, test)
    elif full.value is not None:
        report["value"] = repr(full.value)[:200]
    return report


def _explain(error, seen, test):
    """[kind, message] of a failed test cell, without a value that only a hidden test knows."""
    if seen is not None and type(seen) is type(error):
        return [type(error).__name__, str(seen)[:2000]]           # it fails in the part that the student has
    if str(error) == STUDENTS_OWN:
        return [type(error).__name__, "raised by your function in a hidden test"]
    kind = type(error).__name__ if f"builtins.{type(error).__name__}" in BUILTIN_ERRORS else "Failure"
    said = str(error)
    if isinstance(error, AssertionError) and said and repr(said)[1:-1] in test["constants"]:
        return [kind, said]
    return [kind, "a hidden test failed"]


def serve(channel, copies, limits):
    """Judge one notebook: read the tests, send a verdict for each."""
    linux.die_with_parent()
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (2 * limits.memory, 2 * limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    steps = wire.loads(wire.read(channel, 1 << 30))
    tests = [step for step in steps if "trusted" not in step]
    open_copies = [Copy(copies[test["index"]], limits.cell_seconds, limits.reply, test["lost"]) for test in tests]
    seen = list(_records(steps, open_copies, "visible"))
    for test, copy, first, second in zip(tests, open_copies, seen, _records(steps, open_copies, "full")):
        wire.send(channel, {"grade_id": test["grade_id"], **_report(test, first, second, copy)})


def _records(steps, copies, part):
    """Run all steps in one namespace, as a kernel does, with one part of each test; a record for each test."""
    names, copies = {"__name__": "__main__", "__builtins__": builtins}, iter(copies)
    for step in steps:
        if "trusted" in step:
            run(step["trusted"], names, Record())
        else:
            yield rehearse(step, step[part], names, next(copies))

"""The student's side of the wire.

Runs the cells of one notebook as a kernel would, then answers calls. Untrusted.

This is the code of the boxed process before the student's own code takes it over; from then on
nothing it says is believed beyond "this is what the student's cell showed" and "this is what the
student's function returned".

Before a test would run, the process forks. The copy waits with the state of that moment; the
original goes on with the next cells. So all of the student's outputs are there before any hidden
test calls anything, and a function that destroys its process or its state harms one test only.
"""

import asyncio
import builtins
import contextvars
import copy
import importlib
import inspect
import io
import os
import random
import resource
import selectors
import signal
import subprocess
import sys
import threading
import traceback
import types
import warnings
from contextlib import contextmanager, suppress
from functools import cache
from typing import NamedTuple

import msgpack
import numpy as np
from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from nbjudge.execution import wire
from nbjudge.execution.likeness import globals_read, likenesses

# a student's cell may put other functions in the place of these
__builtins__ = dict(vars(builtins))

DATA = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset)
# what is told with an object of a class that extends one of them: it cannot change
EXACT = {
    str: str.__str__,
    bytes: lambda value: bytes(memoryview(value)),
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
}
MUTABLE = (list, dict, set, tuple, bytearray, np.ndarray, np.random.Generator)
MOST_OUTPUTS = 200
TRACEBACK_LINES = 60


class Outputs:
    """The outputs of one cell, as a notebook holds them, up to a size."""

    def __init__(self, most):
        self.items, self.left, self.cut = [], most, False

    def text(self, name, text):
        """Text written to stdout or stderr."""
        text = str(text)
        if len(text) > self.left:
            text, self.cut = text[: max(self.left, 0)], True
        if not text:
            return
        self.left -= len(text)
        if self.items and self.items[-1].get("name") == name:
            self.items[-1]["text"].append(text)
        else:
            self._add({"output_type": "stream", "name": name, "text": [text]})

    def rich(self, kind, data, **more):
        """What a display or the last expression shows."""
        data = {str(mime): value for mime, value in data.items() if isinstance(value, (str, dict))}
        size = sum(len(str(value)) for value in data.values())
        if size > 4 * self.left:  # a picture may be larger than a text
            data, self.cut = {"text/plain": str(data.get("text/plain", ""))[:1000]}, True
            size = 0
        self.left -= size // 4
        self._add({"output_type": kind, "data": data, "metadata": {}, **more})

    def error(self, name, value, traceback):
        """An exception that ended the cell."""
        lines = [str(line)[:10_000] for line in traceback]
        if len(lines) > TRACEBACK_LINES:
            lines = lines[: TRACEBACK_LINES // 2] + ["…"] + lines[-TRACEBACK_LINES // 2 :]
        self._add(
            {
                "output_type": "error",
                "ename": str(name)[:200],
                "evalue": str(value)[:2000],
                "traceback": lines,
            }
        )

    def texts(self):
        """[name of the stream, text] of what was printed."""
        return [
            [item["name"], "".join(item["text"])]
            for item in self.items
            if item["output_type"] == "stream"
        ]

    def taken(self):
        """The same, and nothing of it is left."""
        texts, self.items = self.texts(), []
        return texts

    def _add(self, item):
        if len(self.items) < MOST_OUTPUTS:
            self.items.append(item)
        else:
            self.cut = True

    def finished(self):
        """The outputs as plain data, with a word where something was cut off."""
        for item in self.items:
            if isinstance(item.get("text"), list):
                item["text"] = "".join(item["text"])
        if self.cut:
            self.items.append(
                {
                    "output_type": "stream",
                    "name": "stdout",
                    "text": "\n[the rest of the output was cut off]\n",
                }
            )
        return self.items


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, name):
        self.name, self.outputs = name, Outputs(0)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.text(self.name, text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def close(self):
        """Stay open, as a kernel's streams do."""

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False

    def fileno(self):
        return 1 if self.name == "stdout" else 2


class Publisher(DisplayPublisher):
    """Where `display` and figures go."""

    outputs = Outputs(0)

    def publish(self, data, metadata=None, **_):
        Publisher.outputs.rich("display_data", data)

    def clear_output(self, wait=False):
        Publisher.outputs.items.clear()


class Hook(DisplayHook):
    """Where the value of a cell's last expression goes."""

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        Publisher.outputs.rich("execute_result", format_dict, execution_count=self.prompt_count)

    def finish_displayhook(self):
        pass


class Shell(InteractiveShell):
    """IPython without a terminal or a kernel.

    Magics, shell escapes and figures work, nothing is asked and nothing stored.
    """

    def init_profile_dir(self, profile_dir):
        """None: it would be made in the home folder, which may be full or not ours to write."""

    def _showtraceback(self, etype, evalue, stb):
        Publisher.outputs.error(etype.__name__, evalue, stb)

    def system(self, cmd):
        """Run a line of the shell as a kernel does, without a terminal, which is not there."""
        process = subprocess.Popen(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for line in process.stdout:
            sys.stdout.write(line)
        self.user_ns["_exit_code"] = process.wait()

    def enable_gui(self, gui=None):
        pass

    def ask_exit(self):
        pass


def make_shell():
    """The shell, before the fork: making one takes longer than running a cell."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled, config.HistoryManager.hist_file = False, ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 100
    # any folder that exists: nothing is written there
    config.InteractiveShell.ipython_dir = os.sep
    Shell.display_pub_class, Shell.displayhook_class = Publisher, Hook
    # In a notebook the names of its cells live in the module __main__.
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    shell = Shell.instance(config=config, user_module=main, user_ns=main.__dict__)
    return shell


def reseed():
    """Forks of one process would all draw the same numbers."""
    random.seed()
    np.random.seed()


def serve(shell, channel, snapshots, limits, trouble=""):
    """Obey the grader: run cells, leave copies of this process behind for the tests.

    Parameters
    ----------
    shell : Shell
    channel : socket
        Requests `begin`, `run`, `define`, `snapshot`; each gets one answer.
    snapshots : list of socket
        One for each test, on which the copy of this process answers.
    limits : Limits
    trouble : str
        Why the sandbox could not be built: told instead of running anything.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reseed()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    wire.send(channel, {"ready": not trouble, "trouble": trouble})
    while True:
        try:
            request = wire.PLAIN.loads(wire.read(channel, 1 << 30))
        except (EOFError, OSError):
            return
        do, answer = request["do"], {}
        if do == "begin":
            _write_files(request["files"])
            # as in a kernel: modules beside the notebook can be imported
            sys.path.insert(0, "")
        elif do == "run":
            answer = _run(shell, request["source"], limits.output)
        elif do == "define":
            _run(shell, request["source"], 0)
        elif do == "snapshot":
            answer = _leave_copy(shell, channel, snapshots, request["index"], limits)
        wire.send(channel, answer)


def _write_files(files):
    for name, data in files.items():
        with suppress(OSError):
            os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
            with open(name, "wb") as file:
                file.write(data)


def _run(shell, source, most):
    """Run one cell; an interrupt of the grader's arrives as KeyboardInterrupt."""
    with _shown(most) as outputs:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _run_cell(shell, source, outputs)
        except BaseException as error:
            outputs.error(type(error).__name__, error, [f"{type(error).__name__}: {error}"])
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    return {"outputs": outputs.finished(), "count": shell.execution_count - 1}


def _run_cell(shell, source, outputs):
    """Run one cell; an error that is shown as a sentence, such as an unknown magic, is one too."""
    loop = get_asyncio_loop()
    context = contextvars.copy_context()
    task = loop.create_task(_executed(shell, source), context=context)
    try:
        ran = loop.run_until_complete(task)
    except BaseException:
        task.cancel()
        raise
    finally:
        # NumPy's settings live in such variables: they stay for the cells after this one
        for variable, value in context.items():
            variable.set(value)
    error = ran.error_before_exec or ran.error_in_exec
    if error and not any(item["output_type"] == "error" for item in outputs.items):
        outputs.error(type(error).__name__, _text(error), [f"{type(error).__name__}: {error}"])


async def _executed(shell, source):
    """The result of a cell that runs while an event loop does, as every cell in a kernel."""
    try:
        transformed, trouble = shell.transform_cell(source), None
    except Exception:
        transformed, trouble = source, sys.exc_info()
    try:
        ran = await shell.run_cell_async(
            source,
            store_history=True,
            transformed_cell=transformed,
            preprocessing_exc_tuple=trouble,
        )
    finally:
        shell.events.trigger("post_execute")
    shell.events.trigger("post_run_cell", ran)
    return ran


@contextmanager
def _looping():
    """Let students' functions find a running event loop, as in a kernel."""
    loop = get_asyncio_loop()
    asyncio._set_running_loop(loop)
    loop._thread_id = threading.get_ident()
    try:
        yield
    finally:
        loop._thread_id = None
        asyncio._set_running_loop(None)


def _own_loop():
    """Part a forked process from the event loop of the one that it was forked from.

    Its pending tasks stay; what wakes it up would be shared.
    """
    with suppress(Exception):  # a loop of another kind, which the student has made
        loop = get_asyncio_loop()
        loop._selector = selectors.DefaultSelector()
        loop._make_self_pipe()


@contextmanager
def _shown(most):
    """Collect what is printed and displayed."""
    outputs = Outputs(most)
    out, err = Stream("stdout"), Stream("stderr")
    out.outputs = err.outputs = Publisher.outputs = outputs
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield outputs
    finally:
        sys.stdout, sys.stderr = before


def _leave_copy(shell, channel, snapshots, index, limits):
    try:
        pid = os.fork()
    except OSError as error:
        return {"trouble": f"no process could be started: {error.strerror}"}
    if pid:
        # or nobody would see the end of the copy
        snapshots[index].close()
        return {}
    channel.close()
    connection = snapshots[index]
    for other in snapshots:
        if other is not connection:
            other.close()
    for magics in shell.magics_manager.registry.values():
        if getattr(magics, "event_loop", None):
            magics.event_loop = None  # its thread is not in this process
    # a loop without end ends here
    seconds = int(limits.cell_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # and what the student's cells may not use up is there for the test
    memory = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8", errors="replace")
    try:
        _own_loop()
        Copy(shell, connection, limits).serve()
    finally:
        os._exit(0)


class Copy:
    """A copy of the process at the moment of one test: it answers the judge's requests.

    Parameters
    ----------
    shell : Shell
    connection : socket
    limits : Limits
    """

    def __init__(self, shell, connection, limits):
        self.shell, self.connection, self.limits = shell, connection, limits
        self.codec, self.requests = Objects(self), {}
        # whose turn it is to speak with the judge: threads of a student's may call it back at once
        self.turn = threading.Lock()

    def serve(self):
        """Answer until nobody asks any more."""
        while True:
            answer = self.answer(self.codec.loads(wire.read(self.connection, 1 << 30)))
            with self.turn:
                wire.write(self.connection, answer)

    def answer(self, request):
        """Do what is asked; the message that says what came of it."""
        if request["do"] == "inside":
            return wire.PLAIN.dumps(_inside(self.shell, request, self.limits.output))
        with (
            _shown(self.limits.output) as outputs,
            _as_in_the_test(request) as caught,
            _looping(),
        ):
            reply = self._names(request) if request["do"] == "names" else self._call(request)
        reply |= {"out": outputs.texts(), "warnings": _warned(caught)}
        self.codec.lost = ""
        if "random" in request:
            reply["random"] = [np.random.get_state(), random.getstate()]
        try:
            data = self.codec.dumps(reply)
        except wire.NotPlainError:  # data that hold themselves cross as an object
            kept = {"changed": {}, "value": Whole(reply.get("value"))}
            data = self.codec.dumps(reply | kept)
        if isinstance(reply.get("value"), (bytearray, memoryview)):  # they cross as bytes
            self.codec.lost = wire.describe(reply["value"])
        if self.codec.lost:
            data = self.codec.dumps(reply | {"lost": self.codec.lost})
        if len(data) > self.limits.reply:
            data = self.codec.dumps({"error": {"kinds": ["builtins.MemoryError"]}})
        return data

    def _names(self, request):
        names = self.shell.user_ns
        value = {name: names[name] for name in request["names"] if name in names}
        reply = {"value": value, "likenesses": likenesses(request["ours"], names)}
        missing = set(request["imports"]) - set(names)
        if wanted := missing | set(request["sets"]):
            reply["read"] = min(wanted & globals_read(names), default=None)
        return reply

    def _call(self, request):
        """What an object gives or raises, and what it did to its arguments."""
        sent = dict(enumerate(request["arguments"])) | request["keywords"]
        values = {place: self.codec.loads(data) for place, data in sent.items()}
        values |= {place: values[first] for place, first in request["same"].items()}
        positional = [values[place] for place in range(len(request["arguments"]))]
        keywords = {key: values[key] for key in request["keywords"]}
        try:
            value = _do(request["on"], request["method"], positional, keywords)
            reply = {"value": self._named(value, list(values.values()))}
        except BaseException as error:
            reply = {"error": _described(error)}
        reply["changed"] = {
            place: _image(value)
            for place, value in values.items()
            if isinstance(value, MUTABLE) and self._altered(value, sent[place])
        }
        return reply

    def _named(self, value, arguments):
        """The value, or which of the arguments it is."""
        for place, argument in enumerate(arguments):
            if value is argument and isinstance(value, MUTABLE):
                return Argument(place)
        return value

    def _altered(self, value, sent):
        try:
            if isinstance(value, np.random.Generator):
                return value.bit_generator.state != self.codec.loads(sent).bit_generator.state
            return self.codec.dumps(value) != sent
        except (TypeError, ValueError):
            return True

    def call_back(self, number, arguments, keywords):
        """Have the judge call a function of the test's."""
        message = {"callback": number, "arguments": list(arguments), "keywords": keywords}
        if isinstance(sys.stdout, Stream):
            message["out"] = sys.stdout.outputs.taken()
        with self.turn:
            wire.write(self.connection, self.codec.dumps(message))
            while True:
                reply = self.codec.loads(wire.read(self.connection, 1 << 30))
                if "do" not in reply:
                    break
                # what the judge asks meanwhile may have other threads call it back
                self.turn.release()
                try:
                    answer = self.answer(reply)
                finally:
                    self.turn.acquire()
                wire.write(self.connection, answer)
        if "error" in reply:
            raise _raised(reply)
        return reply["value"]


class Whole(NamedTuple):
    """Stands for data that are not to be taken apart."""

    value: object


class Argument(NamedTuple):
    """Stands for the argument of that place."""

    place: int


class Objects(wire.Codec):
    """References of this side: this process's objects, which the judge knows by number."""

    def __init__(self, copy):
        self.copy, self.objects, self.numbers = copy, [], {}

    def reference(self, value):
        """An object by its number, with what the judge should know of its class."""
        if isinstance(value, JudgesFunction):
            return wire.YOURS, value.number
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return wire.THEIRS, [number, *_description(value)]

    def refer(self, code, parts):
        """What a reference of the judge's stands for here."""
        if code == wire.YOURS:
            return self.objects[parts]
        if code == wire.CALLBACK:
            return JudgesFunction(self.copy, *parts)
        if code == wire.ITERATOR:
            return JudgesIterator(self.copy, *parts)
        if code == wire.LIBRARY:
            module, name = parts
            found = importlib.import_module(module)
            for part in filter(None, name.split(".")):
                found = getattr(found, part)
            return found
        if code == wire.INSTANCE:
            module, name, state = parts
            kind = self.refer(wire.LIBRARY, [module, name])
            made = kind.__new__(kind)
            made.__dict__.update(state)
            return made
        if code == wire.GENERATOR:
            generator = getattr(np.random, parts["bit_generator"])()
            generator.state = parts
            return np.random.Generator(generator)
        if code == wire.ERROR:
            return _raised(parts)
        raise ValueError(f"unknown kind {code}")

    def _default(self, value):
        if type(value) is Argument:
            return msgpack.ExtType(wire.ARGUMENT, self._pack(value.place))
        if type(value).__module__ == "__main__" and _base(value):
            value = Whole(value)
        if type(value) is Whole:
            code, parts = self.reference(value.value)
            return msgpack.ExtType(code, self._pack(parts))
        return super()._default(value)


class JudgesFunction:
    """A function of the test's, which runs in the judge's process."""

    def __init__(self, copy, number, name):
        self.copy, self.number, self.__name__ = copy, number, name

    def __call__(self, *arguments, **keywords):
        return self.copy.call_back(self.number, arguments, keywords)

    def __deepcopy__(self, memo):
        return self


class JudgesIterator(JudgesFunction):
    """An iterator of the test's, which runs in the judge's process."""

    def __iter__(self):
        return self

    def __next__(self):
        return self()


def _description(value):
    """Module and name of the class, special methods, what kind of thing, ancestors of an exception
    class, and the data that an object extends.
    """
    kind = type(value)
    if isinstance(value, types.ModuleType):
        return [value.__name__, kind.__name__, [], "module", None, None]
    if isinstance(value, type):
        ancestors = [f"{one.__module__}.{one.__qualname__}" for one in value.__mro__]
        methods = ["__call__", "__instancecheck__", *_special(kind)]
        errors = ancestors if issubclass(value, BaseException) else None
        name = value.__name__ if errors else kind.__name__
        return [kind.__module__, name, methods, "class", errors, None]
    for base, exact in EXACT.items():
        if issubclass(kind, base):  # an object may say that it is of any class
            methods = _overridden(kind, base)
            return [kind.__module__, kind.__qualname__, methods, base.__name__, None, exact(value)]
    what = "function" if isinstance(value, types.FunctionType) else _base(value)
    return [kind.__module__, kind.__qualname__, _special(kind), what, None, None]


def _base(value):
    """Of an instance of a student's subclass of plain data, the class that it extends."""
    if hasattr(value, "_fields"):
        return ""
    return next((base.__name__ for base in DATA if isinstance(value, base)), "")


@cache
def _special(kind):
    """Special methods that a class defines beyond those that every class has."""
    names = {name for name in dir(kind) if name.startswith("__") and name.endswith("__")}
    usual = {name for name in names if getattr(object, name, None) is getattr(kind, name, None)}
    return sorted(name for name in names - usual if getattr(kind, name, None) is not None)


@cache
def _overridden(kind, base):
    """What a class that extends plain data does in another way, and its other special methods."""
    return sorted(
        name
        for name in dir(kind)
        if (hasattr(base, name) or name[:2] == "__" == name[-2:])
        and inspect.getattr_static(kind, name) is not inspect.getattr_static(base, name, None)
        and inspect.getattr_static(kind, name) is not None
    )


def _do(on, method, arguments, keywords):
    """One thing that can be done with an object."""
    if method == "":
        return on(*arguments, **keywords)
    if method in ACTIONS:
        return ACTIONS[method](on, *arguments)
    return getattr(type(on), method)(on, *arguments)


def _parameters(function):
    """A signature as data; defaults that are no data are shown as text."""
    return [
        [
            parameter.name,
            int(parameter.kind),
            parameter.default is not parameter.empty,
            None if parameter.default is parameter.empty else parameter.default,
            None if parameter.annotation is parameter.empty else parameter.annotation,
        ]
        for parameter in inspect.signature(function).parameters.values()
    ]


ACTIONS = {
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "dir": dir,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "signature": _parameters,
    "data": lambda value: next(base(value) for base in DATA if isinstance(value, base)),
    "__instancecheck__": lambda kind, value: isinstance(value, kind),
    "__subclasscheck__": lambda kind, value: issubclass(value, kind),
}


def _described(error, depth=3):
    """What the judge is told of an exception: class, arguments, text, where it was raised."""
    kind = type(error)
    said = {
        "kinds": [f"{one.__module__}.{one.__qualname__}" for one in kind.__mro__][:20],
        "args": list(error.args),
        "text": _text(error),
        "attributes": dict(vars(error)) if hasattr(error, "__dict__") else {},
        "line": _line(error),
    }
    if kind.__module__ == "__main__":
        said["class"] = kind
    if error.__cause__ is not None and depth:
        said["cause"] = _described(error.__cause__, depth - 1)
    if error.__context__ is not None and depth:
        said["context"] = _described(error.__context__, depth - 1)
    said["suppress"] = error.__suppress_context__
    return said


def _text(error):
    try:
        return str(error)[:5000]
    except Exception:
        return ""


def _line(error):
    """The line of a cell in which an exception was raised."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipython-input" in frame.filename:
            return f"line {frame.lineno} of {frame.name}'s cell: {frame.line}"
    return None


def _raised(reply):
    """An exception of the judge's, from the names of its classes."""
    for name in reply["error"]:
        module, _, kind = name.rpartition(".")
        found = getattr(sys.modules.get(module), kind, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found(*reply["args"])
    return RuntimeError(*reply["args"])


@contextmanager
def _as_in_the_test(request):
    """Floating-point errors, warnings and random generators as the test has set them."""
    errors, action = request.get("errors"), request.get("filter")
    if "random" in request:
        numpy, python = request["random"]
        np.random.set_state(numpy)
        random.setstate(python)
    with warnings.catch_warnings(record=True) as caught, np.errstate(**(errors or {})):
        if action:
            warnings.simplefilter(action)
        elif not any(entry[0] == "error" for entry in warnings.filters):
            warnings.simplefilter("always")
        yield caught


def _warned(caught):
    return [
        [
            [f"{kind.__module__}.{kind.__qualname__}" for kind in one.category.__mro__],
            str(one.message),
        ]
        for one in caught[:20]
    ]


def _image(value):
    """An argument as it is now; a generator is its state."""
    return value.bit_generator.state if isinstance(value, np.random.Generator) else value


def _inside(shell, request, most):
    """Run a part of a test here, as a kernel would; nothing that it says can be relied on."""
    os.environ.update(request["environ"])
    for source in request["before"]:
        _run(shell, source, 0)
    with _shown(most) as outputs:
        try:
            _run_cell(shell, request["source"], outputs)
        except BaseException as error:
            outputs.error(type(error).__name__, _text(error), [])
    shown = outputs.finished()
    errors = [item for item in shown if item["output_type"] == "error"]
    values = [item["data"] for item in shown if item["output_type"] == "execute_result"]
    text = "".join(text for name, text in outputs.texts() if name == "stdout")
    return {
        "value": str(values[-1].get("text/plain", "")) if values else None,
        "error": [errors[0]["ename"], errors[0]["evalue"]] if errors else None,
        "text": text,
    }

"""The student's side of the wire: runs the cells of one notebook as a kernel would, then answers calls. Untrusted.

This is the code of the boxed process before the student's own code takes it over; from then on
nothing it says is believed beyond "this is what the student's cell showed" and "this is what the
student's function returned".

Before a test would run, the process forks. The copy waits with the state of that moment; the original goes on with the
next cells. So all of the student's outputs are there before any hidden test calls anything, and a function that
destroys its process or its state harms one test only.
"""

import os
import random
import resource
import signal
import sys
import types
from contextlib import suppress

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbjudge.execution import wire

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


class Stream:
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
    """IPython without a terminal or a kernel: magics, shell escapes and figures work, nothing is asked and nothing stored."""

    def init_profile_dir(self, profile_dir):
        """None: it would be made in the home folder, which may be full or not ours to write."""

    def _showtraceback(self, etype, evalue, stb):
        Publisher.outputs.error(etype.__name__, evalue, stb)

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
    shell.system = shell.system_piped
    return shell


def reseed():
    """Forks of one process would all draw the same numbers."""
    random.seed()
    np.random.seed()


def serve(shell, channel, snapshots, most_reply, trouble=""):
    """Obey the grader: run cells, leave copies of this process behind for the tests.

    Parameters
    ----------
    shell : Shell
    channel : socket
        Requests `run`, `define`, `snapshot`; each gets one answer.
    snapshots : list of socket
        One for each test, on which the copy of this process answers calls.
    most_reply : int
        Bytes of the longest answer.
    trouble : str
        Why the box could not be built: told instead of running anything.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reseed()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    wire.send(channel, {"ready": not trouble, "trouble": trouble})
    most = seconds = 0
    while True:
        try:
            request = wire.loads(wire.read(channel, 1 << 30))
        except (EOFError, OSError):
            return
        do = request["do"]
        if do == "begin":
            most, seconds = request["output"], int(request["seconds"]) + 1
            _write_files(request["files"])
            # as in a kernel: modules beside the notebook can be imported
            sys.path.insert(0, "")
            answer = {}
        elif do == "run":
            answer = _run(shell, request["source"], most)
        elif do == "define":
            _run(shell, request["source"], 0)
            answer = {}
        elif do == "snapshot":
            answer = _leave_copy(shell, channel, snapshots, request["index"], most_reply, seconds)
        wire.send(channel, answer)


def _write_files(files):
    for name, data in files.items():
        with suppress(OSError):
            os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
            with open(name, "wb") as file:
                file.write(data)


def _run(shell, source, most):
    """Run one cell; an interrupt of the grader's arrives as KeyboardInterrupt."""
    outputs = Outputs(most)
    out, err = Stream("stdout"), Stream("stderr")
    out.outputs = err.outputs = Publisher.outputs = outputs
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        shell.run_cell(source, store_history=True)
    except BaseException as error:
        outputs.error(type(error).__name__, error, [f"{type(error).__name__}: {error}"])
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout, sys.stderr = before
    return {"outputs": outputs.finished(), "count": shell.execution_count - 1}


def _leave_copy(shell, channel, snapshots, index, most_reply, seconds):
    try:
        pid = os.fork()
    except OSError as error:
        return {"trouble": f"no process could be started: {error.strerror}"}
    if pid:
        snapshots[index].close()  # or nobody would see the end of the copy
        return {}
    channel.close()
    connection = snapshots[index]
    for other in snapshots:
        if other is not connection:
            other.close()
    reseed()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # a loop without end ends here
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8", errors="replace")
    try:
        while True:
            _answer(shell.user_ns, connection, most_reply)
    except BaseException:
        os._exit(0)


def _answer(names, connection, most_reply):
    data = wire.read(connection, 1 << 30)
    request = wire.loads(data)
    if request["do"] == "names":
        found = {name: _describe(names[name]) for name in request["names"] if name in names}
        answer = wire.dumps(found)
    else:
        answer = _call(names, request, most_reply)
    wire.write(connection, answer)


def _describe(value):
    if isinstance(value, types.ModuleType):
        return {"module": value.__name__}
    if callable(value):
        return {
            "function": str(getattr(value, "__name__", "function")),
            "doc": getattr(value, "__doc__", None),
        }
    return {"value": value}


def _call(names, request, most_reply):
    """Call a student's function: what it returns or raises, and what it did to its arguments."""
    sent = dict(enumerate(request["arguments"])) | request["keywords"]
    values = {place: wire.loads(data, from_judge=True) for place, data in sent.items()}
    positional = [values[place] for place in range(len(request["arguments"]))]
    try:
        reply = {
            "value": names[request["name"]](
                *positional, **{key: values[key] for key in request["keywords"]}
            )
        }
    except BaseException as error:
        kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        reply = {"error": kinds[:20]}
    reply["changed"] = {
        place: _image(value) for place, value in values.items() if _altered(value, sent[place])
    }
    answer = wire.dumps(reply)
    if len(answer) > most_reply:
        answer = wire.dumps({"error": ["builtins.MemoryError"], "changed": {}})
    return answer


def _altered(value, sent):
    try:
        return wire.dumps(value, to_student=True) != sent
    except TypeError:
        # something that does not cross was put into it
        return True


def _image(value):
    """An argument as it is now; a generator is its state."""
    return wire.dumps(
        value.bit_generator.state if isinstance(value, np.random.Generator) else value
    )

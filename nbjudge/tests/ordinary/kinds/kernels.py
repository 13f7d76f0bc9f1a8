"""What only a notebook's kernel gives: a running event loop, its own streams and arguments."""

from ..kind import Own, answer, code, kind, test, work

KINDS = [
    kind(
        "kernels-task",
        "A task is started in one cell and awaited in another.",
        code("import asyncio\nlog = []", "setup"),
        answer(
            "worker",
            r"""
async def worker(name, times):
    ### BEGIN SOLUTION
    for number in range(times):
        log.append((name, number))
        await asyncio.sleep(0)
    return name.upper()
    ### END SOLUTION
""",
        ),
        answer(
            "start",
            "### BEGIN SOLUTION\ntask = asyncio.create_task(worker('a', 2))\n### END SOLUTION",
        ),
        test("worker-result", 2, "assert await task == 'A'"),
        test(
            "worker-log",
            1,
            "assert [entry for entry in log if entry[0] == 'a'] == [('a', 0), ('a', 1)]",
        ),
        right_gathered={
            "start": "task = asyncio.ensure_future(worker('a', 2))\n"
            "loop = asyncio.get_running_loop()"
        },
        wrong_run={"start": "task = asyncio.run(worker('a', 2))"},
        wrong_coroutine={"worker": "async def worker(name, times):\n    return name"},
    ),
    kind(
        "kernels-run",
        "asyncio.run cannot be called in a notebook: the loop is running.",
        answer(
            "both",
            r"""
import asyncio

async def later(x):
    ### BEGIN SOLUTION
    await asyncio.sleep(0.01)
    return x
    ### END SOLUTION
""",
        ),
        answer("result", "### BEGIN SOLUTION\nresult = await later(4)\n### END SOLUTION"),
        answer(
            "together",
            "def together():\n    'Something that can be awaited, and gives 1 and 2.'\n"
            "    ### BEGIN SOLUTION\n    return asyncio.gather(later(1), later(2))\n"
            "    ### END SOLUTION",
        ),
        test("result-test", 1, "assert result == 4"),
        test("together-test", 1, "assert await together() == [1, 2]"),
        test("later-test", 1, "assert await asyncio.wait_for(later(5), 2) == 5"),
        right_gather={"result": "(result,) = await asyncio.gather(later(4))"},
        wrong_run={
            "result": "result = asyncio.run(later(4))",
            "together": "def together():\n"
            "    return asyncio.run(asyncio.gather(later(1), later(2)))",
        },
        wrong_until_complete={
            "result": "result = asyncio.get_event_loop().run_until_complete(later(4))"
        },
    ),
    kind(
        "kernels-run-inside",
        "A plain function that runs a coroutine to its end fails where a loop is running.",
        answer(
            "fetched",
            r"""
import asyncio, threading

async def fetch(x):
    await asyncio.sleep(0)
    return x + 1

def fetched(x):
    "What fetch gives, also where a loop is running."
    ### BEGIN SOLUTION
    found = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(fetch(x))))
    thread.start()
    thread.join()
    return found[0]
    ### END SOLUTION
""",
        ),
        test("fetched-test", 2, "assert fetched(3) == 4"),
        wrong={
            "fetched": "import asyncio\nasync def fetch(x):\n    return x + 1\n"
            "def fetched(x):\n    return asyncio.run(fetch(x))"
        },
    ),
    kind(
        "kernels-background",
        "A task that was started goes on while other cells run.",
        answer(
            "ticker",
            r"""
import asyncio
ticks = []

async def ticker():
    ### BEGIN SOLUTION
    for number in range(3):
        ticks.append(number)
        await asyncio.sleep(0)
    ### END SOLUTION

task = asyncio.get_event_loop().create_task(ticker())
""",
        ),
        code("await asyncio.sleep(0.05)", "pause"),
        test("ticker-test", 2, "assert ticks == [0, 1, 2] and task.done()"),
        wrong={
            "ticker": "import asyncio\nticks = []\nasync def ticker():\n    ticks.append(0)\n"
            "task = asyncio.get_event_loop().create_task(ticker())"
        },
    ),
    kind(
        "kernels-streams",
        "Standard output and error are the notebook's own: no text of a terminal.",
        answer(
            "streams",
            r"""
import io, sys

def is_text():
    ### BEGIN SOLUTION
    return isinstance(sys.stdout, io.TextIOBase) and sys.stdout.writable()
    ### END SOLUTION

def say(*words):
    "Each word on a line of its own."
    ### BEGIN SOLUTION
    sys.stdout.writelines(word + "\n" for word in words)
    ### END SOLUTION
""",
        ),
        test("text-test", 1, "assert is_text()"),
        test(
            "say-test",
            1,
            "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n"
            "    say('a', 'b')\nassert out.getvalue() == 'a\\nb\\n'",
        ),
        test("say-shown", 1, "say('c')"),
        right_print={
            "streams": "import sys, io\nsaid = print('x', file=sys.stdout, flush=True)\n"
            "count = sys.stdout.write('y')\n"
            "assert not sys.stdout.isatty() and sys.stdout.encoding\n"
            "def is_text():\n    return said is None and count == 1 and not sys.stdout.closed\n"
            "def say(*words):\n    print(*words, sep='\\n', file=sys.stdout)"
        },
        wrong_end={
            "streams": "import sys, io\ndef is_text():\n    return io.TextIOBase in "
            "type(sys.stdout).__mro__\ndef say(*words):\n    print(*words)"
        },
        wrong_buffer={
            "streams": "import sys, io\ndef is_text():\n    return sys.stdout.isatty()\n"
            "def say(*words):\n    sys.stdout.buffer.write(b''.join(w.encode() for w in words))"
        },
    ),
    kind(
        "kernels-arguments",
        "sys.argv is the kernel's: a parser that reads it fails in a notebook.",
        answer(
            "parsed",
            r"""
import argparse

def parsed(arguments):
    ### BEGIN SOLUTION
    parser = argparse.ArgumentParser()
    parser.add_argument("--loud", action="store_true")
    return parser.parse_args(arguments).loud
    ### END SOLUTION
""",
        ),
        test("parsed-none", 1, "assert parsed([]) is False"),
        test("parsed-loud", 1, "assert parsed(['--loud']) is True"),
        wrong={
            "parsed": "import argparse\ndef parsed(arguments):\n"
            "    parser = argparse.ArgumentParser()\n"
            "    parser.add_argument('--loud', action='store_true')\n"
            "    return parser.parse_args().loud"
        },
    ),
    kind(
        "kernels-threads",
        "The test calls the answer from several threads at once.",
        answer(
            "counter",
            r"""
import threading

class Counter:
    def __init__(self):
        self.value, self.lock = 0, threading.Lock()

    def add(self, n=1):
        ### BEGIN SOLUTION
        with self.lock:
            self.value += n
        ### END SOLUTION

def square(n):
    ### BEGIN SOLUTION
    return n * n
    ### END SOLUTION
""",
        ),
        test(
            "counter-threads",
            2,
            r"""
import threading
counter = Counter()

def many():
    for _ in range(200):
        counter.add()

threads = [threading.Thread(target=many) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert counter.value == 800
""",
        ),
        test(
            "square-pool",
            1,
            r"""
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(square, range(50))) == [n * n for n in range(50)]
""",
        ),
        wrong_nothing={
            "counter": "class Counter:\n    value = 0\n    def add(self, n=1):\n        pass\n"
            "def square(n):\n    return 2 * n"
        },
    ),
    kind(
        "kernels-processes",
        "The test hands the answer to a pool of processes.",
        answer(
            "cube",
            "def cube(n):\n    ### BEGIN SOLUTION\n    return n**3\n    ### END SOLUTION",
        ),
        test(
            "cube-pool",
            2,
            r"""
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(cube, [1, 2, 3]) == [1, 8, 27]
""",
        ),
        namespaces=True,
        wrong={"cube": "def cube(n):\n    return n * n"},
    ),
    kind(
        "kernels-names",
        "Names of notebooks and of cells with blanks and letters such as ü.",
        notebooks={
            "Übung 1 – Zählen": [
                answer(
                    "zaehle-1",
                    "def zähle(wörter):\n    ### BEGIN SOLUTION\n    return len(wörter)\n"
                    "    ### END SOLUTION",
                ),
                test("zaehle_test", 2, "assert zähle(['ö', 'ß']) == 2"),
            ],
            "part (2) & more": [
                answer("double", "### BEGIN SOLUTION\ndouble = lambda x: 2 * x\n### END SOLUTION"),
                test("double-test", 1, "assert double(4) == 8"),
            ],
        },
        wrong={"zaehle-1": "def zähle(wörter):\n    return 1"},
        other_only_one=work({}, without=("part (2) & more",)),
    ),
    kind(
        "kernels-future",
        "from __future__ import annotations, for the cells after it.",
        answer(
            "typed",
            r"""
from __future__ import annotations

def doubled(x: Number) -> list[Number]:
    ### BEGIN SOLUTION
    return [x, x]
    ### END SOLUTION
""",
        ),
        test("typed-value", 1, "assert doubled(2) == [2, 2]"),
        test("typed-names", 1, "assert doubled.__annotations__['x'] == 'Number'"),
        right_later=work({}, Own("def other(x: Nothing) -> 'y':\n    return 1", after="typed")),
        wrong={
            "typed": "from __future__ import annotations\ndef doubled(x: Number):\n    return [x]"
        },
    ),
    kind(
        "kernels-exit-in-answer",
        "exit() and quit() in a cell of the student's: stock asks the kernel to stop.",
        answer("f", "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"),
        test("f-test", 2, "assert f(1) == 2"),
        answer("g", "def g(x):\n    ### BEGIN SOLUTION\n    return x + 2\n    ### END SOLUTION"),
        test("g-test", 1, "assert g(1) == 3"),
        wrong={"f": "def f(x):\n    return x"},
        other_system_exit=work({}, Own("raise SystemExit", after="f")),
        other_sys_exit=work({}, Own("import sys\nsys.exit(1)", after="f-test")),
        other_assert=work({}, Own("assert False", after="f")),
    ),
    kind(
        "kernels-doctest",
        "doctest.run_docstring_examples prints failures, and the test reads what is printed.",
        answer(
            "clamp",
            r'''
def clamp(x, low, high):
    """Limit x.

    >>> clamp(5, 0, 3)
    3
    >>> clamp(-1, 0, 3)
    0
    """
    ### BEGIN SOLUTION
    return max(low, min(x, high))
    ### END SOLUTION
''',
        ),
        test(
            "clamp-test",
            2,
            r"""
import doctest, io
from contextlib import redirect_stdout
with redirect_stdout(io.StringIO()) as out:
    doctest.run_docstring_examples(clamp, {"clamp": clamp}, name="clamp")
assert out.getvalue() == "", out.getvalue()
""",
        ),
        test(
            "clamp-examples",
            1,
            "assert len(doctest.DocTestFinder().find(clamp, 'clamp')[0].examples) >= 2",
        ),
        wrong={
            "clamp": 'def clamp(x, low, high):\n    """Limit x.\n\n    >>> clamp(5, 0, 3)\n'
            '    3\n    >>> clamp(-1, 0, 3)\n    0\n    """\n    return min(x, high)'
        },
        wrong_no_examples={"clamp": "def clamp(x, low, high):\n    return max(low, min(x, high))"},
    ),
]

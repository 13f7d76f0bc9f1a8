"""What an answer leaves behind in its process: the test looks whether all is as it was before."""

from ..kind import answer, code, kind, test, work

KINDS = [
    kind(
        "state-working-directory",
        "The function may change the working directory, and must change it back.",
        answer(
            "sizes",
            r"""
import os

def sizes(folder):
    "The sizes of the files in a folder, by name."
    ### BEGIN SOLUTION
    found = {}
    for name in sorted(os.listdir(folder)):
        found[name] = os.path.getsize(os.path.join(folder, name))
    return found
    ### END SOLUTION
""",
        ),
        test(
            "sizes-test",
            2,
            r"""
import os, tempfile

with tempfile.TemporaryDirectory() as folder:
    before = os.getcwd()
    assert sizes(folder) == {}
    assert os.getcwd() == before, "go back to where you were"
""",
        ),
        right_back={
            "sizes": r"""
import os
def sizes(folder):
    before = os.getcwd()
    try:
        os.chdir(folder)
        return {name: os.path.getsize(name) for name in os.listdir()}
    finally:
        os.chdir(before)
"""
        },
        wrong_stays={
            "sizes": r"""
import os
def sizes(folder):
    os.chdir(folder)
    return {name: os.path.getsize(name) for name in os.listdir()}
"""
        },
    ),
    kind(
        "state-where-it-stands",
        "The function moves into a folder that is always there; the test asks where it is then.",
        answer(
            "root",
            r"""
import os

def in_root():
    "The names in the root folder, without moving there."
    ### BEGIN SOLUTION
    return sorted(os.listdir("/"))
    ### END SOLUTION
""",
        ),
        test(
            "root-test",
            2,
            "from pathlib import Path\n"
            "here = Path.cwd()\nassert 'usr' in in_root()\nassert Path.cwd() == here",
        ),
        namespaces=True,
        wrong_stays={
            "root": "import os\ndef in_root():\n    os.chdir('/')\n    return sorted(os.listdir())"
        },
    ),
    kind(
        "state-environment",
        "Environment variables that a context manager sets are gone when it is left.",
        answer(
            "setting",
            r"""
import os
from contextlib import contextmanager

@contextmanager
def setting(name, value):
    ### BEGIN SOLUTION
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield value
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    ### END SOLUTION
""",
        ),
        test(
            "setting-test",
            2,
            r"""
import os

with setting("TIDE", "high") as now:
    assert now == "high"
assert "TIDE" not in os.environ, "not removed"
""",
        ),
        wrong_left={
            "setting": r"""
import os
from contextlib import contextmanager
@contextmanager
def setting(name, value):
    os.environ[name] = value
    yield value
"""
        },
    ),
    kind(
        "state-files-left",
        "A function that needs a file for a moment must remove it.",
        answer(
            "through",
            r"""
import json, os, tempfile

def through_a_file(value):
    "Write a value as JSON, read it again, and leave nothing behind."
    ### BEGIN SOLUTION
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "value.json")
        with open(path, "w") as file:
            json.dump(value, file)
        with open(path) as file:
            return json.load(file)
    ### END SOLUTION
""",
        ),
        test(
            "through-test",
            2,
            r"""
import os
before = set(os.listdir("."))
assert through_a_file({"a": [1, 2]}) == {"a": [1, 2]}
assert set(os.listdir(".")) == before, "a file is left"
""",
        ),
        right_removed={
            "through": r"""
import json, os
def through_a_file(value):
    with open("value.json", "w") as file:
        json.dump(value, file)
    with open("value.json") as file:
        value = json.load(file)
    os.remove("value.json")
    return value
"""
        },
        wrong_left={
            "through": r"""
import json
def through_a_file(value):
    with open("value.json", "w") as file:
        json.dump(value, file)
    with open("value.json") as file:
        return json.load(file)
"""
        },
    ),
    kind(
        "state-file-unchanged",
        "A file beside the notebook is read, and must be the same afterwards.",
        answer(
            "longest",
            r"""
def longest(path):
    ### BEGIN SOLUTION
    with open(path) as file:
        return max((line.strip() for line in file), key=len)
    ### END SOLUTION
""",
        ),
        test(
            "longest-test",
            2,
            r"""
from pathlib import Path
before = Path("words.txt").read_text()
assert longest("words.txt") == "estuary"
assert Path("words.txt").read_text() == before
""",
        ),
        files={"words.txt": "bay\nestuary\ntide\n"},
        wrong_sorts={
            "longest": r"""
def longest(path):
    with open(path) as file:
        lines = sorted(file.read().split(), key=len)
    with open(path, "w") as file:
        file.write("\n".join(lines))
    return lines[-1]
"""
        },
    ),
    kind(
        "state-threads-joined",
        "All threads that the answer starts have ended when it returns.",
        answer(
            "both",
            r"""
import threading

def squares(numbers):
    ### BEGIN SOLUTION
    found, lock = {}, threading.Lock()

    def one(n):
        with lock:
            found[n] = n * n

    threads = [threading.Thread(target=one, args=(n,)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[n] for n in numbers]
    ### END SOLUTION
""",
        ),
        test(
            "both-test",
            2,
            r"""
import threading
before = threading.active_count()
assert squares([1, 2, 3]) == [1, 4, 9]
assert threading.active_count() == before, "threads are still running"
""",
        ),
        wrong_waits={
            "both": r"""
import threading, time
def squares(numbers):
    threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
    return [n * n for n in numbers]
"""
        },
    ),
    kind(
        "state-figures-closed",
        "A function that saves a picture must close its figure.",
        code("import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt", "setup"),
        answer(
            "picture",
            r"""
import io

def picture(xs, ys):
    "The bytes of a PNG."
    ### BEGIN SOLUTION
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot(xs, ys)
    kept = io.BytesIO()
    figure.savefig(kept, format="png")
    plt.close(figure)
    return kept.getvalue()
    ### END SOLUTION
""",
        ),
        test(
            "picture-test",
            2,
            "before = plt.get_fignums()\nassert picture([1, 2], [3, 4])[:4] == b'\\x89PNG'\n"
            "assert plt.get_fignums() == before",
        ),
        wrong_open={
            "picture": r"""
import io
def picture(xs, ys):
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot(xs, ys)
    kept = io.BytesIO()
    figure.savefig(kept, format="png")
    return kept.getvalue()
"""
        },
    ),
    kind(
        "state-logging-level",
        "The function logs, but must not change the root logger.",
        answer(
            "halve",
            r"""
import logging

def halve(n):
    ### BEGIN SOLUTION
    log = logging.getLogger("halve")
    log.debug("halving %s", n)
    return n // 2
    ### END SOLUTION
""",
        ),
        test(
            "halve-test",
            2,
            r"""
import logging
root = logging.getLogger()
before = root.level, len(root.handlers)
assert halve(9) == 4
assert (root.level, len(root.handlers)) == before
""",
        ),
        wrong_configures={
            "halve": r"""
import logging
def halve(n):
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger().addHandler(logging.NullHandler())
    return n // 2
"""
        },
    ),
    kind(
        "state-recursion-limit",
        "The recursion limit must not be raised: the answer has to be a loop.",
        answer(
            "depth",
            r"""
def depth(nested):
    ### BEGIN SOLUTION
    levels = 0
    while isinstance(nested, list):
        nested, levels = (nested[0] if nested else None), levels + 1
    return levels
    ### END SOLUTION
""",
        ),
        test(
            "depth-test",
            2,
            r"""
import sys
before = sys.getrecursionlimit()
assert depth([[[]]]) == 3
assert sys.getrecursionlimit() == before
""",
        ),
        wrong_raises={
            "depth": r"""
import sys
def depth(nested):
    sys.setrecursionlimit(5000)
    return 1 + depth(nested[0]) if nested else 1
"""
        },
    ),
    kind(
        "state-numpy-settings",
        "NumPy's error state and print options are the same after the call as before.",
        code("import numpy as np", "setup"),
        answer(
            "ratio",
            r"""
def ratio(a, b):
    "a / b, 0 where b is 0, without a warning."
    ### BEGIN SOLUTION
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(b) == 0, 0, np.asarray(a) / b)
    ### END SOLUTION

def shown(a):
    "The array as text with two digits."
    ### BEGIN SOLUTION
    with np.printoptions(precision=2):
        return str(np.asarray(a))
    ### END SOLUTION
""",
        ),
        test(
            "ratio-test",
            2,
            r"""
before = np.geterr()
assert ratio([1, 2], np.array([2, 0])).tolist() == [0.5, 0]
assert np.geterr() == before, "leave NumPy's settings alone"
""",
        ),
        test(
            "shown-test",
            1,
            r"""
digits = np.get_printoptions()["precision"]
assert shown([1.23456]) == "[1.23]"
assert np.get_printoptions()["precision"] == digits
""",
        ),
        wrong_sets={
            "ratio": r"""
def ratio(a, b):
    np.seterr(all="ignore")
    return np.where(np.asarray(b) == 0, 0, np.asarray(a) / b)

def shown(a):
    np.set_printoptions(precision=2)
    return str(np.asarray(a))
"""
        },
    ),
    kind(
        "state-standard-output",
        "A function that silences another one must give standard output back.",
        answer(
            "quiet",
            r"""
import io, sys

def quiet(function):
    "What the function returns, without what it prints."
    ### BEGIN SOLUTION
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        return function()
    finally:
        sys.stdout = before
    ### END SOLUTION
""",
        ),
        test(
            "quiet-test",
            2,
            r"""
import sys
before = sys.stdout
assert quiet(lambda: 3) == 3
assert sys.stdout is before
""",
        ),
        test(
            "quiet-raises",
            1,
            r"""
import sys
before = sys.stdout
try:
    quiet(lambda: 1 / 0)
except ZeroDivisionError:
    pass
now, sys.stdout = sys.stdout, before
assert now is before
""",
        ),
        wrong_forgets={
            "quiet": r"""
import io, sys
def quiet(function):
    before, sys.stdout = sys.stdout, io.StringIO()
    value = function()
    sys.stdout = before
    return value
"""
        },
    ),
    kind(
        "state-lazy-import",
        "A module must not be imported before it is needed.",
        answer(
            "lazy",
            r"""
def wave(path, write=False):
    "Nothing, unless something is to be written."
    ### BEGIN SOLUTION
    if write:
        import wave
        return wave.open(path, "wb")
    ### END SOLUTION
""",
        ),
        test(
            "lazy-test",
            2,
            r"""
import sys
assert wave("x.wav") is None
assert "sunau" not in sys.modules and "wave" not in sys.modules, "imported too early"
""",
        ),
        wrong_early={
            "lazy": r"""
def wave(path, write=False):
    import wave
    if write:
        return wave.open(path, "wb")
"""
        },
    ),
    kind(
        "state-memory",
        "tracemalloc measures that the answer holds one line at a time.",
        answer(
            "total",
            r"""
def total(n):
    "The sum of the squares below n, without a list of them."
    ### BEGIN SOLUTION
    return sum(i * i for i in range(n))
    ### END SOLUTION
""",
        ),
        test(
            "total-test",
            2,
            r"""
import tracemalloc
tracemalloc.start()
assert total(200_000) == 2666646666700000
peak = tracemalloc.get_traced_memory()[1]
tracemalloc.stop()
assert peak < 1_000_000, f"{peak} bytes"
""",
        ),
        wrong_list={"total": "def total(n):\n    return sum([i * i for i in range(n)])"},
    ),
    kind(
        "state-processor-time",
        "The test measures the processor's time.",
        answer(
            "triangle",
            r"""
def triangle(n):
    ### BEGIN SOLUTION
    return n * (n + 1) // 2
    ### END SOLUTION
""",
        ),
        test(
            "triangle-test",
            2,
            r"""
import time
start = time.process_time()
assert triangle(20_000_000) == 200000010000000
assert time.process_time() - start < 0.3
""",
        ),
        wrong_slow={
            "triangle": r"""
def triangle(n):
    total = 0
    for i in range(n + 1):
        total += i
    return total
"""
        },
    ),
    kind(
        "state-traced",
        "sys.setprofile counts how often the recursive answer calls itself.",
        answer(
            "power",
            r"""
def power(x, n):
    ### BEGIN SOLUTION
    if n == 0:
        return 1
    half = power(x, n // 2)
    return half * half * (x if n % 2 else 1)
    ### END SOLUTION
""",
        ),
        test(
            "power-test",
            2,
            r"""
import sys
calls = 0

def count(frame, event, arg):
    global calls
    if event == "call" and frame.f_code.co_name == "power":
        calls += 1

sys.setprofile(count)
value = power(2, 200)
sys.setprofile(None)
assert value == 2**200
assert calls < 20, f"{calls} calls"
""",
        ),
        wrong_linear={"power": "def power(x, n):\n    return x * power(x, n - 1) if n else 1"},
    ),
    kind(
        "state-other-process",
        "Work must be done in another process, or in another thread.",
        answer(
            "elsewhere",
            r"""
import os, subprocess, sys, threading

def number_of_process():
    "The number of a process that is not this one."
    ### BEGIN SOLUTION
    command = [sys.executable, "-S", "-c", "import os; print(os.getpid())"]
    return int(subprocess.run(command, capture_output=True, text=True).stdout)
    ### END SOLUTION

def number_of_thread():
    "The number of a thread that is not this one."
    ### BEGIN SOLUTION
    found = []
    thread = threading.Thread(target=lambda: found.append(threading.get_ident()))
    thread.start()
    thread.join()
    return found[0]
    ### END SOLUTION
""",
        ),
        test("process-test", 1, "import os\nassert number_of_process() != os.getpid()"),
        test(
            "thread-test",
            1,
            "import threading\nassert number_of_thread() != threading.get_ident()",
        ),
        wrong_same={
            "elsewhere": r"""
import os, threading
def number_of_process():
    return os.getpid()
def number_of_thread():
    return threading.get_ident()
"""
        },
    ),
    kind(
        "state-warning-filters",
        "The answer silences a warning, but only while it works.",
        answer(
            "silent",
            r"""
import warnings

def silent(function):
    ### BEGIN SOLUTION
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function()
    ### END SOLUTION
""",
        ),
        test(
            "silent-test",
            2,
            r"""
import warnings
before = list(warnings.filters)
assert silent(lambda: 5) == 5
assert warnings.filters == before
""",
        ),
        wrong_ever={
            "silent": r"""
import warnings
def silent(function):
    warnings.simplefilter("ignore")
    return function()
"""
        },
    ),
    kind(
        "state-file-closed",
        "A file that is not closed shows by a ResourceWarning.",
        answer(
            "first",
            r"""
def first_line(path):
    ### BEGIN SOLUTION
    with open(path) as file:
        return file.readline().strip()
    ### END SOLUTION
""",
        ),
        test(
            "first-test",
            2,
            r"""
import gc, warnings
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    assert first_line("words.txt") == "bay"
    gc.collect()
assert not [one for one in seen if issubclass(one.category, ResourceWarning)], "close the file"
""",
        ),
        files={"words.txt": "bay\ntide\n"},
        wrong_open={"first": "def first_line(path):\n    return open(path).readline().strip()"},
    ),
    kind(
        "state-given-counter",
        "The author's function counts its calls in a global; the test reads it before and after.",
        code(
            r"""
secret, questions = 73, 0

def too_high(guess):
    global questions
    questions += 1
    return guess > secret
""",
            "given",
        ),
        answer(
            "search",
            r"""
def search(low, high):
    "The secret, with as few questions as possible."
    ### BEGIN SOLUTION
    while low < high:
        middle = (low + high + 1) // 2
        if too_high(middle):
            high = middle - 1
        else:
            low = middle
    return low
    ### END SOLUTION
""",
        ),
        test(
            "search-test",
            2,
            r"""
before = questions
assert search(0, 1000) == 73
assert questions - before <= 10, "too many questions"
""",
        ),
        wrong_linear={
            "search": r"""
def search(low, high):
    while not too_high(low):
        low += 1
    return low - 1
"""
        },
        wrong_cheats={"search": "def search(low, high):\n    return 74"},
    ),
    kind(
        "state-given-object",
        "The author's object counts what the answer asks of it; the answer gets it as a global.",
        code(
            r"""
class Oven:
    def __init__(self):
        self.opened, self.log = 0, []

    def look(self):
        self.opened += 1
        self.log.append("look")
        return self.opened > 3

oven = Oven()
""",
            "given",
        ),
        answer(
            "wait",
            r"""
def wait_for_bread():
    "Look until the bread is done, and not once more. How often was that?"
    ### BEGIN SOLUTION
    looks = 1
    while not oven.look():
        looks += 1
    return looks
    ### END SOLUTION
""",
        ),
        test("wait-value", 1, "assert wait_for_bread() == 4"),
        test("wait-once", 1, "wait_for_bread()\nassert oven.opened <= 5 and len(oven.log) < 9"),
        wrong_many={
            "wait": r"""
def wait_for_bread():
    looks = [oven.look() for _ in range(10)]
    return looks.index(True) + 1
"""
        },
    ),
    kind(
        "state-given-list",
        "A global list of the author's must be as it was, and the answer takes no argument.",
        code("depths = [3, 1, 2]\nnames = {'b': 1, 'a': 2}", "given"),
        answer(
            "ordered",
            r"""
def ordered():
    "The depths in order."
    ### BEGIN SOLUTION
    return sorted(depths)
    ### END SOLUTION

def first_name():
    ### BEGIN SOLUTION
    return min(names)
    ### END SOLUTION
""",
        ),
        test("ordered-test", 1, "assert ordered() == [1, 2, 3]\nassert depths == [3, 1, 2]"),
        test("first-test", 1, "assert first_name() == 'a'\nassert len(names) == 2"),
        wrong_sorts={
            "ordered": r"""
def ordered():
    depths.sort()
    return depths

def first_name():
    return min(names.items()) and sorted([names.popitem() for _ in range(len(names))])[0][0]
"""
        },
    ),
    kind(
        "state-given-rebound",
        "A student uses the author's names, and those of built-ins, for something else.",
        code(
            "import numpy as np\nprices = [3, 4, 5]\ndef close(a, b):\n    return abs(a - b) < 1e-9"
        ),
        answer(
            "mean",
            r"""
def mean(items):
    ### BEGIN SOLUTION
    return np.sum(items) / len(items)
    ### END SOLUTION
""",
        ),
        test("mean-given", 1, "assert mean(prices) == 4"),
        test("mean-close", 1, "assert close(mean([1, 2]), 1.5)"),
        test("mean-sum", 1, "assert sum([mean([1]), mean([3])]) == 4"),
        test("mean-numpy", 1, "assert mean(np.arange(5)) == 2"),
        other_prices=work(
            {"mean": "prices = [1, 1]\ndef mean(items):\n    return np.sum(items) / len(items)"}
        ),
        other_close=work(
            {
                "mean": "def close(x):\n    return x\n"
                "def mean(items):\n    return np.sum(items) / len(items)"
            }
        ),
        other_sum=work(
            {
                "mean": "sum = 0\nfor i in range(3):\n    sum += i\n"
                "def mean(items):\n    return np.sum(items) / len(items)"
            }
        ),
        other_numpy=work(
            {"mean": "np = 3\ndef mean(items):\n    import numpy\n    return numpy.mean(items)"}
        ),
    ),
]

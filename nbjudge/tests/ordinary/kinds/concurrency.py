"""Coroutines, threads, processes, time and signals."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "concurrency-await",
        "The answer is a coroutine, which the test awaits at the top level.",
        answer(
            "fetch",
            r"""
import asyncio

async def fetch(name, delay=0):
    ### BEGIN SOLUTION
    await asyncio.sleep(delay)
    return f"page {name}"
    ### END SOLUTION

async def fetch_all(names):
    ### BEGIN SOLUTION
    return await asyncio.gather(*(fetch(name) for name in names))
    ### END SOLUTION
""",
        ),
        test(
            "fetch-one",
            2,
            r"""
import asyncio, inspect
assert await fetch("a") == "page a"
assert inspect.isawaitable(c := fetch("b"))
c.close()
""",
        ),
        test(
            "fetch-all",
            2,
            r"""
pages = await fetch_all(["x", "y"])
assert pages == ["page x", "page y"]
task = asyncio.create_task(fetch("z"))
assert await task == "page z" and task.done()
""",
        ),
        wrong={
            "fetch": r"""
def fetch(name, delay=0):
    return f"page {name}"

def fetch_all(names):
    return [fetch(name) for name in names]
"""
        },
    ),
    kind(
        "concurrency-async-protocols",
        "Asynchronous generators and context managers, and errors that time out.",
        answer(
            "ticks",
            r"""
import asyncio

async def ticks(n):
    ### BEGIN SOLUTION
    for i in range(n):
        await asyncio.sleep(0)
        yield i
    ### END SOLUTION

class Session:
    ### BEGIN SOLUTION
    open = False

    async def __aenter__(self):
        self.open = True
        return self

    async def __aexit__(self, *_):
        self.open = False
    ### END SOLUTION
""",
        ),
        test(
            "ticks-generator",
            2,
            r"""
found = []
async for i in ticks(3):
    found.append(i)
assert found == [0, 1, 2]
assert [i async for i in ticks(2) if i] == [1]
""",
        ),
        test(
            "ticks-session",
            2,
            r"""
import asyncio
async with Session() as session:
    assert session.open
assert not session.open
try:
    await asyncio.wait_for(asyncio.sleep(10), timeout=0.01)
except asyncio.TimeoutError:
    pass
""",
        ),
        wrong={
            "ticks": r"""
def ticks(n):
    yield from range(n)

class Session:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
"""
        },
    ),
    kind(
        "concurrency-threads",
        "The answer starts threads; the test's callback is called from them.",
        answer(
            "threads",
            r"""
import threading

def in_threads(action, n):
    "Call action(0), ..., action(n - 1), each in a thread of its own; wait for all."
    ### BEGIN SOLUTION
    threads = [threading.Thread(target=action, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ### END SOLUTION

class Counter:
    ### BEGIN SOLUTION
    def __init__(self):
        self.value, self._lock = 0, threading.Lock()

    def add(self, n):
        with self._lock:
            self.value += n
    ### END SOLUTION
""",
        ),
        test(
            "threads-called",
            2,
            r"""
import threading
seen, names = [], set()

def note(i):
    seen.append(i)
    names.add(threading.current_thread().name)

in_threads(note, 4)
assert sorted(seen) == [0, 1, 2, 3]
assert threading.main_thread().name not in names
""",
        ),
        test(
            "threads-counter",
            1,
            "counter = Counter()\nin_threads(counter.add, 10)\nassert counter.value == 45",
        ),
        wrong_no_threads={
            "threads": r"""
def in_threads(action, n):
    for i in range(n):
        action(i)

class Counter:
    value = 0

    def add(self, n):
        self.value += 1
"""
        },
    ),
    kind(
        "concurrency-pools",
        "Pools of threads and a Pool(1) of processes inside the answer.",
        answer(
            "pool",
            r"""
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool

def square(x):
    return x * x

def squares(numbers):
    "In another process."
    ### BEGIN SOLUTION
    with Pool(1) as pool:
        return pool.map(square, numbers)
    ### END SOLUTION

def thread_map(f, items):
    ### BEGIN SOLUTION
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(f, items))
    ### END SOLUTION
""",
        ),
        test("pool-processes", 2, "assert squares(range(4)) == [0, 1, 4, 9]"),
        test("pool-threads", 1, "assert thread_map(lambda x: -x, [1, 2]) == [-1, -2]"),
        namespaces=True,
        wrong={
            "pool": r"""
def squares(numbers):
    return map(square, numbers)

def thread_map(f, items):
    return [f for item in items]
"""
        },
    ),
    kind(
        "concurrency-subprocess",
        "The answer runs a program and reads its output.",
        answer(
            "run",
            r"""
import subprocess
import sys

def run_python(source):
    "(exit status, standard output)"
    ### BEGIN SOLUTION
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    return done.returncode, done.stdout
    ### END SOLUTION
""",
        ),
        test(
            "run-test",
            2,
            r"""
assert run_python("print(1 + 1)") == (0, "2\n")
assert run_python("import sys; sys.exit(3)") == (3, "")
""",
        ),
        wrong={"run": "def run_python(source):\n    return 0, str(eval(source[6:-1])) + '\\n'"},
    ),
    kind(
        "concurrency-time",
        "The test measures time, patches it, and calls a decorator that measures it.",
        answer(
            "timed",
            r"""
import time

def timed(f):
    "Return (seconds, value) of f()."
    ### BEGIN SOLUTION
    start = time.perf_counter()
    value = f()
    return time.perf_counter() - start, value
    ### END SOLUTION

def wait_until(condition, limit):
    "Poll with time.sleep(1); False after `limit` polls."
    ### BEGIN SOLUTION
    for _ in range(limit):
        if condition():
            return True
        time.sleep(1)
    return False
    ### END SOLUTION
""",
        ),
        test(
            "timed-sleep",
            1,
            r"""
import time
seconds, value = timed(lambda: time.sleep(0.05) or "slept")
assert value == "slept" and seconds >= 0.045
""",
        ),
        test(
            "timed-patched",
            2,
            r"""
from unittest.mock import patch
polls = iter([False, False, True])
with patch("time.sleep") as sleep:
    assert wait_until(lambda: next(polls), 5)
    assert sleep.call_count == 2
    assert wait_until(lambda: False, 3) is False
""",
        ),
        wrong={
            "timed": r"""
def timed(f):
    return f(), 0.0

def wait_until(condition, limit):
    return condition()
"""
        },
    ),
    kind(
        "concurrency-alarm",
        "The test sets an alarm: an answer that is too slow fails this test only.",
        code(
            r"""
import signal

class TooSlow(Exception):
    pass

def with_limit(seconds, function, *arguments):
    def stop(*_):
        raise TooSlow(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
""",
            "given",
        ),
        answer(
            "count",
            r"""
def count_divisors(n):
    ### BEGIN SOLUTION
    count, d = 0, 1
    while d * d <= n:
        if n % d == 0:
            count += 1 if d * d == n else 2
        d += 1
    return count
    ### END SOLUTION
""",
        ),
        test("count-small", 1, "assert [count_divisors(n) for n in (1, 6, 16)] == [1, 4, 5]"),
        test("count-large", 2, "assert with_limit(1.5, count_divisors, 10**10) == 121"),
        test("count-after", 1, "assert count_divisors(28) == 6"),
        wrong_slow={
            "count": r"""
def count_divisors(n):
    return sum(1 for d in range(1, n + 1) if n % d == 0)
"""
        },
    ),
]

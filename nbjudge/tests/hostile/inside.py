"""A second arena: handles and callbacks, in tests that run apart and inside the student's process.

Inside, points can be forged, and nothing else: not a digit of the hidden half may come out. So the
arena is made with two sets of hidden values, and what a student gets must be the same with both.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
from made_up.course import HERE, grader
from nbformat.v4 import new_code_cell, new_notebook

CHAPTER = "02-inside"
# the hidden values of the two arenas
SECRETS = [("0.8131579", "41.1257"), ("0.2646813", "73.9318")]

A = """
def scale(values, factor):
    ### BEGIN SOLUTION
    return [factor * value for value in values]
    ### END SOLUTION
""".strip()
A_TESTS = """
assert "scale" in globals()
assert scale([1.0, 2.5], 2.0) == [2.0, 5.0], "multiply each value"
### BEGIN HIDDEN TESTS
zq_inside = {0}
assert scale([zq_inside], -1.0) == [-zq_inside], "negative factors are factors too"
### END HIDDEN TESTS
""".strip()
B = """
def total(f, x):
    ### BEGIN SOLUTION
    return f(f(x))
    ### END SOLUTION

class Bag:
    ### BEGIN SOLUTION
    def __init__(self): self.items = []
    def hold(self, item): self.items.append(item)
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    ### END SOLUTION
""".strip()
B_TESTS = """
assert total(lambda x: x + 1, 1) == 3, "one and one and one are three"
bag = Bag()
bag.hold(2)
assert len(bag) == 1 and list(bag) == [2], "what it holds is there"
### BEGIN HIDDEN TESTS
zq_factor = {1}
assert abs(total(lambda x: zq_factor * x, 2.0) - 2.0 * zq_factor**2) < 1e-9, "twice means twice"
zq_bag = Bag()
for zq_item in range(3):
    zq_bag.hold(zq_factor + zq_item)
assert list(zq_bag) == [zq_factor, zq_factor + 1, zq_factor + 2], "bags keep their order"
### END HIDDEN TESTS
""".strip()
C = """
import numpy as np

def centred(values):
    ### BEGIN SOLUTION
    return np.array(values) - np.mean(values)
    ### END SOLUTION

class Word:
    ### BEGIN SOLUTION
    def __init__(self, text): self.text = text
    def __str__(self): return self.text
    @property
    def letters(self): return len(self.text)
    ### END SOLUTION
""".strip()
# of arrays and texts that may be an object's; it ends in a handle
C_TESTS = """
assert np.max(np.abs(centred([1.0, 3.0]) - np.array([-1.0, 1.0]))) < 1e-9, "take the mean away"
word = Word("tide")
assert word.letters == 4, f"{word} has four letters"
### BEGIN HIDDEN TESTS
zq_gap = {1}
zq_difference = centred([zq_gap, 0.0]) - np.array([zq_gap / 2, -zq_gap / 2])
assert np.max(np.abs(zq_difference)) < 1e-9, "the mean of all values"
zq_word = Word("w" * int(zq_gap))
assert zq_word.letters == int(zq_gap), "count each letter"
assert f"{zq_word}".count("w") == int(zq_gap), "it reads as its text"
zq_word
### END HIDDEN TESTS
""".strip()
# the same inside
D_TESTS = 'assert "Word" in globals()\n' + C_TESTS
RIGHT_A = "def scale(values, factor):\n    return [factor * value for value in values]\n"
RIGHT_TOTAL = "def total(f, x):\n    return f(f(x))\n"
RIGHT_BAG = """
class Bag:
    def __init__(self): self.items = []
    def hold(self, item): self.items.append(item)
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
"""
RIGHT_B = RIGHT_TOTAL + RIGHT_BAG
RIGHT_CENTRED = """
import numpy as np
def centred(values): return np.array(values) - np.mean(values)
"""
RIGHT_WORD = """
class Word:
    def __init__(self, text): self.text = text
    def __str__(self): return self.text
    @property
    def letters(self): return len(self.text)
"""
RIGHT_C = RIGHT_CENTRED + RIGHT_WORD


class Case(NamedTuple):
    """Three answers, and what they are worth: None where points can be forged.

    The third is judged apart, and by the same test inside.
    """

    a: str = RIGHT_A
    b: str = RIGHT_B
    worth_a: float | None = 10.0
    worth_b: float | None = 10.0
    c: str = RIGHT_C
    worth_c: float | None = 10.0


def make_course(home, secrets):
    """The source with these hidden values, its release, the settings."""
    from nbjudge.assignment import release

    cells = [
        new_code_cell(A, metadata=grader("a", solution=True)),
        new_code_cell(A_TESTS.format(*secrets), metadata=grader("a-tests", points=10)),
        new_code_cell(B, metadata=grader("b", solution=True)),
        new_code_cell(B_TESTS.format(*secrets), metadata=grader("b-tests", points=10)),
        new_code_cell(C, metadata=grader("c", solution=True)),
        new_code_cell(_filled(C_TESTS, secrets), metadata=grader("c-tests", points=10)),
        new_code_cell(_filled(D_TESTS, secrets), metadata=grader("d-tests", points=10)),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"inside-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    source = Path(home, "solutions", CHAPTER, "exercises.ipynb")
    source.parent.mkdir(parents=True)
    nbformat.write(notebook, source)
    shutil.copy(HERE / "nbgrader_config.py", home)
    release.generate(home)


def _filled(tests, secrets):
    """Tests with a hidden value; they have other braces."""
    return tests.replace("{1}", secrets[1])


def submit(home, name, case):
    """Write one submission."""
    notebook = nbformat.read(Path(home, "exercises", CHAPTER, "exercises.ipynb"), 4)
    for cell in notebook.cells:
        answers = {"a": case.a, "b": case.b, "c": case.c}
        cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    folder = Path(home, "submitted", name, CHAPTER)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "exercises.ipynb")


# ---- attacks on the test that runs inside

SPY = (
    RIGHT_A
    + """
import sys
kernel = sys.modules["nbjudge.execution.kernel"]
real = kernel._inside
def spy(shell, request, most):
    seen = request["source"]
    if "zq_inside" not in seen:
        return real(shell, request, most)
    line = next(line for line in seen.split("\\n") if "zq_inside =" in line)
    secret = line.split("= ")[1]
    digits = str(int.from_bytes(line.encode(), "big"))
    return {}
kernel._inside = spy
"""
)


def says(reply):
    """Patches this side of the wire so that it answers this once it has seen the hidden half."""
    return Case(a=SPY.replace("return {}", f"return {reply}"), worth_a=None)


def runs(source):
    """A right answer and something that is run with it."""
    return Case(a=RIGHT_A + source, worth_a=None)


def does(statements, **more):
    """An answer that does something when the hidden half calls it."""
    body = "\n    ".join(statements.strip().split("\n"))
    start = "def scale(values, factor):\n    import sys, os\n    if factor < 0:\n        "
    inner = body.replace("\n", "\n    ")
    return Case(a=f"{start}{inner}\n    return [factor * v for v in values]", worth_a=None, **more)


def third(centred=RIGHT_CENTRED, word=RIGHT_WORD, worth=0.0):
    """A case of the third problem."""
    return Case(c=f"import os, sys, time\n{centred}\n{word}", worth_c=worth)


def word(lines, worth=0.0):
    """A right Word with other methods."""
    return third(word=RIGHT_WORD + "    " + "\n    ".join(lines.split("\n")), worth=worth)


def centring(lines, worth=10.0):
    """A right answer that does something first."""
    body = "\n    ".join(lines.split("\n"))
    body += "\n    return np.array(values) - np.mean(values)"
    return third(f"import numpy as np\ndef centred(values):\n    {body}", worth=worth)


STUB = "raise NotImplementedError()"
WALK = """
frame = sys._getframe()
while frame and not hasattr(frame.f_locals.get("self"), "connection"): frame = frame.f_back
""".strip()
CASES = {
    "honest": Case(),
    "blank": Case(STUB, STUB, 0.0, 0.0, STUB, 0.0),
    "wrong": Case("def scale(values, factor): return values", worth_a=0.0),
    # through this side of the wire
    "inside-value-is-the-test": says("{'value': seen, 'text': seen, 'error': None}"),
    "inside-value-is-the-secret": says("{'value': secret, 'error': None}"),
    "inside-value-large-digits": says("{'value': digits, 'error': None}"),
    "inside-value-small-digits": says("{'value': '0.' + digits, 'error': None}"),
    "inside-value-last-digits": says("{'value': f'3.33333333{secret[2:]}', 'error': None}"),
    "inside-value-with-blanks": says("{'value': ' ' * int(secret[2:4]) + '5', 'error': None}"),
    "inside-value-negative": says("{'value': '-' + digits, 'error': None}"),
    "inside-error-kind": says("{'error': [secret, 'x']}"),
    "inside-error-kind-and-our-words": says(
        "{'error': [secret, 'negative factors are factors too']}"
    ),
    "inside-error-text": says("{'error': ['AssertionError', seen]}"),
    "inside-error-more": says("{'error': ['AssertionError', 'multiply each value', seen]}"),
    "inside-error-number": says("{'error': int(digits)}"),
    "inside-error-table": says("{'error': {seen: seen}}"),
    "inside-no-table": says("[seen]"),
    "inside-uncrossed": says("{'uncrossed': seen, 'limit': seen, 'grade_id': 'b-tests'}"),
    # through IPython and Python
    "inside-hooks-cells": runs(
        "get_ipython().events.register('pre_run_cell', lambda info: print(info.raw_cell))\n"
    ),
    "inside-shows-results": runs(
        "import sys\nget_ipython().events.register('post_run_cell',"
        " lambda result: display(result.info.raw_cell))\n"
    ),
    "inside-transforms-input": runs(
        "get_ipython().input_transformers_cleanup.append(\n"
        "    lambda lines: [repr(''.join(lines))] if any('zq' in l for l in lines) else lines)\n"
    ),
    "inside-transforms-asserts": runs(
        "import ast\nclass T(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n        return ast.Pass()\n"
        "get_ipython().ast_transformers.append(T())\n"
    ),
    "inside-traces": runs(
        "import sys\ndef trace(frame, event, arg):\n"
        "    if 'zq_inside' in frame.f_globals:\n"
        "        raise type(str(frame.f_globals['zq_inside']), (Exception,), {})('x')\n"
        "    return trace\n"
        "get_ipython().events.register('pre_run_cell', lambda info: sys.settrace(trace))\n"
    ),
    "inside-hooks-imports": runs(
        "import builtins\nreal_import = builtins.__import__\n"
        "def spying(*a, **k):\n    print([c for c in In if 'zq' in c])\n"
        "    return real_import(*a, **k)\nbuiltins.__import__ = spying\n"
    ),
    "inside-shows-at-the-end": runs(
        "import atexit, signal\natexit.register(lambda: print(In))\n"
        "signal.signal(signal.SIGTERM, lambda *a: print(In))\n"
    ),
    "inside-raises-its-values": does("raise AssertionError(str(values))"),
    "inside-raises-a-class": does("raise type(f'E{values[0]}', (Exception,), {})(values)"),
    "inside-raises-the-history": does("raise ValueError(get_ipython().user_ns['In'][-1])"),
    "inside-raises-the-frame": does("raise KeyError(str(sys._getframe(1).f_globals))"),
    "inside-prints": does("print(values, sys._getframe(1).f_globals)"),
    "inside-displays-html": does(
        "from IPython.display import HTML, display\ndisplay(HTML(f'<b>{values}</b>'))"
    ),
    "inside-changes-expected": does("sys._getframe(1).f_globals['zq_inside'] = 5\nreturn [-5]"),
    "inside-exits": does("os._exit(0)"),
    "inside-never-returns": does("while True: pass"),
    "inside-eats-memory": does("x = [bytearray(1 << 24) for _ in iter(int, 1)]"),
    "inside-forks": does("for _ in range(500):\n    try: os.fork()\n    except OSError: break"),
    "inside-kills-all": does("os.kill(-1, 9)", worth_b=None, worth_c=None),
    # between the copies of the process, which share the scratch folder
    "inside-leaves-a-file": does(
        "open('/tmp/zq', 'w').write(str(values))",
        b=RIGHT_BAG + "def total(f, x):\n    import time, os\n    for _ in range(10):\n"
        "        if os.path.exists('/tmp/zq'): raise ValueError(open('/tmp/zq').read())\n"
        "        time.sleep(0.02)\n    return f(f(x))\n",
    )._replace(worth_b=0.0),
    "inside-watched-by-a-process": Case(
        a=RIGHT_A + "import os, time\nif os.fork() == 0:\n    for _ in range(200):\n"
        "        for fd in range(3, 40):\n"
        "            try: os.write(fd, b'\\0' * 7 + b'\\x01\\xc0')\n"
        "            except OSError: pass\n"
        "        time.sleep(0.01)\n    os._exit(0)\n",
        worth_a=None,
        worth_b=None,
        worth_c=None,
    ),
    # ---- handles and callbacks, apart
    "callback-never-returns": Case(
        b=RIGHT_BAG + "def total(f, x):\n    while True: f(x)", worth_b=0.0
    ),
    "callback-called-with-rubbish": Case(
        b=RIGHT_BAG + "def total(f, x):\n    loop = []\n    loop.append(loop)\n"
        "    for bad in (loop, f, total, Bag, 10**4000, float('nan'), {1: {2: f}}, b'x', None):\n"
        "        try: f(bad)\n        except BaseException: pass\n    return f(f(x))\n"
    ),
    "callback-from-a-thread": Case(
        b=RIGHT_BAG + "def total(f, x):\n    import threading\n    out = []\n"
        "    t = threading.Thread(target=lambda: out.append(f(f(x))))\n"
        "    t.start()\n    t.join()\n    return out[0]\n"
    ),
    "callback-after-the-call": Case(
        b="kept = []\ndef total(f, x):\n    kept.append(f)\n    return kept[0](kept[0](x))\n"
        + RIGHT_BAG,
        worth_b=0.0,
    ),
    "callback-recurses": Case(
        b=RIGHT_BAG + "def total(f, x):\n    return f(total(f, x))", worth_b=0.0
    ),
    "callback-forged": Case(
        b=RIGHT_BAG + "def total(f, x):\n    f.number = 10**30\n    return f(f(x))\n",
        worth_b=0.0,
    ),
    "handle-difference-lies": Case(
        b=RIGHT_BAG + "class Z:\n    def __sub__(self, other): return 0.0\n"
        "def total(f, x): return 3 if x == 1 else Z()",
        worth_b=0.0,
    ),
    "handle-length-lies": Case(
        b=RIGHT_TOTAL + RIGHT_BAG.replace("return len(self.items)", "return 10**30"),
        worth_b=0.0,
    ),
    "handle-never-ends": Case(
        b=RIGHT_TOTAL + RIGHT_BAG.replace("return iter(self.items)", "return iter(int, 1)"),
        worth_b=0.0,
    ),
    "handle-raises-itself": Case(
        b=RIGHT_BAG + "class O:\n    def __repr__(self): raise ValueError(self)\n"
        "def total(f, x): raise KeyError(O())",
        worth_b=0.0,
    ),
    "handle-of-many-kinds": Case(
        b=RIGHT_BAG + "def total(f, x): return [type(f'T{i}', (), {})() for i in range(20000)]",
        worth_b=0.0,
    ),
    "handle-is-an-address": Case(
        b=RIGHT_BAG + "class M:\n    __array_interface__ = dict(data=(4096, False), shape=(9,),"
        " typestr='<f8', version=3)\n    def __rsub__(self, other): return self\n"
        "def total(f, x): return 3 if x == 1 else M()",
        worth_b=0.0,
    ),
    "error-is-a-page": Case(
        b=RIGHT_BAG
        + "def total(f, x): raise ValueError('<html><script>alert(1)</script>' * 10**5)",
        worth_b=0.0,
    ),
    "error-has-a-long-name": Case(
        b=RIGHT_BAG + "def total(f, x): raise type('E' * 10**7, (Exception,), {})(1)",
        worth_b=0.0,
    ),
    "error-reads-before-its-text": Case(
        b=RIGHT_BAG
        + "def total(f, x): raise UnicodeEncodeError('a', 'x', -10**14, 1 - 10**14, 'r')",
        worth_b=0.0,
    ),
    "error-is-a-hidden-value": Case(
        b=RIGHT_BAG + "def total(f, x):\n    if x == 1: return 3\n"
        "    e = type(f'E{f(1.0)}', (ValueError,), {})(f(1.0))\n    e.told = f(1.0)\n"
        "    e.add_note(str(f(1.0)))\n    raise e from KeyError(f(1.0))",
        worth_b=0.0,
    ),
    "prints-hidden-values": Case(
        b=RIGHT_BAG + "def total(f, x):\n    import warnings\n    print(f(1.0) if x != 1 else '')\n"
        "    if x != 1: warnings.warn(str(f(1.0)))\n    return f(f(x))\n"
    ),
    "floods-while-called-back": Case(
        b=RIGHT_BAG
        + "def total(f, x):\n    while True:\n        print('y' * (1 << 20))\n        f(x)",
        worth_b=0.0,
    ),
    "callback-from-many-threads": Case(
        b=RIGHT_BAG + "def total(f, x):\n    from concurrent.futures import ThreadPoolExecutor\n"
        "    with ThreadPoolExecutor(8) as pool: first = list(pool.map(f, [x] * 8))\n"
        "    return f(first[7])\n"
    ),
    "callback-from-forks": Case(
        b=RIGHT_BAG + "def total(f, x):\n    import os\n    for _ in range(6): os.fork()\n"
        "    return f(f(x))\n",
        worth_b=None,
    ),
    "callback-closes-the-wire": Case(
        b=RIGHT_BAG + "def total(f, x):\n    if x != 1: f.copy.connection.close()\n"
        "    return f(f(x))\n",
        worth_b=0.0,
    ),
    "callback-within-an-operator": Case(
        b=RIGHT_BAG + "def total(f, x):\n    class N:\n        def __radd__(s, o): return f(s)\n"
        "        __add__ = __mul__ = __rmul__ = __radd__\n    return f(N())\n",
        worth_b=0.0,
    ),
    "generator-gives-itself": Case(
        b=RIGHT_TOTAL
        + RIGHT_BAG.replace(
            "def __iter__(self): return iter(self.items)",
            "def __iter__(self):\n        g = (g for _ in self.items)\n        return g",
        ),
        worth_b=0.0,
    ),
    "generator-floods": Case(
        b=RIGHT_TOTAL
        + RIGHT_BAG.replace(
            "def __iter__(self): return iter(self.items)",
            "def __iter__(self):\n        while True: yield 'y' * (1 << 22)",
        ),
        worth_b=0.0,
    ),
    # ---- handles, apart and inside
    "handle-used-after-death": word(
        "letters = property(lambda self: len(self.text) if self.text == 'tide' else os._exit(0))"
    ),
    "handle-dies-when-shown": word("def __repr__(self): os._exit(0)"),
    "handle-text-is-a-page": word(
        "letters = 5\ndef __str__(self): return '</pre><script>alert(1)</script>' * 999"
    ),
    "handle-text-is-the-points": word("def __repr__(self): return '2.5'", worth=10.0),
    "handle-text-lies": third(
        "def centred(values): return Said()\nclass Said:\n"
        "    def __repr__(self): return 'array([-1., 1.])'\n    __str__ = __repr__"
    ),
    "handle-text-recurses": word("letters = 5\ndef __str__(self): return f'<{self}>'"),
    "handle-text-floods": word("letters = 5\ndef __str__(self): return 'y' * (1 << 26)"),
    "handle-text-never-ends": word("def __str__(self):\n    while True: pass"),
    "handle-text-tells": word("letters = 4\ndef __str__(self): raise ValueError(self.text)"),
    "handle-attribute-never-comes": word("def __getattribute__(self, name):\n    while True: pass"),
    "handle-attribute-recurses": word(
        "def __getattribute__(self, name): return getattr(self, name)"
    ),
    "handle-attribute-floods": word("letters = property(lambda self: [0] * (1 << 27))"),
    "handle-number-without-end": word("letters = 10 ** (10 ** 6)"),
    "handle-class-lies": word("@property\ndef __class__(self): return int", worth=10.0),
    "handle-equal-to-all": third(
        word="class Same(int):\n    def __eq__(s, o): return True\n    def __hash__(s): return 1\n"
        + RIGHT_WORD.replace("return len(self.text)", "return Same(0)")
    ),
    "handle-replaces-results": third(
        "import numpy as np\nclass W:\n    __array_priority__ = 1e9\n"
        "    def __array__(self, dtype=None, copy=None): return np.zeros(2)\n"
        "    def __array_wrap__(self, *more): return np.zeros(2)\n"
        "def centred(values): return W()"
    ),
    "handle-reduces-to-a-command": third(
        "class R:\n    def __reduce_ex__(self, protocol): return os.system, ('kill -9 -1',)\n"
        "    __reduce__ = lambda self: self.__reduce_ex__(2)\ndef centred(values): return R()"
    ),
    "handle-dies-when-deleted": word("def __del__(self): os._exit(0)", worth=None),
    # ---- the process that answers
    "answers-more-than-once": centring(
        f"{WALK}\nfrom nbjudge.execution import wire\n"
        "if frame:\n    for _ in range(5):\n"
        "        wire.send(frame.f_locals['self'].connection, {'value': 0.0})",
        worth=0.0,
    ),
    "profiles-the-kernel": centring(
        "sys.setprofile(lambda frame, event, what: print(values, event, what))"
    ),
    "traces-and-collects": centring(
        "import gc\ngc.callbacks.append(lambda *more: print(values))\ngc.collect()\n"
        "sys.settrace(lambda *more: print(values))"
    ),
    "signals-itself": centring(
        "import signal\nsignal.signal(signal.SIGALRM, lambda *more: 1 / 0)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\ntime.sleep(0.1)",
        worth=None,
    ),
    "ignores-signals": centring(
        "import signal, atexit\natexit.register(print, values)\n"
        "for number in set(signal.Signals) - {9, 19}: signal.signal(number, signal.SIG_IGN)"
    ),
    "threads-outlive-the-call": centring(
        "import threading\ndef go():\n    while True: print(values); time.sleep(0.001)\n"
        "if values[1] == 0: threading.Thread(target=go, daemon=True).start()"
    ),
    "waits-by-the-hidden-value": centring("time.sleep(min(abs(values[0]) / 500, 0.2))"),
    "errors-as-large-as-they-get": centring("raise ValueError(10 ** 10 ** 5, values)", worth=0.0),
    # ---- a library's object on purpose, so that the test is repeated inside
    "repeated-inside-to-forge": Case(
        b=RIGHT_BAG + "import logging, builtins\n"
        "get_ipython().input_transformers_cleanup.append(\n"
        "    lambda lines: ['print(', repr(lines), ')'] if 'zq' in str(lines) else lines)\n"
        "def total(f, x): return 3 if x == 1 else logging.getLogger()",
        worth_b=None,
    ),
    "repeated-inside-to-tell": Case(
        b=RIGHT_BAG + "import logging\ndef total(f, x):\n    if x == 1: return 3\n"
        "    if type(f).__name__ == 'function': raise type(str(f(1)), (Exception,), {})(f(1))\n"
        "    return type(str(f(1.0)), (logging.Logger,), {'__module__': str(f(1.0))})('x')",
        worth_b=None,
    ),
}

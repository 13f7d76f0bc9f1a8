"""Hostile and unlucky submissions, in classes.

Each says what its code is worth: the points of problems a and b.

A case is the text of answer a (answer b is right), or a function that changes the notebook or its
folder. `{place}` is a folder of the host that must stay as it is, `{course}` the course's folder,
`{port}` a port of the host where something listens, `{mark}` a number by which a process that
should have ended is recognised.
"""

import json
import os
from typing import NamedTuple

from .arena import RIGHT_A, cell, own, twin


class Case(NamedTuple):
    """One submission: its class, how it is made, what it is worth, and what must or must not be on
    its page.

    An attack that hits its own process may cost its author more than the code is worth, from run to
    run: not `exact`.
    """

    kind: str
    how: object
    a: float = 0.0
    b: float | None = 10.0  # None: cannot be graded, and says so
    shows: str = ""
    hides: str = ""
    exact: bool = True


CASES = {}


def add(kind, **cases):
    """Texts of answer a, right or wrong, by name; a pair gives the points that a is worth."""
    for name, how in cases.items():
        how, a, *rest = how if isinstance(how, tuple) else (how, 0.0)
        CASES[name.replace("_", "-")] = Case(kind, how, a, *rest)


def changing(kind, a=10.0, b=10.0, **more):
    """A function that changes a right notebook; its name is the case's."""

    def decorate(function):
        CASES[function.__name__.replace("_", "-")] = Case(kind, function, a, b, **more)
        return function

    return decorate


R = RIGHT_A + "\n"
# a file beside the notebook's folder, wherever a sandbox has its scratch folder
SEEN = "__import__('tempfile').gettempdir() + '/seen'"
DIES = "def scale(values, factor):\n    import os, signal, ctypes, sys\n    {}\n"

add(
    "process death",
    exits_at_once="import os\nos._exit(0)",
    exits_when_called=DIES.format("os._exit(0)"),
    kills_itself="import os\nos.kill(os.getpid(), 9)",
    kills_parent="import os\nos.kill(os.getppid(), 9)",
    kills_all="import os\nos.kill(-1, 9)",
    kills_every_number=(
        "import os\nfor pid in range(1, 70000):\n    try:\n        os.kill(pid, 9)\n    except"
        " OSError:\n        pass"
    ),
    aborts="import os\nos.abort()",
    aborts_when_called=DIES.format("os.abort()"),
    crashes="import ctypes\nctypes.string_at(0)",
    crashes_when_called=DIES.format("ctypes.string_at(8)"),
    leaves=(R + "import sys\nsys.exit(3)", 10),
    leaves_when_called=DIES.format("sys.exit(0)"),
    quits=(R + "quit()", 10),
    becomes_another="import os\nos.execv('/bin/true', ['true'])",
    stops_itself="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    recurses="def scale(values, factor):\n    return scale(values, factor)",
    recurses_in_c="import sys\nsys.setrecursionlimit(10**8)\ndef f(n):\n    return f(n + 1)\nf(0)",
    dies_at_the_second=R
    + "calls = []\nright = scale\ndef scale(values, factor):\n    calls.append(1)\n    if"
    " len(calls) > 1:\n        import os\n        os._exit(0)\n    return right(values, factor)",
)
CASES["dies-at-the-second"] = CASES["dies-at-the-second"]._replace(a=5.0)


@changing("process death", 0.0)
def exits_in_eleven_cells_and_when_called(notebook, folder):
    """As many new starts as there are for a notebook, and then something that would deserve one
    more.
    """
    cell(notebook, "a")["source"] = DIES.format("os._exit(0)")
    for _ in range(11):
        own(notebook, "import os\nos._exit(0)", after="b")


add(
    "endless loops",
    loops="while True:\n    pass",
    loops_when_called="def scale(values, factor):\n    while True:\n        pass",
    swallows_interrupts=(
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n "
        "       pass"
    ),
    ignores_the_signal=(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    ),
    blocks_the_signal=(
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\nwhile True:\n   "
        " pass"
    ),
    loops_in_c="sum(range(10**13))",
    big_power="x = 7 ** (10 ** 9)",
    slow_pattern="import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    sleeps="import time\ntime.sleep(10**6)",
    sleeps_when_called="import time\ndef scale(values, factor):\n    time.sleep(10**6)",
    loops_after_the_visible=R
    + "right = scale\ndef scale(values, factor):\n    while factor > 3:\n        pass\n    return"
    " right(values, factor)",
    waits_for_a_thread=(
        "import threading\nt = threading.Thread(target=lambda: [0 for _ in iter(int,"
        " 1)])\nt.start()\nt.join()"
    ),
    threads_go_on=(
        R + "import threading\nfor _ in range(4):\n    threading.Thread(target=lambda: [0 for _ in"
        " iter(int, 1)], daemon=True).start()",
        10,
    ),
    waits_for_input=(R + "try:\n    input('name? ')\nexcept BaseException:\n    pass", 10),
)
CASES["loops-after-the-visible"] = CASES["loops-after-the-visible"]._replace(a=5.0)


@changing("endless loops", shows="used up")
def many_slow_cells(notebook, folder):
    for _ in range(20):
        own(notebook, "import time\ntime.sleep(1.2)", after="b")


add(
    "bombs",
    forks=(
        "import os\nfor _ in range(100000):\n    try:\n        os.fork()\n    except OSError:\n    "
        "    pass"
    ),
    forks_and_stays=(
        R + "import subprocess\nfor _ in range(20):\n    subprocess.Popen(['sleep', '{mark}'],"
        " start_new_session=True)",
        10,
    ),
    daemon=(
        R + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork():\n       "
        " os._exit(0)\n    os.execv('/bin/sleep', ['sleep', '{mark}'])\ntime.sleep(.1)",
        10,
    ),
    shell_bomb="import os\nos.system('f() {{ f | f & }}; f')",
    threads=(
        "import threading, time\nfor _ in range(10**5):\n    threading.Thread(target=time.sleep,"
        " args=(99,)).start()"
    ),
    eats_memory="hoard = []\nwhile True:\n    hoard.append(bytearray(1 << 24))",
    one_huge_array="import numpy as np\nx = np.ones(1 << 36)",
    eats_memory_when_called="def scale(values, factor):\n    return [0] * (1 << 36)",
    children_eat_memory=(
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        x = bytearray(400 <<"
        " 20)\n        x[::4096] = b'1' * len(x[::4096])\n        time.sleep(60)\ntime.sleep(60)"
    ),
    fills_the_disk=(
        R + "try:\n    with open('full', 'wb') as f:\n        while True:\n           "
        " f.write(b'x' * (1 << 20))\nexcept OSError:\n    pass",
        10,
    ),
    fills_the_disk_in_parts=(
        R + "try:\n    for i in range(10**6):\n        open(f'{{i}}', 'wb').write(b'x' * 65536)\n"
        "except OSError:\n    pass",
        10,
    ),
    many_files=(
        R + "import os\ntry:\n    for i in range(10**6):\n        os.mkdir(f'd{{i}}')\nexcept"
        " OSError:\n    pass",
        10,
    ),
    shared_memory=(
        R + "try:\n    open('/dev/shm/x', 'wb').write(b'x' * (1 << 30))\nexcept (OSError,"
        " MemoryError):\n    pass",
        10,
    ),
    prints_for_ever="while True:\n    print('x' * 1000)",
    prints_a_gigabyte=(R + "print('y' * (1 << 28))", 10),
    many_outputs=(R + "for i in range(1000):\n    display(i)", 10),
    huge_value=(R + "list(range(10**6))", 10),
    writes_to_descriptors=(
        R + "import os\nfor fd in (1, 2):\n    for _ in range(100):\n        os.write(fd, b'x' *"
        " 100000)",
        10,
    ),
    returns_a_gigabyte=(
        "import numpy as np\ndef scale(values, factor):\n    return np.zeros(1 << 26)"
    ),
    returns_digits="def scale(values, factor):\n    return [1 << (1 << 22)]",
    returns_nests=(
        "def scale(values, factor):\n    x = []\n    for _ in range(10**5):\n        x = [x]\n   "
        " return x"
    ),
    returns_itself="def scale(values, factor):\n    x = []\n    x.append(x)\n    return x",
    returns_no_end="import itertools\ndef scale(values, factor):\n    return itertools.count()",
    returns_many_lists="def scale(values, factor):\n    return [[] for _ in range(5 * 10**6)]",
    huge_range="def scale(values, factor):\n    return range(10**15)",
    deep_error="def scale(values, factor):\n    raise ValueError('x' * (1 << 26))",
)


@changing("files", b=None)
def notebook_is_a_link_to_the_solution(notebook, folder):
    os.symlink(
        folder.parents[2] / "solutions" / folder.name / "exercises.ipynb",
        folder / "exercises.ipynb",
    )
    return "written"


@changing("files", b=None)
def notebook_is_a_fifo(notebook, folder):
    os.mkfifo(folder / "exercises.ipynb")
    return "written"


@changing("files", b=None)
def notebook_is_a_folder(notebook, folder):
    (folder / "exercises.ipynb").mkdir()
    return "written"


@changing("files", b=None)
def notebook_is_a_dangling_link(notebook, folder):
    os.symlink("nowhere", folder / "exercises.ipynb")
    return "written"


@changing("files", hides="root:")
def link_to_the_passwords(notebook, folder):
    os.symlink("/etc/passwd", folder / "data.txt")
    own(notebook, "print(open('data.txt').read())")


@changing("files")
def fifo_beside(notebook, folder):
    os.mkfifo(folder / "data.txt")


@changing("files")
def link_to_everything(notebook, folder):
    os.symlink("/", folder / "all")


def with_file(name, text, kind="files", a=10.0):
    def how(notebook, folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        if not a:
            cell(notebook, "a")["source"] = "scale = None"

    CASES["file-" + name.strip(".").replace("/", "-").replace(".", "-").replace("_", "-")] = Case(
        kind, how, a
    )


EVIL = (
    "import builtins\nbuiltins.abs = lambda x: 0\nclass Check:\n    def __getattr__(self, name):\n "
    "       return lambda *a, **k: 10.0\ncheck = Check()\n"
)
for _name in (
    "numpy.py",
    "lmcore/__init__.py",
    "lmcore/check.py",
    "sitecustomize.py",
    "usercustomize.py",
    "ipykernel_launcher.py",
    "msgpack.py",
    "IPython/__init__.py",
    ".ipython/profile_default/startup/00.py",
    "json.py",
):
    with_file(_name, EVIL, a=0.0)
with_file("nbgrader_config.py", "c = get_config()\nc.Execute.timeout = 1\n")
with_file("tests/conftest.py", EVIL)

LOOK = (
    R + "import glob, os\nfor path in [{what}]:\n    try:\n        print(open(path,"
    " errors='replace').read())\n    except OSError as error:\n       "
    " print(type(error).__name__)\n"
)


def reads(**paths):
    for name, what in paths.items():
        CASES["reads-" + name.replace("_", "-")] = Case(
            "reading", LOOK.replace("{what}", what), 10.0
        )


reads(
    solution="'{course}/solutions/01-arena/exercises.ipynb'",
    release="*glob.glob('{course}/**/*.ipynb', recursive=True)",
    gradebook="'{course}/gradebook.db'",
    others="*glob.glob('{course}/submitted/**/*', recursive=True)",
    environment="'/proc/self/environ', '/proc/1/environ'",
    processes=(
        "*glob.glob('/proc/[0-9]*/environ'), *glob.glob('/proc/[0-9]*/cmdline'),"
        " *glob.glob('/proc/[0-9]*/cwd/*')"
    ),
    shadow="'/etc/shadow', '/etc/passwd'",
    memory="'/proc/kcore', '/proc/1/mem', '/dev/mem'",
    home="*glob.glob('/root/**/.*', recursive=True), *glob.glob('/home/*/.*')",
)
add(
    "reading",
    searches_everything=(
        R + "import os\nfor base, folders, names in os.walk('/'):\n    folders[:] = set(folders) -"
        " {{'usr', 'proc', 'lib', 'lib64', 'share', 'include'}}\n    for name in names:\n       "
        " if name.endswith(('.ipynb', '.db')):\n            print(open(os.path.join(base, name),"
        " errors='replace').read())",
        10,
    ),
    searches_memory=(
        R
        + "import gc\nfor thing in gc.get_objects():\n    if isinstance(thing, dict):\n        for"
        " key, value in list(thing.items()):\n            if isinstance(value, str) and 'zq' +"
        " '_hidden' in value and 'gc.get' not in value:\n                print(value)",
        10,
    ),
    looks_at_callers=R.replace(
        "return",
        "import sys\n    frame = sys._getframe()\n    while frame:\n        if 'expected' in"
        " frame.f_locals:\n            return frame.f_locals['expected']\n        frame ="
        " frame.f_back\n    return 0 and",
    ),
    remembers_arguments=(
        R.replace(
            "return",
            "seen.append((values, factor))\n    open(place, 'a').write(repr((values, factor)))\n"
            "    return",
        ).replace("def", f"seen, place = [], {SEEN}\ndef", 1),
        10,
    ),
    returns_what_it_saw=(
        f"def scale(values, factor):\n    place = {SEEN}\n"
        "    open(place, 'a').write(repr((values, factor)))\n    return open(place).read()"
    ),
    raises_what_it_saw=(
        "def scale(values, factor):\n    raise type('E' + repr(values), (ValueError,),"
        " {{}})(f'{{values}} {{factor}}')"
    ),
    types_what_it_saw="def scale(values, factor):\n    return type('T' + repr(values), (), {{}})()",
)


@changing("reading", a=10.0, b=0.0)
def tells_one_problem_about_the_other(notebook, folder):
    cell(notebook, "a")["source"] = R.replace(
        "return", f"open({SEEN}, 'a').write(repr((values, factor)))\n    return"
    )
    cell(notebook, "b")["source"] = (
        f"def total(values):\n    raise AssertionError(open({SEEN}).read())"
    )
    own(
        notebook,
        f"import os\nplace = {SEEN}\nprint(os.path.exists(place) and open(place).read())",
        after="essay",
    )


def writes(**what):
    for name, code in what.items():
        code = "\n".join("    " + line for line in code.split("\n"))
        CASES["writes-" + name.replace("_", "-")] = Case(
            "writing",
            R + f"try:\n{code}\nexcept BaseException as error:\n    print(type(error).__name__)",
            10.0,
        )


writes(
    gradebook=(
        "import sqlite3\ndb = sqlite3.connect('{course}/gradebook.db')\ndb.execute('update grade"
        " set auto_score = 99')\ndb.commit()"
    ),
    config="open('{course}/nbgrader_config.py', 'a').write('evil')",
    others="open('{course}/submitted/honest-01/01-arena/exercises.ipynb', 'w').write('evil')",
    autograded="import os\nos.makedirs('{course}/autograded/evil')",
    place="open('{place}/evil', 'w').write('evil')",
    library="import lmcore\nopen(lmcore.__file__, 'a').write('raise SystemExit')",
    packages="import numpy\nopen(numpy.__file__, 'a').write('raise SystemExit')",
    system="open('/usr/evil', 'w').write('x')",
    root="open('/evil', 'w').write('x')",
    modes="import os\nos.chmod('/dev/null', 0)",
    kernel="open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/false')",
    limits="import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    mounts=(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.mount(b'none',"
        " b'/tmp', b'tmpfs', 0, None) == 0"
    ),
    users="import os\nos.setuid(0)",
    namespaces=(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.unshare(0x10000000)"
        " == 0"
    ),
    pipes=(
        "import os\nfor fd in range(3, 200):\n    try:\n        os.write(fd, b'evil' * 10)\n   "
        " except OSError:\n        pass"
    ),
)
CASES["writes-pipes"] = CASES["writes-pipes"]._replace(a=0.0)


def network(**what):
    for name, code in what.items():
        code = "\n".join("    " + line for line in code.split("\n"))
        CASES["network-" + name.replace("_", "-")] = Case(
            "network",
            R + f"import socket\ntry:\n{code}\n    print('REA' + 'CHED')\nexcept (OSError,"
            " AttributeError) as error:\n    print(type(error).__name__)",
            10.0,
            hides="REACHED",
        )


network(
    tcp="socket.create_connection(('127.0.0.1', {port}), 1)",
    tcp6="socket.create_connection(('::1', {port}), 1)",
    name="socket.getaddrinfo('localhost.example.org', 80)",
    udp=(
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1',"
        " {port}))"
    ),
    abstract="socket.socket(socket.AF_UNIX).connect('\\0arena-{port}')",
    unix="socket.socket(socket.AF_UNIX).connect('{place}/socket')",
    raw="socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    packet="socket.socket(17, socket.SOCK_RAW)",
    netlink="socket.socket(16, socket.SOCK_RAW, 0)",
    vsock="socket.socket(40, socket.SOCK_STREAM).connect((2, {port}))",
    bluetooth="socket.socket(31, socket.SOCK_RAW, 1)",
    shell=(
        "import subprocess\nsubprocess.run(['bash', '-c', 'echo > /dev/tcp/127.0.0.1/{port}'],"
        " check=True, stderr=subprocess.DEVNULL)\n    ".rstrip()
    ),
)
CASES["network-shell"] = CASES["network-shell"]._replace(
    how=CASES["network-shell"].how.replace("(OSError, AttributeError)", "Exception")
)

WRONG = "def scale(values, factor):\n    return 'wrong'\n"
add(
    "forged results",
    patches_numpy=WRONG + "import numpy\nnumpy.allclose = numpy.array_equal = lambda *a, **k: True",
    patches_check=WRONG
    + "from lmcore import check\ncheck.against = check.example = lambda *a, **k:"
    " check.Result('x', 1, None)\ncheck.score = lambda *a, **k: 10.0",
    patches_builtins=WRONG
    + "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.float = lambda x: 10.0",
    transforms_input=WRONG
    + "get_ipython().input_transformers_cleanup.append(lambda lines: ['10.0\\n'])",
    transforms_ast=WRONG
    + "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return"
    " ast.Pass()\nget_ipython().ast_transformers.append(T())",
    equals_everything=(
        "class E:\n    def __eq__(self, other):\n        return True\n    def __array__(self, *a,"
        " **k):\n        import numpy\n        return numpy.array([2.0, 5.0])\ndef scale(values,"
        " factor):\n    return E()"
    ),
    lying_array=(
        "import numpy as np\nclass L(np.ndarray):\n    def __eq__(self, other):\n        return"
        " True\n    shape = (2,)\ndef scale(values, factor):\n    return np.zeros(2).view(L)"
    ),
    lying_float=(
        "class F(float):\n    def __eq__(self, other):\n        return True\n    def __sub__(self,"
        " other):\n        return 0.0\n    __rsub__ = __sub__\ndef scale(values, factor):\n   "
        " return [F(0), F(0)]"
    ),
    prints_points=WRONG + "print(10.0)\n10.0",
    displays_points=WRONG
    + "from IPython.display import publish_display_data\npublish_display_data({{'text/plain':"
    " '10.0'}}, metadata={{}})",
    hooks=WRONG + "get_ipython().events.register('post_run_cell', lambda *a: print('10.0'))",
    reads_history=WRONG + "print(In, Out)",
    defines_check=WRONG
    + "class check:\n    example = against = holds = raises = staticmethod(lambda *a, **k: None)\n "
    "   score = staticmethod(lambda *a, **k: 10.0)",
    defines_results=WRONG + "results = []\nzq = 1",
    patches_the_wire=WRONG + "import sys\nwire = sys.modules['nbjudge.execution.wire']\nold ="
    " wire.Codec.dumps\nwire.Codec.dumps = lambda self, value: old(self, {{'value': [2.0, 5.0],"
    " 'changed': {{}}, 'score': 10.0}})",
    pickles=WRONG
    + "import sys, pickle\nclass P:\n    def __reduce__(self):\n        return (print,"
    " ('EVIL',))\nsys.modules['nbjudge.execution.wire'].Codec.dumps = lambda self, value:"
    " pickle.dumps(P())",
    answers_garbage=WRONG
    + "import sys\nsys.modules['nbjudge.execution.wire'].Codec.dumps = lambda self, value:"
    " b'\\xc1\\xff' * 10",
    answers_nothing=WRONG
    + "import sys\nsys.modules['nbjudge.execution.wire'].write = lambda *a: None",
    answers_endlessly=WRONG + "import sys\ndef write(connection, data):\n    while True:\n       "
    " connection.sendall(b'\\x00' * 8)\nsys.modules['nbjudge.execution.wire'].write = write",
    announces_too_much=WRONG
    + "import sys, struct\nsys.modules['nbjudge.execution.wire'].write = lambda c, data:"
    " c.sendall(struct.pack('!Q', 1 << 60))",
    forks_a_second_answer=WRONG + "import os\nos.fork()",
    wrong_by_one=(
        "def scale(values, factor):\n    return [factor * value for value in values][:-1]",
        0,
    ),
    none="scale = None",
    a_number="scale = 10.0",
    a_class="class scale:\n    def __init__(self, values, factor):\n        pass",
    lambda_in_module=("scale = lambda values, factor: [factor * v for v in values]", 10),
)


# what converts itself to the array of the visible example is worth that example
CASES["equals-everything"] = CASES["equals-everything"]._replace(a=5.0)
for _name in ("transforms-input", "patches-the-wire"):  # answer b is lost with it
    CASES[_name] = CASES[_name]._replace(b=0.0)
for _name in ("forks-a-second-answer", "shell-bomb", "forks", "threads", "kills-every-number"):
    CASES[_name] = CASES[_name]._replace(exact=False)


@changing("forged results", a=0.0)
def skips_execution(notebook, folder):
    cell(notebook, "a")["source"] = WRONG
    for one in notebook["cells"]:
        one["metadata"]["tags"] = ["skip-execution", "raises-exception"]


@changing("forged results", a=0.0)
def outputs_already_there(notebook, folder):
    cell(notebook, "a")["source"] = WRONG
    cell(notebook, "a-tests")["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "10.0"},
            "metadata": {},
            "execution_count": 1,
        }
    ]


def metadata(name, change, a=0.0, kind="metadata"):
    def how(notebook, folder):
        cell(notebook, "a")["source"] = WRONG if not a else RIGHT_A
        change(notebook)

    CASES[name] = Case(kind, how, a)


def mark(notebook, name, **values):
    cell(notebook, name)["metadata"]["nbgrader"].update(values)


metadata("more-points", lambda n: mark(n, "b-tests", points=1000))
metadata("negative-points", lambda n: mark(n, "a-tests", points=-10))
metadata("points-are-text", lambda n: mark(n, "a-tests", points="all"))
metadata("not-graded", lambda n: mark(n, "a-tests", grade=False))
metadata("test-is-an-answer", lambda n: mark(n, "a-tests", solution=True, locked=False))
metadata("answer-is-locked", lambda n: mark(n, "a", locked=True, solution=False), a=10)
metadata(
    "odd-schema",
    lambda n: [c["metadata"]["nbgrader"].update(schema_version=99) for c in n["cells"]],
)
metadata(
    "no-schema",
    lambda n: [c["metadata"]["nbgrader"].pop("schema_version") for c in n["cells"]],
    a=10,
)
metadata("renamed-test", lambda n: mark(n, "a-tests", grade_id="other"))
metadata("renamed-to-another", lambda n: mark(n, "a-tests", grade_id="b-tests"))
metadata(
    "all-the-same-name",
    lambda n: [c["metadata"]["nbgrader"].update(grade_id="b") for c in n["cells"][3:5]],
)
metadata("deleted-test", lambda n: n["cells"].remove(cell(n, "a-tests")))
metadata(
    "only-the-answers",
    lambda n: n.update(cells=[cell(n, "a"), cell(n, "b"), cell(n, "essay")]),
    a=10,
)
metadata("retyped-test", lambda n: cell(n, "a-tests").update(cell_type="markdown"))
metadata("retyped-answer", lambda n: cell(n, "a").update(cell_type="markdown"), a=10)
metadata("test-before-answer", lambda n: n["cells"].reverse(), a=10)
metadata("emptied-test", lambda n: cell(n, "a-tests").update(source="10.0"))
metadata("copied-test", lambda n: twin(n, "a-tests"), a=10)
metadata("copied-answer", lambda n: twin(n, "a"), a=10)
metadata(
    "new-graded-cell",
    lambda n: n["cells"].append(
        {
            "cell_type": "code",
            "id": "x",
            "metadata": {
                "nbgrader": {
                    "grade": True,
                    "grade_id": "bonus",
                    "points": 50,
                    "locked": True,
                    "solution": False,
                    "schema_version": 3,
                }
            },
            "source": "50",
            "outputs": [],
            "execution_count": None,
        }
    ),
)
metadata("metadata-are-a-list", lambda n: cell(n, "a-text").update(metadata=[]), a=10)
metadata("name-is-a-list", lambda n: mark(n, "a-text", grade_id=["a"]), a=10)
metadata(
    "evil-kernel",
    lambda n: n["metadata"].update(
        kernelspec={"name": "../../evil", "display_name": "x", "language": "sh"}
    ),
    a=10,
)
metadata("long-name", lambda n: mark(n, "title", grade_id="x" * 10**6), a=10)


def file_of(name, make, b=10.0, a=10.0):
    def how(notebook, folder):
        (folder / "exercises.ipynb").write_bytes(make(notebook))
        return "written"

    CASES[name] = Case("broken files", how, a, b)


def text(notebook):
    return json.dumps(notebook).encode()


file_of("cut-short", lambda n: text(n)[:900], b=None)
file_of("empty", lambda n: b"", b=None)
file_of("deep", lambda n: b"[" * 200_000, b=None)
file_of(
    "deep-outputs",
    lambda n: text(n).replace(
        b'"outputs": []', b'"outputs": ' + b"[" * 200_000 + b"]" * 200_000, 1
    ),
    b=None,
)
file_of("a-list", lambda n: b"[1, 2]", b=None)
file_of("cells-are-text", lambda n: b'{"cells": ["a"]}', b=None)
file_of(
    "older-format",
    lambda n: json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}
    ).encode(),
    b=None,
)
file_of("newer-format", lambda n: text(n | {"nbformat": 99, "nbformat_minor": 99}))
file_of("no-metadata", lambda n: text({"cells": n["cells"]}))
file_of("utf-16", lambda n: text(n).decode().encode("utf-16"), b=None)
file_of("byte-order-mark", lambda n: b"\xef\xbb\xbf" + text(n))
file_of("random-bytes", lambda n: bytes(range(256)) * 100, b=None)
file_of(
    "a-million-digits",
    lambda n: text(n).replace(b'"execution_count": null', b'"execution_count": ' + b"9" * 10**6, 1),
    b=None,
)
file_of(
    "not-a-number",
    lambda n: text(n).replace(b'"execution_count": null', b'"execution_count": NaN', 1),
)
file_of(
    "large-outputs",
    lambda n: text(n).replace(
        b'"outputs": []',
        b'"outputs": [{"output_type": "stream", "name": "stdout", "text": "'
        + b"x" * (50 << 20)
        + b'"}]',
        1,
    ),
)
file_of(
    "no-cell-types",
    lambda n: text(
        {**n, "cells": [{k: v for k, v in c.items() if k != "cell_type"} for c in n["cells"]]}
    ),
)
file_of(
    "source-in-lines",
    lambda n: text(
        {
            **n,
            "cells": [
                {**c, "source": "".join(c["source"]).splitlines(keepends=True)} for c in n["cells"]
            ],
        }
    ),
)


def deep(notebook, change):
    """The notebook with something nested five hundred deep where `change` puts a name for it into
    the cell of answer b.
    """
    change(cell(notebook, "b"))
    return text(notebook).replace(b'"DEEP"', b"[" * 500 + b'"x"' + b"]" * 500)


file_of(
    "deep-attachments",
    lambda n: deep(n, lambda c: c.update(attachments={"x.png": {"image/png": "DEEP"}})),
)
file_of("deep-cell-type", lambda n: deep(n, lambda c: c.update(cell_type="DEEP")))
file_of("deep-points", lambda n: deep(n, lambda c: c["metadata"]["nbgrader"].update(points="DEEP")))
file_of("deep-source", lambda n: deep(n, lambda c: c.update(source="DEEP")), b=0.0)
file_of("too-many-cells", lambda n: text({**n, "cells": n["cells"] + [{}] * 5000}), b=None)


@changing("broken files")
def odd_characters(notebook, folder):
    own(notebook, "print('\ud800 \x00 \U0001f600 \u202e')")
    own(notebook, "\ud800", kind="markdown")


@changing("broken files")
def thousands_of_cells(notebook, folder):
    for _ in range(3000):
        own(notebook, "1", after="b-tests")


PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "picture": "<img src=x onerror=alert(1)>",
    "link": "[click](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>",
    "svg": "<svg onload=alert(1)>",
    "style": "<style>*{display:none}</style><link rel=stylesheet href=//evil.example>",
    "frame": "<iframe src=//evil.example></iframe>",
    "meta": "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "closing": "</pre></section></main></body><script>alert(1)</script>",
    "math": "$$\\href{javascript:alert(1)}{x}$$",
}


def injection(name, where):
    def how(notebook, folder):
        where(notebook)

    CASES["injects-" + name] = Case("injection", how, 10.0)


for _name, _payload in PAYLOADS.items():
    injection("text-" + _name, lambda n, p=_payload: own(n, p, kind="markdown"))
    injection(
        "output-" + _name,
        lambda n, p=_payload: own(
            n,
            f"from IPython.display import HTML\ndisplay(HTML({p!r}))\nprint({p!r})\nraise"
            f" ValueError({p!r})",
        ),
    )
injection("essay", lambda n: cell(n, "essay").update(source="\n".join(PAYLOADS.values())))
injection("code", lambda n: cell(n, "a").update(source=RIGHT_A + "\n# " + PAYLOADS["closing"]))
injection(
    "javascript",
    lambda n: own(
        n,
        "from IPython.display import Javascript,"
        " SVG\ndisplay(Javascript('alert(1)'))\ndisplay(SVG('<svg"
        ' xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>\'))',
    ),
)
injection(
    "error-name", lambda n: own(n, "raise type('<script>alert(1)</script>', (Exception,), {})('x')")
)
injection(
    "attachment",
    lambda n: cell(n, "essay").update(
        attachments={
            'x" onerror="alert(1)': {
                "image/png": '"><script>alert(1)</script>',
                "text/html": "<script>alert(1)</script>",
            }
        }
    ),
)


@changing("timestamps", shows="")
def from_the_future(notebook, folder):
    (folder / "timestamp.txt").write_text("2999-01-01 00:00:00 UTC")


@changing("timestamps")
def no_date(notebook, folder):
    (folder / "timestamp.txt").write_text("yesterday")


@changing("timestamps")
def time_is_a_link(notebook, folder):
    (folder / "timestamp.txt").unlink()
    os.symlink("/etc/hostname", folder / "timestamp.txt")


@changing("timestamps")
def time_is_binary(notebook, folder):
    (folder / "timestamp.txt").write_bytes(b"\xff\x00" * 50)


@changing("accidents")
def warns(notebook, folder):
    cell(notebook, "a")["source"] = "import sys, warnings\n" + RIGHT_A.replace(
        "return",
        "warnings.warn('a guess')\n    print('hm', file=sys.stderr)\n    print(values)\n    return",
    )


@changing("accidents", shows="data:image/png")
def plots(notebook, folder):
    own(
        notebook,
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    )


@changing("accidents", shows="hello from the shell")
def magics(notebook, folder):
    own(
        notebook,
        "%time 1 + 1\n%timeit -n 1 -r 1 1 + 1\n!echo hello from the shell\nfiles = !ls\n%pwd\nlen?",
    )
    own(notebook, "%%time\nx = 5")
    own(notebook, "%%bash\necho shell cell")


@changing("accidents")
def reloads(notebook, folder):
    own(
        notebook,
        "%load_ext autoreload\n%autoreload 2\n%config InlineBackend.figure_format ="
        " 'retina'\nget_ipython().run_line_magic('who', '')",
    )


@changing("accidents")
def own_cell_fails(notebook, folder):
    own(notebook, "1 / 0")
    own(notebook, "this is not Python")


@changing("accidents")
def helper_in_a_file(notebook, folder):
    (folder / "helper.py").write_text("def times(a, b):\n    return a * b\n")
    cell(notebook, "a")["source"] = (
        "from helper import times\ndef scale(values, factor):\n    return [times(factor, v) for v"
        " in values]"
    )


@changing("accidents")
def uses_our_imports(notebook, folder):
    cell(notebook, "b")["source"] = (
        "def total(values):\n    check\n    return float(np.sum(values))"
    )


@changing("accidents")
def renamed_file(notebook, folder):
    (folder / "exercises (2).ipynb").write_text(json.dumps(notebook))
    return "written"


@changing("accidents")
def checkpoints_beside(notebook, folder):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "exercises-checkpoint.ipynb").write_text("{}")
    (folder / "grüße & 'quotes' %s.txt").write_text("hello")


@changing("accidents")
def arrays_and_types(notebook, folder):
    cell(notebook, "a")["source"] = (
        "def scale(values: list[float], factor: float, *, _extra=None) -> np.ndarray:\n    return"
        " factor * np.asarray(values, dtype=np.float32).astype(np.float64)"
    )
    cell(notebook, "b")["source"] = (
        "from fractions import Fraction\ndef total(values):\n    return float(sum(Fraction(v) for v"
        " in values))"
    )


@changing("accidents")
def defined_twice(notebook, folder):
    twin(notebook, "a")
    cell(notebook, "a")["source"] = "def scale(values, factor):\n    return 0"


@changing("accidents")
def asynchronous(notebook, folder):
    own(notebook, "import asyncio\nawait asyncio.sleep(0.01)\nprint('done')")


@changing("accidents", a=0.0, b=10.0)
def blank(notebook, folder):
    cell(notebook, "a")["source"] = (
        "def scale(values, factor):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    )


@changing("accidents")
def installs(notebook, folder):
    own(notebook, "%pip install numpy\n!pip install no-such-package-for-the-arena")


for _number in range(1, 7):
    CASES[f"honest-{_number:02d}"] = Case("honest", RIGHT_A, 10.0)
CASES["grüße [1] & 'ünïcode' 學生"] = Case("honest", RIGHT_A, 10.0)

# those that go on until a limit ends them
ENDLESS = {
    "answers-nothing",
    "big-power",
    "blocks-the-signal",
    "forks",
    "ignores-the-signal",
    "loops",
    "loops-after-the-visible",
    "loops-in-c",
    "loops-when-called",
    "many-slow-cells",
    "prints-for-ever",
    "recurses-in-c",
    "sleeps",
    "sleeps-when-called",
    "slow-pattern",
    "stops-itself",
    "swallows-interrupts",
    "waits-for-a-thread",
}

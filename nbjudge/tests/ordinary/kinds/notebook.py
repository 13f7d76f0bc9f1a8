"""What only a notebook has: magics, shell lines, help, display, In and Out."""

from ..kind import answer, code, kind, test

TIMES = r"""
def times(a, b):
    ### BEGIN SOLUTION
    return a * b
    ### END SOLUTION
"""
PLUS = {"times": "def times(a, b):\n    return a + b"}

KINDS = [
    kind(
        "notebook-inline",
        "%matplotlib inline and other set-up magics in the author's first cell.",
        code(
            r"""
%matplotlib inline
%config InlineBackend.figure_format = "retina"
%load_ext autoreload
%autoreload 2
import matplotlib.pyplot as plt
""",
            "setup",
        ),
        answer("times", TIMES),
        test("times-test", 2, "assert times(2, 5) == 10 and times('ab', 2) == 'abab'"),
        wrong=PLUS,
    ),
    kind(
        "notebook-timed",
        "%%time, %time and %timeit in tests.",
        answer("times", TIMES),
        test("times-cell", 1, "%%time\nassert times(2, 5) == 10"),
        test(
            "times-line",
            1,
            r"""
%time product = times(3, 4)
assert product == 12
""",
        ),
        test(
            "times-timeit",
            2,
            r"""
timing = %timeit -o -q -n 10 -r 1 times(2, 2)
assert timing.best < 1
assert times(1, 1) == 1
""",
        ),
        wrong=PLUS,
    ),
    kind(
        "notebook-shell",
        "Shell lines: !ls, captured output, variables in braces, %%bash.",
        code('%%bash\nmkdir -p box\necho "one" > box/a.txt', "setup"),
        answer("times", TIMES),
        test(
            "times-ls",
            1,
            r"""
found = !ls box
assert found == ["a.txt"]
assert times(len(found), 4) == 4
""",
        ),
        test(
            "times-variable",
            1,
            r"""
word = times("ab", 2)
out = !echo {word} $word
assert out[0] == "abab abab"
!echo shown
""",
        ),
        test("times-bash", 1, "%%bash --out listing\ncat box/a.txt"),
        test("times-listing", 1, "assert listing == 'one\\n' and times(1, 2) == 2"),
        wrong=PLUS,
    ),
    kind(
        "notebook-help",
        "Question marks: help on a name, on source, in the author's and the student's cells.",
        code("import math\nmath.sqrt?", "setup"),
        answer("times", TIMES),
        code("times??"),
        test("times-test", 1, "times?\nassert times(2, 5) == 10"),
        wrong=PLUS,
        right_with_help={
            "times": r"""
str.split?

def times(a, b):
    return b * a

times?
"""
        },
    ),
    kind(
        "notebook-history",
        "In, Out, the underscore, and get_ipython.",
        answer("value", "### BEGIN SOLUTION\n6 * 7\n### END SOLUTION"),
        test(
            "value-underscore",
            2,
            r"""
assert _ == 42, "the last line of your cell should be the result"
assert 42 in Out.values() and len(In) >= 2
""",
        ),
        test(
            "value-shell",
            1,
            r"""
shell = get_ipython()
assert shell is not None and shell.user_ns["Out"] is Out
assert 42 in shell.user_ns["Out"].values()
assert "6" in "".join(In[:-1])
""",
        ),
        wrong_assigned={"value": "result = 6 * 7"},
        wrong_value={"value": "6 + 7"},
    ),
    kind(
        "notebook-run",
        "%run of a script beside the notebook, and %%writefile by the student.",
        answer(
            "script",
            r"""
%%writefile hello.py
### BEGIN SOLUTION
import sys

def greet(name):
    return f"Hello, {name}"

message = greet("world" if len(sys.argv) < 2 else sys.argv[1])
print(message)
### END SOLUTION
""",
        ),
        test(
            "script-import",
            2,
            r"""
import hello
assert hello.greet("Ada") == "Hello, Ada"
""",
        ),
        test("script-run", 1, "%run hello.py you\nassert message == 'Hello, you'"),
        test(
            "script-process",
            1,
            r"""
import subprocess, sys
done = subprocess.run([sys.executable, "hello.py"], capture_output=True, text=True)
assert done.stdout.strip() == "Hello, world" and done.returncode == 0
""",
        ),
        wrong={"script": "%%writefile hello.py\ndef greet(name):\n    print('Hello', name)"},
    ),
    kind(
        "notebook-given-script",
        "%run and %load of the author's script, which defines the names that tests use.",
        code("%run tools.py", "setup"),
        answer("times", TIMES),
        test("times-test", 2, "assert same(times(2, 5), 10)\nassert CASES == 3"),
        files={"tools.py": "CASES = 3\n\ndef same(a, b):\n    return a == b\n"},
        wrong=PLUS,
    ),
    kind(
        "notebook-display",
        "Rich display: _repr_html_ of the student's class, display objects, capture.",
        answer(
            "badge",
            r"""
from IPython.display import HTML, Markdown, display

class Badge:
    ### BEGIN SOLUTION
    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return f"<b>{self.text}</b>"
    ### END SOLUTION

def heading(text):
    ### BEGIN SOLUTION
    return Markdown(f"# {text}")
    ### END SOLUTION
""",
        ),
        test(
            "badge-html",
            2,
            r"""
assert Badge("hi")._repr_html_() == "<b>hi</b>"
assert heading("Plan").data == "# Plan" and isinstance(heading(""), Markdown)
""",
        ),
        test(
            "badge-captured",
            2,
            r"""
from IPython.utils.capture import capture_output
with capture_output() as shown:
    display(Badge("x"))
assert shown.outputs[0].data["text/html"] == "<b>x</b>"
""",
        ),
        wrong={
            "badge": r"""
class Badge:
    def __init__(self, text):
        self.text = text

def heading(text):
    print("#", text)
"""
        },
    ),
    kind(
        "notebook-magic-of-its-own",
        "The answer registers a magic, and the test uses it.",
        answer(
            "magic",
            r"""
from IPython.core.magic import register_cell_magic, register_line_magic

### BEGIN SOLUTION
@register_line_magic
def double(line):
    return 2 * int(line)

@register_cell_magic
def upper(line, cell):
    return cell.upper()
### END SOLUTION
""",
        ),
        test("magic-line", 2, "x = %double 21\nassert x == 42"),
        test(
            "magic-cell",
            1,
            r"""
shell = get_ipython()
assert shell.run_cell_magic("upper", "", "abc") == "ABC"
assert shell.run_line_magic("double", "4") == 8
""",
        ),
        wrong={"magic": "def double(line):\n    return 2 * int(line)"},
    ),
    kind(
        "notebook-environment",
        "%env, %cd, os.environ and the working directory.",
        answer(
            "where",
            r"""
import os

def setting(name, default=None):
    ### BEGIN SOLUTION
    return os.environ.get(name, default)
    ### END SOLUTION

def inside(folder):
    "The names in a folder, without leaving the working directory changed."
    ### BEGIN SOLUTION
    return sorted(os.listdir(folder))
    ### END SOLUTION
""",
        ),
        test(
            "where-environ",
            2,
            r"""
import os
os.environ["ORDINARY_LEVEL"] = "7"
assert setting("ORDINARY_LEVEL") == "7"
del os.environ["ORDINARY_LEVEL"]
assert setting("ORDINARY_LEVEL", "none") == "none"
%env ORDINARY_LEVEL=8
assert setting("ORDINARY_LEVEL") == "8"
""",
        ),
        test(
            "where-folder",
            1,
            r"""
before = os.getcwd()
assert inside("things") == ["a", "b"] and os.getcwd() == before
os.chdir("things")
assert inside(".") == ["a", "b"]
os.chdir(before)
""",
        ),
        files={"things/a": "", "things/b": ""},
        wrong={
            "where": r"""
import os

LEVEL = os.environ.get("ORDINARY_LEVEL")

def setting(name, default=None):
    return LEVEL or default

def inside(folder):
    os.chdir(folder)
    return sorted(os.listdir())
"""
        },
    ),
    kind(
        "notebook-widgets",
        "Sliders: the test moves one and sees what the student's observer does.",
        answer(
            "slider",
            r"""
import ipywidgets as widgets

### BEGIN SOLUTION
slider = widgets.IntSlider(value=3, min=0, max=10, description="n")
label = widgets.Label(value="9")

def update(change):
    label.value = str(change["new"] ** 2)

slider.observe(update, names="value")
### END SOLUTION
""",
        ),
        test(
            "slider-parts",
            1,
            r"""
assert isinstance(slider, widgets.IntSlider) and slider.max == 10
assert label.value == "9"
""",
        ),
        test(
            "slider-moved",
            2,
            r"""
slider.value = 5
assert label.value == "25", "observe the slider"
slider.value = 99
assert slider.value == 10 and label.value == "100"
""",
        ),
        needs=("ipywidgets",),
        wrong={
            "slider": r"""
import ipywidgets as widgets

slider = widgets.IntSlider(value=3, min=0, max=10)
label = widgets.Label(value="9")
"""
        },
    ),
]

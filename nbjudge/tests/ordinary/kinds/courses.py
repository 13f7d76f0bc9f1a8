"""Styles of real courses, written anew: nbgrader's own examples, and others'."""

from ..kind import Own, answer, code, code_by_hand, kind, task, test, text, work, written

AUTOTESTS = """
python3:
    setup: "from hashlib import sha1"
    hash: 'sha1({{snippet}}.encode("utf-8")+b"{{salt}}").hexdigest()'
    dispatch: "type({{snippet}})"
    normalize: "str({{snippet}})"
    check: 'assert {{snippet}} == \"\"\"{{value}}\"\"\", \"\"\"{{message}}\"\"\"'
    success: "print('Success!')"
    templates:
        default:
            - test: "type({{snippet}})"
              fail: "type of {{snippet}} is not correct"
            - test: "{{snippet}}"
              fail: "value of {{snippet}} is not correct"
        float:
            - test: "round({{snippet}}, 2)"
              fail: "value of {{snippet}} is not correct"
"""

# A small autograder in the style of OK and Otter: doctests in files, run in the notebook's names.
CHECKER = r'''
"""check("q1") runs the doctests of tests/q1.py with the names of the notebook."""

import doctest
import runpy

import __main__


def check(name):
    suite = runpy.run_path(f"tests/{name}.py")["test"]
    runner = doctest.DocTestRunner(verbose=False)
    parser, failed = doctest.DocTestParser(), 0
    for number, case in enumerate(suite["cases"]):
        one = parser.get_doctest(case["code"], dict(vars(__main__)), f"{name}-{number}", None, 0)
        failed += bool(runner.run(one, out=lambda text: None).failed)
    return 1 - failed / len(suite["cases"])
'''
Q1 = r"""
test = {
    "name": "q1",
    "points": 2,
    "cases": [
        {"code": ">>> abs(mean([1, 2, 3]) - 2) < 1e-9\nTrue"},
        {"code": ">>> mean([])\nTraceback (most recent call last):\nValueError: empty"},
        {"code": ">>> type(mean([1, 2])).__name__\n'float'"},
        {"code": ">>> x = mean([4, 6])\n>>> x + 1\n6.0"},
    ],
}
"""
POEM = """The sea, the sea,
the open sea!
It grew so fresh the ever free.
"""
MEASURED = "t,x\n" + "".join(f"{t / 10},{4.9 * (t / 10) ** 2:.4f}\n" for t in range(11))

KINDS = [
    kind(
        "courses-quickstart",
        "The problem set that nbgrader's quickstart makes, in other words: two notebooks.",
        notebooks={
            "problem1": [
                text("In this problem set we use Jupyter:\n\n![logo](logo.svg)", "jupyter"),
                text("## Part A (2 points)\n\nReturn the list of $i^2$ for $1 \\le i \\le n$."),
                answer(
                    "squares",
                    r"""
def squares(n):
    "The squares of 1, ..., n; a ValueError if n < 1."
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n must be at least 1")
    return [i**2 for i in range(1, n + 1)]
    ### END SOLUTION
""",
                ),
                text("For $n = 10$ this should show the first ten squares:"),
                code("squares(10)"),
                test(
                    "correct_squares",
                    1,
                    r'''
"""Check the output for several inputs"""
assert squares(1) == [1]
assert squares(4) == [1, 4, 9, 16]
assert squares(11)[-1] == 121
''',
                ),
                test(
                    "squares_invalid_input",
                    1,
                    r'''
"""Check that invalid inputs raise an error"""
try:
    squares(0)
except ValueError:
    pass
else:
    raise AssertionError("did not raise")

try:
    squares(-4)
except ValueError:
    pass
else:
    raise AssertionError("did not raise")
''',
                ),
                answer(
                    "sum_of_squares",
                    r"""
def sum_of_squares(n):
    "The sum of the squares of 1, ..., n."
    ### BEGIN SOLUTION
    return sum(squares(n))
    ### END SOLUTION
""",
                ),
                code("sum_of_squares(10)"),
                test(
                    "correct_sum_of_squares",
                    0.5,
                    "assert sum_of_squares(1) == 1\nassert sum_of_squares(10) == 385",
                ),
                test(
                    "sum_of_squares_uses_squares",
                    0.5,
                    r"""
orig_squares = squares
del squares
try:
    sum_of_squares(1)
except NameError:
    pass
else:
    raise AssertionError("sum_of_squares does not use squares")
finally:
    squares = orig_squares
""",
                ),
                written("sum_of_squares_equation", 1, r"$\sum_{i=1}^n i^2$"),
                code_by_hand(
                    "sum_of_squares_application", 2, "def pyramid(n):\n    return sum_of_squares(n)"
                ),
                task("sums", 4, "State the sum of an arithmetic series and check an example."),
            ],
            "problem2": [
                text(
                    r"""
Consider

```python
def f(x):
    return x if x < 2 else f(x - 1) + f(x - 2)
```
"""
                ),
                written("part-a", 1, "It computes Fibonacci numbers."),
                written("part-b", 2, "It is slow for large numbers."),
            ],
        },
        files={"logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'},
        wrong_bitdiddle={
            "squares": "def squares(n):\n    return [i**2 for i in range(1, n + 1)]",
            "sum_of_squares": "def sum_of_squares(n):\n    return sum(i**2 for i in range(n + 1))",
        },
        wrong_hacker={
            "squares": r"""
def squares(n):
    if n < 1:
        raise ValueError
    return [i ^ 2 for i in range(1, n + 1)]
"""
        },
        right_loops={
            "squares": r"""
def squares(n):
    if n < 1:
        raise ValueError("n must be greater than or equal to 1")
    s = []
    for i in range(n):
        s.append((i + 1) ** 2)
    return s
"""
        },
    ),
    kind(
        "courses-autotest",
        "nbgrader's own AUTOTEST lines, from which a release makes its asserts.",
        answer(
            "half",
            r"""
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

### BEGIN SOLUTION
table = {"one": 1, "two": 2}
### END SOLUTION
""",
        ),
        test("half-plain", 1, "# Visible tests\n### AUTOTEST half(3); half(10)"),
        test("half-hashed", 1, "### HASHED AUTOTEST half(7)\n### AUTOTEST table['two']"),
        course_files={"autotests.yml": AUTOTESTS},
        wrong={"half": "def half(x):\n    return x // 2\n\ntable = {'two': 2}"},
        wrong_table={"half": "def half(x):\n    return x / 2\n\ntable = {'one': 1, 'two': '2'}"},
    ),
    kind(
        "courses-documentation",
        "The examples of nbgrader's guide: hidden tests, partial credit, a global grade.",
        answer(
            "score",
            r"""
def normalise(scores):
    "Scale so that the largest is 100; an empty list stays empty."
    ### BEGIN SOLUTION
    return [100 * s / max(scores) for s in scores]
    ### END SOLUTION
""",
        ),
        test(
            "score-visible",
            1,
            "assert normalise([1, 2]) == [50, 100]",
        ),
        test(
            "score-partial",
            3,
            r"""
grade = 0
tests = [
    lambda: normalise([]) == [],
    lambda: normalise([5]) == [100],
    lambda: sum(normalise([1, 1, 2])) == 200,
]
for one in tests:
    try:
        assert one()
        grade += 1
    except AssertionError:
        print("one test failed")
grade
""",
        ),
        test(
            "score-hidden",
            1,
            r"""
### BEGIN HIDDEN TESTS
values = [3, 6]
normalise(values)
assert values == [3, 6]
### END HIDDEN TESTS
""",
        ),
        wrong_in_place={
            "score": r"""
def normalise(scores):
    most = max(scores, default=1)
    for i in range(len(scores)):
        scores[i] *= 100 / most
    return scores
"""
        },
        wrong_crashes={
            "score": """
def normalise(scores):
    most = max(scores)
    return [100 * s / most for s in scores]
"""
        },
    ),
    kind(
        "courses-data-science",
        "An introduction to data science: arrays, tables of one's own, choices, simulations.",
        code(
            r"""
import numpy as np
%matplotlib inline
import matplotlib.pyplot as plt
plt.style.use("fivethirtyeight")
""",
            "setup",
        ),
        text("**Question 1.1.** How many seconds are in a week?"),
        answer(
            "q1_1",
            r"""
seconds = ...
### BEGIN SOLUTION
seconds = 7 * 24 * 60 * 60
### END SOLUTION
seconds
""",
        ),
        test("q1_1-test", 1, "assert type(seconds) in (int, float)\nassert seconds == 604800"),
        text("**Question 1.2.** 1: yes, 2: no, 3: it depends."),
        answer("q1_2", "choice = ...\n### BEGIN SOLUTION\nchoice = 3\n### END SOLUTION"),
        test(
            "q1_2-test",
            1,
            r"""
assert choice in [1, 2, 3]
### BEGIN HIDDEN TESTS
assert choice == 3
### END HIDDEN TESTS
""",
        ),
        answer(
            "q2",
            r"""
def one_simulation(n=100):
    "The number of sixes in n rolls of a die."
    ### BEGIN SOLUTION
    return np.count_nonzero(np.random.choice(np.arange(1, 7), n) == 6)
    ### END SOLUTION

simulated = np.array([])
for _ in np.arange(300):
    ### BEGIN SOLUTION
    simulated = np.append(simulated, one_simulation())
    ### END SOLUTION
""",
        ),
        test("q2-one", 1, "assert 0 <= one_simulation(10) <= 10\nassert one_simulation(0) == 0"),
        test(
            "q2-many",
            2,
            r"""
assert len(simulated) == 300
assert 14 < np.average(simulated) < 20
assert len(set(simulated)) > 5
""",
        ),
        answer("q3", "plt.hist(simulated, bins=10);"),
        wrong={
            "q1_1": "seconds = 60 * 60 * 24\nseconds",
            "q1_2": "choice = 1",
            "q2": r"""
def one_simulation(n=100):
    return n / 6

simulated = np.array([one_simulation() for _ in range(300)])
""",
        },
        right_other={
            "q1_1": "seconds = 6.048e5",
            "q2": r"""
def one_simulation(n=100):
    return sum(np.random.randint(6) == 0 for _ in range(n))

simulated = [one_simulation() for _ in range(300)]
""",
        },
    ),
    kind(
        "courses-ok-tests",
        "Doctests in files beside the notebook, run in the notebook's names: OK and Otter.",
        code("from checker import check", "setup"),
        answer(
            "q1",
            r"""
def mean(values):
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("empty")
    return sum(values) / len(values)
    ### END SOLUTION
""",
        ),
        test("q1-test", 2, 'share = check("q1")\n2 * share'),
        test("q1-all", 1, "assert share == 1"),
        files={"checker.py": CHECKER, "tests/q1.py": Q1},
        wrong={"q1": "def mean(values):\n    return sum(values) // len(values)"},
        wrong_empty={"q1": "def mean(values):\n    return sum(values) / max(1, len(values))"},
    ),
    kind(
        "courses-objects",
        "An introduction to programming: a hierarchy of classes, lists of objects, a simulation.",
        answer(
            "position",
            r"""
class Position:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, dx, dy):
        "A new Position."
        ### BEGIN SOLUTION
        return Position(self.x + dx, self.y + dy)
        ### END SOLUTION

    def __eq__(self, other):
        ### BEGIN SOLUTION
        return (self.x, self.y) == (other.x, other.y)
        ### END SOLUTION

    def __hash__(self):
        return hash((self.x, self.y))
""",
        ),
        test(
            "position-test",
            2,
            r"""
p = Position(1, 2)
q = p.moved(3, -1)
assert (q.x, q.y) == (4, 1) and (p.x, p.y) == (1, 2)
assert q == Position(4, 1) and q != p
""",
        ),
        answer(
            "room",
            r"""
class Room:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.clean = set()

    def contains(self, position):
        ### BEGIN SOLUTION
        return 0 <= position.x < self.width and 0 <= position.y < self.height
        ### END SOLUTION

    def clean_at(self, position):
        ### BEGIN SOLUTION
        if not self.contains(position):
            raise ValueError("outside of the room")
        self.clean.add(position)
        ### END SOLUTION

    @property
    def share(self):
        ### BEGIN SOLUTION
        return len(self.clean) / (self.width * self.height)
        ### END SOLUTION
""",
        ),
        test(
            "room-test",
            2,
            r"""
room = Room(2, 2)
room.clean_at(Position(0, 0)); room.clean_at(Position(0, 0))
assert room.share == 0.25
assert not room.contains(Position(2, 0)) and room.contains(Position(1, 1))
try:
    room.clean_at(Position(-1, 0))
except ValueError:
    pass
else:
    assert False
""",
        ),
        answer(
            "robot",
            r"""
class Robot:
    def __init__(self, room, position):
        self.room, self.position = room, position
        room.clean_at(position)

    def step(self):
        raise NotImplementedError

class Sweeper(Robot):
    "Goes right; at the wall, to the beginning of the next row."
    ### BEGIN SOLUTION
    def step(self):
        right = self.position.moved(1, 0)
        if not self.room.contains(right):
            right = Position(0, self.position.y + 1)
        if self.room.contains(right):
            self.position = right
            self.room.clean_at(right)
    ### END SOLUTION
""",
        ),
        test(
            "robot-test",
            3,
            r"""
room = Room(3, 2)
robot = Sweeper(room, Position(0, 0))
steps = 0
while room.share < 1 and steps < 20:
    robot.step()
    steps += 1
assert steps == 5 and robot.position == Position(2, 1)
assert isinstance(robot, Robot) and robot.room is room
robot.step()
assert robot.position == Position(2, 1), "the end of the room is the end of the way"
""",
        ),
        wrong={
            "position": r"""
class Position:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, dx, dy):
        self.x += dx
        self.y += dy
        return self
""",
            "robot": r"""
class Robot:
    def __init__(self, room, position):
        self.room, self.position = room, position

class Sweeper(Robot):
    def step(self):
        self.position = self.position.moved(1, 0)
        self.room.clean_at(self.position)
""",
        },
    ),
    kind(
        "courses-numerics",
        "A course of numerics: integration, differential equations, errors that shrink.",
        answer(
            "trapezoid",
            r"""
import numpy as np

def trapezoid(f, a, b, n):
    ### BEGIN SOLUTION
    x = np.linspace(a, b, n + 1)
    y = f(x)
    return (b - a) / n * (y.sum() - (y[0] + y[-1]) / 2)
    ### END SOLUTION
""",
        ),
        test(
            "trapezoid-order",
            2,
            r"""
errors = [abs(trapezoid(np.sin, 0, np.pi, n) - 2) for n in (10, 20, 40)]
orders = np.log2(np.array(errors[:-1]) / errors[1:])
np.testing.assert_allclose(orders, 2, atol=0.02)
assert abs(trapezoid(lambda x: 3 * x, 0, 2, 1) - 6) < 1e-12
""",
        ),
        answer(
            "euler",
            r"""
def euler(f, y0, t):
    "Solve y' = f(t, y) on the grid t; an array of shape (len(t), len(y0))."
    ### BEGIN SOLUTION
    y = np.zeros((len(t), len(y0)))
    y[0] = y0
    for i in range(len(t) - 1):
        y[i + 1] = y[i] + (t[i + 1] - t[i]) * np.asarray(f(t[i], y[i]))
    return y
    ### END SOLUTION
""",
        ),
        test(
            "euler-shape",
            1,
            r"""
t = np.linspace(0, 1, 1001)
solution = euler(lambda t, y: [y[1], -y[0]], [1.0, 0.0], t)
assert solution.shape == (1001, 2) and solution[0].tolist() == [1, 0]
""",
        ),
        test("euler-value", 2, "np.testing.assert_allclose(solution[:, 0], np.cos(t), atol=1e-3)"),
        wrong_rectangles={
            "trapezoid": r"""
import numpy as np

def trapezoid(f, a, b, n):
    x = np.linspace(a, b, n, endpoint=False)
    return (b - a) / n * f(x).sum()
""",
            "euler": r"""
def euler(f, y0, t):
    y = [np.array(y0)]
    for i in range(len(t) - 1):
        y.append(y[-1] + np.array(f(t[i], y[-1])))
    return np.array(y)
""",
        },
        right_loops={
            "trapezoid": r"""
import numpy as np

def trapezoid(f, a, b, n):
    h, total = (b - a) / n, 0.0
    for i in range(n):
        total += (f(a + i * h) + f(a + (i + 1) * h)) / 2
    return h * total
"""
        },
    ),
    kind(
        "courses-physics-lab",
        "A laboratory report: measured data from a file, a fit, a figure, a discussion.",
        code(
            r"""
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

t, x = np.loadtxt("data/fall.csv", delimiter=",", skiprows=1, unpack=True)
""",
            "setup",
        ),
        answer(
            "fit",
            r"""
def fit_g(t, x):
    "g of x = g t^2 / 2, by least squares."
    ### BEGIN SOLUTION
    return 2 * (x @ t**2) / (t**2 @ t**2)
    ### END SOLUTION

g = fit_g(t, x)
print(f"g = {g:.3f} m/s^2")
""",
        ),
        test(
            "fit-g",
            2,
            r"""
assert abs(g - 9.8) < 1e-3
assert abs(fit_g(np.array([1.0, 2.0]), np.array([3.0, 12.0])) - 6) < 1e-9
""",
        ),
        answer(
            "figure",
            r"""
fig, ax = plt.subplots()
### BEGIN SOLUTION
ax.errorbar(t, x, yerr=0.05, fmt="o", label="measured")
ax.plot(t, g * t**2 / 2, "-", label="fitted")
ax.set_xlabel("time (s)")
ax.set_ylabel("distance (m)")
ax.legend()
fig.savefig("fall.pdf")
### END SOLUTION
""",
        ),
        test(
            "figure-curves",
            2,
            r"""
from pathlib import Path
curves = [line for line in ax.lines if len(line.get_xdata()) == len(t)]
assert len(curves) >= 2, "show the data and the fit"
fitted = [line for line in curves if np.allclose(line.get_ydata(), g * t**2 / 2)]
assert fitted and "(s)" in ax.get_xlabel() and "(m)" in ax.get_ylabel()
assert {text.get_text() for text in ax.get_legend().get_texts()} == {"measured", "fitted"}
assert Path("fall.pdf").stat().st_size > 1000
""",
        ),
        written("discussion", 3, "The value agrees with the textbook's."),
        files={"data/fall.csv": MEASURED},
        wrong={
            "fit": r"""
def fit_g(t, x):
    return np.polyfit(t, x, 1)[0]

g = fit_g(t, x)
""",
            "figure": 'fig, ax = plt.subplots()\nax.plot(t, x, "o")',
        },
        right_polyfit={
            "fit": r"""
def fit_g(t, x):
    return 2 * np.linalg.lstsq(t[:, None] ** 2, x, rcond=None)[0][0]

g = fit_g(t, x)
"""
        },
    ),
    kind(
        "courses-linguistics",
        "Text processing: tokens, counts, bigrams, a concordance of a text beside the notebook.",
        code('poem = open("poem.txt", encoding="utf-8").read()', "setup"),
        answer(
            "tokens",
            r"""
import re
from collections import Counter

def tokens(text):
    "Lower-case words, without punctuation."
    ### BEGIN SOLUTION
    return re.findall(r"[a-zà-ÿ']+", text.lower())
    ### END SOLUTION

words = tokens(poem)
""",
        ),
        test(
            "tokens-test",
            1,
            r"""
assert words[:4] == ["the", "sea", "the", "sea"] and len(words) == 14
assert tokens("L'été, déjà!") == ["l'été", "déjà"]
""",
        ),
        answer(
            "bigrams",
            r"""
def bigrams(words):
    "A Counter of pairs."
    ### BEGIN SOLUTION
    return Counter(zip(words, words[1:]))
    ### END SOLUTION

def concordance(words, target, width=1):
    "A generator of (left, target, right) with `width` words on both sides."
    ### BEGIN SOLUTION
    for i, word in enumerate(words):
        if word == target:
            yield words[max(i - width, 0) : i], word, words[i + 1 : i + 1 + width]
    ### END SOLUTION
""",
        ),
        test(
            "bigrams-test",
            2,
            r"""
pairs = bigrams(words)
assert pairs[("the", "sea")] == 2 and pairs[("a", "b")] == 0
assert pairs.most_common(1) == [(("the", "sea"), 2)]
assert sum(pairs.values()) == len(words) - 1
""",
        ),
        test(
            "bigrams-concordance",
            2,
            r"""
hits = concordance(words, "sea")
assert next(hits) == (["the"], "sea", ["the"])
assert len(list(hits)) == 2
assert list(concordance(["a"], "a", 5)) == [([], "a", [])]
""",
        ),
        files={"poem.txt": POEM},
        wrong={
            "tokens": "def tokens(text):\n    return text.lower().split()\n\nwords = tokens(poem)",
            "bigrams": r"""
def bigrams(words):
    return [(a, b) for a, b in zip(words, words[1:])]

def concordance(words, target, width=1):
    return [(words[i - width : i], target, words[i + 1 : i + 1 + width])
            for i, w in enumerate(words) if w == target]
""",
        },
    ),
    kind(
        "courses-pandas",
        "A master's course of data analysis: questions as functions without arguments.",
        code("import pandas as pd\nimport numpy as np", "setup"),
        answer(
            "load",
            r"""
def load_data():
    ### BEGIN SOLUTION
    df = pd.read_csv("energy.csv", skipfooter=1, engine="python", na_values="...")
    df.columns = ["Country", "Energy"]
    df["Country"] = df["Country"].str.replace(r"\d+$", "", regex=True)
    return df.set_index("Country")
    ### END SOLUTION
""",
        ),
        test(
            "load-test",
            2,
            r"""
df = load_data()
assert type(df) == pd.DataFrame, "load_data returns a DataFrame"
assert df.index.tolist() == ["Chad", "Peru", "Fiji"], "remove the footnotes"
assert df["Energy"].isna().sum() == 1 and df["Energy"].dtype == np.float64
""",
        ),
        answer(
            "one",
            r"""
def answer_one():
    "The country with the largest value, and the value."
    ### BEGIN SOLUTION
    energy = load_data()["Energy"]
    return energy.idxmax(), energy.max()
    ### END SOLUTION
""",
        ),
        test(
            "one-test",
            1,
            "assert isinstance(answer_one(), tuple)\nassert answer_one() == ('Peru', 9.5)",
        ),
        answer(
            "two",
            r"""
def answer_two():
    "A Series of z-scores, missing values dropped, largest first."
    ### BEGIN SOLUTION
    energy = load_data()["Energy"].dropna()
    return ((energy - energy.mean()) / energy.std()).sort_values(ascending=False)
    ### END SOLUTION
""",
        ),
        test(
            "two-test",
            2,
            r"""
z = answer_two()
assert isinstance(z, pd.Series) and z.index[0] == "Peru" and len(z) == 2
np.testing.assert_allclose(z.to_numpy(), [0.7071068, -0.7071068], rtol=1e-6)
""",
        ),
        files={"energy.csv": "Country,Energy supply\nChad1,2.5\nPeru,9.5\nFiji23,...\nnotes,0\n"},
        needs=("pandas",),
        wrong={
            "load": r"""
def load_data():
    return pd.read_csv("energy.csv").rename(columns={"Energy supply": "Energy"})
""",
            "one": "def answer_one():\n    return 'Peru'",
        },
        right_apply={
            "two": r"""
def answer_two():
    e = load_data().dropna().Energy
    return e.transform(lambda v: (v - np.mean(e)) / np.std(e, ddof=1)).sort_values()[::-1]
"""
        },
    ),
    kind(
        "courses-statistics",
        "Statistics by simulation: seeds given, bootstrap, p-values, tolerance of the tests.",
        code("import numpy as np\n\nheights = np.array([160, 172, 168, 181, 175, 169])", "setup"),
        answer(
            "bootstrap",
            r"""
def bootstrap_means(x, repeats, rng):
    ### BEGIN SOLUTION
    return np.array([rng.choice(x, size=len(x)).mean() for _ in range(repeats)])
    ### END SOLUTION

def interval(means, level=0.95):
    ### BEGIN SOLUTION
    tail = (1 - level) / 2
    return tuple(np.quantile(means, [tail, 1 - tail]))
    ### END SOLUTION
""",
        ),
        test(
            "bootstrap-means",
            2,
            r"""
means = bootstrap_means(heights, 2000, np.random.default_rng(1))
assert means.shape == (2000,) and abs(means.mean() - heights.mean()) < 0.5
assert 2 < means.std() < 3.3
assert np.ptp(bootstrap_means(np.array([5, 5]), 3, np.random.default_rng())) == 0
""",
        ),
        test(
            "bootstrap-interval",
            2,
            r"""
low, high = interval(np.arange(101), 0.9)
assert abs(low - 5) < 1e-9 and abs(high - 95) < 1e-9
low, high = interval(means)
assert low < heights.mean() < high
""",
        ),
        wrong={
            "bootstrap": r"""
def bootstrap_means(x, repeats, rng):
    return np.array([rng.permutation(x).mean() for _ in range(repeats)])

def interval(means, level=0.95):
    return [min(means), max(means)]
"""
        },
    ),
    kind(
        "courses-algorithms",
        "Algorithms: graphs as dictionaries, sorting with counted comparisons.",
        answer(
            "graph",
            r"""
from collections import deque

def shortest_path(graph, start, goal):
    "A list of nodes, or None."
    ### BEGIN SOLUTION
    before, queue = {start: None}, deque([start])
    while queue:
        node = queue.popleft()
        if node == goal:
            path = []
            while node is not None:
                path.append(node)
                node = before[node]
            return path[::-1]
        for other in graph.get(node, ()):
            if other not in before:
                before[other] = node
                queue.append(other)
    return None
    ### END SOLUTION
""",
        ),
        test(
            "graph-test",
            2,
            r"""
graph = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"], "e": []}
assert shortest_path(graph, "a", "e") in (list("abde"), list("acde"))
assert shortest_path(graph, "e", "a") is None and shortest_path(graph, "a", "a") == ["a"]
grid = {(x, y): [(x + 1, y), (x, y + 1)] for x in range(20) for y in range(20)}
assert len(shortest_path(grid, (0, 0), (19, 19))) == 39
""",
        ),
        answer(
            "merge",
            r"""
def merge_sort(items):
    ### BEGIN SOLUTION
    if len(items) < 2:
        return list(items)
    half = len(items) // 2
    left, right = merge_sort(items[:half]), merge_sort(items[half:])
    merged = []
    while left and right:
        merged.append(right.pop(0) if right[0] < left[0] else left.pop(0))
    return merged + left + right
    ### END SOLUTION
""",
        ),
        test(
            "merge-comparisons",
            3,
            r"""
import random

class Counted:
    comparisons = 0

    def __init__(self, key, tag=0):
        self.key, self.tag = key, tag

    def __lt__(self, other):
        Counted.comparisons += 1
        return self.key < other.key

    def __gt__(self, other):
        return other < self

    def __le__(self, other):
        return not other < self

    def __ge__(self, other):
        return not self < other

numbers = random.Random(0).sample(range(1000), 64)
result = merge_sort([Counted(n) for n in numbers])
assert [c.key for c in result] == sorted(numbers)
assert 0 < Counted.comparisons <= 64 * 6, Counted.comparisons
stable = merge_sort([Counted(1, "a"), Counted(0, "b"), Counted(1, "c")])
assert [c.tag for c in stable] == ["b", "a", "c"]
""",
        ),
        wrong={
            "graph": r"""
def shortest_path(graph, start, goal):
    if start == goal:
        return [start]
    for other in graph[start]:
        path = shortest_path(graph, other, goal)
        if path:
            return [start] + path
""",
            "merge": r"""
def merge_sort(items):
    items = list(items)
    for i in range(len(items)):
        for j in range(len(items) - 1):
            if items[j] > items[j + 1]:
                items[j], items[j + 1] = items[j + 1], items[j]
    return items
""",
        },
    ),
    kind(
        "courses-validate-only",
        "A first assignment: everything is visible, students validate, points are for handing in.",
        text("Replace the dots, run all cells, press Validate.", "intro"),
        answer("name", "my_name = ...\n### BEGIN SOLUTION\nmy_name = 'Ada'\n### END SOLUTION"),
        test(
            "name-test",
            1,
            r"""
assert my_name is not ..., "write your name"
assert isinstance(my_name, str) and len(my_name.strip()) > 0
print(f"Welcome, {my_name}!")
""",
        ),
        answer(
            "fruit", "fruit = []\n### BEGIN SOLUTION\nfruit = ['fig', 'kiwi']\n### END SOLUTION"
        ),
        test("fruit-test", 1, "assert len(fruit) >= 2, 'two at least'\nfor f in fruit: assert f"),
        wrong={"fruit": "fruit = ['fig']"},
        right_other={"name": "my_name = input_name = 'Žofie'", "fruit": "fruit = ('a', 'b', 'c')"},
        right_own_cell=work({"name": "pass"}, Own("my_name = 'Bob'", after="name")),
    ),
]

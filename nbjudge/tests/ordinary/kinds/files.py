"""Files beside the notebook, and files that answers write."""

import io

import numpy as np

from ..kind import answer, code, kind, test, work


def _npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


SCORES = "name,points\nAda,12\nBob,7\nCyd,9\n"
HELPER = '''"""Given by the author."""

FACTOR = 3


def scale(x):
    return FACTOR * x


class Shape:
    def area(self):
        raise NotImplementedError
'''

KINDS = [
    kind(
        "files-csv",
        "A table beside the notebook is read by the answer's cell, its function and the test.",
        answer(
            "load",
            r"""
import csv

def load(path):
    "{name: points}"
    ### BEGIN SOLUTION
    with open(path, newline="") as file:
        return {row["name"]: int(row["points"]) for row in csv.DictReader(file)}
    ### END SOLUTION

scores = load("data/scores.csv")
""",
        ),
        test("load-variable", 1, 'assert scores["Ada"] == 12 and len(scores) == 3'),
        test(
            "load-call",
            2,
            r"""
import csv
with open("data/scores.csv") as file:
    expected = {name: int(points) for name, points in list(csv.reader(file))[1:]}
assert load("data/scores.csv") == expected
try:
    load("data/missing.csv")
except FileNotFoundError:
    pass
else:
    assert False
""",
        ),
        files={"data/scores.csv": SCORES},
        wrong_strings={
            "load": r"""
def load(path):
    with open(path) as file:
        return dict(line.strip().split(",") for line in file)

scores = load("data/scores.csv")
"""
        },
        right_other_file=work(files={"data/scores.csv": "name,points\nAda,99\n"}),
        right_pathlib={
            "load": r"""
from pathlib import Path

def load(path):
    rows = (line.split(",") for line in Path(path).read_text().split()[1:])
    return {name: int(points) for name, points in rows}

scores = load(Path("data") / "scores.csv")
"""
        },
    ),
    kind(
        "files-pandas",
        "read_csv and read_json from files beside the notebook.",
        answer(
            "frame",
            r"""
import pandas as pd

### BEGIN SOLUTION
frame = pd.read_csv("scores.csv", index_col="name")
best = frame["points"].idxmax()
### END SOLUTION
""",
        ),
        test("frame-shape", 1, "assert frame.shape == (3, 1)\nassert best == 'Ada'"),
        test(
            "frame-equal",
            1,
            "pd.testing.assert_frame_equal(frame, pd.read_csv('scores.csv').set_index('name'))",
        ),
        files={"scores.csv": SCORES},
        needs=("pandas",),
        wrong={"frame": 'import pandas as pd\nframe = pd.read_csv("scores.csv")\nbest = "Bob"'},
    ),
    kind(
        "files-arrays",
        "The test loads an array of its own from beside the notebook.",
        answer(
            "smooth",
            r"""
import numpy as np

def smooth(x, width=3):
    ### BEGIN SOLUTION
    return np.convolve(x, np.ones(width) / width, mode="valid")
    ### END SOLUTION
""",
        ),
        test(
            "smooth-stored",
            2,
            r"""
import numpy as np
signal, expected = np.load("signal.npy"), np.load("tests/expected.npy")
np.testing.assert_allclose(smooth(signal), expected)
""",
        ),
        test(
            "smooth-json",
            1,
            r"""
import json, os
with open(os.path.join("tests", "cases.json")) as file:
    for case in json.load(file):
        assert np.allclose(smooth(case["x"], case["width"]), case["y"]), case
""",
        ),
        files={
            "signal.npy": _npy(np.arange(6.0) ** 2),
            "tests/expected.npy": _npy(np.array([5, 14, 29, 50]) / 3),
            "tests/cases.json": '[{"x": [1, 3, 5], "width": 2, "y": [2, 4]}]',
        },
        wrong={
            "smooth": r"""
import numpy as np

def smooth(x, width=3):
    return np.convolve(x, np.ones(width), mode="same")
"""
        },
    ),
    kind(
        "files-helper-module",
        "A module beside the notebook is imported by the author, the student and the test.",
        code("from helper import scale", "given"),
        answer(
            "triple",
            r"""
import helper

class Square(helper.Shape):
    ### BEGIN SOLUTION
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2
    ### END SOLUTION

def scaled_area(shape):
    ### BEGIN SOLUTION
    return scale(shape.area())
    ### END SOLUTION
""",
        ),
        test(
            "triple-shape",
            2,
            r"""
from helper import Shape
assert isinstance(Square(2), Shape) and Square(2).area() == 4
assert scaled_area(Square(2)) == 12
""",
        ),
        test(
            "triple-module",
            2,
            r"""
import helper
helper.FACTOR = 10
assert scaled_area(Square(2)) == 40
helper.FACTOR = 3
assert helper.__doc__ == "Given by the author."
from checks.compare import close
assert close(scaled_area(Square(0.1)), 0.03)
""",
        ),
        files={
            "helper.py": HELPER,
            "checks/__init__.py": "",
            "checks/compare.py": "def close(a, b):\n    return abs(a - b) < 1e-9\n",
        },
        wrong={
            "triple": r"""
class Square:
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2

def scaled_area(shape):
    return 3 * shape.area()
"""
        },
        right_changed_helper=work(files={"helper.py": "def scale(x):\n    return 0\n"}),
    ),
    kind(
        "files-students-module",
        "The answer lives in a module that the student hands in beside the notebook.",
        answer("import", "from mine import double"),
        test("import-test", 2, "assert double(4) == 8\nassert double('a') == 'aa'"),
        right=work(
            {"import": "from mine import double"},
            files={"mine.py": "def double(x):\n    return 2 * x\n"},
        ),
        wrong=work(
            {"import": "from mine import double"},
            files={"mine.py": "def double(x):\n    return x ** 2\n"},
        ),
        wrong_forgotten={"import": "from mine import double"},
        right_in_the_notebook={"import": "def double(x):\n    return x + x"},
    ),
    kind(
        "files-written",
        "The answer writes a file, and the test reads it.",
        answer(
            "save",
            r"""
def save(path, numbers):
    "One number per line."
    ### BEGIN SOLUTION
    with open(path, "w") as file:
        for number in numbers:
            file.write(f"{number}\n")
    ### END SOLUTION
""",
        ),
        test(
            "save-read",
            2,
            r"""
save("out.txt", [1, 2.5])
with open("out.txt") as file:
    assert file.read() == "1\n2.5\n"
""",
        ),
        test(
            "save-again",
            1,
            r"""
import os
assert os.path.exists("out.txt"), "the file of the cell before is still there"
save("out.txt", [])
assert os.path.getsize("out.txt") == 0
os.remove("out.txt")
assert "out.txt" not in os.listdir()
""",
        ),
        wrong_appends={
            "save": r"""
def save(path, numbers):
    with open(path, "a") as file:
        print(*numbers, sep="\n", file=file)
"""
        },
        wrong_no_newline={
            "save": r"""
def save(path, numbers):
    open(path, "w").write("\n".join(map(str, numbers)))
"""
        },
    ),
    kind(
        "files-written-by-a-cell",
        "A cell of the student's writes files when it runs; tests open them.",
        answer(
            "export",
            r"""
import json

### BEGIN SOLUTION
with open("result.json", "w") as file:
    json.dump({"n": 3, "values": [1, 2, 3]}, file)
### END SOLUTION
""",
        ),
        test(
            "export-test",
            2,
            r"""
import json, pathlib
path = pathlib.Path("result.json")
assert path.is_file(), "result.json is missing"
found = json.loads(path.read_text())
assert found["n"] == len(found["values"]) == 3
""",
        ),
        wrong_name={"export": 'open("results.json", "w").write("{}")'},
    ),
    kind(
        "files-temporary",
        "tempfile, pathlib and shutil: the test makes folders that the answer walks through.",
        answer(
            "sizes",
            r"""
from pathlib import Path

def sizes(folder):
    "{relative name: bytes} of all .txt files below the folder."
    ### BEGIN SOLUTION
    folder = Path(folder)
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*.txt")}
    ### END SOLUTION

def make_tree(folder, names):
    ### BEGIN SOLUTION
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Path(folder)
    ### END SOLUTION
""",
        ),
        test(
            "sizes-walk",
            2,
            r"""
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    os.makedirs(os.path.join(folder, "a", "b"))
    with open(os.path.join(folder, "a", "b", "x.txt"), "w") as file:
        file.write("12345")
    with open(os.path.join(folder, "y.md"), "w") as file:
        file.write("1")
    assert sizes(folder) == {os.path.join("a", "b", "x.txt"): 5}
""",
        ),
        test(
            "sizes-make",
            2,
            r"""
from pathlib import Path
with tempfile.TemporaryDirectory() as folder:
    made = make_tree(folder, ["p/q.txt", "r.txt"])
    assert isinstance(made, Path) and made == Path(folder)
    assert sorted(p.name for p in made.iterdir()) == ["p", "r.txt"]
    assert (made / "p" / "q.txt").exists()
""",
        ),
        wrong={
            "sizes": r"""
import os

def sizes(folder):
    return {n: os.path.getsize(os.path.join(folder, n)) for n in os.listdir(folder)}

def make_tree(folder, names):
    for name in names:
        open(os.path.join(folder, name), "w").close()
    return folder
"""
        },
    ),
    kind(
        "files-open-handles",
        "Open files go into the answer, and come out of it; mock_open stands in for one.",
        answer(
            "count",
            r"""
def count_lines(file):
    ### BEGIN SOLUTION
    return sum(1 for line in file if line.strip())
    ### END SOLUTION

def open_log(path):
    "The file, opened for appending."
    ### BEGIN SOLUTION
    return open(path, "a")
    ### END SOLUTION

def first_line(path):
    ### BEGIN SOLUTION
    with open(path) as file:
        return file.readline().rstrip("\n")
    ### END SOLUTION
""",
        ),
        test(
            "count-handles",
            2,
            r"""
import io
assert count_lines(io.StringIO("a\n\nb\n")) == 2
with open("poem.txt") as poem:
    poem.readline()
    assert count_lines(poem) == 2
    assert poem.read() == ""
""",
        ),
        test(
            "count-log",
            2,
            r"""
log = open_log("log.txt")
assert log.mode == "a" and log.name == "log.txt" and not log.closed
print("one", file=log)
log.close()
with open_log("log.txt") as log:
    log.write("two\n")
assert first_line("log.txt") == "one"
with open("log.txt") as file:
    assert file.read().split() == ["one", "two"]
""",
        ),
        test(
            "count-mock",
            1,
            r"""
from unittest.mock import mock_open, patch
with patch("__main__.open", mock_open(read_data="x\ny\n")) as fake:
    assert first_line("anything") == "x"
fake.assert_called_once_with("anything")
""",
        ),
        files={"poem.txt": "Tyger\n\nTyger\nburning\n"},
        wrong={
            "count": r"""
def count_lines(file):
    return len(file.read().split("\n"))

def open_log(path):
    return open(path, "w")

def first_line(path):
    import pathlib
    return pathlib.Path(path).read_text().split("\n")[0]
"""
        },
    ),
    kind(
        "files-database",
        "An SQLite database beside the notebook's cells: connection, cursor, rows.",
        answer(
            "db",
            r"""
import sqlite3

def setup(path):
    ### BEGIN SOLUTION
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE pets (name TEXT, age INTEGER)")
    return connection
    ### END SOLUTION

query = ...
### BEGIN SOLUTION
query = "SELECT name FROM pets WHERE age > 3 ORDER BY name"
### END SOLUTION
""",
        ),
        test(
            "db-table",
            2,
            r"""
import sqlite3
db = setup(":memory:")
assert isinstance(db, sqlite3.Connection)
with db:
    db.executemany("INSERT INTO pets VALUES (?, ?)", [("Tom", 5), ("Rex", 2), ("Ann", 9)])
assert [row["name"] for row in db.execute(query)] == ["Ann", "Tom"]
""",
        ),
        test(
            "db-errors",
            1,
            r"""
try:
    db.execute("SELECT * FROM cats")
except sqlite3.OperationalError as error:
    assert "cats" in str(error)
else:
    assert False
db.close()
""",
        ),
        wrong={
            "db": r"""
import sqlite3

def setup(path):
    sqlite3.connect(path).execute("CREATE TABLE pets (name TEXT, age INTEGER)")

query = "SELECT name FROM pets"
"""
        },
    ),
]

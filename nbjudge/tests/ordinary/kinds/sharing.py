"""What is one object and what is two: within a value, between two calls, between arguments."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "sharing-rows",
        "A grid whose rows are all the same list.",
        answer(
            "grid",
            r"""
def grid(n, m):
    "n rows of m zeros."
    ### BEGIN SOLUTION
    return [[0] * m for _ in range(n)]
    ### END SOLUTION
""",
        ),
        test(
            "grid-changed",
            2,
            r"""
g = grid(2, 3)
assert g == [[0, 0, 0], [0, 0, 0]]
g[0][1] = 7
assert g == [[0, 7, 0], [0, 0, 0]], "the rows are one list"
""",
        ),
        test("grid-identity", 1, "h = grid(2, 2)\nassert h[0] is not h[1]"),
        test("grid-numbers", 1, "assert len({id(row) for row in grid(3, 1)}) == 3"),
        right_loops={
            "grid": r"""
def grid(n, m):
    rows = []
    for _ in range(n):
        row = []
        for _ in range(m):
            row.append(0)
        rows.append(row)
    return rows
"""
        },
        wrong={"grid": "def grid(n, m):\n    return [[0] * m] * n"},
    ),
    kind(
        "sharing-table",
        "A dictionary made with fromkeys, whose values are all the same list.",
        answer(
            "table",
            r"""
def table(keys):
    "An empty list for each key."
    ### BEGIN SOLUTION
    return {key: [] for key in keys}
    ### END SOLUTION
""",
        ),
        test(
            "table-test",
            2,
            "t = table('ab')\nt['a'].append(1)\nassert t == {'a': [1], 'b': []}",
        ),
        test(
            "table-loop",
            1,
            "t = table('abc')\nfor number, items in enumerate(t.values()):\n"
            "    items.append(number)\nassert list(t.values()) == [[0], [1], [2]]",
        ),
        wrong={"table": "def table(keys):\n    return dict.fromkeys(keys, [])"},
    ),
    kind(
        "sharing-fresh",
        "Each call must return a new list.",
        answer(
            "primes",
            r"""
def primes():
    ### BEGIN SOLUTION
    return [2, 3, 5, 7]
    ### END SOLUTION
""",
        ),
        test("primes-identity", 1, "assert primes() is not primes()"),
        test("primes-names", 1, "a = primes()\nb = primes()\nassert a == b and a is not b"),
        test("primes-number", 1, "p, q = primes(), primes()\nassert id(p) != id(q)"),
        test("primes-changed", 1, "a = primes()\na += [9]\nassert primes() == [2, 3, 5, 7]"),
        test(
            "primes-shuffled",
            1,
            "import random\na = primes()\nrandom.Random(1).shuffle(a)\n"
            "assert primes() == [2, 3, 5, 7]",
        ),
        test(
            "primes-heap",
            1,
            "import heapq\na = primes()\nheapq.heappush(a, 1)\nassert primes() == [2, 3, 5, 7]",
        ),
        test(
            "primes-helper",
            1,
            "def spoil(items):\n    items.clear()\n\nspoil(primes())\n"
            "assert primes() == [2, 3, 5, 7]",
        ),
        test(
            "primes-direct",
            1,
            "primes().append(1)\nprimes()[0] = 9\nassert primes() == [2, 3, 5, 7]",
        ),
        right_copies={"primes": "KEPT = [2, 3, 5, 7]\ndef primes():\n    return KEPT[:]"},
        wrong={"primes": "KEPT = [2, 3, 5, 7]\ndef primes():\n    return KEPT"},
    ),
    kind(
        "sharing-fresh-array",
        "The same with arrays and tables: computed in place by the test.",
        code("import numpy as np\nimport pandas as pd", "setup"),
        answer(
            "zeros",
            r"""
def zeros():
    ### BEGIN SOLUTION
    return np.zeros(3)
    ### END SOLUTION

def table():
    ### BEGIN SOLUTION
    return pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    ### END SOLUTION
""",
        ),
        test("zeros-added", 1, "z = zeros()\nz += 1\nassert zeros().tolist() == [0, 0, 0]"),
        test("zeros-out", 1, "z = zeros()\nnp.add(z, 2, out=z)\nassert (zeros() == 0).all()"),
        test("zeros-fill", 1, "z = zeros()\nnp.copyto(z, 2)\nassert (zeros() == 0).all()"),
        test("zeros-memory", 1, "assert not np.shares_memory(zeros(), zeros())"),
        test(
            "table-dropped",
            1,
            "t = table()\nt.drop(columns='a', inplace=True)\nassert 'a' in table().columns",
        ),
        test(
            "table-added",
            1,
            "t = table()\nt.insert(0, 'c', 1)\nt.columns = list('xyz')\n"
            "assert list(table()) == ['a', 'b']",
        ),
        needs=("pandas",),
        wrong={
            "zeros": "Z = np.zeros(3)\nT = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\n"
            "def zeros():\n    return Z\ndef table():\n    return T"
        },
    ),
    kind(
        "sharing-arguments",
        "The same list is passed twice.",
        answer(
            "copy-into",
            r"""
def copy_into(target, source):
    "Make target hold what source holds."
    ### BEGIN SOLUTION
    items = list(source)
    target.clear()
    target.extend(items)
    ### END SOLUTION

def same(a, b):
    ### BEGIN SOLUTION
    return a is b
    ### END SOLUTION
""",
        ),
        test(
            "copy-test", 2, "x = [1, 2]\ncopy_into(x, x)\nassert x == [1, 2], 'the list is its own'"
        ),
        test("same-test", 1, "x = [1]\nassert same(x, x) and not same(x, [1])"),
        wrong={
            "copy-into": r"""
def copy_into(target, source):
    target.clear()
    target.extend(source)
def same(a, b):
    return a == b
"""
        },
    ),
    kind(
        "sharing-in-an-argument",
        "Parts of an argument are one object: what is done to one of them is done to all.",
        answer(
            "increase",
            r"""
def increase(rows):
    "Add 1 to the first item of each different row."
    ### BEGIN SOLUTION
    seen = []
    for row in rows:
        if not any(row is other for other in seen):
            row[0] += 1
            seen.append(row)
    ### END SOLUTION
""",
        ),
        test(
            "increase-test",
            2,
            "row = [1]\nrows = [row, row, [5]]\nincrease(rows)\nassert rows == [[2], [2], [6]]\n"
            "assert row == [2]",
        ),
        wrong={"increase": "def increase(rows):\n    for row in rows:\n        row[0] += 1"},
    ),
    kind(
        "sharing-callbacks",
        "The function that is passed gets parts of one object, and keeps them.",
        answer(
            "walk",
            r"""
def walk(visit, rows):
    "Visit a copy of each row."
    ### BEGIN SOLUTION
    for row in rows:
        visit(list(row))
    ### END SOLUTION
""",
        ),
        test(
            "walk-test",
            2,
            "kept = []\nwalk(kept.append, [[1], [2], [3]])\nassert kept == [[1], [2], [3]]",
        ),
        test(
            "walk-spoilt",
            1,
            "rows = [[1], [2]]\nwalk(lambda row: row.append(9), rows)\nassert rows == [[1], [2]]",
        ),
        wrong_one_list={
            "walk": r"""
def walk(visit, rows):
    now = []
    for row in rows:
        now[:] = row
        visit(now)
"""
        },
        wrong_no_copy={"walk": "def walk(visit, rows):\n    for row in rows:\n        visit(row)"},
    ),
    kind(
        "sharing-combinations",
        "The classic mistake of backtracking: the same list is stored again and again.",
        answer(
            "subsets",
            r"""
def subsets(items):
    ### BEGIN SOLUTION
    found = [[]]
    for item in items:
        found += [one + [item] for one in found]
    return found
    ### END SOLUTION
""",
        ),
        test(
            "subsets-test",
            2,
            "s = subsets([1, 2])\nassert sorted(s) == [[], [1], [1, 2], [2]]\n"
            "for one in s:\n    one.append(0)\nassert sorted(map(len, s)) == [1, 2, 2, 3]",
        ),
        right_backtracking={
            "subsets": r"""
def subsets(items):
    found, now = [], []
    def go(place):
        if place == len(items):
            found.append(now.copy())
            return
        go(place + 1)
        now.append(items[place])
        go(place + 1)
        now.pop()
    go(0)
    return found
"""
        },
        wrong_same_list={
            "subsets": r"""
def subsets(items):
    found, now = [], []
    def go(place):
        if place == len(items):
            found.append(now)
            return
        go(place + 1)
        now.append(items[place])
        go(place + 1)
        now.pop()
    go(0)
    return found
"""
        },
    ),
]

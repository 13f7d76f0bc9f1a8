"""NumPy arrays: types, shapes, views, masks, changes in place."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "arrays-testing",
        "np.testing, allclose, shapes and dtypes of what comes back.",
        answer(
            "standardise",
            r"""
import numpy as np

def standardise(x):
    "Columns with mean 0 and standard deviation 1."
    ### BEGIN SOLUTION
    return (x - x.mean(axis=0)) / x.std(axis=0)
    ### END SOLUTION
""",
        ),
        test(
            "standardise-values",
            2,
            r"""
import numpy as np
x = np.array([[1.0, 10.0], [3.0, 30.0]])
z = standardise(x)
np.testing.assert_allclose(z, [[-1, -1], [1, 1]])
assert z.shape == x.shape and z.dtype == np.float64
""",
        ),
        test(
            "standardise-types",
            2,
            r"""
assert standardise(x.astype(np.float32)).dtype == np.float32
assert standardise(np.arange(6).reshape(3, 2)).dtype.kind == "f"
np.testing.assert_array_equal(x, [[1, 10], [3, 30]], err_msg="x must not change")
assert type(z) is np.ndarray and z.ndim == 2 and z.flags["C_CONTIGUOUS"]
""",
        ),
        wrong_all={
            "standardise": "def standardise(x):\n    return (x - x.mean()) / x.std()",
        },
        wrong_in_place={
            "standardise": r"""
def standardise(x):
    x -= x.mean(axis=0)
    x /= x.std(axis=0)
    return x
"""
        },
    ),
    kind(
        "arrays-in-place",
        "The answer changes its argument in place; the test holds views of it.",
        answer(
            "clip",
            r"""
import numpy as np

def clip_in_place(a, low, high):
    ### BEGIN SOLUTION
    a[a < low] = low
    a[a > high] = high
    ### END SOLUTION
""",
        ),
        test(
            "clip-changes",
            2,
            r"""
import numpy as np
a = np.arange(6.0)
assert clip_in_place(a, 1, 4) is None
np.testing.assert_array_equal(a, [1, 1, 2, 3, 4, 4])
""",
        ),
        test(
            "clip-views",
            2,
            r"""
big = np.arange(12).reshape(3, 4)
row, column = big[1], big[:, 0]
clip_in_place(row, 5, 6)
assert big.tolist() == [[0, 1, 2, 3], [5, 5, 6, 6], [8, 9, 10, 11]]
assert column.tolist() == [0, 5, 8]
clip_in_place(big[::2, ::2], 0, 1)
assert big[2].tolist() == [1, 9, 1, 11] and column[2] == 1
""",
        ),
        wrong_copy={
            "clip": r"""
import numpy as np

def clip_in_place(a, low, high):
    a = np.clip(a, low, high)
"""
        },
        right_out={
            "clip": r"""
import numpy as np

def clip_in_place(a, low, high):
    np.clip(a, low, high, out=a)
"""
        },
    ),
    kind(
        "arrays-out-argument",
        "An `out` argument: the result must be that very array.",
        answer(
            "add",
            r"""
import numpy as np

def add(a, b, out=None):
    ### BEGIN SOLUTION
    return np.add(a, b, out=out)
    ### END SOLUTION
""",
        ),
        test(
            "add-out",
            2,
            r"""
import numpy as np
a, b, out = np.ones(3), np.arange(3.0), np.zeros(3)
assert add(a, b, out) is out
assert out.tolist() == [1, 2, 3]
assert add(a, b) is not out and add(a, b).tolist() == [1, 2, 3]
""",
        ),
        test("add-aliased", 1, "assert add(a, b, out=a) is a and a.tolist() == [1, 2, 3]"),
        wrong_new={
            "add": r"""
def add(a, b, out=None):
    return a + b
"""
        },
        wrong_equal={
            "add": r"""
def add(a, b, out=None):
    if out is not None:
        out[:] = a + b
    return a + b
"""
        },
    ),
    kind(
        "arrays-views",
        "Whether the answer is a view of its argument, or a copy.",
        answer(
            "diagonals",
            r"""
import numpy as np

def odd_rows(a):
    "A view."
    ### BEGIN SOLUTION
    return a[1::2]
    ### END SOLUTION

def reversed_copy(a):
    "A copy."
    ### BEGIN SOLUTION
    return a[::-1].copy()
    ### END SOLUTION
""",
        ),
        test(
            "odd-view",
            2,
            r"""
import numpy as np
a = np.arange(12).reshape(4, 3)
v = odd_rows(a)
assert v.base is not None and np.shares_memory(v, a)
v[0, 0] = 100
assert a[1, 0] == 100
""",
        ),
        test(
            "reversed-copy",
            2,
            r"""
c = reversed_copy(a)
assert not np.may_share_memory(c, a) and c[0].tolist() == [9, 10, 11]
c[:] = 0
assert a[0, 1] == 1
""",
        ),
        wrong_swapped={
            "diagonals": r"""
def odd_rows(a):
    return a[[1, 3]]

def reversed_copy(a):
    return a[::-1]
"""
        },
    ),
    kind(
        "arrays-scalars",
        "NumPy scalars, zero-dimensional arrays and Python numbers are told apart.",
        answer(
            "scalars",
            r"""
import numpy as np

def mean(x):
    "A Python float."
    ### BEGIN SOLUTION
    return float(np.mean(x))
    ### END SOLUTION

def biggest(x):
    "A NumPy scalar of the array's dtype."
    ### BEGIN SOLUTION
    return np.max(x)
    ### END SOLUTION
""",
        ),
        test(
            "scalars-float",
            1,
            r"""
import numpy as np
assert mean(np.array([1, 2])) == 1.5
assert type(mean([1, 2])) is float
""",
        ),
        test(
            "scalars-numpy",
            2,
            r"""
m = biggest(np.array([1, 5, 2], dtype=np.int8))
assert m == 5 and isinstance(m, np.int8) and m.dtype == np.int8
assert np.isscalar(m) and m.shape == ()
b = biggest(np.array([False, True]))
assert isinstance(b, np.bool_) and b and b is np.True_
""",
        ),
        wrong={
            "scalars": r"""
import numpy as np

def mean(x):
    return np.mean(x)

def biggest(x):
    return int(max(x))
"""
        },
    ),
    kind(
        "arrays-masked",
        "Masked arrays in and out.",
        answer(
            "masked",
            r"""
import numpy as np

def valid(a, missing=-999):
    "The array with missing values masked."
    ### BEGIN SOLUTION
    return np.ma.masked_equal(a, missing)
    ### END SOLUTION

def anomaly(a):
    ### BEGIN SOLUTION
    return a - a.mean()
    ### END SOLUTION
""",
        ),
        test(
            "masked-valid",
            2,
            r"""
import numpy as np
v = valid(np.array([1.0, -999.0, 3.0]))
assert np.ma.isMaskedArray(v) and v.mask.tolist() == [False, True, False]
assert v.mean() == 2 and v.count() == 2 and v[1] is np.ma.masked
assert v.filled(0).tolist() == [1, 0, 3]
""",
        ),
        test(
            "masked-anomaly",
            1,
            r"""
d = anomaly(np.ma.array([1.0, 5.0, 9.0], mask=[0, 0, 1]))
assert d.tolist() == [-2, 2, None] and isinstance(d, np.ma.MaskedArray)
""",
        ),
        wrong_nan={
            "masked": r"""
import numpy as np

def valid(a, missing=-999):
    return np.where(a == missing, np.nan, a)

def anomaly(a):
    return np.asarray(a) - np.asarray(a).mean()
"""
        },
    ),
    kind(
        "arrays-structured",
        "Structured and record arrays, datetimes, strings and object arrays.",
        answer(
            "records",
            r"""
import numpy as np

def people(names, ages):
    "Fields name (U10) and age (i4), sorted by age."
    ### BEGIN SOLUTION
    table = np.zeros(len(names), dtype=[("name", "U10"), ("age", "i4")])
    table["name"], table["age"] = names, ages
    return np.sort(table, order="age")
    ### END SOLUTION

def days(first, n):
    ### BEGIN SOLUTION
    return np.datetime64(first, "D") + np.arange(n)
    ### END SOLUTION
""",
        ),
        test(
            "records-people",
            2,
            r"""
import numpy as np
t = people(["Bob", "Ada"], [40, 36])
assert t.dtype.names == ("name", "age") and t["age"].dtype == np.int32
assert t[0]["name"] == "Ada" and t[-1][1] == 40
assert t[t["age"] > 38]["name"].tolist() == ["Bob"]
assert t.view(np.recarray).age.sum() == 76
""",
        ),
        test(
            "records-days",
            2,
            r"""
d = days("2024-02-28", 3)
assert d.dtype == np.dtype("datetime64[D]") and str(d[-1]) == "2024-03-01"
assert (np.diff(d) == np.timedelta64(1, "D")).all()
objects = np.array([{"a": 1}, None, [2]], dtype=object)
assert people(np.array(["x"], dtype=object), [1])["name"][0] == "x"
""",
        ),
        wrong={
            "records": r"""
def people(names, ages):
    return sorted(zip(names, ages), key=lambda pair: pair[1])

def days(first, n):
    import datetime
    start = datetime.date.fromisoformat(first)
    return [start + datetime.timedelta(days=i) for i in range(n)]
"""
        },
    ),
    kind(
        "arrays-matrix",
        "np.matrix, linear algebra, and errors of NumPy's own.",
        answer(
            "solve",
            r"""
import numpy as np

def product(a, b):
    "Of two np.matrix."
    ### BEGIN SOLUTION
    return a * b
    ### END SOLUTION

def solve(a, b):
    ### BEGIN SOLUTION
    return np.linalg.solve(a, b)
    ### END SOLUTION
""",
        ),
        test(
            "solve-matrix",
            1,
            r"""
import numpy as np
m = product(np.matrix("1 2; 3 4"), np.matrix("0 1; 1 0"))
assert isinstance(m, np.matrix) and m.tolist() == [[2, 1], [4, 3]]
""",
        ),
        test(
            "solve-errors",
            2,
            r"""
np.testing.assert_allclose(solve(np.diag([2.0, 4.0]), np.array([2.0, 4.0])), [1, 1])
for a, b, kind in ((np.ones((2, 2)), np.ones(2), np.linalg.LinAlgError),
                   (np.eye(3), np.ones(2), ValueError)):
    try:
        solve(a, b)
    except kind:
        continue
    assert False
np.testing.assert_raises(np.linalg.LinAlgError, solve, np.zeros((1, 1)), np.ones(1))
""",
        ),
        wrong={
            "solve": r"""
import numpy as np

def product(a, b):
    return np.asarray(a) * np.asarray(b)

def solve(a, b):
    return np.linalg.lstsq(a, b, rcond=None)[0]
"""
        },
    ),
    kind(
        "arrays-broadcasting",
        "Functions that must take scalars, lists and arrays of any shape, vectorised.",
        answer(
            "wave",
            r"""
import numpy as np

def wave(x, t=0.0):
    ### BEGIN SOLUTION
    return np.sin(np.asarray(x) - t)
    ### END SOLUTION

### BEGIN SOLUTION
@np.vectorize
def step(x):
    return 1 if x >= 0 else 0
### END SOLUTION
""",
        ),
        test(
            "wave-shapes",
            2,
            r"""
import numpy as np
assert wave(0.0) == 0
assert wave([0, np.pi / 2]).shape == (2,)
assert wave(np.zeros((2, 1, 3)), np.zeros((4, 1))).shape == (2, 4, 3)
assert wave(np.array([])).size == 0
assert np.isclose(wave(np.complex128(1j)), 1j * np.sinh(1))
""",
        ),
        test(
            "wave-step",
            1,
            r"""
assert step([-1, 0, 2]).tolist() == [0, 1, 1]
assert isinstance(step, np.vectorize) and step(np.zeros((2, 2))).shape == (2, 2)
""",
        ),
        wrong_math={
            "wave": r"""
import math

def wave(x, t=0.0):
    return math.sin(x - t)

def step(x):
    return 1 if x >= 0 else 0
"""
        },
    ),
    kind(
        "arrays-error-state",
        "np.seterr and np.printoptions set by the student's cell stay set for the tests.",
        answer(
            "logs",
            r"""
import numpy as np

np.set_printoptions(precision=3, suppress=True)

def safe_log(x):
    "log of x, and -inf at 0, without a warning."
    ### BEGIN SOLUTION
    with np.errstate(divide="ignore"):
        return np.log(x)
    ### END SOLUTION
""",
        ),
        test(
            "logs-value",
            2,
            r"""
import numpy as np
with np.errstate(all="raise"):
    found = safe_log(np.array([0.0, 1.0]))
assert found.tolist() == [-np.inf, 0]
""",
        ),
        test("logs-print", 1, "assert str(np.array([1.23456])) == '[1.235]'"),
        test("logs-shown", 1, "np.log(np.zeros(1))[0] == -np.inf"),
        wrong={"logs": "import numpy as np\n\ndef safe_log(x):\n    return np.log(x)"},
        right_seterr={
            "logs": r"""
import numpy as np

np.set_printoptions(precision=3, suppress=True)
np.seterr(over="raise")

def safe_log(x):
    x = np.asarray(x)
    return np.where(x > 0, np.log(np.where(x > 0, x, 1)), -np.inf)
"""
        },
    ),
    kind(
        "arrays-given-variables",
        "The author's cell defines arrays that answers and tests use; the answer changes one.",
        code(
            r"""
import numpy as np

data = np.arange(10)
weights = np.ones(10)
""",
            "given",
        ),
        answer(
            "update",
            r"""
### BEGIN SOLUTION
weights[data % 2 == 0] = 2
total = (data * weights).sum()
### END SOLUTION
""",
        ),
        test("update-total", 1, "assert total == 65"),
        test(
            "update-weights",
            2,
            r"""
assert weights[4] == 2 and weights[5] == 1
assert weights.sum() == 15 and data[3] == 3
data[0] = 7
assert (data * weights).sum() == 79
""",
        ),
        wrong_copy={
            "update": "w = np.where(data % 2, 1, 2)\ntotal = (data * w).sum()",
        },
    ),
]

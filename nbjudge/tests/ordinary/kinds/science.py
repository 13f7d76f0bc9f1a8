"""What courses on numbers, physics and data ask, with the libraries they use."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "science-projectile",
        "An equation of motion is solved by a library; the test looks at its result object.",
        code("import numpy as np"),
        answer(
            "projectile",
            r"""
from scipy.integrate import solve_ivp

def rhs(t, state, drag=0.0, g=9.81):
    "Derivative of (x, y, vx, vy)."
    ### BEGIN SOLUTION
    x, y, vx, vy = state
    speed = np.hypot(vx, vy)
    return np.array([vx, vy, -drag * speed * vx, -g - drag * speed * vy])
    ### END SOLUTION

def landed(t, state, *args):
    "Event: zero when the ball touches the ground; it ends the flight when falling."
    ### BEGIN SOLUTION
    return state[1]

landed.terminal = True
landed.direction = -1
    ### END SOLUTION

def fly(speed, angle, drag=0.0):
    "The flight, as solve_ivp returns it."
    ### BEGIN SOLUTION
    start = [0, 0, speed * np.cos(angle), speed * np.sin(angle)]
    return solve_ivp(
        rhs, (0, 100), start, args=(drag,), events=landed, rtol=1e-8, dense_output=True
    )
    ### END SOLUTION
""",
        ),
        test(
            "projectile-rhs",
            1,
            r"""
np.testing.assert_allclose(rhs(0, [0, 0, 3, 4]), [3, 4, 0, -9.81])
np.testing.assert_allclose(rhs(0, np.array([0, 0, 3.0, 4.0]), drag=0.1), [3, 4, -1.5, -11.81])
assert landed.terminal and landed.direction < 0
""",
        ),
        test(
            "projectile-flight",
            2,
            r"""
flight = fly(20.0, np.pi / 4)
assert flight.success and flight.status == 1
assert abs(flight.y[0, -1] - 20**2 / 9.81) < 1e-3
assert flight.t_events[0].size == 1
assert abs(flight.sol(1.0)[0] - 20 * np.cos(np.pi / 4)) < 1e-4
assert "termination event" in flight.message
### BEGIN HIDDEN TESTS
from scipy.integrate import solve_ivp as solve
mine = solve(rhs, (0, 0.5), [0, 0, 5, 5], args=(0.02,), rtol=1e-8)
theirs = fly(np.hypot(5, 5), np.arctan2(5, 5), 0.02)
assert abs(theirs.sol(0.5)[1] - mine.y[1, -1]) < 1e-5
### END HIDDEN TESTS
""",
        ),
        needs=("scipy",),
        wrong_no_event={
            "projectile": r"""
from scipy.integrate import solve_ivp
def rhs(t, state, drag=0.0, g=9.81):
    x, y, vx, vy = state
    return [vx, vy, -drag * vx, -g - drag * vy]
def landed(t, state, *args):
    return state[1]
def fly(speed, angle, drag=0.0):
    start = [0, 0, speed * np.cos(angle), speed * np.sin(angle)]
    return solve_ivp(rhs, (0, 5), start, args=(drag,))
"""
        },
    ),
    kind(
        "science-polynomials",
        "The answer returns polynomials of NumPy's, fitted to noisy points.",
        code("import numpy as np"),
        answer(
            "fit",
            r"""
def fit(x, y, degree):
    "A numpy.polynomial.Polynomial"
    ### BEGIN SOLUTION
    return np.polynomial.Polynomial.fit(x, y, degree)
    ### END SOLUTION

def roots_of(p):
    ### BEGIN SOLUTION
    return np.sort(p.roots().real)
    ### END SOLUTION
""",
        ),
        test(
            "fit-polynomial",
            2,
            r"""
x = np.linspace(-2, 2, 30)
p = fit(x, x**2 - 1, 2)
assert isinstance(p, np.polynomial.Polynomial)
assert p.degree() == 2 and abs(p(0) + 1) < 1e-9
np.testing.assert_allclose(p.convert().coef, [-1, 0, 1], atol=1e-9)
np.testing.assert_allclose(p.deriv()(x), 2 * x, atol=1e-9)
np.testing.assert_allclose((p + 1)(x), x**2, atol=1e-9)
""",
        ),
        test(
            "fit-roots",
            1,
            r"""
np.testing.assert_allclose(roots_of(np.polynomial.Polynomial([-6, 1, 1])), [-3, 2])
np.testing.assert_allclose(roots_of(p), [-1, 1])
""",
        ),
        wrong_polyfit={
            "fit": r"""
def fit(x, y, degree):
    return np.polyfit(x, y, degree)
def roots_of(p):
    return np.roots(p.coef)
"""
        },
    ),
    kind(
        "science-generators",
        "Random numbers from objects that the test makes and goes on using.",
        code("import random\n\nimport numpy as np"),
        answer(
            "random",
            r"""
def walk(steps, rng):
    "Sum of steps, each -1 or 1, drawn by rng.choice one after another."
    ### BEGIN SOLUTION
    return sum(rng.choice([-1, 1]) for _ in range(steps))
    ### END SOLUTION

def shuffled(items, rng):
    "A shuffled copy."
    ### BEGIN SOLUTION
    items = list(items)
    rng.shuffle(items)
    return items
    ### END SOLUTION

def estimate(n, seed):
    "pi, from n points of np.random.default_rng(seed).random((n, 2))"
    ### BEGIN SOLUTION
    points = np.random.default_rng(seed).random((n, 2))
    return 4 * np.mean((points**2).sum(axis=1) < 1)
    ### END SOLUTION
""",
        ),
        test(
            "random-standard",
            2,
            r"""
rng, twin = random.Random(5), random.Random(5)
assert walk(20, rng) == sum(twin.choice([-1, 1]) for _ in range(20))
assert rng.random() == twin.random(), "use the generator that is given"
cards = list(range(8))
result = shuffled(cards, random.Random(1))
twin = list(cards)
random.Random(1).shuffle(twin)
assert result == twin and cards == list(range(8))
""",
        ),
        test(
            "random-numpy",
            2,
            r"""
rng, twin = np.random.RandomState(3), np.random.RandomState(3)
assert walk(10, rng) == sum(twin.choice([-1, 1]) for _ in range(10))
assert rng.rand() == twin.rand()
rng, twin = np.random.default_rng(3), np.random.default_rng(3)
assert walk(10, rng) == sum(twin.choice([-1, 1]) for _ in range(10))
assert rng.integers(100) == twin.integers(100)
assert abs(estimate(4000, 1) - np.pi) < 0.1 and estimate(10, 1) == estimate(10, 1)
""",
        ),
        wrong_global={
            "random": r"""
def walk(steps, rng):
    return sum(random.choice([-1, 1]) for _ in range(steps))
def shuffled(items, rng):
    rng.shuffle(items)
    return items
def estimate(n, seed):
    np.random.seed(seed)
    return 4 * np.mean((np.random.random((n, 2))**2).sum(axis=1) < 1)
"""
        },
    ),
    kind(
        "science-units",
        "A subclass of ndarray with an attribute, and a class that takes part in ufuncs.",
        code("import numpy as np"),
        answer(
            "units",
            r"""
### BEGIN SOLUTION
class Measured(np.ndarray):
    def __new__(cls, values, unit):
        self = np.asarray(values, dtype=float).view(cls)
        self.unit = unit
        return self

    def __array_finalize__(self, other):
        self.unit = getattr(other, "unit", "")

class Log:
    "Numbers by their logarithms."

    def __init__(self, logs):
        self.logs = np.asarray(logs, dtype=float)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or ufunc is not np.multiply:
            return NotImplemented
        logs = [one.logs if isinstance(one, Log) else np.log(one) for one in inputs]
        return Log(sum(logs))

    def __mul__(self, other):
        return np.multiply(self, other)

    __rmul__ = __mul__
### END SOLUTION
""",
        ),
        test(
            "units-measured",
            2,
            r"""
length = Measured([1, 2, 3], "m")
assert isinstance(length, np.ndarray) and length.unit == "m" and type(length) is Measured
assert (2 * length).unit == "m" and length[1:].unit == "m"
np.testing.assert_allclose(length.sum(), 6)
length[0] = 10
assert length.max() == 10 and np.mean(length) == 5
assert isinstance(length + length, Measured)
""",
        ),
        test(
            "units-log",
            2,
            r"""
product = Log([0.0, 1.0]) * np.array([1.0, np.e])
assert isinstance(product, Log)
np.testing.assert_allclose(product.logs, [0, 2])
product = np.array([1.0, np.e]) * Log([0.0, 1.0])
np.testing.assert_allclose(product.logs, [0, 2])
np.testing.assert_allclose(np.multiply(Log([1.0]), Log([2.0])).logs, [3])
try:
    np.add(Log([1.0]), 1)
except TypeError:
    pass
else:
    raise AssertionError("only products")
""",
        ),
        wrong_no_finalize={
            "units": r"""
class Measured(np.ndarray):
    def __new__(cls, values, unit):
        self = np.asarray(values, dtype=float).view(cls)
        self.unit = unit
        return self
class Log:
    def __init__(self, logs):
        self.logs = np.asarray(logs)
    def __mul__(self, other):
        return Log(self.logs + np.log(other))
"""
        },
    ),
]

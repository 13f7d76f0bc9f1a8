"""pandas, SciPy and scikit-learn."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "tables-frame",
        "A DataFrame is the answer: shape, columns, dtypes, selection, equality.",
        code(
            r"""
import pandas as pd

people = pd.DataFrame(
    {"name": ["Ada", "Bob", "Cyd"], "age": [36, 41, 29], "city": ["Rome", "Oslo", "Rome"]}
)
""",
            "given",
        ),
        answer(
            "older",
            r"""
### BEGIN SOLUTION
older = people[people["age"] > 30].sort_values("age", ascending=False)
mean_age = people.groupby("city")["age"].mean()
### END SOLUTION
""",
        ),
        test(
            "older-shape",
            1,
            "assert older.shape == (2, 3)\nassert list(older.columns) == ['name', 'age', 'city']",
        ),
        test(
            "older-values",
            2,
            r"""
assert older["name"].tolist() == ["Bob", "Ada"]
assert older.iloc[0]["age"] == 41 and older.index.tolist() == [1, 0]
assert isinstance(older, pd.DataFrame)
pd.testing.assert_frame_equal(older.sort_index(), people.loc[[0, 1]])
""",
        ),
        test(
            "older-means",
            2,
            r"""
assert isinstance(mean_age, pd.Series) and mean_age.name == "age"
assert mean_age["Rome"] == 32.5 and mean_age.loc["Oslo"] == 41
assert mean_age.index.name == "city" and mean_age.dtype == float
""",
        ),
        needs=("pandas",),
        wrong={
            "older": r"""
older = people[people["age"] > 30][["name", "age"]]
mean_age = dict(people.groupby("city")["age"].mean())
"""
        },
        right_query={
            "older": r"""
older = people.query("age > 30").sort_values(by="age")[::-1]
mean_age = people.pivot_table(index="city", values="age", aggfunc="mean")["age"]
"""
        },
    ),
    kind(
        "tables-functions",
        "Functions that take and return frames and series, and must not change their arguments.",
        answer(
            "clean",
            r"""
import pandas as pd

def clean(frame):
    "Drop rows with missing values, strip and lower the column names."
    ### BEGIN SOLUTION
    result = frame.dropna().reset_index(drop=True)
    result.columns = [c.strip().lower() for c in result.columns]
    return result
    ### END SOLUTION

def ratio(frame, a, b):
    ### BEGIN SOLUTION
    return (frame[a] / frame[b]).rename("ratio")
    ### END SOLUTION
""",
        ),
        test(
            "clean-test",
            2,
            r"""
import numpy as np, pandas as pd
raw = pd.DataFrame({" A ": [1.0, np.nan, 3.0], "B": ["x", "y", "z"]})
tidy = clean(raw)
assert list(tidy) == ["a", "b"] and len(tidy) == 2 and tidy.index.equals(pd.RangeIndex(2))
assert tidy["a"].tolist() == [1.0, 3.0]
assert list(raw) == [" A ", "B"] and len(raw) == 3, "raw must not change"
""",
        ),
        test(
            "ratio-test",
            2,
            r"""
r = ratio(pd.DataFrame({"p": [1, 2], "q": [2, 0]}, index=["u", "v"]), "p", "q")
assert r.name == "ratio" and r["u"] == 0.5 and np.isinf(r["v"])
pd.testing.assert_series_equal(r, pd.Series([0.5, np.inf], index=["u", "v"], name="ratio"))
""",
        ),
        needs=("pandas",),
        wrong_in_place={
            "clean": r"""
def clean(frame):
    frame.dropna(inplace=True)
    frame.columns = [c.strip().lower() for c in frame.columns]
    return frame

def ratio(frame, a, b):
    return list(frame[a] / frame[b])
"""
        },
    ),
    kind(
        "tables-series-value",
        "A function returns a Series where a list would do, or the other way round.",
        answer(
            "softmax",
            r"""
import numpy as np

def normalise(values):
    "Values that sum to 1, as anything that NumPy understands."
    ### BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    return values / values.sum()
    ### END SOLUTION
""",
        ),
        test(
            "softmax-test",
            2,
            r"""
import numpy as np
p = normalise([1, 1, 2])
assert np.allclose(p, [0.25, 0.25, 0.5]) and len(p) == 3
assert abs(sum(p) - 1) < 1e-12
""",
        ),
        needs=("pandas",),
        right_series={
            "softmax": r"""
import pandas as pd

def normalise(values):
    s = pd.Series(values, dtype=float)
    return s / s.sum()
"""
        },
        right_list={
            "softmax": "def normalise(values):\n    return [v / sum(values) for v in values]"
        },
        wrong={"softmax": "def normalise(values):\n    return [v / max(values) for v in values]"},
    ),
    kind(
        "tables-index",
        "MultiIndex, categoricals, time series and merges.",
        answer(
            "sales",
            r"""
import pandas as pd

def monthly(frame):
    "Sum of `amount` by shop and month (a Period)."
    ### BEGIN SOLUTION
    month = frame["day"].dt.to_period("M").rename("month")
    return frame.groupby(["shop", month])["amount"].sum()
    ### END SOLUTION

def with_city(frame, shops):
    ### BEGIN SOLUTION
    return frame.merge(shops, on="shop", how="left")
    ### END SOLUTION
""",
        ),
        test(
            "sales-monthly",
            2,
            r"""
import pandas as pd
sales = pd.DataFrame({
    "shop": ["a", "a", "b"],
    "day": pd.to_datetime(["2024-01-05", "2024-02-01", "2024-01-31"]),
    "amount": [1, 2, 3],
})
m = monthly(sales)
assert isinstance(m.index, pd.MultiIndex) and m.index.names == ["shop", "month"]
assert m[("a", pd.Period("2024-02"))] == 2 and m.loc["b"].iloc[0] == 3
assert m.unstack().shape == (2, 2)
""",
        ),
        test(
            "sales-cities",
            2,
            r"""
shops = pd.DataFrame({"shop": ["a"], "city": pd.Categorical(["Oslo"])})
joined = with_city(sales, shops)
assert joined["city"].isna().sum() == 1 and joined.shape == (3, 4)
assert joined["day"].max() == pd.Timestamp("2024-02-01")
assert (joined["day"].max() - joined["day"].min()).days == 27
""",
        ),
        needs=("pandas",),
        wrong={
            "sales": r"""
def monthly(frame):
    return frame.groupby("shop")["amount"].sum()

def with_city(frame, shops):
    return frame.merge(shops, on="shop")
"""
        },
    ),
    kind(
        "tables-sparse",
        "SciPy: sparse matrices, distributions, optimisers that call the answer.",
        answer(
            "sparse",
            r"""
import numpy as np
from scipy import sparse

def laplacian(n):
    "The path graph's, as a CSR matrix."
    ### BEGIN SOLUTION
    d = np.full(n, 2.0)
    d[[0, -1]] = 1
    return sparse.diags([-np.ones(n - 1), d, -np.ones(n - 1)], [-1, 0, 1], format="csr")
    ### END SOLUTION

def bowl(x):
    ### BEGIN SOLUTION
    return float((x[0] - 1) ** 2 + (x[1] + 2) ** 2)
    ### END SOLUTION
""",
        ),
        test(
            "sparse-matrix",
            2,
            r"""
from scipy import sparse
import numpy as np
m = laplacian(4)
assert sparse.issparse(m) and m.format == "csr" and m.nnz == 10
np.testing.assert_array_equal(m.toarray()[0], [1, -1, 0, 0])
assert np.allclose(m @ np.ones(4), 0)
""",
        ),
        test(
            "sparse-optimiser",
            2,
            r"""
from scipy import optimize, stats
found = optimize.minimize(bowl, np.zeros(2), method="Nelder-Mead")
assert np.allclose(found.x, [1, -2], atol=1e-3)
assert abs(stats.norm(0, 1).cdf(bowl([1, -2])) - 0.5) < 1e-12
""",
        ),
        needs=("scipy",),
        wrong_dense={
            "sparse": r"""
import numpy as np

def laplacian(n):
    m = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    m[0, 0] = m[-1, -1] = 1
    return m

def bowl(x):
    return float((x[0] - 1) ** 2 + (x[1] - 2) ** 2)
"""
        },
    ),
    kind(
        "tables-distribution",
        "A frozen distribution of SciPy is the answer.",
        answer(
            "prior",
            r"""
from scipy import stats

### BEGIN SOLUTION
prior = stats.beta(2, 5)
### END SOLUTION

def posterior(heads, tails):
    ### BEGIN SOLUTION
    return stats.beta(2 + heads, 5 + tails)
    ### END SOLUTION
""",
        ),
        test("prior-mean", 1, "assert abs(prior.mean() - 2 / 7) < 1e-12"),
        test(
            "prior-posterior",
            2,
            r"""
import numpy as np
p = posterior(8, 0)
assert abs(p.mean() - 10 / 15) < 1e-12 and p.pdf(0.5) > 0
assert abs(np.trapezoid(p.pdf(np.linspace(0, 1, 2001)), dx=1 / 2000) - 1) < 1e-6
assert p.rvs(5, random_state=0).shape == (5,)
""",
        ),
        needs=("scipy",),
        wrong={
            "prior": r"""
from scipy import stats

prior = stats.beta(2, 5)

def posterior(heads, tails):
    return stats.beta(2 + tails, 5 + heads)
"""
        },
    ),
    kind(
        "tables-estimator",
        "An estimator of one's own: fit returns self, attributes end in an underscore.",
        answer(
            "line",
            r"""
import numpy as np

class Line:
    ### BEGIN SOLUTION
    def __init__(self, intercept=True):
        self.intercept = intercept

    def _design(self, x):
        x = np.asarray(x, dtype=float).reshape(len(x), -1)
        return np.column_stack([np.ones(len(x)), x]) if self.intercept else x

    def fit(self, x, y):
        w = np.linalg.lstsq(self._design(x), np.asarray(y, dtype=float), rcond=None)[0]
        self.intercept_, self.coef_ = (w[0], w[1:]) if self.intercept else (0.0, w)
        return self

    def predict(self, x):
        return np.asarray(x, dtype=float).reshape(len(x), -1) @ self.coef_ + self.intercept_

    def score(self, x, y):
        y = np.asarray(y)
        return 1 - ((y - self.predict(x)) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    ### END SOLUTION
""",
        ),
        test(
            "line-fit",
            2,
            r"""
import numpy as np
x, y = np.arange(5.0).reshape(-1, 1), 3 + 2 * np.arange(5.0)
line = Line()
assert not hasattr(line, "coef_")
assert line.fit(x, y) is line
np.testing.assert_allclose(line.coef_, [2])
assert abs(line.intercept_ - 3) < 1e-9
""",
        ),
        test(
            "line-predict",
            2,
            r"""
np.testing.assert_allclose(line.predict([[10], [20]]), [23, 43])
assert line.score(x, y) > 0.999
assert Line(intercept=False).fit(x, 2 * x.ravel()).predict([[7]]).shape == (1,)
""",
        ),
        wrong_no_self={
            "line": r"""
import numpy as np

class Line:
    def fit(self, x, y):
        self.slope, self.intercept_ = np.polyfit(np.ravel(x), y, 1)

    def predict(self, x):
        return self.slope * np.ravel(x) + self.intercept_
"""
        },
    ),
    kind(
        "tables-sklearn",
        "scikit-learn: a fitted pipeline as the answer, and an estimator that goes into it.",
        code(
            r"""
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = (X[:, 0] + X[:, 1] > 0).astype(int)
""",
            "given",
        ),
        answer(
            "model",
            r"""
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

### BEGIN SOLUTION
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(X, y)
predicted = model.predict(X)
### END SOLUTION
""",
        ),
        test(
            "model-accuracy", 2, "assert model.score(X, y) > 0.9\nassert predicted.shape == y.shape"
        ),
        test(
            "model-parts",
            2,
            r"""
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
assert isinstance(model, Pipeline) and "logisticregression" in model.named_steps
check_is_fitted(model)
assert model.named_steps["logisticregression"].coef_.shape == (1, 2)
assert set(np.unique(predicted)) == {0, 1}
""",
        ),
        needs=("sklearn",),
        wrong_not_fitted={
            "model": r"""
from sklearn.linear_model import LogisticRegression

model = LogisticRegression()
predicted = np.zeros(60)
"""
        },
        wrong_no_pipeline={
            "model": r"""
from sklearn.linear_model import LogisticRegression

model = LogisticRegression().fit(X, y)
predicted = model.predict(X)
"""
        },
    ),
]

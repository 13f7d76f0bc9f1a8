"""Figures: the test looks at titles, labels, lines and bars."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "figures-axes",
        "The answer returns Axes; the test reads title, labels, limits and data.",
        answer(
            "plot",
            r"""
import matplotlib.pyplot as plt
import numpy as np

def plot_sine(n=50):
    ### BEGIN SOLUTION
    x = np.linspace(0, 2 * np.pi, n)
    fig, ax = plt.subplots()
    ax.plot(x, np.sin(x), color="red", label="sine")
    ax.set(title="A sine", xlabel="x", ylabel="sin x", xlim=(0, 6.5))
    ax.legend()
    return ax
    ### END SOLUTION
""",
        ),
        test(
            "plot-text",
            2,
            r"""
ax = plot_sine()
assert ax.get_title() == "A sine"
assert ax.get_xlabel() == "x" and "sin" in ax.get_ylabel()
assert ax.get_xlim() == (0, 6.5)
assert [t.get_text() for t in ax.get_legend().get_texts()] == ["sine"]
""",
        ),
        test(
            "plot-data",
            2,
            r"""
import numpy as np
(line,) = plot_sine(9).lines
x, y = line.get_data()
assert len(x) == 9
np.testing.assert_allclose(y, np.sin(x))
assert line.get_color() == "red"
import matplotlib.pyplot as plt
plt.close("all")
""",
        ),
        wrong_no_labels={
            "plot": r"""
import matplotlib.pyplot as plt
import numpy as np

def plot_sine(n=50):
    x = np.linspace(0, 2 * np.pi, n)
    fig, ax = plt.subplots()
    ax.plot(x, np.sin(x), "r")
    return ax
"""
        },
        wrong_figure={
            "plot": r"""
import matplotlib.pyplot as plt

def plot_sine(n=50):
    fig, ax = plt.subplots()
    ax.set_title("A sine")
    return fig
"""
        },
    ),
    kind(
        "figures-current",
        "The answer is a cell with plt commands; the test asks for the figure in a variable.",
        answer(
            "scatter",
            r"""
%matplotlib inline
import matplotlib.pyplot as plt

heights, weights = [150, 160, 170, 180], [52, 60, 71, 79]
fig, ax = plt.subplots(figsize=(4, 3))
### BEGIN SOLUTION
ax.scatter(heights, weights)
ax.set_xlabel("height (cm)")
ax.set_ylabel("weight (kg)")
ax.set_title("Adults")
### END SOLUTION
""",
        ),
        test(
            "scatter-points",
            2,
            r"""
points = ax.collections[0].get_offsets()
assert points.shape == (4, 2) and points[0].tolist() == [150, 52]
""",
        ),
        test(
            "scatter-labels",
            1,
            r"""
assert "height" in ax.get_xlabel() and "weight" in ax.get_ylabel(), "label your axes"
assert ax.title.get_text() and ax.figure is fig
""",
        ),
        wrong_line={
            "scatter": r"""
%matplotlib inline
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([150, 160], [52, 60])
ax.set_xlabel("weight"); ax.set_ylabel("height")
"""
        },
    ),
    kind(
        "figures-gcf",
        "The answer plots inside a function on the current figure; the test takes plt.gcf.",
        code("import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt", "given"),
        answer(
            "bars",
            r"""
def bars(counts):
    ### BEGIN SOLUTION
    plt.figure()
    plt.bar(list(counts), list(counts.values()))
    plt.ylabel("count")
    plt.xticks(rotation=45)
    ### END SOLUTION
""",
        ),
        test(
            "bars-heights",
            2,
            r"""
plt.close("all")
bars({"a": 3, "b": 5})
figure = plt.gcf()
(axes,) = figure.get_axes()
heights = [patch.get_height() for patch in axes.patches]
assert heights == [3, 5]
assert len(plt.get_fignums()) == 1 and plt.gca() is axes
""",
        ),
        test(
            "bars-labels",
            1,
            r"""
assert axes.get_ylabel() == "count"
assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b"]
children = [type(c).__name__ for c in axes.get_children()]
assert children.count("Rectangle") >= 2
plt.close("all")
""",
        ),
        wrong_horizontal={
            "bars": r"""
def bars(counts):
    plt.barh(list(counts), list(counts.values()))
"""
        },
    ),
    kind(
        "figures-checker",
        "A class of the test's that checks plots, in the style of plotchecker.",
        answer(
            "lines",
            r"""
import matplotlib.pyplot as plt

def draw(axis, data):
    "One labelled line for each entry of data."
    ### BEGIN SOLUTION
    for name, (x, y) in data.items():
        axis.plot(x, y, label=name, marker="o")
    axis.legend(loc="upper left")
    axis.grid(True)
    ### END SOLUTION
""",
        ),
        test(
            "lines-checker",
            3,
            r"""
import matplotlib.pyplot as plt
import numpy as np

class LineChecker:
    def __init__(self, axis):
        self.axis, self.lines = axis, axis.get_lines()

    @property
    def x_data(self):
        return [line.get_xdata() for line in self.lines]

    def assert_num_lines(self, n):
        assert len(self.lines) == n, f"{len(self.lines)} lines, not {n}"

    def assert_labels_equal(self, labels):
        assert [line.get_label() for line in self.lines] == labels

    def assert_markers_equal(self, markers):
        assert [line.get_marker() for line in self.lines] == markers

fig, axis = plt.subplots()
draw(axis, {"up": ([0, 1], [0, 1]), "down": ([0, 1], [1, 0])})
checker = LineChecker(axis)
checker.assert_num_lines(2)
checker.assert_labels_equal(["up", "down"])
checker.assert_markers_equal(["o", "o"])
np.testing.assert_array_equal(checker.x_data, [[0, 1], [0, 1]])
plt.close(fig)
""",
        ),
        wrong_one={
            "lines": r"""
import matplotlib.pyplot as plt

def draw(axis, data):
    x, y = next(iter(data.values()))
    plt.plot(x, y, label="up")
"""
        },
    ),
    kind(
        "figures-subplots",
        "A grid of axes, a histogram, an image, and a file saved.",
        answer(
            "grid",
            r"""
import matplotlib.pyplot as plt
import numpy as np

def overview(sample, image, path):
    ### BEGIN SOLUTION
    fig, axes = plt.subplots(1, 2, figsize=(6, 3))
    axes[0].hist(sample, bins=5)
    axes[1].imshow(image, cmap="gray")
    fig.suptitle("Overview")
    fig.savefig(path)
    return fig, axes
    ### END SOLUTION
""",
        ),
        test(
            "grid-axes",
            2,
            r"""
import numpy as np
fig, axes = overview(np.arange(10), np.eye(3), "overview.png")
assert axes.shape == (2,) and len(fig.axes) == 2
assert sum(p.get_height() for p in axes[0].patches) == 10 and len(axes[0].patches) == 5
assert (axes[1].images[0].get_array() == np.eye(3)).all()
assert fig._suptitle.get_text() == "Overview"
""",
        ),
        test(
            "grid-file",
            1,
            r"""
import os
assert os.path.getsize("overview.png") > 500
with open("overview.png", "rb") as file:
    assert file.read(4) == b"\x89PNG"
os.remove("overview.png")
""",
        ),
        wrong_no_file={
            "grid": r"""
import matplotlib.pyplot as plt

def overview(sample, image, path):
    fig, axes = plt.subplots(2)
    axes[0].hist(sample)
    axes[1].imshow(image)
    return fig, axes
"""
        },
    ),
]

"""Pictures of a class as SVG: the same bytes for the same numbers, to be put into a page.

matplotlib draws them. Colours are told apart without seeing them: marks differ in shape, and every
picture has its numbers beside it in a table and a CSV file.
"""

import html
import io
import re

BLUE, VERMILION, GREY, INK = "#0072B2", "#D55E00", "#767676", "#222222"
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "nbjudge",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "axes.axisbelow": True,
}
# bars of a histogram
BARS = 10


def available():
    """Whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def histogram(values, most, label):
    """How many students have how many points.

    Parameters
    ----------
    values : list of float
    most : float
    label : str
        Of the horizontal axis.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes):
        edges = [most * i / BARS for i in range(BARS + 1)]
        axes.hist(values, edges, color=BLUE, edgecolor="white")
        axes.set(xlabel=label, ylabel="students", xlim=(0, most))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="x", visible=False)

    return _svg(draw, 6.4, 3.0, f"Histogram of {label} of {len(values)} students")


def items(names, means, discriminations):
    """Mean share of the points of each item, and how well it tells good work from weak.

    Parameters
    ----------
    names : list of str
    means : list of float
        Shares, 0 to 1.
    discriminations : list of (float or None)
        Correlations with the rest of the score.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes):
        places = range(len(names))
        axes.barh(places, means, color=BLUE, height=0.6, label="mean share of the points")
        known = [(d, i) for i, d in enumerate(discriminations) if d is not None]
        axes.plot(
            [d for d, _ in known],
            [i for _, i in known],
            "D",
            color=VERMILION,
            label="correlation with the rest of the score",
        )
        lowest = min([0.0, *(d for d, _ in known)])
        axes.set(yticks=list(places), yticklabels=names, xlim=(1.1 * lowest, 1.05))
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)

    return _svg(draw, 6.4, 1.2 + 0.35 * len(names), "Mean and discrimination of each item")


def scatter(hours, scores, most):
    """Time of hand-in against score.

    Parameters
    ----------
    hours : list of float
        Before (negative) or after the due date.
    scores : list of float
    most : float

    Returns
    -------
    str
        SVG.
    """

    def draw(axes):
        early = [(h, s) for h, s in zip(hours, scores, strict=True) if h <= 0]
        late = [(h, s) for h, s in zip(hours, scores, strict=True) if h > 0]
        for some, mark, colour, label in (
            (early, "o", BLUE, "in time"),
            (late, "^", VERMILION, "late"),
        ):
            if some:
                axes.plot(*zip(*some, strict=True), mark, color=colour, label=label, alpha=0.8)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set(xlabel="hours after the due date", ylabel="points", ylim=(0, 1.05 * most))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, frameon=False)

    return _svg(draw, 6.4, 3.2, "Time of hand-in against score")


def chapters(names, means, spreads):
    """Mean share of the points of each assignment, with the middle half of the class.

    Parameters
    ----------
    names : list of str
    means : list of float
    spreads : list of (float, float)
        Lower and upper quartile of each.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes):
        places = list(range(len(names)))
        for place, (low, high) in zip(places, spreads, strict=True):
            axes.plot([100 * low, 100 * high], [place, place], color=GREY, linewidth=6, alpha=0.5)
        axes.plot([100 * mean for mean in means], places, "D", color=BLUE)
        axes.set(
            yticks=places,
            yticklabels=names,
            xlim=(0, 102),
            xlabel="percent of the points: mean, and the middle half of the class",
        )
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)

    return _svg(draw, 6.4, 1.2 + 0.35 * len(names), "Mean of each assignment")


def _svg(draw, width, height, title):
    """A drawing as an SVG element with a name for those who do not see it."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.DOTALL)
    return body.replace("<svg", f'<svg role="img" aria-label="{html.escape(title)}"', 1)

"""One look for every figure of the book: colour-blind safe, never by colour alone, sharp.

Figures are SVG on a white ground; the site turns them dark by inverting lightness, so colours are
named here by what they are on white. Series differ in colour, line style and marker together.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

# Okabe and Ito (2008), Color Universal Design; its yellow is left out, as it vanishes on white.
COLORS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#007A5A",
    "purple": "#AA4A88",
    "orange": "#B87800",
    "sky": "#2E86C1",
    "ink": "#222222",
    "grey": "#767676",
}


def use_style() -> None:
    """Set matplotlib to the book's style and, in a notebook, to SVG output.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["axes.spines.top"]
    False
    """
    series = ["blue", "vermilion", "green", "purple", "orange", "ink"]
    mpl.rcParams.update(
        {
            "axes.prop_cycle": (
                cycler(color=[COLORS[name] for name in series])
                + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))])
            ),
            "figure.figsize": (7.0, 3.8),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelcolor": COLORS["ink"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.6,
            "lines.linewidth": 2.0,
            "lines.markersize": 5,
            "legend.frameon": False,
            "image.cmap": "cividis",
            "svg.hashsalt": "lmcore",  # the same figure gives the same file
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # a plain interpreter, or a browser: nothing to set
        return
    set_matplotlib_formats("svg", metadata={"Date": None})


def token_bars(ax: Axes, tokens: Sequence[str], probs: ArrayLike, color: str = "blue") -> Axes:
    """Horizontal bars of next-token probabilities, largest on top, each with its value.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tokens : list of str
        Labels; spaces and newlines are made visible.
    probs : array-like of shape (n,)
        Probabilities.
    color : str, default "blue"
        A key of `COLORS`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are not as many tokens as probabilities, or `color` is no key of `COLORS`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = token_bars(Figure().add_subplot(), [" Paris", "\\n"], [0.8, 0.2])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['␣Paris', '⏎']
    """
    values = np.asarray(probs, dtype=float)
    if len(tokens) != len(values):
        raise ValueError(
            f"tokens has {len(tokens)} entries and probs {len(values)}: pass one label per "
            "probability"
        )
    if color not in COLORS:
        raise ValueError(f"color {color!r} is none of the book's: use {', '.join(COLORS)}")
    order = np.argsort(-values, kind="stable")
    rows = np.arange(len(values))
    ax.barh(rows, values[order], color=COLORS[color])
    ax.set_yticks(rows, [visible(tokens[i]) for i in order])
    ax.invert_yaxis()
    for row, value in zip(rows, values[order]):
        ax.annotate(
            f"{value:.3f}",
            (value, row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("probability")
    return ax


def visible(token: str) -> str:
    """A token with its spaces and line breaks drawn.

    Parameters
    ----------
    token : str

    Returns
    -------
    str

    Examples
    --------
    >>> visible(" new\\n")
    '␣new⏎'
    """
    return token.replace(" ", "␣").replace("\n", "⏎")

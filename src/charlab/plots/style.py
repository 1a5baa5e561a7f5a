"""Define the common style of all figures: sizes, fonts, colors.

A color means a cell, in every figure: green an RNN, orange a GRU, blue an LSTM, after Okabe and Ito
(2008, Color Universal Design). Variants of one cell differ in shade, line and marker. *The* model
and all text are drawn in ink, baselines in grey. Every color has a contrast of 3:1 or more both on
white and on a dark page; ink becomes ``currentColor`` in the file (:mod:`charlab.plots.svg`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from charlab.core.errors import printable
from charlab.plan.params import Params

INK, GREY = "#1d1d1f", "#767676"
"""Color of text, axes and *the* model; color of baselines, legible on white and on black."""

SHADES = {
    "rnn": ("#008E68", "#007555", "#00A679"),
    "gru": ("#CD5B00", "#A84A00", "#F16A00"),
    "lstm": ("#0082CC", "#006BA6", "#0099EE"),
}
"""Shades of each cell's color: usual, darker, lighter."""

PURPLE, GOLD = "#9453A6", "#A37200"
"""Colors of values below and above zero, which color-blind readers can tell apart."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 1.6, 1.2, 1.6)), (0, (9, 3)))
"""Line styles of a cell's variants; (0, (on, off, ...)) are dashes in points."""

DIVERGING = LinearSegmentedColormap.from_list(
    "diverging",
    [to_rgba(PURPLE, 0.85), to_rgba(PURPLE, 0), to_rgba(GOLD, 0), to_rgba(GOLD, 0.85)],
)
"""Color map for values around zero: the nearer to zero, the more transparent."""

SEQUENTIAL = "viridis"
"""Color map for shares."""

SIZE = 11.0
"""Size of letters in points. On a page of 672 pixels a point is 4/3 pixels, on a phone 0.77."""

SMALL = 9.5
"""Least size of letters in points, for what a reader may skip."""

WIDTH = 7.0
"""Usual width of a figure in inches: 672 pixels on a page with 96 pixels to the inch."""

drawn_width: ContextVar[float] = ContextVar("drawn_width", default=WIDTH)
"""Width in inches of the figure being drawn; :func:`charlab.plots.registry.make` sets it."""

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE,
    "text.color": INK,
    "axes.titlesize": SIZE,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": SIZE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.edgecolor": GREY,
    "axes.formatter.useoffset": False,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SIZE,
    "ytick.labelsize": SIZE,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.fontsize": SIZE,
    "legend.labelcolor": INK,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.8,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    # Outlines of glyphs look the same on every machine; a fixed salt gives them the same ids.
    "svg.fonttype": "path",
    "svg.hashsalt": "charlab",
}


@dataclass(frozen=True)
class SeriesStyle:
    """The label, color, marker and line style of one variant in every figure."""

    label: str
    color: str
    marker: str
    line: Any = "-"


def literal(text: str) -> str:
    r"""Return text that matplotlib draws as it is: two dollar signs would enclose a formula."""
    return printable(text).replace("$", r"\$")


Styles = Mapping[str, SeriesStyle]
"""The style of every variant, by slug."""


def series_styles(params: Params) -> dict[str, SeriesStyle]:
    """Assign a style to every variant, unique within each of its comparisons.

    Returns
    -------
    dict
        Style by slug, and by ``model`` for *the* model.
    """
    chosen = _choose_numbers(params)
    styles = {
        slug: styled(params.labels[slug], params.study.variant(slug).model.cell, chosen[slug])
        for slug in params.study.variants
    }
    return {"model": SeriesStyle("the model", INK, "*")} | styles


def styled(label: str, cell: str, number: int) -> SeriesStyle:
    """Return the style of a cell's variant number 0, 1, 2, ..."""
    shades = SHADES[cell]
    return SeriesStyle(
        label,
        shades[number % len(shades)],
        MARKERS[number % len(MARKERS)],
        LINES[number % len(LINES)],
    )


def usual_shade(color: str) -> str:
    """Return the usual shade of the cell that a color stands for."""
    return next((shades[0] for shades in SHADES.values() if color in shades), color)


def _choose_numbers(params: Params) -> dict[str, int]:
    """Return a number for every variant, by which those of one cell differ in a comparison.

    Greedy coloring of the graph in which variants of one cell and one comparison are neighbors.
    """
    study = params.study
    cells = {slug: study.variant(slug).model.cell for slug in study.variants}
    groups = [comparison.variants for comparison in study.comparisons.values()]
    # Variants in many comparisons choose first: they get the usual shade and a solid line.
    order = sorted(study.variants, key=lambda slug: -sum(slug in group for group in groups))
    chosen: dict[str, int] = {}
    for slug in order:
        neighbors = {other for group in groups if slug in group for other in group}
        taken = {chosen[n] for n in neighbors if n in chosen and cells[n] == cells[slug]}
        chosen[slug] = min(set(range(len(taken) + 1)) - taken)
    return chosen


def by_variant(table: pd.DataFrame, styles: Styles) -> list[tuple[pd.DataFrame, SeriesStyle]]:
    """Split a table into the rows of each variant, with its style, in the table's order."""
    groups = table.groupby("variant", sort=False)
    return [(rows, styles[str(name)]) for name, rows in groups]


def canvas(
    height: float, *, title: str = "", columns: int = 1, rows: int = 1, **kwargs: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure of the current width with a title, and its axes row by row."""
    figure = Figure(figsize=(drawn_width.get(), height))
    axes = figure.subplots(rows, columns, squeeze=False, **kwargs)  # (rows, columns)
    if title:
        # The title of the figure, not of its axes: it begins at the left edge, and has more room.
        shown = wrap(title, int(58 * drawn_width.get() / WIDTH))
        figure.suptitle(shown, x=0.01, ha="left", linespacing=1.1)
        figure.set_figheight(height + 0.2 * (1 + shown.count("\n")))
    return figure, list(np.ravel(axes))


def wrap(label: str, width: int = 24) -> str:
    """Break a label into lines of at most ``width`` characters, between words."""
    if "\n" in label:
        return "\n".join(wrap(line, width) for line in label.split("\n"))
    lines: list[str] = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def short(count: float) -> str:
    """Return a count in at most four characters: 950, 53k, 1.4M."""
    if count < 1_000:
        return f"{count:.0f}"
    # 999,500 would round to 1000k.
    value, sign = (count / 1e3, "k") if count < 999_500 else (count / 1e6, "M")
    return f"{value:.1f}{sign}" if value < 9.95 else f"{value:.0f}{sign}"


def number(value: float) -> str:
    """Return a value in three significant digits, small ones as 2.1e-05."""
    return f"{value:.3f}" if 0.1 <= abs(value) < 1000 else f"{value:.2g}"

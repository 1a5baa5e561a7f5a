"""Define the common style of all figures: sizes, fonts, and one color per variant.

The colors are those of Okabe and Ito (2008, Color Universal Design), distinguishable with any
common kind of color vision. Black is reserved for *the* model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.core.errors import printable
from charlab.plan.params import Params

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8C8C00")
"""Okabe and Ito's colors without black; the last is a darker yellow, legible on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BLACK, GREY = "#000000", "#666666"
DIVERGING = "PuOr"
"""Color map for values around zero, purple to orange, which color-blind readers can tell apart."""

WIDTH = 7.0
"""Usual width of a figure in inches: 672 pixels on a page with 96 pixels to the inch."""

drawn_width: ContextVar[float] = ContextVar("drawn_width", default=WIDTH)
"""Width in inches of the figure being drawn; :func:`charlab.plots.registry.make` sets it."""

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    # Outlines of glyphs look the same on every machine; a fixed salt gives them the same ids.
    "svg.fonttype": "path",
    "svg.hashsalt": "charlab",
}


@dataclass(frozen=True)
class SeriesStyle:
    """The label, color and marker of one variant in every figure."""

    label: str
    color: str
    marker: str


def literal(text: str) -> str:
    r"""Return text that matplotlib draws as it is: two dollar signs would enclose a formula."""
    return printable(text).replace("$", r"\$")


Styles = Mapping[str, SeriesStyle]
"""The style of every variant, by slug."""


def series_styles(params: Params) -> dict[str, SeriesStyle]:
    """Assign a style to every variant, unique within each of its comparisons.

    A comparison of more variants than :data:`PALETTE` has colors repeats some, but only after
    all have been used.

    Returns
    -------
    dict
        Style by slug, and by ``model`` for *the* model.
    """
    chosen = _choose_colors(params)
    styles = {
        slug: SeriesStyle(
            params.labels[slug],
            PALETTE[chosen[slug] % len(PALETTE)],
            MARKERS[chosen[slug] % len(MARKERS)],
        )
        for slug in params.study.variants
    }
    return {"model": SeriesStyle("the model", BLACK, "*")} | styles


def _choose_colors(params: Params) -> dict[str, int]:
    """Return the position in the palette of every variant's color.

    Greedy coloring of the graph in which variants of the same comparison are neighbors. In
    comparisons of cells, each cell keeps its color if no neighbor has it.
    """
    study = params.study
    groups = [comparison.variants for comparison in study.comparisons.values()]
    cell_groups = [c.variants for c in study.comparisons.values() if c.vary == "cell"]
    # Variants in many comparisons have the least choice, so they choose first.
    order = sorted(study.variants, key=lambda slug: -sum(slug in group for group in groups))
    chosen: dict[str, int] = {}
    by_cell: dict[str, int] = {}
    for slug in order:
        neighbors = {other for group in groups if slug in group for other in group}
        taken = [chosen[other] for other in neighbors if other in chosen]
        cell = study.variant(slug).model.cell
        in_cells = any(slug in group for group in cell_groups)
        preferred = by_cell.get(cell) if in_cells else None
        if preferred is None or preferred in taken:
            chosen[slug] = _least_taken(taken)
        else:
            chosen[slug] = preferred
        if in_cells:
            by_cell.setdefault(cell, chosen[slug])
    return chosen


def _least_taken(taken: list[int]) -> int:
    """Return the first color of the palette among those taken least often."""
    return min(range(len(PALETTE)), key=lambda color: (taken.count(color), color))


def by_variant(table: pd.DataFrame, styles: Styles) -> list[tuple[pd.DataFrame, SeriesStyle]]:
    """Split a table into the rows of each variant, with its style, in the table's order."""
    groups = table.groupby("variant", sort=False)
    return [(rows, styles[str(name)]) for name, rows in groups]


def canvas(height: float, *, columns: int = 1, **kwargs: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure of the current width, and its axes side by side."""
    figure = Figure(figsize=(drawn_width.get(), height))
    axes = figure.subplots(1, columns, squeeze=False, **kwargs)  # (1, columns)
    return figure, list(np.ravel(axes))


def legend_below(figure: Figure, ax: Axes, columns: int) -> None:
    """Put the legend of ``ax`` below the figure, where it covers no data."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        # columns is meant for a figure of the usual width.
        columns = max(1, int(columns * drawn_width.get() / WIDTH))
        # Make the figure taller by each further row, so that the axes do not shrink.
        rows = -(-len(handles) // columns)
        figure.set_figheight(figure.get_figheight() + 0.2 * (rows - 1))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def columns_for(labels: Iterable[str]) -> int:
    """Return the number of legend columns that fit labels of these lengths, 1 to 4."""
    longest = max((len(label) for label in labels), default=1)
    # A line of the legend holds 88 characters; a handle takes the space of 7.
    return max(1, min(4, 88 // (longest + 7)))


def wrap(label: str, width: int = 24) -> str:
    """Break a label into lines of at most ``width`` characters, between words."""
    lines: list[str] = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)

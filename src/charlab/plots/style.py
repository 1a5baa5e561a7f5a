"""How all figures look: sizes, fonts, and one colour per variant, the same everywhere.

The colours are those of Okabe and Ito (2008, Color Universal Design), which people with any
common kind of colour vision tell apart. Black is kept for *the* model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plan.params import Params

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8C8C00")
"""Okabe and Ito's colours but black; the last is a darker yellow, legible on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BLACK, GREY, LIGHT = "#000000", "#666666", "#D9D9D9"
DIVERGING, SEQUENTIAL = "PuOr", "Blues"

WIDTH = 7.0
"""Inches; 72 points to an inch and 96 pixels on a page make that 672 pixels."""

drawn_width: ContextVar[float] = ContextVar("drawn_width", default=WIDTH)
"""The width in inches that figures are drawn with at present."""

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
    # Glyphs as outlines look the same on every machine; the salt names them the same.
    "svg.fonttype": "path",
    "svg.hashsalt": "charlab",
}


@dataclass(frozen=True)
class Look:
    """How one variant is drawn and called."""

    title: str
    color: str
    marker: str


Legend = Mapping[str, Look]


def legend_of(params: Params) -> dict[str, Look]:
    """Give every variant a colour that no other variant of its comparisons has.

    Where several comparisons are of cells, a cell has one colour in all of them if it can be.
    Variants of many comparisons choose first, others in the order of params.yaml, each
    taking the first colour that is free among those it is ever drawn with. A comparison
    of more than seven variants has colours twice, with other markers.

    Returns
    -------
    dict
        By slug, and ``model`` for *the* model.
    """
    groups = [comparison.variants for comparison in params.study.comparisons.values()]
    order = sorted(params.study.variants, key=lambda slug: -sum(slug in group for group in groups))
    chosen: dict[str, int] = {}
    cells: dict[str, int] = {}
    compared = [c.variants for c in params.study.comparisons.values() if c.vary == "cell"]
    for slug in order:
        beside = {other for group in groups if slug in group for other in group}
        taken = [chosen[other] for other in beside if other in chosen]
        cell = params.study.variant(slug).model.cell
        # Where cells are compared again, each keeps its colour if no companion has it.
        liked = cells.get(cell) if any(slug in group for group in compared) else None
        chosen[slug] = _least_taken(taken) if liked is None or liked in taken else liked
        if any(slug in group for group in compared):
            cells.setdefault(cell, chosen[slug])
    found = {
        variant.slug: Look(
            params.labels[variant.slug],
            PALETTE[chosen[variant.slug] % len(PALETTE)],
            _marker(chosen, variant),
        )
        for variant in map(params.study.variant, params.study.variants)
    }
    return {"model": Look("the model", BLACK, "*")} | found


def _least_taken(taken: list[int]) -> int:
    """Return the first of the colours that is taken least often."""
    return min(range(len(PALETTE)), key=lambda color: (taken.count(color), color))


def _marker(chosen: dict[str, int], variant: Any) -> str:
    return MARKERS[chosen[variant.slug] % len(MARKERS)]


def canvas(height: float, *, columns: int = 1, **kwargs: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure of column width and its axes, side by side."""
    figure = Figure(figsize=(drawn_width.get(), height))
    axes = figure.subplots(1, columns, squeeze=False, **kwargs)
    return figure, list(np.ravel(axes))


def legend_below(figure: Figure, ax: Axes, columns: int) -> None:
    """Put the legend of ``ax`` below the figure, where it hides nothing."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        columns = max(1, int(columns * drawn_width.get() / WIDTH))
        # Room of its own for each further row, so that the axes stay as high as they are.
        rows = -(-len(handles) // columns)
        figure.set_figheight(figure.get_figheight() + 0.2 * (rows - 1))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def columns_for(titles: Iterable[str]) -> int:
    """Return how many legend entries of these lengths fit beside each other."""
    longest = max((len(title) for title in titles), default=1)
    return max(1, min(4, 88 // (longest + 7)))


def wrap(title: str, width: int = 24) -> str:
    """Break a long title into lines, for the labels of an axis."""
    lines: list[str] = [""]
    for word in title.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)

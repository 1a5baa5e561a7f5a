"""Names of lines at their ends, and baselines that lie outside the axes.

A reader who sees the name beside the line need not look it up in a legend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from charlab.core.sums import mean
from charlab.plots.style import GREY, SIZE, SMALL, WIDTH, drawn_width, wrap

POINTS_PER_INCH = 72
LINE_HEIGHT = 1.25
"""Height of a line of text, as a multiple of the size of its letters."""

OUTSIDE = 0.35
"""A baseline is outside the axes if it is farther from the variants than this, in their range."""


def spread(places: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Move labels apart so that none overlaps the next, keeping their order.

    Parameters
    ----------
    places : sequence of float
        Wanted middles, in shares of the height of the axes.
    heights : sequence of float
        Heights of the labels.

    Returns
    -------
    list of float
        Middles as near as possible to the wanted ones.
    """
    # Blocks of labels that touch: [first, last], each at the mean of where its labels want to be.
    order = sorted(range(len(places)), key=lambda k: (places[k], k))
    blocks: list[list[int]] = []
    for k in order:
        blocks.append([k])
        while len(blocks) > 1 and _bottom(blocks[-1], places, heights) < _top(
            blocks[-2], places, heights
        ):
            last = blocks.pop()
            blocks[-1] += last
    result = [0.0] * len(places)
    for block in blocks:
        bottom = _bottom(block, places, heights)
        for k in block:
            result[k] = bottom + heights[k] / 2
            bottom += heights[k]
    return result


def _middle(block: list[int], places: Sequence[float]) -> float:
    return mean([places[k] for k in block])


def _bottom(block: list[int], places: Sequence[float], heights: Sequence[float]) -> float:
    return _middle(block, places) - sum(heights[k] for k in block) / 2


def _top(block: list[int], places: Sequence[float], heights: Sequence[float]) -> float:
    return _middle(block, places) + sum(heights[k] for k in block) / 2


def share_of_height(ax: Axes, y: float) -> float:
    """Return where a value is on the y axis: 0 at the bottom, 1 at the top."""
    place = (ax.transScale + ax.transLimits).transform((ax.get_xlim()[0], y))
    return float(np.clip(place[1], 0.0, 1.0))


def name_lines(figure: Figure, ax: Axes, *, width: int = 22) -> None:
    """Write the label of each line of ``ax`` at its right end; in a narrow figure, below it."""
    lines = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    if drawn_width.get() < 0.7 * WIDTH or len(lines) > 9:
        legend_below(figure, ax, columns_for(str(line.get_label()) for line in lines))
        return
    # The axes take most of the height; below them are the labels of the x axis.
    points = (figure.get_figheight() - 0.75) * POINTS_PER_INCH
    labels = [wrap(str(line.get_label()), width) for line in lines]
    heights = [(1 + label.count("\n")) * LINE_HEIGHT * SIZE / points for label in labels]
    wanted = [_end(ax, line) for line in lines]
    for line, label, y in zip(lines, labels, spread(wanted, heights), strict=True):
        _sample(ax, line, y)
        ax.text(1.075, y, label, transform=ax.transAxes, va="center", linespacing=1.05)


def _end(ax: Axes, line: Line2D) -> float:
    """Return where a line ends in the height of the axes; the top for one without a point."""
    values = np.asarray(line.get_ydata(), dtype=float)
    values = values[np.isfinite(values)]
    return share_of_height(ax, float(values[-1])) if len(values) else 1.0


def _sample(ax: Axes, line: Line2D, y: float) -> None:
    """Draw a short piece of a line right of the axes."""
    piece = Line2D([], [])
    piece.update_from(line)  # color, width and dashes
    piece.set(xdata=[1.01, 1.06], ydata=[y, y], transform=ax.transAxes, clip_on=False, marker="")
    piece.set_label("_sample")
    ax.add_line(piece)


def legend_below(figure: Figure, ax: Axes, columns: int) -> None:
    """Put the legend of ``ax`` below the figure, where it covers no data."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        # columns is meant for a figure of the usual width.
        columns = max(1, int(columns * drawn_width.get() / WIDTH))
        # Make the figure taller by each further row, so that the axes do not shrink.
        rows = -(-len(handles) // columns)
        figure.set_figheight(figure.get_figheight() + 0.23 * (rows - 1))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def columns_for(labels: Iterable[str]) -> int:
    """Return the number of legend columns that fit labels of these lengths, 1 to 4."""
    longest = max((len(label) for label in labels), default=1)
    # A line of the legend holds 76 characters; a handle takes the space of 7.
    return max(1, min(4, 76 // (longest + 7)))


def limits(values: Iterable[float], margin: float = 0.06) -> tuple[float, float]:
    """Return the limits of an axis for values, with a margin."""
    low, high = min(values := list(values)), max(values)
    room = margin * max(high - low, 0.02)
    return low - room, high + room


def near(lines: pd.DataFrame, low: float, high: float) -> pd.Series[bool]:
    """Return which baselines (column ``bpc``) lie in a range or not far from it."""
    room = OUTSIDE * max(high - low, 0.02)
    return lines["bpc"].between(low - room, high + room)


def outside_notes(lines: pd.DataFrame, low: float) -> tuple[str, str]:
    """Return a note on the baselines below a range, and one on those above; '' for none."""
    notes = [
        (row["bpc"] < low, f"{row['label']} {row['bpc']:.3f}") for row in lines.to_dict("records")
    ]
    below = " · ".join(note for is_below, note in notes if is_below)
    above = " · ".join(note for is_below, note in notes if not is_below)
    return below, above


def note_outside(ax: Axes, lines: pd.DataFrame) -> None:
    """Name the baselines outside a y axis at its edge, with an arrow towards them."""
    below, above = outside_notes(lines, ax.get_ylim()[0])
    for note, y, arrow, va in ((below, 0.02, "\N{DOWNWARDS ARROW}", "bottom"),
                               (above, 0.98, "\N{UPWARDS ARROW}", "top")):  # fmt: skip
        if note:
            text = f"{arrow} {note}"
            ax.text(0.01, y, text, transform=ax.transAxes, va=va, color=GREY, size=SMALL)

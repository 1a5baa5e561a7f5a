"""The values that a picture shows, as JSON inside its file.

A page that holds the picture as an element names the value nearest to the pointer. Files that stand
alone keep the values as metadata, which no viewer draws.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import FixedLocator

from charlab.plots.naming import POINTS_PER_INCH

UNNAMED = "_="
"""Start of a label that has values and no place in a legend; the name of the values follows."""

MOST = 60
"""Maximum number of values of a line; of a longer line, evenly spaced ones are kept."""

DIGITS = 4
"""Significant digits of a value, as in the tables of the report."""

Series = list[Any]
"""A name, x values (None: those of the series before), y values; for a grid also a name and z.

A sixth element has a sign for each point, such as the number of a unit, said after the name.
"""


@dataclass(frozen=True)
class Scale:
    """An axis in words; without a label its values are not said.

    Attributes
    ----------
    label : str
    names : sequence of str
        Name of each whole number from 0, if values have names.
    """

    label: str = ""
    names: Sequence[str] = ()


_given: WeakKeyDictionary[Axes, tuple[list[Series], Scale, Scale]] = WeakKeyDictionary()


def give(ax: Axes, series: list[Series], x: Scale, y: Scale) -> None:
    """Set the values of a panel whose lines and bars do not have them.

    Parameters
    ----------
    ax : Axes
    series : list of Series
        Places are in the coordinates of the axes.
    x, y : Scale
    """
    _given[ax] = series, x, y


def values_of(figure: Figure) -> str:
    """Return the values of a drawn figure as JSON, a list with an object for each panel.

    An object has its ``title``, the axes ``x`` and ``y`` (label, scale, limits, the two places of
    the limits in points, labels of the categories), and ``series`` (:data:`Series`).
    """
    panels = [panel for ax in figure.axes if (panel := _panel(figure, ax))]
    return json.dumps(panels, ensure_ascii=False, separators=(",", ":")) if panels else ""


def _panel(figure: Figure, ax: Axes) -> dict[str, Any] | None:
    """Return the values of one panel, None if it has none."""
    given = _given.get(ax)
    series = given[0] if given else [*_lines(ax), *_bars(ax), *_steps(ax), *_grids(ax)]
    if not series:
        return None
    for one, before in zip(reversed(series), reversed(series[:-1]), strict=False):
        if one[1] == before[1]:
            one[1] = None
    box, (width, height) = ax.get_position(), POINTS_PER_INCH * figure.get_size_inches()
    x_places = [box.x0 * width, box.x1 * width]
    # In the file y grows downwards, and the first limit is the lower one.
    y_places = [(1 - box.y0) * height, (1 - box.y1) * height]
    x: list[Any] = [
        _label(figure, "x", ax),
        *_axis(ax.xaxis, ax.get_xscale(), ax.get_xlim(), x_places),
    ]
    y: list[Any] = [
        _label(figure, "y", ax),
        *_axis(ax.yaxis, ax.get_yscale(), ax.get_ylim(), y_places),
    ]
    if given:
        for axis, scale in zip((x, y), given[1:], strict=True):
            axis[0], axis[-1] = scale.label, list(scale.names)
    panels = len({other.get_title(loc="left") for other in figure.axes})
    return {
        "title": _plain(ax.get_title(loc="left")) if panels > 1 else "",
        "x": x,
        "y": y,
        "series": series,
    }


def _label(figure: Figure, which: str, ax: Axes) -> str:
    """Return the label of an axis; panels side by side share the one that has it."""
    found = [getattr(other, f"get_{which}label")() for other in (ax, *figure.axes)]
    found.append(getattr(figure, f"get_sup{which}label")())
    return _plain(next(filter(None, found), which))


def _axis(axis: Axis, scale: str, limits: tuple[float, float], places: list[float]) -> list[Any]:
    """Return scale, limits, places and categories of an axis."""
    ticks = [float(tick) for tick in axis.get_majorticklocs()]
    labels: list[str] = []
    # Ticks of their own at 0, 1, 2, ... have the names of categories.
    if isinstance(axis.get_major_locator(), FixedLocator) and scale == "linear":
        first = int(ticks[0]) if ticks else 0
        if ticks == [first + k for k in range(len(ticks))]:
            labels = [""] * first
            labels += [_plain(label.get_text()) for label in axis.get_majorticklabels()]
    # Four digits of a limit could be off by a pixel.
    return [scale, *(float(f"{value:.7g}") for value in limits), *np.round(places, 1), labels]


def _lines(ax: Axes) -> Iterator[Series]:
    for line in ax.lines:
        label = str(line.get_label())
        # Lines across the whole axes, and samples of lines beside it, are no data.
        if line.get_transform() != ax.transData or not _has_name(label):
            continue
        x, y = (np.asarray(data, dtype=float) for data in (line.get_xdata(), line.get_ydata()))
        good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        kept = good[:: -(-len(good) // MOST)] if len(good) else good
        if len(kept):
            yield [_name(label), rounded(x[kept]), rounded(y[kept])]


def _bars(ax: Axes) -> Iterator[Series]:
    for bars in ax.containers:
        if isinstance(bars, BarContainer):
            middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
            yield ["", rounded(middles), rounded(bar.get_height() for bar in bars)]


def _steps(ax: Axes) -> Iterator[Series]:
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            heights, edges, _ = patch.get_data()
            yield ["", rounded((edges[:-1] + edges[1:]) / 2), rounded(heights)]


def _grids(ax: Axes) -> Iterator[Series]:
    for mesh in ax.collections:
        array = mesh.get_array()
        if isinstance(mesh, QuadMesh) and array is not None and _has_name(str(mesh.get_label())):
            shares = np.ma.filled(array, np.nan)  # (rows, columns)
            # A cell is around the whole numbers of its row and column.
            for row, values in enumerate(shares):
                good = np.flatnonzero(np.isfinite(values))
                yield ["", rounded(good), [row] * len(good), _name(str(mesh.get_label())),
                       rounded(values[good])]  # fmt: skip


def _has_name(label: str) -> bool:
    return label.startswith(UNNAMED) or not label.startswith("_")


def _name(label: str) -> str:
    # A second line of a label is a note, such as the last value.
    return _plain(label.removeprefix(UNNAMED).partition("\n")[0])


def _plain(text: str) -> str:
    """Return a text of matplotlib without line ends and escapes."""
    return text.replace("\n", " ").replace(r"\$", "$")


def rounded(values: Iterable[float], digits: int = DIGITS) -> list[float]:
    """Return values to some significant digits, whole numbers without a point."""
    short = [float(f"{value:.{digits}g}") for value in values]
    return [int(value) if value == int(value) else value for value in short]

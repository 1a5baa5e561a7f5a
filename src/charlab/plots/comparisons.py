"""Figures of final losses: a row per variant or text, a dot per seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.core.sums import mean
from charlab.plots.registry import EVERY, figure
from charlab.plots.style import BLACK, GREY, Styles, canvas, legend_below, wrap

BEYOND = 2.0
"""Multiple of the best mean beyond which a loss is drawn as an arrow at the edge."""

LINE_STYLES = {
    "n-gram": (0, (5, 2)),
    "PPMd": (0, (1, 1.5)),
    "floor": "-",
    "the model": (0, (4, 1.5, 1, 1.5)),
}
"""Line style of each kind of reference loss; (0, (on, off, ...)) are dashes in points."""


@figure(
    "Loss on unseen text: a dot per seed, a bar and its value at the mean.",
    needs=("points", "styles", "title"),
    optional=("lines",),
    vary=(EVERY,),
)
def comparison(
    points: pd.DataFrame, styles: Styles, title: str, lines: pd.DataFrame | None = None
) -> Figure:
    """Draw the final losses of one comparison.

    Parameters
    ----------
    points : DataFrame
        ``variant``, its ``label``, ``seed``, ``split`` (one name), ``bpc``.
    lines : DataFrame, optional
        ``kind``, ``label``, ``bpc``: reference losses on the same text.
    """
    names = list(dict.fromkeys(points["variant"]))
    # sort=False keeps the order of first appearance, which is that of names.
    labels = [wrap(label) for label in points.groupby("variant", sort=False)["label"].first()]
    # Inches: the axis and title, then each row, then each further line of its label.
    height = 1.15 + sum(0.27 + 0.13 * label.count("\n") for label in labels)
    figure, (ax,) = canvas(height + (0.3 if lines is not None else 0))
    for row, name in enumerate(names):
        values = points.loc[points["variant"] == name, "bpc"]
        _draw_seeds(ax, row, values, color=styles[name].color, alpha=0.75, markeredgewidth=0)
        _draw_mean(ax, row, values, styles[name].color)
    # Black is reserved for *the* model, so the baselines are grey.
    for line in [] if lines is None else lines.to_dict("records"):
        color = BLACK if line["kind"] == "the model" else GREY
        style = LINE_STYLES[line["kind"]]
        ax.axvline(line["bpc"], color=color, linestyle=style, linewidth=1.2, label=line["label"])
    _rows(ax, labels)
    _mark_beyond(ax, names, points, styles)
    split = points["split"].iloc[0]
    ax.set(xlabel=f"{split} loss, bits per character (less is better)", title=title)
    legend_below(figure, ax, 4)
    return figure


def _mark_beyond(ax: Axes, names: list[str], points: pd.DataFrame, styles: Styles) -> None:
    """Clip the x axis so that a run that learned nothing does not squeeze all others."""
    means = points.groupby("variant")["bpc"].agg(mean)
    limit = BEYOND * float(means.min())
    shown = points.loc[points["bpc"] <= limit, "bpc"]
    if len(shown) in (0, len(points)):
        return  # nothing to clip
    # Baselines stay in view even where all dots are above them.
    lines = [float(np.min(line.get_xdata())) for line in ax.lines]
    low, high = min(float(shown.min()), *lines), float(shown.max())
    margin = 0.06 * max(high - low, 0.1)
    ax.set_xlim(low - margin, high + margin)
    # An arrow at the edge of the axes stands for the dots beyond it.
    for row, name in enumerate(names):
        if (points.loc[points["variant"] == name, "bpc"] > limit).any():
            ax.plot(
                [high + margin], [row], ">", color=styles[name].color, markersize=9, clip_on=False
            )


def _draw_seeds(ax: Axes, row: int, values: pd.Series[float], **style: Any) -> None:
    """Draw a dot per seed, spread over the height of one row."""
    # Offsets keep the dots of equal losses apart.
    offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
    ax.plot(values, row + offsets, "o", markersize=5, **style)


def _draw_mean(ax: Axes, row: int, values: pd.Series[float], color: str) -> None:
    """Draw the mean over the seeds as a bar, and write its value beside the axes."""
    middle = mean(values)
    ax.plot([middle, middle], [row - 0.3, row + 0.3], color=color, linewidth=2.2)
    # x is in axes units, y in data units: right of the axes, no dot or line hides the number.
    place = ax.get_yaxis_transform()
    ax.text(1.03, row, f"{middle:.3f}", transform=place, va="center", color=BLACK)


def _rows(ax: Axes, labels: list[str]) -> None:
    """Turn the y axis into a list of labels, the first at the top."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)  # inverted: row 0 at the top
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


MARKS = {
    "xz": ("x", "xz"),
    "ppmd": ("s", "PPMd, best order"),
    "ngram": ("^", "n-gram, best order"),
    "floor": ("|", "floor"),
}
"""Marker and label of each baseline, by the start of its column in metrics/texts.csv."""


@figure(
    "Each text's test loss under the network (a dot per seed) beside its own baselines.",
    needs=("texts", "points", "styles"),
    vary=(EVERY,),
)
def texts(texts: pd.DataFrame, points: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the final losses on several texts, with the baselines of each text.

    Parameters
    ----------
    texts : DataFrame
        A row per text, as in metrics/texts.csv.
    points : DataFrame
        ``variant``, ``text``, ``seed``, ``split``, ``bpc``.
    """
    # Only the texts of this comparison, numbered from 0: the index is the y position.
    rows = texts[texts["text"].isin(points["text"])].reset_index(drop=True)
    labels = [wrap(f"{row['title']} ({row['language']})") for row in rows.to_dict("records")]
    figure, (ax,) = canvas(1.4 + sum(0.27 + 0.13 * label.count("\n") for label in labels))
    split = points["split"].iloc[0]
    for name, (marker, label) in MARKS.items():
        if rows[f"{name}_{split}_bpc"].isna().all():
            continue  # only built-in texts have a floor
        ax.plot(rows[f"{name}_{split}_bpc"], range(len(rows)), marker, color=GREY, label=label)
    for row, text in enumerate(rows["text"]):
        own = points[points["text"] == text]
        color = styles[own["variant"].iloc[0]].color
        # matplotlib leaves labels that begin with an underscore out of the legend.
        label = "network, a dot per seed" if row == 0 else "_"
        _draw_seeds(ax, row, own["bpc"], color=color, label=label)
    _rows(ax, labels)
    ax.set(xlabel=f"{split} loss, bits per character (less is better)", title="Texts")
    legend_below(figure, ax, 4)
    return figure

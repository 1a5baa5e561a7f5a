"""Figures of final losses: a row per variant or text, a dot per seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.style import BLACK, GREY, Legend, canvas, legend_below, wrap

BEYOND = 2.0
"""A loss that is so many times the best is off the scale, and drawn as an arrow."""

LINE_STYLES = {
    "n-gram": (0, (5, 2)),
    "PPMd": (0, (1, 1.5)),
    "floor": "-",
    "the model": (0, (4, 1.5, 1, 1.5)),
}


def comparison(
    points: pd.DataFrame, legend: Legend, title: str, lines: pd.DataFrame | None = None
) -> Figure:
    """Loss on unseen text: a dot per seed, a bar and its value at the mean.

    Parameters
    ----------
    points : DataFrame
        ``variant``, its ``label``, ``seed``, ``split`` (one name), ``bpc``.
    lines : DataFrame, optional
        ``kind``, ``label``, ``bpc``: what else is known of the text.
    """
    names = list(dict.fromkeys(points["variant"]))
    labels = [
        wrap(label) for label in dict(zip(points["variant"], points["label"], strict=True)).values()
    ]
    height = 1.15 + sum(0.27 + 0.13 * label.count("\n") for label in labels)
    figure, (ax,) = canvas(height + (0.3 if lines is not None else 0))
    for row, name in enumerate(names):
        _strip(ax, row, points.loc[points["variant"] == name, "bpc"], legend[name].color)
    for line in [] if lines is None else lines.to_dict("records"):
        color = BLACK if line["kind"] == "the model" else GREY
        style = LINE_STYLES[line["kind"]]
        ax.axvline(line["bpc"], color=color, linestyle=style, linewidth=1.2, label=line["label"])
    _rows(ax, labels)
    _mark_beyond(ax, names, points, legend)
    split = points["split"].iloc[0]
    ax.set(xlabel=f"{split} loss, bits per character (less is better)", title=title)
    legend_below(figure, ax, 4)
    return figure


def _mark_beyond(ax: Axes, names: list[str], points: pd.DataFrame, legend: Legend) -> None:
    """Keep a run that learned nothing from squeezing all others: it is drawn at the edge."""
    means = points.groupby("variant")["bpc"].mean()
    limit = BEYOND * float(means.min())
    inside = points.loc[points["bpc"] <= limit, "bpc"]
    if len(inside) in (0, len(points)):
        return
    # The lines of the baselines stay in view.
    lines = [float(np.min(line.get_xdata())) for line in ax.lines]
    low, high = min(float(inside.min()), *lines), float(inside.max())
    margin = 0.06 * max(high - low, 0.1)
    ax.set_xlim(low - margin, high + margin)
    for row, name in enumerate(names):
        if (points.loc[points["variant"] == name, "bpc"] > limit).any():
            ax.plot(
                [high + margin], [row], ">", color=legend[name].color, markersize=9, clip_on=False
            )


def _strip(ax: Axes, row: int, values: pd.Series[float], color: str) -> None:
    """Draw one row: a dot per seed, one above the other, and the mean."""
    offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
    ax.plot(values, row + offsets, "o", color=color, markersize=5, alpha=0.75, markeredgewidth=0)
    mean = float(values.mean())
    ax.plot([mean, mean], [row - 0.3, row + 0.3], color=color, linewidth=2.2)
    # Beside the axes, where no dot and no line can hide it.
    place = ax.get_yaxis_transform()
    ax.text(1.03, row, f"{mean:.3f}", transform=place, va="center", color=BLACK)


def _rows(ax: Axes, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


MARKS = {
    "xz": ("x", "xz"),
    "ppmd": ("s", "PPMd, best order"),
    "ngram": ("^", "n-gram, best order"),
    "floor": ("|", "floor"),
}


def texts(texts: pd.DataFrame, points: pd.DataFrame, legend: Legend) -> Figure:
    """Each text's test loss under the network (a dot per seed) beside its own baselines.

    Parameters
    ----------
    texts : DataFrame
        A row per text, as in metrics/texts.csv.
    points : DataFrame
        ``variant``, ``text``, ``seed``, ``split``, ``bpc``.
    """
    rows = texts[texts["text"].isin(points["text"])].reset_index(drop=True)
    labels = [wrap(f"{row['title']} ({row['language']})") for row in rows.to_dict("records")]
    figure, (ax,) = canvas(1.4 + sum(0.27 + 0.13 * label.count("\n") for label in labels))
    split = points["split"].iloc[0]
    for name, (marker, label) in MARKS.items():
        if rows[f"{name}_{split}_bpc"].isna().all():
            continue
        ax.plot(rows[f"{name}_{split}_bpc"], range(len(rows)), marker, color=GREY, label=label)
    for row, text in enumerate(rows["text"]):
        own = points[points["text"] == text]
        offsets = np.linspace(-0.16, 0.16, len(own)) if len(own) > 1 else np.zeros(1)
        color = legend[own["variant"].iloc[0]].color
        label = "network, a dot per seed" if row == 0 else "_"
        ax.plot(own["bpc"], row + offsets, "o", color=color, markersize=5, label=label)
    _rows(ax, labels)
    ax.set(xlabel=f"{split} loss, bits per character (less is better)", title="Texts")
    legend_below(figure, ax, 4)
    return figure

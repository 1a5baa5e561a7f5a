"""Figures of final losses: a row per variant or text, a dot per seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from charlab.core.sums import mean
from charlab.plots.naming import legend_below, limits, near, outside_notes
from charlab.plots.registry import EVERY, figure
from charlab.plots.stating import bits, listed, means, percent, ranked
from charlab.plots.style import GREY, SMALL, Styles, canvas, drawn_width, usual_shade, wrap
from charlab.plots.values import UNNAMED

BEYOND = 2.0
"""Multiple of the best mean beyond which a loss is drawn as an arrow at the edge."""

LINE_STYLES = {
    "n-gram": (0, (5, 2)),
    "PPMd": (0, (1, 1.5)),
    "floor": "-",
}
"""Line style of each kind of reference loss; (0, (on, off, ...)) are dashes in points."""

ROW, LINE = 0.3, 0.17
"""Height in inches of a row, and of each further line of its label."""


def _ranking(points: pd.DataFrame, styles: Styles, title: str, lines: pd.DataFrame | None) -> str:
    """State the mean loss of each variant, the runs that diverged, and the reference losses."""
    diverged = _diverged(points)
    whole = points[~diverged & points["bpc"].notna()]
    split = points["split"].iloc[0]
    order = ranked(means(whole, "label", "bpc"))
    text = f"{title}. Mean {split} loss in bits per character, lowest first: {order}."
    if diverged.any():
        runs = points.assign(failed=diverged).groupby("label", sort=False)["failed"]
        failed = [f"{label} {own.sum()} of {len(own)}" for label, own in runs if own.any()]
        text += f" Runs that diverged: {listed(failed)}."
    if lines is not None and len(lines):
        known = {row["label"]: row["bpc"] for row in lines.to_dict("records")}
        text += f" Beside it: {ranked(known)}."
    return text


@figure(
    "Loss on unseen text: a dot per seed, a bar and its value at the mean.",
    needs=("points", "styles", "title"),
    optional=("lines",),
    vary=(EVERY,),
    states=_ranking,
)
def comparison(
    points: pd.DataFrame, styles: Styles, title: str, lines: pd.DataFrame | None = None
) -> Figure:
    """Draw the final losses of one comparison.

    Parameters
    ----------
    points : DataFrame
        ``variant``, its ``label``, ``seed``, ``split`` (one name), ``bpc``; if known,
        ``diverged_at_step``.
    lines : DataFrame, optional
        ``kind``, ``label``, ``bpc``: reference losses on the same text.
    """
    names = list(dict.fromkeys(points["variant"]))
    # sort=False keeps the order of first appearance, which is that of names.
    labels = [wrap(label) for label in points.groupby("variant", sort=False)["label"].first()]
    diverged = _diverged(points)
    # Two lines of text per row where some runs diverged.
    height = 1.15 + _height(labels, 2 if diverged.any() else 1)
    figure, (ax,) = canvas(height + (0.3 if lines is not None else 0), title=title)
    whole = points[~diverged & points["bpc"].notna()]
    for row, name in enumerate(names):
        color, own = styles[name].color, points["variant"] == name
        _draw_seeds(ax, row, whole.loc[own, "bpc"], color=color, markeredgewidth=0,
                    label=f"{UNNAMED}a seed")  # fmt: skip
        _draw_mean(ax, row, whole.loc[own, "bpc"], int((own & diverged).sum()), color)
    _rows(ax, labels)
    low, high = _fit(ax, names, whole, styles)
    if lines is not None:
        _draw_lines(ax, lines, low, high)
    split = points["split"].iloc[0]
    ax.set(xlabel=f"{split} loss, bits per character (less is better)")
    legend_below(figure, ax, 4)
    return figure


def _diverged(points: pd.DataFrame) -> pd.Series[bool]:
    """Return which runs diverged: their losses are not averaged."""
    if "diverged_at_step" not in points:
        return pd.Series(data=False, index=points.index)
    return points["diverged_at_step"].notna()


def _fit(ax: Axes, names: list[str], whole: pd.DataFrame, styles: Styles) -> tuple[float, float]:
    """Fit the x axis to the losses that are near the best; mark others by an arrow at the edge.

    Returns
    -------
    low, high : float
        The range of the losses shown.
    """
    if not len(whole):
        return 0.0, 1.0
    # A run that learned nothing must not squeeze all others.
    limit = BEYOND * float(whole.groupby("variant")["bpc"].agg(mean).min())
    shown = whole.loc[whole["bpc"] <= limit, "bpc"]
    low, high = limits(shown)
    ax.set_xlim(low, high)
    for row, name in enumerate(names):
        if (whole.loc[whole["variant"] == name, "bpc"] > limit).any():
            ax.plot([high], [row], ">", color=styles[name].color, markersize=9, clip_on=False)
    return float(shown.min()), float(shown.max())


def _draw_lines(ax: Axes, lines: pd.DataFrame, low: float, high: float) -> None:
    """Draw the reference losses near the variants, and name the others at the edges."""
    close = near(lines, low, high)
    for line in lines[close].to_dict("records"):
        # Ink is reserved for *the* model, so the baselines are grey.
        style = LINE_STYLES[line["kind"]]
        ax.axvline(line["bpc"], color=GREY, linestyle=style, linewidth=1.4, label=line["label"])
    ax.set_xlim(limits([*ax.get_xlim(), *lines.loc[close, "bpc"]], margin=0.02))
    below, above = outside_notes(lines[~close], low)
    # In a row of their own above the variants, below the title.
    # From the edge of the figure, not of the axes: long labels leave the axes too little room.
    place = blended_transform_factory(ax.figure.transFigure, ax.transAxes)
    for note, x, side in ((below, 0.01, "left"), (above, 0.99, "right")):
        if note:
            shown = f"← {note}" if side == "left" else f"{note} →"
            ax.text(x, 1.02, shown, transform=place, ha=side, color=GREY, size=SMALL)


def _draw_seeds(ax: Axes, row: int, values: pd.Series[float], **style: Any) -> None:
    """Draw a dot per seed, spread over the height of one row."""
    # Offsets keep the dots of equal losses apart.
    offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(len(values))
    ax.plot(values, row + offsets, "o", markersize=6, **style)


def _draw_mean(ax: Axes, row: int, values: pd.Series[float], diverged: int, color: str) -> None:
    """Draw the mean over the seeds as a bar, and write its value beside the axes."""
    parts = []
    if len(values):
        middle = mean(values)
        ax.plot([middle, middle], [row - 0.3, row + 0.3], color=color, linewidth=2.2,
                label=f"{UNNAMED}mean of the seeds")  # fmt: skip
        parts.append(f"{middle:.3f}")
    if diverged:
        parts.append(f"{diverged} of {len(values) + diverged} diverged")
    # x is in axes units, y in data units: right of the axes, no dot or line hides the number.
    place = ax.get_yaxis_transform()
    ax.text(1.03, row, "\n".join(parts), transform=place, va="center", linespacing=1.1)


def _height(labels: list[str], lines: int = 1) -> float:
    """Return the height in inches of rows with these labels, each of ``lines`` lines or more."""
    return sum(ROW + LINE * (max(lines, 1 + label.count("\n")) - 1) for label in labels)


def _rows(ax: Axes, labels: list[str]) -> None:
    """Turn the y axis into a list of labels, the first at the top."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)  # inverted: row 0 at the top
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


MARKS = {
    "ppmd": ("s", "PPMd, best order"),
    "ngram": ("^", "n-gram, best order"),
    "floor": ("|", "floor"),
}
"""Marker and label of each baseline, by the start of its column in metrics/texts.csv."""


def _beside_own(texts: pd.DataFrame, points: pd.DataFrame, styles: Styles) -> str:
    """State the mean loss on each text, and the loss of the text's n-gram."""
    split, whole = points["split"].iloc[0], points[~_diverged(points)]
    losses, parts = means(whole, "text", "bpc"), []
    for row in texts[texts["text"].isin(points["text"])].to_dict("records"):
        if row["text"] in losses:
            part = f"{row['title']} {bits(losses[row['text']])}"
            ngram = row[f"ngram_{split}_bpc"]
            parts.append(f"{part} (n-gram {bits(ngram)})" if pd.notna(ngram) else part)
    return f"Mean {split} loss in bits per character on each text: {listed(parts)}."


@figure(
    "Each text's test loss under the network (a dot per seed) beside its own baselines.",
    needs=("texts", "points", "styles"),
    vary=(EVERY,),
    states=_beside_own,
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
    figure, (ax,) = canvas(1.4 + _height(labels), title="Each text beside its own baselines")
    split = points["split"].iloc[0]
    for name, (marker, label) in MARKS.items():
        if rows[f"{name}_{split}_bpc"].isna().all():
            continue  # only built-in texts have a floor
        ax.plot(rows[f"{name}_{split}_bpc"], range(len(rows)), marker, color=GREY, markersize=7,
                label=label)  # fmt: skip
    for row, text in enumerate(rows["text"]):
        own = points[(points["text"] == text) & ~_diverged(points)]
        name = points.loc[points["text"] == text, "variant"].iloc[0]
        color = usual_shade(styles[name].color)
        # matplotlib leaves labels that begin with an underscore out of the legend.
        label = "network, a dot per seed"
        label = label if row == 0 else f"{UNNAMED}{label}"
        _draw_seeds(ax, row, own["bpc"], color=color, label=label)
    _rows(ax, labels)
    ax.set(xlabel=f"{split} loss, bits per character (less is better)")
    legend_below(figure, ax, 3)
    return figure


def _real(generation: pd.DataFrame, styles: Styles, title: str) -> str:
    """State the share of real words at the lowest and the highest temperature."""
    known, parts = generation[generation["real_words"].notna()], []
    for name, rows in known.groupby("variant", sort=False):
        own = rows.sort_values("temperature").iloc[[0, -1]].to_dict("records")
        ends = [f"{percent(row['real_words'])} at {row['temperature']:g}" for row in own]
        parts.append(f"{styles[str(name)].label} {', '.join(dict.fromkeys(ends))}")
    return f"{title}. Real words in samples, by temperature: {listed(parts) or 'not measured'}."


@figure(
    "Share of the words of a sample that are in the training text, by temperature.",
    needs=("generation", "styles", "title"),
    vary=(EVERY,),
    states=_real,
)
def real_words(generation: pd.DataFrame, styles: Styles, title: str) -> Figure:
    """Draw a row per variant with the share of real words at each temperature.

    Parameters
    ----------
    generation : DataFrame
        ``variant``, ``temperature``, ``real_words`` (0 to 1).
    """
    table = generation.assign(share=100 * generation["real_words"].astype(float))
    table = table[table["share"].notna()]
    names = list(dict.fromkeys(table["variant"]))
    labels = [wrap(styles[name].label) for name in names]
    figure, (ax,) = canvas(1.0 + _height(labels), title=f"{title}: real words in samples")
    for row, name in enumerate(names):
        own = table[table["variant"] == name].sort_values("temperature")
        color = styles[name].color
        ax.plot([own["share"].min(), own["share"].max()], [row, row], color=color, linewidth=1)
        for share, degree in zip(own["share"], own["temperature"], strict=True):
            ax.plot(share, row, "o", color=color, markersize=6,
                    label=f"{UNNAMED}temperature {degree:g}")  # fmt: skip
    _rows(ax, labels)
    _name_temperatures(ax, table[table["variant"] == names[0]] if names else table)
    ax.set(xlabel="% of the words are real")
    return figure


def _name_temperatures(ax: Axes, first: pd.DataFrame) -> None:
    """Write the temperature above each dot of the first row, where there is room for it."""
    # A character of this size is about a tenth of an inch; the axes are some two thirds wide.
    low, high = ax.get_xlim()
    apart = 0.42 * (high - low) / (0.65 * drawn_width.get())
    last = float("inf")
    for row in first.sort_values("share", ascending=False).to_dict("records"):
        if last - row["share"] < apart:
            continue
        last = row["share"]
        ax.annotate(f"T {row['temperature']:g}", (row["share"], 0), (0, 7), size=SMALL,
                    textcoords="offset points", ha="center")  # fmt: skip

"""Figures of what a network remembers, from a text whose dependencies have known distances."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from charlab.core.sums import mean
from charlab.plots.naming import name_lines
from charlab.plots.registry import figure
from charlab.plots.stating import listed, percent
from charlab.plots.style import (
    INK,
    SEQUENTIAL,
    SIZE,
    WIDTH,
    Styles,
    by_variant,
    canvas,
    drawn_width,
    short,
    wrap,
)
from charlab.plots.values import UNNAMED

KEYS = ("cell", "text", "seq_len")
"""Keys whose comparisons show what is remembered, if they are on the built-in text."""

HALF = 0.5
"""Share at which a distance counts as acquired."""

LOWEST = -0.2
"""Share at which the axis ends below: losing more than memory is worth is not drawn to scale."""


def _realized(memory: pd.DataFrame, styles: Styles) -> str:
    """State the share realized at the nearest and at the farthest distance."""
    parts, bins = [], bins_of(memory)
    ends = bin_labels(bins)
    for rows, series in by_variant(memory, styles):
        last = _last(rows).groupby("low")["share"].agg(mean)
        parts.append(f"{series.label} {percent(last.iloc[0])} and {percent(last.iloc[-1])}")
    return (
        f"What is remembered: share realized at {ends[0]} and at {ends[-1]} characters: "
        f"{listed(parts)}."
    )


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last snapshot of each seed, the network that was kept."""
    return rows[rows["chars"] == rows.groupby("seed")["chars"].transform("max")]


@figure(
    "Share of what memory is worth that is realized, by distance; mean and range of the seeds.",
    needs=("memory", "styles"),
    vary=KEYS,
    states=_realized,
)
def memory_share(memory: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the share realized at the end of training against the distance.

    Parameters
    ----------
    memory : DataFrame
        ``variant``, ``seed``, ``chars``, ``low``, ``high``, ``share`` (0 to 1).
    """
    figure, (ax,) = canvas(3.7, title="What is remembered, and how far back")
    bins = bins_of(memory)
    place = {low: k for k, low in enumerate(bins["low"])}
    for rows, series in by_variant(memory, styles):
        last = _last(rows)
        groups = last.groupby("low")["share"]
        x = [place[low] for low in sorted(last["low"].unique())]
        style = {"color": series.color, "linestyle": series.line}
        ax.plot(x, 100 * groups.agg(mean), marker=series.marker, **style, label=series.label)
        ax.fill_between(x, 100 * groups.min(), 100 * groups.max(), color=series.color,
                        alpha=0.25, linewidth=0)  # fmt: skip
    ax.axhline(100, color=INK, linewidth=0.8, label="_all")
    # In a narrow figure, such as the brief's, level labels would touch.
    slanted = 30 if drawn_width.get() < WIDTH else 0
    ax.set_xticks(range(len(bins)), bin_labels(bins), rotation=slanted)
    ax.set_ylim(100 * LOWEST, 106)
    ax.set(xlabel="distance of what must be remembered, characters", ylabel="% realized")
    name_lines(figure, ax)
    return figure


def bins_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row of each bin of distances, the nearest first."""
    return table.drop_duplicates("low").sort_values("low").reset_index(drop=True)


def bin_labels(bins: pd.DataFrame) -> list[str]:
    """Return the label of each bin of distances, such as 8-15."""
    return [
        f"{low}" if low == high else f"{low}-{high}"
        for low, high in zip(bins["low"], bins["high"], strict=True)
    ]


def _acquired(memory: pd.DataFrame, styles: Styles) -> str:
    """State the farthest distance of which half is realized, and after how many characters."""
    parts, bins = [], bins_of(memory)
    names = dict(zip(bins["low"], bin_labels(bins), strict=True))
    for rows, series in by_variant(memory, styles):
        shares = _grid(rows, bins)
        known = shares[(shares >= HALF).any(axis=1)]
        if len(known):
            read = known.columns.to_numpy(dtype=float)[known.iloc[-1].to_numpy() >= HALF]
            parts.append(f"{series.label} up to {names[known.index[-1]]} characters, "
                         f"after {short(read[0])} read")  # fmt: skip
        else:
            parts.append(f"{series.label} at no distance")
    return f"When each distance is acquired. Half is realized: {listed(parts)}."


def _grid(rows: pd.DataFrame, bins: pd.DataFrame) -> pd.DataFrame:
    """Return the mean share by distance (rows) and characters read (columns)."""
    # Only some seeds have snapshots; the others were measured at their end.
    counts = rows.groupby("seed")["chars"].transform("nunique")
    own = rows[counts == counts.max()]
    grid: pd.DataFrame = own.groupby(["low", "chars"])["share"].agg(mean).unstack()
    return grid.reindex(bins["low"])


@figure(
    "When each distance is acquired: share realized (color) by characters read; line at 50 %.",
    needs=("memory", "styles"),
    vary=KEYS,
    states=_acquired,
)
def memory_map(memory: pd.DataFrame, styles: Styles) -> Figure:
    """Draw a panel per variant: distance against characters read, colored by the share.

    Parameters
    ----------
    memory : DataFrame
        As in :func:`memory_share`.
    """
    variants = by_variant(memory, styles)
    columns = 2 if len(variants) in (2, 4) else min(3, len(variants))
    rows = -(-len(variants) // columns)
    figure, axes = canvas(0.9 + 2.3 * rows, title="When each distance is acquired",
                          columns=columns, rows=rows, sharey=True)  # fmt: skip
    bins = bins_of(memory)
    for ax, (own, series) in zip(axes, variants, strict=False):
        grid = _grid(own, bins)  # (distances, snapshots)
        shares = grid.to_numpy()
        image = ax.pcolormesh(
            np.arange(grid.shape[1] + 1) - 0.5,
            np.arange(grid.shape[0] + 1) - 0.5,
            shares,
            cmap=SEQUENTIAL, vmin=0, vmax=1, rasterized=False, label=f"{UNNAMED}share realized",
        )  # fmt: skip
        if min(shares.shape) > 1 and np.nanmin(shares) < HALF < np.nanmax(shares):
            ax.contour(shares, levels=[HALF], colors="white", linewidths=2)
        ax.set_xticks(
            range(grid.shape[1]), [short(chars) for chars in grid.columns.to_numpy(float)]
        )
        # Snapshots are at equal ratios of the characters read: every third one is labeled.
        every = max(1, -(-grid.shape[1] // 3))
        for k, label in enumerate(reversed(ax.get_xticklabels())):
            label.set_visible(k % every == 0)
        ax.set_yticks(range(len(bins)), bin_labels(bins))
        ax.set_title(wrap(series.label, 60 // columns), color=series.color)
        ax.grid(visible=False)
    for ax in axes[len(variants) :]:
        ax.axis("off")
    for ax in axes[::columns]:
        ax.set_ylabel("distance, characters")
    figure.supxlabel("characters read", size=SIZE)
    bar = figure.colorbar(image, ax=axes, shrink=0.9, pad=0.02)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    return figure

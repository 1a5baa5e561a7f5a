"""Figures of what a network remembers, from a text whose dependencies have known distances."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from charlab.core.sums import mean
from charlab.plots.naming import name_lines
from charlab.plots.registry import figure
from charlab.plots.style import INK, SEQUENTIAL, SIZE, Styles, by_variant, canvas, short, wrap

KEYS = ("cell", "text", "seq_len")
"""Keys whose comparisons show what is remembered, if they are on the built-in text."""

HALF = 0.5
"""Share at which a distance counts as acquired."""

LOWEST = -0.2
"""Share at which the axis ends below: losing more than memory is worth is not drawn to scale."""


@figure(
    "Share of what memory is worth that is realized, by distance; mean and range of the seeds.",
    needs=("memory", "styles"),
    vary=KEYS,
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
        # The last snapshot of each seed is the network that was kept.
        last = rows[rows["chars"] == rows.groupby("seed")["chars"].transform("max")]
        groups = last.groupby("low")["share"]
        x = [place[low] for low in sorted(last["low"].unique())]
        style = {"color": series.color, "linestyle": series.line}
        ax.plot(x, 100 * groups.agg(mean), marker=series.marker, **style, label=series.label)
        ax.fill_between(x, 100 * groups.min(), 100 * groups.max(), color=series.color,
                        alpha=0.25, linewidth=0)  # fmt: skip
    ax.axhline(100, color=INK, linewidth=0.8, label="_all")
    ax.set_xticks(range(len(bins)), bin_labels(bins))
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


@figure(
    "When each distance is acquired: share realized (color) by characters read; line at 50 %.",
    needs=("memory", "styles"),
    vary=KEYS,
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
        # Only some seeds have snapshots; the others were measured at their end.
        counts = own.groupby("seed")["chars"].transform("nunique")
        own = own[counts == counts.max()]
        # (distances, snapshots): means over these seeds.
        grid = own.groupby(["low", "chars"])["share"].agg(mean).unstack().reindex(bins["low"])
        shares = grid.to_numpy()
        image = ax.pcolormesh(
            np.arange(grid.shape[1] + 1) - 0.5,
            np.arange(grid.shape[0] + 1) - 0.5,
            shares,
            cmap=SEQUENTIAL, vmin=0, vmax=1, rasterized=False,
        )  # fmt: skip
        if min(shares.shape) > 1 and np.nanmin(shares) < HALF < np.nanmax(shares):
            ax.contour(shares, levels=[HALF], colors="white", linewidths=2)
        # Snapshots are at equal ratios of the characters read: every second one has a label.
        every = max(1, -(-grid.shape[1] // 3))
        places = np.arange(grid.shape[1])[::-1][::every][::-1]
        ax.set_xticks(places, [short(grid.columns[k]) for k in places])
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

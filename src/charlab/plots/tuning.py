"""Figure of the sweep that chose the learning rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.registry import figure
from charlab.plots.stating import bits, listed
from charlab.plots.style import GREY, LINES, MARKERS, SHADES, SMALL, canvas, wrap

COLUMNS = 3
"""Panels side by side."""


def _chosen(tuning: pd.DataFrame) -> str:
    """State the rate that was chosen for each family with its loss, and the loss of the worst."""
    parts = []
    for _, rows in tuning.groupby("family", sort=False):
        good = _good(rows)
        for row in good[good["chosen"].astype(bool)].to_dict("records"):
            worst = f" (worst {bits(good['val_bpc'].max())})"
            parts.append(f"{row['label']}: {row['learning_rate']:g}, {bits(row['val_bpc'])}{worst}")
    failed = len(tuning) - len(_good(tuning))
    end = f" {failed} of {len(tuning)} runs diverged." if failed else ""
    return f"Learning rate chosen on val, and its loss: {listed(parts) or 'none'}.{end}"


def _good(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that did not diverge."""
    return rows[rows["diverged_at_step"].isna() & rows["val_bpc"].notna()]


@figure(
    "Val loss against the learning rate: ring, chosen; cross at the top, diverged.",
    needs=("tuning",),
    section="training",
    states=_chosen,
)
def learning_rate_u(tuning: pd.DataFrame) -> Figure:
    """Draw a panel per family: loss against rate, a line per initialization.

    Parameters
    ----------
    tuning : DataFrame
        ``family``, ``label``, ``learning_rate``, ``init``, ``val_bpc``, ``diverged_at_step``,
        ``chosen``; a row per run.
    """
    families = list(dict.fromkeys(tuning["family"]))
    columns = min(COLUMNS, len(families))
    rows = -(-len(families) // columns)
    figure, axes = canvas(0.7 + 1.9 * rows, title="Choice of the learning rate, on val",
                          columns=columns, rows=rows)  # fmt: skip
    for ax, family in zip(axes, families, strict=False):
        _family(ax, tuning[tuning["family"] == family], 58 // columns)
    for ax in axes[len(families) :]:
        ax.axis("off")
    # Below each column, the last panel names the axis.
    for ax in axes[max(0, len(families) - columns) : len(families)]:
        ax.set_xlabel("learning rate")
    for ax in axes[::columns]:
        ax.set_ylabel("val, bits")
    return figure


def color_of(label: str) -> str:
    """Return the color of the cell that a label names first, grey if it names none."""
    cell = label.replace(",", " ").split(" ")[0].lower()
    return SHADES[cell][0] if cell in SHADES else GREY


def _family(ax: Axes, rows: pd.DataFrame, width: int) -> None:
    """Draw the runs of one family."""
    label = str(rows["label"].iloc[0])
    color = color_of(label)
    good = _good(rows)
    failed = rows.drop(good.index)
    ax.set_xscale("log")
    if len(good):
        # A run that learned nothing, though it did not diverge, must not flatten the others.
        low = float(good["val_bpc"].min())
        high = min(float(good["val_bpc"].max()), low + max(4 * _middle_spread(good), 0.05))
        room = max(high - low, 0.02)
        # Room for the crosses, and for the legend.
        top = 0.25 if good["init"].nunique() == 1 else 1.1
        ax.set_ylim(low - 0.1 * room, high + top * room)
    for k, (init, own) in enumerate(good.groupby("init", sort=False)):
        own = own.sort_values("learning_rate")
        ax.plot(own["learning_rate"], own["val_bpc"], color=color, linestyle=LINES[k % len(LINES)],
                marker=MARKERS[k % len(MARKERS)], markersize=5, label=str(init))  # fmt: skip
    chosen = good[good["chosen"].astype(bool)]
    ax.plot(chosen["learning_rate"], chosen["val_bpc"], "o", markersize=12, markeredgecolor=color,
            markerfacecolor="none", markeredgewidth=1.8)  # fmt: skip
    edge = np.full(len(failed), 0.96)
    ax.plot(failed["learning_rate"], edge, "x", color=color, markersize=8,
            markeredgewidth=2, transform=ax.get_xaxis_transform())  # fmt: skip
    if good["init"].nunique() > 1:
        ax.legend(fontsize=SMALL, loc="upper left", handlelength=2, borderaxespad=0)
    _rate_ticks(ax, sorted(rows["learning_rate"].unique()))
    ax.set_title(wrap(label, width))


def _middle_spread(good: pd.DataFrame) -> float:
    """Return the distance from the lowest loss to the middle one."""
    return float(good["val_bpc"].median() - good["val_bpc"].min())


def _rate_ticks(ax: Axes, rates: list[float]) -> None:
    """Label the lowest, the middle and the highest rate."""
    shown = sorted({rates[0], rates[len(rates) // 2], rates[-1]})
    ax.set_xticks(shown, [f"{rate:g}" for rate in shown])
    ax.minorticks_off()

"""Figure of the gradient norms during training, with the bound of clipping."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from charlab.plots.curves import MILLION, trainings
from charlab.plots.naming import name_lines
from charlab.plots.registry import figure
from charlab.plots.stating import listed, percent
from charlab.plots.style import GREY, SMALL, Styles, canvas, number
from charlab.plots.values import UNNAMED


def _norms(
    curves: pd.DataFrame,
    variants: pd.DataFrame,
    styles: Styles,
    title: str,
    seeds: pd.DataFrame | None,
) -> str:
    """State the largest norm of each variant, the bound, and how often it acted."""
    known, parts = {row["variant"]: row for row in variants.to_dict("records")}, []
    for own in trainings(curves, styles, seeds):
        row, norms = known[own.slug], own.rows["grad_norm"]
        part = f"{own.label} up to {number(norms.max())}" if norms.notna().any() else own.label
        if row["clip"] == "norm" and pd.notna(row["clipped"]):
            part += f" (bound {row['clip_at']:g}, {percent(row['clipped'])} of the steps clipped)"
        parts.append(part)
    return f"{title}. Gradient norm before clipping: {listed(parts)}."


@figure(
    "Mean gradient norm before clipping, between measurements; a line per seed, crosses: diverged.",
    needs=("curves", "variants", "styles", "title"),
    optional=("seeds",),
    vary=("clip",),
    states=_norms,
)
def clipping(
    curves: pd.DataFrame,
    variants: pd.DataFrame,
    styles: Styles,
    title: str,
    seeds: pd.DataFrame | None = None,
) -> Figure:
    """Draw the gradient norms during training with the bound, on a logarithmic scale.

    Parameters
    ----------
    curves : DataFrame
        ``variant``, ``seed``, ``chars``, ``grad_norm`` (mean since the point before).
    variants : DataFrame
        ``variant``, ``clip``, ``clip_at``, ``clipped`` (share of the steps).
    seeds : DataFrame, optional
        ``variant``, ``seed``, ``diverged_at_step``.
    """
    figure, (ax,) = canvas(3.6, title=title)
    known = {row["variant"]: row for row in variants.to_dict("records")}
    for own in trainings(curves, styles, seeds):
        row, label = known[own.slug], own.label
        if row["clip"] == "norm" and pd.notna(row["clipped"]):
            label += f": {100 * row['clipped']:.0f} % of the steps clipped"
        style = {"color": own.series.color, "linestyle": own.series.line, "linewidth": 1.2}
        # One name per variant, even without a measurement; an underscore is left out.
        by_seed = [rows for _, rows in own.rows.groupby("seed")] or [own.rows]
        for k, rows in enumerate(by_seed):
            shown = label if k == 0 else f"{UNNAMED}{own.series.label}"
            ax.plot(rows["chars"] / MILLION, rows["grad_norm"], marker=".", **style, label=shown)
        for chars in own.diverged.values():
            cross: dict[str, Any] = {
                "marker": "x",
                "markersize": 10,
                "markeredgewidth": 2.4,
                "clip_on": False,
            }
            place = ax.get_xaxis_transform()
            ax.plot(chars / MILLION, 0.98, color=own.series.color, transform=place, **cross)
    ax.set_yscale("log")  # an exploding gradient is larger by orders of magnitude
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("")
    for bound in sorted({row["clip_at"] for row in known.values() if row["clip"] == "norm"}):
        ax.axhline(bound, color=GREY, linestyle="--", linewidth=1.4, label="_bound")
        ax.annotate(f"bound {bound:g}", (0.99, bound), xycoords=ax.get_yaxis_transform(),
                    xytext=(0, 2), textcoords="offset points", ha="right", size=SMALL,
                    color=GREY)  # fmt: skip
    ax.set(xlabel="characters read, millions", ylabel="gradient norm")
    name_lines(figure, ax)
    return figure

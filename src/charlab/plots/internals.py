"""Figures of the internals of trained models: gradients, activations, gates, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.memory import bin_labels, bins_of
from charlab.plots.naming import columns_for, legend_below, name_lines
from charlab.plots.registry import figure
from charlab.plots.stating import bits, listed, means, percent
from charlab.plots.style import GREY, INK, Styles, by_variant, canvas, number, wrap
from charlab.plots.values import Scale, give, rounded

MARKED = (10, 30, 60)
"""Lags at which the gradient is marked."""

SMALLEST = 1e-12
"""Gradient below which the axis ends."""


def _norms(gradient_by_lag: pd.DataFrame, styles: Styles) -> str:
    """State the norm of each line at the last of the marked lags, or else at the last lag."""
    parts = []
    for rows, series in by_variant(gradient_by_lag, styles):
        marked = rows[rows["lag"].isin(MARKED)]
        last = (marked if len(marked) else rows).iloc[-1]
        parts.append(f"{series.label} {number(last['norm'])} at lag {last['lag']:.0f}")
        if pd.notna(last["cell_norm"]):
            parts[-1] += f", its cell state {number(last['cell_norm'])}"
    return f"Gradient norm relative to lag 0: {listed(parts)}."


@figure(
    "How the loss depends on the state some characters before: norm of its gradient.",
    needs=("gradient_by_lag", "styles"),
    vary=("activation", "cell"),
    states=_norms,
)
def gradient_by_lag(gradient_by_lag: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the gradient norm by lag, on a logarithmic scale.

    Parameters
    ----------
    gradient_by_lag : DataFrame
        ``variant``, ``lag``, ``norm`` relative to lag 0, ``cell_norm`` (LSTM).
    """
    figure, (ax,) = canvas(3.9, title="Gradient by lag")
    for rows, series in by_variant(gradient_by_lag, styles):
        _gradient(ax, rows["lag"], rows["norm"], series.color, series.line, series.label)
        if rows["cell_norm"].notna().any():  # only an LSTM has a cell state
            label = f"{series.label}: cell"
            _gradient(ax, rows["lag"], rows["cell_norm"], series.color, (0, (1.2, 1.2)), label)
    # A gradient that shrinks by the same factor at each step is a straight line.
    ax.set_yscale("log")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], SMALLEST))
    for lag in MARKED:
        ax.axvline(lag, color=GREY, alpha=0.4, linewidth=0.8, label="_")
    ax.set_xlim(0, float(gradient_by_lag["lag"].max()))
    ax.set(xlabel="lag, characters", ylabel="gradient norm, lag 0 = 1")
    name_lines(figure, ax)
    return figure


def _gradient(
    ax: Axes, lags: pd.Series[int], norms: pd.Series[float], color: str, line: Any, label: str
) -> None:
    """Draw one line, with marks at some lags, and the value at the last of them in its label."""
    marked = [int(k) for k in np.flatnonzero(lags.isin(MARKED))]
    if marked:
        label += f"\n{number(float(norms.iloc[marked[-1]]))} at {lags.iloc[marked[-1]]}"
    ax.plot(lags, norms, color=color, linestyle=line, marker="o", markevery=marked, label=label)


STARTS = {"carried": "-", "zero": "--", "learned": ":"}
"""Line style of each initial state."""


def _starts(loss_by_position: pd.DataFrame, styles: Styles) -> str:
    """State the loss of each initial state at the first and at the last position."""
    parts = []
    for rows, series in by_variant(loss_by_position, styles):
        for start in STARTS:
            ends = [
                f"{bits(row[f'{start}_bpc'])} after {row['position']:.0f}"
                for row in rows.iloc[[0, -1]].to_dict("records")
                if pd.notna(row[f"{start}_bpc"])
            ]
            if ends:
                parts.append(f"{series.label}, {start}: {', '.join(ends)}")
    return f"How the state starts. Test loss, by characters read: {listed(parts)}."


@figure(
    "Test loss after so many characters of a chunk, by what the state was at its start.",
    needs=("loss_by_position", "styles"),
    section="model",
    vary=("state",),
    states=_starts,
)
def loss_by_position(loss_by_position: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the loss by position in a chunk, a line per initial state.

    Parameters
    ----------
    loss_by_position : DataFrame
        ``variant``, ``position``, ``carried_bpc``, ``zero_bpc``, ``learned_bpc``.
    """
    figure, (ax,) = canvas(3.4, title="How the state starts")
    for rows, series in by_variant(loss_by_position, styles):
        for start, style in STARTS.items():
            values = rows[f"{start}_bpc"]
            if values.notna().any():  # few variants have a learned initial state
                label = f"{series.label}: {start}"
                ax.plot(rows["position"], values, style, color=series.color, label=label)
    # Positions are powers of two; the default formatter would print them as such.
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set(xlabel="characters read since the start of the chunk")
    ax.set(ylabel="test loss, bits per character")
    name_lines(figure, ax)
    return figure


def _forgotten(loss_by_distance: pd.DataFrame, styles: Styles) -> str:
    """State the loss above the floor at the nearest and at the farthest distance."""
    parts = []
    for rows, series in by_variant(loss_by_distance, styles):
        above = (rows["bpc"] - rows["floor_bpc"]).tolist()
        ends = bin_labels(rows)
        parts.append(f"{series.label} {bits(above[0])} at {ends[0]}, {bits(above[-1])} "
                     f"at {ends[-1]}")  # fmt: skip
    return f"Test loss above the floor, by distance in characters: {listed(parts)}."


@figure(
    "Test loss above the floor, by how far back the thing is that a character depends on.",
    needs=("loss_by_distance", "styles"),
    vary=("cell",),
    states=_forgotten,
)
def loss_by_distance(loss_by_distance: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the loss above the floor by the distance of the dependency.

    Parameters
    ----------
    loss_by_distance : DataFrame
        ``variant``, ``low``, ``high``, ``bpc``, ``floor_bpc``, ``forgotten_bpc``.
    """
    figure, (ax,) = canvas(3.4, title="What is forgotten")
    for rows, series in by_variant(loss_by_distance, styles):
        above = rows["bpc"] - rows["floor_bpc"]
        style = {"color": series.color, "linestyle": series.line, "marker": series.marker}
        ax.plot(rows["low"], above, **style, label=series.label)
    # The floor and the loss without memory depend on the text only, so one variant's rows suffice.
    bins = bins_of(loss_by_distance)
    lost = bins["forgotten_bpc"].astype(float) - bins["floor_bpc"]
    if lost.notna().any():
        label = "knows the rules, has forgotten the thing"
        ax.plot(bins["low"], lost, "--", color=GREY, label=label)
    ax.set_xscale("log", base=2)
    ax.set_xticks(bins["low"], bin_labels(bins), rotation=30, ha="right", rotation_mode="anchor")
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set(xlabel="distance of the dependency, characters")
    ax.set(ylabel="test loss above floor, bits")
    legend_below(figure, ax, columns_for(["knows the rules, has forgotten the thing"]))
    return figure


def _fullest(activations: pd.DataFrame, styles: Styles) -> str:
    """State the range of values that is most frequent in each variant."""
    parts = []
    for rows, series in by_variant(activations, styles):
        top = rows.iloc[int(rows["share"].to_numpy().argmax())]
        parts.append(f"{series.label} {percent(top['share'])} from {top['low']:.3g} "
                     f"to {top['high']:.3g}")  # fmt: skip
    return f"Most frequent hidden activations: {listed(parts)}."


@figure(
    "Hidden activations on the test split: how large a share of them has which value.",
    needs=("activations", "styles"),
    vary=("activation",),
    states=_fullest,
)
def activations(activations: pd.DataFrame, styles: Styles) -> Figure:
    """Draw a histogram of the hidden activations, a panel per variant.

    Parameters
    ----------
    activations : DataFrame
        ``variant``, ``low``, ``high``, ``share``.
    """
    variants = by_variant(activations, styles)
    columns = min(4, len(variants))
    rows_of = -(-len(variants) // columns)
    figure, axes = canvas(0.3 + 2.3 * rows_of, title="Hidden activations", columns=columns,
                          rows=rows_of)  # fmt: skip
    for ax in axes[len(variants) :]:
        ax.axis("off")
    for ax, (rows, series) in zip(axes, variants, strict=False):
        edges = [*rows["low"], rows["high"].iloc[-1]]  # (bins + 1,)
        ax.stairs(rows["share"], edges, fill=True, color=series.color)
        ax.set(xlabel="activation", title=wrap(series.label, width=52 // columns))
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    for ax in axes[::columns]:
        ax.set_ylabel("share")
    return figure


def _shut_and_open(gate_units: pd.DataFrame) -> str:
    """State the mean share of time that each gate is shut and open."""
    shut, opened = (means(gate_units, "gate", which) for which in ("shut", "open"))
    parts = [f"{gate} {percent(shut[gate])} shut, {percent(opened[gate])} open" for gate in shut]
    return f"Gates of the model, mean share of time: {listed(parts)}."


@figure(
    "How often each unit's gates are nearly shut (below 0.1) and nearly open (above 0.9).",
    needs=("gate_units",),
    section="inside",
    states=_shut_and_open,
)
def gate_saturation(gate_units: pd.DataFrame) -> Figure:
    """Draw a dot per unit: share of time open against share of time shut.

    Parameters
    ----------
    gate_units : DataFrame
        ``gate``, ``layer``, ``shut``, ``open``; one row per gate and unit.
    """
    names = list(dict.fromkeys(gate_units["gate"]))
    figure, axes = canvas(2.6, title="Gates of the model", columns=len(names), sharey=True)
    for ax, gate in zip(axes, names, strict=True):
        rows = gate_units[gate_units["gate"] == gate]
        ax.plot(rows["shut"], rows["open"], "o", color=INK, markersize=4, alpha=0.5)
        # Shut and open exclude each other, so every dot is on or below this line.
        ax.plot([0, 1], [1, 0], color=GREY, linewidth=0.8)
        ax.set(xlabel="share of time shut", title=f"{gate} gate", xlim=(-0.03, 1.03))
        ax.set_aspect("equal")
        # A unit is numbered within its layer.
        signs = [str(unit) for unit in rows.groupby("layer").cumcount()]
        shares = [rounded(rows[share]) for share in ("shut", "open")]
        axes_of_shares = Scale("share of time shut"), Scale("share of time open")
        give(ax, [["unit", *shares, "", None, signs]], *axes_of_shares)
    axes[0].set(ylabel="share of time open", ylim=(-0.03, 1.03))
    return figure

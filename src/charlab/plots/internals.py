"""Figures of the internals of trained models: gradients, activations, gates, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from charlab.plots.memory import bin_labels, bins_of
from charlab.plots.naming import columns_for, legend_below, name_lines
from charlab.plots.registry import figure
from charlab.plots.style import (
    DIVERGING,
    GREY,
    INK,
    SMALL,
    Styles,
    by_variant,
    canvas,
    literal,
    number,
    wrap,
)

MARKED = (10, 30, 60)
"""Lags at which the gradient is marked."""

SMALLEST = 1e-12
"""Gradient below which the axis ends."""


@figure(
    "How the loss depends on the state some characters before: norm of its gradient.",
    needs=("gradient_by_lag", "styles"),
    vary=("activation", "cell"),
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


@figure(
    "Test loss after so many characters of a chunk, by what the state was at its start.",
    needs=("loss_by_position", "styles"),
    section="model",
    vary=("state",),
)
def loss_by_position(loss_by_position: pd.DataFrame, styles: Styles) -> Figure:
    """Draw the loss by position in a chunk, a line per initial state.

    Parameters
    ----------
    loss_by_position : DataFrame
        ``variant``, ``position``, ``carried_bpc``, ``zero_bpc``, ``learned_bpc``.
    """
    figure, (ax,) = canvas(3.4, title="How the state starts")
    starts = (("carried", "-"), ("zero", "--"), ("learned", ":"))
    for rows, series in by_variant(loss_by_position, styles):
        for start, style in starts:
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


@figure(
    "Test loss above the floor, by how far back the thing is that a character depends on.",
    needs=("loss_by_distance", "styles"),
    vary=("cell",),
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


@figure(
    "Hidden activations on the test split: how large a share of them has which value.",
    needs=("activations", "styles"),
    vary=("activation",),
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


@figure(
    "How often each unit's gates are nearly shut (below 0.1) and nearly open (above 0.9).",
    needs=("gate_units",),
    section="inside",
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
    axes[0].set(ylabel="share of time open", ylim=(-0.03, 1.03))
    return figure


@figure(
    "Trained matrices of the first layer and the head, averaged where too large to draw.",
    needs=("weights",),
    section="model",
)
def weights(weights: dict[str, Any]) -> Figure:
    """Draw the three weight matrices as images.

    Parameters
    ----------
    weights : dict
        ``weight_ih``, ``weight_hh``, ``head``: lists of rows; ``shapes``, ``chars``.
    """
    names = {"weight_ih": "W_xh", "weight_hh": "W_hh", "head": "W_hy"}
    figure, axes = canvas(4.3, title="Trained weights", columns=3)
    for ax, (key, name) in zip(axes, names.items(), strict=True):
        matrix = np.array(weights[key])  # (rows, columns), averaged to a drawable size
        # Saturate at the 99th percentile, or a few large weights would make all others pale.
        bound = float(np.quantile(np.abs(matrix), 0.99)) or 1.0
        mesh = ax.imshow(
            matrix, cmap=DIVERGING, vmin=-bound, vmax=bound, aspect="auto", interpolation="none"
        )
        rows, columns = weights["shapes"][key]  # before averaging
        ax.set_title(f"{name}, {rows} × {columns}")
        ax.grid(visible=False)
        ax.set(xticks=[], yticks=[])
        bar = figure.colorbar(mesh, ax=ax, orientation="horizontal", shrink=0.85)
        bar.locator = MaxNLocator(3)
        bar.update_ticks()
    axes[0].set(xlabel="character in")
    axes[1].set(xlabel="unit before")
    axes[2].set(xlabel="unit", ylabel="character out")
    # The head has a row per character, the other two have a block of rows per gate.
    for ax, key in zip(axes[:2], names, strict=False):
        _name_gates(ax, weights["row_blocks"], len(weights[key]))
    return figure


def _name_gates(ax: Axes, gates: list[str], rows: int) -> None:
    """Label the rows of each gate and draw a line between two gates."""
    if len(gates) < 2:
        return  # the one block of an RNN needs no label
    each = rows / len(gates)  # a large matrix is averaged, so this may be a fraction
    ax.set_yticks([each * (k + 0.5) - 0.5 for k in range(len(gates))], gates)
    ax.tick_params(axis="y", length=0, labelrotation=90, labelsize=SMALL)
    for label in ax.get_yticklabels():
        label.set_verticalalignment("center")
    for k in range(1, len(gates)):
        ax.axhline(each * k - 0.5, color=INK, linewidth=1)


@figure(
    "Probability of each character to come next, at one place of test; dark, the one that came.",
    needs=("next_char",),
    section="generation",
)
def next_char(next_char: pd.DataFrame) -> Figure:
    """Draw a bar per next character, and mark the one that follows in the text.

    Parameters
    ----------
    next_char : DataFrame
        ``rank``, ``char``, ``probability``, the likeliest first; ``came_next`` (1 or 0).
    """
    rows = next_char.head(20)  # the rest would be too narrow to label
    came = next_char[next_char["came_next"] == 1]
    title = "One prediction"
    if len(came):
        true = came.iloc[0]
        title += f": what came is “{visible(true['char'])}”, number {true['rank']} of the guesses"
    figure, (ax,) = canvas(2.5, title=title)
    colors = [INK if true else GREY for true in rows["came_next"]]
    ax.bar(rows["rank"], rows["probability"], color=colors, width=0.7)
    marked = rows[rows["came_next"] == 1]
    ax.plot(
        marked["rank"], marked["probability"] + 0.05 * rows["probability"].max(), "v", color=INK
    )
    ax.set_xticks(rows["rank"], [visible(char) for char in rows["char"]])
    ax.grid(axis="x", visible=False)
    ax.margins(y=0.15)
    ax.set(xlabel="next character", ylabel="probability")
    return figure


def visible(char: str) -> str:
    """Return a visible sign for a space, a tab or a line break, and escapes for controls."""
    shown = {" ": "␣", "\n": "↵", "\t": "⇥", "\xa0": "⍽"}.get(char, char)
    return literal(shown)

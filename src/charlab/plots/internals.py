"""Figures of the internals of trained models: gradients, activations, gates, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.registry import figure
from charlab.plots.style import (
    BLACK,
    DIVERGING,
    GREY,
    PALETTE,
    Styles,
    by_variant,
    canvas,
    columns_for,
    legend_below,
    literal,
    wrap,
)

ENOUGH = 20
"""Minimum number of characters in a bin; the mean of a smaller one is mostly noise."""


@figure(
    "How the loss depends on the hidden state some characters before: norm of its gradient.",
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
    figure, (ax,) = canvas(3.4)
    variants = by_variant(gradient_by_lag, styles)
    for rows, series in variants:
        ax.plot(rows["lag"], rows["norm"], color=series.color, label=series.label)
        if rows["cell_norm"].notna().any():  # only an LSTM has a cell state
            label = f"{series.label}: cell"
            ax.plot(rows["lag"], rows["cell_norm"], ":", color=series.color, label=label)
    # A gradient that shrinks by the same factor at each step is a straight line.
    ax.set_yscale("log")
    ax.set(xlabel="lag, characters", ylabel="gradient norm, lag 0 = 1", title="Gradient by lag")
    legend_below(figure, ax, columns_for(f"{series.label}: cell" for _, series in variants))
    return figure


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
    figure, (ax,) = canvas(3.4)
    starts = (("carried", "-"), ("zero", "--"), ("learned", ":"))
    variants = by_variant(loss_by_position, styles)
    for rows, series in variants:
        for start, style in starts:
            values = rows[f"{start}_bpc"]
            if values.notna().any():  # few variants have a learned initial state
                label = f"{series.label}: {start}"
                ax.plot(rows["position"], values, style, color=series.color, label=label)
    # Positions are powers of two; the default formatter would print them as such.
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set(xlabel="characters read since the start of the chunk")
    ax.set(ylabel="test loss, bits per character", title="How the state starts")
    legend_below(figure, ax, columns_for(f"{series.label}: carried" for _, series in variants))
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
        ``variant``, ``low``, ``high``, ``chars``, ``bpc``, ``floor_bpc``, ``forgotten_bpc``.
    """
    figure, (ax,) = canvas(3.4)
    table = loss_by_distance[loss_by_distance["chars"] >= ENOUGH]
    for rows, series in by_variant(table, styles):
        above = rows["bpc"] - rows["floor_bpc"]
        ax.plot(rows["low"], above, color=series.color, marker=series.marker, label=series.label)
    # The floor and the loss without memory depend on the text only, so one variant's rows suffice.
    bins = table.drop_duplicates("low").sort_values("low")
    lost = bins["forgotten_bpc"].astype(float) - bins["floor_bpc"]
    if lost.notna().any():
        label = "knows the rules, has forgotten the thing"
        ax.plot(bins["low"], lost, "--", color=GREY, label=label)
    labels = [
        f"{low}" if low == high else f"{low}-{high}"
        for low, high in zip(bins["low"], bins["high"], strict=True)
    ]
    ax.set_xscale("log", base=2)
    ax.set_xticks(bins["low"], labels, rotation=30, ha="right", rotation_mode="anchor")
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set(xlabel="distance of the dependency, characters", title="What is forgotten")
    ax.set(ylabel="test loss above floor, bits")
    legend_below(figure, ax, 2)
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
    figure, axes = canvas(2.5, columns=len(variants))
    for ax, (rows, series) in zip(axes, variants, strict=True):
        edges = [*rows["low"], rows["high"].iloc[-1]]  # (bins + 1,)
        ax.stairs(rows["share"], edges, fill=True, color=series.color)
        ax.set(xlabel="activation", title=wrap(series.label, width=64 // len(variants)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes[0].set_ylabel("share of all units and characters")
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
    figure, axes = canvas(2.7, columns=len(names), sharey=True)
    for ax, gate, color in zip(axes, names, PALETTE, strict=False):
        rows = gate_units[gate_units["gate"] == gate]
        ax.plot(rows["shut"], rows["open"], "o", color=color, markersize=4, alpha=0.6)
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
    figure, axes = canvas(3.3, columns=3)
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
        figure.colorbar(mesh, ax=ax, orientation="horizontal", shrink=0.85)
    axes[0].set(xlabel="character in", ylabel="unit")
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
    ax.tick_params(axis="y", length=0, labelrotation=90)
    for label in ax.get_yticklabels():
        label.set_verticalalignment("center")
    for k in range(1, len(gates)):
        ax.axhline(each * k - 0.5, color=BLACK, linewidth=1)


@figure(
    "Probability of each character to come next, as the model sees it at one place of test.",
    needs=("next_char",),
    section="generation",
)
def next_char(next_char: pd.DataFrame) -> Figure:
    """Draw a bar per next character.

    Parameters
    ----------
    next_char : DataFrame
        ``rank``, ``char``, ``probability``, the likeliest first.
    """
    rows = next_char.head(24)  # the rest would be too narrow to label
    figure, (ax,) = canvas(2.5)
    ax.bar(rows["rank"], rows["probability"], color=BLACK, width=0.7)
    ax.set_xticks(rows["rank"], [visible(char) for char in rows["char"]])
    ax.grid(axis="x", visible=False)
    ax.set(xlabel="next character", ylabel="probability", title="One prediction")
    return figure


def visible(char: str) -> str:
    """Return a visible sign for a space, a tab or a line break, and escapes for controls."""
    shown = {" ": "␣", "\n": "↵", "\t": "⇥", "\xa0": "⍽"}.get(char, char)
    return literal(shown)

"""Figures of what is inside trained models: gradients, activations, gates, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charlab.plots.style import (
    BLACK,
    DIVERGING,
    GREY,
    PALETTE,
    Legend,
    canvas,
    columns_for,
    legend_below,
    wrap,
)

ENOUGH = 20
"""A bin of fewer characters is mostly chance, and is not drawn."""


def _names(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["variant"]))


def gradient_by_lag(gradient_by_lag: pd.DataFrame, legend: Legend) -> Figure:
    """How the loss depends on the hidden state some characters before: norm of its gradient.

    Parameters
    ----------
    gradient_by_lag : DataFrame
        ``variant``, ``lag``, ``norm`` relative to lag 0, ``cell_norm`` (LSTM).
    """
    figure, (ax,) = canvas(3.4)
    names = _names(gradient_by_lag)
    for name in names:
        rows, look = gradient_by_lag[gradient_by_lag["variant"] == name], legend[name]
        ax.plot(rows["lag"], rows["norm"], color=look.color, label=look.title)
        if rows["cell_norm"].notna().any():
            label = f"{look.title}: cell"
            ax.plot(rows["lag"], rows["cell_norm"], ":", color=look.color, label=label)
    ax.set_yscale("log")
    ax.set(xlabel="lag, characters", ylabel="gradient norm, lag 0 = 1", title="Gradient by lag")
    legend_below(figure, ax, columns_for(f"{legend[name].title}: cell" for name in names))
    return figure


def loss_by_position(loss_by_position: pd.DataFrame, legend: Legend) -> Figure:
    """Test loss after so many characters of a chunk, by what the state was at its start.

    Parameters
    ----------
    loss_by_position : DataFrame
        ``variant``, ``position``, ``carried_bpc``, ``zero_bpc``, ``learned_bpc``.
    """
    figure, (ax,) = canvas(3.4)
    starts = (("carried", "-"), ("zero", "--"), ("learned", ":"))
    names = _names(loss_by_position)
    for name in names:
        rows, look = loss_by_position[loss_by_position["variant"] == name], legend[name]
        for start, style in starts:
            values = rows[f"{start}_bpc"]
            if values.notna().any():
                label = f"{look.title}: {start}"
                ax.plot(rows["position"], values, style, color=look.color, label=label)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set(xlabel="characters read since the start of the chunk")
    ax.set(ylabel="test loss, bits per character", title="How the state starts")
    legend_below(figure, ax, columns_for(f"{legend[name].title}: carried" for name in names))
    return figure


def loss_by_distance(loss_by_distance: pd.DataFrame, legend: Legend) -> Figure:
    """Test loss above the floor, by how far back the thing is that a character depends on.

    Parameters
    ----------
    loss_by_distance : DataFrame
        ``variant``, ``low``, ``high``, ``chars``, ``bpc``, ``floor_bpc``, ``forgotten_bpc``.
    """
    figure, (ax,) = canvas(3.4)
    loss_by_distance = loss_by_distance[loss_by_distance["chars"] >= ENOUGH]
    names = _names(loss_by_distance)
    for name in names:
        rows, look = loss_by_distance[loss_by_distance["variant"] == name], legend[name]
        above = rows["bpc"] - rows["floor_bpc"]
        ax.plot(rows["low"], above, color=look.color, marker=look.marker, label=look.title)
    bins = loss_by_distance.drop_duplicates("low").sort_values("low")
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


def activations(activations: pd.DataFrame, legend: Legend) -> Figure:
    """Hidden activations on the test split: how large a share of them has which value.

    Parameters
    ----------
    activations : DataFrame
        ``variant``, ``low``, ``high``, ``share``.
    """
    names = _names(activations)
    figure, axes = canvas(2.5, columns=len(names))
    for ax, name in zip(axes, names, strict=True):
        rows = activations[activations["variant"] == name]
        edges = [*rows["low"], rows["high"].iloc[-1]]
        ax.stairs(rows["share"], edges, fill=True, color=legend[name].color)
        ax.set(xlabel="activation", title=wrap(legend[name].title, width=64 // len(names)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes[0].set_ylabel("share of all units and characters")
    return figure


def gate_saturation(gate_units: pd.DataFrame) -> Figure:
    """How often each unit's gates are nearly shut (below 0.1) and nearly open (above 0.9).

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
        ax.plot([0, 1], [1, 0], color=GREY, linewidth=0.8)
        ax.set(xlabel="share of time shut", title=f"{gate} gate", xlim=(-0.03, 1.03))
        ax.set_aspect("equal")
    axes[0].set(ylabel="share of time open", ylim=(-0.03, 1.03))
    return figure


def weights(weights: dict[str, Any]) -> Figure:
    """Trained matrices of the first layer and the head, averaged where too large to draw.

    Parameters
    ----------
    weights : dict
        ``weight_ih``, ``weight_hh``, ``head``: lists of rows; ``shapes``, ``chars``.
    """
    names = {"weight_ih": "W_xh", "weight_hh": "W_hh", "head": "W_hy"}
    figure, axes = canvas(3.3, columns=3)
    for ax, (key, name) in zip(axes, names.items(), strict=True):
        matrix = np.array(weights[key])
        # Saturate at the 99th percentile: a few large weights would pale all others.
        bound = float(np.quantile(np.abs(matrix), 0.99)) or 1.0
        mesh = ax.imshow(
            matrix, cmap=DIVERGING, vmin=-bound, vmax=bound, aspect="auto", interpolation="none"
        )
        rows, columns = weights["shapes"][key]
        ax.set_title(f"{name}, {rows} × {columns}")
        ax.grid(visible=False)
        ax.set(xticks=[], yticks=[])
        figure.colorbar(mesh, ax=ax, orientation="horizontal", shrink=0.85)
    axes[0].set(xlabel="character in", ylabel="unit")
    axes[1].set(xlabel="unit before")
    axes[2].set(xlabel="unit", ylabel="character out")
    for ax, key in zip(axes[:2], names, strict=False):
        _name_gates(ax, weights["row_blocks"], len(weights[key]))
    return figure


def _name_gates(ax: Axes, gates: list[str], rows: int) -> None:
    """Mark where each gate's rows begin, and name it, if there is more than one."""
    if len(gates) < 2:
        return
    each = rows / len(gates)
    ax.set_yticks([each * (k + 0.5) - 0.5 for k in range(len(gates))], gates)
    ax.tick_params(axis="y", length=0, labelrotation=90)
    for label in ax.get_yticklabels():
        label.set_verticalalignment("center")
    for k in range(1, len(gates)):
        ax.axhline(each * k - 0.5, color=BLACK, linewidth=1)


def next_char(next_char: pd.DataFrame) -> Figure:
    """Probability of each character to come next, as the model sees it at one place of test.

    Parameters
    ----------
    next_char : DataFrame
        ``rank``, ``char``, ``probability``, the likeliest first.
    """
    rows = next_char.head(24)
    figure, (ax,) = canvas(2.5)
    ax.bar(rows["rank"], rows["probability"], color=BLACK, width=0.7)
    ax.set_xticks(rows["rank"], [visible(char) for char in rows["char"]])
    ax.grid(axis="x", visible=False)
    ax.set(xlabel="next character", ylabel="probability", title="One prediction")
    return figure


def visible(char: str) -> str:
    """Return a sign that can be seen for a space or a line break."""
    shown = {" ": "␣", "\n": "↵", "\t": "⇥", "\xa0": "⍽"}.get(char, char)
    return shown.replace("$", r"\$")  # a dollar would begin a formula

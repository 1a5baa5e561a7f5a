"""Figure of the trained weight matrices of *the* model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from charlab.core.sums import mean
from charlab.plots.predictions import visible
from charlab.plots.registry import figure
from charlab.plots.stating import listed
from charlab.plots.style import DIVERGING, INK, SMALL, canvas, number
from charlab.plots.values import Scale, Series, give, rounded

NAMES = {"weight_ih": "W_xh", "weight_hh": "W_hh", "head": "W_hy"}

PIECES = 21
"""Maximum number of pieces along the units whose mean weight is in the file, for its size."""


@dataclass(frozen=True)
class Side:
    """The rows or columns of a drawn matrix.

    Attributes
    ----------
    label : str
    pieces : list of tuple
        First row of each piece, and the one after its last.
    names : list of str
        Name of each row: that of its piece.
    """

    label: str
    pieces: list[tuple[int, int]]
    names: list[str]


def _sizes(weights: dict[str, Any]) -> str:
    """State the shape of each matrix, and between which values most of its weights are."""
    parts = []
    for key, name in NAMES.items():
        low, high = (float(v) for v in np.quantile(np.array(weights[key]), (0.05, 0.95)))
        rows, columns = weights["shapes"][key]
        parts.append(f"{name} ({rows} × {columns}) {number(low)} to {number(high)}")
    return f"Trained weights, nine tenths of those drawn: {listed(parts)}."


@figure(
    "Trained matrices of the first layer and the head, averaged where too large to draw.",
    needs=("weights",),
    section="model",
    states=_sizes,
)
def weights(weights: dict[str, Any]) -> Figure:
    """Draw the three weight matrices as images.

    Parameters
    ----------
    weights : dict
        ``weight_ih``, ``weight_hh``, ``head``: lists of rows; ``shapes``, ``chars``.
    """
    figure, axes = canvas(4.3, title="Trained weights", columns=3)
    for ax, (key, name) in zip(axes, NAMES.items(), strict=True):
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
    for ax, key in zip(axes[:2], NAMES, strict=False):
        _name_gates(ax, weights["row_blocks"], len(weights[key]))
    chars, gates = _by_character(weights["chars"]), weights["row_blocks"]
    hidden = weights["shapes"]["weight_hh"][1]
    inward, recurrent, head = (np.array(weights[key]) for key in NAMES)
    below = [_by_unit("unit", hidden, len(matrix), gates) for matrix in (inward, recurrent)]
    _give(axes[0], inward, replace(chars, label="character in"), below[0])
    _give(axes[1], recurrent, _by_unit("unit before", hidden, recurrent.shape[1]), below[1])
    _give(axes[2], head, _by_unit("unit", hidden, head.shape[1]), chars)
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


def _by_character(chars: Sequence[str]) -> Side:
    """Return the side of a matrix that has a row for each character."""
    pieces = [(k, k + 1) for k in range(len(chars))]
    return Side("character out", pieces, [visible(char) for char in chars])


def _by_unit(label: str, hidden: int, drawn: int, gates: Sequence[str] = ("",)) -> Side:
    """Return a side with ``drawn`` rows for ``hidden`` units, once for each gate."""
    side, each = Side(label, [], []), drawn // len(gates)
    step = max(-(-each * len(gates) // PIECES), 1)  # rounded up; a matrix may have no row per gate
    for gate_number, gate in enumerate(gates):
        for low in range(0, each, step):
            high = min(low + step, each)
            side.pieces.append((gate_number * each + low, gate_number * each + high))
            # Rows are means over as many units as charlab.evaluate.activations takes for each.
            first, last = low * hidden // each, high * hidden // each - 1
            units = f"{first}–{last}" if first < last else str(first)
            side.names.extend([f"{gate} {units}".strip()] * (high - low))
    return side


def _give(ax: Axes, matrix: np.ndarray[Any, Any], across: Side, down: Side) -> None:
    """Give the mean weight of each piece of a matrix to the file."""
    series: list[Series] = []
    middles = [(low + high - 1) / 2 for low, high in across.pieces]
    for low, high in down.pieces:
        means = [mean(matrix[low:high, left:right].ravel()) for left, right in across.pieces]
        rows = [(low + high - 1) / 2] * len(means)
        series.append(["", middles, rows, "mean weight", rounded(means, 2)])
    give(ax, series, Scale(across.label, across.names), Scale(down.label, down.names))

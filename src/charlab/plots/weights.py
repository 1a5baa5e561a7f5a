"""Figure of the trained weight matrices of *the* model."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from charlab.plots.registry import figure
from charlab.plots.stating import listed
from charlab.plots.style import DIVERGING, INK, SMALL, canvas, number

NAMES = {"weight_ih": "W_xh", "weight_hh": "W_hh", "head": "W_hy"}


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

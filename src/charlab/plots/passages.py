"""A passage of text, coloured by one unit of the network that reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from charlab.plots.internals import visible
from charlab.plots.style import DIVERGING, WIDTH

COLUMNS = 44
"""Characters in a row of the picture."""

ROWS = 5
"""Rows that are shown; the passage goes on beyond them."""

BITS = 4.0
"""Gain at one character, either way, from which on the colour no longer changes."""

SHOWN = 3
"""How many of the likeliest next characters stand below each character."""

LINE = 1.3 + 0.85 * SHOWN
"""Height of a row, in widths of a character's cell."""


def colored_text(colored: dict[str, Any]) -> Figure:
    """Passage of the test text, coloured by one unit; below, what was likeliest to follow.

    Parameters
    ----------
    colored : dict
        ``text``; per character ``activation`` and ``top5``; ``layer``, ``unit``, ``feature``.
    """
    count = min(len(colored["text"]), COLUMNS * ROWS)
    rows = -(-count // COLUMNS)
    figure = Figure(figsize=(WIDTH, 0.5 + rows * LINE * WIDTH / COLUMNS))
    ax = figure.subplots()
    _boxes(ax, np.array(colored["activation"][:count]))
    for k, char in enumerate(colored["text"][:count]):
        x, y = _place(k)
        _sign(ax, x, y, char, 10, 1.0)
        for rank, (guess, probability) in enumerate(colored["top5"][k][:SHOWN]):
            # A likely guess is dark; the right one is underlined by its own place only.
            _sign(ax, x, y + 1.05 + 0.85 * rank, guess, 6.5, 0.45 + 0.55 * float(probability))
    feature = colored["feature"].replace("_", " ")
    ax.set_title(f"Unit {colored['unit']} of layer {colored['layer'] + 1}: {feature}")
    ax.set(xlim=(0, COLUMNS), ylim=(rows * LINE, -0.2))
    ax.set_aspect("equal")
    ax.axis("off")
    return figure


def against_ngram_passage(passage: dict[str, Any]) -> Figure:
    """Passage of test: where the model beats the n-gram (purple), where it is beaten (orange).

    Parameters
    ----------
    passage : dict
        ``text``; per character the losses ``network_nats`` and ``ngram_nats``.
    """
    gain = (np.array(passage["ngram_nats"]) - np.array(passage["network_nats"])) / np.log(2)
    rows = -(-len(gain) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.25 + rows * 1.5 * WIDTH / COLUMNS))
    ax = figure.subplots()
    places = [(k % COLUMNS, k // COLUMNS * 1.5) for k in range(len(gain))]
    patches = PatchCollection([Rectangle(xy, 1, 1.1) for xy in places], cmap=DIVERGING, alpha=0.6)
    patches.set_array(gain)
    patches.norm = Normalize(-BITS, BITS)
    ax.add_collection(patches)
    for (x, y), char in zip(places, passage["text"], strict=True):
        _sign(ax, x, y, char, 10, 1.0)
    ax.set(xlim=(0, COLUMNS), ylim=(rows * 1.5, -0.2), title="Network and n-gram")
    ax.set_aspect("equal")
    ax.axis("off")
    bar = figure.colorbar(patches, ax=ax, orientation="horizontal", shrink=0.5, extend="both")
    bar.set_label("bits gained on the n-gram")
    return figure


def _place(k: int) -> tuple[float, float]:
    return k % COLUMNS, k // COLUMNS * LINE


def _sign(ax: Axes, x: float, y: float, char: str, size: float, ink: float) -> None:
    ax.text(
        x + 0.5,
        y + 0.5,
        visible(char) if char != " " else " ",
        family="DejaVu Sans Mono",
        size=size,
        ha="center",
        va="center_baseline",
        color=str(round(1 - ink, 2)),
    )


def _boxes(ax: Axes, activation: np.ndarray[Any, Any]) -> None:
    """Colour the characters' backgrounds: one hue below zero, another above."""
    bound = float(np.abs(activation).max()) or 1.0
    places = [_place(k) for k in range(len(activation))]
    patches = PatchCollection([Rectangle(xy, 1, 1.1) for xy in places], cmap=DIVERGING, alpha=0.5)
    patches.set_array(activation)
    patches.norm = Normalize(-bound, bound)
    ax.add_collection(patches)

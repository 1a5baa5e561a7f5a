"""Figures of a passage of text, each character on a background color for its value."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from charlab.core.sums import mean
from charlab.core.units import LN_2
from charlab.plots.predictions import signed, visible
from charlab.plots.registry import figure
from charlab.plots.stating import percent
from charlab.plots.style import DIVERGING, INK, SIZE, WIDTH
from charlab.plots.values import Scale, Series, give, rounded

Array = np.ndarray[Any, Any]

COLUMNS = 40
"""Characters per row of the picture."""

ROWS = 5
"""Maximum number of rows; the rest of the passage is left out."""

BITS = 4.0
"""Gain in bits, of either sign, at which the color saturates."""

SHOWN = 3
"""Number of most likely next characters printed below each character."""

GUESS = 8.5
"""Size of the guesses in points: 11 pixels on a page."""

LINE = 1.3 + 0.85 * SHOWN
"""Height of a row with guesses, in widths of a character."""

PLAIN_LINE = 1.5
"""Height of a row without guesses."""


def _activation(colored: dict[str, Any]) -> str:
    """State which unit it is, its range, and the characters at its ends."""
    count = min(len(colored["text"]), COLUMNS * ROWS)
    values, text = colored["activation"][:count], colored["text"]
    ends = [f"{value:.2f} at “{signed(text[values.index(value)])}”"
            for value in (min(values), max(values))]  # fmt: skip
    feature = colored["feature"].replace("_", " ")
    return (
        f"Unit {colored['unit']} of layer {colored['layer'] + 1}, which follows “{feature}”: "
        f"activation from {ends[0]} to {ends[1]} in {count} characters of test."
    )


@figure(
    "Passage of the test text, colored by one unit; below, what was likeliest to follow.",
    needs=("colored",),
    section="inside",
    states=_activation,
)
def colored_text(colored: dict[str, Any]) -> Figure:
    """Draw a passage with the activation of one unit as background.

    Parameters
    ----------
    colored : dict
        ``text``; per character ``activation`` and ``top5``; ``layer``, ``unit``, ``feature``.
    """
    count = min(len(colored["text"]), COLUMNS * ROWS)
    rows = -(-count // COLUMNS)  # rounded up
    figure = Figure(figsize=(WIDTH, 0.5 + rows * LINE * WIDTH / COLUMNS))
    ax = figure.subplots()
    activation = np.array(colored["activation"][:count])  # (count,)
    bound = float(np.abs(activation).max()) or 1.0
    _color_cells(ax, activation, bound, height=LINE)
    for k, char in enumerate(colored["text"][:count]):
        x, y = _place(k, LINE)
        _sign(ax, x, y, char, SIZE, 1.0)
        for rank, (guess, probability) in enumerate(colored["top5"][k][:SHOWN]):
            # The more likely a guess, the darker it is.
            _sign(ax, x, y + 1.05 + 0.85 * rank, guess, GUESS, 0.55 + 0.45 * float(probability))
    _name_cells(ax, colored["text"], activation, "activation", LINE)
    feature = colored["feature"].replace("_", " ")
    ax.set_title(f"Unit {colored['unit']} of layer {colored['layer'] + 1}: {feature}")
    # y grows downwards like text; with equal aspect a cell is as wide as the fonts assume.
    ax.set(xlim=(0, COLUMNS), ylim=(rows * LINE, -0.2))
    ax.set_aspect("equal")
    ax.axis("off")
    return figure


def _gain(passage: dict[str, Any]) -> str:
    """State the mean gain on the n-gram, and the share of the characters with a gain."""
    gain = (np.array(passage["ngram_nats"]) - np.array(passage["network_nats"])) / LN_2
    return (
        f"On a passage of {len(gain)} characters of test the model gains {mean(gain):.3f} bits per "
        f"character on the n-gram; it is ahead at {percent(mean(gain > 0))} of the characters."
    )


@figure(
    "Passage of test: where the model beats the n-gram (gold), and where it is beaten (purple).",
    needs=("passage",),
    section="inside",
    states=_gain,
)
def against_ngram_passage(passage: dict[str, Any]) -> Figure:
    """Draw a passage with the gain over the n-gram as background.

    Parameters
    ----------
    passage : dict
        ``text``; per character the losses ``network_nats`` and ``ngram_nats``.
    """
    # (count,) bits; positive where the network gives the character more probability.
    gain = (np.array(passage["ngram_nats"]) - np.array(passage["network_nats"])) / LN_2
    rows = -(-len(gain) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.25 + rows * PLAIN_LINE * WIDTH / COLUMNS))
    ax = figure.subplots()
    patches = _color_cells(ax, gain, BITS, height=PLAIN_LINE)
    for k, char in enumerate(passage["text"]):
        _sign(ax, *_place(k, PLAIN_LINE), char, SIZE, 1.0)
    _name_cells(ax, passage["text"], gain, "bits gained on the n-gram", PLAIN_LINE)
    ax.set(xlim=(0, COLUMNS), ylim=(rows * PLAIN_LINE, -0.2), title="Network and n-gram")
    ax.set_aspect("equal")
    ax.axis("off")
    bar = figure.colorbar(patches, ax=ax, orientation="horizontal", shrink=0.5, extend="both")
    bar.set_label("bits gained on the n-gram")
    return figure


def _place(k: int, height: float) -> tuple[float, float]:
    """Return the upper left corner of character ``k``; y grows downwards, one cell is 1 wide."""
    return k % COLUMNS, k // COLUMNS * height


def _sign(ax: Axes, x: float, y: float, char: str, size: float, ink: float) -> None:
    """Print a character in the middle of its cell; ``ink`` is its opacity, 0 to 1."""
    ax.text(
        x + 0.5,
        y + 0.5,
        visible(char) if char != " " else " ",  # spaces need no sign within a text
        family="DejaVu Sans Mono",
        size=size,
        ha="center",
        va="center_baseline",
        color=INK,
        alpha=ink,
        # Inside the axes, so the layout need not measure hundreds of these.
        in_layout=False,
    )


def _color_cells(ax: Axes, values: Array, bound: float, *, height: float) -> PatchCollection:
    """Color the backgrounds of the characters: one hue below zero, another above.

    Parameters
    ----------
    values : ndarray of shape (count,)
        A value per character.
    bound : float
        Absolute value at which the color saturates.
    height : float
        Height of a row.
    """
    cells = [Rectangle(_place(k, height), 1, 1.1) for k in range(len(values))]
    patches = PatchCollection(cells, cmap=DIVERGING)
    patches.set_array(values)
    patches.norm = Normalize(-bound, bound)
    ax.add_collection(patches)
    return patches


def _name_cells(ax: Axes, text: str, values: Array, quantity: str, height: float) -> None:
    """Give the value of each character to the file, a series per row."""
    places = [_place(k, height) for k in range(len(values))]
    series: list[Series] = []
    for start in range(0, len(values), COLUMNS):
        row = slice(start, start + COLUMNS)
        xs, ys = zip(*places[row], strict=True)
        signs = [visible(char) for char in text[: len(values)][row]]
        middles = [x + 0.5 for x in xs], [round(y + 0.55, 2) for y in ys]
        series.append(["character", *middles, quantity, rounded(values[row], 3), signs])
    give(ax, series, Scale(), Scale())

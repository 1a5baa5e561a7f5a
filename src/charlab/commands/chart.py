"""Curves as characters: a chart with axes, and sparklines of one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCKS, ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "_.-=#"
BRAILLE = 0x2800
"""Code point of the cell without dots; each of its eight dots is a bit."""

DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of the dots of a cell, from its top row (4, 2)."""


Points = Sequence[tuple[float, float]]


def letter_of(curve: int) -> str:
    """Return the letter of a curve where there are no colors: a for the first."""
    return chr(ord("a") + curve % 26)


def short(chars: float) -> str:
    """Return a number of characters in a few letters.

    Examples
    --------
    >>> short(950), short(60_000), short(1_234_567)
    ('950', '60 k', '1.2 M')
    """
    for unit, letter in ((1_000_000, " M"), (1_000, " k")):
        if chars >= unit:
            shown = f"{chars / unit:.1f}" if chars < 10 * unit else f"{chars / unit:.0f}"
            return shown.removesuffix(".0") + letter
    return f"{chars:.0f}"


def sparkline(values: Sequence[float], width: int, plain: bool = False) -> str:
    """Return values as blocks of different heights, the lowest to the highest.

    Parameters
    ----------
    width : int
        Maximum number of blocks; values between are left out.
    plain : bool
        Whether only ASCII can be shown.
    """
    blocks = ASCII_BLOCKS if plain else BLOCKS
    if not values or width < 1:
        return ""
    places = np.linspace(0, len(values) - 1, min(width, len(values))).round().astype(int)
    heights = np.asarray(values)[places]
    low, span = heights.min(), np.ptp(heights) or 1.0
    return "".join(blocks[round(h)] for h in (heights - low) / span * (len(blocks) - 1))


@dataclass(frozen=True)
class Cell:
    """A character of a chart, and the number of the curve that it belongs to; None: an axis."""

    char: str
    curve: int | None = None


def chart(
    curves: Sequence[Points], end: float, width: int, height: int, plain: bool = False
) -> list[list[Cell]]:
    """Return curves over one pair of axes, as lines of characters.

    Parameters
    ----------
    curves : sequence of points
        The first coordinate is 0 or more; where curves meet, the last one is seen.
    end : float
        First coordinate of the right edge.
    width, height : int
        Characters of the whole, its axes included.
    plain : bool
        Whether only ASCII can be shown: then the marks are letters, a for the first curve.
    """
    ys = [y for curve in curves for _, y in curve]
    low, high = min(ys), max(ys)
    margin = 0.02 * (high - low) or 0.05
    low, high = low - margin, high + margin
    rows, columns = height - 2, width - 7  # without the axes and their labels
    owner = np.full((rows, columns), -1)
    bits = np.zeros((rows, columns), int)
    # Dots of a braille cell are four rows and two columns.
    down, across = (1, 1) if plain else (4, 2)
    for number, curve in enumerate(curves):
        x = np.array([x for x, _ in curve]) / end * (columns * across - 1)
        y = (high - np.array([y for _, y in curve])) / (high - low) * (rows * down - 1)
        for column, row in _dots(x, y):
            cell = row // down, column // across
            if owner[cell] != number:
                owner[cell], bits[cell] = number, 0
            bits[cell] |= 0 if plain else DOTS[row % down, column % across]
    lines = [
        [
            *_label(row, rows, low, high, plain),
            *(_cell(owner, bits, row, c, plain) for c in range(columns)),
        ]
        for row in range(rows)
    ]
    right = f"{short(end)} characters"
    axis = " " * 5 + ("+" + "-" * (columns + 1) if plain else "└" + "─" * (columns + 1))
    return [*lines, [Cell(c) for c in axis], [Cell(c) for c in f"{'0':>8}{right:>{columns - 1}}"]]


def _dots(x: NDArray[np.float64], y: NDArray[np.float64]) -> set[tuple[int, int]]:
    """Return the columns and rows of the straight lines from point to point."""
    dots = {(round(column), round(row)) for column, row in zip(x, y, strict=True)}
    for n in range(len(x) - 1):
        steps = int(max(abs(x[n + 1] - x[n]), abs(y[n + 1] - y[n]))) + 2
        line = zip(
            np.linspace(x[n], x[n + 1], steps), np.linspace(y[n], y[n + 1], steps), strict=True
        )
        dots |= {(round(column), round(row)) for column, row in line}
    return dots


def _cell(
    owner: NDArray[np.int64], bits: NDArray[np.int64], row: int, column: int, plain: bool
) -> Cell:
    """Return the character of one place."""
    number = int(owner[row, column])
    if number < 0:
        return Cell(" ")
    return Cell(letter_of(number) if plain else chr(BRAILLE + bits[row, column]), number)


def _label(row: int, rows: int, low: float, high: float, plain: bool) -> list[Cell]:
    """Return the left edge of a row, with a number at the top, the middle and the bottom."""
    value = high - (row + 0.5) / rows * (high - low)
    shown = f"{value:.2f}"[:4] if row in (0, rows // 2, rows - 1) else ""
    return [Cell(c) for c in f"{shown:>4} {'|' if plain else '│'} "]

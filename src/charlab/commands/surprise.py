"""Show sampled text on a terminal, each character colored by its surprise in bits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import click

from charlab.core.errors import printable
from charlab.core.units import bits
from charlab.sample.distribution import Floats

EDGES = (2.0, 4.0, 6.0)
"""Surprise in bits from which a character has the next style."""

STYLES = ("", "48;5;180;38;5;16", "48;5;208;38;5;16", "48;5;160;38;5;231")
"""None below the first edge; then tan, orange and red. Background and text are both set, from the
colors that themes leave alone, so that dark and light terminals show the same."""


def level_of(surprise: float) -> int:
    """Return the place in :data:`STYLES` of a surprise in bits."""
    return sum(surprise >= edge for edge in EDGES)


def styled(text: str, level: int) -> str:
    """Return text in the colors of a level."""
    return f"\x1b[{STYLES[level]}m{text}\x1b[0m" if STYLES[level] else text


def colored(text: str, surprises: Sequence[float]) -> str:
    """Return text in which each character has the color of its surprise in bits."""
    # A background that is set at a line's end would fill the rest of the line.
    levels = [0 if c == "\n" else level_of(s) for c, s in zip(text, surprises, strict=True)]
    runs = groupby(zip(levels, text, strict=True), key=lambda entry: entry[0])
    return "".join(styled(printable("".join(c for _, c in run)), level) for level, run in runs)


def wanted(choice: str) -> bool:
    """Return whether standard output gets colors: "always", "never", or as it is with "auto"."""
    if choice != "auto":
        return choice == "always"
    # https://no-color.org
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


@dataclass
class Screen:
    """Standard output for a text that comes in pieces.

    Attributes
    ----------
    color : bool
        Whether characters are colored by their surprise.
    escape : bool
        Whether a terminal reads the text: then no character of it may be a command to it.
    total, chars : float, int
        Bits of surprise shown so far, and characters that had them.
    """

    color: bool
    escape: bool = field(default_factory=lambda: sys.stdout.isatty())
    total: float = 0.0
    chars: int = 0

    def show(self, text: str, nats: Floats | tuple[()] = ()) -> None:
        """Print a piece at once; ``nats`` are the losses of its characters, for colors."""
        if self.color and len(nats):
            surprises = [bits(float(loss)) for loss in nats]
            text = colored(text, surprises)
            self.total += sum(surprises)
            self.chars += len(surprises)
        elif self.escape or self.color:
            text = printable(text)
        # Click would remove colors where there is no terminal, and --colour always wants them.
        click.echo(text, nl=False, color=True)

    def show_legend(self) -> None:
        """Print the meaning of the colors, and the mean surprise of all that was shown."""
        if not self.color:
            return
        above = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
        ranges = [f"below {EDGES[0]:g}", *above, f"{EDGES[-1]:g} and more"]
        samples = " ".join(styled(f" {name} ", level) for level, name in enumerate(ranges))
        mean = f"; mean {self.total / self.chars:.2f}" if self.chars else ""
        click.echo(f"[surprise in bits: {samples}{mean}]", color=True)

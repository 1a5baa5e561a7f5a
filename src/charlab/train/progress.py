"""How a training shows that it is under way: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from tqdm import tqdm


class Progress:
    """Shows characters per second, losses in bits per character, and the time left.

    Parameters
    ----------
    name : str
        What is being trained.
    chars : int
        Characters that will be read in all.
    show : bool or None
        False shows nothing; None decides: a bar on a terminal, lines elsewhere.
    """

    def __init__(self, name: str, chars: int, done: int, show: bool | None) -> None:
        self.name, self.chars, self.start, self.first = name, chars, time.monotonic(), done
        self.done, self.shown = done, done
        self.losses = ""
        self.bar: tqdm[Any] | None = None
        self.lines = show is not False and not sys.stderr.isatty()
        if show is not False and sys.stderr.isatty():
            self.bar = tqdm(
                total=chars, initial=done, desc=name, unit="char", unit_scale=True, leave=False
            )

    def read(self, chars: int) -> None:
        """Note that ``chars`` more characters were read.

        A line tells of each tenth of them all, once the next are read: before that, a
        measurement may have told of it.
        """
        if self.bar is not None:
            self.bar.update(chars)
        elif self.lines and self.done - self.shown >= self.chars / 10:
            self._line(self.done)
        self.done += chars

    def measured(self, done: int, train_nats: float, val_nats: float) -> None:
        """Show the losses after ``done`` characters."""
        train, val = train_nats / math.log(2), val_nats / math.log(2)
        self.losses = f"train {train:.3f}, val {val:.3f} bits per character"
        if self.bar is not None:
            self.bar.set_postfix_str(self.losses)
        elif self.lines:
            self._line(done)

    def _line(self, done: int) -> None:
        """Print a line on how far it is."""
        self.shown = done
        speed = (done - self.first) / max(time.monotonic() - self.start, 1e-9)
        left = (self.chars - done) / max(speed, 1e-9)
        parts = [
            f"{self.name}: {done / self.chars:4.0%}",
            f"{speed:,.0f} characters/s",
            f"{left:.0f} s left",
        ]
        losses = [self.losses] if self.losses else []
        print(", ".join(parts + losses), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()

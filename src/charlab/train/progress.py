"""Show the progress of a training: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from charlab.core.units import bits
from charlab.train.model_folder import Measurement

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """Shows characters per second, the time left, and losses in bits per character.

    Parameters
    ----------
    name : str
        Name of the training.
    chars : int
        Characters that the training reads in all.
    done : int
        Characters read before, if the training continues from a checkpoint.
    show : bool or None
        False shows nothing; otherwise a bar on a terminal, lines elsewhere.
    """

    def __init__(self, name: str, chars: int, done: int, show: bool | None) -> None:
        self.name, self.chars, self.start, self.first = name, chars, time.monotonic(), done
        self.done, self.shown = done, done
        self.losses = ""
        self.bar: Bar | None = None
        terminal = sys.stderr.isatty()
        self.lines = show is not False and not terminal
        if show is not False and done:
            print(f"{name}: resumed at {100 * done / chars:.0f} %", file=sys.stderr, flush=True)
        if show is not False and terminal:
            self.bar = self._start_bar()

    def _start_bar(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("{task.description}:"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
            # Drawing takes time from the training.
            refresh_per_second=2,
            transient=True,
        )
        bar.add_task(self.name, total=self.chars, completed=self.done, figures="")
        bar.start()
        return bar

    def read(self, chars: int) -> None:
        """Note that ``chars`` more characters were read."""
        # Lines come at each tenth of the training. They are printed at the next call, because
        # a measurement, with a line of its own, may follow the first.
        if self.lines and self.done - self.shown >= self.chars / 10:
            self._print_line(self.done)
        self.done += chars
        if self.bar is not None:
            figures = self._figures(self.done)
            self.bar.update(self.bar.task_ids[0], completed=self.done, figures=figures)

    def measured(self, done: int, measurement: Measurement) -> None:
        """Show the losses after ``done`` characters."""
        train, val = bits(measurement.train_nats), bits(measurement.val_nats)
        self.losses = f"train {train:.3f}, val {val:.3f} bits per character"
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], figures=self._figures(done), refresh=True)
        elif self.lines:
            self._print_line(done)

    def _figures(self, done: int) -> str:
        """Return the share done, the speed, the time left and the latest losses."""
        speed = (done - self.first) / max(time.monotonic() - self.start, 1e-9)
        left = (self.chars - done) / max(speed, 1e-9)
        figures = f"{done / self.chars:4.0%}, {speed:,.0f} characters/s, {left:.0f} s left"
        return f"{figures}, {self.losses}" if self.losses else figures

    def _print_line(self, done: int) -> None:
        self.shown = done
        print(f"{self.name}: {self._figures(done)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()

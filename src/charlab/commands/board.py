"""Show the progress of stages that run at the same time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from charlab.core.errors import printable
from charlab.core.units import counted

LOGS = Path(".charlab/logs")
INTERVAL = 15
"""Seconds between two reports if stderr is not a terminal."""


@dataclass
class Board:
    """The running stages, and the number of those that have ended.

    Attributes
    ----------
    total : int
        Number of stages to run.
    started : dict
        Start time of each running stage, by :func:`time.monotonic`.
    done : int
        Number of stages that have ended.
    lock : threading.Lock
        Held while events arrive from the cluster's thread.
    """

    total: int
    started: dict[str, float] = field(default_factory=dict)
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, event: tuple[float, tuple[str, ...]]) -> None:
        """Record the start, end or output of a stage, as reported by a worker."""
        # Dask adds the time at which the worker sent the message.
        _, (stage, change, *text) = event
        with self.lock:
            if change == "starts":
                self.started[stage] = time.monotonic()
            elif change == "prints":
                # From another machine; here, a stage writes its log itself.
                LOGS.mkdir(parents=True, exist_ok=True)
                with log_of(stage).open("a", encoding="utf-8", newline="") as log:
                    log.writelines(text)
            else:
                # One that stops without an end is run again.
                self.started.pop(stage, None)
                self.done += change == "ends"

    def lines(self) -> list[str]:
        """Return a summary line, and one line for each running stage."""
        now = time.monotonic()
        # Copy under the lock, read the logs without it: workers must not wait for the disk.
        with self.lock:
            running = dict(self.started)
            done = self.done
        rows = [
            f"  {stage:32} {now - start:5.0f} s  {last_line(log_of(stage))}"
            for stage, start in running.items()
        ]
        return [f"{done} of {counted(self.total, 'stage')} done, {len(running)} running", *rows]


def log_of(stage: str) -> Path:
    """Return the file that receives a stage's output."""
    return LOGS / f"{stage.replace('/', '_').replace(':', '_')}.log"


def last_line(path: Path) -> str:
    """Return the last line of a log, at most 100 characters; "" if there is no log yet."""
    try:
        with path.open("rb") as stream:
            # The end is enough: the log of a long training is large.
            stream.seek(max(0, path.stat().st_size - 400))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    # A progress bar redraws its line after a carriage return.
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    # A stage may print words of a text, and the text may have been made for a terminal.
    return printable(lines[-1][:100]) if lines else ""


@contextmanager
def shown(board: Board) -> Iterator[None]:
    """Show the board while the block runs: live on a terminal, at intervals elsewhere."""
    # On stderr, since stdout may be redirected to a file.
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        def render() -> Text:
            """Return the board as text whose long lines are cut, not wrapped."""
            return Text("\n".join(board.lines()), no_wrap=True, overflow="ellipsis")

        with Live(get_renderable=render, console=Console(stderr=True), refresh_per_second=2):
            yield
        return
    stop = threading.Event()

    def report() -> None:
        """Print the board at intervals until the block ends."""
        # wait() returns True at once when the block ends, False after the interval.
        while not stop.wait(INTERVAL):
            print("\n".join(board.lines()), file=sys.stderr, flush=True)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

"""Show the trainings of a project on a terminal: how far they are, and their curves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite, isnan
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from charlab.commands.chart import Cell, chart, letter_of, short, sparkline
from charlab.commands.running import Training, Trainings
from charlab.commands.training_stages import training_stages
from charlab.core.errors import printable
from charlab.core.units import counted

STYLES = ("cyan", "yellow", "magenta", "green", "blue", "red")
IDLE = ("no training is running", "'dvc repro', 'charlab fan-out' or 'dvc exp run' starts some")

INTERVAL = 4.0
"""Seconds between two pictures."""

LOWEST, HIGHEST = 8, 18
"""Minimum and maximum lines of a chart; below the minimum there is none."""

WIDEST = 100
"""Maximum columns of a chart."""

NAME = 24
"""Longest name that is shown whole."""

SHOWN = 4
"""Number of finished trainings whose curves are drawn while none runs."""


@dataclass(frozen=True)
class Page:
    """The size and the abilities of a terminal.

    Attributes
    ----------
    width, height : int
        Columns, and lines.
    ascii : bool
        Whether it shows nothing else.
    color : bool
        Without it, curves are told apart by letters.
    """

    width: int
    height: int
    ascii: bool = False
    color: bool = True

    @classmethod
    def of(cls, console: Console) -> Page:
        """Return what a console can show now: a person may change its size."""
        # Without a terminal there is no height that must be kept.
        height = console.height if console.is_terminal else 60
        utf = console.encoding.lower().startswith("utf")
        return cls(console.width, height, not utf, console.color_system is not None)


def picture(
    running: Sequence[Training], finished: Sequence[Training], page: Page, now: float
) -> Text:
    """Return the trainings as text that fits a page.

    Parameters
    ----------
    running, finished : sequence of Training
        The newest of the finished ones first; as many are shown as fit.
    page : Page
    now : float
        Seconds since 1970.
    """
    titles = (f"{counted(len(running), 'training')} running",) if running else IDLE
    drawn = running or finished[:SHOWN]
    marks = {id(one): _mark(n, page, len(drawn)) for n, one in enumerate(drawn)}
    names = min(max((len(one.name) for one in [*running, *finished]), default=0), NAME)

    def line(one: Training, figures: list[str]) -> Text:
        """Return a line: mark, name, and as many figures as fit."""
        shown = f"{printable(one.name):{names}}"
        for figure in figures:
            if len(shown) + len(figure) + 4 > page.width:
                break
            shown += f"  {figure}"
        return Text.assemble(marks.get(id(one), Text(" ")), " ", shown)

    lines = [
        *(Text(title, style="bold") for title in titles),
        *(line(one, _progress(one, now)) for one in running),
    ]
    curves = _chart(drawn, page, min(page.height - len(lines) - 2, HIGHEST))
    lines += [Text(""), *curves] if curves else []
    room = page.height - len(lines) - 3
    if finished and room > 0:
        which = (
            f"the newest {room} of {len(finished)}" if len(finished) > room else "the newest first"
        )
        lines += [Text(""), Text(f"finished, {which}", style="bold")]
        lines += [line(one, _results(one, page)) for one in finished[:room]]
    for each in lines:
        each.truncate(page.width)
    return Text("\n").join(lines)


def _mark(number: int, page: Page, of: int) -> Text:
    """Return the mark of a curve: its color, or its letter."""
    letter = page.ascii or (of > 1 and not page.color)
    return Text(letter_of(number) if letter else "■", STYLES[number % len(STYLES)])


def _progress(one: Training, now: float) -> list[str]:
    """Return the figures of a running training, the most wanted first."""
    if not one.chars:
        train = "" if one.train is None else f", train {one.train:.3f}"
        return [f"begins{train}", *filter(None, [one.note])]
    left, figures = one.left(now), [f"val {_loss(one.val)}  train {_loss(one.train)}"]
    if one.total:
        figures.insert(0, f"{one.chars / one.total:4.0%}")
    if left is not None:
        figures.append(f"{str(timedelta(seconds=round(left))).removeprefix('0:')} left")
    if one.speed:
        figures.append(f"{short(one.speed)}/s")
    of = f" of {short(one.total)}" if one.total else ""
    return [*figures, f"{short(one.chars)}{of} characters", *filter(None, [one.note])]


def _results(one: Training, page: Page) -> list[str]:
    """Return the figures of a finished training, the most wanted first."""
    curve = sparkline([val for _, _, val in one.curve], 12, page.ascii)
    losses = f"val {_loss(one.val)}  train {_loss(one.train)}"
    return [losses, f"{curve:12}", f"{short(one.chars)} characters", one.note]


def _loss(value: float | None) -> str:
    """Return a loss in bits per character in five places; a hyphen if there is none."""
    return "    -" if value is None or isnan(value) else f"{value:5.3f}"


def _chart(drawn: Sequence[Training], page: Page, height: int) -> list[Text]:
    """Return the curves of val; nothing if there are none yet, or no room."""
    width = min(page.width - 1, WIDEST)
    points = [[(chars, val) for chars, _, val in one.curve if isfinite(val)] for one in drawn]
    # The curve of one seed may be longer than the mean of all, if others diverged.
    end = max(
        [one.total or one.chars for one in drawn] + [x for own in points for x, _ in own] + [1]
    )
    if height <= LOWEST or width < 20 or not any(points):
        return []
    plain = page.ascii or (len(drawn) > 1 and not page.color)
    cells = chart(points, end, width, height - 1, plain)
    title = Text("loss on val, bits per character")
    return [title, *(Text.assemble(*map(_drawn, row)) for row in cells)]


def _drawn(cell: Cell) -> Text:
    """Return a cell of a chart in the color of its curve."""
    return Text(cell.char, "dim" if cell.curve is None else STYLES[cell.curve % len(STYLES)])


def look(trainings: Trainings, page: Page) -> tuple[Text, bool]:
    """Return the picture of now, and whether a training runs."""
    now = time.time()
    running = trainings.running(training_stages(trainings.root), now)
    return picture(running, trainings.finished(), page, now), bool(running)


def watch(root: Path, once: bool) -> bool:
    """Show the trainings of a project until Ctrl-C; once if asked to, or without a terminal.

    Returns
    -------
    bool
        Whether a training ran at the last look.
    """
    trainings, console = Trainings(root), Console(highlight=False)
    text, runs = look(trainings, Page.of(console))
    if once or not console.is_terminal:
        console.print(text, soft_wrap=True)
        return runs
    with suppress(KeyboardInterrupt), Live(text, console=console, auto_refresh=False) as live:
        while True:
            time.sleep(INTERVAL)
            text, runs = look(trainings, Page.of(console))
            live.update(text, refresh=True)
    return runs

"""What a training writes down as it goes."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from charlab.core.files import write_text


@dataclass(frozen=True)
class Row:
    """One line of history.csv.

    Attributes
    ----------
    step, chars : int
        Steps done, and characters read.
    epoch : float
        Passes over the training split.
    train_nats : float
        Mean loss of the chunks since the row before, as they were met in training.
    val_nats : float
        Loss on the whole of val, with the state carried.
    lr : float
        Learning rate of the last step.
    grad_norm : float
        Mean norm of the gradient since the row before, before clipping.
    """

    step: int
    chars: int
    epoch: float
    train_nats: float
    val_nats: float
    lr: float
    grad_norm: float


def write_history(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV with one header line, numbers to seven significant digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows:
        writer.writerow(
            value if isinstance(value, int) else f"{value:.7g}" for value in asdict(row).values()
        )
    write_text(path, text.getvalue())

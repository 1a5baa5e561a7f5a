"""Numbers with their units: bits per character for losses, and nouns for counts."""

from __future__ import annotations

import math


def bits(nats: float) -> float:
    """Convert a loss in nats per character to bits per character."""
    return nats / math.log(2)


def counted(count: float, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number.

    Examples
    --------
    >>> counted(1, "character"), counted(0, "character"), counted(2, "pass", "passes")
    ('1 character', '0 characters', '2 passes')
    """
    shown = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{shown} {noun}" if count == 1 else f"{shown} {plural or noun + 's'}"

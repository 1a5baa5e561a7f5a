"""Numbers with their units: bits per character for losses, and nouns for counts."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

LN_2 = 0.6931471805599453
"""Nats per bit."""

_DIGITS = Context(prec=25)


def bits(nats: float) -> float:
    """Convert a loss in nats per character to bits per character."""
    return nats / LN_2


@lru_cache(maxsize=4096)
def nats(probability: float) -> float:
    """Return the code length of an event, -ln p, correctly rounded; 0 if it is certain.

    Decimal arithmetic is done in integers, so that the last bit is the same everywhere. That of
    ``math.log`` depends on the C library, and on the processor it chose its code for.
    """
    # 0, not -0, if the event is certain, as most characters within a word are.
    return 0.0 if probability == 1.0 else 0.0 - float(Decimal(probability).ln(_DIGITS))


def counted(count: float, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number.

    Examples
    --------
    >>> counted(1, "character"), counted(0, "character"), counted(2, "pass", "passes")
    ('1 character', '0 characters', '2 passes')
    """
    shown = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{shown} {noun}" if count == 1 else f"{shown} {plural or noun + 's'}"

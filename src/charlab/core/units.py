"""Units of loss: nats in the code, bits per character in everything that people read."""

from __future__ import annotations

import math


def bits(nats: float) -> float:
    """Convert a loss in nats per character to bits per character."""
    return nats / math.log(2)

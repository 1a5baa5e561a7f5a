"""Draw text from a network, one character at a time: the listing of the report's section 2.3.

The samples themselves come from :mod:`charlab.sample`, which does the same, faster and with the
same random numbers for every model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def sample(
    step: Callable[[int, Any], tuple[np.ndarray[Any, Any], Any]],
    state: Any,
    char: int,
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> list[int]:
    """Return the ids of ``length`` characters, each drawn and then read as the next input."""
    drawn = []
    for _ in range(length):
        logits, state = step(char, state)  # (V,)
        scaled = logits / temperature
        p = np.exp(scaled - scaled.max())  # the maximum keeps exp from overflowing
        p /= p.sum()
        char = int(rng.choice(len(p), p=p))  # np.random.choice(range(vocab_size), p=p)
        drawn.append(char)
    return drawn

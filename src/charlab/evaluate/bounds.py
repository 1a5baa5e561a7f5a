"""How much of a split is looked at."""

from __future__ import annotations

import numpy as np

from charlab.evaluate.trace import Ids

MAX_CHARS = 400_000
"""Characters of a split that are looked at, from its start."""


def bounded(ids: Ids, segments: int) -> tuple[Ids, int]:
    """Return the first segments of a split that fit :data:`MAX_CHARS`, and their number.

    Of a first segment that alone is too long, its start.
    """
    size = len(ids) // segments
    count = max(1, min(segments, MAX_CHARS // max(size, 1)))
    return np.asarray(ids[: min(count * size, max(MAX_CHARS, 0))]), count

"""Choose the stages to run again, and say how likely forged ones are among them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from charlab.core.seeding import numpy_generator

FORGED = (1, 2, 5, 10)
"""Numbers of forged stages for which the probability is printed."""


def drawn(names: Sequence[str], seed: int) -> list[str]:
    """Return all names in a random order; the first ones are the sample."""
    # Sorted first: the order in dvc.yaml is the author's choice.
    order = numpy_generator(seed, "verify").permutation(len(names))
    return [sorted(names)[place] for place in order]


def caught(stages: int, run: int, forged: int) -> float:
    """Return the probability that at least one of the forged stages is among those run.

    Parameters
    ----------
    stages : int
        Number of stages of the pipeline.
    run : int
        Number of stages that are drawn from them without replacement.
    forged : int
        Number of stages whose outputs do not follow from their inputs.
    """
    return 1 - math.comb(stages - forged, run) / math.comb(stages, run)


def odds(stages: int, run: int) -> dict[int, float]:
    """Return the probability of catching some numbers of forged stages."""
    return {forged: caught(stages, run, forged) for forged in FORGED if forged <= stages}

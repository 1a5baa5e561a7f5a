"""Number of steps of a training, and the steps after which it measures val or keeps weights."""

from __future__ import annotations

from dataclasses import dataclass

from charlab.train.batches import Batches
from charlab.train.params import TrainParams


@dataclass(frozen=True)
class Milestones:
    """The steps of a training after which something besides learning happens.

    Attributes
    ----------
    steps : int
        Number of steps in all.
    evaluations : set of int
        Steps after which val is measured, at equal distances; includes the last step.
    snapshots : set of int
        Steps after which a copy of the weights is kept.
    """

    steps: int
    evaluations: frozenset[int]
    snapshots: frozenset[int]

    @classmethod
    def of(cls, train: TrainParams, batches: Batches) -> Milestones:
        """Return the milestones of a training on ``batches``."""
        if train.max_chars is None:
            steps = max(round(train.epochs * batches.chunks), 1)
        else:
            steps = max(train.max_chars // batches.chunk_chars, 1)
        # A very short training has fewer steps than evaluations.
        count = min(train.evaluations, steps)
        evaluations = frozenset(round(steps * (i + 1) / count) for i in range(count))
        return cls(steps, evaluations, snapshot_steps(steps, train.snapshots))


def snapshot_steps(steps: int, count: int) -> frozenset[int]:
    """Return at most ``count`` steps for snapshots: 0, then steps at equal ratios.

    A network learns letters, then spaces, then words, which shows on a logarithmic scale.
    For 20,000 steps and 5 snapshots: 0, 7, 53, 381, 2,759.
    """
    if count == 0:
        return frozenset()
    # The weights after the last step are the model itself.
    return frozenset({0, *(round(steps ** (j / count)) for j in range(1, count))} - {steps})

"""Hold the progress of a training between steps, in a form that checkpoints can store."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from charlab.train.model_folder import Arrays, Measurement

PREFIX = "run."
"""Beginning of the names of a run's arrays in a checkpoint, beside those of the learner."""


@dataclass
class RunState:
    """The progress of a training.

    Attributes
    ----------
    step : int
        Steps taken.
    history : list of Measurement
    best_step, best_nats : int, float
        Step and val loss of the kept weights.
    losses, norms : list of float
        Losses and gradient norms of the steps since the last measurement.
    kept : dict of str to ndarray
        Weights for model.safetensors.
    snapshots : dict of int to dict
        Weights by the number of steps taken.
    diverged_at : int or None
        Step at which the training diverged.
    temperature : float or None
        By which the kept weights' logits were divided at the end.
    """

    step: int = 0
    history: list[Measurement] = field(default_factory=list)
    best_step: int = 0
    best_nats: float = math.inf
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    kept: Arrays = field(default_factory=dict)
    snapshots: dict[int, Arrays] = field(default_factory=dict)
    diverged_at: int | None = None
    temperature: float | None = None

    def arrays(self) -> Arrays:
        """Return the kept weights and the snapshots under names for a checkpoint."""
        # Names such as run.kept.head.weight and run.380.head.weight.
        sets = {"kept": self.kept, **{str(step): w for step, w in self.snapshots.items()}}
        return {
            f"{PREFIX}{key}.{name}": value
            for key, weights in sets.items()
            for name, value in weights.items()
        }

    def progress(self) -> dict[str, Any]:
        """Return everything except the arrays as JSON-compatible values."""
        values = {k: v for k, v in vars(self).items() if k not in ("kept", "snapshots")}
        # JSON has no infinity.
        best = None if math.isinf(self.best_nats) else self.best_nats
        return {**values, "history": [asdict(row) for row in self.history], "best_nats": best}

    @classmethod
    def restored(cls, progress: dict[str, Any], arrays: Arrays) -> RunState:
        """Return the state from which :meth:`progress` and :meth:`arrays` were made."""
        weights: dict[str, Arrays] = {}
        for name, value in arrays.items():
            if name.startswith(PREFIX):
                key, rest = name.removeprefix(PREFIX).split(".", 1)
                weights.setdefault(key, {})[rest] = value
        history = [Measurement(**row) for row in progress["history"]]
        best = math.inf if progress["best_nats"] is None else progress["best_nats"]
        kept = weights.pop("kept")
        # The order of the steps is that of an uninterrupted training.
        snapshots = {int(step): weights[step] for step in sorted(weights, key=int)}
        restored = {"history": history, "best_nats": best, "kept": kept, "snapshots": snapshots}
        return cls(**{**progress, **restored})

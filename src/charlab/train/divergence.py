"""Detect a diverged training by its loss and the norm of its gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

from charlab.core.errors import CharlabError
from charlab.core.units import nats
from charlab.train.params import TrainParams

MARGIN = 10.0
"""Loss, in nats above that of guessing uniformly, at which a training counts as diverged."""


class DivergedError(CharlabError):
    """The loss is not a number, or far above that of guessing.

    Attributes
    ----------
    step : int
        Step at which the divergence was found.
    """

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True)
class DivergenceCheck:
    """The limit on the losses of one training.

    Attributes
    ----------
    train : TrainParams
        Parameters that the error message quotes.
    vocab_size : int
    """

    train: TrainParams
    vocab_size: int

    def __call__(self, step: int, loss: float, norm: float, split: str = "") -> None:
        """Check the figures of one step.

        Parameters
        ----------
        step : int
            Number of steps taken.
        loss : float
            Nats per character.
        norm : float
            Norm of the gradient before clipping.
        split : str
            Split on which the loss was measured; empty for a training step.

        Raises
        ------
        DivergedError
            If the loss is above the limit, or one of the figures is not finite.
        """
        # Guessing uniformly costs log(vocab_size). Written this way so that NaN fails the check.
        if loss <= nats(1 / self.vocab_size) + MARGIN and norm < math.inf:
            return
        where = f" on {split}" if split else ""
        raise DivergedError(
            f"training diverged at step {step}: loss{where} {loss:.4g} nats per character, "
            f"gradient norm {norm:.4g}, learning rate at most {self.train.learning_rate:g}; try a "
            f"learning_rate ten times lower, clip: norm with a lower clip_at (now "
            f"{self.train.clip} at {self.train.clip_at:g}), or activation: tanh",
            step,
        )

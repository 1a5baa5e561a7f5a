"""Combine a network, its optimizer and its carried state into a learner.

The training loop uses the interface :class:`Learner` only, so it needs neither torch nor NumPy.
"""

from __future__ import annotations

from typing import Protocol, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from charlab.core.seeding import numpy_generator
from charlab.models.ngrams import NGrams
from charlab.models.params import ModelParams
from charlab.models.rnn_by_hand import NumpyRNN
from charlab.models.weights import NO_NGRAMS
from charlab.train.model_folder import Arrays
from charlab.train.optimizers import NumpyOptimizer, clip_gradients
from charlab.train.params import TrainParams

Chunk = NDArray[np.int64]
"""Character ids of shape (T, B)."""

LAG = {"cpu": 1, "cuda": 64}
"""Steps between two readings of the losses, by device. Reading a loss waits until the GPU has
computed it; in between, the GPU gets new work while it computes."""


class Learner(Protocol):
    """A training in progress.

    Attributes
    ----------
    lag : int
        Number of steps that may be taken before their losses are read.
    """

    lag: int

    def reset_state(self) -> None:
        """Return to the initial state, as at the beginning of the text."""

    def learn(
        self, inputs: Chunk, targets: Chunk, learning_rate: float
    ) -> tuple[SupportsFloat, SupportsFloat]:
        """Take one step on a chunk of shape (T, B).

        Returns
        -------
        loss, norm : float or Tensor
            Loss in nats per character, and norm of the gradient before clipping. A GPU may
            still be computing them; converting one to float waits for it.
        """

    def weights(self) -> Arrays:
        """Return copies of the weights under their names in model.safetensors."""

    def snapshot(self) -> Arrays:
        """Return copies of everything on which the next steps depend."""

    def restore(self, arrays: Arrays) -> None:
        """Continue from a snapshot."""


class NumpyLearner:
    """Trains the vanilla RNN whose backward pass is written by hand."""

    lag = 1

    def __init__(self, vocab_size: int, model: ModelParams, train: TrainParams, seed: int) -> None:
        self.model = NumpyRNN(vocab_size, model, numpy_generator(seed, "weights"))
        self.train, self.optimizer = train, NumpyOptimizer(self.model.weights, train)
        self.reset_state()

    def reset_state(self) -> None:
        """Return to the initial state."""
        self.state = self.model.initial_state(self.train.batch_size)

    def learn(self, inputs: Chunk, targets: Chunk, learning_rate: float) -> tuple[float, float]:
        """Take one step on a chunk of shape (T, B); see :class:`Learner`."""
        # The state of the chunk's end is carried to the next, its gradient is not.
        loss, gradients, self.state = self.model.loss_and_gradients(inputs, targets, self.state)
        if self.train.state == "reset":
            self.reset_state()
        norm = clip_gradients(gradients, self.train)
        self.optimizer.step(gradients, learning_rate)
        return loss, norm

    def weights(self) -> Arrays:
        """Return copies of the weights."""
        return {name: value.copy() for name, value in self.model.weights.items()}

    def snapshot(self) -> Arrays:
        """Return weights, optimizer state and carried state."""
        return {
            **{f"weights.{name}": value.copy() for name, value in self.model.weights.items()},
            **{f"optimizer.{name}": value.copy() for name, value in self.optimizer.state.items()},
            "optimizer.steps": np.array([self.optimizer.steps]),
            "state": self.state[0][0].copy(),  # (B, H); the vanilla RNN has one layer
        }

    def restore(self, arrays: Arrays) -> None:
        """Continue from a snapshot."""
        for name, value in self.model.weights.items():
            value[...] = arrays[f"weights.{name}"]
        for name, value in self.optimizer.state.items():
            value[...] = arrays[f"optimizer.{name}"]
        self.optimizer.steps = int(arrays["optimizer.steps"][0])
        self.state = [(arrays["state"].copy(),)]


def make_learner(
    vocab_size: int,
    model: ModelParams,
    train: TrainParams,
    seed: int,
    ngrams: NGrams = NO_NGRAMS,
) -> Learner:
    """Return a new learner for the backend that the parameters name."""
    if model.backend == "numpy":
        return NumpyLearner(vocab_size, model, train, seed)
    # Loading torch takes seconds, and the network by hand does without it.
    from charlab.train.torch_learner import TorchLearner

    return TorchLearner(vocab_size, model, train, seed, ngrams)

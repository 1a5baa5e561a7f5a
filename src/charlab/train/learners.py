"""Combine a network, its optimizer and its carried state into a learner.

The training loop uses the interface :class:`Learner` only, so it needs neither torch nor NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, SupportsFloat

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.core.seeding import numpy_generator, torch_generator
from charlab.models.params import ModelParams
from charlab.models.rnn_by_hand import NumpyRNN
from charlab.models.torch_model import CharRNN
from charlab.train.model_folder import Arrays
from charlab.train.optimizers import NumpyOptimizer, TorchOptimizer, clip_gradients
from charlab.train.params import TrainParams

Chunk = NDArray[np.int64]
"""Character ids of shape (T, B)."""

LAG = {"cpu": 1, "cuda": 64}
"""Steps between two readings of the losses, by device. Reading a loss waits until the GPU has
computed it; in between, the GPU gets new work while it computes."""

LearnerFactory = Callable[[int, ModelParams, TrainParams, int], "Learner"]
"""A function of vocab_size, model, train and seed that returns a learner."""


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


class TorchLearner:
    """Trains a torch network, on a CPU or a GPU."""

    def __init__(self, vocab_size: int, model: ModelParams, train: TrainParams, seed: int) -> None:
        torch.set_num_threads(train.threads)
        self.train, self.device = train, torch.device(train.device)
        self.dropout = torch_generator(seed, "dropout", self.device)
        weights = numpy_generator(seed, "weights")
        self.model = CharRNN(vocab_size, model, weights, self.dropout, precision=train.precision)
        self.model.to(self.device).train()
        self.parameters = list(self.model.parameters())
        self.optimizer = TorchOptimizer(list(self.parameters), train)
        self.lag = LAG[self.device.type]
        self.reset_state()

    def reset_state(self) -> None:
        """Return to the initial state."""
        self.state = self.model.initial_state(self.train.batch_size)

    def learn(
        self, inputs: Chunk, targets: Chunk, learning_rate: float
    ) -> tuple[SupportsFloat, SupportsFloat]:
        """Take one step on a chunk of shape (T, B); see :class:`Learner`."""
        ids, following = self._on_device(inputs), self._on_device(targets)
        logits, ends = self.model.sequence(ids, self.state)  # (T, B, V)
        loss = F.cross_entropy(logits.flatten(0, 1), following.flatten())  # (T*B, V), (T*B,)
        for parameter in self.parameters:
            parameter.grad = None  # cheaper than zeros
        loss.backward()
        norm = self._clip()
        self.optimizer.step(learning_rate)
        if self.train.state == "reset":
            self.reset_state()
        else:
            # Truncated backpropagation: the values are carried on, the gradient is not.
            self.state = [tuple(part.detach() for part in layer) for layer in ends]
        return loss.detach(), norm

    def _on_device(self, ids: Chunk) -> torch.Tensor:
        if self.device.type == "cpu":
            return torch.from_numpy(ids)
        # The GPU copies pinned memory by itself, and the CPU does not wait for it.
        return torch.from_numpy(ids).pin_memory().to(self.device, non_blocking=True)

    def _clip(self) -> torch.Tensor:
        """Clip the gradients in place and return their norm before that."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        if self.train.clip == "value":
            for gradient in gradients:
                gradient.clamp_(-self.train.clip_at, self.train.clip_at)
        elif self.train.clip == "norm":
            # A short gradient is multiplied by 1; a condition would wait for the GPU.
            factor = (self.train.clip_at / norm).clamp(max=1.0)
            for gradient in gradients:
                gradient.mul_(factor)
        return norm

    def weights(self) -> Arrays:
        """Return copies of the weights."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.model.named_weights().items()
        }

    def snapshot(self) -> Arrays:
        """Return weights, optimizer state, carried state and state of the dropout generator."""
        arrays = {f"weights.{name}": value for name, value in self.weights().items()}
        for kind, values in self.optimizer.state.items():
            for number, value in enumerate(values):
                arrays[f"optimizer.{kind}.{number}"] = value.cpu().numpy().copy()
        for depth, layer in enumerate(self.state):
            for place, part in enumerate(layer):  # h, and for an LSTM c: (B, H)
                arrays[f"state.{depth}.{place}"] = part.detach().cpu().numpy().copy()
        return {**arrays, "dropout": self.dropout.get_state().numpy().copy()}

    def restore(self, arrays: Arrays) -> None:
        """Continue from a snapshot."""
        tensors = {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
        with torch.no_grad():
            for name, value in self.model.named_weights().items():
                value.copy_(tensors[f"weights.{name}"])
        for kind, values in self.optimizer.state.items():
            for number, value in enumerate(values):
                value.copy_(tensors[f"optimizer.{kind}.{number}"])
        self.state = [
            tuple(tensors[f"state.{d}.{p}"].to(self.device) for p in range(len(layer)))
            for d, layer in enumerate(self.state)
        ]
        self.dropout.set_state(tensors["dropout"])
        if self.train.state == "reset":
            # A learned initial state must be the parameter itself, or it gets no gradient.
            self.reset_state()


LEARNERS: dict[str, LearnerFactory] = {"torch": TorchLearner, "numpy": NumpyLearner}
"""Learners by the name of their backend in params.yaml."""

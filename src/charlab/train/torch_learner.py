"""Train a network in torch, on the kernels or on torch's own functions, on a CPU or a GPU."""

from __future__ import annotations

from typing import SupportsFloat

import torch

from charlab.core.seeding import numpy_generator, torch_generator
from charlab.exact.settings import looks_up
from charlab.models.kernel_functions import Masks
from charlab.models.ngrams import NGrams
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from charlab.models.weights import NO_NGRAMS
from charlab.train.learners import LAG, Chunk
from charlab.train.model_folder import Arrays
from charlab.train.params import TrainParams
from charlab.train.torch_optimizers import ExactOptimizer, TorchOptimizer


class TorchLearner:
    """Trains :class:`charlab.models.torch_model.CharRNN`; see :class:`Learner` for the methods.

    With ``backend: exact`` and on a CPU, layers, loss and optimizer run on the kernels.
    """

    def __init__(
        self,
        vocab_size: int,
        model: ModelParams,
        train: TrainParams,
        seed: int,
        ngrams: NGrams = NO_NGRAMS,
    ) -> None:
        torch.set_num_threads(train.threads)
        self.train, self.device = train, torch.device(train.device)
        self.lag = LAG[train.device]
        masks = Masks(int(numpy_generator(seed, "dropout").bit_generator.random_raw()))
        exact = model.backend == "exact" and train.device == "cpu"
        self.generator = None if exact else torch_generator(seed, "dropout", self.device)
        self.model = CharRNN(
            vocab_size,
            model,
            numpy_generator(seed, "weights"),
            self.generator or masks,
            train.device,
            train.precision,
            ngrams,
        ).train()
        self.parameters: list[torch.Tensor] = list(self.model.parameters())
        self.optimizer = (
            ExactOptimizer(self.model, train, masks)
            if exact
            else TorchOptimizer(self.parameters, train, list(self.model.tables().values()))
        )
        self.reset_state()

    def reset_state(self) -> None:
        """Return to the initial state."""
        self.state = self.model.initial_state(self.train.batch_size)

    def learn(
        self, inputs: Chunk, targets: Chunk, learning_rate: float
    ) -> tuple[SupportsFloat, SupportsFloat]:
        """Take one step on a chunk of shape (T, B)."""
        ids, following = self._on_device(inputs), self._on_device(targets)
        logits, ends = self.model(ids, self.state)  # (T, B, V)
        loss = self.model.loss(logits, following)
        for parameter in self.parameters:
            parameter.grad = None  # cheaper than zeros
        loss.backward()
        norm = self.optimizer.step(learning_rate)
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

    def weights(self) -> Arrays:
        """Return copies of the weights, and the n-grams that have some."""
        arrays = {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.model.named_weights().items()
        }
        return arrays | ({"ngrams": self.model.ngrams.table} if looks_up(self.model.params) else {})

    def snapshot(self) -> Arrays:
        """Return weights, optimizer state, carried state and state of the dropout generator."""
        arrays = {f"weights.{name}": value for name, value in self.weights().items()}
        arrays |= {f"optimizer.{name}": value for name, value in self.optimizer.arrays().items()}
        for depth, layer in enumerate(self.state):
            for place, part in enumerate(layer):  # h, and for an LSTM c: (B, H)
                arrays[f"state.{depth}.{place}"] = part.detach().cpu().numpy().copy()
        if self.generator is not None:
            arrays["dropout"] = self.generator.get_state().numpy().copy()
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Continue from a snapshot."""

        def part(prefix: str) -> Arrays:
            return {
                name.removeprefix(prefix): value
                for name, value in arrays.items()
                if name.startswith(prefix)
            }

        self.model.load(part("weights."))
        self.optimizer.restore(part("optimizer."))
        self.state = [
            tuple(
                torch.from_numpy(arrays[f"state.{depth}.{place}"].copy()).to(self.device)
                for place in range(len(layer))
            )
            for depth, layer in enumerate(self.state)
        ]
        if self.generator is not None:
            self.generator.set_state(torch.from_numpy(arrays["dropout"].copy()))
        if self.train.state == "reset":
            # A learned initial state must be the parameter itself, or it gets no gradient.
            self.reset_state()

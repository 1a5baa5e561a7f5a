"""Clipping and steps of a network's weights, all of them or the rows that a chunk looked up."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from charlab.exact import optimizers
from charlab.exact.layout import Array, Ids, aligned
from charlab.exact.ngrams import RowTable
from charlab.exact.parameters import Parameters
from charlab.exact.settings import StepSettings


class Trained(Protocol):
    """Weights that an :class:`Optimizer` steps: a :class:`Network`, or what shares its arrays."""

    parameters: Parameters
    gradient: Parameters
    tables: dict[str, RowTable]
    updates: int


class Optimizer:
    """Clips gradients and steps weights.

    Attributes
    ----------
    mean, squares : ndarray of shape (P,) or (0,)
        What is kept of past gradients.
    steps : ndarray of shape (2,)
        Steps of the weights, and of a learned initial state.
    rows : dict of str to tuple of ndarray
        For each table its own mean and squares, (N * width,) or (0,), and each row's steps (N,).
    """

    def __init__(self, network: Trained, train: StepSettings) -> None:
        self.network, self.train, self.steps = network, train, np.zeros(2, np.int64)
        flat = network.parameters.flat
        keep = {"sgd": (0, 0), "adagrad": (0, 1), "rmsprop": (0, 1), "adam": (1, 1)}
        self.mean, self.squares = (
            aligned((flat.size * part,), flat.dtype) for part in keep[train.optimizer]
        )
        mean, squares = keep[train.optimizer]
        self.rows: dict[str, tuple[Array, Array, Ids]] = {
            name: (
                aligned((table.values.size * mean,), flat.dtype),
                aligned((table.values.size * squares,), flat.dtype),
                np.zeros(table.shape[0], np.int64),
            )
            for name, table in network.tables.items()
        }

    def step(self, learning_rate: float, start: bool = True) -> float:
        """Take a step along the gradients; return their norm before clipping.

        Without ``start`` a learned initial state is left as it is, apart from decay: it has no
        gradient in a chunk that starts from a carried state.
        """
        network, train = self.network, self.train
        weights, gradient = network.parameters, network.gradient
        others = 0.0
        for table in network.tables.values():
            others += optimizers.sum_of_row_squares(table.gradient, table.count * table.width)
        norm: float = optimizers.norm(gradient.flat, others)
        for part, steps in ((slice(0, weights.start), 0), (slice(weights.start, None), 1)):
            if steps and not len(weights.flat[part]):
                continue
            if steps and not start:
                weights.flat[part] *= weights.flat.dtype.type(
                    1.0 - float(learning_rate) * float(train.weight_decay)
                )
                continue
            self.steps[steps] += 1
            optimizers.step(
                optimizers.KINDS[train.optimizer], optimizers.CLIPPING[train.clip],
                float(train.clip_at), norm, weights.flat[part], gradient.flat[part],
                self.mean[part], self.squares[part], float(learning_rate),
                float(train.weight_decay), float(train.betas[0]), float(train.betas[1]),
                int(self.steps[steps]),
            )  # fmt: skip
        for name, table in network.tables.items():
            self._step_rows(table, self.rows[name], norm, float(learning_rate))
        network.updates += 1
        return norm

    def _step_rows(
        self, table: RowTable, kept: tuple[Array, Array, Ids], norm: float, rate: float
    ) -> None:
        """Take a step with the rows of a table that have a gradient."""
        train, (mean, squares, steps) = self.train, kept
        bound = float(train.clip_at)
        scale = bound / norm if train.clip == "norm" and norm > bound else 1.0
        optimizers.step_touched(
            optimizers.KINDS[train.optimizer], scale, bound if train.clip == "value" else np.inf,
            table.touched, table.width, table.values, table.gradient, mean, squares, rate,
            float(train.weight_decay), float(train.betas[0]), float(train.betas[1]), steps,
        )  # fmt: skip

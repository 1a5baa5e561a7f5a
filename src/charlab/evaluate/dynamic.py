r"""Dynamic evaluation: the loss of a text under a model that keeps learning while it reads.

Input: a trained network and an encoded text. Output: the loss of each character in nats, where
every chunk is scored before it is learned from. After each chunk with gradient g the weights
theta, which training left at theta_0, are updated by

    theta <- theta - eta g / (sqrt(MS) + eps) + lambda (theta_0 - theta) R,

where MS is the mean square of the training gradients and R is sqrt(MS) divided by its mean
(at most 1 / lambda). Without a training text, MS is the mean square of the gradients so far on
the text itself, whose characters have already been scored, and R = 1. Plain SGD has
sqrt(MS) + eps = R = 1.

Source: Krause, Kahembwe, Murray and Renals (2018), Dynamic evaluation of neural
sequence models, arXiv:1709.07432.

A compressor also learns while it codes, so this loss is comparable with PPMd's, and the loss
with fixed weights with the n-gram's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from charlab.core.errors import CharlabError
from charlab.core.sums import mean
from charlab.exact.network import Network
from charlab.models.params import ModelParams

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.floating]]
Model = tuple[ModelParams, Arrays]
"""A configuration, and weights under their names in model.safetensors."""

EPSILON = 1e-5
"""Bound on the step of a weight whose gradients were about 0; of the magnitude of sqrt(MS)."""


@dataclass(frozen=True)
class Rates:
    """Learning rates of dynamic evaluation.

    Attributes
    ----------
    learning_rate : float
        eta, the step size.
    decay : float
        lambda, the share of the distance to the trained weights that is taken back.
    seq_len : int
        Number of characters between two updates.
    """

    learning_rate: float
    decay: float = 0.0
    seq_len: int = 20

    def __post_init__(self) -> None:
        rate = 0 <= self.learning_rate < float("inf")  # NaN fails, too
        if not rate or not 0 <= self.decay < 1 or self.seq_len < 1:
            raise CharlabError(
                "dynamic evaluation needs a finite learning rate of at least 0, a decay from 0 to "
                f"below 1, and a seq_len of at least 1; found {self}"
            )


def dynamic_nats_per_char(
    model: Model,
    ids: Ids,
    rates: Rates,
    *,
    segments: int = 1,
    mean_squares: Arrays | Literal["running"] | None = "running",
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Return the loss of every character but the first of each segment.

    Parameters
    ----------
    model : tuple of ModelParams and dict of str to ndarray
        A configuration and weights, as :func:`charlab.models.weights.load_trained` returns them;
        they are not changed.
    ids : ndarray of shape (chars,)
        The text.
    rates : Rates
        Learning rates.
    segments : int
        Number of equal pieces; the state is reset in each, but the weights are kept.
    mean_squares : dict of str to ndarray, "running" or None
        MS: one array for each weight, from :func:`gradient_mean_squares`; or the mean
        over the gradients so far; or None for plain SGD.
    progress : callable, optional
        Called after each chunk with its number of characters.

    Returns
    -------
    ndarray of shape (chars - segments,), dtype=np.float64
        Nats per character.

    Raises
    ------
    CharlabError
        If the loss is no longer finite.
    """
    reader = _Reader(model, rates.seq_len)
    update = _Update(reader.weights, rates, mean_squares)
    result = []
    for nats in reader.losses(ids, segments):
        # Recorded before the update: no character is scored by weights that have seen it.
        result.append(nats)
        if progress is not None:
            progress(len(result[-1]))
        if not np.isfinite(result[-1]).all():
            raise CharlabError(
                f"dynamic evaluation diverged at character {len(np.concatenate(result))}; "
                f"use a learning rate below {rates.learning_rate:g}"
            )
        update.apply(reader.gradients())
    return np.concatenate(result) if result else np.empty(0)


def gradient_mean_squares(
    model: Model, ids: Ids, *, seq_len: int = 20, chunks: int = 500
) -> Arrays:
    """Return the mean square of the gradient of each weight on a training text.

    Parameters
    ----------
    model : tuple of ModelParams and dict of str to ndarray
        A configuration and weights, which are not changed.
    ids : ndarray of shape (chars,)
        The training text, of which evenly spaced chunks are used.
    seq_len : int
        Length of a chunk; use that of the evaluation, as longer chunks have smaller gradients.
    chunks : int
        Maximum number of gradients to average.

    Returns
    -------
    dict of str to ndarray
        By the names of the weights.
    """
    reader = _Reader(model, seq_len)
    squares = {name: np.zeros_like(value) for name, value in reader.weights.items()}
    count = max(min(chunks, (len(ids) - 1) // seq_len), 1)
    # The five chunks before each one are read too, so that its initial state is realistic.
    ends = np.linspace(min(6 * seq_len, len(ids) - 1), len(ids) - 1, count).astype(int)
    for end in ends:
        for _ in reader.losses(ids[max(end - 6 * seq_len, 0) : end + 1], 1):
            gradients = reader.gradients()
        for name, gradient in gradients.items():
            squares[name] += gradient**2 / np.float32(count)
    return squares


class _Reader:
    """A network on the kernels that reads one stream in chunks, without dropout.

    Attributes
    ----------
    weights : dict of str to ndarray
        Its own copy; changes count from the next chunk on.
    """

    def __init__(self, model: Model, seq_len: int) -> None:
        params, weights = model
        self.params = params.model_copy(update={"dropout": 0.0, "recurrent_dropout": 0.0})
        self.given, self.seq_len = weights, seq_len
        self.networks = {seq_len: Network(self.params, weights, 1, seq_len)}
        self.latest = self.networks[seq_len]
        self.weights = self.latest.weights

    def _network(self, seq_len: int) -> Network:
        """Return a network for chunks of a length; all have the same weights."""
        if seq_len not in self.networks:
            network = Network(self.params, self.given, 1, seq_len)
            first = self.networks[self.seq_len]
            network.share(first.parameters, first.gradient, first.tables)
            self.networks[seq_len] = network
        return self.networks[seq_len]

    def losses(self, ids: Ids, segments: int) -> Iterator[Floats]:
        """Yield the losses of each chunk, shape (chunk length,); the state is carried over."""
        for piece in np.asarray(ids, np.int64).reshape(segments, -1, 1):
            self.latest.reset_state()
            for start in range(0, len(piece) - 1, self.seq_len):
                inputs = np.ascontiguousarray(
                    piece[start : min(start + self.seq_len, len(piece) - 1)]
                )
                network = self._network(len(inputs))
                if network is not self.latest:
                    network.reset_state()
                    if start:
                        network.set_state(self.latest.state())
                self.latest = network
                targets = np.ascontiguousarray(piece[start + 1 : start + 1 + len(inputs)])
                network.loss_and_gradients(inputs, targets)
                yield network.head.nats.copy()

    def gradients(self) -> Arrays:
        """Return the gradient of the latest chunk's mean loss in each weight."""
        tables = {name: table.dense() for name, table in self.latest.tables.items()}
        return self.latest.gradients | tables


class _Update:
    """Update rule of the module docstring, for all weights of a network."""

    def __init__(
        self, weights: Arrays, rates: Rates, mean_squares: Arrays | Literal["running"] | None
    ) -> None:
        self.weights, self.rate = weights, np.float32(rates.learning_rate)
        self.trained = {name: value.copy() for name, value in weights.items()}
        self.running = mean_squares == "running"
        self.seen = 0
        decay, one = np.float32(rates.decay), np.float32(1)
        if isinstance(mean_squares, dict):
            # R = root / mean; with the minimum, lambda R is at most 1.
            roots = {name: np.sqrt(square) for name, square in mean_squares.items()}
            middle = np.float32(mean(np.concatenate([root.ravel() for root in roots.values()])))
            self.pulls = {n: np.minimum(decay * root / middle, one) for n, root in roots.items()}
            self.scales = {name: root + np.float32(EPSILON) for name, root in roots.items()}
        else:
            # The running MS starts at 0; plain SGD keeps the scales at 1.
            self.squares = {name: np.zeros_like(value) for name, value in weights.items()}
            self.pulls = {name: np.full_like(value, decay) for name, value in weights.items()}
            self.scales = {name: np.ones_like(value) for name, value in weights.items()}

    def apply(self, gradients: Arrays) -> None:
        """Move the weights by their gradients, and back toward the trained weights."""
        self.seen += 1
        for name, weight in self.weights.items():
            gradient = gradients[name]
            if self.running:
                # Mean over all gradients up to this one.
                squares = self.squares[name]
                squares += (gradient * gradient - squares) / np.float32(self.seen)
                self.scales[name] = np.sqrt(squares) + np.float32(EPSILON)
            weight -= self.rate * gradient / self.scales[name]
            weight += self.pulls[name] * (self.trained[name] - weight)

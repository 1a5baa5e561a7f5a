r"""Dynamic evaluation: the loss of a text under a model that keeps learning while it reads.

Input: a torch model and an encoded text. Output: the loss of each character in nats, where
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

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy

from charlab.core.errors import CharlabError
from charlab.models.torch_model import CharRNN
from charlab.models.weights import NO_NGRAMS, load_trained

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
MeanSquares = list[torch.Tensor]
State = list[tuple[torch.Tensor, ...]]

EPSILON = 1e-5
"""Bound on the step of a weight whose gradients were about 0; of the magnitude of sqrt(MS)."""


def load_torch_model(folder: Path) -> CharRNN:
    """Load the network of a model folder into torch, so that it can keep learning.

    Raises
    ------
    CharlabError
        If the folder has no configuration or weights, or they do not match.
    """
    params, weights = load_trained(folder)
    model = CharRNN(len(weights["head.bias"]), params, ngrams=weights.get("ngrams", NO_NGRAMS))
    with torch.no_grad():
        for name, parameter in model.named_weights().items():
            parameter.copy_(torch.from_numpy(weights[name]))
    return model


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
    model: torch.nn.Module,
    ids: Ids,
    rates: Rates,
    *,
    segments: int = 1,
    mean_squares: MeanSquares | Literal["running"] | None = "running",
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Return the loss of every character but the first of each segment.

    Parameters
    ----------
    model : torch.nn.Module
        A model with ``initial_state`` and ``sequence``; it is not changed.
    ids : ndarray of shape (chars,)
        The text.
    rates : Rates
        Learning rates.
    segments : int
        Number of equal pieces; the state is reset in each, but the weights are kept.
    mean_squares : list of Tensor, "running" or None
        MS: one tensor for each parameter, from :func:`gradient_mean_squares`; or the mean
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
    # A copy, because its weights change; eval() switches dropout off.
    learner = copy.deepcopy(model).eval()
    update = _Update(list(learner.parameters()), rates, mean_squares)
    result = []
    for nats in _losses(learner, ids, segments, rates.seq_len):
        # Recorded before the update: no character is scored by weights that have seen it.
        result.append(nats.detach().double().numpy())
        if not np.isfinite(result[-1]).all():
            raise CharlabError(
                f"dynamic evaluation diverged at character {len(np.concatenate(result))}; "
                f"use a learning rate below {rates.learning_rate:g}"
            )
        update.apply(torch.autograd.grad(nats.mean(), update.parameters, allow_unused=True))
        if progress is not None:
            progress(len(result[-1]))
    return np.concatenate(result) if result else np.empty(0)


def gradient_mean_squares(
    model: torch.nn.Module, ids: Ids, *, seq_len: int = 20, chunks: int = 500
) -> MeanSquares:
    """Return the mean square of the gradient of each weight on a training text.

    Parameters
    ----------
    model : torch.nn.Module
        The model; it is not changed.
    ids : ndarray of shape (chars,)
        The training text, of which evenly spaced chunks are used.
    seq_len : int
        Length of a chunk; use that of the evaluation, as longer chunks have smaller gradients.
    chunks : int
        Maximum number of gradients to average.

    Returns
    -------
    list of Tensor
        In the order of ``model.parameters()``.
    """
    learner = copy.deepcopy(model).eval()
    parameters = list(learner.parameters())
    squares = [torch.zeros_like(p) for p in parameters]
    count = max(min(chunks, (len(ids) - 1) // seq_len), 1)
    # The five chunks before each one are read too, so that its initial state is realistic.
    ends = np.linspace(min(6 * seq_len, len(ids) - 1), len(ids) - 1, count).astype(int)
    for end in ends:
        *_, last = _losses(learner, ids[max(end - 6 * seq_len, 0) : end + 1], 1, seq_len)
        gradients = torch.autograd.grad(last.mean(), parameters, allow_unused=True)
        for square, gradient in zip(squares, gradients, strict=True):
            if gradient is not None:  # a learned initial state has no gradient after chunk one
                square += gradient**2 / count
    return squares


class _Update:
    """Update rule of the module docstring, for all parameters of a model."""

    def __init__(
        self,
        parameters: list[torch.nn.Parameter],
        rates: Rates,
        mean_squares: MeanSquares | Literal["running"] | None,
    ) -> None:
        self.parameters, self.rates = parameters, rates
        self.trained = [p.detach().clone() for p in parameters]
        self.running = mean_squares == "running"
        self.seen = 0
        if isinstance(mean_squares, list):
            # R = root / mean; with the clamp, lambda R is at most 1.
            roots = [square.sqrt() for square in mean_squares]
            mean = torch.cat([root.flatten() for root in roots]).mean()
            self.pulls = [(rates.decay * root / mean).clamp(max=1.0) for root in roots]
            self.scales = [root + EPSILON for root in roots]
        else:
            # The running MS starts at 0; plain SGD keeps the scales at 1.
            self.squares = [torch.zeros_like(p) for p in parameters]
            self.pulls = [torch.full_like(p, rates.decay) for p in parameters]
            self.scales = [torch.ones_like(p) for p in parameters]

    @torch.no_grad()
    def apply(self, gradients: Sequence[torch.Tensor | None]) -> None:
        """Move the weights by their gradients, and back toward the trained weights."""
        self.seen += 1
        for k, parameter in enumerate(self.parameters):
            gradient = gradients[k]
            if gradient is not None:
                if self.running:
                    # Mean over all gradients up to this one.
                    self.squares[k] += (gradient**2 - self.squares[k]) / self.seen
                    self.scales[k] = self.squares[k].sqrt() + EPSILON
                parameter.sub_(self.rates.learning_rate * gradient / self.scales[k])
            parameter.add_(self.pulls[k] * (self.trained[k] - parameter))


def _losses(model: Any, ids: Ids, segments: int, seq_len: int) -> Iterator[torch.Tensor]:
    """Yield the losses of each chunk, shape (chunk length,); the state is carried over."""
    for piece in np.asarray(ids).reshape(segments, -1):
        symbols = torch.from_numpy(piece.astype(np.int64))
        state: State = model.initial_state(1)
        for start in range(0, len(symbols) - 1, seq_len):
            end = min(start + seq_len, len(symbols) - 1)
            logits, state = model.sequence(symbols[start:end, None], state)
            # Truncated backpropagation: no gradient flows into the chunks before.
            state = [tuple(part.detach() for part in layer) for layer in state]
            # (T, 1, V) -> (T, V); the targets are the inputs one step ahead.
            yield cross_entropy(logits[:, 0], symbols[start + 1 : end + 1], reduction="none")

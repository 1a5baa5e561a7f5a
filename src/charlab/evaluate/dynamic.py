r"""The loss of a text under a model that goes on learning while it reads.

What enters is a torch model and a numbered text; what leaves is the loss of each
character in nats, every chunk scored before it is learned from. After each chunk with
gradient g the weights theta move from where training left them, theta_0, by

    theta <- theta - eta g / (sqrt(MS) + eps) + lambda (theta_0 - theta) R,

where MS is the mean square of the training gradients and R = sqrt(MS) over its mean
(at most 1 / lambda). Where there is no training text, MS is that of the gradients so far
on the text itself, which have all been paid for, and R = 1. The plain rule (SGD) has
sqrt(MS) + eps = R = 1.

Source: Krause, Kahembwe, Murray and Renals (2018), Dynamic evaluation of neural
sequence models, arXiv:1709.07432.

A compressor learns while it codes as well: this is the figure to set beside PPMd's,
and the one with fixed weights beside the n-gram's.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy

from charlab.core.errors import CharlabError
from charlab.models.numpy_model import load_model
from charlab.models.torch_model import CharRNN
from charlab.models.weights import load_weights

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
MeanSquares = list[torch.Tensor]
State = list[tuple[torch.Tensor, ...]]

EPSILON = 1e-5
"""Keeps a weight that training never moved from moving far; of the size of sqrt(MS)."""


def load_torch_model(folder: Path) -> CharRNN:
    """Load the network of a model folder into torch, for it to learn on.

    Raises
    ------
    CharlabError
        If the folder has no configuration or weights, or they do not fit each other.
    """
    frozen = load_model(folder)  # checks the configuration
    model = CharRNN(frozen.vocab_size, frozen.params)
    weights = load_weights(folder / "model.safetensors", frozen.params, frozen.vocab_size)
    with torch.no_grad():
        for name, parameter in model.named_weights().items():
            parameter.copy_(torch.from_numpy(weights[name]))
    return model


@dataclass(frozen=True)
class Rates:
    """How fast a model learns from what it reads.

    Attributes
    ----------
    learning_rate : float
        eta.
    decay : float
        lambda, how fast the weights go back to those of training.
    seq_len : int
        Characters between two updates.
    """

    learning_rate: float
    decay: float = 0.0
    seq_len: int = 20

    def __post_init__(self) -> None:
        if self.learning_rate < 0 or not 0 <= self.decay < 1 or self.seq_len < 1:
            raise CharlabError(
                "dynamic evaluation needs a learning rate of at least 0, a decay from 0 to "
                f"below 1, and a seq_len of at least 1; found {self}"
            )


def dynamic_nats_per_char(
    model: torch.nn.Module,
    ids: Ids,
    rates: Rates,
    *,
    segments: int = 1,
    mean_squares: MeanSquares | Literal["running"] | None = "running",
) -> Floats:
    """Return the loss of every character but the first of each segment.

    Parameters
    ----------
    model : torch.nn.Module
        With ``initial_state`` and ``sequence`` as every model here; it is not changed.
    ids : ndarray of shape (chars,)
        The text: ``segments`` equally long pieces, read one after the other. What is
        learned in one is kept for the next; the state starts afresh.
    mean_squares : list of Tensor, "running" or None
        One for each parameter, from :func:`gradient_mean_squares`; or that of the
        gradients so far; or none, for plain SGD.

    Returns
    -------
    ndarray of shape (chars - segments,), dtype=np.float64

    Raises
    ------
    CharlabError
        If the loss stops being a number.
    """
    learner = copy.deepcopy(model).eval()
    update = _Update(list(learner.parameters()), rates, mean_squares)
    result = []
    for nats in _losses(learner, ids, segments, rates.seq_len):
        result.append(nats.detach().double().numpy())
        if not np.isfinite(result[-1]).all():
            raise CharlabError(
                f"dynamic evaluation diverged at character {len(np.concatenate(result))}; "
                f"give a learning rate below {rates.learning_rate:g}"
            )
        update.apply(torch.autograd.grad(nats.mean(), update.parameters, allow_unused=True))
    return np.concatenate(result) if result else np.empty(0)


def gradient_mean_squares(
    model: torch.nn.Module, ids: Ids, *, seq_len: int = 20, chunks: int = 500
) -> MeanSquares:
    """Return the mean square of the gradient of each weight on a training text.

    Parameters
    ----------
    ids : ndarray of shape (chars,)
        The training text; chunks spread evenly over it are used.
    seq_len : int
        As long as those of the evaluation, since longer chunks have smaller gradients.
    chunks : int
        How many gradients to average, at most.

    Returns
    -------
    list of Tensor
        In the order of ``model.parameters()``.
    """
    learner = copy.deepcopy(model).eval()
    parameters = list(learner.parameters())
    squares = [torch.zeros_like(p) for p in parameters]
    count = max(min(chunks, (len(ids) - 1) // seq_len), 1)
    # Five chunks before each are read too, so that the gradient meets a state in use.
    ends = np.linspace(min(6 * seq_len, len(ids) - 1), len(ids) - 1, count).astype(int)
    for end in ends:
        *_, last = _losses(learner, ids[max(end - 6 * seq_len, 0) : end + 1], 1, seq_len)
        gradients = torch.autograd.grad(last.mean(), parameters, allow_unused=True)
        for square, gradient in zip(squares, gradients, strict=True):
            if gradient is not None:  # a learned initial state is out of reach by then
                square += gradient**2 / count
    return squares


class _Update:
    """The rule of the module's docstring, for all parameters of a model."""

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
            roots = [square.sqrt() for square in mean_squares]
            mean = torch.cat([root.flatten() for root in roots]).mean()
            self.pulls = [(rates.decay * root / mean).clamp(max=1.0) for root in roots]
            self.scales = [root + EPSILON for root in roots]
        else:
            self.squares = [torch.zeros_like(p) for p in parameters]
            self.pulls = [torch.full_like(p, rates.decay) for p in parameters]
            self.scales = [torch.ones_like(p) for p in parameters]

    @torch.no_grad()
    def apply(self, gradients: Sequence[torch.Tensor | None]) -> None:
        """Move the weights by their gradients, and back towards those of training."""
        self.seen += 1
        for k, parameter in enumerate(self.parameters):
            gradient = gradients[k]
            if gradient is not None:
                if self.running:
                    self.squares[k] += (gradient**2 - self.squares[k]) / self.seen
                    self.scales[k] = self.squares[k].sqrt() + EPSILON
                parameter.sub_(self.rates.learning_rate * gradient / self.scales[k])
            parameter.add_(self.pulls[k] * (self.trained[k] - parameter))


def _losses(model: Any, ids: Ids, segments: int, seq_len: int) -> Iterator[torch.Tensor]:
    """Yield the losses of each chunk, of shape (chars in it,), with the state carried."""
    for piece in np.asarray(ids).reshape(segments, -1):
        symbols = torch.from_numpy(piece.astype(np.int64))
        state: State = model.initial_state(1)
        for start in range(0, len(symbols) - 1, seq_len):
            end = min(start + seq_len, len(symbols) - 1)
            logits, state = model.sequence(symbols[start:end, None], state)
            state = [tuple(part.detach() for part in layer) for layer in state]
            yield cross_entropy(logits[:, 0], symbols[start + 1 : end + 1], reduction="none")

"""Inputs on which an exercise is tried, the same for the program that runs it and for its judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charlab.models.params import ModelParams

VOCAB, HIDDEN = 6, 5
DRAWS = 1500
"""Characters drawn for one count of the sampler."""

PROMPT, LENGTH = (1, 4, 2), 8
"""Of the text that the sampler writes from :class:`Counter`."""


@dataclass(frozen=True)
class Case:
    """One chunk of characters on which gradients are compared.

    Attributes
    ----------
    activation : str
    steps, batch : int
        T and B.
    """

    activation: Literal["tanh", "relu", "sigmoid"]
    steps: int
    batch: int

    @property
    def params(self) -> ModelParams:
        """The network's parameters."""
        return ModelParams(backend="numpy", cell="rnn", activation=self.activation, hidden=HIDDEN)

    def generator(self) -> np.random.Generator:
        """Return the source of the initial weights."""
        return np.random.default_rng(7)

    def chunk(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return characters, shape (T, B), and those that follow them."""
        ids = np.random.default_rng(1).integers(0, VOCAB, (self.steps + 1, self.batch))
        return ids[:-1], ids[1:]

    def start(self) -> NDArray[np.float64]:
        """Return a state (B, H) that is not zero, as in the middle of a text."""
        return np.random.default_rng(2).uniform(-1, 1, (self.batch, HIDDEN))


CASES = (Case("tanh", 8, 3), Case("tanh", 5, 1), Case("relu", 6, 2), Case("sigmoid", 6, 2))
"""The first case is the one that messages are about, if it fails."""


@dataclass(frozen=True)
class Draw:
    """Logits and a temperature for which the sampler's draws are counted.

    Attributes
    ----------
    temperature : float
    shift : float
        Added to all logits, which changes no probability.
    """

    temperature: float
    shift: float = 0.0

    def logits(self) -> NDArray[np.float64]:
        """Return scores of shape (V,)."""
        return np.array([1.2, -0.4, 0.3, 2.0, -1.5, 0.8]) + self.shift


DRAWN = (Draw(1.0), Draw(0.5), Draw(2.0), Draw(0.0), Draw(1.0, 2000.0))


class Counter:
    """A network whose next character is known: the last one plus the sum of all, modulo V.

    Attributes
    ----------
    read : list of int
        All characters that it has read, in order.
    """

    def __init__(self) -> None:
        self.read: list[int] = []

    def initial_state(self, batch_size: int) -> list[tuple[NDArray[np.float64], ...]]:
        """Return a state that says that nothing was read."""
        return [(np.zeros((batch_size, 1)),)]

    def step(
        self, inputs: NDArray[np.int64], state: list[tuple[NDArray[np.float64], ...]]
    ) -> tuple[NDArray[np.float64], list[tuple[NDArray[np.float64], ...]]]:
        """Return logits (1, V) of the only possible next character, and the new state.

        Raises
        ------
        ValueError
            If the inputs are not an array of shape (1,), which every network here reads.
        """
        if np.shape(inputs) != (1,) or not isinstance(inputs, np.ndarray):
            raise ValueError(f"step reads an array of shape (1,), found {inputs!r}")
        char = int(inputs[0])
        self.read.append(char)
        total = state[0][0] + char  # (1, 1)
        logits = np.full((1, VOCAB), -1e6)
        logits[0, int(char + total.item()) % VOCAB] = 0.0
        return logits, [(total,)]


def counted_on(prompt: tuple[int, ...], length: int) -> Iterator[int]:
    """Yield what :class:`Counter` writes after a prompt."""
    total, last = sum(prompt), prompt[-1]
    for _ in range(length):
        last = (last + total) % VOCAB
        yield last
        total += last

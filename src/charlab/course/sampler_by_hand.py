"""Sample text from a network, one character at a time.

The network's logits y become probabilities by the softmax, after a division by the temperature:

    p(c) = exp(y_c / T) / sum_v exp(y_v / T)

At T = 1 these are the network's own; below, likely characters become likelier; above, all become
more alike. T = 0 stands for the limit: the likeliest character, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
State = list[tuple[Array, ...]]


class Network(Protocol):
    """A network that reads one character of each of B sequences at a time."""

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character."""

    def step(self, inputs: NDArray[np.integer[Any]], state: State) -> tuple[Array, State]:
        """Read inputs of shape (B,); return logits of shape (B, V), and the state after them."""


def next_char(logits: Array, temperature: float, generator: np.random.Generator) -> int:
    """Draw a character from the logits.

    Parameters
    ----------
    logits : ndarray of shape (V,)
        Scores of any size, thousands included.
    temperature : float
        At least 0; 0 chooses the likeliest character.
    generator : numpy.random.Generator
        Source of chance; ``generator.choice(V, p=p)`` draws with probabilities p.

    Returns
    -------
    int
        The character's number, from 0 to V - 1.
    """
    scores = np.asarray(logits, np.float64)
    if temperature == 0:
        return int(scores.argmax())
    # Subtracting the maximum does not change the softmax, and exp cannot overflow.
    p = np.exp((scores - scores.max()) / temperature)
    return int(generator.choice(len(p), p=p / p.sum()))


def sample(
    model: Network,
    prompt: Sequence[int],
    length: int,
    temperature: float,
    generator: np.random.Generator,
) -> list[int]:
    """Write characters that follow a prompt.

    Parameters
    ----------
    model : Network
    prompt : sequence of int
        Characters to read first, at least one.
    length : int
        Number of characters to write.
    temperature : float
    generator : numpy.random.Generator

    Returns
    -------
    list of int
        The characters after the prompt.
    """
    state = model.initial_state(1)
    for char in prompt:
        logits, state = model.step(np.array([char]), state)  # (1, V)
    written: list[int] = []
    while len(written) < length:
        written.append(next_char(logits[0], temperature, generator))
        # What was drawn is the next input.
        logits, state = model.step(np.array([written[-1]]), state)
    return written

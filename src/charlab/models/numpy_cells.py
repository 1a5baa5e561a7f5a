"""Compute one step of each recurrent cell in NumPy, forward only.

The equations are those of :mod:`charlab.models.cells`. A gate is computed as
sigmoid(a) = (1 + tanh(a/2)) / 2, whose inner half is multiplied into the weights
beforehand by each cell's ``scales``. For one character at a time the overhead of a call exceeds
its arithmetic, so results go into arrays that are allocated once for each batch size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LayerState = tuple[Floats, ...]
Activation = Callable[[Floats, Floats], object]

# Arrays without dimensions, because NumPy would convert a scalar at each call.
HALF, ONE, ZERO = (np.array(value, np.float32) for value in (0.5, 1, 0))

FEW = 8
"""Batch size from which elementwise work takes longer than the overhead of calls."""


def _tanh(x: Floats, out: Floats) -> None:
    np.tanh(x, out)


def _relu(x: Floats, out: Floats) -> None:
    np.maximum(x, ZERO, out=out)


def _sigmoid(x: Floats, out: Floats) -> None:
    # (1 + tanh(x / 2)) / 2 cannot overflow.
    np.multiply(x, HALF, out)
    np.tanh(out, out)
    np.add(out, ONE, out)
    np.multiply(out, HALF, out)


ACTIVATIONS: dict[str, Activation] = {"tanh": _tanh, "relu": _relu, "sigmoid": _sigmoid}


class LayerWeights(Protocol):
    """The interface of a layer that a cell needs."""

    recurrent: Floats  # (H, G*H)
    head: Floats  # (H, V), or (H, 0) in layers without logits
    onward: Floats  # (H, G*H + V + padding): both side by side
    bias_hh: Floats  # (G*H,)
    phi: Activation


class Cell:
    """A cell for one batch size: its step, and the buffers of a step.

    Attributes
    ----------
    scales : tuple of float
        Factors for the rows of each gate, multiplied into all weights beforehand.
    driven : ndarray of shape (B, G*H)
        Buffer for the input's contribution to the gates, which a step overwrites.
    share, beyond : ndarray of shape (B, G*H), (B, V)
        The last state times W_hh and times the output weights, by :meth:`multiply`.
    """

    scales: tuple[float, ...]

    def __init__(self, layer: LayerWeights, batch: int) -> None:
        self.phi, width = layer.phi, layer.recurrent.shape[1]
        self.size = width // len(self.scales)
        self.driven = np.empty((batch, width), np.float32)
        self.candidate = np.empty((batch, self.size), np.float32)
        if batch < FEW:
            product = np.empty((batch, layer.onward.shape[1]), np.float32)
            self.share, self.beyond = product[:, :width], product[:, width:]
            self.products = [(layer.onward, product)]
        else:
            self.share = np.empty_like(self.driven)
            self.beyond = np.empty((batch, layer.head.shape[1]), np.float32)
            self.products = [(layer.recurrent, self.share), (layer.head, self.beyond)]
        self.known: Floats | None = None

    def multiply(self, hidden: Floats) -> None:
        """Compute ``share`` and ``beyond`` unless they are those of this state already."""
        if hidden is not self.known:
            for weights, out in self.products:
                np.dot(hidden, weights, out=out)
            self.known = hidden

    def advance(self, driven: Floats, share: Floats, state: LayerState) -> LayerState:
        """Return the next state, in new arrays of shape (B, H).

        ``driven`` (B, G*H) is the input's contribution to the gates with biases; ``share``
        (B, G*H) is that of ``state``.
        """
        raise NotImplementedError


class _RNN(Cell):
    scales = (1.0,)

    def advance(self, driven: Floats, share: Floats, state: LayerState) -> LayerState:
        hidden = share + driven
        self.phi(hidden, hidden)
        return (hidden,)


class _LSTM(Cell):
    scales = (0.5, 0.5, 1.0, 0.5)  # i, f, g, o

    def __init__(self, layer: LayerWeights, batch: int) -> None:
        super().__init__(layer, batch)
        self.i, self.f, self.g, self.o = np.split(self.driven, 4, axis=1)

    def advance(self, driven: Floats, share: Floats, state: LayerState) -> LayerState:
        gates, candidate = self.driven, self.candidate
        np.add(driven, share, gates)
        self.phi(self.g, candidate)
        # All gates, although g is done: one call on adjacent numbers is the fastest.
        np.tanh(gates, gates)
        np.add(gates, ONE, gates)  # now 2i, 2f, -, 2o
        np.multiply(candidate, self.i, candidate)
        cell = self.f * state[1]
        np.add(cell, candidate, cell)
        np.multiply(cell, HALF, cell)
        self.phi(cell, candidate)
        hidden = candidate * self.o
        np.multiply(hidden, HALF, hidden)
        return hidden, cell


class _GRU(Cell):
    scales = (0.5, 0.5, 1.0)  # r, z, n

    def __init__(self, layer: LayerWeights, batch: int) -> None:
        super().__init__(layer, batch)
        self.half_bias = np.tile(layer.bias_hh[2 * self.size :] * HALF, (batch, 1))
        self.gates = np.empty((batch, 2 * self.size), np.float32)
        self.r, self.z = np.split(self.gates, 2, axis=1)

    def advance(self, driven: Floats, share: Floats, state: LayerState) -> LayerState:
        gates, candidate, both = self.gates, self.candidate, 2 * self.size
        np.add(driven[:, :both], share[:, :both], gates)
        np.tanh(gates, gates)
        np.add(gates, ONE, gates)  # now 2r, 2z
        np.multiply(share[:, both:], HALF, candidate)
        np.add(candidate, self.half_bias, candidate)
        np.multiply(candidate, self.r, candidate)
        np.add(candidate, driven[:, both:], candidate)
        self.phi(candidate, candidate)
        hidden = state[0] - candidate  # h = n + z (h_before - n)
        np.multiply(hidden, self.z, hidden)
        np.multiply(hidden, HALF, hidden)
        np.add(hidden, candidate, hidden)
        return (hidden,)


CELLS: dict[str, type[Cell]] = {"rnn": _RNN, "gru": _GRU, "lstm": _LSTM}
"""Cells by their names in params.yaml."""

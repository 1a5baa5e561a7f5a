"""Run trained networks in NumPy, forward only, for sampling and evaluation without torch.

An :class:`InferenceModel` has the interface of the torch network: initial state, step and
sequence, all in float32.

``W_ih e(c)`` is a row of the transpose of W_ih, to which the biases are added beforehand
(except for a GRU's b_hn, which the reset gate scales). The state's contribution to the gates of
the next step is computed together with the logits and kept until that step. The cells are in
:mod:`charlab.models.numpy_cells`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.models.numpy_cells import ACTIVATIONS, CELLS, Cell, Floats, LayerState
from charlab.models.params import ModelParams
from charlab.models.weights import load_trained

Ids = NDArray[np.integer[Any]]
State = list[LayerState]

LONG = 2_000
"""Length from which compiled loops read a sequence; loading them takes as long as reading
thousands of characters without them."""


class _Layer:
    """One recurrent layer: its weights in the layout of a step, and its cells.

    ``head`` are the output weights: (H, V) for the last layer, (H, 0) for the others.
    """

    def __init__(
        self, weights: Mapping[str, Floats], depth: int, params: ModelParams, head: Floats
    ) -> None:
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weight_ih, weight_hh, bias_ih, self.bias_hh = (
            weights[f"rnn.{part}_l{depth}"] for part in parts
        )
        self.kind, self.phi = CELLS[params.cell], ACTIVATIONS[params.activation]
        scale = np.repeat(np.array(self.kind.scales, np.float32), params.hidden)  # (G*H,)
        known = np.ones_like(scale)
        if params.cell == "gru":
            known[2 * params.hidden :] = 0  # the reset gate scales b_hn
        self.scale = scale
        self.input = np.ascontiguousarray((weight_ih * scale[:, None]).T)  # (V or H, G*H)
        self.bias = (bias_ih + known * self.bias_hh) * scale
        self.recurrent = np.ascontiguousarray((weight_hh * scale[:, None]).T)  # (H, G*H)
        self.head = head
        wide = np.hstack([self.recurrent, head])  # (H, G*H + V)
        # BLAS is faster on rows of a whole number of cache lines (16 float32).
        self.onward = np.pad(wide, ((0, 0), (0, -wide.shape[1] % 16)))
        self.cells: dict[int, Cell] = {}

    @cached_property
    def unscaled(self) -> tuple[Floats, Floats, Floats]:
        """Original input weights (V or H, G*H), biases and recurrent weights (H, G*H)."""
        # The scales are powers of two, so dividing by them is exact.
        parts = self.input, self.bias, self.recurrent
        rows, bias, recurrent = (np.ascontiguousarray(part / self.scale) for part in parts)
        return rows, bias, recurrent

    def cell(self, batch: int) -> Cell:
        """Return the layer's cell for a batch size."""
        if batch not in self.cells:
            self.cells[batch] = self.kind(self, batch)
        return self.cells[batch]


class InferenceModel:
    """A trained network in NumPy.

    Parameters
    ----------
    params : ModelParams
    weights : mapping of str to ndarray
        Under their names in model.safetensors, float32.

    Attributes
    ----------
    vocab_size : int
    """

    def __init__(self, params: ModelParams, weights: Mapping[str, Floats]) -> None:
        self.params = params
        self.vocab_size = len(weights["head.bias"])
        self.head = np.ascontiguousarray(weights["head.weight"].T)  # (H, V)
        self.head_bias = weights["head.bias"]
        above = [self.head[:, :0]] * (params.layers - 1) + [self.head]
        self.layers = [_Layer(weights, depth, params, head) for depth, head in enumerate(above)]
        self.rows = self.layers[0].input + self.layers[0].bias  # (V, G*H)
        self.parts = ("h", "c") if params.cell == "lstm" else ("h",)
        self.learned = [weights[f"initial.{p}"] for p in self.parts if f"initial.{p}" in weights]

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: one tuple per layer, each (B, H)."""
        shape = (batch_size, self.params.hidden)
        depths = range(self.params.layers)
        if self.learned:
            return [
                tuple(np.tile(part[d], (batch_size, 1)) for part in self.learned) for d in depths
            ]
        return [tuple(np.zeros(shape, np.float32) for _ in self.parts) for _ in depths]

    def step(self, inputs: Ids, state: State) -> tuple[Floats, State]:
        """Read one character of each sequence.

        Parameters
        ----------
        inputs : ndarray of shape (B,), integer
        state : list of tuple of ndarray of shape (B, H)

        Returns
        -------
        logits : ndarray of shape (B, V)
        state : list of tuple of ndarray of shape (B, H)
            The hidden state of the last layer is read-only, since its products are computed.
        """
        ends: State = []
        for depth, layer in enumerate(self.layers):
            cell, before = layer.cell(len(inputs)), state[depth]
            if depth:
                np.dot(ends[-1][0], layer.input, out=cell.driven)
                np.add(cell.driven, layer.bias, cell.driven)
            else:
                self.rows.take(inputs, axis=0, out=cell.driven, mode="clip")
            cell.multiply(before[0])
            ends.append(cell.advance(cell.driven, cell.share, before))
        hidden = ends[-1][0]
        hidden.setflags(write=False)
        cell.multiply(hidden)
        return cell.beyond[:, : self.vocab_size] + self.head_bias, ends

    def sequence(self, inputs: Ids, state: State) -> tuple[Floats, State]:
        """Read a chunk of text.

        Layer by layer, so that all products but the recurrent one are over the whole chunk.

        Parameters
        ----------
        inputs : ndarray of shape (T, B), integer
        state : list of tuple of ndarray of shape (B, H)

        Returns
        -------
        logits : ndarray of shape (T, B, V)
        state : list of tuple of ndarray of shape (B, H)
        """
        if inputs.size >= LONG:
            return self._long_sequence(inputs, state)
        seq_len, batch = inputs.shape
        ends: State = []
        hidden = np.empty((seq_len, batch, self.params.hidden), np.float32)
        for depth, layer in enumerate(self.layers):
            cell, current = layer.cell(batch), state[depth]
            share = np.empty_like(cell.driven)
            driven = hidden @ layer.input + layer.bias if depth else None  # (T, B, G*H)
            for t in range(seq_len):
                if driven is None:
                    # Looking up row by row keeps them in the cache.
                    x = self.rows.take(inputs[t], axis=0, out=cell.driven, mode="clip")
                else:
                    x = driven[t]
                np.dot(current[0], layer.recurrent, out=share)
                current = cell.advance(x, share, current)
                hidden[t] = current[0]
            ends.append(current)
        logits: Floats = hidden @ self.head
        logits += self.head_bias
        return logits, ends

    def _long_sequence(self, inputs: Ids, state: State) -> tuple[Floats, State]:
        from charlab.models.long_reading import read_layer

        ends: State = []
        ids, hidden = inputs, np.empty(0, np.float32)
        for depth, layer in enumerate(self.layers):
            rows, bias, recurrent = layer.unscaled
            x = rows + bias  # (V, G*H)
            if depth:
                x = hidden.reshape(-1, self.params.hidden) @ rows + bias  # (T*B, G*H)
                ids = np.arange(inputs.size).reshape(inputs.shape)
            hidden, end = read_layer(self.params, x, ids, state[depth], recurrent, layer.bias_hh)
            ends.append(end)
        logits: Floats = hidden @ self.head
        logits += self.head_bias
        return logits, ends


def load_model(folder: Path) -> InferenceModel:
    """Load the network from a model folder.

    Raises
    ------
    CharlabError
        If configuration or weights are missing, or they do not fit each other.
    """
    return InferenceModel(*load_trained(folder))

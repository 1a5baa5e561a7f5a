"""Every network in NumPy, forward only: what sampling and evaluation run, without torch.

What enters is a model folder; what leaves is an :class:`InferenceModel` with the same small
interface as the torch network: initial state, step, sequence. All in float32, into
arrays that are made once for each batch size, since one character at a time the
overhead of a call counts for more than its arithmetic.

Layer 0 looks its input up: ``W_ih e(c)`` is a row of the transpose of W_ih, to which the
biases are added beforehand (but for a GRU's b_hn, which the reset gate scales).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.errors import CharlabError
from charlab.files import read_json
from charlab.models.weights import load_weights
from charlab.params import ModelParams

Floats = NDArray[np.float32]
Ids = NDArray[np.integer[Any]]
LayerState = tuple[Floats, ...]
State = list[LayerState]


def _sigmoid(x: Floats, out: Floats) -> None:
    # 0.5 + 0.5 tanh(x / 2) cannot overflow, and is one transcendental call.
    np.multiply(x, np.float32(0.5), out=out)
    np.tanh(out, out=out)
    np.multiply(out, np.float32(0.5), out=out)
    np.add(out, np.float32(0.5), out=out)


def _tanh(x: Floats, out: Floats) -> None:
    np.tanh(x, out=out)


def _relu(x: Floats, out: Floats) -> None:
    np.maximum(x, np.float32(0.0), out=out)


ACTIVATIONS: dict[str, Callable[[Floats, Floats], None]] = {
    "tanh": _tanh,
    "relu": _relu,
    "sigmoid": _sigmoid,
}


class _Layer:
    """One recurrent layer: its weights as the step wants them, and its scratch arrays."""

    def __init__(self, weights: Mapping[str, Floats], depth: int, params: ModelParams) -> None:
        size = params.hidden
        self.size, self.phi = size, ACTIVATIONS[params.activation]
        weight_ih, weight_hh = (weights[f"rnn.weight_{part}_l{depth}"] for part in ("ih", "hh"))
        bias_hh = weights[f"rnn.bias_hh_l{depth}"].copy()
        self.bias_n = np.zeros(size, np.float32)
        if params.cell == "gru":
            self.bias_n = bias_hh[2 * size :].copy()
            bias_hh[2 * size :] = 0
        self.bias = weights[f"rnn.bias_ih_l{depth}"] + bias_hh
        self.input = np.ascontiguousarray(weight_ih.T)  # (V or H, G*H)
        self.rows = self.input + self.bias
        self.recurrent = np.ascontiguousarray(weight_hh.T)  # (H, G*H)
        self.advance = {"rnn": self._rnn, "gru": self._gru, "lstm": self._lstm}[params.cell]
        self.scratch: dict[int, tuple[Floats, Floats]] = {}

    def _scratch(self, batch: int) -> tuple[Floats, Floats]:
        if batch not in self.scratch:
            shape = (batch, self.recurrent.shape[1])
            self.scratch[batch] = (np.empty(shape, np.float32), np.empty(shape, np.float32))
        return self.scratch[batch]

    def _rnn(self, x: Floats, state: LayerState) -> LayerState:
        hidden = state[0] @ self.recurrent
        hidden += x
        self.phi(hidden, hidden)
        return (hidden,)

    def _lstm(self, x: Floats, state: LayerState) -> LayerState:
        """Advance by one step; x is (B, 4H), stacked i, f, g, o."""
        size = self.size
        gates, spare = self._scratch(len(x))
        np.matmul(state[0], self.recurrent, out=gates)
        gates += x
        candidate = spare[:, :size]
        self.phi(gates[:, 2 * size : 3 * size], candidate)
        _sigmoid(gates, gates)
        cell = gates[:, size : 2 * size] * state[1]
        candidate *= gates[:, :size]
        cell += candidate
        hidden = np.empty_like(cell)
        self.phi(cell, hidden)
        hidden *= gates[:, 3 * size :]
        return hidden, cell

    def _gru(self, x: Floats, state: LayerState) -> LayerState:
        """Advance by one step; x is (B, 3H), stacked r, z, n."""
        size = self.size
        gates, spare = self._scratch(len(x))
        np.matmul(state[0], self.recurrent, out=gates)
        recurrent, candidate = spare[:, :size], spare[:, size : 2 * size]
        np.add(gates[:, 2 * size :], self.bias_n, out=recurrent)
        both = gates[:, : 2 * size]
        both += x[:, : 2 * size]
        _sigmoid(both, both)
        np.multiply(recurrent, gates[:, :size], out=candidate)
        candidate += x[:, 2 * size :]
        self.phi(candidate, candidate)
        # h = n + z (h_before - n)
        hidden = state[0] - candidate
        hidden *= gates[:, size : 2 * size]
        hidden += candidate
        return (hidden,)


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
        self.layers = [_Layer(weights, depth, params) for depth in range(params.layers)]
        self.head = np.ascontiguousarray(weights["head.weight"].T)  # (H, V)
        self.head_bias = weights["head.bias"]
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
        """Read one character of each stream.

        Parameters
        ----------
        inputs : ndarray of shape (B,), integer
        state : list of tuple of ndarray of shape (B, H)

        Returns
        -------
        logits : ndarray of shape (B, V)
        state : list of tuple of ndarray of shape (B, H)
        """
        ends: State = []
        x = self.layers[0].rows[inputs]
        for depth, layer in enumerate(self.layers):
            if depth:
                x = ends[-1][0] @ layer.input + layer.bias
            ends.append(layer.advance(x, state[depth]))
        logits: Floats = ends[-1][0] @ self.head
        logits += self.head_bias
        return logits, ends

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
        ends: State = []
        x = self.layers[0].rows[inputs]  # (T, B, G*H)
        hidden = np.empty((*inputs.shape, self.params.hidden), np.float32)
        for depth, layer in enumerate(self.layers):
            if depth:
                x = hidden @ layer.input + layer.bias
            current = state[depth]
            for t in range(len(inputs)):
                current = layer.advance(x[t], current)
                hidden[t] = current[0]
            ends.append(current)
        return hidden @ self.head + self.head_bias, ends


def load_model(folder: Path) -> InferenceModel:
    """Load the network of a model folder.

    Raises
    ------
    CharlabError
        If the folder has no configuration or weights, or they do not fit each other.
    """
    path = folder / "config.json"
    try:
        config = read_json(path)
        params = ModelParams.model_validate(config["model"])
        vocab_size = int(config["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CharlabError(
            f"{path}: not the configuration of a trained model ({error}); name a folder that "
            "'charlab train' or the train stage wrote"
        ) from None
    return InferenceModel(params, load_weights(folder / "model.safetensors", params, vocab_size))

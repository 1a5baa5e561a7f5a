"""Forward pass of a trained network that records all intermediate values.

Input: a model directory and character ids. Output: a :class:`Trace` with the hidden states,
cell states and gates of every layer at every step, and the logits.

In the symbols of torch.nn, with ``phi`` the activation and ``x_t`` one-hot, so that
``W_ih x_t`` is a row of the transpose of ``W_ih``::

    rnn   h_t = phi(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
    lstm  i, f, o = sigmoid(...), g = phi(...), c_t = f c_{t-1} + i g, h_t = o phi(c_t)
    gru   r, z = sigmoid(...), n = phi(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)),
          h_t = (1 - z) n + z h_{t-1}

All computation is in float64, although the weights are float32, by the kernels that also sample
and score (:class:`charlab.models.inference.InferenceModel`): the same bits on every processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact.arrays import cross_entropy, log_softmax
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.trained import load_trained

Floats = NDArray[np.float64]
Ids = NDArray[np.integer[Any]]
State = list[tuple[Floats, ...]]

GATES = {"rnn": (), "lstm": ("input", "forget", "output"), "gru": ("reset", "update")}
"""Names of the sigmoid gates of each cell."""

BLOCKS = {
    "rnn": ("hidden",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("reset", "update", "candidate"),
}
"""Blocks of H rows in ``weight_ih`` and ``weight_hh``, from the top."""

SLOTS = {
    "rnn": (),
    "lstm": BLOCKS["lstm"],
    "gru": ("candidate", "reset", "update", "recurrent"),
}
"""Names of what the kernels record of each cell, in their order."""


def slope(name: str, y: Floats) -> Floats:
    """Return the derivative of the activation ``name`` at the point where its *output* is ``y``."""
    if name == "tanh":
        return 1.0 - y * y
    return np.asarray(y > 0, dtype=np.float64) if name == "relu" else y * (1.0 - y)


@dataclass(frozen=True)
class Layer:
    """Weights of one recurrent layer; G is 1, 4 or 3 for rnn, lstm and gru.

    Attributes
    ----------
    weight_ih : ndarray of shape (G * hidden_size, input_size)
    weight_hh : ndarray of shape (G * hidden_size, hidden_size)
    bias_ih, bias_hh : ndarray of shape (G * hidden_size,)
    """

    weight_ih: Floats
    weight_hh: Floats
    bias_ih: Floats
    bias_hh: Floats


@dataclass(frozen=True)
class Network:
    """Weights of one network, in float64.

    Attributes
    ----------
    head_weight : ndarray of shape (vocab_size, hidden_size)
    head_bias : ndarray of shape (vocab_size,)
    learned : list of one tuple per layer, or None
        The learned initial state, each part of shape (hidden_size,).
    model : InferenceModel
        The same weights, ready to be run.
    """

    cell: str
    activation: str
    layers: tuple[Layer, ...]
    head_weight: Floats
    head_bias: Floats
    learned: State | None
    model: InferenceModel

    @classmethod
    def load(cls, model_dir: Path) -> Network:
        """Read ``config.json`` and ``model.safetensors`` of a model directory.

        Raises
        ------
        CharlabError
            If a file is missing, or the weights do not match the configuration.
        """
        return cls.from_weights(*load_trained(model_dir))

    @classmethod
    def from_weights(cls, model: ModelParams, weights: dict[str, Any]) -> Network:
        """Arrange weights given by their names in model.safetensors."""
        wide = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layers = tuple(
            Layer(*(wide[f"rnn.{part}_l{depth}"] for part in parts))
            for depth in range(model.layers)
        )
        head = wide["head.weight"], wide["head.bias"]
        names = [name for name in ("initial.h", "initial.c") if name in wide]
        learned = [tuple(wide[n][d] for n in names) for d in range(model.layers)] if names else None
        runner = InferenceModel(model, wide, np.float64)
        return cls(model.cell, model.activation, layers, *head, learned, runner)

    @property
    def hidden_size(self) -> int:
        """Number of units in a layer."""
        return len(self.head_weight[0])

    @property
    def vocab_size(self) -> int:
        """Number of characters in the vocabulary."""
        return len(self.head_weight)

    def zero_state(self, batch_size: int) -> State:
        """Return zeros: one tuple per layer, each part of shape (batch_size, hidden_size)."""
        return self.model.zero_state(batch_size)

    def initial_state(self, batch_size: int) -> State:
        """Return the learned initial state if the network has one, else zeros."""
        return self.model.initial_state(batch_size)

    def after(self, inputs: Ids, state: State | None = None) -> State:
        """Return the state after ``inputs``, of shape (seq_len, batch_size)."""
        state = self.initial_state(inputs.shape[1]) if state is None else state
        return self.model.after(inputs, state)

    def nats(self, inputs: Ids, targets: Ids, state: State) -> tuple[Floats, State]:
        """Return the loss of each target, shape (seq_len, batch_size), and the state after."""
        return self.model.nats(inputs, targets, state)


@dataclass(frozen=True)
class LayerTrace:
    """Values of one layer; every array has shape (seq_len, batch_size, hidden_size).

    Attributes
    ----------
    start : tuple of ndarray of shape (batch_size, hidden_size)
        The state before the first step.
    hidden : ndarray
        ``h_t``.
    cell, squashed : ndarray or None
        ``c_t`` of an LSTM, and ``phi(c_t)``.
    parts : dict of ndarray
        Gates and candidate after their nonlinearity, by the names in :data:`BLOCKS`; for a
        GRU also ``recurrent``, the ``W_hn h_{t-1} + b_hn`` that the reset gate scales.
    """

    start: tuple[Floats, ...]
    hidden: Floats
    cell: Floats | None
    squashed: Floats | None
    parts: dict[str, Floats]

    def end(self) -> tuple[Floats, ...]:
        """Return the state after the last step."""
        return (self.hidden[-1],) if self.cell is None else (self.hidden[-1], self.cell[-1])


@dataclass(frozen=True)
class Trace:
    """A recorded forward pass.

    Attributes
    ----------
    layers : tuple of LayerTrace
        From the bottom up.
    logits : ndarray of shape (seq_len, batch_size, vocab_size)
    last : list
        The last two characters, the end of the state of a network that looks up n-grams.
    """

    layers: tuple[LayerTrace, ...]
    logits: Floats
    last: State

    def end(self) -> State:
        """Return the state after the last step."""
        return [*(layer.end() for layer in self.layers), *self.last]

    def log_probs(self) -> Floats:
        """Return the log-probabilities of the next character, shape (seq_len, batch, vocab)."""
        return log_softmax(self.logits)

    def nats(self, targets: Ids) -> Floats:
        """Return the loss of each target in nats, shape (seq_len, batch_size)."""
        return cross_entropy(self.logits, targets)


def trace(
    network: Network, inputs: Ids, state: State | None = None, states_only: bool = False
) -> Trace:
    """Run ``network`` over ``inputs`` and record all intermediate values.

    Parameters
    ----------
    network : Network
        The network to run.
    inputs : ndarray of shape (seq_len, batch_size), integer
        The ids.
    state : list of tuples, optional
        The state before the first step; the network's own initial state if omitted.
    states_only : bool
        Leave out gates (``parts`` is empty) and logits (no step), which takes less time.
    """
    state = network.initial_state(inputs.shape[1]) if state is None else state
    recorded, logits = network.model.trace(inputs, state, states_only)
    names = () if states_only else SLOTS[network.cell]
    layers = tuple(
        LayerTrace(
            start, one.hidden, one.cell, one.squashed, dict(zip(names, one.gates, strict=True))
        )
        for start, one in zip(state[: len(recorded)], recorded, strict=True)
    )
    return Trace(layers, logits, network.model.rows(inputs, state)[1])

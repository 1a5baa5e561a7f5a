"""Define the character-level network in torch.

x_t = W_ih e(c_t)           e is one-hot, so this is a row of W_ih's transpose
h_t = cell(x_t, h_{t-1})    in each layer, on the output of the layer below
logits_t = W h_t + b        (V,), unnormalized log-probabilities of the next character
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.models.cells import LayerState, RecurrentLayer, run_steps
from charlab.models.cudnn_cells import in_library, run_library
from charlab.models.fused_cells import run_fused
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes

State = list[LayerState]
Implementation = Literal["fused", "library", "stepwise"]


def fastest_implementation(params: ModelParams, device: torch.device) -> Implementation:
    """Return the fastest implementation of the layers on a device."""
    if device.type == "cpu":
        return "fused"
    return "library" if in_library(params) else "stepwise"


class CharRNN(nn.Module):
    """A character-level recurrent network.

    Parameters
    ----------
    vocab_size : int
        V, the number of characters.
    params : ModelParams
        Cell, sizes, activation, dropout, initialization.
    generator : numpy.random.Generator, optional
        Source of the initial weights; without it they are zero.
    dropout_generator : torch.Generator, optional
        Source of the dropout masks; needed to train with dropout.
    precision : {"fp32", "bf16"}
        With bf16 the products are computed in bfloat16. Weights and gradients stay float32,
        and so do gates and states on a CPU. The implementation ``stepwise`` ignores it.

    Attributes
    ----------
    implementation : {"fused", "library", "stepwise"} or None
        The code that runs the layers over a sequence: the hand-written backward pass of
        ``fused_cells``; torch's own layers, which are cuDNN's on a GPU; or the single steps
        of ``cells``. They differ in speed only. None, the default, chooses the fastest for
        the device; see :func:`fastest_implementation`.
    """

    def __init__(
        self,
        vocab_size: int,
        params: ModelParams,
        generator: np.random.Generator | None = None,
        dropout_generator: torch.Generator | None = None,
        precision: Literal["fp32", "bf16"] = "fp32",
    ) -> None:
        super().__init__()
        self.params, self.vocab_size = params, vocab_size
        self.implementation: Implementation | None = None
        self.bf16 = precision == "bf16"
        self.dropout_generator = dropout_generator
        shapes = expected_shapes(params, vocab_size)
        if generator is None:
            values = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        else:
            values = initial_weights(params, vocab_size, generator)
        for name, value in values.items():
            # "rnn.weight_hh_l0" becomes the parameter weight_hh_l0 of the submodule rnn, so
            # that torch's names are those of model.safetensors.
            block, leaf = name.split(".")
            if block not in self._modules:
                self.add_module(block, nn.Module())
            parameter = nn.Parameter(torch.from_numpy(value.copy()))
            self.get_submodule(block).register_parameter(leaf, parameter)

    def weight(self, name: str) -> Tensor:
        """Return a weight by its name in model.safetensors, such as ``rnn.weight_hh_l0``."""
        return self.get_parameter(name)

    def named_weights(self) -> dict[str, Tensor]:
        """Return all weights under their names in model.safetensors."""
        return dict(self.named_parameters())

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: one tuple per layer, each (B, H)."""
        # An LSTM has a cell state besides its hidden state.
        names = ("h", "c") if self.params.cell == "lstm" else ("h",)
        shape = (batch_size, self.params.hidden)
        if self.params.initial_state == "learned":
            parts = [self.weight(f"initial.{name}") for name in names]
            layers = range(self.params.layers)
            # (H,) to (B, H) without a copy, so that the gradient reaches the parameter.
            return [tuple(part[layer].expand(shape) for part in parts) for layer in layers]
        zero = self.weight("head.weight").new_zeros(shape)
        return [tuple(zero for _ in names) for _ in range(self.params.layers)]

    def sequence(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read a chunk of text.

        Parameters
        ----------
        inputs : Tensor of shape (T, B), integer
            Character ids; each column is a piece of contiguous text.
        state : list of tuple of Tensor of shape (B, H)
            From :meth:`initial_state` or the previous chunk.

        Returns
        -------
        logits : Tensor of shape (T, B, V)
        state : list of tuple of Tensor of shape (B, H)
        """
        implementation = self.implementation or fastest_implementation(self.params, inputs.device)
        ends: State = []
        hidden = inputs
        for layer in range(self.params.layers):
            if implementation == "library":
                hidden, end = self._run_library(hidden, layer, state[layer])
            else:
                hidden, end = self._run_cells(hidden, layer, state[layer], implementation)
            hidden = self._with_dropout(hidden, layer)  # (T, B, H)
            ends.append(end)
        return self._linear(hidden, "head.weight", "head.bias"), ends  # (T, B, V)

    def _run_cells(
        self, hidden: Tensor, layer: int, state: LayerState, implementation: Implementation
    ) -> tuple[Tensor, LayerState]:
        """Run a layer by single steps, or by the fused kernels, on precomputed inputs."""
        inputs, ids = self._gate_inputs(hidden, layer)
        recurrent = RecurrentLayer(
            self.params.cell,
            self.params.activation,
            self._recurrent_weight(layer),
            self.weight(f"rnn.bias_hh_l{layer}"),
        )
        if implementation == "stepwise":
            return run_steps(recurrent, inputs, state, ids)
        return run_fused(recurrent, inputs, state, ids, torch.bfloat16 if self.bf16 else None)

    def _run_library(
        self, hidden: Tensor, layer: int, state: LayerState
    ) -> tuple[Tensor, LayerState]:
        """Run a layer by torch's own functions; the first reads one-hot vectors."""
        x = hidden if layer else F.one_hot(hidden.long(), self.vocab_size).to(state[0].dtype)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [self.weight(f"rnn.{name}_l{layer}") for name in names]
        weights[1] = self._recurrent_weight(layer)
        return run_library(self.params, x, state, weights, torch.bfloat16 if self.bf16 else x.dtype)

    def _linear(self, x: Tensor, weight: str, bias: str) -> Tensor:
        """Return W x + b for weights with these names, computed in the chosen precision."""
        parts = x, self.weight(weight), self.weight(bias)
        if not self.bf16:
            return F.linear(*parts)
        return F.linear(*(part.bfloat16() for part in parts)).to(x.dtype)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one character of each sequence: inputs (B,), logits (B, V)."""
        logits, state = self.sequence(inputs[None], state)
        return logits[0], state

    def _gate_inputs(self, hidden: Tensor, layer: int) -> tuple[Tensor, Tensor | None]:
        """Return W_ih x + b_ih (T, B, G*H); for layer 0 one row per character (V, G*H), and ids."""
        names = f"rnn.weight_ih_l{layer}", f"rnn.bias_ih_l{layer}"
        if layer == 0:
            # Contiguous, so that the row of a character is one piece of memory.
            return self.weight(names[0]).T.contiguous() + self.weight(names[1]), hidden.long()
        return self._linear(hidden, *names), None

    def _with_dropout(self, hidden: Tensor, layer: int) -> Tensor:
        """Apply dropout to a layer's output if the parameters place it there.

        ``variational`` uses one mask for all steps of a chunk (Gal and Ghahramani 2016), on
        every layer's output. The recurrent connections have no dropout of this kind (Zaremba,
        Sutskever and Vinyals 2014, arXiv:1409.2329).
        """
        rate, place = self.params.dropout, self.params.dropout_at
        last = layer == self.params.layers - 1
        here = place == "variational" or (place == "output") == last
        if not self.training or rate == 0.0 or not here:
            return hidden
        # (1, B, H): the same units at all steps; (T, B, H): other units at each step.
        shape = (1, *hidden.shape[1:]) if place == "variational" else hidden.shape
        return self._masked(hidden, rate, shape)

    def _recurrent_weight(self, layer: int) -> Tensor:
        """Return W_hh (G*H, H); in training a random share of its elements is zero.

        The same elements are zero at all steps of a chunk, and the state itself is never
        masked (Merity, Keskar and Socher 2017, arXiv:1708.02182).
        """
        weight, rate = self.weight(f"rnn.weight_hh_l{layer}"), self.params.recurrent_dropout
        return self._masked(weight, rate, weight.shape) if self.training and rate else weight

    def _masked(self, values: Tensor, rate: float, shape: tuple[int, ...]) -> Tensor:
        """Set a random share of the elements to zero, and scale the others to keep the mean."""
        if self.dropout_generator is None:
            raise ValueError("a network that trains with dropout needs a dropout_generator")
        kept = torch.rand(shape, generator=self.dropout_generator, device=values.device) >= rate
        return values * kept.to(values.dtype) / (1 - rate)

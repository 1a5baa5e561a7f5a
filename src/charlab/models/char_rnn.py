"""The character network in torch: one-hot in, recurrent layers, logits out.

x_t = W_ih e(c_t)     a row of W_ih's transpose: e is one-hot, so nothing is multiplied
h_t = cell(x_t, h_{t-1})    in each layer, on the output of the one below
logits_t = W h_t + b        (V,): the next character's unnormalised log-probabilities
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.models.cells import LayerState, run_steps
from charlab.models.fast_cells import run_fast
from charlab.models.initialisation import initial_weights
from charlab.models.weights import expected_shapes
from charlab.params import ModelParams

State = list[LayerState]


class CharRNN(nn.Module):
    """A character-level recurrent network.

    Parameters
    ----------
    vocab_size : int
        V, the number of characters.
    params : ModelParams
        Cell, sizes, activation, dropout, initialisation.
    generator : numpy.random.Generator, optional
        Draws the initial weights; without it they are zero, to be loaded.
    dropout_generator : torch.Generator, optional
        Draws the dropout masks; needed to train with dropout.
    fast : bool
        Whether sequences take the hand-written backward pass of ``fast_cells``, or the
        plain steps that autograd differentiates: the same results, at another speed.
    precision : {"fp32", "bf16"}
        With bf16 the products and states of a chunk are bfloat16; the weights, their
        gradients, and the state between chunks stay float32.
    """

    def __init__(
        self,
        vocab_size: int,
        params: ModelParams,
        generator: np.random.Generator | None = None,
        dropout_generator: torch.Generator | None = None,
        fast: bool = True,
        precision: Literal["fp32", "bf16"] = "fp32",
    ) -> None:
        super().__init__()
        self.params, self.vocab_size, self.fast = params, vocab_size, fast
        self.bf16 = precision == "bf16"
        self.dropout_generator = dropout_generator
        shapes = expected_shapes(params, vocab_size)
        if generator is None:
            values = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        else:
            values = initial_weights(params, vocab_size, generator)
        for name, value in values.items():
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
        names = ("h", "c") if self.params.cell == "lstm" else ("h",)
        shape = (batch_size, self.params.hidden)
        if self.params.initial_state == "learned":
            parts = [self.weight(f"initial.{name}") for name in names]
            layers = range(self.params.layers)
            return [tuple(part[layer].expand(shape) for part in parts) for layer in layers]
        zero = self.weight("head.weight").new_zeros(shape)
        return [tuple(zero for _ in names) for _ in range(self.params.layers)]

    def sequence(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read a chunk of text.

        Parameters
        ----------
        inputs : Tensor of shape (T, B), integer
            Character ids; column b is a piece of contiguous text.
        state : list of tuple of Tensor of shape (B, H)
            As from :meth:`initial_state` or the chunk before.

        Returns
        -------
        logits : Tensor of shape (T, B, V)
        state : list of tuple of Tensor of shape (B, H)
        """
        run = run_fast if self.fast else run_steps
        ends: State = []
        hidden = inputs
        for layer in range(self.params.layers):
            gates = self._input_share(hidden, layer)  # (T, B, G*H)
            hidden, end = run(
                self.params.cell,
                self.params.activation,
                gates,
                tuple(self._cast(part) for part in state[layer]),
                self._cast(self.weight(f"rnn.weight_hh_l{layer}")),
                self._cast(self.weight(f"rnn.bias_hh_l{layer}")),
            )  # (T, B, H)
            hidden = self._dropped(hidden, layer)
            ends.append(tuple(part.to(state[layer][0].dtype) for part in end))
        head = self._cast(self.weight("head.weight")), self._cast(self.weight("head.bias"))
        return F.linear(hidden, *head).to(state[0][0].dtype), ends

    def _cast(self, value: Tensor) -> Tensor:
        return value.bfloat16() if self.bf16 else value

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one character of each stream: inputs (B,), logits (B, V)."""
        logits, state = self.sequence(inputs[None], state)
        return logits[0], state

    def _input_share(self, hidden: Tensor, layer: int) -> Tensor:
        weight = self._cast(self.weight(f"rnn.weight_ih_l{layer}"))
        bias = self._cast(self.weight(f"rnn.bias_ih_l{layer}"))
        if layer == 0:
            return F.embedding(hidden.long(), weight.T + bias)
        return F.linear(hidden, weight, bias)

    def _dropped(self, hidden: Tensor, layer: int) -> Tensor:
        """Apply dropout to a layer's output where the parameters place it.

        ``variational`` uses one mask for all steps of a chunk (Gal and Ghahramani 2016),
        on every layer's output; the recurrent connections are left whole (Zaremba,
        Sutskever and Vinyals 2014, arXiv:1409.2329).
        """
        rate, place = self.params.dropout, self.params.dropout_at
        last = layer == self.params.layers - 1
        here = place == "variational" or (place == "output") == last
        if not self.training or rate == 0.0 or not here:
            return hidden
        if self.dropout_generator is None:
            raise ValueError("a network that trains with dropout needs a dropout_generator")
        shape = (1, *hidden.shape[1:]) if place == "variational" else hidden.shape
        kept = torch.rand(shape, generator=self.dropout_generator, device=hidden.device) >= rate
        return hidden * kept.to(hidden.dtype) / (1 - rate)

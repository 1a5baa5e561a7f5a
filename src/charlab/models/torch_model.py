"""The character network in torch: one-hot in, recurrent layers, logits out.

x_t = W_ih e(c_t)     a row of W_ih's transpose: e is one-hot, so nothing is multiplied
h_t = cell(x_t, h_{t-1})    in each layer, on the output of the one below
logits_t = W h_t + b        (V,): the next character's unnormalised log-probabilities
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.models.cells import LayerState, run_steps
from charlab.models.cudnn_cells import in_library, run_library
from charlab.models.fused_cells import run_fast
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes

State = list[LayerState]
Run = Callable[..., tuple[Tensor, LayerState]]
Path = Literal["fast", "library", "plain"]


def quickest_path(params: ModelParams, device: torch.device) -> Path:
    """Return the way through the layers that is quickest on a device."""
    if device.type == "cpu":
        return "fast"
    return "library" if in_library(params) else "plain"


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
    path : {"fast", "library", "plain"}
        What runs the layers over a sequence: the hand-written backward pass of
        ``fast_cells``; torch's own layers, which on a GPU are cuDNN's; or the plain steps
        that autograd differentiates. The same results, at another speed. By default
        the quickest for the weights' device, see :func:`quickest_path`.
    precision : {"fp32", "bf16"}
        With bf16 the products are taken in bfloat16; on a CPU the gates and states, and
        everywhere the weights and what they are learned with, stay float32. The plain
        path takes no notice of it.
    """

    def __init__(
        self,
        vocab_size: int,
        params: ModelParams,
        generator: np.random.Generator | None = None,
        dropout_generator: torch.Generator | None = None,
        path: Path | None = None,
        precision: Literal["fp32", "bf16"] = "fp32",
    ) -> None:
        super().__init__()
        self.params, self.vocab_size, self.path = params, vocab_size, path
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
        path = self.path or quickest_path(self.params, inputs.device)
        run = self._by_library if path == "library" else self._by_share
        ends: State = []
        hidden = inputs
        for layer in range(self.params.layers):
            hidden, end = run(hidden, layer, state[layer], path)  # (T, B, H)
            hidden = self._dropped(hidden, layer)
            ends.append(end)
        return self._linear(hidden, "head.weight", "head.bias"), ends

    def _by_share(
        self, hidden: Tensor, layer: int, state: LayerState, path: Path
    ) -> tuple[Tensor, LayerState]:
        """Run a layer, given the input's share of the gates."""
        run: Run = run_steps
        if path == "fast":
            run = partial(run_fast, product_dtype=torch.bfloat16 if self.bf16 else None)
        share, ids = self._input_share(hidden, layer)
        return run(
            self.params.cell,
            self.params.activation,
            share,
            state,
            self._recurrent_weight(layer),
            self.weight(f"rnn.bias_hh_l{layer}"),
            ids,
        )

    def _by_library(
        self, hidden: Tensor, layer: int, state: LayerState, path: Path
    ) -> tuple[Tensor, LayerState]:
        """Run a layer as torch.nn's modules do, on one-hot characters in the first."""
        x = hidden if layer else F.one_hot(hidden.long(), self.vocab_size).to(state[0].dtype)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [self.weight(f"rnn.{name}_l{layer}") for name in names]
        weights[1] = self._recurrent_weight(layer)
        return run_library(self.params, x, state, weights, torch.bfloat16 if self.bf16 else x.dtype)

    def _linear(self, x: Tensor, weight: str, bias: str) -> Tensor:
        """Return W x + b for weights of these names, with the product in the chosen type."""
        parts = x, self.weight(weight), self.weight(bias)
        if not self.bf16:
            return F.linear(*parts)
        return F.linear(*(part.bfloat16() for part in parts)).to(x.dtype)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one character of each stream: inputs (B,), logits (B, V)."""
        logits, state = self.sequence(inputs[None], state)
        return logits[0], state

    def _input_share(self, hidden: Tensor, layer: int) -> tuple[Tensor, Tensor | None]:
        """Return W_ih x + b_ih: for layer 0 that of each character (V, G*H), and the ids."""
        names = f"rnn.weight_ih_l{layer}", f"rnn.bias_ih_l{layer}"
        if layer == 0:
            # Contiguous, so that a character's share is one row in memory.
            return self.weight(names[0]).T.contiguous() + self.weight(names[1]), hidden.long()
        return self._linear(hidden, *names), None

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
        shape = (1, *hidden.shape[1:]) if place == "variational" else hidden.shape
        return self._thinned(hidden, rate, shape)

    def _recurrent_weight(self, layer: int) -> Tensor:
        """Return W_hh (G*H, H), in training with a share of its elements at zero.

        The same elements are missing at all steps of a chunk, so that the state itself is
        never cut (Merity, Keskar and Socher 2017, arXiv:1708.02182).
        """
        weight, rate = self.weight(f"rnn.weight_hh_l{layer}"), self.params.recurrent_dropout
        return self._thinned(weight, rate, weight.shape) if self.training and rate else weight

    def _thinned(self, values: Tensor, rate: float, shape: tuple[int, ...]) -> Tensor:
        """Set a random share of the elements to zero and scale up the others."""
        if self.dropout_generator is None:
            raise ValueError("a network that trains with dropout needs a dropout_generator")
        kept = torch.rand(shape, generator=self.dropout_generator, device=values.device) >= rate
        return values * kept.to(values.dtype) / (1 - rate)

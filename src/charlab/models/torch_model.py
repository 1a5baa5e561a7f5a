"""Define the character-level network in torch: recurrent layers, dropout, a linear layer.

x_t = W_ih e(c_t)           e is one-hot, so this is a row of W_ih's transpose
h_t = cell(x_t, h_{t-1})    in each layer, on the output of the layer below
logits_t = W h_t + b        (V,), unnormalized log-probabilities of the next character

With n-grams (``input``, ``direct_order``) weights of their own are added to W_ih e(c_t) for the
bigram and the trigram that end with c_t, and to the logits for the last 1, 2 and 3 characters.

:meth:`CharRNN.forward` is the network; what you change there is what is trained. The layers run
on the kernels of this project (``backend: exact``) or of torch (``backend: torch``); both are
differentiated by autograd, and so is whatever you add.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from charlab.exact.ngrams import NGrams, no_characters
from charlab.exact.settings import DIRECT, INPUT, looks_up, spans
from charlab.models import deferred, torch_functions
from charlab.models.cells import LayerState
from charlab.models.initialization import initial_weights
from charlab.models.kernel_functions import Masks
from charlab.models.params import ModelParams
from charlab.models.weights import NO_NGRAMS, expected_shapes

State = list[LayerState]
Randomness = Masks | torch.Generator | None
"""Source of the dropout masks: Masks for the kernels, a Generator for torch's functions."""


class CharRNN(nn.Module):
    """A character-level recurrent network.

    Parameters
    ----------
    vocab_size : int
        V, the number of characters.
    params : ModelParams
        Backend, cell, sizes, activation, dropout, initialization.
    generator : numpy.random.Generator, optional
        Source of the initial weights; without it they are zero.
    dropout_source : Masks or torch.Generator, optional
        Source of the dropout masks; needed to train with dropout.
    device : {"cpu", "cuda"}
        On a GPU the layers are torch's with either backend.
    precision : {"fp32", "bf16"}
        With bf16, on a GPU, products are computed in bfloat16; weights and gradients are float32.
    ngrams : ndarray of shape (N, 3)
        Of :func:`charlab.models.ngrams.frequent_ngrams`, for a network that looks them up.
    """

    def __init__(
        self,
        vocab_size: int,
        params: ModelParams,
        generator: np.random.Generator | None = None,
        dropout_source: Randomness = None,
        device: Literal["cpu", "cuda"] = "cpu",
        precision: Literal["fp32", "bf16"] = "fp32",
        ngrams: NDArray[Any] = NO_NGRAMS,
    ) -> None:
        super().__init__()
        self.params, self.vocab_size = params, vocab_size
        exact = params.backend == "exact" and device == "cpu"
        setting = _Setting(params, exact, precision == "bf16", dropout_source)
        last = params.layers - 1
        self.rnn = RNN(setting, vocab_size)
        self.dropout = Dropout(setting, last) if setting.drops_after(last) else nn.Identity()
        self.head = Linear(setting, vocab_size)
        shapes = expected_shapes(params, vocab_size, ngrams)
        self.ngrams = LastCharacters(setting, ngrams, vocab_size)
        self.input = LookUp(setting, INPUT, shapes, vocab_size)
        self.direct = LookUp(setting, DIRECT, shapes, vocab_size)
        self.initial = InitialState(setting)
        self.setting = setting
        if generator is not None:
            self.load(initial_weights(params, vocab_size, generator, ngrams))
        self.to(device)

    def forward(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read a chunk of text.

        Parameters
        ----------
        inputs : Tensor of shape (T, B), integer
            Character ids; each column is a piece of contiguous text.
        state : list of tuple of Tensor of shape (B, H)
            From :meth:`initial_state` or the previous chunk. With n-grams, the last two
            characters (B, 2) follow the layers' states.

        Returns
        -------
        logits : Tensor of shape (T, B, V)
        state : list of tuple of Tensor of shape (B, H)
        """
        rows, last = self.ngrams(inputs, state)  # nothing, without n-grams
        hidden, state = self.rnn(inputs, state, self.input(rows))  # (T, B, H)
        hidden = self.dropout(hidden)
        return self.head(hidden, self.direct(rows)), state + last  # (T, B, V)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy in nats per character; targets are (T, B)."""
        return self.setting.functions.cross_entropy(logits, targets)  # type: ignore[no-any-return]

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: one tuple per layer, each (B, H)."""
        state: State = self.initial(batch_size, self.head.weight)
        return state

    def sequence(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read a chunk of text; see :meth:`forward`."""
        result: tuple[Tensor, State] = self(inputs, state)
        return result

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one character of each sequence: inputs (B,), logits (B, V)."""
        logits, state = self(inputs[None], state)
        return logits[0], state

    def named_weights(self) -> dict[str, Tensor]:
        """Return all weights under their names in model.safetensors."""
        return dict(self.named_parameters())

    def weight(self, name: str) -> Tensor:
        """Return a weight by its name in model.safetensors, such as ``rnn.weight_hh_l0``."""
        return self.get_parameter(name)

    def tables(self) -> dict[str, nn.Parameter]:
        """Return the weights of n-grams, of which a step changes only rows that it looked up."""
        modules = {INPUT: self.input, DIRECT: self.direct}
        return {name: part.rows for name, part in modules.items() if part.rows is not None}

    def load(self, weights: dict[str, Any]) -> None:
        """Copy arrays into the weights with their names in model.safetensors."""
        with torch.no_grad():
            for name, value in self.named_weights().items():
                value.copy_(torch.from_numpy(weights[name]))


class _Setting:
    """The settings that all parts of a network share."""

    def __init__(self, params: ModelParams, exact: bool, bf16: bool, source: Randomness) -> None:
        self.params, self.options = params, {} if exact else {"bf16": bf16}
        self.exact = exact
        self.source = source

    @property
    def functions(self) -> Any:
        """The module whose functions run the layers; a module as an attribute cannot be copied."""
        return deferred if self.exact else torch_functions

    def drops_after(self, depth: int) -> bool:
        """Return whether a layer's output has dropout.

        ``output`` is listing A.1's nn.Dropout behind the last layer, ``between_layers``
        listing A.2's nn.LSTM(dropout=...): the recurrent connections have none of this kind
        (Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329). ``variational`` has the
        same mask at all steps of a chunk, behind every layer (Gal and Ghahramani 2016).
        """
        place, last = self.params.dropout_at, depth == self.params.layers - 1
        here = place == "variational" or (place == "output") == last
        return here and self.params.dropout > 0

    def masks(self) -> Any:
        """Return the source of dropout masks."""
        if self.source is None:
            raise ValueError("a network that trains with dropout needs a dropout_source")
        return self.source


class RNN(nn.Module):
    """Recurrent layers on top of each other, with the weights of nn.RNN, nn.GRU or nn.LSTM."""

    def __init__(self, setting: _Setting, vocab_size: int) -> None:
        super().__init__()
        self.setting = setting
        for name, shape in expected_shapes(setting.params, vocab_size).items():
            block, leaf = name.split(".")
            if block == "rnn":
                self.register_parameter(leaf, nn.Parameter(torch.zeros(shape)))
        self.between = nn.ModuleList(
            Dropout(setting, depth) if setting.drops_after(depth) else nn.Identity()
            for depth in range(setting.params.layers - 1)
        )

    def forward(
        self, inputs: Tensor, state: State, more: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Return the last layer's outputs (T, B, H), and the state after the chunk.

        ``more`` (T, B, G, H) is added to W_ih x in the first layer.
        """
        run, params, options = (
            self.setting.functions.layer,
            self.setting.params,
            self.setting.options,
        )
        hidden, ends = inputs, []
        for depth in range(params.layers):
            if depth:
                hidden = self.between[depth - 1](hidden)
            weights, added = self.weights(depth), None if depth else more
            hidden, end = run(params, depth, hidden, state[depth], weights, added, **options)
            ends.append(end)
        return hidden, ends

    def weights(self, depth: int) -> tuple[Tensor, ...]:
        """Return W_ih, W_hh, b_ih and b_hh; in training a random share of W_hh is zero.

        The same elements are zero at all steps of a chunk, and the state itself is never
        masked (Merity, Keskar and Socher 2017, arXiv:1708.02182).
        """
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        w_ih, w_hh, b_ih, b_hh = (self.get_parameter(f"{name}_l{depth}") for name in names)
        rate = self.setting.params.recurrent_dropout
        if not self.training or not rate:
            return w_ih, w_hh, b_ih, b_hh
        masks = self.setting.masks()
        return w_ih, self.setting.functions.drop_weight(w_hh, rate, masks, depth), b_ih, b_hh


class Dropout(nn.Module):
    """Dropout behind a layer: nn.Dropout, with a mask of its own per step or one per chunk."""

    def __init__(self, setting: _Setting, depth: int) -> None:
        super().__init__()
        self.setting, self.depth = setting, depth

    def forward(self, hidden: Tensor) -> Tensor:
        """Set a random share of the elements (T, B, H) to zero; scale others to keep the mean."""
        if not self.training:
            return hidden
        params, masks = self.setting.params, self.setting.masks()
        every_step = params.dropout_at != "variational"
        dropped: Tensor = self.setting.functions.drop(
            hidden, params.dropout, masks, self.depth, every_step
        )
        return dropped


class Linear(nn.Module):
    """The output layer: nn.Linear(H, V)."""

    def __init__(self, setting: _Setting, vocab_size: int) -> None:
        super().__init__()
        self.setting = setting
        self.weight = nn.Parameter(torch.zeros(vocab_size, setting.params.hidden))
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, hidden: Tensor, more: Tensor | None = None) -> Tensor:
        """Return logits (T, B, V) of hidden states (T, B, H), to which ``more`` is added."""
        logits: Tensor = self.setting.functions.linear(
            hidden, self.weight, self.bias, more, **self.setting.options
        )
        return logits


class LastCharacters(nn.Module):
    """The rows of the n-grams that end with each character."""

    def __init__(self, setting: _Setting, ngrams: NDArray[Any], vocab_size: int) -> None:
        super().__init__()
        self.table = ngrams
        self.index = NGrams(ngrams, vocab_size) if looks_up(setting.params) else None

    def forward(self, inputs: Tensor, state: State) -> tuple[Tensor | None, State]:
        """Return rows (3, T, B), -1 where an n-gram is rare, and the last characters (B, 2)."""
        if self.index is None:
            return None, []
        rows, after = self.index.rows(inputs.cpu().numpy(), state[-1][0].cpu().numpy())
        ids, last = (torch.from_numpy(part).to(inputs.device) for part in (rows, after))
        return ids, [(last,)]


class LookUp(nn.Module):
    """A table with a row of weights for each frequent n-gram."""

    def __init__(
        self, setting: _Setting, name: str, shapes: dict[str, tuple[int, ...]], vocab_size: int
    ) -> None:
        super().__init__()
        self.setting, self.span = setting, spans(setting.params, vocab_size).get(name)
        self.rows = nn.Parameter(torch.zeros(shapes[name])) if self.span else None

    def forward(self, rows: Tensor | None) -> Tensor | None:
        """Return the sum of the rows that each place looks up, (T, B, ...)."""
        if self.rows is None:
            return None
        total: Tensor = self.setting.functions.look_up(self.rows, rows, self.span)
        return total


class InitialState(nn.Module):
    """The state before the first character: zero, or learned."""

    def __init__(self, setting: _Setting) -> None:
        super().__init__()
        self.setting = setting
        params = setting.params
        # An LSTM has a cell state besides its hidden state.
        self.names = ("h", "c") if params.cell == "lstm" else ("h",)
        if params.initial_state == "learned":
            for name in self.names:
                part = nn.Parameter(torch.zeros(params.layers, params.hidden))
                self.register_parameter(name, part)

    def forward(self, batch_size: int, like: Tensor) -> State:
        """Return one tuple per layer, each (B, H), with the type and device of a tensor."""
        params = self.setting.params
        layers, last = range(params.layers), []
        if looks_up(params):  # no characters yet
            last = [(torch.from_numpy(no_characters(batch_size)).to(like.device),)]
        if params.initial_state == "learned":
            parts, repeat = list(self.parameters()), self.setting.functions.repeat
            return [
                *(tuple(repeat(p, depth, batch_size) for p in parts) for depth in layers),
                *last,
            ]
        zero = like.new_zeros((batch_size, params.hidden))
        return [*(tuple(zero for _ in self.names) for _ in layers), *last]

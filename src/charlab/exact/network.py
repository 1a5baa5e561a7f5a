"""A network that runs whole chunks: forward, loss, backward.

All weights lie in one flat array, so that the norm and the optimizer run over contiguous memory;
:attr:`Network.weights` and :attr:`Network.gradients` are views of it under the names of
model.safetensors. An update is about ten calls of compiled functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from charlab.exact import dropout, layers, layout
from charlab.exact.lanes import WIDTH
from charlab.exact.layout import GET, LSTM, SET, Array, Ids, aligned, blocks
from charlab.exact.ngrams import NGrams, RowTable, no_characters
from charlab.exact.parameters import Parameters
from charlab.exact.settings import DIRECT, INPUT, ModelSettings, looks_up, spans
from charlab.exact.workspace import Head, Layer, LookUp

State = list[tuple[Any, ...]]


@dataclass
class _Masks:
    """Dropout masks of one update, by layer; None where nothing is dropped."""

    outputs: list[Array | None]
    recurrent: list[Array | None]


class Network:
    """A character network on the CPU whose every update has the same bits on every processor.

    Parameters
    ----------
    params : ModelSettings
    weights : dict of str to ndarray
        Initial weights under their names in model.safetensors; copied. ``ngrams`` may be
        missing if who trains gives the rows that each chunk looks up.
    batch, seq_len : int
        B and T of every chunk.
    seed : int
        Key of the dropout masks, below 2^64.
    dtype : dtype
        float32 to train, float64 to check gradients.

    Attributes
    ----------
    weights, gradients : dict of str to ndarray
        Views of one flat array each; weights may be written to between updates.
    tables : dict of str to RowTable
        Rows of n-grams, with their gradients; their weights are among ``weights``.
    updates : int
        Updates done; with the weights, the optimizer's arrays and the state all that a
        resumed training needs.
    """

    def __init__(
        self,
        params: ModelSettings,
        weights: dict[str, Array],
        batch: int,
        seq_len: int,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        vocab_size = len(weights["head.bias"])
        self.params, self.batch, self.seq_len, self.seed = params, batch, seq_len, seed
        tables = {
            name: RowTable(weights[name].shape, span, dtype)
            for name, span in spans(params, vocab_size).items()
        }
        shapes = {n: value.shape for n, value in weights.items() if n not in (*tables, "ngrams")}
        self.share(Parameters(shapes, dtype), Parameters(shapes, dtype), tables)
        for name, value in self.weights.items():
            value[...] = weights[name]
        self.ngrams: NGrams | None = None
        if looks_up(params) and "ngrams" in weights:
            self.ngrams = NGrams(weights["ngrams"], vocab_size)
        self.before: Ids = no_characters(batch)
        self.layers = [
            Layer(params, depth, vocab_size, batch, seq_len, dtype)
            for depth in range(params.layers)
        ]
        self.head = Head(params.hidden, vocab_size, batch, seq_len, dtype)
        self.updates = 0
        self.learned = params.initial_state == "learned"
        self.fresh = self.started = True
        self._make_masks(dtype)

    def share(
        self, parameters: Parameters, gradient: Parameters, tables: dict[str, RowTable]
    ) -> None:
        """Use these arrays for weights and gradients instead of arrays of its own."""
        self.parameters, self.gradient, self.tables = parameters, gradient, tables
        self.weights = parameters.views | {name: table.view for name, table in tables.items()}
        self.gradients = gradient.views

    def _make_masks(self, dtype: DTypeLike) -> None:
        """Make room for the masks of each place where something is dropped."""
        params, last = self.params, self.params.layers - 1
        place = params.dropout_at
        self.masks = _Masks([], [])
        for depth, layer in enumerate(self.layers):
            here = place == "variational" or (place == "output") == (depth == last)
            outputs = recurrent = None
            if params.dropout and here:
                steps = 1 if place == "variational" else layer.steps
                shape = (layer.units * steps * layer.batch * WIDTH,)
                outputs, layer.out = aligned(shape, dtype), aligned(layer.h.shape, dtype)
            if params.recurrent_dropout:
                size = self.weights[f"rnn.weight_hh_l{depth}"].size
                recurrent = aligned((blocks(size) * WIDTH,), dtype)
            self.masks.outputs.append(outputs)
            self.masks.recurrent.append(recurrent)

    def reset_state(self) -> None:
        """Start the next chunk from the initial state."""
        self.fresh = True

    def _start(self) -> None:
        """Write the initial state to step 0 of each layer."""
        for depth, layer in enumerate(self.layers):
            for name, part in zip(("h", "c"), layer.parts(), strict=False):
                state = np.zeros((self.batch, layer.size), part.dtype)
                if self.learned:
                    state[...] = self.weights[f"initial.{name}"][depth]
                layout.copy_state(SET, state, part, layer.steps, 0)
        self.before = no_characters(self.batch)
        self.started, self.fresh = True, False

    def state(self) -> State:
        """Return the state that the next chunk starts from, (B, H) each.

        A network with n-grams of its own also returns the last two characters, (B, 2).
        """
        if self.fresh:
            self._start()
        result = []
        for layer in self.layers:
            parts = [
                np.zeros((self.batch, self.params.hidden), layer.h.dtype) for _ in layer.parts()
            ]
            for values, part in zip(parts, layer.parts(), strict=True):
                layout.copy_state(GET, values, part, layer.steps, 0)
            result.append(tuple(parts))
        return result if self.ngrams is None else [*result, (self.before.copy(),)]

    def set_state(self, state: State) -> None:
        """Start the next chunk from a state."""
        if self.ngrams is not None:
            *state, (self.before,) = state
        for layer, parts in zip(self.layers, state, strict=True):
            for part, values in zip(layer.parts(), parts, strict=True):
                layout.copy_state(SET, np.ascontiguousarray(values), part, layer.steps, 0)
        self.started = self.fresh = False

    def _recurrent(self, depth: int, learn: bool) -> Array:
        """Return W_hh, in training with a share of its elements at zero."""
        weight, mask = self.weights[f"rnn.weight_hh_l{depth}"], self.masks.recurrent[depth]
        if mask is None or not learn:
            return weight
        rate, place = self.params.recurrent_dropout, 2 * depth + 1
        dropout.fill_mask(mask, rate, np.uint64(self.seed), self.updates, place)
        thinned = np.empty_like(weight)
        dropout.multiply_flat(weight.reshape(-1), mask, thinned.reshape(-1))
        return thinned

    def _look_ups(self, inputs: Ids, rows: Ids | None, learn: bool) -> dict[str, LookUp]:
        """Return what a chunk looks up in each table, with room for gradients if it learns."""
        if not self.tables:
            return {}
        if rows is None:
            assert self.ngrams is not None
            rows, self.before = self.ngrams.rows(inputs, self.before)
        result = {}
        for name, table in self.tables.items():
            if learn:
                table.begin(rows)
            result[name] = LookUp(table.values, table.gradient, table.place, table.span, rows)
        return result

    def _forward(self, inputs: Ids, learn: bool, rows: Ids | None) -> dict[str, LookUp]:
        """Pack the weights and run all layers; return what they look up."""
        if self.fresh:
            self._start()
        look_ups = self._look_ups(inputs, rows, learn)
        self.head.pack(self.weights["head.weight"], self.weights["head.bias"])
        below = None
        for depth, layer in enumerate(self.layers):
            layer.pack(self.weights, self._recurrent(depth, learn))
            layer.forward(inputs, below, None if depth else look_ups.get(INPUT))
            below, mask = layer.h, self.masks.outputs[depth]
            if mask is not None and learn:
                place = (np.uint64(self.seed), self.updates, 2 * depth)
                dropout.fill_mask(mask, self.params.dropout, *place)
                self._thin(layer, mask, layer.h, layer.out)
                below = layer.out
        return look_ups

    def _thin(self, layer: Layer, mask: Array, values: Array, out: Array) -> None:
        """Multiply a layer's outputs, or the derivatives in them, by its mask."""
        mask_steps = len(mask) // (layer.units * layer.batch * WIDTH)
        dropout.apply_mask(
            values, mask, layer.units, layer.steps, layer.batch, self.seq_len, mask_steps, out
        )

    def loss_and_gradients(self, inputs: Ids, targets: Ids, rows: Ids | None = None) -> float:
        """Return the mean loss of a chunk (T, B) in nats; fill ``gradients``; carry the state.

        ``rows`` (3, T, B) are those of n-grams, if the network does not know its n-grams.
        """
        look_ups = self._forward(inputs, True, rows)
        last = self.layers[-1]
        mean = self.head.loss(True, last.out, last.dh, targets, look_ups.get(DIRECT))
        gradients = self.gradients
        self.head.unpack(gradients["head.weight"], gradients["head.bias"])
        for depth in reversed(range(len(self.layers))):
            self._backward(depth, inputs, None if depth else look_ups.get(INPUT))
        for layer in self.layers:
            layer.carry()
        self.started = False
        return mean

    def _backward(self, depth: int, inputs: Ids, look_up: LookUp | None) -> None:
        """Run one layer's backward pass and unpack its gradients."""
        layer, mask = self.layers[depth], self.masks.outputs[depth]
        if mask is not None:
            self._thin(layer, mask, layer.dh, layer.dh)
        below = dbelow = None
        if depth:
            under = self.layers[depth - 1]
            below, dbelow = under.out, under.dh
            dbelow[...] = 0
        if layer.cell == LSTM:
            layer.dc[...] = 0
        layer.backward(inputs, below, dbelow, self.learned and self.started, look_up)
        layer.unpack(self.gradients)
        recurrent = self.masks.recurrent[depth]
        if recurrent is not None:
            gradient = self.gradients[f"rnn.weight_hh_l{depth}"].reshape(-1)
            dropout.multiply_flat(gradient, recurrent, gradient)
        if self.learned:
            self._initial_gradient(depth)

    def _initial_gradient(self, depth: int) -> None:
        """Write the gradient of a learned initial state: zero where the state was carried."""
        layer = self.layers[depth]
        first = layer.dh.reshape(layer.units, layer.steps, -1)[:, 0]
        for name, part in zip(("h", "c"), (first, layer.dc), strict=False):
            if len(part) == 0:
                continue
            target = self.gradients[f"initial.{name}"][depth]
            target[...] = 0
            if self.started:
                sums = np.zeros(layer.units * WIDTH, part.dtype)
                layers.sum_blocks(np.ascontiguousarray(part).reshape(-1), self.batch, sums)
                target[...] = sums[: len(target)]

    def loss(self, inputs: Ids, targets: Ids) -> float:
        """Return the mean loss of a chunk without dropout, and carry the state."""
        look_ups = self._forward(inputs, False, None)
        last = self.layers[-1]
        mean = self.head.loss(False, last.h, last.dh, targets, look_ups.get(DIRECT))
        for layer in self.layers:
            layer.carry()
        self.started = False
        return mean

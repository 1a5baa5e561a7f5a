"""A network that runs whole updates: forward, loss, backward, clipping, step.

All weights lie in one flat array, so that the norm and the optimizer run over contiguous memory;
:attr:`Network.weights` and :attr:`Network.gradients` are views of it under the names of
model.safetensors. An update is about ten calls of compiled functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from charlab.core.params import ModelParams, TrainParams
from charlab.exact import dropout, layers, layout, loss, optimizers
from charlab.exact.functions import KINDS
from charlab.exact.lanes import WIDTH
from charlab.exact.layout import ADD, GET, LSTM, SET, Array, Ids, aligned, blocks
from charlab.models.weights import expected_shapes

State = list[tuple[Array, ...]]


class Parameters:
    """Weights or gradients by name, as views of one flat array.

    Attributes
    ----------
    flat : ndarray of shape (P,)
        Every parameter begins at a multiple of sixteen; what lies between is zero.
    views : dict of str to ndarray
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: DTypeLike) -> None:
        sizes = [blocks(int(np.prod(shape))) * WIDTH for shape in shapes.values()]
        self.flat = aligned((sum(sizes),), dtype)
        self.views: dict[str, Array] = {}
        start = 0
        for (name, shape), size in zip(shapes.items(), sizes, strict=True):
            self.views[name] = self.flat[start : start + int(np.prod(shape))].reshape(shape)
            start += size


class Layer:
    """One recurrent layer: packed weights, and the arrays of a chunk, all flat.

    Parameters
    ----------
    params : ModelParams
    depth : int
        0 for the layer that reads characters.
    vocab_size : int
    batch, seq_len : int
        B and T.
    dtype : dtype

    Attributes
    ----------
    h, dh, out : ndarray (blocks, S, B, 16)
        States, the loss's derivatives in the outputs, and the outputs: ``h`` itself, or
        thinned by dropout. Step 0 is the state before the chunk.
    c : ndarray (blocks, S, B, 16)
        An LSTM's cell states.
    """

    def __init__(
        self, params: ModelParams, depth: int, vocab_size: int, batch: int, seq_len: int,
        dtype: DTypeLike,
    ) -> None:  # fmt: skip
        self.cell, self.kind = layout.CELLS[params.cell], KINDS[params.activation]
        self.depth, self.seq_len, self.batch, self.dtype = depth, seq_len, batch, dtype
        self.gates, self.slots = layout.GATES[self.cell], layout.SLOTS[self.cell]
        self.turn = 2 if self.slots > self.gates else 0
        size, units, steps = params.hidden, blocks(params.hidden), layers.steps_for(seq_len)
        inputs, bottom = (vocab_size, True) if depth == 0 else (size, False)
        self.size, self.units, self.steps, self.inputs = size, units, steps, inputs
        self.sizes = (seq_len, steps, batch, size, inputs)

        def room(count: int, needed: bool = True) -> Array:
            return aligned((count * WIDTH if needed else 0,), dtype)

        gates, slots, lstm = self.gates, self.slots, self.cell == LSTM
        self.table, self.dtable = (room(gates * units * inputs, bottom) for _ in range(2))
        self.w_in = room(gates * units * inputs, not bottom)
        self.w_in_back = room(units * gates * units * WIDTH, not bottom)
        self.dw_in = room(gates * units * units * WIDTH, not bottom)
        self.w_rec, self.w_back = room(gates * units * size), room(units * gates * units * WIDTH)
        self.dw_rec = room(gates * units * units * WIDTH)
        self.bias, self.dbias = room(slots * units), room(slots * units)
        over_time = units * steps * batch
        self.pre = room(slots * over_time)
        self.h, self.dh = room(over_time), room(over_time)
        self.c, self.squashed = room(over_time, lstm), room(over_time, lstm)
        self.dc = room(units * batch, lstm)
        self.out, self.nothing = self.h, room(0)
        self.no_ids = np.zeros((0, 0), np.int64)

    def pack(self, weights: dict[str, Array], recurrent: Array) -> None:
        """Lay the weights out for products; ``recurrent`` is W_hh, thinned or not."""
        n, gates, turn = self.depth, self.gates, self.turn
        w_in, b_in, b_rec = (
            weights[f"rnn.{name}_l{n}"] for name in ("weight_ih", "bias_ih", "bias_hh")
        )
        rows = layout.as_rows(self.size, self.inputs)
        if n == 0:
            layout.copy(SET, w_in, self.table, rows, gates, turn)
            layout.copy_vector(ADD, b_in, self.table, self.inputs, gates, turn)
        else:
            layout.copy(SET, w_in, self.w_in, rows, gates, turn)
            columns = layout.as_columns(gates, self.size)
            layout.copy(SET, w_in, self.w_in_back, columns, gates, turn)
            self.bias.fill(0)
            layout.copy_vector(ADD, b_in, self.bias, 1, gates, turn)
        self._pack_recurrent(recurrent, b_rec)

    def _pack_recurrent(self, recurrent: Array, b_rec: Array) -> None:
        """Lay W_hh out, and add b_hh to what the sums of each slot start from."""
        gates, size = self.gates, self.size
        layout.copy(SET, recurrent, self.w_rec, layout.as_rows(size, size), gates)
        layout.copy(SET, recurrent, self.w_back, layout.as_columns(gates, size), gates)
        if self.turn == 0:
            target, length = (self.table, self.inputs) if self.depth == 0 else (self.bias, 1)
            layout.copy_vector(ADD, b_rec, target, length, gates)
            return
        # A GRU's r and z start from both biases, its hn from b_hn alone.
        block = self.units * WIDTH
        if self.depth == 0:
            known = self.table[block * self.inputs :]
            layout.copy_vector(ADD, b_rec[: 2 * size], known, self.inputs, 2)
        else:
            layout.copy_vector(ADD, b_rec[: 2 * size], self.bias[block:], 1, 2)
        layout.copy_vector(SET, b_rec[2 * size :], self.bias[3 * block :], 1)

    def forward(self, ids: Ids, below: Array | None) -> None:
        """Run over a chunk from the state at step 0, on characters (T, B) or a layer's outputs."""
        layers.forward(
            self.cell, self.kind, self.sizes, ids if below is None else self.no_ids,
            self.table, self.nothing if below is None else below, self.w_in, self.w_rec,
            self.bias, self.pre, self.h, self.c, self.squashed,
        )  # fmt: skip

    def backward(self, ids: Ids, below: Array | None, dbelow: Array | None, start: bool) -> None:
        """Turn dh at steps 1 to T into packed gradients, and add to that of the layer below."""
        self.dh.reshape(self.units, self.steps, -1)[:, 0] = 0
        layers.backward(
            self.cell, self.kind, self.sizes, start, self.w_back, self.w_in_back, self.pre,
            self.h, self.c, self.squashed, self.dh, self.dc,
            self.nothing if dbelow is None else dbelow,
        )  # fmt: skip
        for packed in (self.dw_rec, self.dw_in, self.dtable):
            packed.fill(0)
        layers.gradients(
            self.cell, self.sizes, ids if below is None else self.no_ids, self.pre, self.h,
            self.nothing if below is None else below, self.dtable, self.dw_in, self.dw_rec,
            self.dbias,
        )  # fmt: skip

    def unpack(self, gradients: dict[str, Array]) -> None:
        """Write the gradients in the order of torch."""
        n, gates, turn, size = self.depth, self.gates, self.turn, self.size
        w_in, w_rec, b_in, b_rec = (
            gradients[f"rnn.{name}_l{n}"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        tiles = layout.as_tiles(size, size)
        layout.copy(GET, w_rec, self.dw_rec, tiles, gates)
        if n == 0:
            layout.copy(GET, w_in, self.dtable, layout.as_rows(size, self.inputs), gates, turn)
        else:
            layout.copy(GET, w_in, self.dw_in, tiles, gates, turn)
        layout.copy_vector(GET, b_in, self.dbias, 1, gates, turn)
        first = (self.slots - gates) * self.units * WIDTH
        layout.copy_vector(GET, b_rec, self.dbias[first:], 1, gates)

    def parts(self) -> tuple[Array, ...]:
        """Return the arrays that make up the layer's state over time."""
        return (self.h, self.c) if self.cell == LSTM else (self.h,)

    def carry(self) -> None:
        """Let the next chunk start from the last state."""
        for part in self.parts():
            over_time = part.reshape(self.units, self.steps, -1)
            over_time[:, 0] = over_time[:, self.seq_len]


class Head:
    """The output layer with softmax and cross-entropy: packed weights and room for logits."""

    def __init__(self, hidden: int, vocab_size: int, batch: int, seq_len: int, dtype: DTypeLike):
        units, outputs = blocks(hidden), blocks(vocab_size)
        self.sizes = (seq_len, layers.steps_for(seq_len), batch, hidden, vocab_size)
        self.room, self.vocab_size = min(loss.ROWS, batch * seq_len), vocab_size

        def room(count: int) -> Array:
            return aligned((count * WIDTH,), dtype)

        self.weight, self.columns = room(outputs * hidden), room(units * outputs * WIDTH)
        self.bias, self.dbias = room(outputs), room(outputs)
        self.bias[vocab_size:] = loss.NEVER
        self.out, self.dweight = room(outputs * self.room), room(outputs * units * WIDTH)
        self.nats = np.zeros(batch * seq_len)

    def pack(self, weight: Array, bias: Array) -> None:
        """Lay the weights out for products."""
        layout.copy(SET, weight, self.weight, layout.as_rows(*weight.shape))
        layout.copy(SET, weight, self.columns, layout.as_columns(1, len(weight)))
        self.bias[: self.vocab_size] = bias

    def loss(self, learn: bool, h: Array, dh: Array, targets: Ids) -> float:
        """Return the mean loss; with ``learn`` write dh and the packed gradients."""
        self.dweight.fill(0)
        self.dbias.fill(0)
        mean: float = loss.head(
            learn, self.sizes, h, targets.reshape(-1), self.weight, self.bias, self.columns,
            self.out, self.room, dh, self.dweight, self.dbias, self.nats,
        )  # fmt: skip
        return mean

    def unpack(self, weight: Array, bias: Array) -> None:
        """Write the gradients in the order of torch."""
        layout.copy(GET, weight, self.dweight, layout.as_tiles(*weight.shape))
        bias[...] = self.dbias[: self.vocab_size]


@dataclass
class _Masks:
    """Dropout masks of one update, by layer; None where nothing is dropped."""

    outputs: list[Array | None]
    recurrent: list[Array | None]


class Network:
    """A character network on the CPU whose every update has the same bits on every processor.

    Parameters
    ----------
    vocab_size : int
        V.
    params : ModelParams
    batch, seq_len : int
        B and T of every chunk.
    weights : dict of str to ndarray
        Initial weights under their names in model.safetensors; copied.
    seed : int
        Key of the dropout masks, below 2^64.
    dtype : dtype
        float32 to train, float64 to check gradients.

    Attributes
    ----------
    weights, gradients : dict of str to ndarray
        Views of one flat array each; weights may be written to between updates.
    updates : int
        Updates done; with the weights, the optimizer's arrays and the state all that a
        resumed training needs.
    """

    def __init__(
        self, vocab_size: int, params: ModelParams, batch: int, seq_len: int,
        weights: dict[str, Array], seed: int = 0, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        shapes = expected_shapes(params, vocab_size)
        self.params, self.batch, self.seq_len, self.seed = params, batch, seq_len, seed
        self.parameters, self.gradient = Parameters(shapes, dtype), Parameters(shapes, dtype)
        self.weights, self.gradients = self.parameters.views, self.gradient.views
        for name, value in weights.items():
            self.weights[name][...] = value
        self.layers = [
            Layer(params, depth, vocab_size, batch, seq_len, dtype)
            for depth in range(params.layers)
        ]
        self.head = Head(params.hidden, vocab_size, batch, seq_len, dtype)
        self.updates = 0
        self.learned = params.initial_state == "learned"
        self.fresh = self.started = True
        self._make_masks(dtype)

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
        self.started, self.fresh = True, False

    def state(self) -> State:
        """Return the state that the next chunk starts from, (B, H) each."""
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
        return result

    def set_state(self, state: State) -> None:
        """Start the next chunk from a state."""
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

    def _forward(self, inputs: Ids, learn: bool) -> None:
        """Pack the weights and run all layers."""
        if self.fresh:
            self._start()
        self.head.pack(self.weights["head.weight"], self.weights["head.bias"])
        below = None
        for depth, layer in enumerate(self.layers):
            layer.pack(self.weights, self._recurrent(depth, learn))
            layer.forward(inputs, below)
            below, mask = layer.h, self.masks.outputs[depth]
            if mask is not None and learn:
                place = (np.uint64(self.seed), self.updates, 2 * depth)
                dropout.fill_mask(mask, self.params.dropout, *place)
                self._thin(layer, mask, layer.h, layer.out)
                below = layer.out

    def _thin(self, layer: Layer, mask: Array, values: Array, out: Array) -> None:
        """Multiply a layer's outputs, or the derivatives in them, by its mask."""
        mask_steps = len(mask) // (layer.units * layer.batch * WIDTH)
        dropout.apply_mask(
            values, mask, layer.units, layer.steps, layer.batch, self.seq_len, mask_steps, out
        )

    def loss_and_gradients(self, inputs: Ids, targets: Ids) -> float:
        """Return the mean loss of a chunk (T, B) in nats; fill ``gradients``; carry the state."""
        self._forward(inputs, True)
        last = self.layers[-1]
        mean = self.head.loss(True, last.out, last.dh, targets)
        gradients = self.gradients
        self.head.unpack(gradients["head.weight"], gradients["head.bias"])
        for depth in reversed(range(len(self.layers))):
            self._backward(depth, inputs)
        for layer in self.layers:
            layer.carry()
        self.started = False
        return mean

    def _backward(self, depth: int, inputs: Ids) -> None:
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
        layer.backward(inputs, below, dbelow, self.learned and self.started)
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
        self._forward(inputs, False)
        last = self.layers[-1]
        mean = self.head.loss(False, last.h, last.dh, targets)
        for layer in self.layers:
            layer.carry()
        self.started = False
        return mean


class Optimizer:
    """Clips a network's gradients and steps its weights.

    Attributes
    ----------
    mean, squares : ndarray of shape (P,) or (0,)
        What is kept of past gradients.
    steps : int
    """

    def __init__(self, network: Network, train: TrainParams) -> None:
        self.network, self.train, self.steps = network, train, 0
        flat = network.parameters.flat
        keep = {"sgd": (0, 0), "adagrad": (0, 1), "rmsprop": (0, 1), "adam": (1, 1)}
        self.mean, self.squares = (
            aligned((flat.size * part,), flat.dtype) for part in keep[train.optimizer]
        )

    def step(self, learning_rate: float) -> float:
        """Take a step along the network's gradients; return their norm before clipping."""
        self.steps += 1
        train = self.train
        norm: float = optimizers.step(
            optimizers.KINDS[train.optimizer], optimizers.CLIPPING[train.clip],
            float(train.clip_at), self.network.parameters.flat, self.network.gradient.flat,
            self.mean, self.squares, float(learning_rate), float(train.weight_decay),
            float(train.betas[0]), float(train.betas[1]), self.steps,
        )  # fmt: skip
        self.network.updates += 1
        return norm

"""A network that runs whole updates: forward, loss, backward, clipping, step.

All weights lie in one flat array, so that the norm and the optimizer run over contiguous memory;
:attr:`Network.weights` and :attr:`Network.gradients` are views of it under the names of
model.safetensors. An update is about ten calls of compiled functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.core.params import ModelParams, TrainParams
from charlab.exact import dropout, layers, layout, loss, optimizers
from charlab.exact.functions import KINDS
from charlab.exact.lanes import WIDTH
from charlab.exact.layout import LSTM, Array, aligned, blocks
from charlab.models.weights import expected_shapes

Ids = NDArray[np.integer[Any]]
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
    """One recurrent layer: packed weights, and the arrays of a chunk.

    Parameters
    ----------
    params : ModelParams
    depth : int
    vocab_size : int
    batch, seq_len : int
        B and T.
    dtype : dtype
    """

    def __init__(
        self, params: ModelParams, depth: int, vocab_size: int, batch: int, seq_len: int,
        dtype: DTypeLike,
    ) -> None:  # fmt: skip
        self.cell, self.kind = layout.CELLS[params.cell], KINDS[params.activation]
        self.depth, self.seq_len, self.dtype = depth, seq_len, dtype
        self.gates, self.slots = layout.GATES[self.cell], layout.SLOTS[self.cell]
        self.turn = 2 if self.slots > self.gates else 0
        size, units = params.hidden, blocks(params.hidden)
        steps = layers.steps_for(seq_len)

        def room(*shape: int) -> Array:
            return aligned(shape, dtype)

        gates, slots = self.gates, self.slots
        inputs = 0 if depth == 0 else size
        self.rows = room(gates, units, vocab_size if depth == 0 else 0, WIDTH)
        self.w_in = room(gates, units, inputs, WIDTH)
        self.w_in_back = room(blocks(inputs), gates * units * WIDTH, WIDTH)
        self.w_rec = room(gates, units, size, WIDTH)
        self.w_back = room(units, gates * units * WIDTH, WIDTH)
        self.bias = room(slots, units, WIDTH)
        self.pre = room(slots, units, steps, batch, WIDTH)
        state = (units, steps, batch, WIDTH)
        lstm = self.cell == LSTM
        self.h, self.dh = room(*state), room(*state)
        self.c = room(*state) if lstm else room(0, 0, 0, 0)
        self.squashed = room(*state) if lstm else room(0, 0, 0, 0)
        self.dc = room(units, batch, WIDTH) if lstm else room(0, 0, 0)
        self.out = self.h
        self.drows, self.dbias = np.zeros_like(self.rows), np.zeros_like(self.bias)
        self.dw_in = room(gates * units, blocks(inputs), WIDTH, WIDTH)
        self.dw_rec = room(gates * units, units, WIDTH, WIDTH)
        self.no_ids = np.zeros((0, 0), np.int64)

    def pack(self, weights: dict[str, Array], recurrent: Array) -> None:
        """Lay the weights out for products; ``recurrent`` is W_hh, thinned or not."""
        n, gates = self.depth, self.gates
        layout.pack_bias(
            weights[f"rnn.bias_ih_l{n}"], weights[f"rnn.bias_hh_l{n}"], self.cell, self.bias
        )
        w_in = weights[f"rnn.weight_ih_l{n}"]
        if n == 0:
            layout.pack_rows(w_in, self.turn, self.rows)
            layout.add_bias(self.bias, self.rows)
        else:
            layout.pack_rows(w_in, self.turn, self.w_in)
            layout.pack_columns(w_in, self.turn, gates, self.w_in_back)
        layout.pack_rows(recurrent, 0, self.w_rec)
        layout.pack_columns(recurrent, 0, gates, self.w_back)

    def forward(self, ids: Ids, below: Array | None) -> None:
        """Run over a chunk from the state at step 0, on characters (T, B) or a layer's outputs."""
        if below is None:
            inputs, below = ids, self.h
        else:
            inputs = self.no_ids
        layers.forward(
            self.cell, self.kind, self.seq_len, inputs, self.rows, below, self.w_in, self.w_rec,
            self.bias, self.pre, self.h, self.c, self.squashed,
        )  # fmt: skip

    def backward(self, ids: Ids, below: Array | None, dbelow: Array | None, start: bool) -> None:
        """Turn dh at steps 1 to T into packed gradients, and add to that of the layer below."""
        self.dh[:, 0] = 0
        layers.backward(
            self.cell, self.kind, self.seq_len, start, self.w_back, self.pre, self.h, self.c,
            self.squashed, self.dh, self.dc,
        )  # fmt: skip
        self.dw_rec[...] = 0
        first = self.slots - self.gates
        layers.weight_gradient(self.seq_len, first, self.pre, self.h, 0, self.dw_rec)
        if below is None or dbelow is None:
            self.drows[...] = 0
            layers.row_gradient(self.seq_len, ids, self.pre, self.drows)
        else:
            self.dw_in[...] = 0
            layers.weight_gradient(self.seq_len, 0, self.pre, below, 1, self.dw_in)
            layers.backward_input(self.seq_len, self.w_in_back, self.pre, dbelow)
        layers.bias_gradient(self.seq_len, self.pre, self.drows, self.dbias)

    def unpack(self, gradients: dict[str, Array]) -> None:
        """Write the gradients in the order of torch."""
        n, gates = self.depth, self.gates
        layout.unpack_tiles(self.dw_rec, 0, gates, gradients[f"rnn.weight_hh_l{n}"])
        if n == 0:
            layout.unpack_rows(self.drows, self.turn, gradients["rnn.weight_ih_l0"])
        else:
            layout.unpack_tiles(self.dw_in, self.turn, gates, gradients[f"rnn.weight_ih_l{n}"])
        names = gradients[f"rnn.bias_ih_l{n}"], gradients[f"rnn.bias_hh_l{n}"]
        layout.unpack_bias(self.dbias, self.cell, *names)

    def parts(self) -> tuple[Array, ...]:
        """Return the arrays that make up the layer's state over time."""
        return (self.h, self.c) if self.cell == LSTM else (self.h,)

    def carry(self) -> None:
        """Let the next chunk start from the last state."""
        for part in self.parts():
            part[:, 0] = part[:, self.seq_len]


class Head:
    """The output layer with softmax and cross-entropy: packed weights and room for logits."""

    def __init__(self, hidden: int, vocab_size: int, count: int, dtype: DTypeLike) -> None:
        units, vocab = blocks(hidden), blocks(vocab_size)
        self.vocab_size = vocab_size
        self.weight = aligned((1, vocab, hidden, WIDTH), dtype)
        self.columns = aligned((units, vocab * WIDTH, WIDTH), dtype)
        self.bias = aligned((vocab, WIDTH), dtype)
        self.bias.reshape(-1)[vocab_size:] = loss.NEVER
        self.out = aligned((vocab, min(loss.ROWS, count), WIDTH), dtype)
        self.dweight = aligned((vocab, units, WIDTH, WIDTH), dtype)
        self.dbias = aligned((vocab, WIDTH), dtype)
        self.nats = np.zeros(count)

    def pack(self, weight: Array, bias: Array) -> None:
        """Lay the weights out for products."""
        layout.pack_rows(weight, 0, self.weight)
        layout.pack_columns(weight, 0, 1, self.columns)
        self.bias.reshape(-1)[: self.vocab_size] = bias

    def loss(self, learn: bool, h: Array, dh: Array, seq_len: int, targets: Ids) -> float:
        """Return the mean loss; with ``learn`` write dh and the packed gradients."""
        self.dweight[...] = 0
        self.dbias[...] = 0
        mean: float = loss.head(
            learn, h, seq_len, targets.reshape(-1), self.weight, self.bias, self.columns,
            self.out, dh, self.dweight, self.dbias, self.nats,
        )  # fmt: skip
        return mean

    def unpack(self, weight: Array, bias: Array) -> None:
        """Write the gradients in the order of torch."""
        layout.unpack_tiles(self.dweight, 0, 1, weight)
        bias[...] = self.dbias.reshape(-1)[: self.vocab_size]


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
        self.head = Head(params.hidden, vocab_size, batch * seq_len, dtype)
        self.updates = 0
        self.learned = params.initial_state == "learned"
        self.fresh = True
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
                units, steps, batch, width = layer.h.shape
                shape = (units, 1 if place == "variational" else steps, batch, width)
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
                part[:, 0] = 0
                if self.learned:
                    value = self.weights[f"initial.{name}"][depth]
                    state = np.ascontiguousarray(np.broadcast_to(value, (self.batch, len(value))))
                    layout.pack_state(state, part, 0)
        self.started, self.fresh = True, False

    def state(self) -> State:
        """Return the state that the next chunk starts from, (B, H) each."""
        if self.fresh:
            self._start()
        result = []
        for layer in self.layers:
            parts = [np.zeros((self.batch, self.params.hidden), layer.h.dtype) for _ in layer.parts()]
            for values, part in zip(parts, layer.parts(), strict=True):
                layout.unpack_state(part, 0, values)
            result.append(tuple(parts))
        return result

    def set_state(self, state: State) -> None:
        """Start the next chunk from a state."""
        for layer, parts in zip(self.layers, state, strict=True):
            for part, values in zip(layer.parts(), parts, strict=True):
                layout.pack_state(np.ascontiguousarray(values), part, 0)
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
                dropout.fill_mask(mask.reshape(-1), self.params.dropout, *place)
                dropout.apply_mask(layer.h, mask, self.seq_len, layer.out)
                below = layer.out

    def loss_and_gradients(self, inputs: Ids, targets: Ids) -> float:
        """Return the mean loss of a chunk (T, B) in nats; fill ``gradients``; carry the state."""
        self._forward(inputs, True)
        last = self.layers[-1]
        mean = self.head.loss(True, last.out, last.dh, self.seq_len, targets)
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
            dropout.apply_mask(layer.dh, mask, self.seq_len, layer.dh)
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
        for name, part in zip(("h", "c"), (layer.dh[:, 0], layer.dc), strict=False):
            if name == "c" and layer.cell != LSTM:
                continue
            target = self.gradients[f"initial.{name}"][depth]
            target[...] = 0
            if self.started:
                packed = np.ascontiguousarray(part)
                sums = aligned((len(packed), WIDTH), packed.dtype)
                layers.sum_blocks(packed, sums)
                target[...] = sums.reshape(-1)[: len(target)]

    def loss(self, inputs: Ids, targets: Ids) -> float:
        """Return the mean loss of a chunk without dropout, and carry the state."""
        self._forward(inputs, False)
        last = self.layers[-1]
        mean = self.head.loss(False, last.h, last.dh, self.seq_len, targets)
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

"""Packed weights and the arrays of a chunk: the parts a network is put together from.

A :class:`Layer` and a :class:`Head` own the flat arrays that compiled functions read and write, for
one batch size and sequence length. They can be used one by one, as autograd functions do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from charlab.exact import layers, layout, loss
from charlab.exact.functions import KINDS
from charlab.exact.lanes import WIDTH
from charlab.exact.layout import ADD, GET, LSTM, SET, Array, Ids, aligned, blocks
from charlab.exact.ngrams import NO_ROWS, add_gate_gradients
from charlab.exact.settings import NO_SPAN, ModelSettings, Span


@dataclass(frozen=True)
class LookUp:
    """The rows that a chunk looks up in a table, and the array for their gradient.

    Attributes
    ----------
    values, gradient : ndarray, flat
        Rows of the table, and of derivatives.
    place : ndarray
        Each row's place among the latter.
    span : tuple of int
    rows : ndarray of shape (3, T, B)
    """

    values: Array
    gradient: Array
    place: Ids
    span: Span
    rows: Ids

    @property
    def flat(self) -> Ids:
        """Return the rows as (3, T * B)."""
        orders, seq_len, batch = self.rows.shape
        return self.rows.reshape(orders, seq_len * batch)


def no_look_up(dtype: DTypeLike) -> LookUp:
    """Return what a layer without rows of n-grams looks up."""
    nothing = aligned((0,), dtype)
    return LookUp(nothing, nothing, np.zeros(0, np.int64), NO_SPAN, NO_ROWS)


class Layer:
    """One recurrent layer: packed weights, and the arrays of a chunk, all flat.

    Parameters
    ----------
    params : ModelSettings
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
        self, params: ModelSettings, depth: int, vocab_size: int, batch: int, seq_len: int,
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
        self.no_look_up = no_look_up(dtype)

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

    def forward(self, ids: Ids, below: Array | None, look_up: LookUp | None = None) -> None:
        """Run over a chunk from the state at step 0, on characters (T, B) or a layer's outputs."""
        more = look_up or self.no_look_up
        layers.forward(
            self.cell, self.kind, self.sizes, ids if below is None else self.no_ids,
            self.table, more.values, more.span, more.flat,
            self.nothing if below is None else below, self.w_in, self.w_rec, self.bias,
            self.pre, self.h, self.c, self.squashed,
        )  # fmt: skip

    def backward(
        self,
        ids: Ids,
        below: Array | None,
        dbelow: Array | None,
        start: bool,
        look_up: LookUp | None = None,
    ) -> None:
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
        if look_up:
            add_gate_gradients(
                look_up.rows, look_up.span, look_up.place, self.sizes, self.gates, self.turn,
                self.pre, look_up.gradient,
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
        self.nats, self.no_look_up = np.zeros(batch * seq_len), no_look_up(dtype)

    def pack(self, weight: Array, bias: Array) -> None:
        """Lay the weights out for products."""
        layout.copy(SET, weight, self.weight, layout.as_rows(*weight.shape))
        layout.copy(SET, weight, self.columns, layout.as_columns(1, len(weight)))
        self.bias[: self.vocab_size] = bias

    def loss(
        self, learn: bool, h: Array, dh: Array, targets: Ids, look_up: LookUp | None = None
    ) -> float:
        """Return the mean loss; with ``learn`` write dh and the packed gradients."""
        self.dweight.fill(0)
        self.dbias.fill(0)
        more = look_up or self.no_look_up
        mean: float = loss.head(
            learn, self.sizes, h, targets.reshape(-1), self.weight, self.bias, self.columns,
            more.values, more.span, more.flat, more.place, self.out, self.room, dh,
            self.dweight, self.dbias, more.gradient, self.nats,
        )  # fmt: skip
        return mean

    def unpack(self, weight: Array, bias: Array) -> None:
        """Write the gradients in the order of torch."""
        layout.copy(GET, weight, self.dweight, layout.as_tiles(*weight.shape))
        bias[...] = self.dbias[: self.vocab_size]

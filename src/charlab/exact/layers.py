"""A recurrent layer over a chunk of text, forward and backward.

Arrays are flat. Those over steps are in blocks of sixteen units, (blocks, S, B, 16), with S > T
steps: states have step 0 for the state before the chunk, so h_t is at t and the gates that lead
to it at t - 1. :func:`steps_for` chooses S odd, which keeps blocks from competing for the same
cache sets. ``sizes`` is (T, S, B, H, K): K is V for a layer that reads characters, else H.
"""

from __future__ import annotations

from typing import Any

from charlab.exact.cells import (
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from charlab.exact.lanes import WIDTH, compiled, inlined, load, splat, store
from charlab.exact.layout import GATES, GRU, LSTM, SLOTS, Array, Ids, Sizes
from charlab.exact.ngrams import sum_of_rows
from charlab.exact.products import PIECE, multiply, multiply_transposed
from charlab.exact.settings import Span


def steps_for(seq_len: int) -> int:
    """Return S, the steps to allocate for a chunk of T characters."""
    return (seq_len + 1) | 1


@compiled
def start_gates(
    gates: int,
    turn: int,
    sizes: Sizes,
    t: int,
    ids: Ids,
    table: Array,
    ngrams: Array,
    span: Span,
    rows: Ids,
    pre: Array,
) -> None:
    """Let the sums of a step start from the rows of its characters and of n-grams.

    Stream by stream, as a row lies in memory as a whole; see :func:`forward`.
    """
    _, steps, batch, size, inputs = sizes
    units = (size + WIDTH - 1) // WIDTH
    stride = steps * batch * WIDTH
    for b in range(batch):
        place, at = t * batch + b, (t * batch + b) * WIDTH
        for s in range(gates):
            for u in range(units):
                panel = s * units + u
                column = ((s + turn) % gates * units + u) * WIDTH
                row = load(table, (panel * inputs + ids[t, b]) * WIDTH)
                more = sum_of_rows(ngrams, span, gates * units * WIDTH, column, rows, place)
                store(pre, panel * stride + at, row + more)


@compiled
def forward(
    cell: int,
    kind: int,
    sizes: Sizes,
    ids: Ids,
    table: Array,
    ngrams: Array,
    span: Span,
    rows: Ids,
    below: Array,
    w_in: Array,
    w_rec: Array,
    bias: Array,
    pre: Array,
    h: Array,
    c: Array,
    squashed: Array,
) -> None:
    """Run a layer over T steps from the state at step 0.

    Parameters
    ----------
    cell, kind : int
        Of :data:`charlab.exact.layout.CELLS` and :data:`charlab.exact.functions.KINDS`.
    sizes : tuple of int
        (T, S, B, H, K).
    ids : ndarray of shape (T, B), integer
        Characters, or of shape (0, 0) for a layer that reads another.
    table : ndarray (G, blocks, V, 16)
        W_ih e(v) + bias of each character v, for a layer that reads characters.
    ngrams : ndarray (rows, G, blocks, 16)
        Rows of n-grams, gates in torch's order; of no length without them.
    span, rows : tuple of int, ndarray of shape (3, T * B)
        See :mod:`charlab.exact.ngrams`.
    below : ndarray (blocks, S, B, 16)
        Outputs of the layer below, for one that reads another.
    w_in, w_rec : ndarray (G, blocks, K, 16), (G, blocks, H, 16)
        Weights by :func:`charlab.exact.layout.as_rows`.
    bias : ndarray (slots, blocks, 16)
    pre : ndarray (slots, blocks, S, B, 16)
        Written: the gates.
    h, c, squashed : ndarray (blocks, S, B, 16)
        Written: states, and for an LSTM cell states and phi of them.
    """
    seq_len, steps, batch, size, inputs = sizes
    units, gates, slots = (size + WIDTH - 1) // WIDTH, GATES[cell], SLOTS[cell]
    step, stride = batch * WIDTH, steps * batch * WIDTH
    slot, first = units * stride, slots - gates
    characters, turn = len(ids) > 0, 2 if slots > gates else 0
    for t in range(seq_len):
        if len(ngrams) > 0:
            start_gates(
                gates, turn, sizes, t, ids, table, ngrams, span, rows, pre
            )  # fmt: skip
        for u in range(units):
            at = u * stride + t * step
            for s in range(slots):
                # The sums of a slot start from its character's row, or from its bias.
                target, panel = s * slot + at, (s * units + u) * WIDTH
                if len(ngrams) > 0 and s < gates:
                    continue
                if characters and s < gates:
                    for b in range(batch):
                        row = load(table, panel * inputs + ids[t, b] * WIDTH)
                        store(pre, target + b * WIDTH, row)
                    continue
                row = load(bias, panel)
                for b in range(batch):
                    store(pre, target + b * WIDTH, row)
                if s < gates:
                    multiply(
                        below, (t + 1) * step, stride, w_in, panel * inputs,
                        pre, target, batch, inputs,
                    )  # fmt: skip
            for s in range(gates):
                multiply(
                    h, t * step, stride, w_rec, (s * units + u) * size * WIDTH,
                    pre, (first + s) * slot + at, batch, size,
                )  # fmt: skip
            if cell == LSTM:
                lstm_forward(
                    kind, batch, pre, at, slot, c, at, at + step, squashed, h, at + step
                )  # fmt: skip
            elif cell == GRU:
                gru_forward(kind, batch, pre, at, slot, h, at, at + step)
            else:
                rnn_forward(kind, batch, pre, at, h, at + step)


@compiled
def backward(
    cell: int,
    kind: int,
    sizes: Sizes,
    to_start: bool,
    w_back: Array,
    w_in_back: Array,
    pre: Array,
    h: Array,
    c: Array,
    squashed: Array,
    dh: Array,
    dc: Array,
    dbelow: Array,
) -> None:
    """Turn gates into the loss's derivatives in the sums that reach them.

    Parameters
    ----------
    to_start : bool
        Whether the derivative in the state at step 0 is wanted.
    w_back, w_in_back : ndarray (blocks, G * blocks * 16, 16)
        W_hh and, for a layer that reads another, W_ih by :func:`charlab.exact.layout.as_columns`.
    pre : ndarray (slots, blocks, S, B, 16)
        Gates of :func:`forward`, overwritten.
    dh : ndarray (blocks, S, B, 16)
        The derivative in h_t from outside the layer, to which that from the steps after it is
        added; at step 0 zeros.
    dc : ndarray (blocks, B, 16)
        The derivative in the last cell state; afterwards in the first.
    dbelow : ndarray (blocks, S, B, 16)
        The derivative in the outputs of the layer below is added; of no length at the bottom.
    """
    seq_len, steps, batch, size, _ = sizes
    units, gates, slots = (size + WIDTH - 1) // WIDTH, GATES[cell], SLOTS[cell]
    step, stride = batch * WIDTH, steps * batch * WIDTH
    slot, first, length = units * stride, slots - gates, gates * units * WIDTH
    for t in range(seq_len - 1, -1, -1):
        for u in range(units):
            at = u * stride + t * step
            if cell == LSTM:
                lstm_backward(
                    kind, batch, pre, at, slot, c, at, at + step, squashed, dh, at + step,
                    dc, u * step,
                )  # fmt: skip
            elif cell == GRU:
                gru_backward(kind, batch, pre, at, slot, h, at, dh, at, at + step)
            else:
                rnn_backward(kind, batch, pre, at, h, at + step, dh, at + step)
        for u in range(units):
            panel = u * length * WIDTH
            if t > 0 or to_start:
                multiply(
                    pre, first * slot + t * step, stride, w_back, panel,
                    dh, u * stride + t * step, batch, length,
                )  # fmt: skip
            if len(dbelow) > 0:
                multiply(
                    pre, t * step, stride, w_in_back, panel,
                    dbelow, u * stride + (t + 1) * step, batch, length,
                )  # fmt: skip


@inlined
def sum_rows(values: Array, at: int, rows: int) -> Any:
    """Return the sum of ``rows`` blocks of sixteen numbers, one after the other."""
    sums = splat(values, 0.0)
    for row in range(rows):
        sums = sums + load(values, at + row * WIDTH)
    return sums


@inlined
def _weight_gradient(
    sizes: Sizes,
    units: int,
    columns: int,
    pre: Array,
    pre_at: int,
    inputs: Array,
    skip: int,
    out: Array,
) -> None:
    """Add sum_t d_t x_t^T to out (units, columns, 16, 16), over steps in pieces."""
    seq_len, steps, batch, _, _ = sizes
    count, stride = seq_len * batch, steps * batch * WIDTH
    row = 0
    for left in range((count + PIECE - 1) // PIECE, 0, -1):
        length = (count - row + left - 1) // left
        for m in range(units):
            for n in range(columns):
                multiply_transposed(
                    pre, pre_at + m * stride + row * WIDTH,
                    inputs, n * stride + (skip * batch + row) * WIDTH,
                    out, (m * columns + n) * WIDTH * WIDTH, WIDTH, length,
                )  # fmt: skip
        row += length


@compiled
def gradients(
    cell: int,
    sizes: Sizes,
    ids: Ids,
    pre: Array,
    h: Array,
    below: Array,
    dtable: Array,
    dw_in: Array,
    dw_rec: Array,
    dbias: Array,
) -> None:
    """Add the derivatives in a layer's weights to those given, and write those in its biases.

    Parameters
    ----------
    pre : ndarray (slots, blocks, S, B, 16)
        As :func:`backward` leaves it.
    dtable : ndarray (G, blocks, V, 16)
        Each character's row is the sum over the places where it was read, in order.
    dw_in, dw_rec : ndarray (G * blocks, blocks of K, 16, 16)
        By :func:`charlab.exact.layout.as_tiles`.
    dbias : ndarray (slots, blocks, 16)
    """
    seq_len, steps, batch, size, vocab = sizes
    units, gates, slots = (size + WIDTH - 1) // WIDTH, GATES[cell], SLOTS[cell]
    stride = steps * batch * WIDTH
    first = (slots - gates) * units * stride
    _weight_gradient(sizes, gates * units, units, pre, first, h, 0, dw_rec)
    characters = len(ids) > 0
    if not characters:
        _weight_gradient(sizes, gates * units, units, pre, 0, below, 1, dw_in)
    for block in range(slots * units):
        at, table = block * stride, block * vocab * WIDTH
        if characters and block < gates * units:
            for t in range(seq_len):
                for b in range(batch):
                    place = table + ids[t, b] * WIDTH
                    store(dtable, place, load(dtable, place) + load(pre, at))
                    at += WIDTH
            store(dbias, block * WIDTH, sum_rows(dtable, table, vocab))
        else:
            store(dbias, block * WIDTH, sum_rows(pre, at, seq_len * batch))


@compiled
def sum_blocks(values: Array, rows: int, out: Array) -> None:
    """Write the sum over rows of values (blocks, rows, 16) to out (blocks, 16)."""
    for at in range(0, len(out), WIDTH):
        store(out, at, sum_rows(values, at * rows, rows))

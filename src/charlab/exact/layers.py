"""A recurrent layer over a chunk of text, forward and backward.

Arrays over steps are in blocks of sixteen units, (blocks, S, B, 16) with S >= T + 1 steps; states
have step 0 for the state before the chunk, so h_t is at t and the gates that lead to it at t - 1.
:func:`steps_for` chooses S odd, which keeps blocks from competing for the same cache sets.
"""

from __future__ import annotations

from charlab.exact.cells import (
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from charlab.exact.lanes import WIDTH, compiled, load, splat, store
from charlab.exact.layout import GRU, LSTM, RNN
from charlab.exact.products import PIECE, multiply, multiply_transposed


def steps_for(seq_len: int) -> int:
    """Return S, the steps to allocate for a chunk of T characters."""
    return (seq_len + 1) | 1


@compiled
def forward(cell, kind, seq_len, ids, rows, below, w_in, w_rec, bias, pre, h, c, squashed):
    """Run a layer over T steps from the state at step 0.

    Parameters
    ----------
    cell, kind : int
        Of :data:`charlab.exact.layout.CELLS` and :data:`charlab.exact.functions.KINDS`.
    ids : ndarray of shape (T, B), integer
        Characters, or shape (0, 0) for a layer that reads another.
    rows : ndarray of shape (G, blocks, V, 16)
        W_ih e(v) + bias of each character v, for a layer that reads characters.
    below : ndarray of shape (blocks, S, B, 16)
        Outputs of the layer below, for one that reads another.
    w_in, w_rec : ndarray of shape (G, blocks, K, 16)
        Weights by :func:`charlab.exact.layout.pack_rows`.
    bias : ndarray of shape (slots, blocks, 16)
    pre : ndarray of shape (slots, blocks, S, B, 16)
        Written: the gates.
    h, c, squashed : ndarray of shape (blocks, S, B, 16)
        Written: states, and for an LSTM cell states and phi of them.
    """
    slots, units, steps, batch, _ = pre.shape
    gates, first = w_rec.shape[0], slots - w_rec.shape[0]
    size, inputs, vocab = w_rec.shape[2], w_in.shape[2], rows.shape[2]
    step, stride = batch * WIDTH, steps * batch * WIDTH
    slot = units * stride
    characters = len(ids) > 0
    for t in range(seq_len):
        for u in range(units):
            at = u * stride + t * step
            for s in range(slots):
                target = s * slot + at
                if characters and s < gates:
                    table = (s * units + u) * vocab * WIDTH
                    for b in range(batch):
                        store(pre, target + b * WIDTH, load(rows, table + ids[t, b] * WIDTH))
                    continue
                start = load(bias, (s * units + u) * WIDTH)
                for b in range(batch):
                    store(pre, target + b * WIDTH, start)
                if s < gates:
                    multiply(
                        below, (t + 1) * step, stride, w_in, (s * units + u) * inputs * WIDTH,
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
def backward(cell, kind, seq_len, to_start, w_back, pre, h, c, squashed, dh, dc):
    """Turn gates into the loss's derivatives in the sums that reach them.

    Parameters
    ----------
    to_start : bool
        Whether the derivative in the state at step 0 is wanted.
    w_back : ndarray of shape (blocks, G * blocks * 16, 16)
        W_hh by :func:`charlab.exact.layout.pack_columns`.
    pre : ndarray of shape (slots, blocks, S, B, 16)
        Gates of :func:`forward`, overwritten.
    dh : ndarray of shape (blocks, S, B, 16)
        The derivative in h_t from outside the layer, to which that from the steps after it is
        added; at step 0 zeros.
    dc : ndarray of shape (blocks, B, 16)
        The derivative in the last cell state; afterwards in the first.
    """
    slots, units, steps, batch, _ = pre.shape
    length = w_back.shape[1]
    first = slots - length // (units * WIDTH)
    step, stride = batch * WIDTH, steps * batch * WIDTH
    slot = units * stride
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
        if t > 0 or to_start:
            for u in range(units):
                multiply(
                    pre, first * slot + t * step, stride, w_back, u * length * WIDTH,
                    dh, u * stride + t * step, batch, length,
                )  # fmt: skip


@compiled
def backward_input(seq_len, w_back, pre, dbelow):
    """Add the derivative in the outputs of the layer below, (blocks, S, B, 16), steps 1 to T."""
    slots, units, steps, batch, _ = pre.shape
    length = w_back.shape[1]
    step, stride = batch * WIDTH, steps * batch * WIDTH
    for t in range(seq_len):
        for u in range(dbelow.shape[0]):
            multiply(
                pre, t * step, stride, w_back, u * length * WIDTH,
                dbelow, u * stride + (t + 1) * step, batch, length,
            )  # fmt: skip


@compiled
def weight_gradient(seq_len, first, pre, inputs, inputs_from, out):
    """Add sum_t d_t x_t^T to out (G * blocks, blocks of K, 16, 16).

    d are the derivatives in slots from ``first`` on, x_t is ``inputs`` at step t + inputs_from.
    """
    slots, units, steps, batch, _ = pre.shape
    stride = steps * batch * WIDTH
    skip = inputs_from * batch * WIDTH
    count = seq_len * batch
    pieces = (count + PIECE - 1) // PIECE
    row = 0
    for left in range(pieces, 0, -1):
        length = (count - row + left - 1) // left
        for m in range(out.shape[0]):
            for n in range(out.shape[1]):
                multiply_transposed(
                    pre, (first * units + m) * stride + row * WIDTH,
                    inputs, n * stride + skip + row * WIDTH,
                    out, (m * out.shape[1] + n) * WIDTH * WIDTH, WIDTH, length,
                )  # fmt: skip
        row += length


@compiled
def row_gradient(seq_len, ids, pre, out):
    """Add each step's derivatives to its character's row of out (G, blocks, V, 16)."""
    slots, units, steps, batch, _ = pre.shape
    stride, vocab = steps * batch * WIDTH, out.shape[2]
    for block in range(out.shape[0] * units):
        at, table = block * stride, block * vocab * WIDTH
        for t in range(seq_len):
            for b in range(batch):
                place = table + ids[t, b] * WIDTH
                store(out, place, load(out, place) + load(pre, at))
                at += WIDTH


@compiled
def sum_rows(values, at, rows):
    """Return the sum of ``rows`` blocks of sixteen numbers, one after the other."""
    sums = splat(values, 0.0)
    for row in range(rows):
        sums += load(values, at + row * WIDTH)
    return sums


@compiled
def bias_gradient(seq_len, pre, table, out):
    """Write the sum over all steps to out (slots, blocks, 16); known row gradients are summed instead.

    ``table`` (G, blocks, V, 16) is that of :func:`row_gradient`, or has V = 0.
    """
    slots, units, steps, batch, _ = pre.shape
    gates, vocab = table.shape[0], table.shape[2]
    for block in range(slots * units):
        if vocab and block < gates * units:
            sums = sum_rows(table, block * vocab * WIDTH, vocab)
        else:
            sums = sum_rows(pre, block * steps * batch * WIDTH, seq_len * batch)
        store(out, block * WIDTH, sums)


@compiled
def sum_blocks(values, out):
    """Write the sum over rows of values (blocks, rows, 16) to out (blocks, 16)."""
    for u in range(values.shape[0]):
        store(out, u * WIDTH, sum_rows(values, u * values.shape[1] * WIDTH, values.shape[1]))

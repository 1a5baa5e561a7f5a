"""The output layer with softmax and cross-entropy, forward and backward in one pass.

    y = W h + b             logits                  (N, V)
    p = exp(y - max y) / sum exp(y - max y)
    L = -1/N sum_n log p_n[target_n]                nats per character
    dy = (p - e(target)) / N    dh = W^T dy    dW = dy^T h    db = sum dy

The N = T B rows are worked on in pieces that stay in the second-level cache. A softmax's sum has
sixteen lanes, v in lane v mod 16, each a chain in order of v, joined by the tree of
:func:`charlab.exact.lanes.total`.
"""

from __future__ import annotations

from charlab.exact.functions import exp, log
from charlab.exact.lanes import WIDTH, compiled, largest, load, splat, store, total, where_above
from charlab.exact.layers import sum_rows
from charlab.exact.products import multiply, multiply_transposed

ROWS = 256
"""Rows worked on at a time."""

NEVER = -1e30
"""The logit of the lanes beyond the last character: exp of it is exactly 0."""


@compiled
def logits(h, h_at, stride, count, weight, bias, out):
    """Write W h + b for ``count`` rows to out (blocks of V, rows, 16).

    Parameters
    ----------
    h : ndarray
        States in blocks that are ``stride`` numbers apart, the first row at ``h_at``.
    weight : ndarray of shape (blocks of V, H, 16)
        By :func:`charlab.exact.layout.pack_rows`.
    bias : ndarray of shape (blocks of V, 16)
        With NEVER in the lanes beyond V.
    """
    units, size = weight.shape[0], weight.shape[1]
    room = out.shape[1] * WIDTH
    for u in range(units):
        start = load(bias, u * WIDTH)
        for row in range(count):
            store(out, u * room + row * WIDTH, start)
        multiply(h, h_at, stride, weight, u * size * WIDTH, out, u * room, count, size)


@compiled
def softmax_rows(out, count, scale, targets, first, nats):
    """Turn logits into dL/dlogits, and write each row's loss.

    Parameters
    ----------
    out : ndarray of shape (blocks of V, rows, 16)
        Logits, overwritten by (p - e(target)) * scale.
    targets, nats : ndarray of shape (N,)
        The ``count`` rows are those from ``first`` on.
    """
    units, room = out.shape[0], out.shape[1] * WIDTH
    for row in range(count):
        at = row * WIDTH
        top = load(out, at)
        for u in range(1, units):
            y = load(out, at + u * room)
            top = where_above(y, top, y, top)
        highest = largest(top)
        target = targets[first + row]
        picked = out[target // WIDTH, row, target % WIDTH] - highest
        sums = splat(out, 0.0)
        for u in range(units):
            e = exp(load(out, at + u * room) - highest)
            store(out, at + u * room, e)
            sums += e
        mass = total(sums)
        nats[first + row] = log(mass * 1.0) - picked
        factor = splat(out, scale) / mass
        for u in range(units):
            store(out, at + u * room, load(out, at + u * room) * factor)
        out[target // WIDTH, row, target % WIDTH] -= splat_number(out, scale)


@compiled
def splat_number(array, value):
    """Return a number rounded to the type of an array."""
    return array.dtype.type(value)


@compiled
def head(learn, h, seq_len, targets, weight, bias, columns, out, dh, dweight, dbias, nats):
    """Return the mean loss of a chunk, and write its derivatives if ``learn``.

    Parameters
    ----------
    h, dh : ndarray of shape (blocks, S, B, 16)
        States, read at steps 1 to T, and the derivative in them, written there.
    targets, nats : ndarray of shape (T * B,)
        The characters to predict, and the loss of each.
    weight : ndarray of shape (1, blocks of V, H, 16)
    bias : ndarray of shape (blocks of V, 16)
    columns : ndarray of shape (blocks, blocks of V * 16, 16)
        W by :func:`charlab.exact.layout.pack_columns`.
    out : ndarray of shape (blocks of V, ROWS, 16)
        Room for logits.
    dweight : ndarray of shape (blocks of V, blocks, 16, 16)
        The derivative in W is added.
    dbias : ndarray of shape (blocks of V, 16)
    """
    units, steps, batch, _ = h.shape
    stride, room = steps * batch * WIDTH, out.shape[1]
    count, vocab_units, padded = seq_len * batch, out.shape[0], columns.shape[1]
    scale = 1.0 / count
    pieces = (count + room - 1) // room
    row = 0
    for left in range(pieces, 0, -1):
        length = (count - row + left - 1) // left
        at = (batch + row) * WIDTH
        logits(h, at, stride, length, weight[0], bias, out)
        softmax_rows(out, length, scale, targets, row, nats)
        row += length
        if not learn:
            continue
        for u in range(units):
            zero = splat(dh, 0.0)
            for r in range(length):
                store(dh, u * stride + at + r * WIDTH, zero)
            multiply(
                out, 0, room * WIDTH, columns, u * padded * WIDTH,
                dh, u * stride + at, length, padded,
            )  # fmt: skip
        for v in range(vocab_units):
            store(
                dbias, v * WIDTH, load(dbias, v * WIDTH) + sum_rows(out, v * room * WIDTH, length)
            )
            for u in range(units):
                multiply_transposed(
                    out, v * room * WIDTH, h, u * stride + at,
                    dweight, (v * units + u) * WIDTH * WIDTH, WIDTH, length,
                )  # fmt: skip
    nats_sum = 0.0
    for n in range(count):
        nats_sum += nats[n]
    return nats_sum / count

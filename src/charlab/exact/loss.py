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

from typing import Any

from charlab.exact.functions import exp, log
from charlab.exact.lanes import (
    WIDTH,
    compiled,
    inlined,
    largest,
    load,
    splat,
    store,
    total,
    where_above,
)
from charlab.exact.layers import sum_rows
from charlab.exact.layout import Array, Ids, Sizes
from charlab.exact.ngrams import sum_of_rows
from charlab.exact.products import multiply, multiply_transposed
from charlab.exact.settings import Span
from charlab.exact.shapes import NEVER as NEVER

ROWS = 256
"""Rows worked on at a time."""


@inlined
def logits(
    h: Array,
    h_at: int,
    stride: int,
    count: int,
    units: int,
    size: int,
    weight: Array,
    bias: Array,
    out: Array,
    room: int,
) -> None:
    """Write W h + b for ``count`` rows to out (blocks of V, room, 16)."""
    for u in range(units):
        start = load(bias, u * WIDTH)
        for row in range(count):
            store(out, (u * room + row) * WIDTH, start)
        multiply(
            h, h_at, stride, weight, u * size * WIDTH, out, u * room * WIDTH, count, size
        )  # fmt: skip


@inlined
def softmax_row(out: Array, at: int, block: int, units: int) -> Any:
    """Turn logits into exp(y - max y); return the largest and the sum."""
    top = load(out, at)
    for u in range(1, units):
        y = load(out, at + u * block)
        top = where_above(y, top, y, top)
    highest = largest(top)
    sums = splat(out, 0.0)
    for u in range(units):
        e = exp(load(out, at + u * block) - highest)
        store(out, at + u * block, e)
        sums = sums + e
    return highest, total(sums)


@inlined
def add_direct(
    direct: Array, span: Span, rows: Ids, row: int, count: int, outputs: int, out: Array, room: int
) -> None:
    """Add direct connections to the logits of ``count`` places, from ``row`` on."""
    for r in range(count):
        for v in range(outputs):
            at = (v * room + r) * WIDTH
            more = sum_of_rows(direct, span, outputs * WIDTH, v * WIDTH, rows, row + r)
            store(out, at, load(out, at) + more)


@inlined
def add_direct_gradients(
    out: Array,
    room: int,
    span: Span,
    rows: Ids,
    row: int,
    count: int,
    outputs: int,
    place: Ids,
    ddirect: Array,
) -> None:
    """Add the derivatives in the logits to those in the rows that were added to them."""
    start, stop, first = span
    for order in range(start, stop):
        for r in range(count):
            met = rows[order, row + r] - first
            if met < 0:
                continue
            to = place[met] * outputs * WIDTH
            for v in range(outputs):
                d = load(out, (v * room + r) * WIDTH)
                store(ddirect, to + v * WIDTH, load(ddirect, to + v * WIDTH) + d)


@compiled
def head(
    learn: bool,
    sizes: Sizes,
    h: Array,
    targets: Ids,
    weight: Array,
    bias: Array,
    columns: Array,
    direct: Array,
    span: Span,
    rows: Ids,
    places: Ids,
    out: Array,
    room: int,
    dh: Array,
    dweight: Array,
    dbias: Array,
    ddirect: Array,
    nats: Array,
) -> float:
    """Return the mean loss of a chunk, and with ``learn`` its derivatives.

    Parameters
    ----------
    sizes : tuple of int
        (T, S, B, H, V).
    h, dh : ndarray (blocks, S, B, 16)
        States, read at steps 1 to T, and the derivative in them, written there.
    targets, nats : ndarray (T * B,)
        The characters to predict, and the loss of each in float64.
    weight : ndarray (blocks of V, H, 16)
        By :func:`charlab.exact.layout.as_rows`.
    bias : ndarray (blocks of V, 16)
        With NEVER in the lanes beyond V.
    columns : ndarray (blocks, blocks of V * 16, 16)
        W by :func:`charlab.exact.layout.as_columns`.
    direct, ddirect : ndarray (rows, blocks of V, 16)
        Direct connections, of no length without them, and where derivatives in those are added.
    span, rows, places : tuple of int, ndarray of shape (3, T * B), ndarray
        See :mod:`charlab.exact.ngrams`.
    out : ndarray (blocks of V, room, 16)
        Where logits are worked on.
    dweight : ndarray (blocks of V, blocks, 16, 16)
        The derivative in W is added.
    dbias : ndarray (blocks of V, 16)
        The derivative in b is added.
    """
    seq_len, steps, batch, size, vocab = sizes
    units, outputs = (size + WIDTH - 1) // WIDTH, (vocab + WIDTH - 1) // WIDTH
    stride, block, count = steps * batch * WIDTH, room * WIDTH, seq_len * batch
    scale, row, mean = 1.0 / count, 0, 0.0
    share = out.dtype.type(scale)
    for left in range((count + room - 1) // room, 0, -1):
        length = (count - row + left - 1) // left
        at = (batch + row) * WIDTH
        logits(h, at, stride, length, outputs, size, weight, bias, out, room)
        if len(direct) > 0:
            add_direct(direct, span, rows, row, length, outputs, out, room)
        for r in range(length):
            target = targets[row + r]
            place = target // WIDTH * block + r * WIDTH + target % WIDTH
            picked = out[place]
            highest, mass = softmax_row(out, r * WIDTH, block, outputs)
            nats[row + r] = log(float(mass)) - (float(picked) - float(highest))
            mean += nats[row + r]
            if learn:
                factor = splat(out, share) / mass
                for u in range(outputs):
                    e = load(out, u * block + r * WIDTH)
                    store(out, u * block + r * WIDTH, e * factor)
                out[place] -= share
        row += length
        if not learn:
            continue
        for u in range(units):
            zero = splat(dh, 0.0)
            for r in range(length):
                store(dh, u * stride + at + r * WIDTH, zero)
            multiply(
                out, 0, block, columns, u * outputs * WIDTH * WIDTH, dh, u * stride + at,
                length, vocab,
            )  # fmt: skip
        if len(direct) > 0:
            add_direct_gradients(
                out, room, span, rows, row - length, length, outputs, places, ddirect
            )  # fmt: skip
        for v in range(outputs):
            sums = load(dbias, v * WIDTH) + sum_rows(out, v * block, length)
            store(dbias, v * WIDTH, sums)
            used = min(vocab - v * WIDTH, WIDTH)
            for u in range(units):
                multiply_transposed(
                    out, v * block, h, u * stride + at,
                    dweight, (v * units + u) * WIDTH * WIDTH, used, length,
                )  # fmt: skip
    return mean / count

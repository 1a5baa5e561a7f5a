"""A network forward only: reading texts, scoring them, and sampling, in one compiled call each.

:mod:`charlab.exact.machine_code` compiles :func:`read` and ``sampling.sample`` and calls them.

Every sum is the chain that :mod:`charlab.exact.layers` and :mod:`charlab.exact.loss` take in
training: a gate starts from its character's row or its bias, then adds the products with the layer
below in order of k, then those with the state before. A stream's bits therefore depend neither
on the streams beside it nor on the way its text is cut.

Arrays are flat and begin with time, so that a step of all units is contiguous. With L layers, B
streams, S steps kept and N = ceil(H / 16):

    h, c, squashed   (L, S, N, B, 16)           states, cell states, phi(c)
    pre              (L, S', slots, N, B, 16)   gates; (slots, B, 16) if they are not kept
    out              (ceil(V / 16), B, 16)      logits

A caller that wants no trace gives S = 2, and the steps take turns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.exact.cells import gru_forward, lstm_forward, rnn_forward
from charlab.exact.functions import log
from charlab.exact.lanes import WIDTH, compiled, fma, inlined, load, splat, store
from charlab.exact.layout import GATES, GRU, LSTM, SLOTS, Array, Ids
from charlab.exact.loss import add_direct, softmax_row
from charlab.exact.loss import logits as multiply_head
from charlab.exact.ngrams import sum_of_rows
from charlab.exact.products import multiply
from charlab.exact.settings import Span

FEW = 3
"""Streams up to which each is multiplied for itself: a tile of so few rows would wait for its
own sums."""

Code = tuple[int, int, int, int, int]
"""(cell, activation, layers, H, V)."""

Weights = tuple[Array, Array, Array, Array, Array, Array, Array, Array]
"""Input table, W_ih of the upper layers, W_hh, biases, the head's weights and bias, and the rows of
n-grams at the input and for the output, of no length without them."""

LookUps = tuple[Span, Span]
"""The spans of orders looked up at the input and for the output."""

Work = tuple[Array, Array, Array, Array, Array]
"""pre, h, c, squashed, out."""


@compiled
def multiply_row(
    x: Array,
    x_at: int,
    x_stride: int,
    w: Array,
    w_at: int,
    panels: int,
    length: int,
    out: Array,
    out_at: int,
    out_stride: int,
) -> None:
    """Add W x to ``panels`` blocks of sixteen numbers; each sum is a chain in order of k.

    Four blocks at a time, since the next link of a chain has to wait for the one before.

    Parameters
    ----------
    x : ndarray
        Blocks of sixteen numbers, ``x_stride`` apart.
    w : ndarray (panels, length, 16)
    out : ndarray
        Blocks of sixteen numbers, ``out_stride`` apart.
    """
    size, p = length * WIDTH, 0
    while p + 4 <= panels:
        at, to = w_at + p * size, out_at + p * out_stride
        c0, c1 = load(out, to), load(out, to + out_stride)
        c2, c3 = load(out, to + 2 * out_stride), load(out, to + 3 * out_stride)
        for block in range(0, length, WIDTH):
            start = x_at + block // WIDTH * x_stride
            for k in range(min(WIDTH, length - block)):
                factor = splat(x, x[start + k])
                c0 = fma(factor, load(w, at), c0)
                c1 = fma(factor, load(w, at + size), c1)
                c2 = fma(factor, load(w, at + 2 * size), c2)
                c3 = fma(factor, load(w, at + 3 * size), c3)
                at += WIDTH
        store(out, to, c0)
        store(out, to + out_stride, c1)
        store(out, to + 2 * out_stride, c2)
        store(out, to + 3 * out_stride, c3)
        p += 4
    while p < panels:
        at, to = w_at + p * size, out_at + p * out_stride
        sums = load(out, to)
        for block in range(0, length, WIDTH):
            start = x_at + block // WIDTH * x_stride
            for k in range(min(WIDTH, length - block)):
                sums = fma(splat(x, x[start + k]), load(w, at), sums)
                at += WIDTH
        store(out, to, sums)
        p += 1


@inlined
def _cell(
    cell: int,
    kind: int,
    rows: int,
    pre: Array,
    at: int,
    slot: int,
    h: Array,
    before: int,
    after: int,
    c: Array,
    squashed: Array,
) -> None:
    """Run the cell for ``rows`` blocks of sixteen units; ``c`` is laid out like ``h``."""
    if cell == LSTM:
        lstm_forward(kind, rows, pre, at, slot, c, before, after, squashed, h, after)
    elif cell == GRU:
        gru_forward(kind, rows, pre, at, slot, h, before, after)
    else:
        rnn_forward(kind, rows, pre, at, h, after)


@inlined
def advance(
    code: Code,
    weights: Weights,
    work: Work,
    ids: Ids,
    look_ups: LookUps,
    rows: Ids,
    places: tuple[int, int, int, int],
) -> None:
    """Read one character of each stream, and write the logits of the next if there is room.

    Parameters
    ----------
    ids : ndarray of shape (B,), integer
    look_ups, rows : tuple of tuple of int, ndarray of shape (3, B)
        See :mod:`charlab.exact.ngrams`; without n-grams ``rows`` is not read.
    places : tuple of int
        Steps kept of states and of gates, the step of states to start from, and the step of
        gates to write. Keeping no gates (0) is quicker.
    """
    cell, kind, layers, size, vocab = code
    table, w_in, w_rec, bias, head_w, head_b, ngrams, direct = weights
    pre, h, c, squashed, out = work
    keep, keep_gates, before, now = places
    batch, units, gates, slots = len(ids), (size + WIDTH - 1) // WIDTH, GATES[cell], SLOTS[cell]
    row = batch * WIDTH
    step, first, panels = units * row, slots - gates, gates * units
    few = batch <= FEW
    turn = 2 if slots > gates else 0
    # Gates that nobody wants to see stay in the first-level cache: one block of units.
    whole = few or keep_gates > 0
    slot, unit_step = (step, row) if whole else (row, 0)
    for depth in range(layers):
        old = (depth * keep + before) * step
        new = (depth * keep + (before + 1) % keep) * step
        below = new - keep * step
        gate_at = (depth * keep_gates + now) * slots * step if keep_gates > 0 else 0
        rec = depth * panels * size * WIDTH
        inward = rec - panels * size * WIDTH
        for u in range(units):
            at = gate_at + u * unit_step
            for s in range(slots):
                target, panel = at + s * slot, (s * units + u) * WIDTH
                if depth == 0 and s < gates:
                    for b in range(batch):
                        value = load(table, panel * vocab + ids[b] * WIDTH)
                        store(pre, target + b * WIDTH, value)
                    if len(ngrams) > 0:
                        column = ((s + turn) % gates * units + u) * WIDTH
                        for b in range(batch):
                            more = sum_of_rows(
                                ngrams, look_ups[0], panels * WIDTH, column, rows, b
                            )  # fmt: skip
                            to = target + b * WIDTH
                            store(pre, to, load(pre, to) + more)
                    continue
                value = load(bias, depth * slots * units * WIDTH + panel)
                for b in range(batch):
                    store(pre, target + b * WIDTH, value)
                if s < gates and not few:
                    multiply(
                        h, below, row, w_in, inward + panel * size, pre, target, batch, size
                    )  # fmt: skip
            if few:
                continue
            for s in range(gates):
                panel = (s * units + u) * WIDTH
                multiply(
                    h, old, row, w_rec, rec + panel * size, pre, at + (first + s) * slot,
                    batch, size,
                )  # fmt: skip
            _cell(
                cell, kind, batch, pre, at, slot, h, old + u * row, new + u * row, c, squashed
            )  # fmt: skip
        if few:
            for b in range(0, row, WIDTH):
                if depth > 0:
                    multiply_row(
                        h, below + b, row, w_in, inward, panels, size, pre, gate_at + b, row
                    )  # fmt: skip
                multiply_row(
                    h, old + b, row, w_rec, rec, panels, size,
                    pre, gate_at + first * step + b, row,
                )  # fmt: skip
            _cell(cell, kind, units * batch, pre, gate_at, slot, h, old, new, c, squashed)
    if len(out) == 0:
        return
    outputs, top = (vocab + WIDTH - 1) // WIDTH, ((layers - 1) * keep + (before + 1) % keep) * step
    if not few:
        multiply_head(h, top, row, batch, outputs, size, head_w, head_b, out, batch)
    else:
        # Typed, or Numba would compile multiply_row() again for this constant.
        start: Any = np.int64(0)
        for v in range(outputs):
            for b in range(batch):
                store(out, (v * batch + b) * WIDTH, load(head_b, v * WIDTH))
        for b in range(0, row, WIDTH):
            multiply_row(h, top + b, row, head_w, start, outputs, size, out, b, row)
    if len(direct) > 0:
        add_direct(direct, look_ups[1], rows, 0, batch, outputs, out, batch)


@inlined
def read(
    code: Code,
    weights: Weights,
    work: Work,
    ids: Ids,
    look_ups: LookUps,
    rows: Ids,
    kept: tuple[int, int],
    targets: Ids,
    logits: Array,
    nats: Array,
) -> bool:
    """Read a text (T, B) from the states at step 0.

    The states after it are at step T % S.

    Parameters
    ----------
    look_ups, rows : tuple of tuple of int, ndarray of shape (3, T, B)
        See :mod:`charlab.exact.ngrams`; without n-grams ``rows`` has the shape (3, 1, 0).
    kept : tuple of int
        Steps kept of states and of gates: (2, 0), or (T + 1, T) to trace.
    targets : ndarray of shape (T, B), integer
        The characters to predict; of shape (0, 0) if no loss is wanted.
    logits : ndarray of shape (T, B, V)
        Written; of shape (0, 0, 0) if they are not wanted.
    nats : ndarray of shape (T, B)
        Written, in float64: the loss of each target.

    Returns
    -------
    bool
        True.
    """
    vocab, (seq_len, batch) = code[4], ids.shape
    out, block, outputs = work[4], batch * WIDTH, (vocab + WIDTH - 1) // WIDTH
    for t in range(seq_len):
        met = rows[:, min(t, rows.shape[1] - 1)]
        advance(
            code, weights, work, ids[t], look_ups, met, (kept[0], kept[1], t % kept[0], t)
        )  # fmt: skip
        if len(logits) > 0:
            for b in range(batch):
                for v in range(vocab):
                    logits[t, b, v] = out[v // WIDTH * block + b * WIDTH + v % WIDTH]
        if len(targets) > 0:
            for b in range(batch):
                target = targets[t, b]
                picked = out[target // WIDTH * block + b * WIDTH + target % WIDTH]
                highest, mass = softmax_row(out, b * WIDTH, block, outputs)
                nats[t, b] = log(float(mass)) - (float(picked) - float(highest))
    return True

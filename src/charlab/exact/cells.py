"""One step of each cell for sixteen units of all streams, forward and backward.

With a the sums that reach a gate, phi the activation and s the logistic function:

    rnn   h = phi(a)                                                     Elman 1990
    lstm  i, f, o = s(a)    g = phi(a)                                   Hochreiter and
          c = f c_before + i g    h = o phi(c)                           Schmidhuber 1997
    gru   r, z = s(a)    n = phi(a_n + r a_hn)                           Cho et al. 2014,
          h = (1 - z) n + z h_before                                     as in cuDNN

Forward, gates are written over the sums in ``pre``; backward, the loss's derivatives in the sums
are written over the gates. ``at`` is the offset of the first stream's sixteen units in the
first slot, ``slot`` the distance from slot to slot, ``rows`` the number of streams.
"""

from __future__ import annotations

from charlab.exact.functions import SIGMOID, activate, slope
from charlab.exact.lanes import WIDTH, fma, inlined, load, store
from charlab.exact.layout import Array


@inlined
def rnn_forward(kind: int, rows: int, pre: Array, at: int, h: Array, h_at: int) -> None:
    """Write h = phi(a)."""
    activate(kind, pre, at, h, h_at, rows * WIDTH)


@inlined
def rnn_backward(
    kind: int, rows: int, pre: Array, at: int, h: Array, h_at: int, dh: Array, dh_at: int
) -> None:
    """Write da = dh phi'."""
    for row in range(0, rows * WIDTH, WIDTH):
        store(pre, at + row, load(dh, dh_at + row) * slope(kind, load(h, h_at + row)))


@inlined
def lstm_forward(
    kind: int,
    rows: int,
    pre: Array,
    at: int,
    slot: int,
    c: Array,
    c_before: int,
    c_at: int,
    squashed: Array,
    h: Array,
    h_at: int,
) -> None:
    """Write gates i, f, g, o, then c, phi(c) and h."""
    for gate in range(4):
        place = at + gate * slot
        activate(kind if gate == 2 else SIGMOID, pre, place, pre, place, rows * WIDTH)
    for row in range(0, rows * WIDTH, WIDTH):
        i, f = load(pre, at + row), load(pre, at + slot + row)
        g = load(pre, at + 2 * slot + row)
        store(c, c_at + row, fma(f, load(c, c_before + row), i * g))
    activate(kind, c, c_at, squashed, c_at, rows * WIDTH)
    for row in range(0, rows * WIDTH, WIDTH):
        o = load(pre, at + 3 * slot + row)
        store(h, h_at + row, o * load(squashed, c_at + row))


@inlined
def lstm_backward(
    kind: int,
    rows: int,
    pre: Array,
    at: int,
    slot: int,
    c: Array,
    c_before: int,
    c_at: int,
    squashed: Array,
    dh: Array,
    dh_at: int,
    dc: Array,
    dc_at: int,
) -> None:
    """Write da of i, f, g, o, and turn dc of this step into that of the step before."""
    for row in range(0, rows * WIDTH, WIDTH):
        place = at + row
        o, phi_c = load(pre, place + 3 * slot), load(squashed, c_at + row)
        d = load(dh, dh_at + row)
        store(pre, place + 3 * slot, d * phi_c * (o * (1.0 - o)))
        d_cell = fma(d * o, slope(kind, phi_c), load(dc, dc_at + row))
        i, f, g = load(pre, place), load(pre, place + slot), load(pre, place + 2 * slot)
        store(pre, place, d_cell * g * (i * (1.0 - i)))
        store(pre, place + slot, d_cell * load(c, c_before + row) * (f * (1.0 - f)))
        store(pre, place + 2 * slot, d_cell * i * slope(kind, g))
        store(dc, dc_at + row, d_cell * f)


@inlined
def gru_forward(
    kind: int, rows: int, pre: Array, at: int, slot: int, h: Array, h_before: int, h_at: int
) -> None:
    """Write n, r, z and h; hn stays."""
    for gate in range(1, 3):
        place = at + gate * slot
        activate(SIGMOID, pre, place, pre, place, rows * WIDTH)
    for row in range(0, rows * WIDTH, WIDTH):
        r, back = load(pre, at + slot + row), load(pre, at + 3 * slot + row)
        store(pre, at + row, fma(r, back, load(pre, at + row)))
    activate(kind, pre, at, pre, at, rows * WIDTH)
    for row in range(0, rows * WIDTH, WIDTH):
        n, z = load(pre, at + row), load(pre, at + 2 * slot + row)
        store(h, h_at + row, fma(z, load(h, h_before + row) - n, n))


@inlined
def gru_backward(
    kind: int,
    rows: int,
    pre: Array,
    at: int,
    slot: int,
    h: Array,
    h_before: int,
    dh: Array,
    dh_before: int,
    dh_at: int,
) -> None:
    """Write da of n, r, z, hn; add what z lets through to the derivative in the state before."""
    for row in range(0, rows * WIDTH, WIDTH):
        place = at + row
        n, r = load(pre, place), load(pre, place + slot)
        z, back = load(pre, place + 2 * slot), load(pre, place + 3 * slot)
        d = load(dh, dh_at + row)
        through = d * z
        store(dh, dh_before + row, load(dh, dh_before + row) + through)
        dn = (d - through) * slope(kind, n)
        store(pre, place, dn)
        store(pre, place + slot, dn * back * (r * (1.0 - r)))
        store(pre, place + 2 * slot, d * (load(h, h_before + row) - n) * (z * (1.0 - z)))
        store(pre, place + 3 * slot, dn * r)

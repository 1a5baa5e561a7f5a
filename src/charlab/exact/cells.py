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

from charlab.exact.functions import activate, sigmoid, slope
from charlab.exact.lanes import WIDTH, fma, inlined, load, store


@inlined
def rnn_forward(kind, rows, pre, at, h, h_at):
    """Write h = phi(a)."""
    for row in range(0, rows * WIDTH, WIDTH):
        store(h, h_at + row, activate(kind, load(pre, at + row)))


@inlined
def rnn_backward(kind, rows, pre, at, h, h_at, dh, dh_at):
    """Write da = dh phi'."""
    for row in range(0, rows * WIDTH, WIDTH):
        store(pre, at + row, load(dh, dh_at + row) * slope(kind, load(h, h_at + row)))


@inlined
def lstm_forward(kind, rows, pre, at, slot, c, c_before, c_at, squashed, h, h_at):
    """Write gates i, f, g, o, then c, phi(c) and h."""
    for row in range(0, rows * WIDTH, WIDTH):
        place = at + row
        i = sigmoid(load(pre, place))
        store(pre, place, i)
        g = activate(kind, load(pre, place + 2 * slot))
        store(pre, place + 2 * slot, g)
        f = sigmoid(load(pre, place + slot))
        store(pre, place + slot, f)
        cell = fma(f, load(c, c_before + row), i * g)
        store(c, c_at + row, cell)
        phi_c = activate(kind, cell)
        store(squashed, c_at + row, phi_c)
        o = sigmoid(load(pre, place + 3 * slot))
        store(pre, place + 3 * slot, o)
        store(h, h_at + row, o * phi_c)


@inlined
def lstm_backward(kind, rows, pre, at, slot, c, c_before, c_at, squashed, dh, dh_at, dc, dc_at):
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
def gru_forward(kind, rows, pre, at, slot, h, h_before, h_at):
    """Write n, r, z and h; hn stays."""
    for row in range(0, rows * WIDTH, WIDTH):
        place = at + row
        r = sigmoid(load(pre, place + slot))
        store(pre, place + slot, r)
        n = activate(kind, fma(r, load(pre, place + 3 * slot), load(pre, place)))
        store(pre, place, n)
        z = sigmoid(load(pre, place + 2 * slot))
        store(pre, place + 2 * slot, z)
        store(h, h_at + row, fma(z, load(h, h_before + row) - n, n))


@inlined
def gru_backward(kind, rows, pre, at, slot, h, h_before, dh, dh_before, dh_at):
    """Write da of n, r, z, hn, and add to the derivative in the state before what z lets through."""
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

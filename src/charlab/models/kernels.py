"""Compute the elementwise operations of each step of a cell, compiled by Numba.

The equations are those of :mod:`charlab.models.cells`. Derivatives are expressed by outputs y:
tanh' = 1 - y^2, sigmoid' = y (1 - y), relu' = [y > 0]; d is the derivative of the loss in a gate
before its non-linearity. Before a forward loop the array of gates holds the recurrent product
of the step; after a backward loop d lies in the layout that the next product needs.

A step processes one sequence after the other, so that the data of a sequence stays in the
processor's cache. A row of the table x holds the input's contribution to the gates for one
character, and its gradient is added to the same row of dx.

Arrays over steps are (T, B, ...); those of the states h and c have one step more, the initial one.
Numba compiles the code at its first call on a machine and caches it beside this file.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]

# Sums may be computed in any order, which allows vector instructions; but NaN must stay NaN,
# because it shows a divergence.
_FREELY = {"reassoc", "contract", "arcp", "nsz"}
_compiled = numba.njit(cache=True, error_model="numpy", fastmath=_FREELY)

TANH, RELU, SIGMOID = range(3)
KINDS = {"tanh": TANH, "relu": RELU, "sigmoid": SIGMOID}


def _exp(x: float) -> float:
    return math.exp(x)


@overload(_exp)
def _exp_of(x: Any) -> Any:
    """Return the exp of libm for float64; for float32, one that the compiler can vectorize.

    exp(x) = 2^n exp(r) with r = x - n ln 2 in [-ln 2 / 2, ln 2 / 2], where the Taylor series
    to degree 6 is right to 1.2e-7. ln 2 is subtracted in two parts, the first of which has
    few digits, so that n times it is exact (Cody and Waite 1980). x in [-87, 87].
    """

    def exp64(x: Any) -> Any:
        return math.exp(x)

    if x != numba.float32:
        return exp64
    log2_e, ln2_high, ln2_low = map(np.float32, (1 / math.log(2), 0.693359375, -2.12194440e-4))
    half, one = np.float32(0.5), np.float32(1)
    c3, c4, c5, c6 = (np.float32(1 / math.factorial(n)) for n in (3, 4, 5, 6))
    bias, shift = np.int32(127), np.int32(23)

    def exp32(x: Any) -> Any:
        n = np.floor(x * log2_e + half)
        r = x - n * ln2_high - n * ln2_low
        series = one + r * (one + r * (half + r * (c3 + r * (c4 + r * (c5 + r * c6)))))
        # A float32 of value 2^n has n + 127 in the bits from the 23rd on.
        return series * np.int32((np.int32(n) + bias) << shift).view(np.float32)

    return exp32


@_compiled
def _tanh(row: Array) -> None:
    for j in range(len(row)):
        x = row[j]
        # Beyond 20 the result is 1 to within 1e-17.
        e = _exp(-min(abs(x + x), row.dtype.type(40)))
        y = (row.dtype.type(1) - e) / (row.dtype.type(1) + e)
        row[j] = math.copysign(y, x)


@_compiled
def _sigmoid(row: Array) -> None:
    for j in range(len(row)):
        x = max(min(row[j], row.dtype.type(40)), row.dtype.type(-40))
        row[j] = row.dtype.type(1) / (row.dtype.type(1) + _exp(-x))


@_compiled
def _relu(row: Array) -> None:
    for j in range(len(row)):
        row[j] = row[j] if not row[j] <= 0 else row.dtype.type(0)


@_compiled
def _activate(kind: int, row: Array) -> None:
    """Put phi(row) in the place of row."""
    if kind == TANH:
        _tanh(row)
    elif kind == RELU:
        _relu(row)
    else:
        _sigmoid(row)


@_compiled
def _through(kind: int, y: Array, d: Array) -> None:
    """Multiply d by phi' where phi gave y."""
    for j in range(len(y)):
        if kind == TANH:
            d[j] -= d[j] * y[j] * y[j]
        elif kind == SIGMOID:
            d[j] *= y[j] - y[j] * y[j]
        elif y[j] <= 0:
            d[j] = 0


@_compiled
def _add(row: Array, other: Array) -> None:
    for j in range(len(row)):
        row[j] += other[j]


@_compiled
def rnn_forward(t: int, kind: int, x: Array, ids: Ids, h: Array) -> None:
    """h_t = phi(x_t + W h_{t-1}); the product is in h[t + 1], where the result goes."""
    for b in range(h.shape[1]):
        _add(h[t + 1, b], x[ids[t, b]])
        _activate(kind, h[t + 1, b])


@_compiled
def rnn_backward(
    t: int, kind: int, ids: Ids, h: Array, dout: Array, dh: Array, d: Array, dx: Array
) -> None:
    """Write d_t, and add it to its characters' rows of dx."""
    for b in range(h.shape[1]):
        row = d[t, b]
        for j in range(len(row)):
            row[j] = dh[b, j] + dout[t, b, j]
        _through(kind, h[t + 1, b], row)
        _add(dx[ids[t, b]], row)


@_compiled
def lstm_forward(
    t: int, kind: int, x: Array, ids: Ids, gates: Array, c: Array, phi_c: Array, h: Array
) -> None:
    """Make gates i, f, g, o of the products in gates[t], then c_t, phi(c_t) and h_t."""
    size = h.shape[2]
    for b in range(h.shape[1]):
        gate = gates[t, b]
        i, f, g, o = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
        _add(gate, x[ids[t, b]])
        _sigmoid(gate[: 2 * size])
        _activate(kind, g)
        _sigmoid(o)
        old, new, squashed, out = c[t, b], c[t + 1, b], phi_c[t, b], h[t + 1, b]
        for j in range(size):
            new[j] = f[j] * old[j] + i[j] * g[j]
            squashed[j] = new[j]
        _activate(kind, squashed)
        for j in range(size):
            out[j] = o[j] * squashed[j]


@_compiled
def lstm_backward(
    t: int,
    kind: int,
    ids: Ids,
    gates: Array,
    c: Array,
    phi_c: Array,
    dout: Array,
    dh: Array,
    dc: Array,
    d: Array,
    dx: Array,
) -> None:
    """Write d_t, add it to its characters' rows of dx, and turn dc_t into dc_{t-1}."""
    size = dh.shape[1]
    for b in range(len(dh)):
        gate, row = gates[t, b], d[t, b]
        i, f, g, o = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
        di, df, dg, do = row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
        squashed, old, cell, hidden, above = phi_c[t, b], c[t, b], dc[b], dh[b], dout[t, b]
        for j in range(size):
            hidden[j] += above[j]
            do[j] = hidden[j] * squashed[j] * (o[j] - o[j] * o[j])
            hidden[j] *= o[j]  # now the derivative in phi(c_t)
        _through(kind, squashed, hidden)
        for j in range(size):
            cell[j] += hidden[j]
            di[j] = cell[j] * g[j] * (i[j] - i[j] * i[j])
            df[j] = cell[j] * old[j] * (f[j] - f[j] * f[j])
            dg[j] = cell[j] * i[j]
            cell[j] *= f[j]
        _through(kind, g, dg)
        _add(dx[ids[t, b]], row)


@_compiled
def gru_forward(
    t: int, kind: int, x: Array, ids: Ids, bias: Array, gates: Array, n: Array, h: Array
) -> None:
    """Make gates r, z of the products in gates[t], then n_t and h_t = n + z (h_{t-1} - n).

    Behind the gates stays W_hn h + b_hn, which the reset gate scales.
    """
    size = h.shape[2]
    for b in range(h.shape[1]):
        gate, share, new = gates[t, b], x[ids[t, b]], n[t, b]
        r, z, back = gate[:size], gate[size : 2 * size], gate[2 * size :]
        _add(gate[: 2 * size], share[: 2 * size])
        _sigmoid(gate[: 2 * size])
        _add(back, bias)
        driven, old, out = share[2 * size :], h[t, b], h[t + 1, b]
        for j in range(size):
            new[j] = driven[j] + r[j] * back[j]
        _activate(kind, new)
        for j in range(size):
            out[j] = new[j] + z[j] * (old[j] - new[j])


@_compiled
def gru_backward(
    t: int,
    kind: int,
    ids: Ids,
    gates: Array,
    n: Array,
    h: Array,
    dout: Array,
    dh: Array,
    d: Array,
    dbias: Array,
    dx: Array,
) -> None:
    """Write d_t, add to dx and dbias, and leave in dh the part that bypasses W."""
    size = dh.shape[1]
    for b in range(len(dh)):
        gate, row, share = gates[t, b], d[t, b], dx[ids[t, b]]
        r, z, back = gate[:size], gate[size : 2 * size], gate[2 * size :]
        dr, dz, dback = row[:size], row[size : 2 * size], row[2 * size :]
        new, old, hidden, above = n[t, b], h[t, b], dh[b], dout[t, b]
        for j in range(size):
            hidden[j] += above[j]
            dz[j] = hidden[j] * (old[j] - new[j]) * (z[j] - z[j] * z[j])
            dback[j] = hidden[j] - hidden[j] * z[j]
            hidden[j] *= z[j]
        _through(kind, new, dback)
        _add(share[2 * size :], dback)  # the derivative in n before phi
        for j in range(size):
            dr[j] = dback[j] * back[j] * (r[j] - r[j] * r[j])
            dback[j] *= r[j]
        _add(share[: 2 * size], row[: 2 * size])
        _add(dbias, dback)

"""Rows of frequent n-grams: which a text meets, and tables of which an update touches a few rows.

A network may add to its sums a *row* for each n-gram: a character, a bigram or a trigram that the
training text has often enough. Row c belongs to character c; rows V, V + 1, ... to the n-grams
in order of their keys. A row is looked up, never multiplied:

    look_up(t) = 0 + row of the n-gram of order 1 + of order 2 + of order 3    (those there are)

is added to a sum once that has its other start. Gradients are summed over a chunk's places in order
of time, then of streams.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.exact.lanes import WIDTH, compiled, inlined, load, splat, store
from charlab.exact.layout import Array, Ids, Sizes, aligned, blocks
from charlab.exact.look_up import NO_ROWS as NO_ROWS
from charlab.exact.look_up import ORDERS as ORDERS
from charlab.exact.look_up import NGrams as NGrams
from charlab.exact.look_up import keys_of as keys_of
from charlab.exact.look_up import no_characters as no_characters
from charlab.exact.settings import Span


@inlined
def _find(keys: Ids, key: int) -> int:
    """Return the place of a number in an ascending list; -1 if it is not there."""
    low, size = 0, len(keys)
    while size > 1:
        half = size // 2
        low = low + half if keys[low + half] <= key else low
        size -= half
    return low if keys[low] == key else -1


@compiled
def step_rows(keys: Ids, vocab: int, ids: Ids, before: Ids, rows: Ids) -> None:
    """Write the rows (3, B) of each stream's last characters, and let ``before`` move on.

    Parameters
    ----------
    keys : ndarray of shape (N,)
        Of :func:`keys_of`, ascending.
    vocab : int
        V.
    ids : ndarray of shape (B,)
        The characters that are read.
    before : ndarray of shape (B, 2)
        The two before them, -1 where there are none; overwritten by the two before the next.
    rows : ndarray of shape (3, B)
        Written; -1 where an n-gram has no row.
    """
    size = vocab + 1
    for b in range(len(ids)):
        c0, c1, c2 = before[b, 0], before[b, 1], ids[b]
        rows[0, b], rows[1, b], rows[2, b] = c2, -1, -1
        pair = (c1 + 1) * size + c2 + 1
        if c1 >= 0 and len(keys) > 0:
            place = _find(keys, pair)
            if place >= 0:
                rows[1, b] = vocab + place
            if c0 >= 0:
                place = _find(keys, (c0 + 1) * size * size + pair)
                if place >= 0:
                    rows[2, b] = vocab + place
        before[b, 0], before[b, 1] = c1, c2


@inlined
def chunk_rows(keys: Ids, vocab: int, ids: Ids, before: Ids, rows: Ids) -> bool:
    """Write the rows (3, T, B) of a chunk (T, B); see :func:`step_rows`. Return True."""
    for t in range(len(ids)):
        step_rows(keys, vocab, ids[t], before, rows[:, t])
    return True


@inlined
def sum_of_rows(table: Array, span: Span, width: int, column: int, rows: Ids, b: int) -> Any:
    """Return sixteen columns of the sum of the rows (3, B) that stream b meets."""
    start, stop, first = span
    sums = splat(table, 0.0)
    for order in range(start, stop):
        row = rows[order, b]
        if row >= 0:
            sums = sums + load(table, (row - first) * width + column)
    return sums


@compiled
def mark(rows: Ids, span: Span, place: Ids, touched: Ids) -> int:
    """List the rows that a chunk meets, in any order; return how many there are."""
    start, stop, first = span
    count = 0
    for order in range(start, stop):
        for t in range(rows.shape[1]):
            for b in range(rows.shape[2]):
                row = rows[order, t, b] - first
                if row >= 0 and place[row] < 0:
                    place[row] = touched[count] = row
                    count += 1
    return count


@compiled
def add_gate_gradients(
    rows: Ids, span: Span, place: Ids, sizes: Sizes, gates: int, turn: int, pre: Array, out: Array
) -> None:
    """Add the derivatives in a layer's sums to those in the rows it looked up.

    Parameters
    ----------
    pre : ndarray (slots, blocks, S, B, 16)
        As :func:`charlab.exact.layers.backward` leaves it.
    out : ndarray (rows touched, gates, blocks, 16)
        Slot s of ``pre`` belongs to gate (s + turn) % gates.
    """
    seq_len, steps, batch, size, _ = sizes
    start, stop, first = span
    units = (size + WIDTH - 1) // WIDTH
    width = gates * units * WIDTH
    for block in range(gates * units):
        column = ((block // units + turn) % gates * units + block % units) * WIDTH
        for order in range(start, stop):
            at = block * steps * batch * WIDTH
            for t in range(seq_len):
                for b in range(batch):
                    row = rows[order, t, b] - first
                    if row >= 0:
                        to = place[row] * width + column
                        store(out, to, load(out, to) + load(pre, at))
                    at += WIDTH


class RowTable:
    """Rows of weights, of which an update reads and changes those that its chunk meets.

    Parameters
    ----------
    shape : tuple of int
        (N, ..., columns).
    span : tuple of int
        See :data:`Span`.
    dtype : dtype

    Attributes
    ----------
    view : ndarray of shape ``shape``
        The weights, in rows padded to a multiple of sixteen columns.
    values : ndarray, flat
        The same with the padding.
    width : int
        Numbers of a row with its padding.
    touched : ndarray of shape (count,)
        Rows that the latest chunk met, in order.
    gradient : ndarray, flat
        Their derivatives, one row after the other.
    place : ndarray of shape (N,)
        Where each of them is there; -1 for the others.
    """

    def __init__(self, shape: tuple[int, ...], span: Span, dtype: DTypeLike) -> None:
        padded = (*shape[:-1], blocks(shape[-1]) * WIDTH)
        full = aligned(padded, dtype)
        self.shape, self.span, self.padded, self.dtype = shape, span, padded, dtype
        self.view, self.values = full[..., : shape[-1]], full.reshape(-1)
        self.width = int(np.prod(padded[1:]))
        self.place = np.full(shape[0], -1, np.int64)
        self._touched, self.count = np.empty(shape[0], np.int64), 0
        self.gradient = aligned((0,), dtype)

    @property
    def touched(self) -> NDArray[np.int64]:
        """Return the rows that the latest chunk met."""
        return self._touched[: self.count]

    def begin(self, rows: Ids) -> None:
        """Make room for the derivatives in the rows that a chunk meets, and set them to zero."""
        self.place[self.touched] = -1
        self._hold(mark(rows, self.span, self.place, self._touched))

    def _hold(self, count: int) -> None:
        """Order the rows touched, and give each a place among the gradients."""
        self.count = count
        self.touched.sort()  # so that sums over them do not depend on how they were listed
        self.place[self.touched] = np.arange(count)
        if self.gradient.size < count * self.width:
            self.gradient = aligned((count * 5 // 4 * self.width + self.width,), self.values.dtype)
        self.gradient[: count * self.width] = 0

    def take(self, gradient: Array) -> None:
        """Use the derivatives in all rows, most of them zero."""
        self.place[self.touched] = -1
        count = len(met := np.flatnonzero((gradient != 0).reshape(len(gradient), -1).any(axis=1)))
        self._touched[:count] = met
        self._hold(count)
        self._rows()[..., : self.shape[-1]] = gradient[met]

    def _rows(self) -> Array:
        """Return the gradients as (count, ..., padded columns)."""
        return self.gradient[: self.count * self.width].reshape(self.count, *self.padded[1:])

    def dense(self) -> Array:
        """Return the derivatives in all rows."""
        result = np.zeros(self.shape, self.values.dtype)
        result[self.touched] = self._rows()[..., : self.shape[-1]]
        return result

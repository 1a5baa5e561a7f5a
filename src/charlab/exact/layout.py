"""Arrays in blocks of sixteen columns, and the way there and back.

A matrix of N columns lies in memory as ceil(N / 16) blocks, each with all rows and sixteen columns:
index (block, row, lane). So the tile of a product reads and writes whole cache lines, element-wise
work runs over contiguous memory, and no size needs to be a multiple of anything: the lanes of
the last block beyond N have weights of zero.

The gates of a layer are *slots*. Those that the input drives come first, those that the state
drives come last: i, f, g, o for the LSTM (both); for the GRU, whose candidate takes the two
apart, n, r, z, hn, where hn = W_hn h + b_hn. ``turn`` is what maps a slot to torch's order r, z, n.
"""

from __future__ import annotations

from charlab.exact.lanes import WIDTH, compiled
from charlab.exact.shapes import CELLS as CELLS
from charlab.exact.shapes import GATES as GATES
from charlab.exact.shapes import GRU as GRU
from charlab.exact.shapes import LSTM as LSTM
from charlab.exact.shapes import RNN as RNN
from charlab.exact.shapes import SLOTS as SLOTS
from charlab.exact.shapes import Array as Array
from charlab.exact.shapes import Ids as Ids
from charlab.exact.shapes import aligned as aligned
from charlab.exact.shapes import blocks as blocks

Sizes = tuple[int, int, int, int, int]
"""(T, S, B, H, K): steps of a chunk, steps allocated, streams, units, inputs or characters."""

SET, ADD, GET = range(3)
"""Directions of :func:`relayout`: write to the packed array, add to it, read from it."""

Places = tuple[int, int, int, int, int]
"""Distances in a packed array: from slot to slot, from sixteen units to the next and from unit to
unit, from sixteen k to the next and from k to k."""


@compiled
def relayout(
    direction: int,
    matrix: Array,
    packed: Array,
    slots: int,
    turn: int,
    units: int,
    length: int,
    places: Places,
    unit_step: int,
    k_step: int,
) -> None:
    """Copy between a matrix (slots * units, length) and a packed array, both given flat.

    Parameters
    ----------
    direction : int
        SET, ADD or GET.
    turn : int
        Slot s of the packed array holds rows of the matrix's slot (s + turn) % slots.
    places : tuple of int
        See :data:`Places`.
    unit_step, k_step : int
        Distances in the matrix; with a ``k_step`` of 0, a vector serves as all columns.
    """
    slot_step, unit_block, unit_lane, k_block, k_lane = places
    for s in range(slots):
        first = (s + turn) % slots * units
        for unit in range(units):
            start = (first + unit) * unit_step
            target = s * slot_step + unit // WIDTH * unit_block + unit % WIDTH * unit_lane
            for block in range(0, length, WIDTH):
                at = target + block // WIDTH * k_block
                for k in range(block, min(block + WIDTH, length)):
                    if direction == GET:
                        matrix[start + k * k_step] = packed[at]
                    elif direction == SET:
                        packed[at] = matrix[start + k * k_step]
                    else:
                        packed[at] += matrix[start + k * k_step]
                    at += k_lane


def as_rows(units: int, length: int) -> Places:
    """Return the places in (slots, blocks of units, k, 16), which W x multiplies by."""
    return blocks(units) * length * WIDTH, length * WIDTH, 1, WIDTH * WIDTH, WIDTH


def as_columns(slots: int, units: int) -> Places:
    """Return the places in (blocks of k, slots * blocks * 16, 16), which W^T d multiplies by."""
    slot = blocks(units) * WIDTH * WIDTH
    return slot, WIDTH * WIDTH, WIDTH, slots * slot, 1


def as_tiles(units: int, length: int) -> Places:
    """Return the places in (slots * blocks, blocks of k, 16, 16), where gradients are summed."""
    tile = WIDTH * WIDTH
    return blocks(units) * blocks(length) * tile, blocks(length) * tile, WIDTH, tile, 1


def copy(
    direction: int, matrix: Array, packed: Array, places: Places, slots: int = 1, turn: int = 0
) -> None:
    """Copy between a matrix (slots * units, length) and a packed array."""
    length = matrix.shape[1]
    units = matrix.shape[0] // slots
    relayout(
        direction, matrix.reshape(-1), packed, slots, turn, units, length, places, length, 1
    )  # fmt: skip


def copy_vector(
    direction: int, vector: Array, packed: Array, length: int, slots: int = 1, turn: int = 0
) -> None:
    """Copy between a vector (slots * units,) and each of the ``length`` rows of a packed array.

    With GET, the packed array (slots, blocks, 16) is read.
    """
    units = len(vector) // slots
    places = as_rows(units, length)
    relayout(direction, vector, packed, slots, turn, units, length, places, 1, 0)


def copy_state(direction: int, state: Array, packed: Array, steps: int, slot: int) -> None:
    """Copy between a state (B, H) and step ``slot`` of a packed array (blocks, steps, B, 16)."""
    batch, hidden = state.shape
    step = batch * WIDTH
    places = (0, WIDTH * WIDTH, WIDTH, steps * step, 1)
    at = packed[slot * step :]
    relayout(direction, state.reshape(-1), at, 1, 0, batch, hidden, places, hidden, 1)

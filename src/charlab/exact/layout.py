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

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.exact.lanes import WIDTH, compiled

Array = NDArray[np.floating[Any]]

RNN, GRU, LSTM = range(3)
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""The number of each cell, by its name in params.yaml."""

GATES = (1, 3, 4)
"""Blocks of H rows in a cell's weights."""

SLOTS = (1, 4, 4)
"""Gates that a step of a cell keeps."""


def blocks(columns: int) -> int:
    """Return how many blocks of sixteen hold a number of columns."""
    return -(-columns // WIDTH)


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return zeros whose first byte begins a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


@compiled
def pack_rows(matrix, turn, out):
    """Lay W (G*H, K) out for W x: out (slots, blocks, K, 16) has k as rows."""
    slots, units, length, _ = out.shape
    size = matrix.shape[0] // slots
    for s in range(slots):
        first = (s + turn) % slots * size
        for unit in range(size):
            row = matrix[first + unit]
            for k in range(length):
                out[s, unit // 16, k, unit % 16] = row[k]


@compiled
def pack_columns(matrix, turn, slots, out):
    """Lay W (G*H, K) out for W^T d: out (blocks of K, slots * blocks * 16, 16)."""
    size = matrix.shape[0] // slots
    padded = (size + 15) // 16 * 16
    for s in range(slots):
        first = (s + turn) % slots * size
        for unit in range(size):
            row = matrix[first + unit]
            for k in range(matrix.shape[1]):
                out[k // 16, s * padded + unit, k % 16] = row[k]


@compiled
def pack_bias(bias_ih, bias_hh, cell, out):
    """Write the sum of both biases of each slot, for a GRU's n and hn one each: (slots, blocks, 16)."""
    slots = out.shape[0]
    gates = 3 if cell == GRU else slots
    size = len(bias_ih) // gates
    for s in range(slots):
        for unit in range(size):
            if cell != GRU:
                value = bias_ih[s * size + unit] + bias_hh[s * size + unit]
            elif s == 0:
                value = bias_ih[2 * size + unit]
            elif s == 3:
                value = bias_hh[2 * size + unit]
            else:
                at = (s - 1) * size + unit
                value = bias_ih[at] + bias_hh[at]
            out[s, unit // 16, unit % 16] = value


@compiled
def add_bias(bias, out):
    """Add each slot's bias (slots, blocks, 16) to all rows of out (G, blocks, V, 16)."""
    slots, units, length, width = out.shape
    for s in range(slots):
        for unit in range(units):
            for k in range(length):
                for j in range(width):
                    out[s, unit, k, j] += bias[s, unit, j]


@compiled
def unpack_rows(packed, turn, matrix):
    """Write packed (slots, blocks, K, 16) to W (G*H, K): the way back of :func:`pack_rows`."""
    slots, units, length, _ = packed.shape
    size = matrix.shape[0] // slots
    for s in range(slots):
        first = (s + turn) % slots * size
        for unit in range(size):
            row = matrix[first + unit]
            for k in range(length):
                row[k] = packed[s, unit // 16, k, unit % 16]


@compiled
def unpack_tiles(packed, turn, slots, matrix):
    """Write packed (slots * blocks, blocks of K, 16, 16) to W (G*H, K)."""
    size = matrix.shape[0] // slots
    units = packed.shape[0] // slots
    for s in range(slots):
        first = (s + turn) % slots * size
        for unit in range(size):
            row = matrix[first + unit]
            tiles = packed[s * units + unit // 16]
            for k in range(matrix.shape[1]):
                row[k] = tiles[k // 16, unit % 16, k % 16]


@compiled
def unpack_bias(packed, cell, bias_ih, bias_hh):
    """Write packed gradients (slots, blocks, 16) to both biases: the way back of :func:`pack_bias`."""
    slots = packed.shape[0]
    gates = 3 if cell == GRU else slots
    size = len(bias_ih) // gates
    for gate in range(gates):
        above = gate
        below = gate
        if cell == GRU:
            above = (gate + 1) % 3  # n, r, z
            below = gate + 1  # r, z, hn
        for unit in range(size):
            bias_ih[gate * size + unit] = packed[above, unit // 16, unit % 16]
            bias_hh[gate * size + unit] = packed[below, unit // 16, unit % 16]


@compiled
def pack_state(values, out, slot):
    """Write a state (B, H) to step ``slot`` of out (blocks, steps, B, 16)."""
    for b in range(values.shape[0]):
        for unit in range(values.shape[1]):
            out[unit // 16, slot, b, unit % 16] = values[b, unit]


@compiled
def unpack_state(packed, slot, values):
    """Write step ``slot`` of packed (blocks, steps, B, 16) to a state (B, H)."""
    for b in range(values.shape[0]):
        for unit in range(values.shape[1]):
            values[b, unit] = packed[unit // 16, slot, b, unit % 16]

"""Constants and layouts of the kernels, for modules that must not wait for Numba to load."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.integer[Any]]

WIDTH = 16
"""Numbers in one block: a cache line of float32. Part of the arithmetic, equal everywhere."""

RNN, GRU, LSTM = range(3)
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""The number of each cell, by its name in params.yaml."""

GATES = (1, 3, 4)
"""Blocks of H rows in a cell's weights."""

SLOTS = (1, 4, 4)
"""Gates that a step of a cell keeps."""

# Typed, since Numba would compile a function again for each plain constant it is called with.
_typed: Any = np.int64
TANH, RELU, SIGMOID = (_typed(kind) for kind in range(3))
KINDS = {"tanh": TANH, "relu": RELU, "sigmoid": SIGMOID}
"""The number of each activation, by its name in params.yaml."""

NEVER = -1e30
"""The logit of the lanes beyond the last character: exp of it is exactly 0."""


def blocks(columns: int) -> int:
    """Return how many blocks of sixteen hold a number of columns."""
    return -(-columns // WIDTH)


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return zeros whose first byte begins a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)

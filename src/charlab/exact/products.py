"""Matrix products in which every element is one chain of fma, in order of k.

The order of a sum is all that matters for its bits; how C is cut into tiles, and k into pieces
between which a sum waits in memory, does not matter, so both are chosen for speed.

The two products are compiled once for each type, and called by the other modules through
their symbols ``charlab_product_float32`` and so on: compiled into every caller, they would take
most of the compiler's time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.exact.lanes import WIDTH, address, external, inlined, register
from charlab.exact.layout import Array
from charlab.exact.tiles import TILE_ROWS, tile, tile_along

PIECE = 256
"""Steps of k for which a panel of B stays in the first-level cache."""


def _make_product(number: Any) -> Any:
    most, size, one = TILE_ROWS[np.dtype(number).itemsize], np.dtype(number).itemsize, number(1)
    line = WIDTH * size  # bytes from row to row

    def product(a: int, a_stride: int, b: int, c: int, rows: int, length: int) -> None:
        for start in range(0, length, PIECE):
            steps = min(PIECE, length - start)
            a_from, row = a + start // WIDTH * a_stride * size, 0
            for left in range(-(-rows // most), 0, -1):
                count = (rows - row + left - 1) // left  # tiles as equal as possible
                tile(
                    one,
                    a_from + row * line,
                    a_stride,
                    b + start * line,
                    c + row * line,
                    count,
                    steps,
                )
                row += count

    return product


def _make_transposed(number: Any) -> Any:
    most, size, one = TILE_ROWS[np.dtype(number).itemsize], np.dtype(number).itemsize, number(1)
    line = WIDTH * size

    def transposed(a: int, b: int, c: int, rows: int, length: int) -> None:
        row = 0
        for left in range(-(-rows // most), 0, -1):
            count = (rows - row + left - 1) // left
            tile_along(one, a + row * size, WIDTH * WIDTH, b, c + row * line, count, length)
            row += count

    return transposed


KERNELS = (
    ("charlab_product", _make_product, 6),
    ("charlab_transposed", _make_transposed, 5),
)
"""The symbol of each product but for the type, the function that makes it, and its arguments."""


_COMPILED = register(KERNELS)
_product = external("charlab_product", 6)
_transposed = external("charlab_transposed", 5)


@inlined
def multiply(
    a: Array,
    a_at: int,
    a_stride: int,
    b: Array,
    b_at: int,
    c: Array,
    c_at: int,
    rows: int,
    length: int,
) -> None:
    """Add A B to one block of columns of C.

    Parameters
    ----------
    a : ndarray
        A (rows, length) in blocks of sixteen columns that are ``a_stride`` numbers apart.
    b : ndarray
        B (length, 16).
    c : ndarray
        C (rows, 16).
    a_at, b_at, c_at : int
        Offset of the first number of each.
    """
    _product(
        c, (address(a, a_at), a_stride, address(b, b_at), address(c, c_at), rows, length)
    )  # fmt: skip


@inlined
def multiply_transposed(
    a: Array, a_at: int, b: Array, b_at: int, c: Array, c_at: int, rows: int, length: int
) -> None:
    """Add A^T B to one block of columns of C, for A (length, 16), B (length, 16), C (rows, 16)."""
    _transposed(c, (address(a, a_at), address(b, b_at), address(c, c_at), rows, length))

"""Matrix products in which every element is one chain of fma, in order of k.

The order of a sum is all that matters for its bits; how C is cut into tiles, and k into pieces
between which a sum waits in memory, does not matter, so both are chosen for speed.
"""

from __future__ import annotations

from charlab.exact.lanes import WIDTH, compiled, tile, tile_along, tile_rows

PIECE = 256
"""Steps of k for which a panel of B stays in the first-level cache."""


@compiled
def multiply(a, a_at, a_stride, b, b_at, c, c_at, rows, length):
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
    most = tile_rows(a)
    for start in range(0, length, PIECE):
        steps = min(PIECE, length - start)
        a_from, row = a_at + start // WIDTH * a_stride, 0
        for left in range(-(-rows // most), 0, -1):
            count = (rows - row + left - 1) // left  # tiles as equal as possible
            tile(
                a, a_from + row * WIDTH, a_stride, b, b_at + start * WIDTH,
                c, c_at + row * WIDTH, count, steps,
            )  # fmt: skip
            row += count


@compiled
def multiply_transposed(a, a_at, b, b_at, c, c_at, rows, length):
    """Add A^T B to one block of columns of C, for A (length, 16), B (length, 16), C (rows, 16)."""
    most, row = tile_rows(a), 0
    for left in range(-(-rows // most), 0, -1):
        count = (rows - row + left - 1) // left
        tile_along(
            a, a_at + row, WIDTH * WIDTH, b, b_at, c, c_at + row * WIDTH, count, length
        )  # fmt: skip
        row += count

"""Random numbers and matrices for initial weights, from uniform numbers.

Uniform numbers are integers times a power of two, the same everywhere; NumPy's normal
numbers call the C library's exp in their tails, and LAPACK's QR adds in an order of its own.
"""

from __future__ import annotations

import math

import numpy as np

from charlab.exact.functions import cosine_of_half_turns, log
from charlab.exact.lanes import WIDTH, compiled, fma, load, splat, store, total
from charlab.exact.layout import Array, aligned, blocks


@compiled
def _normals(uniform: Array, out: Array) -> None:
    """Write sqrt(-2 log(1 - u)) cos(pi v) for pairs u, v of numbers in [0, 1).

    Box and Muller (1958); half a turn is enough, as cos takes the same values in the other.
    """
    for n in range(len(out)):
        length = math.sqrt(-2.0 * log(1.0 - uniform[2 * n]))
        out[n] = length * cosine_of_half_turns(uniform[2 * n + 1])


def normals(generator: np.random.Generator, count: int) -> Array:
    """Return ``count`` standard normal numbers in float64."""
    out = np.empty(count)
    _normals(generator.random(2 * count), out)
    return out


@compiled
def _orthogonalize(rows: Array, count: int, width: int) -> None:
    """Make rows of ``width`` numbers orthonormal, each by what it adds to those before it.

    Gram and Schmidt's method, twice over ("twice is enough", Kahan and Parlett), which leaves
    products of two rows at the rounding of float64. ``width`` is a multiple of sixteen.
    """
    for i in range(count):
        row = i * width
        for _ in range(2):
            for j in range(i):
                other = j * width
                sums = splat(rows, 0.0)
                for k in range(0, width, WIDTH):
                    sums = fma(load(rows, other + k), load(rows, row + k), sums)
                share = 0.0 - total(sums)
                for k in range(0, width, WIDTH):
                    store(rows, row + k, fma(load(rows, other + k), share, load(rows, row + k)))
        sums = splat(rows, 0.0)
        for k in range(0, width, WIDTH):
            sums = fma(load(rows, row + k), load(rows, row + k), sums)
        factor = 1.0 / math.sqrt(total(sums))
        for k in range(0, width, WIDTH):
            store(rows, row + k, load(rows, row + k) * factor)


def orthogonal(generator: np.random.Generator, size: int) -> Array:
    """Return a random orthogonal matrix (size, size) in float64, uniform over all of them."""
    width = blocks(size) * WIDTH
    rows = aligned((size, width), np.float64)  # zeros beyond the matrix
    rows[:, :size] = normals(generator, size * size).reshape(size, size)
    _orthogonalize(rows.reshape(-1), size, width)
    return rows[:, :size].copy()

"""Kernels of whole float64 arrays, which :mod:`charlab.exact.arrays` calls without loading Numba.

Each writes its result to its last argument, and returns True.
"""

from __future__ import annotations

from charlab.exact import functions
from charlab.exact.lanes import WIDTH, fma, inlined, load, splat, store
from charlab.exact.layout import Array


@inlined
def exp(values: Array, out: Array) -> bool:
    """Write e to the power of each number."""
    for n in range(len(values)):
        out[n] = functions.exp(values[n])
    return True


@inlined
def log(values: Array, out: Array) -> bool:
    """Write the natural logarithm of each number."""
    for n in range(len(values)):
        out[n] = functions.log(values[n])
    return True


@inlined
def log_softmax(logits: Array, out: Array) -> bool:
    """Write the log-probabilities of each row (n, V); their mass is one chain in order of V."""
    for row in range(logits.shape[0]):
        top = logits[row, 0]
        for v in range(1, logits.shape[1]):
            top = max(top, logits[row, v])
        mass = 0.0
        for v in range(logits.shape[1]):
            mass += functions.exp(logits[row, v] - top)
        norm = functions.log(mass)
        for v in range(logits.shape[1]):
            out[row, v] = logits[row, v] - top - norm
    return True


@inlined
def multiply(a: Array, b: Array, room: Array, out: Array) -> bool:
    """Add the product of two matrices to ``out``; each element is one chain of fma in order of k.

    Two rows by sixteen columns at a time stay in registers.

    Parameters
    ----------
    room : ndarray of shape (steps * 16,)
        Overwritten by sixteen columns of ``b`` for as many steps of k at a time.
    """
    rows, length = a.shape
    columns, piece = b.shape[1], len(room) // WIDTH
    whole = columns // WIDTH * WIDTH
    for start in range(0, length, piece):
        steps = min(piece, length - start)
        for j in range(0, whole, WIDTH):
            for k in range(steps):
                store(room, k * WIDTH, load(b, (start + k) * columns + j))
            for i in range(0, rows, 2):
                # A last single row is added twice, to the same result.
                other = min(i + 1, rows - 1)
                at, below = i * columns + j, other * columns + j
                c0, c1 = load(out, at), load(out, below)
                for k in range(steps):
                    right = load(room, k * WIDTH)
                    c0 = fma(splat(a, a[i, start + k]), right, c0)
                    c1 = fma(splat(a, a[other, start + k]), right, c1)
                store(out, at, c0)
                store(out, below, c1)
    for i in range(rows):
        for j in range(whole, columns):
            for k in range(length):
                out[i, j] = fma(a[i, k], b[k, j], out[i, j])
    return True


@inlined
def cosine_of_half_turns(values: Array, out: Array) -> bool:
    """Write cos(pi x) for numbers x in [0, 1]."""
    for n in range(len(values)):
        out[n] = functions.cosine_of_half_turns(values[n])
    return True

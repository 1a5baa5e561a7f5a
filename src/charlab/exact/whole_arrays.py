"""Kernels of whole float64 arrays, which :mod:`charlab.exact.arrays` calls without loading Numba.

Each writes its result to its last argument, and returns True.
"""

from __future__ import annotations

from charlab.exact import functions
from charlab.exact.lanes import fma, inlined
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
def multiply(a: Array, b: Array, out: Array) -> bool:
    """Add the product of two matrices to ``out``."""
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(b.shape[1]):
                out[i, j] = fma(factor, b[k, j], out[i, j])
    return True


@inlined
def cosine_of_half_turns(values: Array, out: Array) -> bool:
    """Write cos(pi x) for numbers x in [0, 1]."""
    for n in range(len(values)):
        out[n] = functions.cosine_of_half_turns(values[n])
    return True

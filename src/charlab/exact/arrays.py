"""Functions and products of whole float64 arrays, where NumPy's would depend on the processor.

The kernels are those of :mod:`charlab.exact.whole_arrays`, called without loading Numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact import machine_code
from charlab.exact.shapes import WIDTH, Ids

Floats = NDArray[np.float64]

PIECE = 128
"""Steps of a product's k for which sixteen columns of its right side stay in the first-level
cache."""


def _own(values: Any) -> Floats:
    """Return float64 numbers as a kernel takes them; it does not write to its arguments."""
    return np.require(values, np.float64, ("C", "A", "W", "E"))


def _each(kernel: str, values: Any) -> Floats:
    """Return a kernel's result for each element."""
    given = _own(values)
    out = np.empty(given.shape)
    machine_code.call(f"whole_arrays.{kernel}", given.reshape(-1), out.reshape(-1))
    return out


def exp(values: Any) -> Floats:
    """Return e to the power of each element."""
    return _each("exp", values)


def log(values: Any) -> Floats:
    """Return the natural logarithm of each element: positive, and not below 2.2e-308."""
    return _each("log", values)


def cosine_of_half_turns(values: Any) -> Floats:
    """Return cos(pi x) for each element x, in [0, 1]."""
    return _each("cosine_of_half_turns", values)


def log_softmax(logits: Any) -> Floats:
    """Return log-probabilities over the last axis."""
    given = _own(logits)
    out = np.empty(given.shape)
    rows = given.reshape(-1, given.shape[-1])
    machine_code.call("whole_arrays.log_softmax", rows, out.reshape(rows.shape))
    return out


def cross_entropy(logits: Any, targets: Ids) -> Floats:
    """Return -log softmax(logits)[targets] in nats: (..., V) and (...) -> (...)."""
    picked = np.take_along_axis(log_softmax(logits), np.asarray(targets)[..., None], axis=-1)
    return np.asarray(0.0 - picked[..., 0])


def multiply(a: Any, b: Any) -> Floats:
    """Return the product of two matrices, each element a chain of fma in order of k."""
    left, right = _own(a), _own(b)
    out = np.zeros((left.shape[0], right.shape[1]))
    machine_code.call("whole_arrays.multiply", left, right, np.empty(PIECE * WIDTH), out)
    return out

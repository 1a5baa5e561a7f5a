"""Functions and products of whole float64 arrays, where NumPy's would depend on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact.functions import exp as scalar_exp
from charlab.exact.functions import log as scalar_log
from charlab.exact.lanes import compiled, fma
from charlab.exact.layout import Ids

Floats = NDArray[np.float64]


@compiled
def _exp_each(values: Floats, out: Floats) -> None:
    for n in range(len(values)):
        out[n] = scalar_exp(values[n])


@compiled
def _log_each(values: Floats, out: Floats) -> None:
    for n in range(len(values)):
        out[n] = scalar_log(values[n])


@compiled
def _log_softmax_each(logits: Floats, out: Floats) -> None:
    for row in range(logits.shape[0]):
        top = logits[row, 0]
        for v in range(1, logits.shape[1]):
            top = max(top, logits[row, v])
        mass = 0.0
        for v in range(logits.shape[1]):
            mass += scalar_exp(logits[row, v] - top)
        norm = scalar_log(mass)
        for v in range(logits.shape[1]):
            out[row, v] = logits[row, v] - top - norm


@compiled
def _multiply_each(a: Floats, b: Floats, out: Floats) -> None:
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(b.shape[1]):
                out[i, j] = fma(factor, b[k, j], out[i, j])


def _flat(values: Any) -> Floats:
    return np.ascontiguousarray(values, np.float64).reshape(-1)


def exp(values: Any) -> Floats:
    """Return e to the power of each element."""
    out = np.empty(np.shape(values))
    _exp_each(_flat(values), out.reshape(-1))
    return out


def log(values: Any) -> Floats:
    """Return the natural logarithm of each element: positive, and not below 2.2e-308."""
    out = np.empty(np.shape(values))
    _log_each(_flat(values), out.reshape(-1))
    return out


def log_softmax(logits: Any) -> Floats:
    """Return log-probabilities over the last axis."""
    out = np.empty(np.shape(logits))
    rows = _flat(logits).reshape(-1, out.shape[-1])
    _log_softmax_each(rows, out.reshape(rows.shape))
    return out


def cross_entropy(logits: Any, targets: Ids) -> Floats:
    """Return -log softmax(logits)[targets] in nats: (..., V) and (...) -> (...)."""
    picked = np.take_along_axis(log_softmax(logits), np.asarray(targets)[..., None], axis=-1)
    return np.asarray(0.0 - picked[..., 0])


def multiply(a: Any, b: Any) -> Floats:
    """Return the product of two matrices, each element a chain of fma in order of k."""
    out = np.zeros((a.shape[0], b.shape[1]))
    left, right = (np.ascontiguousarray(part, np.float64) for part in (a, b))
    _multiply_each(left, right, out)
    return out

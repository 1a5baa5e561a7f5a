"""Sums and means of floats that are the same on every machine.

NumPy and pandas add in an order that follows the processor's registers. These are the exact sum,
rounded once, so they depend on no order at all (Shewchuk 1997, by :func:`math.fsum`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def total(values: ArrayLike) -> float:
    """Return the sum of all values."""
    return math.fsum(np.asarray(values, dtype=np.float64).ravel().tolist())


def mean(values: ArrayLike) -> float:
    """Return the mean of all values; NaN if there are none."""
    array = np.asarray(values)
    return total(array) / array.size if array.size else math.nan


def deviation(values: ArrayLike) -> float:
    """Return the sample standard deviation; NaN of fewer than two values."""
    array = np.asarray(values, dtype=np.float64)
    if array.size < 2:
        return math.nan
    differences = array - mean(array)
    return math.sqrt(total(differences * differences) / (array.size - 1))


def column_totals(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum over all axes but the last: (..., N) -> (N,)."""
    columns = np.asarray(values, dtype=np.float64).reshape(-1, values.shape[-1]).T
    return np.array([math.fsum(column.tolist()) for column in columns])

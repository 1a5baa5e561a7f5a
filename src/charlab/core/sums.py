"""Sums and means of floats that are the same on every machine.

NumPy and pandas add in an order that follows the processor's registers. These are the exact sum,
rounded once, so they depend on no order at all (Shewchuk 1997, by :func:`math.fsum`). Sums of
columns are added many at a time, with a proof of the last bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOGETHER = 2_048
"""Columns summed together."""

ROOM = 8_192
"""Numbers added at once: they stay in the first- or second-level cache."""


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
    array = np.asarray(values, dtype=np.float64)
    rows = array.reshape(-1, array.shape[-1])
    groups = [rows[:, k : k + TOGETHER] for k in range(0, rows.shape[1], TOGETHER)]
    return np.concatenate([np.empty(0), *map(_totals, groups)])


def _totals(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over the first axis: (n, N) -> (N,).

    Where both ends of an interval that holds the exact sum round to the same number, the exact sum
    does too, since rounding is monotone. Elsewhere :func:`math.fsum` adds: after cancellation, or
    where the sum is halfway between two numbers.
    """
    if not rows.size:
        return np.zeros(rows.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # NaN is unequal to itself: fsum decides
        sums, rest, margin = _interval(rows)
        result: NDArray[np.float64] = sums + (rest - margin)
        unsure = np.flatnonzero(~((result == sums + (rest + margin)) & np.isfinite(result)))
    result[unsure] = [math.fsum(rows[:, k].tolist()) for k in unsure]
    return result + 0.0  # as from fsum, no zero is negative


def _interval(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return a sum, what rounding has lost of it, and how far that can be off, each (N,).

    The sum is taken in any order, each addition with its error e, a float itself (Knuth's TwoSum).
    With M = n max|x| and at most D additions on the way of an element, and u = 2**-53:

        sum of |e|  <=  D u M (1 + u)**D

    The errors are added with at most 2 D roundings each, so that their sum is off by less than
    2.1 D**2 u**2 M, and the end of the interval is rounded once more. The margin is 4 D**2 u**2 M
    (Ogita, Rump and Oishi 2005, SIAM Journal on Scientific Computing 26).
    """
    count, width = rows.shape
    height = min(max(ROOM // width, 1), count)
    sums = rows[:height].copy()
    rest, deep = np.zeros_like(sums), 0
    for start in range(height, count, height):
        piece = rows[start : start + height]
        _add(sums[: len(piece)], rest[: len(piece)], piece, None)
        deep += 1
    while len(sums) > 1:
        half = len(sums) // 2
        # The middle one of an odd number waits.
        _add(sums[:half], rest[:half], sums[-half:], rest[-half:])
        sums, rest = sums[:-half], rest[:-half]
        deep += 1
    largest = np.maximum(rows.max(axis=0), -rows.min(axis=0))
    # The least normal number makes up for underflow; but zeros have no error.
    margin = (4 * deep**2 * 2.0**-106 * count) * largest + (largest > 0) * 2.0**-1022
    return sums[0], rest[0], margin


def _add(
    sums: NDArray[np.float64],
    rest: NDArray[np.float64],
    more: NDArray[np.float64],
    rest_of_more: NDArray[np.float64] | None,
) -> None:
    """Add ``more`` to ``sums``, and the errors of the additions to ``rest``, in place."""
    result = sums + more
    part = result - sums
    more = more - part
    np.subtract(result, part, out=part)
    np.subtract(sums, part, out=part)
    part += more
    if rest_of_more is not None:
        rest += rest_of_more
    rest += part
    sums[...] = result

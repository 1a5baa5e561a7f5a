"""Exact sums of columns are those of math.fsum, to the bit."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from charlab.core import sums
from charlab.core.sums import column_totals, total

Floats = NDArray[np.float64]

WIDE = st.floats(-1e300, 1e300) | st.sampled_from((math.inf, -math.inf, math.nan))
"""Sums of these fit into a float, in any order."""

CLOSE = st.floats(-4, 4, width=16)
"""Numbers that often cancel, or whose sums are halfway between two floats when scaled apart."""

APART = st.builds(math.ldexp, st.integers(-3, 3).map(float), st.integers(-120, 120))
SMALL = st.builds(math.ldexp, st.integers(-99, 99).map(float), st.integers(-1_074, -960))


def outcome(function: Callable[[], Floats]) -> bytes | str:
    """Return the bits of a result, or the name of an error."""
    try:
        return function().tobytes()
    except (OverflowError, ValueError) as error:
        return type(error).__name__


def by_fsum(values: Floats) -> Floats:
    """Return the sums of columns, each by fsum, without a negative zero."""
    return np.array([math.fsum(column.tolist()) for column in values.T]) + 0.0


@given(
    st.sampled_from((WIDE, CLOSE, APART, SMALL)).flatmap(
        lambda kind: arrays.arrays(np.float64, st.tuples(st.integers(1, 70), st.integers(1, 4)),
                                   elements=kind)
    ),
    st.integers(1, 16),
)  # fmt: skip
def test_columns_are_those_of_fsum(values: Floats, room: int) -> None:
    """Cancellation, halfway cases, huge ranges, subnormals, infinity and NaN."""
    with patch.object(sums, "ROOM", room), patch.object(sums, "TOGETHER", 3):
        assert outcome(lambda: column_totals(values)) == outcome(lambda: by_fsum(values))


def test_a_sum_beyond_the_largest_float_is_an_error() -> None:
    """Where only a part of the sum is beyond it, the order decides whether fsum finds a sum."""
    largest = sys.float_info.max
    with pytest.raises(OverflowError):
        column_totals(np.array([[largest], [largest]]))
    assert column_totals(np.array([[1e308], [1e308], [-1e308]])).tolist() == [1e308]


def test_halfway_cases_are_left_to_fsum() -> None:
    """1 + 2**-53 is halfway: a number that is far smaller decides."""
    tiny = 2.0**-300
    values = np.array([[1, 1, 1, 1 + 2.0**-52], [2.0**-53] * 4, [0, tiny, -tiny, 0]])
    expected = [1, 1 + 2.0**-52, 1, 1 + 2.0**-51]
    assert column_totals(values).tolist() == expected
    assert by_fsum(values).tolist() == expected


@pytest.mark.parametrize("shape", [(4_096, 128), (128, 1, 5_000), (31, 100), (300, 7)])
def test_usual_columns_need_no_fsum(shape: tuple[int, ...]) -> None:
    """It takes ten times as long, and is left the halfway cases: few columns."""
    values = np.tanh(np.random.default_rng(1).normal(size=shape))
    expected = by_fsum(values.reshape(-1, shape[-1]))
    with patch.object(math, "fsum", wraps=math.fsum) as fsum:
        assert column_totals(values).tobytes() == expected.tobytes()
        assert fsum.call_count <= shape[-1] // 5
        assert column_totals(np.full(shape, -0.0)).tobytes() == np.zeros(shape[-1]).tobytes()
        assert fsum.call_count <= shape[-1] // 5


def test_columns_without_rows() -> None:
    """An empty sum is 0."""
    assert column_totals(np.zeros((0, 2))).tolist() == [0, 0]


def test_any_order_of_memory() -> None:
    """A transposed matrix is summed as it is, and left as it was."""
    values = np.random.default_rng(2).normal(size=(50, 40))
    before = values.copy()
    assert column_totals(values.T).tolist() == [total(row) for row in values]
    assert (values == before).all()

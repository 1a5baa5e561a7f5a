"""Tests of intervals: Student's t, paired by seed or from the pooled spread, and Holm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.report.numbers import Column
from charlab.report.statistics import Spread, difference, holm, pooled, t_95, within

LOSSES = st.lists(st.floats(0.5, 5).map(lambda value: round(value, 3)), min_size=5, max_size=8)


def column(values: list[float]) -> Column:
    """Return losses without a table."""
    return Column(tuple(values), "a column")


@pytest.mark.parametrize(
    ("freedom", "bound"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (30, 2.0423), (120, 1.9799)],
)
def test_the_bounds_are_those_of_the_tables(freedom: int, bound: float) -> None:
    """97.5th percentiles of Student's t, as printed."""
    assert t_95(freedom) == pytest.approx(bound, abs=5e-5)
    assert within(t_95(freedom), freedom) == pytest.approx(0.95)
    assert within(math.inf, freedom) == 1


def test_five_seeds_are_paired() -> None:
    """What a seed adds to both variants cancels: the interval is that of the differences."""
    shifts = [0.3, -0.2, 0.0, 0.5, 0.1]
    more = [2.0 + s + e for s, e in zip(shifts, (0.01, -0.01, 0.0, 0.02, -0.02), strict=True)]
    less = [1.9 + s for s in shifts]
    paired = difference(column(more), column(less), paired=True, spread=Spread(9.0, 50, 5))
    half = 2.7764 * 0.0158114 / 5**0.5
    assert paired.low is not None
    assert paired.high is not None
    assert paired.low.value == pytest.approx(0.1 - half, abs=1e-5)
    assert paired.high.value == pytest.approx(0.1 + half, abs=1e-5)
    assert paired.low.formula.startswith("paired_low(")


def test_three_seeds_use_the_pooled_spread() -> None:
    """Three differences that agree by chance do not give an interval of two thousandths."""
    spread = pooled([[2.0, 2.1, 2.2], [3.0, 3.1, 3.2], [1.0]], 3)
    assert spread is not None
    assert spread.deviation == pytest.approx(0.1)
    assert spread.freedom == 4
    found = difference(column([2.0, 2.1, 2.2]), column([1.9, 2.0, 2.1]), True, spread)
    half = 2.7764 * 0.1 * (2 / 3) ** 0.5
    assert found.high is not None
    assert found.high.value == pytest.approx(0.1 + half, abs=1e-4)
    assert found.excluded is not None
    assert found.excluded.value == pytest.approx(0.1 + half, abs=1e-4)


def test_one_seed_has_no_interval() -> None:
    """Nothing is known about chance, but equal losses are seen."""
    found = difference(column([2.0]), column([1.9]), paired=True, spread=None)
    assert (found.p, found.interval, found.equal) == (None, "", False)
    assert difference(column([2.0]), column([2.0]), paired=True, spread=None).equal
    assert pooled([[1.0], [2.0]], 1) is None


def test_equal_losses_are_no_discovery() -> None:
    """Without any spread, a difference of 0 is certain, and not significant."""
    found = difference(column([2.0] * 5), column([2.0] * 5), paired=True, spread=None)
    assert found.equal
    assert found.p == 1


@given(LOSSES, st.data())
def test_swapping_two_variants_turns_the_sign(losses: list[float], data: st.DataObject) -> None:
    """The verdict does not depend on who is named first."""
    others = [data.draw(st.floats(0.5, 5).map(lambda v: round(v, 3))) for _ in losses]
    one = difference(column(losses), column(others), paired=True, spread=None)
    other = difference(column(others), column(losses), paired=True, spread=None)
    assert one.mean.value == pytest.approx(-other.mean.value, abs=1e-9)
    assert one.p == pytest.approx(other.p, abs=1e-9)
    assert (one.low is None) == (other.low is None)


def test_holm_corrects_for_the_number() -> None:
    """The smallest p is multiplied by the number, the next by one less, never out of order."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []

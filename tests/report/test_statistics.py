"""Tests of paired differences and of how numbers are printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.report.statistics import amount, difference, half_width, number

LOSSES = st.floats(0.5, 5).map(lambda value: round(value, 3))
SEEDS = st.dictionaries(st.integers(0, 9), LOSSES, min_size=2, max_size=6)


def test_the_interval_is_students() -> None:
    """Three values 0, 1, 2: t = 4.303, s = 1, n = 3."""
    assert half_width([0.0, 1.0, 2.0]) == pytest.approx(4.303 / 3**0.5)
    assert half_width([1.0]) is None


@given(SEEDS, st.data())
def test_what_seeds_share_cancels(losses: dict[int, float], data: st.DataObject) -> None:
    """Paired differences do not see what a seed adds to both variants."""
    other = {seed: data.draw(LOSSES) for seed in losses}
    shift = {seed: data.draw(LOSSES) for seed in losses}
    before = difference(losses, other)
    after = difference(
        {seed: losses[seed] + shift[seed] for seed in losses},
        {seed: other[seed] + shift[seed] for seed in losses},
    )
    assert after.mean == pytest.approx(before.mean, abs=1e-9)
    assert after.half_width == pytest.approx(before.half_width, abs=1e-9)


@given(SEEDS, st.data())
def test_swapping_two_variants_turns_the_sign(
    losses: dict[int, float], data: st.DataObject
) -> None:
    """The verdict does not depend on who is named first."""
    other = {seed: data.draw(LOSSES) for seed in losses}
    one, two = difference(losses, other), difference(other, losses)
    assert one.mean == pytest.approx(-two.mean)
    assert one.verdict == two.verdict


def test_numbers_are_printed_with_a_real_minus_and_no_negative_zero() -> None:
    """A tiny difference is not printed as 0."""
    assert number(-0.25) == "−0.250"
    assert number(-0.0001) == "0.000"
    assert amount(0.0001) == "less than 0.001"

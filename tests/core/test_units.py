"""Units of loss."""

import pytest

from charlab.core.units import bits


def test_bits_are_nats_over_the_logarithm_of_two() -> None:
    """A fair coin is one bit."""
    assert bits(0.6931471805599453) == pytest.approx(1.0, abs=1e-15)

"""Units of loss, and counts with their nouns."""

import pytest

from charlab.core.units import bits, counted


def test_bits_are_nats_over_the_logarithm_of_two() -> None:
    """A fair coin is one bit."""
    assert bits(0.6931471805599453) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 passes"), (1, "1 pass"), (1.0, "1 pass"), (2.5, "2.5 passes"), (1234, "1234 passes")],
)
def test_a_count_has_its_noun_in_the_right_number(count: float, shown: str) -> None:
    """A whole number that is a float is shown as one."""
    assert counted(count, "pass", "passes") == shown

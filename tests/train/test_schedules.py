"""The learning rate over a training, at points calculated by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.train.params import TrainParams
from charlab.train.schedules import learning_rate

STEPS = 100


def rates(epochs: float = 20.0, **changes: Any) -> list[float]:
    """Return the rate at each of ``STEPS`` steps, in units of ``learning_rate``."""
    params = TrainParams.model_validate({"learning_rate": 0.004, "epochs": epochs, **changes})
    return [
        learning_rate(params, step, STEPS, epochs * step / STEPS) / 0.004 for step in range(STEPS)
    ]


def test_constant() -> None:
    """The rate never changes."""
    assert rates(schedule="constant") == [1.0] * STEPS


def test_cosine_goes_to_a_hundredth() -> None:
    """It falls from 1 to 0.01, with their mean in the middle."""
    values = rates(schedule="cosine")
    assert values[0] == 1.0
    assert values[50] == pytest.approx(0.505)
    assert values[-1] == pytest.approx(0.01, abs=3e-4)
    assert values == sorted(values, reverse=True)


def test_one_cycle_rises_and_falls() -> None:
    """It rises from a twenty-fifth to 1 at 30 %, and falls to a ten-thousandth."""
    values = rates(schedule="one_cycle")
    assert values[0] == pytest.approx(0.04)
    assert values[15] == pytest.approx(0.52)
    assert values[30] == pytest.approx(1.0)
    assert values[65] == pytest.approx(0.50005)
    assert values[-1] < 1e-3
    assert values[:31] == sorted(values[:31])
    assert values[30:] == sorted(values[30:], reverse=True)


def test_one_cycle_has_its_own_warmup() -> None:
    """``warmup`` does not apply to it."""
    assert rates(schedule="one_cycle", warmup=0.5) == rates(schedule="one_cycle")


def test_exponential_decays_once_per_epoch() -> None:
    """The paper's schedule is constant for ten epochs, then falls by 3 % in each."""
    values = rates(schedule="exponential", decay=0.97, decay_after=10)  # five steps an epoch
    assert values[:50] == [1.0] * 50
    assert values[50:55] == pytest.approx([0.97] * 5)
    assert values[55:60] == pytest.approx([0.97**2] * 5)
    assert values[99] == pytest.approx(0.97**10)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_warmup_is_linear_and_never_zero(schedule: str) -> None:
    """The first of ten warm-up steps has a tenth of the rate, the tenth the whole rate."""
    values = rates(schedule=schedule, warmup=0.1)
    assert values[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert values[10] == pytest.approx(1.0)


@settings(max_examples=60)
@given(
    schedule=st.sampled_from(["constant", "cosine", "one_cycle", "exponential"]),
    steps=st.integers(1, 10_000),
    part=st.floats(0, 1, exclude_max=True),
    warmup=st.floats(0, 0.99),
    epochs=st.floats(0.01, 500),
)
def test_every_rate_is_positive_and_at_most_the_given(
    schedule: str, steps: int, part: float, warmup: float, epochs: float
) -> None:
    """No step has a rate of zero or above the peak."""
    params = TrainParams.model_validate({"schedule": schedule, "warmup": warmup})
    step = int(part * steps)
    values = learning_rate(params, step, steps, epochs * step / steps)
    assert 0 < values <= params.learning_rate * (1 + 1e-12)

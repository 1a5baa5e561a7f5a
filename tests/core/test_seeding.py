"""Named random generators: the same on every machine, and independent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from charlab.core.seeding import numpy_generator, torch_generator

CPU = torch.device("cpu")


def test_pinned_values() -> None:
    """The numbers that a seed gives are part of every recorded result, so they must not change."""
    weights = numpy_generator(1, "weights").integers(0, 2**32, 3)
    assert weights.tolist() == [4203158920, 975262423, 1474470775]
    assert torch_generator(1, "dropout", CPU).initial_seed() == 459861600011014738


def test_names_and_seeds_give_different_generators() -> None:
    """No value is shared with a neighboring seed or another name."""
    streams = [(seed, name) for seed in (0, 1, 2) for name in ("weights", "dropout", "sampling")]
    numbers = {int(numpy_generator(*stream).integers(0, 2**63)) for stream in streams}
    seeds = {torch_generator(*stream, CPU).initial_seed() for stream in streams}
    assert len(numbers) == len(seeds) == len(streams)


def test_generators_are_independent() -> None:
    """Draws from one do not change the numbers of another."""
    untouched = numpy_generator(3, "weights").random(5)
    dropout, weights = numpy_generator(3, "dropout"), numpy_generator(3, "weights")
    dropout.random(1000)
    np.testing.assert_array_equal(weights.random(5), untouched)


def test_generators_are_uncorrelated() -> None:
    """The correlation between two names of one seed is within four standard deviations of 0."""
    a, b = (numpy_generator(5, name).standard_normal(10_000) for name in ("weights", "dropout"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.04


def test_global_generators_have_no_influence() -> None:
    """A library that seeds or draws globally changes no number here."""
    torch.manual_seed(1)
    first = torch.rand(4, generator=torch_generator(7, "dropout", CPU))
    torch.manual_seed(2)
    second = torch.rand(4, generator=torch_generator(7, "dropout", CPU))
    assert torch.equal(first, second)


@pytest.mark.parametrize("seed", [0, 2**31, 2**64, 10**30])
def test_any_seed_is_accepted(seed: int) -> None:
    """Torch takes 64 bits; the seed in params.yaml may be larger."""
    numpy_generator(seed, "weights").random()
    assert 0 <= torch_generator(seed, "dropout", CPU).initial_seed() < 2**63

"""Streams of chance: the same on every machine, and each for itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from charlab.core.seeding import numpy_stream, torch_stream

CPU = torch.device("cpu")


def test_pinned_values() -> None:
    """What a seed gives is part of every recorded result, so it must not change."""
    weights = numpy_stream(1, "weights").integers(0, 2**32, 3)
    assert weights.tolist() == [4203158920, 975262423, 1474470775]
    assert torch_stream(1, "dropout", CPU).initial_seed() == 459861600011014738


def test_names_and_seeds_give_different_streams() -> None:
    """Neither a neighbouring seed nor another name shares a value."""
    streams = [(seed, name) for seed in (0, 1, 2) for name in ("weights", "dropout", "sampling")]
    numbers = {int(numpy_stream(*stream).integers(0, 2**63)) for stream in streams}
    seeds = {torch_stream(*stream, CPU).initial_seed() for stream in streams}
    assert len(numbers) == len(seeds) == len(streams)


def test_streams_are_independent() -> None:
    """However much is drawn from one, the other gives what it would have given."""
    untouched = numpy_stream(3, "weights").random(5)
    dropout, weights = numpy_stream(3, "dropout"), numpy_stream(3, "weights")
    dropout.random(1000)
    np.testing.assert_array_equal(weights.random(5), untouched)


def test_streams_are_uncorrelated() -> None:
    """Two names from one seed have no more in common than chance allows (four sigmas)."""
    a, b = (numpy_stream(5, name).standard_normal(10_000) for name in ("weights", "dropout"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.04


def test_global_generators_play_no_part() -> None:
    """A library that seeds or draws globally changes nothing here."""
    torch.manual_seed(1)
    first = torch.rand(4, generator=torch_stream(7, "dropout", CPU))
    torch.manual_seed(2)
    second = torch.rand(4, generator=torch_stream(7, "dropout", CPU))
    assert torch.equal(first, second)


@pytest.mark.parametrize("seed", [0, 2**31, 2**64, 10**30])
def test_any_seed_is_taken(seed: int) -> None:
    """Only 64 bits fit into torch; the seed of params.yaml may be as large as it likes."""
    numpy_stream(seed, "weights").random()
    assert 0 <= torch_stream(seed, "dropout", CPU).initial_seed() < 2**63

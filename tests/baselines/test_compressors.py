"""Tests of compressed lengths, on text whose entropy is known."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from charlab.baselines.compressors import COMPRESSORS, Compressor, nats_added, ppmd_size

ALL: dict[str, Compressor] = {**COMPRESSORS, "ppmd": partial(ppmd_size, order=4)}


def random_text(chars: int, alphabet: str, seed: int = 0) -> str:
    """Return characters drawn independently, all equally likely."""
    rng = np.random.default_rng(seed)
    return "".join(rng.choice(list(alphabet), chars))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("alphabet", ["abcd", "äöü€"])
def test_noise_costs_its_entropy(name: str, alphabet: str) -> None:
    """Noise over four characters costs ln 4 or slightly more, however many bytes each has."""
    train, held_out = random_text(20_000, alphabet), random_text(5_000, alphabet, seed=1)
    (nats,) = nats_added(ALL[name], train, [held_out])
    assert math.log(4) * 0.99 < nats < math.log(4) * 1.4


@pytest.mark.parametrize("name", ALL)
def test_a_repetition_costs_little(name: str) -> None:
    """Repeating the training text is cheap."""
    train = random_text(3_000, "abcdefgh")
    again, other = nats_added(ALL[name], train, [train, random_text(3_000, "abcdefgh", seed=1)])
    assert again < 0.5 * other


def test_ppmd_orders_differ() -> None:
    """A text of fixed words needs long contexts, so a higher order has a lower loss."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefgh"), 6)) for _ in range(20)]
    train, held_out = (" ".join(rng.choice(words, 2_000)) for _ in range(2))
    low, high = (
        nats_added(partial(ppmd_size, order=order), train, [held_out])[0] for order in (2, 6)
    )
    assert high < 0.8 * low


def test_sizes_repeat() -> None:
    """The same text has the same size each time."""
    data = random_text(5_000, "abcde").encode()
    for size in ALL.values():
        assert size(data) == size(data)

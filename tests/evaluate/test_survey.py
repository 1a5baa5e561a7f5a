"""Tests of the windows of a survey, and of the loss by position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.evaluate.survey import (
    BLOCK,
    LossByPosition,
    bounded,
    lay_out,
    survey,
)
from charlab.evaluate.trace import Network, trace
from random_network import random_network


def gru(learned: bool = False) -> Network:
    """Return a small GRU, with a learned initial state if asked."""
    return random_network(cell="gru", initial_state="learned" if learned else "zero")


def random_ids(chars: int, vocab: int = 5) -> np.ndarray:
    """Draw a text."""
    return np.random.default_rng(4).integers(0, vocab, chars).astype(np.uint8)


@pytest.mark.parametrize(
    ("chars", "segments", "expected"),
    [(100, 1, (100, 1)), (500_000, 1, (400_000, 1)), (900_000, 9, (400_000, 4)), (0, 1, (0, 1))],
)
def test_bounded_keeps_whole_segments(chars: int, segments: int, expected: tuple[int, int]) -> None:
    """At most 400,000 characters are kept, in whole segments if there are several."""
    ids, count = bounded(np.zeros(chars, dtype=np.uint8), segments)
    assert (len(ids), count) == expected


@given(size=st.integers(1, 30_000), segments=st.integers(1, 200))
def test_windows_stay_in_their_segments(size: int, segments: int) -> None:
    """No window, including warm-up and last target, crosses a border or another window."""
    layout = lay_out(size * segments, segments)
    if layout is None:
        assert size - size // 4 - 1 < BLOCK
        return
    first, last = layout.starts - layout.warm_up, layout.starts + layout.length
    assert (first // size == last // size).all()
    assert (np.diff(layout.starts) >= layout.length).all()
    assert first.min() >= 0
    assert layout.length % BLOCK == 0


def test_survey_has_the_losses_of_one_long_pass() -> None:
    """After the warm-up, the carried state equals that of a pass from the start."""
    network, ids = gru(), random_ids(3_000)
    whole = trace(network, ids[:-1, None]).nats(ids[1:, None])[:, 0]
    blocks = list(survey(network, ids))
    assert sum(block.inputs.size for block in blocks) >= 2_000
    for block in blocks:
        np.testing.assert_array_equal(block.targets, ids[block.positions + 1])
        np.testing.assert_allclose(block.trace.nats(block.targets), whole[block.positions])


def test_survey_of_a_short_text_is_empty() -> None:
    """A split that is too short for a block yields none."""
    assert list(survey(gru(), random_ids(40))) == []


@pytest.mark.parametrize("learned", [False, True])
def test_loss_by_position_starts_from_each_state(learned: bool) -> None:
    """Each chunk is read from a zero and from a learned state, and averaged by position."""
    network, ids = gru(learned), random_ids(2_000)
    table = LossByPosition(network)
    chunks: list[np.ndarray] = []
    for block in survey(network, ids):
        table.add(block)
        chunks += [ids[first : first + BLOCK + 1] for first in block.positions[0]]
    rows = table.result()
    assert rows is not None
    assert [row["position"] for row in rows] == list(range(1, BLOCK + 1))
    text = np.stack(chunks, axis=1)
    starts = {"zero_nats": network.zero_state(len(chunks))}
    if learned:
        starts["learned_nats"] = network.initial_state(len(chunks))
    assert rows[0].keys() == {"position", "carried_nats"} | starts.keys()
    for name, state in starts.items():
        expected = trace(network, text[:-1], state).nats(text[1:]).mean(axis=1)
        np.testing.assert_allclose([row[name] for row in rows], expected)


def test_loss_by_position_without_a_chunk_is_nothing() -> None:
    """Without a block the result is None."""
    assert LossByPosition(gru()).result() is None

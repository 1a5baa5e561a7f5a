"""Properties of the built-in text that hold for any grammar."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.synthetic.tables import MARKS
from charlab.synthetic.text import (
    KINDS,
    Floor,
    NotInventedError,
    code_length,
    write,
)
from next_character import next_distribution


def test_seeds_write_different_books() -> None:
    """All books start alike, and then differ."""
    first, second = write(2_000, 1), write(2_000, 2)
    assert first != second
    assert first[:11] == second[:11] == "CHAPTER ON "


@settings(max_examples=20)
@given(chars=st.integers(0, 3_000), more=st.integers(0, 500), seed=st.integers(0, 10**6))
def test_shorter_text_is_a_prefix_of_a_longer_one(chars: int, more: int, seed: int) -> None:
    """A text has exactly the requested length; without growth it is the start of a longer one."""
    shorter = write(chars, seed, growth=False)
    assert len(shorter) == len(write(chars, seed)) == chars
    assert write(chars + more, seed, growth=False)[:chars] == shorter


def test_frequencies_are_the_stated_probabilities(text: str) -> None:
    """The first characters of paragraphs pass a chi-square test."""
    starts = [match.end() for match in re.finditer(r"\n\n(?=.)", text)]
    # After a title and after a paragraph.
    expected = next_distribution(text[: starts[0]], len(text))
    counts = Counter(text[start] for start in starts)
    assert counts.keys() <= expected.keys()
    distance = sum(
        (counts[c] - len(starts) * p) ** 2 / (len(starts) * p) for c, p in expected.items()
    )
    # Four standard deviations above the mean of chi-square.
    freedom = len(expected) - 1
    assert len(starts) > 100
    assert distance < freedom + 4 * math.sqrt(2 * freedom)


def test_floor_of_a_prefix_is_a_prefix_of_the_floor(text: str, floor: Floor) -> None:
    """The code length of a character depends on nothing after it."""
    part = code_length(text[:7_001], len(text))
    for name in ("nats", "forgotten", "distance", "kind"):
        np.testing.assert_array_equal(getattr(part, name), getattr(floor, name)[:7_001])


def test_floor_of_an_empty_text() -> None:
    """It is empty."""
    assert code_length("").nats.shape == code_length("").kind.shape == (0,)


def test_shapes_and_signs(text: str, floor: Floor) -> None:
    """Each character has finite, non-negative values."""
    assert floor.nats.shape == floor.forgotten.shape == floor.distance.shape == (len(text),)
    assert np.isfinite(floor.forgotten).all()
    assert floor.nats.min() >= 0
    assert floor.forgotten.min() >= 0
    np.testing.assert_array_equal(floor.saved, floor.forgotten - floor.nats)


def test_every_kind_of_dependency_occurs(floor: Floor) -> None:
    """Each has a distance, up to the longest."""
    assert set(floor.kind) == set(KINDS)
    assert ((floor.distance > 0) == (floor.kind != "")).all()
    assert 128 < floor.distance.max() < 256


def test_marks_close_after_the_sign(text: str) -> None:
    """At most one mark is open, and the one that matches follows the sign."""
    marks = re.sub(r"[^][(){}“”|]", "", text)
    pairs = "|".join(re.escape(f"{opener}|{closer}") for opener, closer in MARKS.items())
    assert re.fullmatch(rf"({pairs})*.?.?", marks)
    assert len(marks) > 1_000


@settings(max_examples=30)
@given(position=st.integers(0, 2_999), char=st.characters(exclude_categories=["Cs"]))
def test_impossible_character_is_refused(position: int, char: str) -> None:
    """The error names the position of the character, or a later one."""
    right = write(3_000, 8)
    wrong = right[:position] + char + right[position + 1 :]
    if char in next_distribution(right[:position], 3_000):
        return
    with pytest.raises(NotInventedError, match=rf"at position {position}, .*no known floor"):
        code_length(wrong, 3_000)


def test_refusal_shows_the_place() -> None:
    """The error names the character, its position and the text before it."""
    with pytest.raises(NotInventedError, match=r"^character 'X' at position 8, after 'CHAPTER '"):
        code_length("CHAPTER X")
    with pytest.raises(NotInventedError, match="character 'I' at position 0"):
        next_distribution("It was the best of times", 100)

"""The built-in text: laws that hold for any grammar that it is written by."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.baselines.ngram import nats_by_order
from charlab.synthetic.text import (
    Floor,
    NotInventedError,
    code_length,
    next_distribution,
    write,
    write_file,
)
from charlab.vocab.vocabulary import Vocabulary

KINDS = {"agreement", "closing", "pronoun", "rhyme", "hero", "place", "year", "chapter"}
PAIRS = {"“": "”", "(": ")", "[": "]"}


@pytest.fixture(scope="module")
def text() -> str:
    """Return a text that is long enough for every rule to be used."""
    return write(60_000, 5)


@pytest.fixture(scope="module")
def floor(text: str) -> Floor:
    """Return that text's exact code length."""
    return code_length(text)


def test_seeds_write_different_books() -> None:
    """Two seeds agree in how a book begins, and soon no more."""
    first, second = write(2_000, 1), write(2_000, 2)
    assert first != second
    assert first[:9] == second[:9] == "CHAPTER 1"


@settings(max_examples=20)
@given(chars=st.integers(0, 3_000), more=st.integers(0, 500), seed=st.integers(0, 10**6))
def test_a_longer_text_begins_as_a_shorter_one(chars: int, more: int, seed: int) -> None:
    """A text has exactly the length that was asked for, and goes on as any longer one does."""
    shorter = write(chars, seed)
    assert len(shorter) == chars
    assert write(chars + more, seed)[:chars] == shorter


@pytest.mark.parametrize("chars", [0, 1, 20_000])
def test_file_has_the_same_text(tmp_path: Path, chars: int) -> None:
    """Writing to a file piece by piece gives what writing at once does, in UTF-8 with LF."""
    write_file(tmp_path / "book.txt", chars, seed=4)
    assert (tmp_path / "book.txt").read_bytes() == write(chars, 4).encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["book.txt"]


def test_probabilities_sum_to_one_and_give_the_code_length() -> None:
    """At sampled places, what may follow is a distribution, and the floor is -ln of what does."""
    text = write(12_000, 9)
    nats = code_length(text).nats
    for position in [0, 1, 9, 10, *range(37, len(text), 239)]:
        following = next_distribution(text[:position])
        assert math.fsum(following.values()) == pytest.approx(1, abs=1e-12)
        assert min(following.values()) > 0
        assert nats[position] == pytest.approx(-math.log(following[text[position]]), abs=1e-12)


def test_frequencies_are_the_stated_probabilities(text: str) -> None:
    """Paragraphs begin with each character as often as it is likely (chi-square)."""
    starts = [found.end() for found in re.finditer(r"(?<!\d)\n\n(?=.)", text)]
    expected = next_distribution(text[: starts[0]])
    assert expected == pytest.approx(next_distribution(text[: starts[-1]]))
    found = Counter(text[start] for start in starts)
    assert found.keys() <= expected.keys()
    distance = sum(
        (found[c] - len(starts) * p) ** 2 / (len(starts) * p) for c, p in expected.items()
    )
    # Four standard deviations above the mean of chi-square.
    freedom = len(expected) - 1
    assert len(starts) > 100
    assert distance < freedom + 4 * math.sqrt(2 * freedom)


def test_floor_of_a_prefix_is_the_prefix_of_the_floor(text: str, floor: Floor) -> None:
    """A character's code length depends on nothing that comes after it."""
    part = code_length(text[:7_001])
    np.testing.assert_array_equal(part.nats, floor.nats[:7_001])
    np.testing.assert_array_equal(part.forgotten, floor.forgotten[:7_001])
    np.testing.assert_array_equal(part.distance, floor.distance[:7_001])
    np.testing.assert_array_equal(part.kind, floor.kind[:7_001])


def test_floor_of_nothing() -> None:
    """An empty text has an empty floor."""
    assert code_length("").nats.shape == code_length("").kind.shape == (0,)


def test_shapes_and_signs(text: str, floor: Floor) -> None:
    """There is one finite, non-negative figure of each sort for each character."""
    assert floor.nats.shape == floor.forgotten.shape == floor.distance.shape == (len(text),)
    assert np.isfinite(floor.forgotten).all()
    assert floor.nats.min() >= 0
    assert floor.forgotten.min() >= 0
    np.testing.assert_array_equal(floor.saved, floor.forgotten - floor.nats)


def test_no_ngram_reaches_the_floor(text: str, floor: Floor) -> None:
    """A model that has seen 80 % of a text predicts the rest worse than the rules that wrote it."""
    ids = Vocabulary.from_text(text).encode(text)
    cut = len(ids) * 8 // 10
    ngram = nats_by_order(ids[:cut], int(ids.max()) + 1, [5], [ids[cut:]])[5][0]
    assert floor.nats[cut:].mean() < ngram.mean() - 0.05


def test_remembering_saves_on_average(floor: Floor) -> None:
    """Who has forgotten what a character depends on loses, most of all with what was told once."""
    assert floor.saved.mean() > 0.001
    for kind in ("agreement", "rhyme", "hero", "place", "year", "chapter"):
        assert floor.saved[floor.kind == kind].mean() > 0, kind


def test_every_kind_of_dependency_occurs(floor: Floor) -> None:
    """All kinds are there, each with how far back it reaches, some of them very far."""
    assert set(floor.kind) >= KINDS | {""}
    assert ((floor.distance > 0) == (floor.kind != "")).all()
    assert floor.distance.max() > 1_000


def test_marks_nest(text: str) -> None:
    """Quotations and brackets close in the order in which they opened."""
    marks: list[str] = []
    deepest = 0
    for char in text:
        if char in PAIRS:
            marks.append(char)
            deepest = max(deepest, len(marks))
        elif char in PAIRS.values():
            assert PAIRS[marks.pop()] == char
    assert deepest >= 2


def test_chapters_are_counted(text: str) -> None:
    """Chapters have the numbers 1, 2, 3 and on."""
    numbers = [int(line[8:]) for line in text.split("\n")[:-1] if line.startswith("CHAPTER ")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 3


@settings(max_examples=30)
@given(position=st.integers(0, 2_999), char=st.characters(exclude_categories=["Cs"]))
def test_a_wrong_character_is_found(position: int, char: str) -> None:
    """A text of which one character cannot stand there is refused at that place or later."""
    right = write(3_000, 8)
    wrong = right[:position] + char + right[position + 1 :]
    if char in next_distribution(right[:position]):
        return
    with pytest.raises(NotInventedError, match=rf"at position {position}, .*no known floor"):
        code_length(wrong)


def test_refusal_shows_the_place() -> None:
    """The message names the character, its position and what stands before it."""
    with pytest.raises(NotInventedError, match=r"^character 'X' at position 9, after 'CHAPTER 1'"):
        code_length("CHAPTER 1X")
    with pytest.raises(NotInventedError, match="character 'I' at position 0"):
        next_distribution("It was the best of times")

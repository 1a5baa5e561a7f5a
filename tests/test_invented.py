"""The built-in text has one derivation, and so an exact floor."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from charlab.corpus.invented import (
    NotInventedError,
    code_length,
    next_distribution,
    write,
    write_file,
)
from charlab.corpus.vocabulary import Vocabulary
from charlab.evaluation.ngram import KneserNey

TEXT = write(20_000, 1)


def test_the_bytes_are_the_same_everywhere() -> None:
    """A change to the grammar or its words is a change of the text, and must be meant."""
    assert hashlib.sha256(TEXT.encode()).hexdigest() == (
        "2ddf426752e8e52bfbc66a08b80b8d46084ebfbba0af3da367ffe60345c948fa"
    )


def test_a_longer_book_begins_with_the_shorter() -> None:
    """Any length is a prefix of the one endless book; another seed is another book."""
    assert write(5_000, 1) == TEXT[:5_000]
    assert write(5_000, 2) != TEXT[:5_000]


def test_a_file_is_the_same_book(tmp_path: Path) -> None:
    """Written piece by piece."""
    write_file(tmp_path / "book", 20_000, 1)
    assert (tmp_path / "book").read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize("length", [0, 1, 9, 120, 1_777, 5_003, 12_345])
def test_what_may_follow_has_probability_one(length: int) -> None:
    """The probabilities of all next characters sum to 1 wherever the text is cut."""
    assert math.fsum(next_distribution(TEXT[:length]).values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("position", [0, 25, 300, 2_600, 4_444])
def test_the_floor_is_minus_the_logarithm_of_that_probability(position: int) -> None:
    """Both readings of the grammar agree at every character."""
    p = next_distribution(TEXT[:position])[TEXT[position]]
    assert code_length(TEXT).nats[position] == pytest.approx(-math.log(p), abs=1e-12)


def test_no_ngram_is_below_the_floor() -> None:
    """A model that has to learn the language needs more bits than one that knows it."""
    vocab = Vocabulary.from_text(TEXT)
    ids = vocab.encode(TEXT)
    nats = KneserNey(ids[:18_000], vocab.size, 5).nats(ids[18_000:])
    assert code_length(TEXT).nats[18_000:].mean() < nats.mean()


def test_memory_saves_and_every_kind_of_dependency_occurs() -> None:
    """Who has forgotten needs more in the mean; distances are positive where something matters."""
    floor = code_length(TEXT)
    assert floor.saved.mean() > 0.01
    assert {"agreement", "closing", "rhyme", "hero", "place", "year"} <= set(floor.kind)
    assert np.all(floor.distance[floor.kind != ""] > 0)
    assert np.all(floor.distance[floor.kind == ""] == 0)


def test_what_is_opened_is_closed() -> None:
    """Quotation marks and brackets nest; none is left open at a paragraph's end."""
    pairs = {"”": "“", ")": "(", "]": "["}
    for paragraph in TEXT[: TEXT.rindex("\n\n")].split("\n\n"):
        open_marks: list[str] = []
        for char in paragraph:
            if char in pairs.values():
                open_marks.append(char)
            elif char in pairs:
                assert open_marks.pop() == pairs[char]
        assert not open_marks


def test_another_text_has_no_floor() -> None:
    """The message names the place where the grammar could not go on."""
    with pytest.raises(NotInventedError, match="position 3000"):
        code_length(TEXT[:3000] + "§")

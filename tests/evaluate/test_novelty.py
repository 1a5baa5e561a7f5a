"""Tests of copied passages, new n-grams, real words, and the entropy of characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.evaluate.novelty import MAX_LENGTH, TrainingText, character_entropy, words

FEW = st.text(alphabet="ab\0\U0001f600", max_size=60)
SOME = st.text(alphabet="ab\0\U0001f600", min_size=1, max_size=80)


@settings(max_examples=150)
@given(training=SOME, sample=FEW | st.text(max_size=10))
def test_match_lengths_are_the_longest(training: str, sample: str) -> None:
    """Each passage occurs in the training text; with one more character it does not."""
    lengths = TrainingText(training).match_lengths(sample)
    assert len(lengths) == len(sample)
    for i, length in enumerate(lengths):
        assert len(sample[i : i + length]) == length
        assert sample[i : i + length] in training
        if i + length < len(sample):
            assert sample[i : i + length + 1] not in training


@settings(max_examples=100)
@given(training=SOME, data=st.data())
def test_long_passages_are_matched(training: str, data: st.DataObject) -> None:
    """Passages longer than the indexed ones are found, wherever they are."""
    start = data.draw(st.integers(0, len(training) - 1))
    end = data.draw(st.integers(start + 1, len(training)))
    sample = "#" + training[start:end] + "#"
    assert TrainingText(training).longest_copy(sample) == training[start:end]


@settings(max_examples=100)
@given(training=SOME, sample=FEW)
def test_novelty_is_the_share_of_new_ngrams(training: str, sample: str) -> None:
    """Counting n-grams one at a time gives the same shares."""
    shares = TrainingText(training).novelty(sample)
    assert list(shares) == list(range(2, min(len(sample), MAX_LENGTH) + 1))
    for n, share in shares.items():
        grams = [sample[i : i + n] for i in range(len(sample) - n + 1)]
        assert share == pytest.approx(sum(g not in training for g in grams) / len(grams))


def test_longest_copy() -> None:
    """The longest copied passage is returned; of equals, the first."""
    training = TrainingText("It was the best of times, it was the worst of times.")
    copy = training.longest_copy("We say: it was the best. It was the best of all!")
    assert copy == "It was the best of "
    assert TrainingText("abc. xyz").longest_copy("xyz abc") == "xyz"


def test_nothing_copied() -> None:
    """Unknown characters and empty samples have an empty copy."""
    training = TrainingText("abc")
    assert training.longest_copy("xyz") == ""
    assert training.longest_copy("") == ""
    assert training.novelty("") == {}


def test_the_training_text_copies_itself() -> None:
    """A model that recites is detected, up to the end of the text."""
    text = "to be, or not to be, that is the question"
    training = TrainingText(text)
    assert training.longest_copy(text) == text
    assert set(training.novelty(text).values()) == {0.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't STOP", ["don't", "stop"]),
        ("l’homme, ‘quoted’ 'too'", ["l'homme", "quoted", "too"]),
        ("x2y 42 _z_", ["x", "y", "z"]),
        ("Straße Ääni", ["strasse", "ääni"]),
        ("q\u0303uem", ["q\u0303uem"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    """Words are letters and inner apostrophes; digits, quotes and underscores separate them."""
    assert words(text) == expected


def test_real_words_leave_out_cut_words() -> None:
    """The first and last word touch the ends; three of the other four are real."""
    training = TrainingText("The cat doesn't sit. The dog does.")
    assert training.real_words("xcat THE Dog doesn’t dgo sitx") == pytest.approx(3 / 4)
    assert training.real_words("the cat. ") == 1.0
    assert training.real_words("cat") == 0.0


def test_character_entropy() -> None:
    """Two equally frequent characters have an entropy of ln 2; one alone has none."""
    assert character_entropy("abab") == pytest.approx(np.log(2))
    assert character_entropy("aaa") == 0.0
    assert character_entropy("") == 0.0

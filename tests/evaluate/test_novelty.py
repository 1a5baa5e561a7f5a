"""Copied passages are found exactly, whatever the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.evaluate.novelty import TrainingText, character_entropy, sort_suffixes, words

FEW = st.text(alphabet="ab\u00e9\U0001f600", max_size=60)
SOME = st.text(alphabet="ab\u00e9\U0001f600", min_size=1, max_size=80)


@settings(max_examples=100)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=80), st.sampled_from([4, 2**20, 2**40]))
def test_suffixes_are_sorted(symbols: list[int], base: int) -> None:
    """The order is Python's, however many characters fit one integer."""
    found = sort_suffixes(np.array(symbols, dtype=np.int64), base)
    assert found.tolist() == sorted(range(len(symbols)), key=lambda i: symbols[i:])


def test_suffixes_of_one_character() -> None:
    """A text of one character over and over is the worst case of doubling."""
    found = sort_suffixes(np.ones(3000, dtype=np.int64), 2)
    assert found.tolist() == list(range(2999, -1, -1))


@settings(max_examples=150)
@given(training=SOME, sample=FEW | st.text(max_size=10))
def test_match_lengths_are_the_longest(training: str, sample: str) -> None:
    """What is found stands where it is said to, and one character more stands nowhere."""
    lengths, places = TrainingText(training).match_lengths(sample)
    assert len(lengths) == len(sample)
    for i, (length, place) in enumerate(zip(lengths, places, strict=True)):
        passage = sample[i : i + length]
        assert len(passage) == length
        assert training[place : place + length] == passage
        if i + length < len(sample):
            assert sample[i : i + length + 1] not in training


@settings(max_examples=100)
@given(training=SOME, samples=st.lists(FEW, max_size=3))
def test_novelty_is_the_share_of_new_ngrams(training: str, samples: list[str]) -> None:
    """Counted one n-gram at a time, the shares are the same."""
    found = TrainingText(training).novelty(samples, max_length=6)
    for n in range(2, 7):
        grams = [s[i : i + n] for s in samples for i in range(len(s) - n + 1)]
        assert (n in found) == bool(grams)
        if grams:
            assert found[n] == pytest.approx(sum(g not in training for g in grams) / len(grams))


def test_longest_copy() -> None:
    """The passage, and where it stands in both."""
    training = TrainingText("It was the best of times, it was the worst of times.")
    copy = training.longest_copy("We say: it was the best. It was the best of all!")
    assert copy.text == "It was the best of "
    assert copy.sample_at == 25
    assert copy.training_at == 0


def test_nothing_copied() -> None:
    """Strange characters and empty samples have a copy of no characters."""
    training = TrainingText("abc")
    assert training.longest_copy("xyz").text == ""
    assert training.longest_copy("").text == ""
    assert training.novelty([""]) == {}


def test_training_text_copies_itself_whole() -> None:
    """A model that recites is caught, end of the text included."""
    text = "to be, or not to be, that is the question"
    training = TrainingText(text)
    assert training.longest_copy(text).text == text
    assert set(training.novelty([text]).values()) == {0.0}


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
    """Letters and inner apostrophes, casefolded; digits, quotes and underscores part words."""
    assert words(text) == expected


def test_real_words_leave_out_what_may_be_cut() -> None:
    """The first and last word touch the ends; of the others two of three are real."""
    training = TrainingText("The cat doesn't sit. The dog does.")
    assert training.real_words(["xcat THE Dog doesn’t dgo sitx"]) == pytest.approx(3 / 4)
    assert training.real_words(["the cat. "]) == 1.0
    assert training.real_words(["cat"]) == 0.0


def test_character_entropy() -> None:
    """Two equally frequent characters have ln 2; in turns, none once the last is known."""
    assert character_entropy(["abab"]) == pytest.approx(np.log(2))
    assert character_entropy(["abab", "abab"], order=2) == pytest.approx(0)
    assert character_entropy([]) == 0.0
    assert character_entropy(["aab"], order=2) == pytest.approx(np.log(2))

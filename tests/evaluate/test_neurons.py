"""Tests of text features, of the units that follow them, and of the colored passage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.evaluate.features import FEATURES, Quotes, quotation_marks, text_features
from charlab.evaluate.neurons import (
    Correlations,
    best_units,
    unit_activations,
    unit_to_color,
)
from charlab.evaluate.passages import (
    PASSAGE,
    colored_passage,
    most_likely,
    read_passage,
    typical_prediction,
    varied_passage,
)
from charlab.evaluate.survey import survey
from charlab.evaluate.trace import Network
from charlab.models.params import ModelParams
from charlab.vocab.vocabulary import Vocabulary


def feature(name: str, text: str, quotes: Quotes | None = None) -> list[float]:
    """Compute one feature of a text."""
    vocab = Vocabulary.from_text(text)
    features = text_features(vocab.encode(text), vocab, quotes=quotes)
    return [float(value) for value in features[:, FEATURES.index(name)]]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("inside_brackets", "a (b [c]) d\n\n(e", "00111110000 0011"),
        ("position_in_line", "ab\ncd\n", "120 120"),
        ("line_break", "a\nb", "010"),
        ("position_in_sentence", "ab. c", "12 012"),
        ("position_in_word", "ab cde", "120 123"),
        ("capital_word", "an Ape", "000 111"),
        ("capital_word", "iPad", "0000"),
        ("space", "a b", "010"),
        ("digit", "a1", "01"),
        ("vowel", "bEé", "011"),
    ],
)
def test_features(name: str, text: str, expected: str) -> None:
    """Each feature has the expected value at every character."""
    assert feature(name, text) == [float(digit) for digit in expected.replace(" ", "")]


@pytest.mark.parametrize(
    ("quotes", "text", "expected"),
    [
        (Quotes("“", "”"), "a “b” c", "0011000"),
        (Quotes('"', '"'), 'a "b" c', "0011000"),
        (Quotes('"', '"'), '"b\n\nc "d" e', "11100011000"),
        (Quotes("“", "”"), "“b\n\nc", "11100"),
        (Quotes("‘", "’"), "‘don’t’ a", "111111100"),
        (None, '"b"', "000"),
    ],
)
def test_inside_quotes(quotes: Quotes | None, text: str, expected: str) -> None:
    """A quotation is closed by its mark or by an empty line, but not by an apostrophe."""
    values = feature("inside_quotes", text, quotes)
    assert values == [float(digit) for digit in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“a” ‘b’", Quotes("“", "”")),
        ("‘a’ don’t", Quotes("‘", "’")),
        ("„a“ „b“", Quotes("„", "“")),
        ("„a” „b”", Quotes("„", "”")),
        ("« a » « b »", Quotes("«", "»")),
        ("»a« »b«", Quotes("»", "«")),
        ("»a» »b»", Quotes("»", "»")),
        ("”a” ”b”", Quotes("”", "”")),
        ('"a" isn’t', Quotes('"', '"')),
        ("don’t", None),
    ],
)
def test_quotation_marks_are_recognized(text: str, expected: Quotes | None) -> None:
    """English, German, Polish, French, Swedish and plain marks are distinguished."""
    assert quotation_marks(Vocabulary.from_text(text), text) == expected


@given(text=st.text("aB1 \n“”‘’(].", min_size=2, max_size=60), data=st.data())
def test_features_never_look_ahead(text: str, data: st.DataObject) -> None:
    """The characters after a character change none of its features."""
    cut = data.draw(st.integers(1, len(text) - 1))
    vocab, quotes = Vocabulary.from_text(text), Quotes("‘", "’")
    whole = text_features(vocab.encode(text), vocab, quotes=quotes)
    start = text_features(vocab.encode(text[:cut]), vocab, quotes=quotes)
    np.testing.assert_array_equal(whole[:cut], start)


def test_features_are_reset_in_each_segment() -> None:
    """A bracket that is open at the end of a segment is not open in the next."""
    vocab = Vocabulary.from_text("(ab")
    features = text_features(vocab.encode("(abab("), vocab, segments=2)
    assert features[:, FEATURES.index("inside_brackets")].tolist() == [1, 1, 1, 0, 0, 1]


def latch_network(vocab: Vocabulary, follow: str) -> Network:
    """Make an LSTM whose unit 1 is switched on by '(' and off by ')'."""
    hidden, size = 3, vocab.size
    weight_ih = np.zeros((4, hidden, size))
    is_open, is_shut = vocab.chars.index("("), vocab.chars.index(")")
    weight_ih[0, 1, [is_open, is_shut]] = 40.0  # input gate opens at brackets,
    weight_ih[1, 1, [is_open, is_shut]] = -40.0  # forget gate shuts,
    weight_ih[2, 1, [is_open, is_shut]] = 10.0, -10.0  # candidate is +1 or -1
    bias = np.zeros((4, hidden))
    bias[:, 1] = -20.0, 20.0, 0.0, 20.0
    weights = {
        "rnn.weight_ih_l0": weight_ih.reshape(-1, size),
        "rnn.weight_hh_l0": np.zeros((4 * hidden, hidden)),
        "rnn.bias_ih_l0": bias.ravel(),
        "rnn.bias_hh_l0": np.zeros(4 * hidden),
        "head.weight": np.zeros((size, hidden)),
        "head.bias": np.eye(size)[vocab.chars.index(follow)] * 2.0,
    }
    return Network.from_weights(ModelParams(cell="lstm", hidden=hidden), weights)


def bracketed_text(lines: int) -> str:
    """Return lines with brackets at random positions."""
    rng = np.random.default_rng(5)
    words = ["alpha", "beta", "(gamma delta)", "(epsilon) zeta"]
    return "\n".join(" ".join(rng.choice(words, 6)) for _ in range(lines))


def test_a_bracket_unit_is_recognized() -> None:
    """The unit built to follow brackets is chosen, with a correlation of 1."""
    text = bracketed_text(80)
    vocab = Vocabulary.from_text(text)
    ids, network = vocab.encode(text), latch_network(vocab, "a")
    correlations = Correlations(network, text_features(ids, vocab))
    for block in survey(network, ids):
        correlations.add(block)
    result = correlations.result()
    rows = best_units(result, result, network.hidden_size)
    best = next(row for row in rows if row["feature"] == "inside_brackets")
    assert (best["layer"], best["unit"]) == (0, 1)
    assert best["correlation"] == pytest.approx(1.0, abs=1e-3)
    assert unit_to_color(rows) == best
    assert {"inside_quotes", "digit"}.isdisjoint(row["feature"] for row in rows)


def test_correlations_equal_numpy() -> None:
    """Sums over blocks give the Pearson correlation over all characters."""
    text = bracketed_text(80)
    vocab = Vocabulary.from_text(text)
    ids, network = vocab.encode(text), latch_network(vocab, "a")
    features = text_features(ids, vocab)
    correlations, acts, seen = Correlations(network, features), [], []
    for block in survey(network, ids):
        correlations.add(block)
        acts.append(unit_activations(network, block.trace).reshape(-1, 3))
        seen.append(features[block.positions.ravel()])
    column = FEATURES.index("position_in_line")
    expected = np.corrcoef(np.concatenate(acts)[:, 1], np.concatenate(seen)[:, column])[0, 1]
    assert correlations.result()[1, column] == pytest.approx(expected, abs=1e-9)


def test_units_are_chosen_on_one_split_and_reported_on_the_other() -> None:
    """The unit that is best on the validation split is reported, whatever its rank on test."""
    val, test = np.full((2, len(FEATURES)), 0.1), np.full((2, len(FEATURES)), 0.9)
    val[1], test[1] = -0.8, 0.05
    best = best_units(val, test, hidden_size=2)[0]
    assert best["unit"] == 1
    assert (best["correlation"], best["val_correlation"]) == (0.05, -0.8)


def test_a_long_range_unit_is_preferred_for_coloring() -> None:
    """The best of the long-range features by val, if it is strong enough, then the best of all."""
    near = {"feature": "space", "val_correlation": -0.9}
    brackets = {"feature": "inside_brackets", "val_correlation": 0.8}
    quotes = {"feature": "inside_quotes", "val_correlation": -0.6}
    weak = {"feature": "inside_quotes", "val_correlation": 0.2}
    assert unit_to_color([near, quotes, brackets]) == brackets
    assert unit_to_color([weak, brackets, near]) == brackets
    assert unit_to_color([weak, near]) == near


def test_no_unit_without_a_correlation() -> None:
    """Without a feature that occurs there is no unit to color a text by."""
    nothing = np.full((2, len(FEATURES)), np.nan)
    assert best_units(nothing, nothing, 2) == []
    assert unit_to_color([]) is None


def test_passage_with_the_most_variation() -> None:
    """The passage starts at a line and contains the changes of the feature."""
    newline = np.zeros(5_000)
    newline[49::50] = 1
    varied = np.zeros(5_000)
    varied[3_000:3_200] = 1
    start = varied_passage(varied, newline)
    assert start is not None
    assert newline[start - 1] == 1
    assert varied[start : start + PASSAGE].mean() == 0.5


def test_no_passage_in_a_short_text() -> None:
    """A split that is too short for a passage has none."""
    assert varied_passage(np.zeros(100), np.zeros(100)) is None


def test_colored_passage_and_prediction_agree_with_the_network() -> None:
    """Every character has an activation and five predictions; the head's bias decides the first."""
    text = bracketed_text(40)
    vocab = Vocabulary.from_text(text)
    ids, network = vocab.encode(text), latch_network(vocab, "z")
    traced = read_passage(network, ids, 600)
    neuron = {"layer": 0, "unit": 1, "feature": "inside_brackets"}
    passage = ids[600 : 600 + PASSAGE]
    colored = colored_passage(network, vocab, passage, traced, neuron)
    assert colored["text"] == text[600 : 600 + PASSAGE]
    assert len(colored["activation"]) == len(colored["top5"]) == PASSAGE
    assert all(len(row) == 5 and row[0][0] == "z" for row in colored["top5"])
    in_brackets = np.array(feature("inside_brackets", text))[600 : 600 + PASSAGE]
    assert np.corrcoef(colored["activation"], in_brackets)[0, 1] > 0.99
    predicted = typical_prediction(passage, traced, vocab)
    assert predicted["context"] + predicted["char"] in text
    assert len(predicted["char"]) == 1
    assert sum(p for _, p in predicted["top"]) == pytest.approx(1.0, abs=0.01)


def test_ties_are_broken_by_id() -> None:
    """Equally likely characters are in the order of the vocabulary."""
    vocab = Vocabulary.from_text("abc")
    rows = np.log([[0.2, 0.4, 0.4], [0.7, 0.1, 0.2]])
    assert most_likely(rows, vocab, 2) == [[["b", 0.4], ["c", 0.4]], [["a", 0.7], ["c", 0.2]]]

"""Tests of the comparison of a network with an n-gram, character by character."""

from __future__ import annotations

import math

import numpy as np
import pytest

from charlab.evaluate.survey import survey
from charlab.evaluate.trace import Network
from charlab.evaluate.versus_ngram import KINDS, PASSAGE, AgainstNgram, kinds_of
from charlab.vocab.vocabulary import Vocabulary
from random_network import random_network


@pytest.fixture
def network() -> Network:
    """Return a small LSTM over five characters."""
    return random_network(cell="lstm")


def test_kinds_of_characters() -> None:
    """Letters are distinguished by their position in the word."""
    text = 'Anna 7,\n"o"'
    vocab = Vocabulary.from_text(text)
    kinds = [KINDS[k] for k in kinds_of(vocab.encode(text), vocab)]
    assert kinds == [
        "first letter of a word",
        "second or third letter",
        "second or third letter",
        "later letter",
        "space",
        "digit",
        "other mark",
        "line break",
        "quotation mark or bracket",
        "first letter of a word",
        "quotation mark or bracket",
    ]


def test_examples_are_the_largest_differences(network: Network) -> None:
    """The positions shown have the largest differences, and are not close together."""
    vocab = Vocabulary.from_text("abcde")
    ids = np.random.default_rng(1).integers(0, 5, 2_000).astype(np.uint8)
    ngram_nats = np.full(2_000, 2.0)
    comparison = AgainstNgram(ids, vocab, 5, ngram_nats)
    blocks = list(survey(network, ids))
    position = int(blocks[0].positions[5, 0]) + 1
    ngram_nats[position], ngram_nats[position + 1] = 50.0, 49.0
    for block in blocks:
        comparison.add(block)
    result = comparison.result()
    assert result is not None
    best = result["rnn_better"][0]
    assert best["char"] == vocab.decode(ids[position : position + 1])
    assert best["context"] == vocab.decode(ids[max(0, position - 40) : position])
    assert best["ngram_p"] == pytest.approx(math.exp(-50))
    assert best["network_p"] == pytest.approx(
        np.exp(-blocks[0].trace.nats(blocks[0].targets)[5, 0])
    )
    assert result["rnn_better"][1]["ngram_p"] == pytest.approx(math.exp(-2))
    kinds = {row["kind"]: row["chars"] for row in result["by_kind"]}
    assert sum(kinds.values()) == result["chars"]


def test_the_passage_is_typical(network: Network) -> None:
    """Of all stretches that start a word, its mean difference is closest to the overall mean."""
    vocab = Vocabulary.from_text("abcd ")
    ids = np.random.default_rng(2).integers(0, 5, 4_000).astype(np.uint8)
    ngram_nats = np.random.default_rng(3).gamma(2.0, 1.0, 4_000)
    comparison = AgainstNgram(ids, vocab, 5, ngram_nats)
    network_nats = np.full(4_000, np.nan)
    for block in survey(network, ids):
        comparison.add(block)
        network_nats[block.positions + 1] = block.trace.nats(block.targets)
    result = comparison.result()
    assert result is not None
    passage = result["passage"]
    kinds = kinds_of(ids, vocab)
    gains = {
        position: (ngram_nats - network_nats)[position : position + PASSAGE].mean()
        for position in range(4_000 - PASSAGE)
        if kinds[position] == 0
    }
    read = {position: gain for position, gain in gains.items() if not np.isnan(gain)}
    mean = result["ngram_nats"] - result["network_nats"]
    position = min(read, key=lambda k: abs(read[k] - mean))
    assert passage["text"] == vocab.decode(ids[position : position + PASSAGE])
    assert passage["ngram_nats"] == pytest.approx(
        ngram_nats[position : position + PASSAGE], abs=1e-4
    )
    shown = network_nats[position : position + PASSAGE]
    assert passage["network_nats"] == pytest.approx(shown, abs=1e-4)

"""Tests of histograms of activations, saturated gates, and pictures of weights."""

from __future__ import annotations

import numpy as np
import pytest

from charlab.evaluate.activations import ActivationHistogram, GateSaturation, weight_pictures
from charlab.evaluate.survey import survey
from charlab.evaluate.trace import Network
from charlab.models.params import ModelParams
from charlab.vocab.vocabulary import Vocabulary
from random_network import random_network

HIDDEN = 6


@pytest.fixture
def network() -> Network:
    """Return a small LSTM over five characters."""
    return random_network(cell="lstm")


def test_gates_and_activations_count_every_step(network: Network) -> None:
    """Shares and counts cover all recorded gates and activations."""
    gates, histogram = GateSaturation(network), ActivationHistogram(network)
    ids = np.random.default_rng(1).integers(0, 5, 900)
    recorded = []
    for block in survey(network, ids):
        gates.add(block)
        histogram.add(block)
        recorded.append(block.trace.layers[0])
    forget = np.concatenate([layer.parts["forget"].reshape(-1, HIDDEN) for layer in recorded])
    shares = gates.result()
    assert shares is not None
    assert shares["forget"]["left"] == pytest.approx((forget < 0.1).mean())
    assert shares["forget"]["right"] == pytest.approx((forget > 0.9).mean())
    assert shares["forget"]["units"][2][1:] == pytest.approx(
        [(forget[:, 2] < 0.1).mean(), (forget[:, 2] > 0.9).mean()], abs=1e-4
    )
    counts = histogram.result()
    assert counts is not None
    hidden = np.concatenate([layer.hidden.ravel() for layer in recorded])
    assert counts["edges"][0] == -1
    assert counts["counts"] == np.histogram(hidden, 40, (-1, 1))[0].tolist()


def test_weight_pictures_never_mix_gates() -> None:
    """Large matrices are averaged within each gate; rare characters are left out."""
    hidden, vocab = 96, Vocabulary.from_text("".join(chr(200 + k) * (k + 1) for k in range(90)))
    large: dict[str, np.ndarray] = {"rnn.weight_ih_l0": np.zeros((3 * hidden, 90))}
    large["rnn.weight_hh_l0"] = np.repeat([[1.0], [2.0], [3.0]], hidden, axis=0) * np.ones(hidden)
    large |= {f"rnn.bias_{way}_l0": np.zeros(3 * hidden) for way in ("ih", "hh")}
    large |= {"head.weight": np.zeros((90, hidden)), "head.bias": np.zeros(90)}
    network = Network.from_weights(ModelParams(cell="gru", hidden=hidden), large)
    pictures = weight_pictures(network, vocab)
    picture = np.array(pictures["weight_hh"])
    assert picture.shape == (63, 64)
    np.testing.assert_array_equal(picture, np.repeat([1.0, 2.0, 3.0], 21)[:, None] * np.ones(64))
    assert pictures["chars"] == list(vocab.chars[-64:])
    assert np.shape(pictures["head"]) == (64, 64)


def test_a_one_hot_product_is_a_column(network: Network) -> None:
    """The column of the most common letter is shown beside the matrix product."""
    vocab = Vocabulary.from_text("aabbbc   .")
    one_hot = weight_pictures(network, vocab)["one_hot"]
    assert (one_hot["id"], one_hot["char"]) == (vocab.chars.index("b"), "b")
    expected = network.layers[0].weight_ih[:4, one_hot["id"]]
    assert one_hot["column"] == pytest.approx(expected, abs=1e-4)
    assert one_hot["product"] == one_hot["column"]
    assert one_hot["largest_difference"] == 0

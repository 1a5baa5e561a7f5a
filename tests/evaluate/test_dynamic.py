"""Tests that dynamic evaluation scores before it learns, and learns repetitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charlab.core.errors import CharlabError
from charlab.evaluate import dynamic
from charlab.evaluate.dynamic import (
    Model,
    Rates,
    dynamic_nats_per_char,
    gradient_mean_squares,
)
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from import_graph import closure, imports

VOCAB_SIZE = 6


def network(**options: Any) -> Model:
    """Return a small network with random weights."""
    params = ModelParams(hidden=8, **options)
    return params, initial_weights(params, VOCAB_SIZE, np.random.default_rng(0))


def in_torch(model: Model) -> CharRNN:
    """Return the same network for autograd to differentiate."""
    params, weights = model
    result = CharRNN(VOCAB_SIZE, params.model_copy(update={"backend": "torch"}))
    result.load(weights)
    return result


def text(chars: int, seed: int = 1) -> np.ndarray:
    """Return a random text."""
    return np.random.default_rng(seed).integers(0, VOCAB_SIZE, chars).astype(np.uint8)


def static_nats(network: Model, piece: np.ndarray) -> np.ndarray:
    """Score a piece in one go with the weights as they are."""
    model, ids = in_torch(network), torch.from_numpy(piece.astype(np.int64))[:, None]
    with torch.no_grad():
        logits, _ = model.sequence(ids[:-1], model.initial_state(1))
        loss = torch.nn.functional.cross_entropy(logits[:, 0], ids[1:, 0], reduction="none")
    return loss.double().numpy()


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("seq_len", [1, 7, 20, 500])
def test_without_learning_it_is_the_plain_loss(seq_len: int, segments: int) -> None:
    """At learning rate 0 every chunk length equals one pass over each segment."""
    model, ids = network(), text(150)
    nats = dynamic_nats_per_char(model, ids, Rates(0.0, 0.1, seq_len), segments=segments)
    expected = np.concatenate([static_nats(model, p) for p in np.split(ids, segments)])
    np.testing.assert_allclose(nats, expected, atol=1e-5)


def test_a_chunk_is_scored_before_it_is_learned_from() -> None:
    """The first chunk has the loss of the fixed weights; later text changes no earlier loss."""
    model, ids = network(), text(100)
    nats = dynamic_nats_per_char(model, ids, Rates(0.1, seq_len=10))
    np.testing.assert_allclose(nats[:10], static_nats(model, ids)[:10], atol=1e-6)
    assert not np.allclose(nats[10:], static_nats(model, ids)[10:], atol=1e-3)
    other = ids.copy()
    other[60:] = (other[60:] + 1) % VOCAB_SIZE
    changed = dynamic_nats_per_char(model, other, Rates(0.1, seq_len=10))
    np.testing.assert_array_equal(changed[:59], nats[:59])


@pytest.mark.parametrize("scale", ["training", "running", None])
def test_a_repeating_text_is_learned(scale: Any) -> None:
    """Reading the same words repeatedly lowers the loss; the model itself is not changed."""
    model = network(initial_state="learned")
    before = {name: value.copy() for name, value in model[1].items()}
    squares = gradient_mean_squares(model, text(400), chunks=10) if scale == "training" else scale
    rates = Rates(0.01 if scale else 0.5, 0.001)
    ids = np.tile(np.array([0, 1, 0, 2], dtype=np.uint8), 120)
    nats = dynamic_nats_per_char(model, ids, rates, mean_squares=squares)
    assert nats[-100:].mean() < 0.7 * static_nats(model, ids)[-100:].mean()
    for name, value in model[1].items():
        np.testing.assert_array_equal(value, before[name])


def test_decay_of_almost_one_forgets_at_once() -> None:
    """If pulled back after every chunk, the weights are nearly the trained ones."""
    model, ids = network(), text(200)
    strong = dynamic_nats_per_char(model, ids, Rates(0.5, 0.9999), mean_squares=None)
    np.testing.assert_allclose(strong, static_nats(model, ids), atol=1e-3)


def test_one_update_by_hand() -> None:
    """After one chunk the weights are theta - eta g / (sqrt(MS) + eps), then pulled back."""
    model = network(cell="rnn")
    ids = text(11)
    squares = {name: np.full_like(value, 4.0) for name, value in model[1].items()}
    nats = dynamic_nats_per_char(model, ids, Rates(0.3, 0.25, 5), mean_squares=squares)

    by_hand = in_torch(model)
    symbols = torch.from_numpy(ids.astype(np.int64))[:, None]
    logits, state = by_hand.sequence(symbols[:5], by_hand.initial_state(1))
    torch.nn.functional.cross_entropy(logits[:, 0], symbols[1:6, 0]).backward()
    with torch.no_grad():
        for p in by_hand.parameters():
            assert p.grad is not None
            p.sub_(0.75 * 0.3 * p.grad / 2.00001)
        logits, _ = by_hand.sequence(symbols[5:10], state)
        loss = torch.nn.functional.cross_entropy(logits[:, 0], symbols[6:, 0], reduction="none")
    np.testing.assert_allclose(nats[5:], loss.numpy(), atol=1e-5)


def test_divergence_is_reported() -> None:
    """An absurd learning rate ends in an error message, not in NaN."""
    with pytest.raises(CharlabError, match=r"diverged at character \d+; use a learning rate"):
        dynamic_nats_per_char(network(activation="relu", cell="rnn"), text(400), Rates(1e30))


@pytest.mark.parametrize(
    "bad",
    [{"learning_rate": -1}, {"learning_rate": float("inf")}, {"learning_rate": 1, "decay": 1.0}],
)
def test_rates_are_checked(bad: dict[str, float]) -> None:
    """A negative or infinite learning rate or a decay of 1 is refused."""
    with pytest.raises(CharlabError, match="dynamic evaluation needs a finite learning rate"):
        Rates(bad["learning_rate"], bad.get("decay", 0.0))


def test_it_needs_no_torch() -> None:
    """Torch adds in an order of its own, and takes seconds to load."""
    assert not any("torch" in path.name for path in closure(Path(dynamic.__file__)))
    assert not any(name.split(".")[0] == "torch" for name in imports(Path(dynamic.__file__)))

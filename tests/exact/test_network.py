"""The kernels against autograd: every cell, activation, layer count and dropout place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.exact.layout import Array
from charlab.exact.network import Network
from charlab.exact.settings import DIRECT, INPUT, looks_up
from charlab.exact.updates import Optimizer
from charlab.models import torch_functions
from charlab.models.initialization import initial_weights
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from charlab.models.weights import NO_NGRAMS
from charlab.train.optimizers import NumpyOptimizer, clip_gradients
from charlab.train.params import TrainParams

V, B, T = 29, 5, 7


def made_weights(params: ModelParams) -> dict[str, Any]:
    """Return weights without zeros, in a learned initial state and in rows of n-grams either."""
    rng = np.random.default_rng(1)
    # Five characters are common, so that chunks meet n-grams with rows and without.
    ngrams = frequent_ngrams(rng.integers(0, 5, 100), V, params)
    weights = initial_weights(params, V, rng, ngrams)
    for name, value in weights.items():
        if name.startswith("initial.") or name in (INPUT, DIRECT):
            weights[name] = rng.uniform(-0.5, 0.5, value.shape).astype(np.float32)
    return weights | ({"ngrams": ngrams} if looks_up(params) else {})


def text(rng: np.random.Generator, *shape: int) -> Any:
    """Return characters of which the first five are common."""
    return np.minimum(rng.integers(0, V, shape), rng.integers(0, V, shape)) % 7


def reference(params: ModelParams, weights: dict[str, Array], dtype: torch.dtype) -> CharRNN:
    """Return the network that torch runs and autograd differentiates."""
    by_torch = ModelParams.model_validate({**params.model_dump(), "backend": "torch"})
    ngrams = weights.get("ngrams", NO_NGRAMS)
    network = CharRNN(V, by_torch, dropout_source=torch.Generator(), ngrams=ngrams).to(dtype)
    network.load(weights)
    return network


def mask_in_order(network: Network, depth: int) -> torch.Tensor:
    """Return a layer's mask of outputs as (T or 1, B, H)."""
    layer, mask = network.layers[depth], network.masks.outputs[depth]
    assert mask is not None
    packed = mask.reshape(layer.units, -1, B, 16)
    full = packed.transpose(1, 2, 0, 3).reshape(packed.shape[1], B, -1)[:, :, : layer.size]
    return torch.from_numpy(np.ascontiguousarray(full[1 : T + 1] if len(full) > 1 else full))


def use_masks_of(network: Network, model: CharRNN, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reference drop what the kernels dropped in their last update."""
    masks = []
    for depth, recurrent in enumerate(network.masks.recurrent):
        if recurrent is not None:
            shape = network.weights[f"rnn.weight_hh_l{depth}"].shape
            masks.append(torch.from_numpy(recurrent[: np.prod(shape)].reshape(shape)))
        if network.masks.outputs[depth] is not None:
            masks.append(mask_in_order(network, depth))
    turn = iter(masks)
    monkeypatch.setattr(
        torch_functions, "_masked", lambda values, rate, source, shape: values * next(turn)
    )


def largest_difference(
    model: dict[str, Any], dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[float, float]:
    """Return how far two carried chunks' losses, and their gradients and states, differ."""
    params = ModelParams(**model)
    weights = made_weights(params)
    theirs = reference(params, weights, torch.float64 if dtype == np.float64 else torch.float32)
    ours = Network(params, weights, B, T, seed=9, dtype=dtype)
    state = theirs.initial_state(B)
    rng = np.random.default_rng(2)
    losses, others = [0.0], [0.0]
    for _ in range(2):
        inputs, targets = (
            text(rng, 2, T, B) if "ngrams" in weights else rng.integers(0, V, (2, T, B))
        )
        loss = ours.loss_and_gradients(inputs, targets)
        use_masks_of(ours, theirs, monkeypatch)
        theirs.zero_grad()
        logits, state = theirs.sequence(torch.from_numpy(inputs), state)
        expected = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten())
        expected.backward()
        state = [tuple(part.detach() for part in layer) for layer in state]
        losses.append(abs(loss - expected.item()))
        for name, value in theirs.named_weights().items():
            gradient = np.zeros(value.shape) if value.grad is None else value.grad.numpy()
            own = ours.tables[name].dense() if name in ours.tables else ours.gradients[name]
            others.append(abs(gradient - own).max())
        for mine, layer in zip(ours.state(), state, strict=True):
            others += [abs(a - b.numpy()).max() for a, b in zip(mine, layer, strict=True)]
        ours.updates += 1
    return max(losses), max(others)


@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("layers", "hidden"), [(1, 13), (2, 19), (3, 32)])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_kernels_agree_with_autograd(
    cell: str,
    activation: str,
    layers: int,
    hidden: int,
    dtype: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Losses, gradients and states of two chunks, with a learned initial state above one layer."""
    start = "learned" if layers > 1 else "zero"
    model = {"cell": cell, "activation": activation, "layers": layers, "hidden": hidden}
    loss, rest = largest_difference({**model, "initial_state": start}, dtype, monkeypatch)
    limit = 1e-10 if dtype == np.float64 else 1e-5
    assert loss < limit
    assert rest < limit


@pytest.mark.parametrize("place", ["output", "between_layers", "variational", "recurrent"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_dropout_agrees_with_autograd(
    cell: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is given the masks that the kernels drew."""
    rates = (
        {"recurrent_dropout": 0.4}
        if place == "recurrent"
        else {"dropout": 0.4, "dropout_at": place}
    )
    model = {"cell": cell, "layers": 2, "hidden": 21, **rates}
    for dtype, limit in ((np.float64, 1e-10), (np.float32, 1e-5)):
        assert max(largest_difference(model, dtype, monkeypatch)) < limit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("cell", "longest", "direct_order", "options"),
    [
        ("rnn", "bigram", 0, {}),
        ("gru", "trigram", 1, {"layers": 2, "initial_state": "learned", "dropout": 0.3}),
        ("gru", "char", 1, {"activation": "relu"}),
        ("gru", "bigram", 2, {"activation": "sigmoid"}),
        ("lstm", "char", 3, {"dropout": 0.3, "dropout_at": "variational"}),
        ("lstm", "trigram", 3, {"recurrent_dropout": 0.2, "hidden": 32}),
    ],
)
def test_rows_of_ngrams_agree_with_autograd(
    cell: str,
    longest: str,
    direct_order: int,
    options: dict[str, Any],
    dtype: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Losses, all gradients and states, where chunks meet n-grams with rows and without."""
    model = {"cell": cell, "hidden": 13, "input": longest, "direct_order": direct_order, **options}
    loss, rest = largest_difference(model, dtype, monkeypatch)
    assert max(loss, rest) < (1e-10 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("clip", ["norm", "value", "none"])
@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad", "sgd"])
def test_steps_are_those_of_the_formulas(optimizer: str, clip: str) -> None:
    """Against the optimizer by hand, which is compared with torch.optim elsewhere."""
    params = ModelParams(cell="gru", hidden=11)
    rule = {"optimizer": optimizer, "clip": clip, "clip_at": 0.01, "weight_decay": 0.1}
    train = TrainParams.model_validate(rule)
    network = Network(params, made_weights(params), B, T, dtype=np.float64)
    ours = Optimizer(network, train)
    weights = {name: value.copy() for name, value in network.weights.items()}
    theirs = NumpyOptimizer(weights, train)
    rng = np.random.default_rng(3)
    for _ in range(3):
        network.loss_and_gradients(*rng.integers(0, V, (2, T, B)))
        gradients = {name: value.copy() for name, value in network.gradients.items()}
        norm = clip_gradients(gradients, train)
        theirs.step(gradients, 0.01)
        assert ours.step(0.01) == pytest.approx(norm, rel=1e-12)
    for name, value in weights.items():
        np.testing.assert_allclose(network.weights[name], value, rtol=0, atol=1e-12)


def test_rows_without_a_gradient_are_left() -> None:
    """They keep their weights, moments and count: each row's steps are those that met it."""
    params = ModelParams(cell="gru", hidden=11, input="bigram", direct_order=2)
    network = Network(params, made_weights(params), B, T, dtype=np.float64)
    train = TrainParams(optimizer="adam", weight_decay=0.1, clip="none")
    optimizer = Optimizer(network, train)
    table = network.tables[DIRECT]
    counts, rng = np.zeros(len(table.view), np.int64), np.random.default_rng(3)
    by_hand = {"w": table.view.copy()}
    state = {"m": np.zeros_like(by_hand["w"]), "s": np.zeros_like(by_hand["w"])}
    for _ in range(3):
        network.loss_and_gradients(*text(rng, 2, T, B))
        gradient = table.dense()
        counts[table.touched] += 1
        optimizer.step(0.01)
        for row in table.touched:
            g, t = gradient[row], counts[row]
            state["m"][row] = 0.9 * state["m"][row] + 0.1 * g
            state["s"][row] = 0.99 * state["s"][row] + 0.01 * g * g
            root = np.sqrt(state["s"][row] / (1 - 0.99**t)) + 1e-8
            by_hand["w"][row] *= 1 - 0.01 * 0.1
            by_hand["w"][row] -= 0.01 * state["m"][row] / (1 - 0.9**t) / root
    assert 0 < (counts > 0).sum() < len(counts)
    np.testing.assert_array_equal(optimizer.rows[DIRECT][2], counts)
    np.testing.assert_allclose(table.view, by_hand["w"], rtol=0, atol=1e-12)


def test_batch_does_not_change_a_stream() -> None:
    """A stream's states are the same bits however many are read beside it."""
    params = ModelParams(cell="lstm", hidden=21)
    weights = made_weights(params)
    ids = np.random.default_rng(4).integers(0, V, (2, T, 13))
    states = []
    for streams in (13, 4, 1):
        network = Network(params, weights, streams, T)
        network.loss(*np.ascontiguousarray(ids[:, :, :streams]))
        states.append([part[:1] for part in network.state()[0]])
    for other in states[1:]:
        for part, first in zip(other, states[0], strict=True):
            np.testing.assert_array_equal(part, first)

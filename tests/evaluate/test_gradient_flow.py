"""Tests of the recorded forward pass and its gradients against torch's autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from charlab.evaluate.gradient_flow import MAX_LAG, GradientByLag, state_gradients
from charlab.evaluate.survey import survey
from charlab.evaluate.trace import Layer, Network, trace
from charlab.models.params import ModelParams
from random_network import random_network

TorchState = tuple[torch.Tensor, ...]
CELLS = ["rnn", "gru", "lstm"]
ACTIVATIONS = ["tanh", "relu", "sigmoid"]
PHI = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


def two_layers(cell: str, activation: str = "tanh") -> Network:
    """Return a small network of two layers over seven characters."""
    return random_network(7, cell=cell, activation=activation, layers=2, hidden=5)


def random_ids(seq_len: int, batch_size: int = 3, vocab: int = 7) -> np.ndarray:
    """Draw character ids."""
    return np.random.default_rng(1).integers(0, vocab, (seq_len, batch_size))


def torch_step(network: Network, layer: Layer, x: torch.Tensor, state: TorchState) -> TorchState:
    """Take one step of a layer by the equations of the papers; return the new state."""
    phi = PHI[network.activation]
    w_ih, w_hh, b_ih, b_hh = (torch.tensor(w) for w in vars(layer).values())
    driven, fed_back = x @ w_ih.T + b_ih, state[0] @ w_hh.T + b_hh
    if network.cell == "rnn":
        return (phi(driven + fed_back),)
    if network.cell == "gru":
        (xr, xz, xn), (hr, hz, hn) = driven.chunk(3, 1), fed_back.chunk(3, 1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        return ((1 - z) * phi(xn + r * hn) + z * state[0],)
    i, f, g, o = (driven + fed_back).chunk(4, 1)
    c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * phi(g)
    return (torch.sigmoid(o) * phi(c), c)


def torch_pass(network: Network, inputs: np.ndarray) -> tuple[list[list[TorchState]], torch.Tensor]:
    """Run a network in torch, step by step; return all states and logits."""
    state: list[TorchState] = [
        tuple(torch.tensor(part, requires_grad=True) for part in layer)
        for layer in network.zero_state(inputs.shape[1])
    ]
    states, logits = [], []
    for ids in inputs:
        x = torch.eye(network.vocab_size, dtype=torch.float64)[torch.tensor(ids)]
        new = []
        for layer, before in zip(network.layers, state, strict=True):
            new.append(torch_step(network, layer, x, before))
            x = new[-1][0]
        for part in (part for layer in new for part in layer):
            part.retain_grad()
        state = new
        states.append(state)
        logits.append(x @ torch.tensor(network.head_weight).T + torch.tensor(network.head_bias))
    return states, torch.stack(logits)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_equal_autograd(cell: str, activation: str) -> None:
    """The handwritten backward pass equals autograd at every step and layer."""
    network, inputs, targets = two_layers(cell, activation), random_ids(9), np.array([1, 4, 6])
    states, logits = torch_pass(network, inputs)
    torch.nn.functional.cross_entropy(logits[-1], torch.tensor(targets), reduction="sum").backward()
    hidden, cells = state_gradients(network, [trace(network, inputs)], targets)
    for t, layers in enumerate(states):
        for depth, parts in enumerate(layers):
            np.testing.assert_allclose(
                hidden[t, depth], np.asarray(parts[0].grad), rtol=1e-9, atol=1e-12
            )
            if cells is not None:
                np.testing.assert_allclose(
                    cells[t, depth], np.asarray(parts[1].grad), rtol=1e-9, atol=1e-12
                )


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_the_last_steps_need_no_earlier_ones(cell: str) -> None:
    """They have the same bits, whether the text was traced in pieces or at once."""
    network, inputs, targets = two_layers(cell), random_ids(9), np.array([1, 4, 6])
    whole = trace(network, inputs)
    first = trace(network, inputs[:5])
    pieces = [first, trace(network, inputs[5:], first.end())]
    for some, every in zip(
        state_gradients(network, pieces, targets, most=7),
        state_gradients(network, [whole], targets),
        strict=True,
    ):
        assert (some is None) == (every is None)
        assert some is None or every is None or np.array_equal(some, every[2:])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_trace_equals_torch(cell: str, activation: str) -> None:
    """The recorded forward pass has the logits of the same equations in torch."""
    network, inputs = two_layers(cell, activation), random_ids(9)
    logits = torch_pass(network, inputs)[1].detach().numpy()
    np.testing.assert_allclose(trace(network, inputs).logits, logits, rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_trace_equals_torch_nn(cell: str) -> None:
    """The gates are stacked in the weights in the order of torch.nn."""
    network, inputs = two_layers(cell), random_ids(9)
    kinds = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    module = kinds[cell](7, 5, num_layers=2).double()
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    module.load_state_dict(
        {f"{n}_l{d}": torch.tensor(getattr(layer, n)) for d, layer in enumerate(network.layers)
         for n in names}
    )  # fmt: skip
    with torch.no_grad():
        hidden = module(torch.eye(7, dtype=torch.float64)[torch.tensor(inputs)])[0].numpy()
    np.testing.assert_allclose(trace(network, inputs).layers[-1].hidden, hidden, rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_trace_in_pieces_equals_trace_at_once(cell: str) -> None:
    """The next piece needs only the final state of the one before."""
    network, inputs = two_layers(cell), random_ids(12)
    first = trace(network, inputs[:5])
    second = trace(network, inputs[5:], first.end())
    together = np.concatenate([first.logits, second.logits])
    np.testing.assert_allclose(together, trace(network, inputs).logits, rtol=1e-12)


def test_linear_network_shrinks_gradients_by_its_weight() -> None:
    """With one ReLU unit that is always on, the gradient is the weight to the power of the lag."""
    ones = {"rnn.weight_ih_l0": np.ones((1, 2)), "rnn.weight_hh_l0": np.full((1, 1), 0.5)}
    zeros = {"rnn.bias_ih_l0": np.zeros(1), "rnn.bias_hh_l0": np.zeros(1), "head.bias": np.zeros(2)}
    model = ModelParams(cell="rnn", activation="relu", hidden=1)
    head = {"head.weight": np.array([[1.0], [-1.0]])}
    network = Network.from_weights(model, ones | zeros | head)
    by_lag = GradientByLag(network)
    for block in survey(network, np.tile([0, 1, 1], 100)):
        by_lag.add(block)
    norms = [row["norm"] for row in by_lag.result() or []]
    assert len(norms) == MAX_LAG + 1
    np.testing.assert_allclose(norms, 0.5 ** np.arange(MAX_LAG + 1))


def test_gradient_by_lag_without_a_sample_is_nothing() -> None:
    """Without a block the result is None."""
    assert GradientByLag(two_layers("rnn")).result() is None

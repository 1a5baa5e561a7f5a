"""The RNN by hand: its gradients against finite differences and against autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from charlab.models.params import ModelParams
from charlab.models.rnn_by_hand import ACTIVATIONS, SLOPES, NumpyRNN, State
from charlab.models.torch_model import CharRNN

VOCAB, HIDDEN, SEQ_LEN, BATCH = 6, 5, 8, 3


def network(activation: str = "tanh", dtype: Any = np.float64, seed: int = 0) -> NumpyRNN:
    """Return a small network."""
    options = {"backend": "numpy", "cell": "rnn", "activation": activation, "hidden": HIDDEN}
    params = ModelParams.model_validate(options)
    return NumpyRNN(VOCAB, params, np.random.default_rng(seed), dtype)


def chunk(batch: int = BATCH) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return characters and the ones that follow them."""
    ids = np.random.default_rng(1).integers(0, VOCAB, (SEQ_LEN + 1, batch))
    return ids[:-1], ids[1:]


def start(batch: int = BATCH) -> State:
    """Return a state that is not zero, as in the middle of a text."""
    return [(np.random.default_rng(2).uniform(-1, 1, (batch, HIDDEN)),)]


@pytest.mark.parametrize("batch", [1, BATCH])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_central_differences(activation: str, batch: int) -> None:
    """Every single weight's gradient is the slope of the loss, to 1e-6 relative."""
    model, state = network(activation), start(batch)
    _, gradients, _ = model.loss_and_gradients(*chunk(batch), state)
    for name, weight in model.weights.items():
        slope = np.empty_like(weight)
        for place in np.ndindex(*weight.shape):
            value, losses = weight[place], []
            for nudge in (1e-5, -1e-5):
                weight[place] = value + nudge
                losses.append(model.loss_and_gradients(*chunk(batch), state)[0])
            weight[place] = value
            slope[place] = (losses[0] - losses[1]) / 2e-5
        error = np.linalg.norm(slope - gradients[name]) / np.linalg.norm(slope)
        assert error < 1e-6, f"{name}: {error}"


@pytest.mark.parametrize("batch", [1, BATCH])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_the_torch_network(activation: str, batch: int) -> None:
    """From the same seed, weights, loss, state and gradients are those of autograd."""
    model, (inputs, targets), state = network(activation), chunk(batch), start(batch)
    twin = CharRNN(VOCAB, model.params, np.random.default_rng(0)).double()
    loss, gradients, end = model.loss_and_gradients(inputs, targets, state)
    logits, twin_end = twin.sequence(torch.from_numpy(inputs), [(torch.from_numpy(state[0][0]),)])
    twin_loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.from_numpy(targets).flatten()
    )
    twin_loss.backward()
    assert loss == pytest.approx(twin_loss.item(), abs=1e-12)
    np.testing.assert_allclose(end[0][0], twin_end[0][0].detach(), rtol=1e-10, atol=1e-12)
    for name, gradient in gradients.items():
        expected = twin.weight(name).grad
        assert expected is not None, name
        np.testing.assert_allclose(gradient, expected.numpy(), rtol=1e-10, atol=1e-12, err_msg=name)


def test_a_batch_is_the_mean_of_its_sequences() -> None:
    """Sequences do not mix: loss and gradients are the means of those of each alone."""
    model, (inputs, targets), state = network(), chunk(), start()
    loss, gradients, end = model.loss_and_gradients(inputs, targets, state)
    alone = [
        model.loss_and_gradients(inputs[:, b : b + 1], targets[:, b : b + 1], [(h[b : b + 1],)])
        for h in state[0]
        for b in range(BATCH)
    ]
    assert loss == pytest.approx(np.mean([one[0] for one in alone]))
    np.testing.assert_allclose(end[0][0], np.concatenate([one[2][0][0] for one in alone]))
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, np.mean([one[1][name] for one in alone], axis=0))


def test_a_sequence_is_its_steps() -> None:
    """Reading a chunk is equal to reading its characters one by one."""
    model, (inputs, _), state = network(), chunk(), start()
    logits, end = model.sequence(inputs, state)
    assert logits.shape == (SEQ_LEN, BATCH, VOCAB)
    for t, ids in enumerate(inputs):
        one, state = model.step(ids, state)
        np.testing.assert_allclose(one, logits[t])
    np.testing.assert_allclose(state[0][0], end[0][0])


def test_the_carried_state_is_not_changed_by_later_chunks() -> None:
    """The states before and after a chunk stay the same when the next one is read."""
    model, state = network(), start()
    given = state[0][0].copy()
    _, _, end = model.loss_and_gradients(*chunk(), state)
    kept = end[0][0].copy()
    model.loss_and_gradients(*chunk(), end)
    assert np.array_equal(state[0][0], given)
    assert np.array_equal(end[0][0], kept)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_the_activations_derivatives(activation: str) -> None:
    """Each derivative, written in terms of the output, is a central difference."""
    a = np.array([-3.0, -0.7, 0.4, 2.0])
    phi = ACTIVATIONS[activation]
    slope = (phi(a + 1e-6) - phi(a - 1e-6)) / 2e-6
    np.testing.assert_allclose(SLOPES[activation](phi(a)), slope, atol=1e-9)


def test_large_logits_do_not_overflow() -> None:
    """Losses of certain predictions, right or wrong, are finite."""
    model = network(dtype=np.float32)
    model.weights["head.bias"][:] = [1000, 0, 0, 0, 0, 0]
    inputs = np.zeros((2, 1), np.int64)
    for target, expected in ((0, 0.0), (1, 1000.0)):
        loss, gradients, _ = model.loss_and_gradients(
            inputs, np.full_like(inputs, target), model.initial_state(1)
        )
        assert loss == pytest.approx(expected, abs=1)
        assert all(np.isfinite(g).all() for g in gradients.values())


def test_precision_is_that_of_the_weights() -> None:
    """With float32 weights nothing becomes float64, which would halve the speed."""
    model = network(dtype=np.float32)
    _, gradients, end = model.loss_and_gradients(*chunk(), model.initial_state(BATCH))
    assert {g.dtype for g in gradients.values()} | {end[0][0].dtype} == {np.dtype(np.float32)}


def test_it_learns_a_rule() -> None:
    """A few hundred steps of Adagrad reduce the loss of a periodic text to almost zero."""
    model = network(dtype=np.float32)
    ids = np.tile(np.arange(VOCAB), 40)[: SEQ_LEN * 20 + 1]
    squares = {name: np.zeros_like(value) for name, value in model.weights.items()}
    losses = []
    for _ in range(15):
        state = model.initial_state(1)
        for at in range(0, SEQ_LEN * 20, SEQ_LEN):
            inputs, targets = ids[at : at + SEQ_LEN, None], ids[at + 1 : at + SEQ_LEN + 1, None]
            loss, gradients, state = model.loss_and_gradients(inputs, targets, state)
            for name, gradient in gradients.items():
                squares[name] += gradient**2
                model.weights[name] -= 0.1 * gradient / np.sqrt(squares[name] + 1e-8)
            losses.append(loss)
    assert losses[0] > 1.5
    assert losses[-1] < 0.1

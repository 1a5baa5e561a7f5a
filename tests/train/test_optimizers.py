"""The NumPy optimizers agree with torch.optim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.train.optimizers import NumpyOptimizer, clip_gradients
from charlab.train.params import TrainParams
from charlab.train.torch_learner import TorchLearner
from charlab.train.torch_optimizers import TorchOptimizer
from tiny_training import model_params, train_params

RATES = (0.1, 0.05, 0.2, 0.1, 0.01, 0.3)
OPTIMIZERS = ("sgd", "adagrad", "rmsprop", "adam")
CLASSES: dict[str, Any] = {
    "sgd": lambda weights: torch.optim.SGD(weights),
    "adagrad": lambda weights: torch.optim.Adagrad(weights, eps=1e-8),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, alpha=0.95, eps=1e-8),
    "adam": lambda weights: torch.optim.Adam(weights, betas=(0.8, 0.95), eps=1e-8, fused=True),
}
"""torch's own, with the betas 0.8 and 0.95."""


def train_options(**changes: Any) -> TrainParams:
    """Return training parameters with these changes."""
    return TrainParams.model_validate(changes)


def draw(seed: int) -> dict[str, np.ndarray]:
    """Return a matrix and a vector in float64."""
    rng = np.random.default_rng(seed)
    return {"matrix": rng.normal(size=(3, 4)), "vector": rng.normal(size=5)}


def parameters(seed: int) -> list[torch.Tensor]:
    """Return the arrays of :func:`draw` as torch parameters."""
    return [torch.nn.Parameter(torch.tensor(value)) for value in draw(seed).values()]


def gradients(steps: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield gradients of very different sizes, one per step, zeros among them."""
    for step in range(steps):
        found = draw(100 + step)
        found["matrix"] *= 10.0 ** (step - 3)
        found["vector"][0] = 0.0
        yield found


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_agrees_with_torch(optimizer: str, weight_decay: float) -> None:
    """After six steps torch's functions give the same bits, NumPy the same up to rounding."""
    params = train_options(
        optimizer=optimizer, betas=[0.8, 0.95], weight_decay=weight_decay, clip="none"
    )
    mine, (ours, theirs) = draw(1), (parameters(1), parameters(1))
    numpy_optimizer, torch_optimizer = NumpyOptimizer(mine, params), TorchOptimizer(ours, params)
    reference = CLASSES[optimizer](theirs)
    for rate, gradient in zip(RATES, gradients(len(RATES)), strict=True):
        numpy_optimizer.step(gradient, rate)
        for one, parameter, value in zip(ours, theirs, gradient.values(), strict=True):
            one.grad = parameter.grad = torch.tensor(value)
            # torch.optim has no decoupled decay for all four; AdamW's is this line.
            parameter.data *= 1 - rate * weight_decay
        reference.param_groups[0]["lr"] = rate
        reference.step()
        torch_optimizer.step(rate)
    for value, one, parameter in zip(mine.values(), ours, theirs, strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), parameter.detach().numpy())
        np.testing.assert_allclose(value, parameter.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_parameter_without_a_gradient_is_left(optimizer: str) -> None:
    """A learned initial state has one in the first chunk only, so steps count separately."""
    ours, theirs = parameters(1), parameters(1)
    params = train_options(optimizer=optimizer, betas=[0.8, 0.95], clip="none")
    torch_optimizer, reference = TorchOptimizer(ours, params), CLASSES[optimizer](theirs)
    reference.param_groups[0]["lr"] = 0.1
    for step, gradient in enumerate(gradients(4)):
        for one, parameter, value in zip(ours, theirs, gradient.values(), strict=True):
            one.grad = parameter.grad = torch.tensor(value)
        if step % 2:
            ours[0].grad = theirs[0].grad = None
        reference.step()
        torch_optimizer.step(0.1)
    for one, parameter in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), parameter.detach().numpy())


def test_adam_with_decay_is_adamw() -> None:
    """Decoupled weight decay is that of torch's AdamW (Loshchilov and Hutter)."""
    params = train_options(optimizer="adam", betas=[0.9, 0.99], weight_decay=0.3)
    mine, theirs = draw(2), [torch.nn.Parameter(torch.tensor(v)) for v in draw(2).values()]
    numpy_optimizer = NumpyOptimizer(mine, params)
    adamw = torch.optim.AdamW(theirs, lr=0.05, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.3)
    for gradient in gradients(5):
        numpy_optimizer.step(gradient, 0.05)
        for parameter, value in zip(theirs, gradient.values(), strict=True):
            parameter.grad = torch.tensor(value)
        adamw.step()
    for value, parameter in zip(mine.values(), theirs, strict=True):
        np.testing.assert_allclose(value, parameter.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "wanted"), [("sgd", 0.5), ("adagrad", 0.1), ("rmsprop", 1.0), ("adam", 0.1)]
)
def test_first_step_by_hand(optimizer: str, wanted: float) -> None:
    """At rate 0.1 and gradient 5 it follows from the formulas in the module's docstring."""
    weights = {"w": np.array([1.0])}
    params = train_options(optimizer=optimizer, betas=[0.9, 0.99])
    NumpyOptimizer(weights, params).step({"w": np.array([5.0])}, 0.1)
    assert weights["w"][0] == pytest.approx(1.0 - wanted, abs=1e-7)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weights_stay_float32_and_in_place(optimizer: str) -> None:
    """The network keeps its arrays, and they stay float32."""
    weights = {"w": np.ones(3, np.float32)}
    held = weights["w"]
    stepping = NumpyOptimizer(weights, train_options(optimizer=optimizer))
    stepping.step({"w": np.full(3, 2.0, np.float32)}, 0.1)
    assert weights["w"] is held
    assert held.dtype == np.float32
    assert all(value.dtype == np.float32 for value in stepping.state.values())
    assert (held < 1).all()


def clipped(clip: str, clip_at: float, **values: list[float]) -> tuple[dict[str, Any], float]:
    """Return gradients after clipping, as lists, and the norm before it."""
    arrays = {name: np.array(value) for name, value in values.items()}
    norm = clip_gradients(arrays, train_options(clip=clip, clip_at=clip_at))
    return {name: value.tolist() for name, value in arrays.items()}, norm


def test_clipping_by_norm_scales_all_together() -> None:
    """3, 4 and 12 have norm 13; clipped at 6.5 each is halved, so the direction stays."""
    assert clipped("norm", 6.5, a=[3.0, -4.0], b=[12.0]) == ({"a": [1.5, -2.0], "b": [6.0]}, 13.0)


def test_clipping_by_norm_leaves_short_gradients() -> None:
    """At or below the bound nothing changes."""
    assert clipped("norm", 5.0, a=[3.0, -4.0]) == ({"a": [3.0, -4.0]}, 5.0)


def test_clipping_by_value() -> None:
    """Elements beyond the bound are clipped; the returned norm is that before clipping."""
    assert clipped("value", 5.0, a=[3.0, -4.0], b=[12.0]) == ({"a": [3.0, -4.0], "b": [5.0]}, 13.0)


def test_no_clipping() -> None:
    """The norm is still measured, for history.csv."""
    assert clipped("none", 1.0, a=[30.0, -40.0]) == ({"a": [30.0, -40.0]}, 50.0)


@settings(max_examples=50)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    st.floats(1e-3, 1e3),
    st.sampled_from(["norm", "value"]),
)
def test_clipping_keeps_its_bound(values: list[float], bound: float, clip: str) -> None:
    """Neither the norm nor an element exceeds the bound, and no sign changes."""
    before = np.array(values)
    found = before.copy()
    clip_gradients({"a": found}, train_options(clip=clip, clip_at=bound))
    size = np.linalg.norm(found) if clip == "norm" else np.abs(found).max()
    assert size <= bound * (1 + 1e-9)
    assert (found * before >= 0).all()


@pytest.mark.parametrize("clip", ["norm", "value", "none"])
def test_both_backends_clip_alike(clip: str) -> None:
    """The torch learner's gradients after clipping equal NumPy's, and so does its norm."""
    train = train_params(clip=clip, clip_at=0.05, optimizer="sgd")
    learner = TorchLearner(4, model_params(cell="rnn", backend="torch"), train, seed=1)
    rng, found = np.random.default_rng(0), {}
    for name, parameter in learner.model.named_parameters():
        found[name] = rng.normal(size=tuple(parameter.shape)).astype(np.float32)
        parameter.grad = torch.from_numpy(found[name].copy())
    assert isinstance(learner.optimizer, TorchOptimizer)
    assert float(learner.optimizer.clip()) == pytest.approx(clip_gradients(found, train), rel=1e-6)
    for name, parameter in learner.model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_allclose(parameter.grad.numpy(), found[name], rtol=1e-6)

"""The cells against torch.nn; the kernels are compared with both in tests/exact."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from charlab.models.cells import ACTIVATIONS, CELLS, LayerState, RecurrentLayer, run_steps
from charlab.models.weights import GATES

SEQ_LEN, BATCH, INPUT, HIDDEN = 7, 3, 5, 4
EXACT: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Return random numbers in float64 that require a gradient."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def start_of(cell: str, batch: int = BATCH, seed: int = 90) -> LayerState:
    """Return a state that is not zero."""
    parts = 2 if cell == "lstm" else 1
    return tuple(draw(batch, HIDDEN, seed=seed + part) for part in range(parts))


def reference(cell: str, activation: str) -> Any:
    """Return torch.nn's layer in float64, with weights from a fixed seed."""
    size = {"input_size": INPUT, "hidden_size": HIDDEN, "dtype": torch.float64}
    torch.manual_seed(1)
    if cell == "rnn":
        return nn.RNN(nonlinearity=activation, **size)
    return {"gru": nn.GRU, "lstm": nn.LSTM}[cell](**size)


@pytest.mark.parametrize(
    ("cell", "activation"), [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
)
def test_it_agrees_with_torchs_layer(cell: str, activation: str) -> None:
    """With the same weights, outputs, states and all gradients are those of torch.nn."""
    layer, x, start = reference(cell, activation), draw(SEQ_LEN, BATCH, INPUT), start_of(cell)
    packed = tuple(part[None] for part in start)  # torch.nn's states have a layer axis
    theirs, ends = layer(x, packed if cell == "lstm" else packed[0])
    theirs_end = tuple(e[0] for e in (ends if cell == "lstm" else (ends,)))
    recurrent = RecurrentLayer(cell, activation, layer.weight_hh_l0, layer.bias_hh_l0)
    inputs = nn.functional.linear(x, layer.weight_ih_l0, layer.bias_ih_l0)
    ours, ours_end = run_steps(recurrent, inputs, start)
    torch.testing.assert_close(ours, theirs, **EXACT)
    torch.testing.assert_close(ours_end, theirs_end, **EXACT)
    wanted = [x, *start, *layer.parameters()]
    compare_gradients((theirs, *theirs_end), (ours, *ours_end), wanted)


def compare_gradients(
    theirs: tuple[Tensor, ...], ours: tuple[Tensor, ...], wanted: list[Tensor]
) -> None:
    """Differentiate the same random combination of all results both ways."""
    weights = [draw(*part.shape, seed=50 + k).detach() for k, part in enumerate(theirs)]
    one, other = (
        torch.autograd.grad(
            [(w * part).sum() for w, part in zip(weights, results, strict=True)], wanted
        )
        for results in (theirs, ours)
    )
    for ours_grad, theirs_grad in zip(other, one, strict=True):
        torch.testing.assert_close(ours_grad, theirs_grad, **EXACT)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_slopes_of_the_loss(cell: str, activation: str) -> None:
    """Central differences agree with autograd for every cell and activation."""
    rows = GATES[cell] * HIDDEN
    x, weight, bias = draw(3, 2, rows), draw(rows, HIDDEN, seed=3), draw(rows, seed=4)

    def outputs(*tensors: Tensor) -> tuple[Tensor, ...]:
        x, weight, bias, *start = tensors
        layer = RecurrentLayer(cell, activation, weight, bias)
        hidden, end = run_steps(layer, x, tuple(start))
        return hidden, *end

    assert torch.autograd.gradcheck(outputs, (x, weight, bias, *start_of(cell, 2)))


@pytest.mark.parametrize("cell", CELLS)
def test_arguments_are_not_changed(cell: str) -> None:
    """Neither pass writes into its arguments or into returned outputs."""
    rows = GATES[cell] * HIDDEN
    x, weight, bias = draw(4, 2, rows), draw(rows, HIDDEN, seed=3), draw(rows, seed=4)
    given = [x, weight, bias, *start_of(cell, 2)]
    copies = [value.detach().clone() for value in given]
    outputs, end = run_steps(RecurrentLayer(cell, "tanh", weight, bias), x, tuple(given[3:]))
    kept = outputs.detach().clone()
    (outputs.sum() + sum(part.sum() for part in end)).backward()
    assert all(torch.equal(a, b) for a, b in zip(given, copies, strict=True))
    assert torch.equal(outputs, kept)

"""The weights of a network before training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes

VOCAB, HIDDEN = 30, 40


def draw(seed: int = 0, **options: Any) -> dict[str, NDArray[np.float32]]:
    """Return the initial weights of a network."""
    params = ModelParams(**({"hidden": HIDDEN} | options))
    return initial_weights(params, VOCAB, np.random.default_rng(seed))


@pytest.mark.parametrize("init", ["uniform", "xavier", "orthogonal"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_all_weights_are_there_in_float32(cell: str, init: str) -> None:
    """Names, order, shapes and type are those of the weights file; a seed determines all."""
    options: dict[str, Any] = {"cell": cell, "init": init, "layers": 2, "initial_state": "learned"}
    weights, again, other = draw(**options), draw(**options), draw(seed=1, **options)
    shapes = expected_shapes(ModelParams(hidden=HIDDEN, **options), VOCAB)
    assert [(name, value.shape) for name, value in weights.items()] == list(shapes.items())
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}
    assert all(np.array_equal(weights[name], again[name]) for name in weights)
    assert not np.array_equal(weights["head.weight"], other["head.weight"])


@pytest.mark.parametrize(("scale", "bound"), [(None, HIDDEN**-0.5), (0.08, 0.08)])
def test_uniform_fills_its_range(scale: float | None, bound: float) -> None:
    """Every weight and bias is in (-s, s), s from the parameters or 1 / sqrt(H)."""
    values = np.concatenate([w.ravel() for w in draw(cell="gru", init_scale=scale).values()])
    assert 0.98 * bound < np.abs(values).max() <= np.float32(bound)
    assert values.std() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_xavier_has_glorots_bound() -> None:
    """Matrices are in +-sqrt(6 / (fan_in + fan_out)), biases zero."""
    weights = draw(cell="gru", init="xavier")
    for name, fans in (
        ("rnn.weight_ih_l0", VOCAB + HIDDEN),
        ("rnn.weight_hh_l0", 2 * HIDDEN),
        ("head.weight", VOCAB + HIDDEN),
    ):
        assert np.abs(weights[name]).max() == pytest.approx((6 / fans) ** 0.5, rel=0.02), name
    assert not any(value.any() for name, value in weights.items() if "bias" in name)


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_orthogonal_keeps_lengths(cell: str, gates: int) -> None:
    """Each gate's recurrent matrix times its transpose is the identity."""
    blocks = draw(cell=cell, init="orthogonal")["rnn.weight_hh_l0"].reshape(gates, HIDDEN, HIDDEN)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, np.eye(HIDDEN), atol=1e-5)
    assert gates == 1 or not np.allclose(blocks[0], blocks[1])


def test_identity() -> None:
    """The recurrent matrix is the identity and the biases are zero (Le et al. 2015)."""
    weights = draw(cell="rnn", activation="relu", init="identity")
    assert np.array_equal(weights["rnn.weight_hh_l0"], np.eye(HIDDEN, dtype=np.float32))
    assert not weights["rnn.bias_hh_l0"].any()


@pytest.mark.parametrize("init", ["uniform", "xavier", "orthogonal"])
@pytest.mark.parametrize("bias", [0.0, 1.0, 2.5])
def test_the_forget_gate_has_its_bias(init: str, bias: float) -> None:
    """The two biases of an LSTM's forget gate sum to the parameter, in every layer."""
    weights = draw(cell="lstm", init=init, layers=2, forget_bias=bias)
    for layer in range(2):
        total = weights[f"rnn.bias_ih_l{layer}"] + weights[f"rnn.bias_hh_l{layer}"]
        assert set(total[HIDDEN : 2 * HIDDEN].tolist()) == {bias}


def test_a_learned_state_starts_at_zero() -> None:
    """Learning the initial state does not change any other weight."""
    with_state, without = draw(initial_state="learned"), draw()
    assert not with_state["initial.h"].any()
    assert not with_state["initial.c"].any()
    assert all(np.array_equal(with_state[name], without[name]) for name in without)

"""The networks of sampling and evaluation, compared with the torch networks."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from charlab.core.errors import CharlabError
from charlab.core.files import write_json
from charlab.exact.arrays import cross_entropy
from charlab.exact.settings import looks_up
from charlab.models.architecture import OF_TRAINING, Architecture
from charlab.models.cells import ACTIVATIONS, CELLS
from charlab.models.inference import InferenceModel, load_model
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from charlab.models.weights import save_weights

VOCAB, HIDDEN, SEQ_LEN = 7, 12, 20
CASES = [
    {"cell": cell, "activation": activation, "layers": layers, "initial_state": initial}
    for cell, activation, layers, initial in itertools.product(
        CELLS, ACTIVATIONS, (1, 3), ("zero", "learned")
    )
]
LOOK_UPS: list[dict[str, Any]] = [
    {"cell": "gru", "input": "bigram"},
    {"cell": "rnn", "direct_order": 1},
    {"cell": "gru", "input": "trigram", "direct_order": 2, "layers": 2},
    {"cell": "lstm", "direct_order": 3, "initial_state": "learned"},
]
"""Networks that look up n-grams."""

NEAR: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}


def twins(**options: Any) -> tuple[CharRNN, InferenceModel]:
    """Return the same network in torch and in NumPy, without zero weights."""
    params = ModelParams(**({"hidden": HIDDEN} | options))
    ngrams = frequent_ngrams(text(1, 60)[:, 0], VOCAB, params)  # about half of what a text has
    model = CharRNN(VOCAB, params, np.random.default_rng(0), ngrams=ngrams).eval()
    with torch.no_grad():
        for name, weight in model.named_weights().items():
            if name.startswith("initial.") or name.endswith(".rows"):
                weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
    return model, InferenceModel(params, weights_of(model))


def weights_of(model: CharRNN) -> dict[str, NDArray[Any]]:
    """Return a network's weights as in model.safetensors."""
    weights = {name: value.detach().numpy() for name, value in model.named_weights().items()}
    return weights | ({"ngrams": model.ngrams.table} if looks_up(model.params) else {})


def text(batch: int, seq_len: int = SEQ_LEN) -> NDArray[np.int64]:
    """Return random characters."""
    return np.random.default_rng(1).integers(0, VOCAB, (seq_len, batch))


def joined(state: list[tuple[Any, ...]]) -> NDArray[np.float32]:
    """Return all parts of a state as one array; the last characters are no part of it."""
    parts = [np.asarray(part) for layer in state for part in layer]
    return np.stack([part for part in parts if part.dtype != np.int64])


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("options", CASES + LOOK_UPS)
def test_it_is_the_torch_network(options: dict[str, Any], batch: int) -> None:
    """For every cell, activation, depth, initial state and n-gram, logits and states agree."""
    model, light = twins(**options)
    ids = text(batch)
    with torch.no_grad():
        expected, end = model.sequence(torch.from_numpy(ids), model.initial_state(batch))
    logits, light_end = light.sequence(ids, light.initial_state(batch))
    np.testing.assert_allclose(logits, expected, **NEAR)
    np.testing.assert_allclose(joined(light_end), joined(end), **NEAR)
    assert {logits.dtype, joined(light_end).dtype} == {np.dtype(np.float32)}
    state = light.initial_state(batch)
    for t, one in enumerate(ids):
        step, state = light.step(one, state)
        np.testing.assert_allclose(step, expected[t], **NEAR)
    np.testing.assert_allclose(joined(state), joined(end), **NEAR)


@pytest.mark.parametrize("hidden", [1, 16, 37])
@pytest.mark.parametrize("options", [*({"cell": cell} for cell in CELLS), *LOOK_UPS])
def test_pieces_and_neighbors_change_no_bit(options: dict[str, Any], hidden: int) -> None:
    """A text read in pieces, alone, beside others or traced has the same logits and states."""
    _, light = twins(**({"layers": 2, "hidden": hidden} | options))
    ids = text(9)
    whole, end = light.sequence(ids, light.initial_state(9))
    traced, logits = light.trace(ids, light.initial_state(9))
    assert np.array_equal(logits, whole)
    assert np.array_equal(traced[-1].hidden[-1], end[light.params.layers - 1][0])
    assert np.array_equal(joined(light.after(ids, light.initial_state(9))), joined(end))
    states, none = light.trace(ids, light.initial_state(9), states_only=True)
    assert none.size == 0
    for one, full in zip(states, traced, strict=True):
        assert one.gates == ()
        for name in ("hidden", "cell", "squashed"):
            assert np.array_equal(getattr(one, name), getattr(full, name))
    for batch in (1, 2, 5):
        state = light.initial_state(batch)
        for start, stop in itertools.pairwise((0, 1, 8, SEQ_LEN)):
            piece, state = light.sequence(ids[start:stop, :batch], state)
            assert np.array_equal(piece, whole[start:stop, :batch])
        assert np.array_equal(joined(state), joined(end)[:, :batch])


@pytest.mark.parametrize("model", [*({"cell": cell} for cell in CELLS), *LOOK_UPS])
@pytest.mark.parametrize("options", [(1.0, 0, 2.0), (0.7, 3, 2.0), (1.3, 0, 0.8)])
def test_sampled_texts_are_those_of_single_steps(
    model: dict[str, Any], options: tuple[float, int, float]
) -> None:
    """However many texts are sampled together, each has the losses of reading it."""
    _, light = twins(**({"layers": 2} | model))
    logits, state = light.sequence(text(1, 4), light.initial_state(1))
    u = np.random.default_rng(2).random((30, 200))
    many = light.sample(logits[-1], state, u, options, record=True)
    assert many is not None
    for one in (0, 120, 199):
        alone = light.sample(logits[-1], state, u[:, one : one + 1], options)
        assert alone is not None
        assert np.array_equal(alone.ids[:, 0], many.ids[:, one])
    first = cross_entropy(np.repeat(logits[-1], 200, axis=0), many.ids[0])
    starts = [tuple(np.repeat(part, 200, axis=0) for part in layer) for layer in state]
    rest, _ = light.nats(many.ids[:-1], many.ids[1:], starts)
    np.testing.assert_allclose(many.nats, np.vstack([first, rest]), rtol=1e-5, atol=1e-6)


def test_losses_are_those_of_the_logits() -> None:
    """In float64 they equal the cross-entropy of the logits."""
    params = ModelParams(cell="gru", hidden=HIDDEN)
    model, _ = twins(cell="gru")
    weights = {name: value.detach().numpy() for name, value in model.named_weights().items()}
    network = InferenceModel(params, weights, np.float64)
    ids = text(3)
    logits, _ = network.sequence(ids, network.initial_state(3))
    nats, _ = network.nats(ids, ids, network.initial_state(3))
    np.testing.assert_allclose(nats, cross_entropy(logits, ids), rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_results_of_a_step_are_the_callers_own(cell: str) -> None:
    """Later steps change neither the logits nor the states of earlier ones."""
    _, light = twins(cell=cell, layers=2)
    state, returned = light.initial_state(2), []
    for ids in text(2, 3):
        logits, state = light.step(ids, state)
        returned.append((logits, logits.copy(), state, joined(state)))
    light.step(text(2)[0], returned[0][2])
    for logits, kept, end, kept_end in returned:
        assert np.array_equal(logits, kept)
        assert np.array_equal(joined(end), kept_end)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_characters_may_be_of_any_integer_type(dtype: type) -> None:
    """Ids are accepted in the type in which they are stored."""
    _, light = twins()
    expected, _ = light.sequence(text(2), light.initial_state(2))
    got, _ = light.sequence(text(2).astype(dtype), light.initial_state(2))
    assert np.array_equal(got, expected)


def test_saturated_gates_are_finite() -> None:
    """Weights in the thousands give gates of 0 and 1, and no warning of overflow."""
    model, _ = twins(cell="lstm")
    weights = {k: np.float32(1e4) * v.detach().numpy() for k, v in model.named_weights().items()}
    light = InferenceModel(model.params, weights)
    logits, _ = light.sequence(text(2), light.initial_state(2))
    assert np.isfinite(logits).all()


def folder(path: Path, options: dict[str, Any] | None = None, **config: Any) -> Path:
    """Write the folder of a trained model."""
    model, _ = twins(**(options or {"cell": "gru", "layers": 2}))
    save_weights(path / "model.safetensors", weights_of(model))
    document = {"format": 1, "vocab_size": VOCAB, "model": model.params.model_dump()}
    write_json(path / "config.json", document | config)
    return path


def test_a_folder_from_before_ngrams_is_loaded(tmp_path: Path) -> None:
    """Its configuration has no key for them, and means a network without."""
    config = twins(cell="gru", layers=2)[0].params.model_dump()
    old = {
        key: value for key, value in config.items() if "input" not in key and "direct" not in key
    }
    assert len(config) == len(old) + 3
    assert load_model(folder(tmp_path, model=old)).params == Architecture.parse(config)


def test_an_architecture_is_that_of_the_parameters() -> None:
    """Keys, defaults and allowed values are those of the schema, which takes longer to load."""
    fields = {one.name: one for one in dataclasses.fields(Architecture)}
    schema = ModelParams.model_json_schema()["properties"]
    assert fields.keys() | OF_TRAINING == schema.keys()
    assert not fields.keys() & OF_TRAINING
    for name, one in fields.items():
        assert one.default == schema[name]["default"]
        allowed = list(one.metadata["allowed"])
        bounds = [schema[name].get("ge"), schema[name].get("le")]
        assert (allowed == schema[name].get("enum")) or ([allowed[0], allowed[-1]] == bounds)


@pytest.mark.parametrize("options", LOOK_UPS)
def test_a_folder_with_ngrams_is_loaded(tmp_path: Path, options: dict[str, Any]) -> None:
    """Weights and n-grams come back as they were saved."""
    _, light = twins(**options)
    loaded = load_model(folder(tmp_path, options))
    expected, _ = light.sequence(text(2), light.initial_state(2))
    assert np.array_equal(loaded.sequence(text(2), loaded.initial_state(2))[0], expected)


@pytest.mark.parametrize("damage", ["missing", "float", "order", "character", "fewer"])
def test_damaged_ngrams_are_refused(tmp_path: Path, damage: str) -> None:
    """The kernels rely on their type, order and range, and on one row for each."""
    path = folder(tmp_path, {"input": "bigram"}) / "model.safetensors"
    weights = load_file(path)
    ngrams = weights.pop("ngrams")
    changed = {
        "float": ngrams.astype(np.float32),
        "order": ngrams[::-1],
        "character": ngrams + VOCAB,
        "fewer": ngrams[1:],
    }
    if damage != "missing":
        weights["ngrams"] = np.ascontiguousarray(changed[damage])
    save_file(weights, path)
    with pytest.raises(CharlabError, match=r"model\.safetensors: expected (ngrams as int32|input)"):
        load_model(tmp_path)


def test_a_folder_is_loaded(tmp_path: Path) -> None:
    """A saved network can be loaded for sampling."""
    model, light = twins(cell="gru", layers=2)
    loaded = load_model(folder(tmp_path))
    expected_params = Architecture.parse(model.params.model_dump())
    assert (loaded.vocab_size, loaded.params) == (VOCAB, expected_params)
    expected, _ = light.sequence(text(2), light.initial_state(2))
    assert np.array_equal(loaded.sequence(text(2), loaded.initial_state(2))[0], expected)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"vocab_size": 9}, r"expected rnn\.weight_ih_l0 as float32 of shape \(36, 9\)"),
        (
            {"model": {"hidden": HIDDEN, "cell": "gru"}},
            r"missing or additional ones: rnn\.bias_hh_l1",
        ),
        ({"model": {"hidden": -1}}, "not the configuration of a trained model"),
        ({"vocab_size": None}, "not the configuration of a trained model"),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    """The message names the file, the weight, and what was expected."""
    with pytest.raises(CharlabError, match=message):
        load_model(folder(tmp_path, **config))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without a model gives an error message."""
    with pytest.raises(CharlabError, match=r"config\.json: not the configuration"):
        load_model(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "missing", "noise"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    """A weights file that is cut off, missing or of another kind gives an error message."""
    path = folder(tmp_path) / "model.safetensors"
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[:-5] if damage == "cut" else b"not weights")
    with pytest.raises(CharlabError, match=r"model\.safetensors: not a readable weights file"):
        load_model(tmp_path)


def test_half_precision_weights_are_refused(tmp_path: Path) -> None:
    """Types are checked like shapes."""
    path = folder(tmp_path) / "model.safetensors"
    weights = load_file(path)
    weights["head.bias"] = weights["head.bias"].astype(np.float16)
    save_file(weights, path)
    with pytest.raises(CharlabError, match=r"expected head\.bias as float32 .* found float16"):
        load_model(tmp_path)


def test_weights_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    """The order of the given weights does not change the file."""
    model, _ = twins(cell="lstm", layers=2)
    weights = {name: value.detach().numpy() for name, value in model.named_weights().items()}
    save_weights(tmp_path / "one", weights)
    save_weights(tmp_path / "other", dict(reversed(weights.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_it_needs_no_torch() -> None:
    """Sampling starts fast because it imports neither torch nor pandas."""
    code = "import sys, charlab.models.inference; print({'torch', 'pandas'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

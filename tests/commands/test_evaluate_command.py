"""Evaluation of one model on any text agrees with the functions that it calls."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charlab.commands.evaluate import evaluate_alone
from charlab.core.errors import CharlabError
from charlab.core.files import write_json
from charlab.evaluate.dynamic import Rates, dynamic_nats_per_char, load_torch_model
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.weights import expected_shapes, save_weights
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary

VOCAB = Vocabulary.from_text("abcde \n")
TEXT = "bad cab\nace bee\n" * 5


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return the folder of an untrained LSTM."""
    params = ModelParams(hidden=6, layers=2, initial_state="learned")
    rng = np.random.default_rng(0)
    shapes = expected_shapes(params, VOCAB.size)
    save_weights(tmp_path / "model.safetensors", {n: rng.normal(size=s) for n, s in shapes.items()})
    config = {"format": 1, "vocab_size": VOCAB.size, "model": params.model_dump()}
    write_json(tmp_path / "config.json", config)
    VOCAB.save(tmp_path / "vocab.json")
    return tmp_path


def test_figures(model: Path) -> None:
    """Every character but the first is predicted; bits are nats divided by ln 2."""
    measured = evaluate_alone(model, TEXT)
    assert measured["chars"] == len(TEXT) - 1
    assert measured["nats"] == nats_per_char(model, VOCAB.encode(TEXT)).mean()
    assert measured["bpc"] == pytest.approx(measured["nats"] / math.log(2))


def test_dynamic(model: Path) -> None:
    """A repeating text is learned; at learning rate 0 the torch model is the NumPy one."""
    measured = evaluate_alone(model, TEXT, dynamic=True, learning_rate=0.01)
    assert measured["dynamic_nats"] < measured["nats"] - 0.1
    assert measured["dynamic_bpc"] == pytest.approx(measured["dynamic_nats"] / math.log(2))
    still = dynamic_nats_per_char(load_torch_model(model), VOCAB.encode(TEXT), Rates(0.0))
    np.testing.assert_allclose(still, nats_per_char(model, VOCAB.encode(TEXT)), atol=1e-5)


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("a", {}, CharlabError, "the text has 1 characters; at least 2"),
        ("abé", {}, UnknownCharacterError, "U\\+00E9"),
        ("abc", {"learning_rate": 0.1}, CharlabError, "add --dynamic"),
    ],
)
def test_bad_input_is_explained(
    model: Path, text: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Input that cannot be measured is explained."""
    with pytest.raises(error, match=message):
        evaluate_alone(model, text, **options)

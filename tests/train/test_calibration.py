"""The temperature that a trained network's logits are divided by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from charlab.core.seeding import numpy_generator
from charlab.models.inference import InferenceModel
from charlab.models.initialization import initial_weights
from charlab.models.ngrams import frequent_ngrams
from charlab.train.calibration import OUTPUT, STEPS, calibrated, divided
from charlab.train.metrics import mean_nats
from charlab.train.model_folder import Arrays
from charlab.vocab.encoded_text import EncodedText
from tiny_training import encoded, fit, model_params, periodic

MODELS: dict[str, dict[str, Any]] = {
    "rnn": {},
    "lstm with n-grams": {"cell": "lstm", "input": "bigram", "direct_order": 3},
}


def noisy() -> EncodedText:
    """Return a text that is partly predictable: pairs of letters, in any order."""
    pairs = np.random.default_rng(3).choice(["ab", "cd", "ae"], 900)
    return encoded("".join(pairs), val=600, test=600)


@pytest.mark.parametrize("settings", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("temperature", [0.8, 1.0, 1.325])
def test_logits_are_divided(settings: dict[str, Any], temperature: float) -> None:
    """Those of the network with the new weights, and nothing else."""
    text, model = noisy(), model_params(**settings)
    ngrams = frequent_ngrams(text.train, text.vocab.size, model)
    weights: Arrays = initial_weights(model, text.vocab.size, numpy_generator(1, "weights"), ngrams)
    random = np.random.default_rng(5)
    for name in weights.keys() & set(OUTPUT):  # the bias and the direct rows begin at zero
        weights[name] = random.normal(size=weights[name].shape).astype(np.float32)
    if "direct_order" in settings:
        weights["ngrams"] = ngrams
    logits = []
    for own in (weights, divided(weights, temperature)):
        network = InferenceModel(model, own)
        logits.append(network.sequence(text.test[:40, None], network.initial_state(1))[0])
    np.testing.assert_allclose(logits[1] * temperature, logits[0], atol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_lowest_loss_on_val_is_found(tmp_path: Path, factor: float) -> None:
    """Whether the network is too sure, or not sure enough; neighbors are no better."""
    text, model = noisy(), model_params()
    fit(tmp_path / "out", text, epochs=10)
    weights = divided(load_file(tmp_path / "out" / "model.safetensors"), 1 / factor)
    temperature, found = calibrated(text, model, weights)
    lowest = mean_nats(model, found, text.val, text.segments)
    for other in (temperature - STEPS[-1], temperature + STEPS[-1]):
        assert lowest < mean_nats(model, divided(weights, other), text.val, text.segments)
    assert 0.8 * factor < temperature < 1.3 * factor
    assert round(temperature / STEPS[-1], 6) == round(temperature / STEPS[-1])


def test_a_training_calibrates_at_its_end(tmp_path: Path) -> None:
    """metrics.json names the temperature; nothing but the output's weights changes."""
    text = noisy()
    before: dict[str, Any] = fit(tmp_path / "before", text, epochs=30, model={"hidden": 32})
    after: dict[str, Any] = fit(
        tmp_path / "after", text, epochs=30, model={"hidden": 32}, calibrate=True
    )
    assert "temperature" not in before
    temperature = after["temperature"]
    assert temperature > 1
    assert after["val_nats"] < before["val_nats"]
    old, new = (load_file(tmp_path / name / "model.safetensors") for name in ("before", "after"))
    assert old.keys() == new.keys()
    for name, value in old.items():
        scaled = value / np.float32(temperature) if name in OUTPUT else value
        np.testing.assert_array_equal(new[name], scaled)


def test_a_training_that_diverged_is_not_calibrated(tmp_path: Path) -> None:
    """Its weights are of no use."""
    diverges: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 300.0, "clip": "none"}
    metrics = fit(tmp_path / "out", periodic(), on_divergence="record", calibrate=True, **diverges)
    assert "diverged_at_step" in metrics
    assert "temperature" not in metrics

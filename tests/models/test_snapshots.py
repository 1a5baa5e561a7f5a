"""Snapshots of a network, with their samples and losses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charlab.core.errors import CharlabError
from charlab.core.files import write_json
from charlab.evaluate.novelty import TrainingText
from charlab.evaluate.overtaking import snapshot_losses
from charlab.evaluate.samples import as_it_learned
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.snapshots import load_snapshots
from charlab.models.weights import expected_shapes, save_weights
from charlab.sample.generate import sample_ladder
from charlab.sample.params import SampleParams
from tiny_training import periodic

PARAMS = SampleParams(prompt="ab", temperatures=[0.5, 1.0, 2.0], length=40)


def write_model(folder: Path, steps: list[int], best: int) -> Path:
    """Write a model folder with weights that grow with the steps."""
    data, params = periodic(), ModelParams(cell="rnn", hidden=4)
    shapes = expected_shapes(params, data.vocab.size)
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}

    def save(path: Path, step: int) -> None:
        save_weights(path, {name: value * step / 100 for name, value in weights.items()})

    save(folder / "model.safetensors", best)
    for step in steps:
        save(folder / "snapshots" / f"{step}.safetensors", step)
    config: dict[str, Any] = {"format": 1, "vocab_size": data.vocab.size}
    config |= {"model": params.model_dump(), "train": {"batch_size": 4, "seq_len": 12}}
    write_json(folder / "config.json", config)
    write_json(folder / "metrics.json", {"best_step": best})
    data.vocab.save(folder / "vocab.json")
    return folder


def test_snapshots_come_in_the_order_of_their_steps(tmp_path: Path) -> None:
    """The order is numeric, with the model last; later steps than its own are left out."""
    kept = load_snapshots(write_model(tmp_path, [10, 0, 9, 200], best=100))
    assert [snapshot.step for snapshot in kept] == [0, 9, 10, 100]
    assert [snapshot.chars for snapshot in kept] == [0, 9 * 48, 10 * 48, 100 * 48]


def test_a_model_without_snapshots_has_none(tmp_path: Path) -> None:
    """Without snapshots there are no samples and no losses of them."""
    folder = write_model(tmp_path, [], best=100)
    assert load_snapshots(folder) == []
    assert "as_it_learned" not in sample_ladder(folder, folder, PARAMS, 1)
    assert as_it_learned(snapshot_losses(folder, periodic()), None, None) is None


def test_samples_as_it_learned_share_their_random_numbers(tmp_path: Path) -> None:
    """The last is the model's own sample; the first has the entropy of guessing."""
    ladder = sample_ladder(write_model(tmp_path, [0, 20], best=100), tmp_path, PARAMS, 1)
    first, second, last = ladder["as_it_learned"]
    assert [row["step"] for row in (first, second, last)] == [0, 20, 100]
    assert last["text"] == ladder["samples"][1]["text"]
    assert first["entropy_nats"] == pytest.approx(np.log(periodic().vocab.size))
    assert second["text"] != last["text"]


def test_each_snapshot_has_its_own_loss_and_words(tmp_path: Path) -> None:
    """Losses are those on val, and words those of the snapshot's sample."""
    data = periodic()
    folder = write_model(tmp_path, [0, 20], best=100)
    texts = {0: "ab cab zz.", 20: "c abc abc c"}
    samples = {"as_it_learned": [{"step": step, "text": text} for step, text in texts.items()]}
    training = TrainingText("cab abc zoo.")
    losses = snapshot_losses(folder, data)
    first, second, last = as_it_learned(losses, training, samples) or []
    assert first["val_nats"] == pytest.approx(np.log(data.vocab.size))
    (_, middle, _) = load_snapshots(folder)
    assert second["val_nats"] == pytest.approx(
        float(nats_per_char(middle.network, data.val).mean())
    )
    assert [row["real_words"] for row in (first, second, last)] == [0.5, 1.0, None]


def test_another_file_among_the_snapshots(tmp_path: Path) -> None:
    """The message has the file and its expected name."""
    folder = write_model(tmp_path, [0], best=100)
    (folder / "snapshots" / "best.safetensors").write_bytes(b"")
    with pytest.raises(CharlabError, match=r"best\.safetensors: expected a number of steps"):
        load_snapshots(folder)

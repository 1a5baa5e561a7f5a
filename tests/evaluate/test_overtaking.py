"""Losses of the snapshots of a training, on windows of val and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlab.core.files import read_json, write_json
from charlab.evaluate.evaluate import evaluate
from charlab.evaluate.overtaking import MEASURED, WARM_UP, WINDOWS, snapshot_losses, windows
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.snapshots import load_snapshots
from charlab.models.weights import expected_shapes, save_weights
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary

STEPS = (0, 20, 100)


def irregular(chars: int) -> EncodedText:
    """Encode a text whose splits have stretches of different difficulty."""
    rng = np.random.default_rng(5)
    ids = np.where(np.arange(chars) // 700 % 3 > 0, rng.integers(0, 4, chars), 1)
    vocab, third = Vocabulary.from_text("abcd"), chars // 3
    return EncodedText(ids[:third], ids[third : 2 * third], ids[2 * third :], 1, vocab)


def write_training(folder: Path, data: EncodedText, seed: int) -> Path:
    """Write a model folder with snapshots, and the losses of the model on the whole splits."""
    params, rng = ModelParams(cell="rnn", hidden=4), np.random.default_rng(seed)
    shapes = expected_shapes(params, data.vocab.size)
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for step in STEPS:
        name = "model" if step == STEPS[-1] else f"snapshots/{step}"
        scaled = {key: value * step / 100 for key, value in weights.items()}
        save_weights(folder / f"{name}.safetensors", scaled)
    config = {"format": 1, "vocab_size": data.vocab.size, "model": params.model_dump()}
    train = {"batch_size": 4, "seq_len": 12}
    write_json(folder / "config.json", config | {"seed": seed, "train": train})
    whole = {f"{s}_nats": float(nats_per_char(folder, getattr(data, s)).mean())
             for s in ("val", "test")}  # fmt: skip
    write_json(folder / "metrics.json", {"best_step": STEPS[-1]} | whole)
    data.vocab.save(folder / "vocab.json")
    return folder


@pytest.mark.parametrize("chars", [9_000, 300_000])
def test_losses_on_windows_are_near_those_on_the_whole_split(tmp_path: Path, chars: int) -> None:
    """The last row is the loss that the training reports, and earlier ones differ by little."""
    data = irregular(chars)
    folder = write_training(tmp_path, data, seed=3)
    rows = snapshot_losses(folder, data) or []
    assert [(row["seed"], row["step"], row["chars"]) for row in rows] == [
        (3, step, step * 48) for step in STEPS
    ]
    for split in ("val", "test"):
        assert rows[-1][f"{split}_nats"] == read_json(folder / "metrics.json")[f"{split}_nats"]
        for row, snapshot in zip(rows, load_snapshots(folder), strict=True):
            whole = float(nats_per_char(snapshot.network, getattr(data, split)).mean())
            assert row[f"{split}_nats"] == pytest.approx(whole, abs=0.02)


def test_a_text_without_a_test_split_has_losses_on_val_alone(tmp_path: Path) -> None:
    """The loss on test is unknown, not zero."""
    data = irregular(9_000)
    folder = write_training(tmp_path, data, seed=1)
    short = EncodedText(data.train, data.val, data.test[:0], 1, data.vocab)
    rows = snapshot_losses(folder, short) or []
    assert [row["test_nats"] for row in rows] == [None] * 3
    assert all(row["val_nats"] > 0 for row in rows)


def test_snapshots_of_all_seeds_are_scored(tmp_path: Path) -> None:
    """The first model in full, of the others all but the snapshots that have learned nothing."""
    data = irregular(9_000)
    first, second = (write_training(tmp_path / str(k), data, seed=k) for k in (1, 2))
    rows = evaluate(first, data, others=[second])["overtaking"]
    assert [(row["seed"], row["step"]) for row in rows] == [
        *((1, step) for step in STEPS),
        *((2, step) for step in STEPS[1:]),
    ]


@pytest.mark.parametrize("segments", [1, 3, 100])
def test_windows_stay_in_their_segment(segments: int) -> None:
    """They are spread evenly, and no window crosses a border."""
    size = 120_000 // segments
    ids, count, skipped = windows(np.arange(segments * size), segments)
    rows = ids.reshape(count, -1)
    if skipped == 0:
        assert (count, rows.size) == (segments, segments * size)  # too short: the whole split
        return
    assert count <= WINDOWS
    assert rows.shape[1] == WARM_UP + MEASURED + 1
    assert (rows // size == rows[:, :1] // size).all()
    assert len(set(rows[:, 0] // size)) == min(segments, WINDOWS)

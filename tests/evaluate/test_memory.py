"""Tests of the losses by distance, and of the share of what memory is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from charlab.evaluate.memory import (
    Dependencies,
    loss_by_distance,
    loss_by_kind,
    losses_by_dependency,
    memory,
)
from charlab.evaluate.overtaking import Scored, snapshot_losses
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary
from random_network import random_weights, write_records

MODEL = ModelParams(cell="gru", hidden=4)


def write_model(folder: Path, seed: int, snapshots: tuple[int, ...] = ()) -> Path:
    """Write a model folder after 100 steps of 8 * 16 characters, and earlier snapshots."""
    (folder / "snapshots").mkdir(parents=True)
    train = {"batch_size": 8, "seq_len": 16}
    write_records(folder, MODEL, 5, train=train, seed=seed, best_step=100)
    save_file(random_weights(MODEL, 5, seed), folder / "model.safetensors")
    for step in snapshots:
        weights = random_weights(MODEL, 5, 10 * seed + step)
        save_file(weights, folder / "snapshots" / f"{step}.safetensors")
    return folder


def text_with_floor() -> tuple[EncodedText, np.ndarray]:
    """Return a text, and a floor of its test split with four closing marks in two octaves."""
    ids = np.random.default_rng(4).integers(0, 5, 400).astype(np.uint8)
    data = EncodedText(ids[:200], ids[:200], ids, 1, Vocabulary.from_text("abcde"))
    floor = floor_of([0] * 400)
    floor["distance"][[50, 60, 70, 80, 90]] = 4, 7, 8, 15, 20
    floor["kind"][[50, 60, 70, 80, 90]] = ["closing"] * 4 + ["rhyme"]
    return data, floor


def test_memory_of_each_seed_and_snapshot(tmp_path: Path) -> None:
    """Every seed's model is measured, and the snapshots of the first."""
    data, floor = text_with_floor()
    models = [write_model(tmp_path / str(seed), seed, (0, 30)) for seed in (1, 2)]
    rows = losses_by_dependency(Dependencies.of(data, floor), models)["memory"]
    assert rows is not None
    assert [(row["seed"], row["chars"], row["low"], row["high"]) for row in rows] == [
        (seed, chars, low, 2 * low - 1)
        for seed, chars in ((1, 0), (1, 30 * 128), (1, 12_800), (2, 12_800))
        for low in (4, 8)
    ]
    assert {row["chars_in_bin"] for row in rows} == {2}
    # A reader without memory loses 2 nats, one with memory 0.5; the first character has no loss.
    nats = nats_per_char(models[1], data.test)[[49, 59]]
    assert rows[-2]["saved_nats"] == pytest.approx(2 - nats.mean())
    assert rows[-2]["share"] == pytest.approx((2 - nats.mean()) / 1.5)


def test_a_short_split_is_scored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its losses are those that the snapshots were scored by, and none is computed again."""
    data, floor = text_with_floor()
    models = [write_model(tmp_path / str(seed), seed, (0, 30)) for seed in (1, 2)]
    expected = losses_by_dependency(Dependencies.of(data, floor), models)
    scored: Scored = {}
    for folder in models:
        snapshot_losses(folder, data, whole=scored)
    assert len(scored) == 6
    monkeypatch.setattr("charlab.evaluate.memory.nats_per_char", None)
    assert losses_by_dependency(Dependencies.of(data, floor, scored), models) == expected


def test_losses_of_windows_are_not_those_of_a_split(tmp_path: Path) -> None:
    """Nothing is known of a split that is read in windows, even if they cover it."""
    ids = np.random.default_rng(4).integers(0, 5, 41_024).astype(np.uint8)
    data = EncodedText(ids, ids, ids, 1, Vocabulary.from_text("abcde"))
    scored: Scored = {}
    snapshot_losses(write_model(tmp_path, 1, (0,)), data, whole=scored)
    assert scored == {}


def test_memory_of_perfect_and_of_forgetful_losses(tmp_path: Path) -> None:
    """The floor realizes all that memory is worth, a forgetful reader nothing."""
    data, floor = text_with_floor()
    dependencies = Dependencies.of(data, floor)
    assert dependencies is not None
    model = [write_model(tmp_path / "1", 1)]
    for name, share in (("nats", 1.0), ("forgotten", 0.0)):
        rows = memory(dependencies, model, dependencies.floor[name])
        assert rows is not None
        assert [row["share"] for row in rows] == [share, share]


def test_a_text_without_a_floor_has_no_memory(tmp_path: Path) -> None:
    """Its tables are null."""
    data, _ = text_with_floor()
    tables = losses_by_dependency(Dependencies.of(data, None), [tmp_path])
    assert set(tables.values()) == {None}


def floor_of(distance: list[int], kind: list[str] | None = None) -> np.ndarray:
    """Make a floor of 0.5 nats with memory, and 2 nats without."""
    dtype = [("nats", float), ("forgotten", float), ("distance", int), ("kind", "<U9")]
    rows = zip(distance, kind or [""] * len(distance), strict=True)
    return np.array([(0.5, 2.0, *row) for row in rows], dtype=dtype)


def test_loss_by_distance_bins_in_powers_of_two() -> None:
    """A power of two starts a bin, and characters without a dependency are left out."""
    nats = np.array([9.0, 1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 9.0])
    rows = loss_by_distance(nats, floor_of([0, 1, 2, 3, 4, 7, 8, 0]))
    both = {"floor_nats": 0.5, "forgotten_nats": 2.0}
    assert rows == [
        {"low": 1, "high": 1, "chars": 1, "nats": 1.0, **both},
        {"low": 2, "high": 3, "chars": 2, "nats": 3.0, **both},
        {"low": 4, "high": 7, "chars": 2, "nats": 6.0, **both},
        {"low": 8, "high": 15, "chars": 1, "nats": 8.0, **both},
    ]


def test_loss_by_kind_averages_each_kind() -> None:
    """Kinds are in alphabetical order, with their own means and distances."""
    floor = floor_of([5, 0, 9, 100], ["rhyme", "", "rhyme", "closing"])
    both = {"floor_nats": 0.5, "forgotten_nats": 2.0}
    assert loss_by_kind(np.array([1.0, 9.0, 2.0, 3.0]), floor) == [
        {"kind": "closing", "median_distance": 100.0, "chars": 1, "nats": 3.0, **both},
        {"kind": "rhyme", "median_distance": 7.0, "chars": 2, "nats": 1.5, **both},
    ]


def test_losses_of_a_text_without_dependencies() -> None:
    """Without dependencies there is no table."""
    assert loss_by_distance(np.ones(3), floor_of([0, 0, 0])) is None
    assert loss_by_kind(np.ones(3), floor_of([0, 0, 0])) is None

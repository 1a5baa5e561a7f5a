"""Tests of the composed baselines of a text: splits, choices, the floor, and the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charlab.baselines import measure as baselines
from charlab.baselines.measure import Baselines, measure, measure_text
from charlab.baselines.ngram import nats_by_order
from charlab.baselines.params import BaselineParams
from charlab.core.files import read_json
from charlab.synthetic.text import Floor, code_length, write
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary

PARAMS = BaselineParams(ngram_orders=[4, 1, 2, 3], ppmd_orders=[4, 2])
SEGMENTS = 5


def floor_with(nats: np.ndarray) -> Floor:
    """Return a floor with the given code lengths and no dependencies."""
    return Floor(nats, nats, np.zeros(len(nats), dtype=int), np.full(len(nats), ""))


def successors(chars: int) -> str:
    """Return a text in which the next character is one of two, given the last two."""
    rng = np.random.default_rng(0)
    ids = [0, 1]
    for coin in rng.integers(0, 2, chars - 2):
        ids.append((3 * ids[-1] + 5 * ids[-2] + coin) % 7)
    return "".join("abcdefg"[i] for i in ids)


def split(text: str, segments: int, test: bool = True) -> EncodedText:
    """Cut a text into segments, each 60 % train, 20 % val, 20 % test."""
    vocab = Vocabulary.from_text(text)
    rows = vocab.encode(text).reshape(segments, -1)
    size = rows.shape[1]
    a, b, c = size * 6 // 10, size * 8 // 10, size if test else size * 8 // 10
    train, val, held = (rows[:, s:e].reshape(-1) for s, e in ((0, a), (a, b), (b, c)))
    return EncodedText(train, val, held, segments, vocab)


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_losses_on_a_known_source(segments: int) -> None:
    """Two equally likely successors cost ln 2; the 3-gram models the source, and is chosen."""
    figures = measure(split(successors(20_000), segments), PARAMS, None).figures
    assert [row["order"] for row in figures["ngram"]] == [1, 2, 3, 4]
    assert figures["best_order"] == 3
    best = figures["ngram"][2]
    assert best["val_nats"] == pytest.approx(np.log(2), rel=0.03)
    assert best["test_nats"] == pytest.approx(np.log(2), rel=0.03)
    assert [row["order"] for row in figures["ppmd"]] == [2, 4]
    by_val = {row["val_nats"]: row["order"] for row in figures["ppmd"]}
    assert figures["best_ppmd_order"] == by_val[min(by_val)]
    for row in (*figures["ppmd"], figures["xz"], figures["gzip"], figures["bzip2"]):
        assert 0.65 < row["test_nats"] < 2
    assert figures["chars"] == {"train": 12_000, "val": 4_000, "test": 4_000}
    assert figures["floor"] is None


def test_without_a_test_split() -> None:
    """The losses on test are None and the arrays are empty; the losses on val exist."""
    data = split(successors(3_000), 1, test=False)
    measured = measure(data, PARAMS, floor_with(np.ones(2_400)))
    figures = measured.figures
    for row in (*figures["ngram"], *figures["ppmd"], figures["xz"], figures["floor"]):
        assert row["test_nats"] is None
        assert row["val_nats"] > 0
    assert figures["floor"]["by_distance"] == []
    assert measured.floor is not None
    assert len(measured.ngram_nats) == len(measured.floor) == 0


def test_the_best_order_is_chosen_on_val() -> None:
    """The loss on test is ignored; of equals the lowest order is chosen."""
    rows = [
        {"order": 3, "val_nats": 1.5, "test_nats": 1.0},
        {"order": 2, "val_nats": 1.4, "test_nats": 2.0},
        {"order": 1, "val_nats": 1.4, "test_nats": 3.0},
    ]
    assert baselines._best(rows) == 1


def test_the_ngram_for_the_evaluation_is_chosen_on_val() -> None:
    """Each test character has the loss of the order that is best on val, though not on test."""
    source = split(successors(3_000), 1)
    noise = np.random.default_rng(1).integers(0, 7, len(source.test)).astype(np.uint8)
    data = EncodedText(source.train, source.val, noise, 1, source.vocab)
    measured = measure(data, PARAMS, None)
    rows = {row["order"]: row for row in measured.figures["ngram"]}
    best = measured.figures["best_order"]
    assert best == min(rows, key=lambda order: rows[order]["val_nats"])
    assert best != min(rows, key=lambda order: rows[order]["test_nats"])
    (expected,) = nats_by_order(data.train, data.vocab.size, [best], [noise])[best]
    np.testing.assert_array_equal(measured.ngram_nats, expected)


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_floor_of_each_split(segments: int) -> None:
    """A split's floor is the mean over its own characters, without the first of each segment."""
    text = successors(2_000)
    parts = np.tile([1.0] * 6 + [2.0] * 2 + [3.0] * 2, segments).repeat(200 // segments)
    first = np.arange(2_000) % (2_000 // segments)
    size = 2_000 // segments
    parts[(first == size * 6 // 10) | (first == size * 8 // 10)] = 1e6
    floor = measure(split(text, segments), PARAMS, floor_with(parts)).figures["floor"]
    assert floor["val_nats"] == pytest.approx(2)
    assert floor["test_nats"] == pytest.approx(3)


def test_floor_by_distance() -> None:
    """Groups double in size; savings add up to the total; empty groups are left out."""
    nats = np.array([1.0, 3.0, 2.0, 2.0, 4.0, 8.0])
    forgotten = np.array([1.0, 3.0, 5.0, 2.0, 5.0, 10.0])
    rows = baselines._by_distance(nats, forgotten, np.array([0, 0, 1, 2, 3, 100]))
    assert [(row["from"], row["to"]) for row in rows] == [(0, 0), (1, 1), (2, 3), (64, 127)]
    assert [row["chars"] for row in rows] == [2, 1, 2, 1]
    assert [row["nats_per_char"] for row in rows] == [2, 2, 3, 8]
    assert [row["forgotten_nats_per_char"] for row in rows] == [2, 5, 3.5, 10]
    assert [row["saved_nats"] for row in rows] == pytest.approx([0, 3 / 6, 1 / 6, 2 / 6])


def source_of(text: str, growth: bool = True) -> dict[str, Any]:
    """Return the source of a built-in text, as the plan has it."""
    return {"builtin": "invented", "chars": len(text), "growth": growth}


def test_floor_of_the_text_without_growth() -> None:
    """The text is read by the grammar that wrote it."""
    text = write(20_000, 3, growth=False)
    measured = measure_text(split(text, 1), PARAMS, source_of(text, growth=False))
    assert measured.floor is not None
    nats = code_length(text, growth=False).nats
    np.testing.assert_array_equal(measured.floor["nats"], nats[-len(measured.floor) :])


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_floor_of_the_built_in_text(segments: int) -> None:
    """The floor belongs to the text itself, however it is split; no baseline is below it."""
    text = write(20_000, 3)
    measured = measure_text(split(text, segments), PARAMS, source_of(text))
    figures, floor = measured.figures, code_length(text)
    nats = floor.nats.reshape(segments, -1)
    size = 20_000 // segments
    assert figures["floor"]["val_nats"] == pytest.approx(
        nats[:, size * 6 // 10 + 1 : size * 8 // 10].mean()
    )
    assert figures["floor"]["test_nats"] == pytest.approx(nats[:, size * 8 // 10 + 1 :].mean())
    best = min(row["test_nats"] for row in (*figures["ngram"], *figures["ppmd"], figures["xz"]))
    assert 0.3 < figures["floor"]["test_nats"] < best
    assert sum(row["chars"] for row in figures["floor"]["by_distance"]) == 4_000 - segments
    # The table has the same four columns for the characters of the test split.
    assert measured.floor is not None
    for name in ("nats", "forgotten", "distance", "kind"):
        expected = getattr(floor, name).reshape(segments, -1)[:, size * 8 // 10 :].ravel()
        np.testing.assert_array_equal(measured.floor[name], expected)


def test_only_the_built_in_text_has_a_floor() -> None:
    """Other texts have no floor, nor has the built-in text after a change of its characters."""
    text = write(5_000, 3)
    assert measure_text(split(text, 1), PARAMS, {"gutenberg": 11}).figures["floor"] is None
    changed = split(text.replace("“", '"'), 1)
    measured = measure_text(changed, PARAMS, source_of(text))
    assert measured.figures["floor"] is None
    assert measured.floor is None


def test_long_splits_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the start of every segment is used, and the document reports the numbers."""
    monkeypatch.setattr(baselines, "MAX_CHARS", 1_000)
    figures = measure(split(successors(10_000), SEGMENTS), PARAMS, None).figures
    assert figures["chars"] == {"train": 1_000, "val": 1_000, "test": 1_000}


def test_saved_files(tmp_path: Path) -> None:
    """The document and the arrays are read back; a floor of an earlier run is removed."""
    nats, floor = np.array([0.5, 1.5]), np.zeros(2, dtype=[("nats", "<f8"), ("kind", "<U9")])
    figures, folder = tmp_path / "book.json", tmp_path / "book"
    Baselines({"best_order": 3}, nats, floor).save(figures, folder)
    assert read_json(figures) == {"best_order": 3}
    np.testing.assert_array_equal(np.load(folder / "ngram.npy"), nats)
    np.testing.assert_array_equal(np.load(folder / "floor.npy"), floor)
    Baselines({"best_order": 3}, nats, None).save(figures, folder)
    assert [path.name for path in folder.iterdir()] == ["ngram.npy"]

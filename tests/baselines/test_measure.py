"""The baselines of a text, composed: splits, choices, and the floor in its places."""

from __future__ import annotations

import numpy as np
import pytest

from charlab.baselines import measure as baselines
from charlab.baselines.measure import measure, measure_text
from charlab.baselines.params import BaselineParams
from charlab.synthetic.text import Floor, code_length, write
from charlab.vocab.vocabulary import EncodedText, Vocabulary

PARAMS = BaselineParams(ngram_orders=[4, 1, 2, 3], ppmd_orders=[4, 2])
SEGMENTS = 5


def made_up_floor(nats: np.ndarray) -> Floor:
    """Return a floor with the given code lengths, and nothing far back that matters."""
    return Floor(nats, nats, np.zeros(len(nats), dtype=int), np.full(len(nats), ""))


def successors(chars: int) -> str:
    """Return a text in which the next character is one of two, given the last two."""
    rng = np.random.default_rng(0)
    ids = [0, 1]
    for coin in rng.integers(0, 2, chars - 2):
        ids.append((3 * ids[-1] + 5 * ids[-2] + coin) % 7)
    return "".join("abcdefg"[i] for i in ids)


def divided(text: str, segments: int, test: bool = True) -> EncodedText:
    """Cut a text into segments, each 60 % train, 20 % val, 20 % test."""
    vocab = Vocabulary.from_text(text)
    rows = vocab.encode(text).reshape(segments, -1)
    size = rows.shape[1]
    a, b, c = size * 6 // 10, size * 8 // 10, size if test else size * 8 // 10
    parts = [np.ascontiguousarray(rows[:, s:e]).reshape(-1) for s, e in ((0, a), (a, b), (b, c))]
    return EncodedText(*parts, segments, vocab)


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_figures_of_a_known_source(segments: int) -> None:
    """Two even choices cost ln 2; the 3-gram knows the source, and is chosen."""
    found = measure(divided(successors(20_000), segments), PARAMS, None)
    assert [row["order"] for row in found["ngram"]] == [1, 2, 3, 4]
    assert found["best_order"] == 3
    best = found["ngram"][2]
    assert best["val_nats"] == pytest.approx(np.log(2), rel=0.03)
    assert best["test_nats"] == pytest.approx(np.log(2), rel=0.03)
    assert [row["order"] for row in found["ppmd"]] == [2, 4]
    by_val = {row["val_nats"]: row["order"] for row in found["ppmd"]}
    assert found["best_ppmd_order"] == by_val[min(by_val)]
    for row in (*found["ppmd"], found["xz"], found["gzip"], found["bzip2"]):
        assert 0.65 < row["test_nats"] < 2
    assert found["chars"] == {"train": 12_000, "val": 4_000, "test": 4_000}
    assert found["floor"] is None


def test_without_a_test_split() -> None:
    """Its figures are None; those of val are there."""
    data = divided(successors(3_000), 1, test=False)
    found = measure(data, PARAMS, made_up_floor(np.ones(2_400)))
    for row in (*found["ngram"], *found["ppmd"], found["xz"], found["floor"]):
        assert row["test_nats"] is None
        assert row["val_nats"] > 0
    assert found["floor"]["by_distance"] == []


def test_the_best_order_is_chosen_on_val() -> None:
    """What test says makes no difference; of equals the lowest order is taken."""
    rows = [
        {"order": 3, "val_nats": 1.5, "test_nats": 1.0},
        {"order": 2, "val_nats": 1.4, "test_nats": 2.0},
        {"order": 1, "val_nats": 1.4, "test_nats": 3.0},
    ]
    assert baselines._best(rows) == 1


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_floor_is_that_of_the_split(segments: int) -> None:
    """Each split's figure is the mean over its own places, first characters left out."""
    text = successors(2_000)
    parts = np.tile([1.0] * 6 + [2.0] * 2 + [3.0] * 2, segments).repeat(200 // segments)
    first = np.arange(2_000) % (2_000 // segments)
    size = 2_000 // segments
    parts[(first == size * 6 // 10) | (first == size * 8 // 10)] = 1e6
    found = measure(divided(text, segments), PARAMS, made_up_floor(parts))["floor"]
    assert found["val_nats"] == pytest.approx(2)
    assert found["test_nats"] == pytest.approx(3)


def test_floor_by_distance() -> None:
    """Groups double in size; savings add up to that of all; empty groups are left out."""
    nats = np.array([1.0, 3.0, 2.0, 2.0, 4.0, 8.0])
    forgotten = np.array([1.0, 3.0, 5.0, 2.0, 5.0, 10.0])
    rows = baselines._by_distance(nats, forgotten, np.array([0, 0, 1, 2, 3, 100]))
    assert [(row["from"], row["to"]) for row in rows] == [(0, 0), (1, 1), (2, 3), (64, 127)]
    assert [row["chars"] for row in rows] == [2, 1, 2, 1]
    assert [row["nats_per_char"] for row in rows] == [2, 2, 3, 8]
    assert [row["forgotten_nats_per_char"] for row in rows] == [2, 5, 3.5, 10]
    assert [row["saved_nats"] for row in rows] == pytest.approx([0, 3 / 6, 1 / 6, 2 / 6])


@pytest.mark.parametrize("segments", [1, SEGMENTS])
def test_built_in_text_has_its_floor(segments: int) -> None:
    """The floor is that of the text itself, wherever its characters went; all lose to it."""
    text = write(20_000, 3)
    found = measure_text(divided(text, segments), PARAMS, {"builtin": "invented"})
    nats = code_length(text).nats.reshape(segments, -1)
    size = 20_000 // segments
    assert found["floor"]["val_nats"] == pytest.approx(
        nats[:, size * 6 // 10 + 1 : size * 8 // 10].mean()
    )
    assert found["floor"]["test_nats"] == pytest.approx(nats[:, size * 8 // 10 + 1 :].mean())
    best = min(row["test_nats"] for row in (*found["ngram"], *found["ppmd"], found["xz"]))
    assert 0.3 < found["floor"]["test_nats"] < best
    assert sum(row["chars"] for row in found["floor"]["by_distance"]) == 4_000 - segments


def test_only_the_built_in_text_has_a_floor() -> None:
    """Another text has none, nor has the built-in one after a change of its characters."""
    text = write(5_000, 3)
    assert measure_text(divided(text, 1), PARAMS, {"gutenberg": 11})["floor"] is None
    changed = divided(text.replace("“", '"'), 1)
    assert measure_text(changed, PARAMS, {"builtin": "invented"})["floor"] is None


def test_long_splits_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every segment gives its start, and the figures say how many characters it was."""
    monkeypatch.setattr(baselines, "MAX_CHARS", 1_000)
    found = measure(divided(successors(10_000), SEGMENTS), PARAMS, None)
    assert found["chars"] == {"train": 1_000, "val": 1_000, "test": 1_000}

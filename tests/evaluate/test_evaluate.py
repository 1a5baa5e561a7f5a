"""Tests of the complete evaluation of a small model, and of its reference."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.evaluate.evaluate import evaluate, evaluate_files, evaluate_variants, rounded
from charlab.evaluate.features import FEATURES, text_features
from charlab.evaluate.neurons import TOP_UNITS, Correlations
from charlab.evaluate.reference import Reference, index_training, load_reference
from charlab.evaluate.survey import BLOCK, survey
from charlab.evaluate.trace import Network, trace
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.plan.params import CorpusParams
from charlab.synthetic.text import code_length, write
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.vocabulary import Vocabulary
from random_network import random_weights, write_records

HIDDEN = 6


def encoded(text: str, segments: int = 1) -> EncodedText:
    """Encode a text, and split each of its segments 6 to 2 to 2."""
    vocab = Vocabulary.from_text(text)
    pieces = vocab.encode(text).reshape(segments, -1)
    train, val = pieces.shape[1] * 6 // 10, pieces.shape[1] * 2 // 10
    borders = ((0, train), (train, train + val), (train + val, None))
    parts = [pieces[:, start:end].ravel() for start, end in borders]
    return EncodedText(parts[0], parts[1], parts[2], segments, vocab)


def write_model(folder: Path, cell: str, vocab_size: int, text: str = "") -> Path:
    """Write the files of a model directory that the evaluation reads."""
    folder.mkdir(parents=True)
    model = ModelParams.model_validate({"cell": cell, "hidden": HIDDEN})
    save_file(random_weights(model, vocab_size), folder / "model.safetensors")
    train = {"batch_size": 4, "seq_len": 8}
    write_records(folder, model, vocab_size, train=train, text=text, best_step=5)
    return folder


FLOOR = [("nats", "<f8"), ("forgotten", "<f8"), ("distance", "<i8"), ("kind", "<U9")]


def write_baselines(
    folder: Path, data: EncodedText, floor: bool = True, order: int = 4
) -> tuple[Path, Path]:
    """Write baselines of a text: an n-gram of constant loss and, if asked, a floor."""
    figures, arrays = folder / "book.json", folder / "book"
    arrays.mkdir(parents=True)
    write_json(figures, {"best_order": order})
    np.save(arrays / "ngram.npy", np.full(len(data.test), 2.0))
    if floor:
        ideal = code_length(data.vocab.decode(np.concatenate([data.train, data.val, data.test])))
        table = np.empty(len(data.test), dtype=FLOOR)
        for name, _ in FLOOR:
            table[name] = getattr(ideal, name)[-len(data.test) :]
        np.save(arrays / "floor.npy", table)
    return figures, arrays


@pytest.fixture(scope="module")
def invented() -> tuple[str, EncodedText]:
    """Return a built-in text, and the same encoded."""
    text = write(6_000, 3)
    text = text[: len(text) - len(text) % 10]
    return text, encoded(text)


def samples_of(text: str) -> dict[str, object]:
    """Return two samples, one copied and one of new words."""
    drawn = [{"temperature": 0.5, "text": text[:80]}, {"temperature": 1.0, "text": "xq zzv qqx"}]
    return {"prompt": "The ", "seed": 1, "samples": drawn}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_evaluation_of_a_model(
    cell: str, tmp_path: Path, invented: tuple[str, EncodedText]
) -> None:
    """Every part is present, is JSON without NaN, and is the same when repeated."""
    text, data = invented
    model = write_model(tmp_path / "model", cell, data.vocab.size)
    baselines = write_baselines(tmp_path, data)
    result = evaluate(model, data, load_reference(data, *baselines), samples_of(text))
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result == evaluate(model, data, load_reference(data, *baselines), samples_of(text))
    missing = {name for name, value in result.items() if value is None}
    assert missing == {"as_it_learned", "overtaking"} | ({"gates"} if cell == "rnn" else set())
    assert len(result["loss_by_position"]) == BLOCK
    assert ("cell_norm" in result["gradient_by_lag"][1]) == (cell == "lstm")
    # Both parts read the same characters.
    carried = np.mean([row["carried_nats"] for row in result["loss_by_position"]])
    assert result["against_ngram"]["network_nats"] == pytest.approx(carried, rel=1e-5)
    copied, new = result["novelty"]
    assert (copied["longest_copied"], copied["real_words"]) == (80, 1.0)
    assert new["longest_copied"] < 80


def correlations_on(network: Network, data: EncodedText, split: str) -> np.ndarray:
    """Correlate units with features on one split, shape (units, F)."""
    ids = getattr(data, split)
    correlations = Correlations(network, text_features(ids, data.vocab))
    for block in survey(network, ids):
        correlations.add(block)
    return correlations.result()


def test_units_are_chosen_on_val(tmp_path: Path) -> None:
    """The units reported are the best on val, even where others are better on test."""
    # Words on test differ from those on val, so other units follow the features there.
    text = "An egg, (oho) my 7 aces!\n" * 320 + "Zebra 12 (quick) sly. why\n" * 80
    data = encoded(text[: len(text) // 10 * 10])
    model = write_model(tmp_path / "model", "gru", data.vocab.size)
    network, column = Network.load(model), FEATURES.index
    val, test = (correlations_on(network, data, split) for split in ("val", "test"))
    best = {name: np.argsort(-np.abs(val[:, column(name)]))[:TOP_UNITS] for name in FEATURES}
    neurons = evaluate(model, data)["neurons"]
    reported = sorted({row["feature"] for row in neurons})
    assert any(
        set(best[name]) != set(np.argsort(-np.abs(test[:, column(name)]))[:TOP_UNITS])
        for name in reported
    )
    for name in reported:
        rows = [row for row in neurons if row["feature"] == name]
        assert [row["unit"] for row in rows] == best[name].tolist()
        for row in rows:
            expected = val[row["unit"], column(name)], test[row["unit"], column(name)]
            assert (row["val_correlation"], row["correlation"]) == pytest.approx(expected, rel=1e-5)


def test_the_ngram_is_that_of_the_baselines(tmp_path: Path) -> None:
    """Order and losses come from the files of the baselines stage, not from a choice here."""
    data = encoded("a line of text (no. 1)\n" * 200)
    figures, arrays = write_baselines(tmp_path, data, floor=False, order=7)
    nats = np.linspace(1, 3, len(data.test))
    np.save(arrays / "ngram.npy", nats)
    reference = load_reference(data, figures, arrays)
    assert (reference.ngram_order, reference.floor) == (7, None)
    result = evaluate(write_model(tmp_path / "model", "rnn", data.vocab.size), data, reference)
    read = np.concatenate(
        [b.positions.ravel() + 1 for b in survey(Network.load(tmp_path / "model"), data.test)]
    )
    assert result["against_ngram"]["order"] == 7
    assert result["against_ngram"]["ngram_nats"] == pytest.approx(nats[read].mean(), rel=1e-5)


def test_shortened_baselines_of_segments_are_not_used(tmp_path: Path) -> None:
    """An n-gram that was scored on the starts of segments does not match the test split."""
    data = encoded("a line of text (no. 1)\n" * 200, segments=2)
    figures, arrays = write_baselines(tmp_path, data, floor=False)
    np.save(arrays / "ngram.npy", np.full(len(data.test) - 2, 2.0))
    assert load_reference(data, figures, arrays).ngram_nats is None


def test_missing_baselines_are_reported(tmp_path: Path) -> None:
    """The message names the folder and the remedy."""
    with pytest.raises(CharlabError, match=r"book: not the baselines.*run the baselines stage"):
        load_reference(encoded("abcde" * 10), tmp_path / "book.json", tmp_path / "book")


def test_variants_are_evaluated_in_parallel(tmp_path: Path) -> None:
    """Each variant's file equals the result of the single stage, including the floor."""
    (tmp_path / "book.txt").write_text(write(8_000, 3), encoding="utf-8", newline="\n")
    encode_text(tmp_path / "book.txt", CorpusParams(), tmp_path / "vocab" / "book")
    data = EncodedText.load(tmp_path / "vocab" / "book")
    baselines = write_baselines(tmp_path / "baselines", data)
    models = []
    for cell in ("rnn", "gru"):
        models.append((cell, [write_model(tmp_path / cell, cell, data.vocab.size, text="book")]))
        write_json(tmp_path / "samples" / f"{cell}.json", samples_of("abc " * 30))
    folders = {name: tmp_path / name for name in ("baselines", "samples", "out")}
    evaluate_variants(models, texts=tmp_path / "vocab", **folders)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"rnn.json", "gru.json"}
    alone = evaluate_files(
        tmp_path / "gru", tmp_path / "vocab" / "book", baselines, tmp_path / "samples" / "gru.json"
    )
    assert read_json(tmp_path / "out" / "gru.json") == alone
    assert alone["loss_by_distance"] is not None


def test_loss_by_distance_counts_known_dependencies(tmp_path: Path) -> None:
    """Each loss has its own distance; dependencies from before the segment are left out."""
    data = encoded("a line of text (no. 1)\n" * 300, segments=2)
    model = write_model(tmp_path / "model", "gru", data.vocab.size)
    half = len(data.test) // 2
    floor = np.zeros(2 * half, dtype=FLOOR)
    floor["nats"] = np.arange(2 * half) / 1000
    # The first character has no loss; 7 and half + 9 depend on text before their segment.
    floor["distance"][[0, 7, half + 9]] = 1, 8, 10
    floor["distance"][[1, half + 40]] = 1, 10
    floor["kind"] = np.where(floor["distance"] == 10, "rhyme", "closing")
    result = evaluate(model, data, Reference(floor=floor))
    assert [row["kind"] for row in result["loss_by_kind"]] == ["closing", "rhyme"]
    network = Network.load(model)
    losses = [
        -trace(network, piece[:-1, None]).log_probs()[np.arange(half - 1), 0, piece[1:]]
        for piece in data.test.reshape(2, half)
    ]
    near, far = result["loss_by_distance"]
    assert (near["low"], near["chars"], near["floor_nats"]) == (1, 1, 0.001)
    assert near["nats"] == pytest.approx(losses[0][0], rel=1e-5)
    assert (far["low"], far["chars"], far["floor_nats"]) == (8, 1, (half + 40) / 1000)
    assert far["nats"] == pytest.approx(losses[1][39], rel=1e-5)


def test_evaluation_without_a_reference(tmp_path: Path) -> None:
    """Without a floor, n-gram and samples there are fewer results; segments are supported."""
    data = encoded("a line of text (no. 1)\n" * 600, segments=6)
    result = evaluate(write_model(tmp_path / "model", "gru", data.vocab.size), data)
    missing = {name for name, value in result.items() if value is None}
    by_dependency = {"loss_by_distance", "loss_by_kind", "memory"}
    assert missing == by_dependency | {
        *("against_ngram", "novelty", "colored", "next_char", "as_it_learned"),
        "overtaking",
    }
    assert result["neurons"]


def test_evaluation_without_a_test_split(tmp_path: Path) -> None:
    """A text too short to survey leaves the weights, and null elsewhere."""
    data = encoded("abcde" * 10)
    data = EncodedText(data.train, data.val, data.test[:0], segments=1, vocab=data.vocab)
    reference = load_reference(data, *write_baselines(tmp_path, data, floor=False))
    assert reference.ngram_order is None
    result = evaluate(write_model(tmp_path / "model", "lstm", data.vocab.size), data, reference)
    assert result["weights"]["shapes"]["weight_hh"] == [4 * HIDDEN, HIDDEN]
    assert result["loss_by_position"] is None
    assert result["neurons"] == []


def test_a_long_training_text_is_not_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit no copies are searched for."""
    data = encoded("abcde" * 10)
    assert index_training(data) is not None
    monkeypatch.setattr("charlab.evaluate.reference.MAX_COPY_CHARS", 29)
    assert index_training(data) is None


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    """The message names the file and the remedy."""
    with pytest.raises(CharlabError, match=r"not the configuration of a trained model"):
        Network.load(tmp_path)


def test_a_model_without_its_weights_is_refused(tmp_path: Path) -> None:
    """The message names the missing weight."""
    folder = write_model(tmp_path / "model", "rnn", 5)
    incomplete = random_weights(ModelParams(cell="rnn", hidden=HIDDEN), 5)
    del incomplete["rnn.weight_hh_l0"]
    save_file(incomplete, folder / "model.safetensors")
    with pytest.raises(CharlabError, match=r"missing or additional ones: rnn\.weight_hh_l0"):
        Network.load(folder)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(
    "more",
    [*({"activation": name} for name in ("tanh", "relu", "sigmoid")),
     {"input": "trigram", "direct_order": 2}],
)  # fmt: skip
def test_trace_equals_inference(cell: str, more: dict[str, Any]) -> None:
    """The traced network is the one that samples and is scored."""
    options = {"layers": 2, "hidden": 5, "initial_state": "learned"}
    model = ModelParams.model_validate({"cell": cell, **more, **options})
    weights = random_weights(model, 7)
    inputs = np.random.default_rng(2).integers(0, 7, (20, 3))
    inference, network = InferenceModel(model, weights), Network.from_weights(model, weights)
    expected, state = inference.sequence(inputs, inference.initial_state(3))
    traced = trace(network, inputs)
    np.testing.assert_allclose(traced.logits, expected, rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(traced.end(), state, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_rounding_is_to_six_digits(value: float) -> None:
    """Rounded floats are close, do not change when rounded again, and are never NaN."""
    (result,) = rounded([value])
    if not math.isfinite(value):
        assert result is None
        return
    assert result == pytest.approx(value, rel=1e-5, abs=0)
    assert rounded(result) == result
    assert str(rounded(-0.0)) == "0.0"

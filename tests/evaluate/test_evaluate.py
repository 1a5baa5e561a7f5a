"""The whole evaluation of a small model, and its parts that count and compare."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.evaluate.bounds import bounded
from charlab.evaluate.evaluate import evaluate, evaluate_files, evaluate_variants, rounded
from charlab.evaluate.reference import Reference, places_of_test, refer
from charlab.evaluate.survey import BLOCK
from charlab.evaluate.trace import BLOCKS, Network, trace
from charlab.models.numpy_model import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes
from charlab.plan.params import CorpusParams
from charlab.synthetic.text import Floor, write
from charlab.vocab.vocabulary import EncodedText, Vocabulary, encode_text

HIDDEN = 6


def encoded(text: str, segments: int = 1) -> EncodedText:
    """Give a text numbers, and split each of its pieces 6 to 2 to 2."""
    vocab = Vocabulary.from_text(text)
    pieces = vocab.encode(text).reshape(segments, -1)
    train, val = pieces.shape[1] * 6 // 10, pieces.shape[1] * 2 // 10
    parts = np.split(pieces, [train, train + val], axis=1)
    return EncodedText(*(part.ravel() for part in parts), segments=segments, vocab=vocab)


def weights(cell: str, vocab_size: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Draw the weights of a small network of one layer."""
    rng = np.random.default_rng(seed)
    rows = len(BLOCKS[cell]) * HIDDEN
    shapes = {
        "rnn.weight_ih_l0": (rows, vocab_size),
        "rnn.weight_hh_l0": (rows, HIDDEN),
        "rnn.bias_ih_l0": (rows,),
        "rnn.bias_hh_l0": (rows,),
        "head.weight": (vocab_size, HIDDEN),
        "head.bias": (vocab_size,),
    }
    return {k: rng.normal(0, 0.6, shape).astype(np.float32) for k, shape in shapes.items()}


def write_model(folder: Path, cell: str, vocab_size: int, text: str = "") -> Path:
    """Write a model directory as training does, as far as looking inside reads it."""
    folder.mkdir(parents=True)
    model = ModelParams.model_validate({"cell": cell, "hidden": HIDDEN})
    save_file(weights(cell, vocab_size), folder / "model.safetensors")
    write_json(
        folder / "config.json",
        {"format": 1, "vocab_size": vocab_size, "text": text, "model": model.model_dump()},
    )
    return folder


@pytest.fixture(scope="module")
def invented() -> tuple[str, EncodedText]:
    """Return a built-in text, and the same in numbers."""
    text = write(6_000, 3)
    text = text[: len(text) - len(text) % 10]
    return text, encoded(text)


def samples_of(text: str) -> dict[str, object]:
    """Return samples, one copied and one of new words."""
    drawn = [{"temperature": 0.5, "text": text[:80]}, {"temperature": 1.0, "text": "xq zzv qqx"}]
    return {"prompt": "The ", "seed": 1, "samples": drawn}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_evaluation_of_a_model(
    cell: str, tmp_path: Path, invented: tuple[str, EncodedText]
) -> None:
    """Every part is there, is JSON without NaN, and the same when done again."""
    text, data = invented
    model = write_model(tmp_path / "model", cell, data.vocab.size)
    reference = refer(data, text)
    found = evaluate(model, data, reference, samples_of(text))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found == evaluate(model, data, refer(data, text), samples_of(text))
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"as_it_learned"} | ({"gates"} if cell == "rnn" else set())
    assert len(found["loss_by_position"]) == BLOCK
    assert ("cell_norm" in found["gradient_by_lag"][1]) == (cell == "lstm")
    # Both looks read the same characters.
    carried = np.mean([row["carried_nats"] for row in found["loss_by_position"]])
    assert found["against_ngram"]["network_nats"] == pytest.approx(carried, rel=1e-5)
    copied, new = found["novelty"]
    assert (copied["longest_copied"], copied["real_words"]) == (80, 1.0)
    assert new["longest_copied"] < 80


def test_variants_are_evaluated_side_by_side(tmp_path: Path) -> None:
    """Each variant's file is what the single stage finds, the floor of the text included."""
    source = {"builtin": "invented", "chars": 8_000, "seed": 3}
    (tmp_path / "book.txt").write_text(write(8_000, 3), encoding="utf-8", newline="\n")
    encode_text(tmp_path / "book.txt", CorpusParams(), tmp_path / "vocab" / "book")
    write_json(tmp_path / "plan" / "book.json", source)
    data = EncodedText.load(tmp_path / "vocab" / "book")
    models = []
    for cell in ("rnn", "gru"):
        models.append((cell, write_model(tmp_path / cell, cell, data.vocab.size, text="book")))
        write_json(tmp_path / "samples" / f"{cell}.json", samples_of("abc " * 30))
    folders = {name: tmp_path / name for name in ("plan", "samples", "out")}
    evaluate_variants(models, texts=tmp_path / "vocab", **folders)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"rnn.json", "gru.json"}
    alone = evaluate_files(
        tmp_path / "gru",
        tmp_path / "vocab" / "book",
        tmp_path / "plan" / "book.json",
        tmp_path / "samples" / "gru.json",
    )
    assert read_json(tmp_path / "out" / "gru.json") == alone
    assert alone["loss_by_distance"] is not None


def test_loss_by_distance_is_of_what_could_be_known(tmp_path: Path) -> None:
    """Each loss meets its own distance; what depends on text before the segment is left out."""
    data = encoded("a line of text (no. 1)\n" * 300, segments=2)
    model = write_model(tmp_path / "model", "gru", data.vocab.size)
    half = len(data.test) // 2
    distance, ideal = np.zeros(2 * half, dtype=np.int64), np.arange(2 * half) / 1000
    distance[[0, 7, half + 9]] = 1, 8, 10  # the first of all has no loss, 7 comes too early
    distance[[1, half + 40]] = 1, 10
    floor = Floor(ideal, ideal + 1, distance, np.where(distance == 10, "year", "closing"))
    found = evaluate(model, data, Reference(floor=floor))
    assert [row["kind"] for row in found["loss_by_kind"]] == ["closing", "year"]
    network = Network.load(model)
    losses = [
        -trace(network, piece[:-1, None]).log_probs()[np.arange(half - 1), 0, piece[1:]]
        for piece in data.test.reshape(2, half)
    ]
    near, far = found["loss_by_distance"]
    assert (near["low"], near["chars"], near["floor_nats"]) == (1, 1, 0.001)
    assert near["nats"] == pytest.approx(losses[0][0], rel=1e-5)
    assert (far["low"], far["chars"], far["floor_nats"]) == (8, 1, (half + 40) / 1000)
    assert far["nats"] == pytest.approx(losses[1][39], rel=1e-5)


def test_evaluation_of_a_foreign_text_in_segments(tmp_path: Path) -> None:
    """Without a floor, n-gram and samples there are fewer findings; segments are no problem."""
    data = encoded("a line of text (no. 1)\n" * 600, segments=6)
    found = evaluate(write_model(tmp_path / "model", "gru", data.vocab.size), data)
    missing = {name for name, value in found.items() if value is None}
    far = {"loss_by_distance", "loss_by_kind"}
    assert missing == far | {"against_ngram", "novelty", "colored", "next_char", "as_it_learned"}
    assert found["neurons"]


def test_evaluation_without_a_test_split(tmp_path: Path) -> None:
    """A text too short to survey leaves the weights, and nulls."""
    data = encoded("abcde" * 10)
    data = EncodedText(data.train, data.val, data.test[:0], segments=1, vocab=data.vocab)
    found = evaluate(
        write_model(tmp_path / "model", "lstm", data.vocab.size), data, refer(data), None
    )
    assert found["weights"]["shapes"]["weight_hh"] == [4 * HIDDEN, HIDDEN]
    assert found["loss_by_position"] is None
    assert found["neurons"] == []


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    with pytest.raises(CharlabError, match=r"not the folder of a trained model.*train it again"):
        Network.load(tmp_path)


def test_a_model_without_its_weights_is_refused(tmp_path: Path) -> None:
    """A missing weight is named."""
    folder, found = write_model(tmp_path / "model", "rnn", 5), weights("rnn", 5)
    del found["rnn.weight_hh_l0"]
    save_file(found, folder / "model.safetensors")
    with pytest.raises(CharlabError, match=r"missing or too many: rnn\.weight_hh_l0"):
        Network.load(folder)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_trace_equals_inference(cell: str, activation: str) -> None:
    """What is looked into is the network that samples and is scored."""
    options = {"layers": 2, "hidden": 5, "initial_state": "learned"}
    model = ModelParams.model_validate({"cell": cell, "activation": activation, **options})
    rng = np.random.default_rng(2)
    drawn = {
        name: rng.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in expected_shapes(model, 7).items()
    }
    inputs = rng.integers(0, 7, (20, 3))
    inference, network = InferenceModel(model, drawn), Network.from_weights(model, drawn)
    expected, state = inference.sequence(inputs, inference.initial_state(3))
    found, after = network.sequence(inputs, network.initial_state(3))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(np.array(after), np.array(state), rtol=1e-3, atol=1e-4)


@given(size=st.integers(2, 40), segments=st.integers(1, 5))
def test_places_of_the_test_split(size: int, segments: int) -> None:
    """Each character of the test split stands in the text where it is said to stand."""
    text = "".join(chr(200 + k) for k in range(10 * size * segments))
    data = encoded(text, segments)
    assert "".join(text[place] for place in places_of_test(data)) == data.vocab.decode(data.test)


def test_no_floor_from_another_text(invented: tuple[str, EncodedText]) -> None:
    """A floor is never taken from a text that the numbers do not stand for."""
    text, data = invented
    for other in (text[1:], text[:-1] + "é", text[:-500]):
        assert refer(data, other).floor is None
    floor = refer(data, text).floor
    assert floor is not None
    assert len(floor.nats) == len(data.test)


@pytest.mark.parametrize(
    ("chars", "segments", "expected"),
    [(100, 1, (100, 1)), (500_000, 1, (400_000, 1)), (900_000, 9, (400_000, 4)), (0, 1, (0, 1))],
)
def test_bounded_keeps_whole_segments(chars: int, segments: int, expected: tuple[int, int]) -> None:
    """At most 400,000 characters are looked at, in whole segments where there are several."""
    ids, count = bounded(np.zeros(chars, dtype=np.uint8), segments)
    assert (len(ids), count) == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_rounding_is_to_six_digits(value: float) -> None:
    """Rounded floats are close, stay as they are when rounded again, and are never NaN."""
    (found,) = rounded([value])
    if not math.isfinite(value):
        assert found is None
        return
    assert found == pytest.approx(value, rel=1e-5, abs=0)
    assert rounded(found) == found
    assert str(rounded(-0.0)) == "0.0"

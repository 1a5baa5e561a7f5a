"""Samples follow the model's distribution, and all models share the same random numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.core.files import write_json
from charlab.core.seeding import numpy_generator
from charlab.models.inference import InferenceModel, load_model
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes, save_weights
from charlab.sample import generate
from charlab.sample.distribution import (
    SamplingError,
    SamplingOptions,
    uniforms,
)
from charlab.sample.generate import sample, sample_ladder, sample_with_nats
from charlab.sample.params import SampleParams
from charlab.sample.prompt import draw_prompt
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.params import SplitParams
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary

VOCAB = Vocabulary.from_text("abcde")
LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.08, 0.02]))


def markov(table: np.ndarray) -> InferenceModel:
    """Return a network whose next character depends on the last one only.

    Its hidden state is the last character, one-hot, so its logits are a row of the table
    (last, next).
    """
    size = len(table)
    params = ModelParams(cell="rnn", activation="relu", hidden=size)
    shapes = expected_shapes(params, size)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights["rnn.weight_ih_l0"] = np.eye(size, dtype=np.float32)
    weights["head.weight"] = np.ascontiguousarray(table.T, np.float32)
    return InferenceModel(params, weights)


def expected(logits: np.ndarray) -> np.ndarray:
    """Return softmax over the last axis."""
    weights = np.exp(logits)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def shares(logits: np.ndarray, options: SamplingOptions, count: int = 20_000) -> np.ndarray:
    """Return how often each character is chosen by uniform numbers on a grid."""
    u = (np.arange(count) + 0.5)[None] / count  # (1, count): one character of many texts
    table = np.tile(logits, (len(logits), 1))
    ids = generate._continue(markov(table), VOCAB, "a", u, options).ids
    return np.bincount(ids[0], minlength=len(logits)) / count


def memoryless(logits: np.ndarray = LOGITS) -> InferenceModel:
    """Return a model with the same distribution at every position."""
    return markov(np.tile(logits, (len(logits), 1)))


def texts(
    model: InferenceModel, prompt: str, *, length: int, seed: int, count: int = 1, **options: Any
) -> list[str]:
    """Return ``count`` texts of a model over ``VOCAB``."""
    return sample(model, VOCAB, prompt, uniforms(seed, length, count), SamplingOptions(**options))


def chi_square(counts: np.ndarray, p: np.ndarray) -> float:
    """Return Pearson's statistic of counts against probabilities."""
    mean = counts.sum() * p
    return float(((counts - mean) ** 2 / mean).sum())


@pytest.mark.parametrize("count", [1, 40])
def test_follows_the_model_at_temperature_one(count: int) -> None:
    """20,000 characters, in one text or forty, pass a chi-square test against the model.

    With 4 degrees of freedom, 18.5 is passed by chance in 999 of 1000 seeds.
    """
    drawn = texts(memoryless(), "a", temperature=1, length=20_000 // count, seed=3, count=count)
    counts = np.array([sum(text.count(c) for text in drawn) for c in "abcde"])
    assert counts.sum() == 20_000
    assert chi_square(counts, np.exp(LOGITS)) < 18.5
    assert chi_square(counts, np.exp(LOGITS)[::-1]) > 1000


def test_follows_the_state() -> None:
    """With a table of successors every pair occurs as often as the table says."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, 5))
    (text,) = texts(markov(table), "a", temperature=1, length=30_000, seed=1)
    ids = VOCAB.encode("a" + text).astype(int)
    pairs = np.bincount(ids[:-1] * 5 + ids[1:], minlength=25).reshape(5, 5)
    p = expected(table)
    # 20 degrees of freedom: 45.3 is passed by chance in 999 of 1000 seeds.
    assert sum(chi_square(row, p[i]) for i, row in enumerate(pairs)) < 45.3


def test_temperature_sharpens() -> None:
    """At temperature 1/2 probabilities are squared and renormalized."""
    (text,) = texts(memoryless(), "a", temperature=0.5, length=20_000, seed=2)
    squared = np.exp(LOGITS) ** 2
    counts = np.array([text.count(c) for c in "abcde"])
    assert chi_square(counts, squared / squared.sum()) < 18.5


@pytest.mark.parametrize("temperature", [0, 1e-320, 1e-6, 1e-3])
@pytest.mark.parametrize("count", [1, 3])
def test_cold_sampling_is_argmax(temperature: float, count: int) -> None:
    """At 0, and so close to it that exp overflows, the likeliest character is chosen."""
    table = np.random.default_rng(4).normal(size=(5, 5)) * 5
    likeliest, last = "", 2
    for _ in range(50):
        last = int(table[last].argmax())
        likeliest += VOCAB.chars[last]
    results = texts(markov(table), "bc", temperature=temperature, length=50, seed=0, count=count)
    assert results == [likeliest] * count


def test_same_uniforms_for_every_model() -> None:
    """Two models with nothing in common sample with the same numbers."""
    options: dict[str, Any] = {"temperature": 1, "length": 300, "seed": 9}
    (falling,) = texts(memoryless(LOGITS), "a", **options)
    (rising,) = texts(memoryless(LOGITS[::-1]), "a", **options)
    u = uniforms(9, 300, 1)[:, 0]
    assert [c == "a" for c in falling] == (u < 0.5).tolist()
    assert [c == "e" for c in rising] == (u >= 0.5).tolist()


def test_uniforms_are_pinned() -> None:
    """Recorded results depend on these numbers, so they must not change unnoticed."""
    np.testing.assert_array_equal(uniforms(1, 3, 2), uniforms(1, 3, 2))
    assert uniforms(1, 3, 2).shape == (3, 2)
    assert not np.array_equal(uniforms(1, 3, 2), uniforms(2, 3, 2))
    np.testing.assert_array_equal(uniforms(1, 3, 2), numpy_generator(1, "sampling").random((3, 2)))
    assert uniforms(1, 1, 2)[0].tolist() == [0.32015716964559804, 0.7955387182358277]


def test_largest_uniform_chooses_the_last_possible_character() -> None:
    """Rounding at the top of [0, 1) never falls off the end of the cumulative sum."""
    model = memoryless(np.array([0.1, 0.7, 0.2, -1000.0, -2000.0]))
    top = np.full((20, 3), 1 - 2**-52)
    for u, last in ((top, "c"), (top[:, :1], "c"), (top * 0, "a")):
        drawn = sample(model, VOCAB, "a", u, SamplingOptions())
        assert drawn == [last * 20] * u.shape[1]


@settings(max_examples=40, deadline=None)
@given(
    logits=st.lists(st.floats(-30, 30, width=32), min_size=5, max_size=5),
    temperature=st.floats(0.1, 3),
)
def test_shares_are_those_of_the_softmax(logits: list[float], temperature: float) -> None:
    """Every character is chosen for as many uniform numbers as its probability says."""
    row = np.array(logits, dtype=np.float32)
    p = expected((row.astype(float) - row.max()) / temperature)
    got = shares(row, SamplingOptions(temperature))
    np.testing.assert_allclose(got, p, rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (SamplingOptions(top_k=2), [2 / 3, 1 / 3, 0, 0, 0]),
        (SamplingOptions(top_p=0.5), [1, 0, 0, 0, 0]),
        (SamplingOptions(top_p=0.51), [2 / 3, 1 / 3, 0, 0, 0]),
        (SamplingOptions(top_p=1.0), [0.5, 0.25, 0.15, 0.08, 0.02]),
        (SamplingOptions(top_k=3, top_p=0.6), [2 / 3, 1 / 3, 0, 0, 0]),
        (SamplingOptions(top_k=99), [0.5, 0.25, 0.15, 0.08, 0.02]),
        (SamplingOptions(temperature=0), [1, 0, 0, 0, 0]),
    ],
)
def test_truncation(options: SamplingOptions, kept: list[float]) -> None:
    """top_k keeps k characters, top_p the fewest that reach p; the rest is renormalized."""
    got = shares(LOGITS, options)
    np.testing.assert_allclose(got, kept, atol=1e-4)
    assert (got[np.array(kept) == 0] == 0).all()


def test_truncation_keeps_k_among_equals() -> None:
    """With all characters equally likely, top_k: 2 keeps two, not all."""
    got = shares(np.zeros(5), SamplingOptions(top_k=2))
    np.testing.assert_allclose(got, [0.5, 0.5, 0, 0, 0], atol=1e-4)


def test_truncated_sampling_chooses_kept_characters_only() -> None:
    """With top_k: 2 only the two likeliest characters appear."""
    results = texts(memoryless(), "e", temperature=2, length=200, seed=1, count=3, top_k=2)
    assert set("".join(results)) == {"a", "b"}


def test_nats_and_entropy() -> None:
    """Texts are those of sample; losses are at temperature 1, entropies after all options."""
    arguments = (memoryless(), VOCAB, "a", uniforms(5, 60, 2), SamplingOptions(temperature=0.5))
    recorded = sample_with_nats(*arguments)
    assert [one.text for one in recorded] == sample(*arguments)
    p = np.exp(LOGITS) ** 2
    p /= p.sum()
    for one in recorded:
        np.testing.assert_allclose(one.nats, -LOGITS[VOCAB.encode(one.text)], atol=1e-6)
        np.testing.assert_allclose(one.entropy, -(p * np.log(p)).sum(), atol=1e-6)


def test_entropy_at_temperature_zero() -> None:
    """At temperature 0 the choice is certain, so its entropy is 0."""
    options = SamplingOptions(temperature=0)
    (one,) = sample_with_nats(memoryless(), VOCAB, "a", uniforms(0, 4), options)
    assert one.text == "aaaa"
    assert one.entropy.tolist() == [0, 0, 0, 0]


def test_unknown_character_in_the_prompt() -> None:
    """The error of the vocabulary is not hidden."""
    with pytest.raises(UnknownCharacterError, match="U\\+00E9"):
        texts(memoryless(), "abé", temperature=1, length=5, seed=0)


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        ("", {"temperature": 1}, "the prompt is empty"),
        ("a", {"temperature": -1}, "expected a finite temperature of at least 0, found -1"),
        ("a", {"temperature": float("nan")}, "expected a finite temperature"),
        ("a", {"temperature": float("inf")}, "finite temperature of at least 0, found inf"),
        ("a", {"temperature": 1, "top_k": 0}, "expected top_k of at least 1, found 0"),
        ("a", {"temperature": 1, "top_p": 1.5}, "expected top_p above 0 and at most 1, found 1.5"),
    ],
)
def test_invalid_values(prompt: str, options: dict[str, Any], message: str) -> None:
    """Values out of range are rejected, and the message has the value."""
    with pytest.raises(SamplingError, match=message):
        texts(memoryless(), prompt, length=5, seed=0, **options)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("temperature", [0, 1])
def test_a_diverged_model_is_rejected(bad: float, temperature: float) -> None:
    """Logits that are not finite give an error message, not a text."""
    table = np.zeros((5, 5))
    table[:, 2] = bad
    with pytest.raises(SamplingError, match="found infinity or NaN"):
        texts(markov(table), "a", temperature=temperature, length=5, seed=0)


def write_model(folder: Path, vocab: Vocabulary = VOCAB) -> None:
    """Write an untrained network of 4 hidden units over the vocabulary."""
    params = ModelParams(cell="rnn", hidden=4)
    rng = np.random.default_rng(0)
    shapes = expected_shapes(params, vocab.size)
    save_weights(folder / "model.safetensors", {n: rng.normal(size=s) for n, s in shapes.items()})
    config = {"format": 1, "vocab_size": vocab.size, "model": params.model_dump()}
    write_json(folder / "config.json", config)
    vocab.save(folder / "vocab.json")


def test_ladder_of_temperatures(tmp_path: Path) -> None:
    """One text per temperature, equal to that of sample, with loss and entropy."""
    write_model(tmp_path)
    params = SampleParams(prompt="ab", temperatures=[0.0, 1.0, 5.0], length=200)
    ladder = sample_ladder(tmp_path, tmp_path / "unused", params, 7)
    assert (ladder["prompt"], ladder["prompt_from"], ladder["seed"]) == ("ab", "sample.prompt", 7)
    cold, plain, hot = ladder["samples"]
    assert [rung["temperature"] for rung in ladder["samples"]] == [0.0, 1.0, 5.0]
    options: dict[str, Any] = {"temperature": 1.0, "length": 200, "seed": 7}
    assert texts(load_model(tmp_path), "ab", **options) == [plain["text"]]
    assert cold["nats_per_char"] < plain["nats_per_char"] < hot["nats_per_char"]
    assert cold["entropy_nats"] == 0 < plain["entropy_nats"] < hot["entropy_nats"]


def test_ladder_without_a_prompt(tmp_path: Path) -> None:
    """The prompt is drawn from val of the text, and all else is the same."""
    (tmp_path / "text").write_text("abcde edcba ebcad cab dab bad bed\n" * 90, encoding="utf-8")
    vocab = encode_text(tmp_path / "text", SplitParams(), tmp_path / "encoded")
    write_model(tmp_path, vocab)
    ladder = sample_ladder(tmp_path, tmp_path / "encoded", SampleParams(length=20), 7)
    prompt = draw_prompt(EncodedText.load(tmp_path / "encoded"), 7)
    assert (ladder["prompt"], ladder["prompt_from"]) == (prompt, "val")
    given = sample_ladder(tmp_path, tmp_path, SampleParams(length=20, prompt=prompt), 7)
    assert given["samples"] == ladder["samples"]


def test_no_torch_is_loaded() -> None:
    """Sampling starts fast because it does not import torch."""
    code = "import sys, charlab.sample.generate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

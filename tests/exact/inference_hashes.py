"""Samples, losses, looks inside and baselines of small networks, hashed.

Run as a program it prints the hash, so that a test can run it with the code generator told
to be another processor's. It needs no torch.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from charlab.baselines.ngram import nats_by_order
from charlab.core.files import write_json
from charlab.core.sums import column_totals, deviation, mean
from charlab.evaluate.evaluate import evaluate
from charlab.evaluate.reference import Reference
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.weights import expected_shapes
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.generate import sample_with_nats
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary

WORDS = ("the", "old", "(grey)", "mill", "said:", '"No."', "7", "rivers\n")
CASES: list[dict[str, Any]] = [
    {"cell": "rnn", "activation": "relu", "hidden": 16},
    {"cell": "gru", "hidden": 37, "layers": 2, "initial_state": "learned"},
    {"cell": "lstm", "hidden": 21},
    {"cell": "lstm", "activation": "sigmoid", "hidden": 8, "layers": 2},
]


def made_text() -> EncodedText:
    """Return a text of random words, in three splits."""
    chosen = np.random.default_rng(3).integers(0, len(WORDS), 1_200)
    text = " ".join(WORDS[k] for k in chosen)[:6_000]
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text)
    return EncodedText(ids[:3_000], ids[3_000:4_500], ids[4_500:], 1, vocab)


def made_weights(params: ModelParams, vocab_size: int) -> dict[str, np.ndarray]:
    """Return weights from uniform numbers, which are exact."""
    rng = np.random.default_rng(7)
    shapes = expected_shapes(params, vocab_size)
    return {n: rng.uniform(-0.6, 0.6, shape).astype(np.float32) for n, shape in shapes.items()}


def outputs(model: dict[str, Any], data: EncodedText) -> list[bytes]:
    """Return the bytes of a network's samples, losses and evaluation."""
    params = ModelParams.model_validate(model)
    weights = made_weights(params, data.vocab.size)
    network, result = InferenceModel(params, weights), []
    for options, count in (
        (SamplingOptions(), 1),
        (SamplingOptions(0.7, top_k=5), 3),
        (SamplingOptions(1.2, top_p=0.8), 100),
    ):
        for one in sample_with_nats(network, data.vocab, "the ", uniforms(1, 60, count), options):
            result += [one.text.encode(), one.nats.tobytes(), one.entropy.tobytes()]
    result.append(nats_per_char(network, data.val).tobytes())
    (ngram,) = nats_by_order(data.train, data.vocab.size, [3], [data.test])[3]
    result.append(ngram.tobytes())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file(weights, folder / "model.safetensors")
        config = {"vocab_size": data.vocab.size, "model": params.model_dump()}
        write_json(folder / "config.json", config)
        evaluation = evaluate(folder, data, Reference(ngram_order=3, ngram_nats=ngram))
    # Every digit, although the stage rounds to six.
    result.append(json.dumps(evaluation, sort_keys=True).encode())
    result.append(np.array([mean(ngram), deviation(ngram)]).tobytes())
    result.append(column_totals(weights["head.weight"]).tobytes())
    return result


def digest() -> str:
    """Return one hash of all cases."""
    total, data = hashlib.sha256(), made_text()
    for model in CASES:
        for part in outputs(model, data):
            total.update(part)
    return total.hexdigest()


if __name__ == "__main__":
    print(digest())

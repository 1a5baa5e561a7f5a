"""Networks of random weights, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from charlab.core.files import write_json
from charlab.evaluate.trace import Network
from charlab.exact.settings import looks_up
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes


def random_weights(model: ModelParams, vocab_size: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Return random float32 weights for a model, large enough that no unit is inactive."""
    rng = np.random.default_rng(seed)
    ngrams = frequent_ngrams(
        np.random.default_rng(1).integers(0, vocab_size, 99), vocab_size, model
    )
    shapes = expected_shapes(model, vocab_size, ngrams)
    weights = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}
    return weights | ({"ngrams": ngrams} if looks_up(model) else {})


def random_network(vocab_size: int = 5, **options: Any) -> Network:
    """Return a network of random weights; options as in the ``model`` section."""
    model = ModelParams.model_validate({"hidden": 6, **options})
    return Network.from_weights(model, random_weights(model, vocab_size))


def write_records(
    folder: Path, model: ModelParams, vocab_size: int, *, train: dict[str, int],
    seed: int = 1, text: str = "", **metrics: float,
) -> None:  # fmt: skip
    """Write what a training leaves beside its weights: config.json and metrics.json."""
    config = {"format": 1, "vocab_size": vocab_size, "seed": seed, "text": text}
    config |= {"model": model.model_dump(), "train": train}
    write_json(folder / "config.json", config)
    write_json(folder / "metrics.json", metrics)

"""Texts and parameters for trainings that take a fraction of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from charlab.models.params import ModelParams
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainParams
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary

PERIOD = "abcab."
"""After ab comes c or a full stop, so one character is not enough to predict the next."""

RESULTS = ("model.safetensors", "config.json", "vocab.json", "history.csv", "metrics.json")


def periodic(chars: int = 1200, test: int = 120) -> EncodedText:
    """Return repetitions of ``PERIOD`` as an encoded text."""
    text = PERIOD * (chars // len(PERIOD))
    return encoded(text, val=120, test=test)


def encoded(text: str, val: int, test: int, segments: int = 1) -> EncodedText:
    """Return an encoded text whose last characters are val and test."""
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text)
    start, end = len(ids) - val - test, len(ids) - test
    return EncodedText(ids[:start], ids[start:end], ids[end:], segments, vocab)


def model_params(**changes: Any) -> ModelParams:
    """Return a tiny network's parameters; ``backend="numpy"`` makes it a vanilla RNN."""
    cell = "rnn" if changes.get("backend") == "numpy" else "gru"
    return ModelParams.model_validate({"cell": cell, "hidden": 16, **changes})


def train_params(**changes: Any) -> TrainParams:
    """Return a short training's parameters."""
    short = {"seq_len": 12, "batch_size": 4, "epochs": 1, "learning_rate": 0.02, "evaluations": 3}
    return TrainParams.model_validate(short | changes)


def fit(
    out: Path,
    data: EncodedText | None = None,
    *,
    seed: int = 1,
    model: dict[str, Any] | None = None,
    on_divergence: Literal["raise", "record"] = "raise",
    **changes: Any,
) -> dict[str, float | None]:
    """Train silently, with checkpoints beside the results and ``changes`` to ``train:``."""
    return train(
        periodic() if data is None else data,
        TrainingConfig(model_params(**(model or {})), train_params(**changes), seed),
        out,
        scratch=out.parent / "scratch",
        progress=False,
        on_divergence=on_divergence,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

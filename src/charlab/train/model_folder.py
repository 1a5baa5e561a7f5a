"""Write the model folder: weights, configuration, vocabulary, history and metrics."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from charlab.core.files import write_json, write_text
from charlab.core.folders import replacing
from charlab.models.params import ModelParams
from charlab.models.weights import save_weights
from charlab.train.params import TrainParams
from charlab.vocab.vocabulary import Vocabulary

FORMAT = 1
"""Version of the model folder, in config.json."""

Arrays = dict[str, NDArray[Any]]
"""Arrays by name."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a trained model, except for the text itself.

    Attributes
    ----------
    model, train : ModelParams, TrainParams
        The network, and its training.
    seed : int
        Determines the initial weights and the dropout masks, by separate generators.
    text : str
        Name of the text, for config.json.
    """

    model: ModelParams
    train: TrainParams
    seed: int
    text: str = ""

    def as_dict(self, vocab_size: int) -> dict[str, Any]:
        """Return the content of config.json."""
        return {
            "format": FORMAT,
            "vocab_size": vocab_size,
            "seed": self.seed,
            "text": self.text,
            "model": self.model.model_dump(),
            "train": self.train.model_dump(),
        }


@dataclass(frozen=True)
class Measurement:
    """One line of history.csv.

    Attributes
    ----------
    step, chars : int
        Steps taken and characters read so far.
    epoch : float
        Passes over the training split so far.
    train_nats : float
        Mean training loss since the previous line, in nats per character.
    val_nats : float
        Loss on the whole of val, with the state carried.
    lr : float
        Learning rate of the last step.
    grad_norm : float
        Mean norm of the gradient before clipping, since the previous line.
    clipped : float or None
        Share of the steps since the previous line in which the norm was above the bound; None
        unless gradients are clipped by norm.
    """

    step: int
    chars: int
    epoch: float
    train_nats: float
    val_nats: float
    lr: float
    grad_norm: float
    clipped: float | None = None


@dataclass(frozen=True)
class TrainedModel:
    """The content of a model folder.

    Attributes
    ----------
    config : mapping
        See :meth:`TrainingConfig.as_dict`.
    vocab : Vocabulary
    weights : dict of str to ndarray
        The final weights, under their names in model.safetensors.
    snapshots : mapping of int to dict
        Weights during training, by the number of steps taken.
    history : list of Measurement
    metrics : mapping of str to float
    """

    config: Mapping[str, Any]
    vocab: Vocabulary
    weights: Arrays
    snapshots: Mapping[int, Arrays]
    history: list[Measurement]
    metrics: Mapping[str, float | None]


def write_folder(out: Path, trained: TrainedModel) -> None:
    """Write a model folder as a whole; files in it that are not a model's stay."""
    with replacing(out, old="snapshots/*.safetensors") as folder:
        save_weights(folder / "model.safetensors", trained.weights)
        for step, weights in trained.snapshots.items():
            save_weights(folder / "snapshots" / f"{step}.safetensors", weights)
        write_json(folder / "config.json", trained.config)
        trained.vocab.save(folder / "vocab.json")
        write_history(folder / "history.csv", trained.history)
        write_json(folder / "metrics.json", trained.metrics)


def write_history(path: Path, history: list[Measurement]) -> None:
    """Write measurements as CSV with one header line, numbers to seven significant digits.

    None is an empty field.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Measurement))
    for measurement in history:
        writer.writerow(
            # float32 has seven digits; more would be noise.
            f"{value:.7g}" if isinstance(value, float) else value
            for value in asdict(measurement).values()
        )
    write_text(path, text.getvalue())
